/* op_bench.c: one shape, from its copies to its point (op_bench.h). */
#include "op_bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cost.h"
#include "gemm_result.h"
#include "host.h"
#include "roofline.h"
#include "stats.h"
#include "verdict.h"

/* The roofline calls a working set below 4 last-level caches cached; a little more stands clear of it. */
#define CACHE_MULTIPLE 4.25
/* A pass of more copies than this spends its time on bookkeeping. */
#define MAX_COPIES 4096
/* Of the free memory, at most this share goes into copies. */
#define MEMORY_SHARE 0.5
/* Outputs read back to compare a replay with. */
#define REPLAY_ELEMENTS 65536

/* ---- copies ---- */

static bool has_copies(enum tmk_tensor_role role)
{
  return role == TMK_ROLE_WEIGHT || role == TMK_ROLE_KV_CACHE;
}

/* How many copies it takes to leave the cache behind, as far as memory allows. */
static int64_t count_copies(const struct tmk_op_bench_args *args, const struct tmk_plan *single)
{
  const struct tmk_device_info *info = &args->device->info;
  const double set = tmk_cost_working_set(single);
  const struct tmk_plan_memory memory = tmk_plan_memory_needed(single);
  const double bytes = (double)memory.weight_bytes + (double)memory.kv_bytes;
  if (info->simulated || set <= 0 || bytes <= 0 || info->llc_bytes <= 0) return 1;
  double copies = ceil(CACHE_MULTIPLE * (double)info->llc_bytes / set);
  if (info->memory_free_bytes != TMK_UNKNOWN) {
    copies = fmin(copies, floor(MEMORY_SHARE * (double)info->memory_free_bytes / bytes));
  }
  return copies < 1 ? 1 : copies > MAX_COPIES ? MAX_COPIES : (int64_t)copies;
}

static int *operand_slot(struct tmk_op *op, int operand_tensor)
{
  /* Tensors with copies, by kind: the fields that may name them. */
  int *fields[5] = {NULL};
  switch (op->kind) {
  case TMK_OP_EMBED: fields[0] = &op->u.embed.weight; break;
  case TMK_OP_RMSNORM: fields[0] = &op->u.rmsnorm.weight; break;
  case TMK_OP_GEMM: fields[0] = &op->u.gemm.weight, fields[1] = &op->u.gemm.bias; break;
  case TMK_OP_ROPE_KV:
    fields[0] = &op->u.rope_kv.q_norm, fields[1] = &op->u.rope_kv.k_norm;
    fields[2] = &op->u.rope_kv.k_cache, fields[3] = &op->u.rope_kv.v_cache;
    break;
  case TMK_OP_ATTENTION: fields[0] = &op->u.attention.k_cache, fields[1] = &op->u.attention.v_cache; break;
  case TMK_OP_SWIGLU:
  case TMK_OP_SAMPLE:
  case TMK_OP_COLLECTIVE:
  case TMK_OP_KIND_COUNT: break;
  }
  for (int i = 0; fields[i]; i++) {
    if (*fields[i] == operand_tensor) return fields[i];
  }
  return NULL;
}

/* The pass of one operation → one of `copies`, each with weights and cache of its own. */
static enum tmk_status repeat(const struct tmk_plan *single, int64_t copies, struct tmk_plan **out,
                              struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int own = 0, tensor_count = single->tensor_count;
  for (int t = 0; t < single->tensor_count; t++) own += has_copies(single->tensors[t].role);
  const size_t most = (size_t)tensor_count + (size_t)own * (size_t)(copies - 1);
  struct tmk_tensor *tensors = calloc(most, sizeof *tensors);
  struct tmk_op *ops = calloc((size_t)copies, sizeof *ops);
  if (!tensors || !ops) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld copies", (long long)copies));
  memcpy(tensors, single->tensors, (size_t)tensor_count * sizeof *tensors);
  for (int64_t copy = 0; copy < copies; copy++) {
    ops[copy] = single->ops[0];
    for (int t = 0; copy > 0 && t < single->tensor_count; t++) {
      if (!has_copies(tensors[t].role)) continue;
      tensors[tensor_count] = tensors[t];
      tensors[tensor_count].id += (uint64_t)copy << 8; /* single ids are below 256 */
      int *slot = operand_slot(&ops[copy], t);
      if (slot) *slot = tensor_count;
      tensor_count++;
    }
  }
  const struct tmk_plan_ops_args args = {.ops = ops,
                                         .op_count = (int)copies,
                                         .tensors = tensors,
                                         .tensor_count = tensor_count,
                                         .seed = single->seed,
                                         .act_dtype = single->act_dtype};
  TMK_TRY(tmk_plan_create_ops(&args, out, err));
out:
  free(tensors);
  free(ops);
  return status;
}

/* ---- measuring ---- */

struct bench {
  const struct tmk_op_bench_args *args;
  struct tmk_verify_case shape;
  struct tmk_plan *plan;
  struct tmk_exec *exec;
  struct tmk_sampler sampler;
  double *expected; /* outputs of the verified pass, the first of them */
  int output;
  int64_t output_count;
  struct tmk_cpu_usage before, after;
  bool usage_readable;
  bool throttled, ecc_errors, shared_device; /* seen between samples */
  int64_t ecc_first;
};

static void keep_failure(void *context, const struct tmk_plan *plan, const struct tmk_verify_op *result)
{
  struct tmk_point *point = context;
  (void)plan;
  if (!result->passed && !point->reason[0]) snprintf(point->reason, sizeof point->reason, "%.255s", result->detail);
}

/* Whether it can run here at all; if not, point->reason says why. */
static bool can_run(const struct bench *bench, struct tmk_point *point)
{
  const struct tmk_op_bench_args *args = bench->args;
  const struct tmk_device_info *info = &args->device->info;
  const struct tmk_plan_memory memory = tmk_plan_memory_needed(bench->plan);
  int64_t bytes = memory.total_bytes;
  if (args->ops->memory_overhead) bytes += args->ops->memory_overhead(args->backend, bench->plan);
  point->bytes_needed = bytes;
  if (info->memory_free_bytes != TMK_UNKNOWN && bytes > info->memory_free_bytes) {
    snprintf(point->reason, sizeof point->reason, "needs %.1f GiB, %.1f GiB are free", ldexp((double)bytes, -30),
             ldexp((double)info->memory_free_bytes, -30));
    return false;
  }
  char reason[sizeof point->reason] = ""; /* filled on the way to a yes too */
  if (args->ops->supports(args->backend, bench->plan, &bench->plan->ops[0], reason, (int)sizeof reason)) return true;
  memcpy(point->reason, reason, sizeof point->reason);
  return false;
}

/* The operation's result that a replay is compared on: its first output that is no cache. */
static void find_output(struct bench *bench)
{
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(&bench->plan->ops[bench->plan->op_count - 1], operands);
  for (int i = 0; i < count; i++) {
    if (!(operands[i].access & TMK_ACCESS_OUT) || operands[i].count == 0) continue;
    bench->output = operands[i].tensor;
    bench->output_count = operands[i].count < REPLAY_ELEMENTS ? operands[i].count : REPLAY_ELEMENTS;
    break;
  }
}

static enum tmk_status verify(struct bench *bench, struct tmk_point *point, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_bench_args *args = bench->args;
  struct tmk_verify_settings settings = tmk_verify_defaults(args->seed);
  settings.layers = 0;
  settings.elements_per_op = settings.elements_per_op / bench->plan->op_count + 16;
  settings.write_operands = tmk_verify_case_operands;
  settings.write_operands_context = &bench->shape;
  TMK_TRY(tmk_verify_exec(args->ops, args->backend, bench->exec, bench->plan, &settings, keep_failure, point,
                          &point->verify, err));
  find_output(bench);
  bench->expected = malloc((size_t)bench->output_count * sizeof *bench->expected);
  if (!bench->expected) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the verified outputs"));
  TMK_TRY(args->ops->read(bench->exec, bench->output, 0, bench->output_count, bench->expected, err));
out:
  return status;
}

/* Back to the operands of the verified pass, outputs poisoned. */
static enum tmk_status restore(struct bench *bench, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(bench->args->ops->reset(bench->exec, err));
  TMK_TRY(tmk_verify_case_operands(&bench->shape, bench->args->ops, bench->exec, bench->plan, err));
out:
  return status;
}

/* What a backend says of its device between samples. */
static void read_health(struct bench *bench)
{
  struct tmk_health health;
  const struct tmk_op_bench_args *args = bench->args;
  if (args->ops->health == NULL || args->ops->health(args->backend, &health, NULL) != TMK_OK) return;
  bench->throttled = bench->throttled || health.throttled;
  bench->shared_device = bench->shared_device || health.other_processes > 0;
  if (health.ecc_errors == TMK_UNKNOWN) return;
  if (bench->ecc_first == TMK_UNKNOWN) bench->ecc_first = health.ecc_errors;
  bench->ecc_errors = bench->ecc_errors || health.ecc_errors > bench->ecc_first;
}

static enum tmk_status sample(struct bench *bench, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_bench_args *args = bench->args;
  struct tmk_sampler *sampler = &bench->sampler;
  /* A backend with a clock of its own is no load on this machine. */
  bench->usage_readable = args->ops->now_ns == NULL && tmk_host_cpu_usage(NULL, &bench->before);
  read_health(bench);
  for (int round = 0; round < sampler->settings.rounds && !sampler->done; round++) {
    int64_t passes;
    tmk_sampler_begin_round(sampler);
    while ((passes = tmk_sampler_next(sampler)) > 0) {
      struct tmk_run_times times = {0};
      if (args->stop && *args->stop) TMK_TRY(tmk_fail(err, TMK_ERR_INTERRUPTED, "interrupted"));
      TMK_TRY(args->ops->run(bench->exec, passes, &times, err));
      tmk_sampler_add(sampler, &times, passes);
      read_health(bench);
    }
  }
  bench->usage_readable = bench->usage_readable && tmk_host_cpu_usage(NULL, &bench->after);
  if (sampler->clock_fault)
    TMK_TRY(tmk_fail(err, TMK_ERR_FAILED, "the clock gave %lld ns: must be above 0", (long long)sampler->fault_ns));
  if (sampler->out_of_memory) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for samples"));
out:
  return status;
}

/* The same device, operands and order of sums as in the verified pass: equal to the bit, or the timed pass is another. */
static enum tmk_status replay(struct bench *bench, struct tmk_point *point, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_run_times times;
  const struct tmk_backend_ops *ops = bench->args->ops;
  double *got = malloc((size_t)bench->output_count * sizeof *got);
  if (!got) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the replay"));
  TMK_TRY(restore(bench, err));
  TMK_TRY(ops->run(bench->exec, 1, &times, err));
  TMK_TRY(ops->read(bench->exec, bench->output, 0, bench->output_count, got, err));
  point->verify.replay_checked = bench->output_count;
  point->verify.replay_matched = true;
  for (int64_t i = 0; i < bench->output_count; i++) {
    if (!(got[i] == bench->expected[i])) point->verify.replay_matched = false;
  }
out:
  free(got);
  return status;
}

/* ---- the point ---- */

static void fill_limit(const struct bench *bench, struct tmk_point *point)
{
  const double copies = bench->plan->op_count;
  point->limit = tmk_limit_plan(bench->plan, bench->args->device, NAN, point->stats.median_ns * copies);
  point->limit.flops /= copies;
  point->limit.bytes /= copies;
  point->limit.comm_bytes /= copies;
  point->limit.time_ns /= copies;
  point->limit.ops_sum_ns /= copies;
}

static void judge(const struct bench *bench, struct tmk_point *point)
{
  const struct tmk_device_info *info = &bench->args->device->info;
  const struct tmk_verdict_input seen = {
      .verify_failed = point->verify.ops_failed > 0,
      .replay_mismatch = point->verify.replay_checked > 0 && !point->verify.replay_matched,
      .steady = bench->sampler.steady,
      .relative_ci = (point->stats.ci_high_ns - point->stats.ci_low_ns) / 2 / point->stats.median_ns,
      .drift = bench->args->device->drift,
      .share_datasheet = point->limit.share.datasheet,
      .share_measured = point->limit.share.measured,
      .throttled = bench->throttled,
      .ecc_errors = bench->ecc_errors,
      .mig = info->mig_on == 1,
      .shared_device = bench->shared_device,
      .clock_move = NAN,
      .cores_used = info->is_cpu && info->threads > 0 ? (double)info->threads : NAN,
      .other_load = bench->usage_readable ? tmk_host_other_load(&bench->before, &bench->after) : NAN,
  };
  if (!info->simulated) point->verdict = tmk_verdict_decide(&seen);
}

static enum tmk_status bench_point(struct bench *bench, struct tmk_point *point, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_op_bench_args *args = bench->args;
  struct tmk_plan *single = NULL;
  TMK_TRY(tmk_verify_case_plan(&bench->shape, args->device->info.act_dtype, args->seed, &single, err));
  TMK_TRY(repeat(single, count_copies(args, single), &bench->plan, err));
  if (!can_run(bench, point)) {
    point->status = TMK_POINT_SKIPPED;
    goto out;
  }
  TMK_TRY(args->ops->prepare(args->backend, bench->plan, &bench->exec, err));
  TMK_TRY(tmk_gemm_results_of(args->ops, bench->exec, bench->plan, &point->gemms, &point->gemm_count, err));
  TMK_TRY(verify(bench, point, err));
  if (point->verify.ops_failed == 0) {
    TMK_TRY(restore(bench, err));
    TMK_TRY(sample(bench, err));
    TMK_TRY(replay(bench, point, err));
  }
  point->passes_per_sample = bench->sampler.passes_per_sample * bench->plan->op_count;
  point->warmup_samples = bench->sampler.warmup_count;
  tmk_sampler_take(&bench->sampler, &point->samples, &point->sample_count);
  TMK_TRY(tmk_stats_compute(point->samples, point->sample_count, point->passes_per_sample, &point->stats, err));
  fill_limit(bench, point);
  judge(bench, point);
  point->status = point->verify.ops_failed == 0 ? TMK_POINT_OK : TMK_POINT_FAILED;
out:
  tmk_plan_destroy(single);
  return status;
}

enum tmk_status tmk_op_bench_measure(const struct tmk_op_bench_args *args, const struct tmk_verify_case *shape,
                                     struct tmk_point *point, struct tmk_error *err)
{
  struct bench bench = {.args = args, .shape = *shape, .output = TMK_TENSOR_NONE, .ecc_first = TMK_UNKNOWN};
  struct tmk_error local = {0};
  tmk_point_init(point);
  point->type = TMK_POINT_OP;
  point->workload.op = tmk_op_shape_workload(shape);
  tmk_op_workload_key(&point->workload.op, point->key);
  point->provenance = args->device->info.simulated ? TMK_PROV_SIMULATED : TMK_PROV_MEASURED;
  tmk_sampler_init(&bench.sampler, &args->measure);
  enum tmk_status status = bench_point(&bench, point, &local);
  if (status != TMK_OK) {
    point->status = TMK_POINT_FAILED;
    snprintf(point->reason, sizeof point->reason, "%.255s", local.message);
    if (status == TMK_ERR_INTERRUPTED || status == TMK_ERR_DEVICE) {
      (void)tmk_fail(err, status, "%s", local.message);
    } else {
      status = TMK_OK; /* this shape's own: it stands in the point */
    }
  }
  args->ops->release(bench.exec);
  if (args->ops->trim) args->ops->trim(args->backend);
  tmk_plan_destroy(bench.plan);
  tmk_sampler_free(&bench.sampler);
  free(bench.expected);
  return status;
}
