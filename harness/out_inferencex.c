/* out_inferencex.c: an e2e point as a record of InferenceX (InferenceMAX before): rates a GPU, times in seconds, and
 * interactivity, which is 1 / TPOT: output tokens a second of one user. Its tput_per_gpu counts input and output tokens. */
#include <math.h>

#include "out_export.h"

static void put_seconds(struct tmk_json_writer *json, const char *mean, const char *median, double value)
{
  if (!isfinite(value)) return;
  tmk_json_put_real(json, mean, value);
  tmk_json_put_real(json, median, value);
}

static const char *precision_of(enum tmk_dtype dtype)
{
  return dtype == TMK_DTYPE_NVFP4 || dtype == TMK_DTYPE_MXFP4 ? "fp4" : tmk_dtype_name(dtype);
}

void tmk_export_inferencex(struct tmk_json_writer *json, const struct tmk_result *result, const struct tmk_point *point)
{
  const struct tmk_workload *workload = &point->workload.step;
  const struct tmk_throughput *rate = &point->throughput;
  const struct tmk_latency *latency = &point->latency;
  const struct tmk_device_info *info = result->device_count > 0 ? &result->devices[0].info : NULL;
  const double devices = rate->devices > 0 ? (double)rate->devices : 1;
  const char *hardware = !info ? "" : info->gpu_id[0] ? info->gpu_id : info->slug[0] ? info->slug : info->name;
  tmk_json_begin_object(json, NULL);
  tmk_json_put_string(json, "hw", hardware);
  tmk_json_put_int(json, "conc", workload->batch);
  tmk_json_put_null(json, "image"); /* no container, no model family of theirs: the keys are needed */
  tmk_json_put_string(json, "model", workload->model);
  tmk_json_put_null(json, "infmax_model_prefix");
  tmk_json_put_string(json, "framework", "tokmark");
  tmk_json_put_string(json, "precision", precision_of(workload->weight_dtype));
  tmk_json_put_string(json, "spec_decoding", "none");
  tmk_json_put_bool(json, "disagg", false);
  tmk_json_put_int(json, "isl", workload->input_len);
  tmk_json_put_int(json, "osl", workload->output_len);
  tmk_json_put_bool(json, "is_multinode", false);
  tmk_json_put_int(json, "tp", workload->layout.tp);
  tmk_json_put_int(json, "pp", workload->layout.pp);
  tmk_json_put_int(json, "dp", workload->layout.dp);
  tmk_json_put_int(json, "ep", 1);
  tmk_json_put_string(json, "dp_attention", "false");
  tmk_json_put_real(json, "tput_per_gpu", rate->total_tokens_per_s / devices);
  tmk_json_put_real(json, "output_tput_per_gpu", rate->output_tokens_per_s / devices);
  tmk_json_put_real(json, "input_tput_per_gpu", rate->input_tokens_per_s / devices);
  put_seconds(json, "mean_ttft", "median_ttft", latency->ttft_ns / 1e9);
  put_seconds(json, "mean_tpot", "median_tpot", latency->tpot_ns / 1e9);
  put_seconds(json, "mean_intvty", "median_intvty", latency->tpot_ns > 0 ? 1e9 / latency->tpot_ns : NAN);
  put_seconds(json, "mean_e2el", "median_e2el", latency->e2e_ns / 1e9);
  tmk_export_put_origin(json, point);
  tmk_json_end_object(json);
}
