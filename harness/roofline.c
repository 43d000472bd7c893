/* roofline.c: costs held against ceilings (roofline.h). */
#include "roofline.h"

#include <math.h>

/* A working set below this many last-level caches is served by the cache in part, and a share of the memory's bandwidth
 * would mean nothing (DESIGN: step limit). */
#define CACHE_FACTOR 4.0

static struct tmk_peaks unknown_peaks(void)
{
  struct tmk_peaks peaks = {.read_bytes_per_s = NAN, .comm_bytes_per_s = NAN};
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) peaks.flops_per_s[i] = NAN;
  return peaks;
}

struct tmk_peaks tmk_peaks_measured(const struct tmk_device_result *device)
{
  struct tmk_peaks peaks = unknown_peaks();
  peaks.read_bytes_per_s = device->ceilings.read_bytes_per_s;
  peaks.comm_bytes_per_s = device->ceilings.comm_bytes_per_s;
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) peaks.flops_per_s[i] = device->ceilings.flops_per_s[i];
  return peaks;
}

struct tmk_peaks tmk_peaks_datasheet(const struct tmk_device_result *device)
{
  struct tmk_peaks peaks = unknown_peaks();
  peaks.read_bytes_per_s = device->datasheet_read_bytes_per_s;
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) peaks.flops_per_s[i] = device->datasheet_flops_per_s[i];
  return peaks;
}

struct tmk_peaks tmk_peaks_held(const struct tmk_device_result *device, double clock_held_hz)
{
  const double held = clock_held_hz / device->info.clock_max_hz;
  if (!(held > 0.0) || !isfinite(held)) return unknown_peaks();
  struct tmk_peaks peaks = tmk_peaks_datasheet(device);
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) peaks.flops_per_s[i] *= held;
  return peaks;
}

double tmk_peak_by_clock(const struct tmk_device_info *info)
{
  if (!(info->threads > 0 && info->simd_lanes_f32 > 0 && info->fma_ports > 0 && info->clock_max_hz > 0)) return NAN;
  return (double)info->threads * (double)info->simd_lanes_f32 * (double)info->fma_ports * 2.0 * info->clock_max_hz;
}

/* Nothing to do takes no time, whether or not the peak is known. */
static double time_ns(double amount, double per_s)
{
  if (amount == 0.0) return 0.0;
  return per_s > 0.0 ? amount / per_s * 1e9 : NAN;
}

struct tmk_limit tmk_limit_cost(const struct tmk_cost *cost, const struct tmk_peaks *peaks)
{
  struct tmk_limit limit = {.time_ns = NAN, .bound = TMK_BOUND_NONE};
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) {
    /* Work for which the device has no math dtype stands at NONE, and no peak can be known for that. */
    limit.flops_ns += time_ns(cost->flops[i], i == TMK_DTYPE_NONE ? NAN : peaks->flops_per_s[i]);
  }
  limit.bytes_ns = time_ns(tmk_cost_bytes(cost), peaks->read_bytes_per_s);
  limit.comm_ns = time_ns(cost->comm_bytes, peaks->comm_bytes_per_s);
  if (isnan(limit.flops_ns) || isnan(limit.bytes_ns) || isnan(limit.comm_ns)) return limit;
  limit.time_ns = fmax(limit.bytes_ns, fmax(limit.flops_ns, limit.comm_ns));
  if (limit.time_ns == 0.0) return limit;
  limit.bound = limit.time_ns == limit.bytes_ns   ? TMK_BOUND_MEMORY
                : limit.time_ns == limit.flops_ns ? TMK_BOUND_COMPUTE
                                                  : TMK_BOUND_COMM;
  return limit;
}

/* A pass against one set of peaks. */
struct pass_limit {
  double time_ns, ops_sum_ns; /* NAN if a peak is missing */
  enum tmk_bound bound;       /* of the steps that take the most time */
};

static struct pass_limit limit_pass(const struct tmk_plan *plan, const enum tmk_dtype math_dtype[TMK_DTYPE_COUNT],
                                    const struct tmk_peaks *peaks)
{
  struct pass_limit pass = {0};
  double bound_ns[TMK_BOUND_COUNT] = {0};
  for (int i = 0; i < plan->step_count; i++) {
    const struct tmk_cost cost = tmk_cost_step(plan, i, math_dtype);
    const struct tmk_limit limit = tmk_limit_cost(&cost, peaks);
    pass.time_ns += limit.time_ns;
    bound_ns[limit.bound] += limit.time_ns;
  }
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_cost cost = tmk_cost_op(plan, &plan->ops[i], math_dtype);
    pass.ops_sum_ns += tmk_limit_cost(&cost, peaks).time_ns;
  }
  pass.bound = TMK_BOUND_NONE;
  if (isnan(pass.time_ns)) return pass;
  for (int i = 0; i < TMK_BOUND_COUNT; i++) {
    if (bound_ns[i] > bound_ns[pass.bound]) pass.bound = (enum tmk_bound)i;
  }
  return pass;
}

static bool fits_cache(const struct tmk_plan *plan, const struct tmk_device_info *info)
{
  return info->llc_bytes > 0 && tmk_cost_working_set(plan) < CACHE_FACTOR * (double)info->llc_bytes;
}

struct tmk_limit_result tmk_limit_plan(const struct tmk_plan *plan, const struct tmk_device_result *device,
                                       double clock_held_hz, double pass_ns)
{
  const enum tmk_dtype *math_dtype = device->info.math_dtype;
  const struct tmk_peaks measured_peaks = tmk_peaks_measured(device), datasheet_peaks = tmk_peaks_datasheet(device);
  const struct tmk_peaks held_peaks = tmk_peaks_held(device, clock_held_hz);
  const struct pass_limit measured = limit_pass(plan, math_dtype, &measured_peaks);
  const struct pass_limit datasheet = limit_pass(plan, math_dtype, &datasheet_peaks);
  const struct pass_limit held = limit_pass(plan, math_dtype, &held_peaks);
  const struct pass_limit *shown = isnan(measured.time_ns) ? &datasheet : &measured;
  const struct tmk_cost cost = tmk_cost_pass(plan, math_dtype);
  struct tmk_limit_result result = {
      .flops = tmk_cost_total_flops(&cost),
      .bytes = tmk_cost_bytes(&cost),
      .comm_bytes = cost.comm_bytes,
      .time_ns = shown->time_ns,
      .ops_sum_ns = shown->ops_sum_ns,
      .bound = shown->bound,
      .share = {.datasheet = NAN, .measured = NAN, .held = NAN},
  };
  if (fits_cache(plan, &device->info)) {
    result.bound = TMK_BOUND_CACHE;
  } else if (pass_ns > 0.0) {
    result.share.datasheet = datasheet.time_ns / pass_ns;
    result.share.measured = measured.time_ns / pass_ns;
    result.share.held = held.time_ns / pass_ns;
  }
  return result;
}
