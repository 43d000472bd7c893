/* rank_device.h: a rank's device and its transports, from what the user named. */
#ifndef TMK_HARNESS_RANK_DEVICE_H
#define TMK_HARNESS_RANK_DEVICE_H

#include "parallel.h"
#include "tokmark/backend.h"
#include "tokmark/result.h"

struct tmk_rank_device {
  const struct tmk_backend_ops *ops;
  struct tmk_backend *backend; /* owned */
  struct tmk_device_result device; /* described; no ceilings */
  const struct tmk_comm_ops *comm_ops; /* NULL of one rank */
  struct tmk_parallel parallel;
  int64_t cpus_allowed; /* of this process, before its ranks shared them out; 0: not known */
  unsigned char cpus[1024]; /* a cpu_set_t with which the thread came; given back by close */
  bool cpus_known;
};

struct tmk_rank_request {
  const char *name;               /* --device */
  struct tmk_open_args open_args; /* what the user asked for: threads, isa, gemm */
  int parts;  /* of the CPUs: this rank takes one of so many; 0: as many as there are ranks */
  bool alone; /* no transports are opened: the ranks only run at the same time */
};
/* world NULL: one device, with no others. Otherwise collective over the world, whose ranks are those of the layout: each takes a GPU
 * of its host by its local number, or an equal part of the CPUs that the ranks of its host may use, and errors are agreed
 * upon. On failure nothing is open. */
enum tmk_status tmk_rank_device_open(const struct tmk_rank_request *request, struct tmk_world *world,
                                     const struct tmk_layout *layout, struct tmk_rank_device *out,
                                     struct tmk_error *err);
void tmk_rank_device_close(struct tmk_rank_device *device); /* what is open of it */
/* "threads: shared memory, 2 threads" */
void tmk_rank_device_transport(const struct tmk_rank_device *device, char *text, int text_size);

#endif
