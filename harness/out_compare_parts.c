/* out_compare_parts.c: comparisons as pieces of text, for out_compare.c and out_compare_data.c. */
#include <math.h>
#include <string.h>

#include "out.h"
#include "out_compare.h"
#include "out_parts.h"
#include "verdict.h"

/* A ratio with four digits: "0.9312"; larger ones with three: "12.3". */
static void ratio_text(double ratio, char *text, size_t size)
{
  if (!isfinite(ratio)) {
    snprintf(text, size, "-");
  } else {
    snprintf(text, size, ratio < 9.9995 ? "%.4f" : ratio < 9999.5 ? "%.1f" : "%.3e", ratio);
  }
}

static void figure_text(const struct tmk_compare_cell *cell, char *text, int size)
{
  if (isfinite(cell->rate)) {
    tmk_format_count(cell->rate, text, size);
  } else {
    tmk_format_time(cell->time_ns, text, size);
  }
}

static void join(char *text, size_t size, const char *separator, const char *more)
{
  size_t used = strlen(text);
  snprintf(text + used, size - used, "%s%s", used ? separator : "", more);
}

static void note_text(const struct tmk_compare_row *row, char *text, size_t size)
{
  char codes[160], part[200];
  tmk_out_clean(row->note, true, text, size);
  if (row->base.runs > 0 && row->fresh.runs > 0 && (row->base.suspect || row->fresh.suspect)) {
    tmk_out_codes(row->base.codes | row->fresh.codes, codes, sizeof codes);
    snprintf(part, sizeof part, "SUSPECT %s", codes);
    join(text, size, "; ", part);
  }
}

void tmk_compare_cells_fill(const struct tmk_compare_row *row, struct tmk_compare_cells *cells)
{
  const struct tmk_compare_cell *known = row->base.runs > 0 ? &row->base : &row->fresh;
  char low[16], high[16];
  snprintf(cells->key, sizeof cells->key, "%s", strncmp(row->key, "step/", 5) == 0 ? row->key + 5 : row->key);
  snprintf(cells->counts, sizeof cells->counts, "%s",
           known->runs == 0                        ? "-"
           : known->accounting == TMK_ACCT_NONE ? "time"
                                                   : tmk_accounting_name(known->accounting));
  figure_text(&row->base, cells->base, sizeof cells->base);
  figure_text(&row->fresh, cells->fresh, sizeof cells->fresh);
  tmk_out_percent(row->base.share, cells->base_share, sizeof cells->base_share);
  tmk_out_percent(row->fresh.share, cells->fresh_share, sizeof cells->fresh_share);
  ratio_text(row->interval.ratio, cells->ratio, sizeof cells->ratio);
  ratio_text(row->interval.low, low, sizeof low);
  ratio_text(row->interval.high, high, sizeof high);
  snprintf(cells->interval, sizeof cells->interval, isfinite(row->interval.low) ? "%s to %s" : "-", low, high);
  ratio_text(row->per_device, cells->per_device, sizeof cells->per_device);
  ratio_text(row->per_watt, cells->per_watt, sizeof cells->per_watt);
  note_text(row, cells->note, sizeof cells->note);
}

void tmk_compare_counts_text(const struct tmk_comparison *comparison, char *text, size_t size)
{
  snprintf(text, size, "%lld point%s of the base", (long long)comparison->row_count, comparison->row_count == 1 ? "" : "s");
  for (int v = 0, seen = 0; v < TMK_COMPARE_COUNT; v++) {
    char part[48];
    if (comparison->counts[v] == 0) continue;
    snprintf(part, sizeof part, "%s%lld %s", seen++ ? ", " : ": ", (long long)comparison->counts[v],
             tmk_compare_verdict_name((enum tmk_compare_verdict)v));
    join(text, size, "", part);
  }
}

static bool mostly_by_share(const struct tmk_comparison *comparison)
{
  int64_t by_share = 0;
  for (int64_t i = 0; i < comparison->row_count; i++) {
    by_share += comparison->rows[i].by_share && isfinite(comparison->rows[i].interval.ratio);
  }
  return by_share * 2 > comparison->compared;
}

void tmk_compare_mode_text(const struct tmk_comparison *comparison, char *text, size_t size)
{
  if (!comparison->base) {
    snprintf(text, size, "not compared: the base has several kinds of hardware, and none is this one");
    return;
  }
  snprintf(text, size, "%s hardware; ratio: new / base of %s", comparison->identical ? "identical" : "different",
           mostly_by_share(comparison) ? "the share of the ceiling measured around each round" : "the speed");
}

void tmk_compare_side_text(const struct tmk_comparison *comparison, bool fresh, char *text, size_t size)
{
  const char *hardware = fresh ? comparison->fresh_hardware : comparison->base_hardware;
  const char *file = fresh ? comparison->fresh_file : comparison->base_file;
  const struct tmk_compare_side *side = fresh ? comparison->fresh : comparison->base;
  int64_t runs = fresh ? comparison->fresh_runs : comparison->base_runs;
  char name[512];
  tmk_out_clean(side->run_count > 1 ? side->name : file, true, name, sizeof name);
  snprintf(text, size, "%s: %s", name, hardware);
  char part[96];
  if (runs > 1 || side->run_count > 1) {
    snprintf(part, sizeof part, ", %lld of %lld run%s", (long long)runs, (long long)side->run_count, side->run_count == 1 ? "" : "s");
    join(text, size, "", part);
  }
  bool incomplete = false;
  for (int64_t i = 0; i < side->run_count; i++) {
    incomplete |= !side->runs[i].complete && strcmp(side->runs[i].hardware->text, hardware) == 0;
  }
  if (incomplete) join(text, size, "", ", not complete");
}

/* The widest spread of the rows that stayed AMBIGUOUS; NAN. */
static double ambiguous_spread(const struct tmk_comparison *comparison)
{
  double spread = NAN;
  for (int64_t i = 0; i < comparison->row_count; i++) {
    if (comparison->rows[i].verdict == TMK_COMPARE_AMBIGUOUS) spread = fmax(spread, comparison->rows[i].estimate.run_spread);
  }
  return spread;
}

int tmk_compare_notes(const struct tmk_comparison *comparison, const struct tmk_compare_settings *settings, char notes[][320],
                      int max)
{
  int count = 0;
  if (comparison->compared > 0 && count < max) {
    snprintf(notes[count++], 320,
             "SAME: the whole interval within 1 +- %.4g %%. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; "
             "of those called different, at most %.4g in 100 are not (%lld of %lld rows).",
             settings->threshold * 100, settings->discovery_rate * 100, (long long)comparison->chosen,
             (long long)comparison->compared);
  }
  if (comparison->same_run && count < max) {
    snprintf(notes[count++], 320, "Both sides are the same run, by its id: nothing is estimated.");
  }
  if (comparison->compared > 0 && !comparison->same_run && comparison->base_runs + comparison->fresh_runs == 2 && count < max) {
    snprintf(notes[count++], 320,
             "One run a side: that runs of one program differ by %.3g %% (standard deviation), or by what their ceilings moved, is "
             "assumed, not measured (--run-spread). Folders of several runs measure it.",
             comparison->prior_spread * 100);
  }
  if (comparison->machine_change > 0.01 && count < max) {
    snprintf(notes[count++], 320,
             "The machine itself was not the same: a ceiling differs by %.3g %% between the sides. Intervals are wider for it.",
             expm1(comparison->machine_change) * 100);
  }
  double spread = ambiguous_spread(comparison);
  if (isfinite(spread) && count < max) {
    double runs = tmk_compare_runs_needed(spread, 0.05);
    snprintf(notes[count++], 320, "To tell 5 %% apart in every AMBIGUOUS row takes about %.0f run%s a side at the spread seen.", runs,
             runs > 1 ? "s" : "");
  }
  if (comparison->mixed > 0 && count < max) {
    snprintf(notes[count++], 320, "%lld row%s hold figures of unlike provenance against each other; each says so.",
             (long long)comparison->mixed, comparison->mixed == 1 ? "" : "s");
  }
  return count;
}

/* --- side by side --- */

bool tmk_compare_has_matrix(const struct tmk_compare_output *output)
{
  if (output->count < 2) return false;
  for (int64_t i = 0; i < output->count; i++) {
    const struct tmk_comparison *comparison = &output->comparisons[i];
    if (!comparison->base || comparison->base_hardware != output->comparisons[0].base_hardware) return false;
  }
  for (int64_t i = 0; i < output->count; i++) {
    if (output->comparisons[i].compared > 0) return true;
  }
  return false;
}

static double figure(const struct tmk_compare_cell *cell)
{
  if (cell->runs == 0) return NAN;
  return isfinite(cell->rate) ? cell->rate : 1e9 / cell->time_ns;
}

bool tmk_compare_matrix_row(const struct tmk_compare_output *output, int64_t base_row, const char **key,
                            struct tmk_compare_matrix_cell *cells)
{
  const struct tmk_compare_row *base = &output->comparisons[0].rows[base_row];
  double best = NAN;
  int figures = 0;
  *key = base->key;
  for (int64_t c = 0; c <= output->count; c++) {
    /* All comparisons of one base group have its rows, in the same order. */
    const struct tmk_compare_row *row = &output->comparisons[c > 0 ? c - 1 : 0].rows[base_row];
    const struct tmk_compare_cell *cell = c > 0 ? &row->fresh : &row->base;
    bool alike = cell->accounting == base->base.accounting || base->base.runs == 0;
    cells[c] = (struct tmk_compare_matrix_cell){.value = alike ? figure(cell) : NAN};
    figures += isfinite(cells[c].value);
    best = fmax(best, cells[c].value);
  }
  for (int64_t c = 0; c <= output->count; c++) cells[c].best = figures > 1 && cells[c].value == best;
  return figures > 1;
}
