/* out_report_svg.c: charts as inline SVG, and their legends. No style attributes: the page's policy forbids them, and classes know
 * light, dark and print. */
#include <math.h>
#include <string.h>

#include "html.h"
#include "out.h"
#include "out_report.h"

enum { WIDTH = 540, HEIGHT = 340, LEFT = 62, RIGHT = 14, TOP = 14, BOTTOM = 48, TICKS_MAX = TMK_REPORT_TICKS_MAX };

struct axis {
  bool log, base2;
  double low, high; /* of the domain, ticks at its ends */
  double from_px, to_px;
  double ticks[TICKS_MAX];
  int tick_count;
};

static double position(const struct axis *axis, double value)
{
  double part = axis->log ? (log(value) - log(axis->low)) / (log(axis->high) - log(axis->low))
                          : (value - axis->low) / (axis->high - axis->low);
  return axis->from_px + part * (axis->to_px - axis->from_px);
}

/* "1", "20", "5k", "3M": enough for a tick, which is a round number. */
static void tick_text(double value, char *text, size_t size)
{
  static const char prefixes[] = " kMGTPE";
  int i = 0;
  while (fabs(value) >= 999.5 && i < 6) {
    value /= 1000;
    i++;
  }
  snprintf(text, size, "%.3g%.*s", value, i > 0, &prefixes[i]);
}

/* A tick each 1, 2, 5 while there are few decades, else each power of ten, or of a thousand; or powers of two, where a quantity is
 * counted in those. The first tick is at or below `low`, the last at or above `high`. */
static void log_ticks(struct axis *axis, double low, double high)
{
  static const double ones[] = {1, 2, 5};
  double base = axis->base2 ? 2 : 10, span = (log(high) - log(low)) / log(base);
  int parts = !axis->base2 && span <= 3 ? 3 : 1, stride = 1 + (int)span / (axis->base2 ? 11 : 7);
  int first = stride * (int)floor(log(low) / log(base) / stride - 1);
  double below = low;
  for (int e = first; axis->tick_count < TICKS_MAX; e += stride) {
    for (int part = 0; part < parts && axis->tick_count < TICKS_MAX; part++) {
      double tick = ones[part] * pow(base, e);
      if (tick <= low * (1 + 1e-9)) {
        below = tick;
        continue;
      }
      if (axis->tick_count == 0) axis->ticks[axis->tick_count++] = below;
      axis->ticks[axis->tick_count++] = tick;
      if (tick >= high * (1 - 1e-9)) return;
    }
  }
}

static void linear_ticks(struct axis *axis, double low, double high)
{
  double raw = (high - low) / 5, power = pow(10, floor(log10(raw))), step = power;
  if (raw > 1.4 * power) step = 2 * power;
  if (raw > 3 * power) step = 5 * power;
  if (raw > 7 * power) step = 10 * power;
  for (double tick = floor(low / step) * step; axis->tick_count < TICKS_MAX; tick += step) {
    axis->ticks[axis->tick_count++] = tick;
    if (tick >= high - 1e-9 * step) break;
  }
}

static void set_axis(struct axis *axis, double low, double high)
{
  if (axis->log) {
    if (!(low > 0)) low = high = 1;
    if (high / low < 1.5) {
      low /= 1.5;
      high *= 1.5;
    }
    log_ticks(axis, low, high);
  } else {
    if (low > 0) low = 0;
    if (!(high > low)) high = low + 1;
    linear_ticks(axis, low, high);
  }
  axis->low = axis->ticks[0];
  axis->high = axis->ticks[axis->tick_count - 1];
}

static void set_axes(const struct tmk_report_chart *chart, struct axis *x, struct axis *y)
{
  double low_x = INFINITY, high_x = -INFINITY, low_y = chart->line_y, high_y = chart->line_y;
  for (int i = 0; i < chart->series_count; i++) {
    for (int j = 0; j < chart->series[i].count; j++) {
      const struct tmk_report_point *p = &chart->series[i].points[j];
      low_x = fmin(low_x, p->x);
      high_x = fmax(high_x, p->x);
      low_y = fmin(low_y, p->y);
      high_y = fmax(high_y, p->y);
    }
  }
  *x = (struct axis){.log = chart->log_x, .base2 = chart->base2_x, .from_px = LEFT, .to_px = WIDTH - RIGHT};
  *y = (struct axis){.log = chart->log_y, .from_px = HEIGHT - BOTTOM, .to_px = TOP};
  set_axis(x, low_x, high_x);
  set_axis(y, low_y, high_y);
}

int tmk_report_ticks(const struct tmk_report_chart *chart, bool vertical, double ticks[TMK_REPORT_TICKS_MAX])
{
  struct axis x, y;
  set_axes(chart, &x, &y);
  const struct axis *axis = vertical ? &y : &x;
  memcpy(ticks, axis->ticks, sizeof axis->ticks);
  return axis->tick_count;
}

static void print_frame(FILE *out, const struct tmk_report_chart *chart, const struct axis *x, const struct axis *y)
{
  char text[32];
  fputs("<g class=\"grid\">", out);
  for (int i = 0; i < x->tick_count; i++) {
    tick_text(x->ticks[i], text, sizeof text);
    double at = position(x, x->ticks[i]);
    fprintf(out, "<path d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\" class=\"tx\">%s</text>", at, TOP, HEIGHT - BOTTOM,
            at, HEIGHT - BOTTOM + 17, text);
  }
  for (int i = 0; i < y->tick_count; i++) {
    tick_text(y->ticks[i], text, sizeof text);
    double at = position(y, y->ticks[i]);
    fprintf(out, "<path d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" class=\"ty\">%s</text>", LEFT, at, WIDTH - RIGHT,
            LEFT - 7, at + 4, text);
  }
  fprintf(out, "</g><text class=\"title\" x=\"%d\" y=\"%d\">", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8);
  tmk_html_text(out, chart->x_title);
  fprintf(out, "</text><text class=\"title\" transform=\"translate(14 %d) rotate(-90)\">", (TOP + HEIGHT - BOTTOM) / 2);
  tmk_html_text(out, chart->y_title);
  fputs("</text>", out);
}

struct tmk_report_style tmk_report_style_of(const struct tmk_report *report, const struct tmk_report_series *series)
{
  bool one = report->source_count == 1;
  struct tmk_report_style style = {(one ? series->style : series->source) % 8, one ? 0 : series->style % 3,
                                   (series->style + series->source / 8 * 3) % 6};
  if (series->whole_line) style.dash = 0;
  if (series->whole_line && one) style.colour = 7; /* grey */
  if (series->dashed) style.dash = 3;
  return style;
}

static void print_marker(FILE *out, int marker, double x, double y, bool hollow)
{
  static const char *const shapes[] = {
      "a4 4 0 1 1 .01 0z", "m-3.6-3.6h7.2v7.2h-7.2z", "m0-4.8l4.5 8.2h-9z",
      "m0-5l5 5-5 5-5-5z", "m0 4.8l4.5-8.2h-9z",      "m-1.4-4.6h2.8v3.2h3.2v2.8h-3.2v3.2h-2.8v-3.2h-3.2v-2.8h3.2z"};
  fprintf(out, "<path class=\"%s\" d=\"M%.1f %.1f%s\">", hollow ? "m h" : "m", x, marker == 0 ? y + 4 : y,
          shapes[marker]);
}

static void print_series(FILE *out, const struct tmk_report *report, const struct tmk_report_chart *chart, int number,
                         const struct axis *x, const struct axis *y)
{
  const struct tmk_report_series *series = &chart->series[number];
  struct tmk_report_style style = tmk_report_style_of(report, series);
  fprintf(out, "<g class=\"s c%d d%d%s\" data-source=\"%d\" data-series=\"%d\"><path class=\"l\" d=\"", style.colour,
          style.dash, series->whole_line ? " roof" : "", series->source, number);
  bool joined = strcmp(chart->id, "roofline") != 0 || series->whole_line; /* points of a roofline are no curve */
  for (int i = 0; joined && i < series->count; i++) {
    fprintf(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', position(x, series->points[i].x), position(y, series->points[i].y));
  }
  fputs("\"/>", out);
  for (int i = 0; !series->whole_line && i < series->count; i++) {
    const struct tmk_report_point *p = &series->points[i];
    double at = position(x, p->x);
    char number_x[40], number_y[40];
    bool hollow = p->row >= 0 && tmk_report_outcome(&report->rows[p->row]) == TMK_OUTCOME_SUSPECT;
    if (isfinite(p->low)) {
      double low = position(y, fmax(p->low, y->low)), high = position(y, fmin(p->high, y->high));
      if (low - high > 6) fprintf(out, "<path class=\"e\" d=\"M%.1f %.1fV%.1f\"/>", at, low, high);
    }
    print_marker(out, style.marker, at, position(y, p->y), hollow);
    tmk_report_number(p->x, number_x, sizeof number_x);
    tmk_report_number(p->y, number_y, sizeof number_y);
    fputs("<title>", out);
    tmk_html_text(out, series->label);
    fprintf(out, ": %s at %s%s</title></path>", number_y, number_x, hollow ? ", SUSPECT" : "");
  }
  fputs("</g>", out);
}

/* Horizontal bars: the time, and the limit as a mark in it. */
static void print_bars(FILE *out, const struct tmk_report *report, const struct tmk_report_chart *chart)
{
  const struct tmk_report_series *times = &chart->series[0], *limits = &chart->series[1];
  double top = 0, left = 118, room = WIDTH - left - 76;
  int colour = report->source_count == 1 ? 0 : times->source % 8;
  for (int i = 0; i < times->count; i++) top = fmax(top, fmax(times->points[i].y, limits->points[i].y));
  fprintf(out, "<g class=\"s c%d\" data-source=\"%d\" data-series=\"0\">", colour, times->source);
  for (int i = 0; i < times->count; i++) {
    double time = times->points[i].y, limit = limits->points[i].y, y = 8 + 26 * i;
    char text[32];
    tmk_format_time(time, text, sizeof text);
    fprintf(out, "<text class=\"ty\" x=\"%.1f\" y=\"%.1f\">", left - 8, y + 14);
    tmk_html_text(out, chart->categories[i]);
    fprintf(out, "</text><rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"18\" rx=\"2\"/>", left, y,
            top > 0 && time > 0 ? room * time / top : 0);
    if (limit > 0 && top > 0) {
      fprintf(out, "<path class=\"limit\" d=\"M%.1f %.1fv24\"/>", left + room * limit / top, y - 3);
    }
    fprintf(out, "<text class=\"tv\" x=\"%.1f\" y=\"%.1f\">%s</text>",
            left + (top > 0 && time > 0 ? room * fmax(time, limit > 0 ? limit : 0) / top : 0) + 7, y + 14, text);
  }
  fputs("</g>", out);
}

void tmk_report_svg(FILE *out, const struct tmk_report *report, const struct tmk_report_chart *chart, int index)
{
  int height = chart->bars ? 8 + 26 * chart->series[0].count : HEIGHT;
  fprintf(out,
          "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"chart-%d-title\" "
          "aria-describedby=\"chart-%d-caption\">",
          WIDTH, height, index, index);
  if (chart->bars) {
    print_bars(out, report, chart);
  } else {
    struct axis x, y;
    set_axes(chart, &x, &y);
    print_frame(out, chart, &x, &y);
    if (isfinite(chart->line_y)) {
      double at = position(&y, chart->line_y);
      fprintf(out, "<g class=\"claim\"><path d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\">", LEFT, at, WIDTH - RIGHT,
              LEFT + 6, at - 6 > TOP + 8 ? at - 6 : at + 14);
      tmk_html_text(out, chart->line_label);
      fputs("</text></g>", out);
    }
    for (int i = 0; i < chart->series_count; i++) print_series(out, report, chart, i, &x, &y);
  }
  fputs("</svg>\n", out);
}

void tmk_report_legend(FILE *out, const struct tmk_report *report, const struct tmk_report_chart *chart, int index)
{
  if (chart->bars) {
    fputs("<p class=\"key\"><svg viewBox=\"0 0 26 12\" aria-hidden=\"true\"><path class=\"limit\" d=\"M13 "
          "0v12\"/></svg> the least time, by the "
          "measured ceilings</p>\n",
          out);
    return;
  }
  fprintf(out, "<ul class=\"legend\" aria-label=\"Series of this chart: press to switch one off\">\n");
  for (int i = 0; i < chart->series_count; i++) {
    const struct tmk_report_series *series = &chart->series[i];
    struct tmk_report_style style = tmk_report_style_of(report, series);
    fprintf(out,
            "<li data-source=\"%d\"><button type=\"button\" aria-pressed=\"true\" data-chart=\"%d\" "
            "data-series=\"%d\"><svg viewBox=\"0 0 26 12\" "
            "aria-hidden=\"true\"><g class=\"c%d d%d%s\"><path class=\"l\" d=\"M1 6H25\"/>",
            series->source, index, i, style.colour, style.dash, series->whole_line ? " roof" : "");
    if (!series->whole_line) {
      print_marker(out, style.marker, 13, 6, false);
      fputs("</path>", out);
    }
    fputs("</g></svg> ", out);
    if (report->source_count > 1) {
      tmk_html_text(out, report->sources[series->source].name);
      fputs(": ", out);
    }
    tmk_html_text(out, series->label);
    fputs("</button></li>\n", out);
  }
  if (isfinite(chart->line_y)) {
    fputs("<li><span class=\"entry\"><svg viewBox=\"0 0 26 12\" aria-hidden=\"true\"><g class=\"claim\"><path d=\"M1 "
          "6H25\"/></g></svg> ",
          out);
    tmk_html_text(out, chart->line_label);
    fputs("</span></li>\n", out);
  }
  fputs("</ul>\n", out);
}
