/* out_devices.c: a device as lines; see out_devices.h. */
#include "out_devices.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "out.h"
#include "preflight.h"

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
  if (info->pcie_generation != TMK_UNKNOWN && info->pcie_width != TMK_UNKNOWN) {
    line_add(&line, "PCIe %lld x%lld", (long long)info->pcie_generation, (long long)info->pcie_width);
  }
  add_count(&line, info->nvlinks, "NVLink");
  if (info->numa_node != TMK_UNKNOWN)
    line_add(&line, "%sNUMA node %lld", line_join(&line, ", "), (long long)info->numa_node);
  add_text(&line, "CPUs ", info->local_cpus, "");
  add_text(&line, "nearest network ", info->nics, "");
  line_print("links", &line);
  add_text(&line, "", info->gemm_library, "");
  line_print("gemm", &line);
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

/* What would disturb a measurement; "nothing" only where processes and clocks could be looked at. */
static void print_preflight(const struct tmk_device_info *info)
{
  struct tmk_finding findings[TMK_PREFLIGHT_MAX];
  struct line line = {.used = 0};
  const int count = tmk_preflight(info, findings);
  if (info->is_cpu) return;
  for (int i = 0; i < count; i++) {
    line_add(&line, "%s: %s%s%s", findings[i].name, findings[i].text,
             findings[i].verdict != TMK_VERDICT_NONE ? "; points: " : "",
             findings[i].verdict != TMK_VERDICT_NONE ? tmk_verdict_value_name(findings[i].verdict) : "");
    line_print(i == 0 ? "preflight" : "", &line);
  }
  if (count > 0) return;
  const bool known = info->other_processes != TMK_UNKNOWN && info->clock_reasons[0] != '\0';
  line_add(&line, "%s", known ? "nothing in the way" : "nothing seen; NVML does not tell all of it here");
  line_print("preflight", &line);
}

void tmk_out_device(const struct tmk_backend_ops *ops, const struct tmk_device_report *device)
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
  print_preflight(info);
}

void tmk_out_device_ceilings(const struct tmk_ceilings *ceilings)
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

void tmk_out_device_unusable(const struct tmk_backend_ops *ops, int index, const char *why, struct tmk_json_writer *w)
{
  if (w == NULL) {
    printf("  %s:%d  not usable: %s\n", ops->name, index, why);
    return;
  }
  tmk_json_begin_object(w, NULL);
  tmk_json_put_int(w, "index", index);
  tmk_json_put_string(w, "reason", why);
  tmk_json_end_object(w);
}
