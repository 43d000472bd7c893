/* cmd_claims.c: `tokmark claims`: the reported figures that results are held against. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd.h"
#include "model_config.h"
#include "opt.h"
#include "target_report.h"

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON };
static const char *const formats[] = {"table", "csv", "json", NULL};

struct options {
  const char *gpu, *model, *family;
  int format;
  bool all;
};

#define OFFSET(field) offsetof(struct options, field)
static const struct tmk_opt options[] = {
    {.name = "gpu",
     .type = TMK_OPT_STRING,
     .offset = OFFSET(gpu),
     .metavar = "G",
     .help = "only rows of this GPU: an id, or a spelling of it (h100-sxm5-80gb, H100)"},
    {.name = "model",
     .type = TMK_OPT_STRING,
     .offset = OFFSET(model),
     .metavar = "M",
     .help = "only rows of this model: an id, or a spelling of it (llama-3.1-8b, Llama-3.1-8B)"},
    {.name = "family",
     .type = TMK_OPT_STRING,
     .offset = OFFSET(family),
     .metavar = "F",
     .help = "only rows of this family, or of all whose names begin so: mlperf"},
    {.name = "all", .type = TMK_OPT_FLAG, .offset = OFFSET(all), .help = "every row"},
    {.name = "format",
     .type = TMK_OPT_CHOICE,
     .offset = OFFSET(format),
     .metavar = "F",
     .default_text = "table",
     .choices = formats,
     .help = "csv and json print every row unless they are filtered"},
};
#define OPTION_COUNT ((int)(sizeof options / sizeof options[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark claims [--gpu G] [--model M] [--family F] [--all] [--format table|csv|json] [ID]",
    .summary = "Lists the reported throughput figures that results can be held against: the press, MLPerf, vendors' "
               "tables. Without options: how many there are of each family. With an ID: all that is known of one.",
    .epilogue = "Examples:\n"
                "  tokmark claims --gpu GB300\n"
                "  tokmark claims " TMK_CLAIM_DEFAULT_ID "\n",
};

struct tables {
  struct tmk_claim *claims;
  int count;
  struct tmk_claim_family *families;
  int family_count;
};

/* "WHAT TEXT: not known; did you mean X?" over the texts that `at` gives. */
static enum tmk_status unknown_fail(const char *what, const char *text, const char **names, struct tmk_error *err)
{
  const char *near = tmk_nearest_name(text, names);
  if (near) return tmk_fail(err, TMK_ERR_USAGE, "%s%.96s: not known; did you mean %s?", what, text, near);
  return tmk_fail(err, TMK_ERR_USAGE, "%s%.96s: not known; see tokmark claims", what, text);
}

static bool gpu_matches(const struct tmk_claim *claim, const char *id, const char *text)
{
  return (id[0] && strcmp(claim->gpu_id, id) == 0) || strcasecmp(claim->gpu_text, text) == 0;
}

static bool model_matches(const struct tmk_claim *claim, const char *id, const char *text)
{
  return (id[0] && strcmp(claim->model_id, id) == 0) || strcasecmp(claim->model_text, text) == 0;
}

/* Rows that pass every filter; a filter that no row could ever pass is the user's mistake. */
static enum tmk_status select_rows(const struct options *opts, const struct tables *tables,
                                   const struct tmk_claim **rows, int *row_count, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char gpu_id[48] = "", model_id[96] = "";
  int gpus = 0, models = 0, in_family = 0;
  const char **names = calloc((size_t)tables->count + (size_t)tables->family_count + 1, sizeof *names);
  *row_count = 0;
  if (!names) return tmk_fail(err, TMK_ERR_MEMORY, "no memory for the list of claims");
  if (opts->gpu) {
    struct tmk_gpu gpu;
    int at = tmk_gpu_find(opts->gpu);
    if (at >= 0) {
      TMK_TRY(tmk_gpu_get(at, &gpu, err));
      memcpy(gpu_id, gpu.id, sizeof gpu_id);
    }
  }
  if (opts->model) {
    const char *id = tmk_model_id_from_alias(opts->model);
    if (id) snprintf(model_id, sizeof model_id, "%s", id);
  }
  for (int i = 0; i < tables->count; i++) {
    const struct tmk_claim *claim = &tables->claims[i];
    bool gpu = !opts->gpu || gpu_matches(claim, gpu_id, opts->gpu);
    bool model = !opts->model || model_matches(claim, model_id, opts->model);
    bool family = !opts->family || strncasecmp(claim->family, opts->family, strlen(opts->family)) == 0;
    gpus += gpu;
    models += model;
    in_family += family;
    if (gpu && model && family) rows[(*row_count)++] = claim;
  }
  if (in_family == 0) {
    for (int i = 0; i < tables->family_count; i++) names[i] = tables->families[i].id;
    status = unknown_fail("--family ", opts->family, names, err);
  } else if (gpus == 0 && !gpu_id[0]) {
    for (int i = 0; i < tables->count; i++) names[i] = tables->claims[i].gpu_text;
    status = unknown_fail("--gpu ", opts->gpu, names, err);
  } else if (models == 0 && !model_id[0]) {
    for (int i = 0; i < tables->count; i++) names[i] = tables->claims[i].model_text;
    status = unknown_fail("--model ", opts->model, names, err);
  }
out:
  free(names);
  return status;
}

static enum tmk_status find_one(const char *id, const struct tables *tables, const struct tmk_claim **found,
                                struct tmk_error *err)
{
  *found = NULL;
  const char **names = calloc((size_t)tables->count + 1, sizeof *names);
  if (!names) return tmk_fail(err, TMK_ERR_MEMORY, "no memory for the list of claims");
  for (int i = 0; i < tables->count; i++) {
    names[i] = tables->claims[i].id;
    if (strcasecmp(id, names[i]) == 0) *found = &tables->claims[i];
  }
  enum tmk_status status = *found ? TMK_OK : unknown_fail("claim ", id, names, err);
  free(names);
  return status;
}

enum tmk_status tmk_cmd_claims(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options opts = {0};
  struct tmk_opt_result parsed = {0};
  struct tables tables = {0};
  const struct tmk_claim **rows = NULL;
  int row_count = 0;
  TMK_TRY(tmk_opt_parse(options, OPTION_COUNT, &opts, &help, argc, argv, 0, 1, &parsed, err));
  if (parsed.help) goto out;
  bool filtered = opts.gpu || opts.model || opts.family;
  TMK_TRY(tmk_claims_load(&tables.claims, &tables.count, err));
  TMK_TRY(tmk_claim_families_load(&tables.families, &tables.family_count, err));
  rows = calloc((size_t)tables.count, sizeof *rows);
  if (!rows) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "no memory for the list of claims");
    goto out;
  }
  if (parsed.positional_count == 1) {
    if (filtered || opts.all) {
      status =
          tmk_fail(err, TMK_ERR_USAGE, "claim %.96s: takes no filter and no --all beside it", parsed.positionals[0]);
      goto out;
    }
    TMK_TRY(find_one(parsed.positionals[0], &tables, &rows[0], err));
    row_count = 1;
  } else {
    TMK_TRY(select_rows(&opts, &tables, rows, &row_count, err));
  }
  if (opts.format == FORMAT_CSV) {
    tmk_out_claims_csv(stdout, rows, row_count);
  } else if (opts.format == FORMAT_JSON) {
    TMK_TRY(tmk_out_claims_json(stdout, rows, row_count, err));
  } else if (parsed.positional_count == 1) {
    tmk_out_claim(stdout, rows[0], tables.families, tables.family_count);
  } else if (filtered || opts.all) {
    tmk_out_claims_table(stdout, rows, row_count);
  } else {
    tmk_out_claims_summary(stdout, tables.claims, tables.count, tables.families, tables.family_count);
  }
out:
  free(rows);
  free(tables.families);
  free(tables.claims);
  tmk_opt_free(&parsed);
  return status;
}
