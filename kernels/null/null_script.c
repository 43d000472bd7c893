/* null_script.c: see null_script.h. */
#include "null_script.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { FLAG, NUMBER, TEXT };

struct row {
  const char *key;
  enum kind kind;
  size_t offset;
  double initial, min, max; /* NUMBER; TEXT: max is the field's size */
};

#define FLAG_ROW(field)                                                                                                \
  {                                                                                                                    \
#field, FLAG, offsetof(struct null_script, field), 0, 0, 0                                                         \
  }
#define NUMBER_ROW(field, initial, min, max)                                                                           \
  {                                                                                                                    \
#field, NUMBER, offsetof(struct null_script, field), initial, min, max                                             \
  }
#define TEXT_ROW(field)                                                                                                \
  {                                                                                                                    \
#field, TEXT, offsetof(struct null_script, field), 0, 0, sizeof((struct null_script *)0)->field                    \
  }

static const struct row rows[] = {
    TEXT_ROW(name),
    TEXT_ROW(act),
    FLAG_ROW(gpu),
    FLAG_ROW(simulated),
    NUMBER_ROW(memory_gib, 1, 0, 1e6),
    NUMBER_ROW(llc_kib, 16, 0, 1e9),
    NUMBER_ROW(threads, 1, 1, 4096),
    NUMBER_ROW(min_sample_ms, NAN, 0.001, 1e6),
    NUMBER_ROW(step_us, 1000, 0, 1e12),
    NUMBER_ROW(row_us, 10, 0, 1e12),
    NUMBER_ROW(key_ns, 0, 0, 1e12),
    NUMBER_ROW(launch_us, 0, 0, 1e12),
    NUMBER_ROW(noise, 0, 0, 0.9),
    NUMBER_ROW(bimodal, 0, 0, 100),
    NUMBER_ROW(drift, 0, -0.5, 1),
    NUMBER_ROW(spike_every, 0, 0, 1e9),
    NUMBER_ROW(spike_factor, 10, 0, 1e6),
    NUMBER_ROW(cold_runs, 0, 0, 1e9),
    NUMBER_ROW(cold_factor, 2, 0, 1e6),
    NUMBER_ROW(seed, 1, 0, 1e15),
    FLAG_ROW(no_ceilings),
    NUMBER_ROW(read_gb_s, 100, 1e-9, 1e9),
    NUMBER_ROW(copy_gb_s, 90, 1e-9, 1e9),
    NUMBER_ROW(f32_gflop_s, 1000, 1e-9, 1e12),
    NUMBER_ROW(bf16_gflop_s, 2000, 1e-9, 1e12),
    NUMBER_ROW(ceiling_drift, 0, 0, 0.5),
    NUMBER_ROW(clock_ghz, NAN, 0.001, 1000),
    NUMBER_ROW(clock_drop, 0, 0, 0.99),
    NUMBER_ROW(power_w, NAN, 0, 1e6),
    NUMBER_ROW(interrupt_run, 0, 0, 1e9),
    NUMBER_ROW(device_fault_run, 0, 0, 1e9),
    TEXT_ROW(memory_at),
    TEXT_ROW(unsupported_at),
    TEXT_ROW(device_fault_at),
    TEXT_ROW(fault_at),
    TEXT_ROW(wrong_at),
    TEXT_ROW(replay_wrong_at),
    TEXT_ROW(zero_time_at),
    TEXT_ROW(fast_at),
    TEXT_ROW(throttled_at),
    TEXT_ROW(ecc_at),
    TEXT_ROW(shared_at),
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static void *field(struct null_script *script, const struct row *row)
{
  return (char *)script + row->offset;
}

static enum tmk_status set_value(struct null_script *script, const struct row *row, const char *value,
                                 struct tmk_error *err)
{
  if (row->kind == FLAG) {
    if (value != NULL) return tmk_fail(err, TMK_ERR_USAGE, "null script: %s=%s: takes no value", row->key, value);
    *(bool *)field(script, row) = true;
    return TMK_OK;
  }
  if (value == NULL || value[0] == '\0') {
    return tmk_fail(err, TMK_ERR_USAGE, "null script: %s: needs a value: %s=…", row->key, row->key);
  }
  if (row->kind == TEXT) {
    if (strlen(value) >= (size_t)row->max) {
      return tmk_fail(err, TMK_ERR_USAGE, "null script: %s=%s: must be at most %d bytes", row->key, value,
                      (int)row->max - 1);
    }
    strcpy(field(script, row), value);
    return TMK_OK;
  }
  char *end = NULL;
  double number = strtod(value, &end);
  if (*end != '\0' || !(number >= row->min && number <= row->max)) {
    return tmk_fail(err, TMK_ERR_USAGE, "null script: %s=%s: must be a number in %g..%g", row->key, value, row->min,
                    row->max);
  }
  *(double *)field(script, row) = number;
  return TMK_OK;
}

/* One "key=value" or "flag", blanks around it cut off by the caller. */
static enum tmk_status set_item(struct null_script *script, char *item, struct tmk_error *err)
{
  char *value = strchr(item, '=');
  if (value != NULL) {
    char *end = value++;
    while (end > item && end[-1] == ' ') end--;
    *end = '\0';
    value += strspn(value, " ");
  }
  for (size_t i = 0; i < ROW_COUNT; i++) {
    if (strcmp(rows[i].key, item) == 0) return set_value(script, &rows[i], value, err);
  }
  return tmk_fail(err, TMK_ERR_USAGE, "null script: %.64s: unknown key; kernels/null/README.md lists them", item);
}

enum tmk_status null_script_parse(const char *text, struct null_script *script, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *copy = NULL;
  *script = (struct null_script){.name = "null device"};
  for (size_t i = 0; i < ROW_COUNT; i++) {
    if (rows[i].kind == NUMBER) *(double *)field(script, &rows[i]) = rows[i].initial;
  }
  if (text == NULL) return TMK_OK;
  copy = strdup(text);
  if (copy == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the null script"));
  char *rest = copy;
  for (char *item = strsep(&rest, ";\n"); item != NULL; item = strsep(&rest, ";\n")) {
    item += strspn(item, " \t");
    size_t length = strlen(item);
    while (length > 0 && strchr(" \t\r", item[length - 1]) != NULL) item[--length] = '\0';
    if (length > 0) TMK_TRY(set_item(script, item, err));
  }
  if (script->act[0] != '\0' && strcmp(script->act, "f32") != 0 && strcmp(script->act, "bf16") != 0) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "null script: act=%s: must be f32 or bf16", script->act));
  }
out:
  free(copy);
  return status;
}
