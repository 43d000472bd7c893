/* op_bench.h: single operations, verified and timed over shapes, for `tokmark ops`.
 *
 * A shape is a row of the kind that verify_cases.h has. It is timed as a pass of many copies of the operation, each with
 * weights or a cache of its own, so that together they are too large for the last-level cache: a step reads its weights from
 * memory, and so does this. Where copies can't do that (operations that read activations only) the bound is `cache` and the
 * share null.
 */
#ifndef TMK_HARNESS_OP_BENCH_H
#define TMK_HARNESS_OP_BENCH_H

#include <signal.h>

#include "measure.h"
#include "tokmark/backend.h"
#include "tokmark/result.h"
#include "verify_cases.h"

/* Shapes to measure; grows as they are added, each distinct one once. */
struct tmk_op_shapes {
  struct tmk_verify_case *items; /* owned */
  int count, capacity;
};
void tmk_op_shapes_free(struct tmk_op_shapes *shapes);
enum tmk_status tmk_op_shapes_add(struct tmk_op_shapes *shapes, const struct tmk_verify_case *shape,
                                  struct tmk_error *err);
/* The operations of the first step of a model's decode or prefill, those in the bit set `kinds` (by enum tmk_op_kind). */
enum tmk_status tmk_op_shapes_add_model(struct tmk_op_shapes *shapes, const struct tmk_model *model,
                                        const struct tmk_workload *workload, enum tmk_dtype act_dtype, unsigned kinds,
                                        struct tmk_error *err);

/* The result's description of a shape, and its key: "op/gemm/m8/n2048/k2048/w=bf16". */
struct tmk_op_workload tmk_op_shape_workload(const struct tmk_verify_case *shape);
void tmk_op_workload_key(const struct tmk_op_workload *workload, char key[TMK_WORKLOAD_KEY_SIZE]);

struct tmk_op_bench_args {
  const struct tmk_backend_ops *ops;
  struct tmk_backend *backend;              /* open; borrowed */
  const struct tmk_device_result *device;   /* described, with ceilings */
  struct tmk_measure_settings measure;
  uint64_t seed;
  const volatile sig_atomic_t *stop;        /* non-zero: end after the current sample; NULL: never */
};
/* Fills *point (initialised here; free with tmk_point_free): a shape that the device can't run or hold is skipped with its
 * reason, a wrong result INVALID. Errors are what ends the command: INTERRUPTED, DEVICE. limit and times are of one call. */
enum tmk_status tmk_op_bench_measure(const struct tmk_op_bench_args *args, const struct tmk_verify_case *shape,
                                     struct tmk_point *point, struct tmk_error *err);

#endif
