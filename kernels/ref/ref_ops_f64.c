/* ref_ops_f64.c: the truth: float64 arithmetic, results not rounded. */
#define REAL               double
#define PUT(tensor, value) ((void)(tensor), (value))
#define OPS                ref_ops_f64
#include "ref_ops.inc"
