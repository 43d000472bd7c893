/* test_plan_rope.c: rope frequencies against figures worked apart from the code.
 *
 * Expected values of llama3 and yarn were taken with the formulas as Hugging Face's modeling_rope_utils.py writes them
 * (wavelengths for llama3, extrapolation and interpolation masks for yarn), in Python.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "tokmark/plan.h"

static void expect_near(double got, double expected)
{
  cr_expect(fabs(got - expected) <= 1e-12 * fabs(expected), "got %.17g, expected %.17g", got, expected);
}

/* theta^(−2i/dim): 10000^0, 10000^(−1/2). */
Test(plan_rope, unscaled)
{
  const struct tmk_rope rope = {.theta = 10000.0, .rotary_dim = 4};
  double inv_freq[3] = {NAN, NAN, -7.0}, scale = NAN;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  expect_near(inv_freq[0], 1.0);
  expect_near(inv_freq[1], 0.01);
  cr_expect(eq(dbl, inv_freq[2], -7.0)); /* rotary_dim / 2 values, no more */
  cr_expect(eq(dbl, scale, 1.0));
}

Test(plan_rope, linear_divides_all)
{
  const struct tmk_rope rope = {.theta = 10000.0, .rotary_dim = 4, .scaling = TMK_ROPE_LINEAR, .factor = 4.0};
  double inv_freq[2], scale;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  expect_near(inv_freq[0], 0.25);
  expect_near(inv_freq[1], 0.0025);
  cr_expect(eq(dbl, scale, 1.0));
}

/* Llama 3.1: dims 0–28 turn more than 4 times in 8192 positions, 35–63 less than once. */
Test(plan_rope, llama3)
{
  const struct tmk_rope rope = {.theta = 500000.0,
                                .rotary_dim = 128,
                                .scaling = TMK_ROPE_LLAMA3,
                                .factor = 8.0,
                                .low_freq_factor = 1.0,
                                .high_freq_factor = 4.0,
                                .original_max_position_embeddings = 8192};
  const struct {
    int i;
    double expected;
  } rows[] = {
      {0, 1.0},
      {1, 0.8146172338565447},
      {28, 0.003211445994752591},
      {29, 0.002166570763503359},
      {30, 0.0013718935677611381},
      {31, 0.0008567514129196321},
      {32, 0.0005248461609929547},
      {34, 0.0001785078127679964},
      {35, 9.556212353964683e-05},
      {63, 3.068925988914511e-07},
  };
  double inv_freq[64], scale;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) expect_near(inv_freq[rows[i].i], rows[i].expected);
  cr_expect(eq(dbl, scale, 1.0));
}

/* Qwen2.5 at 128k: dims up to floor(23.6) stay, from ceil(39.7) on a quarter, a ramp between: dim 31 stands at 8/17 of it,
 * 1 − (8/17)(3/4) = 0.647 of its own frequency. */
Test(plan_rope, yarn)
{
  struct tmk_rope rope = {.theta = 1e6,
                          .rotary_dim = 128,
                          .scaling = TMK_ROPE_YARN,
                          .factor = 4.0,
                          .beta_fast = 32.0,
                          .beta_slow = 1.0,
                          .original_max_position_embeddings = 32768};
  double inv_freq[64], scale;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  expect_near(inv_freq[0], 1.0);
  expect_near(inv_freq[23], 0.006978305848598663);
  expect_near(inv_freq[24], 0.005375321490790102);
  expect_near(inv_freq[31], 0.0008029597275452302);
  expect_near(inv_freq[39], 6.490394320837029e-05);
  expect_near(inv_freq[40], 4.445698525097307e-05);
  expect_near(inv_freq[63], 3.102344401879299e-07);
  expect_near(scale, 1.138629436111989); /* 0.1 ln 4 + 1 */
}

/* gpt-oss: the ramp runs from dim 8.09 to 17.40 as they are; rounded it would run from 8 to 18 and reach dim 17. */
Test(plan_rope, yarn_untruncated)
{
  struct tmk_rope rope = {.theta = 150000.0,
                          .rotary_dim = 64,
                          .scaling = TMK_ROPE_YARN,
                          .factor = 32.0,
                          .beta_fast = 32.0,
                          .beta_slow = 1.0,
                          .yarn_untruncated = true,
                          .original_max_position_embeddings = 4096};
  double inv_freq[32], scale;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  expect_near(inv_freq[0], 1.0);
  expect_near(inv_freq[8], 0.050813274815461475);
  expect_near(inv_freq[9], 0.03170569618466377);
  expect_near(inv_freq[12], 0.006794959489732219);
  expect_near(inv_freq[17], 0.0001293187012450632);
  expect_near(inv_freq[18], 3.8308812373753384e-05);
  expect_near(scale, 1.3465735902799727); /* 0.1 ln 32 + 1 */
  rope.yarn_untruncated = false;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  cr_expect(fabs(inv_freq[17] / 0.0001293187012450632 - 1) > 0.01);
}

/* The attention factor: given; or DeepSeek's quotient of mscales; or the paper's; 1 where the factor does not stretch. */
Test(plan_rope, yarn_attention_factor)
{
  struct tmk_rope rope = {.theta = 10000.0,
                          .rotary_dim = 64,
                          .scaling = TMK_ROPE_YARN,
                          .factor = 40.0,
                          .beta_fast = 32.0,
                          .beta_slow = 1.0,
                          .original_max_position_embeddings = 4096};
  double inv_freq[32], scale;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  expect_near(scale, 1.3688879454113936); /* 0.1 ln 40 + 1 */
  rope.mscale = rope.mscale_all_dim = 1.0;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  expect_near(scale, 1.0);
  rope.mscale_all_dim = 0.707;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  expect_near(scale, 1.3688879454113936 / 1.2608037774058554); /* 0.0707 ln 40 + 1 below */
  rope.attention_factor = 1.5;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  expect_near(scale, 1.5);
  rope.attention_factor = rope.mscale = rope.mscale_all_dim = 0.0;
  rope.factor = 1.0;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  expect_near(scale, 1.0);
}

/* Both ends of the ramp fall on dim 0 where the original length is shorter than a turn: no 0 ÷ 0. */
Test(plan_rope, yarn_ramp_of_no_width)
{
  const struct tmk_rope rope = {.theta = 10000.0,
                                .rotary_dim = 8,
                                .scaling = TMK_ROPE_YARN,
                                .factor = 2.0,
                                .beta_fast = 32.0,
                                .beta_slow = 1.0,
                                .original_max_position_embeddings = 6};
  double inv_freq[4], scale;
  tmk_rope_frequencies(&rope, inv_freq, &scale);
  expect_near(inv_freq[0], 1.0);
  expect_near(inv_freq[1], 0.05);
  expect_near(inv_freq[3], 0.0005);
}
