/* tests of harness/dtype.c and the conversions of tokmark/dtype.h */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "tokmark/dtype.h"

Test(dtype, names_go_both_ways)
{
  static const struct {
    enum tmk_dtype dtype;
    const char *name;
  } rows[] = {
      {TMK_DTYPE_F64, "f64"},     {TMK_DTYPE_F32, "f32"},    {TMK_DTYPE_BF16, "bf16"},
      {TMK_DTYPE_F16, "f16"},     {TMK_DTYPE_F8E4M3, "fp8"}, {TMK_DTYPE_NVFP4, "nvfp4"},
      {TMK_DTYPE_MXFP4, "mxfp4"}, {TMK_DTYPE_I8, "i8"},      {TMK_DTYPE_I4, "i4"},
      {TMK_DTYPE_I32, "i32"},
  };
  cr_assert_eq(sizeof rows / sizeof rows[0], TMK_DTYPE_COUNT - 1);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cr_expect_str_eq(tmk_dtype_name(rows[i].dtype), rows[i].name);
    cr_expect_eq(tmk_dtype_from_name(rows[i].name), rows[i].dtype, "%s", rows[i].name);
  }
}

Test(dtype, unknown_names_are_none)
{
  static const char *const names[] = {"", "none", "BF16", "bf16 ", "float", "fp", NULL};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    cr_expect_eq(tmk_dtype_from_name(names[i]), TMK_DTYPE_NONE);
  cr_expect_str_eq(tmk_dtype_name(TMK_DTYPE_NONE), "none");
  cr_expect_str_eq(tmk_dtype_name(TMK_DTYPE_COUNT), "none");
  cr_expect_eq(tmk_dtype_get(TMK_DTYPE_NONE)->bits, 0);
}

/* The mantissa of a format and its unit roundoff by experiment: 1 + 2^-m is a value of it, 1 + 2^-(m+1) is not. */
Test(dtype, mantissa_bits)
{
  cr_expect_eq(tmk_dtype_get(TMK_DTYPE_F64)->mantissa_bits, 52);
  volatile float f32_ulp = 1.0f + 0x1p-23f, f32_half = 1.0f + 0x1p-24f;
  cr_expect(f32_ulp > 1.0f && f32_half == 1.0f);
  cr_expect_eq(tmk_dtype_get(TMK_DTYPE_F32)->mantissa_bits, 23);
  int m = tmk_dtype_get(TMK_DTYPE_BF16)->mantissa_bits;
  cr_expect_gt(tmk_bf16_to_f32(tmk_f32_to_bf16(1.0f + ldexpf(1, -m))), 1.0f);
  cr_expect_eq(tmk_bf16_to_f32(tmk_f32_to_bf16(1.0f + ldexpf(1, -m - 1))), 1.0f, "a tie goes to even");
  cr_expect_eq(tmk_dtype_get(TMK_DTYPE_F16)->mantissa_bits, 10);
  cr_expect_eq(tmk_dtype_get(TMK_DTYPE_F8E4M3)->mantissa_bits, 3);
  cr_expect_eq(tmk_dtype_get(TMK_DTYPE_NVFP4)->mantissa_bits, 1);
  cr_expect_eq(tmk_dtype_get(TMK_DTYPE_MXFP4)->mantissa_bits, 1);
}

Test(dtype, bytes_worked_by_hand)
{
  static const struct {
    enum tmk_dtype dtype;
    int64_t elements, bytes;
  } rows[] = {
      {TMK_DTYPE_F64, 3, 24},
      {TMK_DTYPE_F32, 3, 12},
      {TMK_DTYPE_BF16, 3, 6},
      {TMK_DTYPE_F16, 1, 2},
      {TMK_DTYPE_F8E4M3, 7, 7},
      {TMK_DTYPE_I8, 9, 9},
      {TMK_DTYPE_I32, 9, 36},
      {TMK_DTYPE_NVFP4, 16, 8 + 1},
      {TMK_DTYPE_NVFP4, 17, 9 + 2}, /* 8.5 bytes of elements, a second block begun */
      {TMK_DTYPE_NVFP4, 1, 1 + 1},
      {TMK_DTYPE_NVFP4, 1600, 900}, /* 4.5 bits an element */
      {TMK_DTYPE_MXFP4, 32, 16 + 1},
      {TMK_DTYPE_MXFP4, 33, 17 + 2},
      {TMK_DTYPE_MXFP4, 3200, 1700}, /* 4.25 bits an element */
      {TMK_DTYPE_BF16, 8030261248, 16060522496},
      {TMK_DTYPE_NONE, 5, 0},
      {TMK_DTYPE_F32, 0, 0},
      {TMK_DTYPE_F32, -1, 0},
      {TMK_DTYPE_F8E4M3, INT64_MAX, INT64_MAX},
      {TMK_DTYPE_F32, INT64_MAX / 4, INT64_MAX - 3},
      {TMK_DTYPE_F32, INT64_MAX / 4 + 1, INT64_MAX}, /* saturates */
      {TMK_DTYPE_F64, INT64_MAX, INT64_MAX},
      /* (2^63 − 1) ÷ 2 rounded up = 2^62, and 2^63 ÷ 16 = 2^59 scales */
      {TMK_DTYPE_NVFP4, INT64_MAX, ((int64_t)1 << 62) + ((int64_t)1 << 59)},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cr_expect_eq(tmk_dtype_bytes(rows[i].dtype, rows[i].elements), rows[i].bytes, "%s × %lld: %lld, not %lld",
                 tmk_dtype_name(rows[i].dtype), (long long)rows[i].elements,
                 (long long)tmk_dtype_bytes(rows[i].dtype, rows[i].elements), (long long)rows[i].bytes);
  }
}

static float bits_to_float(uint32_t bits)
{
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Every bf16 and its neighbourhood: exact values stay, halves go to the even neighbour, beyond a half up. */
Test(dtype, bf16_rounds_to_nearest_even_everywhere)
{
  for (uint32_t upper = 0; upper < 0x10000; upper++) {
    float exact = bits_to_float(upper << 16);
    if (isnan(exact)) {
      uint16_t back = tmk_f32_to_bf16(exact);
      cr_assert(isnan(tmk_bf16_to_f32(back)), "NaN 0x%04x became 0x%04x", upper, back);
      continue;
    }
    cr_assert_eq(tmk_f32_to_bf16(exact), upper);
    if (isinf(exact)) continue;
    cr_assert_eq(tmk_f32_to_bf16(bits_to_float((upper << 16) + 0x7fff)), upper);
    cr_assert_eq(tmk_f32_to_bf16(bits_to_float((upper << 16) + 0x8000)), (upper + 1) & ~1u);
    cr_assert_eq(tmk_f32_to_bf16(bits_to_float((upper << 16) + 0x8001)), upper + 1);
  }
}

Test(dtype, bf16_nan_with_only_low_bits_stays_nan)
{
  cr_expect(isnan(tmk_bf16_to_f32(tmk_f32_to_bf16(bits_to_float(0x7f800001)))));
  cr_expect(isnan(tmk_bf16_to_f32(tmk_f32_to_bf16(bits_to_float(0xff800001)))));
  cr_expect(isnan(tmk_bf16_to_f32(tmk_f32_to_bf16(bits_to_float(0x7fffffff)))));
}

/* The magnitudes of a narrow format, ascending, from its definition in words: fractions of 2^m between powers of two. */
static int magnitudes(int exponents, int mantissa_bits, double least_normal, double *values)
{
  int count = 0;
  for (int m = 0; m < 1 << mantissa_bits; m++) values[count++] = least_normal * m / (1 << mantissa_bits);
  for (int e = 0; e < exponents; e++) {
    for (int m = 0; m < 1 << mantissa_bits; m++) {
      values[count++] = least_normal * (double)(1 << e) * (1 + (double)m / (1 << mantissa_bits));
    }
  }
  return count;
}

/* Every value, every tie and both sides of it, beyond the largest: bits of `from` and values of `value` for both signs. */
static void expect_format(const double *values, int count, int sign_bit, uint8_t (*from)(double),
                          double (*value)(uint8_t))
{
  for (int i = 0; i < count; i++) {
    for (int sign = 0; sign < 2; sign++) {
      const double s = sign ? -1 : 1, exact = s * values[i];
      const int bits = i | sign << sign_bit;
      cr_assert_eq(from(exact), bits, "%g: 0x%02x, not 0x%02x", exact, from(exact), bits);
      cr_assert_eq(value((uint8_t)bits), exact);
      cr_assert_eq(signbit(value((uint8_t)bits)) != 0, sign, "0x%02x", bits);
      if (i + 1 == count) continue;
      const double tie = (values[i] + values[i + 1]) / 2, tiny = ldexp(values[count - 1], -60);
      cr_assert_eq(from(s * tie), (i + i % 2) | sign << sign_bit, "tie %g", s * tie);
      cr_assert_eq(from(s * (tie - tiny - tie * 0x1p-50)), bits, "below tie %g", s * tie);
      cr_assert_eq(from(s * (tie + tiny + tie * 0x1p-50)), bits + 1, "above tie %g", s * tie);
    }
  }
  const double beyond[] = {values[count - 1] * 1.01, values[count - 1] * 1.1, 1e30, INFINITY};
  for (int i = 0; i < 4; i++) {
    cr_expect_eq(from(beyond[i]), count - 1, "%g", beyond[i]);
    cr_expect_eq(from(-beyond[i]), (count - 1) | 1 << sign_bit, "%g", -beyond[i]);
  }
}

/* 2^-6 … 448: 16 binades of 8, without the last value, which is NaN; 2^-9 … below it. */
Test(dtype, e4m3_everywhere)
{
  double values[200];
  const int count = magnitudes(15, 3, 0x1p-6, values) - 1;
  cr_assert_eq(count, 0x7f);
  cr_expect_eq(values[count - 1], 448);
  cr_expect_eq(values[1], 0x1p-9);
  expect_format(values, count, 7, tmk_e4m3_from, tmk_e4m3_value);
  cr_expect(isnan(tmk_e4m3_value(0x7f)) && isnan(tmk_e4m3_value(0xff)));
  cr_expect_eq(tmk_e4m3_from((double)NAN), 0x7f);
  for (int i = 0; i < count; i++) {
    double rounded = 0;
    cr_assert(tmk_dtype_round(TMK_DTYPE_F8E4M3, values[i] * (1 + 0x1p-5), &rounded));
    cr_assert_eq(rounded, tmk_e4m3_value(tmk_e4m3_from(values[i] * (1 + 0x1p-5))));
  }
}

Test(dtype, e2m1_everywhere)
{
  static const double values[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  double computed[16];
  cr_expect_eq(magnitudes(3, 1, 1, computed), 8);
  cr_expect_arr_eq(computed, values, sizeof values);
  expect_format(values, 8, 3, tmk_e2m1_from, tmk_e2m1_value);
  cr_expect_eq(tmk_e2m1_from((double)NAN), 7, "it has no NaN");
  cr_expect_eq(tmk_e2m1_value(0xf1), 0.5, "only the lower half counts");
}

Test(dtype, every_f16_comes_back_and_halves_go_to_even)
{
  for (uint32_t bits = 0; bits < 0x10000; bits++) {
    const float value = tmk_f16_to_f32((uint16_t)bits);
    if (isnan(value)) {
      cr_assert((bits & 0x7fffu) > 0x7c00u);
      cr_assert((tmk_f32_to_f16(value) & 0x7fffu) > 0x7c00u);
      continue;
    }
    cr_assert_eq(tmk_f32_to_f16(value), bits, "%04x", bits);
    if ((bits & 0x7fffu) >= 0x7bffu) continue;
    const float next = tmk_f16_to_f32((uint16_t)(bits + 1)), half = (value + next) / 2; /* exact in float32 */
    cr_assert_eq(tmk_f32_to_f16(half), bits % 2 == 0 ? bits : bits + 1, "%04x", bits);
    cr_assert_eq(tmk_f32_to_f16(nextafterf(half, value)), bits, "%04x", bits);
    cr_assert_eq(tmk_f32_to_f16(nextafterf(half, next)), bits + 1, "%04x", bits);
  }
  cr_expect_eq(tmk_f16_to_f32(0x3c00), 1.0f);
  cr_expect_eq(tmk_f16_to_f32(0x7bff), 65504.0f);
  cr_expect_eq(tmk_f16_to_f32(0x0001), 0x1p-24f);
  cr_expect_eq(tmk_f32_to_f16(65519.996f), 0x7bff);
  cr_expect_eq(tmk_f32_to_f16(-65520.0f), 0xfc00);
}
