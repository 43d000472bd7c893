/* rt_work.h: what a stand-in for a library of kernels (cuBLASLt) asks of the runtime's stand-in: to do its work on the host, in a
 * stream's order, where the library would launch a kernel. The work is plain data, so a stream capture keeps it as a node and replays
 * it. Everything it touches is a span: checked, and ordered against the work of other streams, as a kernel's accesses are.
 */
#ifndef SIMGPU_RT_WORK_H
#define SIMGPU_RT_WORK_H

#include <driver_types.h>
#include <stddef.h>
#include <stdint.h>

#include "sim_device.h"

#define RT_WORK_SPANS 34 /* a send and a receive buffer of 16 ranks, and two more */
#define RT_WORK_DATA  64 /* 8-byte words */

struct rt_work {
  const char *name; /* in findings: "cublasLtMatmul"; static */
  uint32_t span_count;
  struct sim_span spans[RT_WORK_SPANS];
  /* Called in the stream's order with the bytes of each span (NULL for an empty one). Reads what it reads before it writes. */
  void (*run)(const struct rt_work *work, uint8_t *const *bytes);
  uint64_t nominal_ns; /* for the simulated clock */
  uint64_t data[RT_WORK_DATA];
};

/* libcudart's: submits the work (a copy of it). What a launch of a kernel would return. */
cudaError_t __cudaSimgpuWork(cudaStream_t stream, const struct rt_work *work);
/* Within run(): lets other threads of the process call the runtime, for work that waits for theirs. */
void __cudaSimgpuYield(void);
/* A finding of the check `collective`, of the thread's device. */
void __cudaSimgpuCollective(const char *call, const char *text);
/* Says why a library refuses something, where SIMGPU_VERBOSE=1 asks. */
void __cudaSimgpuExplain(const char *call, const char *text);

#endif
