/* cmd_devices.c: `tokmark devices`: each backend of the build, its devices or why there is none, and what they reach. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json.h"
#include "opt.h"
#include "out.h"
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

/* What one device is; ceilings are NAN where they were not measured. */
struct device {
  struct tmk_device_info info;
  struct tmk_ceilings ceilings;
  bool has_ceilings;
};

/* --- table --- */

struct line {
  char text[512];
  size_t used;
};

static void line_add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line_add(struct line *line, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int written = vsnprintf(line->text + line->used, sizeof line->text - line->used, format, args);
  va_end(args);
  if (written > 0) line->used += (size_t)written;
  if (line->used >= sizeof line->text) line->used = sizeof line->text - 1;
}

static void line_print(const char *label, struct line *line)
{
  if (line->used > 0) printf("    %-10s %s\n", label, line->text);
  *line = (struct line){.used = 0};
}

static const char *line_join(const struct line *line, const char *join)
{
  return line->used > 0 ? join : "";
}

static void add_count(struct line *line, int64_t count, const char *noun)
{
  if (count == TMK_UNKNOWN) return;
  line_add(line, "%s%lld %s%s", line_join(line, ", "), (long long)count, noun, count == 1 ? "" : "s");
}

static void add_bytes(struct line *line, const char *before, int64_t bytes)
{
  char text[32];
  if (bytes == TMK_UNKNOWN) return;
  tmk_format_bytes((double)bytes, text, (int)sizeof text);
  line_add(line, "%s%s%s", line_join(line, ", "), before, text);
}

static void add_rate(struct line *line, const char *what, double rate, const char *unit)
{
  char text[32];
  if (isnan(rate)) return;
  tmk_format_si(rate, unit, text, (int)sizeof text);
  line_add(line, "%s%s %s", line_join(line, ", "), what, text);
}

static void add_text(struct line *line, const char *before, const char *text, const char *after)
{
  if (text[0] != '\0') line_add(line, "%s%s%s%s", line_join(line, ", "), before, text, after);
}

static void print_cpu(const struct tmk_device_info *info)
{
  struct line line = {.used = 0};
  add_text(&line, "", info->isa, "");
  add_count(&line, info->threads, "thread");
  if (info->cpus[0] != '\0') line_add(&line, " on CPUs %s", info->cpus);
  add_count(&line, info->cores, "core");
  add_count(&line, info->sockets, "socket");
  add_count(&line, info->numa_nodes, "NUMA node");
  add_text(&line, "", info->pages, " pages");
  line_print("path", &line);
}

static void print_gpu(const struct tmk_device_info *info)
{
  struct line line = {.used = 0};
  if (info->compute_capability != TMK_UNKNOWN) line_add(&line, "sm_%lld", (long long)info->compute_capability);
  add_count(&line, info->sm_count, "SM");
  add_text(&line, "driver ", info->driver_version, "");
  add_text(&line, "runtime ", info->runtime_version, "");
  add_text(&line, "PCI ", info->pci_bus_id, "");
  if (info->ecc_on != TMK_UNKNOWN)
    line_add(&line, "%sECC %s", line_join(&line, ", "), info->ecc_on != 0 ? "on" : "off");
  if (info->mig_on != TMK_UNKNOWN)
    line_add(&line, "%sMIG %s", line_join(&line, ", "), info->mig_on != 0 ? "on" : "off");
  add_rate(&line, "power limit", info->power_limit_w, "W");
  line_print("gpu", &line);
}

static void print_types(const struct tmk_device_info *info)
{
  struct line line = {.used = 0};
  const char *join = "weights ";
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (info->math_dtype[i] == TMK_DTYPE_NONE) continue;
    line_add(&line, "%s%s", join, tmk_dtype_name((enum tmk_dtype)i));
    join = ", ";
  }
  join = line.used > 0 ? "; KV cache " : "KV cache ";
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (!info->kv_dtype[i]) continue;
    line_add(&line, "%s%s", join, tmk_dtype_name((enum tmk_dtype)i));
    join = ", ";
  }
  if (info->act_dtype != TMK_DTYPE_NONE) {
    line_add(&line, "%sactivations %s", line_join(&line, "; "), tmk_dtype_name(info->act_dtype));
  }
  line_print("types", &line);
}

static void print_device(const struct tmk_backend_ops *ops, const struct device *device)
{
  const struct tmk_device_info *info = &device->info;
  struct line line = {.used = 0};
  printf("  %s:%lld  %s%s\n", ops->name, (long long)info->index, info->name, info->simulated ? " (simulated)" : "");
  if (info->is_cpu) {
    print_cpu(info);
  } else {
    print_gpu(info);
  }
  add_bytes(&line, "", info->memory_bytes);
  if (info->memory_free_bytes != TMK_UNKNOWN) {
    add_bytes(&line, "", info->memory_free_bytes);
    line_add(&line, " free");
  }
  add_bytes(&line, "last-level cache ", info->llc_bytes);
  line_print("memory", &line);
  add_rate(&line, "up to", info->clock_max_hz, "Hz");
  add_rate(&line, "now", info->clock_now_hz, "Hz");
  line_print("clock", &line);
  print_types(info);
}

static void print_ceilings(const struct tmk_ceilings *ceilings)
{
  struct line line = {.used = 0};
  add_rate(&line, "read", ceilings->read_bytes_per_s, "B/s");
  if (line.used > 0 && ceilings->read_pattern[0] != '\0') line_add(&line, " (%s)", ceilings->read_pattern);
  line_print("ceilings", &line);
  add_rate(&line, "copy", ceilings->copy_bytes_per_s, "B/s");
  if (line.used > 0) line_add(&line, ", read + written");
  if (line.used > 0 && ceilings->copy_pattern[0] != '\0') line_add(&line, " (%s)", ceilings->copy_pattern);
  line_print("", &line);
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    add_rate(&line, tmk_dtype_name((enum tmk_dtype)i), ceilings->flops_per_s[i], "FLOP/s");
  }
  if (line.used > 0 && ceilings->flops_pattern[0] != '\0') line_add(&line, " (%s)", ceilings->flops_pattern);
  add_rate(&line, "at", ceilings->clock_hz, "Hz");
  line_print("", &line);
}

/* --- JSON --- */

static void put_known_string(struct tmk_json_writer *w, const char *key, const char *text)
{
  if (text[0] == '\0') {
    tmk_json_put_null(w, key);
  } else {
    tmk_json_put_string(w, key, text);
  }
}

static void put_types(struct tmk_json_writer *w, const struct tmk_device_info *info)
{
  tmk_json_begin_array(w, "weight_dtypes");
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (info->math_dtype[i] != TMK_DTYPE_NONE) tmk_json_put_string(w, NULL, tmk_dtype_name((enum tmk_dtype)i));
  }
  tmk_json_end_array(w);
  tmk_json_begin_array(w, "kv_dtypes");
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (info->kv_dtype[i]) tmk_json_put_string(w, NULL, tmk_dtype_name((enum tmk_dtype)i));
  }
  tmk_json_end_array(w);
}

static void put_ceilings(struct tmk_json_writer *w, const struct device *device)
{
  const struct tmk_ceilings *ceilings = &device->ceilings;
  if (!device->has_ceilings) {
    tmk_json_put_null(w, "ceilings");
    return;
  }
  tmk_json_begin_object(w, "ceilings");
  tmk_json_put_real(w, "read_bytes_per_s", ceilings->read_bytes_per_s);
  tmk_json_put_real(w, "copy_bytes_per_s", ceilings->copy_bytes_per_s);
  tmk_json_begin_object(w, "flops_per_s");
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (!isnan(ceilings->flops_per_s[i])) {
      tmk_json_put_real(w, tmk_dtype_name((enum tmk_dtype)i), ceilings->flops_per_s[i]);
    }
  }
  tmk_json_end_object(w);
  tmk_json_put_real(w, "clock_hz", ceilings->clock_hz);
  tmk_json_put_int(w, "repeats", ceilings->repeats);
  put_known_string(w, "read_pattern", ceilings->read_pattern);
  put_known_string(w, "copy_pattern", ceilings->copy_pattern);
  put_known_string(w, "flops_pattern", ceilings->flops_pattern);
  tmk_json_end_object(w);
}

static void put_device(struct tmk_json_writer *w, const struct device *device)
{
  const struct tmk_device_info *info = &device->info;
  tmk_json_begin_object(w, NULL);
  tmk_json_put_int(w, "index", info->index);
  put_known_string(w, "name", info->name);
  put_known_string(w, "slug", info->slug);
  put_known_string(w, "gpu_id", info->gpu_id);
  tmk_json_put_bool(w, "is_cpu", info->is_cpu);
  tmk_json_put_bool(w, "simulated", info->simulated);
  tmk_json_put_int(w, "memory_bytes", info->memory_bytes);
  tmk_json_put_int(w, "memory_free_bytes", info->memory_free_bytes);
  tmk_json_put_int(w, "llc_bytes", info->llc_bytes);
  tmk_json_put_string(w, "act_dtype", tmk_dtype_name(info->act_dtype));
  put_types(w, info);
  put_known_string(w, "isa", info->isa);
  put_known_string(w, "cpus", info->cpus);
  tmk_json_put_int(w, "threads", info->threads);
  tmk_json_put_int(w, "cores", info->cores);
  tmk_json_put_int(w, "sockets", info->sockets);
  tmk_json_put_int(w, "numa_nodes", info->numa_nodes);
  put_known_string(w, "pages", info->pages);
  tmk_json_put_int(w, "simd_lanes_f32", info->simd_lanes_f32);
  tmk_json_put_int(w, "fma_ports", info->fma_ports);
  tmk_json_put_real(w, "clock_max_hz", info->clock_max_hz);
  tmk_json_put_real(w, "clock_now_hz", info->clock_now_hz);
  tmk_json_put_int(w, "compute_capability", info->compute_capability);
  tmk_json_put_int(w, "sm_count", info->sm_count);
  put_known_string(w, "driver_version", info->driver_version);
  put_known_string(w, "runtime_version", info->runtime_version);
  put_known_string(w, "pci_bus_id", info->pci_bus_id);
  put_known_string(w, "uuid", info->uuid);
  tmk_json_put_int(w, "ecc_on", info->ecc_on);
  tmk_json_put_int(w, "mig_on", info->mig_on);
  tmk_json_put_real(w, "power_limit_w", info->power_limit_w);
  put_ceilings(w, device);
  tmk_json_end_object(w);
}

/* --- command --- */

/* One device: opened, described, measured, closed. `w` NULL prints the table. */
static enum tmk_status report_device(const struct tmk_backend_ops *ops, int index, bool ceilings,
                                     struct tmk_json_writer *w, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_backend *backend = NULL;
  struct device device = {.has_ceilings = false};
  struct tmk_open_args args = {.device_index = index};
  char text[32];
  snprintf(text, sizeof text, "%s:%d", ops->name, index);
  tmk_device_info_init(&device.info);
  tmk_ceilings_init(&device.ceilings);
  TMK_TRY(tmk_device_choose(text, &ops, &args, err));
  TMK_TRY(ops->open(&args, &backend, err));
  TMK_TRY(ops->describe(backend, &device.info, err));
  if (w == NULL) {
    print_device(ops, &device);
    fflush(stdout); /* ceilings take seconds */
  }
  if (ceilings && ops->ceilings != NULL) {
    TMK_TRY(ops->ceilings(backend, false, &device.ceilings, err));
    device.has_ceilings = true;
    if (w == NULL) print_ceilings(&device.ceilings);
  }
  if (w != NULL) put_device(w, &device);
out:
  ops->close(backend);
  return status;
}

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
    put_known_string(w, "reason", count == 0 ? reason : "");
    tmk_json_begin_array(w, "devices");
  }
  for (int i = 0; i < count; i++) TMK_TRY(report_device(ops, i, ceilings, w, err));
out:
  if (w != NULL) {
    tmk_json_end_array(w);
    tmk_json_end_object(w);
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
  tmk_json_put_string(w, "schema_version", "1.0.0");
  tmk_json_begin_array(w, "backends");
  for (int i = 0; tmk_backends[i] != NULL && status == TMK_OK; i++) {
    status = report_backend(tmk_backends[i], ceilings, w, err);
  }
  tmk_json_end_array(w);
  tmk_json_end_object(w);
  enum tmk_status finished = tmk_json_finish(w, &text, &size, status == TMK_OK ? err : NULL);
  if (status == TMK_OK) status = finished;
  if (status == TMK_OK) fwrite(text, 1, size, stdout); /* main() notices a failed write */
  free(text);
  return status;
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
  for (int i = 0; tmk_backends[i] != NULL; i++)
    TMK_TRY(report_backend(tmk_backends[i], !options.no_ceilings, NULL, err));
out:
  return status;
}
