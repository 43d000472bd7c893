/* float_internal.h: what float_*.c and matrix_*.c share. Nothing else includes it. */
#ifndef SIMGPU_FLOAT_INTERNAL_H
#define SIMGPU_FLOAT_INTERNAL_H

#include <math.h>
#include <string.h>

#include "sim_float.h"

typedef unsigned __int128 sim_u128;

/* A floating point format: 1 sign bit, an exponent field, precision − 1 fraction bits, `low` unused bits below (tf32). */
struct sim_format {
  uint8_t bits, precision, low;
  int16_t exponent_min, exponent_max; /* of normal numbers: ±1.f · 2^exponent */
  bool has_infinity; /* e4m3: no; its only NaN is all ones, and the exponent field's top value is a number's */
  uint64_t nan;      /* canonical; e2m1, e2m3, e3m2 have none: the largest number, which cvt gives for it */
};
static inline bool sim_format_has_nan(const struct sim_format *format)
{
  return format->bits > 6;
}
/* NULL for types that are not scalar floats. */
const struct sim_format *sim_format_find(enum ptx_type type);

/* An exact value, or one whose bit 0 says that it lies strictly between two neighbours ("sticky"): rounding to any precision of up to
 * 62 bits gives the same either way. FINITE: (−1)^negative · significand · 2^(exponent − 63), bit 63 set. */
enum sim_exact_kind { SIM_EXACT_ZERO, SIM_EXACT_FINITE, SIM_EXACT_INFINITE, SIM_EXACT_NAN };
struct sim_exact {
  uint8_t kind;
  bool negative;
  int32_t exponent;
  uint64_t significand;
};

struct sim_exact sim_exact_unpack(const struct sim_format *format, uint64_t bits);
/* satfinite: what would be infinite becomes the largest number. Without infinities in the format NaN stands for them. */
uint64_t sim_exact_pack(const struct sim_format *format, struct sim_exact value, enum ptx_rounding rounding,
                        bool satfinite);
/* The rounding matters for the sign of a sum that is zero alone. Operands are of precision 53 at most. */
struct sim_exact sim_exact_fma(struct sim_exact a, struct sim_exact b, struct sim_exact c, enum ptx_rounding rounding);
struct sim_exact sim_exact_multiply(struct sim_exact a, struct sim_exact b);
struct sim_exact sim_exact_add(struct sim_exact a, struct sim_exact b, enum ptx_rounding rounding);
struct sim_exact sim_exact_divide(struct sim_exact a, struct sim_exact b);
struct sim_exact sim_exact_sqrt(struct sim_exact a);
struct sim_exact sim_exact_integer(uint64_t magnitude, bool negative);
/* The magnitude rounded to an integer (RN RZ RM RP RNA and their integer twins); UINT64_MAX and *overflow above 2^64 − 1. */
uint64_t sim_exact_magnitude(struct sim_exact a, enum ptx_rounding rounding, bool *overflow);

/* float_approx.c: EX2 LG2 SIN COS TANH RSQRT in double. */
double sim_approx_value(enum ptx_op op, double x);

static inline float sim_f32_value(uint32_t bits)
{
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static inline uint32_t sim_f32_bits(float value)
{
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
static inline double sim_f64_value(uint64_t bits)
{
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static inline uint64_t sim_f64_bits(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

#endif
