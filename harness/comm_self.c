/* comm_self.c: the transport of a world of one rank, on the host: a collective is a copy at most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm_host.h"
#include "comm_reduce.h"
#include "tokmark/comm.h"

static enum tmk_status self_open(struct tmk_world *world, int64_t device_index, struct tmk_comm **out,
                                 struct tmk_error *err)
{
  (void)device_index;
  if (world->size != 1) return tmk_fail(err, TMK_ERR_UNSUPPORTED, "self: %d ranks: must be 1", world->size);
  *out = NULL; /* no context */
  return TMK_OK;
}

static void self_describe(const struct tmk_comm *comm, char *text, int text_size)
{
  (void)comm;
  snprintf(text, (size_t)text_size, "one rank");
}

static bool self_supports(const struct tmk_comm *comm, enum tmk_collective collective, enum tmk_dtype dtype,
                          char *reason, int reason_size)
{
  (void)comm;
  return tmk_host_comm_supports(collective, dtype, reason, reason_size);
}

static enum tmk_status self_start(struct tmk_comm *comm, const struct tmk_coll *call, void *stream,
                                  struct tmk_error *err)
{
  (void)comm;
  (void)stream;
  if (call->collective == TMK_COLL_SEND_RECV && (call->to != call->from || call->to > 0)) {
    return tmk_fail(err, TMK_ERR_USAGE, "send-recv to rank %d from rank %d: there is rank 0 only", call->to,
                    call->from);
  }
  if (call->collective == TMK_COLL_SEND_RECV && call->to < 0) return TMK_OK;
  if (call->send != call->recv)
    memmove(call->recv, call->send, (size_t)call->count * (size_t)tmk_comm_element_bytes(call->dtype));
  return TMK_OK;
}

static enum tmk_status self_wait(struct tmk_comm *comm, struct tmk_error *err)
{
  (void)comm;
  (void)err;
  return TMK_OK;
}

static enum tmk_status self_run(struct tmk_comm *comm, const struct tmk_coll *call, int64_t passes, bool graph,
                                struct tmk_comm_times *times, struct tmk_error *err)
{
  return tmk_host_comm_run(&tmk_comm_self, comm, call, passes, graph, times, err);
}

static void self_close(struct tmk_comm *comm)
{
  (void)comm;
}

const struct tmk_comm_ops tmk_comm_self = {
    .name = "self",
    .open = self_open,
    .describe = self_describe,
    .supports = self_supports,
    .start = self_start,
    .wait = self_wait,
    .run = self_run,
    .alloc = tmk_host_comm_alloc,
    .release = tmk_host_comm_release,
    .write = tmk_host_comm_write,
    .read = tmk_host_comm_read,
    .close = self_close,
};
