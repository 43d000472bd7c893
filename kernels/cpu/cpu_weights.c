/* cpu_weights.c: the store of shared weights (cpu_weights.h). */
#include "cpu_weights.h"

#include <assert.h>
#include <stdlib.h>

#include "cpu_int.h"

static struct tmk_cpu_weight *find(const struct tmk_cpu_weights *weights, const struct tmk_tensor *tensor,
                                   uint64_t seed)
{
  struct tmk_cpu_weight *weight = weights->first;
  while (weight && (weight->seed != seed || !tmk_tensor_same_contents(&weight->tensor, tensor))) weight = weight->next;
  return weight;
}

static_assert(TMK_CPU_GAPS == TMK_MAX_GAPS, "a panel takes all gaps of a tensor");

/* ---- contents ---- */

static void fill_vector(const struct tmk_cpu_weight *weight)
{
  const struct tmk_tensor *tensor = &weight->tensor;
  float *out = (float *)(void *)weight->view.data;
  const int64_t count = tmk_tensor_elements(tensor);
  tmk_tensor_fill(tensor, weight->seed, 0, count, out);
  if (tensor->dtype != TMK_DTYPE_BF16) return;
  for (int64_t i = 0; i < count; i++) out[i] = tmk_bf16_to_f32(tmk_f32_to_bf16(out[i]));
}

static void fill_integers(const struct tmk_cpu_weight *weight, struct tmk_cpu_part part)
{
  const struct tmk_cpu_view *view = &weight->view;
  const int64_t panels = (view->n + TMK_CPU_PANEL - 1) / TMK_CPU_PANEL;
  for (int64_t i = tmk_cpu_part_first(part, panels); i < tmk_cpu_part_end(part, panels); i++) {
    tmk_cpu_int_fill(&weight->tensor, weight->seed, i, view->data + i * tmk_cpu_int_panel_bytes(view->dtype, view->k));
  }
}

static void fill_matrix(const struct tmk_cpu_weight *weight, const struct tmk_cpu_kernels *kernels,
                        struct tmk_cpu_part part)
{
  const struct tmk_tensor *tensor = &weight->tensor;
  const struct tmk_cpu_view *view = &weight->view;
  const int64_t panels = (view->n + TMK_CPU_PANEL - 1) / TMK_CPU_PANEL;
  for (int64_t i = tmk_cpu_part_first(part, panels); i < tmk_cpu_part_end(part, panels); i++) {
    const int64_t left = view->n - i * TMK_CPU_PANEL;
    struct tmk_cpu_panel_fill fill = {
        .key = tmk_fill_key(weight->seed, tensor->id),
        .index = tmk_tensor_global_index(tensor, i * TMK_CPU_PANEL * view->k),
        .column_step = (uint64_t)tensor->global_dims[1],
        .k_step = 1,
        .columns = left < TMK_CPU_PANEL ? left : TMK_CPU_PANEL,
        .k = view->k,
        .offset = tensor->fill_offset,
        .step = tensor->fill_scale * 0x1p-23f,
        .rest = 0,
        .dtype = view->dtype,
        .panel = view->data + i * TMK_CPU_PANEL * view->k * tmk_dtype_bytes(view->dtype, 1),
    };
    for (int gap = 0; gap < TMK_MAX_GAPS; gap++) { /* one before the first column is in the index */
      fill.gap_at[gap] = tensor->gaps[gap].at - i * TMK_CPU_PANEL;
      fill.gap_step[gap] = (uint64_t)(tensor->gaps[gap].rows * tensor->global_dims[1]);
    }
    kernels->fill_panel(&fill);
  }
}

struct fill_work {
  const struct tmk_cpu_weight *first, *end; /* the list from first to before end */
  const struct tmk_cpu_kernels *kernels;
  int threads;
};

static void fill_on_thread(void *context, int thread)
{
  const struct fill_work *work = context;
  const struct tmk_cpu_part part = {thread, work->threads};
  for (const struct tmk_cpu_weight *weight = work->first; weight != work->end; weight = weight->next) {
    if (weight->view.layout == TMK_CPU_WEIGHT && tmk_quantises_rows(weight->view.dtype)) {
      fill_integers(weight, part);
    } else if (weight->view.layout == TMK_CPU_WEIGHT) {
      fill_matrix(weight, work->kernels, part);
    } else if (thread == 0) {
      fill_vector(weight);
    }
  }
}

/* ---- store ---- */

static void drop_slab(struct tmk_cpu_slab *slab)
{
  tmk_cpu_block_unmap(&slab->block);
  free(slab);
}

/* Frees entries that nobody uses; their slab with the last of them. */
void tmk_cpu_weights_trim(struct tmk_cpu_weights *weights)
{
  struct tmk_cpu_weight **link = &weights->first;
  while (*link) {
    struct tmk_cpu_weight *weight = *link;
    if (weight->users > 0) {
      link = &weight->next;
      continue;
    }
    *link = weight->next;
    tmk_cpu_pieces_close(weight->view.data, weight->view.bytes);
    if (--weight->slab->weights == 0) {
      drop_slab(weight->slab);
    } else {
      tmk_cpu_block_discard(weight->view.data, weight->view.bytes);
    }
    free(weight);
  }
}

void tmk_cpu_weights_release(struct tmk_cpu_weight **shared, int count)
{
  for (int i = 0; i < count; i++) {
    if (shared[i]) shared[i]->users--;
    shared[i] = NULL;
  }
}

/* Takes the weights that are there and lists the missing ones at the head of the store, their places counted from 0. */
static enum tmk_status list_missing(struct tmk_cpu_weights *weights, const struct tmk_cpu_weights_job *job,
                                    struct tmk_cpu_slab *slab, struct tmk_cpu_weight **shared, struct tmk_error *err)
{
  const struct tmk_plan *plan = job->plan;
  int64_t end = 0;
  for (int i = 0; i < plan->tensor_count; i++) {
    if (plan->tensors[i].role != TMK_ROLE_WEIGHT) continue;
    struct tmk_cpu_weight *weight = find(weights, &plan->tensors[i], plan->seed);
    if (!weight) {
      weight = calloc(1, sizeof *weight);
      if (!weight) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: table of weights");
      weight->tensor = plan->tensors[i];
      weight->seed = plan->seed;
      weight->view = job->views[i];
      weight->view.offset = end;
      end = tmk_cpu_piece_end(end, weight->view.bytes);
      weight->slab = slab;
      weight->next = weights->first;
      weights->first = weight;
      slab->weights++;
    }
    weight->users++;
    shared[i] = weight;
  }
  return tmk_cpu_block_map(&slab->block, end, "weights", err);
}

enum tmk_status tmk_cpu_weights_acquire(struct tmk_cpu_weights *weights, const struct tmk_cpu_weights_job *job,
                                        struct tmk_cpu_weight **shared, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_cpu_weight *const known = weights->first;
  struct tmk_cpu_slab *slab = calloc(1, sizeof *slab);
  if (!slab) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: table of weights");
  TMK_TRY(list_missing(weights, job, slab, shared, err));
  tmk_cpu_pieces_close(slab->block.base, slab->block.bytes);
  for (struct tmk_cpu_weight *weight = weights->first; weight != known; weight = weight->next) {
    weight->view.data = slab->block.base + weight->view.offset;
    tmk_cpu_piece_open(weight->view.data, weight->view.bytes);
  }
  struct fill_work work = {weights->first, known, job->kernels, job->team->threads};
  if (weights->first != known) TMK_TRY(tmk_cpu_team_run(job->team, fill_on_thread, &work, err));
out:
  if (status != TMK_OK) {
    tmk_cpu_weights_release(shared, job->plan->tensor_count);
    while (weights->first != known) {
      struct tmk_cpu_weight *weight = weights->first;
      weights->first = weight->next;
      free(weight);
    }
    slab->weights = 0;
  }
  if (slab->weights == 0) drop_slab(slab);
  return status;
}
