/* comm_nccl.c: the transport of GPUs. libnccl.so.2 is opened by dlopen, by prototypes of our own (its header is not part of the
 * toolkit), and the world carries NCCL's id: over MPI between processes, between threads in one.
 *
 * Communicators are nonblocking (ncclConfig_t.blocking = 0, NCCL 2.14 and later): every call may say "in progress", is polled by
 * ncclCommGetAsyncError, and an error or the deadline ends it by ncclCommAbort. The device's work is polled likewise.
 * Types and values are those of nccl.h, which keeps them stable within version 2.
 */
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm_poll.h"
#include "comm_reduce.h"
#include "host.h"
#include "tokmark/comm.h"

enum { NCCL_SUCCESS = 0, NCCL_IN_PROGRESS = 7 };
enum { NCCL_SUM = 0 };
enum { NCCL_UINT8 = 1, NCCL_INT32 = 2, NCCL_FLOAT16 = 6, NCCL_FLOAT32 = 7, NCCL_FLOAT64 = 8, NCCL_BFLOAT16 = 9 };

struct nccl_id {
  char bytes[128];
};
/* The members up to 2.17; a library of a later version takes the rest at their defaults, by `size`. */
struct nccl_config {
  size_t size;
  unsigned magic, version;
  int blocking, cga_cluster_size, min_ctas, max_ctas;
  const char *net_name;
  int split_share;
};

typedef void *nccl_comm;
struct nccl_api {
  int (*get_version)(int *version);
  const char *(*get_error_string)(int result);
  int (*get_unique_id)(struct nccl_id *id);
  int (*comm_init_rank_config)(nccl_comm *comm, int ranks, struct nccl_id id, int rank, struct nccl_config *config);
  int (*comm_get_async_error)(nccl_comm comm, int *error);
  int (*comm_finalize)(nccl_comm comm);
  int (*comm_destroy)(nccl_comm comm);
  int (*comm_abort)(nccl_comm comm);
  int (*all_reduce)(const void *send, void *recv, size_t count, int type, int op, nccl_comm comm, cudaStream_t stream);
  int (*all_gather)(const void *send, void *recv, size_t count, int type, nccl_comm comm, cudaStream_t stream);
  int (*reduce_scatter)(const void *send, void *recv, size_t count, int type, int op, nccl_comm comm,
                        cudaStream_t stream);
  int (*broadcast)(const void *send, void *recv, size_t count, int type, int root, nccl_comm comm, cudaStream_t stream);
  int (*send)(const void *buffer, size_t count, int type, int peer, nccl_comm comm, cudaStream_t stream);
  int (*recv)(void *buffer, size_t count, int type, int peer, nccl_comm comm, cudaStream_t stream);
  int (*group_start)(void);
  int (*group_end)(void);
};

#define GRAPH_CALLS 16 /* in the longer of the two graphs: the launch of a graph is shared by them */

struct graph {
  cudaGraphExec_t exec;
  int calls;
};

struct tmk_comm {
  struct tmk_world *world;
  void *library;
  struct nccl_api api;
  int version;
  int device;
  nccl_comm nccl;
  cudaStream_t stream;
  cudaEvent_t begin, end;
  bool failed; /* what is begun may never end */
  struct tmk_coll captured;
  struct graph graphs[2]; /* of one call and of GRAPH_CALLS */
};

#define SYMBOL(member, symbol)                                                                                         \
  {                                                                                                                    \
    symbol, offsetof(struct nccl_api, member)                                                                          \
  }
static const struct {
  const char *name;
  size_t offset;
} symbols[] = {
    SYMBOL(get_version, "ncclGetVersion"),
    SYMBOL(get_error_string, "ncclGetErrorString"),
    SYMBOL(get_unique_id, "ncclGetUniqueId"),
    SYMBOL(comm_init_rank_config, "ncclCommInitRankConfig"),
    SYMBOL(comm_get_async_error, "ncclCommGetAsyncError"),
    SYMBOL(comm_finalize, "ncclCommFinalize"),
    SYMBOL(comm_destroy, "ncclCommDestroy"),
    SYMBOL(comm_abort, "ncclCommAbort"),
    SYMBOL(all_reduce, "ncclAllReduce"),
    SYMBOL(all_gather, "ncclAllGather"),
    SYMBOL(reduce_scatter, "ncclReduceScatter"),
    SYMBOL(broadcast, "ncclBroadcast"),
    SYMBOL(send, "ncclSend"),
    SYMBOL(recv, "ncclRecv"),
    SYMBOL(group_start, "ncclGroupStart"),
    SYMBOL(group_end, "ncclGroupEnd"),
};

/* ---- errors ---- */

static enum tmk_status cuda_check(cudaError_t error, const char *what, struct tmk_error *err)
{
  if (error == cudaSuccess) return TMK_OK;
  (void)cudaGetLastError();
  return tmk_fail(err, error == cudaErrorMemoryAllocation ? TMK_ERR_MEMORY : TMK_ERR_DEVICE, "%s: %s (%s)", what,
                  cudaGetErrorString(error), cudaGetErrorName(error));
}

/* A result of NCCL's: "in progress" is waited for, anything else but success is an error. */
static enum tmk_status nccl_check(struct tmk_comm *comm, int result, const char *what, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_poll poll;
  tmk_poll_begin(&poll, comm->world->timeout_ns);
  while (result == NCCL_IN_PROGRESS) {
    TMK_TRY(comm->world->ops->check(comm->world, err));
    if (!tmk_poll_turn(&poll)) TMK_TRY(comm->world->ops->late(comm->world, what, err));
    const int asked = comm->api.comm_get_async_error(comm->nccl, &result);
    if (asked != NCCL_SUCCESS) result = asked;
  }
  if (result != NCCL_SUCCESS)
    TMK_TRY(tmk_fail(err, TMK_ERR_DEVICE, "NCCL: %s: %s", what, comm->api.get_error_string(result)));
out:
  if (status != TMK_OK) comm->failed = true;
  return status;
}

/* Until the device has come to the event or, without one, to the end of the stream. */
static enum tmk_status wait_in(struct tmk_comm *comm, cudaStream_t stream, cudaEvent_t event, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_poll poll;
  cudaError_t error;
  tmk_poll_begin(&poll, comm->world->timeout_ns);
  while ((error = event != NULL ? cudaEventQuery(event) : cudaStreamQuery(stream)) == cudaErrorNotReady) {
    int result = NCCL_SUCCESS;
    TMK_TRY(comm->world->ops->check(comm->world, err));
    const int asked = comm->api.comm_get_async_error(comm->nccl, &result);
    if (asked != NCCL_SUCCESS || (result != NCCL_SUCCESS && result != NCCL_IN_PROGRESS))
      TMK_TRY(nccl_check(comm, asked != NCCL_SUCCESS ? asked : result, "collective", err));
    if (!tmk_poll_turn(&poll)) TMK_TRY(comm->world->ops->late(comm->world, "collective", err));
  }
  TMK_TRY(cuda_check(error, "collective", err));
out:
  if (status != TMK_OK) comm->failed = true;
  return status;
}

static enum tmk_status wait_for(struct tmk_comm *comm, cudaEvent_t event, struct tmk_error *err)
{
  return wait_in(comm, comm->stream, event, err);
}

/* ---- opening ---- */

static enum tmk_status load(struct tmk_comm *comm, struct tmk_error *err)
{
  comm->library = dlopen("libnccl.so.2", RTLD_NOW | RTLD_LOCAL);
  if (comm->library == NULL) return tmk_fail(err, TMK_ERR_UNSUPPORTED, "no NCCL: %s", dlerror());
  for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
    void *address = dlsym(comm->library, symbols[i].name);
    if (address == NULL)
      return tmk_fail(err, TMK_ERR_UNSUPPORTED, "libnccl.so.2 has no %s: NCCL must be 2.14 or later", symbols[i].name);
    memcpy((char *)&comm->api + symbols[i].offset, &address, sizeof address);
  }
  if (comm->api.get_version(&comm->version) != NCCL_SUCCESS) comm->version = 0;
  return TMK_OK;
}

static void nccl_close(struct tmk_comm *comm)
{
  if (comm == NULL) return;
  struct tmk_error ignored = {0};
  for (int i = 0; i < 2; i++) {
    if (comm->graphs[i].exec != NULL) (void)cudaGraphExecDestroy(comm->graphs[i].exec);
  }
  if (comm->nccl != NULL && !comm->failed &&
      nccl_check(comm, comm->api.comm_finalize(comm->nccl), "ncclCommFinalize", &ignored) == TMK_OK) {
    (void)comm->api.comm_destroy(comm->nccl);
  } else if (comm->nccl != NULL) {
    (void)comm->api.comm_abort(comm->nccl);
  }
  if (comm->end != NULL) (void)cudaEventDestroy(comm->end);
  if (comm->begin != NULL) (void)cudaEventDestroy(comm->begin);
  if (comm->stream != NULL) (void)cudaStreamDestroy(comm->stream);
  free(comm); /* the library stays: NCCL's threads may still be in it */
}

static enum tmk_status join(struct tmk_comm *comm, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_world *world = comm->world;
  struct nccl_config config = {.size = sizeof config, .magic = 0xcafebeefu, .version = 21701, .blocking = 0};
  struct nccl_id id = {{0}}, *ids = calloc((size_t)world->size, sizeof *ids);
  struct tmk_error local = {0};
  if (ids == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", world->size);
  config.cga_cluster_size = config.min_ctas = config.max_ctas = config.split_share =
      INT_MIN; /* undefined: the default */
  if (world->rank == 0) status = nccl_check(comm, comm->api.get_unique_id(&id), "ncclGetUniqueId", &local);
  TMK_TRY(tmk_world_agree(world, status, &local, err));
  TMK_TRY(world->ops->exchange(world, &id, ids, sizeof id, err));
  TMK_TRY(nccl_check(comm, comm->api.comm_init_rank_config(&comm->nccl, world->size, ids[0], world->rank, &config),
                     "ncclCommInitRankConfig", err));
out:
  free(ids);
  return status;
}

/* What fails on one rank before they join must be known to all of them, or the others would wait in NCCL. */
static enum tmk_status open_device(struct tmk_comm *comm, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(load(comm, err));
  TMK_TRY(cuda_check(cudaSetDevice(comm->device), "cudaSetDevice", err));
  TMK_TRY(cuda_check(cudaStreamCreateWithFlags(&comm->stream, cudaStreamNonBlocking), "cudaStreamCreate", err));
  TMK_TRY(cuda_check(cudaEventCreate(&comm->begin), "cudaEventCreate", err));
  TMK_TRY(cuda_check(cudaEventCreate(&comm->end), "cudaEventCreate", err));
out:
  return status;
}

static enum tmk_status nccl_open(struct tmk_world *world, int64_t device_index, struct tmk_comm **out,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_error local = {0};
  struct tmk_comm *comm = calloc(1, sizeof *comm);
  if (comm == NULL) {
    status = tmk_fail(&local, TMK_ERR_MEMORY, "out of memory for a transport");
  } else {
    comm->world = world;
    comm->device = (int)device_index;
    status = open_device(comm, &local);
  }
  TMK_TRY(tmk_world_agree(world, status, &local, err));
  TMK_TRY(join(comm, err));
  *out = comm;
  comm = NULL;
out:
  nccl_close(comm);
  return status;
}

static void nccl_describe(const struct tmk_comm *comm, char *text, int text_size)
{
  snprintf(text, (size_t)text_size, "NCCL %d.%d.%d, %d %s", comm->version / 10000, comm->version / 100 % 100,
           comm->version % 100, comm->world->size, comm->world->ops->processes ? "processes" : "threads");
}

static bool nccl_supports(const struct tmk_comm *comm, enum tmk_collective collective, enum tmk_dtype dtype,
                          char *reason, int reason_size)
{
  (void)comm;
  if (tmk_comm_element_bytes(dtype) != 0 && (!tmk_collective_reduces(collective) || tmk_reduce_takes(dtype)))
    return true;
  snprintf(reason, (size_t)reason_size, "%s in %s: f64, f32, bf16, f16, i32 are added up", tmk_collective_name(collective),
           tmk_dtype_name(dtype));
  return false;
}

/* ---- calls ---- */

/* Elements of other types are sent as bytes: `count` changes with the type. */
static int type_of(enum tmk_dtype dtype, size_t *count)
{
  switch (dtype) {
  case TMK_DTYPE_F64: return NCCL_FLOAT64;
  case TMK_DTYPE_F32: return NCCL_FLOAT32;
  case TMK_DTYPE_BF16: return NCCL_BFLOAT16;
  case TMK_DTYPE_F16: return NCCL_FLOAT16;
  case TMK_DTYPE_I32: return NCCL_INT32;
  default: break;
  }
  *count *= (size_t)tmk_comm_element_bytes(dtype);
  return NCCL_UINT8;
}

static int exchange_parts(struct tmk_comm *comm, const struct tmk_coll *call, size_t count, int type,
                          cudaStream_t stream)
{
  const size_t bytes = (size_t)call->count * (size_t)tmk_comm_element_bytes(call->dtype);
  const bool all = call->collective == TMK_COLL_ALL_TO_ALL;
  int result = comm->api.group_start();
  for (int i = 0; all && i < comm->world->size && result == NCCL_SUCCESS; i++) {
    result = comm->api.send((const char *)call->send + (size_t)i * bytes, count, type, i, comm->nccl, stream);
    if (result == NCCL_SUCCESS || result == NCCL_IN_PROGRESS)
      result = comm->api.recv((char *)call->recv + (size_t)i * bytes, count, type, i, comm->nccl, stream);
    if (result == NCCL_IN_PROGRESS) result = NCCL_SUCCESS; /* within a group nothing begins yet */
  }
  if (!all && call->to >= 0 && result == NCCL_SUCCESS)
    result = comm->api.send(call->send, count, type, call->to, comm->nccl, stream);
  if (result == NCCL_IN_PROGRESS) result = NCCL_SUCCESS;
  if (!all && call->from >= 0 && result == NCCL_SUCCESS)
    result = comm->api.recv(call->recv, count, type, call->from, comm->nccl, stream);
  const int ended = comm->api.group_end();
  return result == NCCL_SUCCESS || result == NCCL_IN_PROGRESS ? ended : result;
}

static enum tmk_status nccl_start(struct tmk_comm *comm, const struct tmk_coll *call, void *given,
                                  struct tmk_error *err)
{
  const cudaStream_t stream = given != NULL ? (cudaStream_t)given : comm->stream;
  const struct nccl_api *api = &comm->api;
  size_t count = (size_t)call->count;
  const int type = type_of(call->dtype, &count);
  int result = NCCL_SUCCESS;
  comm->world->ops->step(comm->world);
  switch (call->collective) {
  case TMK_COLL_ALL_REDUCE:
    result = api->all_reduce(call->send, call->recv, count, type, NCCL_SUM, comm->nccl, stream);
    break;
  case TMK_COLL_ALL_GATHER: result = api->all_gather(call->send, call->recv, count, type, comm->nccl, stream); break;
  case TMK_COLL_REDUCE_SCATTER:
    result = api->reduce_scatter(call->send, call->recv, count, type, NCCL_SUM, comm->nccl, stream);
    break;
  case TMK_COLL_BROADCAST:
    result = api->broadcast(call->send, call->recv, count, type, call->root, comm->nccl, stream);
    break;
  case TMK_COLL_ALL_TO_ALL:
  case TMK_COLL_SEND_RECV: result = exchange_parts(comm, call, count, type, stream); break;
  case TMK_COLL_COUNT: break;
  }
  return nccl_check(comm, result, tmk_collective_name(call->collective), err);
}

static enum tmk_status nccl_wait(struct tmk_comm *comm, struct tmk_error *err)
{
  return wait_for(comm, NULL, err);
}

static enum tmk_status nccl_wait_stream(struct tmk_comm *comm, void *stream, struct tmk_error *err)
{
  return wait_in(comm, (cudaStream_t)stream, NULL, err);
}

/* ---- timed ---- */

static void drop_graphs(struct tmk_comm *comm)
{
  for (int i = 0; i < 2; i++) {
    if (comm->graphs[i].exec != NULL) (void)cudaGraphExecDestroy(comm->graphs[i].exec);
    comm->graphs[i].exec = NULL;
  }
}

static enum tmk_status capture(struct tmk_comm *comm, const struct tmk_coll *call, struct graph *graph,
                               struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  cudaGraph_t made = NULL;
  TMK_TRY(
      cuda_check(cudaStreamBeginCapture(comm->stream, cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture", err));
  for (int i = 0; i < graph->calls && status == TMK_OK; i++) status = nccl_start(comm, call, NULL, err);
  const cudaError_t ended = cudaStreamEndCapture(comm->stream, &made);
  if (status != TMK_OK) goto out;
  TMK_TRY(cuda_check(ended, "cudaStreamEndCapture", err));
  TMK_TRY(cuda_check(cudaGraphInstantiate(&graph->exec, made, 0), "cudaGraphInstantiate", err));
out:
  if (made != NULL) (void)cudaGraphDestroy(made);
  return status;
}

/* An eager call first: connections that NCCL makes at a first call can't be made in a capture. */
static enum tmk_status make_graphs(struct tmk_comm *comm, const struct tmk_coll *call, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (comm->graphs[0].exec != NULL && memcmp(call, &comm->captured, sizeof *call) == 0) return TMK_OK;
  drop_graphs(comm);
  TMK_TRY(nccl_start(comm, call, NULL, err));
  TMK_TRY(nccl_wait(comm, err));
  comm->graphs[0].calls = 1;
  comm->graphs[1].calls = GRAPH_CALLS;
  TMK_TRY(capture(comm, call, &comm->graphs[0], err));
  TMK_TRY(capture(comm, call, &comm->graphs[1], err));
  memcpy(&comm->captured, call, sizeof *call);
out:
  if (status != TMK_OK) drop_graphs(comm);
  return status;
}

static enum tmk_status enqueue(struct tmk_comm *comm, const struct tmk_coll *call, int64_t passes, bool graph,
                               struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int64_t done = 0; done < passes;) {
    const struct graph *next = &comm->graphs[passes - done >= GRAPH_CALLS ? 1 : 0];
    if (graph) {
      TMK_TRY(cuda_check(cudaGraphLaunch(next->exec, comm->stream), "cudaGraphLaunch", err));
      done += next->calls;
    } else {
      TMK_TRY(nccl_start(comm, call, NULL, err));
      done++;
    }
  }
out:
  return status;
}

static enum tmk_status nccl_run(struct tmk_comm *comm, const struct tmk_coll *call, int64_t passes, bool graph,
                                struct tmk_comm_times *times, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  float ms = 0;
  if (graph) TMK_TRY(make_graphs(comm, call, err));
  const int64_t begin_ns = tmk_host_now_ns();
  TMK_TRY(cuda_check(cudaEventRecord(comm->begin, comm->stream), "cudaEventRecord", err));
  TMK_TRY(enqueue(comm, call, passes, graph, err));
  TMK_TRY(cuda_check(cudaEventRecord(comm->end, comm->stream), "cudaEventRecord", err));
  TMK_TRY(wait_for(comm, comm->end, err));
  times->wall_ns = tmk_host_now_ns() - begin_ns;
  TMK_TRY(cuda_check(cudaEventElapsedTime(&ms, comm->begin, comm->end), "cudaEventElapsedTime", err));
  times->device_ns = (int64_t)((double)ms * 1e6);
out:
  return status;
}

/* ---- memory ---- */

static enum tmk_status nccl_alloc(struct tmk_comm *comm, int64_t bytes, void **buffer, struct tmk_error *err)
{
  (void)comm;
  return cuda_check(cudaMalloc(buffer, (size_t)bytes), "cudaMalloc", err);
}

static void nccl_release(struct tmk_comm *comm, void *buffer)
{
  drop_graphs(comm); /* they know the buffers */
  (void)cudaFree(buffer);
}

static enum tmk_status copy(struct tmk_comm *comm, void *to, const void *from, int64_t bytes, enum cudaMemcpyKind kind,
                            struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(cuda_check(cudaMemcpyAsync(to, from, (size_t)bytes, kind, comm->stream), "cudaMemcpy", err));
  TMK_TRY(wait_for(comm, NULL, err));
out:
  return status;
}

static enum tmk_status nccl_write(struct tmk_comm *comm, void *buffer, const void *bytes, int64_t count,
                                  struct tmk_error *err)
{
  return copy(comm, buffer, bytes, count, cudaMemcpyHostToDevice, err);
}

static enum tmk_status nccl_read(struct tmk_comm *comm, const void *buffer, void *bytes, int64_t count,
                                 struct tmk_error *err)
{
  return copy(comm, bytes, buffer, count, cudaMemcpyDeviceToHost, err);
}

static void nccl_abort(struct tmk_comm *comm)
{
  if (comm->nccl != NULL) (void)comm->api.comm_abort(comm->nccl);
  comm->nccl = NULL;
}

const struct tmk_comm_ops tmk_comm_nccl = {
    .name = "nccl",
    .device_memory = true,
    .graphs = true,
    .open = nccl_open,
    .describe = nccl_describe,
    .supports = nccl_supports,
    .start = nccl_start,
    .wait = nccl_wait,
    .wait_stream = nccl_wait_stream,
    .run = nccl_run,
    .alloc = nccl_alloc,
    .release = nccl_release,
    .write = nccl_write,
    .read = nccl_read,
    .abort = nccl_abort,
    .close = nccl_close,
};
