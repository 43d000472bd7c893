/* cmd_devices.c: `tokmark devices`: each backend of the build, its devices or why there is none, and what they reach. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json.h"
#include "opt.h"
#include "out_devices.h"
#include "target.h"
#include "tokmark/backend.h"

struct options {
  bool ceilings, no_ceilings;
  int format;
};
enum { FORMAT_TABLE = 0, FORMAT_JSON };
static const char *const formats[] = {"table", "json", NULL};

static const struct tmk_opt rows[] = {
    {.name = "ceilings",
     .type = TMK_OPT_FLAG,
     .offset = offsetof(struct options, ceilings),
     .help = "Measure what each device reaches (the default)"},
    {.name = "no-ceilings",
     .type = TMK_OPT_FLAG,
     .offset = offsetof(struct options, no_ceilings),
     .help = "Only say what is here"},
    {.name = "format",
     .type = TMK_OPT_CHOICE,
     .offset = offsetof(struct options, format),
     .metavar = "FORMAT",
     .help = "Output",
     .default_text = "table",
     .choices = formats},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark devices [options]",
    .summary = "Lists the devices that this build can use here, or why it can't, and measures their ceilings: read and "
               "copy bandwidth and the FLOP rate of each type. These are the limits that results are held against.",
};

/* --- command --- */

/* One device: opened, described, measured, closed. `w` NULL prints the table. One that is too old, or that the binary has no code
 * for, is told of and no error. */
static enum tmk_status report_device(const struct tmk_backend_ops *ops, int index, bool ceilings,
                                     struct tmk_json_writer *w, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_backend *backend = NULL;
  struct tmk_device_report device = {.has_ceilings = false};
  struct tmk_gpu row = {.id = ""};
  struct tmk_open_args args = {.device_index = index};
  char text[32];
  snprintf(text, sizeof text, "%s:%d", ops->name, index);
  tmk_device_info_init(&device.info);
  tmk_ceilings_init(&device.ceilings);
  TMK_TRY(tmk_device_choose(text, &ops, &args, err));
  status = ops->open(&args, &backend, err);
  if (status == TMK_OK) status = ops->describe(backend, &device.info, err);
  if (status != TMK_OK) {
    tmk_out_device_unusable(ops, index, err->message, w);
    if (status == TMK_ERR_UNSUPPORTED) status = TMK_OK;
    goto out;
  }
  const int gpu = device.info.is_cpu ? -1 : tmk_gpu_find(device.info.name);
  if (gpu >= 0) TMK_TRY(tmk_gpu_get(gpu, &row, err));
  memcpy(device.info.gpu_id, row.id, sizeof device.info.gpu_id);
  if (w == NULL) {
    tmk_out_device(ops, &device);
    fflush(stdout); /* ceilings take seconds */
  }
  if (ceilings && ops->ceilings != NULL) {
    status = ops->ceilings(backend, false, &device.ceilings, err);
    device.has_ceilings = status == TMK_OK;
    if (status == TMK_ERR_UNSUPPORTED) status = TMK_OK; /* of a simulated device */
    if (w == NULL && device.has_ceilings) tmk_out_device_ceilings(&device.ceilings);
  }
  if (w != NULL) tmk_out_device_json(w, &device);
out:
  ops->close(backend);
  return status;
}

/* Devices behind a faulty one are told of all the same; the first fault is the one to report. */
static enum tmk_status report_backend(const struct tmk_backend_ops *ops, bool ceilings, struct tmk_json_writer *w,
                                      struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char reason[256] = "";
  int count = ops->device_count(reason, (int)sizeof reason);
  if (w == NULL) {
    printf("%s: %s\n", ops->name, ops->description);
    if (count == 0) printf("  none here: %s\n", reason);
  } else {
    tmk_json_begin_object(w, NULL);
    tmk_json_put_string(w, "name", ops->name);
    tmk_json_put_string(w, "description", ops->description);
    if (count == 0) {
      tmk_json_put_string(w, "reason", reason);
    } else {
      tmk_json_put_null(w, "reason");
    }
    tmk_json_begin_array(w, "devices");
  }
  for (int i = 0; i < count; i++) {
    struct tmk_error why = {0};
    const enum tmk_status reported = report_device(ops, i, ceilings, w, &why);
    if (reported != TMK_OK && status == TMK_OK)
      status = tmk_fail(err, reported, "%s:%d: %s", ops->name, i, why.message);
  }
  if (w != NULL) {
    tmk_json_end_array(w);
    tmk_json_end_object(w);
  }
  return status;
}

static enum tmk_status report_backends(bool ceilings, struct tmk_json_writer *w, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int i = 0; tmk_backends[i] != NULL; i++) {
    const enum tmk_status reported = report_backend(tmk_backends[i], ceilings, w, status == TMK_OK ? err : NULL);
    if (status == TMK_OK) status = reported;
  }
  return status;
}

static enum tmk_status report_json(bool ceilings, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL;
  size_t size = 0;
  struct tmk_json_writer *w = tmk_json_writer_create();
  if (w == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory listing devices");
  tmk_json_begin_object(w, NULL);
  tmk_json_put_string(w, "schema", "tokmark-devices");
  tmk_json_put_string(w, "schema_version", "1.2.0");
  tmk_json_begin_array(w, "backends");
  status = report_backends(ceilings, w, err);
  tmk_json_end_array(w);
  tmk_json_end_object(w);
  enum tmk_status finished = tmk_json_finish(w, &text, &size, status == TMK_OK ? err : NULL);
  if (finished == TMK_OK) fwrite(text, 1, size, stdout); /* main() notices a failed write */
  free(text);
  return status != TMK_OK ? status : finished;
}

enum tmk_status tmk_cmd_devices(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options options = {.ceilings = false};
  struct tmk_opt_result given;
  TMK_TRY(tmk_opt_parse(rows, ROW_COUNT, &options, &help, argc, argv, 0, 0, &given, err));
  bool only_help = given.help;
  tmk_opt_free(&given);
  if (only_help) return TMK_OK;
  if (options.ceilings && options.no_ceilings) {
    return tmk_fail(err, TMK_ERR_USAGE, "--ceilings and --no-ceilings: must be one of them");
  }
  if (options.format == FORMAT_JSON) return report_json(!options.no_ceilings, err);
  TMK_TRY(report_backends(!options.no_ceilings, NULL, err));
out:
  return status;
}
