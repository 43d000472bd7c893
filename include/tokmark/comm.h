/* comm.h: what carries data between the devices of one run. The self implementation is one device; NCCL and MPI follow it.
 */
#ifndef TOKMARK_COMM_H
#define TOKMARK_COMM_H

#include <stdint.h>

#include "tokmark/dtype.h"
#include "tokmark/status.h"

struct tmk_comm; /* an implementation's context */

enum tmk_collective {
  TMK_COLL_ALL_REDUCE = 0,
  TMK_COLL_ALL_GATHER,
  TMK_COLL_REDUCE_SCATTER,
  TMK_COLL_ALL_TO_ALL,
  TMK_COLL_BROADCAST,
  TMK_COLL_SEND_RECV,
  TMK_COLL_COUNT
};

const char *tmk_collective_name(enum tmk_collective collective); /* "all-reduce", … */
/* busbw ÷ algbw over n ranks, as nccl-tests' PERFORMANCE.md defines it: all-reduce 2(n−1)/n; all-gather, reduce-scatter,
 * all-to-all (n−1)/n; broadcast and send-recv 1. */
double tmk_collective_bus_factor(enum tmk_collective collective, int ranks);

struct tmk_comm_ops {
  const char *name; /* "self" */
  enum tmk_status (*open)(struct tmk_comm **out, struct tmk_error *err);
  int (*rank)(const struct tmk_comm *comm);
  int (*size)(const struct tmk_comm *comm);
  enum tmk_status (*barrier)(struct tmk_comm *comm, struct tmk_error *err);
  void (*close)(struct tmk_comm *comm);
};

extern const struct tmk_comm_ops *const tmk_comms[]; /* NULL behind the last: harness/registry.c */
extern const struct tmk_comm_ops tmk_comm_self;

#endif
