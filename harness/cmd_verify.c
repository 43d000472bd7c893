/* cmd_verify.c: `tokmark verify`: the case table on a device, a row for each operation and its types. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "opt.h"
#include "tokmark/comm.h"
#include "verify_table.h"

struct options {
  const char *device, *isa;
  int64_t threads, seeds, seed;
  unsigned groups;
  bool quick, fail_fast, verbose;
};

static const char *const group_names[] = {"embed",     "rmsnorm", "gemm",   "rope_kv", /* as enum tmk_verify_group */
                                          "attention", "swiglu",  "sample", "model",   NULL};

#define ROW(option, type_, member) .name = option, .type = type_, .offset = offsetof(struct options, member)
static const struct tmk_opt rows[] = {
    {ROW("device", TMK_OPT_STRING, device), .metavar = "DEVICE", .help = "Device to verify", .default_text = "auto"},
    {ROW("isa", TMK_OPT_STRING, isa), .metavar = "NAME",
     .help = "CPU kernels to use: avx512, avx2, neon or portable (default: the best there is)"},
    {ROW("threads", TMK_OPT_INT, threads), .metavar = "N",
     .help = "CPU threads (default: one a physical core that this process may use)", .min = 1, .max = 4096},
    {ROW("op", TMK_OPT_CHOICE_LIST, groups), .metavar = "LIST",
     .help = "Operations to verify; model: small whole models (default: all)", .choices = group_names},
    {ROW("seeds", TMK_OPT_INT, seeds), .metavar = "N", .help = "Runs of each case, with other values",
     .default_text = "2", .min = 1, .max = 1000},
    {ROW("seed", TMK_OPT_INT, seed), .metavar = "N", .help = "Seed of the first run", .default_text = "1", .min = 0,
     .max = 9007199254740992.0},
    {ROW("quick", TMK_OPT_FLAG, quick), .help = "Every fifth case only"},
    {ROW("fail-fast", TMK_OPT_FLAG, fail_fast), .help = "Stop at the first case that fails"},
    {ROW("verbose", TMK_OPT_FLAG, verbose), .short_name = 'v', .help = "A line for each case"},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark verify [options]",
    .summary = "Checks every operation of a device against float64 arithmetic, on ragged shapes: each output element "
               "against a limit that follows from what plain float32 code loses on the same values, NaN, elements left "
               "unwritten, and writes beside the result. Ends with 1 if anything is wrong.",
    .epilogue = "Examples:\n"
                "  tokmark verify\n"
                "  tokmark verify --device cpu --isa portable --op gemm,attention --seeds 5\n"
                "  tokmark verify --quick -v",
};

/* ---- printing ---- */

struct printer {
  const struct options *options;
  bool progress, progress_shown;
  /* Reasons of skipped cases, each once. */
  char reasons[8][256];
  int reason_count;
};

static void erase_progress(struct printer *printer)
{
  if (!printer->progress_shown) return;
  fputs("\r\033[K", stderr);
  printer->progress_shown = false;
}

static void note_reason(struct printer *printer, const char *reason)
{
  for (int i = 0; i < printer->reason_count; i++) {
    if (strcmp(printer->reasons[i], reason) == 0) return;
  }
  const int room = (int)(sizeof printer->reasons / sizeof printer->reasons[0]);
  if (printer->reason_count < room) {
    snprintf(printer->reasons[printer->reason_count++], sizeof printer->reasons[0], "%s", reason);
  }
}

static void on_case_done(void *context, const struct tmk_verify_case *c, uint64_t seed,
                         const struct tmk_verify_case_result *result, int done, int total)
{
  struct printer *printer = context;
  char text[400];
  tmk_verify_case_describe(c, text, sizeof text);
  if (result->skipped) note_reason(printer, result->detail);
  if (printer->options->verbose || (!result->passed && !result->skipped)) {
    erase_progress(printer);
    if (result->skipped) {
      printf("  %s, seed %" PRIu64 ": skipped: %s\n", text, seed, result->detail);
    } else if (result->passed) {
      printf("  %s, seed %" PRIu64 ": %.3f of the limit, %lld elements\n", text, seed, result->verify.worst_ratio,
             (long long)result->verify.elements_checked);
    } else {
      printf("  FAIL %s, seed %" PRIu64 ": %s\n", text, seed, result->detail);
    }
    fflush(stdout);
  }
  if (printer->progress) {
    fprintf(stderr, "\r\033[K%d of %d cases: %s", done, total, text);
    printer->progress_shown = true;
  }
}

static const char *dtype_text(enum tmk_dtype dtype)
{
  return dtype == TMK_DTYPE_NONE ? "-" : tmk_dtype_name(dtype);
}

static void on_rows_done(void *context, const struct tmk_verify_row *done, int count)
{
  erase_progress(context);
  for (int i = 0; i < count; i++) {
    const struct tmk_verify_row *row = &done[i];
    char ratio[32] = "-";
    if (row->run > 0) snprintf(ratio, sizeof ratio, isfinite(row->worst_ratio) ? "%.3f" : "inf", row->worst_ratio);
    printf("%-10s %-8s %-6s %7d %7d %8d %18s  %s\n", tmk_verify_group_name(row->group), dtype_text(row->weight_dtype),
           dtype_text(row->kv_dtype), row->run, row->failed, row->skipped, ratio,
           row->failed > 0 ? "FAIL"
           : row->run > 0  ? "PASS"
                           : "skipped");
  }
  fflush(stdout);
}

static void print_head(const struct options *options, const struct tmk_device_info *info)
{
  printf("device     %s: %s", info->backend, info->name);
  if (info->isa[0] != '\0') printf(", %s", info->isa);
  if (info->threads != TMK_UNKNOWN) printf(", %lld thread%s", (long long)info->threads, info->threads == 1 ? "" : "s");
  printf(", activations %s\n", tmk_dtype_name(info->act_dtype));
  printf("cases      %s, %lld seed%s from %lld\n", options->quick ? "every fifth" : "all", (long long)options->seeds,
         options->seeds == 1 ? "" : "s", (long long)options->seed);
  printf("\n%-10s %-8s %-6s %7s %7s %8s %18s  %s\n", "op", "weights", "cache", "run", "failed", "skipped",
         "worst of its limit", "verdict");
  fflush(stdout);
}

/* ---- command ---- */

static enum tmk_status check_options(const struct options *options, const struct tmk_backend_ops *ops,
                                     struct tmk_error *err)
{
  if (strcmp(ops->name, "cpu") == 0) return TMK_OK;
  if (options->threads != 0) {
    return tmk_fail(err, TMK_ERR_USAGE, "--threads %lld: only --device cpu heeds it", (long long)options->threads);
  }
  if (options->isa != NULL) {
    return tmk_fail(err, TMK_ERR_USAGE, "--isa %.64s: only --device cpu heeds it", options->isa);
  }
  return TMK_OK;
}

static enum tmk_status verify(const struct options *options, const struct tmk_backend_ops *ops,
                              struct tmk_backend *backend, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_device_info info;
  struct tmk_verify_totals totals;
  struct printer printer = {.options = options, .progress = isatty(STDERR_FILENO) != 0};
  const struct tmk_verify_table_args args = {
      .ops = ops,
      .backend = backend,
      .groups = options->groups != 0 ? options->groups : (1u << TMK_VERIFY_GROUP_COUNT) - 1,
      .quick = options->quick,
      .fail_fast = options->fail_fast,
      .first_seed = (uint64_t)options->seed,
      .seeds = (int)options->seeds,
      .context = &printer,
      .case_done = on_case_done,
      .rows_done = on_rows_done,
  };
  tmk_device_info_init(&info);
  TMK_TRY(ops->describe(backend, &info, err));
  print_head(options, &info);
  TMK_TRY(tmk_verify_table_run(&args, &totals, err));
  printf("\n%d run, %d failed, %d skipped\n", totals.run, totals.failed, totals.skipped);
  for (int i = 0; i < printer.reason_count; i++) printf("skipped: %s\n", printer.reasons[i]);
  if (totals.failed > 0) {
    return tmk_fail(err, TMK_ERR_FAILED, "%d of %d cases failed", totals.failed, totals.run);
  }
  if (totals.run == 0) {
    return tmk_fail(err, TMK_ERR_FAILED, "nothing was verified: all %d cases were skipped", totals.skipped);
  }
out:
  erase_progress(&printer);
  return status;
}

enum tmk_status tmk_cmd_verify(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options options = {0};
  struct tmk_opt_result parsed = {0};
  const struct tmk_backend_ops *ops = NULL;
  struct tmk_backend *backend = NULL;
  TMK_TRY(tmk_opt_parse(rows, ROW_COUNT, &options, &help, argc, argv, 0, 0, &parsed, err));
  if (parsed.help) goto out;
  TMK_TRY(tmk_launch_check("verify", false, err));
  struct tmk_open_args open_args = {.threads = options.threads, .isa = options.isa, .gemm = TMK_GEMM_TOKMARK};
  TMK_TRY(tmk_device_choose(options.device, &ops, &open_args, err));
  TMK_TRY(check_options(&options, ops, err));
  TMK_TRY(ops->open(&open_args, &backend, err));
  TMK_TRY(verify(&options, ops, backend, err));
out:
  if (backend != NULL) ops->close(backend);
  tmk_opt_free(&parsed);
  return status;
}
