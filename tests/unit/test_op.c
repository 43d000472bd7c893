/* test_op.c: names, operands and descriptions of operations. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tokmark/op.h"

/* Operand by name; fails if the operation has none. */
static struct tmk_operand operand_of(const struct tmk_op *op, const char *name)
{
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(op, operands);
  for (int i = 0; i < count; i++) {
    if (strcmp(operands[i].name, name) == 0) return operands[i];
  }
  cr_fatal("no operand %s", name);
}

static void expect_operand(const struct tmk_op *op, const char *name, int tensor, enum tmk_access access, int64_t first,
                           int64_t count)
{
  const struct tmk_operand operand = operand_of(op, name);
  cr_expect(eq(int, operand.tensor, tensor), "%s", name);
  cr_expect(eq(int, (int)operand.access, (int)access), "%s", name);
  cr_expect(eq(i64, operand.first, first), "%s", name);
  cr_expect(eq(i64, operand.count, count), "%s", name);
}

static int operand_count(const struct tmk_op *op)
{
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  return tmk_op_operands(op, operands);
}

Test(op, names_of_kinds)
{
  const char *const names[] = {"embed", "rmsnorm", "gemm", "rope_kv", "attention", "swiglu", "sample",
                               "collective"};
  cr_assert(eq(int, TMK_OP_KIND_COUNT, 8));
  for (int i = 0; i < TMK_OP_KIND_COUNT; i++) {
    cr_expect(eq(str, (char *)tmk_op_kind_name((enum tmk_op_kind)i), (char *)names[i]));
    cr_expect(eq(int, (int)tmk_op_kind_from_name(names[i]), i));
  }
  cr_expect(eq(str, (char *)tmk_op_kind_name(TMK_OP_KIND_COUNT), "unknown"));
  cr_expect(eq(int, (int)tmk_op_kind_from_name("Gemm"), TMK_OP_KIND_COUNT));
  cr_expect(eq(int, (int)tmk_op_kind_from_name(""), TMK_OP_KIND_COUNT));
}

Test(op, operands_of_embed)
{
  const struct tmk_op op = {
      .kind = TMK_OP_EMBED,
      .u.embed = {.rows = 5, .hidden = 8, .vocab = 100, .token_first = 10, .tokens = 3, .weight = 4, .x = 6}};
  cr_expect(eq(int, operand_count(&op), 3));
  expect_operand(&op, "tokens", 3, TMK_ACCESS_IN, 10, 5);
  expect_operand(&op, "weight", 4, TMK_ACCESS_IN, 0, 800);
  expect_operand(&op, "x", 6, TMK_ACCESS_OUT, 0, 40);
}

Test(op, operands_of_collectives)
{
  struct tmk_op op = {.kind = TMK_OP_COLLECTIVE,
                      .u.collective = {.collective = TMK_COLL_ALL_REDUCE,
                                       .ranks = 2,
                                       .rows = 3,
                                       .cols = 8,
                                       .x = 4,
                                       .parts = TMK_TENSOR_NONE,
                                       .y = TMK_TENSOR_NONE}};
  cr_expect(eq(int, operand_count(&op), 1));
  expect_operand(&op, "x", 4, TMK_ACCESS_INOUT, 0, 24);
  op.u.collective = (struct tmk_op_collective){
      .collective = TMK_COLL_ALL_GATHER, .ranks = 2, .rows = 3, .cols = 8, .y_cols = 15, .x = 4, .parts = 5, .y = 6};
  cr_expect(eq(int, operand_count(&op), 3));
  expect_operand(&op, "x", 4, TMK_ACCESS_IN, 0, 24);
  expect_operand(&op, "parts", 5, TMK_ACCESS_OUT, 0, 48);
  expect_operand(&op, "y", 6, TMK_ACCESS_OUT, 0, 45);
  op.u.collective = (struct tmk_op_collective){.collective = TMK_COLL_SEND_RECV,
                                               .ranks = 2,
                                               .rank = 1,
                                               .rows = 3,
                                               .cols = 8,
                                               .x = TMK_TENSOR_NONE,
                                               .parts = TMK_TENSOR_NONE,
                                               .y = 6};
  cr_expect(eq(int, operand_count(&op), 1));
  expect_operand(&op, "y", 6, TMK_ACCESS_OUT, 0, 24);
}

Test(op, operands_of_rmsnorm)
{
  struct tmk_op op = {
      .kind = TMK_OP_RMSNORM,
      .u.rmsnorm = {
          .rows = 2, .hidden = 8, .row_group = 3, .residual = 0, .delta = TMK_TENSOR_NONE, .weight = 1, .y = 2}};
  cr_expect(eq(int, operand_count(&op), 3));
  expect_operand(&op, "residual", 0, TMK_ACCESS_IN, 0, 48);
  expect_operand(&op, "weight", 1, TMK_ACCESS_IN, 0, 8);
  expect_operand(&op, "y", 2, TMK_ACCESS_OUT, 0, 16);

  op.u.rmsnorm.delta = 5;
  op.u.rmsnorm.row_group = 1;
  op.u.rmsnorm.write_residual = true;
  cr_expect(eq(int, operand_count(&op), 4));
  expect_operand(&op, "delta", 5, TMK_ACCESS_IN, 0, 16);
  expect_operand(&op, "residual", 0, TMK_ACCESS_INOUT, 0, 16);
}

Test(op, operands_of_gemm)
{
  struct tmk_op op = {.kind = TMK_OP_GEMM,
                      .u.gemm = {.m = 2, .n = 3, .k = 5, .x = 7, .weight = 8, .bias = TMK_TENSOR_NONE, .y = 9}};
  cr_expect(eq(int, operand_count(&op), 3));
  expect_operand(&op, "x", 7, TMK_ACCESS_IN, 0, 10);
  expect_operand(&op, "weight", 8, TMK_ACCESS_IN, 0, 15);
  expect_operand(&op, "y", 9, TMK_ACCESS_OUT, 0, 6);
  op.u.gemm.bias = 4;
  cr_expect(eq(int, operand_count(&op), 4));
  expect_operand(&op, "bias", 4, TMK_ACCESS_IN, 0, 3);
}

Test(op, operands_of_rope_and_attention)
{
  struct tmk_op rope = {.kind = TMK_OP_ROPE_KV,
                        .u.rope_kv = {.seqs = 2,
                                      .q_len = 3,
                                      .heads_q = 4,
                                      .heads_kv = 2,
                                      .head_dim = 16,
                                      .rotary_dim = 8,
                                      .qkv = 1,
                                      .inv_freq = 2,
                                      .q_norm = TMK_TENSOR_NONE,
                                      .k_norm = TMK_TENSOR_NONE,
                                      .q = 3,
                                      .k_cache = 4,
                                      .v_cache = 5}};
  cr_expect(eq(int, operand_count(&rope), 5));
  expect_operand(&rope, "qkv", 1, TMK_ACCESS_IN, 0, 6 * 8 * 16);
  expect_operand(&rope, "inv_freq", 2, TMK_ACCESS_IN, 0, 4);
  expect_operand(&rope, "q", 3, TMK_ACCESS_OUT, 0, 6 * 4 * 16);
  expect_operand(&rope, "k_cache", 4, TMK_ACCESS_OUT, 0, 0);
  expect_operand(&rope, "v_cache", 5, TMK_ACCESS_OUT, 0, 0);
  rope.u.rope_kv.q_norm = 6;
  rope.u.rope_kv.k_norm = 7;
  cr_expect(eq(int, operand_count(&rope), 7));
  expect_operand(&rope, "k_norm", 7, TMK_ACCESS_IN, 0, 16);

  const struct tmk_op attention = {.kind = TMK_OP_ATTENTION,
                                   .u.attention = {.seqs = 2,
                                                   .q_len = 3,
                                                   .heads_q = 4,
                                                   .heads_kv = 2,
                                                   .head_dim = 16,
                                                   .q = 1,
                                                   .k_cache = 2,
                                                   .v_cache = 3,
                                                   .out = 4}};
  cr_expect(eq(int, operand_count(&attention), 4));
  expect_operand(&attention, "q", 1, TMK_ACCESS_IN, 0, 384);
  expect_operand(&attention, "k_cache", 2, TMK_ACCESS_IN, 0, 0);
  expect_operand(&attention, "out", 4, TMK_ACCESS_OUT, 0, 384);
}

Test(op, operands_of_swiglu_and_sample)
{
  const struct tmk_op swiglu = {.kind = TMK_OP_SWIGLU, .u.swiglu = {.rows = 3, .inner = 10, .gate_up = 1, .y = 2}};
  cr_expect(eq(int, operand_count(&swiglu), 2));
  expect_operand(&swiglu, "gate_up", 1, TMK_ACCESS_IN, 0, 60);
  expect_operand(&swiglu, "y", 2, TMK_ACCESS_OUT, 0, 30);

  const struct tmk_op sample = {.kind = TMK_OP_SAMPLE,
                                .u.sample = {.rows = 2, .vocab = 50, .token_first = 7, .logits = 1, .tokens = 2}};
  cr_expect(eq(int, operand_count(&sample), 2));
  expect_operand(&sample, "logits", 1, TMK_ACCESS_IN, 0, 100);
  expect_operand(&sample, "tokens", 2, TMK_ACCESS_OUT, 7, 2);
}

/* A required operand that is missing must be seen by whoever checks them. */
Test(op, required_operands_are_never_left_out)
{
  const struct tmk_op op = {.kind = TMK_OP_GEMM,
                            .u.gemm = {.m = 1, .n = 1, .k = 1, .x = -1, .weight = -1, .bias = -1, .y = -1}};
  cr_expect(eq(int, operand_count(&op), 3));
  expect_operand(&op, "x", TMK_TENSOR_NONE, TMK_ACCESS_IN, 0, 1);
}

Test(op, absurd_sizes_saturate)
{
  const struct tmk_op op = {.kind = TMK_OP_GEMM,
                            .u.gemm = {.m = INT64_MAX, .n = INT64_MAX, .k = INT64_MAX, .bias = TMK_TENSOR_NONE}};
  expect_operand(&op, "y", 0, TMK_ACCESS_OUT, 0, INT64_MAX);
}

static void expect_text(const struct tmk_op *op, const char *expected)
{
  char text[160];
  tmk_op_describe(op, text, sizeof text);
  cr_expect(eq(str, text, (char *)expected));
}

Test(op, descriptions)
{
  struct tmk_op op = {.kind = TMK_OP_GEMM, .label = "qkv_proj", .u.gemm = {.m = 8, .n = 2560, .k = 2048}};
  expect_text(&op, "gemm qkv_proj m=8 n=2560 k=2048");
  op.label = NULL;
  expect_text(&op, "gemm m=8 n=2560 k=2048");

  op = (struct tmk_op){
      .kind = TMK_OP_ATTENTION,
      .label = "attention",
      .u.attention = {
          .seqs = 2, .q_len = 1, .past = 128, .heads_q = 32, .heads_kv = 4, .head_dim = 64, .window = 4096}};
  expect_text(&op, "attention seqs=2 q_len=1 past=128 heads=32/4 head_dim=64 window=4096");

  op = (struct tmk_op){.kind = TMK_OP_ROPE_KV,
                       .label = "rope_kv",
                       .u.rope_kv = {.seqs = 2, .q_len = 3, .past = 4, .heads_q = 8, .heads_kv = 2, .head_dim = 16}};
  expect_text(&op, "rope_kv seqs=2 q_len=3 past=4 heads=8/2 head_dim=16");

  op = (struct tmk_op){
      .kind = TMK_OP_RMSNORM, .label = "final_norm", .u.rmsnorm = {.rows = 4, .hidden = 8, .row_group = 3, .delta = 2}};
  expect_text(&op, "rmsnorm final_norm rows=4 hidden=8 +delta last-of-group");
  op.u.rmsnorm.row_group = 1;
  op.u.rmsnorm.delta = TMK_TENSOR_NONE;
  expect_text(&op, "rmsnorm final_norm rows=4 hidden=8");

  op = (struct tmk_op){.kind = TMK_OP_EMBED, .label = "embed", .u.embed = {.rows = 4, .hidden = 8, .vocab = 9}};
  expect_text(&op, "embed rows=4 hidden=8 vocab=9");
  op = (struct tmk_op){.kind = TMK_OP_SWIGLU, .label = "swiglu", .u.swiglu = {.rows = 4, .inner = 8}};
  expect_text(&op, "swiglu rows=4 inner=8");
  op = (struct tmk_op){.kind = TMK_OP_SAMPLE, .label = "sample", .u.sample = {.rows = 4, .vocab = 8}};
  expect_text(&op, "sample rows=4 vocab=8");
}

/* A short buffer is cut and terminated. */
Test(op, description_is_cut_at_the_buffer)
{
  const struct tmk_op op = {.kind = TMK_OP_GEMM, .label = "qkv_proj", .u.gemm = {.m = 8, .n = 2560, .k = 2048}};
  char text[10];
  tmk_op_describe(&op, text, sizeof text);
  cr_expect(eq(str, text, "gemm qkv_"));
}
