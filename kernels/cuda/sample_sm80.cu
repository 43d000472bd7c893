/* sample_sm80.cu: tokens[r] = argmax over v of logits[r, v]; the lowest v of equal ones, −1 for a row with a NaN.
 *
 * Each row is cut into `splits` parts, a block each, so that one row of 150,000 logits (600 KB) is read by many SMs. A value and its
 * index become one 64-bit key whose unsigned order is the order wanted (greater value, then lower index; a NaN above all), so any
 * order of taking the maximum gives the same result.
 *
 *   logits → keys → block's maximum (shuffles, shared memory) → workspace[row, split]
 *     → fence → flags[row] + 1; the block that counts to `splits` takes the row's maximum, writes the token, clears the flag
 *
 * Blocks of 256 threads, four logits a load. Shared memory: 8 keys and a flag. Rows up to TMK_CUDA_FLAGS.
 */
#include <stdio.h>

#include "launch.cuh"
#include "ptx_sm90.cuh"

constexpr int THREADS = 256, WARPS = THREADS / 32, MAX_SPLITS = 64;
constexpr int64_t SPLIT_LOGITS = THREADS * 4 * 4; /* a block has at least four loads a thread, if the row has */
constexpr uint64_t KEY_NAN = ~(uint64_t)0;

/* Not 0 for any value, so 0 stands for none. */
static __device__ __forceinline__ uint64_t key_of(float value, int64_t index)
{
  if (value != value) return KEY_NAN;
  const uint32_t bits = __float_as_uint(value + 0.0f); /* −0 becomes +0, which it equals */
  const uint32_t ordered = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return (uint64_t)ordered << 32 | (uint32_t)~(uint32_t)index;
}

static __device__ __forceinline__ uint64_t larger(uint64_t a, uint64_t b)
{
  return a > b ? a : b;
}

static __device__ __forceinline__ uint64_t warp_max(uint64_t key)
{
#pragma unroll
  for (int step = 16; step > 0; step /= 2) key = larger(key, __shfl_xor_sync(0xffffffffu, key, step));
  return key;
}

/* The maximum over the block, in thread 0. */
static __device__ __forceinline__ uint64_t block_max(uint64_t key, uint64_t *warps)
{
  key = warp_max(key);
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = key;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int i = 1; i < WARPS; i++) key = larger(key, warps[i]);
  }
  return key;
}

__global__ void __launch_bounds__(THREADS) sample(const tmk_cuda_sample a, uint64_t *partial, uint32_t *flags)
{
  __shared__ uint64_t warps[WARPS];
  __shared__ bool is_last;
  const int64_t row = blockIdx.y, splits = gridDim.x, quads = (a.vocab + 3) / 4;
  const int64_t first = quads * blockIdx.x / splits, end = quads * (blockIdx.x + 1) / splits;
  const float *logits = a.logits + row * a.logits_ld;
  uint64_t key = 0;
  griddepcontrol_wait();
  griddepcontrol_launch_dependents();
  for (int64_t quad = first + threadIdx.x; quad < end; quad += THREADS) {
    const float4 v = *reinterpret_cast<const float4 *>(logits + quad * 4);
    const float values[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
    for (int j = 0; j < 4; j++) {
      const int64_t index = quad * 4 + j;
      if (index < a.vocab) key = larger(key, key_of(values[j], index));
    }
  }
  key = block_max(key, warps);
  if (threadIdx.x == 0) {
    is_last = true;
    if (splits > 1) {
      partial[row * splits + blockIdx.x] = key;
      __threadfence();
      is_last = atomicAdd(&flags[row], 1u) == splits - 1;
      __threadfence();
    }
  }
  __syncthreads();
  if (!is_last || threadIdx.x >= 32) return;
  if (splits > 1) {
    key = 0;
#pragma unroll 1
    for (int64_t i = threadIdx.x; i < splits; i += 32) key = larger(key, __ldcg(&partial[row * splits + i]));
    key = warp_max(key);
  }
  if (threadIdx.x == 0) {
    a.tokens[row] = key == KEY_NAN ? -1 : (int32_t)~(uint32_t)key;
    if (splits > 1) atomicExch(&flags[row], 0u); /* a plain store would race with the atomics of the others */
  }
}

/* Enough blocks for two an SM, none below SPLIT_LOGITS. */
static int64_t splits_of(const tmk_cuda_sample *a, const struct tmk_cuda_limits *limits)
{
  const int64_t wanted = (2 * limits->sm_count + a->rows - 1) / a->rows, sensible = a->vocab / SPLIT_LOGITS;
  const int64_t splits = wanted < sensible ? wanted : sensible;
  return splits < 1 ? 1 : splits > MAX_SPLITS ? MAX_SPLITS : splits;
}

extern "C" bool tmk_cuda_sample_sm80_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *, char *reason,
                                              int reason_size)
{
  const tmk_cuda_sample *a = &args->sample;
  if (a->rows < TMK_CUDA_FLAGS && a->vocab <= INT32_MAX) return true;
  snprintf(reason, (size_t)reason_size, "rows %lld, vocab %lld: must be at most %d and %d", (long long)a->rows, (long long)a->vocab,
           TMK_CUDA_FLAGS - 1, INT32_MAX);
  return false;
}

extern "C" int64_t tmk_cuda_sample_sm80_workspace_bytes(const union tmk_cuda_args *args, const struct tmk_cuda_limits *limits)
{
  return args->sample.rows * splits_of(&args->sample, limits) * (int64_t)sizeof(uint64_t);
}

extern "C" cudaError_t tmk_cuda_sample_sm80_launch(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch)
{
  const tmk_cuda_sample *a = &args->sample;
  const dim3 grid((unsigned)splits_of(a, launch->limits), (unsigned)a->rows);
  return launch_kernel(sample, grid, dim3(THREADS), 0, launch, *a, static_cast<uint64_t *>(launch->workspace), launch->flags);
}
