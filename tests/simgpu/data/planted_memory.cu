// planted_memory.cu: bounds, alignment, lifetime and initialisation. See planted.cuh and test_planted.c.
#include "planted.cuh"

// --- bounds ---

PROGRAM(global_read_end)
{
  if (i < n + bug) out[min(i, n - 1)] = in[i];
}

PROGRAM(global_write_end)
{
  if (i < n + bug) out[i] = in[min(i, n - 1)];
}

PROGRAM(global_before)
{
  touch(in + (bug ? i - 1 : i));
  out[i] = in[i];
}

// Four elements a thread, the last ones singly.
PROGRAM(vector_tail)
{
  int first = 4 * i;
  if (bug ? first < n : first + 3 < n) {
    *(int4 *)(out + first) = *(const int4 *)(in + first);
  } else {
    for (int k = first; k < n; k++) out[k] = in[k];
  }
}

PROGRAM(null_pointer)
{
  const int *from = bug ? (const int *)(uintptr_t)(bug - 1) : in; // the compiler must not see that it is null
  out[i] = from[i];
}

// A row pitch of 2^28 elements times a row number: beyond 32 bits.
PROGRAM(index_overflow)
{
  int pitch = bug ? 1 << 28 : 0;
  out[i] = in[pitch * (t & 15) + i];
}

PROGRAM(atomic_end)
{
  atomicAdd(scratch + (bug ? SCRATCH : 0), 1);
  out[i] = in[i];
}

PROGRAM(shared_end)
{
  __shared__ int tile[64];
  tile[t + bug] = in[i];
  __syncthreads();
  out[i] = tile[t];
}

PROGRAM(shared_before)
{
  __shared__ int tile[64];
  tile[t] = in[i];
  __syncthreads();
  out[i] = tile[t - bug];
}

PROGRAM(shared_dynamic_end)
{
  extern __shared__ int dynamic[];
  dynamic[t + bug] = in[i];
  __syncthreads();
  out[i] = dynamic[t];
}

PROGRAM(shared_generic_end)
{
  __shared__ int tile[64];
  asm volatile("st.u32 [%0], %1;" ::"l"(tile + t + bug), "r"(in[i]) : "memory");
  __syncthreads();
  out[i] = tile[t];
}

PROGRAM(local_end)
{
  int window[8];
  for (int k = 0; k < 8; k++) window[(k + t) & 7] = in[i];
  out[i] = window[(t & 7) + 8 * bug];
}

PROGRAM(local_before)
{
  int window[8];
  for (int k = 0; k < 8; k++) window[(k + t) & 7] = in[i];
  window[(t & 7) - 8 * bug] = in[i];
  out[i] = window[7 - (t & 7)];
}

__constant__ int table[32] = {1};

// bug 2: after a read of it.
PROGRAM(constant_written)
{
  int *to = bug ? const_cast<int *>(table) + t : fresh + t;
  int before = 0;
  if (bug == 2) asm volatile("ld.u32 %0, [%1];" : "=r"(before) : "l"(to) : "memory");
  asm volatile("st.u32 [%0], %1;" ::"l"(to), "r"(t + before) : "memory");
  out[i] = in[i];
}

// --- alignment ---

PROGRAM(misaligned_vector)
{
  if (i % 4 == 0 && i < n - 4) *(int4 *)(out + i) = *(const int4 *)(in + i + bug);
  else if (i >= n - 4) out[i] = in[i];
}

PROGRAM(misaligned_shared)
{
  __shared__ __align__(16) int tile[68];
  tile[t] = in[i];
  if (t < 4) tile[64 + t] = 0;
  __syncthreads();
  int2 pair = *(const int2 *)(tile + (t & ~1) + bug);
  out[i] = t & 1 ? pair.y : pair.x;
}

PROGRAM(misaligned_atomic)
{
  atomicAdd((unsigned long long *)(scratch + bug), 1ull);
  out[i] = in[i];
}

PROGRAM(misaligned_ldmatrix)
{
  __shared__ __align__(16) int tile[72];
  tile[t] = in[i];
  tile[32 + t] = 0;
  if (t < 8) tile[64 + t] = 0;
  __syncwarp();
  uint32_t value;
  ldmatrix_x1(value, shared_address(tile + 4 * (t & 7) + bug)); // 16-byte rows: lane t holds words 4 (t / 4) + t % 4
  out[i] = (int)value;
}

// --- initialisation ---

PROGRAM(uninit_shared)
{
  __shared__ int tile[64];
  if (!bug || t != 40) tile[t] = in[i];
  __syncthreads();
  out[i] = tile[63 - t];
}

// Halves of a word: what is missing is two bytes.
PROGRAM(uninit_shared_bytes)
{
  __shared__ int tile[64];
  short *halves = (short *)tile;
  halves[2 * t] = (short)in[i];
  if (!bug || t != 7) halves[2 * t + 1] = (short)(in[i] >> 16);
  __syncthreads();
  out[i] = tile[63 - t];
}

// A block begins with none of what the block before it left in shared memory.
PROGRAM(uninit_shared_of_last_block)
{
  __shared__ int tile[64];
  if (!bug || blockIdx.x == 0) tile[t] = in[i];
  out[i] = tile[t];
}

PROGRAM(uninit_local)
{
  int window[8];
  for (int k = 0; k < 8 - bug; k++) window[(k + t) & 7] = in[i];
  out[i] = window[(t + 7) & 7];
}

PROGRAM(uninit_global)
{
  const int *from = bug ? fresh : in;
  out[i] = from[i];
}

PROGRAM(uninit_global_hole)
{
  if (!bug || t != 33) fresh[i] = in[i];
  out[i] = fresh[i];
}

PROGRAM(uninit_accumulator)
{
  int *sum = bug ? fresh : scratch;
  atomicAdd(sum + t, 1);
  out[i] = in[i];
}

PROGRAM(uninit_register)
{
  int value;
  asm volatile("{ .reg .pred p; .reg .b32 v; setp.ne.s32 p, %1, 0; @!p mov.b32 v, %2; mov.b32 %0, v; }"
               : "=r"(value)
               : "r"(bug), "r"(in[i]));
  out[i] = value;
}

PROGRAM(uninit_predicate)
{
  int value;
  asm volatile("{ .reg .pred p, q; setp.ne.s32 p, %1, 0; @!p setp.eq.s32 q, %1, 0; mov.b32 %0, 0; @q mov.b32 %0, %2; }"
               : "=&r"(value)
               : "r"(bug), "r"(in[i]));
  out[i] = value;
}

PROGRAM(uninit_output)
{
  if (!bug || i != 5) out[i] = in[i];
}

// --- lifetime: the host frees `scratch` before the launch if bug is set ---

PROGRAM(use_after_free)
{
  touch(scratch + t);
  out[i] = in[i];
}
