/* cmd_run.c: `tokmark run`: a sweep of one model's steps on a device, as a live table and a result file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "gemm_result.h"
#include "host.h"
#include "identity.h"
#include "model_config.h"
#include "opt.h"
#include "out.h"
#include "output_file.h"
#include "result_json.h"
#include "runner.h"
#include "stop.h"
#include "target.h"
#include "tokmark/comm.h"
#include "verdict.h"

struct options {
  const char *model, *device, *isa, *output;
  unsigned phases, dtypes;
  struct tmk_int_list batch, input_len, output_len, context;
  int kv_dtype, gemm;
  int64_t prefill_chunk, layers, truncate_layers, threads, rounds, seed;
  double time_s;
  bool per_op, force, quick, dry_run;
};

static const char *const phases[] = {"decode", "prefill", "e2e", NULL}; /* bit i = enum tmk_phase i */
static const char *const dtypes[] = {"auto", "f32", "bf16", "fp8", "nvfp4", NULL};
static const char *const kv_dtypes[] = {"auto", "f32", "bf16", "fp8", NULL};

#define ROW(option, kind, field) .name = option, .type = kind, .offset = offsetof(struct options, field)

static const struct tmk_opt rows[] = {
    {ROW("model", TMK_OPT_STRING, model), .metavar = "NAME|PATH",
     .help = "A built-in model (see `tokmark models`) or a Hugging Face config.json (default: the suite's)"},
    {ROW("device", TMK_OPT_STRING, device), .metavar = "DEVICE",
     .help = "auto, or a backend of `tokmark devices`, with :N for its Nth device", .default_text = "auto"},
    {ROW("phase", TMK_OPT_CHOICE_LIST, phases), .metavar = "LIST", .help = "What is measured (default: all)",
     .choices = phases},
    {ROW("batch", TMK_OPT_INT_LIST, batch), .metavar = "LIST", .help = "Sequences at a time (default: the suite's)",
     .min = 1, .max = 65536},
    {ROW("input-len", TMK_OPT_INT_LIST, input_len), .metavar = "LIST",
     .help = "Prompt tokens of prefill and e2e (default: the suite's)", .min = 1, .max = (double)TMK_KV_POSITIONS,
     .allow_suffix = true},
    {ROW("output-len", TMK_OPT_INT_LIST, output_len), .metavar = "LIST",
     .help = "Generated tokens of e2e (default: the suite's)", .min = 1, .max = (double)TMK_KV_POSITIONS,
     .allow_suffix = true},
    {ROW("context", TMK_OPT_INT_LIST, context), .metavar = "LIST",
     .help = "Tokens in the KV cache before a decode step (default: the suite's)", .min = 0,
     .max = (double)TMK_KV_POSITIONS - 1, .allow_suffix = true},
    {ROW("prefill-chunk", TMK_OPT_INT, prefill_chunk), .metavar = "N", .help = "Most tokens of one prefill step",
     .default_text = "2048", .min = 1, .max = (double)TMK_KV_POSITIONS, .allow_suffix = true},
    {ROW("dtype", TMK_OPT_CHOICE_LIST, dtypes), .metavar = "LIST", .help = "Types of the weights",
     .default_text = "auto", .choices = dtypes},
    {ROW("kv-dtype", TMK_OPT_CHOICE, kv_dtype), .metavar = "TYPE", .help = "Type of the KV cache",
     .default_text = "auto", .choices = kv_dtypes},
    {ROW("layers", TMK_OPT_INT, layers), .metavar = "N",
     .help = "Hold N distinct layers and cycle through them: for a model that does not fit (default: all)", .min = 1,
     .max = 100000},
    {ROW("truncate-layers", TMK_OPT_INT, truncate_layers), .metavar = "N",
     .help = "Cut the model to N layers: another model, with another key", .min = 1, .max = 100000},
    {ROW("threads", TMK_OPT_INT, threads), .metavar = "N",
     .help = "CPU threads (default: one a physical core that this process may use)", .min = 1, .max = 4096},
    {ROW("isa", TMK_OPT_STRING, isa), .metavar = "NAME",
     .help = "CPU kernels to use: avx512, avx2, neon or portable (default: the best there is)"},
    {ROW("gemm", TMK_OPT_CHOICE, gemm), .metavar = "PROVIDER",
     .help = "Whose kernels run a gemm on a GPU: ours, cuBLASLt's, or the faster on each shape", .default_text = "best",
     .choices = tmk_gemm_choices},
    {ROW("time", TMK_OPT_REAL, time_s), .metavar = "SECONDS",
     .help = "Sampling time a point may take; 6 samples are taken whatever it is (default: 3; with --quick 0.3)",
     .min = 0.001, .max = 86400},
    {ROW("rounds", TMK_OPT_INT, rounds), .metavar = "N", .help = "Rounds over all points, each in an order of its own",
     .default_text = "3", .min = 3, .max = 1000},
    {ROW("per-op", TMK_OPT_FLAG, per_op), .help = "Also time each operation apart (slower than the whole pass)"},
    {ROW("seed", TMK_OPT_INT, seed), .metavar = "N", .help = "Seed of all values and orders", .default_text = "1",
     .min = 0, .max = 9007199254740992.0},
    {ROW("output", TMK_OPT_STRING, output), .short_name = 'o', .metavar = "FILE",
     .help = "Write the result there, anew after each point"},
    {ROW("force", TMK_OPT_FLAG, force), .help = "Overwrite an existing output file"},
    {ROW("quick", TMK_OPT_FLAG, quick), .help = "A first look: short warm-up, the fewest samples, no e2e run outright"},
    {ROW("dry-run", TMK_OPT_FLAG, dry_run), .help = "Only say what would be measured, its memory and its cost"},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark run [options]",
    .summary =
        "Measures decode, prefill and e2e steps of a model's shape on one device: tokens/s, latency, and the share "
        "of the device's own limit. Without points it runs suite std-1, the same on every machine.",
    .epilogue = "Examples:\n"
                "  tokmark run\n"
                "  tokmark run --model tinyllama-1.1b --phase decode,prefill --batch 1,8 --dtype bf16 -o r.json\n"
                "  tokmark run --model llama-3.1-8b --phase decode --batch 1..64 --context 1K,4K --dry-run",
};

/* Everything of one command, freed in one place. */
struct command {
  struct options options;
  const struct tmk_backend_ops *ops;
  struct tmk_backend *backend;
  struct tmk_device_result device; /* for what is decided before the run; the runner makes its own */
  struct tmk_model model;
  struct tmk_sweep sweep;
  struct tmk_run_args args;
  struct tmk_result result;
  bool show_progress, started;
  int64_t progress_ns; /* when the progress line was last drawn; 0: there is none */
};

/* --- events --- */

static void erase_progress(struct command *command)
{
  if (command->progress_ns == 0) return;
  fputs("\r\033[K", stderr);
  command->progress_ns = 0;
}

static void on_progress(void *context, const char *what, double fraction, double eta_s)
{
  struct command *command = context;
  char eta[48] = "";
  const int64_t now_ns = tmk_host_now_ns();
  if (!command->show_progress || now_ns - command->progress_ns < 100000000) return;
  command->progress_ns = now_ns;
  if (eta_s >= 0 && eta_s < 1e6) {
    snprintf(eta, sizeof eta, ", about %d:%02d left", (int)eta_s / 60, (int)eta_s % 60);
  }
  fprintf(stderr, "\r\033[K%3.0f %%  %s%s", 100 * fraction, what, eta);
}

static void on_started(void *context, const struct tmk_result *result)
{
  struct command *command = context;
  command->started = true;
  erase_progress(command);
  tmk_out_preamble(stdout, result);
  tmk_out_table_header(stdout, result);
  fflush(stdout);
}

static void on_point_done(void *context, const struct tmk_result *result, const struct tmk_point *point)
{
  erase_progress(context);
  tmk_out_table_row(stdout, result, point);
  fflush(stdout);
}

static enum tmk_status write_result(struct command *command, struct tmk_error *err)
{
  struct tmk_result *result = &command->result;
  tmk_identity_touch(result);
  return command->options.output != NULL ? tmk_result_write(result, command->options.output, err) : TMK_OK;
}

static enum tmk_status on_checkpoint(void *context, const struct tmk_result *result, struct tmk_error *err)
{
  (void)result; /* the command's own */
  return write_result(context, err);
}

/* --- before the run --- */

static enum tmk_status open_device(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *options = &command->options;
  struct tmk_open_args open_args = {
      .threads = options->threads, .isa = options->isa, .gemm = (enum tmk_gemm_choice)options->gemm};
  TMK_TRY(tmk_device_choose(options->device, &command->ops, &open_args, err));
  const bool is_cpu = strcmp(command->ops->name, "cpu") == 0;
  if (!is_cpu && options->threads != 0) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--threads %lld: only --device cpu heeds it", (long long)options->threads));
  }
  if (!is_cpu && options->isa != NULL) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--isa %.64s: only --device cpu heeds it", options->isa));
  }
  TMK_TRY(command->ops->open(&open_args, &command->backend, err));
  TMK_TRY(tmk_run_describe(command->ops, command->backend, &command->device, err));
out:
  return status;
}

static enum tmk_status make_sweep(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *options = &command->options;
  struct tmk_sweep_spec spec = {
      .phases = options->phases,
      .batch = options->batch,
      .input_len = options->input_len,
      .output_len = options->output_len,
      .context = options->context,
      .prefill_chunk = options->prefill_chunk,
      .layers_held = options->layers,
      .kv_dtype = options->kv_dtype == 0 ? TMK_DTYPE_NONE : tmk_dtype_from_name(kv_dtypes[options->kv_dtype]),
  };
  for (int i = 1; dtypes[i] != NULL; i++) {
    if (options->dtypes & 1u << i) spec.weight_dtypes[spec.weight_dtype_count++] = tmk_dtype_from_name(dtypes[i]);
  }
  if (options->dtypes & 1u && spec.weight_dtype_count > 0) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--dtype auto: stands alone, or a list of types"));
  }
  const char *model = options->model != NULL ? options->model : tmk_sweep_default_model(&command->device.info);
  TMK_TRY(tmk_model_load(model, &command->model, err));
  if (options->truncate_layers > 0) TMK_TRY(tmk_model_truncate(&command->model, options->truncate_layers, err));
  TMK_TRY(tmk_sweep_expand(&spec, &command->model, &command->device.info, command->ops, command->backend,
                           &command->sweep, err));
  /* Another model, or a cut one, is another suite. */
  if (options->model != NULL || options->truncate_layers > 0) command->sweep.suite[0] = '\0';
out:
  return status;
}

static struct tmk_measure_settings measure_settings(const struct command *command)
{
  const struct options *options = &command->options;
  struct tmk_measure_settings settings = tmk_measure_defaults(&command->device.info);
  settings.rounds = (int)options->rounds;
  if (options->quick) tmk_measure_make_quick(&settings);
  if (options->time_s > 0) settings.budget_ns = (int64_t)(options->time_s * 1e9);
  return settings;
}

/* Who, where, when and with what: all of the result but devices and points. */
static enum tmk_status begin_result(struct command *command, int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = &command->result;
  const struct tmk_device_info *info = &command->device.info;
  /* Of the first point's types: a sweep over types has more than one size. */
  const struct tmk_workload *first = &command->sweep.points[0].workload;
  TMK_TRY(tmk_identity_fill("run", argc, argv, result, err));
  tmk_identity_set_model(&command->model, first->weight_dtype, first->kv_dtype, result);
  result->settings.seed = (uint64_t)command->options.seed;
  result->settings.threads = info->threads;
  result->settings.rounds = command->args.measure.rounds;
  result->settings.time_budget_ns = command->args.measure.budget_ns;
  result->settings.act_dtype = info->act_dtype;
  snprintf(result->settings.suite, sizeof result->settings.suite, "%s", command->sweep.suite);
  snprintf(result->settings.gemm_provider, sizeof result->settings.gemm_provider, "%s",
           tmk_gemm_provider_setting(command->ops, (enum tmk_gemm_choice)command->options.gemm));
out:
  return status;
}

/* --- the run --- */

static enum tmk_status dry_run(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char key[TMK_WORKLOAD_KEY_SIZE], memory[32], flops[32], bytes[32], time[32];
  printf("%-72s %10s %12s %10s %10s\n", "point", "memory", "FLOPs", "bytes", "limit");
  for (int i = 0; i < command->sweep.count; i++) {
    const struct tmk_sweep_point *point = &command->sweep.points[i];
    struct tmk_limit_result limit = {.flops = NAN, .bytes = NAN, .time_ns = NAN};
    if (!point->skipped) {
      TMK_TRY(tmk_run_estimate(&command->args, &command->device, &point->workload, &limit, err));
    }
    tmk_workload_key(&point->workload, key);
    tmk_format_bytes(point->bytes_needed == TMK_UNKNOWN ? NAN : (double)point->bytes_needed, memory, sizeof memory);
    tmk_format_si(limit.flops, "FLOP", flops, sizeof flops);
    tmk_format_si(limit.bytes, "B", bytes, sizeof bytes);
    tmk_format_time(limit.time_ns, time, sizeof time);
    printf("%-72s %10s %12s %10s %10s%s%s\n", key, memory, flops, bytes, time, point->skipped ? "  skipped: " : "",
           point->skipped ? point->reason : "");
  }
  printf("\nFLOPs and compulsory bytes are those of one pass: a decode step, a whole prefill, a whole e2e batch. The "
         "limit "
         "is by the\ndatasheet; a CPU has none, and its ceilings are measured in the run. Nothing was run.\n");
out:
  return status;
}

/* How the points ended, as a status. */
static enum tmk_status judge(const struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int measured = 0;
  const struct tmk_result *result = &command->result;
  TMK_TRY(tmk_verdict_of_points(result, "points", err));
  for (int64_t i = 0; i < result->point_count; i++) measured += result->points[i].status == TMK_POINT_OK;
  if (measured == 0) {
    TMK_TRY(tmk_fail(err, TMK_ERR_FAILED, "no point was measured: all %lld were skipped; the first: %s",
                     (long long)result->point_count, result->points[0].reason));
  }
out:
  return status;
}

static void print_end(struct command *command)
{
  const struct tmk_result *result = &command->result;
  erase_progress(command);
  tmk_out_table_footer(stdout, result);
  for (int64_t i = 0; i < result->point_count; i++) {
    if (result->points[i].op_count > 0) tmk_out_per_op(stdout, &result->points[i]);
  }
  tmk_out_headline(stdout, result);
  tmk_target_print_summary(stdout, result);
}

static enum tmk_status measure(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  tmk_stop_catch();
  command->show_progress = isatty(STDERR_FILENO) != 0;
  status = tmk_run(&command->args, &command->result, err);
  erase_progress(command);
  if (status != TMK_OK && command->started) print_end(command);
  if (status == TMK_ERR_INTERRUPTED && command->options.output != NULL) {
    return tmk_fail(err, status, "interrupted: %.512s holds what was measured", command->options.output);
  }
  if (status != TMK_OK) return status;
  command->result.complete = true;
  TMK_TRY(write_result(command, err));
  print_end(command);
  TMK_TRY(judge(command, err));
out:
  return status;
}

static void command_free(struct command *command)
{
  tmk_result_free(&command->result);
  tmk_sweep_free(&command->sweep);
  if (command->backend != NULL) command->ops->close(command->backend);
}

enum tmk_status tmk_cmd_run(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct command command = {0};
  struct tmk_opt_result parsed = {0};
  struct options *options = &command.options;
  tmk_result_init(&command.result);
  TMK_TRY(tmk_opt_parse(rows, ROW_COUNT, options, &help, argc, argv, 0, 0, &parsed, err));
  if (parsed.help) goto out;
  TMK_TRY(tmk_launch_check("run", false, err));
  if (options->output != NULL) TMK_TRY(tmk_output_check(options->output, options->force, err));
  TMK_TRY(open_device(&command, err));
  TMK_TRY(make_sweep(&command, err));
  command.args = (struct tmk_run_args){
      .ops = command.ops,
      .backend = command.backend,
      .model = &command.model,
      .sweep = &command.sweep,
      .measure = measure_settings(&command),
      .seed = (uint64_t)options->seed,
      .per_op = options->per_op,
      .quick = options->quick,
      .stop = tmk_stop_flag(),
      .events = {&command, on_started, on_progress, on_point_done, on_checkpoint},
  };
  if (options->dry_run) {
    TMK_TRY(dry_run(&command, err));
    goto out;
  }
  TMK_TRY(begin_result(&command, argc, argv, err));
  TMK_TRY(measure(&command, err));
out:
  tmk_opt_free(&parsed);
  command_free(&command);
  return status;
}
