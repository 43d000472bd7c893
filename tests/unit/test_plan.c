/* test_plan.c: the steps, operations and tensors of a plan. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "shapes.h"

static struct tmk_plan *make(const struct tmk_model *model, const struct tmk_workload *workload)
{
  struct tmk_error err = {0};
  struct tmk_plan *plan = NULL;
  const struct tmk_plan_args args = {.model = model, .workload = workload, .seed = 1, .act_dtype = TMK_DTYPE_F32};
  const enum tmk_status status = tmk_plan_create(&args, &plan, &err);
  cr_assert(eq(int, (int)status, TMK_OK), "%s", err.message);
  return plan;
}

static struct tmk_plan *make_phase(const struct tmk_model *model, enum tmk_phase phase, int64_t batch, int64_t length)
{
  const struct tmk_workload workload = shape_workload(phase, batch, length);
  return make(model, &workload);
}

static const struct tmk_tensor *tensor_named(const struct tmk_plan *plan, const char *name)
{
  for (int i = 0; i < plan->tensor_count; i++) {
    if (strcmp(plan->tensors[i].name, name) == 0) return &plan->tensors[i];
  }
  return NULL;
}

static void expect_tensor(const struct tmk_plan *plan, const char *name, enum tmk_dtype dtype, int rank,
                          const int64_t *dims)
{
  const struct tmk_tensor *t = tensor_named(plan, name);
  cr_assert(ne(ptr, (void *)t, NULL), "%s", name);
  cr_expect(eq(int, (int)t->dtype, (int)dtype), "%s", name);
  cr_expect(eq(int, t->rank, rank), "%s", name);
  for (int i = 0; i < rank; i++) cr_expect(eq(i64, t->dims[i], dims[i]), "%s dim %d", name, i);
}

#define DIMS(...)                                                                                                      \
  (const int64_t[])                                                                                                    \
  {                                                                                                                    \
    __VA_ARGS__                                                                                                        \
  }

/* ---- operations ---- */

static const char *const layer_labels[] = {"attn_norm", "qkv_proj",     "rope_kv", "attention", "o_proj",
                                           "mlp_norm",  "gate_up_proj", "swiglu",  "down_proj"};

/* A step's labels, layers and step index, in order. */
static void expect_step(const struct tmk_plan *plan, int step, bool ends)
{
  const struct tmk_plan_step *s = &plan->steps[step];
  const int layers = (int)plan->model.num_hidden_layers;
  const struct tmk_op *op = &plan->ops[s->first_op];
  cr_assert(eq(int, s->op_count, 1 + 9 * layers + (ends ? 3 : 0)));
  for (int i = 0; i < s->op_count; i++) cr_expect(eq(int, op[i].step, step));
  cr_expect(eq(str, (char *)op[0].label, "embed"));
  cr_expect(eq(int, op[0].layer, -1));
  for (int layer = 0; layer < layers; layer++) {
    for (int i = 0; i < 9; i++) {
      cr_expect(eq(str, (char *)op[1 + 9 * layer + i].label, (char *)layer_labels[i]));
      cr_expect(eq(int, op[1 + 9 * layer + i].layer, layer));
    }
  }
  if (!ends) return;
  op += 1 + 9 * layers;
  cr_expect(eq(str, (char *)op[0].label, "final_norm"));
  cr_expect(eq(str, (char *)op[1].label, "lm_head"));
  cr_expect(eq(str, (char *)op[2].label, "sample"));
  cr_expect(eq(int, op[2].layer, -1));
}

Test(plan, decode_is_one_step)
{
  struct tmk_plan *plan = make_phase(&shape_tinyllama, TMK_PHASE_DECODE, 8, 128);
  cr_assert(eq(int, plan->step_count, 1));
  cr_expect(eq(i64, plan->steps[0].tokens, 8));
  cr_expect(eq(i64, plan->steps[0].prompts, 8));
  cr_expect(eq(int, plan->op_count, 1 + 22 * 9 + 3));
  expect_step(plan, 0, true);

  const struct tmk_op *layer1 = &plan->ops[1 + 9];
  cr_expect(eq(i64, layer1[1].u.gemm.m, 8));
  cr_expect(eq(i64, layer1[1].u.gemm.n, 2560)); /* (32 + 2·4)·64 */
  cr_expect(eq(i64, layer1[1].u.gemm.k, 2048));
  cr_expect(eq(i64, layer1[2].u.rope_kv.past, 128));
  cr_expect(eq(i64, layer1[2].u.rope_kv.q_len, 1));
  cr_expect(eq(i64, layer1[2].u.rope_kv.seqs, 8));
  cr_expect(eq(dbl, layer1[3].u.attention.scale, 0.125));
  cr_expect(eq(i64, layer1[3].u.attention.window, 0));
  cr_expect(eq(i64, layer1[4].u.gemm.n, 2048));
  cr_expect(eq(i64, layer1[6].u.gemm.n, 11264));
  cr_expect(eq(i64, layer1[8].u.gemm.k, 5632));
  const struct tmk_op *end = &plan->ops[plan->op_count - 3];
  cr_expect(eq(i64, end[0].u.rmsnorm.row_group, 1));
  cr_expect(not(end[0].u.rmsnorm.write_residual));
  cr_expect(eq(i64, end[1].u.gemm.n, 32000));
  cr_expect(eq(i64, end[2].u.sample.token_first, 0));
  tmk_plan_destroy(plan);
}

/* Who writes what an operation reads: the residual stream of a pre-norm transformer. */
Test(plan, dataflow_of_a_layer)
{
  struct tmk_plan *plan = make_phase(&shape_tinyllama, TMK_PHASE_DECODE, 1, 4);
  const struct tmk_op *embed = &plan->ops[0], *l0 = &plan->ops[1], *l1 = &plan->ops[10];
  const int residual = embed->u.embed.x;
  cr_expect(eq(int, l0[0].u.rmsnorm.delta, TMK_TENSOR_NONE));
  cr_expect(not(l0[0].u.rmsnorm.write_residual));
  cr_expect(eq(int, l0[0].u.rmsnorm.residual, residual));
  cr_expect(eq(int, l0[1].u.gemm.x, l0[0].u.rmsnorm.y));
  cr_expect(eq(int, l0[2].u.rope_kv.qkv, l0[1].u.gemm.y));
  cr_expect(eq(int, l0[3].u.attention.q, l0[2].u.rope_kv.q));
  cr_expect(eq(int, l0[3].u.attention.k_cache, l0[2].u.rope_kv.k_cache));
  cr_expect(eq(int, l0[3].u.attention.v_cache, l0[2].u.rope_kv.v_cache));
  cr_expect(eq(int, l0[4].u.gemm.x, l0[3].u.attention.out));
  cr_expect(eq(int, l0[5].u.rmsnorm.delta, l0[4].u.gemm.y));
  cr_expect(l0[5].u.rmsnorm.write_residual);
  cr_expect(eq(int, l0[6].u.gemm.x, l0[5].u.rmsnorm.y));
  cr_expect(eq(int, l0[7].u.swiglu.gate_up, l0[6].u.gemm.y));
  cr_expect(eq(int, l0[8].u.gemm.x, l0[7].u.swiglu.y));
  cr_expect(eq(int, l1[0].u.rmsnorm.delta, l0[8].u.gemm.y));
  cr_expect(eq(int, l1[0].u.rmsnorm.residual, residual));
  cr_expect(l1[0].u.rmsnorm.write_residual);
  cr_expect(ne(int, l1[2].u.rope_kv.k_cache, l0[2].u.rope_kv.k_cache));
  cr_expect(ne(int, l0[2].u.rope_kv.k_cache, l0[2].u.rope_kv.v_cache));
  const struct tmk_op *end = &plan->ops[plan->op_count - 3];
  cr_expect(eq(int, end[0].u.rmsnorm.delta, end[-1].u.gemm.y));
  cr_expect(eq(int, end[1].u.gemm.x, end[0].u.rmsnorm.y));
  cr_expect(eq(int, end[1].u.gemm.y, plan->logits));
  cr_expect(eq(int, end[2].u.sample.logits, plan->logits));
  cr_expect(eq(int, end[2].u.sample.tokens, plan->tokens_out));
  tmk_plan_destroy(plan);
}

/* Five prompts of 600 tokens, 2048 a step: three whole prompts, then two. */
Test(plan, prefill_takes_whole_prompts)
{
  struct tmk_plan *plan = make_phase(&shape_tinyllama, TMK_PHASE_PREFILL, 5, 600);
  cr_assert(eq(int, plan->step_count, 2));
  cr_expect(eq(i64, plan->steps[0].tokens, 1800));
  cr_expect(eq(i64, plan->steps[0].prompts, 3));
  cr_expect(eq(i64, plan->steps[1].tokens, 1200));
  cr_expect(eq(i64, plan->steps[1].prompts, 2));
  expect_step(plan, 0, true);
  expect_step(plan, 1, true);
  const struct tmk_op *second = &plan->ops[plan->steps[1].first_op];
  cr_expect(eq(i64, second[0].u.embed.token_first, 1800));
  cr_expect(eq(i64, second[3].u.rope_kv.seq_first, 3));
  cr_expect(eq(i64, second[3].u.rope_kv.seqs, 2));
  cr_expect(eq(i64, second[3].u.rope_kv.q_len, 600));
  cr_expect(eq(i64, second[3].u.rope_kv.past, 0));
  const struct tmk_op *end = &plan->ops[plan->op_count - 3];
  cr_expect(eq(i64, end[0].u.rmsnorm.rows, 2));
  cr_expect(eq(i64, end[0].u.rmsnorm.row_group, 600));
  cr_expect(eq(i64, end[2].u.sample.token_first, 3));
  expect_tensor(plan, "tokens", TMK_DTYPE_I32, 1, DIMS(3000));
  expect_tensor(plan, "residual", TMK_DTYPE_F32, 2, DIMS(1800, 2048));
  expect_tensor(plan, "logits", TMK_DTYPE_F32, 2, DIMS(3, 32000));
  expect_tensor(plan, "tokens_out", TMK_DTYPE_I32, 1, DIMS(5));
  expect_tensor(plan, "layer0.k_cache", TMK_DTYPE_BF16, 4, DIMS(5, 600, 4, 64));
  tmk_plan_destroy(plan);
}

/* A prompt of exactly a chunk goes whole; one token more takes two steps. */
Test(plan, prefill_at_the_chunk_boundary)
{
  struct tmk_plan *plan = make_phase(&shape_tinyllama, TMK_PHASE_PREFILL, 1, 2048);
  cr_expect(eq(int, plan->step_count, 1));
  tmk_plan_destroy(plan);
  plan = make_phase(&shape_tinyllama, TMK_PHASE_PREFILL, 1, 2049);
  cr_assert(eq(int, plan->step_count, 2));
  cr_expect(eq(i64, plan->steps[1].tokens, 1));
  tmk_plan_destroy(plan);
}

/* Three prompts of 1000 in chunks of 256: 256, 256, 256, 232 each; only the last of each ends it. */
Test(plan, prefill_in_chunks)
{
  struct tmk_workload workload = shape_workload(TMK_PHASE_PREFILL, 3, 1000);
  workload.prefill_chunk = 256;
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  cr_assert(eq(int, plan->step_count, 12));
  for (int i = 0; i < 12; i++) {
    const bool ends = i % 4 == 3;
    const struct tmk_op *op = &plan->ops[plan->steps[i].first_op];
    expect_step(plan, i, ends);
    cr_expect(eq(i64, plan->steps[i].tokens, ends ? 232 : 256));
    cr_expect(eq(i64, plan->steps[i].prompts, ends ? 1 : 0));
    cr_expect(eq(i64, op[0].u.embed.token_first, i / 4 * 1000 + i % 4 * 256));
    cr_expect(eq(i64, op[4].u.attention.past, i % 4 * 256));
    cr_expect(eq(i64, op[4].u.attention.seq_first, i / 4));
    cr_expect(eq(i64, op[4].u.attention.seqs, 1));
  }
  const struct tmk_op *end = &plan->ops[plan->op_count - 3];
  cr_expect(eq(i64, end[0].u.rmsnorm.rows, 1));
  cr_expect(eq(i64, end[0].u.rmsnorm.row_group, 232));
  cr_expect(eq(i64, end[2].u.sample.token_first, 2));
  expect_tensor(plan, "residual", TMK_DTYPE_F32, 2, DIMS(256, 2048));
  tmk_plan_destroy(plan);
}

Test(plan, windows_come_from_the_model)
{
  struct tmk_plan *plan = make_phase(&shape_mistral_7b, TMK_PHASE_DECODE, 1, 8192);
  cr_expect(eq(i64, plan->ops[4].u.attention.window, 4096));
  expect_tensor(plan, "layer31.v_cache", TMK_DTYPE_BF16, 4, DIMS(1, 8193, 8, 128));
  tmk_plan_destroy(plan);
}

/* ---- tensors ---- */

Test(plan, every_optional_tensor)
{
  struct tmk_plan *plan = make_phase(&shape_small, TMK_PHASE_DECODE, 2, 5);
  expect_tensor(plan, "embedding.weight", TMK_DTYPE_BF16, 2, DIMS(97, 48));
  expect_tensor(plan, "layer2.qkv_proj.weight", TMK_DTYPE_BF16, 2, DIMS(128, 48)); /* (4 + 2·2)·16 */
  expect_tensor(plan, "layer2.qkv_proj.bias", TMK_DTYPE_BF16, 1, DIMS(128));
  expect_tensor(plan, "layer2.q_norm.weight", TMK_DTYPE_BF16, 1, DIMS(16));
  expect_tensor(plan, "layer2.k_norm.weight", TMK_DTYPE_BF16, 1, DIMS(16));
  expect_tensor(plan, "layer2.o_proj.weight", TMK_DTYPE_BF16, 2, DIMS(48, 64));
  expect_tensor(plan, "layer2.o_proj.bias", TMK_DTYPE_BF16, 1, DIMS(48));
  expect_tensor(plan, "layer2.gate_up_proj.weight", TMK_DTYPE_BF16, 2, DIMS(160, 48));
  expect_tensor(plan, "layer2.gate_up_proj.bias", TMK_DTYPE_BF16, 1, DIMS(160));
  expect_tensor(plan, "layer2.down_proj.weight", TMK_DTYPE_BF16, 2, DIMS(48, 80));
  expect_tensor(plan, "layer2.down_proj.bias", TMK_DTYPE_BF16, 1, DIMS(48));
  expect_tensor(plan, "inv_freq", TMK_DTYPE_F64, 1, DIMS(8));
  expect_tensor(plan, "q", TMK_DTYPE_F32, 2, DIMS(2, 64));
  cr_expect(eq(ptr, (void *)tensor_named(plan, "lm_head.weight"), NULL)); /* tied */
  const struct tmk_op *layer0 = &plan->ops[1];
  cr_expect(ne(int, layer0[1].u.gemm.bias, TMK_TENSOR_NONE));
  cr_expect(ne(int, layer0[2].u.rope_kv.q_norm, TMK_TENSOR_NONE));
  cr_expect(ne(int, layer0[4].u.gemm.bias, TMK_TENSOR_NONE));
  cr_expect(ne(int, layer0[6].u.gemm.bias, TMK_TENSOR_NONE));
  cr_expect(ne(int, layer0[8].u.gemm.bias, TMK_TENSOR_NONE));
  cr_expect(eq(int, plan->ops[plan->op_count - 2].u.gemm.weight, plan->ops[0].u.embed.weight));
  /* The constant is at hand: 10000^(−2i/16). */
  const struct tmk_tensor *inv_freq = tensor_named(plan, "inv_freq");
  cr_expect(eq(dbl, inv_freq->constant[0], 1.0));
  cr_expect(lt(dbl, fabs(inv_freq->constant[4] - 0.01), 1e-15));
  tmk_plan_destroy(plan);
}

Test(plan, optional_tensors_are_left_out)
{
  struct tmk_plan *plan = make_phase(&shape_tinyllama, TMK_PHASE_DECODE, 2, 5);
  expect_tensor(plan, "lm_head.weight", TMK_DTYPE_BF16, 2, DIMS(32000, 2048));
  cr_expect(eq(ptr, (void *)tensor_named(plan, "layer0.qkv_proj.bias"), NULL));
  cr_expect(eq(ptr, (void *)tensor_named(plan, "layer0.q_norm.weight"), NULL));
  cr_expect(eq(int, plan->ops[2].u.gemm.bias, TMK_TENSOR_NONE));
  cr_expect(eq(int, plan->ops[3].u.rope_kv.q_norm, TMK_TENSOR_NONE));
  cr_expect(eq(int, plan->ops[3].u.rope_kv.k_norm, TMK_TENSOR_NONE));
  tmk_plan_destroy(plan);
}

/* Fill identities are part of what makes runs comparable: these numbers may never change. */
Test(plan, fill_identities_are_for_ever)
{
  const struct {
    const char *name;
    uint64_t id;
    float offset, scale;
  } rows[] = {
      {"tokens", 0, 0.0f, 0.0f},
      {"embedding.weight", 1, 0.0f, 1.7320508f},
      {"final_norm.weight", 2, 1.0f, 0.1f},
      {"layer0.attn_norm.weight", 272, 1.0f, 0.1f},
      {"layer0.qkv_proj.weight", 273, 0.0f, 0.25f}, /* sqrt(3/48) */
      {"layer0.qkv_proj.bias", 274, 0.0f, 0.1f},
      {"layer0.q_norm.weight", 275, 1.0f, 0.1f},
      {"layer0.k_norm.weight", 276, 1.0f, 0.1f},
      {"layer0.o_proj.weight", 277, 0.0f, 0.21650635f}, /* sqrt(3/64) */
      {"layer0.o_proj.bias", 278, 0.0f, 0.1f},
      {"layer0.mlp_norm.weight", 279, 1.0f, 0.1f},
      {"layer0.gate_up_proj.weight", 280, 0.0f, 0.25f},
      {"layer0.gate_up_proj.bias", 281, 0.0f, 0.1f},
      {"layer0.down_proj.weight", 282, 0.0f, 0.19364917f}, /* sqrt(3/80) */
      {"layer0.down_proj.bias", 283, 0.0f, 0.1f},
      {"layer0.k_cache", 284, 0.0f, 1.7320508f},
      {"layer0.v_cache", 285, 0.0f, 1.7320508f},
      {"layer2.qkv_proj.weight", 785, 0.0f, 0.25f}, /* 3·256 + 17 */
  };
  struct tmk_plan *plan = make_phase(&shape_small, TMK_PHASE_DECODE, 2, 5);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct tmk_tensor *t = tensor_named(plan, rows[i].name);
    cr_assert(ne(ptr, (void *)t, NULL), "%s", rows[i].name);
    cr_expect(eq(u64, t->id, rows[i].id), "%s", rows[i].name);
    cr_expect(eq(flt, t->fill_offset, rows[i].offset), "%s", rows[i].name);
    cr_expect(eq(flt, t->fill_scale, rows[i].scale), "%s", rows[i].name);
  }
  for (int i = 0; i < plan->tensor_count; i++) {
    for (int j = 0; j < i; j++) {
      cr_expect(ne(u64, plan->tensors[i].id, plan->tensors[j].id), "%s and %s", plan->tensors[i].name,
                plan->tensors[j].name);
    }
  }
  tmk_plan_destroy(plan);

  struct tmk_plan *untied = make_phase(&shape_tinyllama, TMK_PHASE_PREFILL, 1, 5);
  cr_expect(eq(u64, tensor_named(untied, "lm_head.weight")->id, 3));
  tmk_plan_destroy(untied);
}

Test(plan, identities_do_not_depend_on_the_workload)
{
  struct tmk_plan *a = make_phase(&shape_small, TMK_PHASE_DECODE, 2, 5);
  struct tmk_plan *b = make_phase(&shape_small, TMK_PHASE_PREFILL, 7, 300);
  cr_assert(eq(int, a->tensor_count, b->tensor_count));
  for (int i = 0; i < a->tensor_count; i++) {
    cr_expect(eq(u64, a->tensors[i].id, tensor_named(b, a->tensors[i].name)->id), "%s", a->tensors[i].name);
  }
  tmk_plan_destroy(a);
  tmk_plan_destroy(b);
}

Test(plan, cache_capacity)
{
  struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, 2, 5);
  struct tmk_plan_args args = {
      .model = &shape_small, .workload = &workload, .act_dtype = TMK_DTYPE_BF16, .kv_positions = 64};
  struct tmk_error err = {0};
  struct tmk_plan *plan;
  cr_assert(eq(int, (int)tmk_plan_create(&args, &plan, &err), TMK_OK));
  expect_tensor(plan, "layer0.k_cache", TMK_DTYPE_BF16, 4, DIMS(2, 64, 2, 16));
  cr_expect(eq(i64, tensor_named(plan, "layer0.k_cache")->global_dims[1], TMK_KV_POSITIONS));
  expect_tensor(plan, "residual", TMK_DTYPE_BF16, 2, DIMS(2, 48));
  expect_tensor(plan, "logits", TMK_DTYPE_F32, 2, DIMS(2, 97)); /* f32 whatever the activations are */
  tmk_plan_destroy(plan);
  args.kv_positions = 6;
  cr_expect(eq(int, (int)tmk_plan_create(&args, &plan, &err), TMK_OK));
  tmk_plan_destroy(plan);
  args.kv_positions = 5;
  cr_expect(eq(int, (int)tmk_plan_create(&args, &plan, &err), TMK_ERR_USAGE));
  cr_expect(eq(str, err.message, "KV cache of 5 positions: must be 6..16777216"));
  cr_expect(eq(ptr, plan, NULL));
}

/* Three layers on two: layer 2 is layer 0 again, in weights and cache. */
Test(plan, fewer_layers_held)
{
  struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, 1, 5);
  workload.layers_held = 2;
  struct tmk_plan *plan = make(&shape_small, &workload);
  cr_expect(eq(int, plan->op_count, 1 + 3 * 9 + 3));
  cr_expect(eq(ptr, (void *)tensor_named(plan, "layer2.o_proj.weight"), NULL));
  const struct tmk_op *l0 = &plan->ops[1], *l1 = &plan->ops[10], *l2 = &plan->ops[19];
  cr_expect(eq(int, l2[1].layer, 2));
  cr_expect(eq(int, l2[1].u.gemm.weight, l0[1].u.gemm.weight));
  cr_expect(ne(int, l1[1].u.gemm.weight, l0[1].u.gemm.weight));
  cr_expect(eq(int, l2[3].u.attention.k_cache, l0[3].u.attention.k_cache));
  tmk_plan_destroy(plan);
}

/* Projections in fp8, the rest in bf16, as published FP8 checkpoints have it. */
Test(plan, narrow_weights_are_those_of_projections)
{
  struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, 1, 5);
  workload.weight_dtype = TMK_DTYPE_F8E4M3;
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  expect_tensor(plan, "layer0.down_proj.weight", TMK_DTYPE_F8E4M3, 2, DIMS(2048, 5632));
  expect_tensor(plan, "lm_head.weight", TMK_DTYPE_BF16, 2, DIMS(32000, 2048));
  expect_tensor(plan, "embedding.weight", TMK_DTYPE_BF16, 2, DIMS(32000, 2048));
  expect_tensor(plan, "layer0.attn_norm.weight", TMK_DTYPE_BF16, 1, DIMS(2048));
  tmk_plan_destroy(plan);
}

/* ---- memory ---- */

/* TinyLlama has 1,100,048,384 parameters; its cache takes 2·22·4·64 = 11,264 elements a token. */
Test(plan, memory_of_tinyllama)
{
  struct tmk_plan *plan = make_phase(&shape_tinyllama, TMK_PHASE_DECODE, 8, 128);
  const struct tmk_plan_memory memory = tmk_plan_memory_needed(plan);
  cr_expect(eq(i64, memory.weight_bytes, 2 * 1100048384ll));
  cr_expect(eq(i64, memory.kv_bytes, 8ll * 129 * 11264 * 2));
  /* f32: residual, normed, delta, final_hidden 4·2048; qkv 2560; q, attn_out 2·2048; gate_up, act 3·5632; logits 32000.
   * Tokens in and out 4 bytes each; inv_freq 32·8. */
  const int64_t row = 4 * (4 * 2048 + 2560 + 2 * 2048 + 3 * 5632 + 32000) + 8;
  cr_expect(eq(i64, memory.activation_bytes, 8 * row + 256));
  cr_expect(eq(i64, memory.total_bytes, memory.weight_bytes + memory.kv_bytes + memory.activation_bytes));
  tmk_plan_destroy(plan);
}

Test(plan, memory_saturates)
{
  struct tmk_model model = shape_small;
  model.hidden_size = model.intermediate_size = (int64_t)1 << 30;
  struct tmk_plan *plan = make_phase(&model, TMK_PHASE_DECODE, 65536, 16777215);
  struct tmk_plan_memory memory = tmk_plan_memory_needed(plan);
  cr_expect(lt(i64, memory.kv_bytes, INT64_MAX));
  cr_expect(gt(i64, memory.weight_bytes, (int64_t)1 << 60));
  tmk_plan_destroy(plan);
  model.head_dim = model.num_attention_heads = (int64_t)1 << 20;
  model.num_key_value_heads = model.num_attention_heads;
  plan = make_phase(&model, TMK_PHASE_DECODE, 65536, 16777215);
  memory = tmk_plan_memory_needed(plan);
  cr_expect(eq(i64, memory.kv_bytes, INT64_MAX));
  cr_expect(eq(i64, memory.weight_bytes, INT64_MAX));
  cr_expect(eq(i64, memory.total_bytes, INT64_MAX));
  tmk_plan_destroy(plan);
}
