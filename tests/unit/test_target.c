/* How many devices make a figure, and which points may be held against it: worked by hand. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"
#include "target_report.h"

static struct tmk_point point_of(enum tmk_phase phase, int64_t batch, double output, double total)
{
  struct tmk_point point;
  tmk_point_init(&point);
  struct tmk_workload *w = &point.workload.step;
  snprintf(w->model, sizeof w->model, "llama-3.1-8b");
  w->phase = phase;
  w->batch = batch;
  w->weight_dtype = w->kv_dtype = TMK_DTYPE_BF16;
  if (phase == TMK_PHASE_DECODE)
    w->context = 1024;
  else
    w->input_len = 1024;
  if (phase == TMK_PHASE_E2E) w->output_len = 1024;
  tmk_workload_key(w, point.key);
  point.verdict.value = TMK_VERDICT_VALID;
  point.throughput.devices = 1;
  point.throughput.accounting = phase == TMK_PHASE_PREFILL ? TMK_ACCT_INPUT : TMK_ACCT_OUTPUT;
  point.throughput.output_tokens_per_s = point.throughput.output_tokens_per_s_per_device = output;
  point.throughput.total_tokens_per_s = total;
  point.throughput.output_tokens_per_s_per_user = output / (double)batch;
  return point;
}

static struct tmk_point decode(int64_t batch, double output)
{
  return point_of(TMK_PHASE_DECODE, batch, output, NAN);
}

static void set_interval(struct tmk_point *point, double low, double high)
{
  point->throughput.ci_low_tokens_per_s = low;
  point->throughput.ci_high_tokens_per_s = high;
}

static struct tmk_device_result device_of(const char *name, const char *gpu_id, bool is_cpu)
{
  struct tmk_device_result device;
  memset(&device, 0, sizeof device);
  tmk_device_info_init(&device.info);
  snprintf(device.info.name, sizeof device.info.name, "%s", name);
  snprintf(device.info.gpu_id, sizeof device.info.gpu_id, "%s", gpu_id);
  device.info.is_cpu = is_cpu;
  return device;
}

static const struct tmk_target_args two_million = {2e6, 1, NAN, TMK_ACCT_OUTPUT};

#define EXPECT_REASON(point, args, text)                                                                               \
  do {                                                                                                                 \
    struct tmk_target_need need_;                                                                                      \
    char reason_[256];                                                                                                 \
    cr_expect_not(tmk_target_need(&(point), NULL, &(args), &need_, reason_, sizeof reason_));                          \
    cr_expect_str_eq(reason_, text);                                                                                   \
    cr_expect(isnan(need_.devices) && isnan(need_.racks) && isnan(need_.power_w));                                     \
  } while (0)

/* 2,000,000 ÷ 300 = 6,666.67: 6,667. By the interval 290 … 310: 6,896.55 and 6,451.6, so 6,452 to 6,897. */
Test(target, devices_are_rounded_up_and_the_interval_is_turned_round)
{
  struct tmk_point point = decode(8, 300);
  struct tmk_target_need need;
  char reason[256];
  set_interval(&point, 290, 310);
  cr_assert(tmk_target_need(&point, NULL, &two_million, &need, reason, sizeof reason));
  cr_expect_eq(need.devices, 6667);
  cr_expect_eq(need.devices_low, 6452);
  cr_expect_eq(need.devices_high, 6897);
  cr_expect_str_eq(reason, "");
  cr_expect(isnan(need.racks) && isnan(need.power_w) && isnan(need.usd_per_million_tokens));
}

/* The claim's own machines: 2e6 ÷ (2e6 ÷ 6912) must be 6,912 and no more, for it and for every other count. */
Test(target, an_exact_quotient_takes_no_device_more)
{
  struct tmk_target_need need;
  char reason[256];
  for (int64_t n = 1; n <= 10000; n++) {
    struct tmk_point point = decode(1, 2e6 / (double)n);
    cr_assert(tmk_target_need(&point, NULL, &two_million, &need, reason, sizeof reason));
    cr_assert_eq(need.devices, n);
  }
  struct tmk_point point = decode(1, 2e6 / 6912.001);
  cr_assert(tmk_target_need(&point, NULL, &two_million, &need, reason, sizeof reason));
  cr_expect_eq(need.devices, 6913);
  point = decode(1, 5e6); /* one is enough */
  cr_assert(tmk_target_need(&point, NULL, &two_million, &need, reason, sizeof reason));
  cr_expect_eq(need.devices, 1);
}

Test(target, an_interval_that_is_not_there_stays_unknown)
{
  struct tmk_point point = decode(8, 300);
  double low, high;
  cr_expect_eq(tmk_point_rate_as(&point, TMK_ACCT_OUTPUT, &low, &high), 300);
  cr_expect(isnan(low) && isnan(high));
  cr_expect_eq(tmk_point_rate_as(&point, TMK_ACCT_OUTPUT, NULL, NULL), 300);
  set_interval(&point, 310, 290); /* a file that has it the wrong way round */
  tmk_point_rate_as(&point, TMK_ACCT_OUTPUT, &low, &high);
  cr_expect(isnan(low) && isnan(high));
  set_interval(&point, 0, INFINITY);
  tmk_point_rate_as(&point, TMK_ACCT_OUTPUT, &low, &high);
  cr_expect(isnan(low) && isnan(high));
}

/* e2e 1024 in, 1024 out: 500 output and 1,000 total tokens/s; interval of the output rate 490 … 510, so 980 … 1,020. */
Test(target, another_accounting_scales_the_interval)
{
  struct tmk_point point = point_of(TMK_PHASE_E2E, 4, 500, 1000);
  double low, high;
  set_interval(&point, 490, 510);
  cr_expect_eq(tmk_point_rate_as(&point, TMK_ACCT_TOTAL, &low, &high), 1000);
  cr_expect_float_eq(low, 980, 1e-9);
  cr_expect_float_eq(high, 1020, 1e-9);
  struct tmk_target_args args = {2e6, 1, NAN, TMK_ACCT_TOTAL};
  struct tmk_target_need need;
  char reason[256];
  cr_assert(tmk_target_need(&point, NULL, &args, &need, reason, sizeof reason));
  cr_expect_eq(need.devices, 2000);
  cr_expect_eq(need.devices_low, 1961);  /* 1960.8 */
  cr_expect_eq(need.devices_high, 2041); /* 2040.8 */
}

/* 8 devices make 4,000 together: 2,000,000 take 500 such groups, 4,000 devices, and 3,999 is no choice. */
Test(target, groups_of_devices_are_counted_whole)
{
  struct tmk_point point = decode(64, 4000);
  struct tmk_target_need need;
  char reason[256];
  point.throughput.devices = 8;
  point.energy.mean_power_w = 5600; /* of the 8 together */
  struct tmk_target_args args = {2000001, 1, 16, TMK_ACCT_OUTPUT};
  cr_assert(tmk_target_need(&point, NULL, &args, &need, reason, sizeof reason));
  cr_expect_eq(need.devices, 4008);
  cr_expect_float_eq(need.power_w, 4008 * 700.0, 1e-6);
  /* 8 × 16 $/h ÷ (4,000 × 3,600 tokens/h) = 8.89 $ a million */
  cr_expect_float_eq(need.usd_per_million_tokens, 8.888889, 1e-5);
}

/* GB300: 72 a rack, 1,400 W by its datasheet. 2,000,000 ÷ 300 → 6,667 → 92.6 → 93 racks; 6,667 × 1,400 × 1.3 = 12.13 MW. */
Test(target, racks_and_power_come_from_the_table)
{
  struct tmk_point point = decode(8, 300);
  struct tmk_device_result device = device_of("NVIDIA GB300", "", false);
  struct tmk_target_args args = {2e6, 1.3, 3, TMK_ACCT_OUTPUT};
  struct tmk_target_need need;
  char reason[256];
  cr_assert(tmk_target_need(&point, &device, &args, &need, reason, sizeof reason));
  cr_expect_eq(need.racks, 93);
  cr_expect_float_eq(need.power_w, 6667 * 1400.0 * 1.3, 1e-3);
  cr_expect_float_eq(need.usd_per_million_tokens, 3 / (300 * 3600.0) * 1e6, 1e-9);
  point.energy.mean_power_w = 1000; /* measured goes before the datasheet */
  cr_assert(tmk_target_need(&point, &device, &args, &need, reason, sizeof reason));
  cr_expect_float_eq(need.power_w, 6667 * 1000.0 * 1.3, 1e-3);
  device = device_of("whatever", "h100-sxm5-80gb", false); /* the id goes before the name; no rack is known */
  point.energy.mean_power_w = NAN;
  cr_assert(tmk_target_need(&point, &device, &args, &need, reason, sizeof reason));
  cr_expect(isnan(need.racks));
  cr_expect_float_eq(need.power_w, 6667 * 700.0 * 1.3, 1e-3);
  device = device_of("NVIDIA GB300", "gb300-nvl72", true); /* a CPU is in no table of GPUs */
  cr_assert(tmk_target_need(&point, &device, &args, &need, reason, sizeof reason));
  cr_expect(isnan(need.racks) && isnan(need.power_w));
}

Test(target, points_that_never_count_say_why)
{
  struct tmk_point point = decode(8, 300);
  point.status = TMK_POINT_SKIPPED;
  snprintf(point.reason, sizeof point.reason, "needs 14.2 GiB, 11.0 GiB are free");
  EXPECT_REASON(point, two_million, "skipped: needs 14.2 GiB, 11.0 GiB are free");
  point.status = TMK_POINT_FAILED;
  point.reason[0] = '\0';
  EXPECT_REASON(point, two_million, "failed");
  point = decode(8, 300);
  point.provenance = TMK_PROV_SIMULATED;
  EXPECT_REASON(point, two_million, "simulated: it has no time of its own");
  point = decode(8, 300);
  point.verdict.value = TMK_VERDICT_INVALID;
  EXPECT_REASON(point, two_million, "INVALID");
  point.verdict.value = TMK_VERDICT_NONE;
  EXPECT_REASON(point, two_million, "no verdict: not known to be right");
  point.verdict.value = TMK_VERDICT_SUSPECT;
  cr_expect_eq(tmk_point_rate_as(&point, TMK_ACCT_OUTPUT, NULL, NULL), 300);
  point.verdict.codes = TMK_CODE_OVER_LIMIT;
  EXPECT_REASON(point, two_million, "faster than its limit allows: an error, not a rate");
  point.type = TMK_POINT_OP;
  EXPECT_REASON(point, two_million, "no model step: it makes no tokens");
}

Test(target, rates_that_are_none_are_refused)
{
  static const double bad[] = {0, -1, NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct tmk_point point = decode(8, bad[i]);
    EXPECT_REASON(point, two_million, "no output rate above 0");
    cr_expect(isnan(tmk_point_rate_as(&point, TMK_ACCT_OUTPUT, NULL, NULL)));
  }
  struct tmk_point point = decode(8, 1e-300);
  EXPECT_REASON(point, two_million, "1e-300 tokens/s: more than 2^53 devices");
  point = decode(8, 300);
  struct tmk_target_args args = {0, 1, NAN, TMK_ACCT_OUTPUT};
  EXPECT_REASON(point, args, "the rate wanted, 0 tokens/s, is not above 0");
  args.tokens_per_s = NAN;
  EXPECT_REASON(point, args, "the rate wanted, nan tokens/s, is not above 0");
  args = (struct tmk_target_args){2e6, 0.99, NAN, TMK_ACCT_OUTPUT};
  EXPECT_REASON(point, args, "the overhead, 0.99, is below 1");
  args = (struct tmk_target_args){2e6, NAN, NAN, TMK_ACCT_OUTPUT};
  EXPECT_REASON(point, args, "the overhead, nan, is below 1");
}

Test(target, accountings_that_do_not_match_are_refused)
{
  struct tmk_point point = decode(8, 300);
  point.throughput.total_tokens_per_s = 300; /* a file that has one all the same */
  struct tmk_target_args args = {2e6, 1, NAN, TMK_ACCT_TOTAL};
  EXPECT_REASON(point, args, "decode takes in no prompt: it has output tokens only, e2e has both");
  point = point_of(TMK_PHASE_PREFILL, 1, 10, 9000);
  point.throughput.input_tokens_per_s = 9000;
  EXPECT_REASON(point, two_million, "prefill counts input tokens: it is no output and no whole request");
  EXPECT_REASON(point, args, "prefill counts input tokens: it is no output and no whole request");
  cr_expect_eq(tmk_point_rate_as(&point, TMK_ACCT_INPUT, NULL, NULL), 9000);
  point = point_of(TMK_PHASE_E2E, 1, 10, 20);
  point.throughput.input_tokens_per_s = 10;
  args.accounting = TMK_ACCT_INPUT;
  EXPECT_REASON(point, args, "e2e spends its time on output too: prefill has the input rate");
  args.accounting = TMK_ACCT_NONE;
  EXPECT_REASON(point, args, "no accounting: output, input or total");
}

Test(target, the_best_point_is_by_output_a_device_and_fast_enough_for_a_user)
{
  struct tmk_point points[] = {decode(1, 100), decode(8, 600), decode(64, 1600), decode(128, 2000), decode(256, 9000)};
  struct tmk_result result;
  tmk_result_init(&result);
  result.points = points;
  result.point_count = 5;
  points[3].verdict.value = TMK_VERDICT_SUSPECT;
  points[4].verdict.value = TMK_VERDICT_INVALID;
  cr_expect_eq(tmk_target_best(&result, 0), &points[3]);
  cr_expect_eq(tmk_target_best(&result, 15.625), &points[3]); /* 2,000 ÷ 128, just */
  cr_expect_eq(tmk_target_best(&result, 15.7), &points[2]);   /* 25 a user */
  cr_expect_eq(tmk_target_best(&result, 25.1), &points[1]);   /* 75 a user */
  cr_expect_eq(tmk_target_best(&result, 100), &points[0]);
  cr_expect_null(tmk_target_best(&result, 100.5));
  result.point_count = 0;
  cr_expect_null(tmk_target_best(&result, 0));
}

/* --- the report --- */

static struct tmk_claim claim_of(double rate, int64_t gpus, enum tmk_accounting accounting)
{
  struct tmk_claim claim = {.tokens_per_s = rate, .gpu_count = gpus, .accounting = accounting};
  snprintf(claim.id, sizeof claim.id, "c");
  snprintf(claim.scenario, sizeof claim.scenario, "somewhere");
  claim.tokens_per_s_per_gpu = claim.power_w = claim.output_len_mean = NAN;
  claim.input_len = claim.output_len = claim.racks = claim.gpu_count_printed = TMK_UNKNOWN;
  return claim;
}

Test(report, an_unstated_accounting_is_read_both_ways)
{
  struct tmk_claim claim = claim_of(2e6, 6912, TMK_ACCT_NONE);
  struct tmk_target_spec spec;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_target_spec_init(&claim, NAN, TMK_ACCT_NONE, &spec, &err), TMK_OK);
  cr_expect_eq(spec.reading_count, 2);
  cr_expect_eq(spec.readings[0], TMK_ACCT_OUTPUT);
  cr_expect_eq(spec.readings[1], TMK_ACCT_TOTAL);
  cr_expect_eq(spec.tokens_per_s, 2e6);
  cr_expect_float_eq(spec.rate_per_gpu, 289.35185, 1e-4);
  cr_expect_eq(spec.overhead, 1);
  cr_assert_eq(tmk_target_spec_init(&claim, 1e6, TMK_ACCT_TOTAL, &spec, &err), TMK_OK);
  cr_expect_eq(spec.reading_count, 1);
  cr_expect_eq(spec.readings[0], TMK_ACCT_TOTAL);
  cr_expect_eq(spec.tokens_per_s, 1e6);
  cr_expect_float_eq(spec.rate_per_gpu, 289.35185, 1e-4);
}

Test(report, claims_that_can_not_be_a_target_are_refused)
{
  struct tmk_claim claim = claim_of(2e6, 8, TMK_ACCT_OUTPUT);
  struct tmk_target_spec spec;
  struct tmk_error err = {0};
  cr_expect_eq(tmk_target_spec_init(&claim, NAN, TMK_ACCT_TOTAL, &spec, &err), TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "--accounting total: c counts output tokens, and no other rate compares with it");
  cr_expect_eq(tmk_target_spec_init(&claim, NAN, TMK_ACCT_OUTPUT, &spec, &err), TMK_OK);
  claim = claim_of(NAN, TMK_UNKNOWN, TMK_ACCT_OUTPUT);
  cr_expect_eq(tmk_target_spec_init(&claim, 2e6, TMK_ACCT_NONE, &spec, &err), TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "--claim c: states no rate (somewhere)");
  claim.tokens_per_s_per_gpu = 10100;
  cr_expect_eq(tmk_target_spec_init(&claim, NAN, TMK_ACCT_NONE, &spec, &err), TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "--claim c: states a rate a GPU only; give --tokens-per-s too");
  cr_expect_eq(tmk_target_spec_init(&claim, 2e6, TMK_ACCT_NONE, &spec, &err), TMK_OK);
  cr_expect_eq(spec.rate_per_gpu, 10100);
}

struct built {
  struct tmk_claim claim;
  struct tmk_target_spec spec;
  struct tmk_result result;
  struct tmk_device_result device;
  struct tmk_point points[8];
  struct tmk_target_report report; /* borrows from the table */
  struct tmk_claim *table;
};

static void build(struct built *b, int point_count, double interactivity, enum tmk_accounting accounting)
{
  struct tmk_error err = {0};
  b->claim = claim_of(2e6, 6912, accounting);
  cr_assert_eq(tmk_target_spec_init(&b->claim, NAN, TMK_ACCT_NONE, &b->spec, &err), TMK_OK);
  b->spec.interactivity = interactivity;
  tmk_result_init(&b->result);
  snprintf(b->result.model.name, sizeof b->result.model.name, "llama-3.1-8b");
  b->result.model_active_parameters = 8030261248;
  b->device = device_of("NVIDIA H100 80GB HBM3", "h100-sxm5-80gb", false);
  b->result.devices = &b->device;
  b->result.device_count = 1;
  b->result.points = b->points;
  b->result.point_count = point_count;
  int count;
  free(b->table);
  cr_assert_eq(tmk_claims_load(&b->table, &count, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(tmk_target_report_build("r.json", &b->result, &b->spec, b->table, count, &b->report, &err), TMK_OK);
}

Test(report, rows_stand_for_decode_and_e2e_and_their_readings)
{
  static struct built b;
  b.points[0] = decode(1, 200);
  b.points[1] = decode(64, 9000);
  b.points[2] = point_of(TMK_PHASE_E2E, 64, 6000, 12000);
  b.points[3] = point_of(TMK_PHASE_PREFILL, 1, NAN, NAN);
  build(&b, 4, 0, TMK_ACCT_NONE);
  cr_assert_eq(b.report.row_count, 3);
  cr_expect(b.report.usable);
  const struct tmk_target_row *rows = b.report.rows;
  cr_expect_eq(rows[0].point, &b.points[1]);
  cr_expect_eq(rows[0].need.devices, 223); /* 222.2 */
  cr_expect_float_eq(rows[0].factor, 9000 / 289.3518518, 1e-6);
  cr_expect_eq(rows[1].point, &b.points[2]);
  cr_expect_eq(rows[1].accounting, TMK_ACCT_OUTPUT);
  cr_expect_eq(rows[1].need.devices, 334); /* 333.3 */
  cr_expect_eq(rows[2].point, &b.points[2]);
  cr_expect_eq(rows[2].accounting, TMK_ACCT_TOTAL);
  cr_expect_eq(rows[2].need.devices, 167);                /* 166.7 */
  cr_expect_eq(tmk_target_headline(&b.report), &rows[1]); /* whole requests, output tokens */
}

Test(report, what_is_missing_is_said)
{
  static struct built b;
  b.points[0] = decode(1, 200);
  b.points[1] = decode(64, 9000);
  b.points[1].verdict.value = TMK_VERDICT_INVALID;
  build(&b, 2, 250, TMK_ACCT_NONE);
  cr_assert_eq(b.report.row_count, 6);
  const struct tmk_target_row *rows = b.report.rows;
  cr_expect_eq(rows[0].point, &b.points[0]);
  cr_expect_null(rows[1].point);
  cr_expect_str_eq(rows[1].reason, "no decode point reaches 250 tokens/s/user; the most is 200");
  cr_expect_str_eq(rows[2].reason, "no e2e point in the file");
  cr_expect_str_eq(rows[4].reason,
                   "no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)");
  cr_expect_eq(tmk_target_headline(&b.report), &rows[0]);

  build(&b, 2, 200, TMK_ACCT_NONE); /* just as fast is fast enough */
  cr_expect_eq(b.report.rows[1].point, &b.points[0]);

  b.points[0].verdict.value = TMK_VERDICT_INVALID;
  build(&b, 2, 0, TMK_ACCT_OUTPUT);
  cr_assert_eq(b.report.row_count, 2);
  cr_expect_not(b.report.usable);
  cr_expect_str_eq(b.report.rows[0].reason, "no decode point counts: INVALID (and others)");
  cr_expect_null(tmk_target_headline(&b.report));
}

Test(report, a_claim_of_input_tokens_is_held_against_prefill)
{
  static struct built b;
  b.points[0] = decode(64, 9000);
  b.points[1] = point_of(TMK_PHASE_PREFILL, 1, NAN, NAN);
  b.points[1].throughput.input_tokens_per_s = 20000;
  build(&b, 2, 50, TMK_ACCT_INPUT);
  cr_assert_eq(b.report.row_count, 1);
  cr_expect_eq(b.report.rows[0].point, &b.points[1]);
  cr_expect_eq(b.report.rows[0].need.devices, 100);
}

Test(report, mlperf_rows_of_the_same_model_are_taken_one_a_gpu_best_first)
{
  static struct built b;
  b.points[0] = decode(64, 9000);
  build(&b, 1, 0, TMK_ACCT_NONE);
  const struct tmk_target_mlperf *mlperf = &b.report.mlperf;
  cr_expect(mlperf->same_model);
  cr_expect_str_eq(mlperf->model_id, "llama-3.1-8b");
  /* v6.0, 8 × B200, Offline: 160,400 ÷ 8; H100 is 5,777.08, L40S 1,642.22 last */
  cr_assert_eq(mlperf->row_count, 6);
  cr_expect_str_eq(mlperf->rows[0]->id, "mlperf6.0-lambda-8b-offline");
  cr_expect_str_eq(mlperf->rows[5]->id, "mlperf5.1-llama3.1-8b-offline-l40s-x1");
  /* one point, 9,000 a device: over H200's 8,254.6, under B200's 20,050 */
  cr_expect_eq(mlperf->points, 1);
  cr_expect_eq(mlperf->points_over[0], 0);
  cr_expect_eq(mlperf->points_over[1], 1);
  for (int i = 1; i < mlperf->row_count; i++) {
    cr_expect_leq(tmk_claim_rate_per_gpu(mlperf->rows[i]), tmk_claim_rate_per_gpu(mlperf->rows[i - 1]));
    cr_expect_str_neq(mlperf->rows[i]->gpu_id, mlperf->rows[i - 1]->gpu_id);
  }
}

static const char *nearest(const char *name, int64_t parameters, int64_t experts)
{
  static struct built b;
  static struct tmk_target_mlperf mlperf;
  struct tmk_error err = {0};
  int count;
  b.points[0] = decode(1, 100);
  build(&b, 1, 0, TMK_ACCT_NONE);
  snprintf(b.result.model.name, sizeof b.result.model.name, "%s", name);
  b.result.model.moe.experts = experts;
  b.result.model_active_parameters = parameters;
  free(b.table);
  cr_assert_eq(tmk_claims_load(&b.table, &count, &err), TMK_OK);
  cr_assert_eq(tmk_target_report_build("r.json", &b.result, &b.spec, b.table, count, &b.report, &err), TMK_OK);
  mlperf = b.report.mlperf;
  cr_expect_not(mlperf.same_model);
  cr_expect_neq(mlperf.reason[0], '\0');
  return mlperf.model_id;
}

Test(report, another_model_is_compared_with_the_nearest_of_its_kind)
{
  cr_expect_str_eq(nearest("tinyllama-1.1b", 1100048384, 0), "llama-3.1-8b");
  cr_expect_str_eq(nearest("llama-3.3-70b", 70553706496, 0), "llama-2-70b");
  cr_expect_str_eq(nearest("llama-3.1-8b+L4", 2000000000, 0), "llama-3.1-8b"); /* truncated: another model */
  cr_expect_str_eq(nearest("qwen3-30b-a3b", 3300000000, 128), "gpt-oss-120b");
  cr_expect_str_eq(nearest("kimi-k2-instruct", 32000000000, 384), "deepseek-r1");
  cr_expect_str_eq(nearest("config", TMK_UNKNOWN, 0), "");
  cr_expect_str_eq(nearest("", 0, 0), "");
}

/* --- the lines behind a run --- */

static void expect_summary(const struct tmk_result *result, const char *expected)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  tmk_target_print_summary(out, result);
  fclose(out);
  cr_expect_str_eq(text, expected);
  free(text);
}

Test(summary, a_gpu_says_from_which_batch_on_it_makes_the_figure)
{
  static struct built b;
  b.points[0] = decode(64, 9000);
  b.points[1] = decode(1, 200);
  b.points[2] = decode(8, 1500);
  b.points[3] = point_of(TMK_PHASE_E2E, 64, 6000, 12000);
  b.points[3].verdict.value = TMK_VERDICT_SUSPECT;
  set_interval(&b.points[0], 8900, 9100);
  build(&b, 4, 0, TMK_ACCT_NONE);
  expect_summary(
      &b.result,
      "Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not "
      "stated.\n"
      "  as output tokens: 9000 tokens/s a device, 31.1 x, so 223 of them (220 to 225) [decode, batch 64, context "
      "1024]\n"
      "  as output tokens: 6000 tokens/s a device, 20.7 x, so 334 of them [e2e, batch 64, 1024 / 1024 tokens; "
      "SUSPECT]\n"
      "  as total tokens: 12,000 tokens/s a device, 41.5 x, so 167 of them [e2e, batch 64, 1024 / 1024 tokens; "
      "SUSPECT]\n"
      "  One device reaches it in decode from batch 8 (context 1024) on, with 187.5 tokens/s for each user.\n"
      "  No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.\n");
  b.points[0].verdict.value = b.points[2].verdict.value = b.points[3].verdict.value = TMK_VERDICT_INVALID;
  expect_summary(
      &b.result,
      "Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not "
      "stated.\n"
      "  as output tokens: 200.0 tokens/s a device, 0.691 x, so 10,000 of them [decode, batch 1, context 1024]\n"
      "  as total tokens: no e2e point counts: INVALID\n"
      "  No decode point reaches it on one device.\n"
      "  No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.\n");
}

Test(summary, a_cpu_is_called_one)
{
  static struct built b;
  b.points[0] = decode(8, 95.2);
  build(&b, 1, 0, TMK_ACCT_NONE);
  b.device.info.is_cpu = true;
  expect_summary(
      &b.result,
      "Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not "
      "stated.\n"
      "  as output tokens: 95.20 tokens/s a CPU, 0.329 x, so 21,009 of them [decode, batch 8, context 1024]\n"
      "  as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)\n"
      "  A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target "
      "FILE` "
      "says more.\n");
}

Test(summary, an_empty_result_is_no_crash)
{
  struct tmk_result result;
  tmk_result_init(&result);
  expect_summary(
      &result, "Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is "
               "not stated.\n"
               "  as output tokens: no decode point in the file\n"
               "  as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)\n"
               "  No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.\n");
}

/* --- text --- */

Test(text, integers_are_grouped)
{
  static const struct {
    double value;
    const char *text;
  } cases[] = {{0, "0"},          {7, "7"},           {999, "999"},        {1000, "1,000"},
               {21009, "21,009"}, {2e6, "2,000,000"}, {-1234, "-1,234"},   {-123, "-123"},
               {NAN, "-"},        {INFINITY, "inf"},  {-INFINITY, "-inf"}, {1e300, "1.000e+300"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[64];
    tmk_format_integer(cases[i].value, text, sizeof text);
    cr_expect_str_eq(text, cases[i].text);
  }
}

Test(text, control_characters_do_not_reach_the_terminal)
{
  char text[16];
  tmk_text_clean("a\x1b[31mb\nc\x7f", text, sizeof text);
  cr_expect_str_eq(text, "a?[31mb?c?");
  tmk_text_clean("0123456789abcdefgh", text, sizeof text);
  cr_expect_str_eq(text, "0123456789abcde");
  tmk_text_clean("0123456789abcd\xc3\xa9x", text, sizeof text); /* é would be cut in two */
  cr_expect_str_eq(text, "0123456789abcd");
  tmk_text_clean("0123456789abc\xc3\xa9", text, sizeof text);
  cr_expect_str_eq(text, "0123456789abc\xc3\xa9");
}
