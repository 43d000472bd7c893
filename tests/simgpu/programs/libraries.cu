// libraries.cu: what kernels take from CUDA's own libraries, all of it right: cooperative groups, libcu++'s barriers, pipelines and
// atomics, CUB, fp8 conversions. The simulated GPU must give the answers worked out here, and find nothing.
#include <algorithm>
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>
#include <cstdio>
#include <cstring>
#include <cub/cub.cuh>
#include <cuda/atomic>
#include <cuda/barrier>
#include <cuda/pipeline>
#include <cuda_fp8.h>

namespace cg = cooperative_groups;
// Barriers in shared memory have constructors that do nothing; libcu++ says to silence this.
#pragma nv_diag_suppress static_var_with_dynamic_init

constexpr int THREADS = 128, COUNT = 2048;

#define CHECK(call)                                                                                                    \
  do {                                                                                                                 \
    cudaError_t error = (call);                                                                                        \
    if (error != cudaSuccess) {                                                                                        \
      printf("%s: %s\n", #call, cudaGetErrorName(error));                                                              \
      return 1;                                                                                                        \
    }                                                                                                                  \
  } while (0)

__global__ void groups(const int *in, int *out)
{
  auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  auto tile = cg::tiled_partition<8>(warp);
  int i = threadIdx.x, v = in[i];
  out[i] = cg::reduce(warp, v, cg::plus<int>());
  out[THREADS + i] = cg::reduce(tile, v, cg::greater<int>());
  out[2 * THREADS + i] = cg::inclusive_scan(warp, v);
  out[3 * THREADS + i] = 0;
  if (v & 1) out[3 * THREADS + i] = cg::reduce(cg::coalesced_threads(), 1, cg::plus<int>());
  out[4 * THREADS + i] = (int)cg::labeled_partition(warp, v % 3).size();
}

__global__ void grid(int *scratch, int *out)
{
  auto all = cg::this_grid();
  int i = (int)all.thread_rank(), n = (int)all.size();
  scratch[i] = i;
  all.sync();
  out[i] = scratch[n - 1 - i];
  all.sync();
  scratch[i] = out[n - 1 - i] + 1;
  all.barrier_wait(all.barrier_arrive());
  out[i] += scratch[(i + 1) % n];
}

__global__ void group_copy(const int *in, int *out)
{
  __shared__ int tile[THREADS];
  auto block = cg::this_thread_block();
  cg::memcpy_async(block, tile, in, sizeof tile);
  cg::wait(block);
  out[threadIdx.x] = tile[THREADS - 1 - threadIdx.x];
}

__global__ void barrier_copy(const int *in, int *out)
{
  __shared__ cuda::barrier<cuda::thread_scope_block> arrived;
  __shared__ int tile[THREADS];
  if (threadIdx.x == 0) init(&arrived, blockDim.x);
  __syncthreads();
  for (int round = 0; round < 3; round++) {
    cuda::memcpy_async(tile + threadIdx.x, in + threadIdx.x, sizeof(int), arrived);
    arrived.arrive_and_wait();
    out[threadIdx.x] = tile[THREADS - 1 - threadIdx.x];
    arrived.arrive_and_wait();
  }
}

// Four tiles through two stages, of a pipeline of each thread or of the block.
template <bool OF_BLOCK> __global__ void pipeline(const int4 *in, int *out)
{
  __shared__ int4 tile[2][THREADS];
  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, 2> state;
  int sum = 0;
  auto run = [&](auto &pipe) {
    for (int step = 0; step < 4; step++) {
      pipe.producer_acquire();
      cuda::memcpy_async(&tile[step & 1][threadIdx.x], in + step * THREADS + threadIdx.x, cuda::aligned_size_t<16>(16), pipe);
      pipe.producer_commit();
      pipe.consumer_wait();
      if (!OF_BLOCK) __syncthreads();
      sum += tile[step & 1][THREADS - 1 - threadIdx.x].x;
      pipe.consumer_release();
      if (!OF_BLOCK) __syncthreads();
    }
  };
  if constexpr (OF_BLOCK) {
    auto pipe = cuda::make_pipeline(cg::this_thread_block(), &state);
    run(pipe);
  } else {
    auto pipe = cuda::make_pipeline();
    run(pipe);
  }
  out[threadIdx.x] = sum;
}

__global__ void block_sort(const int *in, int *out)
{
  using Sum = cub::BlockReduce<int, THREADS>;
  using Scan = cub::BlockScan<int, THREADS>;
  using Sort = cub::BlockRadixSort<unsigned, THREADS, 2>;
  __shared__ union {
    typename Sum::TempStorage sum;
    typename Scan::TempStorage scan;
    typename Sort::TempStorage sort;
  } shared;
  int i = threadIdx.x, scanned, sum = Sum(shared.sum).Sum(in[i]);
  if (i == 0) out[2 * THREADS] = sum;
  __syncthreads();
  Scan(shared.scan).InclusiveSum(in[i], scanned);
  out[2 * THREADS + 1 + i] = scanned;
  __syncthreads();
  unsigned keys[2] = {(unsigned)in[2 * i], (unsigned)in[2 * i + 1]};
  Sort(shared.sort).Sort(keys);
  out[2 * i] = (int)keys[0];
  out[2 * i + 1] = (int)keys[1];
}

// A counter of all blocks, and a value that block 0 hands to block 1.
__global__ void atomics(int *scratch, int *out)
{
  using ref = cuda::atomic_ref<int, cuda::thread_scope_device>;
  out[blockIdx.x * blockDim.x + threadIdx.x] = ref(scratch[0]).fetch_add(1, cuda::memory_order_acq_rel);
  if (threadIdx.x != 0 || blockIdx.x > 1) return;
  if (blockIdx.x == 0) {
    scratch[2] = 77;
    ref(scratch[1]).store(1, cuda::memory_order_release);
  } else {
    while (ref(scratch[1]).load(cuda::memory_order_acquire) == 0) {
    }
    scratch[3] = scratch[2];
  }
}

__global__ void small_floats(const float *in, float *out)
{
  out[threadIdx.x] = (float)__nv_fp8_e4m3(in[threadIdx.x]);
  out[THREADS + threadIdx.x] = (float)__nv_fp8_e5m2(in[threadIdx.x]);
}

struct bench {
  int host[COUNT], result[COUNT];
  int *in, *out, *scratch, wrong;
};

static void expect(bench &b, const char *what, int i, int wanted)
{
  if (b.result[i] != wanted && b.wrong++ < 5) printf("%s: %d is %d, not %d\n", what, i, b.result[i], wanted);
}

static int get(bench &b, int count)
{
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaMemcpy(b.result, b.out, count * sizeof(int), cudaMemcpyDeviceToHost));
  return 0;
}

static int test_groups(bench &b)
{
  groups<<<1, THREADS>>>(b.in, b.out);
  if (get(b, 5 * THREADS) != 0) return 1;
  for (int i = 0; i < THREADS; i++) {
    int sum = 0, largest = 0, scanned = 0, odd = 0, alike = 0;
    for (int k = i / 32 * 32; k < i / 32 * 32 + 32; k++) {
      sum += b.host[k];
      if (k <= i) scanned += b.host[k];
      odd += b.host[k] & 1;
      alike += b.host[k] % 3 == b.host[i] % 3;
    }
    for (int k = i / 8 * 8; k < i / 8 * 8 + 8; k++) largest = std::max(largest, b.host[k]);
    expect(b, "reduce", i, sum);
    expect(b, "tile", THREADS + i, largest);
    expect(b, "scan", 2 * THREADS + i, scanned);
    expect(b, "coalesced", 3 * THREADS + i, b.host[i] & 1 ? odd : 0);
    expect(b, "labeled", 4 * THREADS + i, alike);
  }
  constexpr int n = 4 * 96;
  void *arguments[] = {&b.scratch, &b.out};
  CHECK(cudaLaunchCooperativeKernel((void *)grid, 4, 96, arguments, 0, nullptr));
  if (get(b, n) != 0) return 1;
  for (int i = 0; i < n; i++) expect(b, "grid", i, n - 1 - i + (i + 1) % n + 1);
  return 0;
}

static int test_copies(bench &b)
{
  group_copy<<<1, THREADS>>>(b.in, b.out);
  if (get(b, THREADS) != 0) return 1;
  for (int i = 0; i < THREADS; i++) expect(b, "group_copy", i, b.host[THREADS - 1 - i]);
  barrier_copy<<<1, THREADS>>>(b.in, b.out);
  if (get(b, THREADS) != 0) return 1;
  for (int i = 0; i < THREADS; i++) expect(b, "barrier_copy", i, b.host[THREADS - 1 - i]);
  for (int of_block = 0; of_block < 2; of_block++) {
    if (of_block) pipeline<true><<<1, THREADS>>>((const int4 *)b.in, b.out);
    else pipeline<false><<<1, THREADS>>>((const int4 *)b.in, b.out);
    if (get(b, THREADS) != 0) return 1;
    for (int i = 0; i < THREADS; i++) {
      int sum = 0;
      for (int step = 0; step < 4; step++) sum += b.host[4 * (step * THREADS + THREADS - 1 - i)];
      expect(b, "pipeline", i, sum);
    }
  }
  return 0;
}

static int test_sort_and_atomics(bench &b)
{
  int sorted[2 * THREADS], sum = 0, flags[4];
  block_sort<<<1, THREADS>>>(b.in, b.out);
  if (get(b, 3 * THREADS + 1) != 0) return 1;
  std::copy(b.host, b.host + 2 * THREADS, sorted);
  std::sort(sorted, sorted + 2 * THREADS);
  for (int i = 0; i < 2 * THREADS; i++) expect(b, "sort", i, sorted[i]);
  for (int i = 0; i < THREADS; i++) expect(b, "block scan", 2 * THREADS + 1 + i, sum += b.host[i]);
  expect(b, "block sum", 2 * THREADS, sum);
  CHECK(cudaMemset(b.scratch, 0, 16));
  atomics<<<4, 64>>>(b.scratch, b.out);
  if (get(b, 256) != 0) return 1;
  std::sort(b.result, b.result + 256); // each number once, in any order
  for (int i = 0; i < 256; i++) expect(b, "counter", i, i);
  CHECK(cudaMemcpy(flags, b.scratch, 16, cudaMemcpyDeviceToHost));
  if (flags[0] != 256 || flags[3] != 77) b.wrong++, printf("atomics: %d counted, %d handed over\n", flags[0], flags[3]);
  return 0;
}

// The host's conversions are the library's own.
static int test_small_floats(bench &b)
{
  float in[THREADS], out[2 * THREADS];
  for (int i = 0; i < THREADS; i++) in[i] = (float)(i - 64) * 0.37f * (float)(i % 5);
  CHECK(cudaMemcpy(b.in, in, sizeof in, cudaMemcpyHostToDevice));
  small_floats<<<1, THREADS>>>((const float *)b.in, (float *)b.out);
  if (get(b, 2 * THREADS) != 0) return 1;
  memcpy(out, b.result, sizeof out);
  for (int i = 0; i < THREADS; i++)
    b.wrong += out[i] != (float)__nv_fp8_e4m3(in[i]) || out[THREADS + i] != (float)__nv_fp8_e5m2(in[i]);
  return 0;
}

int main()
{
  static bench b;
  for (int i = 0; i < COUNT; i++) b.host[i] = (i * 7919 + 13) % 997;
  CHECK(cudaMalloc(&b.in, sizeof b.host));
  CHECK(cudaMalloc(&b.out, sizeof b.host));
  CHECK(cudaMalloc(&b.scratch, sizeof b.host));
  CHECK(cudaMemcpy(b.in, b.host, sizeof b.host, cudaMemcpyHostToDevice));
  if (test_groups(b) != 0 || test_copies(b) != 0 || test_sort_and_atomics(b) != 0 || test_small_floats(b) != 0) return 1;
  CHECK(cudaFree(b.in));
  CHECK(cudaFree(b.out));
  CHECK(cudaFree(b.scratch));
  printf("%d wrong\n", b.wrong);
  return b.wrong != 0;
}
