/* sweep_parts.h: what the files of the sweep share; nobody else includes it.
 *
 * sweep.c chooses and expands, sweep_spec.c refuses what no device could run, sweep_point.c says what this one can.
 */
#ifndef TMK_HARNESS_SWEEP_PARTS_H
#define TMK_HARNESS_SWEEP_PARTS_H

#include "sweep.h"

/* Which lengths a phase has. */
enum { TMK_USES_CONTEXT = 1, TMK_USES_INPUT_LEN = 2, TMK_USES_OUTPUT_LEN = 4 };
unsigned tmk_sweep_phase_uses(enum tmk_phase phase);

/* The call of tmk_sweep_expand with its defaults filled in; all pointers are borrowed. */
struct tmk_sweep_expansion {
  const struct tmk_sweep_spec *spec;
  const struct tmk_model *model;
  const struct tmk_device_info *device;
  const struct tmk_backend_ops *ops;
  struct tmk_backend *backend;
  unsigned phases;
  enum tmk_dtype weight_dtypes[4], kv_dtype;
  int weight_dtype_count;
  int64_t prefill_chunk;
  int64_t layers_held; /* 0 = all */
  struct tmk_layout layout; /* microbatches as in the spec */
};

/* USAGE or UNSUPPORTED where no point could run on any device. */
enum tmk_status tmk_sweep_spec_check(const struct tmk_sweep_expansion *expansion, struct tmk_error *err);
/* Sets skipped, reason and bytes_needed of a point whose workload is set. An error where the user asked for lengths that
 * the model does not have. */
enum tmk_status tmk_sweep_point_judge(const struct tmk_sweep_expansion *expansion, struct tmk_sweep_point *point,
                                      struct tmk_error *err);

#endif
