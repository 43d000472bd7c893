/* test_quantise.c: rounding with scales against values worked by hand and against its definition (tokmark/quantise.h). */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tokmark/plan.h"
#include "tokmark/quantise.h"

static struct tmk_tensor weight(enum tmk_dtype dtype, int64_t rows, int64_t cols, float scale)
{
  return (struct tmk_tensor){.id = 7,
                             .role = TMK_ROLE_WEIGHT,
                             .dtype = dtype,
                             .rank = 2,
                             .dims = {rows, cols},
                             .global_dims = {rows, cols},
                             .fill_scale = scale};
}

/* The least power of two that nothing saturates by: both sides of each step. */
Test(quantise, scales)
{
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_F8E4M3, 448), 1);
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_F8E4M3, 448.0001f), 2);
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_F8E4M3, 224), 0.5f);
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_F8E4M3, 0.0270632938f), 0x1p-14f); /* sqrt(3/4096): × 2¹⁴ = 443.4 */
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_NVFP4, 2688), 1);
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_NVFP4, 2689), 2);
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_NVFP4, 1344), 0.5f);
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_I8, 127), 1);
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_I8, 127.0001f), 2);
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_I4, 1000), 1);
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_F8E4M3, 0), 1);
  cr_expect_eq(tmk_quantise_scale(TMK_DTYPE_BF16, 1000), 1);
  cr_expect_eq(tmk_quantise_x_scale(TMK_DTYPE_F8E4M3), 0x1p-4f);
  cr_expect_eq(tmk_quantise_x_scale(TMK_DTYPE_NVFP4), 0x1p-6f);
  cr_expect_eq(tmk_quantise_x_scale(TMK_DTYPE_BF16), 1);
  cr_expect(tmk_quantises_x(TMK_DTYPE_F8E4M3) && tmk_quantises_x(TMK_DTYPE_NVFP4) && !tmk_quantises_x(TMK_DTYPE_BF16));
  cr_expect(tmk_quantises_x(TMK_DTYPE_I8) && tmk_quantises_x(TMK_DTYPE_I4));
  cr_expect(tmk_quantises_rows(TMK_DTYPE_I8) && tmk_quantises_rows(TMK_DTYPE_I4) && !tmk_quantises_rows(TMK_DTYPE_NVFP4));
}

/* With scale 1/8: ties go to the even integer, 127 eighths are 15.875, and more saturates. */
Test(quantise, i8_row_worked_by_hand)
{
  const float values[] = {1, 0.0625f, 0.1875f, 0.3125f, -0.0625f, 15.875f, 15.95f, -16, -1000, 0};
  const double expected[] = {1, 0, 0.25, 0.25, 0, 15.875, 15.875, -15.875, -15.875, 0};
  double logical[10];
  tmk_quantise_row(TMK_DTYPE_I8, 0.125f, 10, values, logical);
  for (int i = 0; i < 10; i++) cr_expect_eq(logical[i], expected[i], "%g: %g", (double)values[i], logical[i]);
}

/* First block: largest 7, so b = 1. Second, shorter: largest 0.7, b = f16(0.1) = 0.0999755859375, of which 0.26 is 2.6. */
Test(quantise, i4_row_worked_by_hand)
{
  enum { COUNT = 32 + 3 };
  float values[COUNT] = {7, 0.5f, 1.5f, -2.5f, -3.51f, 6.6f, -7};
  const double first[] = {7, 0, 2, -2, -4, 7, -7};
  double logical[COUNT];
  values[32] = -0.7f;
  values[33] = 0.26f;
  tmk_quantise_row(TMK_DTYPE_I4, 1, COUNT, values, logical);
  for (int i = 0; i < 7; i++) cr_expect_eq(logical[i], first[i], "%g: %g", (double)values[i], logical[i]);
  cr_expect_eq(logical[32], -7 * 0.0999755859375);
  cr_expect_eq(logical[33], 3 * 0.0999755859375);
  cr_expect_eq(logical[34], 0);
}

/* A block whose scale is below half of f16's least number is 0; one that rounds up to that number saturates at 7 of it. */
Test(quantise, i4_ends_of_the_block_scale)
{
  float values[32] = {7 * 0x1p-25f};
  double logical[32];
  tmk_quantise_row(TMK_DTYPE_I4, 1, 32, values, logical);
  cr_expect_eq(logical[0], 0);
  values[0] = 7 * 0x1p-24f * 1.4f;
  tmk_quantise_row(TMK_DTYPE_I4, 1, 32, values, logical);
  cr_expect_eq(logical[0], 7 * 0x1p-24);
}

/* With weights of i8 and i4 a row of x has the scale of its largest element, and no other row's. */
Test(quantise, x_of_integers_has_a_scale_a_row)
{
  static const enum tmk_dtype dtypes[] = {TMK_DTYPE_I8, TMK_DTYPE_I4};
  enum { COUNT = 300 };
  double x[COUNT], rounded[COUNT];
  for (int i = 0; i < COUNT; i++) x[i] = i - 127;
  for (int d = 0; d < 2; d++) {
    tmk_quantise_x(dtypes[d], 255, x, rounded); /* −127 … 127: scale 1 */
    for (int i = 0; i < 255; i++) cr_expect_eq(rounded[i], x[i]);
    tmk_quantise_x(dtypes[d], COUNT, x, rounded);
    const double scale = (double)(172 / 127.0f);
    for (int i = 0; i < COUNT; i++) cr_expect_eq(rounded[i], nearbyint((double)((float)x[i] / (float)scale)) * scale, "%d", i);
    const double none[3] = {0, -0.0, 0}, tiny[2] = {0x1p-149, 0};
    tmk_quantise_x(dtypes[d], 3, none, rounded);
    for (int i = 0; i < 3; i++) cr_expect_eq(rounded[i], 0);
    tmk_quantise_x(dtypes[d], 2, tiny, rounded);
    cr_expect_eq(rounded[0], 0);
    x[7] = (double)NAN;
    tmk_quantise_x(dtypes[d], COUNT, x, rounded);
    for (int i = 0; i < COUNT; i++) cr_expect(isnan(rounded[i]));
    x[7] = 7 - 127;
  }
}

/* With scale 1/16: 1 is 16; 1.0625 = 17/16 is a tie of 16 and 18 and goes to the even 16; 28 is 448; 29 saturates. */
Test(quantise, fp8_row_worked_by_hand)
{
  const float values[] = {1, 1.0625f, 1.07f, 28, 29, -1000, 0x1p-13f, 0x1p-14f, 0};
  const double expected[] = {1, 1, 1.125, 28, 28, -28, 0x1p-13, 0, 0};
  double logical[9];
  tmk_quantise_row(TMK_DTYPE_F8E4M3, 0x1p-4f, 9, values, logical);
  for (int i = 0; i < 9; i++) cr_expect_eq(logical[i], expected[i], "%g: %g", (double)values[i], logical[i]);
}

/* t = 1/64. First block: largest 6, so b = 64 and b t = 1. Second: largest 0.11, 0.11 · 64/6 = 1.1733 rounds to b = 1.125,
 * b t = 0.017578125: 0.11 is 6.26 of them and saturates at 6, 0.02 is 1.14 and rounds to 1. Third, of one element: 0. */
Test(quantise, nvfp4_row_worked_by_hand)
{
  float values[33] = {0};
  double logical[33];
  const float first[] = {6, 0.25f, 0.26f, 0.75f, 0.74f, 1.25f, -1.75f, 2.5f, 3.5f, -5, 5.01f, 0.1f, -6};
  const double first_expected[] = {6, 0, 0.5, 1, 0.5, 1, -2, 2, 4, -4, 6, 0, -6};
  memcpy(values, first, sizeof first);
  values[16] = 0.11f;
  values[20] = -0.02f;
  tmk_quantise_row(TMK_DTYPE_NVFP4, 0x1p-6f, 33, values, logical);
  for (int i = 0; i < 13; i++) cr_expect_eq(logical[i], first_expected[i], "%g: %g", (double)values[i], logical[i]);
  cr_expect_eq(logical[16], 6 * 1.125 / 64);
  cr_expect_eq(logical[20], -1.125 / 64);
  cr_expect_eq(logical[32], 0);
}

/* b below half of e4m3's least number, 2⁻¹⁰, is 0, and so is the block; b saturates at 448, t b = 7, so 42 at most. */
Test(quantise, nvfp4_ends_of_the_block_scale)
{
  float values[16] = {6 * 0x1p-16f};
  double logical[16];
  tmk_quantise_row(TMK_DTYPE_NVFP4, 0x1p-6f, 16, values, logical);
  cr_expect_eq(logical[0], 0);
  values[0] = 6 * 0x1p-16f * 1.001f;
  tmk_quantise_row(TMK_DTYPE_NVFP4, 0x1p-6f, 16, values, logical);
  cr_expect_eq(logical[0], 3 * 0x1p-15, "3.003 units of the least scale: %g", logical[0] / 0x1p-15);
  values[0] = 1000;
  values[1] = 3.4f;
  tmk_quantise_row(TMK_DTYPE_NVFP4, 0x1p-6f, 16, values, logical);
  cr_expect_eq(logical[0], 42);
  cr_expect_eq(logical[1], 3.5);
}

/* A NaN is not lost: it takes the element in fp8, the whole block in nvfp4, and no other. */
Test(quantise, nan_stays)
{
  float values[32];
  double logical[32];
  for (int i = 0; i < 32; i++) values[i] = (float)i;
  for (int place = 0; place < 16; place += 5) {
    values[place] = (float)NAN;
    tmk_quantise_row(TMK_DTYPE_F8E4M3, 0x1p-4f, 32, values, logical);
    for (int i = 0; i < 32; i++) cr_expect_eq(isnan(logical[i]), i == place);
    tmk_quantise_row(TMK_DTYPE_NVFP4, 0x1p-6f, 32, values, logical);
    for (int i = 0; i < 32; i++) cr_expect_eq(isnan(logical[i]), i < 16);
    tmk_quantise_row(TMK_DTYPE_I4, 1, 32, values, logical);
    for (int i = 0; i < 32; i++) cr_expect(isnan(logical[i]));
    values[place] = (float)place;
  }
}

/* What kernels may do instead of a division: for x of bf16 and scales of 4 bits, x · (1/d) corrected by one remainder rounds to
 * the same e2m1. Every x below the saturation and every scale. */
Test(quantise, division_by_reciprocal_and_remainder)
{
  for (int b = 1; b < 0x7f; b++) {
    const float d = (float)tmk_e4m3_value((uint8_t)b) * TMK_NVFP4_X_SCALE, reciprocal = 1 / d;
    for (uint32_t upper = 0; upper < 0x7f80; upper++) {
      const float x = tmk_bf16_to_f32((uint16_t)upper);
      if (x > 8 * d) break;
      const float q = x * reciprocal, corrected = fmaf(fmaf(-q, d, x), reciprocal, q);
      cr_assert_eq(tmk_e2m1_from((double)corrected), tmk_e2m1_from((double)(x / d)), "%a / %a", (double)x, (double)d);
    }
  }
}

/* The whole tensor and parts of it, begun and ended inside blocks, are the same; each value is one of its type's. */
static void expect_parts(enum tmk_dtype dtype)
{
  enum { ROWS = 3, COLS = 1056, COUNT = ROWS * COLS };
  static double all[COUNT], some[COUNT];
  const struct tmk_tensor t = weight(dtype, ROWS, COLS, 0.05f);
  tmk_tensor_values(&t, 3, 0, COUNT, all);
  static const int64_t firsts[] = {0, 1, 15, 16, 31, 1055, 1056, 1057, 2000, COUNT - 1};
  for (size_t f = 0; f < sizeof firsts / sizeof firsts[0]; f++) {
    for (int64_t count = 1; count <= COUNT - firsts[f]; count = count * 3 + 1) {
      tmk_tensor_values(&t, 3, firsts[f], count, some);
      cr_assert_arr_eq(some, all + firsts[f], (size_t)count * sizeof *some, "%lld+%lld", (long long)firsts[f],
                       (long long)count);
    }
  }
  float filled[COLS];
  double row[COLS];
  for (int64_t r = 0; r < ROWS; r++) {
    tmk_tensor_fill(&t, 3, r * COLS, COLS, filled);
    tmk_quantise_row(dtype, tmk_tensor_scale(&t), COLS, filled, row);
    cr_assert_arr_eq(row, all + r * COLS, sizeof row);
    for (int i = 0; i < COLS; i++) cr_assert_leq(fabs(row[i] - (double)filled[i]), 0.2 * 0.05);
  }
}

Test(quantise, values_of_a_tensor_are_the_same_in_parts)
{
  expect_parts(TMK_DTYPE_F8E4M3);
  expect_parts(TMK_DTYPE_NVFP4);
  expect_parts(TMK_DTYPE_I8);
  expect_parts(TMK_DTYPE_I4);
  expect_parts(TMK_DTYPE_BF16);
  expect_parts(TMK_DTYPE_F32);
}

/* A slice by columns of rows that are whole has the blocks of the whole tensor. */
Test(quantise, rows_of_a_slice_are_those_of_the_whole)
{
  const struct tmk_tensor whole = weight(TMK_DTYPE_NVFP4, 8, 64, 0.1f);
  struct tmk_tensor part = whole;
  double all[512], some[128];
  part.dims[0] = 2;
  part.origin[0] = 5;
  tmk_tensor_values(&whole, 1, 0, 512, all);
  tmk_tensor_values(&part, 1, 0, 128, some);
  cr_expect_arr_eq(some, all + 5 * 64, sizeof some);
}

/* Weights use their scale's upper binades and nothing saturates; the cache's scale is 1. */
Test(quantise, scale_of_a_tensor)
{
  struct tmk_tensor t = weight(TMK_DTYPE_F8E4M3, 64, 64, 0.0270632938f);
  double values[4096], largest = 0;
  cr_expect_eq(tmk_tensor_scale(&t), 0x1p-14f);
  tmk_tensor_values(&t, 9, 0, 4096, values);
  for (int i = 0; i < 4096; i++) largest = fmax(largest, fabs(values[i]));
  cr_expect_eq(largest, 448 * 0x1p-14, "%g", largest / 0x1p-14);
  t.fill_offset = -0.0270632938f;
  cr_expect_eq(tmk_tensor_scale(&t), 0x1p-13f);
  t.role = TMK_ROLE_KV_CACHE;
  cr_expect_eq(tmk_tensor_scale(&t), 1);
}

Test(quantise, x_is_taken_as_float32)
{
  double x[300], expected[300], rounded[300];
  float narrow[300];
  for (int i = 0; i < 300; i++) x[i] = sin(i) * 5;
  for (int i = 0; i < 300; i++) narrow[i] = (float)x[i];
  tmk_quantise_row(TMK_DTYPE_NVFP4, TMK_NVFP4_X_SCALE, 300, narrow, expected);
  tmk_quantise_x(TMK_DTYPE_NVFP4, 300, x, rounded);
  cr_expect_arr_eq(rounded, expected, sizeof expected);
  tmk_quantise_x(TMK_DTYPE_NVFP4, 300, x, x);
  cr_expect_arr_eq(x, expected, sizeof expected);
}
