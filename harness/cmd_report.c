/* cmd_report.c: `tokmark report`: result files as one HTML page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "opt.h"
#include "out_report.h"
#include "output_file.h"
#include "report_data.h"
#include "result_files.h"
#include "result_json.h"

struct options {
  const char *output;
  bool force, no_chart_js;
};

/* Results in memory at a time. */
#define BATCH 64
struct reading {
  struct tmk_result result;
  enum tmk_status status;
  struct tmk_error error;
};

static const struct tmk_opt rows[] = {
    {.name = "output",
     .short_name = 'o',
     .type = TMK_OPT_STRING,
     .offset = offsetof(struct options, output),
     .metavar = "FILE",
     .help = "Write the report there instead of to standard output"},
    {.name = "force",
     .type = TMK_OPT_FLAG,
     .offset = offsetof(struct options, force),
     .help = "Overwrite an existing output file"},
    {.name = "no-chart-js",
     .type = TMK_OPT_FLAG,
     .offset = offsetof(struct options, no_chart_js),
     .help = "Plain SVG charts, 200 KB less, although Chart.js was built in"},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark report RESULT... [-o report.html] [options]",
    .summary = "Writes result files as one HTML page that opens offline: summary and verdicts, charts with their "
               "tables, every point, "
               "the environment. A folder is walked for *.json. Up to 12 files are overlaid; of more, the latest run "
               "of each point of a "
               "device is shown.",
    .epilogue =
        "Exit codes: 0 all files are in the report; 1 some could not be read and are listed in it; 2 usage, or\n"
        "none could be read.\n"
        "Examples:\n"
        "  tokmark report r.json -o report.html\n"
        "  tokmark report results/ -o report.html --force",
};

/* One file, read or refused. What can't be read is named at once. */
static enum tmk_status add_file(struct tmk_result_files *files, struct tmk_report *report, const char *path,
                                const struct reading *reading, struct tmk_error *err)
{
  if (reading->status == TMK_OK) return tmk_report_add(report, path, &reading->result, err);
  if (reading->status == TMK_ERR_MEMORY) return tmk_fail(err, TMK_ERR_MEMORY, "%s", reading->error.message);
  fprintf(stderr, "tokmark: %s\n", reading->error.message);
  return tmk_result_files_refuse(files, path, reading->error.message, err);
}

/* A batch is read in parallel and added in order, so that the report does not depend on the threads. */
static enum tmk_status read_files(struct tmk_result_files *files, struct tmk_report *report, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct reading *batch = malloc(BATCH * sizeof *batch);
  if (!batch) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d results", BATCH);
  for (int64_t first = 0; first < files->count && status == TMK_OK; first += BATCH) {
    int64_t count = files->count - first < BATCH ? files->count - first : BATCH;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < count; i++) {
      batch[i].error = (struct tmk_error){0};
      batch[i].status = tmk_result_read(files->paths[first + i], &batch[i].result, &batch[i].error);
    }
    for (int64_t i = 0; i < count; i++) {
      if (status == TMK_OK) status = add_file(files, report, files->paths[first + i], &batch[i], err);
      tmk_result_free(&batch[i].result);
    }
  }
  free(batch);
  return status;
}

static enum tmk_status write_page(const struct options *options, const struct tmk_report_page *page,
                                  struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (!out) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory"));
  status = tmk_out_report(out, page, err);
  if (fclose(out) != 0 && status == TMK_OK) status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the report");
  TMK_TRY(status);
  TMK_TRY(tmk_output_write(options->output, text, size, err));
out:
  free(text);
  return status;
}

static enum tmk_status report_files(const struct options *options, struct tmk_result_files *files,
                                    struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_report report;
  struct tmk_report_chart charts[TMK_REPORT_CHARTS_MAX];
  struct tmk_claim claim;
  int chart_count = 0;
  tmk_report_init(&report, files->count);
  for (int64_t i = 0; i < files->refusal_count; i++) {
    fprintf(stderr, "tokmark: %s: %s\n", files->refusals[i].path, files->refusals[i].reason);
  }
  TMK_TRY(read_files(files, &report, err));
  if (report.results == 0) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE,
                     files->refusal_count > 0 ? "no file could be read" : "no .json file in what was given"));
  }
  tmk_report_finish(&report);
  TMK_TRY(tmk_claim_get(tmk_claim_find(TMK_CLAIM_DEFAULT_ID), &claim, err));
  TMK_TRY(tmk_report_charts(&report, &claim, charts, &chart_count, err));
  const struct tmk_report_page page = {.report = &report,
                                       .charts = charts,
                                       .chart_count = chart_count,
                                       .claim = &claim,
                                       .files = files,
                                       .without_chart_js = options->no_chart_js};
  TMK_TRY(write_page(options, &page, err));
  if (files->refusal_count > 0) {
    status = tmk_fail(err, TMK_ERR_FAILED, "%lld of %lld could not be read; the report lists %s",
                      (long long)files->refusal_count, (long long)(files->refusal_count + report.results),
                      files->refusal_count == 1 ? "it" : "them");
  }
out:
  for (int i = 0; i < chart_count; i++) tmk_report_chart_free(&charts[i]);
  tmk_report_free(&report);
  return status;
}

enum tmk_status tmk_cmd_report(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options options = {.output = NULL};
  struct tmk_opt_result parsed = {0};
  struct tmk_result_files files = {0};
  TMK_TRY(tmk_opt_parse(rows, ROW_COUNT, &options, &help, argc, argv, 1, TMK_RESULT_FILES_MAX, &parsed, err));
  if (parsed.help) goto out;
  if (options.output) TMK_TRY(tmk_output_check(options.output, options.force, err));
  TMK_TRY(tmk_result_files_collect(parsed.positionals, parsed.positional_count, &files, err));
  TMK_TRY(report_files(&options, &files, err));
out:
  tmk_result_files_free(&files);
  tmk_opt_free(&parsed);
  return status;
}
