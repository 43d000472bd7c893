/* device_arch.c: the GPUs that a device can claim to be. Per-SM limits: CUDA C++ Programming Guide, "Technical Specifications per
 * Compute Capability"; counts, memory and clocks: NVIDIA's datasheets and architecture white papers of each product (A100 SXM4 80 GB,
 * H100 SXM5, GH200 with 96 GB HBM3, B200 and GB300 as sold in HGX and NVL72 systems). */
#include <string.h>

#include "device_internal.h"

#define KIB(n) ((n)*1024u)
#define GIB(n) ((uint64_t)(n) << 30)

/* Common to compute capability 8.0 and above. */
#define COMMON                                                                                                         \
  .threads_per_sm = 2048, .threads_per_block = 1024, .warps_per_sm = 64, .blocks_per_sm = 32,                          \
  .registers_per_sm = 65536, .registers_per_block = 65536, .registers_per_thread = 255,                                \
  .shared_per_block_bytes = KIB(48), .shared_reserved_bytes = 1024, .const_bytes = 65536
/* 9.0 and 10.x: 228 KiB an SM, 227 KiB a block, clusters. */
#define LARGE_SHARED .shared_per_sm_bytes = KIB(228), .shared_optin_bytes = KIB(227), .cluster_max = 8

static const struct sim_arch arch_table[] = {
    {COMMON, .name = "A100", .full_name = "NVIDIA A100-SXM4-80GB", .compute_major = 8, .compute_minor = 0,
     .sm_count = 108, .shared_per_sm_bytes = KIB(164), .shared_optin_bytes = KIB(163), .cluster_max = 1,
     .memory_bytes = GIB(80), .l2_bytes = KIB(40960), .clock_khz = 1410000, .memory_clock_khz = 1593000,
     .memory_bus_bits = 5120, .power_limit_w = 400},
    {COMMON, LARGE_SHARED, .name = "H100", .full_name = "NVIDIA H100 80GB HBM3", .compute_major = 9, .compute_minor = 0,
     .sm_count = 132, .memory_bytes = GIB(80), .l2_bytes = KIB(51200), .clock_khz = 1980000,
     .memory_clock_khz = 2619000, .memory_bus_bits = 5120, .power_limit_w = 700},
    {COMMON, LARGE_SHARED, .name = "GH200", .full_name = "NVIDIA GH200 480GB", .compute_major = 9, .compute_minor = 0,
     .sm_count = 132, .memory_bytes = GIB(96), .l2_bytes = KIB(61440), .clock_khz = 1980000,
     .memory_clock_khz = 2619000, .memory_bus_bits = 6144, .power_limit_w = 900},
    {COMMON, LARGE_SHARED, .name = "B200", .full_name = "NVIDIA B200", .compute_major = 10, .compute_minor = 0,
     .sm_count = 148, .memory_bytes = GIB(180), .l2_bytes = KIB(129024), .clock_khz = 1965000,
     .memory_clock_khz = 3996000, .memory_bus_bits = 7680, .power_limit_w = 1000, .tensor_memory_columns = 512},
    {COMMON, LARGE_SHARED, .name = "GB300", .full_name = "NVIDIA GB300", .compute_major = 10, .compute_minor = 3,
     .sm_count = 152, .memory_bytes = GIB(279), .l2_bytes = KIB(129024), .clock_khz = 2032000,
     .memory_clock_khz = 3996000, .memory_bus_bits = 8192, .power_limit_w = 1400, .tensor_memory_columns = 512},
};

const struct sim_arch *sim_arch_at(uint32_t index)
{
  return index < sizeof arch_table / sizeof arch_table[0] ? &arch_table[index] : NULL;
}

const struct sim_arch *sim_arch_find(const char *name)
{
  const struct sim_arch *arch;
  for (uint32_t i = 0; (arch = sim_arch_at(i)) != NULL; i++) {
    if (strcmp(arch->name, name) == 0) return arch;
  }
  return NULL;
}

const char *sim_status_name(enum sim_status status)
{
  static const char *const names[SIM_STATUS_COUNT] = {[SIM_OK] = "ok",
                                                      [SIM_ERR_INVALID_VALUE] = "invalid value",
                                                      [SIM_ERR_INVALID_CONFIG] = "invalid configuration",
                                                      [SIM_ERR_OUT_OF_MEMORY] = "out of memory",
                                                      [SIM_ERR_NOT_FOUND] = "not found",
                                                      [SIM_ERR_INVALID_PTX] = "invalid PTX",
                                                      [SIM_ERR_NO_BINARY] = "no kernel image",
                                                      [SIM_ERR_OUT_OF_RESOURCES] = "out of resources",
                                                      [SIM_ERR_COOPERATIVE_TOO_LARGE] = "cooperative launch too large",
                                                      [SIM_ERR_FAULT_ADDRESS] = "illegal address",
                                                      [SIM_ERR_FAULT_MISALIGNED] = "misaligned address",
                                                      [SIM_ERR_FAULT_INSTRUCTION] = "illegal instruction",
                                                      [SIM_ERR_FAULT_TRAP] = "trap",
                                                      [SIM_ERR_FAULT_ASSERT] = "assert",
                                                      [SIM_ERR_FAULT_HANG] = "hang",
                                                      [SIM_ERR_FAULT_CHECK] = "check failed",
                                                      [SIM_ERR_LOST] = "device lost"};
  return status < SIM_STATUS_COUNT ? names[status] : "?";
}
