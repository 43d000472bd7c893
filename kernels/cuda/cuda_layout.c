/* cuda_layout.c: see cuda_layout.h. */
#include "cuda_layout.h"

#include <math.h>

#include "cuda_narrow.h"
#include "tokmark/fill.h"
#include "tokmark/quantise.h"

int64_t tmk_cuda_size_mul(int64_t a, int64_t b)
{
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

int64_t tmk_cuda_size_add(int64_t a, int64_t b)
{
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t tmk_cuda_round_up(int64_t value, int64_t multiple)
{
  return value > INT64_MAX - multiple ? INT64_MAX : (value + multiple - 1) / multiple * multiple;
}

static bool build_cache(const struct tmk_tensor *t, struct tmk_cuda_view *view)
{
  if (t->rank != 4 || (t->dtype != TMK_DTYPE_BF16 && t->dtype != TMK_DTYPE_F8E4M3)) return false;
  view->layout = TMK_CUDA_CACHE;
  view->sequences = t->dims[0];
  view->positions = t->dims[1];
  view->heads = t->dims[2];
  view->head_dim = t->dims[3];
  view->pages_per_sequence = (view->positions + TMK_CUDA_PAGE_TOKENS - 1) / TMK_CUDA_PAGE_TOKENS;
  const int64_t pages = tmk_cuda_size_mul(view->sequences, view->pages_per_sequence);
  const int64_t page_elements = tmk_cuda_size_mul(view->heads, view->head_dim * TMK_CUDA_PAGE_TOKENS);
  view->bytes = tmk_cuda_size_mul(tmk_cuda_size_mul(pages, page_elements), tmk_dtype_bytes(t->dtype, 1));
  return true;
}

/* A matrix of fp8 or nvfp4: cuda_narrow.h. */
static bool build_narrow(const struct tmk_tensor *t, struct tmk_cuda_view *view)
{
  const struct tmk_cuda_gemm gemm = {.m = 1, .n = t->dims[0], .k = t->dims[1], .weight_dtype = t->dtype};
  const struct tmk_cuda_narrow_matrix m = tmk_cuda_narrow_of(&gemm).weight;
  view->layout = t->dtype == TMK_DTYPE_NVFP4 ? TMK_CUDA_BLOCKS : TMK_CUDA_ROWS;
  view->rows = t->dims[0];
  view->width = t->dims[1];
  view->ld = m.k;
  view->scales = m.scales;
  view->blocks = m.blocks;
  view->scale = tmk_tensor_scale(t);
  view->bytes = m.bytes;
  return true;
}

static bool build_rows(const struct tmk_tensor *t, struct tmk_cuda_view *view)
{
  if (t->rank < 1 || (t->dtype != TMK_DTYPE_BF16 && t->dtype != TMK_DTYPE_F32)) return false;
  const int64_t element = tmk_dtype_bytes(t->dtype, 1);
  view->layout = TMK_CUDA_ROWS;
  view->width = t->dims[t->rank - 1];
  view->rows = tmk_tensor_elements(t) / view->width;
  view->ld = tmk_cuda_round_up(view->width, 16 / element);
  view->bytes = tmk_cuda_size_mul(tmk_cuda_size_mul(view->rows, view->ld), element);
  return true;
}

bool tmk_cuda_view_build(const struct tmk_tensor *tensor, struct tmk_cuda_view *view)
{
  *view = (struct tmk_cuda_view){.dtype = tensor->dtype, .scale = 1};
  if (tensor->role == TMK_ROLE_CONSTANT) return true;
  if (tensor->dtype == TMK_DTYPE_I32) {
    if (tensor->rank != 1 || tensor->role == TMK_ROLE_WEIGHT) return false;
    view->layout = TMK_CUDA_TOKENS;
    view->rows = 1;
    view->width = view->ld = tensor->dims[0];
    view->bytes = tmk_cuda_size_mul(view->ld, (int64_t)sizeof(int32_t));
    return true;
  }
  /* A cache that a single operation reads is an input of rank 4. */
  if (tensor->role == TMK_ROLE_KV_CACHE || tensor->rank == 4) return build_cache(tensor, view);
  if (tensor->role == TMK_ROLE_WEIGHT && tensor->rank == 2 && tmk_quantises_x(tensor->dtype)) {
    return build_narrow(tensor, view);
  }
  if (tensor->role == TMK_ROLE_WEIGHT && (tensor->rank > 2 || tensor->dtype != TMK_DTYPE_BF16)) return false;
  return build_rows(tensor, view);
}

/* Fisher and Yates, by the fill's own hash. */
void tmk_cuda_pages_shuffle(int32_t *pages, int64_t count, uint64_t seed)
{
  for (int64_t i = 0; i < count; i++) pages[i] = (int32_t)i;
  for (int64_t i = count - 1; i > 0; i--) {
    const int64_t j = (int64_t)(tmk_fill_mix64(seed + (uint64_t)i * 0x9e3779b97f4a7c15ull) % (uint64_t)(i + 1));
    const int32_t swapped = pages[i];
    pages[i] = pages[j];
    pages[j] = swapped;
  }
}

void tmk_cuda_cos_sin_fill(const double *inv_freq, int64_t rotary_dim, double scale, int64_t first, int64_t count,
                           float *out)
{
  for (int64_t p = 0; p < count; p++) {
    for (int64_t i = 0; i < rotary_dim / 2; i++) {
      const double angle = (double)(first + p) * inv_freq[i];
      *out++ = (float)(scale * cos(angle));
      *out++ = (float)(scale * sin(angle));
    }
  }
}
