/* cuda_nvml.c: NVML by dlopen (cuda_nvml.h). Names, values of enums and the layout of the list of processes are those of NVML's
 * documentation and of the bindings in PyPI's nvidia-ml-py 13. */
#include "cuda_nvml.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
  NVML_SUCCESS = 0,
  NVML_ERROR_INVALID_ARGUMENT = 2,
  NVML_ERROR_NOT_SUPPORTED = 3,
  NVML_CLOCK_SM = 1,
  NVML_CLOCK_MEM = 2,
  NVML_MEMORY_ERROR_UNCORRECTED = 1,
  NVML_COUNTER_VOLATILE = 0,
};
#define NVLINKS_MAX     36
#define PROCESSES_MAX   256
#define PROCESS_LOOK_NS 200000000

typedef void *nvml_device;

struct nvml_process {
  unsigned pid;
  unsigned long long memory_bytes;
  unsigned gpu_instance, compute_instance;
};

/* name in the library, result and parameters behind it: one row a function; NULL where the library has it not. */
#define FUNCTIONS(F)                                                                                                   \
  F(nvmlInit_v2, (void))                                                                                               \
  F(nvmlShutdown, (void))                                                                                              \
  F(nvmlSystemGetDriverVersion, (char *, unsigned))                                                                    \
  F(nvmlDeviceGetHandleByPciBusId_v2, (const char *, nvml_device *))                                                   \
  F(nvmlDeviceGetCount_v2, (unsigned *))                                                                               \
  F(nvmlDeviceGetHandleByIndex_v2, (unsigned, nvml_device *))                                                          \
  F(nvmlDeviceGetUUID, (nvml_device, char *, unsigned))                                                                \
  F(nvmlDeviceGetClockInfo, (nvml_device, int, unsigned *))                                                            \
  F(nvmlDeviceGetMaxClockInfo, (nvml_device, int, unsigned *))                                                         \
  F(nvmlDeviceGetApplicationsClock, (nvml_device, int, unsigned *))                                                    \
  F(nvmlDeviceGetDefaultApplicationsClock, (nvml_device, int, unsigned *))                                             \
  F(nvmlDeviceGetEnforcedPowerLimit, (nvml_device, unsigned *))                                                        \
  F(nvmlDeviceGetPowerManagementDefaultLimit, (nvml_device, unsigned *))                                               \
  F(nvmlDeviceGetTotalEnergyConsumption, (nvml_device, unsigned long long *))                                          \
  F(nvmlDeviceGetEccMode, (nvml_device, int *, int *))                                                                 \
  F(nvmlDeviceGetTotalEccErrors, (nvml_device, int, int, unsigned long long *))                                        \
  F(nvmlDeviceGetMigMode, (nvml_device, unsigned *, unsigned *))                                                       \
  F(nvmlDeviceGetPersistenceMode, (nvml_device, int *))                                                                \
  F(nvmlDeviceGetCurrPcieLinkGeneration, (nvml_device, unsigned *))                                                    \
  F(nvmlDeviceGetMaxPcieLinkGeneration, (nvml_device, unsigned *))                                                     \
  F(nvmlDeviceGetCurrPcieLinkWidth, (nvml_device, unsigned *))                                                         \
  F(nvmlDeviceGetMaxPcieLinkWidth, (nvml_device, unsigned *))                                                          \
  F(nvmlDeviceGetNvLinkState, (nvml_device, unsigned, int *))                                                          \
  F(nvmlDeviceGetComputeRunningProcesses_v3, (nvml_device, unsigned *, struct nvml_process *))                         \
  F(nvmlDeviceGetCurrentClocksEventReasons, (nvml_device, unsigned long long *))                                       \
  F(nvmlDeviceGetCurrentClocksThrottleReasons, (nvml_device, unsigned long long *)) /* its name before driver 535 */

struct tmk_nvml {
  void *library;
  nvml_device device;
  int64_t other_processes, looked_ns; /* at processes last; 0: never */
#define F(name, parameters) int(*name) parameters;
  FUNCTIONS(F)
#undef F
};

static const struct {
  uint64_t bit;
  const char *name;
  bool throttles; /* for power or heat: what a result must say */
} reasons_table[] = {
    {0x001, "gpu_idle", false},           {0x002, "applications_clocks", false}, {0x004, "sw_power_cap", true},
    {0x008, "hw_slowdown", true},         {0x010, "sync_boost", false},          {0x020, "sw_thermal_slowdown", true},
    {0x040, "hw_thermal_slowdown", true}, {0x080, "hw_power_brake", true},       {0x100, "display_clocks", false},
};
#define REASON_COUNT (sizeof reasons_table / sizeof reasons_table[0])

void tmk_nvml_reasons_text(uint64_t reasons, char *text, int text_size)
{
  int used = snprintf(text, (size_t)text_size, "%s", reasons == 0 ? "none" : "");
  for (size_t i = 0; i < REASON_COUNT && used < text_size; i++) {
    if (!(reasons & reasons_table[i].bit)) continue;
    used += snprintf(text + used, (size_t)(text_size - used), "%s%s", used > 0 ? "," : "", reasons_table[i].name);
    reasons &= ~reasons_table[i].bit;
  }
  /* A driver newer than the table. */
  if (reasons != 0 && used < text_size) {
    snprintf(text + used, (size_t)(text_size - used), "%s0x%llx", used > 0 ? "," : "", (unsigned long long)reasons);
  }
}

bool tmk_nvml_reasons_throttle(uint64_t reasons)
{
  for (size_t i = 0; i < REASON_COUNT; i++) {
    if (reasons & reasons_table[i].bit && reasons_table[i].throttles) return true;
  }
  return false;
}

/* ---- the library and the device in it ---- */

static bool load(struct tmk_nvml *nvml, char *reason, int reason_size)
{
  nvml->library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (nvml->library == NULL) {
    snprintf(reason, (size_t)reason_size, "no NVML: %s", dlerror());
    return false;
  }
  /* POSIX lets a data pointer carry a function's address; ISO C has no cast for it. */
#define F(name, parameters) *(void **)(void *)&nvml->name = dlsym(nvml->library, #name);
  FUNCTIONS(F)
#undef F
  if (nvml->nvmlInit_v2 == NULL || nvml->nvmlShutdown == NULL) {
    snprintf(reason, (size_t)reason_size, "libnvidia-ml.so.1 has no nvmlInit_v2");
    return false;
  }
  const int code = nvml->nvmlInit_v2();
  if (code == NVML_SUCCESS) return true;
  snprintf(reason, (size_t)reason_size, "nvmlInit: error %d", code);
  nvml->nvmlShutdown = NULL;
  return false;
}

static bool find_by_uuid(struct tmk_nvml *nvml, const char *uuid)
{
  unsigned count = 0;
  if (nvml->nvmlDeviceGetCount_v2 == NULL || nvml->nvmlDeviceGetHandleByIndex_v2 == NULL ||
      nvml->nvmlDeviceGetUUID == NULL) {
    return false;
  }
  if (nvml->nvmlDeviceGetCount_v2(&count) != NVML_SUCCESS) return false;
  for (unsigned i = 0; i < count; i++) {
    char text[96] = "";
    if (nvml->nvmlDeviceGetHandleByIndex_v2(i, &nvml->device) != NVML_SUCCESS) continue;
    if (nvml->nvmlDeviceGetUUID(nvml->device, text, sizeof text) == NVML_SUCCESS && strcasecmp(text, uuid) == 0)
      return true;
  }
  return false;
}

struct tmk_nvml *tmk_nvml_open(const char *pci_bus_id, const char *uuid, char *reason, int reason_size)
{
  struct tmk_nvml *nvml = calloc(1, sizeof *nvml);
  if (nvml == NULL) {
    snprintf(reason, (size_t)reason_size, "out of memory");
    return NULL;
  }
  if (!load(nvml, reason, reason_size)) goto fail;
  nvml->other_processes = TMK_UNKNOWN;
  if (nvml->nvmlDeviceGetHandleByPciBusId_v2 != NULL &&
      nvml->nvmlDeviceGetHandleByPciBusId_v2(pci_bus_id, &nvml->device) == NVML_SUCCESS) {
    return nvml;
  }
  if (find_by_uuid(nvml, uuid)) return nvml;
  snprintf(reason, (size_t)reason_size, "NVML has no GPU at %s", pci_bus_id);
fail:
  tmk_nvml_close(nvml);
  return NULL;
}

void tmk_nvml_close(struct tmk_nvml *nvml)
{
  if (nvml == NULL) return;
  if (nvml->nvmlShutdown != NULL) (void)nvml->nvmlShutdown();
  if (nvml->library != NULL) (void)dlclose(nvml->library);
  free(nvml);
}

/* ---- questions: each leaves its answer alone where there is none ---- */

typedef int (*question)(nvml_device, unsigned *);
typedef int (*clock_question)(nvml_device, int, unsigned *);

static void ask_int(const struct tmk_nvml *nvml, question ask, int64_t *answer)
{
  unsigned value;
  if (ask != NULL && ask(nvml->device, &value) == NVML_SUCCESS) *answer = value;
}

/* Milliwatts → watts. */
static void ask_power(const struct tmk_nvml *nvml, question ask, double *watts)
{
  unsigned milliwatts;
  if (ask != NULL && ask(nvml->device, &milliwatts) == NVML_SUCCESS) *watts = milliwatts * 1e-3;
}

/* Megahertz → hertz. */
static void ask_clock(const struct tmk_nvml *nvml, clock_question ask, int clock, double *hz)
{
  unsigned mhz;
  if (ask != NULL && ask(nvml->device, clock, &mhz) == NVML_SUCCESS) *hz = mhz * 1e6;
}

static bool ask_reasons(const struct tmk_nvml *nvml, uint64_t *reasons)
{
  unsigned long long mask;
  int (*const ask)(nvml_device, unsigned long long *) = nvml->nvmlDeviceGetCurrentClocksEventReasons != NULL
                                                            ? nvml->nvmlDeviceGetCurrentClocksEventReasons
                                                            : nvml->nvmlDeviceGetCurrentClocksThrottleReasons;
  if (ask == NULL || ask(nvml->device, &mask) != NVML_SUCCESS) return false;
  *reasons = mask;
  return true;
}

static void ask_ecc_errors(const struct tmk_nvml *nvml, int64_t *errors)
{
  unsigned long long count;
  if (nvml->nvmlDeviceGetTotalEccErrors == NULL ||
      nvml->nvmlDeviceGetTotalEccErrors(nvml->device, NVML_MEMORY_ERROR_UNCORRECTED, NVML_COUNTER_VOLATILE, &count) !=
          NVML_SUCCESS) {
    return;
  }
  *errors = count > INT64_MAX ? INT64_MAX : (int64_t)count;
}

static int64_t mig_mode(const struct tmk_nvml *nvml)
{
  unsigned now, pending;
  if (nvml->nvmlDeviceGetMigMode == NULL) return TMK_UNKNOWN;
  const int code = nvml->nvmlDeviceGetMigMode(nvml->device, &now, &pending);
  if (code == NVML_ERROR_NOT_SUPPORTED) return 0; /* a GPU without MIG */
  return code == NVML_SUCCESS ? now != 0 : TMK_UNKNOWN;
}

static int64_t active_nvlinks(const struct tmk_nvml *nvml)
{
  int64_t active = 0;
  if (nvml->nvmlDeviceGetNvLinkState == NULL) return TMK_UNKNOWN;
  for (unsigned link = 0; link < NVLINKS_MAX; link++) {
    int on = 0;
    const int code = nvml->nvmlDeviceGetNvLinkState(nvml->device, link, &on);
    if (code == NVML_ERROR_INVALID_ARGUMENT || (code == NVML_ERROR_NOT_SUPPORTED && link == 0))
      break; /* no more, or none */
    if (code == NVML_SUCCESS) active += on != 0;
  }
  return active;
}

/* Whether this process's number is the one that the driver counts by: not in a container with numbers of its own. The number of the
 * first namespace is fixed in Linux (include/linux/proc_ns.h). */
static bool in_first_pid_namespace(void)
{
  char link[64];
  const ssize_t size = readlink("/proc/self/ns/pid", link, sizeof link - 1);
  if (size < 0) return true;
  link[size] = '\0';
  return strcmp(link, "pid:[4026531836]") == 0;
}

/* Processes with a context on the GPU, less this one: it has one, or will have before it measures. TMK_UNKNOWN if not readable, and
 * with MIG, where others sit in slices of their own. */
static int64_t count_others(const struct tmk_nvml *nvml)
{
  struct nvml_process processes[PROCESSES_MAX];
  unsigned count = PROCESSES_MAX;
  if (nvml->nvmlDeviceGetComputeRunningProcesses_v3 == NULL || mig_mode(nvml) == 1) return TMK_UNKNOWN;
  if (nvml->nvmlDeviceGetComputeRunningProcesses_v3(nvml->device, &count, processes) != NVML_SUCCESS)
    return TMK_UNKNOWN;
  int64_t others = 0;
  bool found = false;
  for (unsigned i = 0; i < count; i++) {
    if (processes[i].pid == (unsigned)getpid()) {
      found = true;
    } else {
      others++;
    }
  }
  /* With numbers of another namespace one of them is ours. */
  return !found && others > 0 && !in_first_pid_namespace() ? others - 1 : others;
}

static int64_t now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- answers ---- */

void tmk_nvml_describe(struct tmk_nvml *nvml, struct tmk_device_info *info)
{
  char driver[80]; /* NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE */
  int ecc, pending, persistence;
  uint64_t reasons;
  if (nvml == NULL) return;
  if (nvml->nvmlSystemGetDriverVersion != NULL &&
      nvml->nvmlSystemGetDriverVersion(driver, sizeof driver) == NVML_SUCCESS) {
    snprintf(info->driver_version, sizeof info->driver_version, "%.31s", driver);
  }
  ask_clock(nvml, nvml->nvmlDeviceGetMaxClockInfo, NVML_CLOCK_SM, &info->clock_max_hz);
  ask_clock(nvml, nvml->nvmlDeviceGetClockInfo, NVML_CLOCK_SM, &info->clock_now_hz);
  ask_clock(nvml, nvml->nvmlDeviceGetClockInfo, NVML_CLOCK_MEM, &info->memory_clock_hz);
  ask_clock(nvml, nvml->nvmlDeviceGetMaxClockInfo, NVML_CLOCK_MEM, &info->memory_clock_max_hz);
  ask_clock(nvml, nvml->nvmlDeviceGetApplicationsClock, NVML_CLOCK_SM, &info->clock_set_hz);
  ask_clock(nvml, nvml->nvmlDeviceGetDefaultApplicationsClock, NVML_CLOCK_SM, &info->clock_default_hz);
  ask_power(nvml, nvml->nvmlDeviceGetEnforcedPowerLimit, &info->power_limit_w);
  ask_power(nvml, nvml->nvmlDeviceGetPowerManagementDefaultLimit, &info->power_default_w);
  if (nvml->nvmlDeviceGetEccMode != NULL && nvml->nvmlDeviceGetEccMode(nvml->device, &ecc, &pending) == NVML_SUCCESS) {
    info->ecc_on = ecc != 0;
  }
  ask_ecc_errors(nvml, &info->ecc_errors);
  info->mig_on = mig_mode(nvml);
  if (nvml->nvmlDeviceGetPersistenceMode != NULL &&
      nvml->nvmlDeviceGetPersistenceMode(nvml->device, &persistence) == NVML_SUCCESS) {
    info->persistence_on = persistence != 0;
  }
  ask_int(nvml, nvml->nvmlDeviceGetCurrPcieLinkGeneration, &info->pcie_generation);
  ask_int(nvml, nvml->nvmlDeviceGetMaxPcieLinkGeneration, &info->pcie_generation_max);
  ask_int(nvml, nvml->nvmlDeviceGetCurrPcieLinkWidth, &info->pcie_width);
  ask_int(nvml, nvml->nvmlDeviceGetMaxPcieLinkWidth, &info->pcie_width_max);
  info->nvlinks = active_nvlinks(nvml);
  info->other_processes = count_others(nvml);
  if (ask_reasons(nvml, &reasons)) {
    tmk_nvml_reasons_text(reasons, info->clock_reasons, (int)sizeof info->clock_reasons);
  }
}

bool tmk_nvml_health(struct tmk_nvml *nvml, struct tmk_health *health)
{
  uint64_t reasons = 0;
  *health = (struct tmk_health){.clock_hz = NAN, .ecc_errors = TMK_UNKNOWN, .other_processes = TMK_UNKNOWN};
  if (nvml == NULL) return false;
  ask_clock(nvml, nvml->nvmlDeviceGetClockInfo, NVML_CLOCK_SM, &health->clock_hz);
  const bool reasons_known = ask_reasons(nvml, &reasons);
  health->throttled = reasons_known && tmk_nvml_reasons_throttle(reasons);
  ask_ecc_errors(nvml, &health->ecc_errors);
  if (nvml->looked_ns == 0 || now_ns() - nvml->looked_ns > PROCESS_LOOK_NS) {
    nvml->other_processes = count_others(nvml);
    nvml->looked_ns = now_ns();
  }
  health->other_processes = nvml->other_processes;
  return reasons_known || !isnan(health->clock_hz) || health->ecc_errors != TMK_UNKNOWN ||
         health->other_processes != TMK_UNKNOWN;
}

bool tmk_nvml_energy_uj(struct tmk_nvml *nvml, uint64_t *energy_uj)
{
  unsigned long long millijoules;
  if (nvml == NULL || nvml->nvmlDeviceGetTotalEnergyConsumption == NULL) return false;
  if (nvml->nvmlDeviceGetTotalEnergyConsumption(nvml->device, &millijoules) != NVML_SUCCESS) return false;
  *energy_uj = (uint64_t)millijoules * 1000;
  return true;
}
