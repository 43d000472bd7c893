/* ref_ops_f64.c: the truth: float64 arithmetic, results not rounded. */
#include <stdint.h>

static double narrow_dot(const double *x, const double *weight, int64_t count)
{
  double sum = 0;
  for (int64_t k = 0; k < count; k++) sum += x[k] * weight[k];
  return sum;
}

#define REAL                double
#define PUT(tensor, value)  ((void)(tensor), (value))
#define NARROW_DOT(x, w, k) narrow_dot(x, w, k)
#define OPS                 ref_ops_f64
#include "ref_ops.inc"
