/* cuda_weights.c: the store of shared weights (cuda_weights.h). */
#include "cuda_weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda_check.h"
#include "cuda_exec.h"
#include "tokmark/quantise.h"

static struct tmk_cuda_weight *find(const struct tmk_cuda_weights *weights, const struct tmk_tensor *tensor,
                                    uint64_t seed)
{
  struct tmk_cuda_weight *weight = weights->first;
  while (weight != NULL && (weight->seed != seed || !tmk_tensor_same_contents(&weight->tensor, tensor))) weight = weight->next;
  return weight;
}

/* A slab without users is freed whole: its weights leave the list first, then, with the last of them, its memory. */
void tmk_cuda_weights_trim(struct tmk_cuda_weights *weights)
{
  for (struct tmk_cuda_weight *w = weights->first; w != NULL; w = w->next) w->slab->weights = 0;
  for (struct tmk_cuda_weight *w = weights->first; w != NULL; w = w->next) w->slab->weights += w->users > 0 ? 1 : 0;
  struct tmk_cuda_weight **link = &weights->first;
  struct tmk_cuda_slab *freed = NULL; /* weights of a slab are neighbours in the list */
  while (*link != NULL) {
    struct tmk_cuda_weight *weight = *link;
    if (weight->slab->weights > 0) {
      link = &weight->next;
      continue;
    }
    if (freed != NULL && freed != weight->slab) free(freed);
    if (freed != weight->slab) (void)cudaFree(weight->slab->base);
    freed = weight->slab;
    *link = weight->next;
    free(weight);
  }
  free(freed);
}

void tmk_cuda_weights_release(struct tmk_cuda_weight **shared, int count)
{
  for (int i = 0; i < count; i++) {
    if (shared[i] != NULL) shared[i]->users--;
    shared[i] = NULL;
  }
}

/* Takes the weights that are there and lists the missing ones at the head of the store, their places counted from 0; *bytes is the
 * end of the last. */
static enum tmk_status list_missing(struct tmk_cuda_weights *weights, const struct tmk_cuda_weights_job *job,
                                    struct tmk_cuda_slab *slab, struct tmk_cuda_weight **shared, int64_t *bytes,
                                    struct tmk_error *err)
{
  const struct tmk_plan *plan = job->plan;
  *bytes = 0;
  for (int i = 0; i < plan->tensor_count; i++) {
    if (plan->tensors[i].role != TMK_ROLE_WEIGHT) continue;
    struct tmk_cuda_weight *weight = find(weights, &plan->tensors[i], plan->seed);
    if (weight == NULL) {
      weight = calloc(1, sizeof *weight);
      if (weight == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: table of weights");
      weight->tensor = plan->tensors[i];
      weight->seed = plan->seed;
      weight->view = job->views[i];
      weight->view.offset = *bytes;
      *bytes = tmk_cuda_size_add(*bytes, tmk_cuda_round_up(weight->view.bytes, TMK_CUDA_ALIGN));
      weight->slab = slab;
      weight->next = weights->first;
      weights->first = weight;
      slab->weights++;
    }
    weight->users++;
    shared[i] = weight;
  }
  return TMK_OK;
}

static enum tmk_status fill_slab(const struct tmk_cuda_weights *weights, const struct tmk_cuda_weight *known,
                                 struct tmk_cuda_slab *slab, int64_t bytes, cudaStream_t stream, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char what[96];
  snprintf(what, sizeof what, "cudaMalloc of %lld bytes for weights", (long long)bytes);
  TMK_CUDA_TRY(cudaMalloc((void **)&slab->base, (size_t)bytes), what);
  TMK_CUDA_TRY(cudaMemsetAsync(slab->base, 0xff, (size_t)bytes, stream), "poisoning the padding of weights");
  for (struct tmk_cuda_weight *w = weights->first; w != known; w = w->next) {
    w->view.data = slab->base + w->view.offset;
    const struct tmk_cuda_fill fill = tmk_cuda_fill_of(&w->tensor, w->seed, &w->view, NULL);
    const bool narrow = tmk_quantises_x(w->tensor.dtype);
    TMK_CUDA_TRY(narrow ? tmk_cuda_fill_narrow_launch(&fill, stream) : tmk_cuda_fill_launch(&fill, stream),
                 "filling weights");
  }
  TMK_CUDA_TRY(cudaStreamSynchronize(stream), "filling weights");
out:
  return status;
}

enum tmk_status tmk_cuda_weights_acquire(struct tmk_cuda_weights *weights, const struct tmk_cuda_weights_job *job,
                                         struct tmk_cuda_weight **shared, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_cuda_weight *const known = weights->first;
  struct tmk_cuda_slab *slab = calloc(1, sizeof *slab);
  int64_t bytes = 0;
  if (slab == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: table of weights");
  TMK_TRY(list_missing(weights, job, slab, shared, &bytes, err));
  if (weights->first != known) TMK_TRY(fill_slab(weights, known, slab, bytes, job->stream, err));
out:
  if (status != TMK_OK) {
    tmk_cuda_weights_release(shared, job->plan->tensor_count);
    while (weights->first != known) {
      struct tmk_cuda_weight *weight = weights->first;
      weights->first = weight->next;
      free(weight);
    }
    if (slab->base != NULL) (void)cudaFree(slab->base);
  }
  if (weights->first == known) free(slab);
  return status;
}
