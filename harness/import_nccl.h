/* import_nccl.h: what nccl-tests' JSON and its table have in common: a run, and rows of sizes with two sides. */
#ifndef TMK_HARNESS_IMPORT_NCCL_H
#define TMK_HARNESS_IMPORT_NCCL_H

#include "import.h"

struct tmk_nccl_run {
  char program[64];  /* "all_reduce_perf" */
  int64_t ranks;     /* over all processes */
  int64_t passes;    /* timed as one */
  char hostname[64]; /* of the first rank */
  char device[128];  /* its GPU */
  int64_t version;   /* NCCL_VERSION_CODE: 22703; TMK_UNKNOWN */
  double rounding;   /* how far a printed bandwidth may be off, GB/s */
};

struct tmk_nccl_side {
  bool in_place;
  double time_us, alg_gb_s, bus_gb_s;
  double wrong;              /* elements; NAN: not checked */
  const int64_t *samples_ns; /* of each iteration; NULL: only their mean is known */
  int64_t sample_count;
};

/* Takes a side as a point; *why is set, and nothing added, where it has no counterpart. */
enum tmk_status tmk_nccl_add(struct tmk_import *import, const struct tmk_nccl_run *run, const char *type, int64_t size,
                             const struct tmk_nccl_side *side, char why[256], struct tmk_error *err);

#endif
