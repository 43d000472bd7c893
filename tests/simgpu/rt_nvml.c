/* rt_nvml.c: libnvidia-ml.so.1 of the claimed GPU (SIMGPU_DEVICE, SIMGPU_DEVICES as in rt.h). Clocks are the architecture's, power is
 * constant, energy is that power times the host's time since nvmlInit: a program that divides one by the other gets the power back.
 * Nothing here is a measurement.
 *
 *   SIMGPU_NVML=missing      nvmlInit fails as where there is no driver
 *   SIMGPU_NVML_THROTTLE=n   the mask of throttle reasons; default 0
 *   SIMGPU_NVML_ECC=n        uncorrected ECC errors; default 0
 *
 * Values of enums and layouts as in nvml.h, which CUDA's compiler packages don't carry. Calls that are not here don't resolve.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim_device.h"

enum nvml_return {
  NVML_SUCCESS = 0,
  NVML_ERROR_UNINITIALIZED = 1,
  NVML_ERROR_INVALID_ARGUMENT = 2,
  NVML_ERROR_NOT_SUPPORTED = 3,
  NVML_ERROR_INSUFFICIENT_SIZE = 7,
  NVML_ERROR_DRIVER_NOT_LOADED = 9,
};
enum nvml_clock { NVML_CLOCK_GRAPHICS, NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_CLOCK_VIDEO };

#define DEVICES_MAX    8
#define CUDA_VERSION   13000
#define DRIVER_VERSION "580.00.simgpu"
#define POWER_PERCENT  60 /* of the limit: nominal */
#define TEMPERATURE_C  50

typedef struct nvml_device {
  unsigned index;
} * nvml_device;

/* NVML has no context argument: one state a process. */
static struct {
  int opened; /* nvmlInit calls less nvmlShutdown calls */
  const struct sim_arch *arch;
  unsigned count;
  struct nvml_device devices[DEVICES_MAX];
  struct timespec start;
} state;

/* Prototypes as nvml.h has them, with int for its enums. */
#define NVML(name, ...)                                                                                                \
  int name(__VA_ARGS__);                                                                                               \
  int name(__VA_ARGS__)

/* The number of an environment variable; false: it is no number. */
static bool number(const char *name, unsigned long long otherwise, unsigned long long *out)
{
  const char *text = getenv(name);
  *out = otherwise;
  if (text == NULL || *text == '\0') return true;
  char *end;
  *out = strtoull(text, &end, 0);
  if (*end == '\0' && *text != '-') return true;
  fprintf(stderr, "simgpu: %s=%s: must be a number\n", name, text);
  return false;
}

static int check(nvml_device device, const void *out)
{
  if (state.opened == 0) return NVML_ERROR_UNINITIALIZED;
  bool known = device >= state.devices && device < state.devices + state.count;
  return known && out != NULL ? NVML_SUCCESS : NVML_ERROR_INVALID_ARGUMENT;
}

static int put(char *to, unsigned size, const char *text)
{
  if (to == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  if (strlen(text) >= size) return NVML_ERROR_INSUFFICIENT_SIZE;
  strcpy(to, text);
  return NVML_SUCCESS;
}

NVML(nvmlInit_v2, void)
{
  const char *name = getenv("SIMGPU_DEVICE"), *missing = getenv("SIMGPU_NVML");
  unsigned long long count;
  if (missing != NULL && strcmp(missing, "missing") == 0) return NVML_ERROR_DRIVER_NOT_LOADED;
  if (state.opened > 0) {
    state.opened++;
    return NVML_SUCCESS;
  }
  state.arch = sim_arch_find(name != NULL && *name != '\0' ? name : "H100");
  if (state.arch == NULL || !number("SIMGPU_DEVICES", 1, &count) || count > DEVICES_MAX) {
    fprintf(stderr, "simgpu: SIMGPU_DEVICE or SIMGPU_DEVICES: no such device, or more than %d\n", DEVICES_MAX);
    return NVML_ERROR_DRIVER_NOT_LOADED;
  }
  state.count = (unsigned)count;
  for (unsigned i = 0; i < state.count; i++) state.devices[i].index = i;
  clock_gettime(CLOCK_MONOTONIC, &state.start);
  state.opened = 1;
  return NVML_SUCCESS;
}

NVML(nvmlInit, void)
{
  return nvmlInit_v2();
}

NVML(nvmlShutdown, void)
{
  if (state.opened == 0) return NVML_ERROR_UNINITIALIZED;
  state.opened--;
  return NVML_SUCCESS;
}

const char *nvmlErrorString(int code);
const char *nvmlErrorString(int code)
{
  switch (code) {
  case NVML_SUCCESS: return "Success";
  case NVML_ERROR_UNINITIALIZED: return "Uninitialized";
  case NVML_ERROR_INVALID_ARGUMENT: return "Invalid Argument";
  case NVML_ERROR_NOT_SUPPORTED: return "Not Supported";
  case NVML_ERROR_INSUFFICIENT_SIZE: return "Insufficient Size";
  case NVML_ERROR_DRIVER_NOT_LOADED: return "Driver Not Loaded";
  default: return "Unknown Error";
  }
}

NVML(nvmlSystemGetDriverVersion, char *version, unsigned size)
{
  return state.opened > 0 ? put(version, size, DRIVER_VERSION) : NVML_ERROR_UNINITIALIZED;
}

NVML(nvmlSystemGetCudaDriverVersion, int *version)
{
  if (version == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  *version = CUDA_VERSION;
  return NVML_SUCCESS;
}

NVML(nvmlDeviceGetCount_v2, unsigned *count)
{
  if (state.opened == 0) return NVML_ERROR_UNINITIALIZED;
  if (count == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  *count = state.count;
  return NVML_SUCCESS;
}

NVML(nvmlDeviceGetHandleByIndex_v2, unsigned index, nvml_device *device)
{
  if (state.opened == 0) return NVML_ERROR_UNINITIALIZED;
  if (device == NULL || index >= state.count) return NVML_ERROR_INVALID_ARGUMENT;
  *device = &state.devices[index];
  return NVML_SUCCESS;
}

NVML(nvmlDeviceGetName, nvml_device device, char *name, unsigned size)
{
  int code = check(device, name);
  return code == NVML_SUCCESS ? put(name, size, state.arch->full_name) : code;
}

NVML(nvmlDeviceGetUUID, nvml_device device, char *uuid, unsigned size)
{
  char text[80];
  int code = check(device, uuid);
  if (code != NVML_SUCCESS) return code;
  snprintf(text, sizeof text, "GPU-73696d67-7075-0000-0000-%012u", device->index);
  return put(uuid, size, text);
}

NVML(nvmlDeviceGetIndex, nvml_device device, unsigned *index)
{
  int code = check(device, index);
  if (code == NVML_SUCCESS) *index = device->index;
  return code;
}

NVML(nvmlDeviceGetMaxClockInfo, nvml_device device, int clock, unsigned *mhz)
{
  int code = check(device, mhz);
  if (code != NVML_SUCCESS) return code;
  switch (clock) {
  case NVML_CLOCK_GRAPHICS:
  case NVML_CLOCK_SM: *mhz = state.arch->clock_khz / 1000; return NVML_SUCCESS;
  case NVML_CLOCK_MEM: *mhz = state.arch->memory_clock_khz / 1000; return NVML_SUCCESS;
  case NVML_CLOCK_VIDEO: return NVML_ERROR_NOT_SUPPORTED;
  default: return NVML_ERROR_INVALID_ARGUMENT;
  }
}

NVML(nvmlDeviceGetClockInfo, nvml_device device, int clock, unsigned *mhz)
{
  return nvmlDeviceGetMaxClockInfo(device, clock, mhz);
}

NVML(nvmlDeviceGetEnforcedPowerLimit, nvml_device device, unsigned *milliwatts)
{
  int code = check(device, milliwatts);
  if (code == NVML_SUCCESS) *milliwatts = state.arch->power_limit_w * 1000;
  return code;
}

NVML(nvmlDeviceGetPowerManagementLimit, nvml_device device, unsigned *milliwatts)
{
  return nvmlDeviceGetEnforcedPowerLimit(device, milliwatts);
}

NVML(nvmlDeviceGetPowerUsage, nvml_device device, unsigned *milliwatts)
{
  int code = check(device, milliwatts);
  if (code == NVML_SUCCESS) *milliwatts = state.arch->power_limit_w * 10 * POWER_PERCENT;
  return code;
}

NVML(nvmlDeviceGetTotalEnergyConsumption, nvml_device device, unsigned long long *millijoules)
{
  struct timespec now;
  unsigned milliwatts = 0;
  int code = check(device, millijoules);
  if (code != NVML_SUCCESS) return code;
  nvmlDeviceGetPowerUsage(device, &milliwatts);
  clock_gettime(CLOCK_MONOTONIC, &now);
  double seconds = (double)(now.tv_sec - state.start.tv_sec) + 1e-9 * (double)(now.tv_nsec - state.start.tv_nsec);
  *millijoules = (unsigned long long)(milliwatts * seconds);
  return NVML_SUCCESS;
}

NVML(nvmlDeviceGetTemperature, nvml_device device, int sensor, unsigned *celsius)
{
  int code = check(device, celsius);
  if (code == NVML_SUCCESS && sensor != 0) code = NVML_ERROR_INVALID_ARGUMENT;
  if (code == NVML_SUCCESS) *celsius = TEMPERATURE_C;
  return code;
}

NVML(nvmlDeviceGetEccMode, nvml_device device, int *current, int *pending)
{
  int code = check(device, current);
  if (code == NVML_SUCCESS && pending == NULL) code = NVML_ERROR_INVALID_ARGUMENT;
  if (code == NVML_SUCCESS) *current = *pending = 1;
  return code;
}

/* type 0: corrected, 1: uncorrected; counter 0: since the driver was loaded, 1: ever */
NVML(nvmlDeviceGetTotalEccErrors, nvml_device device, int type, int counter, unsigned long long *count)
{
  int code = check(device, count);
  if (code != NVML_SUCCESS) return code;
  if (type < 0 || type > 1 || counter < 0 || counter > 1) return NVML_ERROR_INVALID_ARGUMENT;
  *count = 0;
  return type == 0 || number("SIMGPU_NVML_ECC", 0, count) ? NVML_SUCCESS : NVML_ERROR_INVALID_ARGUMENT;
}

NVML(nvmlDeviceGetCurrentClocksThrottleReasons, nvml_device device, unsigned long long *reasons)
{
  int code = check(device, reasons);
  if (code != NVML_SUCCESS) return code;
  return number("SIMGPU_NVML_THROTTLE", 0, reasons) ? NVML_SUCCESS : NVML_ERROR_INVALID_ARGUMENT;
}

NVML(nvmlDeviceGetCurrentClocksEventReasons, nvml_device device, unsigned long long *reasons)
{
  return nvmlDeviceGetCurrentClocksThrottleReasons(device, reasons);
}
