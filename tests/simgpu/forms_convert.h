/* forms_convert.h: cvt and cvt.pack. From PTX ISA 9.0, "Data Movement and Conversion Instructions: cvt", and "Alternate Floating-Point
 * Data Formats" for the small formats. ue8m0: the emulation in CUDA's cuda_fp8.hpp. */
#ifndef SIMGPU_FORMS_CONVERT_H
#define SIMGPU_FORMS_CONVERT_H

#include "forms_float.h"

static bool is_integer(const struct form_type *type)
{
  return type->class == FORM_SIGNED || type->class == FORM_UNSIGNED;
}

static wide least_of(const struct form_type *type)
{
  return type->class == FORM_SIGNED ? -((wide)1 << (type->bits - 1)) : 0;
}

static wide most_of(const struct form_type *type)
{
  return type->class == FORM_SIGNED ? ((wide)1 << (type->bits - 1)) - 1 : ((wide)1 << type->bits) - 1;
}

static uint64_t clamp_to(const struct form_type *type, wide value)
{
  wide least = least_of(type), most = most_of(type);
  return (uint64_t)(value < least ? least : value > most ? most : value);
}

/* An integer rounded to 53 bits (f64), or to odd for what rounds once more. */
static double integer_to_double(wide value, bool odd, enum direction direction)
{
  bool negative = value < 0;
  uint64_t magnitude = (uint64_t)(negative ? -value : value);
  int shift = 0;
  while (magnitude >> shift > form_ones(53)) shift++;
  uint64_t kept = magnitude >> shift, rest = magnitude & form_ones((uint32_t)shift);
  if (rest != 0 && odd) kept |= 1;
  if (rest != 0 && !odd) {
    double low = (double)(kept & 1);
    kept += (uint64_t)(round_units(low + ldexp((double)rest, -shift), negative, direction) - low);
  }
  double result = ldexp((double)kept, shift);
  return negative ? -result : result;
}

static bool to_integral(const struct form_call *c)
{
  return form_has(c, "rni") || form_has(c, "rzi") || form_has(c, "rmi") || form_has(c, "rpi");
}

static double integral(double value, enum direction direction)
{
  if (!isfinite(value) || fabs(value) >= 0x1p53) return value;
  double r = round_units(fabs(value), signbit(value) != 0, direction);
  return signbit(value) ? -r : r;
}

/* Zero where both sides are narrow, else 2^(bits − 1): what the ISA says of NaN. Without a rounding: toward zero. */
static uint64_t float_to_integer_bits(const struct form_call *c, double value)
{
  if (isnan(value)) return format_of(c->u)->bits == 64 || c->t->bits == 64 ? 1ull << (c->t->bits - 1) : 0;
  double r = integral(value, to_integral(c) ? direction_of(c) : ZERO);
  if (r >= 0x1p64) return clamp_to(c->t, (wide)1 << 65);
  if (r <= -0x1p64) return clamp_to(c->t, -((wide)1 << 65));
  return clamp_to(c->t, (wide)r);
}

/* A float of format `to` from a double that is exact or odd, with all modifiers. */
static uint64_t float_result_bits(const struct form_call *c, const struct float_format *to, double value)
{
  enum direction direction = direction_of(c);
  if (to_integral(c)) value = integral(value, direction), direction = NEAREST;
  uint64_t bits = encode(to, value, direction, form_has(c, "satfinite"));
  if (form_has(c, "ftz") && to->bits == 32) bits = flush_bits(to, bits);
  double result = decode(to, bits);
  if (form_has(c, "sat"))
    return isnan(value) || signbit(result) ? 0 : result > 1 ? encode(to, 1, NEAREST, false) : bits;
  if (form_has(c, "relu") && signbit(value) && !isnan(value)) return 0;
  return bits;
}

static double source_value(const struct form_call *c, const struct float_format *from, uint64_t bits)
{
  bits &= form_ones((uint32_t)from->bits);
  return decode(from, form_has(c, "ftz") && from->bits == 32 && from->precision == 24 ? flush_bits(from, bits) : bits);
}

static uint64_t form_cvt(const struct form_call *c, uint64_t *second)
{
  (void)second;
  if (is_integer(c->t) && is_integer(c->u)) {
    wide value = number(c->u, c->a[0]);
    return form_has(c, "sat") ? clamp_to(c->t, value) : (uint64_t)value;
  }
  if (is_integer(c->u)) {
    const struct float_format *to = format_of(c->t);
    return float_result_bits(c, to, integer_to_double(number(c->u, c->a[0]), to->bits < 64, direction_of(c)));
  }
  double value = source_value(c, format_of(c->u), c->a[0]);
  if (is_integer(c->t)) return float_to_integer_bits(c, value);
  return float_result_bits(c, format_of(c->t), value);
}

/* Two f32 to a pair: the first is the upper half. Elements of 6 bits lie in 8. */
static uint64_t form_cvt_pair(const struct form_call *c, uint64_t *second)
{
  (void)second;
  const struct float_format *to = format_of(c->t), *from = format_of(c->u);
  return float_result_bits(c, to, source_value(c, from, c->a[0])) << c->t->bits / 2 |
         float_result_bits(c, to, source_value(c, from, c->a[1]));
}

/* A pair to a pair. */
static uint64_t form_cvt_pairs(const struct form_call *c, uint64_t *second)
{
  (void)second;
  const struct float_format *to = format_of(c->t), *from = format_of(c->u);
  return float_result_bits(c, to, source_value(c, from, c->a[0] >> c->u->bits / 2)) << c->t->bits / 2 |
         float_result_bits(c, to, source_value(c, from, c->a[0]));
}

static uint64_t scale_of(const struct form_call *c, double value)
{
  uint64_t most = form_has(c, "satfinite") ? 0xfe : 0xff;
  double magnitude = fabs(value);
  if (isnan(value)) return 0xff;
  if (isinf(value)) return most;
  if (magnitude < 0x1p-127) return 0;
  int exponent = ilogb(magnitude);
  if (form_has(c, "rp") && magnitude > ldexp(1, exponent)) exponent++;
  return (uint64_t)(exponent + 127) > most ? most : (uint64_t)(exponent + 127);
}

static uint64_t form_to_scale(const struct form_call *c, uint64_t *second)
{
  (void)second;
  const struct float_format *from = format_of(c->u);
  bool pair = c->u->bits == 32 && from->bits == 16;
  double upper = source_value(c, from, pair ? c->a[0] >> 16 : c->a[0]),
         lower = source_value(c, from, pair ? c->a[0] : c->a[1]);
  return scale_of(c, upper) << 8 | scale_of(c, lower);
}

static uint64_t form_from_scale(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint64_t r = 0;
  for (int half = 0; half < 2; half++) {
    uint64_t bits = c->a[0] >> 8 * half & 0xff;
    r |= (bits == 0xff ? 0x7fff : encode(format_of(c->t), ldexp(1, (int)bits - 127), NEAREST, false)) << 16 * half;
  }
  return r;
}

static uint64_t form_cvt_pack(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint32_t bits = c->t->bits;
  const struct form_type s32 = {"s32", 32, FORM_SIGNED};
  uint64_t high = clamp_to(c->t, number(&s32, c->a[0])) & form_ones(bits),
           low = clamp_to(c->t, number(&s32, c->a[1])) & form_ones(bits);
  uint64_t pair = high << bits | low;
  return bits == 16 ? pair : pair | c->a[2] << 2 * bits;
}

#define INTS8 "{u8,u16,u32,u64,s8,s16,s32,s64}"
#define WHOLE "{.rni,.rzi,.rmi,.rpi}"
static const struct form forms_convert[] = {
    {"cvt{.sat,}." INTS8 "." INTS8, "t=u", .expect = form_cvt},
    {"cvt" WHOLE "{.ftz,}{.sat,}." INTS8 ".f32", "t=u", .expect = form_cvt},
    {"cvt" WHOLE "." INTS8 ".{f16,f64}", "t=u", .expect = form_cvt},
    {"cvt" WHOLE "{.sat,}." INTS8 ".bf16", "t=u", .expect = form_cvt},
    {"cvt" WHOLE "{.ftz,}{.sat,}.f32.f32", "t=u", .expect = form_cvt},
    {"cvt" WHOLE ".{f16.f16,f64.f64,bf16.bf16,f32.bf16,f64.bf16,f16.bf16}", "t=u", .expect = form_cvt,
     .judge = FORM_ANY_NAN},
    {"cvt.{f32,f64}.f16", "t=u", .expect = form_cvt, .judge = FORM_ANY_NAN},
    {"cvt{.ftz,}.f64.f32", "t=u", .expect = form_cvt, .judge = FORM_ANY_NAN},
    {"cvt.sat.{f32.f32,f16.f16,f64.f64}", "t=u", .expect = form_cvt},
    {"cvt{.ftz,}{.sat,}.f32.bf16", "t=u", .expect = form_cvt},
    {"cvt.f64.bf16", "t=u", .expect = form_cvt, .judge = FORM_ANY_NAN},
    {"cvt{.rn,.rz,.rm,.rp}.{f16,f32,f64}." INTS8, "t=u", .expect = form_cvt},
    {"cvt{.rn,.rz,.rm,.rp}.bf16.{u8,u16,u32,u64,s8,s16,s32,s64,f16,f64}", "t=u", .expect = form_cvt},
    {"cvt{.rn,.rz,.rm,.rp}{.ftz,}{.sat,}.{f16.f32,f32.f64}", "t=u", .expect = form_cvt},
    {"cvt{.rn,.rz,.rm,.rp}.f16.{f64,bf16}", "t=u", .expect = form_cvt},
    {"cvt{.rm,.rp}.bf16.f32", "t=u", .expect = form_cvt},
    {"cvt{.rn,.rz}{.relu,}{.satfinite,}.{bf16,f16}.f32", "t=u", .expect = form_cvt},
    {"cvt{.rn,.rz}.satfinite{.relu,}.{bf16,f16}.f32", "t=u", .expect = form_cvt},
    {"cvt{.rn,.rz}{.relu,}{.satfinite,}.{f16x2,bf16x2}.f32", "t=u,u", .expect = form_cvt_pair},
    {"cvt{.rn,.rz}.satfinite{.relu,}.{f16x2,bf16x2}.f32", "t=u,u", .expect = form_cvt_pair},
    {"cvt.rna{.satfinite,}.tf32.f32", "t=u", .expect = form_cvt},
    {"cvt{.rn,.rz}{.relu,}{.satfinite,}.tf32.f32", "t=u", .expect = form_cvt},
    {"cvt{.rn,.rz}.satfinite{.relu,}.tf32.f32", "t=u", .expect = form_cvt},
    {"cvt.rn.satfinite{.relu,}.{e4m3x2,e5m2x2,e2m1x2,e2m3x2,e3m2x2}.f32", "t=u,u", .expect = form_cvt_pair},
    {"cvt.rn.satfinite{.relu,}.{e4m3x2,e5m2x2}.f16x2", "t=u", .expect = form_cvt_pairs},
    {"cvt.rn{.relu,}.f16x2.{e4m3x2,e5m2x2,e2m1x2,e2m3x2,e3m2x2}", "t=u", .expect = form_cvt_pairs},
    {"cvt{.rz,.rp}{.satfinite,}.ue8m0x2.f32", "t=u,u", .expect = form_to_scale},
    {"cvt{.rz,.rp}{.satfinite,}.ue8m0x2.bf16x2", "t=u", .expect = form_to_scale},
    {"cvt.rn.bf16x2.ue8m0x2", "t=u", .expect = form_from_scale},
    {"cvt.pack.sat.{u16,s16}.s32", "r=r,r", .expect = form_cvt_pack},
    {"cvt.pack.sat.{u8,s8,u4,s4}.s32.b32", "r=r,r,r", .expect = form_cvt_pack},
};

#endif
