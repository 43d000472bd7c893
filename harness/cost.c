/* cost.c: what operations cost at least (cost.h).
 *
 * Sums are kept as doubles: exact up to 2^53, and a workload too large for any machine gives a large number, no overflow.
 *
 * FLOPs
 *   gemm       y[m, n] = Σ_k x[m, k] w[n, k]: m·n sums of k products, 2 m n k.
 *   attention  q·k and p·v are d multiply-adds each for every query head and every (query, key) pair that is not masked:
 *              4 d heads_q pairs. The softmax (about 5 FLOPs a pair and head, an exponential among them) is not counted.
 *   The rest   0, as cost.h says.
 * Bytes
 *   weights    read once by the operation that uses them, with their block scales: n rows of k. So are biases and norms.
 *   embedding  each distinct token's row once. Ids are a pure function of the seed, so they are counted, not estimated.
 *   KV read    keys and values that stood in the cache before the step and that some query of the step sees. The rows that
 *              the step appends are still at hand when its queries read them.
 *   KV write   the rows appended.
 * Communication  bytes over a rank's links as busbw counts them: 2(n−1)/n of an all-reduce's, (n−1)/n of an all-gather's.
 */
#include "cost.h"

#include <stdlib.h>

/* ---- attention ---- */

/* Unmasked (query, key) pairs of one sequence. The query at position p sees min(p + 1, window) keys, the first `growing` of
 * the step's, those at p < window, all p + 1:
 *   Σ_{i < growing} (past + i + 1) + (q_len − growing) window */
static double attention_pairs(const struct tmk_op_attention *o)
{
  int64_t growing = o->q_len;
  if (o->window > 0 && o->window - o->past < growing) growing = o->window > o->past ? o->window - o->past : 0;
  const double g = (double)growing;
  return g * (double)o->past + g * (g + 1.0) / 2.0 + (double)(o->q_len - growing) * (double)o->window;
}

/* Keys below `past` that some query of the step sees: the first query's window reaches farthest back, to past − window + 1. */
static int64_t attention_past_keys(const struct tmk_op_attention *o)
{
  return o->window > 0 && o->window - 1 < o->past ? o->window - 1 : o->past;
}

/* Bytes of K and V of one position of one sequence. */
static double kv_row_bytes(enum tmk_dtype dtype, int64_t heads_kv, int64_t head_dim)
{
  return 2.0 * (double)heads_kv * (double)tmk_dtype_bytes(dtype, head_dim);
}

static enum tmk_dtype tensor_dtype(const struct tmk_plan *plan, int tensor)
{
  return plan->tensors[tensor].dtype;
}

/* The type in which attention multiplies: a narrow cache is widened to the activations' type, for the queries are of that. */
static enum tmk_dtype attention_dtype(const struct tmk_plan *plan, const struct tmk_op_attention *o)
{
  const enum tmk_dtype cache = tensor_dtype(plan, o->k_cache);
  return tmk_dtype_get(cache)->bits < 16 ? plan->act_dtype : cache;
}

static double kv_read_bytes(const struct tmk_plan *plan, const struct tmk_op_attention *o)
{
  const double rows = (double)o->seqs * (double)attention_past_keys(o);
  return rows * kv_row_bytes(tensor_dtype(plan, o->k_cache), o->heads_kv, o->head_dim);
}

static double kv_write_bytes(const struct tmk_plan *plan, const struct tmk_op_rope_kv *o)
{
  const double rows = (double)o->seqs * (double)o->q_len;
  return rows * kv_row_bytes(tensor_dtype(plan, o->k_cache), o->heads_kv, o->head_dim);
}

/* ---- embedding ---- */

/* Distinct ids among those of a step, counted on a bit map of the vocabulary; it ends early once all have been seen. Where
 * the ids are not known beforehand, or there is no memory, the bound is one row. */
static int64_t distinct_tokens(const struct tmk_plan *plan, const struct tmk_op_embed *o)
{
  const struct tmk_tensor *tokens = &plan->tensors[o->tokens];
  const int64_t vocab = tokens->fill_vocab;
  if (tokens->role != TMK_ROLE_INPUT || vocab <= 0) return o->rows > 0 ? 1 : 0;
  unsigned char *seen = calloc((size_t)(vocab / 8 + 1), 1);
  if (!seen) return 1;
  int64_t distinct = 0;
  float ids[256];
  for (int64_t row = 0; row < o->rows && distinct < vocab; row += 256) {
    const int64_t left = o->rows - row, count = left < 256 ? left : 256;
    tmk_tensor_fill(tokens, plan->seed, o->token_first + row, count, ids);
    for (int64_t i = 0; i < count; i++) {
      const uint32_t id = (uint32_t)ids[i];
      const unsigned char bit = (unsigned char)(1u << id % 8);
      if (!(seen[id / 8] & bit)) distinct++;
      seen[id / 8] |= bit;
    }
  }
  free(seen);
  return distinct;
}

/* ---- collectives ---- */

/* What must pass a rank's links, one way, as busbw counts it: the size as nccl-tests counts it times the bus factor. */
static double collective_bytes(const struct tmk_plan *plan, const struct tmk_op_collective *o)
{
  const int tensor = o->x != TMK_TENSOR_NONE ? o->x : o->y;
  const double part = (double)o->rows * (double)tmk_dtype_bytes(tensor_dtype(plan, tensor), o->cols);
  const double size = o->collective == TMK_COLL_ALL_GATHER ? part * o->ranks : part;
  return size * tmk_collective_bus_factor(o->collective, o->ranks);
}

/* ---- one operation ---- */

/* Weights that an operation reads beside an embedding: rows of the last dimension, block scales by row. */
static double matrix_bytes(const struct tmk_plan *plan, int tensor, int64_t n, int64_t k)
{
  return tensor == TMK_TENSOR_NONE ? 0.0 : (double)n * (double)tmk_dtype_bytes(tensor_dtype(plan, tensor), k);
}

/* What is read and written between operations if none are fused. */
static double activation_bytes(const struct tmk_plan *plan, const struct tmk_op *op)
{
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(op, operands);
  double bytes = 0.0;
  for (int i = 0; i < count; i++) {
    const struct tmk_tensor *tensor = &plan->tensors[operands[i].tensor];
    if (tensor->role != TMK_ROLE_ACTIVATION && tensor->role != TMK_ROLE_INPUT && tensor->role != TMK_ROLE_OUTPUT) {
      continue;
    }
    const double times = operands[i].access == TMK_ACCESS_INOUT ? 2.0 : 1.0;
    bytes += times * (double)tmk_dtype_bytes(tensor->dtype, operands[i].count);
  }
  return bytes;
}

double tmk_cost_total_flops(const struct tmk_cost *cost)
{
  double flops = 0.0;
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) flops += cost->flops[i];
  return flops;
}

double tmk_cost_bytes(const struct tmk_cost *cost)
{
  return cost->weight_bytes + cost->kv_read_bytes + cost->kv_write_bytes + cost->embed_bytes;
}

struct tmk_cost tmk_cost_op(const struct tmk_plan *plan, const struct tmk_op *op,
                            const enum tmk_dtype math_dtype[TMK_DTYPE_COUNT])
{
  struct tmk_cost cost = {.activation_bytes = activation_bytes(plan, op)};
  switch (op->kind) {
  case TMK_OP_EMBED: {
    const struct tmk_op_embed *o = &op->u.embed;
    cost.embed_bytes = matrix_bytes(plan, o->weight, distinct_tokens(plan, o), o->hidden);
    break;
  }
  case TMK_OP_RMSNORM: {
    const struct tmk_op_rmsnorm *o = &op->u.rmsnorm;
    cost.weight_bytes = matrix_bytes(plan, o->weight, 1, o->hidden);
    break;
  }
  case TMK_OP_GEMM: {
    const struct tmk_op_gemm *o = &op->u.gemm;
    cost.flops[math_dtype[tensor_dtype(plan, o->weight)]] = 2.0 * (double)o->m * (double)o->n * (double)o->k;
    cost.weight_bytes = matrix_bytes(plan, o->weight, o->n, o->k) + matrix_bytes(plan, o->bias, 1, o->n);
    break;
  }
  case TMK_OP_ROPE_KV: {
    const struct tmk_op_rope_kv *o = &op->u.rope_kv;
    cost.weight_bytes = matrix_bytes(plan, o->q_norm, 1, o->head_dim) + matrix_bytes(plan, o->k_norm, 1, o->head_dim);
    cost.kv_write_bytes = kv_write_bytes(plan, o);
    break;
  }
  case TMK_OP_ATTENTION: {
    const struct tmk_op_attention *o = &op->u.attention;
    const double pairs = (double)o->seqs * attention_pairs(o);
    cost.flops[math_dtype[attention_dtype(plan, o)]] = 4.0 * (double)o->head_dim * (double)o->heads_q * pairs;
    cost.kv_read_bytes = kv_read_bytes(plan, o);
    break;
  }
  case TMK_OP_COLLECTIVE: cost.comm_bytes = collective_bytes(plan, &op->u.collective); break;
  case TMK_OP_SWIGLU:
  case TMK_OP_SAMPLE:
  case TMK_OP_KIND_COUNT: break;
  }
  return cost;
}

/* ---- step and pass ---- */

static void cost_add(struct tmk_cost *sum, const struct tmk_cost *cost)
{
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) sum->flops[i] += cost->flops[i];
  sum->weight_bytes += cost->weight_bytes;
  sum->kv_read_bytes += cost->kv_read_bytes;
  sum->kv_write_bytes += cost->kv_write_bytes;
  sum->embed_bytes += cost->embed_bytes;
  sum->comm_bytes += cost->comm_bytes;
  sum->activation_bytes += cost->activation_bytes;
}

/* Whether a GEMM of the step reads the whole tensor: an LM head tied to the embedding. */
static bool step_reads_whole(const struct tmk_plan *plan, const struct tmk_plan_step *step, int tensor)
{
  for (int i = step->first_op + step->op_count - 1; i >= step->first_op; i--) {
    if (plan->ops[i].kind == TMK_OP_GEMM && plan->ops[i].u.gemm.weight == tensor) return true;
  }
  return false;
}

struct tmk_cost tmk_cost_step(const struct tmk_plan *plan, int step, const enum tmk_dtype math_dtype[TMK_DTYPE_COUNT])
{
  const struct tmk_plan_step *s = &plan->steps[step];
  struct tmk_cost sum = {0};
  for (int i = s->first_op; i < s->first_op + s->op_count; i++) {
    const struct tmk_op *op = &plan->ops[i];
    struct tmk_cost cost = tmk_cost_op(plan, op, math_dtype);
    /* Rows of a tied embedding are part of what the LM head reads: each weight once a step. */
    if (op->kind == TMK_OP_EMBED && step_reads_whole(plan, s, op->u.embed.weight)) cost.embed_bytes = 0.0;
    cost_add(&sum, &cost);
  }
  return sum;
}

struct tmk_cost tmk_cost_pass(const struct tmk_plan *plan, const enum tmk_dtype math_dtype[TMK_DTYPE_COUNT])
{
  struct tmk_cost sum = {0};
  for (int step = 0; step < plan->step_count; step++) {
    const struct tmk_cost cost = tmk_cost_step(plan, step, math_dtype);
    cost_add(&sum, &cost);
  }
  return sum;
}

/* ---- working set ---- */

/* Weights: those of the held layers, as one step that ends prompts (the last of a pass) uses them; the other steps and layers
 * use them again. Embedding: the rows of all steps, at most the whole. Cache: the rows that held layers append, and in decode
 * those that they read; what a prefill reads it has appended itself. */
double tmk_cost_working_set(const struct tmk_plan *plan)
{
  static const enum tmk_dtype no_math[TMK_DTYPE_COUNT];
  const int64_t held = plan->workload.layers_held > 0 ? plan->workload.layers_held : INT64_MAX;
  const int last_step = plan->step_count - 1;
  double bytes = 0.0, embed_bytes = 0.0, embed_max = 0.0;
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_op *op = &plan->ops[i];
    if (op->layer >= held) continue;
    const struct tmk_cost cost = tmk_cost_op(plan, op, no_math);
    bytes += cost.kv_write_bytes;
    if (plan->workload.phase == TMK_PHASE_DECODE) bytes += cost.kv_read_bytes;
    if (op->step == last_step) bytes += cost.weight_bytes;
    if (op->kind != TMK_OP_EMBED || step_reads_whole(plan, &plan->steps[last_step], op->u.embed.weight)) continue;
    embed_bytes += cost.embed_bytes;
    embed_max = (double)tmk_tensor_bytes(&plan->tensors[op->u.embed.weight]);
  }
  return bytes + (embed_bytes < embed_max ? embed_bytes : embed_max);
}
