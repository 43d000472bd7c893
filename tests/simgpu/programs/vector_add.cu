/* vector_add.cu: an ordinary CUDA program: c = a + b for n elements, checked on the host. With an argument it has a bug:
 *   bounds   the last block writes behind c
 *   freed    b is freed before the kernel reads it */
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

__constant__ float bias[2];
__device__ int launches;

/* a, b, c: [n] f32 */
__global__ void vector_add(const float *a, const float *b, float *c, int n, int limit)
{
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i == 0) launches++;
  if (i < limit) c[i] = i < n ? a[i] + b[i] + bias[1] : 0.0f;
}

int main(int argc, char **argv)
{
  const int n = 1000;
  const char *bug = argc > 1 ? argv[1] : "";
  float host_a[n], host_b[n], host_c[n], host_bias[2] = {0.0f, 0.5f}, *a, *b, *c, ms = -1.0f;
  for (int i = 0; i < n; i++) {
    host_a[i] = (float)i;
    host_b[i] = 0.25f * (float)i;
  }
  cudaEvent_t start, stop;
  CHECK(cudaEventCreate(&start));
  CHECK(cudaEventCreate(&stop));
  CHECK(cudaMalloc(&a, n * sizeof *a));
  CHECK(cudaMalloc(&b, n * sizeof *b));
  CHECK(cudaMalloc(&c, n * sizeof *c));
  CHECK(cudaMemcpy(a, host_a, sizeof host_a, cudaMemcpyHostToDevice));
  CHECK(cudaMemcpy(b, host_b, sizeof host_b, cudaMemcpyDefault));
  CHECK(cudaMemcpyToSymbol(bias, host_bias, sizeof host_bias));
  if (strcmp(bug, "freed") == 0) CHECK(cudaFree(b));
  CHECK(cudaEventRecord(start));
  vector_add<<<(n + 255) / 256, 256>>>(a, b, c, n, strcmp(bug, "bounds") == 0 ? n + 1 : n);
  CHECK(cudaGetLastError());
  CHECK(cudaEventRecord(stop));
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaEventElapsedTime(&ms, start, stop));
  CHECK(cudaMemcpy(host_c, c, sizeof host_c, cudaMemcpyDeviceToHost));
  int wrong = 0, count = 0;
  for (int i = 0; i < n; i++) wrong += !(host_c[i] == host_a[i] + host_b[i] + 0.5f);
  CHECK(cudaMemcpyFromSymbol(&count, launches, sizeof count));
  CHECK(cudaFree(a));
  CHECK(cudaFree(b));
  if (strcmp(bug, "leak") != 0) CHECK(cudaFree(c));
  CHECK(cudaEventDestroy(start));
  CHECK(cudaEventDestroy(stop));
  printf("%d wrong, %d launch, time %s\n", wrong, count, ms > 0.0f ? "good" : "bad");
  return wrong != 0 || count != 1;
}
