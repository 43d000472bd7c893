/* cpu_gemm_cut.h: a GEMM over threads. They take contiguous ranges of panels, the same ranges that filled them, so that weights are
 * read from the memory they were first touched in; where there are too few panels for the threads and rows enough, the rows are cut
 * too. */
#ifndef TMK_CPU_GEMM_CUT_H
#define TMK_CPU_GEMM_CUT_H

#include "cpu_kernels.h"

/* Enough that streaming the weights again costs 1/160 of a read per multiply-add. */
enum { BLOCK_ROWS = 160 };

/* Rows × panels of a GEMM that one thread works on. */
struct gemm_block {
  int64_t row_first, rows, panel_first, panel_end;
  int64_t ahead; /* as in struct tile */
};

/* Enough (rows, panel) units that parts differ little: 8 a thread, but never rows of less than two tiles. */
static inline int64_t gemm_cuts(int64_t m, int64_t panels, int threads, int64_t tile_rows)
{
  int64_t cuts = (8 * threads + panels - 1) / panels;
  const int64_t cuts_max = m / (2 * tile_rows);
  if (cuts > cuts_max) cuts = cuts_max;
  return cuts < 1 ? 1 : cuts;
}

/* do_block(context, &block) for each block, of at most block_rows rows, of this thread's part. Always inlined, do_block with it. */
static inline __attribute__((always_inline)) void gemm_cut(const struct tmk_cpu_gemm *g, struct tmk_cpu_part part, int64_t tile_rows,
                                                           int64_t block_rows,
                                                           void (*do_block)(const void *context, struct gemm_block *block),
                                                           const void *context)
{
  const int64_t panels = (g->n + TMK_CPU_PANEL - 1) / TMK_CPU_PANEL, cuts = gemm_cuts(g->m, panels, part.threads, tile_rows);
  const int64_t end = tmk_cpu_part_end(part, cuts * panels);
  for (int64_t unit = tmk_cpu_part_first(part, cuts * panels); unit < end;) {
    const int64_t cut = unit / panels, stop = end < (cut + 1) * panels ? end : (cut + 1) * panels;
    const int64_t first = g->m * cut / cuts, rows = g->m * (cut + 1) / cuts - first;
    const int64_t blocks = (rows + block_rows - 1) / block_rows;
    for (int64_t i = 0; i < blocks; i++) {
      struct gemm_block block = {
          .row_first = first + rows * i / blocks,
          .rows = rows * (i + 1) / blocks - rows * i / blocks,
          .panel_first = unit - cut * panels,
          .panel_end = stop - cut * panels,
      };
      do_block(context, &block);
    }
    unit = stop;
  }
}

#endif
