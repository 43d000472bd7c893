// planted_sketch.cu: RMSNorm and a bf16 GEMM for sm_80, right with bug 0; test_planted_sketch.c names the others.
#include <cuda_bf16.h>

#include "planted.cuh"

// --- y[row] = x[row] · rsqrt(mean(x[row]²) + eps) · w: a block of 256 a row ---
//   each thread: its squares → warp sum → [partial] → barrier → first warp: sum, scale → [scale] → barrier → each thread: its elements
// bug 1: one element beyond the row; 2: half of each warp is left out; 3: no first barrier; 4: no second.
extern "C" __global__ void __launch_bounds__(256)
    rmsnorm(const __nv_bfloat16 *x, const __nv_bfloat16 *w, __nv_bfloat16 *y, int n, float eps, int bug)
{
  __shared__ float partial[8];
  __shared__ float scale;
  const __nv_bfloat16 *from = x + (size_t)blockIdx.x * n;
  int t = threadIdx.x;
  float sum = 0;
  for (int i = t; i < n + (bug == 1); i += 256) {
    float value = __bfloat162float(from[i]);
    sum += value * value;
  }
  for (int step = bug == 2 ? 8 : 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
  if (t % 32 == 0) partial[t / 32] = sum;
  if (bug != 3) __syncthreads();
  if (t < 32) {
    float total = t < 8 ? partial[t] : 0;
    for (int step = 4; step > 0; step /= 2) total += __shfl_xor_sync(~0u, total, step);
    if (t == 0) scale = rsqrtf(total / (float)n + eps);
  }
  if (bug != 4) __syncthreads();
  float factor = scale;
  for (int i = t; i < n; i += 256)
    y[(size_t)blockIdx.x * n + i] = __float2bfloat16(__bfloat162float(from[i]) * factor * __bfloat162float(w[i]));
}

// --- C[m, n] f32 = A[m, k] · B[n, k]ᵀ, k a multiple of 8: 8 warps make 128 × 128, a warp 64 × 32, 32 of k a step, two stages ---
//   cp.async (step + 1) → wait_group 1 → barrier → ldmatrix, mma (step) → barrier
// Rows of 64 bytes are 4 chunks of 16, permuted by the row so that ldmatrix meets no bank twice.
// bug 1: the writer permutes otherwise than the reader; 2: a row of A too many; 3: waits for a group too few; 4: no first barrier;
// 5: no second; 6: the lanes' place in the result's fragment; 7: a row of C too many.
namespace {
constexpr int TILE = 128, DEPTH = 32, ROW_BYTES = DEPTH * 2, STAGE_BYTES = 2 * TILE * ROW_BYTES;
}

DEVICE uint32_t chunk_place(int row, int chunk, bool wrong = false)
{
  int key = wrong ? row & 3 : row >> 1 & 3;
  return (uint32_t)(row * ROW_BYTES + ((chunk ^ key) << 4));
}
DEVICE void copy_16(uint32_t to, const void *from, int bytes)
{
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
DEVICE void ldmatrix_x4(uint32_t (&r)[4], uint32_t from)
{
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from)
               : "memory");
}
DEVICE void mma_m16n8k16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
{
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

extern "C" __global__ void __launch_bounds__(256)
    gemm_sm80(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *c, int m, int n, int k, int bug)
{
  __shared__ __align__(128) unsigned char tiles[2 * STAGE_BYTES];
  int t = threadIdx.x, lane = t % 32, warp = t / 32, row0 = warp / 4 * 64, column0 = warp % 4 * 32;
  int m0 = blockIdx.y * TILE, n0 = blockIdx.x * TILE, steps = (k + DEPTH - 1) / DEPTH;
  uint32_t base = shared_address(tiles);
  float sum[4][4][4] = {};
  auto load = [&](int step) {
    uint32_t to = base + step % 2 * STAGE_BYTES;
#pragma unroll 1
    for (int i = t; i < TILE * 4; i += 256) {
      int row = i / 4, chunk = i % 4, at = step * DEPTH + chunk * 8;
      bool in_a = m0 + row < m + (bug == 2) && at < k, in_b = n0 + row < n && at < k;
      copy_16(to + chunk_place(row, chunk, bug == 1), in_a ? a + (size_t)(m0 + row) * k + at : a, in_a ? 16 : 0);
      copy_16(to + STAGE_BYTES / 2 + chunk_place(row, chunk), in_b ? b + (size_t)(n0 + row) * k + at : b, in_b ? 16 : 0);
    }
  };
  load(0);
  cp_async_commit();
#pragma unroll 1
  for (int step = 0; step < steps; step++) {
    if (step + 1 < steps) load(step + 1);
    cp_async_commit();
    if (bug == 3) cp_async_wait<2>();
    else cp_async_wait<1>();
    if (bug != 4) __syncthreads();
    uint32_t from_a = base + step % 2 * STAGE_BYTES, from_b = from_a + STAGE_BYTES / 2;
#pragma unroll 1
    for (int half = 0; half < 2; half++) {
      uint32_t fa[4][4], fb[2][4];
#pragma unroll
      for (int i = 0; i < 4; i++) ldmatrix_x4(fa[i], from_a + chunk_place(row0 + i * 16 + lane % 16, half * 2 + lane / 16));
#pragma unroll
      for (int j = 0; j < 2; j++)
        ldmatrix_x4(fb[j], from_b + chunk_place(column0 + j * 16 + lane % 8 + lane / 16 * 8, half * 2 + lane / 8 % 2));
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) mma_m16n8k16(sum[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
    }
    if (bug != 5) __syncthreads();
  }
  cp_async_wait_all();
  int row_of_lane = bug == 6 ? lane % 8 : lane / 4, column_of_lane = bug == 6 ? lane / 8 * 2 : lane % 4 * 2;
#pragma unroll
  for (int i = 0; i < 4; i++)
#pragma unroll
    for (int j = 0; j < 4; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int row = m0 + row0 + i * 16 + row_of_lane + e / 2 * 8, column = n0 + column0 + j * 8 + column_of_lane + e % 2;
        if (row < m + (bug == 7 && e >= 2) && column < n) c[(size_t)row * n + column] = sum[i][j][e];
      }
}
