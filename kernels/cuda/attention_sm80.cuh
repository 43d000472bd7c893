/* attention_sm80.cuh: what the attention kernels for mma.sync share: tiles in shared memory, loads of keys and values, the
 * numbers of the online softmax, and what both refuse.
 *
 * head_dim is padded to D (64, 96, 128) inside a kernel: chunks of 16 bytes behind head_dim are filled with zeros, never read.
 */
#ifndef TMK_ATTENTION_SM80_CUH
#define TMK_ATTENTION_SM80_CUH

#include <cuda_bf16.h>
#include <math_constants.h>
#include <stdio.h>

#include "e4m3.cuh"
#include "launch.cuh"
#include "ptx_sm90.cuh"

constexpr int PAGE = TMK_CUDA_PAGE_TOKENS;
constexpr int CHUNK_BYTES = 16;
constexpr float LOG2_E = 1.4426950408889634f;

/* Rows of ROW_BYTES in shared memory such that eight neighbouring rows' chunks of one column lie in different banks, as ldmatrix
 * reads them: powers of two are swizzled, others padded to an odd number of chunks. */
template <int ROW_BYTES> struct tile {
  static constexpr int CHUNKS = ROW_BYTES / CHUNK_BYTES;
  static constexpr bool SWIZZLED = (CHUNKS & (CHUNKS - 1)) == 0;
  static constexpr int STRIDE = SWIZZLED ? ROW_BYTES : (CHUNKS | 1) * CHUNK_BYTES;
  static_assert(ROW_BYTES % CHUNK_BYTES == 0 && CHUNKS >= 4, "rows of 64 bytes or more");

  /* Eight rows of 64 bytes fill the banks four times: two neighbours share a swizzle. */
  static __device__ __forceinline__ uint32_t offset(int row, int chunk)
  {
    const int place = SWIZZLED ? chunk ^ (CHUNKS == 4 ? (row >> 1) & 3 : row & 7) : chunk;
    return (uint32_t)(row * STRIDE + place * CHUNK_BYTES);
  }
};

/* The 8 × 8 matrices of an ldmatrix.x4 that one lane addresses: row and chunk of the 16 × 2 chunks that it reads. ROWS_FIRST: matrices
 * 0, 1 are the rows 0 – 7, 8 – 15 of the first chunk; else the two chunks of rows 0 – 7. */
template <bool ROWS_FIRST> static __device__ __forceinline__ void matrix_place(int lane, int &row, int &chunk)
{
  const int low = lane / 8 % 2, high = lane / 16;
  row = lane % 8 + 8 * (ROWS_FIRST ? low : high);
  chunk = ROWS_FIRST ? high : low;
}

/* Maximum and sum over the four lanes that share an accumulator's row. */
static __device__ __forceinline__ float row_max(float x)
{
  x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}
static __device__ __forceinline__ float row_sum(float x)
{
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}

/* What is subtracted from scores of a row whose largest so far is `largest`: 0 where it has none yet, since −∞ − −∞ is NaN. */
static __device__ __forceinline__ float softmax_origin(float largest)
{
  return largest == -CUDART_INF_F ? 0.0f : largest;
}

/* --- host --- */

/* Shared memory of the system, a block. */
constexpr int SHARED_RESERVED = 1024;

static inline int64_t ceil_div(int64_t a, int64_t b)
{
  return (a + b - 1) / b;
}

/* The D of the instance that takes it; 0: none. */
static inline int padded_head_dim(int64_t head_dim)
{
  return head_dim <= 64 ? 64 : head_dim <= 96 ? 96 : head_dim <= 128 ? 128 : 0;
}

static inline bool is_fp8(const struct tmk_cuda_attention *a)
{
  return a->cache.dtype == TMK_DTYPE_F8E4M3;
}

/* Bytes from one key of a head to the next. */
static inline int cache_row_bytes(const struct tmk_cuda_attention *a)
{
  return (int)a->head_dim * (is_fp8(a) ? 1 : 2);
}

/* What neither kernel takes; if so, why. */
static inline bool attention_supports(const struct tmk_cuda_attention *a, char *reason, int reason_size)
{
  if (a->cache.dtype != TMK_DTYPE_BF16 && a->cache.dtype != TMK_DTYPE_F8E4M3) {
    snprintf(reason, (size_t)reason_size, "cache %s: must be bf16 or fp8", tmk_dtype_name(a->cache.dtype));
    return false;
  }
  const int unit = is_fp8(a) ? 16 : 8; /* elements of a chunk: rows of the cache start on 16 bytes */
  if (a->head_dim < 1 || a->head_dim % unit != 0 || padded_head_dim(a->head_dim) == 0) {
    snprintf(reason, (size_t)reason_size, "head_dim %lld: must be a multiple of %d up to 128 with a %s cache",
             (long long)a->head_dim, unit, tmk_dtype_name(a->cache.dtype));
    return false;
  }
  if (!(a->scale > 0)) {
    snprintf(reason, (size_t)reason_size, "scale %g: must be above 0", (double)a->scale);
    return false;
  }
  if (a->past + a->q_len > 1 << 30 || a->q_len * (a->heads_q / a->heads_kv) > 1 << 30) {
    snprintf(reason, (size_t)reason_size, "%lld positions, %lld new: must be up to %d with the heads of a group",
             (long long)(a->past + a->q_len), (long long)a->q_len, 1 << 30);
    return false;
  }
  return true;
}

#endif
