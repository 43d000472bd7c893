/* report_charts.c: rows to charts; see report_data.h. A chart is a row of a table here; report_place.c says which rows of the report it
 * takes, where they stand, and what joins them to a series. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out_parts.h"
#include "report_data.h"
#include "report_place.h"

/* Each row of type scale is held against all others. */
#define SCALE_ROWS_MAX 2000

static enum tmk_status fail_memory(struct tmk_error *err)
{
  return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the report's charts");
}

/* --- series --- */

/* The series of that source and label, made if there is none and fewer than `limit`; NULL: too many, or no memory (*status says). */
static struct tmk_report_series *find_series(struct tmk_report_chart *chart, int source, const char *label, int limit,
                                             enum tmk_status *status, struct tmk_error *err)
{
  int style = 0;
  for (int i = 0; i < chart->series_count; i++) {
    if (chart->series[i].source != source) continue;
    if (strcmp(chart->series[i].label, label) == 0) return &chart->series[i];
    style += !chart->series[i].whole_line;
  }
  if (chart->series_count >= limit) return NULL;
  if (!chart->series) chart->series = calloc(2 * TMK_REPORT_SERIES_MAX, sizeof *chart->series);
  if (!chart->series) {
    *status = fail_memory(err);
    return NULL;
  }
  struct tmk_report_series *series = &chart->series[chart->series_count++];
  series->source = source;
  series->style = style;
  snprintf(series->label, sizeof series->label, "%s", label);
  return series;
}

static enum tmk_status add_point(struct tmk_report_chart *chart, int source, const char *label, bool dashed, int limit,
                                 const struct tmk_report_point *point, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_report_series *series = find_series(chart, source, label, limit, &status, err);
  if (status != TMK_OK) return status;
  if (!series || series->count == TMK_REPORT_SERIES_POINTS_MAX) {
    chart->points_left_out++;
    return TMK_OK;
  }
  if ((series->count & (series->count - 1)) == 0) {
    size_t capacity = series->count == 0 ? 1 : 2 * (size_t)series->count;
    struct tmk_report_point *points = realloc(series->points, capacity * sizeof *points);
    if (!points) return fail_memory(err);
    series->points = points;
  }
  series->dashed = dashed;
  series->points[series->count++] = *point;
  return TMK_OK;
}

static int compare_points(const void *a, const void *b)
{
  const struct tmk_report_point *x = a, *y = b;
  if (x->order != y->order) return x->order < y->order ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

/* A source that charts draw: the first ones; all of them stand in the tables. */
static bool is_drawn(int source)
{
  return source < TMK_REPORT_OVERLAY_MAX;
}

/* Files may hold any number: what no axis can show is in the table of points alone. */
static bool is_sane(double value, bool log)
{
  return fabs(value) < 1e30 && (log ? value > 1e-30 : value >= 0);
}

static enum tmk_status fill_chart(struct tmk_report_chart *chart, const struct tmk_report *report,
                                  tmk_report_place_fn *place, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int64_t compared = 0;
  for (int64_t i = 0; i < report->row_count; i++) {
    const struct tmk_report_row *row = &report->rows[i];
    struct tmk_report_point point;
    char label[224];
    bool here = row->provenance == TMK_PROV_MEASURED || row->provenance == TMK_PROV_COMPOSED;
    /* What is INVALID is no figure; faster than its limit is an error, not a record. */
    if (tmk_report_outcome(row) == TMK_OUTCOME_INVALID || row->status != TMK_POINT_OK) continue;
    if (row->provenance == TMK_PROV_SIMULATED || (row->verdict.codes & TMK_CODE_OVER_LIMIT)) continue;
    if (place == tmk_report_place_scaling && row->type == TMK_POINT_SCALE && compared++ >= SCALE_ROWS_MAX) {
      chart->points_left_out++;
      continue;
    }
    if (!place(report, row, &point, label, sizeof label)) continue;
    if (!is_sane(point.x, chart->log_x) || !is_sane(point.y, chart->log_y)) continue;
    if (!is_drawn(row->source)) {
      chart->points_left_out++;
      continue;
    }
    if (!(point.low > 0 && point.low <= point.high && isfinite(point.high))) point.low = point.high = NAN;
    if (!here) {
      size_t used = strlen(label);
      snprintf(label + used, sizeof label - used, " (%s)", tmk_provenance_name(row->provenance));
    }
    point.row = i;
    if (place != tmk_report_place_interactivity) point.order = point.x;
    TMK_TRY(add_point(chart, row->source, label, !here, TMK_REPORT_SERIES_MAX, &point, err));
  }
  for (int i = 0; i < chart->series_count; i++) {
    struct tmk_report_series *series = &chart->series[i];
    qsort(series->points, (size_t)series->count, sizeof *series->points, compare_points);
  }
out:
  return status;
}

/* --- ceilings of the roofline --- */

static enum tmk_status add_roof(struct tmk_report_chart *chart, int source, double read, double peak, const char *label,
                                bool datasheet, double low_x, double high_x, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (!(read > 0) || !(peak > 0) || !isfinite(read) || !isfinite(peak)) return TMK_OK;
  double ridge = peak / read;
  if (!is_sane(read, true) || !is_sane(peak, true) || !is_sane(ridge * 10, true)) return TMK_OK;
  double xs[3] = {low_x < ridge ? low_x : ridge / 10, ridge, high_x > ridge ? high_x : ridge * 10};
  for (int i = 0; i < 3; i++) {
    struct tmk_report_point point = {xs[i], fmin(peak, read * xs[i]), NAN, NAN, -1, xs[i]};
    if (!is_sane(point.x, true) || !is_sane(point.y, true)) return TMK_OK;
    TMK_TRY(add_point(chart, source, label, datasheet, 2 * TMK_REPORT_SERIES_MAX, &point, err));
  }
  struct tmk_report_series *series = find_series(chart, source, label, 2 * TMK_REPORT_SERIES_MAX, &status, err);
  if (series) series->whole_line = true;
out:
  return status;
}

static enum tmk_status add_roofs(struct tmk_report_chart *chart, const struct tmk_report *report, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  double low_x = INFINITY, high_x = 0;
  bool present[TMK_REPORT_OVERLAY_MAX] = {false};
  for (int i = 0; i < chart->series_count; i++) {
    const struct tmk_report_series *series = &chart->series[i];
    low_x = fmin(low_x, series->points[0].x);
    high_x = fmax(high_x, series->points[series->count - 1].x);
    present[series->source] = true;
  }
  for (int i = 0; i < report->source_count && is_drawn(i); i++) {
    const struct tmk_device_result *device = &report->sources[i].device_result;
    if (!report->sources[i].has_device || !present[i]) continue;
    for (int dtype = 1; dtype < TMK_DTYPE_COUNT; dtype++) {
      char label[96];
      snprintf(label, sizeof label, "%s ceiling, measured", tmk_dtype_name((enum tmk_dtype)dtype));
      TMK_TRY(add_roof(chart, i, device->ceilings.read_bytes_per_s, device->ceilings.flops_per_s[dtype], label, false,
                       low_x, high_x, err));
      snprintf(label, sizeof label, "%s ceiling, datasheet", tmk_dtype_name((enum tmk_dtype)dtype));
      TMK_TRY(add_roof(chart, i, device->datasheet_read_bytes_per_s, device->datasheet_flops_per_s[dtype], label, true,
                       low_x, high_x, err));
    }
  }
out:
  return status;
}

/* --- where a step's time goes --- */

static int compare_ops(const void *a, const void *b)
{
  const struct tmk_op_time *x = a, *y = b;
  double time_x = isnan(x->time_ns) ? -1 : x->time_ns, time_y = isnan(y->time_ns) ? -1 : y->time_ns;
  return (time_x < time_y) - (time_x > time_y);
}

static enum tmk_status fill_bars(struct tmk_report_chart *chart, const struct tmk_report_row *row, int64_t index,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int64_t count = row->op_count < TMK_REPORT_SERIES_POINTS_MAX / 4 ? row->op_count : TMK_REPORT_SERIES_POINTS_MAX / 4;
  struct tmk_op_time *ops = malloc((size_t)row->op_count * sizeof *ops);
  chart->categories = calloc((size_t)count, sizeof *chart->categories);
  if (!ops || !chart->categories) TMK_TRY(fail_memory(err));
  memcpy(ops, row->ops, (size_t)row->op_count * sizeof *ops);
  qsort(ops, (size_t)row->op_count, sizeof *ops, compare_ops);
  for (int64_t i = 0; i < count; i++) {
    snprintf(chart->categories[i], sizeof chart->categories[i], "%s", ops[i].label);
    struct tmk_report_point time = {(double)i, ops[i].time_ns, NAN, NAN, index, (double)i};
    struct tmk_report_point limit = {(double)i, ops[i].limit_ns, NAN, NAN, index, (double)i};
    TMK_TRY(add_point(chart, row->source, "time", false, TMK_REPORT_SERIES_MAX, &time, err));
    TMK_TRY(add_point(chart, row->source, "limit", true, TMK_REPORT_SERIES_MAX, &limit, err));
  }
  chart->points_left_out = row->op_count - count;
  snprintf(chart->subject, sizeof chart->subject, "%s", row->key);
out:
  free(ops);
  return status;
}

/* --- all of them --- */

struct kind {
  struct tmk_report_chart chart;
  tmk_report_place_fn *place;
};

static const struct kind kinds[] = {
    {{.id = "output",
      .title = "Output tokens/s over batch",
      .x_title = "batch (sequences at once)",
      .y_title = "output tokens/s",
      .caption = "Generated tokens a second of all devices of a point; prompts' time is inside an e2e rate, which is "
                 "composed of measured steps.",
      .log_x = true,
      .base2_x = true,
      .log_y = true},
     tmk_report_place_output},
    {{.id = "input",
      .title = "Input tokens/s over batch",
      .x_title = "batch (prompts at once)",
      .y_title = "input tokens/s",
      .caption = "Prompt tokens a second of a prefill. These are no output tokens and can't be compared with them.",
      .log_x = true,
      .base2_x = true,
      .log_y = true},
     tmk_report_place_input},
    {{.id = "interactivity",
      .title = "Throughput against interactivity",
      .x_title = "output tokens/s a user",
      .y_title = "output tokens/s a device",
      .caption = "Up is more for the device, right is faster for each user; no point has both. A line goes from small "
                 "batches to large ones.",
      .log_x = true,
      .log_y = true},
     tmk_report_place_interactivity},
    {{.id = "roofline",
      .title = "Roofline",
      .x_title = "FLOP a byte of compulsory traffic",
      .y_title = "FLOP/s",
      .caption = "Sloped: memory bandwidth. Flat: arithmetic. Ceilings are those measured in the run (solid) and the "
                 "datasheet's (dashed). "
                 "Points on one device only.",
      .log_x = true,
      .log_y = true},
     tmk_report_place_roofline},
    {{.id = "scaling",
      .title = "Scaling efficiency",
      .x_title = "devices",
      .y_title = "% of the rate a device at the fewest devices",
      .caption = "100 % is a device among many that does as much as a device among the fewest measured.",
      .log_x = true,
      .base2_x = true},
     tmk_report_place_scaling},
    {{.id = "busbw",
      .title = "Collectives: bus bandwidth over size",
      .x_title = "bytes",
      .y_title = "busbw, bytes/s",
      .caption = "busbw as nccl-tests defines it: size / time, times 2(n-1)/n for all-reduce, (n-1)/n for all-gather, "
                 "reduce-scatter and all-to-all.",
      .log_x = true,
      .log_y = true},
     tmk_report_place_busbw},
};

static void add_claim(struct tmk_report_chart *chart, const struct tmk_claim *claim)
{
  double rate = claim ? tmk_claim_rate_per_gpu(claim) : NAN;
  if (!(rate > 0) || !isfinite(rate)) return;
  bool stated = claim->accounting != TMK_ACCT_NONE;
  chart->line_y = rate;
  snprintf(chart->line_label, sizeof chart->line_label, "reported: %.4g %s a GPU%s", rate,
           stated ? tmk_accounting_name(claim->accounting) : "tokens/s",
           stated ? " tokens/s" : ", which tokens is not stated");
}

enum tmk_status tmk_report_charts(const struct tmk_report *report, const struct tmk_claim *claim,
                                  struct tmk_report_chart charts[TMK_REPORT_CHARTS_MAX], int *count,
                                  struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int bars = 0;
  *count = 0;
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    struct tmk_report_chart *chart = &charts[(*count)++];
    *chart = kinds[k].chart;
    chart->line_y = NAN;
    TMK_TRY(fill_chart(chart, report, kinds[k].place, err));
    if (chart->series_count == 0) {
      (*count)--;
      continue;
    }
    if (kinds[k].place == tmk_report_place_interactivity) add_claim(chart, claim);
    if (kinds[k].place == tmk_report_place_roofline) TMK_TRY(add_roofs(chart, report, err));
  }
  for (int64_t i = 0; i < report->row_count && bars < TMK_REPORT_BARS_MAX; i++) {
    if (report->rows[i].op_count == 0 || !is_drawn(report->rows[i].source)) continue;
    static const char *const ids[TMK_REPORT_BARS_MAX] = {"ops-1", "ops-2", "ops-3", "ops-4"};
    struct tmk_report_chart *chart = &charts[(*count)++];
    *chart = (struct tmk_report_chart){
        .id = ids[bars++],
        .title = "Where the time goes",
        .x_title = "operation",
        .y_title = "time of a pass",
        .caption =
            "Each operation timed by itself, which adds time, beside the least it can take by the measured ceilings.",
        .line_y = NAN,
        .bars = true};
    TMK_TRY(fill_bars(chart, &report->rows[i], i, err));
  }
out:
  if (status != TMK_OK) {
    for (int i = 0; i < *count; i++) tmk_report_chart_free(&charts[i]);
    *count = 0;
  }
  return status;
}

void tmk_report_chart_free(struct tmk_report_chart *chart)
{
  for (int i = 0; i < chart->series_count; i++) free(chart->series[i].points);
  free(chart->series);
  free(chart->categories);
  chart->series = NULL;
  chart->categories = NULL;
  chart->series_count = 0;
}
