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

static void check(int group)
{
  const struct tmk_backend_ops *ops = cuda_or_skip();
  if (ops == NULL) return;
  const struct case_counts counts = run_cases(ops, NULL, 0, group, false, 3);
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
