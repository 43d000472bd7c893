/* forms_float.h: floating point arithmetic and comparisons. From PTX ISA 9.0, "Floating Point Instructions", "Half Precision Floating
 * Point Instructions", "Mixed Precision Floating Point Instructions", "Comparison and Selection Instructions".
 *
 * What is exact is worked out in the host's double, truncated, with the last bit set where that lost something ("round to odd"): a
 * second rounding, to 51 bits or less, then gives what one rounding of the exact value would (Boldo and Melquiond, 2008). f64 itself
 * is the host's arithmetic in the wanted rounding. */
#ifndef SIMGPU_FORMS_FLOAT_H
#define SIMGPU_FORMS_FLOAT_H

#include <fenv.h>
#include <math.h>

#include "forms_integer.h"

/* --- formats --- */

struct float_format {
  const char *name; /* of the scalar type */
  int bits, precision, exponent_min;
  double largest;
  uint64_t nan;
};
static const struct float_format float_formats[] = {
    {"f16", 16, 11, -14, 65504.0, 0x7fff},
    {"bf16", 16, 8, -126, 0x1.fep127, 0x7fff},
    {"f32", 32, 24, -126, 0x1.fffffep127, 0x7fffffff},
    {"tf32", 32, 11, -126, 0x1.ffcp127, 0x7fffe000},
    {"f64", 64, 53, -1022, 0x1.fffffffffffffp1023, 0x7ff8000000000000},
    {"e4m3", 8, 4, -6, 448.0, 0x7f},
    {"e5m2", 8, 3, -14, 57344.0, 0x7f},
    {"e2m1", 4, 2, 0, 6.0, 7},
    {"e2m3", 6, 4, 0, 7.5, 0x1f},
    {"e3m2", 6, 3, -2, 28.0, 0x1f},
};

/* Of a type or of the elements of a packed one. */
static const struct float_format *format_of(const struct form_type *type)
{
  size_t length = strlen(type->name);
  bool packed = length > 2 && strcmp(type->name + length - 2, "x2") == 0;
  length -= packed ? 2 : 0;
  for (size_t i = 0; i < sizeof float_formats / sizeof float_formats[0]; i++)
    if (strlen(float_formats[i].name) == length && memcmp(float_formats[i].name, type->name, length) == 0)
      return &float_formats[i];
  return NULL;
}

static double double_of(uint64_t bits)
{
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint64_t bits_of(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Bits of a format as a double: sign, exponent field, fraction, by the definition of each. */
static double decode(const struct float_format *f, uint64_t bits)
{
  if (f->bits == 64) return double_of(bits);
  int low = strcmp(f->name, "tf32") == 0 ? 13 : 0, fraction_bits = f->precision - 1;
  uint64_t sign = bits >> (f->bits - 1) & 1, body = (bits & form_ones((uint32_t)f->bits - 1)) >> low;
  uint64_t field = body >> fraction_bits, fraction = body & form_ones((uint32_t)fraction_bits);
  uint64_t top = form_ones((uint32_t)(f->bits - 1 - low - fraction_bits));
  double value = ldexp((double)fraction, f->exponent_min - fraction_bits);
  if (field > 0)
    value = ldexp((double)(fraction | 1ull << fraction_bits), (int)field - 1 + f->exponent_min - fraction_bits);
  bool ieee = f->bits >= 16 || strcmp(f->name, "e5m2") == 0;
  if (ieee && field == top) value = fraction == 0 ? (double)INFINITY : (double)NAN;
  if (strcmp(f->name, "e4m3") == 0 && body == 0x7f) value = (double)NAN;
  return sign != 0 ? -value : value;
}

enum direction { NEAREST, ZERO, DOWN, UP, AWAY }; /* AWAY: nearest, ties away from zero */

static enum direction direction_of(const struct form_call *c)
{
  static const struct {
    const char *word;
    enum direction direction;
  } words[] = {{"rz", ZERO}, {"rzi", ZERO}, {"rm", DOWN}, {"rmi", DOWN}, {"rp", UP}, {"rpi", UP}, {"rna", AWAY}};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (form_has(c, words[i].word)) return words[i].direction;
  return NEAREST;
}

/* A magnitude in units, rounded to a whole number of them. */
static double round_units(double units, bool negative, enum direction direction)
{
  double down = floor(units), rest = units - down;
  bool up = direction == UP     ? !negative && rest > 0
            : direction == DOWN ? negative && rest > 0
            : direction == ZERO ? false
            : direction == AWAY ? rest >= 0.5
                                : rest > 0.5 || (rest == 0.5 && fmod(down, 2) == 1);
  return down + (up ? 1 : 0);
}

/* A double that is exact, or odd, to the bits of a format. finite: what is too large becomes the largest. */
static uint64_t encode(const struct float_format *f, double value, enum direction direction, bool finite)
{
  if (isnan(value)) return f->nan;
  if (f->bits == 64) return bits_of(value);
  int low = strcmp(f->name, "tf32") == 0 ? 13 : 0, fraction_bits = f->precision - 1;
  bool negative = signbit(value) != 0, ieee = f->bits >= 16 || strcmp(f->name, "e5m2") == 0;
  uint64_t sign = negative ? 1ull << (f->bits - 1) : 0;
  double magnitude = fabs(value), rounded = magnitude;
  if (magnitude > 0 && !isinf(magnitude)) {
    int exponent = ilogb(magnitude);
    if (exponent < f->exponent_min) exponent = f->exponent_min;
    rounded =
        ldexp(round_units(ldexp(magnitude, fraction_bits - exponent), negative, direction), exponent - fraction_bits);
  }
  if (rounded > f->largest) {
    bool stays =
        !isinf(magnitude) && (direction == ZERO || (direction == DOWN && !negative) || (direction == UP && negative));
    if (!finite && !stays && !ieee) return f->nan;
    if (!finite && !stays)
      return sign | form_ones((uint32_t)(f->bits - 1 - low - fraction_bits)) << (fraction_bits + low);
    rounded = f->largest;
  }
  uint64_t body = 0;
  if (rounded > 0) {
    int exponent = ilogb(rounded), field = exponent - f->exponent_min + 1;
    if (field < 1) field = 0, exponent = f->exponent_min;
    uint64_t significand = (uint64_t)ldexp(rounded, fraction_bits - exponent);
    body = ((uint64_t)field << fraction_bits) + (field > 0 ? significand - (1ull << fraction_bits) : significand);
  }
  return sign | body << low;
}

/* --- arithmetic --- */

/* x · y + z, x / y or √x: in double, rounded to odd; in f64 as the direction says. volatile: not before or after the change of it. */
enum calculation { PRODUCT_SUM, SUM, QUOTIENT, ROOT };
static double calculate(enum calculation what, double x, double y, double z, bool odd, enum direction direction)
{
  static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD, FE_TONEAREST};
  volatile double a = x, b = y, c = z, r;
  fesetround(odd ? FE_TOWARDZERO : modes[direction]);
  feclearexcept(FE_ALL_EXCEPT);
  r = what == PRODUCT_SUM ? fma(a, b, c) : what == SUM ? a + c : what == QUOTIENT ? a / b : sqrt(a);
  bool inexact = fetestexcept(FE_INEXACT) != 0;
  fesetround(FE_TONEAREST);
  double result = r;
  if (odd && inexact && isfinite(result)) result = double_of(bits_of(result) | 1);
  /* Toward zero an exact zero sum is +0, which rounding to nearest agrees with, and rounding down does not. */
  if (odd && result == 0 && !inexact && direction == DOWN && what != QUOTIENT && what != ROOT) {
    double p = what == SUM ? x : x * y;
    bool both = signbit(p) == signbit(z);
    result = both ? (signbit(z) ? -0.0 : 0.0) : -0.0;
  }
  return result;
}

static uint64_t flush_bits(const struct float_format *f, uint64_t bits)
{
  uint64_t body = bits & form_ones((uint32_t)f->bits - 1), smallest = 1ull << (f->precision - 1);
  return body < smallest ? bits & 1ull << (f->bits - 1) : bits;
}

static bool is_nan_bits(const struct float_format *f, uint64_t bits)
{
  return isnan(decode(f, bits & form_ones((uint32_t)f->bits)));
}

/* .ftz, then .sat (NaN to +0) or .relu (NaN stays). */
static uint64_t finish(const struct form_call *c, const struct float_format *f, uint64_t bits)
{
  if (form_has(c, "ftz")) bits = flush_bits(f, bits);
  double value = decode(f, bits);
  if (form_has(c, "sat"))
    return isnan(value) || value <= 0 || signbit(value) ? 0 : value > 1 ? encode(f, 1, NEAREST, false) : bits;
  if (form_has(c, "relu") && (value < 0 || (value == 0 && signbit(value)))) return 0;
  return bits;
}

static uint64_t float_scalar(const struct form_call *c, const struct float_format *f, const uint64_t bits[3])
{
  const char *op = c->word[0];
  double x[3];
  for (int i = 0; i < 3; i++) x[i] = decode(f, form_has(c, "ftz") ? flush_bits(f, bits[i]) : bits[i]);
  enum direction direction = direction_of(c);
  bool odd = f->bits < 64;
  double r;
  if (strcmp(op, "add") == 0)
    r = calculate(SUM, x[0], 1, x[1], odd, direction);
  else if (strcmp(op, "sub") == 0)
    r = calculate(SUM, x[0], 1, -x[1], odd, direction);
  else if (strcmp(op, "mul") == 0)
    r = calculate(PRODUCT_SUM, x[0], x[1], signbit(x[0]) != signbit(x[1]) ? -0.0 : 0.0, odd, direction);
  else if (strcmp(op, "div") == 0)
    r = calculate(QUOTIENT, x[0], x[1], 0, odd, direction);
  else if (strcmp(op, "rcp") == 0)
    r = calculate(QUOTIENT, 1, x[0], 0, odd, direction);
  else if (strcmp(op, "sqrt") == 0)
    r = calculate(ROOT, x[0], 0, 0, odd, direction);
  else
    r = calculate(PRODUCT_SUM, x[0], x[1], x[2], odd, direction); /* fma, mad */
  return finish(c, f, encode(f, r, direction, false));
}

/* Applied to each element of a packed type. */
static uint64_t elementwise(const struct form_call *c,
                            uint64_t (*scalar)(const struct form_call *, const struct float_format *, const uint64_t *))
{
  const struct float_format *f = format_of(c->t);
  uint32_t bits = (uint32_t)f->bits;
  uint64_t r = 0;
  for (uint32_t at = 0; at < c->t->bits; at += bits) {
    uint64_t part_of[3];
    for (int i = 0; i < 3; i++) part_of[i] = c->a[i] >> at & form_ones(bits);
    r |= scalar(c, f, part_of) << at;
  }
  return r;
}

static uint64_t form_float(const struct form_call *c, uint64_t *second)
{
  (void)second;
  return elementwise(c, float_scalar);
}

/* add, sub, fma .f32.f16: the first source, or two, of the second type. */
static uint64_t form_mixed(const struct form_call *c, uint64_t *second)
{
  (void)second;
  const struct float_format *f = format_of(c->t), *narrow = format_of(c->u);
  bool fma_op = strcmp(c->word[0], "fma") == 0;
  double x = decode(narrow, c->a[0] & 0xffff), y = fma_op ? decode(narrow, c->a[1] & 0xffff) : 1;
  double z = decode(f, c->a[fma_op ? 2 : 1] & 0xffffffff);
  if (strcmp(c->word[0], "sub") == 0) z = -z;
  enum direction direction = direction_of(c);
  return finish(c, f, encode(f, calculate(PRODUCT_SUM, x, y, z, true, direction), direction, false));
}

/* −0 is below +0; of a number and a NaN the number, with .NaN the NaN. */
static uint64_t min_max_pair(const struct form_call *c, const struct float_format *f, uint64_t a, uint64_t b)
{
  bool nan_a = is_nan_bits(f, a), nan_b = is_nan_bits(f, b), min = strcmp(c->word[0], "min") == 0;
  if ((nan_a && nan_b) || (form_has(c, "NaN") && (nan_a || nan_b))) return f->nan;
  if (nan_a || nan_b) return nan_a ? b : a;
  double x = decode(f, a), y = decode(f, b);
  bool a_below = x < y || (x == y && signbit(x) && !signbit(y));
  return a_below == min ? a : b;
}

static uint64_t min_max_scalar(const struct form_call *c, const struct float_format *f, const uint64_t bits[3])
{
  uint64_t a[3], sign = 1ull << (f->bits - 1);
  for (int i = 0; i < 3; i++) {
    a[i] = form_has(c, "ftz") ? flush_bits(f, bits[i]) : bits[i];
    if (form_has(c, "abs")) a[i] &= ~sign;
  }
  uint64_t r = min_max_pair(c, f, a[0], a[1]);
  if (form_has(c, "xorsign") && !is_nan_bits(f, r)) r |= (bits[0] ^ bits[1]) & sign;
  return r;
}

static uint64_t form_min_max(const struct form_call *c, uint64_t *second)
{
  (void)second;
  return elementwise(c, min_max_scalar);
}

static uint64_t form_min_max_3(const struct form_call *c, uint64_t *second)
{
  struct form_call again = *c;
  again.a[0] = form_min_max(c, second);
  again.a[1] = c->a[2];
  return form_min_max(&again, second);
}

static uint64_t sign_scalar(const struct form_call *c, const struct float_format *f, const uint64_t bits[3])
{
  uint64_t sign = 1ull << (f->bits - 1), a = form_has(c, "ftz") ? flush_bits(f, bits[0]) : bits[0];
  if (strcmp(c->word[0], "copysign") == 0) return (a & sign) | (bits[1] & ~sign & form_ones((uint32_t)f->bits));
  return strcmp(c->word[0], "abs") == 0 ? a & ~sign : a ^ sign;
}

static uint64_t form_sign(const struct form_call *c, uint64_t *second)
{
  (void)second;
  return elementwise(c, sign_scalar);
}

static uint64_t form_testp(const struct form_call *c, uint64_t *second)
{
  (void)second;
  double x = decode(format_of(c->t), c->a[0]);
  double smallest = c->t->bits == 32 ? 0x1p-126 : 0x1p-1022;
  if (form_has(c, "finite")) return isfinite(x) != 0;
  if (form_has(c, "infinite")) return isinf(x) != 0;
  if (form_has(c, "number")) return isnan(x) == 0;
  if (form_has(c, "notanumber")) return isnan(x) != 0;
  if (form_has(c, "normal")) return isfinite(x) && fabs(x) >= smallest;
  return x != 0 && fabs(x) < smallest;
}

/* --- comparisons --- */

static bool float_compare(const struct form_call *c, double x, double y)
{
  bool unordered = isnan(x) || isnan(y);
  const char *op = c->word[1];
  if (strcmp(op, "num") == 0) return !unordered;
  if (strcmp(op, "nan") == 0) return unordered;
  if (unordered) return strlen(op) == 3; /* equ, neu … */
  bool holds[] = {x == y, x != y, x<y, x <= y, x> y, x >= y};
  static const char *const names[] = {"eq", "ne", "lt", "le", "gt", "ge"};
  for (int i = 0; i < 6; i++)
    if (strncmp(op, names[i], 2) == 0) return holds[i];
  return false;
}

static double operand(const struct form_call *c, const struct form_type *type, uint64_t bits)
{
  const struct float_format *f = format_of(type);
  bits &= form_ones((uint32_t)f->bits);
  return decode(f, form_has(c, "ftz") ? flush_bits(f, bits) : bits);
}

static uint64_t form_float_setp(const struct form_call *c, uint64_t *second)
{
  bool third = c->a[2] & 1, holds = float_compare(c, operand(c, c->t, c->a[0]), operand(c, c->t, c->a[1]));
  if (strstr(c->t->name, "x2") != NULL) { /* p: the low halves; q: the high ones */
    *second = combine(c, float_compare(c, operand(c, c->t, c->a[0] >> 16), operand(c, c->t, c->a[1] >> 16)), third);
    return combine(c, holds, third);
  }
  *second = combine(c, !holds, third);
  return combine(c, holds, third);
}

/* 1.0 or all ones; of packed sources a half each. */
static uint64_t form_float_set(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint64_t r = 0;
  bool packed = strstr(c->u->name, "x2") != NULL, third = c->a[2] & 1;
  for (int half = 0; half < (packed ? 2 : 1); half++) {
    bool holds = combine(
        c, float_compare(c, operand(c, c->u, c->a[0] >> 16 * half), operand(c, c->u, c->a[1] >> 16 * half)), third);
    uint64_t yes = packed ? 0xffff : UINT64_MAX;
    if (c->t->class == FORM_FLOAT) yes = encode(format_of(c->t), 1, NEAREST, false);
    if (holds) r |= yes << 16 * half;
  }
  return r;
}

static uint64_t form_float_slct(const struct form_call *c, uint64_t *second)
{
  (void)second;
  return operand(c, c->u, c->a[2]) >= 0 ? c->a[0] : c->a[1];
}

/* --- approximate: the exact value and the ISA's bound --- */

static double ulp_of(const struct float_format *f, double value)
{
  int exponent = value == 0 || !isfinite(value) ? f->exponent_min : ilogb(value);
  return ldexp(1, (exponent < f->exponent_min ? f->exponent_min : exponent) - f->precision + 1);
}

static uint64_t form_approx(const struct form_call *c, uint64_t *second)
{
  const struct float_format *f = format_of(c->t);
  const char *op = c->word[0];
  double x = operand(c, c->t, c->a[0]), y = operand(c, c->t, c->a[1]), r, bound;
  if (strcmp(op, "ex2") == 0)
    r = exp2(x), bound = f->bits == 32 ? 2 * ulp_of(f, r) : fabs(r) * (f->precision == 11 ? 0x1.2p-10 : 0x1p-7);
  else if (strcmp(op, "lg2") == 0)
    r = log2(x), bound = fmax(0x1p-22, fabs(r) * 0x1.5p-23);
  else if (strcmp(op, "sin") == 0)
    r = sin(x), bound = fabs(x) <= 6.2831853 ? 0x1.6p-21 : 2;
  else if (strcmp(op, "cos") == 0)
    r = cos(x), bound = fabs(x) <= 6.2831853 ? 0x1.6p-21 : 2;
  else if (strcmp(op, "tanh") == 0)
    r = tanh(x), bound = f->bits == 32 ? fabs(r) * 0x1p-11 : f->precision == 11 ? 0x1.03p-11 : 0x1p-8;
  else if (strcmp(op, "rsqrt") == 0)
    r = 1 / sqrt(x), bound = fabs(r) * (f->bits == 32 ? 0x1.2p-23 : 0x1p-19);
  else if (strcmp(op, "sqrt") == 0)
    r = sqrt(x), bound = fabs(r) * 0x1p-23;
  else if (strcmp(op, "rcp") == 0)
    r = 1 / x, bound = f->bits == 32 ? ulp_of(f, r) : fabs(r) * 0x1p-20;
  else
    r = x / y, bound = 2 * ulp_of(f, r); /* div */
  /* div.approx multiplies by a reciprocal, which is 0 above 2^126. */
  if (strcmp(op, "div") == 0 && form_has(c, "approx") && fabs(y) > 0x1p126 && isfinite(y))
    r = isinf(x) ? (double)NAN : x / y * 0;
  if (fabs(r) > f->largest) r = signbit(r) ? -(double)INFINITY : (double)INFINITY;
  if (form_has(c, "ftz") && f->bits != 16 && fabs(r) < ldexp(1, f->exponent_min)) bound += ldexp(1, f->exponent_min);
  /* No result is nearer than half of the last place. */
  bound += ulp_of(f, r) / 2;
  *second = bits_of(bound);
  return bits_of(r);
}

#define ROUND         "{.rn,.rz,.rm,.rp}"
#define ROUND_OR_NONE "{.rn,.rz,.rm,.rp,}"
#define RELATIONS     "{eq,ne,lt,le,gt,ge,equ,neu,ltu,leu,gtu,geu,num,nan}"
static const struct form forms_float[] = {
    {"{add,sub,mul}" ROUND_OR_NONE "{.ftz,}{.sat,}.f32", "t=t,t", .expect = form_float},
    {"{add,sub,mul}" ROUND_OR_NONE ".f64", "t=t,t", .expect = form_float, .judge = FORM_ANY_NAN},
    {"{add,sub,mul}" ROUND_OR_NONE "{.ftz,}.f32x2", "t=t,t", .expect = form_float},
    {"{add,sub,mul}{.rn,}{.ftz,}{.sat,}.{f16,f16x2}", "t=t,t", .expect = form_float},
    {"{add,sub,mul}{.rn,}.{bf16,bf16x2}", "t=t,t", .expect = form_float},
    {"{add,sub}" ROUND_OR_NONE "{.sat,}.f32.{f16,bf16}", "t=u,t", .expect = form_mixed},
    {"fma" ROUND "{.sat,}.f32.{f16,bf16}", "t=u,u,t", .expect = form_mixed},
    {"fma" ROUND "{.ftz,}{.sat,}.f32", "t=t,t,t", .expect = form_float},
    {"fma" ROUND "{.ftz,}.f32x2", "t=t,t,t", .expect = form_float},
    {"fma" ROUND ".f64", "t=t,t,t", .expect = form_float, .judge = FORM_ANY_NAN},
    {"fma.rn{.ftz,}{.sat,.relu,}.{f16,f16x2}", "t=t,t,t", .expect = form_float},
    {"fma.rn{.relu,}.{bf16,bf16x2}", "t=t,t,t", .expect = form_float},
    {"mad" ROUND_OR_NONE "{.ftz,}{.sat,}.f32", "t=t,t,t", .expect = form_float},
    {"mad" ROUND ".f64", "t=t,t,t", .expect = form_float, .judge = FORM_ANY_NAN},
    {"div" ROUND "{.ftz,}.f32", "t=t,t", .expect = form_float},
    {"div" ROUND ".f64", "t=t,t", .expect = form_float, .judge = FORM_ANY_NAN},
    {"{rcp,sqrt}" ROUND "{.ftz,}.f32", "t=t", .expect = form_float},
    {"{rcp,sqrt}" ROUND ".f64", "t=t", .expect = form_float, .judge = FORM_ANY_NAN},
    {"{min,max}{.ftz,}{.NaN,}{.xorsign.abs,}.{f32,f16,f16x2}", "t=t,t", .expect = form_min_max},
    {"{min,max}{.NaN,}{.xorsign.abs,}.{bf16,bf16x2}", "t=t,t", .expect = form_min_max},
    {"{min,max}{.ftz,}{.NaN,}{.abs,}.f32", "t=t,t,t", .expect = form_min_max_3},
    {"{min,max}.f64", "t=t,t", .expect = form_min_max, .judge = FORM_ANY_NAN},
    {"{abs,neg}{.ftz,}.{f32,f16,f16x2}", "t=t", .expect = form_sign},
    {"{abs,neg}.{bf16,bf16x2,f64}", "t=t", .expect = form_sign},
    {"copysign.{f32,f64}", "t=t,t", .expect = form_sign},
    {"testp.{finite,infinite,number,notanumber,normal,subnormal}.{f32,f64}", "p=t", .expect = form_testp},
    {"setp." RELATIONS "{.ftz,}.f32", "p|p=t,t", .expect = form_float_setp},
    {"setp." RELATIONS ".{f64,bf16,bf16x2}", "p|p=t,t", .expect = form_float_setp},
    {"setp." RELATIONS "{.ftz,}.{f16,f16x2}", "p|p=t,t", .expect = form_float_setp},
    {"setp." RELATIONS ".{and,or,xor}{.ftz,}.f32", "p|p=t,t,p", .expect = form_float_setp},
    {"setp.{lt,equ}.{and,or,xor}.{f64,f16,bf16,f16x2,bf16x2}", "p|p=t,t,p", .expect = form_float_setp},
    {"set." RELATIONS "{.ftz,}.{u32,s32,f32}.f32", "t=u,u", .expect = form_float_set},
    {"set." RELATIONS ".{u32,s32,f32}.f64", "t=u,u", .expect = form_float_set},
    {"set." RELATIONS ".{and,or,xor}{.ftz,}.{u32,s32,f32}.f32", "t=u,u,p", .expect = form_float_set},
    {"set.lt.and.f32.f64", "t=u,u,p", .expect = form_float_set},
    {"set." RELATIONS "{.ftz,}.{f16,u16,s16,u32,s32,f32}.f16", "t=u,u", .expect = form_float_set},
    {"set." RELATIONS ".{bf16,u16,s16,u32,s32,f32}.bf16", "t=u,u", .expect = form_float_set},
    {"set." RELATIONS "{.ftz,}.{f16x2,u32,s32}.f16x2", "t=u,u", .expect = form_float_set},
    {"set." RELATIONS ".{bf16x2,u32,s32}.bf16x2", "t=u,u", .expect = form_float_set},
    {"set." RELATIONS ".{and,or,xor}{.ftz,}.{f16,u16,s16,u32,s32,f32}.f16", "t=u,u,p", .expect = form_float_set},
    {"set.{gt,neu}.{and,or,xor}.{f16x2,u32,s32}.f16x2", "t=u,u,p", .expect = form_float_set},
    {"set.{gt,neu}.{and,or,xor}.{bf16,u16,s16,u32,s32,f32}.bf16", "t=u,u,p", .expect = form_float_set},
    {"set.{gt,neu}.{and,or,xor}.{bf16x2,u32}.bf16x2", "t=u,u,p", .expect = form_float_set},
    {"slct{.ftz,}." MOVES ".f32", "t=t,t,u", .expect = form_float_slct},
    {"{ex2,lg2,sin,cos,rcp,rsqrt,sqrt}.approx{.ftz,}.f32", "t=t", .expect = form_approx, .judge = FORM_NEAR},
    {"tanh.approx.{f32,f16,bf16}", "t=t", .expect = form_approx, .judge = FORM_NEAR},
    {"{ex2,tanh}.approx.f16x2", "t=t", .expect = form_approx, .judge = FORM_NEAR},
    {"tanh.approx.bf16x2", "t=t", .expect = form_approx, .judge = FORM_NEAR},
    {"ex2.approx.f16", "t=t", .expect = form_approx, .judge = FORM_NEAR},
    {"ex2.approx.ftz.{bf16,bf16x2}", "t=t", .expect = form_approx, .judge = FORM_NEAR},
    {"rsqrt.approx{.ftz,}.f64", "t=t", .expect = form_approx, .judge = FORM_NEAR},
    {"rcp.approx.ftz.f64", "t=t", .expect = form_approx, .judge = FORM_NEAR},
    {"div.{approx,full}{.ftz,}.f32", "t=t,t", .expect = form_approx, .judge = FORM_NEAR},
};

#endif
