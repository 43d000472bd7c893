/* out_devices_json.c: a device as a JSON object; see out_devices.h. */
#include <math.h>

#include "out_devices.h"
#include "preflight.h"

static void put_known_string(struct tmk_json_writer *w, const char *key, const char *text)
{
  if (text[0] == '\0') {
    tmk_json_put_null(w, key);
  } else {
    tmk_json_put_string(w, key, text);
  }
}

static void put_types(struct tmk_json_writer *w, const struct tmk_device_info *info)
{
  tmk_json_begin_array(w, "weight_dtypes");
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (info->math_dtype[i] != TMK_DTYPE_NONE) tmk_json_put_string(w, NULL, tmk_dtype_name((enum tmk_dtype)i));
  }
  tmk_json_end_array(w);
  tmk_json_begin_array(w, "kv_dtypes");
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (info->kv_dtype[i]) tmk_json_put_string(w, NULL, tmk_dtype_name((enum tmk_dtype)i));
  }
  tmk_json_end_array(w);
}

static void put_ceilings(struct tmk_json_writer *w, const struct tmk_device_report *device)
{
  const struct tmk_ceilings *ceilings = &device->ceilings;
  if (!device->has_ceilings) {
    tmk_json_put_null(w, "ceilings");
    return;
  }
  tmk_json_begin_object(w, "ceilings");
  tmk_json_put_real(w, "read_bytes_per_s", ceilings->read_bytes_per_s);
  tmk_json_put_real(w, "copy_bytes_per_s", ceilings->copy_bytes_per_s);
  tmk_json_begin_object(w, "flops_per_s");
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (!isnan(ceilings->flops_per_s[i])) {
      tmk_json_put_real(w, tmk_dtype_name((enum tmk_dtype)i), ceilings->flops_per_s[i]);
    }
  }
  tmk_json_end_object(w);
  tmk_json_put_real(w, "clock_hz", ceilings->clock_hz);
  tmk_json_put_int(w, "repeats", ceilings->repeats);
  put_known_string(w, "read_pattern", ceilings->read_pattern);
  put_known_string(w, "copy_pattern", ceilings->copy_pattern);
  put_known_string(w, "flops_pattern", ceilings->flops_pattern);
  tmk_json_end_object(w);
}

static void put_tristate(struct tmk_json_writer *w, const char *key, int64_t value)
{
  if (value == TMK_UNKNOWN) {
    tmk_json_put_null(w, key);
  } else {
    tmk_json_put_bool(w, key, value != 0);
  }
}

/* What a preflight looks at. */
static void put_node(struct tmk_json_writer *w, const struct tmk_device_info *info)
{
  tmk_json_put_real(w, "power_default_w", info->power_default_w);
  tmk_json_put_real(w, "clock_set_hz", info->clock_set_hz);
  tmk_json_put_real(w, "clock_default_hz", info->clock_default_hz);
  tmk_json_put_real(w, "memory_clock_hz", info->memory_clock_hz);
  tmk_json_put_real(w, "memory_clock_max_hz", info->memory_clock_max_hz);
  put_known_string(w, "clock_reasons", info->clock_reasons);
  put_tristate(w, "persistence_on", info->persistence_on);
  tmk_json_put_int(w, "ecc_errors", info->ecc_errors);
  tmk_json_put_int(w, "pcie_generation", info->pcie_generation);
  tmk_json_put_int(w, "pcie_generation_max", info->pcie_generation_max);
  tmk_json_put_int(w, "pcie_width", info->pcie_width);
  tmk_json_put_int(w, "pcie_width_max", info->pcie_width_max);
  tmk_json_put_int(w, "nvlinks", info->nvlinks);
  tmk_json_put_int(w, "numa_node", info->numa_node);
  put_known_string(w, "local_cpus", info->local_cpus);
  put_known_string(w, "nics", info->nics);
  tmk_json_put_int(w, "other_processes", info->other_processes);
  put_known_string(w, "gemm_library", info->gemm_library);
}

static void put_preflight(struct tmk_json_writer *w, const struct tmk_device_info *info)
{
  struct tmk_finding findings[TMK_PREFLIGHT_MAX];
  const int count = tmk_preflight(info, findings);
  tmk_json_begin_array(w, "preflight");
  for (int i = 0; i < count; i++) {
    tmk_json_begin_object(w, NULL);
    tmk_json_put_string(w, "name", findings[i].name);
    put_known_string(w, "verdict",
                     findings[i].verdict != TMK_VERDICT_NONE ? tmk_verdict_value_name(findings[i].verdict) : "");
    tmk_json_put_string(w, "text", findings[i].text);
    tmk_json_end_object(w);
  }
  tmk_json_end_array(w);
}

void tmk_out_device_json(struct tmk_json_writer *w, const struct tmk_device_report *device)
{
  const struct tmk_device_info *info = &device->info;
  tmk_json_begin_object(w, NULL);
  tmk_json_put_int(w, "index", info->index);
  put_known_string(w, "name", info->name);
  put_known_string(w, "slug", info->slug);
  put_known_string(w, "gpu_id", info->gpu_id);
  tmk_json_put_bool(w, "is_cpu", info->is_cpu);
  tmk_json_put_bool(w, "simulated", info->simulated);
  tmk_json_put_int(w, "memory_bytes", info->memory_bytes);
  tmk_json_put_int(w, "memory_free_bytes", info->memory_free_bytes);
  tmk_json_put_int(w, "llc_bytes", info->llc_bytes);
  tmk_json_put_string(w, "act_dtype", tmk_dtype_name(info->act_dtype));
  put_types(w, info);
  put_known_string(w, "isa", info->isa);
  put_known_string(w, "cpus", info->cpus);
  tmk_json_put_int(w, "threads", info->threads);
  tmk_json_put_int(w, "cores", info->cores);
  tmk_json_put_int(w, "sockets", info->sockets);
  tmk_json_put_int(w, "numa_nodes", info->numa_nodes);
  put_known_string(w, "pages", info->pages);
  tmk_json_put_int(w, "simd_lanes_f32", info->simd_lanes_f32);
  tmk_json_put_int(w, "fma_ports", info->fma_ports);
  tmk_json_put_real(w, "clock_max_hz", info->clock_max_hz);
  tmk_json_put_real(w, "clock_now_hz", info->clock_now_hz);
  tmk_json_put_int(w, "compute_capability", info->compute_capability);
  tmk_json_put_int(w, "sm_count", info->sm_count);
  put_known_string(w, "driver_version", info->driver_version);
  put_known_string(w, "runtime_version", info->runtime_version);
  put_known_string(w, "pci_bus_id", info->pci_bus_id);
  put_known_string(w, "uuid", info->uuid);
  tmk_json_put_int(w, "ecc_on", info->ecc_on);
  tmk_json_put_int(w, "mig_on", info->mig_on);
  tmk_json_put_real(w, "power_limit_w", info->power_limit_w);
  put_node(w, info);
  put_preflight(w, info);
  put_ceilings(w, device);
  tmk_json_end_object(w);
}
