/* cuda_check.h: every result of the CUDA runtime turned into one line that says which call failed, on what, and why. */
#ifndef TMK_CUDA_CHECK_H
#define TMK_CUDA_CHECK_H

#include <cuda_runtime_api.h>

#include "tokmark/status.h"

/* TMK_OK for cudaSuccess. Else the error's meaning: MEMORY for an allocation that failed, UNSUPPORTED where there is no code for the
 * device or no usable driver, FAILED for a launch that was refused (the device is well), DEVICE for the rest. `what` is what was
 * being done: "cudaMalloc of 123 bytes for weights". */
enum tmk_status tmk_cuda_check(cudaError_t error, const char *what, struct tmk_error *err);

#define TMK_CUDA_TRY(call, what) TMK_TRY(tmk_cuda_check((call), (what), err))

#endif
