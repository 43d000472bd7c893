/* runner_ranks.c: what the ranks of a run tell each other: errors, times, what each saw of a unit, ceilings. All ranks take the same
 * decisions from the same words; without other ranks each function is what this one says. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline.h"
#include "runner_parts.h"
#include "stats.h"

static int rank_of(const struct tmk_run_state *state)
{
  return state->world != NULL ? state->world->rank : 0;
}

static int rank_count(const struct tmk_run_state *state)
{
  return state->world != NULL ? state->world->size : 1;
}

/* ---- words between samples ---- */

enum tmk_status tmk_run_agree(const struct tmk_run_state *state, enum tmk_status mine, const struct tmk_error *mine_err,
                              struct tmk_error *err)
{
  if (state->world != NULL) return tmk_world_agree(state->world, mine, mine_err, err);
  if (mine != TMK_OK && err != NULL) *err = *mine_err;
  return mine;
}

enum tmk_status tmk_run_any(const struct tmk_run_state *state, bool mine, bool *any, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int own = mine, *all = NULL;
  *any = mine;
  if (state->world == NULL) return TMK_OK;
  all = calloc((size_t)state->world->size, sizeof *all);
  if (all == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", state->world->size);
  TMK_TRY(state->world->ops->exchange(state->world, &own, all, sizeof own, err));
  for (int i = 0; i < state->world->size; i++) *any = *any || all[i];
out:
  free(all);
  return status;
}

enum tmk_status tmk_run_check_stop(const struct tmk_run_state *state, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  bool stop;
  TMK_TRY(tmk_run_any(state, tmk_run_stopped(state), &stop, err));
  if (!stop) return TMK_OK;
  if (state->world != NULL) state->world->agreed = true;
  TMK_TRY(tmk_fail(err, TMK_ERR_INTERRUPTED, "interrupted"));
out:
  return status;
}

struct report { /* of a rank, of one sample */
  int64_t wall_ns, device_ns, stop;
};

enum tmk_status tmk_run_passes(const struct tmk_run_state *state, struct tmk_run_unit *unit, int64_t passes,
                               struct tmk_run_times *times, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_run_args *args = state->args;
  struct tmk_run_times own = {0};
  struct report *all = NULL;
  int slowest = 0;
  bool stop = false;
  if (state->world == NULL) {
    status = args->ops->run(unit->exec, passes, times, err);
    if (args->alone && times->device_ns > 0) {
      times->device_ns = (int64_t)((double)times->device_ns * unit->stretch + unit->comm_ns * (double)passes);
    }
    return status;
  }
  all = calloc((size_t)state->world->size, sizeof *all);
  if (all == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", state->world->size);
  TMK_TRY(tmk_world_barrier(state->world, err));
  TMK_TRY(args->ops->run(unit->exec, passes, &own, err));
  const struct report mine = {own.wall_ns, own.device_ns, tmk_run_stopped(state)};
  TMK_TRY(state->world->ops->exchange(state->world, &mine, all, sizeof mine, err));
  *times = (struct tmk_run_times){0};
  for (int i = 0; i < state->world->size; i++) {
    if (all[i].device_ns > all[slowest].device_ns) slowest = i;
    if (all[i].wall_ns > times->wall_ns) times->wall_ns = all[i].wall_ns;
    stop = stop || all[i].stop;
  }
  times->device_ns = all[slowest].device_ns;
  unit->last_ns = (double)own.device_ns / (double)passes;
  unit->last_slowest = slowest == state->world->rank;
  if (stop) {
    state->world->agreed = true;
    TMK_TRY(tmk_fail(err, TMK_ERR_INTERRUPTED, "interrupted"));
  }
out:
  free(all);
  return status;
}

enum tmk_status tmk_run_keep_own(const struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err)
{
  if (state->world == NULL || state->device->info.simulated) return TMK_OK;
  if (unit->own_count == unit->own_capacity) {
    const int64_t capacity = unit->own_capacity == 0 ? 64 : 2 * unit->own_capacity;
    double *grown = realloc(unit->own_ns, (size_t)capacity * sizeof *grown);
    if (grown == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for samples");
    unit->own_ns = grown;
    unit->own_capacity = capacity;
  }
  unit->own_ns[unit->own_count++] = unit->last_ns;
  unit->times_slowest += unit->last_slowest;
  return TMK_OK;
}

/* ---- what each rank saw of each unit ---- */

/* Ranks of one host that are CPUs read from one last-level cache. */
static struct tmk_limit_result own_limit(const struct tmk_run_state *state, const struct tmk_run_unit *unit)
{
  struct tmk_device_result device = *state->device;
  if (device.info.is_cpu && state->world != NULL) device.info.llc_bytes /= state->world->local_size;
  const double pass_ns = device.info.simulated ? NAN : unit->stats.median_ns;
  return tmk_limit_plan(unit->plan, &device, tmk_watch_clock_hz(&unit->watch), pass_ns);
}

static int compare_doubles(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void own_times(const struct tmk_run_unit *unit, struct tmk_run_said *said)
{
  if (unit->own_count == 0) return;
  qsort(unit->own_ns, (size_t)unit->own_count, sizeof *unit->own_ns, compare_doubles);
  said->own_median_ns = tmk_stats_quantile(unit->own_ns, unit->own_count, 0.5);
  said->own_max_ns = unit->own_ns[unit->own_count - 1];
}

static struct tmk_run_said say(const struct tmk_run_state *state, const struct tmk_run_unit *unit)
{
  struct tmk_run_said said = {
      .watch = unit->watch, .verify = unit->verify, .replayed = unit->replayed, .own_median_ns = NAN, .own_max_ns = NAN};
  if (unit->plan != NULL) said.limit = own_limit(state, unit);
  own_times(unit, &said);
  said.times_slowest = unit->times_slowest;
  if (state->world != NULL) {
    said.local_rank = state->world->local_rank;
    snprintf(said.host, sizeof said.host, "%s", state->world->host);
  }
  return said;
}

static void join_watches(const struct tmk_run_state *state, const struct tmk_run_said *all, int count,
                         struct tmk_watch *out)
{
  const bool processes = state->world != NULL && state->world->ops->processes;
  double joules = 0, other = 0;
  bool bracketed = true, tried = false;
  for (int i = 0; i < count; i++) {
    const struct tmk_watch *watch = &all[i].watch;
    out->throttled = out->throttled || watch->throttled;
    out->ecc_errors = out->ecc_errors || watch->ecc_errors;
    out->shared_device = out->shared_device || watch->shared_device;
    if (watch->clock_count > 0 && tmk_watch_clock_move(watch) > tmk_watch_clock_move(out)) {
      out->clock_min_hz = watch->clock_min_hz;
      out->clock_max_hz = watch->clock_max_hz;
    }
    /* Processes of this run are not "others" to each other. */
    double load = tmk_watch_other_load(watch);
    for (int k = 0; processes && k < count; k++) {
      if (k != i && strcmp(all[k].host, all[i].host) == 0 && all[k].watch.other_wall_ns > 0)
        load -= all[k].watch.own_core_ns / all[k].watch.other_wall_ns;
    }
    if (load > other) other = load;
    /* A CPU's counters are the host's. */
    if (state->device->info.is_cpu && all[i].local_rank != 0) continue;
    tried = tried || watch->energy_tried;
    bracketed = bracketed && watch->energy_bracketed;
    joules += watch->joules;
  }
  if (out->other_wall_ns > 0) out->other_core_ns = other * out->other_wall_ns;
  out->energy_tried = tried;
  out->energy_bracketed = tried && bracketed;
  out->joules = joules;
}

static void join_verify(const struct tmk_run_said *all, int count, struct tmk_verify_result *out)
{
  *out = all[0].verify;
  for (int i = 1; i < count; i++) {
    const struct tmk_verify_result *of = &all[i].verify;
    out->ops_checked += of->ops_checked;
    out->ops_failed += of->ops_failed;
    out->elements_checked += of->elements_checked;
    out->replay_checked += of->replay_checked;
    out->replay_matched = out->replay_matched && of->replay_matched;
    if (of->worst_ratio <= out->worst_ratio) continue;
    out->worst_ratio = of->worst_ratio;
    memcpy(out->worst_op, of->worst_op, sizeof out->worst_op);
  }
}

/* A pass through stages of `steps` microbatches: the slowest stage does all of its own; the others one each before the first gets
 * there, or after the last has left. What a stage's limits are a step is taken as their mean. */
static double through_stages(const double *stages, int count, int64_t steps)
{
  double longest = 0;
  for (int s = 0; s < count; s++) {
    double time = stages[s];
    for (int other = 0; other < count; other++) time += other != s ? stages[other] / (double)steps : 0;
    if (!(time <= longest)) longest = time; /* NaN stays */
  }
  return longest;
}

/* Of one replica: the slowest rank of each stage, then through the stages. `value` picks what is joined. */
typedef double limit_value(const struct tmk_limit_result *limit);

static double limit_time(const struct tmk_limit_result *limit)
{
  return limit->time_ns;
}
static double limit_ops_sum(const struct tmk_limit_result *limit)
{
  return limit->ops_sum_ns;
}
static double share_datasheet(const struct tmk_limit_result *limit)
{
  return limit->share.datasheet;
}
static double share_measured(const struct tmk_limit_result *limit)
{
  return limit->share.measured;
}
static double share_held(const struct tmk_limit_result *limit)
{
  return limit->share.held;
}

static double join_value(const struct tmk_run_said *all, const struct tmk_layout *layout, int64_t steps,
                         limit_value *value)
{
  double longest = 0, stages[64];
  if (layout->pp > (int)(sizeof stages / sizeof stages[0])) return NAN;
  for (int dp = 0; dp < layout->dp; dp++) {
    for (int pp = 0; pp < layout->pp; pp++) {
      stages[pp] = 0;
      for (int tp = 0; tp < layout->tp; tp++) {
        const double mine = value(&all[(dp * layout->pp + pp) * layout->tp + tp].limit);
        if (!(mine <= stages[pp])) stages[pp] = mine;
      }
    }
    const double time = through_stages(stages, layout->pp, steps);
    if (!(time <= longest)) longest = time;
  }
  return longest;
}

static void join_limits(const struct tmk_run_said *all, const struct tmk_layout *layout, int64_t steps,
                        struct tmk_limit_result *out)
{
  const int count = layout->tp * layout->pp * layout->dp;
  *out = all[0].limit;
  out->flops = out->bytes = out->comm_bytes = 0;
  bool cache = false;
  int largest = 0;
  for (int i = 0; i < count; i++) {
    out->flops += all[i].limit.flops;
    out->bytes += all[i].limit.bytes;
    out->comm_bytes += all[i].limit.comm_bytes;
    cache = cache || all[i].limit.bound == TMK_BOUND_CACHE;
    if (all[i].limit.time_ns > all[largest].limit.time_ns) largest = i;
  }
  out->time_ns = join_value(all, layout, steps, limit_time);
  out->ops_sum_ns = join_value(all, layout, steps, limit_ops_sum);
  out->share.datasheet = join_value(all, layout, steps, share_datasheet);
  out->share.measured = join_value(all, layout, steps, share_measured);
  out->share.held = join_value(all, layout, steps, share_held);
  out->bound = cache ? TMK_BOUND_CACHE : all[largest].limit.bound;
}

/* Of a rank that stands for all stages. */
static void stretch_limit(double stretch, struct tmk_limit_result *limit)
{
  limit->time_ns *= stretch;
  limit->ops_sum_ns *= stretch;
  limit->share.datasheet *= stretch;
  limit->share.measured *= stretch;
  limit->share.held *= stretch;
}

static enum tmk_status keep_ranks(struct tmk_run_state *state, struct tmk_run_unit *unit,
                                  const struct tmk_run_said *all, const int64_t *devices, struct tmk_error *err)
{
  const int count = rank_count(state);
  if (count == 1) return TMK_OK;
  if (unit->ranks == NULL) unit->ranks = calloc((size_t)count, sizeof *unit->ranks);
  if (unit->ranks == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", count);
  unit->rank_count = count;
  for (int i = 0; i < count; i++) {
    unit->ranks[i] = (struct tmk_comm_rank){.rank = i,
                                            .device = devices[i],
                                            .median_ns = all[i].own_median_ns,
                                            .max_ns = all[i].own_max_ns,
                                            .times_slowest = all[i].times_slowest};
    memcpy(unit->ranks[i].host, all[i].host, sizeof unit->ranks[i].host);
  }
  return TMK_OK;
}

static enum tmk_status join_unit(struct tmk_run_state *state, struct tmk_run_unit *unit,
                                 const struct tmk_run_said *all, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int count = rank_count(state);
  struct tmk_run_said *joined = &unit->joined;
  int64_t *devices = calloc((size_t)count, sizeof *devices);
  if (devices == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", count);
  for (int i = 0; i < count && i < state->result->device_count; i++) devices[i] = state->result->devices[i].info.index;
  *joined = all[rank_of(state)];
  if (count == 1 && state->args->alone) stretch_limit(unit->stretch, &joined->limit);
  if (count > 1) {
    const int64_t steps = unit->plan != NULL ? unit->plan->step_count : 1;
    join_watches(state, all, count, &joined->watch);
    join_verify(all, count, &joined->verify);
    join_limits(all, &unit->workload.layout, steps, &joined->limit);
    for (int i = 0; i < count; i++) joined->replayed = joined->replayed && all[i].replayed;
  }
  TMK_TRY(keep_ranks(state, unit, all, devices, err));
out:
  free(devices);
  return status;
}

enum tmk_status tmk_run_join(struct tmk_run_state *state, bool together, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const size_t units = (size_t)state->unit_count, ranks = (size_t)rank_count(state);
  struct tmk_run_said *mine = calloc(units + 1, sizeof *mine), *all = calloc(units * ranks + 1, sizeof *all);
  struct tmk_run_said *of_unit = calloc(ranks, sizeof *of_unit);
  if (mine == NULL || all == NULL || of_unit == NULL) {
    TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %zu ranks", ranks));
  }
  for (size_t i = 0; i < units; i++) mine[i] = say(state, &state->units[i]);
  if (state->world != NULL && !together) goto out; /* what was said last stands */
  if (state->world != NULL) {
    TMK_TRY(state->world->ops->exchange(state->world, mine, all, units * sizeof *mine, err));
  } else {
    memcpy(all, mine, units * sizeof *mine);
  }
  for (size_t i = 0; i < units; i++) {
    for (size_t r = 0; r < ranks; r++) of_unit[r] = all[r * units + i];
    TMK_TRY(join_unit(state, &state->units[i], of_unit, err));
  }
out:
  free(mine);
  free(all);
  free(of_unit);
  return status;
}

/* ---- devices ---- */

enum tmk_status tmk_run_show_devices(struct tmk_run_state *state, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = state->result;
  if (state->world == NULL) return TMK_OK;
  struct tmk_device_result mine = *state->device, *all = calloc((size_t)result->device_count, sizeof *all);
  if (all == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld devices", (long long)result->device_count);
  mine.readings = NULL; /* stay with the rank that took them */
  mine.reading_count = 0;
  TMK_TRY(state->world->ops->exchange(state->world, &mine, all, sizeof mine, err));
  for (int64_t i = 0; i < result->device_count; i++) {
    if (i != state->world->rank) result->devices[i] = all[i];
  }
out:
  free(all);
  return status;
}

double tmk_run_drift(const struct tmk_run_state *state)
{
  double drift = NAN;
  for (int64_t i = 0; i < state->result->device_count; i++) drift = fmax(drift, state->result->devices[i].drift);
  return drift;
}

/* ---- bandwidth between ranks ---- */

enum { BANDWIDTH_REPEATS = 10 };

/* The best bus bandwidth of a few sizes, of calls one by one. All ranks of the group are told the same. */
static enum tmk_status group_bandwidth(const struct tmk_comm_group *group, struct tmk_world *world,
                                       enum tmk_collective collective, int rank, bool is_cpu, double *best,
                                       struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  void *buffer = NULL;
  const int64_t largest = is_cpu ? (int64_t)16 << 20 : (int64_t)256 << 20;
  int64_t slowest[64];
  if (world->size > 64) return TMK_OK;
  TMK_TRY(group->ops->alloc(group->comm, largest, &buffer, err));
  for (int64_t bytes = largest / 16; bytes <= largest; bytes *= 4) {
    struct tmk_coll call = {.collective = collective, .dtype = TMK_DTYPE_F32, .count = bytes / 4, .to = -1, .from = -1};
    if (collective == TMK_COLL_ALL_REDUCE) call.send = call.recv = buffer;
    if (collective == TMK_COLL_SEND_RECV && rank == 0) call.send = buffer, call.to = 1;
    if (collective == TMK_COLL_SEND_RECV && rank == 1) call.recv = buffer, call.from = 0;
    for (int i = 0; i < BANDWIDTH_REPEATS; i++) {
      struct tmk_comm_times times;
      int64_t time_ns = 0;
      TMK_TRY(tmk_world_barrier(world, err));
      TMK_TRY(group->ops->run(group->comm, &call, 1, false, &times, err));
      TMK_TRY(world->ops->exchange(world, &times.device_ns, slowest, sizeof times.device_ns, err));
      for (int r = 0; r < world->size; r++) time_ns = slowest[r] > time_ns ? slowest[r] : time_ns;
      const double rate = (double)bytes * tmk_collective_bus_factor(collective, world->size) / (double)time_ns * 1e9;
      if (time_ns > 0 && !(rate <= *best)) *best = rate;
    }
  }
out:
  group->ops->release(group->comm, buffer);
  return status;
}

enum tmk_status tmk_run_read_bandwidth(struct tmk_run_state *state, double *bytes_per_s, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_parallel *parallel = state->args->parallel;
  const struct tmk_layout *layout = &state->args->layout;
  const bool is_cpu = state->device->info.is_cpu;
  double best = NAN;
  *bytes_per_s = NAN;
  if (parallel == NULL || state->device->info.simulated) return TMK_OK;
  if (layout->tp > 1) {
    TMK_TRY(group_bandwidth(&parallel->groups[TMK_GROUP_TP], parallel->worlds[TMK_GROUP_TP], TMK_COLL_ALL_REDUCE, 0,
                            is_cpu, &best, err));
  }
  /* Link after link, so that no two ranks wait for each other in a circle. */
  for (int stage = 0; layout->pp > 1 && stage < layout->pp; stage++) {
    const int mine = state->world->rank / layout->tp % layout->pp;
    const enum tmk_group group = mine == stage ? TMK_GROUP_NEXT : TMK_GROUP_PREV;
    if (mine != stage && mine != (stage + 1) % layout->pp) continue;
    TMK_TRY(group_bandwidth(&parallel->groups[group], parallel->worlds[group], TMK_COLL_SEND_RECV,
                            parallel->worlds[group]->rank, is_cpu, &best, err));
  }
  *bytes_per_s = best;
out:
  return status;
}
