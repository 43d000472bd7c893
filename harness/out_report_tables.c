/* out_report_tables.c: the tables of the report. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "out.h"
#include "out_parts.h"
#include "out_report.h"
#include "target_report.h"
#include "verdict.h"

static void cell(FILE *out, const char *text)
{
  fputs("<td>", out);
  tmk_html_text(out, text);
  fputs("</td>", out);
}

/* A key may be broken behind each '/'. */
static void key_cell(FILE *out, const char *key)
{
  fputs("<td class=\"k\">", out);
  for (const char *slash; (slash = strchr(key, '/')) != NULL; key = slash + 1) {
    char part[TMK_WORKLOAD_KEY_SIZE];
    snprintf(part, sizeof part, "%.*s", (int)(slash - key + 1), key);
    tmk_html_text(out, part);
    fputs("<wbr>", out);
  }
  tmk_html_text(out, key);
  fputs("</td>", out);
}

static void number_cell(FILE *out, const char *text)
{
  fputs("<td class=\"n\">", out);
  tmk_html_text(out, text);
  fputs("</td>", out);
}

static void count_cell(FILE *out, double value)
{
  char text[48];
  tmk_format_count(value, text, sizeof text);
  number_cell(out, text);
}

void tmk_report_number(double value, char *text, int size)
{
  if (fabs(value) < 1e15 && value == floor(value)) {
    tmk_format_integer(value, text, size);
  } else {
    tmk_format_count(value, text, size);
  }
}

static void time_cell(FILE *out, double time_ns)
{
  char text[32];
  tmk_format_time(time_ns, text, sizeof text);
  number_cell(out, text);
}

/* A name with '#' before it is of a column of numbers. */
static void head(FILE *out, const char *const *names, const char *caption)
{
  fprintf(
      out,
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"%s\"><table><caption>%s</caption><thead><tr>",
      caption, caption);
  for (; *names; names++) {
    bool number = (*names)[0] == '#';
    fprintf(out, "<th scope=\"col\"%s>%s</th>", number ? " class=\"n\"" : "", *names + number);
  }
  fputs("</tr></thead><tbody>\n", out);
}

/* One source needs no column that says so; it is the first of the tables that have it. */
static bool alone(const struct tmk_report *report)
{
  return report->source_count == 1;
}

static void foot(FILE *out)
{
  fputs("</tbody></table></div>\n", out);
}

/* "VALID", with its class: the word is there for those who see no colour. */
static void outcome_cell(FILE *out, const struct tmk_report_row *row)
{
  static const char *const classes[] = {"good", "warn", "bad", "none", "bad", "none"};
  enum tmk_report_outcome outcome = tmk_report_outcome(row);
  fprintf(out, "<td><span class=\"v %s\">%s</span></td>", classes[outcome], tmk_report_outcome_name(outcome));
}

/* Codes, provenance where it is not measured, reason. */
static void remarks_cell(FILE *out, const struct tmk_report_row *row)
{
  char codes[256];
  const char *separator = "";
  tmk_out_codes(row->verdict.codes, codes, sizeof codes);
  fputs("<td class=\"remarks\">", out);
  if (row->provenance != TMK_PROV_MEASURED) {
    fprintf(out, "<span class=\"prov\">%s</span>", tmk_provenance_name(row->provenance));
    separator = "; ";
  }
  if (codes[0]) {
    fputs(separator, out);
    tmk_html_text(out, codes);
    separator = "; ";
  }
  if (row->reason) {
    fputs(separator, out);
    tmk_html_text(out, row->reason);
  }
  fputs("</td>", out);
}

static void share_cell(FILE *out, const struct tmk_report_row *row)
{
  char text[32];
  tmk_out_percent(row->share, text, sizeof text);
  size_t used = strlen(text);
  if (isfinite(row->share) && row->share_by_datasheet) snprintf(text + used, sizeof text - used, " d");
  number_cell(out, text);
}

static void interval_text(const struct tmk_report_row *row, char *text, int size)
{
  tmk_out_percent((row->high - row->low) / 2 / row->rate, text, size);
}

/* --- one row a source: what it reached at best, and what became of its points --- */

void tmk_report_source_table(FILE *out, const struct tmk_report *report)
{
  static const char *const names[] = {"device", "#output tokens/s", "#+-95 %", "#a device",      "#a user", "#of limit",
                                      "bound",  "verdict",          "remarks", "at which point", "points",  NULL};
  head(out, names, "Best output tokens/s of each");
  for (int i = 0; i < report->source_count; i++) {
    const struct tmk_report_source *source = &report->sources[i];
    int64_t counts[TMK_OUTCOME_COUNT] = {0};
    for (int64_t r = 0; r < report->row_count; r++) {
      if (report->rows[r].source == i) counts[tmk_report_outcome(&report->rows[r])]++;
    }
    fprintf(out, "<tr data-source=\"%d\"><th scope=\"row\">", i);
    tmk_html_text(out, source->name);
    if (!source->complete) fputs("<br><span class=\"prov\">run not complete</span>", out);
    if (source->runs > 1) fprintf(out, "<br><span class=\"prov\">latest of %lld runs</span>", (long long)source->runs);
    fputs("</th>", out);
    if (source->best >= 0) {
      const struct tmk_report_row *best = &report->rows[source->best];
      char text[48];
      count_cell(out, best->rate);
      interval_text(best, text, sizeof text);
      number_cell(out, text);
      count_cell(out, best->per_device);
      count_cell(out, best->per_user);
      share_cell(out, best);
      cell(out, best->bound == TMK_BOUND_NONE ? "-" : tmk_bound_name(best->bound));
      outcome_cell(out, best);
      remarks_cell(out, best);
      key_cell(out, best->key);
    } else {
      fprintf(out, "<td colspan=\"9\">%s</td>",
              source->simulated ? "simulated: no throughput" : "no decode or e2e point that counts");
    }
    fputs("<td class=\"outcome\">", out);
    const char *separator = "";
    for (int o = 0; o < TMK_OUTCOME_COUNT; o++) {
      if (counts[o] == 0) continue;
      fprintf(out, "%s%lld %s", separator, (long long)counts[o], tmk_report_outcome_name((enum tmk_report_outcome)o));
      separator = ", ";
    }
    fputs("</td></tr>\n", out);
  }
  foot(out);
}

/* --- a chart's own figures --- */

static void bars_table(FILE *out, const struct tmk_report *report, const struct tmk_report_chart *chart)
{
  static const char *const names[] = {"operation", "#time", "#limit", "#of limit", "#of sum", NULL};
  const struct tmk_report_series *times = &chart->series[0], *limits = &chart->series[1];
  double sum = 0;
  (void)report;
  for (int i = 0; i < times->count; i++) sum += times->points[i].y > 0 ? times->points[i].y : 0;
  head(out, names, "Time of each operation");
  for (int i = 0; i < times->count; i++) {
    char text[32];
    double limit = limits->points[i].y > 0 ? limits->points[i].y : NAN;
    fputs("<tr>", out);
    cell(out, chart->categories[i]);
    time_cell(out, times->points[i].y);
    time_cell(out, limit);
    tmk_out_percent(limit / times->points[i].y, text, sizeof text);
    number_cell(out, text);
    tmk_out_percent(times->points[i].y / sum, text, sizeof text);
    number_cell(out, text);
    fputs("</tr>\n", out);
  }
  foot(out);
}

void tmk_report_chart_table(FILE *out, const struct tmk_report *report, const struct tmk_report_chart *chart)
{
  char caption[160], x_name[80], y_name[80];
  if (chart->bars) {
    bars_table(out, report, chart);
    return;
  }
  snprintf(caption, sizeof caption, "%s: the chart's figures", chart->title);
  snprintf(x_name, sizeof x_name, "#%s", chart->x_title);
  snprintf(y_name, sizeof y_name, "#%s", chart->y_title);
  const char *const names[] = {"device", "series", x_name, y_name, "#95 % interval", "verdict", "remarks", NULL};
  head(out, names + alone(report), caption);
  for (int i = 0; i < chart->series_count; i++) {
    const struct tmk_report_series *series = &chart->series[i];
    for (int j = 0; j < series->count; j++) {
      const struct tmk_report_point *p = &series->points[j];
      char low[48], high[48], text[112];
      fprintf(out, "<tr data-source=\"%d\">", series->source);
      if (!alone(report)) cell(out, report->sources[series->source].name);
      cell(out, series->label);
      tmk_report_number(p->x, text, sizeof text);
      number_cell(out, text);
      tmk_report_number(p->y, text, sizeof text);
      number_cell(out, text);
      tmk_format_count(p->low, low, sizeof low);
      tmk_format_count(p->high, high, sizeof high);
      snprintf(text, sizeof text, isfinite(p->low) ? "%s to %s" : "-", low, high);
      number_cell(out, text);
      if (p->row >= 0) {
        outcome_cell(out, &report->rows[p->row]);
        remarks_cell(out, &report->rows[p->row]);
      } else {
        fputs("<td>-</td><td></td>", out);
      }
      fputs("</tr>\n", out);
    }
  }
  if (isfinite(chart->line_y)) {
    fputs("<tr>", out);
    if (!alone(report)) cell(out, "-");
    cell(out, chart->line_label);
    number_cell(out, "-");
    count_cell(out, chart->line_y);
    fputs("<td class=\"n\">-</td><td>-</td><td class=\"remarks\"><span class=\"prov\">reported</span></td></tr>\n",
          out);
  }
  foot(out);
}

/* --- every point, the bad ones too --- */

static int compare_rows(const void *a, const void *b)
{
  const struct tmk_report_row *x = *(const struct tmk_report_row *const *)a,
                              *y = *(const struct tmk_report_row *const *)b;
  if (x->source != y->source) return x->source < y->source ? -1 : 1;
  return x < y ? -1 : x > y;
}

/* What is bad comes first where not all rows are shown: it may not be what is cut. */
static int compare_bad_first(const void *a, const void *b)
{
  const struct tmk_report_row *x = *(const struct tmk_report_row *const *)a,
                              *y = *(const struct tmk_report_row *const *)b;
  bool bad_x = tmk_report_outcome(x) != TMK_OUTCOME_VALID, bad_y = tmk_report_outcome(y) != TMK_OUTCOME_VALID;
  if (bad_x != bad_y) return bad_x ? -1 : 1;
  return compare_rows(a, b);
}

static void point_row(FILE *out, const struct tmk_report *report, const struct tmk_report_row *row)
{
  char text[48];
  fprintf(out, "<tr data-source=\"%d\">", row->source);
  if (!alone(report)) cell(out, report->sources[row->source].name);
  key_cell(out, row->key);
  count_cell(out, row->rate);
  cell(out, row->accounting == TMK_ACCT_NONE ? "" : tmk_accounting_name(row->accounting));
  count_cell(out, row->per_device);
  count_cell(out, row->per_user);
  time_cell(out, row->time_ns);
  interval_text(row, text, sizeof text);
  number_cell(out, text);
  share_cell(out, row);
  cell(out, row->bound == TMK_BOUND_NONE ? "-" : tmk_bound_name(row->bound));
  outcome_cell(out, row);
  remarks_cell(out, row);
  fputs("</tr>\n", out);
}

void tmk_report_point_table(FILE *out, const struct tmk_report *report)
{
  static const char *const names[] = {
      "device",           "point",           "#tokens/s", "counted",   "#output/s a device",
      "#output/s a user", "#time of a pass", "#+-95 %",   "#of limit", "bound",
      "verdict",          "remarks",         NULL};
  const struct tmk_report_row **order = calloc((size_t)report->row_count + 1, sizeof(struct tmk_report_row *));
  int64_t shown = report->row_count < TMK_REPORT_TABLE_ROWS_MAX ? report->row_count : TMK_REPORT_TABLE_ROWS_MAX;
  for (int64_t i = 0; order && i < report->row_count; i++) order[i] = &report->rows[i];
  if (order && shown < report->row_count) {
    qsort(order, (size_t)report->row_count, sizeof *order, compare_bad_first);
    fprintf(out, "<p class=\"note\">%lld of %lld points; those that are not VALID come first.</p>\n", (long long)shown,
            (long long)report->row_count);
  } else if (order) {
    qsort(order, (size_t)report->row_count, sizeof *order, compare_rows);
  }
  head(out, names + alone(report), "Points");
  for (int64_t i = 0; i < shown; i++) point_row(out, report, order ? order[i] : &report->rows[i]);
  foot(out);
  free(order);
}
