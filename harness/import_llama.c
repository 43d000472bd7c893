/* import_llama.c: a row of llama-bench's JSON or JSON Lines as a point.
 *
 *   pp P        prefill of one prompt of P tokens
 *   tg N @ d D  decode of one sequence at context D + N/2: its N steps have D … D + N − 1 tokens in the cache, on average
 *               D + (N − 1)/2. A sample is N steps
 *   pp P+tg N   e2e of P / N + 1 tokens: the prefill gives the first output token, N steps the others
 * A prompt behind a context (pp @ d) has no counterpart. Tokens/s follow from the times, as in a run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

#define UTC_SIZE sizeof "2026-11-22T02:11:50Z"

struct row {
  int64_t n_prompt, n_gen, n_depth, n_batch, n_ubatch, n_threads, n_gpu_layers, n_cpu_moe, parameters, build_number;
  int64_t avg_ns;
  bool embeddings;
  char model_type[256], filename[4096], type_k[32], type_v[32], split_mode[32], overrides[1024];
  char cpu[256], gpu[2048], backends[256], devices[1024], commit[64], test_time[64];
  int64_t *samples_ns; /* owned */
  int64_t sample_count;
};

/* --- reading --- */

static bool is_utc(const char *text)
{
  static const char form[] = "0000-00-00T00:00:00Z";
  if (strlen(text) != sizeof form - 1) return false;
  for (size_t i = 0; form[i]; i++) {
    if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return false;
  }
  return true;
}

static enum tmk_status read_numbers(struct tmk_json v, struct row *row, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t most = INT32_MAX;
  const struct {
    const char *name;
    int64_t min, max, fallback, *out;
  } members[] = {
      {"n_depth", 0, most, 0, &row->n_depth},
      {"n_batch", 1, most, 2048, &row->n_batch},
      {"n_ubatch", 1, most, 512, &row->n_ubatch},
      {"n_threads", 0, most, TMK_UNKNOWN, &row->n_threads},
      {"n_gpu_layers", -most, most, 99, &row->n_gpu_layers},
      {"n_cpu_moe", 0, most, 0, &row->n_cpu_moe},
      {"model_n_params", 0, INT64_MAX, TMK_UNKNOWN, &row->parameters},
      {"build_number", 0, most, 0, &row->build_number},
      {"avg_ns", 1, INT64_MAX, TMK_UNKNOWN, &row->avg_ns},
  };
  TMK_TRY(tmk_json_int(tmk_json_get(v, "n_prompt"), 0, most, &row->n_prompt, err));
  TMK_TRY(tmk_json_int(tmk_json_get(v, "n_gen"), 0, most, &row->n_gen, err));
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
    TMK_TRY(tmk_json_int_or(tmk_json_get(v, members[i].name), members[i].min, members[i].max, members[i].fallback,
                            members[i].out, err));
  }
  TMK_TRY(tmk_json_bool_or(tmk_json_get(v, "embeddings"), false, &row->embeddings, err));
out:
  return status;
}

static enum tmk_status read_texts(struct tmk_json v, struct row *row, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json test_time = tmk_json_get(v, "test_time");
  const struct {
    const char *name, *fallback;
    char *out;
    size_t size;
  } members[] = {
      {"model_filename", "", row->filename, sizeof row->filename},
      {"type_k", "f16", row->type_k, sizeof row->type_k},
      {"type_v", "f16", row->type_v, sizeof row->type_v},
      {"split_mode", "layer", row->split_mode, sizeof row->split_mode},
      {"tensor_buft_overrides", "none", row->overrides, sizeof row->overrides},
      {"cpu_info", "", row->cpu, sizeof row->cpu},
      {"gpu_info", "", row->gpu, sizeof row->gpu},
      {"backends", "", row->backends, sizeof row->backends},
      {"devices", "auto", row->devices, sizeof row->devices},
      {"build_commit", "", row->commit, sizeof row->commit},
      {"test_time", "", row->test_time, sizeof row->test_time},
  };
  TMK_TRY(tmk_json_string(tmk_json_get(v, "model_type"), row->model_type, sizeof row->model_type, err));
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
    TMK_TRY(tmk_json_string_or(tmk_json_get(v, members[i].name), members[i].fallback, members[i].out, members[i].size,
                               err));
  }
  if (row->test_time[0] && !is_utc(row->test_time)) {
    TMK_TRY(tmk_json_fail(test_time, err, "\"%s\": must be like 2026-11-22T02:11:50Z", row->test_time));
  }
out:
  return status;
}

static enum tmk_status read_samples(struct tmk_json v, struct row *row, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json samples = tmk_json_get(v, "samples_ns");
  if (!tmk_json_is_null(samples) && !tmk_json_is_array(samples)) {
    TMK_TRY(tmk_json_fail(samples, err, "must be an array of integers"));
  }
  const int64_t count = tmk_json_count(samples);
  if (count > 1000000) TMK_TRY(tmk_json_fail(samples, err, "has %lld elements: at most 1000000", (long long)count));
  if (count == 0 && row->avg_ns == TMK_UNKNOWN) {
    TMK_TRY(tmk_json_fail(samples, err, "is missing or empty, and so is avg_ns: one of them must be there"));
  }
  row->samples_ns = calloc((size_t)(count > 0 ? count : 1), sizeof *row->samples_ns);
  if (!row->samples_ns) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld samples", (long long)count));
  for (struct tmk_json s = tmk_json_first(samples); !tmk_json_is_missing(s); s = tmk_json_next(s)) {
    TMK_TRY(tmk_json_int(s, 1, INT64_MAX, &row->samples_ns[row->sample_count], err));
    row->sample_count++;
  }
out:
  return status;
}

/* --- the machine --- */

/* Parts between `separator`, at most 64. */
static int64_t count_parts(const char *text, const char *separator)
{
  int64_t count = 1;
  for (const char *at = text; (at = strstr(at, separator)) != NULL && count < 64; at += strlen(separator)) count++;
  return count;
}

/* Its GPUs stand in gpu_info with ", " between them, whatever was used of them. */
static int64_t device_count(const struct row *row)
{
  if (row->gpu[0] == '\0' || strcmp(row->split_mode, "none") == 0) return 1;
  const bool chosen = row->devices[0] && strcmp(row->devices, "auto") != 0;
  return chosen ? count_parts(row->devices, "/") : count_parts(row->gpu, ", ");
}

static enum tmk_status set_machine(struct tmk_import *import, const struct row *row, char why[256],
                                   struct tmk_error *err)
{
  const bool is_cpu = row->gpu[0] == '\0' || strcmp(row->backends, "CPU") == 0;
  const int64_t count = is_cpu ? 1 : device_count(row);
  char name[128], runtime[64];
  struct tmk_device_result *devices = calloc((size_t)count, sizeof *devices);
  if (!devices) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld devices", (long long)count);
  snprintf(runtime, sizeof runtime, "llama.cpp b%lld ", (long long)row->build_number);
  tmk_import_copy(runtime + strlen(runtime), 13, row->commit, strlen(row->commit));
  const char *at = is_cpu ? row->cpu : row->gpu;
  for (int64_t i = 0; i < count; i++) {
    const char *end = is_cpu ? NULL : strstr(at, ", ");
    struct tmk_device_info *info = &devices[i].info;
    tmk_import_copy(name, sizeof name, at, end ? (size_t)(end - at) : strlen(at));
    tmk_import_device_init(&devices[i], is_cpu ? "cpu" : row->backends, name, is_cpu, row->n_threads);
    info->index = i;
    tmk_import_copy(info->runtime_version, sizeof info->runtime_version, runtime, strlen(runtime));
    if (end) at = end + 2;
  }
  tmk_import_machine(import, devices, count, why);
  return TMK_OK;
}

/* Why a row is of no whole machine, or not of a machine that this knows; "" if it is. */
static void check_machine(const struct row *row, char why[256])
{
  const bool is_cpu = row->gpu[0] == '\0' || strcmp(row->backends, "CPU") == 0;
  if (!is_cpu && row->n_gpu_layers == 0) {
    snprintf(why, 256, "n_gpu_layers 0 with backend %.80s: both CPU and GPU may have worked", row->backends);
  } else if (row->n_cpu_moe > 0) {
    snprintf(why, 256, "n_cpu_moe %lld: both CPU and GPU worked", (long long)row->n_cpu_moe);
  } else if (row->overrides[0] && strcmp(row->overrides, "none") != 0) {
    snprintf(why, 256, "tensor_buft_overrides \"%.80s\": must be none", row->overrides);
  } else if (row->embeddings) {
    snprintf(why, 256, "embeddings true: no tokens are generated");
  }
}

/* --- the point --- */

static void set_layout(const struct row *row, const struct tmk_import *import, struct tmk_workload *workload,
                       char why[256])
{
  const int count = (int)import->result->device_count;
  if (count <= 1) return;
  if (strcmp(row->split_mode, "layer") == 0) {
    workload->layout.pp = count;
  } else if (strcmp(row->split_mode, "row") == 0 || strcmp(row->split_mode, "tensor") == 0) {
    workload->layout.tp = count;
  } else {
    snprintf(why, 256, "split_mode \"%.20s\" over %d devices: must be layer, row or tensor", row->split_mode, count);
  }
}

static enum tmk_dtype kv_dtype_of(const struct row *row, char why[256])
{
  static const enum tmk_dtype taken[] = {TMK_DTYPE_F32, TMK_DTYPE_F16, TMK_DTYPE_BF16};
  for (size_t i = 0; i < sizeof taken / sizeof taken[0] && strcmp(row->type_k, row->type_v) == 0; i++) {
    if (strcmp(row->type_k, tmk_dtype_name(taken[i])) == 0) return taken[i];
  }
  snprintf(why, 256, "type_k %s, type_v %s: must be the same, and f32, f16 or bf16", row->type_k, row->type_v);
  return TMK_DTYPE_NONE;
}

static void set_workload(const struct row *row, const struct tmk_import *import, struct tmk_workload *workload,
                         char why[256])
{
  workload->batch = 1;
  if (row->n_prompt == 0 && row->n_gen == 0) {
    snprintf(why, 256, "n_prompt 0 and n_gen 0: no tokens");
  } else if (row->n_prompt > 0 && row->n_depth > 0) {
    snprintf(why, 256, "n_prompt %lld at n_depth %lld: a prefill starts from an empty cache here",
             (long long)row->n_prompt, (long long)row->n_depth);
  } else if (row->n_prompt == 0) {
    workload->phase = TMK_PHASE_DECODE;
    workload->context = row->n_depth + row->n_gen / 2;
  } else {
    workload->phase = row->n_gen > 0 ? TMK_PHASE_E2E : TMK_PHASE_PREFILL;
    workload->input_len = row->n_prompt;
    workload->output_len = row->n_gen > 0 ? row->n_gen + 1 : 0;
    /* A chunk that holds the whole prompt is no chunk. */
    if (row->n_prompt > row->n_ubatch) workload->prefill_chunk = row->n_ubatch;
  }
  if (why[0] == '\0') workload->weight_dtype = tmk_import_weight_dtype(row->model_type, why);
  if (why[0] == '\0') workload->kv_dtype = kv_dtype_of(row, why);
  if (why[0] == '\0') {
    tmk_import_model_name(import, row->model_type, row->filename, row->parameters, workload->model, why);
  }
}

static void set_rates(struct tmk_point *point, int64_t devices)
{
  const struct tmk_workload *workload = &point->workload.step;
  struct tmk_throughput *rate = &point->throughput;
  const double pass_ns = point->stats.median_ns;
  int64_t input, output;
  tmk_workload_tokens(workload, &input, &output);
  const bool prefill = workload->phase == TMK_PHASE_PREFILL;
  const double counted = (double)(prefill ? input : output);
  rate->accounting = prefill ? TMK_ACCT_INPUT : TMK_ACCT_OUTPUT;
  rate->devices = devices;
  rate->ci_low_tokens_per_s = counted * 1e9 / point->stats.ci_high_ns;
  rate->ci_high_tokens_per_s = counted * 1e9 / point->stats.ci_low_ns;
  if (workload->phase != TMK_PHASE_DECODE) rate->input_tokens_per_s = (double)input * 1e9 / pass_ns;
  if (prefill) point->latency.ttft_ns = pass_ns;
  if (prefill) return;
  rate->output_tokens_per_s = (double)output * 1e9 / pass_ns;
  rate->output_tokens_per_s_per_device = rate->output_tokens_per_s / (double)devices;
  if (workload->phase == TMK_PHASE_DECODE) {
    point->latency.tpot_ns = pass_ns;
    rate->output_tokens_per_s_per_user = 1e9 / pass_ns;
  } else { /* where the prompt ended is not in the file: no TTFT, no TPOT */
    point->latency.e2e_ns = pass_ns;
    rate->total_tokens_per_s = rate->input_tokens_per_s + rate->output_tokens_per_s;
  }
}

static enum tmk_status set_times(const struct row *row, struct tmk_point *point, int64_t devices, struct tmk_error *err)
{
  const int64_t passes = point->workload.step.phase == TMK_PHASE_DECODE ? row->n_gen : 1;
  enum tmk_status status = TMK_OK;
  if (row->sample_count > 0) {
    TMK_TRY(tmk_import_sample(point, row->samples_ns, row->sample_count, passes, err));
  } else { /* only the mean is known: of it as of one sample */
    TMK_TRY(tmk_import_sample(point, &row->avg_ns, 1, passes, err));
  }
  set_rates(point, devices);
out:
  return status;
}

static void set_run(struct tmk_import *import, const struct row *row)
{
  struct tmk_result *result = import->result;
  if (!import->source) {
    import->source = "llama-bench";
    result->settings.threads = row->n_threads;
    tmk_import_copy(result->host.cpu, sizeof result->host.cpu, row->cpu, strlen(row->cpu));
    if (row->test_time[0]) {
      memcpy(result->start_utc, row->test_time, UTC_SIZE);
      memcpy(result->end_utc, row->test_time, UTC_SIZE);
    }
  }
  if (row->test_time[0] && strcmp(row->test_time, result->start_utc) < 0) {
    memcpy(result->start_utc, row->test_time, UTC_SIZE);
  }
  if (row->test_time[0] && strcmp(row->test_time, result->end_utc) > 0) {
    memcpy(result->end_utc, row->test_time, UTC_SIZE);
  }
}

static enum tmk_status add_row(struct tmk_import *import, const struct row *row, char why[256], struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_point point;
  tmk_point_init(&point);
  check_machine(row, why);
  if (why[0] == '\0') set_workload(row, import, &point.workload.step, why);
  if (why[0] == '\0') TMK_TRY(set_machine(import, row, why, err));
  if (why[0] == '\0') set_layout(row, import, &point.workload.step, why);
  if (why[0] != '\0') goto out;
  point.provenance = TMK_PROV_REPORTED;
  tmk_workload_key(&point.workload.step, point.key);
  TMK_TRY(set_times(row, &point, import->result->device_count, err));
  TMK_TRY(tmk_import_add(import, &point, why, err));
  if (why[0] == '\0') set_run(import, row);
  return TMK_OK;
out:
  tmk_point_free(&point);
  return status;
}

enum tmk_status tmk_import_llama_row(struct tmk_import *import, struct tmk_json v, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char why[256] = "";
  struct row row = {.samples_ns = NULL};
  if (!tmk_json_is_object(v)) TMK_TRY(tmk_json_fail(v, err, "must be an object: a test of llama-bench"));
  TMK_TRY(read_numbers(v, &row, err));
  TMK_TRY(read_texts(v, &row, err));
  TMK_TRY(read_samples(v, &row, err));
  import->rows++;
  TMK_TRY(add_row(import, &row, why, err));
  if (why[0] != '\0') tmk_import_refuse(import, v, why);
out:
  free(row.samples_ns);
  return status;
}
