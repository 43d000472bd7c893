/* out_export.c: what the formats of out_export.h share: which points are written, and how those left out are counted. */
#include "out_export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;  /* as --format spells it */
  const char *other; /* what a point that is none of the format's is called */
  bool (*takes)(const struct tmk_point *point);
} formats[TMK_EXPORT_COUNT] = {
    [TMK_EXPORT_LLAMA_BENCH] = {"llama-bench", "with no test there (batch above 1, op, comm)",
                                tmk_export_llama_bench_takes},
    [TMK_EXPORT_VLLM] = {"vllm", "other than e2e", tmk_export_e2e_takes},
    [TMK_EXPORT_NCCL_TESTS] = {"nccl-tests", "other than collectives", tmk_export_nccl_tests_takes},
    [TMK_EXPORT_INFERENCEX] = {"inferencex", "other than e2e", tmk_export_e2e_takes},
};

bool tmk_export_counts(const struct tmk_point *point, enum tmk_left_out *why)
{
  *why = TMK_LEFT_OTHER;
  if (point->status == TMK_POINT_SKIPPED) {
    *why = TMK_LEFT_SKIPPED;
  } else if (point->status != TMK_POINT_OK) {
    *why = TMK_LEFT_FAILED;
  } else if (point->provenance == TMK_PROV_SIMULATED) {
    *why = TMK_LEFT_SIMULATED;
  } else if (point->verdict.value == TMK_VERDICT_INVALID) {
    *why = TMK_LEFT_INVALID;
  } else {
    return true;
  }
  return false;
}

bool tmk_export_e2e_takes(const struct tmk_point *point)
{
  if (point->type != TMK_POINT_STEP && point->type != TMK_POINT_SCALE) return false;
  if (point->workload.step.phase != TMK_PHASE_E2E) return false;
  const struct tmk_throughput *rate = &point->throughput;
  return point->latency.e2e_ns > 0 && rate->output_tokens_per_s > 0 && rate->input_tokens_per_s > 0 &&
         rate->total_tokens_per_s > 0;
}

void tmk_export_put_origin(struct tmk_json_writer *json, const struct tmk_point *point)
{
  const bool judged = point->verdict.value != TMK_VERDICT_NONE;
  tmk_json_put_string(json, "tokmark_provenance", tmk_provenance_name(point->provenance));
  if (judged) {
    tmk_json_put_string(json, "tokmark_verdict", tmk_verdict_value_name(point->verdict.value));
  } else {
    tmk_json_put_null(json, "tokmark_verdict");
  }
  tmk_json_put_string(json, "tokmark_key", point->key);
}

static bool is_array(enum tmk_export_format format)
{
  return format == TMK_EXPORT_VLLM || format == TMK_EXPORT_INFERENCEX;
}

enum tmk_status tmk_export_begin(struct tmk_export *export, enum tmk_export_format format, FILE *out,
                                 struct tmk_error *err)
{
  *export = (struct tmk_export){.format = format, .out = out};
  if (!is_array(format)) return TMK_OK;
  export->json = tmk_json_writer_create();
  if (!export->json) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the output");
  tmk_json_begin_array(export->json, NULL);
  return TMK_OK;
}

enum tmk_status tmk_export_result(struct tmk_export *export, const struct tmk_result *result, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    enum tmk_left_out why;
    if (!tmk_export_counts(point, &why) || !formats[export->format].takes(point)) {
      export->left[why]++;
      continue;
    }
    export->written++;
    if (export->format == TMK_EXPORT_LLAMA_BENCH) TMK_TRY(tmk_export_llama_bench(export->out, result, point, err));
    if (export->format == TMK_EXPORT_VLLM) tmk_export_vllm(export->json, result, point);
    if (export->format == TMK_EXPORT_INFERENCEX) tmk_export_inferencex(export->json, result, point);
  }
  if (export->format == TMK_EXPORT_NCCL_TESTS) TMK_TRY(tmk_export_nccl_tests(export->out, result, err));
out:
  return status;
}

enum tmk_status tmk_export_end(struct tmk_export *export, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL;
  size_t size = 0;
  if (!export->json) return TMK_OK;
  tmk_json_end_array(export->json);
  TMK_TRY(tmk_json_finish(export->json, &text, &size, err));
  fwrite(text, 1, size, export->out);
out:
  export->json = NULL;
  free(text);
  return status;
}

void tmk_export_left_out(const struct tmk_export *export, char *text, int size)
{
  const char *const names[TMK_LEFT_COUNT] = {"INVALID", "skipped", "failed", "simulated",
                                             formats[export->format].other};
  int64_t left = 0;
  for (int i = 0; i < TMK_LEFT_COUNT; i++) left += export->left[i];
  text[0] = '\0';
  if (left == 0) return;
  snprintf(text, (size_t)size, "--format %s: %lld of %lld points left out:", formats[export->format].name,
           (long long)left, (long long)(left + export->written));
  const char *separator = " ";
  for (int i = 0; i < TMK_LEFT_COUNT; i++) {
    const size_t used = strlen(text);
    if (export->left[i] == 0) continue;
    snprintf(text + used, (size_t)size - used, "%s%lld %s", separator, (long long)export->left[i], names[i]);
    separator = ", ";
  }
}
