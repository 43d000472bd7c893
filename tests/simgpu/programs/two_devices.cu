/* two_devices.cu: a copy from device to device, a kernel on each, and one that reaches pinned host memory. With "twice" memory is
 * freed twice at the end. */
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

/* p: [blockDim] i32 */
__global__ void add(int *p, int value)
{
  p[threadIdx.x] += value;
}

int main(int argc, char **argv)
{
  int *first, *second, *pinned, host[32] = {}, out[32], count = 0;
  cudaStream_t stream;
  CHECK(cudaGetDeviceCount(&count));
  CHECK(cudaMalloc(&first, sizeof host));
  CHECK(cudaMemcpy(first, host, sizeof host, cudaMemcpyHostToDevice));
  add<<<1, 32>>>(first, 5);
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaSetDevice(1));
  CHECK(cudaMalloc(&second, sizeof host));
  CHECK(cudaStreamCreate(&stream));
  CHECK(cudaMemcpyPeerAsync(second, 1, first, 0, sizeof host, stream));
  add<<<1, 32, 0, stream>>>(second, 2);
  CHECK(cudaMemcpyAsync(out, second, sizeof out, cudaMemcpyDefault, stream));
  CHECK(cudaStreamSynchronize(stream));
  CHECK(cudaMallocHost(&pinned, sizeof host));
  for (int i = 0; i < 32; i++) pinned[i] = i;
  add<<<1, 32>>>(pinned, 1);
  CHECK(cudaDeviceSynchronize());
  int wrong = 0;
  for (int i = 0; i < 32; i++) wrong += out[i] != 7 || pinned[i] != i + 1;
  CHECK(cudaFreeHost(pinned));
  CHECK(cudaFree(first));
  CHECK(cudaFree(second));
  CHECK(cudaStreamDestroy(stream));
  printf("%d wrong on %d devices\n", wrong, count);
  if (argc > 1 && strcmp(argv[1], "twice") == 0) CHECK(cudaFree(second));
  return wrong != 0;
}
