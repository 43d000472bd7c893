/* rt.h: what the stand-ins for NVIDIA's libraries share (rt_*.c).
 *
 * build/simgpu/libcudart.so.13 and .12 take the place of the shared CUDA runtime. A program built by
 * `nvcc -cudart shared -lineinfo --compress-mode=none` runs on it unchanged by LD_LIBRARY_PATH=build/simgpu: its kernels are
 * interpreted from the PTX in its own fatbin, with all checks of sim_report.h on. Findings go to stderr when the program exits; a
 * program that would have exited with 0 then exits with 86 instead. Calls that are not here don't resolve: the dynamic loader
 * names them; a value that is not simulated is an error that SIMGPU_VERBOSE=1 explains. Nothing succeeds without having been done.
 *
 * Work runs at once, in the order of the calls: that is one of the orders that streams allow, so a missing wait between streams, or
 * between a stream and the host, is not found. A kernel that faults leaves its launch successful, as on a GPU; every later call
 * returns the error until the process ends. Times of events come from a simulated clock (bytes and instructions), and say
 * nothing about a GPU. Environment:
 *   SIMGPU_DEVICE       A100, H100 (default), GH200, B200, GB300      SIMGPU_DEVICES      how many of it; default 1
 *   SIMGPU_SMS=n        each has n SMs, as a slice of it would
 *   SIMGPU_SEED         of scheduling; default 0                      SIMGPU_EXIT         exit code with findings; default 86
 *   SIMGPU_LEAKS=0      memory still allocated at exit is no finding  SIMGPU_VERBOSE=1    why a call failed, on stderr
 *   SIMGPU_FAIL_MALLOC=n   the n-th allocation fails (from 1)         SIMGPU_FAIL_LAUNCH=n   the n-th launch fails
 *   SIMGPU_FAIL_GRAPH=n    the n-th instantiation of a graph fails    SIMGPU_FAIL_WORK=n     the n-th call of cublasLtMatmul fails
 *   SIMGPU_LOSE_DEVICE=n   the device is lost at the n-th launch
 *   SIMGPU_FAULT_LAUNCH=n  the n-th launch succeeds, and its kernel then reads an illegal address: each later call returns that
 *   SIMGPU_DRIVER          none: as without a driver; or the CUDA version that the driver is for, as a number: 12040 is 12.4, which is
 *                          too old for this runtime; default 13000
 *   SIMGPU_LAUNCHES=FILE   a line is added for each launch: kernel (mangled), threads a block, bytes of dynamic shared memory
 *   SIMGPU_MUTANT, SIMGPU_MUTANTS   wrong changes of the kernels, to test tests with: rt_mutants.h
 */
#ifndef SIMGPU_RT_H
#define SIMGPU_RT_H

#include <cuda_runtime_api.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rt_order.h"
#include "rt_work.h"
#include "sim_device.h"
#include "sim_report.h"

#define RT_DEVICES_MAX       8
#define RT_VERSION           13000               /* of the runtime; a driver of its major version or above will do */
#define RT_FIRST_DEVICE_ADDR ((uint64_t)1 << 48) /* sim_memory.h: no device address is below */

/* A fatbin of the program; loaded on a device when it is first needed there. */
struct rt_image {
  const void *data;
  struct sim_module *modules[RT_DEVICES_MAX];
  struct sim_error failures[RT_DEVICES_MAX];
  struct rt_image *next;
};

/* A kernel or a variable of the program by its host address. */
struct rt_symbol {
  const void *host;
  const char *name; /* mangled; the program's */
  struct rt_image *image;
  bool is_kernel;
  struct rt_symbol *next;
};

/* Host memory that kernels may reach. */
struct rt_host {
  void *address;
  size_t size_bytes;
  bool registered; /* the program's own memory */
  bool managed;
  struct rt_host *next;
};

struct rt_device {
  struct sim_device *sim;
  struct sim_report *report;
};

#define RT_BRANCHES 16u

/* One thing that a stream does. */
enum rt_op_kind { RT_OP_LAUNCH, RT_OP_COPY, RT_OP_FILL, RT_OP_HOST, RT_OP_WORK };
struct rt_op {
  enum rt_op_kind kind;
  uint32_t device;
  struct sim_kernel *kernel; /* LAUNCH; launch.params owned once captured */
  struct sim_launch launch;
  void *to; /* COPY, FILL: rows of width bytes */
  const void *from;
  size_t to_pitch, from_pitch, width, height;
  uint8_t value;
  cudaHostFn_t host; /* HOST */
  void *host_data;
  const struct rt_work *work; /* WORK; owned once captured */
  const char *call;           /* what submitted it; static */
  bool programmatic;          /* LAUNCH: may start before the launch before it has ended */
  uint32_t branch;            /* once captured: which stream of the capture, */
  uint32_t seen[RT_BRANCHES]; /* and how many nodes of each are before it */
  struct rt_op *next;
};

struct CUgraph_st {
  struct rt_op *first, *last; /* owned; in the order of the capture */
  uint32_t branches, counts[RT_BRANCHES];
  unsigned long long id;
};
struct CUgraphExec_st {
  struct CUgraph_st graph;           /* a copy */
  struct rt_line lines[RT_BRANCHES]; /* of its branches; [0] unused: the stream that it is launched in */
  struct rt_clock last;              /* the end of its last launch */
};

struct CUstream_st {
  uint32_t device;
  unsigned flags;
  int priority;
  uint64_t time_ns;           /* when all of it is done */
  struct CUgraph_st *capture; /* borrowed from the stream that began it; NULL: none */
  bool capture_origin, capture_broken;
  uint32_t branch,
      seen[RT_BRANCHES]; /* in the capture: which of its streams, and how many nodes of each its next one follows */
  struct rt_line line;
  struct CUstream_st *next;
};
struct CUevent_st {
  unsigned flags;
  bool recorded;
  uint64_t time_ns;
  struct rt_clock clock;
  struct CUgraph_st *capture; /* recorded during this capture */
  uint32_t seen[RT_BRANCHES];
  struct CUevent_st *next;
};

/* The process's one context. */
struct rt {
  pthread_mutex_t lock; /* recursive */
  bool ready;
  uint32_t device_count;
  struct rt_device devices[RT_DEVICES_MAX];
  struct rt_image *images;
  struct rt_symbol *symbols;
  struct rt_host *hosts;
  struct rt_pending *pending;  /* rt_pending.c */
  struct CUstream_st *streams; /* of the program */
  struct CUevent_st *events;
  struct CUstream_st legacy[RT_DEVICES_MAX], per_thread[RT_DEVICES_MAX];
  bool peers[RT_DEVICES_MAX][RT_DEVICES_MAX];
  struct rt_order order;
  uint64_t seed, host_time_ns;
  unsigned long long captures;
  uint64_t mallocs, launches, graphs, works, fail_malloc, fail_launch, fail_graph, fail_work, lose_device, fault_launch;
  int driver; /* CUDA version that it is for; 0: there is none */
  int exit_code;
  bool verbose, leaks;
  FILE *launch_log; /* NULL: none */
};

/* What the runtime keeps for each thread. */
struct rt_thread {
  int device;
  cudaError_t last;
  const char *call; /* name of the call in progress */
  struct {
    dim3 grid, block;
    size_t shared;
    cudaStream_t stream;
  } pushed[8];
  int pushed_count;
};

/* --- rt_context.c --- */

/* Begins an API call: takes the lock, creates the devices at the first. */
struct rt *rt_enter(const char *call);
/* Ends it: the error becomes the thread's last error unless it is a success or "not ready"; returned. */
cudaError_t rt_leave(struct rt *rt, cudaError_t error);
struct rt_thread *rt_thread(void);
/* In a child process, whose parent was inside one API call of one thread: the lock is this thread's again, held once. */
void rt_after_fork(struct rt *rt);
/* Why there is no device: none, or no driver that this runtime can use. */
cudaError_t rt_no_device(const struct rt *rt);
/* The thread's device. Its sticky error if it has one (out is set all the same). */
cudaError_t rt_device(struct rt *rt, struct rt_device **out);
/* Says why with SIMGPU_VERBOSE=1; returns `error`. */
cudaError_t rt_fail(const struct rt *rt, cudaError_t error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
cudaError_t rt_sim_fail(const struct rt *rt, const struct sim_error *error);

/* --- rt_error.c --- */
cudaError_t rt_error_of(enum sim_status status);
bool rt_is_sticky(enum sim_status status);

/* --- rt_module.c: on the thread's device --- */
cudaError_t rt_find_kernel(struct rt *rt, const void *host, struct sim_kernel **out);
cudaError_t rt_find_variable(struct rt *rt, const void *host, uint64_t *address, uint64_t *size_bytes);

/* --- rt_stream.c --- */
/* The stream behind a handle; cudaErrorInvalidResourceHandle: none. */
cudaError_t rt_stream(struct rt *rt, cudaStream_t handle, struct CUstream_st **out);
/* Does an operation in its stream, or adds a copy of it to the graph that the stream is captured into. */
cudaError_t rt_submit(struct rt *rt, cudaStream_t handle, const struct rt_op *op);
/* A call that may not happen during a capture: an error that breaks the capture, or success. */
cudaError_t rt_not_capturing(struct rt *rt);
/* The host waits for a stream (NULL: all of the thread's device). */
void rt_wait(struct rt *rt, struct CUstream_st *stream);
/* An operation in a line of a stream: does it, in order. */
cudaError_t rt_run_in(struct rt *rt, struct CUstream_st *stream, struct rt_line *line, const struct rt_op *op);
/* What the legacy default stream's rules order the stream behind becomes known to it. */
void rt_follow_legacy(struct rt *rt, struct CUstream_st *stream);

/* The host has learnt of all that its clock knows now. */
void rt_host_knows(struct rt *rt, const struct rt_clock *clock);

/* --- rt_pending.c: copies to and from pinned memory that the host has not waited for --- */
void rt_pending_add(struct rt *rt, const struct rt_turn *turn, void *host, size_t bytes, bool write);
void rt_pending_settle_known(struct rt *rt, const struct rt_clock *clock);
void rt_pending_settle_range(struct rt *rt, const void *address, size_t bytes);

/* --- rt_op.c --- */
cudaError_t rt_op_run(struct rt *rt, const struct rt_op *op, struct rt_turn *turn, uint64_t *duration_ns);
struct rt_op *rt_op_copy(const struct rt_op *op); /* NULL: out of memory */
void rt_op_free(struct rt_op *op);

/* --- rt_memory.c --- */
struct rt_host *rt_find_host(const struct rt *rt, const void *address);
/* Number of the device whose live allocation holds the address; -1: none. */
int rt_device_of(const struct rt *rt, const void *address);
static inline bool rt_is_device_address(const void *address)
{
  return (uint64_t)(uintptr_t)address >= RT_FIRST_DEVICE_ADDR;
}

/* --- what nvcc's host code calls: crt/host_runtime.h, crt/device_functions.h --- */
void **__cudaRegisterFatBinary(void *wrapper);
void __cudaRegisterFatBinaryEnd(void **handle);
void __cudaUnregisterFatBinary(void **handle);
char __cudaInitModule(void **handle);
void __cudaRegisterFunction(void **handle, const char *host, char *device, const char *name, int thread_limit,
                            uint3 *tid, uint3 *bid, dim3 *block, dim3 *grid, int *warp_size);
void __cudaRegisterVar(void **handle, char *host, char *device, const char *name, int ext, size_t size, int constant,
                       int global);
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, struct CUstream_st *stream);
cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream);
cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *host);
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments, size_t shared,
                               cudaStream_t stream);

#endif
