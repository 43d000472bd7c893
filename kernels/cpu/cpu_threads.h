/* cpu_threads.h: the team of threads that does all parallel work of the backend, each pinned to a CPU. */
#ifndef TMK_CPU_THREADS_H
#define TMK_CPU_THREADS_H

#include "cpu_machine.h"
#include "tokmark/status.h"

enum { TMK_CPU_THREADS_MAX = 1024 };

struct tmk_cpu_team {
  int threads;
  int cpus[TMK_CPU_THREADS_MAX]; /* thread → CPU */
};

/* Chooses CPUs: neighbours in NUMA node and core numbering stand next to each other; second hardware threads of cores only
 * when the cores are used up, and CPUs twice only when all are. threads 0: one a physical core allowed, no more than the
 * cgroup's quota. USAGE for a number out of 1..TMK_CPU_THREADS_MAX, DEVICE if OpenMP gives fewer threads. */
enum tmk_status tmk_cpu_team_init(struct tmk_cpu_team *team, const struct tmk_cpu_machine *machine, int64_t threads,
                                  struct tmk_error *err);

/* Runs `work` on every thread of the team, pinned; within it `#pragma omp barrier` holds the team together. The calling thread
 * is thread 0 and has its own affinity back at the end. DEVICE error, and nothing run, if OpenMP gives fewer threads. */
typedef void tmk_cpu_work_fn(void *context, int thread);
enum tmk_status tmk_cpu_team_run(const struct tmk_cpu_team *team, tmk_cpu_work_fn *work, void *context,
                                 struct tmk_error *err);

#endif
