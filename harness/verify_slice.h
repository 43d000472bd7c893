/* verify_slice.h: the part of an operation that is checked, as smaller operations of the same kind.
 *
 * A slice is an operation with tensors of its own ("slots", named by index in `tensors`), and spans that say which elements
 * of the device's tensors its elements are. Weights have no spans: they come from the fill, through origin and global_dims.
 * Private to the verify files.
 */
#ifndef TMK_HARNESS_VERIFY_SLICE_H
#define TMK_HARNESS_VERIFY_SLICE_H

#include "tokmark/backend.h"

/* What is verified. All borrowed. */
struct tmk_verify_device {
  const struct tmk_backend_ops *ops;
  struct tmk_exec *exec;
  const struct tmk_plan *plan;
};

/* `repeat` runs of `count` neighbours; run i starts at `first + i * stride` of device tensor `tensor` and at
 * `slot_first + i * slot_stride` of the slot. */
struct tmk_verify_span {
  int slot, tensor;
  int64_t slot_first, slot_stride, first, stride, count, repeat;
};

struct tmk_verify_slice {
  struct tmk_op op; /* its operands are slots */
  struct tmk_tensor tensors[TMK_OP_MAX_OPERANDS];
  int device_tensor[TMK_OP_MAX_OPERANDS]; /* the plan's tensor each slot is part of */
  enum tmk_access access[TMK_OP_MAX_OPERANDS];
  int tensor_count;
  struct tmk_verify_span *spans; /* owned */
  int span_count, span_capacity;
  double *constant; /* owned: data of a constant made for the slice */
  /* Owned, one value an element of the slot; NULL where it has none. before: operands as the device reads them, and weights
   * once the slice has run. Of outputs: what device, float64 reference and naive float32 run gave. */
  double *before[TMK_OP_MAX_OPERANDS], *got[TMK_OP_MAX_OPERANDS];
  double *expected[TMK_OP_MAX_OPERANDS], *naive[TMK_OP_MAX_OPERANDS];
};

struct tmk_verify_slices {
  struct tmk_verify_slice *items; /* owned */
  int count, capacity;
};

/* Slices of operation `op` of the plan with about `elements` outputs in all; all its outputs where it has no more. The last
 * rows and columns are always among them, the others follow from `seed`. Reads what a choice depends on (token ids). On
 * failure *out is freed. */
enum tmk_status tmk_verify_slices_build(const struct tmk_verify_device *device, int op, int64_t elements, uint64_t seed,
                                        struct tmk_verify_slices *out, struct tmk_error *err);
void tmk_verify_slices_free(struct tmk_verify_slices *slices);

/* Between the device and `values` (before or got) of the slots whose access has a bit of `access`. */
enum tmk_status tmk_verify_slice_read(const struct tmk_verify_device *device, const struct tmk_verify_slice *slice,
                                      enum tmk_access access, double *const values[TMK_OP_MAX_OPERANDS],
                                      struct tmk_error *err);
/* Overwrites on the device what the slice's pure outputs will be read from: NaN, −2 for token ids (−1 is a result). */
enum tmk_status tmk_verify_slice_poison(const struct tmk_verify_device *device, const struct tmk_verify_slice *slice,
                                        struct tmk_error *err);

/* Runs the slice on both reference modes: fills expected, naive, and before of the weights. */
enum tmk_status tmk_verify_slice_run(struct tmk_verify_slice *slice, uint64_t seed, struct tmk_error *err);

#endif
