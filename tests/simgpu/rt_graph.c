/* rt_graph.c: graphs by stream capture, and their replay. A graph is a list in the order of the capture: one of the orders that its
 * dependencies allow. */
#include "rt.h"

#include <stdlib.h>

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
  return rt_leave(rt, cudaSuccess);
}

/* Every stream and event of the capture leaves it. A stream that joined must have been waited for; its work is in the list, in order,
 * but a GPU would refuse: so do we. */
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
  for (struct CUstream_st *s = rt->streams; s != NULL; s = s->next) {
    if (s->capture != graph) continue;
    broken = broken || s->capture_broken;
    unjoined = unjoined || s->capture_unjoined;
    s->capture = NULL;
    s->capture_origin = s->capture_broken = s->capture_unjoined = false;
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
  for (const struct rt_op *op = exec != NULL ? exec->graph.first : NULL; op != NULL && error == cudaSuccess;
       op = op->next) {
    error = rt_submit(rt, handle, op);
    /* A fault of one node comes to light at the next call, and the rest does not run. */
    if (rt_device(rt, &device) != cudaSuccess) break;
  }
  return rt_leave(rt, error);
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
  struct rt *rt = rt_enter(__func__);
  if (exec == NULL) return rt_leave(rt, cudaErrorInvalidValue);
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
