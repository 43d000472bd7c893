/* cuda_backend.c: the table of functions by which the harness knows NVIDIA's GPUs (include/tokmark/backend.h); cuda.h says what
 * stands where. */
#include <stdlib.h>

#include "cuda_exec.h"

static void cuda_close(struct tmk_backend *backend)
{
  if (backend == NULL) return;
  /* Results are not looked at: after a fault every one of these fails, and the process's end frees all. */
  tmk_cuda_node_close(backend);
  tmk_cuda_weights_trim(&backend->weights);
  (void)cudaFree(backend->arena);
  (void)cudaFree(backend->flags);
  (void)cudaFree(backend->staging_device);
  (void)cudaFreeHost(backend->staging_host);
  for (int i = 0; i <= TMK_CUDA_OP_EVENTS; i++) {
    if (backend->op_events[i] != NULL) (void)cudaEventDestroy(backend->op_events[i]);
  }
  if (backend->end != NULL) (void)cudaEventDestroy(backend->end);
  if (backend->begin != NULL) (void)cudaEventDestroy(backend->begin);
  if (backend->stream != NULL) (void)cudaStreamDestroy(backend->stream);
  free(backend);
}

/* Capability and code: a device below 8.0, or one that the binary has no code for, is refused by name. */
static enum tmk_status check_code(struct tmk_backend *backend, struct tmk_error *err)
{
  const struct cudaDeviceProp *p = &backend->properties;
  struct cudaFuncAttributes code;
  if (p->major < 8) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cuda:%d: %s has compute capability %d.%d: must be 8.0 or above",
                    backend->index, p->name, p->major, p->minor);
  }
  const cudaError_t error = tmk_cuda_code_attributes(&code);
  if (error == cudaErrorNoKernelImageForDevice || error == cudaErrorInvalidDeviceFunction ||
      error == cudaErrorUnsupportedPtxVersion) {
    (void)cudaGetLastError();
    return tmk_fail(err, TMK_ERR_UNSUPPORTED,
                    "cuda:%d: this binary has no code for %s (compute capability %d.%d): build it with ARCHS for it",
                    backend->index, p->name, p->major, p->minor);
  }
  if (error != cudaSuccess) return tmk_cuda_check(error, "cuda: looking at the kernels", err);
  /* Code compiled for 8.x and translated for a newer device does not have the instructions. */
  backend->programmatic = p->major >= 9 && code.ptxVersion >= 90;
  return TMK_OK;
}

static enum tmk_status open_resources(struct tmk_backend *backend, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const size_t staging_bytes = (size_t)TMK_CUDA_STAGING_ELEMENTS * 4, flag_bytes = TMK_CUDA_FLAGS * sizeof(uint32_t);
  TMK_CUDA_TRY(cudaStreamCreateWithFlags(&backend->stream, cudaStreamNonBlocking), "cudaStreamCreate");
  TMK_CUDA_TRY(cudaEventCreate(&backend->begin), "cudaEventCreate");
  TMK_CUDA_TRY(cudaEventCreate(&backend->end), "cudaEventCreate");
  for (int i = 0; i <= TMK_CUDA_OP_EVENTS; i++)
    TMK_CUDA_TRY(cudaEventCreate(&backend->op_events[i]), "cudaEventCreate");
  TMK_CUDA_TRY(cudaMallocHost(&backend->staging_host, staging_bytes), "cudaMallocHost of a transfer buffer");
  TMK_CUDA_TRY(cudaMalloc(&backend->staging_device, staging_bytes), "cudaMalloc of a transfer buffer");
  TMK_CUDA_TRY(cudaMalloc((void **)&backend->flags, flag_bytes), "cudaMalloc of flags");
  TMK_CUDA_TRY(cudaMemset(backend->flags, 0, flag_bytes), "clearing flags");
  TMK_CUDA_TRY(cudaDeviceSynchronize(), "clearing flags"); /* the stream does not wait for the default one */
out:
  return status;
}

static enum tmk_status cuda_open(const struct tmk_open_args *args, struct tmk_backend **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char reason[256];
  *out = NULL;
  struct tmk_backend *backend = NULL;
  TMK_TRY(tmk_cuda_groups_check(args->groups, err));
  const int count = tmk_cuda_device_count(reason, (int)sizeof reason);
  if (count == 0) return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cuda: %s", reason);
  if (args->device_index < 0 || args->device_index >= count) {
    return tmk_fail(err, TMK_ERR_USAGE, "cuda:%lld: must be cuda:0..%d", (long long)args->device_index, count - 1);
  }
  backend = calloc(1, sizeof *backend);
  if (backend == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: CUDA backend");
  backend->index = (int)args->device_index;
  backend->groups = args->groups;
  backend->simulated = tmk_cuda_is_simulated();
  TMK_CUDA_TRY(cudaSetDevice(backend->index), "cudaSetDevice");
  TMK_CUDA_TRY(cudaGetDeviceProperties(&backend->properties, backend->index), "cudaGetDeviceProperties");
  TMK_TRY(check_code(backend, err));
  const struct cudaDeviceProp *p = &backend->properties;
  backend->limits = (struct tmk_cuda_limits){
      .compute_capability = p->major * 10 + p->minor,
      .sm_count = p->multiProcessorCount,
      .shared_bytes_block = (int)p->sharedMemPerBlockOptin,
      .shared_bytes_sm = (int)p->sharedMemPerMultiprocessor,
      .l2_bytes = p->l2CacheSize,
  };
  TMK_TRY(open_resources(backend, err));
  TMK_TRY(tmk_cuda_node_open(backend, args, err));
  *out = backend;
  backend = NULL;
out:
  cuda_close(backend);
  return status;
}

static bool cuda_supports(struct tmk_backend *backend, const struct tmk_plan *plan, const struct tmk_op *op,
                          char *reason, int reason_size)
{
  return tmk_cuda_supports(&backend->limits, plan, op, reason, reason_size);
}

static void cuda_trim(struct tmk_backend *backend)
{
  tmk_cuda_weights_trim(&backend->weights);
  if (backend->exec_count > 0) return;
  (void)cudaFree(backend->arena);
  backend->arena = NULL;
  backend->arena_bytes = 0;
  backend->arena_generation++;
}

const struct tmk_backend_ops tmk_backend_cuda = {
    .name = "cuda",
    .description = "NVIDIA GPUs of compute capability 8.0 and above",
    .device_count = tmk_cuda_device_count,
    .open = cuda_open,
    .describe = tmk_cuda_describe,
    .supports = cuda_supports,
    .prepare = tmk_cuda_prepare,
    .reset = tmk_cuda_reset,
    .run = tmk_cuda_run,
    .run_ops = tmk_cuda_run_ops,
    .read = tmk_cuda_read,
    .write = tmk_cuda_write,
    .release = tmk_cuda_release,
    .close = cuda_close,
    .memory_overhead = tmk_cuda_memory_overhead,
    .trim = cuda_trim,
    .run_per_op = tmk_cuda_run_per_op,
    .ceilings = tmk_cuda_ceilings,
    .energy_uj = tmk_cuda_energy,
    .health = tmk_cuda_health,
    .provider = tmk_cuda_provider,
};
