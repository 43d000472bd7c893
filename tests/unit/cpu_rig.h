/* cpu_rig.h: an open CPU backend and plans of one op on it, for the tests of kernels/cpu. */
#ifndef TMK_TESTS_CPU_RIG_H
#define TMK_TESTS_CPU_RIG_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../kernels/cpu/cpu.h"

struct cpu_rig {
  struct tmk_backend *backend;
  struct tmk_plan *plan;
  struct tmk_exec *exec;
  struct tmk_tensor tensors[8];
  int tensor_count;
  char what[64]; /* isa and threads, for messages */
};

#define CPU_OK(call)                                                                                                   \
  do {                                                                                                                 \
    struct tmk_error err = {0};                                                                                        \
    const enum tmk_status status_ = (call);                                                                            \
    cr_assert_eq(status_, TMK_OK, "%s: %s", #call, err.message);                                                       \
  } while (0)

static inline void cpu_rig_open(struct cpu_rig *rig, const char *isa, int64_t threads)
{
  *rig = (struct cpu_rig){0};
  const struct tmk_open_args args = {.isa = isa, .threads = threads};
  CPU_OK(tmk_backend_cpu.open(&args, &rig->backend, &err));
  snprintf(rig->what, sizeof rig->what, "%s, %lld threads", isa, (long long)threads);
}

/* Ends the exec and the plan, so that the next op can be set up. */
static inline void cpu_rig_clear(struct cpu_rig *rig)
{
  tmk_backend_cpu.release(rig->exec);
  tmk_plan_destroy(rig->plan);
  rig->exec = NULL;
  rig->plan = NULL;
  rig->tensor_count = 0;
  tmk_backend_cpu.trim(rig->backend);
}

static inline void cpu_rig_close(struct cpu_rig *rig)
{
  cpu_rig_clear(rig);
  tmk_backend_cpu.close(rig->backend);
}

/* Adds a tensor of up to four dims (0 ends them); returns its index. */
static inline int cpu_rig_add(struct cpu_rig *rig, enum tmk_tensor_role role, enum tmk_dtype dtype,
                              const int64_t dims[TMK_MAX_DIMS])
{
  struct tmk_tensor *t = &rig->tensors[rig->tensor_count];
  *t = (struct tmk_tensor){.id = 100 + (uint64_t)rig->tensor_count, .role = role, .dtype = dtype, .fill_scale = 1.0f};
  for (; t->rank < TMK_MAX_DIMS && dims[t->rank] > 0; t->rank++) {
    t->dims[t->rank] = t->global_dims[t->rank] = dims[t->rank];
  }
  if (role == TMK_ROLE_KV_CACHE) t->global_dims[1] = TMK_KV_POSITIONS;
  snprintf(t->name, sizeof t->name, "t%d", rig->tensor_count);
  return rig->tensor_count++;
}
#define DIMS(...) ((const int64_t[TMK_MAX_DIMS]){__VA_ARGS__})

static inline void cpu_rig_prepare(struct cpu_rig *rig, const struct tmk_op *op, uint64_t seed)
{
  CPU_OK(tmk_plan_create_single(op, rig->tensors, rig->tensor_count, seed, TMK_DTYPE_F32, &rig->plan, &err));
  CPU_OK(tmk_backend_cpu.prepare(rig->backend, rig->plan, &rig->exec, &err));
}

static inline void cpu_rig_run(struct cpu_rig *rig)
{
  struct tmk_run_times times;
  CPU_OK(tmk_backend_cpu.run(rig->exec, 1, &times, &err));
  cr_expect_geq(times.wall_ns, 0);
  cr_expect_eq(times.wall_ns, times.device_ns);
}

/* All elements of a tensor; free() them. */
static inline double *cpu_rig_read(struct cpu_rig *rig, int tensor)
{
  const int64_t count = tmk_tensor_elements(&rig->plan->tensors[tensor]);
  double *values = malloc((size_t)count * sizeof *values);
  cr_assert_not_null(values);
  CPU_OK(tmk_backend_cpu.read(rig->exec, tensor, 0, count, values, &err));
  return values;
}

/* Calls test(rig, context) with each instruction set of this machine and 1, 2 and more threads than CPUs. */
typedef void cpu_rig_test(struct cpu_rig *rig, uint64_t seed);
static inline void cpu_rig_each(cpu_rig_test *test)
{
  const int threads[] = {1, 2, 5};
  const struct tmk_cpu_kernels *kernels;
  int isas = 0;
  for (; (kernels = tmk_cpu_isa_available(isas)) != NULL; isas++) {
    for (int i = 0; i < 3; i++) {
      struct cpu_rig rig;
      cpu_rig_open(&rig, kernels->isa, threads[i]);
      test(&rig, (uint64_t)(17 + 100 * isas + i));
      cpu_rig_close(&rig);
    }
  }
  cr_assert_gt(isas, 0);
}

#endif
