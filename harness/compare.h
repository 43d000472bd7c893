/* compare.h: results of the same points held against each other. Pure: results go in, verdicts come out.
 *
 * A side is what one argument of the command names: a run, or the runs of a folder. Its runs fall into groups of identical hardware
 * (device, how many, threads, instruction set). Each group of a later side is compared with the base's group of the same
 * hardware; where the base has none and holds one group alone, with that: different hardware.
 *
 * Identical hardware: the ratio is of speeds, on a CPU of the shares of the ceilings measured before and after each round, so that a
 * machine whose memory is slower now is not a slower program. Different hardware: of the rates. Above 1: new is faster.
 *
 * Points are matched on their key, which for steps is computed anew from the workload. compare_stats.h has the statistics. */
#ifndef TMK_HARNESS_COMPARE_H
#define TMK_HARNESS_COMPARE_H

#include "compare_stats.h"
#include "intern.h"

/* Prior spreads between runs, relative: see README, "Comparing". */
#define TMK_COMPARE_SPREAD_GPU 0.005
#define TMK_COMPARE_SPREAD_CPU 0.010

enum tmk_compare_metric {
  TMK_METRIC_AUTO = 0, /* share on identical CPUs where both sides have one, else rate */
  TMK_METRIC_RATE,
  TMK_METRIC_SHARE
};
struct tmk_compare_settings {
  double threshold;  /* practical: 0.03 */
  double run_spread; /* prior, of one run; NAN: by the kind of device, or what the ceilings moved in the runs if that is more */
  double discovery_rate; /* of wrong differences among those called: 0.05 */
  enum tmk_compare_metric metric;
};

/* What runs can differ in, besides their figures. */
enum tmk_compare_fact {
  TMK_FACT_DEVICE = 0, /* the first ones are the hardware: TMK_FACT_HARDWARE of them */
  TMK_FACT_DEVICES,
  TMK_FACT_THREADS,
  TMK_FACT_ISA,
  TMK_FACT_MIG,
  TMK_FACT_HARDWARE,
  TMK_FACT_HOST = TMK_FACT_HARDWARE,
  TMK_FACT_CPU,
  TMK_FACT_KERNEL,
  TMK_FACT_GOVERNOR,
  TMK_FACT_PAGES,
  TMK_FACT_DRIVER,
  TMK_FACT_RUNTIME,
  TMK_FACT_CLOCK,
  TMK_FACT_POWER_LIMIT,
  TMK_FACT_ECC,
  TMK_FACT_GEMM_LIBRARY,
  TMK_FACT_GEMM_PROVIDER,
  TMK_FACT_ACT_DTYPE,
  TMK_FACT_ROUNDS,
  TMK_FACT_READ,  /* measured read bandwidth */
  TMK_FACT_TOOL,
  TMK_FACT_BUILD,
  TMK_FACT_ENVIRONMENT,
  TMK_FACT_COUNT
};
const char *tmk_compare_fact_name(enum tmk_compare_fact fact); /* "power limit" */

struct tmk_compare_run {
  const struct tmk_interned *file, *start, *facts[TMK_FACT_COUNT]; /* borrowed from the set; "" where not known */
  const struct tmk_interned *hardware, *run_id;
  bool is_cpu, complete;
  /* A CPU's ceilings, read before and after each round: ln of each, mean over the readings (NAN: not measured), and the largest standard
   * deviation among them (0: not known). [TMK_DTYPE_COUNT] is the read bandwidth, the others FLOP/s. */
  double log_ceilings[TMK_DTYPE_COUNT + 1], machine_spread;
};

struct tmk_compare_point {
  const struct tmk_interned *key, *reason; /* reason: why it has no figure; "" */
  int64_t run, place; /* place: in its file, 0-based */
  enum tmk_provenance provenance;
  enum tmk_accounting accounting;
  enum tmk_verdict_value verdict;
  unsigned codes;
  bool usable;                /* has a figure that counts */
  struct tmk_run_value speed; /* value: ln of the rate, of 1 ÷ time in s where it has none */
  struct tmk_run_value share; /* value: ln of the share of the ceiling measured around each round, NAN where there is none */
  double rate;                /* by its accounting; NAN */
  double time_ns, per_device, per_watt; /* NAN where not known */
};

struct tmk_compare_side {
  const char *name; /* the argument, borrowed */
  struct tmk_compare_run *runs;     /* owned */
  struct tmk_compare_point *points; /* owned; after tmk_compare_side_sort by hardware, key and run */
  int64_t run_count, point_count, run_capacity, point_capacity;
  int64_t refused;    /* files that could not be read */
  int64_t duplicates; /* points left out: their key was in the same file before */
};

/* Takes what it needs of `result`. Numbers of keys are in the order of adding, and rows are in that of keys. */
enum tmk_status tmk_compare_side_add(struct tmk_compare_side *side, struct tmk_intern *set, const char *file,
                                     const struct tmk_result *result, struct tmk_error *err);
void tmk_compare_side_sort(struct tmk_compare_side *side); /* after the last; leaves duplicates out */
void tmk_compare_side_free(struct tmk_compare_side *side); /* what it owns; zeroed is fine */

struct tmk_compare_cell { /* a point on one side, over its runs */
  int64_t runs;           /* with a figure */
  enum tmk_provenance provenance;
  enum tmk_accounting accounting;
  unsigned codes;     /* of all of them */
  bool suspect;
  double rate, time_ns, share, per_device, per_watt; /* geometric means; NAN */
  const char *reason; /* of the first without a figure; NULL if none is without */
};
struct tmk_compare_row {
  const char *key;
  enum tmk_compare_verdict verdict;
  char note[192]; /* why there is no verdict, or what to know of it; "" */
  bool by_share;  /* the ratio is of shares */
  struct tmk_compare_cell base, fresh;
  struct tmk_ratio estimate;
  struct tmk_compare_interval interval;
  double per_device, per_watt; /* ratios of rates; NAN */
};
struct tmk_compare_difference {
  enum tmk_compare_fact fact;
  char base[96], fresh[96];
};
struct tmk_comparison {
  const struct tmk_compare_side *base, *fresh;
  const char *base_hardware, *fresh_hardware;
  bool identical;          /* hardware */
  bool same_run;           /* one file against itself or a copy: ratios are 1, and nothing is estimated */
  int64_t base_runs, fresh_runs;
  const char *base_file, *fresh_file; /* the first of each */
  double prior_spread;
  double machine_change; /* |ln| of the ceiling that differs most between the sides; 0 where hardware differs or is a GPU */
  struct tmk_compare_row *rows; /* owned; base's points in their order */
  int64_t row_count;
  struct tmk_compare_row *only; /* owned: points of the new side alone; verdict and estimate unset */
  int64_t only_count;
  struct tmk_compare_difference differences[TMK_FACT_COUNT];
  int difference_count;
  int64_t counts[TMK_COMPARE_COUNT];
  int64_t mixed;    /* rows of unlike provenance */
  int64_t compared; /* rows with a ratio */
  int64_t chosen;   /* of them, different after the correction for many points */
  int64_t gone;     /* MISSING ones that are in the new side, failed, skipped or INVALID */
};

/* One for each group of each later side that has a counterpart; groups of a base that holds several hardwares and are nobody's
 * counterpart give none. A group without one gives a comparison with no rows, all its points in `only`.
 * *comparisons is owned by the caller: tmk_comparisons_free. Sides are sorted. */
enum tmk_status tmk_compare(const struct tmk_compare_side *sides, int side_count, const struct tmk_compare_settings *settings,
                            struct tmk_comparison **comparisons, int64_t *count, struct tmk_error *err);
void tmk_comparisons_free(struct tmk_comparison *comparisons, int64_t count);

#endif
