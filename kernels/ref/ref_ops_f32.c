/* ref_ops_f32.c: what plain float32 code in index order gives, from which error limits come. */
#include <math.h>
#include <stdint.h>

/* How the tensor cores of sm_89 and sm_90 add products of F8E4M3, as far as it is known. An instruction adds 32 products to the
 * sum so far; every addend is cut, towards zero, to 13 bits below the exponent of the largest one (about 14 bits in all:
 * DeepSeek-V3 Technical Report, arXiv 2412.19437, section 3.3.2, which measured it on Hopper). The library moves such sums to
 * float32 now and then unless it is told to be fast (cublasLt, CUBLASLT_MATMUL_DESC_FAST_ACCUM, off by default); how often is
 * not documented: every 128 products, as the same report and CUTLASS's default have it. Later architectures add in float32,
 * which is inside the limits that follow from this. */
#define NARROW_INSTRUCTION 32
#define NARROW_PROMOTION   128
#define NARROW_BITS        13

static float narrow_dot(const double *x, const double *weight, int64_t count)
{
  float sum = 0, partial = 0;
  for (int64_t k = 0; k < count; k += NARROW_INSTRUCTION) {
    const int64_t end = count - k < NARROW_INSTRUCTION ? count : k + NARROW_INSTRUCTION;
    double largest = fabs((double)partial), added = 0;
    for (int64_t i = k; i < end; i++) largest = fmax(largest, fabs(x[i] * weight[i]));
    int exponent;
    frexp(largest, &exponent); /* largest = f · 2^exponent, ½ ≤ f < 1 */
    const double unit = ldexp(1.0, exponent - 1 - NARROW_BITS);
    for (int64_t i = k; i < end; i++) added += trunc(x[i] * weight[i] / unit);
    partial = (float)((added + trunc((double)partial / unit)) * unit);
    if (end % NARROW_PROMOTION != 0 && end != count) continue;
    sum += partial;
    partial = 0;
  }
  return sum;
}

#define REAL                float
#define PUT(tensor, value)  ref_round((tensor)->dtype, (double)(value))
#define NARROW_DOT(x, w, k) narrow_dot(x, w, k)
#define OPS                 ref_ops_f32
#include "ref_ops.inc"
