/* verify.c: a pass, operation by operation, against the references. Which part of an operation is looked at is in
 * verify_slice.c, how far it may be off in verify_limit.c, what it must leave alone in verify_state.c. */
#include "verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokmark/fill.h"
#include "verify_collective.h"
#include "verify_limit.h"
#include "verify_state.h"

#define DEFAULT_ELEMENTS 1024
#define DEFAULT_LAYERS   3
/* Operations outside the layers checked in full: this part of the elements, at least so many. */
#define LIGHT_PART     8
#define LIGHT_ELEMENTS 64
/* Elements written or read in one go when a whole output is poisoned or scanned. */
#define BLOCK ((int64_t)1 << 16)

struct verifier {
  struct tmk_verify_device device;
  const struct tmk_verify_settings *settings;
  tmk_verify_report_fn *report;
  void *report_context;
  struct tmk_verify_result *out;
  double *block; /* [BLOCK], owned */
  struct tmk_verify_notes notes;
  struct tmk_error *err;
};

struct tmk_verify_settings tmk_verify_defaults(uint64_t seed)
{
  return (struct tmk_verify_settings){.elements_per_op = DEFAULT_ELEMENTS, .seed = seed, .layers = DEFAULT_LAYERS};
}

/* ---- what is checked in full ---- */

/* First, last and, one in each of equal parts of the others, random ones. */
static bool layer_is_full(const struct tmk_verify_settings *settings, int64_t layers, int64_t layer)
{
  if (settings->layers <= 0 || settings->layers >= layers || layer == 0 || layer == layers - 1) return true;
  const int64_t parts = settings->layers - 2, rest = layers - 2;
  for (int64_t i = 0; i < parts; i++) {
    const int64_t begin = rest * i / parts, end = rest * (i + 1) / parts;
    const uint64_t random = tmk_fill_mix64(settings->seed ^ tmk_fill_mix64((uint64_t)i + 1));
    if (layer == 1 + begin + (int64_t)(random % (uint64_t)(end - begin))) return true;
  }
  return false;
}

static bool op_is_full(const struct tmk_verify_settings *settings, const struct tmk_plan *plan, const struct tmk_op *op)
{
  if (settings->layers <= 0) return true;
  if (op->step != 0 && op->step != plan->step_count - 1) return false;
  return op->layer < 0 || layer_is_full(settings, plan->model.num_hidden_layers, op->layer);
}

/* ---- whole outputs ---- */

/* Pure outputs that are one range get NaN all over (−2 for token ids), so that elements left unwritten show. */
static enum tmk_status poison_outputs(struct verifier *v, const struct tmk_op *op)
{
  enum tmk_status status = TMK_OK;
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(op, operands);
  for (int i = 0; i < count; i++) {
    if (operands[i].access != TMK_ACCESS_OUT) continue;
    const bool ids = v->device.plan->tensors[operands[i].tensor].dtype == TMK_DTYPE_I32;
    for (int64_t j = 0; j < BLOCK; j++) v->block[j] = ids ? -2.0 : (double)NAN;
    for (int64_t done = 0; done < operands[i].count; done += BLOCK) {
      const int64_t part = operands[i].count - done < BLOCK ? operands[i].count - done : BLOCK;
      TMK_TRY(
          v->device.ops->write(v->device.exec, operands[i].tensor, operands[i].first + done, part, v->block, v->err));
    }
  }
out:
  return status;
}

/* detail gets the first element that is not finite; token ids: that is still −2. */
static enum tmk_status scan_outputs(struct verifier *v, const struct tmk_op *op, char *detail, int detail_size)
{
  enum tmk_status status = TMK_OK;
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(op, operands);
  detail[0] = '\0';
  for (int i = 0; i < count && !detail[0]; i++) {
    if (!(operands[i].access & TMK_ACCESS_OUT)) continue;
    const struct tmk_tensor *tensor = &v->device.plan->tensors[operands[i].tensor];
    for (int64_t done = 0; done < operands[i].count && !detail[0]; done += BLOCK) {
      const int64_t first = operands[i].first + done;
      const int64_t part = operands[i].count - done < BLOCK ? operands[i].count - done : BLOCK;
      TMK_TRY(v->device.ops->read(v->device.exec, operands[i].tensor, first, part, v->block, v->err));
      for (int64_t j = 0; j < part && !detail[0]; j++) {
        if (tensor->dtype == TMK_DTYPE_I32 ? v->block[j] != -2.0 : (bool)isfinite(v->block[j])) continue;
        snprintf(detail, (size_t)detail_size, "%.40s, element %lld: got %.9g", tensor->name, (long long)(first + j),
                 v->block[j]);
      }
    }
  }
out:
  return status;
}

/* ---- one operation ---- */

static void fail_op(struct tmk_verify_op *result, const char *detail)
{
  if (result->passed || result->ratio < (double)INFINITY) snprintf(result->detail, sizeof result->detail, "%s", detail);
  result->passed = false;
  result->ratio = (double)INFINITY;
}

static void record(struct verifier *v, const struct tmk_verify_op *result)
{
  struct tmk_verify_result *out = v->out;
  out->ops_checked++;
  out->elements_checked += result->elements;
  if (!result->passed) out->ops_failed++;
  if (result->ratio > out->worst_ratio || !out->worst_op[0]) {
    char text[256];
    out->worst_ratio = result->ratio;
    tmk_op_describe(&v->device.plan->ops[result->op], text, sizeof text);
    snprintf(out->worst_op, sizeof out->worst_op, "%.63s", text);
  }
  if (v->report) v->report(v->report_context, v->device.plan, result);
}

/* From the operands on the device before the operation to the elements of all slices after it. */
static enum tmk_status run_and_compare(struct verifier *v, struct tmk_verify_slices *slices, bool full,
                                       struct tmk_verify_op *result)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op *op = &v->device.plan->ops[result->op];
  struct tmk_verify_elements elements = {0};
  struct tmk_verify_guards guards = {0};
  char unwritten[sizeof result->detail] = "", overwritten[sizeof result->detail] = "";
  for (int i = 0; i < slices->count; i++) {
    struct tmk_verify_slice *slice = &slices->items[i];
    TMK_TRY(tmk_verify_slice_read(&v->device, slice, TMK_ACCESS_IN, slice->before, v->err));
  }
  for (int i = 0; i < slices->count; i++) TMK_TRY(tmk_verify_slice_poison(&v->device, &slices->items[i], v->err));
  if (full) TMK_TRY(poison_outputs(v, op));
  TMK_TRY(tmk_verify_guards_take(&v->device, result->op, &guards, v->err));

  TMK_TRY(v->device.ops->run_ops(v->device.exec, result->op, 1, v->err));

  TMK_TRY(tmk_verify_guards_check(&v->device, result->op, &guards, overwritten, sizeof overwritten, v->err));
  if (full) TMK_TRY(scan_outputs(v, op, unwritten, sizeof unwritten));
  for (int i = 0; i < slices->count; i++) {
    struct tmk_verify_slice *slice = &slices->items[i];
    TMK_TRY(tmk_verify_slice_read(&v->device, slice, TMK_ACCESS_OUT, slice->got, v->err));
    TMK_TRY(tmk_verify_slice_run(slice, v->device.plan->seed, v->err));
    TMK_TRY(tmk_verify_elements_add(&elements, slice, v->err));
  }
  tmk_verify_judge(v->device.plan, &elements, result);
  if (unwritten[0]) fail_op(result, unwritten);
  if (overwritten[0]) fail_op(result, overwritten);
out:
  tmk_verify_elements_free(&elements);
  tmk_verify_guards_free(&guards);
  return status;
}

/* What other ranks gave is judged when all have run. Of the layers that are not looked at in full nothing is noted. */
static enum tmk_status verify_collective(struct verifier *v, int op)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op *o = &v->device.plan->ops[op];
  struct tmk_verify_guards guards = {0};
  struct tmk_verify_op result = {.op = op};
  char unwritten[sizeof result.detail] = "", overwritten[sizeof result.detail] = "";
  if (!op_is_full(v->settings, v->device.plan, o)) return v->device.ops->run_ops(v->device.exec, op, 1, v->err);
  const bool receives_nothing = v->settings->world == NULL && o->u.collective.collective == TMK_COLL_SEND_RECV;
  if (!receives_nothing) TMK_TRY(poison_outputs(v, o));
  TMK_TRY(tmk_verify_guards_take(&v->device, op, &guards, v->err));
  TMK_TRY(tmk_verify_collective_run(&v->device, op, v->settings->seed, &v->notes, v->err));
  TMK_TRY(tmk_verify_guards_check(&v->device, op, &guards, overwritten, sizeof overwritten, v->err));
  if (!receives_nothing) TMK_TRY(scan_outputs(v, o, unwritten, sizeof unwritten));
  if (unwritten[0]) fail_op(&result, unwritten);
  if (overwritten[0]) fail_op(&result, overwritten);
  if (result.detail[0]) record(v, &result);
out:
  tmk_verify_guards_free(&guards);
  return status;
}

static void judged(void *context, const struct tmk_verify_op *result)
{
  record(context, result);
}

static enum tmk_status verify_op(struct verifier *v, int op)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_verify_settings *settings = v->settings;
  const bool full = op_is_full(settings, v->device.plan, &v->device.plan->ops[op]);
  int64_t elements = settings->elements_per_op;
  if (!full) elements = elements / LIGHT_PART > LIGHT_ELEMENTS ? elements / LIGHT_PART : LIGHT_ELEMENTS;
  struct tmk_verify_slices slices = {0};
  struct tmk_verify_op result = {.op = op};
  TMK_TRY(tmk_verify_slices_build(&v->device, op, elements, settings->seed, &slices, v->err));
  TMK_TRY(run_and_compare(v, &slices, full, &result));
  record(v, &result);
out:
  tmk_verify_slices_free(&slices);
  return status;
}

/* reset(), and what it leaves: reported as a failure of the first operation that would read it. */
static enum tmk_status verify_reset(struct verifier *v)
{
  enum tmk_status status = TMK_OK;
  struct tmk_verify_op result = {.ratio = (double)INFINITY};
  TMK_TRY(v->device.ops->reset(v->device.exec, v->err));
  TMK_TRY(
      tmk_verify_reset_state(&v->device, v->settings->seed, &result.op, result.detail, sizeof result.detail, v->err));
  if (result.detail[0]) record(v, &result);
out:
  return status;
}

enum tmk_status tmk_verify_exec(const struct tmk_backend_ops *ops, struct tmk_backend *backend, struct tmk_exec *exec,
                                const struct tmk_plan *plan, const struct tmk_verify_settings *settings,
                                tmk_verify_report_fn *report, void *report_context, struct tmk_verify_result *out,
                                struct tmk_error *err)
{
  (void)backend;
  enum tmk_status status = TMK_OK;
  *out = (struct tmk_verify_result){0};
  struct verifier v = {
      .device = {.ops = ops, .exec = exec, .plan = plan},
      .settings = settings,
      .report = report,
      .report_context = report_context,
      .out = out,
      .block = malloc((size_t)BLOCK * sizeof(double)),
      .err = err,
  };
  if (!v.block) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for verification");
  TMK_TRY(verify_reset(&v));
  if (settings->write_operands) {
    TMK_TRY(settings->write_operands(settings->write_operands_context, ops, exec, plan, err));
  }
  for (int op = 0; op < plan->op_count; op++) {
    const bool between_ranks = plan->ops[op].kind == TMK_OP_COLLECTIVE;
    TMK_TRY(between_ranks ? verify_collective(&v, op) : verify_op(&v, op));
  }
  if (plan->workload.layout.tp > 1 || plan->workload.layout.pp > 1) {
    TMK_TRY(tmk_verify_collectives_judge(&v.device, settings->world, &v.notes, judged, &v, err));
  }
out:
  tmk_verify_notes_free(&v.notes);
  free(v.block);
  return status;
}
