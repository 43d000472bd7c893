/* rope_kv_sm80.cu: rotary position embedding of q and k with optional norms of the heads, and the append of k and v to the cache:
 * tmk_op_rope_kv of op.h, with the cache in pages.
 *
 *   h ← h / sqrt(mean(h²) + eps) · norm                                          (q and k heads, where there are norms)
 *   (h[i], h[i + half]) ← (h[i] c − h[i + half] s, h[i + half] c + h[i] s)       i < half = rotary_dim / 2, c and s from the table
 *
 * Work: a group of LANES neighbouring lanes takes one head of one row: q heads, then k heads, then v heads. The unit of a lane is
 * a pair of vectors of VEC elements: (i …, i + half …) of the rotated part, two neighbouring vectors of the rest (all of a v
 * head). So every element of a head is in one lane of the group, and the mean square is a shuffle over LANES.
 *   VEC 8: 16-byte loads, of q and bf16 caches 16-byte stores, of e4m3 8-byte ones. Needs rotary_dim in 16s and head_dim in 8s.
 *   VEC 1: any even rotary_dim and any head_dim.
 * No shared memory, no barriers: load → shuffle → load → store.
 *
 * Speed: 4 bytes an element and nothing to reuse, so it is the memory's. At 128 dims a group of 8 lanes has 2 × 16 bytes a lane in
 * flight; 2,048 threads an SM are 64 KiB, where bandwidth × latency asks for 12 KiB (A100), 18 (H100), 43 (B200). The step's
 * share is small: about 12 KB a token of an 8-billion-parameter model's layer, of 400 MB of weights.
 */
#include <cuda_bf16.h>
#include <stdio.h>

#include "e4m3.cuh"
#include "launch.cuh"
#include "ptx_sm90.cuh"

constexpr int THREADS = 256;

/* VEC floats to `to`, as its dtype. */
template <int VEC, bool FP8> static __device__ __forceinline__ void store(void *to, int64_t at, const float (&v)[VEC])
{
  if constexpr (FP8) {
    uint8_t *bytes = static_cast<uint8_t *>(to) + at;
    if constexpr (VEC == 8) {
      *reinterpret_cast<uint2 *>(bytes) = make_uint2(e4m3_pair(v[0], v[1]) | e4m3_pair(v[2], v[3]) << 16,
                                                     e4m3_pair(v[4], v[5]) | e4m3_pair(v[6], v[7]) << 16);
    } else {
      *bytes = (uint8_t)e4m3_pair(v[0], v[0]);
    }
  } else {
    __nv_bfloat16 *elements = static_cast<__nv_bfloat16 *>(to) + at;
    if constexpr (VEC == 8) {
      *reinterpret_cast<uint4 *>(elements) = make_uint4(cvt_rn_bf16x2_f32(v[0], v[1]), cvt_rn_bf16x2_f32(v[2], v[3]),
                                                        cvt_rn_bf16x2_f32(v[4], v[5]), cvt_rn_bf16x2_f32(v[6], v[7]));
    } else {
      *elements = __float2bfloat16_rn(v[0]);
    }
  }
}

template <int VEC> static __device__ __forceinline__ void load(const void *from, int64_t at, float (&v)[VEC])
{
  const __nv_bfloat16 *elements = static_cast<const __nv_bfloat16 *>(from) + at;
  if constexpr (VEC == 8) {
    const uint4 raw = *reinterpret_cast<const uint4 *>(elements);
    const uint32_t words[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
      v[2 * i] = __uint_as_float(words[i] << 16);
      v[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
    }
  } else {
    v[0] = __bfloat162float(elements[0]);
  }
}

/* A head of one row: where it is read, what is done to it, where it goes. */
struct head {
  int64_t from, to; /* elements */
  const void *norm; /* NULL: none */
  int rotary_dim;
  void *out;
};

/* The elements where the two vectors of unit u start; `second` may lie behind the head. */
template <int VEC> static __device__ __forceinline__ void unit_place(int u, int rotary_dim, int &first, int &second)
{
  const int half = rotary_dim / 2;
  first = u * VEC < half ? u * VEC : rotary_dim + 2 * (u * VEC - half);
  second = u * VEC < half ? first + half : first + VEC;
}

/* 1 / sqrt(mean square + eps) of the head, in every lane of the group. */
template <int VEC, int LANES>
static __device__ __forceinline__ float inverse_rms(const tmk_cuda_rope_kv &a, const head &h, int lane)
{
  const int dims = (int)a.head_dim;
  float sum = 0;
#pragma unroll 1
  for (int d = lane * VEC; d < dims; d += LANES * VEC) {
    float v[VEC];
    load<VEC>(a.qkv, h.from + d, v);
#pragma unroll
    for (int i = 0; i < VEC; i++) sum += v[i] * v[i];
  }
#pragma unroll
  for (int step = LANES / 2; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
  return 1.0f / sqrtf(sum / (float)dims + a.eps);
}

template <int VEC>
static __device__ __forceinline__ void norm_apply(const void *norm, int at, float scale, float (&v)[VEC])
{
  float weight[VEC];
  load<VEC>(norm, at, weight);
#pragma unroll
  for (int i = 0; i < VEC; i++) v[i] *= scale * weight[i];
}

template <int VEC> static __device__ __forceinline__ void rotate(const float *cos_sin, float (&x)[VEC], float (&y)[VEC])
{
#pragma unroll
  for (int i = 0; i < VEC; i++) {
    const float2 cs = reinterpret_cast<const float2 *>(cos_sin)[i];
    const float low = x[i] * cs.x - y[i] * cs.y;
    y[i] = y[i] * cs.x + x[i] * cs.y;
    x[i] = low;
  }
}

template <int VEC, bool FP8, int LANES>
static __device__ __forceinline__ void head_write(const tmk_cuda_rope_kv &a, const head &h, const float *cos_sin, float scale,
                                                  int lane)
{
  const int dims = (int)a.head_dim;
#pragma unroll 1
  for (int u = lane;; u += LANES) {
    int first, second;
    unit_place<VEC>(u, h.rotary_dim, first, second);
    if (first >= dims) break;
    const bool both = second < dims;
    float x[VEC], y[VEC] = {};
    load<VEC>(a.qkv, h.from + first, x);
    if (both) load<VEC>(a.qkv, h.from + second, y);
    if (h.norm != nullptr) {
      norm_apply<VEC>(h.norm, first, scale, x);
      if (both) norm_apply<VEC>(h.norm, second, scale, y);
    }
    if (u * VEC < h.rotary_dim / 2) rotate<VEC>(cos_sin + 2 * u * VEC, x, y);
    store<VEC, FP8>(h.out, h.to + first, x);
    if (both) store<VEC, FP8>(h.out, h.to + second, y);
  }
}

template <int VEC, bool FP8> __global__ void __launch_bounds__(THREADS) rope_kv(const tmk_cuda_rope_kv a)
{
  constexpr int LANES = VEC == 8 ? 8 : 32;
  const uint32_t heads = (uint32_t)(a.heads_q + 2 * a.heads_kv), index = (blockIdx.x * THREADS + threadIdx.x) / LANES;
  const int lane = threadIdx.x % LANES;
  /* Groups behind the last head do it again, for the shuffles, and write nothing. */
  const bool there = (int64_t)index < a.seqs * a.q_len * heads;
  const int64_t row = there ? index / heads : 0, n = there ? index % heads : 0;
  const int64_t seq = a.seq_first + (uint32_t)row / (uint32_t)a.q_len, step = (uint32_t)row % (uint32_t)a.q_len;
  const uint32_t pos = (uint32_t)(a.past + step);
  const int64_t page = a.cache.pages[seq * a.cache.pages_stride + pos / TMK_CUDA_PAGE_TOKENS];
  griddepcontrol_wait();
  griddepcontrol_launch_dependents();

  head h = {row * a.qkv_ld + n * a.head_dim, 0, nullptr, (int)a.rotary_dim, nullptr};
  const bool is_q = n < a.heads_q, is_v = n >= a.heads_q + a.heads_kv;
  if (is_q) {
    h.norm = a.q_norm;
    h.to = row * a.q_ld + n * a.head_dim;
    h.out = a.q;
  } else {
    const int64_t g = is_v ? n - a.heads_q - a.heads_kv : n - a.heads_q;
    if (is_v) h.rotary_dim = 0;
    h.norm = is_v ? nullptr : a.k_norm;
    h.to = ((page * a.heads_kv + g) * TMK_CUDA_PAGE_TOKENS + pos % TMK_CUDA_PAGE_TOKENS) * a.head_dim;
    h.out = is_v ? a.cache.values : a.cache.keys;
  }
  const float *cos_sin = a.cos_sin + step * a.rotary_dim;
  float scale = 1;
  if (a.q_norm != nullptr || a.k_norm != nullptr) scale = inverse_rms<VEC, LANES>(a, h, lane);
  if (!there) return;
  if (is_q) {
    head_write<VEC, false, LANES>(a, h, cos_sin, scale, lane);
  } else {
    head_write<VEC, FP8, LANES>(a, h, cos_sin, scale, lane);
  }
}

static bool takes_vectors(const tmk_cuda_rope_kv *a)
{
  return a->head_dim % 8 == 0 && a->rotary_dim % 16 == 0;
}

static int64_t blocks_of(const tmk_cuda_rope_kv *a)
{
  const int64_t lanes = takes_vectors(a) ? 8 : 32;
  return (a->seqs * a->q_len * (a->heads_q + 2 * a->heads_kv) * lanes + THREADS - 1) / THREADS;
}

extern "C" bool tmk_cuda_rope_kv_sm80_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *, char *reason,
                                               int reason_size)
{
  const tmk_cuda_rope_kv *a = &args->rope_kv;
  if (a->cache.dtype != TMK_DTYPE_BF16 && a->cache.dtype != TMK_DTYPE_F8E4M3) {
    snprintf(reason, (size_t)reason_size, "cache %s: must be bf16 or f8e4m3", tmk_dtype_name(a->cache.dtype));
    return false;
  }
  if (a->rotary_dim < 0 || a->rotary_dim % 2 != 0 || a->rotary_dim > a->head_dim || a->head_dim > 1 << 20) {
    snprintf(reason, (size_t)reason_size, "rotary_dim %lld of head_dim %lld: must be even and at most that",
             (long long)a->rotary_dim, (long long)a->head_dim);
    return false;
  }
  if (blocks_of(a) > UINT32_MAX / THREADS) {
    snprintf(reason, (size_t)reason_size, "%lld rows: too many for one grid", (long long)(a->seqs * a->q_len));
    return false;
  }
  return true;
}

extern "C" int64_t tmk_cuda_rope_kv_sm80_workspace_bytes(const union tmk_cuda_args *, const struct tmk_cuda_limits *)
{
  return 0;
}

extern "C" cudaError_t tmk_cuda_rope_kv_sm80_launch(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch)
{
  const tmk_cuda_rope_kv &a = args->rope_kv;
  const bool fp8 = a.cache.dtype == TMK_DTYPE_F8E4M3;
  void (*const kernel)(tmk_cuda_rope_kv) = takes_vectors(&a) ? (fp8 ? rope_kv<8, true> : rope_kv<8, false>)
                                                             : (fp8 ? rope_kv<1, true> : rope_kv<1, false>);
  return launch_kernel(kernel, dim3((unsigned)blocks_of(&a)), THREADS, 0, launch, a);
}
