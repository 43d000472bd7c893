/* comm_mpi.c: ranks that mpirun or srun started: their world, and a transport of host buffers. The only file that knows MPI.
 *
 * Every call is a nonblocking one that is polled: a rank that waits yields its CPU, and the deadline, or the monitor
 * (comm_monitor.h), ends what would hang. MPI is told MPI_ERRORS_RETURN, and each result is looked at.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "comm_host.h"
#include "comm_monitor.h"
#include "comm_poll.h"
#include "comm_reduce.h"
#include "tokmark/comm.h"

#define MAX_REQUESTS 64

struct mpi_world {
  struct tmk_world base;
  MPI_Comm comm;
  struct tmk_monitor *monitor; /* of the run; NULL until it is started */
};

struct tmk_comm {
  struct mpi_world *world;
  MPI_Comm comm;
  MPI_Op add_bf16, add_f16;
  MPI_Request requests[MAX_REQUESTS];
  int request_count;
};

static enum tmk_status check(int result, const char *what, struct tmk_error *err)
{
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  if (result == MPI_SUCCESS) return TMK_OK;
  (void)MPI_Error_string(result, text, &length);
  return tmk_fail(err, TMK_ERR_DEVICE, "%s: %s", what, text);
}

static void mpi_step(struct tmk_world *base)
{
  struct mpi_world *world = (struct mpi_world *)base;
  if (world->monitor != NULL) tmk_monitor_step(world->monitor);
}

/* Does not come back where there is a monitor: it names who is missing. */
static enum tmk_status mpi_late(struct tmk_world *base, const char *what, struct tmk_error *err)
{
  struct mpi_world *world = (struct mpi_world *)base;
  if (world->monitor != NULL) tmk_monitor_late(world->monitor, what);
  return tmk_fail(err, TMK_ERR_FAILED, "rank %d on %s: no %s within %.0f s", base->rank, base->host, what,
                  (double)base->timeout_ns * 1e-9);
}

static enum tmk_status poll_requests(struct mpi_world *world, MPI_Request *requests, int count, const char *what,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_poll poll;
  int done = 0;
  tmk_poll_begin(&poll, world->base.timeout_ns);
  for (;;) {
    TMK_TRY(check(MPI_Testall(count, requests, &done, MPI_STATUSES_IGNORE), what, err));
    if (done) break;
    if (tmk_poll_turn(&poll)) continue;
    TMK_TRY(mpi_late(&world->base, what, err));
  }
out:
  return status;
}

static enum tmk_status mpi_exchange(struct tmk_world *base, const void *mine, void *all, size_t bytes,
                                    struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct mpi_world *world = (struct mpi_world *)base;
  MPI_Request request;
  mpi_step(base);
  TMK_TRY(check(bytes == 0
                    ? MPI_Ibarrier(world->comm, &request)
                    : MPI_Iallgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, world->comm, &request),
                "MPI exchange", err));
  TMK_TRY(poll_requests(world, &request, 1, "exchange", err));
out:
  return status;
}

static enum tmk_status fill_world(struct mpi_world *world, MPI_Comm comm, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  MPI_Comm local = MPI_COMM_NULL;
  world->comm = comm;
  TMK_TRY(check(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler", err));
  TMK_TRY(check(MPI_Comm_rank(comm, &world->base.rank), "MPI_Comm_rank", err));
  TMK_TRY(check(MPI_Comm_size(comm, &world->base.size), "MPI_Comm_size", err));
  TMK_TRY(check(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, world->base.rank, MPI_INFO_NULL, &local),
                "MPI_Comm_split_type", err));
  TMK_TRY(check(MPI_Comm_rank(local, &world->base.local_rank), "MPI_Comm_rank", err));
  TMK_TRY(check(MPI_Comm_size(local, &world->base.local_size), "MPI_Comm_size", err));
out:
  if (local != MPI_COMM_NULL) (void)MPI_Comm_free(&local);
  return status;
}

static enum tmk_status mpi_split(struct tmk_world *base, int colour, int key, struct tmk_world **out,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct mpi_world *parent = (const struct mpi_world *)base;
  struct mpi_world *world = malloc(sizeof *world);
  MPI_Comm comm = MPI_COMM_NULL;
  if (world == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for a group"));
  *world = *parent;
  TMK_TRY(check(MPI_Comm_split(parent->comm, colour, key, &comm), "MPI_Comm_split", err));
  TMK_TRY(fill_world(world, comm, err));
  *out = &world->base;
  world = NULL;
out:
  free(world);
  return status;
}

static enum tmk_status mpi_check(struct tmk_world *base, struct tmk_error *err)
{
  (void)base; /* the monitor's thread ends the process by itself */
  (void)err;
  return TMK_OK;
}

static void mpi_close(struct tmk_world *base)
{
  if (base == NULL) return;
  (void)MPI_Comm_free(&((struct mpi_world *)base)->comm);
  free(base);
}

static const struct tmk_world_ops mpi_world_ops = {
    .name = "mpi",
    .processes = true,
    .exchange = mpi_exchange,
    .split = mpi_split,
    .check = mpi_check,
    .step = mpi_step,
    .late = mpi_late,
    .close = mpi_close,
};

/* ---- the run ---- */

static void end_all(void)
{
  /* Some launchers end the others only on this. Should it hang, this process ends all the same. */
  int over = 0;
  alarm(2);
  if (MPI_Finalized(&over) == MPI_SUCCESS && !over) (void)MPI_Abort(MPI_COMM_WORLD, 1);
  _exit(1);
}

/* What main returned on this rank: a failure that all agree upon leaves in order, any other ends the run from here. */
static void finish(struct mpi_world *world, enum tmk_status status, struct tmk_error *err)
{
  const bool agreed = status == TMK_OK || world->base.agreed;
  if (!agreed && world->monitor != NULL) tmk_monitor_fail(world->monitor, err->message, tmk_status_exit_code(status));
  if (status != TMK_OK) {
    /* Rank 0 says it before any of them leaves: a launcher ends all at the first that leaves with an error. */
    if (world->base.rank == 0) fprintf(stderr, "tokmark: %s\n", err->message);
    (void)mpi_exchange(&world->base, NULL, NULL, 0, NULL);
    err->said = 1;
  }
  (void)MPI_Finalize(); /* still watched: a rank may stop on its way out */
  tmk_monitor_stop(world->monitor);
}

enum tmk_status tmk_world_run_mpi(const struct tmk_world_args *args, tmk_rank_main main, void *context,
                                  struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct mpi_world world = {.base = {.ops = &mpi_world_ops, .timeout_ns = args->timeout_ns}};
  struct tmk_guard *guard = tmk_guard_start(tmk_launch_detect().rank, args->timeout_ns);
  int provided = 0;
  TMK_TRY(check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread", err));
  if (gethostname(world.base.host, sizeof world.base.host - 1) != 0)
    snprintf(world.base.host, sizeof world.base.host, "localhost");
  TMK_TRY(fill_world(&world, MPI_COMM_WORLD, err));
  TMK_TRY(tmk_monitor_start(&world.base, end_all, &world.monitor, err));
  tmk_guard_stop(guard);
  guard = NULL;
  status = main(&world.base, context, err);
  finish(&world, status, err);
out:
  tmk_guard_stop(guard);
  return status;
}

/* ---- the transport ---- */

/* bf16 and f16 are no types of MPI's: their sums are operations on 16-bit words. */
static void add_bf16(void *add, void *sum, int *count, MPI_Datatype *type)
{
  (void)type;
  tmk_reduce_add(TMK_DTYPE_BF16, sum, add, *count);
}

static void add_f16(void *add, void *sum, int *count, MPI_Datatype *type)
{
  (void)type;
  tmk_reduce_add(TMK_DTYPE_F16, sum, add, *count);
}

static enum tmk_status mpi_open(struct tmk_world *base, int64_t device_index, struct tmk_comm **out,
                                struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  (void)device_index;
  if (base->ops != &mpi_world_ops) return tmk_fail(err, TMK_ERR_UNSUPPORTED, "mpi: the ranks are threads");
  struct tmk_comm *comm = calloc(1, sizeof *comm);
  if (comm == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for a transport");
  comm->world = (struct mpi_world *)base;
  TMK_TRY(check(MPI_Comm_dup(comm->world->comm, &comm->comm), "MPI_Comm_dup", err));
  TMK_TRY(check(MPI_Op_create(add_bf16, 1, &comm->add_bf16), "MPI_Op_create", err));
  TMK_TRY(check(MPI_Op_create(add_f16, 1, &comm->add_f16), "MPI_Op_create", err));
  *out = comm;
  comm = NULL;
out:
  free(comm);
  return status;
}

static void mpi_describe(const struct tmk_comm *comm, char *text, int text_size)
{
  char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  (void)MPI_Get_library_version(version, &length);
  version[strcspn(version, ",\n")] = '\0';
  snprintf(text, (size_t)text_size, "%.80s, %d processes", version, comm->world->base.size);
}

static bool mpi_supports(const struct tmk_comm *comm, enum tmk_collective collective, enum tmk_dtype dtype,
                         char *reason, int reason_size)
{
  (void)comm;
  return tmk_host_comm_supports(collective, dtype, reason, reason_size);
}

/* Types of as many bytes that are added as what they are; sent, any type of that size will do. */
static MPI_Datatype type_of(enum tmk_dtype dtype)
{
  switch (dtype) {
  case TMK_DTYPE_F64: return MPI_DOUBLE;
  case TMK_DTYPE_F32: return MPI_FLOAT;
  case TMK_DTYPE_I32: return MPI_UINT32_T; /* it wraps */
  default: break;
  }
  return tmk_comm_element_bytes(dtype) == 2 ? MPI_UINT16_T : MPI_UINT8_T;
}

static int post_send_recv(struct tmk_comm *comm, const struct tmk_coll *call, MPI_Datatype type)
{
  int result = MPI_SUCCESS;
  const int count = (int)call->count;
  if (call->from >= 0)
    result = MPI_Irecv(call->recv, count, type, call->from, 0, comm->comm, &comm->requests[comm->request_count++]);
  if (call->to >= 0 && result == MPI_SUCCESS)
    result = MPI_Isend(call->send, count, type, call->to, 0, comm->comm, &comm->requests[comm->request_count++]);
  return result;
}

static int post(struct tmk_comm *comm, const struct tmk_coll *call)
{
  const MPI_Datatype type = type_of(call->dtype);
  const MPI_Op add = call->dtype == TMK_DTYPE_BF16  ? comm->add_bf16
                     : call->dtype == TMK_DTYPE_F16 ? comm->add_f16
                                                    : MPI_SUM;
  const int rank = comm->world->base.rank, count = (int)call->count;
  const int64_t bytes = call->count * tmk_comm_element_bytes(call->dtype);
  const void *own = (const char *)call->recv + rank * bytes; /* where an all-gather in place has its part */
  if (call->collective == TMK_COLL_SEND_RECV) return post_send_recv(comm, call, type);
  MPI_Request *request = &comm->requests[comm->request_count++];
  switch (call->collective) {
  case TMK_COLL_ALL_REDUCE:
    return MPI_Iallreduce(call->send == call->recv ? MPI_IN_PLACE : call->send, call->recv, count, type, add,
                          comm->comm, request);
  case TMK_COLL_ALL_GATHER:
    return MPI_Iallgather(call->send == own ? MPI_IN_PLACE : call->send, count, type, call->recv, count, type,
                          comm->comm, request);
  case TMK_COLL_REDUCE_SCATTER:
    /* In place MPI puts the result at the start of the whole, NCCL and this at the rank's part: start() moves it. */
    return MPI_Ireduce_scatter_block(call->send, call->recv, count, type, add, comm->comm, request);
  case TMK_COLL_ALL_TO_ALL: return MPI_Ialltoall(call->send, count, type, call->recv, count, type, comm->comm, request);
  case TMK_COLL_BROADCAST: return MPI_Ibcast(call->recv, count, type, call->root, comm->comm, request);
  case TMK_COLL_SEND_RECV:
  case TMK_COLL_COUNT: break;
  }
  return MPI_ERR_OTHER;
}

static enum tmk_status mpi_wait(struct tmk_comm *comm, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(poll_requests(comm->world, comm->requests, comm->request_count, "collective", err));
  comm->request_count = 0;
out:
  return status;
}

/* A reduce-scatter whose result lies inside its own send buffer, by way of a buffer of its own. */
static enum tmk_status scatter_in_place(struct tmk_comm *comm, const struct tmk_coll *call, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_coll apart = *call;
  const size_t bytes = (size_t)call->count * (size_t)tmk_comm_element_bytes(call->dtype);
  void *sum = malloc(bytes);
  if (sum == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for a reduce-scatter in place");
  apart.recv = sum;
  TMK_TRY(check(post(comm, &apart), "reduce-scatter", err));
  TMK_TRY(mpi_wait(comm, err));
  memcpy(call->recv, sum, bytes);
out:
  free(sum);
  return status;
}

static enum tmk_status mpi_start(struct tmk_comm *comm, const struct tmk_coll *call, void *stream,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const char *name = tmk_collective_name(call->collective);
  const int64_t bytes = call->count * tmk_comm_element_bytes(call->dtype);
  (void)stream;
  if (call->count > INT32_MAX) {
    TMK_TRY(tmk_fail(err, TMK_ERR_UNSUPPORTED, "%s of %lld elements: MPI takes %d at most", name,
                     (long long)call->count, INT32_MAX));
  }
  if (comm->request_count > MAX_REQUESTS - 2) TMK_TRY(mpi_wait(comm, err));
  mpi_step(&comm->world->base);
  if (call->collective == TMK_COLL_REDUCE_SCATTER &&
      (const char *)call->recv == (const char *)call->send + comm->world->base.rank * bytes) {
    TMK_TRY(scatter_in_place(comm, call, err));
    goto out;
  }
  if (call->collective == TMK_COLL_BROADCAST && call->send != call->recv && call->root == comm->world->base.rank)
    memcpy(call->recv, call->send, (size_t)bytes);
  TMK_TRY(check(post(comm, call), name, err));
out:
  return status;
}

static enum tmk_status mpi_run(struct tmk_comm *comm, const struct tmk_coll *call, int64_t passes, bool graph,
                               struct tmk_comm_times *times, struct tmk_error *err)
{
  return tmk_host_comm_run(&tmk_comm_mpi, comm, call, passes, graph, times, err);
}

static void mpi_comm_close(struct tmk_comm *comm)
{
  if (comm == NULL) return;
  (void)MPI_Op_free(&comm->add_bf16);
  (void)MPI_Op_free(&comm->add_f16);
  (void)MPI_Comm_free(&comm->comm);
  free(comm);
}

const struct tmk_comm_ops tmk_comm_mpi = {
    .name = "mpi",
    .open = mpi_open,
    .describe = mpi_describe,
    .supports = mpi_supports,
    .start = mpi_start,
    .wait = mpi_wait,
    .run = mpi_run,
    .alloc = tmk_host_comm_alloc,
    .release = tmk_host_comm_release,
    .write = tmk_host_comm_write,
    .read = tmk_host_comm_read,
    .close = mpi_comm_close,
};
