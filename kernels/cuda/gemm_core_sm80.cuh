/* gemm_core_sm80.cuh: y[m, n] = Σ_k x[m, k] w[n, k] + bias[n] for m ≥ 17: the kernel that gemm_tile_sm80.cu and gemm_medium_sm80.cu make
 * their instances of. Tiles of BM × BN, steps of BK, bf16 with f32 sums.
 *
 * Roles: all warps load and multiply. WARPS_M × WARPS_N warps share a tile, each has WM × WN of it in registers as 16 × 8 fragments.
 *
 *   step s + STAGES − 1   cp.async x, w → slot ─┐ commit           (16-byte pieces, zeros behind the ends of m, n and k)
 *                                               ├ wait_group, __syncthreads: slot full, and the one read before it empty
 *   step s                ldmatrix → fragments ─┘ half of w's 16 k ahead of the products: registers are double-buffered, also
 *                         mma.sync m16n8k16       across steps, so that the tensor cores don't wait at the barrier
 *   last step of a part   sums → y, or → a part (gemm_schedule_sm80.cuh). Copies of the next part are already under way: the pipeline
 *                         runs through the block's whole work without draining.
 *
 * Shared memory: slot s at s · (BM + BN) · BK · 2 bytes: x [BM, BK], then w [BN, BK]. A row is BK / 8 pieces of 16 bytes; piece c of row r
 * stands at c ^ (r % 8) (BK 64), or c ^ (r / 2 % 4) (BK 32, two rows to 128 bytes), so that the 8 rows of one ldmatrix matrix and the
 * 8 threads of one copied row lie in different banks.
 *
 * Stores: four lanes hold a row of 8 columns, 2 each. They transpose 4 such pieces among themselves by shuffles, so that each
 * stores one whole, 16 bytes.
 */
#ifndef TMK_GEMM_CORE_SM80_CUH
#define TMK_GEMM_CORE_SM80_CUH

#include <cuda_bf16.h>

#include "gemm_schedule_sm80.cuh"
#include "ptx_sm80.cuh"
#include "ptx_sm90.cuh"

/* The parameter of the kernel. */
struct gemm_problem {
  const __nv_bfloat16 *x, *weight, *bias; /* [m, x_ld], [n, weight_ld], [n] or NULL */
  void *y;                                /* [m, y_ld] bf16, or f32 with y_f32 */
  uint32_t x_ld_bytes, weight_ld_bytes;
  int64_t y_ld;
  int m, n, k;
  bool y_f32;
  int tiles_m, tiles_n,
      group_m; /* tiles go down group_m rows of tiles, then right: neighbours in time share rows of x and w */
  struct gemm_schedule schedule;
};

template <int BM_, int BN_, int BK_, int STAGES_, int WARPS_M_, int WARPS_N_, int BLOCKS_SM_> struct gemm_shape {
  static constexpr int BM = BM_, BN = BN_, BK = BK_, STAGES = STAGES_, WARPS_M = WARPS_M_, WARPS_N = WARPS_N_;
  static constexpr int BLOCKS_SM = BLOCKS_SM_; /* that registers must leave room for */
  static constexpr int THREADS = 32 * WARPS_M * WARPS_N;
  static constexpr int WM = BM / WARPS_M, WN = BN / WARPS_N;
  static constexpr int FM = WM / 16, FN = WN / 8; /* fragments of a warp */
  static constexpr int FK = BK / 16;              /* fragments of k a step */
  static constexpr int PIECES = BK / 8;           /* of a row, 16 bytes each */
  static constexpr int ROW_BYTES = BK * 2;
  static constexpr int COPY_ROWS = THREADS / PIECES; /* rows that the block copies with one instruction a thread */
  static constexpr int STAGE_BYTES = (BM + BN) * ROW_BYTES;
  static constexpr int SHARED_BYTES = STAGES * STAGE_BYTES;
  static_assert(BK == 32 || BK == 64, "the swizzle is for rows of 64 or 128 bytes");
  static_assert(STAGES >= 2, "one stage is read while another fills");
  static_assert(WM % 16 == 0 && WN % 32 == 0, "fragments are 16 × 16 of x, 16 × 16 of w; stores take 32 columns");
  static_assert(BM % COPY_ROWS == 0 && BN % COPY_ROWS == 0 && COPY_ROWS % 8 == 0,
                "whole copies, the same swizzle in each");
};

/* Byte of piece c of row r in a tile of shared memory. */
template <class S> static __device__ __forceinline__ uint32_t gemm_swizzle(uint32_t row, uint32_t piece)
{
  const uint32_t key = S::BK == 64 ? row % 8 : row / 2 % 4;
  return row * S::ROW_BYTES + ((piece ^ key) << 4);
}

/* Copies this thread's pieces of ROWS rows × BK of a matrix [rows, k]; what lies outside of it becomes zero. */
template <class S, int ROWS>
static __device__ __forceinline__ void gemm_copy(uint32_t to, const __nv_bfloat16 *matrix, uint32_t ld_bytes,
                                                 int row_first, int rows, int k_first, int k)
{
  const int row = (int)threadIdx.x / S::PIECES, piece = (int)threadIdx.x % S::PIECES;
  const int at = k_first + piece * 8;
  const int bytes = max(0, min(16, (k - at) * 2));
  const char *from = (const char *)matrix + (bytes > 0 ? at * 2 : 0);
  to += gemm_swizzle<S>(row, piece);
#pragma unroll
  for (int i = 0; i < ROWS / S::COPY_ROWS; i++) {
    const int r = row_first + row + i * S::COPY_ROWS;
    const bool inside = r < rows;
    cp_async_cg_16(to + i * S::COPY_ROWS * S::ROW_BYTES, from + (uint64_t)(uint32_t)(inside ? r : 0) * ld_bytes,
                   (uint32_t)(inside ? bytes : 0));
  }
}

/* First row and column of a tile. */
template <class S>
static __device__ __forceinline__ void gemm_tile_origin(const struct gemm_problem &p, int tile, int *row, int *column)
{
  const int group = tile / (p.group_m * p.tiles_n);
  const int first = group * p.group_m, in_group = tile - first * p.tiles_n;
  const int height = min(p.group_m, p.tiles_m - first);
  *row = (first + in_group % height) * S::BM;
  *column = in_group / height * S::BN;
}

/* Where the copies are: they run STAGES − 1 steps ahead. */
struct gemm_loader {
  int steps;       /* that have been loaded */
  int k, k_end;    /* the next one, and its part's end; equal: there is none */
  int row, column; /* origin of its tile */
  uint32_t slot;   /* shared address of the slot to fill */
};

template <class S>
static __device__ __forceinline__ void gemm_loader_part(struct gemm_loader &l, const struct gemm_problem &p)
{
  struct gemm_part part;
  l.k = l.k_end = 0;
  if (!gemm_part_of(p.schedule, l.steps, &part)) return;
  l.k = part.k_first;
  l.k_end = part.k_end;
  gemm_tile_origin<S>(p, part.tile, &l.row, &l.column);
}

template <class S>
static __device__ __forceinline__ void gemm_load_x(const struct gemm_loader &l, const struct gemm_problem &p)
{
  if (l.k < l.k_end) gemm_copy<S, S::BM>(l.slot, p.x, p.x_ld_bytes, l.row, p.m, l.k * S::BK, p.k);
}

template <class S>
static __device__ __forceinline__ void gemm_load_weight(const struct gemm_loader &l, const struct gemm_problem &p)
{
  if (l.k == l.k_end) return;
  gemm_copy<S, S::BN>(l.slot + S::BM * S::ROW_BYTES, p.weight, p.weight_ld_bytes, l.column, p.n, l.k * S::BK, p.k);
}

/* To the next step and slot. */
template <class S>
static __device__ __forceinline__ void gemm_loader_advance(struct gemm_loader &l, const struct gemm_problem &p,
                                                           uint32_t shared)
{
  l.slot += S::STAGE_BYTES;
  if (l.slot == shared + S::SHARED_BYTES) l.slot = shared;
  if (l.k == l.k_end) return;
  l.steps++;
  if (++l.k == l.k_end) gemm_loader_part<S>(l, p);
}

/* Fragments of 16 k. The warp multiplies all of x with one half of w, then with the other. */
template <class S> struct gemm_fragments {
  uint32_t x[2][S::FM][4];     /* [k / 16 % 2]: 16 rows of x each */
  uint32_t w[2][S::FN / 4][4]; /* [half]: 16 rows of w each, two fragments of 8 */
};

/* Where this lane's rows for ldmatrix begin in a slot. Lanes 0 … 7 give the rows of the first of four 8 × 8 matrices, and so on:
 * x's are (rows 0, k 0), (8, 0), (0, 8), (8, 8); w's (0, 0), (0, 8), (8, 0), (8, 8). `key` holds the piece of k 0, swizzled; the
 * pieces of k 16, 32, … are that with other bits turned. */
struct gemm_lane {
  uint32_t x_row, x_key, w_row, w_key;
};

template <class S> static __device__ __forceinline__ struct gemm_lane gemm_lane_place(int warp_m, int warp_n)
{
  const int lane = (int)threadIdx.x % 32;
  const int x_row = warp_m * S::WM + lane % 16, w_row = warp_n * S::WN + lane / 16 * 8 + lane % 8;
  struct gemm_lane place;
  place.x_row = (uint32_t)(x_row * S::ROW_BYTES);
  place.x_key = gemm_swizzle<S>(x_row, lane / 16) - place.x_row;
  place.w_row = (uint32_t)((S::BM + w_row) * S::ROW_BYTES);
  place.w_key = gemm_swizzle<S>(w_row, lane / 8 % 2) - (uint32_t)(w_row * S::ROW_BYTES);
  return place;
}

template <class S>
static __device__ __forceinline__ void gemm_load_fragments_x(uint32_t (&x)[S::FM][4], const struct gemm_lane &place,
                                                             uint32_t slot, int fk)
{
  const uint32_t from = slot + place.x_row + (place.x_key ^ (uint32_t)(fk * 32));
#pragma unroll
  for (int i = 0; i < S::FM; i++) ldmatrix_x4(x[i], from + i * 16 * S::ROW_BYTES);
}

template <class S>
static __device__ __forceinline__ void gemm_load_fragments_w(uint32_t (&w)[S::FN / 4][4], const struct gemm_lane &place,
                                                             uint32_t slot, int fk, int half)
{
  const uint32_t from = slot + place.w_row + (place.w_key ^ (uint32_t)(fk * 32)) + half * (S::WN / 2) * S::ROW_BYTES;
#pragma unroll
  for (int j = 0; j < S::FN / 4; j++) ldmatrix_x4(w[j], from + j * 16 * S::ROW_BYTES);
}

template <class S>
static __device__ __forceinline__ void gemm_multiply(float (&sum)[S::FM * S::FN][4], const uint32_t (&x)[S::FM][4],
                                                     const uint32_t (&w)[S::FN / 4][4], int half)
{
#pragma unroll
  for (int i = 0; i < S::FM; i++) {
#pragma unroll
    for (int j = 0; j < S::FN / 2; j++) {
      mma_m16n8k16_bf16(sum[i * S::FN + half * (S::FN / 2) + j], x[i][0], x[i][1], x[i][2], x[i][3],
                        w[j / 2][j % 2 * 2], w[j / 2][j % 2 * 2 + 1]);
    }
  }
}

/* Word j of lane t and word t of lane j change places, among the four lanes of a row. */
static __device__ __forceinline__ void gemm_transpose_row(uint32_t (&w)[4])
{
  const int lane = (int)threadIdx.x % 4;
#pragma unroll
  for (int j = 0; j < 4; j += 2) {
    const bool odd = (lane & 1) != 0;
    const uint32_t other = __shfl_xor_sync(0xffffffffu, odd ? w[j] : w[j + 1], 1);
    if (odd)
      w[j] = other;
    else
      w[j + 1] = other;
  }
#pragma unroll
  for (int j = 0; j < 2; j++) {
    const bool high = (lane & 2) != 0;
    const uint32_t other = __shfl_xor_sync(0xffffffffu, high ? w[j] : w[j + 2], 2);
    if (high)
      w[j] = other;
    else
      w[j + 2] = other;
  }
}

/* 8 columns of a row of y; those behind n are padding. */
static __device__ __forceinline__ void gemm_store_bf16(const struct gemm_problem &p, int row, int column,
                                                       const uint32_t (&w)[4])
{
  if (row < p.m && column < p.n) {
    *(uint4 *)((unsigned short *)p.y + row * p.y_ld + column) = make_uint4(w[0], w[1], w[2], w[3]);
  }
}

static __device__ __forceinline__ void gemm_store_f32(const struct gemm_problem &p, int row, int column, float a,
                                                      float b)
{
  if (row < p.m && column < p.n) *(float2 *)((float *)p.y + row * p.y_ld + column) = make_float2(a, b);
}

/* The sums of a warp, whose first row and column are given, to y. */
template <class S>
static __device__ __forceinline__ void gemm_store(float (&sum)[S::FM * S::FN][4], const struct gemm_problem &p, int row,
                                                  int column)
{
  const int lane = (int)threadIdx.x % 32, pair = lane % 4 * 2;
  row += lane / 4;
  if (p.bias) {
#pragma unroll
    for (int j = 0; j < S::FN; j++) {
      const int c = column + j * 8 + pair;
      const uint32_t both = c < p.n ? *(const uint32_t *)&p.bias[c] : 0;
      const float a = __uint_as_float(both << 16), b = __uint_as_float(both & 0xffff0000u);
#pragma unroll
      for (int i = 0; i < S::FM; i++) {
        float *s = sum[i * S::FN + j];
        s[0] += a, s[1] += b, s[2] += a, s[3] += b;
      }
    }
  }
#pragma unroll
  for (int i = 0; i < S::FM; i++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      const int r = row + i * 16 + half * 8;
#pragma unroll
      for (int j = 0; j < S::FN; j += 4) {
        float(*s)[4] = &sum[i * S::FN + j];
        if (p.y_f32) {
#pragma unroll
          for (int e = 0; e < 4; e++)
            gemm_store_f32(p, r, column + (j + e) * 8 + pair, s[e][half * 2], s[e][half * 2 + 1]);
        } else {
          uint32_t w[4];
#pragma unroll
          for (int e = 0; e < 4; e++) w[e] = cvt_rn_bf16x2_f32(s[e][half * 2], s[e][half * 2 + 1]);
          gemm_transpose_row(w);
          gemm_store_bf16(p, r, column + (j + lane % 4) * 8, w);
        }
      }
    }
  }
}

/* Leaves the block's part of a cut tile in its slot. True if it came last: `sum` then is the whole tile. */
template <class S>
static __device__ __forceinline__ bool gemm_join(float (&sum)[S::FM * S::FN][4], const struct gemm_schedule &s,
                                                 int tile)
{
  constexpr int VECTORS = S::FM * S::FN, SLOT = VECTORS * S::THREADS;
  float4 *parts = (float4 *)s.parts + threadIdx.x;
  float4 *mine = parts + (int64_t)gemm_part_slot(s, (int)blockIdx.x, tile) * SLOT;
#pragma unroll
  for (int i = 0; i < VECTORS; i++) mine[i * S::THREADS] = make_float4(sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
  int first, last;
  gemm_part_blocks(s, tile, &first, &last);
  if (!gemm_arrive(s, tile, last - first + 1)) return false;
#pragma unroll
  for (int i = 0; i < VECTORS; i++) sum[i][0] = sum[i][1] = sum[i][2] = sum[i][3] = 0;
  for (int block = first; block <= last; block++) {
    const float4 *part = parts + (int64_t)gemm_part_slot(s, block, tile) * SLOT;
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
      const float4 v = __ldcg(&part[i * S::THREADS]);
      sum[i][0] += v.x, sum[i][1] += v.y, sum[i][2] += v.z, sum[i][3] += v.w;
    }
  }
  return true;
}

template <class S>
__global__ void __launch_bounds__(S::THREADS, S::BLOCKS_SM) gemm_core_kernel(const __grid_constant__ gemm_problem p)
{
  extern __shared__ __align__(128) unsigned char gemm_shared[];
  const uint32_t shared = shared_address(gemm_shared);
  const int warp = (int)threadIdx.x / 32, warp_m = warp % S::WARPS_M, warp_n = warp / S::WARPS_M;
  const struct gemm_lane place = gemm_lane_place<S>(warp_m, warp_n);

  /* The first slots: weights before the predecessor has ended, x after it. */
  struct gemm_loader loader = {};
  loader.slot = shared;
  gemm_loader_part<S>(loader, p);
  struct gemm_loader ahead = loader;
#pragma unroll 1
  for (int s = 0; s < S::STAGES - 1; s++) {
    gemm_load_weight<S>(ahead, p);
    gemm_loader_advance<S>(ahead, p, shared);
  }
  griddepcontrol_wait();
#pragma unroll 1
  for (int s = 0; s < S::STAGES - 1; s++) {
    gemm_load_x<S>(loader, p);
    cp_async_commit_group();
    gemm_loader_advance<S>(loader, p, shared);
  }

  float sum[S::FM * S::FN][4] = {};
  struct gemm_fragments<S> f;
  uint32_t slot = shared;
  struct gemm_part part;
  if (!gemm_part_of(p.schedule, 0, &part)) return;
  int step = 0, part_end = part.k_end - part.k_first; /* of the block's steps: the one at hand, the end of its part */
  cp_async_wait_group<S::STAGES - 2>();
  __syncthreads();
  gemm_load_fragments_x<S>(f.x[0], place, slot, 0);
  gemm_load_fragments_w<S>(f.w[0], place, slot, 0, 0);

#pragma unroll 1
  for (;;) {
    const uint32_t slot_next = slot + S::STAGE_BYTES == shared + S::SHARED_BYTES ? shared : slot + S::STAGE_BYTES;
#pragma unroll
    for (int fk = 0; fk < S::FK; fk++) {
      gemm_load_fragments_w<S>(f.w[1], place, slot, fk, 1);
      if (fk == 0) { /* into the slot that the barrier of the step before freed */
        gemm_load_weight<S>(loader, p);
        gemm_load_x<S>(loader, p);
        cp_async_commit_group();
        gemm_loader_advance<S>(loader, p, shared);
      }
      gemm_multiply<S>(sum, f.x[fk % 2], f.w[0], 0);
      if (fk + 1 < S::FK) {
        gemm_load_fragments_x<S>(f.x[(fk + 1) % 2], place, slot, fk + 1);
        gemm_load_fragments_w<S>(f.w[0], place, slot, fk + 1, 0);
      } else {
        /* The step's last reads of its slot are done, and the next slot must be full. */
        cp_async_wait_group<S::STAGES - 2>();
        __syncthreads();
        if (step + 1 < loader.steps) {
          gemm_load_fragments_x<S>(f.x[0], place, slot_next, 0);
          gemm_load_fragments_w<S>(f.w[0], place, slot_next, 0, 0);
        }
      }
      gemm_multiply<S>(sum, f.x[fk % 2], f.w[1], 1);
    }
    slot = slot_next;
    if (++step < part_end) continue;

    if (step == loader.steps) griddepcontrol_launch_dependents();
    gemm_part_of(p.schedule, step - 1, &part);
    if (gemm_is_whole(part, p.schedule) || gemm_join<S>(sum, p.schedule, part.tile)) {
      int row, column;
      gemm_tile_origin<S>(p, part.tile, &row, &column);
      gemm_store<S>(sum, p, row + warp_m * S::WM, column + warp_n * S::WN);
    }
    if (!gemm_part_of(p.schedule, step, &part)) return;
    part_end = step + part.k_end - part.k_first;
#pragma unroll
    for (int i = 0; i < S::FM * S::FN; i++) sum[i][0] = sum[i][1] = sum[i][2] = sum[i][3] = 0;
  }
}

#endif
