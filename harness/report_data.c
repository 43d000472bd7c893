/* report_data.c: results to sources and rows; see report_data.h. */
#include "report_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out_parts.h"

static enum tmk_status fail_memory(struct tmk_error *err)
{
  return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the report");
}

void tmk_report_init(struct tmk_report *report, int64_t files)
{
  *report = (struct tmk_report){.by_device = files > TMK_REPORT_OVERLAY_MAX};
}

enum tmk_report_outcome tmk_report_outcome(const struct tmk_report_row *row)
{
  if (row->status == TMK_POINT_SKIPPED) return TMK_OUTCOME_SKIPPED;
  if (row->status != TMK_POINT_OK) return TMK_OUTCOME_FAILED;
  switch (row->verdict.value) {
  case TMK_VERDICT_VALID: return TMK_OUTCOME_VALID;
  case TMK_VERDICT_SUSPECT: return TMK_OUTCOME_SUSPECT;
  case TMK_VERDICT_INVALID: return TMK_OUTCOME_INVALID;
  case TMK_VERDICT_NONE:
  case TMK_VERDICT_COUNT: break;
  }
  return TMK_OUTCOME_NONE;
}

const char *tmk_report_outcome_name(enum tmk_report_outcome outcome)
{
  static const char *const names[] = {"VALID", "SUSPECT", "INVALID", "no verdict", "failed", "skipped"};
  return names[outcome];
}

/* --- sources --- */

static void free_facts(struct tmk_report_source *source)
{
  for (int i = 0; i < source->fact_count; i++) free(source->facts[i].text);
  free(source->facts);
  source->facts = NULL;
  source->fact_count = 0;
}

/* What stands above the tables of `show`, less the lines that the report says once for all. */
static enum tmk_status copy_facts(struct tmk_report_source *source, const struct tmk_result *result,
                                  struct tmk_error *err)
{
  struct tmk_out_fact facts[TMK_OUT_FACTS_MAX];
  int count = tmk_out_facts(result, facts);
  free_facts(source);
  source->facts = calloc((size_t)count + 1, sizeof *source->facts);
  if (!source->facts) return fail_memory(err);
  for (int i = 0; i < count; i++) {
    if (strcmp(facts[i].name, "scope") == 0 || strcmp(facts[i].name, "accounting") == 0) continue;
    struct tmk_report_fact *fact = &source->facts[source->fact_count];
    memcpy(fact->name, facts[i].name, sizeof fact->name);
    fact->text = strdup(facts[i].text);
    if (!fact->text) return fail_memory(err);
    source->fact_count++;
  }
  return TMK_OK;
}

static void name_device(const struct tmk_result *result, char *text, size_t size)
{
  if (result->device_count == 0) {
    snprintf(text, size, "no device");
  } else if (result->device_count == 1) {
    snprintf(text, size, "%.100s", result->devices[0].info.name);
  } else {
    snprintf(text, size, "%lld x %.100s", (long long)result->device_count, result->devices[0].info.name);
  }
}

static enum tmk_status describe_source(struct tmk_report_source *source, const char *file,
                                       const struct tmk_result *result, struct tmk_error *err)
{
  snprintf(source->file, sizeof source->file, "%s", file);
  snprintf(source->start_utc, sizeof source->start_utc, "%s", result->start_utc);
  snprintf(source->end_utc, sizeof source->end_utc, "%s", result->end_utc);
  snprintf(source->host, sizeof source->host, "%s", result->host.hostname);
  snprintf(source->tool, sizeof source->tool, "%s (%s)", result->tool_version,
           result->git_revision[0] ? result->git_revision : "-");
  source->complete = result->complete;
  source->has_device = result->device_count > 0;
  if (source->has_device) {
    source->device_result = result->devices[0];
    source->device_result.readings = NULL;
    source->device_result.reading_count = 0;
    source->simulated = result->devices[0].info.simulated;
  }
  return copy_facts(source, result, err);
}

/* The source that `result` belongs to, made if there is none; −1 if there are too many already. */
static enum tmk_status find_source(struct tmk_report *report, const char *file, const struct tmk_result *result,
                                   int *index, struct tmk_error *err)
{
  char device[128];
  name_device(result, device, sizeof device);
  for (*index = 0; report->by_device && *index < report->source_count; (*index)++) {
    if (strcmp(report->sources[*index].device, device) == 0) break;
  }
  if (!report->by_device) *index = report->source_count;
  if (*index == report->source_count) {
    if (*index == TMK_REPORT_SOURCES_MAX) {
      *index = -1;
      return TMK_OK;
    }
    if ((*index & (*index - 1)) == 0) { /* a power of two, or none: full */
      size_t capacity = *index == 0 ? 1 : 2 * (size_t)*index;
      struct tmk_report_source *sources = realloc(report->sources, capacity * sizeof *sources);
      if (!sources) return fail_memory(err);
      report->sources = sources;
    }
    report->sources[*index] = (struct tmk_report_source){.best = -1};
    struct tmk_report_source *source = &report->sources[report->source_count++];
    memcpy(source->device, device, sizeof device);
    memcpy(source->name, device, sizeof device);
  }
  struct tmk_report_source *source = &report->sources[*index];
  if (source->runs++ == 0 || strcmp(result->start_utc, source->start_utc) >= 0)
    return describe_source(source, file, result, err);
  return TMK_OK;
}

/* --- rows --- */

static void free_row(struct tmk_report_row *row)
{
  free(row->key);
  free(row->reason);
  free(row->ops);
}

static enum tmk_status fill_row(struct tmk_report_row *row, int source, const struct tmk_result *result,
                                const struct tmk_point *point, struct tmk_error *err)
{
  bool shown = tmk_out_has_time(point) && point->provenance != TMK_PROV_SIMULATED;
  bool is_step = point->type == TMK_POINT_STEP || point->type == TMK_POINT_SCALE;
  double rate = is_step ? tmk_point_rate(point) : NAN;
  const struct tmk_throughput *throughput = &point->throughput;
  *row = (struct tmk_report_row){.source = source,
                                 .type = point->type,
                                 .provenance = point->provenance,
                                 .status = point->status,
                                 .verdict = point->verdict,
                                 .accounting = isfinite(rate) ? throughput->accounting : TMK_ACCT_NONE,
                                 .devices = throughput->devices,
                                 .rate = rate,
                                 .low = isfinite(rate) ? throughput->ci_low_tokens_per_s : NAN,
                                 .high = isfinite(rate) ? throughput->ci_high_tokens_per_s : NAN,
                                 .output_rate = isfinite(rate) ? throughput->output_tokens_per_s : NAN,
                                 .per_device = isfinite(rate) ? throughput->output_tokens_per_s_per_device : NAN,
                                 .per_user = isfinite(rate) ? throughput->output_tokens_per_s_per_user : NAN,
                                 .time_ns = shown ? point->stats.median_ns : NAN,
                                 .ttft_ns = shown ? point->latency.ttft_ns : NAN,
                                 .tpot_ns = shown ? point->latency.tpot_ns : NAN,
                                 .flops = point->limit.flops,
                                 .bytes = point->limit.bytes,
                                 .bound = point->limit.bound};
  if (is_step) row->workload.step = point->workload.step;
  if (point->type == TMK_POINT_COMM) row->workload.comm = point->workload.comm;
  row->share = tmk_out_share(point, &row->share_by_datasheet);
  snprintf(row->start_utc, sizeof row->start_utc, "%s", result->start_utc);
  row->key = strdup(point->key);
  if (!row->key) return fail_memory(err);
  if (point->reason[0]) {
    row->reason = strdup(point->reason);
    if (!row->reason) return fail_memory(err);
  }
  if (shown && point->op_count > 0 && point->ops) {
    row->ops = malloc((size_t)point->op_count * sizeof *row->ops);
    if (!row->ops) return fail_memory(err);
    memcpy(row->ops, point->ops, (size_t)point->op_count * sizeof *row->ops);
    row->op_count = point->op_count;
  }
  return TMK_OK;
}

/* An e2e is composed of what was measured, and measured where it failed before that: both are this machine's answer to a key. */
static enum tmk_provenance class_of(enum tmk_provenance provenance)
{
  return provenance == TMK_PROV_COMPOSED ? TMK_PROV_MEASURED : provenance;
}

/* FNV-1a. */
static uint64_t hash_of(int source, const char *key, enum tmk_provenance provenance)
{
  uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)source;
  for (const char *c = key; *c; c++) hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
  return (hash ^ (uint64_t)class_of(provenance)) * UINT64_C(0x100000001b3);
}

/* The slot where the row is, or where it would go. */
static int64_t *find_slot(const struct tmk_report *report, int source, const char *key, enum tmk_provenance provenance)
{
  int64_t mask = report->slot_count - 1;
  int64_t at = (int64_t)(hash_of(source, key, provenance) >> 1) & mask;
  while (report->slots[at] >= 0) {
    const struct tmk_report_row *row = &report->rows[report->slots[at]];
    if (row->source == source && class_of(row->provenance) == class_of(provenance) && strcmp(row->key, key) == 0) break;
    at = (at + 1) & mask;
  }
  return &report->slots[at];
}

/* Room for one row more, with at most half of the slots taken. */
static bool make_room(struct tmk_report *report)
{
  if (report->row_count * 2 < report->slot_count) return true;
  int64_t capacity = report->slot_count == 0 ? 64 : report->slot_count * 2;
  struct tmk_report_row *rows = realloc(report->rows, (size_t)capacity / 2 * sizeof *rows);
  if (!rows) return false;
  report->rows = rows;
  int64_t *slots = malloc((size_t)capacity * sizeof *slots);
  if (!slots) return false;
  free(report->slots);
  report->slots = slots;
  report->slot_count = capacity;
  for (int64_t i = 0; i < capacity; i++) slots[i] = -1;
  for (int64_t i = 0; i < report->row_count; i++) {
    *find_slot(report, rows[i].source, rows[i].key, rows[i].provenance) = i;
  }
  return true;
}

static enum tmk_status add_point(struct tmk_report *report, int source, const struct tmk_result *result,
                                 const struct tmk_point *point, struct tmk_error *err)
{
  struct tmk_report_row row;
  if (!make_room(report)) return fail_memory(err);
  int64_t *slot = find_slot(report, source, point->key, point->provenance);
  if (*slot >= 0) {
    report->sources[source].older++;
    if (strcmp(result->start_utc, report->rows[*slot].start_utc) < 0) return TMK_OK;
  } else if (report->row_count == TMK_REPORT_ROWS_MAX) {
    report->left_out++;
    return TMK_OK;
  }
  enum tmk_status status = fill_row(&row, source, result, point, err);
  if (status != TMK_OK) {
    free_row(&row);
    return status;
  }
  if (*slot >= 0) {
    free_row(&report->rows[*slot]);
  } else {
    *slot = report->row_count++;
  }
  report->rows[*slot] = row;
  return TMK_OK;
}

enum tmk_status tmk_report_add(struct tmk_report *report, const char *file, const struct tmk_result *result,
                               struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int source;
  TMK_TRY(find_source(report, file, result, &source, err));
  report->results++;
  if (source < 0) {
    report->left_out += result->point_count;
    goto out;
  }
  for (int64_t i = 0; i < result->point_count; i++) {
    TMK_TRY(add_point(report, source, result, &result->points[i], err));
  }
out:
  return status;
}

/* --- after the last --- */

/* As tmk_out_best: decode and e2e that were run here and judged, none over its limit. */
static bool may_lead(const struct tmk_report_row *row)
{
  bool run_here = row->provenance == TMK_PROV_MEASURED || row->provenance == TMK_PROV_COMPOSED ||
                  row->provenance == TMK_PROV_EXTRAPOLATED;
  enum tmk_report_outcome outcome = tmk_report_outcome(row);
  return run_here && row->accounting == TMK_ACCT_OUTPUT && !(row->verdict.codes & TMK_CODE_OVER_LIMIT) &&
         (outcome == TMK_OUTCOME_VALID || outcome == TMK_OUTCOME_SUSPECT);
}

void tmk_report_finish(struct tmk_report *report)
{
  for (int64_t i = 0; i < report->row_count; i++) {
    struct tmk_report_source *source = &report->sources[report->rows[i].source];
    if (!may_lead(&report->rows[i])) continue;
    if (source->best < 0 || report->rows[i].rate > report->rows[source->best].rate) source->best = i;
  }
  for (int i = 0; i < report->source_count; i++) {
    struct tmk_report_source *source = &report->sources[i];
    bool same = false;
    for (int j = 0; j < report->source_count; j++) {
      same = same || (j != i && strcmp(report->sources[j].device, source->device) == 0);
    }
    const char *slash = strrchr(source->file, '/');
    if (same)
      snprintf(source->name, sizeof source->name, "%.60s, %.60s", source->device, slash ? slash + 1 : source->file);
  }
}

void tmk_report_free(struct tmk_report *report)
{
  for (int i = 0; i < report->source_count; i++) free_facts(&report->sources[i]);
  for (int64_t i = 0; i < report->row_count; i++) free_row(&report->rows[i]);
  free(report->sources);
  free(report->rows);
  free(report->slots);
  *report = (struct tmk_report){0};
}
