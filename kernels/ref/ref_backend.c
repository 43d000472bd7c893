/* ref_backend.c: the two reference backends behind one set of functions. See ref.h for what they are. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ref.h"
#include "tokmark/quantise.h"

double ref_round(enum tmk_dtype dtype, double value)
{
  double rounded;
  tmk_dtype_round(dtype, value, &rounded);
  return rounded;
}

static int device_count(char *reason, int reason_size)
{
  if (reason && reason_size > 0) reason[0] = '\0';
  return 1;
}

static enum tmk_status backend_open(bool wide, const struct tmk_open_args *args, struct tmk_backend **out,
                                    struct tmk_error *err)
{
  *out = NULL;
  if (args->device_index != 0) {
    return tmk_fail(err, TMK_ERR_USAGE, "device %lld: there is one reference device, 0", (long long)args->device_index);
  }
  struct tmk_backend *backend = malloc(sizeof *backend);
  if (!backend) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the reference backend");
  backend->wide = wide;
  backend->groups = args->groups;
  *out = backend;
  return TMK_OK;
}

static enum tmk_status open_ref(const struct tmk_open_args *args, struct tmk_backend **out, struct tmk_error *err)
{
  return backend_open(true, args, out, err);
}

static enum tmk_status open_naive(const struct tmk_open_args *args, struct tmk_backend **out, struct tmk_error *err)
{
  return backend_open(false, args, out, err);
}

static enum tmk_status describe(struct tmk_backend *backend, struct tmk_device_info *info, struct tmk_error *err)
{
  (void)err;
  const enum tmk_dtype math = backend->wide ? TMK_DTYPE_F64 : TMK_DTYPE_F32;
  tmk_device_info_init(info);
  snprintf(info->backend, sizeof info->backend, "%s", backend->wide ? "ref" : "naive");
  snprintf(info->name, sizeof info->name, "%s reference", backend->wide ? "float64" : "float32");
  snprintf(info->slug, sizeof info->slug, "%s", info->backend);
  snprintf(info->isa, sizeof info->isa, "scalar");
  info->is_cpu = true;
  info->index = 0;
  info->threads = 1;
  info->act_dtype = math;
  info->math_dtype[TMK_DTYPE_F32] = info->math_dtype[TMK_DTYPE_BF16] = math;
  info->math_dtype[TMK_DTYPE_F8E4M3] = info->math_dtype[TMK_DTYPE_NVFP4] = math;
  info->math_dtype[TMK_DTYPE_I8] = info->math_dtype[TMK_DTYPE_I4] = math;
  info->kv_dtype[TMK_DTYPE_F32] = info->kv_dtype[TMK_DTYPE_BF16] = info->kv_dtype[TMK_DTYPE_F8E4M3] = true;
  info->min_sample_ns = 50000000;
  return TMK_OK;
}

static bool supports(struct tmk_backend *backend, const struct tmk_plan *plan, const struct tmk_op *op, char *reason,
                     int reason_size)
{
  return ref_supports(backend->wide, plan, op, reason, reason_size);
}

/* The positions of a cache that reset() fills: those below the first `past` of the ops that use it. */
static int64_t filled_positions(const struct tmk_plan *plan, int tensor)
{
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_op_rope_kv *rope = &plan->ops[i].u.rope_kv;
    const struct tmk_op_attention *attention = &plan->ops[i].u.attention;
    if (plan->ops[i].kind == TMK_OP_ROPE_KV && (rope->k_cache == tensor || rope->v_cache == tensor)) return rope->past;
    if (plan->ops[i].kind == TMK_OP_ATTENTION && (attention->k_cache == tensor || attention->v_cache == tensor)) {
      return attention->past;
    }
  }
  return 0;
}

static void fill(const struct tmk_exec *exec, int tensor, int64_t first, int64_t count)
{
  tmk_tensor_values(&exec->plan->tensors[tensor], exec->plan->seed, first, count, exec->data[tensor] + first);
}

static void poison(const struct tmk_exec *exec, int tensor)
{
  const struct tmk_tensor *t = &exec->plan->tensors[tensor];
  const int64_t count = tmk_tensor_elements(t);
  for (int64_t i = 0; i < count; i++) exec->data[tensor][i] = t->dtype == TMK_DTYPE_I32 ? -1.0 : (double)NAN;
}

static enum tmk_status reset(struct tmk_exec *exec, struct tmk_error *err)
{
  (void)err;
  for (int tensor = 0; tensor < exec->plan->tensor_count; tensor++) {
    const struct tmk_tensor *t = &exec->plan->tensors[tensor];
    switch (t->role) {
    case TMK_ROLE_WEIGHT:
    case TMK_ROLE_CONSTANT: break; /* never change */
    case TMK_ROLE_INPUT: fill(exec, tensor, 0, tmk_tensor_elements(t)); break;
    case TMK_ROLE_ACTIVATION:
    case TMK_ROLE_OUTPUT: poison(exec, tensor); break;
    case TMK_ROLE_KV_CACHE: {
      poison(exec, tensor);
      const int64_t row = t->dims[2] * t->dims[3], rows = filled_positions(exec->plan, tensor);
      for (int64_t s = 0; s < t->dims[0]; s++) fill(exec, tensor, s * t->dims[1] * row, rows * row);
      break;
    }
    }
  }
  return TMK_OK;
}

static void release(struct tmk_exec *exec)
{
  if (!exec) return;
  for (int i = 0; exec->data && i < exec->plan->tensor_count; i++) free(exec->data[i]);
  free(exec->data);
  free(exec->scores);
  free(exec->narrow_x);
  free(exec);
}

/* Keys of the longest row of attention in the plan. */
static int64_t longest_context(const struct tmk_plan *plan)
{
  int64_t longest = 1;
  for (int i = 0; i < plan->op_count; i++) {
    if (plan->ops[i].kind != TMK_OP_ATTENTION) continue;
    const int64_t keys = plan->ops[i].u.attention.past + plan->ops[i].u.attention.q_len;
    if (keys > longest) longest = keys;
  }
  return longest;
}

/* Elements of the largest x that a GEMM of the plan rounds. */
static int64_t largest_narrow_x(const struct tmk_plan *plan)
{
  int64_t largest = 0;
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_op_gemm *gemm = &plan->ops[i].u.gemm;
    if (plan->ops[i].kind != TMK_OP_GEMM || !tmk_quantises_x(plan->tensors[gemm->weight].dtype)) continue;
    if (gemm->m * gemm->k > largest) largest = gemm->m * gemm->k;
  }
  return largest;
}

static enum tmk_status allocate(struct tmk_exec *exec, struct tmk_error *err)
{
  const struct tmk_plan *plan = exec->plan;
  exec->data = calloc((size_t)plan->tensor_count + 1, sizeof *exec->data);
  exec->scores = calloc((size_t)longest_context(plan), sizeof *exec->scores);
  exec->narrow_x = calloc((size_t)largest_narrow_x(plan) + 1, sizeof *exec->narrow_x);
  if (!exec->data || !exec->scores || !exec->narrow_x)
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the reference");
  for (int i = 0; i < plan->tensor_count; i++) {
    const int64_t elements = tmk_tensor_elements(&plan->tensors[i]);
    exec->data[i] = calloc((size_t)elements + 1, sizeof **exec->data);
    if (!exec->data[i]) {
      return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the reference: tensor %s of %lld elements",
                      plan->tensors[i].name, (long long)elements);
    }
  }
  return TMK_OK;
}

static enum tmk_status prepare(struct tmk_backend *backend, const struct tmk_plan *plan, struct tmk_exec **out,
                               struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  *out = NULL;
  struct tmk_exec *exec = NULL;
  for (int i = 0; i < plan->op_count; i++) {
    char reason[200] = "", text[128];
    if (ref_supports(backend->wide, plan, &plan->ops[i], reason, sizeof reason)) continue;
    tmk_op_describe(&plan->ops[i], text, sizeof text);
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "%s: %s: %s", backend->wide ? "ref" : "naive", text, reason);
  }
  exec = calloc(1, sizeof *exec);
  if (!exec) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the reference");
  exec->backend = backend;
  exec->plan = plan;
  TMK_TRY(allocate(exec, err));
  for (int i = 0; i < plan->tensor_count; i++) {
    const struct tmk_tensor *t = &plan->tensors[i];
    const int64_t elements = tmk_tensor_elements(t);
    if (t->role == TMK_ROLE_WEIGHT) fill(exec, i, 0, elements);
    if (t->role == TMK_ROLE_CONSTANT) memcpy(exec->data[i], t->constant, (size_t)elements * sizeof **exec->data);
  }
  TMK_TRY(reset(exec, err));
  *out = exec;
out:
  if (status != TMK_OK) release(exec);
  return status;
}

static enum tmk_status run_ops(struct tmk_exec *exec, int first, int count, struct tmk_error *err)
{
  if (first < 0 || count < 0 || first > exec->plan->op_count - count) {
    return tmk_fail(err, TMK_ERR_USAGE, "ops %d+%d: the plan has %d", first, count, exec->plan->op_count);
  }
  enum tmk_status status = TMK_OK;
  ref_op_fn *const *table = exec->backend->wide ? ref_ops_f64 : ref_ops_f32;
  for (int i = first; i < first + count; i++) {
    const struct tmk_op *op = &exec->plan->ops[i];
    if (op->kind == TMK_OP_COLLECTIVE) {
      TMK_TRY(ref_collective(exec, &op->u.collective, err));
    } else {
      table[op->kind](exec, op);
    }
  }
out:
  return status;
}

static int64_t now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static enum tmk_status run(struct tmk_exec *exec, int64_t passes, struct tmk_run_times *times, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t start_ns = now_ns();
  for (int64_t pass = 0; pass < passes; pass++) TMK_TRY(run_ops(exec, 0, exec->plan->op_count, err));
  times->wall_ns = times->device_ns = now_ns() - start_ns;
out:
  return status;
}

/* Whether first … first + count − 1 are elements of the tensor. */
static enum tmk_status range_check(const struct tmk_exec *exec, int tensor, int64_t first, int64_t count,
                                   struct tmk_error *err)
{
  if (tensor < 0 || tensor >= exec->plan->tensor_count) {
    return tmk_fail(err, TMK_ERR_USAGE, "tensor %d: the plan has %d", tensor, exec->plan->tensor_count);
  }
  const int64_t elements = tmk_tensor_elements(&exec->plan->tensors[tensor]);
  if (first >= 0 && count >= 0 && first <= elements - count) return TMK_OK;
  return tmk_fail(err, TMK_ERR_USAGE, "tensor %s, elements %lld+%lld: it has %lld", exec->plan->tensors[tensor].name,
                  (long long)first, (long long)count, (long long)elements);
}

static enum tmk_status read_values(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, double *values,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(range_check(exec, tensor, first, count, err));
  if (count > 0) memcpy(values, exec->data[tensor] + first, (size_t)count * sizeof *values);
out:
  return status;
}

static enum tmk_status write_values(struct tmk_exec *exec, int tensor, int64_t first, int64_t count,
                                    const double *values, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(range_check(exec, tensor, first, count, err));
  const struct tmk_tensor *t = &exec->plan->tensors[tensor];
  if (t->role == TMK_ROLE_WEIGHT || t->role == TMK_ROLE_CONSTANT) {
    return tmk_fail(err, TMK_ERR_USAGE, "tensor %s: weights and constants can't be written", t->name);
  }
  /* The float64 mode keeps activations unrounded, so that what it is given is what it computes with. */
  const bool keep = exec->backend->wide && (t->role == TMK_ROLE_ACTIVATION || t->role == TMK_ROLE_OUTPUT);
  for (int64_t i = 0; i < count; i++) exec->data[tensor][first + i] = keep ? values[i] : ref_round(t->dtype, values[i]);
out:
  return status;
}

static void backend_close(struct tmk_backend *backend)
{
  free(backend);
}

/* Everything is kept as float64. */
static int64_t memory_overhead(struct tmk_backend *backend, const struct tmk_plan *plan)
{
  (void)backend;
  int64_t overhead_bytes = 0;
  for (int i = 0; i < plan->tensor_count; i++) {
    const int64_t wide_bytes = tmk_dtype_bytes(TMK_DTYPE_F64, tmk_tensor_elements(&plan->tensors[i]));
    const int64_t extra_bytes = wide_bytes - tmk_tensor_bytes(&plan->tensors[i]);
    if (extra_bytes > 0 && __builtin_add_overflow(overhead_bytes, extra_bytes, &overhead_bytes)) return INT64_MAX;
  }
  return overhead_bytes;
}

#define SHARED_SLOTS                                                                                                   \
  .device_count = device_count, .describe = describe, .supports = supports, .prepare = prepare, .reset = reset,        \
  .run = run, .run_ops = run_ops, .read = read_values, .write = write_values, .release = release,                      \
  .close = backend_close, .memory_overhead = memory_overhead

const struct tmk_backend_ops tmk_backend_ref = {
    .name = "ref",
    .description = "float64 arithmetic, unrounded results: the truth that others are verified against",
    .open = open_ref,
    SHARED_SLOTS,
};

const struct tmk_backend_ops tmk_backend_naive = {
    .name = "naive",
    .description = "float32 arithmetic in index order: where error limits come from",
    .open = open_naive,
    SHARED_SLOTS,
};
