/* out.h: results for people and other programs. Each takes a FILE and prints; nothing is computed here. */
#ifndef TMK_HARNESS_OUT_H
#define TMK_HARNESS_OUT_H

#include <stdbool.h>
#include <stdio.h>

#include "tokmark/result.h"

/* Live table of `run`: header, a line as each point ends, a rule and the footnotes of the verdict codes seen. */
void tmk_out_table_header(FILE *out, const struct tmk_result *result);
void tmk_out_table_row(FILE *out, const struct tmk_result *result, const struct tmk_point *point);
void tmk_out_table_footer(FILE *out, const struct tmk_result *result);
/* What stands above the table: device, ceilings, model, accounting, and the line that says what this is not. */
void tmk_out_preamble(FILE *out, const struct tmk_result *result);
/* After the table: the headline with its accounting. */
void tmk_out_headline(FILE *out, const struct tmk_result *result);
/* --per-op: where a pass's time goes, by label, against its limit. */
void tmk_out_per_op(FILE *out, const struct tmk_point *point);

/* `ops`: single operations, each a row: FLOP/s and compulsory B/s, share of the limit. tmk_out_table_* use them by themselves for
 * a result whose points are operations. */
bool tmk_out_is_ops(const struct tmk_result *result);
void tmk_out_ops_header(FILE *out);
/* A gemm that has more than one provider gets a second line: ours, the vendor's and the limit side by side. */
void tmk_out_ops_row(FILE *out, const struct tmk_point *point);

/* `comm`: collectives, each a row in nccl-tests' columns; behind them the plateau and the fit of each series. Used like those of
 * `ops`. */
/* A table of its own for `tokmark scale`. */
bool tmk_out_is_scale(const struct tmk_result *result);
void tmk_out_scale_header(FILE *out);
void tmk_out_scale_row(FILE *out, const struct tmk_point *point);
void tmk_out_scale_footer(FILE *out);
bool tmk_out_is_comm(const struct tmk_result *result);
void tmk_out_comm_header(FILE *out);
void tmk_out_comm_row(FILE *out, const struct tmk_point *point);
void tmk_out_comm_fits(FILE *out, const struct tmk_result *result);

void tmk_out_markdown(FILE *out, const struct tmk_result *result);
void tmk_out_csv(FILE *out, const struct tmk_result *result); /* header and rows; apart, for several results: */
void tmk_out_csv_header(FILE *out);
void tmk_out_csv_rows(FILE *out, const struct tmk_result *result);

/* Numbers for people, in ASCII; "-" for NAN. 3 significant digits and a unit, or at least 4 digits without. */
void tmk_format_time(double time_ns, char *text, int size);               /* "1.23 ms", "850 us" */
void tmk_format_si(double value, const char *unit, char *text, int size); /* "48.5 GB/s"; unit "" gives "8.03 G" */
void tmk_format_bytes(double bytes, char *text, int size);                /* binary: "14.9 GiB" */
void tmk_format_count(double value, char *text, int size);                /* "7.250", "289.4", "6912", "20,833" */

#endif
