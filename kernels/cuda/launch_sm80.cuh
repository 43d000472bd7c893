/* launch_sm80.cuh: the launch of a kernel whose one parameter is a struct by value, with its dynamic shared memory and, where
 * asked for, programmatic dependent launch. */
#ifndef TMK_LAUNCH_SM80_CUH
#define TMK_LAUNCH_SM80_CUH

#include "cuda_kernels.h"

template <class Args>
static cudaError_t launch_kernel(void (*kernel)(Args), dim3 grid, int threads, int shared_bytes,
                                 const struct tmk_cuda_launch *launch, const Args &args)
{
  if (shared_bytes > 48 * 1024) {
    const cudaError_t error =
        cudaFuncSetAttribute((const void *)kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
    if (error != cudaSuccess) return error;
  }
  cudaLaunchAttribute programmatic = {};
  programmatic.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  programmatic.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3((unsigned)threads);
  config.dynamicSmemBytes = (size_t)shared_bytes;
  config.stream = launch->stream;
  config.attrs = &programmatic;
  config.numAttrs = launch->programmatic ? 1 : 0;
  return cudaLaunchKernelEx(&config, kernel, args);
}

#endif
