/* test_steps_cuda.c: whole decode and prefill passes on the CUDA backend, op by op and as the captured graphs that are timed: every
 * element of every tensor is the same to the bit. Same kernels, same operands, same order of sums: a difference is a missing wait, an
 * argument that the capture froze, or a kernel that counts on what is left in its workspace. Skipped, and said so, where there is no
 * GPU, simulated or real. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tokmark/backend.h"
#include "verify_cases.h"

static const struct tmk_backend_ops *cuda_or_skip(void)
{
  char reason[256] = "this build has no CUDA";
  const struct tmk_backend_ops *ops = tmk_backend_find("cuda");
  if (ops != NULL && ops->device_count(reason, (int)sizeof reason) > 0) return ops;
  cr_log_warn("skipped: %s", reason);
  return NULL;
}

struct step {
  const struct tmk_backend_ops *ops;
  struct tmk_exec *exec;
  const struct tmk_plan *plan;
  const char *text; /* of the case */
};

/* What a pass leaves: all tensors but weights and constants, one behind the other. */
static int64_t step_elements(const struct step *s)
{
  int64_t elements = 0;
  for (int i = 0; i < s->plan->tensor_count; i++) {
    if (s->plan->tensors[i].role != TMK_ROLE_WEIGHT) elements += tmk_tensor_elements(&s->plan->tensors[i]);
  }
  return elements;
}

static double *step_read(const struct step *s)
{
  struct tmk_error err = {0};
  double *values = malloc((size_t)(step_elements(s) + 1) * sizeof *values), *at = values;
  cr_assert_not_null(values);
  for (int i = 0; i < s->plan->tensor_count; i++) {
    const int64_t elements = tmk_tensor_elements(&s->plan->tensors[i]);
    if (s->plan->tensors[i].role == TMK_ROLE_WEIGHT) continue;
    cr_assert_eq(s->ops->read(s->exec, i, 0, elements, at, &err), TMK_OK, "%s", err.message);
    at += elements;
  }
  return values;
}

/* The kinds of a pass; the first is what the others are held against. */
enum { BY_OP, BY_OP_WITHOUT_WAITS, BY_GRAPH, BY_GRAPH_TWICE, PASSES };
static const char *const pass_names[PASSES] = {"op by op", "op by op without waits", "by graph",
                                               "by graph twice in a row"};

static double *step_run(const struct step *s, int kind)
{
  struct tmk_error err = {0};
  struct tmk_run_times times;
  int64_t *op_ns = calloc((size_t)s->plan->op_count, sizeof *op_ns);
  cr_assert_not_null(op_ns);
  cr_assert_eq(s->ops->reset(s->exec, &err), TMK_OK, "%s", err.message);
  enum tmk_status status;
  switch (kind) {
  case BY_OP: status = s->ops->run_ops(s->exec, 0, s->plan->op_count, &err); break;
  case BY_OP_WITHOUT_WAITS: status = s->ops->run_per_op(s->exec, op_ns, &err); break;
  default: status = s->ops->run(s->exec, kind == BY_GRAPH_TWICE ? 2 : 1, &times, &err); break;
  }
  cr_assert_eq(status, TMK_OK, "%s, %s: %s", s->text, pass_names[kind], err.message);
  free(op_ns);
  return step_read(s);
}

/* Bits, so that poison is equal to poison. */
static void expect_same(const struct step *s, int kind, const double *expected, const double *got)
{
  for (int i = 0; i < s->plan->tensor_count; i++) {
    const int64_t elements = tmk_tensor_elements(&s->plan->tensors[i]);
    int64_t first = 0;
    if (s->plan->tensors[i].role == TMK_ROLE_WEIGHT) continue;
    while (first < elements && memcmp(&expected[first], &got[first], sizeof *got) == 0) first++;
    cr_expect_eq(first, elements, "%s, %s: %s[%lld]: %.9g, op by op %.9g", s->text, pass_names[kind],
                 s->plan->tensors[i].name, (long long)first, first < elements ? got[first] : 0,
                 first < elements ? expected[first] : 0);
    expected += elements;
    got += elements;
  }
}

static void expect_finite_logits(const struct step *s)
{
  struct tmk_error err = {0};
  const int64_t count = tmk_tensor_elements(&s->plan->tensors[s->plan->logits]);
  double *logits = malloc((size_t)count * sizeof *logits), sum = 0;
  cr_assert_not_null(logits);
  cr_assert_eq(s->ops->read(s->exec, s->plan->logits, 0, count, logits, &err), TMK_OK, "%s", err.message);
  for (int64_t i = 0; i < count; i++) {
    cr_expect(isfinite(logits[i]), "%s: logits[%lld]", s->text, (long long)i);
    sum += fabs(logits[i]);
  }
  cr_expect_gt(sum, 0, "%s", s->text);
  free(logits);
}

static void check_step(const struct tmk_backend_ops *ops, struct tmk_backend *backend,
                       const struct tmk_device_info *info, const struct tmk_verify_case *c)
{
  struct tmk_error err = {0};
  struct tmk_plan *plan;
  char text[400];
  tmk_verify_case_describe(c, text, sizeof text);
  struct step s = {.ops = ops, .text = text};
  cr_assert_eq(tmk_verify_case_plan(c, info->act_dtype, 11, &plan, &err), TMK_OK, "%s", err.message);
  s.plan = plan;
  cr_assert_eq(ops->prepare(backend, plan, &s.exec, &err), TMK_OK, "%s: %s", text, err.message);
  double *expected = step_run(&s, BY_OP);
  expect_finite_logits(&s);
  for (int kind = BY_OP + 1; kind < PASSES; kind++) {
    double *got = step_run(&s, kind);
    expect_same(&s, kind, expected, got);
    free(got);
  }
  free(expected);
  ops->release(s.exec);
  tmk_plan_destroy(plan);
}

/* The case table's models, on its ragged workloads: three sequences of a short context, and prompts of nine tokens in chunks of twenty,
 * so that chunks end inside prompts. */
static const struct tmk_verify_case *find_case(const struct tmk_verify_case *cases, int count, enum tmk_phase phase,
                                               enum tmk_dtype weight, enum tmk_dtype cache)
{
  for (int i = 0; i < count; i++) {
    const struct tmk_workload *w = &cases[i].workload;
    if (cases[i].weight_dtype != weight || cases[i].kv_dtype != cache || w->phase != phase) continue;
    if (w->batch == (phase == TMK_PHASE_DECODE ? 3 : 5)) return &cases[i];
  }
  return NULL;
}

/* In bf16 and in the narrowest types that the device takes; by the vendor's gemms in bf16. */
static void check_steps(enum tmk_phase phase, enum tmk_gemm_choice gemm)
{
  static const enum tmk_dtype types[][2] = {{TMK_DTYPE_NVFP4, TMK_DTYPE_F8E4M3},
                                            {TMK_DTYPE_F8E4M3, TMK_DTYPE_F8E4M3},
                                            {TMK_DTYPE_BF16, TMK_DTYPE_F8E4M3},
                                            {TMK_DTYPE_BF16, TMK_DTYPE_BF16}};
  const struct tmk_backend_ops *ops = cuda_or_skip();
  struct tmk_verify_case *cases;
  struct tmk_backend *backend;
  struct tmk_device_info info;
  struct tmk_error err = {0};
  int count, run = 0;
  if (ops == NULL) return;
  const struct tmk_open_args args = {.gemm = gemm};
  const enum tmk_status opened = ops->open(&args, &backend, &err);
  if (opened == TMK_ERR_UNSUPPORTED && gemm == TMK_GEMM_VENDOR) {
    cr_log_warn("skipped: %s", err.message);
    return;
  }
  cr_assert_eq(opened, TMK_OK, "%s", err.message);
  cr_assert_eq(ops->describe(backend, &info, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(tmk_verify_cases_create(1u << TMK_VERIFY_GROUP_MODEL, false, &cases, &count, &err), TMK_OK);
  for (int i = 0; i < 4; i++) {
    const bool last = i == 3;
    const struct tmk_verify_case *c = find_case(cases, count, phase, types[i][0], types[i][1]);
    if (!tmk_device_takes(&info, types[i][0], TMK_FOR_WEIGHTS)) continue;
    if (!last && (run > 0 || gemm == TMK_GEMM_VENDOR)) continue;
    cr_assert_not_null(c, "no model in %s, %s", tmk_dtype_name(types[i][0]), tmk_dtype_name(types[i][1]));
    struct tmk_verify_case shorter = *c;
    shorter.model.num_hidden_layers = 2; /* enough to have a layer behind another */
    check_step(ops, backend, &info, &shorter);
    run++;
  }
  cr_expect_eq(run, gemm == TMK_GEMM_VENDOR ? 1 : 2);
  free(cases);
  ops->close(backend);
}

Test(steps_cuda, decode_by_graph_is_decode_op_by_op)
{
  check_steps(TMK_PHASE_DECODE, TMK_GEMM_TOKMARK);
}

Test(steps_cuda, prefill_by_graph_is_prefill_op_by_op)
{
  check_steps(TMK_PHASE_PREFILL, TMK_GEMM_TOKMARK);
}

Test(steps_cuda, decode_by_graph_with_the_vendors_gemms)
{
  check_steps(TMK_PHASE_DECODE, TMK_GEMM_VENDOR);
}

Test(steps_cuda, prefill_by_graph_with_the_vendors_gemms)
{
  check_steps(TMK_PHASE_PREFILL, TMK_GEMM_VENDOR);
}
