/* op_shapes.c: which shapes `tokmark ops` measures, and how they are named (op_bench.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op_bench.h"

void tmk_op_shapes_free(struct tmk_op_shapes *shapes)
{
  free(shapes->items);
  *shapes = (struct tmk_op_shapes){0};
}

/* ---- names ---- */

struct tmk_op_workload tmk_op_shape_workload(const struct tmk_verify_case *shape)
{
  const int64_t unknown = TMK_UNKNOWN;
  const struct tmk_op *op = &shape->op;
  struct tmk_op_workload w = {.op = op->kind,
                              .weight_dtype = shape->weight_dtype,
                              .kv_dtype = shape->kv_dtype,
                              .m = unknown,
                              .n = unknown,
                              .k = unknown,
                              .rows = unknown,
                              .hidden = unknown,
                              .seqs = unknown,
                              .q_len = unknown,
                              .past = unknown,
                              .heads_q = unknown,
                              .heads_kv = unknown,
                              .head_dim = unknown,
                              .window = unknown};
  switch (op->kind) {
  case TMK_OP_GEMM: w.m = op->u.gemm.m, w.n = op->u.gemm.n, w.k = op->u.gemm.k; break;
  case TMK_OP_EMBED: w.rows = op->u.embed.rows, w.hidden = op->u.embed.hidden; break;
  case TMK_OP_RMSNORM: w.rows = op->u.rmsnorm.rows, w.hidden = op->u.rmsnorm.hidden; break;
  case TMK_OP_SWIGLU: w.rows = op->u.swiglu.rows, w.hidden = op->u.swiglu.inner; break;
  case TMK_OP_SAMPLE: w.rows = op->u.sample.rows, w.hidden = op->u.sample.vocab; break;
  case TMK_OP_ROPE_KV: {
    const struct tmk_op_rope_kv *o = &op->u.rope_kv;
    w.seqs = o->seqs, w.q_len = o->q_len, w.past = o->past;
    w.heads_q = o->heads_q, w.heads_kv = o->heads_kv, w.head_dim = o->head_dim;
    break;
  }
  case TMK_OP_ATTENTION: {
    const struct tmk_op_attention *o = &op->u.attention;
    w.seqs = o->seqs, w.q_len = o->q_len, w.past = o->past;
    w.heads_q = o->heads_q, w.heads_kv = o->heads_kv, w.head_dim = o->head_dim, w.window = o->window;
    break;
  }
  case TMK_OP_COLLECTIVE: /* a plan of one operation has no ranks: `tokmark comm` measures them */
  case TMK_OP_KIND_COUNT: break;
  }
  return w;
}

void tmk_op_workload_key(const struct tmk_op_workload *w, char key[TMK_WORKLOAD_KEY_SIZE])
{
  /* A window of 0 is its default, and left out as defaults are. */
  const struct {
    const char *name;
    int64_t value;
  } parts[] = {
      {"m", w->m},          {"n", w->n},           {"k", w->k},
      {"rows", w->rows},    {"hidden", w->hidden}, {"b", w->seqs},
      {"q", w->q_len},      {"c", w->past},        {"hq", w->heads_q},
      {"hkv", w->heads_kv}, {"d", w->head_dim},    {"win", w->window == 0 ? TMK_UNKNOWN : w->window},
  };
  const size_t size = TMK_WORKLOAD_KEY_SIZE;
  size_t used = (size_t)snprintf(key, size, "op/%s", tmk_op_kind_name(w->op));
  for (size_t i = 0; i < sizeof parts / sizeof parts[0] && used < size; i++) {
    if (parts[i].value == TMK_UNKNOWN) continue;
    used += (size_t)snprintf(key + used, size - used, "/%s%lld", parts[i].name, (long long)parts[i].value);
  }
  if (w->weight_dtype != TMK_DTYPE_NONE && used < size) {
    used += (size_t)snprintf(key + used, size - used, "/w=%s", tmk_dtype_name(w->weight_dtype));
  }
  if (w->kv_dtype != TMK_DTYPE_NONE && used < size) {
    snprintf(key + used, size - used, "/kv=%s", tmk_dtype_name(w->kv_dtype));
  }
}

/* ---- shapes ---- */

static void shape_key(const struct tmk_verify_case *shape, char key[TMK_WORKLOAD_KEY_SIZE])
{
  const struct tmk_op_workload workload = tmk_op_shape_workload(shape);
  tmk_op_workload_key(&workload, key);
}

enum tmk_status tmk_op_shapes_add(struct tmk_op_shapes *shapes, const struct tmk_verify_case *shape,
                                  struct tmk_error *err)
{
  char key[TMK_WORKLOAD_KEY_SIZE], other[TMK_WORKLOAD_KEY_SIZE];
  shape_key(shape, key);
  for (int i = 0; i < shapes->count; i++) {
    shape_key(&shapes->items[i], other);
    if (strcmp(key, other) == 0) return TMK_OK;
  }
  if (shapes->count == shapes->capacity) {
    const int capacity = shapes->capacity ? 2 * shapes->capacity : 16;
    struct tmk_verify_case *items = realloc(shapes->items, (size_t)capacity * sizeof *items);
    if (!items) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d shapes", capacity);
    shapes->items = items;
    shapes->capacity = capacity;
  }
  shapes->items[shapes->count++] = *shape;
  return TMK_OK;
}

/* Which of an operation's operands its shape has. */
static struct tmk_verify_case shape_of(const struct tmk_plan *plan, const struct tmk_op *op)
{
  struct tmk_verify_case shape = {.group = (int)op->kind, .op = *op, .scale = 1, .rope = plan->model.rope};
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(op, operands);
  for (int i = 0; i < count; i++) {
    const struct tmk_tensor *tensor = &plan->tensors[operands[i].tensor];
    if (strcmp(operands[i].name, "weight") == 0) shape.weight_dtype = tensor->dtype;
    if (strcmp(operands[i].name, "k_cache") == 0) shape.kv_dtype = tensor->dtype;
    if (strcmp(operands[i].name, "bias") == 0) shape.bias = true;
    if (strcmp(operands[i].name, "delta") == 0) shape.delta = true;
    if (strcmp(operands[i].name, "q_norm") == 0) shape.qk_norm = true, shape.weight_dtype = tensor->dtype;
  }
  return shape;
}

enum tmk_status tmk_op_shapes_add_model(struct tmk_op_shapes *shapes, const struct tmk_model *model,
                                        const struct tmk_workload *workload, enum tmk_dtype act_dtype, unsigned kinds,
                                        struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_plan *plan = NULL;
  const struct tmk_plan_args args = {.model = model, .workload = workload, .seed = 0, .act_dtype = act_dtype};
  TMK_TRY(tmk_plan_create(&args, &plan, err));
  for (int i = 0; i < plan->steps[0].op_count; i++) {
    const struct tmk_op *op = &plan->ops[plan->steps[0].first_op + i];
    if (!(kinds & 1u << op->kind)) continue;
    const struct tmk_verify_case shape = shape_of(plan, op);
    TMK_TRY(tmk_op_shapes_add(shapes, &shape, err));
  }
out:
  tmk_plan_destroy(plan);
  return status;
}
