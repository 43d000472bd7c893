/* cpu_int_weights.c: I8 and I4 weights from fill.h into panels (cpu_int.h) and back. */
#include <math.h>
#include <string.h>

#include "cpu_int.h"
#include "tokmark/plan.h"

enum { CHUNK = 8 * TMK_I4_BLOCK }; /* elements along k in one go: whole blocks */

/* v / scale to the nearest integer, which is small: adding 1.5 · 2²³ leaves it in the low bits. */
static int nearest(float v, float scale)
{
  return (int)(v / scale + 12582912.0f - 12582912.0f);
}

static void fill_i8(const struct tmk_tensor *tensor, uint64_t seed, int64_t panel, int8_t *to)
{
  const int64_t n = tensor->dims[0], k = tensor->dims[1], first = panel * TMK_CPU_PANEL;
  const float scale = tmk_tensor_scale(tensor);
  int8_t *tail = to + TMK_CPU_PANEL * tmk_cpu_round_up(k, 4);
  float values[CHUNK];
  memset(to, 0, (size_t)tmk_cpu_int_panel_bytes(TMK_DTYPE_I8, k));
  for (int64_t column = 0; column < TMK_CPU_PANEL && first + column < n; column++) {
    int32_t sum = 0;
    for (int64_t start = 0; start < k; start += CHUNK) {
      const int64_t count = k - start < CHUNK ? k - start : CHUNK;
      tmk_tensor_fill(tensor, seed, (first + column) * k + start, count, values);
      for (int64_t i = 0; i < count; i++) {
        const int q = nearest(values[i], scale);
        to[((start + i) / 4 * TMK_CPU_PANEL + column) * 4 + (start + i) % 4] = (int8_t)q;
        sum += q;
      }
    }
    memcpy(tail + 4 * column, &scale, sizeof scale);
    memcpy(tail + 4 * (TMK_CPU_PANEL + column), &sum, sizeof sum);
  }
}

/* One block of one column. */
static void fill_i4_block(const float *values, int64_t count, int64_t column, uint8_t *to)
{
  float largest = 0;
  for (int64_t i = 0; i < count; i++) largest = fabsf(values[i]) > largest ? fabsf(values[i]) : largest;
  const uint16_t bits = tmk_f32_to_f16(largest / 7);
  const float scale = tmk_f16_to_f32(bits);
  memcpy(to + 2 * column, &bits, sizeof bits);
  uint8_t *elements = to + TMK_CPU_I4_SCALES + 4 * column;
  for (int64_t i = 0; i < count; i++) {
    int q = scale > 0 ? nearest(values[i], scale) : 0;
    q = q > 7 ? 7 : q < -7 ? -7 : q;
    uint8_t *byte = elements + i / 8 * 4 * TMK_CPU_PANEL + i % 4;
    const int shift = i % 8 < 4 ? 0 : 4;
    *byte = (uint8_t)((*byte & ~(15 << shift)) | (q + 8) << shift);
  }
}

static void fill_i4(const struct tmk_tensor *tensor, uint64_t seed, int64_t panel, uint8_t *to)
{
  const int64_t n = tensor->dims[0], k = tensor->dims[1], first = panel * TMK_CPU_PANEL;
  float values[CHUNK];
  for (int64_t block = 0; block < tmk_cpu_int_x_blocks(k); block++) {
    uint8_t *at = to + block * TMK_CPU_I4_BLOCK_BYTES;
    memset(at, 0, TMK_CPU_I4_SCALES);
    memset(at + TMK_CPU_I4_SCALES, 0x88, TMK_CPU_I4_BLOCK_BYTES - TMK_CPU_I4_SCALES);
  }
  for (int64_t column = 0; column < TMK_CPU_PANEL && first + column < n; column++) {
    for (int64_t start = 0; start < k; start += CHUNK) {
      const int64_t count = k - start < CHUNK ? k - start : CHUNK;
      tmk_tensor_fill(tensor, seed, (first + column) * k + start, count, values);
      for (int64_t i = 0; i < count; i += TMK_I4_BLOCK) {
        fill_i4_block(values + i, count - i < TMK_I4_BLOCK ? count - i : TMK_I4_BLOCK, column,
                      to + (start + i) / TMK_I4_BLOCK * TMK_CPU_I4_BLOCK_BYTES);
      }
    }
  }
}

void tmk_cpu_int_fill(const struct tmk_tensor *tensor, uint64_t seed, int64_t panel, void *to)
{
  if (tensor->dtype == TMK_DTYPE_I8) {
    fill_i8(tensor, seed, panel, to);
  } else {
    fill_i4(tensor, seed, panel, to);
  }
}

double tmk_cpu_int_element(enum tmk_dtype dtype, const void *weight, int64_t k_total, int64_t n, int64_t k)
{
  const uint8_t *panel = (const uint8_t *)weight + n / TMK_CPU_PANEL * tmk_cpu_int_panel_bytes(dtype, k_total);
  const int64_t column = n % TMK_CPU_PANEL;
  if (dtype == TMK_DTYPE_I8) {
    float scale;
    memcpy(&scale, panel + TMK_CPU_PANEL * tmk_cpu_round_up(k_total, 4) + 4 * column, sizeof scale);
    return (double)(int8_t)panel[(k / 4 * TMK_CPU_PANEL + column) * 4 + k % 4] * (double)scale;
  }
  const uint8_t *block = panel + k / TMK_I4_BLOCK * TMK_CPU_I4_BLOCK_BYTES;
  const int64_t i = k % TMK_I4_BLOCK;
  uint16_t bits;
  memcpy(&bits, block + 2 * column, sizeof bits);
  const int byte = block[TMK_CPU_I4_SCALES + (i / 8 * TMK_CPU_PANEL + column) * 4 + i % 4];
  return (double)((byte >> (i % 8 < 4 ? 0 : 4) & 15) - 8) * (double)tmk_f16_to_f32(bits);
}
