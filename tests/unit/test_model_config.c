/* tests of harness/model_config.c, model_family.c and model_rope.c: what a config.json gives, and what is refused
 * how */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_config.h"

static struct tmk_error err;

/* A member of a config as JSON text; an edit with value NULL takes it out. */
struct member {
  const char *key, *value;
};

static const struct member llama[] = {
    {"architectures", "[\"LlamaForCausalLM\"]"},
    {"vocab_size", "1000"},
    {"hidden_size", "64"},
    {"intermediate_size", "160"},
    {"num_hidden_layers", "3"},
    {"num_attention_heads", "8"},
    {"num_key_value_heads", "2"},
    {"max_position_embeddings", "512"},
    {NULL, NULL},
};
static const struct member deepseek[] = {
    {"architectures", "[\"DeepseekV3ForCausalLM\"]"},
    {"vocab_size", "1000"},
    {"hidden_size", "64"},
    {"intermediate_size", "160"},
    {"num_hidden_layers", "3"},
    {"num_attention_heads", "8"},
    {"max_position_embeddings", "512"},
    {"q_lora_rank", "24"},
    {"kv_lora_rank", "16"},
    {"qk_nope_head_dim", "10"},
    {"qk_rope_head_dim", "6"},
    {"v_head_dim", "12"},
    {"n_routed_experts", "5"},
    {"num_experts_per_tok", "2"},
    {"moe_intermediate_size", "32"},
    {"n_shared_experts", "1"},
    {"first_k_dense_replace", "1"},
    {NULL, NULL},
};
#define EDITS(...) ((const struct member[]){__VA_ARGS__, {NULL, NULL}})

static enum tmk_status load(const struct member *base, const struct member *edits, struct tmk_model *model)
{
  char text[8192] = "{";
  const struct member *lists[] = {base, edits};
  struct tmk_json_doc *doc = NULL;
  for (int l = 0; l < 2; l++) {
    for (const struct member *m = lists[l]; m != NULL && m->key != NULL; m++) {
      bool edited = m->value == NULL;
      for (const struct member *e = edits; l == 0 && e != NULL && e->key != NULL; e++) {
        edited = edited || strcmp(e->key, m->key) == 0;
      }
      if (edited) continue;
      size_t used = strlen(text);
      snprintf(text + used, sizeof text - used, "%s\"%s\": %s", used > 1 ? ", " : "", m->key, m->value);
    }
  }
  strcat(text, "}");
  enum tmk_status status = tmk_json_parse("c.json", text, strlen(text), &doc, &err);
  cr_assert_eq(status, TMK_OK, "%s in %s", err.message, text);
  memset(&err, 0, sizeof err);
  status = tmk_model_from_json(tmk_json_root(doc), "name", model, &err);
  tmk_json_free(doc);
  return status;
}

static struct tmk_model take(const struct member *base, const struct member *edits)
{
  struct tmk_model model;
  memset(&model, 0x5a, sizeof model);
  enum tmk_status status = load(base, edits, &model);
  cr_assert_eq(status, TMK_OK, "%s", err.message);
  return model;
}

/* One edit of `base`, and the message it must get. A refused config leaves the model alone. */
struct refusal {
  const char *key, *value, *message;
};

static void expect_refusals(const struct member *base, const struct refusal *rows, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    struct tmk_model model, before;
    memset(&model, 0x5a, sizeof model);
    before = model;
    enum tmk_status status = load(base, EDITS({rows[i].key, rows[i].value}), &model);
    cr_expect_eq(status, TMK_ERR_USAGE, "%s %s: status %d", rows[i].key, rows[i].value, (int)status);
    cr_expect_str_eq(err.message, rows[i].message);
    cr_expect_eq(memcmp(&model, &before, sizeof model), 0, "%s %s: model touched", rows[i].key, rows[i].value);
  }
}
#define EXPECT_REFUSALS(base, rows) expect_refusals(base, rows, sizeof rows / sizeof rows[0])

Test(model_config, llama_and_its_defaults)
{
  struct tmk_model m = take(llama, NULL);
  cr_expect_str_eq(m.name, "name");
  cr_expect_str_eq(m.architecture, "LlamaForCausalLM");
  cr_expect_eq(m.family, TMK_FAMILY_LLAMA);
  cr_expect_eq(m.vocab_size, 1000);
  cr_expect_eq(m.hidden_size, 64);
  cr_expect_eq(m.intermediate_size, 160);
  cr_expect_eq(m.num_hidden_layers, 3);
  cr_expect_eq(m.num_attention_heads, 8);
  cr_expect_eq(m.num_key_value_heads, 2);
  cr_expect_eq(m.head_dim, 8, "64 / 8");
  cr_expect_eq(m.max_position_embeddings, 512);
  cr_expect(!m.qkv_bias && !m.o_bias && !m.mlp_bias && !m.qk_norm && !m.attention_sinks && !m.tie_word_embeddings);
  cr_expect_eq(m.rms_norm_eps, 1e-6);
  cr_expect_eq(m.rope.theta, 10000);
  cr_expect_eq(m.rope.scaling, TMK_ROPE_NONE);
  cr_expect_eq(m.rope.rotary_dim, 8);
  cr_expect_eq(m.sliding_window, 0);
  cr_expect_eq(m.sliding_window_period, 0);
  cr_expect_eq(m.moe.experts, 0);
  cr_expect_eq(m.mla.kv_lora_rank, 0);
  cr_expect_eq(m.stored_dtype, TMK_DTYPE_NONE);
  cr_expect_str_eq(m.quantization, "");
  cr_expect(tmk_model_is_runnable(&m, NULL, 0));
}

Test(model_config, what_is_given_is_taken)
{
  struct tmk_model m = take(llama, EDITS({"head_dim", "16"}, {"attention_bias", "true"}, {"mlp_bias", "true"},
                                         {"tie_word_embeddings", "true"}, {"rms_norm_eps", "1e-5"},
                                         {"rope_theta", "500000.0"}, {"torch_dtype", "\"bfloat16\""},
                                         {"quantization_config", "{\"quant_method\": \"fp8\", \"x\": [1]}"},
                                         {"hidden_act", "\"silu\""}, {"num_key_value_heads", "null"}));
  cr_expect_eq(m.head_dim, 16);
  cr_expect(m.qkv_bias && m.o_bias && m.mlp_bias && m.tie_word_embeddings);
  cr_expect_eq(m.rms_norm_eps, 1e-5);
  cr_expect_eq(m.rope.theta, 500000);
  cr_expect_eq(m.rope.rotary_dim, 16);
  cr_expect_eq(m.stored_dtype, TMK_DTYPE_BF16);
  cr_expect_str_eq(m.quantization, "fp8");
  cr_expect_eq(m.num_key_value_heads, 8, "null: as many as heads");
  m = take(llama, EDITS({"dtype", "\"float32\""}, {"num_key_value_heads", NULL}));
  cr_expect_eq(m.stored_dtype, TMK_DTYPE_F32);
  cr_expect_eq(m.num_key_value_heads, 8);
}

Test(model_config, a_config_without_architectures_goes_by_model_type)
{
  struct tmk_model m = take(llama, EDITS({"architectures", NULL}, {"model_type", "\"mistral\""}));
  cr_expect_eq(m.family, TMK_FAMILY_MISTRAL);
  cr_expect_str_eq(m.architecture, "MistralForCausalLM");
}

#define SUPPORTED                                                                                                      \
  "LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, MixtralForCausalLM, "                     \
  "Qwen3MoeForCausalLM, GptOssForCausalLM, Glm4MoeForCausalLM, DeepseekV3ForCausalLM"

Test(model_config, architectures_refused)
{
  static const struct refusal rows[] = {
      {"architectures", "[\"GPT2LMHeadModel\"]",
       "c.json: architectures[0]: \"GPT2LMHeadModel\" is not supported: must be one of " SUPPORTED},
      {"architectures", "[\"llamaforcausallm\"]",
       "c.json: architectures[0]: \"llamaforcausallm\" is not supported: must be one of " SUPPORTED},
      {"architectures", NULL, "c.json: architectures: missing: must name the model's class, as [\"LlamaForCausalLM\"]"},
      {"architectures", "\"LlamaForCausalLM\"",
       "c.json: architectures: must be an array of one string, as [\"LlamaForCausalLM\"]"},
      {"architectures", "[]", "c.json: architectures[0]: missing: must be a string"},
      {"architectures", "[3]", "c.json: architectures[0]: 3: must be a string"},
      {"text_config", "{\"hidden_size\": 64}",
       "c.json: text_config: LlamaForCausalLM is multimodal: must be the config of a text model alone"},
  };
  EXPECT_REFUSALS(llama, rows);
}

Test(model_config, a_root_that_is_no_object)
{
  struct tmk_json_doc *doc = NULL;
  struct tmk_model model;
  cr_assert_eq(tmk_json_parse("c.json", "[1]", 3, &doc, &err), TMK_OK);
  cr_expect_eq(tmk_model_from_json(tmk_json_root(doc), "x", &model, &err), TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "c.json: must be an object, as a model's config.json is");
  tmk_json_free(doc);
}

Test(model_config, dimensions_refused)
{
  static const struct refusal rows[] = {
      {"vocab_size", "0", "c.json: vocab_size: 0: must be an integer 1..16777216"},
      {"vocab_size", "-5", "c.json: vocab_size: -5: must be an integer 1..16777216"},
      {"vocab_size", "16777217", "c.json: vocab_size: 16777217: must be an integer 1..16777216"},
      {"vocab_size", NULL, "c.json: vocab_size: missing: must be an integer 1..16777216"},
      {"hidden_size", "64.5", "c.json: hidden_size: 64.5: must be an integer 1..1048576"},
      {"hidden_size", "1e18", "c.json: hidden_size: 1e+18: must be an integer 1..1048576"},
      {"hidden_size", "\"64\"", "c.json: hidden_size: \"64\": must be an integer 1..1048576"},
      {"hidden_size", "null", "c.json: hidden_size: null: must be an integer 1..1048576"},
      {"hidden_size", "[64]", "c.json: hidden_size: an array: must be an integer 1..1048576"},
      {"num_hidden_layers", "0", "c.json: num_hidden_layers: 0: must be an integer 1..1024"},
      {"num_hidden_layers", "1025", "c.json: num_hidden_layers: 1025: must be an integer 1..1024"},
      {"num_attention_heads", "0", "c.json: num_attention_heads: 0: must be an integer 1..65536"},
      {"intermediate_size", "99999999999", "c.json: intermediate_size: 99999999999: must be an integer 1..16777216"},
      {"max_position_embeddings", "0", "c.json: max_position_embeddings: 0: must be an integer 1..1073741824"},
      {"num_key_value_heads", "0", "c.json: num_key_value_heads: 0: must be an integer 1..8"},
      {"num_key_value_heads", "9", "c.json: num_key_value_heads: 9: must be an integer 1..8"},
      {"num_key_value_heads", "3", "c.json: num_key_value_heads: 3: must divide num_attention_heads 8"},
      {"head_dim", "0", "c.json: head_dim: 0: must be an integer 1..16384"},
      {"head_dim", "7", "c.json: head_dim: 7: must be even and 2..16384"},
      {"head_dim", "16386", "c.json: head_dim: 16386: must be an integer 1..16384"},
      {"hidden_size", "65",
       "c.json: head_dim: missing: must be given where hidden_size 65 is not a multiple of 8 heads"},
      {"hidden_size", "56", "c.json: head_dim: 7 (hidden_size / num_attention_heads): must be even and 2..16384"},
      {"rms_norm_eps", "0", "c.json: rms_norm_eps: 0: must be a number 1e-30..1"},
      {"rms_norm_eps", "-1e-5", "c.json: rms_norm_eps: -1e-05: must be a number 1e-30..1"},
      {"tie_word_embeddings", "1", "c.json: tie_word_embeddings: 1: must be true or false"},
      {"attention_bias", "\"no\"", "c.json: attention_bias: \"no\": must be true or false"},
      {"hidden_act", "\"gelu_pytorch_tanh\"",
       "c.json: hidden_act: \"gelu_pytorch_tanh\" is not supported: must be silu"},
      {"torch_dtype", "\"int8\"",
       "c.json: torch_dtype: \"int8\": must be bfloat16, float16, float32, float64 or float8_e4m3fn"},
      {"quantization_config", "\"fp8\"", "c.json: quantization_config: must be null or an object"},
      {"quantization_config", "{\"quant_method\": 8}", "c.json: quantization_config.quant_method: 8: must be a string"},
  };
  EXPECT_REFUSALS(llama, rows);
}

Test(model_config, limits_themselves_are_taken)
{
  take(llama, EDITS({"vocab_size", "16777216"}));
  take(llama, EDITS({"num_hidden_layers", "1024"}));
  take(llama, EDITS({"head_dim", "16384"}));
  take(llama, EDITS({"head_dim", "2"}));
  take(llama, EDITS({"vocab_size", "1"}, {"num_hidden_layers", "1"}, {"intermediate_size", "1"},
                    {"max_position_embeddings", "1"}));
}

/* 1024 layers of 3 · 2^20 · 2^24 are 5.4e16 parameters, all dimensions within their own limits. */
Test(model_config, absurd_products_are_refused)
{
  struct tmk_model m;
  cr_assert_eq(load(llama,
                    EDITS({"hidden_size", "1048576"}, {"intermediate_size", "16777216"}, {"num_hidden_layers", "1024"},
                          {"head_dim", "128"}),
                    &m),
               TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "c.json: 5.405e+16 parameters: must be at most 1.126e+15");
  /* Beyond int64_t: the count saturates instead of turning negative. */
  cr_assert_eq(load(deepseek,
                    EDITS({"hidden_size", "1048576"}, {"moe_intermediate_size", "16777216"},
                          {"n_routed_experts", "65536"}, {"n_shared_experts", "65536"}, {"num_hidden_layers", "1024"}),
                    &m),
               TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "c.json: 9.223e+18 parameters: must be at most 1.126e+15");
}

/* --- families --- */

static const struct member *family_edits(const char *architecture)
{
  static struct member edits[8];
  static char text[96];
  snprintf(text, sizeof text, "[\"%s\"]", architecture);
  memset(edits, 0, sizeof edits);
  edits[0] = (struct member){"architectures", text};
  return edits;
}

static struct tmk_model take_family(const char *architecture, const char *key, const char *value)
{
  struct member *edits = (struct member *)family_edits(architecture);
  if (key != NULL) edits[1] = (struct member){key, value};
  return take(llama, edits);
}

static void expect_family_refusal(const char *architecture, const char *key, const char *value, const char *message)
{
  struct tmk_model model;
  struct member *edits = (struct member *)family_edits(architecture);
  edits[1] = (struct member){key, value};
  cr_expect_eq(load(llama, edits, &model), TMK_ERR_USAGE, "%s %s", architecture, key);
  cr_expect_str_eq(err.message, message);
}

Test(model_config, mistral_windows)
{
  struct tmk_model m = take_family("MistralForCausalLM", "sliding_window", "128");
  cr_expect_eq(m.sliding_window, 128);
  cr_expect_eq(m.sliding_window_period, 1);
  cr_expect_eq(tmk_model_layer_window(&m, 0), 128);
  cr_expect_eq(tmk_model_layer_window(&m, 1), 128);
  m = take_family("MistralForCausalLM", "sliding_window", "null");
  cr_expect_eq(m.sliding_window, 0);
  cr_expect_eq(m.sliding_window_period, 0);
  cr_expect_eq(tmk_model_layer_window(&m, 1), 0);
  m = take_family("MistralForCausalLM", NULL, NULL);
  cr_expect_eq(m.sliding_window, 4096, "MistralConfig's default where the member is left out");
  expect_family_refusal("MistralForCausalLM", "sliding_window", "0",
                        "c.json: sliding_window: 0: must be an integer 1..1073741824");
  expect_family_refusal("MistralForCausalLM", "attention_bias", "true",
                        "c.json: attention_bias: true: must be false, MistralForCausalLM has no attention biases");
  expect_family_refusal("MistralForCausalLM", "mlp_bias", "true",
                        "c.json: mlp_bias: true: must be left out, it is no choice of MistralForCausalLM");
  expect_family_refusal("MistralForCausalLM", "num_key_value_heads", NULL,
                        "c.json: num_key_value_heads: missing: must be an integer 1..8");
  expect_family_refusal("LlamaForCausalLM", "sliding_window", "128",
                        "c.json: sliding_window: 128: must be null, LlamaForCausalLM has no windows");
}

Test(model_config, qwen2_biases_and_windows)
{
  struct tmk_model m = take_family("Qwen2ForCausalLM", "sliding_window", "128");
  cr_expect(m.qkv_bias && !m.o_bias && !m.qk_norm);
  cr_expect_eq(m.sliding_window, 0, "use_sliding_window is false by default");
  struct tmk_model all = take(llama, EDITS({"architectures", "[\"Qwen2ForCausalLM\"]"}, {"use_sliding_window", "true"},
                                           {"sliding_window", "128"}, {"max_window_layers", "0"}));
  cr_expect_eq(all.sliding_window, 128);
  cr_expect_eq(all.sliding_window_period, 1);
  struct tmk_model none = take(llama, EDITS({"architectures", "[\"Qwen2ForCausalLM\"]"}, {"use_sliding_window", "true"},
                                            {"sliding_window", "128"}, {"max_window_layers", "3"}));
  cr_expect_eq(none.sliding_window, 0, "windows from layer 3 on, of 3 layers");
  cr_expect_eq(none.sliding_window_period, 0);
  struct tmk_model refused;
  cr_expect_eq(load(llama,
                    EDITS({"architectures", "[\"Qwen2ForCausalLM\"]"}, {"use_sliding_window", "true"},
                          {"sliding_window", "128"}, {"max_window_layers", "2"}),
                    &refused),
               TMK_ERR_USAGE);
  cr_expect_str_eq(err.message,
                   "c.json: max_window_layers: 2: windows on later layers only are not supported: must be 0 "
                   "or at least 3");
  expect_family_refusal("Qwen2ForCausalLM", "attention_bias", "false",
                        "c.json: attention_bias: false: must be true, Qwen2ForCausalLM always has QKV biases");
}

Test(model_config, qwen3_norms_and_head_dim)
{
  struct tmk_model m = take_family("Qwen3ForCausalLM", NULL, NULL);
  cr_expect(m.qk_norm && !m.qkv_bias && !m.o_bias);
  cr_expect_eq(m.head_dim, 128, "Qwen3Config's default, not hidden_size / heads");
  m = take_family("Qwen3ForCausalLM", "attention_bias", "true");
  cr_expect(m.qkv_bias && m.o_bias);
  m = take_family("Qwen3ForCausalLM", "head_dim", "16");
  cr_expect_eq(m.head_dim, 16);
}

Test(model_config, layer_types)
{
  static const struct {
    const char *types;
    int64_t window, period;
  } rows[] = {
      {"[\"full_attention\", \"full_attention\", \"full_attention\"]", 0, 0},
      {"[\"sliding_attention\", \"sliding_attention\", \"sliding_attention\"]", 128, 1},
      {"[\"sliding_attention\", \"full_attention\", \"sliding_attention\"]", 128, 2},
      {"null", 128, 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct tmk_model m = take(llama, EDITS({"architectures", "[\"MistralForCausalLM\"]"}, {"sliding_window", "128"},
                                           {"layer_types", rows[i].types}));
    cr_expect_eq(m.sliding_window, rows[i].window, "%s", rows[i].types);
    cr_expect_eq(m.sliding_window_period, rows[i].period, "%s", rows[i].types);
  }
  static const struct refusal refused[] = {
      {"layer_types", "[\"full_attention\", \"sliding_attention\", \"full_attention\"]",
       "c.json: layer_types: sliding_attention must stand on no layer, on all, or on layers 0, 2, 4, …"},
      {"layer_types", "[\"sliding_attention\", \"full_attention\", \"full_attention\"]",
       "c.json: layer_types: sliding_attention must stand on no layer, on all, or on layers 0, 2, 4, …"},
      {"layer_types", "[\"full_attention\"]", "c.json: layer_types: 1 entries: must be num_hidden_layers, 3"},
      {"layer_types", "[\"full_attention\", \"linear_attention\", \"full_attention\"]",
       "c.json: layer_types[1]: \"linear_attention\": must be full_attention or sliding_attention"},
      {"layer_types", "\"full_attention\"", "c.json: layer_types: must be an array of one string a layer"},
      {"layer_types", "[\"sliding_attention\", \"sliding_attention\", \"sliding_attention\"]",
       "c.json: sliding_window: none in use: layers of sliding_attention must have one"},
  };
  EXPECT_REFUSALS(llama, refused);
}

static const struct member gpt_oss[] = {
    {"architectures", "[\"GptOssForCausalLM\"]"},
    {"vocab_size", "1000"},
    {"hidden_size", "64"},
    {"intermediate_size", "32"},
    {"num_hidden_layers", "3"},
    {"num_attention_heads", "8"},
    {"num_key_value_heads", "2"},
    {"max_position_embeddings", "512"},
    {"num_local_experts", "4"},
    {"num_experts_per_tok", "2"},
    {NULL, NULL},
};

Test(model_config, gpt_oss)
{
  struct tmk_model m = take(gpt_oss, NULL);
  cr_expect(m.qkv_bias && m.o_bias && m.mlp_bias && m.attention_sinks && m.moe.router_bias && !m.qk_norm);
  cr_expect_eq(m.head_dim, 64);
  cr_expect_eq(m.sliding_window, 128);
  cr_expect_eq(m.sliding_window_period, 2);
  cr_expect_eq(tmk_model_layer_window(&m, 0), 128);
  cr_expect_eq(tmk_model_layer_window(&m, 1), 0);
  cr_expect_eq(tmk_model_layer_window(&m, 2), 128);
  cr_expect_eq(m.rope.theta, 150000);
  cr_expect_eq(m.moe.experts, 4);
  cr_expect_eq(m.moe.experts_per_token, 2);
  cr_expect_eq(m.moe.intermediate_size, 32);
  char reason[64];
  cr_expect(!tmk_model_is_runnable(&m, reason, sizeof reason));
  cr_expect_str_eq(reason, "attention sinks and MoE layers: not yet supported");
  static const struct refusal rows[] = {
      {"num_experts_per_tok", "5", "c.json: num_experts_per_tok: 5: must be an integer 1..4"},
      {"num_experts_per_tok", "0", "c.json: num_experts_per_tok: 0: must be an integer 1..4"},
      {"num_local_experts", "0", "c.json: num_local_experts: 0: must be an integer 1..65536"},
      {"num_local_experts", NULL, "c.json: num_local_experts: missing: must be an integer 1..65536"},
      {"sliding_window", "null", "c.json: sliding_window: none in use: layers of sliding_attention must have one"},
  };
  EXPECT_REFUSALS(gpt_oss, rows);
}

Test(model_config, qwen3_moe_patterns_refused)
{
  static const struct member base[] = {
      {"architectures", "[\"Qwen3MoeForCausalLM\"]"},
      {"vocab_size", "1000"},
      {"hidden_size", "64"},
      {"intermediate_size", "96"},
      {"moe_intermediate_size", "32"},
      {"num_hidden_layers", "3"},
      {"num_attention_heads", "8"},
      {"num_key_value_heads", "2"},
      {"max_position_embeddings", "512"},
      {"num_experts", "4"},
      {"num_experts_per_tok", "2"},
      {NULL, NULL},
  };
  struct tmk_model m = take(base, EDITS({"mlp_only_layers", "[]"}, {"decoder_sparse_step", "1"}));
  cr_expect(m.qk_norm && !m.moe.router_bias && m.moe.first_dense_layers == 0 && m.moe.shared_experts == 0);
  static const struct refusal rows[] = {
      {"decoder_sparse_step", "2", "c.json: decoder_sparse_step: 2: must be an integer 1..1"},
      {"mlp_only_layers", "[0]", "c.json: mlp_only_layers: dense layers by list are not supported: must be []"},
      {"use_sliding_window", "true",
       "c.json: use_sliding_window: true: must be false, windows of Qwen3MoeForCausalLM are not supported"},
      {"moe_intermediate_size", NULL, "c.json: moe_intermediate_size: missing: must be an integer 1..16777216"},
  };
  EXPECT_REFUSALS(base, rows);
}

Test(model_config, deepseek)
{
  struct tmk_model m = take(deepseek, NULL);
  cr_expect_eq(m.mla.q_lora_rank, 24);
  cr_expect_eq(m.mla.kv_lora_rank, 16);
  cr_expect_eq(m.head_dim, 16, "10 + 6");
  cr_expect_eq(m.rope.rotary_dim, 6);
  cr_expect_eq(m.num_key_value_heads, 8);
  cr_expect_eq(m.moe.first_dense_layers, 1);
  cr_expect_eq(tmk_model_kv_elements_per_token(&m), 3 * (16 + 6));
  char reason[64];
  cr_expect(!tmk_model_is_runnable(&m, reason, sizeof reason));
  cr_expect_str_eq(reason, "MLA attention and MoE layers: not yet supported");
  m = take(deepseek, EDITS({"q_lora_rank", "null"}));
  cr_expect_eq(m.mla.q_lora_rank, 0);
  static const struct refusal rows[] = {
      {"qk_rope_head_dim", "5", "c.json: qk_rope_head_dim: 5: must be even and 2..16384"},
      {"kv_lora_rank", "0", "c.json: kv_lora_rank: 0: must be an integer 1..1048576"},
      {"kv_lora_rank", NULL, "c.json: kv_lora_rank: missing: must be an integer 1..1048576"},
      {"first_k_dense_replace", "4", "c.json: first_k_dense_replace: 4: must be an integer 0..3"},
      {"moe_layer_freq", "2", "c.json: moe_layer_freq: 2: must be an integer 1..1"},
      {"n_shared_experts", NULL, "c.json: n_shared_experts: missing: must be an integer 0..65536"},
  };
  EXPECT_REFUSALS(deepseek, rows);
}

/* --- rotary embedding --- */

Test(model_config, rope_scaling_kinds)
{
  struct tmk_model m = take(llama, EDITS({"rope_scaling", "{\"type\": \"linear\", \"factor\": 4}"}));
  cr_expect_eq(m.rope.scaling, TMK_ROPE_LINEAR);
  cr_expect_eq(m.rope.factor, 4);
  m = take(llama, EDITS({"rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, "
                                         "\"high_freq_factor\": 4, \"original_max_position_embeddings\": 256}"}));
  cr_expect_eq(m.rope.scaling, TMK_ROPE_LLAMA3);
  cr_expect_eq(m.rope.low_freq_factor, 1);
  cr_expect_eq(m.rope.high_freq_factor, 4);
  cr_expect_eq(m.rope.original_max_position_embeddings, 256);
  m = take(llama, EDITS({"rope_scaling", "{\"type\": \"yarn\", \"rope_type\": \"yarn\", \"factor\": 40}"}));
  cr_expect_eq(m.rope.scaling, TMK_ROPE_YARN);
  cr_expect_eq(m.rope.beta_fast, 32);
  cr_expect_eq(m.rope.beta_slow, 1);
  cr_expect_eq(m.rope.mscale, 0);
  cr_expect_eq(m.rope.original_max_position_embeddings, 512, "max_position_embeddings where it is left out");
  cr_expect(!m.rope.yarn_untruncated);
  m = take(llama, EDITS({"rope_scaling", "{\"type\": \"yarn\", \"factor\": 40, \"beta_fast\": 1, \"beta_slow\": 1, "
                                         "\"mscale\": 1, \"mscale_all_dim\": 0.5, \"attention_factor\": 1.25, "
                                         "\"original_max_position_embeddings\": 128, \"truncate\": false}"}));
  cr_expect(m.rope.beta_fast == 1 && m.rope.mscale == 1 && m.rope.mscale_all_dim == 0.5 &&
            m.rope.attention_factor == 1.25 && m.rope.original_max_position_embeddings == 128 &&
            m.rope.yarn_untruncated);
  m = take(llama, EDITS({"rope_scaling", "{\"rope_type\": \"default\"}"}));
  cr_expect_eq(m.rope.scaling, TMK_ROPE_NONE);
}

Test(model_config, rope_parameters_of_transformers_5)
{
  struct tmk_model m = take(llama, EDITS({"rope_parameters", "{\"rope_theta\": 500000.0, \"rope_type\": \"linear\", "
                                                             "\"factor\": 2, \"partial_rotary_factor\": 0.5}"}));
  cr_expect_eq(m.rope.theta, 500000);
  cr_expect_eq(m.rope.scaling, TMK_ROPE_LINEAR);
  cr_expect_eq(m.rope.rotary_dim, 4);
  m = take(llama, EDITS({"rope_parameters", "{\"rope_type\": \"default\"}"}, {"rope_theta", "5000"}));
  cr_expect_eq(m.rope.theta, 5000);
  m = take(llama,
           EDITS({"rope_theta", "5000"}, {"rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 5000}"}));
  cr_expect_eq(m.rope.theta, 5000);
  struct tmk_model refused;
  cr_expect_eq(
      load(llama,
           EDITS({"rope_theta", "5000"}, {"rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 10000}"}),
           &refused),
      TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "c.json: rope_parameters.rope_theta: 10000: must be as rope_theta of the config, 5000");
  cr_expect_eq(load(llama,
                    EDITS({"rope_scaling", "{\"type\": \"linear\", \"factor\": 2}"},
                          {"rope_parameters", "{\"rope_type\": \"default\"}"}),
                    &refused),
               TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "c.json: rope_scaling: must be null where rope_parameters is given");
}

Test(model_config, partial_rotary)
{
  struct tmk_model m = take(llama, EDITS({"partial_rotary_factor", "0.5"}));
  cr_expect_eq(m.rope.rotary_dim, 4);
  cr_expect_eq(m.head_dim, 8);
}

Test(model_config, rope_refused)
{
  static const struct refusal rows[] = {
      {"rope_theta", "0", "c.json: rope_theta: 0: must be a number 1.001..1e+18"},
      {"rope_theta", "1", "c.json: rope_theta: 1: must be a number 1.001..1e+18"},
      {"rope_theta", "-10000", "c.json: rope_theta: -10000: must be a number 1.001..1e+18"},
      {"partial_rotary_factor", "2", "c.json: partial_rotary_factor: 2: must be a number 1e-06..1"},
      {"partial_rotary_factor", "0.4",
       "c.json: partial_rotary_factor: 0.4: rotates 3 of 8 dims of a head: must be an even number from 2 on"},
      {"partial_rotary_factor", "0.1",
       "c.json: partial_rotary_factor: 0.1: rotates 0 of 8 dims of a head: must be an even number from 2 on"},
      {"rope_scaling", "\"linear\"", "c.json: rope_scaling: must be null or an object with rope_type"},
      {"rope_scaling", "{}", "c.json: rope_scaling.type: missing: must be a string"},
      {"rope_scaling", "{\"type\": \"dynamic\", \"factor\": 2}",
       "c.json: rope_scaling.type: \"dynamic\" is not supported: must be default, linear, llama3 or yarn"},
      {"rope_scaling", "{\"rope_type\": \"longrope\"}",
       "c.json: rope_scaling.rope_type: \"longrope\" is not supported: must be default, linear, llama3 or yarn"},
      {"rope_scaling", "{\"type\": \"mrope\", \"mrope_section\": [1, 2]}",
       "c.json: rope_scaling.type: \"mrope\" is not supported: must be default, linear, llama3 or yarn"},
      {"rope_scaling", "{\"type\": \"linear\", \"rope_type\": \"yarn\", \"factor\": 2}",
       "c.json: rope_scaling.type: \"linear\": must be as rope_type, \"yarn\""},
      {"rope_scaling", "{\"type\": \"linear\"}", "c.json: rope_scaling.factor: missing: must be a number 1..1000000"},
      {"rope_scaling", "{\"type\": \"linear\", \"factor\": 0.5}",
       "c.json: rope_scaling.factor: 0.5: must be a number 1..1000000"},
      {"rope_scaling", "{\"type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, \"high_freq_factor\": 4}",
       "c.json: rope_scaling.original_max_position_embeddings: missing: must be an integer 1..1073741824"},
      {"rope_scaling",
       "{\"type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, \"high_freq_factor\": 4, "
       "\"original_max_position_embeddings\": 9}",
       "c.json: rope_scaling.high_freq_factor: 4: must be above low_freq_factor 4"},
      {"rope_scaling", "{\"type\": \"yarn\", \"factor\": 2, \"beta_fast\": 1, \"beta_slow\": 2}",
       "c.json: rope_scaling.beta_fast: 1: must be at least beta_slow 2"},
      {"rope_parameters", "{\"full_attention\": {\"rope_type\": \"default\"}}",
       "c.json: rope_parameters: one object a layer type is not supported: must have rope_theta, rope_type"},
  };
  EXPECT_REFUSALS(llama, rows);
}

/* --- counts, worked by hand on small shapes --- */

Test(model_config, parameters_of_a_small_llama)
{
  /* V 1000, H 64, I 160, L 3, 8 heads and 2 of key and value of 8.
   * layer: qkv 64·(8+4)·8 = 6144, o 64·64 = 4096, mlp 3·64·160 = 30720, norms 128: 41088 */
  struct tmk_model m = take(llama, NULL);
  cr_expect_eq(tmk_model_parameters(&m), 3 * 41088 + 2 * 64000 + 64);
  cr_expect_eq(tmk_model_active_parameters(&m), tmk_model_parameters(&m));
  cr_expect_eq(tmk_model_kv_elements_per_token(&m), 3 * 2 * 2 * 8);
  /* tied: one vocabulary matrix less; biases: qkv 96, o 64, mlp 2·160 + 64 = 384 a layer */
  m = take(llama, EDITS({"tie_word_embeddings", "true"}, {"attention_bias", "true"}, {"mlp_bias", "true"}));
  cr_expect_eq(tmk_model_parameters(&m), 3 * (41088 + 96 + 64 + 384) + 64000 + 64);
  /* norms of 8 for q and for k */
  m = take_family("Qwen3ForCausalLM", "head_dim", "8");
  cr_expect_eq(tmk_model_parameters(&m), 3 * (41088 + 16) + 2 * 64000 + 64);
  m = take_family("Qwen2ForCausalLM", NULL, NULL);
  cr_expect_eq(tmk_model_parameters(&m), 3 * (41088 + 96) + 2 * 64000 + 64);
}

Test(model_config, parameters_of_a_small_gpt_oss)
{
  /* H 64, 8 + 2·2 heads of 64, sinks 8, 4 experts of 32, 2 a token.
   * attention: 64·12·64 + 768 + 8·64·64 + 64 + 8 = 49152 + 768 + 32768 + 64 + 8 = 82760
   * expert: 3·64·32 + 2·32 + 64 = 6272; router: 4·64 + 4 = 260; norms 128 */
  struct tmk_model m = take(gpt_oss, NULL);
  cr_expect_eq(tmk_model_parameters(&m), 3 * (82760 + 4 * 6272 + 260 + 128) + 2 * 64000 + 64);
  cr_expect_eq(tmk_model_active_parameters(&m), 3 * (82760 + 2 * 6272 + 260 + 128) + 2 * 64000 + 64);
}

Test(model_config, parameters_of_a_small_deepseek)
{
  /* MLA: q 64·24 + 24 + 24·8·16 = 4632; kv 64·22 + 16 + 16·8·22 = 4240; o 8·12·64 = 6144: 15016. norms 128.
   * dense mlp 3·64·160 = 30720; expert 3·64·32 = 6144; router 5·64 + 5 = 325; 1 shared */
  struct tmk_model m = take(deepseek, NULL);
  cr_expect_eq(tmk_model_parameters(&m), 3 * (15016 + 128) + 30720 + 2 * (6 * 6144 + 325) + 2 * 64000 + 64);
  cr_expect_eq(tmk_model_active_parameters(&m), 3 * (15016 + 128) + 30720 + 2 * (3 * 6144 + 325) + 2 * 64000 + 64);
  /* one q projection of 64·8·16 = 8192 instead of the two of 4632 with their norm */
  m = take(deepseek, EDITS({"q_lora_rank", "null"}));
  cr_expect_eq(tmk_model_parameters(&m),
               3 * (15016 + 8192 - 4632 + 128) + 30720 + 2 * (6 * 6144 + 325) + 2 * 64000 + 64);
  /* biases of the two first projections, 24 and 22, and of the output, 64 */
  m = take(deepseek, EDITS({"attention_bias", "true"}));
  cr_expect_eq(tmk_model_parameters(&m),
               3 * (15016 + 24 + 22 + 64 + 128) + 30720 + 2 * (6 * 6144 + 325) + 2 * 64000 + 64);
}

Test(model_config, weight_bytes)
{
  /* projections 3·(6144 + 4096 + 30720) = 122880; plain 3·128 + 128000 + 64 = 128448 */
  struct tmk_model m = take(llama, NULL);
  cr_expect_eq(tmk_model_weight_bytes(&m, TMK_DTYPE_F32), 4 * (122880 + 128448));
  cr_expect_eq(tmk_model_weight_bytes(&m, TMK_DTYPE_BF16), 2 * (122880 + 128448));
  cr_expect_eq(tmk_model_weight_bytes(&m, TMK_DTYPE_F8E4M3), 122880 + 2 * 128448);
  cr_expect_eq(tmk_model_weight_bytes(&m, TMK_DTYPE_NVFP4), 122880 / 2 + 122880 / 16 + 2 * 128448);
}
