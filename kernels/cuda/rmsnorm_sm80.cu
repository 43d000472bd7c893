/* rmsnorm_sm80.cu: residual add and RMSNorm.
 *
 *   s = residual[g] + delta[g],  y[r] = s / sqrt(mean(s²) + eps) * weight,  residual[g] = s where asked;  g = (r + 1) row_group − 1
 *
 * A block a row. Thread t holds the vectors t, t + threads, … of eight elements in registers (ITEMS of them), so that each element
 * is read once: row → registers → sum of squares (shuffles, one barrier) → scaled → y. Shared memory: 32 floats.
 * Takes hidden up to 16384, rows up to 2³¹ − 1. Ragged hidden: the last vector of a row is read and written whole, its padding
 * taken as 0.
 *
 * Traffic is 3 to 4 rows of 2 · hidden bytes a token, a few KiB: at the batches of decode this kernel is latency, and what counts is
 * that its loads are all in flight at once (ITEMS · 3 vectors of 16 bytes a thread) and that weights are fetched before the wait.
 */
#include <stdio.h>

#include "launch.cuh"
#include "ptx_sm90.cuh"
#include "vector.cuh"

constexpr int ITEMS = 4, MAX_THREADS = 512; /* 128 registers a thread: 4 rows' parts of 8 floats twice, and no spill */
constexpr int64_t MAX_HIDDEN = (int64_t)ITEMS * MAX_THREADS * VECTOR;

template <bool HAS_DELTA>
__global__ void __launch_bounds__(MAX_THREADS) rmsnorm(const tmk_cuda_rmsnorm a)
{
  __shared__ float warps[32];
  const int64_t row = blockIdx.x, source = (row + 1) * a.row_group - 1;
  __nv_bfloat16 *residual = static_cast<__nv_bfloat16 *>(a.residual) + source * a.residual_ld;
  const __nv_bfloat16 *delta = static_cast<const __nv_bfloat16 *>(a.delta) + (HAS_DELTA ? source * a.delta_ld : 0);
  const __nv_bfloat16 *weight = static_cast<const __nv_bfloat16 *>(a.weight);
  __nv_bfloat16 *y = static_cast<__nv_bfloat16 *>(a.y) + row * a.y_ld;
  vector8 scale[ITEMS], s[ITEMS];
#pragma unroll
  for (int i = 0; i < ITEMS; i++) {
    const int64_t column = ((int64_t)i * blockDim.x + threadIdx.x) * VECTOR;
    if (column < a.hidden) scale[i] = vector_load(weight + column);
  }
  griddepcontrol_wait();
  float sum = 0.0f;
#pragma unroll
  for (int i = 0; i < ITEMS; i++) {
    const int64_t column = ((int64_t)i * blockDim.x + threadIdx.x) * VECTOR, valid = a.hidden - column;
    if (valid <= 0) continue;
    s[i] = vector_load(residual + column);
    if (HAS_DELTA) {
      const vector8 d = vector_load(delta + column);
#pragma unroll
      for (int j = 0; j < VECTOR; j++) s[i].at[j] += d.at[j];
    }
    vector_cut(s[i], valid);
#pragma unroll
    for (int j = 0; j < VECTOR; j++) sum = fmaf(s[i].at[j], s[i].at[j], sum);
  }
  griddepcontrol_launch_dependents();
  sum = block_sum(sum, warps);
  const float factor = 1.0f / sqrtf(sum / (float)a.hidden + a.eps);
#pragma unroll
  for (int i = 0; i < ITEMS; i++) {
    const int64_t column = ((int64_t)i * blockDim.x + threadIdx.x) * VECTOR;
    if (column >= a.hidden) continue;
    if (a.write_residual) vector_store(residual + column, s[i]);
#pragma unroll
    for (int j = 0; j < VECTOR; j++) s[i].at[j] *= factor * scale[i].at[j];
    vector_store(y + column, s[i]);
  }
}

extern "C" bool tmk_cuda_rmsnorm_sm80_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *, char *reason,
                                               int reason_size)
{
  const tmk_cuda_rmsnorm *a = &args->rmsnorm;
  if (a->hidden <= MAX_HIDDEN && a->rows <= INT32_MAX) return true;
  snprintf(reason, (size_t)reason_size, "hidden %lld, rows %lld: must be at most %lld and %d", (long long)a->hidden,
           (long long)a->rows, (long long)MAX_HIDDEN, INT32_MAX);
  return false;
}

TMK_CUDA_NO_WORKSPACE(rmsnorm_sm80)

extern "C" cudaError_t tmk_cuda_rmsnorm_sm80_launch(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch)
{
  const tmk_cuda_rmsnorm *a = &args->rmsnorm;
  const int64_t vectors = (a->hidden + VECTOR - 1) / VECTOR, threads = (vectors + ITEMS - 1) / ITEMS;
  const dim3 block((unsigned)((threads + 31) / 32 * 32));
  return launch_kernel(a->delta != NULL ? rmsnorm<true> : rmsnorm<false>, dim3((unsigned)a->rows), block, 0, launch, *a);
}
