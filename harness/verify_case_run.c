/* verify_case_run.c: a case as a plan, and its run on a device. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tokmark/fill.h"
#include "verify_cases.h"

/* Rows of outputs, sequences and positions of the cache that the operation must leave alone. */
#define SPARE_ROWS      2
#define SPARE_SEQUENCES 1
#define SPARE_POSITIONS 2
#define WRITE_ELEMENTS  4096

/* ---- plans of one operation ---- */

struct tensors {
  struct tmk_tensor items[TMK_OP_MAX_OPERANDS];
  int count;
};

struct shape {
  int rank;
  int64_t dims[TMK_MAX_DIMS];
};

static int add(struct tensors *tensors, const char *name, enum tmk_tensor_role role, enum tmk_dtype dtype,
               struct shape shape)
{
  const int index = tensors->count++;
  struct tmk_tensor *t = &tensors->items[index];
  *t =
      (struct tmk_tensor){.id = (uint64_t)index + 1, .role = role, .dtype = dtype, .rank = shape.rank, .fill_scale = 1};
  for (int i = 0; i < shape.rank; i++) t->dims[i] = t->global_dims[i] = shape.dims[i];
  snprintf(t->name, sizeof t->name, "%s", name);
  return index;
}

static struct shape vector(int64_t count)
{
  return (struct shape){1, {count}};
}

static struct shape matrix(int64_t rows, int64_t cols)
{
  return (struct shape){2, {rows, cols}};
}

/* Of what isn't the matrix of a GEMM, as plans have it. */
static enum tmk_dtype plain_dtype(enum tmk_dtype weight)
{
  return tmk_dtype_get(weight)->bits < 16 ? TMK_DTYPE_BF16 : weight;
}

static int add_input(struct tensors *tensors, const struct tmk_verify_case *c, const char *name, enum tmk_dtype dtype,
                     struct shape shape)
{
  const int index = add(tensors, name, TMK_ROLE_INPUT, dtype, shape);
  tensors->items[index].fill_scale = c->scale;
  tensors->items[index].fill_offset = c->offset;
  return index;
}

static int add_norm(struct tensors *tensors, const struct tmk_verify_case *c, const char *name, int64_t size)
{
  const int index = add(tensors, name, TMK_ROLE_WEIGHT, c->weight_dtype, vector(size));
  tensors->items[index].fill_offset = 1;
  tensors->items[index].fill_scale = 0.5f;
  return index;
}

static int add_cache(struct tensors *tensors, const struct tmk_verify_case *c, const char *name, int64_t sequences,
                     int64_t positions, int64_t heads, int64_t head_dim)
{
  const int index = add(tensors, name, TMK_ROLE_KV_CACHE, c->kv_dtype,
                        (struct shape){4, {sequences + SPARE_SEQUENCES, positions + SPARE_POSITIONS, heads, head_dim}});
  tensors->items[index].global_dims[1] = TMK_KV_POSITIONS;
  tensors->items[index].fill_scale = 1.7320508f;
  return index;
}

static void embed_tensors(const struct tmk_verify_case *c, enum tmk_dtype act, struct tensors *t,
                          struct tmk_op_embed *o)
{
  o->tokens = add(t, "tokens", TMK_ROLE_INPUT, TMK_DTYPE_I32, vector(o->token_first + o->rows + SPARE_ROWS));
  t->items[o->tokens].fill_vocab = o->vocab;
  o->weight = add(t, "embedding", TMK_ROLE_WEIGHT, c->weight_dtype, matrix(o->vocab, o->hidden));
  o->x = add(t, "x", TMK_ROLE_ACTIVATION, act, matrix(o->rows + SPARE_ROWS, o->hidden));
}

static void rmsnorm_tensors(const struct tmk_verify_case *c, enum tmk_dtype act, struct tensors *t,
                            struct tmk_op_rmsnorm *o)
{
  const int64_t rows = o->rows * o->row_group + SPARE_ROWS;
  o->residual = add_input(t, c, "residual", act, matrix(rows, o->hidden));
  o->delta = c->delta ? add_input(t, c, "delta", act, matrix(rows, o->hidden)) : TMK_TENSOR_NONE;
  o->weight = add_norm(t, c, "weight", o->hidden);
  o->y = add(t, "y", TMK_ROLE_ACTIVATION, act, matrix(o->rows + SPARE_ROWS, o->hidden));
}

/* As a shard of fused weights: three parts of the rows of a whole that is larger. */
static void leave_rows_out(struct tmk_tensor *t)
{
  const int64_t rows = t->dims[0];
  t->origin[0] = 2;
  t->gaps[0] = (struct tmk_row_gap){rows / 3, 5};
  t->gaps[1] = (struct tmk_row_gap){2 * rows / 3 + 1, 3};
  t->global_dims[0] = rows + 12;
}

static void gemm_tensors(const struct tmk_verify_case *c, enum tmk_dtype act, struct tensors *t, struct tmk_op_gemm *o)
{
  o->x = add_input(t, c, "x", act, matrix(o->m + SPARE_ROWS, o->k));
  o->weight = add(t, "weight", TMK_ROLE_WEIGHT, c->weight_dtype, matrix(o->n, o->k));
  t->items[o->weight].fill_scale = (float)sqrt(3.0 / (double)o->k);
  o->bias = c->bias ? add(t, "bias", TMK_ROLE_WEIGHT, plain_dtype(c->weight_dtype), vector(o->n)) : TMK_TENSOR_NONE;
  if (c->gaps) leave_rows_out(&t->items[o->weight]);
  if (c->gaps && c->bias) leave_rows_out(&t->items[o->bias]);
  o->y = add(t, "y", TMK_ROLE_ACTIVATION, c->logits ? TMK_DTYPE_F32 : act, matrix(o->m + SPARE_ROWS, o->n));
}

static void rope_kv_tensors(const struct tmk_verify_case *c, enum tmk_dtype act, struct tensors *t,
                            struct tmk_op_rope_kv *o, const double *inv_freq)
{
  const int64_t rows = o->seqs * o->q_len + SPARE_ROWS, d = o->head_dim;
  const int64_t sequences = o->seq_first + o->seqs, positions = o->past + o->q_len;
  o->qkv = add_input(t, c, "qkv", act, matrix(rows, (o->heads_q + 2 * o->heads_kv) * d));
  o->inv_freq = add(t, "inv_freq", TMK_ROLE_CONSTANT, TMK_DTYPE_F64, vector(o->rotary_dim / 2));
  t->items[o->inv_freq].constant = inv_freq;
  o->q_norm = c->qk_norm ? add_norm(t, c, "q_norm", d) : TMK_TENSOR_NONE;
  o->k_norm = c->qk_norm ? add_norm(t, c, "k_norm", d) : TMK_TENSOR_NONE;
  o->q = add(t, "q", TMK_ROLE_ACTIVATION, act, matrix(rows, o->heads_q * d));
  o->k_cache = add_cache(t, c, "k_cache", sequences, positions, o->heads_kv, d);
  o->v_cache = add_cache(t, c, "v_cache", sequences, positions, o->heads_kv, d);
}

static void attention_tensors(const struct tmk_verify_case *c, enum tmk_dtype act, struct tensors *t,
                              struct tmk_op_attention *o)
{
  const int64_t rows = o->seqs * o->q_len + SPARE_ROWS, d = o->head_dim;
  const int64_t sequences = o->seq_first + o->seqs, positions = o->past + o->q_len;
  o->scale = 1 / sqrt((double)d);
  o->q = add_input(t, c, "q", act, matrix(rows, o->heads_q * d));
  o->k_cache = add_cache(t, c, "k_cache", sequences, positions, o->heads_kv, d);
  o->v_cache = add_cache(t, c, "v_cache", sequences, positions, o->heads_kv, d);
  o->out = add(t, "out", TMK_ROLE_ACTIVATION, act, matrix(rows, o->heads_q * d));
}

static void swiglu_tensors(const struct tmk_verify_case *c, enum tmk_dtype act, struct tensors *t,
                           struct tmk_op_swiglu *o)
{
  o->gate_up = add_input(t, c, "gate_up", act, matrix(o->rows + SPARE_ROWS, 2 * o->inner));
  o->y = add(t, "y", TMK_ROLE_ACTIVATION, act, matrix(o->rows + SPARE_ROWS, o->inner));
}

/* Logits are float32 in every plan. */
static void sample_tensors(const struct tmk_verify_case *c, struct tensors *t, struct tmk_op_sample *o)
{
  o->logits = add_input(t, c, "logits", TMK_DTYPE_F32, matrix(o->rows, o->vocab));
  o->tokens = add(t, "tokens", TMK_ROLE_OUTPUT, TMK_DTYPE_I32, vector(o->token_first + o->rows + SPARE_ROWS));
}

static enum tmk_status plan_op(const struct tmk_verify_case *c, enum tmk_dtype act, uint64_t seed,
                               struct tmk_plan **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tensors tensors = {0};
  struct tmk_op op = c->op;
  double *inv_freq = NULL;
  op.label = "";
  switch (op.kind) {
  case TMK_OP_EMBED: embed_tensors(c, act, &tensors, &op.u.embed); break;
  case TMK_OP_RMSNORM: rmsnorm_tensors(c, act, &tensors, &op.u.rmsnorm); break;
  case TMK_OP_GEMM: gemm_tensors(c, act, &tensors, &op.u.gemm); break;
  case TMK_OP_ROPE_KV: {
    struct tmk_rope rope = c->rope;
    rope.rotary_dim = op.u.rope_kv.rotary_dim;
    inv_freq = calloc((size_t)(rope.rotary_dim / 2) + 1, sizeof *inv_freq);
    if (!inv_freq) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for a case");
    tmk_rope_frequencies(&rope, inv_freq, &op.u.rope_kv.rope_scale);
    rope_kv_tensors(c, act, &tensors, &op.u.rope_kv, inv_freq);
    break;
  }
  case TMK_OP_ATTENTION: attention_tensors(c, act, &tensors, &op.u.attention); break;
  case TMK_OP_SWIGLU: swiglu_tensors(c, act, &tensors, &op.u.swiglu); break;
  case TMK_OP_SAMPLE: sample_tensors(c, &tensors, &op.u.sample); break;
  case TMK_OP_COLLECTIVE:
  case TMK_OP_KIND_COUNT: break;
  }
  TMK_TRY(tmk_plan_create_single(&op, tensors.items, tensors.count, seed, act, out, err));
out:
  free(inv_freq);
  return status;
}

enum tmk_status tmk_verify_case_plan(const struct tmk_verify_case *c, enum tmk_dtype act_dtype, uint64_t seed,
                                     struct tmk_plan **out, struct tmk_error *err)
{
  *out = NULL;
  if (c->group != TMK_VERIFY_GROUP_MODEL) return plan_op(c, act_dtype, seed, out, err);
  const struct tmk_layout *layout = &c->workload.layout;
  const struct tmk_plan_args args = {.model = &c->model,
                                     .workload = &c->workload,
                                     .seed = seed,
                                     .act_dtype = act_dtype,
                                     .alone = layout->tp * layout->pp * layout->dp > 1};
  return tmk_plan_create(&args, out, err);
}

/* ---- operands that reset() can't give ---- */

/* Cache rows past … past + q_len − 1, which rope_kv would have appended, hold their fill too. */
static enum tmk_status write_cache(const struct tmk_backend_ops *ops, struct tmk_exec *exec,
                                   const struct tmk_plan *plan, const struct tmk_op_attention *o, int cache,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_tensor *t = &plan->tensors[cache];
  const int64_t row = o->heads_kv * o->head_dim;
  double values[WRITE_ELEMENTS];
  for (int64_t seq = o->seq_first; seq < o->seq_first + o->seqs; seq++) {
    const int64_t first = (seq * t->dims[1] + o->past) * row, count = o->q_len * row;
    for (int64_t done = 0; done < count; done += WRITE_ELEMENTS) {
      const int64_t part = count - done < WRITE_ELEMENTS ? count - done : WRITE_ELEMENTS;
      tmk_tensor_values(t, plan->seed, first + done, part, values);
      TMK_TRY(ops->write(exec, cache, first + done, part, values, err));
    }
  }
out:
  return status;
}

/* A NaN as the last logit of the last row, infinities of both signs in the row before. In others zeros of both signs, which are equal,
 * and in some of them a logit above, at columns that differ by the row. */
static enum tmk_status write_nan(const struct tmk_backend_ops *ops, struct tmk_exec *exec, const struct tmk_plan *plan,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_sample *o = &plan->ops[0].u.sample;
  const double nan_value = (double)NAN, infinities[2] = {-(double)INFINITY, (double)INFINITY};
  TMK_TRY(ops->write(exec, o->logits, o->rows * o->vocab - 1, 1, &nan_value, err));
  if (o->rows > 1) TMK_TRY(ops->write(exec, o->logits, (o->rows - 1) * o->vocab - 2, 2, infinities, err));
  for (int64_t row = 0; row < o->rows - 2; row++) {
    const double minus_zero = -0.0, zero = 0, one = 1;
    TMK_TRY(ops->write(exec, o->logits, row * o->vocab + row, 1, &minus_zero, err));
    TMK_TRY(ops->write(exec, o->logits, row * o->vocab + 200 + row, 1, &zero, err));
    if (row >= 4) TMK_TRY(ops->write(exec, o->logits, row * o->vocab + 301 + row, 1, &one, err));
  }
out:
  return status;
}

enum tmk_status tmk_verify_case_operands(void *context, const struct tmk_backend_ops *ops, struct tmk_exec *exec,
                                         const struct tmk_plan *plan, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_verify_case *c = context;
  for (int i = 0; i < plan->op_count && c->group == TMK_OP_ATTENTION; i++) {
    const struct tmk_op_attention *o = &plan->ops[i].u.attention;
    TMK_TRY(write_cache(ops, exec, plan, o, o->k_cache, err));
    TMK_TRY(write_cache(ops, exec, plan, o, o->v_cache, err));
  }
  if (c->with_nan) TMK_TRY(write_nan(ops, exec, plan, err));
out:
  return status;
}

/* ---- run ---- */

/* Keeps the first failure, with the operation it is of. */
static void keep_failure(void *context, const struct tmk_plan *plan, const struct tmk_verify_op *op)
{
  struct tmk_verify_case_result *result = context;
  char text[88] = "";
  if (op->passed || result->detail[0]) return;
  if (plan->op_count > 1) tmk_op_describe(&plan->ops[op->op], text, sizeof text);
  snprintf(result->detail, sizeof result->detail, "%s%s%s", text, text[0] ? ": " : "", op->detail);
}

/* Whether the device can't run the case; then why is in result->detail. */
static bool is_skipped(const struct tmk_backend_ops *ops, struct tmk_backend *backend,
                       const struct tmk_device_info *info, const struct tmk_plan *plan, const struct tmk_verify_case *c,
                       struct tmk_verify_case_result *result)
{
  if (c->weight_dtype && info->math_dtype[c->weight_dtype] == TMK_DTYPE_NONE) {
    snprintf(result->detail, sizeof result->detail, "no %s weights on this device", tmk_dtype_name(c->weight_dtype));
    return true;
  }
  if (c->kv_dtype && !info->kv_dtype[c->kv_dtype]) {
    snprintf(result->detail, sizeof result->detail, "no %s cache on this device", tmk_dtype_name(c->kv_dtype));
    return true;
  }
  for (int i = 0; i < plan->op_count; i++) {
    if (!ops->supports(backend, plan, &plan->ops[i], result->detail, sizeof result->detail)) return true;
  }
  result->detail[0] = '\0';
  return false;
}

static enum tmk_status replay(const struct tmk_backend_ops *ops, struct tmk_exec *exec, const struct tmk_plan *plan,
                              struct tmk_verify_case_result *result, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_verify_outputs outputs = {0};
  TMK_TRY(tmk_verify_capture(ops, exec, plan, &outputs, err));
  TMK_TRY(tmk_verify_replay(ops, exec, plan, &outputs, &result->verify, err));
  if (!result->verify.replay_matched && !result->detail[0]) {
    snprintf(result->detail, sizeof result->detail, "the pass run as a whole gives other logits or tokens");
  }
out:
  tmk_verify_outputs_free(&outputs);
  return status;
}

enum tmk_status tmk_verify_case_run(const struct tmk_backend_ops *ops, struct tmk_backend *backend,
                                    const struct tmk_device_info *info, const struct tmk_verify_case *c, uint64_t seed,
                                    struct tmk_verify_case_result *result, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_plan *plan = NULL;
  struct tmk_exec *exec = NULL;
  struct tmk_verify_case copy = *c;
  const struct tmk_verify_settings settings = {.elements_per_op = INT64_MAX,
                                               .seed = seed,
                                               .write_operands = tmk_verify_case_operands,
                                               .write_operands_context = &copy};
  *result = (struct tmk_verify_case_result){0};
  TMK_TRY(tmk_verify_case_plan(c, info->act_dtype, seed, &plan, err));
  if (is_skipped(ops, backend, info, plan, c, result)) {
    result->skipped = true;
    goto out;
  }
  TMK_TRY(ops->prepare(backend, plan, &exec, err));
  TMK_TRY(tmk_verify_exec(ops, backend, exec, plan, &settings, keep_failure, result, &result->verify, err));
  if (c->group == TMK_VERIFY_GROUP_MODEL) TMK_TRY(replay(ops, exec, plan, result, err));
  result->passed = result->verify.ops_checked > 0 && result->verify.ops_failed == 0 &&
                   (c->group != TMK_VERIFY_GROUP_MODEL || result->verify.replay_matched);
out:
  if (exec) ops->release(exec);
  tmk_plan_destroy(plan);
  if (ops->trim && backend) ops->trim(backend);
  return status;
}
