/* plan.c: (model, workload) → steps and operations of one pass (include/tokmark/plan.h).
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
#include <stdlib.h>

#include "plan_parts.h"

enum { OPS_PER_LAYER = 9, OPS_EMBED = 1, OPS_END = 3 };

#define BATCH_MAX     65536
#define DIMENSION_MAX ((int64_t)1 << 30)
#define VOCAB_MAX     ((int64_t)1 << 24) /* token ids are exact as floats: tmk_tensor_fill */
#define LL(value)     ((long long)(value))

static int64_t min_int64(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

static int64_t divide_up(int64_t a, int64_t b)
{
  return (a + b - 1) / b;
}

/* ---- checks ---- */

static enum tmk_status check_range(const char *what, int64_t value, int64_t min, int64_t max, struct tmk_error *err)
{
  if (value >= min && value <= max) return TMK_OK;
  return tmk_fail(err, TMK_ERR_USAGE, "%s %lld: must be %lld..%lld", what, LL(value), LL(min), LL(max));
}

/* model_config.c lets nothing else pass; a plan made by hand gets the same answer instead of an overflow. */
static enum tmk_status check_model(const struct tmk_model *m, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct {
    const char *name;
    int64_t value, max;
  } dimensions[] = {
      {"vocab_size", m->vocab_size, VOCAB_MAX},
      {"hidden_size", m->hidden_size, DIMENSION_MAX},
      {"num_hidden_layers", m->num_hidden_layers, DIMENSION_MAX},
      {"num_attention_heads", m->num_attention_heads, DIMENSION_MAX >> 10},
      {"num_key_value_heads", m->num_key_value_heads, m->num_attention_heads},
      {"head_dim", m->head_dim, DIMENSION_MAX >> 10},
      {"intermediate_size", m->intermediate_size, DIMENSION_MAX},
  };
  char reason[256];
  if (!tmk_model_is_runnable(m, reason, sizeof reason)) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "%s: %s", m->name, reason);
  }
  for (size_t i = 0; i < sizeof dimensions / sizeof dimensions[0]; i++) {
    TMK_TRY(check_range(dimensions[i].name, dimensions[i].value, 1, dimensions[i].max, err));
  }
  if (m->num_attention_heads % m->num_key_value_heads != 0) {
    return tmk_fail(err, TMK_ERR_USAGE, "num_key_value_heads %lld: must divide num_attention_heads %lld",
                    LL(m->num_key_value_heads), LL(m->num_attention_heads));
  }
  if (m->rope.rotary_dim < 2 || m->rope.rotary_dim > m->head_dim || m->rope.rotary_dim % 2 != 0) {
    return tmk_fail(err, TMK_ERR_USAGE, "rotary_dim %lld: must be even and 2..%lld", LL(m->rope.rotary_dim),
                    LL(m->head_dim));
  }
out:
  return status;
}

static bool is_float(enum tmk_dtype dtype)
{
  return dtype > TMK_DTYPE_NONE && dtype < TMK_DTYPE_COUNT && dtype != TMK_DTYPE_I8 && dtype != TMK_DTYPE_I32;
}

static enum tmk_status check_dtype(const char *what, enum tmk_dtype dtype, struct tmk_error *err)
{
  if (is_float(dtype)) return TMK_OK;
  return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be a floating-point type", what, tmk_dtype_name(dtype));
}

static enum tmk_status check_workload(const struct tmk_workload *w, const struct tmk_model *m, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(check_range("--batch", w->batch, 1, BATCH_MAX, err));
  switch (w->phase) {
  case TMK_PHASE_DECODE: TMK_TRY(check_range("--context", w->context, 0, TMK_KV_POSITIONS - 1, err)); break;
  case TMK_PHASE_PREFILL:
    TMK_TRY(check_range("--input-len", w->input_len, 1, TMK_KV_POSITIONS, err));
    TMK_TRY(check_range("--prefill-chunk", w->prefill_chunk, 1, INT64_MAX, err));
    break;
  default:
    return tmk_fail(err, TMK_ERR_USAGE, "phase %s: has no plan of its own; must be decode or prefill",
                    tmk_phase_name(w->phase));
  }
  if (w->layers_held != 0) TMK_TRY(check_range("--layers", w->layers_held, 1, m->num_hidden_layers, err));
  TMK_TRY(check_dtype("--dtype", w->weight_dtype, err));
  TMK_TRY(check_dtype("--kv-dtype", w->kv_dtype, err));
  const struct {
    const char *name;
    int value;
  } parallel[] = {{"tp", w->layout.tp}, {"pp", w->layout.pp}, {"dp", w->layout.dp}};
  for (size_t i = 0; i < sizeof parallel / sizeof parallel[0]; i++) {
    if (parallel[i].value == 1) continue;
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "%s %d: only %s 1 is supported yet", parallel[i].name, parallel[i].value,
                    parallel[i].name);
  }
out:
  return status;
}

/* ---- shape of the pass ---- */

static enum tmk_status shape_pass(const struct tmk_plan_args *args, struct tmk_plan_shape *shape, struct tmk_error *err)
{
  const struct tmk_workload *w = args->workload;
  const int64_t layers = args->model->num_hidden_layers;
  int64_t needed;
  if (w->phase == TMK_PHASE_DECODE) {
    *shape = (struct tmk_plan_shape){
        .q_len_max = 1, .prompts_per_step = w->batch, .rows_max = w->batch, .tokens = w->batch, .steps = 1};
    needed = w->context + 1;
  } else {
    const bool whole = w->input_len <= w->prefill_chunk;
    shape->q_len_max = whole ? w->input_len : w->prefill_chunk;
    shape->prompts_per_step = whole ? min_int64(w->prefill_chunk / w->input_len, w->batch) : 1;
    shape->rows_max = shape->prompts_per_step * shape->q_len_max;
    shape->tokens = w->batch * w->input_len;
    shape->steps =
        whole ? divide_up(w->batch, shape->prompts_per_step) : w->batch * divide_up(w->input_len, w->prefill_chunk);
    needed = w->input_len;
  }
  shape->positions = args->kv_positions ? args->kv_positions : needed;
  shape->layers_held = w->layers_held ? w->layers_held : layers;
  if (shape->positions < needed || shape->positions > TMK_KV_POSITIONS) {
    return tmk_fail(err, TMK_ERR_USAGE, "KV cache of %lld positions: must be %lld..%lld", LL(shape->positions),
                    LL(needed), LL(TMK_KV_POSITIONS));
  }
  /* No overflow: batch ≤ 2^16, chunks of a prompt ≤ 2^24, layers ≤ 2^30 are multiplied only below the limit. */
  const int64_t per_step = OPS_EMBED + OPS_PER_LAYER * layers + OPS_END;
  if (shape->steps > TMK_PLAN_MAX_OPS / per_step) {
    return tmk_fail(err, TMK_ERR_USAGE,
                    "%lld steps of %lld operations: a pass can have %lld operations; take fewer or shorter prompts or "
                    "a larger --prefill-chunk",
                    LL(shape->steps), LL(per_step), LL(TMK_PLAN_MAX_OPS));
  }
  return TMK_OK;
}

/* ---- operations ---- */

/* A step while its operations are listed. */
struct step_place {
  int64_t seqs, q_len, seq_first, past;
  int64_t token_first; /* of its rows in the tokens of the pass */
  bool ends;           /* its sequences' prompts end here: LM head and sampling follow */
};

static struct tmk_op *push_op(struct tmk_plan *plan, enum tmk_op_kind kind, int layer, const char *label)
{
  struct tmk_op *op = &plan->ops[plan->op_count++];
  *op = (struct tmk_op){.kind = kind, .layer = layer, .step = plan->step_count, .label = label};
  return op;
}

struct gemm_operands {
  int x, weight, bias, y;
};

static void push_gemm(struct tmk_plan *plan, int layer, const char *label, int64_t m, struct gemm_operands operands)
{
  const int64_t *weight_dims = plan->tensors[operands.weight].dims;
  push_op(plan, TMK_OP_GEMM, layer, label)->u.gemm = (struct tmk_op_gemm){
      .m = m,
      .n = weight_dims[0],
      .k = weight_dims[1],
      .x = operands.x,
      .weight = operands.weight,
      .bias = operands.bias,
      .y = operands.y,
  };
}

static void push_attention_block(struct tmk_plan *plan, int layer, const struct step_place *at,
                                 const struct tmk_plan_tensors *t, const struct tmk_layer_tensors *w, double rope_scale,
                                 double softmax_scale)
{
  const struct tmk_model *m = &plan->model;
  const int64_t rows = at->seqs * at->q_len;
  const int delta = layer == 0 ? TMK_TENSOR_NONE : t->delta;
  push_op(plan, TMK_OP_RMSNORM, layer, "attn_norm")->u.rmsnorm =
      (struct tmk_op_rmsnorm){.rows = rows,
                              .hidden = m->hidden_size,
                              .row_group = 1,
                              .eps = m->rms_norm_eps,
                              .write_residual = delta != TMK_TENSOR_NONE,
                              .residual = t->residual,
                              .delta = delta,
                              .weight = w->attn_norm,
                              .y = t->normed};
  push_gemm(plan, layer, "qkv_proj", rows, (struct gemm_operands){t->normed, w->qkv, w->qkv_bias, t->qkv});
  push_op(plan, TMK_OP_ROPE_KV, layer, "rope_kv")->u.rope_kv =
      (struct tmk_op_rope_kv){.seqs = at->seqs,
                              .q_len = at->q_len,
                              .seq_first = at->seq_first,
                              .past = at->past,
                              .heads_q = m->num_attention_heads,
                              .heads_kv = m->num_key_value_heads,
                              .head_dim = m->head_dim,
                              .rotary_dim = m->rope.rotary_dim,
                              .eps = m->rms_norm_eps,
                              .rope_scale = rope_scale,
                              .qkv = t->qkv,
                              .inv_freq = t->inv_freq,
                              .q_norm = w->q_norm,
                              .k_norm = w->k_norm,
                              .q = t->q,
                              .k_cache = w->k_cache,
                              .v_cache = w->v_cache};
  push_op(plan, TMK_OP_ATTENTION, layer, "attention")->u.attention =
      (struct tmk_op_attention){.seqs = at->seqs,
                                .q_len = at->q_len,
                                .seq_first = at->seq_first,
                                .past = at->past,
                                .heads_q = m->num_attention_heads,
                                .heads_kv = m->num_key_value_heads,
                                .head_dim = m->head_dim,
                                .window = tmk_model_layer_window(m, layer),
                                .scale = softmax_scale,
                                .q = t->q,
                                .k_cache = w->k_cache,
                                .v_cache = w->v_cache,
                                .out = t->attn_out};
  push_gemm(plan, layer, "o_proj", rows, (struct gemm_operands){t->attn_out, w->o, w->o_bias, t->delta});
}

static void push_mlp_block(struct tmk_plan *plan, int layer, int64_t rows, const struct tmk_plan_tensors *t,
                           const struct tmk_layer_tensors *w)
{
  const struct tmk_model *m = &plan->model;
  push_op(plan, TMK_OP_RMSNORM, layer, "mlp_norm")->u.rmsnorm = (struct tmk_op_rmsnorm){.rows = rows,
                                                                                        .hidden = m->hidden_size,
                                                                                        .row_group = 1,
                                                                                        .eps = m->rms_norm_eps,
                                                                                        .write_residual = true,
                                                                                        .residual = t->residual,
                                                                                        .delta = t->delta,
                                                                                        .weight = w->mlp_norm,
                                                                                        .y = t->normed};
  push_gemm(plan, layer, "gate_up_proj", rows,
            (struct gemm_operands){t->normed, w->gate_up, w->gate_up_bias, t->gate_up});
  push_op(plan, TMK_OP_SWIGLU, layer, "swiglu")->u.swiglu =
      (struct tmk_op_swiglu){.rows = rows, .inner = m->intermediate_size, .gate_up = t->gate_up, .y = t->act};
  push_gemm(plan, layer, "down_proj", rows, (struct gemm_operands){t->act, w->down, w->down_bias, t->delta});
}

static void push_end(struct tmk_plan *plan, const struct step_place *at, const struct tmk_plan_tensors *t)
{
  const struct tmk_model *m = &plan->model;
  push_op(plan, TMK_OP_RMSNORM, -1, "final_norm")->u.rmsnorm = (struct tmk_op_rmsnorm){.rows = at->seqs,
                                                                                       .hidden = m->hidden_size,
                                                                                       .row_group = at->q_len,
                                                                                       .eps = m->rms_norm_eps,
                                                                                       .write_residual = false,
                                                                                       .residual = t->residual,
                                                                                       .delta = t->delta,
                                                                                       .weight = t->final_norm,
                                                                                       .y = t->final_hidden};
  push_gemm(plan, -1, "lm_head", at->seqs,
            (struct gemm_operands){t->final_hidden, t->lm_head, TMK_TENSOR_NONE, t->logits});
  push_op(plan, TMK_OP_SAMPLE, -1, "sample")->u.sample = (struct tmk_op_sample){.rows = at->seqs,
                                                                                .vocab = m->vocab_size,
                                                                                .token_first = at->seq_first,
                                                                                .logits = t->logits,
                                                                                .tokens = t->tokens_out};
}

static void push_step(struct tmk_plan *plan, const struct step_place *at, const struct tmk_plan_shape *shape,
                      const struct tmk_plan_tensors *t, double rope_scale)
{
  const struct tmk_model *m = &plan->model;
  const int64_t rows = at->seqs * at->q_len;
  const int first_op = plan->op_count;
  const double softmax_scale = 1.0 / sqrt((double)m->head_dim);
  push_op(plan, TMK_OP_EMBED, -1, "embed")->u.embed = (struct tmk_op_embed){.rows = rows,
                                                                            .hidden = m->hidden_size,
                                                                            .vocab = m->vocab_size,
                                                                            .token_first = at->token_first,
                                                                            .tokens = t->tokens,
                                                                            .weight = t->embedding,
                                                                            .x = t->residual};
  for (int layer = 0; layer < (int)m->num_hidden_layers; layer++) {
    const struct tmk_layer_tensors *weights = &t->layers[layer % shape->layers_held];
    push_attention_block(plan, layer, at, t, weights, rope_scale, softmax_scale);
    push_mlp_block(plan, layer, rows, t, weights);
  }
  if (at->ends) push_end(plan, at, t);
  plan->steps[plan->step_count++] = (struct tmk_plan_step){
      .first_op = first_op, .op_count = plan->op_count - first_op, .tokens = rows, .prompts = at->ends ? at->seqs : 0};
}

static void push_steps(struct tmk_plan *plan, const struct tmk_plan_shape *shape, const struct tmk_plan_tensors *t,
                       double rope_scale)
{
  const struct tmk_workload *w = &plan->workload;
  const bool decode = w->phase == TMK_PHASE_DECODE;
  const int64_t length = decode ? 1 : w->input_len; /* new tokens a sequence in the pass */
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
      push_step(plan, &at, shape, t, rope_scale);
    }
  }
}

/* ---- exported ---- */

enum tmk_status tmk_plan_create(const struct tmk_plan_args *args, struct tmk_plan **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_plan *plan = NULL;
  struct tmk_plan_shape shape = {0};
  struct tmk_plan_tensors tensors = {0};
  double rope_scale;
  *out = NULL;
  TMK_TRY(check_model(args->model, err));
  TMK_TRY(check_workload(args->workload, args->model, err));
  TMK_TRY(check_dtype("activation dtype", args->act_dtype, err));
  TMK_TRY(shape_pass(args, &shape, err));

  plan = calloc(1, sizeof *plan);
  if (plan) {
    const size_t per_step = OPS_EMBED + OPS_PER_LAYER * (size_t)args->model->num_hidden_layers + OPS_END;
    plan->ops = calloc((size_t)shape.steps * per_step, sizeof *plan->ops);
    plan->steps = calloc((size_t)shape.steps, sizeof *plan->steps);
  }
  if (!plan || !plan->ops || !plan->steps) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory: plan of %lld steps", LL(shape.steps));
    goto out;
  }
  plan->model = *args->model;
  plan->workload = *args->workload;
  plan->seed = args->seed;
  plan->act_dtype = args->act_dtype;
  TMK_TRY(tmk_plan_tensors_build(plan, &shape, &tensors, err));
  tmk_rope_frequencies(&plan->model.rope, plan->constants, &rope_scale);
  push_steps(plan, &shape, &tensors, rope_scale);
  *out = plan;
  plan = NULL;
out:
  free(tensors.layers);
  tmk_plan_destroy(plan);
  return status;
}

void tmk_plan_destroy(struct tmk_plan *plan)
{
  if (!plan) return;
  free(plan->constants);
  free(plan->steps);
  free(plan->ops);
  free(plan->tensors);
  free(plan);
}

static int64_t add_saturating(int64_t a, int64_t b)
{
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

struct tmk_plan_memory tmk_plan_memory_needed(const struct tmk_plan *plan)
{
  struct tmk_plan_memory memory = {0};
  for (int i = 0; i < plan->tensor_count; i++) {
    const struct tmk_tensor *tensor = &plan->tensors[i];
    int64_t *kind = &memory.activation_bytes;
    if (tensor->role == TMK_ROLE_WEIGHT) kind = &memory.weight_bytes;
    if (tensor->role == TMK_ROLE_KV_CACHE) kind = &memory.kv_bytes;
    *kind = add_saturating(*kind, tmk_tensor_bytes(tensor));
  }
  memory.total_bytes = add_saturating(memory.weight_bytes, add_saturating(memory.kv_bytes, memory.activation_bytes));
  return memory;
}
