/* verify_cases.h: the case table of `tokmark verify` and tests/ops: ragged shapes of every operation, and small whole models.
 *
 * A case is a plan of its own. Outputs have rows to spare and the cache has sequences and positions to spare, so that a write
 * beside the result shows (verify.h).
 */
#ifndef TMK_HARNESS_VERIFY_CASES_H
#define TMK_HARNESS_VERIFY_CASES_H

#include "tokmark/backend.h"
#include "verify.h"

enum tmk_verify_group { /* 0 … TMK_OP_COLLECTIVE − 1: the operation of that kind. A collective has no case: it needs ranks */
                        TMK_VERIFY_GROUP_MODEL = TMK_OP_COLLECTIVE,
                        TMK_VERIFY_GROUP_COUNT
};
const char *tmk_verify_group_name(int group); /* "gemm", …, "model" */

struct tmk_verify_case {
  int group;
  enum tmk_dtype weight_dtype, kv_dtype; /* NONE where the case has none */
  struct tmk_op op;                      /* shape; operands are set when the plan is made */
  bool bias, qk_norm, delta;
  bool gaps;              /* gemm: the weight and the bias leave out rows of the whole, as shards of fused projections do */
  bool logits;            /* gemm: y is float32, as the plan's last product has it */
  bool with_nan;          /* sample: a NaN in one row, infinities in another */
  float scale, offset;    /* of the activations' fill */
  struct tmk_rope rope;   /* rope_kv */
  struct tmk_model model; /* group model, with `workload` */
  struct tmk_workload workload;
};

/* All cases of the groups in the bit set `groups`, in a fixed order; quick: every fifth of each group. *out is owned by the
 * caller (free). */
enum tmk_status tmk_verify_cases_create(unsigned groups, bool quick, struct tmk_verify_case **out, int *count,
                                        struct tmk_error *err);
/* One line: "gemm m=3 n=17 k=31 bias w=bf16". */
void tmk_verify_case_describe(const struct tmk_verify_case *c, char *text, int text_size);
/* The plan of a case on a device with activations of `act_dtype`; destroy with tmk_plan_destroy. */
enum tmk_status tmk_verify_case_plan(const struct tmk_verify_case *c, enum tmk_dtype act_dtype, uint64_t seed,
                                     struct tmk_plan **out, struct tmk_error *err);

/* Writes the operands of a case that reset() can't give: cache rows that rope_kv would have appended, NaNs. `context` is the
 * case (const struct tmk_verify_case *); `plan` has one op of it, or copies. For tmk_verify_settings.write_operands. */
enum tmk_status tmk_verify_case_operands(void *context, const struct tmk_backend_ops *ops, struct tmk_exec *exec,
                                         const struct tmk_plan *plan, struct tmk_error *err);

struct tmk_verify_case_result {
  bool skipped; /* the device can't run it: then only `detail` is set */
  bool passed;
  struct tmk_verify_result verify;
  char detail[256]; /* skipped: why; failed: operation, element, values */
};
/* Runs the case on an open backend: every output element is checked; a model is also replayed. A wrong result is no error
 * of this function. `info` is the backend's describe(). */
enum tmk_status tmk_verify_case_run(const struct tmk_backend_ops *ops, struct tmk_backend *backend,
                                    const struct tmk_device_info *info, const struct tmk_verify_case *c, uint64_t seed,
                                    struct tmk_verify_case_result *result, struct tmk_error *err);

#endif
