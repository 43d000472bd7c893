/* out_claims.c: the table of reported figures, for people and for programs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "out.h"
#include "target_report.h"

static const char *or_dash(const char *text)
{
  return text[0] ? text : "-";
}

static void format_count_or_dash(int64_t value, char *text, int size)
{
  tmk_format_integer(value == TMK_UNKNOWN ? NAN : (double)value, text, size);
}

/* "GB300 x 6,912", "DeepSeek-R1", "-" */
static void format_gpus(const struct tmk_claim *claim, char *text, int size)
{
  char gpus[32];
  format_count_or_dash(claim->gpu_count, gpus, sizeof gpus);
  if (claim->gpu_count == TMK_UNKNOWN)
    snprintf(text, (size_t)size, "%s", or_dash(claim->gpu_text));
  else
    snprintf(text, (size_t)size, "%s x %s", or_dash(claim->gpu_text), gpus);
}

/* "1024/1024", "-/~3759": a mean has a '~' before it. */
static void format_lengths(const struct tmk_claim *claim, char *text, int size)
{
  char in[24] = "-", out[24] = "-";
  if (claim->input_len != TMK_UNKNOWN) snprintf(in, sizeof in, "%lld", (long long)claim->input_len);
  if (claim->output_len != TMK_UNKNOWN)
    snprintf(out, sizeof out, "%lld", (long long)claim->output_len);
  else if (!isnan(claim->output_len_mean))
    snprintf(out, sizeof out, "~%.0f", claim->output_len_mean);
  snprintf(text, (size_t)size, "%s/%s", in, out);
}

static const char *accounting_text(const struct tmk_claim *claim)
{
  return claim->accounting == TMK_ACCT_NONE ? "not stated" : tmk_accounting_name(claim->accounting);
}

void tmk_out_claims_summary(FILE *out, const struct tmk_claim *claims, int count,
                            const struct tmk_claim_family *families, int family_count)
{
  fprintf(out, "%d reported figures. The default of `tokmark target` is %s.\n\n", count, TMK_CLAIM_DEFAULT_ID);
  fprintf(out, "%-18s %5s  %-25s %s\n", "family", "rows", "tokens/s/GPU", "what");
  for (int f = 0; f < family_count; f++) {
    int rows = 0;
    double low = INFINITY, high = 0;
    for (int i = 0; i < count; i++) {
      if (strcmp(claims[i].family, families[f].id) != 0) continue;
      double rate = tmk_claim_rate_per_gpu(&claims[i]);
      rows++;
      if (rate < low) low = rate;
      if (rate > high) high = rate;
    }
    char low_text[32], high_text[32], range[80] = "-";
    tmk_format_count(low, low_text, sizeof low_text);
    tmk_format_count(high, high_text, sizeof high_text);
    if (high > 0) snprintf(range, sizeof range, "%s to %s", low_text, high_text);
    fprintf(out, "%-18s %5d  %-25s %s\n", families[f].id, rows, range, families[f].title);
  }
  fprintf(
      out,
      "\nRows: --family F, --gpu G, --model M, --all; one with all it says: tokmark claims ID; --format csv or json.\n"
      "Rates a GPU are derived where the source states a system's; of MLPerf they are no primary metric.\n");
}

static void widen(int *width, const char *text)
{
  int length = (int)strlen(text);
  if (length > *width) *width = length;
}

void tmk_out_claims_table(FILE *out, const struct tmk_claim *const *rows, int count)
{
  int gpu_width = 4, model_width = 5, precision_width = 9;
  char gpus[128], lengths[56], rate[32], per_gpu[32];
  for (int i = 0; i < count; i++) {
    format_gpus(rows[i], gpus, sizeof gpus);
    widen(&gpu_width, gpus);
    widen(&model_width, rows[i]->model_text);
    widen(&precision_width, rows[i]->precision);
  }
  fprintf(out, "%-*s  %-*s  %-*s %13s %13s %13s  %-10s  %s\n", gpu_width, "GPUs", model_width, "model", precision_width,
          "precision", "in/out", "tokens/s", "tokens/s/GPU", "counted", "id");
  for (int i = 0; i < count; i++) {
    const struct tmk_claim *claim = rows[i];
    format_gpus(claim, gpus, sizeof gpus);
    format_lengths(claim, lengths, sizeof lengths);
    tmk_format_count(claim->tokens_per_s, rate, sizeof rate);
    tmk_format_count(tmk_claim_rate_per_gpu(claim), per_gpu, sizeof per_gpu);
    fprintf(out, "%-*s  %-*s  %-*s %13s %13s %13s  %-10s  %s\n", gpu_width, gpus, model_width,
            or_dash(claim->model_text), precision_width, or_dash(claim->precision), lengths, rate, per_gpu,
            accounting_text(claim), claim->id);
  }
  fprintf(out, "%d row%s. in/out: tokens a request, ~ where it is the mean of a data set.\n", count,
          count == 1 ? "" : "s");
}

/* --- CSV, RFC 4180: quotes doubled, a field quoted where it must be --- */

static void csv_text(FILE *out, const char *text, const char *end)
{
  if (strpbrk(text, ",\"\r\n") == NULL) {
    fprintf(out, "%s%s", text, end);
    return;
  }
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"') fputc('"', out);
    fputc(*text, out);
  }
  fprintf(out, "\"%s", end);
}

static void csv_int(FILE *out, int64_t value)
{
  if (value != TMK_UNKNOWN) fprintf(out, "%lld", (long long)value);
  fputc(',', out);
}

static void csv_real(FILE *out, double value)
{
  if (!isnan(value)) fprintf(out, "%.10g", value);
  fputc(',', out);
}

void tmk_out_claims_csv(FILE *out, const struct tmk_claim *const *rows, int count)
{
  fprintf(out,
          "id,family,who,system,gpu,gpu_id,gpu_count,model,model_id,precision,input_len,output_len,output_len_mean,"
          "tokens_per_s,tokens_per_s_per_gpu,power_w,accounting,scenario,confidence,source\n");
  for (int i = 0; i < count; i++) {
    const struct tmk_claim *claim = rows[i];
    csv_text(out, claim->id, ",");
    csv_text(out, claim->family, ",");
    csv_text(out, claim->who, ",");
    csv_text(out, claim->system, ",");
    csv_text(out, claim->gpu_text, ",");
    csv_text(out, claim->gpu_id, ",");
    csv_int(out, claim->gpu_count);
    csv_text(out, claim->model_text, ",");
    csv_text(out, claim->model_id, ",");
    csv_text(out, claim->precision, ",");
    csv_int(out, claim->input_len);
    csv_int(out, claim->output_len);
    csv_real(out, claim->output_len_mean);
    csv_real(out, claim->tokens_per_s);
    csv_real(out, tmk_claim_rate_per_gpu(claim));
    csv_real(out, claim->power_w);
    csv_text(out, claim->accounting == TMK_ACCT_NONE ? "" : tmk_accounting_name(claim->accounting), ",");
    csv_text(out, claim->scenario, ",");
    csv_text(out, claim->confidence, ",");
    csv_text(out, claim->source, "\n");
  }
}

/* --- JSON --- */

static void put_text(struct tmk_json_writer *w, const char *key, const char *text)
{
  if (text[0])
    tmk_json_put_string(w, key, text);
  else
    tmk_json_put_null(w, key);
}

static void put_row(struct tmk_json_writer *w, const struct tmk_claim *claim)
{
  tmk_json_begin_object(w, NULL);
  put_text(w, "id", claim->id);
  put_text(w, "family", claim->family);
  put_text(w, "who", claim->who);
  put_text(w, "what", claim->what);
  put_text(w, "system", claim->system);
  put_text(w, "scenario", claim->scenario);
  put_text(w, "precision", claim->precision);
  put_text(w, "gpu", claim->gpu_text);
  put_text(w, "gpu_id", claim->gpu_id);
  put_text(w, "gpu_unjoined", claim->gpu_unjoined);
  tmk_json_put_int(w, "gpu_count", claim->gpu_count);
  tmk_json_put_int(w, "gpu_count_printed", claim->gpu_count_printed);
  tmk_json_put_int(w, "racks", claim->racks);
  put_text(w, "model", claim->model_text);
  put_text(w, "model_id", claim->model_id);
  put_text(w, "model_unjoined", claim->model_unjoined);
  tmk_json_put_int(w, "input_len", claim->input_len);
  tmk_json_put_int(w, "output_len", claim->output_len);
  tmk_json_put_real(w, "output_len_mean", claim->output_len_mean);
  tmk_json_put_real(w, "tokens_per_s", claim->tokens_per_s);
  tmk_json_put_real(w, "tokens_per_s_per_gpu", tmk_claim_rate_per_gpu(claim));
  tmk_json_put_real(w, "power_w", claim->power_w);
  put_text(w, "accounting", claim->accounting == TMK_ACCT_NONE ? "" : tmk_accounting_name(claim->accounting));
  put_text(w, "accounting_text", claim->accounting_text);
  put_text(w, "source", claim->source);
  put_text(w, "quote", claim->quote);
  put_text(w, "note", claim->note);
  put_text(w, "details", claim->details);
  put_text(w, "confidence", claim->confidence);
  tmk_json_end_object(w);
}

enum tmk_status tmk_out_claims_json(FILE *out, const struct tmk_claim *const *rows, int count, struct tmk_error *err)
{
  char *text = NULL;
  size_t size = 0;
  struct tmk_json_writer *w = tmk_json_writer_create();
  if (!w) return tmk_fail(err, TMK_ERR_MEMORY, "no memory for the table of claims");
  tmk_json_begin_object(w, NULL);
  tmk_json_put_string(w, "schema", "tokmark-claims");
  tmk_json_put_string(w, "schema_version", "1.0.0");
  tmk_json_begin_array(w, "claims");
  for (int i = 0; i < count; i++) put_row(w, rows[i]);
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

/* --- one claim --- */

static void line(FILE *out, const char *label, const char *text)
{
  if (text[0]) fprintf(out, "  %-14s %s\n", label, text);
}

static void rate_line(FILE *out, const char *label, double value, const char *unit)
{
  char text[64];
  if (isnan(value)) return;
  tmk_format_count(value, text, sizeof text);
  fprintf(out, "  %-14s %s %s\n", label, text, unit);
}

void tmk_out_claim(FILE *out, const struct tmk_claim *claim, const struct tmk_claim_family *families, int family_count)
{
  char text[128];
  double rate = claim->tokens_per_s;
  fprintf(out, "%s\n", claim->id);
  line(out, "who", claim->who);
  line(out, "what", claim->what);
  line(out, "system", claim->system);
  line(out, "scenario", claim->scenario);
  format_gpus(claim, text, sizeof text);
  fprintf(out, "  %-14s %s (%s)\n", "GPUs", text, claim->gpu_id[0] ? claim->gpu_id : claim->gpu_unjoined);
  if (claim->gpu_count_printed != TMK_UNKNOWN) {
    format_count_or_dash(claim->gpu_count_printed, text, sizeof text);
    line(out, "GPUs printed", text);
  }
  if (claim->racks != TMK_UNKNOWN) {
    format_count_or_dash(claim->racks, text, sizeof text);
    line(out, "racks", text);
  }
  fprintf(out, "  %-14s %s (%s)\n", "model", or_dash(claim->model_text),
          claim->model_id[0] ? claim->model_id : claim->model_unjoined);
  line(out, "precision", or_dash(claim->precision));
  format_lengths(claim, text, sizeof text);
  line(out, "in/out", text);
  rate_line(out, "rate", rate, "tokens/s");
  rate_line(out, "a GPU", tmk_claim_rate_per_gpu(claim), "tokens/s");
  if (claim->racks != TMK_UNKNOWN) rate_line(out, "a rack", rate / (double)claim->racks, "tokens/s");
  rate_line(out, "power", claim->power_w / 1e6, "MW");
  rate_line(out, "a kW", rate / (claim->power_w / 1e3), "tokens/s");
  rate_line(out, "a token", claim->power_w / rate, "J");
  bool more = claim->accounting_text[0] &&
              strcmp(claim->accounting_text, tmk_accounting_name(claim->accounting)) != 0 &&
              strcmp(claim->accounting_text, "unstated") != 0;
  fprintf(out, "  %-14s %s%s%s%s\n", "counted", accounting_text(claim), more ? " (the source: " : "",
          more ? claim->accounting_text : "", more ? ")" : "");
  if (claim->quote[0]) fprintf(out, "  %-14s \"%s\"\n", "quote", claim->quote);
  line(out, "source", claim->source);
  line(out, "note", claim->note);
  line(out, "details", claim->details);
  line(out, "confidence", claim->confidence);
  for (int i = 0; i < family_count; i++) {
    if (strcmp(families[i].id, claim->family) != 0) continue;
    fprintf(out, "  %-14s %s: %s\n", "family", families[i].id, families[i].title);
    line(out, "", families[i].note);
  }
}
