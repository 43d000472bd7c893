/* cpu_kernels.h: what an instruction set provides: one table of kernels, the same functions in each (cpu_body.h).
 *
 * A kernel does one thread's part of an op on plain pointers. Layouts it works on:
 *
 * Rows. Activations are f32, row-major, `stride` floats from row to row. The stride is tmk_cpu_row_stride(width): room for
 * whole panels and a cache line more, so that the rows of a register tile don't fall on the same cache sets, a GEMM may write
 * whole panels and a vector may be read at any element of a row. What stands behind `width` in a row is undefined.
 *
 * Panels. A matrix B[n, k] that is multiplied, y[m, n] = Σ_k x[m, k] B[n, k], stands in panels of 32 of its n columns:
 * [n/32][k][32], the last panel padded. So a panel is one stream of memory however many rows x has, and each load is a vector
 * of neighbouring columns. In bf16, columns c and c + 16 of a panel share a 32-bit word (c in the low half): a shift and a
 * mask widen them. Weights are such matrices, and so is the cache of a (sequence, head): the keys with n = position, k = dim
 * for q·K, the values with n = dim, k = position for p·V.
 */
#ifndef TMK_CPU_KERNELS_H
#define TMK_CPU_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "tokmark/dtype.h"
#include "tokmark/fill.h"

enum { TMK_CPU_PANEL = 32 };

static inline int64_t tmk_cpu_round_up(int64_t value, int64_t multiple)
{
  return (value + multiple - 1) / multiple * multiple;
}

static inline int64_t tmk_cpu_row_stride(int64_t width)
{
  return tmk_cpu_round_up(width, TMK_CPU_PANEL) + 16;
}

/* Place of a column within a panel's row of 32 elements. */
static inline int64_t tmk_cpu_panel_slot(enum tmk_dtype dtype, int64_t column)
{
  if (dtype == TMK_DTYPE_F32) return column;
  return column < 16 ? 2 * column : 2 * (column - 16) + 1;
}

/* Element (n, k) of a matrix in panels, counted in elements from its start. */
static inline int64_t tmk_cpu_panel_offset(enum tmk_dtype dtype, int64_t k_total, int64_t n, int64_t k)
{
  return (n / TMK_CPU_PANEL * k_total + k) * TMK_CPU_PANEL + tmk_cpu_panel_slot(dtype, n % TMK_CPU_PANEL);
}

/* Elements a matrix takes in panels. */
static inline int64_t tmk_cpu_panel_elements(int64_t n, int64_t k)
{
  return tmk_cpu_round_up(n, TMK_CPU_PANEL) * k;
}

/* Which thread of how many. Parts are contiguous and differ by at most one unit. */
struct tmk_cpu_part {
  int thread, threads;
};

static inline int64_t tmk_cpu_part_first(struct tmk_cpu_part part, int64_t units)
{
  return (int64_t)((__int128)units * part.thread / part.threads);
}

static inline int64_t tmk_cpu_part_end(struct tmk_cpu_part part, int64_t units)
{
  return (int64_t)((__int128)units * (part.thread + 1) / part.threads);
}

struct tmk_cpu_embed {
  int64_t rows, hidden, vocab;
  const int32_t *tokens; /* [rows]; one outside 0 … vocab − 1 gives a row of NaN */
  const void *weight;    /* panels [vocab, hidden] */
  enum tmk_dtype weight_dtype;
  float *x; /* rows [rows, hidden] */
  int64_t x_stride;
};

struct tmk_cpu_rmsnorm {
  int64_t rows, hidden, row_group;
  double eps;
  bool write_residual;
  float *residual;     /* rows [rows · row_group, hidden] */
  const float *delta;  /* the same, or NULL */
  const float *weight; /* [hidden] */
  float *y;            /* rows [rows, hidden] */
  int64_t residual_stride, delta_stride, y_stride;
};

struct tmk_cpu_gemm {
  int64_t m, n, k;
  const float *x;     /* rows [m, k] */
  const void *weight; /* panels [n, k] */
  enum tmk_dtype weight_dtype;
  const float *bias; /* [n], readable to whole panels, or NULL */
  float *y;          /* rows [m, n], written to whole panels */
  int64_t x_stride, y_stride;
};

/* The cache of a tensor: [sequences][heads_kv] matrices in panels, `matrix_bytes` apart. */
struct tmk_cpu_cache {
  char *keys, *values;
  enum tmk_dtype key_dtype, value_dtype;
  int64_t key_matrix_bytes, value_matrix_bytes;
  int64_t value_positions; /* k of the values' matrices: positions held */
};

struct tmk_cpu_rope_kv {
  int64_t seqs, q_len, seq_first, past;
  int64_t heads_q, heads_kv, head_dim, rotary_dim;
  double eps;
  float rope_scale;
  const float *qkv;             /* rows [seqs · q_len, (heads_q + 2 heads_kv) · head_dim] */
  const double *inv_freq;       /* [rotary_dim / 2] */
  const float *q_norm, *k_norm; /* [head_dim] or NULL */
  float *q;                     /* rows [seqs · q_len, heads_q · head_dim] */
  int64_t qkv_stride, q_stride;
  struct tmk_cpu_cache cache;
  float *scratch; /* of this thread: tmk_cpu_rope_scratch() floats */
};

static inline int64_t tmk_cpu_rope_scratch(int64_t head_dim)
{
  return 2 * tmk_cpu_row_stride(head_dim); /* cos and sin; a head */
}

struct tmk_cpu_attention {
  int64_t seqs, q_len, seq_first, past;
  int64_t heads_q, heads_kv, head_dim, window;
  float scale;
  const float *q; /* rows [seqs · q_len, heads_q · head_dim] */
  float *out;     /* the same shape */
  int64_t q_stride, out_stride;
  struct tmk_cpu_cache cache;
  float *scratch; /* of all threads, tmk_cpu_attention_scratch() floats each: partial results are read by others */
  int64_t scratch_stride; /* floats from thread to thread */
};

enum {
  TMK_CPU_ATTENTION_KEYS = 128, /* keys of a chunk of the online softmax */
  TMK_CPU_ATTENTION_ROWS = 64,  /* rows of a query tile (a row is a query of one head), at least the heads of a group */
};

/* Queries that a tile takes: each comes with all the heads of its group. */
static inline int64_t tmk_cpu_attention_tile_queries(int64_t group, int64_t q_len)
{
  const int64_t queries = TMK_CPU_ATTENTION_ROWS / group;
  return queries < 1 ? 1 : queries < q_len ? queries : q_len;
}

/* Floats of one saved partial result: rows of largest score, sum and accumulator. */
static inline int64_t tmk_cpu_attention_partial(int64_t rows, int64_t head_dim)
{
  return tmk_cpu_round_up(2 * rows + rows * tmk_cpu_row_stride(head_dim), 16);
}

/* Floats a thread: queries, scores, accumulator with its statistics, and two partial results. */
static inline int64_t tmk_cpu_attention_scratch(int64_t group, int64_t q_len, int64_t head_dim)
{
  const int64_t rows = tmk_cpu_attention_tile_queries(group, q_len) * group;
  return rows * (tmk_cpu_row_stride(head_dim) + tmk_cpu_row_stride(TMK_CPU_ATTENTION_KEYS)) +
         3 * tmk_cpu_attention_partial(rows, head_dim) + 16;
}

struct tmk_cpu_swiglu {
  int64_t rows, inner;
  const float *gate_up; /* rows [rows, 2 · inner] */
  float *y;             /* rows [rows, inner] */
  int64_t gate_up_stride, y_stride;
};

struct tmk_cpu_sample {
  int64_t rows, vocab;
  const float *logits; /* rows [rows, vocab] */
  int64_t logits_stride;
  int32_t *tokens; /* [rows] */
};

/* One panel filled from fill.h: element (column, k) is that of global index `index` + column · column_step + k · k_step.
 * Columns from gap_at[i] on (0: there is no gap) have an index greater by gap_step[i] yet.
 * Columns from `columns` on get `rest` in every bit: 0 for padding, 0xffffffff for NaN. */
enum { TMK_CPU_GAPS = 2 };
struct tmk_cpu_panel_fill {
  struct tmk_fill_key key;
  uint64_t index, column_step, k_step;
  int64_t gap_at[TMK_CPU_GAPS];
  uint64_t gap_step[TMK_CPU_GAPS];
  int64_t columns, k;
  float offset, step; /* as tmk_fill_value takes them */
  uint32_t rest;
  enum tmk_dtype dtype;
  void *panel;
};

/* A loop that measures a ceiling over `count` floats: reads of src, or a copy of src to dst. The value read keeps a compiler
 * from leaving the reads out. */
struct tmk_cpu_stream {
  const char *name; /* "1 stream": as results give it */
  float (*run)(const float *src, float *dst, int64_t count);
};

enum { TMK_CPU_READS = 4, TMK_CPU_COPIES = 2, TMK_CPU_STREAM_BLOCK = 256 /* counts are multiples of it */ };

struct tmk_cpu_kernels {
  const char *isa; /* "avx512" */
  int lanes;       /* f32 elements of a vector; 0: not in this build */
  void (*embed)(const struct tmk_cpu_embed *a, struct tmk_cpu_part part);
  void (*rmsnorm)(const struct tmk_cpu_rmsnorm *a, struct tmk_cpu_part part);
  void (*gemm)(const struct tmk_cpu_gemm *a, struct tmk_cpu_part part);
  void (*rope_kv)(const struct tmk_cpu_rope_kv *a, struct tmk_cpu_part part);
  /* All threads do the first; behind a barrier all do the second, which joins heads whose keys were split. */
  void (*attention)(const struct tmk_cpu_attention *a, struct tmk_cpu_part part);
  void (*attention_join)(const struct tmk_cpu_attention *a, struct tmk_cpu_part part);
  void (*swiglu)(const struct tmk_cpu_swiglu *a, struct tmk_cpu_part part);
  void (*sample)(const struct tmk_cpu_sample *a, struct tmk_cpu_part part);
  void (*fill_panel)(const struct tmk_cpu_panel_fill *a);
  void (*exp)(const float *x, float *y, int64_t count); /* the kernels' exponential, for its test */
  struct tmk_cpu_stream reads[TMK_CPU_READS], copies[TMK_CPU_COPIES];
  /* `rounds` of multiply-adds on registers alone; fma_flops floating-point operations a round. */
  float (*fma)(int64_t rounds);
  int64_t fma_flops;
  const char *fma_name;
};

extern const struct tmk_cpu_kernels tmk_cpu_kernels_avx512, tmk_cpu_kernels_avx2, tmk_cpu_kernels_neon,
    tmk_cpu_kernels_portable;

#endif
