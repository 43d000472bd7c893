/* out_target_summary.c: the few lines on the reported figure that end a run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "target_report.h"

static void describe_point(const struct tmk_point *point, char *text, int size)
{
  const struct tmk_workload *w = &point->workload.step;
  if (w->phase == TMK_PHASE_DECODE) {
    snprintf(text, (size_t)size, "decode, batch %lld, context %lld", (long long)w->batch, (long long)w->context);
  } else {
    snprintf(text, (size_t)size, "e2e, batch %lld, %lld / %lld tokens", (long long)w->batch, (long long)w->input_len,
             (long long)w->output_len);
  }
}

static void print_row(FILE *out, const struct tmk_target_row *row, bool cpu)
{
  char what[128], rate[32], devices[64], low[64], high[64];
  const char *accounting = tmk_accounting_name(row->accounting);
  if (!row->point) {
    char reason[256];
    tmk_text_clean(row->reason, reason, sizeof reason);
    fprintf(out, "  as %s tokens: %s\n", accounting, reason);
    return;
  }
  describe_point(row->point, what, sizeof what);
  tmk_format_count(row->rate_per_device, rate, sizeof rate);
  tmk_format_integer(row->need.devices, devices, sizeof devices);
  tmk_format_integer(row->need.devices_low, low, sizeof low);
  tmk_format_integer(row->need.devices_high, high, sizeof high);
  fprintf(out, "  as %s tokens: %s tokens/s a %s, %.3g x, so %s of them", accounting, rate, cpu ? "CPU" : "device",
          row->factor, devices);
  if (!isnan(row->need.devices_low)) fprintf(out, " (%s to %s)", low, high);
  fprintf(out, " [%s%s]\n", what, row->point->verdict.value == TMK_VERDICT_SUSPECT ? "; SUSPECT" : "");
}

/* The smallest decode batch that makes the claim's rate a GPU, and what a user gets there. */
static void print_smallest_batch(FILE *out, const struct tmk_result *result, double rate_per_gpu)
{
  const struct tmk_point *smallest = NULL;
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    if (point->type != TMK_POINT_STEP || point->workload.step.phase != TMK_PHASE_DECODE) continue;
    double devices = point->throughput.devices >= 1 ? (double)point->throughput.devices : 1;
    if (!(tmk_point_rate_as(point, TMK_ACCT_OUTPUT, NULL, NULL) / devices >= rate_per_gpu)) continue;
    if (!smallest || point->workload.step.batch < smallest->workload.step.batch) smallest = point;
  }
  if (!smallest) {
    fprintf(out, "  No decode point reaches it on one device.\n");
    return;
  }
  char user[32];
  tmk_format_count(smallest->throughput.output_tokens_per_s_per_user, user, sizeof user);
  fprintf(out, "  One device reaches it in decode from batch %lld (context %lld) on, with %s tokens/s for each user.\n",
          (long long)smallest->workload.step.batch, (long long)smallest->workload.step.context, user);
}

void tmk_target_print_summary(FILE *out, const struct tmk_result *result)
{
  struct tmk_claim *claims = NULL;
  struct tmk_target_spec spec;
  struct tmk_target_report *report = malloc(sizeof *report);
  struct tmk_error err = {0};
  int count = 0, at = tmk_claim_find(TMK_CLAIM_DEFAULT_ID);
  if (!report || at < 0 || tmk_claims_load(&claims, &count, &err) != TMK_OK ||
      tmk_target_spec_init(&claims[at], NAN, TMK_ACCT_NONE, &spec, &err) != TMK_OK ||
      tmk_target_report_build("", result, &spec, claims, count, report, &err) != TMK_OK) {
    fprintf(out, "Target: no figure to hold this against: %s\n", err.message[0] ? err.message : "out of memory");
    goto out;
  }
  const struct tmk_claim *claim = spec.claim;
  bool cpu = report->device && report->device->info.is_cpu;
  char rate[64], gpus[64], per_gpu[32];
  tmk_format_integer(claim->tokens_per_s, rate, sizeof rate);
  tmk_format_integer((double)claim->gpu_count, gpus, sizeof gpus);
  tmk_format_count(spec.rate_per_gpu, per_gpu, sizeof per_gpu);
  fprintf(out, "Target: %s tokens/s are reported for %s %s, so %s a GPU; which tokens are counted is not stated.\n",
          rate, gpus, claim->gpu_text, per_gpu);
  for (int i = 0; i < report->row_count; i++) {
    const struct tmk_target_row *row = &report->rows[i];
    if (row->point || row->phase == TMK_PHASE_E2E) {
      bool said = !row->point && i > 0 && report->rows[i - 1].accounting == row->accounting;
      if (!said) print_row(out, row, cpu);
    } else if (!report->usable) {
      print_row(out, row, cpu);
    }
  }
  if (report->usable && !cpu) print_smallest_batch(out, result, spec.rate_per_gpu);
  if (cpu) fprintf(out, "  A count of CPUs is an illustration. ");
  fprintf(out, "%sNo scheduler, queue or network stands in these rates: `tokmark target FILE` says more.\n",
          cpu ? "" : "  ");
out:
  free(claims);
  free(report);
}
