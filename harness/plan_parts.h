/* plan_parts.h: what the files of the planner share; nobody else includes it.
 *
 * plan.c checks and measures, plan_tensors.c lists the tensors, plan_steps.c the operations that name them.
 */
#ifndef TMK_HARNESS_PLAN_PARTS_H
#define TMK_HARNESS_PLAN_PARTS_H

#include "tokmark/plan.h"

/* Sizes that follow from model, workload and share before anything is allocated. */
struct tmk_plan_shape {
  int64_t q_len_max;        /* tokens of one sequence in the longest step: 1 in decode */
  int64_t prompts_per_step; /* sequences in a step, at most */
  int64_t rows_max;         /* tokens of the largest step */
  int64_t tokens;           /* of the whole pass, all sequences of the share */
  int64_t positions;        /* capacity of the cache a sequence */
  int64_t steps;
  int64_t layers_held;
};

/* Tensors of one held layer, as indices in the plan's table; TMK_TENSOR_NONE where the model has none. */
struct tmk_layer_tensors {
  int attn_norm, qkv, qkv_bias, q_norm, k_norm, o, o_bias;
  int mlp_norm, gate_up, gate_up_bias, down, down_bias;
  int k_cache, v_cache;
};

/* Tensors outside the layers, and the activations that all layers share; TMK_TENSOR_NONE where a stage has none. */
struct tmk_plan_tensors {
  int tokens, inv_freq, embedding, final_norm, lm_head;
  int residual, normed, qkv, q, attn_out, delta, gate_up, act;
  int final_hidden, logits, tokens_out;
  int logits_part, logits_parts; /* tp > 1: this rank's columns, and every rank's as they are gathered */
  struct tmk_layer_tensors *layers; /* [layers_held], owned by the caller of tmk_plan_tensors_build */
};

/* Fills plan->tensors (allocated here), plan->constants and *out from plan->model, workload and act_dtype. */
enum tmk_status tmk_plan_tensors_build(struct tmk_plan *plan, const struct tmk_plan_shape *shape,
                                       struct tmk_plan_tensors *out, struct tmk_error *err);

/* Operations of a step at most: one that ends prompts, and the pass. */
int64_t tmk_plan_step_ops(const struct tmk_layout *layout, const struct tmk_plan_share *share);
/* Fills plan->ops and plan->steps, both allocated for shape->steps steps of that many operations. */
void tmk_plan_steps_build(struct tmk_plan *plan, const struct tmk_plan_shape *shape,
                          const struct tmk_plan_tensors *tensors, double rope_scale);

#endif
