/* verify_table.c: the whole case table on one device (verify_table.h). */
#include "verify_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Rows of one group: pairs of dtypes. */
#define ROWS_MAX ((int)TMK_DTYPE_COUNT * (int)TMK_DTYPE_COUNT)

struct rows {
  struct tmk_verify_row items[ROWS_MAX];
  int count;
};

static struct tmk_verify_row *find_row(struct rows *rows, const struct tmk_verify_case *c)
{
  for (int i = 0; i < rows->count; i++) {
    struct tmk_verify_row *row = &rows->items[i];
    if (row->weight_dtype == c->weight_dtype && row->kv_dtype == c->kv_dtype) return row;
  }
  struct tmk_verify_row *row = &rows->items[rows->count++];
  *row = (struct tmk_verify_row){.group = c->group, .weight_dtype = c->weight_dtype, .kv_dtype = c->kv_dtype};
  return row;
}

static void add_result(struct tmk_verify_row *row, const struct tmk_verify_case *c,
                       const struct tmk_verify_case_result *result)
{
  if (result->skipped) {
    row->skipped++;
    return;
  }
  row->run++;
  if (!result->passed) row->failed++;
  const bool replayed = c->group != TMK_VERIFY_GROUP_MODEL || result->verify.replay_matched;
  const double ratio = replayed ? result->verify.worst_ratio : (double)INFINITY;
  if (!(ratio <= row->worst_ratio)) row->worst_ratio = ratio;
}

static void add_rows(struct tmk_verify_totals *totals, const struct rows *rows)
{
  for (int i = 0; i < rows->count; i++) {
    totals->run += rows->items[i].run;
    totals->failed += rows->items[i].failed;
    totals->skipped += rows->items[i].skipped;
  }
}

/* A case that could not be run to its end has failed, and the next ones run; a fault of the device is everybody's. */
static enum tmk_status run_case(const struct tmk_verify_table_args *args, const struct tmk_device_info *info,
                                const struct tmk_verify_case *c, uint64_t seed, struct tmk_verify_case_result *result,
                                struct tmk_error *err)
{
  struct tmk_error local = {0};
  const enum tmk_status status = tmk_verify_case_run(args->ops, args->backend, info, c, seed, result, &local);
  if (status == TMK_OK) return TMK_OK;
  result->passed = result->skipped = false;
  snprintf(result->detail, sizeof result->detail, "%.255s", local.message);
  if (status != TMK_ERR_DEVICE && status != TMK_ERR_INTERRUPTED) return TMK_OK;
  return tmk_fail(err, status, "%s", local.message);
}

enum tmk_status tmk_verify_table_run(const struct tmk_verify_table_args *args, struct tmk_verify_totals *totals,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_verify_case *cases = NULL;
  struct tmk_device_info info;
  int count = 0, done = 0;
  *totals = (struct tmk_verify_totals){0};
  tmk_device_info_init(&info);
  TMK_TRY(args->ops->describe(args->backend, &info, err));
  TMK_TRY(tmk_verify_cases_create(args->groups, args->quick, &cases, &count, err));
  bool stop = false;
  for (int group = 0; group < TMK_VERIFY_GROUP_COUNT && !stop; group++) {
    struct rows rows = {.count = 0};
    for (int i = 0; i < count && !stop; i++) {
      if (cases[i].group != group) continue;
      for (int s = 0; s < args->seeds && !stop; s++) {
        struct tmk_verify_case_result result;
        const uint64_t seed = args->first_seed + (uint64_t)s;
        status = run_case(args, &info, &cases[i], seed, &result, err);
        add_result(find_row(&rows, &cases[i]), &cases[i], &result);
        done++;
        stop = status != TMK_OK || (args->fail_fast && !result.skipped && !result.passed);
        if (args->case_done) args->case_done(args->context, &cases[i], seed, &result, done, count * args->seeds);
      }
    }
    add_rows(totals, &rows);
    if (args->rows_done && rows.count > 0) args->rows_done(args->context, rows.items, rows.count);
  }
out:
  free(cases);
  return status;
}
