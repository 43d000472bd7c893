/* verify.h: is what a backend computes right? Runs ops on it and on kernels/ref and compares.
 *
 * In place: for each op of an exec, the operands it really reads are read back, the op is run on the backend, its outputs are
 * read back, and the same op (or a slice of it: some rows and some columns, a smaller op of the same kind) is run on the two
 * reference modes from those very operands. By induction over the ops the whole pass is verified on the shape that is timed.
 * Error limits come from the naive same-precision run, never from taste; derivation in verify_limit.c. Comparisons
 * fail closed.
 */
#ifndef TMK_HARNESS_VERIFY_H
#define TMK_HARNESS_VERIFY_H

#include "tokmark/backend.h"
#include "tokmark/result.h"

struct tmk_verify_settings {
  int64_t elements_per_op; /* about how many outputs of an op are checked; everything where it has no more */
  uint64_t seed;           /* which rows and columns */
  /* Layers checked in full: first, last and seeded others; 0 = all. The ops of the other layers are checked on an eighth of
   * the elements, and their outputs not scanned whole. */
  int layers;
  /* Called after reset() and the look at what it left, to write operands that reset() can't give (a cache row that only
   * another op would write); NULL: nothing to write. */
  enum tmk_status (*write_operands)(void *context, const struct tmk_backend_ops *ops, struct tmk_exec *exec,
                                    const struct tmk_plan *plan, struct tmk_error *err);
  void *write_operands_context;
  /* The ranks of the plan's layout, who all verify at once; NULL: this device runs alone (op.h: collective). */
  struct tmk_world *world;
};
/* What `run` uses: about a second of reference work for a TinyLlama pass. */
struct tmk_verify_settings tmk_verify_defaults(uint64_t seed);

/* One op's comparison. */
struct tmk_verify_op {
  int op; /* index in the plan */
  int64_t elements;
  double error, limit;         /* norm-wise, relative to the float64 reference */
  double max_error, max_limit; /* of the element nearest to its limit, absolute */
  /* Max of the two error ÷ limit; of an element, both without the rounding to its dtype, which no device can avoid. NaN or
   * infinity in the output, or a stray write, gives INFINITY. */
  double ratio;
  bool passed;
  char detail[160]; /* failed: which element, got, expected */
};
typedef void tmk_verify_report_fn(void *context, const struct tmk_plan *plan, const struct tmk_verify_op *result);

/* Verifies the pass of `exec` op by op: each op is run once, in order, and checked before the next one runs, so the outputs
 * are then those of a verified pass. Starts with reset(), and a look at what that leaves: inputs and cache as the fill says,
 * everything else poisoned. Of each op, besides its results: no NaN anywhere in its outputs, and nothing else written. A
 * wrong result is no error of this function: it stands in *out. report may be NULL. */
enum tmk_status tmk_verify_exec(const struct tmk_backend_ops *ops, struct tmk_backend *backend, struct tmk_exec *exec,
                                const struct tmk_plan *plan, const struct tmk_verify_settings *settings,
                                tmk_verify_report_fn *report, void *report_context, struct tmk_verify_result *out,
                                struct tmk_error *err);

/* The outputs of a verified pass, kept to compare a replay with. */
struct tmk_verify_outputs {
  double *logits; /* owned; sampled rows and columns for large ones */
  double *tokens; /* owned */
  int64_t logit_count, token_count, logit_stride;
};
enum tmk_status tmk_verify_capture(const struct tmk_backend_ops *ops, struct tmk_exec *exec,
                                   const struct tmk_plan *plan, struct tmk_verify_outputs *out, struct tmk_error *err);
/* reset() (outputs poisoned, cache and inputs as at the start), one run() of the very thing that was timed, then compare:
 * logits within the limit of their dtype, tokens equal unless their logits tie within it. Sets replay_* of *result. */
enum tmk_status tmk_verify_replay(const struct tmk_backend_ops *ops, struct tmk_exec *exec, const struct tmk_plan *plan,
                                  const struct tmk_verify_outputs *expected, struct tmk_verify_result *result,
                                  struct tmk_error *err);
void tmk_verify_outputs_free(struct tmk_verify_outputs *outputs);

#endif
