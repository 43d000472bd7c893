/* verify_collective.c: see verify_collective.h.
 *
 * Limit of a sum over n ranks: whatever the order, each of the n − 1 additions, and the rounding to the dtype that may follow each of
 * them, has an error of at most u times the partial sum, which no Σ|x| is below: 2 (n − 1) u Σ|x| in all, where u is the unit
 * roundoff of the tensor's dtype (a transport may add more exactly). What is only moved is the same to the bit.
 */
#include "verify_collective.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokmark/fill.h"

#define ELEMENTS 64

static enum tmk_status out_of_memory(struct tmk_error *err)
{
  return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for verification");
}

/* Which elements of [rows, cols] are looked at: the last one, and others that follow from seed and ordinal. */
struct places {
  int64_t items[ELEMENTS];
  int count;
};

static struct places places_of(const struct tmk_op_collective *o, uint64_t seed, int ordinal)
{
  struct places places;
  const int64_t total = o->rows * o->cols;
  places.count = total < ELEMENTS ? (int)total : ELEMENTS;
  for (int i = 0; i < places.count; i++) {
    const uint64_t random = tmk_fill_mix64(seed ^ tmk_fill_mix64((uint64_t)ordinal << 8 | (uint64_t)i));
    places.items[i] = total <= ELEMENTS ? i : i == 0 ? total - 1 : (int64_t)(random % (uint64_t)total);
  }
  return places;
}

/* Room for `count` more values of the group; they are NAN at first. */
static enum tmk_status add_values(struct tmk_verify_notes *notes, enum tmk_group group, int64_t count, double **out,
                                  struct tmk_error *err)
{
  int64_t capacity = notes->capacity[group] > 0 ? notes->capacity[group] : 1024;
  while (capacity < notes->count[group] + count) capacity *= 2;
  if (capacity > notes->capacity[group]) {
    double *grown = realloc(notes->values[group], (size_t)capacity * sizeof *grown);
    if (!grown) return out_of_memory(err);
    notes->values[group] = grown;
    notes->capacity[group] = capacity;
  }
  *out = notes->values[group] + notes->count[group];
  notes->count[group] += count;
  for (int64_t i = 0; i < count; i++) (*out)[i] = (double)NAN;
  return TMK_OK;
}

static enum tmk_status add_op(struct tmk_verify_notes *notes, int op, struct tmk_error *err)
{
  if (notes->op_count == notes->op_capacity) {
    const int capacity = notes->op_capacity > 0 ? 2 * notes->op_capacity : 64;
    int *grown = realloc(notes->ops, (size_t)capacity * sizeof *grown);
    if (!grown) return out_of_memory(err);
    notes->ops = grown;
    notes->op_capacity = capacity;
  }
  notes->ops[notes->op_count++] = op;
  return TMK_OK;
}

/* Values that one operation has in the notes: before of x, then after of x or y. */
static int64_t before_count(const struct tmk_op_collective *o, int places)
{
  return o->x == TMK_TENSOR_NONE ? 0 : places;
}

static int64_t after_count(const struct tmk_op_collective *o, int places)
{
  switch (o->collective) {
  case TMK_COLL_ALL_REDUCE: return places;
  case TMK_COLL_ALL_GATHER: return (int64_t)places * o->ranks;
  default: return o->y == TMK_TENSOR_NONE ? 0 : places;
  }
}

static enum tmk_status read_places(const struct tmk_verify_device *device, int tensor, const struct places *places,
                                   double *values, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int i = 0; i < places->count; i++) {
    TMK_TRY(device->ops->read(device->exec, tensor, places->items[i], 1, &values[i], err));
  }
out:
  return status;
}

/* Of each rank's columns, where they are within the result. */
static enum tmk_status read_gathered(const struct tmk_verify_device *device, const struct tmk_op_collective *o,
                                     const struct places *places, double *values, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int i = 0; i < places->count; i++) {
    const int64_t row = places->items[i] / o->cols, column = places->items[i] % o->cols;
    for (int p = 0; p < o->ranks; p++) {
      const int64_t at = p * o->cols + column;
      if (at >= o->y_cols) continue;
      TMK_TRY(device->ops->read(device->exec, o->y, row * o->y_cols + at, 1, &values[i * o->ranks + p], err));
    }
  }
out:
  return status;
}

enum tmk_status tmk_verify_collective_run(const struct tmk_verify_device *device, int op, uint64_t seed,
                                          struct tmk_verify_notes *notes, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_collective *o = &device->plan->ops[op].u.collective;
  const struct places places = places_of(o, seed, notes->ordinal[o->group]++);
  const int64_t before = before_count(o, places.count), after = after_count(o, places.count);
  double *values = NULL;
  TMK_TRY(add_op(notes, op, err));
  TMK_TRY(add_values(notes, o->group, before + after, &values, err));
  if (before > 0) TMK_TRY(read_places(device, o->x, &places, values, err));
  TMK_TRY(device->ops->run_ops(device->exec, op, 1, err));
  if (o->collective == TMK_COLL_ALL_GATHER) {
    TMK_TRY(read_gathered(device, o, &places, values + before, err));
  } else if (after > 0) {
    TMK_TRY(read_places(device, o->y != TMK_TENSOR_NONE ? o->y : o->x, &places, values + before, err));
  }
out:
  return status;
}

/* ---- judging ---- */

/* All ranks' notes: of rank r, group g, count values from values[r * stride + offset] on. */
struct shown {
  struct tmk_verify_notes *own; /* used alone where there are no others */
  int64_t (*counts)[TMK_GROUP_COUNT]; /* [ranks], owned */
  double *values;                     /* owned */
  int64_t stride;
  int rank;
};

static const double *shown_values(const struct shown *shown, int rank, enum tmk_group group, int64_t *count)
{
  if (!shown->counts) {
    *count = shown->own->count[group];
    return shown->own->values[group];
  }
  const double *values = shown->values + (int64_t)rank * shown->stride;
  for (int g = 0; g < (int)group; g++) values += shown->counts[rank][g];
  *count = shown->counts[rank][group];
  return values;
}

static enum tmk_status show(struct tmk_world *world, struct shown *shown, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_verify_notes *own = shown->own;
  double *mine = NULL;
  shown->counts = calloc((size_t)world->size, sizeof *shown->counts);
  if (!shown->counts) return out_of_memory(err);
  TMK_TRY(world->ops->exchange(world, own->count, shown->counts, sizeof own->count, err));
  for (int rank = 0; rank < world->size; rank++) {
    int64_t all = 0;
    for (int g = 0; g < TMK_GROUP_COUNT; g++) all += shown->counts[rank][g];
    if (all > shown->stride) shown->stride = all;
  }
  const size_t bytes = (size_t)shown->stride * sizeof *mine;
  mine = calloc((size_t)shown->stride + 1, sizeof *mine);
  shown->values = calloc((size_t)world->size * (size_t)shown->stride + 1, sizeof *mine);
  if (!mine || !shown->values) TMK_TRY(out_of_memory(err));
  for (int g = 0, at = 0; g < TMK_GROUP_COUNT; at += (int)own->count[g], g++) {
    if (own->count[g] > 0) memcpy(mine + at, own->values[g], (size_t)own->count[g] * sizeof *mine);
  }
  TMK_TRY(world->ops->exchange(world, mine, shown->values, bytes, err));
out:
  free(mine);
  return status;
}

/* One operation while it is judged: its notes begin at `at` in those of each rank of the group. */
struct judging {
  const struct tmk_plan *plan;
  const struct tmk_op_collective *o;
  const struct shown *shown;
  int peer_first; /* world rank of the group's rank 0; its others follow */
  bool alone;
  int64_t at;
  int places;
  struct tmk_verify_op *result;
};

static const double *notes_of(const struct judging *j, int peer)
{
  int64_t count;
  const double *values =
      shown_values(j->shown, j->alone ? j->shown->rank : j->peer_first + peer, j->o->group, &count);
  return j->at + before_count(j->o, j->places) + after_count(j->o, j->places) <= count ? values + j->at : NULL;
}

static void judge_value(const struct judging *j, int64_t place, double got, double expected, double limit)
{
  struct tmk_verify_op *result = j->result;
  const double error = fabs(got - expected);
  const double ratio = error == 0 ? 0 : error / limit; /* NaN where either is: that is no pass */
  result->elements++;
  if (!(ratio <= result->ratio)) {
    result->ratio = isnan(ratio) ? (double)INFINITY : ratio;
    result->max_error = error;
    result->max_limit = limit;
  }
  if (ratio <= 1 || !result->passed) return;
  result->passed = false;
  snprintf(result->detail, sizeof result->detail, "element %lld of those compared: got %.9g, expected %.9g",
           (long long)place, got, expected);
}

static void ranks_differ(const struct judging *j)
{
  j->result->passed = false;
  j->result->ratio = (double)INFINITY;
  snprintf(j->result->detail, sizeof j->result->detail, "another rank has fewer operations in this group");
}

static void judge_sum(const struct judging *j)
{
  const struct tmk_op_collective *o = j->o;
  const double u = ldexp(1.0, -1 - tmk_dtype_get(j->plan->tensors[o->x].dtype)->mantissa_bits);
  const double *mine = notes_of(j, o->rank);
  for (int i = 0; i < j->places; i++) {
    double sum = 0, magnitude = 0;
    for (int p = 0; p < (j->alone ? 1 : o->ranks); p++) {
      const double *theirs = notes_of(j, p);
      if (!theirs) return ranks_differ(j);
      sum += theirs[i];
      magnitude += fabs(theirs[i]);
    }
    judge_value(j, i, mine[j->places + i], sum, 2 * (o->ranks - 1) * u * magnitude);
  }
}

static void judge_gather(const struct judging *j)
{
  const struct tmk_op_collective *o = j->o;
  const double *mine = notes_of(j, o->rank);
  for (int i = 0; i < j->places; i++) {
    for (int p = 0; p < o->ranks; p++) {
      const double *theirs = notes_of(j, p);
      const double got = mine[j->places + (int64_t)i * o->ranks + p];
      if (!theirs) return ranks_differ(j);
      if (!isnan(got)) {
        judge_value(j, i, got, theirs[i], 0);
      } else if (p < o->ranks - 1) { /* columns of the last may lie behind the end */
        judge_value(j, i, got, theirs[i], 0);
      }
    }
  }
}

/* The sender's notes are of its own group "next", at the same place. */
static void judge_received(const struct judging *j, const double *sent, int64_t sent_count)
{
  const double *mine = notes_of(j, j->o->rank);
  if (j->at + j->places > sent_count) return ranks_differ(j);
  for (int i = 0; i < j->places; i++) judge_value(j, i, mine[i], sent[j->at + i], 0);
}

static void judge(const struct tmk_plan *plan, struct judging *j)
{
  const struct tmk_layout *layout = &plan->workload.layout;
  const struct tmk_plan_share *share = &plan->share;
  switch (j->o->collective) {
  case TMK_COLL_ALL_REDUCE: judge_sum(j); break;
  case TMK_COLL_ALL_GATHER: judge_gather(j); break;
  default: {
    const int stage = (share->pp_rank + layout->pp - 1) % layout->pp;
    const int sender = (share->dp_rank * layout->pp + stage) * layout->tp + share->tp_rank;
    int64_t sent_count;
    if (j->o->y == TMK_TENSOR_NONE || j->alone) break;
    const double *sent = shown_values(j->shown, sender, TMK_GROUP_NEXT, &sent_count);
    judge_received(j, sent, sent_count);
  }
  }
}

enum tmk_status tmk_verify_collectives_judge(const struct tmk_verify_device *device, struct tmk_world *world,
                                             struct tmk_verify_notes *notes, tmk_verify_judged_fn *judged,
                                             void *context, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_plan *plan = device->plan;
  struct shown shown = {.own = notes, .rank = plan->workload.layout.rank};
  int64_t at[TMK_GROUP_COUNT] = {0};
  if (world) TMK_TRY(show(world, &shown, err));
  for (int i = 0; i < notes->op_count; i++) {
    const struct tmk_op_collective *o = &plan->ops[notes->ops[i]].u.collective;
    const int64_t total = o->rows * o->cols;
    struct tmk_verify_op result = {.op = notes->ops[i], .passed = true};
    struct judging judging = {.plan = plan,
                              .o = o,
                              .shown = &shown,
                              .peer_first = plan->workload.layout.rank - o->rank,
                              .alone = world == NULL,
                              .at = at[o->group],
                              .places = total < ELEMENTS ? (int)total : ELEMENTS,
                              .result = &result};
    if (o->group != TMK_GROUP_TP) judging.peer_first = shown.rank - o->rank; /* only its own notes are read so */
    judge(plan, &judging);
    at[o->group] += before_count(o, judging.places) + after_count(o, judging.places);
    judged(context, &result);
  }
out:
  free(shown.counts);
  free(shown.values);
  return status;
}

void tmk_verify_notes_free(struct tmk_verify_notes *notes)
{
  for (int g = 0; g < TMK_GROUP_COUNT; g++) free(notes->values[g]);
  free(notes->ops);
  *notes = (struct tmk_verify_notes){0};
}
