/* gemm_skinny_sm80.cu: y[m, n] = Σ_k x[m, k] w[n, k] + bias[n], bf16 with f32 sums, m 1 … 16: weights stream through, each once. sm_80 and up;
 * n and k as they come.
 *
 * The weights are the left operand of the products: mma.sync m16n8k16 of 16 rows of w with 8 rows of x. A tile is 32 rows of w, a step
 * 32 k of each warp of the block, side by side; all warps load, multiply and, at a part's end, add up.
 *
 *   A sum over k may take k in any order, so the lane with g = lane / 4, t = lane % 4 takes k = 8t … 8t + 7 of its warp's 32: 16 bytes of
 *   rows g, g + 8, g + 16, g + 24 of w, and of rows g (and g + 8) of x. Words 0 and 1 of them are the fragments of one product, words 2
 *   and 3 of the next, for w and x alike. What a lane copies to shared memory only it reads back, so nothing is shuffled,
 *   no two lanes meet in a bank, and the loop has no barrier:
 *
 *   step s + STAGES   cp.async w, x → the lane's own pieces of the slot ─┐ commit
 *   step s            wait_group; ld.shared, mma.sync                   ─┘ then the slot is copied into again
 *   end of a part     sums → shared memory, __syncthreads, added over the warps in their order → y, or → a part of a cut tile
 *                     (gemm_schedule_sm80.cuh). Copies of the next part are under way meanwhile.
 *
 *   rows of x   warps   stages   shared memory   blocks an SM, A100 / H100, B200   weights in flight an SM
 *     8           8       3         69 KiB                 2 / 3                     96 KiB / 144 KiB
 *    16           4       3         45 KiB                 3 / 4                     72 KiB /  96 KiB
 *
 * Shared memory: slot s: pieces w 0 … 3, x 0 (1), each [threads] of 16 bytes; behind the slots the warps' sums
 * [warps][rows of x][SUM_STRIDE] f32.
 *
 * Why it can stream at 85 % of the read bandwidth:
 *   in flight      bandwidth × latency is 15 KiB an SM on an A100, 20 on an H100, 48 on a B200 (2.0, 3.35, 8 TB/s; 108, 132, 148 SMs;
 *                  0.8, 0.8, 0.9 µs)
 *   balance        tiles are cut along k so that every block has the same number of steps of 16 KiB (8 KiB) to within one; a cut costs
 *                  1 KiB (2 KiB) of f32 sums
 *   a KiB of weights costs a warp 2 ld.shared.v4 (2.5 or 3 with x), as many cp.async and 2 (4) mma: some 30 instructions. A B200's SM
 *                  gets 28 bytes a clock, a KiB in 37 clocks, and issues 148 instructions meanwhile
 *   L2             x comes with the weights, from L2: 1/4 (1/2) of their bytes, 35 (42) bytes a clock in all on a B200
 *   start          the weights of three steps are under way before griddepcontrol.wait, so a kernel's start overlaps its predecessor's end
 * Weights are marked evict-first in L2: nothing reads them again before all others have passed.
 */
#include "gemm_host_sm80.cuh"

template <int X_PIECES_, int WARPS_, int STAGES_, int BLOCKS_SM_> struct skinny_shape {
  static constexpr int X_PIECES = X_PIECES_, WARPS = WARPS_, STAGES = STAGES_, BLOCKS_SM = BLOCKS_SM_;
  static constexpr int W_PIECES = 4, PIECES = W_PIECES + X_PIECES; /* of 16 bytes, that a thread copies a step */
  static constexpr int BM = 8 * X_PIECES, BN = 8 * W_PIECES, BK = 32 * WARPS, THREADS = 32 * WARPS;
  static constexpr int PIECE_BYTES = THREADS * 16; /* from a thread's piece to its next */
  static constexpr int STAGE_BYTES = PIECES * PIECE_BYTES;
  static constexpr int SUM_STRIDE = BN + 4; /* so that a fragment's lanes, columns 2t and rows g, lie in 32 banks */
  static constexpr int SLOTS_BYTES = STAGES * STAGE_BYTES;
  static constexpr int SHARED_BYTES = SLOTS_BYTES + WARPS * BM * SUM_STRIDE * (int)sizeof(float);
  static constexpr int OUTPUTS = BM * BN / THREADS; /* a thread's */
  static_assert(BM * BN % THREADS == 0 && BN == 32, "a warp stores 32 columns of one row of y");
};

/* Where the copies are: STAGES steps ahead. */
struct skinny_loader {
  int steps, k, k_end; /* that have been loaded; the next one, and its part's end; equal: there is none */
  int column;          /* first row of w of its tile */
  uint32_t slot;       /* shared address of this thread's first piece in the slot to fill */
};

template <class S>
static __device__ __forceinline__ void skinny_loader_part(struct skinny_loader &l, const struct gemm_problem &p)
{
  struct gemm_part part;
  l.k = l.k_end = 0;
  if (!gemm_part_of(p.schedule, l.steps, &part)) return;
  l.k = part.k_first;
  l.k_end = part.k_end;
  l.column = part.tile * S::BN;
}

template <class S>
static __device__ __forceinline__ void skinny_advance(struct skinny_loader &l, const struct gemm_problem &p,
                                                      uint32_t first)
{
  l.slot += S::STAGE_BYTES;
  if (l.slot == first + S::SLOTS_BYTES) l.slot = first;
  if (l.k == l.k_end) return;
  l.steps++;
  if (++l.k == l.k_end) skinny_loader_part<S>(l, p);
}

/* First of the lane's 8 k of the loader's step, and how many bytes of them there are. */
template <class S>
static __device__ __forceinline__ int skinny_k(const struct skinny_loader &l, const struct gemm_problem &p, int *bytes)
{
  const int at = l.k * S::BK + (int)threadIdx.x / 32 * 32 + (int)threadIdx.x % 4 * 8;
  *bytes = max(0, min(16, (p.k - at) * 2));
  return *bytes > 0 ? at : 0;
}

template <class S>
static __device__ __forceinline__ void skinny_load_weight(const struct skinny_loader &l, const struct gemm_problem &p,
                                                          uint64_t policy)
{
  if (l.k == l.k_end) return;
  int bytes;
  const __nv_bfloat16 *from = p.weight + skinny_k<S>(l, p, &bytes);
#pragma unroll
  for (int i = 0; i < S::W_PIECES; i++) {
    const int row = l.column + (int)threadIdx.x % 32 / 4 + i * 8;
    const bool inside = row < p.n;
    cp_async_cg_16_128B(l.slot + i * S::PIECE_BYTES,
                        (const char *)from + (uint64_t)(uint32_t)(inside ? row : 0) * p.weight_ld_bytes,
                        (uint32_t)(inside ? bytes : 0), policy);
  }
}

template <class S>
static __device__ __forceinline__ void skinny_load_x(const struct skinny_loader &l, const struct gemm_problem &p)
{
  if (l.k == l.k_end) return;
  int bytes;
  const __nv_bfloat16 *from = p.x + skinny_k<S>(l, p, &bytes);
#pragma unroll
  for (int i = 0; i < S::X_PIECES; i++) {
    const int row = (int)threadIdx.x % 32 / 4 + i * 8;
    const bool inside = row < p.m;
    cp_async_cg_16(l.slot + (S::W_PIECES + i) * S::PIECE_BYTES,
                   (const char *)from + (uint64_t)(uint32_t)(inside ? row : 0) * p.x_ld_bytes,
                   (uint32_t)(inside ? bytes : 0));
  }
}

/* sum[16 rows of w][8 rows of x] += what the slot holds. */
template <class S>
static __device__ __forceinline__ void skinny_multiply(float (&sum)[2][S::X_PIECES][4], uint32_t slot)
{
  uint32_t w[S::W_PIECES][4], x[S::X_PIECES][4];
#pragma unroll
  for (int i = 0; i < S::W_PIECES; i++) ld_shared_v4(w[i], slot + i * S::PIECE_BYTES);
#pragma unroll
  for (int i = 0; i < S::X_PIECES; i++) ld_shared_v4(x[i], slot + (S::W_PIECES + i) * S::PIECE_BYTES);
#pragma unroll
  for (int pair = 0; pair < 4; pair += 2) {
#pragma unroll
    for (int i = 0; i < 2; i++) {
#pragma unroll
      for (int j = 0; j < S::X_PIECES; j++) {
        mma_m16n8k16_bf16(sum[i][j], w[2 * i][pair], w[2 * i + 1][pair], w[2 * i][pair + 1], w[2 * i + 1][pair + 1],
                          x[j][pair], x[j][pair + 1]);
      }
    }
  }
}

/* The warps' sums become this thread's outputs: numbers threadIdx.x + i THREADS of the tile [BM][BN]. */
template <class S>
static __device__ __forceinline__ void skinny_add_warps(float (&out)[S::OUTPUTS], const float (&sum)[2][S::X_PIECES][4],
                                                        float *sums)
{
  const int warp = (int)threadIdx.x / 32, g = (int)threadIdx.x % 32 / 4, t = (int)threadIdx.x % 4;
  __syncthreads(); /* the last part's sums have been read */
  float *mine = sums + warp * S::BM * S::SUM_STRIDE;
#pragma unroll
  for (int i = 0; i < 2; i++) {
#pragma unroll
    for (int j = 0; j < S::X_PIECES; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        mine[(j * 8 + 2 * t + e % 2) * S::SUM_STRIDE + i * 16 + e / 2 * 8 + g] = sum[i][j][e];
      }
    }
  }
  __syncthreads();
#pragma unroll
  for (int i = 0; i < S::OUTPUTS; i++) {
    const int at = (int)threadIdx.x + i * S::THREADS;
    out[i] = 0;
#pragma unroll
    for (int w = 0; w < S::WARPS; w++) out[i] += sums[(w * S::BM + at / S::BN) * S::SUM_STRIDE + at % S::BN];
  }
}

/* Leaves the block's part of a cut tile in its slot. True if it came last: `out` then is the whole tile's. */
template <class S>
static __device__ __forceinline__ bool skinny_join(float (&out)[S::OUTPUTS], const struct gemm_schedule &s, int tile)
{
  float *parts = s.parts + threadIdx.x;
  float *mine = parts + (int64_t)gemm_part_slot(s, (int)blockIdx.x, tile) * (S::BM * S::BN);
#pragma unroll
  for (int i = 0; i < S::OUTPUTS; i++) mine[i * S::THREADS] = out[i];
  int first, last;
  gemm_part_blocks(s, tile, &first, &last);
  if (!gemm_arrive(s, tile, last - first + 1)) return false;
#pragma unroll
  for (int i = 0; i < S::OUTPUTS; i++) out[i] = 0;
  for (int block = first; block <= last; block++) {
    const float *part = parts + (int64_t)gemm_part_slot(s, block, tile) * (S::BM * S::BN);
#pragma unroll
    for (int i = 0; i < S::OUTPUTS; i++) out[i] += __ldcg(&part[i * S::THREADS]);
  }
  return true;
}

template <class S>
static __device__ __forceinline__ void skinny_store(const float (&out)[S::OUTPUTS], const struct gemm_problem &p,
                                                    int column)
{
  column += (int)threadIdx.x % S::BN;
  if (column >= p.n) return;
  const float bias = p.bias ? __bfloat162float(p.bias[column]) : 0;
#pragma unroll
  for (int i = 0; i < S::OUTPUTS; i++) {
    const int row = ((int)threadIdx.x + i * S::THREADS) / S::BN;
    if (row >= p.m) continue;
    if (p.y_f32)
      ((float *)p.y)[row * p.y_ld + column] = out[i] + bias;
    else
      ((__nv_bfloat16 *)p.y)[row * p.y_ld + column] = __float2bfloat16_rn(out[i] + bias);
  }
}

template <class S>
__global__ void __launch_bounds__(S::THREADS, S::BLOCKS_SM) gemm_skinny_kernel(const __grid_constant__ gemm_problem p)
{
  extern __shared__ __align__(128) unsigned char skinny_shared[];
  float *sums = (float *)(skinny_shared + S::SLOTS_BYTES);
  const uint32_t first = shared_address(skinny_shared) + threadIdx.x * 16;
  const uint64_t policy = createpolicy_fractional_evict_first();

  /* The first slots: weights before the predecessor has ended, x after it. */
  struct skinny_loader loader = {};
  loader.slot = first;
  skinny_loader_part<S>(loader, p);
  struct skinny_loader ahead = loader;
#pragma unroll 1
  for (int s = 0; s < S::STAGES; s++) {
    skinny_load_weight<S>(ahead, p, policy);
    skinny_advance<S>(ahead, p, first);
  }
  griddepcontrol_wait();
#pragma unroll 1
  for (int s = 0; s < S::STAGES; s++) {
    skinny_load_x<S>(loader, p);
    cp_async_commit_group();
    skinny_advance<S>(loader, p, first);
  }

  struct gemm_part part;
  int step = 0; /* of the block's steps */
#pragma unroll 1
  while (gemm_part_of(p.schedule, step, &part)) {
    const int part_end = step + part.k_end - part.k_first;
    float sum[2][S::X_PIECES][4] = {};
#pragma unroll 1
    for (; step < part_end; step++) {
      cp_async_wait_group<S::STAGES - 1>();
      skinny_multiply<S>(sum, loader.slot); /* the oldest slot is the next to fill */
      skinny_load_weight<S>(loader, p, policy);
      skinny_load_x<S>(loader, p);
      cp_async_commit_group();
      skinny_advance<S>(loader, p, first);
    }
    if (step == loader.steps) griddepcontrol_launch_dependents();
    float out[S::OUTPUTS];
    skinny_add_warps<S>(out, sum, sums);
    if (gemm_is_whole(part, p.schedule) || skinny_join<S>(out, p.schedule, part.tile)) {
      skinny_store<S>(out, p, part.tile * S::BN);
    }
  }
}

/* --- host --- */

template <class S> constexpr struct gemm_instance skinny_instance_of()
{
  return {S::BM, S::BN, S::BK, S::BLOCKS_SM, S::THREADS, S::SHARED_BYTES, 1.0, gemm_skinny_kernel<S>};
}

/* Pieces of x, warps, stages, blocks an SM; by BM: the first that holds all rows is taken. */
static const struct gemm_instance instances[] = {
    skinny_instance_of<skinny_shape<1, 8, 3, 3>>(),
    skinny_instance_of<skinny_shape<2, 4, 3, 4>>(),
};

static const struct gemm_instance *choose(int64_t m)
{
  for (const struct gemm_instance &instance : instances) {
    if (m <= instance.bm) return &instance;
  }
  return NULL;
}

extern "C" bool tmk_cuda_gemm_skinny_sm80_supports(const union tmk_cuda_args *args,
                                                   const struct tmk_cuda_limits *limits, char *reason, int reason_size)
{
  const struct tmk_cuda_gemm *g = &args->gemm;
  if (!gemm_supports_layout(g, reason, reason_size)) return false;
  const struct gemm_instance *instance = choose(g->m);
  if (!instance) {
    snprintf(reason, (size_t)reason_size, "m %lld: must be 1..%d", (long long)g->m, instances[1].bm);
    return false;
  }
  if (gemm_blocks_sm(instance, limits) > 0) return true;
  snprintf(reason, (size_t)reason_size, "%d bytes of shared memory a block: must be at least %d for m %lld",
           limits->shared_bytes_block, instance->shared_bytes, (long long)g->m);
  return false;
}

extern "C" int64_t tmk_cuda_gemm_skinny_sm80_workspace_bytes(const union tmk_cuda_args *args,
                                                             const struct tmk_cuda_limits *limits)
{
  const struct gemm_instance *instance = choose(args->gemm.m);
  const struct gemm_plan plan = gemm_plan_make(instance, &args->gemm, limits);
  return gemm_plan_workspace_bytes(instance, &plan);
}

extern "C" cudaError_t tmk_cuda_gemm_skinny_sm80_launch(const union tmk_cuda_args *args,
                                                        const struct tmk_cuda_launch *launch)
{
  const struct gemm_instance *instance = choose(args->gemm.m);
  const struct gemm_plan plan = gemm_plan_make(instance, &args->gemm, launch->limits);
  return gemm_plan_launch(instance, &plan, &args->gemm, launch);
}
