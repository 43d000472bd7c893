/* rt_op.c: what streams do: launches, copies, fills, host functions. */
#include "rt_mutants.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The simulated clock: a launch or copy costs this much besides its own; copies to and from the host go at PCIe's rate, those
 * on the device at a nominal rate. No claim of any GPU's figures. */
#define OVERHEAD_NS         2000
#define HOST_BYTES_PER_NS   25
#define DEVICE_BYTES_PER_NS 1000

static cudaError_t run_launch(struct rt *rt, const struct rt_op *op, struct rt_turn *turn, uint64_t *duration_ns)
{
  struct rt_device *device = &rt->devices[op->device];
  struct sim_launch launch = op->launch;
  struct sim_launch_stats stats = {.simulated_ns = 0};
  struct sim_error error = {.status = SIM_OK};
  rt->launches++;
  if (rt->launch_log != NULL) {
    struct sim_kernel_info info;
    sim_kernel_info(op->kernel, &info);
    fprintf(rt->launch_log, "%s %u %u\n", info.name, launch.block[0] * launch.block[1] * launch.block[2],
            launch.dynamic_shared_bytes);
  }
  if (rt->launches == rt->lose_device) {
    sim_device_lose(device->sim);
    return rt_fail(rt, rt_error_of(SIM_ERR_LOST), "SIMGPU_LOSE_DEVICE: the device is lost");
  }
  if (rt->launches == rt->fail_launch) {
    return rt_fail(rt, cudaErrorLaunchOutOfResources, "SIMGPU_FAIL_LAUNCH: launch %llu fails",
                   (unsigned long long)rt->launches);
  }
  if (rt->launches == rt->fault_launch) {
    error.status = SIM_ERR_FAULT_ADDRESS;
    snprintf(error.message, sizeof error.message, "SIMGPU_FAULT_LAUNCH: the kernel of launch %llu faults",
             (unsigned long long)rt->launches);
    sim_device_fault(device->sim, &error);
    return cudaSuccess;
  }
  launch.seed = rt->seed + rt->launches * 0x9e3779b97f4a7c15ull; /* each launch its own schedule */
  launch.turn = &turn->sim;
  enum sim_status status = rt_mutants_launch(rt, op, &launch, &stats, &error);
  *duration_ns = OVERHEAD_NS + stats.simulated_ns;
  if (status == SIM_OK) return cudaSuccess;
  cudaError_t code = rt_sim_fail(rt, &error);
  /* A fault comes to light after the launch has returned. */
  return rt_is_sticky(status) ? cudaSuccess : code;
}

/* A copy's or a fill's access; pinned memory is looked at in the first device's table. */
static void note_row(struct rt *rt, const char *at, size_t bytes, bool write, const struct rt_turn *turn)
{
  int owner = rt_device_of(rt, at);
  struct rt_device *device = &rt->devices[owner >= 0 ? owner : 0];
  sim_device_note(device->sim, (uint64_t)(uintptr_t)at, bytes, write, &turn->sim, device->report);
}

/* One row. */
static cudaError_t copy_row(struct rt *rt, char *to, const char *from, size_t bytes)
{
  struct sim_error error = {.status = SIM_OK};
  uint64_t to_address = (uint64_t)(uintptr_t)to, from_address = (uint64_t)(uintptr_t)from;
  int to_device = rt_device_of(rt, to), from_device = rt_device_of(rt, from);
  if (rt_is_device_address(to) && to_device < 0) {
    return rt_fail(rt, cudaErrorInvalidValue, "%p is in no live allocation", (void *)to);
  }
  if (rt_is_device_address(from) && from_device < 0) {
    return rt_fail(rt, cudaErrorInvalidValue, "%p is in no live allocation", (const void *)from);
  }
  if (to_device < 0 && from_device < 0) {
    memmove(to, from, bytes);
    return cudaSuccess;
  }
  if (to_device < 0) {
    struct rt_device *device = &rt->devices[from_device];
    sim_device_read(device->sim, to, from_address, bytes, device->report, &error);
  } else if (from_device < 0) {
    sim_device_write(rt->devices[to_device].sim, to_address, from, bytes, &error);
  } else {
    sim_device_copy(rt->devices[to_device].sim, to_address, rt->devices[from_device].sim, from_address, bytes, &error);
  }
  return error.status == SIM_OK ? cudaSuccess : rt_sim_fail(rt, &error);
}

static cudaError_t fill_row(struct rt *rt, char *to, uint8_t value, size_t bytes)
{
  struct sim_error error = {.status = SIM_OK};
  int device = rt_device_of(rt, to);
  if (device >= 0) {
    sim_device_fill(rt->devices[device].sim, (uint64_t)(uintptr_t)to, value, 1, bytes, &error);
    return error.status == SIM_OK ? cudaSuccess : rt_sim_fail(rt, &error);
  }
  const struct rt_host *host = rt_is_device_address(to) ? NULL : rt_find_host(rt, to);
  if (host == NULL || bytes > host->size_bytes - (size_t)(to - (char *)host->address)) {
    return rt_fail(rt, cudaErrorInvalidValue, "%zu bytes at %p: no memory of a device", bytes, (void *)to);
  }
  memset(to, value, bytes);
  return cudaSuccess;
}

static void note_span(struct rt_device *device, const struct sim_span *span, const struct rt_turn *turn)
{
  for (uint64_t i = 0; i < span->batches * span->rows; i++) {
    uint64_t at = span->address + i / span->rows * span->batch_pitch_bytes + i % span->rows * span->pitch_bytes;
    sim_device_note(device->sim, at, span->row_bytes, span->write, &turn->sim, device->report);
  }
}

/* A library's work: like a kernel, it faults after its call has returned. */
static cudaError_t run_work(struct rt *rt, const struct rt_op *op, const struct rt_turn *turn, uint64_t *duration_ns)
{
  struct rt_device *device = &rt->devices[op->device];
  uint8_t *bytes[RT_WORK_SPANS];
  struct sim_error error = {.status = SIM_OK};
  for (uint32_t i = 0; i < op->work->span_count; i++) {
    if (sim_device_span(device->sim, &op->work->spans[i], op->work->name, device->report, &bytes[i], &error) !=
        SIM_OK) {
      rt_sim_fail(rt, &error);
      return cudaSuccess;
    }
  }
  for (uint32_t i = 0; i < op->work->span_count; i++) note_span(device, &op->work->spans[i], turn);
  op->work->run(op->work, bytes);
  *duration_ns += op->work->nominal_ns;
  return cudaSuccess;
}

cudaError_t __cudaSimgpuWork(cudaStream_t stream, const struct rt_work *work)
{
  struct rt *rt = rt_enter(work->name);
  struct rt_device *device;
  struct rt_op op = {.kind = RT_OP_WORK, .device = (uint32_t)rt_thread()->device, .work = work};
  cudaError_t error = rt_device(rt, &device);
  if (++rt->works == rt->fail_work) {
    /* The library's own failure: the runtime knows nothing of it. */
    if (rt->verbose) fprintf(stderr, "simgpu: %s: SIMGPU_FAIL_WORK: call %llu fails\n", work->name, (unsigned long long)rt->works);
    pthread_mutex_unlock(&rt->lock);
    return cudaErrorUnknown;
  }
  return rt_leave(rt, error == cudaSuccess ? rt_submit(rt, stream, &op) : error);
}

void __cudaSimgpuYield(void)
{
  struct rt *rt = rt_enter(rt_thread()->call);
  /* Once for this call, once for the one that does the work. */
  pthread_mutex_unlock(&rt->lock);
  pthread_mutex_unlock(&rt->lock);
  (void)sched_yield();
  pthread_mutex_lock(&rt->lock);
}

void __cudaSimgpuCollective(const char *call, const char *text)
{
  struct rt *rt = rt_enter(call);
  struct rt_device *device;
  struct sim_finding finding = {.check = SIM_CHECK_COLLECTIVE};
  (void)rt_device(rt, &device);
  snprintf(finding.kernel, sizeof finding.kernel, "%s", call);
  snprintf(finding.message, sizeof finding.message, "%s", text);
  sim_report_add(device->report, &finding);
  pthread_mutex_unlock(&rt->lock);
}

void __cudaSimgpuExplain(const char *call, const char *text)
{
  struct rt *rt = rt_enter(call);
  if (rt->verbose) fprintf(stderr, "simgpu: %s: %s\n", call, text);
  pthread_mutex_unlock(&rt->lock);
}

cudaError_t rt_op_run(struct rt *rt, const struct rt_op *op, struct rt_turn *turn, uint64_t *duration_ns)
{
  *duration_ns = OVERHEAD_NS;
  if (op->kind == RT_OP_LAUNCH) return run_launch(rt, op, turn, duration_ns);
  if (op->kind == RT_OP_WORK) return run_work(rt, op, turn, duration_ns);
  if (op->kind == RT_OP_HOST) {
    rt_pending_settle_known(rt, &turn->start);
    op->host(op->host_data);
    return cudaSuccess;
  }
  if (op->width == 0 || op->height == 0) return cudaSuccess;
  bool both = op->kind == RT_OP_FILL || (rt_is_device_address(op->to) && rt_is_device_address(op->from));
  *duration_ns += op->width * op->height / (both ? DEVICE_BYTES_PER_NS : HOST_BYTES_PER_NS);
  for (size_t row = 0; row < op->height; row++) {
    char *to = (char *)op->to + row * op->to_pitch;
    const char *from = op->kind == RT_OP_COPY ? (const char *)op->from + row * op->from_pitch : NULL;
    if (!rt_is_device_address(to)) rt_pending_settle_range(rt, to, op->width);
    if (from != NULL && !rt_is_device_address(from)) rt_pending_settle_range(rt, from, op->width);
    cudaError_t error = from == NULL ? fill_row(rt, to, op->value, op->width) : copy_row(rt, to, from, op->width);
    if (error != cudaSuccess) return error;
    if (from != NULL) note_row(rt, from, op->width, false, turn);
    note_row(rt, to, op->width, true, turn);
    if (!rt_is_device_address(to)) rt_pending_add(rt, turn, to, op->width, true);
    if (from != NULL && !rt_is_device_address(from))
      rt_pending_add(rt, turn, (void *)(uintptr_t)from, op->width, false);
  }
  return cudaSuccess;
}

struct rt_op *rt_op_copy(const struct rt_op *op)
{
  struct rt_op *copy = malloc(sizeof *copy);
  if (copy == NULL) return NULL;
  *copy = *op;
  copy->next = NULL;
  if (op->kind == RT_OP_LAUNCH && op->launch.params != NULL) {
    void *params = malloc((size_t)op->launch.params_bytes + 1);
    if (params == NULL) {
      free(copy);
      return NULL;
    }
    memcpy(params, op->launch.params, op->launch.params_bytes);
    copy->launch.params = params;
  }
  if (op->kind == RT_OP_WORK) {
    struct rt_work *work = malloc(sizeof *work);
    if (work == NULL) {
      free(copy);
      return NULL;
    }
    *work = *op->work;
    copy->work = work;
  }
  return copy;
}

void rt_op_free(struct rt_op *op)
{
  if (op == NULL) return;
  if (op->kind == RT_OP_LAUNCH) free((void *)(uintptr_t)op->launch.params);
  if (op->kind == RT_OP_WORK) free((void *)(uintptr_t)op->work);
  free(op);
}
