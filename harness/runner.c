/* runner.c: the order of a run: units, groups that fit in memory together, rounds, ceilings, events. */
#include "runner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "affinity.h"
#include "runner_parts.h"
#include "stats.h"
#include "target.h"

bool tmk_run_stopped(const struct tmk_run_state *state)
{
  return state->args->stop != NULL && *state->args->stop != 0;
}

int64_t tmk_run_now_ns(const struct tmk_run_state *state)
{
  const struct tmk_run_args *args = state->args;
  return args->ops->now_ns != NULL ? args->ops->now_ns(args->backend) : tmk_host_now_ns();
}

static double done_fraction(const struct tmk_run_state *state)
{
  return state->work_total > 0 ? state->work_done / state->work_total : 0;
}

void tmk_run_progress(const struct tmk_run_state *state, const struct tmk_run_unit *unit, int round)
{
  const struct tmk_run_events *events = &state->args->events;
  char what[160], length[32], last[48] = "";
  if (events->progress == NULL) return;
  const struct tmk_workload *w = &unit->workload;
  snprintf(length, sizeof length, "%s %lld", w->phase == TMK_PHASE_DECODE ? "context" : "input",
           (long long)(w->phase == TMK_PHASE_DECODE ? w->context : w->input_len));
  if (unit->sampler.count > 0) {
    const int64_t time_ns = unit->sampler.samples[unit->sampler.count - 1].time_ns;
    snprintf(last, sizeof last, ": %.3g ms", (double)time_ns * 1e-6 / (double)unit->sampler.passes_per_sample);
  }
  snprintf(what, sizeof what, "round %d/%d, %s batch %lld %s%s", round + 1, state->rounds, tmk_phase_name(w->phase),
           (long long)w->batch, length, last);
  const double fraction = done_fraction(state);
  const double elapsed_s = (double)(tmk_host_now_ns() - state->start_ns) * 1e-9;
  events->progress(events->context, what, fraction, fraction > 0 ? elapsed_s * (1 - fraction) / fraction : NAN);
}

/* --- points → units --- */

/* The unit of that pass; a new one if no point before needed it. */
static int find_unit(struct tmk_run_state *state, const struct tmk_workload *workload, int group)
{
  char key[TMK_WORKLOAD_KEY_SIZE];
  tmk_workload_key(workload, key);
  for (int i = 0; i < state->unit_count; i++) {
    if (strcmp(state->units[i].key, key) == 0) return i;
  }
  struct tmk_run_unit *unit = &state->units[state->unit_count];
  *unit = (struct tmk_run_unit){.workload = *workload, .group = group, .status = TMK_POINT_SKIPPED};
  memcpy(unit->key, key, sizeof unit->key);
  unit->watch.ecc_first = TMK_UNKNOWN;
  tmk_stats_init(&unit->stats);
  return state->unit_count++;
}

/* Groups hold their weights in memory together and are measured one after the other: one group if the largest points of all
 * weight dtypes fit side by side, else one a dtype. group_of: [TMK_DTYPE_COUNT]. */
static int make_groups(const struct tmk_run_state *state, int group_of[TMK_DTYPE_COUNT])
{
  const struct tmk_sweep *sweep = state->args->sweep;
  double needed[TMK_DTYPE_COUNT] = {0}, total = 0;
  for (int i = 0; i < sweep->count; i++) {
    const struct tmk_sweep_point *point = &sweep->points[i];
    const double bytes = point->bytes_needed == TMK_UNKNOWN ? 0 : (double)point->bytes_needed;
    if (!point->skipped) needed[point->workload.weight_dtype] = fmax(needed[point->workload.weight_dtype], bytes);
  }
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) total += needed[i];
  const int64_t free_bytes = state->device->info.memory_free_bytes;
  const bool together = free_bytes == TMK_UNKNOWN || total <= (double)free_bytes;
  int count = 0;
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) group_of[i] = -1;
  for (int i = 0; i < sweep->count; i++) { /* in the order of the sweep */
    int *group = &group_of[sweep->points[i].workload.weight_dtype];
    if (*group >= 0) continue;
    *group = together ? 0 : count;
    if (count == 0 || !together) count++;
  }
  return count > 0 ? count : 1;
}

static enum tmk_status make_points(struct tmk_run_state *state, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_sweep *sweep = state->args->sweep;
  struct tmk_result *result = state->result;
  int group_of[TMK_DTYPE_COUNT];
  const size_t count = (size_t)sweep->count;
  state->points = calloc(count + 1, sizeof *state->points);
  state->units = calloc(count * 4 + 1, sizeof *state->units);
  result->points = calloc(count + 1, sizeof *result->points);
  if (state->points == NULL || state->units == NULL || result->points == NULL) {
    TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d points", sweep->count));
  }
  for (int i = 0; i < sweep->count; i++) tmk_point_init(&result->points[i]);
  result->point_count = state->point_count = sweep->count;
  state->group_count = make_groups(state, group_of);
  for (int i = 0; i < sweep->count; i++) {
    const struct tmk_sweep_point *point = &sweep->points[i];
    struct tmk_run_point *made_of = &state->points[i];
    struct tmk_workload passes[4];
    made_of->outright_ns = NAN;
    if (!point->skipped) made_of->unit_count = tmk_e2e_passes(&point->workload, passes, made_of->weights);
    for (int k = 0; k < made_of->unit_count; k++) {
      made_of->units[k] = find_unit(state, &passes[k], group_of[point->workload.weight_dtype]);
    }
    TMK_TRY(tmk_run_point_fill(state, i, err));
  }
  /* Verification makes a first visit about as long again as a later one. */
  state->work_total = (double)state->unit_count * (double)(state->rounds + 1);
out:
  return status;
}

/* --- device --- */

enum tmk_status tmk_run_describe(const struct tmk_backend_ops *ops, struct tmk_backend *backend,
                                 struct tmk_device_result *device, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_gpu gpu;
  *device = (struct tmk_device_result){.drift = NAN, .datasheet_read_bytes_per_s = NAN};
  tmk_device_info_init(&device->info);
  tmk_ceilings_init(&device->ceilings);
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) device->datasheet_flops_per_s[i] = NAN;
  TMK_TRY(ops->describe(backend, &device->info, err));
  tmk_affinity_describe(NULL, &device->info);
  if (device->info.is_cpu) return TMK_OK;
  const int index = tmk_gpu_find(device->info.name);
  if (index < 0) return TMK_OK;
  TMK_TRY(tmk_gpu_get(index, &gpu, err));
  memcpy(device->info.gpu_id, gpu.id, sizeof device->info.gpu_id);
  device->datasheet_read_bytes_per_s = gpu.read_bytes_per_s;
  memcpy(device->datasheet_flops_per_s, gpu.flops_per_s, sizeof device->datasheet_flops_per_s);
out:
  return status;
}

static enum tmk_status make_device(struct tmk_run_state *state, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = state->result;
  const int ranks = state->world != NULL ? state->world->size : 1;
  result->devices = calloc((size_t)ranks, sizeof *result->devices);
  if (result->devices == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the device");
  result->device_count = ranks;
  state->device = &result->devices[state->world != NULL ? state->world->rank : 0];
  TMK_TRY(tmk_run_describe(state->args->ops, state->args->backend, state->device, err));
  TMK_TRY(tmk_run_show_devices(state, err));
out:
  return status;
}

static bool keep_best(double value, double *best)
{
  if (isnan(value) || value <= *best) return false; /* a best that is not known yet is NAN */
  *best = value;
  return true;
}

/* The best of all readings, each rate for itself. */
static void merge_ceilings(const struct tmk_ceilings *from, struct tmk_ceilings *best)
{
  if (keep_best(from->read_bytes_per_s, &best->read_bytes_per_s)) {
    memcpy(best->read_pattern, from->read_pattern, sizeof best->read_pattern);
  }
  if (keep_best(from->copy_bytes_per_s, &best->copy_bytes_per_s)) {
    memcpy(best->copy_pattern, from->copy_pattern, sizeof best->copy_pattern);
  }
  bool better = false;
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) better |= keep_best(from->flops_per_s[i], &best->flops_per_s[i]);
  if (better) {
    memcpy(best->flops_pattern, from->flops_pattern, sizeof best->flops_pattern);
    best->clock_hz = from->clock_hz;
  }
  best->repeats += from->repeats;
}

static double move_of(double value, double best)
{
  return best > 0 && !isnan(value) ? (best - value) / best : 0;
}

/* Largest relative distance of a reading from the best one. */
static double drift_of(const struct tmk_device_result *device)
{
  double drift = 0;
  for (int64_t i = 0; i < device->reading_count; i++) {
    const struct tmk_ceilings *reading = &device->readings[i].ceilings;
    drift = fmax(drift, move_of(reading->read_bytes_per_s, device->ceilings.read_bytes_per_s));
    drift = fmax(drift, move_of(reading->copy_bytes_per_s, device->ceilings.copy_bytes_per_s));
    for (int t = 0; t < TMK_DTYPE_COUNT; t++) {
      drift = fmax(drift, move_of(reading->flops_per_s[t], device->ceilings.flops_per_s[t]));
    }
  }
  return drift;
}

enum tmk_status tmk_run_read_ceilings(const struct tmk_backend_ops *ops, struct tmk_backend *backend, int64_t round,
                                      struct tmk_device_result *device, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_ceilings ceilings;
  if (ops->ceilings == NULL || device->info.simulated) return TMK_OK;
  tmk_ceilings_init(&ceilings);
  status = ops->ceilings(backend, round >= 0, &ceilings, err);
  if (status == TMK_ERR_UNSUPPORTED) return TMK_OK;
  if (status != TMK_OK) return status;
  struct tmk_ceiling_reading *readings =
      realloc(device->readings, (size_t)(device->reading_count + 1) * sizeof *readings);
  if (readings == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for a reading of the ceilings");
  device->readings = readings;
  readings[device->reading_count++] = (struct tmk_ceiling_reading){.round = round, .ceilings = ceilings};
  if (device->reading_count == 1) {
    device->ceilings = ceilings;
  } else {
    merge_ceilings(&ceilings, &device->ceilings);
  }
  device->drift = device->reading_count > 1 ? drift_of(device) : NAN;
  return TMK_OK;
}

static enum tmk_status read_ceilings(struct tmk_run_state *state, int64_t round, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  double bytes_per_s;
  if (state->world != NULL) TMK_TRY(tmk_world_barrier(state->world, err)); /* those of one host read at the same time */
  TMK_TRY(tmk_run_read_ceilings(state->args->ops, state->args->backend, round, state->device, err));
  TMK_TRY(tmk_run_read_bandwidth(state, &bytes_per_s, err));
  keep_best(bytes_per_s, &state->device->ceilings.comm_bytes_per_s);
  keep_best(tmk_run_table_bandwidth(state), &state->device->ceilings.comm_bytes_per_s);
  TMK_TRY(tmk_run_show_devices(state, err));
out:
  return status;
}

/* --- rounds --- */

static enum tmk_status checkpoint(struct tmk_run_state *state, struct tmk_error *err)
{
  const struct tmk_run_events *events = &state->args->events;
  struct tmk_error mine = {0};
  enum tmk_status status = TMK_OK;
  if (events->checkpoint != NULL) status = events->checkpoint(events->context, state->result, &mine);
  return tmk_run_agree(state, status, &mine, err);
}

static enum tmk_status fill_points(struct tmk_run_state *state, int unit, bool together, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(tmk_run_join(state, together, err));
  for (int i = 0; i < state->point_count; i++) {
    bool uses = unit < 0;
    for (int k = 0; k < state->points[i].unit_count; k++) uses = uses || state->points[i].units[k] == unit;
    if (uses) TMK_TRY(tmk_run_point_fill(state, i, err));
  }
out:
  return status;
}

static enum tmk_status run_round(struct tmk_run_state *state, int group, int round, int *order, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  tmk_shuffle(order, state->unit_count, state->args->seed, round);
  for (int i = 0; i < state->unit_count; i++) {
    const int index = order[i];
    if (state->units[index].group != group) continue;
    TMK_TRY(tmk_run_check_stop(state, err));
    status = tmk_run_unit_visit(state, &state->units[index], round, err);
    state->work_done += round == 0 ? 2 : 1;
    if (status != TMK_OK) goto out;
    TMK_TRY(fill_points(state, index, true, err));
    TMK_TRY(checkpoint(state, err));
  }
  if (state->unit_count > 0) TMK_TRY(read_ceilings(state, (int64_t)group * state->rounds + round, err));
  TMK_TRY(fill_points(state, -1, true, err));
  TMK_TRY(checkpoint(state, err));
out:
  return status;
}

/* Tells of the points that are complete with `group`; of all that are left if it is the last. */
static void publish(struct tmk_run_state *state, int group)
{
  const struct tmk_run_events *events = &state->args->events;
  for (int i = 0; i < state->point_count; i++) {
    struct tmk_run_point *point = &state->points[i];
    bool complete = true;
    for (int k = 0; k < point->unit_count; k++) complete = complete && state->units[point->units[k]].group <= group;
    if (!complete || point->published) continue;
    point->published = true;
    if (events->point_done != NULL) events->point_done(events->context, state->result, &state->result->points[i]);
  }
}

static enum tmk_status run_group(struct tmk_run_state *state, int group, int *order, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int round = 0; round < state->rounds; round++) TMK_TRY(run_round(state, group, round, order, err));
out:
  for (int i = 0; i < state->unit_count; i++) {
    if (state->units[i].group == group) tmk_run_unit_release(state, &state->units[i]);
  }
  return status;
}

static enum tmk_status run_groups(struct tmk_run_state *state, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_run_args *args = state->args;
  int *order = calloc((size_t)state->unit_count + 1, sizeof *order);
  if (order == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d passes", state->unit_count);
  for (int group = 0; group < state->group_count; group++) {
    TMK_TRY(run_group(state, group, order, err));
    /* The weights of several groups don't fit side by side, and the outright request may be of an earlier one. */
    if (state->group_count > 1 && args->ops->trim != NULL) args->ops->trim(args->backend);
    if (group == state->group_count - 1) TMK_TRY(tmk_run_outright(state, err));
    publish(state, group);
  }
  TMK_TRY(checkpoint(state, err));
out:
  free(order);
  return status;
}

static void state_free(struct tmk_run_state *state)
{
  for (int i = 0; i < state->unit_count; i++) tmk_run_unit_free(state, &state->units[i]);
  free(state->units);
  free(state->points);
}

enum tmk_status tmk_run(const struct tmk_run_args *args, struct tmk_result *result, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_run_state state = {.args = args,
                                .world = args->world,
                                .result = result,
                                .rounds = args->measure.single_pass ? 1 : args->measure.rounds,
                                .start_ns = tmk_host_now_ns(),
                                .ended = "the run has not come to it yet"};
  TMK_TRY(make_device(&state, err));
  TMK_TRY(make_points(&state, err));
  if (state.unit_count > 0) TMK_TRY(read_ceilings(&state, -1, err));
  state.started = true;
  if (args->events.started != NULL) args->events.started(args->events.context, result);
  TMK_TRY(run_groups(&state, err));
out:
  if (status != TMK_OK && state.points != NULL) {
    state.ended = status == TMK_ERR_INTERRUPTED ? "the run was interrupted"
                  : status == TMK_ERR_DEVICE    ? "the device failed before"
                                                : "the run ended before";
    /* The error that ended the run is the one to report, not what follows from it. */
    if (fill_points(&state, -1, false, NULL) == TMK_OK) {
      if (state.started) publish(&state, state.group_count);
      if (args->events.checkpoint != NULL) (void)args->events.checkpoint(args->events.context, result, NULL);
    }
  }
  state_free(&state);
  return status;
}
