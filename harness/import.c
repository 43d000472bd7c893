/* import.c: what the formats of import.h share: which of them a text is, points, machines, and the end. */
#include "import.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "model_config.h"
#include "stats.h"
#include "target.h"

#define INDEX_SIZE (1 << 18) /* slots, over twice TMK_IMPORT_MAX_POINTS: there is always a free one */

/* --- opening --- */

static void take_known(void *context, const struct tmk_model *model)
{
  struct tmk_import *import = context;
  if (import->known_count == (int)(sizeof import->known / sizeof import->known[0])) return;
  struct tmk_import_model *known = &import->known[import->known_count++];
  memcpy(known->name, model->name, sizeof known->name);
  known->family = model->family;
  known->parameters = known->gguf_parameters = tmk_model_parameters(model);
  /* Its converter stores the factors of Llama 3's rotary scaling as a tensor, one for each pair of a head's dims. */
  if (model->rope.scaling == TMK_ROPE_LLAMA3) known->gguf_parameters += model->rope.rotary_dim / 2;
}

enum tmk_status tmk_import_open(struct tmk_import *import, struct tmk_result *result, const char *model,
                                struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  *import = (struct tmk_import){.result = result, .model = model};
  if (model) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *id = tmk_model_id_from_alias(model);
    const size_t length = strlen(model);
    if (id) {
      import->model = id;
    } else if (length == 0 || length >= sizeof import->key_model || strspn(model, plain) != length) {
      TMK_TRY(tmk_fail(err, TMK_ERR_USAGE,
                       "--model %.100s: must be one that `tokmark models` lists, or 1..%zu letters, digits, '.', '_' "
                       "and '-'",
                       model, sizeof import->key_model - 1));
    }
  }
  import->index = calloc(INDEX_SIZE, sizeof *import->index);
  if (!import->index) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for an import"));
  TMK_TRY(tmk_model_builtin_each(take_known, import, err));
out:
  return status;
}

void tmk_import_close(struct tmk_import *import)
{
  free(import->index);
  import->index = NULL;
}

/* --- rows --- */

static void hand_on(struct tmk_import *import, const char *line)
{
  import->refused++;
  if (import->on_refusal) import->on_refusal(import->context, line);
}

void tmk_import_refuse(struct tmk_import *import, struct tmk_json at, const char *why)
{
  struct tmk_error line = {0};
  tmk_json_fail(at, &line, "%s", why);
  hand_on(import, line.message);
}

void tmk_import_refuse_line(struct tmk_import *import, const char *name, int64_t line, const char *why)
{
  struct tmk_error text = {0};
  tmk_fail(&text, TMK_ERR_USAGE, "%s:%lld: %s", name, (long long)line, why);
  hand_on(import, text.message);
}

/* Where a key stands, or the free slot for it. FNV-1a. */
static int32_t *slot_of(const struct tmk_import *import, const char *key)
{
  uint32_t hash = 2166136261u;
  for (const char *c = key; *c; c++) hash = (hash ^ (unsigned char)*c) * 16777619u;
  for (;; hash++) {
    int32_t *slot = &import->index[hash % INDEX_SIZE];
    if (*slot == 0 || strcmp(import->result->points[*slot - 1].key, key) == 0) return slot;
  }
}

static enum tmk_status grow(struct tmk_import *import, struct tmk_error *err)
{
  struct tmk_result *result = import->result;
  if (result->point_count == TMK_IMPORT_MAX_POINTS) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s: more than %d points: a result file holds no more", import->name,
                    TMK_IMPORT_MAX_POINTS);
  }
  if (result->point_count < import->point_capacity) return TMK_OK;
  const int64_t capacity = import->point_capacity == 0 ? 16 : import->point_capacity * 2;
  struct tmk_point *points = realloc(result->points, (size_t)capacity * sizeof *points);
  if (!points) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld points", (long long)capacity);
  result->points = points;
  import->point_capacity = capacity;
  return TMK_OK;
}

enum tmk_status tmk_import_add(struct tmk_import *import, struct tmk_point *point, char why[256], struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int32_t *slot = slot_of(import, point->key);
  if (*slot != 0) {
    snprintf(why, 256, "%.200s: there is such a point already", point->key);
    goto out;
  }
  TMK_TRY(grow(import, err));
  import->result->points[import->result->point_count++] = *point;
  *slot = (int32_t)import->result->point_count;
  if (point->type == TMK_POINT_STEP) {
    const char *name = point->workload.step.model;
    if (import->key_model[0] == '\0') memcpy(import->key_model, name, strlen(name) + 1);
    if (strcmp(import->key_model, name) != 0) import->models_differ = true;
  }
  return TMK_OK;
out:
  tmk_point_free(point);
  return status;
}

enum tmk_status tmk_import_sample(struct tmk_point *point, const int64_t *times_ns, int64_t count, int64_t passes,
                                  struct tmk_error *err)
{
  point->samples = calloc((size_t)count, sizeof *point->samples);
  if (!point->samples) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %lld samples", (long long)count);
  for (int64_t i = 0; i < count; i++) {
    point->samples[i] = (struct tmk_sample){times_ns[i], times_ns[i], (int32_t)i}; /* each its own round */
  }
  point->sample_count = count;
  point->passes_per_sample = passes;
  return tmk_stats_compute(point->samples, count, passes, &point->stats, err);
}

/* --- machines --- */

void tmk_import_copy(char *out, size_t size, const char *text, size_t length)
{
  if (length >= size) {
    length = size - 1;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) length--; /* no half characters */
  }
  memcpy(out, text, length);
  out[length] = '\0';
}

/* "NVIDIA H100 80GB HBM3" → "nvidia-h100-80gb-hbm3"; a CPU has its threads behind it. What stands in brackets is noise. */
static void slug_of(const char *name, int64_t threads, char *slug, size_t size)
{
  char tail[32] = "";
  if (threads > 0) snprintf(tail, sizeof tail, "-%lldt", (long long)threads);
  const size_t room = size - strlen(tail) - 1;
  size_t used = 0;
  for (bool apart = false, inside = false; *name && used < room; name++) {
    inside = *name == '(' || (inside && *name != ')');
    const bool plain = !inside && (unsigned char)*name < 128 && isalnum((unsigned char)*name);
    if (plain && apart && used > 0 && used + 1 < room) slug[used++] = '-';
    if (plain) slug[used++] = (char)tolower((unsigned char)*name);
    apart = !plain;
  }
  if (used == 0) tail[0] = '\0';
  memcpy(slug + used, tail, strlen(tail) + 1);
}

void tmk_import_device_init(struct tmk_device_result *device, const char *backend, const char *name, bool is_cpu,
                            int64_t threads)
{
  struct tmk_device_info *info = &device->info;
  *device = (struct tmk_device_result){.drift = NAN, .datasheet_read_bytes_per_s = NAN};
  tmk_device_info_init(info);
  tmk_ceilings_init(&device->ceilings);
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) device->datasheet_flops_per_s[i] = NAN;
  if (backend[0] == '\0') backend = "unknown";
  if (name[0] == '\0') name = "unknown";
  tmk_import_copy(info->backend, sizeof info->backend, backend, strlen(backend));
  for (char *c = info->backend; *c; c++) *c = (char)tolower((unsigned char)*c);
  tmk_import_copy(info->name, sizeof info->name, name, strlen(name));
  info->is_cpu = is_cpu;
  if (is_cpu) info->threads = threads;
  slug_of(info->name, is_cpu && threads != TMK_UNKNOWN ? threads : 0, info->slug, sizeof info->slug);
}

void tmk_import_machine(struct tmk_import *import, struct tmk_device_result *devices, int64_t count, char why[256])
{
  struct tmk_result *result = import->result;
  if (result->point_count == 0) {
    struct tmk_gpu gpu;
    free(result->devices);
    for (int64_t i = 0; i < count && !devices[i].info.is_cpu; i++) {
      const int row =
          i > 0 && strcmp(devices[i].info.name, devices[0].info.name) == 0 ? -1 : tmk_gpu_find(devices[i].info.name);
      if (i > 0 && row < 0) memcpy(devices[i].info.gpu_id, devices[0].info.gpu_id, sizeof gpu.id);
      if (row >= 0 && tmk_gpu_get(row, &gpu, NULL) == TMK_OK) memcpy(devices[i].info.gpu_id, gpu.id, sizeof gpu.id);
    }
    result->devices = devices;
    result->device_count = count;
    return;
  }
  if (count != result->device_count) {
    snprintf(why, 256, "%lld devices, where the rows before have %lld: a result file is of one machine",
             (long long)count, (long long)result->device_count);
  }
  for (int64_t i = 0; i < count && why[0] == '\0'; i++) {
    const struct tmk_device_info *a = &result->devices[i].info, *b = &devices[i].info;
    if (strcmp(a->name, b->name) != 0 || strcmp(a->backend, b->backend) != 0) {
      snprintf(why, 256, "%s: %.80s, where the rows before are of %s: %.80s: a result file is of one machine",
               b->backend, b->name, a->backend, a->name);
    } else if (a->threads != b->threads) {
      snprintf(why, 256, "n_threads %lld, where the rows before have %lld: a result file has one number",
               (long long)b->threads, (long long)a->threads);
    } else if (strcmp(a->runtime_version, b->runtime_version) != 0) {
      snprintf(why, 256, "%s, where the rows before are of %s: a result file is of one build", b->runtime_version,
               a->runtime_version);
    }
  }
  free(devices);
}

/* --- texts --- */

/* One line of JSON Lines: a document of its own, called FILE:LINE. */
static enum tmk_status import_line(struct tmk_import *import, const char *name, int64_t number, const char *line,
                                   size_t size, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  char place[512];
  snprintf(place, sizeof place, "%.480s:%lld", name, (long long)number);
  TMK_TRY(tmk_json_parse(place, line, size, &doc, err));
  TMK_TRY(tmk_import_llama_row(import, tmk_json_root(doc), err));
out:
  tmk_json_free(doc);
  return status;
}

static enum tmk_status import_lines(struct tmk_import *import, const char *name, const char *text, size_t size,
                                    struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int64_t number = 0;
  for (size_t at = 0; at < size;) {
    const char *end = memchr(text + at, '\n', size - at);
    const size_t length = end ? (size_t)(end - (text + at)) : size - at;
    size_t blank = 0;
    while (blank < length && strchr(" \t\r", text[at + blank]) && text[at + blank]) blank++;
    number++;
    if (blank < length) TMK_TRY(import_line(import, name, number, text + at, length, err));
    at += length + 1;
  }
out:
  return status;
}

static enum tmk_status import_document(struct tmk_import *import, enum tmk_import_format format, struct tmk_json root,
                                       struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const bool has_results = !tmk_json_is_missing(tmk_json_get(root, "results"));
  if (format == TMK_IMPORT_NCCL_TESTS || (format == TMK_IMPORT_AUTO && has_results)) {
    return tmk_import_nccl_json(import, root, err);
  }
  if (!tmk_json_is_array(root)) return tmk_import_llama_row(import, root, err);
  for (struct tmk_json row = tmk_json_first(root); !tmk_json_is_missing(row); row = tmk_json_next(row)) {
    TMK_TRY(tmk_import_llama_row(import, row, err));
  }
out:
  return status;
}

/* '[' or '{' begins JSON; a whole line that is an object, with more behind it, is the first of JSON Lines. */
enum tmk_status tmk_import_text(struct tmk_import *import, enum tmk_import_format format, const char *name,
                                const char *text, size_t size, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  size_t at = 0;
  import->name = name;
  while (at < size && strchr(" \t\r\n", text[at]) && text[at]) at++;
  if (at == size) return tmk_fail(err, TMK_ERR_USAGE, "%s: is empty", name);
  if (text[at] == '#' || (format == TMK_IMPORT_NCCL_TESTS && text[at] != '{')) {
    if (format != TMK_IMPORT_LLAMA_BENCH) return tmk_import_nccl_table(import, name, text, size, err);
  }
  if (text[at] == '{' && format != TMK_IMPORT_NCCL_TESTS) {
    const char *end = memchr(text + at, '\n', size - at);
    size_t last = end ? (size_t)(end - text) : size;
    while (last > at && strchr(" \t\r", text[last - 1]) && text[last - 1]) last--;
    if (end && text[last - 1] == '}') { /* else: one document over several lines */
      size_t rest = (size_t)(end - text);
      while (rest < size && strchr(" \t\r\n", text[rest]) && text[rest]) rest++;
      if (rest < size) return import_lines(import, name, text, size, err);
    }
  }
  TMK_TRY(tmk_json_parse(name, text, size, &doc, err));
  TMK_TRY(import_document(import, format, tmk_json_root(doc), err));
out:
  tmk_json_free(doc);
  return status;
}

enum tmk_status tmk_import_finish(struct tmk_import *import, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_result *result = import->result;
  struct tmk_model model;
  if (result->point_count == 0) {
    return tmk_fail(err, TMK_ERR_FAILED, "nothing to import: %lld of %lld rows left out", (long long)import->refused,
                    (long long)import->rows);
  }
  snprintf(result->settings.suite, sizeof result->settings.suite, "%s", import->source);
  const char *id =
      import->models_differ || import->key_model[0] == '\0' ? NULL : tmk_model_id_from_alias(import->key_model);
  if (!id) return TMK_OK;
  TMK_TRY(tmk_model_load(id, &model, err));
  tmk_identity_set_model(&model, result->points[0].workload.step.weight_dtype, result->points[0].workload.step.kv_dtype,
                         result);
out:
  return status;
}
