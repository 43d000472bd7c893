/* Each op of the CPU backend on ragged shapes, with every instruction set of this machine and several numbers of threads,
 * against sums written out here in double. Limits are the worst that float32 can do: (terms + some) · 2⁻²⁴ · Σ|term|. */
#include "cpu_rig.h"

static const double unit = 0x1p-24; /* unit roundoff of float32 */

static void expect_near(const struct cpu_rig *rig, const char *what, double got, double expected, double limit)
{
  /* Written so that a NaN fails. */
  cr_assert(fabs(got - expected) <= limit, "%s, %s: got %.9g, expected %.9g ± %.3g", rig->what, what, got, expected,
            limit);
}

/* ---- gemm ---- */

static void check_gemm(struct cpu_rig *rig, const struct tmk_op_gemm *shape, enum tmk_dtype dtype, uint64_t seed)
{
  struct tmk_op op = {.kind = TMK_OP_GEMM, .u.gemm = *shape};
  struct tmk_op_gemm *o = &op.u.gemm;
  o->x = cpu_rig_add(rig, TMK_ROLE_INPUT, TMK_DTYPE_F32, DIMS(o->m, o->k));
  o->weight = cpu_rig_add(rig, TMK_ROLE_WEIGHT, dtype, DIMS(o->n, o->k));
  o->y = cpu_rig_add(rig, TMK_ROLE_OUTPUT, TMK_DTYPE_F32, DIMS(o->m, o->n));
  if (o->bias != TMK_TENSOR_NONE) o->bias = cpu_rig_add(rig, TMK_ROLE_WEIGHT, dtype, DIMS(o->n));
  cpu_rig_prepare(rig, &op, seed);
  cpu_rig_run(rig);
  double *x = cpu_rig_read(rig, o->x), *weight = cpu_rig_read(rig, o->weight), *y = cpu_rig_read(rig, o->y);
  double *bias = o->bias == TMK_TENSOR_NONE ? NULL : cpu_rig_read(rig, o->bias);
  for (int64_t m = 0; m < o->m; m++) {
    for (int64_t n = 0; n < o->n; n++) {
      double sum = bias ? bias[n] : 0.0, size = fabs(sum);
      for (int64_t k = 0; k < o->k; k++) {
        const double term = x[m * o->k + k] * weight[n * o->k + k];
        sum += term;
        size += fabs(term);
      }
      expect_near(rig, "gemm", y[m * o->n + n], sum, (double)(o->k + 2) * unit * size);
    }
  }
  free(x), free(weight), free(y), free(bias);
  cpu_rig_clear(rig);
}

static void test_gemm(struct cpu_rig *rig, uint64_t seed)
{
  static const struct {
    int64_t n, k;
  } shapes[] = {{1, 1}, {31, 7}, {33, 64}, {70, 257}, {97, 600}};
  /* Every height of a tile, and beyond the largest tile by one and more. */
  static const int64_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 25, 70};
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
      const bool bias = (r + s) % 2 == 0;
      const struct tmk_op_gemm shape = {
          .m = rows[r], .n = shapes[s].n, .k = shapes[s].k, .bias = bias ? 0 : TMK_TENSOR_NONE};
      check_gemm(rig, &shape, TMK_DTYPE_F32, seed);
      check_gemm(rig, &shape, TMK_DTYPE_BF16, seed);
    }
  }
  /* Several blocks of rows. */
  const struct tmk_op_gemm large = {.m = 300, .n = 40, .k = 1100, .bias = 0};
  check_gemm(rig, &large, TMK_DTYPE_BF16, seed);
}

Test(cpu_ops, gemm, .timeout = 300)
{
  cpu_rig_each(test_gemm);
}

/* ---- attention ---- */

/* Scores and sums of one head and query in double; `slack` gets the limit for an output of size up to `size`. */
static void check_attention_row(const struct cpu_rig *rig, const struct tmk_op_attention *o, const double *q,
                                const double *keys, const double *values, int64_t position, const double *out)
{
  const int64_t kv_row = o->heads_kv * o->head_dim;
  const int64_t first = o->window && position >= o->window ? position - o->window + 1 : 0;
  double *score = malloc((size_t)(position + 1) * sizeof *score), largest = -INFINITY, sum = 0.0, score_size = 0.0;
  for (int64_t j = first; j <= position; j++) {
    double size = 0.0;
    score[j] = 0.0;
    for (int64_t d = 0; d < o->head_dim; d++) {
      score[j] += o->scale * q[d] * keys[j * kv_row + d];
      size += fabs(o->scale * q[d] * keys[j * kv_row + d]);
    }
    if (score[j] > largest) largest = score[j];
    if (size > score_size) score_size = size;
  }
  for (int64_t j = first; j <= position; j++) sum += exp(score[j] - largest);
  for (int64_t d = 0; d < o->head_dim; d++) {
    double expected = 0.0, size = 0.0;
    for (int64_t j = first; j <= position; j++) {
      const double term = exp(score[j] - largest) / sum * values[j * kv_row + d];
      expected += term;
      size += fabs(term);
    }
    /* A score off by e moves its weight by the factor exp(e): twice, in the weight and in the sum. */
    const double score_error = (double)(o->head_dim + 4) * unit * score_size;
    expect_near(rig, "attention", out[d], expected,
                (2.0 * score_error + (double)(position + 16) * unit) * size + 1e-30);
  }
  free(score);
}

static void check_attention(struct cpu_rig *rig, const struct tmk_op_attention *shape, enum tmk_dtype kv, uint64_t seed)
{
  struct tmk_op op = {.kind = TMK_OP_ATTENTION, .u.attention = *shape};
  struct tmk_op_attention *o = &op.u.attention;
  const int64_t rows = o->seqs * o->q_len, sequences = o->seq_first + o->seqs + 1, positions = o->past + o->q_len + 3;
  o->scale = 1.0 / sqrt((double)o->head_dim);
  o->q = cpu_rig_add(rig, TMK_ROLE_INPUT, TMK_DTYPE_F32, DIMS(rows, o->heads_q * o->head_dim));
  /* Filled below `past` alone, NaN behind: what must not be read shows. */
  o->k_cache = cpu_rig_add(rig, TMK_ROLE_KV_CACHE, kv, DIMS(sequences, positions, o->heads_kv, o->head_dim));
  o->v_cache = cpu_rig_add(rig, TMK_ROLE_KV_CACHE, kv, DIMS(sequences, positions, o->heads_kv, o->head_dim));
  o->out = cpu_rig_add(rig, TMK_ROLE_OUTPUT, TMK_DTYPE_F32, DIMS(rows, o->heads_q * o->head_dim));
  rig->tensors[o->q].fill_scale = 3.0f;
  cpu_rig_prepare(rig, &op, seed);
  const int64_t row = o->heads_kv * o->head_dim;
  for (int64_t s = o->seq_first; s < o->seq_first + o->seqs; s++) {
    for (int64_t i = 0; i < o->q_len * row; i++) {
      const double key = (double)((i * 37 + s) % 64 - 32) / 16.0, value = (double)((i * 11 + s) % 128 - 64) / 64.0;
      const int64_t at = (s * positions + o->past) * row + i;
      CPU_OK(tmk_backend_cpu.write(rig->exec, o->k_cache, at, 1, &key, &err));
      CPU_OK(tmk_backend_cpu.write(rig->exec, o->v_cache, at, 1, &value, &err));
    }
  }
  cpu_rig_run(rig);
  double *q = cpu_rig_read(rig, o->q), *out = cpu_rig_read(rig, o->out);
  double *keys = cpu_rig_read(rig, o->k_cache), *values = cpu_rig_read(rig, o->v_cache);
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t h = 0; h < o->heads_q; h++) {
      const int64_t sequence = o->seq_first + r / o->q_len, head_kv = h / (o->heads_q / o->heads_kv);
      const int64_t cache_at = sequence * positions * row + head_kv * o->head_dim;
      const int64_t at = (r * o->heads_q + h) * o->head_dim;
      check_attention_row(rig, o, q + at, keys + cache_at, values + cache_at, o->past + r % o->q_len, out + at);
    }
  }
  free(q), free(out), free(keys), free(values);
  cpu_rig_clear(rig);
}

static void test_attention(struct cpu_rig *rig, uint64_t seed)
{
  static const struct tmk_op_attention shapes[] = {
      {.seqs = 1, .q_len = 1, .past = 0, .heads_q = 1, .heads_kv = 1, .head_dim = 64},
      {.seqs = 1, .q_len = 1, .past = 31, .heads_q = 4, .heads_kv = 2, .head_dim = 64},
      {.seqs = 1, .q_len = 1, .past = 700, .heads_q = 8, .heads_kv = 1, .head_dim = 96},
      {.seqs = 3, .q_len = 1, .seq_first = 1, .past = 129, .heads_q = 7, .heads_kv = 1, .head_dim = 80},
      {.seqs = 2, .q_len = 1, .past = 257, .window = 100, .heads_q = 6, .heads_kv = 3, .head_dim = 128},
      {.seqs = 1, .q_len = 1, .past = 65, .window = 1, .heads_q = 2, .heads_kv = 2, .head_dim = 20},
      {.seqs = 1, .q_len = 1, .past = 40, .heads_q = 70, .heads_kv = 1, .head_dim = 34},
      {.seqs = 1, .q_len = 70, .past = 0, .heads_q = 4, .heads_kv = 2, .head_dim = 64},
      {.seqs = 2, .q_len = 33, .past = 50, .heads_q = 14, .heads_kv = 2, .head_dim = 64},
      {.seqs = 1, .q_len = 40, .past = 33, .window = 17, .heads_q = 5, .heads_kv = 1, .head_dim = 10},
      {.seqs = 1, .q_len = 150, .past = 3, .window = 129, .heads_q = 1, .heads_kv = 1, .head_dim = 48},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    check_attention(rig, &shapes[i], TMK_DTYPE_F32, seed);
    check_attention(rig, &shapes[i], TMK_DTYPE_BF16, seed + 1);
  }
}

Test(cpu_ops, attention, .timeout = 300)
{
  cpu_rig_each(test_attention);
}

/* ---- rope_kv ---- */

/* The head as the cache or q should hold it, in double. */
static void rotate(const struct tmk_op_rope_kv *o, const double *head, const double *norm, const double *inv_freq,
                   int64_t position, double *out)
{
  double square = 0.0;
  for (int64_t i = 0; i < o->head_dim; i++) square += head[i] * head[i];
  const double factor = norm ? 1.0 / sqrt(square / (double)o->head_dim + o->eps) : 1.0;
  for (int64_t i = 0; i < o->head_dim; i++) out[i] = head[i] * factor * (norm ? norm[i] : 1.0);
  for (int64_t i = 0; i < o->rotary_dim / 2; i++) {
    const double angle = (double)position * inv_freq[i], a = out[i], b = out[i + o->rotary_dim / 2];
    out[i] = o->rope_scale * (a * cos(angle) - b * sin(angle));
    out[i + o->rotary_dim / 2] = o->rope_scale * (b * cos(angle) + a * sin(angle));
  }
}

static void check_rope(struct cpu_rig *rig, const struct tmk_op_rope_kv *shape, enum tmk_dtype kv, uint64_t seed)
{
  struct tmk_op op = {.kind = TMK_OP_ROPE_KV, .u.rope_kv = *shape};
  struct tmk_op_rope_kv *o = &op.u.rope_kv;
  double inv_freq[64];
  for (int64_t i = 0; i < o->rotary_dim / 2; i++) inv_freq[i] = pow(10000.0, -2.0 * (double)i / (double)o->rotary_dim);
  const bool norm = o->q_norm != TMK_TENSOR_NONE;
  const int64_t rows = o->seqs * o->q_len, heads = o->heads_q + 2 * o->heads_kv, dim = o->head_dim;
  const int64_t positions = o->past + o->q_len + 2;
  o->qkv = cpu_rig_add(rig, TMK_ROLE_INPUT, TMK_DTYPE_F32, DIMS(rows, heads * dim));
  o->inv_freq = cpu_rig_add(rig, TMK_ROLE_CONSTANT, TMK_DTYPE_F64, DIMS(o->rotary_dim / 2));
  rig->tensors[o->inv_freq].constant = inv_freq;
  o->q = cpu_rig_add(rig, TMK_ROLE_OUTPUT, TMK_DTYPE_F32, DIMS(rows, o->heads_q * dim));
  o->k_cache = cpu_rig_add(rig, TMK_ROLE_KV_CACHE, kv, DIMS(o->seq_first + o->seqs, positions, o->heads_kv, dim));
  o->v_cache = cpu_rig_add(rig, TMK_ROLE_KV_CACHE, kv, DIMS(o->seq_first + o->seqs, positions, o->heads_kv, dim));
  if (norm) {
    o->q_norm = cpu_rig_add(rig, TMK_ROLE_WEIGHT, TMK_DTYPE_BF16, DIMS(dim));
    o->k_norm = cpu_rig_add(rig, TMK_ROLE_WEIGHT, TMK_DTYPE_F32, DIMS(dim));
  }
  cpu_rig_prepare(rig, &op, seed);
  cpu_rig_run(rig);
  double *qkv = cpu_rig_read(rig, o->qkv), *q = cpu_rig_read(rig, o->q);
  double *keys = cpu_rig_read(rig, o->k_cache), *values = cpu_rig_read(rig, o->v_cache);
  double *q_norm = norm ? cpu_rig_read(rig, o->q_norm) : NULL, *k_norm = norm ? cpu_rig_read(rig, o->k_norm) : NULL;
  const double rounding = kv == TMK_DTYPE_BF16 ? 0x1p-8 : 0.0; /* unit roundoff of bf16: 2⁻⁹, with room */
  for (int64_t r = 0; r < rows; r++) {
    const int64_t position = o->past + r % o->q_len, sequence = o->seq_first + r / o->q_len;
    double expected[128];
    for (int64_t h = 0; h < heads; h++) {
      const double *in = qkv + (r * heads + h) * dim;
      const int64_t head_kv = (h - o->heads_q) % o->heads_kv;
      const int64_t cache_at = ((sequence * positions + position) * o->heads_kv + head_kv) * dim;
      const bool is_q = h < o->heads_q, is_k = !is_q && h < o->heads_q + o->heads_kv;
      const double *got = is_q ? q + (r * o->heads_q + h) * dim : is_k ? keys + cache_at : values + cache_at;
      if (is_q || is_k) {
        rotate(o, in, is_q ? q_norm : k_norm, inv_freq, position, expected);
      } else {
        for (int64_t i = 0; i < dim; i++) expected[i] = in[i];
      }
      for (int64_t i = 0; i < dim; i++) {
        const double limit = 64.0 * unit * 4.0 + (is_q ? 0.0 : rounding * fabs(expected[i]));
        expect_near(rig, is_q ? "rope q" : is_k ? "rope k" : "append v", got[i], expected[i], limit);
      }
    }
  }
  free(qkv), free(q), free(keys), free(values), free(q_norm), free(k_norm);
  cpu_rig_clear(rig);
}

static void test_rope(struct cpu_rig *rig, uint64_t seed)
{
  const int none = TMK_TENSOR_NONE;
  const struct tmk_op_rope_kv shapes[] = {
      {.seqs = 1, .q_len = 1, .heads_q = 2, .heads_kv = 1, .head_dim = 64, .rotary_dim = 64, .q_norm = none},
      {.seqs = 3,
       .q_len = 1,
       .seq_first = 2,
       .past = 77,
       .heads_q = 4,
       .heads_kv = 2,
       .head_dim = 80,
       .rotary_dim = 80},
      {.seqs = 2,
       .q_len = 37,
       .past = 5,
       .heads_q = 3,
       .heads_kv = 3,
       .head_dim = 34,
       .rotary_dim = 10,
       .q_norm = none},
      /* A large position: float32 angles would be off by a third of a turn. */
      {.seqs = 1, .q_len = 2, .past = 131071, .heads_q = 1, .heads_kv = 1, .head_dim = 128, .rotary_dim = 128},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    struct tmk_op_rope_kv shape = shapes[i];
    shape.k_norm = shape.q_norm;
    shape.eps = 1e-5;
    shape.rope_scale = i % 2 ? 1.25 : 1.0;
    check_rope(rig, &shape, TMK_DTYPE_F32, seed);
    check_rope(rig, &shape, TMK_DTYPE_BF16, seed);
  }
}

Test(cpu_ops, rope_kv, .timeout = 120)
{
  cpu_rig_each(test_rope);
}

/* ---- the small ones ---- */

static void check_rmsnorm(struct cpu_rig *rig, const struct tmk_op_rmsnorm *shape, bool with_delta, uint64_t seed)
{
  struct tmk_op op = {.kind = TMK_OP_RMSNORM, .u.rmsnorm = *shape};
  struct tmk_op_rmsnorm *o = &op.u.rmsnorm;
  const int64_t all = o->rows * o->row_group;
  o->eps = 1e-5;
  o->residual = cpu_rig_add(rig, TMK_ROLE_INPUT, TMK_DTYPE_F32, DIMS(all, o->hidden));
  o->delta = with_delta ? cpu_rig_add(rig, TMK_ROLE_INPUT, TMK_DTYPE_F32, DIMS(all, o->hidden)) : TMK_TENSOR_NONE;
  o->weight = cpu_rig_add(rig, TMK_ROLE_WEIGHT, TMK_DTYPE_BF16, DIMS(o->hidden));
  o->y = cpu_rig_add(rig, TMK_ROLE_OUTPUT, TMK_DTYPE_F32, DIMS(o->rows, o->hidden));
  cpu_rig_prepare(rig, &op, seed);
  double *before = cpu_rig_read(rig, o->residual), *delta = with_delta ? cpu_rig_read(rig, o->delta) : NULL;
  double *weight = cpu_rig_read(rig, o->weight);
  cpu_rig_run(rig);
  double *y = cpu_rig_read(rig, o->y), *after = cpu_rig_read(rig, o->residual);
  for (int64_t r = 0; r < all; r++) {
    const int64_t out_row = r / o->row_group;
    double square = 0.0;
    for (int64_t i = 0; i < o->hidden; i++) {
      const int64_t at = r * o->hidden + i;
      const double s = before[at] + (delta ? delta[at] : 0.0);
      square += s * s;
      expect_near(rig, "residual", after[at], o->write_residual ? s : before[at], 4 * unit);
    }
    if (r % o->row_group != o->row_group - 1) continue;
    const double factor = 1.0 / sqrt(square / (double)o->hidden + o->eps);
    for (int64_t i = 0; i < o->hidden; i++) {
      const int64_t at = r * o->hidden + i;
      const double expected = (before[at] + (delta ? delta[at] : 0.0)) * factor * weight[i];
      expect_near(rig, "rmsnorm", y[out_row * o->hidden + i], expected,
                  (double)(o->hidden + 8) * unit * (fabs(expected) + 1e-3));
    }
  }
  free(before), free(delta), free(weight), free(y), free(after);
  cpu_rig_clear(rig);
}

static void check_swiglu(struct cpu_rig *rig, int64_t rows, int64_t inner, uint64_t seed)
{
  struct tmk_op op = {.kind = TMK_OP_SWIGLU, .u.swiglu = {.rows = rows, .inner = inner}};
  struct tmk_op_swiglu *o = &op.u.swiglu;
  o->gate_up = cpu_rig_add(rig, TMK_ROLE_INPUT, TMK_DTYPE_F32, DIMS(rows, 2 * inner));
  o->y = cpu_rig_add(rig, TMK_ROLE_OUTPUT, TMK_DTYPE_F32, DIMS(rows, inner));
  rig->tensors[o->gate_up].fill_scale = 120.0f; /* past both ends of exp in float32 */
  cpu_rig_prepare(rig, &op, seed);
  cpu_rig_run(rig);
  double *in = cpu_rig_read(rig, o->gate_up), *y = cpu_rig_read(rig, o->y);
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < inner; i++) {
      const double gate = in[r * 2 * inner + i], up = in[r * 2 * inner + inner + i];
      const double expected = gate / (1.0 + exp(-gate)) * up;
      expect_near(rig, "swiglu", y[r * inner + i], expected, 16 * unit * fabs(expected) + 1e-30);
    }
  }
  free(in), free(y);
  cpu_rig_clear(rig);
}

static void check_embed(struct cpu_rig *rig, int64_t rows, int64_t hidden, enum tmk_dtype dtype, uint64_t seed)
{
  const int64_t vocab = 77;
  struct tmk_op op = {.kind = TMK_OP_EMBED,
                      .u.embed = {.rows = rows, .hidden = hidden, .vocab = vocab, .token_first = 2}};
  struct tmk_op_embed *o = &op.u.embed;
  o->tokens = cpu_rig_add(rig, TMK_ROLE_INPUT, TMK_DTYPE_I32, DIMS(rows + 2));
  rig->tensors[o->tokens].fill_vocab = vocab;
  o->weight = cpu_rig_add(rig, TMK_ROLE_WEIGHT, dtype, DIMS(vocab, hidden));
  o->x = cpu_rig_add(rig, TMK_ROLE_OUTPUT, TMK_DTYPE_F32, DIMS(rows, hidden));
  cpu_rig_prepare(rig, &op, seed);
  const double last = (double)(vocab - 1), outside = (double)vocab;
  CPU_OK(tmk_backend_cpu.write(rig->exec, o->tokens, rows + 1, 1, &last, &err));
  cpu_rig_run(rig);
  double *tokens = cpu_rig_read(rig, o->tokens), *weight = cpu_rig_read(rig, o->weight), *x = cpu_rig_read(rig, o->x);
  for (int64_t r = 0; r < rows; r++) {
    const int64_t token = (int64_t)tokens[r + 2];
    cr_assert(token >= 0 && token < vocab);
    for (int64_t i = 0; i < hidden; i++) expect_near(rig, "embed", x[r * hidden + i], weight[token * hidden + i], 0.0);
  }
  free(x);
  /* A token that is none reads nothing it may not, and shows. */
  CPU_OK(tmk_backend_cpu.write(rig->exec, o->tokens, 2, 1, &outside, &err));
  cpu_rig_run(rig);
  x = cpu_rig_read(rig, o->x);
  for (int64_t i = 0; i < hidden; i++) cr_assert(isnan(x[i]), "%s", rig->what);
  free(tokens), free(weight), free(x);
  cpu_rig_clear(rig);
}

static void check_sample(struct cpu_rig *rig, int64_t vocab, uint64_t seed)
{
  struct tmk_op op = {.kind = TMK_OP_SAMPLE, .u.sample = {.rows = 5, .vocab = vocab, .token_first = 1}};
  struct tmk_op_sample *o = &op.u.sample;
  o->logits = cpu_rig_add(rig, TMK_ROLE_INPUT, TMK_DTYPE_F32, DIMS(5, vocab));
  o->tokens = cpu_rig_add(rig, TMK_ROLE_OUTPUT, TMK_DTYPE_I32, DIMS(7));
  cpu_rig_prepare(rig, &op, seed);
  /* Row 1: two equal largest. Row 2: all equal. Row 3: a NaN. Row 4: minus infinity but for the last. */
  const double two = 2.0, nan = NAN, low = -INFINITY;
  CPU_OK(tmk_backend_cpu.write(rig->exec, o->logits, 1 * vocab + vocab / 2, 1, &two, &err));
  CPU_OK(tmk_backend_cpu.write(rig->exec, o->logits, 1 * vocab + vocab - 1, 1, &two, &err));
  for (int64_t i = 0; i < vocab; i++) {
    CPU_OK(tmk_backend_cpu.write(rig->exec, o->logits, 2 * vocab + i, 1, &two, &err));
    if (i < vocab - 1) CPU_OK(tmk_backend_cpu.write(rig->exec, o->logits, 4 * vocab + i, 1, &low, &err));
  }
  CPU_OK(tmk_backend_cpu.write(rig->exec, o->logits, 3 * vocab + vocab / 3, 1, &nan, &err));
  cpu_rig_run(rig);
  double *logits = cpu_rig_read(rig, o->logits), *tokens = cpu_rig_read(rig, o->tokens);
  int64_t best = 0;
  for (int64_t i = 0; i < vocab; i++) best = logits[i] > logits[best] ? i : best;
  const double expected[7] = {-1, (double)best, (double)(vocab / 2), 0, -1, (double)(vocab - 1), -1};
  for (int i = 0; i < 7; i++) {
    cr_assert_eq(tokens[i], expected[i], "%s, vocab %lld, token %d: got %g, expected %g", rig->what, (long long)vocab,
                 i, tokens[i], expected[i]);
  }
  free(logits), free(tokens);
  cpu_rig_clear(rig);
}

static void test_small(struct cpu_rig *rig, uint64_t seed)
{
  static const int64_t widths[] = {1, 15, 16, 33, 64, 130, 515};
  for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
    const int64_t width = widths[i];
    check_rmsnorm(rig, &(struct tmk_op_rmsnorm){.rows = 3, .hidden = width, .row_group = 1, .write_residual = true},
                  true, seed);
    check_rmsnorm(rig, &(struct tmk_op_rmsnorm){.rows = 7, .hidden = width, .row_group = 1}, false, seed);
    check_rmsnorm(rig, &(struct tmk_op_rmsnorm){.rows = 2, .hidden = width, .row_group = 5}, true, seed);
    check_swiglu(rig, 1, width, seed);
    check_swiglu(rig, 5, width, seed);
    check_embed(rig, 4, width, TMK_DTYPE_F32, seed);
    check_embed(rig, 9, width, TMK_DTYPE_BF16, seed);
    if (width > 2) check_sample(rig, width, seed);
  }
}

Test(cpu_ops, norm_swiglu_embed_sample, .timeout = 120)
{
  cpu_rig_each(test_small);
}
