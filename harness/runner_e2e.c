/* runner_e2e.c: a request composed of steps at three contexts, and one that is executed outright to hold it against. */
#include <math.h>

#include "runner_parts.h"

struct tmk_e2e_parts tmk_e2e_split(int64_t input_len, int64_t output_len)
{
  struct tmk_e2e_parts parts = {0};
  if (output_len < 2) return parts;
  const int64_t first = input_len, last = input_len + output_len - 2, middle = first + (last - first) / 2;
  parts.contexts[parts.count++] = first;
  if (middle > first) parts.contexts[parts.count++] = middle;
  if (last > middle) parts.contexts[parts.count++] = last;
  for (int64_t context = first; context <= last; context++) {
    int k = parts.count > 2 && context > middle ? 1 : 0; /* between contexts[k] and contexts[k + 1] */
    if (k + 1 >= parts.count) {
      parts.weights[k] += 1;
      continue;
    }
    double share = (double)(context - parts.contexts[k]) / (double)(parts.contexts[k + 1] - parts.contexts[k]);
    parts.weights[k] += 1 - share;
    parts.weights[k + 1] += share;
  }
  return parts;
}

double tmk_e2e_composition_error(const struct tmk_e2e_parts *parts, const double step_ns[3])
{
  if (parts->count < 3) return NAN;
  double share = (double)(parts->contexts[1] - parts->contexts[0]) / (double)(parts->contexts[2] - parts->contexts[0]);
  double line_ns = step_ns[0] + (step_ns[2] - step_ns[0]) * share;
  return line_ns > 0 ? step_ns[1] / line_ns - 1 : NAN;
}

/* The e2e point that takes the least time; −1 if none was measured whole. */
static int find_cheapest(const struct tmk_run_state *state)
{
  int best = -1;
  for (int i = 0; i < state->point_count; i++) {
    const struct tmk_point *point = &state->result->points[i];
    if (point->workload.step.phase != TMK_PHASE_E2E || point->status != TMK_POINT_OK) continue;
    if (!(point->latency.e2e_ns > 0)) continue;
    if (best < 0 || point->latency.e2e_ns < state->result->points[best].latency.e2e_ns) best = i;
  }
  return best;
}

/* One pass of `workload`, alone: the time of the run only. Making the plan, preparing and resetting it stand outside: a
 * server has its graphs captured and its cache filled. */
static enum tmk_status run_once(struct tmk_run_state *state, const struct tmk_workload *workload, int64_t *time_ns,
                                struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_run_args *args = state->args;
  struct tmk_plan *plan = NULL;
  struct tmk_exec *exec = NULL;
  struct tmk_run_times times = {0};
  const struct tmk_plan_args plan_args = {
      .model = args->model, .workload = workload, .seed = args->seed, .act_dtype = state->device->info.act_dtype};
  TMK_TRY(tmk_plan_create(&plan_args, &plan, err));
  TMK_TRY(args->ops->prepare(args->backend, plan, &exec, err));
  TMK_TRY(args->ops->reset(exec, err));
  TMK_TRY(args->ops->run(exec, 1, &times, err));
  *time_ns += times.wall_ns;
out:
  args->ops->release(exec);
  tmk_plan_destroy(plan);
  return status;
}

enum tmk_status tmk_run_outright(struct tmk_run_state *state, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int index = find_cheapest(state);
  if (index < 0 || state->device->info.simulated || state->args->quick) return TMK_OK;
  const struct tmk_workload request = state->result->points[index].workload.step;
  const struct tmk_run_events *events = &state->args->events;
  struct tmk_workload step = request;
  int64_t time_ns = 0;
  step.phase = TMK_PHASE_PREFILL;
  step.output_len = 0;
  TMK_TRY(run_once(state, &step, &time_ns, err));
  step.phase = TMK_PHASE_DECODE;
  step.input_len = 0;
  for (int64_t i = 1; i < request.output_len; i++) {
    if (tmk_run_stopped(state)) TMK_TRY(tmk_fail(err, TMK_ERR_INTERRUPTED, "interrupted"));
    step.context = request.input_len + i - 1;
    TMK_TRY(run_once(state, &step, &time_ns, err));
    if (events->progress != NULL) {
      events->progress(events->context, "one e2e request outright", (double)i / (double)request.output_len, NAN);
    }
  }
  state->points[index].outright_ns = (double)time_ns;
  TMK_TRY(tmk_run_point_fill(state, index, err));
out:
  /* The composed figure stands without it. */
  return status == TMK_ERR_MEMORY ? TMK_OK : status;
}
