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
#include "rank_device.h"
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
  int64_t tp, pp, dp, microbatches;
  double time_s, timeout_s;
  const char *comm_table;
  bool rank_only, per_op, force, quick, dry_run;
};

#define MAX_RANKS 64 /* threads of one process */

static const char *const phases[] = {"decode", "prefill", "e2e", NULL}; /* bit i = enum tmk_phase i */
static const char *const dtypes[] = {"auto", "f32", "bf16", "fp8", "nvfp4", "i8", "i4", NULL};
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
    {ROW("tp", TMK_OPT_INT, tp), .metavar = "N",
     .help = "Tensor parallel: N ranks share each layer. A rank is a GPU, or a part of the CPUs; a process under mpirun "
             "or srun, else a thread",
     .default_text = "1", .min = 1, .max = 65536},
    {ROW("pp", TMK_OPT_INT, pp), .metavar = "N", .help = "Pipeline parallel: N stages of layers", .default_text = "1",
     .min = 1, .max = 65536},
    {ROW("dp", TMK_OPT_INT, dp), .metavar = "N", .help = "Data parallel: N replicas share the batch",
     .default_text = "1", .min = 1, .max = 65536},
    {ROW("microbatches", TMK_OPT_INT, microbatches), .metavar = "N",
     .help = "Parts of the batch that follow each other through the stages (default: as many as stages)", .min = 1,
     .max = 65536},
    {ROW("rank-only", TMK_OPT_FLAG, rank_only),
     .help = "Measure one rank of the layout alone, the one with the largest share, and predict the collectives"},
    {ROW("comm-table", TMK_OPT_STRING, comm_table), .metavar = "FILE",
     .help = "With --rank-only: a result of `tokmark comm` over as many ranks, from which they are predicted"},
    {ROW("timeout", TMK_OPT_REAL, timeout_s), .metavar = "SECONDS",
     .help = "A rank that is not heard, or does not come to a call, for so long ends the run", .default_text = "300",
     .min = 1, .max = 86400},
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
        "Measures decode, prefill and e2e steps of a model's shape on one device, or on tp x pp x dp ranks: tokens/s, "
        "latency, and the share of the devices' own limit. Without points it runs suite std-1, the same on every machine.",
    .epilogue = "Examples:\n"
                "  tokmark run\n"
                "  tokmark run --model tinyllama-1.1b --phase decode,prefill --batch 1,8 --dtype bf16 -o r.json\n"
                "  tokmark run --model llama-3.1-8b --phase decode --batch 1..64 --context 1K,4K --dry-run\n"
                "  tokmark run --device cpu --tp 2 --model smollm2-135m --phase decode --batch 1,8\n"
                "  mpirun -np 8 tokmark run --tp 8 --model llama-3.1-8b -o r.json\n"
                "  tokmark run --tp 8 --rank-only --comm-table comm.json --model llama-3.3-70b",
};

/* What all ranks share: the words of the command line. */
struct command_line {
  struct options options;
  int argc;
  char **argv;
};

/* Everything of one rank's run, freed in one place. */
struct command {
  const struct command_line *line;
  const struct options *options;
  struct tmk_world *world; /* NULL: one device */
  bool speaks;             /* prints, and writes the file: rank 0, or the only one */
  struct tmk_rank_device at;
  struct tmk_model model;
  struct tmk_sweep sweep;
  struct tmk_run_args args;
  struct tmk_result result, comm_table;
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

static void print_ranks(const struct command *command)
{
  const struct tmk_layout *layout = &command->args.layout;
  char transport[128];
  if (command->options->rank_only) {
    printf("ranks      %d: tp %d, pp %d, dp %d; rank %d measured alone, collectives predicted\n",
           layout->tp * layout->pp * layout->dp, layout->tp, layout->pp, layout->dp, layout->rank);
  }
  if (command->world == NULL) return;
  tmk_rank_device_transport(&command->at, transport, (int)sizeof transport);
  printf("ranks      %d: tp %d, pp %d, dp %d; %s\n", command->world->size, layout->tp, layout->pp, layout->dp, transport);
}

static void on_started(void *context, const struct tmk_result *result)
{
  struct command *command = context;
  command->started = true;
  erase_progress(command);
  print_ranks(command);
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
  return command->options->output != NULL ? tmk_result_write(result, command->options->output, err) : TMK_OK;
}

static enum tmk_status on_checkpoint(void *context, const struct tmk_result *result, struct tmk_error *err)
{
  (void)result; /* the command's own */
  return write_result(context, err);
}

/* --- before the run --- */

static enum tmk_status make_sweep(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *options = command->options;
  struct tmk_sweep_spec spec = {
      .phases = options->phases,
      .batch = options->batch,
      .input_len = options->input_len,
      .output_len = options->output_len,
      .context = options->context,
      .prefill_chunk = options->prefill_chunk,
      .layers_held = options->layers,
      .kv_dtype = options->kv_dtype == 0 ? TMK_DTYPE_NONE : tmk_dtype_from_name(kv_dtypes[options->kv_dtype]),
      .layout = command->args.layout,
  };
  for (int i = 1; dtypes[i] != NULL; i++) {
    if (options->dtypes & 1u << i) spec.weight_dtypes[spec.weight_dtype_count++] = tmk_dtype_from_name(dtypes[i]);
  }
  if (options->dtypes & 1u && spec.weight_dtype_count > 0) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--dtype auto: stands alone, or a list of types"));
  }
  const char *model = options->model != NULL ? options->model : tmk_sweep_default_model(&command->at.device.info);
  TMK_TRY(tmk_model_load(model, &command->model, err));
  if (options->truncate_layers > 0) TMK_TRY(tmk_model_truncate(&command->model, options->truncate_layers, err));
  TMK_TRY(tmk_sweep_expand(&spec, &command->model, &command->at.device.info, command->at.ops, command->at.backend,
                           &command->sweep, err));
  /* Another model, or a cut one, is another suite. */
  if (options->model != NULL || options->truncate_layers > 0) command->sweep.suite[0] = '\0';
out:
  return status;
}

static struct tmk_measure_settings measure_settings(const struct command *command)
{
  const struct options *options = command->options;
  struct tmk_measure_settings settings = tmk_measure_defaults(&command->at.device.info);
  settings.rounds = (int)options->rounds;
  if (options->quick) tmk_measure_make_quick(&settings);
  if (options->time_s > 0) settings.budget_ns = (int64_t)(options->time_s * 1e9);
  return settings;
}

/* Who, where, when and with what: all of the result but devices and points. */
static enum tmk_status begin_result(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = &command->result;
  const struct tmk_device_info *info = &command->at.device.info;
  /* Of the first point's types: a sweep over types has more than one size. */
  const struct tmk_workload *first = &command->sweep.points[0].workload;
  TMK_TRY(tmk_identity_fill("run", command->line->argc, command->line->argv, result, err));
  tmk_identity_set_model(&command->model, first->weight_dtype, first->kv_dtype, result);
  if (command->at.cpus_allowed > 0) result->host.cpus_allowed = command->at.cpus_allowed;
  result->settings.seed = (uint64_t)command->options->seed;
  result->settings.threads = info->threads;
  result->settings.rounds = command->args.measure.rounds;
  result->settings.time_budget_ns = command->args.measure.budget_ns;
  result->settings.act_dtype = info->act_dtype;
  snprintf(result->settings.suite, sizeof result->settings.suite, "%s", command->sweep.suite);
  snprintf(result->settings.gemm_provider, sizeof result->settings.gemm_provider, "%s",
           tmk_gemm_provider_setting(command->at.ops, (enum tmk_gemm_choice)command->options->gemm));
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
      TMK_TRY(tmk_run_estimate(&command->args, &command->at.device, &point->workload, &limit, err));
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

/* What rank 0 has to say at the end. */
static enum tmk_status finish(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (!command->speaks) return TMK_OK;
  command->result.complete = true;
  TMK_TRY(write_result(command, err));
  print_end(command);
  TMK_TRY(judge(command, err));
out:
  return status;
}

static enum tmk_status measure(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_error mine = {0};
  command->show_progress = command->speaks && isatty(STDERR_FILENO) != 0;
  status = tmk_run(&command->args, &command->result, err);
  erase_progress(command);
  if (status != TMK_OK && command->started) print_end(command);
  if (status == TMK_ERR_INTERRUPTED && command->options->output != NULL) {
    return tmk_fail(err, status, "interrupted: %.512s holds what was measured", command->options->output);
  }
  if (status != TMK_OK) return status;
  status = finish(command, &mine);
  if (command->world != NULL) return tmk_world_follow(command->world, status, &mine, err);
  if (status != TMK_OK && err != NULL) *err = mine;
  return status;
}

static void command_free(struct command *command)
{
  tmk_result_free(&command->result);
  tmk_result_free(&command->comm_table);
  tmk_sweep_free(&command->sweep);
  tmk_rank_device_close(&command->at);
}

/* Everything up to the run itself, which others may have to give up too. */
static enum tmk_status prepare(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *options = command->options;
  if (command->speaks && options->output != NULL) TMK_TRY(tmk_output_check(options->output, options->force, err));
  TMK_TRY(make_sweep(command, err));
  command->args.ops = command->at.ops;
  command->args.backend = command->at.backend;
  command->args.model = &command->model;
  command->args.sweep = &command->sweep;
  command->args.measure = measure_settings(command);
  command->args.world = command->world;
  command->args.parallel = command->world != NULL ? &command->at.parallel : NULL;
  command->args.alone = options->rank_only;
  command->args.comm_table = options->comm_table != NULL ? &command->comm_table : NULL;
  command->args.seed = (uint64_t)options->seed;
  command->args.per_op = options->per_op;
  command->args.quick = options->quick;
  command->args.stop = tmk_stop_flag();
  if (command->speaks) {
    command->args.events = (struct tmk_run_events){command, on_started, on_progress, on_point_done, on_checkpoint};
  }
  if (!options->dry_run) TMK_TRY(begin_result(command, err));
out:
  return status;
}

static enum tmk_status run(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *options = command->options;
  const struct tmk_rank_request request = {.name = options->device,
                                           .open_args = {.threads = options->threads,
                                                         .isa = options->isa,
                                                         .gemm = (enum tmk_gemm_choice)options->gemm}};
  struct tmk_error mine = {0};
  TMK_TRY(tmk_rank_device_open(&request, command->world, &command->args.layout, &command->at, err));
  status = prepare(command, &mine);
  if (command->world != NULL) {
    TMK_TRY(tmk_world_agree(command->world, status, &mine, err));
    TMK_TRY(tmk_identity_add_ranks(command->world, &command->result, err));
    TMK_TRY(tmk_sweep_agree(&command->sweep, command->world, err));
  } else if (status != TMK_OK) {
    *err = mine;
    goto out;
  }
  if (!options->dry_run) {
    TMK_TRY(measure(command, err));
  } else if (command->speaks) {
    TMK_TRY(dry_run(command, err));
  }
out:
  return status;
}

/* --- ranks --- */

static struct tmk_layout layout_of(const struct options *options)
{
  return (struct tmk_layout){.tp = (int)options->tp,
                             .pp = (int)options->pp,
                             .dp = (int)options->dp,
                             .microbatches = (int)options->microbatches};
}

struct ranks {
  struct command_line line;
  struct tmk_opt_result parsed;
  enum tmk_status parse_status;
  struct tmk_error parse_err;
};

/* As many ranks as the layout has. */
static enum tmk_status check_ranks(const struct options *options, int ranks, struct tmk_error *err)
{
  if (options->tp * options->pp * options->dp == ranks) return TMK_OK;
  return tmk_fail(err, TMK_ERR_USAGE, "--tp %lld x --pp %lld x --dp %lld: must be %d together, as many as there are ranks",
                  (long long)options->tp, (long long)options->pp, (long long)options->dp, ranks);
}

static enum tmk_status rank_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct ranks *ranks = context;
  const struct options *options = &ranks->line.options;
  struct command command = {.line = &ranks->line, .options = options, .world = world, .speaks = world->rank == 0};
  struct tmk_error mine = {0};
  char version[200];
  tmk_result_init(&command.result);
  tmk_result_init(&command.comm_table);
  snprintf(version, sizeof version, "%s %s %s", tmk_version, tmk_git_revision, tmk_build_text);
  TMK_TRY(tmk_world_agree(world, ranks->parse_status, &ranks->parse_err, err));
  TMK_TRY(tmk_world_check_same(world, tmk_argument_hash(ranks->line.argc, ranks->line.argv), version, err));
  const enum tmk_status fits = check_ranks(options, world->size, &mine);
  TMK_TRY(tmk_world_agree(world, fits, &mine, err));
  command.args.layout = layout_of(options);
  command.args.layout.rank = world->rank;
  TMK_TRY(run(&command, err));
out:
  command_free(&command);
  return status;
}

/* One rank stands for all. */
static enum tmk_status check_rank_only(const struct options *options, bool launched, struct tmk_error *err)
{
  const bool talks = options->tp > 1 || options->pp > 1;
  if (!options->rank_only) {
    if (options->comm_table == NULL) return TMK_OK;
    return tmk_fail(err, TMK_ERR_USAGE, "--comm-table %.256s: only --rank-only heeds it", options->comm_table);
  }
  if (launched) return tmk_fail(err, TMK_ERR_USAGE, "--rank-only: measures one rank: start it once, without mpirun or srun");
  if (!talks && options->dp == 1)
    return tmk_fail(err, TMK_ERR_USAGE, "--rank-only: needs a layout: --tp, --pp or --dp above 1");
  if (talks && options->comm_table == NULL && !options->dry_run) {
    return tmk_fail(err, TMK_ERR_USAGE,
                    "--rank-only: ranks of --tp %lld and --pp %lld talk to each other: it needs --comm-table FILE, a "
                    "result of `tokmark comm`",
                    (long long)options->tp, (long long)options->pp);
  }
  return TMK_OK;
}

/* More than one rank, by what was asked or by a launcher. */
static enum tmk_status run_ranks(struct ranks *ranks, struct tmk_error *err)
{
  const struct options *options = &ranks->line.options;
  struct tmk_world_args args = {.ranks = 1, .timeout_ns = 300000000000};
  if (ranks->parse_status == TMK_OK) args.timeout_ns = (int64_t)(options->timeout_s * 1e9);
  if (tmk_launch_detect().size == 1) {
    const int64_t wanted = options->tp * options->pp * options->dp;
    if (wanted > MAX_RANKS) {
      return tmk_fail(err, TMK_ERR_USAGE, "--tp %lld x --pp %lld x --dp %lld is %lld ranks: must be at most %d in one "
                      "process; start more with mpirun or srun",
                      (long long)options->tp, (long long)options->pp, (long long)options->dp, (long long)wanted,
                      MAX_RANKS);
    }
    args.ranks = (int)wanted;
  }
  return tmk_world_run(&args, rank_main, ranks, err);
}

static enum tmk_status run_alone(struct ranks *ranks, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct command command = {.line = &ranks->line, .options = &ranks->line.options, .speaks = true};
  const struct options *options = command.options;
  tmk_result_init(&command.result);
  tmk_result_init(&command.comm_table);
  command.args.layout = layout_of(options);
  if (options->rank_only) command.args.layout.rank = (int)(options->tp * options->pp * options->dp - 1);
  if (options->comm_table != NULL) TMK_TRY(tmk_result_read(options->comm_table, &command.comm_table, err));
  TMK_TRY(run(&command, err));
out:
  command_free(&command);
  return status;
}

enum tmk_status tmk_cmd_run(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct ranks ranks = {.line = {.argc = argc, .argv = argv}};
  struct options *options = &ranks.line.options;
  TMK_TRY(tmk_launch_check("run", true, err));
  ranks.parse_status =
      tmk_opt_parse(rows, ROW_COUNT, options, &help, argc, argv, 0, 0, &ranks.parsed, &ranks.parse_err);
  if (ranks.parsed.help) goto out;
  const bool launched = tmk_launch_detect().size != 1;
  if (ranks.parse_status != TMK_OK && !launched) {
    *err = ranks.parse_err;
    status = ranks.parse_status;
    goto out;
  }
  tmk_stop_catch();
  if (ranks.parse_status == TMK_OK) TMK_TRY(check_rank_only(options, launched, err));
  const bool alone = options->dry_run || options->rank_only;
  const bool several = launched || (options->tp * options->pp * options->dp > 1 && !alone);
  TMK_TRY(several ? run_ranks(&ranks, err) : run_alone(&ranks, err));
out:
  tmk_opt_free(&ranks.parsed);
  return status;
}
