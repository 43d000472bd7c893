/* test_ref.c: the reference modes against results worked by hand, and against each other. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokmark/backend.h"

/* A plan of one operation on one mode, with short names for reading and writing. */
struct bench {
  const struct tmk_backend_ops *ops;
  struct tmk_backend *backend;
  struct tmk_plan *plan;
  struct tmk_exec *exec;
  struct tmk_error err;
};

static const struct tmk_backend_ops *const modes[] = {&tmk_backend_ref, &tmk_backend_naive};

static struct tmk_tensor tensor(const char *name, enum tmk_tensor_role role, enum tmk_dtype dtype, int rank, int64_t d0,
                                int64_t d1)
{
  struct tmk_tensor t = {
      .id = 1, .role = role, .dtype = dtype, .rank = rank, .dims = {d0, d1}, .global_dims = {d0, d1}, .fill_scale = 1};
  snprintf(t.name, sizeof t.name, "%s", name);
  return t;
}

static struct tmk_tensor matrix(const char *name, int64_t rows, int64_t cols)
{
  return tensor(name, TMK_ROLE_ACTIVATION, TMK_DTYPE_F32, 2, rows, cols);
}

static struct tmk_tensor cache(const char *name, enum tmk_dtype dtype, int64_t seqs, int64_t positions, int64_t heads,
                               int64_t d)
{
  struct tmk_tensor t = tensor(name, TMK_ROLE_KV_CACHE, dtype, 4, seqs, positions);
  t.dims[2] = t.global_dims[2] = heads;
  t.dims[3] = t.global_dims[3] = d;
  t.global_dims[1] = TMK_KV_POSITIONS;
  return t;
}

static struct bench open_bench(const struct tmk_backend_ops *ops, const struct tmk_op *op,
                               const struct tmk_tensor *tensors, int count)
{
  struct bench b = {.ops = ops};
  const struct tmk_open_args args = {0};
  cr_assert_eq(tmk_plan_create_single(op, tensors, count, 5, TMK_DTYPE_F32, &b.plan, &b.err), TMK_OK, "%s",
               b.err.message);
  cr_assert_eq(ops->open(&args, &b.backend, &b.err), TMK_OK);
  cr_assert_eq(ops->prepare(b.backend, b.plan, &b.exec, &b.err), TMK_OK, "%s", b.err.message);
  return b;
}

static void close_bench(struct bench *b)
{
  b->ops->release(b->exec);
  b->ops->close(b->backend);
  tmk_plan_destroy(b->plan);
}

static void put(struct bench *b, int t, int64_t first, int64_t count, const double *values)
{
  cr_assert_eq(b->ops->write(b->exec, t, first, count, values, &b->err), TMK_OK, "%s", b->err.message);
}

static double get(struct bench *b, int t, int64_t index)
{
  double value = NAN;
  cr_assert_eq(b->ops->read(b->exec, t, index, 1, &value, &b->err), TMK_OK, "%s", b->err.message);
  return value;
}

static void go(struct bench *b)
{
  cr_assert_eq(b->ops->run_ops(b->exec, 0, 1, &b->err), TMK_OK, "%s", b->err.message);
}

/* x = [1 2 3; −1 0 4]; the weight is what the fill gives, so its values are read back. */
Test(ref, gemm)
{
  for (int mode = 0; mode < 2; mode++) {
    const struct tmk_tensor tensors[] = {matrix("x", 2, 3), tensor("w", TMK_ROLE_WEIGHT, TMK_DTYPE_BF16, 2, 11, 3),
                                         tensor("b", TMK_ROLE_WEIGHT, TMK_DTYPE_F32, 1, 11, 0), matrix("y", 2, 11)};
    const struct tmk_op op = {.kind = TMK_OP_GEMM,
                              .u.gemm = {.m = 2, .n = 11, .k = 3, .x = 0, .weight = 1, .bias = 2, .y = 3}};
    const double x[] = {1, 2, 3, -1, 0, 4};
    struct bench b = open_bench(modes[mode], &op, tensors, 4);
    put(&b, 0, 0, 6, x);
    go(&b);
    for (int64_t n = 0; n < 11; n++) {
      const double w[3] = {get(&b, 1, n * 3), get(&b, 1, n * 3 + 1), get(&b, 1, n * 3 + 2)}, bias = get(&b, 2, n);
      cr_expect_eq(w[0], (double)tmk_bf16_to_f32(tmk_f32_to_bf16((float)w[0])));
      cr_expect_float_eq(get(&b, 3, n), w[0] + 2 * w[1] + 3 * w[2] + bias, mode ? 1e-6 : 1e-15);
      cr_expect_float_eq(get(&b, 3, 11 + n), -w[0] + 4 * w[2] + bias, mode ? 1e-6 : 1e-15);
    }
    close_bench(&b);
  }
}

/* x is rounded to the weight's type: in fp8 1.0625 is 1 and 30 is 28; in nvfp4 the block of 5 and 0.9 has b t = 0.8125, so they
 * are 6 · 0.8125 and 1 · 0.8125, and NaN in a block takes the row. */
Test(ref, gemm_rounds_x_to_narrow_types)
{
  const enum tmk_dtype dtypes[] = {TMK_DTYPE_F8E4M3, TMK_DTYPE_NVFP4};
  for (int run = 0; run < 4; run++) {
    const bool fp8 = run < 2;
    const struct tmk_tensor tensors[] = {matrix("x", 2, 32), tensor("w", TMK_ROLE_WEIGHT, dtypes[run / 2], 2, 9, 32),
                                         matrix("y", 2, 9)};
    const struct tmk_op op = {
        .kind = TMK_OP_GEMM, .u.gemm = {.m = 2, .n = 9, .k = 32, .x = 0, .weight = 1, .bias = TMK_TENSOR_NONE, .y = 2}};
    double x[64] = {0}, w[9 * 32];
    x[3] = fp8 ? 1.0625 : 5;
    x[4] = fp8 ? 30 : 0.9;
    x[60] = (double)NAN;
    struct bench b = open_bench(modes[run % 2], &op, tensors, 3);
    put(&b, 0, 0, 64, x);
    go(&b);
    for (int64_t i = 0; i < 9 * 32; i++) w[i] = get(&b, 1, i);
    for (int64_t n = 0; n < 9; n++) {
      const double expected = w[n * 32 + 3] * (fp8 ? 1 : 4.875) + w[n * 32 + 4] * (fp8 ? 28 : 0.8125);
      cr_expect_float_eq(get(&b, 2, n), expected, run % 2 ? 0x1p-12 * 28 : 0, "%d: %g, not %g", run, get(&b, 2, n),
                         expected);
      cr_expect(isnan(get(&b, 2, 9 + n)));
    }
    close_bench(&b);
  }
}

/* 1 + 31 · 2⁻¹⁴ within one instruction of 32 products: each small addend is cut off. Of 33 the last stands in the next one and is
 * cut off there too; of 129 the last comes after a promotion and stays. */
Test(ref, naive_adds_fp8_as_tensor_cores_do)
{
  const int64_t ks[] = {32, 33, 129};
  for (int i = 0; i < 3; i++) {
    struct tmk_tensor tensors[] = {matrix("x", 1, ks[i]), tensor("w", TMK_ROLE_WEIGHT, TMK_DTYPE_F8E4M3, 2, 1, ks[i]),
                                   matrix("y", 1, 1)};
    tensors[1].fill_offset = 1;
    tensors[1].fill_scale = 0; /* all weights are 1 */
    const struct tmk_op op = {
        .kind = TMK_OP_GEMM,
        .u.gemm = {.m = 1, .n = 1, .k = ks[i], .x = 0, .weight = 1, .bias = TMK_TENSOR_NONE, .y = 2}};
    double x[129];
    for (int64_t k = 0; k < ks[i]; k++) x[k] = k == 0 ? 16 : 0x1p-10; /* 2⁻¹⁴ of it */
    for (int mode = 0; mode < 2; mode++) {
      struct bench b = open_bench(modes[mode], &op, tensors, 3);
      put(&b, 0, 0, ks[i], x);
      go(&b);
      cr_expect_eq(get(&b, 2, 0), mode == 0 ? 16 + (double)(ks[i] - 1) * 0x1p-10 : 16 + (i == 2 ? 0x1p-10 : 0));
      close_bench(&b);
    }
  }
}

/* 2²⁴ + 1 − 2²⁴ is 1 in float64 and 0 in float32 from the left: the naive mode adds in index order, in float32. */
Test(ref, naive_is_float32_in_index_order)
{
  struct tmk_tensor tensors[] = {matrix("x", 1, 3), tensor("w", TMK_ROLE_WEIGHT, TMK_DTYPE_F32, 2, 9, 3),
                                 matrix("y", 1, 9)};
  tensors[1].fill_offset = 1;
  tensors[1].fill_scale = 0; /* all weights are 1 */
  const struct tmk_op op = {.kind = TMK_OP_GEMM,
                            .u.gemm = {.m = 1, .n = 9, .k = 3, .x = 0, .weight = 1, .bias = TMK_TENSOR_NONE, .y = 2}};
  const double left[] = {16777216, 1, -16777216}, right[] = {16777216, -16777216, 1};
  for (int mode = 0; mode < 2; mode++) {
    struct bench b = open_bench(modes[mode], &op, tensors, 3);
    put(&b, 0, 0, 3, left);
    go(&b);
    for (int64_t n = 0; n < 9; n++) cr_expect_eq(get(&b, 2, n), mode ? 0 : 1);
    put(&b, 0, 0, 3, right);
    go(&b);
    for (int64_t n = 0; n < 9; n++) cr_expect_eq(get(&b, 2, n), 1);
    close_bench(&b);
  }
}

/* The float64 mode doesn't round to the tensor's dtype, the naive mode does. 1 + 2⁻⁹ is half way between bf16 neighbours. */
Test(ref, results_are_rounded_in_naive_only)
{
  struct tmk_tensor tensors[] = {matrix("x", 1, 1), tensor("w", TMK_ROLE_WEIGHT, TMK_DTYPE_F32, 2, 1, 1),
                                 matrix("y", 1, 1)};
  tensors[1].fill_offset = 1;
  tensors[1].fill_scale = 0;
  tensors[2].dtype = TMK_DTYPE_BF16;
  const struct tmk_op op = {.kind = TMK_OP_GEMM,
                            .u.gemm = {.m = 1, .n = 1, .k = 1, .x = 0, .weight = 1, .bias = TMK_TENSOR_NONE, .y = 2}};
  const double x = 1 + 0x1p-8 + 0x1p-12;
  for (int mode = 0; mode < 2; mode++) {
    struct bench b = open_bench(modes[mode], &op, tensors, 3);
    put(&b, 0, 0, 1, &x);
    go(&b);
    cr_expect_eq(get(&b, 2, 0), mode ? 1 + 0x1p-7 : x);
    close_bench(&b);
  }
}

/* s = residual + delta = (3, 4): mean square 12.5, eps 3.5: root of 16 is 4. */
Test(ref, rmsnorm)
{
  for (int mode = 0; mode < 2; mode++) {
    struct tmk_tensor tensors[] = {matrix("r", 1, 2), matrix("d", 1, 2),
                                   tensor("w", TMK_ROLE_WEIGHT, TMK_DTYPE_F32, 1, 2, 0), matrix("y", 1, 2)};
    tensors[2].fill_offset = 2;
    tensors[2].fill_scale = 0;
    const struct tmk_op op = {.kind = TMK_OP_RMSNORM,
                              .u.rmsnorm = {.rows = 1,
                                            .hidden = 2,
                                            .row_group = 1,
                                            .eps = 3.5,
                                            .write_residual = true,
                                            .residual = 0,
                                            .delta = 1,
                                            .weight = 2,
                                            .y = 3}};
    const double residual[] = {1, 1}, delta[] = {2, 3};
    struct bench b = open_bench(modes[mode], &op, tensors, 4);
    put(&b, 0, 0, 2, residual);
    put(&b, 1, 0, 2, delta);
    go(&b);
    cr_expect_eq(get(&b, 3, 0), 1.5);
    cr_expect_eq(get(&b, 3, 1), 2.0);
    cr_expect_eq(get(&b, 0, 0), 3.0);
    cr_expect_eq(get(&b, 0, 1), 4.0);
    close_bench(&b);
  }
}

/* Groups of three rows: rows 2 and 5 are taken, nothing is written back. */
Test(ref, rmsnorm_takes_the_last_row_of_each_group)
{
  struct tmk_tensor tensors[] = {matrix("r", 6, 1), tensor("w", TMK_ROLE_WEIGHT, TMK_DTYPE_F32, 1, 1, 0),
                                 matrix("y", 2, 1)};
  tensors[1].fill_offset = 1;
  tensors[1].fill_scale = 0;
  const struct tmk_op op = {
      .kind = TMK_OP_RMSNORM,
      .u.rmsnorm = {
          .rows = 2, .hidden = 1, .row_group = 3, .residual = 0, .delta = TMK_TENSOR_NONE, .weight = 1, .y = 2}};
  const double residual[] = {1, 1, 2, 1, 1, -4};
  struct bench b = open_bench(&tmk_backend_ref, &op, tensors, 3);
  put(&b, 0, 0, 6, residual);
  go(&b);
  cr_expect_eq(get(&b, 2, 0), 1);
  cr_expect_eq(get(&b, 2, 1), -1);
  cr_expect_eq(get(&b, 0, 5), -4);
  close_bench(&b);
}

Test(ref, embed_takes_rows_and_marks_tokens_that_are_none)
{
  const struct tmk_tensor tensors[] = {tensor("t", TMK_ROLE_ACTIVATION, TMK_DTYPE_I32, 1, 5, 0),
                                       tensor("w", TMK_ROLE_WEIGHT, TMK_DTYPE_BF16, 2, 4, 3), matrix("x", 3, 3)};
  const struct tmk_op op = {
      .kind = TMK_OP_EMBED,
      .u.embed = {.rows = 3, .hidden = 3, .vocab = 4, .token_first = 2, .tokens = 0, .weight = 1, .x = 2}};
  const double tokens[] = {0, 0, 3, -1, 4};
  for (int mode = 0; mode < 2; mode++) {
    struct bench b = open_bench(modes[mode], &op, tensors, 3);
    put(&b, 0, 0, 5, tokens);
    go(&b);
    for (int64_t i = 0; i < 3; i++) {
      cr_expect_eq(get(&b, 2, i), get(&b, 1, 9 + i));
      cr_expect(isnan(get(&b, 2, 3 + i)) && isnan(get(&b, 2, 6 + i)));
    }
    close_bench(&b);
  }
}

static const struct tmk_op rope_op = {
    .kind = TMK_OP_ROPE_KV,
    .u.rope_kv = {.seqs = 2,
                  .q_len = 1,
                  .seq_first = 1,
                  .past = 2,
                  .heads_q = 2,
                  .heads_kv = 1,
                  .head_dim = 4,
                  .rotary_dim = 2,
                  .rope_scale = 1,
                  .qkv = 0,
                  .inv_freq = 1,
                  .q_norm = TMK_TENSOR_NONE,
                  .k_norm = TMK_TENSOR_NONE,
                  .q = 2,
                  .k_cache = 3,
                  .v_cache = 4},
};

/* Position 2 times frequency π/4: a quarter turn takes (1, 2) to (−2, 1); dims 2 and 3 pass. */
Test(ref, rope_turns_and_appends)
{
  const double frequency = atan(1.0);
  struct tmk_tensor tensors[] = {matrix("qkv", 2, 16), tensor("f", TMK_ROLE_CONSTANT, TMK_DTYPE_F64, 1, 1, 0),
                                 matrix("q", 2, 8), cache("k", TMK_DTYPE_BF16, 3, 4, 1, 4),
                                 cache("v", TMK_DTYPE_BF16, 3, 4, 1, 4)};
  tensors[1].constant = &frequency;
  /* two query heads, key, value; 1.00390625 = 1 + 2⁻⁸ is half way: to even, 1 */
  const double row[] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 1.00390625, -4, 1.01171875, 0.5, -2, 9};
  for (int mode = 0; mode < 2; mode++) {
    struct bench b = open_bench(modes[mode], &rope_op, tensors, 5);
    put(&b, 0, 0, 16, row);
    put(&b, 0, 16, 16, row);
    go(&b);
    const double q[] = {-2, 1, 3, 4, -6, 5, 7, 8}, k[] = {-2, 1, 1, -4}, v[] = {1.015625, 0.5, -2, 9};
    for (int64_t r = 0; r < 2; r++) {
      for (int64_t i = 0; i < 8; i++) cr_expect_float_eq(get(&b, 2, r * 8 + i), q[i], mode ? 1e-6 : 1e-14);
      for (int64_t i = 0; i < 4; i++) {
        cr_expect_eq(get(&b, 3, ((1 + r) * 4 + 2) * 4 + i), k[i]);
        cr_expect_eq(get(&b, 4, ((1 + r) * 4 + 2) * 4 + i), v[i]);
      }
    }
    /* The row behind is still poison, the one before still filled, and so is the sequence before. */
    cr_expect(isnan(get(&b, 3, (1 * 4 + 3) * 4)));
    cr_expect(isfinite(get(&b, 3, (1 * 4 + 1) * 4)));
    cr_expect(isnan(get(&b, 3, (0 * 4 + 2) * 4)));
    close_bench(&b);
  }
}

/* Norm first: (3, 0, 0, 4) has mean square 6.25 and becomes (1.2, 0, 0, 1.6) times its weight 2; scale 0.5 takes that back
 * on the rotated dims. */
Test(ref, rope_norms_heads_and_scales)
{
  const double frequency = 0;
  struct tmk_tensor tensors[] = {matrix("qkv", 2, 16),
                                 tensor("f", TMK_ROLE_CONSTANT, TMK_DTYPE_F64, 1, 1, 0),
                                 matrix("q", 2, 8),
                                 cache("k", TMK_DTYPE_F32, 3, 4, 1, 4),
                                 cache("v", TMK_DTYPE_F32, 3, 4, 1, 4),
                                 tensor("n", TMK_ROLE_WEIGHT, TMK_DTYPE_F32, 1, 4, 0)};
  tensors[1].constant = &frequency;
  tensors[5].fill_offset = 2;
  tensors[5].fill_scale = 0;
  struct tmk_op op = rope_op;
  op.u.rope_kv.q_norm = op.u.rope_kv.k_norm = 5;
  op.u.rope_kv.rope_scale = 0.5;
  double rows[32];
  for (int i = 0; i < 32; i += 4) memcpy(rows + i, (const double[]){3, 0, 0, 4}, sizeof(double) * 4);
  for (int mode = 0; mode < 2; mode++) {
    struct bench b = open_bench(modes[mode], &op, tensors, 6);
    put(&b, 0, 0, 32, rows);
    go(&b);
    const double expected[] = {1.2, 0, 0, 3.2};
    for (int64_t i = 0; i < 4; i++) {
      cr_expect_float_eq(get(&b, 2, 4 + i), expected[i], 1e-6);
      cr_expect_float_eq(get(&b, 3, (2 * 4 + 2) * 4 + i), expected[i], 1e-6);
    }
    cr_expect_eq(get(&b, 4, (2 * 4 + 2) * 4), 3); /* values pass */
    close_bench(&b);
  }
}

/* Keys 0 and ln 3 times the query 1: weights 1 : 3. Values 0 and 8: 6. With a window of 1 the last key alone: 8. Query head
 * 1 belongs to the second KV head, whose keys are equal: the mean, 6. */
Test(ref, attention)
{
  struct tmk_tensor tensors[] = {matrix("q", 1, 2), cache("k", TMK_DTYPE_F32, 2, 3, 2, 1),
                                 cache("v", TMK_DTYPE_F32, 2, 3, 2, 1), matrix("o", 1, 2)};
  struct tmk_op op = {.kind = TMK_OP_ATTENTION,
                      .u.attention = {.seqs = 1,
                                      .q_len = 1,
                                      .seq_first = 1,
                                      .past = 1,
                                      .heads_q = 2,
                                      .heads_kv = 2,
                                      .head_dim = 1,
                                      .scale = 0.5,
                                      .q = 0,
                                      .k_cache = 1,
                                      .v_cache = 2,
                                      .out = 3}};
  const double q[] = {2, 7}, k[] = {0, 5, log(3.0), 5}, v[] = {0, 4, 8, 8};
  for (int mode = 0; mode < 2; mode++) {
    if (mode == 0) tensors[1].dtype = TMK_DTYPE_F64; /* ln 3 as it is */
    if (mode == 1) tensors[1].dtype = TMK_DTYPE_F32;
    for (int windowed = 0; windowed < 2; windowed++) {
      op.u.attention.window = windowed;
      struct bench b = open_bench(modes[mode], &op, tensors, 4);
      put(&b, 0, 0, 2, q);
      put(&b, 1, 6, 4, k);
      put(&b, 2, 6, 4, v);
      go(&b);
      cr_expect_float_eq(get(&b, 3, 0), windowed ? 8 : 6, mode ? 1e-6 : 1e-14);
      cr_expect_float_eq(get(&b, 3, 1), windowed ? 8 : 6, mode ? 1e-6 : 1e-14);
      close_bench(&b);
    }
  }
}

/* Prefill is causal: row 0 sees key 0, row 1 the mean of both. Scores of 200 would overflow exp in float32. */
Test(ref, attention_is_causal_and_does_not_overflow)
{
  struct tmk_tensor tensors[] = {matrix("q", 2, 1), cache("k", TMK_DTYPE_F32, 1, 2, 1, 1),
                                 cache("v", TMK_DTYPE_F32, 1, 2, 1, 1), matrix("o", 2, 1)};
  const struct tmk_op op = {.kind = TMK_OP_ATTENTION,
                            .u.attention = {.seqs = 1,
                                            .q_len = 2,
                                            .heads_q = 1,
                                            .heads_kv = 1,
                                            .head_dim = 1,
                                            .scale = 1,
                                            .q = 0,
                                            .k_cache = 1,
                                            .v_cache = 2,
                                            .out = 3}};
  const double q[] = {100, 100}, k[] = {2, 2}, v[] = {1, 3};
  for (int mode = 0; mode < 2; mode++) {
    struct bench b = open_bench(modes[mode], &op, tensors, 4);
    put(&b, 0, 0, 2, q);
    put(&b, 1, 0, 2, k);
    put(&b, 2, 0, 2, v);
    go(&b);
    cr_expect_eq(get(&b, 3, 0), 1);
    cr_expect_eq(get(&b, 3, 1), 2);
    close_bench(&b);
  }
}

Test(ref, swiglu)
{
  const struct tmk_tensor tensors[] = {matrix("g", 1, 6), matrix("y", 1, 3)};
  const struct tmk_op op = {.kind = TMK_OP_SWIGLU, .u.swiglu = {.rows = 1, .inner = 3, .gate_up = 0, .y = 1}};
  const double gate_up[] = {0, log(3.0), -1000, 5, 8, 2};
  for (int mode = 0; mode < 2; mode++) {
    struct bench b = open_bench(modes[mode], &op, tensors, 2);
    put(&b, 0, 0, 6, gate_up);
    go(&b);
    cr_expect_eq(get(&b, 1, 0), 0);
    cr_expect_float_eq(get(&b, 1, 1), log(3.0) * 0.75 * 8, mode ? 1e-6 : 1e-14); /* 1 / (1 + 1/3) */
    cr_expect_eq(get(&b, 1, 2), 0);
    close_bench(&b);
  }
}

Test(ref, sample)
{
  const struct tmk_tensor tensors[] = {matrix("l", 4, 3), tensor("t", TMK_ROLE_OUTPUT, TMK_DTYPE_I32, 1, 6, 0)};
  const struct tmk_op op = {.kind = TMK_OP_SAMPLE,
                            .u.sample = {.rows = 4, .vocab = 3, .token_first = 1, .logits = 0, .tokens = 1}};
  const double logits[] = {1, 3, 2, 5, 5, 4, 9, 1, NAN, -INFINITY, -INFINITY, -INFINITY};
  for (int mode = 0; mode < 2; mode++) {
    struct bench b = open_bench(modes[mode], &op, tensors, 2);
    put(&b, 0, 0, 12, logits);
    go(&b);
    const double expected[] = {-1, 1, 0, -1, 0, -1}; /* first and last: poison, not written */
    for (int64_t i = 0; i < 6; i++) cr_expect_eq(get(&b, 1, i), expected[i], "token %lld", (long long)i);
    close_bench(&b);
  }
}

Test(ref, reset_fills_and_poisons)
{
  struct tmk_tensor tensors[] = {matrix("q", 2, 1), cache("k", TMK_DTYPE_BF16, 2, 5, 1, 1),
                                 cache("v", TMK_DTYPE_F32, 2, 5, 1, 1), matrix("o", 2, 1)};
  tensors[0].role = TMK_ROLE_INPUT;
  const struct tmk_op op = {.kind = TMK_OP_ATTENTION,
                            .u.attention = {.seqs = 2,
                                            .q_len = 1,
                                            .past = 3,
                                            .heads_q = 1,
                                            .heads_kv = 1,
                                            .head_dim = 1,
                                            .scale = 1,
                                            .q = 0,
                                            .k_cache = 1,
                                            .v_cache = 2,
                                            .out = 3}};
  struct bench b = open_bench(&tmk_backend_ref, &op, tensors, 4);
  for (int round = 0; round < 2; round++) {
    float filled[10];
    tmk_tensor_fill(&b.plan->tensors[1], 5, 0, 10, filled);
    for (int64_t i = 0; i < 10; i++) {
      const double value = get(&b, 1, i);
      if (i % 5 < 3)
        cr_expect_eq(value, (double)tmk_bf16_to_f32(tmk_f32_to_bf16(filled[i])), "position %lld", (long long)i);
      if (i % 5 >= 3) cr_expect(isnan(value));
    }
    cr_expect(isfinite(get(&b, 0, 0)) && isfinite(get(&b, 0, 1)) && isnan(get(&b, 3, 0)));
    const double spoilt[10] = {0};
    put(&b, 0, 0, 2, spoilt);
    put(&b, 1, 0, 10, spoilt);
    put(&b, 3, 0, 2, spoilt);
    cr_assert_eq(b.ops->reset(b.exec, &b.err), TMK_OK);
  }
  close_bench(&b);
}

Test(ref, run_repeats_and_times)
{
  const struct tmk_tensor tensors[] = {matrix("g", 1, 2), matrix("y", 1, 1)};
  const struct tmk_op op = {.kind = TMK_OP_SWIGLU, .u.swiglu = {.rows = 1, .inner = 1, .gate_up = 0, .y = 1}};
  struct bench b = open_bench(&tmk_backend_naive, &op, tensors, 2);
  struct tmk_run_times times = {-1, -1};
  cr_expect_eq(b.ops->run(b.exec, 1000, &times, &b.err), TMK_OK);
  cr_expect_gt(times.wall_ns, 0);
  cr_expect_eq(times.wall_ns, times.device_ns);
  close_bench(&b);
}

Test(ref, refuses_what_is_out_of_range)
{
  const struct tmk_tensor tensors[] = {matrix("g", 1, 2), tensor("w", TMK_ROLE_WEIGHT, TMK_DTYPE_F32, 1, 1, 0),
                                       matrix("y", 1, 1)};
  const struct tmk_op op = {.kind = TMK_OP_SWIGLU, .u.swiglu = {.rows = 1, .inner = 1, .gate_up = 0, .y = 2}};
  struct bench b = open_bench(&tmk_backend_ref, &op, tensors, 3);
  double value = 1;
  cr_expect_eq(b.ops->read(b.exec, 0, 1, 2, &value, &b.err), TMK_ERR_USAGE);
  cr_expect_str_eq(b.err.message, "tensor g, elements 1+2: it has 2");
  cr_expect_eq(b.ops->read(b.exec, 3, 0, 1, &value, &b.err), TMK_ERR_USAGE);
  cr_expect_str_eq(b.err.message, "tensor 3: the plan has 3");
  cr_expect_eq(b.ops->write(b.exec, 1, 0, 1, &value, &b.err), TMK_ERR_USAGE);
  cr_expect_str_eq(b.err.message, "tensor w: weights and constants can't be written");
  cr_expect_eq(b.ops->run_ops(b.exec, 0, 2, &b.err), TMK_ERR_USAGE);
  cr_expect_str_eq(b.err.message, "ops 0+2: the plan has 1");
  struct tmk_backend *second;
  cr_expect_eq(b.ops->open(&(struct tmk_open_args){.device_index = 1}, &second, &b.err), TMK_ERR_USAGE);
  cr_expect_str_eq(b.err.message, "device 1: there is one reference device, 0");
  close_bench(&b);
}

/* prepare() names operation and reason; supports() gives the reason alone. */
Test(ref, supports_gives_reasons)
{
  struct tmk_tensor tensors[] = {matrix("qkv", 2, 16), tensor("f", TMK_ROLE_CONSTANT, TMK_DTYPE_F64, 1, 3, 0),
                                 matrix("q", 2, 8), cache("k", TMK_DTYPE_BF16, 3, 4, 1, 4),
                                 cache("v", TMK_DTYPE_BF16, 3, 4, 1, 4)};
  const double frequencies[3] = {1, 1, 1};
  tensors[1].constant = frequencies;
  struct bench b = open_bench(&tmk_backend_naive, &rope_op, tensors, 5);
  struct tmk_op *op = &b.plan->ops[0];
  char reason[200] = "";
  cr_expect(b.ops->supports(b.backend, b.plan, op, reason, sizeof reason));
#define REFUSED(change, undo, text)                                                                                    \
  change;                                                                                                              \
  cr_expect(!b.ops->supports(b.backend, b.plan, op, reason, sizeof reason));                                           \
  cr_expect_str_eq(reason, text);                                                                                      \
  undo
  REFUSED(op->u.rope_kv.rotary_dim = 3, op->u.rope_kv.rotary_dim = 2,
          "rotary_dim 3: must be even and at most head_dim 4");
  REFUSED(op->u.rope_kv.heads_kv = 3, op->u.rope_kv.heads_kv = 1, "qkv: 64 elements from 0 on: the tensor has 32");
  REFUSED(op->u.rope_kv.past = 4, op->u.rope_kv.past = 2, "cache k: sequences 1+2, positions 4+1: it has 3 and 4");
  REFUSED(op->u.rope_kv.seq_first = 2, op->u.rope_kv.seq_first = 1,
          "cache k: sequences 2+2, positions 2+1: it has 3 and 4");
  REFUSED(op->u.rope_kv.q = 9, op->u.rope_kv.q = 2, "q: no tensor 9");
  REFUSED(b.plan->tensors[0].dtype = TMK_DTYPE_F8E4M3, b.plan->tensors[0].dtype = TMK_DTYPE_F32,
          "qkv: dtype fp8: must be f32 or bf16");
  REFUSED(b.plan->tensors[0].dtype = TMK_DTYPE_F64, b.plan->tensors[0].dtype = TMK_DTYPE_F32,
          "qkv: dtype f64: must be f32 or bf16");
  REFUSED(b.plan->tensors[3].dtype = TMK_DTYPE_NVFP4, b.plan->tensors[3].dtype = TMK_DTYPE_BF16,
          "k_cache: dtype nvfp4: must be f32 or bf16");
  REFUSED(op->kind = TMK_OP_KIND_COUNT, op->kind = TMK_OP_ROPE_KV, "operation 8: not known");
  struct tmk_exec *exec;
  op->u.rope_kv.rotary_dim = 6;
  cr_expect_eq(b.ops->prepare(b.backend, b.plan, &exec, &b.err), TMK_ERR_UNSUPPORTED);
  cr_expect(strstr(b.err.message, "rotary_dim 6: must be even and at most head_dim 4"), "%s", b.err.message);
  cr_expect_null(exec);
  op->u.rope_kv.rotary_dim = 2;
  close_bench(&b);
}

/* A tie between bf16 neighbours must not be made by a rounding to float32 before: 1 + 2⁻⁸ + 2⁻⁴⁰ is above it. */
Test(ref, float64_rounds_to_bf16_in_one_step)
{
  double rounded;
  cr_expect(tmk_dtype_round(TMK_DTYPE_BF16, 1 + 0x1p-8 + 0x1p-40, &rounded));
  cr_expect_eq(rounded, 1 + 0x1p-7);
  tmk_dtype_round(TMK_DTYPE_BF16, 1 + 0x1p-8, &rounded);
  cr_expect_eq(rounded, 1);
  tmk_dtype_round(TMK_DTYPE_BF16, 1 + 0x1p-8 - 0x1p-40, &rounded);
  cr_expect_eq(rounded, 1);
  tmk_dtype_round(TMK_DTYPE_BF16, -1 - 0x1p-8 - 0x1p-40, &rounded);
  cr_expect_eq(rounded, -1 - 0x1p-7);
  tmk_dtype_round(TMK_DTYPE_BF16, 1 + 3 * 0x1p-8, &rounded);
  cr_expect_eq(rounded, 1 + 0x1p-6);
  tmk_dtype_round(TMK_DTYPE_BF16, 1e300, &rounded);
  cr_expect_eq(rounded, INFINITY);
  tmk_dtype_round(TMK_DTYPE_BF16, NAN, &rounded);
  cr_expect(isnan(rounded));
  tmk_dtype_round(TMK_DTYPE_F32, 1 + 0x1p-24 + 0x1p-50, &rounded);
  cr_expect_eq(rounded, 1 + 0x1p-23);
  tmk_dtype_round(TMK_DTYPE_F64, 0.1, &rounded);
  cr_expect_eq(rounded, 0.1);
  cr_expect(tmk_dtype_round(TMK_DTYPE_I32, 7, &rounded));
  cr_expect_eq(rounded, 7);
  cr_expect(!tmk_dtype_round(TMK_DTYPE_F16, 0.1, &rounded));
  cr_expect_eq(rounded, 0.1);
}
