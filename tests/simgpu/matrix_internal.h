/* matrix_internal.h: what matrix_*.c share. */
#ifndef SIMGPU_MATRIX_INTERNAL_H
#define SIMGPU_MATRIX_INTERNAL_H

#include "sim_matrix.h"

typedef void sim_mma_function(const struct sim_mma_plan *plan, void *const *d, const void *const *a,
                              const void *const *b, const void *const *c);
/* matrix_mma.c: by kind of arithmetic. */
sim_mma_function sim_mma_floats, sim_mma_doubles, sim_mma_integers, sim_mma_bits;

#endif
