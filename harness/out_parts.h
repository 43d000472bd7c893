/* out_parts.h: what the tables of out.h share: how a point's pieces are spelled. Nobody else includes it. */
#ifndef TMK_HARNESS_OUT_PARTS_H
#define TMK_HARNESS_OUT_PARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "tokmark/result.h"

/* Copies a string of unknown origin: control characters (C0, DEL, C1) become '?', and with `ascii` whatever is no ASCII too,
 * one '?' a character ("+-" for the plus-minus sign). Cut at `size`. */
void tmk_out_clean(const char *text, bool ascii, char *clean, size_t size);
/* A cell of a CSV file, quoted where RFC 4180 asks for it. */
void tmk_out_csv_text(FILE *out, const char *text);
/* Prints text, already clean, wrapped at 120 columns; the first line starts at `column`, later ones at `indent`. Ends the
 * line. */
void tmk_out_wrapped(FILE *out, const char *text, int column, int indent);

void tmk_out_lengths(const struct tmk_workload *workload, char *text, int size); /* "c1024", "i512", "i128/o128" */
void tmk_out_dtypes(const struct tmk_workload *workload, char *text, int size);  /* "bf16", "fp8/bf16" */
void tmk_out_percent(double ratio, char *text, int size);                        /* "91.2 %", "0.42 %"; "-" */
void tmk_out_codes(unsigned codes, char *text, int size);                        /* "drift, unsteady"; "" */

/* The share to show: by the measured ceilings, else by the datasheet (*by_datasheet); NAN for an INVALID point too. */
double tmk_out_share(const struct tmk_point *point, bool *by_datasheet);
/* Half the 95 % interval ÷ the value: of the rate, else of the time. */
double tmk_out_interval(const struct tmk_point *point);
/* "output", "input", "total"; "" where the point has no rate. */
const char *tmk_out_accounting(const struct tmk_point *point);
/* Whether the point's time may be shown: a failed, skipped or INVALID one has none. */
bool tmk_out_has_time(const struct tmk_point *point);
bool tmk_out_is_e2e(const struct tmk_point *point);

/* The best output tokens/s among VALID and SUSPECT decode and e2e points that were run here, none over its limit; NULL if
 * there is none. */
const struct tmk_point *tmk_out_best(const struct tmk_result *result);
/* The headline in one line, without "headline". */
void tmk_out_headline_text(const struct tmk_result *result, char *text, int size);
/* What is said of a point beyond its row: how an e2e was composed, provenance; "" if nothing. */
void tmk_out_notes(const struct tmk_result *result, const struct tmk_point *point, char *text, int size);
/* "11 points: 9 VALID, 1 SUSPECT, 1 skipped" */
void tmk_out_counts(const struct tmk_result *result, char *text, int size);

/* Facts above a table, a line each: name ("device") and text. */
enum { TMK_OUT_FACT_SIZE = 512, TMK_OUT_FACTS_MAX = 24 };
struct tmk_out_fact {
  char name[16], text[TMK_OUT_FACT_SIZE];
};
int tmk_out_facts(const struct tmk_result *result, struct tmk_out_fact facts[TMK_OUT_FACTS_MAX]);

#endif
