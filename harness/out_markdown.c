/* out_markdown.c: a result as GitHub-flavoured Markdown: facts, table, footnotes, headline. */
#include <math.h>
#include <string.h>

#include "out.h"
#include "out_parts.h"
#include "verdict.h"

/* A string of the file as text: no markup, no HTML, no end of a table's cell. */
static void print_text(FILE *out, const char *text)
{
  char clean[1100];
  tmk_out_clean(text, false, clean, sizeof clean);
  for (const char *c = clean; *c; c++) {
    if (strchr("\\`*_[]<>|&#~", *c)) putc('\\', out);
    putc(*c, out);
  }
}

static void print_cell(FILE *out, const char *text)
{
  fputs(" ", out);
  print_text(out, text);
  fputs(" |", out);
}

/* 0: the phase has no such length. */
static void print_length(FILE *out, int64_t tokens)
{
  char text[24] = "";
  if (tokens > 0) snprintf(text, sizeof text, "%lld", (long long)tokens);
  print_cell(out, text);
}

static void print_workload(FILE *out, const struct tmk_point *point)
{
  if (point->type == TMK_POINT_OP || point->type == TMK_POINT_COMM) {
    print_cell(out, point->key);
    for (int i = 0; i < 6; i++) print_cell(out, "");
    return;
  }
  const struct tmk_workload *workload = &point->workload.step;
  print_cell(out, tmk_phase_name(workload->phase));
  print_length(out, workload->batch);
  print_length(out, workload->input_len);
  print_length(out, workload->output_len);
  if (workload->phase == TMK_PHASE_DECODE) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)workload->context);
    print_cell(out, text);
  } else {
    print_cell(out, "");
  }
  print_cell(out, tmk_dtype_name(workload->weight_dtype));
  print_cell(out, tmk_dtype_name(workload->kv_dtype));
}

static void print_row(FILE *out, const struct tmk_result *result, const struct tmk_point *point)
{
  char text[64], remarks[1024];
  bool shown = tmk_out_has_time(point);
  double rate = tmk_point_rate(point);
  fputs("|", out);
  print_workload(out, point);
  tmk_format_count(rate, text, sizeof text);
  print_cell(out, text);
  print_cell(out, tmk_out_accounting(point));
  tmk_format_count(isfinite(rate) ? point->throughput.output_tokens_per_s_per_user : NAN, text, sizeof text);
  print_cell(out, text);
  tmk_format_time(shown ? point->latency.tpot_ns : NAN, text, sizeof text);
  print_cell(out, text);
  tmk_format_time(shown ? point->latency.ttft_ns : NAN, text, sizeof text);
  print_cell(out, text);
  print_cell(out, point->limit.bound == TMK_BOUND_NONE ? "-" : tmk_bound_name(point->limit.bound));
  tmk_out_percent(shown ? point->limit.share.measured : NAN, text, sizeof text);
  print_cell(out, text);
  tmk_out_percent(shown ? point->limit.share.datasheet : NAN, text, sizeof text);
  print_cell(out, text);
  tmk_out_percent(tmk_out_interval(point), text, sizeof text);
  print_cell(out, text);
  const char *outcome = tmk_point_status_name(point->status);
  if (point->status == TMK_POINT_OK) {
    outcome = point->verdict.value == TMK_VERDICT_NONE ? "-" : tmk_verdict_value_name(point->verdict.value);
  }
  print_cell(out, outcome);
  if (point->status == TMK_POINT_OK) {
    tmk_out_codes(point->verdict.codes, remarks, sizeof remarks);
    size_t used = strlen(remarks);
    if (used > 0) used += (size_t)snprintf(remarks + used, sizeof remarks - used, "; ");
    tmk_out_notes(result, point, remarks + used, (int)(sizeof remarks - used));
    if (used > 0 && !remarks[used]) remarks[used - 2] = '\0';
    print_cell(out, remarks);
  } else {
    print_cell(out, point->reason);
  }
  fputs("\n", out);
}

void tmk_out_markdown(FILE *out, const struct tmk_result *result)
{
  struct tmk_out_fact facts[TMK_OUT_FACTS_MAX];
  char text[1024];
  unsigned codes = 0;
  int count = tmk_out_facts(result, facts);
  for (int i = 0; i < count; i++) {
    fprintf(out, "- **%s**: ", facts[i].name);
    print_text(out, facts[i].text);
    fputs("\n", out);
  }
  fputs(
      "\n| phase | batch | input | output | context | weights | KV | tokens/s | counted | tokens/s/user | TPOT | TTFT "
      "| bound | of measured limit | of datasheet limit | +-95 % | verdict | remarks |\n"
      "|---|---:|---:|---:|---:|---|---|---:|---|---:|---:|---:|---|---:|---:|---:|---|---|\n",
      out);
  for (int64_t i = 0; i < result->point_count; i++) {
    print_row(out, result, &result->points[i]);
    codes |= result->points[i].verdict.codes;
  }
  tmk_out_counts(result, text, sizeof text);
  fprintf(out, "\n%s\n", text);

  int row_count;
  const struct tmk_verdict_code_row *rows = tmk_verdict_codes(&row_count);
  if (codes) fputs("\n", out);
  for (int i = 0; i < row_count; i++) {
    if (!(codes & (unsigned)rows[i].code)) continue;
    fputs("- ", out);
    print_text(out, rows[i].name);
    fputs(": ", out);
    print_text(out, rows[i].meaning);
    fputs("\n", out);
  }
  tmk_out_headline_text(result, text, sizeof text);
  fputs("\n**headline**: ", out);
  print_text(out, text);
  fputs("\n", out);
}
