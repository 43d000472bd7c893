/* cpu_gemm_cut.h: a GEMM over threads. They take contiguous ranges of panels, the same ranges that filled them, so that weights are
 * read from the memory they were first touched in; where there are too few panels for the threads and rows enough, the rows are cut
 * too. */
#ifndef TMK_CPU_GEMM_CUT_H
#define TMK_CPU_GEMM_CUT_H

#include "cpu_kernels.h"

/* Rows × panels of a GEMM that one thread works on. */
struct gemm_block {
  int64_t row_first, rows, panel_first, panel_end;
  int64_t ahead; /* as in struct tile */
};

/* do_block(g, &block) for each block, of at most block_rows rows, of this thread's part. A macro: g has the m and n of more than one
 * type, and do_block is to be inlined. */
#define GEMM_CUT(g, part, tile_rows, block_rows, do_block)                                                             \
  const int64_t panels_ = ((g)->n + TMK_CPU_PANEL - 1) / TMK_CPU_PANEL;                                                \
  const int64_t cuts_ = gemm_cuts((g)->m, panels_, (part).threads, tile_rows);                                         \
  const int64_t end_ = tmk_cpu_part_end(part, cuts_ *panels_);                                                         \
  for (int64_t unit_ = tmk_cpu_part_first(part, cuts_ *panels_); unit_ < end_;) {                                      \
    const int64_t cut_ = unit_ / panels_, stop_ = end_ < (cut_ + 1) * panels_ ? end_ : (cut_ + 1) * panels_;           \
    const int64_t first_ = (g)->m * cut_ / cuts_, rows_ = (g)->m * (cut_ + 1) / cuts_ - first_;                        \
    const int64_t blocks_ = (rows_ + (block_rows)-1) / (block_rows);                                                   \
    for (int64_t i_ = 0; i_ < blocks_; i_++) {                                                                         \
      struct gemm_block block_ = {                                                                                     \
          .row_first = first_ + rows_ * i_ / blocks_,                                                                  \
          .rows = rows_ * (i_ + 1) / blocks_ - rows_ * i_ / blocks_,                                                   \
          .panel_first = unit_ - cut_ * panels_,                                                                       \
          .panel_end = stop_ - cut_ * panels_,                                                                         \
      };                                                                                                               \
      do_block(g, &block_);                                                                                            \
    }                                                                                                                  \
    unit_ = stop_;                                                                                                     \
  }

/* Enough (rows, panel) units that parts differ little: 8 a thread, but never rows of less than two tiles. */
static inline int64_t gemm_cuts(int64_t m, int64_t panels, int threads, int64_t tile_rows)
{
  int64_t cuts = (8 * threads + panels - 1) / panels;
  const int64_t cuts_max = m / (2 * tile_rows);
  if (cuts > cuts_max) cuts = cuts_max;
  return cuts < 1 ? 1 : cuts;
}

#endif
