/* measure.h: when to warm up, how many passes a sample has, when to stop. A pure state machine over times that are passed
 * in: it holds no clock and runs nothing, so the null backend can test every path.
 *
 *   tmk_sampler_init(&s, &settings);
 *   for each round: tmk_sampler_begin_round(&s);
 *     while ((passes = tmk_sampler_next(&s)) > 0) tmk_sampler_add(&s, run(passes));
 */
#ifndef TMK_HARNESS_MEASURE_H
#define TMK_HARNESS_MEASURE_H

#include "tokmark/backend.h"
#include "tokmark/result.h"

struct tmk_measure_settings {
  int64_t budget_ns;        /* of sampling a point over all rounds; warm-up and verification are not counted */
  int64_t min_sample_ns;    /* passes a sample are chosen to reach it */
  int min_samples;          /* whatever the budget: 6 */
  int max_samples;          /* a bound on memory: 10000 */
  int max_warmup;           /* 10 */
  int rounds;               /* at least 3 */
  double warmup_tolerance;  /* three successive within it: 0.02 */
  double ci_target;         /* stop when the interval is within ± it of the median: 0.01 */
  bool single_pass;         /* simulated device: no warm-up, one sample of one pass */
};
struct tmk_measure_settings tmk_measure_defaults(const struct tmk_device_info *device);

struct tmk_sampler {
  struct tmk_measure_settings settings;
  struct tmk_sample *samples; /* owned until tmk_sampler_take */
  int64_t count, capacity;
  int64_t passes_per_sample;
  int warmup_count;
  bool warm, steady;      /* steady: warm-up converged */
  bool done, out_of_memory;
  int round, round_samples;
  int64_t spent_ns, round_spent_ns;
  double recent[3];
};
void tmk_sampler_init(struct tmk_sampler *sampler, const struct tmk_measure_settings *settings);
void tmk_sampler_begin_round(struct tmk_sampler *sampler);
/* Passes to run now; 0 = this round is over (or the point is done: sampler->done). */
int64_t tmk_sampler_next(struct tmk_sampler *sampler);
void tmk_sampler_add(struct tmk_sampler *sampler, const struct tmk_run_times *times, int64_t passes);
/* Moves the samples out (owned by the caller). */
void tmk_sampler_take(struct tmk_sampler *sampler, struct tmk_sample **samples, int64_t *count);
void tmk_sampler_free(struct tmk_sampler *sampler);

/* 0 … count − 1 in a seeded random order, another one each round. */
void tmk_shuffle(int *order, int count, uint64_t seed, int round);

#endif
