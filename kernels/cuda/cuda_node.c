/* cuda_node.c: what stands around the device: NVML's clocks, faults and energy, and the vendor's library. */
#include <stdio.h>

#include "cuda.h"

enum tmk_status tmk_cuda_node_open(struct tmk_backend *backend, const struct tmk_open_args *args, struct tmk_error *err)
{
  char reason[256] = "", pci_bus_id[32], uuid[64];
  tmk_cuda_addresses(&backend->properties, pci_bus_id, uuid);
  backend->nvml = tmk_nvml_open(pci_bus_id, uuid, reason, (int)sizeof reason); /* without it facts are unknown */
  backend->gemm = args->gemm;
  backend->cublaslt = tmk_cublaslt_open(backend->simulated, reason, (int)sizeof reason);
  if (backend->cublaslt != NULL) {
    tmk_cublaslt_name(backend->cublaslt, backend->gemm_library, (int)sizeof backend->gemm_library);
    return TMK_OK;
  }
  snprintf(backend->gemm_library, sizeof backend->gemm_library, "none: %.150s", reason);
  if (args->gemm != TMK_GEMM_VENDOR) return TMK_OK;
  return tmk_fail(err, TMK_ERR_UNSUPPORTED, "--gemm cublaslt: no cuBLASLt here: %s", reason);
}

void tmk_cuda_node_close(struct tmk_backend *backend)
{
  tmk_cuda_providers_free(backend->choices);
  tmk_cublaslt_close(backend->cublaslt);
  tmk_nvml_close(backend->nvml);
}

void tmk_cuda_node_describe(const struct tmk_backend *backend, struct tmk_device_info *info)
{
  tmk_nvml_describe(backend->nvml, info);
  snprintf(info->gemm_library, sizeof info->gemm_library, "%s", backend->gemm_library);
}

enum tmk_status tmk_cuda_health(struct tmk_backend *backend, struct tmk_health *health, struct tmk_error *err)
{
  if (tmk_nvml_health(backend->nvml, health)) return TMK_OK;
  return tmk_fail(err, TMK_ERR_UNSUPPORTED, "NVML tells neither clocks nor faults here");
}

enum tmk_status tmk_cuda_energy(struct tmk_backend *backend, uint64_t *energy_uj, char source[32],
                                struct tmk_error *err)
{
  if (!tmk_nvml_energy_uj(backend->nvml, energy_uj)) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "NVML has no energy counter here");
  }
  snprintf(source, 32, "nvml");
  return TMK_OK;
}
