/* device_span.c: what a library's work (cuBLASLt) reads and writes, checked as a kernel's accesses are. */
#include <stdio.h>

#include "device_internal.h"
#include "sim_report.h"
#include "sim_turn.h"

/* A finding, which is a fault of the device as one in a kernel is. */
static enum sim_status fail(struct sim_device *device, enum sim_check check, struct sim_report *report, const char *who,
                            const char *message, struct sim_error *error)
{
  struct sim_finding finding = {.check = check};
  snprintf(finding.kernel, sizeof finding.kernel, "%s", who);
  sim_report_addf(report, &finding, "%s", message);
  struct sim_error fault;
  sim_device_fail(&fault, sim_check_status(check), "%s: %s", who, message);
  sim_device_fault(device, &fault);
  *error = fault;
  return fault.status;
}

static uint64_t row_address(const struct sim_span *span, uint64_t batch, uint64_t row)
{
  return span->address + batch * span->batch_pitch_bytes + row * span->pitch_bytes;
}

enum sim_status sim_device_span(struct sim_device *device, const struct sim_span *span, const char *who,
                                struct sim_report *report, uint8_t **bytes, struct sim_error *error)
{
  char message[256], where[128];
  *bytes = NULL;
  if (device->health != SIM_OK) return sim_device_health(device, error);
  if (span->rows == 0 || span->row_bytes == 0 || span->batches == 0) return SIM_OK;
  uint64_t last = row_address(span, span->batches - 1, span->rows - 1);
  uint64_t extent = last + span->row_bytes - span->address;
  *bytes = sim_memory_bytes(device->memory, span->address, extent);
  if (*bytes == NULL) {
    bool live = sim_memory_range(device->memory, span->address, NULL, NULL);
    bool freed =
        sim_memory_describe(device->memory, live ? last + span->row_bytes - 1 : span->address, where, sizeof where);
    snprintf(message, sizeof message, "%s of %s, %llu bytes from %#llx: reaches %s", span->write ? "write" : "read",
             span->what, (unsigned long long)extent, (unsigned long long)span->address, where);
    return fail(device, freed ? SIM_CHECK_USE_AFTER_FREE : SIM_CHECK_BOUNDS_GLOBAL, report, who, message, error);
  }
  for (uint64_t i = 0; i < span->batches * span->rows; i++) {
    uint64_t at = row_address(span, i / span->rows, i % span->rows);
    if (span->write) {
      sim_memory_set(device->memory, at, span->row_bytes);
      continue;
    }
    uint64_t unset = sim_memory_unset(device->memory, at, span->row_bytes);
    if (unset == 0) continue;
    snprintf(message, sizeof message,
             "read of %s: row %llu of batch %llu at %#llx has %llu bytes that were never written", span->what,
             (unsigned long long)(i % span->rows), (unsigned long long)(i / span->rows), (unsigned long long)at,
             (unsigned long long)unset);
    return fail(device, SIM_CHECK_UNINIT_GLOBAL, report, who, message, error);
  }
  return SIM_OK;
}

void sim_device_watch_host(struct sim_device *device, void *host,
                           void (*wake)(void *context, void *host, uint64_t size_bytes), void *context)
{
  sim_memory_watch_host(device->memory, host, wake, context);
}

void sim_device_note(struct sim_device *device, uint64_t address, uint64_t bytes, bool write,
                     const struct sim_turn *turn, struct sim_report *report)
{
  struct sim_clash clash;
  struct sim_finding finding = {.check = SIM_CHECK_RACE_STREAM};
  if (sim_memory_note(device->memory, address, bytes, write, turn, &clash)) return;
  sim_clash_print(turn, &clash, false, finding.message, sizeof finding.message);
  sim_report_add(report, &finding);
}
