/* attention_prefill_sm80.cu: causal attention of many queries over the paged cache, the FlashAttention-2 form (Dao 2023): the scores of a
 * tile of queries with a tile of keys never leave registers.
 *
 *   out[r, h] = Σ_j softmax_j(scale q[r, h] · k[j, g]) v[j, g]   over keys max(0, pos − window + 1) … pos,  g = h / (heads_q / heads_kv)
 *
 * A block takes ROWS = 64 · MT queries of one head of one sequence: 4 warps of 16 · MT rows each. A tile of keys is a page of 64 or
 * half of one.
 *
 *   cp.async Q, K₀ ─→ [K full] ─→ cp.async V_j │ S = Q K_jᵀ ─→ [V full, K empty] ─→ cp.async K_j+1 │ softmax, O += P V_j ─→ [V empty = K full] …
 *
 * Each bracket is a wait for the thread's own copies and a block barrier. So V travels under the first product and the next K under
 * softmax and the second. Running maximum m and sum l a row; O and l are scaled by 2^(c (m_old − m_new)), c = scale · log₂ e.
 * Tiles in which every key is masked for every row are skipped; only tiles on the diagonal, at the window's edge or behind the last
 * key are masked one by one. Values that the cache does not have are zeros in shared memory: P is 0 there, and 0 · NaN would not be.
 *
 * Shared memory, rows of head_dim + 8 elements (an odd number of 16-byte chunks, so that the 8 rows of an ldmatrix lie in different
 * banks): Q [ROWS], K [KEYS], V [KEYS]: 51 KiB at head_dim 128, MT 2: two blocks an SM on sm_80, 90 and 100, one where an SM has
 * 100 KiB. Two is also what 255 registers allow.
 *
 * Takes head_dim 64, 80, 96, 128, any lengths, cache bf16 or e4m3 (widened on its way to shared memory, by ordinary loads).
 *
 * Why it can reach 60 % of an A100's bf16 peak: a warp's ldmatrix.x4 of K or V (4 cycles of shared memory) feeds 2 · MT mma.m16n8k16
 * (2 cycles of the SM's tensor cores each): at MT 2 the tensor cores are the longer by 2 : 1, Q's fragments, read again for every tile,
 * adding 1/2 at 32 keys. An ex2 a key and row against 4 · head_dim FLOPs: at head_dim 128 and 16 ex2 a cycle and SM, 2 cycles of 32 of
 * mma at 2,048 FLOPs a cycle, under the mma of the other block. MT 1 serves short prompts, where parallelism counts.
 */
#include <cuda_bf16.h>
#include <stdio.h>

#include "e4m3.cuh"
#include "launch.cuh"
#include "ptx_sm80.cuh"
#include "ptx_sm90.cuh"

constexpr int WARPS = 4, THREADS = WARPS * 32, PAGE = TMK_CUDA_PAGE_TOKENS;
constexpr float LOG2_E = 1.4426950408889634f;

template <int DIM, int MT> struct shape {
  static constexpr int ROWS = WARPS * 16 * MT, LD = DIM + 8, CHUNKS = DIM / 8;
  /* Sums and scores of a thread are MT (DIM / 2 + KEYS / 2) registers: 192 of 255 would leave too few for all else. */
  static constexpr int KEYS = MT * (DIM + PAGE) / 2 < 160 ? PAGE : PAGE / 2;
  static constexpr int SHARED_BYTES = (ROWS + 2 * KEYS) * LD * 2;
  static_assert(PAGE % KEYS == 0 && DIM % 16 == 0 && (LD / 8) % 2 == 1, "mma steps; rows in different banks");
};

/* A tile of keys or values, neighbours in their page, into shared memory. Values from `valid` on become zeros; keys there may be anything,
 * as their scores are masked. */
template <int DIM, int KEYS, bool FP8, bool VALUES>
static __device__ __forceinline__ void load_tile(uint32_t to, const void *from, int valid)
{
  constexpr int LD = DIM + 8, PER_CHUNK = FP8 ? 16 : 8, CHUNKS = DIM / PER_CHUNK;
  static_assert(KEYS * CHUNKS % 32 == 0, "whole warps");
  constexpr uint32_t COUNT = KEYS * CHUNKS;
  /* Unrolled further, the addresses of all rounds stay in registers over the loop of tiles: a block an SM less. What goes through
   * registers wants two loads on the way. */
#pragma unroll FP8 ? 2 : 1
  for (uint32_t n = 0; n < (COUNT + THREADS - 1) / THREADS; n++) {
    const uint32_t i = threadIdx.x + n * THREADS;
    if (COUNT % THREADS != 0 && i >= COUNT) break;
    const uint32_t key = i / CHUNKS, column = i % CHUNKS * PER_CHUNK;
    const uint32_t place = to + (key * LD + column) * 2;
    if constexpr (FP8) {
      uint4 raw = make_uint4(0, 0, 0, 0);
      if (!VALUES || (int)key < valid) raw = *reinterpret_cast<const uint4 *>(static_cast<const uint8_t *>(from) + key * DIM + column);
      const uint32_t words[4] = {raw.x, raw.y, raw.z, raw.w};
      uint32_t wide[8];
#pragma unroll
      for (int w = 0; w < 4; w++) {
        uint32_t even, odd;
        e4m3_widen(words[w], even, odd);
        wide[2 * w] = __byte_perm(even, odd, 0x5410);
        wide[2 * w + 1] = __byte_perm(even, odd, 0x7632);
      }
      st_shared_v4(place, wide[0], wide[1], wide[2], wide[3]);
      st_shared_v4(place + 16, wide[4], wide[5], wide[6], wide[7]);
    } else {
      cp_async_cg_16(place, static_cast<const __nv_bfloat16 *>(from) + key * DIM + column,
                     !VALUES || (int)key < valid ? 16 : 0);
    }
  }
}

/* Rows behind the last repeat it; nobody stores what comes of them. */
template <int DIM, int MT>
static __device__ __forceinline__ void load_queries(uint32_t to, const __nv_bfloat16 *q, int64_t ld, int valid)
{
  using S = shape<DIM, MT>;
  static_assert(S::ROWS * S::CHUNKS % THREADS == 0, "whole rounds");
#pragma unroll 1
  for (uint32_t n = 0; n < S::ROWS * S::CHUNKS / THREADS; n++) {
    const uint32_t i = threadIdx.x + n * THREADS, row = i / S::CHUNKS, column = i % S::CHUNKS * 8;
    cp_async_cg_16(to + (row * S::LD + column) * 2, q + min((int)row, valid - 1) * ld + column, 16);
  }
}

static __device__ __forceinline__ float quad_max(float x)
{
  x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}

static __device__ __forceinline__ float quad_sum(float x)
{
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}

/* s[mt][nt]: rows 16 mt …, keys 8 nt … of this warp, in the mma's layout. */
template <int DIM, int KEYS, int MT>
static __device__ __forceinline__ void multiply_qk(float (&s)[MT][KEYS / 8][4], uint32_t q, uint32_t k, int warp, int lane)
{
  constexpr int LD = DIM + 8;
  const uint32_t q_lane = q + (uint32_t)((warp * 16 * MT + lane % 16) * LD + lane / 16 * 8) * 2;
  const uint32_t k_lane = k + (uint32_t)((lane % 8 + lane / 16 * 8) * LD + lane / 8 % 2 * 8) * 2;
#pragma unroll
  for (int mt = 0; mt < MT; mt++) {
#pragma unroll
    for (int nt = 0; nt < KEYS / 8; nt++) s[mt][nt][0] = s[mt][nt][1] = s[mt][nt][2] = s[mt][nt][3] = 0;
  }
#pragma unroll
  for (int d = 0; d < DIM; d += 16) {
    uint32_t a[MT][4];
#pragma unroll
    for (int mt = 0; mt < MT; mt++) ldmatrix_x4(a[mt], q_lane + (uint32_t)(mt * 16 * LD + d) * 2);
#pragma unroll
    for (int nt = 0; nt < KEYS / 8; nt += 2) {
      uint32_t b[4];
      ldmatrix_x4(b, k_lane + (uint32_t)(nt * 8 * LD + d) * 2);
#pragma unroll
      for (int mt = 0; mt < MT; mt++) {
        mma_m16n8k16_bf16(s[mt][nt], a[mt][0], a[mt][1], a[mt][2], a[mt][3], b[0], b[1]);
        mma_m16n8k16_bf16(s[mt][nt + 1], a[mt][0], a[mt][1], a[mt][2], a[mt][3], b[2], b[3]);
      }
    }
  }
}

/* o += P V, P being the scores as they are, in bf16. */
template <int DIM, int KEYS, int MT>
static __device__ __forceinline__ void multiply_pv(float (&o)[MT][DIM / 8][4], const float (&p)[MT][KEYS / 8][4], uint32_t v, int lane)
{
  constexpr int LD = DIM + 8;
  const uint32_t v_lane = v + (uint32_t)(lane % 16 * LD + lane / 16 * 8) * 2;
#pragma unroll
  for (int key = 0; key < KEYS; key += 16) {
    uint32_t a[MT][4];
#pragma unroll
    for (int mt = 0; mt < MT; mt++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const float *pair = &p[mt][key / 8 + i / 2][i % 2 * 2];
        a[mt][i] = cvt_rn_bf16x2_f32(pair[0], pair[1]);
      }
    }
#pragma unroll
    for (int nt = 0; nt < DIM / 8; nt += 2) {
      uint32_t b[4];
      ldmatrix_x4_trans(b, v_lane + (uint32_t)(key * LD + nt * 8) * 2);
#pragma unroll
      for (int mt = 0; mt < MT; mt++) {
        mma_m16n8k16_bf16(o[mt][nt], a[mt][0], a[mt][1], a[mt][2], a[mt][3], b[0], b[1]);
        mma_m16n8k16_bf16(o[mt][nt + 1], a[mt][0], a[mt][1], a[mt][2], a[mt][3], b[2], b[3]);
      }
    }
  }
}

/* −∞ for keys that a row does not see. first: position of this thread's first row; key: of its first column. */
template <int KEYS, int MT>
static __device__ __forceinline__ void mask(float (&s)[MT][KEYS / 8][4], int first, int key, int window)
{
#pragma unroll
  for (int mt = 0; mt < MT; mt++) {
#pragma unroll
    for (int nt = 0; nt < KEYS / 8; nt++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int pos = first + mt * 16 + i / 2 * 8, j = key + nt * 8 + i % 2;
        if (j > pos || (window > 0 && j <= pos - window)) s[mt][nt][i] = -INFINITY;
      }
    }
  }
}

/* Scores → unnormalised probabilities; m, l and o come to the new maximum. */
template <int DIM, int KEYS, int MT>
static __device__ __forceinline__ void softmax(float (&s)[MT][KEYS / 8][4], float (&o)[MT][DIM / 8][4], float (&m)[MT][2],
                                               float (&l)[MT][2], float c)
{
#pragma unroll
  for (int mt = 0; mt < MT; mt++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float top = m[mt][half];
#pragma unroll
      for (int nt = 0; nt < KEYS / 8; nt++) top = fmaxf(top, fmaxf(s[mt][nt][2 * half], s[mt][nt][2 * half + 1]));
      top = quad_max(top);
      const float base = top == -INFINITY ? 0.0f : top * c; /* a row that has seen no key yet: all its terms are 2^−∞ = 0 */
      const float rescale = ex2_approx_ftz(m[mt][half] * c - base);
      float sum = l[mt][half] * rescale;
      m[mt][half] = top;
#pragma unroll
      for (int nt = 0; nt < KEYS / 8; nt++) {
#pragma unroll
        for (int i = 2 * half; i < 2 * half + 2; i++) {
          s[mt][nt][i] = ex2_approx_ftz(fmaf(s[mt][nt][i], c, -base));
          sum += s[mt][nt][i];
        }
      }
      l[mt][half] = sum; /* of this thread's columns; the quad's are added at the end */
      if (!__any_sync(0xffffffffu, rescale != 1.0f)) continue; /* maxima seldom move after the first tiles */
#pragma unroll
      for (int nt = 0; nt < DIM / 8; nt++) {
        o[mt][nt][2 * half] *= rescale;
        o[mt][nt][2 * half + 1] *= rescale;
      }
    }
  }
}

template <int DIM, int MT, bool FP8>
__global__ void __launch_bounds__(THREADS, 2) attention_prefill(const tmk_cuda_attention a)
{
  using S = shape<DIM, MT>;
  constexpr int KEYS = S::KEYS;
  extern __shared__ __align__(128) uint8_t shared[];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const uint32_t q_tile = shared_address(shared), k_tile = q_tile + S::ROWS * S::LD * 2, v_tile = k_tile + KEYS * S::LD * 2;

  /* Heads of one group are neighbours, for the L2; the longest rows of keys come first. */
  const int heads = (int)a.heads_q, tiles = (int)((a.q_len + S::ROWS - 1) / S::ROWS);
  const int head = blockIdx.x % heads, rest = blockIdx.x / heads, sequence = (int)(rest % a.seqs);
  const int q_first = (tiles - 1 - (int)(rest / a.seqs)) * S::ROWS, rows = min(S::ROWS, (int)a.q_len - q_first);
  const int past = (int)a.past, window = (int)a.window, first_pos = past + q_first, last_pos = first_pos + rows - 1;
  const int first_tile = window > 0 ? max(0, first_pos - window + 1) / KEYS : 0, last_tile = last_pos / KEYS;
  const int keys_end = past + (int)a.q_len;
  const int32_t *pages = a.cache.pages + (a.seq_first + sequence) * a.cache.pages_stride;
  const int64_t kv_head = head / (heads / (int)a.heads_kv), key_bytes = DIM * (FP8 ? 1 : 2);
  const auto tile_at = [&](const void *cache, int tile) {
    const int64_t page = pages[tile * KEYS / PAGE];
    return static_cast<const uint8_t *>(cache) + ((page * a.heads_kv + kv_head) * PAGE + tile * KEYS % PAGE) * key_bytes;
  };
  const int64_t row = sequence * a.q_len + q_first;

  griddepcontrol_wait();
  griddepcontrol_launch_dependents();
  load_queries<DIM, MT>(q_tile, static_cast<const __nv_bfloat16 *>(a.q) + row * a.q_ld + (int64_t)head * DIM, a.q_ld, rows);
  load_tile<DIM, KEYS, FP8, false>(k_tile, tile_at(a.cache.keys, first_tile), keys_end - first_tile * KEYS);
  cp_async_commit_group();

  float o[MT][DIM / 8][4] = {}, s[MT][KEYS / 8][4], m[MT][2], l[MT][2];
#pragma unroll
  for (int mt = 0; mt < MT; mt++) {
    m[mt][0] = m[mt][1] = -INFINITY;
    l[mt][0] = l[mt][1] = 0;
  }
  const float c = a.scale * LOG2_E;
  const int thread_pos = first_pos + warp * 16 * MT + lane / 4;
  for (int tile = first_tile; tile <= last_tile; tile++) {
    cp_async_wait_group<0>();
    __syncthreads(); /* K is full, V is empty */
    load_tile<DIM, KEYS, FP8, true>(v_tile, tile_at(a.cache.values, tile), keys_end - tile * KEYS);
    cp_async_commit_group();
    multiply_qk<DIM, KEYS, MT>(s, q_tile, k_tile, warp, lane);
    cp_async_wait_group<0>();
    __syncthreads(); /* V is full, K is empty */
    if (tile < last_tile) load_tile<DIM, KEYS, FP8, false>(k_tile, tile_at(a.cache.keys, tile + 1), keys_end - (tile + 1) * KEYS);
    cp_async_commit_group();
    const bool edge = (tile + 1) * KEYS - 1 > first_pos || (window > 0 && tile * KEYS <= last_pos - window);
    if (edge) mask<KEYS, MT>(s, thread_pos, tile * KEYS + lane % 4 * 2, window);
    softmax<DIM, KEYS, MT>(s, o, m, l, c);
    multiply_pv<DIM, KEYS, MT>(o, s, v_tile, lane);
  }

#pragma unroll
  for (int mt = 0; mt < MT; mt++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      const float factor = 1.0f / quad_sum(l[mt][half]);
      const int r = warp * 16 * MT + mt * 16 + half * 8 + lane / 4;
      if (r >= rows) continue;
      __nv_bfloat16 *out = static_cast<__nv_bfloat16 *>(a.out) + (row + r) * a.out_ld + (int64_t)head * DIM + lane % 4 * 2;
#pragma unroll
      for (int nt = 0; nt < DIM / 8; nt++) {
        *reinterpret_cast<uint32_t *>(out + nt * 8) = cvt_rn_bf16x2_f32(o[mt][nt][2 * half] * factor, o[mt][nt][2 * half + 1] * factor);
      }
    }
  }
}

/* ---- choice ---- */

struct instance {
  int head_dim, tiles;
  bool fp8;
  void (*kernel)(tmk_cuda_attention);
  int rows, shared_bytes;
};

#define INSTANCE(dim, mt, fp8)                                                                                         \
  {                                                                                                                    \
    dim, mt, fp8, attention_prefill<dim, mt, fp8>, shape<dim, mt>::ROWS, shape<dim, mt>::SHARED_BYTES                  \
  }
#define INSTANCES(dim) INSTANCE(dim, 1, false), INSTANCE(dim, 2, false), INSTANCE(dim, 1, true), INSTANCE(dim, 2, true)
static const instance instances[] = {INSTANCES(64), INSTANCES(80), INSTANCES(96), INSTANCES(128)};

/* NULL: no such head_dim. Two tiles a warp as soon as one row of blocks would not hold all queries. */
static const instance *instance_for(const tmk_cuda_attention *a)
{
  const int tiles = a->q_len > shape<64, 1>::ROWS ? 2 : 1;
  for (const instance &i : instances) {
    if (i.head_dim == a->head_dim && i.tiles == tiles && i.fp8 == (a->cache.dtype == TMK_DTYPE_F8E4M3)) return &i;
  }
  return nullptr;
}

static int64_t blocks_of(const tmk_cuda_attention *a, const instance *chosen)
{
  return (a->q_len + chosen->rows - 1) / chosen->rows * a->seqs * a->heads_q;
}

extern "C" bool tmk_cuda_attention_prefill_sm80_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *limits,
                                                         char *reason, int reason_size)
{
  const tmk_cuda_attention *a = &args->attention;
  const instance *chosen = instance_for(a);
  if (chosen == nullptr) {
    snprintf(reason, (size_t)reason_size, "head_dim %lld: must be 64, 80, 96 or 128", (long long)a->head_dim);
    return false;
  }
  if (chosen->shared_bytes > limits->shared_bytes_block) {
    snprintf(reason, (size_t)reason_size, "%d bytes of shared memory a block: this device has %d", chosen->shared_bytes,
             limits->shared_bytes_block);
    return false;
  }
  if (blocks_of(a, chosen) > INT32_MAX || a->past + a->q_len > 1 << 30) {
    snprintf(reason, (size_t)reason_size, "%lld sequences of %lld queries: too many for one grid", (long long)a->seqs,
             (long long)a->q_len);
    return false;
  }
  return true;
}

TMK_CUDA_NO_WORKSPACE(attention_prefill_sm80)

extern "C" cudaError_t tmk_cuda_attention_prefill_sm80_launch(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch)
{
  const tmk_cuda_attention *a = &args->attention;
  const instance *chosen = instance_for(a);
  return launch_kernel(chosen->kernel, dim3((unsigned)blocks_of(a, chosen)), THREADS, chosen->shared_bytes, launch, *a);
}
