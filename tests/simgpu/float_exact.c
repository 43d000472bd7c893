/* float_exact.c: formats, exact values, rounding. All on integers: what is rounded is known to the last bit, so every direction of
 * rounding is one comparison, and the host's floating point unit has no say. */
#include "float_internal.h"

/* Sources: IEEE 754 (binary16, binary32, binary64); PTX ISA, "Alternate Floating-Point Data Formats". */
static const struct sim_format format_f16 = {16, 11, 0, -14, 15, true, SIM_F16_NAN};
static const struct sim_format format_bf16 = {16, 8, 0, -126, 127, true, SIM_BF16_NAN};
static const struct sim_format format_tf32 = {32, 11, 13, -126, 127, true, 0x7fffe000u};
static const struct sim_format format_f32 = {32, 24, 0, -126, 127, true, SIM_F32_NAN};
static const struct sim_format format_f64 = {64, 53, 0, -1022, 1023, true, 0xfff8000000000000u};
static const struct sim_format format_e4m3 = {8, 4, 0, -6, 8, false, SIM_FP8_NAN};
static const struct sim_format format_e5m2 = {8, 3, 0, -14, 15, true, SIM_FP8_NAN};
static const struct sim_format format_e2m1 = {4, 2, 0, 0, 2, false, 0x7};
static const struct sim_format format_e2m3 = {6, 4, 0, 0, 2, false, 0x1f};
static const struct sim_format format_e3m2 = {6, 3, 0, -2, 4, false, 0x1f};

const struct sim_format *sim_format_find(enum ptx_type type)
{
  switch (type) {
  case PTX_F16: return &format_f16;
  case PTX_BF16: return &format_bf16;
  case PTX_TF32: return &format_tf32;
  case PTX_F32: return &format_f32;
  case PTX_F64: return &format_f64;
  case PTX_E4M3: return &format_e4m3;
  case PTX_E5M2: return &format_e5m2;
  case PTX_E2M1: return &format_e2m1;
  case PTX_E2M3: return &format_e2m3;
  case PTX_E3M2: return &format_e3m2;
  default: return NULL;
  }
}

static struct sim_exact exact_special(enum sim_exact_kind kind, bool negative)
{
  return (struct sim_exact){.kind = (uint8_t)kind, .negative = negative};
}

/* significand · 2^(exponent − 63) with any significand but 0. */
static struct sim_exact exact_normal(uint64_t significand, int32_t exponent, bool negative)
{
  int shift = __builtin_clzll(significand);
  return (struct sim_exact){SIM_EXACT_FINITE, negative, exponent - shift, significand << shift};
}

/* value · 2^(exponent − 126), value not 0, what falls off the 64 bits kept in the sticky bit. */
static struct sim_exact exact_wide(sim_u128 value, int32_t exponent, bool negative)
{
  uint64_t high = (uint64_t)(value >> 64);
  int shift = high != 0 ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)value);
  value <<= shift;
  uint64_t significand = (uint64_t)(value >> 64) | ((uint64_t)value != 0);
  return (struct sim_exact){SIM_EXACT_FINITE, negative, exponent + 1 - shift, significand};
}

struct sim_exact sim_exact_unpack(const struct sim_format *format, uint64_t bits)
{
  int fraction_bits = format->precision - 1;
  bool negative = (bits >> (format->bits - 1)) & 1;
  bits >>= format->low;
  uint64_t fraction = bits & ((UINT64_C(1) << fraction_bits) - 1);
  uint64_t field_mask = (UINT64_C(1) << (format->bits - 1 - format->low - fraction_bits)) - 1;
  uint64_t field = (bits >> fraction_bits) & field_mask;
  if (field == field_mask) {
    if (format->has_infinity) return exact_special(fraction ? SIM_EXACT_NAN : SIM_EXACT_INFINITE, negative);
    if (sim_format_has_nan(format) && fraction == (UINT64_C(1) << fraction_bits) - 1)
      return exact_special(SIM_EXACT_NAN, negative);
  }
  if (field == 0) {
    if (fraction == 0) return exact_special(SIM_EXACT_ZERO, negative);
    return exact_normal(fraction, format->exponent_min + 63 - fraction_bits, negative);
  }
  fraction |= UINT64_C(1) << fraction_bits;
  return (struct sim_exact){SIM_EXACT_FINITE, negative, format->exponent_min + (int32_t)field - 1,
                            fraction << (63 - fraction_bits)};
}

/* Whether a kept part whose lower neighbour is `odd` goes up; rest is what was cut off in units of 2^-64 of the last bit, half = 2^63. */
static bool rounds_up(enum ptx_rounding rounding, bool negative, bool odd, uint64_t rest)
{
  const uint64_t half = UINT64_C(1) << 63;
  switch (rounding) {
  case PTX_RZ:
  case PTX_RZI: return false;
  case PTX_RM:
  case PTX_RMI: return negative && rest != 0;
  case PTX_RP:
  case PTX_RPI: return !negative && rest != 0;
  case PTX_RNA: return rest >= half;
  default: return rest > half || (rest == half && odd);
  }
}

/* value >> shift for shift ≥ 1, and what was cut off as rounds_up wants it. */
static uint64_t split(uint64_t value, int32_t shift, uint64_t *rest)
{
  if (shift > 64) {
    *rest = value != 0; /* less than a half, not nothing */
    return 0;
  }
  *rest = shift == 64 ? value : value << (64 - shift);
  return shift == 64 ? 0 : value >> shift;
}

uint64_t sim_exact_pack(const struct sim_format *format, struct sim_exact value, enum ptx_rounding rounding,
                        bool satfinite)
{
  int fraction_bits = format->precision - 1;
  uint64_t sign = value.negative ? UINT64_C(1) << (format->bits - 1) : 0;
  uint64_t top_field = (UINT64_C(1) << (format->bits - 1 - format->low - fraction_bits)) - 1;
  uint64_t infinity = top_field << fraction_bits;
  uint64_t fraction = (UINT64_C(1) << fraction_bits) - (sim_format_has_nan(format) ? 2 : 1);
  uint64_t largest = format->has_infinity ? infinity - 1 : infinity | fraction;
  uint64_t overflow = format->has_infinity ? sign | (infinity << format->low) : format->nan;
  if (value.kind == SIM_EXACT_NAN) return format->nan;
  if (value.kind == SIM_EXACT_ZERO) return sign;
  if (value.kind == SIM_EXACT_INFINITE) return satfinite ? sign | (largest << format->low) : overflow;
  /* Below the normal range the last bit's weight stays, and the exponent field is 0. */
  int32_t below = value.exponent < format->exponent_min ? format->exponent_min - value.exponent : 0;
  uint64_t field = below ? 0 : (uint64_t)(value.exponent - format->exponent_min);
  uint64_t rest, kept = split(value.significand, 64 - format->precision + below, &rest);
  kept += rounds_up(rounding, value.negative, kept & 1, rest);
  /* kept has its leading bit unless subnormal: adding it to field − 1 carries into the exponent just where it should. */
  if (field > top_field || (field << fraction_bits) + kept > largest) {
    bool away =
        rounding != PTX_RZ && !(rounding == PTX_RM && !value.negative) && !(rounding == PTX_RP && value.negative);
    return away && !satfinite ? overflow : sign | (largest << format->low);
  }
  return sign | (((field << fraction_bits) + kept) << format->low);
}

static sim_u128 shift_sticky(sim_u128 value, int32_t shift)
{
  if (shift == 0) return value;
  if (shift > 127) return value != 0;
  return (value >> shift) | ((value << (128 - shift)) != 0);
}

struct sim_exact sim_exact_multiply(struct sim_exact a, struct sim_exact b)
{
  bool negative = a.negative != b.negative;
  if (a.kind == SIM_EXACT_NAN || b.kind == SIM_EXACT_NAN) return exact_special(SIM_EXACT_NAN, false);
  if (a.kind == SIM_EXACT_INFINITE || b.kind == SIM_EXACT_INFINITE) {
    bool zero = a.kind == SIM_EXACT_ZERO || b.kind == SIM_EXACT_ZERO;
    return exact_special(zero ? SIM_EXACT_NAN : SIM_EXACT_INFINITE, negative && !zero);
  }
  if (a.kind == SIM_EXACT_ZERO || b.kind == SIM_EXACT_ZERO) return exact_special(SIM_EXACT_ZERO, negative);
  return exact_wide((sim_u128)a.significand * b.significand, a.exponent + b.exponent, negative);
}

struct sim_exact sim_exact_fma(struct sim_exact a, struct sim_exact b, struct sim_exact c, enum ptx_rounding rounding)
{
  struct sim_exact product = sim_exact_multiply(a, b);
  bool opposite = product.negative != c.negative;
  if (product.kind == SIM_EXACT_NAN || c.kind == SIM_EXACT_NAN) return exact_special(SIM_EXACT_NAN, false);
  if (product.kind == SIM_EXACT_INFINITE && c.kind == SIM_EXACT_INFINITE && opposite) {
    return exact_special(SIM_EXACT_NAN, false);
  }
  if (product.kind == SIM_EXACT_INFINITE) return product;
  if (c.kind == SIM_EXACT_INFINITE) return c;
  if (product.kind == SIM_EXACT_ZERO && c.kind == SIM_EXACT_ZERO) {
    return exact_special(SIM_EXACT_ZERO, opposite ? rounding == PTX_RM : c.negative);
  }
  if (product.kind == SIM_EXACT_ZERO) return c;
  if (c.kind == SIM_EXACT_ZERO) return product;
  /* Both in units of 2^(exponent − 124). The product's 106 bits end at bit 20 or above, c's 53 bits at 72, so a shift of up to 20
   * loses nothing, and after a longer one of the smaller term no cancellation reaches the sticky bit: exact but for stickiness. */
  sim_u128 x = ((sim_u128)a.significand * b.significand) >> 2, y = (sim_u128)c.significand << 61;
  int32_t difference = a.exponent + b.exponent - c.exponent;
  int32_t exponent = difference >= 0 ? c.exponent + difference : c.exponent;
  if (difference >= 0) y = shift_sticky(y, difference);
  if (difference < 0) x = shift_sticky(x, -difference);
  if (!opposite) return exact_wide(x + y, exponent + 2, c.negative);
  if (x == y) return exact_special(SIM_EXACT_ZERO, rounding == PTX_RM);
  return exact_wide(x > y ? x - y : y - x, exponent + 2, x > y ? product.negative : c.negative);
}

struct sim_exact sim_exact_add(struct sim_exact a, struct sim_exact b, enum ptx_rounding rounding)
{
  const struct sim_exact one = {SIM_EXACT_FINITE, false, 0, UINT64_C(1) << 63};
  return sim_exact_fma(a, one, b, rounding);
}

struct sim_exact sim_exact_divide(struct sim_exact a, struct sim_exact b)
{
  bool negative = a.negative != b.negative;
  bool invalid = (a.kind == b.kind && a.kind != SIM_EXACT_FINITE) || a.kind == SIM_EXACT_NAN || b.kind == SIM_EXACT_NAN;
  if (invalid) return exact_special(SIM_EXACT_NAN, false);
  if (a.kind == SIM_EXACT_INFINITE || b.kind == SIM_EXACT_ZERO) return exact_special(SIM_EXACT_INFINITE, negative);
  if (a.kind == SIM_EXACT_ZERO || b.kind == SIM_EXACT_INFINITE) return exact_special(SIM_EXACT_ZERO, negative);
  sim_u128 dividend = (sim_u128)a.significand << 63;
  uint64_t quotient = (uint64_t)(dividend / b.significand); /* in (2^62, 2^64) */
  struct sim_exact result = exact_normal(quotient, a.exponent - b.exponent, negative);
  result.significand |= dividend % b.significand != 0;
  return result;
}

/* Digit by digit: the largest r with r·r ≤ value. */
static uint64_t root(sim_u128 value)
{
  uint64_t result = 0;
  for (int bit = 63; bit >= 0; bit--) {
    uint64_t tried = result | (UINT64_C(1) << bit);
    if ((sim_u128)tried * tried <= value) result = tried;
  }
  return result;
}

struct sim_exact sim_exact_sqrt(struct sim_exact a)
{
  if (a.kind == SIM_EXACT_ZERO) return a; /* √−0 = −0 */
  if (a.kind == SIM_EXACT_NAN || a.negative) return exact_special(SIM_EXACT_NAN, false);
  if (a.kind == SIM_EXACT_INFINITE) return a;
  bool odd = (a.exponent & 1) != 0;
  sim_u128 square = (sim_u128)a.significand << (odd ? 64 : 63);
  uint64_t significand = root(square);
  bool exact = (sim_u128)significand * significand == square;
  return (struct sim_exact){SIM_EXACT_FINITE, false, (a.exponent - (odd ? 1 : 0)) / 2, significand | !exact};
}

struct sim_exact sim_exact_integer(uint64_t magnitude, bool negative)
{
  return magnitude ? exact_normal(magnitude, 63, negative) : exact_special(SIM_EXACT_ZERO, false);
}

uint64_t sim_exact_magnitude(struct sim_exact a, enum ptx_rounding rounding, bool *overflow)
{
  *overflow = a.kind == SIM_EXACT_INFINITE || (a.kind == SIM_EXACT_FINITE && a.exponent > 63);
  if (*overflow) return UINT64_MAX;
  if (a.kind != SIM_EXACT_FINITE) return 0;
  if (a.exponent == 63) return a.significand;
  uint64_t rest, kept = split(a.significand, 63 - a.exponent, &rest);
  return kept + rounds_up(rounding, a.negative, kept & 1, rest);
}
