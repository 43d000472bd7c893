/* cpu.h: the backend's context and a plan made ready to run; shared by the files of this folder, seen by no other. */
#ifndef TMK_CPU_H
#define TMK_CPU_H

#include "cpu_int.h"
#include "cpu_kernels.h"
#include "cpu_layout.h"
#include "cpu_machine.h"
#include "cpu_memory.h"
#include "cpu_threads.h"
#include "cpu_weights.h"
#include "tokmark/backend.h"

/* Energy counters of the CPU packages (Linux powercap), summed into one that only grows. */
enum { TMK_CPU_PACKAGES_MAX = 16 };
struct tmk_cpu_energy {
  int count; /* 0: none readable */
  char paths[TMK_CPU_PACKAGES_MAX][96];
  uint64_t last_uj[TMK_CPU_PACKAGES_MAX], range_uj[TMK_CPU_PACKAGES_MAX];
  uint64_t sum_uj;
  char source[32]; /* "rapl:package-0" */
};

struct tmk_backend {
  int64_t device_index;
  struct tmk_cpu_machine machine;
  struct tmk_cpu_team team;
  const struct tmk_cpu_kernels *kernels;
  const struct tmk_cpu_int_kernels *int_kernels; /* of I8 and I4 weights */
  struct tmk_cpu_weights weights;
  struct tmk_cpu_block arena; /* caches, activations and scratch of whichever exec runs; execs hold offsets into it */
  int exec_count;
  struct tmk_cpu_energy energy;
  int64_t throttle_count;   /* at the last health() */
  int best_read, best_copy; /* patterns of the last full ceilings() */
  const struct tmk_comm_group *groups; /* borrowed; NULL: no transports */
};

struct tmk_exec {
  struct tmk_backend *backend;
  const struct tmk_plan *plan;    /* borrowed */
  struct tmk_cpu_view *views;     /* [tensor_count] */
  struct tmk_cpu_weight **shared; /* [tensor_count]: the weights, NULL for other tensors */
  int64_t *filled;                /* [tensor_count]: positions that reset() fills; −1 for no cache */
  int64_t arena_bytes, scratch_offset, scratch_stride; /* stride in floats, from thread to thread */
  int64_t int_x_offset;                                /* in the arena: x of I8 and I4 GEMMs, rounded */
};

/* cpu_isa.c: the kernels of `isa`, or the best this machine runs for NULL. USAGE error naming what it runs. */
enum tmk_status tmk_cpu_isa_choose(const char *isa, const struct tmk_cpu_kernels **out, struct tmk_error *err);
/* The i-th table of kernels that this build has and this machine runs, best first; NULL behind the last. */
const struct tmk_cpu_kernels *tmk_cpu_isa_available(int i);

/* cpu_describe.c */
void tmk_cpu_describe(const struct tmk_backend *backend, struct tmk_device_info *info);

/* cpu_supports.c: whether the kernels can do it: operands' roles, dtypes and shapes. */
bool tmk_cpu_supports(const struct tmk_plan *plan, const struct tmk_op *op, char *reason, int reason_size);

/* cpu_exec.c */
enum tmk_status tmk_cpu_prepare(struct tmk_backend *backend, const struct tmk_plan *plan, struct tmk_exec **out,
                                struct tmk_error *err);
enum tmk_status tmk_cpu_reset(struct tmk_exec *exec, struct tmk_error *err);
enum tmk_status tmk_cpu_read(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, double *values,
                             struct tmk_error *err);
enum tmk_status tmk_cpu_write(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, const double *values,
                              struct tmk_error *err);
void tmk_cpu_release(struct tmk_exec *exec);
int64_t tmk_cpu_memory_overhead(struct tmk_backend *backend, const struct tmk_plan *plan);
/* Points views into the arena as it stands now, or fails because another exec's memory could not be had. */
enum tmk_status tmk_cpu_bind(struct tmk_exec *exec, struct tmk_error *err);

/* cpu_run.c */
enum tmk_status tmk_cpu_run(struct tmk_exec *exec, int64_t passes, struct tmk_run_times *times, struct tmk_error *err);
enum tmk_status tmk_cpu_run_ops(struct tmk_exec *exec, int first, int count, struct tmk_error *err);
enum tmk_status tmk_cpu_run_per_op(struct tmk_exec *exec, int64_t *op_ns, struct tmk_error *err);
int64_t tmk_cpu_now_ns(void); /* CLOCK_MONOTONIC */

/* cpu_collective.c: what thread 0 does while the others wait; then, on every thread, the rest. */
enum tmk_status tmk_cpu_collective(const struct tmk_exec *exec, const struct tmk_op_collective *o,
                                   struct tmk_error *err);
void tmk_cpu_collective_place(const struct tmk_exec *exec, const struct tmk_op_collective *o, struct tmk_cpu_part part);

/* cpu_ceilings.c */
enum tmk_status tmk_cpu_ceilings(struct tmk_backend *backend, bool quick, struct tmk_ceilings *ceilings,
                                 struct tmk_error *err);

/* cpu_energy.c */
void tmk_cpu_energy_open(const char *root, struct tmk_cpu_energy *energy);
enum tmk_status tmk_cpu_energy_read(const char *root, struct tmk_cpu_energy *energy, uint64_t *energy_uj,
                                    char source[32], struct tmk_error *err);

#endif
