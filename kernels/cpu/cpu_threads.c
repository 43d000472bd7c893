/* cpu_threads.c: OpenMP threads on CPUs of our choice (cpu_threads.h). */
#include "cpu_threads.h"

#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdlib.h>

/* How many places of the same core stand before it among those allowed: 0 for a core's first hardware thread. */
static int sibling_rank(const struct tmk_cpu_machine *m, int index)
{
  int rank = 0;
  for (int i = 0; i < index; i++) {
    rank += m->places[i].allowed && m->places[i].core == m->places[index].core;
  }
  return rank;
}

struct candidate {
  int id, rank, node, core;
};

static int compare_candidates(const void *a, const void *b)
{
  const struct candidate *x = a, *y = b;
  if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
  if (x->node != y->node) return x->node < y->node ? -1 : 1;
  return x->core < y->core ? -1 : x->core > y->core;
}

enum tmk_status tmk_cpu_team_init(struct tmk_cpu_team *team, const struct tmk_cpu_machine *machine, int64_t threads,
                                  struct tmk_error *err)
{
  struct candidate candidates[TMK_CPU_MAX];
  int count = 0, cores = 0;
  if (threads < 0 || threads > TMK_CPU_THREADS_MAX) {
    return tmk_fail(err, TMK_ERR_USAGE, "--threads %lld: must be 1..%d", (long long)threads, TMK_CPU_THREADS_MAX);
  }
  for (int i = 0; i < machine->place_count; i++) {
    const struct tmk_cpu_place *place = &machine->places[i];
    if (!place->allowed) continue;
    candidates[count] = (struct candidate){place->id, sibling_rank(machine, i), place->node, place->core};
    cores += candidates[count++].rank == 0;
  }
  if (count == 0) return tmk_fail(err, TMK_ERR_DEVICE, "no CPU of the affinity mask is online");
  if (threads == 0) {
    threads = cores;
    if (machine->quota < (double)threads) threads = machine->quota < 1.0 ? 1 : (int64_t)floor(machine->quota);
    if (threads > TMK_CPU_THREADS_MAX) threads = TMK_CPU_THREADS_MAX;
  }
  qsort(candidates, (size_t)count, sizeof *candidates, compare_candidates);
  team->threads = (int)threads;
  for (int i = 0; i < team->threads; i++) team->cpus[i] = candidates[i % count].id;
  return tmk_cpu_team_run(team, NULL, NULL, err);
}

/* ---- barrier ---- */

enum { SPINS = 2000 }; /* about 20 to 50 µs */

static void spin_pause(void)
{
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb"); /* yield is a no-op on most cores, isb takes about as long as x86's pause */
#endif
}

void tmk_cpu_team_wait(struct tmk_cpu_team *team)
{
  if (team->threads == 1) return;
  const int phase = atomic_load_explicit(&team->phase, memory_order_relaxed);
  if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) == team->threads - 1) {
    atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
    atomic_store_explicit(&team->phase, phase + 1, memory_order_release);
    return;
  }
  for (int spins = 0; atomic_load_explicit(&team->phase, memory_order_acquire) == phase; spins++) {
    if (spins < SPINS) {
      spin_pause();
    } else {
      sched_yield();
    }
  }
}

/* ---- pinning ---- */

/* Room for TMK_CPU_MAX CPUs without the heap: run() must not allocate. */
union affinity {
  cpu_set_t set;
  char bytes[TMK_CPU_MAX / 8];
};

static void pin(int cpu)
{
  union affinity mask;
  CPU_ZERO_S(sizeof mask, &mask.set);
  CPU_SET_S((size_t)cpu, sizeof mask, &mask.set);
  (void)sched_setaffinity(0, sizeof mask, &mask.set); /* a CPU taken away since open() costs speed, not the run */
}

/* Threads are pinned anew each time: OpenMP may have replaced them since, and a new thread starts with its maker's mask. */
enum tmk_status tmk_cpu_team_run(struct tmk_cpu_team *team, tmk_cpu_work_fn *work, void *context, struct tmk_error *err)
{
  union affinity before;
  int got = 0;
  const bool known = sched_getaffinity(0, sizeof before, &before.set) == 0;
#pragma omp parallel num_threads(team->threads)
  {
    const int thread = omp_get_thread_num();
    if (thread == 0) got = omp_get_num_threads();
    if (omp_get_num_threads() == team->threads) {
      pin(team->cpus[thread]);
      if (work) work(context, thread);
    }
  }
  if (known) (void)sched_setaffinity(0, sizeof before, &before.set);
  if (got == team->threads) return TMK_OK;
  return tmk_fail(err, TMK_ERR_DEVICE, "OpenMP gives %d threads of %d: OMP_THREAD_LIMIT or OMP_DYNAMIC forbids more",
                  got, team->threads);
}
