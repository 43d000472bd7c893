/* test_out_formats.c: results in other benchmarks' formats: values worked by hand, and what is left out. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "out_export.h"

/* A result of one CPU and the points given. */
static struct tmk_result result_of(struct tmk_point *points, int64_t count)
{
  static struct tmk_device_result device;
  struct tmk_result result;
  tmk_result_init(&result);
  tmk_device_info_init(&device.info);
  snprintf(device.info.name, sizeof device.info.name, "AMD EPYC");
  snprintf(device.info.slug, sizeof device.info.slug, "amd-epyc-2t");
  snprintf(device.info.backend, sizeof device.info.backend, "cpu");
  device.info.is_cpu = true;
  device.info.threads = 2;
  snprintf(result.start_utc, sizeof result.start_utc, "2026-11-22T02:11:50Z");
  snprintf(result.git_revision, sizeof result.git_revision, "0123456789ab");
  snprintf(result.tool_version, sizeof result.tool_version, "9.9.9");
  result.devices = &device;
  result.device_count = 1;
  result.points = points;
  result.point_count = count;
  return result;
}

static struct tmk_point step_of(enum tmk_phase phase, int64_t batch, int64_t input, int64_t output, int64_t context)
{
  struct tmk_point point;
  tmk_point_init(&point);
  struct tmk_workload *workload = &point.workload.step;
  snprintf(workload->model, sizeof workload->model, "tiny");
  workload->phase = phase;
  workload->batch = batch;
  workload->input_len = input;
  workload->output_len = output;
  workload->context = context;
  workload->weight_dtype = workload->kv_dtype = TMK_DTYPE_BF16;
  tmk_workload_key(workload, point.key);
  point.verdict.value = TMK_VERDICT_VALID;
  return point;
}

/* Two requests of 100 / 51 tokens in 2 s: 1 s to the first token, then 50 steps of 20 ms. */
static struct tmk_point e2e(void)
{
  struct tmk_point point = step_of(TMK_PHASE_E2E, 2, 100, 51, 0);
  point.provenance = TMK_PROV_COMPOSED;
  point.latency.ttft_ns = 1e9;
  point.latency.tpot_ns = 2e7;
  point.latency.e2e_ns = 2e9;
  point.throughput.accounting = TMK_ACCT_OUTPUT;
  point.throughput.devices = 1;
  point.throughput.input_tokens_per_s = 100;
  point.throughput.output_tokens_per_s = 51;
  point.throughput.total_tokens_per_s = 151;
  return point;
}

static char *export_text(enum tmk_export_format format, const struct tmk_result *result, char left_out[256])
{
  struct tmk_error err = {0};
  struct tmk_export export;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  cr_assert_eq(tmk_export_begin(&export, format, out, &err), TMK_OK);
  cr_assert_eq(tmk_export_result(&export, result, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(tmk_export_end(&export, &err), TMK_OK);
  tmk_export_left_out(&export, left_out, 256);
  fclose(out);
  return text;
}

static struct tmk_json parse(const char *text, struct tmk_json_doc **doc)
{
  struct tmk_error err = {0};
  cr_assert_eq(tmk_json_parse("out", text, strlen(text), doc, &err), TMK_OK, "%s in %s", err.message, text);
  return tmk_json_root(*doc);
}

static void expect_real(struct tmk_json object, const char *key, double wanted)
{
  struct tmk_error err = {0};
  double seen = NAN;
  cr_expect_eq(tmk_json_real(tmk_json_get(object, key), -1e300, 1e300, &seen, &err), TMK_OK, "%s", err.message);
  cr_expect(fabs(seen - wanted) <= 1e-9 * fabs(wanted), "%s: %.17g, not %.17g", key, seen, wanted);
}

static void expect_text(struct tmk_json object, const char *key, const char *wanted)
{
  struct tmk_error err = {0};
  char seen[256] = "";
  cr_expect_eq(tmk_json_string(tmk_json_get(object, key), seen, sizeof seen, &err), TMK_OK, "%s", err.message);
  cr_expect_str_eq(seen, wanted);
}

Test(out_formats, llama_bench_averages_repetitions_of_one_step)
{
  struct tmk_sample samples[2] = {{40000000, 40000000, 0}, {60000000, 60000000, 1}};
  struct tmk_point point = step_of(TMK_PHASE_DECODE, 1, 0, 0, 128);
  struct tmk_json_doc *doc;
  char left_out[256];
  point.samples = samples;
  point.sample_count = 2;
  point.passes_per_sample = 4;
  point.stats.mean_ns = point.stats.median_ns = 12.5e6;
  struct tmk_result result = result_of(&point, 1);
  char *text = export_text(TMK_EXPORT_LLAMA_BENCH, &result, left_out);
  cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "one line");
  struct tmk_json row = parse(text, &doc);
  expect_real(row, "n_prompt", 0);
  expect_real(row, "n_gen", 1);
  expect_real(row, "n_depth", 128);
  expect_real(row, "avg_ns", 12500000);   /* of 10 and 15 ms */
  expect_real(row, "stddev_ns", 3535534); /* 5 ms / √2 */
  expect_real(row, "avg_ts", (100 + 200.0 / 3) / 2);
  expect_text(row, "cpu_info", "AMD EPYC");
  expect_text(row, "build_commit", "0123456789ab");
  expect_text(row, "tokmark_provenance", "measured");
  cr_expect_eq(tmk_json_count(tmk_json_get(row, "samples_ns")), 2);
  cr_expect_str_eq(left_out, "");
  tmk_json_free(doc);
  free(text);
}

/* What scripts/compare-llama-bench.py asks of each row; a null would equal nothing in its join. */
Test(out_formats, llama_bench_has_every_key_that_its_comparison_joins_on)
{
  static const char *const keys[] = {"build_commit",   "test_time",  "avg_ts",       "cpu_info",
                                     "gpu_info",       "backends",   "n_gpu_layers", "tensor_buft_overrides",
                                     "model_filename", "model_type", "n_batch",      "n_ubatch",
                                     "embeddings",     "cpu_mask",   "cpu_strict",   "poll",
                                     "n_threads",      "type_k",     "type_v",       "use_mmap",
                                     "no_kv_offload",  "split_mode", "main_gpu",     "tensor_split",
                                     "flash_attn",     "n_prompt",   "n_gen",        "n_depth"};
  struct tmk_point point = step_of(TMK_PHASE_PREFILL, 1, 512, 0, 0);
  struct tmk_json_doc *doc;
  char left_out[256];
  point.stats.mean_ns = 1e9;
  struct tmk_result result = result_of(&point, 1);
  char *text = export_text(TMK_EXPORT_LLAMA_BENCH, &result, left_out);
  struct tmk_json row = parse(text, &doc);
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    cr_expect_not(tmk_json_is_null(tmk_json_get(row, keys[i])), "%s", keys[i]);
  }
  expect_real(row, "avg_ts", 512);
  tmk_json_free(doc);
  free(text);
}

Test(out_formats, vllm_has_a_static_batch)
{
  struct tmk_point point = e2e();
  struct tmk_json_doc *doc;
  char left_out[256];
  struct tmk_result result = result_of(&point, 1);
  char *text = export_text(TMK_EXPORT_VLLM, &result, left_out);
  struct tmk_json row = tmk_json_at(parse(text, &doc), 0);
  expect_text(row, "date", "20261122-021150");
  expect_text(row, "model_id", "tiny");
  expect_real(row, "max_concurrency", 2);
  expect_real(row, "duration", 2);
  expect_real(row, "total_input_tokens", 200);
  expect_real(row, "total_output_tokens", 102);
  expect_real(row, "request_throughput", 1);
  expect_real(row, "output_throughput", 51);
  expect_real(row, "total_token_throughput", 151);
  expect_real(row, "mean_ttft_ms", 1000);
  expect_real(row, "median_tpot_ms", 20);
  expect_real(row, "mean_e2el_ms", 2000);
  cr_expect(tmk_json_is_missing(tmk_json_get(row, "p99_ttft_ms")));
  cr_expect(tmk_json_is_missing(tmk_json_get(row, "mean_itl_ms")));
  tmk_json_free(doc);
  free(text);
}

Test(out_formats, inferencex_has_rates_a_gpu)
{
  struct tmk_point point = e2e();
  struct tmk_json_doc *doc;
  char left_out[256];
  point.throughput.devices = 2;
  point.workload.step.weight_dtype = TMK_DTYPE_NVFP4;
  struct tmk_result result = result_of(&point, 1);
  char *text = export_text(TMK_EXPORT_INFERENCEX, &result, left_out);
  struct tmk_json row = tmk_json_at(parse(text, &doc), 0);
  expect_text(row, "hw", "amd-epyc-2t");
  expect_text(row, "precision", "fp4");
  expect_real(row, "conc", 2);
  expect_real(row, "tput_per_gpu", 75.5);
  expect_real(row, "output_tput_per_gpu", 25.5);
  expect_real(row, "input_tput_per_gpu", 50);
  expect_real(row, "mean_intvty", 50);
  expect_real(row, "median_e2el", 2);
  expect_text(row, "tokmark_provenance", "composed");
  tmk_json_free(doc);
  free(text);
}

Test(out_formats, one_output_token_has_no_tpot)
{
  struct tmk_point point = e2e();
  struct tmk_json_doc *doc;
  char left_out[256];
  point.latency.tpot_ns = NAN;
  struct tmk_result result = result_of(&point, 1);
  char *text = export_text(TMK_EXPORT_INFERENCEX, &result, left_out);
  struct tmk_json row = tmk_json_at(parse(text, &doc), 0);
  cr_expect(tmk_json_is_missing(tmk_json_get(row, "mean_intvty")));
  cr_expect(tmk_json_is_missing(tmk_json_get(row, "mean_tpot")));
  tmk_json_free(doc);
  free(text);
}

static struct tmk_point gather(bool in_place, double mean_ns)
{
  struct tmk_point point;
  tmk_point_init(&point);
  point.type = TMK_POINT_COMM;
  point.workload.comm = (struct tmk_comm_workload){TMK_COLL_ALL_GATHER, TMK_DTYPE_BF16, 8000000, 4, in_place};
  point.stats.mean_ns = mean_ns;
  point.verdict.value = TMK_VERDICT_VALID;
  return point;
}

/* 8 MB over 4 ranks: 1 M elements each; 100 us: 80 GB/s, × 3/4 = 60; 125 us: 64 and 48; 54 on average. */
Test(out_formats, nccl_tests_pairs_both_sides)
{
  struct tmk_point points[2] = {gather(true, 125000), gather(false, 100000)};
  char left_out[256];
  points[1].verify.ops_checked = 1;
  struct tmk_result result = result_of(points, 2);
  char *text = export_text(TMK_EXPORT_NCCL_TESTS, &result, left_out);
  cr_expect(strstr(text,
                   "\n     8000000       1000000  bfloat16    none      -1   100.00   80.00   60.00       0   125.00   "
                   "64.00   48.00     N/A\n") != NULL,
            "%s", text);
  cr_expect(strstr(text, "# Avg bus bandwidth    : 54\n") != NULL, "%s", text);
  cr_expect(strstr(text, "# tokmark 9.9.9, provenance measured, 4 ranks\n") == text, "%s", text);
  free(text);
}

Test(out_formats, points_without_a_throughput_are_left_out_and_counted)
{
  struct tmk_point points[6] = {e2e(), e2e(), e2e(), e2e(), e2e(), gather(true, 1)};
  struct tmk_json_doc *doc;
  char left_out[256];
  points[0].verdict.value = TMK_VERDICT_INVALID;
  points[1].status = TMK_POINT_SKIPPED;
  points[2].status = TMK_POINT_FAILED;
  points[3].provenance = TMK_PROV_SIMULATED;
  struct tmk_result result = result_of(points, 6);
  char *text = export_text(TMK_EXPORT_VLLM, &result, left_out);
  cr_expect_eq(tmk_json_count(parse(text, &doc)), 1);
  cr_expect_str_eq(
      left_out, "--format vllm: 5 of 6 points left out: 1 INVALID, 1 skipped, 1 failed, 1 simulated, 1 other than e2e");
  tmk_json_free(doc);
  free(text);
}

Test(out_formats, llama_bench_has_one_sequence_only)
{
  struct tmk_point point = step_of(TMK_PHASE_DECODE, 2, 0, 0, 128);
  char left_out[256];
  point.stats.mean_ns = 1e6;
  struct tmk_result result = result_of(&point, 1);
  char *text = export_text(TMK_EXPORT_LLAMA_BENCH, &result, left_out);
  cr_expect_str_eq(text, "");
  cr_expect_str_eq(left_out,
                   "--format llama-bench: 1 of 1 points left out: 1 with no test there (batch above 1, op, comm)");
  free(text);
}
