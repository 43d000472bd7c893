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
  /* Never filled: their contents are computed. */
  SLOT_ACTIVATION = 64,
};

/* Tensors a held layer has at most, and those outside the layers. */
enum { TENSORS_PER_LAYER = 14, TENSORS_SHARED = 16 };

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

/* Norm weights and biases. */
static int add_vector(struct tmk_plan *plan, const char *name, int layer, enum slot slot, int64_t size,
                      enum tmk_dtype dtype)
{
  const bool is_norm = slot == SLOT_ATTN_NORM || slot == SLOT_MLP_NORM || slot == SLOT_FINAL_NORM ||
                       slot == SLOT_Q_NORM || slot == SLOT_K_NORM;
  return add_tensor(plan, &(struct spec){name, layer, slot, TMK_ROLE_WEIGHT, dtype, size, 0,
                                         is_norm ? NORM_OFFSET : 0.0f, is_norm ? NORM_SCALE : BIAS_SCALE});
}

/* The weight of a projection from k to n. */
static int add_projection(struct tmk_plan *plan, const char *name, int layer, enum slot slot, int64_t n, int64_t k,
                          enum tmk_dtype dtype)
{
  const float scale = (float)sqrt(3.0 / (double)k);
  return add_tensor(plan, &(struct spec){name, layer, slot, TMK_ROLE_WEIGHT, dtype, n, k, 0.0f, scale});
}

static int add_activation(struct tmk_plan *plan, const char *name, int64_t rows, int64_t cols)
{
  return add_tensor(
      plan, &(struct spec){name, -1, SLOT_ACTIVATION, TMK_ROLE_ACTIVATION, plan->act_dtype, rows, cols, 0.0f, 0.0f});
}

/* [sequences, positions, heads_kv, head_dim]. The whole has TMK_KV_POSITIONS, so that what stands at a position does not
 * depend on the capacity. */
static int add_cache(struct tmk_plan *plan, const char *name, int layer, enum slot slot, int64_t positions)
{
  const struct tmk_model *model = &plan->model;
  const int index = add_tensor(plan, &(struct spec){name, layer, slot, TMK_ROLE_KV_CACHE, plan->workload.kv_dtype,
                                                    plan->workload.batch, positions, 0.0f, UNIT_SCALE});
  struct tmk_tensor *tensor = &plan->tensors[index];
  tensor->rank = 4;
  tensor->dims[2] = tensor->global_dims[2] = model->num_key_value_heads;
  tensor->dims[3] = tensor->global_dims[3] = model->head_dim;
  tensor->global_dims[1] = TMK_KV_POSITIONS;
  return index;
}

static struct tmk_layer_tensors add_layer(struct tmk_plan *plan, int layer, int64_t positions, enum tmk_dtype plain)
{
  const struct tmk_model *m = &plan->model;
  const enum tmk_dtype wide = plan->workload.weight_dtype;
  const int64_t q_size = m->num_attention_heads * m->head_dim, kv_size = m->num_key_value_heads * m->head_dim;
  const int64_t qkv_size = q_size + 2 * kv_size;
  const int none = TMK_TENSOR_NONE;
  struct tmk_layer_tensors t;
  t.attn_norm = add_vector(plan, "attn_norm.weight", layer, SLOT_ATTN_NORM, m->hidden_size, plain);
  t.qkv = add_projection(plan, "qkv_proj.weight", layer, SLOT_QKV, qkv_size, m->hidden_size, wide);
  t.qkv_bias = m->qkv_bias ? add_vector(plan, "qkv_proj.bias", layer, SLOT_QKV_BIAS, qkv_size, plain) : none;
  t.q_norm = m->qk_norm ? add_vector(plan, "q_norm.weight", layer, SLOT_Q_NORM, m->head_dim, plain) : none;
  t.k_norm = m->qk_norm ? add_vector(plan, "k_norm.weight", layer, SLOT_K_NORM, m->head_dim, plain) : none;
  t.o = add_projection(plan, "o_proj.weight", layer, SLOT_O, m->hidden_size, q_size, wide);
  t.o_bias = m->o_bias ? add_vector(plan, "o_proj.bias", layer, SLOT_O_BIAS, m->hidden_size, plain) : none;
  t.mlp_norm = add_vector(plan, "mlp_norm.weight", layer, SLOT_MLP_NORM, m->hidden_size, plain);
  t.gate_up =
      add_projection(plan, "gate_up_proj.weight", layer, SLOT_GATE_UP, 2 * m->intermediate_size, m->hidden_size, wide);
  t.gate_up_bias =
      m->mlp_bias ? add_vector(plan, "gate_up_proj.bias", layer, SLOT_GATE_UP_BIAS, 2 * m->intermediate_size, plain)
                  : none;
  t.down = add_projection(plan, "down_proj.weight", layer, SLOT_DOWN, m->hidden_size, m->intermediate_size, wide);
  t.down_bias = m->mlp_bias ? add_vector(plan, "down_proj.bias", layer, SLOT_DOWN_BIAS, m->hidden_size, plain) : none;
  t.k_cache = add_cache(plan, "k_cache", layer, SLOT_K_CACHE, positions);
  t.v_cache = add_cache(plan, "v_cache", layer, SLOT_V_CACHE, positions);
  return t;
}

static void add_inputs_and_outputs(struct tmk_plan *plan, const struct tmk_plan_shape *shape,
                                   struct tmk_plan_tensors *t, enum tmk_dtype plain)
{
  const struct tmk_model *m = &plan->model;
  const int64_t batch = plan->workload.batch, prompts = shape->prompts_per_step;
  t->tokens = add_tensor(
      plan, &(struct spec){"tokens", -1, SLOT_TOKENS, TMK_ROLE_INPUT, TMK_DTYPE_I32, shape->tokens, 0, 0.0f, 0.0f});
  plan->tensors[t->tokens].fill_vocab = m->vocab_size;
  t->inv_freq = add_tensor(plan, &(struct spec){"inv_freq", -1, SLOT_ACTIVATION, TMK_ROLE_CONSTANT, TMK_DTYPE_F64,
                                                m->rope.rotary_dim / 2, 0, 0.0f, 0.0f});
  plan->tensors[t->inv_freq].constant = plan->constants;
  t->embedding = add_tensor(plan, &(struct spec){"embedding.weight", -1, SLOT_EMBEDDING, TMK_ROLE_WEIGHT, plain,
                                                 m->vocab_size, m->hidden_size, 0.0f, UNIT_SCALE});
  t->final_norm = add_vector(plan, "final_norm.weight", -1, SLOT_FINAL_NORM, m->hidden_size, plain);
  t->lm_head = m->tie_word_embeddings
                   ? t->embedding
                   : add_projection(plan, "lm_head.weight", -1, SLOT_LM_HEAD, m->vocab_size, m->hidden_size, plain);
  t->logits = add_tensor(plan, &(struct spec){"logits", -1, SLOT_ACTIVATION, TMK_ROLE_OUTPUT, TMK_DTYPE_F32, prompts,
                                              m->vocab_size, 0.0f, 0.0f});
  t->tokens_out = add_tensor(
      plan, &(struct spec){"tokens_out", -1, SLOT_ACTIVATION, TMK_ROLE_OUTPUT, TMK_DTYPE_I32, batch, 0, 0.0f, 0.0f});
  plan->tensors[t->tokens_out].fill_vocab = m->vocab_size;
  plan->logits = t->logits;
  plan->tokens_out = t->tokens_out;
}

enum tmk_status tmk_plan_tensors_build(struct tmk_plan *plan, const struct tmk_plan_shape *shape,
                                       struct tmk_plan_tensors *out, struct tmk_error *err)
{
  const struct tmk_model *m = &plan->model;
  const int64_t q_size = m->num_attention_heads * m->head_dim;
  const int64_t qkv_size = q_size + 2 * m->num_key_value_heads * m->head_dim, rows = shape->rows_max;
  const size_t layers = (size_t)shape->layers_held;
  /* Embedding, LM head, norms and biases stay at 16 bits or more: see plan.h. */
  const enum tmk_dtype weight = plan->workload.weight_dtype;
  const enum tmk_dtype plain = tmk_dtype_get(weight)->bits < 16 ? TMK_DTYPE_BF16 : weight;

  plan->tensors = calloc(layers * TENSORS_PER_LAYER + TENSORS_SHARED, sizeof *plan->tensors);
  plan->constants = calloc((size_t)(m->rope.rotary_dim / 2), sizeof *plan->constants);
  out->layers = calloc(layers, sizeof *out->layers);
  if (!plan->tensors || !plan->constants || !out->layers) {
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: tensor table of %lld layers", (long long)layers);
  }

  add_inputs_and_outputs(plan, shape, out, plain);
  out->residual = add_activation(plan, "residual", rows, m->hidden_size);
  out->normed = add_activation(plan, "normed", rows, m->hidden_size);
  out->qkv = add_activation(plan, "qkv", rows, qkv_size);
  out->q = add_activation(plan, "q", rows, q_size);
  out->attn_out = add_activation(plan, "attn_out", rows, q_size);
  out->delta = add_activation(plan, "delta", rows, m->hidden_size);
  out->gate_up = add_activation(plan, "gate_up", rows, 2 * m->intermediate_size);
  out->act = add_activation(plan, "act", rows, m->intermediate_size);
  out->final_hidden = add_activation(plan, "final_hidden", shape->prompts_per_step, m->hidden_size);
  for (int layer = 0; layer < (int)shape->layers_held; layer++) {
    out->layers[layer] = add_layer(plan, layer, shape->positions, plain);
  }
  return TMK_OK;
}
