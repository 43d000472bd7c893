/* out_llama_bench.c: a point as llama-bench's JSON Lines have it.
 *
 * llama-bench works on one sequence, so only batch 1 has a test there:
 *   decode  at context C  tg1 @ dC: one token with C in the cache
 *   prefill of I tokens   ppI
 *   e2e     I/O           ppI+tg(O−1): the prefill gives the first of the O output tokens, O − 1 steps give the others
 * Its rate counts n_prompt + n_gen tokens, its averages are means over repetitions: so they are here. Its options that tokmark
 * has no counterpart of stand as llama-bench writes them where they are off: compare-llama-bench.py joins on them, and a null
 * equals nothing in SQL. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "out_export.h"

struct test {
  int64_t n_prompt, n_gen, n_depth;
  double tokens;
  double *times_ns; /* owned: of each repetition */
  int64_t count;
  double avg_ns, stddev_ns, avg_ts, stddev_ts;
};

static bool is_step(const struct tmk_point *point)
{
  return point->type == TMK_POINT_STEP || point->type == TMK_POINT_SCALE;
}

/* Of one pass. What was only reported may have a rate and no time. */
static double pass_ns(const struct tmk_point *point)
{
  const struct tmk_latency *latency = &point->latency;
  if (point->stats.mean_ns > 0) return point->stats.mean_ns;
  if (point->stats.median_ns > 0) return point->stats.median_ns;
  switch (point->workload.step.phase) {
  case TMK_PHASE_DECODE: return latency->tpot_ns > 0 ? latency->tpot_ns : 1e9 / point->throughput.output_tokens_per_s;
  case TMK_PHASE_PREFILL: return latency->ttft_ns;
  default: return latency->e2e_ns;
  }
}

bool tmk_export_llama_bench_takes(const struct tmk_point *point)
{
  return is_step(point) && point->workload.step.batch == 1 && pass_ns(point) > 0 && isfinite(pass_ns(point));
}

/* Sample standard deviation, 0 for a single value, as llama-bench has it. */
static void mean_of(const double *values, int64_t count, double *mean, double *deviation)
{
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; i++) sum += values[i];
  *mean = sum / (double)count;
  for (int64_t i = 0; i < count; i++) squares += (values[i] - *mean) * (values[i] - *mean);
  *deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
}

static enum tmk_status test_init(struct test *test, const struct tmk_point *point, struct tmk_error *err)
{
  const struct tmk_workload *workload = &point->workload.step;
  *test = (struct test){.stddev_ns = NAN, .stddev_ts = NAN};
  switch (workload->phase) {
  case TMK_PHASE_DECODE:
    test->n_gen = 1;
    test->n_depth = workload->context;
    break;
  case TMK_PHASE_PREFILL: test->n_prompt = workload->input_len; break;
  default: test->n_prompt = workload->input_len; test->n_gen = workload->output_len > 0 ? workload->output_len - 1 : 0;
  }
  test->tokens = (double)test->n_prompt + (double)test->n_gen;
  test->avg_ns = pass_ns(point);
  test->avg_ts = test->tokens * 1e9 / test->avg_ns;
  if (point->sample_count == 0 || point->passes_per_sample == 0) return TMK_OK;
  double *rates = malloc((size_t)point->sample_count * sizeof *rates);
  test->times_ns = malloc((size_t)point->sample_count * sizeof *test->times_ns);
  if (!rates || !test->times_ns) {
    free(rates);
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the output");
  }
  bool whole = true;
  for (int64_t i = 0; i < point->sample_count; i++) {
    test->times_ns[i] = (double)point->samples[i].time_ns / (double)point->passes_per_sample;
    whole = whole && test->times_ns[i] > 0;
    rates[i] = test->tokens * 1e9 / test->times_ns[i];
  }
  test->count = whole ? point->sample_count : 0;
  if (whole) {
    mean_of(test->times_ns, test->count, &test->avg_ns, &test->stddev_ns);
    mean_of(rates, test->count, &test->avg_ts, &test->stddev_ts);
  }
  free(rates);
  return TMK_OK;
}

static void put_machine(struct tmk_json_writer *w, const struct tmk_result *result)
{
  const struct tmk_device_info *info = result->device_count > 0 ? &result->devices[0].info : NULL;
  tmk_json_put_string(w, "build_commit", result->git_revision);
  tmk_json_put_int(w, "build_number", 0);
  tmk_json_put_string(w, "cpu_info", info && info->is_cpu ? info->name : result->host.cpu);
  tmk_json_put_string(w, "gpu_info", info && !info->is_cpu ? info->name : "");
  tmk_json_put_string(w, "backends", info ? info->backend : "");
}

static void put_model(struct tmk_json_writer *w, const struct tmk_result *result, const struct tmk_workload *workload)
{
  char type[128];
  const bool known = strcmp(result->model.name, workload->model) == 0;
  snprintf(type, sizeof type, "%s %s", workload->model, tmk_dtype_name(workload->weight_dtype));
  tmk_json_put_string(w, "model_filename", workload->model);
  tmk_json_put_string(w, "model_type", type);
  tmk_json_put_int(w, "model_size",
                   known ? tmk_model_weight_bytes(&result->model, workload->weight_dtype) : TMK_UNKNOWN);
  tmk_json_put_int(w, "model_n_params", known ? result->model_parameters : TMK_UNKNOWN);
}

static void put_options(struct tmk_json_writer *w, const struct tmk_result *result, const struct tmk_workload *workload)
{
  const struct tmk_device_info *info = result->device_count > 0 ? &result->devices[0].info : NULL;
  const bool is_gpu = info && !info->is_cpu;
  int64_t threads = info && info->is_cpu ? info->threads : TMK_UNKNOWN;
  if (threads == TMK_UNKNOWN) threads = result->settings.threads != TMK_UNKNOWN ? result->settings.threads : 0;
  tmk_json_put_int(w, "n_batch", workload->prefill_chunk);
  tmk_json_put_int(w, "n_ubatch", workload->prefill_chunk);
  tmk_json_put_int(w, "n_threads", threads);
  tmk_json_put_string(w, "cpu_mask", "0x0");
  tmk_json_put_bool(w, "cpu_strict", false);
  tmk_json_put_int(w, "poll", 0);
  tmk_json_put_string(w, "type_k", tmk_dtype_name(workload->kv_dtype));
  tmk_json_put_string(w, "type_v", tmk_dtype_name(workload->kv_dtype));
  tmk_json_put_int(w, "n_gpu_layers", is_gpu ? 99 : 0); /* its way to say all */
  tmk_json_put_int(w, "n_cpu_moe", 0);
  tmk_json_put_string(w, "split_mode", workload->layout.tp > 1 ? "row" : workload->layout.pp > 1 ? "layer" : "none");
  tmk_json_put_int(w, "main_gpu", is_gpu && info->index != TMK_UNKNOWN ? info->index : 0);
  tmk_json_put_bool(w, "no_kv_offload", false);
  tmk_json_put_int(w, "flash_attn", -1); /* its way to say that nothing was asked for */
  tmk_json_put_string(w, "devices", "auto");
  tmk_json_put_string(w, "tensor_split", "0.00");
  tmk_json_put_string(w, "tensor_buft_overrides", "none");
  tmk_json_put_bool(w, "use_mmap", false);
  tmk_json_put_string(w, "load_mode", "none");
  tmk_json_put_bool(w, "embeddings", false);
  tmk_json_put_int(w, "no_op_offload", 0);
  tmk_json_put_bool(w, "no_host", false);
}

static void put_times(struct tmk_json_writer *w, const struct test *test)
{
  tmk_json_put_real(w, "avg_ns", round(test->avg_ns));
  tmk_json_put_real(w, "stddev_ns", round(test->stddev_ns));
  tmk_json_put_real(w, "avg_ts", test->avg_ts);
  tmk_json_put_real(w, "stddev_ts", test->stddev_ts);
  tmk_json_begin_array(w, "samples_ns");
  for (int64_t i = 0; i < test->count; i++) tmk_json_put_real(w, NULL, round(test->times_ns[i]));
  tmk_json_end_array(w);
  tmk_json_begin_array(w, "samples_ts");
  for (int64_t i = 0; i < test->count; i++) tmk_json_put_real(w, NULL, test->tokens * 1e9 / test->times_ns[i]);
  tmk_json_end_array(w);
}

/* The writer's text in one line: strings hold no raw line ends, so what follows one is indentation. */
static void print_line(FILE *out, const char *text)
{
  for (bool indents = false; *text; text++) {
    if (*text == '\n') indents = true;
    if (*text == '\n' || (indents && *text == ' ')) continue;
    indents = false;
    putc(*text, out);
  }
  putc('\n', out);
}

enum tmk_status tmk_export_llama_bench(FILE *out, const struct tmk_result *result, const struct tmk_point *point,
                                       struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct test test;
  char *text = NULL;
  size_t size;
  struct tmk_json_writer *w = NULL;
  TMK_TRY(test_init(&test, point, err));
  w = tmk_json_writer_create();
  if (!w) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the output"));
  tmk_json_begin_object(w, NULL);
  put_machine(w, result);
  put_model(w, result, &point->workload.step);
  put_options(w, result, &point->workload.step);
  tmk_json_put_int(w, "n_prompt", test.n_prompt);
  tmk_json_put_int(w, "n_gen", test.n_gen);
  tmk_json_put_int(w, "n_depth", test.n_depth);
  tmk_json_put_string(w, "test_time", result->start_utc);
  put_times(w, &test);
  tmk_export_put_origin(w, point);
  tmk_json_end_object(w);
  TMK_TRY(tmk_json_finish(w, &text, &size, err));
  print_line(out, text);
out:
  free(test.times_ns);
  free(text);
  return status;
}
