/* test_result.c: names, starting values, ownership and the rule for a point's rate. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tokmark/result.h"

#define CHECK_NAMES(type, function, count)                                                                             \
  for (int v = 0; v < (int)(count); v++) {                                                                             \
    const char *name = function##_name((type)v);                                                                       \
    cr_assert(name[0] != '\0' && strcmp(name, "?") != 0, #function " %d has no name", v);                              \
    cr_assert_eq((int)function##_from_name(name), v, #function " %s", name);                                           \
  }                                                                                                                    \
  cr_assert_eq((int)function##_from_name("no such name"), (int)(count));                                               \
  cr_assert_eq((int)function##_from_name(""), (int)(count));                                                           \
  cr_assert_str_eq(function##_name((type)(count)), "?")

Test(result, names_and_values_map_both_ways)
{
  CHECK_NAMES(enum tmk_point_type, tmk_point_type, TMK_POINT_TYPE_COUNT);
  CHECK_NAMES(enum tmk_provenance, tmk_provenance, TMK_PROV_COUNT);
  CHECK_NAMES(enum tmk_point_status, tmk_point_status, TMK_POINT_STATUS_COUNT);
  CHECK_NAMES(enum tmk_accounting, tmk_accounting, TMK_ACCT_COUNT);
  CHECK_NAMES(enum tmk_verdict_value, tmk_verdict_value, TMK_VERDICT_COUNT);
  CHECK_NAMES(enum tmk_bound, tmk_bound, TMK_BOUND_COUNT);
}

/* The spellings are part of the file format: they may never change. */
Test(result, names_are_those_of_the_format)
{
  cr_assert_str_eq(tmk_point_type_name(TMK_POINT_SCALE), "scale");
  cr_assert_str_eq(tmk_provenance_name(TMK_PROV_EXTRAPOLATED), "extrapolated");
  cr_assert_str_eq(tmk_point_status_name(TMK_POINT_SKIPPED), "skipped");
  cr_assert_str_eq(tmk_accounting_name(TMK_ACCT_INPUT), "input");
  cr_assert_str_eq(tmk_accounting_name(TMK_ACCT_NONE), "none");
  cr_assert_str_eq(tmk_verdict_value_name(TMK_VERDICT_SUSPECT), "SUSPECT");
  cr_assert_eq(tmk_verdict_value_from_name("valid"), TMK_VERDICT_COUNT, "case counts");
  cr_assert_str_eq(tmk_bound_name(TMK_BOUND_CACHE), "cache");
}

Test(result, a_new_point_knows_nothing)
{
  struct tmk_point point;
  memset(&point, 0x5a, sizeof point);
  tmk_point_init(&point);
  cr_assert_eq(point.status, TMK_POINT_OK);
  cr_assert_eq(point.verdict.value, TMK_VERDICT_NONE);
  cr_assert_eq(point.workload.step.layout.tp, 1);
  cr_assert_eq(point.workload.step.prefill_chunk, TMK_PREFILL_CHUNK_DEFAULT);
  cr_assert_eq(point.bytes_needed, TMK_UNKNOWN);
  cr_assert_eq(point.throughput.devices, TMK_UNKNOWN);
  cr_assert_null(point.samples);
  cr_assert_null(point.ops);
  const double all[] = {point.stats.median_ns,
                        point.stats.ci_level,
                        point.throughput.output_tokens_per_s,
                        point.throughput.ci_high_tokens_per_s,
                        point.latency.ttft_ns,
                        point.latency.outright_e2e_ns,
                        point.limit.flops,
                        point.limit.share.held,
                        point.energy.joules,
                        point.verify.worst_ratio};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) cr_assert(isnan(all[i]), "%zu is %g", i, all[i]);
  cr_assert(isnan(tmk_point_rate(&point)));
}

Test(result, free_takes_null_empty_and_half_built_results_and_may_be_called_twice)
{
  tmk_point_free(NULL);
  tmk_result_free(NULL);
  struct tmk_result result;
  tmk_result_init(&result);
  cr_assert_str_eq(result.schema_version, "1.3.0");
  cr_assert_eq(result.host.memory_bytes, TMK_UNKNOWN);
  cr_assert(isnan(result.host.load_start));
  tmk_result_free(&result);

  result.points = calloc(3, sizeof *result.points); /* the last one not yet begun */
  result.point_count = 3;
  result.points[0].samples = malloc(16);
  result.points[1].ops = malloc(16);
  result.devices = calloc(1, sizeof *result.devices);
  result.device_count = 1;
  result.devices[0].readings = malloc(16);
  result.environment = malloc(16);
  tmk_result_free(&result);
  cr_assert_null(result.points);
  cr_assert_eq(result.point_count, 0);
  tmk_result_free(&result);

  result.point_count = 5; /* a count without its array: what a failed allocation leaves */
  tmk_result_free(&result);
}

Test(result, find_takes_the_whole_key_and_the_first_of_that_name)
{
  struct tmk_point points[3];
  for (int i = 0; i < 3; i++) tmk_point_init(&points[i]);
  strcpy(points[0].key, "step/m/decode/b1/c1/w=bf16/kv=bf16");
  strcpy(points[1].key, "step/m/decode/b1/c128/w=bf16/kv=bf16");
  strcpy(points[2].key, points[1].key);
  struct tmk_result result;
  tmk_result_init(&result);
  cr_assert_null(tmk_result_find(&result, points[0].key));
  result.points = points;
  result.point_count = 3;
  cr_assert_eq(tmk_result_find(&result, "step/m/decode/b1/c128/w=bf16/kv=bf16"), &points[1]);
  cr_assert_null(tmk_result_find(&result, "step/m/decode/b1/c128/w=bf16/kv=bf1"));
  cr_assert_null(tmk_result_find(&result, ""));
}

static struct tmk_point point_with_rates(void)
{
  struct tmk_point point;
  tmk_point_init(&point);
  point.verdict.value = TMK_VERDICT_VALID;
  point.throughput.accounting = TMK_ACCT_OUTPUT;
  point.throughput.devices = 1;
  point.throughput.input_tokens_per_s = 100;
  point.throughput.output_tokens_per_s = 20;
  point.throughput.total_tokens_per_s = 120;
  return point;
}

Test(result, the_rate_is_what_the_points_own_accounting_names)
{
  struct tmk_point point = point_with_rates();
  cr_assert_eq(tmk_point_rate(&point), 20);
  point.throughput.accounting = TMK_ACCT_INPUT;
  cr_assert_eq(tmk_point_rate(&point), 100);
  point.throughput.accounting = TMK_ACCT_TOTAL;
  cr_assert_eq(tmk_point_rate(&point), 120);
  point.throughput.accounting = TMK_ACCT_NONE;
  cr_assert(isnan(tmk_point_rate(&point)), "a rate of no accounting does not exist");
}

Test(result, a_bad_or_simulated_point_has_no_rate_whatever_stands_in_it)
{
  struct tmk_point point = point_with_rates();
  point.status = TMK_POINT_SKIPPED;
  cr_assert(isnan(tmk_point_rate(&point)));
  point.status = TMK_POINT_FAILED;
  cr_assert(isnan(tmk_point_rate(&point)));
  point = point_with_rates();
  point.provenance = TMK_PROV_SIMULATED;
  cr_assert(isnan(tmk_point_rate(&point)));
  point = point_with_rates();
  point.verdict.value = TMK_VERDICT_INVALID;
  cr_assert(isnan(tmk_point_rate(&point)));
  point.verdict.value = TMK_VERDICT_SUSPECT;
  cr_assert_eq(tmk_point_rate(&point), 20);
  point.provenance = TMK_PROV_REPORTED;
  point.verdict.value = TMK_VERDICT_NONE;
  cr_assert_eq(tmk_point_rate(&point), 20, "a reported figure has a rate and no verdict");
}
