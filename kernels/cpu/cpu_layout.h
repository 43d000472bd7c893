/* cpu_layout.h: how the tensors of a plan stand in the backend's memory (layouts: cpu_kernels.h), and their elements one by
 * one. */
#ifndef TMK_CPU_LAYOUT_H
#define TMK_CPU_LAYOUT_H

#include "cpu_kernels.h"
#include "tokmark/plan.h"

enum tmk_cpu_layout {
  TMK_CPU_CONSTANT = 0, /* not held: the plan's own data */
  TMK_CPU_ROWS,         /* f32 rows: activations, inputs, outputs */
  TMK_CPU_TOKENS,       /* i32, as they are */
  TMK_CPU_VECTOR, /* norm weights and biases: f32, values rounded to the tensor's dtype, readable to whole panels */
  TMK_CPU_WEIGHT, /* a matrix in panels: n, k = the dims */
  TMK_CPU_KEYS,   /* a matrix a (sequence, head): n = position, k = dim */
  TMK_CPU_VALUES, /* a matrix a (sequence, head): n = dim, k = position */
};

/* A tensor as it is held. */
struct tmk_cpu_view {
  enum tmk_cpu_layout layout;
  enum tmk_dtype dtype;  /* of the elements in memory */
  int64_t width, stride; /* ROWS: elements of a row, floats from row to row */
  int64_t n, k;          /* WEIGHT, KEYS, VALUES: one matrix */
  int64_t heads;         /* KEYS, VALUES */
  int64_t matrices, matrix_bytes;
  int64_t bytes;  /* of all of it; INT64_MAX where that overflows */
  int64_t offset; /* in the arena; weights: unused */
  char *data;
};

/* Views of all tensors of the plan: layouts, sizes, and offsets in an arena of *arena_bytes; data is not set. views is
 * [plan->tensor_count]. */
void tmk_cpu_views_build(const struct tmk_plan *plan, struct tmk_cpu_view *views, int64_t *arena_bytes);

/* Scratch floats that one thread needs for the plan's ops. */
int64_t tmk_cpu_scratch_floats(const struct tmk_plan *plan);
/* Bytes for x of the plan's largest GEMM of I8 or I4 weights, rounded (cpu_int.h); 0 where there is none. */
int64_t tmk_cpu_int_x_bytes(const struct tmk_plan *plan);

/* Logical elements (row-major in the tensor's dims) ↔ values. Indices are the caller's to check. */
void tmk_cpu_view_read(const struct tmk_cpu_view *view, const struct tmk_tensor *tensor, int64_t first, int64_t count,
                       double *values);
void tmk_cpu_view_write(const struct tmk_cpu_view *view, int64_t first, int64_t count, const double *values);

#endif
