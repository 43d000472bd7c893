/* model_family.h: the families of models as rows, and what the readers of config.json share.
 *
 * Names, defaults and which member means what are those of configuration_….py and modeling_….py in Hugging Face
 * transformers 4.57 (rope_parameters and dtype: 5.0).
 */
#ifndef TMK_HARNESS_MODEL_FAMILY_H
#define TMK_HARNESS_MODEL_FAMILY_H

#include "model_config.h"

enum tmk_bias_rule {
  TMK_BIAS_NONE,       /* attention_bias must not be true */
  TMK_BIAS_QKV_ALWAYS, /* whatever attention_bias says, and it must not say false */
  TMK_BIAS_QKV,        /* attention_bias, of q, k and v */
  TMK_BIAS_QKV_O,      /* attention_bias, of q, k, v and o */
};

enum tmk_window_rule {
  TMK_WINDOW_NONE,       /* sliding_window must be absent or null */
  TMK_WINDOW_ALL_LAYERS, /* sliding_window, if not null */
  TMK_WINDOW_QWEN,       /* if use_sliding_window, on layers from max_window_layers on */
  TMK_WINDOW_QWEN_OFF,   /* use_sliding_window must not be true: transformers' versions differ in what it means */
  TMK_WINDOW_EVEN_LAYERS,
};

enum tmk_norm_rule { TMK_QK_NORM_NONE, TMK_QK_NORM_ALWAYS, TMK_QK_NORM_USE_QK_NORM };

struct tmk_family_row {
  const char *architecture, *model_type;
  enum tmk_model_family family;
  enum tmk_bias_rule bias;
  bool default_attention_bias;
  bool mlp_bias_member; /* mlp_bias is a member of its config */
  bool always_mlp_bias;
  enum tmk_norm_rule qk_norm;
  enum tmk_window_rule window;
  int64_t default_window;   /* where the member is missing, not null; 0: none */
  int64_t default_head_dim; /* 0: hidden_size / num_attention_heads */
  bool default_kv_heads;    /* num_key_value_heads may be missing and is num_attention_heads then */
  bool sinks, mla, router_bias;
  const char *experts, *expert_size, *shared_experts, *dense_layers; /* members; NULL: it has none of that */
  double default_theta, default_eps, default_rotary_factor;
};

/* Above what any model has, and low enough that products of a few of them stay within int64_t. */
#define TMK_MODEL_MAX_VOCAB      ((int64_t)16 << 20)
#define TMK_MODEL_MAX_WIDTH      ((int64_t)1 << 20)
#define TMK_MODEL_MAX_LAYERS     1024
#define TMK_MODEL_MAX_HEADS      ((int64_t)1 << 16)
#define TMK_MODEL_MAX_HEAD_DIM   ((int64_t)1 << 14)
#define TMK_MODEL_MAX_INNER      ((int64_t)1 << 24)
#define TMK_MODEL_MAX_EXPERTS    ((int64_t)1 << 16)
#define TMK_MODEL_MAX_POSITIONS  ((int64_t)1 << 30)
#define TMK_MODEL_MAX_PARAMETERS ((int64_t)1 << 50) /* 10^15: bytes and FLOPs of a step stay far from overflow */

/* The row for a config's architectures[0]; for a config without it (a library's own, not a repository's) for its
 * model_type. USAGE, naming what is supported, if there is none. *row is const data. */
enum tmk_status tmk_family_read(struct tmk_json config, const struct tmk_family_row **row, struct tmk_error *err);

/* Rotary embedding: rope_theta, partial_rotary_factor, rope_scaling or rope_parameters → model->rope. Head dims and
 * max_position_embeddings of *model must stand. */
enum tmk_status tmk_model_read_rope(struct tmk_json config, const struct tmk_family_row *row, struct tmk_model *model,
                                    struct tmk_error *err);

#endif
