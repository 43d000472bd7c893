/* cuda_provider.c: see cuda_provider.h. */
#include "cuda_provider.h"

#include <math.h>
#include <stdlib.h>

#include "cuda_exec.h"
#include "cuda_narrow.h"
#include "tokmark/quantise.h"

/* Timed together: enough of a shape's calls that their weights leave the L2 behind, as in a step. */
#define TIMED_CALLS_MAX 64
#define TIMED_REPEATS   5

static bool is_gemm(const struct tmk_exec *exec, int op)
{
  return exec->plan->ops[op].kind == TMK_OP_GEMM;
}

/* Of fp8 or nvfp4: always the library's, from x as our kernel rounds it (cuda_narrow.h). */
static bool is_narrow(const struct tmk_exec *exec, int op)
{
  return is_gemm(exec, op) && tmk_quantises_x(exec->calls[op].args.gemm.weight_dtype);
}

static struct tmk_cublaslt_shape narrow_shape_of(const struct tmk_cuda_gemm *g)
{
  const struct tmk_cuda_narrow narrow = tmk_cuda_narrow_of(g);
  return (struct tmk_cublaslt_shape){.m = g->m,
                                     .n = narrow.n,
                                     .k = narrow.weight.k,
                                     .x_ld = narrow.weight.k,
                                     .weight_ld = narrow.weight.k,
                                     .y_ld = narrow.direct ? g->y_ld : narrow.n,
                                     .dtype = g->weight_dtype,
                                     .y_dtype = narrow.direct ? g->y_dtype : TMK_DTYPE_F32,
                                     .bias = narrow.direct && g->bias != NULL};
}

static struct tmk_cublaslt_shape shape_of(const struct tmk_cuda_gemm *g)
{
  if (tmk_quantises_x(g->weight_dtype)) return narrow_shape_of(g);
  return (struct tmk_cublaslt_shape){.m = g->m,
                                     .n = g->n,
                                     .k = g->k,
                                     .x_ld = g->x_ld,
                                     .weight_ld = g->weight_ld,
                                     .y_ld = g->y_ld,
                                     .dtype = TMK_DTYPE_BF16,
                                     .y_dtype = g->y_dtype,
                                     .bias = g->bias != NULL};
}

static bool same_shape(const struct tmk_cublaslt_shape *a, const struct tmk_cublaslt_shape *b)
{
  return a->m == b->m && a->n == b->n && a->k == b->k && a->x_ld == b->x_ld && a->weight_ld == b->weight_ld &&
         a->y_ld == b->y_ld && a->dtype == b->dtype && a->y_dtype == b->y_dtype && a->bias == b->bias;
}

static struct tmk_cuda_choice *find(struct tmk_cuda_choice *first, const struct tmk_cublaslt_shape *shape)
{
  while (first != NULL && !same_shape(&first->shape, shape)) first = first->next;
  return first;
}

/* A new choice: ours, with the library's gemm beside it where it has one. */
static enum tmk_status add(struct tmk_backend *backend, const struct tmk_cublaslt_shape *shape,
                           struct tmk_cuda_choice **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_cuda_choice *choice = calloc(1, sizeof *choice);
  if (choice == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: provider of a gemm");
  *choice = (struct tmk_cuda_choice){.shape = *shape, .tokmark_ns = NAN, .vendor_ns = NAN, .next = backend->choices};
  backend->choices = choice;
  *out = choice;
  if (shape->m > INT32_MAX || shape->n > INT32_MAX || shape->k > INT32_MAX) return TMK_OK;
  status = tmk_cublaslt_gemm_create(backend->cublaslt, shape, &choice->gemm, err);
  return status == TMK_ERR_UNSUPPORTED ? TMK_OK : status;
}

void tmk_cuda_providers_free(struct tmk_cuda_choice *first)
{
  while (first != NULL) {
    struct tmk_cuda_choice *next = first->next;
    tmk_cublaslt_gemm_destroy(first->gemm);
    free(first);
    first = next;
  }
}

/* ---- timing ---- */

/* The calls of one shape as a graph, so that their launches are not what is timed. */
struct calls {
  struct tmk_exec *exec;
  int ops[TIMED_CALLS_MAX], count;
};

static enum tmk_status capture(const struct calls *calls, cudaGraphExec_t *out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const cudaStream_t stream = calls->exec->backend->stream;
  cudaGraph_t graph = NULL;
  TMK_CUDA_TRY(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capturing gemms");
  for (int i = 0; i < calls->count && status == TMK_OK; i++) {
    status = tmk_cuda_launch_op(calls->exec, calls->ops[i], err);
  }
  const cudaError_t ended = cudaStreamEndCapture(stream, &graph); /* also after a failure, which ends the capture */
  if (status != TMK_OK) goto out;
  TMK_CUDA_TRY(ended, "capturing gemms");
  TMK_CUDA_TRY(cudaGraphInstantiate(out, graph, 0), "instantiating gemms");
out:
  if (graph != NULL) (void)cudaGraphDestroy(graph);
  return status;
}

/* The shortest time of one call by `gemm` (NULL: ours), into *best_ns if it is shorter. */
static enum tmk_status time_calls(const struct calls *calls, const struct tmk_cublaslt_gemm *gemm, double *best_ns,
                                  struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_backend *backend = calls->exec->backend;
  cudaGraphExec_t graph = NULL;
  for (int i = 0; i < calls->count; i++) calls->exec->calls[calls->ops[i]].vendor = gemm;
  TMK_TRY(capture(calls, &graph, err));
  TMK_CUDA_TRY(cudaGraphLaunch(graph, backend->stream), "timing gemms"); /* once before, not timed */
  TMK_CUDA_TRY(cudaEventRecord(backend->op_events[0], backend->stream), "timing gemms");
  for (int i = 0; i < TIMED_REPEATS; i++) {
    TMK_CUDA_TRY(cudaGraphLaunch(graph, backend->stream), "timing gemms");
    TMK_CUDA_TRY(cudaEventRecord(backend->op_events[i + 1], backend->stream), "timing gemms");
  }
  TMK_CUDA_TRY(cudaStreamSynchronize(backend->stream), "timing gemms");
  for (int i = 0; i < TIMED_REPEATS; i++) {
    float milliseconds = 0;
    TMK_CUDA_TRY(cudaEventElapsedTime(&milliseconds, backend->op_events[i], backend->op_events[i + 1]), "timing gemms");
    const double ns = (double)milliseconds * 1e6 / calls->count;
    if (ns > 0 && !(ns >= *best_ns)) *best_ns = ns;
  }
out:
  if (graph != NULL) (void)cudaGraphExecDestroy(graph);
  return status;
}

/* Ours before and behind the library's, so that neither has the warmer device. */
static enum tmk_status decide(struct tmk_exec *exec, struct tmk_cuda_choice *choice, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct calls calls = {.exec = exec, .count = 0};
  int fastest = 0;
  for (int i = 0; i < exec->plan->op_count && calls.count < TIMED_CALLS_MAX; i++) {
    if (!is_gemm(exec, i)) continue;
    const struct tmk_cublaslt_shape shape = shape_of(&exec->calls[i].args.gemm);
    if (same_shape(&shape, &choice->shape)) calls.ops[calls.count++] = i;
  }
  const bool ours = !tmk_quantises_x(choice->shape.dtype);
  if (ours) TMK_TRY(time_calls(&calls, NULL, &choice->tokmark_ns, err));
  for (int i = 0; i < tmk_cublaslt_gemm_algorithms(choice->gemm); i++) {
    double ns = NAN;
    tmk_cublaslt_gemm_choose(choice->gemm, i);
    TMK_TRY(time_calls(&calls, choice->gemm, &ns, err));
    if (ns >= choice->vendor_ns) continue;
    choice->vendor_ns = ns;
    fastest = i;
  }
  if (ours) TMK_TRY(time_calls(&calls, NULL, &choice->tokmark_ns, err));
  tmk_cublaslt_gemm_choose(choice->gemm, fastest);
  choice->vendor = !ours || choice->vendor_ns < choice->tokmark_ns;
out:
  return status;
}

/* ---- choosing ---- */

/* The library's gemm of every narrow one, without which the exec can't run at all; *fresh: some were not chosen for before. */
static enum tmk_status choose_narrow(struct tmk_exec *exec, bool *fresh, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_backend *backend = exec->backend;
  for (int i = 0; i < exec->plan->op_count; i++) {
    if (!is_narrow(exec, i)) continue;
    const struct tmk_cublaslt_shape shape = shape_of(&exec->calls[i].args.gemm);
    struct tmk_cuda_choice *choice = find(backend->choices, &shape);
    if (choice == NULL && backend->cublaslt != NULL) {
      TMK_TRY(add(backend, &shape, &choice, err));
      *fresh = true;
    }
    if (choice == NULL || choice->gemm == NULL) {
      char op[128];
      tmk_op_describe(&exec->plan->ops[i], op, (int)sizeof op);
      return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cuda: %s: cuBLASLt (%s) has no %s gemm for it here", op,
                      backend->gemm_library, tmk_dtype_name(shape.dtype));
    }
    choice->vendor = true;
    exec->calls[i].vendor = choice->gemm;
  }
out:
  return status;
}

/* Algorithms of fresh narrow gemms by time, once activations are those of a pass. */
static enum tmk_status time_narrow(struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int i = 0; i < exec->plan->op_count; i++) {
    if (!is_narrow(exec, i)) continue;
    const struct tmk_cublaslt_shape shape = shape_of(&exec->calls[i].args.gemm);
    struct tmk_cuda_choice *choice = find(exec->backend->choices, &shape);
    if (isnan(choice->vendor_ns)) TMK_TRY(decide(exec, choice, err));
  }
out:
  return status;
}

/* A pass without its collectives: other ranks may have chosen already, and would not be there. */
static enum tmk_status run_alone(struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int i = 0; i < exec->plan->op_count; i++) {
    if (exec->plan->ops[i].kind != TMK_OP_COLLECTIVE) TMK_TRY(tmk_cuda_run_ops(exec, i, 1, err));
  }
out:
  return status;
}

enum tmk_status tmk_cuda_providers_choose(struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_backend *backend = exec->backend;
  const bool timed = backend->gemm == TMK_GEMM_BEST && !backend->simulated;
  bool ran = false, fresh = false;
  TMK_TRY(choose_narrow(exec, &fresh, err));
  if (fresh && timed) {
    TMK_TRY(run_alone(exec, err));
    ran = true;
    TMK_TRY(time_narrow(exec, err));
  }
  if (backend->cublaslt == NULL || backend->gemm == TMK_GEMM_TOKMARK || (backend->gemm == TMK_GEMM_BEST && !timed)) {
    return TMK_OK; /* nothing ran */
  }
  for (int i = 0; i < exec->plan->op_count; i++) {
    if (!is_gemm(exec, i) || is_narrow(exec, i)) continue;
    const struct tmk_cublaslt_shape shape = shape_of(&exec->calls[i].args.gemm);
    if (find(backend->choices, &shape) != NULL) continue;
    struct tmk_cuda_choice *choice = NULL;
    TMK_TRY(add(backend, &shape, &choice, err));
    choice->vendor = choice->gemm != NULL && !timed;
    if (choice->gemm == NULL || !timed) continue;
    /* Once, so that activations are those of a pass and not poison. */
    if (!ran) TMK_TRY(run_alone(exec, err));
    ran = true;
    TMK_TRY(decide(exec, choice, err));
  }
  for (int i = 0; i < exec->plan->op_count; i++) {
    if (!is_gemm(exec, i)) continue;
    const struct tmk_cublaslt_shape shape = shape_of(&exec->calls[i].args.gemm);
    const struct tmk_cuda_choice *choice = find(backend->choices, &shape);
    exec->calls[i].vendor = choice->vendor ? choice->gemm : NULL;
  }
  if (ran) TMK_TRY(tmk_cuda_reset(exec, err));
out:
  return status;
}

void tmk_cuda_provider(struct tmk_exec *exec, int op, struct tmk_provider *provider)
{
  const struct tmk_cublaslt_shape shape = shape_of(&exec->calls[op].args.gemm);
  const struct tmk_cuda_choice *choice = find(exec->backend->choices, &shape);
  *provider = (struct tmk_provider){.name = exec->calls[op].vendor != NULL ? "cublaslt" : "tokmark",
                                    .tokmark_ns = choice != NULL ? choice->tokmark_ns : NAN,
                                    .vendor_ns = choice != NULL ? choice->vendor_ns : NAN};
}
