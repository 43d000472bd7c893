/* ref_collective.c: an operation between ranks on float64 elements, which every dtype fits (ref.h). */
#include <string.h>

#include "ref.h"

static enum tmk_status call(const struct tmk_comm_group *group, const struct tmk_coll *coll, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(group->ops->start(group->comm, coll, NULL, err));
  TMK_TRY(group->ops->wait(group->comm, err));
out:
  return status;
}

static enum tmk_status all_reduce(struct tmk_exec *exec, const struct tmk_op_collective *o,
                                  const struct tmk_comm_group *group, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  double *x = exec->data[o->x];
  const int64_t count = o->rows * o->cols;
  if (!group) return TMK_OK;
  const struct tmk_coll coll = {TMK_COLL_ALL_REDUCE, TMK_DTYPE_F64, count, x, x, 0, -1, -1};
  TMK_TRY(call(group, &coll, err));
  for (int64_t i = 0; !exec->backend->wide && i < count; i++) {
    x[i] = ref_round(exec->plan->tensors[o->x].dtype, x[i]);
  }
out:
  return status;
}

static enum tmk_status all_gather(struct tmk_exec *exec, const struct tmk_op_collective *o,
                                  const struct tmk_comm_group *group, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const double *x = exec->data[o->x];
  double *parts = exec->data[o->parts], *y = exec->data[o->y];
  const int64_t count = o->rows * o->cols;
  if (group) {
    const struct tmk_coll coll = {TMK_COLL_ALL_GATHER, TMK_DTYPE_F64, count, x, parts, 0, -1, -1};
    TMK_TRY(call(group, &coll, err));
  }
  for (int p = 0; p < o->ranks; p++) {
    if (!group) memcpy(parts + p * count, x, (size_t)count * sizeof *x);
    for (int64_t r = 0; r < o->rows; r++) {
      const int64_t first = p * o->cols, left = o->y_cols - first;
      const int64_t cols = left < o->cols ? left : o->cols;
      if (cols > 0) memcpy(y + r * o->y_cols + first, parts + (p * o->rows + r) * o->cols, (size_t)cols * sizeof *y);
    }
  }
out:
  return status;
}

static enum tmk_status send_recv(struct tmk_exec *exec, const struct tmk_op_collective *o,
                                 const struct tmk_comm_group *group, struct tmk_error *err)
{
  const bool sends = o->x != TMK_TENSOR_NONE;
  double *data = exec->data[sends ? o->x : o->y];
  const struct tmk_coll coll = {TMK_COLL_SEND_RECV, TMK_DTYPE_F64, o->rows * o->cols, sends ? data : NULL,
                                sends ? NULL : data, 0,            sends ? 1 : -1,    sends ? -1 : 0};
  return group ? call(group, &coll, err) : TMK_OK;
}

enum tmk_status ref_collective(struct tmk_exec *exec, const struct tmk_op_collective *o, struct tmk_error *err)
{
  const struct tmk_comm_group *groups = exec->backend->groups;
  const struct tmk_comm_group *group = groups && groups[o->group].ops ? &groups[o->group] : NULL;
  switch (o->collective) {
  case TMK_COLL_ALL_REDUCE: return all_reduce(exec, o, group, err);
  case TMK_COLL_ALL_GATHER: return all_gather(exec, o, group, err);
  default: return send_recv(exec, o, group, err); /* ref_check.c lets in no other */
  }
}
