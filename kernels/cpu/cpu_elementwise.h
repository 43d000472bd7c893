/* cpu_elementwise.h: the ops around the matrix products: embedding, RMSNorm, rotary embedding with the append to the cache,
 * SwiGLU, argmax. Rows are cut between threads; SwiGLU, which has the most work on a single row, is cut within rows too. */
#ifndef TMK_CPU_ELEMENTWISE_H
#define TMK_CPU_ELEMENTWISE_H

#include "cpu_vector.h"

/* ---- embedding: a row gathered out of the panels ---- */

enum { EMBED_BLOCK = 512 }; /* elements of a row that a thread takes at a time */

static void embed_piece(const struct tmk_cpu_embed *a, int64_t row, int64_t first, int64_t end)
{
  const int32_t token = a->tokens[row];
  float *x = a->x + row * a->x_stride;
  if (token < 0 || token >= a->vocab) {
    for (int64_t i = first; i < end; i++) x[i] = NAN;
    return;
  }
  const int64_t start = tmk_cpu_panel_offset(a->weight_dtype, a->hidden, token, 0);
  if (a->weight_dtype == TMK_DTYPE_F32) {
    const float *weight = (const float *)a->weight + start;
    for (int64_t i = first; i < end; i++) x[i] = weight[i * TMK_CPU_PANEL];
  } else {
    const uint16_t *weight = (const uint16_t *)a->weight + start;
    for (int64_t i = first; i < end; i++) x[i] = tmk_bf16_to_f32(weight[i * TMK_CPU_PANEL]);
  }
}

static void kernel_embed(const struct tmk_cpu_embed *a, struct tmk_cpu_part part)
{
  const int64_t pieces = (a->hidden + EMBED_BLOCK - 1) / EMBED_BLOCK, end = tmk_cpu_part_end(part, a->rows * pieces);
  for (int64_t unit = tmk_cpu_part_first(part, a->rows * pieces); unit < end; unit++) {
    const int64_t first = unit % pieces * EMBED_BLOCK, last = first + EMBED_BLOCK;
    embed_piece(a, unit / pieces, first, last < a->hidden ? last : a->hidden);
  }
}

/* ---- RMSNorm ---- */

/* Σ (x + delta)² over a row. Four sums in flight; the rest in scalars, since what stands behind the row is no number. */
INLINE float square_sum(const float *x, const float *delta, int64_t count)
{
  vf sums[4] = {v_splat(0.0f), v_splat(0.0f), v_splat(0.0f), v_splat(0.0f)};
  int64_t i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES) {
    for (int j = 0; j < 4; j++) {
      vf s = v_load(x + i + j * LANES);
      if (delta) s += v_load(delta + i + j * LANES);
      sums[j] = v_fma(s, s, sums[j]);
    }
  }
  float sum = v_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (; i < count; i++) {
    const float s = delta ? x[i] + delta[i] : x[i];
    sum += s * s;
  }
  return sum;
}

INLINE float rms_factor(float square_sum_value, int64_t count, double eps)
{
  return (float)(1.0 / sqrt((double)square_sum_value / (double)count + eps));
}

static void kernel_rmsnorm(const struct tmk_cpu_rmsnorm *a, struct tmk_cpu_part part)
{
  const int64_t end = tmk_cpu_part_end(part, a->rows);
  for (int64_t row = tmk_cpu_part_first(part, a->rows); row < end; row++) {
    const int64_t source = (row + 1) * a->row_group - 1;
    float *residual = a->residual + source * a->residual_stride;
    const float *delta = a->delta ? a->delta + source * a->delta_stride : NULL;
    float *y = a->y + row * a->y_stride;
    const float factor = rms_factor(square_sum(residual, delta, a->hidden), a->hidden, a->eps);
    const vf factors = v_splat(factor);
    /* Whole vectors: the last may write behind the row, where nothing is (cpu_kernels.h). The weight is padded likewise. */
    for (int64_t i = 0; i < a->hidden; i += LANES) {
      vf s = v_load(residual + i);
      if (delta) s += v_load(delta + i);
      if (a->write_residual) v_store(residual + i, s);
      v_store(y + i, s * factors * v_load(a->weight + i));
    }
  }
}

/* ---- rotary embedding and the append to the cache ---- */

/* cos and sin of a position's angles, rope_scale in them: [rotary_dim / 2] each. The product is taken in float64, and so is
 * the reduction of the angle, whatever the position. */
static void rope_angles(const struct tmk_cpu_rope_kv *a, int64_t position, float *cosines, float *sines)
{
  for (int64_t i = 0; i < a->rotary_dim / 2; i++) {
    const double angle = (double)position * a->inv_freq[i];
    cosines[i] = (float)(cos(angle) * (double)a->rope_scale);
    sines[i] = (float)(sin(angle) * (double)a->rope_scale);
  }
}

/* One head: normalised where there is a norm, then rotated; source and target may not overlap. */
static void rope_head(const struct tmk_cpu_rope_kv *a, const float *head, const float *norm, const float *cosines,
                      const float *sines, float *out)
{
  const int64_t half = a->rotary_dim / 2;
  const float factor = norm ? rms_factor(square_sum(head, NULL, a->head_dim), a->head_dim, a->eps) : 1.0f;
  const vf factors = v_splat(factor);
  int64_t i = 0;
  for (; i + LANES <= half; i += LANES) {
    vf first = v_load(head + i), second = v_load(head + half + i);
    if (norm) {
      first *= factors * v_load(norm + i);
      second *= factors * v_load(norm + half + i);
    }
    const vf c = v_load(cosines + i), s = v_load(sines + i);
    v_store(out + i, first * c - second * s);
    v_store(out + half + i, second * c + first * s);
  }
  for (; i < half; i++) {
    const float first = norm ? head[i] * (factor * norm[i]) : head[i];
    const float second = norm ? head[half + i] * (factor * norm[half + i]) : head[half + i];
    out[i] = first * cosines[i] - second * sines[i];
    out[half + i] = second * cosines[i] + first * sines[i];
  }
  for (i = 2 * half; i < a->head_dim; i++) out[i] = norm ? head[i] * (factor * norm[i]) : head[i];
}

/* Writes `count` elements of one row n or one column k of a matrix in panels: a key is a row (neighbours k), a value a column
 * (neighbours n). */
INLINE void append_key(char *matrix, enum tmk_dtype dtype, int64_t head_dim, int64_t position, const float *key)
{
  const int64_t start = tmk_cpu_panel_offset(dtype, head_dim, position, 0);
  if (dtype == TMK_DTYPE_F32) {
    float *out = (float *)matrix + start;
    for (int64_t i = 0; i < head_dim; i++) out[i * TMK_CPU_PANEL] = key[i];
  } else {
    uint16_t *out = (uint16_t *)matrix + start;
    for (int64_t i = 0; i < head_dim; i++) out[i * TMK_CPU_PANEL] = tmk_f32_to_bf16(key[i]);
  }
}

INLINE void append_value(char *matrix, enum tmk_dtype dtype, int64_t positions, int64_t head_dim, int64_t position,
                         const float *value)
{
  for (int64_t i = 0; i < head_dim; i++) {
    const int64_t offset = tmk_cpu_panel_offset(dtype, positions, i, position);
    if (dtype == TMK_DTYPE_F32) {
      ((float *)matrix)[offset] = value[i];
    } else {
      ((uint16_t *)matrix)[offset] = tmk_f32_to_bf16(value[i]);
    }
  }
}

static void rope_row(const struct tmk_cpu_rope_kv *a, int64_t sequence, int64_t row, int64_t position,
                     const float *cosines, const float *sines, float *head)
{
  const float *q_in = a->qkv + row * a->qkv_stride, *k_in = q_in + a->heads_q * a->head_dim;
  const float *v_in = k_in + a->heads_kv * a->head_dim;
  float *q_out = a->q + row * a->q_stride;
  for (int64_t h = 0; h < a->heads_q; h++) {
    rope_head(a, q_in + h * a->head_dim, a->q_norm, cosines, sines, q_out + h * a->head_dim);
  }
  const struct tmk_cpu_cache *cache = &a->cache;
  for (int64_t h = 0; h < a->heads_kv; h++) {
    const int64_t matrix = sequence * a->heads_kv + h;
    rope_head(a, k_in + h * a->head_dim, a->k_norm, cosines, sines, head);
    append_key(cache->keys + matrix * cache->key_matrix_bytes, cache->key_dtype, a->head_dim, position, head);
    append_value(cache->values + matrix * cache->value_matrix_bytes, cache->value_dtype, cache->value_positions,
                 a->head_dim, position, v_in + h * a->head_dim);
  }
}

static void kernel_rope_kv(const struct tmk_cpu_rope_kv *a, struct tmk_cpu_part part)
{
  float *cosines = a->scratch, *sines = cosines + a->rotary_dim / 2;
  float *head = a->scratch + tmk_cpu_row_stride(a->head_dim);
  const int64_t end = tmk_cpu_part_end(part, a->seqs * a->q_len);
  int64_t position_of_angles = -1;
  /* Sequences innermost: they stand at the same position, so its angles are taken once. */
  for (int64_t unit = tmk_cpu_part_first(part, a->seqs * a->q_len); unit < end; unit++) {
    const int64_t query = unit / a->seqs, sequence = unit % a->seqs, position = a->past + query;
    if (position != position_of_angles) {
      rope_angles(a, position, cosines, sines);
      position_of_angles = position;
    }
    rope_row(a, a->seq_first + sequence, sequence * a->q_len + query, position, cosines, sines, head);
  }
}

/* ---- SwiGLU ---- */

enum { SWIGLU_BLOCK = 256 };

static void kernel_swiglu(const struct tmk_cpu_swiglu *a, struct tmk_cpu_part part)
{
  const int64_t pieces = (a->inner + SWIGLU_BLOCK - 1) / SWIGLU_BLOCK, end = tmk_cpu_part_end(part, a->rows * pieces);
  for (int64_t unit = tmk_cpu_part_first(part, a->rows * pieces); unit < end; unit++) {
    const int64_t row = unit / pieces, first = unit % pieces * SWIGLU_BLOCK;
    const int64_t last = first + SWIGLU_BLOCK < a->inner ? first + SWIGLU_BLOCK : a->inner;
    const float *gate = a->gate_up + row * a->gate_up_stride, *up = gate + a->inner;
    float *y = a->y + row * a->y_stride;
    for (int64_t i = first; i < last; i += LANES) {
      const vf g = v_load(gate + i);
      v_store(y + i, g / (v_splat(1.0f) + v_exp(-g)) * v_load(up + i));
    }
  }
}

/* ---- argmax ---- */

/* A lane keeps the first of its largest; of the lanes' results the lowest index of the largest is taken. */
static int32_t row_argmax(const float *x, int64_t count)
{
  float best = x[0];
  int32_t best_at = 0;
  int64_t i = 0;
  if (count >= LANES) {
    vf largest = v_load(x);
    vi at = v_lane(), index = at, not_a_number = largest != largest;
    for (i = LANES; i + LANES <= count; i += LANES) {
      const vf v = v_load(x + i);
      index += LANES;
      const vi larger = v > largest;
      not_a_number |= v != v;
      largest = v_select(larger, v, largest);
      at = (larger & index) | (~larger & at);
    }
    best = largest[0];
    best_at = at[0];
    for (int lane = 0; lane < LANES; lane++) {
      if (not_a_number[lane]) return -1;
      if (largest[lane] > best || (largest[lane] == best && at[lane] < best_at)) {
        best = largest[lane];
        best_at = at[lane];
      }
    }
  }
  for (; i < count; i++) {
    if (isnan(x[i])) return -1;
    if (x[i] > best) {
      best = x[i];
      best_at = (int32_t)i;
    }
  }
  return best_at;
}

static void kernel_sample(const struct tmk_cpu_sample *a, struct tmk_cpu_part part)
{
  const int64_t end = tmk_cpu_part_end(part, a->rows);
  for (int64_t row = tmk_cpu_part_first(part, a->rows); row < end; row++) {
    a->tokens[row] = row_argmax(a->logits + row * a->logits_stride, a->vocab);
  }
}

#endif
