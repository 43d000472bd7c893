/* out_target_json.c: `tokmark target --format json`. Schema name "tokmark-target"; numbers in SI, unknown ones null. */
#include <math.h>
#include <stdlib.h>

#include "json.h"
#include "target_report.h"

static void put_text(struct tmk_json_writer *w, const char *key, const char *text)
{
  if (text[0])
    tmk_json_put_string(w, key, text);
  else
    tmk_json_put_null(w, key);
}

/* Named as in result files: null for none. */
static void put_accounting(struct tmk_json_writer *w, const char *key, enum tmk_accounting accounting)
{
  put_text(w, key, accounting == TMK_ACCT_NONE ? "" : tmk_accounting_name(accounting));
}

static void put_claim(struct tmk_json_writer *w, const char *key, const struct tmk_claim *claim)
{
  tmk_json_begin_object(w, key);
  tmk_json_put_string(w, "id", claim->id);
  tmk_json_put_string(w, "family", claim->family);
  tmk_json_put_string(w, "who", claim->who);
  put_text(w, "gpu_id", claim->gpu_id);
  tmk_json_put_string(w, "gpu", claim->gpu_text);
  tmk_json_put_int(w, "gpu_count", claim->gpu_count);
  put_text(w, "model_id", claim->model_id);
  tmk_json_put_string(w, "scenario", claim->scenario);
  put_text(w, "precision", claim->precision);
  tmk_json_put_real(w, "tokens_per_s", claim->tokens_per_s);
  tmk_json_put_real(w, "tokens_per_s_per_gpu", tmk_claim_rate_per_gpu(claim));
  tmk_json_put_real(w, "power_w", claim->power_w);
  put_accounting(w, "accounting", claim->accounting);
  tmk_json_put_string(w, "source", claim->source);
  tmk_json_end_object(w);
}

static void put_row(struct tmk_json_writer *w, const char *key, const struct tmk_target_row *row)
{
  tmk_json_begin_object(w, key);
  put_accounting(w, "accounting", row->accounting);
  tmk_json_put_string(w, "phase", tmk_phase_name(row->phase));
  tmk_json_put_real(w, "interactivity_tokens_per_s_per_user", row->interactivity > 0 ? row->interactivity : NAN);
  put_text(w, "key", row->point ? row->point->key : "");
  put_text(w, "verdict", row->point ? tmk_verdict_value_name(row->point->verdict.value) : "");
  tmk_json_put_real(w, "tokens_per_s_per_device", row->rate_per_device);
  tmk_json_put_real(w, "ci_low_tokens_per_s_per_device", row->rate_low);
  tmk_json_put_real(w, "ci_high_tokens_per_s_per_device", row->rate_high);
  tmk_json_put_real(w, "factor_of_claim_per_gpu", row->factor);
  tmk_json_put_real(w, "devices", row->need.devices);
  tmk_json_put_real(w, "devices_low", row->need.devices_low);
  tmk_json_put_real(w, "devices_high", row->need.devices_high);
  tmk_json_put_real(w, "racks", row->need.racks);
  tmk_json_put_real(w, "power_w", row->need.power_w);
  put_text(w, "power_source", isnan(row->need.power_w) ? "" : row->power_measured ? "measured" : "datasheet");
  tmk_json_put_real(w, "usd_per_million_tokens", row->need.usd_per_million_tokens);
  put_text(w, "reason", row->reason);
  tmk_json_end_object(w);
}

static void put_point(struct tmk_json_writer *w, const struct tmk_target_spec *spec, const struct tmk_point *point)
{
  double devices = point->throughput.devices >= 1 ? (double)point->throughput.devices : 1;
  bool counts = false;
  char reason[320] = "";
  tmk_json_begin_object(w, NULL);
  tmk_json_put_string(w, "key", point->key);
  tmk_json_put_string(w, "verdict", tmk_verdict_value_name(point->verdict.value));
  tmk_json_put_string(w, "provenance", tmk_provenance_name(point->provenance));
  tmk_json_begin_array(w, "readings");
  for (int i = 0; i < spec->reading_count; i++) {
    double rate = tmk_point_rate_as(point, spec->readings[i], NULL, NULL) / devices;
    counts |= !isnan(rate);
    tmk_json_begin_object(w, NULL);
    put_accounting(w, "accounting", spec->readings[i]);
    tmk_json_put_real(w, "tokens_per_s_per_device", rate);
    tmk_json_put_real(w, "factor_of_claim_per_gpu", rate / spec->rate_per_gpu);
    if (isnan(rate / spec->rate_per_gpu))
      tmk_json_put_null(w, "meets_claim_per_gpu");
    else
      tmk_json_put_bool(w, "meets_claim_per_gpu", rate >= spec->rate_per_gpu);
    tmk_json_end_object(w);
  }
  tmk_json_end_array(w);
  tmk_json_put_real(w, "tokens_per_s_per_user", counts ? point->throughput.output_tokens_per_s_per_user : NAN);
  tmk_json_put_bool(w, "counted", counts);
  if (!counts) tmk_target_counts(point, spec->readings[0], reason, sizeof reason);
  put_text(w, "reason", reason);
  tmk_json_end_object(w);
}

static void put_report(struct tmk_json_writer *w, const struct tmk_target_spec *spec,
                       const struct tmk_target_report *report)
{
  const struct tmk_target_mlperf *mlperf = &report->mlperf;
  tmk_json_begin_object(w, NULL);
  tmk_json_put_string(w, "file", report->file);
  tmk_json_put_string(w, "run_id", report->result->run_id);
  tmk_json_put_bool(w, "complete", report->result->complete);
  put_text(w, "model", report->result->model.name);
  tmk_json_begin_object(w, "device");
  put_text(w, "name", report->device ? report->device->info.name : "");
  put_text(w, "gpu_id", report->device ? report->device->info.gpu_id : "");
  if (report->device)
    tmk_json_put_bool(w, "is_cpu", report->device->info.is_cpu);
  else
    tmk_json_put_null(w, "is_cpu");
  tmk_json_end_object(w);
  tmk_json_put_bool(w, "usable", report->usable);
  tmk_json_begin_array(w, "answers");
  for (int i = 0; i < report->row_count; i++) put_row(w, NULL, &report->rows[i]);
  tmk_json_end_array(w);
  tmk_json_begin_array(w, "points");
  for (int64_t i = 0; i < report->result->point_count; i++) put_point(w, spec, &report->result->points[i]);
  tmk_json_end_array(w);
  tmk_json_begin_object(w, "mlperf");
  put_text(w, "model_id", mlperf->model_id);
  tmk_json_put_bool(w, "same_model", mlperf->same_model);
  put_text(w, "reason", mlperf->reason);
  tmk_json_put_int(w, "points", mlperf->points);
  put_row(w, "own", &mlperf->own);
  tmk_json_put_string(w, "note", "rates a GPU are derived from the systems' and are no primary metric of MLPerf");
  tmk_json_begin_array(w, "rows");
  for (int i = 0; i < mlperf->row_count; i++) {
    tmk_json_begin_object(w, NULL);
    put_claim(w, "claim", mlperf->rows[i]);
    tmk_json_put_int(w, "points_over", mlperf->points_over[i]);
    tmk_json_end_object(w);
  }
  tmk_json_end_array(w);
  tmk_json_end_object(w);
  tmk_json_end_object(w);
}

enum tmk_status tmk_out_target_json(FILE *out, const struct tmk_target_spec *spec,
                                    const struct tmk_target_report *reports, int count, struct tmk_error *err)
{
  char *text = NULL;
  size_t size = 0;
  struct tmk_json_writer *w = tmk_json_writer_create();
  if (!w) return tmk_fail(err, TMK_ERR_MEMORY, "no memory for the report");
  tmk_json_begin_object(w, NULL);
  tmk_json_put_string(w, "schema", "tokmark-target");
  tmk_json_put_string(w, "schema_version", "1.0.0");
  tmk_json_begin_object(w, "target");
  tmk_json_put_real(w, "tokens_per_s", spec->tokens_per_s);
  tmk_json_put_real(w, "tokens_per_s_per_gpu", spec->rate_per_gpu);
  tmk_json_put_real(w, "overhead", spec->overhead);
  tmk_json_put_real(w, "price_per_hour_usd", spec->price_per_hour);
  tmk_json_end_object(w);
  put_claim(w, "claim", spec->claim);
  tmk_json_begin_array(w, "results");
  for (int i = 0; i < count; i++) put_report(w, spec, &reports[i]);
  tmk_json_end_array(w);
  tmk_json_end_object(w);
  enum tmk_status status = tmk_json_finish(w, &text, &size, err);
  if (status == TMK_OK) {
    fwrite(text, 1, size, out);
    if (size == 0 || text[size - 1] != '\n') fputc('\n', out);
  }
  free(text);
  return status;
}
