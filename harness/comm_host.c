/* comm_host.c: see comm_host.h. */
#include "comm_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm_reduce.h"
#include "host.h"

#define ALIGNMENT 4096 /* a page: no two ranks write one */

bool tmk_host_comm_supports(enum tmk_collective collective, enum tmk_dtype dtype, char *reason, int reason_size)
{
  if (tmk_comm_element_bytes(dtype) == 0) {
    snprintf(reason, (size_t)reason_size, "%s has no whole elements to send", tmk_dtype_name(dtype));
    return false;
  }
  if (!tmk_collective_reduces(collective) || tmk_reduce_takes(dtype)) return true;
  snprintf(reason, (size_t)reason_size, "%s in %s: the host adds up f64, f32, bf16, f16, i32",
           tmk_collective_name(collective), tmk_dtype_name(dtype));
  return false;
}

enum tmk_status tmk_host_comm_run(const struct tmk_comm_ops *ops, struct tmk_comm *comm, const struct tmk_coll *call,
                                  int64_t passes, bool graph, struct tmk_comm_times *times, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (graph) return tmk_fail(err, TMK_ERR_UNSUPPORTED, "%s: a graph needs a GPU", ops->name);
  const int64_t begin_ns = tmk_host_now_ns();
  for (int64_t i = 0; i < passes; i++) {
    TMK_TRY(ops->start(comm, call, NULL, err));
    TMK_TRY(ops->wait(comm, err));
  }
  times->wall_ns = times->device_ns = tmk_host_now_ns() - begin_ns;
out:
  return status;
}

enum tmk_status tmk_host_comm_alloc(struct tmk_comm *comm, int64_t bytes, void **buffer, struct tmk_error *err)
{
  (void)comm;
  const size_t whole = ((size_t)bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
  *buffer = aligned_alloc(ALIGNMENT, whole);
  if (*buffer == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld bytes", (long long)bytes);
  return TMK_OK;
}

void tmk_host_comm_release(struct tmk_comm *comm, void *buffer)
{
  (void)comm;
  free(buffer);
}

enum tmk_status tmk_host_comm_write(struct tmk_comm *comm, void *buffer, const void *bytes, int64_t count,
                                    struct tmk_error *err)
{
  (void)comm;
  (void)err;
  memcpy(buffer, bytes, (size_t)count);
  return TMK_OK;
}

enum tmk_status tmk_host_comm_read(struct tmk_comm *comm, const void *buffer, void *bytes, int64_t count,
                                   struct tmk_error *err)
{
  (void)comm;
  (void)err;
  memcpy(bytes, buffer, (size_t)count);
  return TMK_OK;
}
