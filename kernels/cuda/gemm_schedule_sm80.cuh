/* gemm_schedule_sm80.cuh: which tiles, and which part of k of them, a block of a persistent GEMM works on, and how the parts of a
 * tile become one.
 *
 * `steps` steps of k make a tile. Tiles [0, cut_tiles) are cut: their steps stand in one line, and each of the grid's G blocks
 * takes an equal piece of it. The others are whole: block b takes tiles cut_tiles + b, cut_tiles + b + G, … With cut_tiles the
 * rest of the last wave and one wave more (or all tiles, where they are fewer than blocks) every block does the same number of
 * steps, to within one: no wave is left half empty, and where there are few tiles all SMs still stream weights.
 *
 *   line     | tile 0      | tile 1      | tile 2      |
 *   blocks   | 0      | 1      | 2      | 3      | 4   …      block 1 holds a part of tile 0 and one of tile 1
 *
 * A block that has a part of a cut tile writes it as f32 to its own slot and counts itself in; whoever comes last adds the parts
 * up, in the order of the blocks. No block ever waits for another, and the sum does not depend on who came last, so that runs
 * are bit-equal. The count is left at zero.
 */
#ifndef TMK_GEMM_SCHEDULE_SM80_CUH
#define TMK_GEMM_SCHEDULE_SM80_CUH

#include <stdint.h>

#include "cuda_kernels.h"
#include "ptx_sm80.cuh"

struct gemm_schedule {
  int tiles, cut_tiles, steps;
  float *parts;       /* slots of a tile's f32 sums, two a block */
  uint32_t *arrivals; /* [cut_tiles], zero */
};

/* --- host --- */

/* Cuts what the last wave of at most `blocks` would leave idle if that is worth more than adding up the parts, which takes the
 * time of `join_steps` steps. Returns how many blocks to launch. */
static inline int gemm_schedule_plan(struct gemm_schedule *s, int64_t tiles, int steps, int blocks, int join_steps)
{
  s->tiles = (int)tiles;
  s->steps = steps;
  s->cut_tiles = 0;
  const int64_t rest = tiles % blocks;
  if (tiles < blocks) {
    const int64_t pieces = tiles * steps / join_steps; /* no piece shorter than a join */
    blocks = (int)(pieces < tiles ? tiles : pieces < blocks ? pieces : blocks);
  }
  const bool worth = rest != 0 && rest * steps + (int64_t)blocks * join_steps < (int64_t)blocks * steps;
  if (worth) s->cut_tiles = (int)(tiles < blocks ? tiles : rest + blocks);
  return tiles < blocks && !worth ? (int)tiles : blocks;
}

static inline int64_t gemm_schedule_workspace_bytes(const struct gemm_schedule *s, int blocks, int tile_elements)
{
  return s->cut_tiles > 0 ? (int64_t)blocks * 2 * tile_elements * (int64_t)sizeof(float) : 0;
}

/* --- device --- */

/* What a block does of a tile: steps k_first … k_end − 1. */
struct gemm_part {
  int tile, k_first, k_end;
};

static __device__ __forceinline__ int gemm_piece_start(const struct gemm_schedule &s, int block)
{
  return (int)((int64_t)s.cut_tiles * s.steps * block / (int)gridDim.x);
}

/* The block whose piece holds a step of the line: the last one whose piece starts at or before it. */
static __device__ __forceinline__ int gemm_piece_of(const struct gemm_schedule &s, int64_t step)
{
  return (int)(((step + 1) * (int)gridDim.x - 1) / ((int64_t)s.cut_tiles * s.steps));
}

/* The part that the block's n-th step, from 0, is in: those of its piece of the line, then its whole tiles. False if it has
 * fewer. */
static __device__ __forceinline__ bool gemm_part_of(const struct gemm_schedule &s, int n, struct gemm_part *part)
{
  const int block = (int)blockIdx.x, start = gemm_piece_start(s, block), end = gemm_piece_start(s, block + 1);
  if (n < end - start) {
    part->tile = (start + n) / s.steps;
    part->k_first = max(start - part->tile * s.steps, 0);
    part->k_end = min(end - part->tile * s.steps, s.steps);
    return true;
  }
  part->tile = s.cut_tiles + block + (n - (end - start)) / s.steps * (int)gridDim.x;
  part->k_first = 0;
  part->k_end = s.steps;
  return part->tile < s.tiles;
}

static __device__ __forceinline__ bool gemm_is_whole(const struct gemm_part &part, const struct gemm_schedule &s)
{
  return part.k_end - part.k_first == s.steps;
}

/* The blocks that have a part of a cut tile: first … last. */
static __device__ __forceinline__ void gemm_part_blocks(const struct gemm_schedule &s, int tile, int *first, int *last)
{
  *first = gemm_piece_of(s, (int64_t)tile * s.steps);
  *last = gemm_piece_of(s, (int64_t)(tile + 1) * s.steps - 1);
}

/* The slot of a block's part of a tile. A piece has a part without the tile's end or start at its own start and end only. */
static __device__ __forceinline__ int gemm_part_slot(const struct gemm_schedule &s, int block, int tile)
{
  return 2 * block + (gemm_piece_start(s, block) / s.steps != tile);
}

/* Counts the block in, all of whose threads have written their share of the part; true in all of them if it came last: then all
 * parts can be read. */
static __device__ __forceinline__ bool gemm_arrive(const struct gemm_schedule &s, int tile, int parts)
{
  __syncthreads();
  bool is_last = false;
  if (threadIdx.x == 0) {
    is_last = atom_add_acq_rel_gpu(&s.arrivals[tile], 1) == (uint32_t)parts - 1;
    if (is_last) s.arrivals[tile] = 0;
  }
  return __syncthreads_or(is_last);
}

#endif
