/* dtype.c: see tokmark/dtype.h. */
#include "tokmark/dtype.h"

#include <math.h>
#include <stddef.h>

#define E4M3_NAN 0x7f

/* In the order of the enum. Block scales: NVFP4 from NVIDIA's cuDNN and TensorRT documents (16 elements, one e4m3
 * scale; the one f32 scale of a whole tensor is not counted), MXFP4 from OCP Microscaling Formats v1.0, section 5.3 (32
 * elements, one e8m0 scale). I4: what GGUF calls Q4_0, but symmetric: 32 elements, one f16 scale. "fp8" is e4m3: inference keeps
 * weights and cache in it, e5m2 is for gradients. */
static const struct tmk_dtype_row dtype_rows[TMK_DTYPE_COUNT] = {
    [TMK_DTYPE_NONE] = {.name = "none"},
    [TMK_DTYPE_F64] = {"f64", .bits = 64, .mantissa_bits = 52, .min_exponent = -1022,
                       .largest = 0x1.fffffffffffffp1023},
    [TMK_DTYPE_F32] = {"f32", .bits = 32, .mantissa_bits = 23, .min_exponent = -126, .largest = 0x1.fffffep127},
    [TMK_DTYPE_BF16] = {"bf16", .bits = 16, .mantissa_bits = 7, .min_exponent = -126, .largest = 0x1.fep127},
    [TMK_DTYPE_F16] = {"f16", .bits = 16, .mantissa_bits = 10, .min_exponent = -14, .largest = 65504},
    [TMK_DTYPE_F8E4M3] = {"fp8", .bits = 8, .mantissa_bits = 3, .min_exponent = -6, .largest = 448},
    [TMK_DTYPE_NVFP4] = {"nvfp4", 4, 16, 1, .mantissa_bits = 1, .min_exponent = 0, .largest = 6},
    [TMK_DTYPE_MXFP4] = {"mxfp4", 4, 32, 1, .mantissa_bits = 1, .min_exponent = 0, .largest = 6},
    [TMK_DTYPE_I8] = {"i8", .bits = 8, .largest = INFINITY},
    [TMK_DTYPE_I4] = {"i4", 4, 32, 2, .largest = INFINITY},
    [TMK_DTYPE_I32] = {"i32", .bits = 32, .largest = INFINITY},
};

const struct tmk_dtype_row *tmk_dtype_get(enum tmk_dtype dtype)
{
  if ((int)dtype < 0 || dtype >= TMK_DTYPE_COUNT) return &dtype_rows[TMK_DTYPE_NONE];
  return &dtype_rows[dtype];
}

const char *tmk_dtype_name(enum tmk_dtype dtype)
{
  return tmk_dtype_get(dtype)->name;
}

enum tmk_dtype tmk_dtype_from_name(const char *name)
{
  if (name == NULL) return TMK_DTYPE_NONE;
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (strcmp(dtype_rows[i].name, name) == 0) return (enum tmk_dtype)i;
  }
  return TMK_DTYPE_NONE;
}

/* elements × bits ÷ 8 is taken as whole groups of 8 elements (bits bytes each) and a rest, so that nothing overflows
 * before the result does; beyond int64_t it stays at INT64_MAX. */
int64_t tmk_dtype_bytes(enum tmk_dtype dtype, int64_t elements)
{
  const struct tmk_dtype_row *row = tmk_dtype_get(dtype);
  if (elements <= 0) return 0;
  int64_t bytes;
  if (__builtin_mul_overflow(elements / 8, (int64_t)row->bits, &bytes)) return INT64_MAX;
  if (__builtin_add_overflow(bytes, (elements % 8 * row->bits + 7) / 8, &bytes)) return INT64_MAX;
  if (row->block_elements == 0) return bytes;
  int64_t blocks = elements / row->block_elements + (elements % row->block_elements != 0);
  int64_t scale_bytes;
  if (__builtin_mul_overflow(blocks, (int64_t)row->block_scale_bytes, &scale_bytes)) return INT64_MAX;
  if (__builtin_add_overflow(bytes, scale_bytes, &bytes)) return INT64_MAX;
  return bytes;
}

/* By way of float32 rounded to odd: cut off, with the last bit set if anything was lost. That keeps all that the second
 * rounding asks for (Boldo and Melquiond 2008, "Emulation of a FMA and correctly rounded sums: proved algorithms using
 * rounding to odd"), where float32 to nearest would round twice. */
static double round_to_bf16(double value)
{
  float narrow = (float)value;
  if ((double)narrow != value && isfinite(narrow)) {
    if (fabs((double)narrow) > fabs(value)) narrow = nextafterf(narrow, 0.0f);
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    bits |= 1;
    memcpy(&narrow, &bits, sizeof narrow);
  }
  return (double)tmk_bf16_to_f32(tmk_f32_to_bf16(narrow));
}

/* Multiples of the distance between neighbours around `value`; the division by a power of two and the product are exact. */
static double round_to_narrow(enum tmk_dtype dtype, double value)
{
  const struct tmk_dtype_row *row = &dtype_rows[dtype];
  int exponent;
  if (isnan(value)) return value;
  if (fabs(value) >= row->largest) return copysign(row->largest, value);
  frexp(value, &exponent); /* |value| = f 2^exponent with ½ ≤ f < 1 */
  const int least = value == 0 || exponent - 1 < row->min_exponent ? row->min_exponent : exponent - 1;
  const double distance = ldexp(1.0, least - row->mantissa_bits), rounded = nearbyint(value / distance) * distance;
  return fabs(rounded) > row->largest ? copysign(row->largest, value) : rounded;
}

bool tmk_dtype_round(enum tmk_dtype dtype, double value, double *rounded)
{
  switch (dtype) {
  case TMK_DTYPE_F64:
  case TMK_DTYPE_I32: *rounded = value; return true;
  case TMK_DTYPE_F32: *rounded = (double)(float)value; return true;
  case TMK_DTYPE_BF16: *rounded = round_to_bf16(value); return true;
  case TMK_DTYPE_F8E4M3: *rounded = round_to_narrow(dtype, value); return true;
  default: *rounded = value; return false;
  }
}

/* Sign, exponent and mantissa of a number of the type. Below the normal numbers the exponent's field is 0 and the mantissa
 * counts distances, which is the same formula with the exponent of the smallest normal number and no hidden one. */
static uint8_t encode(enum tmk_dtype dtype, double value)
{
  const struct tmk_dtype_row *row = &dtype_rows[dtype];
  const double magnitude = fabs(value);
  const bool normal = magnitude >= ldexp(1.0, row->min_exponent);
  int exponent = 0;
  if (normal) frexp(magnitude, &exponent);
  exponent = normal ? exponent - 1 : row->min_exponent;
  const uint32_t units = (uint32_t)ldexp(magnitude, row->mantissa_bits - exponent);
  const uint32_t field = normal ? (uint32_t)(exponent - row->min_exponent) : 0;
  const uint32_t sign = signbit(value) ? 1u << (row->bits - 1) : 0;
  return (uint8_t)(sign | ((field << row->mantissa_bits) + units));
}

static double decode(enum tmk_dtype dtype, uint8_t bits)
{
  const struct tmk_dtype_row *row = &dtype_rows[dtype];
  const uint32_t magnitude = bits & ((1u << (row->bits - 1)) - 1), hidden = 1u << row->mantissa_bits;
  const uint32_t field = magnitude >> row->mantissa_bits, mantissa = magnitude & (hidden - 1);
  const double units = field ? (double)(hidden + mantissa) : (double)mantissa;
  const double value = ldexp(units, row->min_exponent - row->mantissa_bits + (field ? (int)field - 1 : 0));
  return bits >> (row->bits - 1) & 1 ? -value : value;
}

uint8_t tmk_e4m3_from(double value)
{
  return isnan(value) ? E4M3_NAN : encode(TMK_DTYPE_F8E4M3, round_to_narrow(TMK_DTYPE_F8E4M3, value));
}

double tmk_e4m3_value(uint8_t bits)
{
  return (bits & 0x7f) == E4M3_NAN ? (double)NAN : decode(TMK_DTYPE_F8E4M3, bits);
}

uint8_t tmk_e2m1_from(double value)
{
  return encode(TMK_DTYPE_NVFP4, round_to_narrow(TMK_DTYPE_NVFP4, isnan(value) ? (double)INFINITY : value));
}

double tmk_e2m1_value(uint8_t bits)
{
  return decode(TMK_DTYPE_NVFP4, bits);
}
