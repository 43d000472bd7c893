/* test_fill.c: the contents of tensors never change: results of different years stay comparable. Values below were worked
 * out by another program from the formulas in fill.h. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "tokmark/fill.h"

/* The published first outputs of SplitMix64 from seed 0: the finaliser over multiples of the golden ratio. */
Test(fill, mix64_is_splitmix)
{
  const uint64_t golden = 0x9e3779b97f4a7c15ull;
  cr_expect_eq(tmk_fill_mix64(golden), 0xe220a8397b1dcdafull);
  cr_expect_eq(tmk_fill_mix64(2 * golden), 0x6e789e6aa1b965f4ull);
  cr_expect_eq(tmk_fill_mix64(3 * golden), 0x06c45d188009454full);
}

Test(fill, mix32)
{
  cr_expect_eq(tmk_fill_mix32(0), 0u);
  cr_expect_eq(tmk_fill_mix32(1), 0x688990c0u);
  cr_expect_eq(tmk_fill_mix32(2), 0xd1132181u);
  cr_expect_eq(tmk_fill_mix32(0xffffffffu), 0x6768824au);
}

Test(fill, bits_for_ever)
{
  static const uint64_t indices[] = {0, 1, 0xffffffffull, 0x100000000ull, (5ull << 32) + 3};
  static const struct {
    uint64_t seed, id;
    uint32_t low, high, bits[5];
  } rows[] = {
      {0, 0, 0xff3cd4bf, 0x48218226, {0xec3b80ac, 0xe5849a9e, 0xc830fe47, 0xa3526141, 0x0b621388}},
      {1, 0, 0x82c0d5b8, 0xdce423fc, {0x54bdd2a1, 0xb4fbeb1c, 0x421268fe, 0xa44d500f, 0x74780aa4}},
      {0, 1, 0x740681d9, 0x0397ab29, {0x960b5d1a, 0x6156c11c, 0x9029696d, 0x9672b558, 0x955181a9}},
      {42, 273, 0x8ed331fc, 0x23d85f41, {0x218be2f4, 0x6ecea410, 0xcc17c065, 0xb88b52bd, 0x4f4dcf76}},
      {UINT64_MAX, 7, 0x6ab312c9, 0x69f2abad, {0x211fb25b, 0x0d8a84f7, 0x5f07d8f5, 0xc2ba2270, 0xcece8ad6}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct tmk_fill_key key = tmk_fill_key(rows[i].seed, rows[i].id);
    cr_expect_eq(key.low, rows[i].low, "row %zu", i);
    cr_expect_eq(key.high, rows[i].high, "row %zu", i);
    for (int j = 0; j < 5; j++)
      cr_expect_eq(tmk_fill_bits(key, indices[j]), rows[i].bits[j], "row %zu, index %d", i, j);
  }
}

/* step 2⁻²³: values −1 … 1 − 2⁻²³ in steps of 2⁻²³, from the upper 24 bits. */
Test(fill, values_worked_by_hand)
{
  const float step = 0x1p-23f;
  cr_expect_eq(tmk_fill_value(0x00000000u, 0.0f, step), -1.0f);
  cr_expect_eq(tmk_fill_value(0x000000ffu, 0.0f, step), -1.0f);
  cr_expect_eq(tmk_fill_value(0x00000100u, 0.0f, step), -1.0f + 0x1p-23f);
  cr_expect_eq(tmk_fill_value(0x80000000u, 0.0f, step), 0.0f);
  cr_expect_eq(tmk_fill_value(0xffffffffu, 0.0f, step), 1.0f - 0x1p-23f);
  cr_expect_eq(tmk_fill_value(0xc0000000u, 3.0f, 2 * step), 4.0f);
}

/* Two roundings, the product's and the sum's: a fused multiply-add gives other values. */
Test(fill, product_is_rounded_before_the_sum)
{
  int differs = 0;
  const float offset = 1.0f, step = 0.1f * 0x1p-23f;
  for (uint32_t i = 0; i < 4096; i++) {
    const uint32_t bits = tmk_fill_mix32(i);
    const int32_t centred = (int32_t)(bits >> 8) - (1 << 23);
    const volatile float product = (float)centred * step;
    const volatile float sum = offset + product;
    cr_expect_eq(tmk_fill_value(bits, offset, step), sum);
    differs += fmaf((float)centred, step, offset) != sum;
  }
  cr_expect_gt(differs, 0); /* so that this test can tell */
}

Test(fill, tokens_cover_the_vocabulary_and_stay_in_it)
{
  cr_expect_eq(tmk_fill_token(0, 1), 0);
  cr_expect_eq(tmk_fill_token(0xffffffffu, 1), 0);
  cr_expect_eq(tmk_fill_token(0, 32000), 0);
  cr_expect_eq(tmk_fill_token(0xffffffffu, 32000), 31999);
  cr_expect_eq(tmk_fill_token(0x80000000u, 32000), 16000);
  cr_expect_eq(tmk_fill_token(0xffffffffu, 151936), 151935);
}

/* Neighbouring indices and neighbouring tensors are unrelated: each of the 32 bits agrees half of the time. 65,536 trials:
 * 5 standard deviations are 640. */
Test(fill, neighbours_are_unrelated)
{
  const struct tmk_fill_key key = tmk_fill_key(42, 1 << 8 | 17), next = tmk_fill_key(42, 2 << 8 | 17);
  int along[32] = {0}, across[32] = {0};
  for (uint64_t i = 0; i < 65536; i++) {
    const uint32_t bits = tmk_fill_bits(key, i);
    for (int b = 0; b < 32; b++) {
      along[b] += (int)((bits ^ tmk_fill_bits(key, i + 1)) >> b & 1);
      across[b] += (int)((bits ^ tmk_fill_bits(next, i)) >> b & 1);
    }
  }
  for (int b = 0; b < 32; b++) {
    cr_expect_leq(abs(along[b] - 32768), 640, "bit %d: %d", b, along[b]);
    cr_expect_leq(abs(across[b] - 32768), 640, "bit %d: %d", b, across[b]);
  }
}
