/* cuda_collective.c: an operation between ranks, queued on the backend's stream, or captured there as part of a pass.
 *
 * Rows go with their padding: ld follows from the width, so it is the same on all ranks. Gathered columns are put in their places by
 * the copy engine, one strided copy a rank.
 */
#include <stdio.h>

#include "cuda_exec.h"

static const struct tmk_comm_group *group_of(const struct tmk_exec *exec, const struct tmk_op_collective *o)
{
  const struct tmk_comm_group *groups = exec->backend->groups;
  return groups != NULL && groups[o->group].ops != NULL ? &groups[o->group] : NULL;
}

/* Elements that are sent: ids as they are. */
static int64_t count_of(const struct tmk_cuda_view *view, const struct tmk_op_collective *o)
{
  return view->layout == TMK_CUDA_TOKENS ? o->rows * o->cols : o->rows * view->ld;
}

static enum tmk_status talk(const struct tmk_exec *exec, const struct tmk_op_collective *o,
                            const struct tmk_comm_group *group, struct tmk_error *err)
{
  const bool sends = o->x != TMK_TENSOR_NONE;
  const struct tmk_cuda_view *view = &exec->views[sends ? o->x : o->y];
  struct tmk_coll call = {
      .collective = o->collective, .dtype = view->dtype, .count = count_of(view, o), .to = -1, .from = -1};
  call.send = sends ? view->data : NULL;
  switch (o->collective) {
  case TMK_COLL_ALL_REDUCE: call.recv = view->data; break;
  case TMK_COLL_ALL_GATHER: call.recv = exec->views[o->parts].data; break;
  default:
    if (sends) call.to = 1;
    if (!sends) call.recv = view->data, call.from = 0;
  }
  return group->ops->start(group->comm, &call, exec->backend->stream, err);
}

/* With nobody to ask: every rank's columns are this one's. */
static enum tmk_status stand_in(const struct tmk_exec *exec, const struct tmk_op_collective *o, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_cuda_view *x = &exec->views[o->x], *parts = &exec->views[o->parts];
  const size_t bytes = (size_t)(o->rows * x->ld * tmk_dtype_bytes(x->dtype, 1));
  for (int p = 0; p < o->ranks; p++) {
    TMK_CUDA_TRY(cudaMemcpyAsync(parts->data + (size_t)p * bytes, x->data, bytes, cudaMemcpyDeviceToDevice,
                                 exec->backend->stream),
                 "gathering");
  }
out:
  return status;
}

static enum tmk_status place_columns(const struct tmk_exec *exec, const struct tmk_op_collective *o,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_cuda_view *parts = &exec->views[o->parts], *y = &exec->views[o->y];
  const int64_t element_bytes = tmk_dtype_bytes(y->dtype, 1);
  for (int p = 0; p < o->ranks; p++) {
    const int64_t first = p * o->cols, left = o->y_cols - first, cols = left < o->cols ? left : o->cols;
    if (cols <= 0) break;
    TMK_CUDA_TRY(cudaMemcpy2DAsync(y->data + first * element_bytes, (size_t)(y->ld * element_bytes),
                                   parts->data + p * o->rows * parts->ld * element_bytes,
                                   (size_t)(parts->ld * element_bytes), (size_t)(cols * element_bytes), (size_t)o->rows,
                                   cudaMemcpyDeviceToDevice, exec->backend->stream),
                 "placing gathered columns");
  }
out:
  return status;
}

enum tmk_status tmk_cuda_collective_launch(const struct tmk_exec *exec, const struct tmk_op_collective *o,
                                           struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_comm_group *group = group_of(exec, o);
  const bool gathers = o->collective == TMK_COLL_ALL_GATHER;
  if (group != NULL) TMK_TRY(talk(exec, o, group, err));
  if (group == NULL && gathers) TMK_TRY(stand_in(exec, o, err));
  if (gathers) TMK_TRY(place_columns(exec, o, err));
out:
  return status;
}

/* The first group that there is watches for all: each of its waits ends at the world's deadline, and where a rank has ended. */
enum tmk_status tmk_cuda_stream_wait(const struct tmk_backend *backend, const char *what, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int i = 0; backend->groups != NULL && i < TMK_GROUP_COUNT; i++) {
    const struct tmk_comm_group *group = &backend->groups[i];
    if (group->ops != NULL) return group->ops->wait_stream(group->comm, backend->stream, err);
  }
  TMK_CUDA_TRY(cudaStreamSynchronize(backend->stream), what);
out:
  return status;
}

/* NCCL connects at a first call, which a capture does not allow. What is sent is poison, and written again before it is read. */
enum tmk_status tmk_cuda_collectives_connect(struct tmk_exec *exec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (exec->connected) return TMK_OK;
  for (int i = 0; i < exec->plan->op_count; i++) {
    const struct tmk_op *op = &exec->plan->ops[i];
    if (op->kind != TMK_OP_COLLECTIVE || group_of(exec, &op->u.collective) == NULL) continue;
    TMK_TRY(talk(exec, &op->u.collective, group_of(exec, &op->u.collective), err));
    TMK_TRY(tmk_cuda_stream_wait(exec->backend, "a first collective", err));
  }
  exec->connected = true;
out:
  return status;
}

enum tmk_status tmk_cuda_groups_check(const struct tmk_comm_group *groups, struct tmk_error *err)
{
  for (int i = 0; groups != NULL && i < TMK_GROUP_COUNT; i++) {
    const struct tmk_comm_ops *ops = groups[i].ops;
    if (ops == NULL || (ops->device_memory && ops->wait_stream != NULL)) continue;
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cuda: the transport %s moves memory of the host: must be nccl", ops->name);
  }
  return TMK_OK;
}
