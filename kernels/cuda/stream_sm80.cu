/* stream_sm80.cu: streamed reads and copies, the device's bandwidth with nothing else in the way.
 *
 *   read   sum += Σ words of from (modulo 2^32)          copy   to = from
 *
 * Patterns differ in the order of addresses and in who waits for the loads:
 *   strided  thread i of all takes the 16 bytes i, i + threads, …: the whole device walks through memory side by side
 *   chunked  each block has a part of its own, and walks through that side by side
 *   async    as strided, but by cp.async into shared memory, so that loads under way hold no registers
 * A thread waits for nobody; a warp's 32 × 16 bytes are 512 in a row.
 *
 * Bytes under way, by Little's law with some 700 ns of loaded latency: A100 2.0 TB/s ÷ 108 SMs → 13 KB an SM, H100 3.35 ÷ 132 → 18 KB,
 * B200 8.0 ÷ 148 → 38 KB. Here 1536 (6 × 256) threads hold 4 × 16 bytes each: 96 KB an SM; copies 1024, 64 KB; 1024 hold 8 × 16 bytes, 128 KB; async
 * holds 16 KB a block, 96 to 128 KB. The least of them is more than three times what A100 and H100 need, and 1.7 times B200's.
 * A word costs one add (32 lanes a clock at least, 128 bytes): well below the loads' rate.
 * Shared memory: async 4 stages × 256 threads × 16 bytes; reads' last sum 8 words. No thread reads another's shared bytes but there.
 */
#include "cuda_ceilings.h"
#include "ptx_sm80.cuh"

namespace {

constexpr int THREADS = 256;
constexpr int STAGES = 4;

struct span {
  int64_t first, end, step; /* of 16-byte pieces, for one thread */
};

template <bool CHUNKED> __device__ __forceinline__ span thread_span(int64_t pieces)
{
  if (!CHUNKED) return {(int64_t)blockIdx.x * THREADS + threadIdx.x, pieces, (int64_t)gridDim.x * THREADS};
  const int64_t part = (pieces + gridDim.x - 1) / gridDim.x, first = part * blockIdx.x;
  const int64_t end = first + part < pieces ? first + part : pieces;
  return {first + threadIdx.x, end, THREADS};
}

__device__ __forceinline__ uint32_t sum_words(const uint4 &v)
{
  return v.x + v.y + v.z + v.w;
}

/* Adds the threads' sums to *to: one atomic a block. */
__device__ __forceinline__ void add_block_sum(uint32_t sum, uint32_t *to)
{
  __shared__ uint32_t warps[THREADS / 32];
#pragma unroll
  for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
#pragma unroll
    for (int i = 1; i < THREADS / 32; i++) sum += warps[i];
    atomicAdd(to, sum);
  }
}

/* As many blocks an SM as the loads of 16 bytes that a thread has under way leave registers for. */
constexpr int blocks_sm(int unroll, bool copies)
{
  return unroll > 4 || copies ? 4 : 6;
}

template <int UNROLL, bool CHUNKED>
__global__ void __launch_bounds__(THREADS, blocks_sm(UNROLL, false)) read_kernel(tmk_cuda_stream s)
{
  const uint4 *from = static_cast<const uint4 *>(s.from);
  span at = thread_span<CHUNKED>(s.bytes / 16);
  uint32_t sum = 0;
  for (; at.first + (UNROLL - 1) * at.step < at.end; at.first += UNROLL * at.step) {
    uint4 v[UNROLL];
#pragma unroll
    for (int i = 0; i < UNROLL; i++) v[i] = __ldcs(from + at.first + i * at.step);
#pragma unroll
    for (int i = 0; i < UNROLL; i++) sum += sum_words(v[i]);
  }
  for (; at.first < at.end; at.first += at.step) sum += sum_words(__ldcs(from + at.first));
  add_block_sum(sum, s.sum);
}

template <int UNROLL, bool CHUNKED>
__global__ void __launch_bounds__(THREADS, blocks_sm(UNROLL, true)) copy_kernel(tmk_cuda_stream s)
{
  const uint4 *from = static_cast<const uint4 *>(s.from);
  uint4 *to = static_cast<uint4 *>(s.to);
  span at = thread_span<CHUNKED>(s.bytes / 16);
  for (; at.first + (UNROLL - 1) * at.step < at.end; at.first += UNROLL * at.step) {
    uint4 v[UNROLL];
#pragma unroll
    for (int i = 0; i < UNROLL; i++) v[i] = __ldcs(from + at.first + i * at.step);
#pragma unroll
    for (int i = 0; i < UNROLL; i++) __stcs(to + at.first + i * at.step, v[i]);
  }
  for (; at.first < at.end; at.first += at.step) __stcs(to + at.first, __ldcs(from + at.first));
}

/* Each thread fills and empties slots of its own, so its own wait is enough. Group g is the g-th piece; an empty group at the end keeps
 * the count. */
template <bool COPY> __global__ void __launch_bounds__(THREADS) async_kernel(tmk_cuda_stream s)
{
  __shared__ uint4 slots[STAGES][THREADS];
  const uint4 *from = static_cast<const uint4 *>(s.from);
  uint4 *to = static_cast<uint4 *>(s.to);
  span at = thread_span<false>(s.bytes / 16);
  uint32_t sum = 0;
  int64_t next = at.first;
#pragma unroll
  for (int i = 0; i < STAGES; i++, next += at.step) {
    if (next < at.end) cp_async_cg_16(shared_address(&slots[i][threadIdx.x]), from + next, 16);
    cp_async_commit_group();
  }
  for (int stage = 0; at.first < at.end; at.first += at.step, stage = (stage + 1) % STAGES, next += at.step) {
    cp_async_wait_group<STAGES - 1>();
    const uint4 v = slots[stage][threadIdx.x];
    if (COPY) {
      __stcs(to + at.first, v);
    } else {
      sum += sum_words(v);
    }
    if (next < at.end) cp_async_cg_16(shared_address(&slots[stage][threadIdx.x]), from + next, 16);
    cp_async_commit_group();
  }
  cp_async_wait_group<0>();
  if (!COPY) add_block_sum(sum, s.sum);
}

/* A hash of the place: Steele and Vigna's variant of the MurmurHash3 finaliser, as any mixing function would do. */
__device__ __forceinline__ uint32_t mix(uint64_t x)
{
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return (uint32_t)(x >> 32) ^ (uint32_t)x;
}

/* Keeps signs and mantissas and forces the rest: bf16 to 0.25 … 0.5, e4m3 to 0.125 … 1.875, e2m1 to values but 0 by its lowest bit. */
template <tmk_dtype DTYPE> __device__ __forceinline__ uint32_t noise_word(uint32_t word)
{
  if (DTYPE == TMK_DTYPE_BF16) return (word & 0x80ff80ffu) | 0x3e803e80u;
  if (DTYPE == TMK_DTYPE_F8E4M3) return (word & 0x9f9f9f9fu) | 0x20202020u;
  if (DTYPE == TMK_DTYPE_NVFP4) return word | 0x11111111u;
  return word;
}

template <tmk_dtype DTYPE> __global__ void __launch_bounds__(THREADS) noise_kernel(uint4 *to, int64_t pieces)
{
  const span at = thread_span<false>(pieces);
  for (int64_t i = at.first; i < at.end; i += at.step) {
    to[i] = make_uint4(noise_word<DTYPE>(mix(4 * i + 1)), noise_word<DTYPE>(mix(4 * i + 2)),
                       noise_word<DTYPE>(mix(4 * i + 3)), noise_word<DTYPE>(mix(4 * i + 4)));
  }
}

struct pattern {
  const char *name;
  int blocks_sm;
  void (*kernel)(tmk_cuda_stream);
};

const pattern patterns[TMK_CUDA_STREAM_KINDS][TMK_CUDA_STREAM_PATTERNS] = {
    {{"16-byte loads x 4, strided", 6, read_kernel<4, false>},
     {"16-byte loads x 8, strided", 4, read_kernel<8, false>},
     {"16-byte loads x 8, chunked", 4, read_kernel<8, true>},
     {"cp.async, 4 stages", 8, async_kernel<false>}},
    {{"16-byte loads x 4, strided", 4, copy_kernel<4, false>},
     {"16-byte loads x 8, strided", 4, copy_kernel<8, false>},
     {"16-byte loads x 8, chunked", 4, copy_kernel<8, true>},
     {"cp.async, 4 stages", 8, async_kernel<true>}},
};

} // namespace

extern "C" const char *tmk_cuda_stream_name(enum tmk_cuda_stream_kind kind, int pattern)
{
  return patterns[kind][pattern].name;
}

extern "C" cudaError_t tmk_cuda_stream_launch(enum tmk_cuda_stream_kind kind, int pattern, const tmk_cuda_stream *stream,
                                              const tmk_cuda_limits *limits, cudaStream_t queue)
{
  const struct pattern *p = &patterns[kind][pattern];
  p->kernel<<<limits->sm_count * p->blocks_sm, THREADS, 0, queue>>>(*stream);
  return cudaGetLastError();
}

extern "C" cudaError_t tmk_cuda_noise_launch(enum tmk_dtype dtype, void *to, int64_t bytes, cudaStream_t queue)
{
  const int64_t pieces = bytes / 16, needed = (pieces + THREADS - 1) / THREADS;
  const unsigned blocks = (unsigned)(needed < 1 ? 1 : needed > 4096 ? 4096 : needed);
  uint4 *at = static_cast<uint4 *>(to);
  switch (dtype) {
  case TMK_DTYPE_BF16: noise_kernel<TMK_DTYPE_BF16><<<blocks, THREADS, 0, queue>>>(at, pieces); break;
  case TMK_DTYPE_F8E4M3: noise_kernel<TMK_DTYPE_F8E4M3><<<blocks, THREADS, 0, queue>>>(at, pieces); break;
  case TMK_DTYPE_NVFP4: noise_kernel<TMK_DTYPE_NVFP4><<<blocks, THREADS, 0, queue>>>(at, pieces); break;
  default: noise_kernel<TMK_DTYPE_I32><<<blocks, THREADS, 0, queue>>>(at, pieces); break;
  }
  return cudaGetLastError();
}
