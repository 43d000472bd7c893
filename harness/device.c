/* device.c: device facts with nothing known yet, and what types a device takes (include/tokmark/device.h). */
#include "tokmark/device.h"

#include <math.h>
#include <stdio.h>

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
      .numa_node = TMK_UNKNOWN,
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
  *ceilings = (struct tmk_ceilings){.read_bytes_per_s = NAN, .copy_bytes_per_s = NAN, .comm_bytes_per_s = NAN, .clock_hz = NAN};
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) ceilings->flops_per_s[i] = NAN;
}

bool tmk_device_takes(const struct tmk_device_info *info, enum tmk_dtype dtype, enum tmk_dtype_use use)
{
  return use == TMK_FOR_KV_CACHE ? info->kv_dtype[dtype] : info->math_dtype[dtype] != TMK_DTYPE_NONE;
}

/* "f32, bf16" */
static void print_taken(const struct tmk_device_info *info, enum tmk_dtype_use use, char *text, size_t size)
{
  size_t used = 0;
  snprintf(text, size, "none");
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (!tmk_device_takes(info, (enum tmk_dtype)i, use) || used >= size) continue;
    used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", tmk_dtype_name((enum tmk_dtype)i));
  }
}

void tmk_device_dtype_reason(const struct tmk_device_info *info, enum tmk_dtype dtype, enum tmk_dtype_use use,
                             char *text, int text_size)
{
  char taken[96];
  print_taken(info, use, taken, sizeof taken);
  snprintf(text, (size_t)text_size, "%s in %s: %s takes %s", use == TMK_FOR_KV_CACHE ? "KV cache" : "weights",
           tmk_dtype_name(dtype), info->name, taken);
}

enum tmk_status tmk_device_check_dtype(const struct tmk_device_info *info, enum tmk_dtype dtype, enum tmk_dtype_use use,
                                       struct tmk_error *err)
{
  char taken[96];
  if (tmk_device_takes(info, dtype, use)) return TMK_OK;
  print_taken(info, use, taken, sizeof taken);
  return tmk_fail(err, TMK_ERR_UNSUPPORTED, "%s %s: %s takes %s", use == TMK_FOR_KV_CACHE ? "--kv-dtype" : "--dtype",
                  tmk_dtype_name(dtype), info->name, taken);
}
