/* plan_tensors.c: the tensors of a plan: names, fill identities, shapes and the scales of their contents.
 *
 * Fill identity. id = (layer + 1) << 8 | slot, layer −1 for what stands outside the layers, slot from the list below. It is
 * part of what makes runs comparable: a slot keeps its number for ever, new ones are added behind the last.
 *
 * Contents. Uniform in offset ± scale has variance scale²/3. A projection of k inputs with scale sqrt(3/k) has weights of
 * variance 1/k, so its outputs have the mean square of its inputs, whatever k. Norms give outputs of mean square about 1
 * (weights 1 ± 0.1), the embedding starts the residual at mean square 1, keys and values in the cache have mean square 1 as
 * fresh ones have, and every layer adds at most about 1 (attention: a mean of values, ≤ 1) + 0.4 (E[silu(g)²] E[u²] for
 * unit normal g, u) to the residual's mean square. So it stays finite and of order sqrt(layers).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan_parts.h"

enum slot {
  SLOT_TOKENS = 0,
  SLOT_EMBEDDING = 1,
  SLOT_FINAL_NORM = 2,
  SLOT_LM_HEAD = 3,
  SLOT_ATTN_NORM = 16,
  SLOT_QKV = 17,
  SLOT_QKV_BIAS = 18,
  SLOT_Q_NORM = 19,
  SLOT_K_NORM = 20,
  SLOT_O = 21,
  SLOT_O_BIAS = 22,
  SLOT_MLP_NORM = 23,
  SLOT_GATE_UP = 24,
  SLOT_GATE_UP_BIAS = 25,
  SLOT_DOWN = 26,
  SLOT_DOWN_BIAS = 27,
  SLOT_K_CACHE = 28,
  SLOT_V_CACHE = 29,
  /* Computed, not filled, unless a plan of one operation makes them its inputs. */
  SLOT_RESIDUAL = 64,
  SLOT_NORMED = 65,
  SLOT_QKV_OUT = 66,
  SLOT_Q = 67,
  SLOT_ATTN_OUT = 68,
  SLOT_DELTA = 69,
  SLOT_GATE_UP_OUT = 70,
  SLOT_ACT = 71,
  SLOT_FINAL_HIDDEN = 72,
  SLOT_LOGITS = 73,
  SLOT_TOKENS_OUT = 74,
  SLOT_INV_FREQ = 75,
  SLOT_LOGITS_PART = 76,
  SLOT_LOGITS_PARTS = 77,
};

/* Tensors a held layer has at most, and those outside the layers. */
enum { TENSORS_PER_LAYER = 14, TENSORS_SHARED = 18 };

#define NORM_OFFSET 1.0f
#define NORM_SCALE  0.1f
#define BIAS_SCALE  0.1f
/* sqrt(3): variance 1. */
#define UNIT_SCALE 1.7320508f

/* A tensor of rank 1 or 2 that is held whole; `cols` 0 means rank 1. */
struct spec {
  const char *name;
  int layer; /* −1 outside the layers */
  enum slot slot;
  enum tmk_tensor_role role;
  enum tmk_dtype dtype;
  int64_t rows, cols;
  float offset, scale;
};

/* Embedding, LM head, norms and biases stay at 16 bits or more: see plan.h. */
static enum tmk_dtype plain_dtype(const struct tmk_plan *plan)
{
  const enum tmk_dtype weight = plan->workload.weight_dtype;
  return tmk_dtype_get(weight)->bits < 16 ? TMK_DTYPE_BF16 : weight;
}

static int add_tensor(struct tmk_plan *plan, const struct spec *spec)
{
  struct tmk_tensor *tensor = &plan->tensors[plan->tensor_count];
  *tensor = (struct tmk_tensor){
      .id = (uint64_t)(spec->layer + 1) << 8 | (uint64_t)spec->slot,
      .role = spec->role,
      .dtype = spec->dtype,
      .rank = spec->cols ? 2 : 1,
      .dims = {spec->rows, spec->cols},
      .global_dims = {spec->rows, spec->cols},
      .fill_offset = spec->offset,
      .fill_scale = spec->scale,
  };
  if (spec->layer < 0) {
    snprintf(tensor->name, sizeof tensor->name, "%s", spec->name);
  } else {
    snprintf(tensor->name, sizeof tensor->name, "layer%d.%s", spec->layer, spec->name);
  }
  return plan->tensor_count++;
}

static int add_norm(struct tmk_plan *plan, const char *name, int layer, enum slot slot, int64_t size)
{
  return add_tensor(plan, &(struct spec){.name = name,
                                         .layer = layer,
                                         .slot = slot,
                                         .role = TMK_ROLE_WEIGHT,
                                         .dtype = plain_dtype(plan),
                                         .rows = size,
                                         .offset = NORM_OFFSET,
                                         .scale = NORM_SCALE});
}

static int add_bias(struct tmk_plan *plan, const char *name, int layer, enum slot slot, int64_t size)
{
  return add_tensor(plan, &(struct spec){.name = name,
                                         .layer = layer,
                                         .slot = slot,
                                         .role = TMK_ROLE_WEIGHT,
                                         .dtype = plain_dtype(plan),
                                         .rows = size,
                                         .scale = BIAS_SCALE});
}

/* What is wanted of a matrix. */
struct matrix {
  const char *name;
  enum slot slot;
  int64_t rows, cols;
};

/* A projection from `cols` inputs to `rows` outputs: those of the layers in the workload's weight dtype, the LM head in the
 * plain one. */
static int add_projection(struct tmk_plan *plan, int layer, struct matrix matrix)
{
  return add_tensor(plan, &(struct spec){.name = matrix.name,
                                         .layer = layer,
                                         .slot = matrix.slot,
                                         .role = TMK_ROLE_WEIGHT,
                                         .dtype = layer < 0 ? plain_dtype(plan) : plan->workload.weight_dtype,
                                         .rows = matrix.rows,
                                         .cols = matrix.cols,
                                         .scale = (float)sqrt(3.0 / (double)matrix.cols)});
}

/* ---- shares ---- */

struct range {
  int64_t first, count;
};

/* Leaves a tensor with the rows of the ranges, which rise. */
static void keep_rows(struct tmk_tensor *tensor, const struct range *ranges, int count)
{
  int gaps = 0;
  int64_t rows = ranges[0].count;
  for (int i = 1; i < count; i++) {
    const int64_t left_out = ranges[i].first - (ranges[i - 1].first + ranges[i - 1].count);
    if (left_out > 0) tensor->gaps[gaps++] = (struct tmk_row_gap){rows, left_out};
    rows += ranges[i].count;
  }
  tensor->origin[0] = ranges[0].first;
  tensor->dims[0] = rows;
}

static void keep_columns(struct tmk_tensor *tensor, struct range range)
{
  tensor->origin[1] = range.first;
  tensor->dims[1] = range.count;
}

/* Rows of the fused q, k and v projection: this rank's heads of each. */
static void keep_heads(struct tmk_plan *plan, int tensor)
{
  const struct tmk_model *m = &plan->model;
  const struct tmk_plan_share *s = &plan->share;
  const int64_t d = m->head_dim, k = m->num_attention_heads * d, v = k + m->num_key_value_heads * d;
  keep_rows(&plan->tensors[tensor],
            (struct range[]){{s->q_first * d, s->heads_q * d},
                             {k + s->kv_first * d, s->heads_kv * d},
                             {v + s->kv_first * d, s->heads_kv * d}},
            3);
}

/* Rows of the fused gate and up projection. */
static void keep_inner(struct tmk_plan *plan, int tensor)
{
  const struct tmk_plan_share *s = &plan->share;
  keep_rows(&plan->tensors[tensor],
            (struct range[]){{s->inner_first, s->inner}, {plan->model.intermediate_size + s->inner_first, s->inner}},
            2);
}

static int add_activation(struct tmk_plan *plan, struct matrix matrix)
{
  return add_tensor(plan, &(struct spec){.name = matrix.name,
                                         .layer = -1,
                                         .slot = matrix.slot,
                                         .role = TMK_ROLE_ACTIVATION,
                                         .dtype = plan->act_dtype,
                                         .rows = matrix.rows,
                                         .cols = matrix.cols,
                                         .scale = UNIT_SCALE});
}

/* Token ids: a vector. `first` is where it starts in the whole batch's. */
static int add_tokens(struct tmk_plan *plan, const char *name, enum slot slot, enum tmk_tensor_role role, int64_t first,
                      int64_t count)
{
  const int index = add_tensor(
      plan,
      &(struct spec){.name = name, .layer = -1, .slot = slot, .role = role, .dtype = TMK_DTYPE_I32, .rows = count});
  plan->tensors[index].fill_vocab = plan->model.vocab_size;
  plan->tensors[index].origin[0] = first;
  plan->tensors[index].global_dims[0] = count / plan->share.seqs * plan->workload.batch;
  return index;
}

/* [sequences, positions, heads_kv, head_dim]. The whole has TMK_KV_POSITIONS, so that what stands at a position does not
 * depend on the capacity. */
static int add_cache(struct tmk_plan *plan, const char *name, int layer, enum slot slot, int64_t positions)
{
  const struct tmk_model *model = &plan->model;
  const int index = add_tensor(plan, &(struct spec){.name = name,
                                                    .layer = layer,
                                                    .slot = slot,
                                                    .role = TMK_ROLE_KV_CACHE,
                                                    .dtype = plan->workload.kv_dtype,
                                                    .rows = plan->share.seqs,
                                                    .cols = positions,
                                                    .scale = UNIT_SCALE});
  struct tmk_tensor *tensor = &plan->tensors[index];
  tensor->rank = 4;
  tensor->dims[2] = plan->share.heads_kv;
  tensor->dims[3] = tensor->global_dims[3] = model->head_dim;
  tensor->origin[0] = plan->share.seq_first;
  tensor->origin[2] = plan->share.kv_first;
  tensor->global_dims[0] = plan->workload.batch;
  tensor->global_dims[1] = TMK_KV_POSITIONS;
  tensor->global_dims[2] = model->num_key_value_heads;
  return index;
}

static struct tmk_layer_tensors add_layer(struct tmk_plan *plan, int layer, int64_t positions)
{
  const struct tmk_model *m = &plan->model;
  const int64_t hidden = m->hidden_size, inner = m->intermediate_size, head = m->head_dim;
  const int64_t q_size = m->num_attention_heads * head, qkv_size = q_size + 2 * m->num_key_value_heads * head;
  struct tmk_layer_tensors t = {.qkv_bias = TMK_TENSOR_NONE,
                                .q_norm = TMK_TENSOR_NONE,
                                .k_norm = TMK_TENSOR_NONE,
                                .o_bias = TMK_TENSOR_NONE,
                                .gate_up_bias = TMK_TENSOR_NONE,
                                .down_bias = TMK_TENSOR_NONE};
  t.attn_norm = add_norm(plan, "attn_norm.weight", layer, SLOT_ATTN_NORM, hidden);
  t.qkv = add_projection(plan, layer, (struct matrix){"qkv_proj.weight", SLOT_QKV, qkv_size, hidden});
  t.o = add_projection(plan, layer, (struct matrix){"o_proj.weight", SLOT_O, hidden, q_size});
  t.mlp_norm = add_norm(plan, "mlp_norm.weight", layer, SLOT_MLP_NORM, hidden);
  t.gate_up = add_projection(plan, layer, (struct matrix){"gate_up_proj.weight", SLOT_GATE_UP, 2 * inner, hidden});
  t.down = add_projection(plan, layer, (struct matrix){"down_proj.weight", SLOT_DOWN, hidden, inner});
  if (m->qkv_bias) t.qkv_bias = add_bias(plan, "qkv_proj.bias", layer, SLOT_QKV_BIAS, qkv_size);
  if (m->qk_norm) t.q_norm = add_norm(plan, "q_norm.weight", layer, SLOT_Q_NORM, head);
  if (m->qk_norm) t.k_norm = add_norm(plan, "k_norm.weight", layer, SLOT_K_NORM, head);
  /* What is summed over ranks has its bias on one of them. */
  const bool first = plan->share.tp_rank == 0;
  if (m->o_bias && first) t.o_bias = add_bias(plan, "o_proj.bias", layer, SLOT_O_BIAS, hidden);
  if (m->mlp_bias) t.gate_up_bias = add_bias(plan, "gate_up_proj.bias", layer, SLOT_GATE_UP_BIAS, 2 * inner);
  if (m->mlp_bias && first) t.down_bias = add_bias(plan, "down_proj.bias", layer, SLOT_DOWN_BIAS, hidden);
  keep_heads(plan, t.qkv);
  if (m->qkv_bias) keep_heads(plan, t.qkv_bias);
  keep_inner(plan, t.gate_up);
  if (m->mlp_bias) keep_inner(plan, t.gate_up_bias);
  keep_columns(&plan->tensors[t.o], (struct range){plan->share.q_first * head, plan->share.heads_q * head});
  keep_columns(&plan->tensors[t.down], (struct range){plan->share.inner_first, plan->share.inner});
  t.k_cache = add_cache(plan, "k_cache", layer, SLOT_K_CACHE, positions);
  t.v_cache = add_cache(plan, "v_cache", layer, SLOT_V_CACHE, positions);
  return t;
}

static int add_embedding(struct tmk_plan *plan, const char *name)
{
  return add_tensor(plan, &(struct spec){.name = name,
                                         .layer = -1,
                                         .slot = SLOT_EMBEDDING,
                                         .role = TMK_ROLE_WEIGHT,
                                         .dtype = plain_dtype(plan),
                                         .rows = plan->model.vocab_size,
                                         .cols = plan->model.hidden_size,
                                         .scale = UNIT_SCALE});
}

static int add_logits(struct tmk_plan *plan, struct matrix matrix, enum tmk_tensor_role role)
{
  const int index = add_activation(plan, matrix);
  plan->tensors[index].role = role;
  plan->tensors[index].dtype = TMK_DTYPE_F32;
  return index;
}

/* What only the last stage has. A tied head is the embedding itself where this rank holds all of it, else a copy of its share. */
static void add_head(struct tmk_plan *plan, const struct tmk_plan_shape *shape, struct tmk_plan_tensors *t)
{
  const struct tmk_model *m = &plan->model;
  const struct tmk_plan_share *share = &plan->share;
  const int64_t prompts = shape->prompts_per_step;
  const int tp = plan->workload.layout.tp;
  t->logits = add_logits(plan, (struct matrix){"logits", SLOT_LOGITS, prompts, m->vocab_size}, TMK_ROLE_OUTPUT);
  plan->logits = t->logits;
  if (tp > 1) {
    t->logits_part = add_logits(plan, (struct matrix){"logits_part", SLOT_LOGITS_PART, prompts, share->vocab},
                                TMK_ROLE_ACTIVATION);
    t->logits_parts = add_logits(plan, (struct matrix){"logits_parts", SLOT_LOGITS_PARTS, tp * prompts, share->vocab},
                                 TMK_ROLE_ACTIVATION);
  }
  t->final_norm = add_norm(plan, "final_norm.weight", -1, SLOT_FINAL_NORM, m->hidden_size);
  t->lm_head = t->embedding;
  if (m->tie_word_embeddings && tp == 1 && t->embedding != TMK_TENSOR_NONE) return;
  t->lm_head = m->tie_word_embeddings
                   ? add_embedding(plan, "lm_head.weight")
                   : add_projection(plan, -1, (struct matrix){"lm_head.weight", SLOT_LM_HEAD, m->vocab_size, m->hidden_size});
  keep_rows(&plan->tensors[t->lm_head], &(struct range){share->vocab_first, share->vocab}, 1);
}

static void add_inputs_and_outputs(struct tmk_plan *plan, const struct tmk_plan_shape *shape,
                                   struct tmk_plan_tensors *t)
{
  const struct tmk_model *m = &plan->model;
  const struct tmk_plan_share *share = &plan->share;
  const bool first = share->pp_rank == 0, last = share->pp_rank == plan->workload.layout.pp - 1;
  const int64_t length = shape->tokens / share->seqs;
  if (first) {
    t->tokens = add_tokens(plan, "tokens", SLOT_TOKENS, TMK_ROLE_INPUT, share->seq_first * length, shape->tokens);
  }
  if (first || last) {
    t->tokens_out = add_tokens(plan, "tokens_out", SLOT_TOKENS_OUT, TMK_ROLE_OUTPUT, share->seq_first, share->seqs);
  }
  plan->tokens_out = t->tokens_out;
  t->inv_freq = add_tensor(plan, &(struct spec){.name = "inv_freq",
                                                .layer = -1,
                                                .slot = SLOT_INV_FREQ,
                                                .role = TMK_ROLE_CONSTANT,
                                                .dtype = TMK_DTYPE_F64,
                                                .rows = m->rope.rotary_dim / 2});
  plan->tensors[t->inv_freq].constant = plan->constants;
  if (first) t->embedding = add_embedding(plan, "embedding.weight");
  if (last) add_head(plan, shape, t);
}

/* Activations of the layers. What the stage before would send is an input where there is nobody to send it. */
static void add_activations(struct tmk_plan *plan, const struct tmk_plan_shape *shape, struct tmk_plan_tensors *t)
{
  const struct tmk_model *m = &plan->model;
  const struct tmk_plan_share *share = &plan->share;
  const int64_t hidden = m->hidden_size, inner = share->inner, rows = shape->rows_max;
  const int64_t q_size = share->heads_q * m->head_dim, qkv_size = q_size + 2 * share->heads_kv * m->head_dim;
  t->residual = add_activation(plan, (struct matrix){"residual", SLOT_RESIDUAL, rows, hidden});
  t->normed = add_activation(plan, (struct matrix){"normed", SLOT_NORMED, rows, hidden});
  t->qkv = add_activation(plan, (struct matrix){"qkv", SLOT_QKV_OUT, rows, qkv_size});
  t->q = add_activation(plan, (struct matrix){"q", SLOT_Q, rows, q_size});
  t->attn_out = add_activation(plan, (struct matrix){"attn_out", SLOT_ATTN_OUT, rows, q_size});
  t->delta = add_activation(plan, (struct matrix){"delta", SLOT_DELTA, rows, hidden});
  t->gate_up = add_activation(plan, (struct matrix){"gate_up", SLOT_GATE_UP_OUT, rows, 2 * inner});
  t->act = add_activation(plan, (struct matrix){"act", SLOT_ACT, rows, inner});
  if (t->logits != TMK_TENSOR_NONE) {
    t->final_hidden =
        add_activation(plan, (struct matrix){"final_hidden", SLOT_FINAL_HIDDEN, shape->prompts_per_step, hidden});
  }
  if (plan->alone && share->pp_rank > 0) {
    plan->tensors[t->residual].role = plan->tensors[t->delta].role = TMK_ROLE_INPUT;
  }
}

enum tmk_status tmk_plan_tensors_build(struct tmk_plan *plan, const struct tmk_plan_shape *shape,
                                       struct tmk_plan_tensors *out, struct tmk_error *err)
{
  const size_t layers = (size_t)shape->layers_held, halves = (size_t)(plan->model.rope.rotary_dim / 2);
  const int none = TMK_TENSOR_NONE;
  *out = (struct tmk_plan_tensors){.tokens = none,
                                   .embedding = none,
                                   .final_norm = none,
                                   .lm_head = none,
                                   .final_hidden = none,
                                   .logits = none,
                                   .tokens_out = none,
                                   .logits_part = none,
                                   .logits_parts = none};
  plan->logits = none;
  plan->tensors = calloc(layers * TENSORS_PER_LAYER + TENSORS_SHARED, sizeof *plan->tensors);
  plan->constants = calloc(halves, sizeof *plan->constants);
  out->layers = calloc(layers, sizeof *out->layers);
  if (!plan->tensors || !plan->constants || !out->layers) {
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: tensor table of %lld layers", (long long)layers);
  }
  add_inputs_and_outputs(plan, shape, out);
  add_activations(plan, shape, out);
  for (int layer = 0; layer < (int)layers; layer++) {
    out->layers[layer] = add_layer(plan, (int)plan->share.layer_first + layer, shape->positions);
  }
  return TMK_OK;
}
