/* test_roofline.c: costs against ceilings. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "roofline.h"
#include "shapes.h"

/* Bandwidth 100 GB/s; 1 TFLOP/s in f32, 2 in bf16; datasheet twice that; boost clock 2 GHz; bf16 is multiplied in bf16. */
static struct tmk_device_result device(void)
{
  struct tmk_device_result d;
  memset(&d, 0, sizeof d);
  tmk_device_info_init(&d.info);
  tmk_ceilings_init(&d.ceilings);
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) d.datasheet_flops_per_s[i] = NAN;
  d.info.math_dtype[TMK_DTYPE_BF16] = TMK_DTYPE_BF16;
  d.info.math_dtype[TMK_DTYPE_F32] = TMK_DTYPE_F32;
  d.info.clock_max_hz = 2e9;
  d.ceilings.read_bytes_per_s = 100e9;
  d.ceilings.flops_per_s[TMK_DTYPE_F32] = 1e12;
  d.ceilings.flops_per_s[TMK_DTYPE_BF16] = 2e12;
  d.datasheet_read_bytes_per_s = 200e9;
  d.datasheet_flops_per_s[TMK_DTYPE_F32] = 2e12;
  d.datasheet_flops_per_s[TMK_DTYPE_BF16] = 4e12;
  return d;
}

static struct tmk_plan *make(const struct tmk_model *model, const struct tmk_workload *workload)
{
  struct tmk_error err = {0};
  struct tmk_plan *plan = NULL;
  const struct tmk_plan_args args = {.model = model, .workload = workload, .seed = 1, .act_dtype = TMK_DTYPE_F32};
  cr_assert(eq(int, (int)tmk_plan_create(&args, &plan, &err), TMK_OK), "%s", err.message);
  return plan;
}

static void expect_near(double got, double expected)
{
  cr_expect(fabs(got - expected) <= 1e-12 * fabs(expected), "got %.17g, expected %.17g", got, expected);
}

Test(roofline, peaks)
{
  const struct tmk_device_result d = device();
  struct tmk_peaks peaks = tmk_peaks_measured(&d);
  cr_expect(eq(dbl, peaks.read_bytes_per_s, 100e9));
  cr_expect(eq(dbl, peaks.flops_per_s[TMK_DTYPE_BF16], 2e12));
  cr_expect(isnan(peaks.flops_per_s[TMK_DTYPE_F16]));
  cr_expect(isnan(peaks.comm_bytes_per_s));
  peaks = tmk_peaks_datasheet(&d);
  cr_expect(eq(dbl, peaks.read_bytes_per_s, 200e9));
  cr_expect(eq(dbl, peaks.flops_per_s[TMK_DTYPE_F32], 2e12));
  /* 1.5 of 2 GHz: FLOPs × 0.75, bandwidth as it is. */
  peaks = tmk_peaks_held(&d, 1.5e9);
  cr_expect(eq(dbl, peaks.read_bytes_per_s, 200e9));
  expect_near(peaks.flops_per_s[TMK_DTYPE_F32], 1.5e12);
}

Test(roofline, held_peaks_need_clocks)
{
  struct tmk_device_result d = device();
  cr_expect(isnan(tmk_peaks_held(&d, NAN).read_bytes_per_s));
  cr_expect(isnan(tmk_peaks_held(&d, 0.0).read_bytes_per_s));
  d.info.clock_max_hz = NAN;
  cr_expect(isnan(tmk_peaks_held(&d, 1.5e9).read_bytes_per_s));
  cr_expect(isnan(tmk_peaks_held(&d, 1.5e9).flops_per_s[TMK_DTYPE_F32]));
}

Test(roofline, limit_is_the_largest_part)
{
  const struct tmk_device_result d = device();
  struct tmk_peaks peaks = tmk_peaks_measured(&d);
  struct tmk_cost cost = {.weight_bytes = 50e9, .kv_read_bytes = 20e9, .kv_write_bytes = 20e9, .embed_bytes = 10e9};
  cost.flops[TMK_DTYPE_BF16] = 1e12;  /* 0.5 s */
  cost.flops[TMK_DTYPE_F32] = 0.4e12; /* 0.4 s: one unit at a time, so they add */
  struct tmk_limit limit = tmk_limit_cost(&cost, &peaks);
  expect_near(limit.bytes_ns, 1e9);
  expect_near(limit.flops_ns, 0.9e9);
  cr_expect(eq(dbl, limit.comm_ns, 0.0));
  expect_near(limit.time_ns, 1e9);
  cr_expect(eq(int, (int)limit.bound, TMK_BOUND_MEMORY));

  cost.flops[TMK_DTYPE_F32] = 0.6e12;
  limit = tmk_limit_cost(&cost, &peaks);
  expect_near(limit.time_ns, 1.1e9);
  cr_expect(eq(int, (int)limit.bound, TMK_BOUND_COMPUTE));

  cost.comm_bytes = 100e9;
  peaks.comm_bytes_per_s = 50e9;
  limit = tmk_limit_cost(&cost, &peaks);
  expect_near(limit.time_ns, 2e9);
  cr_expect(eq(int, (int)limit.bound, TMK_BOUND_COMM));
}

Test(roofline, a_missing_peak_leaves_no_limit)
{
  const struct tmk_device_result d = device();
  struct tmk_peaks peaks = tmk_peaks_measured(&d);
  struct tmk_cost cost = {.weight_bytes = 1e9};
  cost.flops[TMK_DTYPE_F16] = 1.0;
  struct tmk_limit limit = tmk_limit_cost(&cost, &peaks);
  cr_expect(isnan(limit.time_ns));
  cr_expect(isnan(limit.flops_ns));
  cr_expect(eq(int, (int)limit.bound, TMK_BOUND_NONE));
  /* A peak that nothing needs may be missing. */
  cost.flops[TMK_DTYPE_F16] = 0.0;
  cr_expect(not(isnan(tmk_limit_cost(&cost, &peaks).time_ns)));
  /* Work in no math type never has one. */
  cost.flops[TMK_DTYPE_NONE] = 1.0;
  peaks.flops_per_s[TMK_DTYPE_NONE] = 1e12;
  cr_expect(isnan(tmk_limit_cost(&cost, &peaks).time_ns));
  cost.flops[TMK_DTYPE_NONE] = 0.0;
  cost.comm_bytes = 1.0;
  cr_expect(isnan(tmk_limit_cost(&cost, &peaks).time_ns));
  cost.comm_bytes = 0.0;
  peaks.read_bytes_per_s = 0.0;
  cr_expect(isnan(tmk_limit_cost(&cost, &peaks).time_ns));
}

Test(roofline, nothing_to_do_has_no_bound)
{
  const struct tmk_device_result d = device();
  const struct tmk_peaks peaks = tmk_peaks_measured(&d);
  const struct tmk_limit limit = tmk_limit_cost(&(struct tmk_cost){.activation_bytes = 1e9}, &peaks);
  cr_expect(eq(dbl, limit.time_ns, 0.0));
  cr_expect(eq(int, (int)limit.bound, TMK_BOUND_NONE));
}

/* TinyLlama, batch 1, context 128 in bf16: 2,071,934,976 bytes and 2,092,089,344 FLOPs (see test_cost.c). At 100 GB/s
 * 20.72 ms against 1.05 ms. */
Test(roofline, decode_is_bound_by_memory)
{
  const struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, 1, 128);
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  struct tmk_device_result d = device();
  d.info.llc_bytes = 32 << 20;
  const struct tmk_limit_result r = tmk_limit_plan(plan, &d, 1.5e9, 25e6);
  expect_near(r.flops, 2092089344.0);
  expect_near(r.bytes, 2071934976.0);
  cr_expect(eq(dbl, r.comm_bytes, 0.0));
  expect_near(r.time_ns, 20719349.76);
  cr_expect(eq(int, (int)r.bound, TMK_BOUND_MEMORY));
  expect_near(r.share.measured, 20719349.76 / 25e6);
  expect_near(r.share.datasheet, 10359674.88 / 25e6);
  expect_near(r.share.held, 10359674.88 / 25e6);
  cr_expect(ge(dbl, r.ops_sum_ns, r.time_ns));
  tmk_plan_destroy(plan);
}

/* One prompt of 512 at 2 TFLOP/s: compute. Each operation's own limit is by itself, so their sum is larger than the step's:
 * norms, rope and the LM head, which one row leaves bound by memory, are added to the rest. */
Test(roofline, prefill_is_bound_by_compute)
{
  const struct tmk_workload workload = shape_workload(TMK_PHASE_PREFILL, 1, 512);
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  const struct tmk_device_result d = device();
  const struct tmk_limit_result r = tmk_limit_plan(plan, &d, NAN, 1e9);
  const double flops = 1024 * 968884224.0 + 2 * 65536000.0 + 22.0 * 131328 * 8192;
  expect_near(r.time_ns, flops / 2e12 * 1e9);
  cr_expect(eq(int, (int)r.bound, TMK_BOUND_COMPUTE));
  cr_expect(isnan(r.share.held));
  double sum = 0.0;
  const struct tmk_peaks peaks = tmk_peaks_measured(&d);
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_cost cost = tmk_cost_op(plan, &plan->ops[i], d.info.math_dtype);
    sum += tmk_limit_cost(&cost, &peaks).time_ns;
  }
  expect_near(r.ops_sum_ns, sum);
  cr_expect(gt(dbl, r.ops_sum_ns, r.time_ns));
  tmk_plan_destroy(plan);
}

/* 257 tokens in chunks of 256: a step bound by compute and one of a single token bound by memory. Their limits add, and the
 * bound is that of the longer: with 256 rows 2·256·968,884,224 FLOPs take 248 ms, the last step's bytes 20.7 ms. */
Test(roofline, pass_limit_is_the_sum_of_step_limits)
{
  struct tmk_workload workload = shape_workload(TMK_PHASE_PREFILL, 1, 257);
  workload.prefill_chunk = 256;
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  struct tmk_device_result d = device();
  const struct tmk_peaks peaks = tmk_peaks_measured(&d);
  struct tmk_limit steps[2];
  cr_assert(eq(int, plan->step_count, 2));
  for (int i = 0; i < 2; i++) {
    const struct tmk_cost cost = tmk_cost_step(plan, i, d.info.math_dtype);
    steps[i] = tmk_limit_cost(&cost, &peaks);
  }
  cr_expect(eq(int, (int)steps[0].bound, TMK_BOUND_COMPUTE));
  cr_expect(eq(int, (int)steps[1].bound, TMK_BOUND_MEMORY));
  struct tmk_limit_result r = tmk_limit_plan(plan, &d, NAN, NAN);
  expect_near(r.time_ns, steps[0].time_ns + steps[1].time_ns);
  cr_expect(eq(int, (int)r.bound, TMK_BOUND_COMPUTE));
  cr_expect(isnan(r.share.measured));
  /* Forty times the FLOPs: the first step is bound by memory too. */
  d.ceilings.flops_per_s[TMK_DTYPE_BF16] = 80e12;
  r = tmk_limit_plan(plan, &d, NAN, NAN);
  cr_expect(eq(int, (int)r.bound, TMK_BOUND_MEMORY));
  tmk_plan_destroy(plan);
}

/* Both sides of 4 × last-level cache: TinyLlama's working set at batch 1, context 128 is 2,071,934,976 bytes. */
Test(roofline, a_working_set_in_cache_has_no_share)
{
  const struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, 1, 128);
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  struct tmk_device_result d = device();
  cr_assert(eq(dbl, tmk_cost_working_set(plan), 2071934976.0));
  d.info.llc_bytes = 2071934976 / 4;
  struct tmk_limit_result r = tmk_limit_plan(plan, &d, 1.5e9, 25e6);
  cr_expect(eq(int, (int)r.bound, TMK_BOUND_MEMORY));
  cr_expect(not(isnan(r.share.measured)));
  d.info.llc_bytes++;
  r = tmk_limit_plan(plan, &d, 1.5e9, 25e6);
  cr_expect(eq(int, (int)r.bound, TMK_BOUND_CACHE));
  cr_expect(isnan(r.share.measured));
  cr_expect(isnan(r.share.datasheet));
  cr_expect(isnan(r.share.held));
  expect_near(r.time_ns, 20719349.76); /* what memory would take is still there to read */
  tmk_plan_destroy(plan);
}

/* No measured ceilings (a prediction): the datasheet's limit is shown. */
Test(roofline, datasheet_stands_in_for_missing_ceilings)
{
  const struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, 1, 128);
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  struct tmk_device_result d = device();
  tmk_ceilings_init(&d.ceilings);
  struct tmk_limit_result r = tmk_limit_plan(plan, &d, NAN, 25e6);
  expect_near(r.time_ns, 10359674.88);
  cr_expect(isnan(r.share.measured));
  expect_near(r.share.datasheet, 10359674.88 / 25e6);
  /* Neither: nothing is known but the amounts. */
  d.datasheet_read_bytes_per_s = NAN;
  r = tmk_limit_plan(plan, &d, NAN, 25e6);
  cr_expect(isnan(r.time_ns));
  cr_expect(isnan(r.ops_sum_ns));
  cr_expect(isnan(r.share.datasheet));
  cr_expect(eq(int, (int)r.bound, TMK_BOUND_NONE));
  expect_near(r.bytes, 2071934976.0);
  tmk_plan_destroy(plan);
}

Test(roofline, peak_by_clock_is_lanes_times_ports_times_clock)
{
  struct tmk_device_info info;
  tmk_device_info_init(&info);
  cr_expect(isnan(tmk_peak_by_clock(&info)), "nothing is known");
  info.threads = 2;
  info.simd_lanes_f32 = 16;
  info.fma_ports = 2;
  cr_expect(isnan(tmk_peak_by_clock(&info)), "no clock");
  info.clock_max_hz = 4e9;
  /* 2 threads × 16 lanes × 2 ports × 2 FLOPs × 4 GHz */
  cr_expect(eq(dbl, tmk_peak_by_clock(&info), 512e9));
  info.fma_ports = TMK_UNKNOWN;
  cr_expect(isnan(tmk_peak_by_clock(&info)), "no ports");
}
