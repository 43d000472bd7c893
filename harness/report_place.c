/* report_place.c: see report_place.h. What is INVALID, failed or simulated has been taken out before. */
#include "report_place.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "out_parts.h"
#include "tokmark/comm.h"

/* "tinyllama-1.1b decode c128 bf16 tp2", with the batch where that is not the axis. */
static void label_step(const struct tmk_report_row *row, bool with_batch, char *label, size_t size)
{
  const struct tmk_workload *w = &row->workload.step;
  char lengths[48], dtypes[32], batch[32] = "", layout[80] = "";
  tmk_out_lengths(w, lengths, sizeof lengths);
  tmk_out_dtypes(w, dtypes, sizeof dtypes);
  if (with_batch) snprintf(batch, sizeof batch, " batch %lld", (long long)w->batch);
  if (row->type == TMK_POINT_STEP && w->layout.tp * (int64_t)w->layout.pp * w->layout.dp > 1) {
    snprintf(layout, sizeof layout, " tp%d pp%d dp%d", w->layout.tp, w->layout.pp, w->layout.dp);
  }
  snprintf(label, size, "%.90s %s%s %s %s%s", w->model, tmk_phase_name(w->phase), batch, lengths, dtypes, layout);
}

static bool is_step(const struct tmk_report_row *row)
{
  return row->type == TMK_POINT_STEP && row->accounting != TMK_ACCT_NONE;
}

bool tmk_report_place_output(const struct tmk_report *report, const struct tmk_report_row *row,
                             struct tmk_report_point *point, char *label, size_t size)
{
  (void)report;
  if (!is_step(row) || row->accounting != TMK_ACCT_OUTPUT) return false;
  *point = (struct tmk_report_point){(double)row->workload.step.batch, row->rate, row->low, row->high, -1, 0};
  label_step(row, false, label, size);
  return true;
}

bool tmk_report_place_input(const struct tmk_report *report, const struct tmk_report_row *row,
                            struct tmk_report_point *point, char *label, size_t size)
{
  (void)report;
  if (!is_step(row) || row->accounting != TMK_ACCT_INPUT) return false;
  *point = (struct tmk_report_point){(double)row->workload.step.batch, row->rate, row->low, row->high, -1, 0};
  label_step(row, false, label, size);
  return true;
}

bool tmk_report_place_interactivity(const struct tmk_report *report, const struct tmk_report_row *row,
                                    struct tmk_report_point *point, char *label, size_t size)
{
  (void)report;
  if (!is_step(row) || row->accounting != TMK_ACCT_OUTPUT) return false;
  double scale = row->per_device / row->rate; /* the interval scales with the rate */
  *point = (struct tmk_report_point){
      row->per_user, row->per_device, row->low * scale, row->high * scale, -1, (double)row->workload.step.batch};
  label_step(row, false, label, size);
  return true;
}

/* On one device only: the FLOPs and bytes of a point on several are those of all of them, its ceilings of one. */
bool tmk_report_place_roofline(const struct tmk_report *report, const struct tmk_report_row *row,
                               struct tmk_report_point *point, char *label, size_t size)
{
  (void)report;
  bool alone = row->type == TMK_POINT_OP || (row->type == TMK_POINT_STEP && row->devices <= 1);
  if (!alone || !(row->flops > 0) || !(row->bytes > 0) || !(row->time_ns > 0)) return false;
  *point = (struct tmk_report_point){row->flops / row->bytes, row->flops / row->time_ns * 1e9, NAN, NAN, -1, 0};
  if (row->type == TMK_POINT_OP) {
    snprintf(label, size, "operations alone");
  } else {
    const struct tmk_workload *w = &row->workload.step;
    char dtypes[32];
    tmk_out_dtypes(w, dtypes, sizeof dtypes);
    snprintf(label, size, "%.90s %s %s", w->model, tmk_phase_name(w->phase), dtypes);
  }
  return true;
}

/* The same problem on more devices (strong), or the same share of it on each (weak). */
static bool same_scaling(const struct tmk_report_row *a, const struct tmk_report_row *b, bool weak)
{
  const struct tmk_workload *x = &a->workload.step, *y = &b->workload.step;
  bool batch = weak ? x->batch * b->devices == y->batch * a->devices : x->batch == y->batch;
  return b->type == TMK_POINT_SCALE && b->accounting == a->accounting && a->source == b->source && b->rate > 0 &&
         a->provenance == b->provenance && batch && x->phase == y->phase && x->context == y->context &&
         x->input_len == y->input_len && x->output_len == y->output_len && x->weight_dtype == y->weight_dtype &&
         x->kv_dtype == y->kv_dtype && strcmp(x->model, y->model) == 0;
}

/* A device's rate over a device's rate at the fewest devices of the series. */
bool tmk_report_place_scaling(const struct tmk_report *report, const struct tmk_report_row *row,
                              struct tmk_report_point *point, char *label, size_t size)
{
  if (row->type != TMK_POINT_SCALE || !(row->rate > 0) || row->workload.step.batch > (int64_t)1 << 31) return false;
  char step[200];
  for (int weak = 0; weak < 2; weak++) {
    const struct tmk_report_row *base = row;
    int64_t others = 0;
    for (int64_t i = 0; i < report->row_count; i++) {
      const struct tmk_report_row *other = &report->rows[i];
      if (other == row || other->type != TMK_POINT_SCALE || !same_scaling(row, other, weak)) continue;
      others += other->devices != row->devices;
      if (other->devices < base->devices) base = other;
    }
    if (others == 0) continue; /* against itself alone it is 100 %, which says nothing */
    double own = row->rate / (double)row->devices;
    double factor = (double)base->devices / base->rate;
    *point = (struct tmk_report_point){(double)row->devices,
                                       100 * own * factor,
                                       100 * row->low / (double)row->devices * factor,
                                       100 * row->high / (double)row->devices * factor,
                                       -1,
                                       0};
    label_step(row, !weak, step, sizeof step);
    snprintf(label, size, "%s%s", step, weak ? ", batch grows with the devices" : ", batch in all");
    return true;
  }
  return false;
}

bool tmk_report_place_busbw(const struct tmk_report *report, const struct tmk_report_row *row,
                            struct tmk_report_point *point, char *label, size_t size)
{
  (void)report;
  const struct tmk_comm_workload *w = &row->workload.comm;
  if (row->type != TMK_POINT_COMM || !(row->time_ns > 0) || w->bytes <= 0) return false;
  double busbw = (double)w->bytes / row->time_ns * 1e9 * tmk_collective_bus_factor(w->collective, (int)w->ranks);
  *point = (struct tmk_report_point){(double)w->bytes, busbw, NAN, NAN, -1, 0};
  snprintf(label, size, "%s %s, %lld ranks%s", tmk_collective_name(w->collective), tmk_dtype_name(w->dtype),
           (long long)w->ranks, w->in_place ? "" : ", out of place");
  return true;
}
