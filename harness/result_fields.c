/* result_fields.c: the tables of result_fields.h. Order is the order in the file. */
#include "result_fields.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "verdict.h"

/* --- names of enums --- */

#define NAMES(id, type, function, values)                                                                              \
  static const char *id##_name(int value)                                                                              \
  {                                                                                                                    \
    return function((type)value);                                                                                      \
  }                                                                                                                    \
  static const struct tmk_field_names id##_names = {id##_name, values}

NAMES(dtype, enum tmk_dtype, tmk_dtype_name, TMK_DTYPE_COUNT);
NAMES(op_kind, enum tmk_op_kind, tmk_op_kind_name, TMK_OP_KIND_COUNT);
NAMES(phase, enum tmk_phase, tmk_phase_name, TMK_PHASE_COUNT);
NAMES(point_type, enum tmk_point_type, tmk_point_type_name, TMK_POINT_TYPE_COUNT);
NAMES(provenance, enum tmk_provenance, tmk_provenance_name, TMK_PROV_COUNT);
NAMES(point_status, enum tmk_point_status, tmk_point_status_name, TMK_POINT_STATUS_COUNT);
NAMES(accounting, enum tmk_accounting, tmk_accounting_name, TMK_ACCT_COUNT);
NAMES(verdict_value, enum tmk_verdict_value, tmk_verdict_value_name, TMK_VERDICT_COUNT);
NAMES(bound, enum tmk_bound, tmk_bound_name, TMK_BOUND_COUNT);
NAMES(collective, enum tmk_collective, tmk_collective_name, TMK_COLL_COUNT);

static const char *family_name(int value)
{
  static const char *const names[] = {"llama",     "mistral", "qwen2",    "qwen3",      "mixtral",
                                      "qwen3_moe", "gpt_oss", "glm4_moe", "deepseek_v3"};
  _Static_assert(sizeof names / sizeof names[0] == TMK_FAMILY_COUNT, "a name for every family");
  return names[value];
}
static const struct tmk_field_names family_names = {family_name, TMK_FAMILY_COUNT};

static const char *rope_scaling_name(int value)
{
  static const char *const names[] = {"none", "linear", "llama3", "yarn"};
  return names[value];
}
static const struct tmk_field_names rope_scaling_names = {rope_scaling_name, TMK_ROPE_YARN + 1};

/* --- rows. S is the struct a table is of; a name behind the type ends in _N where null is allowed --- */

#define SIZE_OF(member) sizeof(((S *)NULL)->member)
#define FIELD(text, kind, member)                                                                                      \
  .name = text, .type = TMK_FIELD_##kind, .offset = offsetof(S, member), .size = SIZE_OF(member)
#define INT(text, member, low, high)                                                                                   \
  {                                                                                                                    \
    FIELD(text, INT, member), .min = (low), .max = (high)                                                              \
  }
#define COUNT(text, member) INT(text, member, 0, TMK_FIELD_MAX_INT)
#define COUNT_N(text, member)                                                                                          \
  {                                                                                                                    \
    FIELD(text, INT, member), .nullable = true, .max = TMK_FIELD_MAX_INT                                               \
  }
#define REAL_N(text, member)                                                                                           \
  {                                                                                                                    \
    FIELD(text, REAL, member), .nullable = true, .max = DBL_MAX                                                        \
  }
#define SIGNED_N(text, member)                                                                                         \
  {                                                                                                                    \
    FIELD(text, REAL, member), .nullable = true, .min = -DBL_MAX, .max = DBL_MAX                                       \
  }
#define REAL(text, member)                                                                                             \
  {                                                                                                                    \
    FIELD(text, REAL, member), .min = -DBL_MAX, .max = DBL_MAX                                                         \
  }
#define BOOL(text, member)                                                                                             \
  {                                                                                                                    \
    FIELD(text, BOOL, member)                                                                                          \
  }
#define TRISTATE_N(text, member)                                                                                       \
  {                                                                                                                    \
    FIELD(text, TRISTATE, member), .nullable = true                                                                    \
  }
#define STRING(text, member)                                                                                           \
  {                                                                                                                    \
    FIELD(text, STRING, member)                                                                                        \
  }
#define STRING_N(text, member)                                                                                         \
  {                                                                                                                    \
    FIELD(text, STRING, member), .nullable = true                                                                      \
  }
#define ENUM(text, member, of)                                                                                         \
  {                                                                                                                    \
    FIELD(text, ENUM, member), .names = &of##_names                                                                    \
  }
#define ENUM_SOME(text, member, of)                                                                                    \
  {                                                                                                                    \
    FIELD(text, ENUM, member), .min = 1, .names = &of##_names                                                          \
  } /* not 0, "none" */
#define ENUM_N(text, member, of)                                                                                       \
  {                                                                                                                    \
    FIELD(text, ENUM, member), .nullable = true, .min = 1, .names = &of##_names                                        \
  }
#define OBJECT(text, member, of)                                                                                       \
  {                                                                                                                    \
    FIELD(text, OBJECT, member), .object = &of##_object                                                                \
  }
#define PART(text, of)                                                                                                 \
  {                                                                                                                    \
    .name = text, .type = TMK_FIELD_OBJECT, .object = &of##_object                                                     \
  } /* of the same S */
#define RATES(text, member)                                                                                            \
  {                                                                                                                    \
    FIELD(text, RATES, member), .max = DBL_MAX                                                                         \
  }
#define TABLE(of, absent, start)                                                                                       \
  static const struct tmk_field_object of##_object = {of##_fields, sizeof of##_fields / sizeof of##_fields[0], absent, \
                                                      start}

/* --- who and where --- */

#define S struct tmk_result
static const struct tmk_field tool_fields[] = {
    STRING("version", tool_version),
    STRING_N("git_revision", git_revision),
    STRING_N("build", build),
};
TABLE(tool, NULL, NULL);

static const struct tmk_field settings_fields[] = {
    {FIELD("seed", SEED, settings.seed)},
    COUNT_N("threads", settings.threads),
    COUNT_N("rounds", settings.rounds),
    COUNT_N("time_budget_ns", settings.time_budget_ns),
    STRING_N("suite", settings.suite),
    STRING_N("gemm_provider", settings.gemm_provider),
    ENUM_N("act_dtype", settings.act_dtype, dtype),
};
TABLE(settings, NULL, NULL);
#undef S

#define S struct tmk_host_info
static const struct tmk_field host_fields[] = {
    STRING_N("hostname", hostname),
    STRING_N("os", os),
    STRING_N("kernel", kernel),
    STRING_N("arch", arch),
    STRING_N("cpu", cpu),
    COUNT_N("cpus_online", cpus_online),
    COUNT_N("cpus_allowed", cpus_allowed),
    COUNT_N("memory_bytes", memory_bytes),
    REAL_N("cgroup_cpu_quota", cgroup_cpu_quota),
    STRING_N("governor", governor),
    STRING_N("virtualization", virtualization),
    REAL_N("load_start", load_start),
    REAL_N("load_end", load_end),
};
TABLE(host, NULL, NULL);
#undef S

/* --- devices --- */

#define S struct tmk_device_info
static const struct tmk_field info_fields[] = {
    STRING("backend", backend),
    STRING("name", name),
    STRING_N("slug", slug),
    STRING_N("gpu_id", gpu_id),
    BOOL("is_cpu", is_cpu),
    BOOL("simulated", simulated),
    COUNT_N("index", index),
    COUNT_N("memory_bytes", memory_bytes),
    COUNT_N("memory_free_bytes", memory_free_bytes),
    COUNT_N("llc_bytes", llc_bytes),
    ENUM_N("act_dtype", act_dtype, dtype),
    {FIELD("math_dtype", DTYPE_MAP, math_dtype)},
    {FIELD("kv_dtypes", DTYPE_SET, kv_dtype)},
    COUNT_N("min_sample_ns", min_sample_ns),
    STRING_N("isa", isa),
    STRING_N("cpus", cpus),
    COUNT_N("threads", threads),
    COUNT_N("cores", cores),
    COUNT_N("sockets", sockets),
    COUNT_N("numa_nodes", numa_nodes),
    STRING_N("pages", pages),
    COUNT_N("simd_lanes_f32", simd_lanes_f32),
    COUNT_N("fma_ports", fma_ports),
    REAL_N("clock_max_hz", clock_max_hz),
    REAL_N("clock_now_hz", clock_now_hz),
    COUNT_N("compute_capability", compute_capability),
    COUNT_N("sm_count", sm_count),
    STRING_N("driver_version", driver_version),
    STRING_N("runtime_version", runtime_version),
    STRING_N("pci_bus_id", pci_bus_id),
    STRING_N("uuid", uuid),
    TRISTATE_N("ecc_on", ecc_on),
    TRISTATE_N("mig_on", mig_on),
    REAL_N("power_limit_w", power_limit_w),
};
TABLE(info, NULL, NULL);
#undef S

#define S struct tmk_ceilings
static const struct tmk_field ceilings_fields[] = {
    REAL_N("read_bytes_per_s", read_bytes_per_s),
    REAL_N("copy_bytes_per_s", copy_bytes_per_s),
    RATES("flops_per_s", flops_per_s),
    REAL_N("clock_hz", clock_hz),
    INT("repeats", repeats, 0, INT32_MAX),
    STRING_N("read_pattern", read_pattern),
    STRING_N("copy_pattern", copy_pattern),
    STRING_N("flops_pattern", flops_pattern),
};
TABLE(ceilings, NULL, NULL);
#undef S

#define S struct tmk_ceiling_reading
static const struct tmk_field reading_fields[] = {
    INT("round", round, -1, 1e9),
    OBJECT("ceilings", ceilings, ceilings),
};
static void reading_init(void *base)
{
  tmk_ceilings_init(&((struct tmk_ceiling_reading *)base)->ceilings);
}
TABLE(reading, NULL, reading_init);
#undef S

#define S struct tmk_device_result
static const struct tmk_field datasheet_fields[] = {
    REAL_N("read_bytes_per_s", datasheet_read_bytes_per_s),
    RATES("flops_per_s", datasheet_flops_per_s),
};
TABLE(datasheet, NULL, NULL);

static const struct tmk_field device_fields[] = {
    OBJECT("info", info, info),
    OBJECT("ceilings", ceilings, ceilings),
    PART("datasheet", datasheet),
    {.name = "readings",
     .type = TMK_FIELD_ARRAY,
     .offset = offsetof(S, readings),
     .count_offset = offsetof(S, reading_count),
     .size = sizeof(struct tmk_ceiling_reading),
     .max_count = 100000,
     .object = &reading_object},
    REAL_N("drift", drift),
};
static void device_init(void *base)
{
  struct tmk_device_result *device = base;
  tmk_device_info_init(&device->info);
  tmk_ceilings_init(&device->ceilings);
  device->datasheet_read_bytes_per_s = device->drift = NAN;
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) device->datasheet_flops_per_s[i] = NAN;
}
TABLE(device, NULL, device_init);
#undef S

/* --- model --- */

#define S struct tmk_rope
static const struct tmk_field rope_fields[] = {
    REAL("theta", theta),
    ENUM("scaling", scaling, rope_scaling),
    REAL("factor", factor),
    REAL("low_freq_factor", low_freq_factor),
    REAL("high_freq_factor", high_freq_factor),
    REAL("beta_fast", beta_fast),
    REAL("beta_slow", beta_slow),
    REAL("mscale", mscale),
    REAL("mscale_all_dim", mscale_all_dim),
    REAL("attention_factor", attention_factor),
    COUNT("original_max_position_embeddings", original_max_position_embeddings),
    COUNT("rotary_dim", rotary_dim),
};
TABLE(rope, NULL, NULL);
#undef S

#define S struct tmk_moe
static const struct tmk_field moe_fields[] = {
    INT("experts", experts, 1, TMK_FIELD_MAX_INT),   COUNT("experts_per_token", experts_per_token),
    COUNT("intermediate_size", intermediate_size),   COUNT("shared_experts", shared_experts),
    COUNT("first_dense_layers", first_dense_layers),
};
static bool is_dense(const void *base)
{
  return ((const struct tmk_moe *)base)->experts == 0;
}
TABLE(moe, is_dense, NULL);
#undef S

#define S struct tmk_mla
static const struct tmk_field mla_fields[] = {
    COUNT("q_lora_rank", q_lora_rank),
    INT("kv_lora_rank", kv_lora_rank, 1, TMK_FIELD_MAX_INT),
    COUNT("qk_nope_head_dim", qk_nope_head_dim),
    COUNT("qk_rope_head_dim", qk_rope_head_dim),
    COUNT("v_head_dim", v_head_dim),
};
static bool is_ordinary_attention(const void *base)
{
  return ((const struct tmk_mla *)base)->kv_lora_rank == 0;
}
TABLE(mla, is_ordinary_attention, NULL);
#undef S

#define S struct tmk_result
static const struct tmk_field model_fields[] = {
    STRING("name", model.name),
    STRING_N("architecture", model.architecture),
    ENUM("family", model.family, family),
    COUNT("vocab_size", model.vocab_size),
    COUNT("hidden_size", model.hidden_size),
    COUNT("num_hidden_layers", model.num_hidden_layers),
    COUNT("num_attention_heads", model.num_attention_heads),
    COUNT("num_key_value_heads", model.num_key_value_heads),
    COUNT("head_dim", model.head_dim),
    COUNT("intermediate_size", model.intermediate_size),
    COUNT("max_position_embeddings", model.max_position_embeddings),
    COUNT("sliding_window", model.sliding_window),
    COUNT("sliding_window_period", model.sliding_window_period),
    BOOL("tie_word_embeddings", model.tie_word_embeddings),
    BOOL("qkv_bias", model.qkv_bias),
    BOOL("o_bias", model.o_bias),
    BOOL("mlp_bias", model.mlp_bias),
    BOOL("qk_norm", model.qk_norm),
    BOOL("attention_sinks", model.attention_sinks),
    REAL("rms_norm_eps", model.rms_norm_eps),
    OBJECT("rope", model.rope, rope),
    OBJECT("moe", model.moe, moe),
    OBJECT("mla", model.mla, mla),
    ENUM_N("stored_dtype", model.stored_dtype, dtype),
    COUNT_N("parameters", model_parameters),
    COUNT_N("active_parameters", model_active_parameters),
    COUNT_N("weight_bytes", model_weight_bytes),
    COUNT_N("kv_bytes_per_token", model_kv_bytes_per_token),
};
static bool has_no_model(const void *base)
{
  return ((const struct tmk_result *)base)->model.name[0] == '\0';
}
TABLE(model, has_no_model, NULL);
#undef S

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
    COUNT("batch", batch),
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

static const struct tmk_field_object *workload_object(const void *point)
{
  switch (((const struct tmk_point *)point)->type) {
  case TMK_POINT_OP: return &op_object;
  case TMK_POINT_COMM: return &comm_object;
  case TMK_POINT_STEP:
  case TMK_POINT_SCALE:
  case TMK_POINT_TYPE_COUNT: break;
  }
  return &step_object;
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
/* tmk_point_rate() is NAN for what failed, was skipped, is INVALID or simulated: such a point has no throughput at all. */
static bool has_no_throughput(const void *base)
{
  return !isfinite(tmk_point_rate(base));
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

/* --- points and the whole --- */

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
TABLE(point, NULL, point_init);
#undef S

#define S struct tmk_result
static const struct tmk_field result_fields[] = {
    PART("tool", tool),
    STRING("run_id", run_id),
    STRING("start_utc", start_utc),
    STRING_N("end_utc", end_utc),
    BOOL("complete", complete),
    STRING("command_line", command_line),
    {.name = "environment",
     .type = TMK_FIELD_ENVIRONMENT,
     .offset = offsetof(S, environment),
     .count_offset = offsetof(S, environment_count),
     .max_count = 1000},
    OBJECT("host", host, host),
    {.name = "devices",
     .type = TMK_FIELD_ARRAY,
     .offset = offsetof(S, devices),
     .count_offset = offsetof(S, device_count),
     .size = sizeof(struct tmk_device_result),
     .max_count = 100000,
     .object = &device_object},
    PART("model", model),
    PART("settings", settings),
    {.name = "points",
     .type = TMK_FIELD_ARRAY,
     .offset = offsetof(S, points),
     .count_offset = offsetof(S, point_count),
     .size = sizeof(struct tmk_point),
     .max_count = 100000,
     .object = &point_object},
};
#undef S
const struct tmk_field_object tmk_result_fields = {result_fields, sizeof result_fields / sizeof result_fields[0], NULL,
                                                   NULL};

int64_t tmk_field_load_int(const void *at, size_t size)
{
  int64_t wide;
  int32_t narrow;
  if (size == sizeof wide) {
    memcpy(&wide, at, sizeof wide);
    return wide;
  }
  memcpy(&narrow, at, sizeof narrow);
  return narrow;
}

void tmk_field_store_int(void *at, size_t size, int64_t value)
{
  int32_t narrow = (int32_t)value;
  if (size == sizeof value) {
    memcpy(at, &value, sizeof value);
  } else {
    memcpy(at, &narrow, sizeof narrow);
  }
}
