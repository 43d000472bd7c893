#include "stats.h"

#include <criterion/criterion.h>
#include <math.h>

static bool close_to(double a, double b)
{
  return fabs(a - b) <= 1e-9 * fmax(1.0, fabs(b));
}
#define CLOSE(a, b) cr_assert(close_to(a, b), "%.17g is not %.17g", (double)(a), (double)(b))

static void expect_ranks(int64_t count, int64_t low, int64_t high, double level)
{
  int64_t got_low = -1, got_high = -1;
  double got_level = 0;
  cr_assert(tmk_stats_median_ranks(count, &got_low, &got_high, &got_level), "n = %d", (int)count);
  cr_assert_eq(got_low, low, "n = %d: low %d", (int)count, (int)got_low);
  cr_assert_eq(got_high, high, "n = %d: high %d", (int)count, (int)got_high);
  cr_assert(fabs(got_level - level) < 1e-9, "n = %d: level %.12f", (int)count, got_level);
}

/* Levels worked as fractions: 1 − 2 Σ_{i ≤ j} C(n, i) / 2ⁿ. */
Test(stats, median_ranks_small)
{
  expect_ranks(6, 0, 5, 62.0 / 64); /* 1 − 2 · 1/64 */
  expect_ranks(7, 0, 6, 126.0 / 128);
  expect_ranks(8, 0, 7, 254.0 / 256);    /* ranks 1, 6 would have 1 − 2 · 9/256 = 0.9297 */
  expect_ranks(9, 1, 7, 492.0 / 512);    /* 1 − 2 · 10/512 */
  expect_ranks(10, 1, 8, 1002.0 / 1024); /* 1 − 2 · 11/1024 */
  expect_ranks(11, 1, 9, 2024.0 / 2048);
  expect_ranks(12, 2, 9, 3938.0 / 4096);    /* 1 − 2 · (1 + 12 + 66)/4096 */
  expect_ranks(15, 3, 11, 31616.0 / 32768); /* 1 − 2 · 576/32768 */
  expect_ranks(20, 5, 14, 0.9586105346679688);
}

Test(stats, median_ranks_large)
{
  expect_ranks(100, 39, 60, 0.9647997997822952);
  expect_ranks(1000, 468, 531, 0.9537088026395019);
  expect_ranks(10000, 4901, 5098, 0.9511670501036181); /* 2^−10000 is no double */
}

Test(stats, no_interval_below_six)
{
  int64_t low = 0, high = 0;
  double level = 0;
  for (int64_t n = -1; n <= 5; n++) cr_assert_not(tmk_stats_median_ranks(n, &low, &high, &level), "n = %d", (int)n);
}

/* R: quantile(c(1, 2, 4, 8), type = 7). */
Test(stats, quantiles_type_7)
{
  const double x[] = {1, 2, 4, 8};
  CLOSE(tmk_stats_quantile(x, 4, 0), 1);
  CLOSE(tmk_stats_quantile(x, 4, 0.25), 1.75);
  CLOSE(tmk_stats_quantile(x, 4, 0.5), 3);
  CLOSE(tmk_stats_quantile(x, 4, 0.75), 5);
  CLOSE(tmk_stats_quantile(x, 4, 0.9), 6.8);
  CLOSE(tmk_stats_quantile(x, 4, 1), 8);
  CLOSE(tmk_stats_quantile(x, 1, 0.3), 1);
  cr_assert(isnan(tmk_stats_quantile(x, 0, 0.5)));
  cr_assert(isnan(tmk_stats_quantile(x, 4, 1.01)));
  cr_assert(isnan(tmk_stats_quantile(x, 4, NAN)));
}

static struct tmk_stats compute(const int64_t *times, int64_t count, int64_t passes)
{
  struct tmk_sample samples[32] = {0};
  for (int64_t i = 0; i < count; i++) samples[i] = (struct tmk_sample){.time_ns = times[i], .wall_ns = 1, .round = 0};
  struct tmk_stats stats;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_stats_compute(samples, count, passes, &stats, &err), TMK_OK, "%s", err.message);
  return stats;
}

Test(stats, divides_by_passes_and_sorts)
{
  const int64_t times[] = {500, 100, 300, 200, 600, 400};
  struct tmk_stats s = compute(times, 6, 100);
  cr_assert_eq(s.count, 6);
  CLOSE(s.median_ns, 3.5);
  CLOSE(s.mean_ns, 3.5);
  CLOSE(s.min_ns, 1);
  CLOSE(s.max_ns, 6);
  CLOSE(s.p25_ns, 2.25);
  CLOSE(s.p75_ns, 4.75);
  CLOSE(s.relative_iqr, 2.5 / 3.5);
  CLOSE(s.ci_low_ns, 1);
  CLOSE(s.ci_high_ns, 6);
  CLOSE(s.ci_level, 0.96875);
  cr_assert_eq(s.outliers, 0);
}

/* Quartiles are 10 and 12: the fences stand at 7 and 15. */
Test(stats, outliers_are_counted_and_kept)
{
  const int64_t times[] = {10, 10, 10, 11, 11, 12, 12, 12, 100};
  struct tmk_stats s = compute(times, 9, 1);
  cr_assert_eq(s.outliers, 1);
  CLOSE(s.max_ns, 100);
  CLOSE(s.mean_ns, 188.0 / 9);
  const int64_t at_fence[] = {10, 10, 10, 11, 11, 12, 12, 12, 15};
  cr_assert_eq(compute(at_fence, 9, 1).outliers, 0);
  const int64_t beyond[] = {6, 10, 10, 11, 11, 12, 12, 12, 16};
  cr_assert_eq(compute(beyond, 9, 1).outliers, 2);
}

Test(stats, few_samples_have_no_interval)
{
  const int64_t times[] = {10, 20, 30, 40, 50};
  struct tmk_stats s = compute(times, 5, 1);
  CLOSE(s.median_ns, 30);
  cr_assert(isnan(s.ci_low_ns) && isnan(s.ci_high_ns) && isnan(s.ci_level));
  struct tmk_stats none = compute(times, 0, 1);
  cr_assert_eq(none.count, 0);
  cr_assert(isnan(none.median_ns) && isnan(none.mean_ns) && isnan(none.relative_iqr));
}

Test(stats, refuses_no_passes)
{
  struct tmk_sample sample = {.time_ns = 1, .wall_ns = 1};
  struct tmk_stats stats;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_stats_compute(&sample, 1, 0, &stats, &err), TMK_ERR_FAILED);
  cr_assert_str_eq(err.message, "statistics of samples with 0 passes each: must be at least 1");
  cr_assert(isnan(stats.median_ns));
}
