// planted_sync.cu: lanes that must come together, named barriers, deadlock, traps. See planted.cuh and test_planted.c.
#include <cassert>

#include "planted.cuh"

// --- lanes of a warp ---

PROGRAM(shuffle_half_warp)
{
  int value = in[i], other = value;
  if (!bug || t < 16) other = __shfl_xor_sync(~0u, value, 1);
  other = __shfl_xor_sync(bug && t < 16 ? 0xffffu : ~0u, other, 1);
  out[i] = other;
}

// Lane 20 is no member: what comes from it is undefined.
PROGRAM(shuffle_from_outside)
{
  int value = in[i];
  if (t < 16) {
    int other = __shfl_sync(0xffffu, value, bug ? 20 : t);
    out[i] = other;
  } else {
    out[i] = value;
  }
}

// The others wait at the end of the branch.
PROGRAM(ballot_in_a_branch)
{
  if (t < 24) scratch[i] = (int)__ballot_sync(bug ? ~0u : 0xffffffu, in[i] & 1);
  __syncwarp();
  out[i] = in[i];
}

PROGRAM(mask_without_self)
{
  int value = in[i];
  __syncwarp(bug && t == 9 ? 0xffu : ~0u);
  out[i] = value;
}

PROGRAM(reduce_missing_lanes)
{
  int value = in[i];
  if (!bug || t != 3) scratch[i] = __reduce_add_sync(~0u, value);
  __syncwarp();
  out[i] = value;
}

PROGRAM(match_missing_lanes)
{
  int value = in[i];
  if (!bug || t < 30) scratch[i] = (int)__match_any_sync(~0u, value);
  __syncwarp();
  out[i] = value;
}

PROGRAM(ldmatrix_in_a_branch)
{
  __shared__ __align__(16) int tile[32];
  tile[t] = in[i];
  __syncwarp();
  uint32_t value = 0;
  if (!bug || t < 16) ldmatrix_x1(value, shared_address(tile + 4 * (t & 7)));
  out[i] = bug ? in[i] : (int)value;
}

PROGRAM(mma_in_a_branch)
{
  uint32_t a = 0, b = 0;
  float d[4] = {0, 0, 0, 0};
  if (!bug || t < 16)
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %4}, {%5}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a), "r"(b));
  out[i] = in[i] + (int)d[0];
}

PROGRAM(different_instructions)
{
  int value = in[i];
  if (bug) {
    if (t < 16) scratch[i] = __shfl_sync(~0u, value, 3);
    else __syncwarp(~0u);
  } else {
    if (t < 16) scratch[i] = __shfl_sync(0xffffu, value, 3);
    else __syncwarp(0xffff0000u);
  }
  out[i] = value;
}

// --- barriers of a block ---

PROGRAM(barrier_in_a_branch)
{
  if (!bug || t < 48) __syncthreads();
  __syncwarp();
  out[i] = in[i];
}

// barrier.sync may be reached lane by lane; bar.sync, which is aligned, may not.
PROGRAM(barrier_in_a_loop)
{
  out[i] = in[i];
  for (int k = 0; k < 32; k++) {
    if (t % 32 != k) continue;
    if (bug) bar_sync(1, 64);
    else barrier_sync(1, 64);
  }
}

PROGRAM(barrier_short_of_threads)
{
  out[i] = in[i];
  if (t < 32) bar_sync(1, bug ? 64 : 32);
}

PROGRAM(barrier_count_odd)
{
  out[i] = in[i];
  bar_sync(1, bug ? 63 : 64);
}

PROGRAM(barrier_number)
{
  out[i] = in[i];
  bar_sync(bug ? 16 : 15, 64);
}

PROGRAM(barrier_counts_differ)
{
  out[i] = in[i];
  bar_sync(1, bug && t < 32 ? 64 : 96);
}

// The first warp waits for the second one; a third, which means another barrier, takes its place.
PROGRAM(barrier_taken)
{
  __shared__ int tile[32];
  if (t < 32) tile[t] = 0;
  __syncthreads();
  if (t < 32) {
    bar_sync(1, 64);
    out[i] = tile[t];
  } else if (t < 64) {
    out[i] = in[i];
    tile[t - 32] = in[i - 32];
    bar_arrive(1, 64);
  } else {
    out[i] = in[i];
    bar_arrive(bug ? 1 : 2, 64);
  }
}

PROGRAM(barrier_kinds_meet)
{
  out[i] = in[i];
  if (bug && t < 32) bar_sync(1, 64);
  else asm volatile("{ .reg .pred p, q; setp.ge.s32 q, %0, 0; bar.red.and.pred p, 1, 64, q; }" ::"r"(t) : "memory");
}

// Two warps, two barriers, each warp begins with another one.
PROGRAM(barriers_crosswise)
{
  out[i] = in[i];
  bool second = bug && t >= 32;
  bar_sync(second ? 2 : 1, 64);
  bar_sync(second ? 1 : 2, 64);
}

// Each of two warps waits for the other one's arrival before it arrives itself.
PROGRAM(both_wait_first)
{
  __shared__ uint64_t bar[2];
  if (t < 2) mbarrier_init(bar + t, 32);
  __syncthreads();
  int mine = t / 32;
  if (!bug || mine == 2) mbarrier_arrive(bar + mine);
  mbarrier_wait(bar + 1 - mine, 0);
  if (bug) mbarrier_arrive(bar + mine);
  out[i] = in[i];
}

// --- never ending, traps ---

PROGRAM(flag_never_set)
{
  out[i] = in[i];
  if (t == 0 && bug) {
    while (load_acquire(scratch) == 0) {
    }
  }
}

PROGRAM(endless_loop)
{
  uint32_t left = 32;
  do {
    left = bug ? left : left - 1;
    asm volatile("" : "+r"(left)); // or the compiler takes it for granted that it ends
  } while (left != 0);
  out[i] = in[i];
}

PROGRAM(trapped)
{
  if (bug && t == 3) __trap();
  out[i] = in[i];
}

PROGRAM(assertion)
{
  assert(!bug || t != 3);
  out[i] = in[i];
}

static __device__ __noinline__ int depth(int left) { return left == 0 ? 0 : 1 + depth(left - 1) % 1000000; }

// Behind a thread's variables lies what calls will use: no room of its own yet.
PROGRAM(local_end_below_calls)
{
  int window[8];
  for (int k = 0; k < 8; k++) window[(k + t) & 7] = in[i];
  out[i] = window[(t & 7) + 16 * bug] + depth(0);
}

PROGRAM(recursion)
{
  out[i] = in[i] + (depth(bug ? 1 << 30 : 8) > 8);
}
