/* device.h: what a device is, and what it can reach. Plain data that a backend fills and results carry.
 * Unknown numbers are NAN (double) or TMK_UNKNOWN (int64_t); both are null in JSON. Unknown strings are "". */
#ifndef TOKMARK_DEVICE_H
#define TOKMARK_DEVICE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "tokmark/dtype.h"
#include "tokmark/status.h"

#define TMK_UNKNOWN INT64_MIN

struct tmk_device_info {
  char backend[16];  /* "cpu", "cuda", "null" */
  char name[128];    /* as the hardware gives it: "AMD EPYC 9B14", "NVIDIA H100 80GB HBM3" */
  char slug[64];     /* for folder names: lower case, digits and '-': "amd-epyc-9b14-2t" */
  char gpu_id[48];   /* row id in data/gpus.json; "" for a CPU or an unknown GPU */
  bool is_cpu, simulated;
  int64_t index;     /* among devices of the backend */
  int64_t memory_bytes, memory_free_bytes;
  int64_t llc_bytes; /* last-level cache (CPU: L3 reachable from the threads used; GPU: L2) */
  enum tmk_dtype act_dtype;                       /* of activations between ops */
  enum tmk_dtype math_dtype[TMK_DTYPE_COUNT];     /* weight dtype → dtype whose peak bounds its GEMM; NONE = can't run it */
  bool kv_dtype[TMK_DTYPE_COUNT];                 /* cache dtypes it takes */
  int64_t min_sample_ns;                          /* 50 ms on a CPU, 5 ms on a GPU */
  /* CPU */
  char isa[32];      /* the path chosen: "avx512", "avx2", "neon", "portable" */
  char cpus[128];    /* pinned CPUs: "0-1"; of a GPU those that its host thread is kept on */
  int64_t threads, cores, sockets, numa_nodes;
  char pages[32];    /* "transparent-huge", "4k" */
  int64_t simd_lanes_f32, fma_ports; /* for the check lanes × ports × 2 × clock; TMK_UNKNOWN if not known */
  double clock_max_hz, clock_now_hz;
  /* GPU */
  int64_t compute_capability; /* 90 for 9.0 */
  int64_t sm_count;
  char driver_version[32], runtime_version[32], pci_bus_id[32], uuid[64];
  int64_t ecc_on, mig_on;     /* 0, 1, TMK_UNKNOWN */
  double power_limit_w;
  /* What a preflight looks at, as it was when the device was described. */
  double power_default_w;
  double clock_set_hz, clock_default_hz; /* application clock of the SMs, and the one it was made with */
  double memory_clock_hz, memory_clock_max_hz;
  char clock_reasons[128]; /* what holds the clocks now: "sw_power_cap,hw_slowdown"; "none" */
  int64_t persistence_on;  /* 0, 1, TMK_UNKNOWN */
  int64_t ecc_errors;      /* uncorrected, since the driver was loaded */
  int64_t pcie_generation, pcie_generation_max, pcie_width, pcie_width_max;
  int64_t nvlinks;         /* active ones */
  int64_t other_processes; /* with a context on it */
  int64_t numa_node;       /* that its link hangs on; TMK_UNKNOWN where the firmware does not say */
  char local_cpus[96];     /* the CPUs of that node: "0-55,112-167" */
  char nics[128];          /* network adapters nearest to it on the PCI tree: "mlx5_0,mlx5_1" */
  char gemm_library[160];  /* the vendor's: "cuBLASLt 13.1.0"; or why there is none: "none: …" */
};

/* What was measured on the device itself, in this run. */
struct tmk_ceilings {
  double read_bytes_per_s, copy_bytes_per_s;      /* copy counts bytes read + bytes written */
  double flops_per_s[TMK_DTYPE_COUNT];            /* by math dtype; NAN where not measured */
  double comm_bytes_per_s;                        /* bus bandwidth of the run's ranks; NAN where there is one */
  double clock_hz;                                /* mean during the FLOP loop; NAN if not readable */
  int repeats;
  char read_pattern[48], copy_pattern[48], flops_pattern[48]; /* which of the patterns tried was best */
};

void tmk_device_info_init(struct tmk_device_info *info); /* all unknown */
void tmk_ceilings_init(struct tmk_ceilings *ceilings);   /* all NAN */

/* What a type is asked for: the weights or the KV cache. */
enum tmk_dtype_use { TMK_FOR_WEIGHTS = 0, TMK_FOR_KV_CACHE };
bool tmk_device_takes(const struct tmk_device_info *info, enum tmk_dtype dtype, enum tmk_dtype_use use);
/* "KV cache in fp8: NVIDIA A100 takes f32, bf16": why it doesn't. */
void tmk_device_dtype_reason(const struct tmk_device_info *info, enum tmk_dtype dtype, enum tmk_dtype_use use, char *text,
                             int text_size);
/* UNSUPPORTED if it doesn't: "--kv-dtype fp8: NVIDIA A100 takes f32, bf16". */
enum tmk_status tmk_device_check_dtype(const struct tmk_device_info *info, enum tmk_dtype dtype, enum tmk_dtype_use use,
                                       struct tmk_error *err);

#endif
