/* cpu_stream.h: what the kernels are held against: loops that only fill panels, only read, only copy, only multiply and add. */
#ifndef TMK_CPU_STREAM_H
#define TMK_CPU_STREAM_H

#include "cpu_vector.h"

/* ---- contents ---- */

enum { PANEL_VECTORS = TMK_CPU_PANEL / LANES };

/* Steps of k until the lower half of some column's index wraps, at most `limit`. */
static int64_t steps_to_wrap(const uint64_t *index, uint64_t k_step, int64_t limit)
{
  for (int column = 0; column < TMK_CPU_PANEL; column++) {
    const uint64_t last = 0xffffffffu - (uint32_t)index[column];
    const uint64_t steps = k_step ? last / k_step + 1 : (uint64_t)limit;
    if (steps < (uint64_t)limit) limit = (int64_t)steps;
  }
  return limit;
}

INLINE vu mix32(vu x)
{
  x = (x ^ (x >> 16)) * v_splat_bits(0x7feb352du);
  x = (x ^ (x >> 15)) * v_splat_bits(0x846ca68bu);
  return x ^ (x >> 16);
}

/* tmk_fill_bits() and tmk_fill_value() of LANES columns. */
INLINE vf fill_vector(vu low, vu upper, vu key_low, vf offset, vf step)
{
  const vu bits = mix32(mix32(low ^ key_low) + upper);
  const vi whole = (vi)(bits >> 8) - (1 << 23);
  return offset + __builtin_convertvector(whole, vf) * step;
}

INLINE vu mask_bits(vu v, vi keep, uint32_t rest)
{
  return ((vu)keep & v) | (~(vu)keep & v_splat_bits(rest));
}

/* A run of k over which no column's upper half changes. */
static void fill_run(const struct tmk_cpu_panel_fill *a, const uint64_t *index, int64_t k_first, int64_t count)
{
  vu low[PANEL_VECTORS], upper[PANEL_VECTORS];
  vi keep[PANEL_VECTORS];
  for (int64_t column = 0; column < TMK_CPU_PANEL; column++) {
    low[column / LANES][column % LANES] = (uint32_t)index[column];
    upper[column / LANES][column % LANES] = tmk_fill_mix32((uint32_t)(index[column] >> 32) ^ a->key.high);
    keep[column / LANES][column % LANES] = column < a->columns ? -1 : 0;
  }
  const vu key_low = v_splat_bits(a->key.low), k_step = v_splat_bits((uint32_t)a->k_step);
  const vf offset = v_splat(a->offset), step = v_splat(a->step);
  for (int64_t k = k_first; k < k_first + count; k++) {
    uint32_t *out = (uint32_t *)a->panel + k * (a->dtype == TMK_DTYPE_F32 ? 32 : 16);
    for (int p = 0; p < PAIRS; p++) {
      const vf first = fill_vector(low[p], upper[p], key_low, offset, step);
      const vf second = fill_vector(low[p + PAIRS], upper[p + PAIRS], key_low, offset, step);
      if (a->dtype == TMK_DTYPE_F32) {
        v_store_bits(out + p * LANES, mask_bits((vu)first, keep[p], a->rest));
        v_store_bits(out + 16 + p * LANES, mask_bits((vu)second, keep[p + PAIRS], a->rest));
      } else {
        const vu word = mask_bits(v_bf16_bits(first), keep[p], a->rest & 0xffffu) |
                        mask_bits(v_bf16_bits(second), keep[p + PAIRS], a->rest) << 16;
        v_store_bits(out + p * LANES, word);
      }
      low[p] += k_step;
      low[p + PAIRS] += k_step;
    }
  }
}

static void kernel_fill_panel(const struct tmk_cpu_panel_fill *a)
{
  uint64_t index[TMK_CPU_PANEL];
  for (int64_t column = 0; column < TMK_CPU_PANEL; column++) {
    index[column] = a->index + (uint64_t)(column < a->columns ? column : 0) * a->column_step;
    for (int gap = 0; gap < TMK_CPU_GAPS; gap++) {
      if (a->gap_at[gap] > 0 && column >= a->gap_at[gap]) index[column] += a->gap_step[gap];
    }
  }
  for (int64_t k = 0; k < a->k;) {
    const int64_t count = steps_to_wrap(index, a->k_step, a->k - k);
    fill_run(a, index, k, count);
    for (int column = 0; column < TMK_CPU_PANEL; column++) index[column] += (uint64_t)count * a->k_step;
    k += count;
  }
}

static void kernel_exp(const float *x, float *y, int64_t count)
{
  float block[LANES];
  for (int64_t i = 0; i < count; i += LANES) {
    const size_t bytes = (size_t)(count - i < LANES ? count - i : LANES) * sizeof(float);
    memset(block, 0, sizeof block);
    memcpy(block, x + i, bytes);
    v_store(block, v_exp(v_load(block)));
    memcpy(y + i, block, bytes);
  }
}

/* ---- reads and copies ---- */

/* Vector v (0 … 7) of a step goes to sum v, a variable of its own: gcc keeps an array that a loop indexes in memory. */
#define READ_8(at)                                                                                                     \
  s0 += v_load(at(0)), s1 += v_load(at(1)), s2 += v_load(at(2)), s3 += v_load(at(3));                                  \
  s4 += v_load(at(4)), s5 += v_load(at(5)), s6 += v_load(at(6)), s7 += v_load(at(7));
#define DEFINE_READ(name, streams, at)                                                                                 \
  static float name(const float *src, float *dst, int64_t count)                                                       \
  {                                                                                                                    \
    const int64_t part = count / (streams);                                                                            \
    vf s0 = v_splat(0.0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;                              \
    (void)dst;                                                                                                         \
    for (int64_t i = 0; i < part; i += 8 / (streams)*LANES) {                                                          \
      READ_8(at)                                                                                                       \
    }                                                                                                                  \
    return v_sum(((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)));                                                   \
  }
#define IN_1(v) (src + i + (v)*LANES)
#define IN_2(v) (src + (v) % 2 * part + i + (v) / 2 * LANES)
#define IN_4(v) (src + (v) % 4 * part + i + (v) / 4 * LANES)
DEFINE_READ(read_1, 1, IN_1)
DEFINE_READ(read_2, 2, IN_2)
DEFINE_READ(read_4, 4, IN_4)

static float read_plain(const float *src, float *dst, int64_t count)
{
  (void)dst;
  vf sum = v_splat(0.0f);
  for (int64_t i = 0; i < count; i += LANES) sum += v_load(src + i);
  return v_sum(sum);
}

static float copy_plain(const float *src, float *dst, int64_t count)
{
  for (int64_t i = 0; i < count; i += 4 * LANES) {
    for (int v = 0; v < 4; v++) v_store(dst + i + v * LANES, v_load(src + i + v * LANES));
  }
  return dst[0];
}

/* Stores that do not read the line first. */
static float copy_streamed(const float *src, float *dst, int64_t count)
{
  for (int64_t i = 0; i < count; i += 4 * LANES) {
    for (int v = 0; v < 4; v += 2) {
      v_stream_pair(dst + i + v * LANES, v_load(src + i + v * LANES), v_load(src + i + (v + 1) * LANES));
    }
  }
  __sync_synchronize(); /* streamed stores are ordered by a fence only */
  return dst[0];
}

/* ---- multiply-adds ---- */

/* As many accumulators as the widest tile has, each a chain of its own, on registers alone: x ← x · c + d tends to 1. The
 * empty asm takes every accumulator in a register each round, so the compiler can neither keep one in memory nor leave one
 * out; `objdump -d` of it shows FMAs and the loop's branch alone. */
#define FMA_STEP(i)  acc_##i = v_fma(acc_##i, c, d);
#define FMA_START(i) vf acc_##i = v_splat(1.0f + (float)(i));
#define FMA_SUM(i)   sum += acc_##i;
#define ACC_12(X)    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define ACC_24(X)    ACC_12(X) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)
#if defined(__x86_64__)
#define KEEP_2(a, b) __asm__ volatile("" : "+v"(acc_##a), "+v"(acc_##b));
#elif defined(__aarch64__)
#define KEEP_2(a, b) __asm__ volatile("" : "+w"(acc_##a), "+w"(acc_##b));
#else
#define KEEP_2(a, b) __asm__ volatile("" ::: "memory")
#endif
#define KEEP_12 KEEP_2(0, 1) KEEP_2(2, 3) KEEP_2(4, 5) KEEP_2(6, 7) KEEP_2(8, 9) KEEP_2(10, 11)
#if TILE_ROWS == 12
#define ACC_ALL  ACC_24
#define KEEP_ALL KEEP_12 KEEP_2(12, 13) KEEP_2(14, 15) KEEP_2(16, 17) KEEP_2(18, 19) KEEP_2(20, 21) KEEP_2(22, 23)
#else
#define ACC_ALL  ACC_12
#define KEEP_ALL KEEP_12
#endif

static float fma_loop(int64_t rounds)
{
  const vf c = v_splat(0.999f), d = v_splat(0.001f);
  ACC_ALL(FMA_START)
  for (int64_t i = 0; i < rounds; i++) {
    ACC_ALL(FMA_STEP)
    KEEP_ALL
  }
  vf sum = v_splat(0.0f);
  ACC_ALL(FMA_SUM)
  return v_sum(sum);
}

#endif
