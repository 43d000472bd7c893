/* cpu_supports.c: what the kernels take (cpu.h): f32 activations, f32 or bf16 weights and caches, i8 and i4 weights of GEMMs, shapes that agree. */
#include <stdarg.h>
#include <stdio.h>

#include "cpu.h"

#define LL(value) ((long long)(value))

/* Where the answer goes; the first reason stays. */
struct check {
  const struct tmk_plan *plan;
  char *reason;
  int reason_size;
  bool good;
};

__attribute__((format(printf, 2, 3))) static void refuse(struct check *check, const char *format, ...)
{
  if (!check->good) return;
  va_list args;
  va_start(args, format);
  vsnprintf(check->reason, (size_t)check->reason_size, format, args);
  va_end(args);
  check->good = false;
}

/* NULL, and refused, if there is no such tensor. */
static const struct tmk_tensor *tensor_at(struct check *check, const char *name, int tensor)
{
  if (tensor >= 0 && tensor < check->plan->tensor_count) return &check->plan->tensors[tensor];
  refuse(check, "%s: no tensor %d", name, tensor);
  return NULL;
}

static bool is_weight_dtype(enum tmk_dtype dtype)
{
  return dtype == TMK_DTYPE_F32 || dtype == TMK_DTYPE_BF16;
}

/* f32 rows of `width` elements, at least `rows` of them. */
static void check_rows(struct check *check, const char *name, int index, int64_t rows, int64_t width)
{
  const struct tmk_tensor *t = tensor_at(check, name, index);
  if (!t) return;
  if (t->role == TMK_ROLE_WEIGHT || t->role == TMK_ROLE_CONSTANT || t->role == TMK_ROLE_KV_CACHE) {
    refuse(check, "%s: must be an activation", name);
  } else if (t->dtype != TMK_DTYPE_F32) {
    refuse(check, "%s: dtype %s: must be f32", name, tmk_dtype_name(t->dtype));
  } else if (t->rank < 1 || t->dims[t->rank - 1] != width || tmk_tensor_elements(t) < tmk_cpu_size_mul(rows, width)) {
    refuse(check, "%s: must have %lld or more rows of %lld elements", name, LL(rows), LL(width));
  }
}

static void check_tokens(struct check *check, const char *name, int index, int64_t count)
{
  const struct tmk_tensor *t = tensor_at(check, name, index);
  if (!t) return;
  if (t->dtype != TMK_DTYPE_I32) {
    refuse(check, "%s: dtype %s: must be i32", name, tmk_dtype_name(t->dtype));
  } else if (t->rank != 1 || t->dims[0] < count) {
    refuse(check, "%s: must be a vector of %lld or more", name, LL(count));
  }
}

/* n 0: a vector of k. gemm: i8 and i4 are fine too. */
static void check_weight_of(struct check *check, const char *name, int index, int64_t n, int64_t k, bool gemm)
{
  const struct tmk_tensor *t = tensor_at(check, name, index);
  if (!t) return;
  if (t->role != TMK_ROLE_WEIGHT) {
    refuse(check, "%s: must be a weight", name);
  } else if (!is_weight_dtype(t->dtype) && !(gemm && tmk_quantises_rows(t->dtype))) {
    refuse(check, "%s: dtype %s: must be f32%s bf16%s", name, tmk_dtype_name(t->dtype), gemm ? "," : " or",
           gemm ? ", i8 or i4" : "");
  } else if (n == 0 && (t->rank != 1 || t->dims[0] != k)) {
    refuse(check, "%s: must be [%lld]", name, LL(k));
  } else if (n > 0 && (t->rank != 2 || t->dims[0] != n || t->dims[1] != k)) {
    refuse(check, "%s: must be [%lld, %lld]", name, LL(n), LL(k));
  }
}

static void check_weight(struct check *check, const char *name, int index, int64_t n, int64_t k)
{
  check_weight_of(check, name, index, n, k, false);
}

static void check_optional_vector(struct check *check, const char *name, int index, int64_t count)
{
  if (index != TMK_TENSOR_NONE) check_weight(check, name, index, 0, count);
}

struct cache_shape {
  int64_t sequences, positions, heads, head_dim;
};

static void check_cache(struct check *check, const char *name, int index, const struct cache_shape *shape)
{
  const struct tmk_tensor *t = tensor_at(check, name, index);
  if (!t) return;
  if (t->role != TMK_ROLE_KV_CACHE && t->role != TMK_ROLE_INPUT) {
    refuse(check, "%s: must be a cache", name);
  } else if (!is_weight_dtype(t->dtype)) {
    refuse(check, "%s: dtype %s: must be f32 or bf16", name, tmk_dtype_name(t->dtype));
  } else if (t->rank != 4 || t->dims[0] < shape->sequences || t->dims[1] < shape->positions ||
             t->dims[2] != shape->heads || t->dims[3] != shape->head_dim) {
    refuse(check, "%s: must be [%lld or more, %lld or more, %lld, %lld]", name, LL(shape->sequences),
           LL(shape->positions), LL(shape->heads), LL(shape->head_dim));
  }
}

static void check_caches(struct check *check, int k_cache, int v_cache, const struct cache_shape *shape)
{
  if (k_cache == v_cache) refuse(check, "k_cache and v_cache: must be two tensors");
  check_cache(check, "k_cache", k_cache, shape);
  check_cache(check, "v_cache", v_cache, shape);
}

static void check_rope_kv(struct check *check, const struct tmk_op_rope_kv *o)
{
  const int64_t rows = o->seqs * o->q_len;
  if (o->heads_kv < 1 || o->rotary_dim % 2 || o->rotary_dim > o->head_dim) {
    refuse(check, "rotary_dim %lld: must be even and at most head_dim %lld", LL(o->rotary_dim), LL(o->head_dim));
    return;
  }
  check_rows(check, "qkv", o->qkv, rows, (o->heads_q + 2 * o->heads_kv) * o->head_dim);
  check_rows(check, "q", o->q, rows, o->heads_q * o->head_dim);
  check_optional_vector(check, "q_norm", o->q_norm, o->head_dim);
  check_optional_vector(check, "k_norm", o->k_norm, o->head_dim);
  const struct tmk_tensor *inv_freq = tensor_at(check, "inv_freq", o->inv_freq);
  if (inv_freq && (inv_freq->role != TMK_ROLE_CONSTANT || tmk_tensor_elements(inv_freq) < o->rotary_dim / 2)) {
    refuse(check, "inv_freq: must be a constant of %lld or more", LL(o->rotary_dim / 2));
  }
  check_caches(check, o->k_cache, o->v_cache,
               &(struct cache_shape){o->seq_first + o->seqs, o->past + o->q_len, o->heads_kv, o->head_dim});
}

static void check_attention(struct check *check, const struct tmk_op_attention *o)
{
  if (o->heads_kv < 1 || o->heads_q % o->heads_kv) {
    refuse(check, "heads_kv %lld: must divide heads_q %lld", LL(o->heads_kv), LL(o->heads_q));
    return;
  }
  check_rows(check, "q", o->q, o->seqs * o->q_len, o->heads_q * o->head_dim);
  check_rows(check, "out", o->out, o->seqs * o->q_len, o->heads_q * o->head_dim);
  check_caches(check, o->k_cache, o->v_cache,
               &(struct cache_shape){o->seq_first + o->seqs, o->past + o->q_len, o->heads_kv, o->head_dim});
}

/* Floats by rows; ids of one row. */
static void check_sent(struct check *check, const char *name, int index, const struct tmk_op_collective *o)
{
  const struct tmk_tensor *t = tensor_at(check, name, index);
  if (!t) return;
  if (t->dtype == TMK_DTYPE_I32 && o->rows == 1) {
    check_tokens(check, name, index, o->cols);
  } else {
    check_rows(check, name, index, o->rows, o->cols);
  }
}

static void check_collective(struct check *check, const struct tmk_op_collective *o)
{
  switch (o->collective) {
  case TMK_COLL_ALL_REDUCE: check_rows(check, "x", o->x, o->rows, o->cols); break;
  case TMK_COLL_ALL_GATHER:
    check_rows(check, "x", o->x, o->rows, o->cols);
    check_rows(check, "parts", o->parts, o->ranks * o->rows, o->cols);
    check_rows(check, "y", o->y, o->rows, o->y_cols);
    break;
  case TMK_COLL_SEND_RECV:
    check_sent(check, o->x != TMK_TENSOR_NONE ? "x" : "y", o->x != TMK_TENSOR_NONE ? o->x : o->y, o);
    break;
  default: refuse(check, "%s: not known to the CPU kernels", tmk_collective_name(o->collective));
  }
}

bool tmk_cpu_supports(const struct tmk_plan *plan, const struct tmk_op *op, char *reason, int reason_size)
{
  struct check check = {plan, reason, reason_size, true};
  switch (op->kind) {
  case TMK_OP_EMBED: {
    const struct tmk_op_embed *o = &op->u.embed;
    check_tokens(&check, "tokens", o->tokens, o->token_first + o->rows);
    check_weight(&check, "weight", o->weight, o->vocab, o->hidden);
    check_rows(&check, "x", o->x, o->rows, o->hidden);
    break;
  }
  case TMK_OP_RMSNORM: {
    const struct tmk_op_rmsnorm *o = &op->u.rmsnorm;
    check_rows(&check, "residual", o->residual, o->rows * o->row_group, o->hidden);
    if (o->delta != TMK_TENSOR_NONE) check_rows(&check, "delta", o->delta, o->rows * o->row_group, o->hidden);
    check_weight(&check, "weight", o->weight, 0, o->hidden);
    check_rows(&check, "y", o->y, o->rows, o->hidden);
    break;
  }
  case TMK_OP_GEMM: {
    const struct tmk_op_gemm *o = &op->u.gemm;
    check_rows(&check, "x", o->x, o->m, o->k);
    check_weight_of(&check, "weight", o->weight, o->n, o->k, true);
    check_optional_vector(&check, "bias", o->bias, o->n);
    check_rows(&check, "y", o->y, o->m, o->n);
    if (o->x == o->y) refuse(&check, "x and y: must be two tensors");
    break;
  }
  case TMK_OP_ROPE_KV: check_rope_kv(&check, &op->u.rope_kv); break;
  case TMK_OP_ATTENTION: check_attention(&check, &op->u.attention); break;
  case TMK_OP_SWIGLU: {
    const struct tmk_op_swiglu *o = &op->u.swiglu;
    check_rows(&check, "gate_up", o->gate_up, o->rows, 2 * o->inner);
    check_rows(&check, "y", o->y, o->rows, o->inner);
    break;
  }
  case TMK_OP_SAMPLE: {
    const struct tmk_op_sample *o = &op->u.sample;
    check_rows(&check, "logits", o->logits, o->rows, o->vocab);
    check_tokens(&check, "tokens", o->tokens, o->token_first + o->rows);
    break;
  }
  case TMK_OP_COLLECTIVE: check_collective(&check, &op->u.collective); break;
  default: refuse(&check, "operation %s: not known to the CPU kernels", tmk_op_kind_name(op->kind));
  }
  return check.good;
}
