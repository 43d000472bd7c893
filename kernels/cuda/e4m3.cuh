/* e4m3.cuh: the 8-bit float of the KV cache, to and from what the kernels compute with. Sign, 4 bits of exponent with bias 7, 3 of
 * mantissa; the largest is 448, the smallest subnormal 2⁻⁹, no infinity, NaN is 0x7f. */
#ifndef TMK_E4M3_CUH
#define TMK_E4M3_CUH

#include "ptx_sm80.cuh"
#include "ptx_sm89.cuh"

/* Two floats to e4m3, to nearest even, beyond ±448 to ±448; `low` in the lower byte. By integers where there is no instruction. */
static __device__ __forceinline__ uint32_t e4m3_pair(float low, float high)
{
#if __CUDA_ARCH__ >= 890
  return cvt_rn_satfinite_e4m3x2_f32(low, high);
#else
  const float values[2] = {low, high};
  uint32_t pair = 0;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const uint32_t bits = __float_as_uint(values[i]), magnitude = bits & 0x7fffffffu;
    uint32_t code;
    if (magnitude > 0x7f800000u) {
      code = 0x7f;
    } else if (magnitude >= 0x3c800000u) { /* 2⁻⁶ and up: 3 bits of mantissa stay, the exponent's bias is 120 less */
      code = min((magnitude + 0x7ffffu + ((magnitude >> 20) & 1) - (120u << 23)) >> 20, 0x7eu);
    } else { /* multiples of 2⁻⁹: the unit in the last place of 2¹⁴, so the sum rounds as we want it */
      code = __float_as_uint(__uint_as_float(magnitude) + 16384.0f) - 0x46800000u;
    }
    pair |= (code | (bits >> 24 & 0x80)) << (8 * i);
  }
  return pair;
#endif
}

/* Four e4m3 to bf16, exactly: bytes 0 and 2 in `even`, 1 and 3 in `odd`. Exponent and mantissa put where bf16 has them give the
 * value times 2⁻¹²⁰, subnormal ones included. NaN becomes ±480. */
static __device__ __forceinline__ void e4m3_widen(uint32_t four, uint32_t &even, uint32_t &odd)
{
  constexpr uint32_t TWO_120 = 0x7b807b80u, MINUS_0 = 0x80008000u;
  const uint32_t even_bits = (four << 8 & 0x80008000u) | (four << 4 & 0x07f007f0u);
  const uint32_t odd_bits = (four & 0x80008000u) | (four >> 4 & 0x07f007f0u);
  even = fma_rn_bf16x2(even_bits, TWO_120, MINUS_0);
  odd = fma_rn_bf16x2(odd_bits, TWO_120, MINUS_0);
}

#endif
