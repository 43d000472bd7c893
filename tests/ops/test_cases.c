/* test_cases.c: the case table on the two reference modes: naive as the device that the limits are made from, and the float64
 * mode as one that is exact. (On other devices: test_cases_cpu.c.) */
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
