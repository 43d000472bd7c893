/* runner_watch.c: what is watched while a unit is sampled: clocks and faults, other load on the machine, energy. */
#include <math.h>
#include <stdio.h>

#include "runner_parts.h"

/* Counters of energy move in steps of up to 0.1 s (NVML); over 1 s that is within 10 %, and over more it costs more than it
 * tells. */
#define ENERGY_BRACKET_NS 1000000000

double tmk_watch_clock_hz(const struct tmk_watch *watch)
{
  return watch->clock_count > 0 ? watch->clock_sum_hz / (double)watch->clock_count : NAN;
}

double tmk_watch_clock_move(const struct tmk_watch *watch)
{
  return watch->clock_count > 1 ? (watch->clock_max_hz - watch->clock_min_hz) / watch->clock_max_hz : NAN;
}

double tmk_watch_other_load(const struct tmk_watch *watch)
{
  return watch->other_wall_ns > 0 ? watch->other_core_ns / watch->other_wall_ns : NAN;
}

/* with_clock: right behind a sample. Before one the device may idle at another clock. */
static void read_health(struct tmk_run_state *state, struct tmk_watch *watch, bool with_clock)
{
  const struct tmk_run_args *args = state->args;
  struct tmk_health health;
  if (args->ops->health == NULL || args->ops->health(args->backend, &health, NULL) != TMK_OK) return;
  watch->throttled = watch->throttled || health.throttled;
  watch->shared_device = watch->shared_device || health.other_processes > 0; /* TMK_UNKNOWN is below */
  if (with_clock && health.clock_hz > 0) {
    watch->clock_min_hz = watch->clock_count == 0 ? health.clock_hz : fmin(watch->clock_min_hz, health.clock_hz);
    watch->clock_max_hz = fmax(watch->clock_max_hz, health.clock_hz);
    watch->clock_sum_hz += health.clock_hz;
    watch->clock_count++;
  }
  if (health.ecc_errors != TMK_UNKNOWN) {
    if (watch->ecc_first == TMK_UNKNOWN) watch->ecc_first = health.ecc_errors;
    watch->ecc_errors = watch->ecc_errors || health.ecc_errors > watch->ecc_first;
  }
}

static bool read_energy(struct tmk_run_state *state, struct tmk_watch *watch, uint64_t *energy_uj)
{
  const struct tmk_run_args *args = state->args;
  return args->ops->energy_uj != NULL &&
         args->ops->energy_uj(args->backend, energy_uj, watch->energy_source, NULL) == TMK_OK;
}

void tmk_run_watch_begin(struct tmk_run_state *state, struct tmk_watch *watch, bool energy)
{
  read_health(state, watch, false);
  /* A simulated device has neither power nor time of its own. */
  energy = energy && !state->device->info.simulated;
  watch->energy_open = energy && read_energy(state, watch, &watch->energy_start_uj);
  if (watch->energy_open) {
    watch->energy_tried = true;
    watch->energy_passes = 0;
    watch->energy_start_ns = tmk_run_now_ns(state);
  }
  /* A scripted clock has nothing to do with what else runs on this machine. */
  watch->usage_readable = state->args->ops->now_ns == NULL && tmk_host_cpu_usage(NULL, &watch->usage_start);
}

void tmk_run_watch_sample(struct tmk_run_state *state, struct tmk_watch *watch, int64_t passes)
{
  watch->energy_passes += passes;
  read_health(state, watch, true);
}

enum tmk_status tmk_run_watch_end(struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_run_args *args = state->args;
  struct tmk_watch *watch = &unit->watch;
  struct tmk_cpu_usage usage;
  uint64_t energy_uj = 0;
  if (watch->usage_readable && tmk_host_cpu_usage(NULL, &usage)) {
    double wall_ns = (double)(usage.wall_ns - watch->usage_start.wall_ns);
    double load = tmk_host_other_load(&watch->usage_start, &usage);
    if (!isnan(load)) {
      watch->other_core_ns += load * wall_ns;
      watch->own_core_ns += (double)(usage.self_busy_ns - watch->usage_start.self_busy_ns);
      watch->other_wall_ns += wall_ns;
    }
  }
  bool open;
  TMK_TRY(tmk_run_any(state, watch->energy_open, &open, err));
  if (!open) return TMK_OK;
  int64_t elapsed_ns = tmk_run_now_ns(state) - watch->energy_start_ns;
  for (bool more = !args->quick; more;) {
    struct tmk_run_times times;
    int64_t before_ns = elapsed_ns;
    TMK_TRY(tmk_run_any(state, watch->energy_open && elapsed_ns < ENERGY_BRACKET_NS && !tmk_run_stopped(state), &more,
                        err));
    if (!more) break;
    TMK_TRY(args->ops->run(unit->exec, unit->sampler.passes_per_sample, &times, err));
    watch->energy_passes += unit->sampler.passes_per_sample;
    elapsed_ns = tmk_run_now_ns(state) - watch->energy_start_ns;
    if (elapsed_ns <= before_ns) elapsed_ns = ENERGY_BRACKET_NS; /* a clock that stands still: no more, and no bracket */
  }
  const bool mine = watch->energy_open;
  watch->energy_open = false;
  if (!mine) goto out;
  if (elapsed_ns < ENERGY_BRACKET_NS || watch->energy_passes == 0) goto out;
  if (!read_energy(state, watch, &energy_uj) || energy_uj <= watch->energy_start_uj) goto out;
  watch->joules = (double)(energy_uj - watch->energy_start_uj) * 1e-6;
  watch->bracket_s = (double)elapsed_ns * 1e-9;
  watch->bracket_passes = watch->energy_passes;
  watch->energy_bracketed = true;
out:
  return status;
}
