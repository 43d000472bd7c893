/* cpu_int_body.h: the kernels of cpu_int.h for one instruction set. Included once by each cpu_int_<isa>.c, which has defined
 * TMK_VEC_… and TMK_INT_KERNELS, the table's name.
 *
 * The tiles are those of cpu_tile.h with another inner product: a row's four neighbours along k, broadcast, times four of each
 * column. I8 adds all of k in integers and scales once. I4 adds a block in integers and the blocks in float32, so it holds twice the
 * accumulators, of half the rows; a vector of bytes is two vectors of elements, an and and a shift away.
 *
 *   DOT_I8, DOT_I4   acc + Σ₄ w x of signed (I4: 0 … 15) weights; X_OFFSET: what x is held plus, for I8
 *   ROWS_I8, ROWS_I4 rows of the widest tile
 */
#ifndef TMK_CPU_INT_BODY_H
#define TMK_CPU_INT_BODY_H

#include "cpu_gemm_cut.h"
#include "cpu_int.h"
#include "cpu_rows.h"
#include "cpu_vector.h"

#if defined(TMK_VEC_AVX512)
enum { ROWS_I8 = 12, ROWS_I4 = 6, X_OFFSET = 128 };
#define DOT_I8(acc, w, x) (vi)_mm512_dpbusd_epi32((__m512i)(acc), (__m512i)(x), (__m512i)(w))
#define DOT_I4(acc, w, x) (vi)_mm512_dpbusd_epi32((__m512i)(acc), (__m512i)(w), (__m512i)(x))
#define EACH_HEIGHT_I8(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define EACH_HEIGHT_I4(X) X(1) X(2) X(3) X(4) X(5) X(6)

#elif defined(TMK_VEC_AVX2)
/* Products of two neighbours are added in 16 bits: at most 2 · 127², so signs go from the weight to x. */
enum { ROWS_I8 = 4, ROWS_I4 = 2, X_OFFSET = 0 };
#define DOT_I4(acc, w, x)                                                                                              \
  (vi)((vu)(acc) + (vu)_mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)(w), (__m256i)(x)), _mm256_set1_epi16(1)))
#define DOT_I8(acc, w, x) DOT_I4(acc, _mm256_abs_epi8((__m256i)(w)), _mm256_sign_epi8((__m256i)(x), (__m256i)(w)))
#define EACH_HEIGHT_I8(X) X(1) X(2) X(3) X(4)
#define EACH_HEIGHT_I4(X) X(1) X(2)

#elif defined(TMK_VEC_NEON)
enum { ROWS_I8 = 8, ROWS_I4 = 6, X_OFFSET = 0 };
INLINE vi dot_signed(vi acc, vi w, vi x)
{
#if defined(__ARM_FEATURE_DOTPROD)
  return (vi)vdotq_s32((int32x4_t)acc, (int8x16_t)w, (int8x16_t)x);
#else
  const int16x8_t low = vmull_s8(vget_low_s8((int8x16_t)w), vget_low_s8((int8x16_t)x));
  const int16x8_t high = vmull_s8(vget_high_s8((int8x16_t)w), vget_high_s8((int8x16_t)x));
  return (vi)((vu)acc + (vu)vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
#endif
}
#define DOT_I8 dot_signed
#define DOT_I4 dot_signed
#define EACH_HEIGHT_I8(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#define EACH_HEIGHT_I4(X) X(1) X(2) X(3) X(4) X(5) X(6)

#else
enum { ROWS_I8 = 4, ROWS_I4 = 2, X_OFFSET = 0 };
INLINE vi dot_signed(vi acc, vi w, vi x)
{
  for (int i = 0; i < 32; i += 8) acc = (vi)((vu)acc + (vu)(((vi)((vu)w << (24 - i)) >> 24) * ((vi)((vu)x << (24 - i)) >> 24)));
  return acc;
}
#define DOT_I8 dot_signed
#define DOT_I4 dot_signed
#define EACH_HEIGHT_I8(X) X(1) X(2) X(3) X(4)
#define EACH_HEIGHT_I4(X) X(1) X(2)
#endif

enum {
  INT_AHEAD = 4096,       /* bytes of panel from what is read to what is prefetched: cpu_tile.h says why a page */
  INT_ROW_BYTES = 4 * TMK_CPU_PANEL, /* a panel's four neighbours along k of all columns */
  INT_X_BLOCK_BYTES = 512 << 10,     /* of x that a block of rows has, beside a panel in the second-level cache */
};

typedef int8_t vb __attribute__((vector_size(LANES)));

INLINE vi i_load(const void *p)
{
  return (vi)v_load_bits(p);
}

/* Four bytes to every lane. */
INLINE vi i_splat4(const int8_t *p)
{
  uint32_t word;
  memcpy(&word, p, sizeof word);
  return (vi)v_splat_bits(word);
}

INLINE vf i_to_float(vi v)
{
  return __builtin_convertvector(v, vf);
}

/* ---- x to integers ---- */

/* Largest |x|; a NaN if there is one, whose bits are the largest. */
INLINE float row_largest(const float *x, int64_t k)
{
  const vi magnitude = (vi)v_splat_bits(0x7fffffffu);
  vi largest = (vi)v_splat_bits(0);
  int32_t most = 0;
  int64_t i = 0;
  for (; i + LANES <= k; i += LANES) {
    const vi bits = (vi)v_load(x + i) & magnitude, greater = bits > largest;
    largest = (greater & bits) | (~greater & largest);
  }
  for (int l = 0; l < LANES; l++) most = largest[l] > most ? largest[l] : most;
  for (; i < k; i++) {
    int32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    bits &= 0x7fffffff;
    most = bits > most ? bits : most;
  }
  float value;
  memcpy(&value, &most, sizeof value);
  return value;
}

/* To nearest, by adding 1.5 · 2²³; |x / scale| is 127 at most but where the scale has lost digits. A scale of 0 or NaN gives 0. */
INLINE void row_round(const float *x, int64_t k, float scale, int offset, int8_t *q)
{
  const vf most = v_splat(127.0f), round = v_splat(12582912.0f);
  const vf divisor = v_splat(scale > 0 ? scale : 1.0f), keep = v_splat(scale > 0 ? 1.0f : 0.0f);
  int64_t i = 0;
  for (; i < k; i += LANES) {
    vf part;
    if (i + LANES <= k) {
      part = v_load(x + i);
    } else {
      float rest[LANES] = {0};
      memcpy(rest, x + i, (size_t)(k - i) * sizeof *rest);
      part = v_load(rest);
    }
    part = v_max(v_splat(-127.0f), v_min(most, part / divisor)) * keep;
    const vi integers = (vi)(part + round) - (vi)round + (vi)v_splat_bits((uint32_t)offset);
    const vb bytes = __builtin_convertvector(integers, vb);
    memcpy(q + i, &bytes, sizeof bytes); /* lanes divide the room behind k */
  }
}

static void kernel_int_quantise(const struct tmk_cpu_int_gemm *a, struct tmk_cpu_part part)
{
  const int64_t stride = tmk_cpu_int_x_stride(a->gemm.k), blocks = tmk_cpu_int_x_blocks(a->gemm.k);
  const int offset = a->gemm.weight_dtype == TMK_DTYPE_I8 ? X_OFFSET : 0;
  for (int64_t row = tmk_cpu_part_first(part, a->gemm.m); row < tmk_cpu_part_end(part, a->gemm.m); row++) {
    const float *x = a->gemm.x + row * a->gemm.x_stride;
    int8_t *q = a->q + row * stride;
    const float scale = row_largest(x, a->gemm.k) / 127.0f;
    a->q_scale[row] = scale;
    row_round(x, a->gemm.k, scale, offset, q);
    memset(q + a->gemm.k, 0, (size_t)(blocks * TMK_I4_BLOCK - a->gemm.k)); /* weights there are 0; but I4's sums take x */
    for (int64_t b = 0; b < blocks && a->gemm.weight_dtype == TMK_DTYPE_I4; b++) {
      int32_t sum = 0;
      for (int i = 0; i < TMK_I4_BLOCK; i++) sum += q[b * TMK_I4_BLOCK + i];
      a->q_offset[row * blocks + b] = -8 * sum;
    }
  }
}

/* ---- tiles ---- */

struct int_tile {
  const int8_t *q; /* [rows] */
  const float *q_scale;
  const int32_t *q_offset;
  int64_t stride, offset_stride;
  const uint8_t *panel;
  int64_t steps; /* I8: fours along k; I4: blocks */
  const float *bias; /* of the panel, or NULL */
  float *y;
  int64_t y_stride;
};
typedef void int_tile_fn(const struct int_tile *t);

#define ILOW(r)  int_low_##r
#define IHIGH(r) int_high_##r
#define FLOW(r)  float_low_##r
#define FHIGH(r) float_high_##r

#define INT_START(r, a, i, ...) vi ILOW(r) = (vi)v_splat_bits(0), IHIGH(r) = ILOW(r);
#define INT_MULTIPLY(r, a, i, DOT, at, low, high)                                                                      \
  {                                                                                                                    \
    const vi x = i_splat4((a) + (i)*lda + (at));                                                                       \
    ILOW(r) = DOT(ILOW(r), low, x);                                                                                    \
    IHIGH(r) = DOT(IHIGH(r), high, x);                                                                                 \
  }
#define INT_STORE(r, a, i, ...)                                                                                        \
  int_store(t, r, first, i_to_float(ILOW(r) - (vi)(offset_low)) * scale_low,                                           \
            i_to_float(IHIGH(r) - (vi)(offset_high)) * scale_high);

INLINE void int_store(const struct int_tile *t, int64_t row, int64_t first, vf low, vf high)
{
  const vf scale = v_splat(t->q_scale[row]);
  float *y = t->y + row * t->y_stride + first;
  low *= scale;
  high *= scale;
  if (t->bias) {
    low += v_load(t->bias + first);
    high += v_load(t->bias + first + 16);
  }
  v_store(y, low);
  v_store(y + 16, high);
}

#define DEFINE_I8(rows)                                                                                                \
  static void tile_i8_##rows(const struct int_tile *t)                                                                 \
  {                                                                                                                    \
    const int64_t lda = t->stride;                                                                                     \
    for (int64_t first = 0; first < 16; first += LANES) {                                                              \
      const uint8_t *panel = t->panel + 4 * first;                                                                     \
      const int8_t *a0 = t->q, *a3 = a0 + 3 * lda, *a6 = a3 + 3 * lda, *a9 = a6 + 3 * lda;                             \
      EACH_ROW_##rows(INT_START, ) for (int64_t left = t->steps; left > 0; left--)                                     \
      {                                                                                                                \
        const vi low = i_load(panel), high = i_load(panel + INT_ROW_BYTES / 2);                                        \
        __builtin_prefetch(panel + INT_AHEAD), __builtin_prefetch(panel + INT_AHEAD + INT_ROW_BYTES / 2);              \
        EACH_ROW_##rows(INT_MULTIPLY, DOT_I8, 0, low, high) panel += INT_ROW_BYTES;                                    \
        a0 += 4, a3 += 4, a6 += 4, a9 += 4;                                                                            \
      }                                                                                                                \
      (void)a3, (void)a6, (void)a9;                                                                                    \
      const uint8_t *scales = panel, *sums = panel + INT_ROW_BYTES;                                                    \
      const vf scale_low = (vf)i_load(scales), scale_high = (vf)i_load(scales + INT_ROW_BYTES / 2);                    \
      const vi offset_low = i_load(sums) * X_OFFSET, offset_high = i_load(sums + INT_ROW_BYTES / 2) * X_OFFSET;        \
      EACH_ROW_##rows(INT_STORE, )                                                                                     \
    }                                                                                                                  \
  }

/* 16 scales of f16 from p on: those of columns l and l + 16. */
INLINE vf f16_load(const uint8_t *p)
{
#if defined(TMK_VEC_AVX512)
  return (vf)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
#elif defined(TMK_VEC_AVX2)
  return (vf)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
#else
  vf values;
  for (int l = 0; l < LANES; l++) {
    uint16_t bits;
    memcpy(&bits, p + 2 * l, sizeof bits);
    values[l] = tmk_f16_to_f32(bits);
  }
  return values;
#endif
}

#define I4_FLOAT_START(r, a, i, ...) vf FLOW(r) = v_splat(0.0f), FHIGH(r) = FLOW(r);
#define I4_BLOCK_START(r, a, i, ...)                                                                                   \
  vi ILOW(r) = (vi)v_splat_bits((uint32_t)t->q_offset[(r)*t->offset_stride + block]), IHIGH(r) = ILOW(r);
#define I4_BLOCK_END(r, a, i, ...)                                                                                     \
  FLOW(r) = v_fma(i_to_float(ILOW(r)), scale_low, FLOW(r));                                                            \
  FHIGH(r) = v_fma(i_to_float(IHIGH(r)), scale_high, FHIGH(r));
#define I4_STORE(r, a, i, ...) int_store(t, r, first, FLOW(r), FHIGH(r));

#define DEFINE_I4(rows)                                                                                                \
  static void tile_i4_##rows(const struct int_tile *t)                                                                 \
  {                                                                                                                    \
    const int64_t lda = t->stride;                                                                                     \
    const vi nibble = (vi)v_splat_bits(0x0f0f0f0fu);                                                                   \
    for (int64_t first = 0; first < 16; first += LANES) {                                                              \
      const uint8_t *panel = t->panel;                                                                                 \
      const int8_t *a0 = t->q, *a3 = a0 + 3 * lda, *a6 = a3 + 3 * lda, *a9 = a6 + 3 * lda;                             \
      EACH_ROW_##rows(I4_FLOAT_START, ) for (int64_t block = 0; block < t->steps; block++)                             \
      {                                                                                                                \
        const vf scale_low = f16_load(panel + 2 * first), scale_high = f16_load(panel + 2 * (first + 16));             \
        EACH_ROW_##rows(I4_BLOCK_START, ) panel += TMK_CPU_I4_SCALES;                                                  \
        for (int j = 0; j < TMK_I4_BLOCK / 8; j++) {                                                                   \
          const vi low = i_load(panel + 4 * first), high = i_load(panel + 4 * first + INT_ROW_BYTES / 2);              \
          const vi low_0 = low & nibble, high_0 = high & nibble;                                                       \
          const vi low_1 = low >> 4 & nibble, high_1 = high >> 4 & nibble;                                             \
          __builtin_prefetch(panel + 4 * first + INT_AHEAD);                                                           \
          __builtin_prefetch(panel + 4 * first + INT_AHEAD + INT_ROW_BYTES / 2);                                       \
          EACH_ROW_##rows(INT_MULTIPLY, DOT_I4, 0, low_0, high_0);                                                     \
          EACH_ROW_##rows(INT_MULTIPLY, DOT_I4, 4, low_1, high_1);                                                     \
          panel += INT_ROW_BYTES;                                                                                      \
          a0 += 8, a3 += 8, a6 += 8, a9 += 8;                                                                          \
        }                                                                                                              \
        EACH_ROW_##rows(I4_BLOCK_END, )                                                                                \
      }                                                                                                                \
      (void)a3, (void)a6, (void)a9;                                                                                    \
      EACH_ROW_##rows(I4_STORE, )                                                                                      \
    }                                                                                                                  \
  }

EACH_HEIGHT_I8(DEFINE_I8)
EACH_HEIGHT_I4(DEFINE_I4)

#define ENTRY_I8(rows) [rows] = tile_i8_##rows,
#define ENTRY_I4(rows) [rows] = tile_i4_##rows,
static int_tile_fn *const tiles_i8[ROWS_I8 + 1] = {EACH_HEIGHT_I8(ENTRY_I8)};
static int_tile_fn *const tiles_i4[ROWS_I4 + 1] = {EACH_HEIGHT_I4(ENTRY_I4)};

/* ---- GEMM ---- */

static void int_do_block(const void *context, struct gemm_block *b)
{
  const struct tmk_cpu_int_gemm *a = context;
  const struct tmk_cpu_gemm *g = &a->gemm;
  const bool i8 = g->weight_dtype == TMK_DTYPE_I8;
  const int64_t stride = tmk_cpu_int_x_stride(g->k), blocks = tmk_cpu_int_x_blocks(g->k);
  const int64_t most = i8 ? ROWS_I8 : ROWS_I4, tiles = (b->rows + most - 1) / most;
  for (int64_t panel = b->panel_first; panel < b->panel_end; panel++) {
    for (int64_t i = 0; i < tiles; i++) {
      const int64_t row = b->row_first + b->rows * i / tiles, height = b->rows * (i + 1) / tiles - b->rows * i / tiles;
      const struct int_tile t = {
          .q = a->q + row * stride,
          .q_scale = a->q_scale + row,
          .q_offset = i8 ? NULL : a->q_offset + row * blocks,
          .stride = stride,
          .offset_stride = blocks,
          .panel = (const uint8_t *)g->weight + panel * tmk_cpu_int_panel_bytes(g->weight_dtype, g->k),
          .steps = i8 ? (g->k + 3) / 4 : blocks,
          .bias = g->bias ? g->bias + panel * TMK_CPU_PANEL : NULL,
          .y = g->y + row * g->y_stride + panel * TMK_CPU_PANEL,
          .y_stride = g->y_stride,
      };
      (i8 ? tiles_i8 : tiles_i4)[height](&t);
    }
  }
}

static void kernel_int_gemm(const struct tmk_cpu_int_gemm *a, struct tmk_cpu_part part)
{
  const int64_t fitting = INT_X_BLOCK_BYTES / tmk_cpu_int_x_stride(a->gemm.k), rows = fitting < BLOCK_ROWS ? fitting : BLOCK_ROWS;
  gemm_cut(&a->gemm, part, ROWS_I8, rows < ROWS_I8 ? ROWS_I8 : rows, int_do_block, a);
}

/* ---- the ceiling ---- */

/* The widest tile's chains, on registers; they wrap around (of a GEMM's sums none does). Each starts and goes on from bytes that the compiler is not told: it would make one chain of
 * those that are equal. */
static float int_dot_loop(int64_t rounds)
{
  const int64_t lda = 1;
  int8_t bytes[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const int8_t *a0 = bytes, *a3 = a0 + 3, *a6 = a0 + 6, *a9 = a0 + 9;
  vi low = (vi)v_splat_bits(0x01020304u), high = low + 1;
#if defined(TMK_VEC_AVX512)
#define DOT_ROWS EACH_ROW_12
#elif defined(TMK_VEC_NEON)
#define DOT_ROWS EACH_ROW_8
#else
#define DOT_ROWS EACH_ROW_4
#endif
#define DOT_START(r, a, i, ...) vi ILOW(r) = i_splat4((a) + (i)*lda), IHIGH(r) = ILOW(r) + 1;
#define DOT_SUM(r, a, i, ...)   low ^= ILOW(r) ^ IHIGH(r);
  __asm__ volatile("" : : "r"(bytes) : "memory");
  DOT_ROWS(DOT_START, )
  for (int64_t i = 0; i < rounds; i++) {
    __asm__ volatile("" : : "r"(bytes) : "memory");
    DOT_ROWS(INT_MULTIPLY, DOT_I8, 0, low, high)
  }
  (void)a3, (void)a6, (void)a9;
  DOT_ROWS(DOT_SUM, )
  return (float)low[0];
}

const struct tmk_cpu_int_kernels TMK_INT_KERNELS = {
    .isa = TMK_INT_ISA,
    .lanes = LANES,
    .quantise = kernel_int_quantise,
    .gemm = kernel_int_gemm,
    .dot = int_dot_loop,
    .dot_ops = 2 * 4 * 2 * ROWS_I8 * LANES,
};

#endif
