/* compare_stats.h: what two sets of runs say of the ratio of their speeds. Pure.
 *
 * Model. ln(speed) of a point in one run is the device's, plus something that the run keeps from its start to its end
 * (placement of memory, clocks, neighbours): the between-run spread; plus something that a round keeps; plus noise of samples.
 * Samples of a round repeat each other's luck, so the unit inside a run is the round: a run's value is the mean over its
 * rounds of −ln(median time), its variance s² ÷ rounds. That is what resampling whole rounds estimates; with three to a dozen
 * of them the bootstrap's percentiles are too narrow, Student's t on the same standard error is not.
 *
 * Between runs. One run says nothing about what it kept to itself, so a prior spread is added to each. Where a side has several runs
 * they say it themselves: the variance between runs is (d0 · prior variance + sum of squares) ÷ (d0 + d), with d their degrees
 * of freedom and d0 = 4, as empirical Bayes has it (Smyth 2004, "Linear models and empirical Bayes methods", eq. 2); or, where the
 * runs speak against the prior (with a spread that it would make two times in five at most), d0 = 0: they are believed alone. */
#ifndef TMK_HARNESS_COMPARE_STATS_H
#define TMK_HARNESS_COMPARE_STATS_H

#include "tokmark/result.h"

/* P(|T| ≥ |t|) of Student's t with df > 0 degrees of freedom; from 1e6 on the normal distribution's. NAN for NAN. */
double tmk_student_two_sided(double t, double df);
/* The t with P(|T| ≤ t) = level, 0 < level < 1. */
double tmk_student_quantile(double level, double df);

/* Mean and sum of squared distances from it, one value after the other (Welford 1962); zeroed is empty. */
struct tmk_moments {
  int64_t count;
  double mean, squares;
};
static inline void tmk_moments_add(struct tmk_moments *moments, double value)
{
  double off = value - moments->mean;
  moments->count++;
  moments->mean += off / (double)moments->count;
  moments->squares += off * (value - moments->mean);
}

struct tmk_run_value { /* of one point in one run */
  double value;        /* ln(speed), whatever unit the speed has */
  double variance;     /* of it, from its rounds; NAN with fewer than two, or where it has no samples */
  double df;           /* of that variance */
};
/* −ln(time of a pass in s), from samples by round. NAN with no samples. `scratch` has room for `count` doubles.
 * offsets[r], for r below offset_count, is added to the value of round r; NULL with 0: nothing is. */
struct tmk_run_value tmk_run_value_of_samples(const struct tmk_sample *samples, int64_t count, int64_t passes_per_sample,
                                              const double *offsets, int64_t offset_count, double *scratch);

struct tmk_ratio {
  double log_ratio;  /* ln(new ÷ base) */
  double std_error;  /* NAN: no interval, nothing is known of the spread */
  double df;
  double p;          /* two-sided, of no difference; NAN without std_error */
  double run_spread; /* standard deviation of ln(speed) of one run, as estimated; NAN likewise */
};
/* base_count, new_count ≥ 1. prior_spread ≥ 0: relative, of a run. */
struct tmk_ratio tmk_ratio_of_runs(const struct tmk_run_value *base, int64_t base_count, const struct tmk_run_value *new_runs,
                                   int64_t new_count, double prior_spread);

/* The machine was `change` (|ln|) faster or slower on one side, and how much of that the point felt is not known: anything between
 * nothing and all of it, so change² ÷ 3 is added to the variance, the mean square of a uniform distance from one end. */
void tmk_ratio_widen(struct tmk_ratio *ratio, double change);

enum tmk_compare_verdict {
  TMK_COMPARE_SAME = 0,
  TMK_COMPARE_FASTER,
  TMK_COMPARE_SLOWER,
  TMK_COMPARE_AMBIGUOUS,
  TMK_COMPARE_INCOMPARABLE,
  TMK_COMPARE_MISSING,
  TMK_COMPARE_COUNT
};
const char *tmk_compare_verdict_name(enum tmk_compare_verdict verdict); /* "SAME" */

struct tmk_compare_interval {
  double ratio, low, high; /* NAN, NAN without an interval */
  double level;            /* 0.95, or more after the correction */
};

/* How many of `count` p-values are small enough that at most `rate` of those called different are not (Benjamini & Hochberg
 * 1995), and which: selected[i]. p is NAN where there is none. −1: out of memory. */
int64_t tmk_select_false_discovery(const double *p, int64_t count, double rate, bool *selected);
/* The interval of a ratio at a level. */
struct tmk_compare_interval tmk_ratio_interval(const struct tmk_ratio *ratio, double level);
/* SAME: all of the interval within 1 ± threshold. FASTER, SLOWER: all of it on one side of 1, the ratio beyond 1 ± threshold, and
 * `selected`. Else, and without an interval, AMBIGUOUS. */
enum tmk_compare_verdict tmk_compare_decide(const struct tmk_compare_interval *interval, bool selected, double threshold);
/* Runs a side that would tell speeds `difference` apart (0.05) nineteen times in twenty, at that spread between runs:
 * 2 (1.96 + 1.645)² (spread ÷ ln(1 + difference))², at least 1. */
double tmk_compare_runs_needed(double run_spread, double difference);

#endif
