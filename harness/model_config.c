/* model_config.c: a Hugging Face config.json → struct tmk_model.
 *
 * Shapes have no defaults here: what they leave open is refused. tie_word_embeddings is false by default in every one
 * of the families. What changes a layer and can't be expressed is refused by name; members that no shape hangs on are
 * passed over.
 */
#include "model_config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "model_family.h"

/* Members every family must have, as integers from 1 on. */
static const struct {
  const char *key;
  size_t offset;
  int64_t max;
} dimensions[] = {
    {"vocab_size", offsetof(struct tmk_model, vocab_size), TMK_MODEL_MAX_VOCAB},
    {"hidden_size", offsetof(struct tmk_model, hidden_size), TMK_MODEL_MAX_WIDTH},
    {"num_hidden_layers", offsetof(struct tmk_model, num_hidden_layers), TMK_MODEL_MAX_LAYERS},
    {"num_attention_heads", offsetof(struct tmk_model, num_attention_heads), TMK_MODEL_MAX_HEADS},
    {"intermediate_size", offsetof(struct tmk_model, intermediate_size), TMK_MODEL_MAX_INNER},
    {"max_position_embeddings", offsetof(struct tmk_model, max_position_embeddings), TMK_MODEL_MAX_POSITIONS},
};

static const struct {
  const char *name;
  enum tmk_dtype dtype;
} stored_dtypes[] = {
    {"bfloat16", TMK_DTYPE_BF16},        {"float16", TMK_DTYPE_F16}, {"float32", TMK_DTYPE_F32},
    {"float8_e4m3fn", TMK_DTYPE_F8E4M3}, {"float64", TMK_DTYPE_F64},
};

/* --- attention --- */

static enum tmk_status read_biases(struct tmk_json config, const struct tmk_family_row *row, struct tmk_model *model,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json attention = tmk_json_get(config, "attention_bias"), mlp = tmk_json_get(config, "mlp_bias");
  bool given = row->bias == TMK_BIAS_QKV_ALWAYS || row->default_attention_bias, mlp_given = row->always_mlp_bias;
  TMK_TRY(tmk_json_bool_or(attention, given, &given, err));
  TMK_TRY(tmk_json_bool_or(mlp, mlp_given, &mlp_given, err));
  if (given && row->bias == TMK_BIAS_NONE) {
    TMK_TRY(tmk_json_fail(attention, err, "true: must be false, %s has no attention biases", row->architecture));
  }
  if (!given && row->bias == TMK_BIAS_QKV_ALWAYS) {
    TMK_TRY(tmk_json_fail(attention, err, "false: must be true, %s always has QKV biases", row->architecture));
  }
  if (!row->mlp_bias_member && mlp_given != row->always_mlp_bias) {
    TMK_TRY(tmk_json_fail(mlp, err, "%s: must be left out, it is no choice of %s", mlp_given ? "true" : "false",
                          row->architecture));
  }
  model->qkv_bias = given;
  model->o_bias = given && row->bias == TMK_BIAS_QKV_O;
  model->mlp_bias = mlp_given;
  model->qk_norm = row->qk_norm == TMK_QK_NORM_ALWAYS;
  if (row->qk_norm == TMK_QK_NORM_USE_QK_NORM) {
    TMK_TRY(tmk_json_bool_or(tmk_json_get(config, "use_qk_norm"), false, &model->qk_norm, err));
  }
out:
  return status;
}

static enum tmk_status read_heads(struct tmk_json config, const struct tmk_family_row *row, struct tmk_model *model,
                                  struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int64_t heads = model->num_attention_heads, derived = row->default_head_dim;
  struct tmk_json kv = tmk_json_get(config, "num_key_value_heads"), dim = tmk_json_get(config, "head_dim");
  if (row->default_kv_heads && tmk_json_is_null(kv)) {
    model->num_key_value_heads = heads;
  } else {
    TMK_TRY(tmk_json_int(kv, 1, heads, &model->num_key_value_heads, err));
  }
  if (heads % model->num_key_value_heads != 0) {
    TMK_TRY(tmk_json_fail(kv, err, "%lld: must divide num_attention_heads %lld", (long long)model->num_key_value_heads,
                          (long long)heads));
  }
  if (row->mla) return TMK_OK; /* its head dims have names of their own */
  if (derived == 0 && tmk_json_is_null(dim)) {
    if (model->hidden_size % heads != 0) {
      TMK_TRY(tmk_json_fail(dim, err, "missing: must be given where hidden_size %lld is not a multiple of %lld heads",
                            (long long)model->hidden_size, (long long)heads));
    }
    derived = model->hidden_size / heads;
  }
  TMK_TRY(tmk_json_int_or(dim, 1, TMK_MODEL_MAX_HEAD_DIM, derived, &model->head_dim, err));
  /* Rotation pairs the halves of a head. */
  if (model->head_dim % 2 != 0 || model->head_dim > TMK_MODEL_MAX_HEAD_DIM) {
    TMK_TRY(tmk_json_fail(dim, err, "%lld%s: must be even and 2..%lld", (long long)model->head_dim,
                          tmk_json_is_null(dim) ? " (hidden_size / num_attention_heads)" : "",
                          (long long)TMK_MODEL_MAX_HEAD_DIM));
  }
out:
  return status;
}

static enum tmk_status read_mla(struct tmk_json config, struct tmk_model *model, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_mla *mla = &model->mla;
  struct tmk_json rotated = tmk_json_get(config, "qk_rope_head_dim");
  TMK_TRY(tmk_json_int_or(tmk_json_get(config, "q_lora_rank"), 1, TMK_MODEL_MAX_WIDTH, 0, &mla->q_lora_rank, err));
  TMK_TRY(tmk_json_int(tmk_json_get(config, "kv_lora_rank"), 1, TMK_MODEL_MAX_WIDTH, &mla->kv_lora_rank, err));
  TMK_TRY(
      tmk_json_int(tmk_json_get(config, "qk_nope_head_dim"), 1, TMK_MODEL_MAX_HEAD_DIM, &mla->qk_nope_head_dim, err));
  TMK_TRY(tmk_json_int(rotated, 1, TMK_MODEL_MAX_HEAD_DIM, &mla->qk_rope_head_dim, err));
  TMK_TRY(tmk_json_int(tmk_json_get(config, "v_head_dim"), 1, TMK_MODEL_MAX_HEAD_DIM, &mla->v_head_dim, err));
  if (mla->qk_rope_head_dim % 2 != 0) {
    TMK_TRY(tmk_json_fail(rotated, err, "%lld: must be even and 2..%lld", (long long)mla->qk_rope_head_dim,
                          (long long)TMK_MODEL_MAX_HEAD_DIM));
  }
  model->head_dim = mla->qk_nope_head_dim + mla->qk_rope_head_dim;
out:
  return status;
}

/* --- windows --- */

/* layer_types, where given, says which layers are windowed; *period stays where it is not. */
static enum tmk_status read_layer_types(struct tmk_json config, int64_t layers, int64_t *period, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json types = tmk_json_get(config, "layer_types");
  int64_t windowed = 0, even = 0, count = 0;
  if (tmk_json_is_null(types)) return TMK_OK;
  if (!tmk_json_is_array(types)) TMK_TRY(tmk_json_fail(types, err, "must be an array of one string a layer"));
  for (struct tmk_json v = tmk_json_first(types); !tmk_json_is_missing(v); v = tmk_json_next(v), count++) {
    char type[64];
    TMK_TRY(tmk_json_string(v, type, sizeof type, err));
    if (strcmp(type, "sliding_attention") == 0) {
      windowed++;
      even += count % 2 == 0;
    } else if (strcmp(type, "full_attention") != 0) {
      TMK_TRY(tmk_json_fail(v, err, "\"%s\": must be full_attention or sliding_attention", type));
    }
  }
  if (count != layers) {
    TMK_TRY(tmk_json_fail(types, err, "%lld entries: must be num_hidden_layers, %lld", (long long)count,
                          (long long)layers));
  }
  if (windowed == 0) {
    *period = 0;
  } else if (windowed == layers) {
    *period = 1;
  } else if (windowed == even && even == (layers + 1) / 2) {
    *period = 2;
  } else {
    TMK_TRY(tmk_json_fail(types, err, "sliding_attention must stand on no layer, on all, or on layers 0, 2, 4, …"));
  }
out:
  return status;
}

/* Qwen2, Qwen3: windows only if use_sliding_window, on the layers from max_window_layers on
 * (configuration_qwen2.py). */
static enum tmk_status read_qwen_period(struct tmk_json config, int64_t layers, int64_t *period, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json from = tmk_json_get(config, "max_window_layers");
  int64_t first = 0;
  TMK_TRY(tmk_json_int_or(from, 0, TMK_MODEL_MAX_LAYERS, 28, &first, err));
  *period = first == 0 ? 1 : 0;
  if (first > 0 && first < layers && tmk_json_is_null(tmk_json_get(config, "layer_types"))) {
    TMK_TRY(tmk_json_fail(from, err, "%lld: windows on later layers only are not supported: must be 0 or at least %lld",
                          (long long)first, (long long)layers));
  }
out:
  return status;
}

/* Which layers see only the last sliding_window keys: by the family's rule, or by layer_types where that is given. */
static enum tmk_status read_window(struct tmk_json config, const struct tmk_family_row *row, struct tmk_model *model,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json window = tmk_json_get(config, "sliding_window"), use = tmk_json_get(config, "use_sliding_window");
  bool qwen = row->window == TMK_WINDOW_QWEN || row->window == TMK_WINDOW_QWEN_OFF, used = !qwen;
  int64_t period = row->window == TMK_WINDOW_ALL_LAYERS ? 1 : row->window == TMK_WINDOW_EVEN_LAYERS ? 2 : 0;
  int64_t fallback = tmk_json_is_missing(window) ? row->default_window : 0, size = 0;
  TMK_TRY(tmk_json_int_or(window, 1, TMK_MODEL_MAX_POSITIONS, fallback, &size, err));
  if (size != 0 && row->window == TMK_WINDOW_NONE) {
    TMK_TRY(tmk_json_fail(window, err, "%lld: must be null, %s has no windows", (long long)size, row->architecture));
  }
  if (qwen) TMK_TRY(tmk_json_bool_or(use, false, &used, err));
  if (used && row->window == TMK_WINDOW_QWEN_OFF) {
    TMK_TRY(tmk_json_fail(use, err, "true: must be false, windows of %s are not supported", row->architecture));
  }
  if (used && qwen) TMK_TRY(read_qwen_period(config, model->num_hidden_layers, &period, err));
  if (!used) size = 0;
  if (size == 0 && row->window != TMK_WINDOW_EVEN_LAYERS) period = 0;
  TMK_TRY(read_layer_types(config, model->num_hidden_layers, &period, err));
  if (period != 0 && size == 0) {
    TMK_TRY(tmk_json_fail(window, err, "none in use: layers of sliding_attention must have one"));
  }
  model->sliding_window_period = period;
  model->sliding_window = period == 0 ? 0 : size;
out:
  return status;
}

/* --- mixture of experts --- */

static enum tmk_status read_moe(struct tmk_json config, const struct tmk_family_row *row, struct tmk_model *model,
                                struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_moe *moe = &model->moe;
  struct tmk_json per_token = tmk_json_get(config, "num_experts_per_tok");
  struct tmk_json dense_list = tmk_json_get(config, "mlp_only_layers");
  int64_t every = 1;
  if (row->experts == NULL) return TMK_OK;
  TMK_TRY(tmk_json_int(tmk_json_get(config, row->experts), 1, TMK_MODEL_MAX_EXPERTS, &moe->experts, err));
  TMK_TRY(tmk_json_int(per_token, 1, moe->experts, &moe->experts_per_token, err));
  TMK_TRY(tmk_json_int(tmk_json_get(config, row->expert_size), 1, TMK_MODEL_MAX_INNER, &moe->intermediate_size, err));
  if (row->shared_experts != NULL) {
    TMK_TRY(
        tmk_json_int(tmk_json_get(config, row->shared_experts), 0, TMK_MODEL_MAX_EXPERTS, &moe->shared_experts, err));
  }
  if (row->dense_layers != NULL) {
    TMK_TRY(tmk_json_int(tmk_json_get(config, row->dense_layers), 0, model->num_hidden_layers, &moe->first_dense_layers,
                         err));
  }
  /* Every layer that is not one of the first has experts; other patterns can't be expressed. */
  TMK_TRY(tmk_json_int_or(tmk_json_get(config, "moe_layer_freq"), 1, 1, 1, &every, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(config, "decoder_sparse_step"), 1, 1, 1, &every, err));
  if (!tmk_json_is_null(dense_list) && (!tmk_json_is_array(dense_list) || tmk_json_count(dense_list) > 0)) {
    TMK_TRY(tmk_json_fail(dense_list, err, "dense layers by list are not supported: must be []"));
  }
  moe->router_bias = row->router_bias;
out:
  return status;
}

/* --- the whole --- */

static enum tmk_status read_notes(struct tmk_json config, struct tmk_model *model, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json old = tmk_json_get(config, "torch_dtype"), quantization = tmk_json_get(config, "quantization_config");
  struct tmk_json member = tmk_json_is_null(old) ? tmk_json_get(config, "dtype") : old;
  char name[64], act[32];
  TMK_TRY(tmk_json_string_or(member, "", name, sizeof name, err));
  for (size_t i = 0; i < sizeof stored_dtypes / sizeof stored_dtypes[0]; i++) {
    if (strcmp(name, stored_dtypes[i].name) == 0) model->stored_dtype = stored_dtypes[i].dtype;
  }
  if (name[0] != 0 && model->stored_dtype == TMK_DTYPE_NONE) {
    TMK_TRY(tmk_json_fail(member, err, "\"%s\": must be bfloat16, float16, float32, float64 or float8_e4m3fn", name));
  }
  if (!tmk_json_is_null(quantization)) {
    if (!tmk_json_is_object(quantization)) TMK_TRY(tmk_json_fail(quantization, err, "must be null or an object"));
    TMK_TRY(tmk_json_string_or(tmk_json_get(quantization, "quant_method"), "", model->quantization,
                               sizeof model->quantization, err));
  }
  TMK_TRY(tmk_json_string_or(tmk_json_get(config, "hidden_act"), "silu", act, sizeof act, err));
  if (strcmp(act, "silu") != 0) {
    TMK_TRY(tmk_json_fail(tmk_json_get(config, "hidden_act"), err, "\"%s\" is not supported: must be silu", act));
  }
out:
  return status;
}

enum tmk_status tmk_model_from_json(struct tmk_json config, const char *name, struct tmk_model *model,
                                    struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_family_row *row = NULL;
  struct tmk_model m = {0};
  TMK_TRY(tmk_family_read(config, &row, err));
  snprintf(m.name, sizeof m.name, "%s", name);
  snprintf(m.architecture, sizeof m.architecture, "%s", row->architecture);
  m.family = row->family;
  m.attention_sinks = row->sinks;
  for (size_t i = 0; i < sizeof dimensions / sizeof dimensions[0]; i++) {
    int64_t *value = (int64_t *)(void *)((char *)&m + dimensions[i].offset);
    TMK_TRY(tmk_json_int(tmk_json_get(config, dimensions[i].key), 1, dimensions[i].max, value, err));
  }
  TMK_TRY(read_heads(config, row, &m, err));
  if (row->mla) TMK_TRY(read_mla(config, &m, err));
  TMK_TRY(read_biases(config, row, &m, err));
  TMK_TRY(read_window(config, row, &m, err));
  TMK_TRY(tmk_json_real_or(tmk_json_get(config, "rms_norm_eps"), 1e-30, 1, row->default_eps, &m.rms_norm_eps, err));
  TMK_TRY(tmk_json_bool_or(tmk_json_get(config, "tie_word_embeddings"), false, &m.tie_word_embeddings, err));
  TMK_TRY(tmk_model_read_rope(config, row, &m, err));
  TMK_TRY(read_moe(config, row, &m, err));
  TMK_TRY(read_notes(config, &m, err));
  int64_t parameters = tmk_model_parameters(&m);
  if (parameters > TMK_MODEL_MAX_PARAMETERS) {
    TMK_TRY(tmk_json_fail(config, err, "%.4g parameters: must be at most %.4g", (double)parameters,
                          (double)TMK_MODEL_MAX_PARAMETERS));
  }
  *model = m;
out:
  return status;
}
