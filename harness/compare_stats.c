/* compare_stats.c: see compare_stats.h. */
#include "compare_stats.h"

#include <math.h>
#include <stdlib.h>

#define PRIOR_DF   4.0
#define NORMAL_DF  1e6 /* beyond it t and the normal distribution agree to five digits */
#define NORMAL_975 1.959963984540054
#define NORMAL_95  1.6448536269514722

/* --- Student's t --- */

/* The continued fraction of the incomplete beta function, DLMF 8.17.22, by the modified Lentz algorithm. */
static double beta_fraction(double x, double a, double b)
{
  const double tiny = 1e-300, precision = 1e-15;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (fabs(d) < tiny ? tiny : d);
  double value = d;
  for (int m = 1; m <= 1000; m++) {
    double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double step = 1;
    for (int half = 0; half < 2; half++) {
      double term = half == 0 ? even : odd;
      d = 1 + term * d;
      c = 1 + term / c;
      d = 1 / (fabs(d) < tiny ? tiny : d);
      if (fabs(c) < tiny) c = tiny;
      step = c * d;
      value *= step;
    }
    if (fabs(step - 1) < precision) break;
  }
  return value;
}

/* I_x(a, b), DLMF 8.17. */
static double beta_regularised(double x, double a, double b)
{
  if (!(x > 0)) return 0;
  if (!(x < 1)) return 1;
  double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
  /* The fraction converges fast below the mean only; above it, by symmetry. */
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
  return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double tmk_student_two_sided(double t, double df)
{
  if (isnan(t) || !(df > 0)) return NAN;
  if (isinf(t)) return 0;
  if (df > NORMAL_DF) return erfc(fabs(t) / sqrt(2));
  /* Abramowitz & Stegun 26.5.27: A(t | ν) = 1 − I_x(ν/2, ½) with x = ν ÷ (ν + t²). */
  return beta_regularised(df / (df + t * t), df / 2, 0.5);
}

double tmk_student_quantile(double level, double df)
{
  if (!(level > 0 && level < 1) || !(df > 0)) return NAN;
  double low = 0, high = 1;
  while (high < 1e15 && tmk_student_two_sided(high, df) > 1 - level) high *= 2;
  for (int i = 0; i < 100 && high - low > 1e-12 * high; i++) {
    double middle = (low + high) / 2;
    if (tmk_student_two_sided(middle, df) > 1 - level) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return (low + high) / 2;
}

/* --- one run --- */

static int compare_doubles(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median_of(double *values, int64_t count)
{
  qsort(values, (size_t)count, sizeof *values, compare_doubles);
  return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* The next round after `round` in number, or INT32_MAX. */
static int32_t next_round(const struct tmk_sample *samples, int64_t count, int64_t round)
{
  int32_t next = INT32_MAX;
  for (int64_t i = 0; i < count; i++) {
    if (samples[i].round > round && samples[i].round < next) next = samples[i].round;
  }
  return next;
}

struct tmk_run_value tmk_run_value_of_samples(const struct tmk_sample *samples, int64_t count, int64_t passes_per_sample,
                                              const double *offsets, int64_t offset_count, double *scratch)
{
  struct tmk_run_value run = {.value = NAN, .variance = NAN, .df = NAN};
  struct tmk_moments rounds = {0};
  for (int32_t round = next_round(samples, count, -1); round < INT32_MAX; round = next_round(samples, count, round)) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
      if (samples[i].round == round) scratch[found++] = (double)samples[i].time_ns;
    }
    double median = median_of(scratch, found);
    if (!(median > 0) || passes_per_sample < 1) return run;
    tmk_moments_add(&rounds, -log(median / (double)passes_per_sample * 1e-9) + (round < offset_count ? offsets[round] : 0));
  }
  if (rounds.count == 0) return run;
  run.value = rounds.mean;
  if (rounds.count > 1) {
    run.df = (double)(rounds.count - 1);
    run.variance = rounds.squares / run.df / (double)rounds.count;
  }
  return run;
}

/* --- two sides --- */

struct side {
  struct tmk_moments values; /* of the runs */
  double variance;           /* mean of the runs' own variances; NAN if none has one */
  double df;                 /* of one run's variance */
};

static struct side side_of(const struct tmk_run_value *runs, int64_t count)
{
  struct side side = {.variance = NAN, .df = NAN};
  double variance = 0, df = 0;
  int64_t known = 0;
  for (int64_t i = 0; i < count; i++) {
    tmk_moments_add(&side.values, runs[i].value);
    if (isnan(runs[i].variance)) continue;
    known++;
    variance += runs[i].variance;
    df += runs[i].df;
  }
  if (known > 0) {
    side.variance = variance / (double)known;
    side.df = df / (double)known;
  }
  return side;
}

/* Whether `squares`, a sum of squares with `df` degrees of freedom, is larger than `variance` has it three times in five: by the
 * cube root of chi-squared, nearly normal (Wilson & Hilferty 1931). */
static bool contradicts(double squares, double df, double variance)
{
  const double normal_60 = 0.2533471031357997;
  double scale = 2 / (9 * df);
  return cbrt(squares / df / variance) > 1 - scale + normal_60 * sqrt(scale);
}

struct tmk_ratio tmk_ratio_of_runs(const struct tmk_run_value *base, int64_t base_count, const struct tmk_run_value *new_runs,
                                   int64_t new_count, double prior_spread)
{
  struct side b = side_of(base, base_count), n = side_of(new_runs, new_count);
  struct tmk_ratio ratio = {.log_ratio = n.values.mean - b.values.mean, .std_error = NAN, .df = NAN, .p = NAN, .run_spread = NAN};
  double between = (double)(base_count - 1 + new_count - 1), runs = 1.0 / (double)base_count + 1.0 / (double)new_count;
  double prior = prior_spread * prior_spread;
  /* A side whose runs say nothing of themselves is taken to be as the other. */
  if (isnan(b.variance)) b.variance = n.variance, b.df = n.df;
  if (isnan(n.variance)) n.variance = b.variance, n.df = b.df;
  bool within_known = !isnan(b.variance);
  if (!within_known && !(between > 0)) return ratio;
  double within = within_known ? (b.variance + n.variance) / 2 : 0;
  if (between > 0) {
    double squares = b.values.squares + n.values.squares, trust = contradicts(squares, between, prior + within) ? 0 : PRIOR_DF;
    double variance = (trust * (prior + within) + squares) / (trust + between);
    ratio.run_spread = sqrt(variance);
    ratio.std_error = sqrt(variance * runs);
    ratio.df = trust + between;
  } else {
    /* Welch and Satterthwaite; the prior is an assumption, not an estimate, and has no degrees of freedom to lose. */
    double variance = 2 * prior + b.variance + n.variance;
    double loss = b.variance * b.variance / b.df + n.variance * n.variance / n.df;
    ratio.run_spread = sqrt(prior + within);
    ratio.std_error = sqrt(variance);
    ratio.df = loss > 0 ? fmin(variance * variance / loss, 10 * NORMAL_DF) : 10 * NORMAL_DF;
  }
  double t = ratio.std_error > 0 ? ratio.log_ratio / ratio.std_error : ratio.log_ratio == 0 ? 0 : INFINITY;
  ratio.p = tmk_student_two_sided(t, ratio.df);
  return ratio;
}

void tmk_ratio_widen(struct tmk_ratio *ratio, double change)
{
  if (isnan(ratio->std_error) || !(change > 0)) return;
  double own = ratio->std_error * ratio->std_error, all = own + change * change / 3;
  if (own > 0) ratio->df = fmin(ratio->df * (all / own) * (all / own), 10 * NORMAL_DF); /* what is added has none to lose */
  ratio->std_error = sqrt(all);
  ratio->p = tmk_student_two_sided(ratio->log_ratio / ratio->std_error, ratio->df);
}

/* --- verdicts --- */

const char *tmk_compare_verdict_name(enum tmk_compare_verdict verdict)
{
  static const char *const names[TMK_COMPARE_COUNT] = {"SAME", "FASTER", "SLOWER", "AMBIGUOUS", "INCOMPARABLE", "MISSING"};
  return names[verdict];
}

struct ranked {
  double p;
  int64_t index;
};

static int compare_ranked(const void *a, const void *b)
{
  const struct ranked *x = a, *y = b;
  if (x->p != y->p) return x->p < y->p ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

int64_t tmk_select_false_discovery(const double *p, int64_t count, double rate, bool *selected)
{
  int64_t tested = 0, chosen = 0;
  struct ranked *ranked = malloc((size_t)(count > 0 ? count : 1) * sizeof *ranked);
  for (int64_t i = 0; i < count; i++) {
    selected[i] = false;
    if (ranked && !isnan(p[i])) ranked[tested++] = (struct ranked){p[i], i};
  }
  if (!ranked) return -1;
  qsort(ranked, (size_t)tested, sizeof *ranked, compare_ranked);
  for (int64_t i = 0; i < tested; i++) {
    if (ranked[i].p <= rate * (double)(i + 1) / (double)tested) chosen = i + 1;
  }
  for (int64_t i = 0; i < chosen; i++) selected[ranked[i].index] = true;
  free(ranked);
  return chosen;
}

struct tmk_compare_interval tmk_ratio_interval(const struct tmk_ratio *ratio, double level)
{
  struct tmk_compare_interval interval = {.ratio = exp(ratio->log_ratio), .low = NAN, .high = NAN, .level = level};
  if (isnan(ratio->std_error)) return interval;
  double half = tmk_student_quantile(level, ratio->df) * ratio->std_error;
  interval.low = exp(ratio->log_ratio - half);
  interval.high = exp(ratio->log_ratio + half);
  return interval;
}

enum tmk_compare_verdict tmk_compare_decide(const struct tmk_compare_interval *interval, bool selected, double threshold)
{
  double floor = 1 - threshold, roof = 1 + threshold;
  if (interval->low >= floor && interval->high <= roof) return TMK_COMPARE_SAME;
  if (selected && interval->low > 1 && interval->ratio > roof) return TMK_COMPARE_FASTER;
  if (selected && interval->high < 1 && interval->ratio < floor) return TMK_COMPARE_SLOWER;
  return TMK_COMPARE_AMBIGUOUS;
}

double tmk_compare_runs_needed(double run_spread, double difference)
{
  double sum = (NORMAL_975 + NORMAL_95) * run_spread / log1p(difference);
  return fmax(1, ceil(2 * sum * sum));
}
