/* float_half.h: f16 and bf16 to numbers and back, quickly: what the loops over a warp's or a matrix's elements inline. The same
 * results as sim_exact_unpack and sim_exact_pack with round to nearest (test_float.c holds them to an independent reference). */
#ifndef SIMGPU_FLOAT_HALF_H
#define SIMGPU_FLOAT_HALF_H

#include "float_internal.h"

/* Inlined into its callers' variants for a type or a processor, too. */
#define SIM_INLINE static inline __attribute__((always_inline))

/* Half precision is single precision with another bias: the bits as an f32's are off by 2^(127 − 15), subnormals too; ∞ and NaN are
 * what was above 2^16. */
SIM_INLINE float sim_f16_value(uint32_t half)
{
  float magnitude = sim_f32_value((half & 0x7fff) << 13) * 0x1p112f;
  uint32_t bits = sim_f32_bits(magnitude);
  bits = (half & 0x7c00) == 0x7c00 ? bits | 0x7f800000u : bits;
  return sim_f32_value(bits | (half & 0x8000) << 16);
}

/* A number of [0, 2^1022) to `precision` bits, ties to even: adding 1.5 · 2^52 units of the result's last place rounds to them. A unit
 * is 2^(exponent − precision + 1), and not below that of exponent_min (subnormals). */
SIM_INLINE double sim_round_magnitude(uint64_t magnitude, uint64_t precision, int exponent_min)
{
  uint64_t exponent = magnitude >> 52, least = (uint64_t)(1023 + exponent_min);
  exponent = exponent < least ? least : exponent;
  double unit = sim_f64_value((exponent + 53 - precision) << 52 | UINT64_C(1) << 51);
  return sim_f64_value(magnitude) + unit - unit;
}

/* The nearest f16; what rounds to 2^16 and above has the bits of ∞. */
SIM_INLINE uint32_t sim_f16_round(double value)
{
  const uint64_t limit = UINT64_C(0x40f0000000000000), infinity = UINT64_C(0x7ff0000000000000); /* 2^16 */
  uint64_t bits = sim_f64_bits(value), magnitude = bits & (UINT64_MAX >> 1);
  double rounded = sim_round_magnitude(magnitude > limit ? limit : magnitude, 11, -14);
  uint32_t half = sim_f32_bits((float)rounded * 0x1p-112f) >> 13 | (uint32_t)(bits >> 48 & 0x8000);
  return magnitude > infinity ? SIM_F16_NAN : half;
}

/* The nearest bf16: the upper half of an f32, which ∞ follows as the next number. */
SIM_INLINE uint32_t sim_bf16_round(double value)
{
  const uint64_t limit = UINT64_C(0x47f0000000000000), infinity = UINT64_C(0x7ff0000000000000); /* 2^128 */
  uint64_t bits = sim_f64_bits(value), magnitude = bits & (UINT64_MAX >> 1);
  double rounded = sim_round_magnitude(magnitude > limit ? limit : magnitude, 8, -126);
  uint32_t half = sim_f32_bits((float)rounded) >> 16 | (uint32_t)(bits >> 48 & 0x8000);
  return magnitude > infinity ? SIM_BF16_NAN : half;
}

/* x·y + z rounded to double so that a second rounding, to 51 bits or less, is as good as the only one: where it is inexact the last
 * bit is 1 ("round to odd"; Boldo and Melquiond, 2008). The product must be exact. The error of the sum is Knuth's TwoSum. */
SIM_INLINE double sim_fma_odd(double x, double y, double z)
{
  double product = x * y, sum = product + z, part = sum - product;
  double error = (product - (sum - part)) + (z - part);
  uint64_t bits = sim_f64_bits(sum);
  if (!(error > 0 || error < 0) || (bits & 1) || isinf(sum)) return sum; /* NaN: of an infinite sum */
  return sim_f64_value((error > 0) == (sum > 0) ? bits + 1 : bits - 1);
}

#endif
