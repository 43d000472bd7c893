/* What more ranks bring, and where the rest goes: by hand. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>

#include "scale.h"

static struct tmk_point step(int64_t batch, double pass_ns, double half_width)
{
  struct tmk_point point;
  tmk_point_init(&point);
  snprintf(point.workload.step.model, sizeof point.workload.step.model, "small");
  point.workload.step.batch = batch;
  point.workload.step.context = 7;
  point.workload.step.weight_dtype = point.workload.step.kv_dtype = TMK_DTYPE_BF16;
  point.stats.median_ns = pass_ns;
  point.throughput.accounting = TMK_ACCT_OUTPUT;
  point.throughput.output_tokens_per_s = (double)batch * 1e9 / pass_ns;
  point.throughput.ci_low_tokens_per_s = point.throughput.output_tokens_per_s * (1 - half_width);
  point.throughput.ci_high_tokens_per_s = point.throughput.output_tokens_per_s * (1 + half_width);
  point.verdict.value = TMK_VERDICT_VALID;
  return point;
}

#define NEAR(got, expected) cr_expect(epsilon_eq(dbl, got, expected, 1e-12))

Test(scale, the_base_is_all_of_itself)
{
  struct tmk_point base = step(8, 1000, 0.01);
  const struct tmk_scale_alone alone = tmk_scale_alone_of(&base);
  tmk_scale_point(TMK_SCALING_STRONG, 1, &base, 1, &alone, &base);
  cr_expect(eq(int, (int)base.type, TMK_POINT_SCALE));
  cr_expect(eq(str, base.key, "scale/strong/n1/small/decode/b8/c7/w=bf16/kv=bf16"));
  NEAR(base.scale.speedup, 1);
  NEAR(base.scale.efficiency_ci_low, 1);
  NEAR(base.scale.lost_shapes, 0);
  NEAR(base.scale.lost_stragglers, 0);
  NEAR(base.scale.lost_communication, 0);
}

/* 1000 ns on one rank, 400 on four; alone they take 280, 300, 320 and 300. Ideal is 250: lost 50, 20 and 80 of 400. */
Test(scale, strong_losses_add_up)
{
  struct tmk_comm_rank ranks[4] = {{.median_ns = 280}, {.median_ns = 300}, {.median_ns = 320}, {.median_ns = 300}};
  struct tmk_point base = step(8, 1000, 0.01), four = step(8, 400, 0.02), alone = step(8, 320, 0.01);
  alone.ranks = ranks;
  alone.rank_count = 4;
  const struct tmk_scale_alone times = tmk_scale_alone_of(&alone);
  tmk_scale_point(TMK_SCALING_STRONG, 4, &base, 1, &times, &four);
  NEAR(four.scale.speedup, 2.5);
  NEAR(four.scale.efficiency, 0.625);
  NEAR(four.scale.efficiency_ci_low, 0.625 * 0.98 / 1.01);
  NEAR(four.scale.efficiency_ci_high, 0.625 * 1.02 / 0.99);
  NEAR(four.scale.ideal_ns, 250);
  NEAR(four.scale.lost_shapes, 50.0 / 400);
  NEAR(four.scale.lost_stragglers, 20.0 / 400);
  NEAR(four.scale.lost_communication, 80.0 / 400);
  NEAR(four.scale.efficiency + four.scale.lost_shapes + four.scale.lost_stragglers + four.scale.lost_communication, 1);
}

/* Three times the batch on three ranks as on one: the ideal is the base's own time. */
Test(scale, weak_is_held_against_the_same_time)
{
  struct tmk_comm_rank ranks[3] = {{.median_ns = 1000}, {.median_ns = 1000}, {.median_ns = 1000}};
  struct tmk_point base = step(8, 1000, 0.01), three = step(24, 1250, 0.01), alone = step(24, 1000, 0.01);
  alone.ranks = ranks;
  alone.rank_count = 3;
  const struct tmk_scale_alone times = tmk_scale_alone_of(&alone);
  tmk_scale_point(TMK_SCALING_WEAK, 3, &base, 1, &times, &three);
  cr_expect(eq(str, three.key, "scale/weak/n3/small/decode/b24/c7/w=bf16/kv=bf16"));
  NEAR(three.scale.speedup, 2.4);
  NEAR(three.scale.efficiency, 0.8);
  NEAR(three.scale.ideal_ns, 1000);
  NEAR(three.scale.lost_communication, 0.2);
}

/* From two ranks on: twice as many are twice the base's. */
Test(scale, the_base_may_have_more_than_one_rank)
{
  struct tmk_point base = step(8, 1000, 0), four = step(8, 500, 0);
  const struct tmk_scale_alone times = {NAN, NAN};
  tmk_scale_point(TMK_SCALING_STRONG, 4, &base, 2, &times, &four);
  NEAR(four.scale.efficiency, 1);
  NEAR(four.scale.ideal_ns, 500);
  cr_expect(isnan(four.scale.lost_communication));
}

Test(scale, what_failed_has_no_figures)
{
  struct tmk_point base = step(8, 1000, 0.01), failed = step(8, 500, 0.01);
  failed.status = TMK_POINT_FAILED;
  const struct tmk_scale_alone times = tmk_scale_alone_of(&failed);
  cr_expect(isnan(times.mean_ns));
  tmk_scale_point(TMK_SCALING_STRONG, 2, &base, 1, &times, &failed);
  cr_expect(isnan(failed.scale.speedup));
  cr_expect(isnan(failed.scale.efficiency));
  failed = step(8, NAN, NAN);
  tmk_scale_point(TMK_SCALING_STRONG, 2, &base, 1, &times, &failed);
  cr_expect(isnan(failed.scale.efficiency));
  cr_expect(isnan(failed.scale.lost_shapes));
}
