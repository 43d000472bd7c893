/* rt_device.c: which devices there are and what they say of themselves. */
#include "rt.h"

#include <stdio.h>
#include <string.h>

cudaError_t cudaGetDeviceCount(int *count)
{
  struct rt *rt = rt_enter(__func__);
  if (count == NULL) return rt_leave(rt, cudaErrorInvalidValue);
  *count = (int)rt->device_count;
  return rt_leave(rt, rt->device_count > 0 ? cudaSuccess : rt_no_device(rt));
}

static cudaError_t check_ordinal(const struct rt *rt, int device)
{
  if (rt->device_count == 0) return rt_no_device(rt);
  if (device >= 0 && (uint32_t)device < rt->device_count) return cudaSuccess;
  return rt_fail(rt, cudaErrorInvalidDevice, "device %d: there are %u", device, rt->device_count);
}

cudaError_t cudaSetDevice(int device)
{
  struct rt *rt = rt_enter(__func__);
  cudaError_t error = check_ordinal(rt, device);
  if (error == cudaSuccess) rt_thread()->device = device;
  return rt_leave(rt, error);
}

cudaError_t cudaGetDevice(int *device)
{
  struct rt *rt = rt_enter(__func__);
  if (device == NULL) return rt_leave(rt, cudaErrorInvalidValue);
  *device = rt_thread()->device;
  return rt_leave(rt, rt->device_count > 0 ? cudaSuccess : rt_no_device(rt));
}

static void fill_properties(struct cudaDeviceProp *p, const struct sim_arch *arch, int device)
{
  memset(p, 0, sizeof *p);
  snprintf(p->name, sizeof p->name, "%s", arch->full_name);
  snprintf(p->uuid.bytes, sizeof p->uuid.bytes, "simgpu-%d", device);
  p->totalGlobalMem = arch->memory_bytes;
  p->sharedMemPerBlock = arch->shared_per_block_bytes;
  p->regsPerBlock = (int)arch->registers_per_block;
  p->warpSize = 32;
  p->memPitch = 0x7fffffff;
  p->maxThreadsPerBlock = (int)arch->threads_per_block;
  p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
  p->maxThreadsDim[2] = 64;
  p->maxGridSize[0] = 0x7fffffff;
  p->maxGridSize[1] = p->maxGridSize[2] = 65535;
  p->totalConstMem = arch->const_bytes;
  p->major = (int)arch->compute_major;
  p->minor = (int)arch->compute_minor;
  p->textureAlignment = 512;
  p->multiProcessorCount = (int)arch->sm_count;
  p->canMapHostMemory = 1;
  p->concurrentKernels = 1;
  p->ECCEnabled = 1;
  p->pciBusID = device + 1;
  p->asyncEngineCount = 3;
  p->unifiedAddressing = 1;
  p->memoryBusWidth = (int)arch->memory_bus_bits;
  p->l2CacheSize = (int)arch->l2_bytes;
  p->maxThreadsPerMultiProcessor = (int)arch->threads_per_sm;
  p->streamPrioritiesSupported = 1;
  p->sharedMemPerMultiprocessor = arch->shared_per_sm_bytes;
  p->regsPerMultiprocessor = (int)arch->registers_per_sm;
  p->managedMemory = 1;
  p->cooperativeLaunch = 1;
  p->sharedMemPerBlockOptin = arch->shared_optin_bytes;
  p->maxBlocksPerMultiProcessor = (int)arch->blocks_per_sm;
  p->reservedSharedMemPerBlock = arch->shared_reserved_bytes;
  p->hostRegisterSupported = 1;
  p->memoryPoolsSupported = 1;
  /* A program must not choose a kernel with clusters: they are not simulated. */
  p->clusterLaunch = 0;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device)
{
  struct rt *rt = rt_enter(__func__);
  cudaError_t error = properties != NULL ? check_ordinal(rt, device) : cudaErrorInvalidValue;
  if (error == cudaSuccess) fill_properties(properties, sim_device_arch(rt->devices[device].sim), device);
  return rt_leave(rt, error);
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device)
{
  struct rt *rt = rt_enter(__func__);
  struct cudaDeviceProp p;
  cudaError_t error = value != NULL ? check_ordinal(rt, device) : cudaErrorInvalidValue;
  if (error != cudaSuccess) return rt_leave(rt, error);
  const struct sim_arch *arch = sim_device_arch(rt->devices[device].sim);
  fill_properties(&p, arch, device);
  const struct {
    enum cudaDeviceAttr attribute;
    size_t value;
  } rows[] = {
      {cudaDevAttrMaxThreadsPerBlock, (size_t)p.maxThreadsPerBlock},
      {cudaDevAttrMaxBlockDimX, (size_t)p.maxThreadsDim[0]},
      {cudaDevAttrMaxBlockDimY, (size_t)p.maxThreadsDim[1]},
      {cudaDevAttrMaxBlockDimZ, (size_t)p.maxThreadsDim[2]},
      {cudaDevAttrMaxGridDimX, (size_t)p.maxGridSize[0]},
      {cudaDevAttrMaxGridDimY, (size_t)p.maxGridSize[1]},
      {cudaDevAttrMaxGridDimZ, (size_t)p.maxGridSize[2]},
      {cudaDevAttrMaxSharedMemoryPerBlock, p.sharedMemPerBlock},
      {cudaDevAttrTotalConstantMemory, p.totalConstMem},
      {cudaDevAttrWarpSize, 32},
      {cudaDevAttrMaxRegistersPerBlock, (size_t)p.regsPerBlock},
      {cudaDevAttrClockRate, arch->clock_khz},
      {cudaDevAttrMultiProcessorCount, arch->sm_count},
      {cudaDevAttrCanMapHostMemory, 1},
      {cudaDevAttrConcurrentKernels, 1},
      {cudaDevAttrEccEnabled, 1},
      {cudaDevAttrPciBusId, (size_t)p.pciBusID},
      {cudaDevAttrPciDeviceId, 0},
      {cudaDevAttrPciDomainId, 0},
      {cudaDevAttrMemoryClockRate, arch->memory_clock_khz},
      {cudaDevAttrGlobalMemoryBusWidth, arch->memory_bus_bits},
      {cudaDevAttrL2CacheSize, arch->l2_bytes},
      {cudaDevAttrMaxThreadsPerMultiProcessor, arch->threads_per_sm},
      {cudaDevAttrAsyncEngineCount, 3},
      {cudaDevAttrUnifiedAddressing, 1},
      {cudaDevAttrComputeCapabilityMajor, arch->compute_major},
      {cudaDevAttrComputeCapabilityMinor, arch->compute_minor},
      {cudaDevAttrStreamPrioritiesSupported, 1},
      {cudaDevAttrMaxSharedMemoryPerMultiprocessor, arch->shared_per_sm_bytes},
      {cudaDevAttrMaxRegistersPerMultiprocessor, arch->registers_per_sm},
      {cudaDevAttrManagedMemory, 1},
      {cudaDevAttrCooperativeLaunch, 1},
      {cudaDevAttrMaxSharedMemoryPerBlockOptin, arch->shared_optin_bytes},
      {cudaDevAttrHostRegisterSupported, 1},
      {cudaDevAttrMaxBlocksPerMultiprocessor, arch->blocks_per_sm},
      {cudaDevAttrReservedSharedMemoryPerBlock, arch->shared_reserved_bytes},
      {cudaDevAttrMemoryPoolsSupported, 1},
      {cudaDevAttrClusterLaunch, 0},
      {cudaDevAttrIntegrated, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].attribute != attribute) continue;
    *value = (int)rows[i].value;
    return rt_leave(rt, cudaSuccess);
  }
  return rt_leave(rt, rt_fail(rt, cudaErrorInvalidValue, "device attribute %d is not simulated", (int)attribute));
}

cudaError_t cudaDeviceCanAccessPeer(int *can, int device, int peer)
{
  struct rt *rt = rt_enter(__func__);
  cudaError_t error = can != NULL ? check_ordinal(rt, device) : cudaErrorInvalidValue;
  if (error == cudaSuccess) error = check_ordinal(rt, peer);
  if (error == cudaSuccess) *can = 0; /* kernels reach their own device's memory only; copies between devices work */
  return rt_leave(rt, error);
}

cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest)
{
  struct rt *rt = rt_enter(__func__);
  if (least != NULL) *least = 0;
  if (greatest != NULL) *greatest = -5;
  return rt_leave(rt, cudaSuccess);
}

/* Not in NVIDIA's runtime: a program that finds this name knows that its device is simulated. */
int cudaSimulatedGpu(void);
int cudaSimulatedGpu(void)
{
  return 1;
}

cudaError_t cudaDriverGetVersion(int *version)
{
  struct rt *rt = rt_enter(__func__);
  if (version == NULL) return rt_leave(rt, cudaErrorInvalidValue);
  *version = rt->driver;
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
  if (version == NULL) return cudaErrorInvalidValue;
  *version = RT_VERSION;
  return cudaSuccess;
}
