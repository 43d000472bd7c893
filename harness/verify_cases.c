/* verify_cases.c: the rows of the case table. Shapes are ragged on purpose: primes, odd, one more and one less than vector
 * widths and tiles. */
#include "verify_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LL(value)    ((long long)(value))
#define QUICK_PART   5
#define UNIT_SCALE   1.7320508f /* variance 1 */
#define LLAMA3_ROPE                                                                                                    \
  {                                                                                                                    \
    .theta = 500000, .scaling = TMK_ROPE_LLAMA3, .factor = 8, .low_freq_factor = 1, .high_freq_factor = 4,             \
    .original_max_position_embeddings = 8192                                                                           \
  }
#define YARN_ROPE                                                                                                      \
  {                                                                                                                    \
    .theta = 10000, .scaling = TMK_ROPE_YARN, .factor = 32, .beta_fast = 32, .beta_slow = 1,                           \
    .original_max_position_embeddings = 4096                                                                           \
  }
#define PLAIN_ROPE                                                                                                     \
  {                                                                                                                    \
    .theta = 10000                                                                                                     \
  }

static const enum tmk_dtype dtypes[] = {TMK_DTYPE_F32, TMK_DTYPE_BF16};
static const enum tmk_dtype narrow_dtypes[] = {TMK_DTYPE_F8E4M3, TMK_DTYPE_NVFP4};
static const enum tmk_dtype cache_dtypes[] = {TMK_DTYPE_F32, TMK_DTYPE_BF16, TMK_DTYPE_F8E4M3};

/* ---- tables ---- */

static const int64_t gemm_rows[] = {1, 2, 3, 7, 8, 13, 16, 17, 33, 64, 100};
static const struct {
  int64_t n, k;
} gemm_shapes[] = {
    {1, 1},    {3, 5},     {17, 31},   {64, 64},   {31, 17},    {96, 129},  {127, 257},
    {256, 64}, {67, 1009}, {1009, 67}, {128, 512}, {300, 1000}, {40, 5633},
};
/* Shapes that the product above has not: many rows, long sums. */
static const struct {
  int64_t m, n, k;
} gemm_more[] = {{300, 48, 320}, {513, 33, 96}, {8, 24, 14336}, {128, 512, 128}};
/* Of narrow weights: whole blocks of 16 along k, one and more of the 64 and 128 that scales are laid out by, and others. */
static const struct {
  int64_t m, n, k;
} gemm_narrow[] = {
    {1, 1, 16},     {1, 16, 32},    {2, 17, 48},    {3, 40, 64},     {7, 128, 80},    {8, 130, 144},  {13, 257, 112},
    {16, 96, 256},  {17, 33, 1008}, {33, 1009, 64}, {64, 127, 272},  {100, 300, 512}, {129, 64, 96},  {300, 48, 320},
    {5, 64, 5632},  {1, 8, 14336},  {2, 512, 128},  {128, 256, 192}, {1, 144, 1040},  {257, 129, 16}, {3, 24, 17},
    {16, 33, 1001}, {2, 16, 8},     {40, 130, 203}, /* fp8 alone: it has no blocks */
};

static const int64_t ratios[] = {1, 2, 7, 8}, head_dims[] = {64, 80, 96, 128}, contexts[] = {0, 1, 127, 1000};
/* Beside decode over all of those: prefill, chunks with a past, sequences that don't start at the first, windows. */
static const struct tmk_op_attention attention_rows[] = {
    {.seqs = 1, .q_len = 2, .heads_q = 2, .heads_kv = 1, .head_dim = 64},
    {.seqs = 1, .q_len = 37, .heads_q = 4, .heads_kv = 2, .head_dim = 64},
    {.seqs = 3, .q_len = 16, .heads_q = 7, .heads_kv = 1, .head_dim = 80},
    {.seqs = 2, .q_len = 65, .seq_first = 1, .heads_q = 8, .heads_kv = 1, .head_dim = 96},
    {.seqs = 1, .q_len = 129, .heads_q = 3, .heads_kv = 3, .head_dim = 128},
    {.seqs = 1, .q_len = 16, .past = 16, .heads_q = 4, .heads_kv = 2, .head_dim = 64},
    {.seqs = 1, .q_len = 5, .seq_first = 2, .past = 59, .heads_q = 14, .heads_kv = 2, .head_dim = 64},
    {.seqs = 2, .q_len = 33, .past = 127, .heads_q = 8, .heads_kv = 4, .head_dim = 128},
    {.seqs = 1, .q_len = 64, .past = 1000, .heads_q = 2, .heads_kv = 1, .head_dim = 96},
    {.seqs = 2, .q_len = 1, .past = 127, .window = 1, .heads_q = 4, .heads_kv = 2, .head_dim = 64},
    {.seqs = 2, .q_len = 1, .past = 127, .window = 64, .heads_q = 8, .heads_kv = 1, .head_dim = 128},
    {.seqs = 2, .q_len = 1, .past = 127, .window = 127, .heads_q = 4, .heads_kv = 2, .head_dim = 80},
    {.seqs = 2, .q_len = 1, .past = 127, .window = 128, .heads_q = 4, .heads_kv = 2, .head_dim = 80},
    {.seqs = 2, .q_len = 1, .past = 127, .window = 4096, .heads_q = 4, .heads_kv = 2, .head_dim = 64},
    {.seqs = 1, .q_len = 1, .past = 3000, .window = 1024, .heads_q = 8, .heads_kv = 1, .head_dim = 64},
    {.seqs = 2, .q_len = 40, .window = 7, .heads_q = 4, .heads_kv = 2, .head_dim = 64},
    {.seqs = 1, .q_len = 40, .past = 33, .window = 32, .heads_q = 7, .heads_kv = 1, .head_dim = 96},
    {.seqs = 1, .q_len = 1, .past = 4097, .heads_q = 2, .heads_kv = 1, .head_dim = 128},
    {.seqs = 17, .q_len = 1, .past = 63, .heads_q = 4, .heads_kv = 4, .head_dim = 64},
    {.seqs = 64, .q_len = 1, .past = 15, .heads_q = 2, .heads_kv = 1, .head_dim = 64},
};

static const struct {
  struct tmk_op_rope_kv shape;
  struct tmk_rope rope;
  bool qk_norm;
} rope_rows[] = {
    {{.seqs = 1, .q_len = 1, .heads_q = 1, .heads_kv = 1, .head_dim = 64, .rotary_dim = 64}, PLAIN_ROPE, false},
    {{.seqs = 3, .q_len = 1, .past = 1, .heads_q = 4, .heads_kv = 2, .head_dim = 64, .rotary_dim = 64},
     PLAIN_ROPE,
     false},
    {{.seqs = 2, .q_len = 1, .past = 4095, .heads_q = 7, .heads_kv = 1, .head_dim = 128, .rotary_dim = 128},
     LLAMA3_ROPE,
     false},
    {{.seqs = 1, .q_len = 1, .past = 32749, .heads_q = 2, .heads_kv = 1, .head_dim = 64, .rotary_dim = 64},
     PLAIN_ROPE,
     false},
    {{.seqs = 1, .q_len = 3, .past = 99991, .heads_q = 2, .heads_kv = 1, .head_dim = 64, .rotary_dim = 64},
     LLAMA3_ROPE,
     true},
    {{.seqs = 1, .q_len = 37, .heads_q = 8, .heads_kv = 1, .head_dim = 80, .rotary_dim = 80}, PLAIN_ROPE, true},
    {{.seqs = 2,
      .q_len = 16,
      .seq_first = 1,
      .past = 16,
      .heads_q = 6,
      .heads_kv = 3,
      .head_dim = 96,
      .rotary_dim = 96},
     YARN_ROPE,
     false},
    {{.seqs = 2, .q_len = 5, .past = 300, .heads_q = 4, .heads_kv = 4, .head_dim = 128, .rotary_dim = 64},
     PLAIN_ROPE,
     true},
    {{.seqs = 4,
      .q_len = 1,
      .seq_first = 2,
      .past = 9000,
      .heads_q = 5,
      .heads_kv = 5,
      .head_dim = 96,
      .rotary_dim = 32},
     YARN_ROPE,
     true},
    {{.seqs = 33, .q_len = 1, .past = 17, .heads_q = 4, .heads_kv = 1, .head_dim = 64, .rotary_dim = 2},
     PLAIN_ROPE,
     false},
    {{.seqs = 1, .q_len = 129, .past = 7, .heads_q = 2, .heads_kv = 2, .head_dim = 64, .rotary_dim = 64},
     YARN_ROPE,
     false},
    {{.seqs = 8, .q_len = 1, .past = 511, .heads_q = 16, .heads_kv = 2, .head_dim = 128, .rotary_dim = 128},
     LLAMA3_ROPE,
     true},
};

static const struct tmk_op_rmsnorm rmsnorm_rows[] = {
    {.rows = 1, .hidden = 1, .row_group = 1},     {.rows = 3, .hidden = 5, .row_group = 1},
    {.rows = 1, .hidden = 64, .row_group = 1},    {.rows = 7, .hidden = 127, .row_group = 1},
    {.rows = 17, .hidden = 896, .row_group = 1},  {.rows = 64, .hidden = 257, .row_group = 1},
    {.rows = 2, .hidden = 2048, .row_group = 1},  {.rows = 5, .hidden = 4099, .row_group = 1},
    {.rows = 1, .hidden = 16384, .row_group = 1}, {.rows = 1, .hidden = 96, .row_group = 7},
    {.rows = 4, .hidden = 130, .row_group = 13},  {.rows = 16, .hidden = 64, .row_group = 2},
    {.rows = 3, .hidden = 2049, .row_group = 32},
};

static const struct tmk_op_embed embed_rows[] = {
    {.rows = 1, .hidden = 1, .vocab = 1},
    {.rows = 3, .hidden = 17, .vocab = 11},
    {.rows = 16, .hidden = 64, .vocab = 1000},
    {.rows = 33, .hidden = 127, .vocab = 32003, .token_first = 5},
    {.rows = 100, .hidden = 896, .vocab = 509, .token_first = 100},
    {.rows = 1, .hidden = 4097, .vocab = 1021, .token_first = 1},
};

static const struct {
  int64_t rows, inner;
  float scale; /* 3: ordinary; 100: exp(−a) overflows float32; 30000: products near 10⁹ */
} swiglu_rows[] = {
    {1, 1, 3},    {3, 7, 3},      {8, 64, 3},       {17, 129, 3},    {2, 5632, 3},
    {64, 257, 3}, {5, 1000, 100}, {3, 1001, 30000}, {4, 333, 1e-6f},
};

static const struct {
  int64_t rows, vocab, token_first;
  float offset, scale; /* 1 ± 2⁻²²: a handful of distinct values, so ties everywhere */
  bool with_nan;
} sample_rows[] = {
    {1, 1, 0, 0, 4, false},          {3, 2, 0, 0, 4, false},
    {8, 129, 3, 0, 4, false},        {64, 1000, 0, 0, 4, false},
    {2, 32003, 1, 0, 4, false},      {1, 151936, 0, 0, 4, false},
    {9, 513, 0, 1, 0x1p-22f, false}, {3, 32000, 0, -1, 0x1p-22f, false},
    {5, 777, 2, 0, 4, true},         {3, 4096, 0, 0, 4, true},
};

/* Small whole models, one a way of building a layer. */
static const struct {
  const char *name;
  enum tmk_model_family family;
  int64_t heads_q, heads_kv, head_dim, window;
  bool tied, qkv_bias, qk_norm;
  struct tmk_rope rope;
} model_rows[] = {
    {"llama", TMK_FAMILY_LLAMA, 6, 2, 64, 0, false, false, false, LLAMA3_ROPE},
    {"mistral", TMK_FAMILY_MISTRAL, 4, 4, 80, 12, false, false, false, PLAIN_ROPE},
    {"qwen2", TMK_FAMILY_QWEN2, 7, 1, 64, 0, true, true, false, PLAIN_ROPE},
    {"qwen3", TMK_FAMILY_QWEN3, 8, 1, 96, 0, true, false, true, PLAIN_ROPE},
};
static const struct tmk_workload model_workloads[] = {
    {.phase = TMK_PHASE_DECODE, .batch = 1, .context = 0},
    {.phase = TMK_PHASE_DECODE, .batch = 3, .context = 17},
    {.phase = TMK_PHASE_DECODE, .batch = 17, .context = 5},
    {.phase = TMK_PHASE_PREFILL, .batch = 1, .input_len = 37, .prefill_chunk = 2048},
    {.phase = TMK_PHASE_PREFILL, .batch = 2, .input_len = 37, .prefill_chunk = 16},
    {.phase = TMK_PHASE_PREFILL, .batch = 5, .input_len = 9, .prefill_chunk = 20},
};

/* ---- list ---- */

struct case_list {
  struct tmk_verify_case *items;
  int count, capacity;
  int seen[TMK_VERIFY_GROUP_COUNT];
  unsigned groups;
  bool quick, out_of_memory;
};

static void push(struct case_list *list, const struct tmk_verify_case *c)
{
  if (!(list->groups >> c->group & 1)) return;
  if (list->quick && list->seen[c->group]++ % QUICK_PART != 0) return;
  if (list->count == list->capacity) {
    const int capacity = list->capacity ? 2 * list->capacity : 256;
    struct tmk_verify_case *items = realloc(list->items, (size_t)capacity * sizeof *items);
    if (!items) {
      list->out_of_memory = true;
      return;
    }
    list->items = items;
    list->capacity = capacity;
  }
  list->items[list->count] = *c;
  list->items[list->count].op.kind = c->group < TMK_OP_KIND_COUNT ? (enum tmk_op_kind)c->group : TMK_OP_KIND_COUNT;
  list->items[list->count].op.layer = -1;
  list->count++;
}

static void push_gemm(struct case_list *list, int64_t m, int64_t n, int64_t k, bool bias)
{
  for (size_t i = 0; i < COUNT(dtypes); i++) {
    push(list, &(struct tmk_verify_case){.group = TMK_OP_GEMM,
                                         .weight_dtype = dtypes[i],
                                         .bias = bias,
                                         .scale = UNIT_SCALE,
                                         .op.u.gemm = {.m = m, .n = n, .k = k}});
  }
}

static void push_gemms(struct case_list *list)
{
  for (size_t m = 0; m < COUNT(gemm_rows); m++) {
    for (size_t s = 0; s < COUNT(gemm_shapes); s++) {
      push_gemm(list, gemm_rows[m], gemm_shapes[s].n, gemm_shapes[s].k, (m + s) % 2 == 0);
    }
  }
  for (size_t i = 0; i < COUNT(gemm_more); i++)
    push_gemm(list, gemm_more[i].m, gemm_more[i].n, gemm_more[i].k, i % 2 == 0);
}

static void push_narrow_gemms(struct case_list *list)
{
  for (size_t i = 0; i < COUNT(gemm_narrow); i++) {
    for (size_t d = 0; d < COUNT(narrow_dtypes); d++) {
      if (narrow_dtypes[d] == TMK_DTYPE_NVFP4 && gemm_narrow[i].k % 16 != 0) continue;
      push(list, &(struct tmk_verify_case){
                     .group = TMK_OP_GEMM,
                     .weight_dtype = narrow_dtypes[d],
                     .bias = (i + d) % 2 == 0,
                     .scale = i % 3 ? UNIT_SCALE : 40 * UNIT_SCALE, /* saturates here and there */
                     .op.u.gemm = {.m = gemm_narrow[i].m, .n = gemm_narrow[i].n, .k = gemm_narrow[i].k}});
    }
  }
}

static void push_attention(struct case_list *list, const struct tmk_op_attention *shape, float scale)
{
  for (size_t i = 0; i < COUNT(cache_dtypes); i++) {
    push(list, &(struct tmk_verify_case){
                   .group = TMK_OP_ATTENTION, .kv_dtype = cache_dtypes[i], .scale = scale, .op.u.attention = *shape});
  }
}

/* Queries of scale 1 give a flat softmax, larger ones a peaked one. */
static void push_attentions(struct case_list *list)
{
  for (size_t c = 0; c < COUNT(contexts); c++) {
    for (size_t d = 0; d < COUNT(head_dims); d++) {
      for (size_t r = 0; r < COUNT(ratios); r++) {
        const struct tmk_op_attention shape = {.seqs = 1 + (int64_t)(d + r) % 3,
                                               .q_len = 1,
                                               .seq_first = (int64_t)(c + d) % 2,
                                               .past = contexts[c],
                                               .heads_q = 2 * ratios[r],
                                               .heads_kv = 2,
                                               .head_dim = head_dims[d]};
        push_attention(list, &shape, (c + d + r) % 2 ? UNIT_SCALE : 5 * UNIT_SCALE);
      }
    }
  }
  for (size_t i = 0; i < COUNT(attention_rows); i++) {
    push_attention(list, &attention_rows[i], i % 2 ? UNIT_SCALE : 5 * UNIT_SCALE);
  }
}

static void push_ropes(struct case_list *list)
{
  for (size_t i = 0; i < COUNT(rope_rows); i++) {
    for (size_t k = 0; k < COUNT(cache_dtypes); k++) {
      const enum tmk_dtype norm_dtype = cache_dtypes[k] == TMK_DTYPE_F8E4M3 ? TMK_DTYPE_BF16 : cache_dtypes[k];
      struct tmk_verify_case c = {.group = TMK_OP_ROPE_KV,
                                  .weight_dtype = rope_rows[i].qk_norm ? norm_dtype : TMK_DTYPE_NONE,
                                  .kv_dtype = cache_dtypes[k],
                                  .qk_norm = rope_rows[i].qk_norm,
                                  .scale = UNIT_SCALE,
                                  .rope = rope_rows[i].rope,
                                  .op.u.rope_kv = rope_rows[i].shape};
      c.op.u.rope_kv.eps = 1e-6;
      push(list, &c);
    }
  }
}

static void push_row_wise(struct case_list *list)
{
  for (size_t k = 0; k < COUNT(dtypes); k++) {
    for (size_t i = 0; i < COUNT(embed_rows); i++) {
      push(list,
           &(struct tmk_verify_case){
               .group = TMK_OP_EMBED, .weight_dtype = dtypes[k], .scale = UNIT_SCALE, .op.u.embed = embed_rows[i]});
    }
    for (size_t i = 0; i < COUNT(rmsnorm_rows); i++) {
      for (int delta = 0; delta < 2; delta++) {
        struct tmk_verify_case c = {.group = TMK_OP_RMSNORM,
                                    .weight_dtype = dtypes[k],
                                    .delta = delta,
                                    /* Small values put eps to the test. */
                                    .scale = i % 3 == 2 ? 1e-3f : UNIT_SCALE,
                                    .op.u.rmsnorm = rmsnorm_rows[i]};
        c.op.u.rmsnorm.eps = i % 2 ? 1e-5 : 1e-6;
        c.op.u.rmsnorm.write_residual = delta && rmsnorm_rows[i].row_group == 1;
        push(list, &c);
      }
    }
  }
  for (size_t i = 0; i < COUNT(swiglu_rows); i++) {
    push(list, &(struct tmk_verify_case){.group = TMK_OP_SWIGLU,
                                         .scale = swiglu_rows[i].scale,
                                         .op.u.swiglu = {.rows = swiglu_rows[i].rows, .inner = swiglu_rows[i].inner}});
  }
  for (size_t i = 0; i < COUNT(sample_rows); i++) {
    push(list, &(struct tmk_verify_case){.group = TMK_OP_SAMPLE,
                                         .scale = sample_rows[i].scale,
                                         .offset = sample_rows[i].offset,
                                         .with_nan = sample_rows[i].with_nan,
                                         .op.u.sample = {.rows = sample_rows[i].rows,
                                                         .vocab = sample_rows[i].vocab,
                                                         .token_first = sample_rows[i].token_first}});
  }
}

static struct tmk_model model_of(size_t row)
{
  struct tmk_model model = {
      .family = model_rows[row].family,
      .vocab_size = 307,
      .hidden_size = 136,
      .num_hidden_layers = 3,
      .num_attention_heads = model_rows[row].heads_q,
      .num_key_value_heads = model_rows[row].heads_kv,
      .head_dim = model_rows[row].head_dim,
      .intermediate_size = 203,
      .max_position_embeddings = 4096,
      .sliding_window = model_rows[row].window,
      .sliding_window_period = model_rows[row].window > 0 ? 1 : 0,
      .tie_word_embeddings = model_rows[row].tied,
      .qkv_bias = model_rows[row].qkv_bias,
      .qk_norm = model_rows[row].qk_norm,
      .rms_norm_eps = 1e-5,
      .rope = model_rows[row].rope,
  };
  model.rope.rotary_dim = model.head_dim;
  snprintf(model.name, sizeof model.name, "small-%s", model_rows[row].name);
  return model;
}

/* Weights and cache of a model. */
static const struct {
  enum tmk_dtype weight, cache;
  bool on_some; /* a third of the models and workloads: mixed and narrow types */
} model_dtypes[] = {
    {TMK_DTYPE_F32, TMK_DTYPE_F32, false},      {TMK_DTYPE_BF16, TMK_DTYPE_F32, true},
    {TMK_DTYPE_F32, TMK_DTYPE_BF16, true},      {TMK_DTYPE_BF16, TMK_DTYPE_BF16, false},
    {TMK_DTYPE_BF16, TMK_DTYPE_F8E4M3, true},   {TMK_DTYPE_F8E4M3, TMK_DTYPE_BF16, true},
    {TMK_DTYPE_F8E4M3, TMK_DTYPE_F8E4M3, true}, {TMK_DTYPE_NVFP4, TMK_DTYPE_BF16, true},
    {TMK_DTYPE_NVFP4, TMK_DTYPE_F8E4M3, true},
};

static void push_model(struct case_list *list, size_t row, size_t workload, size_t pair)
{
  struct tmk_verify_case c = {.group = TMK_VERIFY_GROUP_MODEL,
                              .weight_dtype = model_dtypes[pair].weight,
                              .kv_dtype = model_dtypes[pair].cache,
                              .model = model_of(row),
                              .workload = model_workloads[workload]};
  /* Whole blocks: the other sizes are multiples of 16 already. */
  if (c.weight_dtype == TMK_DTYPE_NVFP4) c.model.hidden_size = 144, c.model.intermediate_size = 208;
  snprintf(c.workload.model, sizeof c.workload.model, "%s", c.model.name);
  c.workload.weight_dtype = c.weight_dtype;
  c.workload.kv_dtype = c.kv_dtype;
  c.workload.layout = (struct tmk_layout){.tp = 1, .pp = 1, .dp = 1, .microbatches = 1};
  push(list, &c);
}

static void push_models(struct case_list *list)
{
  for (size_t i = 0; i < COUNT(model_rows); i++) {
    for (size_t w = 0; w < COUNT(model_workloads); w++) {
      for (size_t k = 0; k < COUNT(model_dtypes); k++) {
        if (!model_dtypes[k].on_some || (i + w) % 3 == 0) push_model(list, i, w, k);
      }
    }
  }
}

/* ---- exported ---- */

const char *tmk_verify_group_name(int group)
{
  return group == TMK_VERIFY_GROUP_MODEL ? "model" : tmk_op_kind_name((enum tmk_op_kind)group);
}

enum tmk_status tmk_verify_cases_create(unsigned groups, bool quick, struct tmk_verify_case **out, int *count,
                                        struct tmk_error *err)
{
  struct case_list list = {.groups = groups, .quick = quick};
  push_row_wise(&list);
  push_gemms(&list);
  push_narrow_gemms(&list);
  push_ropes(&list);
  push_attentions(&list);
  push_models(&list);
  *out = NULL;
  *count = 0;
  if (list.out_of_memory) {
    free(list.items);
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the cases");
  }
  *out = list.items;
  *count = list.count;
  return TMK_OK;
}

void tmk_verify_case_describe(const struct tmk_verify_case *c, char *text, int text_size)
{
  char shape[320];
  if (c->group == TMK_VERIFY_GROUP_MODEL) {
    const struct tmk_workload *w = &c->workload;
    if (w->phase == TMK_PHASE_DECODE) {
      snprintf(shape, sizeof shape, "%s decode batch=%lld context=%lld", c->model.name, LL(w->batch), LL(w->context));
    } else {
      snprintf(shape, sizeof shape, "%s prefill batch=%lld input_len=%lld chunk=%lld", c->model.name, LL(w->batch),
               LL(w->input_len), LL(w->prefill_chunk));
    }
  } else {
    tmk_op_describe(&c->op, shape, sizeof shape);
  }
  snprintf(text, (size_t)text_size, "%s%s%s%s%s%s%s%s", shape, c->bias ? " bias" : "", c->qk_norm ? " qk-norm" : "",
           c->with_nan ? " nan" : "", c->weight_dtype ? " w=" : "",
           c->weight_dtype ? tmk_dtype_name(c->weight_dtype) : "", c->kv_dtype ? " kv=" : "",
           c->kv_dtype ? tmk_dtype_name(c->kv_dtype) : "");
}
