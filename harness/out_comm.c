/* out_comm.c: the table of collectives: nccl-tests' columns, a row a point, with percentiles; then what the sizes say together. */
#include <math.h>
#include <string.h>

#include "out.h"
#include "out_parts.h"

#define HEAD_FORMAT    "%-14s %11s %11s %5s %5s %4s %5s %5s"
#define FIGURES_FORMAT " %9s %9s %9s %8s %8s %6s %s"

bool tmk_out_is_comm(const struct tmk_result *result)
{
  return result->point_count > 0 && result->points[0].type == TMK_POINT_COMM;
}

void tmk_out_comm_header(FILE *out)
{
  fprintf(out, HEAD_FORMAT FIGURES_FORMAT, "collective", "size", "count", "type", "redop", "root", "place", "mode",
          "time", "p90", "p99", "algbw", "busbw", "#wrong", "verdict\n");
  fprintf(out, HEAD_FORMAT FIGURES_FORMAT, "", "(B)", "(elements)", "", "", "", "", "", "(us)", "(us)", "(us)",
          "(GB/s)", "(GB/s)", "", "\n");
}

static void number(double value, const char *format, char *text, int size)
{
  if (isfinite(value)) {
    snprintf(text, (size_t)size, format, value);
  } else {
    snprintf(text, (size_t)size, "-");
  }
}

void tmk_out_comm_row(FILE *out, const struct tmk_point *point)
{
  char times[3][16], rates[2][16], size[24], count[24], root[24] = "-", wrong[24] = "-", codes[256], mode[8], redop[8];
  const struct tmk_comm_result *comm = &point->comm;
  const struct tmk_comm_workload *workload = &point->workload.comm;
  /* Simulated times say nothing about hardware. */
  const double scale = point->provenance == TMK_PROV_SIMULATED || point->status != TMK_POINT_OK ? NAN : 1e-3;
  snprintf(size, sizeof size, "%lld", (long long)workload->bytes);
  snprintf(count, sizeof count, "%lld", (long long)comm->count);
  if (comm->root != TMK_UNKNOWN) snprintf(root, sizeof root, "%lld", (long long)comm->root);
  if (comm->wrong != TMK_UNKNOWN) snprintf(wrong, sizeof wrong, "%lld", (long long)comm->wrong);
  tmk_out_clean(comm->mode, true, mode, sizeof mode);
  tmk_out_clean(comm->redop[0] ? comm->redop : "none", true, redop, sizeof redop);
  fprintf(out, HEAD_FORMAT, tmk_collective_name(workload->collective), size, count, tmk_dtype_name(workload->dtype),
          redop, root, workload->in_place ? "in" : "out", mode);
  if (point->status == TMK_POINT_SKIPPED || (point->status == TMK_POINT_FAILED && comm->wrong == TMK_UNKNOWN)) {
    char reason[256];
    tmk_out_clean(point->reason, true, reason, sizeof reason);
    fprintf(out, " %s: %s\n", point->status == TMK_POINT_SKIPPED ? "skipped" : "FAILED", reason);
    return;
  }
  number(point->stats.median_ns * scale, "%.2f", times[0], sizeof times[0]);
  number(point->stats.p90_ns * scale, "%.2f", times[1], sizeof times[1]);
  number(point->stats.p99_ns * scale, "%.2f", times[2], sizeof times[2]);
  number(comm->algbw_bytes_per_s * 1e-9, "%.2f", rates[0], sizeof rates[0]);
  number(comm->busbw_bytes_per_s * 1e-9, "%.2f", rates[1], sizeof rates[1]);
  fprintf(out, FIGURES_FORMAT, times[0], times[1], times[2], rates[0], rates[1], wrong,
          point->verdict.value != TMK_VERDICT_NONE  ? tmk_verdict_value_name(point->verdict.value)
          : point->provenance == TMK_PROV_SIMULATED ? "simulated"
                                                    : "-");
  tmk_out_codes(point->verdict.codes, codes, sizeof codes);
  fprintf(out, "%s%s\n", codes[0] ? " " : "", codes);
}

static void print_fit(FILE *out, const struct tmk_comm_fit *fit)
{
  char alpha[32], rate[32], plateau[32], from[32], to[32], mode[8];
  tmk_out_clean(fit->mode, true, mode, sizeof mode);
  fprintf(out, "%-14s %5s %-12s %-5s", tmk_collective_name(fit->collective), tmk_dtype_name(fit->dtype),
          fit->in_place ? "in place" : "out of place", mode);
  if (isfinite(fit->plateau_bytes_per_s)) {
    tmk_format_si(fit->plateau_bytes_per_s, "B/s", plateau, sizeof plateau);
    tmk_format_bytes((double)fit->plateau_from_bytes, from, sizeof from);
    tmk_format_bytes((double)fit->plateau_to_bytes, to, sizeof to);
    fprintf(out, "  plateau %s (%s, %s)", plateau, from, to);
  }
  if (isfinite(fit->residual)) {
    tmk_format_time(fit->alpha_ns, alpha, sizeof alpha);
    tmk_format_si(fit->beta_ns_per_byte > 0 ? 1e9 / fit->beta_ns_per_byte : NAN, "B/s", rate, sizeof rate);
    fprintf(out, "  fit %s + size / %s, off by %.0f %%", alpha, rate, 100 * fit->residual);
  }
  fputc('\n', out);
}

void tmk_out_comm_fits(FILE *out, const struct tmk_result *result)
{
  bool estimated = false;
  for (int64_t i = 0; i < result->point_count; i++) estimated = estimated || result->points[i].comm.wire_estimated;
  for (int64_t i = 0; i < result->comm_fit_count; i++) print_fit(out, &result->comm_fits[i]);
  if (result->comm_fit_count > 0) {
    fputs("plateau: the highest busbw that two neighbouring sizes both reach. fit: a description, no prediction; off "
          "by: root mean\n"
          "square, relative. time: median of the slowest rank; p90, p99: over samples of several calls each.\n",
          out);
  }
  if (estimated) {
    fputs("busbw follows from the bytes that a ring sends; where NVLink switches add up (NVLS) fewer are sent: it is "
          "an estimate.\n",
          out);
  }
}
