/* cpu_layout.c: sizes and places of tensors and of their elements (cpu_layout.h). */
#include "cpu_layout.h"

#include "cpu_int.h"
#include "cpu_memory.h"

/* ---- views ---- */

/* A rounding that does not wrap: what saturated stays so. */
static int64_t round_up(int64_t value, int64_t multiple)
{
  return value > INT64_MAX - multiple ? INT64_MAX : tmk_cpu_round_up(value, multiple);
}

static void size_matrices(struct tmk_cpu_view *view)
{
  const int64_t elements = tmk_cpu_size_mul(round_up(view->n, TMK_CPU_PANEL), view->k);
  view->matrix_bytes = tmk_cpu_size_mul(elements, tmk_dtype_bytes(view->dtype, 1));
  if (tmk_quantises_rows(view->dtype)) {
    const int64_t panels = round_up(view->n, TMK_CPU_PANEL) / TMK_CPU_PANEL;
    const bool fits = view->k < INT64_MAX / (2 * TMK_CPU_PANEL);
    view->matrix_bytes = tmk_cpu_size_mul(panels, fits ? tmk_cpu_int_panel_bytes(view->dtype, view->k) : INT64_MAX);
  }
  view->bytes = tmk_cpu_size_mul(view->matrix_bytes, view->matrices);
}

static enum tmk_cpu_layout layout_of(const struct tmk_tensor *tensor)
{
  if (tensor->role == TMK_ROLE_CONSTANT) return TMK_CPU_CONSTANT;
  if (tensor->role == TMK_ROLE_WEIGHT) return tensor->rank == 1 ? TMK_CPU_VECTOR : TMK_CPU_WEIGHT;
  if (tensor->role == TMK_ROLE_KV_CACHE) return TMK_CPU_KEYS; /* until an op says that it holds values */
  return tensor->dtype == TMK_DTYPE_I32 ? TMK_CPU_TOKENS : TMK_CPU_ROWS;
}

static void build_view(const struct tmk_tensor *tensor, struct tmk_cpu_view *view)
{
  const int64_t *dims = tensor->dims;
  const int64_t elements = tmk_tensor_elements(tensor);
  view->dtype = tensor->dtype;
  view->matrices = 1;
  switch (view->layout) {
  case TMK_CPU_CONSTANT: break;
  case TMK_CPU_ROWS:
    view->width = tensor->rank > 0 ? dims[tensor->rank - 1] : 1;
    view->stride = tmk_cpu_row_stride(view->width);
    view->bytes = tmk_cpu_size_mul(tmk_cpu_size_mul(elements / view->width, view->stride), (int64_t)sizeof(float));
    break;
  case TMK_CPU_TOKENS: view->bytes = tmk_cpu_size_mul(elements, (int64_t)sizeof(int32_t)); break;
  case TMK_CPU_VECTOR:
    view->dtype = TMK_DTYPE_F32;
    view->bytes = tmk_cpu_size_mul(round_up(elements, TMK_CPU_PANEL), (int64_t)sizeof(float));
    break;
  case TMK_CPU_WEIGHT:
    view->n = dims[0];
    view->k = dims[1];
    size_matrices(view);
    break;
  case TMK_CPU_KEYS:
  case TMK_CPU_VALUES:
    view->heads = dims[2];
    view->matrices = tmk_cpu_size_mul(dims[0], dims[2]);
    view->n = view->layout == TMK_CPU_KEYS ? dims[1] : dims[3];
    view->k = view->layout == TMK_CPU_KEYS ? dims[3] : dims[1];
    size_matrices(view);
    break;
  }
}

static void mark_caches(const struct tmk_plan *plan, struct tmk_cpu_view *views)
{
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_op *op = &plan->ops[i];
    if (op->kind == TMK_OP_ROPE_KV) {
      views[op->u.rope_kv.k_cache].layout = TMK_CPU_KEYS;
      views[op->u.rope_kv.v_cache].layout = TMK_CPU_VALUES;
    } else if (op->kind == TMK_OP_ATTENTION) {
      views[op->u.attention.k_cache].layout = TMK_CPU_KEYS;
      views[op->u.attention.v_cache].layout = TMK_CPU_VALUES;
    }
  }
}

void tmk_cpu_views_build(const struct tmk_plan *plan, struct tmk_cpu_view *views, int64_t *arena_bytes)
{
  for (int i = 0; i < plan->tensor_count; i++) views[i] = (struct tmk_cpu_view){.layout = layout_of(&plan->tensors[i])};
  mark_caches(plan, views);
  int64_t end = 0;
  for (int i = 0; i < plan->tensor_count; i++) {
    struct tmk_cpu_view *view = &views[i];
    build_view(&plan->tensors[i], view);
    if (view->layout == TMK_CPU_CONSTANT || plan->tensors[i].role == TMK_ROLE_WEIGHT) continue;
    view->offset = end;
    end = tmk_cpu_piece_end(end, view->bytes);
  }
  *arena_bytes = end;
}

int64_t tmk_cpu_scratch_floats(const struct tmk_plan *plan)
{
  int64_t most = 0;
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_op *op = &plan->ops[i];
    int64_t floats = 0;
    if (op->kind == TMK_OP_ROPE_KV) floats = tmk_cpu_rope_scratch(op->u.rope_kv.head_dim);
    if (op->kind == TMK_OP_ATTENTION) {
      const struct tmk_op_attention *o = &op->u.attention;
      floats = tmk_cpu_attention_scratch(o->heads_q / o->heads_kv, o->q_len, o->head_dim);
    }
    if (floats > most) most = floats;
  }
  return most;
}

/* Rounded rows, their scales, and for I4 their sums. */
static int64_t int_x_bytes(const struct tmk_op_gemm *o)
{
  const bool fits = o->k < INT64_MAX / 4;
  const int64_t row = fits ? tmk_cpu_int_x_stride(o->k) + 4 * (tmk_cpu_int_x_blocks(o->k) + 1) : INT64_MAX;
  return tmk_cpu_size_mul(o->m, row);
}

int64_t tmk_cpu_int_x_bytes(const struct tmk_plan *plan)
{
  int64_t most = 0;
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_op *op = &plan->ops[i];
    if (op->kind != TMK_OP_GEMM || !tmk_quantises_rows(plan->tensors[op->u.gemm.weight].dtype)) continue;
    const int64_t bytes = int_x_bytes(&op->u.gemm);
    if (bytes > most) most = bytes;
  }
  return most;
}

/* ---- elements ---- */

/* Elements from index `first` on that lie a fixed step apart in memory, at most `count`. */
struct run {
  int64_t place, step, count; /* in elements of the view's dtype, from its data on */
};

static struct run run_at(const struct tmk_cpu_view *view, int64_t first, int64_t count)
{
  struct run run = {.place = first, .step = 1, .count = count};
  int64_t row_length = first + count, column = first; /* VECTOR, TOKENS: one row */
  const int64_t element = tmk_dtype_bytes(view->dtype, 1);
  switch (view->layout) {
  case TMK_CPU_CONSTANT:
  case TMK_CPU_TOKENS:
  case TMK_CPU_VECTOR: break;
  case TMK_CPU_ROWS:
    row_length = view->width;
    column = first % view->width;
    run.place = first / view->width * view->stride + column;
    break;
  case TMK_CPU_WEIGHT:
    row_length = view->k;
    column = first % view->k;
    run.place = tmk_cpu_panel_offset(view->dtype, view->k, first / view->k, column);
    run.step = TMK_CPU_PANEL;
    break;
  case TMK_CPU_KEYS:
  case TMK_CPU_VALUES: {
    /* [sequences, positions, heads, dims] */
    const bool keys = view->layout == TMK_CPU_KEYS;
    const int64_t positions = keys ? view->n : view->k, dims = keys ? view->k : view->n;
    const int64_t head = first / dims % view->heads, position = first / dims / view->heads % positions;
    const int64_t sequence = first / dims / view->heads / positions;
    column = first % dims;
    const int64_t n = keys ? position : column, k = keys ? column : position;
    run.place = (sequence * view->heads + head) * (view->matrix_bytes / element) +
                tmk_cpu_panel_offset(view->dtype, view->k, n, k);
    run.step = TMK_CPU_PANEL;
    row_length = keys ? dims : column + 1; /* values: dims are columns of panels, taken one by one */
    break;
  }
  }
  if (run.count > row_length - column) run.count = row_length - column;
  return run;
}

void tmk_cpu_view_read(const struct tmk_cpu_view *view, const struct tmk_tensor *tensor, int64_t first, int64_t count,
                       double *values)
{
  if (tmk_quantises_rows(view->dtype)) {
    for (int64_t i = first; i < first + count; i++)
      values[i - first] = tmk_cpu_int_element(view->dtype, view->data, view->k, i / view->k, i % view->k);
    return;
  }
  while (count > 0) {
    const struct run run = run_at(view, first, count);
    for (int64_t i = 0; i < run.count; i++) {
      const int64_t place = run.place + i * run.step;
      if (view->layout == TMK_CPU_CONSTANT) {
        values[i] = tensor->constant[place];
      } else if (view->dtype == TMK_DTYPE_F32) {
        values[i] = (double)((const float *)(const void *)view->data)[place];
      } else if (view->dtype == TMK_DTYPE_I32) {
        values[i] = (double)((const int32_t *)(const void *)view->data)[place];
      } else {
        values[i] = (double)tmk_bf16_to_f32(((const uint16_t *)(const void *)view->data)[place]);
      }
    }
    first += run.count;
    values += run.count;
    count -= run.count;
  }
}

void tmk_cpu_view_write(const struct tmk_cpu_view *view, int64_t first, int64_t count, const double *values)
{
  while (count > 0) {
    const struct run run = run_at(view, first, count);
    for (int64_t i = 0; i < run.count; i++) {
      const int64_t place = run.place + i * run.step;
      if (view->dtype == TMK_DTYPE_F32) {
        ((float *)(void *)view->data)[place] = (float)values[i];
      } else if (view->dtype == TMK_DTYPE_I32) {
        ((int32_t *)(void *)view->data)[place] = (int32_t)values[i];
      } else {
        ((uint16_t *)(void *)view->data)[place] = tmk_f32_to_bf16((float)values[i]);
      }
    }
    first += run.count;
    values += run.count;
    count -= run.count;
  }
}
