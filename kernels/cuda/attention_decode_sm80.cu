/* attention_decode_sm80.cu: attention of one new token a sequence over a paged KV cache; sm_80 and up.
 *
 *   out[s, h, :] = Σ_j p_j v[s, j, g, :] ÷ Σ_j p_j,   p_j = 2^(c q[s, h, :] · k[s, j, g, :] − m),   c = scale log2 e
 *   over keys j = first … pos, first = max(0, pos − window + 1), g = h / group, m the largest exponent so far (online softmax)
 *
 * Tiles. The query heads of a KV head are the 16 rows of mma.m16n8k16 (zeros behind the last; groups above 16 take several
 * units), so a key is read once for all of them. A page of 64 keys is an item of work; each of the 4 warps takes 16 of its keys,
 * for both products, with its own maximum, sum and accumulator, and meets the others only where a unit ends.
 *   S[16, 16]  = Q[16, D] K[16, D]ᵀ     A: Q in registers    B: ldmatrix
 *   O[16, D]  += P[16, 16] V[16, D]     A: P, the accumulators of S in place, rounded to bf16    B: ldmatrix.trans
 *
 * Schedule. A unit is (sequence, KV head, 16 query heads); its items are the pages with keys in reach. All items of all units stand
 * in one row, cut into as many equal runs (± 1) as blocks can be resident: every SM streams all the time and about as much, at
 * batch 1 with a long context as at batch 256, and the streams run on across units. decode_plan_make is the one place of
 * this choice. A unit that lies in one run is written by its block. Else each block leaves its share (O, m, l) in the
 * workspace and counts itself in; the last one to come adds up the shares, in the order of blocks whoever is last, so the
 * result is the same in every run, and leaves the flag zero.
 *
 * Producer → consumer, each warp for itself: ring of 2 × (K, V) tiles of 16 keys, a cp.async group each.
 *   prologue          load K0 V0 K1 V1
 *   item i            wait K_i → S → load K_{i+2} | softmax | wait V_i → O → load V_{i+2}
 *   Only __syncwarp between a tile's readers and its next load. The page number of the item to be loaded was read a step before.
 *   unit ends         4 warps: maxima and sums → barrier → O added up in turn, a barrier each → out or share; loads stay under way
 *
 * Shared memory: ring[4 warps][2][K, V][16 keys] (64 KiB at D 128 bf16), sum[16][D] f32, stats[4][16][m, l], totals[16][m, l].
 *
 * fp8. A byte matrix goes through ldmatrix as 16-bit elements. K: a lane's 32 bits are dims 4t … 4t + 3 of key g; the product does
 * not mind the order of dims, so bytes 0, 2 serve as k = 2t, 2t + 1 and bytes 1, 3 as k = 2t + 8, 2t + 9, and Q is loaded in that
 * order. V, transposed: bytes 0, 2 are dim 2g of keys 2t, 2t + 1, bytes 1, 3 dim 2g + 1: the B operands of an "even" and an
 * "odd" tile of 8 columns. Both halves widen in registers: 4 integer operations and an fma.bf16x2 a pair.
 *
 * Takes q_len 1; head_dim up to 128 (multiples of 8, fp8 16); any group, window, batch and context.
 *
 * Why it streams. Little's law: bandwidth × latency a SM (700 ns under load) is 2,039 GB/s: 13 KiB (A100), 3,350: 17 KiB
 * (H100), 8,000: 37 KiB (B200). A block keeps 3 tiles of 4 KiB a warp under way, 48 KiB; 2 blocks fit an A100 (164 KiB), 3 an H100
 * or B200: 96 and 144 KiB. At fp8, half that a block and 3 and 4 blocks: 72 and 96 KiB. 4 KiB of a tile are consecutive in memory.
 * Math: an item of a warp is 8 KiB; 8 warps at 13.4 bytes a clock and SM (A100) leave it 4,900 clocks for 32 mma, 16 ldmatrix, 16
 * cp.async and about 150 others: issue slots 10 % busy. Units end once a context: some 2,000 clocks, in which 48 KiB a block,
 * 7,000 clocks' worth, are under way.
 */
#include "attention_sm80.cuh"

constexpr int WARPS = 4, THREADS = 32 * WARPS, ROWS = 16, KEYS = 16; /* of a warp's tile */
constexpr int DEPTH = 2;                                             /* items under way */
static_assert(WARPS * KEYS == PAGE, "an item is a page");

struct decode_args {
  tmk_cuda_attention a;
  int group, head_tiles; /* query heads a KV head; units they make */
  int first_key, last_key, first_page, pages; /* of every unit */
  int units, items, blocks;
  int run, longer; /* items a block; the first `longer` blocks have one more */
  float scale_log2;
  float *shares;
  uint32_t *arrivals;
};

template <int D_, bool FP8_> struct shape {
  static constexpr int D = D_;
  static constexpr bool FP8 = FP8_;
  using rows = tile<D *(FP8 ? 1 : 2)>;
  static constexpr int TILE_BYTES = KEYS * rows::STRIDE;
  static constexpr int K_STEPS = D / 16, N_TILES = D / 8;
  static constexpr int RING_BYTES = WARPS * DEPTH * 2 * TILE_BYTES;
  static constexpr int SUM_STRIDE = D + 4; /* floats: rows a bank quarter apart */
  static constexpr int SUM_BYTES = ROWS * SUM_STRIDE * 4, STATS_BYTES = WARPS * ROWS * 8, TOTAL_BYTES = ROWS * 8 + 16;
  static constexpr int SHARED_BYTES = RING_BYTES + SUM_BYTES + STATS_BYTES + TOTAL_BYTES;
  static constexpr int BLOCKS_SM = FP8 ? 3 : 2;        /* that registers are kept for */
  static constexpr int SHARE_FLOATS = ROWS * (D + 2); /* O, then m and l */
  static_assert(SHARED_BYTES <= 99 * 1024, "sm_86, 89 and 120 have 99 KiB a block");
  static_assert(K_STEPS % 2 == 0, "fp8 takes two steps of k an ldmatrix");
};

/* --- where items are --- */

static __device__ __forceinline__ int run_begin(const decode_args &p, int block)
{
  return block * p.run + min(block, p.longer);
}

static __device__ __forceinline__ int block_of(const decode_args &p, int item)
{
  const int head = p.longer * (p.run + 1);
  return item < head ? item / (p.run + 1) : p.longer + (item - head) / p.run;
}

/* A position in the row of items. */
struct cursor {
  int item, unit, page; /* page: of the unit, from 0 */
};

static __device__ __forceinline__ cursor cursor_at(const decode_args &p, int item)
{
  return {item, item / p.pages, item % p.pages};
}

static __device__ __forceinline__ void cursor_next(const decode_args &p, cursor &c)
{
  c.item++;
  if (++c.page == p.pages) {
    c.page = 0;
    c.unit++;
  }
}

/* The sequence (of the cache), KV head and first query head of a unit. */
struct unit_place {
  int seq, head_kv, head, rows;
};

static __device__ __forceinline__ unit_place place_of(const decode_args &p, int unit)
{
  const int heads_kv = (int)p.a.heads_kv, tile = unit % p.head_tiles, rest = unit / p.head_tiles;
  const int head_kv = rest % heads_kv, seq = rest / heads_kv;
  return {seq, head_kv, head_kv * p.group + tile * ROWS, min(ROWS, p.group - tile * ROWS)};
}

/* --- loads --- */

/* Where the next items to be loaded are; page numbers are read a step ahead. */
struct loader {
  cursor at;
  int end;
  int64_t page_rows; /* first row (of head_dim elements) of the item's page and head */
  uint64_t policy;
};

static __device__ __forceinline__ void loader_look_up(const decode_args &p, loader &l)
{
  if (l.at.item >= l.end) return;
  const unit_place u = place_of(p, l.at.unit);
  const int64_t entry = (p.a.seq_first + u.seq) * p.a.cache.pages_stride + p.first_page + l.at.page;
  l.page_rows = (p.a.cache.pages[entry] * p.a.heads_kv + u.head_kv) * PAGE;
}

/* This warp's 16 keys, or values, of the loader's item. Values that are not there become zeros; keys there may be anything, as their scores
 * are masked. Zeros behind head_dim. Always one group. */
template <class S, bool VALUES>
static __device__ __forceinline__ void load_tile(const decode_args &p, const loader &l, const void *cache, uint32_t to, int lane, int warp)
{
  if (l.at.item < l.end) {
    const int row_bytes = (int)p.a.head_dim * (S::FP8 ? 1 : 2);
    const int key = (p.first_page + l.at.page) * PAGE + warp * KEYS;
    const char *from = static_cast<const char *>(cache) + (l.page_rows + warp * KEYS) * row_bytes;
    if (key <= p.last_key && key + KEYS > p.first_key) {
#pragma unroll
      for (int i = 0; i < KEYS * S::rows::CHUNKS / 32; i++) {
        const int index = lane + 32 * i, row = index / S::rows::CHUNKS, chunk = index % S::rows::CHUNKS;
        const bool there =
            (!VALUES || (key + row >= p.first_key && key + row <= p.last_key)) && chunk * CHUNK_BYTES < row_bytes;
        cp_async_cg_16_128B(to + S::rows::offset(row, chunk), there ? from + row * row_bytes + chunk * CHUNK_BYTES : from,
                            there ? CHUNK_BYTES : 0, l.policy);
      }
    }
  }
  cp_async_commit_group();
}

/* Q of a unit as A operands: rows g and g + 8. Zeros behind the group and behind head_dim. */
template <class S>
static __device__ __forceinline__ void load_q(const decode_args &p, const unit_place &u, int lane, uint32_t (&q)[S::K_STEPS][4])
{
  const int g = lane / 4, t = lane % 4, dims = (int)p.a.head_dim;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    const int row = g + 8 * half;
    const __nv_bfloat16 *from =
        static_cast<const __nv_bfloat16 *>(p.a.q) + u.seq * p.a.q_ld + (int64_t)(u.head + min(row, u.rows - 1)) * dims;
#pragma unroll
    for (int k = 0; k < S::K_STEPS; k++) {
      uint32_t low = 0, high = 0;
      if constexpr (S::FP8) {
        if (row < u.rows && 16 * k + 4 * t < dims) {
          const uint2 four = *reinterpret_cast<const uint2 *>(from + 16 * k + 4 * t);
          low = __byte_perm(four.x, four.y, 0x5410);  /* dims 4t, 4t + 2 */
          high = __byte_perm(four.x, four.y, 0x7632); /* 4t + 1, 4t + 3 */
        }
      } else {
        const int dim = 16 * k + 2 * t;
        if (row < u.rows && dim < dims) low = *reinterpret_cast<const uint32_t *>(from + dim);
        if (row < u.rows && dim + 8 < dims) high = *reinterpret_cast<const uint32_t *>(from + dim + 8);
      }
      q[k][half] = low;
      q[k][half + 2] = high;
    }
  }
}

/* --- arithmetic of a tile --- */

/* s[n] = Q K of keys 8n … 8n + 7 of the tile. */
template <class S>
static __device__ __forceinline__ void scores(const uint32_t (&q)[S::K_STEPS][4], uint32_t keys, int lane, float (&s)[2][4])
{
#pragma unroll
  for (int n = 0; n < 2; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) s[n][i] = 0;
  }
  int row, chunk;
  matrix_place<S::FP8>(lane, row, chunk);
  if constexpr (S::FP8) { /* matrices: keys 0 – 7, 8 – 15 of a chunk (16 dims), then of the next */
#pragma unroll
    for (int k = 0; k < S::K_STEPS; k += 2) {
      uint32_t b[4];
      ldmatrix_x4(b, keys + S::rows::offset(row, k + chunk));
#pragma unroll
      for (int i = 0; i < 4; i++) {
        uint32_t b0, b1;
        e4m3_widen(b[i], b0, b1);
        const uint32_t(&a)[4] = q[k + i / 2];
        mma_m16n8k16_bf16(s[i % 2], a[0], a[1], a[2], a[3], b0, b1);
      }
    }
  } else { /* matrices: two chunks (16 dims) of keys 0 – 7, then of 8 – 15 */
#pragma unroll
    for (int k = 0; k < S::K_STEPS; k++) {
      uint32_t b[4];
      ldmatrix_x4(b, keys + S::rows::offset(row, 2 * k + chunk));
      mma_m16n8k16_bf16(s[0], q[k][0], q[k][1], q[k][2], q[k][3], b[0], b[1]);
      mma_m16n8k16_bf16(s[1], q[k][0], q[k][1], q[k][2], q[k][3], b[2], b[3]);
    }
  }
}

/* o += P V. Of fp8 the tiles 2j and 2j + 1 are the even and odd dims of chunk j. */
template <class S>
static __device__ __forceinline__ void weighted(const uint32_t (&a)[4], uint32_t values, int lane, float (&o)[S::N_TILES][4])
{
  int row, chunk;
  matrix_place<true>(lane, row, chunk);
#pragma unroll
  for (int j = 0; j < S::rows::CHUNKS; j += 2) {
    uint32_t b[4]; /* keys 0 – 7, 8 – 15 of a chunk, then of the next */
    ldmatrix_x4_trans(b, values + S::rows::offset(row, j + chunk));
#pragma unroll
    for (int i = 0; i < 2; i++) {
      if constexpr (S::FP8) {
        uint32_t even[2], odd[2];
        e4m3_widen(b[2 * i], even[0], odd[0]);
        e4m3_widen(b[2 * i + 1], even[1], odd[1]);
        mma_m16n8k16_bf16(o[2 * (j + i)], a[0], a[1], a[2], a[3], even[0], even[1]);
        mma_m16n8k16_bf16(o[2 * (j + i) + 1], a[0], a[1], a[2], a[3], odd[0], odd[1]);
      } else {
        mma_m16n8k16_bf16(o[j + i], a[0], a[1], a[2], a[3], b[2 * i], b[2 * i + 1]);
      }
    }
  }
}

/* What a warp knows of its keys of a unit: rows g and g + 8. sum: of this lane's columns only. */
template <class S> struct state {
  float largest[2], sum[2], o[S::N_TILES][4];
};

template <class S> static __device__ __forceinline__ void state_clear(state<S> &w)
{
#pragma unroll
  for (int r = 0; r < 2; r++) {
    w.largest[r] = -CUDART_INF_F;
    w.sum[r] = 0;
  }
#pragma unroll
  for (int n = 0; n < S::N_TILES; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) w.o[n][i] = 0;
  }
}

/* Scores to probabilities, as the A operand of the second product; what was there before is scaled to the new maximum. */
template <class S>
static __device__ __forceinline__ void softmax(const decode_args &p, int key, int lane, float (&s)[2][4], state<S> &w, uint32_t (&a)[4])
{
  if (key < p.first_key || key + KEYS > p.last_key + 1) {
#pragma unroll
    for (int n = 0; n < 2; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int j = key + 8 * n + 2 * (lane % 4) + i % 2;
        if (j < p.first_key || j > p.last_key) s[n][i] = -CUDART_INF_F;
      }
    }
  }
  float grown[2];
  bool moved = false;
#pragma unroll
  for (int r = 0; r < 2; r++) {
    const float largest = row_max(fmaxf(fmaxf(s[0][2 * r], s[0][2 * r + 1]), fmaxf(s[1][2 * r], s[1][2 * r + 1])));
    const float before = w.largest[r], now = fmaxf(before, largest * p.scale_log2);
    moved = moved || now > before;
    grown[r] = ex2_approx_ftz(before - now); /* the tile has a key, so `now` is finite */
    w.largest[r] = now;
    float sum = 0;
#pragma unroll
    for (int n = 0; n < 2; n++) {
#pragma unroll
      for (int i = 2 * r; i < 2 * r + 2; i++) {
        s[n][i] = ex2_approx_ftz(fmaf(s[n][i], p.scale_log2, -now));
        sum += s[n][i];
      }
    }
    w.sum[r] = w.sum[r] * grown[r] + sum;
  }
  if (__any_sync(0xffffffffu, moved)) {
#pragma unroll
    for (int n = 0; n < S::N_TILES; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) w.o[n][i] *= grown[i / 2];
    }
  }
  a[0] = cvt_rn_bf16x2_f32(s[0][0], s[0][1]);
  a[1] = cvt_rn_bf16x2_f32(s[0][2], s[0][3]);
  a[2] = cvt_rn_bf16x2_f32(s[1][0], s[1][1]);
  a[3] = cvt_rn_bf16x2_f32(s[1][2], s[1][3]);
}

/* --- where a unit, or a block's part of it, ends --- */

struct shared {
  float *sum;       /* [ROWS][SUM_STRIDE] */
  float2 *stats;    /* [WARPS][ROWS]: m, l */
  float2 *totals;   /* [ROWS] */
  uint32_t *before; /* arrivals before this block's */
};

/* Two neighbouring columns of a row that one lane holds: their dims. */
template <class S> static __device__ __forceinline__ int column_dim(int n, int i, int lane)
{
  const int t = lane % 4;
  return S::FP8 ? 16 * (n / 2) + 4 * t + 2 * i + n % 2 : 8 * n + 2 * t + i;
}

/* The warps' accumulators, maxima and sums become the block's, in s.sum and s.totals. Ends with a barrier. */
template <class S>
static __device__ __forceinline__ void add_up_warps(const state<S> &w, const unit_place &u, const shared &s, int lane, int warp)
{
  const int g = lane / 4;
#pragma unroll
  for (int r = 0; r < 2; r++) {
    const float sum = row_sum(w.sum[r]);
    if (lane % 4 == 0) s.stats[warp * ROWS + g + 8 * r] = make_float2(w.largest[r], sum);
  }
  __syncthreads();
  float factor[2];
#pragma unroll
  for (int r = 0; r < 2; r++) {
    const int row = g + 8 * r;
    float largest = -CUDART_INF_F, sum = 0;
    for (int i = 0; i < WARPS; i++) largest = fmaxf(largest, s.stats[i * ROWS + row].x);
    for (int i = 0; i < WARPS; i++) sum += ex2_approx_ftz(s.stats[i * ROWS + row].x - largest) * s.stats[i * ROWS + row].y;
    factor[r] = ex2_approx_ftz(w.largest[r] - largest);
    if (warp == 0 && lane % 4 == 0) s.totals[row] = make_float2(largest, sum);
  }
  for (int turn = 0; turn < WARPS; turn++) {
    if (warp == turn) {
#pragma unroll
      for (int r = 0; r < 2; r++) {
        float *row = s.sum + (g + 8 * r) * S::SUM_STRIDE;
        if (g + 8 * r >= u.rows) continue;
#pragma unroll
        for (int n = 0; n < S::N_TILES; n++) {
#pragma unroll
          for (int i = 0; i < 2; i++) {
            const int dim = column_dim<S>(n, i, lane);
            const float part = w.o[n][2 * r + i] * factor[r];
            row[dim] = turn == 0 ? part : row[dim] + part;
          }
        }
      }
    }
    __syncthreads();
  }
}

/* Two neighbouring dims of a result, rounded. */
static __device__ __forceinline__ void put_out(const decode_args &p, const unit_place &u, int row, int dim, float x, float y)
{
  __nv_bfloat16 *to = static_cast<__nv_bfloat16 *>(p.a.out) + u.seq * p.a.out_ld + (int64_t)(u.head + row) * p.a.head_dim + dim;
  *reinterpret_cast<uint32_t *>(to) = cvt_rn_bf16x2_f32(x, y);
}

/* A block's share of a unit: it is the second of the two that its run may have if the unit starts in it. */
template <class S> static __device__ __forceinline__ float *share_of(const decode_args &p, int block, bool starts_here)
{
  return p.shares + (int64_t)(2 * block + starts_here) * S::SHARE_FLOATS;
}

template <class S>
static __device__ __forceinline__ void leave_share(const unit_place &u, const shared &s, int dims, float *share)
{
  for (int i = threadIdx.x; i < u.rows * dims; i += THREADS) share[i / dims * S::D + i % dims] = s.sum[i / dims * S::SUM_STRIDE + i % dims];
  if (threadIdx.x < u.rows) {
    share[ROWS * S::D + 2 * threadIdx.x] = s.totals[threadIdx.x].x;
    share[ROWS * S::D + 2 * threadIdx.x + 1] = s.totals[threadIdx.x].y;
  }
}

/* Shares of blocks first … last to the result, in their order. */
template <class S>
static __device__ __forceinline__ void add_up_shares(const decode_args &p, const unit_place &u, int first, int last)
{
  const int pairs = (int)p.a.head_dim / 2;
  for (int i = threadIdx.x; i < u.rows * pairs; i += THREADS) {
    const int row = i / pairs, dim = 2 * (i % pairs);
    float largest = -CUDART_INF_F, sum = 0, x = 0, y = 0;
    for (int b = first; b <= last; b++) {
      const float *share = share_of<S>(p, b, b == first);
      const float2 stats = *reinterpret_cast<const float2 *>(share + ROWS * S::D + 2 * row);
      const float2 o = *reinterpret_cast<const float2 *>(share + row * S::D + dim);
      const float now = fmaxf(largest, stats.x);
      const float before_factor = ex2_approx_ftz(largest - now), factor = ex2_approx_ftz(stats.x - now);
      sum = sum * before_factor + stats.y * factor;
      x = x * before_factor + o.x * factor;
      y = y * before_factor + o.y * factor;
      largest = now;
    }
    const float inverse = 1.0f / sum;
    put_out(p, u, row, dim, x * inverse, y * inverse);
  }
}

template <class S>
static __device__ __forceinline__ void finish(const decode_args &p, int unit, const state<S> &w, const shared &s, int lane, int warp)
{
  const unit_place u = place_of(p, unit);
  const int dims = (int)p.a.head_dim, first = block_of(p, unit * p.pages), last = block_of(p, (unit + 1) * p.pages - 1);
  add_up_warps<S>(w, u, s, lane, warp);
  if (first == last) {
    for (int i = threadIdx.x; i < u.rows * dims / 2; i += THREADS) {
      const int row = 2 * i / dims, dim = 2 * i % dims;
      const float inverse = 1.0f / s.totals[row].y;
      const float2 o = *reinterpret_cast<const float2 *>(s.sum + row * S::SUM_STRIDE + dim);
      put_out(p, u, row, dim, o.x * inverse, o.y * inverse);
    }
  } else {
    leave_share<S>(u, s, dims, share_of<S>(p, blockIdx.x, (int)blockIdx.x == first));
    __syncthreads();
    if (threadIdx.x == 0) *s.before = atom_add_acq_rel_gpu(p.arrivals + first, 1);
    __syncthreads();
    if (*s.before == (uint32_t)(last - first)) {
      add_up_shares<S>(p, u, first, last);
      if (threadIdx.x == 0) p.arrivals[first] = 0;
    }
  }
  __syncthreads(); /* s is free again */
}

template <class S> __global__ void __launch_bounds__(THREADS, S::BLOCKS_SM) attention_decode(const __grid_constant__ decode_args p)
{
  extern __shared__ __align__(128) char memory[];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const uint32_t ring = shared_address(memory) + (uint32_t)(warp * DEPTH * 2 * S::TILE_BYTES);
  char *rest = memory + S::RING_BYTES;
  const shared s = {reinterpret_cast<float *>(rest), reinterpret_cast<float2 *>(rest + S::SUM_BYTES),
                    reinterpret_cast<float2 *>(rest + S::SUM_BYTES + S::STATS_BYTES),
                    reinterpret_cast<uint32_t *>(rest + S::SUM_BYTES + S::STATS_BYTES + ROWS * 8)};

  loader l = {cursor_at(p, run_begin(p, blockIdx.x)), run_begin(p, blockIdx.x + 1), 0, createpolicy_fractional_evict_first()};
  cursor at = l.at;
  loader_look_up(p, l);
  griddepcontrol_wait();
  griddepcontrol_launch_dependents();
#pragma unroll
  for (int i = 0; i < DEPTH; i++) {
    load_tile<S, false>(p, l, p.a.cache.keys, ring + 2 * i * S::TILE_BYTES, lane, warp);
    load_tile<S, true>(p, l, p.a.cache.values, ring + (2 * i + 1) * S::TILE_BYTES, lane, warp);
    cursor_next(p, l.at);
    loader_look_up(p, l);
  }

  uint32_t q[S::K_STEPS][4];
  state<S> w;
  load_q<S>(p, place_of(p, at.unit), lane, q);
  state_clear<S>(w);
  for (int stage = 0; at.item < l.end; stage = (stage + 1) % DEPTH) {
    const uint32_t keys = ring + 2 * stage * S::TILE_BYTES, values = keys + S::TILE_BYTES;
    const int key = (p.first_page + at.page) * PAGE + warp * KEYS;
    const bool any = key <= p.last_key && key + KEYS > p.first_key;
    uint32_t a[4];
    cp_async_wait_group<2 * DEPTH - 1>();
    __syncwarp();
    if (any) {
      float sc[2][4];
      scores<S>(q, keys, lane, sc);
      softmax<S>(p, key, lane, sc, w, a);
    }
    __syncwarp();
    load_tile<S, false>(p, l, p.a.cache.keys, keys, lane, warp);
    cp_async_wait_group<2 * DEPTH - 1>();
    __syncwarp();
    if (any) weighted<S>(a, values, lane, w.o);
    __syncwarp();
    load_tile<S, true>(p, l, p.a.cache.values, values, lane, warp);
    cursor_next(p, l.at);
    loader_look_up(p, l);

    const int unit = at.unit;
    cursor_next(p, at);
    if (at.unit == unit && at.item < l.end) continue;
    finish<S>(p, unit, w, s, lane, warp);
    if (at.item == l.end) break;
    load_q<S>(p, place_of(p, at.unit), lane, q);
    state_clear<S>(w);
  }
}

/* --- host --- */

struct decode_instance {
  int shared_bytes, blocks_sm, share_floats;
  void (*kernel)(decode_args);
};

template <int D, bool FP8> static decode_instance instance_of()
{
  using S = shape<D, FP8>;
  return {S::SHARED_BYTES, S::BLOCKS_SM, S::SHARE_FLOATS, attention_decode<S>};
}

static decode_instance instance_for(const tmk_cuda_attention *a)
{
  switch (padded_head_dim(a->head_dim)) {
  case 64: return is_fp8(a) ? instance_of<64, true>() : instance_of<64, false>();
  case 96: return is_fp8(a) ? instance_of<96, true>() : instance_of<96, false>();
  default: return is_fp8(a) ? instance_of<128, true>() : instance_of<128, false>();
  }
}

static int64_t items_of(const tmk_cuda_attention *a)
{
  const int64_t first_key = a->window > 0 && a->past >= a->window ? a->past - a->window + 1 : 0;
  return a->seqs * a->heads_kv * ceil_div(a->heads_q / a->heads_kv, ROWS) * (a->past / PAGE - first_key / PAGE + 1);
}

/* How the work is cut. Blocks: as many as are resident, with two items each, which are under way together, where there are
 * fewer; never fewer than units as long as all of those are resident. */
static void decode_plan_make(const tmk_cuda_attention *a, const tmk_cuda_limits *limits, const decode_instance &instance, decode_args *p)
{
  int64_t blocks_sm = limits->shared_bytes_sm / (instance.shared_bytes + SHARED_RESERVED);
  if (blocks_sm > instance.blocks_sm) blocks_sm = instance.blocks_sm;
  if (blocks_sm < 1) blocks_sm = 1;
  const int64_t resident = blocks_sm * limits->sm_count;
  p->a = *a;
  p->group = (int)(a->heads_q / a->heads_kv);
  p->head_tiles = (int)ceil_div(p->group, ROWS);
  p->last_key = (int)a->past;
  p->first_key = a->window > 0 && a->past >= a->window ? (int)(a->past - a->window + 1) : 0;
  p->first_page = p->first_key / PAGE;
  p->pages = p->last_key / PAGE - p->first_page + 1;
  p->units = (int)(a->seqs * a->heads_kv * p->head_tiles);
  p->items = p->units * p->pages;
  int64_t blocks = ceil_div(p->items, 2);
  if (blocks < p->units) blocks = p->units;
  if (blocks > resident) blocks = resident;
  p->blocks = (int)blocks;
  p->run = p->items / p->blocks;
  p->longer = p->items % p->blocks;
  p->scale_log2 = a->scale * LOG2_E;
}

extern "C" bool tmk_cuda_attention_decode_sm80_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *limits,
                                                        char *reason, int reason_size)
{
  const tmk_cuda_attention *a = &args->attention;
  if (a->q_len != 1) {
    snprintf(reason, (size_t)reason_size, "q_len %lld: must be 1", (long long)a->q_len);
    return false;
  }
  if (!attention_supports(a, reason, reason_size)) return false;
  if (items_of(a) > INT32_MAX / 2) {
    snprintf(reason, (size_t)reason_size, "%lld pages over all heads: must be up to %d", (long long)items_of(a), INT32_MAX / 2);
    return false;
  }
  if (instance_for(a).shared_bytes > limits->shared_bytes_block) {
    snprintf(reason, (size_t)reason_size, "shared memory %d bytes a block: the device has %d", instance_for(a).shared_bytes,
             limits->shared_bytes_block);
    return false;
  }
  return true;
}

extern "C" int64_t tmk_cuda_attention_decode_sm80_workspace_bytes(const union tmk_cuda_args *args,
                                                                  const struct tmk_cuda_limits *limits)
{
  decode_args p = {};
  const decode_instance instance = instance_for(&args->attention);
  decode_plan_make(&args->attention, limits, instance, &p);
  return (int64_t)p.blocks * 2 * instance.share_floats * (int64_t)sizeof(float);
}

extern "C" cudaError_t tmk_cuda_attention_decode_sm80_launch(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch)
{
  decode_args p = {};
  const decode_instance instance = instance_for(&args->attention);
  decode_plan_make(&args->attention, launch->limits, instance, &p);
  p.shares = static_cast<float *>(launch->workspace);
  p.arrivals = launch->flags;
  return launch_kernel(instance.kernel, dim3((unsigned)p.blocks), dim3(THREADS), instance.shared_bytes, launch, p);
}
