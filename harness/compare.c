/* compare.c: see compare.h. */
#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points of one hardware on a sorted side: [first, end). */
struct group {
  const struct tmk_compare_side *side;
  const struct tmk_interned *hardware;
  int64_t first, end, runs;
  int64_t first_run; /* −1: none */
  bool is_cpu;
};

/* The points of one key in a group. */
struct span {
  const struct tmk_compare_point *points;
  int64_t count;
};

/* --- groups --- */

static const struct tmk_interned *hardware_of(const struct tmk_compare_side *side, int64_t run)
{
  return side->runs[run].hardware;
}

/* One group for each hardware that a run of the side has, in the order of runs. A run with no points counts. */
static int64_t find_groups(const struct tmk_compare_side *side, struct group *groups)
{
  int64_t count = 0, at = 0;
  for (int64_t run = 0; run < side->run_count; run++) {
    int64_t g = 0;
    while (g < count && groups[g].hardware != hardware_of(side, run)) g++;
    if (g == count) {
      groups[count++] =
          (struct group){.side = side, .hardware = hardware_of(side, run), .first_run = run, .is_cpu = side->runs[run].is_cpu};
    }
    groups[g].runs++;
  }
  while (at < side->point_count) {
    int64_t end = at, g = 0;
    const struct tmk_interned *hardware = hardware_of(side, side->points[at].run);
    while (end < side->point_count && hardware_of(side, side->points[end].run) == hardware) end++;
    while (groups[g].hardware != hardware) g++;
    groups[g].first = at;
    groups[g].end = end;
    at = end;
  }
  return count;
}

static const struct group *find_group(const struct group *groups, int64_t count, const struct tmk_interned *hardware)
{
  for (int64_t i = 0; i < count; i++) {
    if (groups[i].hardware == hardware) return &groups[i];
  }
  return NULL;
}

static struct span next_span(const struct group *group, int64_t *at)
{
  struct span span = {.points = group->side->points + *at};
  while (*at + span.count < group->end && span.points[span.count].key == span.points[0].key) span.count++;
  *at += span.count;
  return span;
}

static int64_t count_keys(const struct group *group)
{
  int64_t keys = 0;
  for (int64_t at = group->first; at < group->end; keys++) next_span(group, &at);
  return keys;
}

/* --- a cell: one side of a row --- */

/* Runs of unlike provenance are not averaged: the first kind in the order of the enum that has a figure stands. */
static enum tmk_provenance kind_of(struct span span)
{
  enum tmk_provenance kind = TMK_PROV_COUNT;
  for (int64_t i = 0; i < span.count; i++) {
    if (span.points[i].usable && span.points[i].provenance < kind) kind = span.points[i].provenance;
  }
  return kind;
}

static double mean_log(double sum, double value)
{
  return value > 0 ? sum + log(value) : NAN;
}

/* Figures of the cell, and the runs' values into `values`, whose room is span.count. Shares if `by_share`. */
static void fill_cell(struct span span, bool by_share, struct tmk_run_value *values, struct tmk_compare_cell *cell)
{
  double rate = 0, time = 0, share = 0, device = 0, watt = 0;
  *cell = (struct tmk_compare_cell){.provenance = kind_of(span)};
  for (int64_t i = 0; i < span.count; i++) {
    const struct tmk_compare_point *point = &span.points[i];
    cell->codes |= point->codes;
    cell->suspect |= point->verdict == TMK_VERDICT_SUSPECT;
    if (!point->usable && !cell->reason) cell->reason = point->reason->text;
    if (!point->usable || point->provenance != cell->provenance) continue;
    cell->accounting = point->accounting;
    rate = mean_log(rate, point->rate);
    time = mean_log(time, point->time_ns);
    share += point->share.value;
    device = mean_log(device, point->per_device);
    watt = mean_log(watt, point->per_watt);
    values[cell->runs++] = by_share ? point->share : point->speed;
  }
  double runs = (double)cell->runs;
  cell->rate = exp(rate / runs); /* NAN with no runs: 0 ÷ 0 */
  cell->time_ns = exp(time / runs);
  cell->share = exp(share / runs);
  cell->per_device = exp(device / runs);
  cell->per_watt = exp(watt / runs);
}

static bool all_have_share(struct span span)
{
  for (int64_t i = 0; i < span.count; i++) {
    if (span.points[i].usable && isnan(span.points[i].share.value)) return false;
  }
  return true;
}

/* --- a row --- */

struct context {
  const struct tmk_compare_settings *settings;
  struct tmk_comparison *comparison;
  struct tmk_run_value *base, *fresh; /* room for the runs of a key */
  bool is_cpu;
};

static bool is_own(enum tmk_provenance provenance)
{
  return provenance == TMK_PROV_MEASURED || provenance == TMK_PROV_COMPOSED || provenance == TMK_PROV_EXTRAPOLATED;
}

/* What keeps the two from being compared, into row->note; false if nothing does. */
static bool refuse(const struct context *context, struct span fresh, struct tmk_compare_row *row)
{
  struct tmk_comparison *comparison = context->comparison;
  size_t size = sizeof row->note;
  if (row->base.runs == 0) {
    snprintf(row->note, size, "base: %s", row->base.reason ? row->base.reason : "no figure");
    row->verdict = TMK_COMPARE_INCOMPARABLE;
  } else if (row->fresh.runs == 0 && fresh.count > 0 && strncmp(row->fresh.reason ? row->fresh.reason : "", "simulated", 9) == 0) {
    snprintf(row->note, size, "new: %s", row->fresh.reason);
    row->verdict = TMK_COMPARE_INCOMPARABLE;
  } else if (row->fresh.runs == 0) {
    snprintf(row->note, size, "%s", fresh.count == 0 ? "not in new" : row->fresh.reason ? row->fresh.reason : "no figure");
    row->verdict = TMK_COMPARE_MISSING;
    comparison->gone += fresh.count > 0;
  } else if (row->base.accounting != row->fresh.accounting) {
    snprintf(row->note, size, "counts %s tokens, then %s", tmk_accounting_name(row->base.accounting),
             tmk_accounting_name(row->fresh.accounting));
    row->verdict = TMK_COMPARE_INCOMPARABLE;
  } else if (context->settings->metric == TMK_METRIC_SHARE && !row->by_share) {
    snprintf(row->note, size, "no share of a measured ceiling");
    row->verdict = TMK_COMPARE_INCOMPARABLE;
  } else {
    return false;
  }
  return true;
}

static void note_provenance(struct tmk_comparison *comparison, struct tmk_compare_row *row)
{
  enum tmk_provenance base = row->base.provenance, fresh = row->fresh.provenance;
  if (base != fresh) {
    comparison->mixed++;
    snprintf(row->note, sizeof row->note, "%s against %s", tmk_provenance_name(fresh), tmk_provenance_name(base));
  } else if (!is_own(base)) {
    snprintf(row->note, sizeof row->note, "%s", tmk_provenance_name(base));
  }
}

static void fill_row(const struct context *context, const char *key, struct span base, struct span fresh,
                     struct tmk_compare_row *row)
{
  const struct tmk_compare_settings *settings = context->settings;
  bool wanted = settings->metric == TMK_METRIC_SHARE ||
                (settings->metric == TMK_METRIC_AUTO && context->comparison->identical && context->is_cpu);
  *row = (struct tmk_compare_row){.key = key, .per_device = NAN, .per_watt = NAN};
  row->by_share = wanted && all_have_share(base) && all_have_share(fresh);
  row->estimate = (struct tmk_ratio){.log_ratio = NAN, .std_error = NAN, .df = NAN, .p = NAN, .run_spread = NAN};
  row->interval = (struct tmk_compare_interval){.ratio = NAN, .low = NAN, .high = NAN, .level = NAN};
  fill_cell(base, row->by_share, context->base, &row->base);
  fill_cell(fresh, row->by_share, context->fresh, &row->fresh);
  if (refuse(context, fresh, row)) return;
  note_provenance(context->comparison, row);
  row->estimate = tmk_ratio_of_runs(context->base, row->base.runs, context->fresh, row->fresh.runs,
                                    context->comparison->prior_spread);
  tmk_ratio_widen(&row->estimate, context->comparison->machine_change);
  if (context->comparison->same_run) row->estimate = (struct tmk_ratio){.df = 1, .p = 1};
  row->per_device = row->fresh.per_device / row->base.per_device;
  row->per_watt = row->fresh.per_watt / row->base.per_watt;
  row->verdict = TMK_COMPARE_AMBIGUOUS; /* until all rows are there */
  context->comparison->compared++;
}

/* With all ratios known: which are different, and each one's interval. What is called different has an interval at level
 * 1 − rate × chosen ÷ tested, so that its intervals miss as seldom as the verdicts do (Benjamini & Yekutieli 2005). */
static enum tmk_status decide(struct tmk_comparison *comparison, const struct tmk_compare_settings *settings)
{
  int64_t count = comparison->row_count, tested = 0;
  double *p = malloc((size_t)(count ? count : 1) * sizeof *p);
  bool *selected = malloc((size_t)(count ? count : 1) * sizeof *selected);
  enum tmk_status status = p && selected ? TMK_OK : TMK_ERR_MEMORY;
  for (int64_t i = 0; status == TMK_OK && i < count; i++) {
    p[i] = comparison->rows[i].estimate.p;
    tested += !isnan(p[i]);
  }
  if (status == TMK_OK) comparison->chosen = tmk_select_false_discovery(p, count, settings->discovery_rate, selected);
  if (comparison->chosen < 0) status = TMK_ERR_MEMORY;
  for (int64_t i = 0; status == TMK_OK && i < count; i++) {
    struct tmk_compare_row *row = &comparison->rows[i];
    if (!isnan(row->estimate.log_ratio)) {
      double chosen = selected[i] ? (double)comparison->chosen / (double)tested : 1;
      row->interval = tmk_ratio_interval(&row->estimate, 1 - settings->discovery_rate * chosen);
      row->verdict = tmk_compare_decide(&row->interval, selected[i], settings->threshold);
      if (isnan(row->interval.low)) {
        size_t used = strlen(row->note);
        snprintf(row->note + used, sizeof row->note - used, "%sno interval: one round, or no samples", used ? "; " : "");
      }
    }
    comparison->counts[row->verdict]++;
  }
  free(p);
  free(selected);
  return status;
}

/* --- a comparison --- */

/* The one value that all runs of a hardware have, or "several". */
static const char *fact_of(const struct group *group, enum tmk_compare_fact fact)
{
  const struct tmk_interned *value = NULL;
  for (int64_t i = 0; i < group->side->run_count; i++) {
    if (hardware_of(group->side, i) != group->hardware) continue;
    const struct tmk_interned *own = group->side->runs[i].facts[fact];
    if (value && value != own) return "several";
    value = own;
  }
  return value ? value->text : "";
}

static void find_differences(const struct group *base, const struct group *fresh, struct tmk_comparison *comparison)
{
  for (int i = 0; i < TMK_FACT_COUNT; i++) {
    const char *a = fact_of(base, (enum tmk_compare_fact)i), *b = fact_of(fresh, (enum tmk_compare_fact)i);
    if (strcmp(a, b) == 0) continue;
    struct tmk_compare_difference *difference = &comparison->differences[comparison->difference_count++];
    difference->fact = (enum tmk_compare_fact)i;
    snprintf(difference->base, sizeof difference->base, "%s", a[0] ? a : "-");
    snprintf(difference->fresh, sizeof difference->fresh, "%s", b[0] ? b : "-");
  }
}

/* Both groups are in the order of keys: one walk over both. */
static void merge(const struct context *context, const struct group *base, const struct group *fresh)
{
  struct tmk_comparison *comparison = context->comparison;
  int64_t b = base ? base->first : 0, f = fresh->first, b_end = base ? base->end : 0;
  while (b < b_end || f < fresh->end) {
    const struct tmk_interned *left = b < b_end ? base->side->points[b].key : NULL;
    const struct tmk_interned *right = f < fresh->end ? fresh->side->points[f].key : NULL;
    bool has_left = left && (!right || left->number <= right->number);
    bool has_right = right && (!left || right->number <= left->number);
    struct span base_span = {0}, fresh_span = {0};
    if (has_left) base_span = next_span(base, &b);
    if (has_right) fresh_span = next_span(fresh, &f);
    if (has_left) {
      fill_row(context, left->text, base_span, fresh_span, &comparison->rows[comparison->row_count++]);
    } else {
      struct tmk_compare_row *row = &comparison->only[comparison->only_count++];
      fill_row(context, right->text, base_span, fresh_span, row);
      row->verdict = TMK_COMPARE_INCOMPARABLE;
      snprintf(row->note, sizeof row->note, "%s", row->fresh.runs ? "" : row->fresh.reason ? row->fresh.reason : "no figure");
    }
  }
}

/* --- the machine --- */

/* Root of the mean square of the runs' machine_spread. */
static double machine_spread(const struct group *base, const struct group *fresh)
{
  double squares = 0;
  const struct group *groups[] = {base, fresh};
  for (int g = 0; g < 2; g++) {
    for (int64_t i = 0; i < groups[g]->side->run_count; i++) {
      const struct tmk_compare_run *run = &groups[g]->side->runs[i];
      if (run->hardware == groups[g]->hardware) squares += run->machine_spread * run->machine_spread;
    }
  }
  return sqrt(squares / (double)(base->runs + fresh->runs));
}

static double mean_ceiling(const struct group *group, int ceiling)
{
  double sum = 0;
  for (int64_t i = 0; i < group->side->run_count; i++) {
    if (group->side->runs[i].hardware == group->hardware) sum += group->side->runs[i].log_ceilings[ceiling];
  }
  return sum / (double)group->runs;
}

static double machine_change(const struct group *base, const struct group *fresh)
{
  double most = 0;
  for (int c = 0; c <= TMK_DTYPE_COUNT; c++) most = fmax(most, fabs(mean_ceiling(fresh, c) - mean_ceiling(base, c)));
  return most;
}

static enum tmk_status compare_groups(const struct group *base, const struct group *fresh,
                                      const struct tmk_compare_settings *settings, struct tmk_comparison *comparison)
{
  enum tmk_status status = TMK_OK;
  int64_t base_points = base ? base->end - base->first : 0, fresh_points = fresh->end - fresh->first;
  struct context context = {.settings = settings, .comparison = comparison, .is_cpu = fresh->is_cpu};
  bool identical = base && base->hardware == fresh->hardware;
  double known = fresh->is_cpu || (base && base->is_cpu) ? TMK_COMPARE_SPREAD_CPU : TMK_COMPARE_SPREAD_GPU;
  *comparison = (struct tmk_comparison){
      .base = base ? base->side : NULL,
      .fresh = fresh->side,
      .base_hardware = base ? base->hardware->text : "",
      .fresh_hardware = fresh->hardware->text,
      .identical = identical,
      .same_run = identical && base->runs == 1 && fresh->runs == 1 &&
                  base->side->runs[base->first_run].run_id == fresh->side->runs[fresh->first_run].run_id,
      .base_runs = base ? base->runs : 0,
      .fresh_runs = fresh->runs,
      .base_file = base ? base->side->runs[base->first_run].file->text : "",
      .fresh_file = fresh->side->runs[fresh->first_run].file->text,
      .prior_spread = isnan(settings->run_spread) ? known : settings->run_spread,
  };
  comparison->rows = malloc((size_t)((base ? count_keys(base) : 0) + 1) * sizeof *comparison->rows);
  comparison->only = malloc((size_t)(count_keys(fresh) + 1) * sizeof *comparison->only);
  context.base = malloc((size_t)(base_points + 1) * sizeof *context.base);
  context.fresh = malloc((size_t)(fresh_points + 1) * sizeof *context.fresh);
  if (!comparison->rows || !comparison->only || !context.base || !context.fresh) TMK_TRY(TMK_ERR_MEMORY);
  if (base) find_differences(base, fresh, comparison);
  if (identical && !comparison->same_run && isnan(settings->run_spread)) {
    comparison->prior_spread = fmax(known, machine_spread(base, fresh));
    comparison->machine_change = machine_change(base, fresh);
  }
  merge(&context, base, fresh);
  TMK_TRY(decide(comparison, settings));
out:
  free(context.base);
  free(context.fresh);
  return status;
}

enum tmk_status tmk_compare(const struct tmk_compare_side *sides, int side_count, const struct tmk_compare_settings *settings,
                            struct tmk_comparison **comparisons, int64_t *count, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int64_t base_count, runs = 0;
  struct group *base = NULL, *groups = NULL;
  *comparisons = NULL;
  *count = 0;
  for (int i = 0; i < side_count; i++) runs += sides[i].run_count;
  base = malloc((size_t)(sides[0].run_count + 1) * sizeof *base);
  groups = malloc((size_t)(runs + 1) * sizeof *groups);
  *comparisons = calloc((size_t)(runs + 1), sizeof **comparisons);
  if (!base || !groups || !*comparisons) TMK_TRY(TMK_ERR_MEMORY);
  base_count = find_groups(&sides[0], base);
  for (int i = 1; i < side_count; i++) {
    int64_t group_count = find_groups(&sides[i], groups);
    for (int64_t g = 0; g < group_count; g++) {
      const struct group *own = find_group(base, base_count, groups[g].hardware);
      if (!own && base_count == 1) own = &base[0];
      TMK_TRY(compare_groups(own, &groups[g], settings, &(*comparisons)[(*count)++]));
    }
  }
out:
  free(base);
  free(groups);
  if (status == TMK_OK) return status;
  tmk_comparisons_free(*comparisons, *count);
  *comparisons = NULL;
  *count = 0;
  return tmk_fail(err, status, "out of memory while comparing");
}

void tmk_comparisons_free(struct tmk_comparison *comparisons, int64_t count)
{
  for (int64_t i = 0; comparisons && i < count; i++) {
    free(comparisons[i].rows);
    free(comparisons[i].only);
  }
  free(comparisons);
}
