/* rmsnorm.cu: y = x / sqrt(mean(x^2) + eps) * w for each row, a block a row; launched, or captured into a graph and replayed.
 *   rmsnorm [race|graph|errors]
 *   race    only warps, not the block, wait between writing the partial sums and reading them
 *   graph   by stream capture, two streams, replayed three times
 *   errors  calls that must fail, with the codes that a GPU's runtime gives */
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#define CHECK(call)                                                                                                    \
  do {                                                                                                                 \
    cudaError_t error_ = (call);                                                                                       \
    if (error_ != cudaSuccess) {                                                                                       \
      printf("%s: %s\n", #call, cudaGetErrorName(error_));                                                             \
      exit(0); /* careless on purpose: the exit code must come from the simulated GPU */                               \
    }                                                                                                                  \
  } while (0)
#define EXPECT(call, code)                                                                                             \
  do {                                                                                                                 \
    cudaError_t error_ = (call);                                                                                       \
    if (error_ != (code)) {                                                                                            \
      printf("%s: %s, not %s\n", #call, cudaGetErrorName(error_), cudaGetErrorName(code));                             \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

constexpr int ROWS = 4, N = 300, THREADS = 256;

/* x, y: [rows, n] f32; w: [n] f32; partial: one sum a warp */
template <bool barrier> __global__ void rmsnorm(const float *x, const float *w, float *y, int n, float eps)
{
  extern __shared__ float partial[];
  x += (size_t)blockIdx.x * n;
  y += (size_t)blockIdx.x * n;
  if (threadIdx.x < blockDim.x / 32) partial[threadIdx.x] = 0.0f;
  __syncthreads();
  float sum = 0.0f;
  for (int i = threadIdx.x; i < n; i += blockDim.x) sum += x[i] * x[i];
  for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
  if (barrier)
    __syncthreads();
  else
    __syncwarp();
  sum = 0.0f;
  for (int i = 0; i < blockDim.x / 32; i++) sum += partial[i];
  float scale = rsqrtf(sum / n + eps);
  for (int i = threadIdx.x; i < n; i += blockDim.x) y[i] = x[i] * scale * w[i];
}

struct buffers {
  float x[ROWS * N], w[N], y[ROWS * N];
  float *dx, *dw, *dy;
};

static int count_wrong(const buffers &b)
{
  int wrong = 0;
  for (int row = 0; row < ROWS; row++) {
    double sum = 0.0;
    for (int i = 0; i < N; i++) sum += (double)b.x[row * N + i] * b.x[row * N + i];
    for (int i = 0; i < N; i++) {
      double right = b.x[row * N + i] / sqrt(sum / N + 1e-5) * b.w[i];
      wrong += !(fabs(b.y[row * N + i] - right) <= 1e-5 * fabs(right) + 1e-7);
    }
  }
  return wrong;
}

static void by_graph(buffers &b)
{
  cudaStream_t first, second;
  cudaEvent_t fork, done;
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  size_t nodes = 0;
  CHECK(cudaStreamCreate(&first));
  CHECK(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking));
  CHECK(cudaEventCreateWithFlags(&fork, cudaEventDisableTiming));
  CHECK(cudaEventCreateWithFlags(&done, cudaEventDisableTiming));
  CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal));
  CHECK(cudaMemcpyAsync(b.dx, b.x, sizeof b.x, cudaMemcpyHostToDevice, first));
  CHECK(cudaEventRecord(fork, first));
  CHECK(cudaStreamWaitEvent(second, fork, 0));
  rmsnorm<true><<<ROWS, THREADS, THREADS / 32 * 4, second>>>(b.dx, b.dw, b.dy, N, 1e-5f);
  CHECK(cudaEventRecord(done, second));
  CHECK(cudaStreamWaitEvent(first, done, 0));
  CHECK(cudaMemcpyAsync(b.y, b.dy, sizeof b.y, cudaMemcpyDeviceToHost, first));
  CHECK(cudaStreamEndCapture(first, &graph));
  CHECK(cudaGraphGetNodes(graph, nullptr, &nodes));
  if (nodes != 3 || b.y[0] != -1.0f) printf("%zu nodes, or run during the capture\n", nodes);
  CHECK(cudaGraphInstantiate(&exec, graph, 0));
  CHECK(cudaGraphDestroy(graph));
  int wrong = 0;
  for (int replay = 0; replay < 3; replay++) {
    for (int i = 0; i < ROWS * N; i++) b.x[i] += 0.125f;
    CHECK(cudaGraphLaunch(exec, first));
    CHECK(cudaStreamSynchronize(first));
    wrong += count_wrong(b);
  }
  /* A call that may not happen breaks a capture; a stream that was not joined is refused. */
  CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal));
  EXPECT(cudaStreamSynchronize(first), cudaErrorStreamCaptureUnsupported);
  EXPECT(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureInvalidated);
  CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal));
  CHECK(cudaEventRecord(fork, first));
  CHECK(cudaStreamWaitEvent(second, fork, 0));
  CHECK(cudaMemsetAsync(b.dy, 0, 4, second));
  EXPECT(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureUnjoined);
  CHECK(cudaGraphExecDestroy(exec));
  CHECK(cudaStreamDestroy(first));
  CHECK(cudaStreamDestroy(second));
  printf("%d wrong after 3 replays of %zu nodes\n", wrong, nodes);
}

static void errors(buffers &b)
{
  rmsnorm<true><<<ROWS, 2048, 256>>>(b.dx, b.dw, b.dy, N, 1e-5f);
  EXPECT(cudaPeekAtLastError(), cudaErrorInvalidConfiguration);
  EXPECT(cudaGetLastError(), cudaErrorInvalidConfiguration);
  EXPECT(cudaGetLastError(), cudaSuccess);
  rmsnorm<true><<<ROWS, THREADS, 60000>>>(b.dx, b.dw, b.dy, N, 1e-5f);
  EXPECT(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT(cudaFuncSetAttribute(rmsnorm<true>, cudaFuncAttributeMaxDynamicSharedMemorySize, 60000), cudaSuccess);
  EXPECT(cudaFuncSetAttribute(rmsnorm<true>, cudaFuncAttributeMaxDynamicSharedMemorySize, 1 << 20),
         cudaErrorInvalidValue);
  EXPECT(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT(cudaMemcpy(b.dx, b.dw, 4, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT(cudaMemcpy(b.dx, b.x, sizeof b.x + 4, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT(cudaSetDevice(100), cudaErrorInvalidDevice);
  EXPECT(cudaStreamSynchronize((cudaStream_t)b.x), cudaErrorInvalidResourceHandle);
  int blocks = 0;
  EXPECT(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, rmsnorm<true>, THREADS, 0), cudaSuccess);
  printf("errors as expected, occupancy %s\n", blocks > 0 && blocks <= 8 ? "good" : "bad");
}

int main(int argc, char **argv)
{
  static buffers b;
  const char *what = argc > 1 ? argv[1] : "";
  for (int i = 0; i < ROWS * N; i++) b.x[i] = (float)(i * 37 % 101) / 50.0f - 1.0f, b.y[i] = -1.0f;
  for (int i = 0; i < N; i++) b.w[i] = 1.0f + (float)i / N;
  CHECK(cudaMalloc(&b.dx, sizeof b.x));
  CHECK(cudaMalloc(&b.dw, sizeof b.w));
  CHECK(cudaMalloc(&b.dy, sizeof b.y));
  CHECK(cudaMemcpy(b.dx, b.x, sizeof b.x, cudaMemcpyHostToDevice));
  CHECK(cudaMemcpy(b.dw, b.w, sizeof b.w, cudaMemcpyHostToDevice));
  if (strcmp(what, "graph") == 0) {
    by_graph(b);
  } else if (strcmp(what, "errors") == 0) {
    errors(b);
  } else {
    if (strcmp(what, "race") == 0)
      rmsnorm<false><<<ROWS, THREADS, THREADS / 32 * 4>>>(b.dx, b.dw, b.dy, N, 1e-5f);
    else
      rmsnorm<true><<<ROWS, THREADS, THREADS / 32 * 4>>>(b.dx, b.dw, b.dy, N, 1e-5f);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(b.y, b.dy, sizeof b.y, cudaMemcpyDeviceToHost));
    printf("%d wrong\n", count_wrong(b));
  }
  CHECK(cudaFree(b.dx));
  CHECK(cudaFree(b.dw));
  CHECK(cudaFree(b.dy));
  return 0;
}
