/* comm_host.h: what the transports whose buffers are host memory have in common: self, threads, MPI. */
#ifndef TMK_HARNESS_COMM_HOST_H
#define TMK_HARNESS_COMM_HOST_H

#include "tokmark/comm.h"

bool tmk_host_comm_supports(enum tmk_collective collective, enum tmk_dtype dtype, char *reason, int reason_size);
/* start and wait, `passes` times, by the wall clock. */
enum tmk_status tmk_host_comm_run(const struct tmk_comm_ops *ops, struct tmk_comm *comm, const struct tmk_coll *call,
                                  int64_t passes, bool graph, struct tmk_comm_times *times, struct tmk_error *err);
enum tmk_status tmk_host_comm_alloc(struct tmk_comm *comm, int64_t bytes, void **buffer, struct tmk_error *err);
void tmk_host_comm_release(struct tmk_comm *comm, void *buffer);
enum tmk_status tmk_host_comm_write(struct tmk_comm *comm, void *buffer, const void *bytes, int64_t count,
                                    struct tmk_error *err);
enum tmk_status tmk_host_comm_read(struct tmk_comm *comm, const void *buffer, void *bytes, int64_t count,
                                   struct tmk_error *err);

#endif
