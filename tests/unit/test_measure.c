#include "measure.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define MS 1000000

/* One pass takes series(index of the sample): what the sampler sees is that times the passes it asked for. */
typedef double series_fn(int index);

struct trace {
  int calls, per_round[16];
  int64_t longest_passes;
};

static struct tmk_measure_settings settings_for(int64_t budget_ns)
{
  struct tmk_device_info info = {.min_sample_ns = 50 * MS};
  struct tmk_measure_settings settings = tmk_measure_defaults(&info);
  settings.budget_ns = budget_ns;
  return settings;
}

static struct trace drive(struct tmk_sampler *s, const struct tmk_measure_settings *settings, series_fn *pass_ns)
{
  struct trace trace = {0};
  tmk_sampler_init(s, settings);
  for (int round = 0; round < settings->rounds; round++) {
    tmk_sampler_begin_round(s);
    int64_t before = s->count, passes;
    while ((passes = tmk_sampler_next(s)) > 0) {
      int64_t time_ns = (int64_t)(pass_ns(trace.calls++) * (double)passes);
      if (passes > trace.longest_passes) trace.longest_passes = passes;
      tmk_sampler_add(s, &(struct tmk_run_times){.wall_ns = time_ns, .device_ns = time_ns}, passes);
      cr_assert_lt(trace.calls, 100000, "the sampler does not stop");
    }
    if (round < 16) trace.per_round[round] = (int)(s->count - before);
  }
  return trace;
}

static double steady_1ms(int i)
{
  (void)i;
  return 1e6;
}

Test(measure, steady_series_takes_the_least)
{
  struct tmk_measure_settings settings = settings_for(3000 * (int64_t)MS);
  struct tmk_sampler s;
  struct trace trace = drive(&s, &settings, steady_1ms);
  cr_assert(s.done && s.warm && s.steady && !s.clock_fault && !s.out_of_memory);
  cr_assert_eq(s.passes_per_sample, 53, "%d", (int)s.passes_per_sample); /* ceil(1.05 × 50 ms ÷ 1 ms) */
  /* One call to calibrate and three that agree; six samples close the interval in the first round; two more in each other
   * round, behind one that is dropped (53 ms is below a tenth of 1 s and more). */
  cr_assert_eq(trace.per_round[0], 6);
  cr_assert_eq(trace.per_round[1], 2);
  cr_assert_eq(trace.per_round[2], 2);
  cr_assert_eq(s.warmup_count, 6);
  cr_assert_eq(trace.calls, 16);
  cr_assert_eq(s.samples[0].round, 0);
  cr_assert_eq(s.samples[9].round, 2);
  cr_assert_eq(s.samples[9].time_ns, 53 * MS);
  cr_assert_eq(tmk_sampler_relative_ci(&s), 0);
  tmk_sampler_free(&s);
}

static double ten_seconds(int i)
{
  (void)i;
  return 1e10;
}

Test(measure, a_pass_beyond_the_budget_gives_six_samples)
{
  struct tmk_measure_settings settings = settings_for(1000 * (int64_t)MS);
  struct tmk_sampler s;
  struct trace trace = drive(&s, &settings, ten_seconds);
  cr_assert_eq(s.passes_per_sample, 1);
  cr_assert_eq(s.warmup_count, 1); /* already as long as the budget */
  cr_assert_not(s.steady);
  for (int round = 0; round < 3; round++) cr_assert_eq(trace.per_round[round], 2);
  cr_assert_eq(trace.calls, 7);
  tmk_sampler_free(&s);
}

Test(measure, more_rounds_still_spread)
{
  struct tmk_measure_settings settings = settings_for(1000 * (int64_t)MS);
  settings.rounds = 4;
  struct tmk_sampler s;
  struct trace trace = drive(&s, &settings, ten_seconds);
  for (int round = 0; round < 4; round++) cr_assert_eq(trace.per_round[round], 2);
  tmk_sampler_free(&s);
  settings.rounds = 8;
  trace = drive(&s, &settings, ten_seconds);
  for (int round = 0; round < 8; round++) cr_assert_eq(trace.per_round[round], 1);
  tmk_sampler_free(&s);
}

/* ±5 %, alternating: the interval never gets within ±1 %. */
static double bimodal(int i)
{
  return i % 2 == 0 ? 0.95e8 : 1.05e8;
}

Test(measure, bimodal_series_spends_the_budget_evenly)
{
  struct tmk_measure_settings settings = settings_for(3000 * (int64_t)MS);
  struct tmk_sampler s;
  struct trace trace = drive(&s, &settings, bimodal);
  cr_assert_not(s.steady);
  /* 10 % apart is never within 2 %: ten in the first round. 100 ms is just a tenth of a round's second: whether the first
   * of a later visit is dropped depends on which of the two times stands in the middle. */
  cr_assert_geq(s.warmup_count, 10);
  for (int round = 0; round < 3; round++) {
    cr_assert(trace.per_round[round] >= 9 && trace.per_round[round] <= 11, "%d", trace.per_round[round]);
  }
  cr_assert(s.spent_ns >= settings.budget_ns && s.spent_ns < settings.budget_ns + 110 * MS);
  cr_assert_gt(tmk_sampler_relative_ci(&s), 0.01);
  tmk_sampler_free(&s);
}

/* Cold start: 5, 4, 3, 2, then 1 ms for good. */
static double drifting_down(int i)
{
  return i < 4 ? (5 - i) * 1e8 : 1e8;
}

Test(measure, drifting_start_is_warmed_through)
{
  struct tmk_measure_settings settings = settings_for(3000 * (int64_t)MS);
  struct tmk_sampler s;
  drive(&s, &settings, drifting_down);
  cr_assert(s.steady);
  cr_assert_eq(s.samples[0].time_ns, 100 * MS);
  cr_assert_geq(s.warmup_count, 7); /* 4 falling and the 3 that agree */
  tmk_sampler_free(&s);
}

/* Each sample 3 % slower than the one before: never warm. */
static double always_drifting(int i)
{
  return 1e8 * pow(1.03, i % 64);
}

Test(measure, endless_drift_stops_at_ten_warmups)
{
  struct tmk_measure_settings settings = settings_for(3000 * (int64_t)MS);
  struct tmk_sampler s;
  tmk_sampler_init(&s, &settings);
  tmk_sampler_begin_round(&s);
  int calls = 0;
  while (!s.warm) {
    int64_t passes = tmk_sampler_next(&s);
    int64_t time_ns = (int64_t)(always_drifting(calls++) * (double)passes);
    tmk_sampler_add(&s, &(struct tmk_run_times){.wall_ns = time_ns, .device_ns = time_ns}, passes);
  }
  cr_assert_eq(calls, 10);
  cr_assert_not(s.steady);
  tmk_sampler_free(&s);
}

static double within_tolerance(int i)
{
  return 1e8 * (1 + 0.0199 * (i % 2));
}
static double beyond_tolerance(int i)
{
  return 1e8 * (1 + 0.0201 * (i % 2));
}

Test(measure, warmup_tolerance_has_two_sides)
{
  struct tmk_measure_settings settings = settings_for(3000 * (int64_t)MS);
  struct tmk_sampler s;
  drive(&s, &settings, within_tolerance);
  cr_assert(s.steady);
  tmk_sampler_free(&s);
  drive(&s, &settings, beyond_tolerance);
  cr_assert_not(s.steady);
  tmk_sampler_free(&s);
}

static double spiky(int i)
{
  return i % 10 == 9 ? 1e9 : 1e8;
}

Test(measure, spikes_are_kept)
{
  struct tmk_measure_settings settings = settings_for(3000 * (int64_t)MS);
  settings.ci_target = -1; /* to the end of the budget */
  settings.warmup_tolerance = 100;
  struct tmk_sampler s;
  drive(&s, &settings, spiky);
  int spikes = 0;
  for (int64_t i = 0; i < s.count; i++) spikes += s.samples[i].time_ns == 1000 * MS;
  cr_assert_gt(spikes, 0);
  for (int64_t i = 1; i < s.count; i++) cr_assert(s.sorted[i - 1] <= s.sorted[i]);
  tmk_sampler_free(&s);
}

static void expect_fault(int64_t wall_ns, int64_t device_ns, int64_t fault_ns)
{
  struct tmk_measure_settings settings = settings_for(3000 * (int64_t)MS);
  struct tmk_sampler s;
  tmk_sampler_init(&s, &settings);
  tmk_sampler_begin_round(&s);
  cr_assert_eq(tmk_sampler_next(&s), 1);
  tmk_sampler_add(&s, &(struct tmk_run_times){.wall_ns = wall_ns, .device_ns = device_ns}, 1);
  cr_assert(s.clock_fault && s.done);
  cr_assert_eq(s.fault_ns, fault_ns);
  cr_assert_eq(tmk_sampler_next(&s), 0);
  cr_assert_eq(s.count, 0);
  tmk_sampler_free(&s);
}

Test(measure, clock_faults_end_the_point)
{
  expect_fault(0, 0, 0);
  expect_fault(5, 0, 0);
  expect_fault(5, -7, -7);
  expect_fault(-3, 5, -3);
  expect_fault(INT64_MIN, INT64_MIN, INT64_MIN);
}

static double huge(int i)
{
  (void)i;
  return 9e18;
}

static double one_ns(int i)
{
  (void)i;
  return 1;
}

Test(measure, extreme_times_stay_in_range)
{
  struct tmk_measure_settings settings = settings_for(3000 * (int64_t)MS);
  struct tmk_sampler s;
  struct trace trace = drive(&s, &settings, huge);
  cr_assert_eq(s.count, 6);
  cr_assert_eq(s.spent_ns, INT64_MAX); /* saturated */
  cr_assert_eq(trace.longest_passes, 1);
  tmk_sampler_free(&s);
  trace = drive(&s, &settings, one_ns);
  cr_assert_eq(trace.longest_passes, 1 << 24);
  cr_assert(s.done && s.count >= 6);
  tmk_sampler_free(&s);
}

Test(measure, max_samples_bounds_every_round)
{
  struct tmk_measure_settings settings = settings_for(INT64_MAX / 4);
  settings.ci_target = -1; /* never reached */
  settings.max_samples = 30;
  struct tmk_sampler s;
  struct trace trace = drive(&s, &settings, steady_1ms);
  for (int round = 0; round < 3; round++) cr_assert_eq(trace.per_round[round], 10);
  tmk_sampler_free(&s);
}

Test(measure, simulated_device_takes_one_pass)
{
  struct tmk_device_info info = {.min_sample_ns = 5 * MS, .simulated = true};
  struct tmk_measure_settings settings = tmk_measure_defaults(&info);
  cr_assert(settings.single_pass);
  struct tmk_sampler s;
  struct trace trace = drive(&s, &settings, steady_1ms);
  cr_assert_eq(trace.calls, 1);
  cr_assert_eq(s.count, 1);
  cr_assert_eq(s.warmup_count, 0);
  cr_assert_eq(s.passes_per_sample, 1);
  cr_assert(s.done);
  tmk_sampler_free(&s);
}

Test(measure, take_moves_the_samples)
{
  struct tmk_measure_settings settings = settings_for(1000 * (int64_t)MS);
  struct tmk_sampler s;
  drive(&s, &settings, steady_1ms);
  struct tmk_sample *samples = NULL;
  int64_t count = 0, had = s.count;
  tmk_sampler_take(&s, &samples, &count);
  cr_assert_eq(count, had);
  cr_assert_not_null(samples);
  cr_assert_null(s.samples);
  tmk_sampler_free(&s);
  free(samples);
}

Test(measure, quick_keeps_the_least_samples)
{
  struct tmk_measure_settings settings = settings_for(3000 * (int64_t)MS);
  tmk_measure_make_quick(&settings);
  cr_assert_eq(settings.min_samples, 6);
  struct tmk_sampler s;
  struct trace trace = drive(&s, &settings, bimodal);
  cr_assert_eq(s.warmup_count, 3);
  cr_assert_eq(s.count, 6);
  cr_assert_eq(trace.calls, 9);
  tmk_sampler_free(&s);
}

Test(measure, shuffle_is_a_seeded_permutation)
{
  enum { N = 40 };
  int first[N], again[N], other[N];
  tmk_shuffle(first, N, 1, 0);
  tmk_shuffle(again, N, 1, 0);
  tmk_shuffle(other, N, 1, 1);
  int seen[N] = {0}, moved = 0, differ = 0;
  for (int i = 0; i < N; i++) {
    cr_assert_eq(first[i], again[i]);
    seen[first[i]]++;
    moved += first[i] != i;
    differ += first[i] != other[i];
  }
  for (int i = 0; i < N; i++) cr_assert_eq(seen[i], 1);
  cr_assert_gt(moved, N / 2);
  cr_assert_gt(differ, N / 2);
}

/* All 6 orders of three come about equally often: 6000 rounds, 1000 each expected, σ = √(6000·1/6·5/6) = 28.9. */
Test(measure, shuffle_is_fair)
{
  int counts[27] = {0};
  for (int round = 0; round < 6000; round++) {
    int order[3];
    tmk_shuffle(order, 3, 42, round);
    counts[order[0] * 9 + order[1] * 3 + order[2]]++;
  }
  int kinds = 0;
  for (int i = 0; i < 27; i++) {
    if (counts[i] == 0) continue;
    kinds++;
    cr_assert(abs(counts[i] - 1000) < 150, "order %d came %d times", i, counts[i]);
  }
  cr_assert_eq(kinds, 6);
}
