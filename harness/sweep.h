/* sweep.h: option lists and suites → array of workloads; what fits in memory, what is skipped and why. */
#ifndef TMK_HARNESS_SWEEP_H
#define TMK_HARNESS_SWEEP_H

#include "opt.h"
#include "tokmark/backend.h"
#include "tokmark/result.h"

/* What the user asked for; lists with count 0 take the suite's value for that phase. */
struct tmk_sweep_spec {
  unsigned phases; /* bit set by enum tmk_phase; 0 = not given */
  struct tmk_int_list batch, input_len, output_len, context;
  int64_t prefill_chunk, layers_held;
  enum tmk_dtype weight_dtypes[4];
  int weight_dtype_count; /* 0 = suite's */
  enum tmk_dtype kv_dtype; /* NONE = auto: bf16 where the device takes it */
  /* As asked: 0 = 1 of a size; microbatches 0 = as many as stages, where there are so many sequences. rank: whose share is
   * judged. */
  struct tmk_layout layout;
};

struct tmk_sweep_point {
  struct tmk_workload workload;
  bool skipped;
  char reason[256];     /* skipped: "needs 14.2 GiB, 11.0 GiB are free" */
  int64_t bytes_needed; /* total with the backend's overhead */
};

struct tmk_sweep {
  struct tmk_sweep_point *points; /* owned */
  int count;
  char suite[32]; /* "std-1" where nothing was given */
};

/* Suite std-1's model for this kind of device: "llama-3.1-8b" or "qwen2.5-0.5b". */
const char *tmk_sweep_default_model(const struct tmk_device_info *device);
/* Expands in a fixed order (phase, dtype, then lists in the order given). Every point of a suite or of the lists is there:
 * one that can't run is skipped with its reason; a spec that no device could run (context beyond TMK_KV_POSITIONS, an option
 * for a phase that isn't asked for) is a USAGE error. backend may be NULL: then no memory overhead is known. */
enum tmk_status tmk_sweep_expand(const struct tmk_sweep_spec *spec, const struct tmk_model *model,
                                 const struct tmk_device_info *device, const struct tmk_backend_ops *ops,
                                 struct tmk_backend *backend, struct tmk_sweep *out, struct tmk_error *err);
/* Points that one rank of the world can't run are skipped on all, with its reason. world NULL: nothing changes. */
struct tmk_world;
enum tmk_status tmk_sweep_agree(struct tmk_sweep *sweep, struct tmk_world *world, struct tmk_error *err);
void tmk_sweep_free(struct tmk_sweep *sweep);

#endif
