/* test_report_data.c: results to sources, rows and series; values worked by hand. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_data.h"
#include "result_json.h"
#include "tokmark/comm.h"

/* A result of one device with room for points, made here rather than read. */
static struct tmk_result make_result(const char *device, const char *start, int points)
{
  struct tmk_result result;
  tmk_result_init(&result);
  result.device_count = 1;
  result.devices = calloc(1, sizeof *result.devices);
  tmk_device_info_init(&result.devices[0].info);
  tmk_ceilings_init(&result.devices[0].ceilings);
  snprintf(result.devices[0].info.name, sizeof result.devices[0].info.name, "%s", device);
  snprintf(result.start_utc, sizeof result.start_utc, "%s", start);
  result.complete = true;
  result.points = calloc((size_t)points, sizeof *result.points);
  for (int i = 0; i < points; i++) tmk_point_init(&result.points[i]);
  result.point_count = points;
  return result;
}

static struct tmk_workload decode_of(int64_t batch)
{
  return (struct tmk_workload){.model = "m",
                               .phase = TMK_PHASE_DECODE,
                               .batch = batch,
                               .context = 128,
                               .prefill_chunk = TMK_PREFILL_CHUNK_DEFAULT,
                               .weight_dtype = TMK_DTYPE_BF16,
                               .kv_dtype = TMK_DTYPE_BF16,
                               .layout = {1, 1, 1, 0, 1}};
}

static void set_decode(struct tmk_point *point, enum tmk_point_type type, int64_t batch, int64_t devices, double rate)
{
  point->type = type;
  point->workload.step = decode_of(batch);
  snprintf(point->key, sizeof point->key, "%s/b%lld/n%lld", tmk_point_type_name(type), (long long)batch,
           (long long)devices);
  point->status = TMK_POINT_OK;
  point->provenance = TMK_PROV_MEASURED;
  point->verdict.value = TMK_VERDICT_VALID;
  point->throughput.accounting = TMK_ACCT_OUTPUT;
  point->throughput.devices = devices;
  point->throughput.output_tokens_per_s = rate;
  point->throughput.output_tokens_per_s_per_device = rate / (double)devices;
  point->throughput.output_tokens_per_s_per_user = rate / (double)batch;
  point->throughput.ci_low_tokens_per_s = rate * 0.5;
  point->throughput.ci_high_tokens_per_s = rate * 2;
  point->stats.median_ns = 1e9 * (double)batch / rate;
}

static void add(struct tmk_report *report, const char *file, struct tmk_result *result)
{
  struct tmk_error err = {0};
  cr_assert_eq(tmk_report_add(report, file, result, &err), TMK_OK, "%s", err.message);
  tmk_result_free(result);
}

struct built {
  struct tmk_report_chart charts[TMK_REPORT_CHARTS_MAX];
  int count;
};

static struct built build(struct tmk_report *report)
{
  struct built built;
  struct tmk_claim claim;
  struct tmk_error err = {0};
  tmk_report_finish(report);
  cr_assert_eq(tmk_claim_get(tmk_claim_find(TMK_CLAIM_DEFAULT_ID), &claim, &err), TMK_OK);
  cr_assert_eq(tmk_report_charts(report, &claim, built.charts, &built.count, &err), TMK_OK, "%s", err.message);
  return built;
}

static void release(struct built *built, struct tmk_report *report)
{
  for (int i = 0; i < built->count; i++) tmk_report_chart_free(&built->charts[i]);
  tmk_report_free(report);
}

static const struct tmk_report_chart *find(const struct built *built, const char *id)
{
  for (int i = 0; i < built->count; i++) {
    if (strcmp(built->charts[i].id, id) == 0) return &built->charts[i];
  }
  return NULL;
}

Test(report_data, points_of_a_series_stand_by_x_with_their_interval)
{
  struct tmk_report report;
  struct tmk_result result = make_result("D", "2026-01-01T00:00:00Z", 2);
  set_decode(&result.points[0], TMK_POINT_STEP, 8, 2, 400);
  set_decode(&result.points[1], TMK_POINT_STEP, 1, 2, 100);
  tmk_report_init(&report, 1);
  add(&report, "a.json", &result);
  struct built built = build(&report);
  const struct tmk_report_chart *output = find(&built, "output"), *users = find(&built, "interactivity");
  cr_assert_not_null(output);
  cr_assert_eq(output->series_count, 1);
  cr_assert_str_eq(output->series[0].label, "m decode c128 bf16");
  cr_assert_eq(output->series[0].count, 2);
  cr_assert_eq(output->series[0].points[0].x, 1);
  cr_assert_eq(output->series[0].points[1].y, 400);
  cr_assert_eq(output->series[0].points[1].low, 200);
  cr_assert_eq(output->series[0].points[1].high, 800);
  cr_assert_not_null(users);
  cr_assert_eq(users->series[0].points[0].x, 100); /* the line follows the batch */
  cr_assert_eq(users->series[0].points[1].x, 50);  /* 400 / 8 */
  cr_assert_eq(users->series[0].points[1].y, 200);
  cr_assert_eq(users->series[0].points[1].low, 100);
  cr_assert_float_eq(users->line_y, 2e6 / 6912, 1e-9);
  cr_assert_not_null(strstr(users->line_label, "which tokens is not stated"));
  cr_assert_null(find(&built, "input"));
  cr_assert_null(find(&built, "scaling"));
  cr_assert_eq(report.sources[0].best, 0);
  release(&built, &report);
}

Test(report_data, bad_and_unmeasured_points_are_rows_and_not_drawn_as_good)
{
  struct tmk_report report;
  struct tmk_result result = make_result("D", "2026-01-01T00:00:00Z", 7);
  for (int i = 0; i < 7; i++) set_decode(&result.points[i], TMK_POINT_STEP, i + 1, 1, 100 * (i + 1));
  result.points[1].verdict.value = TMK_VERDICT_INVALID;
  result.points[2].status = TMK_POINT_FAILED;
  snprintf(result.points[2].reason, sizeof result.points[2].reason, "fault");
  result.points[3].status = TMK_POINT_SKIPPED;
  result.points[4].provenance = TMK_PROV_SIMULATED;
  result.points[5].provenance = TMK_PROV_PREDICTED;
  result.points[6].verdict = (struct tmk_verdict){TMK_VERDICT_SUSPECT, TMK_CODE_OVER_LIMIT};
  tmk_report_init(&report, 1);
  add(&report, "a.json", &result);
  struct built built = build(&report);
  const struct tmk_report_chart *output = find(&built, "output");
  cr_assert_eq(report.row_count, 7);
  cr_assert_eq(tmk_report_outcome(&report.rows[1]), TMK_OUTCOME_INVALID);
  cr_assert_eq(tmk_report_outcome(&report.rows[2]), TMK_OUTCOME_FAILED);
  cr_assert_str_eq(report.rows[2].reason, "fault");
  cr_assert_eq(tmk_report_outcome(&report.rows[3]), TMK_OUTCOME_SKIPPED);
  cr_assert(isnan(report.rows[1].rate) && isnan(report.rows[1].time_ns));
  cr_assert_eq(report.rows[4].accounting, TMK_ACCT_NONE);
  cr_assert_eq(output->series_count, 2);
  cr_assert_eq(output->series[0].count, 1);
  cr_assert_not(output->series[0].dashed);
  cr_assert_str_eq(output->series[1].label, "m decode c128 bf16 (predicted)");
  cr_assert(output->series[1].dashed);
  cr_assert_eq(report.sources[0].best, 0); /* neither the predicted nor the one over its limit */
  release(&built, &report);
}

Test(report_data, few_files_are_overlaid_and_told_apart)
{
  struct tmk_report report;
  tmk_report_init(&report, 2);
  for (int i = 0; i < 2; i++) {
    struct tmk_result result = make_result("D", "2026-01-01T00:00:00Z", 1);
    set_decode(&result.points[0], TMK_POINT_STEP, 1, 1, 100 + i);
    add(&report, i ? "x/new.json" : "old.json", &result);
  }
  struct built built = build(&report);
  cr_assert_not(report.by_device);
  cr_assert_eq(report.source_count, 2);
  cr_assert_str_eq(report.sources[0].name, "D, old.json");
  cr_assert_str_eq(report.sources[1].name, "D, new.json");
  cr_assert_eq(find(&built, "output")->series_count, 2);
  cr_assert_eq(find(&built, "output")->series[1].source, 1);
  release(&built, &report);
}

Test(report_data, of_many_files_the_latest_run_of_a_point_wins)
{
  static const char *const starts[] = {"2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-01T00:00:00Z"};
  struct tmk_report report;
  tmk_report_init(&report, TMK_REPORT_OVERLAY_MAX + 1);
  for (int i = 0; i < 3; i++) {
    struct tmk_result result = make_result("D", starts[i], 1);
    set_decode(&result.points[0], TMK_POINT_STEP, 1, 1, 100 + i);
    if (i == 1) result.points[0].verdict.value = TMK_VERDICT_INVALID; /* the latest, though it is bad */
    add(&report, starts[i], &result);
  }
  struct tmk_result other = make_result("E", starts[0], 1);
  set_decode(&other.points[0], TMK_POINT_STEP, 1, 1, 7);
  add(&report, "e", &other);
  struct built built = build(&report);
  cr_assert(report.by_device);
  cr_assert_eq(report.source_count, 2);
  cr_assert_eq(report.row_count, 2);
  cr_assert_eq(report.sources[0].runs, 3);
  cr_assert_eq(report.sources[0].older, 2);
  cr_assert_str_eq(report.sources[0].start_utc, starts[1]);
  cr_assert_eq(tmk_report_outcome(&report.rows[0]), TMK_OUTCOME_INVALID);
  cr_assert_eq(report.sources[0].best, -1);
  cr_assert_eq(report.sources[1].best, 1);
  release(&built, &report);
}

Test(report_data, sources_and_series_beyond_the_caps_are_counted)
{
  struct tmk_report report;
  tmk_report_init(&report, 1000);
  for (int i = 0; i < TMK_REPORT_SOURCES_MAX + 3; i++) {
    char name[16];
    snprintf(name, sizeof name, "D%d", i);
    struct tmk_result result = make_result(name, "2026-01-01T00:00:00Z", 2);
    set_decode(&result.points[0], TMK_POINT_STEP, 1, 1, 100);
    set_decode(&result.points[1], TMK_POINT_STEP, 2, 1, 150);
    add(&report, name, &result);
  }
  struct built built = build(&report);
  cr_assert_eq(report.source_count, TMK_REPORT_SOURCES_MAX);
  cr_assert_eq(report.left_out, 6);
  cr_assert_eq(find(&built, "output")->series_count, TMK_REPORT_OVERLAY_MAX);
  cr_assert_eq(find(&built, "output")->points_left_out, 2 * (TMK_REPORT_SOURCES_MAX - TMK_REPORT_OVERLAY_MAX));
  release(&built, &report);

  tmk_report_init(&report, 1);
  struct tmk_result wide = make_result("W", "2026-01-01T00:00:00Z", 200);
  for (int i = 0; i < 200; i++) {
    set_decode(&wide.points[i], TMK_POINT_STEP, 1, 1, 100);
    wide.points[i].workload.step.context = i;
    snprintf(wide.points[i].key, sizeof wide.points[i].key, "c%d", i);
  }
  add(&report, "w", &wide);
  built = build(&report);
  cr_assert_eq(report.row_count, 200);
  cr_assert_eq(find(&built, "output")->series_count, TMK_REPORT_SERIES_MAX);
  cr_assert_eq(find(&built, "output")->points_left_out, 200 - TMK_REPORT_SERIES_MAX);
  release(&built, &report);
}

Test(report_data, scaling_is_a_devices_rate_over_that_at_the_fewest)
{
  struct tmk_report report;
  struct tmk_result result = make_result("D", "2026-01-01T00:00:00Z", 5);
  set_decode(&result.points[0], TMK_POINT_SCALE, 64, 1, 100); /* strong: the same batch */
  set_decode(&result.points[1], TMK_POINT_SCALE, 64, 2, 180);
  set_decode(&result.points[2], TMK_POINT_SCALE, 64, 4, 300);
  set_decode(&result.points[3], TMK_POINT_SCALE, 24, 2, 200); /* weak: 12 a device */
  set_decode(&result.points[4], TMK_POINT_SCALE, 48, 4, 300);
  tmk_report_init(&report, 1);
  add(&report, "a", &result);
  struct built built = build(&report);
  const struct tmk_report_chart *scaling = find(&built, "scaling");
  cr_assert_not_null(scaling);
  cr_assert_eq(scaling->series_count, 2);
  cr_assert_str_eq(scaling->series[0].label, "m decode batch 64 c128 bf16, batch in all");
  cr_assert_eq(scaling->series[0].count, 3);
  cr_assert_float_eq(scaling->series[0].points[0].y, 100, 1e-9);
  cr_assert_float_eq(scaling->series[0].points[1].y, 90, 1e-9);
  cr_assert_float_eq(scaling->series[0].points[2].y, 75, 1e-9);
  cr_assert_str_eq(scaling->series[1].label, "m decode c128 bf16, batch grows with the devices");
  cr_assert_float_eq(scaling->series[1].points[1].y, 75, 1e-9);
  cr_assert_eq(find(&built, "output"), NULL);
  release(&built, &report);
}

Test(report_data, busbw_and_roofline)
{
  struct tmk_report report;
  struct tmk_result result = make_result("D", "2026-01-01T00:00:00Z", 3);
  result.devices[0].ceilings.read_bytes_per_s = 1e12;
  result.devices[0].ceilings.flops_per_s[TMK_DTYPE_BF16] = 1e14;
  struct tmk_point *comm = &result.points[0];
  comm->type = TMK_POINT_COMM;
  comm->workload.comm = (struct tmk_comm_workload){TMK_COLL_ALL_REDUCE, TMK_DTYPE_BF16, 1 << 20, 4, true};
  comm->status = TMK_POINT_OK;
  comm->provenance = TMK_PROV_MEASURED;
  comm->verdict.value = TMK_VERDICT_VALID;
  comm->stats.median_ns = 1048.576; /* algbw 1e12 */
  snprintf(comm->key, sizeof comm->key, "comm");
  set_decode(&result.points[1], TMK_POINT_STEP, 1, 1, 1000); /* 1 ms a pass */
  result.points[1].limit.flops = 2e9;
  result.points[1].limit.bytes = 1e9;
  set_decode(&result.points[2], TMK_POINT_STEP, 2, 2, 1000); /* on two devices: not on this roofline */
  result.points[2].limit.flops = 2e9;
  result.points[2].limit.bytes = 1e9;
  tmk_report_init(&report, 1);
  add(&report, "a", &result);
  struct built built = build(&report);
  const struct tmk_report_chart *busbw = find(&built, "busbw"), *roofline = find(&built, "roofline");
  cr_assert_not_null(busbw);
  cr_assert_str_eq(busbw->series[0].label, "all-reduce bf16, 4 ranks");
  cr_assert_float_eq(busbw->series[0].points[0].y, 1.5e12, 1); /* times 2 * 3 / 4 */
  cr_assert_not_null(roofline);
  cr_assert_eq(roofline->series_count, 2);
  cr_assert_eq(roofline->series[0].count, 1);
  cr_assert_float_eq(roofline->series[0].points[0].x, 2, 1e-12);
  cr_assert_float_eq(roofline->series[0].points[0].y, 2e12, 1);
  cr_assert(roofline->series[1].whole_line);
  cr_assert_str_eq(roofline->series[1].label, "bf16 ceiling, measured");
  cr_assert_float_eq(roofline->series[1].points[0].y, 2e12, 1);   /* the slope, at x = 2 */
  cr_assert_float_eq(roofline->series[1].points[1].x, 100, 1e-9); /* the ridge */
  cr_assert_float_eq(roofline->series[1].points[2].y, 1e14, 1);
  release(&built, &report);
}

Test(report_data, absurd_numbers_are_in_no_chart)
{
  static const double rates[] = {5e-324, 1e308, 1e31, 0};
  struct tmk_report report;
  struct tmk_result result = make_result("D", "2026-01-01T00:00:00Z", 4);
  for (int i = 0; i < 4; i++) set_decode(&result.points[i], TMK_POINT_STEP, i + 1, 1, rates[i]);
  result.points[0].limit.flops = 1e308;
  result.points[0].limit.bytes = 5e-324;
  tmk_report_init(&report, 1);
  add(&report, "a", &result);
  struct built built = build(&report);
  cr_assert_eq(report.row_count, 4);
  cr_assert_eq(built.count, 0);
  release(&built, &report);
}

Test(report_data, per_op_bars_are_sorted_by_time)
{
  struct tmk_report report;
  struct tmk_result result;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_result_read("tests/data/results/cpu-sweep.json", &result, &err), TMK_OK, "%s", err.message);
  tmk_report_init(&report, 1);
  add(&report, "a", &result);
  struct built built = build(&report);
  const struct tmk_report_chart *bars = find(&built, "ops-1");
  cr_assert_not_null(bars);
  cr_assert(bars->bars);
  cr_assert_eq(bars->series[0].count, 6);
  cr_assert_str_eq(bars->categories[0], "gate_up_proj");
  cr_assert_str_eq(bars->categories[5], "rmsnorm");
  cr_assert_gt(bars->series[0].points[0].y, bars->series[0].points[1].y);
  cr_assert_str_eq(bars->subject, "step/tinyllama-1.1b/decode/b1/c128/w=bf16/kv=bf16");
  release(&built, &report);
}
