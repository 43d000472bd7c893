/* dtype.h: element types of tensors, and exact conversions between them and float.
 *
 * A dtype is a row of a table (tmk_dtype_row): adding one is adding a row. Block-scaled types carry their scale bytes in
 * block_elements / block_scale_bytes, so that tmk_dtype_bytes() counts them.
 */
#ifndef TOKMARK_DTYPE_H
#define TOKMARK_DTYPE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum tmk_dtype {
  TMK_DTYPE_NONE = 0,
  TMK_DTYPE_F64,
  TMK_DTYPE_F32,
  TMK_DTYPE_BF16,
  TMK_DTYPE_F16,
  TMK_DTYPE_F8E4M3,
  TMK_DTYPE_NVFP4, /* e2m1 in blocks of 16 with one e4m3 scale: 4.5 bits an element */
  TMK_DTYPE_MXFP4, /* e2m1 in blocks of 32 with one e8m0 scale: 4.25 bits an element (gpt-oss experts) */
  TMK_DTYPE_I8,
  TMK_DTYPE_I4, /* signed, in blocks of 32 with one f16 scale: 4.5 bits an element */
  TMK_DTYPE_I32, /* token ids */
  TMK_DTYPE_COUNT
};

struct tmk_dtype_row {
  const char *name; /* as options, keys and JSON spell it: "bf16" */
  int bits;         /* of one element, scales not counted */
  int block_elements, block_scale_bytes; /* 0, 0 where there is no block scale */
  int mantissa_bits; /* explicit ones; unit roundoff is 2^-(mantissa_bits+1). 0 for integers */
  int min_exponent;  /* of the smallest normal number, a power of two; below it all are 2^(min_exponent-mantissa_bits) apart */
  double largest;    /* finite number; INFINITY for integers */
};

const struct tmk_dtype_row *tmk_dtype_get(enum tmk_dtype dtype); /* never NULL for a valid enum value */
const char *tmk_dtype_name(enum tmk_dtype dtype);                /* "none" for TMK_DTYPE_NONE */
enum tmk_dtype tmk_dtype_from_name(const char *name);            /* TMK_DTYPE_NONE if unknown */
/* Bytes of `elements` elements with their block scales; a partial block counts as a whole one. */
int64_t tmk_dtype_bytes(enum tmk_dtype dtype, int64_t elements);

/* bf16 is the upper half of an IEEE float32; conversion to it rounds to nearest even, NaN stays NaN. */
static inline float tmk_bf16_to_f32(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

static inline uint16_t tmk_f32_to_bf16(float value) {
  uint32_t wide;
  memcpy(&wide, &value, sizeof wide);
  if ((wide & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((wide >> 16) | 0x40u);
  return (uint16_t)((wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16);
}

/* f16 is IEEE 754's binary16; conversion to it rounds to nearest even, beyond 65519 to infinity, NaN stays NaN. */
static inline float tmk_f16_to_f32(uint16_t bits) {
  const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16, exponent = bits >> 10 & 31u, fraction = bits & 1023u;
  uint32_t wide = sign | (exponent + 112u) << 23 | fraction << 13;
  float value;
  if (exponent == 31u) wide = sign | 0x7f800000u | fraction << 13;
  if (exponent == 0) { /* zero, or a subnormal of 2^-24 */
    value = (float)fraction * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  memcpy(&value, &wide, sizeof value);
  return value;
}

static inline uint16_t tmk_f32_to_f16(float value) {
  uint32_t wide;
  memcpy(&wide, &value, sizeof wide);
  const uint32_t sign = wide >> 16 & 0x8000u, magnitude = wide & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
  if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
  if (magnitude < 0x38800000u) { /* below 2^-14: whole multiples of 2^-24, by adding what makes that the last place */
    float near;
    memcpy(&near, &magnitude, sizeof near);
    near += 0.5f;
    uint32_t bits;
    memcpy(&bits, &near, sizeof bits);
    return (uint16_t)(sign | (bits - 0x3f000000u));
  }
  return (uint16_t)(sign | (magnitude + 0xc8000fffu + (magnitude >> 13 & 1u)) >> 13);
}

/* `value` in dtype, rounded to nearest even in one step (not by way of float32). True for F64, F32, BF16, F8E4M3 (which
 * saturates, see below) and I32 (returned as it is); false for dtypes without a rounding of single elements here, *rounded is
 * `value` then. Weights of F8E4M3, NVFP4, I8 and I4 have scales besides: quantise.h. */
bool tmk_dtype_round(enum tmk_dtype dtype, double value, double *rounded);

/* The elements of narrow types as bits. e4m3, OCP 8-bit Floating Point v1.0 section 5: 1, 4 and 3 bits, exponent bias 7,
 * largest 448, no infinities, NaN 0x7f and 0xff. e2m1, OCP Microscaling Formats v1.0 section 5.3.3: 1, 2 and 1 bits, bias 1:
 * 0, ½, 1, 1½, 2, 3, 4, 6 and their negatives; no infinities, no NaN.
 * Rounding is to nearest even in one step; beyond the largest number, infinity too, it gives that one (PTX: cvt.rn.satfinite).
 * NaN becomes 0x7f in e4m3, and 6 in e2m1. */
uint8_t tmk_e4m3_from(double value);
double tmk_e4m3_value(uint8_t bits);
uint8_t tmk_e2m1_from(double value); /* in the lower 4 bits */
double tmk_e2m1_value(uint8_t bits); /* of the lower 4 bits */

#endif
