/* device.c: device facts with nothing known yet (include/tokmark/device.h). */
#include "tokmark/device.h"

#include <math.h>

void tmk_device_info_init(struct tmk_device_info *info)
{
  *info = (struct tmk_device_info){
      .index = TMK_UNKNOWN,
      .memory_bytes = TMK_UNKNOWN,
      .memory_free_bytes = TMK_UNKNOWN,
      .llc_bytes = TMK_UNKNOWN,
      .min_sample_ns = TMK_UNKNOWN,
      .threads = TMK_UNKNOWN,
      .cores = TMK_UNKNOWN,
      .sockets = TMK_UNKNOWN,
      .numa_nodes = TMK_UNKNOWN,
      .simd_lanes_f32 = TMK_UNKNOWN,
      .fma_ports = TMK_UNKNOWN,
      .clock_max_hz = NAN,
      .clock_now_hz = NAN,
      .compute_capability = TMK_UNKNOWN,
      .sm_count = TMK_UNKNOWN,
      .ecc_on = TMK_UNKNOWN,
      .mig_on = TMK_UNKNOWN,
      .power_limit_w = NAN,
      .power_default_w = NAN,
      .clock_set_hz = NAN,
      .clock_default_hz = NAN,
      .memory_clock_hz = NAN,
      .memory_clock_max_hz = NAN,
      .persistence_on = TMK_UNKNOWN,
      .ecc_errors = TMK_UNKNOWN,
      .pcie_generation = TMK_UNKNOWN,
      .pcie_generation_max = TMK_UNKNOWN,
      .pcie_width = TMK_UNKNOWN,
      .pcie_width_max = TMK_UNKNOWN,
      .nvlinks = TMK_UNKNOWN,
      .other_processes = TMK_UNKNOWN,
  };
}

void tmk_ceilings_init(struct tmk_ceilings *ceilings)
{
  *ceilings = (struct tmk_ceilings){.read_bytes_per_s = NAN, .copy_bytes_per_s = NAN, .clock_hz = NAN};
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) ceilings->flops_per_s[i] = NAN;
}
