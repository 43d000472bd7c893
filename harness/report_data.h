/* report_data.h: many results reduced to what a report shows: sources, rows, and charts as data. Pure: nothing is printed.
 *
 * A source is what the report switches on and off: one result file while there are few, else one device, to which all files
 * of that device are merged, the latest run of each key and provenance winning (composed counts as measured). Rows are points; none is dropped because it is bad, and
 * the caps below are counted, so that the report can say what it leaves out.
 */
#ifndef TMK_HARNESS_REPORT_DATA_H
#define TMK_HARNESS_REPORT_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "target.h"
#include "tokmark/result.h"

#define TMK_REPORT_OVERLAY_MAX       12 /* result files that stand for themselves, and sources that charts draw */
#define TMK_REPORT_SOURCES_MAX       64
#define TMK_REPORT_ROWS_MAX          100000
#define TMK_REPORT_SERIES_MAX        48 /* of a chart, and as many ceilings */
#define TMK_REPORT_SERIES_POINTS_MAX 64
#define TMK_REPORT_BARS_MAX          4 /* charts of operations */

struct tmk_report_fact {
  char name[16];
  char *text; /* owned */
};

struct tmk_report_source {
  char name[128];   /* "NVIDIA H100 80GB HBM3", "2 x …", and what tells it from others of that name */
  char device[128]; /* of the hardware alone */
  char file[256], start_utc[32], end_utc[32]; /* of the latest run */
  char host[64], tool[96];
  bool complete, simulated;
  int64_t runs;  /* results merged */
  int64_t older; /* points that a later run of the same key replaced */
  bool has_device;
  struct tmk_device_result device_result; /* readings NULL */
  struct tmk_report_fact *facts;          /* owned */
  int fact_count;
  int64_t best; /* row of the best output tokens/s, as tmk_out_best; −1 if none */
};

struct tmk_report_row {
  int source;
  enum tmk_point_type type;
  enum tmk_provenance provenance;
  enum tmk_point_status status;
  struct tmk_verdict verdict;
  char *key, *reason; /* owned; reason NULL if there is none */
  union {
    struct tmk_workload step;
    struct tmk_comm_workload comm;
  } workload;
  enum tmk_accounting accounting; /* NONE: no rate, or none that counts */
  int64_t devices;
  double rate, low, high;                   /* of the accounting */
  double output_rate, per_device, per_user; /* output tokens/s; NAN where not known */
  double time_ns;                           /* median of a pass; NAN where it may not be shown */
  double ttft_ns, tpot_ns;
  double flops, bytes, share;
  bool share_by_datasheet;
  enum tmk_bound bound;
  struct tmk_op_time *ops; /* owned */
  int64_t op_count;
  char start_utc[32]; /* of its run */
};

struct tmk_report {
  bool by_device; /* files of a device are merged */
  int64_t results;
  struct tmk_report_source *sources; /* owned */
  int source_count;
  struct tmk_report_row *rows; /* owned */
  int64_t row_count;
  int64_t left_out; /* points beyond TMK_REPORT_ROWS_MAX, or of a source beyond TMK_REPORT_SOURCES_MAX */
  int64_t *slots;   /* owned: a hash table of rows by source, key and provenance; −1 is empty */
  int64_t slot_count;
};

/* files: how many will be added. */
void tmk_report_init(struct tmk_report *report, int64_t files);
/* Takes what it needs of `result`, which stays the caller's. Added in the same order, the report is the same. */
enum tmk_status tmk_report_add(struct tmk_report *report, const char *file, const struct tmk_result *result,
                               struct tmk_error *err);
/* After the last: names sources apart and finds their best rows. */
void tmk_report_finish(struct tmk_report *report);
void tmk_report_free(struct tmk_report *report); /* what it owns; zeroed is fine */

/* VALID, SUSPECT, INVALID, without a verdict, failed, skipped. */
enum tmk_report_outcome {
  TMK_OUTCOME_VALID,
  TMK_OUTCOME_SUSPECT,
  TMK_OUTCOME_INVALID,
  TMK_OUTCOME_NONE,
  TMK_OUTCOME_FAILED,
  TMK_OUTCOME_SKIPPED,
  TMK_OUTCOME_COUNT
};
enum tmk_report_outcome tmk_report_outcome(const struct tmk_report_row *row);
const char *tmk_report_outcome_name(enum tmk_report_outcome outcome);

/* --- charts --- */

struct tmk_report_point {
  double x, y, low, high; /* low, high: the 95 % interval of y; NAN if there is none */
  int64_t row;            /* −1: of no row */
  double order;           /* along the line: x, or the batch where x is no cause */
};
struct tmk_report_series {
  char label
      [224]; /* of the series within its source: "tinyllama-1.1b decode c128 bf16"; provenance in it if not measured */
  int source;
  int style;                       /* 0, 1, 2, … within the source: dash and marker */
  bool whole_line;                 /* a ceiling: no markers */
  bool dashed;                     /* not measured here: predicted, reported, a datasheet's */
  struct tmk_report_point *points; /* owned, by order */
  int count;
};
struct tmk_report_chart {
  const char *id, *title, *x_title, *y_title, *caption; /* static */
  char subject[TMK_WORKLOAD_KEY_SIZE];                  /* what it is of, where there are several; "" */
  bool log_x, log_y;
  bool base2_x;  /* a count of powers of two */
  double line_y; /* a horizontal line; NAN if none */
  char line_label[160];
  bool bars;                        /* x is the index of a category; series 0 is the time, series 1 the limit */
  char (*categories)[32];           /* owned */
  struct tmk_report_series *series; /* owned */
  int series_count;
  int64_t points_left_out; /* that would be here but for the caps */
};
#define TMK_REPORT_CHARTS_MAX 16
/* Charts that have something to show, in the order of the report. claim may be NULL. Free each with tmk_report_chart_free. */
enum tmk_status tmk_report_charts(const struct tmk_report *report, const struct tmk_claim *claim,
                                  struct tmk_report_chart charts[TMK_REPORT_CHARTS_MAX], int *count,
                                  struct tmk_error *err);
void tmk_report_chart_free(struct tmk_report_chart *chart);

#endif
