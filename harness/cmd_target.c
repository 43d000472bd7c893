/* cmd_target.c: `tokmark target`: how many of the measured device make a reported figure. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd.h"
#include "opt.h"
#include "result_json.h"
#include "target_report.h"

enum format { FORMAT_TABLE, FORMAT_JSON };
static const char *const formats[] = {"table", "json", NULL};
static const char *const accountings[] = {"output", "total", NULL};
static const enum tmk_accounting accounting_of[] = {TMK_ACCT_OUTPUT, TMK_ACCT_TOTAL};

#define MAX_FILES 64

struct options {
  double tokens_per_s, interactivity, price_per_hour, overhead;
  const char *claim;
  int accounting, format;
};

#define OFFSET(field) offsetof(struct options, field)
static const struct tmk_opt options[] = {
    {.name = "tokens-per-s",
     .type = TMK_OPT_REAL,
     .offset = OFFSET(tokens_per_s),
     .metavar = "N",
     .min = 1e-3,
     .max = 1e15,
     .help = "tokens a second wanted in all (default: the claim's)"},
    {.name = "claim",
     .type = TMK_OPT_STRING,
     .offset = OFFSET(claim),
     .metavar = "ID",
     .default_text = TMK_CLAIM_DEFAULT_ID,
     .help = "reported figure to hold the results against; see tokmark claims"},
    {.name = "accounting",
     .type = TMK_OPT_CHOICE,
     .offset = OFFSET(accounting),
     .metavar = "A",
     .choices = accountings,
     .help = "tokens that count (default: as the claim states; both where it does not)"},
    {.name = "interactivity",
     .type = TMK_OPT_REAL,
     .offset = OFFSET(interactivity),
     .metavar = "N",
     .min = 0,
     .max = 1e9,
     .help = "also the best point that gives each user N output tokens/s or more"},
    {.name = "price-per-hour",
     .type = TMK_OPT_REAL,
     .offset = OFFSET(price_per_hour),
     .metavar = "P",
     .min = 0,
     .max = 1e9,
     .help = "dollars an hour for one device: gives dollars a million tokens"},
    {.name = "overhead",
     .type = TMK_OPT_REAL,
     .offset = OFFSET(overhead),
     .metavar = "F",
     .default_text = "1",
     .min = 1,
     .max = 100,
     .help = "facility power over device power; 1 is the devices alone"},
    {.name = "format",
     .type = TMK_OPT_CHOICE,
     .offset = OFFSET(format),
     .metavar = "F",
     .default_text = "table",
     .choices = formats,
     .help = "for people, or for programs"},
};
#define OPTION_COUNT ((int)(sizeof options / sizeof options[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark target RESULT... [--claim ID] [--tokens-per-s N] [options]",
    .summary = "Holds results against a reported figure: how many of the measured device make it, with the "
               "measurement's 95 % interval carried through, which points make the claim's rate a GPU, and how "
               "MLPerf's rows for the model compare.",
    .epilogue =
        "Exit codes: 0 an answer for every result; 1 a result has no point that counts; 2 usage, or a\n"
        "file that can't be read.\n"
        "Examples:\n"
        "  tokmark target r.json\n"
        "  tokmark target r.json --interactivity 50 --price-per-hour 2.5 --overhead 1.3\n",
};

static enum tmk_status find_claim(const char *id, const struct tmk_claim *claims, int count,
                                  const struct tmk_claim **found, struct tmk_error *err)
{
  const char **names = calloc((size_t)count + 1, sizeof *names);
  if (!names) return tmk_fail(err, TMK_ERR_MEMORY, "no memory for the list of claims");
  *found = NULL;
  for (int i = 0; i < count; i++) {
    names[i] = claims[i].id;
    if (strcasecmp(id, claims[i].id) == 0) *found = &claims[i];
  }
  enum tmk_status status = TMK_OK;
  if (!*found) {
    const char *near = tmk_nearest_name(id, names);
    status = tmk_fail(err, TMK_ERR_USAGE, "--claim %.96s: not known; %s%s%s", id,
                      near ? "did you mean " : "see tokmark claims", near ? near : "", near ? "?" : "");
  }
  free(names);
  return status;
}

/* An answer for each file, or an error that names the first without. */
static enum tmk_status judge(const struct tmk_target_spec *spec, const struct tmk_target_report *reports, int count,
                             struct tmk_error *err)
{
  for (int i = 0; i < count; i++) {
    if (reports[i].usable) continue;
    return tmk_fail(err, TMK_ERR_FAILED, "%s: no point can be held against %.10g %s tokens/s", reports[i].file,
                    spec->tokens_per_s, tmk_accounting_name(spec->readings[0]));
  }
  return TMK_OK;
}

enum tmk_status tmk_cmd_target(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options opts = {.tokens_per_s = NAN, .price_per_hour = NAN, .accounting = -1};
  struct tmk_opt_result parsed = {0};
  struct tmk_claim *claims = NULL;
  struct tmk_result *results = NULL;
  struct tmk_target_report *reports = NULL;
  int claim_count = 0, read = 0;
  TMK_TRY(tmk_opt_parse(options, OPTION_COUNT, &opts, &help, argc, argv, 1, MAX_FILES, &parsed, err));
  if (parsed.help) goto out;

  const struct tmk_claim *claim;
  struct tmk_target_spec spec;
  enum tmk_accounting asked = opts.accounting < 0 ? TMK_ACCT_NONE : accounting_of[opts.accounting];
  TMK_TRY(tmk_claims_load(&claims, &claim_count, err));
  TMK_TRY(find_claim(opts.claim, claims, claim_count, &claim, err));
  TMK_TRY(tmk_target_spec_init(claim, opts.tokens_per_s, asked, &spec, err));
  spec.interactivity = opts.interactivity;
  spec.price_per_hour = opts.price_per_hour;
  spec.overhead = opts.overhead;

  int files = parsed.positional_count;
  results = calloc((size_t)files, sizeof *results);
  reports = calloc((size_t)files, sizeof *reports);
  if (!results || !reports) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "no memory for %d results", files);
    goto out;
  }
  for (int i = 0; i < files; i++) {
    TMK_TRY(tmk_result_read(parsed.positionals[i], &results[i], err));
    read++;
    TMK_TRY(tmk_target_report_build(parsed.positionals[i], &results[i], &spec, claims, claim_count, &reports[i], err));
  }
  if (opts.format == FORMAT_JSON) {
    TMK_TRY(tmk_out_target_json(stdout, &spec, reports, files, err));
  } else {
    tmk_out_target(stdout, &spec, reports, files);
  }
  status = judge(&spec, reports, files, err);
out:
  for (int i = 0; i < read; i++) tmk_result_free(&results[i]);
  free(reports);
  free(results);
  free(claims);
  tmk_opt_free(&parsed);
  return status;
}
