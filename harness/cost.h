/* cost.h: FLOPs, compulsory bytes and communicated bytes of an op, a step and a pass. Pure; formulas derived in cost.c.
 *
 * A multiply-add is 2 FLOPs. Compulsory bytes are what must cross the memory interface however the step is fused: each
 * weight once a step, KV read and append, embedding rows; activations 0.
 * FLOPs are those of the matrix products of GEMM and attention. Biases, norms, rope, softmax, SwiGLU and argmax count 0: they
 * can run beside the products or in units of their own, so a bound may not charge them to the product's peak.
 */
#ifndef TMK_HARNESS_COST_H
#define TMK_HARNESS_COST_H

#include "tokmark/device.h"
#include "tokmark/plan.h"

struct tmk_cost {
  double flops[TMK_DTYPE_COUNT]; /* by math dtype, see tmk_device_info.math_dtype */
  double weight_bytes, kv_read_bytes, kv_write_bytes, embed_bytes, comm_bytes;
  double activation_bytes; /* read and written between ops if nothing is fused: not compulsory, reported only */
};

double tmk_cost_total_flops(const struct tmk_cost *cost);
double tmk_cost_bytes(const struct tmk_cost *cost); /* weight + kv read + kv write + embed */

/* math_dtype as in tmk_device_info. */
struct tmk_cost tmk_cost_op(const struct tmk_plan *plan, const struct tmk_op *op,
                            const enum tmk_dtype math_dtype[TMK_DTYPE_COUNT]);
struct tmk_cost tmk_cost_step(const struct tmk_plan *plan, int step, const enum tmk_dtype math_dtype[TMK_DTYPE_COUNT]);
struct tmk_cost tmk_cost_pass(const struct tmk_plan *plan, const enum tmk_dtype math_dtype[TMK_DTYPE_COUNT]);
/* Bytes the steps of a pass touch again and again: distinct weights held + cache of the workload. For bound `cache`. */
double tmk_cost_working_set(const struct tmk_plan *plan);

#endif
