/* cpu_int.h: GEMMs of I8 and I4 weights: x rounded to 8-bit integers, a scale a row (quantise.h), products added in 32-bit integers.
 *
 * Panels of 32 columns, as in cpu_kernels.h, cut so that a vector holds four neighbours along k of each of its columns, what one
 * dot-product instruction takes:
 *
 *   I8   [k/4][32][4] bytes, then 32 float scales and 32 int32 sums of the column's integers
 *   I4   a block of 32 along k after the other: 32 scales of f16, then [4][32][4] bytes. Of byte (j, column, i) the low half is
 *        element 8 j + i of the block, the high half element 8 j + 4 + i, each plus 8.
 *
 * Elements behind n and behind k stand for 0. Where the instruction multiplies unsigned by signed bytes, x of I8 is held plus 128,
 * and what that adds to a column's sum is 128 times the sum of its integers. I4's are unsigned as they stand; what their 8 adds is 8
 * times the sum of x over the block.
 */
#ifndef TMK_CPU_INT_H
#define TMK_CPU_INT_H

#include "cpu_kernels.h"
#include "tokmark/quantise.h"

enum {
  TMK_CPU_I8_TAIL = 8 * TMK_CPU_PANEL,                 /* bytes behind a panel's elements */
  TMK_CPU_I4_SCALES = 2 * TMK_CPU_PANEL,               /* bytes before a block's elements */
  TMK_CPU_I4_BLOCK_BYTES = TMK_CPU_I4_SCALES + TMK_CPU_PANEL * TMK_I4_BLOCK / 2,
};

static inline int64_t tmk_cpu_int_panel_bytes(enum tmk_dtype dtype, int64_t k)
{
  if (dtype == TMK_DTYPE_I8) return TMK_CPU_PANEL * tmk_cpu_round_up(k, 4) + TMK_CPU_I8_TAIL;
  return (k + TMK_I4_BLOCK - 1) / TMK_I4_BLOCK * TMK_CPU_I4_BLOCK_BYTES;
}

/* x rounded: rows of bytes, a whole number of blocks and a cache line more, so that rows fall on different cache sets; a scale and,
 * for I4, a sum a block for each row. */
static inline int64_t tmk_cpu_int_x_stride(int64_t k)
{
  return tmk_cpu_round_up(k, TMK_I4_BLOCK) + 64;
}

static inline int64_t tmk_cpu_int_x_blocks(int64_t k)
{
  return (k + TMK_I4_BLOCK - 1) / TMK_I4_BLOCK;
}

struct tmk_cpu_int_gemm {
  struct tmk_cpu_gemm gemm;
  int8_t *q;         /* [m][tmk_cpu_int_x_stride(k)]: x rounded */
  float *q_scale;    /* [m] */
  int32_t *q_offset; /* [m][tmk_cpu_int_x_blocks(k)]: −8 times the block's sum; I4 alone */
};

struct tmk_cpu_int_kernels {
  const char *isa; /* "avx512 VNNI" */
  int lanes;       /* 0: not in this build */
  /* All threads do the first; behind a barrier all do the second. */
  void (*quantise)(const struct tmk_cpu_int_gemm *a, struct tmk_cpu_part part);
  void (*gemm)(const struct tmk_cpu_int_gemm *a, struct tmk_cpu_part part);
  /* `rounds` of dot products on registers alone; dot_ops operations a round. */
  float (*dot)(int64_t rounds);
  int64_t dot_ops;
};

extern const struct tmk_cpu_int_kernels tmk_cpu_int_avx512, tmk_cpu_int_avx2, tmk_cpu_int_neon, tmk_cpu_int_portable;

/* cpu_isa.c: those that go with a table of kernels on this machine; never NULL. */
const struct tmk_cpu_int_kernels *tmk_cpu_int_choose(const struct tmk_cpu_kernels *kernels);

/* cpu_int_weights.c: panel `panel` of a weight tensor [n, k], filled from fill.h; and its elements back from the bits. */
struct tmk_tensor;
void tmk_cpu_int_fill(const struct tmk_tensor *tensor, uint64_t seed, int64_t panel, void *to);
double tmk_cpu_int_element(enum tmk_dtype dtype, const void *weight, int64_t k_total, int64_t n, int64_t k);

#endif
