/* What ranks hold of a model, and that together they compute what one device computes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_config.h"
#include "parallel.h"
#include "tokmark/backend.h"

static struct tmk_model small_model(void)
{
  struct tmk_model m;
  struct tmk_error err = {0};
  cr_assert(eq(int, tmk_model_load("qwen2.5-0.5b", &m, &err), TMK_OK), "%s", err.message);
  m.num_hidden_layers = 5;
  m.hidden_size = 48;
  m.num_attention_heads = 6;
  m.num_key_value_heads = 3;
  m.head_dim = m.rope.rotary_dim = 8;
  m.intermediate_size = 80;
  m.vocab_size = 101;
  m.qkv_bias = m.o_bias = m.mlp_bias = m.qk_norm = true;
  return m;
}

static struct tmk_workload workload_of(enum tmk_phase phase, int64_t batch)
{
  struct tmk_workload w = {.phase = phase,
                           .batch = batch,
                           .context = phase == TMK_PHASE_DECODE ? 7 : 0,
                           .input_len = phase == TMK_PHASE_PREFILL ? 9 : 0,
                           .prefill_chunk = 20,
                           .weight_dtype = TMK_DTYPE_F32,
                           .kv_dtype = TMK_DTYPE_F32,
                           .layout = {.tp = 1, .pp = 1, .dp = 1, .microbatches = 1}};
  snprintf(w.model, sizeof w.model, "small");
  return w;
}

/* Logits of the last step and the tokens of all sequences. */
struct outcome {
  double logits[4096], tokens[64];
  int64_t logit_count, token_count, seq_first;
};

static enum tmk_status run_rank(const struct tmk_model *model, const struct tmk_workload *workload,
                                const struct tmk_comm_group *groups, const struct tmk_backend_ops *ops,
                                struct outcome *out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_backend *backend = NULL;
  struct tmk_plan *plan = NULL;
  struct tmk_exec *exec = NULL;
  struct tmk_run_times times;
  const bool wide = ops == &tmk_backend_ref;
  TMK_TRY(ops->open(&(struct tmk_open_args){.groups = groups, .threads = 2 * (ops == &tmk_backend_cpu)}, &backend, err));
  const struct tmk_plan_args args = {
      .model = model, .workload = workload, .seed = 3, .act_dtype = wide ? TMK_DTYPE_F64 : TMK_DTYPE_F32};
  TMK_TRY(tmk_plan_create(&args, &plan, err));
  TMK_TRY(ops->prepare(backend, plan, &exec, err));
  TMK_TRY(ops->run(exec, 2, &times, err));
  out->seq_first = plan->share.seq_first;
  if (plan->logits != TMK_TENSOR_NONE) {
    out->logit_count = plan->steps[plan->step_count - 1].prompts * model->vocab_size;
    TMK_TRY(ops->read(exec, plan->logits, 0, out->logit_count, out->logits, err));
  }
  if (plan->tokens_out != TMK_TENSOR_NONE) {
    out->token_count = plan->share.seqs;
    TMK_TRY(ops->read(exec, plan->tokens_out, 0, out->token_count, out->tokens, err));
  }
out:
  if (exec) ops->release(exec);
  tmk_plan_destroy(plan);
  if (backend) ops->close(backend);
  return status;
}

struct job {
  const struct tmk_model *model;
  struct tmk_workload workload;
  const struct tmk_backend_ops *ops;
  struct outcome *outcomes; /* [ranks] */
};

static enum tmk_status rank_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct job *job = context;
  struct tmk_workload workload = job->workload;
  struct tmk_parallel parallel = {0};
  workload.layout.rank = world->rank;
  TMK_TRY(tmk_parallel_open(world, &workload.layout, &tmk_comm_threads, 0, &parallel, err));
  TMK_TRY(run_rank(job->model, &workload, parallel.groups, job->ops, &job->outcomes[world->rank], err));
out:
  tmk_parallel_close(&parallel);
  return status;
}

static double largest_difference(const double *a, const double *b, int64_t count)
{
  double largest = 0;
  for (int64_t i = 0; i < count; i++) {
    const double difference = fabs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference; /* NaN stays */
  }
  return largest;
}

static void expect_same(const struct tmk_model *model, struct tmk_workload workload, struct tmk_layout layout,
                        const struct tmk_backend_ops *ops, double limit)
{
  struct tmk_error err = {0};
  const int ranks = layout.tp * layout.pp * layout.dp;
  struct outcome *whole = calloc(1, sizeof *whole), *shares = calloc((size_t)ranks, sizeof *shares);
  cr_assert(eq(int, run_rank(model, &workload, NULL, &tmk_backend_ref, whole, &err), TMK_OK), "%s", err.message);
  workload.layout = layout;
  struct job job = {model, workload, ops, shares};
  const struct tmk_world_args args = {.ranks = ranks, .timeout_ns = 20000000000};
  cr_assert(eq(int, tmk_world_run(&args, rank_main, &job, &err), TMK_OK), "%s", err.message);
  const int64_t vocab = model->vocab_size;
  for (int rank = 0; rank < ranks; rank++) {
    const struct outcome *share = &shares[rank];
    const int pp_rank = rank / layout.tp % layout.pp;
    if (layout.dp == 1 || workload.phase == TMK_PHASE_DECODE) {
      const int64_t last_seq = whole->token_count - whole->logit_count / vocab; /* of the first logits there are */
      const int64_t rows = share->logit_count / vocab, first = share->seq_first + share->token_count - rows;
      if (rows > 0 && first >= last_seq)
        cr_expect(le(dbl, largest_difference(share->logits, whole->logits + (first - last_seq) * vocab, rows * vocab),
                     limit),
                  "rank %d of tp %d pp %d dp %d", rank, layout.tp, layout.pp, layout.dp);
      if (pp_rank == layout.pp - 1) cr_expect(gt(i64, rows, 0));
    }
    if (pp_rank != 0 && pp_rank != layout.pp - 1) continue;
    cr_expect(gt(i64, share->token_count, 0));
    for (int64_t i = 0; i < share->token_count; i++)
      cr_expect(eq(dbl, share->tokens[i], whole->tokens[share->seq_first + i]), "rank %d, sequence %lld", rank,
                (long long)i);
  }
  free(whole);
  free(shares);
}

static const struct tmk_layout layouts[] = {
    {.tp = 2, .pp = 1, .dp = 1, .microbatches = 1}, /* 3 KV heads over 2: uneven; 101 tokens over 2 */
    {.tp = 3, .pp = 1, .dp = 1, .microbatches = 1}, {.tp = 6, .pp = 1, .dp = 1, .microbatches = 1}, /* KV heads twice */
    {.tp = 1, .pp = 2, .dp = 1, .microbatches = 1}, {.tp = 1, .pp = 3, .dp = 1, .microbatches = 3},
    {.tp = 1, .pp = 5, .dp = 1, .microbatches = 2}, {.tp = 1, .pp = 1, .dp = 3, .microbatches = 1},
    {.tp = 2, .pp = 2, .dp = 2, .microbatches = 2},
};

Test(plan_share, ranks_together_decode_as_one_device)
{
  const struct tmk_model m = small_model();
  for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
    expect_same(&m, workload_of(TMK_PHASE_DECODE, 5), layouts[i], &tmk_backend_ref, 1e-11);
}

Test(plan_share, ranks_together_prefill_as_one_device)
{
  struct tmk_model m = small_model();
  m.tie_word_embeddings = false;
  for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
    expect_same(&m, workload_of(TMK_PHASE_PREFILL, 5), layouts[i], &tmk_backend_ref, 1e-11);
}

Test(plan_share, the_cpu_does_too)
{
  const struct tmk_model m = small_model();
  for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
    expect_same(&m, workload_of(TMK_PHASE_DECODE, 5), layouts[i], &tmk_backend_cpu, 2e-4);
    expect_same(&m, workload_of(TMK_PHASE_PREFILL, 5), layouts[i], &tmk_backend_cpu, 2e-4);
  }
}

/* ---- shares ---- */

Test(plan_share, shares_cover_the_whole_once)
{
  const struct tmk_model m = small_model();
  for (int tp = 1; tp <= 3; tp++) {
    struct tmk_workload w = workload_of(TMK_PHASE_DECODE, 4);
    int64_t q = 0, kv = 0, inner = 0, vocab = 0;
    w.layout.tp = tp;
    for (w.layout.rank = 0; w.layout.rank < tp; w.layout.rank++) {
      struct tmk_plan_share s;
      cr_assert(eq(int, tmk_plan_share_of(&m, &w, &s, NULL), TMK_OK));
      cr_expect(eq(i64, s.q_first, q));
      cr_expect(eq(i64, s.kv_first, kv));
      cr_expect(eq(i64, s.inner_first, inner));
      cr_expect(eq(i64, s.vocab_first, vocab));
      q += s.heads_q, kv += s.heads_kv, inner += s.inner, vocab += s.vocab;
    }
    cr_expect(eq(i64, q, m.num_attention_heads));
    cr_expect(eq(i64, kv, m.num_key_value_heads));
    cr_expect(eq(i64, inner, m.intermediate_size));
    cr_expect(ge(i64, vocab, m.vocab_size));
    cr_expect(lt(i64, vocab, m.vocab_size + tp));
  }
}

static void expect_refused(struct tmk_layout layout, int64_t batch, const char *message)
{
  const struct tmk_model m = small_model();
  struct tmk_error err = {0};
  struct tmk_plan_share share;
  struct tmk_workload w = workload_of(TMK_PHASE_DECODE, batch);
  w.layout = layout;
  cr_expect(ne(int, tmk_plan_share_of(&m, &w, &share, &err), TMK_OK));
  cr_expect(eq(str, err.message, (char *)message));
}

Test(plan_share, what_cannot_be_divided_is_refused_by_name)
{
  expect_refused((struct tmk_layout){.tp = 4, .pp = 1, .dp = 1, .microbatches = 1}, 1,
                 "--tp 4: qwen2.5-0.5b has 6 heads and 3 KV heads: must be 1..3, or a multiple of 3 that divides 6");
  expect_refused((struct tmk_layout){.tp = 1, .pp = 6, .dp = 1, .microbatches = 1}, 1,
                 "--pp 6: qwen2.5-0.5b has 5 layers: must be 1..5");
  expect_refused((struct tmk_layout){.tp = 1, .pp = 1, .dp = 3, .microbatches = 1}, 2,
                 "batch 2: fewer sequences than the 3 replicas of --dp");
  expect_refused((struct tmk_layout){.tp = 1, .pp = 2, .dp = 1, .microbatches = 3}, 2,
                 "--microbatches 3: a replica has 2 sequences: must be 1..2");
  expect_refused((struct tmk_layout){.tp = 1, .pp = 1, .dp = 1, .microbatches = 2}, 2,
                 "--microbatches 2: must be 1 where there is one stage (--pp 1)");
  expect_refused((struct tmk_layout){.tp = 0, .pp = 1, .dp = 1, .microbatches = 1}, 2, "--tp 0: must be 1..65536");
}
