// gemm.cu: C[m, n] f32 = A[m, k] · B[n, k]ᵀ in bf16: what a kernel for sm_80 uses: cp.async in two stages, ldmatrix, mma.sync.
// A block of 4 warps makes a 64 × 64 tile, a warp 32 × 32 of it; m, n multiples of 64, k of 32.
//   cp.async (stage s+1) → wait_group 1 → __syncthreads → ldmatrix, mma (stage s) → __syncthreads → cp.async (stage s)
#include <cstdint>
#include <cuda_bf16.h>

constexpr int TILE = 64, DEPTH = 32, PITCH = DEPTH + 8; // 80-byte rows: ldmatrix without bank conflicts

__device__ __forceinline__ uint32_t shared_address(const void *p) { return (uint32_t)__cvta_generic_to_shared(p); }
__device__ __forceinline__ void cp_async_16(uint32_t to, const void *from)
{
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
__device__ __forceinline__ void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int N> __device__ __forceinline__ void cp_async_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }
__device__ __forceinline__ void ldmatrix_x4(uint32_t (&r)[4], uint32_t from)
{
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from)
               : "memory");
}
__device__ __forceinline__ void mma_16816(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
{
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

template <int WAIT, bool FIRST_BARRIER, bool SECOND_BARRIER>
__device__ __forceinline__ void gemm(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *c, int n, int k)
{
  __shared__ __align__(16) __nv_bfloat16 tiles[2][2][TILE][PITCH];
  int thread = threadIdx.x, lane = thread % 32, warp = thread / 32, row0 = warp / 2 * 32, column0 = warp % 2 * 32;
  const __nv_bfloat16 *from[2] = {a + (size_t)blockIdx.y * TILE * k, b + (size_t)blockIdx.x * TILE * k};
  float sum[2][4][4] = {};
  auto load = [&](int step, int stage) {
    for (int which = 0; which < 2; which++)
      for (int i = thread; i < TILE * DEPTH / 8; i += 128) {
        int row = i / (DEPTH / 8), column = i % (DEPTH / 8) * 8;
        cp_async_16(shared_address(&tiles[stage][which][row][column]), from[which] + (size_t)row * k + step * DEPTH + column);
      }
    cp_async_commit();
  };
  load(0, 0);
#pragma unroll 1
  for (int step = 0; step < k / DEPTH; step++) {
    int stage = step & 1;
    if (step + 1 < k / DEPTH) load(step + 1, stage ^ 1);
    else cp_async_commit();
    cp_async_wait<WAIT>();
    if (FIRST_BARRIER) __syncthreads();
#pragma unroll
    for (int half = 0; half < DEPTH; half += 16) {
      uint32_t fa[2][4], fb[2][4];
#pragma unroll
      for (int i = 0; i < 2; i++) {
        ldmatrix_x4(fa[i], shared_address(&tiles[stage][0][row0 + 16 * i + lane % 16][half + lane / 16 * 8]));
        ldmatrix_x4(fb[i], shared_address(&tiles[stage][1][column0 + 16 * i + lane % 8 + lane / 16 * 8][half + lane / 8 % 2 * 8]));
      }
#pragma unroll
      for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) mma_16816(sum[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
    }
    if (SECOND_BARRIER) __syncthreads();
  }
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 4; j++)
      for (int e = 0; e < 4; e++) {
        int row = blockIdx.y * TILE + row0 + 16 * i + lane / 4 + e / 2 * 8;
        c[(size_t)row * n + blockIdx.x * TILE + column0 + 8 * j + lane % 4 * 2 + e % 2] = sum[i][j][e];
      }
}

#define KERNEL(name, ...)                                                                                              \
  extern "C" __global__ void __launch_bounds__(128)                                                                    \
      name(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *c, int n, int k)                                     \
  {                                                                                                                    \
    gemm<__VA_ARGS__>(a, b, c, n, k);                                                                                  \
  }
KERNEL(gemm_good, 1, true, true)
KERNEL(gemm_waits_too_little, 2, true, true)
KERNEL(gemm_without_first_barrier, 1, false, true)
KERNEL(gemm_without_second_barrier, 1, true, false)
