/* cuda_ceilings.h: the kernels that measure what the device reaches (stream_sm80.cu, mma_peak_sm80.cu), and the slot that runs them
 * (cuda_ceilings.c). Each can be run by itself, on a simulated GPU too, where its result is checked and its time means nothing. */
#ifndef TMK_CUDA_CEILINGS_H
#define TMK_CUDA_CEILINGS_H

#include <cuda_runtime_api.h>

#include "cuda_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A stream over `bytes`, a multiple of 16 of memory that is 16-byte aligned. Reads add each 32-bit word to *sum, modulo 2^32, so that
 * no read can be left out; copies write `to`. */
struct tmk_cuda_stream {
  const void *from;
  void *to;      /* copies; else NULL */
  uint32_t *sum; /* reads; else NULL */
  int64_t bytes;
};
enum tmk_cuda_stream_kind { TMK_CUDA_STREAM_READ = 0, TMK_CUDA_STREAM_COPY, TMK_CUDA_STREAM_KINDS };
#define TMK_CUDA_STREAM_PATTERNS 4 /* of each kind */
const char *tmk_cuda_stream_name(enum tmk_cuda_stream_kind kind, int pattern);
cudaError_t tmk_cuda_stream_launch(enum tmk_cuda_stream_kind kind, int pattern, const struct tmk_cuda_stream *stream,
                                   const struct tmk_cuda_limits *limits, cudaStream_t queue);

/* Operands of a measurement: never zeros, no NaN; `bytes` a multiple of 16. BF16, F8E4M3, NVFP4 (nibbles, 2 in a byte): values of both
 * signs and many sizes. I32: any words. */
cudaError_t tmk_cuda_noise_launch(enum tmk_dtype dtype, void *to, int64_t bytes, cudaStream_t queue);

/* bf16 multiply-adds from registers: each warp of the grid does `rounds` × TMK_CUDA_MMA_TILES products of one 16 × 16 tile of x with
 * 16 × 8 tiles of weight, f32 sums. operands: bf16 x [16, 16], then weight [TMK_CUDA_MMA_TILES * 8, 16], row-major; out: a float each
 * thread, the sum of its accumulators. */
#define TMK_CUDA_MMA_TILES    8
#define TMK_CUDA_MMA_THREADS  256
#define TMK_CUDA_MMA_BLOCKS   2 /* an SM */
#define TMK_CUDA_MMA_OPERANDS (16 * 16 + TMK_CUDA_MMA_TILES * 8 * 16)
cudaError_t tmk_cuda_mma_peak_launch(const void *operands, float *out, int rounds, int blocks, cudaStream_t queue);

#ifdef __cplusplus
}
#endif
#endif
