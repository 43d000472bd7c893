/* cpu_vector.h: the vector that every kernel of this folder is written with, once for all instruction sets.
 *
 * A source file defines one of TMK_VEC_AVX512, TMK_VEC_AVX2, TMK_VEC_NEON, TMK_VEC_PORTABLE and includes cpu_body.h. The
 * vectors are the compilers' own (vector_size), so + − * / < & >> are operators; what has no operator is a function below.
 *
 *   LANES       floats in a vector
 *   PAIRS       pairs of vectors in a panel's row of 32 columns: a pair holds columns l and l + 16 in its two halves
 *   TILE_ROWS   rows of the widest register tile (cpu_tile.h): 24 accumulators where there are 32 registers, 12 of 16
 */
#ifndef TMK_CPU_VECTOR_H
#define TMK_CPU_VECTOR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "cpu_kernels.h"

#if defined(TMK_VEC_AVX512)
#include <immintrin.h>
#define LANES     16
#define TILE_ROWS 12
#elif defined(TMK_VEC_AVX2)
#include <immintrin.h>
#define LANES     8
#define TILE_ROWS 6
#elif defined(TMK_VEC_NEON)
#include <arm_neon.h>
#define LANES     4
#define TILE_ROWS 12
#elif defined(TMK_VEC_PORTABLE)
#define LANES     4
#define TILE_ROWS 6
#else
#error "define one TMK_VEC_…"
#endif
#define PAIRS (16 / LANES)

#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(4 * LANES)));
typedef int32_t vi __attribute__((vector_size(4 * LANES)));
typedef uint32_t vu __attribute__((vector_size(4 * LANES)));
/* The same at any address. */
typedef float vf_any __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t vu_any __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE vf v_load(const float *p)
{
  return *(const vf_any *)p;
}

INLINE void v_store(float *p, vf v)
{
  *(vf_any *)p = v;
}

INLINE vu v_load_bits(const uint32_t *p)
{
  return *(const vu_any *)p;
}

INLINE void v_store_bits(uint32_t *p, vu v)
{
  *(vu_any *)p = v;
}

/* v_fma: a·b + c, fused where the instruction set has it. v_min, v_max: b where a is not less (greater), so a NaN in b
 * stays. v_sum, v_largest: over the lanes, always in the same order.
 * v_stream_pair: to aligned p and p + LANES past the caches, where the instruction set has it. */
#if defined(TMK_VEC_AVX512)

INLINE vf v_splat(float x)
{
  return _mm512_set1_ps(x);
}
INLINE vf v_fma(vf a, vf b, vf c)
{
  return _mm512_fmadd_ps(a, b, c);
}
INLINE vf v_min(vf a, vf b)
{
  return _mm512_min_ps(a, b);
}
INLINE vf v_max(vf a, vf b)
{
  return _mm512_max_ps(a, b);
}
INLINE float v_sum(vf v)
{
  return _mm512_reduce_add_ps(v);
}
INLINE float v_largest(vf v)
{
  return _mm512_reduce_max_ps(v);
}
INLINE void v_stream_pair(float *p, vf a, vf b)
{
  _mm512_stream_ps(p, a);
  _mm512_stream_ps(p + LANES, b);
}

#elif defined(TMK_VEC_AVX2)

INLINE vf v_splat(float x)
{
  return _mm256_set1_ps(x);
}
INLINE vf v_fma(vf a, vf b, vf c)
{
  return _mm256_fmadd_ps(a, b, c);
}
INLINE vf v_min(vf a, vf b)
{
  return _mm256_min_ps(a, b);
}
INLINE vf v_max(vf a, vf b)
{
  return _mm256_max_ps(a, b);
}
INLINE float v_sum(vf v)
{
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}
INLINE float v_largest(vf v)
{
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}
INLINE void v_stream_pair(float *p, vf a, vf b)
{
  _mm256_stream_ps(p, a);
  _mm256_stream_ps(p + LANES, b);
}

#elif defined(TMK_VEC_NEON)

INLINE vf v_splat(float x)
{
  return (vf)vdupq_n_f32(x);
}
INLINE vf v_fma(vf a, vf b, vf c)
{
  return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
INLINE vf v_min(vf a, vf b)
{
  return (vf)vminq_f32((float32x4_t)a, (float32x4_t)b);
}
INLINE vf v_max(vf a, vf b)
{
  return (vf)vmaxq_f32((float32x4_t)a, (float32x4_t)b);
}
INLINE float v_sum(vf v)
{
  return vaddvq_f32((float32x4_t)v);
}
INLINE float v_largest(vf v)
{
  return vmaxvq_f32((float32x4_t)v);
}
INLINE void v_stream_pair(float *p, vf a, vf b)
{
  __asm__ volatile("stnp %q1, %q2, [%0]" : : "r"(p), "w"(a), "w"(b) : "memory");
}

#else

INLINE vf v_splat(float x)
{
  return (vf){x, x, x, x};
}
INLINE vf v_fma(vf a, vf b, vf c)
{
  return a * b + c;
}
INLINE vf v_blend_bits(vi mask, vf a, vf b)
{
  return (vf)((mask & (vi)a) | (~mask & (vi)b));
}
INLINE vf v_min(vf a, vf b)
{
  return v_blend_bits(a < b, a, b);
}
INLINE vf v_max(vf a, vf b)
{
  return v_blend_bits(a > b, a, b);
}
INLINE float v_sum(vf v)
{
  return (v[0] + v[2]) + (v[1] + v[3]);
}
INLINE float v_largest(vf v)
{
  const float a = v[0] > v[2] ? v[0] : v[2], b = v[1] > v[3] ? v[1] : v[3];
  return a > b ? a : b;
}
INLINE void v_stream_pair(float *p, vf a, vf b)
{
  v_store(p, a);
  v_store(p + LANES, b);
}

#endif

INLINE vu v_splat_bits(uint32_t x)
{
  return (vu){0} + x; /* a loop over the lanes is not seen to be one broadcast */
}

/* 0, 1, 2, …: the lane's number. */
INLINE vi v_lane(void)
{
  vi v;
  for (int i = 0; i < LANES; i++) v[i] = i;
  return v;
}

/* a where the mask (all ones or all zeros in a lane) is set, else b. */
INLINE vf v_select(vi mask, vf a, vf b)
{
  return (vf)((mask & (vi)a) | (~mask & (vi)b));
}

/* Natural exponential, within 2 units in the last place (tests/unit/test_cpu_kernels.c measures it): x = n ln 2 + r, |r| <=
 * ln 2 / 2, with ln 2 in two parts so that r is exact to rounding, and a polynomial for e^r (S. Moshier, Cephes, expf.c).
 * 0 below −87.33, where results stop being normal numbers; e^88 above 88; NaN stays NaN. */
INLINE vf v_exp(vf x)
{
  const vf round = v_splat(12582912.0f); /* 1.5 · 2²³: adding it leaves the nearest integer in the low bits */
  const vi under = x < v_splat(-87.33f);
  x = v_max(v_splat(-87.33f), v_min(v_splat(88.0f), x));
  const vf shifted = v_fma(x, v_splat(1.44269504f), round);
  const vf n = shifted - round;
  vf r = v_fma(n, v_splat(-0.693359375f), x);
  r = v_fma(n, v_splat(2.12194440e-4f), r);
  vf p = v_splat(1.9875691500e-4f);
  p = v_fma(p, r, v_splat(1.3981999507e-3f));
  p = v_fma(p, r, v_splat(8.3334519073e-3f));
  p = v_fma(p, r, v_splat(4.1665795894e-2f));
  p = v_fma(p, r, v_splat(1.6666665459e-1f));
  p = v_fma(p, r, v_splat(5.0000001201e-1f));
  p = v_fma(p, r * r, r) + v_splat(1.0f);
  /* 2^n goes into the exponent; the low bits of `shifted` are n. */
  const vi exponent = (vi)((vu)shifted << 23);
  return (vf)(~under & ((vi)p + exponent));
}

/* The halves of 16 (LANES of them) bf16 pairs: column l in the low 16 bits of a word, column l + 16 in the high ones. */
INLINE vf v_widen_low(vu words)
{
  return (vf)(words << 16);
}

INLINE vf v_widen_high(vu words)
{
  return (vf)(words & v_splat_bits(0xffff0000u));
}

/* Round to nearest even to bf16, in the low 16 bits; not for NaN. */
INLINE vu v_bf16_bits(vf v)
{
  const vu wide = (vu)v;
  return (wide + v_splat_bits(0x7fffu) + ((wide >> 16) & v_splat_bits(1u))) >> 16;
}

#endif
