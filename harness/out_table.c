/* out_table.c: the terminal table. At most 120 columns, ASCII, no colour; each row stands by itself, so that it can be printed
 * as its point ends. */
#include <math.h>
#include <string.h>

#include "out.h"
#include "out_parts.h"
#include "verdict.h"

enum { LABEL_INDENT = 11, NOTE_INDENT = 8 };

/* phase batch lengths dtype | tokens/s counted /user latency bound share interval | verdict */
#define HEAD_FORMAT    "%-7s %5s %-11s %-10s"
#define FIGURES_FORMAT " %10s %-7s %10s %-13s %-7s %8s %7s "

static void print_rule(FILE *out)
{
  for (int i = 0; i < 120; i++) putc('-', out);
  putc('\n', out);
}

static void print_fact(FILE *out, const char *name, const char *text)
{
  fprintf(out, "%-*s", LABEL_INDENT, name);
  if (strlen(name) >= LABEL_INDENT) putc(' ', out);
  tmk_out_wrapped(out, text, LABEL_INDENT, LABEL_INDENT);
}

void tmk_out_preamble(FILE *out, const struct tmk_result *result)
{
  struct tmk_out_fact facts[TMK_OUT_FACTS_MAX];
  int count = tmk_out_facts(result, facts);
  for (int i = 0; i < count; i++) print_fact(out, facts[i].name, facts[i].text);
  putc('\n', out);
}

void tmk_out_table_header(FILE *out, const struct tmk_result *result)
{
  if (tmk_out_is_ops(result)) {
    tmk_out_ops_header(out);
    print_rule(out);
    return;
  }
  if (tmk_out_is_comm(result)) {
    tmk_out_comm_header(out);
    print_rule(out);
    return;
  }
  if (tmk_out_is_scale(result)) {
    tmk_out_scale_header(out);
    print_rule(out);
    return;
  }
  fprintf(out, HEAD_FORMAT FIGURES_FORMAT "%s\n", "phase", "batch", "lengths", "dtype", "tokens/s", "counted",
          "tok/s/user", "TPOT or TTFT", "bound", "of limit", "+-95 %", "verdict");
  print_rule(out);
}

/* What stands in front of a row's figures. */
static void print_head(FILE *out, const struct tmk_point *point)
{
  char lengths[48], dtypes[32], batch[24], key[TMK_WORKLOAD_KEY_SIZE];
  if (point->type == TMK_POINT_COMM) {
    tmk_out_clean(point->key, true, key, sizeof key);
    fprintf(out, "%-36s", key);
    return;
  }
  const struct tmk_workload *workload = &point->workload.step;
  tmk_out_lengths(workload, lengths, sizeof lengths);
  tmk_out_dtypes(workload, dtypes, sizeof dtypes);
  snprintf(batch, sizeof batch, "%lld", (long long)workload->batch);
  fprintf(out, HEAD_FORMAT, tmk_phase_name(workload->phase), batch, lengths, dtypes);
}

static void latency_text(const struct tmk_point *point, char *text, int size)
{
  char time[32];
  const char *name = "";
  double value = point->stats.median_ns;
  if (point->type == TMK_POINT_STEP || point->type == TMK_POINT_SCALE) {
    bool prefill = point->workload.step.phase == TMK_PHASE_PREFILL;
    name = prefill ? "TTFT " : "TPOT ";
    value = prefill ? point->latency.ttft_ns : point->latency.tpot_ns;
  }
  tmk_format_time(tmk_out_has_time(point) ? value : NAN, time, sizeof time);
  snprintf(text, (size_t)size, "%s%s", time[0] == '-' ? "" : name, time);
}

static void print_figures(FILE *out, const struct tmk_result *result, const struct tmk_point *point)
{
  char rate[40], per_user[40], latency[48], share[32], interval[32], codes[256], notes[256];
  bool by_datasheet;
  tmk_format_count(tmk_point_rate(point), rate, sizeof rate);
  bool has_rate = isfinite(tmk_point_rate(point));
  tmk_format_count(has_rate ? point->throughput.output_tokens_per_s_per_user : NAN, per_user, sizeof per_user);
  latency_text(point, latency, sizeof latency);
  tmk_out_percent(tmk_out_share(point, &by_datasheet), share, sizeof share);
  if (by_datasheet && share[0] != '-') share[strlen(share) - 1] = 'd';
  tmk_out_percent(tmk_out_interval(point), interval, sizeof interval);
  const char *bound = point->limit.bound == TMK_BOUND_NONE ? "-" : tmk_bound_name(point->limit.bound);
  bool judged = point->verdict.value != TMK_VERDICT_NONE;
  fprintf(out, FIGURES_FORMAT "%s\n", rate, tmk_out_accounting(point), per_user, latency, bound, share, interval,
          judged ? tmk_verdict_value_name(point->verdict.value) : "-");

  /* Codes and what else is to be said stand below the row: no width would do for them. */
  tmk_out_codes(point->verdict.codes, codes, sizeof codes);
  tmk_out_notes(result, point, notes, sizeof notes);
  if (codes[0]) {
    fprintf(out, "%*s", NOTE_INDENT, "");
    tmk_out_wrapped(out, codes, NOTE_INDENT, NOTE_INDENT);
  }
  if (notes[0]) {
    fprintf(out, "%*s", NOTE_INDENT, "");
    tmk_out_wrapped(out, notes, NOTE_INDENT, NOTE_INDENT);
  }
}

void tmk_out_table_row(FILE *out, const struct tmk_result *result, const struct tmk_point *point)
{
  if (point->type == TMK_POINT_OP) {
    tmk_out_ops_row(out, point);
    return;
  }
  if (point->type == TMK_POINT_COMM && tmk_out_is_comm(result)) {
    tmk_out_comm_row(out, point);
    return;
  }
  if (point->type == TMK_POINT_SCALE && tmk_out_is_scale(result)) {
    tmk_out_scale_row(out, point);
    return;
  }
  print_head(out, point);
  if (point->status == TMK_POINT_OK) {
    print_figures(out, result, point);
  } else {
    char reason[256], text[300];
    tmk_out_clean(point->reason, true, reason, sizeof reason);
    snprintf(text, sizeof text, "%s: %s", point->status == TMK_POINT_SKIPPED ? "skipped" : "FAILED", reason);
    fprintf(out, "  ");
    tmk_out_wrapped(out, text, 38, 38);
  }
  fflush(out);
}

static void print_footnote(FILE *out, const char *name, const char *meaning)
{
  char clean[256];
  tmk_out_clean(meaning, true, clean, sizeof clean);
  fprintf(out, "  %-20s ", name);
  tmk_out_wrapped(out, clean, 23, 23);
}

void tmk_out_table_footer(FILE *out, const struct tmk_result *result)
{
  char counts[160];
  unsigned codes = 0;
  bool cache = false, datasheet = false, by_datasheet;
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    codes |= point->verdict.codes;
    cache = cache || point->limit.bound == TMK_BOUND_CACHE;
    if (isfinite(tmk_out_share(point, &by_datasheet)) && by_datasheet) datasheet = true;
  }
  print_rule(out);
  tmk_out_counts(result, counts, sizeof counts);
  fprintf(out, "%s\n", counts);
  int row_count;
  const struct tmk_verdict_code_row *rows = tmk_verdict_codes(&row_count);
  for (int i = 0; i < row_count; i++) {
    if (codes & (unsigned)rows[i].code) print_footnote(out, rows[i].name, rows[i].meaning);
  }
  if (cache) {
    print_footnote(out, "bound cache",
                   "the working set is below 4 x the last-level cache: the share would mean nothing");
  }
  if (datasheet) print_footnote(out, "of limit, d", "by the datasheet: no ceilings were measured");
  putc('\n', out);
  if (tmk_out_is_comm(result)) tmk_out_comm_fits(out, result);
  if (tmk_out_is_scale(result)) tmk_out_scale_footer(out);
}

void tmk_out_headline(FILE *out, const struct tmk_result *result)
{
  char text[768];
  tmk_out_headline_text(result, text, sizeof text);
  print_fact(out, "headline", text);
}
