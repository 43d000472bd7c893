/* rt_graph.c: graphs by stream capture, and their replay. A graph is a list in the order of the capture: one of the orders that its
 * dependencies allow. */
#include "rt.h"

#include <stdlib.h>
#include <string.h>

static void clear(struct CUgraph_st *graph)
{
  while (graph->first != NULL) {
    struct rt_op *op = graph->first;
    graph->first = op->next;
    rt_op_free(op);
  }
  graph->last = NULL;
}

/* false: out of memory; what was copied stays for clear(). */
static bool copy(struct CUgraph_st *to, const struct CUgraph_st *from)
{
  to->branches = from->branches;
  memcpy(to->counts, from->counts, sizeof to->counts);
  for (const struct rt_op *op = from->first; op != NULL; op = op->next) {
    struct rt_op *made = rt_op_copy(op);
    if (made == NULL) return false;
    if (to->last != NULL)
      to->last->next = made;
    else
      to->first = made;
    to->last = made;
  }
  return true;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, enum cudaStreamCaptureMode mode)
{
  struct rt *rt = rt_enter(__func__);
  struct CUstream_st *stream;
  cudaError_t error = rt_stream(rt, handle, &stream);
  if (error != cudaSuccess) return rt_leave(rt, error);
  if (mode != cudaStreamCaptureModeGlobal && mode != cudaStreamCaptureModeThreadLocal &&
      mode != cudaStreamCaptureModeRelaxed) {
    return rt_leave(rt, cudaErrorInvalidValue);
  }
  if (stream == &rt->legacy[stream->device] || stream == &rt->per_thread[stream->device]) {
    return rt_leave(rt, rt_fail(rt, cudaErrorStreamCaptureUnsupported, "a default stream can't be captured"));
  }
  if (stream->capture != NULL) return rt_leave(rt, rt_fail(rt, cudaErrorIllegalState, "captured already"));
  stream->capture = calloc(1, sizeof *stream->capture);
  if (stream->capture == NULL) return rt_leave(rt, cudaErrorMemoryAllocation);
  stream->capture_origin = true;
  stream->capture_broken = false;
  stream->capture->branches = 1;
  stream->capture->id = ++rt->captures;
  stream->branch = 0;
  memset(stream->seen, 0, sizeof stream->seen);
  return rt_leave(rt, cudaSuccess);
}

/* Every stream and event of the capture leaves it. The origin must have waited for all that the others did. */
cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t *out)
{
  struct rt *rt = rt_enter(__func__);
  struct CUstream_st *stream;
  cudaError_t error = rt_stream(rt, handle, &stream);
  if (error == cudaSuccess && out == NULL) error = cudaErrorInvalidValue;
  if (error != cudaSuccess) return rt_leave(rt, error);
  *out = NULL;
  if (stream->capture == NULL)
    return rt_leave(rt, rt_fail(rt, cudaErrorIllegalState, "the stream is not being captured"));
  if (!stream->capture_origin) {
    return rt_leave(rt, rt_fail(rt, cudaErrorStreamCaptureUnmatched, "the capture began in another stream"));
  }
  struct CUgraph_st *graph = stream->capture;
  bool broken = false, unjoined = false;
  for (uint32_t i = 0; i < graph->branches; i++) unjoined = unjoined || graph->counts[i] > stream->seen[i];
  for (struct CUstream_st *s = rt->streams; s != NULL; s = s->next) {
    if (s->capture != graph) continue;
    broken = broken || s->capture_broken;
    s->capture = NULL;
    s->capture_origin = s->capture_broken = false;
  }
  for (struct CUevent_st *e = rt->events; e != NULL; e = e->next) {
    if (e->capture == graph) e->capture = NULL;
  }
  if (!broken && !unjoined) {
    *out = graph;
    return rt_leave(rt, cudaSuccess);
  }
  clear(graph);
  free(graph);
  return rt_leave(rt, broken ? rt_fail(rt, cudaErrorStreamCaptureInvalidated, "a call broke the capture")
                             : rt_fail(rt, cudaErrorStreamCaptureUnjoined, "a stream of the capture was not joined"));
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, enum cudaStreamCaptureStatus *status)
{
  struct rt *rt = rt_enter(__func__);
  struct CUstream_st *stream;
  cudaError_t error = rt_stream(rt, handle, &stream);
  if (error == cudaSuccess && status == NULL) error = cudaErrorInvalidValue;
  if (error != cudaSuccess) return rt_leave(rt, error);
  *status = stream->capture == NULL  ? cudaStreamCaptureStatusNone
            : stream->capture_broken ? cudaStreamCaptureStatusInvalidated
                                     : cudaStreamCaptureStatusActive;
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t graph, unsigned long long flags)
{
  struct rt *rt = rt_enter(__func__);
  if (out == NULL || graph == NULL) return rt_leave(rt, cudaErrorInvalidValue);
  if (flags != 0) return rt_leave(rt, rt_fail(rt, cudaErrorNotSupported, "flags 0x%llx are not simulated", flags));
  if (++rt->graphs == rt->fail_graph) {
    return rt_leave(rt, rt_fail(rt, cudaErrorMemoryAllocation, "SIMGPU_FAIL_GRAPH: instantiation %llu fails", (unsigned long long)rt->graphs));
  }
  struct CUgraphExec_st *made = calloc(1, sizeof *made);
  if (made == NULL) return rt_leave(rt, cudaErrorMemoryAllocation);
  if (!copy(&made->graph, graph)) {
    clear(&made->graph);
    free(made);
    return rt_leave(rt, cudaErrorMemoryAllocation);
  }
  *out = made;
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *out, cudaGraph_t graph, unsigned long long flags)
{
  return cudaGraphInstantiate(out, graph, flags);
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *count)
{
  struct rt *rt = rt_enter(__func__);
  if (graph == NULL || count == NULL) return rt_leave(rt, cudaErrorInvalidValue);
  if (nodes != NULL) return rt_leave(rt, rt_fail(rt, cudaErrorNotSupported, "nodes are counted, not handed out"));
  *count = 0;
  for (const struct rt_op *op = graph->first; op != NULL; op = op->next) ++*count;
  return rt_leave(rt, cudaSuccess);
}

/* Where a node of a launched graph runs: the stream itself for the capture's origin, else a line of the graph's own. */
static struct rt_line *line_of(struct CUgraphExec_st *exec, struct CUstream_st *stream, uint32_t branch)
{
  return branch == 0 ? &stream->line : &exec->lines[branch];
}

/* A node knows what the graph's launch was behind, and the nodes that the capture put before it. before: operations of each line before the
 * launch. */
static void order_node(struct CUgraphExec_st *exec, struct CUstream_st *stream, const struct rt_op *op,
                       const uint32_t *before)
{
  struct rt_line *line = line_of(exec, stream, op->branch);
  for (uint32_t i = 0; i < exec->graph.branches; i++) {
    const struct rt_line *other = line_of(exec, stream, i);
    if (op->seen[i] == 0 || line->done.seen[other->slot] >= before[i] + op->seen[i]) continue;
    line->done.seen[other->slot] = before[i] + op->seen[i];
    line->launch = false; /* more than one thing to wait for */
  }
}

static cudaError_t launch(struct rt *rt, struct CUgraphExec_st *exec, struct CUstream_st *stream)
{
  struct rt_device *device;
  uint32_t before[RT_BRANCHES];
  cudaError_t error = cudaSuccess;
  rt_follow_legacy(rt, stream);
  rt_clock_join(&stream->line.done, &rt->order.host);
  rt_clock_join(&stream->line.done, &exec->last); /* a graph does not run beside itself */
  for (uint32_t i = 0; i < exec->graph.branches; i++) {
    struct rt_line *line = line_of(exec, stream, i);
    rt_line_open(rt, line);
    rt_clock_join(&line->done, &stream->line.done);
    line->launch = false;
    before[i] = rt->order.counts[line->slot];
  }
  for (const struct rt_op *op = exec->graph.first; op != NULL && error == cudaSuccess; op = op->next) {
    order_node(exec, stream, op, before);
    error = rt_run_in(rt, stream, line_of(exec, stream, op->branch), op);
    /* A fault of one node comes to light at the next call, and the rest does not run. */
    if (rt_device(rt, &device) != cudaSuccess) break;
  }
  for (uint32_t i = 1; i < exec->graph.branches; i++) rt_clock_join(&stream->line.done, &exec->lines[i].done);
  stream->line.launch = false;
  exec->last = stream->line.done;
  return error;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_device *device;
  struct CUstream_st *stream;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess && exec == NULL) error = cudaErrorInvalidValue;
  if (error == cudaSuccess) error = rt_stream(rt, handle, &stream);
  if (error == cudaSuccess && stream->capture != NULL) {
    error = rt_fail(rt, cudaErrorNotSupported, "a graph inside a graph is not simulated");
  }
  return rt_leave(rt, error == cudaSuccess ? launch(rt, exec, stream) : error);
}

/* There is nothing to send: only its arguments are looked at. */
cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t handle)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_device *device;
  struct CUstream_st *stream;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess && exec == NULL) error = cudaErrorInvalidValue;
  if (error == cudaSuccess) error = rt_stream(rt, handle, &stream);
  return rt_leave(rt, error);
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
  struct rt *rt = rt_enter(__func__);
  if (exec == NULL) return rt_leave(rt, cudaErrorInvalidValue);
  for (uint32_t i = 1; i < RT_BRANCHES; i++) rt_line_close(rt, &exec->lines[i]);
  clear(&exec->graph);
  free(exec);
  return rt_leave(rt, cudaSuccess);
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
  struct rt *rt = rt_enter(__func__);
  if (graph == NULL) return rt_leave(rt, cudaErrorInvalidValue);
  clear(graph);
  free(graph);
  return rt_leave(rt, cudaSuccess);
}
