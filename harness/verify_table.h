/* verify_table.h: the whole case table on one device, summed up by operation and dtypes. */
#ifndef TMK_HARNESS_VERIFY_TABLE_H
#define TMK_HARNESS_VERIFY_TABLE_H

#include "verify_cases.h"

struct tmk_verify_row {
  int group;
  enum tmk_dtype weight_dtype, kv_dtype;
  int run, failed, skipped; /* cases times seeds */
  double worst_ratio;       /* error ÷ limit; INFINITY: NaN, a stray write or a replay that differs */
};

struct tmk_verify_table_args {
  const struct tmk_backend_ops *ops;
  struct tmk_backend *backend; /* open; borrowed */
  unsigned groups;             /* bit set over tmk_verify_group */
  bool quick, fail_fast;       /* fail_fast: the first wrong case is the last */
  uint64_t first_seed;
  int seeds; /* first_seed, first_seed + 1, … */
  void *context;
  /* Each as it ends; may be NULL. `done` of `total` are cases times seeds. */
  void (*case_done)(void *context, const struct tmk_verify_case *c, uint64_t seed,
                    const struct tmk_verify_case_result *result, int done, int total);
  /* A group is through: its rows, in the order of first appearance. */
  void (*rows_done)(void *context, const struct tmk_verify_row *rows, int count);
};

struct tmk_verify_totals {
  int run, failed, skipped;
};

/* A wrong result is no error of this function, nor is a case that can't be run to its end: it stands in *totals. A fault of the
 * device ends the run behind the case and its group's rows. */
enum tmk_status tmk_verify_table_run(const struct tmk_verify_table_args *args, struct tmk_verify_totals *totals,
                                     struct tmk_error *err);

#endif
