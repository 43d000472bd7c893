/* verify_state.h: what reset() must leave, and what an operation must leave alone. Private to the verify files. */
#ifndef TMK_HARNESS_VERIFY_STATE_H
#define TMK_HARNESS_VERIFY_STATE_H

#include "verify_slice.h"

/* After reset(): inputs and cache positions below the first `past` against the fill, on samples; poison in everything else
 * that is not a weight or constant. detail is "" if all is as it must be; *op gets the first operation that uses the tensor. */
enum tmk_status tmk_verify_reset_state(const struct tmk_verify_device *device, uint64_t seed, int *op, char *detail,
                                       int detail_size, struct tmk_error *err);

/* Elements that an operation must not write, with their values before it: both ends of every computed tensor, the
 * neighbours of what it writes, and rows of the cache around those it appends. */
struct tmk_verify_guard {
  int tensor;
  int64_t first, count;
  double *values; /* owned */
};
struct tmk_verify_guards {
  struct tmk_verify_guard *items; /* owned */
  int count, capacity;
};
enum tmk_status tmk_verify_guards_take(const struct tmk_verify_device *device, int op, struct tmk_verify_guards *guards,
                                       struct tmk_error *err);
/* After the operation: detail is "" if none has changed. */
enum tmk_status tmk_verify_guards_check(const struct tmk_verify_device *device, int op,
                                        const struct tmk_verify_guards *guards, char *detail, int detail_size,
                                        struct tmk_error *err);
void tmk_verify_guards_free(struct tmk_verify_guards *guards);

#endif
