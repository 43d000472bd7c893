/* target.c: a measured rate held against a reported one. Arithmetic only: no printing, no state. */
#include "target.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT_MAX 0x1p53 /* beyond it a double no longer counts one by one */

/* Smallest integer not below x. A quotient of exact figures that should be whole can come out one unit in the last place
 * above it, and that must not cost a device: the slack is far below one device in COUNT_MAX of any use. */
static double ceil_count(double x)
{
  return ceil(x * (1 - 1e-13));
}

/* Why no rate of this point is counted, whatever the accounting; NULL if nothing is against it. */
static const char *excluded(const struct tmk_point *point)
{
  if (point->type != TMK_POINT_STEP && point->type != TMK_POINT_SCALE) return "no model step: it makes no tokens";
  if (point->status == TMK_POINT_SKIPPED) return "skipped";
  if (point->status != TMK_POINT_OK) return "failed";
  if (point->provenance == TMK_PROV_SIMULATED) return "simulated: it has no time of its own";
  if (point->verdict.value == TMK_VERDICT_INVALID) return "INVALID";
  if (point->verdict.codes & TMK_CODE_OVER_LIMIT) return "faster than its limit allows: an error, not a rate";
  if (point->verdict.value == TMK_VERDICT_NONE) return "no verdict: not known to be right";
  return NULL;
}

static double raw_rate(const struct tmk_point *point, enum tmk_accounting accounting)
{
  const struct tmk_throughput *rate = &point->throughput;
  switch (accounting) {
  case TMK_ACCT_OUTPUT: return rate->output_tokens_per_s;
  case TMK_ACCT_INPUT: return rate->input_tokens_per_s;
  case TMK_ACCT_TOTAL: return rate->total_tokens_per_s;
  case TMK_ACCT_NONE:
  case TMK_ACCT_COUNT: break;
  }
  return NAN;
}

/* Why the point has no rate of this accounting although it has one of another; NULL if it may have. */
static const char *mismatch(const struct tmk_point *point, enum tmk_accounting accounting)
{
  enum tmk_phase phase = point->workload.step.phase;
  if (accounting == TMK_ACCT_NONE || accounting >= TMK_ACCT_COUNT) return "no accounting: output, input or total";
  if (phase == TMK_PHASE_DECODE && accounting != TMK_ACCT_OUTPUT)
    return "decode takes in no prompt: it has output tokens only, e2e has both";
  if (phase == TMK_PHASE_PREFILL && accounting != TMK_ACCT_INPUT)
    return "prefill counts input tokens: it is no output and no whole request";
  if (phase == TMK_PHASE_E2E && accounting == TMK_ACCT_INPUT)
    return "e2e spends its time on output too: prefill has the input rate";
  return NULL;
}

bool tmk_target_counts(const struct tmk_point *point, enum tmk_accounting accounting, char *reason, int reason_size)
{
  const char *why = excluded(point);
  const char *detail = why && point->status != TMK_POINT_OK ? point->reason : "";
  if (!why) why = mismatch(point, accounting);
  if (why) {
    snprintf(reason, (size_t)reason_size, "%s%s%s", why, detail[0] ? ": " : "", detail);
    return false;
  }
  double rate = raw_rate(point, accounting);
  if (!(rate > 0) || !isfinite(rate)) {
    snprintf(reason, (size_t)reason_size, "no %s rate above 0", tmk_accounting_name(accounting));
    return false;
  }
  snprintf(reason, (size_t)reason_size, "%s", "");
  return true;
}

double tmk_point_rate_as(const struct tmk_point *point, enum tmk_accounting accounting, double *low, double *high)
{
  double no_interval;
  if (!low) low = &no_interval;
  if (!high) high = &no_interval;
  *low = *high = NAN;
  if (!tmk_target_counts(point, accounting, NULL, 0)) return NAN;
  double rate = raw_rate(point, accounting);
  /* Every rate of a point is a count of tokens over the same time, so intervals scale with the rate. */
  const struct tmk_throughput *throughput = &point->throughput;
  double own = raw_rate(point, throughput->accounting);
  double ci_low = throughput->ci_low_tokens_per_s * (rate / own);
  double ci_high = throughput->ci_high_tokens_per_s * (rate / own);
  if (ci_low > 0 && ci_low <= ci_high && isfinite(ci_high)) {
    *low = ci_low;
    *high = ci_high;
  }
  return rate;
}

/* GPUs a rack and TDP of a device, by its row in the table; NAN where it has none. */
static void find_facts(const struct tmk_device_result *device, double *gpus_per_rack, double *tdp_w)
{
  struct tmk_gpu gpu;
  *gpus_per_rack = *tdp_w = NAN;
  if (!device || device->info.is_cpu) return;
  int row = tmk_gpu_find(device->info.gpu_id[0] ? device->info.gpu_id : device->info.name);
  if (row < 0 || tmk_gpu_get(row, &gpu, NULL) != TMK_OK) return;
  if (gpu.gpus_per_rack != TMK_UNKNOWN) *gpus_per_rack = (double)gpu.gpus_per_rack;
  *tdp_w = gpu.tdp_w;
}

/* Devices that make `target` when a group of `group` devices makes `rate`: whole groups. NAN for a rate that is not known. */
static double count_devices(double target, double rate, double group)
{
  return rate > 0 ? ceil_count(target / rate) * group : NAN;
}

bool tmk_target_need(const struct tmk_point *point, const struct tmk_device_result *device,
                     const struct tmk_target_args *args, struct tmk_target_need *need, char *reason, int reason_size)
{
  double low, high, gpus_per_rack, tdp_w;
  *need = (struct tmk_target_need){NAN, NAN, NAN, NAN, NAN, NAN};
  if (!(args->tokens_per_s > 0) || !isfinite(args->tokens_per_s)) {
    snprintf(reason, (size_t)reason_size, "the rate wanted, %g tokens/s, is not above 0", args->tokens_per_s);
    return false;
  }
  if (!(args->overhead >= 1) || !isfinite(args->overhead)) {
    snprintf(reason, (size_t)reason_size, "the overhead, %g, is below 1", args->overhead);
    return false;
  }
  if (!tmk_target_counts(point, args->accounting, reason, reason_size)) return false;
  double rate = tmk_point_rate_as(point, args->accounting, &low, &high);
  double group = point->throughput.devices >= 1 ? (double)point->throughput.devices : 1;
  double devices = count_devices(args->tokens_per_s, rate, group);
  if (!(devices <= COUNT_MAX)) {
    snprintf(reason, (size_t)reason_size, "%.3g tokens/s: more than 2^53 devices", rate);
    return false;
  }
  need->devices = devices;
  need->devices_low = count_devices(args->tokens_per_s, high, group);
  need->devices_high = count_devices(args->tokens_per_s, low, group);
  find_facts(device, &gpus_per_rack, &tdp_w);
  need->racks = ceil_count(devices / gpus_per_rack);
  double power_w = point->energy.mean_power_w > 0 ? point->energy.mean_power_w / group : tdp_w;
  need->power_w = devices * power_w * args->overhead;
  /* $ an hour ÷ tokens an hour × 10^6, of the system as measured */
  need->usd_per_million_tokens = args->price_per_hour * group / (rate * 3600) * 1e6;
  return true;
}

const struct tmk_point *tmk_target_best(const struct tmk_result *result, double interactivity)
{
  const struct tmk_point *best = NULL;
  double best_rate = 0;
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    if (isnan(tmk_point_rate_as(point, TMK_ACCT_OUTPUT, NULL, NULL))) continue;
    double rate = point->throughput.output_tokens_per_s_per_device;
    if (interactivity > 0 && !(point->throughput.output_tokens_per_s_per_user >= interactivity)) continue;
    if (rate > best_rate && isfinite(rate)) {
      best = point;
      best_rate = rate;
    }
  }
  return best;
}
