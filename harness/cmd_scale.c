/* cmd_scale.c: `tokmark scale`: the same workload on more and more ranks: speed-up, efficiency, and where the rest goes.
 *
 * For each number of ranks and each series (strong, weak) the points are run twice: as they are, and each rank's share alone, all at
 * once, without a word between them. A rank has the same device at every size: a GPU, or the same part of the CPUs.
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
#include "scale.h"
#include "stop.h"
#include "verdict.h"

#define MAX_RANKS       64 /* threads of one process */
#define SERIES          2  /* strong, weak */
#define IDLE_TIMEOUT_NS ((int64_t)86400 * 1000000000)

struct options {
  const char *model, *device, *isa, *output;
  struct tmk_int_list ranks, batch, input_len, context;
  unsigned scalings, phases, dtypes;
  int by, kv_dtype, gemm;
  int64_t prefill_chunk, layers, truncate_layers, microbatches, rounds, seed;
  double time_s, timeout_s;
  bool force, quick;
};

static const char *const scalings[] = {"strong", "weak", NULL}; /* bit i = enum tmk_scaling i + 1 */
static const char *const ways[] = {"auto", "tp", "pp", "dp", NULL};
static const char *const phases[] = {"decode", "prefill", NULL};
static const char *const dtypes[] = {"auto", "f32", "bf16", "fp8", "nvfp4", "i8", "i4", NULL};
static const char *const kv_dtypes[] = {"auto", "f32", "bf16", "fp8", NULL};

#define ROW(option, kind, field) .name = option, .type = kind, .offset = offsetof(struct options, field)

static const struct tmk_opt rows[] = {
    {ROW("model", TMK_OPT_STRING, model), .metavar = "NAME|PATH",
     .help = "A built-in model (see `tokmark models`) or a Hugging Face config.json (default: the suite's)"},
    {ROW("device", TMK_OPT_STRING, device), .metavar = "DEVICE", .help = "auto, cpu or cuda: one device a rank",
     .default_text = "auto"},
    {ROW("ranks", TMK_OPT_INT_LIST, ranks), .metavar = "LIST",
     .help = "Numbers of ranks; the fewest is what the others are held against (default: 1, 2, 4 and so on to the number of "
             "GPUs or CPUs)",
     .min = 1, .max = 65536},
    {ROW("scaling", TMK_OPT_CHOICE_LIST, scalings), .metavar = "LIST",
     .help = "strong: the same batch on all; weak: the batch grows with the ranks", .default_text = "strong,weak",
     .choices = scalings},
    {ROW("by", TMK_OPT_CHOICE, by), .metavar = "WAY",
     .help = "How the ranks share the work; auto: strong by tp, weak by dp", .default_text = "auto", .choices = ways},
    {ROW("phase", TMK_OPT_CHOICE_LIST, phases), .metavar = "LIST", .help = "What is measured", .default_text = "decode",
     .choices = phases},
    {ROW("batch", TMK_OPT_INT_LIST, batch), .metavar = "LIST",
     .help = "Sequences at a time; weak: of the fewest ranks (default: 8, on a GPU 64)", .min = 1, .max = 65536},
    {ROW("input-len", TMK_OPT_INT_LIST, input_len), .metavar = "LIST",
     .help = "Prompt tokens of prefill (default: the suite's)", .min = 1, .max = (double)TMK_KV_POSITIONS,
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
    {ROW("microbatches", TMK_OPT_INT, microbatches), .metavar = "N",
     .help = "With --by pp: parts of the batch that follow each other through the stages (default: as many as stages)",
     .min = 1, .max = 65536},
    {ROW("isa", TMK_OPT_STRING, isa), .metavar = "NAME",
     .help = "CPU kernels to use: avx512, avx2, neon or portable (default: the best there is)"},
    {ROW("gemm", TMK_OPT_CHOICE, gemm), .metavar = "PROVIDER",
     .help = "Whose kernels run a gemm on a GPU: ours, cuBLASLt's, or the faster on each shape", .default_text = "best",
     .choices = tmk_gemm_choices},
    {ROW("time", TMK_OPT_REAL, time_s), .metavar = "SECONDS",
     .help = "Sampling time a point may take; 6 samples are taken whatever it is (default: 1; with --quick 0.3)",
     .min = 0.001, .max = 86400},
    {ROW("rounds", TMK_OPT_INT, rounds), .metavar = "N", .help = "Rounds over all points, each in an order of its own",
     .default_text = "3", .min = 3, .max = 1000},
    {ROW("seed", TMK_OPT_INT, seed), .metavar = "N", .help = "Seed of all values and orders", .default_text = "1",
     .min = 0, .max = 9007199254740992.0},
    {ROW("timeout", TMK_OPT_REAL, timeout_s), .metavar = "SECONDS",
     .help = "A rank that is not heard, or does not come to a call, for so long ends the run", .default_text = "300",
     .min = 1, .max = 86400},
    {ROW("output", TMK_OPT_STRING, output), .short_name = 'o', .metavar = "FILE",
     .help = "Write the result there, anew after each number of ranks"},
    {ROW("force", TMK_OPT_FLAG, force), .help = "Overwrite an existing output file"},
    {ROW("quick", TMK_OPT_FLAG, quick), .help = "A first look: short warm-up, the fewest samples"},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark scale [options]",
    .summary = "Runs the same workload on more and more ranks and says what each brings: tokens/s, speed-up, efficiency, "
               "and what is lost to smaller shapes, stragglers and communication. A rank is a GPU or a part of the CPUs; "
               "under mpirun or srun a process (a build with MPI=1), else a thread.",
    .epilogue = "Examples:\n"
                "  tokmark scale --device cpu --ranks 1,2 --model smollm2-135m\n"
                "  tokmark scale --scaling strong --by tp --model llama-3.1-8b --batch 1,64 -o scale.json\n"
                "  mpirun -np 8 tokmark scale --ranks 1..8 --scaling weak --by dp",
};

/* One command: what its ranks share. Only rank 0 touches the result. */
struct command {
  struct options options;
  struct tmk_opt_result parsed;
  enum tmk_status parse_status;
  struct tmk_error parse_err;
  int argc;
  char **argv;
  int most; /* ranks at most */
  struct tmk_result result;
  int64_t capacity, base_first[SERIES]; /* where the points of the fewest ranks begin; −1: not there yet */
  int base_ranks[SERIES];
  bool started;
  /* Of a process with threads for ranks: which size they are started for; NULL where all sizes are gone through inside. */
  const int *only;
};

/* ---- one size ---- */

static struct tmk_layout layout_of(const struct options *o, enum tmk_scaling scaling, int ranks, int rank)
{
  struct tmk_layout layout = {.tp = 1, .pp = 1, .dp = 1, .rank = rank, .microbatches = (int)o->microbatches};
  const int way = o->by != 0 ? o->by : scaling == TMK_SCALING_STRONG ? 1 : 3;
  if (way == 1) layout.tp = ranks;
  if (way == 2) layout.pp = ranks;
  if (way == 3) layout.dp = ranks;
  if (layout.pp == 1) layout.microbatches = 1;
  return layout;
}

static enum tmk_status make_sweep(const struct command *command, enum tmk_scaling scaling, int ranks,
                                  const struct tmk_rank_device *at, const struct tmk_layout *layout,
                                  struct tmk_model *model, struct tmk_sweep *sweep, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *o = &command->options;
  struct tmk_sweep_spec spec = {
      .phases = o->phases,
      .batch = o->batch,
      .input_len = o->input_len,
      .context = o->context,
      .prefill_chunk = o->prefill_chunk,
      .layers_held = o->layers,
      .kv_dtype = o->kv_dtype == 0 ? TMK_DTYPE_NONE : tmk_dtype_from_name(kv_dtypes[o->kv_dtype]),
      .layout = *layout,
  };
  for (int i = 1; dtypes[i] != NULL; i++) {
    if (o->dtypes & 1u << i) spec.weight_dtypes[spec.weight_dtype_count++] = tmk_dtype_from_name(dtypes[i]);
  }
  if (spec.batch.count == 0) spec.batch = (struct tmk_int_list){.values = {at->device.info.is_cpu ? 8 : 64}, .count = 1};
  for (int i = 0; scaling == TMK_SCALING_WEAK && i < spec.batch.count; i++) {
    spec.batch.values[i] *= ranks;
    if (spec.batch.values[i] <= 65536) continue;
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--batch %lld on %d ranks, weak: must be at most 65536 in all",
                     (long long)(spec.batch.values[i] / ranks), ranks));
  }
  const char *name = o->model != NULL ? o->model : tmk_sweep_default_model(&at->device.info);
  TMK_TRY(tmk_model_load(name, model, err));
  if (o->truncate_layers > 0) TMK_TRY(tmk_model_truncate(model, o->truncate_layers, err));
  TMK_TRY(tmk_sweep_expand(&spec, model, &at->device.info, at->ops, at->backend, sweep, err));
out:
  return status;
}

/* What a run of one size needs, beside the world. */
struct size_run {
  struct command *command;
  struct tmk_world *world; /* NULL of one rank */
  enum tmk_scaling scaling;
  int ranks;
  bool alone;
};

/* One run of all points, as they are or alone; the result is this rank's. */
static enum tmk_status run_size(const struct size_run *run, struct tmk_result *result, struct tmk_model *model,
                                struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct command *command = run->command;
  const struct options *o = &command->options;
  struct tmk_rank_device at = {0};
  struct tmk_sweep sweep = {0};
  struct tmk_error mine = {0};
  struct tmk_run_args args = {.world = run->world, .alone = run->alone && run->world != NULL, .stop = tmk_stop_flag()};
  const struct tmk_rank_request request = {.name = o->device,
                                           .open_args = {.isa = o->isa, .gemm = (enum tmk_gemm_choice)o->gemm},
                                           .parts = command->most,
                                           .alone = run->alone};
  args.layout = layout_of(o, run->scaling, run->ranks, run->world != NULL ? run->world->rank : 0);
  TMK_TRY(tmk_rank_device_open(&request, run->world, &args.layout, &at, err));
  status = make_sweep(command, run->scaling, run->ranks, &at, &args.layout, model, &sweep, &mine);
  if (run->world != NULL) status = tmk_world_agree(run->world, status, &mine, err);
  if (run->world == NULL && status != TMK_OK) *err = mine;
  TMK_TRY(status);
  TMK_TRY(tmk_sweep_agree(&sweep, run->world, err));
  args.ops = at.ops;
  args.backend = at.backend;
  args.model = model;
  args.sweep = &sweep;
  args.parallel = run->world != NULL && !run->alone ? &at.parallel : NULL;
  args.measure = tmk_measure_defaults(&at.device.info);
  args.measure.rounds = (int)o->rounds;
  args.measure.budget_ns = 1000000000;
  if (o->quick) tmk_measure_make_quick(&args.measure);
  if (o->time_s > 0) args.measure.budget_ns = (int64_t)(o->time_s * 1e9);
  args.seed = (uint64_t)o->seed;
  args.quick = true; /* no e2e is run outright, and no time is added for energy */
  result->host.cpus_allowed = at.cpus_allowed;
  TMK_TRY(tmk_run(&args, result, err));
out:
  tmk_sweep_free(&sweep);
  tmk_rank_device_close(&at);
  return status;
}

/* Whether the model can be divided as every size asks, before the first is measured. */
static enum tmk_status check_layouts(const struct command *command, const struct tmk_int_list *ranks, bool is_cpu,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *o = &command->options;
  struct tmk_model model;
  struct tmk_device_info info;
  struct tmk_plan_share share;
  tmk_device_info_init(&info);
  info.is_cpu = is_cpu;
  TMK_TRY(tmk_model_load(o->model != NULL ? o->model : tmk_sweep_default_model(&info), &model, err));
  if (o->truncate_layers > 0) TMK_TRY(tmk_model_truncate(&model, o->truncate_layers, err));
  for (int i = 0; i < ranks->count * SERIES; i++) {
    const enum tmk_scaling scaling = (enum tmk_scaling)(i % SERIES + 1);
    struct tmk_workload w = {.batch = 65536, .weight_dtype = TMK_DTYPE_F32, .kv_dtype = TMK_DTYPE_F32};
    if (!(o->scalings >> (i % SERIES) & 1u)) continue;
    w.layout = layout_of(o, scaling, (int)ranks->values[i / SERIES], 0);
    w.layout.microbatches = 1;
    TMK_TRY(tmk_plan_share_of(&model, &w, &share, err));
  }
out:
  return status;
}

/* ---- the result: rank 0 ---- */

static enum tmk_status begin_result(struct command *command, const struct tmk_result *first,
                                    const struct tmk_model *model, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = &command->result;
  const struct tmk_workload *w = &first->points[0].workload.step;
  TMK_TRY(tmk_identity_fill("scale", command->argc, command->argv, result, err));
  tmk_identity_set_model(model, w->weight_dtype, w->kv_dtype, result);
  result->settings.seed = (uint64_t)command->options.seed;
  result->settings.threads = first->devices[0].info.threads;
  result->settings.rounds = command->options.rounds;
  result->settings.act_dtype = first->devices[0].info.act_dtype;
  result->settings.time_budget_ns = (int64_t)(command->options.time_s * 1e9);
  command->started = true;
out:
  return status;
}

static enum tmk_status write_result(struct command *command, struct tmk_error *err)
{
  if (command->options.output == NULL) return TMK_OK;
  tmk_identity_touch(&command->result);
  return tmk_result_write(&command->result, command->options.output, err);
}

/* Moves the points and the devices of a size into the result. alone: NULL of one rank, which always is. */
static enum tmk_status keep(struct command *command, enum tmk_scaling scaling, int ranks, struct tmk_result *full,
                            const struct tmk_result *alone, const struct tmk_model *model, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = &command->result;
  const int series = (int)scaling - 1;
  if (!command->started) TMK_TRY(begin_result(command, full, model, err));
  if (result->point_count + full->point_count > command->capacity) {
    command->capacity = 2 * (result->point_count + full->point_count);
    struct tmk_point *grown = realloc(result->points, (size_t)command->capacity * sizeof *grown);
    if (grown == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for points"));
    result->points = grown;
  }
  const int64_t first = result->point_count;
  if (command->base_first[series] < 0) {
    command->base_first[series] = first;
    command->base_ranks[series] = ranks;
  }
  memcpy(result->points + first, full->points, (size_t)full->point_count * sizeof *full->points);
  result->point_count += full->point_count;
  const int64_t count = full->point_count;
  full->point_count = 0;
  for (int64_t i = 0; i < count; i++) {
    struct tmk_point *point = &result->points[first + i];
    const struct tmk_point *base = &result->points[command->base_first[series] + i];
    const struct tmk_scale_alone times = tmk_scale_alone_of(alone != NULL ? &alone->points[i] : point);
    tmk_scale_point(scaling, ranks, base, command->base_ranks[series], &times, point);
  }
  const bool measured = full->device_count > 0 && full->devices[0].reading_count > 0;
  if (full->device_count > result->device_count || (full->device_count == result->device_count && measured)) {
    /* those of the most ranks stay, with their ceilings */
    struct tmk_device_result *devices = result->devices;
    const int64_t device_count = result->device_count;
    result->devices = full->devices;
    result->device_count = full->device_count;
    full->devices = devices;
    full->device_count = device_count;
  }
  if (first == 0) {
    tmk_out_preamble(stdout, result);
    tmk_out_table_header(stdout, result);
  }
  for (int64_t i = 0; i < count; i++) tmk_out_table_row(stdout, result, &result->points[first + i]);
  fflush(stdout);
  TMK_TRY(write_result(command, err));
out:
  return status;
}

/* ---- all sizes: each rank ---- */

/* Both runs of a series at one size, and what rank 0 makes of them. What goes wrong for a reason that all ranks know is a failed
 * point, and the sizes below stay. */
static enum tmk_status measure_size(struct command *command, struct tmk_world *world, enum tmk_scaling scaling,
                                    int ranks, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result full, alone;
  struct tmk_model model;
  struct tmk_error mine = {0};
  struct size_run run = {.command = command, .world = world, .scaling = scaling, .ranks = ranks};
  tmk_result_init(&full);
  tmk_result_init(&alone);
  TMK_TRY(run_size(&run, &full, &model, err));
  run.alone = true;
  if (world != NULL) TMK_TRY(run_size(&run, &alone, &model, err));
  if (world == NULL || world->rank == 0) {
    status = keep(command, scaling, ranks, &full, world != NULL ? &alone : NULL, &model, &mine);
  }
  if (world != NULL) status = tmk_world_follow(world, status, &mine, err);
  if (world == NULL && status != TMK_OK) *err = mine;
out:
  tmk_result_free(&full);
  tmk_result_free(&alone);
  return status;
}

static enum tmk_status measure_series(struct command *command, struct tmk_world *world, int ranks,
                                      struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int s = 0; s < SERIES; s++) {
    if (!(command->options.scalings >> s & 1u)) continue;
    TMK_TRY(measure_size(command, ranks > 1 ? world : NULL, (enum tmk_scaling)(s + 1), ranks, err));
  }
out:
  return status;
}

/* Under a launcher: the first of the ranks measure, the others wait for as long as it takes. */
static enum tmk_status measure_part(struct command *command, struct tmk_world *world, int ranks, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t timeout_ns = world->timeout_ns;
  const bool member = world->rank < ranks;
  struct tmk_world *part = NULL;
  TMK_TRY(world->ops->split(world, member ? 0 : 1, world->rank, &part, err));
  if (member) TMK_TRY(measure_series(command, part, ranks, err));
  world->timeout_ns = IDLE_TIMEOUT_NS;
  TMK_TRY(tmk_world_barrier(world, err));
out:
  world->timeout_ns = timeout_ns;
  if (part != NULL) world->ops->close(part);
  return status;
}

/* As given, or 1, 2, 4 … up to `most`. */
static struct tmk_int_list sizes_of(const struct options *o, int most)
{
  struct tmk_int_list sizes = o->ranks;
  if (sizes.count > 0) return sizes;
  for (int64_t n = 1; n <= most && sizes.count < TMK_INT_LIST_MAX; n *= 2) sizes.values[sizes.count++] = n;
  return sizes;
}

static enum tmk_status is_on_cpu(const struct command *command, bool *is_cpu, struct tmk_error *err)
{
  const struct tmk_backend_ops *ops = NULL;
  struct tmk_open_args args = {0};
  const enum tmk_status status = tmk_device_choose(command->options.device, &ops, &args, err);
  *is_cpu = status == TMK_OK && strcmp(ops->name, "cuda") != 0;
  return status;
}

static enum tmk_status check_world(const struct command *command, const struct tmk_world *world, struct tmk_error *err)
{
  const struct tmk_int_list *ranks = &command->options.ranks;
  for (int i = 0; i < ranks->count; i++) {
    if (ranks->values[i] <= world->size) continue;
    return tmk_fail(err, TMK_ERR_USAGE, "--ranks %lld: must be at most %d, as many as were started",
                    (long long)ranks->values[i], world->size);
  }
  return TMK_OK;
}

static enum tmk_status rank_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct command *command = context;
  struct tmk_error mine = {0};
  char version[200];
  snprintf(version, sizeof version, "%s %s %s", tmk_version, tmk_git_revision, tmk_build_text);
  if (command->only != NULL) return measure_series(command, world, *command->only, err);
  TMK_TRY(tmk_world_agree(world, command->parse_status, &command->parse_err, err));
  TMK_TRY(tmk_world_check_same(world, tmk_argument_hash(command->argc, command->argv), version, err));
  status = check_world(command, world, &mine);
  TMK_TRY(tmk_world_agree(world, status, &mine, err));
  struct tmk_int_list sizes = sizes_of(&command->options, world->size), *ranks = &sizes;
  bool is_cpu;
  status = is_on_cpu(command, &is_cpu, &mine);
  if (status == TMK_OK) status = check_layouts(command, ranks, is_cpu, &mine);
  TMK_TRY(tmk_world_agree(world, status, &mine, err));
  if (world->rank == 0 && command->options.output != NULL)
    status = tmk_output_check(command->options.output, command->options.force, &mine);
  TMK_TRY(tmk_world_follow(world, status, &mine, err));
  command->most = world->local_size;
  for (int i = 0; i < ranks->count; i++) TMK_TRY(measure_part(command, world, (int)ranks->values[i], err));
out:
  return status;
}

/* ---- the command ---- */

static int compare_int64(const void *a, const void *b)
{
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* As many as there are devices; of a CPU as many as this process may use. */
static enum tmk_status count_devices(struct command *command, int *count, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_backend_ops *ops = NULL;
  struct tmk_open_args args = {0};
  char reason[256] = "";
  cpu_set_t cpus;
  TMK_TRY(tmk_device_choose(command->options.device, &ops, &args, err));
  command->options.device = ops->name;
  *count = ops->device_count(reason, (int)sizeof reason);
  if (strcmp(ops->name, "cuda") == 0) goto out;
  *count = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
out:
  return status;
}

/* By hand: sizes one after the other, each with threads of its own. One that fails does not end the smaller ones, which are done. */
static enum tmk_status run_threads(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options *o = &command->options;
  struct tmk_int_list *ranks = &o->ranks;
  int devices;
  if (strchr(o->device, ':') != NULL) {
    return tmk_fail(err, TMK_ERR_USAGE, "--device %.64s: must be auto, cpu or cuda: each rank has its own", o->device);
  }
  TMK_TRY(count_devices(command, &devices, err));
  if (o->output != NULL) TMK_TRY(tmk_output_check(o->output, o->force, err));
  *ranks = sizes_of(o, devices < MAX_RANKS ? devices : MAX_RANKS);
  command->most = (int)ranks->values[ranks->count - 1];
  if (command->most > MAX_RANKS || (strcmp(o->device, "cuda") == 0 && command->most > devices)) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--ranks %d: must be at most %d: %s", command->most,
                     command->most > MAX_RANKS ? MAX_RANKS : devices,
                     command->most > MAX_RANKS ? "start more with mpirun or srun" : "there are no more GPUs"));
  }
  TMK_TRY(check_layouts(command, ranks, strcmp(o->device, "cuda") != 0, err));
  for (int i = 0; i < ranks->count; i++) {
    const int only = (int)ranks->values[i];
    const struct tmk_world_args args = {.ranks = only, .timeout_ns = (int64_t)(o->timeout_s * 1e9)};
    command->only = &only;
    TMK_TRY(tmk_world_run(&args, rank_main, command, err));
  }
out:
  return status;
}

static enum tmk_status finish(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = &command->result;
  result->complete = true;
  TMK_TRY(write_result(command, err));
  tmk_out_table_footer(stdout, result);
  TMK_TRY(tmk_verdict_of_points(result, "points", err));
out:
  return status;
}

enum tmk_status tmk_cmd_scale(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct command command = {.argc = argc, .argv = argv, .base_first = {-1, -1}};
  struct options *o = &command.options;
  tmk_result_init(&command.result);
  TMK_TRY(tmk_launch_check("scale", true, err));
  command.parse_status =
      tmk_opt_parse(rows, ROW_COUNT, o, &help, argc, argv, 0, 0, &command.parsed, &command.parse_err);
  if (command.parsed.help) goto out;
  qsort(o->ranks.values, (size_t)o->ranks.count, sizeof o->ranks.values[0], compare_int64);
  tmk_stop_catch();
  if (tmk_launch_detect().size != 1) {
    struct tmk_world_args args = {.ranks = 1, .timeout_ns = 300000000000};
    if (command.parse_status == TMK_OK) args.timeout_ns = (int64_t)(o->timeout_s * 1e9);
    status = tmk_world_run(&args, rank_main, &command, err);
  } else if (command.parse_status != TMK_OK) {
    *err = command.parse_err;
    status = command.parse_status;
  } else {
    status = run_threads(&command, err);
  }
  if (status != TMK_OK && command.result.point_count > 0) tmk_out_table_footer(stdout, &command.result);
  if (status == TMK_OK && command.result.point_count > 0) status = finish(&command, err);
out:
  tmk_opt_free(&command.parsed);
  tmk_result_free(&command.result);
  return status;
}
