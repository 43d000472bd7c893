/* model.h: the shape of a model, as far as throughput depends on it. Plain data; made by harness/model_config.h.
 *
 * Field names follow Hugging Face's config.json where that has a name. All counts are elements, not bytes.
 */
#ifndef TOKMARK_MODEL_H
#define TOKMARK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "tokmark/dtype.h"

enum tmk_model_family { /* how a layer is built; a row each in model_config.c */
  TMK_FAMILY_LLAMA = 0,   /* Llama 2/3, TinyLlama, SmolLM2 */
  TMK_FAMILY_MISTRAL,     /* + sliding window on every layer */
  TMK_FAMILY_QWEN2,       /* + QKV bias */
  TMK_FAMILY_QWEN3,       /* + QK-norm */
  TMK_FAMILY_MIXTRAL,     /* MoE, softmax over the top k */
  TMK_FAMILY_QWEN3_MOE,   /* MoE + QK-norm */
  TMK_FAMILY_GPT_OSS,     /* MoE, sliding window on alternate layers, sinks, biases */
  TMK_FAMILY_GLM4_MOE,    /* MoE with shared expert, QKV bias, QK-norm, partial rotary */
  TMK_FAMILY_DEEPSEEK_V3, /* MLA + MoE with shared expert: DeepSeek-V3/R1, Kimi-K2 */
  TMK_FAMILY_COUNT
};

enum tmk_rope_scaling { TMK_ROPE_NONE = 0, TMK_ROPE_LINEAR, TMK_ROPE_LLAMA3, TMK_ROPE_YARN };

struct tmk_rope {
  double theta;
  enum tmk_rope_scaling scaling;
  double factor;                             /* linear, llama3, yarn */
  double low_freq_factor, high_freq_factor;  /* llama3 */
  double beta_fast, beta_slow;               /* yarn */
  double mscale, mscale_all_dim;             /* yarn, DeepSeek form; 0 where not given */
  double attention_factor;                   /* yarn: multiplies cos and sin; 0 = derive 0.1 ln(factor) + 1 */
  bool yarn_untruncated;                     /* yarn, "truncate": false: the ramp's ends are not whole dims */
  int64_t original_max_position_embeddings;  /* llama3, yarn */
  int64_t rotary_dim;                        /* leading dims of a head that are rotated; head_dim if not partial */
};

struct tmk_moe { /* experts == 0: a dense model */
  int64_t experts, experts_per_token, intermediate_size;
  int64_t shared_experts;    /* each of intermediate_size */
  int64_t first_dense_layers; /* layers that have a dense MLP instead */
  bool router_bias;          /* one element an expert: a bias, or DeepSeek's e_score_correction_bias */
};

struct tmk_mla { /* kv_lora_rank == 0: ordinary attention */
  int64_t q_lora_rank, kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim;
};

struct tmk_model {
  /* Built-in name; or the file's base name without .json, of a config.json its folder's name, with characters that
   * would break a key ('/', '=', '+', space, …) replaced by '-'. A truncated model has "+L4" behind it. */
  char name[96];
  char architecture[64]; /* as config.json's `architectures[0]` */
  enum tmk_model_family family;
  int64_t vocab_size, hidden_size, num_hidden_layers;
  int64_t num_attention_heads, num_key_value_heads, head_dim;
  int64_t intermediate_size;        /* of the dense MLP */
  int64_t max_position_embeddings;
  int64_t sliding_window;           /* 0: none. A query at position p sees keys p - sliding_window + 1 … p */
  int64_t sliding_window_period;    /* 1: every layer; 2: even layers (0, 2, …) are windowed (gpt-oss); 0 with no window */
  bool tie_word_embeddings;
  bool qkv_bias, o_bias, mlp_bias, qk_norm, attention_sinks;
  double rms_norm_eps;
  struct tmk_rope rope;
  struct tmk_moe moe;
  struct tmk_mla mla;
  enum tmk_dtype stored_dtype;      /* config.json's torch_dtype; TMK_DTYPE_NONE if not given */
  char quantization[24];            /* quantization_config.quant_method, "" if none: a note, no more */
};

/* Elements, all of them: embeddings, layers, norms, biases, head (0 for a tied head). MTP layers are not counted. All
 * counts saturate at INT64_MAX. */
int64_t tmk_model_parameters(const struct tmk_model *model);
/* Elements used for one token: of a MoE only experts_per_token + shared experts. Equal to the above for a dense
 * model. */
int64_t tmk_model_active_parameters(const struct tmk_model *model);
/* Bytes of all weights. A dtype of fewer than 16 bits holds the projections and experts of the layers; embedding, head,
 * norms, biases and routers are BF16 then, as in tokmark/plan.h. Block scales are counted. Saturates at INT64_MAX. */
int64_t tmk_model_weight_bytes(const struct tmk_model *model, enum tmk_dtype dtype);
/* K and V elements that one token adds to the cache over all layers (MLA: latent + rope key), windows ignored. */
int64_t tmk_model_kv_elements_per_token(const struct tmk_model *model);
/* The window of layer `layer`: 0 if that layer sees all keys. */
int64_t tmk_model_layer_window(const struct tmk_model *model, int64_t layer);
/* False, with the reason in `reason` ("MoE layers: not yet supported"), for a model that can be listed but not run. */
bool tmk_model_is_runnable(const struct tmk_model *model, char *reason, int reason_size);

#endif
