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

int64_t tmk_plan_step_ops(int64_t layers)
{
  return 1 + 9 * layers + 3;
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
      .heads_q = m->num_attention_heads,
      .heads_kv = m->num_key_value_heads,
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
      .heads_q = m->num_attention_heads,
      .heads_kv = m->num_key_value_heads,
      .head_dim = m->head_dim,
      .window = tmk_model_layer_window(m, layer),
      .scale = b->softmax_scale,
      .q = b->tensors->q,
      .k_cache = w->k_cache,
      .v_cache = w->v_cache,
      .out = b->tensors->attn_out,
  };
}

static void push_layer(const struct builder *b, const struct step_place *at, int layer)
{
  const struct tmk_plan_tensors *t = b->tensors;
  const struct tmk_layer_tensors *w = &t->layers[layer % b->shape->layers_held];
  const int64_t rows = at->seqs * at->q_len;
  /* The first layer follows the embedding, which leaves no delta behind. */
  const int delta = layer == 0 ? TMK_TENSOR_NONE : t->delta;
  push_norm(b, layer, "attn_norm", (struct norm){rows, 1, delta, w->attn_norm, t->normed, layer > 0});
  push_gemm(b, layer, "qkv_proj", rows, (struct gemm_operands){t->normed, w->qkv, w->qkv_bias, t->qkv});
  push_rope_kv(b, at, layer, w);
  push_attention(b, at, layer, w);
  push_gemm(b, layer, "o_proj", rows, (struct gemm_operands){t->attn_out, w->o, w->o_bias, t->delta});
  push_norm(b, layer, "mlp_norm", (struct norm){rows, 1, t->delta, w->mlp_norm, t->normed, true});
  push_gemm(b, layer, "gate_up_proj", rows, (struct gemm_operands){t->normed, w->gate_up, w->gate_up_bias, t->gate_up});
  push_op(b, TMK_OP_SWIGLU, layer, "swiglu")->u.swiglu = (struct tmk_op_swiglu){
      .rows = rows,
      .inner = b->plan->model.intermediate_size,
      .gate_up = t->gate_up,
      .y = t->act,
  };
  push_gemm(b, layer, "down_proj", rows, (struct gemm_operands){t->act, w->down, w->down_bias, t->delta});
}

static void push_end(const struct builder *b, const struct step_place *at)
{
  const struct tmk_plan_tensors *t = b->tensors;
  push_norm(b, -1, "final_norm", (struct norm){at->seqs, at->q_len, t->delta, t->final_norm, t->final_hidden, false});
  push_gemm(b, -1, "lm_head", at->seqs,
            (struct gemm_operands){t->final_hidden, t->lm_head, TMK_TENSOR_NONE, t->logits});
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
  const int first_op = plan->op_count;
  push_embed(b, at);
  for (int layer = 0; layer < (int)plan->model.num_hidden_layers; layer++) push_layer(b, at, layer);
  if (at->ends) push_end(b, at);
  plan->steps[plan->step_count++] = (struct tmk_plan_step){
      .first_op = first_op,
      .op_count = plan->op_count - first_op,
      .tokens = at->seqs * at->q_len,
      .prompts = at->ends ? at->seqs : 0,
  };
}

void tmk_plan_steps_build(struct tmk_plan *plan, const struct tmk_plan_shape *shape,
                          const struct tmk_plan_tensors *tensors, double rope_scale)
{
  const struct tmk_workload *w = &plan->workload;
  const bool decode = w->phase == TMK_PHASE_DECODE;
  const int64_t length = decode ? 1 : w->input_len; /* new tokens a sequence in the pass */
  const struct builder b = {plan, shape, tensors, rope_scale, 1.0 / sqrt((double)plan->model.head_dim)};
  for (int64_t seq = 0; seq < w->batch; seq += shape->prompts_per_step) {
    for (int64_t done = 0; done < length; done += shape->q_len_max) {
      const struct step_place at = {
          .seqs = min_int64(shape->prompts_per_step, w->batch - seq),
          .q_len = min_int64(shape->q_len_max, length - done),
          .seq_first = seq,
          .past = decode ? w->context : done,
          .token_first = seq * length + done,
          .ends = done + shape->q_len_max >= length,
      };
      push_step(&b, &at);
    }
  }
}
