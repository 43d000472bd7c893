/* dtype.c: see tokmark/dtype.h. */
#include "tokmark/dtype.h"

#include <math.h>
#include <stddef.h>

/* In the order of the enum. Block scales: NVFP4 from NVIDIA's cuDNN and TensorRT documents (16 elements, one e4m3
 * scale; the one f32 scale of a whole tensor is not counted), MXFP4 from OCP Microscaling Formats v1.0, section 5.3 (32
 * elements, one e8m0 scale). "fp8" is e4m3: inference keeps weights and cache in it, e5m2 is for gradients. */
static const struct tmk_dtype_row dtype_rows[TMK_DTYPE_COUNT] = {
    [TMK_DTYPE_NONE] = {.name = "none"},
    [TMK_DTYPE_F64] = {.name = "f64", .bits = 64, .mantissa_bits = 52},
    [TMK_DTYPE_F32] = {.name = "f32", .bits = 32, .mantissa_bits = 23},
    [TMK_DTYPE_BF16] = {.name = "bf16", .bits = 16, .mantissa_bits = 7},
    [TMK_DTYPE_F16] = {.name = "f16", .bits = 16, .mantissa_bits = 10},
    [TMK_DTYPE_F8E4M3] = {.name = "fp8", .bits = 8, .mantissa_bits = 3},
    [TMK_DTYPE_NVFP4] = {.name = "nvfp4", .bits = 4, .block_elements = 16, .block_scale_bytes = 1, .mantissa_bits = 1},
    [TMK_DTYPE_MXFP4] = {.name = "mxfp4", .bits = 4, .block_elements = 32, .block_scale_bytes = 1, .mantissa_bits = 1},
    [TMK_DTYPE_I8] = {.name = "i8", .bits = 8},
    [TMK_DTYPE_I32] = {.name = "i32", .bits = 32},
};

const struct tmk_dtype_row *tmk_dtype_get(enum tmk_dtype dtype)
{
  if ((int)dtype < 0 || dtype >= TMK_DTYPE_COUNT) return &dtype_rows[TMK_DTYPE_NONE];
  return &dtype_rows[dtype];
}

const char *tmk_dtype_name(enum tmk_dtype dtype)
{
  return tmk_dtype_get(dtype)->name;
}

enum tmk_dtype tmk_dtype_from_name(const char *name)
{
  if (name == NULL) return TMK_DTYPE_NONE;
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (strcmp(dtype_rows[i].name, name) == 0) return (enum tmk_dtype)i;
  }
  return TMK_DTYPE_NONE;
}

/* elements × bits ÷ 8 is taken as whole groups of 8 elements (bits bytes each) and a rest, so that nothing overflows
 * before the result does; beyond int64_t it stays at INT64_MAX. */
int64_t tmk_dtype_bytes(enum tmk_dtype dtype, int64_t elements)
{
  const struct tmk_dtype_row *row = tmk_dtype_get(dtype);
  if (elements <= 0) return 0;
  int64_t bytes;
  if (__builtin_mul_overflow(elements / 8, (int64_t)row->bits, &bytes)) return INT64_MAX;
  if (__builtin_add_overflow(bytes, (elements % 8 * row->bits + 7) / 8, &bytes)) return INT64_MAX;
  if (row->block_elements == 0) return bytes;
  int64_t blocks = elements / row->block_elements + (elements % row->block_elements != 0);
  int64_t scale_bytes;
  if (__builtin_mul_overflow(blocks, (int64_t)row->block_scale_bytes, &scale_bytes)) return INT64_MAX;
  if (__builtin_add_overflow(bytes, scale_bytes, &bytes)) return INT64_MAX;
  return bytes;
}

/* By way of float32 rounded to odd: cut off, with the last bit set if anything was lost. That keeps all that the second
 * rounding asks for (Boldo and Melquiond 2008, "Emulation of a FMA and correctly rounded sums: proved algorithms using
 * rounding to odd"), where float32 to nearest would round twice. */
static double round_to_bf16(double value)
{
  float narrow = (float)value;
  if ((double)narrow != value && isfinite(narrow)) {
    if (fabs((double)narrow) > fabs(value)) narrow = nextafterf(narrow, 0.0f);
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    bits |= 1;
    memcpy(&narrow, &bits, sizeof narrow);
  }
  return (double)tmk_bf16_to_f32(tmk_f32_to_bf16(narrow));
}

bool tmk_dtype_round(enum tmk_dtype dtype, double value, double *rounded)
{
  *rounded = dtype == TMK_DTYPE_F32 ? (double)(float)value : dtype == TMK_DTYPE_BF16 ? round_to_bf16(value) : value;
  return dtype == TMK_DTYPE_F64 || dtype == TMK_DTYPE_F32 || dtype == TMK_DTYPE_BF16 || dtype == TMK_DTYPE_I32;
}
