/* cuda.h: the backend's context; shared by the host files of this folder, seen by no other.
 *
 *   cuda_check.h     results of the runtime as one line      cuda_describe.c   what the device is
 *   cuda_layout.h    tensors in device memory                cuda_weights.h    shared weights
 *   cuda_exec.h      plans made ready; cuda_run.c runs them  cuda_kernels.h    kernels by operation and dtype
 *   cuda_move.h      contents and copies                     cuda_nvml.h       clocks, faults, energy, other users
 *   cuda_cublaslt.h  the vendor's gemm                       cuda_provider.h   whose kernels run a gemm
 *   cuda_ceilings.h  what the device reaches                 cuda_node.c       NVML and cuBLASLt opened, closed and told of
 */
#ifndef TMK_CUDA_H
#define TMK_CUDA_H

#include "cuda_ceilings.h"
#include "cuda_check.h"
#include "cuda_kernels.h"
#include "cuda_layout.h"
#include "cuda_nvml.h"
#include "cuda_provider.h"
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
  const struct tmk_comm_group *groups; /* borrowed; NULL: no transports */
  /* Caches, activations and scratch of whichever exec runs; execs hold offsets into it. The generation counts how often it moved. */
  char *arena;
  int64_t arena_bytes;
  int64_t arena_generation;
  int exec_count;
  struct tmk_nvml *nvml;         /* NULL: none here */
  struct tmk_cublaslt *cublaslt; /* NULL: none here */
  enum tmk_gemm_choice gemm;
  char gemm_library[160];
  struct tmk_cuda_choice *choices; /* by shape */
  /* The best of the last full measuring of ceilings: patterns by kind, shapes and algorithms by row of cuda_ceilings.c. */
  struct tmk_cuda_ceiling_sizes ceiling_sizes;
  int best_stream[TMK_CUDA_STREAM_KINDS];
  struct {
    int shape, algorithm;
  } best_gemm[4];
};

/* cuda_describe.c */
int tmk_cuda_device_count(char *reason, int reason_size);
enum tmk_status tmk_cuda_describe(struct tmk_backend *backend, struct tmk_device_info *info, struct tmk_error *err);
/* Whether the runtime is a simulated GPU's (tests/simgpu). */
bool tmk_cuda_is_simulated(void);
/* "00000000:1b:00.0" and "GPU-…". */
void tmk_cuda_addresses(const struct cudaDeviceProp *properties, char pci_bus_id[32], char uuid[64]);

/* cuda_node.c. open: fails only where --gemm asks for a library that isn't here. */
enum tmk_status tmk_cuda_node_open(struct tmk_backend *backend, const struct tmk_open_args *args, struct tmk_error *err);
void tmk_cuda_node_close(struct tmk_backend *backend);
void tmk_cuda_node_describe(const struct tmk_backend *backend, struct tmk_device_info *info);
enum tmk_status tmk_cuda_health(struct tmk_backend *backend, struct tmk_health *health, struct tmk_error *err);
enum tmk_status tmk_cuda_energy(struct tmk_backend *backend, uint64_t *energy_uj, char source[32], struct tmk_error *err);

/* cuda_ceilings.c: slot of tmk_backend_ops. */
enum tmk_status tmk_cuda_ceilings(struct tmk_backend *backend, bool quick, struct tmk_ceilings *out, struct tmk_error *err);

#endif
