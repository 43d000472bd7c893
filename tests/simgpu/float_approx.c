/* float_approx.c: functions that PTX has in approximate form only. Computed with the host's double functions, whose error of a few
 * 2^-53 is far below the 2^-24 of the result's rounding. Special values (PTX ISA, tables of sin, cos, lg2, ex2, tanh, rsqrt) are those
 * of C's functions: lg2(±0) = −∞, lg2(x < 0) = NaN, rsqrt(±0) = ±∞, sin(±∞) = NaN, ex2(−∞) = +0, tanh(±∞) = ±1. */
#include <assert.h>

#include "float_internal.h"

double sim_approx_value(enum ptx_op op, double x)
{
  switch (op) {
  case PTX_DO_EX2: return exp2(x);
  case PTX_DO_LG2: return log2(x);
  case PTX_DO_SIN: return sin(x);
  case PTX_DO_COS: return cos(x);
  case PTX_DO_TANH: return tanh(x);
  case PTX_DO_RSQRT: return 1.0 / sqrt(x);
  default: assert(0 && "no approximate function"); return 0;
  }
}
