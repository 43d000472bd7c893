// streams.cu: order between streams, events, graphs, the host and programmatic launches; each case in a right and a wrong form.
// `streams CASE`: prints "CASE: 0 wrong" if what comes out is right (on the stand-in it is even where a GPU might fail: the finding tells).
#include <cuda_runtime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUDA(call)                                                                                                     \
  do {                                                                                                                 \
    cudaError_t error_ = (call);                                                                                       \
    if (error_ != cudaSuccess) {                                                                                       \
      printf("%s: %s\n", #call, cudaGetErrorName(error_));                                                             \
      exit(0);                                                                                                         \
    }                                                                                                                  \
  } while (0)

#define COUNT 4096

__global__ void set_kernel(float *to, float value, int count)
{
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) to[i] = value;
}

__global__ void add_kernel(float *to, const float *from, int count)
{
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) to[i] += from[i];
}

__global__ void count_kernel(unsigned *counter)
{
  atomicAdd(counter, 1);
}

// --- programmatic launches. WHEN: who waits, and where the successor is let go ---
enum {
  WAIT_ALL = 1,
  WAIT_ONE = 2,
  TRIGGER = 4,
  TRIGGER_AFTER = 8,
  PREFETCH = 16,
  WRITE_EARLY = 32,
  WAIT_ONE_UNSYNCED = 64
};

template <int WHEN>
__global__ void chain_kernel(float *to, const float *from, const float *weight, float *early_to, int count)
{
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  float w = 1;
#if __CUDA_ARCH__ >= 900
  if (WHEN & TRIGGER) asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
  if (WHEN & PREFETCH) w = weight[i % 32];
  if (WHEN & WRITE_EARLY) early_to[i] = 1;
  if (WHEN & WAIT_ALL) asm volatile("griddepcontrol.wait;" ::: "memory");
  if ((WHEN & (WAIT_ONE | WAIT_ONE_UNSYNCED)) && threadIdx.x == 0) asm volatile("griddepcontrol.wait;" ::: "memory");
  if (WHEN & WAIT_ONE) __syncthreads();
  if (WHEN & TRIGGER_AFTER) asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
  if (i < count) to[i] = from[i] + w;
}

template <int WHEN>
static void chain(cudaStream_t stream, float *to, const float *from, const float *weight, float *early_to,
                  bool programmatic = true)
{
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(COUNT / 256);
  config.blockDim = dim3(256);
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = programmatic ? 1 : 0;
  CUDA(cudaLaunchKernelEx(&config, chain_kernel<WHEN>, to, from, weight, early_to, COUNT));
}

static float *a, *b, *c, *d, *w;
static unsigned *counter;
static float host[COUNT];

static int wrong(const float *device, float value)
{
  int bad = 0;
  CUDA(cudaDeviceSynchronize());
  CUDA(cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost));
  for (float x : host) bad += x != value;
  return bad;
}

static void set(cudaStream_t s, float *to, float value)
{
  set_kernel<<<COUNT / 256, 256, 0, s>>>(to, value, COUNT);
}
static void add(cudaStream_t s, float *to, const float *from)
{
  add_kernel<<<COUNT / 256, 256, 0, s>>>(to, from, COUNT);
}

// The fork and join of a graph: c = 1 + 2, by two streams.
static int fork_join(cudaStream_t s, cudaStream_t t, cudaEvent_t e, cudaEvent_t f, bool graph, bool forget_join,
                     bool forget_fork)
{
  cudaGraph_t g;
  cudaGraphExec_t exec;
  for (int i = 0; i < (graph ? 1 : 3); i++) {
    if (graph) CUDA(cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal));
    set(s, a, 1);
    CUDA(cudaEventRecord(e, s));
    CUDA(cudaStreamWaitEvent(t, e, 0));
    if (forget_fork) { // the event is taken before what it should announce
      set(s, b, 0);
    } else {
      set(t, b, 0);
    }
    add(t, b, a); // reads a
    add(t, b, a);
    CUDA(cudaEventRecord(f, t));
    if (!forget_join) CUDA(cudaStreamWaitEvent(s, f, 0));
    set(s, c, 0);
    add(s, c, b);
    if (forget_join) CUDA(cudaStreamWaitEvent(s, f, 0));
    if (graph) {
      CUDA(cudaStreamEndCapture(s, &g));
      CUDA(cudaGraphInstantiate(&exec, g, 0));
      for (int r = 0; r < 3; r++) CUDA(cudaGraphLaunch(exec, s));
      CUDA(cudaStreamSynchronize(s));
      CUDA(cudaGraphExecDestroy(exec));
      CUDA(cudaGraphDestroy(g));
    }
  }
  return wrong(c, 2);
}

static int run(const char *name)
{
  cudaStream_t s, t;
  cudaEvent_t e, f;
  float *pinned;
  auto is = [name](const char *other) { return strcmp(name, other) == 0; };
  CUDA(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
  CUDA(cudaStreamCreateWithFlags(&t, cudaStreamNonBlocking));
  CUDA(cudaEventCreateWithFlags(&e, cudaEventDisableTiming));
  CUDA(cudaEventCreateWithFlags(&f, cudaEventDisableTiming));
  CUDA(cudaMallocHost((void **)&pinned, sizeof host));
  int bad = -1;
  if (is("event") || is("no_event")) {
    set(s, a, 1);
    CUDA(cudaEventRecord(e, s));
    if (is("event")) CUDA(cudaStreamWaitEvent(t, e, 0));
    set(t, b, 1);
    add(t, b, a);
    bad = wrong(b, 2);
  } else if (is("event_too_early")) {
    CUDA(cudaEventRecord(e, s));
    set(s, a, 1);
    CUDA(cudaStreamWaitEvent(t, e, 0));
    set(t, a, 2);
    bad = wrong(a, 2);
  } else if (is("overwrite")) { // a write over what another stream still reads
    set(s, a, 1), set(s, b, 1);
    CUDA(cudaStreamSynchronize(s));
    add(s, b, a);
    set(t, a, 5);
    bad = wrong(b, 2);
  } else if (is("readers")) { // several readers are no race
    set(s, a, 1), set(s, b, 1), set(s, c, 1);
    CUDA(cudaStreamSynchronize(s));
    add(s, b, a), add(t, c, a);
    bad = wrong(b, 2) + wrong(c, 2);
  } else if (is("halves")) { // neighbours in one line of memory
    set_kernel<<<1, 32, 0, s>>>(a, 1, 1);
    set_kernel<<<COUNT / 256, 256, 0, t>>>(a + 1, 1, COUNT - 1);
    bad = wrong(a, 1);
  } else if (is("atomics")) {
    CUDA(cudaMemset(counter, 0, 4));
    CUDA(cudaDeviceSynchronize());
    count_kernel<<<2, 32, 0, s>>>(counter);
    count_kernel<<<2, 32, 0, t>>>(counter);
    CUDA(cudaDeviceSynchronize());
    unsigned value;
    CUDA(cudaMemcpy(&value, counter, 4, cudaMemcpyDeviceToHost));
    bad = value != 128;
  } else if (is("default_stream") || is("blocking_streams")) {
    cudaStream_t blocking;
    CUDA(cudaStreamCreate(&blocking));
    set(blocking, a, 1);
    set(0, b, 1);
    add(is("blocking_streams") ? blocking : s, b, a); // s does not wait for the default stream
    bad = wrong(b, 2);
    CUDA(cudaStreamDestroy(blocking));
  } else if (is("memset") || is("memset_synced")) { // cudaMemset returns before it is done
    CUDA(cudaMemset(a, 0, sizeof host));
    if (is("memset_synced")) CUDA(cudaDeviceSynchronize());
    set(s, b, 2);
    add(s, b, a);
    bad = wrong(b, 2);
  } else if (is("copy_out") || is("copy_out_synced")) {
    set(s, a, 3);
    if (is("copy_out_synced")) CUDA(cudaStreamSynchronize(s));
    CUDA(cudaMemcpyAsync(pinned, a, sizeof host, cudaMemcpyDeviceToHost, is("copy_out") ? t : s));
    CUDA(cudaStreamSynchronize(is("copy_out") ? t : s));
    bad = 0;
    for (int i = 0; i < COUNT; i++) bad += pinned[i] != 3;
  } else if (is("read_too_early") || is("read_synced")) { // the host looks at a result that it has not waited for
    set(s, a, 3);
    CUDA(cudaMemcpyAsync(pinned, a, sizeof host, cudaMemcpyDeviceToHost, s));
    if (is("read_synced")) CUDA(cudaStreamSynchronize(s));
    bad = 0;
    for (int i = 0; i < COUNT; i++) bad += pinned[i] != 3;
  } else if (is("read_by_event") || is("read_by_kernel") ||
             is("read_by_host_function")) { // others that are ordered behind the copy
    set(s, a, 3), set(s, b, 1);
    CUDA(cudaMemcpyAsync(pinned, a, sizeof host, cudaMemcpyDeviceToHost, s));
    CUDA(cudaEventRecord(e, s));
    if (is("read_by_event")) CUDA(cudaEventSynchronize(e));
    if (is("read_by_kernel")) add(s, b, pinned);
    if (is("read_by_host_function"))
      CUDA(cudaLaunchHostFunc(
          s, [](void *p) { host[0] = ((float *)p)[7]; }, pinned));
    bad = is("read_by_event") ? pinned[7] != 3 : is("read_by_kernel") ? wrong(b, 4) : host[0] != 3;
  } else if (is("source_changed") || is("source_synced")) { // the host reuses a buffer that a copy still reads
    for (int i = 0; i < COUNT; i++) pinned[i] = 1;
    CUDA(cudaMemcpyAsync(a, pinned, sizeof host, cudaMemcpyHostToDevice, s));
    if (is("source_synced")) CUDA(cudaStreamSynchronize(s));
    pinned[COUNT - 1] = 2;
    bad = wrong(a, 1);
  } else if (is("pinned_reuse")) { // a copy into memory that another stream's copy still reads
    for (int i = 0; i < COUNT; i++) pinned[i] = 1;
    set(s, b, 2);
    CUDA(cudaStreamSynchronize(s));
    CUDA(cudaMemcpyAsync(a, pinned, sizeof host, cudaMemcpyHostToDevice, s));
    CUDA(cudaMemcpyAsync(pinned, b, sizeof host, cudaMemcpyDeviceToHost, t));
    bad = wrong(a, 1);
  } else if (is("fork_join")) {
    bad = fork_join(s, t, e, f, false, false, false);
  } else if (is("no_join")) {
    bad = fork_join(s, t, e, f, false, true, false);
  } else if (is("no_fork")) {
    bad = fork_join(s, t, e, f, false, false, true);
  } else if (is("graph_fork_join")) {
    bad = fork_join(s, t, e, f, true, false, false);
  } else if (is("graph_no_join")) {
    bad = fork_join(s, t, e, f, true, true, false);
  } else if (is("graph_no_fork")) {
    bad = fork_join(s, t, e, f, true, false, true);
  } else if (is("async_memory") || is("async_memory_race")) {
    float *x;
    CUDA(cudaMallocAsync((void **)&x, sizeof host, s));
    CUDA(cudaEventRecord(e, s));
    if (is("async_memory")) CUDA(cudaStreamWaitEvent(t, e, 0));
    set(t, x, 1);
    CUDA(cudaEventRecord(f, t));
    CUDA(cudaStreamWaitEvent(s, f, 0));
    CUDA(cudaFreeAsync(x, s));
    CUDA(cudaDeviceSynchronize());
    bad = 0;
  } else if (is("workspace")) { // scratch memory shared by two streams
    set(s, a, 1);
    set(t, a, 1);
    bad = wrong(a, 1);
  } else if (is("pdl")) { // prefetches what is constant, waits, lets go early
    chain<WAIT_ALL | TRIGGER>(s, b, a, w, d, false);
    chain<WAIT_ALL | TRIGGER | PREFETCH>(s, c, b, w, d);
    chain<WAIT_ONE | TRIGGER | PREFETCH>(s, b, c, w, d);
    chain<WAIT_ALL | TRIGGER_AFTER>(s, a, b, w, d);
    bad = wrong(a, 4);
  } else if (is("pdl_no_wait")) {
    chain<TRIGGER>(s, b, a, w, d, false);
    chain<TRIGGER>(s, c, b, w, d);
    bad = wrong(c, 2);
  } else if (is("pdl_no_trigger")) { // without launch_dependents before it nothing starts early
    chain<0>(s, b, a, w, d, false);
    chain<0>(s, c, b, w, d);
    bad = wrong(c, 2);
  } else if (is("pdl_unsynced")) { // one thread waits, the others don't know
    chain<TRIGGER>(s, b, a, w, d, false);
    chain<WAIT_ONE_UNSYNCED>(s, c, b, w, d);
    bad = wrong(c, 2);
  } else if (is("pdl_overwrite")) { // writes before its wait what the launch before reads
    chain<TRIGGER>(s, b, a, w, d, false);
    chain<WAIT_ALL | WRITE_EARLY>(s, c, b, w, a);
    bad = wrong(c, 2);
  } else if (is("pdl_grandparent")) { // reads in front of its wait what the launch before the last wrote
    chain<TRIGGER>(s, w, a, w, d, false);
    chain<WAIT_ALL | TRIGGER>(s, b, a, w, d);
    chain<WAIT_ALL | PREFETCH>(s, c, b, w, d);
    bad = 0;
  } else if (is("pdl_grandparent_late")) { // the same, but the last one let go behind its wait
    chain<TRIGGER>(s, w, a, w, d, false);
    chain<WAIT_ALL | TRIGGER_AFTER>(s, b, a, w, d);
    chain<WAIT_ALL | PREFETCH>(s, c, b, w, d);
    bad = 0;
  } else if (is("pdl_broken_chain")) { // the second launch waits for nobody, so its end says nothing of the first
    chain<TRIGGER>(s, b, a, w, d, false);
    chain<TRIGGER>(s, c, a, w, d);
    chain<WAIT_ALL>(s, d, b, w, d);
    bad = wrong(d, 2);
  } else if (is("pdl_then_plain")) { // an ordinary launch waits for everything
    chain<TRIGGER>(s, b, a, w, d, false);
    chain<TRIGGER>(s, c, a, w, d);
    chain<0>(s, d, b, w, d, false);
    bad = wrong(d, 2);
  } else if (is("pdl_graph") || is("pdl_graph_no_wait")) {
    cudaGraph_t g;
    cudaGraphExec_t exec;
    CUDA(cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal));
    chain<WAIT_ALL | TRIGGER>(s, b, a, w, d, false);
    if (is("pdl_graph"))
      chain<WAIT_ALL | TRIGGER | PREFETCH>(s, c, b, w, d);
    else
      chain<TRIGGER>(s, c, b, w, d);
    CUDA(cudaStreamEndCapture(s, &g));
    CUDA(cudaGraphInstantiate(&exec, g, 0));
    for (int r = 0; r < 3; r++) CUDA(cudaGraphLaunch(exec, s));
    bad = wrong(c, 2);
    CUDA(cudaGraphExecDestroy(exec));
    CUDA(cudaGraphDestroy(g));
  }
  CUDA(cudaEventDestroy(e));
  CUDA(cudaEventDestroy(f));
  CUDA(cudaStreamDestroy(s));
  CUDA(cudaStreamDestroy(t));
  CUDA(cudaFreeHost(pinned));
  return bad;
}

int main(int argc, char **argv)
{
  float **all[] = {&a, &b, &c, &d, &w};
  for (float **x : all) {
    CUDA(cudaMalloc((void **)x, sizeof host));
    CUDA(cudaMemset(*x, 0, sizeof host));
  }
  for (float &x : host) x = 1;
  CUDA(cudaMemcpy(w, host, sizeof host, cudaMemcpyHostToDevice));
  CUDA(cudaMalloc((void **)&counter, 4));
  CUDA(cudaDeviceSynchronize());
  printf("%s: %d wrong\n", argv[1], run(argc > 1 ? argv[1] : ""));
  for (float **x : all) CUDA(cudaFree(*x));
  CUDA(cudaFree(counter));
  return 0;
}
