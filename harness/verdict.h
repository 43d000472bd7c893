/* verdict.h: VALID / SUSPECT / INVALID with reason codes. Pure. */
#ifndef TMK_HARNESS_VERDICT_H
#define TMK_HARNESS_VERDICT_H

#include "tokmark/result.h"

struct tmk_verdict_code_row {
  enum tmk_verdict_code code;
  const char *name;             /* "throttled" */
  enum tmk_verdict_value value; /* what it makes of a point */
  const char *meaning;          /* one line, for footnotes */
};
/* Rows for all codes; *count gets their number. */
const struct tmk_verdict_code_row *tmk_verdict_codes(int *count);
const char *tmk_verdict_code_name(enum tmk_verdict_code code);
unsigned tmk_verdict_code_from_name(const char *name); /* 0 if unknown */

/* What was seen while a point was measured. */
struct tmk_verdict_input {
  bool verify_failed, replay_mismatch;
  bool steady;        /* warm-up converged and the interval reached its target */
  double relative_ci; /* half the interval ÷ median; NAN = none: unsteady unless `steady` */
  double drift;       /* largest move of a ceiling between readings around it */
  double share_datasheet, share_measured;
  bool throttled, ecc_errors, mig, shared_device;
  double clock_move;         /* relative spread of clocks; NAN = not readable */
  double other_load;         /* cores used by other processes while it was sampled; NAN = not readable */
  double cores_used;         /* by the device under test; NAN = a GPU, whose host threads are not what is measured */
  bool threads_exceed_cores; /* the run competes with itself */
  bool energy_unbracketed;
};
/* Thresholds with their reasons are a const table in verdict.c. */
struct tmk_verdict tmk_verdict_decide(const struct tmk_verdict_input *input);
/* Of something made of both: all codes, the worse value. */
struct tmk_verdict tmk_verdict_join(struct tmk_verdict a, struct tmk_verdict b);
/* Whether a run's points are good. FAILED if one failed or is INVALID: "2 of 4 points failed or are INVALID; the first: KEY: why".
 * `what` they are: "points". */
enum tmk_status tmk_verdict_of_points(const struct tmk_result *result, const char *what, struct tmk_error *err);
/* "SUSPECT drift,unsteady" into text. */
void tmk_verdict_text(struct tmk_verdict verdict, char *text, int text_size);

#endif
