/* rt_memory.c: allocations of devices, and host memory that kernels may reach. */
#include "rt.h"

#include <stdlib.h>
#include <string.h>

#define HOST_ALIGN 4096

struct rt_host *rt_find_host(const struct rt *rt, const void *address)
{
  uintptr_t at = (uintptr_t)address;
  for (struct rt_host *host = rt->hosts; host != NULL; host = host->next) {
    if (at >= (uintptr_t)host->address && at - (uintptr_t)host->address < host->size_bytes) return host;
  }
  return NULL;
}

int rt_device_of(const struct rt *rt, const void *address)
{
  if (!rt_is_device_address(address)) return -1;
  for (uint32_t i = 0; i < rt->device_count; i++) {
    if (sim_device_range(rt->devices[i].sim, (uint64_t)(uintptr_t)address, NULL, NULL)) return (int)i;
  }
  return -1;
}

/* Counts allocations of every kind for SIMGPU_FAIL_MALLOC. */
static cudaError_t may_allocate(struct rt *rt)
{
  if (++rt->mallocs != rt->fail_malloc) return cudaSuccess;
  return rt_fail(rt, cudaErrorMemoryAllocation, "SIMGPU_FAIL_MALLOC: allocation %llu fails",
                 (unsigned long long)rt->mallocs);
}

static cudaError_t allocate(struct rt *rt, void **out, size_t size)
{
  struct rt_device *device;
  struct sim_error failure;
  uint64_t address = 0;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess) error = rt_not_capturing(rt);
  if (error == cudaSuccess && out == NULL) error = cudaErrorInvalidValue;
  if (error != cudaSuccess) return error;
  *out = NULL;
  if (size == 0) return cudaSuccess; /* as the runtime does */
  error = may_allocate(rt);
  if (error != cudaSuccess) return error;
  if (sim_device_alloc(device->sim, size, &address, &failure) != SIM_OK) return rt_sim_fail(rt, &failure);
  *out = (void *)(uintptr_t)address;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void **out, size_t size)
{
  struct rt *rt = rt_enter(__func__);
  return rt_leave(rt, allocate(rt, out, size));
}

/* Stream-ordered allocation and freeing: other streams that use the memory must be ordered behind the one and before the other. */
static void note_range(struct rt *rt, struct CUstream_st *stream, const void *address)
{
  struct rt_turn turn;
  char text[160];
  uint64_t base = 0, size = 0;
  int owner = rt_device_of(rt, address);
  if (owner < 0) return;
  struct rt_device *device = &rt->devices[owner];
  sim_device_range(device->sim, (uint64_t)(uintptr_t)address, &base, &size);
  rt_follow_legacy(rt, stream);
  rt_turn_begin(rt, &stream->line, rt_thread()->call, NULL, false, &turn, text, sizeof text);
  sim_device_note(device->sim, base, size, true, &turn.sim, device->report);
  rt_turn_end(rt, &turn);
}

cudaError_t cudaMallocAsync(void **out, size_t size, cudaStream_t handle)
{
  struct rt *rt = rt_enter(__func__);
  struct CUstream_st *stream;
  cudaError_t error = rt_stream(rt, handle, &stream);
  if (error == cudaSuccess) error = allocate(rt, out, size);
  if (error == cudaSuccess) note_range(rt, stream, *out);
  return rt_leave(rt, error);
}

/* Managed memory is host memory that kernels may reach. */
static void unmap(struct rt *rt, struct rt_host *host)
{
  rt_pending_settle_range(rt, host->address, host->size_bytes);
  for (uint32_t i = 0; i < rt->device_count; i++) sim_device_unmap_host(rt->devices[i].sim, host->address, NULL);
  for (struct rt_host **link = &rt->hosts; *link != NULL; link = &(*link)->next) {
    if (*link != host) continue;
    *link = host->next;
    break;
  }
  if (!host->registered) free(host->address);
  free(host);
}

static cudaError_t release(struct rt *rt, void *address)
{
  struct rt_device *device;
  struct sim_error failure;
  cudaError_t error = rt_device(rt, &device);
  if (error != cudaSuccess || address == NULL) return error;
  struct rt_host *host = rt_find_host(rt, address);
  if (host != NULL && host->managed && host->address == address) {
    unmap(rt, host);
    return cudaSuccess;
  }
  int owner = rt_device_of(rt, address);
  if (owner >= 0) device = &rt->devices[owner];
  if (sim_device_free(device->sim, (uint64_t)(uintptr_t)address, &failure) == SIM_OK) return cudaSuccess;
  struct sim_finding finding = {.check = SIM_CHECK_BAD_FREE};
  sim_report_addf(device->report, &finding, "%.200s", failure.message);
  return rt_sim_fail(rt, &failure);
}

cudaError_t cudaFree(void *address)
{
  struct rt *rt = rt_enter(__func__);
  cudaError_t error = rt_not_capturing(rt);
  return rt_leave(rt, error == cudaSuccess ? release(rt, address) : error);
}

cudaError_t cudaFreeAsync(void *address, cudaStream_t handle)
{
  struct rt *rt = rt_enter(__func__);
  struct CUstream_st *stream;
  cudaError_t error = rt_stream(rt, handle, &stream);
  if (error == cudaSuccess) error = rt_not_capturing(rt);
  if (error == cudaSuccess && address == NULL) error = cudaErrorInvalidValue;
  if (error == cudaSuccess) note_range(rt, stream, address);
  return rt_leave(rt, error == cudaSuccess ? release(rt, address) : error);
}

/* --- host memory --- */

static cudaError_t map(struct rt *rt, const struct rt_host *wanted)
{
  struct sim_error failure;
  struct rt_host *host = malloc(sizeof *host);
  if (host == NULL) return cudaErrorMemoryAllocation;
  *host = *wanted;
  for (uint32_t i = 0; i < rt->device_count; i++) {
    if (sim_device_map_host(rt->devices[i].sim, host->address, host->size_bytes, &failure) == SIM_OK) continue;
    while (i-- > 0) sim_device_unmap_host(rt->devices[i].sim, host->address, NULL);
    free(host);
    return rt_sim_fail(rt, &failure);
  }
  host->next = rt->hosts;
  rt->hosts = host;
  return cudaSuccess;
}

static cudaError_t allocate_host(struct rt *rt, void **out, size_t size, bool managed)
{
  struct rt_device *device;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess && out == NULL) error = cudaErrorInvalidValue;
  if (error != cudaSuccess) return error;
  *out = NULL;
  if (size == 0) return managed ? cudaErrorInvalidValue : cudaSuccess;
  error = may_allocate(rt);
  if (error != cudaSuccess) return error;
  struct rt_host host = {.size_bytes = size, .managed = managed};
  if (posix_memalign(&host.address, HOST_ALIGN, size) != 0) return cudaErrorMemoryAllocation;
  error = map(rt, &host);
  if (error != cudaSuccess)
    free(host.address);
  else
    *out = host.address;
  return error;
}

cudaError_t cudaHostAlloc(void **out, size_t size, unsigned flags)
{
  struct rt *rt = rt_enter(__func__);
  if (flags > (cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined)) {
    return rt_leave(rt, cudaErrorInvalidValue);
  }
  return rt_leave(rt, allocate_host(rt, out, size, false));
}

cudaError_t cudaMallocHost(void **out, size_t size)
{
  struct rt *rt = rt_enter(__func__);
  return rt_leave(rt, allocate_host(rt, out, size, false));
}

cudaError_t cudaMallocManaged(void **out, size_t size, unsigned flags)
{
  struct rt *rt = rt_enter(__func__);
  if (flags != cudaMemAttachGlobal && flags != cudaMemAttachHost) return rt_leave(rt, cudaErrorInvalidValue);
  return rt_leave(rt, allocate_host(rt, out, size, true));
}

cudaError_t cudaFreeHost(void *address)
{
  struct rt *rt = rt_enter(__func__);
  if (address == NULL) return rt_leave(rt, cudaSuccess);
  struct rt_host *host = rt_find_host(rt, address);
  if (host == NULL || host->address != address || host->registered || host->managed) {
    return rt_leave(rt, rt_fail(rt, cudaErrorInvalidValue, "%p is no pinned memory", address));
  }
  unmap(rt, host);
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaHostGetDevicePointer(void **out, void *address, unsigned flags)
{
  struct rt *rt = rt_enter(__func__);
  if (out == NULL || flags != 0 || rt_find_host(rt, address) == NULL) return rt_leave(rt, cudaErrorInvalidValue);
  *out = address;
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaHostRegister(void *address, size_t size, unsigned flags)
{
  struct rt *rt = rt_enter(__func__);
  (void)flags;
  if (address == NULL || size == 0) return rt_leave(rt, cudaErrorInvalidValue);
  if (rt_find_host(rt, address) != NULL) return rt_leave(rt, cudaErrorHostMemoryAlreadyRegistered);
  struct rt_host host = {.address = address, .size_bytes = size, .registered = true};
  return rt_leave(rt, map(rt, &host));
}

cudaError_t cudaHostUnregister(void *address)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_host *host = rt_find_host(rt, address);
  if (host == NULL || host->address != address || !host->registered) {
    return rt_leave(rt, cudaErrorHostMemoryNotRegistered);
  }
  unmap(rt, host);
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_device *device;
  uint64_t left = 0, total = 0;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess && (free_bytes == NULL || total_bytes == NULL)) error = cudaErrorInvalidValue;
  if (error != cudaSuccess) return rt_leave(rt, error);
  sim_device_memory_info(device->sim, &left, &total);
  *free_bytes = left;
  *total_bytes = total;
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *attributes, const void *address)
{
  struct rt *rt = rt_enter(__func__);
  if (attributes == NULL) return rt_leave(rt, cudaErrorInvalidValue);
  memset(attributes, 0, sizeof *attributes);
  attributes->device = -1;
  int device = rt_device_of(rt, address);
  const struct rt_host *host = rt_find_host(rt, address);
  if (device >= 0) {
    attributes->type = cudaMemoryTypeDevice;
    attributes->device = device;
    attributes->devicePointer = (void *)(uintptr_t)address;
  } else if (host != NULL) {
    attributes->type = host->managed ? cudaMemoryTypeManaged : cudaMemoryTypeHost;
    attributes->device = 0;
    attributes->devicePointer = attributes->hostPointer = (void *)(uintptr_t)address;
  } else {
    attributes->type = cudaMemoryTypeUnregistered;
    attributes->hostPointer = rt_is_device_address(address) ? NULL : (void *)(uintptr_t)address;
  }
  return rt_leave(rt, cudaSuccess);
}
