/* model_family.c: see model_family.h. A family is a row of `families`: what its layers have is data, not code. */
#include "model_family.h"

#include <stdio.h>
#include <string.h>

static const struct tmk_family_row families[] = {
    {.architecture = "LlamaForCausalLM",
     .model_type = "llama",
     .family = TMK_FAMILY_LLAMA,
     .bias = TMK_BIAS_QKV_O,
     .mlp_bias_member = true,
     .default_kv_heads = true,
     .default_theta = 10000,
     .default_eps = 1e-6},
    {.architecture = "MistralForCausalLM",
     .model_type = "mistral",
     .family = TMK_FAMILY_MISTRAL,
     .window = TMK_WINDOW_ALL_LAYERS,
     .default_window = 4096,
     .default_theta = 10000,
     .default_eps = 1e-6},
    {.architecture = "Qwen2ForCausalLM",
     .model_type = "qwen2",
     .family = TMK_FAMILY_QWEN2,
     .bias = TMK_BIAS_QKV_ALWAYS,
     .window = TMK_WINDOW_QWEN,
     .default_window = 4096,
     .default_theta = 10000,
     .default_eps = 1e-6},
    {.architecture = "Qwen3ForCausalLM",
     .model_type = "qwen3",
     .family = TMK_FAMILY_QWEN3,
     .bias = TMK_BIAS_QKV_O,
     .qk_norm = TMK_QK_NORM_ALWAYS,
     .window = TMK_WINDOW_QWEN,
     .default_window = 4096,
     .default_head_dim = 128,
     .default_theta = 10000,
     .default_eps = 1e-6},
    {.architecture = "MixtralForCausalLM",
     .model_type = "mixtral",
     .family = TMK_FAMILY_MIXTRAL,
     .window = TMK_WINDOW_ALL_LAYERS,
     .experts = "num_local_experts",
     .expert_size = "intermediate_size",
     .default_theta = 1e6,
     .default_eps = 1e-5},
    {.architecture = "Qwen3MoeForCausalLM",
     .model_type = "qwen3_moe",
     .family = TMK_FAMILY_QWEN3_MOE,
     .bias = TMK_BIAS_QKV_O,
     .qk_norm = TMK_QK_NORM_ALWAYS,
     .window = TMK_WINDOW_QWEN_OFF,
     .experts = "num_experts",
     .expert_size = "moe_intermediate_size",
     .default_theta = 10000,
     .default_eps = 1e-6},
    {.architecture = "GptOssForCausalLM",
     .model_type = "gpt_oss",
     .family = TMK_FAMILY_GPT_OSS,
     .bias = TMK_BIAS_QKV_O,
     .default_attention_bias = true,
     .always_mlp_bias = true,
     .window = TMK_WINDOW_EVEN_LAYERS,
     .default_window = 128,
     .default_head_dim = 64,
     .sinks = true,
     .router_bias = true,
     .experts = "num_local_experts",
     .expert_size = "intermediate_size",
     .default_theta = 150000,
     .default_eps = 1e-5},
    {.architecture = "Glm4MoeForCausalLM",
     .model_type = "glm4_moe",
     .family = TMK_FAMILY_GLM4_MOE,
     .bias = TMK_BIAS_QKV,
     .qk_norm = TMK_QK_NORM_USE_QK_NORM,
     .router_bias = true,
     .experts = "n_routed_experts",
     .expert_size = "moe_intermediate_size",
     .shared_experts = "n_shared_experts",
     .dense_layers = "first_k_dense_replace",
     .default_theta = 10000,
     .default_eps = 1e-5,
     .default_rotary_factor = 0.5},
    {.architecture = "DeepseekV3ForCausalLM",
     .model_type = "deepseek_v3",
     .family = TMK_FAMILY_DEEPSEEK_V3,
     .bias = TMK_BIAS_QKV_O,
     .default_kv_heads = true,
     .mla = true,
     .router_bias = true,
     .experts = "n_routed_experts",
     .expert_size = "moe_intermediate_size",
     .shared_experts = "n_shared_experts",
     .dense_layers = "first_k_dense_replace",
     .default_theta = 10000,
     .default_eps = 1e-6},
};
#define FAMILY_COUNT (sizeof families / sizeof families[0])

enum tmk_status tmk_family_read(struct tmk_json config, const struct tmk_family_row **row, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json architectures = tmk_json_get(config, "architectures");
  bool by_type = tmk_json_is_null(architectures);
  struct tmk_json member = by_type ? tmk_json_get(config, "model_type") : tmk_json_at(architectures, 0);
  struct tmk_json text_config = tmk_json_get(config, "text_config");
  char name[96], known[512] = "";
  if (!tmk_json_is_object(config))
    TMK_TRY(tmk_json_fail(config, err, "must be an object, as a model's config.json is"));
  if (by_type && tmk_json_is_null(member)) {
    TMK_TRY(tmk_json_fail(architectures, err, "missing: must name the model's class, as [\"LlamaForCausalLM\"]"));
  }
  if (!by_type && !tmk_json_is_array(architectures)) {
    TMK_TRY(tmk_json_fail(architectures, err, "must be an array of one string, as [\"LlamaForCausalLM\"]"));
  }
  TMK_TRY(tmk_json_string(member, name, sizeof name, err));
  if (!tmk_json_is_null(text_config)) {
    TMK_TRY(tmk_json_fail(text_config, err, "%s is multimodal: must be the config of a text model alone", name));
  }
  for (size_t i = 0; i < FAMILY_COUNT; i++) {
    const char *given = by_type ? families[i].model_type : families[i].architecture;
    if (strcmp(name, given) == 0) {
      *row = &families[i];
      return TMK_OK;
    }
    size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", given);
  }
  TMK_TRY(tmk_json_fail(member, err, "\"%s\" is not supported: must be one of %s", name, known));
out:
  return status;
}
