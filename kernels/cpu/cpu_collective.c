/* cpu_collective.c: an operation between ranks: thread 0 talks to the others, whole rows with their padding; all threads then put
 * gathered columns in their places (cpu.h). */
#include <string.h>

#include "cpu.h"

/* A tensor's first elements as what is sent: rows with padding as floats, ids as they are. */
struct run {
  void *data;
  enum tmk_dtype dtype;
  int64_t count;
};

static struct run run_of(const struct tmk_exec *exec, int tensor, const struct tmk_op_collective *o)
{
  const struct tmk_cpu_view *view = &exec->views[tensor];
  const bool ids = view->layout == TMK_CPU_TOKENS;
  return (struct run){
      .data = view->data,
      .dtype = ids ? TMK_DTYPE_I32 : TMK_DTYPE_F32,
      .count = ids ? o->rows * o->cols : o->rows * view->stride,
  };
}

static struct tmk_coll call_of(const struct tmk_exec *exec, const struct tmk_op_collective *o)
{
  const bool sends = o->x != TMK_TENSOR_NONE;
  const struct run run = run_of(exec, sends ? o->x : o->y, o);
  struct tmk_coll call = {.collective = o->collective, .dtype = run.dtype, .count = run.count, .to = -1, .from = -1};
  call.send = sends ? run.data : NULL;
  switch (o->collective) {
  case TMK_COLL_ALL_REDUCE: call.recv = run.data; break;
  case TMK_COLL_ALL_GATHER: call.recv = exec->views[o->parts].data; break;
  default:
    if (sends) call.to = 1;
    if (!sends) call.recv = run.data, call.from = 0;
  }
  return call;
}

enum tmk_status tmk_cpu_collective(const struct tmk_exec *exec, const struct tmk_op_collective *o,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_comm_group *groups = exec->backend->groups;
  const struct tmk_coll call = call_of(exec, o);
  if (groups && groups[o->group].ops) {
    const struct tmk_comm_group *group = &groups[o->group];
    TMK_TRY(group->ops->start(group->comm, &call, NULL, err));
    TMK_TRY(group->ops->wait(group->comm, err));
  } else if (o->collective == TMK_COLL_ALL_GATHER) {
    for (int p = 0; p < o->ranks; p++) {
      memcpy((float *)call.recv + p * call.count, call.send, (size_t)call.count * sizeof(float));
    }
  }
out:
  return status;
}

void tmk_cpu_collective_place(const struct tmk_exec *exec, const struct tmk_op_collective *o, struct tmk_cpu_part part)
{
  if (o->collective != TMK_COLL_ALL_GATHER) return;
  const struct tmk_cpu_view *parts = &exec->views[o->parts], *y = &exec->views[o->y];
  const int64_t rows = o->rows * o->ranks;
  for (int64_t i = tmk_cpu_part_first(part, rows); i < tmk_cpu_part_end(part, rows); i++) {
    const int64_t rank = i / o->rows, row = i % o->rows, left = o->y_cols - rank * o->cols;
    const int64_t cols = left < o->cols ? left : o->cols;
    const float *from = (const float *)(const void *)parts->data + i * parts->stride;
    float *to = (float *)(void *)y->data + row * y->stride + rank * o->cols;
    if (cols > 0) memcpy(to, from, (size_t)cols * sizeof *to);
  }
}
