/* cuda_describe.c: what the device is, from the CUDA runtime. */
#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "cuda.h"

/* The simulated GPU's runtime exports this name; NVIDIA's does not. */
bool tmk_cuda_is_simulated(void)
{
  return dlsym(RTLD_DEFAULT, "cudaSimulatedGpu") != NULL;
}

int tmk_cuda_device_count(char *reason, int reason_size)
{
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (reason_size > 0) reason[0] = '\0';
  if (error == cudaSuccess && count > 0) return count;
  (void)cudaGetLastError();
  if (error == cudaErrorInsufficientDriver) {
    int driver = 0, runtime = 0;
    (void)cudaDriverGetVersion(&driver);
    (void)cudaRuntimeGetVersion(&runtime);
    if (driver == 0) {
      snprintf(reason, (size_t)reason_size, "no NVIDIA driver");
    } else {
      snprintf(reason, (size_t)reason_size,
               "the NVIDIA driver is too old: it is for CUDA %d.%d, this build needs %d.%d", driver / 1000,
               driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    }
  } else if (error == cudaErrorNoDevice || error == cudaSuccess) {
    snprintf(reason, (size_t)reason_size, "no CUDA device is visible");
  } else {
    snprintf(reason, (size_t)reason_size, "%s: %s", cudaGetErrorName(error), cudaGetErrorString(error));
  }
  return 0;
}

/* "NVIDIA H100 80GB HBM3" → "nvidia-h100-80gb-hbm3". */
static void slug_of(const char *name, char *slug, size_t size)
{
  size_t used = 0;
  for (; *name != '\0' && used + 1 < size; name++) {
    if (isalnum((unsigned char)*name)) {
      slug[used++] = (char)tolower((unsigned char)*name);
    } else if (used > 0 && slug[used - 1] != '-') {
      slug[used++] = '-';
    }
  }
  while (used > 0 && slug[used - 1] == '-') used--;
  slug[used] = '\0';
}

static void version_text(int version, char text[32])
{
  snprintf(text, 32, "%d.%d", version / 1000, version % 1000 / 10);
}

static void uuid_text(const cudaUUID_t *uuid, char *text, size_t size)
{
  unsigned char b[16];
  memcpy(b, uuid->bytes, sizeof b);
  snprintf(text, size, "GPU-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
           b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

void tmk_cuda_addresses(const struct cudaDeviceProp *p, char pci_bus_id[32], char uuid[64])
{
  snprintf(pci_bus_id, 32, "%08x:%02x:%02x.0", (unsigned)p->pciDomainID, (unsigned)p->pciBusID, (unsigned)p->pciDeviceID);
  uuid_text(&p->uuid, uuid, 64);
}

enum tmk_status tmk_cuda_describe(struct tmk_backend *backend, struct tmk_device_info *info, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct cudaDeviceProp *p = &backend->properties;
  size_t free_bytes = 0, total_bytes = 0;
  int driver = 0, runtime = 0, clock_khz = 0;
  tmk_device_info_init(info);
  TMK_CUDA_TRY(cudaMemGetInfo(&free_bytes, &total_bytes), "cudaMemGetInfo");
  TMK_CUDA_TRY(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  TMK_CUDA_TRY(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  TMK_CUDA_TRY(cudaDeviceGetAttribute(&clock_khz, cudaDevAttrClockRate, backend->index), "cudaDeviceGetAttribute");
  snprintf(info->backend, sizeof info->backend, "cuda");
  snprintf(info->name, sizeof info->name, "%.*s", (int)sizeof info->name - 1, p->name);
  slug_of(p->name, info->slug, sizeof info->slug);
  info->simulated = backend->simulated;
  info->index = backend->index;
  info->memory_bytes = (int64_t)total_bytes;
  info->memory_free_bytes = (int64_t)free_bytes;
  info->llc_bytes = p->l2CacheSize;
  info->act_dtype = TMK_DTYPE_BF16;
  info->math_dtype[TMK_DTYPE_BF16] = TMK_DTYPE_BF16;
  info->kv_dtype[TMK_DTYPE_BF16] = info->kv_dtype[TMK_DTYPE_F8E4M3] = true;
  info->min_sample_ns = 5000000;
  info->clock_max_hz = (double)clock_khz * 1e3;
  info->compute_capability = backend->limits.compute_capability;
  info->sm_count = p->multiProcessorCount;
  info->ecc_on = p->ECCEnabled;
  version_text(driver, info->driver_version);
  version_text(runtime, info->runtime_version);
  tmk_cuda_addresses(p, info->pci_bus_id, info->uuid);
  tmk_cuda_node_describe(backend, info);
out:
  return status;
}
