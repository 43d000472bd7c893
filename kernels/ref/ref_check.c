/* ref_check.c: what the reference modes can execute. Dtypes and shapes of every operand are checked here once, so that the
 * operations themselves need no checks. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ref.h"
#include "tokmark/quantise.h"

struct check {
  bool wide;
  const struct tmk_plan *plan;
  char *reason;
  int reason_size;
};

static bool refuse(const struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(const struct check *check, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  if (check->reason && check->reason_size > 0) vsnprintf(check->reason, (size_t)check->reason_size, format, args);
  va_end(args);
  return false;
}

/* Narrow types are for the weight of a GEMM, and F8E4M3 for the cache. */
static bool is_narrow_operand(const struct tmk_op *op, const struct tmk_tensor *tensor, const char *name)
{
  const bool gemm_weight = op->kind == TMK_OP_GEMM && strcmp(name, "weight") == 0 && tensor->role == TMK_ROLE_WEIGHT;
  const bool cache = strcmp(name, "k_cache") == 0 || strcmp(name, "v_cache") == 0;
  return gemm_weight ? tmk_quantises_x(tensor->dtype) : cache && tensor->dtype == TMK_DTYPE_F8E4M3;
}

static bool dtype_fits(const struct check *check, const struct tmk_op *op, const struct tmk_tensor *tensor,
                       const char *name)
{
  const enum tmk_dtype dtype = tensor->dtype;
  if (dtype == TMK_DTYPE_F32 || dtype == TMK_DTYPE_BF16 || is_narrow_operand(op, tensor, name)) return true;
  if (dtype == TMK_DTYPE_F64 && (check->wide || tensor->role == TMK_ROLE_CONSTANT)) return true;
  return refuse(check, "%s: dtype %s: must be f32 or bf16%s", name, tmk_dtype_name(dtype),
                check->wide ? " or f64" : "");
}

static bool is_token_tensor(const struct tmk_op *op, int tensor, bool is_ids)
{
  const struct tmk_op_collective *o = &op->u.collective;
  const bool vector = op->kind == TMK_OP_COLLECTIVE && o->collective == TMK_COLL_SEND_RECV && o->rows == 1;
  if (vector && is_ids) return true;
  return (op->kind == TMK_OP_EMBED && tensor == op->u.embed.tokens) ||
         (op->kind == TMK_OP_SAMPLE && tensor == op->u.sample.tokens);
}

static bool operand_fits(const struct check *check, const struct tmk_op *op, const struct tmk_operand *operand)
{
  if (operand->tensor < 0 || operand->tensor >= check->plan->tensor_count) {
    return refuse(check, "%s: no tensor %d", operand->name, operand->tensor);
  }
  const struct tmk_tensor *tensor = &check->plan->tensors[operand->tensor];
  const int64_t elements = tmk_tensor_elements(tensor);
  if (operand->first < 0 || operand->count < 0 || operand->first > elements - operand->count) {
    return refuse(check, "%s: %lld elements from %lld on: the tensor has %lld", operand->name,
                  (long long)operand->count, (long long)operand->first, (long long)elements);
  }
  if (!is_token_tensor(op, operand->tensor, tensor->dtype == TMK_DTYPE_I32)) return dtype_fits(check, op, tensor, operand->name);
  if (tensor->dtype == TMK_DTYPE_I32) return true;
  return refuse(check, "%s: dtype %s: must be i32", operand->name, tmk_dtype_name(tensor->dtype));
}

/* Shape of attention and rope_kv, as far as they share it. */
struct kv_shape {
  int64_t seqs, q_len, seq_first, past, heads_q, heads_kv, head_dim;
  int caches[2];
};

static bool kv_fits(const struct check *check, const struct kv_shape *s)
{
  if (s->heads_kv < 1 || s->heads_q < 1 || s->heads_q % s->heads_kv != 0) {
    return refuse(check, "heads_q %lld: must be a multiple of heads_kv %lld", (long long)s->heads_q,
                  (long long)s->heads_kv);
  }
  for (int i = 0; i < 2; i++) {
    const struct tmk_tensor *cache = &check->plan->tensors[s->caches[i]];
    if (cache->rank != 4 || cache->dims[2] != s->heads_kv || cache->dims[3] != s->head_dim) {
      return refuse(check, "cache %s: must be [sequences, positions, %lld, %lld]", cache->name, (long long)s->heads_kv,
                    (long long)s->head_dim);
    }
    if (s->seq_first < 0 || s->past < 0 || s->seqs < 1 || s->q_len < 1 || s->seq_first > cache->dims[0] - s->seqs ||
        s->past > cache->dims[1] - s->q_len) {
      return refuse(check, "cache %s: sequences %lld+%lld, positions %lld+%lld: it has %lld and %lld", cache->name,
                    (long long)s->seq_first, (long long)s->seqs, (long long)s->past, (long long)s->q_len,
                    (long long)cache->dims[0], (long long)cache->dims[1]);
    }
  }
  return true;
}

static bool rope_kv_fits(const struct check *check, const struct tmk_op_rope_kv *o)
{
  if (o->rotary_dim < 0 || o->rotary_dim % 2 != 0 || o->rotary_dim > o->head_dim) {
    return refuse(check, "rotary_dim %lld: must be even and at most head_dim %lld", (long long)o->rotary_dim,
                  (long long)o->head_dim);
  }
  const struct kv_shape shape = {o->seqs,    o->q_len,    o->seq_first, o->past,
                                 o->heads_q, o->heads_kv, o->head_dim,  {o->k_cache, o->v_cache}};
  return kv_fits(check, &shape);
}

static bool attention_fits(const struct check *check, const struct tmk_op_attention *o)
{
  if (o->window < 0) return refuse(check, "window %lld: must be 0 or more", (long long)o->window);
  const struct kv_shape shape = {o->seqs,    o->q_len,    o->seq_first, o->past,
                                 o->heads_q, o->heads_kv, o->head_dim,  {o->k_cache, o->v_cache}};
  return kv_fits(check, &shape);
}

static bool rmsnorm_fits(const struct check *check, const struct tmk_op_rmsnorm *o)
{
  if (o->row_group < 1) return refuse(check, "row_group %lld: must be 1 or more", (long long)o->row_group);
  if (o->row_group > 1 && o->write_residual) {
    return refuse(check, "row_group %lld: the residual can be written with 1 only", (long long)o->row_group);
  }
  return true;
}

static bool gemm_fits(const struct check *check, const struct tmk_op_gemm *o)
{
  const struct tmk_tensor *weight = &check->plan->tensors[o->weight];
  const int block = tmk_dtype_get(weight->dtype)->block_elements;
  if (block == 0) return true;
  if (o->k % block != 0) return refuse(check, "k %lld: must be a multiple of %d", (long long)o->k, block);
  return true;
}

/* all-reduce, all-gather, and one side of a send-recv. */
static bool collective_fits(const struct check *check, const struct tmk_op_collective *o)
{
  const bool has_x = o->x != TMK_TENSOR_NONE, has_parts = o->parts != TMK_TENSOR_NONE, has_y = o->y != TMK_TENSOR_NONE;
  const bool reduces = o->collective == TMK_COLL_ALL_REDUCE && has_x && !has_parts && !has_y;
  const bool gathers = o->collective == TMK_COLL_ALL_GATHER && has_x && has_parts && has_y;
  const bool moves = o->collective == TMK_COLL_SEND_RECV && has_x != has_y && !has_parts && o->ranks == 2;
  if (!reduces && !gathers && !moves) {
    return refuse(check, "%s: must be all-reduce, all-gather or one side of send-recv, with their operands",
                  tmk_collective_name(o->collective));
  }
  if (o->ranks < 1 || o->rank < 0 || o->rank >= o->ranks || (unsigned)o->group >= TMK_GROUP_COUNT)
    return refuse(check, "rank %d of %d in group %d", o->rank, o->ranks, (int)o->group);
  return true;
}

bool ref_supports(bool wide, const struct tmk_plan *plan, const struct tmk_op *op, char *reason, int reason_size)
{
  const struct check check = {wide, plan, reason, reason_size};
  if ((unsigned)op->kind >= TMK_OP_KIND_COUNT) return refuse(&check, "operation %d: not known", (int)op->kind);
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(op, operands);
  for (int i = 0; i < count; i++) {
    if (!operand_fits(&check, op, &operands[i])) return false;
  }
  switch (op->kind) {
  case TMK_OP_GEMM: return gemm_fits(&check, &op->u.gemm);
  case TMK_OP_RMSNORM: return rmsnorm_fits(&check, &op->u.rmsnorm);
  case TMK_OP_ROPE_KV: return rope_kv_fits(&check, &op->u.rope_kv);
  case TMK_OP_ATTENTION: return attention_fits(&check, &op->u.attention);
  case TMK_OP_COLLECTIVE: return collective_fits(&check, &op->u.collective);
  default: return true;
  }
}
