/* device_core.c: a device and its memory. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device_internal.h"
#include "sim_report.h"

#define STEP_LIMIT_DEFAULT ((uint64_t)1 << 32)
#define THREADS_MAX        8

enum sim_status sim_device_fail(struct sim_error *error, enum sim_status status, const char *format, ...)
{
  if (error == NULL) return status;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  return error->status = status;
}

static void print_stdout(void *context, const char *text, size_t size)
{
  (void)context;
  fwrite(text, 1, size, stdout);
}

enum sim_status sim_device_create(const struct sim_device_options *options, struct sim_device **out,
                                  struct sim_error *error)
{
  *out = NULL;
  const struct sim_arch *arch = options->arch != NULL ? sim_arch_find(options->arch) : NULL;
  if (arch == NULL) {
    return sim_device_fail(error, SIM_ERR_NOT_FOUND, "device '%s': must be A100, H100, GH200, B200 or GB300",
                           options->arch != NULL ? options->arch : "(none)");
  }
  struct sim_device *device = calloc(1, sizeof *device);
  if (device == NULL) return sim_device_fail(error, SIM_ERR_OUT_OF_MEMORY, "out of host memory for a device");
  device->own = *arch;
  if (options->sm_count != 0) device->own.sm_count = options->sm_count;
  device->arch = &device->own;
  device->options = *options;
  device->options.arch = arch->name;
  if (device->options.memory_bytes == 0) device->options.memory_bytes = arch->memory_bytes;
  if (device->options.step_limit == 0) device->options.step_limit = STEP_LIMIT_DEFAULT;
  if (device->options.print == NULL) device->options.print = print_stdout;
  if (device->options.threads == 0) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    device->options.threads = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (uint32_t)cores;
  }
  device->memory = sim_memory_create(SIM_GLOBAL_WINDOW(options->ordinal), device->options.memory_bytes);
  if (device->memory == NULL) {
    free(device);
    return sim_device_fail(error, SIM_ERR_OUT_OF_MEMORY, "out of host memory for a device");
  }
  *out = device;
  return SIM_OK;
}

void sim_device_destroy(struct sim_device *device)
{
  if (device == NULL) return;
  while (device->modules != NULL) sim_module_unload(device->modules);
  sim_memory_destroy(device->memory);
  free(device);
}

const struct sim_arch *sim_device_arch(const struct sim_device *device)
{
  return device->arch;
}

enum sim_status sim_device_health(const struct sim_device *device, struct sim_error *error)
{
  if (device->health != SIM_OK && error != NULL) *error = device->fault;
  return device->health;
}

void sim_device_lose(struct sim_device *device)
{
  device->health = sim_device_fail(&device->fault, SIM_ERR_LOST, "the device is lost");
}

void sim_device_fault(struct sim_device *device, const struct sim_error *fault)
{
  if (device->health != SIM_OK) return;
  device->fault = *fault;
  device->health = fault->status;
}

enum sim_status sim_device_alloc(struct sim_device *device, uint64_t size_bytes, uint64_t *address,
                                 struct sim_error *error)
{
  *address = 0;
  if (device->health != SIM_OK) return sim_device_health(device, error);
  *address = sim_memory_alloc(device->memory, size_bytes, 256, "cudaMalloc", false);
  if (*address != 0) return SIM_OK;
  return sim_device_fail(error, SIM_ERR_OUT_OF_MEMORY, "%llu bytes of device memory: %llu are free",
                         (unsigned long long)size_bytes,
                         (unsigned long long)(device->options.memory_bytes - sim_memory_used(device->memory)));
}

enum sim_status sim_device_free(struct sim_device *device, uint64_t address, struct sim_error *error)
{
  if (device->health != SIM_OK) return sim_device_health(device, error);
  if (address == 0 || sim_memory_free(device->memory, address)) return SIM_OK;
  return sim_device_fail(error, SIM_ERR_INVALID_VALUE, "free of 0x%llx: no live allocation starts there",
                         (unsigned long long)address);
}

bool sim_device_range(const struct sim_device *device, uint64_t address, uint64_t *base, uint64_t *size_bytes)
{
  return sim_memory_range(device->memory, address, base, size_bytes);
}

enum sim_status sim_device_map_host(struct sim_device *device, void *host, uint64_t size_bytes, struct sim_error *error)
{
  if (sim_memory_map_host(device->memory, host, size_bytes)) return SIM_OK;
  return sim_device_fail(error, SIM_ERR_INVALID_VALUE, "host memory at %p: empty, or mapped already", host);
}

enum sim_status sim_device_unmap_host(struct sim_device *device, void *host, struct sim_error *error)
{
  if (sim_memory_unmap_host(device->memory, host)) return SIM_OK;
  return sim_device_fail(error, SIM_ERR_INVALID_VALUE, "host memory at %p is not mapped", host);
}

static enum sim_status outside(struct sim_error *error, const char *what, uint64_t address, uint64_t size_bytes)
{
  return sim_device_fail(error, SIM_ERR_INVALID_VALUE, "%s of %llu bytes at 0x%llx: not inside one live allocation",
                         what, (unsigned long long)size_bytes, (unsigned long long)address);
}

enum sim_status sim_device_write(struct sim_device *device, uint64_t to, const void *from, uint64_t size_bytes,
                                 struct sim_error *error)
{
  if (device->health != SIM_OK) return sim_device_health(device, error);
  if (sim_memory_host_write(device->memory, to, from, size_bytes)) return SIM_OK;
  return outside(error, "a write", to, size_bytes);
}

enum sim_status sim_device_read(struct sim_device *device, void *to, uint64_t from, uint64_t size_bytes,
                                struct sim_report *report, struct sim_error *error)
{
  uint64_t uninitialised = 0;
  if (device->health != SIM_OK) return sim_device_health(device, error);
  if (!sim_memory_host_read(device->memory, to, from, size_bytes, &uninitialised)) {
    return outside(error, "a read", from, size_bytes);
  }
  if (uninitialised > 0 && report != NULL) {
    struct sim_finding finding = {.check = SIM_CHECK_UNINIT_COPY};
    sim_report_addf(report, &finding,
                    "a copy of %llu bytes from 0x%llx to the host has %llu bytes that were never written",
                    (unsigned long long)size_bytes, (unsigned long long)from, (unsigned long long)uninitialised);
  }
  return SIM_OK;
}

enum sim_status sim_device_copy(struct sim_device *to_device, uint64_t to, struct sim_device *from_device,
                                uint64_t from, uint64_t size_bytes, struct sim_error *error)
{
  if (to_device->health != SIM_OK) return sim_device_health(to_device, error);
  if (from_device->health != SIM_OK) return sim_device_health(from_device, error);
  if (sim_memory_copy(to_device->memory, to, from_device->memory, from, size_bytes)) return SIM_OK;
  return outside(error, "a copy", sim_memory_range(from_device->memory, from, NULL, NULL) ? to : from, size_bytes);
}

enum sim_status sim_device_fill(struct sim_device *device, uint64_t to, uint32_t value, uint32_t width_bytes,
                                uint64_t count, struct sim_error *error)
{
  if (device->health != SIM_OK) return sim_device_health(device, error);
  if (width_bytes != 1 && width_bytes != 2 && width_bytes != 4) {
    return sim_device_fail(error, SIM_ERR_INVALID_VALUE, "fill of elements of %u bytes: must be 1, 2 or 4",
                           width_bytes);
  }
  if (sim_memory_host_fill(device->memory, to, value, width_bytes, count)) return SIM_OK;
  return outside(error, "a fill", to, count * width_bytes);
}

void sim_device_memory_info(const struct sim_device *device, uint64_t *free_bytes, uint64_t *total_bytes)
{
  uint64_t used = sim_memory_used(device->memory), total = device->options.memory_bytes;
  if (free_bytes != NULL) *free_bytes = used < total ? total - used : 0;
  if (total_bytes != NULL) *total_bytes = total;
}

uint32_t sim_device_report_leaks(struct sim_device *device, struct sim_report *report)
{
  return sim_memory_report_leaks(device->memory, report);
}
