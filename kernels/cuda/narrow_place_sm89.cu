/* narrow_place_sm89.cu: y[m, n] = s[m, n] + bias[n], s the library's float32 result with rows padded to 16 (cuda_narrow.h). For
 * models whose n are no multiple of 16, which no published one has: plain, a thread an element. */
#include "cuda_narrow.h"
#include "launch.cuh"
#include "ptx_sm90.cuh"
#include "vector.cuh"

constexpr int THREADS = 256;

__global__ void __launch_bounds__(THREADS) narrow_place(const tmk_cuda_gemm g, const float *sums, int64_t sums_ld)
{
  const int64_t index = (int64_t)blockIdx.x * THREADS + threadIdx.x, row = index / g.n, column = index % g.n;
  griddepcontrol_wait();
  griddepcontrol_launch_dependents();
  if (row >= g.m) return;
  float value = sums[row * sums_ld + column];
  if (g.bias != NULL) value += __bfloat162float(static_cast<const __nv_bfloat16 *>(g.bias)[column]);
  if (g.y_dtype == TMK_DTYPE_F32) {
    static_cast<float *>(g.y)[row * g.y_ld + column] = value;
  } else {
    static_cast<__nv_bfloat16 *>(g.y)[row * g.y_ld + column] = __float2bfloat16_rn(value);
  }
}

extern "C" cudaError_t tmk_cuda_narrow_place_launch(const struct tmk_cuda_gemm *gemm, const struct tmk_cuda_launch *launch)
{
  const tmk_cuda_narrow narrow = tmk_cuda_narrow_of(gemm);
  const float *sums = reinterpret_cast<const float *>(static_cast<const char *>(launch->workspace) + narrow.y);
  const int64_t blocks = (gemm->m * gemm->n + THREADS - 1) / THREADS;
  return launch_kernel(narrow_place, dim3((unsigned)blocks), dim3(THREADS), 0, launch, *gemm, sums, narrow.n);
}
