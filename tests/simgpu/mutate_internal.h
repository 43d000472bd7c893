/* mutate_internal.h: a statement of PTX as mutate.c finds it and mutate_rules.c changes it. */
#ifndef SIMGPU_MUTATE_INTERNAL_H
#define SIMGPU_MUTATE_INTERNAL_H

#include "mutate.h"

#define STATEMENT_OPERANDS 12
#define STATEMENT_WORDS    24

struct span {
  const char *text;
  size_t length;
};

/* "@!%p1 ld.global.v2.f32 {%f1, %f2}, [%rd1+8];" */
struct statement {
  const char *module; /* the whole text, for offsets */
  uint32_t line;
  struct span all;                    /* guard to semicolon */
  struct span guard;                  /* "@!%p1"; length 0: none */
  struct span opcode;                 /* "ld.global.v2.f32" */
  struct span words[STATEMENT_WORDS]; /* of the opcode, without dots: "ld" "global" … */
  uint32_t word_count;
  struct span operands[STATEMENT_OPERANDS]; /* at top-level commas; "d|p" is one */
  uint32_t operand_count;
  struct span earlier[2]; /* the two statements before it; length 0: none */
};

bool span_is(struct span span, const char *text);
/* Some word of the opcode but the first. */
bool statement_has(const struct statement *s, const char *word);

/* Adds a mutant that puts the formatted text in the place of `what`. False: out of memory. */
bool mutant_add(struct sim_mutants *list, const struct statement *s, const char *kind, struct span what,
                const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Adds what the rules say of a statement. */
bool mutate_statement(struct sim_mutants *list, const struct statement *s);

#endif
