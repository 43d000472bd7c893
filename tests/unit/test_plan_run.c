/* test_plan_run.c: plans executed by the reference backend: the contents stay sane through many layers, and cutting a prefill
 * into steps changes nothing that it computes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>

#include "shapes.h"
#include "tokmark/backend.h"

/* A plan made ready on a reference mode. */
struct running {
  const struct tmk_backend_ops *ops;
  struct tmk_backend *backend;
  struct tmk_plan *plan;
  struct tmk_exec *exec;
};

static struct running start(const struct tmk_backend_ops *ops, const struct tmk_model *model,
                            const struct tmk_workload *workload)
{
  struct running r = {.ops = ops};
  struct tmk_error err = {0};
  const struct tmk_plan_args args = {.model = model,
                                     .workload = workload,
                                     .seed = 11,
                                     .act_dtype = ops == &tmk_backend_ref ? TMK_DTYPE_F64 : TMK_DTYPE_BF16};
  cr_assert(eq(int, (int)ops->open(&(struct tmk_open_args){0}, &r.backend, &err), TMK_OK), "%s", err.message);
  cr_assert(eq(int, (int)tmk_plan_create(&args, &r.plan, &err), TMK_OK), "%s", err.message);
  cr_assert(eq(int, (int)ops->prepare(r.backend, r.plan, &r.exec, &err), TMK_OK), "%s", err.message);
  return r;
}

static void stop(struct running *r)
{
  r->ops->release(r->exec);
  tmk_plan_destroy(r->plan);
  r->ops->close(r->backend);
}

static void run_ops(const struct running *r, int first, int count)
{
  struct tmk_error err = {0};
  cr_assert(eq(int, (int)r->ops->run_ops(r->exec, first, count, &err), TMK_OK), "%s", err.message);
}

static int tensor_named(const struct tmk_plan *plan, const char *name)
{
  int i = 0;
  while (i < plan->tensor_count && strcmp(plan->tensors[i].name, name) != 0) i++;
  cr_assert(lt(int, i, plan->tensor_count), "%s", name);
  return i;
}

static void read_values(const struct running *r, int tensor, int64_t first, int64_t count, double *values)
{
  struct tmk_error err = {0};
  cr_assert(eq(int, (int)r->ops->read(r->exec, tensor, first, count, values, &err), TMK_OK), "%s", err.message);
}

static double rms(const struct running *r, const char *name, int64_t count)
{
  double *values = malloc((size_t)count * sizeof *values), sum = 0.0;
  read_values(r, tensor_named(r->plan, name), 0, count, values);
  for (int64_t i = 0; i < count; i++) sum += values[i] * values[i];
  free(values);
  return sqrt(sum / (double)count);
}

/* ---- contents ---- */

static struct tmk_model deep_model(void)
{
  struct tmk_model model = shape_small;
  model.qkv_bias = model.o_bias = model.mlp_bias = model.qk_norm = false;
  model.hidden_size = 64;
  model.intermediate_size = 160;
  model.num_hidden_layers = 100;
  return model;
}

/* The residual starts at 1 and grows with the square root of the layers: what a layer adds has a mean square between 0.1 and
 * 1.4 (plan_tensors.c derives it), and adds up as noise does. Double slack on both sides. */
static void expect_sane_layers(const struct tmk_backend_ops *ops, const struct tmk_model *model)
{
  const struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, 4, 24);
  struct running r = start(ops, model, &workload);
  const int64_t count = 4 * model->hidden_size;
  run_ops(&r, 0, 1);
  const double first = rms(&r, "residual", count);
  cr_expect(first > 0.8 && first < 1.2, "embedding %g", first);
  for (int layer = 0; layer < model->num_hidden_layers; layer++) {
    run_ops(&r, 1 + 9 * layer, 9);
    const double residual = rms(&r, "residual", count), normed = rms(&r, "normed", count);
    const double delta = rms(&r, "delta", count), layers = layer + 1;
    cr_expect(residual > 0.5 * sqrt(1 + 0.1 * layers) && residual < 2 * sqrt(1 + 1.4 * layers), "layer %d: residual %g",
              layer, residual);
    cr_expect(normed > 0.8 && normed < 1.2, "layer %d: normed %g", layer, normed);
    cr_expect(delta > 0.2 && delta < 1.3, "layer %d: delta %g", layer, delta);
  }
  run_ops(&r, r.plan->op_count - 3, 3);
  const double logits = rms(&r, "logits", 4 * model->vocab_size);
  cr_expect(logits > 0.5 && logits < 2 * sqrt((double)model->hidden_size), "logits %g", logits);
  double tokens[4];
  read_values(&r, r.plan->tokens_out, 0, 4, tokens);
  for (int i = 0; i < 4; i++) cr_expect(tokens[i] >= 0 && tokens[i] < (double)model->vocab_size);
  stop(&r);
}

Test(plan_run, a_hundred_layers_stay_sane)
{
  const struct tmk_model model = deep_model();
  expect_sane_layers(&tmk_backend_ref, &model);
}

Test(plan_run, a_hundred_layers_stay_sane_in_bf16)
{
  const struct tmk_model model = deep_model();
  expect_sane_layers(&tmk_backend_naive, &model);
}

Test(plan_run, a_hundred_layers_with_biases_and_norms_stay_sane)
{
  struct tmk_model model = deep_model();
  model.qkv_bias = model.o_bias = model.mlp_bias = model.qk_norm = true;
  model.tie_word_embeddings = false;
  expect_sane_layers(&tmk_backend_ref, &model);
}

/* ---- steps ---- */

enum { PROMPTS = 3, LENGTH = 20, VOCAB = 97 };

/* Runs a prefill cut at `chunk`; gives all output tokens and the last prompt's logits. */
static struct running run_prefill(const struct tmk_model *model, int64_t chunk, double *tokens, double *logits)
{
  struct tmk_workload workload = shape_workload(TMK_PHASE_PREFILL, PROMPTS, LENGTH);
  workload.prefill_chunk = chunk;
  struct running r = start(&tmk_backend_ref, model, &workload);
  run_ops(&r, 0, r.plan->op_count);
  const int64_t rows = r.plan->steps[r.plan->step_count - 1].prompts;
  read_values(&r, r.plan->tokens_out, 0, PROMPTS, tokens);
  read_values(&r, r.plan->logits, (rows - 1) * VOCAB, VOCAB, logits);
  return r;
}

static void expect_same(const double *got, const double *expected, int count, const char *what)
{
  for (int i = 0; i < count; i++) {
    cr_expect(fabs(got[i] - expected[i]) <= 1e-9 * (1 + fabs(expected[i])), "%s[%d]: %g, not %g", what, i, got[i],
              expected[i]);
  }
}

/* All prompts in a step; two, then one; each alone, in chunks of 7, 7, 6; token by token. */
static void expect_chunks_do_not_matter(const struct tmk_model *model)
{
  const int64_t chunks[] = {2048, 40, 7, 1};
  double whole_tokens[PROMPTS], whole_logits[VOCAB], tokens[PROMPTS], logits[VOCAB];
  for (int i = 0; i < 4; i++) {
    struct running r = run_prefill(model, chunks[i], i ? tokens : whole_tokens, i ? logits : whole_logits);
    if (i > 0) {
      expect_same(tokens, whole_tokens, PROMPTS, "token");
      expect_same(logits, whole_logits, VOCAB, "logit");
    }
    stop(&r);
  }
  /* Prompts differ, or the rows could be mixed up unseen. */
  cr_expect(whole_tokens[0] != whole_tokens[1] || whole_tokens[1] != whole_tokens[2]);
}

Test(plan_run, chunks_do_not_change_what_is_computed)
{
  expect_chunks_do_not_matter(&shape_small);
}

Test(plan_run, chunks_do_not_change_what_a_window_sees)
{
  struct tmk_model model = shape_small;
  model.sliding_window = 5;
  model.sliding_window_period = 1;
  double tokens[PROMPTS], windowed[VOCAB], full[VOCAB];
  expect_chunks_do_not_matter(&model);
  struct running r = run_prefill(&model, 2048, tokens, windowed);
  stop(&r);
  r = run_prefill(&shape_small, 2048, tokens, full);
  stop(&r);
  cr_expect(fabs(windowed[0] - full[0]) > 1e-6); /* the window is heeded at all */
}

/* The last token of a prompt as a decode step on a cache that holds the others gives the logits of the prefill. */
Test(plan_run, decode_continues_a_prefill)
{
  double tokens[PROMPTS], logits[VOCAB], last[PROMPTS], got[VOCAB];
  struct tmk_error err = {0};
  struct running prefill = run_prefill(&shape_small, 2048, tokens, logits);
  const struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, PROMPTS, LENGTH - 1);
  struct running decode = start(&tmk_backend_ref, &shape_small, &workload);
  const int tokens_in = tensor_named(prefill.plan, "tokens");
  for (int i = 0; i < PROMPTS; i++) read_values(&prefill, tokens_in, (i + 1) * LENGTH - 1, 1, &last[i]);
  cr_assert(eq(int, (int)decode.ops->write(decode.exec, tensor_named(decode.plan, "tokens"), 0, PROMPTS, last, &err),
               TMK_OK));
  for (int i = 0; i < decode.plan->tensor_count; i++) {
    const struct tmk_tensor *t = &decode.plan->tensors[i];
    if (t->role != TMK_ROLE_KV_CACHE) continue;
    const int64_t count = tmk_tensor_elements(t);
    double *cache = malloc((size_t)count * sizeof *cache);
    read_values(&prefill, tensor_named(prefill.plan, t->name), 0, count, cache);
    cr_assert(eq(int, (int)decode.ops->write(decode.exec, i, 0, count, cache, &err), TMK_OK));
    free(cache);
  }
  run_ops(&decode, 0, decode.plan->op_count);
  read_values(&decode, decode.plan->logits, (PROMPTS - 1) * VOCAB, VOCAB, got);
  expect_same(got, logits, VOCAB, "logit");
  stop(&decode);
  stop(&prefill);
}
