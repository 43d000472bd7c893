/* cpu_attention.h: causal attention over the cache, out = softmax(scale · q · Kᵀ) · V, online (Milakov & Gimelshein 2018,
 * arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135).
 *
 * Both products are the register tile of cpu_tile.h, since keys and values stand in panels: S[rows, 32 keys] = Q · keys and
 * O[rows, 32 dims] += P · values. Rows of a tile are the queries of one sequence for all heads that share a KV head, so each
 * key and value is read once for all of them: row r is query r / group, head r % group of the group.
 *
 *   item    (sequence, KV head, query tile): its keys go by in chunks of TMK_CPU_ATTENTION_KEYS
 *   unit    32 keys of an item. Threads take equal, contiguous ranges of the units of all items, so they are equally loaded
 *           for any number of heads, sequences and threads. A range may begin or end within an item; then the largest scores,
 *           sums and accumulators are saved, and attention_join adds them up, in the order of the threads
 *
 *   saved result 0 of a thread: the item that an earlier thread began; 1: the item it began and a later one goes on with
 */
#ifndef TMK_CPU_ATTENTION_H
#define TMK_CPU_ATTENTION_H

#include "cpu_tile.h"

enum { CHUNK = TMK_CPU_ATTENTION_KEYS, SCORE_LD = CHUNK + 16 };

/* What follows from the op's shape. */
struct attention_shape {
  int64_t group, tile_queries, tiles;
  int64_t pairs;         /* sequences × KV heads */
  int64_t units_of_pair; /* over the tiles of one pair */
  int64_t acc_ld;
};

/* One item, and which of its units (from its first key panel on) are meant. */
struct attention_item {
  int64_t pair, tile;
  int64_t query_first, queries, rows;
  int64_t panel_first, panels; /* of keys that any of its queries sees */
};

/* Rows' state in the online softmax. */
struct attention_state {
  float *largest, *sum; /* [rows] */
  float *acc;           /* [rows, head_dim], acc_ld apart */
};

static struct attention_item attention_item_at(const struct tmk_cpu_attention *a, const struct attention_shape *shape,
                                               int64_t pair, int64_t tile)
{
  struct attention_item item = {.pair = pair, .tile = tile, .query_first = tile * shape->tile_queries};
  const int64_t left = a->q_len - item.query_first;
  item.queries = left < shape->tile_queries ? left : shape->tile_queries;
  item.rows = item.queries * shape->group;
  const int64_t first_position = a->past + item.query_first, last_position = first_position + item.queries - 1;
  const int64_t first_key = a->window && first_position >= a->window ? first_position - a->window + 1 : 0;
  item.panel_first = first_key / TMK_CPU_PANEL;
  item.panels = last_position / TMK_CPU_PANEL - item.panel_first + 1;
  return item;
}

static struct attention_shape attention_shape_of(const struct tmk_cpu_attention *a)
{
  struct attention_shape shape = {.group = a->heads_q / a->heads_kv, .pairs = a->seqs * a->heads_kv};
  shape.tile_queries = tmk_cpu_attention_tile_queries(shape.group, a->q_len);
  shape.tiles = (a->q_len + shape.tile_queries - 1) / shape.tile_queries;
  shape.acc_ld = tmk_cpu_row_stride(a->head_dim);
  for (int64_t tile = 0; tile < shape.tiles; tile++) {
    shape.units_of_pair += attention_item_at(a, &shape, 0, tile).panels;
  }
  return shape;
}

/* ---- scratch of a thread ---- */

struct attention_scratch {
  float *queries; /* [rows, head_dim], acc_ld apart, scaled */
  float *scores;  /* [rows, CHUNK], SCORE_LD apart */
  struct attention_state state;
  struct attention_state saved[2];
};

static struct attention_state attention_state_at(float *place, int64_t rows)
{
  return (struct attention_state){place, place + rows, place + 2 * rows};
}

static struct attention_scratch attention_scratch_of(const struct tmk_cpu_attention *a,
                                                     const struct attention_shape *shape, int thread)
{
  const int64_t rows = shape->tile_queries * shape->group, partial = tmk_cpu_attention_partial(rows, a->head_dim);
  struct attention_scratch s;
  s.queries = a->scratch + thread * a->scratch_stride;
  s.scores = s.queries + rows * shape->acc_ld;
  s.state = attention_state_at(s.scores + rows * SCORE_LD, rows);
  s.saved[0] = attention_state_at(s.state.largest + partial, rows);
  s.saved[1] = attention_state_at(s.state.largest + 2 * partial, rows);
  return s;
}

/* ---- one item ---- */

/* Where a row's head stands in q and out: its token and its first element. */
struct attention_place {
  int64_t token, column;
};

INLINE struct attention_place attention_place_of(const struct tmk_cpu_attention *a, const struct attention_shape *shape,
                                                 const struct attention_item *item, int64_t row)
{
  const int64_t sequence = item->pair / a->heads_kv, head_kv = item->pair % a->heads_kv;
  return (struct attention_place){
      .token = sequence * a->q_len + item->query_first + row / shape->group,
      .column = (head_kv * shape->group + row % shape->group) * a->head_dim,
  };
}

static void attention_begin(const struct tmk_cpu_attention *a, const struct attention_shape *shape,
                            const struct attention_item *item, const struct attention_scratch *s)
{
  const vf scale = v_splat(a->scale);
  for (int64_t row = 0; row < item->rows; row++) {
    const struct attention_place place = attention_place_of(a, shape, item, row);
    const float *q = a->q + place.token * a->q_stride + place.column;
    float *out = s->queries + row * shape->acc_ld, *acc = s->state.acc + row * shape->acc_ld;
    for (int64_t i = 0; i < a->head_dim; i += LANES) v_store(out + i, v_load(q + i) * scale);
    for (int64_t i = 0; i < shape->acc_ld; i += LANES) v_store(acc + i, v_splat(0.0f));
    s->state.largest[row] = -INFINITY;
    s->state.sum[row] = 0.0f;
  }
}

/* Scores of a row for the chunk's keys → weights exp(score − largest), 0 for keys the row may not see; the state moves to
 * the new largest score. `from` … `to` − 1 are the columns it sees. */
INLINE void attention_softmax_row(const struct attention_state *state, int64_t acc_ld, int64_t row, float *scores,
                                  int64_t width, int64_t from, int64_t to)
{
  vf largest = v_splat(-INFINITY);
  const bool whole = from <= 0 && to >= width;
  for (int64_t i = 0; i < width; i += LANES) {
    vf score = v_load(scores + i);
    if (!whole) {
      vi column = v_lane() + (int32_t)i;
      score = v_select((column >= (int32_t)from) & (column < (int32_t)to), score, v_splat(-INFINITY));
      v_store(scores + i, score);
    }
    largest = v_max(largest, score);
  }
  const float before = state->largest[row];
  const float chunk = v_largest(largest), now = chunk > before ? chunk : before;
  const vf base = v_splat(now == -INFINITY ? 0.0f : now); /* no key yet: weights exp(−∞) = 0 */
  vf sums = v_splat(0.0f);
  for (int64_t i = 0; i < width; i += LANES) {
    const vf weight = v_exp(v_load(scores + i) - base);
    v_store(scores + i, weight);
    sums += weight;
  }
  state->largest[row] = now;
  if (now != before && before != -INFINITY) {
    const vf shrink = v_exp(v_splat(before) - base);
    float *acc = state->acc + row * acc_ld;
    for (int64_t i = 0; i < acc_ld; i += LANES) v_store(acc + i, v_load(acc + i) * shrink);
    state->sum[row] *= shrink[0];
  }
  state->sum[row] += v_sum(sums);
}

/* A chunk of keys, whole panels from panel_first on, for all rows of the item. */
static void attention_chunk(const struct tmk_cpu_attention *a, const struct attention_shape *shape,
                            const struct attention_item *item, const struct attention_scratch *s, int64_t panel_first,
                            int64_t panels)
{
  const int64_t sequence = a->seq_first + item->pair / a->heads_kv;
  const int64_t matrix = sequence * a->heads_kv + item->pair % a->heads_kv;
  const char *keys = a->cache.keys + matrix * a->cache.key_matrix_bytes;
  const char *values = a->cache.values + matrix * a->cache.value_matrix_bytes;
  const int64_t key_first = panel_first * TMK_CPU_PANEL, width = panels * TMK_CPU_PANEL;
  const int64_t key_row = tmk_dtype_bytes(a->cache.key_dtype, TMK_CPU_PANEL);
  const int64_t value_row = tmk_dtype_bytes(a->cache.value_dtype, TMK_CPU_PANEL);

  for (int64_t i = 0; i < panels; i++) {
    const struct tile t = {.a = s->queries,
                           .lda = shape->acc_ld,
                           .panel = keys + (panel_first + i) * a->head_dim * key_row,
                           .k = a->head_dim,
                           .c = s->scores + i * TMK_CPU_PANEL,
                           .ldc = SCORE_LD,
                           .ahead = STREAM_AHEAD};
    tile_rows(t, a->cache.key_dtype, item->rows);
  }

  for (int64_t row = 0; row < item->rows; row++) {
    const int64_t position = a->past + item->query_first + row / shape->group;
    const int64_t oldest = a->window ? position - a->window + 1 : 0;
    attention_softmax_row(&s->state, shape->acc_ld, row, s->scores + row * SCORE_LD, width, oldest - key_first,
                          position + 1 - key_first);
  }

  /* Only positions that some row sees: behind the last query the cache holds no numbers, and 0 · NaN is NaN. */
  const int64_t position_first = a->past + item->query_first, position_last = position_first + item->queries - 1;
  int64_t from = a->window ? position_first - a->window + 1 - key_first : 0, to = position_last + 1 - key_first;
  if (from < 0) from = 0;
  if (to > width) to = width;
  if (from >= to) return;
  for (int64_t d = 0; d * TMK_CPU_PANEL < a->head_dim; d++) {
    float *acc = s->state.acc + d * TMK_CPU_PANEL;
    const struct tile t = {.a = s->scores + from,
                           .lda = SCORE_LD,
                           .panel = values + (d * a->cache.value_positions + key_first + from) * value_row,
                           .k = to - from,
                           .start = acc,
                           .start_ld = shape->acc_ld,
                           .c = acc,
                           .ldc = shape->acc_ld,
                           .ahead = STREAM_AHEAD};
    tile_rows(t, a->cache.value_dtype, item->rows);
  }
}

static void attention_finish(const struct tmk_cpu_attention *a, const struct attention_shape *shape,
                             const struct attention_item *item, const struct attention_state *state)
{
  for (int64_t row = 0; row < item->rows; row++) {
    const float *acc = state->acc + row * shape->acc_ld;
    const struct attention_place place = attention_place_of(a, shape, item, row);
    float *out = a->out + place.token * a->out_stride + place.column;
    const float factor = 1.0f / state->sum[row];
    int64_t i = 0;
    for (; i + LANES <= a->head_dim; i += LANES) v_store(out + i, v_load(acc + i) * v_splat(factor));
    for (; i < a->head_dim; i++) out[i] = acc[i] * factor;
  }
}

static void attention_save(const struct attention_shape *shape, const struct attention_item *item,
                           const struct attention_state *from, const struct attention_state *to)
{
  memcpy(to->largest, from->largest, (size_t)item->rows * sizeof(float));
  memcpy(to->sum, from->sum, (size_t)item->rows * sizeof(float));
  memcpy(to->acc, from->acc, (size_t)(item->rows * shape->acc_ld) * sizeof(float));
}

/* ---- the walk over a thread's units ---- */

/* The item that `unit` (counted over all pairs) falls in; *begin is the item's first unit. */
static struct attention_item attention_find(const struct tmk_cpu_attention *a, const struct attention_shape *shape,
                                            int64_t unit, int64_t *begin)
{
  const int64_t pair = unit / shape->units_of_pair;
  *begin = pair * shape->units_of_pair;
  struct attention_item item = attention_item_at(a, shape, pair, 0);
  while (*begin + item.panels <= unit) {
    *begin += item.panels;
    item = attention_item_at(a, shape, pair, item.tile + 1);
  }
  return item;
}

static struct attention_item attention_next(const struct tmk_cpu_attention *a, const struct attention_shape *shape,
                                            const struct attention_item *item)
{
  const bool same_pair = item->tile + 1 < shape->tiles;
  return attention_item_at(a, shape, same_pair ? item->pair : item->pair + 1, same_pair ? item->tile + 1 : 0);
}

static void kernel_attention(const struct tmk_cpu_attention *a, struct tmk_cpu_part part)
{
  const struct attention_shape shape = attention_shape_of(a);
  const struct attention_scratch s = attention_scratch_of(a, &shape, part.thread);
  const int64_t units = shape.pairs * shape.units_of_pair;
  const int64_t first = tmk_cpu_part_first(part, units), end = tmk_cpu_part_end(part, units);
  if (first == end) return;
  int64_t begin;
  struct attention_item item = attention_find(a, &shape, first, &begin);
  for (int64_t unit = first; unit < end; item = attention_next(a, &shape, &item)) {
    const int64_t item_end = begin + item.panels, stop = end < item_end ? end : item_end;
    attention_begin(a, &shape, &item, &s);
    for (int64_t at = unit - begin; at < stop - begin; at += CHUNK / TMK_CPU_PANEL) {
      const int64_t left = stop - begin - at, width = CHUNK / TMK_CPU_PANEL;
      attention_chunk(a, &shape, &item, &s, item.panel_first + at, left < width ? left : width);
    }
    if (unit == begin && stop == item_end) {
      attention_finish(a, &shape, &item, &s.state);
    } else {
      attention_save(&shape, &item, &s.state, &s.saved[unit == begin ? 1 : 0]);
    }
    unit = begin = item_end;
  }
}

/* into += from, both brought to the larger of their largest scores. */
static void attention_add(const struct attention_shape *shape, const struct attention_item *item,
                          const struct attention_state *into, const struct attention_state *from)
{
  for (int64_t row = 0; row < item->rows; row++) {
    const float a = into->largest[row], b = from->largest[row], largest = a > b ? a : b;
    const float base = largest == -INFINITY ? 0.0f : largest;
    const vf shrink_a = v_exp(v_splat(a - base)), shrink_b = v_exp(v_splat(b - base));
    float *into_acc = into->acc + row * shape->acc_ld;
    const float *from_acc = from->acc + row * shape->acc_ld;
    for (int64_t i = 0; i < shape->acc_ld; i += LANES) {
      v_store(into_acc + i, v_load(into_acc + i) * shrink_a + v_load(from_acc + i) * shrink_b);
    }
    into->sum[row] = into->sum[row] * shrink_a[0] + from->sum[row] * shrink_b[0];
    into->largest[row] = largest;
  }
}

/* The thread that began an item which others went on with adds up their results. */
static void kernel_attention_join(const struct tmk_cpu_attention *a, struct tmk_cpu_part part)
{
  const struct attention_shape shape = attention_shape_of(a);
  const int64_t units = shape.pairs * shape.units_of_pair, end = tmk_cpu_part_end(part, units);
  const int64_t first = tmk_cpu_part_first(part, units);
  if (first == end) return;
  int64_t begin;
  const struct attention_item item = attention_find(a, &shape, end - 1, &begin);
  if (begin < first || begin + item.panels == end) return;
  const struct attention_scratch s = attention_scratch_of(a, &shape, part.thread);
  struct tmk_cpu_part other = part;
  do {
    other.thread++;
    if (tmk_cpu_part_first(other, units) == tmk_cpu_part_end(other, units)) continue;
    const struct attention_scratch theirs = attention_scratch_of(a, &shape, other.thread);
    attention_add(&shape, &item, &s.saved[1], &theirs.saved[0]);
  } while (tmk_cpu_part_end(other, units) < begin + item.panels);
  attention_finish(a, &shape, &item, &s.saved[1]);
}

#endif
