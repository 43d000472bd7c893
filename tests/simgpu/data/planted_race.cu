// planted_race.cu: conflicting accesses with no order between them: in a block, in a warp, between blocks. See planted.cuh and
// test_planted.c.
#include <cooperative_groups.h>

#include "planted.cuh"

// --- inside a block. Shared memory is written first, so that a read too early is a race and nothing else ---

PROGRAM(barrier_before_read)
{
  __shared__ int tile[64];
  tile[t] = 0;
  __syncthreads();
  tile[t] = in[i];
  if (!bug) __syncthreads();
  out[i] = tile[63 - t];
}

PROGRAM(barrier_before_rewrite)
{
  __shared__ int tile[64];
  int sum = 0;
  for (int round = 0; round < 3; round++) {
    tile[t] = in[i] * round;
    __syncthreads();
    sum += tile[63 - t];
    if (!bug) __syncthreads();
  }
  out[i] = sum / 3;
}

// Two buffers need one barrier a round, but not two rounds in the same buffer.
PROGRAM(double_buffer)
{
  __shared__ int tile[2][64];
  int sum = 0;
  for (int round = 0; round < 4; round++) {
    int which = bug ? 0 : round & 1;
    tile[which][t] = in[i];
    __syncthreads();
    sum += tile[which][63 - t];
  }
  out[i] = sum / 4;
}

PROGRAM(tree_sum)
{
  __shared__ int tile[128];
  tile[t] = in[i];
  __syncthreads();
  for (int step = 64; step > 0; step /= 2) {
    if (t < step) tile[t] += tile[t + step];
    if (!bug || step < 64) __syncthreads();
  }
  if (t == 0) out[blockIdx.x] = tile[0];
}

// "A warp runs in step": not since Volta.
PROGRAM(tree_sum_in_a_warp)
{
  __shared__ int tile[64];
  tile[t] = in[i];
  tile[t + 32] = 0;
  for (int step = 16; step > 0; step /= 2) {
    if (!bug) __syncwarp();
    int other = tile[t + step];
    if (!bug) __syncwarp();
    tile[t] += other;
  }
  if (t == 0) out[blockIdx.x] = tile[0];
}

PROGRAM(warp_exchange)
{
  __shared__ int tile[32];
  tile[t] = 0;
  __syncwarp();
  tile[t] = in[i];
  if (!bug) __syncwarp();
  out[i] = tile[31 - t];
}

// Each half of the warp waits for itself alone, and reads what the other half wrote.
PROGRAM(warp_halves)
{
  __shared__ int tile[32];
  tile[t] = 0;
  __syncwarp();
  tile[t] = in[i];
  if (bug) __syncwarp(t < 16 ? 0xffffu : 0xffff0000u);
  else __syncwarp();
  out[i] = tile[31 - t];
}

PROGRAM(lanes_write_one_place)
{
  if (bug || t == 0) scratch[blockIdx.x] = in[i];
  __syncwarp();
  out[i] = in[i];
}

PROGRAM(shared_histogram)
{
  __shared__ int bins[4];
  if (t < 4) bins[t] = 0;
  __syncthreads();
  if (t % 32 == 0) {
    if (bug) bins[0]++;
    else atomicAdd(&bins[0], 1);
  }
  __syncthreads();
  if (t < 4) atomicAdd(scratch + t, bins[t]);
  out[i] = in[i];
}

PROGRAM(atomic_then_plain_read)
{
  __shared__ int sum;
  if (t == 0) sum = 0;
  __syncthreads();
  atomicAdd(&sum, in[i]);
  if (bug) __syncwarp();
  else __syncthreads();
  if (t == 0) out[blockIdx.x] = sum;
}

PROGRAM(broadcast_by_one_thread)
{
  __shared__ int chosen;
  for (int round = 0; round < 2; round++) {
    if (t == 0) chosen = round;
    __syncthreads();
    touch(in + chosen);
    if (bug) __syncwarp();
    else __syncthreads();
  }
  out[i] = in[i];
}

PROGRAM(scan)
{
  __shared__ int tile[64];
  tile[t] = in[i];
  for (int step = 1; step < 64; step *= 2) {
    __syncthreads();
    int other = t >= step ? tile[t - step] : 0;
    if (bug) __syncwarp();
    else __syncthreads();
    tile[t] += other;
  }
  __syncthreads();
  out[i] = tile[t] - (t > 0 ? tile[t - 1] : 0);
}

// Two warps write, two read. bug 1: the writers wait at a barrier of their own; bug 2: they arrive before they write.
PROGRAM(producers_and_consumers)
{
  __shared__ int tile[64];
  if (t < 64) tile[t] = 0;
  __syncthreads();
  if (t < 64) {
    if (bug == 2) bar_arrive(1, 128);
    tile[t] = in[i + 64];
    if (bug == 1) bar_sync(2, 64);
    if (bug != 2) bar_arrive(1, 128);
    out[i] = in[i];
  } else {
    if (bug != 1) bar_sync(1, 128);
    else bar_sync(3, 64);
    out[i] = tile[t - 64];
    if (bug == 1) bar_sync(1, 128);
  }
}

// A block's threads pass a value by a flag in global memory, at block scope, which is enough inside a block.
PROGRAM(flag_in_a_block)
{
  int *flag = scratch + 2 * blockIdx.x, *value = flag + 1;
  out[i] = in[i];
  if (t == 0) {
    *value = in[i + 32];
    if (bug) store_relaxed(flag, 1);
    else store_release_cta(flag, 1);
  } else if (t == 32) {
    while (load_acquire_cta(flag) == 0) {
    }
    out[i] = *value;
  }
}

// --- between blocks ---

PROGRAM(global_histogram)
{
  if (t == 0) {
    if (bug) scratch[0] += in[i];
    else atomicAdd(scratch, in[i]);
  }
  out[i] = in[i];
}

// In place: a block reads what its neighbour writes.
PROGRAM(halo_in_place)
{
  int *to = bug ? scratch : fresh;
  int right = i + 1 < n ? scratch[i + 1] : 0;
  __syncwarp();
  to[i] = right + 1;
  out[i] = in[i];
}

PROGRAM(halo_read_only_cache)
{
  int *to = bug ? scratch : fresh;
  int right = i + 1 < n ? load_nc(scratch + i + 1) : 0;
  __syncwarp();
  to[i] = right + 1;
  out[i] = in[i];
}

PROGRAM(neighbours_overlap)
{
  if (t == 0) *(int2 *)(scratch + (bug ? 2 : 4) * (int)blockIdx.x / 2 * 2) = make_int2(i, i + 1);
  out[i] = in[i];
  if (bug && t == 0) scratch[1] = i;
}

// The last block to come adds up what all have written. bug 1: no fence; 2: a fence for the block alone.
PROGRAM(last_block_sums)
{
  __shared__ bool last;
  if (t == 0) {
    scratch[16 + blockIdx.x] = in[i];
    if (bug == 2) __threadfence_block();
    if (bug == 0) __threadfence();
    last = atomicAdd(scratch, 1) == (int)gridDim.x - 1;
    if (last && bug == 0) __threadfence();
    if (last) {
      int sum = 0;
      for (int block = 0; block < (int)gridDim.x; block++) sum += scratch[16 + block];
      scratch[1] = sum;
    }
  }
  out[i] = in[i];
}

PROGRAM(counter_of_all_blocks)
{
  if (t == 0) {
    if (bug) atomicAdd_block(scratch, 1);
    else atomicAdd(scratch, 1);
  }
  out[i] = in[i];
}

// Block 0 hands a value to block 1. bug 1: plain store of the flag; 2: a relaxed one and no fence; 3: relaxed load and no fence;
// 4: plain load; 5: release at block scope; 6: acquire at block scope.
PROGRAM(message)
{
  int *flag = scratch, *value = scratch + 64;
  if (i == 0) {
    *value = in[32];
    if (bug == 1) store_weak(flag, 1);
    else if (bug == 2) store_relaxed(flag, 1);
    else if (bug == 5) store_release_cta(flag, 1);
    else store_release(flag, 1);
  }
  if (i == 32) {
    int ready = 0;
    while (ready == 0) {
      ready = bug == 3 ? load_relaxed(flag) : bug == 4 ? load_weak(flag) : bug == 6 ? load_acquire_cta(flag) : load_acquire(flag);
    }
    out[i] = *value;
  } else {
    out[i] = in[i];
  }
}

// The same by fences around relaxed accesses, as CUDA code has it.
PROGRAM(message_by_fences)
{
  volatile int *flag = scratch;
  int *value = scratch + 64;
  if (i == 0) {
    *value = in[32];
    if (bug != 1) __threadfence();
    *flag = 1;
  }
  if (i == 32) {
    while (*flag == 0) {
    }
    if (bug != 2) __threadfence();
    out[i] = *value;
  } else {
    out[i] = in[i];
  }
}

// A lock around a plain counter. bug 1: it is given back by a plain store; 2: no fence before it is given back.
PROGRAM(lock)
{
  if (t == 0) {
    while (atomicCAS(scratch, 0, 1) != 0) {
    }
    __threadfence();
    scratch[1]++;
    if (bug != 2) __threadfence();
    if (bug == 1) store_weak(scratch, 0);
    else atomicExch(scratch, 0);
  }
  out[i] = in[i];
}

// A cooperative grid. bug 1: the block waits for itself alone.
PROGRAM(grid_waits)
{
  scratch[i] = in[i];
  if (bug) __syncthreads();
  else cooperative_groups::this_grid().sync();
  int reversed = scratch[n - 1 - i];
  if (!bug) cooperative_groups::this_grid().sync();
  scratch[n - 1 - i] = reversed;
  out[i] = in[i];
}

// One thread changes what another one's copy is still reading.
PROGRAM(source_changes_in_flight)
{
  __shared__ int tile[64];
  if (t < 32) {
    cp_async<4>(tile + t, scratch + t);
    if (!bug) cp_async_wait_all();
  }
  __syncthreads();
  if (t >= 32) scratch[t - 32] = in[i];
  if (bug && t < 32) cp_async_wait_all();
  out[i] = in[i];
}
