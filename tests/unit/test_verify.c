/* test_verify.c: which elements verification looks at, and both sides of each limit. That it notices bugs of whole backends
 * is in tests/ops/test_sabotage.c. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tiny_model.h"
#include "verify.h"
#include "verify_limit.h"
#include "verify_slice.h"
#include "verify_state.h"

/* ---- limits ---- */

Test(verify_limit, half_ulp_worked_by_hand)
{
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_F32, 1.0), 0x1p-24);
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_F32, -1.999), 0x1p-24);
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_F32, 2.0), 0x1p-23);
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_BF16, 1.5), 0x1p-8);
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_BF16, 0.75), 0x1p-9);
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_F64, 1.0), 0x1p-53);
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_I32, 5.0), 0);
  /* Below the smallest normal number the spacing stays. */
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_F32, 0x1p-126), 0x1p-150);
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_F32, 0x1p-140), 0x1p-150);
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_BF16, 0.0), tmk_verify_half_ulp(TMK_DTYPE_BF16, 0x1p-126));
  cr_expect_eq(tmk_verify_half_ulp(TMK_DTYPE_BF16, 0x1p-126), 0x1p-134);
}

/* A plan of one GEMM whose output y (tensor 2) has the dtype asked for. */
static struct tmk_plan *gemm_plan(int64_t m, int64_t n, int64_t k, enum tmk_dtype dtype)
{
  const struct tmk_tensor tensors[] = {
      {.name = "x",
       .id = 1,
       .role = TMK_ROLE_INPUT,
       .dtype = TMK_DTYPE_F32,
       .rank = 2,
       .dims = {m, k},
       .global_dims = {m, k},
       .fill_scale = 1},
      {.name = "w",
       .id = 2,
       .role = TMK_ROLE_WEIGHT,
       .dtype = TMK_DTYPE_F32,
       .rank = 2,
       .dims = {n, k},
       .global_dims = {n, k},
       .fill_scale = 1},
      {.name = "y",
       .id = 3,
       .role = TMK_ROLE_ACTIVATION,
       .dtype = dtype,
       .rank = 2,
       .dims = {m, n},
       .global_dims = {m, n},
       .fill_scale = 1},
  };
  const struct tmk_op op = {.kind = TMK_OP_GEMM,
                            .layer = -1,
                            .u.gemm = {.m = m, .n = n, .k = k, .x = 0, .weight = 1, .bias = TMK_TENSOR_NONE, .y = 2}};
  struct tmk_plan *plan;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_plan_create_single(&op, tensors, 3, 11, TMK_DTYPE_F32, &plan, &err), TMK_OK, "%s", err.message);
  return plan;
}

/* Judges one element of y[1, 4] in a plan of that dtype. */
static struct tmk_verify_op judge(enum tmk_dtype dtype, struct tmk_verify_element element)
{
  struct tmk_plan *plan = gemm_plan(2, 5, 3, dtype);
  element.tensor = 2;
  element.index = 9;
  const struct tmk_verify_elements elements = {.items = &element, .count = 1};
  struct tmk_verify_op result = {.op = 0};
  tmk_verify_judge(plan, &elements, &result);
  tmk_plan_destroy(plan);
  return result;
}

/* Magnitude 2¹⁰, naive exact: 4 · 2⁻²⁴ · 2¹⁰ = 2⁻¹² beyond half a unit in the last place of 1.5, 2⁻²⁴; and for the norm
 * 2⁻¹⁴ + 2⁻²⁴, relative to 1.5. */
Test(verify_limit, both_sides_of_the_limit_of_an_element)
{
  const double limit = 0x1p-12 + 0x1p-24 + 0x1p-126;
  struct tmk_verify_element e = {.expected = 1.5, .naive = 1.5, .magnitude = 1024, .got = 1.5 + 0x1p-14};
  struct tmk_verify_op result = judge(TMK_DTYPE_F32, e);
  cr_expect(result.passed, "%s", result.detail);
  cr_expect_float_eq(result.max_limit, limit, 1e-18);
  cr_expect_float_eq(result.max_error, 0x1p-14, 1e-18);
  cr_expect_float_eq(result.error, 0x1p-14 / 1.5, 1e-18);
  cr_expect_float_eq(result.limit, (0x1p-14 + 0x1p-24) / 1.5, 1e-18);
  cr_expect_eq(result.elements, 1);
  cr_expect_str_eq(result.detail, "");
  /* The norm of one element is its error. */
  e.got = 1.5 + 0x1p-14 + 0x1p-23;
  result = judge(TMK_DTYPE_F32, e);
  cr_expect(!result.passed);
  cr_expect_str_eq(result.detail, "y: relative error 4.08e-05 over all elements, limit 4.07e-05");
  e.got = 1.5 + 0x1p-11;
  result = judge(TMK_DTYPE_F32, e);
  cr_expect(!result.passed);
  cr_expect_str_eq(result.detail, "y[1,4]: got 1.50048828, expected 1.5 within 0.00024");
}

/* The naive run lost 8 u M: the limits grow with it, to 4 · 8 u M for the element and 2 · 8 u M + … for the norm. */
Test(verify_limit, the_naive_run_calibrates)
{
  struct tmk_verify_element e = {.expected = 1.5, .naive = 1.5 + 0x1p-11, .magnitude = 1024, .got = 1.5 - 0x1p-10};
  struct tmk_verify_op result = judge(TMK_DTYPE_F32, e);
  cr_expect(result.passed, "%s", result.detail);
  cr_expect_float_eq(result.max_limit, 0x1p-9 + 0x1p-24, 1e-9);
  cr_expect_float_eq(result.limit, (0x1p-10 + 0x1p-14 + 0x1p-24) / 1.5, 1e-9);
  e.got = 1.5 - 0x1p-9 - 0x1p-20;
  cr_expect(!judge(TMK_DTYPE_F32, e).passed);
}

/* bf16 around 1.5: neighbours are 2⁻⁷ apart, so 2⁻⁸ and the arithmetic are allowed, and not twice that. */
Test(verify_limit, bf16_must_be_rounded_not_cut_off)
{
  struct tmk_verify_element e = {.expected = 1.5 + 0.75 * 0x1p-7, .naive = 1.5 + 0.75 * 0x1p-7, .magnitude = 2};
  e.got = 1.5 + 0x1p-7;
  cr_expect(judge(TMK_DTYPE_BF16, e).passed);
  e.got = 1.5; /* cut off */
  const struct tmk_verify_op result = judge(TMK_DTYPE_BF16, e);
  cr_expect(!result.passed);
  cr_expect_gt(result.ratio, 100);
}

Test(verify_limit, exact_elements_have_one_right_answer)
{
  struct tmk_verify_element e = {.expected = 1.25, .naive = 1.25, .got = 1.25};
  cr_expect(judge(TMK_DTYPE_F32, e).passed);
  cr_expect_eq(judge(TMK_DTYPE_F32, e).ratio, 0);
  e.got = 1.25f + 0x1p-23f;
  struct tmk_verify_op result = judge(TMK_DTYPE_F32, e);
  cr_expect(!result.passed && isinf(result.ratio));
  cr_expect_str_eq(result.detail, "y[1,4]: got 1.25000012, expected 1.25 within 0");
  /* 1 + 2⁻⁸ in bf16 is a tie: even is 1, and the other neighbour is wrong. */
  e = (struct tmk_verify_element){.expected = 1 + 0x1p-8, .naive = 1 + 0x1p-8, .got = 1};
  cr_expect(judge(TMK_DTYPE_BF16, e).passed);
  e.got = 1 + 0x1p-7;
  cr_expect(!judge(TMK_DTYPE_BF16, e).passed);
}

Test(verify_limit, nothing_that_is_not_finite_passes)
{
  const double bad[] = {NAN, INFINITY, -INFINITY};
  for (int i = 0; i < 3; i++) {
    struct tmk_verify_element e = {.expected = 1, .naive = 1, .magnitude = 1, .got = bad[i]};
    struct tmk_verify_op result = judge(TMK_DTYPE_F32, e);
    cr_expect(!result.passed && isinf(result.ratio), "got %g", bad[i]);
    e = (struct tmk_verify_element){.expected = bad[i], .naive = 1, .magnitude = 1, .got = bad[i]};
    result = judge(TMK_DTYPE_F32, e);
    cr_expect(!result.passed && isinf(result.ratio), "expected %g", bad[i]);
    cr_expect(strstr(result.detail, "y[1,4]: an operand is not finite"), "%s", result.detail);
    e = (struct tmk_verify_element){.expected = 1, .naive = 1, .magnitude = bad[i], .got = 2};
    cr_expect(!judge(TMK_DTYPE_F32, e).passed, "magnitude %g", bad[i]);
    e = (struct tmk_verify_element){.expected = 1, .naive = bad[i], .magnitude = 1, .got = 2};
    cr_expect(!judge(TMK_DTYPE_F32, e).passed, "naive %g", bad[i]);
  }
}

Test(verify_limit, nothing_checked_is_no_pass)
{
  struct tmk_plan *plan = gemm_plan(2, 5, 3, TMK_DTYPE_F32);
  const struct tmk_verify_elements none = {0};
  struct tmk_verify_op result = {.op = 0};
  tmk_verify_judge(plan, &none, &result);
  cr_expect(!result.passed);
  cr_expect_str_eq(result.detail, "nothing was checked");
  tmk_plan_destroy(plan);
}

/* ---- slices ---- */

/* How often each element of a tensor is named by output spans. */
static int *coverage(const struct tmk_verify_slices *slices, int tensor, int64_t elements)
{
  int *seen = calloc((size_t)elements, sizeof *seen);
  for (int s = 0; s < slices->count; s++) {
    const struct tmk_verify_slice *slice = &slices->items[s];
    for (int i = 0; i < slice->span_count; i++) {
      const struct tmk_verify_span *span = &slice->spans[i];
      if (span->tensor != tensor || !(slice->access[span->slot] & TMK_ACCESS_OUT)) continue;
      for (int64_t r = 0; r < span->repeat; r++) {
        for (int64_t j = 0; j < span->count; j++) seen[span->first + r * span->stride + j]++;
      }
    }
  }
  return seen;
}

Test(verify_slices, everything_once_where_there_is_no_more)
{
  struct tmk_plan *plan = gemm_plan(7, 33, 4, TMK_DTYPE_F32);
  const struct tmk_verify_device device = {.plan = plan};
  struct tmk_verify_slices slices;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_verify_slices_build(&device, 0, 7 * 33, 1, &slices, &err), TMK_OK);
  int *seen = coverage(&slices, 2, 7 * 33);
  for (int i = 0; i < 7 * 33; i++) cr_expect_eq(seen[i], 1);
  free(seen);
  tmk_verify_slices_free(&slices);
  tmk_plan_destroy(plan);
}

/* 100 rows × 3000 columns, about 1000 elements: the last rows and columns always, the rest elsewhere with another seed. */
Test(verify_slices, last_rows_and_columns_are_always_there)
{
  struct tmk_plan *plan = gemm_plan(100, 3000, 4, TMK_DTYPE_F32);
  const struct tmk_verify_device device = {.plan = plan};
  int *first = NULL, same = 1;
  for (uint64_t seed = 0; seed < 20; seed++) {
    struct tmk_verify_slices slices;
    struct tmk_error err = {0};
    int64_t count = 0;
    cr_assert_eq(tmk_verify_slices_build(&device, 0, 1024, seed, &slices, &err), TMK_OK);
    int *seen = coverage(&slices, 2, 300000);
    for (int64_t i = 0; i < 300000; i++) count += seen[i] > 0;
    cr_expect(count >= 900 && count <= 1024, "%lld", (long long)count);
    for (int64_t row = 92; row < 100; row++) {
      for (int64_t column = 2968; column < 3000; column++) cr_expect_eq(seen[row * 3000 + column], 1);
    }
    if (first) same &= memcmp(first, seen, 300000 * sizeof *seen) == 0;
    free(first);
    first = seen;
    tmk_verify_slices_free(&slices);
  }
  free(first);
  cr_expect(!same);
  tmk_plan_destroy(plan);
}

/* ---- passes ---- */

/* A plan of a small model on naive. */
struct pass {
  const struct tmk_backend_ops *ops;
  struct tmk_backend *backend;
  struct tmk_plan *plan;
  struct tmk_exec *exec;
};

static struct pass open_pass(int64_t layers, enum tmk_phase phase, int64_t batch, int64_t input_len, int64_t context)
{
  struct tmk_model model = tiny_model();
  struct tmk_workload workload = tiny_workload(phase, batch, input_len, 0, context);
  struct tmk_error err = {0};
  const struct tmk_open_args open_args = {0};
  struct pass pass = {.ops = &tmk_backend_naive};
  model.num_hidden_layers = layers;
  const struct tmk_plan_args args = {.model = &model, .workload = &workload, .seed = 4, .act_dtype = TMK_DTYPE_F32};
  cr_assert_eq(tmk_plan_create(&args, &pass.plan, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(pass.ops->open(&open_args, &pass.backend, &err), TMK_OK);
  cr_assert_eq(pass.ops->prepare(pass.backend, pass.plan, &pass.exec, &err), TMK_OK, "%s", err.message);
  return pass;
}

static void close_pass(struct pass *pass)
{
  pass->ops->release(pass->exec);
  pass->ops->close(pass->backend);
  tmk_plan_destroy(pass->plan);
}

static void keep(void *context, const struct tmk_plan *plan, const struct tmk_verify_op *result)
{
  (void)plan;
  ((int64_t *)context)[result->op] = result->elements;
}

/* Ten layers, three in full: the first, the last and one between, where more elements are looked at. */
Test(verify_exec, some_layers_in_full)
{
  struct pass pass = open_pass(10, TMK_PHASE_DECODE, 40, 0, 3);
  struct tmk_verify_result result;
  struct tmk_error err = {0};
  int64_t elements[128] = {0};
  int between = 0;
  const struct tmk_verify_settings settings = {.elements_per_op = 2000, .seed = 6, .layers = 3};
  cr_assert_eq(tmk_verify_exec(pass.ops, pass.backend, pass.exec, pass.plan, &settings, keep, elements, &result, &err),
               TMK_OK, "%s", err.message);
  cr_expect_eq(result.ops_checked, pass.plan->op_count);
  cr_expect_eq(result.ops_failed, 0);
  cr_expect_lt(result.worst_ratio, 1);
  cr_expect_gt(result.worst_ratio, 0);
  cr_expect_neq(result.worst_op[0], '\0');
  int64_t sum = 0, full = 0, light = 0;
  for (int i = 0; i < pass.plan->op_count; i++) {
    const struct tmk_op *op = &pass.plan->ops[i];
    sum += elements[i];
    cr_expect_gt(elements[i], 0, "operation %d", i);
    if (op->kind != TMK_OP_SWIGLU) continue;
    if (op->layer == 0) full = elements[i];
    if (op->layer == 9) cr_expect_eq(elements[i], full);
    if (op->layer == 0 || op->layer == 9) continue;
    if (elements[i] == full) between++;
    if (elements[i] != full) light = elements[i];
  }
  cr_expect_eq(sum, result.elements_checked);
  cr_expect_eq(between, 1);
  cr_expect_gt(full, 4 * light);
  close_pass(&pass);
}

Test(verify_exec, all_layers_in_full)
{
  struct pass pass = open_pass(4, TMK_PHASE_PREFILL, 2, 9, 0);
  struct tmk_verify_result result;
  struct tmk_error err = {0};
  int64_t elements[128] = {0};
  const struct tmk_verify_settings settings = {.elements_per_op = INT64_MAX, .seed = 6};
  cr_assert_eq(tmk_verify_exec(pass.ops, pass.backend, pass.exec, pass.plan, &settings, keep, elements, &result, &err),
               TMK_OK, "%s", err.message);
  cr_expect_eq(result.ops_failed, 0);
  for (int i = 0; i < pass.plan->op_count; i++) {
    const struct tmk_op *op = &pass.plan->ops[i];
    if (op->kind == TMK_OP_SWIGLU) cr_expect_eq(elements[i], 18 * 128);
    if (op->kind == TMK_OP_ATTENTION) cr_expect_eq(elements[i], 18 * 64);
    if (op->kind == TMK_OP_ROPE_KV) cr_expect_eq(elements[i], 18 * 128);
    if (op->kind == TMK_OP_EMBED) cr_expect_eq(elements[i], 18 * 64);
    if (op->kind == TMK_OP_SAMPLE) cr_expect_eq(elements[i], 2);
    if (op->kind == TMK_OP_RMSNORM)
      cr_expect_eq(elements[i], op->layer < 0 ? 2 * 64 : op->u.rmsnorm.write_residual ? 2 * 18 * 64 : 18 * 64);
  }
  close_pass(&pass);
}

/* The outputs afterwards are those of the pass: the same as run() leaves them. */
Test(verify_exec, ends_as_the_pass_does)
{
  struct pass pass = open_pass(2, TMK_PHASE_DECODE, 3, 0, 5);
  struct tmk_verify_result result;
  struct tmk_verify_outputs verified, run;
  struct tmk_run_times times;
  struct tmk_error err = {0};
  const struct tmk_verify_settings settings = tmk_verify_defaults(1);
  cr_assert_eq(tmk_verify_exec(pass.ops, pass.backend, pass.exec, pass.plan, &settings, NULL, NULL, &result, &err),
               TMK_OK);
  cr_assert_eq(tmk_verify_capture(pass.ops, pass.exec, pass.plan, &verified, &err), TMK_OK);
  cr_assert_eq(pass.ops->reset(pass.exec, &err), TMK_OK);
  cr_assert_eq(pass.ops->run(pass.exec, 1, &times, &err), TMK_OK);
  cr_assert_eq(tmk_verify_capture(pass.ops, pass.exec, pass.plan, &run, &err), TMK_OK);
  cr_expect_eq(verified.logit_count, 3 * 96);
  cr_expect_eq(verified.logit_stride, 1);
  cr_expect_eq(verified.token_count, 3);
  cr_expect_eq(memcmp(verified.logits, run.logits, sizeof(double) * 3 * 96), 0);
  cr_expect_eq(memcmp(verified.tokens, run.tokens, sizeof(double) * 3), 0);
  tmk_verify_outputs_free(&verified);
  tmk_verify_outputs_free(&run);
  cr_expect_null(verified.logits);
  close_pass(&pass);
}

/* ---- replay ---- */

/* Limit of a logit: 4 √ops u, of the largest. Both sides, then a token, then a token that may be either of two. */
Test(verify_replay, limits)
{
  struct pass pass = open_pass(2, TMK_PHASE_DECODE, 3, 0, 5);
  struct tmk_verify_outputs expected;
  struct tmk_verify_result result = {0};
  struct tmk_run_times times;
  struct tmk_error err = {0};
  cr_assert_eq(pass.ops->run(pass.exec, 1, &times, &err), TMK_OK);
  cr_assert_eq(tmk_verify_capture(pass.ops, pass.exec, pass.plan, &expected, &err), TMK_OK);
  double largest = 0;
  for (int64_t i = 0; i < expected.logit_count; i++) largest = fmax(largest, fabs(expected.logits[i]));
  const double limit = 4 * sqrt((double)pass.plan->op_count) * 0x1p-24 * largest;
  int64_t small = 0;
  while (fabs(expected.logits[small]) > largest / 2) small++;
  const double logit = expected.logits[small];
#define REPLAY(matches)                                                                                                \
  cr_assert_eq(tmk_verify_replay(pass.ops, pass.exec, pass.plan, &expected, &result, &err), TMK_OK);                   \
  cr_expect_eq(result.replay_matched, matches)
  REPLAY(true);
  cr_expect_eq(result.replay_checked, 3 * 96 + 3);
  expected.logits[small] = logit + 0.99 * limit;
  REPLAY(true);
  expected.logits[small] = logit + 1.01 * limit;
  REPLAY(false);
  expected.logits[small] = NAN;
  REPLAY(false);
  expected.logits[small] = logit;
  const double token = expected.tokens[1];
  expected.tokens[1] = token == 0 ? 1 : 0;
  REPLAY(false);
  expected.tokens[1] = -1;
  REPLAY(false);
  expected.tokens[1] = token;
  expected.token_count = 2;
  REPLAY(false);
  expected.token_count = 3;
  REPLAY(true);
  tmk_verify_outputs_free(&expected);
  close_pass(&pass);
}

Test(verify_replay, a_plan_without_outputs_matches_nothing)
{
  struct tmk_plan *plan = gemm_plan(2, 5, 3, TMK_DTYPE_F32);
  const struct tmk_open_args args = {0};
  struct tmk_backend *backend;
  struct tmk_exec *exec;
  struct tmk_verify_outputs expected;
  struct tmk_verify_result result = {.replay_matched = true, .replay_checked = 9};
  struct tmk_error err = {0};
  cr_assert_eq(tmk_backend_naive.open(&args, &backend, &err), TMK_OK);
  cr_assert_eq(tmk_backend_naive.prepare(backend, plan, &exec, &err), TMK_OK);
  cr_assert_eq(tmk_verify_capture(&tmk_backend_naive, exec, plan, &expected, &err), TMK_OK);
  cr_assert_eq(tmk_verify_replay(&tmk_backend_naive, exec, plan, &expected, &result, &err), TMK_OK);
  cr_expect(!result.replay_matched);
  cr_expect_eq(result.replay_checked, 0);
  tmk_verify_outputs_free(&expected);
  tmk_backend_naive.release(exec);
  tmk_backend_naive.close(backend);
  tmk_plan_destroy(plan);
}

/* ---- state ---- */

Test(verify_state, what_reset_must_leave)
{
  struct pass pass = open_pass(2, TMK_PHASE_DECODE, 3, 0, 5);
  const struct tmk_verify_device device = {.ops = pass.ops, .exec = pass.exec, .plan = pass.plan};
  const double zero = 0, other = 1e9;
  char detail[160];
  struct tmk_error err = {0};
  int op;
  for (int tensor = 0; tensor < pass.plan->tensor_count; tensor++) {
    const struct tmk_tensor *t = &pass.plan->tensors[tensor];
    if (t->role == TMK_ROLE_WEIGHT || t->role == TMK_ROLE_CONSTANT) continue;
    cr_assert_eq(pass.ops->reset(pass.exec, &err), TMK_OK);
    cr_assert_eq(tmk_verify_reset_state(&device, 3, &op, detail, sizeof detail, &err), TMK_OK);
    cr_expect_str_eq(detail, "");
    cr_assert_eq(pass.ops->write(pass.exec, tensor, tmk_tensor_elements(t) - 1, 1,
                                 t->dtype == TMK_DTYPE_I32 ? &other : &zero, &err),
                 TMK_OK);
    cr_assert_eq(tmk_verify_reset_state(&device, 3, &op, detail, sizeof detail, &err), TMK_OK);
    cr_expect(strstr(detail, t->name) == detail, "%s: %s", t->name, detail);
    cr_expect(strstr(detail, t->role == TMK_ROLE_INPUT ? "the fill has" : "expected poison"), "%s", detail);
  }
  close_pass(&pass);
}

/* The cache's last filled position, and the first behind it. */
Test(verify_state, cache_after_reset)
{
  struct pass pass = open_pass(1, TMK_PHASE_DECODE, 2, 0, 5);
  const struct tmk_verify_device device = {.ops = pass.ops, .exec = pass.exec, .plan = pass.plan};
  const int cache = pass.plan->ops[3].u.rope_kv.k_cache;
  const double zero = 0;
  char detail[160];
  struct tmk_error err = {0};
  int op;
  cr_assert_eq(pass.plan->ops[3].kind, TMK_OP_ROPE_KV);
  cr_assert_eq(pass.ops->write(pass.exec, cache, 5 * 32 - 1, 1, &zero, &err), TMK_OK);
  cr_assert_eq(tmk_verify_reset_state(&device, 3, &op, detail, sizeof detail, &err), TMK_OK);
  cr_expect(strstr(detail, "layer0.k_cache, element 159 after reset: got 0, the fill has ") == detail, "%s", detail);
  cr_expect_eq(op, 3);
  cr_assert_eq(pass.ops->reset(pass.exec, &err), TMK_OK);
  cr_assert_eq(pass.ops->write(pass.exec, cache, 5 * 32, 1, &zero, &err), TMK_OK);
  cr_assert_eq(tmk_verify_reset_state(&device, 3, &op, detail, sizeof detail, &err), TMK_OK);
  cr_expect_str_eq(detail, "layer0.k_cache, element 160 after reset: got 0, expected poison");
  close_pass(&pass);
}

Test(verify_state, guards_know_what_an_operation_writes)
{
  struct pass pass = open_pass(1, TMK_PHASE_DECODE, 2, 0, 5);
  const struct tmk_verify_device device = {.ops = pass.ops, .exec = pass.exec, .plan = pass.plan};
  struct tmk_verify_guards guards;
  const int rope = 3, cache = pass.plan->ops[rope].u.rope_kv.k_cache, residual = pass.plan->ops[0].u.embed.x;
  const double value = 7;
  char detail[160];
  struct tmk_error err = {0};
  cr_assert_eq(tmk_verify_guards_take(&device, rope, &guards, &err), TMK_OK);
  cr_assert_eq(pass.ops->write(pass.exec, cache, 5 * 32, 1, &value, &err), TMK_OK); /* position 5: its own */
  cr_assert_eq(tmk_verify_guards_check(&device, rope, &guards, detail, sizeof detail, &err), TMK_OK);
  cr_expect_str_eq(detail, "");
  cr_assert_eq(pass.ops->write(pass.exec, cache, 4 * 32 + 31, 1, &value, &err), TMK_OK); /* position 4 */
  cr_assert_eq(tmk_verify_guards_check(&device, rope, &guards, detail, sizeof detail, &err), TMK_OK);
  cr_expect(strstr(detail, "layer0.k_cache, element 159 is not of this operation: was ") == detail, "%s", detail);
  tmk_verify_guards_free(&guards);
  cr_assert_eq(tmk_verify_guards_take(&device, rope, &guards, &err), TMK_OK);
  cr_assert_eq(pass.ops->write(pass.exec, residual, 0, 1, &value, &err), TMK_OK);
  cr_assert_eq(tmk_verify_guards_check(&device, rope, &guards, detail, sizeof detail, &err), TMK_OK);
  cr_expect_str_eq(detail, "residual, element 0 is not of this operation: was nan, is now 7");
  tmk_verify_guards_free(&guards);
  close_pass(&pass);
}
