/* measure.h: when to warm up, how many passes a sample has, when to stop. A pure state machine over times that are passed
 * in: it holds no clock and runs nothing, so the null backend can test every path.
 *
 *   tmk_sampler_init(&s, &settings);
 *   for each round: tmk_sampler_begin_round(&s);
 *     while ((passes = tmk_sampler_next(&s)) > 0) tmk_sampler_add(&s, run(passes));
 *
 * Warm-up ends when three successive samples agree, after max_warmup of them, or when it has taken as long as the budget of
 * sampling; while it lasts, passes_per_sample grows until a sample reaches min_sample_ns. Later visits drop their first
 * sample where that is cheap (a tenth of the round's share of the budget). Then a round goes on until the interval is
 * narrow enough or its share of the budget is spent, and never ends below min_samples ÷ rounds, rounded up.
 */
#ifndef TMK_HARNESS_MEASURE_H
#define TMK_HARNESS_MEASURE_H

#include "tokmark/backend.h"
#include "tokmark/result.h"

struct tmk_measure_settings {
  int64_t budget_ns;       /* of sampling a point over all rounds; warm-up and verification are not counted */
  int64_t min_sample_ns;   /* passes a sample are chosen to reach it */
  int min_samples;         /* whatever the budget: 6 */
  int max_samples;         /* a bound on memory: 10000 */
  int max_warmup;          /* 10 */
  int rounds;              /* at least 3 */
  double warmup_tolerance; /* three successive within it: 0.02 */
  double ci_target;        /* stop when the interval is within ± it of the median: 0.01 */
  bool single_pass;        /* simulated device: no warm-up, one sample of one pass */
};
struct tmk_measure_settings tmk_measure_defaults(const struct tmk_device_info *device);
/* --quick: a look, not a measurement: the fewest samples, a short warm-up, a small budget. */
void tmk_measure_make_quick(struct tmk_measure_settings *settings);

struct tmk_sampler {
  struct tmk_measure_settings settings;
  struct tmk_sample *samples; /* owned until tmk_sampler_take */
  double *sorted;             /* owned: the samples' device times in rising order, for the stop rule */
  int64_t count, capacity;
  int64_t passes_per_sample;
  int warmup_count;  /* samples that were run and dropped, those at the start of later visits too */
  bool warm, steady; /* steady: warm-up converged */
  bool settling;     /* the next sample is the first of a later visit, to be dropped */
  bool done, out_of_memory;
  bool clock_fault; /* a time was 0 or negative: the point has failed; fault_ns is that time */
  int64_t fault_ns;
  int round, round_samples;                          /* round: −1 before the first */
  int64_t spent_ns, round_spent_ns, warmup_spent_ns; /* wall time */
  double recent[3];
  int recent_count;
};
void tmk_sampler_init(struct tmk_sampler *sampler, const struct tmk_measure_settings *settings);
void tmk_sampler_begin_round(struct tmk_sampler *sampler);
/* Passes to run now; 0 = this round is over (or the point is done: sampler->done). */
int64_t tmk_sampler_next(struct tmk_sampler *sampler);
void tmk_sampler_add(struct tmk_sampler *sampler, const struct tmk_run_times *times, int64_t passes);
/* Half the 95 % interval of the median ÷ the median, over the samples so far; NAN below 6. */
double tmk_sampler_relative_ci(const struct tmk_sampler *sampler);
/* Moves the samples out (owned by the caller). */
void tmk_sampler_take(struct tmk_sampler *sampler, struct tmk_sample **samples, int64_t *count);
void tmk_sampler_free(struct tmk_sampler *sampler);

/* 0 … count − 1 in a seeded random order, another one each round. */
void tmk_shuffle(int *order, int count, uint64_t seed, int round);

#endif
