/* cuda_layout.h: where a tensor's elements stand in device memory (the layouts of cuda_kernels.h). Pure arithmetic: no device. */
#ifndef TMK_CUDA_LAYOUT_H
#define TMK_CUDA_LAYOUT_H

#include "cuda_kernels.h"
#include "tokmark/plan.h"

/* Pieces of memory start on this; more than any kernel or library asks for. */
#define TMK_CUDA_ALIGN 256

enum tmk_cuda_layout {
  TMK_CUDA_CONSTANT = 0, /* not in device memory as such */
  TMK_CUDA_ROWS,         /* [rows, ld]: activations, matrices, vectors (one row) */
  TMK_CUDA_TOKENS,       /* i32 */
  TMK_CUDA_CACHE,        /* pages */
  TMK_CUDA_BLOCKS,       /* a weight of nvfp4: cuda_narrow.h */
};

struct tmk_cuda_view {
  enum tmk_cuda_layout layout;
  enum tmk_dtype dtype;
  int64_t rows, width, ld;                       /* ROWS, TOKENS (one row), BLOCKS */
  int64_t scales, blocks;                        /* BLOCKS */
  float scale;                                   /* of a weight's values: tmk_tensor_scale() */
  int64_t sequences, positions, heads, head_dim; /* CACHE */
  int64_t pages_per_sequence;                    /* CACHE */
  int64_t bytes;
  int64_t offset; /* in the arena; weights: in their slab */
  char *data;     /* device memory; NULL for CONSTANT. Set when the exec is bound */
};

int64_t tmk_cuda_round_up(int64_t value, int64_t multiple); /* saturates at INT64_MAX */
int64_t tmk_cuda_size_mul(int64_t a, int64_t b);            /* likewise; a, b >= 0 */
int64_t tmk_cuda_size_add(int64_t a, int64_t b);

/* Everything of *view but offset and data. False if there is no layout for such a tensor. */
bool tmk_cuda_view_build(const struct tmk_tensor *tensor, struct tmk_cuda_view *view);

/* A permutation of 0 … count − 1 by seed: the order in which a cache's pages stand in memory. */
void tmk_cuda_pages_shuffle(int32_t *pages, int64_t count, uint64_t seed);

/* cos and sin, times `scale`, of position × inv_freq[i] for `count` positions from `first` on: out[count][rotary_dim / 2][2]. The
 * product and the functions are taken in float64. */
void tmk_cuda_cos_sin_fill(const double *inv_freq, int64_t rotary_dim, double scale, int64_t first, int64_t count,
                           float *out);

#endif
