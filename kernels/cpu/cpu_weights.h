/* cpu_weights.h: the weights that plans of one backend share, in panels, filled once. */
#ifndef TMK_CPU_WEIGHTS_H
#define TMK_CPU_WEIGHTS_H

#include "cpu_layout.h"
#include "cpu_memory.h"
#include "cpu_threads.h"
#include "tokmark/plan.h"

/* One tensor's contents. Equal (id, dtype, dims, origin, whole dims, fill, seed) means the same contents. */
struct tmk_cpu_weight {
  struct tmk_tensor tensor;
  uint64_t seed;
  struct tmk_cpu_view view; /* data is set */
  int users;                /* execs that hold it */
  struct tmk_cpu_slab *slab;
  struct tmk_cpu_weight *next;
};

/* Memory of the weights that one plan was the first to need: one block, so that it is all huge pages but for its end. */
struct tmk_cpu_slab {
  struct tmk_cpu_block block;
  int weights; /* in it and not freed */
};

struct tmk_cpu_weights {
  struct tmk_cpu_weight *first;
};

/* shared[i] = the weight of tensor i, held once more, for each of role WEIGHT (others stay NULL). What is missing is
 * allocated and filled, each thread touching first what it will read. On failure nothing is held. */
struct tmk_cpu_weights_job {
  struct tmk_cpu_team *team;
  const struct tmk_cpu_kernels *kernels;
  const struct tmk_plan *plan;
  const struct tmk_cpu_view *views;
};
enum tmk_status tmk_cpu_weights_acquire(struct tmk_cpu_weights *weights, const struct tmk_cpu_weights_job *job,
                                        struct tmk_cpu_weight **shared, struct tmk_error *err);
void tmk_cpu_weights_release(struct tmk_cpu_weight **shared, int count); /* entries may be NULL */
void tmk_cpu_weights_trim(struct tmk_cpu_weights *weights);              /* frees those without users */

#endif
