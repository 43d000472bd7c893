/* out_compare.h: what `tokmark compare` prints. Nothing is computed here. */
#ifndef TMK_HARNESS_OUT_COMPARE_H
#define TMK_HARNESS_OUT_COMPARE_H

#include <stdio.h>

#include "compare.h"

struct tmk_compare_output {
  const struct tmk_compare_side *sides;
  int side_count;
  const struct tmk_comparison *comparisons;
  int64_t count;
  const struct tmk_compare_settings *settings;
};

void tmk_out_compare_table(FILE *out, const struct tmk_compare_output *output);
void tmk_out_compare_markdown(FILE *out, const struct tmk_compare_output *output);
void tmk_out_compare_csv(FILE *out, const struct tmk_compare_output *output);
/* One test suite a comparison, one test case a point: SLOWER and MISSING are failures, AMBIGUOUS and INCOMPARABLE skipped. */
void tmk_out_compare_junit(FILE *out, const struct tmk_compare_output *output);
/* Schema name "tokmark-compare"; numbers in SI, unknown ones null. */
enum tmk_status tmk_out_compare_json(FILE *out, const struct tmk_compare_output *output, struct tmk_error *err);

/* --- shared by them --- */

struct tmk_compare_cells { /* a row as text, ASCII */
  char key[TMK_WORKLOAD_KEY_SIZE], counts[16], base[24], fresh[24], base_share[16], fresh_share[16];
  char ratio[16], interval[40], per_device[16], per_watt[16], note[224];
};
void tmk_compare_cells_fill(const struct tmk_compare_row *row, struct tmk_compare_cells *cells);
/* "10 points: 8 SAME, 1 SLOWER, 1 MISSING" */
void tmk_compare_counts_text(const struct tmk_comparison *comparison, char *text, size_t size);
/* "identical hardware: ratios of the share of the measured ceiling"; what the ratio is, for most of its rows. */
void tmk_compare_mode_text(const struct tmk_comparison *comparison, char *text, size_t size);
/* "r.json: NVIDIA H100 80GB HBM3, 3 runs" */
void tmk_compare_side_text(const struct tmk_comparison *comparison, bool fresh, char *text, size_t size);
/* What is to be known below a table, a line each: how ratios and intervals come about; advice on AMBIGUOUS rows. */
int tmk_compare_notes(const struct tmk_comparison *comparison, const struct tmk_compare_settings *settings, char notes[][320],
                      int max);

/* The same points on all sides, side by side. Columns: the base, then each comparison's new group. */
struct tmk_compare_matrix_cell {
  double value; /* rate by accounting, 1 ÷ time in s where there is no rate; NAN: no figure */
  bool best;    /* of its row, among two or more of one accounting */
};
/* Cells of one row of the base into cells[1 + count]. False where fewer than two have a figure. */
bool tmk_compare_matrix_row(const struct tmk_compare_output *output, int64_t base_row, const char **key,
                            struct tmk_compare_matrix_cell *cells);
/* Whether there is a matrix: two or more comparisons against one base group. */
bool tmk_compare_has_matrix(const struct tmk_compare_output *output);

#endif
