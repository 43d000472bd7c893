#include "compare.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tmk_intern set;

struct made {
  int64_t batch;
  double time_ms;
  enum tmk_point_status status;
  enum tmk_verdict_value verdict;
  enum tmk_provenance provenance;
};

/* A run with decode points: four rounds of two samples, 0.2 % apart. */
static struct tmk_result result_of(const char *device, const char *run_id, const struct made *points, int count)
{
  struct tmk_result result;
  tmk_result_init(&result);
  snprintf(result.run_id, sizeof result.run_id, "%s", run_id);
  result.complete = true;
  result.device_count = 1;
  result.devices = calloc(1, sizeof *result.devices);
  tmk_device_info_init(&result.devices[0].info);
  tmk_ceilings_init(&result.devices[0].ceilings);
  snprintf(result.devices[0].info.name, sizeof result.devices[0].info.name, "%s", device);
  result.devices[0].info.is_cpu = strncmp(device, "CPU", 3) == 0;
  result.points = calloc((size_t)count, sizeof *result.points);
  result.point_count = count;
  for (int i = 0; i < count; i++) {
    struct tmk_point *point = &result.points[i];
    tmk_point_init(point);
    point->status = points[i].status;
    point->verdict.value = points[i].verdict ? points[i].verdict : TMK_VERDICT_VALID;
    point->provenance = points[i].provenance;
    snprintf(point->reason, sizeof point->reason, "%s", points[i].status ? "no memory" : "");
    point->workload.step = (struct tmk_workload){.model = "m",
                                                 .phase = TMK_PHASE_DECODE,
                                                 .batch = points[i].batch,
                                                 .context = 128,
                                                 .prefill_chunk = TMK_PREFILL_CHUNK_DEFAULT,
                                                 .weight_dtype = TMK_DTYPE_BF16,
                                                 .kv_dtype = TMK_DTYPE_BF16,
                                                 .layout = {1, 1, 1, 0, 1}};
    tmk_workload_key(&point->workload.step, point->key);
    if (points[i].status != TMK_POINT_OK) continue;
    point->sample_count = 8;
    point->passes_per_sample = 1;
    point->samples = calloc(8, sizeof *point->samples);
    for (int s = 0; s < 8; s++) {
      point->samples[s] = (struct tmk_sample){(int64_t)(points[i].time_ms * 1e6 * (1 + 0.002 * (s / 2 % 2))), 0, s / 2};
    }
    point->stats.count = 8;
    point->stats.median_ns = points[i].time_ms * 1e6 * 1.001;
    point->throughput.accounting = TMK_ACCT_OUTPUT;
    point->throughput.devices = 1;
    point->throughput.output_tokens_per_s = (double)points[i].batch / point->stats.median_ns * 1e9;
  }
  return result;
}

static void add(struct tmk_compare_side *side, const char *file, struct tmk_result result)
{
  struct tmk_error err;
  cr_assert_eq(tmk_compare_side_add(side, &set, file, &result, &err), TMK_OK);
  tmk_result_free(&result);
}

static struct tmk_comparison *compare(struct tmk_compare_side *sides, int count, int64_t *comparisons)
{
  const struct tmk_compare_settings settings = {.threshold = 0.03, .run_spread = NAN, .discovery_rate = 0.05};
  struct tmk_comparison *found;
  struct tmk_error err;
  for (int i = 0; i < count; i++) tmk_compare_side_sort(&sides[i]);
  cr_assert_eq(tmk_compare(sides, count, &settings, &found, comparisons, &err), TMK_OK);
  return found;
}

static void drop(struct tmk_compare_side *sides, int count, struct tmk_comparison *comparisons, int64_t found)
{
  tmk_comparisons_free(comparisons, found);
  for (int i = 0; i < count; i++) tmk_compare_side_free(&sides[i]);
  tmk_intern_free(&set);
}

Test(compare, a_verdict_for_each_point_of_the_base)
{
  struct tmk_compare_side sides[2] = {{.name = "a"}, {.name = "b"}};
  int64_t count;
  const struct made base[] = {{.batch = 1, .time_ms = 10}, {.batch = 2, .time_ms = 10},         {.batch = 4, .time_ms = 10},
                              {.batch = 8, .time_ms = 10}, {.batch = 16, .status = TMK_POINT_FAILED}, {.batch = 32, .time_ms = 10}};
  const struct made fresh[] = {{.batch = 2, .time_ms = 12}, {.batch = 1, .time_ms = 10}, {.batch = 4, .time_ms = 8},
                               {.batch = 16, .time_ms = 10}, {.batch = 64, .time_ms = 1},
                               {.batch = 32, .time_ms = 10, .verdict = TMK_VERDICT_INVALID}};
  add(&sides[0], "a.json", result_of("GPU", "1", base, 6));
  add(&sides[1], "b.json", result_of("GPU", "2", fresh, 6));
  struct tmk_comparison *c = compare(sides, 2, &count);
  cr_assert_eq(count, 1);
  cr_assert(c->identical);
  cr_assert_not(c->same_run);
  cr_assert_eq(c->row_count, 6);
  const enum tmk_compare_verdict expected[] = {TMK_COMPARE_SAME,    TMK_COMPARE_SLOWER,       TMK_COMPARE_FASTER,
                                               TMK_COMPARE_MISSING, TMK_COMPARE_INCOMPARABLE, TMK_COMPARE_MISSING};
  for (int i = 0; i < 6; i++) {
    cr_expect_eq(c->rows[i].verdict, expected[i], "row %d: %s", i, tmk_compare_verdict_name(c->rows[i].verdict));
    cr_expect_eq(c->counts[expected[i]], i == 3 || i == 5 ? 2 : 1);
  }
  cr_expect_str_eq(c->rows[3].note, "not in new");
  cr_expect_str_eq(c->rows[4].note, "base: failed: no memory");
  cr_expect_str_eq(c->rows[5].note, "INVALID");
  cr_expect_eq(c->gone, 1);
  cr_expect_eq(c->compared, 3);
  cr_expect(fabs(c->rows[1].interval.ratio - 10.0 / 12) < 1e-6);
  cr_assert_eq(c->only_count, 1);
  cr_expect_str_eq(c->only[0].key, "step/m/decode/b64/c128/w=bf16/kv=bf16");
  drop(sides, 2, c, count);
}

Test(compare, runs_of_a_folder_are_repeats)
{
  struct tmk_compare_side sides[2] = {{.name = "a"}, {.name = "b"}};
  int64_t count;
  for (int i = 0; i < 4; i++) {
    const struct made point = {.batch = 1, .time_ms = 10 + 0.01 * i};
    char id[8];
    snprintf(id, sizeof id, "%d", i);
    add(&sides[i % 2], id, result_of("GPU", id, &point, 1));
  }
  struct tmk_comparison *c = compare(sides, 2, &count);
  cr_assert_eq(c->row_count, 1);
  cr_expect_eq(c->rows[0].base.runs, 2);
  cr_expect_eq(c->rows[0].fresh.runs, 2);
  cr_expect_eq(c->rows[0].estimate.df, 6); /* two between runs, four of the prior */
  drop(sides, 2, c, count);
}

Test(compare, each_hardware_finds_its_own_base)
{
  struct tmk_compare_side sides[2] = {{.name = "a"}, {.name = "b"}};
  int64_t count;
  const struct made point = {.batch = 1, .time_ms = 10};
  add(&sides[0], "1", result_of("GPU A", "1", &point, 1));
  add(&sides[0], "2", result_of("GPU B", "2", &point, 1));
  add(&sides[1], "3", result_of("GPU B", "3", &point, 1));
  add(&sides[1], "4", result_of("GPU C", "4", &point, 1));
  struct tmk_comparison *c = compare(sides, 2, &count);
  cr_assert_eq(count, 2);
  cr_expect(c[0].identical);
  cr_expect_str_eq(c[0].base_file, "2");
  cr_expect_eq(c[0].row_count, 1);
  cr_expect_null(c[1].base); /* two kinds of base: neither stands for the third */
  cr_expect_eq(c[1].row_count, 0);
  cr_expect_eq(c[1].only_count, 1);
  drop(sides, 2, c, count);
}

Test(compare, other_hardware_and_what_differs)
{
  struct tmk_compare_side sides[2] = {{.name = "a"}, {.name = "b"}};
  int64_t count;
  const struct made point = {.batch = 1, .time_ms = 10}, faster = {.batch = 1, .time_ms = 5};
  add(&sides[0], "1", result_of("GPU A", "1", &point, 1));
  add(&sides[1], "2", result_of("GPU B", "2", &faster, 1));
  struct tmk_comparison *c = compare(sides, 2, &count);
  cr_expect_not(c->identical);
  cr_expect_eq(c->rows[0].verdict, TMK_COMPARE_FASTER);
  cr_assert_eq(c->difference_count, 1);
  cr_expect_eq(c->differences[0].fact, TMK_FACT_DEVICE);
  cr_expect_str_eq(c->differences[0].fresh, "GPU B");
  drop(sides, 2, c, count);
}

Test(compare, provenance_is_never_mixed_silently)
{
  struct tmk_compare_side sides[2] = {{.name = "a"}, {.name = "b"}};
  int64_t count;
  const struct made base[] = {{.batch = 1, .time_ms = 10, .provenance = TMK_PROV_REPORTED}, {.batch = 2, .time_ms = 10}};
  const struct made fresh[] = {{.batch = 1, .time_ms = 10}, {.batch = 2, .time_ms = 10, .provenance = TMK_PROV_SIMULATED}};
  add(&sides[0], "1", result_of("GPU", "1", base, 2));
  add(&sides[1], "2", result_of("GPU", "2", fresh, 2));
  struct tmk_comparison *c = compare(sides, 2, &count);
  cr_expect_str_eq(c->rows[0].note, "measured against reported");
  cr_expect_eq(c->mixed, 1);
  cr_expect_eq(c->rows[1].verdict, TMK_COMPARE_INCOMPARABLE);
  cr_expect_str_eq(c->rows[1].note, "new: simulated: no throughput");
  drop(sides, 2, c, count);
}

Test(compare, one_run_with_itself_is_the_same)
{
  struct tmk_compare_side sides[2] = {{.name = "a"}, {.name = "b"}};
  int64_t count;
  const struct made point = {.batch = 1, .time_ms = 10};
  add(&sides[0], "1", result_of("CPU", "1", &point, 1));
  add(&sides[1], "2", result_of("CPU", "1", &point, 1));
  struct tmk_comparison *c = compare(sides, 2, &count);
  cr_expect(c->same_run);
  cr_expect_eq(c->rows[0].verdict, TMK_COMPARE_SAME);
  cr_expect_eq(c->rows[0].interval.low, 1);
  drop(sides, 2, c, count);
}

/* A CPU whose memory is a third slower in the second run, and with it the point: its share of the ceilings around each round stands still. */
Test(compare, on_a_cpu_ratios_are_of_the_share_around_each_round)
{
  struct tmk_compare_side sides[2] = {{.name = "a"}, {.name = "b"}};
  int64_t count;
  for (int side = 0; side < 2; side++) {
    double slow = side ? 1.5 : 1;
    const struct made point = {.batch = 1, .time_ms = 10 * slow};
    struct tmk_result result = result_of("CPU", side ? "2" : "1", &point, 1);
    struct tmk_device_result *device = &result.devices[0];
    device->reading_count = 5;
    device->readings = calloc(5, sizeof *device->readings);
    for (int r = 0; r < 5; r++) {
      device->readings[r].round = r - 1;
      tmk_ceilings_init(&device->readings[r].ceilings);
      device->readings[r].ceilings.read_bytes_per_s = 30e9 / slow;
    }
    device->ceilings.read_bytes_per_s = 40e9; /* the best of all, once */
    result.points[0].limit = (struct tmk_limit_result){.time_ns = 6e6, .bound = TMK_BOUND_MEMORY, .share = {NAN, 0.6, NAN}};
    add(&sides[side], side ? "2" : "1", result);
  }
  struct tmk_comparison *c = compare(sides, 2, &count);
  cr_expect(c->rows[0].by_share);
  cr_expect(fabs(c->rows[0].interval.ratio - 1) < 1e-6, "%g", c->rows[0].interval.ratio);
  /* How much of the machine's change the point felt is not known: the interval says so. */
  cr_expect(fabs(c->machine_change - log(1.5)) < 1e-9, "%g", c->machine_change);
  cr_expect(c->rows[0].estimate.std_error >= log(1.5) / sqrt(3));
  cr_expect_eq(c->rows[0].verdict, TMK_COMPARE_AMBIGUOUS);
  /* 6 ms at 40 GB/s are 8 ms at 30, of 10.01 */
  cr_expect(fabs(c->rows[0].base.share - 0.8 / 1.001) < 1e-3, "%g", c->rows[0].base.share);
  drop(sides, 2, c, count);
}

Test(compare, a_key_twice_in_a_file_counts_once)
{
  struct tmk_compare_side sides[2] = {{.name = "a"}, {.name = "b"}};
  int64_t count;
  const struct made points[] = {{.batch = 1, .time_ms = 10}, {.batch = 1, .time_ms = 99}};
  add(&sides[0], "1", result_of("GPU", "1", points, 2));
  add(&sides[1], "2", result_of("GPU", "2", points, 1));
  struct tmk_comparison *c = compare(sides, 2, &count);
  cr_expect_eq(sides[0].duplicates, 1);
  cr_expect_eq(c->row_count, 1);
  cr_expect_eq(c->rows[0].verdict, TMK_COMPARE_SAME);
  drop(sides, 2, c, count);
}

Test(compare, sides_without_points)
{
  struct tmk_compare_side sides[2] = {{.name = "a"}, {.name = "b"}};
  int64_t count;
  const struct made point = {.batch = 1, .time_ms = 10};
  add(&sides[0], "1", result_of("GPU", "1", &point, 0));
  add(&sides[1], "2", result_of("GPU", "2", &point, 0));
  struct tmk_comparison *c = compare(sides, 2, &count);
  cr_assert_eq(count, 1);
  cr_expect_eq(c->row_count + c->only_count + c->compared, 0);
  drop(sides, 2, c, count);
}

Test(intern, equal_texts_are_one)
{
  char text[16];
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 1000; i++) {
      snprintf(text, sizeof text, "t%d", i);
      cr_assert_eq(tmk_intern(&set, text)->number, i);
    }
  }
  cr_assert_eq(set.count, 1000);
  tmk_intern_free(&set);
  cr_assert_eq(set.count, 0);
}
