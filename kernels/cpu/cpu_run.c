/* cpu_run.c: executes ops on the team: one parallel region for all passes, a barrier behind each op (cpu.h). */
#include <time.h>

#include "cpu.h"

int64_t tmk_cpu_now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- an op's tensors as the kernels take them ---- */

static float *floats_of(const struct tmk_exec *exec, int tensor)
{
  return tensor == TMK_TENSOR_NONE ? NULL : (float *)(void *)exec->views[tensor].data;
}

static int64_t stride_of(const struct tmk_exec *exec, int tensor)
{
  return tensor == TMK_TENSOR_NONE ? 0 : exec->views[tensor].stride;
}

static int32_t *tokens_of(const struct tmk_exec *exec, int tensor)
{
  return (int32_t *)(void *)exec->views[tensor].data;
}

static struct tmk_cpu_cache cache_of(const struct tmk_exec *exec, int k_cache, int v_cache)
{
  const struct tmk_cpu_view *keys = &exec->views[k_cache], *values = &exec->views[v_cache];
  return (struct tmk_cpu_cache){
      .keys = keys->data,
      .values = values->data,
      .key_dtype = keys->dtype,
      .value_dtype = values->dtype,
      .key_matrix_bytes = keys->matrix_bytes,
      .value_matrix_bytes = values->matrix_bytes,
      .value_positions = values->k,
  };
}

static float *scratch_of(const struct tmk_exec *exec, int thread)
{
  return (float *)(void *)(exec->backend->arena.base + exec->scratch_offset) + thread * exec->scratch_stride;
}

/* ---- ops ---- */

static void do_embed(const struct tmk_exec *exec, const struct tmk_op_embed *o, struct tmk_cpu_part part)
{
  const struct tmk_cpu_embed a = {
      .rows = o->rows,
      .hidden = o->hidden,
      .vocab = o->vocab,
      .tokens = tokens_of(exec, o->tokens) + o->token_first,
      .weight = exec->views[o->weight].data,
      .weight_dtype = exec->views[o->weight].dtype,
      .x = floats_of(exec, o->x),
      .x_stride = stride_of(exec, o->x),
  };
  exec->backend->kernels->embed(&a, part);
}

static void do_rmsnorm(const struct tmk_exec *exec, const struct tmk_op_rmsnorm *o, struct tmk_cpu_part part)
{
  const struct tmk_cpu_rmsnorm a = {
      .rows = o->rows,
      .hidden = o->hidden,
      .row_group = o->row_group,
      .eps = o->eps,
      .write_residual = o->write_residual,
      .residual = floats_of(exec, o->residual),
      .delta = floats_of(exec, o->delta),
      .weight = floats_of(exec, o->weight),
      .y = floats_of(exec, o->y),
      .residual_stride = stride_of(exec, o->residual),
      .delta_stride = stride_of(exec, o->delta),
      .y_stride = stride_of(exec, o->y),
  };
  exec->backend->kernels->rmsnorm(&a, part);
}

static void do_int_gemm(const struct tmk_exec *exec, const struct tmk_cpu_gemm *gemm, struct tmk_cpu_part part)
{
  char *x = exec->backend->arena.base + exec->int_x_offset;
  float *scales = (float *)(void *)(x + gemm->m * tmk_cpu_int_x_stride(gemm->k));
  const struct tmk_cpu_int_gemm a = {
      .gemm = *gemm,
      .q = (int8_t *)x,
      .q_scale = scales,
      .q_offset = (int32_t *)(void *)(scales + gemm->m),
  };
  exec->backend->int_kernels->quantise(&a, part);
  tmk_cpu_team_wait(&exec->backend->team);
  exec->backend->int_kernels->gemm(&a, part);
}

static void do_gemm(const struct tmk_exec *exec, const struct tmk_op_gemm *o, struct tmk_cpu_part part)
{
  const struct tmk_cpu_gemm a = {
      .m = o->m,
      .n = o->n,
      .k = o->k,
      .x = floats_of(exec, o->x),
      .weight = exec->views[o->weight].data,
      .weight_dtype = exec->views[o->weight].dtype,
      .bias = floats_of(exec, o->bias),
      .y = floats_of(exec, o->y),
      .x_stride = stride_of(exec, o->x),
      .y_stride = stride_of(exec, o->y),
  };
  if (tmk_quantises_rows(a.weight_dtype)) {
    do_int_gemm(exec, &a, part);
  } else {
    exec->backend->kernels->gemm(&a, part);
  }
}

static void do_rope_kv(const struct tmk_exec *exec, const struct tmk_op_rope_kv *o, struct tmk_cpu_part part)
{
  const struct tmk_cpu_rope_kv a = {
      .seqs = o->seqs,
      .q_len = o->q_len,
      .seq_first = o->seq_first,
      .past = o->past,
      .heads_q = o->heads_q,
      .heads_kv = o->heads_kv,
      .head_dim = o->head_dim,
      .rotary_dim = o->rotary_dim,
      .eps = o->eps,
      .rope_scale = (float)o->rope_scale,
      .qkv = floats_of(exec, o->qkv),
      .inv_freq = exec->plan->tensors[o->inv_freq].constant,
      .q_norm = floats_of(exec, o->q_norm),
      .k_norm = floats_of(exec, o->k_norm),
      .q = floats_of(exec, o->q),
      .qkv_stride = stride_of(exec, o->qkv),
      .q_stride = stride_of(exec, o->q),
      .cache = cache_of(exec, o->k_cache, o->v_cache),
      .scratch = scratch_of(exec, part.thread),
  };
  exec->backend->kernels->rope_kv(&a, part);
}

static void do_attention(const struct tmk_exec *exec, const struct tmk_op_attention *o, struct tmk_cpu_part part)
{
  const struct tmk_cpu_attention a = {
      .seqs = o->seqs,
      .q_len = o->q_len,
      .seq_first = o->seq_first,
      .past = o->past,
      .heads_q = o->heads_q,
      .heads_kv = o->heads_kv,
      .head_dim = o->head_dim,
      .window = o->window,
      .scale = (float)o->scale,
      .q = floats_of(exec, o->q),
      .out = floats_of(exec, o->out),
      .q_stride = stride_of(exec, o->q),
      .out_stride = stride_of(exec, o->out),
      .cache = cache_of(exec, o->k_cache, o->v_cache),
      .scratch = scratch_of(exec, 0),
      .scratch_stride = exec->scratch_stride,
  };
  exec->backend->kernels->attention(&a, part);
  if (part.threads == 1) return;
  tmk_cpu_team_wait(&exec->backend->team);
  exec->backend->kernels->attention_join(&a, part);
}

static void do_swiglu(const struct tmk_exec *exec, const struct tmk_op_swiglu *o, struct tmk_cpu_part part)
{
  const struct tmk_cpu_swiglu a = {
      .rows = o->rows,
      .inner = o->inner,
      .gate_up = floats_of(exec, o->gate_up),
      .y = floats_of(exec, o->y),
      .gate_up_stride = stride_of(exec, o->gate_up),
      .y_stride = stride_of(exec, o->y),
  };
  exec->backend->kernels->swiglu(&a, part);
}

static void do_sample(const struct tmk_exec *exec, const struct tmk_op_sample *o, struct tmk_cpu_part part)
{
  const struct tmk_cpu_sample a = {
      .rows = o->rows,
      .vocab = o->vocab,
      .logits = floats_of(exec, o->logits),
      .logits_stride = stride_of(exec, o->logits),
      .tokens = tokens_of(exec, o->tokens) + o->token_first,
  };
  exec->backend->kernels->sample(&a, part);
}

struct run_work {
  struct tmk_exec *exec;
  int first, count;
  int64_t passes;
  int64_t *op_ns;            /* [count] or NULL */
  int64_t start_ns, stop_ns; /* written by thread 0, as what follows; read by the others behind the barrier of a collective */
  enum tmk_status status;
  struct tmk_error err;
};

/* False, on all threads, where the ranks could not be reached. */
static bool do_collective(struct run_work *work, const struct tmk_op_collective *o, struct tmk_cpu_part part)
{
  struct tmk_cpu_team *team = &work->exec->backend->team;
  if (part.thread == 0) work->status = tmk_cpu_collective(work->exec, o, &work->err);
  tmk_cpu_team_wait(team);
  const bool good = work->status == TMK_OK;
  if (good) tmk_cpu_collective_place(work->exec, o, part);
  tmk_cpu_team_wait(team); /* before thread 0 may set the status of another */
  return good;
}

/* This thread's part of an op, and the wait for the others'. prepare() has refused every other kind. */
static void do_op(const struct tmk_exec *exec, const struct tmk_op *op, struct tmk_cpu_part part)
{
  switch (op->kind) {
  case TMK_OP_EMBED: do_embed(exec, &op->u.embed, part); break;
  case TMK_OP_RMSNORM: do_rmsnorm(exec, &op->u.rmsnorm, part); break;
  case TMK_OP_GEMM: do_gemm(exec, &op->u.gemm, part); break;
  case TMK_OP_ROPE_KV: do_rope_kv(exec, &op->u.rope_kv, part); break;
  case TMK_OP_ATTENTION: do_attention(exec, &op->u.attention, part); break;
  case TMK_OP_SWIGLU: do_swiglu(exec, &op->u.swiglu, part); break;
  case TMK_OP_SAMPLE: do_sample(exec, &op->u.sample, part); break;
  default: break;
  }
  tmk_cpu_team_wait(&exec->backend->team);
}

/* ---- passes ---- */

static void run_on_thread(void *context, int thread)
{
  struct run_work *work = context;
  const struct tmk_exec *exec = work->exec;
  const struct tmk_cpu_part part = {thread, exec->backend->team.threads};
  const struct tmk_op *ops = exec->plan->ops + work->first;
  tmk_cpu_team_wait(&exec->backend->team);
  int64_t before = thread == 0 ? tmk_cpu_now_ns() : 0;
  if (thread == 0) work->start_ns = before;
  for (int64_t pass = 0; pass < work->passes; pass++) {
    for (int i = 0; i < work->count; i++) {
      if (ops[i].kind != TMK_OP_COLLECTIVE) {
        do_op(exec, &ops[i], part);
      } else if (!do_collective(work, &ops[i].u.collective, part)) {
        return;
      }
      if (thread != 0 || !work->op_ns) continue;
      const int64_t now = tmk_cpu_now_ns();
      work->op_ns[i] = now - before;
      before = now;
    }
  }
  if (thread == 0) work->stop_ns = tmk_cpu_now_ns();
}

static enum tmk_status run_work(struct run_work *work, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(tmk_cpu_bind(work->exec, err));
  TMK_TRY(tmk_cpu_team_run(&work->exec->backend->team, run_on_thread, work, err));
  if (work->status != TMK_OK && err) *err = work->err;
  status = work->status;
out:
  return status;
}

enum tmk_status tmk_cpu_run(struct tmk_exec *exec, int64_t passes, struct tmk_run_times *times, struct tmk_error *err)
{
  struct run_work work = {.exec = exec, .count = exec->plan->op_count, .passes = passes};
  const enum tmk_status status = run_work(&work, err);
  times->wall_ns = times->device_ns = work.stop_ns - work.start_ns;
  return status;
}

enum tmk_status tmk_cpu_run_ops(struct tmk_exec *exec, int first, int count, struct tmk_error *err)
{
  const int ops = exec->plan->op_count;
  if (first < 0 || count < 0 || first > ops || count > ops - first) {
    return tmk_fail(err, TMK_ERR_USAGE, "ops %d + %d: the plan has %d", first, count, ops);
  }
  struct run_work work = {.exec = exec, .first = first, .count = count, .passes = 1};
  return run_work(&work, err);
}

enum tmk_status tmk_cpu_run_per_op(struct tmk_exec *exec, int64_t *op_ns, struct tmk_error *err)
{
  struct run_work work = {.exec = exec, .count = exec->plan->op_count, .passes = 1, .op_ns = op_ns};
  return run_work(&work, err);
}
