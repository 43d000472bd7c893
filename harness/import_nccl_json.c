/* import_nccl_json.c: the file that nccl-tests writes with -J. It names one device a process, whatever a process drives: ranks
 * are processes × threads × GPUs a thread. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import_nccl.h"

static enum tmk_status read_program(struct tmk_json root, struct tmk_nccl_run *run, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char argument[4096];
  struct tmk_json args = tmk_json_get(root, "args");
  if (!tmk_json_is_array(args)) TMK_TRY(tmk_json_fail(args, err, "must be an array: the program and its arguments"));
  TMK_TRY(tmk_json_string(tmk_json_at(args, 0), argument, sizeof argument, err));
  const char *slash = strrchr(argument, '/');
  const char *base = slash ? slash + 1 : argument;
  tmk_import_copy(run->program, sizeof run->program, base, strlen(base));
out:
  return status;
}

static enum tmk_status read_config(struct tmk_json config, struct tmk_nccl_run *run, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char text[1024];
  int64_t threads, gpus, iterations, together, group, first_group = 0, processes = 0;
  struct tmk_json devices = tmk_json_get(config, "devices");
  TMK_TRY(tmk_json_int(tmk_json_get(config, "nthreads"), 1, TMK_IMPORT_MAX_RANKS, &threads, err));
  TMK_TRY(tmk_json_int(tmk_json_get(config, "ngpus"), 1, TMK_IMPORT_MAX_RANKS, &gpus, err));
  TMK_TRY(tmk_json_int(tmk_json_get(config, "iterations"), 1, 1000000000, &iterations, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(config, "aggregated_iterations"), 1, 1000000, 1, &together, err));
  if (!tmk_json_is_array(devices)) TMK_TRY(tmk_json_fail(devices, err, "must be an array of devices"));
  for (struct tmk_json d = tmk_json_first(devices); !tmk_json_is_missing(d); d = tmk_json_next(d), processes++) {
    TMK_TRY(tmk_json_int_or(tmk_json_get(d, "group"), 0, INT32_MAX, 0, &group, err));
    if (processes == 0) first_group = group;
    if (group != first_group)
      TMK_TRY(tmk_json_fail(d, err, "group %lld: must be one group, ranks are not", (long long)group));
    if (processes > 0) continue;
    TMK_TRY(tmk_json_string(tmk_json_get(d, "device_info"), text, sizeof text, err));
    tmk_import_copy(run->device, sizeof run->device, text, strlen(text));
    TMK_TRY(tmk_json_string_or(tmk_json_get(d, "hostname"), "", text, sizeof text, err));
    tmk_import_copy(run->hostname, sizeof run->hostname, text, strlen(text));
  }
  run->ranks = processes * threads * gpus;
  run->passes = iterations * together;
  if (processes == 0 || processes > TMK_IMPORT_MAX_RANKS || run->ranks > TMK_IMPORT_MAX_RANKS) {
    TMK_TRY(tmk_json_fail(devices, err, "%lld processes of %lld ranks: must be 1..%d ranks in all",
                          (long long)processes, (long long)(threads * gpus), TMK_IMPORT_MAX_RANKS));
  }
out:
  return status;
}

/* times_us of …_per_iter, less the first that its summary leaves out. */
static enum tmk_status read_times(struct tmk_json per_iter, int64_t **times_ns, int64_t *count, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json times = tmk_json_get(per_iter, "times_us");
  int64_t skipped, at = 0;
  double time_us;
  *count = 0;
  if (tmk_json_is_null(per_iter)) return TMK_OK;
  TMK_TRY(tmk_json_int_or(tmk_json_get(per_iter, "skipped_iterations"), 0, 1000000, 0, &skipped, err));
  const int64_t room = tmk_json_count(times);
  if (!tmk_json_is_array(times) || room > 1000000)
    TMK_TRY(tmk_json_fail(times, err, "must be an array of at most 1000000 numbers"));
  *times_ns = calloc((size_t)(room > 0 ? room : 1), sizeof **times_ns);
  if (!*times_ns) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld samples", (long long)room));
  for (struct tmk_json t = tmk_json_first(times); !tmk_json_is_missing(t); t = tmk_json_next(t), at++) {
    TMK_TRY(tmk_json_real(t, 0.001, 9e12, &time_us, err));
    if (at >= skipped) (*times_ns)[(*count)++] = llround(time_us * 1e3);
  }
out:
  return status;
}

static enum tmk_status read_side(struct tmk_json v, struct tmk_nccl_side *side, char why[256], struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (!tmk_json_is_object(v)) TMK_TRY(tmk_json_fail(v, err, "must be an object"));
  if (tmk_json_is_missing(tmk_json_get(v, "time")) && !tmk_json_is_missing(tmk_json_get(v, "cpu_time"))) {
    snprintf(why, 256, "cpu_time: only the time of the device is taken");
    return TMK_OK;
  }
  TMK_TRY(tmk_json_real(tmk_json_get(v, "time"), 0, 9e12, &side->time_us, err));
  TMK_TRY(tmk_json_real(tmk_json_get(v, "alg_bw"), 0, 1e9, &side->alg_gb_s, err));
  TMK_TRY(tmk_json_real(tmk_json_get(v, "bus_bw"), 0, 1e9, &side->bus_gb_s, err));
  TMK_TRY(tmk_json_real_or(tmk_json_get(v, "nwrong"), 0, 1e18, NAN, &side->wrong, err));
out:
  return status;
}

static enum tmk_status import_side(struct tmk_import *import, const struct tmk_nccl_run *run, struct tmk_json row,
                                   bool in_place, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json v = tmk_json_get(row, in_place ? "in_place" : "out_of_place");
  struct tmk_nccl_side side = {.in_place = in_place};
  char why[256] = "", type[64];
  int64_t size, *times_ns = NULL;
  if (tmk_json_is_null(v)) return TMK_OK; /* one side alone is fine */
  TMK_TRY(tmk_json_int(tmk_json_get(row, "size"), 0, INT64_MAX, &size, err));
  TMK_TRY(tmk_json_string(tmk_json_get(row, "type"), type, sizeof type, err));
  TMK_TRY(read_side(v, &side, why, err));
  TMK_TRY(read_times(tmk_json_get(row, in_place ? "in_place_per_iter" : "out_of_place_per_iter"), &times_ns,
                     &side.sample_count, err));
  side.samples_ns = times_ns;
  import->rows++;
  if (why[0] == '\0') TMK_TRY(tmk_nccl_add(import, run, type, size, &side, why, err));
  if (why[0] != '\0') tmk_import_refuse(import, v, why);
out:
  free(times_ns);
  return status;
}

enum tmk_status tmk_import_nccl_json(struct tmk_import *import, struct tmk_json root, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_nccl_run run = {.rounding = 1e-6};
  struct tmk_json results = tmk_json_get(root, "results");
  if (!tmk_json_is_object(root)) TMK_TRY(tmk_json_fail(root, err, "must be an object: what nccl-tests writes with -J"));
  TMK_TRY(read_program(root, &run, err));
  TMK_TRY(read_config(tmk_json_get(root, "config"), &run, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(root, "nccl_version"), 20900, 9999999, TMK_UNKNOWN, &run.version, err));
  if (!tmk_json_is_array(results)) TMK_TRY(tmk_json_fail(results, err, "must be an array of rows"));
  for (struct tmk_json row = tmk_json_first(results); !tmk_json_is_missing(row); row = tmk_json_next(row)) {
    TMK_TRY(import_side(import, &run, row, false, err));
    TMK_TRY(import_side(import, &run, row, true, err));
  }
out:
  return status;
}
