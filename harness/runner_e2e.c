/* runner_e2e.c: a request composed of steps at three contexts, and one that is executed outright to hold it against. */
#include <math.h>

#include "roofline.h"
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

int tmk_e2e_passes(const struct tmk_workload *workload, struct tmk_workload passes[4], double weights[4])
{
  int count = 0;
  struct tmk_workload part = *workload;
  weights[count] = 1;
  passes[count++] = part;
  if (workload->phase != TMK_PHASE_E2E) return count;
  const struct tmk_e2e_parts parts = tmk_e2e_split(workload->input_len, workload->output_len);
  passes[0].phase = TMK_PHASE_PREFILL;
  passes[0].output_len = 0;
  part.phase = TMK_PHASE_DECODE;
  part.input_len = part.output_len = 0;
  for (int k = 0; k < parts.count; k++) {
    part.context = parts.contexts[k];
    weights[count] = parts.weights[k];
    passes[count++] = part;
  }
  return count;
}

double tmk_e2e_composition_error(int64_t input_len, int64_t output_len, const double step_ns[3])
{
  const struct tmk_e2e_parts parts = tmk_e2e_split(input_len, output_len);
  if (parts.count < 3) return NAN;
  double share = (double)(parts.contexts[1] - parts.contexts[0]) / (double)(parts.contexts[2] - parts.contexts[0]);
  double line_ns = step_ns[0] + (step_ns[2] - step_ns[0]) * share;
  return line_ns > 0 ? step_ns[1] / line_ns - 1 : NAN;
}

struct tmk_limit_result tmk_e2e_compose_limit(const struct tmk_limit_result *limits, const double *weights,
                                              const double *times_ns, int count)
{
  struct tmk_limit_result sum = {0};
  double bound_ns[TMK_BOUND_COUNT] = {0}, total_ns = 0;
  bool cache = false;
  if (count == 1) return limits[0];
  for (int i = 0; i < count; i++) total_ns += weights[i] * times_ns[i];
  for (int i = 0; i < count; i++) {
    const struct tmk_limit_result *of = &limits[i];
    const double of_total = weights[i] * times_ns[i] / total_ns;
    sum.flops += weights[i] * of->flops;
    sum.bytes += weights[i] * of->bytes;
    sum.comm_bytes += weights[i] * of->comm_bytes;
    sum.time_ns += weights[i] * of->time_ns;
    sum.ops_sum_ns += weights[i] * of->ops_sum_ns;
    bound_ns[of->bound] += weights[i] * of->time_ns;
    cache = cache || of->bound == TMK_BOUND_CACHE;
    sum.share.datasheet += of->share.datasheet * of_total;
    sum.share.measured += of->share.measured * of_total;
    sum.share.held += of->share.held * of_total;
  }
  for (int i = 0; i < TMK_BOUND_COUNT; i++) {
    if (bound_ns[i] > bound_ns[sum.bound]) sum.bound = (enum tmk_bound)i;
  }
  if (cache) sum.bound = TMK_BOUND_CACHE;
  return sum;
}

enum tmk_status tmk_run_estimate(const struct tmk_run_args *args, const struct tmk_device_result *device,
                                 const struct tmk_workload *workload, struct tmk_limit_result *limit,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_workload passes[4];
  struct tmk_limit_result limits[4];
  double weights[4] = {1}, times_ns[4] = {NAN, NAN, NAN, NAN};
  const int count = tmk_e2e_passes(workload, passes, weights);
  struct tmk_plan *plan = NULL;
  for (int i = 0; i < count; i++) {
    const struct tmk_plan_args plan_args = {
        .model = args->model, .workload = &passes[i], .seed = args->seed, .act_dtype = device->info.act_dtype};
    TMK_TRY(tmk_plan_create(&plan_args, &plan, err));
    limits[i] = tmk_limit_plan(plan, device, NAN, NAN);
    tmk_plan_destroy(plan);
    plan = NULL;
  }
  *limit = tmk_e2e_compose_limit(limits, weights, times_ns, count);
out:
  tmk_plan_destroy(plan);
  return status;
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
  if (index < 0 || state->device->info.simulated || state->args->quick || state->args->alone) return TMK_OK;
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
    TMK_TRY(tmk_run_check_stop(state, err));
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
