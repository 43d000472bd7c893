/* stats.c: see stats.h. Nothing here assumes a distribution: times of a computer are skewed, spiky and often bimodal. */
#include "stats.h"

#include <math.h>
#include <stdlib.h>

#define MEDIAN_LEVEL 0.95

double tmk_stats_quantile(const double *sorted, int64_t count, double p)
{
  if (count < 1 || !(p >= 0) || !(p <= 1)) return NAN;
  /* Hyndman & Fan 1996, "Sample quantiles in statistical packages", definition 7: h = (n − 1) p. */
  double h = (double)(count - 1) * p;
  int64_t below = (int64_t)floor(h);
  if (below >= count - 1) return sorted[count - 1];
  return sorted[below] + (h - (double)below) * (sorted[below + 1] - sorted[below]);
}

bool tmk_stats_median_ranks(int64_t count, int64_t *low, int64_t *high, double *level)
{
  /* With B ~ Binomial(n, ½) samples below the median, x_(j) ≤ median ≤ x_(n−1−j) (0-based) fails when B ≤ j or B ≥ n − j:
   * level(j) = 1 − 2 P(B ≤ j). It falls as j grows, so the closest ranks are the last j that keeps the level.
   * (David & Nagaraja, Order Statistics, 3rd ed., §7.1.) P(B = i) goes by its logarithm: 2^−n underflows from n = 1075 on.
   */
  double log_term = -(double)count * log(2.0); /* ln P(B = 0) */
  double tail = 0;                             /* P(B ≤ j) */
  int64_t found = -1;
  for (int64_t j = 0; j <= (count - 1) / 2; j++) {
    tail += exp(log_term);
    if (!(1 - 2 * tail >= MEDIAN_LEVEL)) break;
    found = j;
    *level = 1 - 2 * tail;
    log_term += log((double)(count - j)) - log((double)(j + 1));
  }
  if (found < 0) return false;
  *low = found;
  *high = count - 1 - found;
  return true;
}

static int compare_doubles(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void fill_sorted(const double *sorted, int64_t count, struct tmk_stats *stats)
{
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += sorted[i];
  stats->count = count;
  stats->mean_ns = sum / (double)count;
  stats->min_ns = sorted[0];
  stats->max_ns = sorted[count - 1];
  stats->p25_ns = tmk_stats_quantile(sorted, count, 0.25);
  stats->median_ns = tmk_stats_quantile(sorted, count, 0.5);
  stats->p75_ns = tmk_stats_quantile(sorted, count, 0.75);
  stats->p90_ns = tmk_stats_quantile(sorted, count, 0.9);
  stats->p99_ns = tmk_stats_quantile(sorted, count, 0.99);
  double iqr = stats->p75_ns - stats->p25_ns;
  if (stats->median_ns > 0) stats->relative_iqr = iqr / stats->median_ns;
  /* Tukey's fences (Exploratory Data Analysis, 1977). */
  double low = stats->p25_ns - 1.5 * iqr, high = stats->p75_ns + 1.5 * iqr;
  for (int64_t i = 0; i < count; i++) stats->outliers += sorted[i] < low || sorted[i] > high;
  int64_t rank_low = 0, rank_high = 0;
  double level = NAN;
  if (tmk_stats_median_ranks(count, &rank_low, &rank_high, &level)) {
    stats->ci_low_ns = sorted[rank_low];
    stats->ci_high_ns = sorted[rank_high];
    stats->ci_level = level;
  }
}

void tmk_stats_init(struct tmk_stats *stats)
{
  *stats = (struct tmk_stats){.median_ns = NAN,
                              .mean_ns = NAN,
                              .min_ns = NAN,
                              .max_ns = NAN,
                              .p25_ns = NAN,
                              .p75_ns = NAN,
                              .p90_ns = NAN,
                              .p99_ns = NAN,
                              .ci_low_ns = NAN,
                              .ci_high_ns = NAN,
                              .ci_level = NAN,
                              .relative_iqr = NAN};
}

enum tmk_status tmk_stats_compute(const struct tmk_sample *samples, int64_t count, int64_t passes_per_sample,
                                  struct tmk_stats *stats, struct tmk_error *err)
{
  tmk_stats_init(stats);
  if (count < 1) return TMK_OK;
  if (passes_per_sample < 1) {
    return tmk_fail(err, TMK_ERR_FAILED, "statistics of samples with %lld passes each: must be at least 1",
                    (long long)passes_per_sample);
  }
  double *sorted = calloc((size_t)count, sizeof *sorted);
  if (sorted == NULL) {
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the statistics of %lld samples", (long long)count);
  }
  for (int64_t i = 0; i < count; i++) sorted[i] = (double)samples[i].time_ns / (double)passes_per_sample;
  qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
  fill_sorted(sorted, count, stats);
  free(sorted);
  return TMK_OK;
}
