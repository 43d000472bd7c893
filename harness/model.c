/* model.c: what follows from a model's shape: elements, bytes, windows, and whether it can be run. See tokmark/model.h.
 *
 * Counting, in elements, with H hidden_size, V vocab_size, D head_dim, Q and K query and key-value heads, I
 * intermediate_size:
 *
 *   model      V·H embedding + layers + H final norm + (V·H head unless tied)
 *   layer      2·H norms + attention + MLP
 *   attention  H·(Q + 2K)·D qkv_proj + Q·D·H o_proj
 *              [+ (Q + 2K)·D qkv bias] [+ H o bias] [+ 2·D q and k norm] [+ Q sinks]
 *   MLA        r_q, r_kv ranks; n, r, v dims of a head without, with rotation, and of its value
 *              H·r_q + r_q + r_q·Q·(n + r)  (r_q = 0: H·Q·(n + r))
 *              + H·(r_kv + r) + r_kv + r_kv·Q·(n + v) + Q·v·H
 *              [+ r_q + r_kv + r biases of the first projections] [+ H o bias]
 *   MLP        3·H·I  [+ 2·I + H biases]
 *   MoE        E·(3·H·I_e [+ 2·I_e + H]) + S·3·H·I_e + E·H router [+ E router bias]
 *
 * as the modules of Hugging Face transformers (models/…/modeling_….py) have them. Worked for Llama-3.1-8B: a layer is
 * 4096·6144 + 4096·4096 + 3·4096·14336 + 2·4096 = 218,112,000; 32 of them, 2·128256·4096 and 4096 make 8,030,261,248.
 */
#include "tokmark/model.h"

#include <stdio.h>

/* All terms are ≥ 0; beyond int64_t they stay at INT64_MAX. */
static int64_t product(int64_t a, int64_t b)
{
  int64_t result;
  return __builtin_mul_overflow(a, b, &result) ? INT64_MAX : result;
}

static int64_t sum(int64_t a, int64_t b)
{
  int64_t result;
  return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

/* Elements by how they are stored: projections may have few bits, the rest is plain. */
struct elements {
  int64_t projections, plain;
};

static void add_matrix(struct elements *e, int64_t rows, int64_t columns)
{
  e->projections = sum(e->projections, product(rows, columns));
}

static void add_plain(struct elements *e, int64_t count)
{
  e->plain = sum(e->plain, count);
}

static void add_times(struct elements *e, struct elements part, int64_t times)
{
  e->projections = sum(e->projections, product(part.projections, times));
  e->plain = sum(e->plain, product(part.plain, times));
}

static struct elements mla_elements(const struct tmk_model *m)
{
  struct elements e = {0, 0};
  const struct tmk_mla *mla = &m->mla;
  int64_t query_width = product(m->num_attention_heads, mla->qk_nope_head_dim + mla->qk_rope_head_dim);
  if (mla->q_lora_rank > 0) {
    add_matrix(&e, mla->q_lora_rank, m->hidden_size);
    add_plain(&e, mla->q_lora_rank);
    add_matrix(&e, query_width, mla->q_lora_rank);
    if (m->qkv_bias) add_plain(&e, mla->q_lora_rank);
  } else {
    add_matrix(&e, query_width, m->hidden_size);
  }
  add_matrix(&e, mla->kv_lora_rank + mla->qk_rope_head_dim, m->hidden_size);
  add_plain(&e, mla->kv_lora_rank);
  if (m->qkv_bias) add_plain(&e, mla->kv_lora_rank + mla->qk_rope_head_dim);
  add_matrix(&e, product(m->num_attention_heads, mla->qk_nope_head_dim + mla->v_head_dim), mla->kv_lora_rank);
  add_matrix(&e, m->hidden_size, product(m->num_attention_heads, mla->v_head_dim));
  if (m->o_bias) add_plain(&e, m->hidden_size);
  return e;
}

static struct elements attention_elements(const struct tmk_model *m)
{
  if (m->mla.kv_lora_rank > 0) return mla_elements(m);
  struct elements e = {0, 0};
  int64_t qkv_width = product(m->num_attention_heads + 2 * m->num_key_value_heads, m->head_dim);
  add_matrix(&e, qkv_width, m->hidden_size);
  add_matrix(&e, m->hidden_size, product(m->num_attention_heads, m->head_dim));
  if (m->qkv_bias) add_plain(&e, qkv_width);
  if (m->o_bias) add_plain(&e, m->hidden_size);
  if (m->qk_norm) add_plain(&e, 2 * m->head_dim);
  if (m->attention_sinks) add_plain(&e, m->num_attention_heads);
  return e;
}

static struct elements mlp_elements(const struct tmk_model *m, int64_t intermediate_size)
{
  struct elements e = {0, 0};
  add_matrix(&e, product(3, m->hidden_size), intermediate_size);
  if (m->mlp_bias) add_plain(&e, 2 * intermediate_size + m->hidden_size);
  return e;
}

/* `experts`: all of them, or those that one token uses. The router sees every token whole. */
static struct elements moe_elements(const struct tmk_model *m, int64_t experts)
{
  struct elements e = {0, 0};
  add_times(&e, mlp_elements(m, m->moe.intermediate_size), sum(experts, m->moe.shared_experts));
  add_plain(&e, product(m->moe.experts, m->hidden_size));
  if (m->moe.router_bias) add_plain(&e, m->moe.experts);
  return e;
}

static struct elements model_elements(const struct tmk_model *m, bool active)
{
  struct elements e = {0, 0};
  int64_t layers = m->num_hidden_layers;
  int64_t dense = m->moe.experts == 0 || m->moe.first_dense_layers > layers ? layers : m->moe.first_dense_layers;
  add_times(&e, attention_elements(m), layers);
  add_plain(&e, product(2 * m->hidden_size, layers));
  add_times(&e, mlp_elements(m, m->intermediate_size), dense);
  if (dense < layers)
    add_times(&e, moe_elements(m, active ? m->moe.experts_per_token : m->moe.experts), layers - dense);
  add_plain(&e, product(product(m->vocab_size, m->hidden_size), m->tie_word_embeddings ? 1 : 2));
  add_plain(&e, m->hidden_size);
  return e;
}

int64_t tmk_model_parameters(const struct tmk_model *model)
{
  struct elements e = model_elements(model, false);
  return sum(e.projections, e.plain);
}

int64_t tmk_model_active_parameters(const struct tmk_model *model)
{
  struct elements e = model_elements(model, true);
  return sum(e.projections, e.plain);
}

int64_t tmk_model_weight_bytes(const struct tmk_model *model, enum tmk_dtype dtype)
{
  struct elements e = model_elements(model, false);
  enum tmk_dtype plain = tmk_dtype_get(dtype)->bits < 16 ? TMK_DTYPE_BF16 : dtype;
  return sum(tmk_dtype_bytes(dtype, e.projections), tmk_dtype_bytes(plain, e.plain));
}

/* MLA caches the latent and the one rotated key that all heads share (DeepSeek-V2, arXiv:2405.04434, section 2.1). */
int64_t tmk_model_kv_elements_per_token(const struct tmk_model *model)
{
  int64_t layer = model->mla.kv_lora_rank > 0 ? model->mla.kv_lora_rank + model->mla.qk_rope_head_dim
                                              : product(2 * model->num_key_value_heads, model->head_dim);
  return product(layer, model->num_hidden_layers);
}

int64_t tmk_model_layer_window(const struct tmk_model *model, int64_t layer)
{
  if (model->sliding_window_period == 0 || layer % model->sliding_window_period != 0) return 0;
  return model->sliding_window;
}

bool tmk_model_is_runnable(const struct tmk_model *model, char *reason, int reason_size)
{
  bool moe = model->moe.experts > 0, mla = model->mla.kv_lora_rank > 0, sinks = model->attention_sinks;
  const char *what = mla && moe     ? "MLA attention and MoE layers"
                     : mla          ? "MLA attention"
                     : sinks && moe ? "attention sinks and MoE layers"
                     : sinks        ? "attention sinks"
                     : moe          ? "MoE layers"
                                    : NULL;
  if (reason_size > 0) reason[0] = 0;
  if (what == NULL) return true;
  if (reason_size > 0) snprintf(reason, (size_t)reason_size, "%s: not yet supported", what);
  return false;
}
