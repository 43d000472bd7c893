/* verify_collective.h: are the operations between ranks right? Each rank notes elements before and after its own; once all
 * have run, the ranks show each other their notes and each judges what it was given. Private to the verify files. */
#ifndef TMK_HARNESS_VERIFY_COLLECTIVE_H
#define TMK_HARNESS_VERIFY_COLLECTIVE_H

#include "verify.h"
#include "verify_slice.h"

/* Values in the order of the operations, by the group they were exchanged in. */
struct tmk_verify_notes {
  double *values[TMK_GROUP_COUNT]; /* owned */
  int64_t count[TMK_GROUP_COUNT], capacity[TMK_GROUP_COUNT];
  int *ops; /* owned: those that were noted */
  int op_count, op_capacity;
  int ordinal[TMK_GROUP_COUNT]; /* of the next operation: which elements are looked at follows from it, on both sides */
};

/* Notes what operation `op` reads, runs it, and notes what it wrote. */
enum tmk_status tmk_verify_collective_run(const struct tmk_verify_device *device, int op, uint64_t seed,
                                          struct tmk_verify_notes *notes, struct tmk_error *err);
/* Collective over `world`, whose ranks are those of the plan's layout; NULL: there are no others, and operations must have done
 * what op.h says of that. `report` gets each operation that was noted. */
typedef void tmk_verify_judged_fn(void *context, const struct tmk_verify_op *result);
enum tmk_status tmk_verify_collectives_judge(const struct tmk_verify_device *device, struct tmk_world *world,
                                             struct tmk_verify_notes *notes, tmk_verify_judged_fn *judged,
                                             void *context, struct tmk_error *err);
void tmk_verify_notes_free(struct tmk_verify_notes *notes);

#endif
