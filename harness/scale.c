/* scale.c: see scale.h; the figures are defined at struct tmk_scale_result. */
#include "scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct tmk_scale_alone tmk_scale_alone_of(const struct tmk_point *point)
{
  struct tmk_scale_alone alone = {NAN, NAN};
  double sum = 0, most = 0;
  if (point->status != TMK_POINT_OK || point->provenance == TMK_PROV_SIMULATED) return alone;
  if (point->rank_count == 0) return (struct tmk_scale_alone){point->stats.median_ns, point->stats.median_ns};
  for (int64_t i = 0; i < point->rank_count; i++) {
    sum += point->ranks[i].median_ns; /* NaN stays */
    most = fmax(most, point->ranks[i].median_ns);
  }
  alone.mean_ns = sum / (double)point->rank_count;
  alone.max_ns = isnan(sum) ? NAN : most;
  return alone;
}

/* "step/small/decode/…" → "scale/strong/small/decode/…". Of one rank the key would not say which series it belongs to but for
 * the ranks. */
static void make_key(enum tmk_scaling scaling, int64_t ranks, struct tmk_point *point)
{
  char step[TMK_WORKLOAD_KEY_SIZE];
  tmk_workload_key(&point->workload.step, step);
  snprintf(point->key, sizeof point->key, "scale/%s/n%lld/%.220s", tmk_scaling_name(scaling), (long long)ranks,
           strchr(step, '/') + 1);
}

/* ln is not needed: the rate's interval turned round is the base's, and a ratio's ends are those of its parts. */
static void fill_efficiency(const struct tmk_point *base, const struct tmk_point *point, struct tmk_scale_result *scale)
{
  const double rate = tmk_point_rate(point), base_rate = tmk_point_rate(base);
  const double times = (double)scale->ranks / (double)scale->base_ranks;
  if (!(rate > 0) || !(base_rate > 0)) return;
  scale->speedup = rate / base_rate;
  scale->efficiency = scale->speedup / times;
  if (point == base) {
    scale->efficiency_ci_low = scale->efficiency_ci_high = 1;
    return;
  }
  scale->efficiency_ci_low = point->throughput.ci_low_tokens_per_s / base->throughput.ci_high_tokens_per_s / times;
  scale->efficiency_ci_high = point->throughput.ci_high_tokens_per_s / base->throughput.ci_low_tokens_per_s / times;
}

void tmk_scale_point(enum tmk_scaling scaling, int64_t ranks, const struct tmk_point *base, int64_t base_ranks,
                     const struct tmk_scale_alone *alone, struct tmk_point *point)
{
  const double nan = NAN;
  struct tmk_scale_result scale = {.scaling = scaling, .ranks = ranks, .base_ranks = base_ranks};
  scale.speedup = scale.efficiency = scale.efficiency_ci_low = scale.efficiency_ci_high = nan;
  scale.ideal_ns = scale.lost_shapes = scale.lost_stragglers = scale.lost_communication = nan;
  scale.alone_mean_ns = alone->mean_ns;
  scale.alone_max_ns = alone->max_ns;
  point->type = TMK_POINT_SCALE;
  make_key(scaling, ranks, point);
  fill_efficiency(base, point, &scale);
  const double pass_ns = point->stats.median_ns;
  const bool timed = point->provenance != TMK_PROV_SIMULATED && base->status == TMK_POINT_OK;
  if (timed && base->stats.median_ns > 0 && pass_ns > 0) {
    const double work = (double)point->workload.step.batch / (double)base->workload.step.batch;
    scale.ideal_ns = base->stats.median_ns * work * (double)base_ranks / (double)ranks;
    scale.lost_shapes = (alone->mean_ns - scale.ideal_ns) / pass_ns;
    scale.lost_stragglers = (alone->max_ns - alone->mean_ns) / pass_ns;
    scale.lost_communication = (pass_ns - alone->max_ns) / pass_ns;
  }
  point->scale = scale;
}
