/* cublaslt_version.c: handles, versions and names of errors. LT_VERSION: what the library says it is (130100 for 13.1.0). */
#include <stdio.h>
#include <stdlib.h>

#include <cuda_runtime_api.h>

#include "cublaslt_internal.h"

struct cublasLtContext {
  int device;
};

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
  int device = 0, count = 0;
  if (handle == NULL) return CUBLAS_STATUS_INVALID_VALUE;
  *handle = NULL;
  if (cudaGetDeviceCount(&count) != cudaSuccess || cudaGetDevice(&device) != cudaSuccess)
    return CUBLAS_STATUS_NOT_INITIALIZED;
  *handle = malloc(sizeof **handle);
  if (*handle == NULL) return CUBLAS_STATUS_ALLOC_FAILED;
  (*handle)->device = device;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
  if (handle == NULL) return CUBLAS_STATUS_NOT_INITIALIZED;
  free(handle);
  return CUBLAS_STATUS_SUCCESS;
}

size_t cublasLtGetVersion(void)
{
  return LT_VERSION;
}

size_t cublasLtGetCudartVersion(void)
{
  int version = 0;
  return cudaRuntimeGetVersion(&version) == cudaSuccess ? (size_t)version : 0;
}

cublasStatus_t cublasLtGetProperty(libraryPropertyType type, int *value)
{
  if (value == NULL) return CUBLAS_STATUS_INVALID_VALUE;
  switch (type) {
  case MAJOR_VERSION: *value = LT_VERSION / 10000; return CUBLAS_STATUS_SUCCESS;
  case MINOR_VERSION: *value = LT_VERSION / 100 % 100; return CUBLAS_STATUS_SUCCESS;
  case PATCH_LEVEL: *value = LT_VERSION % 100; return CUBLAS_STATUS_SUCCESS;
  default: return CUBLAS_STATUS_INVALID_VALUE;
  }
}

static const struct {
  cublasStatus_t status;
  const char *name, *text;
} statuses[] = {
    {CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS", "the operation completed successfully"},
    {CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED", "the library was not initialized"},
    {CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE",
     "an unsupported value or parameter was passed to the function"},
    {CUBLAS_STATUS_ARCH_MISMATCH, "CUBLAS_STATUS_ARCH_MISMATCH",
     "the function requires an architectural feature absent from the device"},
    {CUBLAS_STATUS_MAPPING_ERROR, "CUBLAS_STATUS_MAPPING_ERROR", "an access to GPU memory space failed"},
    {CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED", "the GPU program failed to execute"},
    {CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", "an internal operation failed"},
    {CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED", "the functionality requested is not supported"},
    {CUBLAS_STATUS_LICENSE_ERROR, "CUBLAS_STATUS_LICENSE_ERROR",
     "an error was detected when checking the current licensing"},
};

const char *cublasLtGetStatusName(cublasStatus_t status)
{
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    if (statuses[i].status == status) return statuses[i].name;
  }
  return "CUBLAS_STATUS_UNKNOWN";
}

const char *cublasLtGetStatusString(cublasStatus_t status)
{
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    if (statuses[i].status == status) return statuses[i].text;
  }
  return "unknown error code";
}

cublasStatus_t lt_refuse(cublasStatus_t status, const char *call, const char *text)
{
  char line[512];
  snprintf(line, sizeof line, "%s: %s", cublasLtGetStatusName(status), text);
  __cudaSimgpuExplain(call, line);
  return status;
}
