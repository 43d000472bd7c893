/* tensor.c: sizes, global indices and contents of a plan's tensors (include/tokmark/plan.h, include/tokmark/fill.h). */
#include <math.h>
#include <string.h>

#include "tokmark/fill.h"
#include "tokmark/plan.h"
#include "tokmark/quantise.h"

/* Values made in one go: a multiple of every block. */
#define CHUNK 1024

int64_t tmk_tensor_elements(const struct tmk_tensor *tensor)
{
  int64_t elements = 1;
  for (int i = 0; i < tensor->rank; i++) {
    if (__builtin_mul_overflow(elements, tensor->dims[i], &elements)) return INT64_MAX;
  }
  return elements;
}

int64_t tmk_tensor_bytes(const struct tmk_tensor *tensor)
{
  const int64_t elements = tmk_tensor_elements(tensor);
  return elements == INT64_MAX ? INT64_MAX : tmk_dtype_bytes(tensor->dtype, elements);
}

static int64_t rows_left_out(const struct tmk_tensor *tensor, int64_t row)
{
  int64_t rows = 0;
  for (int i = 0; i < TMK_MAX_GAPS; i++) {
    if (row >= tensor->gaps[i].at) rows += tensor->gaps[i].rows;
  }
  return rows;
}

uint64_t tmk_tensor_global_index(const struct tmk_tensor *tensor, int64_t index)
{
  uint64_t global = 0, stride = 1;
  for (int i = tensor->rank - 1; i >= 0; i--) {
    int64_t place = index % tensor->dims[i];
    index /= tensor->dims[i];
    if (i == 0) place += rows_left_out(tensor, place);
    global += (uint64_t)(tensor->origin[i] + place) * stride;
    stride *= (uint64_t)tensor->global_dims[i];
  }
  return global;
}

int64_t tmk_tensor_rows_together(const struct tmk_tensor *tensor, int64_t row, int64_t rows)
{
  for (int i = 0; i < TMK_MAX_GAPS; i++) {
    const int64_t left = tensor->gaps[i].at - row;
    if (tensor->gaps[i].rows != 0 && left > 0 && left < rows) rows = left;
  }
  return rows;
}

void tmk_tensor_take_rows(struct tmk_tensor *tensor, int64_t first, int64_t count)
{
  tensor->dims[0] = count;
  tensor->origin[0] += first;
  for (int i = 0; i < TMK_MAX_GAPS; i++) tensor->gaps[i].at -= first; /* below 0: before the first row, and it still counts */
}

bool tmk_tensor_same_contents(const struct tmk_tensor *a, const struct tmk_tensor *b)
{
  if (a->id != b->id || a->dtype != b->dtype || a->rank != b->rank) return false;
  if (memcmp(&a->fill_offset, &b->fill_offset, sizeof(float)) != 0) return false;
  if (memcmp(&a->fill_scale, &b->fill_scale, sizeof(float)) != 0) return false;
  for (int i = 0; i < a->rank; i++) {
    if (a->dims[i] != b->dims[i] || a->origin[i] != b->origin[i] || a->global_dims[i] != b->global_dims[i])
      return false;
  }
  for (int i = 0; i < TMK_MAX_GAPS; i++) {
    if (a->gaps[i].at != b->gaps[i].at || a->gaps[i].rows != b->gaps[i].rows) return false;
  }
  return true;
}

/* Values of `count` neighbours from global index `index` on, none of which changes its upper 32 bits: with the upper half's
 * mix taken out of the loop, the loop vectorises. The same bits as tmk_fill_bits(). */
static void fill_run(const struct tmk_tensor *tensor, struct tmk_fill_key key, uint64_t index, int64_t count,
                     float *values)
{
  const uint32_t upper = tmk_fill_mix32((uint32_t)(index >> 32) ^ key.high);
  const uint32_t low = (uint32_t)index;
  if (tensor->dtype == TMK_DTYPE_I32) {
    for (int64_t i = 0; i < count; i++) {
      const uint32_t bits = tmk_fill_mix32(tmk_fill_mix32((low + (uint32_t)i) ^ key.low) + upper);
      values[i] = (float)tmk_fill_token(bits, (uint32_t)tensor->fill_vocab);
    }
    return;
  }
  const float offset = tensor->fill_offset, step = tensor->fill_scale * 0x1p-23f;
  for (int64_t i = 0; i < count; i++) {
    const uint32_t bits = tmk_fill_mix32(tmk_fill_mix32((low + (uint32_t)i) ^ key.low) + upper);
    values[i] = tmk_fill_value(bits, offset, step);
  }
}

void tmk_tensor_fill(const struct tmk_tensor *tensor, uint64_t seed, int64_t first, int64_t count, float *values)
{
  const struct tmk_fill_key key = tmk_fill_key(seed, tensor->id);
  const int64_t width = tensor->rank ? tensor->dims[tensor->rank - 1] : 1;
  while (count > 0) {
    const uint64_t index = tmk_tensor_global_index(tensor, first);
    int64_t to_row_end = width - first % width;
    if (tensor->rank == 1) to_row_end = tmk_tensor_rows_together(tensor, first, to_row_end);
    const int64_t to_wrap = ((int64_t)1 << 32) - (int64_t)(uint32_t)index;
    int64_t run = to_row_end < count ? to_row_end : count;
    if (to_wrap < run) run = to_wrap;
    fill_run(tensor, key, index, run, values);
    first += run;
    values += run;
    count -= run;
  }
}

float tmk_tensor_scale(const struct tmk_tensor *tensor)
{
  if (tensor->role != TMK_ROLE_WEIGHT) return 1;
  return tmk_quantise_scale(tensor->dtype, fabsf(tensor->fill_offset) + tensor->fill_scale);
}

/* Runs that stay in one row and begin and end with a block. */
void tmk_tensor_values(const struct tmk_tensor *tensor, uint64_t seed, int64_t first, int64_t count, double *values)
{
  const int64_t width = tensor->rank ? tensor->dims[tensor->rank - 1] : 1;
  const int block_elements = tmk_dtype_get(tensor->dtype)->block_elements;
  const int64_t block = block_elements ? block_elements : 1;
  const float scale = tmk_tensor_scale(tensor);
  float filled[CHUNK];
  double rounded[CHUNK];
  while (count > 0) {
    const int64_t column = first % width, lead = column % block, row_left = width - column + lead;
    const int64_t wanted = count < CHUNK ? (lead + count + block - 1) / block * block : CHUNK;
    int64_t run = wanted < row_left ? wanted : row_left;
    if (run > CHUNK) run = CHUNK;
    const int64_t part = run - lead < count ? run - lead : count;
    tmk_tensor_fill(tensor, seed, first - lead, run, filled);
    tmk_quantise_row(tensor->dtype, scale, run, filled, rounded);
    memcpy(values, rounded + lead, (size_t)part * sizeof *values);
    first += part;
    values += part;
    count -= part;
  }
}
