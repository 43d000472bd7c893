/* quantise_nvfp4_sm100.cu: x of a gemm with weights of nvfp4 in blocks of 16 along k, before cuBLASLt multiplies (cuda_narrow.h):
 *   b = e4m3(max |x| / (6 t)),  q = e2m1(x / (b t)),  t = TMK_NVFP4_X_SCALE.
 *
 * A thread takes a block: two 16-byte loads of bf16, the maximum, one scale, two times four cvt.rn.satfinite.e2m1x2.f32, an
 * 8-byte store and the scale's byte. Threads go over the padded rows and blocks of the scales too, where they write zeros: a scale
 * that is read beside a padded element must be a number. Blocks of 256 threads, no shared memory. Any m; k a multiple of 16.
 *
 * The maximum is taken over magnitudes as unsigned integers, whose order is that of the floats with NaN above all, so that a NaN
 * gives a NaN scale. x / d is x · (1/d) corrected by its remainder, which for x of 8 bits and d of 4 rounds to e2m1 as the division
 * does (test_quantise.c tries all of them); x is held within ±8 d before, which are 6 all the same, so that nothing overflows.
 * Memory: 2.56 bytes an element; 32 bytes in flight a thread are 64 KiB an SM, twice bandwidth × latency; about 7 instructions an
 * element at 128 a clock are 18 elements, or 47 bytes, an SM and clock, near the 29 of B200's 8 TB/s over 148 SMs.
 */
#include <stdio.h>

#include "launch.cuh"
#include "narrow.cuh"
#include "ptx_sm100.cuh"
#include "ptx_sm90.cuh"
#include "tokmark/quantise.h"
#include "vector.cuh"

constexpr int THREADS = 256, BLOCK = TMK_NVFP4_BLOCK;
static_assert(BLOCK == 2 * VECTOR, "two loads a thread");

struct quantise_nvfp4_args {
  const __nv_bfloat16 *x;
  char *q, *scales;
  int64_t m, k, x_ld, row_bytes, blocks, scale_rows;
};

#if __CUDA_ARCH__ >= 1000
/* The block's elements; *scale its scale. */
static __device__ __forceinline__ uint2 quantise_block(const __nv_bfloat16 *x, uint8_t *scale)
{
  const vector8 v[2] = {vector_load(x), vector_load(x + VECTOR)};
  uint32_t largest = 0;
#pragma unroll
  for (int i = 0; i < BLOCK; i++) largest = max(largest, __float_as_uint(v[i / VECTOR].at[i % VECTOR]) & 0x7fffffffu);
  *scale = narrow_block_scale(__uint_as_float(largest), TMK_NVFP4_X_SCALE);
  const float d = narrow_scale_value(*scale) * TMK_NVFP4_X_SCALE, reciprocal = d == 0.0f ? 0.0f : __frcp_rn(d);
  uint32_t words[2];
#pragma unroll
  for (int half = 0; half < 2; half++) {
    float e[VECTOR];
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      const float held = fminf(fmaxf(v[half].at[i], -8.0f * d), 8.0f * d), q = __fmul_rn(held, reciprocal);
      e[i] = __fmaf_rn(__fmaf_rn(-q, d, held), reciprocal, q);
    }
    words[half] = cvt_rn_satfinite_e2m1x8_f32(e);
  }
  return make_uint2(words[0], words[1]);
}
#endif

__global__ void __launch_bounds__(THREADS) quantise_nvfp4(const quantise_nvfp4_args a)
{
#if __CUDA_ARCH__ >= 1000
  const uint32_t index = blockIdx.x * THREADS + threadIdx.x, blocks = (uint32_t)a.blocks;
  const int64_t row = index / blocks, block = index % blocks;
  griddepcontrol_wait();
  griddepcontrol_launch_dependents();
  if (row >= a.scale_rows) return;
  uint8_t scale = 0;
  uint2 elements = make_uint2(0, 0);
  if (row < a.m && block * BLOCK < a.k) elements = quantise_block(a.x + row * a.x_ld + block * BLOCK, &scale);
  a.scales[narrow_scale_offset(row, block, a.blocks)] = (char)scale;
  if (row < a.m && block * BLOCK / 2 < a.row_bytes) {
    *reinterpret_cast<uint2 *>(a.q + row * a.row_bytes + block * (BLOCK / 2)) = elements;
  }
#endif
}

static int64_t blocks_of(const tmk_cuda_gemm *gemm)
{
  const tmk_cuda_narrow_matrix x = tmk_cuda_narrow_of(gemm).x;
  return (x.scale_rows * x.blocks + THREADS - 1) / THREADS;
}

extern "C" bool tmk_cuda_quantise_nvfp4_sm100_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *, char *reason,
                                                       int reason_size)
{
  const tmk_cuda_gemm &g = args->gemm;
  if (g.k % BLOCK != 0) {
    snprintf(reason, (size_t)reason_size, "k %lld: must be a multiple of %d", (long long)g.k, BLOCK);
  } else if (blocks_of(&g) > UINT32_MAX / THREADS) {
    snprintf(reason, (size_t)reason_size, "m %lld k %lld: too large for one grid", (long long)g.m, (long long)g.k);
  } else {
    return true;
  }
  return false;
}

extern "C" int64_t tmk_cuda_quantise_nvfp4_sm100_workspace_bytes(const union tmk_cuda_args *args, const struct tmk_cuda_limits *)
{
  return tmk_cuda_narrow_of(&args->gemm).bytes;
}

extern "C" cudaError_t tmk_cuda_quantise_nvfp4_sm100_launch(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch)
{
  const tmk_cuda_gemm &g = args->gemm;
  const tmk_cuda_narrow_matrix x = tmk_cuda_narrow_of(&g).x;
  char *q = static_cast<char *>(launch->workspace);
  const quantise_nvfp4_args a = {static_cast<const __nv_bfloat16 *>(g.x), q, q + x.scales, g.m, g.k, g.x_ld, x.row_bytes, x.blocks,
                                 x.scale_rows};
  return launch_kernel(quantise_nvfp4, dim3((unsigned)blocks_of(&g)), dim3(THREADS), 0, launch, a);
}
