/* comm_bench.h: `tokmark comm`: one collective of one size, checked element by element, then timed on all ranks at once.
 *
 * Every rank calls with the same spec. A sample is `passes` calls behind a barrier; its time is the slowest rank's, and all ranks take the
 * same decisions from it, since all know all times. Percentiles are over samples.
 */
#ifndef TMK_HARNESS_COMM_BENCH_H
#define TMK_HARNESS_COMM_BENCH_H

#include <signal.h>

#include "measure.h"
#include "tokmark/comm.h"
#include "tokmark/result.h"

struct tmk_comm_spec {
  enum tmk_collective collective;
  enum tmk_dtype dtype;
  int64_t bytes; /* as nccl-tests counts: of the larger of the two buffers, all its parts */
  bool in_place, graph;
};
/* Elements of a rank's part; 0: fewer bytes than one for each. The rest of the division is left out. */
int64_t tmk_comm_spec_count(const struct tmk_comm_spec *spec, int ranks);
/* "comm/all-reduce/f32/65536B/n4", then, where so, "/in-place" and "/graph". */
void tmk_comm_spec_key(const struct tmk_comm_spec *spec, int ranks, char key[TMK_WORKLOAD_KEY_SIZE]);

struct tmk_comm_bench_args {
  struct tmk_world *world;
  const struct tmk_comm_ops *ops;
  struct tmk_comm *comm;
  struct tmk_measure_settings measure;
  int64_t device_index;
  bool simulated, threads_exceed_cores;
  const volatile sig_atomic_t *stop;
};
/* Fills *point (initialised here; free with tmk_point_free), alike on all ranks. What all ranks agree can't be done is in the point;
 * errors end the run. */
enum tmk_status tmk_comm_bench_measure(const struct tmk_comm_bench_args *args, const struct tmk_comm_spec *spec,
                                       struct tmk_point *point, struct tmk_error *err);

#endif
