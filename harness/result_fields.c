/* result_fields.c: the tables of result_fields.h for the run, its devices and its model. Order is the order in the file. */
#include <math.h>
#include <string.h>

#include "result_field_rows.h"

NAMES(dtype, enum tmk_dtype, tmk_dtype_name, TMK_DTYPE_COUNT);
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
    REAL_SINCE(1, "power_default_w", power_default_w),
    REAL_SINCE(1, "clock_set_hz", clock_set_hz),
    REAL_SINCE(1, "clock_default_hz", clock_default_hz),
    REAL_SINCE(1, "memory_clock_hz", memory_clock_hz),
    REAL_SINCE(1, "memory_clock_max_hz", memory_clock_max_hz),
    STRING_SINCE(1, "clock_reasons", clock_reasons),
    TRISTATE_SINCE(1, "persistence_on", persistence_on),
    COUNT_SINCE(1, "ecc_errors", ecc_errors),
    COUNT_SINCE(1, "pcie_generation", pcie_generation),
    COUNT_SINCE(1, "pcie_generation_max", pcie_generation_max),
    COUNT_SINCE(1, "pcie_width", pcie_width),
    COUNT_SINCE(1, "pcie_width_max", pcie_width_max),
    COUNT_SINCE(1, "nvlinks", nvlinks),
    COUNT_SINCE(1, "other_processes", other_processes),
    STRING_SINCE(1, "gemm_library", gemm_library),
    COUNT_SINCE(3, "numa_node", numa_node),
    STRING_SINCE(3, "local_cpus", local_cpus),
    STRING_SINCE(3, "nics", nics),
};
TABLE(info, NULL, NULL);
#undef S

#define S struct tmk_ceilings
static const struct tmk_field ceilings_fields[] = {
    REAL_N("read_bytes_per_s", read_bytes_per_s),
    REAL_N("copy_bytes_per_s", copy_bytes_per_s),
    RATES("flops_per_s", flops_per_s),
    REAL_SINCE(3, "comm_bytes_per_s", comm_bytes_per_s),
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
    BOOL("yarn_untruncated", yarn_untruncated),
    COUNT("original_max_position_embeddings", original_max_position_embeddings),
    COUNT("rotary_dim", rotary_dim),
};
TABLE(rope, NULL, NULL);
#undef S

#define S struct tmk_moe
static const struct tmk_field moe_fields[] = {
    INT("experts", experts, 1, TMK_FIELD_MAX_INT),   COUNT("experts_per_token", experts_per_token),
    COUNT("intermediate_size", intermediate_size),   COUNT("shared_experts", shared_experts),
    COUNT("first_dense_layers", first_dense_layers), BOOL("router_bias", router_bias),
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
    STRING_N("quantization", model.quantization),
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

/* --- collectives --- */

#define S struct tmk_comm_fit
static const struct tmk_field comm_fit_fields[] = {
    ENUM("collective", collective, collective),
    ENUM_SOME("dtype", dtype, dtype),
    INT("ranks", ranks, 1, INT32_MAX),
    BOOL("in_place", in_place),
    STRING("mode", mode),
    COUNT("sizes", sizes),
    SIGNED_N("alpha_ns", alpha_ns),
    SIGNED_N("beta_ns_per_byte", beta_ns_per_byte),
    REAL_N("residual", residual),
    REAL_N("plateau_bytes_per_s", plateau_bytes_per_s),
    COUNT_N("plateau_from_bytes", plateau_from_bytes),
    COUNT_N("plateau_to_bytes", plateau_to_bytes),
};
static void comm_fit_init(void *base)
{
  struct tmk_comm_fit *fit = base;
  fit->alpha_ns = fit->beta_ns_per_byte = fit->residual = fit->plateau_bytes_per_s = NAN;
  fit->plateau_from_bytes = fit->plateau_to_bytes = TMK_UNKNOWN;
}
TABLE(comm_fit, NULL, comm_fit_init);
#undef S

/* --- the whole --- */

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
     .object = &tmk_point_fields},
    {.name = "comm_fits",
     .type = TMK_FIELD_ARRAY,
     .nullable = true,
     .since = 2,
     .offset = offsetof(S, comm_fits),
     .count_offset = offsetof(S, comm_fit_count),
     .size = sizeof(struct tmk_comm_fit),
     .max_count = 100000,
     .object = &comm_fit_object},
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
