/* comm_table.h: what a table of measured sizes says: predictions between them, the plateau, a descriptive fit. Pure. */
#ifndef TMK_HARNESS_COMM_TABLE_H
#define TMK_HARNESS_COMM_TABLE_H

#include "tokmark/result.h"

struct tmk_comm_entry {
  int64_t bytes;
  double time_ns; /* of one call */
};

/* Time of a call of `bytes`, straight in log time over log bytes between its two neighbours in the table (NCCL changes its protocol
 * with size, so no formula holds over all). Entries rise in bytes; both are positive. False outside the table, or where it
 * is empty: nothing is extrapolated. */
bool tmk_comm_predict_ns(const struct tmk_comm_entry *entries, int count, int64_t bytes, double *time_ns);

/* alpha and beta that make Σ ((alpha + beta bytes − time) ÷ time)² least, so that short and long calls weigh alike, and the root
 * mean square of those residuals; NAN below 3 entries, of which two would always fit. The highest bus bandwidth (factor × bytes ÷ time)
 * that two neighbouring entries both reach is the plateau: sustained, not a single lucky size; NAN below 2. */
void tmk_comm_fit(const struct tmk_comm_entry *entries, int count, double bus_factor, struct tmk_comm_fit *fit);

/* Adds the fits of all comm points of a result that have times; replaces what is there. */
enum tmk_status tmk_comm_fit_result(struct tmk_result *result, struct tmk_error *err);

#endif
