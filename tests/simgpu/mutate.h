/* mutate.h: small wrong changes of a kernel's PTX, to measure whether its tests notice them.
 *
 * A mutant is one change of one statement: a barrier left out, a comparison off by one, a constant too large, two operands
 * swapped. Changes are made in the text, so that a mutant takes the way of any other PTX through the decoder; one that the decoder
 * refuses is stillborn and says nothing about the tests. mutate_rules.c says which changes there are. What only costs time on a GPU
 * (prefetches, cache hints, rounding of the same value by other means) is left alone.
 *
 * The list of a kernel follows from its text alone: mutant number n is the same in every run. */
#ifndef SIMGPU_MUTATE_H
#define SIMGPU_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_mutant {
  uint32_t line;        /* of the PTX text, from 1 */
  size_t at, length;    /* bytes of the text that are replaced */
  const char *kind;     /* static: "barrier", "compare" … */
  char *text;           /* what takes their place; owned by the list */
  char *before, *after; /* the statement without and with the change, blanks squeezed; owned by the list */
  char *context;        /* the two statements before it, likewise */
};

struct sim_mutants {
  struct sim_mutant *items; /* in the order of the text */
  uint32_t count, capacity;
};

/* Every mutant of the kernel of that (mangled) name; free with sim_mutants_free. False: no such kernel in the text, or out of
 * memory (then *out is empty). Functions that the kernel calls are not touched. */
bool sim_mutants_list(const char *text, size_t size, const char *kernel, struct sim_mutants *out);
void sim_mutants_free(struct sim_mutants *list);

/* The module's text with the change made (mutant NULL: none) and the other kernels' bodies blanked; lines keep their numbers. Owned by
 * the caller (free); NULL: no such kernel, or out of memory. */
char *sim_mutant_apply(const char *text, size_t size, const char *kernel, const struct sim_mutant *mutant,
                       size_t *out_size);

#endif
