/* null_backend.c: a device of scripted times and faults, to test the harness. Nothing here depends on a clock: the same
 * script gives the same run, to the byte. What it computes is right: outputs come from the naive reference, and only when
 * somebody reads them. Script: README.md. */
#include <ctype.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "null_script.h"
#include "tokmark/backend.h"
#include "tokmark/fill.h"

/* The reference's context and exec are of types that only it knows. They have the same names as those here, since the
 * names belong to backend.h, so they are only ever passed back to it. */
struct tmk_backend {
  struct null_script script;
  struct tmk_backend *naive;
  const struct tmk_exec *last; /* whose faults health() speaks of */
  int64_t now_ns;              /* the scripted clock: the sum of all times that run() gave */
  int64_t runs, ceilings_read, health_read;
};

struct tmk_exec {
  struct tmk_backend *backend;
  const struct tmk_plan *plan; /* borrowed */
  struct tmk_exec *naive;
  char key[TMK_WORKLOAD_KEY_SIZE];
  double pass_ns;
  int64_t runs;
  bool pending; /* run() was called and its outputs were not computed yet */
  bool ran;     /* since reset() */
};

static bool matches(const struct tmk_exec *exec, const char *text)
{
  return text[0] != '\0' && strstr(exec->key, text) != NULL;
}

static int device_count(char *reason, int reason_size)
{
  if (reason_size > 0) reason[0] = '\0';
  return 1;
}

static enum tmk_status open_null(const struct tmk_open_args *args, struct tmk_backend **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  *out = NULL;
  struct tmk_backend *backend = calloc(1, sizeof *backend);
  if (backend == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the null backend");
  TMK_TRY(null_script_parse(args->script, &backend->script, err));
  TMK_TRY(tmk_backend_naive.open(&(struct tmk_open_args){0}, &backend->naive, err));
  *out = backend;
  backend = NULL;
out:
  free(backend);
  return status;
}

static void close_null(struct tmk_backend *backend)
{
  if (backend == NULL) return;
  tmk_backend_naive.close(backend->naive);
  free(backend);
}

/* "NVIDIA H100 80GB HBM3" → "nvidia-h100-80gb-hbm3" */
static void make_slug(const char *name, char *slug, size_t size)
{
  size_t used = 0;
  for (; *name != '\0' && used + 1 < size; name++) {
    if (isalnum((unsigned char)*name)) {
      slug[used++] = (char)tolower((unsigned char)*name);
    } else if (used > 0 && slug[used - 1] != '-') {
      slug[used++] = '-';
    }
  }
  while (used > 0 && slug[used - 1] == '-') used--;
  slug[used] = '\0';
}

static enum tmk_status describe(struct tmk_backend *backend, struct tmk_device_info *info, struct tmk_error *err)
{
  (void)err;
  const struct null_script *script = &backend->script;
  tmk_device_info_init(info);
  snprintf(info->backend, sizeof info->backend, "null");
  snprintf(info->name, sizeof info->name, "%s", script->name);
  make_slug(script->name, info->slug, sizeof info->slug);
  info->is_cpu = !script->gpu;
  info->simulated = script->simulated;
  info->index = 0;
  info->memory_bytes = info->memory_free_bytes = (int64_t)(script->memory_gib * 1073741824);
  info->llc_bytes = (int64_t)(script->llc_kib * 1024);
  bool bf16 = script->act[0] != '\0' ? strcmp(script->act, "bf16") == 0 : script->gpu;
  info->act_dtype = bf16 ? TMK_DTYPE_BF16 : TMK_DTYPE_F32;
  info->math_dtype[TMK_DTYPE_F32] = TMK_DTYPE_F32;
  info->math_dtype[TMK_DTYPE_BF16] = TMK_DTYPE_BF16;
  info->kv_dtype[TMK_DTYPE_F32] = info->kv_dtype[TMK_DTYPE_BF16] = true;
  double min_sample_ms = isnan(script->min_sample_ms) ? (script->gpu ? 5 : 50) : script->min_sample_ms;
  info->min_sample_ns = (int64_t)(min_sample_ms * 1e6);
  if (script->gpu) {
    info->ecc_on = 1;
    info->mig_on = 0;
  } else {
    snprintf(info->isa, sizeof info->isa, "scripted");
    info->threads = info->cores = (int64_t)script->threads;
    info->sockets = info->numa_nodes = 1;
  }
  if (!isnan(script->clock_ghz)) info->clock_max_hz = info->clock_now_hz = script->clock_ghz * 1e9;
  return TMK_OK;
}

static bool supports(struct tmk_backend *backend, const struct tmk_plan *plan, const struct tmk_op *op, char *reason,
                     int reason_size)
{
  char key[TMK_WORKLOAD_KEY_SIZE];
  tmk_workload_key(&plan->workload, key);
  if (backend->script.unsupported_at[0] != '\0' && strstr(key, backend->script.unsupported_at) != NULL) {
    snprintf(reason, (size_t)reason_size, "scripted: not supported");
    return false;
  }
  return tmk_backend_naive.supports(backend->naive, plan, op, reason, reason_size);
}

/* step_us a step, row_us a token of it, key_ns a key that its attention reads. */
static double scripted_pass_ns(const struct null_script *script, const struct tmk_plan *plan)
{
  double pass_ns = 0;
  for (int i = 0; i < plan->step_count; i++) {
    const struct tmk_plan_step *step = &plan->steps[i];
    pass_ns += script->step_us * 1e3 + script->row_us * 1e3 * (double)step->tokens;
    for (int op = step->first_op; op < step->first_op + step->op_count; op++) {
      if (plan->ops[op].kind != TMK_OP_ATTENTION) continue;
      const struct tmk_op_attention *attention = &plan->ops[op].u.attention;
      pass_ns += script->key_ns * (double)(attention->seqs * (attention->past + attention->q_len));
    }
  }
  return pass_ns;
}

static void release(struct tmk_exec *exec)
{
  if (exec == NULL) return;
  if (exec->backend->last == exec) exec->backend->last = NULL;
  tmk_backend_naive.release(exec->naive);
  free(exec);
}

static enum tmk_status prepare(struct tmk_backend *backend, const struct tmk_plan *plan, struct tmk_exec **out,
                               struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  *out = NULL;
  struct tmk_exec *exec = calloc(1, sizeof *exec);
  if (exec == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the null backend");
  exec->backend = backend;
  exec->plan = plan;
  tmk_workload_key(&plan->workload, exec->key);
  exec->pass_ns = scripted_pass_ns(&backend->script, plan);
  if (matches(exec, backend->script.memory_at)) {
    TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "scripted: out of memory for %s", exec->key));
  }
  TMK_TRY(tmk_backend_naive.prepare(backend->naive, plan, &exec->naive, err));
  *out = exec;
  exec = NULL;
out:
  release(exec);
  return status;
}

static enum tmk_status reset(struct tmk_exec *exec, struct tmk_error *err)
{
  exec->pending = exec->ran = false;
  return tmk_backend_naive.reset(exec->naive, err);
}

/* Uniform in −1 … 1, of this run of this workload. */
static double noise(const struct tmk_exec *exec)
{
  uint64_t mixed = tmk_fill_mix64((uint64_t)exec->backend->script.seed ^ tmk_fill_mix64((uint64_t)exec->runs));
  for (const char *c = exec->key; *c != '\0'; c++) mixed = tmk_fill_mix64(mixed ^ (uint64_t)(unsigned char)*c);
  return (double)(mixed >> 11) * 0x1p-52 - 1;
}

static double run_factor(const struct tmk_exec *exec)
{
  const struct null_script *script = &exec->backend->script;
  double factor = 1 + script->noise * noise(exec);
  int64_t n = exec->runs; /* 1-based */
  if (n % 2 == 0) factor *= 1 + script->bimodal;
  factor *= pow(1 + script->drift, (double)n);
  if (script->spike_every >= 1 && n % (int64_t)script->spike_every == 0) factor *= script->spike_factor;
  if (n <= (int64_t)script->cold_runs) factor *= script->cold_factor;
  if (matches(exec, script->fast_at)) factor *= 1e-6;
  return factor;
}

static enum tmk_status run(struct tmk_exec *exec, int64_t passes, struct tmk_run_times *times, struct tmk_error *err)
{
  struct tmk_backend *backend = exec->backend;
  const struct null_script *script = &backend->script;
  backend->runs++;
  exec->runs++;
  backend->last = exec;
  if (backend->runs == (int64_t)script->interrupt_run) raise(SIGINT);
  if (backend->runs == (int64_t)script->device_fault_run || matches(exec, script->device_fault_at)) {
    return tmk_fail(err, TMK_ERR_DEVICE, "scripted: the device fell off the bus in run %lld", (long long)backend->runs);
  }
  if (matches(exec, script->fault_at)) {
    return tmk_fail(err, TMK_ERR_FAILED, "scripted: run %lld of %s failed", (long long)exec->runs, exec->key);
  }
  double device_ns = fmin(exec->pass_ns * (double)passes * run_factor(exec), 4e18);
  times->device_ns = matches(exec, script->zero_time_at) ? 0 : (int64_t)fmax(device_ns, 1);
  times->wall_ns = times->device_ns + (int64_t)(script->launch_us * 1e3);
  backend->now_ns += times->wall_ns > INT64_MAX - backend->now_ns ? 0 : times->wall_ns;
  exec->pending = exec->ran = true;
  return TMK_OK;
}

/* Passes are idempotent, so one computes what any number of them would. */
static enum tmk_status compute(struct tmk_exec *exec, struct tmk_error *err)
{
  if (!exec->pending) return TMK_OK;
  exec->pending = false;
  return tmk_backend_naive.run_ops(exec->naive, 0, exec->plan->op_count, err);
}

static enum tmk_status run_ops(struct tmk_exec *exec, int first, int count, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(compute(exec, err));
  TMK_TRY(tmk_backend_naive.run_ops(exec->naive, first, count, err));
out:
  return status;
}

static enum tmk_status read_values(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, double *values,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct null_script *script = &exec->backend->script;
  TMK_TRY(compute(exec, err));
  TMK_TRY(tmk_backend_naive.read(exec->naive, tensor, first, count, values, err));
  bool wrong = matches(exec, script->wrong_at) || (exec->ran && matches(exec, script->replay_wrong_at));
  if (wrong && tensor == exec->plan->logits) {
    for (int64_t i = 0; i < count; i++) values[i] = values[i] * 2 + 1;
  }
out:
  return status;
}

static enum tmk_status write_values(struct tmk_exec *exec, int tensor, int64_t first, int64_t count,
                                    const double *values, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(compute(exec, err));
  TMK_TRY(tmk_backend_naive.write(exec->naive, tensor, first, count, values, err));
out:
  return status;
}

/* The pass's time in equal parts: an op's own share is not scripted. */
static enum tmk_status run_per_op(struct tmk_exec *exec, int64_t *op_ns, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_run_times times;
  TMK_TRY(run(exec, 1, &times, err));
  for (int i = 0; i < exec->plan->op_count; i++) op_ns[i] = times.device_ns / exec->plan->op_count;
out:
  return status;
}

static enum tmk_status ceilings(struct tmk_backend *backend, bool quick, struct tmk_ceilings *out,
                                struct tmk_error *err)
{
  (void)quick;
  const struct null_script *script = &backend->script;
  if (script->no_ceilings) return tmk_fail(err, TMK_ERR_UNSUPPORTED, "scripted: no ceilings");
  double factor = pow(1 - script->ceiling_drift, (double)backend->ceilings_read++);
  tmk_ceilings_init(out);
  out->read_bytes_per_s = script->read_gb_s * 1e9 * factor;
  out->copy_bytes_per_s = script->copy_gb_s * 1e9 * factor;
  out->flops_per_s[TMK_DTYPE_F32] = script->f32_gflop_s * 1e9 * factor;
  out->flops_per_s[TMK_DTYPE_BF16] = script->bf16_gflop_s * 1e9 * factor;
  if (!isnan(script->clock_ghz)) out->clock_hz = script->clock_ghz * 1e9;
  out->repeats = 10;
  snprintf(out->read_pattern, sizeof out->read_pattern, "scripted");
  snprintf(out->copy_pattern, sizeof out->copy_pattern, "scripted");
  snprintf(out->flops_pattern, sizeof out->flops_pattern, "scripted");
  return TMK_OK;
}

static enum tmk_status energy_uj(struct tmk_backend *backend, uint64_t *energy, char source[32], struct tmk_error *err)
{
  if (isnan(backend->script.power_w)) return tmk_fail(err, TMK_ERR_UNSUPPORTED, "scripted: no energy counter");
  *energy = (uint64_t)(backend->script.power_w * (double)backend->now_ns * 1e-3);
  snprintf(source, 32, "scripted");
  return TMK_OK;
}

static enum tmk_status health(struct tmk_backend *backend, struct tmk_health *out, struct tmk_error *err)
{
  (void)err;
  const struct null_script *script = &backend->script;
  *out = (struct tmk_health){
      .clock_hz = NAN, .ecc_errors = script->gpu ? 0 : TMK_UNKNOWN, .other_processes = script->gpu ? 0 : TMK_UNKNOWN};
  if (!isnan(script->clock_ghz)) {
    out->clock_hz = script->clock_ghz * 1e9 * (backend->health_read++ % 2 == 0 ? 1 : 1 - script->clock_drop);
  }
  if (backend->last != NULL) {
    out->throttled = matches(backend->last, script->throttled_at);
    if (matches(backend->last, script->ecc_at)) out->ecc_errors = backend->runs;
    if (matches(backend->last, script->shared_at)) out->other_processes = 1;
  }
  return TMK_OK;
}

static int64_t now_ns(struct tmk_backend *backend)
{
  return backend->now_ns;
}

const struct tmk_backend_ops tmk_backend_null = {
    .name = "null",
    .description = "scripted times and faults (TOKMARK_NULL_SCRIPT), to test the harness: no device at all",
    .device_count = device_count,
    .open = open_null,
    .describe = describe,
    .supports = supports,
    .prepare = prepare,
    .reset = reset,
    .run = run,
    .run_ops = run_ops,
    .read = read_values,
    .write = write_values,
    .release = release,
    .close = close_null,
    .run_per_op = run_per_op,
    .ceilings = ceilings,
    .energy_uj = energy_uj,
    .health = health,
    .now_ns = now_ns,
};
