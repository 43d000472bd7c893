/* cuda_cublaslt.h: the vendor's gemm, y = x weightᵀ + bias, as a second provider beside ours and as the peak of a dtype.
 *
 * The library is 540 MB and not always there, so it is loaded at run time; only its header is needed to build. Where it is looked
 * for: as the loader finds it, then beside the CUDA runtime that this program runs on, then in CUDA_HOME, CUDA_PATH and
 * /usr/local/cuda. On a simulated GPU only beside the runtime: a real library has nothing to run on there. */
#ifndef TMK_CUDA_CUBLASLT_H
#define TMK_CUDA_CUBLASLT_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "tokmark/dtype.h"
#include "tokmark/status.h"

struct tmk_cublaslt;      /* the library, with a workspace on the current device */
struct tmk_cublaslt_gemm; /* a shape, with the algorithms that it may be run by */

/* NULL with the reason: what was tried, or what failed. Owned by the caller. */
struct tmk_cublaslt *tmk_cublaslt_open(bool simulated, char *reason, int reason_size);
void tmk_cublaslt_close(struct tmk_cublaslt *lt); /* NULL is fine */
/* "cuBLASLt 13.1.0" */
void tmk_cublaslt_name(const struct tmk_cublaslt *lt, char *text, int text_size);

/* What an algorithm depends on. Strides in elements; rows start on 16 bytes. */
struct tmk_cublaslt_shape {
  int64_t m, n, k, x_ld, weight_ld, y_ld;
  enum tmk_dtype dtype;   /* of x and weight: BF16, F8E4M3, NVFP4 */
  enum tmk_dtype y_dtype; /* BF16 or F32 */
  bool bias;              /* bf16 */
};

struct tmk_cublaslt_operands {
  const void *x, *weight, *bias;
  /* F8E4M3: one f32 each, NULL = 1. NVFP4: an e4m3 for 16 elements each, in the library's order of blocks of 128 × 4; required. */
  const void *x_scale, *weight_scale;
  float alpha; /* of the sum of products; 0 stands for 1 */
  void *y;
};

/* TMK_OK with *out; UNSUPPORTED where the library has no algorithm for the shape on this device. */
enum tmk_status tmk_cublaslt_gemm_create(struct tmk_cublaslt *lt, const struct tmk_cublaslt_shape *shape,
                                         struct tmk_cublaslt_gemm **out, struct tmk_error *err);
void tmk_cublaslt_gemm_destroy(struct tmk_cublaslt_gemm *gemm); /* NULL is fine */

/* How many algorithms there are, at least 1, best by the library's own estimate first; which of them launch() uses: 0 at first. */
int tmk_cublaslt_gemm_algorithms(const struct tmk_cublaslt_gemm *gemm);
void tmk_cublaslt_gemm_choose(struct tmk_cublaslt_gemm *gemm, int algorithm);

/* Queues it; may be captured. Launches of one library share a workspace, so they belong in one stream. */
enum tmk_status tmk_cublaslt_gemm_launch(const struct tmk_cublaslt_gemm *gemm,
                                         const struct tmk_cublaslt_operands *operands, cudaStream_t stream,
                                         struct tmk_error *err);

#endif
