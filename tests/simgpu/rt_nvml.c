/* rt_nvml.c: libnvidia-ml.so.1 of the claimed GPU (SIMGPU_DEVICE, SIMGPU_DEVICES as in rt.h). Clocks are the architecture's, power is
 * constant, energy is that power times the host's time since nvmlInit: a program that divides one by the other gets the power back.
 * Nothing here is a measurement.
 *
 *   SIMGPU_NVML=missing      nvmlInit fails as where there is no driver; SIMGPU_DRIVER=none does the same
 *   SIMGPU_NVML_THROTTLE=n   the mask of throttle reasons; default 0
 *   SIMGPU_NVML_ECC=n        uncorrected ECC errors; default 0
 *   SIMGPU_NVML_ECC_MODE=n   0: ECC is off              SIMGPU_NVML_MIG=n           1: MIG is on
 *   SIMGPU_NVML_PERSISTENCE=n  0: off                   SIMGPU_NVML_POWER_LIMIT=n   enforced limit in W; default the board's
 *   SIMGPU_NVML_CLOCK=n      the SMs' clock now, MHz    SIMGPU_NVML_APPS_CLOCK=n    application clock, MHz; default the most
 *   SIMGPU_NVML_PCIE_GEN=n, SIMGPU_NVML_PCIE_WIDTH=n    the link now; default 5 and 16, the most that it can
 *   SIMGPU_NVML_PROCESSES=n  how many other processes have a context; default 0. This one is in the list too.
 *   SIMGPU_NVML_UNSUPPORTED=a,b  functions that answer "not supported"
 *
 * Values of enums and layouts as in nvml.h, which CUDA's compiler packages don't carry. Calls that are not here don't resolve.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim_device.h"

enum nvml_return {
  NVML_SUCCESS = 0,
  NVML_ERROR_UNINITIALIZED = 1,
  NVML_ERROR_INVALID_ARGUMENT = 2,
  NVML_ERROR_NOT_SUPPORTED = 3,
  NVML_ERROR_NOT_FOUND = 6,
  NVML_ERROR_INSUFFICIENT_SIZE = 7,
  NVML_ERROR_DRIVER_NOT_LOADED = 9,
};
enum nvml_clock { NVML_CLOCK_GRAPHICS, NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_CLOCK_VIDEO };

#define DEVICES_MAX    8
#define CUDA_VERSION   13000
#define DRIVER_VERSION "580.00.simgpu"
#define POWER_PERCENT  60 /* of the limit: nominal */
#define TEMPERATURE_C  50
/* The same for every claimed device. */
#define PCIE_GENERATION 5
#define PCIE_WIDTH      16
#define NVLINKS         12

struct nvml_process {
  unsigned pid;
  unsigned long long memory_bytes;
  unsigned gpu_instance, compute_instance;
};

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

/* Whether SIMGPU_NVML_UNSUPPORTED names the function. */
static bool unsupported(const char *function)
{
  const char *list = getenv("SIMGPU_NVML_UNSUPPORTED");
  const size_t length = strlen(function);
  for (const char *at = list; at != NULL && (at = strstr(at, function)) != NULL; at += length) {
    if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0')) return true;
  }
  return false;
}

#define check(device, out) check_call(__func__, device, out)
static int check_call(const char *function, nvml_device device, const void *out)
{
  if (unsupported(function)) return NVML_ERROR_NOT_SUPPORTED;
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
  const char *name = getenv("SIMGPU_DEVICE"), *missing = getenv("SIMGPU_NVML"), *driver = getenv("SIMGPU_DRIVER");
  unsigned long long count;
  if (missing != NULL && strcmp(missing, "missing") == 0) return NVML_ERROR_DRIVER_NOT_LOADED;
  if (driver != NULL && strcmp(driver, "none") == 0) return NVML_ERROR_DRIVER_NOT_LOADED;
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

/* Addresses and UUIDs are those of the stand-in for the runtime: bus = number + 1 (rt_device.c). */
NVML(nvmlDeviceGetHandleByPciBusId_v2, const char *address, nvml_device *device)
{
  unsigned domain, bus, slot, function;
  if (state.opened == 0) return NVML_ERROR_UNINITIALIZED;
  if (address == NULL || device == NULL) return NVML_ERROR_INVALID_ARGUMENT;
  if (unsupported(__func__)) return NVML_ERROR_NOT_SUPPORTED;
  if (sscanf(address, "%x:%x:%x.%u", &domain, &bus, &slot, &function) != 4) return NVML_ERROR_INVALID_ARGUMENT;
  if (domain != 0 || slot != 0 || bus < 1 || bus > state.count) return NVML_ERROR_NOT_FOUND;
  *device = &state.devices[bus - 1];
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
  /* The bytes of "simgpu-N", as the runtime's stand-in has them. */
  snprintf(text, sizeof text, "GPU-73696d67-7075-2d%02x-0000-000000000000", '0' + device->index);
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

/* A number of the environment as an answer. */
static int answer(int code, const char *name, unsigned long long otherwise, unsigned long long scale, unsigned *out)
{
  unsigned long long value;
  if (code != NVML_SUCCESS) return code;
  if (!number(name, otherwise, &value)) return NVML_ERROR_INVALID_ARGUMENT;
  *out = (unsigned)(value * scale);
  return NVML_SUCCESS;
}

NVML(nvmlDeviceGetClockInfo, nvml_device device, int clock, unsigned *mhz)
{
  int code = check(device, mhz);
  if (code == NVML_SUCCESS) code = nvmlDeviceGetMaxClockInfo(device, clock, mhz);
  if (clock == NVML_CLOCK_MEM) return code;
  return answer(code, "SIMGPU_NVML_CLOCK", code == NVML_SUCCESS ? *mhz : 0, 1, mhz);
}

NVML(nvmlDeviceGetDefaultApplicationsClock, nvml_device device, int clock, unsigned *mhz)
{
  int code = check(device, mhz);
  return code == NVML_SUCCESS ? nvmlDeviceGetMaxClockInfo(device, clock, mhz) : code;
}

NVML(nvmlDeviceGetApplicationsClock, nvml_device device, int clock, unsigned *mhz)
{
  int code = check(device, mhz);
  if (code == NVML_SUCCESS) code = nvmlDeviceGetMaxClockInfo(device, clock, mhz);
  if (clock == NVML_CLOCK_MEM) return code;
  return answer(code, "SIMGPU_NVML_APPS_CLOCK", code == NVML_SUCCESS ? *mhz : 0, 1, mhz);
}

NVML(nvmlDeviceGetEnforcedPowerLimit, nvml_device device, unsigned *milliwatts)
{
  return answer(check(device, milliwatts), "SIMGPU_NVML_POWER_LIMIT", state.opened ? state.arch->power_limit_w : 0,
                1000, milliwatts);
}

NVML(nvmlDeviceGetPowerManagementDefaultLimit, nvml_device device, unsigned *milliwatts)
{
  int code = check(device, milliwatts);
  if (code == NVML_SUCCESS) *milliwatts = state.arch->power_limit_w * 1000;
  return code;
}

NVML(nvmlDeviceGetMigMode, nvml_device device, unsigned *current, unsigned *pending)
{
  int code = answer(check(device, current), "SIMGPU_NVML_MIG", 0, 1, current);
  if (code == NVML_SUCCESS && pending != NULL) *pending = *current;
  return code;
}

NVML(nvmlDeviceGetPersistenceMode, nvml_device device, unsigned *mode)
{
  return answer(check(device, mode), "SIMGPU_NVML_PERSISTENCE", 1, 1, mode);
}

NVML(nvmlDeviceGetMaxPcieLinkGeneration, nvml_device device, unsigned *generation)
{
  int code = check(device, generation);
  if (code == NVML_SUCCESS) *generation = PCIE_GENERATION;
  return code;
}

NVML(nvmlDeviceGetCurrPcieLinkGeneration, nvml_device device, unsigned *generation)
{
  return answer(check(device, generation), "SIMGPU_NVML_PCIE_GEN", PCIE_GENERATION, 1, generation);
}

NVML(nvmlDeviceGetMaxPcieLinkWidth, nvml_device device, unsigned *width)
{
  int code = check(device, width);
  if (code == NVML_SUCCESS) *width = PCIE_WIDTH;
  return code;
}

NVML(nvmlDeviceGetCurrPcieLinkWidth, nvml_device device, unsigned *width)
{
  return answer(check(device, width), "SIMGPU_NVML_PCIE_WIDTH", PCIE_WIDTH, 1, width);
}

NVML(nvmlDeviceGetNvLinkState, nvml_device device, unsigned link, int *active)
{
  int code = check(device, active);
  if (code == NVML_SUCCESS && link >= NVLINKS) code = NVML_ERROR_INVALID_ARGUMENT;
  if (code == NVML_SUCCESS) *active = 1;
  return code;
}

/* This process, and SIMGPU_NVML_PROCESSES others with numbers that no process of Linux has. */
NVML(nvmlDeviceGetComputeRunningProcesses_v3, nvml_device device, unsigned *count, struct nvml_process *processes)
{
  unsigned others = 0;
  int code = answer(check(device, count), "SIMGPU_NVML_PROCESSES", 0, 1, &others);
  if (code != NVML_SUCCESS) return code;
  const unsigned room = *count;
  *count = others + 1;
  if (processes == NULL || room < *count) return NVML_ERROR_INSUFFICIENT_SIZE;
  for (unsigned i = 0; i <= others; i++) {
    processes[i] = (struct nvml_process){.pid = i == 0 ? (unsigned)getpid() : 1u << 30 | i,
                                         .memory_bytes = 1 << 20,
                                         .gpu_instance = ~0u,
                                         .compute_instance = ~0u};
  }
  return NVML_SUCCESS;
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
  if (code != NVML_SUCCESS) return code;
  unsigned mode = 1;
  code = answer(code, "SIMGPU_NVML_ECC_MODE", 1, 1, &mode);
  *current = *pending = (int)mode;
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
