/* cuda_args.c: an op's tensors as the kernels take them (cuda_kernels.h). */
#include "cuda_exec.h"
#include "tokmark/quantise.h"

static const struct tmk_cuda_view no_view;

static const struct tmk_cuda_view *view_of(const struct tmk_cuda_sources *s, int tensor)
{
  return tensor == TMK_TENSOR_NONE ? &no_view : &s->views[tensor];
}

static void *data_of(const struct tmk_cuda_sources *s, int tensor)
{
  return view_of(s, tensor)->data;
}

static int64_t ld_of(const struct tmk_cuda_sources *s, int tensor)
{
  return view_of(s, tensor)->ld;
}

/* Token ids from `first` on. */
static int32_t *tokens_of(const struct tmk_cuda_sources *s, int tensor, int64_t first)
{
  int32_t *tokens = (int32_t *)data_of(s, tensor);
  return tokens == NULL ? NULL : tokens + first;
}

static struct tmk_cuda_cache cache_of(const struct tmk_cuda_sources *s, int k_cache, int v_cache)
{
  return (struct tmk_cuda_cache){
      .keys = data_of(s, k_cache),
      .values = data_of(s, v_cache),
      .dtype = view_of(s, k_cache)->dtype,
      .pages = s->pages,
      .pages_stride = s->pages_stride,
  };
}

static struct tmk_cuda_rmsnorm rmsnorm_args(const struct tmk_op_rmsnorm *o, const struct tmk_cuda_sources *s)
{
  return (struct tmk_cuda_rmsnorm){
      .rows = o->rows,
      .hidden = o->hidden,
      .row_group = o->row_group,
      .eps = (float)o->eps,
      .write_residual = o->write_residual,
      .residual = data_of(s, o->residual),
      .delta = data_of(s, o->delta),
      .weight = data_of(s, o->weight),
      .y = data_of(s, o->y),
      .residual_ld = ld_of(s, o->residual),
      .delta_ld = ld_of(s, o->delta),
      .y_ld = ld_of(s, o->y),
  };
}

static struct tmk_cuda_gemm gemm_args(const struct tmk_op_gemm *o, const struct tmk_cuda_sources *s)
{
  return (struct tmk_cuda_gemm){
      .m = o->m,
      .n = o->n,
      .k = o->k,
      .x = data_of(s, o->x),
      .weight = data_of(s, o->weight),
      .bias = data_of(s, o->bias),
      .y = data_of(s, o->y),
      .x_ld = ld_of(s, o->x),
      .weight_ld = ld_of(s, o->weight),
      .y_ld = ld_of(s, o->y),
      .y_dtype = view_of(s, o->y)->dtype,
      .weight_dtype = view_of(s, o->weight)->dtype,
      .scale = view_of(s, o->weight)->scale * tmk_quantise_x_scale(view_of(s, o->weight)->dtype),
  };
}

static struct tmk_cuda_rope_kv rope_kv_args(const struct tmk_op_rope_kv *o, const struct tmk_cuda_sources *s)
{
  return (struct tmk_cuda_rope_kv){
      .seqs = o->seqs,
      .q_len = o->q_len,
      .seq_first = o->seq_first,
      .past = o->past,
      .heads_q = o->heads_q,
      .heads_kv = o->heads_kv,
      .head_dim = o->head_dim,
      .rotary_dim = o->rotary_dim,
      .eps = (float)o->eps,
      .qkv = data_of(s, o->qkv),
      .cos_sin = s->cos_sin,
      .q_norm = data_of(s, o->q_norm),
      .k_norm = data_of(s, o->k_norm),
      .q = data_of(s, o->q),
      .qkv_ld = ld_of(s, o->qkv),
      .q_ld = ld_of(s, o->q),
      .cache = cache_of(s, o->k_cache, o->v_cache),
  };
}

static struct tmk_cuda_attention attention_args(const struct tmk_op_attention *o, const struct tmk_cuda_sources *s)
{
  return (struct tmk_cuda_attention){
      .seqs = o->seqs,
      .q_len = o->q_len,
      .seq_first = o->seq_first,
      .past = o->past,
      .heads_q = o->heads_q,
      .heads_kv = o->heads_kv,
      .head_dim = o->head_dim,
      .window = o->window,
      .scale = (float)o->scale,
      .q = data_of(s, o->q),
      .out = data_of(s, o->out),
      .q_ld = ld_of(s, o->q),
      .out_ld = ld_of(s, o->out),
      .cache = cache_of(s, o->k_cache, o->v_cache),
  };
}

void tmk_cuda_args_build(const struct tmk_op *op, const struct tmk_cuda_sources *s, union tmk_cuda_args *args)
{
  *args = (union tmk_cuda_args){0};
  switch (op->kind) {
  case TMK_OP_EMBED: {
    const struct tmk_op_embed *o = &op->u.embed;
    args->embed = (struct tmk_cuda_embed){.rows = o->rows,
                                          .hidden = o->hidden,
                                          .vocab = o->vocab,
                                          .tokens = tokens_of(s, o->tokens, o->token_first),
                                          .weight = data_of(s, o->weight),
                                          .x = data_of(s, o->x),
                                          .weight_ld = ld_of(s, o->weight),
                                          .x_ld = ld_of(s, o->x)};
    break;
  }
  case TMK_OP_RMSNORM: args->rmsnorm = rmsnorm_args(&op->u.rmsnorm, s); break;
  case TMK_OP_GEMM: args->gemm = gemm_args(&op->u.gemm, s); break;
  case TMK_OP_ROPE_KV: args->rope_kv = rope_kv_args(&op->u.rope_kv, s); break;
  case TMK_OP_ATTENTION: args->attention = attention_args(&op->u.attention, s); break;
  case TMK_OP_SWIGLU: {
    const struct tmk_op_swiglu *o = &op->u.swiglu;
    args->swiglu = (struct tmk_cuda_swiglu){.rows = o->rows,
                                            .inner = o->inner,
                                            .gate_up = data_of(s, o->gate_up),
                                            .y = data_of(s, o->y),
                                            .gate_up_ld = ld_of(s, o->gate_up),
                                            .y_ld = ld_of(s, o->y)};
    break;
  }
  case TMK_OP_SAMPLE: {
    const struct tmk_op_sample *o = &op->u.sample;
    args->sample = (struct tmk_cuda_sample){.rows = o->rows,
                                            .vocab = o->vocab,
                                            .logits = (const float *)data_of(s, o->logits),
                                            .tokens = tokens_of(s, o->tokens, o->token_first),
                                            .logits_ld = ld_of(s, o->logits)};
    break;
  }
  default: break;
  }
}

enum tmk_dtype tmk_cuda_args_dtype(const struct tmk_plan *plan, const struct tmk_op *op)
{
  switch (op->kind) {
  case TMK_OP_GEMM: return plan->tensors[op->u.gemm.weight].dtype;
  case TMK_OP_ROPE_KV: return plan->tensors[op->u.rope_kv.k_cache].dtype;
  case TMK_OP_ATTENTION: return plan->tensors[op->u.attention.k_cache].dtype;
  default: return TMK_DTYPE_BF16;
  }
}
