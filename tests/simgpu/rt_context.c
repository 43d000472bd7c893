/* rt_context.c: the process's context: devices by the environment, errors of threads, findings at exit. */
#include "rt_mutants.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_DEFAULT 86

/* CUDA's API has no context argument: one context a process, one error state a thread. */
static struct rt context = {.lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP};
static _Thread_local struct rt_thread thread;

struct rt_thread *rt_thread(void)
{
  return &thread;
}

/* A number of the environment; a word that is none ends the program: a test would mean nothing. */
static uint64_t number(const char *name, uint64_t otherwise, uint64_t limit)
{
  const char *text = getenv(name);
  if (text == NULL || *text == '\0') return otherwise;
  char *end;
  unsigned long long value = strtoull(text, &end, 10);
  if (*end == '\0' && *text != '-' && value <= limit) return value;
  fprintf(stderr, "simgpu: %s=%s: must be 0..%llu\n", name, text, (unsigned long long)limit);
  _exit(2);
}

static int driver_version(void)
{
  const char *text = getenv("SIMGPU_DRIVER");
  return text != NULL && strcmp(text, "none") == 0 ? 0 : (int)number("SIMGPU_DRIVER", RT_VERSION, 99999);
}

static bool driver_will_do(const struct rt *rt)
{
  return rt->driver / 1000 >= RT_VERSION / 1000;
}

static void create_devices(struct rt *rt)
{
  const char *arch = getenv("SIMGPU_DEVICE");
  rt->driver = driver_version();
  rt->device_count = (uint32_t)number("SIMGPU_DEVICES", 1, RT_DEVICES_MAX);
  if (!driver_will_do(rt)) rt->device_count = 0;
  rt->seed = number("SIMGPU_SEED", 0, UINT64_MAX);
  rt->fail_malloc = number("SIMGPU_FAIL_MALLOC", 0, UINT64_MAX);
  rt->fail_launch = number("SIMGPU_FAIL_LAUNCH", 0, UINT64_MAX);
  rt->fail_graph = number("SIMGPU_FAIL_GRAPH", 0, UINT64_MAX);
  rt->fail_work = number("SIMGPU_FAIL_WORK", 0, UINT64_MAX);
  rt->lose_device = number("SIMGPU_LOSE_DEVICE", 0, UINT64_MAX);
  rt->fault_launch = number("SIMGPU_FAULT_LAUNCH", 0, UINT64_MAX);
  rt->exit_code = (int)number("SIMGPU_EXIT", EXIT_DEFAULT, 255);
  rt->verbose = number("SIMGPU_VERBOSE", 0, 1) == 1;
  rt->leaks = number("SIMGPU_LEAKS", 1, 1) == 1;
  const char *launches = getenv("SIMGPU_LAUNCHES");
  if (launches != NULL && *launches != '\0') {
    rt->launch_log = fopen(launches, "ae");
    if (rt->launch_log == NULL) {
      fprintf(stderr, "simgpu: SIMGPU_LAUNCHES=%s: can't be written\n", launches);
      _exit(2);
    }
  }
  const bool one_thread = rt_mutants_begin();
  const uint32_t sms = (uint32_t)number("SIMGPU_SMS", 0, 1024);
  for (uint32_t i = 0; i < rt->device_count; i++) {
    struct sim_device_options options = {.arch = arch != NULL && *arch != '\0' ? arch : "H100",
                                         .ordinal = i,
                                         .sm_count = sms,
                                         .threads = one_thread ? 1 : 0};
    struct sim_error error;
    rt->devices[i].report = sim_report_create(0);
    if (rt->devices[i].report == NULL || sim_device_create(&options, &rt->devices[i].sim, &error) != SIM_OK) {
      fprintf(stderr, "simgpu: %s\n", rt->devices[i].report == NULL ? "out of memory" : error.message);
      _exit(2);
    }
    rt->legacy[i].device = rt->per_thread[i].device = i;
  }
}

/* Registered before main, so it runs after every handler of the program. */
static void at_exit(int status, void *unused)
{
  (void)unused;
  struct rt *rt = &context;
  uint64_t errors = 0;
  if (!rt->ready) return;
  for (uint32_t i = 0; i < rt->device_count; i++) {
    struct rt_device *device = &rt->devices[i];
    if (device->sim == NULL) continue;
    /* After a fault the program could not have freed anything. */
    if (rt->leaks && sim_device_health(device->sim, NULL) == SIM_OK) {
      sim_device_report_leaks(device->sim, device->report);
    }
    errors += sim_report_errors(device->report);
    if (sim_report_listed(device->report) == 0) continue;
    fprintf(stderr, "simgpu: device %u (%s), seed %llu:\n", i, sim_device_arch(device->sim)->name,
            (unsigned long long)rt->seed);
    sim_report_print(device->report, stderr);
  }
  rt_mutants_end(status, errors);
  if (errors == 0) return;
  fprintf(stderr, "simgpu: %llu error%s\n", (unsigned long long)errors, errors == 1 ? "" : "s");
  fflush(NULL);
  if (status == 0) _exit(rt->exit_code);
}

__attribute__((constructor)) static void at_load(void)
{
  on_exit(at_exit, NULL);
}

struct rt *rt_enter(const char *call)
{
  pthread_mutex_lock(&context.lock);
  if (!context.ready) create_devices(&context);
  context.ready = true;
  thread.call = call;
  return &context;
}

void rt_after_fork(struct rt *rt)
{
  rt->lock = (pthread_mutex_t)PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
  pthread_mutex_lock(&rt->lock);
}

cudaError_t rt_leave(struct rt *rt, cudaError_t error)
{
  if (error != cudaSuccess && error != cudaErrorNotReady) thread.last = error;
  pthread_mutex_unlock(&rt->lock);
  return error;
}

cudaError_t rt_fail(const struct rt *rt, cudaError_t error, const char *format, ...)
{
  if (!rt->verbose) return error;
  char text[600];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(stderr, "simgpu: %s: %s: %s\n", thread.call, cudaGetErrorName(error), text);
  return error;
}

cudaError_t rt_sim_fail(const struct rt *rt, const struct sim_error *error)
{
  return rt_fail(rt, rt_error_of(error->status), "%s", error->message);
}

cudaError_t rt_no_device(const struct rt *rt)
{
  return driver_will_do(rt) ? cudaErrorNoDevice : cudaErrorInsufficientDriver;
}

cudaError_t rt_device(struct rt *rt, struct rt_device **out)
{
  *out = NULL;
  if (rt->device_count == 0) return rt_no_device(rt);
  *out = &rt->devices[thread.device];
  struct sim_error error;
  if (sim_device_health((*out)->sim, &error) == SIM_OK) return cudaSuccess;
  return rt_sim_fail(rt, &error);
}

cudaError_t cudaPeekAtLastError(void)
{
  return rt_leave(rt_enter(__func__), thread.last);
}

/* A sticky error stays once a call has returned it. */
cudaError_t cudaGetLastError(void)
{
  struct rt *rt = rt_enter(__func__);
  cudaError_t last = thread.last;
  enum sim_status health = rt->device_count > 0 ? sim_device_health(rt->devices[thread.device].sim, NULL) : SIM_OK;
  if (!rt_is_sticky(health) || rt_error_of(health) != last) thread.last = cudaSuccess;
  pthread_mutex_unlock(&rt->lock);
  return last;
}
