/* memory.cu: an ordinary CUDA program: memory of each kind and copies of each shape, checked on the host. The argument is the case; those
 * that end in a bug say so:
 *   async        cudaMallocAsync, used and freed in one stream
 *   async_freed  … a kernel behind cudaFreeAsync still writes (bug)
 *   rows         cudaMemcpy2D, 2DAsync, down, across and up; the gaps between rows stay as they were
 *   rows_bounds  … one row too many, which the runtime refuses
 *   managed      written by the host, by a kernel, read by the host
 *   registered   a kernel writes memory of malloc's
 *   symbols      cudaMemcpyTo/FromSymbol, with and without Async, at an offset
 *   errors       what the runtime refuses */
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

__device__ int table[8];

/* x: [rows, pitch] i32; adds `value` to the first `width` of each row */
__global__ void add_kernel(int *x, int rows, int width, int pitch, int value)
{
  for (int i = threadIdx.x; i < rows * width; i += blockDim.x) x[i / width * pitch + i % width] += value;
}

__global__ void table_kernel()
{
  if (threadIdx.x < 8) table[threadIdx.x] += 100;
}

static int async(bool freed_early)
{
  enum { N = 64 };
  int host[N], *x, bad = 0;
  cudaStream_t stream;
  CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  for (int turn = 0; turn < 3; turn++) {
    CHECK(cudaMallocAsync((void **)&x, sizeof host, stream));
    CHECK(cudaMemsetAsync(x, 0, sizeof host, stream));
    if (freed_early) CHECK(cudaFreeAsync(x, stream));
    add_kernel<<<1, 32, 0, stream>>>(x, 1, N, N, turn + 1);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpyAsync(host, x, sizeof host, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaFreeAsync(x, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < N; i++) bad += host[i] != turn + 1;
  }
  CHECK(cudaStreamDestroy(stream));
  return bad;
}

/* 5 rows of 7 numbers; 9 numbers apart on the host, 16 and 12 on the device. */
static int rows(int extra)
{
  enum { ROWS = 5, WIDTH = 7, HOST = 9, A = 16, B = 12, GAP = -1 };
  int from[ROWS * HOST], to[ROWS * HOST], *a, *b, bad = 0;
  for (int i = 0; i < ROWS * HOST; i++) from[i] = i, to[i] = GAP;
  CHECK(cudaMalloc(&a, ROWS * A * sizeof *a));
  CHECK(cudaMalloc(&b, ROWS * B * sizeof *b));
  CHECK(cudaMemcpy2D(a, A * sizeof *a, from, HOST * sizeof *from, WIDTH * sizeof *a, ROWS, cudaMemcpyHostToDevice));
  add_kernel<<<1, 64>>>(a, ROWS, WIDTH, A, 1000);
  CHECK(cudaMemcpy2DAsync(b, B * sizeof *b, a, A * sizeof *a, WIDTH * sizeof *a, ROWS + extra, cudaMemcpyDeviceToDevice, 0));
  CHECK(cudaMemcpy2D(to, HOST * sizeof *to, b, B * sizeof *b, WIDTH * sizeof *b, ROWS, cudaMemcpyDeviceToHost));
  for (int i = 0; i < ROWS * HOST; i++) bad += to[i] != (i % HOST < WIDTH ? from[i] + 1000 : GAP);
  CHECK(cudaFree(a));
  CHECK(cudaFree(b));
  return bad;
}

static int managed()
{
  enum { N = 100 };
  int *x, bad = 0;
  cudaPointerAttributes attributes;
  CHECK(cudaMallocManaged(&x, N * sizeof *x));
  CHECK(cudaPointerGetAttributes(&attributes, x + 3));
  bad += attributes.type != cudaMemoryTypeManaged;
  for (int i = 0; i < N; i++) x[i] = i;
  add_kernel<<<1, 32>>>(x, 1, N, N, 7);
  CHECK(cudaDeviceSynchronize());
  for (int i = 0; i < N; i++) bad += x[i] != i + 7;
  CHECK(cudaFree(x));
  return bad;
}

static int registered()
{
  enum { N = 100 };
  int *x = (int *)malloc(N * sizeof *x), *there, bad = 0;
  cudaPointerAttributes attributes;
  for (int i = 0; i < N; i++) x[i] = -i;
  CHECK(cudaHostRegister(x, N * sizeof *x, cudaHostRegisterMapped));
  bad += cudaHostRegister(x, N * sizeof *x, cudaHostRegisterMapped) != cudaErrorHostMemoryAlreadyRegistered;
  CHECK(cudaHostGetDevicePointer((void **)&there, x, 0));
  CHECK(cudaPointerGetAttributes(&attributes, x));
  bad += attributes.type != cudaMemoryTypeHost;
  add_kernel<<<1, 32>>>(there, 1, N, N, 7);
  CHECK(cudaDeviceSynchronize());
  for (int i = 0; i < N; i++) bad += x[i] != 7 - i;
  CHECK(cudaHostUnregister(x));
  bad += cudaHostUnregister(x) != cudaErrorHostMemoryNotRegistered;
  CHECK(cudaPointerGetAttributes(&attributes, x));
  bad += attributes.type != cudaMemoryTypeUnregistered;
  free(x);
  return bad;
}

static int symbols()
{
  int from[8], to[8], bad = 0;
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  for (int i = 0; i < 8; i++) from[i] = i;
  CHECK(cudaMemcpyToSymbol(table, from, 4 * sizeof *from));
  CHECK(cudaMemcpyToSymbolAsync(table, from + 4, 4 * sizeof *from, 4 * sizeof *from, cudaMemcpyHostToDevice, stream));
  table_kernel<<<1, 32, 0, stream>>>();
  CHECK(cudaMemcpyFromSymbolAsync(to, table, 3 * sizeof *to, 5 * sizeof *to, cudaMemcpyDeviceToHost, stream));
  CHECK(cudaStreamSynchronize(stream));
  for (int i = 0; i < 3; i++) bad += to[i] != 105 + i;
  CHECK(cudaMemcpyFromSymbol(to, table, sizeof to));
  for (int i = 0; i < 8; i++) bad += to[i] != 100 + i;
  bad += cudaMemcpyToSymbol(table, from, sizeof from, 4) != cudaErrorInvalidValue;
  CHECK(cudaStreamDestroy(stream));
  return bad;
}

static int errors()
{
  int host[16], *x, *none = (int *)1, bad = 0;
  CHECK(cudaMalloc(&x, sizeof host));
  CHECK(cudaMemset(x, 0, sizeof host));
  bad += cudaMemcpy2D(x, 8, host, 16, 12, 2, cudaMemcpyHostToDevice) != cudaErrorInvalidPitchValue;
  bad += cudaMemcpy2D(x, 16, host, 8, 12, 2, cudaMemcpyHostToDevice) != cudaErrorInvalidPitchValue;
  bad += cudaMemcpy(x, host, sizeof host, cudaMemcpyDeviceToHost) != cudaErrorInvalidValue;
  bad += cudaMemcpy(x, host, sizeof host, (cudaMemcpyKind)17) != cudaErrorInvalidMemcpyDirection;
  bad += cudaMallocManaged(&none, 0) != cudaErrorInvalidValue;
  bad += cudaMallocManaged(&none, 16, 9) != cudaErrorInvalidValue;
  bad += cudaFreeHost(host) != cudaErrorInvalidValue;
  bad += cudaHostRegister(NULL, 16, 0) != cudaErrorInvalidValue;
  bad += cudaMallocAsync((void **)&none, 0, 0) != cudaSuccess || none != NULL;
  bad += cudaFreeAsync(NULL, 0) != cudaErrorInvalidValue;
  CHECK(cudaMemcpy2D(x, 4, host, 4, 0, 3, cudaMemcpyHostToDevice)); /* nothing */
  CHECK(cudaMemcpy(x, host, 0, cudaMemcpyHostToDevice));
  CHECK(cudaFree(x));
  CHECK(cudaFree(NULL));
  CHECK(cudaFreeHost(NULL));
  cudaGetLastError();
  return bad;
}

int main(int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : "";
  auto is = [name](const char *other) { return strcmp(name, other) == 0; };
  int bad = is("async") || is("async_freed") ? async(is("async_freed"))
            : is("rows") || is("rows_bounds") ? rows(is("rows_bounds"))
            : is("managed")                   ? managed()
            : is("registered")                ? registered()
            : is("symbols")                   ? symbols()
            : is("errors")                    ? errors()
                                              : -1;
  printf("%d wrong\n", bad);
  return bad != 0;
}
