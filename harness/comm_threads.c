/* comm_threads.c: the transport of ranks that are threads of one process: each reads the others' buffers and does its part.
 *
 *   all-reduce      rank r adds up part r of all buffers and writes the sum into all: n reads and n writes an element, and no two
 *                   ranks touch one element, so it may be in place
 *   reduce-scatter  rank r adds up part r of all buffers
 *   the others      each rank copies what it is to have
 * A barrier before, when all buffers are shown, and one behind, when all are done with them. Sums are taken in rank order, so
 * every run gives the same bits. start() does the whole call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm_host.h"
#include "comm_reduce.h"
#include "comm_threads.h"

#define BLOCK_BYTES 16384 /* added up at a time, in the first-level cache */

struct tmk_comm {
  struct tmk_thread_world *world;
};

static enum tmk_status threads_open(struct tmk_world *world, int64_t device_index, struct tmk_comm **out,
                                    struct tmk_error *err)
{
  (void)device_index;
  if (world->ops->processes) return tmk_fail(err, TMK_ERR_UNSUPPORTED, "threads: the ranks are processes");
  *out = calloc(1, sizeof **out);
  if (*out == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for a transport");
  (*out)->world = (struct tmk_thread_world *)world;
  return TMK_OK;
}

static void threads_describe(const struct tmk_comm *comm, char *text, int text_size)
{
  snprintf(text, (size_t)text_size, "shared memory, %d thread%s", comm->world->base.size,
           comm->world->base.size == 1 ? "" : "s");
}

static bool threads_supports(const struct tmk_comm *comm, enum tmk_collective collective, enum tmk_dtype dtype,
                             char *reason, int reason_size)
{
  (void)comm;
  return tmk_host_comm_supports(collective, dtype, reason, reason_size);
}

/* What another rank has shown. */
static const char *sent(const struct tmk_comm *comm, int rank)
{
  return comm->world->board->slots[rank].shown[0];
}

static char *received(const struct tmk_comm *comm, int rank)
{
  return (char *)(uintptr_t)comm->world->board->slots[rank].shown[1];
}

/* Elements [first, first + count) of all send buffers, added up in blocks; each block to one buffer or to all. */
static void add_up(struct tmk_comm *comm, const struct tmk_coll *call, int64_t first, int64_t count, bool to_all)
{
  _Alignas(64) char block[BLOCK_BYTES];
  const int64_t element = tmk_comm_element_bytes(call->dtype), most = BLOCK_BYTES / element;
  const int size = comm->world->base.size;
  for (int64_t done = 0; done < count; done += most) {
    const int64_t now = count - done < most ? count - done : most;
    const int64_t at = (first + done) * element;
    const size_t bytes = (size_t)(now * element);
    memcpy(block, sent(comm, 0) + at, bytes);
    for (int i = 1; i < size; i++) tmk_reduce_add(call->dtype, block, sent(comm, i) + at, now);
    if (!to_all) memcpy((char *)call->recv + done * element, block, bytes);
    for (int i = 0; to_all && i < size; i++) memcpy(received(comm, i) + at, block, bytes);
  }
}

static void copy(void *to, const void *from, size_t bytes)
{
  if (to != from && bytes > 0) memcpy(to, from, bytes);
}

static void move(struct tmk_comm *comm, const struct tmk_coll *call)
{
  const int rank = comm->world->base.rank, size = comm->world->base.size;
  const size_t bytes = (size_t)call->count * (size_t)tmk_comm_element_bytes(call->dtype);
  char *recv = call->recv;
  int64_t first, last;
  switch (call->collective) {
  case TMK_COLL_ALL_REDUCE:
    first = call->count * rank / size, last = call->count * (rank + 1) / size;
    add_up(comm, call, first, last - first, true);
    break;
  case TMK_COLL_REDUCE_SCATTER: add_up(comm, call, call->count * rank, call->count, false); break;
  case TMK_COLL_ALL_GATHER:
    for (int i = 0; i < size; i++) copy(recv + (size_t)i * bytes, sent(comm, i), bytes);
    break;
  case TMK_COLL_ALL_TO_ALL:
    for (int i = 0; i < size; i++) copy(recv + (size_t)i * bytes, sent(comm, i) + (size_t)rank * bytes, bytes);
    break;
  case TMK_COLL_BROADCAST: copy(recv, sent(comm, call->root), bytes); break;
  case TMK_COLL_SEND_RECV:
    if (call->from >= 0) copy(recv, sent(comm, call->from), bytes);
    break;
  case TMK_COLL_COUNT: break;
  }
}

/* The ranks must have called the same; send-recv may differ in whom. */
static enum tmk_status check_calls(struct tmk_comm *comm, const struct tmk_coll *call, struct tmk_error *err)
{
  const struct tmk_thread_world *world = comm->world;
  const int64_t *mine = world->board->slots[world->base.rank].word;
  for (int i = 0; i < world->base.size; i++) {
    const int64_t *word = world->board->slots[i].word;
    if (memcmp(word, mine, sizeof world->board->slots[i].word) == 0) continue;
    return tmk_fail(err, TMK_ERR_FAILED, "rank %d called %s of %lld x %s, rank %d %s of %lld x %s", world->base.rank,
                    tmk_collective_name(call->collective), (long long)call->count, tmk_dtype_name(call->dtype), i,
                    tmk_collective_name((enum tmk_collective)word[0]), (long long)word[2],
                    tmk_dtype_name((enum tmk_dtype)word[1]));
  }
  return TMK_OK;
}

static enum tmk_status threads_start(struct tmk_comm *comm, const struct tmk_coll *call, void *stream,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const char *name = tmk_collective_name(call->collective);
  struct tmk_board_slot *slot = &comm->world->board->slots[comm->world->base.rank];
  (void)stream;
  slot->shown[0] = call->send;
  slot->shown[1] = call->recv;
  slot->word[0] = (int64_t)call->collective;
  slot->word[1] = (int64_t)call->dtype;
  slot->word[2] = call->count;
  slot->word[3] = call->collective == TMK_COLL_BROADCAST ? call->root : 0;
  TMK_TRY(tmk_board_barrier(comm->world, name, err));
  TMK_TRY(check_calls(comm, call, err));
  move(comm, call);
  TMK_TRY(tmk_board_barrier(comm->world, name, err));
out:
  return status;
}

static enum tmk_status threads_wait(struct tmk_comm *comm, struct tmk_error *err)
{
  (void)comm;
  (void)err;
  return TMK_OK;
}

static enum tmk_status threads_run(struct tmk_comm *comm, const struct tmk_coll *call, int64_t passes, bool graph,
                                   struct tmk_comm_times *times, struct tmk_error *err)
{
  return tmk_host_comm_run(&tmk_comm_threads, comm, call, passes, graph, times, err);
}

static void threads_close(struct tmk_comm *comm)
{
  free(comm);
}

const struct tmk_comm_ops tmk_comm_threads = {
    .name = "threads",
    .open = threads_open,
    .describe = threads_describe,
    .supports = threads_supports,
    .start = threads_start,
    .wait = threads_wait,
    .run = threads_run,
    .alloc = tmk_host_comm_alloc,
    .release = tmk_host_comm_release,
    .write = tmk_host_comm_write,
    .read = tmk_host_comm_read,
    .close = threads_close,
};
