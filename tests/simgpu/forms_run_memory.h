/* forms_run_memory.h: runs the opcodes of forms_memory.h. Part of test_forms.c. */
#ifndef SIMGPU_FORMS_RUN_MEMORY_H
#define SIMGPU_FORMS_RUN_MEMORY_H

#include "forms_run.h"

static const struct {
  const char *const *opcodes;
  size_t count;
} memory_tables[] = {{forms_load, sizeof forms_load / sizeof forms_load[0]},
                     {forms_store, sizeof forms_store / sizeof forms_store[0]},
                     {forms_atomic, sizeof forms_atomic / sizeof forms_atomic[0]}};

static uint64_t bytes_at(const uint8_t *from, uint32_t bytes)
{
  uint64_t value = 0;
  memcpy(&value, from, bytes < 8 ? bytes : 8);
  return value;
}

/* What a thread must leave: [8] outputs, from its inputs. */
static void memory_expect(const struct form_call *c, const uint64_t in[8], uint64_t out[8])
{
  uint32_t bytes = c->t->bits / 8, count = vector_of(c);
  uint8_t *to = (uint8_t *)out, pattern[32];
  const uint8_t *from = (const uint8_t *)in;
  memset(out, 0, 64);
  for (int i = 0; i < 32; i++) pattern[i] = (uint8_t)(i * 37 + 129);
  if (strncmp(c->word[0], "ld", 2) == 0) {
    if (form_has(c, "const") || form_has(c, "param") || form_has(c, "param::entry")) from = pattern;
    for (uint32_t i = 0; i < count; i++) {
      uint64_t value = bytes_at(from + i * bytes, bytes);
      if (c->t->class == FORM_SIGNED)
        value = (uint64_t)form_signed(value, c->t->bits) & form_ones(bytes == 1 ? 16 : c->t->bits);
      memcpy(to + i * (bytes == 16 ? 16 : 8), &value, 8);
      if (bytes == 16) memcpy(to + i * 16 + 8, from + i * 16 + 8, 8);
    }
  } else if (c->word[0][0] == 's') {
    memcpy(to + 32, from, bytes * count);
  } else {
    memcpy(to + 32, from, 16);
    if (c->word[0][0] == 'a') memcpy(to, from, bytes * count);
    if (bytes == 16) {
      bool equal = memcmp(from, from + 16, 16) == 0;
      if (form_has(c, "exch")) memcpy(to + 32, from + 16, 16);
      if (form_has(c, "cas") && equal) memcpy(to + 32, from + 32, 16);
      return;
    }
    for (uint32_t i = 0; i < count; i++) {
      uint64_t value = atomic_element(c, bytes_at(from + i * bytes, bytes), bytes_at(from + 16 + i * bytes, bytes),
                                      bytes_at(from + 32 + i * bytes, bytes));
      memcpy(to + 32 + i * bytes, &value, bytes);
    }
  }
}

/* Every other thread compares with what is there; floats are of the type. */
static void memory_inputs(const struct form_call *call, uint64_t (*in)[8])
{
  bool floats = call->t->class == FORM_FLOAT && call->t->bits <= 64;
  for (uint32_t thread = 0; thread < 64; thread++) {
    for (int i = 0; i < 8; i++) in[thread][i] = noise();
    for (uint32_t at = 0; floats && at < 48; at += call->t->bits / 8) {
      uint64_t value = input_of(call, 't');
      memcpy((uint8_t *)in[thread] + at, &value, call->t->bits / 8);
    }
    if (form_has(call, "cas") && thread % 2 == 0) memcpy(&in[thread][2], &in[thread][0], 16);
    if (form_has(call, "inc") || form_has(call, "dec"))
      in[thread][2] = thread % 4 == 0 ? in[thread][0] : thread % 4 == 1 ? UINT32_MAX : in[thread][2];
  }
}

static void run_memory(struct bench *b, uint32_t number, const char *opcode)
{
  uint64_t in[64][8], out[64][8], expected[8];
  struct form_call call;
  take_apart(opcode, &call);
  memory_inputs(&call, in);
  cr_assert_eq(bench_run(b, number, 64, in, out), SIM_OK, "%s: %s", opcode, b->error.message);
  for (uint32_t thread = 0; thread < 64; thread++) {
    memory_expect(&call, in[thread], expected);
    for (int i = 0; i < 8; i++) {
      bool both_nan = form_has(&call, "f64") && isnan(double_of(out[thread][i])) && isnan(double_of(expected[i]));
      if (out[thread][i] != expected[i] && !both_nan && worth_telling(opcode))
        cr_log_error("%s: memory %llx %llx, operand %llx: output %d is %llx, not %llx", opcode,
                     (unsigned long long)in[thread][0], (unsigned long long)in[thread][1],
                     (unsigned long long)in[thread][2], i, (unsigned long long)out[thread][i],
                     (unsigned long long)expected[i]);
    }
  }
}

static void say_memory_tables(struct text *text)
{
  char opcode[128];
  uint32_t number = 0;
  for (size_t t = 0; t < 3; t++)
    for (size_t i = 0; i < memory_tables[t].count; i++)
      for (uint32_t k = 0; expand(memory_tables[t].opcodes[i], k, opcode, sizeof opcode); k++)
        say_memory(text, number++, opcode);
}

#endif
