/* runner_point.c: what was measured of a point's units → its throughput, latency, limit, energy and verdict. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gemm_result.h"
#include "roofline.h"
#include "runner_parts.h"
#include "stats.h"

#define MAX_UNITS 4

/* A unit within a point: how often its pass counts, and what holds of it. */
struct part {
  const struct tmk_run_unit *unit;
  double weight;
  struct tmk_limit_result limit;
};

/* Cores that the run can have: CPUs it may use, and what a cgroup leaves of them; NAN if not known. */
static double cores_allowed(const struct tmk_host_info *host)
{
  const double cpus = host->cpus_allowed > 0 ? (double)host->cpus_allowed : NAN;
  return fmin(cpus, host->cgroup_cpu_quota); /* the other where one is NAN */
}

static struct tmk_verdict unit_verdict(const struct tmk_run_state *state, const struct part *part)
{
  const struct tmk_run_unit *unit = part->unit;
  const struct tmk_device_info *info = &state->device->info;
  const struct tmk_stats *stats = &unit->stats;
  const double cores = cores_allowed(&state->result->host);
  const int local_ranks = state->world != NULL ? state->world->local_size : 1;
  const double threads = info->is_cpu && info->threads > 0 ? (double)info->threads * local_ranks : NAN;
  const double relative_ci = (stats->ci_high_ns - stats->ci_low_ns) / 2 / stats->median_ns;
  const struct tmk_verdict_input input = {
      .verify_failed = unit->verify_failed,
      .replay_mismatch = unit->joined.replayed && !unit->joined.verify.replay_matched,
      .steady = unit->sampler.steady && relative_ci <= unit->sampler.settings.ci_target,
      .relative_ci = relative_ci,
      .drift = tmk_run_drift(state),
      .share_datasheet = part->limit.share.datasheet,
      .share_measured = part->limit.share.measured,
      .throttled = unit->joined.watch.throttled,
      .ecc_errors = unit->joined.watch.ecc_errors,
      .mig = info->mig_on == 1,
      .shared_device = unit->joined.watch.shared_device,
      .clock_move = tmk_watch_clock_move(&unit->joined.watch),
      .other_load = tmk_watch_other_load(&unit->joined.watch),
      .cores_used = isnan(threads) ? NAN : fmin(threads, cores),
      .threads_exceed_cores = threads > cores,
      .energy_unbracketed = unit->joined.watch.energy_tried && !unit->joined.watch.energy_bracketed,
  };
  return tmk_verdict_decide(&input);
}

static void fill_limit(struct tmk_point *point, const struct part *parts, int count)
{
  struct tmk_limit_result limits[MAX_UNITS];
  double weights[MAX_UNITS], times_ns[MAX_UNITS];
  for (int i = 0; i < count; i++) {
    limits[i] = parts[i].limit;
    weights[i] = parts[i].weight;
    times_ns[i] = parts[i].unit->stats.median_ns;
  }
  point->limit = tmk_e2e_compose_limit(limits, weights, times_ns, count);
}

static void fill_energy(struct tmk_point *point, const struct part *parts, int count, double total_ns)
{
  struct tmk_energy *energy = &point->energy;
  int64_t output_tokens = 0;
  double pass_j = 0;
  for (int i = 0; i < count; i++) {
    const struct tmk_watch *watch = &parts[i].unit->watch;
    if (!watch->energy_bracketed) return;
    pass_j += parts[i].weight * watch->joules / (double)watch->bracket_passes;
  }
  /* e2e: the energy and the time of one request batch, composed like its time. */
  energy->joules = count == 1 ? parts[0].unit->joined.watch.joules : pass_j;
  energy->bracket_s = count == 1 ? parts[0].unit->joined.watch.bracket_s : total_ns * 1e-9;
  energy->mean_power_w = energy->joules / energy->bracket_s;
  snprintf(energy->source, sizeof energy->source, "%s", parts[0].unit->joined.watch.energy_source);
  tmk_workload_tokens(&point->workload.step, NULL, &output_tokens);
  /* A prefill's energy belongs to the tokens it reads. */
  if (point->workload.step.phase != TMK_PHASE_PREFILL && output_tokens > 0) {
    energy->joules_per_output_token = pass_j / (double)output_tokens;
  }
}

static void fill_verify(struct tmk_point *point, const struct part *parts, int count)
{
  struct tmk_verify_result *verify = &point->verify;
  *verify = parts[0].unit->joined.verify;
  for (int i = 1; i < count; i++) {
    const struct tmk_verify_result *of = &parts[i].unit->joined.verify;
    verify->ops_checked += of->ops_checked;
    verify->ops_failed += of->ops_failed;
    verify->elements_checked += of->elements_checked;
    verify->replay_checked += of->replay_checked;
    verify->replay_matched = verify->replay_matched && of->replay_matched;
    if (!(of->worst_ratio <= verify->worst_ratio)) {
      verify->worst_ratio = of->worst_ratio;
      memcpy(verify->worst_op, of->worst_op, sizeof verify->worst_op);
    }
  }
}

/* Composed e2e: sums of the parts. The interval is the sum of the parts' intervals: wider than the root of the sum of squares that
 * independent errors would give, so its level is not known exactly and is left open. */
static void fill_stats(struct tmk_point *point, const struct part *parts, int count)
{
  struct tmk_stats *stats = &point->stats;
  *stats = parts[0].unit->stats;
  if (count == 1) return;
  tmk_stats_init(stats);
  stats->median_ns = stats->ci_low_ns = stats->ci_high_ns = 0;
  for (int i = 0; i < count; i++) {
    stats->median_ns += parts[i].weight * parts[i].unit->stats.median_ns;
    stats->ci_low_ns += parts[i].weight * parts[i].unit->stats.ci_low_ns;
    stats->ci_high_ns += parts[i].weight * parts[i].unit->stats.ci_high_ns;
  }
}

static void fill_latency(struct tmk_point *point, const struct tmk_run_point *made_of, const struct part *parts,
                         int count)
{
  const struct tmk_workload *workload = &point->workload.step;
  struct tmk_latency *latency = &point->latency;
  const double median_ns = point->stats.median_ns;
  switch (workload->phase) {
  case TMK_PHASE_DECODE: latency->tpot_ns = median_ns; break;
  case TMK_PHASE_PREFILL: latency->ttft_ns = median_ns; break;
  default: {
    double step_ns[3] = {0};
    for (int k = 1; k < count; k++) step_ns[k - 1] = parts[k].unit->stats.median_ns;
    latency->ttft_ns = parts[0].unit->stats.median_ns;
    latency->e2e_ns = median_ns;
    if (workload->output_len > 1) {
      latency->tpot_ns = (latency->e2e_ns - latency->ttft_ns) / (double)(workload->output_len - 1);
    }
    latency->composition_error = tmk_e2e_composition_error(workload->input_len, workload->output_len, step_ns);
    latency->outright_e2e_ns = made_of->outright_ns;
  }
  }
}

static void fill_throughput(struct tmk_point *point)
{
  const struct tmk_workload *workload = &point->workload.step;
  struct tmk_throughput *rates = &point->throughput;
  int64_t input_tokens = 0, output_tokens = 0;
  tmk_workload_tokens(workload, &input_tokens, &output_tokens);
  const double per_s = 1e9 / point->stats.median_ns;
  const bool prefill = workload->phase == TMK_PHASE_PREFILL;
  const double counted = prefill ? (double)input_tokens : (double)output_tokens;
  rates->ci_low_tokens_per_s = counted * 1e9 / point->stats.ci_high_ns;
  rates->ci_high_tokens_per_s = counted * 1e9 / point->stats.ci_low_ns;
  if (workload->phase != TMK_PHASE_DECODE) rates->input_tokens_per_s = (double)input_tokens * per_s;
  if (prefill) return;
  rates->output_tokens_per_s = (double)output_tokens * per_s;
  rates->output_tokens_per_s_per_device = rates->output_tokens_per_s / (double)rates->devices;
  rates->output_tokens_per_s_per_user = 1e9 / point->latency.tpot_ns;
  if (workload->phase == TMK_PHASE_E2E)
    rates->total_tokens_per_s = rates->input_tokens_per_s + rates->output_tokens_per_s;
}

/* e2e of one output token is one prefill: nothing is composed. */
static enum tmk_provenance provenance_of(const struct tmk_run_state *state, const struct tmk_workload *workload)
{
  if (state->device->info.simulated) return TMK_PROV_SIMULATED;
  if (state->args->alone && state->world == NULL) return TMK_PROV_PREDICTED;
  if (workload->layers_held > 0) return TMK_PROV_EXTRAPOLATED;
  return workload->phase == TMK_PHASE_E2E && workload->output_len > 1 ? TMK_PROV_COMPOSED : TMK_PROV_MEASURED;
}

/* The rows of all the point's units, each once: those of a prefill and of decode steps differ in m. */
static enum tmk_status copy_gemms(struct tmk_run_state *state, struct tmk_point *point,
                                  const struct tmk_run_point *made_of, struct tmk_error *err)
{
  int64_t count = 0;
  for (int i = 0; i < made_of->unit_count; i++) count += state->units[made_of->units[i]].gemm_count;
  if (count == 0) return TMK_OK;
  point->gemms = calloc((size_t)count, sizeof *point->gemms);
  if (point->gemms == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the gemms of %s", point->key);
  for (int i = 0; i < made_of->unit_count; i++) {
    const struct tmk_run_unit *unit = &state->units[made_of->units[i]];
    for (int64_t k = 0; k < unit->gemm_count; k++) {
      tmk_gemm_results_add(point->gemms, &point->gemm_count, &unit->gemms[k]);
    }
  }
  return TMK_OK;
}

static enum tmk_status copy_arrays(struct tmk_point *point, const struct tmk_run_unit *unit, struct tmk_error *err)
{
  const size_t sample_bytes = (size_t)unit->sampler.count * sizeof *point->samples;
  const size_t op_bytes = (size_t)unit->op_count * sizeof *point->ops;
  if (sample_bytes > 0) point->samples = malloc(sample_bytes);
  if (op_bytes > 0) point->ops = malloc(op_bytes);
  if ((sample_bytes > 0 && point->samples == NULL) || (op_bytes > 0 && point->ops == NULL)) {
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the samples of %s", unit->key);
  }
  if (sample_bytes > 0) memcpy(point->samples, unit->sampler.samples, sample_bytes);
  if (op_bytes > 0) memcpy(point->ops, unit->ops, op_bytes);
  point->sample_count = unit->sampler.count;
  point->op_count = unit->op_count;
  point->passes_per_sample = unit->sampler.passes_per_sample;
  point->warmup_samples = unit->sampler.warmup_count;
  if (unit->rank_count == 0 || unit->sampler.count == 0) return TMK_OK;
  point->ranks = malloc((size_t)unit->rank_count * sizeof *point->ranks);
  if (point->ranks == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the ranks of %s", unit->key);
  memcpy(point->ranks, unit->ranks, (size_t)unit->rank_count * sizeof *point->ranks);
  point->rank_count = unit->rank_count;
  return TMK_OK;
}

/* The unit that keeps the point from being whole: a failed one before one that is only missing. NULL if there is none. */
static const struct tmk_run_unit *find_missing(const struct tmk_run_state *state, const struct tmk_run_point *made_of)
{
  const struct tmk_run_unit *missing = NULL;
  for (int i = 0; i < made_of->unit_count; i++) {
    const struct tmk_run_unit *unit = &state->units[made_of->units[i]];
    if (unit->status == TMK_POINT_FAILED) return unit;
    if (unit->status != TMK_POINT_OK) missing = unit;
  }
  return missing;
}

static void fill_missing(struct tmk_point *point, const struct tmk_run_state *state, const struct tmk_run_unit *unit)
{
  const bool is_part = strcmp(unit->key, point->key) != 0;
  point->status = unit->status;
  if (unit->status == TMK_POINT_SKIPPED) {
    snprintf(point->reason, sizeof point->reason, "not measured: %s", state->ended);
  } else if (is_part) {
    snprintf(point->reason, sizeof point->reason, "%.100s: %.150s", unit->key, unit->reason);
  } else {
    snprintf(point->reason, sizeof point->reason, "%s", unit->reason);
  }
  point->verify = unit->joined.verify;
  if (unit->verify_failed) {
    point->verdict = tmk_verdict_decide(&(struct tmk_verdict_input){.verify_failed = true, .steady = true});
  }
}

static void fill_measured(struct tmk_run_state *state, struct tmk_point *point, const struct tmk_run_point *made_of)
{
  const bool simulated = state->device->info.simulated;
  struct part parts[MAX_UNITS] = {0};
  const int count = made_of->unit_count;
  point->status = TMK_POINT_OK;
  for (int i = 0; i < count; i++) {
    const struct tmk_run_unit *unit = &state->units[made_of->units[i]];
    parts[i].unit = unit;
    parts[i].weight = made_of->weights[i];
    parts[i].limit = unit->joined.limit;
  }
  fill_stats(point, parts, count);
  fill_limit(point, parts, count);
  fill_verify(point, parts, count);
  if (simulated) return; /* its times are not those of any hardware */
  fill_energy(point, parts, count, point->stats.median_ns);
  fill_latency(point, made_of, parts, count);
  for (int i = 0; i < count; i++) point->verdict = tmk_verdict_join(point->verdict, unit_verdict(state, &parts[i]));
  if (point->verdict.value != TMK_VERDICT_INVALID) fill_throughput(point);
}

enum tmk_status tmk_run_point_fill(struct tmk_run_state *state, int index, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_sweep_point *asked = &state->args->sweep->points[index];
  const struct tmk_run_point *made_of = &state->points[index];
  struct tmk_point *point = &state->result->points[index];
  tmk_point_free(point);
  tmk_point_init(point);
  point->type = TMK_POINT_STEP;
  point->workload.step = asked->workload;
  point->bytes_needed = asked->bytes_needed;
  tmk_workload_key(&asked->workload, point->key);
  point->provenance = provenance_of(state, &asked->workload);
  point->throughput.accounting = asked->workload.phase == TMK_PHASE_PREFILL ? TMK_ACCT_INPUT : TMK_ACCT_OUTPUT;
  const struct tmk_layout *layout = &asked->workload.layout;
  point->throughput.devices = (int64_t)layout->tp * layout->pp * layout->dp;
  if (asked->skipped) {
    point->status = TMK_POINT_SKIPPED;
    memcpy(point->reason, asked->reason, sizeof point->reason);
    return TMK_OK;
  }
  const struct tmk_run_unit *missing = find_missing(state, made_of);
  if (missing != NULL) {
    fill_missing(point, state, missing);
  } else {
    fill_measured(state, point, made_of);
  }
  if (made_of->unit_count == 1) TMK_TRY(copy_arrays(point, &state->units[made_of->units[0]], err));
  TMK_TRY(copy_gemms(state, point, made_of, err));
out:
  return status;
}
