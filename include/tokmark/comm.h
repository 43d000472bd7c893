/* comm.h: what carries data between the ranks of one run. Two things, kept apart:
 *
 *   world      who I am, how many we are, which of us share this host; exchange of small host messages. self, threads, MPI.
 *   transport  struct tmk_comm_ops: moves tensors between the ranks of a world. self, threads, MPI, NCCL.
 *
 * A rank is one device: a process under mpirun or srun, else a thread of this one. tmk_world_run() calls a function as every
 * rank of this process; a transport is opened on a world or on a part of it (tmk_world_split). What waits, polls: a deadline
 * (world->timeout_ns) ends every wait with an error that names the ranks missing. Calls on one world or transport are made
 * by one thread, in the same order on all its ranks.
 */
#ifndef TOKMARK_COMM_H
#define TOKMARK_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tokmark/dtype.h"
#include "tokmark/status.h"

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
bool tmk_collective_reduces(enum tmk_collective collective);
/* Whether send and recv may be one buffer: not for all-to-all and send-recv, as in NCCL. */
bool tmk_collective_in_place(enum tmk_collective collective);
/* How many times `count` elements the send and the receive buffer of a call hold: n of n ranks, or 1. */
int tmk_collective_send_parts(enum tmk_collective collective, int ranks);
int tmk_collective_recv_parts(enum tmk_collective collective, int ranks);

/* ---- worlds ---- */

struct tmk_world_ops;
struct tmk_world {
  const struct tmk_world_ops *ops;
  int rank, size;             /* 0-based */
  int local_rank, local_size; /* among the ranks of this host */
  int64_t timeout_ns;         /* of every wait */
  bool agreed;                /* the last tmk_world_agree or _check_same failed: all ranks have the same error */
  char host[64];
};

struct tmk_world_ops {
  const char *name; /* "self", "threads", "mpi" */
  bool processes;   /* a rank is a process of its own */
  /* mine: `bytes` of this rank; all: [size] times as many, in rank order. Returns when all ranks have called: a barrier. */
  enum tmk_status (*exchange)(struct tmk_world *world, const void *mine, void *all, size_t bytes,
                              struct tmk_error *err);
  /* The ranks of one colour become a world of their own, in the order of key, then of rank. All ranks call. */
  enum tmk_status (*split)(struct tmk_world *world, int colour, int key, struct tmk_world **out, struct tmk_error *err);
  /* Of a long step of this rank's own, and while it polls: lets it notice that the others have ended. */
  enum tmk_status (*check)(struct tmk_world *world, struct tmk_error *err);
  /* For transports: another call begins; `what` was waited for until the deadline (an error that says who is missing). */
  void (*step)(struct tmk_world *world);
  enum tmk_status (*late)(struct tmk_world *world, const char *what, struct tmk_error *err);
  void (*close)(struct tmk_world *world); /* of what split() made; NULL is fine */
};

static inline enum tmk_status tmk_world_barrier(struct tmk_world *world, struct tmk_error *err)
{
  return world->ops->exchange(world, NULL, NULL, 0, err);
}
/* All ranks give what they have come to. Where all are OK: OK. Else every rank gets the status of the lowest rank that is not,
 * with its message and "rank R on HOST: " before it, unless all say the same. Every rank leaves with the same error then. */
enum tmk_status tmk_world_agree(struct tmk_world *world, enum tmk_status mine, const struct tmk_error *mine_err,
                                struct tmk_error *err);
/* Every rank gets what rank 0 has come to, with its message. */
enum tmk_status tmk_world_follow(struct tmk_world *world, enum tmk_status mine, const struct tmk_error *mine_err,
                                 struct tmk_error *err);
/* Arguments, version and build must be those of rank 0: else USAGE on all, naming the first rank that differs. */
enum tmk_status tmk_world_check_same(struct tmk_world *world, uint64_t argument_hash, const char *version,
                                     struct tmk_error *err);
/* argv from 1 on, without what may differ between ranks (nothing does today). FNV-1a over the words and their ends. */
uint64_t tmk_argument_hash(int argc, char *const *argv);

typedef enum tmk_status (*tmk_rank_main)(struct tmk_world *world, void *context, struct tmk_error *err);
struct tmk_world_args {
  int ranks; /* threads of this process; 1 where a launcher started the ranks */
  int64_t timeout_ns;
};
/* Calls main as each rank that lives in this process and returns when all have ended. The error is that of the lowest rank
 * that has one of its own, named; err->said where another process reports it. */
enum tmk_status tmk_world_run(const struct tmk_world_args *args, tmk_rank_main main, void *context,
                              struct tmk_error *err);

/* How this process was started: size 1 by hand. `variable` names what says so. */
struct tmk_launch {
  int rank, size; /* size 0: more than one, how many is not known */
  const char *variable;
};
struct tmk_launch tmk_launch_detect(void);
/* OK by hand. UNSUPPORTED under a launcher with several tasks: in a build without MPI, or for a command of one device. */
enum tmk_status tmk_launch_check(const char *command, bool takes_ranks, struct tmk_error *err);

/* ---- transports ---- */

struct tmk_comm; /* a transport's context, of one rank */

/* One call. Elements by collective, n ranks, r this one:
 *   all-reduce      send, recv: [count]              recv = Σ over ranks        in place: recv == send
 *   all-gather      send: [count], recv: [n, count]                             in place: send == recv + r count
 *   reduce-scatter  send: [n, count], recv: [count]  recv = Σ send[r]           in place: recv == send + r count
 *   all-to-all      send, recv: [n, count]           recv[k] = send[r] of k
 *   broadcast       send (root's), recv: [count]                                in place: recv == send
 *   send-recv       send to rank `to`, receive from rank `from`: [count]; −1: not at all */
struct tmk_coll {
  enum tmk_collective collective;
  enum tmk_dtype dtype;
  int64_t count;
  const void *send;
  void *recv;
  int root, to, from;
};

struct tmk_comm_times { /* of `passes` calls, one after the other, on this rank */
  int64_t wall_ns, device_ns;
};

struct tmk_comm_ops {
  const char *name;   /* "self", "threads", "mpi", "nccl" */
  bool device_memory; /* buffers are the device's: alloc() gives them, read() and write() reach them */
  bool graphs;        /* run() can replay a CUDA graph */
  /* Collective over the world, which is borrowed and outlives it. */
  enum tmk_status (*open)(struct tmk_world *world, int64_t device_index, struct tmk_comm **out, struct tmk_error *err);
  /* "NCCL 2.28.3, 4 ranks": for people and the result file. */
  void (*describe)(const struct tmk_comm *comm, char *text, int text_size);
  bool (*supports)(const struct tmk_comm *comm, enum tmk_collective collective, enum tmk_dtype dtype, char *reason,
                   int reason_size);
  /* Begins a call. stream: a cudaStream_t (NULL: the transport's own), which may be in capture; host transports have none. Buffers are
   * left alone until wait(). Several calls may be begun; they run in their order. */
  enum tmk_status (*start)(struct tmk_comm *comm, const struct tmk_coll *call, void *stream, struct tmk_error *err);
  /* Until everything begun has ended on this rank; polls, yields while idle, fails behind the world's deadline. */
  enum tmk_status (*wait)(struct tmk_comm *comm, struct tmk_error *err);
  /* The same of what stands in a stream that start() was given, the caller's own work in it too. NULL of host transports. */
  enum tmk_status (*wait_stream)(struct tmk_comm *comm, void *stream, struct tmk_error *err);
  /* `passes` calls, timed; graph: captured once for this call's buffers, which makes a call too, then replayed. 0: only captured. */
  enum tmk_status (*run)(struct tmk_comm *comm, const struct tmk_coll *call, int64_t passes, bool graph,
                         struct tmk_comm_times *times, struct tmk_error *err);
  enum tmk_status (*alloc)(struct tmk_comm *comm, int64_t bytes, void **buffer, struct tmk_error *err);
  void (*release)(struct tmk_comm *comm, void *buffer); /* NULL is fine */
  enum tmk_status (*write)(struct tmk_comm *comm, void *buffer, const void *bytes, int64_t count,
                           struct tmk_error *err);
  enum tmk_status (*read)(struct tmk_comm *comm, const void *buffer, void *bytes, int64_t count, struct tmk_error *err);
  /* From another thread too: what is begun ends with an error at once. NULL: its waits see the world's end by themselves. */
  void (*abort)(struct tmk_comm *comm);
  void (*close)(struct tmk_comm *comm); /* NULL is fine */
};

/* The groups that a rank of a tp x pp x dp layout talks in. */
enum tmk_group {
  TMK_GROUP_TP = 0, /* the ranks that share a layer */
  TMK_GROUP_PREV,   /* the stage before (the last one, of the first) as rank 0, and this one as rank 1 */
  TMK_GROUP_NEXT,   /* this stage as rank 0, and the one behind (the first one, of the last) as rank 1 */
  TMK_GROUP_COUNT
};
struct tmk_comm_group {
  const struct tmk_comm_ops *ops; /* NULL: there is no transport */
  struct tmk_comm *comm;          /* NULL of the transport self */
};

extern const struct tmk_comm_ops *const tmk_comms[];        /* NULL behind the last: harness/registry.c */
const struct tmk_comm_ops *tmk_comm_find(const char *name); /* NULL if this build has none of that name */
extern const struct tmk_comm_ops tmk_comm_self, tmk_comm_threads;
extern const struct tmk_comm_ops tmk_comm_mpi;  /* defined in builds with MPI */
extern const struct tmk_comm_ops tmk_comm_nccl; /* defined in builds with CUDA */
/* NULL in a build without MPI: tmk_world_run under a launcher. */
typedef enum tmk_status (*tmk_world_runner)(const struct tmk_world_args *args, tmk_rank_main main, void *context,
                                            struct tmk_error *err);
extern const tmk_world_runner tmk_world_run_launched;
enum tmk_status tmk_world_run_mpi(const struct tmk_world_args *args, tmk_rank_main main, void *context,
                                  struct tmk_error *err);

#endif
