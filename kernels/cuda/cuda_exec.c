/* cuda_exec.c: plans made ready to run: memory and the contents at the start of a pass (cuda_exec.h).
 *
 * The arena: caches, inputs, activations and outputs, then the page table, tables of cos and sin, and the kernels' workspace.
 */
#include "cuda_exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sizes ---- */

static int64_t piece(int64_t *end, int64_t bytes)
{
  const int64_t offset = *end;
  *end = tmk_cuda_size_add(offset, tmk_cuda_round_up(bytes, TMK_CUDA_ALIGN));
  return offset;
}

static enum tmk_status build_views(const struct tmk_plan *plan, struct tmk_cuda_view *views, int64_t *end,
                                   struct tmk_error *err)
{
  for (int i = 0; i < plan->tensor_count; i++) {
    const struct tmk_tensor *t = &plan->tensors[i];
    if (!tmk_cuda_view_build(t, &views[i])) {
      return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cuda: tensor %s of rank %d and dtype %s: has no layout for it",
                      t->name, t->rank, tmk_dtype_name(t->dtype));
    }
    if (views[i].layout != TMK_CUDA_CONSTANT && t->role != TMK_ROLE_WEIGHT)
      views[i].offset = piece(end, views[i].bytes);
  }
  return TMK_OK;
}

/* One page table serves all caches, so they must have one shape. */
static enum tmk_status place_pages(struct tmk_exec *exec, int64_t *end, struct tmk_error *err)
{
  for (int i = 0; i < exec->plan->tensor_count; i++) {
    const struct tmk_cuda_view *view = &exec->views[i];
    if (view->layout != TMK_CUDA_CACHE) continue;
    if (exec->sequences == 0) {
      exec->sequences = view->sequences;
      exec->pages_per_sequence = view->pages_per_sequence;
    }
    if (view->sequences != exec->sequences || view->pages_per_sequence != exec->pages_per_sequence) {
      return tmk_fail(err, TMK_ERR_UNSUPPORTED,
                      "cuda: tensor %s: all caches of a plan must have as many sequences and pages",
                      exec->plan->tensors[i].name);
    }
  }
  const int64_t pages = tmk_cuda_size_mul(exec->sequences, exec->pages_per_sequence);
  if (pages > INT32_MAX) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cuda: %lld pages of KV cache: must be at most %d", (long long)pages,
                    INT32_MAX);
  }
  exec->pages_offset = piece(end, tmk_cuda_size_mul(pages, (int64_t)sizeof(int32_t)));
  return TMK_OK;
}

/* The entry that serves the op, or a new one. */
static struct tmk_cuda_cos_sin *find_cos_sin(const struct tmk_exec *exec, const struct tmk_op_rope_kv *o)
{
  struct tmk_cuda_cos_sin *entry = exec->cos_sin;
  while (entry < exec->cos_sin + exec->cos_sin_count &&
         (entry->inv_freq != o->inv_freq || entry->rotary_dim != o->rotary_dim || entry->scale < o->rope_scale ||
          entry->scale > o->rope_scale)) {
    entry++;
  }
  return entry;
}

static int64_t cos_sin_floats(const struct tmk_cuda_cos_sin *entry)
{
  return tmk_cuda_size_mul(entry->end - entry->first, entry->rotary_dim);
}

static enum tmk_status place_cos_sin(struct tmk_exec *exec, int64_t *end, struct tmk_error *err)
{
  for (int i = 0; i < exec->plan->op_count; i++) {
    const struct tmk_op_rope_kv *o = &exec->plan->ops[i].u.rope_kv;
    if (exec->plan->ops[i].kind != TMK_OP_ROPE_KV) continue;
    struct tmk_cuda_cos_sin *entry = find_cos_sin(exec, o);
    if (entry == exec->cos_sin + exec->cos_sin_count) {
      struct tmk_cuda_cos_sin *grown = realloc(exec->cos_sin, (size_t)(exec->cos_sin_count + 1) * sizeof *grown);
      if (grown == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: table of positions");
      exec->cos_sin = grown;
      entry = &grown[exec->cos_sin_count++];
      *entry = (struct tmk_cuda_cos_sin){.inv_freq = o->inv_freq,
                                         .rotary_dim = o->rotary_dim,
                                         .scale = o->rope_scale,
                                         .first = o->past,
                                         .end = o->past + o->q_len};
    }
    if (o->past < entry->first) entry->first = o->past;
    if (o->past + o->q_len > entry->end) entry->end = o->past + o->q_len;
  }
  for (int i = 0; i < exec->cos_sin_count; i++) {
    struct tmk_cuda_cos_sin *entry = &exec->cos_sin[i];
    entry->offset = piece(end, tmk_cuda_size_mul(cos_sin_floats(entry), (int64_t)sizeof(float)));
  }
  return TMK_OK;
}

/* ---- calls ---- */

static const int32_t *pages_of(const struct tmk_exec *exec)
{
  return exec->sequences == 0 ? NULL : (const int32_t *)(const void *)(exec->backend->arena + exec->pages_offset);
}

/* Arguments of an op. Before the arena is there (bound false), places are NULL: kernels and workspace follow from shapes alone. */
static void build_args(const struct tmk_exec *exec, int index, bool bound, union tmk_cuda_args *args)
{
  const struct tmk_op *op = &exec->plan->ops[index];
  struct tmk_cuda_sources sources = {.views = exec->views, .pages_stride = exec->pages_per_sequence};
  if (bound) {
    sources.pages = pages_of(exec);
    if (op->kind == TMK_OP_ROPE_KV) {
      const struct tmk_cuda_cos_sin *entry = find_cos_sin(exec, &op->u.rope_kv);
      sources.cos_sin = (const float *)(const void *)(exec->backend->arena + entry->offset) +
                        (op->u.rope_kv.past - entry->first) * entry->rotary_dim;
    }
  }
  tmk_cuda_args_build(op, &sources, args);
}

/* Chooses each op's kernel; *workspace is the most that one of them needs. */
static enum tmk_status choose_kernels(struct tmk_exec *exec, int64_t *workspace, struct tmk_error *err)
{
  const struct tmk_cuda_limits *limits = &exec->backend->limits;
  *workspace = 0;
  for (int i = 0; i < exec->plan->op_count; i++) {
    struct tmk_cuda_call *call = &exec->calls[i];
    char reason[256], op[128];
    tmk_op_describe(&exec->plan->ops[i], op, (int)sizeof op);
    if (!tmk_cuda_supports(limits, exec->plan, &exec->plan->ops[i], reason, (int)sizeof reason)) {
      return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cuda: %s: %s", op, reason);
    }
    if (exec->plan->ops[i].kind == TMK_OP_COLLECTIVE) continue; /* no kernel of ours */
    build_args(exec, i, false, &call->args);
    call->kernel = tmk_cuda_kernel_find(exec->plan->ops[i].kind, tmk_cuda_args_dtype(exec->plan, &exec->plan->ops[i]),
                                        &call->args, limits, reason, (int)sizeof reason);
    const int64_t bytes = call->kernel->workspace_bytes(&call->args, limits);
    if (bytes > *workspace) *workspace = bytes;
  }
  return TMK_OK;
}

/* All but memory on the device. */
static enum tmk_status lay_out(struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_plan *plan = exec->plan;
  int64_t end = 0, workspace;
  exec->views = calloc((size_t)plan->tensor_count + 1, sizeof *exec->views);
  exec->shared = calloc((size_t)plan->tensor_count + 1, sizeof(struct tmk_cuda_weight *));
  exec->filled = calloc((size_t)plan->tensor_count + 1, sizeof *exec->filled);
  exec->calls = calloc((size_t)plan->op_count + 1, sizeof *exec->calls);
  if (exec->views == NULL || exec->shared == NULL || exec->filled == NULL || exec->calls == NULL) {
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: tables of %d tensors and %d ops", plan->tensor_count,
                    plan->op_count);
  }
  TMK_TRY(build_views(plan, exec->views, &end, err));
  TMK_TRY(place_pages(exec, &end, err));
  TMK_TRY(place_cos_sin(exec, &end, err));
  TMK_TRY(choose_kernels(exec, &workspace, err));
  exec->workspace_offset = piece(&end, workspace);
  exec->arena_bytes = end;
out:
  return status;
}

int64_t tmk_cuda_memory_overhead(struct tmk_backend *backend, const struct tmk_plan *plan)
{
  struct tmk_exec exec = {.backend = backend, .plan = plan, .generation = -1};
  int64_t held = INT64_MAX, weights = 0;
  if (lay_out(&exec, NULL) == TMK_OK) {
    for (int i = 0; i < plan->tensor_count; i++) {
      if (plan->tensors[i].role != TMK_ROLE_WEIGHT) continue;
      weights = tmk_cuda_size_add(weights, tmk_cuda_round_up(exec.views[i].bytes, TMK_CUDA_ALIGN));
    }
    const int64_t blocks = 2 * (2 << 20); /* the runtime hands memory out in blocks of 2 MiB */
    held = tmk_cuda_size_add(tmk_cuda_size_add(exec.arena_bytes, weights), blocks);
  }
  free(exec.views);
  free(exec.shared);
  free(exec.filled);
  free(exec.calls);
  free(exec.cos_sin);
  const int64_t counted = tmk_plan_memory_needed(plan).total_bytes;
  return held > counted ? held - counted : 0;
}

/* ---- binding to memory ---- */

/* Makes the arena at least as large as this exec needs. What it held is lost if it moves; execs come to their own by reset(). */
static enum tmk_status grow_arena(struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_backend *backend = exec->backend;
  char what[96];
  if (backend->arena != NULL && backend->arena_bytes >= exec->arena_bytes) return TMK_OK;
  (void)cudaFree(backend->arena); /* first, so that two arenas never stand side by side */
  backend->arena = NULL;
  backend->arena_bytes = 0;
  backend->arena_generation++;
  snprintf(what, sizeof what, "cudaMalloc of %lld bytes for cache and activations", (long long)exec->arena_bytes);
  TMK_CUDA_TRY(cudaMalloc((void **)&backend->arena, (size_t)exec->arena_bytes), what);
  backend->arena_bytes = exec->arena_bytes;
out:
  return status;
}

enum tmk_status tmk_cuda_bind(struct tmk_exec *exec, struct tmk_error *err)
{
  struct tmk_backend *backend = exec->backend;
  if (exec->generation == backend->arena_generation) return TMK_OK;
  if (backend->arena_bytes < exec->arena_bytes) {
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: %lld bytes for cache and activations were given up",
                    (long long)exec->arena_bytes);
  }
  tmk_cuda_graphs_drop(exec);
  for (int i = 0; i < exec->plan->tensor_count; i++) {
    struct tmk_cuda_view *view = &exec->views[i];
    if (exec->shared[i] != NULL) {
      view->data = exec->shared[i]->view.data;
    } else if (view->layout != TMK_CUDA_CONSTANT) {
      view->data = backend->arena + view->offset;
    }
  }
  for (int i = 0; i < exec->plan->op_count; i++) build_args(exec, i, true, &exec->calls[i].args);
  exec->generation = backend->arena_generation;
  return TMK_OK;
}

/* ---- contents at the start of a pass ---- */

/* How many positions of a cache hold contents at the start: those below the `past` of the first op that uses it; all of one that is
 * an input. */
static void find_filled(struct tmk_exec *exec)
{
  const struct tmk_plan *plan = exec->plan;
  for (int i = 0; i < plan->tensor_count; i++) {
    const bool cache = exec->views[i].layout == TMK_CUDA_CACHE;
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

static enum tmk_status send_pages(const struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t count = exec->sequences * exec->pages_per_sequence;
  if (count == 0) return TMK_OK;
  int32_t *pages = malloc((size_t)count * sizeof *pages);
  if (pages == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: table of %lld pages", (long long)count);
  tmk_cuda_pages_shuffle(pages, count, exec->plan->seed);
  TMK_CUDA_TRY(cudaMemcpy(exec->backend->arena + exec->pages_offset, pages, (size_t)count * sizeof *pages,
                          cudaMemcpyHostToDevice),
               "copying the page table");
out:
  free(pages);
  return status;
}

static enum tmk_status send_cos_sin(const struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  float *values = NULL;
  for (int i = 0; i < exec->cos_sin_count; i++) {
    const struct tmk_cuda_cos_sin *entry = &exec->cos_sin[i];
    const size_t bytes = (size_t)cos_sin_floats(entry) * sizeof *values;
    free(values);
    values = malloc(bytes);
    if (values == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: table of positions, %zu bytes", bytes);
    tmk_cuda_cos_sin_fill(exec->plan->tensors[entry->inv_freq].constant, entry->rotary_dim, entry->scale, entry->first,
                          entry->end - entry->first, values);
    TMK_CUDA_TRY(cudaMemcpy(exec->backend->arena + entry->offset, values, bytes, cudaMemcpyHostToDevice),
                 "copying the table of positions");
  }
out:
  free(values);
  return status;
}

static enum tmk_status fill_tensor(const struct tmk_exec *exec, int tensor, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_tensor *t = &exec->plan->tensors[tensor];
  struct tmk_cuda_fill fill = tmk_cuda_fill_of(t, exec->plan->seed, &exec->views[tensor], pages_of(exec));
  if (exec->filled[tensor] >= 0) fill.positions_filled = exec->filled[tensor];
  if (fill.positions_filled == 0 && exec->filled[tensor] >= 0) return TMK_OK;
  TMK_CUDA_TRY(tmk_cuda_fill_launch(&fill, exec->backend->stream), "filling inputs and cache");
out:
  return status;
}

enum tmk_status tmk_cuda_reset(struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_backend *backend = exec->backend;
  TMK_TRY(grow_arena(exec, err));
  TMK_TRY(tmk_cuda_bind(exec, err));
  /* All ones: NaN in f32, bf16 and e4m3, −1 in i32. The workspace stays as it is: no kernel may count on its contents. */
  TMK_CUDA_TRY(cudaMemsetAsync(backend->arena, 0xff, (size_t)exec->arena_bytes, backend->stream),
               "poisoning activations");
  TMK_CUDA_TRY(cudaStreamSynchronize(backend->stream), "poisoning activations");
  TMK_TRY(send_pages(exec, err));
  TMK_TRY(send_cos_sin(exec, err));
  for (int i = 0; i < exec->plan->tensor_count; i++) {
    const enum tmk_tensor_role role = exec->plan->tensors[i].role;
    if (role == TMK_ROLE_INPUT || role == TMK_ROLE_KV_CACHE) TMK_TRY(fill_tensor(exec, i, err));
  }
  TMK_CUDA_TRY(cudaStreamSynchronize(backend->stream), "filling inputs and cache");
out:
  return status;
}

/* ---- making and unmaking ---- */

enum tmk_status tmk_cuda_prepare(struct tmk_backend *backend, const struct tmk_plan *plan, struct tmk_exec **out,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  *out = NULL;
  struct tmk_exec *exec = calloc(1, sizeof *exec);
  if (exec == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: exec");
  exec->backend = backend;
  exec->plan = plan;
  exec->generation = -1;
  backend->exec_count++;
  TMK_TRY(lay_out(exec, err));
  find_filled(exec);
  TMK_TRY(grow_arena(exec, err)); /* before the weights: it may be refused, and they take long */
  const struct tmk_cuda_weights_job job = {plan, exec->views, backend->stream};
  TMK_TRY(tmk_cuda_weights_acquire(&backend->weights, &job, exec->shared, err));
  TMK_TRY(tmk_cuda_reset(exec, err));
  TMK_TRY(tmk_cuda_providers_choose(exec, err));
  *out = exec;
  exec = NULL;
out:
  tmk_cuda_release(exec);
  return status;
}

void tmk_cuda_release(struct tmk_exec *exec)
{
  if (exec == NULL) return;
  tmk_cuda_graphs_drop(exec);
  if (exec->shared != NULL) tmk_cuda_weights_release(exec->shared, exec->plan->tensor_count);
  free(exec->cos_sin);
  free(exec->calls);
  free(exec->filled);
  free(exec->shared);
  free(exec->views);
  exec->backend->exec_count--;
  free(exec);
}
