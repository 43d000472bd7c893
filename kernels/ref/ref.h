/* ref.h: the reference backend, private to kernels/ref.
 *
 * One backend in two modes. ref: float64 arithmetic, results kept as float64 whatever the tensor's dtype. naive: float32
 * arithmetic in index order (products of F8E4M3 are added as tensor cores do: ref_ops_f32.c), each result rounded once to its
 * tensor's dtype. Both hold every tensor as double (every dtype
 * fits), both round weights, inputs and the KV cache to their dtypes: those are the values that a device has.
 */
#ifndef TMK_KERNELS_REF_H
#define TMK_KERNELS_REF_H

#include "tokmark/backend.h"

struct tmk_backend {
  bool wide;                           /* float64 */
  const struct tmk_comm_group *groups; /* borrowed; NULL: no transports */
};

struct tmk_exec {
  struct tmk_backend *backend;
  const struct tmk_plan *plan; /* borrowed */
  double **data;               /* [plan->tensor_count]: each [elements], row-major in the tensor's dims */
  double *scores;              /* attention's: one row of keys, the longest */
  double *narrow_x;            /* x of a GEMM rounded to a narrow type: [m, k], the largest */
};

/* The operations of one mode, by kind. Operands were checked by supports(). */
typedef void ref_op_fn(struct tmk_exec *exec, const struct tmk_op *op);
extern ref_op_fn *const ref_ops_f64[TMK_OP_KIND_COUNT]; /* ref_ops_f64.c */
extern ref_op_fn *const ref_ops_f32[TMK_OP_KIND_COUNT]; /* ref_ops_f32.c */

/* `value` in `dtype`: tmk_dtype_round as a value. supports() lets in only dtypes that it knows. */
double ref_round(enum tmk_dtype dtype, double value);

/* ref_collective.c: the one kind of operation that can fail. */
enum tmk_status ref_collective(struct tmk_exec *exec, const struct tmk_op_collective *o, struct tmk_error *err);

/* ref_check.c: whether the modes can execute `op`; if not, why. `wide` is the float64 mode. */
bool ref_supports(bool wide, const struct tmk_plan *plan, const struct tmk_op *op, char *reason, int reason_size);

#endif
