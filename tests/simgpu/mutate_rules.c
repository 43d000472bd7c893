/* mutate_rules.c: which changes of a statement are worth testing. One rule a family of opcodes, found by the opcode's first word. A
 * rule proposes what a tired programmer could have written: it does not ask whether the result makes sense, and the decoder sorts out
 * what isn't PTX. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutate_internal.h"

/* --- words and numbers --- */

static bool first_is(const struct statement *s, const char *word)
{
  return s->word_count > 0 && span_is(s->words[0], word);
}

static struct span find_word(const struct statement *s, const char *word)
{
  for (uint32_t i = 1; i < s->word_count; i++) {
    if (span_is(s->words[i], word)) return s->words[i];
  }
  return (struct span){0};
}

/* An integer constant; false: a register, a float or an address. */
static bool integer_of(struct span span, int64_t *value)
{
  char text[32], *end;
  if (span.length == 0 || span.length >= sizeof text) return false;
  memcpy(text, span.text, span.length);
  text[span.length] = '\0';
  if (strncmp(text, "0f", 2) == 0 || strncmp(text, "0d", 2) == 0) return false;
  *value = (int64_t)strtoll(text, &end, 0);
  return *end == '\0';
}

/* The bits of 0fXXXXXXXX. */
static bool float_of(struct span span, uint32_t *bits)
{
  char text[16], *end;
  if (span.length != 10 || (span.text[0] != '0') || (span.text[1] | 32) != 'f') return false;
  memcpy(text, span.text + 2, 8);
  text[8] = '\0';
  *bits = (uint32_t)strtoul(text, &end, 16);
  return *end == '\0';
}

/* Bytes of the type that the opcode ends with: f32, b64, bf16x2 … 0: unknown. */
static uint32_t type_bytes(const struct statement *s)
{
  struct span type = s->words[s->word_count - 1];
  uint32_t bits = 0, pair = 1;
  size_t i = 0;
  while (i < type.length && (type.text[i] < '0' || type.text[i] > '9')) i++;
  while (i < type.length && type.text[i] >= '0' && type.text[i] <= '9')
    bits = bits * 10 + (uint32_t)(type.text[i++] - '0');
  if (i + 1 < type.length && type.text[i] == 'x') pair = (uint32_t)(type.text[i + 1] - '0');
  return bits * pair / 8;
}

static uint32_t vector_of(const struct statement *s)
{
  return statement_has(s, "v8") ? 8 : statement_has(s, "v4") ? 4 : statement_has(s, "v2") ? 2 : 1;
}

/* Elements of {a, b, c}; 0: not a vector. */
static uint32_t elements_of(struct span vector, struct span *elements, uint32_t room)
{
  uint32_t count = 0;
  if (vector.length < 2 || vector.text[0] != '{' || vector.text[vector.length - 1] != '}') return 0;
  const char *end = vector.text + vector.length - 1, *from = vector.text + 1;
  for (const char *at = from; at <= end; at++) {
    if (at != end && *at != ',') continue;
    if (count == room) return 0;
    const char *first = from, *last = at;
    while (first < last && (*first == ' ' || *first == '\t')) first++;
    while (last > first && (last[-1] == ' ' || last[-1] == '\t')) last--;
    elements[count++] = (struct span){first, (size_t)(last - first)};
    from = at + 1;
  }
  return count;
}

#define TEXT(span) (int)(span).length, (span).text

/* --- building blocks: each adds a mutant; true unless out of memory --- */

struct rule_context {
  struct sim_mutants *list;
  const struct statement *s;
};
typedef const struct rule_context *ctx;

static bool remove_it(ctx c, const char *kind)
{
  return mutant_add(c->list, c->s, kind, c->s->all, "%s", "");
}

/* Word `from` of the opcode becomes `to`; nothing if it has no such word. */
static bool replace_word(ctx c, const char *kind, const char *from, const char *to)
{
  struct span word = find_word(c->s, from);
  return word.length == 0 || mutant_add(c->list, c->s, kind, word, "%s", to);
}

static bool remove_word(ctx c, const char *kind, const char *word)
{
  struct span found = find_word(c->s, word);
  if (found.length == 0) return true;
  return mutant_add(c->list, c->s, kind, (struct span){found.text - 1, found.length + 1}, "%s", "");
}

/* The opcode's first word becomes another. */
static bool replace_first(ctx c, const char *kind, const char *to)
{
  return mutant_add(c->list, c->s, kind, c->s->words[0], "%s", to);
}

static bool swap_spans(ctx c, const char *kind, struct span a, struct span b)
{
  if (a.length == b.length && memcmp(a.text, b.text, a.length) == 0) return true;
  struct span what = {a.text, (size_t)(b.text + b.length - a.text)};
  size_t between = (size_t)(b.text - a.text) - a.length;
  return mutant_add(c->list, c->s, kind, what, "%.*s%.*s%.*s", TEXT(b), (int)between, a.text + a.length, TEXT(a));
}

static bool swap_operands(ctx c, const char *kind, uint32_t a, uint32_t b)
{
  if (b >= c->s->operand_count) return true;
  return swap_spans(c, kind, c->s->operands[a], c->s->operands[b]);
}

/* Two elements of a vector operand. */
static bool swap_elements(ctx c, const char *kind, uint32_t operand, uint32_t a, uint32_t b)
{
  struct span elements[64];
  if (operand >= c->s->operand_count || elements_of(c->s->operands[operand], elements, 64) <= b) return true;
  return swap_spans(c, kind, elements[a], elements[b]);
}

/* An operand, if it is an integer constant, becomes larger by `by`. */
static bool bump(ctx c, const char *kind, uint32_t operand, int64_t by)
{
  int64_t value;
  if (operand >= c->s->operand_count || !integer_of(c->s->operands[operand], &value)) return true;
  return mutant_add(c->list, c->s, kind, c->s->operands[operand], "%" PRId64, value + by);
}

static bool bump_all(ctx c, const char *kind, uint32_t first)
{
  bool good = true;
  for (uint32_t i = first; good && i < c->s->operand_count; i++) good = bump(c, kind, i, 1);
  return good;
}

/* Float constants: twice as large; 0 becomes 1, an infinity 0. */
static bool bump_floats(ctx c)
{
  bool good = true;
  for (uint32_t i = 1; good && i < c->s->operand_count; i++) {
    uint32_t bits;
    if (!float_of(c->s->operands[i], &bits)) continue;
    uint32_t exponent = bits >> 23 & 255;
    bits = exponent == 255 ? 0 : exponent == 0 ? 0x3f800000u : bits + (1u << 23);
    good = mutant_add(c->list, c->s, "constant", c->s->operands[i], "0f%08X", bits);
  }
  return good;
}

/* [%rd1+8] becomes [%rd1+8+by]. */
static bool bump_address(ctx c, uint32_t operand, uint32_t by)
{
  if (operand >= c->s->operand_count || by == 0) return true;
  struct span address = c->s->operands[operand];
  if (address.length < 2 || address.text[0] != '[' || address.text[address.length - 1] != ']') return true;
  struct span inner = {address.text + 1, address.length - 2};
  const char *plus = memchr(inner.text, '+', inner.length);
  int64_t offset = 0;
  if (plus != NULL) {
    struct span number = {plus + 1, (size_t)(inner.text + inner.length - plus - 1)};
    if (!integer_of(number, &offset)) return true;
    inner.length = (size_t)(plus - inner.text);
  }
  return mutant_add(c->list, c->s, "address", address, "[%.*s+%" PRId64 "]", TEXT(inner), offset + by);
}

/* The statement gives another value to the same result: "mov.b32 %r1, 0;". */
static bool instead(ctx c, const char *kind, const char *opcode, struct span value)
{
  const struct statement *s = c->s;
  size_t lead = (size_t)(s->opcode.text - s->all.text);
  struct span body = {s->opcode.text, s->all.length - lead};
  return mutant_add(c->list, s, kind, body, "%s %.*s, %.*s;", opcode, TEXT(s->operands[0]), TEXT(value));
}

/* --- control --- */

static bool rule_branch(ctx c)
{
  const struct statement *s = c->s;
  if (s->guard.length == 0) return true;
  struct span guard = {s->guard.text, (size_t)(s->opcode.text - s->guard.text)};
  return remove_it(c, "branch") && mutant_add(c->list, s, "branch", guard, "%s", "");
}

static bool rule_guard(ctx c)
{
  const struct statement *s = c->s;
  struct span guard = {s->guard.text, (size_t)(s->opcode.text - s->guard.text)};
  return mutant_add(c->list, s, "guard", guard, "%s", "");
}

static bool rule_compare(ctx c)
{
  static const struct {
    const char *word, *near, *far; /* off by one at the limit; the wrong way round */
  } rows[] = {{"lt", "le", "ge"},   {"le", "lt", "gt"},   {"gt", "ge", "le"},   {"ge", "gt", "lt"},
              {"lo", "ls", "hs"},   {"ls", "lo", "hi"},   {"hi", "hs", "ls"},   {"hs", "hi", "lo"},
              {"ltu", "leu", "ge"}, {"leu", "ltu", "gt"}, {"gtu", "geu", "le"}, {"geu", "gtu", "lt"},
              {"eq", "ne", NULL},   {"ne", "eq", NULL},   {"equ", "neu", NULL}, {"neu", "equ", NULL},
              {"num", "nan", NULL}, {"nan", "num", NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (c->s->word_count < 2 || !span_is(c->s->words[1], rows[i].word)) continue;
    if (!replace_word(c, "compare", rows[i].word, rows[i].near)) return false;
    if (rows[i].far != NULL ? !replace_word(c, "compare", rows[i].word, rows[i].far) : !bump(c, "constant", 2, 1))
      return false;
  }
  return replace_word(c, "logic", "and", "or") && replace_word(c, "logic", "or", "and") &&
         replace_word(c, "logic", "xor", "or");
}

/* --- barriers, fences, asynchronous copies --- */

static bool rule_barrier(ctx c)
{
  int64_t id;
  if (!remove_it(c, "barrier")) return false;
  if (statement_has(c->s, "warp")) {
    return mutant_add(c->list, c->s, "barrier", c->s->operands[0], "0x0000ffff");
  }
  if (statement_has(c->s, "red")) {
    return replace_word(c, "logic", "and", "or") && replace_word(c, "logic", "or", "and");
  }
  /* Where all threads meet the number does not matter: only one of some threads is given another. */
  if (c->s->operand_count > 1 && integer_of(c->s->operands[0], &id) &&
      !mutant_add(c->list, c->s, "barrier", c->s->operands[0], "%" PRId64, (id + 1) % 16))
    return false;
  return bump(c, "barrier", 1, -32);
}

static bool weaken(ctx c, const char *kind)
{
  return replace_word(c, kind, "acquire", "relaxed") && replace_word(c, kind, "release", "relaxed") &&
         replace_word(c, kind, "acq_rel", "relaxed") && replace_word(c, kind, "gpu", "cta") &&
         replace_word(c, kind, "sys", "cta");
}

static bool rule_fence(ctx c)
{
  return remove_it(c, "fence") && replace_word(c, "fence", "gpu", "cta") && replace_word(c, "fence", "gl", "cta");
}

static bool rule_cp(ctx c)
{
  const struct statement *s = c->s;
  int64_t size;
  if (statement_has(s, "commit_group")) {
    return remove_it(c, "async") && mutant_add(c->list, s, "async", s->all, "%.*s %.*s", TEXT(s->all), TEXT(s->all));
  }
  if (statement_has(s, "wait_group") || statement_has(s, "wait_all")) {
    return remove_it(c, "wait") && bump(c, "wait", 0, 1);
  }
  if (statement_has(s, "bulk") || statement_has(s, "mbarrier") || s->operand_count < 3) {
    return remove_it(c, "async") && bump(c, "copy-size", 2, -16);
  }
  if (!remove_it(c, "async") || !bump_address(c, 0, 16) || !bump_address(c, 1, 16)) return false;
  if (!integer_of(s->operands[2], &size)) return true;
  if (s->operand_count == 3) {
    return mutant_add(c->list, s, "copy-size", s->operands[2], "%.*s, %" PRId64, TEXT(s->operands[2]), size / 2);
  }
  return mutant_add(c->list, s, "copy-size", s->operands[3], "%" PRId64, size) &&
         mutant_add(c->list, s, "copy-size", s->operands[3], "0");
}

static bool rule_mbarrier(ctx c)
{
  const struct statement *s = c->s;
  if (statement_has(s, "try_wait") || statement_has(s, "test_wait")) {
    int64_t parity;
    uint32_t last = statement_has(s, "parity") ? 2 : s->operand_count;
    if (last >= s->operand_count) return true;
    if (integer_of(s->operands[last], &parity)) {
      return mutant_add(c->list, s, "wait", s->operands[last], "%" PRId64, parity ^ 1);
    }
    return mutant_add(c->list, s, "wait", s->operands[last], "0") &&
           mutant_add(c->list, s, "wait", s->operands[last], "1");
  }
  uint32_t number = statement_has(s, "arrive") || statement_has(s, "arrive_drop") ? 2 : 1;
  bool bytes = statement_has(s, "expect_tx") || statement_has(s, "complete_tx");
  return remove_it(c, "async") && weaken(c, "fence") && bump(c, bytes ? "copy-size" : "async", number, bytes ? 16 : 1);
}

static bool rule_griddep(ctx c)
{
  /* launch_dependents only says that it may start early: without it the next kernel starts when this one has ended. */
  return !statement_has(c->s, "wait") || remove_it(c, "wait");
}

/* Everything of wgmma and tcgen05 that has no result: leaving it out, and waiting for one group more. */
static bool rule_async_matrix(ctx c)
{
  bool wait = statement_has(c->s, "wait_group") || statement_has(c->s, "wait");
  return remove_it(c, wait ? "wait" : "async") && (!wait || bump(c, "wait", 0, 1));
}

/* --- memory --- */

/* A loaded value reads as zero, by the width that nvcc's register names tell. */
static bool load_zero(ctx c)
{
  const struct statement *s = c->s;
  struct span elements[8] = {s->operands[0]};
  uint32_t count = vector_of(s) == 1 ? 1 : elements_of(s->operands[0], elements, 8);
  char text[512] = "";
  for (uint32_t i = 0; i < count; i++) {
    struct span name = elements[i];
    if (name.length < 3 || name.text[0] != '%') return true;
    bool half = (name.text[1] == 'r' && name.text[2] == 's') || name.text[1] == 'h';
    bool wide = (name.text[1] == 'r' || name.text[1] == 'f') && name.text[2] == 'd';
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%smov.b%d %.*s, 0;", i > 0 ? " " : "",
             half   ? 16
             : wide ? 64
                    : 32,
             TEXT(name));
  }
  return count == 0 || s->guard.length > 0 || mutant_add(c->list, s, "load", s->all, "%s", text);
}

static bool rule_load(ctx c)
{
  if (statement_has(c->s, "param")) return true; /* the call's arguments, and the kernel's by name */
  return load_zero(c) && bump_address(c, 1, vector_of(c->s) * type_bytes(c->s)) && weaken(c, "fence");
}

static bool rule_store(ctx c)
{
  if (statement_has(c->s, "param")) return true;
  return remove_it(c, "store") && bump_address(c, 0, vector_of(c->s) * type_bytes(c->s)) && weaken(c, "fence") &&
         swap_elements(c, "store", 1, 0, 1);
}

static bool rule_atomic(ctx c)
{
  uint32_t value = first_is(c->s, "red") ? 1 : 2;
  return (!first_is(c->s, "red") || remove_it(c, "atomic")) && replace_word(c, "atomic", "add", "max") &&
         replace_word(c, "atomic", "max", "min") && replace_word(c, "atomic", "min", "max") &&
         replace_word(c, "atomic", "inc", "dec") && replace_word(c, "atomic", "dec", "inc") &&
         replace_word(c, "atomic", "or", "xor") && replace_word(c, "atomic", "and", "or") &&
         bump(c, "constant", value, 1) && bump(c, "constant", value + 1, 1) && weaken(c, "fence");
}

static bool rule_matrix_move(ctx c)
{
  bool store = first_is(c->s, "stmatrix");
  if (first_is(c->s, "movmatrix")) return instead(c, "matrix", "mov.b32", c->s->operands[1]);
  struct span last = c->s->words[c->s->word_count - 1], shape = find_word(c->s, "m8n8");
  bool transposed = statement_has(c->s, "trans");
  if (store && !remove_it(c, "store")) return false;
  if (last.length == 0 || shape.length == 0) return true;
  if (!bump_address(c, store ? 0 : 1, 16) || !swap_elements(c, "matrix", store ? 1 : 0, 0, 1)) return false;
  if (transposed) return remove_word(c, "matrix", "trans");
  struct span after = find_word(c->s, "x4");
  if (after.length == 0) after = find_word(c->s, "x2");
  if (after.length == 0) after = find_word(c->s, "x1");
  return after.length == 0 || mutant_add(c->list, c->s, "matrix", after, "%.*s.trans", TEXT(after));
}

/* d, a, b, c: rows and columns of a fragment taken for each other; the sum in the wrong place. */
static bool rule_mma(ctx c)
{
  return swap_elements(c, "matrix", 1, 1, 2) && swap_elements(c, "matrix", 2, 0, 1) &&
         swap_elements(c, "matrix", 0, 0, 2) && swap_elements(c, "matrix", 3, 0, 1);
}

/* --- lanes --- */

static bool rule_shuffle(ctx c)
{
  const struct statement *s = c->s;
  int64_t lane;
  if (!replace_word(c, "shuffle", "bfly", "down") || !replace_word(c, "shuffle", "down", "up") ||
      !replace_word(c, "shuffle", "up", "down") || !replace_word(c, "shuffle", "idx", "bfly"))
    return false;
  if (s->operand_count > 2 && integer_of(s->operands[2], &lane) &&
      !mutant_add(c->list, s, "shuffle", s->operands[2], "%" PRId64,
                  lane == 0    ? 1
                  : lane >= 16 ? lane / 2
                               : 2 * lane))
    return false;
  if (s->operand_count > 4 && integer_of(s->operands[4], &lane)) {
    return mutant_add(c->list, s, "shuffle", s->operands[4], "0x0000ffff");
  }
  return true;
}

static bool rule_vote(ctx c)
{
  return replace_word(c, "shuffle", "any", "all") && replace_word(c, "shuffle", "all", "any") &&
         replace_word(c, "shuffle", "add", "max") && replace_word(c, "shuffle", "max", "min") &&
         replace_word(c, "shuffle", "min", "max") && replace_word(c, "shuffle", "and", "or") &&
         replace_word(c, "shuffle", "or", "and");
}

/* --- values --- */

static bool rule_move(ctx c)
{
  static const char *const twins[][2] = {
      {"%tid.x", "%tid.y"},     {"%tid.y", "%tid.x"},       {"%ctaid.x", "%ctaid.y"},   {"%ctaid.y", "%ctaid.x"},
      {"%ctaid.z", "%ctaid.x"}, {"%nctaid.x", "%nctaid.y"}, {"%nctaid.y", "%nctaid.x"}, {"%nctaid.z", "%nctaid.x"},
      {"%ntid.x", "%nctaid.x"}, {"%laneid", "%tid.x"}};
  if (c->s->operand_count != 2) return true;
  struct span value = c->s->operands[1];
  for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++) {
    if (span_is(value, twins[i][0])) return mutant_add(c->list, c->s, "special", value, "%s", twins[i][1]);
  }
  return bump(c, "constant", 1, 1) && bump_floats(c) && swap_elements(c, "move", 0, 0, 1) &&
         swap_elements(c, "move", 1, 0, 1);
}

static bool rule_select(ctx c)
{
  return swap_operands(c, "select", 1, 2) && bump(c, "constant", 1, 1) && bump(c, "constant", 2, 1) && bump_floats(c);
}

/* Masks and alignments move by one bit: a larger value would often add a bit that is 0 anyway. */
static bool rule_logic(ctx c)
{
  int64_t mask;
  if (c->s->operand_count > 2 && integer_of(c->s->operands[2], &mask)) {
    const bool wide = type_bytes(c->s) == 8;
    const int64_t moved = wide ? (int64_t)((uint64_t)mask << 1) : (int64_t)(int32_t)((uint32_t)mask << 1);
    if (mask != 0 && !mutant_add(c->list, c->s, "constant", c->s->operands[2], "%" PRId64, moved)) return false;
  }
  return replace_first(c, "logic", first_is(c->s, "and") ? "or" : first_is(c->s, "or") ? "and" : "or");
}

static bool rule_unary(ctx c)
{
  char opcode[32];
  struct span type = c->s->words[c->s->word_count - 1];
  bool half = type.length > 2 && memcmp(type.text + type.length - 2, "16", 2) == 0;
  bool pred = span_is(type, "pred");
  snprintf(opcode, sizeof opcode, "mov.%s", pred ? "pred" : half ? "b16" : type_bytes(c->s) == 8 ? "b64" : "b32");
  return instead(c, "arithmetic", opcode, c->s->operands[1]);
}

static bool rule_transcendental(ctx c)
{
  static const char *const other[][2] = {{"ex2", "lg2"}, {"lg2", "ex2"}, {"rsqrt", "sqrt"},
                                         {"sin", "cos"}, {"cos", "sin"}, {"rcp", "sqrt"}};
  for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
    if (first_is(c->s, other[i][0])) return replace_first(c, "arithmetic", other[i][1]);
  }
  return rule_unary(c);
}

/* mul.lo, mul.wide, mul.f32 → add; "rn" stays, "lo" goes. */
static bool rule_multiply(ctx c)
{
  if (!bump(c, "constant", 2, 1) || !bump_floats(c)) return false;
  if (statement_has(c->s, "wide") || statement_has(c->s, "hi")) return swap_operands(c, "arithmetic", 0, 1);
  struct span lo = find_word(c->s, "lo");
  if (lo.length == 0) return replace_first(c, "arithmetic", "add");
  struct span what = {c->s->words[0].text, (size_t)(lo.text + lo.length - c->s->words[0].text)};
  return mutant_add(c->list, c->s, "arithmetic", what, "add");
}

static bool rule_mad(ctx c)
{
  return bump_all(c, "constant", 1) && bump_floats(c) && swap_operands(c, "arithmetic", 2, 3);
}

static bool rule_fma(ctx c)
{
  const struct statement *s = c->s;
  if (s->operand_count != 4) return true;
  struct span tail = {s->operands[2].text + s->operands[2].length,
                      (size_t)(s->operands[3].text + s->operands[3].length - s->operands[2].text) -
                          s->operands[2].length};
  struct span body = {s->words[0].text, (size_t)(tail.text - s->words[0].text)};
  size_t skip = s->words[0].length;
  struct span whole = {body.text, body.length + tail.length};
  return swap_operands(c, "arithmetic", 2, 3) && bump_floats(c) &&
         mutant_add(c->list, s, "arithmetic", whole, "mul%.*s", (int)(body.length - skip), body.text + skip);
}

static bool rule_add(ctx c)
{
  return bump(c, "constant", 2, 1) && bump_floats(c) && replace_first(c, "arithmetic", "sub");
}

static bool rule_sub(ctx c)
{
  return bump_all(c, "constant", 1) && bump_floats(c) && replace_first(c, "arithmetic", "add");
}

static bool rule_shift(ctx c)
{
  int64_t by;
  bool constant = c->s->operand_count > 2 && integer_of(c->s->operands[2], &by);
  if (constant) return bump(c, "constant", 2, 1);
  return replace_first(c, "arithmetic", first_is(c->s, "shl") ? "shr" : "shl");
}

static bool rule_divide(ctx c)
{
  return bump(c, "constant", 2, 1) && bump_floats(c) && (type_bytes(c->s) == 0 || swap_operands(c, "arithmetic", 1, 2));
}

static bool rule_extreme(ctx c)
{
  return bump(c, "constant", 2, 1) && bump_floats(c) &&
         replace_first(c, "arithmetic", first_is(c->s, "min") ? "max" : "min");
}

static bool rule_bits(ctx c)
{
  return bump_all(c, "constant", 1);
}

static bool rule_convert(ctx c)
{
  return swap_operands(c, "arithmetic", 1, 2) && replace_word(c, "arithmetic", "rni", "rzi") &&
         replace_word(c, "arithmetic", "rmi", "rpi") && replace_word(c, "arithmetic", "rpi", "rmi") &&
         remove_word(c, "arithmetic", "sat") && remove_word(c, "arithmetic", "relu");
}

static const struct {
  const char *word;
  bool (*rule)(ctx c);
} rules[] = {
    {"bra", rule_branch},
    {"ret", rule_branch},
    {"exit", rule_branch},
    {"setp", rule_compare},
    {"set", rule_compare},
    {"bar", rule_barrier},
    {"barrier", rule_barrier},
    {"fence", rule_fence},
    {"membar", rule_fence},
    {"cp", rule_cp},
    {"mbarrier", rule_mbarrier},
    {"griddepcontrol", rule_griddep},
    {"wgmma", rule_async_matrix},
    {"tcgen05", rule_async_matrix},
    {"ld", rule_load},
    {"ldu", rule_load},
    {"st", rule_store},
    {"atom", rule_atomic},
    {"red", rule_atomic},
    {"ldmatrix", rule_matrix_move},
    {"stmatrix", rule_matrix_move},
    {"movmatrix", rule_matrix_move},
    {"mma", rule_mma},
    {"shfl", rule_shuffle},
    {"vote", rule_vote},
    {"redux", rule_vote},
    {"mov", rule_move},
    {"selp", rule_select},
    {"slct", rule_select},
    {"and", rule_logic},
    {"or", rule_logic},
    {"xor", rule_logic},
    {"not", rule_unary},
    {"neg", rule_unary},
    {"abs", rule_unary},
    {"tanh", rule_unary},
    {"ex2", rule_transcendental},
    {"lg2", rule_transcendental},
    {"rsqrt", rule_transcendental},
    {"sqrt", rule_transcendental},
    {"rcp", rule_transcendental},
    {"sin", rule_transcendental},
    {"cos", rule_transcendental},
    {"mul", rule_multiply},
    {"mul24", rule_multiply},
    {"mad", rule_mad},
    {"mad24", rule_mad},
    {"fma", rule_fma},
    {"add", rule_add},
    {"sub", rule_sub},
    {"shl", rule_shift},
    {"shr", rule_shift},
    {"div", rule_divide},
    {"rem", rule_divide},
    {"min", rule_extreme},
    {"max", rule_extreme},
    {"bfe", rule_bits},
    {"bfi", rule_bits},
    {"prmt", rule_bits},
    {"lop3", rule_bits},
    {"shf", rule_bits},
    {"cvt", rule_convert},
};

bool mutate_statement(struct sim_mutants *list, const struct statement *s)
{
  const struct rule_context c = {list, s};
  bool branches = first_is(s, "bra") || first_is(s, "ret") || first_is(s, "exit");
  if (s->guard.length > 0 && !branches && !rule_guard(&c)) return false;
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    if (first_is(s, rules[i].word)) return rules[i].rule(&c);
  }
  return true;
}
