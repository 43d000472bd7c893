/* fill_value.cuh: fill.h on the device. */
#ifndef TMK_FILL_VALUE_CUH
#define TMK_FILL_VALUE_CUH

#include "cuda_move.h"

/* Rows of the whole that the part leaves out before its row `row`. */
static __device__ __forceinline__ uint64_t rows_left_out(const tmk_cuda_fill &f, int64_t row)
{
  uint64_t rows = 0;
#pragma unroll
  for (int i = 0; i < TMK_MAX_GAPS; i++) rows += row >= f.gaps[i].at ? (uint64_t)f.gaps[i].rows : 0;
  return rows;
}

/* tmk_tensor_global_index() of a row's first element; of a vector that has gaps, without them. */
static __device__ __forceinline__ uint64_t global_start(const tmk_cuda_fill &f, int64_t row)
{
  uint64_t global = (uint64_t)f.origin[f.rank - 1], stride = (uint64_t)f.global_dims[f.rank - 1];
#pragma unroll 1
  for (int i = f.rank - 2; i >= 0; i--) {
    const int64_t place = row % f.dims[i];
    global += ((uint64_t)(f.origin[i] + place) + (i == 0 ? rows_left_out(f, place) : 0)) * stride;
    stride *= (uint64_t)f.global_dims[i];
    row /= f.dims[i];
  }
  return global;
}

/* tmk_fill_value(), with no contraction of the multiply and the add. */
static __device__ __forceinline__ float fill_value(const tmk_cuda_fill &f, uint32_t bits)
{
  return __fadd_rn(f.offset, __fmul_rn((float)((int32_t)(bits >> 8) - (1 << 23)), f.step));
}

#endif
