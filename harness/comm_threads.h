/* comm_threads.h: ranks as threads of one process: what their world and their transport share. A board belongs to one group of
 * ranks; each rank has a slot on it, where it says how far it has come and what the others may read. */
#ifndef TMK_HARNESS_COMM_THREADS_H
#define TMK_HARNESS_COMM_THREADS_H

#include <stdalign.h>
#include <stdatomic.h>

#include "tokmark/comm.h"

struct tmk_board_slot {
  alignas(128) _Atomic int64_t arrived; /* barriers that this rank has come to */
  const void *shown[2];                 /* read by the others between two barriers */
  int64_t word[4];                      /* likewise */
};
struct tmk_board {
  int size;
  _Atomic int references;
  atomic_int *failed; /* of the whole run: non-zero ends every wait */
  struct tmk_board_slot slots[];
};

struct tmk_thread_world {
  struct tmk_world base;
  struct tmk_board *board;
  int64_t barriers; /* of this rank */
};

/* `what` for the message: "all-reduce". Fails behind the deadline, naming who is missing, or when the run has failed. */
enum tmk_status tmk_board_barrier(struct tmk_thread_world *world, const char *what, struct tmk_error *err);

#endif
