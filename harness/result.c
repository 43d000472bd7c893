/* result.c: names, starting values and ownership of a result; the one rule for what a point's rate is. */
#include "tokmark/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const point_types[] = {"step", "op", "comm", "scale"};
static const char *const provenances[] = {"measured", "composed", "extrapolated", "predicted", "reported", "simulated"};
static const char *const point_statuses[] = {"ok", "skipped", "failed"};
static const char *const accountings[] = {"none", "output", "input", "total"};
static const char *const verdict_values[] = {"none", "VALID", "SUSPECT", "INVALID"};
static const char *const bounds[] = {"none", "memory", "compute", "comm", "cache"};

static const char *const scalings[] = {"none", "strong", "weak"};

#define CHECK_NAMES(names, count) _Static_assert(sizeof(names) / sizeof(names)[0] == (count), "a name for every value")
CHECK_NAMES(point_types, TMK_POINT_TYPE_COUNT);
CHECK_NAMES(provenances, TMK_PROV_COUNT);
CHECK_NAMES(point_statuses, TMK_POINT_STATUS_COUNT);
CHECK_NAMES(accountings, TMK_ACCT_COUNT);
CHECK_NAMES(verdict_values, TMK_VERDICT_COUNT);
CHECK_NAMES(bounds, TMK_BOUND_COUNT);
CHECK_NAMES(scalings, TMK_SCALING_COUNT);

static const char *name_at(const char *const *names, unsigned count, unsigned value)
{
  return value < count ? names[value] : "?";
}

/* `count` if there is none of that name. */
static unsigned find_name(const char *const *names, unsigned count, const char *name)
{
  unsigned i = 0;
  while (i < count && strcmp(names[i], name) != 0) i++;
  return i;
}

#define DEFINE_NAMES(function, type, names, count)                                                                     \
  const char *function##_name(type v)                                                                                  \
  {                                                                                                                    \
    return name_at(names, count, (unsigned)v);                                                                         \
  }                                                                                                                    \
  type function##_from_name(const char *name)                                                                          \
  {                                                                                                                    \
    return (type)find_name(names, count, name);                                                                        \
  }                                                                                                                    \
  _Static_assert(1, "")

DEFINE_NAMES(tmk_point_type, enum tmk_point_type, point_types, TMK_POINT_TYPE_COUNT);
DEFINE_NAMES(tmk_provenance, enum tmk_provenance, provenances, TMK_PROV_COUNT);
DEFINE_NAMES(tmk_point_status, enum tmk_point_status, point_statuses, TMK_POINT_STATUS_COUNT);
DEFINE_NAMES(tmk_accounting, enum tmk_accounting, accountings, TMK_ACCT_COUNT);
DEFINE_NAMES(tmk_verdict_value, enum tmk_verdict_value, verdict_values, TMK_VERDICT_COUNT);
DEFINE_NAMES(tmk_bound, enum tmk_bound, bounds, TMK_BOUND_COUNT);

const char *tmk_scaling_name(enum tmk_scaling scaling)
{
  return name_at(scalings, TMK_SCALING_COUNT, (unsigned)scaling);
}

void tmk_point_init(struct tmk_point *point)
{
  memset(point, 0, sizeof *point); /* type step, measured, ok; no samples; counts 0 */
  point->workload.step.layout = (struct tmk_layout){.tp = 1, .pp = 1, .dp = 1, .rank = 0, .microbatches = 1};
  point->workload.step.prefill_chunk = TMK_PREFILL_CHUNK_DEFAULT;
  point->bytes_needed = TMK_UNKNOWN;

  struct tmk_stats *stats = &point->stats;
  stats->median_ns = stats->mean_ns = stats->min_ns = stats->max_ns = NAN;
  stats->p25_ns = stats->p75_ns = stats->p90_ns = stats->p99_ns = NAN;
  stats->ci_low_ns = stats->ci_high_ns = stats->ci_level = stats->relative_iqr = NAN;

  struct tmk_throughput *rate = &point->throughput;
  rate->devices = TMK_UNKNOWN;
  rate->input_tokens_per_s = rate->output_tokens_per_s = rate->total_tokens_per_s = NAN;
  rate->output_tokens_per_s_per_device = rate->output_tokens_per_s_per_user = NAN;
  rate->ci_low_tokens_per_s = rate->ci_high_tokens_per_s = NAN;

  struct tmk_latency *latency = &point->latency;
  latency->ttft_ns = latency->tpot_ns = latency->e2e_ns = NAN;
  latency->composition_error = latency->outright_e2e_ns = NAN;

  struct tmk_limit_result *limit = &point->limit;
  limit->flops = limit->bytes = limit->comm_bytes = limit->time_ns = limit->ops_sum_ns = NAN;
  limit->share.datasheet = limit->share.measured = limit->share.held = NAN;

  struct tmk_energy *energy = &point->energy;
  energy->joules = energy->bracket_s = energy->mean_power_w = energy->joules_per_output_token = NAN;
  point->verify.worst_ratio = NAN;

  struct tmk_comm_result *comm = &point->comm;
  comm->root = comm->wrong = TMK_UNKNOWN;
  struct tmk_scale_result *scale = &point->scale;
  scale->ranks = scale->base_ranks = 1;
  scale->speedup = scale->efficiency = scale->efficiency_ci_low = scale->efficiency_ci_high = NAN;
  scale->ideal_ns = scale->alone_mean_ns = scale->alone_max_ns = NAN;
  scale->lost_shapes = scale->lost_stragglers = scale->lost_communication = NAN;
  comm->algbw_bytes_per_s = comm->busbw_bytes_per_s = NAN;
}

void tmk_point_free(struct tmk_point *point)
{
  if (!point) return;
  free(point->samples);
  free(point->ops);
  free(point->gemms);
  free(point->comm.ranks);
  free(point->ranks);
  point->samples = NULL;
  point->ops = NULL;
  point->gemms = NULL;
  point->comm.ranks = point->ranks = NULL;
  point->comm.rank_count = point->rank_count = 0;
  point->sample_count = point->op_count = point->gemm_count = 0;
}

void tmk_result_init(struct tmk_result *result)
{
  memset(result, 0, sizeof *result);
  memcpy(result->schema_version, TMK_RESULT_SCHEMA_VERSION, sizeof TMK_RESULT_SCHEMA_VERSION);
  struct tmk_host_info *host = &result->host;
  host->cpus_online = host->cpus_allowed = host->memory_bytes = TMK_UNKNOWN;
  host->cgroup_cpu_quota = host->load_start = host->load_end = NAN;
  result->model_parameters = result->model_active_parameters = TMK_UNKNOWN;
  result->model_weight_bytes = result->model_kv_bytes_per_token = TMK_UNKNOWN;
  result->settings.threads = result->settings.rounds = result->settings.time_budget_ns = TMK_UNKNOWN;
}

void tmk_result_free(struct tmk_result *result)
{
  if (!result) return;
  for (int64_t i = 0; result->points && i < result->point_count; i++) tmk_point_free(&result->points[i]);
  for (int64_t i = 0; result->devices && i < result->device_count; i++) free(result->devices[i].readings);
  free(result->points);
  free(result->devices);
  free(result->environment);
  free(result->comm_fits);
  result->comm_fits = NULL;
  result->comm_fit_count = 0;
  result->points = NULL;
  result->devices = NULL;
  result->environment = NULL;
  result->point_count = result->device_count = result->environment_count = 0;
}

const struct tmk_point *tmk_result_find(const struct tmk_result *result, const char *key)
{
  for (int64_t i = 0; i < result->point_count; i++) {
    if (strcmp(result->points[i].key, key) == 0) return &result->points[i];
  }
  return NULL;
}

double tmk_point_rate(const struct tmk_point *point)
{
  if (point->status != TMK_POINT_OK || point->provenance == TMK_PROV_SIMULATED) return NAN;
  if (point->verdict.value == TMK_VERDICT_INVALID) return NAN;
  switch (point->throughput.accounting) {
  case TMK_ACCT_OUTPUT: return point->throughput.output_tokens_per_s;
  case TMK_ACCT_INPUT: return point->throughput.input_tokens_per_s;
  case TMK_ACCT_TOTAL: return point->throughput.total_tokens_per_s;
  case TMK_ACCT_NONE:
  case TMK_ACCT_COUNT: break;
  }
  return NAN;
}
