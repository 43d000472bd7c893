/* out_compare_data.c: comparisons for programs: CSV, JSON and JUnit's XML. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "out_compare.h"
#include "out_parts.h"
#include "verdict.h"

/* --- one row as named values: the columns of the CSV and the members of the JSON --- */

enum kind { TEXT, REAL, INT, FLAG };
struct value {
  const char *name;
  enum kind kind;
  const char *text;
  double real;
  int64_t integer;
};
enum { VALUES_MAX = 40 };

static struct value text_value(const char *name, const char *text)
{
  return (struct value){.name = name, .kind = TEXT, .text = text};
}

static struct value real_value(const char *name, double real)
{
  return (struct value){.name = name, .kind = REAL, .real = real};
}

static struct value int_value(const char *name, int64_t integer)
{
  return (struct value){.name = name, .kind = INT, .integer = integer};
}

static const char *provenance_of(const struct tmk_compare_cell *cell)
{
  return cell->runs > 0 ? tmk_provenance_name(cell->provenance) : "";
}

static const char *accounting_of(const struct tmk_compare_row *row)
{
  const struct tmk_compare_cell *known = row->base.runs > 0 ? &row->base : &row->fresh;
  return known->runs > 0 && known->accounting != TMK_ACCT_NONE ? tmk_accounting_name(known->accounting) : "";
}

static int values_of(const struct tmk_compare_row *row, bool only_new, struct value values[VALUES_MAX])
{
  int n = 0;
  const struct tmk_compare_cell *base = &row->base, *fresh = &row->fresh;
  values[n++] = text_value("key", row->key);
  values[n++] = text_value("verdict", only_new ? "" : tmk_compare_verdict_name(row->verdict));
  values[n++] = text_value("accounting", accounting_of(row));
  values[n++] = text_value("metric", isnan(row->interval.ratio) ? "" : row->by_share ? "share" : "rate");
  values[n++] = real_value("ratio", row->interval.ratio);
  values[n++] = real_value("ratio_low", row->interval.low);
  values[n++] = real_value("ratio_high", row->interval.high);
  values[n++] = real_value("interval_level", row->interval.level);
  values[n++] = real_value("p_value", row->estimate.p);
  values[n++] = real_value("run_spread", row->estimate.run_spread);
  values[n++] = real_value("ratio_per_device", row->per_device);
  values[n++] = real_value("ratio_per_watt", row->per_watt);
  values[n++] = int_value("base_runs", base->runs);
  values[n++] = text_value("base_provenance", provenance_of(base));
  values[n++] = real_value("base_tokens_per_s", base->rate);
  values[n++] = real_value("base_time_ns", base->time_ns);
  values[n++] = real_value("base_share_measured", base->share);
  values[n++] = real_value("base_tokens_per_s_per_device", base->per_device);
  values[n++] = real_value("base_tokens_per_joule", base->per_watt);
  values[n++] = int_value("new_runs", fresh->runs);
  values[n++] = text_value("new_provenance", provenance_of(fresh));
  values[n++] = real_value("new_tokens_per_s", fresh->rate);
  values[n++] = real_value("new_time_ns", fresh->time_ns);
  values[n++] = real_value("new_share_measured", fresh->share);
  values[n++] = real_value("new_tokens_per_s_per_device", fresh->per_device);
  values[n++] = real_value("new_tokens_per_joule", fresh->per_watt);
  values[n++] = text_value("note", row->note);
  return n;
}

/* --- CSV: RFC 4180 --- */

static void csv_value(FILE *out, const struct value *value)
{
  if (value->kind == TEXT) tmk_out_csv_text(out, value->text);
  if (value->kind == INT) fprintf(out, "%lld", (long long)value->integer);
  if (value->kind == REAL && isfinite(value->real)) fprintf(out, "%.9g", value->real);
}

static void csv_row(FILE *out, const struct tmk_comparison *comparison, const struct tmk_compare_row *row, bool only_new)
{
  struct value values[VALUES_MAX];
  int count = values_of(row, only_new, values);
  tmk_out_csv_text(out, comparison->base ? comparison->base->name : "");
  putc(',', out);
  tmk_out_csv_text(out, comparison->fresh->name);
  putc(',', out);
  tmk_out_csv_text(out, comparison->base_hardware);
  putc(',', out);
  tmk_out_csv_text(out, comparison->fresh_hardware);
  for (int i = 0; i < count; i++) {
    putc(',', out);
    csv_value(out, &values[i]);
  }
  fputs("\r\n", out);
}

void tmk_out_compare_csv(FILE *out, const struct tmk_compare_output *output)
{
  struct value values[VALUES_MAX];
  const struct tmk_compare_row none = {.key = ""};
  int count = values_of(&none, true, values);
  fputs("base,new,base_hardware,new_hardware", out);
  for (int i = 0; i < count; i++) fprintf(out, ",%s", values[i].name);
  fputs("\r\n", out);
  for (int64_t c = 0; c < output->count; c++) {
    const struct tmk_comparison *comparison = &output->comparisons[c];
    for (int64_t i = 0; i < comparison->row_count; i++) csv_row(out, comparison, &comparison->rows[i], false);
    for (int64_t i = 0; i < comparison->only_count; i++) csv_row(out, comparison, &comparison->only[i], true);
  }
}

/* --- JSON --- */

static void json_text(struct tmk_json_writer *w, const char *name, const char *text)
{
  if (text[0]) {
    tmk_json_put_string(w, name, text);
  } else {
    tmk_json_put_null(w, name);
  }
}

static void json_row(struct tmk_json_writer *w, const struct tmk_compare_row *row, bool only_new)
{
  struct value values[VALUES_MAX];
  int count = values_of(row, only_new, values);
  tmk_json_begin_object(w, NULL);
  for (int i = 0; i < count; i++) {
    if (values[i].kind == TEXT) json_text(w, values[i].name, values[i].text);
    if (values[i].kind == INT) tmk_json_put_int(w, values[i].name, values[i].integer);
    if (values[i].kind == REAL) tmk_json_put_real(w, values[i].name, values[i].real);
  }
  tmk_json_end_object(w);
}

static void json_side(struct tmk_json_writer *w, const char *name, const struct tmk_comparison *comparison, bool fresh)
{
  const struct tmk_compare_side *side = fresh ? comparison->fresh : comparison->base;
  if (!side) {
    tmk_json_put_null(w, name);
    return;
  }
  tmk_json_begin_object(w, name);
  tmk_json_put_string(w, "argument", side->name);
  tmk_json_put_string(w, "file", fresh ? comparison->fresh_file : comparison->base_file);
  tmk_json_put_string(w, "hardware", fresh ? comparison->fresh_hardware : comparison->base_hardware);
  tmk_json_put_int(w, "runs", fresh ? comparison->fresh_runs : comparison->base_runs);
  tmk_json_put_int(w, "files_refused", side->refused);
  tmk_json_end_object(w);
}

static void json_comparison(struct tmk_json_writer *w, const struct tmk_comparison *comparison)
{
  tmk_json_begin_object(w, NULL);
  json_side(w, "base", comparison, false);
  json_side(w, "new", comparison, true);
  json_text(w, "hardware", !comparison->base ? "" : comparison->identical ? "identical" : "different");
  tmk_json_put_real(w, "prior_run_spread", comparison->prior_spread);
  tmk_json_begin_array(w, "differences");
  for (int i = 0; i < comparison->difference_count; i++) {
    tmk_json_begin_object(w, NULL);
    tmk_json_put_string(w, "what", tmk_compare_fact_name(comparison->differences[i].fact));
    tmk_json_put_string(w, "base", comparison->differences[i].base);
    tmk_json_put_string(w, "new", comparison->differences[i].fresh);
    tmk_json_end_object(w);
  }
  tmk_json_end_array(w);
  tmk_json_begin_object(w, "counts");
  for (int v = 0; v < TMK_COMPARE_COUNT; v++) {
    tmk_json_put_int(w, tmk_compare_verdict_name((enum tmk_compare_verdict)v), comparison->counts[v]);
  }
  tmk_json_end_object(w);
  tmk_json_begin_array(w, "points");
  for (int64_t i = 0; i < comparison->row_count; i++) json_row(w, &comparison->rows[i], false);
  tmk_json_end_array(w);
  tmk_json_begin_array(w, "only_in_new");
  for (int64_t i = 0; i < comparison->only_count; i++) json_row(w, &comparison->only[i], true);
  tmk_json_end_array(w);
  tmk_json_end_object(w);
}

enum tmk_status tmk_out_compare_json(FILE *out, const struct tmk_compare_output *output, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL;
  size_t size;
  struct tmk_json_writer *w = tmk_json_writer_create();
  if (!w) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the output");
  tmk_json_begin_object(w, NULL);
  tmk_json_put_string(w, "schema", "tokmark-compare");
  tmk_json_put_string(w, "schema_version", "1.0.0");
  tmk_json_put_real(w, "threshold", output->settings->threshold);
  tmk_json_put_real(w, "false_discovery_rate", output->settings->discovery_rate);
  tmk_json_begin_array(w, "comparisons");
  for (int64_t i = 0; i < output->count; i++) json_comparison(w, &output->comparisons[i]);
  tmk_json_end_array(w);
  tmk_json_end_object(w);
  TMK_TRY(tmk_json_finish(w, &text, &size, err));
  fwrite(text, 1, size, out);
out:
  free(text);
  return status;
}

/* --- JUnit --- */

/* XML 1.0 has no way to write most control characters: '?' stands for them. */
static void xml_text(FILE *out, const char *text)
{
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    switch (c) {
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '&': fputs("&amp;", out); break;
    case '"': fputs("&quot;", out); break;
    default: putc(c < 0x20 || c >= 0x7f ? '?' : c, out);
    }
  }
}

static void junit_case(FILE *out, const char *suite, const struct tmk_compare_row *row)
{
  struct tmk_compare_cells cells;
  tmk_compare_cells_fill(row, &cells);
  bool failed = row->verdict == TMK_COMPARE_SLOWER || row->verdict == TMK_COMPARE_MISSING;
  bool skipped = row->verdict == TMK_COMPARE_AMBIGUOUS || row->verdict == TMK_COMPARE_INCOMPARABLE;
  fputs("    <testcase classname=\"", out);
  xml_text(out, suite);
  fputs("\" name=\"", out);
  xml_text(out, row->key);
  fputs(failed || skipped ? "\">\n" : "\"/>\n", out);
  if (!failed && !skipped) return;
  fprintf(out, "      <%s message=\"%s", failed ? "failure" : "skipped", tmk_compare_verdict_name(row->verdict));
  if (isfinite(row->interval.ratio)) fprintf(out, ": ratio %s, interval %s", cells.ratio, cells.interval);
  if (cells.note[0]) fputs(": ", out);
  xml_text(out, cells.note);
  fputs("\"/>\n    </testcase>\n", out);
}

void tmk_out_compare_junit(FILE *out, const struct tmk_compare_output *output)
{
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tokmark compare\">\n", out);
  for (int64_t c = 0; c < output->count; c++) {
    const struct tmk_comparison *comparison = &output->comparisons[c];
    const int64_t *counts = comparison->counts;
    char suite[768];
    tmk_compare_side_text(comparison, true, suite, sizeof suite);
    fputs("  <testsuite name=\"", out);
    xml_text(out, suite);
    fprintf(out, "\" tests=\"%lld\" failures=\"%lld\" errors=\"0\" skipped=\"%lld\">\n", (long long)comparison->row_count,
            (long long)(counts[TMK_COMPARE_SLOWER] + counts[TMK_COMPARE_MISSING]),
            (long long)(counts[TMK_COMPARE_AMBIGUOUS] + counts[TMK_COMPARE_INCOMPARABLE]));
    for (int64_t i = 0; i < comparison->row_count; i++) junit_case(out, comparison->fresh_hardware, &comparison->rows[i]);
    fputs("  </testsuite>\n", out);
  }
  fputs("</testsuites>\n", out);
}
