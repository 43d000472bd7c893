/* run_cases.h: runs the case table of one group on a backend and counts. */
#ifndef TMK_TESTS_RUN_CASES_H
#define TMK_TESTS_RUN_CASES_H

#include <criterion/criterion.h>
#include <stdlib.h>

#include "verify_cases.h"

struct case_counts {
  int run, failed;
  int skipped;   /* of types that the device takes */
  int not_taken; /* of types that it doesn't take */
  double worst_ratio;
};

/* Failures are logged with case and element. isa NULL: the backend's best; threads 0: its own choice; quick:
 * every fifth case. */
static inline struct case_counts run_cases(const struct tmk_backend_ops *ops, const char *isa, int64_t threads,
                                           int group, bool quick, uint64_t seed)
{
  struct case_counts counts = {0};
  struct tmk_verify_case *cases;
  struct tmk_backend *backend;
  struct tmk_device_info info;
  struct tmk_error err = {0};
  int count;
  const struct tmk_open_args args = {.isa = isa, .threads = threads, .gemm = TMK_GEMM_TOKMARK};
  cr_assert_eq(ops->open(&args, &backend, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(ops->describe(backend, &info, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(tmk_verify_cases_create(1u << group, quick, &cases, &count, &err), TMK_OK);
  for (int i = 0; i < count; i++) {
    struct tmk_verify_case_result result;
    char text[400];
    tmk_verify_case_describe(&cases[i], text, sizeof text);
    cr_assert_eq(tmk_verify_case_run(ops, backend, &info, &cases[i], seed, &result, &err), TMK_OK, "%s: %s", text,
                 err.message);
    if (result.skipped) {
      const bool taken = (!cases[i].weight_dtype || tmk_device_takes(&info, cases[i].weight_dtype, TMK_FOR_WEIGHTS)) &&
                         (!cases[i].kv_dtype || tmk_device_takes(&info, cases[i].kv_dtype, TMK_FOR_KV_CACHE));
      *(taken ? &counts.skipped : &counts.not_taken) += 1;
      continue;
    }
    counts.run++;
    if (!result.passed) {
      counts.failed++;
      cr_log_error("%s %s: %s: %s", ops->name, info.isa, text, result.detail);
    }
    if (!(result.verify.worst_ratio <= counts.worst_ratio)) counts.worst_ratio = result.verify.worst_ratio;
  }
  free(cases);
  ops->close(backend);
  return counts;
}

#endif
