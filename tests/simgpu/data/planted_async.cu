// planted_async.cu: cp.async and mbarrier. See planted.cuh and test_planted.c. Shared memory is written first, so that a read too
// early is a race and nothing else.
#include "planted.cuh"

// --- cp.async ---

PROGRAM(copy_own)
{
  __shared__ int tile[64];
  tile[t] = 0;
  cp_async<4>(tile + t, in + i);
  if (!bug) cp_async_wait_all();
  out[i] = tile[t];
  if (bug) cp_async_wait_all();
}

PROGRAM(copy_without_barrier)
{
  __shared__ int tile[64];
  tile[t] = 0;
  __syncthreads();
  cp_async<4>(tile + t, in + i);
  cp_async_wait_all();
  if (!bug) __syncthreads();
  out[i] = tile[63 - t];
}

PROGRAM(copy_barrier_before_wait)
{
  __shared__ int tile[64];
  tile[t] = 0;
  __syncthreads();
  cp_async<4>(tile + t, in + i);
  if (bug) __syncthreads();
  cp_async_wait_all();
  if (!bug) __syncthreads();
  out[i] = tile[63 - t];
}

// wait_group waits for groups: what was never committed is in none.
PROGRAM(copy_uncommitted)
{
  __shared__ int tile[64];
  tile[t] = 0;
  cp_async<4>(tile + t, in + i);
  if (!bug) cp_async_commit();
  cp_async_wait<0>();
  out[i] = tile[t];
  cp_async_wait_all();
}

PROGRAM(copy_never_waited)
{
  __shared__ int tile[64];
  cp_async<4>(tile + t, in + i);
  cp_async_commit();
  if (!bug) cp_async_wait<0>();
  out[i] = in[i];
}

// Three stages over eight tiles. bug 1: waits for one group too few; 2: no barrier behind the wait; 3: no barrier before a stage is
// written again; 4: no group is committed where there is no tile left, so that the count is off at the end.
PROGRAM(pipeline)
{
  constexpr int STAGES = 3, TILES = 8;
  __shared__ int tile[STAGES][64];
  for (int stage = 0; stage < STAGES; stage++) tile[stage][t] = 0;
  __syncthreads();
  for (int stage = 0; stage < STAGES - 1; stage++) {
    cp_async<4>(&tile[stage][t], in + i);
    cp_async_commit();
  }
  int sum = 0;
#pragma unroll 1
  for (int step = 0; step < TILES; step++) {
    if (bug == 1) cp_async_wait<2>();
    else cp_async_wait<1>();
    if (bug != 2) __syncthreads();
    sum += tile[step % STAGES][63 - t];
    if (bug == 2) __syncthreads();
    int next = step + STAGES - 1;
    if (bug == 3 && next < TILES) tile[step % STAGES][t] = 0;
    if (next < TILES) cp_async<4>(&tile[next % STAGES][t], in + i);
    if (bug != 4 || next < TILES) cp_async_commit();
  }
  cp_async_wait_all();
  out[i] = sum / TILES;
}

// 16 bytes a copy; the last one reads what is left of the source and zeros behind.
PROGRAM(copy_tail)
{
  __shared__ __align__(16) int tile[64];
  int first = (int)blockIdx.x * 64 + 4 * t, left = n - first;
  if (t < 16) {
    int bytes = left >= 4 ? 16 : left > 0 ? 4 * left : 0;
    cp_async<16>(tile + 4 * t, bytes > 0 ? in + first : in, bug && left > 0 ? 16 : bytes);
    cp_async_wait_all();
  }
  __syncthreads();
  if (i < n) out[i] = tile[t];
}

PROGRAM(copy_misaligned)
{
  __shared__ __align__(16) int tile[64];
  if (t < 12) cp_async<16>(tile + 4 * t, in + (int)blockIdx.x * 64 + 4 * t + bug);
  cp_async_wait_all();
  __syncthreads();
  out[i] = t < 48 ? tile[t] : in[i];
}

PROGRAM(copy_out_of_shared)
{
  __shared__ __align__(16) int tile[64];
  if (t < 16) cp_async<16>(tile + 4 * (t + bug), in + (int)blockIdx.x * 64 + 4 * t);
  cp_async_wait_all();
  __syncthreads();
  out[i] = tile[t];
}

PROGRAM(copy_over_pending_read)
{
  __shared__ int tile[64];
  tile[t] = in[i];
  __syncthreads();
  out[i] = tile[63 - t];
  if (!bug) __syncthreads();
  cp_async<4>(tile + t, in + i);
  cp_async_wait_all();
}

// --- mbarrier ---

// All 64 threads arrive, all wait. bug 1: the count is one too small; 2: one too large; 3: nobody sees to it that the init comes first;
// 4: waits for the phase before; 5: count 0; 6: the count of one thread is missing because it has left.
PROGRAM(arrive_and_wait)
{
  __shared__ int tile[64];
  __shared__ uint64_t bar;
  tile[t] = 0;
  if (t == 0) mbarrier_init(&bar, bug == 1 ? 63 : bug == 2 ? 65 : bug == 5 ? 0 : 64);
  if (bug != 3) __syncthreads();
  if (bug == 6 && t == 63) {
    out[i] = in[i];
    return;
  }
  tile[t] = in[i];
  mbarrier_arrive(&bar);
  mbarrier_wait(&bar, bug == 4 ? 1 : 0);
  out[i] = tile[63 - t];
}

// As many threads arrive as wait, four phases. bug 1: the parity never changes; 2: no second barrier before a rewrite.
PROGRAM(phases)
{
  __shared__ int tile[64];
  __shared__ uint64_t full, empty;
  tile[t] = 0;
  if (t == 0) {
    mbarrier_init(&full, 64);
    mbarrier_init(&empty, 64);
  }
  __syncthreads();
  int sum = 0;
#pragma unroll 1
  for (int round = 0; round < 4; round++) {
    tile[t] = in[i];
    mbarrier_arrive(&full);
    mbarrier_wait(&full, bug == 1 ? 0 : round & 1);
    sum += tile[63 - t];
    if (bug != 2) {
      mbarrier_arrive(&empty);
      mbarrier_wait(&empty, round & 1);
    }
  }
  out[i] = sum / 4;
}

PROGRAM(wait_by_token)
{
  __shared__ int tile[64];
  __shared__ uint64_t bar;
  tile[t] = 0;
  if (t == 0) mbarrier_init(&bar, 64);
  __syncthreads();
  tile[t] = in[i];
  uint64_t token = mbarrier_arrive(&bar);
  if (!bug) mbarrier_wait_token(&bar, token);
  out[i] = tile[63 - t];
}

// A test that may say "not yet" needs a loop.
PROGRAM(test_once)
{
  __shared__ int tile[64];
  __shared__ uint64_t bar;
  tile[t] = 0;
  if (t == 0) mbarrier_init(&bar, 64);
  __syncthreads();
  tile[t] = in[i];
  mbarrier_arrive(&bar);
  if (bug) mbarrier_test(&bar, 0);
  else mbarrier_wait(&bar, 0);
  out[i] = tile[63 - t];
}

// A warp copies, another one waits for the copies. bug 1: no copy is behind the arrival; 2: count as if each added itself.
PROGRAM(copies_arrive)
{
  __shared__ int tile[32];
  __shared__ uint64_t bar;
  if (t < 32) tile[t] = 0;
  if (t == 0) mbarrier_init(&bar, bug == 2 ? 64 : 32);
  __syncthreads();
  if (t < 32) {
    if (bug == 1) cp_async_arrive_noinc(&bar);
    cp_async<4>(tile + t, in + i + 32);
    if (bug != 1) cp_async_arrive_noinc(&bar);
    out[i] = in[i];
    if (bug == 1) cp_async_wait_all();
  } else {
    mbarrier_wait(&bar, 0);
    out[i] = tile[t - 32];
  }
}

// bug 1: bytes are expected that nobody brings; 2: more are brought than were expected.
PROGRAM(transactions)
{
  __shared__ uint64_t bar;
  if (t == 0) mbarrier_init(&bar, 1);
  __syncthreads();
  if (t == 0) {
    asm volatile("{ .reg .b64 token; mbarrier.arrive.expect_tx.shared.b64 token, [%0], 16; }" ::"r"(shared_address(&bar)) : "memory");
    if (bug != 1)
      asm volatile("mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%0], %1;" ::"r"(shared_address(&bar)), "r"(bug == 2 ? 32 : 16)
                   : "memory");
  }
  mbarrier_wait(&bar, 0);
  out[i] = in[i];
}

// bug 1: an ordinary read of the object; 2: an ordinary write; 3: it is made again; 4: used after the end of its life.
PROGRAM(object_memory)
{
  __shared__ uint64_t bar;
  if (t == 0) mbarrier_init(&bar, 64);
  __syncthreads();
  if (bug == 1 && t == 3) touch((const int *)&bar);
  if (bug == 2 && t == 3) *(volatile uint64_t *)&bar = 0;
  mbarrier_arrive(&bar);
  mbarrier_wait(&bar, 0);
  __syncthreads();
  if (t == 0 && bug != 3) mbarrier_inval(&bar);
  __syncthreads();
  if (t == 0 && bug != 4) mbarrier_init(&bar, 64);
  __syncthreads();
  mbarrier_arrive(&bar);
  out[i] = in[i];
}

// Reuse of the object's bytes for data. bug 1: without mbarrier.inval.
PROGRAM(object_reused)
{
  __shared__ uint64_t bar;
  if (t == 0) mbarrier_init(&bar, 64);
  __syncthreads();
  mbarrier_arrive(&bar);
  mbarrier_wait(&bar, 0);
  __syncthreads();
  if (t == 0) {
    if (!bug) mbarrier_inval(&bar);
    *(volatile int *)&bar = in[i];
  }
  out[i] = in[i];
}

PROGRAM(arrive_no_complete)
{
  __shared__ uint64_t bar;
  if (t == 0) mbarrier_init(&bar, 64);
  __syncthreads();
  if (bug || t < 60)
    asm volatile("{ .reg .b64 token; mbarrier.arrive.noComplete.shared.b64 token, [%0], 1; }" ::"r"(shared_address(&bar)) : "memory");
  __syncthreads();
  if (t >= 60 && !bug) mbarrier_arrive(&bar);
  mbarrier_wait(&bar, 0);
  out[i] = in[i];
}

// A thread leaves and takes its arrival of later phases with it.
PROGRAM(arrive_drop)
{
  __shared__ uint64_t bar;
  if (t == 0) mbarrier_init(&bar, 64);
  __syncthreads();
  out[i] = in[i];
  if (t == 5) {
    if (bug) mbarrier_arrive(&bar);
    else asm volatile("{ .reg .b64 token; mbarrier.arrive_drop.shared.b64 token, [%0]; }" ::"r"(shared_address(&bar)) : "memory");
    return;
  }
  for (int round = 0; round < 2; round++) {
    mbarrier_arrive(&bar);
    mbarrier_wait(&bar, round);
  }
}
