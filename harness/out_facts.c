/* out_facts.c: the facts above a table: device, ceilings, model, what is counted, and what this is not. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "out.h"
#include "out_parts.h"
#include "roofline.h"

/* The last place is kept for the line that says what this is not. */
static char *add(struct tmk_out_fact *facts, int *count, const char *name)
{
  struct tmk_out_fact *fact = &facts[*count];
  snprintf(fact->name, sizeof fact->name, "%s", name);
  fact->text[0] = '\0';
  if (*count < TMK_OUT_FACTS_MAX - 1) (*count)++;
  return fact->text;
}

static void append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(char *text, const char *format, ...)
{
  size_t used = strlen(text);
  va_list args;
  va_start(args, format);
  vsnprintf(text + used, TMK_OUT_FACT_SIZE - used, format, args);
  va_end(args);
}

/* ", 132 SMs" or nothing. */
static void append_count(char *text, int64_t count, const char *one, const char *many)
{
  if (count != TMK_UNKNOWN) append(text, ", %lld %s", (long long)count, count == 1 ? one : many);
}

static void append_text(char *text, const char *before, const char *value, const char *after)
{
  char clean[128];
  tmk_out_clean(value, true, clean, sizeof clean);
  if (clean[0]) append(text, "%s%s%s", before, clean, after);
}

static void add_device(struct tmk_out_fact *facts, int *count, const struct tmk_device_info *info, int64_t same)
{
  char *text = add(facts, count, "device");
  char bytes[32];
  if (same > 1) append(text, "%lld x ", (long long)same);
  append_text(text, "", info->backend, ": ");
  append_text(text, "", info->name, "");
  append_count(text, info->threads, "thread", "threads");
  append_text(text, " on CPUs ", info->cpus, "");
  append_text(text, ", ", info->isa, "");
  append_text(text, ", pages ", info->pages, "");
  append_count(text, info->sm_count, "SM", "SMs");
  append_text(text, ", driver ", info->driver_version, "");
  if (info->memory_bytes != TMK_UNKNOWN) {
    tmk_format_bytes((double)info->memory_bytes, bytes, sizeof bytes);
    append(text, ", %s", bytes);
  }
  if (info->simulated) append(text, "; simulated, so no throughput");
}

/* "gemm: the faster of tokmark and cuBLASLt 13.1.0 on each shape" */
static void add_gemm(struct tmk_out_fact *facts, int *count, const struct tmk_result *result,
                     const struct tmk_device_info *info)
{
  const char *setting = result->settings.gemm_provider;
  if (info->gemm_library[0] == '\0') return;
  char *text = add(facts, count, "gemm");
  if (strncmp(info->gemm_library, "none", 4) == 0) {
    append_text(text, "tokmark; vendor's library: ", info->gemm_library, "");
  } else if (strcmp(setting, "best") != 0) {
    append_text(text, "", setting, "; ");
    append_text(text, "", info->gemm_library, "");
  } else if (info->simulated) {
    append_text(text, "tokmark: nothing is timed on a simulated device; ", info->gemm_library, "");
  } else {
    append_text(text, "the faster of tokmark and ", info->gemm_library, " on each shape");
  }
}

static void append_rates(char *text, double read, double copy, const double flops[TMK_DTYPE_COUNT])
{
  char rate[48];
  const char *separator = "";
  if (isfinite(read)) {
    tmk_format_si(read, "B/s", rate, sizeof rate);
    append(text, "read %s", rate);
    separator = ", ";
  }
  if (isfinite(copy)) {
    tmk_format_si(copy, "B/s", rate, sizeof rate);
    append(text, "%scopy %s", separator, rate);
    separator = ", ";
  }
  for (int dtype = 1; dtype < TMK_DTYPE_COUNT; dtype++) {
    if (!isfinite(flops[dtype])) continue;
    tmk_format_si(flops[dtype], "FLOP/s", rate, sizeof rate);
    append(text, "%s%s %s", separator, tmk_dtype_name((enum tmk_dtype)dtype), rate);
    separator = ", ";
  }
}

static void add_ceilings(struct tmk_out_fact *facts, int *count, const struct tmk_device_result *device)
{
  const struct tmk_ceilings *ceilings = &device->ceilings;
  char *text = add(facts, count, "ceilings");
  append_rates(text, ceilings->read_bytes_per_s, ceilings->copy_bytes_per_s, ceilings->flops_per_s);
  if (!isnan(ceilings->comm_bytes_per_s)) {
    char rate[32];
    tmk_format_si(ceilings->comm_bytes_per_s, "B/s", rate, (int)sizeof rate);
    append(text, ", between ranks %s", rate);
  }
  if (!text[0]) append(text, "not measured");
  const double of_clock = ceilings->flops_per_s[TMK_DTYPE_F32] / tmk_peak_by_clock(&device->info);
  if (isfinite(of_clock)) append(text, " (%.0f %% of lanes x ports x clock)", 100 * of_clock);
  if (isfinite(device->drift)) append(text, "; moved by at most %.1f %%", 100 * device->drift);
  text = add(facts, count, "datasheet");
  append_rates(text, device->datasheet_read_bytes_per_s, NAN, device->datasheet_flops_per_s);
  if (!text[0]) (*count)--;
}

/* Neighbours of one name are one line, with the ceilings of the first. */
static void add_devices(struct tmk_out_fact *facts, int *count, const struct tmk_result *result)
{
  for (int64_t i = 0; i < result->device_count;) {
    const struct tmk_device_result *device = &result->devices[i];
    int64_t same = 1;
    while (i + same < result->device_count && strcmp(device[same].info.name, device->info.name) == 0) same++;
    if (*count + 8 > TMK_OUT_FACTS_MAX) {
      append(add(facts, count, "device"), "and %lld more", (long long)(result->device_count - i));
      break;
    }
    add_device(facts, count, &device->info, same);
    add_gemm(facts, count, result, &device->info);
    add_ceilings(facts, count, device);
    i += same;
  }
}

static void add_model(struct tmk_out_fact *facts, int *count, const struct tmk_result *result)
{
  char number[48];
  if (!result->model.name[0]) return;
  char *text = add(facts, count, "model");
  append_text(text, "", result->model.name, "");
  if (result->model_parameters != TMK_UNKNOWN) {
    tmk_format_si((double)result->model_parameters, "", number, sizeof number);
    append(text, ", %s parameters", number);
  }
  if (result->model_active_parameters != TMK_UNKNOWN && result->model_active_parameters != result->model_parameters) {
    tmk_format_si((double)result->model_active_parameters, "", number, sizeof number);
    append(text, " (%s active)", number);
  }
  if (result->model_weight_bytes != TMK_UNKNOWN) {
    tmk_format_bytes((double)result->model_weight_bytes, number, sizeof number);
    append(text, ", %s of weights", number);
  }
  if (result->model_kv_bytes_per_token != TMK_UNKNOWN) {
    tmk_format_bytes((double)result->model_kv_bytes_per_token, number, sizeof number);
    append(text, ", %s of KV cache a token", number);
  }
}

int tmk_out_facts(const struct tmk_result *result, struct tmk_out_fact facts[TMK_OUT_FACTS_MAX])
{
  int count = 0;
  add_devices(facts, &count, result);
  add_model(facts, &count, result);
  if (result->model.name[0])
    append(add(facts, &count, "accounting"), "decode and e2e count output tokens, prefill counts input tokens");
  append(add(facts, &count, "scope"), "kernels only: no scheduler, queue or network; not a serving benchmark");
  return count;
}
