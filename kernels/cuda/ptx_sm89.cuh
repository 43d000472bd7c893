/* ptx_sm89.cuh: one wrapper a PTX instruction that begins with sm_89, named like it. */
#ifndef TMK_PTX_SM89_CUH
#define TMK_PTX_SM89_CUH

#include <stdint.h>

#if __CUDA_ARCH__ >= 890
/* Two floats to e4m3, to nearest even, beyond ±448 to ±448; `low` goes to the lower byte. */
static __device__ __forceinline__ uint16_t cvt_rn_satfinite_e4m3x2_f32(float low, float high)
{
  uint16_t pair;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(pair) : "f"(high), "f"(low));
  return pair;
}

/* Two e4m3 to f16, exactly. */
static __device__ __forceinline__ uint32_t cvt_rn_f16x2_e4m3x2(uint16_t pair)
{
  uint32_t halves;
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(halves) : "h"(pair));
  return halves;
}
#endif

#endif
