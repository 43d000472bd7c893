/* stats.h: order statistics over samples. Pure; no allocation beyond a scratch copy. */
#ifndef TMK_HARNESS_STATS_H
#define TMK_HARNESS_STATS_H

#include "tokmark/result.h"

/* values are sorted copies inside. Quantile p in 0 … 1 by linear interpolation (Hyndman & Fan type 7). */
double tmk_stats_quantile(const double *sorted, int64_t count, double p);
void tmk_stats_init(struct tmk_stats *stats); /* no samples: count 0, the rest NAN */
/* Fills stats from sample times divided by passes. MEMORY on allocation failure. */
enum tmk_status tmk_stats_compute(const struct tmk_sample *samples, int64_t count, int64_t passes_per_sample,
                                  struct tmk_stats *stats, struct tmk_error *err);
/* Distribution-free interval of the median: the closest ranks j < k (0-based) with
 * P(x_(j) ≤ median ≤ x_(k)) ≥ 0.95 under Binomial(count, ½); false below 6 samples, where no such ranks exist. */
bool tmk_stats_median_ranks(int64_t count, int64_t *low, int64_t *high, double *level);

#endif
