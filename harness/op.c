/* op.c: names, operands and descriptions of operations (include/tokmark/op.h). */
#include "tokmark/op.h"

#include <stdio.h>
#include <string.h>

static const char *const kind_names[TMK_OP_KIND_COUNT] = {
    [TMK_OP_EMBED] = "embed",     [TMK_OP_RMSNORM] = "rmsnorm",     [TMK_OP_GEMM] = "gemm",
    [TMK_OP_ROPE_KV] = "rope_kv", [TMK_OP_ATTENTION] = "attention", [TMK_OP_SWIGLU] = "swiglu",
    [TMK_OP_SAMPLE] = "sample",   [TMK_OP_COLLECTIVE] = "collective",
};

const char *tmk_op_kind_name(enum tmk_op_kind kind)
{
  return (unsigned)kind < TMK_OP_KIND_COUNT ? kind_names[kind] : "unknown";
}

enum tmk_op_kind tmk_op_kind_from_name(const char *name)
{
  int kind = 0;
  while (kind < TMK_OP_KIND_COUNT && strcmp(name, kind_names[kind]) != 0) kind++;
  return (enum tmk_op_kind)kind;
}

/* Saturating: a plan too large to run can still be described. */
static int64_t times(int64_t a, int64_t b)
{
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

/* What tmk_op_operands has filled so far. */
struct operand_list {
  struct tmk_operand *operands;
  int count;
};

static void push(struct operand_list *list, struct tmk_operand operand)
{
  list->operands[list->count++] = operand;
}

/* An operand of which the first `count` elements are touched. */
static void add(struct operand_list *list, const char *name, int tensor, enum tmk_access access, int64_t count)
{
  push(list, (struct tmk_operand){name, tensor, access, 0, count});
}

static void add_optional(struct operand_list *list, const char *name, int tensor, enum tmk_access access, int64_t count)
{
  if (tensor != TMK_TENSOR_NONE) add(list, name, tensor, access, count);
}

int tmk_op_operands(const struct tmk_op *op, struct tmk_operand operands[TMK_OP_MAX_OPERANDS])
{
  const enum tmk_access in = TMK_ACCESS_IN, out = TMK_ACCESS_OUT;
  struct operand_list list = {operands, 0};
  switch (op->kind) {
  case TMK_OP_EMBED: {
    const struct tmk_op_embed *o = &op->u.embed;
    push(&list, (struct tmk_operand){"tokens", o->tokens, in, o->token_first, o->rows});
    add(&list, "weight", o->weight, in, times(o->vocab, o->hidden));
    add(&list, "x", o->x, out, times(o->rows, o->hidden));
    break;
  }
  case TMK_OP_RMSNORM: {
    const struct tmk_op_rmsnorm *o = &op->u.rmsnorm;
    const int64_t read = times(times(o->rows, o->row_group), o->hidden);
    add(&list, "residual", o->residual, o->write_residual ? TMK_ACCESS_INOUT : in, read);
    add_optional(&list, "delta", o->delta, in, read);
    add(&list, "weight", o->weight, in, o->hidden);
    add(&list, "y", o->y, out, times(o->rows, o->hidden));
    break;
  }
  case TMK_OP_GEMM: {
    const struct tmk_op_gemm *o = &op->u.gemm;
    add(&list, "x", o->x, in, times(o->m, o->k));
    add(&list, "weight", o->weight, in, times(o->n, o->k));
    add_optional(&list, "bias", o->bias, in, o->n);
    add(&list, "y", o->y, out, times(o->m, o->n));
    break;
  }
  case TMK_OP_ROPE_KV: {
    const struct tmk_op_rope_kv *o = &op->u.rope_kv;
    const int64_t rows = times(o->seqs, o->q_len);
    add(&list, "qkv", o->qkv, in, times(times(rows, o->heads_q + 2 * o->heads_kv), o->head_dim));
    add(&list, "inv_freq", o->inv_freq, in, o->rotary_dim / 2);
    add_optional(&list, "q_norm", o->q_norm, in, o->head_dim);
    add_optional(&list, "k_norm", o->k_norm, in, o->head_dim);
    add(&list, "q", o->q, out, times(times(rows, o->heads_q), o->head_dim));
    add(&list, "k_cache", o->k_cache, out, 0);
    add(&list, "v_cache", o->v_cache, out, 0);
    break;
  }
  case TMK_OP_ATTENTION: {
    const struct tmk_op_attention *o = &op->u.attention;
    const int64_t count = times(times(o->seqs, o->q_len), times(o->heads_q, o->head_dim));
    add(&list, "q", o->q, in, count);
    add(&list, "k_cache", o->k_cache, in, 0);
    add(&list, "v_cache", o->v_cache, in, 0);
    add(&list, "out", o->out, out, count);
    break;
  }
  case TMK_OP_SWIGLU: {
    const struct tmk_op_swiglu *o = &op->u.swiglu;
    add(&list, "gate_up", o->gate_up, in, times(o->rows, 2 * o->inner));
    add(&list, "y", o->y, out, times(o->rows, o->inner));
    break;
  }
  case TMK_OP_SAMPLE: {
    const struct tmk_op_sample *o = &op->u.sample;
    add(&list, "logits", o->logits, in, times(o->rows, o->vocab));
    push(&list, (struct tmk_operand){"tokens", o->tokens, out, o->token_first, o->rows});
    break;
  }
  case TMK_OP_COLLECTIVE: {
    const struct tmk_op_collective *o = &op->u.collective;
    const int64_t count = times(o->rows, o->cols);
    const bool in_place = o->collective == TMK_COLL_ALL_REDUCE;
    add_optional(&list, "x", o->x, in_place ? TMK_ACCESS_INOUT : in, count);
    add_optional(&list, "parts", o->parts, out, times(o->ranks, count));
    add_optional(&list, "y", o->y, out, o->parts == TMK_TENSOR_NONE ? count : times(o->rows, o->y_cols));
    break;
  }
  case TMK_OP_KIND_COUNT: break;
  }
  return list.count;
}

#define LL(value) ((long long)(value))

void tmk_op_describe(const struct tmk_op *op, char *text, int text_size)
{
  const char *kind = tmk_op_kind_name(op->kind);
  const bool labelled = op->label && op->label[0] && strcmp(op->label, kind) != 0;
  char head[64];
  snprintf(head, sizeof head, "%s%s%s", kind, labelled ? " " : "", labelled ? op->label : "");
  const size_t size = (size_t)text_size;
  switch (op->kind) {
  case TMK_OP_EMBED: {
    const struct tmk_op_embed *o = &op->u.embed;
    snprintf(text, size, "%s rows=%lld hidden=%lld vocab=%lld", head, LL(o->rows), LL(o->hidden), LL(o->vocab));
    break;
  }
  case TMK_OP_RMSNORM: {
    const struct tmk_op_rmsnorm *o = &op->u.rmsnorm;
    snprintf(text, size, "%s rows=%lld hidden=%lld%s%s", head, LL(o->rows), LL(o->hidden),
             o->delta == TMK_TENSOR_NONE ? "" : " +delta", o->row_group > 1 ? " last-of-group" : "");
    break;
  }
  case TMK_OP_GEMM: {
    const struct tmk_op_gemm *o = &op->u.gemm;
    snprintf(text, size, "%s m=%lld n=%lld k=%lld", head, LL(o->m), LL(o->n), LL(o->k));
    break;
  }
  case TMK_OP_ROPE_KV: {
    const struct tmk_op_rope_kv *o = &op->u.rope_kv;
    snprintf(text, size, "%s seqs=%lld q_len=%lld past=%lld heads=%lld/%lld head_dim=%lld", head, LL(o->seqs),
             LL(o->q_len), LL(o->past), LL(o->heads_q), LL(o->heads_kv), LL(o->head_dim));
    break;
  }
  case TMK_OP_ATTENTION: {
    const struct tmk_op_attention *o = &op->u.attention;
    snprintf(text, size, "%s seqs=%lld q_len=%lld past=%lld heads=%lld/%lld head_dim=%lld window=%lld", head,
             LL(o->seqs), LL(o->q_len), LL(o->past), LL(o->heads_q), LL(o->heads_kv), LL(o->head_dim), LL(o->window));
    break;
  }
  case TMK_OP_SWIGLU: {
    const struct tmk_op_swiglu *o = &op->u.swiglu;
    snprintf(text, size, "%s rows=%lld inner=%lld", head, LL(o->rows), LL(o->inner));
    break;
  }
  case TMK_OP_SAMPLE: {
    const struct tmk_op_sample *o = &op->u.sample;
    snprintf(text, size, "%s rows=%lld vocab=%lld", head, LL(o->rows), LL(o->vocab));
    break;
  }
  case TMK_OP_COLLECTIVE: {
    const struct tmk_op_collective *o = &op->u.collective;
    snprintf(text, size, "%s %s n=%d rows=%lld cols=%lld", head, tmk_collective_name(o->collective), o->ranks,
             LL(o->rows), LL(o->cols));
    break;
  }
  case TMK_OP_KIND_COUNT: snprintf(text, size, "%s", head); break;
  }
}
