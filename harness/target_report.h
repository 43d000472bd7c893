/* target_report.h: one result held against one reported figure, as data: what `tokmark target` prints in every format.
 * Pure: points in, rows out. Borrowed pointers live as long as the result and the table of claims.
 */
#ifndef TMK_HARNESS_TARGET_REPORT_H
#define TMK_HARNESS_TARGET_REPORT_H

#include "target.h"

struct tmk_target_spec {
  const struct tmk_claim *claim;
  double tokens_per_s;             /* wanted in all; the claim's, unless the user gave another */
  double rate_per_gpu;             /* the claim's, NAN if it states none: factors are over it */
  double overhead, price_per_hour; /* as in struct tmk_target_args */
  double interactivity;            /* tokens/s/user that a second row must reach; 0 = no such row */
  enum tmk_accounting readings[2]; /* one where the claim or the user says which tokens count, else output and total */
  int reading_count;
};
/* The readings of a claim: its own accounting, or `asked` where it states none, or output and total. A USAGE error where
 * `asked` (NONE: nothing was asked) is another than the claim's, or the claim states no rate, or no total rate while
 * tokens_per_s is NAN. tokens_per_s NAN takes the claim's. Fills the first three members and the readings. */
enum tmk_status tmk_target_spec_init(const struct tmk_claim *claim, double tokens_per_s, enum tmk_accounting asked,
                                     struct tmk_target_spec *spec, struct tmk_error *err);

/* One answer: the best point of a phase under an accounting. */
struct tmk_target_row {
  enum tmk_accounting accounting;
  enum tmk_phase phase;
  double interactivity;          /* what the point had to reach; 0 = the best of all */
  const struct tmk_point *point; /* borrowed; NULL: there is none, and `reason` says why */
  double rate_per_device;        /* of that accounting, with its interval; NAN where not known */
  double rate_low, rate_high;
  double factor;                 /* rate_per_device over the claim's rate a GPU */
  bool power_measured;           /* need.power_w is from a measured power; else from the TDP */
  struct tmk_target_need need;
  char reason[320];
};

/* The reported rows that are nearest to the result: MLPerf, the same model if there is one. */
struct tmk_target_mlperf {
  char model_id[96];             /* "" if the table has no such row at all */
  bool same_model;
  char reason[256];              /* not the same model: why, and which was taken instead */
  struct tmk_target_row own;     /* what is held against them: the best e2e point by output tokens, or decode without one */
  int64_t points;                /* points of this result that have an output rate */
  const struct tmk_claim *rows[32]; /* borrowed: the best row of each GPU by rate a GPU, best first */
  int64_t points_over[32];       /* points that make that row's rate a GPU with one device */
  int row_count;
};

#define TMK_TARGET_MAX_ROWS 8
struct tmk_target_report {
  const char *file;              /* borrowed */
  const struct tmk_result *result;
  const struct tmk_device_result *device; /* the first; NULL if the file has none */
  struct tmk_target_row rows[TMK_TARGET_MAX_ROWS]; /* output before total, decode before e2e */
  int row_count;
  bool usable;                   /* some row has a point */
  bool claim_model;              /* the claim is of this result's model */
  double rack_power_w;           /* of the rack that the device comes in, all told; NAN where there is none */
  struct tmk_target_mlperf mlperf;
};
enum tmk_status tmk_target_report_build(const char *file, const struct tmk_result *result,
                                        const struct tmk_target_spec *spec, const struct tmk_claim *claims,
                                        int claim_count, struct tmk_target_report *report, struct tmk_error *err);

/* The row that a headline takes: e2e before decode (it counts the prompts' time), output before total; NULL if none has a
 * point. */
const struct tmk_target_row *tmk_target_headline(const struct tmk_target_report *report);

/* --- printing: out_target.c, out_target_json.c. ASCII, control characters of the files' texts replaced --- */
void tmk_out_target(FILE *out, const struct tmk_target_spec *spec, const struct tmk_target_report *reports, int count);
enum tmk_status tmk_out_target_json(FILE *out, const struct tmk_target_spec *spec,
                                    const struct tmk_target_report *reports, int count, struct tmk_error *err);
/* out_claims.c: `rows` are pointers into the table. */
void tmk_out_claims_summary(FILE *out, const struct tmk_claim *claims, int count,
                            const struct tmk_claim_family *families, int family_count);
void tmk_out_claims_table(FILE *out, const struct tmk_claim *const *rows, int count);
void tmk_out_claims_csv(FILE *out, const struct tmk_claim *const *rows, int count);
enum tmk_status tmk_out_claims_json(FILE *out, const struct tmk_claim *const *rows, int count, struct tmk_error *err);
void tmk_out_claim(FILE *out, const struct tmk_claim *claim, const struct tmk_claim_family *families, int family_count);

/* Text as it may be printed: control characters replaced by '?', cut to the size. */
void tmk_text_clean(const char *from, char *text, int size);
/* "21,009"; "-" where it is not known. For whole numbers. */
void tmk_format_integer(double value, char *text, int size);

#endif
