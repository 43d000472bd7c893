/* cuda_narrow.h: gemms with weights of fp8 and nvfp4: our kernel rounds x (tokmark/quantise.h), cuBLASLt multiplies.
 *
 * The library takes matrices whose rows are multiples of 16 bytes and n in multiples of 16, so k is padded with zeros in weight and
 * rounded x, and where n is no multiple of 16 it writes y in float32 with padding, from which our kernel makes y.
 *   fp8     weight [n padded, row_bytes] e4m3, rounded x [m, row_bytes] e4m3
 *   nvfp4   the same of e2m1, two a byte, the first in the lower half; behind each its block scales, e4m3, in the library's order
 *           (narrow.cuh), rows padded to 128 and blocks of a row to 4
 */
#ifndef TMK_CUDA_NARROW_H
#define TMK_CUDA_NARROW_H

#include "cuda_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One matrix of rows along k. */
struct tmk_cuda_narrow_matrix {
  int64_t k;          /* padded */
  int64_t row_bytes;  /* of k elements */
  int64_t blocks;     /* of a row with their padding; 0 for fp8 */
  int64_t scales;     /* offset of the scales, in bytes; 0 for fp8 */
  int64_t scale_rows; /* padded */
  int64_t bytes;      /* of all */
};
/* rows: with their padding. Saturates at INT64_MAX like the other sizes. */
struct tmk_cuda_narrow_matrix tmk_cuda_narrow_matrix_of(enum tmk_dtype dtype, int64_t rows, int64_t k);

/* One gemm as the library gets it. */
struct tmk_cuda_narrow {
  struct tmk_cuda_narrow_matrix weight, x;
  int64_t n;     /* padded */
  bool direct;   /* the library writes y itself */
  int64_t y;     /* else: offset of [m, n] f32 in the workspace, behind x */
  int64_t bytes; /* of workspace */
};
struct tmk_cuda_narrow tmk_cuda_narrow_of(const struct tmk_cuda_gemm *gemm);

/* narrow_place_sm89.cu: y[m, n] = the float32 result in the workspace + bias, rounded once. */
cudaError_t tmk_cuda_narrow_place_launch(const struct tmk_cuda_gemm *gemm, const struct tmk_cuda_launch *launch);

#ifdef __cplusplus
}
#endif
#endif
