/* runner_unit.c: one unit, from its plan to its samples. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cost.h"
#include "gemm_result.h"
#include "roofline.h"
#include "runner_parts.h"
#include "stats.h"

#define PER_OP_PASSES 5

/* The unit ends here, the run goes on. */
static void unit_fail(struct tmk_run_unit *unit, const char *reason)
{
  unit->status = TMK_POINT_FAILED;
  snprintf(unit->reason, sizeof unit->reason, "%.255s", reason);
}

/* Whether an error is the unit's own. A fault of the device, and an interrupt, are everybody's; so is what several ranks have not
 * agreed upon, for they would go on in different places. */
static bool is_local(const struct tmk_run_state *state, enum tmk_status status)
{
  if (state->world != NULL && !state->world->agreed) return false;
  return status != TMK_OK && status != TMK_ERR_DEVICE && status != TMK_ERR_INTERRUPTED;
}

void tmk_run_unit_release(struct tmk_run_state *state, struct tmk_run_unit *unit)
{
  if (unit->exec != NULL) state->args->ops->release(unit->exec);
  unit->exec = NULL;
}

void tmk_run_unit_free(struct tmk_run_state *state, struct tmk_run_unit *unit)
{
  tmk_run_unit_release(state, unit);
  tmk_plan_destroy(unit->plan);
  tmk_sampler_free(&unit->sampler);
  tmk_verify_outputs_free(&unit->expected);
  free(unit->ops);
  free(unit->gemms);
  free(unit->ranks);
  free(unit->own_ns);
}

static enum tmk_status check_supported(struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err)
{
  const struct tmk_run_args *args = state->args;
  for (int i = 0; i < unit->plan->op_count; i++) {
    char reason[160] = "", text[128];
    if (args->ops->supports(args->backend, unit->plan, &unit->plan->ops[i], reason, (int)sizeof reason)) continue;
    tmk_op_describe(&unit->plan->ops[i], text, (int)sizeof text);
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "%s: %s", text, reason);
  }
  return TMK_OK;
}

struct first_failure {
  char text[256];
};

static void note_failure(void *context, const struct tmk_plan *plan, const struct tmk_verify_op *result)
{
  struct first_failure *first = context;
  char op[96];
  if (result->passed || first->text[0] != '\0') return;
  tmk_op_describe(&plan->ops[result->op], op, (int)sizeof op);
  snprintf(first->text, sizeof first->text, "wrong result: %.80s: %.155s", op, result->detail);
}

/* Plan and memory: where one rank has none, the unit fails on all. */
static enum tmk_status unit_build(struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_run_args *args = state->args;
  const struct tmk_plan_args plan_args = {.model = args->model,
                                          .workload = &unit->workload,
                                          .seed = args->seed,
                                          .act_dtype = state->device->info.act_dtype,
                                          .alone = args->alone};
  TMK_TRY(tmk_plan_create(&plan_args, &unit->plan, err));
  TMK_TRY(tmk_run_predict(state, unit, err));
  TMK_TRY(check_supported(state, unit, err));
  TMK_TRY(args->ops->prepare(args->backend, unit->plan, &unit->exec, err));
  TMK_TRY(tmk_gemm_results_of(args->ops, unit->exec, unit->plan, &unit->gemms, &unit->gemm_count, err));
out:
  return status;
}

/* Plan, memory, verification. Leaves the outputs of the verified pass in unit->expected. */
static enum tmk_status unit_prepare(struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_run_args *args = state->args;
  struct tmk_verify_settings verify = tmk_verify_defaults(args->seed);
  struct first_failure failure = {""};
  struct tmk_error mine = {0};
  tmk_sampler_init(&unit->sampler, &args->measure);
  verify.world = args->alone ? NULL : state->world;
  status = unit_build(state, unit, &mine);
  TMK_TRY(tmk_run_agree(state, status, &mine, err));
  TMK_TRY(tmk_verify_exec(args->ops, args->backend, unit->exec, unit->plan, &verify, note_failure, &failure,
                          &unit->verify, err));
  if (unit->verify.ops_failed > 0)
    status = tmk_fail(&mine, TMK_ERR_FAILED, "%s", failure.text[0] != '\0' ? failure.text : "wrong result");
  status = tmk_run_agree(state, status, &mine, err);
  unit->verify_failed = status == TMK_ERR_FAILED && (state->world == NULL || state->world->agreed);
  TMK_TRY(status);
  TMK_TRY(tmk_verify_capture(args->ops, unit->exec, unit->plan, &unit->expected, err));
out:
  return status;
}

static enum tmk_status unit_sample(struct tmk_run_state *state, struct tmk_run_unit *unit, int round,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_run_args *args = state->args;
  struct tmk_sampler *sampler = &unit->sampler;
  struct tmk_error mine = {0};
  int64_t passes;
  TMK_TRY(args->ops->reset(unit->exec, err));
  tmk_sampler_begin_round(sampler);
  tmk_run_watch_begin(state, &unit->watch, round == state->rounds - 1);
  while ((passes = tmk_sampler_next(sampler)) > 0) {
    struct tmk_run_times times = {0};
    if (state->world == NULL) TMK_TRY(tmk_run_check_stop(state, err)); /* with others it is asked behind each sample */
    TMK_TRY(tmk_run_passes(state, unit, passes, &times, err));
    const int64_t before = sampler->count;
    tmk_sampler_add(sampler, &times, passes);
    if (sampler->count > before) TMK_TRY(tmk_run_keep_own(state, unit, err));
    tmk_run_watch_sample(state, &unit->watch, passes);
    tmk_run_progress(state, unit, round);
  }
  if (sampler->clock_fault) {
    status = tmk_fail(&mine, TMK_ERR_FAILED, "the clock gave %lld ns for %lld passes: must be above 0",
                      (long long)sampler->fault_ns, (long long)sampler->passes_per_sample);
  }
  if (sampler->out_of_memory) {
    status = tmk_fail(&mine, TMK_ERR_MEMORY, "out of memory for sample %lld", (long long)sampler->count + 1);
  }
  TMK_TRY(tmk_run_agree(state, status, &mine, err));
  TMK_TRY(tmk_run_watch_end(state, unit, err));
out:
  return status;
}

/* --- per-op times --- */

static int compare_times(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The row of the op's label; made if it is not there yet. */
static struct tmk_op_time *find_row(struct tmk_run_unit *unit, const struct tmk_op *op)
{
  for (int64_t i = 0; i < unit->op_count; i++) {
    if (unit->ops[i].kind == op->kind && strncmp(unit->ops[i].label, op->label, sizeof unit->ops[i].label - 1) == 0) {
      return &unit->ops[i];
    }
  }
  struct tmk_op_time *row = &unit->ops[unit->op_count++];
  *row = (struct tmk_op_time){.kind = op->kind};
  snprintf(row->label, sizeof row->label, "%s", op->label);
  return row;
}

/* times: [passes][op_count] → median an op, summed by label. */
static void sum_by_label(struct tmk_run_state *state, struct tmk_run_unit *unit, const int64_t *times, int passes)
{
  const struct tmk_plan *plan = unit->plan;
  const enum tmk_dtype *math_dtype = state->device->info.math_dtype;
  struct tmk_peaks peaks = tmk_peaks_measured(state->device);
  if (isnan(peaks.read_bytes_per_s)) peaks = tmk_peaks_datasheet(state->device);
  for (int op = 0; op < plan->op_count; op++) {
    int64_t series[PER_OP_PASSES];
    for (int pass = 0; pass < passes; pass++) series[pass] = times[(size_t)pass * (size_t)plan->op_count + (size_t)op];
    qsort(series, (size_t)passes, sizeof series[0], compare_times);
    const struct tmk_cost cost = tmk_cost_op(plan, &plan->ops[op], math_dtype);
    struct tmk_op_time *row = find_row(unit, &plan->ops[op]);
    row->count++;
    row->time_ns += (double)series[passes / 2];
    row->limit_ns += tmk_limit_cost(&cost, &peaks).time_ns;
    row->flops += tmk_cost_total_flops(&cost);
    row->bytes += tmk_cost_bytes(&cost);
  }
}

static enum tmk_status unit_per_op(struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_run_args *args = state->args;
  const size_t op_count = (size_t)unit->plan->op_count;
  const int passes = state->args->measure.single_pass ? 1 : PER_OP_PASSES;
  int64_t *times = calloc(op_count * (size_t)passes, sizeof *times);
  unit->ops = calloc(op_count, sizeof *unit->ops);
  if (times == NULL || unit->ops == NULL) {
    TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the times of %zu operations", op_count));
  }
  TMK_TRY(args->ops->reset(unit->exec, err));
  for (int pass = 0; pass < passes; pass++) {
    TMK_TRY(args->ops->run_per_op(unit->exec, times + (size_t)pass * op_count, err));
  }
  sum_by_label(state, unit, times, passes);
out:
  free(times);
  return status;
}

/* --- visits --- */

static enum tmk_status unit_finish(struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_run_args *args = state->args;
  TMK_TRY(tmk_verify_replay(args->ops, unit->exec, unit->plan, &unit->expected, &unit->verify, err));
  unit->replayed = true;
  if (args->per_op && args->ops->run_per_op != NULL) TMK_TRY(unit_per_op(state, unit, err));
out:
  return status;
}

enum tmk_status tmk_run_unit_visit(struct tmk_run_state *state, struct tmk_run_unit *unit, int round,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (unit->status == TMK_POINT_FAILED) return TMK_OK;
  tmk_run_progress(state, unit, round);
  if (round == 0) TMK_TRY(unit_prepare(state, unit, err));
  TMK_TRY(unit_sample(state, unit, round, err));
  if (round == state->rounds - 1) TMK_TRY(unit_finish(state, unit, err));
out:
  if (unit->sampler.count > 0 && !is_local(state, status)) {
    /* What was sampled counts, also behind a stop. */
    enum tmk_status stats_status = tmk_stats_compute(unit->sampler.samples, unit->sampler.count,
                                                     unit->sampler.passes_per_sample, &unit->stats, err);
    if (stats_status == TMK_OK) unit->status = TMK_POINT_OK;
    if (status == TMK_OK) status = stats_status;
  }
  if (is_local(state, status) || status == TMK_ERR_DEVICE) unit_fail(unit, err->message);
  if (is_local(state, status)) {
    tmk_run_unit_release(state, unit);
    status = TMK_OK;
    if (state->world != NULL) state->world->agreed = false;
  }
  return status;
}
