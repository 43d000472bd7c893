/* cuda_weights.h: the weights that plans of one backend share, in device memory, filled once by the device. */
#ifndef TMK_CUDA_WEIGHTS_H
#define TMK_CUDA_WEIGHTS_H

#include "cuda_layout.h"
#include "tokmark/plan.h"

/* One tensor's contents. Equal (id, dtype, dims, origin, whole dims, fill, seed) means the same contents. */
struct tmk_cuda_weight {
  struct tmk_tensor tensor;
  uint64_t seed;
  struct tmk_cuda_view view; /* data is set */
  int users;                 /* execs that hold it */
  struct tmk_cuda_slab *slab;
  struct tmk_cuda_weight *next;
};

/* Memory of the weights that one plan was the first to need. */
struct tmk_cuda_slab {
  char *base;
  int weights; /* in it */
};

struct tmk_cuda_weights {
  struct tmk_cuda_weight *first;
};

struct tmk_cuda_weights_job {
  const struct tmk_plan *plan;
  const struct tmk_cuda_view *views; /* [tensor_count], as tmk_cuda_view_build() made them */
  cudaStream_t stream;
};
/* shared[i] = the weight of tensor i, held once more, for each of role WEIGHT (others stay NULL). What is missing is allocated and
 * filled. On failure nothing is held. */
enum tmk_status tmk_cuda_weights_acquire(struct tmk_cuda_weights *weights, const struct tmk_cuda_weights_job *job,
                                         struct tmk_cuda_weight **shared, struct tmk_error *err);
void tmk_cuda_weights_release(struct tmk_cuda_weight **shared, int count); /* entries may be NULL */
/* Frees the slabs of which no weight has a user. */
void tmk_cuda_weights_trim(struct tmk_cuda_weights *weights);

#endif
