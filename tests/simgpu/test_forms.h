/* test_forms.h: instruction forms as rows: an opcode with alternatives, its operands, and what it must give, as a function written
 * from the pseudo code and the formulas of the PTX ISA 9.0, not from the simulator. test_forms.c makes a kernel of each form, runs it
 * on corner values and on noise, and asserts that the rows reach each word of the opcode table. Tables: forms_*.h.
 *
 * Opcodes: "add{.rn,.rz}{.ftz,}.f32" is four forms. Shapes: results = sources, a letter each:
 *   t u v   a value of the opcode's first, second, third type     w   of twice the width of the first
 *   h r d c 16, 32, 64, 8 bits       n   a bit count or position   p   predicate
 *   k       CC.CF: as a source set before, as a result read after; no operand
 *   "t|p=…" is d|p; "=…" has no result.
 * Tail: what follows the sources: an immediate, with alternatives too.
 */
#ifndef SIMGPU_TEST_FORMS_H
#define SIMGPU_TEST_FORMS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FORM_SOURCES 4
#define FORM_WORDS   12

enum form_class { FORM_BITS, FORM_UNSIGNED, FORM_SIGNED, FORM_FLOAT };
struct form_type {
  const char *name;
  uint32_t bits;
  enum form_class class;
};

/* An opcode taken apart, and one thread's sources. */
struct form_call {
  char word[FORM_WORDS][24];
  uint32_t words;
  const struct form_type *t, *u, *v;
  int64_t tail;
  uint64_t a[FORM_SOURCES];
};
static inline bool form_has(const struct form_call *call, const char *word)
{
  for (uint32_t i = 0; i < call->words; i++)
    if (strcmp(call->word[i], word) == 0) return true;
  return false;
}

/* Low bits of the result; *second: of the second one. */
typedef uint64_t (*form_reference)(const struct form_call *call, uint64_t *second);
/* The same for 32 lanes that exchange: call[l].a are lane l's. */
typedef void (*form_warp_reference)(const struct form_call call[32], uint64_t first[32], uint64_t second[32]);

enum form_judge {
  FORM_EXACT,
  FORM_ANY_NAN, /* of f64, whose payloads the ISA leaves open: any NaN for a NaN */
  FORM_NEAR     /* the reference gives the exact result as the bits of a double; *second its bound: bits of a double */
};

struct form {
  const char *opcodes, *shape;
  form_reference expect;
  form_warp_reference expect_warp; /* instead */
  const char *tail;                /* NULL: none */
  enum form_judge judge;
  bool no_zero; /* the second source is not 0 (division: unspecified) */
};

static inline uint64_t form_ones(uint32_t bits)
{
  return bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
}
/* The low bits as a number. */
static inline int64_t form_signed(uint64_t value, uint32_t bits)
{
  return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

#endif
