/* rt_launch.c: launches, attributes of kernels, occupancy. */
#include "rt.h"

#include <stdlib.h>
#include <string.h>

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, struct CUstream_st *stream)
{
  struct rt_thread *thread = rt_thread();
  size_t room = sizeof thread->pushed / sizeof thread->pushed[0];
  if ((size_t)thread->pushed_count == room) return 1;
  int top = thread->pushed_count++;
  thread->pushed[top].grid = grid;
  thread->pushed[top].block = block;
  thread->pushed[top].shared = shared;
  thread->pushed[top].stream = stream;
  return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream)
{
  struct rt_thread *thread = rt_thread();
  if (thread->pushed_count == 0) return cudaErrorMissingConfiguration;
  int top = --thread->pushed_count;
  *grid = thread->pushed[top].grid;
  *block = thread->pushed[top].block;
  *shared = thread->pushed[top].shared;
  memcpy(stream, &thread->pushed[top].stream, sizeof(cudaStream_t));
  return cudaSuccess;
}

/* A handle of a kernel is its host address: it holds on every device, and errors appear at the launch. */
cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *host)
{
  *kernel = (cudaKernel_t)(uintptr_t)host;
  return cudaSuccess;
}

/* The buffer of parameters from the program's pointers. NULL: error is set. */
static uint8_t *gather(const struct rt *rt, const struct sim_kernel *kernel, void **arguments, cudaError_t *error)
{
  struct sim_kernel_info info;
  sim_kernel_info(kernel, &info);
  uint8_t *params = calloc(1, (size_t)info.param_bytes + 1);
  if (params == NULL) {
    *error = cudaErrorMemoryAllocation;
    return NULL;
  }
  for (uint32_t i = 0; i < info.param_count; i++) {
    uint32_t offset = 0, size = 0;
    sim_kernel_param(kernel, i, &offset, &size);
    if (arguments == NULL || arguments[i] == NULL) {
      *error = rt_fail(rt, cudaErrorInvalidValue, "parameter %u of %u is missing", i, info.param_count);
      free(params);
      return NULL;
    }
    memcpy(params + offset, arguments[i], size);
  }
  return params;
}

struct shape {
  dim3 grid, block;
  size_t shared;
  cudaStream_t stream;
  bool cooperative, programmatic;
  dim3 cluster;
};

static cudaError_t launch(struct rt *rt, const void *host, const struct shape *shape, void **arguments)
{
  struct rt_device *device;
  struct sim_kernel *kernel;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess) error = rt_find_kernel(rt, host, &kernel);
  if (error != cudaSuccess) return error;
  if (shape->shared > UINT32_MAX)
    return rt_fail(rt, cudaErrorInvalidValue, "%zu bytes of shared memory", shape->shared);
  uint8_t *params = gather(rt, kernel, arguments, &error);
  if (params == NULL) return error;
  struct sim_kernel_info info;
  sim_kernel_info(kernel, &info);
  struct rt_op op = {.kind = RT_OP_LAUNCH,
                     .device = (uint32_t)rt_thread()->device,
                     .kernel = kernel,
                     .programmatic = shape->programmatic,
                     .launch = {.grid = {shape->grid.x, shape->grid.y, shape->grid.z},
                                .block = {shape->block.x, shape->block.y, shape->block.z},
                                .cluster = {shape->cluster.x, shape->cluster.y, shape->cluster.z},
                                .dynamic_shared_bytes = (uint32_t)shape->shared,
                                .cooperative = shape->cooperative,
                                .params = params,
                                .params_bytes = info.param_bytes}};
  error = rt_submit(rt, shape->stream, &op);
  free(params);
  return error;
}

cudaError_t cudaLaunchKernel(const void *host, dim3 grid, dim3 block, void **arguments, size_t shared,
                             cudaStream_t stream)
{
  struct rt *rt = rt_enter(__func__);
  struct shape shape = {.grid = grid, .block = block, .shared = shared, .stream = stream};
  return rt_leave(rt, launch(rt, host, &shape, arguments));
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments, size_t shared,
                               cudaStream_t stream)
{
  return cudaLaunchKernel((const void *)kernel, grid, block, arguments, shared, stream);
}

cudaError_t cudaLaunchCooperativeKernel(const void *host, dim3 grid, dim3 block, void **arguments, size_t shared,
                                        cudaStream_t stream)
{
  struct rt *rt = rt_enter(__func__);
  struct shape shape = {.grid = grid, .block = block, .shared = shared, .stream = stream, .cooperative = true};
  return rt_leave(rt, launch(rt, host, &shape, arguments));
}

/* Priority is honoured by nothing. */
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *host, void **arguments)
{
  struct rt *rt = rt_enter(__func__);
  if (config == NULL) return rt_leave(rt, cudaErrorInvalidValue);
  struct shape shape = {
      .grid = config->gridDim, .block = config->blockDim, .shared = config->dynamicSmemBytes, .stream = config->stream};
  for (unsigned i = 0; i < config->numAttrs; i++) {
    const cudaLaunchAttribute *attribute = &config->attrs[i];
    switch (attribute->id) {
    case cudaLaunchAttributeIgnore:
    case cudaLaunchAttributePriority: break;
    case cudaLaunchAttributeProgrammaticStreamSerialization:
      shape.programmatic = attribute->val.programmaticStreamSerializationAllowed != 0;
      break;
    case cudaLaunchAttributeCooperative: shape.cooperative = attribute->val.cooperative != 0; break;
    case cudaLaunchAttributeClusterDimension:
      shape.cluster = (dim3){attribute->val.clusterDim.x, attribute->val.clusterDim.y, attribute->val.clusterDim.z};
      break;
    default:
      return rt_leave(rt,
                      rt_fail(rt, cudaErrorNotSupported, "launch attribute %d is not simulated", (int)attribute->id));
    }
  }
  return rt_leave(rt, launch(rt, host, &shape, arguments));
}

cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *attributes, const void *host)
{
  struct rt *rt = rt_enter(__func__);
  struct sim_kernel *kernel;
  cudaError_t error = attributes != NULL ? rt_find_kernel(rt, host, &kernel) : cudaErrorInvalidValue;
  if (error != cudaSuccess) return rt_leave(rt, error);
  struct sim_kernel_info info;
  sim_kernel_info(kernel, &info);
  memset(attributes, 0, sizeof *attributes);
  const struct sim_arch *arch = sim_device_arch(rt->devices[rt_thread()->device].sim);
  attributes->sharedSizeBytes = info.static_shared_bytes;
  attributes->constSizeBytes = info.const_bytes;
  attributes->localSizeBytes = info.local_bytes;
  attributes->maxThreadsPerBlock = (int)info.max_threads;
  attributes->numRegs = (int)info.registers;
  attributes->ptxVersion = (int)info.ptx_version;
  attributes->binaryVersion = (int)(arch->compute_major * 10 + arch->compute_minor);
  attributes->maxDynamicSharedSizeBytes = (int)info.max_dynamic_shared_bytes;
  attributes->preferredShmemCarveout = -1;
  attributes->clusterDimMustBeSet = info.cluster[0] != 0;
  attributes->requiredClusterWidth = (int)info.cluster[0];
  attributes->requiredClusterHeight = (int)info.cluster[1];
  attributes->requiredClusterDepth = (int)info.cluster[2];
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaFuncSetAttribute(const void *host, enum cudaFuncAttribute attribute, int value)
{
  struct rt *rt = rt_enter(__func__);
  struct sim_kernel *kernel;
  struct sim_error failure;
  cudaError_t error = rt_find_kernel(rt, host, &kernel);
  if (error != cudaSuccess) return rt_leave(rt, error);
  switch (attribute) {
  case cudaFuncAttributeMaxDynamicSharedMemorySize:
    if (value < 0) return rt_leave(rt, cudaErrorInvalidValue);
    if (sim_kernel_set_max_dynamic_shared(kernel, (uint32_t)value, &failure) != SIM_OK) {
      return rt_leave(rt, rt_sim_fail(rt, &failure));
    }
    return rt_leave(rt, cudaSuccess);
  case cudaFuncAttributePreferredSharedMemoryCarveout: /* a hint about the L1 cache, which is not simulated */
    return rt_leave(rt, value >= -1 && value <= 100 ? cudaSuccess : cudaErrorInvalidValue);
  default:
    return rt_leave(rt, rt_fail(rt, cudaErrorNotSupported, "function attribute %d is not simulated", (int)attribute));
  }
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, const void *host, int threads,
                                                                   size_t shared, unsigned flags)
{
  struct rt *rt = rt_enter(__func__);
  struct sim_kernel *kernel;
  if (blocks == NULL || threads <= 0 || shared > UINT32_MAX || flags > cudaOccupancyDisableCachingOverride) {
    return rt_leave(rt, cudaErrorInvalidValue);
  }
  cudaError_t error = rt_find_kernel(rt, host, &kernel);
  if (error == cudaSuccess) *blocks = (int)sim_kernel_occupancy(kernel, (uint32_t)threads, (uint32_t)shared);
  return rt_leave(rt, error);
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, const void *host, int threads, size_t shared)
{
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, host, threads, shared, cudaOccupancyDefault);
}
