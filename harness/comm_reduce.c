/* comm_reduce.c: see comm_reduce.h. Buffers are aligned to their elements. */
#include "comm_reduce.h"

#include <assert.h>

bool tmk_reduce_takes(enum tmk_dtype dtype)
{
  return dtype == TMK_DTYPE_F64 || dtype == TMK_DTYPE_F32 || dtype == TMK_DTYPE_BF16 || dtype == TMK_DTYPE_F16 ||
         dtype == TMK_DTYPE_I32;
}

int tmk_comm_element_bytes(enum tmk_dtype dtype)
{
  const struct tmk_dtype_row *row = tmk_dtype_get(dtype);
  return row->block_elements > 0 || row->bits % 8 != 0 ? 0 : row->bits / 8;
}

static void add_f64(double *restrict sum, const double *restrict add, int64_t count)
{
  for (int64_t i = 0; i < count; i++) sum[i] += add[i];
}

static void add_f32(float *restrict sum, const float *restrict add, int64_t count)
{
  for (int64_t i = 0; i < count; i++) sum[i] += add[i];
}

static void add_bf16(uint16_t *restrict sum, const uint16_t *restrict add, int64_t count)
{
  for (int64_t i = 0; i < count; i++) sum[i] = tmk_f32_to_bf16(tmk_bf16_to_f32(sum[i]) + tmk_bf16_to_f32(add[i]));
}

static void add_f16(uint16_t *restrict sum, const uint16_t *restrict add, int64_t count)
{
  for (int64_t i = 0; i < count; i++) sum[i] = tmk_f32_to_f16(tmk_f16_to_f32(sum[i]) + tmk_f16_to_f32(add[i]));
}

/* Unsigned: it wraps, as on a device. */
static void add_i32(uint32_t *restrict sum, const uint32_t *restrict add, int64_t count)
{
  for (int64_t i = 0; i < count; i++) sum[i] += add[i];
}

void tmk_reduce_add(enum tmk_dtype dtype, void *sum, const void *add, int64_t count)
{
  assert(tmk_reduce_takes(dtype));
  switch (dtype) {
  case TMK_DTYPE_F64: add_f64(sum, add, count); break;
  case TMK_DTYPE_F32: add_f32(sum, add, count); break;
  case TMK_DTYPE_BF16: add_bf16(sum, add, count); break;
  case TMK_DTYPE_F16: add_f16(sum, add, count); break;
  case TMK_DTYPE_I32: add_i32(sum, add, count); break;
  default: break;
  }
}
