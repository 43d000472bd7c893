/* cpu_exec.c: plans made ready to run: memory, contents, and the harness's access to elements (cpu.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

/* ---- sizes ---- */

/* Sets where the threads' scratch stands behind the tensors, and behind it what all share, and returns the bytes of all. */
static int64_t place_scratch(const struct tmk_plan *plan, int threads, int64_t tensors_end, struct tmk_exec *exec)
{
  const int64_t floats = tmk_cpu_scratch_floats(plan);
  const int64_t piece = tmk_cpu_piece_end(0, tmk_cpu_size_mul(floats, (int64_t)sizeof(float)));
  exec->scratch_offset = tensors_end;
  exec->scratch_stride = piece / (int64_t)sizeof(float);
  exec->int_x_offset = tmk_cpu_size_add(tensors_end, tmk_cpu_size_mul(piece, threads));
  return tmk_cpu_piece_end(exec->int_x_offset, tmk_cpu_int_x_bytes(plan));
}

int64_t tmk_cpu_memory_overhead(struct tmk_backend *backend, const struct tmk_plan *plan)
{
  struct tmk_cpu_view *views = calloc((size_t)plan->tensor_count, sizeof *views);
  if (!views) return INT64_MAX;
  struct tmk_exec unused = {0};
  int64_t arena, weights = 0;
  tmk_cpu_views_build(plan, views, &arena);
  for (int i = 0; i < plan->tensor_count; i++) {
    if (plan->tensors[i].role == TMK_ROLE_WEIGHT) weights = tmk_cpu_piece_end(weights, views[i].bytes);
  }
  free(views);
  const int64_t pages = 2 * (64 << 10); /* two blocks, rounded up to pages of at most 64 KiB */
  int64_t held = tmk_cpu_size_add(place_scratch(plan, backend->team.threads, arena, &unused), weights);
  held = tmk_cpu_size_add(held, pages);
  const int64_t counted = tmk_plan_memory_needed(plan).total_bytes;
  return held > counted ? held - counted : 0;
}

/* Makes the arena at least as large as this exec needs. Its contents are lost if it moves; execs come to their own by reset(). */
static enum tmk_status grow_arena(struct tmk_exec *exec, struct tmk_error *err)
{
  struct tmk_cpu_block *arena = &exec->backend->arena;
  if (arena->bytes >= exec->arena_bytes) return TMK_OK;
  const int64_t before = arena->bytes;
  tmk_cpu_block_unmap(arena); /* first, so that two arenas never stand side by side */
  const enum tmk_status status = tmk_cpu_block_map(arena, exec->arena_bytes, "cache and activations", err);
  if (status != TMK_OK) (void)tmk_cpu_block_map(arena, before, "cache and activations", NULL);
  return status;
}

enum tmk_status tmk_cpu_bind(struct tmk_exec *exec, struct tmk_error *err)
{
  const struct tmk_cpu_block *arena = &exec->backend->arena;
  if (arena->bytes < exec->arena_bytes) {
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: %lld bytes for cache and activations were given up",
                    (long long)exec->arena_bytes);
  }
  for (int i = 0; i < exec->plan->tensor_count; i++) {
    struct tmk_cpu_view *view = &exec->views[i];
    if (exec->shared[i]) {
      view->data = exec->shared[i]->view.data;
    } else if (view->layout != TMK_CPU_CONSTANT) {
      view->data = arena->base + view->offset;
    }
  }
  return TMK_OK;
}

/* ---- contents at the start of a pass ---- */

/* How many positions of a cache hold contents at the start: those below the `past` of the first op that uses it; all of one
 * that is an input. */
static void find_filled(struct tmk_exec *exec)
{
  const struct tmk_plan *plan = exec->plan;
  for (int i = 0; i < plan->tensor_count; i++) {
    const enum tmk_cpu_layout layout = exec->views[i].layout;
    const bool cache = layout == TMK_CPU_KEYS || layout == TMK_CPU_VALUES;
    exec->filled[i] = !cache ? -1 : plan->tensors[i].role == TMK_ROLE_INPUT ? plan->tensors[i].dims[1] : 0;
  }
  for (int i = plan->op_count - 1; i >= 0; i--) { /* so that the first op's stays */
    const struct tmk_op *op = &plan->ops[i];
    const bool rope = op->kind == TMK_OP_ROPE_KV;
    if (!rope && op->kind != TMK_OP_ATTENTION) continue;
    const int caches[] = {rope ? op->u.rope_kv.k_cache : op->u.attention.k_cache,
                          rope ? op->u.rope_kv.v_cache : op->u.attention.v_cache};
    for (int c = 0; c < 2; c++) {
      if (plan->tensors[caches[c]].role == TMK_ROLE_INPUT) continue;
      exec->filled[caches[c]] = rope ? op->u.rope_kv.past : op->u.attention.past;
    }
  }
}

static void poison(void *from, int64_t bytes)
{
  memset(from, 0xff, (size_t)bytes); /* NaN in f32 and bf16, −1 in i32 */
}

static void reset_rows(const struct tmk_exec *exec, int tensor, struct tmk_cpu_part part)
{
  const struct tmk_cpu_view *view = &exec->views[tensor];
  const struct tmk_tensor *t = &exec->plan->tensors[tensor];
  const int64_t rows = tmk_tensor_elements(t) / view->width;
  const int64_t first = tmk_cpu_part_first(part, rows), end = tmk_cpu_part_end(part, rows);
  float *data = (float *)(void *)view->data;
  poison(data + first * view->stride, (end - first) * view->stride * (int64_t)sizeof(float));
  if (t->role != TMK_ROLE_INPUT) return;
  for (int64_t row = first; row < end; row++) {
    tmk_tensor_fill(t, exec->plan->seed, row * view->width, view->width, data + row * view->stride);
  }
}

static void reset_tokens(const struct tmk_exec *exec, int tensor)
{
  const struct tmk_tensor *t = &exec->plan->tensors[tensor];
  int32_t *data = (int32_t *)(void *)exec->views[tensor].data;
  const int64_t count = tmk_tensor_elements(t);
  poison(data, count * (int64_t)sizeof *data);
  if (t->role != TMK_ROLE_INPUT) return;
  for (int64_t i = 0; i < count; i++) {
    float value;
    tmk_tensor_fill(t, exec->plan->seed, i, 1, &value);
    data[i] = (int32_t)value;
  }
}

/* One (sequence, head) matrix of a cache: positions below exec->filled from fill.h, NaN behind them. */
static void reset_matrix(const struct tmk_exec *exec, int tensor, int64_t matrix)
{
  const int64_t filled = exec->filled[tensor];
  const struct tmk_cpu_view *view = &exec->views[tensor];
  const struct tmk_tensor *t = &exec->plan->tensors[tensor];
  const bool keys = view->layout == TMK_CPU_KEYS;
  const int64_t positions = keys ? view->n : view->k, dims = keys ? view->k : view->n;
  const int64_t sequence = matrix / view->heads, head = matrix % view->heads;
  const int64_t local = (sequence * positions * view->heads + head) * dims;
  const uint64_t position_step = (uint64_t)(t->global_dims[2] * t->global_dims[3]), dim_step = 1;
  struct tmk_cpu_panel_fill fill = {
      .key = tmk_fill_key(exec->plan->seed, t->id),
      .column_step = keys ? position_step : dim_step,
      .k_step = keys ? dim_step : position_step,
      .offset = t->fill_offset,
      .step = t->fill_scale * 0x1p-23f,
      .rest = 0xffffffffu,
      .dtype = view->dtype,
  };
  const int64_t row_bytes = tmk_dtype_bytes(view->dtype, TMK_CPU_PANEL), panel_bytes = view->k * row_bytes;
  char *data = view->data + matrix * view->matrix_bytes;
  for (int64_t first = 0; first < view->n; first += TMK_CPU_PANEL, data += panel_bytes) {
    const int64_t left = (keys ? filled : dims) - first;
    fill.columns = left < 0 ? 0 : left < TMK_CPU_PANEL ? left : TMK_CPU_PANEL;
    fill.k = keys ? dims : filled;
    fill.index = tmk_tensor_global_index(t, local) + (uint64_t)first * fill.column_step;
    fill.panel = data;
    if (fill.columns == 0) fill.k = 0;
    if (fill.k > 0) exec->backend->kernels->fill_panel(&fill);
    poison(data + fill.k * row_bytes, panel_bytes - fill.k * row_bytes);
  }
}

static void reset_on_thread(void *context, int thread)
{
  const struct tmk_exec *exec = context;
  const struct tmk_cpu_part part = {thread, exec->backend->team.threads};
  for (int i = 0; i < exec->plan->tensor_count; i++) {
    const struct tmk_cpu_view *view = &exec->views[i];
    if (exec->filled[i] >= 0) {
      const int64_t end = tmk_cpu_part_end(part, view->matrices);
      for (int64_t matrix = tmk_cpu_part_first(part, view->matrices); matrix < end; matrix++)
        reset_matrix(exec, i, matrix);
    } else if (view->layout == TMK_CPU_ROWS) {
      reset_rows(exec, i, part);
    } else if (view->layout == TMK_CPU_TOKENS && thread == 0) {
      reset_tokens(exec, i);
    }
  }
  float *scratch = (float *)(void *)(exec->backend->arena.base + exec->scratch_offset);
  poison(scratch + thread * exec->scratch_stride, exec->scratch_stride * (int64_t)sizeof(float));
}

enum tmk_status tmk_cpu_reset(struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_cpu_block *arena = &exec->backend->arena;
  TMK_TRY(grow_arena(exec, err));
  TMK_TRY(tmk_cpu_bind(exec, err));
  tmk_cpu_pieces_close(arena->base, arena->bytes);
  for (int i = 0; i < exec->plan->tensor_count; i++) {
    const struct tmk_cpu_view *view = &exec->views[i];
    if (view->layout != TMK_CPU_CONSTANT && !exec->shared[i]) tmk_cpu_piece_open(view->data, view->bytes);
  }
  tmk_cpu_piece_open(arena->base + exec->scratch_offset, exec->arena_bytes - exec->scratch_offset);
  TMK_TRY(tmk_cpu_team_run(&exec->backend->team, reset_on_thread, exec, err));
out:
  return status;
}

/* ---- making and unmaking ---- */

/* What ops do not show: tensors that no op names. */
static enum tmk_status check_tensors(const struct tmk_plan *plan, struct tmk_error *err)
{
  for (int i = 0; i < plan->tensor_count; i++) {
    const struct tmk_tensor *t = &plan->tensors[i];
    const bool weight = t->role == TMK_ROLE_WEIGHT, cache = t->role == TMK_ROLE_KV_CACHE;
    const bool rank_fits = weight ? t->rank == 1 || t->rank == 2 : cache ? t->rank == 4 : t->rank >= 1;
    const bool dtype_fits = t->dtype == TMK_DTYPE_F32 || (t->dtype == TMK_DTYPE_BF16 && (weight || t->rank == 4)) ||
                            (tmk_quantises_rows(t->dtype) && weight && t->rank == 2) ||
                            (t->dtype == TMK_DTYPE_I32 && t->rank == 1 && !weight) || t->role == TMK_ROLE_CONSTANT;
    if (rank_fits && dtype_fits) continue;
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cpu: tensor %s of rank %d and dtype %s: has no layout for it", t->name,
                    t->rank, tmk_dtype_name(t->dtype));
  }
  return TMK_OK;
}

static enum tmk_status check_ops(const struct tmk_plan *plan, struct tmk_error *err)
{
  for (int i = 0; i < plan->op_count; i++) {
    char reason[256], op[128];
    if (tmk_cpu_supports(plan, &plan->ops[i], reason, (int)sizeof reason)) continue;
    tmk_op_describe(&plan->ops[i], op, (int)sizeof op);
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cpu: %s: %s", op, reason);
  }
  return TMK_OK;
}

enum tmk_status tmk_cpu_prepare(struct tmk_backend *backend, const struct tmk_plan *plan, struct tmk_exec **out,
                                struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  *out = NULL;
  struct tmk_exec *exec = calloc(1, sizeof *exec);
  if (!exec) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: exec");
  exec->backend = backend;
  exec->plan = plan;
  backend->exec_count++;
  TMK_TRY(check_tensors(plan, err));
  TMK_TRY(check_ops(plan, err));
  const size_t tensors = (size_t)plan->tensor_count;
  exec->views = calloc(tensors, sizeof *exec->views);
  exec->shared = calloc(tensors, sizeof *exec->shared);
  exec->filled = calloc(tensors, sizeof *exec->filled);
  if (!exec->views || !exec->shared || !exec->filled) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory: table of %d tensors", plan->tensor_count);
    goto out;
  }
  int64_t tensors_end;
  tmk_cpu_views_build(plan, exec->views, &tensors_end);
  exec->arena_bytes = place_scratch(plan, backend->team.threads, tensors_end, exec);
  find_filled(exec);
  TMK_TRY(grow_arena(exec, err)); /* before the weights: it may be refused, and they take long */
  const struct tmk_cpu_weights_job job = {&backend->team, backend->kernels, plan, exec->views};
  TMK_TRY(tmk_cpu_weights_acquire(&backend->weights, &job, exec->shared, err));
  TMK_TRY(tmk_cpu_reset(exec, err));
  *out = exec;
  exec = NULL;
out:
  tmk_cpu_release(exec);
  return status;
}

void tmk_cpu_release(struct tmk_exec *exec)
{
  if (!exec) return;
  if (exec->shared) tmk_cpu_weights_release(exec->shared, exec->plan->tensor_count);
  free(exec->filled);
  free(exec->shared);
  free(exec->views);
  exec->backend->exec_count--;
  free(exec);
}

/* ---- elements ---- */

static enum tmk_status check_access(struct tmk_exec *exec, int tensor, int64_t first, int64_t count,
                                    struct tmk_error *err)
{
  if (tensor < 0 || tensor >= exec->plan->tensor_count) {
    return tmk_fail(err, TMK_ERR_USAGE, "tensor %d: must be 0..%d", tensor, exec->plan->tensor_count - 1);
  }
  const int64_t elements = tmk_tensor_elements(&exec->plan->tensors[tensor]);
  if (first < 0 || count < 0 || first > elements || count > elements - first) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s: elements %lld + %lld: it has %lld", exec->plan->tensors[tensor].name,
                    (long long)first, (long long)count, (long long)elements);
  }
  return tmk_cpu_bind(exec, err);
}

enum tmk_status tmk_cpu_read(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, double *values,
                             struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(check_access(exec, tensor, first, count, err));
  tmk_cpu_view_read(&exec->views[tensor], &exec->plan->tensors[tensor], first, count, values);
out:
  return status;
}

enum tmk_status tmk_cpu_write(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, const double *values,
                              struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(check_access(exec, tensor, first, count, err));
  if (exec->shared[tensor] || exec->views[tensor].layout == TMK_CPU_CONSTANT) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s: weights and constants can't be written", exec->plan->tensors[tensor].name);
  }
  tmk_cpu_view_write(&exec->views[tensor], first, count, values);
out:
  return status;
}
