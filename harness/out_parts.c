/* out_parts.c: see out_parts.h. */
#include "out_parts.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "json_scan.h"
#include "out.h"
#include "verdict.h"

/* --- text --- */

void tmk_out_clean(const char *text, bool ascii, char *clean, size_t size)
{
  const unsigned char *from = (const unsigned char *)text;
  size_t left = strlen(text), used = 0;
  while (left > 0) {
    size_t length = tmk_utf8_length(from, left);
    bool bad = length == 0 || *from < 0x20 || *from == 0x7f || (*from == 0xc2 && length == 2 && from[1] < 0xa0);
    const char *shown = (const char *)from;
    size_t shown_length = length;
    if (length == 0) length = 1;
    if (bad || (ascii && *from >= 0x80)) {
      bool plus_minus = length == 2 && memcmp(from, "\xc2\xb1", 2) == 0;
      shown = plus_minus ? "+-" : "?";
      shown_length = strlen(shown);
    }
    if (used + shown_length >= size) break;
    memcpy(clean + used, shown, shown_length);
    used += shown_length;
    from += length;
    left -= length;
  }
  clean[used] = '\0';
}

void tmk_out_csv_text(FILE *out, const char *text)
{
  if (!strpbrk(text, ",\"\r\n")) {
    fputs(text, out);
    return;
  }
  putc('"', out);
  for (; *text; text++) {
    if (*text == '"') putc('"', out);
    putc(*text, out);
  }
  putc('"', out);
}

void tmk_out_wrapped(FILE *out, const char *text, int column, int indent)
{
  enum { WIDTH = 120 };
  while (*text) {
    int room = WIDTH - column > 20 ? WIDTH - column : 20;
    int length = (int)strlen(text);
    if (length > room) {
      length = room;
      while (length > 0 && (text[length] != ' ' || text[length + 1] == '%')) length--;
      if (length == 0) length = room; /* one long word */
    }
    fprintf(out, "%.*s\n", length, text);
    text += length;
    while (*text == ' ') text++;
    column = indent;
    if (*text) fprintf(out, "%*s", indent, "");
  }
}

static void append(char *text, int size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void append(char *text, int size, const char *format, ...)
{
  size_t used = strlen(text);
  va_list args;
  va_start(args, format);
  vsnprintf(text + used, (size_t)size - used, format, args);
  va_end(args);
}

/* With `separator` before it unless it is the first. */
static void append_item(char *text, int size, const char *separator, const char *item)
{
  append(text, size, "%s%s", text[0] ? separator : "", item);
}

/* --- pieces of a point --- */

void tmk_out_lengths(const struct tmk_workload *workload, char *text, int size)
{
  switch (workload->phase) {
  case TMK_PHASE_DECODE: snprintf(text, (size_t)size, "c%lld", (long long)workload->context); return;
  case TMK_PHASE_PREFILL: snprintf(text, (size_t)size, "i%lld", (long long)workload->input_len); return;
  case TMK_PHASE_E2E:
    snprintf(text, (size_t)size, "i%lld/o%lld", (long long)workload->input_len, (long long)workload->output_len);
    return;
  case TMK_PHASE_COUNT: break;
  }
  snprintf(text, (size_t)size, "-");
}

void tmk_out_dtypes(const struct tmk_workload *workload, char *text, int size)
{
  const char *weight = tmk_dtype_name(workload->weight_dtype), *kv = tmk_dtype_name(workload->kv_dtype);
  bool same = workload->weight_dtype == workload->kv_dtype;
  snprintf(text, (size_t)size, "%s%s%s", weight, same ? "" : "/", same ? "" : kv);
}

void tmk_out_percent(double ratio, char *text, int size)
{
  double percent = 100 * ratio;
  if (!isfinite(percent)) {
    snprintf(text, (size_t)size, "-");
  } else if (fabs(percent) >= 1e5) {
    snprintf(text, (size_t)size, "%.1e %%", percent);
  } else {
    snprintf(text, (size_t)size, fabs(percent) < 9.995 ? "%.2f %%" : "%.1f %%", percent);
  }
}

void tmk_out_codes(unsigned codes, char *text, int size)
{
  int count;
  const struct tmk_verdict_code_row *rows = tmk_verdict_codes(&count);
  text[0] = '\0';
  for (int i = 0; i < count; i++) {
    if (codes & (unsigned)rows[i].code) append_item(text, size, ", ", rows[i].name);
  }
}

bool tmk_out_has_time(const struct tmk_point *point)
{
  return point->status == TMK_POINT_OK && point->verdict.value != TMK_VERDICT_INVALID;
}

bool tmk_out_is_e2e(const struct tmk_point *point)
{
  return (point->type == TMK_POINT_STEP || point->type == TMK_POINT_SCALE) &&
         point->workload.step.phase == TMK_PHASE_E2E;
}

double tmk_out_share(const struct tmk_point *point, bool *by_datasheet)
{
  const struct tmk_share *share = &point->limit.share;
  *by_datasheet = isnan(share->measured) && !isnan(share->datasheet);
  if (!tmk_out_has_time(point)) return NAN;
  return *by_datasheet ? share->datasheet : share->measured;
}

double tmk_out_interval(const struct tmk_point *point)
{
  if (!tmk_out_has_time(point)) return NAN;
  double rate = tmk_point_rate(point);
  double half = (point->throughput.ci_high_tokens_per_s - point->throughput.ci_low_tokens_per_s) / 2;
  if (isfinite(rate)) return half / rate;
  return (point->stats.ci_high_ns - point->stats.ci_low_ns) / 2 / point->stats.median_ns;
}

const char *tmk_out_accounting(const struct tmk_point *point)
{
  return isfinite(tmk_point_rate(point)) ? tmk_accounting_name(point->throughput.accounting) : "";
}

/* ", WHAT +0.42 %"; never "-0.00 %". */
static void append_deviation(char *text, int size, const char *before, double relative, const char *after)
{
  double percent = 100 * relative;
  if (!isfinite(percent)) return;
  append(text, size, "%s%+.2f %%%s", before, fabs(percent) < 0.005 ? 0 : percent, after);
}

/* "TTFT 1.2 s, e2e 12.3 s; composed of measured steps, off by +0.4 % at the middle context; executed outright 12.2 s" */
static void note_e2e(const struct tmk_point *point, char *text, int size)
{
  const struct tmk_latency *latency = &point->latency;
  char ttft[32], whole[32], outright[32];
  if (!tmk_out_has_time(point) || !isfinite(latency->e2e_ns)) return;
  tmk_format_time(latency->ttft_ns, ttft, sizeof ttft);
  tmk_format_time(latency->e2e_ns, whole, sizeof whole);
  append(text, size, "TTFT %s, e2e %s", ttft, whole);
  if (point->provenance == TMK_PROV_COMPOSED) append(text, size, ", composed of measured steps");
  append_deviation(text, size, ", composition error ", latency->composition_error, "");
  if (isfinite(latency->outright_e2e_ns)) {
    tmk_format_time(latency->outright_e2e_ns, outright, sizeof outright);
    append(text, size, "; executed outright: %s", outright);
    append_deviation(text, size, " (", latency->outright_e2e_ns / latency->e2e_ns - 1, ")");
  }
}

void tmk_out_notes(const struct tmk_result *result, const struct tmk_point *point, char *text, int size)
{
  text[0] = '\0';
  if (tmk_out_is_e2e(point)) note_e2e(point, text, size);
  switch (point->provenance) {
  case TMK_PROV_EXTRAPOLATED:
    append_item(text, size, "; ", "extrapolated");
    if (point->type == TMK_POINT_STEP && point->workload.step.layers_held > 0) {
      append(text, size, ": %lld of %lld layers held, cycled", (long long)point->workload.step.layers_held,
             (long long)result->model.num_hidden_layers);
    }
    break;
  case TMK_PROV_PREDICTED:
  case TMK_PROV_REPORTED:
  case TMK_PROV_SIMULATED: append_item(text, size, "; ", tmk_provenance_name(point->provenance)); break;
  case TMK_PROV_MEASURED:
  case TMK_PROV_COMPOSED:
  case TMK_PROV_COUNT: break;
  }
}

/* --- pieces of a result --- */

/* What was run here goes before what is predicted, where there is both. */
const struct tmk_point *tmk_out_best(const struct tmk_result *result)
{
  const struct tmk_point *best = NULL;
  bool best_predicted = false;
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    bool predicted = point->provenance == TMK_PROV_PREDICTED;
    bool run_here = predicted || point->provenance == TMK_PROV_MEASURED || point->provenance == TMK_PROV_COMPOSED ||
                    point->provenance == TMK_PROV_EXTRAPOLATED;
    bool is_step = point->type == TMK_POINT_STEP || point->type == TMK_POINT_SCALE;
    bool judged = point->verdict.value == TMK_VERDICT_VALID || point->verdict.value == TMK_VERDICT_SUSPECT;
    double rate = tmk_point_rate(point);
    if (!is_step || point->throughput.accounting != TMK_ACCT_OUTPUT) continue;
    if (point->verdict.codes & TMK_CODE_OVER_LIMIT) continue; /* an error, not a record */
    if (!run_here || !judged || !isfinite(rate)) continue;
    if (best && predicted && !best_predicted) continue;
    if (best && predicted == best_predicted && rate <= tmk_point_rate(best)) continue;
    best = point;
    best_predicted = predicted;
  }
  return best;
}

/* Counts by what became of a point, in a fixed order. */
enum outcome { VALID, SUSPECT, INVALID, UNJUDGED, FAILED, SKIPPED, OUTCOMES };

static void count_outcomes(const struct tmk_result *result, int64_t counts[OUTCOMES])
{
  memset(counts, 0, OUTCOMES * sizeof counts[0]);
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    enum outcome outcome = point->status == TMK_POINT_SKIPPED            ? SKIPPED
                           : point->status == TMK_POINT_FAILED           ? FAILED
                           : point->verdict.value == TMK_VERDICT_VALID   ? VALID
                           : point->verdict.value == TMK_VERDICT_SUSPECT ? SUSPECT
                           : point->verdict.value == TMK_VERDICT_INVALID ? INVALID
                                                                         : UNJUDGED;
    counts[outcome]++;
  }
}

void tmk_out_counts(const struct tmk_result *result, char *text, int size)
{
  static const char *const names[OUTCOMES] = {"VALID", "SUSPECT", "INVALID", "without a verdict", "failed", "skipped"};
  int64_t counts[OUTCOMES];
  const char *separator = ": ";
  count_outcomes(result, counts);
  snprintf(text, (size_t)size, "%lld point%s", (long long)result->point_count, result->point_count == 1 ? "" : "s");
  for (int i = 0; i < OUTCOMES; i++) {
    if (counts[i] == 0) continue;
    append(text, size, "%s%lld %s", separator, (long long)counts[i], names[i]);
    separator = ", ";
  }
}

static void headline_of(const struct tmk_result *result, const struct tmk_point *best, char *text, int size)
{
  const struct tmk_throughput *rate = &best->throughput;
  const struct tmk_workload *workload = &best->workload.step;
  char number[40], per_device[40], per_user[40], lengths[48], dtypes[32], percent[32], codes[256], model[96];
  bool by_datasheet;
  tmk_format_count(rate->output_tokens_per_s, number, sizeof number);
  tmk_format_count(rate->output_tokens_per_s_per_device, per_device, sizeof per_device);
  tmk_format_count(rate->output_tokens_per_s_per_user, per_user, sizeof per_user);
  snprintf(text, (size_t)size, "%s output tokens/s", number);
  tmk_out_percent(tmk_out_interval(best), percent, sizeof percent);
  if (percent[0] != '-') append(text, size, " (+-%s)", percent);
  append(text, size, " on %lld device%s", (long long)rate->devices, rate->devices == 1 ? "" : "s");
  if (rate->devices != 1) append(text, size, ", %s a device", per_device);
  append(text, size, ", %s a user", per_user);
  tmk_out_clean(workload->model, true, model, sizeof model);
  tmk_out_lengths(workload, lengths, sizeof lengths);
  tmk_out_dtypes(workload, dtypes, sizeof dtypes);
  append(text, size, ": %s %s, batch %lld, %s, %s", model, tmk_phase_name(workload->phase), (long long)workload->batch,
         lengths, dtypes);
  if (best->provenance != TMK_PROV_MEASURED) append(text, size, ", %s", tmk_provenance_name(best->provenance));
  double share = tmk_out_share(best, &by_datasheet);
  tmk_out_percent(share, percent, sizeof percent);
  if (isfinite(share)) {
    append(text, size, "; %s of the %s limit, bound by %s", percent, by_datasheet ? "datasheet's" : "measured",
           tmk_bound_name(best->limit.bound));
  }
  append(text, size, "; %s", tmk_verdict_value_name(best->verdict.value));
  tmk_out_codes(best->verdict.codes, codes, sizeof codes);
  if (codes[0]) append(text, size, " (%s)", codes);
  if (!result->complete) append(text, size, "; the run is not complete");
}

void tmk_out_headline_text(const struct tmk_result *result, char *text, int size)
{
  const struct tmk_point *best = tmk_out_best(result);
  if (best) {
    headline_of(result, best, text, size);
    return;
  }
  char counts[160];
  tmk_out_counts(result, counts, sizeof counts);
  snprintf(text, (size_t)size, "no output tokens/s: no decode or e2e point is VALID or SUSPECT (%s)", counts);
}
