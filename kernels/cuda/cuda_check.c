/* cuda_check.c: see cuda_check.h. */
#include "cuda_check.h"

static enum tmk_status status_of(cudaError_t error)
{
  switch (error) {
  case cudaErrorMemoryAllocation: return TMK_ERR_MEMORY;
  case cudaErrorNoKernelImageForDevice:
  case cudaErrorInsufficientDriver:
  case cudaErrorNoDevice:
  case cudaErrorUnsupportedPtxVersion: return TMK_ERR_UNSUPPORTED;
  case cudaErrorInvalidConfiguration:
  case cudaErrorLaunchOutOfResources: return TMK_ERR_FAILED;
  default: return TMK_ERR_DEVICE;
  }
}

enum tmk_status tmk_cuda_check(cudaError_t error, const char *what, struct tmk_error *err)
{
  if (error == cudaSuccess) return TMK_OK;
  (void)cudaGetLastError(); /* so that it is not found again by a later call, unless it is there to stay */
  return tmk_fail(err, status_of(error), "%s: %s: %s", what, cudaGetErrorName(error), cudaGetErrorString(error));
}
