/* sweep_point.c: whether this device can run a point, and the memory it needs. */
#include <stdarg.h>
#include <stdio.h>

#include "sweep_parts.h"

#define LL(value) ((long long)(value))

/* Positions that a sequence of the workload comes to. The last output token of e2e is never fed back, but servers count it
 * (vLLM: prompt and output together within max_model_len). */
static int64_t positions_of(const struct tmk_workload *w)
{
  switch (w->phase) {
  case TMK_PHASE_DECODE: return w->context + 1;
  case TMK_PHASE_PREFILL: return w->input_len;
  default: return w->input_len + w->output_len;
  }
}

/* Whether all lengths of the phase were given by the user, not by the suite. */
static bool lengths_given(const struct tmk_sweep_expansion *e, enum tmk_phase phase)
{
  unsigned given = 0;
  if (e->spec->context.count > 0) given |= TMK_USES_CONTEXT;
  if (e->spec->input_len.count > 0) given |= TMK_USES_INPUT_LEN;
  if (e->spec->output_len.count > 0) given |= TMK_USES_OUTPUT_LEN;
  return (tmk_sweep_phase_uses((enum tmk_phase)phase) & ~given) == 0;
}

static enum tmk_status skip(struct tmk_sweep_point *point, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Always TMK_OK: a skipped point is an answer. */
static enum tmk_status skip(struct tmk_sweep_point *point, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vsnprintf(point->reason, sizeof point->reason, format, args);
  va_end(args);
  point->skipped = true;
  return TMK_OK;
}

/* What the user wrote, and what the model allows: "--context 200000: must be 0..2047". */
static enum tmk_status fail_positions(const struct tmk_workload *w, int64_t most, struct tmk_error *err)
{
  const enum tmk_status usage = TMK_ERR_USAGE;
  const long long all = LL(most);
  const char *name = w->model;
  switch (w->phase) {
  case TMK_PHASE_DECODE:
    return tmk_fail(err, usage, "--context %lld: must be 0..%lld: %s has max_position_embeddings %lld", LL(w->context),
                    all - 1, name, all);
  case TMK_PHASE_PREFILL:
    return tmk_fail(err, usage, "--input-len %lld: must be 1..%lld: %s has max_position_embeddings %lld",
                    LL(w->input_len), all, name, all);
  default:
    return tmk_fail(err, usage,
                    "--input-len %lld --output-len %lld: together must be 2..%lld: %s has max_position_embeddings %lld",
                    LL(w->input_len), LL(w->output_len), all, name, all);
  }
}

/* Longer than the model's positions: an error where the user asked for it, a skipped point where the suite did. */
static enum tmk_status check_positions(const struct tmk_sweep_expansion *e, struct tmk_sweep_point *point,
                                       struct tmk_error *err)
{
  const int64_t needed = positions_of(&point->workload), of_model = e->model->max_position_embeddings;
  if (needed <= of_model) return TMK_OK;
  if (lengths_given(e, point->workload.phase)) return fail_positions(&point->workload, of_model, err);
  return skip(point, "%lld positions: %s has max_position_embeddings %lld", LL(needed), e->model->name, LL(of_model));
}

/* A type that the device doesn't take: an error where the user asked for it, a skipped point where the suite did. */
static enum tmk_status check_dtypes(const struct tmk_sweep_expansion *e, struct tmk_sweep_point *point,
                                    struct tmk_error *err)
{
  const struct {
    enum tmk_dtype dtype;
    enum tmk_dtype_use use;
    bool given;
  } types[] = {
      {point->workload.weight_dtype, TMK_FOR_WEIGHTS, e->spec->weight_dtype_count > 0},
      {point->workload.kv_dtype, TMK_FOR_KV_CACHE, e->spec->kv_dtype != TMK_DTYPE_NONE},
  };
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (tmk_device_takes(e->device, types[i].dtype, types[i].use)) continue;
    if (types[i].given) return tmk_device_check_dtype(e->device, types[i].dtype, types[i].use, err);
    point->skipped = true;
    tmk_device_dtype_reason(e->device, types[i].dtype, types[i].use, point->reason, sizeof point->reason);
    return TMK_OK;
  }
  return TMK_OK;
}

/* What a plan needs, and whether the backend takes each of its operations. */
static enum tmk_status check_plan(const struct tmk_sweep_expansion *e, struct tmk_sweep_point *point,
                                  const struct tmk_workload *workload, int64_t kv_positions, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_plan *plan = NULL;
  const struct tmk_plan_args args = {
      .model = e->model, .workload = workload, .act_dtype = e->device->act_dtype, .kv_positions = kv_positions};
  TMK_TRY(tmk_plan_create(&args, &plan, err));
  int64_t bytes = tmk_plan_memory_needed(plan).total_bytes;
  if (e->backend && e->ops && e->ops->memory_overhead && bytes < INT64_MAX) {
    if (__builtin_add_overflow(bytes, e->ops->memory_overhead(e->backend, plan), &bytes)) bytes = INT64_MAX;
  }
  if (bytes > point->bytes_needed) point->bytes_needed = bytes;
  for (int i = 0; e->backend && e->ops && i < plan->op_count; i++) {
    char reason[160] = "";
    if (e->ops->supports(e->backend, plan, &plan->ops[i], reason, sizeof reason)) continue;
    status = skip(point, "%s: %s", plan->ops[i].label, reason);
    break;
  }
out:
  tmk_plan_destroy(plan);
  return status;
}

/* A batch that is too small for the layout is a skipped point; a model that can't be divided so is an error. */
static enum tmk_status check_share(const struct tmk_sweep_expansion *e, struct tmk_sweep_point *point,
                                   struct tmk_error *err)
{
  struct tmk_plan_share share;
  struct tmk_error mine = {0};
  const enum tmk_status status = tmk_plan_share_of(e->model, &point->workload, &share, &mine);
  if (status == TMK_ERR_UNSUPPORTED) return skip(point, "%.255s", mine.message);
  if (status != TMK_OK && err != NULL) *err = mine;
  return status;
}

static void print_bytes(int64_t bytes, char *text, size_t size)
{
  const double gib = (double)bytes / 1073741824.0;
  if (gib >= 0.1) {
    snprintf(text, size, "%.1f GiB", gib);
  } else {
    snprintf(text, size, "%.1f MiB", gib * 1024.0);
  }
}

static void check_memory(const struct tmk_sweep_expansion *e, struct tmk_sweep_point *point)
{
  const int64_t free_bytes = e->device->memory_free_bytes;
  char needed[32], available[32];
  if (point->skipped || free_bytes == TMK_UNKNOWN || point->bytes_needed <= free_bytes) return;
  print_bytes(point->bytes_needed, needed, sizeof needed);
  print_bytes(free_bytes, available, sizeof available);
  skip(point, "needs %s, %s are free", needed, available);
}

/* e2e runs a prefill, then decode steps in the same cache: the larger of the prefill and the last decode, both with a cache
 * for the whole sequence. They share weights. */
static enum tmk_status check_e2e(const struct tmk_sweep_expansion *e, struct tmk_sweep_point *point,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_workload *w = &point->workload;
  const int64_t cached = w->input_len + w->output_len - 1; /* the last token is never fed back */
  struct tmk_workload part = *w;
  part.phase = TMK_PHASE_PREFILL;
  part.output_len = 0;
  TMK_TRY(check_plan(e, point, &part, cached, err));
  if (w->output_len == 1 || point->skipped) goto out;
  part.phase = TMK_PHASE_DECODE;
  part.input_len = 0;
  part.context = cached - 1;
  TMK_TRY(check_plan(e, point, &part, cached, err));
out:
  return status;
}

enum tmk_status tmk_sweep_point_judge(const struct tmk_sweep_expansion *e, struct tmk_sweep_point *point,
                                      struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(check_positions(e, point, err));
  if (!point->skipped) TMK_TRY(check_dtypes(e, point, err));
  if (!point->skipped) TMK_TRY(check_share(e, point, err));
  if (point->skipped) goto out;
  if (point->workload.phase == TMK_PHASE_E2E) {
    TMK_TRY(check_e2e(e, point, err));
  } else {
    TMK_TRY(check_plan(e, point, &point->workload, 0, err));
  }
  check_memory(e, point);
out:
  return status;
}
