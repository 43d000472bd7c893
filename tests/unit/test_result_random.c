/* test_result_random.c: results with every member at random, written, read and compared with what they were, and held against
 * the JSON Schema. The generator names the members of result.h by itself and knows nothing of the field tables: a member
 * that the tables forget comes back as init left it, and is seen. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "result_json.h"
#include "tokmark/fill.h"
#include "verdict.h"

/* --- random values --- */

struct random {
  uint64_t state;
};

static uint64_t next(struct random *r)
{
  return tmk_fill_mix64(r->state += 0x9e3779b97f4a7c15ull);
}

static int below(struct random *r, int count)
{
  return (int)(next(r) % (uint64_t)count);
}

static double known_real(struct random *r)
{
  static const double special[] = {0, 1, 0.1, 1.0 / 3, 5e-324, DBL_MAX, 1e15, 123456789.123, 2e6};
  if (below(r, 3) == 0) return special[below(r, 9)];
  return (double)(next(r) >> 11) * 0x1p-53 * pow(10, below(r, 24) - 8);
}

static double real(struct random *r)
{
  return below(r, 6) == 0 ? NAN : known_real(r);
}

static int64_t known_count(struct random *r)
{
  static const int64_t special[] = {0, 1, 2, 4096, INT32_MAX, ((int64_t)1 << 53) - 1};
  return below(r, 2) ? special[below(r, 6)] : (int64_t)(next(r) >> (11 + below(r, 50)));
}

static int64_t count(struct random *r)
{
  return below(r, 6) == 0 ? TMK_UNKNOWN : known_count(r);
}

static int64_t positive(struct random *r)
{
  return 1 + (known_count(r) >> 1);
}

static int small_positive(struct random *r)
{
  return 1 + below(r, 1000);
}

/* At least `least` characters, at most what fits, from what JSON finds hard. */
static void text_of(struct random *r, int least, char *text, size_t size)
{
  static const char *const pieces[] = {"a",    "Z9",          " ",        "\"",           "\\",
                                       "/",    "\n",          "\t",       "\x01",         "\x1f",
                                       "\x7f", "\r",          "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                       "{",    "]",           "null",     "\\u0041",      "\xef\xbf\xbd",
                                       "%s",   "\xe2\x80\xa8"};
  enum { PIECES = sizeof pieces / sizeof pieces[0] };
  size_t used = 0;
  int wanted = least + below(r, below(r, 4) == 0 ? 1000 : 12);
  text[0] = '\0';
  for (int i = 0; i < wanted; i++) {
    const char *piece = pieces[below(r, PIECES)];
    if (used + strlen(piece) >= size) break;
    strcpy(text + used, piece);
    used += strlen(piece);
  }
}

#define TEXT(member) text_of(r, 1, member, sizeof member)
#define TEXT_OR_NOT(member)                                                                                            \
  do {                                                                                                                 \
    if (below(r, 5)) text_of(r, 1, member, sizeof member);                                                             \
  } while (0)
#define ONE_OF(member, values)   (member) = below(r, (int)(values))
#define ONE_OF_1(member, values) (member) = 1 + below(r, (int)(values)-1)

static void rates(struct random *r, double *values)
{
  for (int i = 1; i < TMK_DTYPE_COUNT; i++) values[i] = below(r, 2) ? NAN : known_real(r);
}

/* --- the parts --- */

static void make_ceilings(struct random *r, struct tmk_ceilings *c)
{
  tmk_ceilings_init(c);
  c->read_bytes_per_s = real(r);
  c->copy_bytes_per_s = real(r);
  rates(r, c->flops_per_s);
  c->comm_bytes_per_s = real(r);
  c->clock_hz = real(r);
  c->repeats = below(r, 100);
  TEXT_OR_NOT(c->read_pattern);
  TEXT_OR_NOT(c->copy_pattern);
  TEXT_OR_NOT(c->flops_pattern);
}

static void make_info(struct random *r, struct tmk_device_info *d)
{
  static const int64_t tristate[] = {0, 1, TMK_UNKNOWN};
  tmk_device_info_init(d);
  TEXT(d->backend);
  TEXT(d->name);
  if (below(r, 2)) strcpy(d->slug, "amd-epyc-9b14-2t");
  TEXT_OR_NOT(d->gpu_id);
  d->is_cpu = below(r, 2);
  d->simulated = below(r, 2);
  d->index = count(r);
  d->memory_bytes = count(r);
  d->memory_free_bytes = count(r);
  d->llc_bytes = count(r);
  ONE_OF(d->act_dtype, TMK_DTYPE_COUNT);
  for (int i = 1; i < TMK_DTYPE_COUNT; i++) ONE_OF(d->math_dtype[i], TMK_DTYPE_COUNT);
  for (int i = 1; i < TMK_DTYPE_COUNT; i++) d->kv_dtype[i] = below(r, 2);
  d->min_sample_ns = count(r);
  TEXT_OR_NOT(d->isa);
  TEXT_OR_NOT(d->cpus);
  d->threads = count(r);
  d->cores = count(r);
  d->sockets = count(r);
  d->numa_nodes = count(r);
  TEXT_OR_NOT(d->pages);
  d->simd_lanes_f32 = count(r);
  d->fma_ports = count(r);
  d->clock_max_hz = real(r);
  d->clock_now_hz = real(r);
  d->compute_capability = count(r);
  d->sm_count = count(r);
  TEXT_OR_NOT(d->driver_version);
  TEXT_OR_NOT(d->runtime_version);
  TEXT_OR_NOT(d->pci_bus_id);
  TEXT_OR_NOT(d->uuid);
  d->ecc_on = tristate[below(r, 3)];
  d->mig_on = tristate[below(r, 3)];
  d->power_limit_w = real(r);
  d->power_default_w = real(r);
  d->clock_set_hz = real(r);
  d->clock_default_hz = real(r);
  d->memory_clock_hz = real(r);
  d->memory_clock_max_hz = real(r);
  TEXT_OR_NOT(d->clock_reasons);
  d->persistence_on = tristate[below(r, 3)];
  int64_t *const counts[] = {&d->ecc_errors,     &d->pcie_generation, &d->pcie_generation_max, &d->pcie_width,
                             &d->pcie_width_max, &d->nvlinks,         &d->other_processes};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) *counts[i] = count(r);
  TEXT_OR_NOT(d->gemm_library);
  d->numa_node = count(r);
  TEXT_OR_NOT(d->local_cpus);
  TEXT_OR_NOT(d->nics);
}

static void make_device(struct random *r, struct tmk_device_result *d)
{
  make_info(r, &d->info);
  make_ceilings(r, &d->ceilings);
  d->datasheet_read_bytes_per_s = real(r);
  d->datasheet_flops_per_s[0] = NAN;
  rates(r, d->datasheet_flops_per_s);
  d->drift = real(r);
  d->reading_count = below(r, 4);
  if (d->reading_count > 0) d->readings = calloc((size_t)d->reading_count, sizeof *d->readings);
  for (int i = 0; i < d->reading_count; i++) {
    d->readings[i].round = i - 1;
    make_ceilings(r, &d->readings[i].ceilings);
  }
}

static void make_host(struct random *r, struct tmk_host_info *h)
{
  TEXT_OR_NOT(h->hostname);
  TEXT_OR_NOT(h->os);
  TEXT_OR_NOT(h->kernel);
  TEXT_OR_NOT(h->arch);
  TEXT_OR_NOT(h->cpu);
  h->cpus_online = count(r);
  h->cpus_allowed = count(r);
  h->memory_bytes = count(r);
  h->cgroup_cpu_quota = real(r);
  TEXT_OR_NOT(h->governor);
  TEXT_OR_NOT(h->virtualization);
  h->load_start = real(r);
  h->load_end = real(r);
}

static void make_model(struct random *r, struct tmk_result *result)
{
  struct tmk_model *m = &result->model;
  TEXT(m->name);
  TEXT_OR_NOT(m->architecture);
  ONE_OF(m->family, TMK_FAMILY_COUNT);
  int64_t *const counts[] = {&m->vocab_size,
                             &m->hidden_size,
                             &m->num_hidden_layers,
                             &m->num_attention_heads,
                             &m->num_key_value_heads,
                             &m->head_dim,
                             &m->intermediate_size,
                             &m->max_position_embeddings,
                             &m->sliding_window,
                             &m->sliding_window_period,
                             &m->rope.original_max_position_embeddings,
                             &m->rope.rotary_dim};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) *counts[i] = known_count(r);
  bool *const flags[] = {
      &m->tie_word_embeddings,  &m->qkv_bias, &m->o_bias, &m->mlp_bias, &m->qk_norm, &m->attention_sinks,
      &m->rope.yarn_untruncated};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) *flags[i] = below(r, 2);
  double *const reals[] = {
      &m->rms_norm_eps,   &m->rope.theta,     &m->rope.factor, &m->rope.low_freq_factor, &m->rope.high_freq_factor,
      &m->rope.beta_fast, &m->rope.beta_slow, &m->rope.mscale, &m->rope.mscale_all_dim,  &m->rope.attention_factor};
  for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) *reals[i] = known_real(r);
  ONE_OF(m->rope.scaling, TMK_ROPE_YARN + 1);
  if (below(r, 2)) {
    m->moe = (struct tmk_moe){positive(r), known_count(r), known_count(r), known_count(r), known_count(r), below(r, 2)};
  }
  if (below(r, 2)) {
    m->mla = (struct tmk_mla){known_count(r), positive(r), known_count(r), known_count(r), known_count(r)};
  }
  ONE_OF(m->stored_dtype, TMK_DTYPE_COUNT);
  TEXT_OR_NOT(m->quantization);
  result->model_parameters = count(r);
  result->model_active_parameters = count(r);
  result->model_weight_bytes = count(r);
  result->model_kv_bytes_per_token = count(r);
}

static void make_workload(struct random *r, struct tmk_point *point)
{
  struct tmk_workload *step = &point->workload.step;
  struct tmk_op_workload *op = &point->workload.op;
  struct tmk_comm_workload *comm = &point->workload.comm;
  switch (point->type) {
  case TMK_POINT_OP:
    ONE_OF(op->op, TMK_OP_KIND_COUNT);
    ONE_OF(op->weight_dtype, TMK_DTYPE_COUNT);
    ONE_OF(op->kv_dtype, TMK_DTYPE_COUNT);
    int64_t *const counts[] = {&op->m,     &op->n,    &op->k,       &op->rows,     &op->hidden,   &op->seqs,
                               &op->q_len, &op->past, &op->heads_q, &op->heads_kv, &op->head_dim, &op->window};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) *counts[i] = count(r);
    return;
  case TMK_POINT_COMM:
    ONE_OF(comm->collective, TMK_COLL_COUNT);
    ONE_OF_1(comm->dtype, TMK_DTYPE_COUNT);
    comm->bytes = known_count(r);
    comm->ranks = small_positive(r);
    comm->in_place = below(r, 2);
    return;
  default:
    TEXT(step->model);
    ONE_OF(step->phase, TMK_PHASE_COUNT);
    step->batch = positive(r);
    step->input_len = known_count(r);
    step->output_len = known_count(r);
    step->context = known_count(r);
    step->prefill_chunk = known_count(r);
    step->layers_held = known_count(r);
    ONE_OF_1(step->weight_dtype, TMK_DTYPE_COUNT);
    ONE_OF_1(step->kv_dtype, TMK_DTYPE_COUNT);
    step->layout = (struct tmk_layout){.tp = small_positive(r),
                                       .pp = small_positive(r),
                                       .dp = small_positive(r),
                                       .rank = below(r, 1000),
                                       .microbatches = small_positive(r)};
  }
}

static void make_samples(struct random *r, struct tmk_point *point)
{
  bool needed = point->status == TMK_POINT_OK &&
                (point->provenance == TMK_PROV_MEASURED || point->provenance == TMK_PROV_EXTRAPOLATED);
  point->sample_count = needed ? 1 + below(r, 9) : below(r, 9);
  point->warmup_samples = known_count(r);
  point->passes_per_sample = positive(r);
  if (point->sample_count == 0) return;
  point->samples = calloc((size_t)point->sample_count, sizeof *point->samples);
  for (int i = 0; i < point->sample_count; i++) {
    point->samples[i].time_ns = known_count(r);
    point->samples[i].wall_ns = known_count(r);
    point->samples[i].round = below(r, 1000000);
  }
}

static void make_figures(struct random *r, struct tmk_point *point)
{
  struct tmk_stats *s = &point->stats;
  if (below(r, 4)) {
    s->count = point->sample_count;
    double *const all[] = {&s->mean_ns, &s->min_ns, &s->max_ns,    &s->p25_ns,     &s->p75_ns,
                           &s->p90_ns,  &s->p99_ns, &s->ci_low_ns, &s->ci_high_ns, &s->relative_iqr};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) *all[i] = real(r);
    s->median_ns = known_real(r);
    s->ci_level = below(r, 2) ? NAN : 0.95 + 0.001 * below(r, 50);
    s->outliers = known_count(r);
  }
  struct tmk_latency *l = &point->latency;
  l->ttft_ns = real(r);
  l->tpot_ns = real(r);
  l->e2e_ns = real(r);
  l->composition_error = below(r, 2) ? real(r) : -known_real(r) - 1e-9;
  l->outright_e2e_ns = real(r);
  struct tmk_limit_result *m = &point->limit;
  double *const limits[] = {&m->flops,      &m->bytes,           &m->comm_bytes,     &m->time_ns,
                            &m->ops_sum_ns, &m->share.datasheet, &m->share.measured, &m->share.held};
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) *limits[i] = real(r);
  ONE_OF(m->bound, TMK_BOUND_COUNT);
  if (below(r, 2)) {
    point->energy.joules = real(r);
    point->energy.bracket_s = real(r);
    point->energy.mean_power_w = real(r);
    point->energy.joules_per_output_token = real(r);
    TEXT_OR_NOT(point->energy.source);
  }
  if (below(r, 2)) {
    struct tmk_verify_result *v = &point->verify;
    v->ops_checked = positive(r);
    v->ops_failed = known_count(r);
    v->elements_checked = known_count(r);
    v->worst_ratio = real(r);
    TEXT_OR_NOT(v->worst_op);
    v->replay_matched = below(r, 2);
    v->replay_checked = known_count(r);
  }
}

static void make_throughput(struct random *r, struct tmk_point *point)
{
  struct tmk_throughput *t = &point->throughput;
  if (point->status != TMK_POINT_OK || point->provenance == TMK_PROV_SIMULATED ||
      point->verdict.value == TMK_VERDICT_INVALID || point->type == TMK_POINT_OP || point->type == TMK_POINT_COMM ||
      below(r, 4) == 0) {
    return;
  }
  ONE_OF_1(t->accounting, TMK_ACCT_COUNT);
  t->devices = positive(r);
  t->input_tokens_per_s = t->accounting == TMK_ACCT_INPUT ? known_real(r) : real(r);
  t->output_tokens_per_s = t->accounting == TMK_ACCT_OUTPUT ? known_real(r) : real(r);
  t->total_tokens_per_s = t->accounting == TMK_ACCT_TOTAL ? known_real(r) : real(r);
  t->output_tokens_per_s_per_device = real(r);
  t->output_tokens_per_s_per_user = real(r);
  t->ci_low_tokens_per_s = real(r);
  t->ci_high_tokens_per_s = real(r);
}

static void make_ranks(struct random *r, struct tmk_comm_rank **ranks, int64_t *rank_count)
{
  *rank_count = 1 + below(r, 4);
  *ranks = calloc((size_t)*rank_count, sizeof **ranks);
  for (int i = 0; i < *rank_count; i++) {
    struct tmk_comm_rank *rank = &(*ranks)[i];
    rank->rank = i;
    TEXT(rank->host);
    rank->device = count(r);
    rank->median_ns = real(r);
    rank->max_ns = real(r);
    rank->times_slowest = known_count(r);
  }
}

static void make_comm(struct random *r, struct tmk_point *point)
{
  struct tmk_comm_result *c = &point->comm;
  if (point->type != TMK_POINT_COMM || below(r, 4) == 0) return;
  c->count = known_count(r);
  if (below(r, 2)) strcpy(c->redop, "sum");
  c->root = count(r);
  strcpy(c->mode, below(r, 2) ? "eager" : "graph");
  TEXT_OR_NOT(c->transport);
  c->algbw_bytes_per_s = real(r);
  c->busbw_bytes_per_s = real(r);
  c->wire_estimated = below(r, 2);
  c->wrong = count(r);
  if (below(r, 2)) return;
  make_ranks(r, &c->ranks, &c->rank_count);
}

static void make_scale(struct random *r, struct tmk_point *point)
{
  struct tmk_scale_result *s = &point->scale;
  if (point->type != TMK_POINT_SCALE || below(r, 4) == 0) return;
  s->scaling = below(r, 2) ? TMK_SCALING_STRONG : TMK_SCALING_WEAK;
  s->ranks = small_positive(r);
  s->base_ranks = small_positive(r);
  s->speedup = real(r);
  s->efficiency = real(r);
  s->efficiency_ci_low = real(r);
  s->efficiency_ci_high = real(r);
  s->ideal_ns = real(r);
  s->alone_mean_ns = real(r);
  s->alone_max_ns = real(r);
  s->lost_shapes = below(r, 2) ? real(r) : -known_real(r);
  s->lost_stragglers = below(r, 2) ? real(r) : -known_real(r);
  s->lost_communication = below(r, 2) ? real(r) : -known_real(r);
}

static void make_fits(struct random *r, struct tmk_result *result)
{
  result->comm_fit_count = below(r, 3);
  if (result->comm_fit_count == 0) return;
  result->comm_fits = calloc((size_t)result->comm_fit_count, sizeof *result->comm_fits);
  for (int i = 0; i < result->comm_fit_count; i++) {
    struct tmk_comm_fit *fit = &result->comm_fits[i];
    ONE_OF(fit->collective, TMK_COLL_COUNT);
    ONE_OF_1(fit->dtype, TMK_DTYPE_COUNT);
    fit->ranks = small_positive(r);
    fit->in_place = below(r, 2);
    strcpy(fit->mode, below(r, 2) ? "eager" : "graph");
    fit->sizes = known_count(r);
    fit->alpha_ns = below(r, 2) ? real(r) : -known_real(r);
    fit->beta_ns_per_byte = below(r, 2) ? real(r) : -known_real(r);
    fit->residual = real(r);
    fit->plateau_bytes_per_s = real(r);
    fit->plateau_from_bytes = count(r);
    fit->plateau_to_bytes = count(r);
  }
}

static void make_point(struct random *r, struct tmk_point *point)
{
  tmk_point_init(point);
  ONE_OF(point->type, TMK_POINT_TYPE_COUNT);
  TEXT(point->key);
  make_workload(r, point);
  ONE_OF(point->provenance, TMK_PROV_COUNT);
  ONE_OF(point->status, TMK_POINT_STATUS_COUNT);
  if (point->status != TMK_POINT_OK || below(r, 8) == 0) TEXT(point->reason);
  point->bytes_needed = count(r);
  ONE_OF_1(point->verdict.value, TMK_VERDICT_COUNT);
  if (point->provenance >= TMK_PROV_PREDICTED && below(r, 2)) point->verdict.value = TMK_VERDICT_NONE;
  point->verdict.codes = (unsigned)next(r) & 0x7ffu; /* eleven codes */
  make_samples(r, point);
  make_figures(r, point);
  make_throughput(r, point);
  make_comm(r, point);
  make_scale(r, point);
  if (below(r, 4) == 0) make_ranks(r, &point->ranks, &point->rank_count);
  point->gemm_count = below(r, 3);
  if (point->gemm_count > 0) point->gemms = calloc((size_t)point->gemm_count, sizeof *point->gemms);
  for (int i = 0; i < point->gemm_count; i++) {
    struct tmk_gemm_result *g = &point->gemms[i];
    TEXT(g->label);
    g->m = positive(r), g->n = positive(r), g->k = positive(r);
    strcpy(g->provider, below(r, 2) ? "tokmark" : "cublaslt");
    g->tokmark_ns = real(r);
    g->vendor_ns = real(r);
  }
  if (below(r, 2)) return;
  point->op_count = 1 + below(r, 3);
  point->ops = calloc((size_t)point->op_count, sizeof *point->ops);
  for (int i = 0; i < point->op_count; i++) {
    struct tmk_op_time *op = &point->ops[i];
    TEXT(op->label);
    ONE_OF(op->kind, TMK_OP_KIND_COUNT);
    op->count = known_count(r);
    op->time_ns = real(r);
    op->limit_ns = real(r);
    op->flops = real(r);
    op->bytes = real(r);
  }
}

static void make_result(struct random *r, struct tmk_result *result)
{
  tmk_result_init(result);
  make_fits(r, result);
  TEXT(result->tool_version);
  TEXT_OR_NOT(result->git_revision);
  TEXT_OR_NOT(result->build);
  for (int i = 0; i < 32; i++) result->run_id[i] = "0123456789abcdef"[below(r, 16)];
  strcpy(result->start_utc, "2026-11-22T02:11:50Z");
  if (below(r, 2)) strcpy(result->end_utc, "2026-11-22T02:13:07Z");
  result->complete = below(r, 2);
  text_of(r, 0, result->command_line, sizeof result->command_line);
  result->environment_count = below(r, 4);
  if (result->environment_count > 0) {
    result->environment = calloc((size_t)result->environment_count, sizeof *result->environment);
  }
  for (int i = 0; i < result->environment_count; i++) {
    struct tmk_env_var *var = &result->environment[i];
    char name[40];
    TEXT(name);
    snprintf(var->name, sizeof var->name, "%d%s", i, name); /* no name twice */
    text_of(r, 0, var->value, sizeof var->value);
  }
  make_host(r, &result->host);
  result->device_count = below(r, 4);
  if (result->device_count > 0) result->devices = calloc((size_t)result->device_count, sizeof *result->devices);
  for (int i = 0; i < result->device_count; i++) make_device(r, &result->devices[i]);
  if (below(r, 4)) make_model(r, result);
  result->settings.seed = next(r) >> below(r, 64);
  result->settings.threads = count(r);
  result->settings.rounds = count(r);
  result->settings.time_budget_ns = count(r);
  TEXT_OR_NOT(result->settings.suite);
  TEXT_OR_NOT(result->settings.gemm_provider);
  ONE_OF(result->settings.act_dtype, TMK_DTYPE_COUNT);
  result->point_count = below(r, 7);
  if (result->point_count > 0) result->points = calloc((size_t)result->point_count, sizeof *result->points);
  for (int i = 0; i < result->point_count; i++) make_point(r, &result->points[i]);
}

/* --- comparison: the structs were zeroed before they were filled, so equal ones are equal in every byte --- */

#define CHECK_BYTES(seed, a, b, size, what)                                                                            \
  do {                                                                                                                 \
    const unsigned char *left = (const void *)(a), *right = (const void *)(b);                                         \
    size_t at = 0;                                                                                                     \
    while (at < (size_t)(size) && left[at] == right[at]) at++;                                                         \
    cr_assert_eq(at, (size_t)(size), "seed %llu: %s differs at byte %zu", (unsigned long long)(seed), what, at);       \
  } while (0)

static void check_point(uint64_t seed, const struct tmk_point *wrote, const struct tmk_point *read)
{
  struct tmk_point a = *wrote, b = *read;
  cr_assert_eq(a.sample_count, b.sample_count);
  cr_assert_eq(a.op_count, b.op_count);
  cr_assert_eq(a.gemm_count, b.gemm_count);
  for (int64_t i = 0; i < a.sample_count; i++) {
    cr_assert_eq(a.samples[i].time_ns, b.samples[i].time_ns);
    cr_assert_eq(a.samples[i].wall_ns, b.samples[i].wall_ns);
    cr_assert_eq(a.samples[i].round, b.samples[i].round);
  }
  for (int64_t i = 0; i < a.op_count; i++) CHECK_BYTES(seed, &a.ops[i], &b.ops[i], sizeof a.ops[i], "an op");
  for (int64_t i = 0; i < a.gemm_count; i++) CHECK_BYTES(seed, &a.gemms[i], &b.gemms[i], sizeof a.gemms[i], "a gemm");
  cr_assert_eq(a.comm.rank_count, b.comm.rank_count);
  for (int64_t i = 0; i < a.comm.rank_count; i++) {
    CHECK_BYTES(seed, &a.comm.ranks[i], &b.comm.ranks[i], sizeof a.comm.ranks[i], "a rank");
  }
  cr_assert_eq(a.rank_count, b.rank_count);
  for (int64_t i = 0; i < a.rank_count; i++) {
    CHECK_BYTES(seed, &a.ranks[i], &b.ranks[i], sizeof a.ranks[i], "a rank");
  }
  a.comm.ranks = b.comm.ranks = a.ranks = b.ranks = NULL;
  a.samples = b.samples = NULL;
  a.ops = b.ops = NULL;
  a.gemms = b.gemms = NULL;
  CHECK_BYTES(seed, &a, &b, sizeof a, "a point");
}

static void check_device(uint64_t seed, const struct tmk_device_result *wrote, const struct tmk_device_result *read)
{
  struct tmk_device_result a = *wrote, b = *read;
  cr_assert_eq(a.reading_count, b.reading_count);
  for (int64_t i = 0; i < a.reading_count; i++) {
    CHECK_BYTES(seed, &a.readings[i], &b.readings[i], sizeof a.readings[i], "a reading");
  }
  a.readings = b.readings = NULL;
  CHECK_BYTES(seed, &a, &b, sizeof a, "a device");
}

static void check_same(uint64_t seed, const struct tmk_result *wrote, const struct tmk_result *read)
{
  struct tmk_result a = *wrote, b = *read;
  cr_assert_eq(a.point_count, b.point_count);
  cr_assert_eq(a.device_count, b.device_count);
  cr_assert_eq(a.environment_count, b.environment_count);
  for (int64_t i = 0; i < a.point_count; i++) check_point(seed, &a.points[i], &b.points[i]);
  for (int64_t i = 0; i < a.device_count; i++) check_device(seed, &a.devices[i], &b.devices[i]);
  for (int64_t i = 0; i < a.environment_count; i++) {
    CHECK_BYTES(seed, &a.environment[i], &b.environment[i], sizeof a.environment[i], "a variable");
  }
  a.points = b.points = NULL;
  a.devices = b.devices = NULL;
  a.environment = b.environment = NULL;
  cr_assert_eq(a.comm_fit_count, b.comm_fit_count);
  for (int64_t i = 0; i < a.comm_fit_count; i++) {
    CHECK_BYTES(seed, &a.comm_fits[i], &b.comm_fits[i], sizeof a.comm_fits[i], "a fit");
  }
  a.comm_fits = b.comm_fits = NULL;
  CHECK_BYTES(seed, &a, &b, sizeof a, "the run");
}

/* --- tests --- */

/* A struct that grew has a member that is not in the file: it needs a row in result_fields.c or result_fields_point.c, a line
 * in harness/data/result.schema.json, and one in the generator above. Sizes are those of LP64. */
Test(result_random, structs_have_no_members_that_this_test_does_not_know)
{
  cr_expect_eq(sizeof(struct tmk_model), 488, "%zu", sizeof(struct tmk_model));
  cr_expect_eq(sizeof(struct tmk_device_info), 1448, "%zu", sizeof(struct tmk_device_info));
  cr_expect_eq(sizeof(struct tmk_ceilings), 272, "%zu", sizeof(struct tmk_ceilings));
  cr_expect_eq(sizeof(struct tmk_device_result), 1840, "%zu", sizeof(struct tmk_device_result));
  cr_expect_eq(sizeof(struct tmk_workload), 184, "%zu", sizeof(struct tmk_workload));
  cr_expect_eq(sizeof(struct tmk_op_workload), 112, "%zu", sizeof(struct tmk_op_workload));
  cr_expect_eq(sizeof(struct tmk_comm_workload), 32, "%zu", sizeof(struct tmk_comm_workload));
  cr_expect_eq(sizeof(struct tmk_point), 1560, "%zu", sizeof(struct tmk_point));
  cr_expect_eq(sizeof(struct tmk_comm_result), 176, "%zu", sizeof(struct tmk_comm_result));
  cr_expect_eq(sizeof(struct tmk_comm_rank), 104, "%zu", sizeof(struct tmk_comm_rank));
  cr_expect_eq(sizeof(struct tmk_comm_fit), 88, "%zu", sizeof(struct tmk_comm_fit));
  cr_expect_eq(sizeof(struct tmk_op_time), 80, "%zu", sizeof(struct tmk_op_time));
  cr_expect_eq(sizeof(struct tmk_gemm_result), 88, "%zu", sizeof(struct tmk_gemm_result));
  cr_expect_eq(sizeof(struct tmk_sample), 24, "%zu", sizeof(struct tmk_sample));
  cr_expect_eq(sizeof(struct tmk_host_info), 496, "%zu", sizeof(struct tmk_host_info));
  cr_expect_eq(sizeof(struct tmk_result), 2608, "%zu", sizeof(struct tmk_result));
}

static void to_text(const struct tmk_result *result, char **text, size_t *size)
{
  struct tmk_error err = {0};
  cr_assert_eq(tmk_result_to_json(result, text, size, &err), TMK_OK, "%s", err.message);
}

Test(result_random, every_member_comes_back)
{
  for (uint64_t seed = 0; seed < 300; seed++) {
    struct random r = {seed << 32};
    struct tmk_result wrote, read;
    struct tmk_error err = {0};
    char *text, *again;
    size_t size, again_size;
    memset(&wrote, 0, sizeof wrote);
    memset(&read, 0, sizeof read);
    make_result(&r, &wrote);
    to_text(&wrote, &text, &size);
    cr_assert_eq(tmk_result_parse("x.json", text, size, &read, &err), TMK_OK, "seed %llu: %s", (unsigned long long)seed,
                 err.message);
    check_same(seed, &wrote, &read);
    to_text(&read, &again, &again_size);
    cr_assert(again_size == size && memcmp(text, again, size) == 0, "seed %llu: other text", (unsigned long long)seed);
    free(text);
    free(again);
    tmk_result_free(&wrote);
    tmk_result_free(&read);
  }
}

/* All in one process of Python: starting it costs more than a file. */
Test(result_random, every_file_is_valid_against_the_schema)
{
  enum { FILES = 40 };
  char folder[] = "/tmp/tokmark-results-XXXXXX", path[64], command[256];
  cr_assert_not_null(mkdtemp(folder));
  for (uint64_t seed = 0; seed < FILES; seed++) {
    struct random r = {seed << 32};
    struct tmk_result result;
    struct tmk_error err = {0};
    make_result(&r, &result);
    snprintf(path, sizeof path, "%s/%llu.json", folder, (unsigned long long)seed);
    cr_assert_eq(tmk_result_write(&result, path, &err), TMK_OK, "%s", err.message);
    tmk_result_free(&result);
  }
  snprintf(command, sizeof command, "python3 tests/validate_results.py %s/*.json", folder);
  cr_expect_eq(system(command), 0, "run from the root of the repository, with python3-jsonschema");
  for (int seed = 0; seed < FILES; seed++) {
    snprintf(path, sizeof path, "%s/%d.json", folder, seed);
    cr_expect_eq(unlink(path), 0);
  }
  cr_expect_eq(rmdir(folder), 0);
}

/* What a struct holds and a file can't: it is written as null, never as something else. */
Test(result_random, infinities_and_saturated_sizes_are_written_as_null)
{
  struct tmk_result wrote, read;
  struct tmk_error err = {0};
  char *text;
  size_t size;
  struct random r = {1};
  tmk_result_init(&wrote);
  wrote.points = calloc(1, sizeof *wrote.points);
  wrote.point_count = 1;
  make_point(&r, &wrote.points[0]);
  struct tmk_point *point = &wrote.points[0];
  point->bytes_needed = INT64_MAX;
  point->verify.ops_checked = 1;
  point->verify.worst_ratio = INFINITY;
  point->limit.time_ns = -INFINITY;
  to_text(&wrote, &text, &size);
  cr_assert_eq(tmk_result_parse("x.json", text, size, &read, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(read.points[0].bytes_needed, TMK_UNKNOWN);
  cr_assert(isnan(read.points[0].verify.worst_ratio));
  cr_assert(isnan(read.points[0].limit.time_ns));
  free(text);
  tmk_result_free(&wrote);
  tmk_result_free(&read);
}

/* The rate of an INVALID point may stand in the struct while it is judged; it never reaches the file. */
Test(result_random, the_rate_of_a_bad_point_is_not_written)
{
  static const struct {
    enum tmk_point_status status;
    enum tmk_provenance provenance;
    enum tmk_verdict_value verdict;
    bool has_rate;
  } cases[] = {
      {TMK_POINT_OK, TMK_PROV_REPORTED, TMK_VERDICT_VALID, true},
      {TMK_POINT_OK, TMK_PROV_REPORTED, TMK_VERDICT_SUSPECT, true},
      {TMK_POINT_OK, TMK_PROV_REPORTED, TMK_VERDICT_INVALID, false},
      {TMK_POINT_FAILED, TMK_PROV_REPORTED, TMK_VERDICT_VALID, false},
      {TMK_POINT_SKIPPED, TMK_PROV_REPORTED, TMK_VERDICT_VALID, false},
      {TMK_POINT_OK, TMK_PROV_SIMULATED, TMK_VERDICT_VALID, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct tmk_point point;
    tmk_point_init(&point);
    strcpy(point.key, "k");
    strcpy(point.workload.step.model, "m");
    point.workload.step.batch = 1;
    point.workload.step.weight_dtype = point.workload.step.kv_dtype = TMK_DTYPE_F32;
    point.status = cases[i].status;
    point.provenance = cases[i].provenance;
    point.verdict.value = cases[i].verdict;
    strcpy(point.reason, "why");
    point.throughput.accounting = TMK_ACCT_OUTPUT;
    point.throughput.devices = 1;
    point.throughput.output_tokens_per_s = 777.5;
    struct tmk_result result;
    char *text;
    size_t size;
    tmk_result_init(&result);
    result.points = &point;
    result.point_count = 1;
    to_text(&result, &text, &size);
    cr_expect_eq(strstr(text, "777.5") != NULL, cases[i].has_rate, "case %zu", i);
    cr_expect_eq(strstr(text, "\"throughput\": null") == NULL, cases[i].has_rate, "case %zu", i);
    free(text);
  }
}
