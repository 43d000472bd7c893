/* test_workload.c: keys and token counts of workloads. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tokmark/workload.h"

static struct tmk_workload workload(enum tmk_phase phase)
{
  return (struct tmk_workload){
      .model = "llama-3.1-8b",
      .phase = phase,
      .batch = 8,
      .prefill_chunk = TMK_PREFILL_CHUNK_DEFAULT,
      .weight_dtype = TMK_DTYPE_BF16,
      .kv_dtype = TMK_DTYPE_F32,
      .layout = {.tp = 1, .pp = 1, .dp = 1, .microbatches = 1},
  };
}

static void expect_key(const struct tmk_workload *w, const char *expected)
{
  char key[TMK_WORKLOAD_KEY_SIZE];
  tmk_workload_key(w, key);
  cr_expect(eq(str, key, (char *)expected));
}

Test(workload, phase_names)
{
  const char *const names[] = {"decode", "prefill", "e2e"};
  for (int i = 0; i < TMK_PHASE_COUNT; i++) {
    cr_expect(eq(str, (char *)tmk_phase_name((enum tmk_phase)i), (char *)names[i]));
    cr_expect(eq(int, (int)tmk_phase_from_name(names[i]), i));
  }
  cr_expect(eq(str, (char *)tmk_phase_name(TMK_PHASE_COUNT), "unknown"));
  cr_expect(eq(int, (int)tmk_phase_from_name("Decode"), TMK_PHASE_COUNT));
}

Test(workload, keys_leave_defaults_out)
{
  struct tmk_workload w = workload(TMK_PHASE_DECODE);
  w.context = 1024;
  expect_key(&w, "step/llama-3.1-8b/decode/b8/c1024/w=bf16/kv=f32");

  w = workload(TMK_PHASE_PREFILL);
  w.input_len = 512;
  expect_key(&w, "step/llama-3.1-8b/prefill/b8/i512/w=bf16/kv=f32");

  w = workload(TMK_PHASE_E2E);
  w.input_len = 512;
  w.output_len = 64;
  expect_key(&w, "step/llama-3.1-8b/e2e/b8/i512/o64/w=bf16/kv=f32");
}

Test(workload, keys_name_what_differs)
{
  struct tmk_workload w = workload(TMK_PHASE_PREFILL);
  w.input_len = 512;
  w.prefill_chunk = 256;
  w.layers_held = 4;
  w.layout = (struct tmk_layout){.tp = 2, .pp = 4, .dp = 8, .microbatches = 16};
  expect_key(&w, "step/llama-3.1-8b/prefill/b8/i512/w=bf16/kv=f32/chunk256/layers4/tp2/pp4/dp8/mb16");
  /* A rank is a place in the layout, not another workload. */
  w.layout.rank = 3;
  expect_key(&w, "step/llama-3.1-8b/prefill/b8/i512/w=bf16/kv=f32/chunk256/layers4/tp2/pp4/dp8/mb16");
}

/* A decode step has no prefill in it, so its chunk is no difference. */
Test(workload, decode_has_no_chunk)
{
  struct tmk_workload w = workload(TMK_PHASE_DECODE);
  w.prefill_chunk = 256;
  expect_key(&w, "step/llama-3.1-8b/decode/b8/c0/w=bf16/kv=f32");
}

Test(workload, zero_context_has_a_key)
{
  struct tmk_workload w = workload(TMK_PHASE_DECODE);
  expect_key(&w, "step/llama-3.1-8b/decode/b8/c0/w=bf16/kv=f32");
}

/* The longest valid workload: the key ends in its last field and is not cut. */
Test(workload, longest_key_fits)
{
  struct tmk_workload w = workload(TMK_PHASE_E2E);
  memset(w.model, 'm', sizeof w.model - 1);
  w.model[sizeof w.model - 1] = 0;
  w.batch = 65536;
  w.input_len = w.output_len = (int64_t)1 << 24;
  w.prefill_chunk = (int64_t)1 << 40;
  w.layers_held = 100000;
  w.layout = (struct tmk_layout){.tp = 100000, .pp = 100000, .dp = 100000, .microbatches = 100000};
  char key[TMK_WORKLOAD_KEY_SIZE];
  tmk_workload_key(&w, key);
  cr_expect(lt(sz, strlen(key), sizeof key - 1));
  cr_expect(eq(str, key + strlen(key) - 9, "/mb100000"));
}

static void expect_tokens(const struct tmk_workload *w, int64_t input, int64_t output)
{
  int64_t got_input = -1, got_output = -1;
  tmk_workload_tokens(w, &got_input, &got_output);
  cr_expect(eq(i64, got_input, input));
  cr_expect(eq(i64, got_output, output));
  tmk_workload_tokens(w, NULL, NULL);
}

Test(workload, tokens_of_a_pass)
{
  struct tmk_workload w = workload(TMK_PHASE_DECODE);
  w.context = 1024;
  expect_tokens(&w, 0, 8);
  w = workload(TMK_PHASE_PREFILL);
  w.input_len = 512;
  expect_tokens(&w, 4096, 0);
  w = workload(TMK_PHASE_E2E);
  w.input_len = 512;
  w.output_len = 3;
  expect_tokens(&w, 4096, 24);
}
