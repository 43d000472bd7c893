/* embed_sm80.cu: x[r, :] = weight[tokens[r], :].
 *
 * A thread copies eight elements. Blocks of 128 threads over rows × vectors. An id outside 0 … vocab − 1 (the mark of a row of NaN
 * logits) gives a row of NaN, not a read beside the table.
 */
#include <stdio.h>

#include "launch.cuh"
#include "ptx_sm90.cuh"
#include "vector.cuh"

constexpr int THREADS = 128;

__global__ void __launch_bounds__(THREADS) embed(const tmk_cuda_embed a)
{
  const uint32_t vectors = ((uint32_t)a.hidden + VECTOR - 1) / VECTOR, index = blockIdx.x * THREADS + threadIdx.x;
  griddepcontrol_wait();
  griddepcontrol_launch_dependents();
  if (index >= a.rows * vectors) return;
  const int64_t row = index / vectors, column = (int64_t)(index % vectors) * VECTOR, token = a.tokens[row];
  constexpr uint32_t TWO_NANS = 0x7fff7fffu;
  uint4 v = make_uint4(TWO_NANS, TWO_NANS, TWO_NANS, TWO_NANS);
  if (token >= 0 && token < a.vocab) {
    v = *reinterpret_cast<const uint4 *>(static_cast<const __nv_bfloat16 *>(a.weight) + token * a.weight_ld + column);
  }
  *reinterpret_cast<uint4 *>(static_cast<__nv_bfloat16 *>(a.x) + row * a.x_ld + column) = v;
}

static int64_t blocks_of(const tmk_cuda_embed *a)
{
  return (a->rows * ((a->hidden + VECTOR - 1) / VECTOR) + THREADS - 1) / THREADS;
}

extern "C" bool tmk_cuda_embed_sm80_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *, char *reason,
                                             int reason_size)
{
  if (blocks_of(&args->embed) <= UINT32_MAX / THREADS) return true;
  snprintf(reason, (size_t)reason_size, "%lld rows of %lld: too many for one grid", (long long)args->embed.rows,
           (long long)args->embed.hidden);
  return false;
}

TMK_CUDA_NO_WORKSPACE(embed_sm80)

extern "C" cudaError_t tmk_cuda_embed_sm80_launch(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch)
{
  return launch_kernel(embed, dim3((unsigned)blocks_of(&args->embed)), dim3(THREADS), 0, launch, args->embed);
}
