/* nccl_internal.h: what the files of the stand-in for NCCL (build/simgpu/libnccl.so.2) share.
 *
 * One communicator of one rank a thread or process, each with a simulated device of its own. All of them map one file of shared memory, named by
 * the unique id, so ranks in a process and across processes take the same path. A call's data really goes from the sender's simulated memory
 * to the receiver's: every collective is made of messages between pairs, each in chunks through the pair's mailbox, and a rank adds up what it got
 * in rank order. Work runs in its stream's order (rt_work.h) and is kept in graphs. A call returns when its peers have made theirs: one of
 * the orders that NCCL allows.
 *
 * What is checked, as findings of the check `collective`:
 *   order, kind, count, type, operation and root are the same on each rank: every message carries them
 *   groups: an end without a start; a group left open at destroy; sends and receives that no peer matches
 *   in place only where NCCL has it: recv == send, or the rank's part of the whole; other overlaps are wrong
 *   the current device is the communicator's; buffers are live, initialised and on it (spans: sim_device.h)
 * A nonblocking communicator (config.blocking = 0) says ncclInProgress at every call and has ended it by the second question.
 * Not here: several communicators driven by one thread in one group, splits, user-defined operations, reductions but sum.
 */
#ifndef SIMGPU_NCCL_INTERNAL_H
#define SIMGPU_NCCL_INTERNAL_H

#include <nccl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rt_work.h"

#define NC_RANKS 16
#define NC_CHUNK 65536

enum nc_kind { NC_ALL_REDUCE = 1, NC_ALL_GATHER, NC_REDUCE_SCATTER, NC_BROADCAST, NC_SEND, NC_RECV };

/* What a message must be the same in on both sides. */
struct nc_header {
  uint64_t sequence; /* of the collective, or of the pair's sends */
  uint64_t count;
  int32_t kind, type, op, root;
};

struct nc_mailbox {
  _Atomic uint32_t full;
  uint32_t bytes;
  struct nc_header header;
  uint8_t data[NC_CHUNK];
};

struct nc_shared {
  atomic_int joined, left, aborted, failed; /* failed: a rank's finding, + 1 */
  int ranks;
  struct nc_mailbox boxes[NC_RANKS][NC_RANKS]; /* from, to */
};

/* One call, as data of a work. */
struct nc_op {
  uint64_t count;
  uint8_t kind, type, op, peer; /* peer: of a send or receive; root */
  uint8_t send_span, recv_span; /* NC_NONE: none */
};
#define NC_NONE 0xff
#define NC_OPS  24 /* in a work */

struct ncclComm {
  struct nc_shared *shared;
  char name[64];
  int rank, ranks, device;
  bool nonblocking;
  ncclResult_t pending; /* what the next question gives */
  bool asked_once;
  _Atomic(ncclResult_t) async; /* of work in a stream */
  uint64_t collectives, sends[NC_RANKS], receives[NC_RANKS];
};

/* nccl_move.c: a work's data: comm, number of operations, operations. */
void nc_run(const struct rt_work *work, uint8_t *const *bytes);
size_t nc_type_bytes(int type); /* 0: not one of NCCL's */

/* nccl_comm.c */
ncclResult_t nc_finding(struct ncclComm *comm, const char *call, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
ncclResult_t nc_leave(struct ncclComm *comm, ncclResult_t result); /* of a call on a communicator */
const char *nc_kind_name(int kind);

#endif
