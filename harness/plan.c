/* plan.c: (model, workload) → what the tensors and steps of a pass measure, or why there is no plan
 * (include/tokmark/plan.h). plan_tensors.c and plan_steps.c fill them in. */
#include <stdlib.h>

#include "plan_parts.h"
#include "tokmark/quantise.h"

#define BATCH_MAX     65536
#define DIMENSION_MAX ((int64_t)1 << 30)
#define VOCAB_MAX     ((int64_t)1 << 24) /* token ids are exact as floats: tmk_tensor_fill */
#define LL(value)     ((long long)(value))

static int64_t min_int64(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

static int64_t divide_up(int64_t a, int64_t b)
{
  return (a + b - 1) / b;
}

/* ---- checks ---- */

static enum tmk_status check_range(const char *what, int64_t value, int64_t min, int64_t max, struct tmk_error *err)
{
  if (value >= min && value <= max) return TMK_OK;
  return tmk_fail(err, TMK_ERR_USAGE, "%s %lld: must be %lld..%lld", what, LL(value), LL(min), LL(max));
}

/* model_config.c lets nothing else pass; a plan made by hand gets the same answer instead of an overflow. */
static enum tmk_status check_model(const struct tmk_model *m, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct {
    const char *name;
    int64_t value, max;
  } dimensions[] = {
      {"vocab_size", m->vocab_size, VOCAB_MAX},
      {"hidden_size", m->hidden_size, DIMENSION_MAX},
      {"num_hidden_layers", m->num_hidden_layers, DIMENSION_MAX},
      {"num_attention_heads", m->num_attention_heads, DIMENSION_MAX >> 10},
      {"num_key_value_heads", m->num_key_value_heads, m->num_attention_heads},
      {"head_dim", m->head_dim, DIMENSION_MAX >> 10},
      {"intermediate_size", m->intermediate_size, DIMENSION_MAX},
  };
  char reason[256];
  if (!tmk_model_is_runnable(m, reason, sizeof reason)) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "%s: %s", m->name, reason);
  }
  for (size_t i = 0; i < sizeof dimensions / sizeof dimensions[0]; i++) {
    TMK_TRY(check_range(dimensions[i].name, dimensions[i].value, 1, dimensions[i].max, err));
  }
  if (m->num_attention_heads % m->num_key_value_heads != 0) {
    return tmk_fail(err, TMK_ERR_USAGE, "num_key_value_heads %lld: must divide num_attention_heads %lld",
                    LL(m->num_key_value_heads), LL(m->num_attention_heads));
  }
  if (m->rope.rotary_dim < 2 || m->rope.rotary_dim > m->head_dim || m->rope.rotary_dim % 2 != 0) {
    return tmk_fail(err, TMK_ERR_USAGE, "rotary_dim %lld: must be even and 2..%lld", LL(m->rope.rotary_dim),
                    LL(m->head_dim));
  }
out:
  return status;
}

static bool is_float(enum tmk_dtype dtype)
{
  return dtype > TMK_DTYPE_NONE && dtype < TMK_DTYPE_COUNT && dtype != TMK_DTYPE_I8 && dtype != TMK_DTYPE_I4 &&
         dtype != TMK_DTYPE_I32;
}

static enum tmk_status check_dtype(const char *what, enum tmk_dtype dtype, struct tmk_error *err)
{
  if (is_float(dtype)) return TMK_OK;
  return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be a floating-point type", what, tmk_dtype_name(dtype));
}

/* Inputs of every projection are whole blocks of a block-scaled type. */
static enum tmk_status check_blocks(enum tmk_dtype dtype, const struct tmk_model *m, struct tmk_error *err)
{
  const int block = tmk_dtype_get(dtype)->block_elements;
  const struct {
    const char *name;
    int64_t value;
  } inputs[] = {{"hidden_size", m->hidden_size},
                {"num_attention_heads x head_dim", m->num_attention_heads * m->head_dim},
                {"intermediate_size", m->intermediate_size}};
  for (size_t i = 0; block > 0 && i < sizeof inputs / sizeof inputs[0]; i++) {
    if (inputs[i].value % block == 0) continue;
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "--dtype %s: %s has %s %lld: must be a multiple of %d",
                    tmk_dtype_name(dtype), m->name, inputs[i].name, LL(inputs[i].value), block);
  }
  return TMK_OK;
}

static enum tmk_status check_workload(const struct tmk_workload *w, const struct tmk_model *m, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(check_range("--batch", w->batch, 1, BATCH_MAX, err));
  switch (w->phase) {
  case TMK_PHASE_DECODE: TMK_TRY(check_range("--context", w->context, 0, TMK_KV_POSITIONS - 1, err)); break;
  case TMK_PHASE_PREFILL:
    TMK_TRY(check_range("--input-len", w->input_len, 1, TMK_KV_POSITIONS, err));
    TMK_TRY(check_range("--prefill-chunk", w->prefill_chunk, 1, INT64_MAX, err));
    break;
  default:
    return tmk_fail(err, TMK_ERR_USAGE, "phase %s: has no plan of its own; must be decode or prefill",
                    tmk_phase_name(w->phase));
  }
  if (w->layers_held != 0) TMK_TRY(check_range("--layers", w->layers_held, 1, m->num_hidden_layers, err));
  if (!tmk_quantises_rows(w->weight_dtype)) TMK_TRY(check_dtype("--dtype", w->weight_dtype, err));
  TMK_TRY(check_blocks(w->weight_dtype, m, err));
  TMK_TRY(check_dtype("--kv-dtype", w->kv_dtype, err));
out:
  return status;
}

/* ---- shape of the pass ---- */

static enum tmk_status shape_pass(const struct tmk_plan_args *args, const struct tmk_plan_share *share,
                                  struct tmk_plan_shape *shape, struct tmk_error *err)
{
  const struct tmk_workload *w = args->workload;
  const int64_t seqs = share->seqs, microbatch = divide_up(seqs, w->layout.microbatches);
  int64_t needed;
  if (w->phase == TMK_PHASE_DECODE) {
    *shape = (struct tmk_plan_shape){.q_len_max = 1,
                                     .prompts_per_step = microbatch,
                                     .rows_max = microbatch,
                                     .tokens = seqs,
                                     .steps = w->layout.microbatches};
    needed = w->context + 1;
  } else {
    const bool whole = w->input_len <= w->prefill_chunk;
    shape->q_len_max = whole ? w->input_len : w->prefill_chunk;
    shape->prompts_per_step = whole ? min_int64(w->prefill_chunk / w->input_len, microbatch) : 1;
    shape->rows_max = shape->prompts_per_step * shape->q_len_max;
    shape->tokens = seqs * w->input_len;
    shape->steps =
        whole ? divide_up(seqs, shape->prompts_per_step) : seqs * divide_up(w->input_len, w->prefill_chunk);
    needed = w->input_len;
  }
  shape->positions = args->kv_positions ? args->kv_positions : needed;
  shape->layers_held = w->layers_held ? w->layers_held : share->layers;
  if (shape->positions < needed || shape->positions > TMK_KV_POSITIONS) {
    return tmk_fail(err, TMK_ERR_USAGE, "KV cache of %lld positions: must be %lld..%lld", LL(shape->positions),
                    LL(needed), LL(TMK_KV_POSITIONS));
  }
  /* No overflow: batch ≤ 2^16, chunks of a prompt ≤ 2^24, layers ≤ 2^30 are multiplied only below the limit. */
  const int64_t per_step = tmk_plan_step_ops(&w->layout, share);
  if (shape->steps > TMK_PLAN_MAX_OPS / per_step) {
    return tmk_fail(err, TMK_ERR_USAGE,
                    "%lld steps of %lld operations: a pass can have %lld operations; take fewer or shorter prompts or "
                    "a larger --prefill-chunk",
                    LL(shape->steps), LL(per_step), LL(TMK_PLAN_MAX_OPS));
  }
  return TMK_OK;
}

/* ---- exported ---- */

enum tmk_status tmk_plan_create(const struct tmk_plan_args *args, struct tmk_plan **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_plan *plan = NULL;
  struct tmk_plan_share share;
  struct tmk_plan_shape shape = {0};
  struct tmk_plan_tensors tensors = {0};
  double rope_scale;
  *out = NULL;
  TMK_TRY(check_model(args->model, err));
  TMK_TRY(check_workload(args->workload, args->model, err));
  TMK_TRY(check_dtype("activation dtype", args->act_dtype, err));
  TMK_TRY(tmk_plan_share_of(args->model, args->workload, &share, err));
  TMK_TRY(shape_pass(args, &share, &shape, err));

  plan = calloc(1, sizeof *plan);
  if (plan) {
    plan->ops = calloc((size_t)(shape.steps * tmk_plan_step_ops(&args->workload->layout, &share)), sizeof *plan->ops);
    plan->steps = calloc((size_t)shape.steps, sizeof *plan->steps);
  }
  if (!plan || !plan->ops || !plan->steps) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory: plan of %lld steps", LL(shape.steps));
    goto out;
  }
  plan->model = *args->model;
  plan->workload = *args->workload;
  plan->seed = args->seed;
  plan->act_dtype = args->act_dtype;
  plan->share = share;
  plan->alone = args->alone;
  TMK_TRY(tmk_plan_tensors_build(plan, &shape, &tensors, err));
  tmk_rope_frequencies(&plan->model.rope, plan->constants, &rope_scale);
  tmk_plan_steps_build(plan, &shape, &tensors, rope_scale);
  *out = plan;
  plan = NULL;
out:
  free(tensors.layers);
  tmk_plan_destroy(plan);
  return status;
}

void tmk_plan_destroy(struct tmk_plan *plan)
{
  if (!plan) return;
  free(plan->constants);
  free(plan->steps);
  free(plan->ops);
  free(plan->tensors);
  free(plan);
}

static int64_t add_saturating(int64_t a, int64_t b)
{
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

struct tmk_plan_memory tmk_plan_memory_needed(const struct tmk_plan *plan)
{
  struct tmk_plan_memory memory = {0};
  for (int i = 0; i < plan->tensor_count; i++) {
    const struct tmk_tensor *tensor = &plan->tensors[i];
    int64_t *kind = &memory.activation_bytes;
    if (tensor->role == TMK_ROLE_WEIGHT) kind = &memory.weight_bytes;
    if (tensor->role == TMK_ROLE_KV_CACHE) kind = &memory.kv_bytes;
    *kind = add_saturating(*kind, tmk_tensor_bytes(tensor));
  }
  memory.total_bytes = add_saturating(memory.weight_bytes, add_saturating(memory.kv_bytes, memory.activation_bytes));
  return memory;
}
