/* rt_stream.c: streams, events and the simulated clock. */
#include "rt.h"

#include <stdlib.h>
#include <string.h>

cudaError_t rt_stream(struct rt *rt, cudaStream_t handle, struct CUstream_st **out)
{
  uint32_t device = (uint32_t)rt_thread()->device;
  if (handle == NULL || handle == cudaStreamLegacy) {
    *out = &rt->legacy[device];
    return cudaSuccess;
  }
  if (handle == cudaStreamPerThread) {
    *out = &rt->per_thread[device];
    return cudaSuccess;
  }
  for (*out = rt->streams; *out != NULL; *out = (*out)->next) {
    if (*out == handle) return cudaSuccess;
  }
  return rt_fail(rt, cudaErrorInvalidResourceHandle, "%p is no stream", (void *)handle);
}

static bool is_legacy(const struct rt *rt, const struct CUstream_st *stream)
{
  return stream == &rt->legacy[stream->device];
}

/* When work may start in a stream: after its own, and, by the rules of the legacy default stream, after the work of the
 * streams it synchronizes with. */
static uint64_t start_time(const struct rt *rt, const struct CUstream_st *stream)
{
  uint64_t time_ns = stream->time_ns > rt->host_time_ns ? stream->time_ns : rt->host_time_ns;
  if ((stream->flags & cudaStreamNonBlocking) != 0) return time_ns;
  const struct CUstream_st *legacy = &rt->legacy[stream->device];
  if (legacy->time_ns > time_ns) time_ns = legacy->time_ns;
  if (stream != legacy) return time_ns;
  if (rt->per_thread[stream->device].time_ns > time_ns) time_ns = rt->per_thread[stream->device].time_ns;
  for (const struct CUstream_st *s = rt->streams; s != NULL; s = s->next) {
    if (s->device == stream->device && (s->flags & cudaStreamNonBlocking) == 0 && s->time_ns > time_ns)
      time_ns = s->time_ns;
  }
  return time_ns;
}

void rt_follow_legacy(struct rt *rt, struct CUstream_st *stream)
{
  struct CUstream_st *legacy = &rt->legacy[stream->device];
  rt_line_open(rt, &stream->line);
  if ((stream->flags & cudaStreamNonBlocking) != 0) return;
  if (stream != legacy) {
    rt_clock_join(&stream->line.done, &legacy->line.done);
    return;
  }
  rt_clock_join(&stream->line.done, &rt->per_thread[stream->device].line.done);
  for (const struct CUstream_st *s = rt->streams; s != NULL; s = s->next) {
    if (s->device == stream->device && (s->flags & cudaStreamNonBlocking) == 0)
      rt_clock_join(&stream->line.done, &s->line.done);
  }
}

void rt_host_knows(struct rt *rt, const struct rt_clock *clock)
{
  rt_clock_join(&rt->order.host, clock);
  rt_pending_settle_known(rt, &rt->order.host);
}

void rt_wait(struct rt *rt, struct CUstream_st *stream)
{
  if (stream != NULL) {
    uint64_t time_ns = start_time(rt, stream);
    if (time_ns > rt->host_time_ns) rt->host_time_ns = time_ns;
    rt_follow_legacy(rt, stream);
    rt_host_knows(rt, &stream->line.done);
    return;
  }
  uint32_t device = (uint32_t)rt_thread()->device;
  rt_wait(rt, &rt->legacy[device]);
  for (struct CUstream_st *s = rt->streams; s != NULL; s = s->next) {
    if (s->device == device) rt_wait(rt, s);
  }
}

static void break_capture(struct rt *rt)
{
  for (struct CUstream_st *s = rt->streams; s != NULL; s = s->next) {
    if (s->capture != NULL) s->capture_broken = true;
  }
}

cudaError_t rt_not_capturing(struct rt *rt)
{
  for (struct CUstream_st *s = rt->streams; s != NULL; s = s->next) {
    if (s->capture == NULL) continue;
    break_capture(rt);
    return rt_fail(rt, cudaErrorStreamCaptureUnsupported, "not while a stream is being captured");
  }
  return cudaSuccess;
}

static cudaError_t append(struct rt *rt, struct CUstream_st *stream, const struct rt_op *op)
{
  if (stream->capture_broken) return cudaErrorStreamCaptureInvalidated;
  struct rt_op *copy = rt_op_copy(op);
  if (copy == NULL) return rt_fail(rt, cudaErrorMemoryAllocation, "out of host memory for a graph");
  struct CUgraph_st *graph = stream->capture;
  if (graph->last != NULL)
    graph->last->next = copy;
  else
    graph->first = copy;
  graph->last = copy;
  copy->branch = stream->branch;
  memcpy(copy->seen, stream->seen, sizeof copy->seen);
  stream->seen[stream->branch] = ++graph->counts[stream->branch];
  return cudaSuccess;
}

cudaError_t rt_run_in(struct rt *rt, struct CUstream_st *stream, struct rt_line *line, const struct rt_op *op)
{
  struct rt_turn turn;
  char text[160];
  uint64_t duration_ns = 0;
  rt_turn_begin(rt, line, op->call, op->kind == RT_OP_LAUNCH ? sim_kernel_name(op->kernel) : NULL, op->programmatic,
                &turn, text, sizeof text);
  cudaError_t error = rt_op_run(rt, op, &turn, &duration_ns);
  rt_turn_end(rt, &turn);
  stream->time_ns = start_time(rt, stream) + duration_ns;
  return error;
}

cudaError_t rt_submit(struct rt *rt, cudaStream_t handle, const struct rt_op *given)
{
  struct rt_op named = *given, *op = &named;
  if (op->call == NULL) op->call = rt_thread()->call;
  struct CUstream_st *stream;
  cudaError_t error = rt_stream(rt, handle, &stream);
  if (error != cudaSuccess) return error;
  if ((op->kind == RT_OP_LAUNCH || op->kind == RT_OP_WORK) && stream->device != op->device) {
    return rt_fail(rt, cudaErrorInvalidResourceHandle, "a stream of device %u: the current device is %u",
                   stream->device, op->device);
  }
  if (stream->capture != NULL) return append(rt, stream, op);
  if (is_legacy(rt, stream)) {
    for (struct CUstream_st *s = rt->streams; s != NULL; s = s->next) {
      if (s->capture == NULL || (s->flags & cudaStreamNonBlocking) != 0) continue;
      break_capture(rt);
      return rt_fail(rt, cudaErrorStreamCaptureImplicit, "the default stream would wait for a stream being captured");
    }
  }
  rt_follow_legacy(rt, stream);
  return rt_run_in(rt, stream, &stream->line, op);
}

/* --- streams --- */

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned flags, int priority)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_device *device;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess && (stream == NULL || flags > cudaStreamNonBlocking)) error = cudaErrorInvalidValue;
  if (error != cudaSuccess) return rt_leave(rt, error);
  struct CUstream_st *made = calloc(1, sizeof *made);
  if (made == NULL) return rt_leave(rt, cudaErrorMemoryAllocation);
  made->device = (uint32_t)rt_thread()->device;
  made->flags = flags;
  made->priority = priority;
  made->next = rt->streams;
  *stream = rt->streams = made;
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
  return cudaStreamCreateWithPriority(stream, flags, 0);
}

cudaError_t cudaStreamCreate(cudaStream_t *stream)
{
  return cudaStreamCreateWithPriority(stream, cudaStreamDefault, 0);
}

cudaError_t cudaStreamDestroy(cudaStream_t handle)
{
  struct rt *rt = rt_enter(__func__);
  for (struct CUstream_st **link = &rt->streams; *link != NULL; link = &(*link)->next) {
    if (*link != handle) continue;
    if (handle->capture != NULL) return rt_leave(rt, rt_not_capturing(rt));
    *link = handle->next;
    rt_line_close(rt, &handle->line);
    free(handle);
    return rt_leave(rt, cudaSuccess);
  }
  return rt_leave(rt, rt_fail(rt, cudaErrorInvalidResourceHandle, "%p is no stream of the program", (void *)handle));
}

/* Waits, or only asks; either tells of a fault. */
static cudaError_t finish(struct rt *rt, cudaStream_t handle)
{
  struct CUstream_st *stream;
  struct rt_device *device;
  cudaError_t error = rt_stream(rt, handle, &stream);
  if (error != cudaSuccess) return error;
  if (stream->capture != NULL) return rt_not_capturing(rt);
  rt_wait(rt, stream);
  return rt_device(rt, &device);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
  struct rt *rt = rt_enter(__func__);
  return rt_leave(rt, finish(rt, stream));
}

cudaError_t cudaStreamQuery(cudaStream_t stream)
{
  struct rt *rt = rt_enter(__func__);
  return rt_leave(rt, finish(rt, stream));
}

cudaError_t cudaDeviceSynchronize(void)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_device *device;
  cudaError_t error = rt_not_capturing(rt);
  if (error != cudaSuccess) return rt_leave(rt, error);
  error = rt_device(rt, &device);
  if (device != NULL) rt_wait(rt, NULL);
  return rt_leave(rt, error);
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void *data)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = {.kind = RT_OP_HOST, .host = function, .host_data = data};
  return rt_leave(rt, function != NULL ? rt_submit(rt, stream, &op) : cudaErrorInvalidValue);
}

/* --- events --- */

static cudaError_t find_event(struct rt *rt, cudaEvent_t event)
{
  for (struct CUevent_st *e = rt->events; e != NULL; e = e->next) {
    if (e == event) return cudaSuccess;
  }
  return rt_fail(rt, cudaErrorInvalidResourceHandle, "%p is no event", (void *)event);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_device *device;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess && (event == NULL || flags > (cudaEventBlockingSync | cudaEventDisableTiming))) {
    error = rt_fail(rt, cudaErrorInvalidValue, "flags 0x%x: must be of BlockingSync, DisableTiming", flags);
  }
  if (error != cudaSuccess) return rt_leave(rt, error);
  struct CUevent_st *made = calloc(1, sizeof *made);
  if (made == NULL) return rt_leave(rt, cudaErrorMemoryAllocation);
  made->flags = flags;
  made->next = rt->events;
  *event = rt->events = made;
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
  struct rt *rt = rt_enter(__func__);
  for (struct CUevent_st **link = &rt->events; *link != NULL; link = &(*link)->next) {
    if (*link != event) continue;
    *link = event->next;
    free(event);
    return rt_leave(rt, cudaSuccess);
  }
  return rt_leave(rt, find_event(rt, event));
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle)
{
  struct rt *rt = rt_enter(__func__);
  struct CUstream_st *stream;
  struct rt_device *device;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess) error = find_event(rt, event);
  if (error == cudaSuccess) error = rt_stream(rt, handle, &stream);
  if (error != cudaSuccess) return rt_leave(rt, error);
  event->capture = stream->capture;
  if (stream->capture != NULL) {
    memcpy(event->seen, stream->seen, sizeof event->seen);
  } else {
    event->recorded = true;
    event->time_ns = start_time(rt, stream);
    rt_follow_legacy(rt, stream);
    event->clock = stream->line.done;
    rt_clock_join(&event->clock, &rt->order.host);
  }
  return rt_leave(rt, cudaSuccess);
}

/* A stream learns what an event of the same capture knows; one from outside joins the capture with that. */
static cudaError_t join(struct rt *rt, struct CUstream_st *stream, const struct CUevent_st *event)
{
  struct CUgraph_st *graph = event->capture;
  if (stream->capture == NULL) {
    if (graph->branches == RT_BRANCHES)
      return rt_fail(rt, cudaErrorNotSupported, "more than %u streams in a capture", RT_BRANCHES);
    stream->capture = graph;
    stream->branch = graph->branches++;
    memset(stream->seen, 0, sizeof stream->seen);
  }
  for (uint32_t i = 0; i < RT_BRANCHES; i++) {
    if (event->seen[i] > stream->seen[i]) stream->seen[i] = event->seen[i];
  }
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned flags)
{
  struct rt *rt = rt_enter(__func__);
  struct CUstream_st *stream;
  cudaError_t error = flags == cudaEventWaitDefault ? find_event(rt, event) : cudaErrorInvalidValue;
  if (error == cudaSuccess) error = rt_stream(rt, handle, &stream);
  if (error != cudaSuccess) return rt_leave(rt, error);
  if (event->capture != NULL) {
    if (stream->capture == NULL && is_legacy(rt, stream)) return rt_leave(rt, rt_not_capturing(rt));
    if (stream->capture == NULL || stream->capture == event->capture) return rt_leave(rt, join(rt, stream, event));
    break_capture(rt);
    return rt_leave(rt, rt_fail(rt, cudaErrorStreamCaptureMerge, "an event of another capture"));
  }
  if (event->recorded && stream->capture != NULL) {
    break_capture(rt);
    return rt_leave(rt, rt_fail(rt, cudaErrorStreamCaptureIsolation, "an event that was recorded outside the capture"));
  }
  if (event->recorded) {
    if (event->time_ns > stream->time_ns) stream->time_ns = event->time_ns;
    rt_line_open(rt, &stream->line);
    rt_clock_join(&stream->line.done, &event->clock);
    stream->line.launch = false; /* more than one thing to wait for: no programmatic start */
  }
  return rt_leave(rt, cudaSuccess);
}

static cudaError_t finish_event(struct rt *rt, cudaEvent_t event)
{
  struct rt_device *device;
  cudaError_t error = find_event(rt, event);
  if (error != cudaSuccess) return error;
  if (event->capture != NULL) return rt_fail(rt, cudaErrorCapturedEvent, "the event was recorded in a capture");
  if (event->recorded && event->time_ns > rt->host_time_ns) rt->host_time_ns = event->time_ns;
  if (event->recorded) rt_host_knows(rt, &event->clock);
  return rt_device(rt, &device);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
  struct rt *rt = rt_enter(__func__);
  return rt_leave(rt, finish_event(rt, event));
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
  struct rt *rt = rt_enter(__func__);
  return rt_leave(rt, finish_event(rt, event));
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t end)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_device *device;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess) error = find_event(rt, start);
  if (error == cudaSuccess) error = find_event(rt, end);
  if (error == cudaSuccess && ms == NULL) error = cudaErrorInvalidValue;
  if (error != cudaSuccess) return rt_leave(rt, error);
  if (!start->recorded || !end->recorded || ((start->flags | end->flags) & cudaEventDisableTiming) != 0) {
    return rt_leave(rt,
                    rt_fail(rt, cudaErrorInvalidResourceHandle, "an event that was not recorded, or has no timing"));
  }
  *ms = (float)(((double)end->time_ns - (double)start->time_ns) * 1e-6);
  return rt_leave(rt, cudaSuccess);
}
