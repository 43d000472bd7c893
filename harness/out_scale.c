/* out_scale.c: the table of `tokmark scale`. */
#include <math.h>
#include <string.h>

#include "out.h"
#include "out_parts.h"

#define HEAD_FORMAT "%-7s %-8s %6s %-11s %-10s %5s"

bool tmk_out_is_scale(const struct tmk_result *result)
{
  return result->point_count > 0 && result->points[0].type == TMK_POINT_SCALE;
}

void tmk_out_scale_header(FILE *out)
{
  fprintf(out, HEAD_FORMAT " %10s %8s %10s %7s | %7s %7s %7s  %s\n", "scaling", "phase", "batch", "lengths", "dtype",
          "ranks", "tokens/s", "speed-up", "efficiency", "+-95 %", "shapes", "straggl", "comm", "verdict");
}

static void percent(double share, char *text, int size)
{
  if (isfinite(share)) {
    snprintf(text, (size_t)size, "%.1f %%", 100 * share);
  } else {
    snprintf(text, (size_t)size, "-");
  }
}

void tmk_out_scale_row(FILE *out, const struct tmk_point *point)
{
  const struct tmk_scale_result *scale = &point->scale;
  const struct tmk_workload *w = &point->workload.step;
  char lengths[48], dtypes[32], batch[24], ranks[24], rate[32], speedup[24] = "-", efficiency[24], interval[24], shapes[24];
  char stragglers[24], communication[24], reason[256];
  tmk_out_lengths(w, lengths, (int)sizeof lengths);
  tmk_out_dtypes(w, dtypes, (int)sizeof dtypes);
  snprintf(batch, sizeof batch, "%lld", (long long)w->batch);
  snprintf(ranks, sizeof ranks, "%lld", (long long)scale->ranks);
  fprintf(out, HEAD_FORMAT, tmk_scaling_name(scale->scaling), tmk_phase_name(w->phase), batch, lengths, dtypes, ranks);
  if (point->status != TMK_POINT_OK) {
    tmk_out_clean(point->reason, true, reason, (int)sizeof reason);
    fprintf(out, " %s: %s\n", point->status == TMK_POINT_SKIPPED ? "skipped" : "FAILED", reason);
    return;
  }
  tmk_format_count(tmk_point_rate(point), rate, (int)sizeof rate);
  if (isfinite(scale->speedup)) snprintf(speedup, sizeof speedup, "%.2f x", scale->speedup);
  percent(scale->efficiency, efficiency, (int)sizeof efficiency);
  percent((scale->efficiency_ci_high - scale->efficiency_ci_low) / 2, interval, (int)sizeof interval);
  percent(scale->lost_shapes, shapes, (int)sizeof shapes);
  percent(scale->lost_stragglers, stragglers, (int)sizeof stragglers);
  percent(scale->lost_communication, communication, (int)sizeof communication);
  fprintf(out, " %10s %8s %10s %7s | %7s %7s %7s  %s\n", rate, speedup, efficiency, interval, shapes, stragglers,
          communication,
          point->provenance == TMK_PROV_SIMULATED ? "simulated" : tmk_verdict_value_name(point->verdict.value));
}

void tmk_out_scale_footer(FILE *out)
{
  fputs("speed-up and efficiency are against the fewest ranks of the series. Of a pass, lost to: shapes, what a rank's share\n"
        "takes by itself above its part of the whole (smaller matrices, work that each rank repeats); stragglers, the slowest\n"
        "share above their mean; comm, collectives and waiting for other stages.\n",
        out);
}
