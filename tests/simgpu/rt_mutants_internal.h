/* rt_mutants_internal.h: what rt_mutants*.c share. */
#ifndef SIMGPU_RT_MUTANTS_INTERNAL_H
#define SIMGPU_RT_MUTANTS_INTERNAL_H

#include <stdio.h>

#include "mutate.h"
#include "rt_mutants.h"

/* A kernel of the program, with all its mutants. */
struct mutants_kernel {
  struct mutants_kernel *next;
  char *name; /* mangled */
  const char *text;
  size_t size;
  struct sim_mutants list;
  uint8_t *reached; /* by PTX line */
  uint32_t lines;
};

/* The kernel of a launch, listed when it is first asked for; NULL: out of memory, or its text is not at hand. */
struct mutants_kernel *rt_mutants_kernel(const struct sim_kernel *kernel);
/* Gives a kernel the code of its mutant `number`. */
enum sim_status rt_mutants_apply(struct sim_kernel *kernel, const struct mutants_kernel *k, uint32_t number,
                                 struct sim_error *error);
/* Says what is wrong with the environment or a file, and ends the program. */
_Noreturn void rt_mutants_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a launch was in the plan. */
struct mutants_launch {
  char *name;
  uint64_t steps, before, after;
};

/* rt_mutants_run.c */
void rt_mutants_run_begin(const char *path);
enum sim_status rt_mutants_run_launch(struct rt *rt, const struct rt_op *op, const struct sim_launch *launch,
                                      struct sim_launch_stats *stats, struct sim_error *error);
void rt_mutants_run_end(int status, uint64_t findings);

#endif
