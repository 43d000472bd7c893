/* runner.h: executes a sweep on a backend and fills a result: verify, measure in rounds, ceilings around each, compose e2e,
 * limits, verdicts. The one place where the parts meet; cmd_run.c parses and prints. */
#ifndef TMK_HARNESS_RUNNER_H
#define TMK_HARNESS_RUNNER_H

#include <signal.h>

#include "measure.h"
#include "parallel.h"
#include "sweep.h"
#include "tokmark/backend.h"
#include "tokmark/result.h"

/* Called as things happen; any may be NULL. */
struct tmk_run_events {
  void *context;
  /* Once, when the device is described and its ceilings were read for the first time. */
  void (*started)(void *context, const struct tmk_result *result);
  void (*progress)(void *context, const char *what, double fraction, double eta_s); /* many times a second at most */
  /* Once a point, in the sweep's order, when nothing of it changes any more: the share and the drift take in the ceilings
   * read behind the last round, so points of one memory group (mostly: all) are done together. Behind a stop or a fault
   * that came after `started`, for every point that is left. */
  void (*point_done)(void *context, const struct tmk_result *result, const struct tmk_point *point);
  /* After each point and round: the caller writes the file. An error ends the run. */
  enum tmk_status (*checkpoint)(void *context, const struct tmk_result *result, struct tmk_error *err);
};

struct tmk_run_args {
  const struct tmk_backend_ops *ops;
  struct tmk_backend *backend; /* open; borrowed */
  const struct tmk_model *model;
  const struct tmk_sweep *sweep;
  struct tmk_measure_settings measure;
  uint64_t seed;
  bool per_op, quick; /* quick: no e2e is executed outright, and no time is added for the energy counter */
  /* Several ranks, each with these arguments but its own device: all call tmk_run at once, and each has a result of its own, of
   * which rank 0's is whole. NULL: one device. The backend was opened with parallel->groups. */
  struct tmk_world *world;
  const struct tmk_parallel *parallel;
  struct tmk_layout layout; /* of every point */
  /* The device runs the share of layout.rank alone, with no transports (parallel is NULL): what is missing of a pass is taken from
   * comm_table, a result with collectives (NULL: nothing is added), and the points are `predicted`. With a world: several do
   * so at once, nothing is added, and the points are what they measured. */
  bool alone;
  const struct tmk_result *comm_table;
  const volatile sig_atomic_t *stop; /* non-zero: end after the current sample, keep what is there; NULL: never */
  struct tmk_run_events events;
};

/* result is initialised by the caller (host, identity, settings); devices and points are filled here. Returns OK when all
 * points ended (failed ones too: they stand in the result), INTERRUPTED after a stop, an error for what ended the run. In
 * every case the result holds all points of the sweep; one that was not measured is skipped and says why. */
enum tmk_status tmk_run(const struct tmk_run_args *args, struct tmk_result *result, struct tmk_error *err);

/* What the device is, with its row of the table of GPUs joined by name; no ceilings. For a dry run and other commands. */
enum tmk_status tmk_run_describe(const struct tmk_backend_ops *ops, struct tmk_backend *backend,
                                 struct tmk_device_result *device, struct tmk_error *err);
/* Adds a reading of the ceilings to the device's, and makes its best ones and its drift anew. round −1: the first, in full;
 * later ones quick. A device without ceilings, or a simulated one, gets none. */
enum tmk_status tmk_run_read_ceilings(const struct tmk_backend_ops *ops, struct tmk_backend *backend, int64_t round,
                                      struct tmk_device_result *device, struct tmk_error *err);
/* What a point's pass costs, and its limit as far as the device's ceilings are known; shares are null. Runs nothing; of args
 * only model and seed are read. */
enum tmk_status tmk_run_estimate(const struct tmk_run_args *args, const struct tmk_device_result *device,
                                 const struct tmk_workload *workload, struct tmk_limit_result *limit,
                                 struct tmk_error *err);

#endif
