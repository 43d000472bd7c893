/* out_per_op.c: where a pass's time goes, by label, the most expensive first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "out_parts.h"

/* The slowest first; unknown times last; then as they were. */
static int compare_ops(const void *a, const void *b)
{
  const struct tmk_op_time *x = *(const struct tmk_op_time *const *)a, *y = *(const struct tmk_op_time *const *)b;
  double time_x = isnan(x->time_ns) ? -1 : x->time_ns, time_y = isnan(y->time_ns) ? -1 : y->time_ns;
  if (time_x != time_y) return time_x < time_y ? 1 : -1;
  return x < y ? -1 : x > y;
}

/* FLOP / ns = GFLOP/s, byte / ns = GB/s; "-" for an operation that has none. */
static void rate_text(double amount, double time_ns, char *text, int size)
{
  double rate = amount / time_ns;
  if (amount > 0 && rate > 0 && rate < 0.01) {
    snprintf(text, (size_t)size, "<0.01");
  } else {
    tmk_format_count(amount > 0 ? rate : NAN, text, size);
  }
}

static void print_row(FILE *out, const char *label, const char *kind, int64_t count, const struct tmk_op_time *sums,
                      double pass_ns)
{
  char time[32], share[32], limit[32], of_limit[32], gflops[32], gbytes[32];
  double limit_ns = sums->limit_ns > 0 ? sums->limit_ns : NAN; /* without compulsory work there is no limit */
  tmk_format_time(sums->time_ns, time, sizeof time);
  tmk_out_percent(sums->time_ns / pass_ns, share, sizeof share);
  tmk_format_time(limit_ns, limit, sizeof limit);
  tmk_out_percent(limit_ns / sums->time_ns, of_limit, sizeof of_limit);
  rate_text(sums->flops, sums->time_ns, gflops, sizeof gflops);
  rate_text(sums->bytes, sums->time_ns, gbytes, sizeof gbytes);
  fprintf(out, "%-24s %-10s %6lld %10s %9s %10s %9s %12s %10s\n", label, kind, (long long)count, time, share, limit,
          of_limit, gflops, gbytes);
}

void tmk_out_per_op(FILE *out, const struct tmk_point *point)
{
  char key[TMK_WORKLOAD_KEY_SIZE], label[32], whole[32];
  struct tmk_op_time sum = {.time_ns = 0, .limit_ns = 0};
  if (!point->ops || point->op_count == 0) return;
  const struct tmk_op_time **order = malloc((size_t)point->op_count * sizeof(struct tmk_op_time *));
  for (int64_t i = 0; i < point->op_count; i++) {
    const struct tmk_op_time *op = &point->ops[i];
    if (order) order[i] = op;
    sum.count += op->count;
    sum.time_ns += isnan(op->time_ns) ? 0 : op->time_ns;
    sum.limit_ns += isnan(op->limit_ns) ? 0 : op->limit_ns;
    sum.flops += isnan(op->flops) ? 0 : op->flops;
    sum.bytes += isnan(op->bytes) ? 0 : op->bytes;
  }
  if (order) qsort(order, (size_t)point->op_count, sizeof(struct tmk_op_time *), compare_ops);

  tmk_out_clean(point->key, true, key, sizeof key);
  tmk_format_time(tmk_out_has_time(point) ? point->stats.median_ns : NAN, whole, sizeof whole);
  fprintf(out, "%s\n", key);
  fprintf(out, "each operation timed by itself, which adds time; the pass as a whole takes %s\n", whole);
  fprintf(out, "%-24s %-10s %6s %10s %9s %10s %9s %12s %10s\n", "operation", "kind", "count", "time", "of sum", "limit",
          "of limit", "GFLOP/s", "GB/s");
  for (int64_t i = 0; i < point->op_count; i++) {
    const struct tmk_op_time *op = order ? order[i] : &point->ops[i]; /* without memory: as they come */
    tmk_out_clean(op->label, true, label, sizeof label);
    print_row(out, label, tmk_op_kind_name(op->kind), op->count, op, sum.time_ns);
  }
  print_row(out, "sum", "", sum.count, &sum, sum.time_ns);
  putc('\n', out);
  free(order);
}
