/* cmd_show.c: `tokmark show`: result files again, as a table, Markdown, CSV, JSON, or in another benchmark's format. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "opt.h"
#include "out.h"
#include "out_export.h"
#include "out_parts.h"
#include "output_file.h"
#include "result_json.h"

struct options {
  int format;
  const char *output;
  bool force;
};
enum { FORMAT_TABLE = 0, FORMAT_MARKDOWN, FORMAT_CSV, FORMAT_JSON, FORMAT_EXPORTS };
/* From FORMAT_EXPORTS on in the order of enum tmk_export_format. */
static const char *const formats[] = {"table", "md",         "csv",        "json", "llama-bench",
                                      "vllm",  "nccl-tests", "inferencex", NULL};

static const struct tmk_opt rows[] = {
    {.name = "format",
     .type = TMK_OPT_CHOICE,
     .offset = offsetof(struct options, format),
     .metavar = "FORMAT",
     .help = "Output; json writes one file again in the order and version of this build; from llama-bench on: that "
             "tool's own",
     .default_text = "table",
     .choices = formats},
    {.name = "output",
     .short_name = 'o',
     .type = TMK_OPT_STRING,
     .offset = offsetof(struct options, output),
     .metavar = "FILE",
     .help = "Write there instead of to standard output"},
    {.name = "force",
     .type = TMK_OPT_FLAG,
     .offset = offsetof(struct options, force),
     .help = "Overwrite an existing output file"},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark show FILE... [options]",
    .summary = "Prints result files of `tokmark run` again. Files of any version 1.x are read.",
    .epilogue = "Examples:\n"
                "  tokmark show r.json\n"
                "  tokmark show results/*/*.json --format csv -o all.csv\n"
                "  tokmark show r.json --format llama-bench > r.jsonl\n"
                "docs/formats.md says how each field of another benchmark's format is derived.",
};

/* What file and run it is, and whether the run came to its end. */
static void print_title(FILE *out, const char *path, const struct tmk_result *result, bool markdown)
{
  char file[512], start[64], host[128], version[64], revision[96];
  tmk_out_clean(path, true, file, sizeof file);
  tmk_out_clean(result->start_utc, true, start, sizeof start);
  tmk_out_clean(result->host.hostname, true, host, sizeof host);
  tmk_out_clean(result->tool_version, true, version, sizeof version);
  tmk_out_clean(result->git_revision, true, revision, sizeof revision);
  fprintf(out, "%s%s\n%s", markdown ? "## " : "", file, markdown ? "\n" : "");
  fprintf(out, "run of %s on %s by tokmark %s (%s)\n", start[0] ? start : "-", host[0] ? host : "-", version,
          revision[0] ? revision : "-");
  if (!result->complete) {
    fprintf(out, "%snot complete: the run was interrupted, or is still going on\n", markdown ? "\n" : "");
  }
  fputs("\n", out);
}

static void print_table(FILE *out, const struct tmk_result *result)
{
  tmk_out_preamble(out, result);
  tmk_out_table_header(out, result);
  for (int64_t i = 0; i < result->point_count; i++) tmk_out_table_row(out, result, &result->points[i]);
  tmk_out_table_footer(out, result);
  for (int64_t i = 0; i < result->point_count; i++) tmk_out_per_op(out, &result->points[i]);
  if (!tmk_out_is_ops(result) && !tmk_out_is_comm(result)) tmk_out_headline(out, result);
}

static enum tmk_status print_result(FILE *out, const struct options *options, const char *path, int index,
                                    const struct tmk_result *result, struct tmk_export *export, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL;
  size_t size;
  switch (options->format) {
  case FORMAT_TABLE:
  case FORMAT_MARKDOWN:
    if (index > 0) fputs("\n", out);
    print_title(out, path, result, options->format == FORMAT_MARKDOWN);
    if (options->format == FORMAT_TABLE) {
      print_table(out, result);
    } else {
      tmk_out_markdown(out, result);
    }
    break;
  case FORMAT_CSV:
    if (index == 0) tmk_out_csv_header(out);
    tmk_out_csv_rows(out, result);
    break;
  case FORMAT_JSON:
    TMK_TRY(tmk_result_to_json(result, &text, &size, err));
    fwrite(text, 1, size, out);
    break;
  default: TMK_TRY(tmk_export_result(export, result, err));
  }
out:
  free(text);
  return status;
}

static enum tmk_status show_files(FILE *out, const struct options *options, const struct tmk_opt_result *parsed,
                                  struct tmk_export *export, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int i = 0; i < parsed->positional_count && status == TMK_OK; i++) {
    struct tmk_result result;
    status = tmk_result_read(parsed->positionals[i], &result, err);
    if (status == TMK_OK) status = print_result(out, options, parsed->positionals[i], i, &result, export, err);
    tmk_result_free(&result);
  }
  return status;
}

/* Everything into `out`; *left_out says what an export left out. */
static enum tmk_status print_files(FILE *out, const struct options *options, const struct tmk_opt_result *parsed,
                                   char *left_out, int left_out_size, struct tmk_error *err)
{
  if (options->format < FORMAT_EXPORTS) return show_files(out, options, parsed, NULL, err);
  struct tmk_export export;
  enum tmk_status status =
      tmk_export_begin(&export, (enum tmk_export_format)(options->format - FORMAT_EXPORTS), out, err);
  if (status == TMK_OK) status = show_files(out, options, parsed, &export, err);
  enum tmk_status ended = tmk_export_end(&export, status == TMK_OK ? err : NULL);
  tmk_export_left_out(&export, left_out, left_out_size);
  return status != TMK_OK ? status : ended;
}

/* All of it in memory first: a file that can't be read leaves no half output behind. */
static enum tmk_status show(const struct options *options, const struct tmk_opt_result *parsed, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL, left_out[256] = "";
  size_t size = 0;
  if (options->output) TMK_TRY(tmk_output_check(options->output, options->force, err));
  FILE *out = open_memstream(&text, &size);
  if (!out) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory"));
  status = print_files(out, options, parsed, left_out, sizeof left_out, err);
  if (fclose(out) != 0 && status == TMK_OK) status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the output");
  TMK_TRY(status);
  TMK_TRY(tmk_output_write(options->output, text, size, err));
  if (left_out[0]) fprintf(stderr, "tokmark: %s\n", left_out);
out:
  free(text);
  return status;
}

enum tmk_status tmk_cmd_show(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options options = {.output = NULL};
  struct tmk_opt_result parsed = {0};
  TMK_TRY(tmk_opt_parse(rows, ROW_COUNT, &options, &help, argc, argv, 1, 1000000, &parsed, err));
  if (parsed.help) goto out;
  if (options.format == FORMAT_JSON && parsed.positional_count > 1) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--format json: takes one FILE, %d were given", parsed.positional_count));
  }
  TMK_TRY(show(&options, &parsed, err));
out:
  tmk_opt_free(&parsed);
  return status;
}
