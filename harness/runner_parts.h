/* runner_parts.h: what the files of the runner share; nobody else includes it.
 *
 * A unit is what is measured: one decode or prefill pass. A point of the sweep is made of one unit, or, for e2e, of a
 * prefill and up to three decode units. Points that need the same pass share the unit.
 *
 *   runner.c        groups, rounds, ceilings, order of events
 *   runner_unit.c   one unit: prepare, verify, visit after visit
 *   runner_watch.c  what is watched while a unit is sampled: clocks, other load, energy
 *   runner_point.c  units → the result's point
 *   runner_ranks.c  what several ranks tell each other, and what they say joined
 *   runner_predict.c  what ranks that are not there would add
 *   runner_e2e.c    composition of e2e, and the one that is executed outright
 */
#ifndef TMK_HARNESS_RUNNER_PARTS_H
#define TMK_HARNESS_RUNNER_PARTS_H

#include "host.h"
#include "runner.h"
#include "verdict.h"
#include "verify.h"

/* --- e2e: pure --- */

/* The decode steps of output_len tokens: i = 1 … output_len − 1 at context input_len + i − 1, taken from steps at up to
 * three contexts (first, middle, last; fewer where they fall together), linear between: Σ = Σ_k weights[k] · step_k. */
struct tmk_e2e_parts {
  int count; /* 0 at output_len 1 */
  int64_t contexts[3];
  double weights[3];
};
struct tmk_e2e_parts tmk_e2e_split(int64_t input_len, int64_t output_len);
/* The passes that a workload is made of, at most 4, and how often each counts: itself, or of e2e the prefill and then the
 * decode steps. Returns how many. */
int tmk_e2e_passes(const struct tmk_workload *workload, struct tmk_workload passes[4], double weights[4]);
/* What a step at the middle context took ÷ what the line between first and last says, − 1; NAN with fewer than three. */
double tmk_e2e_composition_error(int64_t input_len, int64_t output_len, const double step_ns[3]);

/* The limit of Σ weights[i] × (pass i, which took times_ns[i]): sums; bound is that of the parts with the most limit time;
 * share = limit ÷ time is the parts' mean by time. */
struct tmk_limit_result tmk_e2e_compose_limit(const struct tmk_limit_result *limits, const double *weights,
                                              const double *times_ns, int count);

/* --- what is watched --- */

struct tmk_watch {
  double clock_sum_hz, clock_min_hz, clock_max_hz;
  int64_t clock_count;
  bool throttled, ecc_errors, shared_device;
  int64_t ecc_first;                   /* TMK_UNKNOWN until read */
  double other_core_ns, own_core_ns, other_wall_ns; /* over the visits; 0 wall: nothing was readable */
  /* energy of the last round's visit */
  bool energy_tried, energy_bracketed;
  double joules, bracket_s;
  int64_t bracket_passes;
  char energy_source[32];
  /* of the visit going on */
  struct tmk_cpu_usage usage_start;
  bool usage_readable, energy_open;
  uint64_t energy_start_uj;
  int64_t energy_start_ns, energy_passes;
};
double tmk_watch_clock_hz(const struct tmk_watch *watch);   /* mean; NAN if not readable */
double tmk_watch_clock_move(const struct tmk_watch *watch); /* (max − min) ÷ max; NAN if not readable */
double tmk_watch_other_load(const struct tmk_watch *watch); /* cores; NAN if not readable */

/* --- units and points --- */

/* What a rank saw of a unit; sent as it is. */
struct tmk_run_said {
  struct tmk_limit_result limit;
  struct tmk_verify_result verify;
  struct tmk_watch watch;
  bool replayed;
  double own_median_ns, own_max_ns; /* its own time of a pass */
  int64_t times_slowest;
  int local_rank;
  char host[64];
};

struct tmk_run_unit {
  struct tmk_workload workload; /* decode or prefill */
  char key[TMK_WORKLOAD_KEY_SIZE];
  int group;
  struct tmk_plan *plan; /* owned, as are exec and below */
  struct tmk_exec *exec;
  struct tmk_sampler sampler;
  struct tmk_watch watch;
  struct tmk_verify_result verify;
  struct tmk_verify_outputs expected;
  struct tmk_stats stats; /* of the samples so far */
  struct tmk_op_time *ops;
  int64_t op_count;
  struct tmk_gemm_result *gemms; /* who runs them; owned */
  int64_t gemm_count;
  double *own_ns; /* [own_count], owned: of a pass, this rank's, a sample each */
  int64_t own_count, own_capacity, times_slowest;
  double stretch, comm_ns; /* predicted: a pass takes stretch · what was measured + comm_ns */
  double last_ns;    /* of the sample run last: this rank's own, of a pass */
  bool last_slowest; /* and whether no rank took longer */
  struct tmk_run_said joined;  /* of all ranks: what points are made of */
  struct tmk_comm_rank *ranks; /* owned; NULL where there is one */
  int64_t rank_count;
  enum tmk_point_status status; /* skipped until there are samples */
  char reason[256];
  bool verify_failed, replayed;
};

struct tmk_run_point {
  int units[4], unit_count; /* e2e: the prefill first */
  double weights[4];        /* how often each counts */
  double outright_ns;       /* NAN if it was not executed outright */
  bool published;
};

struct tmk_run_state {
  const struct tmk_run_args *args;
  struct tmk_result *result;        /* points are parallel to `points` and to the sweep's */
  struct tmk_world *world;          /* = args->world */
  struct tmk_device_result *device; /* this rank's of result->devices */
  struct tmk_run_unit *units;
  struct tmk_run_point *points;
  int unit_count, point_count, group_count, rounds;
  int64_t start_ns;
  double work_done, work_total; /* for the ETA, in visits */
  bool started;                 /* the event was sent */
  const char *ended;            /* why units that were not measured were not */
};

bool tmk_run_stopped(const struct tmk_run_state *state);

/* --- ranks: each function is called by all of them at once --- */

/* tmk_world_agree; with one rank its own status. */
enum tmk_status tmk_run_agree(const struct tmk_run_state *state, enum tmk_status mine, const struct tmk_error *mine_err,
                              struct tmk_error *err);
enum tmk_status tmk_run_any(const struct tmk_run_state *state, bool mine, bool *any, struct tmk_error *err);
/* INTERRUPTED where one of the ranks is to stop. */
enum tmk_status tmk_run_check_stop(const struct tmk_run_state *state, struct tmk_error *err);
/* Runs passes of the unit on all ranks, begun together; the times are the slowest rank's. INTERRUPTED as above. */
enum tmk_status tmk_run_passes(const struct tmk_run_state *state, struct tmk_run_unit *unit, int64_t passes,
                               struct tmk_run_times *times, struct tmk_error *err);
/* Keeps what tmk_run_passes found of this rank: of a sample that counts. */
enum tmk_status tmk_run_keep_own(const struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err);
/* Sets stretch and comm_ns of a unit whose plan is made. */
enum tmk_status tmk_run_predict(const struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err);
double tmk_run_table_bandwidth(const struct tmk_run_state *state); /* best bus bandwidth of the table; NAN if none */
/* Makes `joined` of all units anew. together false: no other rank is asked, and what was joined last stands. */
enum tmk_status tmk_run_join(struct tmk_run_state *state, bool together, struct tmk_error *err);
/* Puts the other ranks' devices beside this one's. */
enum tmk_status tmk_run_show_devices(struct tmk_run_state *state, struct tmk_error *err);
double tmk_run_drift(const struct tmk_run_state *state); /* the largest of all devices; NAN if none is known */
/* Bus bandwidth between the ranks of this one's groups; NAN where it has none, or on a simulated device. */
enum tmk_status tmk_run_read_bandwidth(struct tmk_run_state *state, double *bytes_per_s, struct tmk_error *err);

/* The clock of the backend's times. */
int64_t tmk_run_now_ns(const struct tmk_run_state *state);
void tmk_run_progress(const struct tmk_run_state *state, const struct tmk_run_unit *unit, int round);

/* One visit: prepare and verify (round 0), reset, sample; behind the last round's samples replay and per-op times. What goes
 * wrong with the unit stands in it. INTERRUPTED after a stop; DEVICE, or another error that the run can't go on from. */
enum tmk_status tmk_run_unit_visit(struct tmk_run_state *state, struct tmk_run_unit *unit, int round,
                                   struct tmk_error *err);
void tmk_run_unit_release(struct tmk_run_state *state, struct tmk_run_unit *unit); /* exec and plan; samples stay */
void tmk_run_unit_free(struct tmk_run_state *state, struct tmk_run_unit *unit);

void tmk_run_watch_begin(struct tmk_run_state *state, struct tmk_watch *watch, bool energy);
void tmk_run_watch_sample(struct tmk_run_state *state, struct tmk_watch *watch, int64_t passes);
/* Keeps running passes until the energy bracket is long enough, then closes it. */
enum tmk_status tmk_run_watch_end(struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err);

/* Makes result->points[index] anew from its units as they are now. */
enum tmk_status tmk_run_point_fill(struct tmk_run_state *state, int index, struct tmk_error *err);
/* Executes the cheapest e2e point token by token. */
enum tmk_status tmk_run_outright(struct tmk_run_state *state, struct tmk_error *err);

#endif
