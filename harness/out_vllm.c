/* out_vllm.c: an e2e point as a record of vLLM's serving benchmark: one static batch, all requests sent at once and all of the
 * same lengths. Each request then has the batch's TTFT and TPOT, so the mean and the median over requests are that figure;
 * there is no spread, so there are no std_ and p99_ fields, and ITL needs the time of each token. */
#include <math.h>

#include "out_export.h"

static void put_ms(struct tmk_json_writer *json, const char *mean, const char *median, double time_ns)
{
  if (!isfinite(time_ns)) return; /* readers turn each *_ms into a number: none may be null */
  tmk_json_put_real(json, mean, time_ns / 1e6);
  tmk_json_put_real(json, median, time_ns / 1e6);
}

/* 2026-11-22T02:11:50Z as vLLM writes it: 20261122-021150. */
static void date_of(const char *utc, char text[32])
{
  int used = 0;
  for (; *utc && used < 31; utc++) {
    if (*utc == 'T') text[used++] = '-';
    if (*utc >= '0' && *utc <= '9') text[used++] = *utc;
  }
  text[used] = '\0';
}

void tmk_export_vllm(struct tmk_json_writer *json, const struct tmk_result *result, const struct tmk_point *point)
{
  const struct tmk_workload *workload = &point->workload.step;
  const struct tmk_throughput *rate = &point->throughput;
  const double seconds = point->latency.e2e_ns / 1e9;
  char date[32];
  const double batch = (double)workload->batch; /* a file may hold lengths whose product is no int64_t */
  date_of(result->start_utc, date);
  tmk_json_begin_object(json, NULL);
  tmk_json_put_string(json, "date", date);
  tmk_json_put_string(json, "backend", "tokmark");
  tmk_json_put_string(json, "model_id", workload->model);
  tmk_json_put_int(json, "num_prompts", workload->batch);
  tmk_json_put_string(json, "request_rate", "inf");
  tmk_json_put_int(json, "max_concurrency", workload->batch);
  tmk_json_put_real(json, "duration", seconds);
  tmk_json_put_int(json, "completed", workload->batch);
  tmk_json_put_int(json, "failed", 0);
  tmk_json_put_real(json, "total_input_tokens", batch * (double)workload->input_len);
  tmk_json_put_real(json, "total_output_tokens", batch * (double)workload->output_len);
  tmk_json_put_real(json, "request_throughput", batch / seconds);
  tmk_json_put_real(json, "output_throughput", rate->output_tokens_per_s);
  tmk_json_put_real(json, "total_token_throughput", rate->total_tokens_per_s);
  put_ms(json, "mean_ttft_ms", "median_ttft_ms", point->latency.ttft_ns);
  put_ms(json, "mean_tpot_ms", "median_tpot_ms", point->latency.tpot_ns);
  put_ms(json, "mean_e2el_ms", "median_e2el_ms", point->latency.e2e_ns);
  tmk_export_put_origin(json, point);
  tmk_json_end_object(json);
}
