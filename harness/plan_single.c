/* plan_single.c: a plan of one operation, or of several, over tensors that the caller describes (include/tokmark/plan.h). */
#include <stdlib.h>
#include <string.h>

#include "tokmark/plan.h"

#define LL(value) ((long long)(value))

/* Whether `count` from `first` on lie within 0 … size − 1. */
static bool lies_within(int64_t first, int64_t count, int64_t size)
{
  return first >= 0 && count >= 0 && first <= size - count;
}

/* Shape of the cache that an operation names, against the part of it that the operation touches. */
static enum tmk_status check_cache(const struct tmk_op *op, const char *name, const struct tmk_tensor *tensor,
                                   struct tmk_error *err)
{
  struct tmk_op_attention o = op->u.attention;
  if (op->kind == TMK_OP_ROPE_KV) {
    const struct tmk_op_rope_kv *r = &op->u.rope_kv;
    o = (struct tmk_op_attention){.seqs = r->seqs,
                                  .q_len = r->q_len,
                                  .seq_first = r->seq_first,
                                  .past = r->past,
                                  .heads_kv = r->heads_kv,
                                  .head_dim = r->head_dim};
  }
  if (tensor->rank != 4 || tensor->dims[2] != o.heads_kv || tensor->dims[3] != o.head_dim) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be [sequences, positions, %lld, %lld]", tmk_op_kind_name(op->kind),
                    name, LL(o.heads_kv), LL(o.head_dim));
  }
  if (!lies_within(o.seq_first, o.seqs, tensor->dims[0]) || !lies_within(o.past, o.q_len, tensor->dims[1])) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s %s: sequences %lld+%lld, positions %lld+%lld: it has %lld and %lld",
                    tmk_op_kind_name(op->kind), name, LL(o.seq_first), LL(o.seqs), LL(o.past), LL(o.q_len),
                    LL(tensor->dims[0]), LL(tensor->dims[1]));
  }
  return TMK_OK;
}

static enum tmk_status check_operands(const struct tmk_op *op, const struct tmk_tensor *tensors, int tensor_count,
                                      struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(op, operands);
  if (count == 0) {
    return tmk_fail(err, TMK_ERR_USAGE, "operation of kind %d: has no operands", (int)op->kind);
  }
  for (int i = 0; i < count; i++) {
    const struct tmk_operand *operand = &operands[i];
    if (operand->tensor < 0 || operand->tensor >= tensor_count) {
      return tmk_fail(err, TMK_ERR_USAGE, "%s %s: tensor %d: must be 0..%d", tmk_op_kind_name(op->kind), operand->name,
                      operand->tensor, tensor_count - 1);
    }
    const struct tmk_tensor *tensor = &tensors[operand->tensor];
    if (strcmp(operand->name, "k_cache") == 0 || strcmp(operand->name, "v_cache") == 0) {
      TMK_TRY(check_cache(op, operand->name, tensor, err));
      continue;
    }
    const int64_t elements = tmk_tensor_elements(tensor);
    if (!lies_within(operand->first, operand->count, elements)) {
      return tmk_fail(err, TMK_ERR_USAGE, "%s %s: elements %lld+%lld: it has %lld", tmk_op_kind_name(op->kind),
                      operand->name, LL(operand->first), LL(operand->count), LL(elements));
    }
  }
out:
  return status;
}

/* Tokens that the operation works on. */
static int64_t op_rows(const struct tmk_op *op)
{
  switch (op->kind) {
  case TMK_OP_EMBED: return op->u.embed.rows;
  case TMK_OP_RMSNORM: return op->u.rmsnorm.rows;
  case TMK_OP_GEMM: return op->u.gemm.m;
  case TMK_OP_ROPE_KV: return op->u.rope_kv.seqs * op->u.rope_kv.q_len;
  case TMK_OP_ATTENTION: return op->u.attention.seqs * op->u.attention.q_len;
  case TMK_OP_SWIGLU: return op->u.swiglu.rows;
  case TMK_OP_SAMPLE: return op->u.sample.rows;
  case TMK_OP_COLLECTIVE: return op->u.collective.rows;
  case TMK_OP_KIND_COUNT: break;
  }
  return 0;
}

/* Gives every constant tensor a copy of its data that the plan owns. */
static enum tmk_status copy_constants(struct tmk_plan *plan, struct tmk_error *err)
{
  size_t total = 0;
  for (int i = 0; i < plan->tensor_count; i++) {
    if (plan->tensors[i].role == TMK_ROLE_CONSTANT) total += (size_t)tmk_tensor_elements(&plan->tensors[i]);
  }
  plan->constants = malloc((total ? total : 1) * sizeof *plan->constants);
  if (!plan->constants) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: %lld constants", LL(total));
  double *next = plan->constants;
  for (int i = 0; i < plan->tensor_count; i++) {
    struct tmk_tensor *tensor = &plan->tensors[i];
    if (tensor->role != TMK_ROLE_CONSTANT) continue;
    const size_t elements = (size_t)tmk_tensor_elements(tensor);
    memcpy(next, tensor->constant, elements * sizeof *next);
    tensor->constant = next;
    next += elements;
  }
  return TMK_OK;
}

enum tmk_status tmk_plan_create_ops(const struct tmk_plan_ops_args *args, struct tmk_plan **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_plan *plan = NULL;
  int64_t tokens = 0;
  *out = NULL;
  for (int i = 0; i < args->op_count; i++) {
    TMK_TRY(check_operands(&args->ops[i], args->tensors, args->tensor_count, err));
    if (op_rows(&args->ops[i]) > tokens) tokens = op_rows(&args->ops[i]);
  }

  plan = calloc(1, sizeof *plan);
  if (plan) {
    plan->tensors = calloc((size_t)args->tensor_count, sizeof *plan->tensors);
    plan->ops = calloc((size_t)args->op_count, sizeof *plan->ops);
    plan->steps = calloc(1, sizeof *plan->steps);
  }
  if (!plan || !plan->tensors || !plan->ops || !plan->steps) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory: plan of %d operations", args->op_count);
    goto out;
  }
  memcpy(plan->tensors, args->tensors, (size_t)args->tensor_count * sizeof *args->tensors);
  plan->tensor_count = args->tensor_count;
  TMK_TRY(copy_constants(plan, err));
  memcpy(plan->ops, args->ops, (size_t)args->op_count * sizeof *args->ops);
  for (int i = 0; i < args->op_count; i++) plan->ops[i].step = 0;
  plan->op_count = args->op_count;
  plan->steps[0] = (struct tmk_plan_step){.first_op = 0, .op_count = args->op_count, .tokens = tokens};
  plan->step_count = 1;
  plan->seed = args->seed;
  plan->act_dtype = args->act_dtype;
  plan->logits = plan->tokens_out = TMK_TENSOR_NONE;
  *out = plan;
  plan = NULL;
out:
  tmk_plan_destroy(plan);
  return status;
}

enum tmk_status tmk_plan_create_single(const struct tmk_op *op, const struct tmk_tensor *tensors, int tensor_count,
                                       uint64_t seed, enum tmk_dtype act_dtype, struct tmk_plan **out,
                                       struct tmk_error *err)
{
  const struct tmk_plan_ops_args args = {
      .ops = op, .op_count = 1, .tensors = tensors, .tensor_count = tensor_count, .seed = seed, .act_dtype = act_dtype};
  return tmk_plan_create_ops(&args, out, err);
}
