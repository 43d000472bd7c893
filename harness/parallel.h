/* parallel.h: the transports of one rank of a tp x pp x dp layout. */
#ifndef TMK_HARNESS_PARALLEL_H
#define TMK_HARNESS_PARALLEL_H

#include "tokmark/comm.h"
#include "tokmark/workload.h"

/* A rank's groups, each with a world of its own. */
struct tmk_parallel {
  struct tmk_comm_group groups[TMK_GROUP_COUNT]; /* ops NULL where the layout has no such group */
  struct tmk_world *worlds[TMK_GROUP_COUNT];     /* owned; NULL likewise */
};

/* Collective over the world, whose size is tp · pp · dp and whose ranks are those of the layout (plan.h: tmk_plan_share). `ops`
 * carries all groups. On failure nothing is left open. */
enum tmk_status tmk_parallel_open(struct tmk_world *world, const struct tmk_layout *layout,
                                  const struct tmk_comm_ops *ops, int64_t device_index, struct tmk_parallel *out,
                                  struct tmk_error *err);
void tmk_parallel_close(struct tmk_parallel *parallel);
/* Ends what is begun, from another thread too. */
void tmk_parallel_abort(struct tmk_parallel *parallel);

#endif
