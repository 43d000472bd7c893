/* shapes.h: model shapes for tests of the planner, as their config.json files have them. */
#ifndef TMK_TESTS_SHAPES_H
#define TMK_TESTS_SHAPES_H

#include "tokmark/plan.h"

static const struct tmk_model shape_tinyllama = {
    .name = "tinyllama-1.1b",
    .architecture = "LlamaForCausalLM",
    .family = TMK_FAMILY_LLAMA,
    .vocab_size = 32000,
    .hidden_size = 2048,
    .num_hidden_layers = 22,
    .num_attention_heads = 32,
    .num_key_value_heads = 4,
    .head_dim = 64,
    .intermediate_size = 5632,
    .max_position_embeddings = 2048,
    .rms_norm_eps = 1e-5,
    .rope = {.theta = 10000.0, .rotary_dim = 64},
};

static const struct tmk_model shape_llama_8b = {
    .name = "llama-3.1-8b",
    .architecture = "LlamaForCausalLM",
    .family = TMK_FAMILY_LLAMA,
    .vocab_size = 128256,
    .hidden_size = 4096,
    .num_hidden_layers = 32,
    .num_attention_heads = 32,
    .num_key_value_heads = 8,
    .head_dim = 128,
    .intermediate_size = 14336,
    .max_position_embeddings = 131072,
    .rms_norm_eps = 1e-5,
    .rope = {.theta = 500000.0,
             .rotary_dim = 128,
             .scaling = TMK_ROPE_LLAMA3,
             .factor = 8.0,
             .low_freq_factor = 1.0,
             .high_freq_factor = 4.0,
             .original_max_position_embeddings = 8192},
};

static const struct tmk_model shape_mistral_7b = {
    .name = "mistral-7b-v0.1",
    .architecture = "MistralForCausalLM",
    .family = TMK_FAMILY_MISTRAL,
    .vocab_size = 32000,
    .hidden_size = 4096,
    .num_hidden_layers = 32,
    .num_attention_heads = 32,
    .num_key_value_heads = 8,
    .head_dim = 128,
    .intermediate_size = 14336,
    .max_position_embeddings = 32768,
    .sliding_window = 4096,
    .sliding_window_period = 1,
    .rms_norm_eps = 1e-5,
    .rope = {.theta = 10000.0, .rotary_dim = 128},
};

/* Every optional tensor at once, heads × head_dim unlike hidden_size, and small. */
static const struct tmk_model shape_small = {
    .name = "small",
    .architecture = "Qwen3ForCausalLM",
    .family = TMK_FAMILY_QWEN3,
    .vocab_size = 97,
    .hidden_size = 48,
    .num_hidden_layers = 3,
    .num_attention_heads = 4,
    .num_key_value_heads = 2,
    .head_dim = 16,
    .intermediate_size = 80,
    .max_position_embeddings = 4096,
    .tie_word_embeddings = true,
    .qkv_bias = true,
    .o_bias = true,
    .mlp_bias = true,
    .qk_norm = true,
    .rms_norm_eps = 1e-6,
    .rope = {.theta = 10000.0, .rotary_dim = 16},
};

static inline struct tmk_workload shape_workload(enum tmk_phase phase, int64_t batch, int64_t length)
{
  return (struct tmk_workload){
      .phase = phase,
      .batch = batch,
      .input_len = phase == TMK_PHASE_DECODE ? 0 : length,
      .context = phase == TMK_PHASE_DECODE ? length : 0,
      .prefill_chunk = TMK_PREFILL_CHUNK_DEFAULT,
      .weight_dtype = TMK_DTYPE_BF16,
      .kv_dtype = TMK_DTYPE_BF16,
      .layout = {.tp = 1, .pp = 1, .dp = 1, .microbatches = 1},
  };
}

#endif
