/* launch.cuh: one way to launch a kernel of this folder, with its dynamic shared memory and, where the caller asks for it,
 * programmatic dependent launch. */
#ifndef TMK_LAUNCH_CUH
#define TMK_LAUNCH_CUH

#include "cuda_kernels.h"

template <typename... Params, typename... Args>
static cudaError_t launch_kernel(void (*kernel)(Params...), dim3 grid, dim3 block, int shared_bytes, const struct tmk_cuda_launch *launch,
                                 Args... args)
{
  if (shared_bytes > 48 * 1024) {
    const cudaError_t error = cudaFuncSetAttribute((const void *)kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
    if (error != cudaSuccess) return error;
  }
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = (size_t)shared_bytes;
  config.stream = launch->stream;
  config.attrs = &attribute;
  config.numAttrs = launch->programmatic ? 1 : 0;
  return cudaLaunchKernelEx(&config, kernel, static_cast<Params>(args)...);
}

/* Rows without a workspace share this. */
#define TMK_CUDA_NO_WORKSPACE(name)                                                                                    \
  extern "C" int64_t tmk_cuda_##name##_workspace_bytes(const union tmk_cuda_args *, const struct tmk_cuda_limits *)    \
  {                                                                                                                    \
    return 0;                                                                                                          \
  }

#endif
