/* swiglu_sm80.cu: y[r, i] = silu(gate_up[r, i]) · gate_up[r, inner + i],  silu(a) = a / (1 + exp(−a)).
 *
 * A thread makes eight neighbours of y from two 16-byte loads; where inner is no multiple of 8 the second half of a row is not
 * aligned and is read element by element, as far as it goes. Blocks of 256 threads over rows × vectors. Memory: 6 bytes an output; 16 · 2 bytes in
 * flight a thread and 2048 threads an SM are 64 KiB an SM, twice what a GPU's bandwidth × latency asks for.
 */
#include <stdio.h>

#include "launch.cuh"
#include "ptx_sm90.cuh"
#include "vector.cuh"

constexpr int THREADS = 256;

static __device__ __forceinline__ float silu(float a)
{
  return a / (1.0f + __expf(-a));
}

__global__ void __launch_bounds__(THREADS) swiglu(const tmk_cuda_swiglu a)
{
  const uint32_t vectors = ((uint32_t)a.inner + VECTOR - 1) / VECTOR, index = blockIdx.x * THREADS + threadIdx.x;
  griddepcontrol_wait();
  griddepcontrol_launch_dependents();
  if (index >= a.rows * vectors) return;
  const int64_t row = index / vectors, column = (int64_t)(index % vectors) * VECTOR, valid = a.inner - column;
  const __nv_bfloat16 *gate = static_cast<const __nv_bfloat16 *>(a.gate_up) + row * a.gate_up_ld + column;
  const __nv_bfloat16 *up = gate + a.inner;
  const vector8 g = vector_load(gate);
  vector8 u;
  if (a.inner % VECTOR == 0) {
    u = vector_load(up);
  } else {
#pragma unroll
    for (int j = 0; j < VECTOR; j++) u.at[j] = j < valid ? __bfloat162float(up[j]) : 0.0f;
  }
#pragma unroll
  for (int j = 0; j < VECTOR; j++) u.at[j] *= silu(g.at[j]);
  vector_store(static_cast<__nv_bfloat16 *>(a.y) + row * a.y_ld + column, u);
}

static int64_t blocks_of(const tmk_cuda_swiglu *a)
{
  return (a->rows * ((a->inner + VECTOR - 1) / VECTOR) + THREADS - 1) / THREADS;
}

extern "C" bool tmk_cuda_swiglu_sm80_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *, char *reason,
                                              int reason_size)
{
  if (blocks_of(&args->swiglu) <= UINT32_MAX / THREADS) return true;
  snprintf(reason, (size_t)reason_size, "%lld rows of %lld: too many for one grid", (long long)args->swiglu.rows,
           (long long)args->swiglu.inner);
  return false;
}

TMK_CUDA_NO_WORKSPACE(swiglu_sm80)

extern "C" cudaError_t tmk_cuda_swiglu_sm80_launch(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch)
{
  return launch_kernel(swiglu, dim3((unsigned)blocks_of(&args->swiglu)), dim3(THREADS), 0, launch, args->swiglu);
}
