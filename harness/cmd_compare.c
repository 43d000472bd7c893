/* cmd_compare.c: `tokmark compare`: results of the same points held against each other; the gate for CI. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "opt.h"
#include "out_compare.h"
#include "output_file.h"
#include "result_files.h"
#include "result_json.h"

struct options {
  double threshold, run_spread;
  int metric, format;
  const char *output;
  bool strict, force;
};
enum format { FORMAT_TABLE, FORMAT_MARKDOWN, FORMAT_CSV, FORMAT_JSON, FORMAT_JUNIT };
static const char *const formats[] = {"table", "md", "csv", "json", "junit", NULL};
static const char *const metrics[] = {"auto", "rate", "share", NULL}; /* enum tmk_compare_metric */

#define MAX_SIDES 4096

#define OFFSET(field) offsetof(struct options, field)
static const struct tmk_opt rows[] = {
    {.name = "threshold",
     .type = TMK_OPT_PERCENT,
     .offset = OFFSET(threshold),
     .metavar = "P",
     .default_text = "3%",
     .min = 0.0001,
     .max = 0.5,
     .help = "difference that matters in practice"},
    {.name = "run-spread",
     .type = TMK_OPT_PERCENT,
     .offset = OFFSET(run_spread),
     .metavar = "P",
     .min = 0,
     .max = 1,
     .help = "standard deviation assumed between runs of one program (default: 0.5% on a GPU, 1% on a CPU, more where the ceilings of the runs moved more)"},
    {.name = "metric",
     .type = TMK_OPT_CHOICE,
     .offset = OFFSET(metric),
     .metavar = "M",
     .default_text = "auto",
     .choices = metrics,
     .help = "what ratios are of; auto: the share of the measured ceiling on identical CPUs, else the rate"},
    {.name = "strict", .type = TMK_OPT_FLAG, .offset = OFFSET(strict), .help = "AMBIGUOUS points exit with 11"},
    {.name = "format",
     .type = TMK_OPT_CHOICE,
     .offset = OFFSET(format),
     .metavar = "F",
     .default_text = "table",
     .choices = formats,
     .help = "for people, or for programs"},
    {.name = "output",
     .short_name = 'o',
     .type = TMK_OPT_STRING,
     .offset = OFFSET(output),
     .metavar = "FILE",
     .help = "write there instead of to standard output"},
    {.name = "force", .type = TMK_OPT_FLAG, .offset = OFFSET(force), .help = "overwrite an existing output file"},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark compare BASE NEW... [options]",
    .summary = "Holds the points of NEW against the same points of BASE: a verdict each, from the samples of both, with the ratio of "
               "their speeds and its 95 % interval. Each argument is a result file, or a folder whose runs count as repeats of one another.",
    .epilogue = "Exit codes: 0 nothing slower; 10 a point is SLOWER; 13 a point of BASE is missing, failed or INVALID in NEW;\n"
                "12 nothing could be compared; 11 a point is AMBIGUOUS, with --strict; 2 usage, or a file that can't be read.\n"
                "Examples:\n"
                "  tokmark compare base.json new.json\n"
                "  tokmark compare results/nvidia-h100 new/ --strict --format junit -o compare.xml\n"
                "  tokmark compare a100.json h100.json b200.json --format md\n",
};

/* --- reading --- */

/* Files of an argument into its side. What a folder holds that can't be read is said and passed over; a file that was named is
 * an error. */
static enum tmk_status read_side(const char *argument, struct tmk_intern *set, struct tmk_compare_side *side, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK, outcome = TMK_OK;
  struct tmk_result_files files = {0};
  side->name = argument;
  TMK_TRY(tmk_result_files_collect(&argument, 1, &files, err));
  bool named = files.count == 1 && files.refusal_count == 0 && strcmp(files.paths[0], argument) == 0;
  for (int64_t i = 0; i < files.refusal_count; i++) {
    fprintf(stderr, "tokmark: %s: %s\n", files.refusals[i].path, files.refusals[i].reason);
    side->refused++;
  }
#pragma omp parallel for ordered schedule(dynamic, 1)
  for (int64_t i = 0; i < files.count; i++) {
    struct tmk_result result;
    struct tmk_error own = {0};
    enum tmk_status read = tmk_result_read(files.paths[i], &result, &own);
#pragma omp ordered
    if (outcome == TMK_OK) {
      if (read == TMK_OK) {
        outcome = tmk_compare_side_add(side, set, files.paths[i], &result, err);
      } else if (read == TMK_ERR_MEMORY || named) {
        *err = own;
        outcome = read;
      } else {
        fprintf(stderr, "tokmark: %s\n", own.message);
        side->refused++;
      }
    }
    if (read == TMK_OK) tmk_result_free(&result);
  }
  TMK_TRY(outcome);
  if (side->run_count == 0) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "%s: holds no result that can be read", argument));
  }
  tmk_compare_side_sort(side);
  if (side->duplicates > 0) {
    fprintf(stderr, "tokmark: %s: %lld points left out: an earlier one of their file has the same key\n", argument,
            (long long)side->duplicates);
  }
out:
  tmk_result_files_free(&files);
  return status;
}

/* --- the answer --- */

static const struct tmk_compare_row *first_of(const struct tmk_comparison *comparisons, int64_t count, enum tmk_compare_verdict verdict)
{
  for (int64_t c = 0; c < count; c++) {
    for (int64_t i = 0; i < comparisons[c].row_count; i++) {
      if (comparisons[c].rows[i].verdict == verdict) return &comparisons[c].rows[i];
    }
  }
  return NULL;
}

static enum tmk_status judge(const struct tmk_comparison *comparisons, int64_t count, bool strict, struct tmk_error *err)
{
  int64_t counts[TMK_COMPARE_COUNT] = {0}, compared = 0, gone = 0;
  for (int64_t c = 0; c < count; c++) {
    for (int v = 0; v < TMK_COMPARE_COUNT; v++) counts[v] += comparisons[c].counts[v];
    compared += comparisons[c].compared;
    gone += comparisons[c].gone;
  }
  const struct tmk_compare_row *slower = first_of(comparisons, count, TMK_COMPARE_SLOWER);
  const struct tmk_compare_row *missing = first_of(comparisons, count, TMK_COMPARE_MISSING);
  const struct tmk_compare_row *ambiguous = first_of(comparisons, count, TMK_COMPARE_AMBIGUOUS);
  if (slower) {
    return tmk_fail(err, TMK_ERR_SLOWER, "%lld point%s slower; the first: %s: %.4g of the base",
                    (long long)counts[TMK_COMPARE_SLOWER], counts[TMK_COMPARE_SLOWER] == 1 ? " is" : "s are", slower->key,
                    slower->interval.ratio);
  }
  if (compared == 0 && gone == 0) {
    return tmk_fail(err, TMK_ERR_INCOMPARABLE, "nothing could be compared: %s%s%s",
                    count > 0 && comparisons[0].row_count > 0 ? comparisons[0].rows[0].key : "no point of the base is in new",
                    count > 0 && comparisons[0].row_count > 0 ? ": " : "",
                    count > 0 && comparisons[0].row_count > 0 ? comparisons[0].rows[0].note : "");
  }
  if (missing) {
    return tmk_fail(err, TMK_ERR_MISSING, "%lld of the base's points %s missing, failed or INVALID in new; the first: %s: %s",
                    (long long)counts[TMK_COMPARE_MISSING], counts[TMK_COMPARE_MISSING] == 1 ? "is" : "are", missing->key, missing->note);
  }
  if (ambiguous && strict) {
    return tmk_fail(err, TMK_ERR_AMBIGUOUS, "%lld point%s ambiguous; the first: %s", (long long)counts[TMK_COMPARE_AMBIGUOUS],
                    counts[TMK_COMPARE_AMBIGUOUS] == 1 ? " is" : "s are", ambiguous->key);
  }
  return TMK_OK;
}

static enum tmk_status print(const struct options *options, const struct tmk_compare_output *output, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (!out) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory");
  switch ((enum format)options->format) {
  case FORMAT_TABLE: tmk_out_compare_table(out, output); break;
  case FORMAT_MARKDOWN: tmk_out_compare_markdown(out, output); break;
  case FORMAT_CSV: tmk_out_compare_csv(out, output); break;
  case FORMAT_JUNIT: tmk_out_compare_junit(out, output); break;
  case FORMAT_JSON: status = tmk_out_compare_json(out, output, err); break;
  }
  if (fclose(out) != 0 && status == TMK_OK) status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the output");
  TMK_TRY(status);
  TMK_TRY(tmk_output_write(options->output, text, size, err));
out:
  free(text);
  return status;
}

enum tmk_status tmk_cmd_compare(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options options = {.run_spread = NAN};
  struct tmk_opt_result parsed = {0};
  struct tmk_intern set = {0};
  struct tmk_compare_side *sides = NULL;
  struct tmk_comparison *comparisons = NULL;
  int64_t count = 0;
  int side_count = 0;
  TMK_TRY(tmk_opt_parse(rows, ROW_COUNT, &options, &help, argc, argv, 2, MAX_SIDES, &parsed, err));
  if (parsed.help) goto out;
  if (options.output) TMK_TRY(tmk_output_check(options.output, options.force, err));
  sides = calloc((size_t)parsed.positional_count, sizeof *sides);
  if (!sides) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d results", parsed.positional_count));
  for (; side_count < parsed.positional_count; side_count++) {
    TMK_TRY(read_side(parsed.positionals[side_count], &set, &sides[side_count], err));
  }
  const struct tmk_compare_settings settings = {.threshold = options.threshold,
                                                .run_spread = options.run_spread,
                                                .discovery_rate = 0.05,
                                                .metric = (enum tmk_compare_metric)options.metric};
  TMK_TRY(tmk_compare(sides, side_count, &settings, &comparisons, &count, err));
  const struct tmk_compare_output output = {.sides = sides,
                                            .side_count = side_count,
                                            .comparisons = comparisons,
                                            .count = count,
                                            .settings = &settings};
  TMK_TRY(print(&options, &output, err));
  TMK_TRY(judge(comparisons, count, options.strict, err));
out:
  tmk_comparisons_free(comparisons, count);
  for (int i = 0; sides && i < parsed.positional_count; i++) tmk_compare_side_free(&sides[i]);
  free(sides);
  tmk_intern_free(&set);
  tmk_opt_free(&parsed);
  return status;
}
