/* out_compare.c: comparisons for people: a terminal table and Markdown. */
#include "out_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "out_parts.h"
#include "verdict.h"

enum { NOTES_MAX = 8, NOTE_SIZE = 320, MATRIX_COLUMNS = 12 };

/* --- terminal --- */

static bool has_per_device(const struct tmk_comparison *comparison)
{
  for (int64_t i = 0; i < comparison->row_count; i++) {
    double per_device = comparison->rows[i].per_device, ratio = comparison->rows[i].fresh.rate / comparison->rows[i].base.rate;
    if (isfinite(per_device) && fabs(per_device - ratio) > 1e-9 * fabs(ratio)) return true;
  }
  return false;
}

static bool has_per_watt(const struct tmk_comparison *comparison)
{
  for (int64_t i = 0; i < comparison->row_count; i++) {
    if (isfinite(comparison->rows[i].per_watt)) return true;
  }
  return false;
}

static bool has_share(const struct tmk_comparison *comparison)
{
  for (int64_t i = 0; i < comparison->row_count; i++) {
    if (isfinite(comparison->rows[i].base.share) || isfinite(comparison->rows[i].fresh.share)) return true;
  }
  return false;
}

static int key_width(const struct tmk_comparison *comparison)
{
  size_t width = 5;
  struct tmk_compare_cells cells;
  for (int64_t i = 0; i < comparison->row_count; i++) {
    tmk_compare_cells_fill(&comparison->rows[i], &cells);
    if (strlen(cells.key) > width) width = strlen(cells.key);
  }
  return (int)(width < 72 ? width : 72);
}

static void print_differences(FILE *out, const struct tmk_comparison *comparison)
{
  for (int i = 0; i < comparison->difference_count; i++) {
    const struct tmk_compare_difference *difference = &comparison->differences[i];
    fprintf(out, "%-9s%s: %s -> %s\n", i == 0 ? "differs" : "", tmk_compare_fact_name(difference->fact), difference->base,
            difference->fresh);
  }
}

static void print_rows(FILE *out, const struct tmk_comparison *comparison)
{
  int width = key_width(comparison);
  bool share = has_share(comparison), device = has_per_device(comparison), watt = has_per_watt(comparison);
  fprintf(out, "\n%-*s  %-6s %10s %10s", width, "point", "counts", "base", "new");
  if (share) fprintf(out, " %8s %8s", "share", "new");
  fprintf(out, " %8s  %-16s", "ratio", "95 % interval");
  if (device) fprintf(out, " %9s", "a device");
  if (watt) fprintf(out, " %9s", "a watt");
  fputs("  verdict\n", out);
  for (int64_t i = 0; i < comparison->row_count; i++) {
    const struct tmk_compare_row *row = &comparison->rows[i];
    struct tmk_compare_cells cells;
    tmk_compare_cells_fill(row, &cells);
    fprintf(out, "%-*s  %-6s %10s %10s", width, cells.key, cells.counts, cells.base, cells.fresh);
    if (share) fprintf(out, " %8s %8s", cells.base_share, cells.fresh_share);
    fprintf(out, " %8s  %-16s", cells.ratio, cells.interval);
    if (device) fprintf(out, " %9s", cells.per_device);
    if (watt) fprintf(out, " %9s", cells.per_watt);
    fprintf(out, "  %s%s%s\n", tmk_compare_verdict_name(row->verdict), cells.note[0] ? "  " : "", cells.note);
  }
}

static void print_only(FILE *out, const struct tmk_comparison *comparison)
{
  for (int64_t i = 0; i < comparison->only_count; i++) {
    struct tmk_compare_cells cells;
    tmk_compare_cells_fill(&comparison->only[i], &cells);
    fprintf(out, "%-9s%s%s%s\n", i == 0 ? "only new" : "", cells.key, cells.note[0] ? "  " : "", cells.note);
  }
}

static void print_comparison(FILE *out, const struct tmk_compare_output *output, const struct tmk_comparison *comparison)
{
  char text[768], notes[NOTES_MAX][NOTE_SIZE];
  if (comparison->base) {
    tmk_compare_side_text(comparison, false, text, sizeof text);
    fprintf(out, "base     %s\n", text);
  }
  tmk_compare_side_text(comparison, true, text, sizeof text);
  fprintf(out, "new      %s\n", text);
  tmk_compare_mode_text(comparison, text, sizeof text);
  fprintf(out, "mode     %s\n", text);
  print_differences(out, comparison);
  if (comparison->row_count > 0) print_rows(out, comparison);
  fputs("\n", out);
  tmk_compare_counts_text(comparison, text, sizeof text);
  fprintf(out, "%s\n", text);
  print_only(out, comparison);
  int count = tmk_compare_notes(comparison, output->settings, notes, NOTES_MAX);
  for (int i = 0; i < count; i++) tmk_out_wrapped(out, notes[i], 0, 0);
}

static void matrix_name(const struct tmk_compare_output *output, int64_t column, char *text, size_t size)
{
  const struct tmk_comparison *first = &output->comparisons[0];
  if (column == 0) {
    tmk_compare_side_text(first, false, text, size);
  } else {
    tmk_compare_side_text(&output->comparisons[column - 1], true, text, size);
  }
}

static void print_matrix(FILE *out, const struct tmk_compare_output *output)
{
  const struct tmk_comparison *first = &output->comparisons[0];
  int64_t columns = output->count + 1, shown = columns < MATRIX_COLUMNS ? columns : MATRIX_COLUMNS;
  struct tmk_compare_matrix_cell *cells = malloc((size_t)columns * sizeof *cells);
  char text[768];
  int width = key_width(first);
  if (!cells) return;
  fputs("\nSide by side: tokens/s as each point counts them, * the best of a row\n", out);
  for (int64_t c = 0; c < shown; c++) {
    matrix_name(output, c, text, sizeof text);
    fprintf(out, "  %c  %s\n", (char)('A' + c), text);
  }
  if (shown < columns) fprintf(out, "  %lld more are left out; --format csv has them all\n", (long long)(columns - shown));
  fprintf(out, "%-*s", width, "point");
  for (int64_t c = 0; c < shown; c++) fprintf(out, "  %10c", (char)('A' + c));
  fputs("\n", out);
  for (int64_t i = 0; i < first->row_count; i++) {
    const char *key;
    if (!tmk_compare_matrix_row(output, i, &key, cells)) continue;
    fprintf(out, "%-*s", width, strncmp(key, "step/", 5) == 0 ? key + 5 : key);
    for (int64_t c = 0; c < shown; c++) {
      tmk_format_count(cells[c].value, text, sizeof text);
      fprintf(out, " %c%10s", cells[c].best ? '*' : ' ', text);
    }
    fputs("\n", out);
  }
  free(cells);
}

void tmk_out_compare_table(FILE *out, const struct tmk_compare_output *output)
{
  for (int64_t i = 0; i < output->count; i++) {
    if (i > 0) fputs("\n", out);
    print_comparison(out, output, &output->comparisons[i]);
  }
  if (tmk_compare_has_matrix(output)) print_matrix(out, output);
}

/* --- Markdown --- */

/* Text of unknown origin in a table or a line: what Markdown or HTML would obey is escaped. */
static void put_markdown(FILE *out, const char *text)
{
  for (; *text; text++) {
    if (*text == '<') {
      fputs("&lt;", out);
    } else if (*text == '&') {
      fputs("&amp;", out);
    } else {
      if (strchr("\\`*_{}[]#|~!>", *text)) putc('\\', out);
      putc(*text, out);
    }
  }
}

static void put_cell(FILE *out, const char *text)
{
  fputs(" ", out);
  put_markdown(out, text[0] ? text : "-");
  fputs(" |", out);
}

static void markdown_rows(FILE *out, const struct tmk_comparison *comparison)
{
  fputs("\n| verdict | point | counts | base | new | share | new share | ratio | 95 % interval | note |\n"
        "|---|---|---|--:|--:|--:|--:|--:|---|---|\n",
        out);
  /* What a reader of a pull request looks for stands first. */
  static const enum tmk_compare_verdict order[] = {TMK_COMPARE_SLOWER, TMK_COMPARE_MISSING, TMK_COMPARE_AMBIGUOUS,
                                                   TMK_COMPARE_FASTER, TMK_COMPARE_INCOMPARABLE, TMK_COMPARE_SAME};
  for (size_t v = 0; v < sizeof order / sizeof order[0]; v++) {
    for (int64_t i = 0; i < comparison->row_count; i++) {
      const struct tmk_compare_row *row = &comparison->rows[i];
      struct tmk_compare_cells cells;
      if (row->verdict != order[v]) continue;
      tmk_compare_cells_fill(row, &cells);
      bool loud = row->verdict == TMK_COMPARE_SLOWER || row->verdict == TMK_COMPARE_MISSING;
      fprintf(out, "| %s%s%s |", loud ? "**" : "", tmk_compare_verdict_name(row->verdict), loud ? "**" : "");
      const char *texts[] = {cells.key,         cells.counts, cells.base,     cells.fresh, cells.base_share,
                             cells.fresh_share, cells.ratio,  cells.interval, cells.note};
      for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) put_cell(out, texts[t]);
      fputs("\n", out);
    }
  }
}

static void markdown_matrix(FILE *out, const struct tmk_compare_output *output)
{
  int64_t columns = output->count + 1;
  struct tmk_compare_matrix_cell *cells = malloc((size_t)columns * sizeof *cells);
  char text[768];
  if (!cells) return;
  fputs("\n### Side by side\n\n| point |", out);
  for (int64_t c = 0; c < columns; c++) {
    matrix_name(output, c, text, sizeof text);
    put_cell(out, text);
  }
  fputs("\n|---|", out);
  for (int64_t c = 0; c < columns; c++) fputs("--:|", out);
  fputs("\n", out);
  for (int64_t i = 0; i < output->comparisons[0].row_count; i++) {
    const char *key;
    if (!tmk_compare_matrix_row(output, i, &key, cells)) continue;
    fputs("|", out);
    put_cell(out, key);
    for (int64_t c = 0; c < columns; c++) {
      tmk_format_count(cells[c].value, text, sizeof text);
      fprintf(out, cells[c].best ? " **%s** |" : " %s |", text);
    }
    fputs("\n", out);
  }
  free(cells);
}

void tmk_out_compare_markdown(FILE *out, const struct tmk_compare_output *output)
{
  char text[768], notes[NOTES_MAX][NOTE_SIZE];
  for (int64_t i = 0; i < output->count; i++) {
    const struct tmk_comparison *comparison = &output->comparisons[i];
    fputs(i ? "\n## " : "## ", out);
    tmk_compare_counts_text(comparison, text, sizeof text);
    put_markdown(out, text);
    fputs("\n\n", out);
    for (int side = comparison->base ? 0 : 1; side < 2; side++) {
      tmk_compare_side_text(comparison, side == 1, text, sizeof text);
      fputs(side == 1 ? "- new: " : "- base: ", out);
      put_markdown(out, text);
      fputs("\n", out);
    }
    tmk_compare_mode_text(comparison, text, sizeof text);
    fprintf(out, "- %s\n", text);
    for (int d = 0; d < comparison->difference_count; d++) {
      const struct tmk_compare_difference *difference = &comparison->differences[d];
      fprintf(out, "- differs: %s: ", tmk_compare_fact_name(difference->fact));
      put_markdown(out, difference->base);
      fputs(" → ", out);
      put_markdown(out, difference->fresh);
      fputs("\n", out);
    }
    if (comparison->row_count > 0) markdown_rows(out, comparison);
    for (int64_t o = 0; o < comparison->only_count; o++) {
      fputs(o ? ", " : "\nOnly in new: ", out);
      put_markdown(out, comparison->only[o].key);
    }
    if (comparison->only_count) fputs("\n", out);
    int count = tmk_compare_notes(comparison, output->settings, notes, NOTES_MAX);
    for (int n = 0; n < count; n++) {
      fputs("\n", out);
      put_markdown(out, notes[n]);
      fputs("\n", out);
    }
  }
  if (tmk_compare_has_matrix(output)) markdown_matrix(out, output);
}
