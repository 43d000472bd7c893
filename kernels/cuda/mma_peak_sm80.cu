/* mma_peak_sm80.cu: multiply-adds of the tensor cores with all operands in registers: the bf16 peak of mma.sync, taken where there is no
 * library to ask.
 *
 *   out[thread] = Σ of its accumulators after `rounds` times d_t += x[16, 16] weight_t[16, 8]ᵀ for 8 tiles t
 *
 * A warp has 8 independent accumulators, so an mma.sync waits for the one 8 before it: a latency of some 33 clocks (A100) is covered
 * by 8 × 8 (A100: 16 × 8 × 16 multiply-adds a sub-core take 8 clocks) from 8 / 4 = 2 warps a sub-core on, and 4 are there. Registers:
 * 4 of x, 16 of weight, 32 of accumulators. Operands come from memory, so nothing can be folded, and the sum goes to memory.
 * Hopper's wgmma and Blackwell's tcgen05 are faster than mma.sync: there this is a lower bound of the peak, and the pattern's name says
 * which instruction it is of.
 */
#include "cuda_ceilings.h"
#include "ptx_sm80.cuh"

namespace {

constexpr int TILES = TMK_CUDA_MMA_TILES;

/* Lane l, g = l / 4, t = l % 4 (ptx_sm80.cuh); a pair of neighbours in k is one word. */
__global__ void __launch_bounds__(TMK_CUDA_MMA_THREADS, TMK_CUDA_MMA_BLOCKS)
    mma_peak_kernel(const uint32_t *operands, float *out, int rounds)
{
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const uint32_t *x = operands, *weight = operands + 16 * 8;
  const uint32_t a0 = x[g * 8 + t], a1 = x[(g + 8) * 8 + t], a2 = x[g * 8 + t + 4], a3 = x[(g + 8) * 8 + t + 4];
  uint32_t b[TILES][2];
  float d[TILES][4];
#pragma unroll
  for (int i = 0; i < TILES; i++) {
    b[i][0] = weight[(i * 8 + g) * 8 + t];
    b[i][1] = weight[(i * 8 + g) * 8 + t + 4];
    d[i][0] = d[i][1] = d[i][2] = d[i][3] = 0.0f;
  }
#pragma unroll 4
  for (int round = 0; round < rounds; round++) {
#pragma unroll
    for (int i = 0; i < TILES; i++) mma_m16n8k16_bf16(d[i], a0, a1, a2, a3, b[i][0], b[i][1]);
  }
  float sum = 0.0f;
#pragma unroll
  for (int i = 0; i < TILES; i++) sum += d[i][0] + d[i][1] + d[i][2] + d[i][3];
  out[(int64_t)blockIdx.x * TMK_CUDA_MMA_THREADS + threadIdx.x] = sum;
}

} // namespace

extern "C" cudaError_t tmk_cuda_mma_peak_launch(const void *operands, float *out, int rounds, int blocks, cudaStream_t queue)
{
  mma_peak_kernel<<<blocks, TMK_CUDA_MMA_THREADS, 0, queue>>>(static_cast<const uint32_t *>(operands), out, rounds);
  return cudaGetLastError();
}
