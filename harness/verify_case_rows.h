/* verify_case_rows.h: the shapes and types of the case table (verify_cases.c, and nobody else, includes it). They are ragged on
 * purpose: primes, odd, one more and one less than vector widths and tiles. */
#ifndef TMK_HARNESS_VERIFY_CASE_ROWS_H
#define TMK_HARNESS_VERIFY_CASE_ROWS_H

#include "verify_cases.h"

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
static const enum tmk_dtype narrow_dtypes[] = {TMK_DTYPE_F8E4M3, TMK_DTYPE_NVFP4, TMK_DTYPE_I8, TMK_DTYPE_I4};
static const enum tmk_dtype cache_dtypes[] = {TMK_DTYPE_F32, TMK_DTYPE_BF16, TMK_DTYPE_F8E4M3};

static const int64_t gemm_rows[] = {1, 2, 3, 7, 8, 13, 16, 17, 33, 64, 90, 100};
static const struct {
  int64_t n, k;
} gemm_shapes[] = {
    {1, 1},    {3, 5},     {17, 31},   {64, 64},   {31, 17},    {96, 129},  {127, 257},
    {256, 64}, {67, 1009}, {1009, 67}, {128, 512}, {300, 1000}, {40, 5633},
};
/* Shapes that the product above has not: many rows, long sums. */
static const struct {
  int64_t m, n, k;
} gemm_more[] = {
    {300, 48, 320},  {513, 33, 96},   {8, 24, 14336},  {128, 512, 128}, {763, 379, 250}, {1090, 270, 40},
    /* One tile of each size, cut and whole, of a GPU of 3 SMs. */
    {127, 251, 530}, {250, 125, 530}, {125, 123, 650}, {130, 125, 450}, {300, 253, 50},  {640, 60, 50},
    /* Every row of a tile of the families for up to 128 rows. */
    {31, 135, 200},  {48, 263, 200},  {62, 135, 330},  {96, 263, 200},  {111, 135, 200}, {128, 263, 330},
    /* One tile of each size again, with more steps than stages, in a part of a tile and in a whole one. */
    {127, 251, 1130}, {250, 125, 1130}, {125, 123, 1610}, {130, 125, 1130}, {380, 253, 410}, {380, 380, 330},
};
/* Of narrow weights: whole blocks of 16 along k, one and more of the 64 and 128 that scales are laid out by, and others. */
static const struct {
  int64_t m, n, k;
} gemm_narrow[] = {
    {1, 1, 16},     {1, 16, 32},    {2, 17, 48},    {3, 40, 64},     {7, 128, 80},    {8, 130, 144},  {13, 257, 112},
    {16, 96, 256},  {17, 33, 1008}, {33, 1009, 64}, {64, 127, 272},  {100, 300, 512}, {129, 64, 96},  {300, 48, 320},
    {5, 64, 5632},  {1, 8, 14336},  {2, 512, 128},  {128, 256, 192}, {1, 144, 1040},  {257, 129, 16}, {3, 24, 17},
    {16, 33, 1001}, {2, 16, 8},     {40, 130, 203}, /* none with blocks */
    {1, 8, 2},      {1, 8, 3},      {1, 8, 4},      {1, 8, 5},       {1, 8, 6},       {1, 8, 7},
    {4, 33, 96},    {6, 65, 160},   {10, 20, 224},
    {1, 8, 10},     {1, 8, 12},     {1, 8, 13},     {1, 8, 14},      {1, 8, 15},
};

static const int64_t ratios[] = {1, 7, 13, 20}, head_dims[] = {64, 80, 96, 128}, contexts[] = {0, 1, 127, 1000};
/* Beside decode over all of those: prefill, chunks with a past, sequences that don't start at the first, windows. */
static const struct tmk_op_attention attention_rows[] = {
    {.seqs = 1, .q_len = 2, .heads_q = 2, .heads_kv = 1, .head_dim = 64},
    {.seqs = 1, .q_len = 37, .heads_q = 4, .heads_kv = 2, .head_dim = 64},
    {.seqs = 3, .q_len = 16, .heads_q = 7, .heads_kv = 1, .head_dim = 80},
    {.seqs = 2, .q_len = 65, .seq_first = 1, .heads_q = 8, .heads_kv = 1, .head_dim = 96},
    {.seqs = 1, .q_len = 129, .heads_q = 3, .heads_kv = 3, .head_dim = 128},
    {.seqs = 2, .q_len = 131, .heads_q = 3, .heads_kv = 1, .head_dim = 64},
    {.seqs = 1, .q_len = 190, .past = 65, .window = 70, .heads_q = 4, .heads_kv = 2, .head_dim = 80},
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
    /* Full tiles in which the diagonal and the window's edge pass each column, 64 and 128 queries a block. */
    {.seqs = 1, .q_len = 64, .past = 77, .window = 50, .heads_q = 2, .heads_kv = 1, .head_dim = 64},
    {.seqs = 1, .q_len = 133, .past = 77, .window = 50, .heads_q = 1, .heads_kv = 1, .head_dim = 64},
    {.seqs = 1, .q_len = 64, .past = 77, .window = 50, .heads_q = 1, .heads_kv = 1, .head_dim = 80},
    {.seqs = 1, .q_len = 133, .past = 77, .window = 50, .heads_q = 2, .heads_kv = 2, .head_dim = 80},
    {.seqs = 1, .q_len = 64, .past = 77, .window = 50, .heads_q = 2, .heads_kv = 1, .head_dim = 96},
    {.seqs = 1, .q_len = 133, .past = 77, .window = 50, .heads_q = 1, .heads_kv = 1, .head_dim = 96},
    {.seqs = 1, .q_len = 64, .past = 77, .window = 50, .heads_q = 1, .heads_kv = 1, .head_dim = 128},
    {.seqs = 1, .q_len = 133, .past = 77, .window = 50, .heads_q = 2, .heads_kv = 1, .head_dim = 128},
    {.seqs = 1, .q_len = 1, .past = 1003, .heads_q = 10, .heads_kv = 2, .head_dim = 64},
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
    {{.seqs = 1, .q_len = 1, .past = 9001, .heads_q = 2, .heads_kv = 1, .head_dim = 64, .rotary_dim = 64},
     PLAIN_ROPE,
     false},
    {{.seqs = 1, .q_len = 3, .past = 99991, .heads_q = 2, .heads_kv = 1, .head_dim = 16, .rotary_dim = 16},
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
      .past = 2600,
      .heads_q = 5,
      .heads_kv = 5,
      .head_dim = 96,
      .rotary_dim = 32},
     YARN_ROPE,
     true},
    {{.seqs = 33, .q_len = 1, .past = 17, .heads_q = 4, .heads_kv = 1, .head_dim = 64, .rotary_dim = 2},
     PLAIN_ROPE,
     false},
    {{.seqs = 3, .q_len = 3, .seq_first = 1, .past = 62, .heads_q = 4, .heads_kv = 2, .head_dim = 70, .rotary_dim = 30},
     PLAIN_ROPE,
     true},
    {{.seqs = 2, .q_len = 2, .heads_q = 2, .heads_kv = 1, .head_dim = 328, .rotary_dim = 64}, PLAIN_ROPE, true},
    {{.seqs = 1, .q_len = 3, .past = 5, .heads_q = 2, .heads_kv = 1, .head_dim = 150, .rotary_dim = 20},
     PLAIN_ROPE,
     true},
    {{.seqs = 1, .q_len = 67, .heads_q = 2, .heads_kv = 1, .head_dim = 33, .rotary_dim = 32}, PLAIN_ROPE, true},
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
    {.rows = 2, .hidden = 2048, .row_group = 1},  {.rows = 5, .hidden = 4103, .row_group = 1},
    {.rows = 1, .hidden = 16384, .row_group = 1}, {.rows = 1, .hidden = 96, .row_group = 7},
    {.rows = 4, .hidden = 130, .row_group = 13},  {.rows = 16, .hidden = 64, .row_group = 2},
    {.rows = 3, .hidden = 2049, .row_group = 32}, {.rows = 1, .hidden = 8199, .row_group = 1},
    {.rows = 1, .hidden = 12303, .row_group = 1},
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
  bool with_nan; /* and zeros of both signs, where rows are more */
} sample_rows[] = {
    {1, 1, 0, 0, 4, false},          {3, 2, 0, 0, 4, false},
    {8, 129, 3, 0, 4, false},        {64, 1000, 0, 0, 4, false},
    {2, 32003, 1, 0, 4, false},      {1, 151936, 0, 0, 4, false},
    {9, 513, 0, 1, 0x1p-22f, false}, {3, 32000, 0, -1, 0x1p-22f, false},
    {5, 777, 2, 0, 4, true},         {3, 4096, 0, 0, 4, true},
    {3, 514, 1, 0, 4, true},         {2, 1023, 0, 0, 4, true},
    {10, 4096, 0, -5, 4, true},
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

/* Weights and cache of a model. */
static const struct {
  enum tmk_dtype weight, cache;
  bool on_some; /* a third of the models and workloads: mixed and narrow types */
} model_dtypes[] = {
    {TMK_DTYPE_F32, TMK_DTYPE_F32, false},      {TMK_DTYPE_BF16, TMK_DTYPE_F32, true},
    {TMK_DTYPE_F32, TMK_DTYPE_BF16, true},      {TMK_DTYPE_BF16, TMK_DTYPE_BF16, false},
    {TMK_DTYPE_BF16, TMK_DTYPE_F8E4M3, true},   {TMK_DTYPE_F8E4M3, TMK_DTYPE_BF16, true},
    {TMK_DTYPE_F8E4M3, TMK_DTYPE_F8E4M3, true}, {TMK_DTYPE_NVFP4, TMK_DTYPE_BF16, true},
    {TMK_DTYPE_NVFP4, TMK_DTYPE_F8E4M3, true},  {TMK_DTYPE_I8, TMK_DTYPE_BF16, true},
    {TMK_DTYPE_I8, TMK_DTYPE_F32, true},        {TMK_DTYPE_I4, TMK_DTYPE_BF16, true},
};

/* Shares of models: rows of the three tables above. */
static const struct {
  size_t model, workload, dtypes;
  struct tmk_layout layout;
} model_shares[] = {
    {0, 1, 3, {.tp = 2, .pp = 1, .dp = 1, .rank = 1, .microbatches = 1}},
    {2, 4, 3, {.tp = 7, .pp = 1, .dp = 1, .rank = 3, .microbatches = 1}},
    {0, 3, 6, {.tp = 2, .pp = 1, .dp = 1, .rank = 0, .microbatches = 1}},
    {0, 1, 8, {.tp = 2, .pp = 1, .dp = 1, .rank = 1, .microbatches = 1}},
    {1, 2, 3, {.tp = 2, .pp = 3, .dp = 2, .rank = 9, .microbatches = 2}},
    {3, 5, 0, {.tp = 1, .pp = 2, .dp = 1, .rank = 1, .microbatches = 3}},
};

#endif
