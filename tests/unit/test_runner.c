#include "runner.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "result_json.h"
#include "runner_parts.h"
#include "tiny_model.h"

static bool close_to(double a, double b)
{
  return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}
#define CLOSE(a, b) cr_assert(close_to(a, b), "%.15g is not %.15g", (double)(a), (double)(b))

/* --- composition, pure --- */

static void expect_split(int64_t input_len, int64_t output_len, int count, const int64_t *contexts,
                         const double *weights)
{
  struct tmk_e2e_parts parts = tmk_e2e_split(input_len, output_len);
  cr_assert_eq(parts.count, count, "output_len %d: %d parts", (int)output_len, parts.count);
  for (int k = 0; k < count; k++) {
    cr_assert_eq(parts.contexts[k], contexts[k], "output_len %d, part %d: context %d", (int)output_len, k,
                 (int)parts.contexts[k]);
    CLOSE(parts.weights[k], weights[k]);
  }
}

/* Steps i = 1 … output_len − 1 at context 10 + i − 1. */
Test(runner_e2e, split)
{
  expect_split(10, 1, 0, NULL, NULL);
  expect_split(10, 2, 1, (int64_t[]){10}, (double[]){1});
  expect_split(10, 3, 2, (int64_t[]){10, 11}, (double[]){1, 1});
  expect_split(10, 4, 3, (int64_t[]){10, 11, 12}, (double[]){1, 1, 1});
  /* 10, 11, 12, 13 with the middle at 11: step 12 lies half-way between 11 and 13 */
  expect_split(10, 5, 3, (int64_t[]){10, 11, 13}, (double[]){1, 1.5, 1.5});
  /* 10 … 14, middle 12 */
  expect_split(10, 6, 3, (int64_t[]){10, 12, 14}, (double[]){1.5, 2, 1.5});
}

/* The composition of a time that is linear in the context is its very sum. */
Test(runner_e2e, linear_time_is_exact)
{
  for (int64_t output_len = 1; output_len < 70; output_len++) {
    struct tmk_e2e_parts parts = tmk_e2e_split(100, output_len);
    double composed = 0, sum = 0;
    for (int k = 0; k < parts.count; k++) composed += parts.weights[k] * (500 + 3.0 * (double)parts.contexts[k]);
    for (int64_t i = 1; i < output_len; i++) sum += 500 + 3.0 * (double)(100 + i - 1);
    cr_assert(fabs(composed - sum) < 1e-6, "output_len %d: %g, not %g", (int)output_len, composed, sum);
  }
}

Test(runner_e2e, composition_error)
{
  CLOSE(tmk_e2e_composition_error(10, 6, (double[]){100, 121, 120}), 0.1);             /* 121 ÷ 110 − 1 */
  CLOSE(tmk_e2e_composition_error(10, 5, (double[]){100, 100, 130}), 100.0 / 110 - 1); /* a third of the way */
  cr_assert(isnan(tmk_e2e_composition_error(10, 3, (double[]){100, 121, 0})));
  cr_assert(isnan(tmk_e2e_composition_error(10, 1, (double[]){0, 0, 0})));
}

Test(runner_e2e, limits_compose)
{
  struct tmk_limit_result limits[2] = {
      {.flops = 10, .bytes = 1, .time_ns = 40, .bound = TMK_BOUND_COMPUTE, .share = {NAN, 0.4, 0.2}},
      {.flops = 1, .bytes = 10, .time_ns = 20, .bound = TMK_BOUND_MEMORY, .share = {NAN, 0.8, 0.6}}};
  /* once 100 ns at 40 %, four times 25 ns at 80 %: (40 + 4 · 20) ÷ 200 = 60 % */
  struct tmk_limit_result sum = tmk_e2e_compose_limit(limits, (double[]){1, 4}, (double[]){100, 25}, 2);
  CLOSE(sum.flops, 14);
  CLOSE(sum.bytes, 41);
  CLOSE(sum.time_ns, 120);
  cr_assert_eq(sum.bound, TMK_BOUND_MEMORY); /* 80 of the 120 ns */
  CLOSE(sum.share.measured, 0.6);
  CLOSE(sum.share.held, 0.4);
  cr_assert(isnan(sum.share.datasheet));
  limits[0].bound = TMK_BOUND_CACHE;
  cr_assert_eq(tmk_e2e_compose_limit(limits, (double[]){1, 4}, (double[]){100, 25}, 2).bound, TMK_BOUND_CACHE);
}

/* --- runs on the null backend --- */

#define MAX_POINTS 8

struct rig {
  const char *script;
  struct tmk_workload workloads[MAX_POINTS];
  int count;
  bool per_op, quick;
  const volatile sig_atomic_t *stop;
  int checkpoints, fail_checkpoint; /* the nth fails */
  int started, done;
  char order[MAX_POINTS][TMK_WORKLOAD_KEY_SIZE]; /* of point_done */
  struct tmk_sweep_point sweep_points[MAX_POINTS];
  bool host_set;
  int64_t cpus_allowed;
  double quota;
  struct tmk_result result;
  struct tmk_error err;
};

static void on_started(void *context, const struct tmk_result *result)
{
  struct rig *rig = context;
  rig->started++;
  cr_assert_eq(result->device_count, 1);
}

static void on_done(void *context, const struct tmk_result *result, const struct tmk_point *point)
{
  struct rig *rig = context;
  cr_assert(point >= result->points && point < result->points + result->point_count);
  strcpy(rig->order[rig->done++], point->key);
}

static enum tmk_status on_checkpoint(void *context, const struct tmk_result *result, struct tmk_error *err)
{
  struct rig *rig = context;
  cr_assert_eq(result->point_count, rig->count);
  if (++rig->checkpoints == rig->fail_checkpoint) return tmk_fail(err, TMK_ERR_IO, "disk full");
  return TMK_OK;
}

static void add(struct rig *rig, struct tmk_workload workload)
{
  rig->sweep_points[rig->count].workload = workload;
  rig->sweep_points[rig->count].bytes_needed = 1000;
  rig->count++;
}

static void add_decode(struct rig *rig, int64_t batch, int64_t context)
{
  add(rig, tiny_workload(TMK_PHASE_DECODE, batch, 0, 0, context));
}

static enum tmk_status run(struct rig *rig)
{
  struct tmk_model model = tiny_model();
  struct tmk_backend *backend = NULL;
  struct tmk_sweep sweep = {.points = rig->sweep_points, .count = rig->count};
  struct tmk_device_info info;
  const struct tmk_backend_ops *null = &tmk_backend_null;
  tmk_result_init(&rig->result);
  if (rig->host_set) {
    rig->result.host.cpus_allowed = rig->cpus_allowed;
    rig->result.host.cgroup_cpu_quota = rig->quota;
  }
  cr_assert_eq(null->open(&(struct tmk_open_args){.script = rig->script}, &backend, &rig->err), TMK_OK, "%s",
               rig->err.message);
  cr_assert_eq(null->describe(backend, &info, &rig->err), TMK_OK);
  struct tmk_run_args args = {.ops = null,
                              .backend = backend,
                              .model = &model,
                              .sweep = &sweep,
                              .measure = tmk_measure_defaults(&info),
                              .seed = 1,
                              .per_op = rig->per_op,
                              .quick = rig->quick,
                              .stop = rig->stop,
                              .events = {rig, on_started, NULL, on_done, on_checkpoint}};
  enum tmk_status status = tmk_run(&args, &rig->result, &rig->err);
  null->close(backend);
  return status;
}

static void expect_ok(struct rig *rig)
{
  enum tmk_status status = run(rig);
  cr_assert_eq(status, TMK_OK, "%s", rig->err.message);
}

static const char *codes(const struct tmk_point *point)
{
  static char text[256];
  tmk_verdict_text(point->verdict, text, sizeof text);
  return text;
}

/* 1000 µs a step + 10 µs a row: batch 4 takes 1040 µs. */
Test(runner, decode)
{
  struct rig rig = {.script = NULL};
  add_decode(&rig, 4, 7);
  expect_ok(&rig);
  const struct tmk_point *point = &rig.result.points[0];
  cr_assert_eq(point->status, TMK_POINT_OK);
  cr_assert_str_eq(point->key, "step/tiny/decode/b4/c7/w=f32/kv=f32");
  cr_assert_eq(point->provenance, TMK_PROV_MEASURED);
  cr_assert_str_eq(codes(point), "VALID");
  cr_assert_eq(point->bytes_needed, 1000);
  CLOSE(point->stats.median_ns, 1040000);
  cr_assert_eq(point->sample_count, point->stats.count);
  cr_assert_geq(point->sample_count, 6);
  cr_assert_eq(point->samples[point->sample_count - 1].round, 2);
  cr_assert_eq(point->samples[0].time_ns, 1040000 * point->passes_per_sample);
  cr_assert_eq(point->throughput.accounting, TMK_ACCT_OUTPUT);
  cr_assert_eq(point->throughput.devices, 1);
  CLOSE(point->throughput.output_tokens_per_s, 4 / 1.04e-3);
  CLOSE(point->throughput.output_tokens_per_s_per_device, 4 / 1.04e-3);
  CLOSE(point->throughput.output_tokens_per_s_per_user, 1 / 1.04e-3);
  CLOSE(point->throughput.ci_low_tokens_per_s, 4 / 1.04e-3);
  cr_assert(isnan(point->throughput.input_tokens_per_s) && isnan(point->throughput.total_tokens_per_s));
  CLOSE(point->latency.tpot_ns, 1040000);
  cr_assert(isnan(point->latency.ttft_ns) && isnan(point->latency.e2e_ns));
  cr_assert_eq(point->verify.ops_failed, 0);
  cr_assert_gt(point->verify.ops_checked, 0);
  cr_assert(point->verify.replay_matched && point->verify.replay_checked > 0);
  cr_assert(isnan(point->energy.joules));
  cr_assert_null(point->ops);
  cr_assert_eq(rig.started, 1);
  cr_assert_eq(rig.done, 1);
  /* three visits, three rounds, the end */
  cr_assert_eq(rig.checkpoints, 7, "%d", rig.checkpoints);
  cr_assert_eq(rig.result.devices[0].reading_count, 4);
  cr_assert_eq(rig.result.devices[0].readings[0].round, -1);
  cr_assert_eq(rig.result.devices[0].readings[3].round, 2);
  cr_assert_eq(rig.result.devices[0].drift, 0);
  tmk_result_free(&rig.result);
}

/* The share is the limit's time over the measured one; at 100 GB/s memory is the bound of a decode step. */
Test(runner, share_of_the_limit)
{
  struct rig rig = {.script = "step_us=10; row_us=0; read_gb_s=100"};
  add_decode(&rig, 1, 7);
  expect_ok(&rig);
  const struct tmk_limit_result *limit = &rig.result.points[0].limit;
  cr_assert_eq(limit->bound, TMK_BOUND_MEMORY);
  CLOSE(limit->time_ns, limit->bytes / 100.0);
  CLOSE(limit->share.measured, limit->time_ns / 10000);
  cr_assert(isnan(limit->share.datasheet) && isnan(limit->share.held));
  tmk_result_free(&rig.result);
  rig = (struct rig){.script = "llc_kib=100000"};
  add_decode(&rig, 1, 7);
  expect_ok(&rig);
  cr_assert_eq(rig.result.points[0].limit.bound, TMK_BOUND_CACHE);
  cr_assert(isnan(rig.result.points[0].limit.share.measured));
  tmk_result_free(&rig.result);
}

Test(runner, prefill_counts_input)
{
  struct rig rig = {.script = NULL};
  add(&rig, tiny_workload(TMK_PHASE_PREFILL, 2, 50, 0, 0)); /* one step of 100 rows: 2 ms */
  expect_ok(&rig);
  const struct tmk_point *point = &rig.result.points[0];
  cr_assert_eq(point->throughput.accounting, TMK_ACCT_INPUT);
  CLOSE(point->throughput.input_tokens_per_s, 100 / 2e-3);
  CLOSE(point->throughput.ci_high_tokens_per_s, 100 / 2e-3);
  cr_assert(isnan(point->throughput.output_tokens_per_s) && isnan(point->throughput.total_tokens_per_s));
  cr_assert(isnan(point->throughput.output_tokens_per_s_per_user));
  CLOSE(point->latency.ttft_ns, 2e6);
  cr_assert(isnan(point->latency.tpot_ns));
  tmk_result_free(&rig.result);
}

/* Two layers read context + 1 keys each, 1 µs a key: a step at context c takes 1000 + 10 + 2 (c + 1) µs; the prefill of 20
 * takes 1000 + 200 + 2 · 20 µs. Linear, so composed and outright agree. */
Test(runner, e2e_composed_and_outright)
{
  struct rig rig = {.script = "key_ns=1000"};
  add(&rig, tiny_workload(TMK_PHASE_E2E, 1, 20, 6, 0));
  add_decode(&rig, 1, 22); /* the middle step: shared */
  expect_ok(&rig);
  const struct tmk_point *point = &rig.result.points[0];
  const double prefill_us = 1240;
  double steps_us = 0;
  for (int c = 20; c <= 24; c++) steps_us += 1010 + 2 * (c + 1);
  cr_assert_eq(point->status, TMK_POINT_OK, "%s", point->reason);
  cr_assert_eq(point->provenance, TMK_PROV_COMPOSED);
  CLOSE(point->latency.e2e_ns, (prefill_us + steps_us) * 1e3);
  CLOSE(point->latency.ttft_ns, prefill_us * 1e3);
  CLOSE(point->latency.tpot_ns, steps_us * 1e3 / 5);
  CLOSE(point->latency.outright_e2e_ns, (prefill_us + steps_us) * 1e3);
  cr_assert(fabs(point->latency.composition_error) < 1e-9);
  CLOSE(point->stats.median_ns, point->latency.e2e_ns);
  CLOSE(point->stats.ci_low_ns, point->latency.e2e_ns);
  cr_assert(isnan(point->stats.ci_level));
  const double e2e_s = (prefill_us + steps_us) * 1e-6;
  CLOSE(point->throughput.output_tokens_per_s, 6 / e2e_s);
  CLOSE(point->throughput.input_tokens_per_s, 20 / e2e_s);
  CLOSE(point->throughput.total_tokens_per_s, 26 / e2e_s);
  CLOSE(point->throughput.output_tokens_per_s_per_user, 1e6 / (steps_us / 5));
  cr_assert_eq(point->sample_count, 0);
  cr_assert_str_eq(codes(point), "VALID");
  cr_assert_gt(point->verify.ops_checked, rig.result.points[1].verify.ops_checked);
  CLOSE(rig.result.points[1].latency.tpot_ns, (1010 + 2 * 23) * 1e3);
  /* four units, not five, are visited: 3 · 4 visits, 3 rounds, the end */
  cr_assert_eq(rig.checkpoints, 16, "%d", rig.checkpoints);
  tmk_result_free(&rig.result);
}

Test(runner, e2e_edges)
{
  struct rig rig = {.script = NULL};
  for (int64_t output_len = 1; output_len <= 3; output_len++) {
    add(&rig, tiny_workload(TMK_PHASE_E2E, 1, 20, output_len, 0));
  }
  expect_ok(&rig);
  const struct tmk_point *points = rig.result.points;
  CLOSE(points[0].latency.e2e_ns, 1200e3); /* the prefill alone */
  CLOSE(points[0].latency.ttft_ns, 1200e3);
  cr_assert(isnan(points[0].latency.tpot_ns) && isnan(points[0].throughput.output_tokens_per_s_per_user));
  CLOSE(points[0].throughput.output_tokens_per_s, 1 / 1.2e-3);
  cr_assert_eq(points[0].provenance, TMK_PROV_MEASURED);
  cr_assert_eq(points[0].sample_count, points[0].stats.count);
  cr_assert_gt(points[0].sample_count, 0);
  CLOSE(points[0].latency.outright_e2e_ns, 1200e3); /* the cheapest of the three */
  CLOSE(points[1].latency.e2e_ns, 1200e3 + 1010e3);
  CLOSE(points[1].latency.tpot_ns, 1010e3);
  cr_assert(isnan(points[1].latency.composition_error) && isnan(points[1].latency.outright_e2e_ns));
  CLOSE(points[2].latency.e2e_ns, 1200e3 + 2020e3);
  tmk_result_free(&rig.result);
}

Test(runner, points_are_told_in_order_though_visited_in_another)
{
  struct rig rig = {.script = "noise=0.01"};
  for (int64_t batch = 1; batch <= 6; batch++) add_decode(&rig, batch, 3);
  expect_ok(&rig);
  cr_assert_eq(rig.done, 6);
  for (int i = 0; i < 6; i++) cr_assert_str_eq(rig.order[i], rig.result.points[i].key);
  tmk_result_free(&rig.result);
}

static char *result_text(const char *script)
{
  struct rig rig = {.script = script, .per_op = true};
  add_decode(&rig, 1, 3);
  add_decode(&rig, 2, 3);
  add(&rig, tiny_workload(TMK_PHASE_E2E, 1, 5, 4, 0));
  expect_ok(&rig);
  char *text = NULL;
  size_t size = 0;
  cr_assert_eq(tmk_result_to_json(&rig.result, &text, &size, &rig.err), TMK_OK, "%s", rig.err.message);
  tmk_result_free(&rig.result);
  return text;
}

Test(runner, same_script_same_result)
{
  char *first = result_text("noise=0.02; power_w=100; clock_ghz=2; key_ns=100");
  char *second = result_text("noise=0.02; power_w=100; clock_ghz=2; key_ns=100");
  char *other = result_text("noise=0.02; power_w=100; clock_ghz=2; key_ns=100; seed=2");
  cr_assert_str_eq(first, second);
  cr_assert_str_neq(first, other);
  free(first);
  free(second);
  free(other);
}

static void expect_codes(const char *script, const char *expected)
{
  struct rig rig = {.script = script};
  add_decode(&rig, 2, 7);
  expect_ok(&rig);
  const struct tmk_point *point = &rig.result.points[0];
  cr_assert_eq(point->status, TMK_POINT_OK, "%s: %s", script, point->reason);
  cr_assert_str_eq(codes(point), expected, "%s: %s", script, codes(point));
  const bool invalid = point->verdict.value == TMK_VERDICT_INVALID;
  cr_assert_eq(isnan(point->throughput.output_tokens_per_s) != 0, invalid, "%s", script);
  cr_assert_eq(isnan(point->throughput.ci_low_tokens_per_s) != 0, invalid, "%s", script);
  cr_assert_geq(point->sample_count, 6);
  tmk_result_free(&rig.result);
}

Test(runner, verdicts)
{
  expect_codes("noise=0.2; min_sample_ms=500", "SUSPECT unsteady");
  expect_codes("noise=0.03", "VALID");
  expect_codes("ceiling_drift=0.005", "VALID"); /* 1.5 % over three readings */
  expect_codes("ceiling_drift=0.02", "SUSPECT drift");
  expect_codes("throttled_at=/b2/", "SUSPECT throttled");
  expect_codes("throttled_at=/b3/", "VALID");
  expect_codes("clock_ghz=2; clock_drop=0.06", "SUSPECT clocks_moved");
  expect_codes("clock_ghz=2; clock_drop=0.04", "VALID");
  expect_codes("gpu; ecc_at=decode", "INVALID ecc");
  expect_codes("gpu; shared_at=/b2/", "SUSPECT shared_device");
  expect_codes("gpu; shared_at=/b3/", "VALID");
  expect_codes("fast_at=decode; min_sample_ms=0.001", "SUSPECT over_limit"); /* by measured ceilings */
  expect_codes("fast_at=decode; min_sample_ms=0.001; gpu; name=NVIDIA H100 80GB HBM3", "INVALID over_limit");
  expect_codes("replay_wrong_at=decode", "INVALID verify_failed");
}

/* tmk_result_init() leaves the host unknown; here it has 2 CPUs, and then a quota of 1.5. */
Test(runner, more_threads_than_cores)
{
  static const struct {
    const char *script, *expected;
    int64_t cpus;
    double quota;
  } rows[] = {{"threads=2", "VALID", 2, NAN},
              {"threads=3", "SUSPECT oversubscribed", 2, NAN},
              {"threads=2", "SUSPECT oversubscribed", 2, 1.5},
              {"threads=3; gpu", "VALID", 2, NAN},
              {"threads=3", "VALID", TMK_UNKNOWN, NAN}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct rig rig = {.script = rows[i].script, .cpus_allowed = rows[i].cpus, .quota = rows[i].quota, .host_set = true};
    add_decode(&rig, 2, 7);
    expect_ok(&rig);
    cr_assert_str_eq(codes(&rig.result.points[0]), rows[i].expected, "row %zu", i);
    tmk_result_free(&rig.result);
  }
}

Test(runner, wrong_result_is_not_timed)
{
  struct rig rig = {.script = "wrong_at=/b2/"};
  add_decode(&rig, 1, 7);
  add_decode(&rig, 2, 7);
  add(&rig, tiny_workload(TMK_PHASE_E2E, 2, 7, 2, 0)); /* its decode step is the wrong one */
  expect_ok(&rig);
  const struct tmk_point *points = rig.result.points;
  cr_assert_eq(points[0].status, TMK_POINT_OK);
  cr_assert_eq(points[1].status, TMK_POINT_FAILED);
  cr_assert_eq(strncmp(points[1].reason, "wrong result: gemm lm_head", 26), 0, "%s", points[1].reason);
  cr_assert_str_eq(codes(&points[1]), "INVALID verify_failed");
  cr_assert_eq(points[1].sample_count, 0);
  cr_assert_gt(points[1].verify.ops_failed, 0);
  cr_assert(isnan(points[1].throughput.output_tokens_per_s));
  cr_assert_eq(points[2].status, TMK_POINT_FAILED);
  cr_assert_not_null(strstr(points[2].reason, "wrong result: gemm lm_head"), "%s", points[2].reason);
  tmk_result_free(&rig.result);
}

static void expect_failed(const char *script, const char *reason)
{
  struct rig rig = {.script = script};
  add_decode(&rig, 1, 7);
  add_decode(&rig, 2, 7);
  add_decode(&rig, 4, 7);
  expect_ok(&rig);
  cr_assert_eq(rig.result.points[0].status, TMK_POINT_OK, "%s", script);
  cr_assert_eq(rig.result.points[1].status, TMK_POINT_FAILED, "%s", script);
  cr_assert_str_eq(rig.result.points[1].reason, reason);
  cr_assert(isnan(rig.result.points[1].throughput.output_tokens_per_s));
  cr_assert_eq(rig.result.points[2].status, TMK_POINT_OK, "%s", script);
  cr_assert_eq(rig.done, 3);
  tmk_result_free(&rig.result);
}

Test(runner, a_failed_point_leaves_the_others)
{
  expect_failed("memory_at=/b2/", "scripted: out of memory for step/tiny/decode/b2/c7/w=f32/kv=f32");
  expect_failed("fault_at=/b2/", "scripted: run 1 of step/tiny/decode/b2/c7/w=f32/kv=f32 failed");
  expect_failed("zero_time_at=/b2/", "the clock gave 0 ns for 1 passes: must be above 0");
  expect_failed("unsupported_at=/b2/", "embed rows=2 hidden=64 vocab=96: scripted: not supported");
}

Test(runner, device_fault_ends_the_run_and_keeps_what_is_there)
{
  struct rig rig = {.script = "device_fault_run=40"};
  for (int64_t batch = 1; batch <= 4; batch++) add_decode(&rig, batch, 3);
  cr_assert_eq(run(&rig), TMK_ERR_DEVICE);
  cr_assert_str_eq(rig.err.message, "scripted: the device fell off the bus in run 40");
  int ok = 0, failed = 0, skipped = 0;
  for (int i = 0; i < 4; i++) {
    const struct tmk_point *point = &rig.result.points[i];
    ok += point->status == TMK_POINT_OK;
    failed += point->status == TMK_POINT_FAILED;
    skipped += point->status == TMK_POINT_SKIPPED;
    if (point->status == TMK_POINT_FAILED) cr_assert_str_eq(point->reason, rig.err.message);
    if (point->status == TMK_POINT_SKIPPED) {
      cr_assert_str_eq(point->reason, "not measured: the device failed before");
    }
  }
  cr_assert_eq(failed, 1);
  cr_assert_eq(ok + skipped, 3);
  cr_assert_gt(ok, 0);
  cr_assert_eq(rig.done, 4);
  tmk_result_free(&rig.result);
}

static volatile sig_atomic_t stop;
static void on_interrupt(int number)
{
  (void)number;
  stop = 1;
}

Test(runner, stop_keeps_what_was_measured)
{
  signal(SIGINT, on_interrupt);
  struct rig rig = {.script = "interrupt_run=12", .stop = &stop};
  for (int64_t batch = 1; batch <= 4; batch++) add_decode(&rig, batch, 3);
  cr_assert_eq(run(&rig), TMK_ERR_INTERRUPTED);
  int ok = 0, skipped = 0;
  for (int i = 0; i < 4; i++) {
    const struct tmk_point *point = &rig.result.points[i];
    ok += point->status == TMK_POINT_OK;
    skipped += point->status == TMK_POINT_SKIPPED;
    if (point->status == TMK_POINT_OK) cr_assert_eq(point->sample_count, point->stats.count);
    if (point->status == TMK_POINT_SKIPPED) {
      cr_assert_str_eq(point->reason, "not measured: the run was interrupted");
    }
  }
  cr_assert_gt(ok, 0);
  cr_assert_gt(skipped, 0);
  cr_assert_eq(ok + skipped, 4);
  cr_assert_eq(rig.done, 4);
  tmk_result_free(&rig.result);
}

Test(runner, stop_before_the_first_sample)
{
  static const volatile sig_atomic_t stopped = 1;
  struct rig rig = {.script = NULL, .stop = &stopped};
  add_decode(&rig, 1, 3);
  cr_assert_eq(run(&rig), TMK_ERR_INTERRUPTED);
  cr_assert_eq(rig.result.points[0].status, TMK_POINT_SKIPPED);
  tmk_result_free(&rig.result);
}

Test(runner, a_checkpoint_that_fails_ends_the_run)
{
  struct rig rig = {.script = NULL, .fail_checkpoint = 2};
  add_decode(&rig, 1, 3);
  add_decode(&rig, 2, 3);
  cr_assert_eq(run(&rig), TMK_ERR_IO);
  cr_assert_str_eq(rig.err.message, "disk full");
  tmk_result_free(&rig.result);
}

Test(runner, skipped_points_carry_over)
{
  struct rig rig = {.script = NULL};
  add_decode(&rig, 1, 3);
  add_decode(&rig, 2, 3);
  rig.sweep_points[0].skipped = true;
  rig.sweep_points[0].bytes_needed = 1ll << 40;
  strcpy(rig.sweep_points[0].reason, "needs 1024.0 GiB, 1.0 GiB are free");
  expect_ok(&rig);
  cr_assert_eq(rig.result.points[0].status, TMK_POINT_SKIPPED);
  cr_assert_str_eq(rig.result.points[0].reason, "needs 1024.0 GiB, 1.0 GiB are free");
  cr_assert_eq(rig.result.points[0].bytes_needed, 1ll << 40);
  cr_assert_eq(rig.result.points[0].verdict.value, TMK_VERDICT_NONE);
  cr_assert_eq(rig.result.points[1].status, TMK_POINT_OK);
  cr_assert_eq(rig.done, 2);
  tmk_result_free(&rig.result);
}

Test(runner, nothing_to_run_measures_no_ceilings)
{
  struct rig rig = {.script = NULL};
  add_decode(&rig, 1, 3);
  rig.sweep_points[0].skipped = true;
  expect_ok(&rig);
  cr_assert_eq(rig.result.devices[0].reading_count, 0);
  cr_assert_eq(rig.started, 1);
  cr_assert_eq(rig.done, 1);
  tmk_result_free(&rig.result);
}

Test(runner, simulated_device_has_no_throughput)
{
  struct rig rig = {.script = "simulated; gpu; name=NVIDIA H100 80GB HBM3; power_w=50", .per_op = true};
  add_decode(&rig, 2, 3);
  add(&rig, tiny_workload(TMK_PHASE_E2E, 1, 5, 4, 0));
  expect_ok(&rig);
  const struct tmk_point *points = rig.result.points;
  for (int i = 0; i < 2; i++) {
    cr_assert_eq(points[i].status, TMK_POINT_OK, "%s", points[i].reason);
    cr_assert_eq(points[i].provenance, TMK_PROV_SIMULATED);
    cr_assert(isnan(points[i].throughput.output_tokens_per_s) && isnan(points[i].throughput.ci_low_tokens_per_s));
    cr_assert(isnan(points[i].latency.tpot_ns) && isnan(points[i].latency.e2e_ns));
    cr_assert(isnan(points[i].limit.share.datasheet) && isnan(points[i].limit.share.measured));
    cr_assert(isnan(tmk_point_rate(&points[i])));
    cr_assert(isnan(points[i].energy.joules));
  }
  cr_assert_eq(points[0].sample_count, 1);
  cr_assert_eq(points[0].warmup_samples, 0);
  cr_assert_gt(points[0].verify.ops_checked, 0);
  cr_assert(points[0].verify.replay_matched);
  cr_assert_eq(rig.result.devices[0].reading_count, 0);
  cr_assert(isnan(rig.result.devices[0].ceilings.read_bytes_per_s));
  cr_assert_not(isnan(rig.result.devices[0].datasheet_read_bytes_per_s));
  tmk_result_free(&rig.result);
}

Test(runner, gpu_is_joined_with_its_datasheet)
{
  struct rig rig = {.script = "gpu; name=NVIDIA H100 80GB HBM3; clock_ghz=1.98; clock_drop=0.02; step_us=10; row_us=0; "
                              "min_sample_ms=0.01"};
  add_decode(&rig, 2, 3);
  expect_ok(&rig);
  const struct tmk_device_result *device = &rig.result.devices[0];
  cr_assert_str_neq(device->info.gpu_id, "");
  cr_assert_gt(device->datasheet_read_bytes_per_s, 3e12);
  cr_assert_lt(device->datasheet_read_bytes_per_s, 4e12);
  const struct tmk_point *point = &rig.result.points[0];
  CLOSE(point->limit.share.datasheet, point->limit.bytes / device->datasheet_read_bytes_per_s / 10e-6);
  cr_assert_not(isnan(point->limit.share.held));
  tmk_result_free(&rig.result);
}

/* 50 W in scripted time; a step of batch 2 takes 1020 µs: 25.5 µJ a token. */
Test(runner, energy)
{
  struct rig rig = {.script = "power_w=50"};
  add_decode(&rig, 2, 3);
  add(&rig, tiny_workload(TMK_PHASE_PREFILL, 1, 5, 0, 0));
  expect_ok(&rig);
  const struct tmk_energy *energy = &rig.result.points[0].energy;
  cr_assert_geq(energy->bracket_s, 1);
  cr_assert_lt(energy->bracket_s, 1.1);
  cr_assert(fabs(energy->mean_power_w - 50) < 1e-3, "%g", energy->mean_power_w);
  cr_assert(fabs(energy->joules_per_output_token - 50 * 1020e-6 / 2) < 1e-6);
  cr_assert_str_eq(energy->source, "scripted");
  cr_assert_not(isnan(rig.result.points[1].energy.joules));
  cr_assert(isnan(rig.result.points[1].energy.joules_per_output_token));
  tmk_result_free(&rig.result);
  rig = (struct rig){.script = "power_w=50", .quick = true}; /* no time is added, so there is no whole second */
  add_decode(&rig, 2, 3);
  expect_ok(&rig);
  cr_assert(isnan(rig.result.points[0].energy.joules));
  cr_assert_str_eq(codes(&rig.result.points[0]), "VALID energy_unbracketed");
  tmk_result_free(&rig.result);
}

Test(runner, per_op_rows_by_label)
{
  struct rig rig = {.script = "step_us=1000; row_us=0", .per_op = true};
  add_decode(&rig, 2, 3);
  expect_ok(&rig);
  const struct tmk_point *point = &rig.result.points[0];
  cr_assert_gt(point->op_count, 5);
  int64_t count = 0;
  double time_ns = 0, flops = 0, bytes = 0;
  bool lm_head = false;
  for (int64_t i = 0; i < point->op_count; i++) {
    const struct tmk_op_time *row = &point->ops[i];
    count += row->count;
    time_ns += row->time_ns;
    flops += row->flops;
    bytes += row->bytes;
    lm_head = lm_head || strcmp(row->label, "lm_head") == 0;
    for (int64_t k = 0; k < i; k++) {
      cr_assert(strcmp(row->label, point->ops[k].label) != 0 || row->kind != point->ops[k].kind, "%s twice",
                row->label);
    }
  }
  cr_assert(lm_head);
  cr_assert(fabs(time_ns - 1e6) < (double)count); /* equal whole-nanosecond parts of 1 ms */
  CLOSE(flops, point->limit.flops);
  CLOSE(bytes, point->limit.bytes);
  tmk_result_free(&rig.result);
}

/* Two dtypes that don't fit together are measured one after the other; the result is the same but for the order. */
Test(runner, groups)
{
  struct rig rig = {.script = "memory_gib=1"};
  add_decode(&rig, 1, 3);
  add_decode(&rig, 2, 3);
  rig.sweep_points[1].workload.weight_dtype = TMK_DTYPE_BF16;
  add_decode(&rig, 4, 3);
  expect_ok(&rig);
  cr_assert_eq(rig.result.devices[0].reading_count, 4);
  tmk_result_free(&rig.result);
  for (int i = 0; i < 3; i++) rig.sweep_points[i].bytes_needed = 600 << 20;
  rig.done = 0;
  expect_ok(&rig);
  cr_assert_eq(rig.result.devices[0].reading_count, 7); /* −1, and 3 rounds of each group */
  cr_assert_eq(rig.result.devices[0].readings[6].round, 5);
  for (int i = 0; i < 3; i++) cr_assert_eq(rig.result.points[i].status, TMK_POINT_OK);
  cr_assert_str_eq(rig.order[0], rig.result.points[0].key);
  cr_assert_str_eq(rig.order[1], rig.result.points[2].key);
  cr_assert_str_eq(rig.order[2], rig.result.points[1].key);
  tmk_result_free(&rig.result);
}

Test(runner, layers_held_is_extrapolated)
{
  struct rig rig = {.script = NULL};
  add_decode(&rig, 1, 3);
  rig.sweep_points[0].workload.layers_held = 1;
  expect_ok(&rig);
  cr_assert_eq(rig.result.points[0].provenance, TMK_PROV_EXTRAPOLATED);
  cr_assert_eq(rig.result.points[0].status, TMK_POINT_OK, "%s", rig.result.points[0].reason);
  tmk_result_free(&rig.result);
}

Test(runner, no_ceilings)
{
  struct rig rig = {.script = "no_ceilings"};
  add_decode(&rig, 1, 3);
  expect_ok(&rig);
  cr_assert_eq(rig.result.devices[0].reading_count, 0);
  cr_assert(isnan(rig.result.devices[0].drift) && isnan(rig.result.points[0].limit.share.measured));
  cr_assert_str_eq(codes(&rig.result.points[0]), "VALID");
  tmk_result_free(&rig.result);
}

Test(runner, estimate_runs_nothing)
{
  struct tmk_model model = tiny_model();
  struct tmk_backend *backend = NULL;
  struct tmk_device_result device;
  struct tmk_limit_result limit, parts;
  struct tmk_error err = {0};
  const struct tmk_backend_ops *null = &tmk_backend_null;
  cr_assert_eq(null->open(&(struct tmk_open_args){.script = "gpu; name=NVIDIA H100 80GB HBM3; device_fault_run=1"},
                          &backend, &err),
               TMK_OK);
  cr_assert_eq(tmk_run_describe(null, backend, &device, &err), TMK_OK);
  struct tmk_run_args args = {.model = &model, .seed = 1};
  struct tmk_workload e2e = tiny_workload(TMK_PHASE_E2E, 1, 5, 2, 0);
  struct tmk_workload prefill = tiny_workload(TMK_PHASE_PREFILL, 1, 5, 0, 0);
  struct tmk_workload decode = tiny_workload(TMK_PHASE_DECODE, 1, 0, 0, 5);
  double flops = 0, time_ns = 0;
  cr_assert_eq(tmk_run_estimate(&args, &device, &prefill, &parts, &err), TMK_OK, "%s", err.message);
  flops += parts.flops;
  time_ns += parts.time_ns;
  cr_assert_eq(tmk_run_estimate(&args, &device, &decode, &parts, &err), TMK_OK);
  flops += parts.flops;
  time_ns += parts.time_ns;
  cr_assert_eq(tmk_run_estimate(&args, &device, &e2e, &limit, &err), TMK_OK);
  CLOSE(limit.flops, flops);
  CLOSE(limit.time_ns, time_ns);
  cr_assert(limit.time_ns > 0 && isnan(limit.share.datasheet));
  null->close(backend);
}
