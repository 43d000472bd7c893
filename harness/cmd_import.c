/* cmd_import.c: `tokmark import`: other benchmarks' results as a result file of reported points. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "identity.h"
#include "import.h"
#include "opt.h"
#include "output_file.h"
#include "result_json.h"

struct options {
  const char *output, *model;
  int format;
  bool force;
};

#define MAX_FILES   1000
#define LINES_SHOWN 20

static const char *const formats[] = {"auto", "llama-bench", "nccl-tests", NULL}; /* as enum tmk_import_format */

#define OFFSET(field) offsetof(struct options, field)
static const struct tmk_opt rows[] = {
    {.name = "output",
     .short_name = 'o',
     .type = TMK_OPT_STRING,
     .offset = OFFSET(output),
     .metavar = "FILE",
     .help = "Write the result file there; it must be given"},
    {.name = "force", .type = TMK_OPT_FLAG, .offset = OFFSET(force), .help = "Overwrite an existing output file"},
    {.name = "model",
     .type = TMK_OPT_STRING,
     .offset = OFFSET(model),
     .metavar = "NAME",
     .help = "The model's name in keys (default: the built-in one of that size, else from the file's name)"},
    {.name = "format",
     .type = TMK_OPT_CHOICE,
     .offset = OFFSET(format),
     .metavar = "FORMAT",
     .default_text = "auto",
     .choices = formats,
     .help = "What the files are"},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark import FILE... -o RESULT [options]",
    .summary =
        "Takes what other benchmarks wrote as points of provenance \"reported\", so that they can be held against "
        "measured ones: llama-bench's JSON and JSON Lines, and nccl-tests' JSON (-J) and table. A row that has no "
        "counterpart here, such as one of weights in Q4_0, is left out by name and counted.",
    .epilogue = "Exit codes: 0 something was imported; 1 no row could be taken; 2 usage, or a malformed file.\n"
                "Examples:\n"
                "  tokmark import llama.jsonl -o llama.json --model llama-3.1-8b\n"
                "  tokmark import all_reduce.json -o nccl.json\n"
                "docs/formats.md says how each field is taken.",
};

static void print_refusal(void *context, const char *line)
{
  int64_t *shown = context;
  if ((*shown)++ < LINES_SHOWN) fprintf(stderr, "tokmark: %s; left out\n", line);
}

static enum tmk_status import_file(struct tmk_import *import, enum tmk_import_format format, const char *path,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL;
  size_t size = 0;
  TMK_TRY(tmk_file_read(path, &text, &size, err));
  TMK_TRY(tmk_import_text(import, format, path, text, size, err));
out:
  free(text);
  return status;
}

/* Who imported, and when; not where: this machine has nothing to do with the figures. */
static enum tmk_status start(int argc, char **argv, struct tmk_result *result, struct tmk_error *err)
{
  struct tmk_result unknown;
  enum tmk_status status = tmk_identity_fill("import", argc, argv, result, err);
  tmk_result_init(&unknown);
  free(result->environment);
  result->environment = NULL;
  result->environment_count = 0;
  result->host = unknown.host;
  result->complete = true;
  return status;
}

enum tmk_status tmk_cmd_import(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options options = {.output = NULL};
  struct tmk_opt_result parsed = {0};
  struct tmk_import import = {.index = NULL};
  struct tmk_result result;
  int64_t shown = 0;
  tmk_result_init(&result);
  TMK_TRY(tmk_opt_parse(rows, ROW_COUNT, &options, &help, argc, argv, 1, MAX_FILES, &parsed, err));
  if (parsed.help) goto out;
  if (!options.output) TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--output: must be given: the result file to write"));
  TMK_TRY(tmk_output_check(options.output, options.force, err));
  TMK_TRY(start(argc, argv, &result, err));
  TMK_TRY(tmk_import_open(&import, &result, options.model, err));
  import.on_refusal = print_refusal;
  import.context = &shown;
  for (int i = 0; i < parsed.positional_count; i++) {
    TMK_TRY(import_file(&import, (enum tmk_import_format)options.format, parsed.positionals[i], err));
  }
  if (shown > LINES_SHOWN) fprintf(stderr, "tokmark: and %lld more\n", (long long)(shown - LINES_SHOWN));
  TMK_TRY(tmk_import_finish(&import, err));
  TMK_TRY(tmk_result_write(&result, options.output, err));
  printf("%s: %lld points reported by %s", options.output, (long long)result.point_count, import.source);
  if (import.refused > 0) printf(", %lld of %lld rows left out", (long long)import.refused, (long long)import.rows);
  printf("\n");
out:
  tmk_import_close(&import);
  tmk_result_free(&result);
  tmk_opt_free(&parsed);
  return status;
}
