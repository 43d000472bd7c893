/* rt_driver.c: libcuda.so.1 and the driver's entry points that a program asks the runtime for: what it can be asked about devices.
 * Neither memory, launches nor tensor maps: a name that is not in the table is reported as not found. The library has no state in
 * common with libcudart's, and needs none for this. Numbers of errors and attributes are the runtime's.
 */
#include "rt.h"

#include <cuda.h>
#include <stdio.h>
#include <string.h>

/* A driver that is too old for the runtime (SIMGPU_DRIVER) has devices all the same; here it has none. */
static CUresult result_of(cudaError_t error)
{
  return error == cudaErrorInsufficientDriver ? CUDA_ERROR_NO_DEVICE : (CUresult)error;
}

CUresult cuInit(unsigned flags)
{
  int count = 0;
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  return result_of(cudaGetDeviceCount(&count));
}

CUresult cuDriverGetVersion(int *version)
{
  return (CUresult)cudaDriverGetVersion(version);
}

CUresult cuDeviceGetCount(int *count)
{
  return result_of(cudaGetDeviceCount(count));
}

CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
  int count = 0;
  if (device == NULL) return CUDA_ERROR_INVALID_VALUE;
  CUresult result = result_of(cudaGetDeviceCount(&count));
  if (result != CUDA_SUCCESS) return result;
  if (ordinal < 0 || ordinal >= count) return CUDA_ERROR_INVALID_DEVICE;
  *device = ordinal;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int size, CUdevice device)
{
  struct cudaDeviceProp properties;
  if (name == NULL || size <= 0) return CUDA_ERROR_INVALID_VALUE;
  CUresult result = result_of(cudaGetDeviceProperties(&properties, device));
  if (result == CUDA_SUCCESS) snprintf(name, (size_t)size, "%s", properties.name);
  return result;
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice device)
{
  struct cudaDeviceProp properties;
  if (bytes == NULL) return CUDA_ERROR_INVALID_VALUE;
  CUresult result = result_of(cudaGetDeviceProperties(&properties, device));
  if (result == CUDA_SUCCESS) *bytes = properties.totalGlobalMem;
  return result;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device)
{
  return result_of(cudaDeviceGetAttribute(value, (enum cudaDeviceAttr)attribute, device));
}

/* NULL: none of that name. */
static void *find_entry(const char *name)
{
#define ENTRY(function)                                                                                                \
  {                                                                                                                    \
#function, (void (*)(void))function                                                                                \
  }
  static const struct {
    const char *name;
    void (*function)(void);
  } entries[] = {ENTRY(cuInit),
                 ENTRY(cuDriverGetVersion),
                 ENTRY(cuDeviceGetCount),
                 ENTRY(cuDeviceGet),
                 ENTRY(cuDeviceGetName),
                 ENTRY(cuDeviceGetAttribute),
                 {"cuDeviceTotalMem", (void (*)(void))cuDeviceTotalMem},
                 {"cuGetProcAddress", (void (*)(void))cuGetProcAddress}};
#undef ENTRY
  for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
    void *out;
    if (strcmp(entries[i].name, name) != 0) continue;
    memcpy(&out, &entries[i].function, sizeof out);
    return out;
  }
  return NULL;
}

CUresult cuGetProcAddress(const char *name, void **function, int version, cuuint64_t flags,
                          CUdriverProcAddressQueryResult *status)
{
  (void)flags;
  if (name == NULL || function == NULL || version <= 0) return CUDA_ERROR_INVALID_VALUE;
  *function = find_entry(name);
  if (status != NULL) {
    *status = *function != NULL ? CU_GET_PROC_ADDRESS_SUCCESS : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  }
  return *function != NULL ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

/* A name that is not there is no error of the call: `status` says it, as the runtime documents. Without one it is. */
cudaError_t cudaGetDriverEntryPointByVersion(const char *name, void **function, unsigned version,
                                             unsigned long long flags, enum cudaDriverEntryPointQueryResult *status)
{
  struct rt *rt = rt_enter(__func__);
  (void)flags;
  if (name == NULL || function == NULL || version == 0) return rt_leave(rt, cudaErrorInvalidValue);
  *function = find_entry(name);
  if (status != NULL) *status = *function != NULL ? cudaDriverEntryPointSuccess : cudaDriverEntryPointSymbolNotFound;
  if (*function != NULL) return rt_leave(rt, cudaSuccess);
  cudaError_t error = rt_fail(rt, cudaErrorSymbolNotFound, "the driver's '%s' is not simulated", name);
  return rt_leave(rt, status != NULL ? cudaSuccess : error);
}
