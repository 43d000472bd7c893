/* comm_check.h: values for collectives, and whether what arrived is right, element by element. Pure.
 *
 * A value is a small whole number made from (salt, sender, position in its send buffer), so small that sums over all ranks are exact
 * in the type: every order of adding gives the same, and one element that is lost, doubled, or that belongs to another rank
 * or place differs, on most elements at least.
 */
#ifndef TMK_HARNESS_COMM_CHECK_H
#define TMK_HARNESS_COMM_CHECK_H

#include "tokmark/comm.h"

/* A call's data: who has called what. */
struct tmk_comm_data {
  enum tmk_collective collective;
  enum tmk_dtype dtype;
  int64_t count;
  int ranks, root;
  uint64_t salt;
};

/* Elements [first, first + n) of rank's send buffer, and of what it must receive; in bytes of the dtype. A send-recv goes to the
 * next rank. */
void tmk_comm_fill(const struct tmk_comm_data *data, int rank, int64_t first, int64_t n, void *elements);
void tmk_comm_expect(const struct tmk_comm_data *data, int rank, int64_t first, int64_t n, void *elements);
/* How many of n elements differ in a bit. */
int64_t tmk_comm_count_wrong(enum tmk_dtype dtype, const void *got, const void *expected, int64_t n);
/* The number of different values: 2 or more. */
int64_t tmk_comm_values(const struct tmk_comm_data *data);

#endif
