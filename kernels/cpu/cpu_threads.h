/* cpu_threads.h: the team of threads that does all parallel work of the backend, each pinned to a CPU. */
#ifndef TMK_CPU_THREADS_H
#define TMK_CPU_THREADS_H

#include <stdatomic.h>

#include "cpu_machine.h"
#include "tokmark/status.h"

enum { TMK_CPU_THREADS_MAX = 4096 };

struct tmk_cpu_team {
  int threads;
  int cpus[TMK_CPU_THREADS_MAX]; /* thread → CPU */
  /* The barrier. The counters stand on cache lines of their own. */
  char apart_1[128];
  atomic_int arrived;
  char apart_2[128];
  atomic_int phase;
  char apart_3[128];
};

/* Chooses CPUs: neighbours in NUMA node and core numbering stand next to each other; second hardware threads of cores only
 * when the cores are used up, and CPUs twice only when all are. threads 0: one a physical core allowed, no more than the
 * cgroup's quota. USAGE for a number out of 1..TMK_CPU_THREADS_MAX, DEVICE if OpenMP gives fewer threads. */
enum tmk_status tmk_cpu_team_init(struct tmk_cpu_team *team, const struct tmk_cpu_machine *machine, int64_t threads,
                                  struct tmk_error *err);

/* Runs `work` on every thread of the team, pinned. The calling thread is thread 0 and has its own affinity back at the end. DEVICE error, and nothing run, if OpenMP gives fewer threads. */
typedef void tmk_cpu_work_fn(void *context, int thread);
enum tmk_status tmk_cpu_team_run(struct tmk_cpu_team *team, tmk_cpu_work_fn *work, void *context,
                                 struct tmk_error *err);

/* Within `work`: returns when all threads of the team have called it; what they wrote before is seen after. It spins for some
 * microseconds, as ops are short, and then gives its CPU away between looks: OpenMP's own barrier spins for milliseconds,
 * which on a CPU that others use too keeps the thread that is waited for from running. */
void tmk_cpu_team_wait(struct tmk_cpu_team *team);

#endif
