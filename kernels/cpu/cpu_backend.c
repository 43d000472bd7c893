/* cpu_backend.c: the table of functions by which the harness knows the CPU (include/tokmark/backend.h).
 *
 *   cpu_machine.h   what the machine is        cpu_threads.h   the pinned team
 *   cpu_memory.h    blocks of huge pages       cpu_weights.h   shared weights in panels
 *   cpu_layout.h    tensors in memory          cpu_exec.c, cpu_run.c   plans made ready, and run
 *   cpu_kernels.h   kernels by instruction set: cpu_vector.h, cpu_tile.h and the op files on top of them
 */
#include <stdlib.h>

#include "cpu.h"

static int cpu_device_count(char *reason, int reason_size)
{
  if (reason_size > 0) reason[0] = '\0';
  return 1;
}

static void cpu_close(struct tmk_backend *backend)
{
  if (!backend) return;
  tmk_cpu_weights_trim(&backend->weights);
  tmk_cpu_block_unmap(&backend->arena);
  free(backend);
}

static enum tmk_status cpu_open(const struct tmk_open_args *args, struct tmk_backend **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int allowed[TMK_CPU_MAX];
  *out = NULL;
  if (args->device_index != 0) {
    return tmk_fail(err, TMK_ERR_USAGE, "cpu:%lld: there is one CPU device, cpu:0", (long long)args->device_index);
  }
  struct tmk_backend *backend = calloc(1, sizeof *backend);
  if (!backend) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: CPU backend");
  backend->groups = args->groups;
  TMK_TRY(tmk_cpu_isa_choose(args->isa, &backend->kernels, err));
  backend->int_kernels = tmk_cpu_int_choose(backend->kernels);
  tmk_cpu_machine_read("", allowed, tmk_cpu_affinity_read(allowed), &backend->machine);
  TMK_TRY(tmk_cpu_team_init(&backend->team, &backend->machine, args->threads, err));
  tmk_cpu_energy_open("", &backend->energy);
  backend->throttle_count = tmk_cpu_throttle_count("", backend->team.cpus[0]);
  *out = backend;
  backend = NULL;
out:
  cpu_close(backend);
  return status;
}

static enum tmk_status cpu_describe(struct tmk_backend *backend, struct tmk_device_info *info, struct tmk_error *err)
{
  (void)err;
  tmk_cpu_describe(backend, info);
  return TMK_OK;
}

static bool cpu_supports(struct tmk_backend *backend, const struct tmk_plan *plan, const struct tmk_op *op,
                         char *reason, int reason_size)
{
  (void)backend;
  return tmk_cpu_supports(plan, op, reason, reason_size);
}

static void cpu_trim(struct tmk_backend *backend)
{
  tmk_cpu_weights_trim(&backend->weights);
  if (backend->exec_count == 0) tmk_cpu_block_unmap(&backend->arena);
}

static enum tmk_status cpu_energy(struct tmk_backend *backend, uint64_t *energy_uj, char source[32],
                                  struct tmk_error *err)
{
  return tmk_cpu_energy_read("", &backend->energy, energy_uj, source, err);
}

static enum tmk_status cpu_health(struct tmk_backend *backend, struct tmk_health *health, struct tmk_error *err)
{
  (void)err;
  const int64_t throttled = tmk_cpu_throttle_count("", backend->team.cpus[0]);
  health->clock_hz = tmk_cpu_clock_now("", &backend->machine, backend->team.cpus, backend->team.threads);
  health->throttled = throttled > backend->throttle_count;
  health->ecc_errors = health->other_processes = TMK_UNKNOWN;
  backend->throttle_count = throttled;
  return TMK_OK;
}

const struct tmk_backend_ops tmk_backend_cpu = {
    .name = "cpu",
    .description = "this machine's CPUs: AVX-512, AVX2, NEON or portable C, OpenMP threads pinned to cores",
    .device_count = cpu_device_count,
    .open = cpu_open,
    .describe = cpu_describe,
    .supports = cpu_supports,
    .prepare = tmk_cpu_prepare,
    .reset = tmk_cpu_reset,
    .run = tmk_cpu_run,
    .run_ops = tmk_cpu_run_ops,
    .read = tmk_cpu_read,
    .write = tmk_cpu_write,
    .release = tmk_cpu_release,
    .close = cpu_close,
    .memory_overhead = tmk_cpu_memory_overhead,
    .trim = cpu_trim,
    .run_per_op = tmk_cpu_run_per_op,
    .ceilings = tmk_cpu_ceilings,
    .energy_uj = cpu_energy,
    .health = cpu_health,
};
