/* out_report.h: the HTML report: one file that opens offline. Text and figures come from report_data.h; every string of a file goes
 * through html.h. Charts are inline SVG; where Chart.js was there when tokmark was built, a script replaces them by interactive ones. */
#ifndef TMK_HARNESS_OUT_REPORT_H
#define TMK_HARNESS_OUT_REPORT_H

#include <stdio.h>

#include "report_data.h"
#include "result_files.h"
#include "target.h"

#define TMK_REPORT_TABLE_ROWS_MAX 2000 /* of the table of all points */

struct tmk_report_page {
  const struct tmk_report *report;
  const struct tmk_report_chart *charts;
  int chart_count;
  const struct tmk_claim *claim;        /* NULL: none */
  const struct tmk_result_files *files; /* their refusals are listed */
  bool without_chart_js;                /* SVG alone, although Chart.js was built in */
};
enum tmk_status tmk_out_report(FILE *out, const struct tmk_report_page *page, struct tmk_error *err);

/* --- pieces: out_report_svg.c, out_report_tables.c, out_report_json.c --- */
void tmk_report_svg(FILE *out, const struct tmk_report *report, const struct tmk_report_chart *chart, int index);
void tmk_report_legend(FILE *out, const struct tmk_report *report, const struct tmk_report_chart *chart, int index);
void tmk_report_chart_table(FILE *out, const struct tmk_report *report, const struct tmk_report_chart *chart);
void tmk_report_source_table(FILE *out, const struct tmk_report *report);
void tmk_report_point_table(FILE *out, const struct tmk_report *report);
/* "8", "12.50", "289.4": a coordinate of a point. */
void tmk_report_number(double value, char *text, int size);
/* Where an axis has its ticks, the first and last of which are its ends; how many. Not for bars. */
#define TMK_REPORT_TICKS_MAX 24
int tmk_report_ticks(const struct tmk_report_chart *chart, bool vertical, double ticks[TMK_REPORT_TICKS_MAX]);
/* The charts as JSON, for the script. */
enum tmk_status tmk_report_charts_json(FILE *out, const struct tmk_report_page *page, struct tmk_error *err);
/* How a series is drawn: colour 0..7, dash 0..3 (3 is that of what is not measured), marker 0..5. One source: colours tell series
 * apart, and else sources. */
struct tmk_report_style {
  int colour, dash, marker;
};
struct tmk_report_style tmk_report_style_of(const struct tmk_report *report, const struct tmk_report_series *series);

#endif
