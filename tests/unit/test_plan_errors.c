/* test_plan_errors.c: what the planner refuses, and plans of one operation. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "shapes.h"

static void expect_refused(const struct tmk_model *model, const struct tmk_workload *workload, enum tmk_status expected,
                           const char *message)
{
  struct tmk_error err = {0};
  struct tmk_plan *plan = (struct tmk_plan *)&err;
  const struct tmk_plan_args args = {.model = model, .workload = workload, .act_dtype = TMK_DTYPE_F32};
  const enum tmk_status status = tmk_plan_create(&args, &plan, &err);
  cr_expect(eq(int, (int)status, (int)expected), "%s", message);
  cr_expect(eq(str, err.message, (char *)message));
  cr_expect(eq(ptr, plan, NULL));
}

static void expect_taken(const struct tmk_workload *workload)
{
  struct tmk_error err = {0};
  struct tmk_plan *plan = NULL;
  const struct tmk_plan_args args = {.model = &shape_small, .workload = workload, .act_dtype = TMK_DTYPE_F32};
  cr_expect(eq(int, (int)tmk_plan_create(&args, &plan, &err), TMK_OK), "%s", err.message);
  tmk_plan_destroy(plan);
}

Test(plan_errors, ranges_of_the_workload)
{
  struct tmk_workload w = shape_workload(TMK_PHASE_DECODE, 0, 5);
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--batch 0: must be 1..65536");
  w.batch = 65537;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--batch 65537: must be 1..65536");
  w.batch = 65536;
  w.context = 16777215;
  expect_taken(&w);
  w.context = 16777216;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--context 16777216: must be 0..16777215");
  w.context = -1;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--context -1: must be 0..16777215");
  w.context = 0;
  expect_taken(&w);

  w = shape_workload(TMK_PHASE_PREFILL, 1, 0);
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--input-len 0: must be 1..16777216");
  w.input_len = 16777217;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--input-len 16777217: must be 1..16777216");
  w.input_len = 16777216;
  expect_taken(&w);
  w.prefill_chunk = 0;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--prefill-chunk 0: must be 1..9223372036854775807");
  w.prefill_chunk = INT64_MAX;
  expect_taken(&w);
}

Test(plan_errors, phase_without_a_plan)
{
  struct tmk_workload w = shape_workload(TMK_PHASE_E2E, 1, 5);
  w.output_len = 5;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "phase e2e: has no plan of its own; must be decode or prefill");
}

Test(plan_errors, layers_held)
{
  struct tmk_workload w = shape_workload(TMK_PHASE_DECODE, 1, 5);
  w.layers_held = 3;
  expect_taken(&w);
  w.layers_held = 4;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--layers 4: must be 1..3");
  w.layers_held = -1;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--layers -1: must be 1..3");
}

Test(plan_errors, dtypes)
{
  struct tmk_workload w = shape_workload(TMK_PHASE_DECODE, 1, 5);
  w.weight_dtype = TMK_DTYPE_I32;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--dtype i32: must be a floating-point type");
  w.weight_dtype = TMK_DTYPE_NONE;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--dtype none: must be a floating-point type");
  w.weight_dtype = TMK_DTYPE_F32;
  w.kv_dtype = TMK_DTYPE_I8;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--kv-dtype i8: must be a floating-point type");
}

Test(plan_errors, parallel_layouts)
{
  struct tmk_workload w = shape_workload(TMK_PHASE_DECODE, 1, 5);
  w.layout.pp = 4;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--pp 4: small has 3 layers: must be 1..3");
  w.layout.pp = 1;
  w.layout.dp = 0;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "--dp 0: must be 1..65536");
  w.layout.dp = 1;
  w.layout.rank = 1;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE, "rank 1: must be 0..0");
}

Test(plan_errors, models)
{
  const struct tmk_workload w = shape_workload(TMK_PHASE_DECODE, 1, 5);
  struct tmk_model m = shape_small;
  m.moe.experts = 8;
  struct tmk_error err = {0};
  struct tmk_plan *plan;
  const struct tmk_plan_args args = {.model = &m, .workload = &w, .act_dtype = TMK_DTYPE_F32};
  cr_expect(eq(int, (int)tmk_plan_create(&args, &plan, &err), TMK_ERR_UNSUPPORTED));
  char reason[128], expected[160];
  cr_expect(not(tmk_model_is_runnable(&m, reason, sizeof reason)));
  snprintf(expected, sizeof expected, "small: %s", reason);
  cr_expect(eq(str, err.message, expected));

  m = shape_small;
  m.hidden_size = 0;
  expect_refused(&m, &w, TMK_ERR_USAGE, "hidden_size 0: must be 1..1073741824");
  m = shape_small;
  m.vocab_size = 16777217;
  expect_refused(&m, &w, TMK_ERR_USAGE, "vocab_size 16777217: must be 1..16777216");
  m = shape_small;
  m.num_key_value_heads = 3;
  expect_refused(&m, &w, TMK_ERR_USAGE, "num_key_value_heads 3: must divide num_attention_heads 4");
  m.num_key_value_heads = 8;
  expect_refused(&m, &w, TMK_ERR_USAGE, "num_key_value_heads 8: must be 1..4");
  m = shape_small;
  m.rope.rotary_dim = 18;
  expect_refused(&m, &w, TMK_ERR_USAGE, "rotary_dim 18: must be even and 2..16");
  m.rope.rotary_dim = 7;
  expect_refused(&m, &w, TMK_ERR_USAGE, "rotary_dim 7: must be even and 2..16");
}

/* 2^21 operations: at 31 a step, 67,650 steps. */
Test(plan_errors, too_many_operations)
{
  struct tmk_workload w = shape_workload(TMK_PHASE_PREFILL, 1, 67650);
  w.prefill_chunk = 1;
  expect_taken(&w);
  w.input_len = 67651;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE,
                 "67651 steps of 31 operations: a pass can have 2097152 operations; take fewer or shorter prompts or a "
                 "larger --prefill-chunk");
  w.batch = 65536;
  w.input_len = 16777216;
  expect_refused(&shape_small, &w, TMK_ERR_USAGE,
                 "1099511627776 steps of 31 operations: a pass can have 2097152 operations; take fewer or shorter "
                 "prompts or a larger --prefill-chunk");
}

Test(plan_errors, destroy_takes_null)
{
  tmk_plan_destroy(NULL);
}

/* ---- plans of one operation ---- */

static struct tmk_tensor tensor(enum tmk_tensor_role role, enum tmk_dtype dtype, int64_t rows, int64_t cols)
{
  return (struct tmk_tensor){
      .role = role, .dtype = dtype, .rank = 2, .dims = {rows, cols}, .global_dims = {rows, cols}, .fill_scale = 1.0f};
}

static const struct tmk_op gemm = {.kind = TMK_OP_GEMM,
                                   .layer = 4,
                                   .step = 9,
                                   .label = "qkv_proj",
                                   .u.gemm = {.m = 2, .n = 3, .k = 5, .x = 0, .weight = 1, .bias = -1, .y = 2}};

Test(plan_single, copies_operation_and_tensors)
{
  struct tmk_tensor tensors[3] = {tensor(TMK_ROLE_INPUT, TMK_DTYPE_F32, 2, 5),
                                  tensor(TMK_ROLE_WEIGHT, TMK_DTYPE_BF16, 3, 5),
                                  tensor(TMK_ROLE_OUTPUT, TMK_DTYPE_F32, 2, 3)};
  struct tmk_plan *plan;
  struct tmk_error err = {0};
  cr_assert(eq(int, (int)tmk_plan_create_single(&gemm, tensors, 3, 77, TMK_DTYPE_F32, &plan, &err), TMK_OK));
  memset(tensors, 0, sizeof tensors);
  cr_expect(eq(int, plan->op_count, 1));
  cr_expect(eq(int, plan->step_count, 1));
  cr_expect(eq(int, plan->steps[0].op_count, 1));
  cr_expect(eq(i64, plan->steps[0].tokens, 2));
  cr_expect(eq(int, plan->ops[0].step, 0));
  cr_expect(eq(int, plan->ops[0].layer, 4));
  cr_expect(eq(int, plan->tensor_count, 3));
  cr_expect(eq(i64, plan->tensors[1].dims[0], 3));
  cr_expect(eq(u64, plan->seed, 77));
  cr_expect(eq(int, plan->logits, TMK_TENSOR_NONE));
  cr_expect(eq(int, plan->tokens_out, TMK_TENSOR_NONE));
  cr_expect(eq(i64, tmk_plan_memory_needed(plan).weight_bytes, 30));
  tmk_plan_destroy(plan);
}

static void expect_single_refused(const struct tmk_op *op, const struct tmk_tensor *tensors, int count,
                                  const char *message)
{
  struct tmk_plan *plan = NULL;
  struct tmk_error err = {0};
  cr_expect(eq(int, (int)tmk_plan_create_single(op, tensors, count, 1, TMK_DTYPE_F32, &plan, &err), TMK_ERR_USAGE));
  cr_expect(eq(str, err.message, (char *)message));
  cr_expect(eq(ptr, plan, NULL));
}

Test(plan_single, refuses_missing_and_small_operands)
{
  const struct tmk_tensor tensors[3] = {tensor(TMK_ROLE_INPUT, TMK_DTYPE_F32, 2, 5),
                                        tensor(TMK_ROLE_WEIGHT, TMK_DTYPE_BF16, 3, 5),
                                        tensor(TMK_ROLE_OUTPUT, TMK_DTYPE_F32, 2, 3)};
  struct tmk_op op = gemm;
  op.u.gemm.x = TMK_TENSOR_NONE;
  expect_single_refused(&op, tensors, 3, "gemm x: tensor -1: must be 0..2");
  op = gemm;
  op.u.gemm.bias = 3;
  expect_single_refused(&op, tensors, 3, "gemm bias: tensor 3: must be 0..2");
  op = gemm;
  op.u.gemm.n = 4;
  expect_single_refused(&op, tensors, 3, "gemm weight: elements 0+20: it has 15");
  op = gemm;
  op.u.gemm.m = INT64_MAX;
  expect_single_refused(&op, tensors, 3, "gemm x: elements 0+9223372036854775807: it has 10");
  op.kind = TMK_OP_KIND_COUNT;
  expect_single_refused(&op, tensors, 3, "operation of kind 8: has no operands");
}

static const struct tmk_op sample = {.kind = TMK_OP_SAMPLE,
                                     .u.sample = {.rows = 2, .vocab = 5, .token_first = 4, .logits = 0, .tokens = 1}};

Test(plan_single, ranges_count_from_their_first_element)
{
  struct tmk_tensor tensors[2] = {tensor(TMK_ROLE_INPUT, TMK_DTYPE_F32, 2, 5),
                                  tensor(TMK_ROLE_OUTPUT, TMK_DTYPE_I32, 1, 5)};
  expect_single_refused(&sample, tensors, 2, "sample tokens: elements 4+2: it has 5");
  tensors[1] = tensor(TMK_ROLE_OUTPUT, TMK_DTYPE_I32, 1, 6);
  struct tmk_plan *plan;
  cr_expect(eq(int, (int)tmk_plan_create_single(&sample, tensors, 2, 1, TMK_DTYPE_F32, &plan, NULL), TMK_OK));
  tmk_plan_destroy(plan);
}

Test(plan_single, constants_are_copied_and_caches_checked)
{
  double inv_freq[2] = {1.0, 0.5};
  struct tmk_tensor tensors[5] = {
      tensor(TMK_ROLE_INPUT, TMK_DTYPE_F32, 6, 24), tensor(TMK_ROLE_CONSTANT, TMK_DTYPE_F64, 1, 2),
      tensor(TMK_ROLE_OUTPUT, TMK_DTYPE_F32, 6, 8), tensor(TMK_ROLE_KV_CACHE, TMK_DTYPE_F32, 3, 10),
      tensor(TMK_ROLE_KV_CACHE, TMK_DTYPE_F32, 3, 10)};
  tensors[1].constant = inv_freq;
  for (int i = 3; i < 5; i++) {
    tensors[i].rank = 4;
    tensors[i].dims[2] = 2;
    tensors[i].dims[3] = 4;
  }
  struct tmk_op op = {.kind = TMK_OP_ROPE_KV,
                      .u.rope_kv = {.seqs = 2,
                                    .q_len = 3,
                                    .seq_first = 1,
                                    .past = 7,
                                    .heads_q = 2,
                                    .heads_kv = 2,
                                    .head_dim = 4,
                                    .rotary_dim = 4,
                                    .rope_scale = 1.0,
                                    .qkv = 0,
                                    .inv_freq = 1,
                                    .q_norm = -1,
                                    .k_norm = -1,
                                    .q = 2,
                                    .k_cache = 3,
                                    .v_cache = 4}};
  struct tmk_plan *plan;
  struct tmk_error err = {0};
  cr_assert(eq(int, (int)tmk_plan_create_single(&op, tensors, 5, 1, TMK_DTYPE_F32, &plan, &err), TMK_OK), "%s",
            err.message);
  inv_freq[1] = -1.0;
  cr_expect(eq(dbl, plan->tensors[1].constant[1], 0.5));
  tmk_plan_destroy(plan);

  op.u.rope_kv.past = 8;
  expect_single_refused(&op, tensors, 5, "rope_kv k_cache: sequences 1+2, positions 8+3: it has 3 and 10");
  op.u.rope_kv.past = 7;
  op.u.rope_kv.seq_first = 2;
  expect_single_refused(&op, tensors, 5, "rope_kv k_cache: sequences 2+2, positions 7+3: it has 3 and 10");
  op.u.rope_kv.seq_first = 1;
  tensors[4].dims[3] = 8;
  expect_single_refused(&op, tensors, 5, "rope_kv v_cache: must be [sequences, positions, 2, 4]");
}

/* Blocks of 16 along the inputs of each projection; fp8 has no blocks. */
Test(plan_errors, inputs_of_nvfp4_are_whole_blocks)
{
  struct tmk_model model = shape_tinyllama;
  struct tmk_workload w = shape_workload(TMK_PHASE_DECODE, 1, 5);
  struct tmk_error err = {0};
  struct tmk_plan *plan;
  w.weight_dtype = TMK_DTYPE_NVFP4;
  model.hidden_size = 2056;
  expect_refused(&model, &w, TMK_ERR_UNSUPPORTED,
                 "--dtype nvfp4: tinyllama-1.1b has hidden_size 2056: must be a multiple of 16");
  model.hidden_size = 2048;
  model.intermediate_size = 5633;
  expect_refused(&model, &w, TMK_ERR_UNSUPPORTED,
                 "--dtype nvfp4: tinyllama-1.1b has intermediate_size 5633: must be a multiple of 16");
  model.intermediate_size = 5632;
  model.num_attention_heads = model.num_key_value_heads = 3;
  model.head_dim = 72;
  expect_refused(&model, &w, TMK_ERR_UNSUPPORTED,
                 "--dtype nvfp4: tinyllama-1.1b has num_attention_heads x head_dim 216: must be a multiple of 16");
  w.weight_dtype = TMK_DTYPE_F8E4M3;
  const struct tmk_plan_args args = {.model = &model, .workload = &w, .act_dtype = TMK_DTYPE_F32};
  cr_expect(eq(int, (int)tmk_plan_create(&args, &plan, &err), TMK_OK), "%s", err.message);
  tmk_plan_destroy(plan);
}
