#include "verdict.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct tmk_verdict_input clean(void)
{
  return (struct tmk_verdict_input){.steady = true,
                                    .relative_ci = 0.005,
                                    .drift = 0.01,
                                    .share_datasheet = NAN,
                                    .share_measured = 0.8,
                                    .clock_move = NAN,
                                    .other_load = 0.01,
                                    .cores_used = 2};
}

static void expect(const struct tmk_verdict_input *input, enum tmk_verdict_value value, unsigned codes)
{
  struct tmk_verdict verdict = tmk_verdict_decide(input);
  char text[256];
  tmk_verdict_text(verdict, text, sizeof text);
  cr_assert(verdict.value == value && verdict.codes == codes, "got %s (%#x)", text, verdict.codes);
}

Test(verdict, clean_is_valid)
{
  struct tmk_verdict_input in = clean();
  expect(&in, TMK_VERDICT_VALID, 0);
}

Test(verdict, flags)
{
  struct tmk_verdict_input in = clean();
  in.throttled = true;
  expect(&in, TMK_VERDICT_SUSPECT, TMK_CODE_THROTTLED);
  in = clean();
  in.ecc_errors = true;
  expect(&in, TMK_VERDICT_INVALID, TMK_CODE_ECC);
  in = clean();
  in.mig = true;
  expect(&in, TMK_VERDICT_SUSPECT, TMK_CODE_MIG);
  in = clean();
  in.shared_device = true;
  expect(&in, TMK_VERDICT_SUSPECT, TMK_CODE_SHARED_DEVICE);
  in = clean();
  in.verify_failed = true;
  expect(&in, TMK_VERDICT_INVALID, TMK_CODE_VERIFY_FAILED);
  in = clean();
  in.replay_mismatch = true;
  expect(&in, TMK_VERDICT_INVALID, TMK_CODE_VERIFY_FAILED);
  in = clean();
  in.threads_exceed_cores = true;
  expect(&in, TMK_VERDICT_SUSPECT, TMK_CODE_OVERSUBSCRIBED);
  in = clean();
  in.energy_unbracketed = true;
  expect(&in, TMK_VERDICT_VALID, TMK_CODE_ENERGY_UNBRACKETED);
}

Test(verdict, unsteady_needs_a_wide_or_missing_interval)
{
  struct tmk_verdict_input in = clean();
  in.steady = false;
  in.relative_ci = 0.05;
  expect(&in, TMK_VERDICT_VALID, 0);
  in.relative_ci = 0.0501;
  expect(&in, TMK_VERDICT_SUSPECT, TMK_CODE_UNSTEADY);
  in.relative_ci = NAN;
  expect(&in, TMK_VERDICT_SUSPECT, TMK_CODE_UNSTEADY);
}

Test(verdict, drift_and_clocks)
{
  struct tmk_verdict_input in = clean();
  in.drift = 0.03;
  expect(&in, TMK_VERDICT_VALID, 0);
  in.drift = 0.031;
  expect(&in, TMK_VERDICT_SUSPECT, TMK_CODE_DRIFT);
  in.drift = NAN;
  expect(&in, TMK_VERDICT_VALID, 0);
  in.clock_move = 0.05;
  expect(&in, TMK_VERDICT_VALID, 0);
  in.clock_move = 0.051;
  expect(&in, TMK_VERDICT_SUSPECT, TMK_CODE_CLOCKS_MOVED);
}

Test(verdict, over_limit_depends_on_what_the_limit_is)
{
  struct tmk_verdict_input in = clean();
  in.share_measured = 1.05;
  expect(&in, TMK_VERDICT_VALID, 0);
  in.share_measured = 1.051;
  expect(&in, TMK_VERDICT_SUSPECT, TMK_CODE_OVER_LIMIT);
  in.share_datasheet = 1.0; /* the datasheet decides where there is one */
  expect(&in, TMK_VERDICT_VALID, 0);
  in.share_datasheet = 1.0001;
  expect(&in, TMK_VERDICT_INVALID, TMK_CODE_OVER_LIMIT);
}

Test(verdict, other_load_is_held_against_the_cores_used)
{
  struct tmk_verdict_input in = clean();
  in.other_load = 0.2;
  expect(&in, TMK_VERDICT_VALID, 0);
  in.other_load = 0.201;
  expect(&in, TMK_VERDICT_SUSPECT, TMK_CODE_OVERSUBSCRIBED);
  in.cores_used = 64;
  expect(&in, TMK_VERDICT_VALID, 0);
  in.cores_used = NAN; /* a GPU */
  in.other_load = 50;
  expect(&in, TMK_VERDICT_VALID, 0);
  in.cores_used = 2;
  in.other_load = NAN;
  expect(&in, TMK_VERDICT_VALID, 0);
}

Test(verdict, worst_wins_and_all_codes_stay)
{
  struct tmk_verdict_input in = clean();
  in.drift = 0.2;
  in.share_measured = 3;
  in.verify_failed = true;
  expect(&in, TMK_VERDICT_INVALID, TMK_CODE_DRIFT | TMK_CODE_OVER_LIMIT | TMK_CODE_VERIFY_FAILED);
  struct tmk_verdict a = {TMK_VERDICT_SUSPECT, TMK_CODE_DRIFT}, b = {TMK_VERDICT_VALID, TMK_CODE_ENERGY_UNBRACKETED};
  struct tmk_verdict both = tmk_verdict_join(a, b);
  cr_assert_eq(both.value, TMK_VERDICT_SUSPECT);
  cr_assert_eq(both.codes, TMK_CODE_DRIFT | TMK_CODE_ENERGY_UNBRACKETED);
}

Test(verdict, text)
{
  char text[64];
  tmk_verdict_text((struct tmk_verdict){TMK_VERDICT_SUSPECT, TMK_CODE_DRIFT | TMK_CODE_UNSTEADY}, text, sizeof text);
  cr_assert_str_eq(text, "SUSPECT unsteady,drift");
  tmk_verdict_text((struct tmk_verdict){TMK_VERDICT_VALID, 0}, text, sizeof text);
  cr_assert_str_eq(text, "VALID");
  char small[12];
  tmk_verdict_text((struct tmk_verdict){TMK_VERDICT_INVALID, ~0u}, small, sizeof small);
  cr_assert_str_eq(small, "INVALID thr");
}

/* The first that is not good is named, with its reason or, where the numbers are what is wrong, its codes. */
Test(verdict, of_points)
{
  static struct tmk_point points[4]; /* large */
  const struct tmk_result result = {.points = points, .point_count = 4};
  struct tmk_error err = {0};
  for (int i = 0; i < 4; i++) {
    tmk_point_init(&points[i]);
    points[i].status = TMK_POINT_OK;
    snprintf(points[i].key, sizeof points[i].key, "step/m/decode/b%d", i);
  }
  points[0].status = TMK_POINT_SKIPPED;
  points[3].verdict = (struct tmk_verdict){TMK_VERDICT_SUSPECT, TMK_CODE_DRIFT};
  cr_assert_eq(tmk_verdict_of_points(&result, "points", &err), TMK_OK);
  points[2].verdict = (struct tmk_verdict){TMK_VERDICT_INVALID, TMK_CODE_ECC};
  cr_assert_eq(tmk_verdict_of_points(&result, "points", &err), TMK_ERR_FAILED);
  cr_assert_str_eq(err.message, "1 of 4 points failed or are INVALID: step/m/decode/b2: INVALID ecc");
  points[1].status = TMK_POINT_FAILED;
  snprintf(points[1].reason, sizeof points[1].reason, "out of memory");
  cr_assert_eq(tmk_verdict_of_points(&result, "operations", &err), TMK_ERR_FAILED);
  cr_assert_str_eq(err.message, "2 of 4 operations failed or are INVALID; the first: step/m/decode/b1: out of memory");
}

Test(verdict, table_has_every_code_once)
{
  int count = 0;
  const struct tmk_verdict_code_row *rows = tmk_verdict_codes(&count);
  cr_assert_eq(count, 11);
  unsigned all = 0;
  for (int i = 0; i < count; i++) {
    cr_assert_eq(all & rows[i].code, 0);
    all |= rows[i].code;
    cr_assert_eq(tmk_verdict_code_from_name(rows[i].name), rows[i].code);
    cr_assert_str_eq(tmk_verdict_code_name(rows[i].code), rows[i].name);
    cr_assert_gt((int)strlen(rows[i].meaning), 10);
  }
  cr_assert_eq(all, (1u << 11) - 1);
  cr_assert_eq(tmk_verdict_code_from_name("nonsense"), 0);
}
