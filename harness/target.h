/* target.h: reported figures (claims), the GPUs they name, and what a measured result says of them. Arithmetic is pure;
 * tables are data/claims.json and data/gpus.json, embedded.
 */
#ifndef TMK_HARNESS_TARGET_H
#define TMK_HARNESS_TARGET_H

#include <stdio.h>

#include "tokmark/result.h"

struct tmk_gpu {
  char id[48], name[96];       /* "gb300-nvl72", "GB300 NVL72 (per GPU)" */
  char aliases[8][64];         /* other spellings, as claims and drivers give them; "" behind the last */
  int64_t compute_capability, sm_count, gpus_per_node, gpus_per_rack; /* TMK_UNKNOWN where not known */
  int64_t l2_bytes, memory_bytes; /* memory: what nvidia-smi reports where that is known, else the vendor's GB as 10^9 */
  double read_bytes_per_s;     /* datasheet, dense */
  double flops_per_s[TMK_DTYPE_COUNT]; /* dense; NAN where it has none */
  double tdp_w, rack_power_w;
  char source[512];
};
int tmk_gpu_count(void);
enum tmk_status tmk_gpu_get(int index, struct tmk_gpu *gpu, struct tmk_error *err);
/* The whole table: *gpus is owned by the caller (free). Each of these functions parses the file, so take this one for more than a few rows. */
enum tmk_status tmk_gpus_load(struct tmk_gpu **gpus, int *count, struct tmk_error *err);
/* Index for an id or alias, without case, spaces, punctuation and a leading "NVIDIA"; −1 if none. `name` from a driver
 * ("NVIDIA H100 80GB HBM3") matches by aliases. */
int tmk_gpu_find(const char *name);

struct tmk_claim {
  char id[96], who[128], what[128], system[160], scenario[160], precision[32], source[512], quote[512], note[512];
  char gpu_id[48], model_id[96];  /* row ids in the other tables; "" where the claim names none or one not in the table */
  char gpu_text[64], model_text[96]; /* as the source spells it */
  int64_t gpu_count;              /* TMK_UNKNOWN if not stated */
  int64_t input_len, output_len;  /* likewise */
  double tokens_per_s, tokens_per_s_per_gpu, power_w; /* NAN if not stated */
  enum tmk_accounting accounting; /* NONE: the source does not say */
  char confidence[160];
  char family[32];           /* "press", "mlperf-5.1", "tensorrt-llm-1.0", "vendor", …; "statement": states no rate */
  char accounting_text[160]; /* what the source says of it */
  char gpu_unjoined[128], model_unjoined[128]; /* why gpu_id, model_id is "" */
  double output_len_mean;    /* of the data set, where requests differ; NAN if not stated */
  int64_t gpu_count_printed, racks; /* as the source prints it; TMK_UNKNOWN */
  char details[512];         /* the rest: parallelism, nodes, software, availability, rates by node, source of the power */
};
#define TMK_CLAIM_DEFAULT_ID "gmi-taiwan-gb300"
int tmk_claim_count(void);
enum tmk_status tmk_claim_get(int index, struct tmk_claim *claim, struct tmk_error *err);
enum tmk_status tmk_claims_load(struct tmk_claim **claims, int *count, struct tmk_error *err); /* as tmk_gpus_load */
int tmk_claim_find(const char *id); /* −1 if none; without case */
/* What the rows of a family have in common: where they come from, and the note that must stand beside them. */
struct tmk_claim_family {
  char id[32], title[96], note[512];
};
enum tmk_status tmk_claim_families_load(struct tmk_claim_family **families, int *count, struct tmk_error *err);
/* The claim's rate a GPU: tokens_per_s ÷ gpu_count where both are stated, else the stated one; NAN if neither. */
double tmk_claim_rate_per_gpu(const struct tmk_claim *claim);

/* How many of the measured device make `tokens_per_s`. Counts are rounded up; intervals come from the rate's interval. */
struct tmk_target_need {
  double devices, devices_low, devices_high;
  double racks;      /* NAN where gpus_per_rack is not known */
  double power_w;    /* devices × mean power (measured, else TDP) × overhead; NAN where neither is known */
  double usd_per_million_tokens; /* NAN without a price */
};
struct tmk_target_args {
  double tokens_per_s;
  double overhead;       /* facility power over device power, ≥ 1 */
  double price_per_hour; /* of one device; NAN if not given */
  enum tmk_accounting accounting; /* which rate of the point is held against it */
};
/* False with the reason where the point has no rate of that accounting. */
bool tmk_target_need(const struct tmk_point *point, const struct tmk_device_result *device,
                     const struct tmk_target_args *args, struct tmk_target_need *need, char *reason, int reason_size);
/* Whether the point has a rate of that accounting that counts; if not, why. Skipped, failed, simulated and INVALID points,
 * points without a verdict and operations alone never count. reason may be NULL with size 0. */
bool tmk_target_counts(const struct tmk_point *point, enum tmk_accounting accounting, char *reason, int reason_size);
/* The rate of `point` under an accounting, with its interval; NAN where it has none. */
double tmk_point_rate_as(const struct tmk_point *point, enum tmk_accounting accounting, double *low, double *high);
/* Best VALID or SUSPECT point by output tokens/s/device among those with at least `interactivity` tokens/s/user; NULL if none. */
const struct tmk_point *tmk_target_best(const struct tmk_result *result, double interactivity);

/* The lines that `run` prints behind its headline, and `target` with more detail. */
void tmk_target_print_summary(FILE *out, const struct tmk_result *result);

#endif
