/* ptx_sm80.cuh: one wrapper a PTX instruction that sm_80 has, named like it. Addresses of shared memory are those of the shared
 * window (shared_address). Volatile and with a "memory" clobber where an instruction reads, writes or orders memory. */
#ifndef TMK_PTX_SM80_CUH
#define TMK_PTX_SM80_CUH

#include <stdint.h>

static __device__ __forceinline__ uint32_t shared_address(const void *pointer)
{
  return (uint32_t)__cvta_generic_to_shared(pointer);
}

/* --- asynchronous copies --- */

/* 16 bytes of shared memory: the first `bytes` (0 … 16) from global memory, zeros behind. Past the L1 cache. */
static __device__ __forceinline__ void cp_async_cg_16(uint32_t to, const void *from, uint32_t bytes)
{
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}

/* The same for data that is read once: fetched in lines of 128 bytes, with an eviction policy (createpolicy…). */
static __device__ __forceinline__ void cp_async_cg_16_128B(uint32_t to, const void *from, uint32_t bytes,
                                                           uint64_t policy)
{
  asm volatile("cp.async.cg.shared.global.L2::cache_hint.L2::128B [%0], [%1], 16, %2, %3;" ::"r"(to), "l"(from),
               "r"(bytes), "l"(policy)
               : "memory");
}

static __device__ __forceinline__ uint64_t createpolicy_fractional_evict_first()
{
  uint64_t policy;
  asm volatile("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
  return policy;
}

static __device__ __forceinline__ void cp_async_commit_group()
{
  asm volatile("cp.async.commit_group;" ::: "memory");
}

/* Until at most PENDING of this thread's groups are under way. */
template <int PENDING> static __device__ __forceinline__ void cp_async_wait_group()
{
  asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
}

/* --- shared and global memory --- */

static __device__ __forceinline__ void ldmatrix_x4(uint32_t (&r)[4], uint32_t from)
{
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from)
               : "memory");
}

static __device__ __forceinline__ void ldmatrix_x4_trans(uint32_t (&r)[4], uint32_t from)
{
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from)
               : "memory");
}

static __device__ __forceinline__ void ld_shared_v4(uint32_t (&r)[4], uint32_t from)
{
  asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from)
               : "memory");
}

static __device__ __forceinline__ void st_shared_v4(uint32_t to, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
  asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(a), "r"(b), "r"(c), "r"(d) : "memory");
}

/* Orders this thread's and, behind a barrier, its block's accesses with those of other blocks that do the same. */
static __device__ __forceinline__ uint32_t atom_add_acq_rel_gpu(uint32_t *to, uint32_t value)
{
  uint32_t old;
  asm volatile("atom.add.acq_rel.gpu.global.u32 %0, [%1], %2;" : "=r"(old) : "l"(to), "r"(value) : "memory");
  return old;
}

/* --- arithmetic --- */

/* d[16, 8] += a[16, 16] b[16, 8]: bf16, f32 sums. Lane l, g = l / 4, t = l % 4, pairs of elements:
 *   a0 (g, 2t)  a1 (g + 8, 2t)  a2 (g, 2t + 8)  a3 (g + 8, 2t + 8)    b0 (k = 2t, n = g)  b1 (k = 2t + 8, n = g)
 *   d0 d1 (g, 2t), (g, 2t + 1)  d2 d3 (g + 8, …) */
static __device__ __forceinline__ void mma_m16n8k16_bf16(float (&d)[4], uint32_t a0, uint32_t a1, uint32_t a2,
                                                         uint32_t a3, uint32_t b0, uint32_t b1)
{
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

/* Two floats to bf16, to nearest even; `low` goes to the lower half. */
static __device__ __forceinline__ uint32_t cvt_rn_bf16x2_f32(float low, float high)
{
  uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

/* 2^x, relative error below 2⁻²²; results below 2⁻¹²⁶ are 0. */
static __device__ __forceinline__ float ex2_approx_ftz(float x)
{
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/* a b + c of two bf16 each, rounded once; subnormal numbers are kept. */
static __device__ __forceinline__ uint32_t fma_rn_bf16x2(uint32_t a, uint32_t b, uint32_t c)
{
  uint32_t d;
  asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
  return d;
}

#endif
