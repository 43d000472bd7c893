/* tiny_model.h: a dense model small enough for the naive reference, for tests of the harness. */
#ifndef TMK_TEST_TINY_MODEL_H
#define TMK_TEST_TINY_MODEL_H

#include "tokmark/model.h"
#include "tokmark/workload.h"

static inline struct tmk_model tiny_model(void)
{
  return (struct tmk_model){
      .name = "tiny",
      .architecture = "LlamaForCausalLM",
      .family = TMK_FAMILY_LLAMA,
      .vocab_size = 96,
      .hidden_size = 64,
      .num_hidden_layers = 2,
      .num_attention_heads = 4,
      .num_key_value_heads = 2,
      .head_dim = 16,
      .intermediate_size = 128,
      .max_position_embeddings = 4096,
      .rms_norm_eps = 1e-5,
      .rope = {.theta = 10000, .scaling = TMK_ROPE_NONE, .factor = 1, .rotary_dim = 16},
      .stored_dtype = TMK_DTYPE_BF16,
  };
}

static inline struct tmk_workload tiny_workload(enum tmk_phase phase, int64_t batch, int64_t input_len,
                                                int64_t output_len, int64_t context)
{
  return (struct tmk_workload){
      .model = "tiny",
      .phase = phase,
      .batch = batch,
      .input_len = input_len,
      .output_len = output_len,
      .context = context,
      .prefill_chunk = TMK_PREFILL_CHUNK_DEFAULT,
      .weight_dtype = TMK_DTYPE_F32,
      .kv_dtype = TMK_DTYPE_F32,
      .layout = {.tp = 1, .pp = 1, .dp = 1, .microbatches = 1},
  };
}

#endif
