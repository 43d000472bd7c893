/* cmd_ops.c: `tokmark ops`: single operations over shapes, verified, timed, and held against the device's limit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "gemm_result.h"
#include "identity.h"
#include "model_config.h"
#include "op_bench.h"
#include "opt.h"
#include "out.h"
#include "output_file.h"
#include "result_json.h"
#include "runner.h"
#include "stop.h"
#include "sweep.h"
#include "tokmark/comm.h"
#include "verdict.h"

struct options {
  const char *model, *device, *isa, *output;
  unsigned kinds, phases, dtypes;
  struct tmk_int_list m, n, k, batch, context, input_len;
  int kv_dtype, gemm;
  int64_t q_len, heads, kv_heads, head_dim, window, threads, rounds, seed;
  double time_s;
  bool force;
};

/* Bit i = enum tmk_op_kind i, enum tmk_phase i. */
static const char *const kinds[] = {"embed", "rmsnorm", "gemm", "rope_kv", "attention", "swiglu", "sample", NULL};
static const char *const phases[] = {"decode", "prefill", NULL};
static const char *const dtypes[] = {"f32", "bf16", "fp8", "nvfp4", "i8", "i4", NULL};
static const char *const kv_dtypes[] = {"f32", "bf16", "fp8", NULL};

#define ROW(option, kind, field) .name = option, .type = kind, .offset = offsetof(struct options, field)

static const struct tmk_opt rows[] = {
    {ROW("op", TMK_OPT_CHOICE_LIST, kinds), .metavar = "LIST", .help = "Operations (default: all that the shapes have)",
     .choices = kinds},
    {ROW("model", TMK_OPT_STRING, model), .metavar = "NAME|PATH",
     .help = "Take the shapes of this model's steps (default without --m or --heads: the suite's model)"},
    {ROW("phase", TMK_OPT_CHOICE_LIST, phases), .metavar = "LIST", .help = "Steps of the model",
     .default_text = "decode", .choices = phases},
    {ROW("batch", TMK_OPT_INT_LIST, batch), .metavar = "LIST", .help = "Sequences of a step, or of attention",
     .default_text = "1,8,64", .min = 1, .max = 65536},
    {ROW("context", TMK_OPT_INT_LIST, context), .metavar = "LIST",
     .help = "Tokens in the KV cache before a decode step", .default_text = "128", .min = 0,
     .max = (double)TMK_KV_POSITIONS - 1, .allow_suffix = true},
    {ROW("input-len", TMK_OPT_INT_LIST, input_len), .metavar = "LIST", .help = "Prompt tokens of a prefill step",
     .default_text = "512", .min = 1, .max = (double)TMK_KV_POSITIONS, .allow_suffix = true},
    {ROW("m", TMK_OPT_INT_LIST, m), .metavar = "LIST", .help = "gemm: rows of x (with --n and --k)", .min = 1,
     .max = 1 << 24, .allow_suffix = true},
    {ROW("n", TMK_OPT_INT_LIST, n), .metavar = "LIST", .help = "gemm: outputs", .min = 1, .max = 1 << 24,
     .allow_suffix = true},
    {ROW("k", TMK_OPT_INT_LIST, k), .metavar = "LIST", .help = "gemm: inputs", .min = 1, .max = 1 << 24,
     .allow_suffix = true},
    {ROW("heads", TMK_OPT_INT, heads), .metavar = "N", .help = "attention: query heads (with --batch and --context)",
     .min = 1, .max = 4096},
    {ROW("kv-heads", TMK_OPT_INT, kv_heads), .metavar = "N",
     .help = "attention: key and value heads (default: --heads)", .min = 1, .max = 4096},
    {ROW("head-dim", TMK_OPT_INT, head_dim), .metavar = "N", .help = "attention: elements of a head",
     .default_text = "128", .min = 2, .max = 4096},
    {ROW("q-len", TMK_OPT_INT, q_len), .metavar = "N", .help = "attention: new tokens a sequence", .default_text = "1",
     .min = 1, .max = 1 << 20, .allow_suffix = true},
    {ROW("window", TMK_OPT_INT, window), .metavar = "N", .help = "attention: sliding window, 0 = none",
     .default_text = "0", .min = 0, .max = (double)TMK_KV_POSITIONS, .allow_suffix = true},
    {ROW("dtype", TMK_OPT_CHOICE_LIST, dtypes), .metavar = "LIST", .help = "Types of the weights",
     .default_text = "bf16", .choices = dtypes},
    {ROW("kv-dtype", TMK_OPT_CHOICE, kv_dtype), .metavar = "TYPE", .help = "Type of the KV cache",
     .default_text = "bf16", .choices = kv_dtypes},
    {ROW("device", TMK_OPT_STRING, device), .metavar = "DEVICE",
     .help = "auto, or a backend of `tokmark devices`, with :N for its Nth device", .default_text = "auto"},
    {ROW("threads", TMK_OPT_INT, threads), .metavar = "N",
     .help = "CPU threads (default: one a physical core that this process may use)", .min = 1, .max = 4096},
    {ROW("isa", TMK_OPT_STRING, isa), .metavar = "NAME",
     .help = "CPU kernels to use: avx512, avx2, neon or portable (default: the best there is)"},
    {ROW("gemm", TMK_OPT_CHOICE, gemm), .metavar = "PROVIDER",
     .help = "Whose kernels run a gemm on a GPU: ours, cuBLASLt's, or the faster on each shape", .default_text = "best",
     .choices = tmk_gemm_choices},
    {ROW("time", TMK_OPT_REAL, time_s), .metavar = "SECONDS",
     .help = "Sampling time a shape may take; 6 samples are taken whatever it is", .default_text = "0.5", .min = 0.001,
     .max = 86400},
    {ROW("seed", TMK_OPT_INT, seed), .metavar = "N", .help = "Seed of all values", .default_text = "1", .min = 0,
     .max = 9007199254740992.0},
    {ROW("output", TMK_OPT_STRING, output), .short_name = 'o', .metavar = "FILE",
     .help = "Write the result there, anew after each shape"},
    {ROW("force", TMK_OPT_FLAG, force), .help = "Overwrite an existing output file"},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark ops [options]",
    .summary =
        "Times single operations: those of a model's steps, or a gemm or an attention of your own shape. Each is "
        "verified first, and runs over enough copies of its weights to be read from memory, as in a step.",
    .epilogue = "Examples:\n"
                "  tokmark ops --model tinyllama-1.1b --batch 1,8\n"
                "  tokmark ops --op gemm --m 1..64 --n 2048 --k 2048 --dtype f32,bf16\n"
                "  tokmark ops --op attention --heads 32 --kv-heads 4 --head-dim 64 --batch 1,8 --context 1K,4K",
};

struct command {
  struct options options;
  const struct tmk_backend_ops *ops;
  struct tmk_backend *backend;
  struct tmk_device_result *device; /* = result.devices */
  struct tmk_op_shapes shapes;
  struct tmk_result result;
};

/* ---- shapes ---- */

static enum tmk_status add_gemms(struct command *command, enum tmk_dtype dtype, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *o = &command->options;
  struct tmk_verify_case shape = {.group = TMK_OP_GEMM, .op.kind = TMK_OP_GEMM, .weight_dtype = dtype, .scale = 1};
  for (int n = 0; n < o->n.count; n++) {
    for (int k = 0; k < o->k.count; k++) {
      for (int m = 0; m < o->m.count; m++) {
        shape.op.u.gemm = (struct tmk_op_gemm){.m = o->m.values[m], .n = o->n.values[n], .k = o->k.values[k]};
        TMK_TRY(tmk_op_shapes_add(&command->shapes, &shape, err));
      }
    }
  }
out:
  return status;
}

static enum tmk_status add_attentions(struct command *command, enum tmk_dtype kv_dtype, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *o = &command->options;
  const int64_t heads_kv = o->kv_heads > 0 ? o->kv_heads : o->heads;
  struct tmk_verify_case shape = {
      .group = TMK_OP_ATTENTION, .op.kind = TMK_OP_ATTENTION, .kv_dtype = kv_dtype, .scale = 1};
  if (o->heads % heads_kv != 0) {
    return tmk_fail(err, TMK_ERR_USAGE, "--kv-heads %lld: must divide --heads %lld", (long long)heads_kv,
                    (long long)o->heads);
  }
  for (int c = 0; c < o->context.count; c++) {
    if (o->context.values[c] + o->q_len > TMK_KV_POSITIONS) {
      return tmk_fail(err, TMK_ERR_USAGE, "--context %lld: must be 0..%lld with --q-len %lld",
                      (long long)o->context.values[c], (long long)(TMK_KV_POSITIONS - o->q_len), (long long)o->q_len);
    }
    for (int b = 0; b < o->batch.count; b++) {
      shape.op.u.attention = (struct tmk_op_attention){.seqs = o->batch.values[b],
                                                       .q_len = o->q_len,
                                                       .past = o->context.values[c],
                                                       .heads_q = o->heads,
                                                       .heads_kv = heads_kv,
                                                       .head_dim = o->head_dim,
                                                       .window = o->window};
      TMK_TRY(tmk_op_shapes_add(&command->shapes, &shape, err));
    }
  }
out:
  return status;
}

static enum tmk_status add_model_steps(struct command *command, const struct tmk_model *model, enum tmk_dtype dtype,
                                       enum tmk_dtype kv_dtype, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *o = &command->options;
  const unsigned wanted = o->kinds ? o->kinds : ~0u;
  for (int phase = TMK_PHASE_DECODE; phase <= TMK_PHASE_PREFILL; phase++) {
    const bool decode = phase == TMK_PHASE_DECODE;
    const struct tmk_int_list *lengths = decode ? &o->context : &o->input_len;
    if (!(o->phases & 1u << phase)) continue;
    for (int l = 0; l < lengths->count; l++) {
      for (int b = 0; b < o->batch.count; b++) {
        struct tmk_workload workload = {.phase = (enum tmk_phase)phase,
                                        .batch = o->batch.values[b],
                                        .context = decode ? lengths->values[l] : 0,
                                        .input_len = decode ? 0 : lengths->values[l],
                                        .prefill_chunk = TMK_PREFILL_CHUNK_DEFAULT,
                                        .weight_dtype = dtype,
                                        .kv_dtype = kv_dtype,
                                        .layout = {.tp = 1, .pp = 1, .dp = 1, .microbatches = 1}};
        snprintf(workload.model, sizeof workload.model, "%s", model->name);
        TMK_TRY(
            tmk_op_shapes_add_model(&command->shapes, model, &workload, command->device->info.act_dtype, wanted, err));
      }
    }
  }
out:
  return status;
}

/* Types asked for by name that the device doesn't take are errors; a default that it doesn't take is a skipped shape. */
static enum tmk_status check_given_dtypes(const struct command *command, const struct tmk_opt_result *parsed,
                                          struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *o = &command->options;
  const struct tmk_device_info *info = &command->device->info;
  for (int d = 0; dtypes[d] && tmk_opt_given(rows, ROW_COUNT, parsed, "dtype"); d++) {
    if (!(o->dtypes & 1u << d)) continue;
    TMK_TRY(tmk_device_check_dtype(info, tmk_dtype_from_name(dtypes[d]), TMK_FOR_WEIGHTS, err));
  }
  if (tmk_opt_given(rows, ROW_COUNT, parsed, "kv-dtype")) {
    TMK_TRY(tmk_device_check_dtype(info, tmk_dtype_from_name(kv_dtypes[o->kv_dtype]), TMK_FOR_KV_CACHE, err));
  }
out:
  return status;
}

static enum tmk_status make_shapes(struct command *command, const struct tmk_opt_result *parsed, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *o = &command->options;
  const bool own_gemm = o->m.count || o->n.count || o->k.count, own_attention = o->heads > 0;
  const char *name = o->model ? o->model : tmk_sweep_default_model(&command->device->info);
  const enum tmk_dtype kv_dtype = tmk_dtype_from_name(kv_dtypes[o->kv_dtype]);
  struct tmk_model model;
  if (own_gemm && (!o->m.count || !o->n.count || !o->k.count)) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--m, --n, --k: a gemm of your own shape needs all three"));
  }
  if ((own_gemm || own_attention) && (o->model || tmk_opt_given(rows, ROW_COUNT, parsed, "phase"))) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--%s: a model's shapes, or your own by --m or --heads: not both",
                     o->model ? "model" : "phase"));
  }
  if (o->kinds && own_gemm != (o->kinds >> TMK_OP_GEMM & 1u) && (own_gemm || own_attention)) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--op: must be gemm where --m, --n, --k are given, and only there"));
  }
  if (o->kinds && own_attention != (o->kinds >> TMK_OP_ATTENTION & 1u) && (own_gemm || own_attention)) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--op: must be attention where --heads is given, and only there"));
  }
  TMK_TRY(check_given_dtypes(command, parsed, err));
  if (!own_gemm && !own_attention) TMK_TRY(tmk_model_load(name, &model, err));
  for (int d = 0; dtypes[d]; d++) {
    if (!(o->dtypes & 1u << d)) continue;
    const enum tmk_dtype dtype = tmk_dtype_from_name(dtypes[d]);
    if (own_gemm) TMK_TRY(add_gemms(command, dtype, err));
    if (!own_gemm && !own_attention) TMK_TRY(add_model_steps(command, &model, dtype, kv_dtype, err));
  }
  if (own_attention) TMK_TRY(add_attentions(command, kv_dtype, err));
  if (command->shapes.count == 0) TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--op: the model's steps have none of these"));
out:
  return status;
}

/* ---- the run ---- */

static enum tmk_status open_device(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *o = &command->options;
  struct tmk_result *result = &command->result;
  struct tmk_open_args open_args = {.threads = o->threads, .isa = o->isa, .gemm = (enum tmk_gemm_choice)o->gemm};
  TMK_TRY(tmk_device_choose(o->device, &command->ops, &open_args, err));
  TMK_TRY(command->ops->open(&open_args, &command->backend, err));
  result->devices = calloc(1, sizeof *result->devices);
  if (!result->devices) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the device"));
  result->device_count = 1;
  command->device = result->devices;
  TMK_TRY(tmk_run_describe(command->ops, command->backend, command->device, err));
out:
  return status;
}

static enum tmk_status write_result(struct command *command, struct tmk_error *err)
{
  struct tmk_result *result = &command->result;
  tmk_identity_touch(result);
  return command->options.output ? tmk_result_write(result, command->options.output, err) : TMK_OK;
}

static enum tmk_status measure_shapes(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = &command->result;
  const struct options *o = &command->options;
  struct tmk_op_bench_args args = {.ops = command->ops,
                                   .backend = command->backend,
                                   .device = command->device,
                                   .measure = tmk_measure_defaults(&command->device->info),
                                   .seed = (uint64_t)o->seed,
                                   .stop = tmk_stop_flag()};
  args.measure.budget_ns = (int64_t)(o->time_s * 1e9);
  result->points = calloc((size_t)command->shapes.count, sizeof *result->points);
  if (!result->points) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d shapes", command->shapes.count));
  for (int i = 0; i < command->shapes.count; i++) {
    struct tmk_point *point = &result->points[result->point_count++];
    status = tmk_op_bench_measure(&args, &command->shapes.items[i], point, err);
    tmk_out_ops_row(stdout, point);
    fflush(stdout);
    /* The error that ends the run is the one to report, not that of the file. */
    const enum tmk_status written = write_result(command, status == TMK_OK ? err : NULL);
    TMK_TRY(status != TMK_OK ? status : written);
  }
out:
  return status;
}

static enum tmk_status run(struct command *command, int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = &command->result;
  TMK_TRY(tmk_identity_fill("ops", argc, argv, result, err));
  result->settings.seed = (uint64_t)command->options.seed;
  result->settings.threads = command->device->info.threads;
  result->settings.act_dtype = command->device->info.act_dtype;
  snprintf(result->settings.gemm_provider, sizeof result->settings.gemm_provider, "%s",
           tmk_gemm_provider_setting(command->ops, (enum tmk_gemm_choice)command->options.gemm));
  tmk_stop_catch();
  TMK_TRY(tmk_run_read_ceilings(command->ops, command->backend, -1, command->device, err));
  tmk_out_preamble(stdout, result);
  tmk_out_ops_header(stdout);
  TMK_TRY(measure_shapes(command, err));
  TMK_TRY(tmk_run_read_ceilings(command->ops, command->backend, 0, command->device, err));
  result->complete = true;
  TMK_TRY(write_result(command, err));
  tmk_out_table_footer(stdout, result);
  TMK_TRY(tmk_verdict_of_points(result, "operations", err));
out:
  return status;
}

enum tmk_status tmk_cmd_ops(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct command command = {0};
  struct tmk_opt_result parsed = {0};
  tmk_result_init(&command.result);
  TMK_TRY(tmk_opt_parse(rows, ROW_COUNT, &command.options, &help, argc, argv, 0, 0, &parsed, err));
  if (parsed.help) goto out;
  TMK_TRY(tmk_launch_check("ops", false, err));
  if (command.options.output) TMK_TRY(tmk_output_check(command.options.output, command.options.force, err));
  TMK_TRY(open_device(&command, err));
  TMK_TRY(make_shapes(&command, &parsed, err));
  TMK_TRY(run(&command, argc, argv, err));
out:
  tmk_opt_free(&parsed);
  tmk_op_shapes_free(&command.shapes);
  tmk_result_free(&command.result);
  if (command.backend) command.ops->close(command.backend);
  return status;
}
