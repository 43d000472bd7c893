/* cuda.h: the backend's context; shared by the host files of this folder, seen by no other.
 *
 *   cuda_check.h     results of the runtime as one line      cuda_describe.c   what the device is
 *   cuda_layout.h    tensors in device memory                cuda_weights.h    shared weights
 *   cuda_exec.h      plans made ready; cuda_run.c runs them  cuda_kernels.h    kernels by operation and dtype
 *   cuda_move.h      contents and copies
 */
#ifndef TMK_CUDA_H
#define TMK_CUDA_H

#include "cuda_check.h"
#include "cuda_kernels.h"
#include "cuda_layout.h"
#include "cuda_weights.h"
#include "tokmark/backend.h"

/* Elements that one transfer between host and device takes at most; a device and a pinned host buffer of four bytes each. */
#define TMK_CUDA_STAGING_ELEMENTS ((int64_t)1 << 20)

/* Ops timed apart between two waits. */
#define TMK_CUDA_OP_EVENTS 512

struct tmk_backend {
  int index;
  struct cudaDeviceProp properties;
  struct tmk_cuda_limits limits;
  bool simulated;
  bool programmatic; /* the code is of an architecture with programmatic dependent launch */
  cudaStream_t stream;
  cudaEvent_t begin, end;
  cudaEvent_t op_events[TMK_CUDA_OP_EVENTS + 1];
  void *staging_host, *staging_device;
  uint32_t *flags; /* TMK_CUDA_FLAGS words, zero between kernels */
  struct tmk_cuda_weights weights;
  /* Caches, activations and scratch of whichever exec runs; execs hold offsets into it. The generation counts how often it moved. */
  char *arena;
  int64_t arena_bytes;
  int64_t arena_generation;
  int exec_count;
};

/* cuda_describe.c */
int tmk_cuda_device_count(char *reason, int reason_size);
enum tmk_status tmk_cuda_describe(struct tmk_backend *backend, struct tmk_device_info *info, struct tmk_error *err);
/* Whether the runtime is a simulated GPU's (tests/simgpu). */
bool tmk_cuda_is_simulated(void);

#endif
