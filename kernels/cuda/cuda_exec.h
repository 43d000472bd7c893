/* cuda_exec.h: a plan made ready to run: views of its tensors, the call of each op, captured graphs. */
#ifndef TMK_CUDA_EXEC_H
#define TMK_CUDA_EXEC_H

#include "cuda.h"
#include "cuda_move.h"

/* Ops that one graph holds; a pass of more is several graphs, launched one after the other. */
#define TMK_CUDA_GRAPH_OPS 8192

/* An op with its kernel and arguments. */
struct tmk_cuda_call {
  const struct tmk_cuda_kernel *kernel;
  union tmk_cuda_args args;
  const struct tmk_cublaslt_gemm *vendor; /* runs a gemm in the kernel's place; the backend's choices own it. NULL: the kernel does */
};

/* cos and sin of the positions that rope_kv ops with one table of frequencies work on. */
struct tmk_cuda_cos_sin {
  int inv_freq; /* tensor */
  int64_t rotary_dim;
  double scale;
  int64_t first, end; /* positions */
  int64_t offset;     /* in the arena */
};

struct tmk_exec {
  struct tmk_backend *backend;
  const struct tmk_plan *plan;      /* borrowed */
  struct tmk_cuda_view *views;      /* [tensor_count] */
  struct tmk_cuda_weight **shared;  /* [tensor_count]: the weights, NULL for other tensors */
  int64_t *filled;                  /* [tensor_count]: positions that reset() fills; −1 for no cache */
  struct tmk_cuda_call *calls;      /* [op_count] */
  struct tmk_cuda_cos_sin *cos_sin; /* [cos_sin_count] */
  int cos_sin_count;
  int64_t sequences, pages_per_sequence, pages_offset; /* of the page table; 0 without a cache */
  int64_t workspace_offset, arena_bytes;
  int64_t generation;      /* of the arena that views, calls and graphs point into; −1: none yet */
  cudaGraphExec_t *graphs; /* [graph_count] of this generation */
  int graph_count;         /* 0: not captured yet */
  bool connected;          /* its collectives have been called once */
};

/* cuda_exec.c: slots of tmk_backend_ops. */
enum tmk_status tmk_cuda_prepare(struct tmk_backend *backend, const struct tmk_plan *plan, struct tmk_exec **out,
                                 struct tmk_error *err);
enum tmk_status tmk_cuda_reset(struct tmk_exec *exec, struct tmk_error *err);
void tmk_cuda_release(struct tmk_exec *exec);
int64_t tmk_cuda_memory_overhead(struct tmk_backend *backend, const struct tmk_plan *plan);
/* Points views and calls into the arena as it stands now; graphs of an earlier place are dropped. */
enum tmk_status tmk_cuda_bind(struct tmk_exec *exec, struct tmk_error *err);

/* cuda_transfer.c: slots of tmk_backend_ops; and what fills and transfers of a tensor need. */
enum tmk_status tmk_cuda_read(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, double *values,
                              struct tmk_error *err);
enum tmk_status tmk_cuda_write(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, const double *values,
                               struct tmk_error *err);
struct tmk_cuda_place tmk_cuda_place_of(const struct tmk_cuda_view *view, const int32_t *pages);
struct tmk_cuda_fill tmk_cuda_fill_of(const struct tmk_tensor *tensor, uint64_t seed, const struct tmk_cuda_view *view,
                                      const int32_t *pages);

/* cuda_args.c: the arguments of an op from the views of its tensors. cos_sin: where the rows of its positions start; pages and
 * cos_sin may be NULL where only shapes matter. */
struct tmk_cuda_sources {
  const struct tmk_cuda_view *views; /* [tensor_count]; those of the op's operands are read */
  const int32_t *pages;
  int64_t pages_stride;
  const float *cos_sin;
};
void tmk_cuda_args_build(const struct tmk_op *op, const struct tmk_cuda_sources *sources, union tmk_cuda_args *args);
/* The dtype that chooses its kernel: of the weight or the cache, else BF16. */
enum tmk_dtype tmk_cuda_args_dtype(const struct tmk_plan *plan, const struct tmk_op *op);

/* cuda_collective.c */
enum tmk_status tmk_cuda_collective_launch(const struct tmk_exec *exec, const struct tmk_op_collective *o,
                                           struct tmk_error *err);
/* Each collective of the plan once, outside of a capture; only the first time. */
enum tmk_status tmk_cuda_collectives_connect(struct tmk_exec *exec, struct tmk_error *err);
/* Until the stream is done; where ranks may be waited for in it, no longer than they let it. `what` is said of a fault. */
enum tmk_status tmk_cuda_stream_wait(const struct tmk_backend *backend, const char *what, struct tmk_error *err);
enum tmk_status tmk_cuda_groups_check(const struct tmk_comm_group *groups, struct tmk_error *err);

/* cuda_supports.c: whether kernels are here that take it, and its operands are laid out as they ask. */
bool tmk_cuda_supports(const struct tmk_cuda_limits *limits, const struct tmk_plan *plan, const struct tmk_op *op,
                       char *reason, int reason_size);

/* cuda_run.c: queues op `index`; and slots of tmk_backend_ops. */
enum tmk_status tmk_cuda_launch_op(const struct tmk_exec *exec, int index, struct tmk_error *err);
enum tmk_status tmk_cuda_run(struct tmk_exec *exec, int64_t passes, struct tmk_run_times *times, struct tmk_error *err);
enum tmk_status tmk_cuda_run_ops(struct tmk_exec *exec, int first, int count, struct tmk_error *err);
enum tmk_status tmk_cuda_run_per_op(struct tmk_exec *exec, int64_t *op_ns, struct tmk_error *err);
void tmk_cuda_graphs_drop(struct tmk_exec *exec);

#endif
