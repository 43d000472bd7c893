/* ref_ops_f32.c: what plain float32 code in index order gives, from which error limits come. */
#define REAL               float
#define PUT(tensor, value) ref_round((tensor)->dtype, (double)(value))
#define OPS                ref_ops_f32
#include "ref_ops.inc"
