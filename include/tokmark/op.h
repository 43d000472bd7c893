/* op.h: one operation of a step, as data: kind, shape, and the tensors it reads and writes.
 *
 * Tensors are named by their index in the plan's tensor table (plan.h). Every operation is defined here exactly; backends,
 * cost, verification and the report all read the same struct. All matrices are row-major. "rows" are tokens of the step.
 * A tensor may have more rows than the op: it touches the first ones (operand `first` and `count` say which elements).
 * Arithmetic is in float32 or wider whatever the dtypes of the tensors; a result is rounded once to its tensor's dtype.
 */
#ifndef TOKMARK_OP_H
#define TOKMARK_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "tokmark/comm.h"
#include "tokmark/dtype.h"

enum tmk_op_kind {
  TMK_OP_EMBED = 0,
  TMK_OP_RMSNORM,
  TMK_OP_GEMM,
  TMK_OP_ROPE_KV,
  TMK_OP_ATTENTION,
  TMK_OP_SWIGLU,
  TMK_OP_SAMPLE,
  TMK_OP_COLLECTIVE,
  TMK_OP_KIND_COUNT /* next: MLA attention, router, grouped GEMM */
};

const char *tmk_op_kind_name(enum tmk_op_kind kind); /* "embed", "rmsnorm", "gemm", … */
enum tmk_op_kind tmk_op_kind_from_name(const char *name); /* TMK_OP_KIND_COUNT if unknown */

#define TMK_TENSOR_NONE (-1)

/* x[r, :] = weight[tokens[token_first + r], :] */
struct tmk_op_embed {
  int64_t rows, hidden, vocab;
  int64_t token_first; /* where the step's tokens start among those of the pass */
  int tokens; /* in:  [token_first + rows or more] i32 */
  int weight; /* in:  [vocab, hidden] */
  int x;      /* out: [rows, hidden] */
};

/* s = residual[g, :] + delta[g, :]   with g = (r + 1) * row_group - 1, the last row of the r-th group of row_group rows
 * y[r, :] = s / sqrt(mean(s²) + eps) * weight
 * If write_residual: residual[g, :] = s (rounded to its dtype; y is computed from the unrounded s). row_group > 1 (the last
 * positions of each prompt, before the LM head) never writes the residual. */
struct tmk_op_rmsnorm {
  int64_t rows, hidden; /* rows of y */
  int64_t row_group;    /* 1 = all rows */
  double eps;
  bool write_residual;
  int residual; /* in, out: [rows * row_group, hidden] */
  int delta;    /* in:  [rows * row_group, hidden], or TMK_TENSOR_NONE = 0 */
  int weight;   /* in:  [hidden] */
  int y;        /* out: [rows, hidden] */
};

/* y[m, n] = Σ_k x[m, k] weight[n, k] + bias[n]
 * With a weight of F8E4M3 or NVFP4, x is first rounded to that type too, with one of I8 or I4 to I8 (quantise.h: each row m in
 * runs along k), and x[m, k] and weight[n, k] above are what the rounded ones stand for. Their products are exact; Σ is as wide
 * as the device's tensor cores of that type add, which is less than float32 for F8E4M3 before sm_100 (kernels/ref/ref_ops_f32.c, narrow_dot). */
struct tmk_op_gemm {
  int64_t m, n, k; /* k: a multiple of 16 with a weight of NVFP4, of 32 with I4 */
  int x;      /* in:  [m, k] */
  int weight; /* in:  [n, k], as torch.nn.Linear stores it */
  int bias;   /* in:  [n], or TMK_TENSOR_NONE */
  int y;      /* out: [m, n] */
};

/* Rotary position embedding of q and k, and the append of k and v to the cache.
 * Row r belongs to sequence seq_first + r / q_len and stands at position pos = past + r % q_len. A row of qkv holds heads_q
 * query heads, then heads_kv key heads, then heads_kv value heads. With norms, first h = h / sqrt(mean(h²) + eps) * norm for
 * each q and k head. Then, for i < rotary_dim / 2, with a = pos * inv_freq[i]:
 *   (h[i], h[i + rotary_dim/2]) = rope_scale * (h[i] cos a − h[i + rotary_dim/2] sin a, h[i + rotary_dim/2] cos a + h[i] sin a)
 * (the half-split form of Hugging Face). Dims from rotary_dim on pass unchanged. The angle a is taken in float32 or wider
 * from the product in float64. */
struct tmk_op_rope_kv {
  int64_t seqs, q_len, seq_first, past;
  int64_t heads_q, heads_kv, head_dim, rotary_dim;
  double eps, rope_scale;
  int qkv;            /* in:  [seqs * q_len, (heads_q + 2 heads_kv) * head_dim] */
  int inv_freq;       /* in:  [rotary_dim / 2] f64, a constant of the plan */
  int q_norm, k_norm; /* in:  [head_dim], or TMK_TENSOR_NONE */
  int q;              /* out: [seqs * q_len, heads_q * head_dim] */
  int k_cache, v_cache; /* out: rows past … past + q_len − 1 of sequences seq_first … seq_first + seqs − 1 */
};

/* out[r, h, :] = Σ_j softmax_j(scale q[r, h, :] · k[s, j, g, :]) v[s, j, g, :], g = h / (heads_q / heads_kv),
 * over keys j from max(0, pos − window + 1) (0 if window is 0) to pos, with s and pos of row r as in tmk_op_rope_kv.
 * Decode is q_len 1; prefill is q_len > 1 or past 0.
 * Where q is bf16 a device may round exp(score − largest score so far) to bf16 before the product with v, as kernels on tensor
 * cores do (the sum of the softmax is of the unrounded ones); the naive reference rounds so too, and error limits follow it. */
struct tmk_op_attention {
  int64_t seqs, q_len, seq_first, past;
  int64_t heads_q, heads_kv, head_dim;
  int64_t window; /* 0 = none */
  double scale;
  int q;                /* in:  [seqs * q_len, heads_q * head_dim] */
  int k_cache, v_cache; /* in:  [sequences, positions, heads_kv, head_dim] */
  int out;              /* out: [seqs * q_len, heads_q * head_dim] */
};

/* y[r, i] = silu(gate_up[r, i]) * gate_up[r, inner + i],  silu(a) = a / (1 + exp(−a)) */
struct tmk_op_swiglu {
  int64_t rows, inner;
  int gate_up; /* in:  [rows, 2 * inner] */
  int y;       /* out: [rows, inner] */
};

/* tokens[token_first + r] = argmax_v logits[r, v], the lowest v of equal ones; −1 where a row has a NaN */
struct tmk_op_sample {
  int64_t rows, vocab;
  int64_t token_first; /* the sequence that the step's first row belongs to; other tokens are left as they are */
  int logits; /* in:  [rows, vocab] */
  int tokens; /* out: [token_first + rows or more] i32 */
};

/* With the ranks of group `group`, n of them, of which this one is number `rank`:
 *   all-reduce  y[r, c] = Σ over ranks of x[r, c]; y is x. Partial sums may be rounded to the dtype, in any order
 *   all-gather  parts[p, r, c] = x[r, c] of rank p; y[r, p cols + c] = parts[p, r, c] as far as that is below y_cols
 *   send-recv   in a group of two: rank 0 sends x, rank 1 receives y
 * Where the backend has no transport for the group (tmk_open_args.groups), an all-reduce leaves x as it is, an all-gather takes
 * its own x for every rank's, and a send-recv does nothing. */
struct tmk_op_collective {
  enum tmk_collective collective;
  enum tmk_group group;
  int ranks, rank;
  int64_t rows, cols; /* of x, or of y where only that is there */
  int64_t y_cols;     /* all-gather */
  int x;              /* in:  [rows, cols]; all-reduce: in, out; TMK_TENSOR_NONE on the receiver */
  int parts;          /* out: [ranks * rows, cols]; all-gather only, else TMK_TENSOR_NONE */
  int y;              /* out: [rows, y_cols] or [rows, cols]; TMK_TENSOR_NONE on the sender and of an all-reduce */
};

struct tmk_op {
  enum tmk_op_kind kind;
  int layer;         /* 0-based; −1 outside the layers */
  int step;          /* index into the plan's steps */
  const char *label; /* static string, what it does in the model: "qkv_proj", "lm_head"; per-op reports group by it */
  union {
    struct tmk_op_embed embed;
    struct tmk_op_rmsnorm rmsnorm;
    struct tmk_op_gemm gemm;
    struct tmk_op_rope_kv rope_kv;
    struct tmk_op_attention attention;
    struct tmk_op_swiglu swiglu;
    struct tmk_op_sample sample;
    struct tmk_op_collective collective;
  } u;
};

/* Which operand of an op a tensor is. */
enum tmk_access { TMK_ACCESS_IN = 1, TMK_ACCESS_OUT = 2, TMK_ACCESS_INOUT = 3 };
struct tmk_operand {
  const char *name; /* the field's name above: "x", "weight" */
  int tensor;
  enum tmk_access access;
  int64_t first, count; /* its elements that the op touches; 0, 0 for a KV cache, where they are no single range */
};
#define TMK_OP_MAX_OPERANDS 8
/* Fills operands[] with those present (an optional one that is TMK_TENSOR_NONE is left out; a residual that is not written
 * is IN) and returns how many. */
int tmk_op_operands(const struct tmk_op *op, struct tmk_operand operands[TMK_OP_MAX_OPERANDS]);
/* "gemm qkv_proj m=8 n=2560 k=2048": for messages and reports. */
void tmk_op_describe(const struct tmk_op *op, char *text, int text_size);

#endif
