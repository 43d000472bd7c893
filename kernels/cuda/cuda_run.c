/* cuda_run.c: executes ops: one by one, or as captured graphs of a whole pass (cuda_exec.h). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cuda_exec.h"
#include "cuda_narrow.h"
#include "tokmark/quantise.h"

static int64_t now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t event_ns(float milliseconds)
{
  return (int64_t)((double)milliseconds * 1e6 + 0.5);
}

/* Says of an error which op it came from. */
static enum tmk_status check_op(const struct tmk_exec *exec, int index, cudaError_t error, struct tmk_error *err)
{
  char op[128], what[256];
  if (error == cudaSuccess) return TMK_OK;
  tmk_op_describe(&exec->plan->ops[index], op, (int)sizeof op);
  const struct tmk_cuda_kernel *kernel = exec->calls[index].kernel;
  snprintf(what, sizeof what, "cuda: %s by %s", op, kernel != NULL ? kernel->name : "the transport");
  return tmk_cuda_check(error, what, err);
}

/* A gemm with a narrow weight: the kernel rounds x into the workspace, the library multiplies; where it can't write y itself, another
 * kernel takes the result over. */
static enum tmk_status launch_narrow(const struct tmk_exec *exec, int index, const struct tmk_cuda_launch *launch,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_cuda_call *call = &exec->calls[index];
  const struct tmk_cuda_gemm *g = &call->args.gemm;
  const struct tmk_cuda_narrow narrow = tmk_cuda_narrow_of(g);
  const bool blocks = narrow.weight.blocks > 0;
  char *workspace = launch->workspace;
  const struct tmk_cublaslt_operands operands = {
      .x = workspace,
      .weight = g->weight,
      .bias = narrow.direct ? g->bias : NULL,
      .x_scale = blocks ? workspace + narrow.x.scales : NULL,
      .weight_scale = blocks ? (const char *)g->weight + narrow.weight.scales : NULL,
      .alpha = g->scale,
      .y = narrow.direct ? g->y : workspace + narrow.y,
  };
  TMK_TRY(check_op(exec, index, call->kernel->launch(&call->args, launch), err));
  TMK_TRY(tmk_cublaslt_gemm_launch(call->vendor, &operands, launch->stream, err));
  if (!narrow.direct) TMK_TRY(check_op(exec, index, tmk_cuda_narrow_place_launch(g, launch), err));
out:
  return status;
}

enum tmk_status tmk_cuda_launch_op(const struct tmk_exec *exec, int index, struct tmk_error *err)
{
  const struct tmk_backend *backend = exec->backend;
  const struct tmk_cuda_call *call = &exec->calls[index];
  const struct tmk_op *ops = exec->plan->ops;
  /* An early start is between kernels of ours only. */
  const bool behind_collective = index > 0 && ops[index - 1].kind == TMK_OP_COLLECTIVE;
  const struct tmk_cuda_launch launch = {
      .stream = backend->stream,
      .limits = &backend->limits,
      .programmatic = backend->programmatic && !behind_collective,
      .workspace = backend->arena + exec->workspace_offset,
      .flags = backend->flags,
  };
  if (ops[index].kind == TMK_OP_COLLECTIVE) return tmk_cuda_collective_launch(exec, &ops[index].u.collective, err);
  if (ops[index].kind == TMK_OP_GEMM && tmk_quantises_x(call->args.gemm.weight_dtype)) {
    return launch_narrow(exec, index, &launch, err);
  }
  if (call->vendor != NULL) {
    const struct tmk_cuda_gemm *g = &call->args.gemm;
    const struct tmk_cublaslt_operands operands = {.x = g->x, .weight = g->weight, .bias = g->bias, .y = g->y};
    return tmk_cublaslt_gemm_launch(call->vendor, &operands, backend->stream, err);
  }
  return check_op(exec, index, call->kernel->launch(&call->args, &launch), err);
}

/* ---- graphs ---- */

void tmk_cuda_graphs_drop(struct tmk_exec *exec)
{
  for (int i = 0; i < exec->graph_count; i++) (void)cudaGraphExecDestroy(exec->graphs[i]);
  free(exec->graphs);
  exec->graphs = NULL;
  exec->graph_count = 0;
}

static enum tmk_status capture(struct tmk_exec *exec, int first, int end, cudaGraphExec_t *out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const cudaStream_t stream = exec->backend->stream;
  cudaGraph_t graph = NULL;
  /* NCCL may allocate while it is captured. */
  const enum cudaStreamCaptureMode mode =
      exec->backend->groups != NULL ? cudaStreamCaptureModeRelaxed : cudaStreamCaptureModeThreadLocal;
  TMK_CUDA_TRY(cudaStreamBeginCapture(stream, mode), "capturing a pass");
  for (int i = first; i < end && status == TMK_OK; i++) status = tmk_cuda_launch_op(exec, i, err);
  const cudaError_t ended = cudaStreamEndCapture(stream, &graph); /* also after a failure, which ends the capture */
  if (status != TMK_OK) goto out;
  TMK_CUDA_TRY(ended, "capturing a pass");
  TMK_CUDA_TRY(cudaGraphInstantiate(out, graph, 0), "instantiating the graph of a pass");
out:
  if (graph != NULL) (void)cudaGraphDestroy(graph);
  return status;
}

static enum tmk_status capture_pass(struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int ops = exec->plan->op_count, graphs = (ops + TMK_CUDA_GRAPH_OPS - 1) / TMK_CUDA_GRAPH_OPS;
  if (exec->graph_count > 0) return TMK_OK;
  TMK_TRY(tmk_cuda_collectives_connect(exec, err));
  exec->graphs = calloc((size_t)graphs + 1, sizeof(cudaGraphExec_t));
  if (exec->graphs == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory: table of %d graphs", graphs));
  while (exec->graph_count < graphs) {
    const int first = exec->graph_count * TMK_CUDA_GRAPH_OPS;
    const int end = ops - first < TMK_CUDA_GRAPH_OPS ? ops : first + TMK_CUDA_GRAPH_OPS;
    TMK_TRY(capture(exec, first, end, &exec->graphs[exec->graph_count], err));
    TMK_CUDA_TRY(cudaGraphUpload(exec->graphs[exec->graph_count++], exec->backend->stream),
                 "uploading the graph of a pass");
  }
  TMK_CUDA_TRY(cudaStreamSynchronize(exec->backend->stream), "uploading the graph of a pass");
out:
  if (status != TMK_OK) tmk_cuda_graphs_drop(exec);
  return status;
}

/* ---- passes ---- */

enum tmk_status tmk_cuda_run(struct tmk_exec *exec, int64_t passes, struct tmk_run_times *times, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_backend *backend = exec->backend;
  float milliseconds = 0;
  TMK_TRY(tmk_cuda_bind(exec, err));
  TMK_TRY(capture_pass(exec, err));
  const int64_t start_ns = now_ns();
  TMK_CUDA_TRY(cudaEventRecord(backend->begin, backend->stream), "running a pass");
  for (int64_t pass = 0; pass < passes; pass++) {
    for (int i = 0; i < exec->graph_count; i++) {
      TMK_CUDA_TRY(cudaGraphLaunch(exec->graphs[i], backend->stream), "launching the graph of a pass");
    }
  }
  TMK_CUDA_TRY(cudaEventRecord(backend->end, backend->stream), "running a pass");
  TMK_TRY(tmk_cuda_stream_wait(backend, "running a pass", err));
  times->wall_ns = now_ns() - start_ns;
  TMK_CUDA_TRY(cudaEventElapsedTime(&milliseconds, backend->begin, backend->end), "timing a pass");
  times->device_ns = event_ns(milliseconds);
out:
  return status;
}

enum tmk_status tmk_cuda_run_ops(struct tmk_exec *exec, int first, int count, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int ops = exec->plan->op_count;
  if (first < 0 || count < 0 || first > ops || count > ops - first) {
    return tmk_fail(err, TMK_ERR_USAGE, "ops %d + %d: the plan has %d", first, count, ops);
  }
  TMK_TRY(tmk_cuda_bind(exec, err));
  for (int i = first; i < first + count; i++) {
    TMK_TRY(tmk_cuda_launch_op(exec, i, err));
    /* So that a fault is charged to its op. Without the wait a kernel could start early, as in a graph, but that is what run() shows. */
    if (exec->plan->ops[i].kind == TMK_OP_COLLECTIVE) {
      TMK_TRY(tmk_cuda_stream_wait(exec->backend, "a collective", err));
    } else {
      TMK_TRY(check_op(exec, i, cudaStreamSynchronize(exec->backend->stream), err));
    }
  }
out:
  return status;
}

/* Ops and events are queued without a wait between them, so that the time between two events is the op's and not its launch's. */
static enum tmk_status time_ops(struct tmk_exec *exec, int first, int count, int64_t *op_ns, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_backend *backend = exec->backend;
  TMK_CUDA_TRY(cudaEventRecord(backend->op_events[0], backend->stream), "timing ops");
  for (int i = 0; i < count; i++) {
    TMK_TRY(tmk_cuda_launch_op(exec, first + i, err));
    TMK_CUDA_TRY(cudaEventRecord(backend->op_events[i + 1], backend->stream), "timing ops");
  }
  TMK_TRY(tmk_cuda_stream_wait(backend, "timing ops", err));
  for (int i = 0; i < count; i++) {
    float milliseconds = 0;
    TMK_CUDA_TRY(cudaEventElapsedTime(&milliseconds, backend->op_events[i], backend->op_events[i + 1]), "timing ops");
    op_ns[i] = event_ns(milliseconds);
  }
out:
  return status;
}

enum tmk_status tmk_cuda_run_per_op(struct tmk_exec *exec, int64_t *op_ns, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int ops = exec->plan->op_count;
  TMK_TRY(tmk_cuda_bind(exec, err));
  for (int first = 0; first < ops; first += TMK_CUDA_OP_EVENTS) {
    const int count = ops - first < TMK_CUDA_OP_EVENTS ? ops - first : TMK_CUDA_OP_EVENTS;
    TMK_TRY(time_ops(exec, first, count, op_ns + first, err));
  }
out:
  return status;
}
