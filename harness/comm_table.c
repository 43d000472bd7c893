/* comm_table.c: see comm_table.h. */
#include "comm_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool tmk_comm_predict_ns(const struct tmk_comm_entry *entries, int count, int64_t bytes, double *time_ns)
{
  *time_ns = NAN;
  if (count < 1 || bytes < entries[0].bytes || bytes > entries[count - 1].bytes) return false;
  int above = 0;
  while (entries[above].bytes < bytes) above++;
  if (entries[above].bytes == bytes) {
    *time_ns = entries[above].time_ns;
    return true;
  }
  const struct tmk_comm_entry *a = &entries[above - 1], *b = &entries[above];
  const double part = log((double)bytes / (double)a->bytes) / log((double)b->bytes / (double)a->bytes);
  *time_ns = a->time_ns * pow(b->time_ns / a->time_ns, part);
  return true;
}

/* Weighted by 1 ÷ t²: with u = 1 ÷ t and v = x ÷ t, alpha u + beta v ≈ 1. Normal equations of two unknowns. */
static void fit_line(const struct tmk_comm_entry *entries, int count, struct tmk_comm_fit *fit)
{
  double uu = 0, uv = 0, vv = 0, u1 = 0, v1 = 0, squares = 0;
  for (int i = 0; i < count; i++) {
    const double u = 1 / entries[i].time_ns, v = (double)entries[i].bytes / entries[i].time_ns;
    uu += u * u, uv += u * v, vv += v * v, u1 += u, v1 += v;
  }
  const double determinant = uu * vv - uv * uv;
  if (count < 3 || !(determinant > 0)) return;
  fit->alpha_ns = (u1 * vv - v1 * uv) / determinant;
  fit->beta_ns_per_byte = (uu * v1 - uv * u1) / determinant;
  for (int i = 0; i < count; i++) {
    const double off = (fit->alpha_ns + fit->beta_ns_per_byte * (double)entries[i].bytes) / entries[i].time_ns - 1;
    squares += off * off;
  }
  fit->residual = sqrt(squares / count);
}

void tmk_comm_fit(const struct tmk_comm_entry *entries, int count, double bus_factor, struct tmk_comm_fit *fit)
{
  fit->sizes = count;
  fit->alpha_ns = fit->beta_ns_per_byte = fit->residual = fit->plateau_bytes_per_s = NAN;
  fit->plateau_from_bytes = fit->plateau_to_bytes = TMK_UNKNOWN;
  fit_line(entries, count, fit);
  for (int i = 0; i + 1 < count; i++) {
    const double a = bus_factor * (double)entries[i].bytes / entries[i].time_ns * 1e9;
    const double b = bus_factor * (double)entries[i + 1].bytes / entries[i + 1].time_ns * 1e9;
    if (fit->plateau_bytes_per_s >= fmin(a, b)) continue;
    fit->plateau_bytes_per_s = fmin(a, b);
    fit->plateau_from_bytes = entries[i].bytes;
    fit->plateau_to_bytes = entries[i + 1].bytes;
  }
}

static bool has_time(const struct tmk_point *point)
{
  return point->type == TMK_POINT_COMM && point->status == TMK_POINT_OK && point->provenance == TMK_PROV_MEASURED &&
         point->stats.median_ns > 0 && point->workload.comm.bytes > 0;
}

static bool same_series(const struct tmk_point *a, const struct tmk_point *b)
{
  const struct tmk_comm_workload *x = &a->workload.comm, *y = &b->workload.comm;
  return x->collective == y->collective && x->dtype == y->dtype && x->ranks == y->ranks && x->in_place == y->in_place &&
         strcmp(a->comm.mode, b->comm.mode) == 0;
}

static int by_bytes(const void *a, const void *b)
{
  const int64_t x = ((const struct tmk_comm_entry *)a)->bytes, y = ((const struct tmk_comm_entry *)b)->bytes;
  return (x > y) - (x < y);
}

/* The series that point `first` begins, unless an earlier point does. */
static int collect(const struct tmk_result *result, int64_t first, struct tmk_comm_entry *entries)
{
  int count = 0;
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    if (!has_time(point) || !same_series(point, &result->points[first])) continue;
    if (i < first) return 0;
    entries[count++] = (struct tmk_comm_entry){.bytes = point->workload.comm.bytes, .time_ns = point->stats.median_ns};
  }
  qsort(entries, (size_t)count, sizeof *entries, by_bytes);
  return count;
}

enum tmk_status tmk_comm_fit_result(struct tmk_result *result, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const size_t most = result->point_count > 0 ? (size_t)result->point_count : 1;
  struct tmk_comm_entry *entries = calloc(most, sizeof *entries);
  struct tmk_comm_fit *fits = calloc(most, sizeof *fits);
  int64_t fit_count = 0;
  if (entries == NULL || fits == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the fits"));
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    const int count = has_time(point) ? collect(result, i, entries) : 0;
    if (count == 0) continue;
    const struct tmk_comm_workload *workload = &point->workload.comm;
    struct tmk_comm_fit *fit = &fits[fit_count++];
    *fit =
        (struct tmk_comm_fit){.collective = workload->collective, .dtype = workload->dtype, .ranks = workload->ranks};
    fit->in_place = workload->in_place;
    memcpy(fit->mode, point->comm.mode, sizeof fit->mode);
    tmk_comm_fit(entries, count, tmk_collective_bus_factor(workload->collective, (int)workload->ranks), fit);
  }
  free(result->comm_fits);
  result->comm_fits = fit_count > 0 ? fits : NULL;
  result->comm_fit_count = fit_count;
  if (fit_count > 0) fits = NULL;
out:
  free(fits);
  free(entries);
  return status;
}
