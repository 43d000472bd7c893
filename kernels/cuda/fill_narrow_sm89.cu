/* fill_narrow_sm89.cu: contents of weights of fp8 and nvfp4 (tokmark/quantise.h) in the layout of cuda_narrow.h, and what those of
 * nvfp4 stand for. Not measured, so plain: a thread takes 16 neighbours of a row, for nvfp4 a block; from k to the padded end of a row
 * it writes zeros. Padded rows stay poisoned: the library's results of them are dropped. */
#include "fill_value.cuh"
#include "narrow.cuh"
#include "ptx_sm100.cuh"

constexpr int THREADS = 256, GROUP = 16;

#if __CUDA_ARCH__ >= 890
/* The values of a group; those from `width` on are 0. WHOLE: of a width of whole groups. */
template <bool WHOLE>
static __device__ __forceinline__ void fill_group(const tmk_cuda_fill &f, int64_t row, int64_t column, float v[GROUP])
{
  const uint64_t global = global_start(f, row) + (uint64_t)column;
  for (int i = 0; i < GROUP; i++) {
    v[i] = column + (WHOLE ? 0 : i) < f.place.width ? fill_value(f, tmk_fill_bits(f.key, global + (uint64_t)i)) : 0.0f;
  }
}
#endif

__global__ void __launch_bounds__(THREADS) fill_fp8(const tmk_cuda_fill f, int64_t rows)
{
#if __CUDA_ARCH__ >= 890
  const int64_t groups = f.place.ld / GROUP;
  const float inverse = 1.0f / f.scale; /* of a power of two: exact */
  for (int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x; i < rows * groups; i += (int64_t)gridDim.x * THREADS) {
    const int64_t row = (int64_t)((uint64_t)i / (uint64_t)groups), column = (i - row * groups) * GROUP;
    float v[GROUP];
    fill_group<false>(f, row, column, v);
    uint16_t *to = reinterpret_cast<uint16_t *>(f.place.data + row * f.place.ld + column);
    for (int j = 0; j < GROUP; j += 2) to[j / 2] = cvt_rn_satfinite_e4m3x2_f32(v[j] * inverse, v[j + 1] * inverse);
  }
#endif
}

__global__ void __launch_bounds__(THREADS) fill_nvfp4(const tmk_cuda_fill f, int64_t rows)
{
#if __CUDA_ARCH__ >= 1000
  const int64_t blocks = f.place.blocks;
  for (int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x; i < rows * blocks; i += (int64_t)gridDim.x * THREADS) {
    const int64_t row = (int64_t)((uint64_t)i / (uint64_t)blocks), block = i - row * blocks, column = block * GROUP;
    float v[GROUP], largest = 0;
    fill_group<true>(f, row, column, v);
    for (int j = 0; j < GROUP; j++) largest = fmaxf(largest, fabsf(v[j]));
    const uint8_t scale = narrow_block_scale(largest, f.scale);
    const float d = narrow_scale_value(scale) * f.scale;
    for (int j = 0; j < GROUP; j++) v[j] = d == 0.0f ? 0.0f : __fdiv_rn(v[j], d);
    f.place.data[f.place.scales + narrow_scale_offset(row, block, blocks)] = (char)scale;
    if (column >= f.place.ld) continue;
    *reinterpret_cast<uint2 *>(f.place.data + row * (f.place.ld / 2) + column / 2) =
        make_uint2(cvt_rn_satfinite_e2m1x8_f32(v), cvt_rn_satfinite_e2m1x8_f32(v + 8));
  }
#endif
}

/* q · b of logical elements first … first + count − 1. */
__global__ void __launch_bounds__(THREADS) gather_nvfp4(const tmk_cuda_place p, int64_t first, int64_t count, float *packed)
{
  const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
  if (i >= count) return;
  const int64_t row = (first + i) / p.width, column = (first + i) % p.width;
  const int bits = p.data[row * (p.ld / 2) + column / 2] >> (column % 2 * 4) & 15;
  const float scale = narrow_scale_value((uint8_t)p.data[p.scales + narrow_scale_offset(row, column / GROUP, p.blocks)]);
  const int mantissa = bits & 1, field = bits >> 1 & 3;
  const float magnitude = field == 0 ? 0.5f * (float)mantissa : ldexpf(1.0f + 0.5f * (float)mantissa, field - 1);
  packed[i] = (bits & 8 ? -scale : scale) * magnitude;
}

extern "C" cudaError_t tmk_cuda_fill_narrow_launch(const struct tmk_cuda_fill *f, cudaStream_t stream)
{
  const int64_t rows = f->dims[0], groups = f->place.dtype == TMK_DTYPE_NVFP4 ? f->place.blocks : f->place.ld / GROUP;
  const int64_t wanted = (rows * groups + THREADS - 1) / THREADS;
  const unsigned blocks = (unsigned)(wanted < 1 << 16 ? wanted : 1 << 16);
  if (f->place.dtype == TMK_DTYPE_NVFP4) {
    fill_nvfp4<<<blocks, THREADS, 0, stream>>>(*f, rows);
  } else {
    fill_fp8<<<blocks, THREADS, 0, stream>>>(*f, rows);
  }
  return cudaGetLastError();
}

extern "C" cudaError_t tmk_cuda_gather_nvfp4_launch(const struct tmk_cuda_place *p, int64_t first, int64_t count, float *packed,
                                                    cudaStream_t stream)
{
  gather_nvfp4<<<(unsigned)((count + THREADS - 1) / THREADS), THREADS, 0, stream>>>(*p, first, count, packed);
  return cudaGetLastError();
}
