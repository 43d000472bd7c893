// planted.cuh: what planted_*.cu share. Each program is right with bug 0 and wrong, in one place, with every other value that its
// rows in test_planted.c name. They take the same arguments:
//   in: [n] written by the host   out: [n] unwritten   scratch: [SCRATCH] zeros   fresh: [SCRATCH] unwritten
#pragma once
#include <cstdint>

#define SCRATCH 4096

#define ARGUMENTS const int *in, int *out, int *scratch, int *fresh, int n, int bug
// t: the thread in its block; i: in the grid.
#define PROGRAM(name)                                                                                                  \
  static __device__ __forceinline__ void name##_body(ARGUMENTS, int t, int i);                                         \
  extern "C" __global__ void name(ARGUMENTS)                                                                           \
  {                                                                                                                    \
    name##_body(in, out, scratch, fresh, n, bug, (int)threadIdx.x, (int)(blockIdx.x * blockDim.x + threadIdx.x));      \
  }                                                                                                                    \
  static __device__ __forceinline__ void name##_body(ARGUMENTS, int t, int i)

#define DEVICE static __device__ __forceinline__

DEVICE uint32_t shared_address(const void *p) { return (uint32_t)__cvta_generic_to_shared(p); }
// A load whose value is of no use to anyone.
DEVICE void touch(const int *p) { (void)*(const volatile int *)p; }

template <int BYTES> DEVICE void cp_async(void *to, const void *from, int source_bytes = BYTES)
{
  asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(shared_address(to)), "l"(from), "n"(BYTES), "r"(source_bytes)
               : "memory");
}
DEVICE void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int N> DEVICE void cp_async_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }
DEVICE void cp_async_wait_all() { asm volatile("cp.async.wait_all;" ::: "memory"); }
DEVICE void cp_async_arrive_noinc(uint64_t *bar)
{
  asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(shared_address(bar)) : "memory");
}

DEVICE void mbarrier_init(uint64_t *bar, int count)
{
  asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(shared_address(bar)), "r"(count) : "memory");
}
DEVICE void mbarrier_inval(uint64_t *bar) { asm volatile("mbarrier.inval.shared.b64 [%0];" ::"r"(shared_address(bar)) : "memory"); }
DEVICE uint64_t mbarrier_arrive(uint64_t *bar)
{
  uint64_t token;
  asm volatile("mbarrier.arrive.shared.b64 %0, [%1];" : "=l"(token) : "r"(shared_address(bar)) : "memory");
  return token;
}
DEVICE bool mbarrier_test(uint64_t *bar, int parity)
{
  uint32_t done;
  asm volatile("{ .reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
               : "=r"(done)
               : "r"(shared_address(bar)), "r"(parity)
               : "memory");
  return done != 0;
}
DEVICE void mbarrier_wait(uint64_t *bar, int parity)
{
  while (!mbarrier_test(bar, parity)) {
  }
}
DEVICE void mbarrier_wait_token(uint64_t *bar, uint64_t token)
{
  uint32_t done = 0;
  while (done == 0) {
    asm volatile("{ .reg .pred p; mbarrier.test_wait.shared.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
                 : "=r"(done)
                 : "r"(shared_address(bar)), "l"(token)
                 : "memory");
  }
}

DEVICE void bar_sync(int id, int threads) { asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory"); }
DEVICE void bar_arrive(int id, int threads) { asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory"); }
// barrier.sync without .aligned: diverged lanes may come one by one.
DEVICE void barrier_sync(int id, int threads) { asm volatile("barrier.sync %0, %1;" ::"r"(id), "r"(threads) : "memory"); }

#define LOAD(name, ptx)                                                                                                \
  DEVICE int name(const int *p)                                                                                        \
  {                                                                                                                    \
    int value;                                                                                                         \
    asm volatile(ptx " %0, [%1];" : "=r"(value) : "l"(p) : "memory");                                                  \
    return value;                                                                                                      \
  }
#define STORE(name, ptx)                                                                                               \
  DEVICE void name(int *p, int value) { asm volatile(ptx " [%0], %1;" ::"l"(p), "r"(value) : "memory"); }
LOAD(load_weak, "ld.global.u32")
LOAD(load_relaxed, "ld.relaxed.gpu.global.u32")
LOAD(load_acquire, "ld.acquire.gpu.global.u32")
LOAD(load_acquire_cta, "ld.acquire.cta.global.u32")
LOAD(load_nc, "ld.global.nc.u32")
STORE(store_weak, "st.global.u32")
STORE(store_relaxed, "st.relaxed.gpu.global.u32")
STORE(store_release, "st.release.gpu.global.u32")
STORE(store_release_cta, "st.release.cta.global.u32")

DEVICE void ldmatrix_x1(uint32_t &r, uint32_t from)
{
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];" : "=r"(r) : "r"(from) : "memory");
}
