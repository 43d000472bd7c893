/* nccl_comm.c: communicators, groups and calls (nccl_internal.h). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <cuda_runtime_api.h>

#include "nccl_internal.h"

#define JOIN_TIMEOUT_S 60 /* the others have died: NCCL's own bootstrap gives up too */

/* What a thread has called since ncclGroupStart. */
struct pending {
  struct ncclComm *comm;
  cudaStream_t stream;
  struct nc_op op;
  const void *send;
  void *recv;
};
static _Thread_local struct {
  int depth, count;
  struct pending calls[NC_OPS];
} group;

const char *nc_kind_name(int kind)
{
  static const char *const names[] = {
      "", "ncclAllReduce", "ncclAllGather", "ncclReduceScatter", "ncclBroadcast", "ncclSend", "ncclRecv"};
  return kind >= 1 && kind <= NC_RECV ? names[kind] : "nothing";
}

ncclResult_t nc_finding(struct ncclComm *comm, const char *call, const char *format, ...)
{
  char text[256];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  __cudaSimgpuCollective(call, text);
  if (comm != NULL) {
    atomic_store(&comm->async, ncclInvalidUsage);
    atomic_store(&comm->shared->failed, comm->rank + 1);
  }
  return ncclInvalidUsage;
}

static ncclResult_t refuse(const char *call, const char *text)
{
  __cudaSimgpuExplain(call, text);
  return ncclInvalidArgument;
}

/* A nonblocking communicator answers later, though all is done. */
ncclResult_t nc_leave(struct ncclComm *comm, ncclResult_t result)
{
  if (result == ncclSuccess) result = atomic_load(&comm->async);
  if (!comm->nonblocking || result != ncclSuccess) return result;
  comm->pending = result;
  comm->asked_once = false;
  return ncclInProgress;
}

/* --- communicators --- */

ncclResult_t ncclGetVersion(int *version)
{
  if (version == NULL) return ncclInvalidArgument;
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t result)
{
  static const char *const texts[] = {"no error",
                                      "unhandled cuda error",
                                      "unhandled system error",
                                      "internal error",
                                      "invalid argument",
                                      "invalid usage",
                                      "remote process exited or there was a network error",
                                      "NCCL operation in progress"};
  return (unsigned)result < sizeof texts / sizeof texts[0] ? texts[result] : "unknown result code";
}

const char *ncclGetLastError(ncclComm_t comm)
{
  (void)comm;
  return "";
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
  unsigned char bits[16];
  if (id == NULL) return ncclInvalidArgument;
  if (getrandom(bits, sizeof bits, 0) != (ssize_t)sizeof bits) return ncclSystemError;
  memset(id, 0, sizeof *id);
  int used = snprintf(id->internal, sizeof id->internal, "/simgpu-nccl-");
  for (size_t i = 0; i < sizeof bits; i++)
    used += snprintf(id->internal + used, sizeof id->internal - (size_t)used, "%02x", bits[i]);
  const int file = shm_open(id->internal, O_RDWR | O_CREAT | O_EXCL, 0600);
  const bool good = file >= 0 && ftruncate(file, (off_t)sizeof(struct nc_shared)) == 0;
  if (file >= 0) (void)close(file);
  return good ? ncclSuccess : ncclSystemError;
}

static struct nc_shared *map_shared(const char *name)
{
  const int file = shm_open(name, O_RDWR, 0600);
  if (file < 0) return NULL;
  void *at = mmap(NULL, sizeof(struct nc_shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  (void)close(file);
  return at == MAP_FAILED ? NULL : at;
}

static ncclResult_t wait_for_all(struct ncclComm *comm)
{
  const time_t begin = time(NULL);
  while (atomic_load(&comm->shared->joined) < comm->ranks) {
    if (atomic_load(&comm->shared->aborted)) return ncclRemoteError;
    if (time(NULL) - begin > JOIN_TIMEOUT_S) return ncclSystemError;
    (void)sched_yield();
  }
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t *out, int ranks, ncclUniqueId id, int rank, ncclConfig_t *config)
{
  int device = 0;
  if (out == NULL || ranks < 1 || ranks > NC_RANKS || rank < 0 || rank >= ranks)
    return refuse(__func__, "rank, or more than 16 ranks");
  if (config != NULL && config->magic != 0xcafebeefu)
    return refuse(__func__, "a config that NCCL_CONFIG_INITIALIZER did not make");
  id.internal[NCCL_UNIQUE_ID_BYTES - 1] = '\0';
  if (strncmp(id.internal, "/simgpu-nccl-", 13) != 0)
    return refuse(__func__, "an id that ncclGetUniqueId did not give");
  if (cudaGetDevice(&device) != cudaSuccess) return ncclUnhandledCudaError;
  struct ncclComm *comm = calloc(1, sizeof *comm);
  if (comm == NULL) return ncclSystemError;
  comm->shared = map_shared(id.internal);
  if (comm->shared == NULL) {
    free(comm);
    return refuse(__func__, "the id's ranks have all joined already, or its process is gone");
  }
  comm->rank = rank;
  comm->ranks = ranks;
  comm->device = device;
  comm->nonblocking = config != NULL && config->blocking == 0;
  (void)atomic_fetch_add(&comm->shared->joined, 1);
  const ncclResult_t result = wait_for_all(comm);
  if (rank == 0) (void)shm_unlink(id.internal);
  *out = comm;
  return nc_leave(comm, result);
}

ncclResult_t ncclCommInitRank(ncclComm_t *out, int ranks, ncclUniqueId id, int rank)
{
  return ncclCommInitRankConfig(out, ranks, id, rank, NULL);
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t *error)
{
  if (comm == NULL || error == NULL) return ncclInvalidArgument;
  *error = atomic_load(&comm->async);
  if (*error == ncclSuccess && atomic_load(&comm->shared->aborted)) *error = ncclRemoteError;
  if (*error != ncclSuccess || !comm->nonblocking) return ncclSuccess;
  if (comm->pending == ncclSuccess && !comm->asked_once) {
    comm->asked_once = true;
    *error = ncclInProgress;
  }
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t comm)
{
  return comm == NULL ? ncclInvalidArgument : nc_leave(comm, ncclSuccess);
}

static ncclResult_t leave(struct ncclComm *comm, bool abort)
{
  if (comm == NULL) return ncclInvalidArgument;
  ncclResult_t result = ncclSuccess;
  if (!abort && group.depth > 0)
    result = nc_finding(NULL, "ncclCommDestroy", "a group is open: ncclGroupEnd is missing");
  if (abort) atomic_store(&comm->shared->aborted, 1);
  (void)munmap(comm->shared, sizeof *comm->shared);
  free(comm);
  return result;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm)
{
  return leave(comm, false);
}

ncclResult_t ncclCommAbort(ncclComm_t comm)
{
  return leave(comm, true);
}

ncclResult_t ncclCommCount(const ncclComm_t comm, int *count)
{
  if (comm == NULL || count == NULL) return ncclInvalidArgument;
  *count = comm->ranks;
  return ncclSuccess;
}

ncclResult_t ncclCommUserRank(const ncclComm_t comm, int *rank)
{
  if (comm == NULL || rank == NULL) return ncclInvalidArgument;
  *rank = comm->rank;
  return ncclSuccess;
}

/* --- submission --- */

static uint8_t add_span(struct rt_work *work, const char *what, const void *at, uint64_t bytes, bool write)
{
  if (bytes == 0) return NC_NONE;
  work->spans[work->span_count] = (struct sim_span){.what = what, .address = (uint64_t)(uintptr_t)at, .rows = 1};
  struct sim_span *span = &work->spans[work->span_count];
  span->row_bytes = span->pitch_bytes = bytes;
  span->batches = 1;
  span->write = write;
  return (uint8_t)work->span_count++;
}

/* Calls that make one piece of work: one collective, or sends and receives of a group. */
static ncclResult_t submit(struct pending *calls, int count)
{
  struct rt_work work = {.name = nc_kind_name(calls[0].op.kind), .run = nc_run, .nominal_ns = 5000};
  struct nc_op ops[NC_OPS];
  struct ncclComm *comm = calls[0].comm;
  for (int i = 0; i < count; i++) {
    struct pending *call = &calls[i];
    const uint64_t part = call->op.count * nc_type_bytes(call->op.type), ranks = (uint64_t)comm->ranks;
    const int kind = call->op.kind;
    call->op.send_span = call->op.recv_span = NC_NONE;
    if (kind != NC_RECV && (kind != NC_BROADCAST || comm->rank == call->op.peer))
      call->op.send_span =
          add_span(&work, "send buffer", call->send, kind == NC_REDUCE_SCATTER ? part * ranks : part, false);
    if (kind != NC_SEND)
      call->op.recv_span =
          add_span(&work, "receive buffer", call->recv, kind == NC_ALL_GATHER ? part * ranks : part, true);
    ops[i] = call->op;
  }
  _Static_assert(16 + sizeof ops <= sizeof work.data, "operations fit in a work");
  memcpy(&work.data[0], &comm, sizeof comm);
  work.data[1] = (uint64_t)count;
  memcpy(&work.data[2], ops, (size_t)count * sizeof ops[0]);
  const cudaError_t error = __cudaSimgpuWork(calls[0].stream, &work);
  return error == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

static ncclResult_t flush(void)
{
  ncclResult_t result = ncclSuccess;
  bool done[NC_OPS] = {false};
  if (group.count == 0) return ncclSuccess;
  struct ncclComm *comm = group.calls[0].comm;
  for (int i = 0; i < group.count && result == ncclSuccess; i++) {
    struct pending together[NC_OPS] = {{0}};
    int count = 0;
    if (done[i]) continue;
    if (group.calls[i].comm != comm)
      result = refuse("ncclGroupEnd", "several communicators of one thread are not simulated");
    for (int k = i; k < group.count && result == ncclSuccess; k++) {
      const bool pair = group.calls[i].op.kind >= NC_SEND && group.calls[k].op.kind >= NC_SEND;
      if (done[k] || (k != i && !(pair && group.calls[k].stream == group.calls[i].stream))) continue;
      together[count++] = group.calls[k];
      done[k] = true;
    }
    if (result == ncclSuccess) result = submit(together, count);
  }
  group.count = 0;
  return nc_leave(comm, result);
}

/* nccl.h declares them without a prototype. */
ncclResult_t ncclGroupStart(void);
ncclResult_t ncclGroupEnd(void);

ncclResult_t ncclGroupStart(void)
{
  group.depth++;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd(void)
{
  if (group.depth == 0) return nc_finding(NULL, __func__, "no group was begun");
  return --group.depth == 0 ? flush() : ncclSuccess;
}

static bool overlap(const void *a, uint64_t a_bytes, const void *b, uint64_t b_bytes)
{
  const uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
  return a_bytes > 0 && b_bytes > 0 && x < y + b_bytes && y < x + a_bytes;
}

/* In place only where NCCL has it ("In-place Operations" of its user guide). */
static ncclResult_t check_place(const struct pending *call)
{
  const struct ncclComm *comm = call->comm;
  const uint64_t part = call->op.count * nc_type_bytes(call->op.type), ranks = (uint64_t)comm->ranks;
  const int kind = call->op.kind;
  const uint64_t send = kind == NC_REDUCE_SCATTER ? part * ranks : part,
                 recv = kind == NC_ALL_GATHER ? part * ranks : part;
  const char *own = kind == NC_ALL_GATHER ? (const char *)call->recv + (uint64_t)comm->rank * part : call->recv;
  const char *sent = kind == NC_REDUCE_SCATTER ? (const char *)call->send + (uint64_t)comm->rank * part : call->send;
  if (call->send == NULL || call->recv == NULL || !overlap(call->send, send, call->recv, recv) || own == sent)
    return ncclSuccess;
  return nc_finding(call->comm, nc_kind_name(kind),
                    "rank %d: send and receive buffers overlap, and not as in place has it", comm->rank);
}

static ncclResult_t enqueue(struct pending *call, size_t count, int type)
{
  struct ncclComm *comm = call->comm;
  const char *name = nc_kind_name(call->op.kind);
  int device = -1;
  if (comm == NULL) return refuse(name, "no communicator");
  if (nc_type_bytes(type) == 0 || call->op.op != ncclSum)
    return refuse(name, "a type that is none, or another operation than sum");
  if (call->op.peer >= comm->ranks) return refuse(name, "a peer or root that is no rank");
  if (atomic_load(&comm->async) != ncclSuccess) return atomic_load(&comm->async);
  call->op.count = count;
  call->op.type = (uint8_t)type;
  (void)cudaGetDevice(&device);
  if (device != comm->device)
    return nc_finding(comm, name, "rank %d: the current device is %d, the communicator's is %d", comm->rank, device,
                      comm->device);
  const ncclResult_t result = check_place(call);
  if (result != ncclSuccess) return result;
  if (group.count == NC_OPS) return refuse(name, "more than 24 calls in a group are not simulated");
  group.calls[group.count++] = *call;
  return group.depth > 0 ? ncclSuccess : flush();
}

ncclResult_t ncclAllReduce(const void *send, void *recv, size_t count, ncclDataType_t type, ncclRedOp_t op,
                           ncclComm_t comm, cudaStream_t stream)
{
  struct pending call = {comm, stream, {.kind = NC_ALL_REDUCE, .op = (uint8_t)op}, send, recv};
  return enqueue(&call, count, type);
}

ncclResult_t ncclAllGather(const void *send, void *recv, size_t count, ncclDataType_t type, ncclComm_t comm,
                           cudaStream_t stream)
{
  struct pending call = {comm, stream, {.kind = NC_ALL_GATHER}, send, recv};
  return enqueue(&call, count, type);
}

ncclResult_t ncclReduceScatter(const void *send, void *recv, size_t count, ncclDataType_t type, ncclRedOp_t op,
                               ncclComm_t comm, cudaStream_t stream)
{
  struct pending call = {comm, stream, {.kind = NC_REDUCE_SCATTER, .op = (uint8_t)op}, send, recv};
  return enqueue(&call, count, type);
}

ncclResult_t ncclBroadcast(const void *send, void *recv, size_t count, ncclDataType_t type, int root, ncclComm_t comm,
                           cudaStream_t stream)
{
  struct pending call = {comm, stream, {.kind = NC_BROADCAST, .peer = (uint8_t)root}, send, recv};
  return enqueue(&call, count, type);
}

ncclResult_t ncclSend(const void *buffer, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream)
{
  struct pending call = {comm, stream, {.kind = NC_SEND, .peer = (uint8_t)peer}, buffer, NULL};
  return enqueue(&call, count, type);
}

ncclResult_t ncclRecv(void *buffer, size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t stream)
{
  struct pending call = {comm, stream, {.kind = NC_RECV, .peer = (uint8_t)peer}, NULL, buffer};
  return enqueue(&call, count, type);
}
