/* cmd_comm.c: `tokmark comm`: collectives over ranks: checked, timed, in nccl-tests' terms. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "affinity.h"
#include "cmd.h"
#include "comm_bench.h"
#include "comm_reduce.h"
#include "comm_table.h"
#include "host.h"
#include "identity.h"
#include "opt.h"
#include "out.h"
#include "output_file.h"
#include "result_json.h"
#include "runner.h"
#include "stop.h"
#include "tokmark/backend.h"
#include "tokmark/comm.h"
#include "verdict.h"

#define MAX_RANKS 64 /* threads of one process */

struct options {
  const char *device, *output;
  unsigned collectives, dtypes, places, modes;
  struct tmk_int_list bytes;
  int64_t ranks;
  double time_s, timeout_s;
  bool force;
};

/* Bit i = enum tmk_collective i. */
static const char *const collectives[] = {
    "all-reduce", "all-gather", "reduce-scatter", "all-to-all", "broadcast", "send-recv", "all", NULL};
static const char *const dtypes[] = {"f32", "bf16", "f16", "f64", "i32", "fp8", NULL};
#define DTYPE_COUNT 6 /* of them */
static const char *const places[] = {"out", "in", NULL};
static const char *const modes[] = {"eager", "graph", NULL};

#define ROW(option, kind, field) .name = option, .type = kind, .offset = offsetof(struct options, field)

static const struct tmk_opt rows[] = {
    {ROW("op", TMK_OPT_CHOICE_LIST, collectives), .metavar = "LIST", .help = "Collectives", .default_text = "all",
     .choices = collectives},
    {ROW("bytes", TMK_OPT_INT_LIST, bytes), .metavar = "LIST",
     .help = "Sizes, as nccl-tests counts them: of the larger buffer, all ranks' parts", .default_text = "1K..64M",
     .min = 1, .max = (double)((int64_t)1 << 40), .allow_suffix = true},
    {ROW("dtype", TMK_OPT_CHOICE_LIST, dtypes), .metavar = "LIST", .help = "Types of the elements",
     .default_text = "f32", .choices = dtypes},
    {ROW("place", TMK_OPT_CHOICE_LIST, places), .metavar = "LIST",
     .help = "Out of place, in place; all-to-all and send-recv have no in", .default_text = "out,in",
     .choices = places},
    {ROW("mode", TMK_OPT_CHOICE_LIST, modes), .metavar = "LIST",
     .help = "Calls from the host, and replayed from a CUDA graph on a GPU", .default_text = "eager,graph",
     .choices = modes},
    {ROW("device", TMK_OPT_STRING, device), .metavar = "DEVICE", .help = "auto, cpu or cuda: one device a rank",
     .default_text = "auto"},
    {ROW("ranks", TMK_OPT_INT, ranks), .metavar = "N",
     .help = "Threads of this process, a rank each (default: one a GPU, or 2 on a CPU); not under mpirun or srun",
     .min = 1, .max = MAX_RANKS},
    {ROW("time", TMK_OPT_REAL, time_s), .metavar = "SECONDS",
     .help = "Sampling time a row may take; 6 samples are taken whatever it is", .default_text = "0.1", .min = 0.001,
     .max = 86400},
    {ROW("timeout", TMK_OPT_REAL, timeout_s), .metavar = "SECONDS",
     .help = "A rank that is not heard, or does not come to a call, for so long ends the run", .default_text = "30",
     .min = 1, .max = 86400},
    {ROW("output", TMK_OPT_STRING, output), .short_name = 'o', .metavar = "FILE",
     .help = "Write the result there, anew after each row"},
    {ROW("force", TMK_OPT_FLAG, force), .help = "Overwrite an existing output file"},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark comm [options]",
    .summary =
        "Times collectives over several ranks, every element checked before and after. A rank is a GPU (NCCL) or a CPU "
        "thread; under mpirun or srun a process (a build with MPI=1). The slowest rank's time is the figure.",
    .epilogue = "Examples:\n"
                "  tokmark comm --device cpu --ranks 4 --bytes 1K..4M\n"
                "  tokmark comm --op all-reduce --dtype bf16 --bytes 8..1G\n"
                "  mpirun -np 4 tokmark comm --device cpu -o comm.json",
};

struct command {
  struct options options;
  struct tmk_opt_result parsed;
  enum tmk_status parse_status;
  struct tmk_error parse_err;
  int argc;
  char **argv;
  /* Of rank 0 alone. */
  struct tmk_result result;
};

/* ---- what is asked for ---- */

static enum tmk_status check_sizes(const struct options *o, struct tmk_error *err)
{
  for (int d = 0; dtypes[d]; d++) {
    const int element = tmk_comm_element_bytes(tmk_dtype_from_name(dtypes[d]));
    for (int i = 0; (o->dtypes >> d & 1u) && i < o->bytes.count; i++) {
      if (o->bytes.values[i] % element == 0) continue;
      return tmk_fail(err, TMK_ERR_USAGE, "--bytes %lld: must be a multiple of %d, the size of %s",
                      (long long)o->bytes.values[i], element, dtypes[d]);
    }
  }
  return TMK_OK;
}

static enum tmk_status parse(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options *o = &command->options;
  TMK_TRY(tmk_opt_parse(rows, ROW_COUNT, o, &help, command->argc, command->argv, 0, 0, &command->parsed, err));
  if (command->parsed.help) goto out;
  if (o->collectives >> TMK_COLL_COUNT & 1u) o->collectives = (1u << TMK_COLL_COUNT) - 1;
  TMK_TRY(check_sizes(o, err));
  const struct tmk_launch launch = tmk_launch_detect();
  if (o->ranks > 0 && launch.size != 1) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--ranks %lld: %s says how many ranks there are", (long long)o->ranks,
                     launch.variable));
  }
out:
  return status;
}

/* ---- the device ---- */

struct setup {
  const struct tmk_backend_ops *backend_ops;
  struct tmk_open_args open_args;
  const struct tmk_comm_ops *ops;
  struct tmk_device_result device; /* rank 0's, described */
  int64_t device_index;
};

/* Opening the CPU pins its threads; the ranks are to have all CPUs. */
static enum tmk_status describe(const struct tmk_backend_ops *backend_ops, const struct tmk_open_args *open_args,
                                struct tmk_device_result *device, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_backend *backend = NULL;
  cpu_set_t cpus;
  const bool known = sched_getaffinity(0, sizeof cpus, &cpus) == 0;
  TMK_TRY(backend_ops->open(open_args, &backend, err));
  TMK_TRY(tmk_run_describe(backend_ops, backend, device, err));
out:
  if (backend != NULL) backend_ops->close(backend);
  if (known) (void)sched_setaffinity(0, sizeof cpus, &cpus);
  return status;
}

static const char *transport_name(const struct tmk_world *world, const struct tmk_device_info *info)
{
  if (!info->is_cpu) return "nccl";
  return world->ops->processes ? "mpi" : "threads";
}

/* What all ranks can say at once. */
static enum tmk_status choose_device(const struct command *command, const struct tmk_world *world, struct setup *setup,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char reason[256] = "";
  if (strchr(command->options.device, ':') != NULL)
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "--device %.64s: must be auto, cpu or cuda: each rank has its own",
                     command->options.device));
  TMK_TRY(tmk_device_choose(command->options.device, &setup->backend_ops, &setup->open_args, err));
  if (setup->backend_ops == &tmk_backend_null)
    TMK_TRY(tmk_fail(err, TMK_ERR_UNSUPPORTED, "--device null: it has no ranks: must be auto, cpu or cuda"));
  const int count = setup->backend_ops->device_count(reason, (int)sizeof reason);
  if (setup->backend_ops == &tmk_backend_cpu) goto out;
  if (world->local_size > count)
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "%d ranks on %s: it has %d device%s", world->local_size, world->host, count,
                     count == 1 ? "" : "s"));
  setup->device_index = setup->open_args.device_index = world->local_rank;
out:
  return status;
}

static enum tmk_status find_device(const struct tmk_world *world, struct setup *setup, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(describe(setup->backend_ops, &setup->open_args, &setup->device, err));
  if (setup->backend_ops != &tmk_backend_cpu) tmk_affinity_bind(&setup->device.info);
  setup->ops = tmk_comm_find(transport_name(world, &setup->device.info));
  if (setup->ops == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_UNSUPPORTED, "this build has no transport for these ranks"));
out:
  return status;
}

/* ---- the run: each rank ---- */

static enum tmk_status write_result(struct command *command, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (command->options.output == NULL) return TMK_OK;
  tmk_identity_touch(&command->result);
  TMK_TRY(tmk_comm_fit_result(&command->result, err));
  TMK_TRY(tmk_result_write(&command->result, command->options.output, err));
out:
  return status;
}

/* devices: [count], each rank's; taken over. */
static enum tmk_status begin_result(struct command *command, struct tmk_device_result *devices, int64_t count,
                                    int64_t most, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = &command->result;
  TMK_TRY(tmk_identity_fill("comm", command->argc, command->argv, result, err));
  result->devices = devices;
  result->device_count = count;
  result->points = calloc((size_t)most, sizeof *result->points);
  if (!result->points) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld rows", (long long)most));
  result->settings.time_budget_ns = (int64_t)(command->options.time_s * 1e9);
out:
  return status;
}

/* Rank 0 keeps the point and prints it; the others forget it. A file that can't be written ends the run on all. */
static enum tmk_status keep(struct command *command, struct tmk_world *world, struct tmk_point *point,
                            enum tmk_status measured, struct tmk_error *err)
{
  if (world->rank != 0) {
    tmk_point_free(point);
    return TMK_OK;
  }
  struct tmk_result *result = &command->result;
  result->points[result->point_count++] = *point;
  tmk_out_comm_row(stdout, point);
  fflush(stdout);
  return write_result(command, measured == TMK_OK ? err : NULL);
}

static bool is_asked(const struct options *o, const struct tmk_comm_ops *ops, const struct tmk_comm_spec *spec)
{
  if (!(o->collectives >> spec->collective & 1u)) return false;
  if (!(o->places >> (spec->in_place ? 1 : 0) & 1u) || !(o->modes >> (spec->graph ? 1 : 0) & 1u)) return false;
  return (!spec->in_place || tmk_collective_in_place(spec->collective)) && (!spec->graph || ops->graphs);
}

static enum tmk_status measure(struct command *command, const struct tmk_comm_bench_args *args, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct options *o = &command->options;
  for (int i = 0; i < TMK_COLL_COUNT * DTYPE_COUNT * 2 * 2; i++) {
    const int d = i / 4 % DTYPE_COUNT;
    struct tmk_comm_spec spec = {.collective = (enum tmk_collective)(i / (4 * DTYPE_COUNT)), .dtype = tmk_dtype_from_name(dtypes[d])};
    spec.graph = i / 2 % 2 == 1;
    spec.in_place = i % 2 == 1;
    if (!(o->dtypes >> d & 1u) || !is_asked(o, args->ops, &spec)) continue;
    for (int b = 0; b < o->bytes.count; b++) {
      struct tmk_point point;
      struct tmk_error local = {0};
      spec.bytes = o->bytes.values[b];
      const enum tmk_status measured = tmk_comm_bench_measure(args, &spec, &point, err);
      const enum tmk_status kept = keep(command, args->world, &point, measured, &local);
      TMK_TRY(measured);
      if (o->output != NULL) TMK_TRY(tmk_world_follow(args->world, kept, &local, err));
    }
  }
out:
  return status;
}

static enum tmk_status run_rank(struct command *command, struct tmk_world *world, const struct setup *setup,
                                struct tmk_comm *comm, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_error local = {0};
  struct tmk_result *result = &command->result;
  char text[80];
  struct tmk_comm_bench_args args = {.world = world, .ops = setup->ops, .comm = comm, .stop = tmk_stop_flag()};
  args.measure = tmk_measure_defaults(&setup->device.info);
  args.measure.budget_ns = (int64_t)(command->options.time_s * 1e9);
  args.measure.min_sample_ns = 2000000; /* of calls of some microseconds, between two barriers */
  args.simulated = setup->device.info.simulated;
  args.device_index = setup->device_index;
  args.threads_exceed_cores =
      setup->device.info.is_cpu && setup->device.info.cores > 0 && world->local_size > setup->device.info.cores;
  struct tmk_device_result *devices = calloc((size_t)world->size, sizeof *devices);
  if (devices == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", world->size);
  status = world->ops->exchange(world, &setup->device, devices, sizeof *devices, err);
  if (status != TMK_OK || world->rank != 0) free(devices);
  TMK_TRY(status);
  if (world->rank == 0) {
    status = begin_result(command, devices, world->size, (int64_t)TMK_COLL_COUNT * DTYPE_COUNT * 4 * TMK_INT_LIST_MAX, &local);
    if (status == TMK_OK) {
      setup->ops->describe(comm, text, (int)sizeof text);
      printf("ranks      %d on %s: %s\n", world->size, setup->device.info.name, text);
      printf("device     %s%s\n\n", setup->device.info.backend,
             setup->device.info.simulated ? ", simulated: no bandwidth is printed" : "");
      tmk_out_comm_header(stdout);
      fflush(stdout);
    }
  }
  TMK_TRY(tmk_world_agree(world, status, &local, err));
  TMK_TRY(tmk_identity_add_ranks(world, result, err));
  TMK_TRY(measure(command, &args, err));
  if (world->rank == 0) {
    result->complete = true;
    status = write_result(command, &local);
    if (status == TMK_OK) status = tmk_comm_fit_result(result, &local);
    if (status == TMK_OK) {
      tmk_out_table_footer(stdout, result);
      status = tmk_verdict_of_points(result, "collectives", &local);
    }
  }
  TMK_TRY(tmk_world_follow(world, status, &local, err));
out:
  return status;
}

/* The cores of the machine, as far as this process may use them: the backend was opened with one thread. */
static int64_t allowed_cpus(void)
{
  cpu_set_t cpus;
  return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 0;
}

static enum tmk_status rank_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct command *command = context;
  struct tmk_error local = {0};
  struct setup setup = {.open_args.threads = 1};
  struct tmk_comm *comm = NULL;
  char version[200];
  snprintf(version, sizeof version, "%s %s %s", tmk_version, tmk_git_revision, tmk_build_text);
  TMK_TRY(tmk_world_agree(world, command->parse_status, &command->parse_err, err));
  TMK_TRY(tmk_world_check_same(world, tmk_argument_hash(command->argc, command->argv), version, err));
  tmk_device_info_init(&setup.device.info);
  status = choose_device(command, world, &setup, &local);
  TMK_TRY(tmk_world_agree(world, status, &local, err));
  /* Threads of a process describe the same device one after the other. */
  for (int turn = 0; turn < (world->ops->processes ? 1 : world->size); turn++) {
    if (world->ops->processes || turn == world->rank) status = find_device(world, &setup, &local);
    TMK_TRY(tmk_world_agree(world, status, &local, err));
  }
  if (setup.device.info.is_cpu) setup.device.info.cores = allowed_cpus();
  if (world->rank == 0 && command->options.output)
    status = tmk_output_check(command->options.output, command->options.force, &local);
  TMK_TRY(tmk_world_follow(world, status, &local, err));
  status = setup.ops->open(world, setup.device_index, &comm, &local);
  TMK_TRY(tmk_world_agree(world, status, &local, err));
  TMK_TRY(run_rank(command, world, &setup, comm, err));
out:
  if (setup.ops != NULL && comm != NULL) setup.ops->close(comm);
  return status;
}

/* By hand: the device's name, found once for all ranks, and how many there are: one a GPU of this host, 2 on a CPU. */
static enum tmk_status settle(struct options *o, int *ranks, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_backend_ops *ops = NULL;
  struct tmk_open_args args = {0};
  char reason[256];
  if (strchr(o->device, ':') != NULL) return TMK_OK; /* refused by the ranks */
  TMK_TRY(tmk_device_choose(o->device, &ops, &args, err));
  o->device = ops->name;
  const int count = ops->device_count(reason, (int)sizeof reason);
  if (*ranks == 0) *ranks = ops == &tmk_backend_cpu ? 2 : count < MAX_RANKS ? count : MAX_RANKS;
out:
  return status;
}

enum tmk_status tmk_cmd_comm(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct command command = {.argc = argc, .argv = argv};
  tmk_result_init(&command.result);
  TMK_TRY(tmk_launch_check("comm", true, err));
  command.parse_status = parse(&command, &command.parse_err);
  if (command.parsed.help) goto out;
  struct tmk_world_args args = {.ranks = (int)command.options.ranks, .timeout_ns = 30000000000};
  if (command.parse_status == TMK_OK) args.timeout_ns = (int64_t)(command.options.timeout_s * 1e9);
  /* Under a launcher the ranks must meet even where one has nothing good to say. */
  if (tmk_launch_detect().size == 1) {
    if (command.parse_status != TMK_OK) {
      *err = command.parse_err;
      status = command.parse_status;
      goto out;
    }
    TMK_TRY(settle(&command.options, &args.ranks, err));
    if (args.ranks == 0) args.ranks = 1;
  }
  tmk_stop_catch();
  TMK_TRY(tmk_world_run(&args, rank_main, &command, err));
out:
  tmk_opt_free(&command.parsed);
  tmk_result_free(&command.result);
  return status;
}
