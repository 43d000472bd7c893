/* measure.c: see measure.h. */
#include "measure.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"
#include "tokmark/fill.h"

/* A pass below 3 ns is no pass; this also keeps passes × time in range. */
#define MAX_PASSES ((int64_t)1 << 24)
/* Passes are chosen for a little more than min_sample_ns, so that jitter does not take a sample below it. */
#define SAMPLE_MARGIN 1.05

struct tmk_measure_settings tmk_measure_defaults(const struct tmk_device_info *device)
{
  return (struct tmk_measure_settings){
      .budget_ns = 3000000000,
      .min_sample_ns = device->min_sample_ns > 0 ? device->min_sample_ns : 50000000,
      .min_samples = 6,
      .max_samples = 10000,
      .max_warmup = 10,
      .rounds = 3,
      .warmup_tolerance = 0.02,
      .ci_target = 0.01,
      .single_pass = device->simulated,
  };
}

void tmk_measure_make_quick(struct tmk_measure_settings *settings)
{
  settings->budget_ns = 300000000;
  settings->min_sample_ns /= 5;
  settings->max_warmup = 3;
}

void tmk_sampler_init(struct tmk_sampler *sampler, const struct tmk_measure_settings *settings)
{
  assert(settings->rounds >= 1 && settings->min_samples >= 1 && settings->max_samples >= settings->min_samples);
  *sampler = (struct tmk_sampler){.settings = *settings, .passes_per_sample = 1, .round = -1};
}

static int64_t add_saturating(int64_t a, int64_t b)
{
  return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* What this round may still take: an equal part of what the rounds before it left. */
static int64_t round_share_ns(const struct tmk_sampler *sampler)
{
  int64_t left_ns = sampler->settings.budget_ns - (sampler->spent_ns - sampler->round_spent_ns);
  return left_ns / (sampler->settings.rounds - sampler->round);
}

void tmk_sampler_begin_round(struct tmk_sampler *sampler)
{
  sampler->round++;
  sampler->round_samples = 0;
  sampler->round_spent_ns = 0;
  if (sampler->round >= sampler->settings.rounds) sampler->done = true;
  sampler->settling = false;
  if (!sampler->done && sampler->warm && sampler->count > 0) {
    sampler->settling = sampler->sorted[sampler->count / 2] <= (double)round_share_ns(sampler) / 10;
  }
}

double tmk_sampler_relative_ci(const struct tmk_sampler *sampler)
{
  int64_t low = 0, high = 0;
  double level = 0;
  if (!tmk_stats_median_ranks(sampler->count, &low, &high, &level)) return NAN;
  double median = tmk_stats_quantile(sampler->sorted, sampler->count, 0.5);
  return (sampler->sorted[high] - sampler->sorted[low]) / 2 / median;
}

static bool round_is_over(const struct tmk_sampler *sampler)
{
  const struct tmk_measure_settings *settings = &sampler->settings;
  int round_min = (settings->min_samples + settings->rounds - 1) / settings->rounds;
  if (sampler->round_samples < round_min) return false;
  bool enough = sampler->count >= settings->min_samples;
  if (sampler->round == settings->rounds - 1 && !enough) return false;
  if (sampler->count >= (int64_t)settings->max_samples * (sampler->round + 1) / settings->rounds) return true;
  if (enough && tmk_sampler_relative_ci(sampler) <= settings->ci_target) return true;
  return sampler->round_spent_ns >= round_share_ns(sampler);
}

int64_t tmk_sampler_next(struct tmk_sampler *sampler)
{
  assert(sampler->round >= 0);
  if (sampler->done) return 0;
  if (sampler->settings.single_pass) {
    sampler->done = sampler->count > 0;
    return sampler->done ? 0 : 1;
  }
  if (!sampler->warm || sampler->settling) return sampler->passes_per_sample;
  if (!round_is_over(sampler)) return sampler->passes_per_sample;
  sampler->done = sampler->round == sampler->settings.rounds - 1;
  return 0;
}

static void add_warmup(struct tmk_sampler *sampler, const struct tmk_run_times *times, int64_t passes)
{
  const struct tmk_measure_settings *settings = &sampler->settings;
  double pass_ns = (double)times->device_ns / (double)passes;
  sampler->warmup_count++;
  sampler->warmup_spent_ns = add_saturating(sampler->warmup_spent_ns, times->wall_ns);
  if (times->device_ns < settings->min_sample_ns && passes < MAX_PASSES) {
    double wanted = ceil(SAMPLE_MARGIN * (double)settings->min_sample_ns / pass_ns);
    sampler->passes_per_sample = wanted < (double)MAX_PASSES ? (int64_t)wanted : MAX_PASSES;
    sampler->recent_count = 0; /* samples of other lengths don't compare: the timer's own cost weighs differently */
  } else {
    sampler->recent[sampler->recent_count++ % 3] = pass_ns;
  }
  if (sampler->recent_count >= 3) {
    double low = fmin(fmin(sampler->recent[0], sampler->recent[1]), sampler->recent[2]);
    double high = fmax(fmax(sampler->recent[0], sampler->recent[1]), sampler->recent[2]);
    sampler->steady = (high - low) / low <= settings->warmup_tolerance;
  }
  sampler->warm = sampler->steady || sampler->warmup_count >= settings->max_warmup ||
                  sampler->warmup_spent_ns >= settings->budget_ns;
}

static bool grow(struct tmk_sampler *sampler)
{
  if (sampler->count < sampler->capacity) return true;
  int64_t capacity = sampler->capacity == 0 ? 64 : sampler->capacity * 2;
  struct tmk_sample *samples = realloc(sampler->samples, (size_t)capacity * sizeof *samples);
  if (samples != NULL) sampler->samples = samples;
  double *sorted = realloc(sampler->sorted, (size_t)capacity * sizeof *sorted);
  if (sorted != NULL) sampler->sorted = sorted;
  if (samples == NULL || sorted == NULL) return false;
  sampler->capacity = capacity;
  return true;
}

void tmk_sampler_add(struct tmk_sampler *sampler, const struct tmk_run_times *times, int64_t passes)
{
  assert(passes >= 1);
  if (times->device_ns <= 0 || times->wall_ns <= 0) {
    sampler->clock_fault = sampler->done = true;
    sampler->fault_ns = times->device_ns <= 0 ? times->device_ns : times->wall_ns;
    return;
  }
  if (!sampler->settings.single_pass && !sampler->warm) {
    add_warmup(sampler, times, passes);
    return;
  }
  if (sampler->settling) {
    sampler->settling = false;
    sampler->warmup_count++;
    return;
  }
  if (!grow(sampler)) {
    sampler->out_of_memory = sampler->done = true;
    return;
  }
  int64_t at = sampler->count;
  while (at > 0 && sampler->sorted[at - 1] > (double)times->device_ns) at--;
  memmove(&sampler->sorted[at + 1], &sampler->sorted[at], (size_t)(sampler->count - at) * sizeof *sampler->sorted);
  sampler->sorted[at] = (double)times->device_ns;
  sampler->samples[sampler->count++] =
      (struct tmk_sample){.time_ns = times->device_ns, .wall_ns = times->wall_ns, .round = sampler->round};
  sampler->round_samples++;
  sampler->round_spent_ns = add_saturating(sampler->round_spent_ns, times->wall_ns);
  sampler->spent_ns = add_saturating(sampler->spent_ns, times->wall_ns);
}

void tmk_sampler_take(struct tmk_sampler *sampler, struct tmk_sample **samples, int64_t *count)
{
  *samples = sampler->samples;
  *count = sampler->count;
  sampler->samples = NULL;
  sampler->count = sampler->capacity = 0;
  sampler->done = true;
}

void tmk_sampler_free(struct tmk_sampler *sampler)
{
  free(sampler->samples);
  free(sampler->sorted);
  sampler->samples = NULL;
  sampler->sorted = NULL;
  sampler->count = sampler->capacity = 0;
}

void tmk_shuffle(int *order, int count, uint64_t seed, int round)
{
  /* Fisher & Yates, with a counter-based generator: the same order on every machine. */
  uint64_t state = tmk_fill_mix64(seed ^ tmk_fill_mix64(0x9e3779b97f4a7c15ull * ((uint64_t)round + 1)));
  for (int i = 0; i < count; i++) order[i] = i;
  for (int i = count - 1; i > 0; i--) {
    state += 0x9e3779b97f4a7c15ull;
    uint64_t bits = tmk_fill_mix64(state);
    int j = (int)((bits >> 32) * (uint64_t)(i + 1) >> 32);
    int swap = order[i];
    order[i] = order[j];
    order[j] = swap;
  }
}
