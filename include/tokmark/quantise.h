/* quantise.h: what narrow weights, and the inputs of the GEMMs that use them, are rounded to. Every reference and every device
 * follows it bit for bit, so quantisation is part of the truth that results are verified against, not an error.
 *
 * e4m3(v), e2m1(v) and int8(v), −127 … 127, round to nearest even and saturate, as in dtype.h. All divisions are IEEE float32
 * divisions, rounded to nearest even; a scale s or t of a tensor is a power of two, so dividing by it is exact. A run of neighbours v[i] along the last dimension, k:
 *
 *   F8E4M3, one scale s a tensor     q[i] = e4m3(v[i] / s)                          stands for  q[i] · s
 *   I8, one scale s a row            q[i] = int8(v[i] / s)                          stands for  q[i] · s
 *   I4, blocks of 32 from the start  b    = f16(max |v[i]| / 7) over a block        stands for  q[i] · b
 *   of a row (the last may be        q[i] = v[i] / b to the nearest of −7 … 7, 0 where b is 0
 *   shorter)
 *   NVFP4, one scale t a tensor,     b    = e4m3(max |v[i]| / (6 t)) over a block   stands for  q[i] · b · t
 *   blocks of 16 from the start      q[i] = e2m1(v[i] / (b · t)), +0 where b is 0
 *   of a row (the last may be shorter)
 *
 * NaN stays NaN: of F8E4M3 and of I8 the element, of an I8 row of x and of an I4 block all of it; in NVFP4 a block with a NaN in it
 * has b = NaN, so all of it is NaN. 6 and 448 are the largest numbers of e2m1 and e4m3. b is rounded, and where it is rounded down
 * the largest elements of its block saturate.
 *
 * Which v and which scale:
 *   weights      v is the fill value (fill.h). The scale is the smallest power of two with |v| ≤ 448 s (F8E4M3) or 6 · 448 t
 *                (NVFP4) or 127 s (I8; every row has the same) for all values that the fill can give, |fill_offset| + fill_scale:
 *                nothing saturates and the largest values, or block scales, are in the upper binades of e4m3.
 *   x of a GEMM  v is x as float32 (x is bf16 or float32 on every device, so that is exact). Static scales, the same for every op and run:
 *                TMK_F8E4M3_X_SCALE, TMK_NVFP4_X_SCALE. With weights of I8 and of I4, x is I8 with a scale for each row (each
 *                token), taken from the row: max |x| / 127, rounded to float32; a row of zeros, or so small that this is 0, is 0.
 *   KV cache     F8E4M3 with scale 1.
 *
 * The scales of x follow from what plan_tensors.c says of the contents. The inputs of the layers' projections are: outputs of
 * RMSNorm, near to normal with variance 1; of attention, means of values that are; and of SwiGLU, silu(g) u of independent g and
 * u near to normal, of which |silu(g) u| > z has a probability below e^−z/sqrt(2 π z). At F8E4M3's 448 · 2⁻⁴ = 28 that is 5 · 10⁻¹⁴,
 * at NVFP4's 6 · 448 · 2⁻⁶ = 42 it is 4 · 10⁻²⁰; the largest workload of a run has about 10¹⁰ of them. So saturation does not happen.
 * At the other end, e4m3's normal numbers begin at 2⁻⁶ · 2⁻⁴ ≈ 0.001, against values of order 1.
 */
#ifndef TOKMARK_QUANTISE_H
#define TOKMARK_QUANTISE_H

#include "tokmark/dtype.h"

#define TMK_F8E4M3_X_SCALE 0x1p-4f
#define TMK_NVFP4_X_SCALE  0x1p-6f
#define TMK_NVFP4_BLOCK    16

#define TMK_I4_BLOCK       32

/* Whether a GEMM with weights of this type quantises its x: F8E4M3, NVFP4, I8 and I4. */
bool tmk_quantises_x(enum tmk_dtype weight_dtype);
/* Whether the scale of x comes from each row of x: I8 and I4. */
bool tmk_quantises_rows(enum tmk_dtype weight_dtype);
/* Scale of x in a GEMM with weights of this type; 1 where x is not quantised, or has a scale a row. */
float tmk_quantise_x_scale(enum tmk_dtype weight_dtype);
/* The smallest power of two by which nothing up to `largest` ≥ 0 saturates; 1 for largest 0 and for types without a scale. */
float tmk_quantise_scale(enum tmk_dtype dtype, float largest);

/* What `count` neighbours from the start of a row on (or of a block of it) stand for, exactly. Types without a scale: each
 * element by tmk_dtype_round(). */
void tmk_quantise_row(enum tmk_dtype dtype, float scale, int64_t count, const float *values, double *logical);
/* The same of x in a GEMM with weights of this type, which quantises it: `count` neighbours from the start of a row (or of a
 * block of it) on, as float32; where tmk_quantises_rows(), a whole row. rounded may be x. */
void tmk_quantise_x(enum tmk_dtype weight_dtype, int64_t count, const double *x, double *rounded);

#endif
