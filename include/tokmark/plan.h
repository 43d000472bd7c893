/* plan.h: a point of a sweep as data: tensors, and the list of operations that one pass executes.
 *
 * A pass is what one sample repeats: for decode one step; for prefill all the steps (chunks) that the prompts take. A step
 * is one forward pass: every weight is read once in it, and the step limit is taken over it. e2e has no plan of its own: it
 * is composed of a prefill plan and decode plans.
 *
 * Activation tensors have the rows of the largest step, are reused between layers and steps, and a step of fewer rows uses
 * the first ones. Token ids are one tensor for the whole pass, [batch * tokens a sequence], sequence after sequence, so the
 * prompts are the same however they are cut into chunks; embed.token_first says where a step starts in it.
 * Weights of fewer than 16 bits are those of the projections in the layers; embedding, LM head, norms and biases are BF16
 * then, as in published FP8 and FP4 checkpoints. What such weights stand for, and what a GEMM does with them, is in quantise.h
 * and op.h. NVFP4 takes projections whose inputs are a multiple of 16, one block.
 * With layers_held = N, layer l uses weights and cache of layer l % N.
 *
 * Chunks of a prefill: if input_len <= prefill_chunk, a step takes max(1, prefill_chunk / input_len) whole prompts; else
 * each prompt goes alone, in chunks of prefill_chunk tokens. LM head and sampling only on steps that end a prompt, on its
 * last position.
 *
 * Several ranks (workload.layout; tmk_plan_share): each has a plan of its own share, and TMK_OP_COLLECTIVE operations where it needs
 * the others. With stages (pp > 1) a pass goes through them in microbatches, `layout.microbatches` of a decode step and at
 * least so many of a prefill (a step each), and ends when the sampled tokens are back at the first stage: filling and
 * draining the stages is part of it.
 */
#ifndef TOKMARK_PLAN_H
#define TOKMARK_PLAN_H

#include <stdbool.h>

#include "tokmark/model.h"
#include "tokmark/op.h"
#include "tokmark/status.h"
#include "tokmark/workload.h"

enum tmk_tensor_role {
  TMK_ROLE_WEIGHT = 0, /* filled once; shared by all plans of a backend with the same (id, dtype, dims, origin, seed) */
  TMK_ROLE_KV_CACHE,   /* [sequences, positions, heads_kv, head_dim]; positions < plan past are filled by reset() */
  TMK_ROLE_INPUT,      /* filled by reset(): token ids; activations of a single-op plan */
  TMK_ROLE_CONSTANT,   /* `constant` holds the data, f64 */
  TMK_ROLE_ACTIVATION, /* undefined until an op writes it */
  TMK_ROLE_OUTPUT,     /* likewise, and read back by the harness: logits, tokens */
};

#define TMK_MAX_DIMS 4
/* Rows of the whole that a part does not hold although rows before and behind them are its own: it leaves out `rows` of them
 * before its own row `at`. A shard of fused projections has them: its share of q, then of k, then of v. */
struct tmk_row_gap {
  int64_t at, rows;
};
#define TMK_MAX_GAPS 2

struct tmk_tensor {
  char name[48]; /* "layer3.qkv_proj.weight" */
  uint64_t id;   /* fill identity: a function of (layer, slot) alone, the same in every plan and shard */
  enum tmk_tensor_role role;
  enum tmk_dtype dtype;
  int rank;
  int64_t dims[TMK_MAX_DIMS];        /* of the part that this device holds */
  int64_t origin[TMK_MAX_DIMS];      /* where that part starts in the whole; 0 where it is not sharded or sliced */
  struct tmk_row_gap gaps[TMK_MAX_GAPS]; /* in dimension 0; { 0, 0 } where there is none */
  int64_t global_dims[TMK_MAX_DIMS]; /* of the whole. KV cache: positions is TMK_KV_POSITIONS whatever is held */
  float fill_offset, fill_scale;
  int64_t fill_vocab;     /* I32 inputs only: ids in 0 … fill_vocab − 1 */
  const double *constant; /* TMK_ROLE_CONSTANT: borrowed from the plan */
};

#define TMK_KV_POSITIONS ((int64_t)1 << 24)

/* Elements held: the product of dims. */
int64_t tmk_tensor_elements(const struct tmk_tensor *tensor);
int64_t tmk_tensor_bytes(const struct tmk_tensor *tensor);
/* Global index (row-major in global_dims) of the local element `index` (row-major in dims). Elements of the last dimension
 * stay neighbours, so a row needs one call. */
uint64_t tmk_tensor_global_index(const struct tmk_tensor *tensor, int64_t index);
/* Of how many rows (of dimension 0) from `row` on the global rows are neighbours too; at most `rows`. */
int64_t tmk_tensor_rows_together(const struct tmk_tensor *tensor, int64_t row, int64_t rows);
/* Makes the tensor its own part of rows first … first + count − 1. */
void tmk_tensor_take_rows(struct tmk_tensor *tensor, int64_t first, int64_t count);
/* Whether two tensors have the same contents for the same seed, element by element. */
bool tmk_tensor_same_contents(const struct tmk_tensor *a, const struct tmk_tensor *b);
/* The fill value of `count` local elements from `first` on, before rounding to the dtype (exact for I32). */
void tmk_tensor_fill(const struct tmk_tensor *tensor, uint64_t seed, int64_t first, int64_t count, float *values);
/* The scale of a weight's values (quantise.h); 1 for other roles and for dtypes without one. */
float tmk_tensor_scale(const struct tmk_tensor *tensor);
/* The same elements after it: what a filled tensor stands for and read() gives, exactly. Blocks of NVFP4 start where rows of
 * the part that is held do, so origins in the last dimension are multiples of 16. */
void tmk_tensor_values(const struct tmk_tensor *tensor, uint64_t seed, int64_t first, int64_t count, double *values);

/* What rank layout.rank of tp x pp x dp holds and does. tp changes fastest: rank = (dp_rank · pp + pp_rank) · tp + tp_rank.
 *   dp  sequences of the batch
 *   pp  layers; embedding on the first stage, final norm, LM head and sampling on the last
 *   tp  whole KV heads with their query heads (where there are fewer KV heads than ranks, one KV head each, held more than
 *       once), columns of gate, up and LM head, rows of o_proj and down_proj; the embedding is held whole
 * Shares differ by one unit where the division leaves a rest. */
struct tmk_plan_share {
  int tp_rank, pp_rank, dp_rank;
  int64_t seq_first, seqs;
  int64_t layer_first, layers;
  int64_t q_first, heads_q, kv_first, heads_kv;
  int64_t inner_first, inner;
  int64_t vocab_first, vocab; /* as many on each rank: the last may hold rows behind the vocabulary, which are not sampled */
};

struct tmk_plan_step {
  int first_op, op_count;
  int64_t tokens;  /* rows of the step */
  int64_t prompts; /* sequences that get an output token from it */
};

struct tmk_plan {
  struct tmk_model model;
  struct tmk_workload workload;
  uint64_t seed;
  enum tmk_dtype act_dtype;
  struct tmk_tensor *tensors; /* owned */
  int tensor_count;
  struct tmk_op *ops; /* owned */
  int op_count;
  struct tmk_plan_step *steps; /* owned */
  int step_count;
  double *constants; /* owned: backing of TMK_ROLE_CONSTANT tensors */
  struct tmk_plan_share share; /* not of a plan of given operations */
  bool alone;
  /* Tensors the harness reads back; TMK_TENSOR_NONE in a single-op plan and on stages that have none (logits: all but the
   * last; tokens_out: those between first and last). tokens_out: [batch], each sequence's own row, all of
   * them written by a pass. logits: f32 [prompts of the largest ending step, vocab]; every ending step writes its rows from
   * row 0 on, so after a pass the first steps[step_count - 1].prompts rows are those of the last step. */
  int logits, tokens_out;
};

struct tmk_plan_args {
  const struct tmk_model *model;       /* borrowed; copied */
  const struct tmk_workload *workload; /* decode or prefill; borrowed; copied */
  uint64_t seed;
  enum tmk_dtype act_dtype; /* what the backend's describe() says */
  int64_t kv_positions;     /* capacity of the cache a sequence; 0 = what this workload needs */
  bool alone;               /* to be run with no transport: what another stage would send is an input, filled by reset() */
};

/* What rank workload->layout.rank has. USAGE or UNSUPPORTED, with what would do, where the model or the batch can't be divided
 * so. */
enum tmk_status tmk_plan_share_of(const struct tmk_model *model, const struct tmk_workload *workload,
                                  struct tmk_plan_share *share, struct tmk_error *err);

/* Operations a plan may have; a workload that takes more is refused. */
#define TMK_PLAN_MAX_OPS ((int64_t)1 << 21)

/* Heap; destroy with tmk_plan_destroy. USAGE error for a workload out of range (batch 1..65536, positions up to
 * TMK_KV_POSITIONS), UNSUPPORTED with the reason where the model or the layout can't be planned. The model's own
 * max_position_embeddings is not checked here but in the sweep. */
enum tmk_status tmk_plan_create(const struct tmk_plan_args *args, struct tmk_plan **out, struct tmk_error *err);
void tmk_plan_destroy(struct tmk_plan *plan); /* NULL is fine */

/* A plan of one op: `op` refers to `tensors`, both copied, constants too. USAGE error if an operand is missing or too small. For verification on slices, `tokmark ops` and tests. Activations
 * that the op reads are given role INPUT by the caller so that reset() fills them. */
enum tmk_status tmk_plan_create_single(const struct tmk_op *op, const struct tmk_tensor *tensors, int tensor_count,
                                       uint64_t seed, enum tmk_dtype act_dtype, struct tmk_plan **out,
                                       struct tmk_error *err);
/* The same of several ops, one step in the order given. */
struct tmk_plan_ops_args {
  const struct tmk_op *ops; /* borrowed, as the tensors; copied */
  int op_count;
  const struct tmk_tensor *tensors;
  int tensor_count;
  uint64_t seed;
  enum tmk_dtype act_dtype;
};
enum tmk_status tmk_plan_create_ops(const struct tmk_plan_ops_args *args, struct tmk_plan **out, struct tmk_error *err);

/* Bytes a backend must hold for the plan, by kind. Checked against the device before anything is allocated. Backends may
 * need more for padding and workspace; see tmk_backend_ops.memory_overhead. All saturate at INT64_MAX. */
struct tmk_plan_memory {
  int64_t weight_bytes, kv_bytes;
  int64_t activation_bytes; /* inputs, outputs and constants too */
  int64_t total_bytes;
};
struct tmk_plan_memory tmk_plan_memory_needed(const struct tmk_plan *plan);

/* inv_freq[0 … rotary_dim/2 − 1] and the factor on cos and sin, for every scaling kind of model.h. Sources of the formulas
 * in plan_rope.c. */
void tmk_rope_frequencies(const struct tmk_rope *rope, double *inv_freq, double *scale);

#endif
