/* out_ops.c: the table of single operations. ASCII, no colour; a row stands by itself. */
#include <math.h>
#include <string.h>

#include "out.h"
#include "out_parts.h"
#include "tokmark/op.h"

#define HEAD_FORMAT    "%-48s"
#define FIGURES_FORMAT " %10s %13s %11s %-7s %8s %7s %s\n"

bool tmk_out_is_ops(const struct tmk_result *result)
{
  return result->point_count > 0 && result->points[0].type == TMK_POINT_OP;
}

void tmk_out_ops_header(FILE *out)
{
  fprintf(out, HEAD_FORMAT FIGURES_FORMAT, "operation", "time", "FLOP/s", "B/s", "bound", "of limit", "+-95 %",
          "verdict");
}

/* What the operation does a second, by its own count of it; "-" for an operation that has none. */
static void rate_text(double amount, double time_ns, const char *unit, char *text, int size)
{
  tmk_format_si(amount > 0 ? amount / time_ns * 1e9 : NAN, unit, text, size);
}

/* What a call takes by each provider, as timed when the choice was made, and by the limit; and who ran. */
static void print_providers(FILE *out, const struct tmk_point *point)
{
  char ours[32], vendors[32], limit[32], ran[16];
  for (int64_t i = 0; i < point->gemm_count; i++) {
    const struct tmk_gemm_result *gemm = &point->gemms[i];
    tmk_format_time(gemm->tokmark_ns, ours, sizeof ours);
    tmk_format_time(gemm->vendor_ns, vendors, sizeof vendors);
    tmk_format_time(point->limit.time_ns, limit, sizeof limit);
    tmk_out_clean(gemm->provider, true, ran, sizeof ran);
    if (isnan(gemm->tokmark_ns) && isnan(gemm->vendor_ns)) {
      fprintf(out, "        by %s\n", ran);
      continue;
    }
    fprintf(out, "        by provider: tokmark %s, cublaslt %s, limit %s; %s ran\n", ours, vendors, limit, ran);
  }
}

void tmk_out_ops_row(FILE *out, const struct tmk_point *point)
{
  char key[TMK_WORKLOAD_KEY_SIZE], time[32], flops[32], bytes[32], share[32], interval[32], codes[256];
  bool by_datasheet;
  tmk_out_clean(point->key, true, key, sizeof key);
  /* Every key of this table starts with "op/". */
  fprintf(out, HEAD_FORMAT, strncmp(key, "op/", 3) == 0 ? key + 3 : key);
  if (point->status != TMK_POINT_OK) {
    char reason[256];
    tmk_out_clean(point->reason, true, reason, sizeof reason);
    fprintf(out, " %s: %s\n", point->status == TMK_POINT_SKIPPED ? "skipped" : "FAILED", reason);
    return;
  }
  /* Simulated times say nothing about hardware. */
  const double time_ns =
      tmk_out_has_time(point) && point->provenance != TMK_PROV_SIMULATED ? point->stats.median_ns : NAN;
  tmk_format_time(time_ns, time, sizeof time);
  rate_text(point->limit.flops, time_ns, "FLOP/s", flops, sizeof flops);
  rate_text(point->limit.bytes, time_ns, "B/s", bytes, sizeof bytes);
  tmk_out_percent(tmk_out_share(point, &by_datasheet), share, sizeof share);
  tmk_out_percent(tmk_out_interval(point), interval, sizeof interval);
  fprintf(out, FIGURES_FORMAT, time, flops, bytes,
          point->limit.bound == TMK_BOUND_NONE ? "-" : tmk_bound_name(point->limit.bound), share, interval,
          point->verdict.value != TMK_VERDICT_NONE ? tmk_verdict_value_name(point->verdict.value) : "-");
  tmk_out_codes(point->verdict.codes, codes, sizeof codes);
  if (codes[0]) fprintf(out, "        %s\n", codes);
  print_providers(out, point);
}
