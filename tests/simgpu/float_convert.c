/* float_convert.c: cvt, and doubles in and out of the formats. */
#include <assert.h>

#include "float_half.h"

double sim_float_value(enum ptx_type type, uint64_t bits)
{
  const struct sim_format *format = sim_format_find(type);
  assert(format != NULL);
  if (type == PTX_F64) return sim_f64_value(bits);
  if (type == PTX_F32) return (double)sim_f32_value((uint32_t)bits);
  return sim_f64_value(sim_exact_pack(sim_format_find(PTX_F64), sim_exact_unpack(format, bits), PTX_RN, false));
}

uint64_t sim_float_round(enum ptx_type type, double value)
{
  const struct sim_format *format = sim_format_find(type);
  assert(format != NULL);
  return sim_exact_pack(format, sim_exact_unpack(sim_format_find(PTX_F64), sim_f64_bits(value)), PTX_RN, false);
}

struct integer {
  uint8_t bits; /* 0: not an integer type */
  bool is_signed;
};

static struct integer integer_of(enum ptx_type type)
{
  const struct ptx_type_info *info = sim_ptx_type(type);
  bool is_signed = info->class == PTX_CLASS_SIGNED;
  if (info->elements != 1 || (!is_signed && info->class != PTX_CLASS_UNSIGNED)) return (struct integer){0, false};
  return (struct integer){info->size_bits, is_signed};
}

static uint64_t ones(unsigned bits)
{
  return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* The low bits of a value as the type reads them, in 64 bits. */
static uint64_t extend(struct integer type, uint64_t value)
{
  value &= ones(type.bits);
  bool negative = type.is_signed && ((value >> (type.bits - 1)) & 1);
  return negative ? value | ~ones(type.bits) : value;
}

/* magnitude with a sign into the type's range. */
static uint64_t saturate(struct integer type, uint64_t magnitude, bool negative)
{
  uint64_t most = type.is_signed ? ones(type.bits - 1u) : ones(type.bits);
  uint64_t least = type.is_signed ? most + 1 : 0; /* magnitude of the lowest */
  if (negative) return 0 - (magnitude > least ? least : magnitude);
  return magnitude > most ? most : magnitude;
}

static uint64_t integer_to_integer(struct integer to, struct integer from, bool sat, uint64_t a)
{
  uint64_t value = extend(from, a);
  bool negative = from.is_signed && (value >> 63);
  return sat ? saturate(to, negative ? 0 - value : value, negative) : extend(to, value);
}

/* PTX ISA, cvt: subnormal sources and results are zeros with .ftz where they are f32, or f16 and bf16 in integral rounding. */
static struct sim_exact flushed(const struct sim_format *format, bool ftz, struct sim_exact value)
{
  if (ftz && value.kind == SIM_EXACT_FINITE && value.exponent < format->exponent_min) value.kind = SIM_EXACT_ZERO;
  return value;
}

static uint64_t float_to_integer(const struct sim_convert *convert, struct integer to, struct sim_exact a)
{
  bool overflow;
  bool wide = to.bits == 64 || convert->from == PTX_F64;
  if (a.kind == SIM_EXACT_NAN) return wide ? extend(to, UINT64_C(1) << (to.bits - 1)) : 0;
  enum ptx_rounding rounding = convert->rounding == PTX_ROUND_DEFAULT ? PTX_RZI : (enum ptx_rounding)convert->rounding;
  uint64_t magnitude = sim_exact_magnitude(a, rounding, &overflow);
  return saturate(to, magnitude, a.negative);
}

/* .rni … of a float to a float. Above 2^63 every float is an integer. */
static struct sim_exact integral(struct sim_exact a, enum ptx_rounding rounding)
{
  bool overflow;
  if (a.kind != SIM_EXACT_FINITE || a.exponent >= 63) return a;
  struct sim_exact result = sim_exact_integer(sim_exact_magnitude(a, rounding, &overflow), a.negative);
  result.negative = a.negative; /* −0.3 to −0 */
  return result;
}

static bool rounds_to_integer(enum ptx_rounding rounding)
{
  return rounding == PTX_RNI || rounding == PTX_RZI || rounding == PTX_RMI || rounding == PTX_RPI;
}

/* ue8m0: a power of two, 2^(bits − 127), of the magnitude alone; 0xff is its NaN, and there is no zero. Source: the emulation for
 * older GPUs in CUDA's cuda_fp8.hpp, which says what the instruction does. */
static uint64_t to_scale(const struct sim_convert *convert, struct sim_exact a)
{
  uint64_t most = convert->flags & PTX_SATFINITE ? 0xfe : 0xff;
  if (a.kind == SIM_EXACT_NAN) return 0xff;
  if (a.kind == SIM_EXACT_INFINITE) return most;
  if (a.kind == SIM_EXACT_ZERO || a.exponent < -127) return 0;
  bool up = convert->rounding == PTX_RP && a.significand << 1 != 0;
  uint64_t bits = (uint64_t)(a.exponent + 127 + up);
  return bits > most ? most : bits;
}

static struct sim_exact from_scale(uint64_t bits)
{
  if (bits == 0xff) return (struct sim_exact){.kind = SIM_EXACT_NAN};
  return (struct sim_exact){SIM_EXACT_FINITE, false, (int32_t)bits - 127, UINT64_C(1) << 63};
}

static uint64_t to_float(const struct sim_convert *convert, enum ptx_type to, struct sim_exact a)
{
  const struct sim_format *format = sim_format_find(to);
  enum ptx_rounding rounding = (enum ptx_rounding)convert->rounding;
  if (rounds_to_integer(rounding)) {
    a = integral(a, rounding);
    rounding = PTX_RN;
  }
  const struct sim_exact one = {SIM_EXACT_FINITE, false, 0, UINT64_C(1) << 63};
  bool clear = (convert->flags & PTX_RELU) && a.negative && a.kind != SIM_EXACT_NAN;
  if (convert->flags & PTX_SAT) {
    clear = a.kind == SIM_EXACT_NAN || a.negative;
    if (a.kind == SIM_EXACT_INFINITE || (a.kind == SIM_EXACT_FINITE && a.exponent >= 0)) a = clear ? a : one;
  }
  if (clear) return 0;
  uint64_t bits = sim_exact_pack(format, a, rounding, (convert->flags & PTX_SATFINITE) != 0);
  bool subnormal = (convert->flags & PTX_FTZ) && to == PTX_F32 && (bits & 0x7f800000u) == 0;
  return subnormal ? bits & 0x80000000u : bits;
}

static uint64_t convert_scalar(const struct sim_convert *convert, enum ptx_type to, enum ptx_type from, uint64_t a)
{
  struct integer to_integer = integer_of(to), from_integer = integer_of(from);
  if (from_integer.bits && to_integer.bits) {
    return integer_to_integer(to_integer, from_integer, (convert->flags & PTX_SAT) != 0, a);
  }
  struct sim_exact value;
  if (from_integer.bits) {
    uint64_t wide = extend(from_integer, a);
    bool negative = from_integer.is_signed && (wide >> 63);
    value = sim_exact_integer(negative ? 0 - wide : wide, negative);
  } else if (from == PTX_UE8M0) {
    value = from_scale(a & 0xff);
  } else {
    const struct sim_format *format = sim_format_find(from);
    assert(format != NULL);
    bool ftz = (convert->flags & PTX_FTZ) && (from == PTX_F32 || (to == from && from != PTX_F64));
    value = flushed(format, ftz, sim_exact_unpack(format, a & ones(format->bits)));
  }
  if (to_integer.bits) return float_to_integer(convert, to_integer, value);
  if (to == PTX_UE8M0) return to_scale(convert, value);
  /* cvt of f64 to f64 without a change of value keeps a NaN's payload, as other f64 instructions do. */
  if (to == PTX_F64 && from == PTX_F64 && value.kind == SIM_EXACT_NAN && !(convert->flags & PTX_SAT)) {
    return a | (UINT64_C(1) << 51);
  }
  return to_float(convert, to, value);
}

/* What kernels convert most: s32 and u32 to f32, f32 to f16 and bf16, to nearest, and back, without modifiers. False: not one of
 * these. */
static bool convert_common(const struct sim_convert *convert, uint64_t a, uint64_t b, uint64_t *result)
{
  double upper = (double)sim_f32_value((uint32_t)a), lower = (double)sim_f32_value((uint32_t)b);
  if (convert->flags != 0) return false;
  if (convert->rounding == PTX_RN && convert->to == PTX_F32 && (convert->from == PTX_S32 || convert->from == PTX_U32)) {
    *result = sim_f32_bits(convert->from == PTX_S32 ? (float)(int32_t)a : (float)(uint32_t)a);
    return true;
  }
  if (convert->rounding == PTX_RN && convert->from == PTX_F32) {
    switch (convert->to) {
    case PTX_F16: *result = sim_f16_round(upper); return true;
    case PTX_BF16: *result = sim_bf16_round(upper); return true;
    case PTX_F16X2: *result = sim_f16_round(upper) << 16 | sim_f16_round(lower); return true;
    case PTX_BF16X2: *result = sim_bf16_round(upper) << 16 | sim_bf16_round(lower); return true;
    default: return false;
    }
  }
  bool widens = convert->rounding == PTX_ROUND_DEFAULT && convert->to == PTX_F32;
  if (!widens || (convert->from != PTX_F16 && convert->from != PTX_BF16)) return false;
  uint32_t bits = convert->from == PTX_F16 ? sim_f32_bits(sim_f16_value((uint32_t)a & 0xffff)) : (uint32_t)a << 16;
  *result = (bits & 0x7fffffffu) > 0x7f800000u ? SIM_F32_NAN : bits;
  return true;
}

uint64_t sim_float_convert(const struct sim_convert *convert, uint64_t a, uint64_t b)
{
  uint64_t common;
  if (convert_common(convert, a, b, &common)) return common;
  const struct ptx_type_info *to = sim_ptx_type((enum ptx_type)convert->to);
  const struct ptx_type_info *from = sim_ptx_type((enum ptx_type)convert->from);
  if (to->elements == 1) return convert_scalar(convert, (enum ptx_type)convert->to, (enum ptx_type)convert->from, a);
  unsigned to_bits = to->size_bits / 2u, from_bits = from->size_bits / from->elements;
  uint64_t upper = from->elements == 2 ? a >> from_bits : a, lower = from->elements == 2 ? a : b;
  enum ptx_type to_type = (enum ptx_type)to->element, from_type = (enum ptx_type)from->element;
  return convert_scalar(convert, to_type, from_type, upper) << to_bits |
         convert_scalar(convert, to_type, from_type, lower);
}

uint32_t sim_convert_pack(enum ptx_type to, uint32_t a, uint32_t b, uint32_t c)
{
  const struct ptx_type_info *info = sim_ptx_type(to);
  struct integer type = {info->size_bits, info->class == PTX_CLASS_SIGNED}, s32 = {32, true};
  unsigned bits = info->size_bits;
  uint32_t mask = (uint32_t)ones(bits);
  uint32_t high = (uint32_t)integer_to_integer(type, s32, true, a) & mask;
  uint32_t low = (uint32_t)integer_to_integer(type, s32, true, b) & mask;
  uint32_t pair = high << bits | low;
  return bits == 16 ? pair : pair | c << (2 * bits);
}
