/* cpu_tile.h: the register tile, the one multiply-add loop of this folder: C[rows, 32] = start + A[rows, k] · panel.
 *
 * A thread holds rows × 2·pairs accumulators in registers, reads a pair (or more) of vectors of the panel a step of k, and
 * multiplies them by each row's element of A, broadcast from memory. Rows of A are read in place: with the row stride of
 * cpu_kernels.h they fall on different cache sets. Few rows leave registers free, and are then latency-bound (an FMA takes 4
 * cycles, 2 start in one): those tiles take several steps of k at once, each with accumulators of its own.
 *
 * Each step of k also prefetches the panel `ahead` bytes on: STREAM_AHEAD where the panel comes from memory. (A page and no
 * less: hardware prefetchers stop at page borders, and a bf16 step is too many instructions for the reorder buffer to hold
 * as many loads as it takes to cover the memory's latency.)
 *
 * The accumulators are named variables made by macros, not an array: gcc keeps an array that a loop indexes in memory.
 */
#ifndef TMK_CPU_TILE_H
#define TMK_CPU_TILE_H

#include "cpu_rows.h"
#include "cpu_vector.h"

enum { STREAM_AHEAD = 4096 };

struct tile {
  const float *a; /* [rows, k] */
  int64_t lda;
  const void *panel; /* [k][32] */
  int64_t k;
  const float *start; /* [rows, 32]; NULL = zeros */
  int64_t start_ld;   /* 0: the same row for all */
  float *c;           /* [rows, 32] */
  int64_t ldc;
  int64_t ahead; /* bytes of panel from what is read to what is prefetched */
};
typedef void tile_fn(const struct tile *t);

#define EACH_PAIR_1(X, ...) X(0, __VA_ARGS__)
#define EACH_PAIR_2(X, ...) EACH_PAIR_1(X, __VA_ARGS__) X(1, __VA_ARGS__)
#define EACH_PAIR_4(X, ...) EACH_PAIR_2(X, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__)

#define EACH_STEP_1(X, ...) X(0, __VA_ARGS__)
#define EACH_STEP_2(X, ...) EACH_STEP_1(X, __VA_ARGS__) X(1, __VA_ARGS__)

/* Accumulator of row r, pair p, step s: its columns 0 … 15 and 16 … 31 of the panel. */
#define LOW(r, p, s)  low_##r##_##p##_##s
#define HIGH(r, p, s) high_##r##_##p##_##s

#define DECLARE_PAIR(p, r, s)          vf LOW(r, p, s) = v_splat(0.0f), HIGH(r, p, s) = v_splat(0.0f);
#define DECLARE_ROW(r, a, i, pairs, s) EACH_PAIR_##pairs(DECLARE_PAIR, r, s)
#define DECLARE_STEP(s, rows, pairs)   EACH_ROW_##rows(DECLARE_ROW, pairs, s)

#define LOAD_PAIR(p, elem, s)                                                                                          \
  vf b_low_##p, b_high_##p;                                                                                            \
  load_##elem(panel + (s)*ROW_UNITS_##elem + (p)*LANES, &b_low_##p, &b_high_##p);
#define MULTIPLY_PAIR(p, r, s)                                                                                         \
  LOW(r, p, s) = v_fma(x, b_low_##p, LOW(r, p, s));                                                                    \
  HIGH(r, p, s) = v_fma(x, b_high_##p, HIGH(r, p, s));
#define MULTIPLY_ROW(r, a, i, pairs, s)                                                                                \
  {                                                                                                                    \
    const vf x = v_splat(a[(i)*lda + (s)]);                                                                            \
    EACH_PAIR_##pairs(MULTIPLY_PAIR, r, s)                                                                             \
  }
#define PREFETCH_LINE(s, elem, line)                                                                                   \
  __builtin_prefetch((const char *)(panel + (s)*ROW_UNITS_##elem) + ahead + 64 * (line))
#define PREFETCH_f32(s)  PREFETCH_LINE(s, f32, 0), PREFETCH_LINE(s, f32, 1)
#define PREFETCH_bf16(s) PREFETCH_LINE(s, bf16, 0)
#define MULTIPLY_STEP(s, elem, rows, pairs)                                                                            \
  {                                                                                                                    \
    PREFETCH_##elem(s);                                                                                                \
    EACH_PAIR_##pairs(LOAD_PAIR, elem, s) EACH_ROW_##rows(MULTIPLY_ROW, pairs, s)                                      \
  }

/* Sums the steps' accumulators into those of step 0. */
#define FOLD_PAIR(p, r, s)                                                                                             \
  LOW(r, p, 0) += LOW(r, p, s);                                                                                        \
  HIGH(r, p, 0) += HIGH(r, p, s);
#define FOLD_ROW(r, a, i, pairs, s) EACH_PAIR_##pairs(FOLD_PAIR, r, s)
#define FOLD_1(rows, pairs)
#define FOLD_2(rows, pairs) EACH_ROW_##rows(FOLD_ROW, pairs, 1)

#define STORE_PAIR(p, r, first)          store_pair(t, r, ((first) + (p)) * LANES, LOW(r, p, 0), HIGH(r, p, 0));
#define STORE_ROW(r, a, i, pairs, first) EACH_PAIR_##pairs(STORE_PAIR, r, first)

/* Elements as they stand in a panel: floats, or words of two bf16. */
typedef float elem_f32;
typedef uint32_t elem_bf16;
#define ROW_UNITS_f32  32
#define ROW_UNITS_bf16 16

INLINE void load_f32(const float *b, vf *low, vf *high)
{
  *low = v_load(b);
  *high = v_load(b + 16);
}

INLINE void load_bf16(const uint32_t *b, vf *low, vf *high)
{
  const vu words = v_load_bits(b);
  *low = v_widen_low(words);
  *high = v_widen_high(words);
}

INLINE void store_pair(const struct tile *t, int64_t row, int64_t column, vf low, vf high)
{
  float *c = t->c + row * t->ldc + column;
  if (t->start) {
    const float *start = t->start + row * t->start_ld + column;
    low += v_load(start);
    high += v_load(start + 16);
  }
  v_store(c, low);
  v_store(c + 16, high);
}

/* `pairs` of a panel's PAIRS at a time, `steps` of k at a time. */
#define DEFINE_TILE(elem, rows, pairs, steps)                                                                          \
  static void tile_##elem##_##rows(const struct tile *t)                                                               \
  {                                                                                                                    \
    const int64_t lda = t->lda, k = t->k, ahead = t->ahead;                                                            \
    for (int64_t first = 0; first < PAIRS; first += pairs) {                                                           \
      const elem_##elem *panel = (const elem_##elem *)t->panel + first * LANES;                                        \
      const float *a0 = t->a, *a3 = a0 + 3 * lda, *a6 = a3 + 3 * lda, *a9 = a6 + 3 * lda;                              \
      EACH_STEP_##steps(DECLARE_STEP, rows, pairs) int64_t left = k;                                                   \
      for (; left >= steps; left -= steps) {                                                                           \
        EACH_STEP_##steps(MULTIPLY_STEP, elem, rows, pairs) panel += steps * ROW_UNITS_##elem;                         \
        a0 += steps, a3 += steps, a6 += steps, a9 += steps;                                                            \
      }                                                                                                                \
      for (; left > 0; left--) {                                                                                       \
        MULTIPLY_STEP(0, elem, rows, pairs) panel += ROW_UNITS_##elem;                                                 \
        a0++, a3++, a6++, a9++;                                                                                        \
      }                                                                                                                \
      (void)a3, (void)a6, (void)a9;                                                                                    \
      FOLD_##steps(rows, pairs) EACH_ROW_##rows(STORE_ROW, pairs, first)                                               \
    }                                                                                                                  \
  }

/* X(element, rows, pairs at a time, steps of k at a time): at least 8 accumulators, at most what the registers hold. */
#if defined(TMK_VEC_AVX512) /* 32 registers, 1 pair */
#define TILES(X, elem)                                                                                                 \
  X(elem, 1, 1, 2)                                                                                                     \
  X(elem, 2, 1, 2)                                                                                                     \
  X(elem, 3, 1, 2)                                                                                                     \
  X(elem, 4, 1, 1)                                                                                                     \
  X(elem, 5, 1, 1)                                                                                                     \
  X(elem, 6, 1, 1)                                                                                                     \
  X(elem, 7, 1, 1) X(elem, 8, 1, 1) X(elem, 9, 1, 1) X(elem, 10, 1, 1) X(elem, 11, 1, 1) X(elem, 12, 1, 1)
#elif defined(TMK_VEC_AVX2) /* 16 registers, 2 pairs */
#define TILES(X, elem)                                                                                                 \
  X(elem, 1, 2, 2) X(elem, 2, 2, 1) X(elem, 3, 1, 2) X(elem, 4, 1, 1) X(elem, 5, 1, 1) X(elem, 6, 1, 1)
#elif defined(TMK_VEC_NEON) /* 32 registers, 4 pairs */
#define TILES(X, elem)                                                                                                 \
  X(elem, 1, 4, 2)                                                                                                     \
  X(elem, 2, 4, 1)                                                                                                     \
  X(elem, 3, 2, 1)                                                                                                     \
  X(elem, 4, 2, 1)                                                                                                     \
  X(elem, 5, 2, 1)                                                                                                     \
  X(elem, 6, 2, 1)                                                                                                     \
  X(elem, 7, 1, 1) X(elem, 8, 1, 1) X(elem, 9, 1, 1) X(elem, 10, 1, 1) X(elem, 11, 1, 1) X(elem, 12, 1, 1)
#else /* at least 16 registers, 4 pairs */
#define TILES(X, elem)                                                                                                 \
  X(elem, 1, 4, 1) X(elem, 2, 2, 1) X(elem, 3, 1, 1) X(elem, 4, 1, 1) X(elem, 5, 1, 1) X(elem, 6, 1, 1)
#endif

TILES(DEFINE_TILE, f32)
TILES(DEFINE_TILE, bf16)

#define TILE_ENTRY(elem, rows, pairs, steps) [rows] = tile_##elem##_##rows,
static tile_fn *const tiles_f32[TILE_ROWS + 1] = {TILES(TILE_ENTRY, f32)};
static tile_fn *const tiles_bf16[TILE_ROWS + 1] = {TILES(TILE_ENTRY, bf16)};

/* Runs the tile over any number of rows, cut into tiles of nearly equal height. */
INLINE void tile_rows(struct tile t, enum tmk_dtype dtype, int64_t rows)
{
  tile_fn *const *const table = dtype == TMK_DTYPE_F32 ? tiles_f32 : tiles_bf16;
  for (int64_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS; tiles > 0; tiles--) {
    const int64_t height = (rows + tiles - 1) / tiles;
    table[height](&t);
    rows -= height;
    t.a += height * t.lda;
    t.c += height * t.ldc;
    if (t.start) t.start += height * t.start_ld;
  }
}

#endif
