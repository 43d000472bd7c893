/* test_cases_cpu.c: the case table on the CPU backend, every instruction set that this machine has. */
#include "run_cases.h"

static const char *const isas[] = {"avx512", "avx2", "neon", "portable"};

/* Whether this machine has it; if not, that is printed. */
static bool have(const char *isa)
{
  const struct tmk_open_args args = {.isa = isa, .threads = 1};
  struct tmk_backend *backend = NULL;
  struct tmk_error err = {0};
  const enum tmk_status status = tmk_backend_cpu.open(&args, &backend, &err);
  tmk_backend_cpu.close(backend);
  if (status == TMK_OK) return true;
  cr_assert_eq(status, TMK_ERR_USAGE, "%s: %s", isa, err.message); /* and not a fault */
  cr_log_warn("skipped: %s", err.message);
  return false;
}

static void check(const char *isa, int64_t threads, int group, bool quick)
{
  const struct case_counts counts = run_cases(&tmk_backend_cpu, isa, threads, group, quick, 3);
  cr_expect_eq(counts.failed, 0, "%s %s: %d of %d failed", isa, tmk_verify_group_name(group), counts.failed,
               counts.run);
  cr_expect_eq(counts.skipped, 0, "%s %s: %d skipped", isa, tmk_verify_group_name(group), counts.skipped);
  cr_expect_gt(counts.run, 1);
  cr_expect_leq(counts.worst_ratio, 1.0);
}

/* Groups whose cases take long and differ little in what a kernel does. */
static bool is_costly(int group)
{
  return group == TMK_OP_ROPE_KV || group == TMK_VERIFY_GROUP_MODEL;
}

/* Sanitizers make a case ten times as long: the best instruction set has all of them, the others a fifth. */
#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

/* One thread: what a kernel computes. */
Test(cases_cpu, every_isa_single_threaded)
{
  int found = 0;
  for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
    if (!have(isas[i])) continue;
    found++;
    for (int group = 0; group < TMK_VERIFY_GROUP_COUNT; group++) check(isas[i], 1, group, is_costly(group) || (sanitized && found > 1));
  }
  cr_expect_geq(found, 1);
}

/* What integer weights stand for is read back from their bits: ragged rows, a last block of rows, several panels. */
Test(cases_cpu, integer_weights_are_what_the_fill_says)
{
  static const enum tmk_dtype dtypes[] = {TMK_DTYPE_I8, TMK_DTYPE_I4};
  enum { N = 139, K = 288, COUNT = N * K };
  struct tmk_backend *backend;
  struct tmk_device_info info;
  struct tmk_error err = {0};
  const struct tmk_open_args args = {0};
  cr_assert_eq(tmk_backend_cpu.open(&args, &backend, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(tmk_backend_cpu.describe(backend, &info, &err), TMK_OK, "%s", err.message);
  for (int d = 0; d < 2; d++) {
    const struct tmk_verify_case c = {.group = TMK_OP_GEMM,
                                      .weight_dtype = dtypes[d],
                                      .scale = 1,
                                      .op = {.kind = TMK_OP_GEMM, .u.gemm = {.m = 1, .n = N, .k = K}}};
    struct tmk_plan *plan;
    struct tmk_exec *exec;
    static double expected[COUNT], got[COUNT];
    cr_assert_eq(tmk_verify_case_plan(&c, info.act_dtype, 5, &plan, &err), TMK_OK, "%s", err.message);
    cr_assert_eq(tmk_backend_cpu.prepare(backend, plan, &exec, &err), TMK_OK, "%s", err.message);
    const int weight = plan->ops[0].u.gemm.weight;
    tmk_tensor_values(&plan->tensors[weight], 5, 0, COUNT, expected);
    cr_assert_eq(tmk_backend_cpu.read(exec, weight, 0, COUNT, got, &err), TMK_OK, "%s", err.message);
    for (int i = 0; i < COUNT; i++) cr_assert_eq(got[i], expected[i], "%s %d", tmk_dtype_name(dtypes[d]), i);
    tmk_backend_cpu.release(exec);
    tmk_plan_destroy(plan);
  }
  tmk_backend_cpu.close(backend);
}

/* Two threads: how work is cut. Every fifth case: on a machine with other load, threads that wait for each other take long. */
Test(cases_cpu, two_threads)
{
  for (int group = 0; group < TMK_VERIFY_GROUP_COUNT; group++) check(NULL, 2, group, true);
}
