/* fill_sm80.cu: contents of tensors, and logical elements in and out of their layouts (cuda_move.h). Not measured, so plain: a thread
 * takes one to eight neighbours of a row, or one element. */
#include <cuda_bf16.h>
#include <cuda_fp8.h>

#include "fill_value.cuh"

constexpr int THREADS = 256, GROUP = 8;

template <bool CACHE> static __device__ __forceinline__ int64_t row_width(const tmk_cuda_place &p)
{
  return CACHE ? p.head_dim : p.width;
}

/* Where the row starts, in elements from data on. Rows of a cache are counted as [sequences, positions, heads]. */
template <bool CACHE> static __device__ __forceinline__ int64_t row_start(const tmk_cuda_place &p, int64_t row)
{
  if (!CACHE) return row * p.ld;
  const int64_t head = row % p.heads, position = row / p.heads % p.positions, sequence = row / p.heads / p.positions;
  const uint32_t page_of = (uint32_t)position / TMK_CUDA_PAGE_TOKENS, in_page = (uint32_t)position % TMK_CUDA_PAGE_TOKENS;
  const int64_t page = p.pages[sequence * p.pages_per_sequence + page_of];
  return ((page * p.heads + head) * TMK_CUDA_PAGE_TOKENS + in_page) * p.head_dim;
}

template <bool CACHE> static __device__ __forceinline__ void put(const tmk_cuda_fill &f, int64_t place, uint32_t bits)
{
  if (!CACHE && f.place.dtype == TMK_DTYPE_I32) {
    reinterpret_cast<int32_t *>(f.place.data)[place] = tmk_fill_token(bits, f.vocab);
    return;
  }
  const float value = fill_value(f, bits);
  if (!CACHE && f.place.dtype == TMK_DTYPE_F32) {
    reinterpret_cast<float *>(f.place.data)[place] = value;
  } else if (CACHE && f.place.dtype == TMK_DTYPE_F8E4M3) {
    reinterpret_cast<__nv_fp8_storage_t *>(f.place.data)[place] = __nv_cvt_float_to_fp8(value, __NV_SATFINITE, __NV_E4M3);
  } else {
    reinterpret_cast<__nv_bfloat16 *>(f.place.data)[place] = __float2bfloat16_rn(value);
  }
}

/* rows: of those that are filled; in a cache the first positions_filled positions of each sequence. */
template <bool CACHE> __global__ void __launch_bounds__(THREADS) fill_tensor(const tmk_cuda_fill f, int64_t rows)
{
  const int64_t width = row_width<CACHE>(f.place), groups = (int64_t)((uint64_t)(width + GROUP - 1) / GROUP);
  for (int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x; i < rows * groups; i += (int64_t)gridDim.x * THREADS) {
    int64_t row = i / groups;
    if (CACHE) {
      const int64_t filled = f.positions_filled * f.place.heads;
      row = row / filled * (f.place.positions * f.place.heads) + row % filled;
    }
    const int64_t column = i % groups * GROUP, place = row_start<CACHE>(f.place, row) + column;
    const uint64_t global = global_start(f, row) + (uint64_t)column;
#pragma unroll 1
    for (int j = 0; j < GROUP && column + j < width; j++) {
      const uint64_t gaps = f.rank == 1 ? rows_left_out(f, column + j) : 0;
      put<CACHE>(f, place + j, tmk_fill_bits(f.key, global + (uint64_t)j + gaps));
    }
  }
}

template <typename T, bool CACHE, bool GATHER>
__global__ void __launch_bounds__(THREADS) move_elements(const tmk_cuda_place p, int64_t first, int64_t count, T *packed)
{
  const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x, width = row_width<CACHE>(p);
  if (i >= count) return;
  T *element = reinterpret_cast<T *>(p.data) + row_start<CACHE>(p, (first + i) / width) + (first + i) % width;
  if (GATHER) {
    packed[i] = *element;
  } else {
    *element = packed[i];
  }
}

static unsigned blocks_for(int64_t threads, int64_t most)
{
  const int64_t blocks = (threads + THREADS - 1) / THREADS;
  return (unsigned)(blocks < most ? blocks : most);
}

extern "C" cudaError_t tmk_cuda_fill_launch(const struct tmk_cuda_fill *f, cudaStream_t stream)
{
  int64_t rows = 1;
  for (int i = 0; i < f->rank - 1; i++) rows *= f->dims[i];
  if (f->place.layout == TMK_CUDA_CACHE) rows = rows / f->place.positions * f->positions_filled;
  const int64_t width = f->dims[f->rank - 1], groups = (width + GROUP - 1) / GROUP;
  if (rows == 0) return cudaSuccess;
  const auto kernel = f->place.layout == TMK_CUDA_CACHE ? fill_tensor<true> : fill_tensor<false>;
  kernel<<<blocks_for(rows * groups, 1 << 16), THREADS, 0, stream>>>(*f, rows);
  return cudaGetLastError();
}

/* There is no cache of 4 bytes an element. */
template <bool GATHER>
static cudaError_t move(const struct tmk_cuda_place *p, int64_t first, int64_t count, void *packed, cudaStream_t stream)
{
  const unsigned blocks = blocks_for(count, INT32_MAX);
  const bool cache = p->layout == TMK_CUDA_CACHE;
  if (cache && p->element_bytes == 2) {
    move_elements<uint16_t, true, GATHER><<<blocks, THREADS, 0, stream>>>(*p, first, count, static_cast<uint16_t *>(packed));
  } else if (cache && p->element_bytes == 1) {
    move_elements<uint8_t, true, GATHER><<<blocks, THREADS, 0, stream>>>(*p, first, count, static_cast<uint8_t *>(packed));
  } else if (!cache && p->element_bytes == 2) {
    move_elements<uint16_t, false, GATHER><<<blocks, THREADS, 0, stream>>>(*p, first, count, static_cast<uint16_t *>(packed));
  } else if (!cache && p->element_bytes == 4) {
    move_elements<uint32_t, false, GATHER><<<blocks, THREADS, 0, stream>>>(*p, first, count, static_cast<uint32_t *>(packed));
  } else if (!cache && p->element_bytes == 1) {
    move_elements<uint8_t, false, GATHER><<<blocks, THREADS, 0, stream>>>(*p, first, count, static_cast<uint8_t *>(packed));
  } else {
    return cudaErrorInvalidValue;
  }
  return cudaGetLastError();
}

extern "C" cudaError_t tmk_cuda_gather_launch(const struct tmk_cuda_place *p, int64_t first, int64_t count, void *packed,
                                              cudaStream_t stream)
{
  return move<true>(p, first, count, packed, stream);
}

extern "C" cudaError_t tmk_cuda_scatter_launch(const struct tmk_cuda_place *p, int64_t first, int64_t count, const void *packed,
                                               cudaStream_t stream)
{
  return move<false>(p, first, count, const_cast<void *>(packed), stream);
}

extern "C" cudaError_t tmk_cuda_code_attributes(struct cudaFuncAttributes *attributes)
{
  return cudaFuncGetAttributes(attributes, fill_tensor<false>);
}
