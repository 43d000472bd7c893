// engine.cu: kernels of test_engine.c. Each has its answer computed there in C.
#include <cooperative_groups.h>
#include <cstdint>
#include <cstdio>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace cg = cooperative_groups;

__device__ int counter = 5;
__constant__ int weights[4] = {3, -1, 4, 1};

extern "C" __global__ void scale(const float *x, float *y, int n, float a)
{
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = a * x[i] + 1.0f;
}

extern "C" __global__ void integers(const int32_t *a, const int32_t *b, int64_t *out, int n)
{
  int i = threadIdx.x;
  if (i >= n) return;
  uint32_t x = (uint32_t)a[i], y = (uint32_t)b[i];
  int64_t *o = out + 12 * i;
  o[0] = __popc(x) + 100 * __clz((int)x);
  o[1] = __brev(x);
  o[2] = __byte_perm(x, y, 0x7351);
  o[3] = __funnelshift_l(x, y, 7);
  o[4] = __umulhi(x, y);
  o[5] = (int64_t)a[i] * b[i] - 17;
  o[6] = a[i] / (b[i] | 1) + a[i] % (b[i] | 1);
  o[7] = __dp4a((int)x, (int)y, 5);
  o[8] = min(a[i], b[i]) + abs(b[i]);
  o[9] = (int64_t)((uint64_t)x * y >> 13) ^ (int64_t)(x << (y & 31)) ^ (a[i] >> (y & 15));
  unsigned __int128 wide = (unsigned __int128)(((uint64_t)x << 32) | y) * (((uint64_t)y << 32) | x) + x;
  o[10] = (int64_t)(uint64_t)(wide >> 64);
  o[11] = (int64_t)(uint64_t)wide;
}

__device__ __noinline__ int twice(int x) { return 2 * x; }
__device__ __noinline__ int square(int x) { return x * x; }
__device__ __noinline__ int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
typedef int (*operation)(int);
__device__ operation operations[2] = {twice, square};

struct pack {
  int v[5];
  double d;
};
__device__ __noinline__ pack change(pack p, int i)
{
  p.v[i] += 100;
  p.d *= 2;
  return p;
}

extern "C" __global__ void calls(int *out, pack p)
{
  int i = threadIdx.x;
  pack q = change(p, i % 5);
  out[i] = operations[i & 1](i) + fibonacci(i % 10) + q.v[i % 5] + (int)q.d + weights[i & 3] + counter;
}

extern "C" __global__ void local_array(int *out, int n)
{
  int a[32], sum = 0;
  for (int i = 0; i < 32; i++) a[i] = i * (int)threadIdx.x;
  for (int i = 0; i < n; i++) sum += a[(i * 7 + threadIdx.x) & 31];
  out[threadIdx.x] = sum;
}

extern "C" __global__ void lanes(const int *in, int *out)
{
  int i = threadIdx.x, v = in[i];
  int up = __shfl_up_sync(~0u, v, 3), down = __shfl_down_sync(~0u, v, 5, 16), flip = __shfl_xor_sync(~0u, v, 9);
  unsigned ballot = __ballot_sync(~0u, v & 1);
  int sum = v;
  for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
  out[6 * i] = up;
  out[6 * i + 1] = down;
  out[6 * i + 2] = flip;
  out[6 * i + 3] = (int)ballot;
  out[6 * i + 4] = sum;
  out[6 * i + 5] = (int)__match_any_sync(~0u, v % 4) + __reduce_max_sync(~0u, v);
}

// Lanes leave a loop at different times and meet again; then halves of the warp take two ways.
extern "C" __global__ void diverge(int *out)
{
  int i = threadIdx.x, n = 0;
  for (int x = i + 1; x != 1; n++) x = x % 2 ? 3 * x + 1 : x / 2;
  if (i & 1) n += __popc(__activemask());
  else n -= 1;
  __syncwarp();
  out[i] = __shfl_sync(~0u, n, (i + 1) & 31);
}

extern "C" __global__ void block_sum(const float *x, float *total, int n)
{
  __shared__ float part[32];
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += x[i];
  for (int step = 16; step > 0; step /= 2) sum += __shfl_down_sync(~0u, sum, step);
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = sum;
#ifndef MISSING_BARRIER
  __syncthreads();
#endif
  if (threadIdx.x == 0) {
    for (int w = 1; w < blockDim.x / 32; w++) sum += part[w];
    atomicAdd(total, sum);
  }
}

extern "C" __global__ void no_barrier(float *out)
{
  __shared__ float part[64];
  part[threadIdx.x] = threadIdx.x;
  out[threadIdx.x] = part[threadIdx.x ^ 32];
}

extern "C" __global__ void halves(const __half2 *a, const __nv_bfloat162 *b, __half2 *c, __nv_bfloat162 *d, float *e)
{
  int i = threadIdx.x;
  c[i] = __hfma2(a[i], a[i], __float2half2_rn(0.5f));
  d[i] = __hmul2(b[i], __float2bfloat162_rn(3.0f));
  e[i] = __low2float(c[i]) + __bfloat162float(d[i].y) + sqrtf(e[i]) + e[i] / 3.0f + (float)(int)e[i];
}

extern "C" __global__ void grid_sync(int *a, int *b)
{
  auto grid = cg::this_grid();
  int i = (int)grid.thread_rank(), n = (int)grid.size();
  a[i] = i * i;
  grid.sync();
  b[i] = a[n - 1 - i];
}

extern "C" __global__ void dynamic_shared(int *out, int n)
{
  extern __shared__ int data[];
  __shared__ int fixed[7];
  for (int i = threadIdx.x; i < n; i += blockDim.x) data[i] = i;
  if (threadIdx.x < 7) fixed[threadIdx.x] = 100 * threadIdx.x;
  __syncthreads();
  out[threadIdx.x] = data[n - 1 - threadIdx.x] + fixed[threadIdx.x % 7];
}

extern "C" __global__ void choose(const int *in, int *out)
{
  int v = in[threadIdx.x], r;
  switch (v % 11) {
  case 0: r = v + 1; break;
  case 1: r = v * 3; break;
  case 2: r = v ^ 0x55; break;
  case 3: r = v - 1000; break;
  case 4: r = v << 3; break;
  case 5: r = v / 7; break;
  case 6: r = -v; break;
  case 7: r = ~v; break;
  default: r = 42; break;
  }
  out[threadIdx.x] = r;
}

// A lock of lanes of one warp: needs independent progress of diverged lanes.
extern "C" __global__ void locks(int *lock, int *value)
{
  bool done = false;
  while (!done) {
    if (atomicCAS(lock, 0, 1) == 0) {
      __threadfence();
      *(volatile int *)value += 1;
      __threadfence();
      atomicExch(lock, 0);
      done = true;
    }
  }
}

extern "C" __global__ void half_a_warp(int *out)
{
  if (threadIdx.x < 16) out[threadIdx.x] = __shfl_sync(~0u, threadIdx.x, 3);
  else __syncwarp(~0u);
}

extern "C" __global__ void lost_barrier(int *out)
{
  if (threadIdx.x < 32) asm volatile("bar.sync 1, 64;" ::: "memory");
  out[threadIdx.x] = 1;
}

extern "C" __global__ void say(int x) { if (threadIdx.x == 0) printf("x=%d %5.2f %s %lld%%\n", x, 1.5, "word", 1ll << 40); }
extern "C" __global__ void stop() { if (threadIdx.x == 3) __trap(); }
extern "C" __global__ void outside(int *p, int i) { p[i] = 1; }
