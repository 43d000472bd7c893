/* verify_cases.c: the case table from the rows of verify_case_rows.h. */
#include "verify_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify_case_rows.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LL(value)    ((long long)(value))
#define QUICK_PART   5
#define UNIT_SCALE   1.7320508f /* variance 1 */

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
  list->items[list->count].op.kind = c->group < TMK_VERIFY_GROUP_MODEL ? (enum tmk_op_kind)c->group : TMK_OP_KIND_COUNT;
  list->items[list->count].op.layer = -1;
  list->count++;
}

static void push_gemm(struct case_list *list, int64_t m, int64_t n, int64_t k, bool bias, bool logits)
{
  for (size_t i = 0; i < COUNT(dtypes); i++) {
    push(list, &(struct tmk_verify_case){.group = TMK_OP_GEMM,
                                         .weight_dtype = dtypes[i],
                                         .bias = bias,
                                         .logits = logits,
                                         .gaps = (m + n + k) % 3 == 0 && n > 8,
                                         .scale = UNIT_SCALE,
                                         .op.u.gemm = {.m = m, .n = n, .k = k}});
  }
}

static void push_gemms(struct case_list *list)
{
  for (size_t m = 0; m < COUNT(gemm_rows); m++) {
    for (size_t s = 0; s < COUNT(gemm_shapes); s++) {
      push_gemm(list, gemm_rows[m], gemm_shapes[s].n, gemm_shapes[s].k, (m + s) % 2 == 0, (m + 2 * s) % 5 == 0);
    }
  }
  for (size_t i = 0; i < COUNT(gemm_more); i++)
    push_gemm(list, gemm_more[i].m, gemm_more[i].n, gemm_more[i].k, true, false);
  for (size_t i = 0; i < COUNT(gemm_more); i++)
    push_gemm(list, gemm_more[i].m, gemm_more[i].n, gemm_more[i].k, i % 3 == 0, true);
  /* A last column of each pair that a thread of a GPU stores. */
  static const int64_t rows[] = {20, 50, 80, 110, 140, 300};
  for (int64_t i = 1; i <= 48; i++) push_gemm(list, rows[i % 6], 8 * i + 2 * (i / 6 % 4), 24, i % 2, true);
}

static void push_narrow_gemms(struct case_list *list)
{
  for (size_t i = 0; i < COUNT(gemm_narrow); i++) {
    for (size_t d = 0; d < COUNT(narrow_dtypes); d++) {
      const int block = tmk_dtype_get(narrow_dtypes[d])->block_elements;
      if (block > 0 && gemm_narrow[i].k % block != 0) continue;
      push(list, &(struct tmk_verify_case){
                     .group = TMK_OP_GEMM,
                     .weight_dtype = narrow_dtypes[d],
                     .bias = (i + d) % 2 == 0,
                     .logits = i % 3 == 1,
                     .gaps = i % 2 == 1 && gemm_narrow[i].n > 8,
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

/* Queries of scale 1 give a flat softmax, larger ones a peaked one; with the largest, exponentials overflow float32 unless they are taken of
 * the distance to the largest score. */
static float score_scale(size_t i)
{
  return i % 4 == 0 ? 14 * UNIT_SCALE : i % 2 ? UNIT_SCALE : 5 * UNIT_SCALE;
}

/* Over the contexts and ratios of one head_dim the last key stands in
 * each of the 16 rows of a tile, and the first key that a window leaves in each second one. */
static void push_attentions(struct case_list *list)
{
  for (size_t c = 0; c < COUNT(contexts); c++) {
    for (size_t d = 0; d < COUNT(head_dims); d++) {
      for (size_t r = 0; r < COUNT(ratios); r++) {
        const int64_t past = contexts[c] + (int64_t)r * (c == 2 ? -2 : 2);
        const int64_t first = (c == 2 ? 16 : 592) + 2 * (4 * (int64_t)(c % 2) + (int64_t)r) + (int64_t)d % 2;
        const struct tmk_op_attention shape = {.seqs = 1 + (int64_t)(d + r) % 3,
                                               .q_len = 1,
                                               .seq_first = (int64_t)(c + d) % 2,
                                               .past = past,
                                               .window = c > 1 ? past + 1 - first : 0,
                                               .heads_q = 2 * ratios[r],
                                               .heads_kv = 2,
                                               .head_dim = head_dims[d]};
        push_attention(list, &shape, score_scale(c + d + r));
      }
    }
  }
  for (size_t i = 0; i < COUNT(attention_rows); i++) {
    push_attention(list, &attention_rows[i], score_scale(i));
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

/* The last vector of a row cut to each length, in each of the vectors that a thread of a GPU takes. */
static void push_rmsnorm_tails(struct case_list *list)
{
  for (int i = 0; i < 4 * 7; i++) {
    const int64_t hidden = 256 * (i / 7) + 249 + i % 7;
    for (int delta = 0; delta < 2; delta++) {
      push(list, &(struct tmk_verify_case){
                     .group = TMK_OP_RMSNORM,
                     .weight_dtype = TMK_DTYPE_BF16,
                     .delta = delta,
                     .scale = UNIT_SCALE,
                     .op.u.rmsnorm = {
                         .rows = 1, .hidden = hidden, .row_group = 1, .eps = 1e-6, .write_residual = i % 2}});
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
  push_rmsnorm_tails(list);
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

static void push_model(struct case_list *list, size_t row, size_t workload, size_t pair, struct tmk_layout layout)
{
  struct tmk_verify_case c = {.group = TMK_VERIFY_GROUP_MODEL,
                              .weight_dtype = model_dtypes[pair].weight,
                              .kv_dtype = model_dtypes[pair].cache,
                              .model = model_of(row),
                              .workload = model_workloads[workload]};
  /* Whole blocks: the other sizes are multiples of 16 already. */
  if (c.weight_dtype == TMK_DTYPE_NVFP4) c.model.hidden_size = 144, c.model.intermediate_size = 208;
  if (c.weight_dtype == TMK_DTYPE_I4) c.model.hidden_size = 160, c.model.intermediate_size = 224;
  snprintf(c.workload.model, sizeof c.workload.model, "%s", c.model.name);
  c.workload.weight_dtype = c.weight_dtype;
  c.workload.kv_dtype = c.kv_dtype;
  c.workload.layout = layout;
  push(list, &c);
}

static void push_models(struct case_list *list)
{
  const struct tmk_layout one = {.tp = 1, .pp = 1, .dp = 1, .microbatches = 1};
  for (size_t i = 0; i < COUNT(model_rows); i++) {
    for (size_t w = 0; w < COUNT(model_workloads); w++) {
      for (size_t k = 0; k < COUNT(model_dtypes); k++) {
        if (!model_dtypes[k].on_some || (i + w) % 3 == 0) push_model(list, i, w, k, one);
      }
    }
  }
  /* One rank's share of a model, alone: parts of fused weights, a stage without an end, sequences from the middle of a batch. */
  for (size_t i = 0; i < COUNT(model_shares); i++) {
    push_model(list, model_shares[i].model, model_shares[i].workload, model_shares[i].dtypes, model_shares[i].layout);
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
  snprintf(text, (size_t)text_size, "%s%s%s%s%s%s%s%s%s", shape, c->bias ? " bias" : "", c->logits ? " y=f32" : "",
           c->qk_norm ? " qk-norm" : "", c->with_nan ? " nan" : "", c->weight_dtype ? " w=" : "",
           c->weight_dtype ? tmk_dtype_name(c->weight_dtype) : "", c->kv_dtype ? " kv=" : "",
           c->kv_dtype ? tmk_dtype_name(c->kv_dtype) : "");
}
