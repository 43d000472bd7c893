/* result.h: what a run found, as the result JSON holds it. harness/result_json.c writes and reads it; every other part
 * (tables, target, compare, report) works on these structs and never on JSON.
 *
 * Unknown or meaningless numbers are NAN (double) or TMK_UNKNOWN (int64_t): null in the file. Strings are owned by the
 * struct's fixed arrays, arrays by the result; free with tmk_result_free. All times are integer nanoseconds, rates are SI.
 */
#ifndef TOKMARK_RESULT_H
#define TOKMARK_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "tokmark/comm.h"
#include "tokmark/device.h"
#include "tokmark/model.h"
#include "tokmark/op.h"
#include "tokmark/status.h"
#include "tokmark/workload.h"

#define TMK_RESULT_SCHEMA "tokmark-result"
#define TMK_RESULT_SCHEMA_VERSION "1.3.0"

enum tmk_point_type { TMK_POINT_STEP = 0, TMK_POINT_OP, TMK_POINT_COMM, TMK_POINT_SCALE, TMK_POINT_TYPE_COUNT };
enum tmk_provenance {
  TMK_PROV_MEASURED = 0,
  TMK_PROV_COMPOSED,     /* e2e: from measured prefill and decode steps */
  TMK_PROV_EXTRAPOLATED, /* fewer layers held than run */
  TMK_PROV_PREDICTED,
  TMK_PROV_REPORTED,
  TMK_PROV_SIMULATED,    /* no throughput */
  TMK_PROV_COUNT
};
enum tmk_point_status { TMK_POINT_OK = 0, TMK_POINT_SKIPPED, TMK_POINT_FAILED, TMK_POINT_STATUS_COUNT };
enum tmk_accounting { TMK_ACCT_NONE = 0, TMK_ACCT_OUTPUT, TMK_ACCT_INPUT, TMK_ACCT_TOTAL, TMK_ACCT_COUNT };
enum tmk_verdict_value { TMK_VERDICT_NONE = 0, TMK_VERDICT_VALID, TMK_VERDICT_SUSPECT, TMK_VERDICT_INVALID, TMK_VERDICT_COUNT };
enum tmk_bound { TMK_BOUND_NONE = 0, TMK_BOUND_MEMORY, TMK_BOUND_COMPUTE, TMK_BOUND_COMM, TMK_BOUND_CACHE, TMK_BOUND_COUNT };

/* Verdict codes: bits of a set; the table of names, meanings and severities is in harness/verdict.c. */
enum tmk_verdict_code {
  TMK_CODE_THROTTLED = 1 << 0,
  TMK_CODE_CLOCKS_MOVED = 1 << 1,
  TMK_CODE_ECC = 1 << 2,
  TMK_CODE_MIG = 1 << 3,
  TMK_CODE_SHARED_DEVICE = 1 << 4,
  TMK_CODE_UNSTEADY = 1 << 5,
  TMK_CODE_DRIFT = 1 << 6,
  TMK_CODE_OVER_LIMIT = 1 << 7,
  TMK_CODE_VERIFY_FAILED = 1 << 8,
  TMK_CODE_OVERSUBSCRIBED = 1 << 9,
  TMK_CODE_ENERGY_UNBRACKETED = 1 << 10,
};

/* Spelled as in the JSON. *_from_name returns the COUNT value if unknown. */
const char *tmk_point_type_name(enum tmk_point_type v);
const char *tmk_provenance_name(enum tmk_provenance v);
const char *tmk_point_status_name(enum tmk_point_status v);
const char *tmk_accounting_name(enum tmk_accounting v);     /* "none" for TMK_ACCT_NONE: null in the file */
const char *tmk_verdict_value_name(enum tmk_verdict_value v);
const char *tmk_bound_name(enum tmk_bound v);
enum tmk_point_type tmk_point_type_from_name(const char *name);
enum tmk_provenance tmk_provenance_from_name(const char *name);
enum tmk_point_status tmk_point_status_from_name(const char *name);
enum tmk_accounting tmk_accounting_from_name(const char *name);
enum tmk_verdict_value tmk_verdict_value_from_name(const char *name);
enum tmk_bound tmk_bound_from_name(const char *name);

struct tmk_op_workload { /* type op */
  enum tmk_op_kind op;
  enum tmk_dtype weight_dtype, kv_dtype;
  int64_t m, n, k;                                          /* gemm; else TMK_UNKNOWN */
  int64_t rows, hidden;                                     /* row-wise ops */
  int64_t seqs, q_len, past, heads_q, heads_kv, head_dim, window; /* attention, rope_kv */
};
struct tmk_comm_workload { /* type comm */
  enum tmk_collective collective;
  enum tmk_dtype dtype;
  int64_t bytes, ranks;
  bool in_place;
};

struct tmk_verdict {
  enum tmk_verdict_value value;
  unsigned codes;
};

/* One sample: `passes` passes timed as one, in measuring round `round` (0-based). */
struct tmk_sample {
  int64_t time_ns;  /* device's clock, all passes */
  int64_t wall_ns;
  int32_t round;
};

struct tmk_stats { /* of the time of one pass, over samples; NAN with no samples */
  int64_t count;
  double median_ns, mean_ns, min_ns, max_ns, p25_ns, p75_ns, p90_ns, p99_ns;
  double ci_low_ns, ci_high_ns; /* 95 % interval of the median, by order statistics; NAN below 6 samples */
  double ci_level;              /* the level that interval has exactly (≥ 0.95); NAN with no interval */
  double relative_iqr;          /* (p75 − p25) ÷ median */
  int64_t outliers;             /* beyond 1.5 IQR of the quartiles: counted, never dropped */
};

struct tmk_throughput {
  enum tmk_accounting accounting; /* what the headline counts: decode, e2e: output; prefill: input */
  int64_t devices;
  double input_tokens_per_s, output_tokens_per_s, total_tokens_per_s;
  double output_tokens_per_s_per_device, output_tokens_per_s_per_user;
  /* The accounting rate's 95 % interval: the pass time's interval turned round. */
  double ci_low_tokens_per_s, ci_high_tokens_per_s;
};

struct tmk_latency {
  double ttft_ns;              /* prefill, e2e: the static batch's prefill time, no queue */
  double tpot_ns;              /* decode: the step; e2e: (e2e − ttft) ÷ (output_len − 1), NAN at output_len 1 */
  double e2e_ns;               /* e2e */
  double composition_error;    /* e2e: midpoint's residual, relative: measured ÷ interpolated − 1 */
  double outright_e2e_ns;      /* e2e executed token by token, on the one point of a run that is; else NAN */
};

struct tmk_share {
  double datasheet, measured, held; /* limit time ÷ measured time, 1 = at the limit */
};
struct tmk_limit_result {
  double flops, bytes, comm_bytes; /* of one pass */
  double time_ns;                  /* by the measured ceilings, or by the datasheet where there are none */
  double ops_sum_ns;               /* Σ of the ops' own limits, beside it */
  enum tmk_bound bound;
  struct tmk_share share;          /* NAN when bound is cache */
};

struct tmk_energy {
  double joules;               /* over the bracketed time; NAN where not readable */
  double bracket_s;
  double mean_power_w, joules_per_output_token;
  char source[32];
};

struct tmk_verify_result {
  int64_t ops_checked, ops_failed, elements_checked;
  double worst_ratio;   /* largest error ÷ its limit over all ops; < 1 passes */
  char worst_op[64];
  bool replay_matched;  /* after timing: poisoned, replayed, equal to the verified outputs */
  int64_t replay_checked; /* elements; 0: not done */
};

struct tmk_op_time { /* --per-op: one row a label */
  char label[32];
  enum tmk_op_kind kind;
  int64_t count;                     /* ops of that label in a pass */
  double time_ns, limit_ns, flops, bytes; /* summed over them */
};

struct tmk_gemm_result { /* one row a label and number of rows: who ran it, and what that was chosen by */
  char label[32];
  int64_t m, n, k;
  char provider[16];             /* "tokmark", "cublaslt" */
  double tokmark_ns, vendor_ns;  /* of one call; NAN: not timed */
};

struct tmk_comm_rank { /* one row a rank */
  int64_t rank;
  char host[64];
  int64_t device;              /* its number on that host */
  double median_ns, max_ns;    /* of its own time of one call; of a step: of one pass, max over samples of their means */
  int64_t times_slowest;       /* samples in which it was the slowest */
};
/* What a collective moved. The point's samples are the slowest rank's. Rates are NAN on a simulated device. */
struct tmk_comm_result {
  int64_t count;               /* elements, as NCCL counts them: of a rank's part */
  char redop[8];               /* "sum"; "" for what does not reduce */
  int64_t root;                /* TMK_UNKNOWN where there is none */
  char mode[8];                /* "eager", "graph"; "" : no comm point */
  char transport[96];          /* "threads: shared memory, 4 threads" */
  double algbw_bytes_per_s, busbw_bytes_per_s;
  bool wire_estimated;         /* busbw is by a ring's bytes, and the transport may send fewer (NVLS) */
  int64_t wrong;               /* elements, over all ranks; TMK_UNKNOWN: not checked */
  struct tmk_comm_rank *ranks; /* owned */
  int64_t rank_count;
};
/* Of the sizes of one collective, type, placement and mode. The fit describes, it does not predict: predictions interpolate. */
struct tmk_comm_fit {
  enum tmk_collective collective;
  enum tmk_dtype dtype;
  int64_t ranks;
  bool in_place;
  char mode[8];
  int64_t sizes;
  double alpha_ns, beta_ns_per_byte; /* time ≈ alpha + beta bytes, least squares of the relative residuals; NAN below 3 sizes */
  double residual;                   /* their root mean square */
  double plateau_bytes_per_s;        /* the highest busbw that two neighbouring sizes both reach; NAN below 2 sizes */
  int64_t plateau_from_bytes, plateau_to_bytes;
};

enum tmk_scaling { TMK_SCALING_NONE = 0, TMK_SCALING_STRONG, TMK_SCALING_WEAK, TMK_SCALING_COUNT };
const char *tmk_scaling_name(enum tmk_scaling scaling); /* "none", "strong", "weak" */

/* A point of type scale against the point of the same series with the fewest ranks. Of a pass:
 *   ideal + lost to shapes + to stragglers + to communication = the pass
 * where every rank's share was also run alone, all at once: shapes is their mean above the ideal (smaller matrices, work that each
 * rank repeats), stragglers the slowest above the mean, communication the pass above the slowest (waiting for other stages is
 * in it). NAN where one of them is not known. */
struct tmk_scale_result {
  enum tmk_scaling scaling; /* strong: the same batch on all; weak: the batch grows with the ranks. NONE: no scale point */
  int64_t ranks, base_ranks;
  double speedup;                              /* of the accounting rate, over the base's */
  double efficiency;                           /* speedup ÷ (ranks ÷ base_ranks) */
  double efficiency_ci_low, efficiency_ci_high; /* both points' 95 % intervals taken at their ends */
  double ideal_ns, alone_mean_ns, alone_max_ns;
  double lost_shapes, lost_stragglers, lost_communication; /* shares of the pass; below 0 where something was gained */
};

struct tmk_point {
  enum tmk_point_type type;
  char key[TMK_WORKLOAD_KEY_SIZE];
  union {
    struct tmk_workload step; /* also scale */
    struct tmk_op_workload op;
    struct tmk_comm_workload comm;
  } workload;
  enum tmk_provenance provenance;
  enum tmk_point_status status;
  char reason[256];            /* skipped, failed: why, one line */
  int64_t bytes_needed;        /* memory the point needs; TMK_UNKNOWN if not known */
  struct tmk_verdict verdict;
  struct tmk_sample *samples;  /* owned; warm-up not among them */
  int64_t sample_count;
  int64_t passes_per_sample;   /* "steps_per_sample" in the file */
  int64_t warmup_samples;
  struct tmk_stats stats;
  struct tmk_throughput throughput;
  struct tmk_latency latency;
  struct tmk_limit_result limit;
  struct tmk_energy energy;
  struct tmk_verify_result verify;
  struct tmk_op_time *ops;     /* owned; NULL without --per-op */
  int64_t op_count;
  struct tmk_gemm_result *gemms; /* owned; NULL where the backend has one provider */
  int64_t gemm_count;
  struct tmk_comm_result comm; /* type comm */
  struct tmk_scale_result scale; /* type scale */
  struct tmk_comm_rank *ranks; /* owned: of a step of several ranks; else NULL */
  int64_t rank_count;
};

struct tmk_ceiling_reading { /* before the first and after each round */
  int64_t round;             /* −1 = before the first */
  struct tmk_ceilings ceilings;
};

struct tmk_device_result {
  struct tmk_device_info info;
  struct tmk_ceilings ceilings;            /* the run's ceilings: the best of all readings */
  struct tmk_ceiling_reading *readings;    /* owned */
  int64_t reading_count;
  double datasheet_read_bytes_per_s;       /* from data/gpus.json; NAN for a CPU */
  double datasheet_flops_per_s[TMK_DTYPE_COUNT];
  double drift;                            /* largest relative move of a ceiling between readings */
};

struct tmk_host_info {
  char hostname[64], os[96], kernel[64], arch[32], cpu[128];
  int64_t cpus_online, cpus_allowed, memory_bytes;
  double cgroup_cpu_quota;                 /* cores; NAN if none */
  char governor[32], virtualization[32];
  double load_start, load_end;             /* 1-minute load average */
};

struct tmk_env_var {
  char name[64], value[192];
};

struct tmk_result {
  char schema_version[16];
  char tool_version[32], git_revision[48]; /* "-dirty" behind it if it was */
  char build[192];                         /* compiler, mode, features */
  char run_id[40];                         /* 128 random bits, hex */
  char start_utc[32], end_utc[32];         /* 2026-11-22T02:11:50Z */
  bool complete;
  char command_line[1024];
  struct tmk_env_var *environment;         /* owned; allow-listed names only */
  int64_t environment_count;
  struct tmk_host_info host;
  struct tmk_device_result *devices;       /* owned */
  int64_t device_count;
  struct tmk_model model;                  /* name "" where the run had none (comm) */
  int64_t model_parameters, model_active_parameters, model_weight_bytes, model_kv_bytes_per_token;
  struct { /* settings that are no part of a key */
    uint64_t seed;
    int64_t threads, rounds, time_budget_ns;
    char suite[32];                        /* "std-1", or "" */
    char gemm_provider[32];
    enum tmk_dtype act_dtype;
  } settings;
  struct tmk_point *points;                /* owned */
  int64_t point_count;
  struct tmk_comm_fit *comm_fits;          /* owned; NULL where no collective was measured */
  int64_t comm_fit_count;
};

void tmk_point_init(struct tmk_point *point);       /* all unknown */
void tmk_point_free(struct tmk_point *point);       /* what it owns, not itself */
void tmk_result_init(struct tmk_result *result);
void tmk_result_free(struct tmk_result *result);    /* what it owns, not itself; half-built is fine */
const struct tmk_point *tmk_result_find(const struct tmk_result *result, const char *key); /* NULL if not there */
/* The headline rate by the point's own accounting; NAN for a skipped, failed, simulated or INVALID point. */
double tmk_point_rate(const struct tmk_point *point);

#endif
