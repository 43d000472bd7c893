/* narrow.cuh: scales of nvfp4 on the device (tokmark/quantise.h). */
#ifndef TMK_NARROW_CUH
#define TMK_NARROW_CUH

#include <cuda_fp16.h>

#include "cuda_narrow.h"
#include "ptx_sm89.cuh"

/* cuBLASLt's order of block scales: tiles of 128 rows × 4 blocks, 512 bytes each, one tile row after the other; in a tile a
 * row's four scales are neighbours, and rows r, r + 32, r + 64, r + 96 too. `blocks`: of a row, a multiple of 4. */
static __device__ __forceinline__ int64_t narrow_scale_offset(int64_t row, int64_t block, int64_t blocks)
{
  const int64_t tile = row / 128 * (blocks / 4) + block / 4;
  return tile * 512 + row % 32 * 16 + row % 128 / 32 * 4 + block % 4;
}

/* What an e4m3 without a sign stands for. */
static __device__ __forceinline__ float narrow_scale_value(uint8_t bits)
{
#if __CUDA_ARCH__ >= 890
  const uint32_t halves = cvt_rn_f16x2_e4m3x2(bits);
  return __half2float(__ushort_as_half((unsigned short)(halves & 0xffff)));
#else
  return 0; /* no kernel for this architecture asks */
#endif
}

/* e4m3(largest / (6 t)): the scale of a block whose largest magnitude is `largest`. */
static __device__ __forceinline__ uint8_t narrow_block_scale(float largest, float tensor_scale)
{
#if __CUDA_ARCH__ >= 890
  return (uint8_t)cvt_rn_satfinite_e4m3x2_f32(__fdiv_rn(largest, 6.0f * tensor_scale), 0.0f);
#else
  return 0;
#endif
}

#endif
