// collective.cu CASE: two or three ranks as threads, each with a device, on NCCL by dlopen. `good` cases give their sums; each other
// case has one bug planted, which the stand-in must name. "graph" behind a case captures its calls.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <pthread.h>

#if __has_include(<nccl.h>)
#include <nccl.h>

enum { COUNT = 3000 };
static const char *bug;
static int ranks = 2;
static bool graph;
static ncclUniqueId id;
static int failures;

#define LOAD(name) static decltype(&::name) p_##name
LOAD(ncclGetUniqueId);
LOAD(ncclCommInitRank);
LOAD(ncclCommDestroy);
LOAD(ncclAllReduce);
LOAD(ncclAllGather);
LOAD(ncclReduceScatter);
LOAD(ncclBroadcast);
LOAD(ncclSend);
LOAD(ncclRecv);
LOAD(ncclGroupStart);
LOAD(ncclGroupEnd);

static bool is(const char *name)
{
  return strcmp(bug, name) == 0;
}

static int value(int rank, int i)
{
  return (rank * 31 + i * 7) % 1000;
}

/* The calls of a case on one rank; x: [ranks, COUNT], its own values in the first COUNT; y: [ranks, COUNT]. */
static int call(int rank, float *x, float *y, ncclComm_t comm, cudaStream_t stream)
{
  const int next = (rank + 1) % ranks, last = (rank + ranks - 1) % ranks;
  const bool one = rank == 1;
  if (is("good_reduce")) return p_ncclAllReduce(x, y, COUNT, ncclFloat, ncclSum, comm, stream);
  if (is("good_in_place")) return p_ncclAllReduce(x, x, COUNT, ncclFloat, ncclSum, comm, stream);
  if (is("good_cast")) return p_ncclBroadcast(x, y, COUNT, ncclFloat, 1, comm, stream);
  if (is("good_ring") || is("unmatched_count") || is("unmatched_type")) {
    const size_t count = is("unmatched_count") && one ? COUNT - 1 : COUNT;
    const ncclDataType_t type = is("unmatched_type") && one ? ncclInt : ncclFloat;
    p_ncclGroupStart();
    p_ncclSend(x, count, type, next, comm, stream);
    p_ncclRecv(y, COUNT, ncclFloat, last, comm, stream);
    return p_ncclGroupEnd();
  }
  if (is("count")) return p_ncclAllReduce(x, y, one ? COUNT - 1 : COUNT, ncclFloat, ncclSum, comm, stream);
  if (is("type")) return p_ncclAllReduce(x, y, COUNT, one ? ncclInt : ncclFloat, ncclSum, comm, stream);
  if (is("root")) return p_ncclBroadcast(x, y, COUNT, ncclFloat, one ? 1 : 0, comm, stream);
  if (is("kind") && one) return p_ncclBroadcast(x, y, COUNT, ncclFloat, 0, comm, stream);
  if (is("kind")) return p_ncclAllReduce(x, y, COUNT, ncclFloat, ncclSum, comm, stream);
  if (is("order")) { // the same two calls, the other way round
    if (one) p_ncclBroadcast(x, y, COUNT, ncclFloat, 0, comm, stream);
    p_ncclAllReduce(x, y, COUNT, ncclFloat, ncclSum, comm, stream);
    return one ? 0 : p_ncclBroadcast(x, y, COUNT, ncclFloat, 0, comm, stream);
  }
  if (is("gather_place")) return p_ncclAllGather(x, x, COUNT, ncclFloat, comm, stream); // rank 1's part is behind
  if (is("scatter_place")) return p_ncclReduceScatter(x, x + 1, COUNT, ncclFloat, ncclSum, comm, stream);
  if (is("device") && one) cudaSetDevice(0);
  if (is("device")) return p_ncclAllReduce(x, y, COUNT, ncclFloat, ncclSum, comm, stream);
  if (is("group_end") && one) return p_ncclGroupEnd();
  if (is("group_end")) return 0;
  if (is("group_open") && one) return p_ncclGroupStart();
  if (is("group_open")) return 0;
  if (is("bounds")) return p_ncclAllReduce(x, y + ranks * COUNT - 10, COUNT, ncclFloat, ncclSum, comm, stream);
  if (is("freed")) {
    cudaFree(y);
    return p_ncclAllReduce(x, y, COUNT, ncclFloat, ncclSum, comm, stream);
  }
  return 99;
}

static float expected(int rank, int i)
{
  float sum = 0;
  for (int r = 0; r < ranks; r++) sum += value(r, i);
  if (is("good_cast")) return value(1, i);
  if (is("good_ring")) return value((rank + ranks - 1) % ranks, i);
  return sum;
}

static void *run_rank(void *argument)
{
  const int rank = (int)(long)argument;
  ncclComm_t comm;
  cudaStream_t stream, other;
  float *x, *y;
  float *host = (float *)calloc(ranks * COUNT, sizeof *host);
  cudaSetDevice(rank);
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking);
  cudaMalloc(&x, ranks * COUNT * sizeof *x);
  cudaMalloc(&y, ranks * COUNT * sizeof *y);
  for (int i = 0; i < COUNT; i++) host[i] = value(rank, i);
  for (int r = 1; r < ranks; r++) memcpy(host + r * COUNT, host, COUNT * sizeof *host);
  const bool race = is("stream"); // the values are set in another stream that nothing waits for
  if (race) bug = "good_reduce";
  cudaMemcpyAsync(x, host, ranks * COUNT * sizeof *x, cudaMemcpyHostToDevice, race ? other : stream);
  cudaMemsetAsync(y, 0, ranks * COUNT * sizeof *y, stream);
  if (p_ncclCommInitRank(&comm, ranks, id, rank) != ncclSuccess) exit(3);
  int result;
  if (graph) {
    cudaGraph_t made;
    cudaGraphExec_t exec;
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed);
    result = call(rank, x, y, comm, stream);
    cudaStreamEndCapture(stream, &made);
    cudaGraphInstantiate(&exec, made, 0);
    cudaGraphLaunch(exec, stream);
    if (!is("good_in_place")) cudaGraphLaunch(exec, stream);
    cudaStreamSynchronize(stream);
    cudaGraphExecDestroy(exec);
    cudaGraphDestroy(made);
  } else {
    result = call(rank, x, y, comm, stream);
  }
  cudaMemcpyAsync(host, is("good_in_place") ? x : y, COUNT * sizeof *host, cudaMemcpyDeviceToHost, stream);
  cudaStreamSynchronize(stream);
  int wrong = 0;
  if (strncmp(bug, "good", 4) == 0) {
    for (int i = 0; i < COUNT; i++) wrong += host[i] != expected(rank, i);
    if (wrong != 0 || result != 0) __sync_fetch_and_add(&failures, 1);
    printf("rank %d: result %d, %d wrong\n", rank, result, wrong);
  }
  if (result == 0) p_ncclCommDestroy(comm);
  cudaFree(x);
  if (!is("freed")) cudaFree(y);
  cudaStreamDestroy(stream);
  cudaStreamDestroy(other);
  free(host);
  return NULL;
}

int main(int argc, char **argv)
{
  bug = argc > 1 ? argv[1] : "good_reduce";
  graph = argc > 2 && strcmp(argv[2], "graph") == 0;
  cudaGetDeviceCount(&ranks);
  void *library = dlopen("libnccl.so.2", RTLD_NOW);
  if (library == NULL) {
    printf("skip: %s\n", dlerror());
    return 0;
  }
#define FIND(name) p_##name = (decltype(p_##name))dlsym(library, #name)
  FIND(ncclGetUniqueId), FIND(ncclCommInitRank), FIND(ncclCommDestroy), FIND(ncclAllReduce);
  FIND(ncclAllGather), FIND(ncclReduceScatter), FIND(ncclBroadcast), FIND(ncclSend), FIND(ncclRecv), FIND(ncclGroupStart);
  FIND(ncclGroupEnd);
  if (p_ncclGetUniqueId(&id) != ncclSuccess) return 4;
  pthread_t threads[8];
  for (long r = 0; r < ranks; r++) pthread_create(&threads[r], NULL, run_rank, (void *)r);
  for (int r = 0; r < ranks; r++) pthread_join(threads[r], NULL);
  return failures != 0;
}
#else
int main()
{
  puts("skip: no nccl.h");
  return 0;
}
#endif
