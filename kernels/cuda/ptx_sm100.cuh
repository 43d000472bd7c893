/* ptx_sm100.cuh: one wrapper a PTX instruction that begins with sm_100, named like it. They are of the families 100f and 120f. */
#ifndef TMK_PTX_SM100_CUH
#define TMK_PTX_SM100_CUH

#include <stdint.h>

#if __CUDA_ARCH__ >= 1000
/* Eight floats to e2m1, to nearest even, beyond ±6 to ±6; the first in the lowest 4 bits. The instruction makes two in an 8-bit
 * register, which no C type can name: four of them and their packing are one wrapper. */
static __device__ __forceinline__ uint32_t cvt_rn_satfinite_e2m1x8_f32(const float v[8])
{
  uint32_t eight;
  asm("{\n"
      "  .reg .b8 a, b, c, d;\n"
      "  cvt.rn.satfinite.e2m1x2.f32 a, %2, %1;\n"
      "  cvt.rn.satfinite.e2m1x2.f32 b, %4, %3;\n"
      "  cvt.rn.satfinite.e2m1x2.f32 c, %6, %5;\n"
      "  cvt.rn.satfinite.e2m1x2.f32 d, %8, %7;\n"
      "  mov.b32 %0, {a, b, c, d};\n"
      "}"
      : "=r"(eight)
      : "f"(v[0]), "f"(v[1]), "f"(v[2]), "f"(v[3]), "f"(v[4]), "f"(v[5]), "f"(v[6]), "f"(v[7]));
  return eight;
}
#endif

#endif
