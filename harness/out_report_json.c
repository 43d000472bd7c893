/* out_report_json.c: the charts as JSON in the page, which its script hands to Chart.js. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "json.h"
#include "out_report.h"

static void put_series(struct tmk_json_writer *w, const struct tmk_report *report,
                       const struct tmk_report_series *series)
{
  struct tmk_report_style style = tmk_report_style_of(report, series);
  char label[384];
  bool named = report->source_count > 1;
  snprintf(label, sizeof label, "%s%s%s", named ? report->sources[series->source].name : "", named ? ": " : "",
           series->label);
  tmk_json_begin_object(w, NULL);
  tmk_json_put_string(w, "label", label);
  tmk_json_put_int(w, "source", series->source);
  tmk_json_put_int(w, "colour", style.colour);
  tmk_json_put_int(w, "dash", style.dash);
  tmk_json_put_int(w, "marker", style.marker);
  tmk_json_put_bool(w, "whole", series->whole_line);
  tmk_json_begin_array(w, "points");
  for (int i = 0; i < series->count; i++) {
    const struct tmk_report_point *p = &series->points[i];
    bool suspect = p->row >= 0 && tmk_report_outcome(&report->rows[p->row]) == TMK_OUTCOME_SUSPECT;
    tmk_json_begin_object(w, NULL);
    tmk_json_put_real(w, "x", p->x);
    tmk_json_put_real(w, "y", p->y);
    if (isfinite(p->low)) {
      tmk_json_put_real(w, "low", p->low);
      tmk_json_put_real(w, "high", p->high);
    }
    if (suspect) tmk_json_put_bool(w, "suspect", true);
    tmk_json_end_object(w);
  }
  tmk_json_end_array(w);
  tmk_json_end_object(w);
}

static void put_ticks(struct tmk_json_writer *w, const char *key, const struct tmk_report_chart *chart, bool vertical)
{
  double ticks[TMK_REPORT_TICKS_MAX];
  int count = chart->bars ? 0 : tmk_report_ticks(chart, vertical, ticks);
  tmk_json_begin_array(w, key);
  for (int i = 0; i < count; i++) tmk_json_put_real(w, NULL, ticks[i]);
  tmk_json_end_array(w);
}

enum tmk_status tmk_report_charts_json(FILE *out, const struct tmk_report_page *page, struct tmk_error *err)
{
  char *text;
  size_t size;
  struct tmk_json_writer *w = tmk_json_writer_create();
  if (!w) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the report");
  tmk_json_begin_array(w, NULL);
  for (int i = 0; i < page->chart_count; i++) {
    const struct tmk_report_chart *chart = &page->charts[i];
    tmk_json_begin_object(w, NULL);
    tmk_json_put_string(w, "id", chart->id);
    tmk_json_put_string(w, "x_title", chart->x_title);
    tmk_json_put_string(w, "y_title", chart->y_title);
    put_ticks(w, "x_ticks", chart, false);
    put_ticks(w, "y_ticks", chart, true);
    tmk_json_put_bool(w, "log_x", chart->log_x);
    tmk_json_put_bool(w, "log_y", chart->log_y);
    tmk_json_put_bool(w, "bars", chart->bars);
    tmk_json_put_real(w, "line_y", chart->line_y);
    tmk_json_put_string(w, "line_label", chart->line_label);
    tmk_json_begin_array(w, "categories");
    for (int c = 0; chart->bars && c < chart->series[0].count; c++) tmk_json_put_string(w, NULL, chart->categories[c]);
    tmk_json_end_array(w);
    tmk_json_begin_array(w, "series");
    for (int s = 0; s < chart->series_count; s++) put_series(w, page->report, &chart->series[s]);
    tmk_json_end_array(w);
    tmk_json_end_object(w);
  }
  tmk_json_end_array(w);
  enum tmk_status status = tmk_json_finish(w, &text, &size, err);
  if (status == TMK_OK) {
    tmk_html_json(out, text, size);
    free(text);
  }
  return status;
}
