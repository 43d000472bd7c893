/* forms_text.h: rows of forms to PTX: alternatives of opcodes, and a kernel for each. */
#ifndef SIMGPU_FORMS_TEXT_H
#define SIMGPU_FORMS_TEXT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "forms_memory.h"
#include "forms_script.h"

static const struct form_type form_types[] = {
    {"b8", 8, FORM_BITS},       {"b16", 16, FORM_BITS},     {"b32", 32, FORM_BITS},      {"b64", 64, FORM_BITS},
    {"b128", 128, FORM_BITS},   {"u4", 4, FORM_UNSIGNED},   {"u8", 8, FORM_UNSIGNED},    {"u16", 16, FORM_UNSIGNED},
    {"u32", 32, FORM_UNSIGNED}, {"u64", 64, FORM_UNSIGNED}, {"s4", 4, FORM_SIGNED},      {"s8", 8, FORM_SIGNED},
    {"s16", 16, FORM_SIGNED},   {"s32", 32, FORM_SIGNED},   {"s64", 64, FORM_SIGNED},    {"f16", 16, FORM_FLOAT},
    {"f16x2", 32, FORM_FLOAT},  {"bf16", 16, FORM_FLOAT},   {"bf16x2", 32, FORM_FLOAT},  {"f32", 32, FORM_FLOAT},
    {"f32x2", 64, FORM_FLOAT},  {"f64", 64, FORM_FLOAT},    {"tf32", 32, FORM_FLOAT},    {"u16x2", 32, FORM_UNSIGNED},
    {"s16x2", 32, FORM_SIGNED}, {"e4m3x2", 16, FORM_FLOAT}, {"e5m2x2", 16, FORM_FLOAT},  {"e2m1x2", 8, FORM_FLOAT},
    {"e2m3x2", 16, FORM_FLOAT}, {"e3m2x2", 16, FORM_FLOAT}, {"ue8m0x2", 16, FORM_FLOAT}, {"pred", 1, FORM_BITS}};

/* --- alternatives --- */

/* The index-th way through the braces of a pattern; false beyond the last. */
static bool expand(const char *pattern, uint32_t index, char *out, size_t size)
{
  size_t used = 0;
  while (*pattern != '\0' && used + 1 < size) {
    if (*pattern != '{') {
      out[used++] = *pattern++;
      continue;
    }
    const char *end = strchr(pattern, '}'), *choice = pattern + 1;
    uint32_t count = 1;
    for (const char *at = choice; at < end; at++) count += *at == ',';
    uint32_t wanted = index % count;
    index /= count;
    while (wanted-- > 0) choice = strchr(choice, ',') + 1;
    while (choice < end && *choice != ',' && used + 1 < size) out[used++] = *choice++;
    pattern = end + 1;
  }
  out[used] = '\0';
  return index == 0;
}

static void take_apart(const char *opcode, struct form_call *call)
{
  const struct form_type **types[] = {&call->t, &call->u, &call->v};
  uint32_t type = 0;
  memset(call, 0, sizeof *call);
  for (const char *at = opcode; *at != '\0' && call->words < FORM_WORDS - 1; at += *at == '.') {
    size_t length = strcspn(at, ".");
    char *word = call->word[call->words++];
    snprintf(word, sizeof call->word[0], "%.*s", (int)length, at);
    for (size_t i = 0; i < sizeof form_types / sizeof form_types[0] && type < 3; i++)
      if (strcmp(form_types[i].name, word) == 0) *types[type++] = &form_types[i];
    at += length;
  }
}

/* --- text --- */

struct text {
  char *data;
  size_t size, capacity;
};

static void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct text *text, const char *format, ...)
{
  if (text->capacity - text->size < 4096) text->data = realloc(text->data, text->capacity = 2 * text->capacity + 8192);
  va_list arguments;
  va_start(arguments, format);
  text->size += (size_t)vsnprintf(text->data + text->size, text->capacity - text->size, format, arguments);
  va_end(arguments);
}

/* co: constants that each thread finds the same; same: a function that gives back what it gets. */
static void say_module(struct text *text)
{
  say(text, ".version 9.0\n.target sm_100f\n.address_size 64\n.const .align 32 .b8 co[32] = {");
  for (int i = 0; i < 32; i++) say(text, "%s%d", i > 0 ? "," : "", (i * 37 + 129) & 255);
  say(text, "};\n.func (.param .b64 to) same(.param .b64 from)\n{\n.reg .b64 %%d<2>;\nld.param.b64 %%d1, "
            "[from];\nst.param.b64 [to], %%d1;\nret;\n}\n");
}

static void say_kernel(struct text *text, uint32_t number)
{
  say(text,
      ".visible .entry k%u(.param .u64 in, .param .u64 out, .param .align 32 .b8 pa[32])\n{\n.reg .pred %%p<9>; .reg "
      ".b8 %%c<9>; .reg .b16 %%h<20>;\n"
      ".reg .b32 %%r<32>; .reg .f32 %%f<9>; .reg .b64 %%d<20>; .reg .b64 %%x<10>; .reg .b128 %%q<9>;\n.shared .align "
      "32 .b8 sh[8192];\n.shared .align 8 .b64 bar;\n"
      ".local .align 32 .b8 lo[64];\nmov.u32 %%r31, %%tid.x;\nld.param.u64 %%x8, [in];\nld.param.u64 %%x7, "
      "[out];\nmul.wide.u32 %%x2, %%r31, 64;\n"
      "add.u64 %%x3, %%x8, %%x2;\nadd.u64 %%x4, %%x7, %%x2;\n",
      number);
}

/* --- forms --- */

static char register_class(const struct form_call *call, char letter)
{
  const struct form_type *type = letter == 't' || letter == 'w' ? call->t
                                 : letter == 'u'                ? call->u
                                 : letter == 'v'                ? call->v
                                                                : NULL;
  if (letter == 'n' || letter == 'b') return 'r';
  if (letter == 'k') return 'r';
  if (type == NULL) return letter;
  uint32_t bits = letter == 'w' ? 2 * type->bits : type->bits;
  if (strcmp(type->name, "e2m1x2") == 0) return 'c';
  return bits <= 16 ? 'h' : bits == 32 ? 'r' : 'd';
}

static void say_source(struct text *text, char class, char letter, uint32_t i)
{
  say(text, "ld.global.u64 %%d%u, [%%x3+%u];\n", 10 + i, 8 * i);
  if (class == 'd')
    say(text, "mov.b64 %%d%u, %%d%u;\n", i, 10 + i);
  else if (class == 'p')
    say(text, "and.b64 %%d%u, %%d%u, 1;\nsetp.ne.u64 %%p%u, %%d%u, 0;\n", 10 + i, 10 + i, i, 10 + i);
  else
    say(text, "cvt.u%d.u64 %%%c%u, %%d%u;\n", class == 'r' ? 32 : class == 'h' ? 16 : 8, class, i, 10 + i);
  if (letter == 'k') say(text, "and.b32 %%r%u, %%r%u, 1;\nadd.cc.u32 %%r20, %%r%u, 0xffffffff;\n", i, i, i);
}

static void say_result(struct text *text, char class, uint32_t reg, uint32_t offset)
{
  if (class == 'd')
    say(text, "mov.b64 %%x9, %%d%u;\n", reg);
  else if (class == 'p')
    say(text, "selp.u64 %%x9, 1, 0, %%p%u;\n", reg);
  else
    say(text, "cvt.u64.u%d %%x9, %%%c%u;\n", class == 'r' ? 32 : class == 'h' ? 16 : 8, class, reg);
  say(text, "st.global.u64 [%%x4+%u], %%x9;\n", offset);
}

/* Sources are registers 0 to 3, results 5 and 6 of their class. */
static void say_form(struct text *text, uint32_t number, const struct form *form, const char *opcode, const char *tail)
{
  struct form_call call;
  take_apart(opcode, &call);
  const char *sources = strchr(form->shape, '=') + 1, *results = form->shape;
  uint32_t count = 0, shown = 0;
  bool lop3 = strncmp(opcode, "lop3", 4) == 0;
  say_kernel(text, number);
  for (const char *at = sources; *at != '\0'; at += at[1] == ',' ? 2 : 1) {
    say_source(text, register_class(&call, *at), *at, count);
    count++;
  }
  say(text, "%s ", opcode);
  if (results[0] != '=') say(text, "%%%c5", register_class(&call, results[0])), shown++;
  if (results[0] != '=' && results[1] == '|' && results[2] != 'k')
    say(text, "|%%%c6", register_class(&call, results[2]));
  for (uint32_t i = 0; i < count; i++) {
    if (sources[2 * i] == 'k' || (lop3 && i == 3)) continue;
    say(text, "%s%%%c%u", shown++ > 0 ? ", " : "", register_class(&call, sources[2 * i]), i);
  }
  if (tail[0] != '\0') say(text, "%s%s", shown > 0 ? ", " : "", tail);
  if (lop3 && count > 3) say(text, ", %%p3"); /* behind the immediate */
  say(text, ";\n");
  if (results[0] != '=' && results[1] == '|' && results[2] == 'k') say(text, "addc.u32 %%r6, 0, 0;\n");
  if (results[0] != '=') say_result(text, register_class(&call, results[0]), 5, 0);
  if (results[0] != '=' && results[1] == '|') say_result(text, register_class(&call, results[2]), 6, 8);
  say(text, "ret;\n}\n");
}

/* --- ld, st, atom, red --- */

struct place_of {
  const char *words[3], *address; /* a register or a name that holds 32 bytes of the thread */
};

/* Where the opcode's space is; for the writable ones the thread's bytes of `from` on are put there first. */
static const char *say_space(struct text *text, const struct form_call *call, uint32_t from, bool fill)
{
  bool shared = form_has(call, "shared") || form_has(call, "shared::cta") || form_has(call, "shared::cluster");
  bool local = form_has(call, "local");
  if (form_has(call, "const")) return "co";
  if (form_has(call, "param") || form_has(call, "param::entry")) return "pa";
  if (!shared && !local) return from == 0 ? "%x3" : "%x4+32";
  if (shared)
    say(text, "mov.u64 %%x5, sh;\nmul.wide.u32 %%x6, %%r31, 32;\nadd.u64 %%x5, %%x5, %%x6;\n");
  else
    say(text, "mov.u64 %%x5, lo;\n");
  for (uint32_t i = 0; fill && i < 4; i++)
    say(text, "ld.global.u64 %%d10, [%%x3+%u];\nst.%s.u64 [%%x5+%u], %%d10;\n", 8 * i, shared ? "shared" : "local",
        8 * i);
  return "%x5";
}

static uint32_t vector_of(const struct form_call *call)
{
  return form_has(call, "v2") ? 2 : form_has(call, "v4") ? 4 : form_has(call, "v8") ? 8 : 1;
}

static char memory_class(const struct form_type *type)
{
  return type->bits <= 16 ? 'h' : type->bits == 32 ? 'r' : type->bits == 64 ? 'd' : 'q';
}

/* {%r0, %r1 …} or one register, from number `first` on. */
static void say_vector(struct text *text, const struct form_call *call, uint32_t first)
{
  uint32_t count = vector_of(call);
  for (uint32_t i = 0; i < count; i++)
    say(text, "%s%%%c%u", i > 0 ? ", " : count > 1 ? "{" : "", memory_class(call->t), first + i);
  if (count > 1) say(text, "}");
}

/* Registers `first` on from bytes of the thread's inputs at `from`, and to its outputs. */
static void say_elements(struct text *text, const struct form_call *call, uint32_t first, uint32_t at, bool in)
{
  uint32_t bytes = call->t->bits / 8;
  const char class = memory_class(call->t);
  for (uint32_t i = 0; i < vector_of(call); i++, at += in ? bytes : bytes == 16 ? 16 : 8) {
    if (in)
      say(text, "ld.global.b%u %%%c%u, [%%x3+%u];\n", 8 * bytes, class, first + i, at);
    else if (class == 'q')
      say(text, "st.global.b128 [%%x4+%u], %%q%u;\n", at, first + i);
    else if (class == 'd')
      say(text, "st.global.u64 [%%x4+%u], %%d%u;\n", at, first + i);
    else
      say(text, "cvt.u64.u%d %%x9, %%%c%u;\nst.global.u64 [%%x4+%u], %%x9;\n", class == 'r' ? 32 : 16, class, first + i,
          at);
  }
}

static void say_memory(struct text *text, uint32_t number, const char *opcode)
{
  struct form_call call;
  take_apart(opcode, &call);
  bool load = strncmp(opcode, "ld", 2) == 0, store = strncmp(opcode, "st", 2) == 0,
       red = strcmp(call.word[0], "red") == 0;
  const char *policy = form_has(&call, "L2::cache_hint") ? ", %d19" : "";
  say_kernel(text, number);
  if (policy[0] != '\0') say(text, "createpolicy.fractional.L2::evict_first.b64 %%d19;\n");
  if (load) {
    const char *address = say_space(text, &call, 0, true);
    say(text, "%s ", opcode);
    say_vector(text, &call, 0);
    say(text, ", [%s]%s;\n", address, policy);
    say_elements(text, &call, 0, 0, false);
  } else if (store) {
    say_elements(text, &call, 0, 0, true);
    const char *address = say_space(text, &call, 1, false);
    bool own_space = address[0] == '%' && address[2] == '5';
    for (int i = 0; own_space && i < 4; i++)
      say(text, "st.u64 [%%x4+%d], 0;\nst.%s.u64 [%%x5+%d], 0;\n", 32 + 8 * i,
          form_has(&call, "local") ? "local" : "shared", 8 * i);
    say(text, "%s [%s], ", opcode, address);
    say_vector(text, &call, 0);
    say(text, "%s;\n", policy);
    for (int i = 0; own_space && i < 4; i++)
      say(text, "ld.%s.u64 %%x9, [%%x5+%d];\nst.u64 [%%x4+%d], %%x9;\n", form_has(&call, "local") ? "local" : "shared",
          8 * i, 32 + 8 * i);
  } else {
    /* memory: the first 16 bytes of the inputs; operands: those from 16 and from 32 on */
    for (int i = 0; i < 2; i++)
      say(text, "ld.global.u64 %%d10, [%%x3+%d];\nst.global.u64 [%%x4+%d], %%d10;\n", 8 * i, 32 + 8 * i);
    const char *address = say_space(text, &call, 1, true);
    say_elements(text, &call, 8, 16, true);
    if (form_has(&call, "cas")) say_elements(text, &call, 7, 32, true);
    say(text, "%s ", opcode);
    if (!red) say_vector(text, &call, 0);
    say(text, "%s[%s], ", red ? "" : ", ", address);
    say_vector(text, &call, 8);
    if (form_has(&call, "cas")) say(text, ", %%%c7", memory_class(call.t));
    say(text, "%s;\n", policy);
    for (int i = 0; address[2] == '5' && i < 2; i++)
      say(text, "ld.shared.u64 %%x9, [%%x5+%d];\nst.global.u64 [%%x4+%d], %%x9;\n", 8 * i, 32 + 8 * i);
    if (!red) { /* what was there, 16 bytes at most, packed */
      uint32_t bytes = call.t->bits / 8;
      for (uint32_t i = 0; i < vector_of(&call); i++)
        say(text, "st.global.b%u [%%x4+%u], %%%c%u;\n", 8 * bytes, i * bytes, memory_class(call.t), i);
    }
  }
  say(text, "ret;\n}\n");
}

static void say_script(struct text *text, uint32_t number, const struct script *script)
{
  say_kernel(text, number);
  say(text, "%s", script->body);
  if (!script->trap) say(text, "st.global.u64 [%%x4], %%x9;\n");
  say(text, "ret;\n}\n");
}

#endif
