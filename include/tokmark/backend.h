/* backend.h: what a thing that can execute plans provides. The harness knows backends only through this.
 *
 * A backend is a const table of functions with a context of its own. Required slots first; an optional slot is NULL where it
 * is not there, and the harness reports what that costs (null fields in the result), never guesses.
 * One thread calls a backend at a time. Nothing in run() allocates, prints or reads the environment.
 */
#ifndef TOKMARK_BACKEND_H
#define TOKMARK_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "tokmark/device.h"
#include "tokmark/plan.h"
#include "tokmark/status.h"

struct tmk_backend; /* a backend's context: the backend defines it */
struct tmk_exec;    /* a plan made ready to run on it: likewise */

/* Whose kernels run a gemm: ours, those of the vendor's library, or whichever is faster on the shape, timed in prepare(). */
enum tmk_gemm_choice { TMK_GEMM_BEST = 0, TMK_GEMM_TOKMARK, TMK_GEMM_VENDOR };

struct tmk_open_args {
  int64_t device_index;  /* 0-based */
  int64_t threads;       /* CPU: 0 = one a physical core allowed by affinity and cgroup quota */
  const char *isa;       /* CPU: NULL = best; else a name that describe() can give; USAGE error if the machine lacks it */
  const char *script;    /* null backend: its scripted times and faults (kernels/null/README.md); else NULL */
  const struct tmk_comm_group *groups; /* [TMK_GROUP_COUNT], which outlive the backend; NULL: no transports (op.h: collective) */
  enum tmk_gemm_choice gemm; /* who runs gemms; a backend with no vendor's library refuses TMK_GEMM_VENDOR */
};

/* Times of one run(). device_ns is the device's own clock (events); equal to wall_ns where there is none. */
struct tmk_run_times {
  int64_t wall_ns, device_ns;
};

/* Clocks and events read around a sample. An optional slot that finds nothing to read on this machine (no counter, no
 * permission) fails with UNSUPPORTED: the same as no slot. */
struct tmk_health {
  double clock_hz;               /* NAN if not readable */
  bool throttled;                /* the device said so */
  int64_t ecc_errors;            /* volatile uncorrected count; TMK_UNKNOWN */
  int64_t other_processes;       /* with a context on the device; TMK_UNKNOWN */
};

/* Who runs an op, and what that was chosen by. */
struct tmk_provider {
  const char *name;              /* static: "tokmark", "cublaslt" */
  double tokmark_ns, vendor_ns;  /* of one call, as timed when the choice was made; NAN: not timed */
};

struct tmk_backend_ops {
  const char *name;        /* "cpu" */
  const char *description; /* one line for `tokmark devices` and --help */

  /* --- required --- */
  /* How many devices there are; 0 with a reason ("no CUDA driver: …") where it can't run here. */
  int (*device_count)(char *reason, int reason_size);
  enum tmk_status (*open)(const struct tmk_open_args *args, struct tmk_backend **out, struct tmk_error *err);
  enum tmk_status (*describe)(struct tmk_backend *backend, struct tmk_device_info *info, struct tmk_error *err);
  /* Whether it can execute `op` of `plan`; if not, why. */
  bool (*supports)(struct tmk_backend *backend, const struct tmk_plan *plan, const struct tmk_op *op, char *reason,
                   int reason_size);
  /* Allocates and fills weights (shared with other execs of this backend), cache and inputs; captures what is captured.
   * `plan` is borrowed and outlives the exec. Ends in the state of reset(). */
  enum tmk_status (*prepare)(struct tmk_backend *backend, const struct tmk_plan *plan, struct tmk_exec **out,
                             struct tmk_error *err);
  /* Cache positions below each op's first `past` and role INPUT tensors hold their fill again; activations, outputs and the
   * other cache positions are poisoned with NaN (−1 for I32). Execs share memory: call it before running an exec after
   * another of the same backend ran. */
  enum tmk_status (*reset)(struct tmk_exec *exec, struct tmk_error *err);
  /* Executes the whole pass `passes` times, timed as one. */
  enum tmk_status (*run)(struct tmk_exec *exec, int64_t passes, struct tmk_run_times *times, struct tmk_error *err);
  /* Executes ops first … first + count − 1 once, eagerly. */
  enum tmk_status (*run_ops)(struct tmk_exec *exec, int first, int count, struct tmk_error *err);
  /* Logical elements, row-major in the tensor's dims, whatever layout the backend keeps. Values are exact: every dtype here
   * fits a double. read() of any tensor; write() of any but weights and constants (rounds to the dtype). */
  enum tmk_status (*read)(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, double *values,
                          struct tmk_error *err);
  enum tmk_status (*write)(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, const double *values,
                           struct tmk_error *err);
  void (*release)(struct tmk_exec *exec);       /* NULL is fine. Weights stay until trim() or close() */
  void (*close)(struct tmk_backend *backend);   /* NULL is fine */

  /* --- optional --- */
  /* Bytes beyond tmk_plan_memory_needed().total_bytes: padding, packed copies, workspace. */
  int64_t (*memory_overhead)(struct tmk_backend *backend, const struct tmk_plan *plan);
  /* Frees weights that no exec uses. */
  void (*trim)(struct tmk_backend *backend);
  /* One pass with each op timed apart: op_ns[plan->op_count]. Slower than run(): the report says so. */
  enum tmk_status (*run_per_op)(struct tmk_exec *exec, int64_t *op_ns, struct tmk_error *err);
  /* Measures the device's ceilings now. quick: the best pattern of the last full call only, a few repeats. */
  enum tmk_status (*ceilings)(struct tmk_backend *backend, bool quick, struct tmk_ceilings *ceilings,
                              struct tmk_error *err);
  /* A counter in microjoules that only grows, and its name ("rapl:package-0", "nvml"). */
  enum tmk_status (*energy_uj)(struct tmk_backend *backend, uint64_t *energy_uj, char source[32], struct tmk_error *err);
  enum tmk_status (*health)(struct tmk_backend *backend, struct tmk_health *health, struct tmk_error *err);
  /* Who runs op `op` of the plan; only of a backend that has more than its own kernels for some ops. */
  void (*provider)(struct tmk_exec *exec, int op, struct tmk_provider *provider);
  /* The clock of run()'s wall_ns, where that is not CLOCK_MONOTONIC: of scripted or simulated time. */
  int64_t (*now_ns)(struct tmk_backend *backend);
};

/* The backends of this build, a NULL behind the last: harness/registry.c. ref is found by name only. */
extern const struct tmk_backend_ops *const tmk_backends[];
const struct tmk_backend_ops *tmk_backend_find(const char *name); /* NULL if there is none of that name */

/* kernels/ref, mode by name: "ref" (float64) and "naive" (float32 in index order, results rounded to their dtype). */
extern const struct tmk_backend_ops tmk_backend_ref, tmk_backend_naive;
extern const struct tmk_backend_ops tmk_backend_cpu;
extern const struct tmk_backend_ops tmk_backend_null;
extern const struct tmk_backend_ops tmk_backend_cuda; /* defined in builds with CUDA */

#endif
