/* out_report.c: the page; see out_report.h. */
#include "out_report.h"

#include <math.h>
#include <string.h>

#include "data_embed.h"
#include "host.h"
#include "html.h"
#include "out.h"
#include "target_report.h"
#include "verdict.h"

/* The policy: nothing from anywhere but this file, and of its scripts and styles only those that tokmark put there. */
static void print_head(FILE *out, struct tmk_data_file css, struct tmk_data_file js, struct tmk_data_file chart_js)
{
  char css_hash[TMK_SHA256_BASE64_SIZE], js_hash[TMK_SHA256_BASE64_SIZE], chart_hash[TMK_SHA256_BASE64_SIZE];
  tmk_sha256_base64(css.text, css.size, css_hash);
  tmk_sha256_base64(js.text, js.size, js_hash);
  tmk_sha256_base64(chart_js.text, chart_js.size, chart_hash);
  fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
  fprintf(out,
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-%s'; "
          "script-src 'sha256-%s'",
          css_hash, js_hash);
  if (chart_js.size > 0) fprintf(out, " 'sha256-%s'", chart_hash);
  fputs("; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" "
        "content=\"no-referrer\">\n<title>tokmark report</title>\n<style>",
        out);
  fwrite(css.text, 1, css.size, out);
  fputs("</style>\n</head>\n", out);
}

static void print_outcomes(FILE *out, const struct tmk_report *report)
{
  static const char *const classes[] = {"good", "warn", "bad", "none", "bad", "none"};
  int64_t counts[TMK_OUTCOME_COUNT] = {0};
  for (int64_t i = 0; i < report->row_count; i++) counts[tmk_report_outcome(&report->rows[i])]++;
  fputs("<ul class=\"outcomes\" aria-label=\"What became of the points\">\n", out);
  for (int o = 0; o < TMK_OUTCOME_COUNT; o++) {
    if (counts[o] == 0) continue;
    fprintf(out, "<li class=\"v %s\"><b>%lld</b> %s</li>\n", classes[o], (long long)counts[o],
            tmk_report_outcome_name((enum tmk_report_outcome)o));
  }
  fputs("</ul>\n", out);
}

static void print_title(FILE *out, const struct tmk_report_page *page)
{
  const struct tmk_report *report = page->report;
  int64_t refused = page->files ? page->files->refusal_count : 0;
  char results[48], points[48], sources[48];
  tmk_format_integer((double)report->results, results, sizeof results);
  tmk_format_integer((double)report->row_count, points, sizeof points);
  tmk_format_integer((double)report->source_count, sources, sizeof sources);
  fputs("<body>\n<a class=\"skip\" href=\"#results\">Skip to the results</a>\n<header>\n<h1>tokmark report</h1>\n",
        out);
  fprintf(out, "<p class=\"lead\">%s result%s, %s point%s on %s %s%s", results, report->results == 1 ? "" : "s", points,
          report->row_count == 1 ? "" : "s", sources, report->by_device ? "device" : "run",
          report->source_count == 1 ? "" : "s");
  if (refused > 0)
    fprintf(out, "; <a href=\"#refused\">%lld file%s could not be read</a>", (long long)refused,
            refused == 1 ? "" : "s");
  fputs(".</p>\n", out);
  print_outcomes(out, report);
  fputs("<p class=\"scope\"><strong>Kernels only:</strong> no scheduler, queue or network; not a serving benchmark. "
        "decode and e2e count output "
        "tokens, prefill counts input tokens; a rate never mixes them. What was not measured is marked: composed, "
        "extrapolated, predicted, "
        "reported, simulated.</p>\n</header>\n",
        out);
}

static void print_toggles(FILE *out, const struct tmk_report *report)
{
  if (report->source_count < 2) return;
  fprintf(out, "<fieldset class=\"sources\" hidden><legend>Show</legend>\n");
  for (int i = 0; i < report->source_count; i++) {
    fprintf(out,
            "<label class=\"c%d\"><input type=\"checkbox\" checked data-source=\"%d\"> <span class=\"dot\" "
            "aria-hidden=\"true\"></span> ",
            i % 8, i);
    tmk_html_text(out, report->sources[i].name);
    fputs("</label>\n", out);
  }
  fputs("</fieldset>\n", out);
}

static void print_claim(FILE *out, const struct tmk_claim *claim)
{
  char rate[48], total[48], count[48];
  if (!claim) return;
  tmk_format_count(tmk_claim_rate_per_gpu(claim), rate, sizeof rate);
  tmk_format_integer(claim->tokens_per_s, total, sizeof total);
  tmk_format_integer(claim->gpu_count == TMK_UNKNOWN ? NAN : (double)claim->gpu_count, count, sizeof count);
  fprintf(out, "<p class=\"note\"><strong>The reported figure</strong> that charts draw: %s tokens/s for %s ", total,
          count);
  tmk_html_text(out, claim->gpu_text);
  fprintf(out, ", so %s a GPU; ", rate);
  if (claim->accounting == TMK_ACCT_NONE) {
    fputs("which tokens are counted is not stated, so it may be more than output tokens. ", out);
  } else {
    fprintf(out, "it counts %s tokens. ", tmk_accounting_name(claim->accounting));
  }
  fputs("Reported by ", out);
  tmk_html_text(out, claim->who);
  fputs("; <code>tokmark target</code> says more.</p>\n", out);
}

static void print_chart(FILE *out, const struct tmk_report_page *page, int index)
{
  const struct tmk_report_chart *chart = &page->charts[index];
  fprintf(out, "<figure class=\"chart\" id=\"%s\" data-chart=\"%d\">\n<h3 id=\"chart-%d-title\">", chart->id, index,
          index);
  tmk_html_text(out, chart->title);
  fputs("</h3>\n", out);
  if (chart->subject[0]) {
    fputs("<p class=\"subject\">", out);
    tmk_html_text(out, page->report->sources[chart->series[0].source].name);
    fputs(": ", out);
    tmk_html_text(out, chart->subject);
    fputs("</p>\n", out);
  }
  fputs("<div class=\"plot\">", out);
  tmk_report_svg(out, page->report, chart, index);
  fputs("</div>\n", out);
  tmk_report_legend(out, page->report, chart, index);
  fprintf(out, "<figcaption id=\"chart-%d-caption\">", index);
  tmk_html_text(out, chart->caption);
  if (!chart->bars)
    fputs(" Hollow marks are SUSPECT; INVALID, failed and skipped points are in the <a href=\"#points\">table of "
          "points</a> alone.",
          out);
  if (chart->points_left_out > 0) {
    fprintf(out, " %lld more %s not drawn.", (long long)chart->points_left_out,
            chart->points_left_out == 1 ? "is" : "are");
  }
  fputs("</figcaption>\n<details><summary>Table of this chart</summary>\n", out);
  tmk_report_chart_table(out, page->report, chart);
  fputs("</details>\n</figure>\n", out);
}

static void print_left_out(FILE *out, const struct tmk_report *report)
{
  int64_t older = 0;
  char older_text[48];
  for (int i = 0; i < report->source_count; i++) older += report->sources[i].older;
  tmk_format_integer((double)older, older_text, sizeof older_text);
  if (report->by_device) {
    fprintf(out,
            "<p class=\"note\">More than %d files: results of a device are merged, the latest run of each point "
            "winning; %s earlier ones are not shown.</p>\n",
            TMK_REPORT_OVERLAY_MAX, older_text);
  } else if (older > 0) {
    fprintf(out, "<p class=\"note\">%lld points stood twice in a file; the last is shown.</p>\n", (long long)older);
  }
  if (report->source_count > TMK_REPORT_OVERLAY_MAX) {
    fprintf(out, "<p class=\"note\">Charts draw the first %d of %d devices; all are in the tables.</p>\n",
            TMK_REPORT_OVERLAY_MAX, report->source_count);
  }
  if (report->left_out > 0) {
    fprintf(out,
            "<p class=\"note\">%lld points are left out: a report holds %d points of %d devices. Give it fewer "
            "files.</p>\n",
            (long long)report->left_out, TMK_REPORT_ROWS_MAX, TMK_REPORT_SOURCES_MAX);
  }
}

static void print_codes(FILE *out, const struct tmk_report *report)
{
  int count;
  unsigned codes = 0;
  const struct tmk_verdict_code_row *rows = tmk_verdict_codes(&count);
  for (int64_t i = 0; i < report->row_count; i++) codes |= report->rows[i].verdict.codes;
  if (codes == 0) return;
  fputs("<h3>Verdict codes</h3>\n<dl class=\"codes\">\n", out);
  for (int i = 0; i < count; i++) {
    if (!(codes & (unsigned)rows[i].code)) continue;
    fputs("<dt>", out);
    tmk_html_text(out, rows[i].name);
    fputs("</dt><dd>", out);
    tmk_html_text(out, rows[i].meaning);
    fputs("</dd>\n", out);
  }
  fputs("</dl>\n", out);
}

static void print_environment(FILE *out, const struct tmk_report *report)
{
  fputs("<section aria-labelledby=\"environment\">\n<h2 id=\"environment\">Environment</h2>\n", out);
  for (int i = 0; i < report->source_count; i++) {
    const struct tmk_report_source *source = &report->sources[i];
    fprintf(out, "<div class=\"card\" data-source=\"%d\"><h3>", i);
    tmk_html_text(out, source->name);
    fputs("</h3><dl>\n<dt>run</dt><dd>", out);
    tmk_html_text(out, source->start_utc);
    fputs(" to ", out);
    tmk_html_text(out, source->end_utc[0] ? source->end_utc : "-");
    fputs(" on ", out);
    tmk_html_text(out, source->host[0] ? source->host : "-");
    fputs(" by tokmark ", out);
    tmk_html_text(out, source->tool);
    if (source->runs > 1) fprintf(out, "; the latest of %lld", (long long)source->runs);
    fputs("</dd>\n<dt>file</dt><dd>", out);
    tmk_html_text(out, source->file);
    fputs("</dd>\n", out);
    for (int f = 0; f < source->fact_count; f++) {
      fprintf(out, "<dt>%s</dt><dd>", source->facts[f].name);
      tmk_html_text(out, source->facts[f].text);
      fputs("</dd>\n", out);
    }
    fputs("</dl></div>\n", out);
  }
  fputs("</section>\n", out);
}

static void print_refused(FILE *out, const struct tmk_result_files *files)
{
  enum { SHOWN_MAX = 200 };
  if (!files || files->refusal_count == 0) return;
  fputs("<section aria-labelledby=\"refused\">\n<h2 id=\"refused\">Files that could not be read</h2>\n<ul "
        "class=\"refused\">\n",
        out);
  for (int64_t i = 0; i < files->refusal_count && i < SHOWN_MAX; i++) {
    fputs("<li><code>", out);
    tmk_html_text(out, files->refusals[i].path);
    fputs("</code>: ", out);
    tmk_html_text(out, files->refusals[i].reason);
    fputs("</li>\n", out);
  }
  fputs("</ul>\n", out);
  if (files->refusal_count > SHOWN_MAX)
    fprintf(out, "<p class=\"note\">and %lld more</p>\n", (long long)(files->refusal_count - SHOWN_MAX));
  fputs("</section>\n", out);
}

static enum tmk_status print_scripts(FILE *out, const struct tmk_report_page *page, struct tmk_data_file js,
                                     struct tmk_data_file chart_js, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_data_file licence = tmk_data_find("chart.js.licence");
  fprintf(out, "<footer>\n<p>Written by tokmark %s (%s).", tmk_version, tmk_git_revision);
  if (chart_js.size > 0) fputs(" Interactive charts by Chart.js, MIT licence.", out);
  fputs("</p>\n", out);
  if (chart_js.size > 0 && licence.size > 0) {
    fputs("<details><summary>Copyright and licence of Chart.js</summary><pre>", out);
    for (size_t i = 0; i < licence.size; i++) { /* lines stay lines; the rest as any text */
      const char one[2] = {licence.text[i], '\0'};
      if (one[0] == '\n' || (unsigned char)one[0] >= 0x80) {
        putc(one[0], out);
      } else {
        tmk_html_text(out, one);
      }
    }
    fputs("</pre></details>\n", out);
  }
  fputs("</footer>\n", out);
  if (chart_js.size > 0) {
    fputs("<script type=\"application/json\" id=\"charts\">", out);
    TMK_TRY(tmk_report_charts_json(out, page, err));
    fputs("</script>\n<script>", out);
    fwrite(chart_js.text, 1, chart_js.size, out);
    fputs("</script>\n", out);
  }
  fputs("<script>", out);
  fwrite(js.text, 1, js.size, out);
  fputs("</script>\n</body>\n</html>\n", out);
out:
  return status;
}

enum tmk_status tmk_out_report(FILE *out, const struct tmk_report_page *page, struct tmk_error *err)
{
  struct tmk_data_file css = tmk_data_find("report.css"), js = tmk_data_find("report.js");
  struct tmk_data_file chart_js =
      page->without_chart_js || page->chart_count == 0 ? (struct tmk_data_file){"", 0} : tmk_data_find("chart.js");
  print_head(out, css, js, chart_js);
  print_title(out, page);
  fputs("<main>\n<section aria-labelledby=\"results\">\n<h2 id=\"results\">Results</h2>\n", out);
  print_toggles(out, page->report);
  tmk_report_source_table(out, page->report);
  print_left_out(out, page->report);
  print_claim(out, page->claim);
  fputs("</section>\n", out);
  if (page->chart_count > 0) {
    fputs("<section aria-labelledby=\"charts-title\">\n<h2 id=\"charts-title\">Charts</h2>\n<div class=\"charts\">\n",
          out);
    for (int i = 0; i < page->chart_count; i++) print_chart(out, page, i);
    fputs("</div>\n</section>\n", out);
  }
  fputs("<section aria-labelledby=\"points\">\n<h2 id=\"points\">All points</h2>\n<p class=\"note\">of limit: the "
        "least time that the measured ceilings allow, "
        "over the time taken; d: by the datasheet.</p>\n",
        out);
  tmk_report_point_table(out, page->report);
  print_codes(out, page->report);
  fputs("</section>\n", out);
  print_refused(out, page->files);
  print_environment(out, page->report);
  fputs("</main>\n", out);
  return print_scripts(out, page, js, chart_js, err);
}
