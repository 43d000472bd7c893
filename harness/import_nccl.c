/* import_nccl.c: a side of a row of nccl-tests, in place or out of place, as a point of type comm. nccl-tests times its
 * iterations as one and prints the mean: one sample of as many passes. Bandwidths are not kept: they follow from size and
 * time, and are only held against the number of ranks, which not every file tells. */
#include "comm_bench.h"
#include "import_nccl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *program;
  enum tmk_collective collective;
} programs[] = {
    {"all_reduce_perf", TMK_COLL_ALL_REDUCE},         {"all_gather_perf", TMK_COLL_ALL_GATHER},
    {"reduce_scatter_perf", TMK_COLL_REDUCE_SCATTER}, {"alltoall_perf", TMK_COLL_ALL_TO_ALL},
    {"broadcast_perf", TMK_COLL_BROADCAST},           {"sendrecv_perf", TMK_COLL_SEND_RECV},
};

static const struct {
  const char *name;
  enum tmk_dtype dtype;
} types[] = {
    {"float", TMK_DTYPE_F32},       {"half", TMK_DTYPE_F16}, {"bfloat16", TMK_DTYPE_BF16},
    {"double", TMK_DTYPE_F64},      {"int8", TMK_DTYPE_I8},  {"char", TMK_DTYPE_I8},
    {"int32", TMK_DTYPE_I32},       {"int", TMK_DTYPE_I32},  {"f8e4m3", TMK_DTYPE_F8E4M3},
    {"fp8_e4m3", TMK_DTYPE_F8E4M3},
};

static bool find_collective(const char *program, enum tmk_collective *collective)
{
  for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
    *collective = programs[i].collective;
    if (strcmp(program, programs[i].program) == 0) return true;
  }
  return false;
}

static enum tmk_dtype find_type(const char *type)
{
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(type, types[i].name) == 0) return types[i].dtype;
  }
  return TMK_DTYPE_NONE;
}

static void set_workload(const struct tmk_nccl_run *run, const char *type, int64_t size,
                         const struct tmk_nccl_side *side, struct tmk_comm_workload *comm, char why[256])
{
  *comm = (struct tmk_comm_workload){
      .dtype = find_type(type), .bytes = size, .ranks = run->ranks, .in_place = side->in_place};
  if (!find_collective(run->program, &comm->collective)) {
    snprintf(why, 256, "%s: must be all_reduce, all_gather, reduce_scatter, alltoall, broadcast or sendrecv_perf",
             run->program[0] ? run->program : "program not named");
  } else if (comm->dtype == TMK_DTYPE_NONE) {
    snprintf(why, 256, "type \"%.40s\": must be float, half, bfloat16, double, int8, int32 or f8e4m3", type);
  } else if (size == 0 || !(side->time_us > 0)) {
    snprintf(why, 256, "size %lld in %g us: nothing was moved", (long long)size, side->time_us);
  } else if (side->wrong > 0) {
    snprintf(why, 256, "%g wrong elements", side->wrong);
  }
}

/* busbw ÷ algbw is a function of the number of ranks: what contradicts it was run on another number. */
static void check_ranks(const struct tmk_nccl_run *run, const struct tmk_nccl_side *side,
                        enum tmk_collective collective, char why[256])
{
  const double factor = tmk_collective_bus_factor(collective, (int)run->ranks);
  if (!(side->alg_gb_s > 100 * run->rounding)) return;
  const double seen = side->bus_gb_s / side->alg_gb_s;
  const double slack = 0.001 + (1 + factor) * run->rounding / side->alg_gb_s;
  if (fabs(seen - factor) <= slack) return;
  snprintf(why, 256, "busbw %g is %.4g of algbw %g: over %lld ranks it must be %.4g", side->bus_gb_s, seen,
           side->alg_gb_s, (long long)run->ranks, factor);
}

static enum tmk_status set_machine(struct tmk_import *import, const struct tmk_nccl_run *run, char why[256],
                                   struct tmk_error *err)
{
  struct tmk_device_result *devices = calloc((size_t)run->ranks, sizeof *devices);
  if (!devices) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld devices", (long long)run->ranks);
  for (int64_t i = 0; i < run->ranks; i++) {
    struct tmk_device_info *info = &devices[i].info;
    tmk_import_device_init(&devices[i], "cuda", run->device, false, TMK_UNKNOWN);
    info->index = i;
    if (run->version == TMK_UNKNOWN) continue;
    snprintf(info->runtime_version, sizeof info->runtime_version, "NCCL %lld.%lld.%lld",
             (long long)(run->version / 10000), (long long)(run->version / 100 % 100), (long long)(run->version % 100));
  }
  tmk_import_machine(import, devices, run->ranks, why);
  return TMK_OK;
}

static enum tmk_status set_times(const struct tmk_nccl_run *run, const struct tmk_nccl_side *side,
                                 struct tmk_point *point, char why[256], struct tmk_error *err)
{
  if (side->sample_count > 0) return tmk_import_sample(point, side->samples_ns, side->sample_count, 1, err);
  const double all_ns = side->time_us * 1e3 * (double)run->passes;
  if (!(all_ns >= 1 && all_ns < 9e15)) {
    snprintf(why, 256, "%g us, %lld times: must be 1 ns to 100 days", side->time_us, (long long)run->passes);
    return TMK_OK;
  }
  const int64_t time_ns = llround(all_ns);
  return tmk_import_sample(point, &time_ns, 1, run->passes, err);
}

enum tmk_status tmk_nccl_add(struct tmk_import *import, const struct tmk_nccl_run *run, const char *type, int64_t size,
                             const struct tmk_nccl_side *side, char why[256], struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_point point;
  struct tmk_comm_workload comm;
  tmk_point_init(&point);
  set_workload(run, type, size, side, &comm, why);
  if (why[0] == '\0') check_ranks(run, side, comm.collective, why);
  if (why[0] == '\0') TMK_TRY(set_machine(import, run, why, err));
  if (why[0] == '\0') TMK_TRY(set_times(run, side, &point, why, err));
  if (why[0] != '\0') goto out;
  point.type = TMK_POINT_COMM;
  point.provenance = TMK_PROV_REPORTED;
  point.workload.comm = comm;
  const struct tmk_comm_spec spec = {
      .collective = comm.collective, .dtype = comm.dtype, .bytes = comm.bytes, .in_place = comm.in_place};
  tmk_comm_spec_key(&spec, (int)comm.ranks, point.key);
  TMK_TRY(tmk_import_add(import, &point, why, err));
  if (why[0] != '\0' || import->source) return TMK_OK;
  import->source = "nccl-tests";
  tmk_import_copy(import->result->host.hostname, sizeof import->result->host.hostname, run->hostname,
                  strlen(run->hostname));
  return TMK_OK;
out:
  tmk_point_free(&point);
  return status;
}
