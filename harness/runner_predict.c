/* runner_predict.c: one rank of a layout measured alone: what the others would add to its passes (runner.h: alone).
 *
 *   pass = measured pass · (microbatches + pp − 1) ÷ microbatches + Σ collectives of its operations, by the table
 *
 * The rank measured has the largest share of everything, so every stage is taken to be as slow as it; filling and draining the
 * stages is in the first factor. No overlap is assumed: operations of a step run one after the other.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm_table.h"
#include "runner_parts.h"

/* Points of a table that belong together. */
struct series {
  enum tmk_dtype dtype;
  bool in_place, graph;
};

static bool has_time(const struct tmk_point *point, const struct tmk_op_collective *o)
{
  const struct tmk_comm_workload *w = &point->workload.comm;
  return point->type == TMK_POINT_COMM && point->status == TMK_POINT_OK && point->provenance == TMK_PROV_MEASURED &&
         point->stats.median_ns > 0 && w->bytes > 0 && w->collective == o->collective && w->ranks == o->ranks;
}

/* How near a point is to the very call: its type first, then its place, then whether it stands in a graph, as on a GPU it would. */
static int nearness(const struct tmk_point *point, const struct tmk_op_collective *o, enum tmk_dtype dtype)
{
  const struct tmk_comm_workload *w = &point->workload.comm;
  const bool in_place = o->collective == TMK_COLL_ALL_REDUCE;
  return (w->dtype == dtype ? 4 : 0) + (w->in_place == in_place ? 2 : 0) + (strcmp(point->comm.mode, "graph") == 0);
}

static bool is_in(const struct series *series, const struct tmk_point *point)
{
  const struct tmk_comm_workload *w = &point->workload.comm;
  return w->dtype == series->dtype && w->in_place == series->in_place &&
         (strcmp(point->comm.mode, "graph") == 0) == series->graph;
}

static int by_bytes(const void *a, const void *b)
{
  const int64_t x = ((const struct tmk_comm_entry *)a)->bytes, y = ((const struct tmk_comm_entry *)b)->bytes;
  return (x > y) - (x < y);
}

/* The entries nearest to the call, in rising bytes; how many. */
static int collect(const struct tmk_result *table, const struct tmk_op_collective *o, enum tmk_dtype dtype,
                   struct tmk_comm_entry *entries)
{
  struct series series = {0};
  int best = -1, count = 0;
  for (int64_t i = 0; i < table->point_count; i++) {
    const struct tmk_point *point = &table->points[i];
    if (!has_time(point, o) || nearness(point, o, dtype) <= best) continue;
    best = nearness(point, o, dtype);
    series = (struct series){.dtype = point->workload.comm.dtype,
                             .in_place = point->workload.comm.in_place,
                             .graph = strcmp(point->comm.mode, "graph") == 0};
  }
  for (int64_t i = 0; best >= 0 && i < table->point_count; i++) {
    const struct tmk_point *point = &table->points[i];
    if (!has_time(point, o) || !is_in(&series, point)) continue;
    entries[count++] = (struct tmk_comm_entry){point->workload.comm.bytes, point->stats.median_ns};
  }
  qsort(entries, (size_t)count, sizeof *entries, by_bytes);
  return count;
}

static enum tmk_status predict(const struct tmk_result *table, const struct tmk_plan *plan,
                               const struct tmk_op_collective *o, struct tmk_comm_entry *entries, double *time_ns,
                               struct tmk_error *err)
{
  const struct tmk_tensor *tensor = &plan->tensors[o->x != TMK_TENSOR_NONE ? o->x : o->y];
  const int parts = o->collective == TMK_COLL_ALL_GATHER ? o->ranks : 1;
  const int64_t bytes = o->rows * tmk_dtype_bytes(tensor->dtype, o->cols) * parts;
  const int count = collect(table, o, tensor->dtype, entries);
  if (tmk_comm_predict_ns(entries, count, bytes, time_ns)) return TMK_OK;
  if (count == 0) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "--comm-table: no %s over %d ranks in it",
                    tmk_collective_name(o->collective), o->ranks);
  }
  return tmk_fail(err, TMK_ERR_UNSUPPORTED, "--comm-table: %s of %lld bytes over %d ranks: it has %lld..%lld",
                  tmk_collective_name(o->collective), (long long)bytes, o->ranks, (long long)entries[0].bytes,
                  (long long)entries[count - 1].bytes);
}

/* Operations of one kind and size follow each other: the last answer is kept. */
enum tmk_status tmk_run_predict(const struct tmk_run_state *state, struct tmk_run_unit *unit, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_result *table = state->args->comm_table;
  const struct tmk_layout *layout = &unit->workload.layout;
  const struct tmk_plan *plan = unit->plan;
  struct tmk_comm_entry *entries = NULL;
  struct tmk_op_collective last = {0};
  double last_ns = 0;
  unit->stretch = 1 + (double)(layout->pp - 1) / (double)plan->step_count;
  unit->comm_ns = 0;
  if (table == NULL) return TMK_OK;
  entries = calloc((size_t)table->point_count + 1, sizeof *entries);
  if (entries == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for a table of collectives");
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_op_collective *o = &plan->ops[i].u.collective;
    if (plan->ops[i].kind != TMK_OP_COLLECTIVE) continue;
    if (o->collective != last.collective || o->rows != last.rows || o->cols != last.cols || o->x != last.x) {
      TMK_TRY(predict(table, plan, o, entries, &last_ns, err));
      last = *o;
    }
    unit->comm_ns += last_ns;
  }
out:
  free(entries);
  return status;
}

double tmk_run_table_bandwidth(const struct tmk_run_state *state)
{
  const struct tmk_result *table = state->args->comm_table;
  const struct tmk_layout *layout = &state->args->layout;
  double best = NAN;
  for (int64_t i = 0; table != NULL && i < table->point_count; i++) {
    const struct tmk_point *point = &table->points[i];
    const bool fits = point->workload.comm.ranks == layout->tp || (layout->pp > 1 && point->workload.comm.ranks == 2);
    if (point->type == TMK_POINT_COMM && fits) best = fmax(best, point->comm.busbw_bytes_per_s);
  }
  return best;
}
