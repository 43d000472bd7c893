/* verify_replay.c: whether what was timed gives what was verified (verify.h).
 *
 * Limit. The replay executes the same operations on the same values; it may differ from the verified pass where run() adds in
 * another order than run_ops(). Each of the N operations of a step then contributes an error of about the unit roundoff u of
 * the activations, at random, relative to what it computes: together √N u, times 4 for the scatter of the largest. Where the
 * cache is coarser, a key or value on the edge between two of its neighbours may fall to the other side: one unit roundoff of
 * the cache's dtype relative to that element, at most all of them: 4 u of the cache besides. Both are relative to the largest
 * logit, for the differences are not proportional to the single logit.
 */
#include "verify.h"

#include <math.h>
#include <stdlib.h>

#define FACTOR 4.0
/* Logits kept: all of them up to here, else every so many-th. */
#define LOGITS_KEPT ((int64_t)1 << 19)
#define BLOCK       ((int64_t)1 << 16)

struct outputs_shape {
  int64_t logits, tokens, vocab, stride;
  int64_t last_first, last_count; /* sequences whose logits are there: those of the last step */
};

static struct outputs_shape shape_of(const struct tmk_plan *plan)
{
  struct outputs_shape shape = {.stride = 1};
  const struct tmk_op *sample = NULL;
  for (int i = 0; i < plan->op_count; i++) {
    if (plan->ops[i].kind == TMK_OP_SAMPLE) sample = &plan->ops[i];
  }
  if (plan->tokens_out != TMK_TENSOR_NONE) shape.tokens = tmk_tensor_elements(&plan->tensors[plan->tokens_out]);
  if (!sample) shape.tokens = 0; /* a stage that only gets them from another, whose they are to judge */
  if (plan->logits == TMK_TENSOR_NONE || !sample) return shape;
  shape.vocab = sample->u.sample.vocab;
  shape.last_first = sample->u.sample.token_first;
  shape.last_count = sample->u.sample.rows;
  shape.logits = shape.last_count * shape.vocab;
  /* Odd, and so without a common factor with most vocabularies: the kept columns differ from row to row. */
  if (shape.logits > LOGITS_KEPT) shape.stride = (shape.logits / LOGITS_KEPT + 1) | 1;
  return shape;
}

/* Every stride-th logit from 0 on, in a new array. */
static enum tmk_status read_logits(const struct tmk_backend_ops *ops, struct tmk_exec *exec,
                                   const struct tmk_plan *plan, const struct outputs_shape *shape, double **out,
                                   int64_t *out_count, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  *out = NULL;
  *out_count = 0;
  const int64_t count = (shape->logits + shape->stride - 1) / shape->stride;
  double *block = malloc((size_t)BLOCK * sizeof *block), *values = malloc((size_t)(count + 1) * sizeof *values);
  if (!block || !values) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld logits", (long long)count);
    goto out;
  }
  int64_t kept = 0;
  for (int64_t first = 0; first < shape->logits; first += BLOCK) {
    const int64_t part = shape->logits - first < BLOCK ? shape->logits - first : BLOCK;
    TMK_TRY(ops->read(exec, plan->logits, first, part, block, err));
    for (; kept * shape->stride < first + part; kept++) values[kept] = block[kept * shape->stride - first];
  }
  *out = values;
  *out_count = count;
  values = NULL;
out:
  free(block);
  free(values);
  return status;
}

enum tmk_status tmk_verify_capture(const struct tmk_backend_ops *ops, struct tmk_exec *exec,
                                   const struct tmk_plan *plan, struct tmk_verify_outputs *out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct outputs_shape shape = shape_of(plan);
  *out = (struct tmk_verify_outputs){.logit_stride = shape.stride, .token_count = shape.tokens};
  out->tokens = malloc((size_t)(shape.tokens + 1) * sizeof *out->tokens);
  if (!out->tokens) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld tokens", (long long)shape.tokens);
    goto out;
  }
  if (shape.tokens > 0) TMK_TRY(ops->read(exec, plan->tokens_out, 0, shape.tokens, out->tokens, err));
  TMK_TRY(read_logits(ops, exec, plan, &shape, &out->logits, &out->logit_count, err));
out:
  if (status != TMK_OK) tmk_verify_outputs_free(out);
  return status;
}

static double unit_roundoff(enum tmk_dtype dtype)
{
  return ldexp(1.0, -1 - tmk_dtype_get(dtype)->mantissa_bits);
}

static double logit_limit(const struct tmk_plan *plan, const struct tmk_verify_outputs *expected)
{
  const double act = unit_roundoff(plan->act_dtype), cache = unit_roundoff(plan->workload.kv_dtype);
  const double relative =
      FACTOR * (sqrt((double)plan->steps[plan->step_count - 1].op_count) * act + (cache > act ? cache : 0));
  double largest = 0;
  for (int64_t i = 0; i < expected->logit_count; i++) largest = fmax(largest, fabs(expected->logits[i]));
  return relative * largest;
}

/* Whether two tokens of a sequence may both be right: its logits are there and those of the two tie. */
static enum tmk_status tokens_tie(const struct tmk_backend_ops *ops, struct tmk_exec *exec, const struct tmk_plan *plan,
                                  const struct outputs_shape *shape, int64_t seq, const double tokens[2], double limit,
                                  bool *tie, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  *tie = false;
  const int64_t row = seq - shape->last_first;
  if (row < 0 || row >= shape->last_count) return TMK_OK;
  double logits[2];
  for (int i = 0; i < 2; i++) {
    if (!(tokens[i] >= 0 && tokens[i] < (double)shape->vocab)) return TMK_OK;
    TMK_TRY(ops->read(exec, plan->logits, row * shape->vocab + (int64_t)tokens[i], 1, &logits[i], err));
  }
  *tie = fabs(logits[0] - logits[1]) <= 2 * limit; /* each of the two may have moved by it */
out:
  return status;
}

enum tmk_status tmk_verify_replay(const struct tmk_backend_ops *ops, struct tmk_exec *exec, const struct tmk_plan *plan,
                                  const struct tmk_verify_outputs *expected, struct tmk_verify_result *result,
                                  struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct outputs_shape shape = shape_of(plan);
  struct tmk_verify_outputs got = {0};
  struct tmk_run_times times;
  result->replay_matched = false;
  result->replay_checked = 0;
  TMK_TRY(ops->reset(exec, err));
  TMK_TRY(ops->run(exec, 1, &times, err));
  TMK_TRY(tmk_verify_capture(ops, exec, plan, &got, err));
  const double limit = logit_limit(plan, expected);
  bool matched = got.logit_count == expected->logit_count && got.token_count == expected->token_count &&
                 (got.logit_count + got.token_count > 0 || plan->workload.layout.pp > 1);
  for (int64_t i = 0; matched && i < got.logit_count; i++) {
    matched = fabs(got.logits[i] - expected->logits[i]) <= limit;
  }
  for (int64_t i = 0; matched && i < got.token_count; i++) {
    const double tokens[2] = {got.tokens[i], expected->tokens[i]};
    if (tokens[0] == tokens[1]) continue;
    TMK_TRY(tokens_tie(ops, exec, plan, &shape, i, tokens, limit, &matched, err));
  }
  result->replay_matched = matched;
  result->replay_checked = got.logit_count + got.token_count;
out:
  tmk_verify_outputs_free(&got);
  return status;
}

void tmk_verify_outputs_free(struct tmk_verify_outputs *outputs)
{
  if (!outputs) return;
  free(outputs->logits);
  free(outputs->tokens);
  *outputs = (struct tmk_verify_outputs){0};
}
