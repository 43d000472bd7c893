/* roofline.h: ceilings → the least time a step can take, what binds it, and the share reached. Pure.
 *
 * (Not named limits.h: <limits.h> of gcc looks for that name in quoted include paths.)
 *
 *   step limit = max(Σ_dtype FLOPs ÷ peak, bytes ÷ read bandwidth, communication)
 *   pass limit = Σ of its steps' limits (a chunk reads the weights anew)
 */
#ifndef TMK_HARNESS_ROOFLINE_H
#define TMK_HARNESS_ROOFLINE_H

#include "cost.h"
#include "tokmark/result.h"

/* A set of peaks to hold a cost against; NAN where not known. */
struct tmk_peaks {
  double read_bytes_per_s, comm_bytes_per_s;
  double flops_per_s[TMK_DTYPE_COUNT];
};
struct tmk_peaks tmk_peaks_measured(const struct tmk_device_result *device);
struct tmk_peaks tmk_peaks_datasheet(const struct tmk_device_result *device);
/* peak × mean clock held ÷ boost clock; all NAN where clocks are not readable. Bandwidth is not scaled: it has a clock of
 * its own. */
struct tmk_peaks tmk_peaks_held(const struct tmk_device_result *device, double clock_held_hz);

/* What the SIMD units could do at most: threads × lanes × FMA ports × 2 × highest clock, in float32 FLOP/s; NAN where one of them is
 * not known. A measured peak is checked against it: more than that is an error of one or the other. */
double tmk_peak_by_clock(const struct tmk_device_info *info);

struct tmk_limit {
  double time_ns; /* NAN if a peak that is needed is not known */
  double flops_ns, bytes_ns, comm_ns;
  enum tmk_bound bound; /* the largest of the three */
};
struct tmk_limit tmk_limit_cost(const struct tmk_cost *cost, const struct tmk_peaks *peaks);

/* The limit part of a point, for a plan that took pass_ns. A working set below 4 × llc_bytes: bound cache, null shares.
 * time_ns is by the measured ceilings, else by the datasheet. pass_ns NAN gives null shares. */
struct tmk_limit_result tmk_limit_plan(const struct tmk_plan *plan, const struct tmk_device_result *device,
                                       double clock_held_hz, double pass_ns);

#endif
