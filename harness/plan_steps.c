/* plan_steps.c: the operations of each step of a pass.
 *
 * A dense step, in the order of execution; "a → b" reads a and writes b:
 *   embed           tokens → residual
 *   each layer      attn_norm     residual (+ delta of the layer before, written back) → normed
 *                   qkv_proj      normed → qkv
 *                   rope_kv       qkv → q, cache
 *                   attention     q, cache → attn_out
 *                   o_proj        attn_out → delta
 *                   mlp_norm      residual + delta, written back → normed
 *                   gate_up_proj  normed → gate_up
 *                   swiglu        gate_up → act
 *                   down_proj     act → delta
 *   prompts end     final_norm    residual + delta of each prompt's last row → final_hidden
 *                   lm_head       final_hidden → logits
 *                   sample        logits → tokens_out
 * tp > 1: o_proj and down_proj are each followed by an all-reduce of delta, and lm_head gives this rank's columns, which are
 * gathered. pp > 1: residual and delta come from the stage before in place of embed, and go to the next in place of what
 * follows the layers; behind the last step the tokens go from the last stage to the first.
 */
#include <math.h>

#include "plan_parts.h"

/* A step while its operations are listed. */
struct step_place {
  int64_t seqs, q_len, seq_first, past;
  int64_t token_first; /* of its rows in the tokens of the pass */
  bool ends;           /* its sequences' prompts end here: LM head and sampling follow */
};

/* What the operations of all steps are built from. */
struct builder {
  struct tmk_plan *plan;
  const struct tmk_plan_shape *shape;
  const struct tmk_plan_tensors *tensors;
  double rope_scale, softmax_scale;
};

int64_t tmk_plan_step_ops(const struct tmk_layout *layout, const struct tmk_plan_share *share)
{
  const int64_t per_layer = layout->tp > 1 ? 11 : 9, begin = share->pp_rank == 0 ? 1 : 2;
  const int64_t end = share->pp_rank < layout->pp - 1 ? 2 : layout->tp > 1 ? 4 : 3;
  const int64_t tokens = layout->pp > 1 ? 1 : 0;
  return begin + per_layer * share->layers + end + tokens;
}

static int64_t min_int64(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

static struct tmk_op *push_op(const struct builder *b, enum tmk_op_kind kind, int layer, const char *label)
{
  struct tmk_op *op = &b->plan->ops[b->plan->op_count++];
  *op = (struct tmk_op){.kind = kind, .layer = layer, .step = b->plan->step_count, .label = label};
  return op;
}

struct gemm_operands {
  int x, weight, bias, y;
};

static void push_gemm(const struct builder *b, int layer, const char *label, int64_t m, struct gemm_operands operands)
{
  const int64_t *weight_dims = b->plan->tensors[operands.weight].dims;
  push_op(b, TMK_OP_GEMM, layer, label)->u.gemm = (struct tmk_op_gemm){
      .m = m,
      .n = weight_dims[0],
      .k = weight_dims[1],
      .x = operands.x,
      .weight = operands.weight,
      .bias = operands.bias,
      .y = operands.y,
  };
}

struct norm {
  int64_t rows, row_group;
  int delta, weight, y;
  bool write_residual;
};

static void push_norm(const struct builder *b, int layer, const char *label, struct norm norm)
{
  push_op(b, TMK_OP_RMSNORM, layer, label)->u.rmsnorm = (struct tmk_op_rmsnorm){
      .rows = norm.rows,
      .hidden = b->plan->model.hidden_size,
      .row_group = norm.row_group,
      .eps = b->plan->model.rms_norm_eps,
      .write_residual = norm.write_residual,
      .residual = b->tensors->residual,
      .delta = norm.delta,
      .weight = norm.weight,
      .y = norm.y,
  };
}

static void push_embed(const struct builder *b, const struct step_place *at)
{
  push_op(b, TMK_OP_EMBED, -1, "embed")->u.embed = (struct tmk_op_embed){
      .rows = at->seqs * at->q_len,
      .hidden = b->plan->model.hidden_size,
      .vocab = b->plan->model.vocab_size,
      .token_first = at->token_first,
      .tokens = b->tensors->tokens,
      .weight = b->tensors->embedding,
      .x = b->tensors->residual,
  };
}

static void push_rope_kv(const struct builder *b, const struct step_place *at, int layer,
                         const struct tmk_layer_tensors *w)
{
  const struct tmk_model *m = &b->plan->model;
  push_op(b, TMK_OP_ROPE_KV, layer, "rope_kv")->u.rope_kv = (struct tmk_op_rope_kv){
      .seqs = at->seqs,
      .q_len = at->q_len,
      .seq_first = at->seq_first,
      .past = at->past,
      .heads_q = b->plan->share.heads_q,
      .heads_kv = b->plan->share.heads_kv,
      .head_dim = m->head_dim,
      .rotary_dim = m->rope.rotary_dim,
      .eps = m->rms_norm_eps,
      .rope_scale = b->rope_scale,
      .qkv = b->tensors->qkv,
      .inv_freq = b->tensors->inv_freq,
      .q_norm = w->q_norm,
      .k_norm = w->k_norm,
      .q = b->tensors->q,
      .k_cache = w->k_cache,
      .v_cache = w->v_cache,
  };
}

static void push_attention(const struct builder *b, const struct step_place *at, int layer,
                           const struct tmk_layer_tensors *w)
{
  const struct tmk_model *m = &b->plan->model;
  push_op(b, TMK_OP_ATTENTION, layer, "attention")->u.attention = (struct tmk_op_attention){
      .seqs = at->seqs,
      .q_len = at->q_len,
      .seq_first = at->seq_first,
      .past = at->past,
      .heads_q = b->plan->share.heads_q,
      .heads_kv = b->plan->share.heads_kv,
      .head_dim = m->head_dim,
      .window = tmk_model_layer_window(m, layer),
      .scale = b->softmax_scale,
      .q = b->tensors->q,
      .k_cache = w->k_cache,
      .v_cache = w->v_cache,
      .out = b->tensors->attn_out,
  };
}

/* ---- between ranks ---- */

static void push_all_reduce(const struct builder *b, int layer, const char *label, int64_t rows)
{
  const struct tmk_plan *plan = b->plan;
  if (plan->workload.layout.tp == 1) return;
  push_op(b, TMK_OP_COLLECTIVE, layer, label)->u.collective = (struct tmk_op_collective){
      .collective = TMK_COLL_ALL_REDUCE,
      .group = TMK_GROUP_TP,
      .ranks = plan->workload.layout.tp,
      .rank = plan->share.tp_rank,
      .rows = rows,
      .cols = plan->model.hidden_size,
      .x = b->tensors->delta,
      .parts = TMK_TENSOR_NONE,
      .y = TMK_TENSOR_NONE,
  };
}

/* To the next stage, or from the one before. */
static void push_transfer(const struct builder *b, enum tmk_group group, const char *label, int64_t rows, int64_t cols,
                          int tensor)
{
  const bool sends = group == TMK_GROUP_NEXT;
  push_op(b, TMK_OP_COLLECTIVE, -1, label)->u.collective = (struct tmk_op_collective){
      .collective = TMK_COLL_SEND_RECV,
      .group = group,
      .ranks = 2,
      .rank = sends ? 0 : 1,
      .rows = rows,
      .cols = cols,
      .x = sends ? tensor : TMK_TENSOR_NONE,
      .parts = TMK_TENSOR_NONE,
      .y = sends ? TMK_TENSOR_NONE : tensor,
  };
}

static void push_stage_begin(const struct builder *b, int64_t rows)
{
  const int64_t hidden = b->plan->model.hidden_size;
  push_transfer(b, TMK_GROUP_PREV, "recv_residual", rows, hidden, b->tensors->residual);
  push_transfer(b, TMK_GROUP_PREV, "recv_delta", rows, hidden, b->tensors->delta);
}

static void push_stage_end(const struct builder *b, int64_t rows)
{
  const int64_t hidden = b->plan->model.hidden_size;
  push_transfer(b, TMK_GROUP_NEXT, "send_residual", rows, hidden, b->tensors->residual);
  push_transfer(b, TMK_GROUP_NEXT, "send_delta", rows, hidden, b->tensors->delta);
}

static void push_tokens_back(const struct builder *b)
{
  struct tmk_plan *plan = b->plan;
  const struct tmk_layout *layout = &plan->workload.layout;
  if (layout->pp == 1) return;
  const int first_op = plan->op_count;
  plan->step_count--; /* it belongs to the last step */
  if (plan->share.pp_rank == layout->pp - 1) {
    push_transfer(b, TMK_GROUP_NEXT, "send_tokens", 1, plan->share.seqs, b->tensors->tokens_out);
  } else if (plan->share.pp_rank == 0) {
    push_transfer(b, TMK_GROUP_PREV, "recv_tokens", 1, plan->share.seqs, b->tensors->tokens_out);
  }
  plan->steps[plan->step_count++].op_count += plan->op_count - first_op;
}

/* Every rank's columns of the logits, on every rank. */
static void push_gather(const struct builder *b, int64_t rows)
{
  const struct tmk_plan *plan = b->plan;
  const struct tmk_plan_tensors *t = b->tensors;
  push_op(b, TMK_OP_COLLECTIVE, -1, "gather_logits")->u.collective = (struct tmk_op_collective){
      .collective = TMK_COLL_ALL_GATHER,
      .group = TMK_GROUP_TP,
      .ranks = plan->workload.layout.tp,
      .rank = plan->share.tp_rank,
      .rows = rows,
      .cols = plan->share.vocab,
      .y_cols = plan->model.vocab_size,
      .x = t->logits_part,
      .parts = t->logits_parts,
      .y = t->logits,
  };
}

/* ---- layers and steps ---- */

static void push_layer(const struct builder *b, const struct step_place *at, int layer)
{
  const struct tmk_plan_tensors *t = b->tensors;
  const struct tmk_layer_tensors *w = &t->layers[(layer - b->plan->share.layer_first) % b->shape->layers_held];
  const int64_t rows = at->seqs * at->q_len;
  /* The first layer follows the embedding, which leaves no delta behind. */
  const int delta = layer == 0 ? TMK_TENSOR_NONE : t->delta;
  push_norm(b, layer, "attn_norm", (struct norm){rows, 1, delta, w->attn_norm, t->normed, layer > 0});
  push_gemm(b, layer, "qkv_proj", rows, (struct gemm_operands){t->normed, w->qkv, w->qkv_bias, t->qkv});
  push_rope_kv(b, at, layer, w);
  push_attention(b, at, layer, w);
  push_gemm(b, layer, "o_proj", rows, (struct gemm_operands){t->attn_out, w->o, w->o_bias, t->delta});
  push_all_reduce(b, layer, "reduce_attn", rows);
  push_norm(b, layer, "mlp_norm", (struct norm){rows, 1, t->delta, w->mlp_norm, t->normed, true});
  push_gemm(b, layer, "gate_up_proj", rows, (struct gemm_operands){t->normed, w->gate_up, w->gate_up_bias, t->gate_up});
  push_op(b, TMK_OP_SWIGLU, layer, "swiglu")->u.swiglu = (struct tmk_op_swiglu){
      .rows = rows,
      .inner = b->plan->share.inner,
      .gate_up = t->gate_up,
      .y = t->act,
  };
  push_gemm(b, layer, "down_proj", rows, (struct gemm_operands){t->act, w->down, w->down_bias, t->delta});
  push_all_reduce(b, layer, "reduce_mlp", rows);
}

static void push_end(const struct builder *b, const struct step_place *at)
{
  const struct tmk_plan_tensors *t = b->tensors;
  push_norm(b, -1, "final_norm", (struct norm){at->seqs, at->q_len, t->delta, t->final_norm, t->final_hidden, false});
  const bool parts = t->logits_part != TMK_TENSOR_NONE;
  push_gemm(b, -1, "lm_head", at->seqs,
            (struct gemm_operands){t->final_hidden, t->lm_head, TMK_TENSOR_NONE, parts ? t->logits_part : t->logits});
  if (parts) push_gather(b, at->seqs);
  push_op(b, TMK_OP_SAMPLE, -1, "sample")->u.sample = (struct tmk_op_sample){
      .rows = at->seqs,
      .vocab = b->plan->model.vocab_size,
      .token_first = at->seq_first,
      .logits = t->logits,
      .tokens = t->tokens_out,
  };
}

static void push_step(const struct builder *b, const struct step_place *at)
{
  struct tmk_plan *plan = b->plan;
  const struct tmk_plan_share *share = &plan->share;
  const bool first = share->pp_rank == 0, last = share->pp_rank == plan->workload.layout.pp - 1;
  const int64_t rows = at->seqs * at->q_len;
  const int first_op = plan->op_count;
  if (first) push_embed(b, at);
  if (!first) push_stage_begin(b, rows);
  for (int64_t layer = share->layer_first; layer < share->layer_first + share->layers; layer++) {
    push_layer(b, at, (int)layer);
  }
  if (!last) push_stage_end(b, rows);
  if (last && at->ends) push_end(b, at);
  plan->steps[plan->step_count++] = (struct tmk_plan_step){
      .first_op = first_op,
      .op_count = plan->op_count - first_op,
      .tokens = rows,
      .prompts = last && at->ends ? at->seqs : 0,
  };
}

void tmk_plan_steps_build(struct tmk_plan *plan, const struct tmk_plan_shape *shape,
                          const struct tmk_plan_tensors *tensors, double rope_scale)
{
  const struct tmk_workload *w = &plan->workload;
  const bool decode = w->phase == TMK_PHASE_DECODE;
  const int64_t length = decode ? 1 : w->input_len; /* new tokens a sequence in the pass */
  const struct builder b = {plan, shape, tensors, rope_scale, 1.0 / sqrt((double)plan->model.head_dim)};
  const int64_t seqs = plan->share.seqs;
  for (int64_t i = 0, seq = 0, end; seq < seqs; seq = end, i++) {
    end = decode ? seqs * (i + 1) / shape->steps : min_int64(seq + shape->prompts_per_step, seqs);
    for (int64_t done = 0; done < length; done += shape->q_len_max) {
      const struct step_place at = {
          .seqs = end - seq,
          .q_len = min_int64(shape->q_len_max, length - done),
          .seq_first = seq,
          .past = decode ? w->context : done,
          .token_first = seq * length + done,
          .ends = done + shape->q_len_max >= length,
      };
      push_step(&b, &at);
    }
  }
  push_tokens_back(&b);
}
