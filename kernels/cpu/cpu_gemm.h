/* cpu_gemm.h: y[m, n] = Σ_k x[m, k] weight[n, k] + bias[n].
 *
 *   rows ≤ TILE_ROWS   one tile a panel: the weights stream from memory once, all of k in one go
 *   more rows          a block of a panel, BLOCK_K of k, stays in the first-level cache while the rows pass over it, and y in
 *                      registers or the first-level cache while the blocks of the panel follow each other
 *   many rows          go in blocks of at most BLOCK_ROWS, whose x is near in the second or third-level cache; the weights are
 *                      streamed once for each
 */
#ifndef TMK_CPU_GEMM_H
#define TMK_CPU_GEMM_H

#include "cpu_gemm_cut.h"
#include "cpu_tile.h"

/* 32 KiB of panel in f32, what first-level caches hold beside a tile's rows of x. */
enum { BLOCK_K = 256 };

/* One panel and one block of k for all rows of the block. */
INLINE void gemm_panel(const struct tmk_cpu_gemm *g, const struct gemm_block *b, int64_t panel, int64_t k_first,
                       int64_t k)
{
  const int64_t bytes = tmk_dtype_bytes(g->weight_dtype, TMK_CPU_PANEL);
  struct tile t = {
      .a = g->x + b->row_first * g->x_stride + k_first,
      .lda = g->x_stride,
      .panel = (const char *)g->weight + (panel * g->k + k_first) * bytes,
      .k = k,
      .c = g->y + b->row_first * g->y_stride + panel * TMK_CPU_PANEL,
      .ldc = g->y_stride,
      .ahead = b->ahead,
  };
  if (k_first > 0) {
    t.start = t.c;
    t.start_ld = g->y_stride;
  } else if (g->bias) {
    t.start = g->bias + panel * TMK_CPU_PANEL;
  }
  tile_rows(t, g->weight_dtype, b->rows);
}

static void gemm_do_block(const void *context, struct gemm_block *b)
{
  const struct tmk_cpu_gemm *g = context;
  const bool one_tile = b->rows <= TILE_ROWS && (PAIRS == 1 || b->rows <= 2);
  const int64_t step = one_tile ? g->k : BLOCK_K;
  /* While one block is in the cache, the tiles fetch the next. */
  b->ahead = one_tile ? STREAM_AHEAD : step * tmk_dtype_bytes(g->weight_dtype, TMK_CPU_PANEL);
  for (int64_t panel = b->panel_first; panel < b->panel_end; panel++) {
    for (int64_t k = 0; k < g->k; k += step) gemm_panel(g, b, panel, k, g->k - k < step ? g->k - k : step);
  }
}

static void kernel_gemm(const struct tmk_cpu_gemm *g, struct tmk_cpu_part part)
{
  gemm_cut(g, part, TILE_ROWS, BLOCK_ROWS, gemm_do_block, g);
}

#endif
