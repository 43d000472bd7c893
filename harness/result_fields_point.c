/* result_fields_point.c: the tables of result_fields.h for a point: its workload, by type, and what was found. */
#include <math.h>

#include "result_field_rows.h"

NAMES(dtype, enum tmk_dtype, tmk_dtype_name, TMK_DTYPE_COUNT);
NAMES(op_kind, enum tmk_op_kind, tmk_op_kind_name, TMK_OP_KIND_COUNT);
NAMES(phase, enum tmk_phase, tmk_phase_name, TMK_PHASE_COUNT);
NAMES(point_type, enum tmk_point_type, tmk_point_type_name, TMK_POINT_TYPE_COUNT);
NAMES(provenance, enum tmk_provenance, tmk_provenance_name, TMK_PROV_COUNT);
NAMES(point_status, enum tmk_point_status, tmk_point_status_name, TMK_POINT_STATUS_COUNT);
NAMES(accounting, enum tmk_accounting, tmk_accounting_name, TMK_ACCT_COUNT);
NAMES(verdict_value, enum tmk_verdict_value, tmk_verdict_value_name, TMK_VERDICT_COUNT);
NAMES(bound, enum tmk_bound, tmk_bound_name, TMK_BOUND_COUNT);
NAMES(scaling, enum tmk_scaling, tmk_scaling_name, TMK_SCALING_COUNT);
NAMES(collective, enum tmk_collective, tmk_collective_name, TMK_COLL_COUNT);

/* --- workloads, one table a type of point --- */

#define S struct tmk_layout
static const struct tmk_field layout_fields[] = {
    INT("tp", tp, 1, INT32_MAX),
    INT("pp", pp, 1, INT32_MAX),
    INT("dp", dp, 1, INT32_MAX),
    INT("rank", rank, 0, INT32_MAX),
    INT("microbatches", microbatches, 1, INT32_MAX),
};
TABLE(layout, NULL, NULL);
#undef S

#define S struct tmk_workload
static const struct tmk_field step_fields[] = {
    STRING("model", model),
    ENUM("phase", phase, phase),
    INT("batch", batch, 1, TMK_FIELD_MAX_INT),
    COUNT("input_len", input_len),
    COUNT("output_len", output_len),
    COUNT("context", context),
    COUNT("prefill_chunk", prefill_chunk),
    COUNT("layers_held", layers_held),
    ENUM_SOME("weight_dtype", weight_dtype, dtype),
    ENUM_SOME("kv_dtype", kv_dtype, dtype),
    OBJECT("layout", layout, layout),
};
TABLE(step, NULL, NULL);
#undef S

#define S struct tmk_op_workload
static const struct tmk_field op_fields[] = {
    ENUM("op", op, op_kind),
    ENUM_N("weight_dtype", weight_dtype, dtype),
    ENUM_N("kv_dtype", kv_dtype, dtype),
    COUNT_N("m", m),
    COUNT_N("n", n),
    COUNT_N("k", k),
    COUNT_N("rows", rows),
    COUNT_N("hidden", hidden),
    COUNT_N("seqs", seqs),
    COUNT_N("q_len", q_len),
    COUNT_N("past", past),
    COUNT_N("heads_q", heads_q),
    COUNT_N("heads_kv", heads_kv),
    COUNT_N("head_dim", head_dim),
    COUNT_N("window", window),
};
TABLE(op, NULL, NULL);
#undef S

#define S struct tmk_comm_workload
static const struct tmk_field comm_fields[] = {
    ENUM("collective", collective, collective), ENUM_SOME("dtype", dtype, dtype), COUNT("bytes", bytes),
    INT("ranks", ranks, 1, INT32_MAX),          BOOL("in_place", in_place),
};
TABLE(comm, NULL, NULL);
#undef S

const struct tmk_field_object *const tmk_workload_fields[TMK_POINT_TYPE_COUNT] = {
    [TMK_POINT_STEP] = &step_object,
    [TMK_POINT_OP] = &op_object,
    [TMK_POINT_COMM] = &comm_object,
    [TMK_POINT_SCALE] = &step_object,
};

static const struct tmk_field_object *workload_object(const void *point)
{
  return tmk_workload_fields[((const struct tmk_point *)point)->type];
}

/* --- what was found at a point --- */

#define S struct tmk_verdict
static const struct tmk_field verdict_fields[] = {
    ENUM_N("value", value, verdict_value),
    {FIELD("codes", CODES, codes)},
};
TABLE(verdict, NULL, NULL);
#undef S

#define S struct tmk_stats
static const struct tmk_field stats_fields[] = {
    COUNT("count", count),
    REAL_N("median_ns", median_ns),
    REAL_N("mean_ns", mean_ns),
    REAL_N("min_ns", min_ns),
    REAL_N("max_ns", max_ns),
    REAL_N("p25_ns", p25_ns),
    REAL_N("p75_ns", p75_ns),
    REAL_N("p90_ns", p90_ns),
    REAL_N("p99_ns", p99_ns),
    REAL_N("ci_low_ns", ci_low_ns),
    REAL_N("ci_high_ns", ci_high_ns),
    REAL_N("ci_level", ci_level),
    REAL_N("relative_iqr", relative_iqr),
    COUNT("outliers", outliers),
};
static bool has_no_stats(const void *base)
{
  const struct tmk_stats *stats = base;
  return stats->count == 0 && !isfinite(stats->median_ns);
}
TABLE(stats, has_no_stats, NULL);
#undef S

#define S struct tmk_point
static const struct tmk_field throughput_fields[] = {
    ENUM_SOME("accounting", throughput.accounting, accounting),
    INT("devices", throughput.devices, 1, TMK_FIELD_MAX_INT),
    REAL_N("input_tokens_per_s", throughput.input_tokens_per_s),
    REAL_N("output_tokens_per_s", throughput.output_tokens_per_s),
    REAL_N("total_tokens_per_s", throughput.total_tokens_per_s),
    REAL_N("output_tokens_per_s_per_device", throughput.output_tokens_per_s_per_device),
    REAL_N("output_tokens_per_s_per_user", throughput.output_tokens_per_s_per_user),
    REAL_N("ci_low_tokens_per_s", throughput.ci_low_tokens_per_s),
    REAL_N("ci_high_tokens_per_s", throughput.ci_high_tokens_per_s),
};
/* tmk_point_rate() is NAN for what failed, was skipped, is INVALID or simulated: such a point has no throughput at all. One of
 * an operation or a collective has no tokens. */
static bool has_no_throughput(const void *base)
{
  const struct tmk_point *point = base;
  return !isfinite(tmk_point_rate(point)) || point->type == TMK_POINT_OP || point->type == TMK_POINT_COMM;
}
TABLE(throughput, has_no_throughput, NULL);
#undef S

#define S struct tmk_latency
static const struct tmk_field latency_fields[] = {
    REAL_N("ttft_ns", ttft_ns),
    REAL_N("tpot_ns", tpot_ns),
    REAL_N("e2e_ns", e2e_ns),
    SIGNED_N("composition_error", composition_error),
    REAL_N("outright_e2e_ns", outright_e2e_ns),
};
static bool has_no_latency(const void *base)
{
  const struct tmk_latency *latency = base;
  return !isfinite(latency->ttft_ns) && !isfinite(latency->tpot_ns) && !isfinite(latency->e2e_ns) &&
         !isfinite(latency->composition_error) && !isfinite(latency->outright_e2e_ns);
}
TABLE(latency, has_no_latency, NULL);
#undef S

#define S struct tmk_share
static const struct tmk_field share_fields[] = {
    REAL_N("datasheet", datasheet),
    REAL_N("measured", measured),
    REAL_N("held", held),
};
TABLE(share, NULL, NULL);
#undef S

#define S struct tmk_limit_result
static const struct tmk_field limit_fields[] = {
    REAL_N("flops", flops),        REAL_N("bytes", bytes),           REAL_N("comm_bytes", comm_bytes),
    REAL_N("time_ns", time_ns),    REAL_N("ops_sum_ns", ops_sum_ns), ENUM_N("bound", bound, bound),
    OBJECT("share", share, share),
};
static bool has_no_limit(const void *base)
{
  const struct tmk_limit_result *limit = base;
  return !isfinite(limit->flops) && !isfinite(limit->bytes) && !isfinite(limit->comm_bytes) &&
         !isfinite(limit->time_ns) && !isfinite(limit->ops_sum_ns) && limit->bound == TMK_BOUND_NONE &&
         !isfinite(limit->share.datasheet) && !isfinite(limit->share.measured) && !isfinite(limit->share.held);
}
TABLE(limit, has_no_limit, NULL);
#undef S

#define S struct tmk_energy
static const struct tmk_field energy_fields[] = {
    REAL_N("joules", joules),
    REAL_N("bracket_s", bracket_s),
    REAL_N("mean_power_w", mean_power_w),
    REAL_N("joules_per_output_token", joules_per_output_token),
    STRING_N("source", source),
};
static bool has_no_energy(const void *base)
{
  const struct tmk_energy *energy = base;
  return !isfinite(energy->joules) && !isfinite(energy->bracket_s) && !isfinite(energy->mean_power_w) &&
         !isfinite(energy->joules_per_output_token) && energy->source[0] == '\0';
}
TABLE(energy, has_no_energy, NULL);
#undef S

#define S struct tmk_verify_result
static const struct tmk_field verify_fields[] = {
    COUNT("ops_checked", ops_checked),
    COUNT("ops_failed", ops_failed),
    COUNT("elements_checked", elements_checked),
    REAL_N("worst_ratio", worst_ratio),
    STRING_N("worst_op", worst_op),
    BOOL("replay_matched", replay_matched),
    COUNT("replay_checked", replay_checked),
};
static bool has_no_verify(const void *base)
{
  const struct tmk_verify_result *verify = base;
  return verify->ops_checked == 0 && verify->replay_checked == 0;
}
TABLE(verify, has_no_verify, NULL);
#undef S

#define S struct tmk_op_time
static const struct tmk_field op_time_fields[] = {
    STRING("label", label),       ENUM("kind", kind, op_kind), COUNT("count", count),  REAL_N("time_ns", time_ns),
    REAL_N("limit_ns", limit_ns), REAL_N("flops", flops),      REAL_N("bytes", bytes),
};
static void op_time_init(void *base)
{
  struct tmk_op_time *op = base;
  op->time_ns = op->limit_ns = op->flops = op->bytes = NAN;
}
TABLE(op_time, NULL, op_time_init);
#undef S

#define S struct tmk_gemm_result
static const struct tmk_field gemm_fields[] = {
    STRING("label", label),
    INT("m", m, 1, TMK_FIELD_MAX_INT),
    INT("n", n, 1, TMK_FIELD_MAX_INT),
    INT("k", k, 1, TMK_FIELD_MAX_INT),
    STRING("provider", provider),
    REAL_N("tokmark_ns", tokmark_ns),
    REAL_N("vendor_ns", vendor_ns),
};
static void gemm_init(void *base)
{
  struct tmk_gemm_result *gemm = base;
  gemm->tokmark_ns = gemm->vendor_ns = NAN;
}
TABLE(gemm, NULL, gemm_init);
#undef S

#define S struct tmk_comm_rank
static const struct tmk_field comm_rank_fields[] = {
    COUNT("rank", rank),       STRING("host", host),
    COUNT_N("device", device), REAL_N("median_ns", median_ns),
    REAL_N("max_ns", max_ns),  COUNT("times_slowest", times_slowest),
};
static void comm_rank_init(void *base)
{
  struct tmk_comm_rank *rank = base;
  rank->device = TMK_UNKNOWN;
  rank->median_ns = rank->max_ns = NAN;
}
TABLE(comm_rank, NULL, comm_rank_init);
#undef S

#define S struct tmk_comm_result
static const struct tmk_field comm_result_fields[] = {
    COUNT("count", count),
    STRING_N("redop", redop),
    COUNT_N("root", root),
    STRING("mode", mode),
    STRING_N("transport", transport),
    REAL_N("algbw_bytes_per_s", algbw_bytes_per_s),
    REAL_N("busbw_bytes_per_s", busbw_bytes_per_s),
    BOOL("wire_estimated", wire_estimated),
    COUNT_N("wrong", wrong),
    {.name = "ranks",
     .type = TMK_FIELD_ARRAY,
     .nullable = true,
     .offset = offsetof(S, ranks),
     .count_offset = offsetof(S, rank_count),
     .size = sizeof(struct tmk_comm_rank),
     .max_count = 100000,
     .object = &comm_rank_object},
};
static bool has_no_comm(const void *base)
{
  return ((const struct tmk_comm_result *)base)->mode[0] == '\0';
}
TABLE(comm_result, has_no_comm, NULL);
#undef S

#define S struct tmk_scale_result
static const struct tmk_field scale_fields[] = {
    ENUM_SOME("scaling", scaling, scaling),
    INT("ranks", ranks, 1, INT32_MAX),
    INT("base_ranks", base_ranks, 1, INT32_MAX),
    REAL_N("speedup", speedup),
    REAL_N("efficiency", efficiency),
    REAL_N("efficiency_ci_low", efficiency_ci_low),
    REAL_N("efficiency_ci_high", efficiency_ci_high),
    REAL_N("ideal_ns", ideal_ns),
    REAL_N("alone_mean_ns", alone_mean_ns),
    REAL_N("alone_max_ns", alone_max_ns),
    SIGNED_N("lost_shapes", lost_shapes),
    SIGNED_N("lost_stragglers", lost_stragglers),
    SIGNED_N("lost_communication", lost_communication),
};
static bool has_no_scale(const void *base)
{
  return ((const struct tmk_scale_result *)base)->scaling == TMK_SCALING_NONE;
}
TABLE(scale, has_no_scale, NULL);
#undef S

/* --- the point --- */

#define S struct tmk_point
#define COLUMN(text, member, first, low)                                                                               \
  {                                                                                                                    \
    .name = text, .type = TMK_FIELD_COLUMN, .offset = offsetof(S, samples), .count_offset = offsetof(S, sample_count), \
    .size = sizeof(struct tmk_sample), .max_count = 1000000, .member_offset = offsetof(struct tmk_sample, member),     \
    .member_size = sizeof(((struct tmk_sample *)NULL)->member), .leads = first, .max = low                             \
  }

static const struct tmk_field point_fields[] = {
    ENUM("type", type, point_type),
    STRING("key", key),
    {FIELD("workload", OBJECT, workload), .pick = workload_object},
    ENUM("provenance", provenance, provenance),
    ENUM("status", status, point_status),
    STRING_N("reason", reason),
    OBJECT("verdict", verdict, verdict),
    PART("throughput", throughput),
    OBJECT("latency", latency, latency),
    OBJECT("stats", stats, stats),
    OBJECT("limit", limit, limit),
    OBJECT("energy", energy, energy),
    OBJECT("verify", verify, verify),
    {.name = "ops",
     .type = TMK_FIELD_ARRAY,
     .nullable = true,
     .offset = offsetof(S, ops),
     .count_offset = offsetof(S, op_count),
     .size = sizeof(struct tmk_op_time),
     .max_count = 100000,
     .object = &op_time_object},
    {.name = "gemms",
     .type = TMK_FIELD_ARRAY,
     .nullable = true,
     .since = 1,
     .offset = offsetof(S, gemms),
     .count_offset = offsetof(S, gemm_count),
     .size = sizeof(struct tmk_gemm_result),
     .max_count = 100000,
     .object = &gemm_object},
    {FIELD("comm", OBJECT, comm), .since = 2, .object = &comm_result_object},
    {FIELD("scale", OBJECT, scale), .since = 3, .object = &scale_object},
    {.name = "ranks",
     .type = TMK_FIELD_ARRAY,
     .nullable = true,
     .since = 3,
     .offset = offsetof(S, ranks),
     .count_offset = offsetof(S, rank_count),
     .size = sizeof(struct tmk_comm_rank),
     .max_count = 100000,
     .object = &comm_rank_object},
    COUNT_N("bytes_needed", bytes_needed),
    COUNT("warmup_samples", warmup_samples),
    COUNT("steps_per_sample", passes_per_sample),
    COLUMN("samples_ns", time_ns, true, TMK_FIELD_MAX_INT),
    COLUMN("wall_ns", wall_ns, false, TMK_FIELD_MAX_INT),
    COLUMN("sample_rounds", round, false, 1e9),
};
static void point_init(void *base)
{
  tmk_point_init(base);
}
const struct tmk_field_object tmk_point_fields = {point_fields, sizeof point_fields / sizeof point_fields[0], NULL,
                                                  point_init};
#undef S
