/* vector.cuh: eight bf16 as one 16-byte access, widened to float and rounded back; sums over a block. */
#ifndef TMK_VECTOR_CUH
#define TMK_VECTOR_CUH

#include <cuda_bf16.h>
#include <stdint.h>

constexpr int VECTOR = 8; /* bf16 in 16 bytes */

struct vector8 {
  float at[VECTOR];
};

/* `from` is 16-byte aligned. */
static __device__ __forceinline__ vector8 vector_load(const __nv_bfloat16 *from)
{
  const uint4 raw = *reinterpret_cast<const uint4 *>(from);
  const uint32_t words[4] = {raw.x, raw.y, raw.z, raw.w};
  vector8 v;
#pragma unroll
  for (int i = 0; i < VECTOR / 2; i++) {
    v.at[2 * i] = __uint_as_float(words[i] << 16);
    v.at[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
  }
  return v;
}

/* Elements from `valid` on, which are a row's padding, become 0. */
static __device__ __forceinline__ void vector_cut(vector8 &v, int64_t valid)
{
#pragma unroll
  for (int i = 1; i < VECTOR; i++) {
    if (i >= valid) v.at[i] = 0.0f;
  }
}

static __device__ __forceinline__ void vector_store(__nv_bfloat16 *to, const vector8 &v)
{
  uint32_t words[4];
#pragma unroll
  for (int i = 0; i < VECTOR / 2; i++) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(v.at[2 * i], v.at[2 * i + 1]);
    words[i] = *reinterpret_cast<const uint32_t *>(&pair);
  }
  *reinterpret_cast<uint4 *>(to) = make_uint4(words[0], words[1], words[2], words[3]);
}

/* The sum over a block of up to 1024 threads, a multiple of 32, in every thread; the same order in every run. `warps`: 32 floats of
 * shared memory that nobody else uses before the block's next barrier. */
static __device__ __forceinline__ float block_sum(float value, float *warps)
{
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, count = blockDim.x / 32;
#pragma unroll
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
  if (lane == 0) warps[warp] = value;
  __syncthreads();
  value = lane < count ? warps[lane] : 0.0f;
#pragma unroll
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
  return value;
}

#endif
