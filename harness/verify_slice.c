/* verify_slice.c: which part of an operation is checked, and how that is an operation by itself. Traffic with the device and
 * the run on the references are in verify_slice_io.c. */
#include "verify_slice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tokmark/fill.h"

/* Columns of a weight that are checked together, at least (two vectors of the widest kind), and how many such blocks at most. */
#define COLUMN_BLOCK 32
#define BLOCKS_MAX   8
/* Rows of a GEMM are cheap next to filling its weights, so a slice takes up to these many. */
#define GEMM_ROWS 16
/* A column costs its fill however few the rows: as much as so many rows. */
#define ROWS_PAID 4
/* A slice of attention multiplies at most about this often, whatever the context; at least one head of one row. */
#define ATTENTION_PRODUCTS ((int64_t)1 << 22)
#define SAMPLE_ROWS        8

static int64_t min_int64(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

static int64_t max_int64(int64_t a, int64_t b)
{
  return a > b ? a : b;
}

static enum tmk_status out_of_memory(struct tmk_error *err)
{
  return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for verification");
}

/* ---- choices ---- */

/* What a builder works on. */
struct builder {
  const struct tmk_verify_device *device;
  const struct tmk_op *op;
  struct tmk_verify_slices *slices;
  int64_t elements;
  uint64_t random; /* state */
  struct tmk_error *err;
};

static int64_t random_below(struct builder *b, int64_t bound)
{
  b->random += 0x9e3779b97f4a7c15ull;
  return (int64_t)(tmk_fill_mix64(b->random) % (uint64_t)bound);
}

/* Ascending numbers of rows. */
struct rows {
  int64_t *items; /* owned */
  int64_t count;
};

/* `want` of `total` rows (at least one): the last ones, half of them, and one at random from each of equal parts of the
 * others. */
static enum tmk_status pick_rows(struct builder *b, int64_t total, int64_t want, struct rows *rows)
{
  const int64_t count = min_int64(total, max_int64(want, 1)), tail = count == total ? total : (count + 1) / 2;
  rows->items = calloc((size_t)count, sizeof *rows->items);
  if (!rows->items) return out_of_memory(b->err);
  rows->count = count;
  const int64_t parts = count - tail, rest = total - tail;
  for (int64_t i = 0; i < parts; i++) {
    const int64_t begin = rest * i / parts, end = rest * (i + 1) / parts;
    rows->items[i] = begin + random_below(b, end - begin);
  }
  for (int64_t i = 0; i < tail; i++) rows->items[parts + i] = rest + i;
  return TMK_OK;
}

/* ---- building ---- */

/* *out is valid until the next slice is added. */
static enum tmk_status add_slice(struct builder *b, struct tmk_verify_slice **out)
{
  struct tmk_verify_slices *slices = b->slices;
  if (slices->count == slices->capacity) {
    const int capacity = slices->capacity ? 2 * slices->capacity : 8;
    struct tmk_verify_slice *items = realloc(slices->items, (size_t)capacity * sizeof *items);
    if (!items) return out_of_memory(b->err);
    slices->items = items;
    slices->capacity = capacity;
  }
  *out = &slices->items[slices->count++];
  memset(*out, 0, sizeof **out);
  (*out)->op = *b->op;
  return TMK_OK;
}

static enum tmk_status add_span(struct builder *b, struct tmk_verify_slice *slice, struct tmk_verify_span span)
{
  if (slice->span_count == slice->span_capacity) {
    const int capacity = slice->span_capacity ? 2 * slice->span_capacity : 16;
    struct tmk_verify_span *spans = realloc(slice->spans, (size_t)capacity * sizeof *spans);
    if (!spans) return out_of_memory(b->err);
    slice->spans = spans;
    slice->span_capacity = capacity;
  }
  span.tensor = slice->device_tensor[span.slot];
  if (span.repeat == 0) span.repeat = 1;
  slice->spans[slice->span_count++] = span;
  return TMK_OK;
}

/* A slot for (part of) a tensor of the plan, at first as the whole tensor is. */
static struct tmk_tensor *add_slot(struct builder *b, struct tmk_verify_slice *slice, int tensor,
                                   enum tmk_access access, int *slot)
{
  *slot = slice->tensor_count++;
  slice->device_tensor[*slot] = tensor;
  slice->access[*slot] = access;
  slice->tensors[*slot] = b->device->plan->tensors[tensor];
  return &slice->tensors[*slot];
}

/* An operand that the device computed or was given, of these dimensions in the slice. */
static enum tmk_status add_values(struct builder *b, struct tmk_verify_slice *slice, int tensor, enum tmk_access access,
                                  int rank, const int64_t dims[TMK_MAX_DIMS], int *slot)
{
  struct tmk_tensor *t = add_slot(b, slice, tensor, access, slot);
  t->role = TMK_ROLE_ACTIVATION; /* poisoned by reset(), so a value that is missed shows */
  t->rank = rank;
  for (int i = 0; i < rank; i++) {
    t->dims[i] = t->global_dims[i] = dims[i];
    t->origin[i] = 0;
  }
  const int64_t count = tmk_tensor_elements(t);
  slice->before[*slot] = malloc((size_t)max_int64(count, 1) * sizeof(double));
  slice->got[*slot] = malloc((size_t)max_int64(count, 1) * sizeof(double));
  if (!slice->before[*slot] || !slice->got[*slot]) return out_of_memory(b->err);
  for (int64_t i = 0; i < count; i++) slice->before[*slot][i] = slice->got[*slot][i] = (double)NAN;
  return TMK_OK;
}

static enum tmk_status add_matrix(struct builder *b, struct tmk_verify_slice *slice, int tensor, enum tmk_access access,
                                  int64_t rows, int64_t cols, int *slot)
{
  const int64_t dims[TMK_MAX_DIMS] = {rows, cols};
  return add_values(b, slice, tensor, access, 2, dims, slot);
}

/* Rows `first_row` … of a weight ([rows] or [rows, cols]); all of it with count < 0. TMK_TENSOR_NONE stays so. */
static void add_weight(struct builder *b, struct tmk_verify_slice *slice, int tensor, int64_t first_row, int64_t count,
                       int *slot)
{
  *slot = TMK_TENSOR_NONE;
  if (tensor == TMK_TENSOR_NONE) return;
  struct tmk_tensor *t = add_slot(b, slice, tensor, TMK_ACCESS_IN, slot);
  if (count < 0) return;
  tmk_tensor_take_rows(t, first_row, count);
}

/* Matrix row `slot_row` of the slot is `cols` elements from `first` on of the device's tensor. */
static enum tmk_status add_row(struct builder *b, struct tmk_verify_slice *slice, int slot, int64_t slot_row,
                               int64_t cols, int64_t first)
{
  return add_span(b, slice,
                  (struct tmk_verify_span){.slot = slot, .slot_first = slot_row * cols, .first = first, .count = cols});
}

/* ---- one builder a kind of operation ---- */

/* A row is a slice: its token picks the one row of the weight that is filled. */
static enum tmk_status build_embed(struct builder *b)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_embed *o = &b->op->u.embed;
  struct rows rows = {0};
  TMK_TRY(pick_rows(b, o->rows, max_int64(2, b->elements / o->hidden), &rows));
  for (int64_t i = 0; i < rows.count; i++) {
    double token;
    TMK_TRY(b->device->ops->read(b->device->exec, o->tokens, o->token_first + rows.items[i], 1, &token, b->err));
    const bool valid = token >= 0 && token < (double)o->vocab;
    struct tmk_verify_slice *slice;
    TMK_TRY(add_slice(b, &slice));
    struct tmk_op_embed *part = &slice->op.u.embed;
    part->rows = part->vocab = 1;
    part->token_first = 0;
    const int64_t one[TMK_MAX_DIMS] = {1};
    TMK_TRY(add_values(b, slice, o->tokens, TMK_ACCESS_IN, 1, one, &part->tokens));
    slice->before[part->tokens][0] = valid ? 0.0 : -1.0; /* no such token: the reference gives NaN, and that fails */
    add_weight(b, slice, o->weight, valid ? (int64_t)token : 0, 1, &part->weight);
    TMK_TRY(add_matrix(b, slice, o->x, TMK_ACCESS_OUT, 1, o->hidden, &part->x));
    TMK_TRY(add_row(b, slice, part->x, 0, o->hidden, rows.items[i] * o->hidden));
  }
out:
  free(rows.items);
  return status;
}

static enum tmk_status build_rmsnorm(struct builder *b)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_rmsnorm *o = &b->op->u.rmsnorm;
  const enum tmk_access residual_access = o->write_residual ? TMK_ACCESS_INOUT : TMK_ACCESS_IN;
  struct rows rows = {0};
  struct tmk_verify_slice *slice;
  TMK_TRY(pick_rows(b, o->rows, max_int64(2, b->elements / o->hidden), &rows));
  TMK_TRY(add_slice(b, &slice));
  struct tmk_op_rmsnorm *part = &slice->op.u.rmsnorm;
  part->rows = rows.count;
  part->row_group = 1; /* only the last rows of the groups are in the slice */
  TMK_TRY(add_matrix(b, slice, o->residual, residual_access, rows.count, o->hidden, &part->residual));
  if (o->delta != TMK_TENSOR_NONE) {
    TMK_TRY(add_matrix(b, slice, o->delta, TMK_ACCESS_IN, rows.count, o->hidden, &part->delta));
  }
  add_weight(b, slice, o->weight, 0, -1, &part->weight);
  TMK_TRY(add_matrix(b, slice, o->y, TMK_ACCESS_OUT, rows.count, o->hidden, &part->y));
  for (int64_t i = 0; i < rows.count; i++) {
    const int64_t first = ((rows.items[i] + 1) * o->row_group - 1) * o->hidden;
    TMK_TRY(add_row(b, slice, part->residual, i, o->hidden, first));
    if (o->delta != TMK_TENSOR_NONE) TMK_TRY(add_row(b, slice, part->delta, i, o->hidden, first));
    TMK_TRY(add_row(b, slice, part->y, i, o->hidden, rows.items[i] * o->hidden));
  }
out:
  free(rows.items);
  return status;
}

/* Some rows × one block of columns. */
static enum tmk_status add_gemm_block(struct builder *b, const struct rows *rows, int64_t column, int64_t width)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_gemm *o = &b->op->u.gemm;
  struct tmk_verify_slice *slice;
  TMK_TRY(add_slice(b, &slice));
  struct tmk_op_gemm *part = &slice->op.u.gemm;
  part->m = rows->count;
  part->n = width;
  TMK_TRY(add_matrix(b, slice, o->x, TMK_ACCESS_IN, rows->count, o->k, &part->x));
  add_weight(b, slice, o->weight, column, width, &part->weight);
  add_weight(b, slice, o->bias, column, width, &part->bias);
  TMK_TRY(add_matrix(b, slice, o->y, TMK_ACCESS_OUT, rows->count, width, &part->y));
  for (int64_t i = 0; i < rows->count; i++) {
    TMK_TRY(add_row(b, slice, part->x, i, o->k, rows->items[i] * o->k));
    TMK_TRY(add_row(b, slice, part->y, i, width, rows->items[i] * o->n + column));
  }
out:
  return status;
}

static enum tmk_status build_gemm(struct builder *b)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_gemm *o = &b->op->u.gemm;
  const bool all = o->m <= b->elements / o->n;
  struct rows rows = {0};
  TMK_TRY(pick_rows(b, o->m, all ? o->m : GEMM_ROWS, &rows));
  const int64_t columns =
      all ? o->n : min_int64(o->n, max_int64(b->elements / max_int64(rows.count, ROWS_PAID), COLUMN_BLOCK));
  const int64_t blocks = columns == o->n ? 1 : min_int64(BLOCKS_MAX, columns / COLUMN_BLOCK), width = columns / blocks;
  for (int64_t i = 0; i + 1 < blocks; i++) {
    const int64_t begin = (o->n - width) * i / blocks, end = (o->n - width) * (i + 1) / blocks;
    TMK_TRY(add_gemm_block(b, &rows, begin + random_below(b, max_int64(end - begin, 1)), width));
  }
  TMK_TRY(add_gemm_block(b, &rows, o->n - width, width));
out:
  free(rows.items);
  return status;
}

/* One row. It stands at position 1 of a cache of two, with frequencies times its own position: 1 · (pos · f) is the very
 * product that the operation is defined by, and no cache of pos + 1 rows is needed. Position 0 has no angle at all. */
static enum tmk_status add_rope_row(struct builder *b, int64_t row)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_rope_kv *o = &b->op->u.rope_kv;
  const int64_t d = o->head_dim, in = (o->heads_q + 2 * o->heads_kv) * d, q = o->heads_q * d, kv = o->heads_kv * d;
  const int64_t position = o->past + row % o->q_len, past = position > 0 ? 1 : 0, half = o->rotary_dim / 2;
  const struct tmk_tensor *tensors = b->device->plan->tensors;
  struct tmk_verify_slice *slice;
  TMK_TRY(add_slice(b, &slice));
  struct tmk_op_rope_kv *part = &slice->op.u.rope_kv;
  part->seqs = part->q_len = 1;
  part->seq_first = 0;
  part->past = past;
  TMK_TRY(add_matrix(b, slice, o->qkv, TMK_ACCESS_IN, 1, in, &part->qkv));
  TMK_TRY(add_row(b, slice, part->qkv, 0, in, row * in));
  slice->constant = malloc((size_t)max_int64(half, 1) * sizeof *slice->constant);
  if (!slice->constant) return out_of_memory(b->err);
  for (int64_t i = 0; i < half; i++) slice->constant[i] = (double)position * tensors[o->inv_freq].constant[i];
  add_weight(b, slice, o->inv_freq, 0, -1, &part->inv_freq);
  slice->tensors[part->inv_freq].constant = slice->constant;
  slice->tensors[part->inv_freq].dims[0] = slice->tensors[part->inv_freq].global_dims[0] = half;
  add_weight(b, slice, o->q_norm, 0, -1, &part->q_norm);
  add_weight(b, slice, o->k_norm, 0, -1, &part->k_norm);
  TMK_TRY(add_matrix(b, slice, o->q, TMK_ACCESS_OUT, 1, q, &part->q));
  TMK_TRY(add_row(b, slice, part->q, 0, q, row * q));
  const int caches[2] = {o->k_cache, o->v_cache};
  int *const slots[2] = {&part->k_cache, &part->v_cache};
  for (int i = 0; i < 2; i++) {
    const int64_t dims[TMK_MAX_DIMS] = {1, past + 1, o->heads_kv, d};
    const int64_t device_row = (o->seq_first + row / o->q_len) * tensors[caches[i]].dims[1] + position;
    TMK_TRY(add_values(b, slice, caches[i], TMK_ACCESS_OUT, 4, dims, slots[i]));
    TMK_TRY(add_row(b, slice, *slots[i], past, kv, device_row * kv));
  }
out:
  return status;
}

static enum tmk_status build_rope_kv(struct builder *b)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_rope_kv *o = &b->op->u.rope_kv;
  struct rows rows = {0};
  const int64_t row_elements = (o->heads_q + 2 * o->heads_kv) * o->head_dim;
  TMK_TRY(pick_rows(b, o->seqs * o->q_len, max_int64(2, b->elements / row_elements), &rows));
  for (int64_t i = 0; i < rows.count; i++) TMK_TRY(add_rope_row(b, rows.items[i]));
out:
  free(rows.items);
  return status;
}

/* `heads` query heads of one KV head, or all heads, of neighbouring query rows of one sequence. */
struct attention_part {
  int64_t seq, row, rows; /* seq counts from seq_first, row within the sequence */
  int64_t head_q, heads_q, head_kv, heads_kv;
};

/* Keys before the first that any of its rows sees are left out, and positions count from there: attention knows distances
 * only. */
static enum tmk_status add_attention(struct builder *b, const struct attention_part *p)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_attention *o = &b->op->u.attention;
  const struct tmk_tensor *tensors = b->device->plan->tensors;
  const int64_t d = o->head_dim, past = o->past + p->row;
  const int64_t first_key = o->window > 0 ? max_int64(0, past - o->window + 1) : 0, keys = past + p->rows - first_key;
  struct tmk_verify_slice *slice;
  TMK_TRY(add_slice(b, &slice));
  struct tmk_op_attention *part = &slice->op.u.attention;
  part->seqs = 1;
  part->seq_first = 0;
  part->q_len = p->rows;
  part->past = past - first_key;
  part->heads_q = p->heads_q;
  part->heads_kv = p->heads_kv;
  TMK_TRY(add_matrix(b, slice, o->q, TMK_ACCESS_IN, p->rows, p->heads_q * d, &part->q));
  const int caches[2] = {o->k_cache, o->v_cache};
  int *const slots[2] = {&part->k_cache, &part->v_cache};
  for (int i = 0; i < 2; i++) {
    const int64_t dims[TMK_MAX_DIMS] = {1, keys, p->heads_kv, d};
    const int64_t device_row = (o->seq_first + p->seq) * tensors[caches[i]].dims[1] + first_key;
    TMK_TRY(add_values(b, slice, caches[i], TMK_ACCESS_IN, 4, dims, slots[i]));
    TMK_TRY(add_span(b, slice,
                     (struct tmk_verify_span){.slot = *slots[i],
                                              .slot_stride = p->heads_kv * d,
                                              .first = (device_row * o->heads_kv + p->head_kv) * d,
                                              .stride = o->heads_kv * d,
                                              .count = p->heads_kv * d,
                                              .repeat = keys}));
  }
  TMK_TRY(add_matrix(b, slice, o->out, TMK_ACCESS_OUT, p->rows, p->heads_q * d, &part->out));
  for (int64_t i = 0; i < p->rows; i++) {
    const int64_t first = ((p->seq * o->q_len + p->row + i) * o->heads_q + p->head_q) * d;
    TMK_TRY(add_row(b, slice, part->q, i, p->heads_q * d, first));
    TMK_TRY(add_row(b, slice, part->out, i, p->heads_q * d, first));
  }
out:
  return status;
}

static enum tmk_status build_attention_whole(struct builder *b)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_attention *o = &b->op->u.attention;
  for (int64_t seq = 0; seq < o->seqs; seq++) {
    TMK_TRY(add_attention(
        b, &(struct attention_part){.seq = seq, .rows = o->q_len, .heads_q = o->heads_q, .heads_kv = o->heads_kv}));
  }
out:
  return status;
}

/* Pairs of (query row, KV head): the last row with the last head, others at random. */
static enum tmk_status build_attention(struct builder *b)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_attention *o = &b->op->u.attention;
  const int64_t group = o->heads_q / o->heads_kv, rows = o->seqs * o->q_len;
  if (rows <= b->elements / (o->heads_q * o->head_dim)) return build_attention_whole(b);
  const int64_t all_keys = o->past + o->q_len, keys = o->window > 0 ? min_int64(all_keys, o->window) : all_keys;
  const int64_t heads = max_int64(1, min_int64(group, ATTENTION_PRODUCTS / (2 * keys * o->head_dim)));
  const int64_t pairs = max_int64(2, b->elements / (heads * o->head_dim));
  for (int64_t i = 0; i < pairs; i++) {
    const bool last = i == 0;
    const int64_t row = last ? rows - 1 : random_below(b, rows);
    const int64_t head_kv = last ? o->heads_kv - 1 : random_below(b, o->heads_kv);
    const int64_t skip = last ? group - heads : random_below(b, group - heads + 1);
    TMK_TRY(add_attention(b, &(struct attention_part){.seq = row / o->q_len,
                                                      .row = row % o->q_len,
                                                      .rows = 1,
                                                      .head_q = head_kv * group + skip,
                                                      .heads_q = heads,
                                                      .head_kv = head_kv,
                                                      .heads_kv = 1}));
  }
out:
  return status;
}

static enum tmk_status build_swiglu(struct builder *b)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_swiglu *o = &b->op->u.swiglu;
  struct rows rows = {0};
  struct tmk_verify_slice *slice;
  TMK_TRY(pick_rows(b, o->rows, max_int64(2, b->elements / o->inner), &rows));
  TMK_TRY(add_slice(b, &slice));
  struct tmk_op_swiglu *part = &slice->op.u.swiglu;
  part->rows = rows.count;
  TMK_TRY(add_matrix(b, slice, o->gate_up, TMK_ACCESS_IN, rows.count, 2 * o->inner, &part->gate_up));
  TMK_TRY(add_matrix(b, slice, o->y, TMK_ACCESS_OUT, rows.count, o->inner, &part->y));
  for (int64_t i = 0; i < rows.count; i++) {
    TMK_TRY(add_row(b, slice, part->gate_up, i, 2 * o->inner, rows.items[i] * 2 * o->inner));
    TMK_TRY(add_row(b, slice, part->y, i, o->inner, rows.items[i] * o->inner));
  }
out:
  free(rows.items);
  return status;
}

/* Comparing is cheap, but every row has a whole vocabulary to read. */
static enum tmk_status build_sample(struct builder *b)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_sample *o = &b->op->u.sample;
  struct rows rows = {0};
  struct tmk_verify_slice *slice;
  TMK_TRY(pick_rows(b, o->rows, max_int64(SAMPLE_ROWS, b->elements / o->vocab), &rows));
  TMK_TRY(add_slice(b, &slice));
  struct tmk_op_sample *part = &slice->op.u.sample;
  part->rows = rows.count;
  part->token_first = 0;
  const int64_t dims[TMK_MAX_DIMS] = {rows.count};
  TMK_TRY(add_matrix(b, slice, o->logits, TMK_ACCESS_IN, rows.count, o->vocab, &part->logits));
  TMK_TRY(add_values(b, slice, o->tokens, TMK_ACCESS_OUT, 1, dims, &part->tokens));
  for (int64_t i = 0; i < rows.count; i++) {
    TMK_TRY(add_row(b, slice, part->logits, i, o->vocab, rows.items[i] * o->vocab));
    TMK_TRY(add_row(b, slice, part->tokens, i, 1, o->token_first + rows.items[i]));
  }
out:
  free(rows.items);
  return status;
}

/* ---- exported ---- */

enum tmk_status tmk_verify_slices_build(const struct tmk_verify_device *device, int op, int64_t elements, uint64_t seed,
                                        struct tmk_verify_slices *out, struct tmk_error *err)
{
  static enum tmk_status (*const builders[TMK_OP_KIND_COUNT])(struct builder *) = {
      [TMK_OP_EMBED] = build_embed,     [TMK_OP_RMSNORM] = build_rmsnorm,     [TMK_OP_GEMM] = build_gemm,
      [TMK_OP_ROPE_KV] = build_rope_kv, [TMK_OP_ATTENTION] = build_attention, [TMK_OP_SWIGLU] = build_swiglu,
      [TMK_OP_SAMPLE] = build_sample,
  };
  *out = (struct tmk_verify_slices){0};
  struct builder b = {.device = device,
                      .op = &device->plan->ops[op],
                      .slices = out,
                      .elements = elements,
                      .random = tmk_fill_mix64(seed ^ tmk_fill_mix64((uint64_t)op + 1)),
                      .err = err};
  if ((unsigned)b.op->kind >= TMK_OP_KIND_COUNT || !builders[b.op->kind]) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "verify: operation %d: not known", (int)b.op->kind);
  }
  const enum tmk_status status = builders[b.op->kind](&b);
  if (status != TMK_OK) tmk_verify_slices_free(out);
  return status;
}

void tmk_verify_slices_free(struct tmk_verify_slices *slices)
{
  if (!slices) return;
  for (int i = 0; i < slices->count; i++) {
    struct tmk_verify_slice *slice = &slices->items[i];
    for (int slot = 0; slot < slice->tensor_count; slot++) {
      free(slice->before[slot]);
      free(slice->got[slot]);
      free(slice->expected[slot]);
      free(slice->naive[slot]);
    }
    free(slice->spans);
    free(slice->constant);
  }
  free(slices->items);
  *slices = (struct tmk_verify_slices){0};
}
