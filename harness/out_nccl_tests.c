/* out_nccl_tests.c: collectives as the table that nccl-tests prints, its columns and widths: a table for each collective,
 * number of ranks and provenance. algbw = size / time; busbw by the factor of tokmark/comm.h. A side that was not run is N/A
 * in each of its columns, so that a row always has as many. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "out_export.h"
#include "out_parts.h"

/* One row of the table: a size and type, with both sides if both are there. */
struct row {
  const struct tmk_point *out_of_place, *in_place;
};

static double time_ns(const struct tmk_point *point)
{
  return point->stats.mean_ns > 0 ? point->stats.mean_ns : point->stats.median_ns;
}

bool tmk_export_nccl_tests_takes(const struct tmk_point *point)
{
  return point->type == TMK_POINT_COMM && time_ns(point) > 0 && isfinite(time_ns(point));
}

static bool is_written(const struct tmk_point *point)
{
  enum tmk_left_out why;
  return tmk_export_counts(point, &why) && tmk_export_nccl_tests_takes(point);
}

static bool same_table(const struct tmk_point *a, const struct tmk_point *b)
{
  const struct tmk_comm_workload *x = &a->workload.comm, *y = &b->workload.comm;
  return x->collective == y->collective && x->ranks == y->ranks && a->provenance == b->provenance;
}

static bool same_row(const struct tmk_point *a, const struct tmk_point *b)
{
  const struct tmk_comm_workload *x = &a->workload.comm, *y = &b->workload.comm;
  return same_table(a, b) && x->bytes == y->bytes && x->dtype == y->dtype;
}

/* Two decimals, or as many as fit. */
static void fit(double value, int width, char *text, size_t size)
{
  for (int decimals = 2; decimals >= 0; decimals--) {
    if (snprintf(text, size, "%*.*f", width, decimals, value) <= width) return;
  }
  snprintf(text, size, "%*.1e", width, value);
}

static const char *type_name(enum tmk_dtype dtype)
{
  switch (dtype) {
  case TMK_DTYPE_F64: return "double";
  case TMK_DTYPE_F32: return "float";
  case TMK_DTYPE_F16: return "half";
  case TMK_DTYPE_BF16: return "bfloat16";
  case TMK_DTYPE_F8E4M3: return "f8e4m3";
  case TMK_DTYPE_I8: return "int8";
  case TMK_DTYPE_I32: return "int32";
  default: return tmk_dtype_name(dtype);
  }
}

/* The count column is of one rank's share where each rank has a share. */
static int64_t count_of(const struct tmk_comm_workload *comm)
{
  const int64_t bits = tmk_dtype_get(comm->dtype)->bits;
  const int64_t elements = bits >= 8 ? comm->bytes / (bits / 8) : comm->bytes * 8 / bits;
  switch (comm->collective) {
  case TMK_COLL_ALL_GATHER:
  case TMK_COLL_REDUCE_SCATTER:
  case TMK_COLL_ALL_TO_ALL: return elements / comm->ranks;
  default: return elements;
  }
}

static double bus_gb_s(const struct tmk_point *point)
{
  const struct tmk_comm_workload *comm = &point->workload.comm;
  return (double)comm->bytes / time_ns(point) * tmk_collective_bus_factor(comm->collective, (int)comm->ranks);
}

static void print_side(FILE *out, const struct tmk_point *point)
{
  char time[32], algbw[32], busbw[32];
  if (!point) {
    fprintf(out, "  %7s  %6s  %6s  %6s", "N/A", "N/A", "N/A", "N/A");
    return;
  }
  fit(time_ns(point) / 1e3, 7, time, sizeof time);
  fit((double)point->workload.comm.bytes / time_ns(point), 6, algbw, sizeof algbw); /* bytes / ns = GB/s */
  fit(bus_gb_s(point), 6, busbw, sizeof busbw);
  const bool checked = point->verify.ops_checked > 0 && point->verify.ops_failed == 0;
  fprintf(out, "  %7s  %6s  %6s  %6s", time, algbw, busbw, checked ? "0" : "N/A");
}

static void print_row(FILE *out, const struct row *row)
{
  const struct tmk_comm_workload *comm =
      row->out_of_place ? &row->out_of_place->workload.comm : &row->in_place->workload.comm;
  const bool reduces = comm->collective == TMK_COLL_ALL_REDUCE || comm->collective == TMK_COLL_REDUCE_SCATTER;
  fprintf(out, "%12lld  %12lld  %8s  %6s  %6d", (long long)comm->bytes, (long long)count_of(comm),
          type_name(comm->dtype), reduces ? "sum" : "none", comm->collective == TMK_COLL_BROADCAST ? 0 : -1);
  print_side(out, row->out_of_place);
  print_side(out, row->in_place);
  putc('\n', out);
}

static void print_header(FILE *out, const struct tmk_result *result, const struct tmk_point *point)
{
  static const char *const programs[TMK_COLL_COUNT] = {"all_reduce_perf", "all_gather_perf", "reduce_scatter_perf",
                                                       "alltoall_perf",   "broadcast_perf",  "sendrecv_perf"};
  char device[160], version[64];
  tmk_out_clean(result->tool_version, true, version, sizeof version);
  fprintf(out, "# tokmark %s, provenance %s, %lld ranks\n", version, tmk_provenance_name(point->provenance),
          (long long)point->workload.comm.ranks);
  fprintf(out, "# Collective test starting: %s\n", programs[point->workload.comm.collective]);
  fputs("#\n# Using devices\n", out);
  for (int64_t i = 0; i < result->device_count && i < point->workload.comm.ranks; i++) {
    const struct tmk_device_info *info = &result->devices[i].info;
    tmk_out_clean(info->name, true, device, sizeof device);
    fprintf(out, "#  Rank %2lld device %2lld %s\n", (long long)i,
            (long long)(info->index == TMK_UNKNOWN ? i : info->index), device);
  }
  static const char *const names[] = {"time", "algbw", "busbw", "#wrong"};
  static const char *const units[] = {"(us)", "(GB/s)", "(GB/s)", ""};
  fprintf(out, "#\n# %10s  %12s  %8s  %6s  %6s           out-of-place                       in-place\n", "", "", "", "",
          "");
  fprintf(out, "# %10s  %12s  %8s  %6s  %6s", "size", "count", "type", "redop", "root");
  for (int i = 0; i < 8; i++) fprintf(out, "  %*s", i % 4 == 0 ? 7 : 6, names[i % 4]);
  fprintf(out, "\n# %10s  %12s  %8s  %6s  %6s", "(B)", "(elements)", "", "", "");
  for (int i = 0; i < 8; i++) fprintf(out, "  %*s", i % 4 == 0 ? 7 : 6, units[i % 4]);
  putc('\n', out);
}

static void print_table(FILE *out, const struct tmk_result *result, int64_t first, bool *done)
{
  double bus_sum = 0;
  int64_t sides = 0;
  const struct tmk_point *points = result->points;
  print_header(out, result, &points[first]);
  for (int64_t i = first; i < result->point_count; i++) {
    if (done[i] || !is_written(&points[i]) || !same_table(&points[first], &points[i])) continue;
    struct row row = {NULL, NULL};
    for (int64_t k = i; k < result->point_count && !(row.out_of_place && row.in_place); k++) {
      if (done[k] || !is_written(&points[k]) || !same_row(&points[i], &points[k])) continue;
      const struct tmk_point **side = points[k].workload.comm.in_place ? &row.in_place : &row.out_of_place;
      if (*side) continue; /* a second one of the kind gets a row of its own */
      *side = &points[k];
      done[k] = true;
      bus_sum += bus_gb_s(&points[k]);
      sides++;
    }
    print_row(out, &row);
  }
  fprintf(out, "# %-20s : %g\n#\n", "Avg bus bandwidth", bus_sum / (double)sides);
}

enum tmk_status tmk_export_nccl_tests(FILE *out, const struct tmk_result *result, struct tmk_error *err)
{
  if (result->point_count == 0) return TMK_OK;
  bool *done = calloc((size_t)result->point_count, sizeof *done);
  if (!done) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the output");
  for (int64_t i = 0; i < result->point_count; i++) {
    if (!done[i] && is_written(&result->points[i])) print_table(out, result, i, done);
  }
  free(done);
  return TMK_OK;
}
