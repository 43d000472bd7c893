/* test_cost.c: FLOPs and bytes against figures worked by hand. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "cost.h"
#include "shapes.h"

/* Weights of every type are multiplied in their own. */
static const enum tmk_dtype own_math[TMK_DTYPE_COUNT] = {[TMK_DTYPE_F32] = TMK_DTYPE_F32,
                                                         [TMK_DTYPE_BF16] = TMK_DTYPE_BF16,
                                                         [TMK_DTYPE_F8E4M3] = TMK_DTYPE_F8E4M3,
                                                         [TMK_DTYPE_NVFP4] = TMK_DTYPE_NVFP4};

static struct tmk_plan *make(const struct tmk_model *model, const struct tmk_workload *workload)
{
  struct tmk_error err = {0};
  struct tmk_plan *plan = NULL;
  const struct tmk_plan_args args = {.model = model, .workload = workload, .seed = 1, .act_dtype = TMK_DTYPE_F32};
  cr_assert(eq(int, (int)tmk_plan_create(&args, &plan, &err), TMK_OK), "%s", err.message);
  return plan;
}

static struct tmk_plan *make_phase(const struct tmk_model *model, enum tmk_phase phase, int64_t batch, int64_t length)
{
  const struct tmk_workload workload = shape_workload(phase, batch, length);
  return make(model, &workload);
}

/* Distinct ids among `rows` tokens of the pass from `first` on, by comparing each with all before it. */
static int64_t distinct(const struct tmk_plan *plan, int64_t first, int64_t rows)
{
  static float ids[1 << 14];
  cr_assert(rows <= 1 << 14);
  tmk_tensor_fill(&plan->tensors[plan->ops[0].u.embed.tokens], plan->seed, first, rows, ids);
  int64_t count = 0;
  for (int64_t i = 0; i < rows; i++) {
    int64_t j = 0;
    while (j < i && ids[j] != ids[i]) j++;
    count += j == i;
  }
  return count;
}

/* TinyLlama: hidden 2048, inner 5632, 22 layers, 32/4 heads of 64, vocabulary 32000, untied.
 *   qkv 2560·2048 + o 2048·2048 + gate_up 11264·2048 + down 2048·5632
 *     = 5,242,880 + 4,194,304 + 23,068,672 + 11,534,336 = 44,040,192 weights a layer, 968,884,224 in 22
 *   LM head 32000·2048 = 65,536,000                       all matrices: 1,034,420,224
 *   norms (2·22 + 1)·2048 = 92,160
 *   cache: 4·64·2 = 512 elements a token and layer, 1024 bytes in bf16 */
#define TINY_LAYERS  968884224.0
#define TINY_LM_HEAD 65536000.0

Test(cost, tinyllama_decode)
{
  struct tmk_plan *plan = make_phase(&shape_tinyllama, TMK_PHASE_DECODE, 1, 128);
  const struct tmk_cost cost = tmk_cost_step(plan, 0, own_math);
  /* 2·1·1,034,420,224 and 22 layers of 4·64·32 FLOPs for each of 129 keys: 8192·129·22 = 23,248,896. */
  cr_expect(eq(dbl, cost.flops[TMK_DTYPE_BF16], 2068840448.0 + 23248896.0));
  cr_expect(eq(dbl, tmk_cost_total_flops(&cost), cost.flops[TMK_DTYPE_BF16]));
  cr_expect(eq(dbl, cost.weight_bytes, 2068840448.0 + 184320.0));
  cr_expect(eq(dbl, cost.kv_read_bytes, 22.0 * 128 * 1024)); /* the 129th key is the step's own */
  cr_expect(eq(dbl, cost.kv_write_bytes, 22.0 * 1024));
  cr_expect(eq(dbl, cost.embed_bytes, 4096.0));
  cr_expect(eq(dbl, cost.comm_bytes, 0.0));
  cr_expect(eq(dbl, tmk_cost_bytes(&cost), 2069024768.0 + 2883584.0 + 22528.0 + 4096.0));
  tmk_plan_destroy(plan);
}

/* Llama-3.1-8B: hidden 4096, inner 14336, 32 layers, 32/8 heads of 128, vocabulary 128256.
 *   qkv 6144·4096 + o 4096·4096 + gate_up 28672·4096 + down 4096·14336
 *     = 25,165,824 + 16,777,216 + 117,440,512 + 58,720,256 = 218,103,808 a layer, 6,979,321,856 in 32
 *   LM head 525,336,576; all matrices 7,504,658,432; norms 65·4096 = 266,240
 *   cache: 8·128·2·2 = 4096 bytes a token and layer */
Test(cost, llama_8b_decode_of_64)
{
  struct tmk_plan *plan = make_phase(&shape_llama_8b, TMK_PHASE_DECODE, 64, 1024);
  const struct tmk_cost cost = tmk_cost_step(plan, 0, own_math);
  /* 2·64·7,504,658,432; attention 32 layers · 64 sequences · 1025 keys · 4·128·32. */
  cr_expect(eq(dbl, cost.flops[TMK_DTYPE_BF16], 960596279296.0 + 34393292800.0));
  cr_expect(eq(dbl, cost.weight_bytes, 2 * (7504658432.0 + 266240.0)));
  cr_expect(eq(dbl, cost.kv_read_bytes, 8589934592.0)); /* 32·64·1024·4096 = 8 GiB */
  cr_expect(eq(dbl, cost.kv_write_bytes, 8388608.0));
  cr_expect(eq(dbl, cost.embed_bytes, 8192.0 * (double)distinct(plan, 0, 64)));
  tmk_plan_destroy(plan);
}

/* Mistral 7B, window 4096, context 8192: each query sees 4096 keys, 4095 of them in the cache before the step.
 * Layers as Llama-3.1-8B's; LM head 32000·4096 = 131,072,000. */
Test(cost, windowed_decode)
{
  struct tmk_plan *plan = make_phase(&shape_mistral_7b, TMK_PHASE_DECODE, 2, 8192);
  const struct tmk_cost cost = tmk_cost_step(plan, 0, own_math);
  cr_expect(
      eq(dbl, cost.flops[TMK_DTYPE_BF16], 2.0 * 2 * (6979321856.0 + 131072000.0) + 32.0 * 2 * 4096 * 4 * 128 * 32));
  cr_expect(eq(dbl, cost.kv_read_bytes, 32.0 * 2 * 4095 * 4096));
  cr_expect(eq(dbl, cost.kv_write_bytes, 32.0 * 2 * 4096));
  tmk_plan_destroy(plan);
}

/* Attention FLOPs and reads at both sides of a window of 4096: the query at position p sees min(p + 1, 4096). */
Test(cost, window_begins_to_bite_at_its_size)
{
  const struct {
    int64_t context;
    double keys, read;
  } rows[] = {{4094, 4095, 4094}, {4095, 4096, 4095}, {4096, 4096, 4095}};
  for (int i = 0; i < 3; i++) {
    struct tmk_plan *plan = make_phase(&shape_mistral_7b, TMK_PHASE_DECODE, 1, rows[i].context);
    const struct tmk_cost cost = tmk_cost_op(plan, &plan->ops[4], own_math);
    cr_expect(eq(dbl, cost.flops[TMK_DTYPE_BF16], rows[i].keys * 4 * 128 * 32));
    cr_expect(eq(dbl, cost.kv_read_bytes, rows[i].read * 4096));
    tmk_plan_destroy(plan);
  }
}

/* A windowed prefill in chunks, pairs and reads counted one by one. */
Test(cost, windowed_prefill_matches_a_count)
{
  struct tmk_model model = shape_small;
  model.sliding_window_period = 1;
  const int64_t windows[] = {0, 1, 5, 8, 13, 20, 21, 50};
  for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
    model.sliding_window = windows[w];
    struct tmk_workload workload = shape_workload(TMK_PHASE_PREFILL, 1, 20);
    workload.prefill_chunk = 8;
    struct tmk_plan *plan = make(&model, &workload);
    for (int step = 0; step < plan->step_count; step++) {
      const struct tmk_op *op = &plan->ops[plan->steps[step].first_op + 4];
      const struct tmk_op_attention *o = &op->u.attention;
      int64_t pairs = 0, read = 0;
      for (int64_t key = 0; key < o->past + o->q_len; key++) {
        bool seen = false;
        for (int64_t query = o->past; query < o->past + o->q_len; query++) {
          const bool sees = key <= query && (windows[w] == 0 || key > query - windows[w]);
          pairs += sees;
          seen |= sees;
        }
        read += seen && key < o->past;
      }
      const struct tmk_cost cost = tmk_cost_op(plan, op, own_math);
      cr_expect(eq(dbl, cost.flops[TMK_DTYPE_BF16], 4.0 * 16 * 4 * (double)pairs), "window %d step %d", (int)windows[w],
                step);
      cr_expect(eq(dbl, cost.kv_read_bytes, 2.0 * 2 * 16 * 2 * (double)read), "window %d step %d", (int)windows[w],
                step);
    }
    tmk_plan_destroy(plan);
  }
}

/* One prompt of 512: 512·513/2 = 131,328 pairs a head; nothing was in the cache; the LM head sees one row. */
Test(cost, tinyllama_prefill)
{
  struct tmk_plan *plan = make_phase(&shape_tinyllama, TMK_PHASE_PREFILL, 1, 512);
  cr_assert(eq(int, plan->step_count, 1));
  const struct tmk_cost cost = tmk_cost_pass(plan, own_math);
  cr_expect(eq(dbl, cost.flops[TMK_DTYPE_BF16], 1024 * TINY_LAYERS + 2 * TINY_LM_HEAD + 22.0 * 131328 * 8192));
  cr_expect(eq(dbl, cost.weight_bytes, 2068840448.0 + 184320.0));
  cr_expect(eq(dbl, cost.kv_read_bytes, 0.0));
  cr_expect(eq(dbl, cost.kv_write_bytes, 22.0 * 512 * 1024));
  cr_expect(eq(dbl, cost.embed_bytes, 4096.0 * (double)distinct(plan, 0, 512)));
  tmk_plan_destroy(plan);
}

/* Three prompts of 1000 in chunks of 256, 256, 256, 232: twelve steps read the layers' weights anew, three the LM head's.
 * Pairs are those of whole prompts, 1000·1001/2 = 500,500. A prompt's chunks find 0, 256, 512, 768 tokens in the cache. */
Test(cost, tinyllama_chunked_prefill)
{
  struct tmk_workload workload = shape_workload(TMK_PHASE_PREFILL, 3, 1000);
  workload.prefill_chunk = 256;
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  const struct tmk_cost cost = tmk_cost_pass(plan, own_math);
  cr_expect(eq(dbl, cost.flops[TMK_DTYPE_BF16], 3 * (2000 * TINY_LAYERS + 2 * TINY_LM_HEAD + 22.0 * 500500 * 8192)));
  cr_expect(eq(dbl, cost.weight_bytes, 12 * 2 * (TINY_LAYERS + 44 * 2048) + 3 * 2 * (TINY_LM_HEAD + 2048)));
  cr_expect(eq(dbl, cost.kv_read_bytes, 3.0 * 22 * (256 + 512 + 768) * 1024));
  cr_expect(eq(dbl, cost.kv_write_bytes, 3.0 * 22 * 1000 * 1024));
  int64_t rows = 0;
  for (int prompt = 0; prompt < 3; prompt++) {
    for (int chunk = 0; chunk < 4; chunk++) rows += distinct(plan, prompt * 1000 + chunk * 256, chunk < 3 ? 256 : 232);
  }
  cr_expect(eq(dbl, cost.embed_bytes, 4096.0 * (double)rows));
  tmk_plan_destroy(plan);
}

Test(cost, pass_is_the_sum_of_steps_and_step_of_operations)
{
  struct tmk_workload workload = shape_workload(TMK_PHASE_PREFILL, 3, 1000);
  workload.prefill_chunk = 256;
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  const struct tmk_cost pass = tmk_cost_pass(plan, own_math);
  double step_bytes = 0, op_bytes = 0, step_flops = 0, op_flops = 0, activation = 0;
  for (int i = 0; i < plan->step_count; i++) {
    const struct tmk_cost cost = tmk_cost_step(plan, i, own_math);
    step_bytes += tmk_cost_bytes(&cost);
    step_flops += tmk_cost_total_flops(&cost);
  }
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_cost cost = tmk_cost_op(plan, &plan->ops[i], own_math);
    op_bytes += tmk_cost_bytes(&cost);
    op_flops += tmk_cost_total_flops(&cost);
    activation += cost.activation_bytes;
  }
  cr_expect(eq(dbl, tmk_cost_bytes(&pass), step_bytes));
  cr_expect(eq(dbl, tmk_cost_bytes(&pass), op_bytes)); /* untied: nothing is shared within a step */
  cr_expect(eq(dbl, tmk_cost_total_flops(&pass), step_flops));
  cr_expect(eq(dbl, tmk_cost_total_flops(&pass), op_flops));
  cr_expect(eq(dbl, pass.activation_bytes, activation));
  tmk_plan_destroy(plan);
}

/* Biases and QK-norms are read, and cost no FLOPs. */
Test(cost, operations_of_a_small_model)
{
  struct tmk_plan *plan = make_phase(&shape_small, TMK_PHASE_DECODE, 2, 5);
  const struct tmk_op *op = &plan->ops[1];
  struct tmk_cost cost = tmk_cost_op(plan, &op[0], own_math); /* attn_norm */
  cr_expect(eq(dbl, cost.weight_bytes, 96.0));
  cr_expect(eq(dbl, cost.activation_bytes, 4.0 * (96 + 96))); /* f32: read 2 rows of 48, write 2 */
  cost = tmk_cost_op(plan, &op[1], own_math);                 /* qkv_proj: 128 × 48 and 128 biases */
  cr_expect(eq(dbl, cost.flops[TMK_DTYPE_BF16], 2.0 * 2 * 128 * 48));
  cr_expect(eq(dbl, cost.weight_bytes, 2.0 * (128 * 48 + 128)));
  cr_expect(eq(dbl, cost.activation_bytes, 4.0 * (2 * 48 + 2 * 128)));
  cost = tmk_cost_op(plan, &op[2], own_math); /* rope_kv: two norms of 16; 2 rows of 2·2·16 */
  cr_expect(eq(dbl, cost.weight_bytes, 64.0));
  cr_expect(eq(dbl, cost.kv_write_bytes, 256.0));
  cr_expect(eq(dbl, tmk_cost_total_flops(&cost), 0.0));
  cost = tmk_cost_op(plan, &op[5], own_math); /* mlp_norm: residual read and written, delta read, y written */
  cr_expect(eq(dbl, cost.activation_bytes, 4.0 * 4 * 96));
  cost = tmk_cost_op(plan, &op[7], own_math); /* swiglu: 160 in, 80 out */
  cr_expect(eq(dbl, tmk_cost_bytes(&cost), 0.0));
  cr_expect(eq(dbl, cost.activation_bytes, 4.0 * 2 * 240));
  tmk_plan_destroy(plan);
}

/* The tied LM head reads the whole embedding, so a step that ends prompts owes no rows; one that does not, does. */
Test(cost, tied_embedding_is_read_once)
{
  struct tmk_workload workload = shape_workload(TMK_PHASE_PREFILL, 1, 20);
  workload.prefill_chunk = 16;
  struct tmk_plan *plan = make(&shape_small, &workload);
  cr_assert(eq(int, plan->step_count, 2));
  const struct tmk_cost first = tmk_cost_step(plan, 0, own_math), last = tmk_cost_step(plan, 1, own_math);
  cr_expect(eq(dbl, first.embed_bytes, 96.0 * (double)distinct(plan, 0, 16)));
  cr_expect(eq(dbl, last.embed_bytes, 0.0));
  const struct tmk_cost op = tmk_cost_op(plan, &plan->ops[plan->steps[1].first_op], own_math);
  cr_expect(eq(dbl, op.embed_bytes, 96.0 * (double)distinct(plan, 16, 4)));
  tmk_plan_destroy(plan);
}

/* 5000 tokens of a vocabulary of 97: every row once, not 5000. */
Test(cost, repeated_tokens_cost_one_row)
{
  struct tmk_model model = shape_small;
  model.tie_word_embeddings = false;
  struct tmk_workload workload = shape_workload(TMK_PHASE_PREFILL, 1, 5000);
  workload.prefill_chunk = 8192;
  struct tmk_plan *plan = make(&model, &workload);
  const struct tmk_cost cost = tmk_cost_pass(plan, own_math);
  cr_expect(eq(dbl, cost.embed_bytes, 97.0 * 96));
  cr_expect(eq(i64, distinct(plan, 0, 5000), 97));
  tmk_plan_destroy(plan);
}

/* FLOPs stand at the type that the device multiplies in; block scales are bytes: 2560 rows of 2048 in nvfp4 take 1024 + 128
 * bytes each. */
Test(cost, narrow_types)
{
  enum tmk_dtype math[TMK_DTYPE_COUNT] = {
      [TMK_DTYPE_BF16] = TMK_DTYPE_BF16, [TMK_DTYPE_F8E4M3] = TMK_DTYPE_F8E4M3, [TMK_DTYPE_NVFP4] = TMK_DTYPE_NVFP4};
  struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, 1, 128);
  workload.weight_dtype = TMK_DTYPE_NVFP4;
  workload.kv_dtype = TMK_DTYPE_F8E4M3;
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  plan->act_dtype = TMK_DTYPE_BF16;
  struct tmk_cost cost = tmk_cost_op(plan, &plan->ops[2], math);
  cr_expect(eq(dbl, cost.weight_bytes, 2560.0 * 1152));
  cr_expect(eq(dbl, cost.flops[TMK_DTYPE_NVFP4], 2.0 * 2560 * 2048));
  cost = tmk_cost_step(plan, 0, math);
  cr_expect(eq(dbl, cost.flops[TMK_DTYPE_NVFP4], 2 * TINY_LAYERS));
  cr_expect(eq(dbl, cost.flops[TMK_DTYPE_BF16],
               2 * TINY_LM_HEAD + 23248896.0)); /* LM head stays bf16; attention, of bf16 queries */
  cr_expect(eq(dbl, cost.kv_read_bytes, 22.0 * 128 * 512));
  math[TMK_DTYPE_NVFP4] = TMK_DTYPE_NONE;
  cost = tmk_cost_step(plan, 0, math);
  cr_expect(eq(dbl, cost.flops[TMK_DTYPE_NONE], 2 * TINY_LAYERS)); /* not lost: a limit over it is not known */
  tmk_plan_destroy(plan);
}

/* ---- working set ---- */

/* Decode: all weights but the embedding of which one row is used, cache read and written. */
Test(cost, working_set_of_decode)
{
  struct tmk_plan *plan = make_phase(&shape_tinyllama, TMK_PHASE_DECODE, 1, 128);
  cr_expect(eq(dbl, tmk_cost_working_set(plan), 2068840448.0 + 184320.0 + 22.0 * 129 * 1024 + 4096.0));
  tmk_plan_destroy(plan);
}

/* Two of 22 layers held: their weights and cache, once. */
Test(cost, working_set_of_layers_held)
{
  struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, 1, 128);
  workload.layers_held = 2;
  struct tmk_plan *plan = make(&shape_tinyllama, &workload);
  const double layers = 2 * (2 * 44040192.0 + 2 * 2 * 2048.0 + 129 * 1024.0);
  cr_expect(eq(dbl, tmk_cost_working_set(plan), layers + 2 * TINY_LM_HEAD + 4096 + 4096.0));
  /* The step itself still runs and reads 22. */
  const struct tmk_cost cost = tmk_cost_step(plan, 0, own_math);
  cr_expect(eq(dbl, cost.weight_bytes, 2068840448.0 + 184320.0));
  tmk_plan_destroy(plan);
}

/* Chunked prefill: weights once however many steps, the cache of all prompts once. The embedding at most whole: 97 rows. */
Test(cost, working_set_of_prefill)
{
  struct tmk_model model = shape_small;
  model.tie_word_embeddings = false;
  struct tmk_workload workload = shape_workload(TMK_PHASE_PREFILL, 3, 1000);
  workload.prefill_chunk = 256;
  struct tmk_plan *plan = make(&model, &workload);
  const struct tmk_plan_memory memory = tmk_plan_memory_needed(plan);
  cr_expect(eq(dbl, tmk_cost_working_set(plan), (double)memory.weight_bytes + (double)memory.kv_bytes));
  tmk_plan_destroy(plan);
}

Test(cost, plan_of_one_operation)
{
  const struct tmk_tensor tensors[3] = {
      {.role = TMK_ROLE_INPUT, .dtype = TMK_DTYPE_F32, .rank = 2, .dims = {2, 5}, .global_dims = {2, 5}},
      {.role = TMK_ROLE_WEIGHT, .dtype = TMK_DTYPE_BF16, .rank = 2, .dims = {3, 5}, .global_dims = {3, 5}},
      {.role = TMK_ROLE_OUTPUT, .dtype = TMK_DTYPE_F32, .rank = 2, .dims = {2, 3}, .global_dims = {2, 3}}};
  const struct tmk_op op = {
      .kind = TMK_OP_GEMM, .layer = -1, .u.gemm = {.m = 2, .n = 3, .k = 5, .x = 0, .weight = 1, .bias = -1, .y = 2}};
  struct tmk_plan *plan;
  cr_assert(eq(int, (int)tmk_plan_create_single(&op, tensors, 3, 1, TMK_DTYPE_F32, &plan, NULL), TMK_OK));
  const struct tmk_cost cost = tmk_cost_pass(plan, own_math);
  cr_expect(eq(dbl, tmk_cost_total_flops(&cost), 60.0));
  cr_expect(eq(dbl, tmk_cost_bytes(&cost), 30.0));
  cr_expect(eq(dbl, tmk_cost_working_set(plan), 30.0));
  tmk_plan_destroy(plan);
}
