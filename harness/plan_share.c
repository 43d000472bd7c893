/* plan_share.c: how a model and a batch are divided over tp x pp x dp ranks (include/tokmark/plan.h). */
#include "plan_parts.h"

#define LL(value) ((long long)(value))
#define RANKS_MAX 65536

/* Where share `rank` of `ranks` of `total` things begins; shares differ by one at most. */
static int64_t share_first(int64_t total, int rank, int ranks)
{
  return total * rank / ranks;
}

static enum tmk_status check_layout(const struct tmk_model *model, const struct tmk_workload *w, struct tmk_error *err)
{
  const struct tmk_layout *l = &w->layout;
  const struct {
    const char *name;
    int value;
  } sizes[] = {{"--tp", l->tp}, {"--pp", l->pp}, {"--dp", l->dp}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    if (sizes[i].value >= 1 && sizes[i].value <= RANKS_MAX) continue;
    return tmk_fail(err, TMK_ERR_USAGE, "%s %d: must be 1..%d", sizes[i].name, sizes[i].value, RANKS_MAX);
  }
  const int64_t ranks = (int64_t)l->tp * l->pp * l->dp;
  if (l->rank < 0 || l->rank >= ranks)
    return tmk_fail(err, TMK_ERR_USAGE, "rank %d: must be 0..%lld", l->rank, LL(ranks - 1));
  if (l->pp > model->num_hidden_layers) {
    return tmk_fail(err, TMK_ERR_USAGE, "--pp %d: %s has %lld layers: must be 1..%lld", l->pp, model->name,
                    LL(model->num_hidden_layers), LL(model->num_hidden_layers));
  }
  if (l->pp > 1 && w->layers_held != 0)
    return tmk_fail(err, TMK_ERR_USAGE, "--pp %d: not together with --layers %lld", l->pp, LL(w->layers_held));
  return TMK_OK;
}

/* Whole KV heads with their query heads; or, of a model with fewer KV heads than ranks, one KV head and a part of its query
 * heads, as many on each rank. */
static enum tmk_status share_heads(const struct tmk_model *m, int tp, struct tmk_plan_share *s, struct tmk_error *err)
{
  const int64_t heads = m->num_attention_heads, kv = m->num_key_value_heads, group = heads / kv;
  if (tp <= kv) {
    s->kv_first = share_first(kv, s->tp_rank, tp);
    s->heads_kv = share_first(kv, s->tp_rank + 1, tp) - s->kv_first;
    s->q_first = s->kv_first * group;
    s->heads_q = s->heads_kv * group;
    return TMK_OK;
  }
  if (tp % kv != 0 || heads % tp != 0) {
    return tmk_fail(err, TMK_ERR_USAGE,
                    "--tp %d: %s has %lld heads and %lld KV heads: must be 1..%lld, or a multiple of %lld that divides "
                    "%lld",
                    tp, m->name, LL(heads), LL(kv), LL(kv), LL(kv), LL(heads));
  }
  s->heads_kv = 1;
  s->heads_q = heads / tp;
  s->q_first = s->heads_q * s->tp_rank;
  s->kv_first = s->q_first / group;
  return TMK_OK;
}

/* In units that vector loads and blocks of NVFP4 fit, as large as the width allows. */
static enum tmk_status share_inner(const struct tmk_model *m, int tp, struct tmk_plan_share *s, struct tmk_error *err)
{
  const int64_t inner = m->intermediate_size;
  int64_t unit = 64;
  while (unit > 1 && (inner % unit != 0 || inner / unit < tp)) unit /= 2;
  if (inner / unit < tp) {
    return tmk_fail(err, TMK_ERR_USAGE, "--tp %d: %s has intermediate_size %lld: must be 1..%lld", tp, m->name,
                    LL(inner), LL(inner));
  }
  s->inner_first = unit * share_first(inner / unit, s->tp_rank, tp);
  s->inner = unit * share_first(inner / unit, s->tp_rank + 1, tp) - s->inner_first;
  return TMK_OK;
}

/* Projections that reduce over the shared dimension read whole blocks. */
static enum tmk_status check_blocks(const struct tmk_model *m, const struct tmk_workload *w,
                                    const struct tmk_plan_share *s, struct tmk_error *err)
{
  const int block = tmk_dtype_get(w->weight_dtype)->block_elements;
  if (block == 0) return TMK_OK;
  const int64_t starts[] = {s->q_first * m->head_dim, s->heads_q * m->head_dim, s->inner_first, s->inner};
  for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
    if (starts[i] % block == 0) continue;
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "--dtype %s with --tp %d: a share of %s begins or ends at %lld: must be a "
                    "multiple of %d",
                    tmk_dtype_name(w->weight_dtype), w->layout.tp, m->name, LL(starts[i]), block);
  }
  return TMK_OK;
}

static enum tmk_status share_batch(const struct tmk_workload *w, struct tmk_plan_share *s, struct tmk_error *err)
{
  const struct tmk_layout *l = &w->layout;
  if (w->batch < l->dp) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "batch %lld: fewer sequences than the %d replicas of --dp", LL(w->batch),
                    l->dp);
  }
  s->seq_first = share_first(w->batch, s->dp_rank, l->dp);
  s->seqs = share_first(w->batch, s->dp_rank + 1, l->dp) - s->seq_first;
  const int64_t least = w->batch / l->dp;
  const int most = l->pp > 1 && least < RANKS_MAX ? (int)least : l->pp > 1 ? RANKS_MAX : 1;
  if (l->microbatches >= 1 && l->microbatches <= most) return TMK_OK;
  if (l->pp == 1) {
    return tmk_fail(err, TMK_ERR_USAGE, "--microbatches %d: must be 1 where there is one stage (--pp 1)",
                    l->microbatches);
  }
  return tmk_fail(err, TMK_ERR_UNSUPPORTED, "--microbatches %d: a replica has %lld sequences: must be 1..%d",
                  l->microbatches, LL(least), most);
}

enum tmk_status tmk_plan_share_of(const struct tmk_model *model, const struct tmk_workload *workload,
                                  struct tmk_plan_share *share, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_layout *l = &workload->layout;
  struct tmk_plan_share s = {0};
  TMK_TRY(check_layout(model, workload, err));
  s.tp_rank = l->rank % l->tp;
  s.pp_rank = l->rank / l->tp % l->pp;
  s.dp_rank = l->rank / l->tp / l->pp;
  s.layer_first = share_first(model->num_hidden_layers, s.pp_rank, l->pp);
  s.layers = share_first(model->num_hidden_layers, s.pp_rank + 1, l->pp) - s.layer_first;
  s.vocab = (model->vocab_size + l->tp - 1) / l->tp;
  s.vocab_first = s.vocab * s.tp_rank;
  TMK_TRY(share_heads(model, l->tp, &s, err));
  TMK_TRY(share_inner(model, l->tp, &s, err));
  TMK_TRY(check_blocks(model, workload, &s, err));
  TMK_TRY(share_batch(workload, &s, err));
  *share = s;
out:
  return status;
}
