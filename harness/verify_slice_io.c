/* verify_slice_io.c: a slice's traffic with the device, and its run on the two reference modes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verify_slice.h"

/* Elements read from the device in one go. */
#define READ_ELEMENTS ((int64_t)1 << 18)
/* Runs of a strided span are read with what lies between them while that is at most so many times as much. */
#define READ_WASTE 32

static enum tmk_status out_of_memory(struct tmk_error *err)
{
  return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for verification");
}

static int64_t min_int64(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* Many short runs: blocks that hold many of them are read whole, for a read may cost a trip to a GPU. */
static enum tmk_status read_strided(const struct tmk_verify_device *device, const struct tmk_verify_span *span,
                                    double *values, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t runs_max = span->stride < READ_ELEMENTS ? READ_ELEMENTS / span->stride : 1;
  double *block = malloc((size_t)(runs_max * span->stride + span->count) * sizeof *block);
  if (!block) return out_of_memory(err);
  for (int64_t run = 0; run < span->repeat; run += runs_max) {
    const int64_t runs = min_int64(runs_max, span->repeat - run);
    const int64_t size = (runs - 1) * span->stride + span->count;
    TMK_TRY(device->ops->read(device->exec, span->tensor, span->first + run * span->stride, size, block, err));
    for (int64_t i = 0; i < runs; i++) {
      memcpy(values + span->slot_first + (run + i) * span->slot_stride, block + i * span->stride,
             (size_t)span->count * sizeof *values);
    }
  }
out:
  free(block);
  return status;
}

static enum tmk_status read_span(const struct tmk_verify_device *device, const struct tmk_verify_span *span,
                                 double *values, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (span->repeat > 1 && span->stride / READ_WASTE <= span->count) return read_strided(device, span, values, err);
  for (int64_t i = 0; i < span->repeat; i++) {
    TMK_TRY(device->ops->read(device->exec, span->tensor, span->first + i * span->stride, span->count,
                              values + span->slot_first + i * span->slot_stride, err));
  }
out:
  return status;
}

enum tmk_status tmk_verify_slice_read(const struct tmk_verify_device *device, const struct tmk_verify_slice *slice,
                                      enum tmk_access access, double *const values[TMK_OP_MAX_OPERANDS],
                                      struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int i = 0; i < slice->span_count; i++) {
    const struct tmk_verify_span *span = &slice->spans[i];
    if (slice->access[span->slot] & access) TMK_TRY(read_span(device, span, values[span->slot], err));
  }
out:
  return status;
}

enum tmk_status tmk_verify_slice_poison(const struct tmk_verify_device *device, const struct tmk_verify_slice *slice,
                                        struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  double *poison = NULL;
  for (int i = 0; i < slice->span_count; i++) {
    const struct tmk_verify_span *span = &slice->spans[i];
    if (slice->access[span->slot] != TMK_ACCESS_OUT) continue;
    const bool ids = slice->tensors[span->slot].dtype == TMK_DTYPE_I32;
    free(poison);
    poison = malloc((size_t)span->count * sizeof *poison);
    if (!poison) return out_of_memory(err);
    for (int64_t j = 0; j < span->count; j++) poison[j] = ids ? -2.0 : (double)NAN;
    for (int64_t j = 0; j < span->repeat; j++) {
      TMK_TRY(device->ops->write(device->exec, span->tensor, span->first + j * span->stride, span->count, poison, err));
    }
  }
out:
  free(poison);
  return status;
}

/* All values of a slot in a new array. */
static enum tmk_status take(const struct tmk_backend_ops *ops, struct tmk_exec *exec, const struct tmk_plan *plan,
                            int slot, double **out, struct tmk_error *err)
{
  const int64_t count = tmk_tensor_elements(&plan->tensors[slot]);
  free(*out);
  *out = malloc((size_t)(count ? count : 1) * sizeof **out);
  if (!*out) return out_of_memory(err);
  return ops->read(exec, slot, 0, count, *out, err);
}

/* The slice on one mode. Computed tensors have the mode's own type there: results come back without the rounding to the
 * device's dtype, which has a limit of its own, and the cache's dtype doesn't round either. Operands keep the device's type, which
 * holds their values and says how an operation may compute with them (op.h: attention). */
static enum tmk_status run_mode(struct tmk_verify_slice *slice, bool wide, uint64_t seed, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_backend_ops *ops = wide ? &tmk_backend_ref : &tmk_backend_naive;
  const enum tmk_dtype dtype = wide ? TMK_DTYPE_F64 : TMK_DTYPE_F32;
  const struct tmk_open_args open_args = {0};
  struct tmk_tensor tensors[TMK_OP_MAX_OPERANDS];
  struct tmk_backend *backend = NULL;
  struct tmk_plan *plan = NULL;
  struct tmk_exec *exec = NULL;
  memcpy(tensors, slice->tensors, sizeof tensors);
  for (int i = 0; i < slice->tensor_count; i++) {
    if (tensors[i].role != TMK_ROLE_ACTIVATION || tensors[i].dtype == TMK_DTYPE_I32) continue;
    const bool too_wide = tensors[i].dtype == TMK_DTYPE_F64; /* an operand of the float64 mode as a device */
    if (slice->access[i] & TMK_ACCESS_OUT || too_wide) tensors[i].dtype = dtype;
  }
  TMK_TRY(tmk_plan_create_single(&slice->op, tensors, slice->tensor_count, seed, dtype, &plan, err));
  TMK_TRY(ops->open(&open_args, &backend, err));
  TMK_TRY(ops->prepare(backend, plan, &exec, err));
  for (int i = 0; i < slice->tensor_count; i++) {
    const bool weight = plan->tensors[i].role == TMK_ROLE_WEIGHT;
    if (weight && wide) TMK_TRY(take(ops, exec, plan, i, &slice->before[i], err));
    if (!slice->before[i] || weight || !(slice->access[i] & TMK_ACCESS_IN)) continue;
    TMK_TRY(ops->write(exec, i, 0, tmk_tensor_elements(&plan->tensors[i]), slice->before[i], err));
  }
  TMK_TRY(ops->run_ops(exec, 0, 1, err));
  for (int i = 0; i < slice->tensor_count; i++) {
    if (!(slice->access[i] & TMK_ACCESS_OUT)) continue;
    TMK_TRY(take(ops, exec, plan, i, wide ? &slice->expected[i] : &slice->naive[i], err));
  }
out:
  if (exec) ops->release(exec);
  if (backend) ops->close(backend);
  tmk_plan_destroy(plan);
  return status;
}

enum tmk_status tmk_verify_slice_run(struct tmk_verify_slice *slice, uint64_t seed, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(run_mode(slice, true, seed, err));
  TMK_TRY(run_mode(slice, false, seed, err));
out:
  return status;
}
