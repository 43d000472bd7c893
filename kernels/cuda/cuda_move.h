/* cuda_move.h: kernels that put contents into tensors and take logical elements out of them (fill_sm80.cu). They are not measured. */
#ifndef TMK_CUDA_MOVE_H
#define TMK_CUDA_MOVE_H

#include <cuda_runtime_api.h>

#include "cuda_layout.h"
#include "tokmark/fill.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A tensor as the kernels below see it. */
struct tmk_cuda_place {
  char *data;
  enum tmk_cuda_layout layout;
  int element_bytes;
  enum tmk_dtype dtype;
  int64_t width, ld;                  /* ROWS, TOKENS, BLOCKS */
  int64_t scales, blocks;             /* BLOCKS: as in cuda_narrow.h */
  int64_t positions, heads, head_dim; /* CACHE: logical [sequences, positions, heads, head_dim] */
  const int32_t *pages;               /* CACHE: [sequences, pages_per_sequence] in device memory */
  int64_t pages_per_sequence;
};

struct tmk_cuda_fill {
  struct tmk_cuda_place place;
  struct tmk_fill_key key;
  float offset, step; /* of fill.h */
  uint32_t vocab;     /* I32 */
  int rank;
  int64_t dims[TMK_MAX_DIMS], origin[TMK_MAX_DIMS], global_dims[TMK_MAX_DIMS];
  struct tmk_row_gap gaps[TMK_MAX_GAPS];
  float scale;              /* of the values of a weight: tmk_tensor_scale() */
  int64_t positions_filled; /* CACHE: of each sequence; the rest is left as it is */
};

/* Writes the fill values of a whole tensor (fill.h), bit for bit those of the host. */
cudaError_t tmk_cuda_fill_launch(const struct tmk_cuda_fill *fill, cudaStream_t stream);
/* The same of a weight of fp8 or nvfp4 (fill_narrow_sm89.cu). */
cudaError_t tmk_cuda_fill_narrow_launch(const struct tmk_cuda_fill *fill, cudaStream_t stream);
/* Logical elements of nvfp4, without the scale of the whole. */
cudaError_t tmk_cuda_gather_nvfp4_launch(const struct tmk_cuda_place *place, int64_t first, int64_t count, float *packed,
                                         cudaStream_t stream);
/* Logical elements first … first + count − 1, as they are, into or from the packed array `packed` in device memory. */
cudaError_t tmk_cuda_gather_launch(const struct tmk_cuda_place *place, int64_t first, int64_t count, void *packed,
                                   cudaStream_t stream);
cudaError_t tmk_cuda_scatter_launch(const struct tmk_cuda_place *place, int64_t first, int64_t count,
                                    const void *packed, cudaStream_t stream);
/* Any kernel of this binary: whether there is code for the device, and for which architecture it was compiled. */
cudaError_t tmk_cuda_code_attributes(struct cudaFuncAttributes *attributes);

#ifdef __cplusplus
}
#endif
#endif
