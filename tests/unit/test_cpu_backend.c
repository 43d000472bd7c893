/* The CPU backend as the harness uses it: opening, contents after reset(), elements, shared weights and memory, determinism,
 * times and ceilings. (The ops' results: test_cpu_ops.c.) */
#include <string.h>

#include "cpu_rig.h"
#include "shapes.h"
#include "tiny_model.h"

static const struct tmk_backend_ops *const cpu = &tmk_backend_cpu;

static struct tmk_plan *make_plan(const struct tmk_model *model, const struct tmk_workload *workload, uint64_t seed)
{
  struct tmk_plan *plan;
  const struct tmk_plan_args args = {.model = model, .workload = workload, .seed = seed, .act_dtype = TMK_DTYPE_F32};
  CPU_OK(tmk_plan_create(&args, &plan, &err));
  return plan;
}

static struct tmk_plan *tiny_plan(enum tmk_phase phase, int64_t batch, int64_t length, enum tmk_dtype dtype)
{
  const struct tmk_model model = tiny_model();
  struct tmk_workload workload =
      phase == TMK_PHASE_DECODE ? tiny_workload(phase, batch, 0, 0, length) : tiny_workload(phase, batch, length, 0, 0);
  workload.weight_dtype = workload.kv_dtype = dtype;
  return make_plan(&model, &workload, 5);
}

static struct tmk_backend *open_cpu(const char *isa, int64_t threads)
{
  struct tmk_backend *backend;
  CPU_OK(cpu->open(&(struct tmk_open_args){.isa = isa, .threads = threads}, &backend, &err));
  return backend;
}

static struct tmk_exec *prepare(struct tmk_backend *backend, const struct tmk_plan *plan)
{
  struct tmk_exec *exec;
  CPU_OK(cpu->prepare(backend, plan, &exec, &err));
  return exec;
}

static double *read_all(struct tmk_exec *exec, const struct tmk_plan *plan, int tensor)
{
  const int64_t count = tmk_tensor_elements(&plan->tensors[tensor]);
  double *values = malloc((size_t)count * sizeof *values);
  cr_assert_not_null(values);
  CPU_OK(cpu->read(exec, tensor, 0, count, values, &err));
  return values;
}

static int find_tensor(const struct tmk_plan *plan, const char *name)
{
  for (int i = 0; i < plan->tensor_count; i++) {
    if (strcmp(plan->tensors[i].name, name) == 0) return i;
  }
  cr_assert_fail("no tensor %s", name);
  return -1;
}

/* ---- open and describe ---- */

static void expect_open_error(struct tmk_open_args args, enum tmk_status status, const char *start)
{
  struct tmk_backend *backend = (struct tmk_backend *)&args;
  struct tmk_error err = {0};
  cr_expect_eq(cpu->open(&args, &backend, &err), status);
  cr_expect_null(backend);
  cr_expect_eq(strncmp(err.message, start, strlen(start)), 0, "%s", err.message);
}

Test(cpu_backend, open_errors)
{
  expect_open_error((struct tmk_open_args){.isa = "sse9"}, TMK_ERR_USAGE, "--isa sse9: this machine and build have ");
  expect_open_error((struct tmk_open_args){.isa = ""}, TMK_ERR_USAGE, "--isa : this machine and build have ");
  expect_open_error((struct tmk_open_args){.threads = 4097}, TMK_ERR_USAGE, "--threads 4097: must be 1..4096");
  expect_open_error((struct tmk_open_args){.threads = -3}, TMK_ERR_USAGE, "--threads -3: must be 1..4096");
  expect_open_error((struct tmk_open_args){.device_index = 1}, TMK_ERR_USAGE, "cpu:1: there is one CPU device, cpu:0");
#if defined(__x86_64__)
  expect_open_error((struct tmk_open_args){.isa = "neon"}, TMK_ERR_USAGE, "--isa neon: this machine and build have ");
#endif
  char reason[64] = "x";
  cr_expect_eq(cpu->device_count(reason, sizeof reason), 1);
  cr_expect_str_eq(reason, "");
  cpu->close(NULL);
  cpu->release(NULL);
}

Test(cpu_backend, describe)
{
  struct tmk_device_info info;
  struct tmk_backend *backend = open_cpu(NULL, 2);
  CPU_OK(cpu->describe(backend, &info, &err));
  cr_expect_str_eq(info.backend, "cpu");
  cr_expect(info.is_cpu && !info.simulated);
  cr_expect_neq(info.name[0], '\0');
  const size_t length = strlen(info.slug);
  cr_expect_str_eq(info.slug + length - 3, "-2t");
  cr_expect_eq(strspn(info.slug, "abcdefghijklmnopqrstuvwxyz0123456789-"), length, "%s", info.slug);
  cr_expect_str_eq(info.isa, tmk_cpu_isa_available(0)->isa);
  cr_expect_eq(info.threads, 2);
  cr_expect_gt(info.memory_bytes, 1 << 20);
  cr_expect_gt(info.memory_free_bytes, 1 << 20);
  cr_expect_leq(info.memory_free_bytes, info.memory_bytes);
  cr_expect_eq(info.act_dtype, TMK_DTYPE_F32);
  for (int dtype = 0; dtype < TMK_DTYPE_COUNT; dtype++) {
    const bool runs = dtype == TMK_DTYPE_F32 || dtype == TMK_DTYPE_BF16;
    const bool integers = dtype == TMK_DTYPE_I8 || dtype == TMK_DTYPE_I4;
    cr_expect_eq(info.math_dtype[dtype], runs ? TMK_DTYPE_F32 : integers ? TMK_DTYPE_I8 : TMK_DTYPE_NONE);
    cr_expect_eq(info.kv_dtype[dtype], runs);
  }
  cr_expect_eq(info.min_sample_ns, 50000000);
  cr_expect_eq(info.simd_lanes_f32, tmk_cpu_isa_available(0)->lanes);
  cr_expect_geq(info.cores, 1);
  cr_expect_geq(info.sockets, 1);
  cr_expect_geq(info.numa_nodes, 1);
  cr_expect_neq(info.cpus[0], '\0');
  struct tmk_health health;
  CPU_OK(cpu->health(backend, &health, &err));
  cr_expect_eq(health.ecc_errors, TMK_UNKNOWN);
  cr_expect(isnan(health.clock_hz) || health.clock_hz > 1e8);
  cpu->close(backend);
}

/* ---- contents and elements ---- */

static double rounded(double value, enum tmk_dtype dtype)
{
  return dtype == TMK_DTYPE_BF16 ? (double)tmk_bf16_to_f32(tmk_f32_to_bf16((float)value)) : value;
}

/* Every element of every tensor is the fill's or poison, by role and position. */
static void check_reset(struct tmk_exec *exec, const struct tmk_plan *plan, int64_t past)
{
  for (int i = 0; i < plan->tensor_count; i++) {
    const struct tmk_tensor *t = &plan->tensors[i];
    const int64_t count = tmk_tensor_elements(t);
    double *values = read_all(exec, plan, i);
    for (int64_t e = 0; e < count; e++) {
      float fill;
      if (t->role == TMK_ROLE_CONSTANT) {
        cr_assert_eq(values[e], t->constant[e]);
        continue;
      }
      const int64_t position = t->rank == 4 ? e / (t->dims[2] * t->dims[3]) % t->dims[1] : 0;
      const bool filled =
          t->role == TMK_ROLE_WEIGHT || t->role == TMK_ROLE_INPUT || (t->role == TMK_ROLE_KV_CACHE && position < past);
      tmk_tensor_fill(t, plan->seed, e, 1, &fill);
      if (filled) {
        cr_assert_eq(values[e], rounded((double)fill, t->dtype), "%s, element %lld: %g", t->name, (long long)e,
                     values[e]);
      } else if (t->dtype == TMK_DTYPE_I32) {
        cr_assert_eq(values[e], -1.0, "%s, element %lld", t->name, (long long)e);
      } else {
        cr_assert(isnan(values[e]), "%s, element %lld: %g", t->name, (long long)e, values[e]);
      }
    }
    free(values);
  }
}

static void check_reset_of(const char *isa, int64_t threads, enum tmk_dtype dtype)
{
  struct tmk_model model = shape_small; /* every optional tensor, widths that are no multiple of a panel */
  struct tmk_workload workload = tiny_workload(TMK_PHASE_DECODE, 3, 0, 0, 37);
  workload.weight_dtype = workload.kv_dtype = dtype;
  struct tmk_plan *plan = make_plan(&model, &workload, 11);
  struct tmk_backend *backend = open_cpu(isa, threads);
  struct tmk_exec *exec = prepare(backend, plan);
  struct tmk_run_times times;
  check_reset(exec, plan, 37);
  CPU_OK(cpu->run(exec, 2, &times, &err));
  CPU_OK(cpu->reset(exec, &err));
  check_reset(exec, plan, 37);
  cpu->release(exec);
  cpu->close(backend);
  tmk_plan_destroy(plan);
}

Test(cpu_backend, reset_fills_and_poisons, .timeout = 120)
{
  const struct tmk_cpu_kernels *kernels;
  for (int i = 0; (kernels = tmk_cpu_isa_available(i)) != NULL; i++) {
    check_reset_of(kernels->isa, 1, TMK_DTYPE_F32);
    check_reset_of(kernels->isa, 3, TMK_DTYPE_BF16);
  }
}

Test(cpu_backend, write_then_read)
{
  struct tmk_plan *plan = tiny_plan(TMK_PHASE_DECODE, 2, 40, TMK_DTYPE_BF16);
  struct tmk_backend *backend = open_cpu(NULL, 2);
  struct tmk_exec *exec = prepare(backend, plan);
  for (int i = 0; i < plan->tensor_count; i++) {
    const struct tmk_tensor *t = &plan->tensors[i];
    struct tmk_error error = {0};
    double value = 1.0 + 0x1p-12; /* not a bf16 */
    if (t->role == TMK_ROLE_WEIGHT || t->role == TMK_ROLE_CONSTANT) {
      cr_expect_eq(cpu->write(exec, i, 0, 1, &value, &error), TMK_ERR_USAGE, "%s", t->name);
      continue;
    }
    /* A different number for each element, then all of them back, and a piece from the middle. */
    const int64_t count = tmk_tensor_elements(t);
    double *values = malloc((size_t)count * sizeof *values);
    cr_assert_not_null(values);
    for (int64_t e = 0; e < count; e++) values[e] = (double)(e % 251 - 125);
    CPU_OK(cpu->write(exec, i, 0, count, values, &err));
    double *back = read_all(exec, plan, i);
    cr_expect_arr_eq(back, values, (size_t)count * sizeof *values, "%s", t->name);
    const int64_t first = count / 3, some = count / 2 - first;
    CPU_OK(cpu->read(exec, i, first, some, back, &err));
    cr_expect_arr_eq(back, values + first, (size_t)some * sizeof *values, "%s", t->name);
    if (t->dtype != TMK_DTYPE_I32) {
      CPU_OK(cpu->write(exec, i, count - 1, 1, &value, &err));
      CPU_OK(cpu->read(exec, i, count - 1, 1, back, &err));
      cr_expect_eq(back[0], t->dtype == TMK_DTYPE_BF16 ? 1.0 : value, "%s: rounds to its dtype", t->name);
    }
    free(values), free(back);
  }
  struct tmk_error error = {0};
  double value = 0.0;
  cr_expect_eq(cpu->read(exec, plan->tensor_count, 0, 1, &value, &error), TMK_ERR_USAGE);
  cr_expect_eq(cpu->read(exec, -1, 0, 1, &value, &error), TMK_ERR_USAGE);
  cr_expect_eq(cpu->read(exec, plan->tokens_out, 1, 2, &value, &error), TMK_ERR_USAGE);
  cr_expect_str_eq(error.message, "tokens_out: elements 1 + 2: it has 2");
  cr_expect_eq(cpu->run_ops(exec, plan->op_count, 1, &error), TMK_ERR_USAGE);
  cpu->release(exec);
  cpu->close(backend);
  tmk_plan_destroy(plan);
}

/* ---- runs ---- */

/* Logits and tokens of one pass. */
static double *outputs_of(struct tmk_exec *exec, const struct tmk_plan *plan, int64_t passes)
{
  struct tmk_run_times times;
  const int64_t logits = tmk_tensor_elements(&plan->tensors[plan->logits]);
  const int64_t tokens = tmk_tensor_elements(&plan->tensors[plan->tokens_out]);
  double *values = malloc((size_t)(logits + tokens) * sizeof *values);
  cr_assert_not_null(values);
  CPU_OK(cpu->reset(exec, &err));
  CPU_OK(cpu->run(exec, passes, &times, &err));
  cr_expect_gt(times.wall_ns, 0);
  CPU_OK(cpu->read(exec, plan->logits, 0, logits, values, &err));
  CPU_OK(cpu->read(exec, plan->tokens_out, 0, tokens, values + logits, &err));
  return values;
}

/* The same bits in every run of as many threads, whether in one region or op by op; nearly the same with other numbers of
 * threads and instruction sets. */
static void check_runs(enum tmk_phase phase, int64_t batch, int64_t length, enum tmk_dtype dtype)
{
  struct tmk_plan *plan = tiny_plan(phase, batch, length, dtype);
  const int64_t count = tmk_tensor_elements(&plan->tensors[plan->logits]);
  const size_t bytes = (size_t)(count + batch) * sizeof(double);
  const int64_t threads[] = {1, 2, 5};
  const struct tmk_cpu_kernels *kernels;
  double *first = NULL;
  for (int i = 0; (kernels = tmk_cpu_isa_available(i)) != NULL; i++) {
    for (int t = 0; t < 3; t++) {
      struct tmk_backend *backend = open_cpu(kernels->isa, threads[t]);
      struct tmk_exec *exec = prepare(backend, plan);
      double *a = outputs_of(exec, plan, 1), *b = outputs_of(exec, plan, 3);
      cr_expect_arr_eq(a, b, bytes, "%s, %lld threads", kernels->isa, (long long)threads[t]);
      CPU_OK(cpu->reset(exec, &err));
      for (int op = 0; op < plan->op_count; op++) CPU_OK(cpu->run_ops(exec, op, 1, &err));
      CPU_OK(cpu->read(exec, plan->logits, 0, count, b, &err));
      cr_expect_arr_eq(a, b, (size_t)count * sizeof *a, "op by op: %s, %lld threads", kernels->isa,
                       (long long)threads[t]);
      if (!first) first = a;
      for (int64_t e = 0; e < count; e++) {
        cr_assert(fabs(a[e] - first[e]) <= 2e-3, "%s, %lld threads, logit %lld: %g, %g", kernels->isa,
                  (long long)threads[t], (long long)e, a[e], first[e]);
      }
      if (a != first) free(a);
      free(b);
      cpu->release(exec);
      cpu->close(backend);
    }
  }
  free(first);
  tmk_plan_destroy(plan);
}

Test(cpu_backend, runs_repeat, .timeout = 120)
{
  check_runs(TMK_PHASE_DECODE, 1, 70, TMK_DTYPE_BF16);
  check_runs(TMK_PHASE_DECODE, 13, 33, TMK_DTYPE_F32);
  check_runs(TMK_PHASE_PREFILL, 2, 45, TMK_DTYPE_BF16);
}

Test(cpu_backend, per_op_times_are_those_of_a_pass)
{
  struct tmk_plan *plan = tiny_plan(TMK_PHASE_DECODE, 4, 20, TMK_DTYPE_F32);
  struct tmk_backend *backend = open_cpu(NULL, 2);
  struct tmk_exec *exec = prepare(backend, plan);
  double *expected = outputs_of(exec, plan, 1);
  int64_t *op_ns = malloc((size_t)plan->op_count * sizeof *op_ns);
  cr_assert_not_null(op_ns);
  for (int i = 0; i < plan->op_count; i++) op_ns[i] = -1;
  CPU_OK(cpu->reset(exec, &err));
  CPU_OK(cpu->run_per_op(exec, op_ns, &err));
  for (int i = 0; i < plan->op_count; i++) cr_expect_gt(op_ns[i], 0, "op %d: %lld ns", i, (long long)op_ns[i]);
  double *logits = read_all(exec, plan, plan->logits);
  cr_expect_arr_eq(logits, expected, 4 * 96 * sizeof *logits);
  free(expected), free(op_ns), free(logits);
  cpu->release(exec);
  cpu->close(backend);
  tmk_plan_destroy(plan);
}

/* ---- memory ---- */

static int64_t held_bytes(const struct tmk_backend *backend)
{
  int64_t bytes = backend->arena.bytes;
  const struct tmk_cpu_slab *last = NULL; /* entries of a slab stand together */
  for (const struct tmk_cpu_weight *w = backend->weights.first; w; w = w->next) {
    if (w->slab != last) bytes += w->slab->block.bytes;
    last = w->slab;
  }
  return bytes;
}

Test(cpu_backend, memory_is_within_what_was_announced)
{
  const enum tmk_dtype dtypes[] = {TMK_DTYPE_F32, TMK_DTYPE_BF16};
  for (int d = 0; d < 2; d++) {
    for (int64_t threads = 1; threads <= 9; threads += 4) {
      const struct tmk_model models[] = {tiny_model(), shape_small};
      for (int m = 0; m < 2; m++) {
        struct tmk_workload workload = tiny_workload(TMK_PHASE_PREFILL, 3, 50, 0, 0);
        workload.weight_dtype = workload.kv_dtype = dtypes[d];
        struct tmk_plan *plan = make_plan(&models[m], &workload, 1);
        struct tmk_backend *backend = open_cpu(NULL, threads);
        const int64_t announced = tmk_plan_memory_needed(plan).total_bytes + cpu->memory_overhead(backend, plan);
        struct tmk_exec *exec = prepare(backend, plan);
        cr_expect_leq(held_bytes(backend), announced);
        cr_expect_geq(held_bytes(backend), announced - (1 << 18), "%lld of %lld", (long long)held_bytes(backend),
                      (long long)announced);
        cpu->release(exec);
        cpu->trim(backend);
        cr_expect_eq(held_bytes(backend), 0);
        cpu->close(backend);
        tmk_plan_destroy(plan);
      }
    }
  }
}

/* Padding is a small part of a real model. */
Test(cpu_backend, overhead_of_a_real_model_is_small)
{
  struct tmk_workload workload = tiny_workload(TMK_PHASE_DECODE, 8, 0, 0, 1023);
  workload.weight_dtype = workload.kv_dtype = TMK_DTYPE_BF16;
  struct tmk_plan *plan = make_plan(&shape_llama_8b, &workload, 1);
  struct tmk_backend *backend = open_cpu(NULL, 2);
  const int64_t overhead = cpu->memory_overhead(backend, plan);
  cr_expect_gt(overhead, 0);
  cr_expect_lt((double)overhead, 0.001 * (double)tmk_plan_memory_needed(plan).total_bytes, "%lld", (long long)overhead);
  cpu->close(backend);
  tmk_plan_destroy(plan);
}

Test(cpu_backend, weights_are_shared_and_trimmed)
{
  struct tmk_backend *backend = open_cpu(NULL, 2);
  struct tmk_plan *small = tiny_plan(TMK_PHASE_DECODE, 1, 8, TMK_DTYPE_F32);
  struct tmk_plan *large = tiny_plan(TMK_PHASE_DECODE, 4, 200, TMK_DTYPE_F32);
  struct tmk_plan *other = tiny_plan(TMK_PHASE_DECODE, 1, 8, TMK_DTYPE_BF16);
  struct tmk_exec *a = prepare(backend, small);
  double *before = outputs_of(a, small, 1);
  const int qkv = find_tensor(small, "layer1.qkv_proj.weight");

  /* The same weights, another batch: one copy, and a larger arena under the older exec. */
  struct tmk_exec *b = prepare(backend, large);
  cr_expect_eq(a->shared[qkv], b->shared[find_tensor(large, "layer1.qkv_proj.weight")]);
  cr_expect_eq(a->shared[qkv]->users, 2);
  struct tmk_exec *c = prepare(backend, other);
  cr_expect_neq(a->shared[qkv], c->shared[find_tensor(other, "layer1.qkv_proj.weight")]);
  double *after = outputs_of(a, small, 1);
  cr_expect_arr_eq(before, after, 97 * sizeof *before);

  /* Execs come to their own by reset(), whatever ran between. */
  free(outputs_of(b, large, 2));
  free(after);
  after = outputs_of(a, small, 1);
  cr_expect_arr_eq(before, after, 97 * sizeof *before);

  cpu->release(a);
  cpu->trim(backend);
  cr_expect_eq(b->shared[qkv]->users, 1);
  free(outputs_of(b, large, 1));
  cpu->release(b);
  cpu->release(c);
  int kept = 0;
  for (const struct tmk_cpu_weight *w = backend->weights.first; w; w = w->next) kept++;
  cr_expect_gt(kept, 0, "weights stay until trim()");
  cpu->trim(backend);
  cr_expect_null(backend->weights.first);
  cr_expect_null(backend->arena.base);
  free(before), free(after);
  cpu->close(backend);
  tmk_plan_destroy(small), tmk_plan_destroy(large), tmk_plan_destroy(other);
}

/* A model cut to fewer layers shares those it has; trim() then frees the rest within their block. */
Test(cpu_backend, part_of_a_block_can_be_freed)
{
  struct tmk_backend *backend = open_cpu(NULL, 1);
  struct tmk_model model = tiny_model();
  struct tmk_workload workload = tiny_workload(TMK_PHASE_DECODE, 1, 0, 0, 8);
  struct tmk_plan *whole = make_plan(&model, &workload, 5);
  workload.layers_held = 1;
  struct tmk_plan *part = make_plan(&model, &workload, 5);
  struct tmk_exec *a = prepare(backend, whole), *b = prepare(backend, part);
  double *before = outputs_of(b, part, 1);
  cpu->release(a);
  cpu->trim(backend);
  double *after = outputs_of(b, part, 1);
  cr_expect_arr_eq(before, after, 97 * sizeof *before);
  a = prepare(backend, whole); /* what was freed is made again */
  check_reset(a, whole, 8);
  free(before), free(after);
  cpu->release(a), cpu->release(b);
  cpu->close(backend);
  tmk_plan_destroy(whole), tmk_plan_destroy(part);
}

Test(cpu_backend, more_memory_than_there_is)
{
  struct tmk_workload workload = tiny_workload(TMK_PHASE_DECODE, 65536, 0, 0, TMK_KV_POSITIONS - 1);
  struct tmk_plan *plan = make_plan(&shape_llama_8b, &workload, 1);
  struct tmk_backend *backend = open_cpu(NULL, 1);
  struct tmk_exec *exec = NULL;
  struct tmk_error err = {0};
  cr_expect_geq(cpu->memory_overhead(backend, plan), 0);
  cr_expect_eq(cpu->prepare(backend, plan, &exec, &err), TMK_ERR_MEMORY);
  cr_expect_null(exec);
  cr_expect_eq(strncmp(err.message, "out of memory: ", 15), 0, "%s", err.message);
  /* The backend is as it was. */
  struct tmk_plan *small = tiny_plan(TMK_PHASE_DECODE, 1, 8, TMK_DTYPE_F32);
  exec = prepare(backend, small);
  check_reset(exec, small, 8);
  cpu->release(exec);
  cpu->close(backend);
  tmk_plan_destroy(plan), tmk_plan_destroy(small);
}

/* ---- what it refuses ---- */

static void expect_refused(struct tmk_plan *plan, int op, const char *reason)
{
  struct tmk_backend *backend = open_cpu(NULL, 1);
  char text[256] = "";
  struct tmk_exec *exec = NULL;
  struct tmk_error err = {0};
  cr_expect_not(cpu->supports(backend, plan, &plan->ops[op], text, sizeof text));
  cr_expect_str_eq(text, reason);
  cr_expect_eq(cpu->prepare(backend, plan, &exec, &err), TMK_ERR_UNSUPPORTED);
  cr_expect_null(exec);
  cpu->close(backend);
  tmk_plan_destroy(plan);
}

static int find_op(const struct tmk_plan *plan, enum tmk_op_kind kind)
{
  int op = 0;
  while (plan->ops[op].kind != kind) op++;
  return op;
}

Test(cpu_backend, supports_says_why_not)
{
  struct tmk_plan *plan = tiny_plan(TMK_PHASE_DECODE, 1, 8, TMK_DTYPE_F16);
  expect_refused(plan, find_op(plan, TMK_OP_GEMM), "weight: dtype f16: must be f32, bf16, i8 or i4");
  plan = tiny_plan(TMK_PHASE_DECODE, 1, 8, TMK_DTYPE_F16);
  expect_refused(plan, find_op(plan, TMK_OP_ATTENTION), "k_cache: dtype f16: must be f32 or bf16");
  plan = tiny_plan(TMK_PHASE_DECODE, 1, 8, TMK_DTYPE_F32);
  const int gemm = find_op(plan, TMK_OP_GEMM);
  plan->tensors[plan->ops[gemm].u.gemm.x].dtype = TMK_DTYPE_BF16;
  expect_refused(plan, gemm, "x: dtype bf16: must be f32");
  plan = tiny_plan(TMK_PHASE_DECODE, 1, 8, TMK_DTYPE_F32);
  plan->ops[gemm].u.gemm.k = 63;
  expect_refused(plan, gemm, "x: must have 1 or more rows of 63 elements");
  plan = tiny_plan(TMK_PHASE_DECODE, 1, 8, TMK_DTYPE_F32);
  plan->ops[gemm].u.gemm.n++;
  expect_refused(plan, gemm, "weight: must be [129, 64]");
  plan = tiny_plan(TMK_PHASE_DECODE, 1, 8, TMK_DTYPE_F32);
  plan->ops[gemm].u.gemm.y = plan->ops[gemm].u.gemm.x;
  expect_refused(plan, gemm, "y: must have 1 or more rows of 128 elements");
  plan = tiny_plan(TMK_PHASE_DECODE, 1, 8, TMK_DTYPE_F32);
  const int attention = find_op(plan, TMK_OP_ATTENTION);
  plan->ops[attention].u.attention.past = 9;
  expect_refused(plan, attention, "k_cache: must be [1 or more, 10 or more, 2, 16]");
}

/* ---- ceilings ---- */

static void check_ceilings(struct tmk_backend *backend, bool quick)
{
  struct tmk_ceilings c;
  CPU_OK(cpu->ceilings(backend, quick, &c, &err));
  cr_expect(c.read_bytes_per_s > 1e8 && c.read_bytes_per_s < 1e13, "%g", c.read_bytes_per_s);
  cr_expect(c.copy_bytes_per_s > 1e8 && c.copy_bytes_per_s < 1e13, "%g", c.copy_bytes_per_s);
  /* No CPU runs faster than 7 GHz, nor has more than 4 ports for FMAs. */
  const double peak = c.flops_per_s[TMK_DTYPE_F32], lanes = backend->kernels->lanes;
  cr_expect(peak > 1e8 && peak < lanes * 4 * 2 * 7e9 * backend->team.threads, "%g", peak);
  struct tmk_device_info info;
  tmk_cpu_describe(backend, &info);
  if (info.fma_ports != TMK_UNKNOWN) {
    cr_expect_lt(peak, lanes * (double)info.fma_ports * 2 * 7e9 * backend->team.threads, "%g", peak);
  }
  cr_expect(isnan(c.flops_per_s[TMK_DTYPE_BF16]));
  const double dots = c.flops_per_s[TMK_DTYPE_I8]; /* bytes: four in the place of a float, and another instruction to add them */
  cr_expect(dots > 1e8 && dots < 16 * peak, "%g", dots);
  cr_expect_geq(c.repeats, 3);
  cr_expect_neq(c.read_pattern[0], '\0');
  cr_expect_neq(c.copy_pattern[0], '\0');
  cr_expect_neq(c.flops_pattern[0], '\0');
}

Test(cpu_backend, ceilings, .timeout = 120)
{
  struct tmk_backend *backend = open_cpu(NULL, 2);
  check_ceilings(backend, false);
  check_ceilings(backend, true);
  cpu->close(backend);
  backend = open_cpu("portable", 1);
  check_ceilings(backend, true); /* quick without a full one before it */
  cpu->close(backend);
}

Test(cpu_backend, energy_is_a_counter_or_unsupported)
{
  struct tmk_backend *backend = open_cpu(NULL, 1);
  struct tmk_error err = {0};
  uint64_t first = 0, second = 0;
  char source[32] = "";
  const enum tmk_status status = cpu->energy_uj(backend, &first, source, &err);
  if (status == TMK_OK) {
    cr_expect_eq(cpu->energy_uj(backend, &second, source, &err), TMK_OK);
    cr_expect_geq(second, first);
    cr_expect_eq(strncmp(source, "rapl:", 5), 0);
  } else {
    cr_expect_eq(status, TMK_ERR_UNSUPPORTED);
    cr_expect_neq(err.message[0], '\0');
  }
  cpu->close(backend);
}
