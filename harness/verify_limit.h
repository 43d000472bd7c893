/* verify_limit.h: how far an element may be from the truth, and whether it is further. Private to the verify files; the
 * derivation of the limits is in verify_limit.c. */
#ifndef TMK_HARNESS_VERIFY_LIMIT_H
#define TMK_HARNESS_VERIFY_LIMIT_H

#include "verify.h"
#include "verify_slice.h"

/* One element of an output: where it is, and what each run gave. */
struct tmk_verify_element {
  double got, expected, naive; /* device; float64; float32, not rounded to the device's dtype */
  double magnitude;            /* of the terms that its arithmetic adds up; 0: no arithmetic, the result is exact */
  double slack;                /* absolute: what underflow may take away */
  int tensor;                  /* of the plan */
  int64_t index;
};

struct tmk_verify_elements {
  struct tmk_verify_element *items; /* owned */
  int64_t count, capacity;
};

/* Adds the outputs of a slice that has run, as far as spans name them. */
enum tmk_status tmk_verify_elements_add(struct tmk_verify_elements *elements, const struct tmk_verify_slice *slice,
                                        struct tmk_error *err);
void tmk_verify_elements_free(struct tmk_verify_elements *elements);

/* Holds every element against its limit: fills all of *result but `op`, which is read. Each output tensor of the operation is
 * judged by itself; the figures are those of the worst. */
void tmk_verify_judge(const struct tmk_plan *plan, const struct tmk_verify_elements *elements,
                      struct tmk_verify_op *result);

/* Half the distance between neighbours in `dtype` around `value`: the error of rounding to it. 0 for integers. */
double tmk_verify_half_ulp(enum tmk_dtype dtype, double value);

#endif
