/* test_cases_cuda.c: the case table on the CUDA backend: on a GPU, or in the simulated one by the library path. Skipped, and
 * said so, where there is neither. */
#include <string.h>

#include "run_cases.h"

static const struct tmk_backend_ops *cuda_or_skip(void)
{
  char reason[256] = "this build has no CUDA";
  const struct tmk_backend_ops *ops = tmk_backend_find("cuda");
  if (ops != NULL && ops->device_count(reason, (int)sizeof reason) > 0) return ops;
  cr_log_warn("skipped: %s", reason);
  return NULL;
}

static bool is_simulated(const struct tmk_backend_ops *ops)
{
  struct tmk_backend *backend;
  struct tmk_device_info info = {0};
  struct tmk_error err = {0};
  const struct tmk_open_args args = {0};
  cr_assert_eq(ops->open(&args, &backend, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(ops->describe(backend, &info, &err), TMK_OK, "%s", err.message);
  ops->close(backend);
  return info.simulated;
}

static void check(int group)
{
  const struct tmk_backend_ops *ops = cuda_or_skip();
  if (ops == NULL) return;
  /* The simulated GPU's findings do not depend on values, and its time is the CPU's. */
  const struct case_counts counts = run_cases(ops, NULL, 0, group, false, is_simulated(ops) ? 1 : 3);
  cr_expect_eq(counts.failed, 0, "%s: %d of %d failed", tmk_verify_group_name(group), counts.failed, counts.run);
  cr_expect_gt(counts.run, 1);
  cr_expect_leq(counts.worst_ratio, 1.0);
}

#define GROUP(name, group)                                                                                             \
  Test(cases_cuda, name)                                                                                               \
  {                                                                                                                    \
    check(group);                                                                                                      \
  }
GROUP(embed, TMK_OP_EMBED)
GROUP(rmsnorm, TMK_OP_RMSNORM)
GROUP(gemm, TMK_OP_GEMM)
GROUP(rope_kv, TMK_OP_ROPE_KV)
GROUP(attention, TMK_OP_ATTENTION)
GROUP(swiglu, TMK_OP_SWIGLU)
GROUP(sample, TMK_OP_SAMPLE)
GROUP(model, TMK_VERIFY_GROUP_MODEL)

/* What weights stand for is read back from their bits: ragged rows, rows that end in a padded vector, scales in more than one tile. */
Test(cases_cuda, narrow_weights_are_what_the_fill_says)
{
  const struct tmk_backend_ops *ops = cuda_or_skip();
  static const enum tmk_dtype dtypes[] = {TMK_DTYPE_F8E4M3, TMK_DTYPE_NVFP4};
  if (ops == NULL) return;
  struct tmk_backend *backend;
  struct tmk_device_info info;
  struct tmk_error err = {0};
  const struct tmk_open_args args = {0};
  cr_assert_eq(ops->open(&args, &backend, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(ops->describe(backend, &info, &err), TMK_OK, "%s", err.message);
  for (int d = 0; d < 2; d++) {
    if (!tmk_device_takes(&info, dtypes[d], TMK_FOR_WEIGHTS)) continue;
    const struct tmk_verify_case c = {.group = TMK_OP_GEMM,
                                      .weight_dtype = dtypes[d],
                                      .scale = 1,
                                      .op = {.kind = TMK_OP_GEMM, .u.gemm = {.m = 1, .n = 139, .k = 112}}};
    struct tmk_plan *plan;
    struct tmk_exec *exec;
    cr_assert_eq(tmk_verify_case_plan(&c, info.act_dtype, 5, &plan, &err), TMK_OK, "%s", err.message);
    cr_assert_eq(ops->prepare(backend, plan, &exec, &err), TMK_OK, "%s", err.message);
    enum { COUNT = 139 * 112 };
    static double expected[COUNT], got[COUNT];
    const int weight = plan->ops[0].u.gemm.weight;
    tmk_tensor_values(&plan->tensors[weight], 5, 0, COUNT, expected);
    cr_assert_eq(ops->read(exec, weight, 0, COUNT, got, &err), TMK_OK, "%s", err.message);
    for (int i = 0; i < COUNT; i++) cr_assert_eq(got[i], expected[i], "%s %d", tmk_dtype_name(dtypes[d]), i);
    cr_assert_eq(ops->read(exec, weight, 113, 31, got, &err), TMK_OK, "%s", err.message);
    for (int i = 0; i < 31; i++) cr_assert_eq(got[i], expected[113 + i]);
    ops->release(exec);
    tmk_plan_destroy(plan);
  }
  ops->close(backend);
}
