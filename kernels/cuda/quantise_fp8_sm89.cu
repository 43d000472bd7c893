/* quantise_fp8_sm89.cu: q[m, k] = e4m3(x[m, k] / s), s = TMK_F8E4M3_X_SCALE: x of a gemm with weights of fp8, before cuBLASLt
 * multiplies (cuda_narrow.h).
 *
 * A thread takes 16 neighbours of a row: two 16-byte loads of bf16, eight cvt.rn.satfinite.e4m3x2.f32, one 16-byte store;
 * elements from k to the padded end of a row are 0. Blocks of 256 threads over rows × vectors, no shared memory. Dividing by a power
 * of two is multiplying by its reciprocal, exactly. Any k, any m. Memory: 3 bytes an element; 32 bytes in flight a thread and 2048
 * threads an SM are 64 KiB, twice bandwidth × latency a SM of H100 and B200 (about 27 and 33 KiB at 800 ns); 12 instructions for 16
 * elements and their address leave it bound by memory. In decode x is some hundred KiB and stays in the L2: the launch is the cost.
 */
#include <stdio.h>

#include "cuda_narrow.h"
#include "launch.cuh"
#include "ptx_sm89.cuh"
#include "ptx_sm90.cuh"
#include "tokmark/quantise.h"
#include "vector.cuh"

constexpr int THREADS = 256, GROUP = 16;
static_assert(GROUP == 2 * VECTOR, "two loads a thread");

struct quantise_fp8_args {
  const __nv_bfloat16 *x;
  char *q;
  int64_t m, k, x_ld, row_bytes;
};

__global__ void __launch_bounds__(THREADS) quantise_fp8(const quantise_fp8_args a)
{
#if __CUDA_ARCH__ >= 890
  const uint32_t groups = (uint32_t)(a.row_bytes / GROUP), index = blockIdx.x * THREADS + threadIdx.x;
  griddepcontrol_wait();
  griddepcontrol_launch_dependents();
  if (index >= a.m * groups) return;
  const int64_t row = index / groups, column = (int64_t)(index % groups) * GROUP;
  uint32_t words[4] = {};
#pragma unroll
  for (int half = 0; half < 2; half++) {
    const int64_t first = column + half * VECTOR, valid = a.k - first;
    if (valid <= 0) continue;
    vector8 v = vector_load(a.x + row * a.x_ld + first);
    vector_cut(v, valid);
#pragma unroll
    for (int i = 0; i < VECTOR; i += 2) {
      const uint32_t pair =
          cvt_rn_satfinite_e4m3x2_f32(v.at[i] * (1 / TMK_F8E4M3_X_SCALE), v.at[i + 1] * (1 / TMK_F8E4M3_X_SCALE));
      words[2 * half + i / 4] |= pair << (i % 4 * 8);
    }
  }
  *reinterpret_cast<uint4 *>(a.q + row * a.row_bytes + column) = make_uint4(words[0], words[1], words[2], words[3]);
#endif
}

static int64_t blocks_of(const tmk_cuda_gemm *gemm)
{
  return (gemm->m * (tmk_cuda_narrow_of(gemm).x.row_bytes / GROUP) + THREADS - 1) / THREADS;
}

extern "C" bool tmk_cuda_quantise_fp8_sm89_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *, char *reason,
                                                    int reason_size)
{
  if (blocks_of(&args->gemm) <= UINT32_MAX / THREADS) return true;
  snprintf(reason, (size_t)reason_size, "m %lld k %lld: too large for one grid", (long long)args->gemm.m, (long long)args->gemm.k);
  return false;
}

extern "C" int64_t tmk_cuda_quantise_fp8_sm89_workspace_bytes(const union tmk_cuda_args *args, const struct tmk_cuda_limits *)
{
  return tmk_cuda_narrow_of(&args->gemm).bytes;
}

extern "C" cudaError_t tmk_cuda_quantise_fp8_sm89_launch(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch)
{
  const tmk_cuda_gemm &g = args->gemm;
  const quantise_fp8_args a = {static_cast<const __nv_bfloat16 *>(g.x), static_cast<char *>(launch->workspace), g.m, g.k, g.x_ld,
                               tmk_cuda_narrow_of(&g).x.row_bytes};
  return launch_kernel(quantise_fp8, dim3((unsigned)blocks_of(&g)), dim3(THREADS), 0, launch, a);
}
