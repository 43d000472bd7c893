/* test_sabotage.c: verification notices each planted bug, on shapes where it is hardest to see, and nothing where there is
 * none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "saboteur.h"
#include "verify_cases.h"

struct sabotage {
  enum bug bug;
  const char *name;
  struct tmk_verify_case c;
};

#define GEMM(m_, n_, k_, dtype_)                                                                                       \
  .group = TMK_OP_GEMM, .weight_dtype = dtype_, .bias = true, .scale = 1.7320508f,                                     \
  .op = {.kind = TMK_OP_GEMM, .u.gemm = {.m = m_, .n = n_, .k = k_}}
#define BF16 TMK_DTYPE_BF16
#define F32  TMK_DTYPE_F32
#define GEMM_1                                                                                                         \
  {                                                                                                                    \
    GEMM(3, 70, 5633, BF16)                                                                                            \
  }

#define RMSNORM(...)                                                                                                   \
  .group = TMK_OP_RMSNORM, .weight_dtype = BF16, .scale = 1.7320508f,                                                  \
  .op = {.kind = TMK_OP_RMSNORM, .u.rmsnorm = {__VA_ARGS__}}
#define ROPE(...)                                                                                                      \
  .group = TMK_OP_ROPE_KV, .weight_dtype = BF16, .scale = 1.7320508f,                                                  \
  .op = {.kind = TMK_OP_ROPE_KV, .u.rope_kv = {__VA_ARGS__, .eps = 1e-6}}
#define PLAIN .rope = {.theta = 10000}
#define YARN                                                                                                           \
  .rope = {.theta = 10000,                                                                                             \
           .scaling = TMK_ROPE_YARN,                                                                                   \
           .factor = 32,                                                                                               \
           .beta_fast = 32,                                                                                            \
           .beta_slow = 1,                                                                                             \
           .original_max_position_embeddings = 4096}
#define ATTENTION(...)                                                                                                 \
  .group = TMK_OP_ATTENTION, .scale = 1.7320508f, .op = {.kind = TMK_OP_ATTENTION, .u.attention = {__VA_ARGS__}}
#define SAMPLE(...) .group = TMK_OP_SAMPLE, .op = {.kind = TMK_OP_SAMPLE, .u.sample = {__VA_ARGS__}}

static const struct sabotage sabotages[] = {
    {BUG_ONE_ELEMENT, "one element", GEMM_1},
    {BUG_ONE_ELEMENT, "one element of many", {GEMM(64, 1009, 67, F32)}},
    {BUG_LAST_K, "last k", GEMM_1},
    {BUG_LAST_K, "last k of a long sum", {GEMM(1, 8, 14336, BF16)}},
    {BUG_FIRST_K, "first k", GEMM_1},
    {BUG_LAST_K, "last k in fp8", {GEMM(3, 70, 512, TMK_DTYPE_F8E4M3)}},
    {BUG_LAST_K, "last k of a long sum in fp8", {GEMM(16, 70, 5632, TMK_DTYPE_F8E4M3)}},
    {BUG_LAST_K, "last k in nvfp4", {GEMM(3, 70, 5632, TMK_DTYPE_NVFP4)}},
    {BUG_NO_BIAS, "no bias in nvfp4", {GEMM(3, 70, 512, TMK_DTYPE_NVFP4)}},
    {BUG_OTHER_WEIGHTS, "other weights in fp8", {GEMM(3, 70, 512, TMK_DTYPE_F8E4M3)}},
    {BUG_SWAPPED_COLUMNS, "swapped columns", GEMM_1},
    {BUG_NO_BIAS, "no bias", GEMM_1},
    {BUG_LAST_ROW, "last row", GEMM_1},
    {BUG_UNWRITTEN, "unwritten element", GEMM_1},
    {BUG_BESIDE, "write behind the output", GEMM_1},
    {BUG_BF16_INPUT, "input rounded to bf16", GEMM_1},
    {BUG_OTHER_WEIGHTS, "other weights", GEMM_1},
    {BUG_NAN, "one NaN", GEMM_1},
    {BUG_INPUT_SPOILT, "input overwritten", GEMM_1},
    {BUG_EPS, "eps", {RMSNORM(.rows = 2, .hidden = 512, .row_group = 1, .eps = 1e-6)}},
    {BUG_NO_DELTA,
     "no delta",
     {RMSNORM(.rows = 2, .hidden = 512, .row_group = 1, .write_residual = true), .delta = true}},
    {BUG_NO_RESIDUAL,
     "residual not written",
     {RMSNORM(.rows = 2, .hidden = 512, .row_group = 1, .write_residual = true), .delta = true}},
    {BUG_GROUP, "row of the group", {RMSNORM(.rows = 3, .hidden = 64, .row_group = 5)}},
    {BUG_NEXT_TOKEN,
     "next token",
     {.group = TMK_OP_EMBED,
      .weight_dtype = BF16,
      .op = {.kind = TMK_OP_EMBED, .u.embed = {.rows = 3, .hidden = 64, .vocab = 100}}}},
    {BUG_POSITION,
     "position",
     {ROPE(.seqs = 2, .q_len = 1, .past = 3000, .heads_q = 4, .heads_kv = 2, .head_dim = 64, .rotary_dim = 64), PLAIN,
      .kv_dtype = BF16}},
    {BUG_POSITION,
     "far position",
     {ROPE(.seqs = 1, .q_len = 1, .past = 99991, .heads_q = 2, .heads_kv = 1, .head_dim = 64, .rotary_dim = 64), PLAIN,
      .kv_dtype = BF16}},
    {BUG_NO_ROPE_SCALE,
     "rope scale",
     {ROPE(.seqs = 2, .q_len = 3, .past = 5, .heads_q = 4, .heads_kv = 2, .head_dim = 64, .rotary_dim = 64), YARN,
      .kv_dtype = BF16}},
    {BUG_ROTARY_DIM,
     "rotary_dim",
     {ROPE(.seqs = 2, .q_len = 3, .past = 5, .heads_q = 4, .heads_kv = 2, .head_dim = 96, .rotary_dim = 64), PLAIN,
      .kv_dtype = F32}},
    {BUG_INTERLEAVED,
     "interleaved pairs",
     {ROPE(.seqs = 2, .q_len = 3, .past = 5, .heads_q = 4, .heads_kv = 2, .head_dim = 64, .rotary_dim = 64), PLAIN,
      .kv_dtype = F32}},
    {BUG_NO_Q_NORM,
     "no q norm",
     {ROPE(.seqs = 2, .q_len = 3, .past = 5, .heads_q = 4, .heads_kv = 2, .head_dim = 64, .rotary_dim = 64), PLAIN,
      .qk_norm = true, .kv_dtype = F32}},
    {BUG_TRUNCATED_CACHE,
     "truncated cache",
     {ROPE(.seqs = 1, .q_len = 1, .past = 5, .heads_q = 4, .heads_kv = 1, .head_dim = 64, .rotary_dim = 64), PLAIN,
      .kv_dtype = BF16}},
    {BUG_APPEND_LATE,
     "append late",
     {ROPE(.seqs = 2, .q_len = 1, .past = 5, .heads_q = 4, .heads_kv = 2, .head_dim = 64, .rotary_dim = 64), PLAIN,
      .kv_dtype = BF16}},
    {BUG_K_IS_V,
     "k is v",
     {ROPE(.seqs = 2, .q_len = 1, .past = 0, .heads_q = 4, .heads_kv = 2, .head_dim = 64, .rotary_dim = 64), PLAIN,
      .kv_dtype = BF16}},
    {BUG_KEY_FEWER,
     "a key fewer of 128",
     {ATTENTION(.seqs = 2, .q_len = 1, .past = 127, .heads_q = 4, .heads_kv = 2, .head_dim = 64), .kv_dtype = BF16}},
    {BUG_KEY_FEWER,
     "a key fewer of 4098",
     {ATTENTION(.seqs = 1, .q_len = 1, .past = 4097, .heads_q = 2, .heads_kv = 1, .head_dim = 64), .kv_dtype = BF16}},
    {BUG_KEY_FEWER,
     "a key fewer of 30001",
     {ATTENTION(.seqs = 1, .q_len = 1, .past = 30000, .heads_q = 1, .heads_kv = 1, .head_dim = 64), .kv_dtype = BF16}},
    {BUG_KEY_FEWER,
     "a key fewer in prefill",
     {ATTENTION(.seqs = 1, .q_len = 9, .past = 1000, .heads_q = 2, .heads_kv = 1, .head_dim = 64), .kv_dtype = F32}},
    {BUG_KEY_MORE,
     "a key more of 128",
     {ATTENTION(.seqs = 2, .q_len = 1, .past = 127, .heads_q = 4, .heads_kv = 2, .head_dim = 64), .kv_dtype = BF16}},
    {BUG_KEY_MORE,
     "a key more of 4098",
     {ATTENTION(.seqs = 1, .q_len = 1, .past = 4097, .heads_q = 2, .heads_kv = 1, .head_dim = 64), .kv_dtype = BF16}},
    {BUG_WINDOW_WIDER,
     "wider window",
     {ATTENTION(.seqs = 1, .q_len = 1, .past = 3000, .window = 2048, .heads_q = 2, .heads_kv = 1, .head_dim = 64),
      .kv_dtype = BF16}},
    {BUG_WINDOW_NARROWER,
     "narrower window",
     {ATTENTION(.seqs = 1, .q_len = 1, .past = 3000, .window = 2048, .heads_q = 2, .heads_kv = 1, .head_dim = 64),
      .kv_dtype = BF16}},
    {BUG_WINDOW_NARROWER,
     "narrower window of 64",
     {ATTENTION(.seqs = 2, .q_len = 1, .past = 127, .window = 64, .heads_q = 4, .heads_kv = 2, .head_dim = 64),
      .kv_dtype = BF16}},
    {BUG_NO_WINDOW,
     "no window",
     {ATTENTION(.seqs = 1, .q_len = 4, .past = 30, .window = 32, .heads_q = 2, .heads_kv = 1, .head_dim = 64),
      .kv_dtype = F32}},
    {BUG_SCALE,
     "softmax scale",
     {ATTENTION(.seqs = 1, .q_len = 1, .past = 1000, .heads_q = 2, .heads_kv = 1, .head_dim = 64), .kv_dtype = BF16}},
    {BUG_HEADS_MODULO,
     "heads modulo",
     {ATTENTION(.seqs = 2, .q_len = 2, .past = 7, .heads_q = 4, .heads_kv = 2, .head_dim = 64), .kv_dtype = BF16}},
    {BUG_NEXT_SEQUENCE,
     "next sequence",
     {ATTENTION(.seqs = 1, .q_len = 1, .past = 7, .heads_q = 4, .heads_kv = 2, .head_dim = 64), .kv_dtype = BF16}},
    {BUG_RESET_ZEROS,
     "zeros in the cache",
     {ATTENTION(.seqs = 1, .q_len = 1, .past = 7, .heads_q = 4, .heads_kv = 2, .head_dim = 64), .kv_dtype = BF16}},
    {BUG_RESET_STALE, "stale outputs", GEMM_1},
    {BUG_GATE_IS_UP,
     "gate is up",
     {.group = TMK_OP_SWIGLU, .scale = 3, .op = {.kind = TMK_OP_SWIGLU, .u.swiglu = {.rows = 2, .inner = 33}}}},
    {BUG_LAST_TIE, "last of a tie", {SAMPLE(.rows = 2, .vocab = 500), .offset = 1, .scale = 0x1p-22f}},
    {BUG_NAN_IGNORED, "NaN ignored", {SAMPLE(.rows = 2, .vocab = 500), .scale = 1, .with_nan = true}},
    {BUG_TOKEN_ROW, "token of another row", {SAMPLE(.rows = 2, .vocab = 500, .token_first = 1), .scale = 1}},
};

static void run_case_in(enum tmk_dtype act_dtype, enum bug bug, const struct tmk_verify_case *c,
                        struct tmk_verify_case_result *result)
{
  const struct tmk_backend_ops ops = saboteur_ops();
  const struct tmk_open_args args = {0};
  struct tmk_backend *backend;
  struct tmk_device_info info;
  struct tmk_error err = {0};
  planted = bug;
  cr_assert_eq(ops.open(&args, &backend, &err), TMK_OK);
  cr_assert_eq(ops.describe(backend, &info, &err), TMK_OK);
  info.act_dtype = act_dtype;
  cr_assert_eq(tmk_verify_case_run(&ops, backend, &info, c, 7, result, &err), TMK_OK, "%s", err.message);
  ops.close(backend);
}

static void run_case(enum bug bug, const struct tmk_verify_case *c, struct tmk_verify_case_result *result)
{
  run_case_in(F32, bug, c, result);
}

/* Bugs that bf16 can't show: they change results by less than half a unit in the last place, or less than a device loses that rounds
 * its probabilities (op.h): a thousandth of the scale, one key of thousands. The same bugs at fewer keys have rows of their own. */
static bool is_below_bf16(const struct sabotage *s)
{
  const bool of_many = s->c.op.kind == TMK_OP_ATTENTION && s->c.op.u.attention.past > 2000;
  const bool one_key = s->bug == BUG_KEY_FEWER || s->bug == BUG_KEY_MORE || s->bug == BUG_WINDOW_NARROWER || s->bug == BUG_WINDOW_WIDER;
  return s->bug == BUG_ONE_ELEMENT || s->bug == BUG_BF16_INPUT || s->bug == BUG_EPS || s->bug == BUG_SCALE || (one_key && of_many);
}

static void each_bug(enum tmk_dtype act_dtype)
{
  for (size_t i = 0; i < sizeof sabotages / sizeof sabotages[0]; i++) {
    const struct sabotage *s = &sabotages[i];
    struct tmk_verify_case_result result;
    run_case_in(act_dtype, BUG_NONE, &s->c, &result);
    cr_expect(!result.skipped && result.passed, "%s: without the bug: %s", s->name, result.detail);
    cr_expect_lt(result.verify.worst_ratio, 1.0, "%s: without the bug: ratio %g", s->name, result.verify.worst_ratio);
    if (act_dtype == BF16 && is_below_bf16(s)) continue;
    run_case_in(act_dtype, s->bug, &s->c, &result);
    cr_expect(!result.skipped && !result.passed, "%s: not noticed, ratio %g", s->name, result.verify.worst_ratio);
    cr_expect_gt(result.verify.worst_ratio, 1.0, "%s: ratio %g", s->name, result.verify.worst_ratio);
    cr_expect(result.detail[0], "%s: no detail", s->name);
    cr_log_info("%s: ratio %g: %s", s->name, result.verify.worst_ratio, result.detail);
  }
}

Test(sabotage, each_bug_is_noticed)
{
  each_bug(F32);
}

Test(sabotage, each_bug_is_noticed_in_bf16)
{
  each_bug(BF16);
}

/* Sampled: what is wrong everywhere, or at the end, is among the few elements looked at. */
Test(sabotage, bugs_are_noticed_on_samples)
{
  static const struct {
    enum bug bug;
    struct tmk_verify_case c;
  } rows[] = {
      {BUG_LAST_K, {GEMM(100, 1500, 300, BF16)}},
      {BUG_SWAPPED_COLUMNS, {GEMM(100, 1500, 300, BF16)}},
      {BUG_NO_BIAS, {GEMM(100, 1500, 300, F32)}},
      {BUG_LAST_ROW, {GEMM(100, 1500, 300, BF16)}},
      {BUG_UNWRITTEN, {GEMM(100, 1500, 300, BF16)}},
      {BUG_NAN, {GEMM(100, 1500, 300, BF16)}}, /* in the middle: found by the scan of the whole output */
      {BUG_BF16_INPUT, {GEMM(100, 1500, 300, BF16)}},
      {BUG_OTHER_WEIGHTS, {GEMM(100, 1500, 300, BF16)}},
      {BUG_GROUP, {RMSNORM(.rows = 30, .hidden = 640, .row_group = 3)}},
      {BUG_POSITION,
       {ROPE(.seqs = 40, .q_len = 1, .past = 30, .heads_q = 4, .heads_kv = 2, .head_dim = 64, .rotary_dim = 64), PLAIN,
        .kv_dtype = BF16}},
      {BUG_GATE_IS_UP,
       {.group = TMK_OP_SWIGLU, .scale = 3, .op = {.kind = TMK_OP_SWIGLU, .u.swiglu = {.rows = 60, .inner = 333}}}},
  };
  const struct tmk_backend_ops ops = saboteur_ops();
  const struct tmk_open_args args = {0};
  const struct tmk_verify_settings settings = {.elements_per_op = 600, .seed = 3};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    for (int with = 0; with < 2; with++) {
      struct tmk_backend *backend;
      struct tmk_plan *plan;
      struct tmk_exec *exec;
      struct tmk_verify_result result;
      struct tmk_error err = {0};
      planted = with ? rows[i].bug : BUG_NONE;
      cr_assert_eq(ops.open(&args, &backend, &err), TMK_OK);
      cr_assert_eq(tmk_verify_case_plan(&rows[i].c, TMK_DTYPE_F32, 9, &plan, &err), TMK_OK, "%s", err.message);
      cr_assert_eq(ops.prepare(backend, plan, &exec, &err), TMK_OK, "%s", err.message);
      cr_assert_eq(tmk_verify_exec(&ops, backend, exec, plan, &settings, NULL, NULL, &result, &err), TMK_OK);
      cr_expect_eq(result.ops_checked, 1);
      cr_expect_geq(result.elements_checked, 500, "row %zu: %lld elements", i, (long long)result.elements_checked);
      cr_expect_leq(result.elements_checked, 2700, "row %zu: %lld elements", i, (long long)result.elements_checked);
      cr_expect_eq(result.ops_failed, with, "row %zu, bug %d: ratio %g", i, planted, result.worst_ratio);
      cr_expect_eq(result.worst_ratio > 1, with == 1, "row %zu: ratio %g", i, result.worst_ratio);
      ops.release(exec);
      tmk_plan_destroy(plan);
      ops.close(backend);
    }
  }
}

/* Models of the case table: the first of each kind of workload. */
static void first_model(enum tmk_phase phase, struct tmk_verify_case *c)
{
  struct tmk_verify_case *cases;
  struct tmk_error err = {0};
  int count, i = 0;
  cr_assert_eq(tmk_verify_cases_create(1u << TMK_VERIFY_GROUP_MODEL, false, &cases, &count, &err), TMK_OK);
  while (i < count && (cases[i].workload.phase != phase || cases[i].workload.batch < 2)) i++;
  cr_assert_lt(i, count);
  *c = cases[i];
  free(cases);
}

Test(sabotage, a_pass_that_was_not_run_or_not_whole_is_noticed_by_replay)
{
  for (enum tmk_phase phase = TMK_PHASE_DECODE; phase <= TMK_PHASE_PREFILL; phase++) {
    struct tmk_verify_case c;
    struct tmk_verify_case_result result;
    first_model(phase, &c);
    run_case(BUG_NONE, &c, &result);
    cr_expect(result.passed && result.verify.replay_matched, "%s", result.detail);
    cr_expect_gt(result.verify.replay_checked, 300);
    const enum bug bugs[] = {BUG_RUN_NOTHING, BUG_RUN_HALF};
    for (size_t i = 0; i < 2; i++) {
      run_case(bugs[i], &c, &result);
      cr_expect(!result.passed && !result.verify.replay_matched, "bug %d", bugs[i]);
      cr_expect_eq(result.verify.ops_failed, 0); /* each operation by itself is right */
      cr_expect_str_eq(result.detail, "the pass run as a whole gives other logits or tokens");
    }
  }
}

Test(sabotage, one_bad_operation_of_a_model_is_named)
{
  struct tmk_verify_case c;
  struct tmk_verify_case_result result;
  first_model(TMK_PHASE_DECODE, &c);
  run_case(BUG_LATE_LAYER, &c, &result);
  cr_expect(!result.passed);
  cr_expect_eq(result.verify.ops_failed, 1);
  cr_expect(strstr(result.verify.worst_op, "attention seqs=3"), "%s", result.verify.worst_op);
  cr_expect(strstr(result.detail, "attention seqs=3") == result.detail, "%s", result.detail);
}
