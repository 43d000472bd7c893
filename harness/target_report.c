/* target_report.c: rows of a report from the points of a result. See target_report.h. */
#include "target_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model_config.h"

enum tmk_status tmk_target_spec_init(const struct tmk_claim *claim, double tokens_per_s, enum tmk_accounting asked,
                                     struct tmk_target_spec *spec, struct tmk_error *err)
{
  double rate_per_gpu = tmk_claim_rate_per_gpu(claim);
  if (isnan(claim->tokens_per_s) && isnan(rate_per_gpu)) {
    return tmk_fail(err, TMK_ERR_USAGE, "--claim %s: states no rate (%s)", claim->id, claim->scenario);
  }
  if (isnan(tokens_per_s) && isnan(claim->tokens_per_s)) {
    return tmk_fail(err, TMK_ERR_USAGE, "--claim %s: states a rate a GPU only; give --tokens-per-s too", claim->id);
  }
  if (asked != TMK_ACCT_NONE && claim->accounting != TMK_ACCT_NONE && asked != claim->accounting) {
    return tmk_fail(err, TMK_ERR_USAGE, "--accounting %s: %s counts %s tokens, and no other rate compares with it",
                    tmk_accounting_name(asked), claim->id, tmk_accounting_name(claim->accounting));
  }
  *spec = (struct tmk_target_spec){
      .claim = claim,
      .tokens_per_s = isnan(tokens_per_s) ? claim->tokens_per_s : tokens_per_s,
      .rate_per_gpu = rate_per_gpu,
      .overhead = 1,
      .price_per_hour = NAN,
  };
  if (asked == TMK_ACCT_NONE) asked = claim->accounting;
  if (asked == TMK_ACCT_NONE) {
    spec->readings[0] = TMK_ACCT_OUTPUT;
    spec->readings[1] = TMK_ACCT_TOTAL;
    spec->reading_count = 2;
  } else {
    spec->readings[0] = asked;
    spec->reading_count = 1;
  }
  return TMK_OK;
}

static double devices_of(const struct tmk_point *point)
{
  return point->throughput.devices >= 1 ? (double)point->throughput.devices : 1;
}

static bool is_of_phase(const struct tmk_point *point, enum tmk_phase phase)
{
  return (point->type == TMK_POINT_STEP || point->type == TMK_POINT_SCALE) && point->workload.step.phase == phase;
}

/* Points of the row's phase: how many there are, the best that counts, and what the others lack. */
struct search {
  int64_t points, counted;
  const struct tmk_point *best;
  double best_rate, most_per_user;
  const struct tmk_point *excluded; /* the first that is not counted */
};

static struct search search_points(const struct tmk_result *result, const struct tmk_target_row *row)
{
  struct search found = {.best_rate = 0, .most_per_user = NAN};
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    if (!is_of_phase(point, row->phase)) continue;
    found.points++;
    double rate = tmk_point_rate_as(point, row->accounting, NULL, NULL) / devices_of(point);
    if (isnan(rate)) {
      if (!found.excluded) found.excluded = point;
      continue;
    }
    found.counted++;
    double per_user = point->throughput.output_tokens_per_s_per_user;
    if (!(per_user <= found.most_per_user)) found.most_per_user = per_user;
    if (row->interactivity > 0 && !(per_user >= row->interactivity)) continue;
    if (rate > found.best_rate) {
      found.best = point;
      found.best_rate = rate;
    }
  }
  return found;
}

static void explain_none(const struct search *found, struct tmk_target_row *row)
{
  const char *phase = tmk_phase_name(row->phase);
  size_t size = sizeof row->reason;
  if (found->points == 0) {
    bool total = row->accounting == TMK_ACCT_TOTAL;
    snprintf(row->reason, size, "no %s point%s", phase,
             total ? "; decode takes in no prompt, so it has no total rate (run --phase e2e)" : " in the file");
  } else if (found->counted == 0) {
    char why[256];
    tmk_target_counts(found->excluded, row->accounting, why, sizeof why);
    snprintf(row->reason, size, "no %s point counts: %s%s", phase, why, found->points > 1 ? " (and others)" : "");
  } else {
    snprintf(row->reason, size, "no %s point reaches %.6g tokens/s/user; the most is %.4g", phase, row->interactivity,
             found->most_per_user);
  }
}

static void fill_row(const struct tmk_target_report *report, const struct tmk_target_spec *spec,
                     struct tmk_target_row *row)
{
  row->rate_per_device = row->rate_low = row->rate_high = row->factor = NAN;
  row->need = (struct tmk_target_need){NAN, NAN, NAN, NAN, NAN, NAN};
  struct search found = search_points(report->result, row);
  if (!found.best) {
    explain_none(&found, row);
    return;
  }
  struct tmk_target_args args = {spec->tokens_per_s, spec->overhead, spec->price_per_hour, row->accounting};
  char why[256];
  if (!tmk_target_need(found.best, report->device, &args, &row->need, why, sizeof why)) {
    snprintf(row->reason, sizeof row->reason, "%s", why);
    return;
  }
  double low, high, devices = devices_of(found.best);
  row->point = found.best;
  row->rate_per_device = tmk_point_rate_as(found.best, row->accounting, &low, &high) / devices;
  row->rate_low = low / devices;
  row->rate_high = high / devices;
  row->factor = row->rate_per_device / spec->rate_per_gpu;
  row->power_measured = found.best->energy.mean_power_w > 0;
}

/* Phases whose points have a rate of this accounting, the one without prompts first. */
static int phases_of(enum tmk_accounting accounting, enum tmk_phase phases[2])
{
  int count = 0;
  if (accounting == TMK_ACCT_OUTPUT) phases[count++] = TMK_PHASE_DECODE;
  phases[count++] = accounting == TMK_ACCT_INPUT ? TMK_PHASE_PREFILL : TMK_PHASE_E2E;
  return count;
}

static void build_rows(const struct tmk_target_spec *spec, struct tmk_target_report *report)
{
  for (int reading = 0; reading < spec->reading_count; reading++) {
    enum tmk_phase phases[2];
    int count = phases_of(spec->readings[reading], phases);
    for (int i = 0; i < count; i++) {
      /* a prompt's input has no user that waits for tokens one by one */
      bool interactive = spec->interactivity > 0 && phases[i] != TMK_PHASE_PREFILL;
      for (int pass = 0; pass <= (interactive ? 1 : 0); pass++) {
        struct tmk_target_row *row = &report->rows[report->row_count++];
        row->accounting = spec->readings[reading];
        row->phase = phases[i];
        row->interactivity = pass ? spec->interactivity : 0;
        fill_row(report, spec, row);
        if (row->point) report->usable = true;
      }
    }
  }
}

/* --- MLPerf rows --- */

static bool is_mlperf(const struct tmk_claim *claim)
{
  return strncmp(claim->family, "mlperf", 6) == 0 && claim->model_id[0] && tmk_claim_rate_per_gpu(claim) > 0;
}

/* How far a model is from the result's: |ln| of the ratio of parameters used a token, which decode's bytes follow.
 * INFINITY for another kind (dense or MoE) and for what can't be read. */
static double model_distance(const struct tmk_result *result, const char *model_id, int64_t *active)
{
  struct tmk_model model;
  if (tmk_model_load(model_id, &model, NULL) != TMK_OK) return INFINITY;
  *active = tmk_model_active_parameters(&model);
  if ((model.moe.experts > 0) != (result->model.moe.experts > 0)) return INFINITY;
  if (result->model_active_parameters < 1 || *active < 1) return INFINITY;
  return fabs(log((double)*active / (double)result->model_active_parameters));
}

/* The result's row in the table of models; NULL for a truncated model, a model from a file, and none. */
static const char *own_model_id(const struct tmk_result *result)
{
  return result->model.name[0] ? tmk_model_id_from_alias(result->model.name) : NULL;
}

static void choose_model(const struct tmk_result *result, const struct tmk_claim *claims, int claim_count,
                         struct tmk_target_mlperf *mlperf)
{
  const char *own = own_model_id(result);
  double nearest = INFINITY;
  int64_t nearest_active = 0;
  const char *tried = "";
  for (int i = 0; i < claim_count; i++) {
    const struct tmk_claim *claim = &claims[i];
    if (!is_mlperf(claim)) continue;
    if (own && strcmp(own, claim->model_id) == 0) {
      snprintf(mlperf->model_id, sizeof mlperf->model_id, "%s", own);
      mlperf->same_model = true;
      return;
    }
    if (strcmp(tried, claim->model_id) == 0) continue; /* rows of a model mostly stand together */
    tried = claim->model_id;
    int64_t active = 0;
    double distance = model_distance(result, claim->model_id, &active);
    if (distance < nearest) {
      nearest = distance;
      nearest_active = active;
      snprintf(mlperf->model_id, sizeof mlperf->model_id, "%s", claim->model_id);
    }
  }
  bool moe = result->model.moe.experts > 0;
  if (mlperf->model_id[0]) {
    double ratio = (double)nearest_active / (double)result->model_active_parameters;
    snprintf(mlperf->reason, sizeof mlperf->reason,
             "none for this model; the nearest %s is %s, with %.3g times its %sparameters", moe ? "MoE" : "dense model",
             mlperf->model_id, ratio, moe ? "active " : "");
  } else {
    snprintf(mlperf->reason, sizeof mlperf->reason, "none for this model, and none of its kind (%s)",
             moe ? "MoE" : "dense");
  }
}

static int by_rate_down(const void *a, const void *b)
{
  double x = tmk_claim_rate_per_gpu(*(const struct tmk_claim *const *)a);
  double y = tmk_claim_rate_per_gpu(*(const struct tmk_claim *const *)b);
  return (x < y) - (x > y);
}

/* Best row of each GPU. */
static void choose_rows(const struct tmk_claim *claims, int claim_count, struct tmk_target_mlperf *mlperf)
{
  const int max = sizeof mlperf->rows / sizeof mlperf->rows[0];
  for (int i = 0; i < claim_count; i++) {
    const struct tmk_claim *claim = &claims[i];
    if (!is_mlperf(claim) || strcmp(claim->model_id, mlperf->model_id) != 0) continue;
    int at = 0;
    while (at < mlperf->row_count && strcmp(mlperf->rows[at]->gpu_id, claim->gpu_id) != 0) at++;
    if (at == max) continue;
    if (at == mlperf->row_count)
      mlperf->row_count++;
    else if (tmk_claim_rate_per_gpu(mlperf->rows[at]) >= tmk_claim_rate_per_gpu(claim))
      continue;
    mlperf->rows[at] = claim;
  }
  if (mlperf->row_count > 1) qsort(mlperf->rows, (size_t)mlperf->row_count, sizeof mlperf->rows[0], by_rate_down);
}

static void count_points(const struct tmk_result *result, struct tmk_target_mlperf *mlperf)
{
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    double rate = tmk_point_rate_as(point, TMK_ACCT_OUTPUT, NULL, NULL) / devices_of(point);
    if (isnan(rate)) continue;
    mlperf->points++;
    for (int k = 0; k < mlperf->row_count; k++) {
      if (rate >= tmk_claim_rate_per_gpu(mlperf->rows[k])) mlperf->points_over[k]++;
    }
  }
}

static void choose_own(struct tmk_target_report *report, const struct tmk_target_spec *spec)
{
  struct tmk_target_row *own = &report->mlperf.own;
  static const enum tmk_phase phases[] = {TMK_PHASE_E2E, TMK_PHASE_DECODE};
  for (int i = 0; i < 2; i++) {
    *own = (struct tmk_target_row){.accounting = TMK_ACCT_OUTPUT, .phase = phases[i]};
    fill_row(report, spec, own);
    if (own->point) break;
  }
}

static double find_rack_power(const struct tmk_device_result *device)
{
  struct tmk_gpu gpu;
  if (!device || device->info.is_cpu) return NAN;
  int row = tmk_gpu_find(device->info.gpu_id[0] ? device->info.gpu_id : device->info.name);
  return row >= 0 && tmk_gpu_get(row, &gpu, NULL) == TMK_OK ? gpu.rack_power_w : NAN;
}

/* --- exported --- */

enum tmk_status tmk_target_report_build(const char *file, const struct tmk_result *result,
                                        const struct tmk_target_spec *spec, const struct tmk_claim *claims,
                                        int claim_count, struct tmk_target_report *report, struct tmk_error *err)
{
  *report = (struct tmk_target_report){.file = file, .result = result};
  if (!(spec->tokens_per_s > 0) || !isfinite(spec->tokens_per_s)) {
    return tmk_fail(err, TMK_ERR_USAGE, "--tokens-per-s %g: must be above 0", spec->tokens_per_s);
  }
  if (result->device_count > 0) report->device = &result->devices[0];
  build_rows(spec, report);
  choose_model(result, claims, claim_count, &report->mlperf);
  if (report->mlperf.model_id[0]) choose_rows(claims, claim_count, &report->mlperf);
  choose_own(report, spec);
  count_points(result, &report->mlperf);
  const char *own = own_model_id(result);
  report->claim_model = own && strcmp(own, spec->claim->model_id) == 0;
  report->rack_power_w = find_rack_power(report->device);
  return TMK_OK;
}

const struct tmk_target_row *tmk_target_headline(const struct tmk_target_report *report)
{
  const struct tmk_target_row *best = NULL;
  for (int i = 0; i < report->row_count; i++) {
    const struct tmk_target_row *row = &report->rows[i];
    if (!row->point || row->interactivity > 0) continue;
    if (!best || (row->accounting == best->accounting && row->phase == TMK_PHASE_E2E)) best = row;
  }
  return best;
}
