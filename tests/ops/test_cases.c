/* test_cases.c: the case table on the two reference modes: naive as the device that the limits are made from, and the float64
 * mode as one that is exact. (On other devices: test_cases_cpu.c.) */
#include <math.h>

#include "run_cases.h"

Test(cases_naive, all_groups)
{
  for (int group = 0; group < TMK_VERIFY_GROUP_COUNT; group++) {
    const struct case_counts counts = run_cases(&tmk_backend_naive, NULL, 0, group, group == TMK_VERIFY_GROUP_MODEL, 1);
    cr_expect_eq(counts.failed, 0, "%s: %d of %d failed", tmk_verify_group_name(group), counts.failed, counts.run);
    cr_expect_eq(counts.skipped + counts.not_taken, 0);
    cr_expect_gt(counts.run, 1);
    /* A quarter: the device is the calibration. Norms go to a half. */
    cr_expect_leq(counts.worst_ratio, 0.51, "%s: ratio %g", tmk_verify_group_name(group), counts.worst_ratio);
  }
}

Test(cases_ref, all_groups)
{
  for (int group = 0; group < TMK_VERIFY_GROUP_COUNT; group++) {
    const struct case_counts counts = run_cases(&tmk_backend_ref, NULL, 0, group, true, 2);
    cr_expect_eq(counts.failed, 0, "%s: %d of %d failed", tmk_verify_group_name(group), counts.failed, counts.run);
    cr_expect_eq(counts.skipped + counts.not_taken, 0);
    cr_expect_gt(counts.run, 1);
    cr_expect_leq(counts.worst_ratio, 0.51, "%s: ratio %g", tmk_verify_group_name(group), counts.worst_ratio);
  }
}

Test(cases, quick_is_a_part_and_every_group_has_its_dtypes)
{
  for (int group = 0; group < TMK_VERIFY_GROUP_COUNT; group++) {
    struct tmk_verify_case *cases;
    struct tmk_error err = {0};
    int all = 0, quick = 0, weights[TMK_DTYPE_COUNT] = {0}, caches[TMK_DTYPE_COUNT] = {0};
    cr_assert_eq(tmk_verify_cases_create(1u << group, false, &cases, &all, &err), TMK_OK);
    for (int i = 0; i < all; i++) {
      cr_expect_eq(cases[i].group, group);
      weights[cases[i].weight_dtype]++;
      caches[cases[i].kv_dtype]++;
    }
    free(cases);
    cr_assert_eq(tmk_verify_cases_create(1u << group, true, &cases, &quick, &err), TMK_OK);
    free(cases);
    cr_expect_eq(quick, (all + 4) / 5);
    cr_expect(weights[TMK_DTYPE_BF16] >= weights[TMK_DTYPE_F32] && caches[TMK_DTYPE_BF16] >= caches[TMK_DTYPE_F32]);
    cr_expect_eq(weights[TMK_DTYPE_BF16] > 0, weights[TMK_DTYPE_F32] > 0);
    const bool model = group == TMK_VERIFY_GROUP_MODEL, cache = group == TMK_OP_ROPE_KV || group == TMK_OP_ATTENTION;
    cr_expect_eq(weights[TMK_DTYPE_F8E4M3] > 0, model || group == TMK_OP_GEMM);
    cr_expect_eq(weights[TMK_DTYPE_NVFP4] > 0, model || group == TMK_OP_GEMM);
    cr_expect_eq(caches[TMK_DTYPE_F8E4M3] > 0, model || cache);
  }
}

/* Inputs of projections stay far from where narrow types saturate (tokmark/quantise.h), in every small model. */
Test(cases, inputs_of_narrow_gemms_do_not_saturate)
{
  struct tmk_verify_case *cases;
  struct tmk_backend *backend;
  struct tmk_error err = {0};
  const struct tmk_open_args args = {0};
  int count, looked_at = 0;
  cr_assert_eq(tmk_verify_cases_create(1u << TMK_VERIFY_GROUP_MODEL, false, &cases, &count, &err), TMK_OK);
  cr_assert_eq(tmk_backend_naive.open(&args, &backend, &err), TMK_OK);
  for (int i = 0; i < count; i++) {
    if (cases[i].weight_dtype != TMK_DTYPE_F8E4M3 && cases[i].weight_dtype != TMK_DTYPE_NVFP4) continue;
    struct tmk_plan *plan;
    struct tmk_exec *exec;
    struct tmk_run_times times;
    cr_assert_eq(tmk_verify_case_plan(&cases[i], TMK_DTYPE_F32, 1, &plan, &err), TMK_OK, "%s", err.message);
    cr_assert_eq(tmk_backend_naive.prepare(backend, plan, &exec, &err), TMK_OK, "%s", err.message);
    cr_assert_eq(tmk_backend_naive.run(exec, 1, &times, &err), TMK_OK);
    for (int op = 0; op < plan->op_count; op++) {
      const struct tmk_op_gemm *o = &plan->ops[op].u.gemm;
      if (plan->ops[op].kind != TMK_OP_GEMM || plan->ops[op].layer < 0) continue;
      double *x = malloc((size_t)(o->m * o->k) * sizeof *x), largest = 0;
      cr_assert_eq(tmk_backend_naive.read(exec, o->x, 0, o->m * o->k, x, &err), TMK_OK);
      for (int64_t e = 0; e < o->m * o->k; e++) largest = fmax(largest, fabs(x[e]));
      cr_expect(largest > 0.5 && largest < 14, "%s: %g", plan->ops[op].label, largest);
      looked_at++;
      free(x);
    }
    tmk_backend_naive.release(exec);
    tmk_plan_destroy(plan);
  }
  tmk_backend_naive.close(backend);
  free(cases);
  cr_expect_gt(looked_at, 100);
}
