/* saboteur.h: a backend that is right but for one planted bug: naive, with the plan bent before it is prepared or with
 * operands and results spoilt around each operation. For tests that verification notices. */
#ifndef TMK_TESTS_SABOTEUR_H
#define TMK_TESTS_SABOTEUR_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tokmark/backend.h"

enum bug {
  BUG_NONE = 0,
  /* gemm */
  BUG_ONE_ELEMENT, /* one element off by 1/2000 of itself */
  BUG_LAST_K,      /* the last term of each sum left out */
  BUG_FIRST_K,
  BUG_SWAPPED_COLUMNS, /* two neighbouring columns */
  BUG_NO_BIAS,
  BUG_LAST_ROW,   /* the last row is a copy of the one before */
  BUG_UNWRITTEN,  /* the last element is not written */
  BUG_BESIDE,     /* an element behind the output is written */
  BUG_BF16_INPUT, /* x is rounded to bf16 before it is used */
  BUG_OTHER_WEIGHTS,
  BUG_NAN,          /* one NaN */
  BUG_INPUT_SPOILT, /* the input is overwritten */
  /* rmsnorm */
  BUG_EPS,
  BUG_NO_DELTA,
  BUG_NO_RESIDUAL, /* the residual is not written */
  BUG_GROUP,       /* another row of each group */
  /* embed */
  BUG_NEXT_TOKEN,
  /* rope_kv */
  BUG_POSITION, /* angles of the position one further */
  BUG_NO_ROPE_SCALE,
  BUG_ROTARY_DIM,  /* the whole head rotated */
  BUG_INTERLEAVED, /* pairs (2i, 2i + 1) */
  BUG_NO_Q_NORM,
  BUG_TRUNCATED_CACHE, /* appended bf16 values cut off, not rounded */
  BUG_APPEND_LATE,     /* appended one position further */
  BUG_K_IS_V,
  /* attention */
  BUG_KEY_FEWER,
  BUG_KEY_MORE,
  BUG_WINDOW_WIDER,
  BUG_WINDOW_NARROWER,
  BUG_NO_WINDOW,
  BUG_SCALE,        /* by one thousandth */
  BUG_HEADS_MODULO, /* query head h uses KV head h mod heads_kv */
  BUG_NEXT_SEQUENCE,
  /* swiglu */
  BUG_GATE_IS_UP,
  /* sample */
  BUG_LAST_TIE,
  BUG_NAN_IGNORED,
  BUG_TOKEN_ROW, /* tokens one row off */
  /* the whole backend */
  BUG_RESET_ZEROS, /* the cache is zero after reset */
  BUG_RESET_STALE, /* reset does not poison */
  BUG_RUN_NOTHING, /* run() does nothing */
  BUG_RUN_HALF,    /* run() leaves out the last layer */
  BUG_LATE_LAYER,  /* a wrong softmax scale in the last layer only */
  BUG_COUNT
};

/* The bug that is planted. Each Criterion test is a process of its own. */
static enum bug planted;

struct tmk_exec { /* the saboteur's: naive's is behind `inner` */
  struct tmk_exec *inner;
  const struct tmk_plan *plan;
  struct tmk_plan bent; /* with ops and tensors of its own */
};

/* ---- bent operations ---- */

static void bend_op(struct tmk_op *op)
{
  struct tmk_op_attention *a = &op->u.attention;
  struct tmk_op_rope_kv *r = &op->u.rope_kv;
  switch (op->kind) {
  case TMK_OP_GEMM:
    if (planted == BUG_NO_BIAS) op->u.gemm.bias = TMK_TENSOR_NONE;
    break;
  case TMK_OP_RMSNORM:
    if (planted == BUG_EPS) op->u.rmsnorm.eps *= 10;
    if (planted == BUG_NO_DELTA) op->u.rmsnorm.delta = TMK_TENSOR_NONE;
    if (planted == BUG_NO_RESIDUAL) op->u.rmsnorm.write_residual = false;
    break;
  case TMK_OP_ROPE_KV:
    if (planted == BUG_NO_ROPE_SCALE) r->rope_scale = 1;
    if (planted == BUG_ROTARY_DIM) r->rotary_dim -= 2;
    if (planted == BUG_NO_Q_NORM) r->q_norm = TMK_TENSOR_NONE;
    if (planted == BUG_APPEND_LATE) r->past++;
    if (planted == BUG_K_IS_V) {
      const int k_cache = r->k_cache;
      r->k_cache = r->v_cache;
      r->v_cache = k_cache;
    }
    break;
  case TMK_OP_ATTENTION:
    if (planted == BUG_KEY_FEWER) a->past--;
    if (planted == BUG_KEY_MORE) a->past++;
    if (planted == BUG_WINDOW_WIDER) a->window++;
    if (planted == BUG_WINDOW_NARROWER) a->window--;
    if (planted == BUG_NO_WINDOW) a->window = 0;
    if (planted == BUG_SCALE || (planted == BUG_LATE_LAYER && op->layer == 2)) a->scale *= 1.001;
    if (planted == BUG_NEXT_SEQUENCE) a->seq_first++;
    break;
  default: break;
  }
}

static struct tmk_tensor *tensor_of(struct tmk_exec *exec, int tensor)
{
  return &exec->bent.tensors[tensor];
}

static enum tmk_status saboteur_prepare(struct tmk_backend *backend, const struct tmk_plan *plan, struct tmk_exec **out,
                                        struct tmk_error *err)
{
  struct tmk_exec *exec = calloc(1, sizeof *exec);
  exec->plan = plan;
  exec->bent = *plan;
  exec->bent.ops = malloc((size_t)plan->op_count * sizeof *plan->ops);
  exec->bent.tensors = malloc((size_t)plan->tensor_count * sizeof *plan->tensors);
  memcpy(exec->bent.ops, plan->ops, (size_t)plan->op_count * sizeof *plan->ops);
  memcpy(exec->bent.tensors, plan->tensors, (size_t)plan->tensor_count * sizeof *plan->tensors);
  for (int i = 0; i < plan->op_count; i++) bend_op(&exec->bent.ops[i]); /* room for what the bent ones need */
  if (planted == BUG_NEXT_TOKEN) tensor_of(exec, plan->ops[0].u.embed.weight)->origin[0]++;
  if (planted == BUG_TRUNCATED_CACHE) {
    for (int i = 0; i < plan->tensor_count; i++) {
      if (plan->tensors[i].role == TMK_ROLE_KV_CACHE) tensor_of(exec, i)->dtype = TMK_DTYPE_F32;
    }
  }
  for (int i = 0; planted == BUG_OTHER_WEIGHTS && i < plan->tensor_count; i++) {
    if (plan->tensors[i].role == TMK_ROLE_WEIGHT) tensor_of(exec, i)->id++;
  }
  *out = exec;
  const enum tmk_status status = tmk_backend_naive.prepare(backend, &exec->bent, &exec->inner, err);
  memcpy(exec->bent.ops, plan->ops, (size_t)plan->op_count * sizeof *plan->ops); /* bent again while each runs */
  return status;
}

static void saboteur_release(struct tmk_exec *exec)
{
  if (!exec) return;
  tmk_backend_naive.release(exec->inner);
  free(exec->bent.ops);
  free(exec->bent.tensors);
  free(exec);
}

/* ---- values ---- */

static enum tmk_status saboteur_read(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, double *values,
                                     struct tmk_error *err)
{
  return tmk_backend_naive.read(exec->inner, tensor, first, count, values, err);
}

static enum tmk_status saboteur_write(struct tmk_exec *exec, int tensor, int64_t first, int64_t count,
                                      const double *values, struct tmk_error *err)
{
  return tmk_backend_naive.write(exec->inner, tensor, first, count, values, err);
}

static double get(struct tmk_exec *exec, int tensor, int64_t index)
{
  double value = NAN;
  saboteur_read(exec, tensor, index, 1, &value, NULL);
  return value;
}

static void put(struct tmk_exec *exec, int tensor, int64_t index, double value)
{
  saboteur_write(exec, tensor, index, 1, &value, NULL);
}

/* Whole tensors, for what is restored later. */
static double *save(struct tmk_exec *exec, int tensor)
{
  const int64_t count = tmk_tensor_elements(tensor_of(exec, tensor));
  double *values = malloc((size_t)count * sizeof *values);
  saboteur_read(exec, tensor, 0, count, values, NULL);
  return values;
}

static void restore(struct tmk_exec *exec, int tensor, double *values)
{
  saboteur_write(exec, tensor, 0, tmk_tensor_elements(tensor_of(exec, tensor)), values, NULL);
  free(values);
}

static enum tmk_status saboteur_reset(struct tmk_exec *exec, struct tmk_error *err)
{
  if (planted == BUG_RESET_STALE) {
    static bool once; /* fills the first time */
    if (once) return TMK_OK;
    once = true;
    const enum tmk_status status = tmk_backend_naive.reset(exec->inner, err);
    for (int i = 0; i < exec->plan->tensor_count; i++) {
      if (exec->plan->tensors[i].role == TMK_ROLE_ACTIVATION) put(exec, i, 0, 1.0);
    }
    return status;
  }
  const enum tmk_status status = tmk_backend_naive.reset(exec->inner, err);
  for (int i = 0; i < exec->plan->tensor_count; i++) {
    if (exec->plan->tensors[i].role != TMK_ROLE_KV_CACHE) continue;
    const int64_t count = tmk_tensor_elements(tensor_of(exec, i));
    for (int64_t j = 0; planted == BUG_RESET_ZEROS && j < count; j++) put(exec, i, j, 0.0);
    for (int64_t j = 0; planted == BUG_TRUNCATED_CACHE && j < count; j++) {
      put(exec, i, j,
          (double)tmk_bf16_to_f32(tmk_f32_to_bf16((float)get(exec, i, j)))); /* float32 there: see prepare */
    }
  }
  return status;
}

/* ---- one operation ---- */

static void spoil_gemm(struct tmk_exec *exec, const struct tmk_op_gemm *o)
{
  const int64_t last = o->m * o->n - 1;
  switch (planted) {
  case BUG_ONE_ELEMENT: put(exec, o->y, last / 2, get(exec, o->y, last / 2) * 1.0005); break;
  case BUG_NAN: put(exec, o->y, last / 2, NAN); break;
  case BUG_UNWRITTEN: put(exec, o->y, last, NAN); break;
  case BUG_BESIDE: put(exec, o->y, last + 1, 0.0); break;
  case BUG_INPUT_SPOILT: put(exec, o->x, 0, 0.0); break;
  case BUG_LAST_ROW:
    for (int64_t n = 0; n < o->n; n++) put(exec, o->y, (o->m - 1) * o->n + n, get(exec, o->y, (o->m - 2) * o->n + n));
    break;
  case BUG_SWAPPED_COLUMNS:
    for (int64_t m = 0; m < o->m; m++) {
      const double a = get(exec, o->y, m * o->n + o->n - 2), b = get(exec, o->y, m * o->n + o->n - 1);
      put(exec, o->y, m * o->n + o->n - 2, b);
      put(exec, o->y, m * o->n + o->n - 1, a);
    }
    break;
  case BUG_FIRST_K:
  case BUG_LAST_K: {
    const int64_t k = planted == BUG_FIRST_K ? 0 : o->k - 1;
    for (int64_t i = 0; i <= last; i++) {
      const double term = get(exec, o->x, i / o->n * o->k + k) * get(exec, o->weight, i % o->n * o->k + k);
      put(exec, o->y, i, get(exec, o->y, i) - term);
    }
    break;
  }
  default: break;
  }
}

/* h of the heads of one row rotated on by `angle` positions. */
static void rotate(struct tmk_exec *exec, int tensor, int64_t first, const struct tmk_op_rope_kv *o, int64_t heads)
{
  const int64_t half = o->rotary_dim / 2;
  for (int64_t h = 0; h < heads; h++) {
    for (int64_t i = 0; i < half; i++) {
      const int64_t at = first + h * o->head_dim + i;
      const double a = get(exec, tensor, at), b = get(exec, tensor, at + half), angle = get(exec, o->inv_freq, i);
      put(exec, tensor, at, a * cos(angle) - b * sin(angle));
      put(exec, tensor, at + half, b * cos(angle) + a * sin(angle));
    }
  }
}

/* Pairs (2i, 2i + 1) instead of (i, i + half): the input is put in the order that makes naive do that. */
static void interleave(struct tmk_exec *exec, const struct tmk_op_rope_kv *o)
{
  const int64_t heads = o->heads_q + 2 * o->heads_kv, half = o->head_dim / 2;
  for (int64_t h = 0; h < o->seqs * o->q_len * heads; h++) {
    double head[256];
    if (h % heads >= o->heads_q + o->heads_kv) continue; /* values */
    saboteur_read(exec, o->qkv, h * o->head_dim, o->head_dim, head, NULL);
    for (int64_t i = 0; i < half; i++) {
      put(exec, o->qkv, h * o->head_dim + i, head[2 * i]);
      put(exec, o->qkv, h * o->head_dim + i + half, head[2 * i + 1]);
    }
  }
}

static void spoil_rope(struct tmk_exec *exec, const struct tmk_op_rope_kv *o)
{
  const int64_t kv = o->heads_kv * o->head_dim;
  for (int64_t r = 0; r < o->seqs * o->q_len; r++) {
    const int64_t positions = tensor_of(exec, o->k_cache)->dims[1];
    const int64_t row = ((o->seq_first + r / o->q_len) * positions + o->past + r % o->q_len) * kv;
    if (planted == BUG_POSITION) {
      rotate(exec, o->q, r * o->heads_q * o->head_dim, o, o->heads_q);
      rotate(exec, o->k_cache, row, o, o->heads_kv);
    }
    for (int64_t i = 0; planted == BUG_TRUNCATED_CACHE && i < 2 * kv; i++) {
      const int cache = i < kv ? o->k_cache : o->v_cache;
      const float value = (float)get(exec, cache, row + i % kv);
      uint32_t bits;
      memcpy(&bits, &value, sizeof bits);
      put(exec, cache, row + i % kv, (double)tmk_bf16_to_f32((uint16_t)(bits >> 16)));
    }
  }
}

/* Naive with query heads in the order in which the right grouping reads h mod heads_kv. */
static void attention_modulo(struct tmk_exec *exec, int op, const struct tmk_op_attention *o)
{
  const int64_t group = o->heads_q / o->heads_kv, d = o->head_dim, rows = o->seqs * o->q_len;
  double *q = save(exec, o->q), *original = save(exec, o->q);
  for (int64_t i = 0; i < rows * o->heads_q; i++) {
    const int64_t row = i / o->heads_q, h = i % o->heads_q, from = h % group * o->heads_kv + h / group;
    memcpy(q + i * d, original + (row * o->heads_q + from) * d, (size_t)d * sizeof *q);
  }
  restore(exec, o->q, q);
  tmk_backend_naive.run_ops(exec->inner, op, 1, NULL);
  double *out = save(exec, o->out);
  for (int64_t i = 0; i < rows * o->heads_q; i++) {
    const int64_t row = i / o->heads_q, h = i % o->heads_q, to = h % group * o->heads_kv + h / group;
    saboteur_write(exec, o->out, (row * o->heads_q + to) * d, d, out + i * d, NULL);
  }
  free(out);
  restore(exec, o->q, original);
}

static void spoil_sample(struct tmk_exec *exec, const struct tmk_op_sample *o)
{
  for (int64_t r = 0; r < o->rows; r++) {
    int64_t best = -1;
    for (int64_t v = 0; v < o->vocab; v++) {
      const double value = get(exec, o->logits, r * o->vocab + v);
      if (isnan(value)) continue;
      const double largest = best < 0 ? -INFINITY : get(exec, o->logits, r * o->vocab + best);
      if (best < 0 || value > largest || (planted == BUG_LAST_TIE && value == largest)) best = v;
    }
    if (planted == BUG_LAST_TIE || planted == BUG_NAN_IGNORED) put(exec, o->tokens, o->token_first + r, (double)best);
  }
  if (planted == BUG_TOKEN_ROW) put(exec, o->tokens, o->token_first + o->rows, get(exec, o->tokens, o->token_first));
}

static void run_swiglu(struct tmk_exec *exec, int op, const struct tmk_op_swiglu *o)
{
  double *values = save(exec, o->gate_up), *original = save(exec, o->gate_up);
  for (int64_t r = 0; planted == BUG_GATE_IS_UP && r < o->rows; r++) {
    memcpy(values + 2 * r * o->inner, original + (2 * r + 1) * o->inner, (size_t)o->inner * sizeof *values);
    memcpy(values + (2 * r + 1) * o->inner, original + 2 * r * o->inner, (size_t)o->inner * sizeof *values);
  }
  restore(exec, o->gate_up, values);
  tmk_backend_naive.run_ops(exec->inner, op, 1, NULL);
  restore(exec, o->gate_up, original);
}

/* x rounded to bf16 while the operation runs. */
static void run_gemm_rounded(struct tmk_exec *exec, int op, const struct tmk_op_gemm *o)
{
  double *original = save(exec, o->x), *values = save(exec, o->x);
  for (int64_t i = 0; i < o->m * o->k; i++) values[i] = (double)tmk_bf16_to_f32(tmk_f32_to_bf16((float)values[i]));
  restore(exec, o->x, values);
  tmk_backend_naive.run_ops(exec->inner, op, 1, NULL);
  restore(exec, o->x, original);
}

/* The first row of each group where the last is asked for. */
static void run_rmsnorm_first(struct tmk_exec *exec, int op, const struct tmk_op_rmsnorm *o)
{
  double *original = save(exec, o->residual);
  for (int64_t r = 0; r < o->rows; r++) {
    saboteur_write(exec, o->residual, ((r + 1) * o->row_group - 1) * o->hidden, o->hidden,
                   original + r * o->row_group * o->hidden, NULL);
  }
  tmk_backend_naive.run_ops(exec->inner, op, 1, NULL);
  restore(exec, o->residual, original);
}

/* Keys behind the last are there and finite, so that it isn't poison that gives the bug away. */
static void make_key_more(struct tmk_exec *exec, const struct tmk_op_attention *o)
{
  const int64_t kv = o->heads_kv * o->head_dim, positions = tensor_of(exec, o->k_cache)->dims[1];
  for (int64_t s = 0; s < o->seqs; s++) {
    const int64_t row = ((o->seq_first + s) * positions + o->past + o->q_len) * kv;
    for (int64_t i = 0; i < kv; i++) {
      put(exec, o->k_cache, row + i, get(exec, o->k_cache, row + i - kv));
      put(exec, o->v_cache, row + i, get(exec, o->v_cache, row + (i + 1) % kv - kv));
    }
  }
}

static void run_one(struct tmk_exec *exec, int index)
{
  const struct tmk_op *op = &exec->plan->ops[index];
  bend_op(&exec->bent.ops[index]);
  if (op->kind == TMK_OP_SWIGLU && planted == BUG_GATE_IS_UP) {
    run_swiglu(exec, index, &op->u.swiglu);
  } else if (op->kind == TMK_OP_GEMM && planted == BUG_BF16_INPUT) {
    run_gemm_rounded(exec, index, &op->u.gemm);
  } else if (op->kind == TMK_OP_RMSNORM && planted == BUG_GROUP) {
    run_rmsnorm_first(exec, index, &op->u.rmsnorm);
  } else if (op->kind == TMK_OP_ATTENTION && planted == BUG_HEADS_MODULO) {
    attention_modulo(exec, index, &op->u.attention);
  } else if (op->kind == TMK_OP_ROPE_KV && planted == BUG_INTERLEAVED) {
    double *original = save(exec, op->u.rope_kv.qkv);
    interleave(exec, &op->u.rope_kv);
    tmk_backend_naive.run_ops(exec->inner, index, 1, NULL);
    restore(exec, op->u.rope_kv.qkv, original);
  } else {
    if (op->kind == TMK_OP_ATTENTION && planted == BUG_KEY_MORE) make_key_more(exec, &op->u.attention);
    tmk_backend_naive.run_ops(exec->inner, index, 1, NULL);
  }
  exec->bent.ops[index] = *op;
  if (op->kind == TMK_OP_GEMM) spoil_gemm(exec, &op->u.gemm);
  if (op->kind == TMK_OP_ROPE_KV) spoil_rope(exec, &op->u.rope_kv);
  if (op->kind == TMK_OP_SAMPLE) spoil_sample(exec, &op->u.sample);
}

static enum tmk_status saboteur_run_ops(struct tmk_exec *exec, int first, int count, struct tmk_error *err)
{
  (void)err;
  for (int i = first; i < first + count; i++) run_one(exec, i);
  return TMK_OK;
}

static enum tmk_status saboteur_run(struct tmk_exec *exec, int64_t passes, struct tmk_run_times *times,
                                    struct tmk_error *err)
{
  *times = (struct tmk_run_times){1, 1};
  const int last_layer = (int)exec->plan->model.num_hidden_layers - 1;
  for (int64_t pass = 0; planted != BUG_RUN_NOTHING && pass < passes; pass++) {
    for (int i = 0; i < exec->plan->op_count; i++) {
      if (planted == BUG_RUN_HALF && exec->plan->ops[i].layer == last_layer) continue;
      tmk_backend_naive.run_ops(exec->inner, i, 1, err);
    }
  }
  return TMK_OK;
}

/* The naive backend with the saboteur's functions in its place. */
static struct tmk_backend_ops saboteur_ops(void)
{
  struct tmk_backend_ops ops = tmk_backend_naive;
  ops.name = "saboteur";
  ops.prepare = saboteur_prepare;
  ops.reset = saboteur_reset;
  ops.run = saboteur_run;
  ops.run_ops = saboteur_run_ops;
  ops.read = saboteur_read;
  ops.write = saboteur_write;
  ops.release = saboteur_release;
  return ops;
}

#endif
