/* result_json_read.c: a result from text, by the tables of result_fields.c, and the rules that hold between its members.
 *
 * A file of a later 1.x may have members that this build does not know: they are passed over. What it does know must be
 * there, of its type and in its range. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "result_fields.h"
#include "result_json.h"
#include "result_json_fast.h"
#include "verdict.h"

struct input {
  int minor;        /* of the file's 1.x */
  bool later_minor; /* it is later than this build's */
  struct tmk_error *err;
};

static enum tmk_status read_object(const struct input *in, struct tmk_json v, const struct tmk_field_object *object,
                                   void *base);

/* --- values --- */

static enum tmk_status read_int(const struct input *in, struct tmk_json v, const struct tmk_field *field, void *at)
{
  enum tmk_status status = TMK_OK;
  int64_t value = TMK_UNKNOWN;
  if (!(field->nullable && tmk_json_is_null(v))) {
    TMK_TRY(tmk_json_int(v, (int64_t)field->min, (int64_t)field->max, &value, in->err));
  }
  tmk_field_store_int(at, field->size, value);
out:
  return status;
}

static enum tmk_status read_real(const struct input *in, struct tmk_json v, const struct tmk_field *field, void *at)
{
  enum tmk_status status = TMK_OK;
  double value = NAN;
  if (!(field->nullable && tmk_json_is_null(v))) TMK_TRY(tmk_json_real(v, field->min, field->max, &value, in->err));
  memcpy(at, &value, sizeof value);
out:
  return status;
}

static enum tmk_status read_tristate(const struct input *in, struct tmk_json v, void *at)
{
  enum tmk_status status = TMK_OK;
  bool value = false;
  bool known = !tmk_json_is_null(v);
  if (known) TMK_TRY(tmk_json_bool(v, &value, in->err));
  tmk_field_store_int(at, sizeof(int64_t), known ? value : TMK_UNKNOWN);
out:
  return status;
}

static enum tmk_status read_text(const struct input *in, struct tmk_json v, const struct tmk_field *field, char *at)
{
  if (!(field->nullable && tmk_json_is_null(v))) return tmk_json_string(v, at, field->size, in->err);
  at[0] = '\0';
  return TMK_OK;
}

static int find_name(const struct tmk_field_names *names, int first, const char *text)
{
  for (int i = first; i < names->count; i++) {
    if (strcmp(names->name(i), text) == 0) return i;
  }
  return -1;
}

static enum tmk_status fail_name(const struct input *in, struct tmk_json v, const struct tmk_field_names *names,
                                 int first, const char *text)
{
  char allowed[256] = "";
  for (int i = first; i < names->count; i++) {
    size_t used = strlen(allowed);
    snprintf(allowed + used, sizeof allowed - used, "%s%s", i > first ? ", " : "", names->name(i));
  }
  return tmk_json_fail(v, in->err, "\"%s\": must be one of %s", text, allowed);
}

static enum tmk_status read_enum(const struct input *in, struct tmk_json v, const struct tmk_field *field, void *at)
{
  enum tmk_status status = TMK_OK;
  char text[64];
  int value = 0, first = (int)field->min;
  if (!(field->nullable && tmk_json_is_null(v))) {
    TMK_TRY(tmk_json_string(v, text, sizeof text, in->err));
    value = find_name(field->names, first, text);
    if (value < 0) TMK_TRY(fail_name(in, v, field->names, first, text));
  }
  tmk_field_store_int(at, sizeof(int32_t), value);
out:
  return status;
}

/* Decimal digits as tmk_json_put_uint_text writes them: no sign, no leading zeros, below 2^64. */
static enum tmk_status read_seed(const struct input *in, struct tmk_json v, void *at)
{
  enum tmk_status status = TMK_OK;
  char text[24];
  uint64_t seed = 0;
  TMK_TRY(tmk_json_string(v, text, sizeof text, in->err));
  size_t digits = strspn(text, "0123456789");
  bool good = digits > 0 && text[digits] == '\0' && !(text[0] == '0' && digits > 1);
  for (const char *c = text; good && *c; c++) {
    good = !__builtin_mul_overflow(seed, 10u, &seed) && !__builtin_add_overflow(seed, (unsigned)(*c - '0'), &seed);
  }
  if (!good) TMK_TRY(tmk_json_fail(v, in->err, "\"%s\": must be a decimal string 0..18446744073709551615", text));
  memcpy(at, &seed, sizeof seed);
out:
  return status;
}

/* --- things by dtype --- */

static enum tmk_status find_dtype(const struct input *in, struct tmk_json v, const char *text, enum tmk_dtype *dtype)
{
  *dtype = tmk_dtype_from_name(text);
  if (*dtype != TMK_DTYPE_NONE) return TMK_OK;
  return tmk_json_fail(v, in->err, "\"%s\": is no dtype that this build knows", text);
}

static enum tmk_status read_rates(const struct input *in, struct tmk_json v, const struct tmk_field *field, void *at)
{
  enum tmk_status status = TMK_OK;
  double *rates = at;
  enum tmk_dtype dtype;
  if (!tmk_json_is_object(v)) TMK_TRY(tmk_json_fail(v, in->err, "must be an object of dtypes"));
  for (struct tmk_json m = tmk_json_first(v); !tmk_json_is_missing(m); m = tmk_json_next(m)) {
    TMK_TRY(find_dtype(in, m, tmk_json_key(m), &dtype));
    TMK_TRY(tmk_json_real(m, field->min, field->max, &rates[dtype], in->err));
  }
out:
  return status;
}

static enum tmk_status read_dtype_set(const struct input *in, struct tmk_json v, void *at)
{
  enum tmk_status status = TMK_OK;
  bool *set = at;
  char text[64];
  enum tmk_dtype dtype;
  if (!tmk_json_is_array(v)) TMK_TRY(tmk_json_fail(v, in->err, "must be an array of dtypes"));
  for (struct tmk_json e = tmk_json_first(v); !tmk_json_is_missing(e); e = tmk_json_next(e)) {
    TMK_TRY(tmk_json_string(e, text, sizeof text, in->err));
    TMK_TRY(find_dtype(in, e, text, &dtype));
    set[dtype] = true;
  }
out:
  return status;
}

static enum tmk_status read_dtype_map(const struct input *in, struct tmk_json v, void *at)
{
  enum tmk_status status = TMK_OK;
  enum tmk_dtype *map = at;
  char text[64];
  enum tmk_dtype from, to;
  if (!tmk_json_is_object(v)) TMK_TRY(tmk_json_fail(v, in->err, "must be an object of dtypes"));
  for (struct tmk_json m = tmk_json_first(v); !tmk_json_is_missing(m); m = tmk_json_next(m)) {
    TMK_TRY(find_dtype(in, m, tmk_json_key(m), &from));
    TMK_TRY(tmk_json_string(m, text, sizeof text, in->err));
    TMK_TRY(find_dtype(in, m, text, &to));
    map[from] = to;
  }
out:
  return status;
}

/* A code that a later minor version brought is passed over: the verdict's value, which it led to, stands. */
static enum tmk_status read_codes(const struct input *in, struct tmk_json v, void *at)
{
  enum tmk_status status = TMK_OK;
  char text[64];
  unsigned codes = 0;
  if (!tmk_json_is_array(v)) TMK_TRY(tmk_json_fail(v, in->err, "must be an array of verdict codes"));
  for (struct tmk_json e = tmk_json_first(v); !tmk_json_is_missing(e); e = tmk_json_next(e)) {
    TMK_TRY(tmk_json_string(e, text, sizeof text, in->err));
    unsigned code = tmk_verdict_code_from_name(text);
    if (code == 0 && !in->later_minor) {
      TMK_TRY(tmk_json_fail(e, in->err, "\"%s\": is no verdict code that this build knows", text));
    }
    codes |= code;
  }
  memcpy(at, &codes, sizeof codes);
out:
  return status;
}

/* --- arrays: `at` is the place of the owned pointer, `count_at` of its count. Both are stored before the elements are
 * read, so that an error on the way leaves something that can be freed. --- */

static enum tmk_status allocate(const struct input *in, struct tmk_json v, int64_t max_count, size_t size, void *at,
                                void *count_at, void **elements)
{
  int64_t count = tmk_json_count(v);
  if (count > max_count) {
    return tmk_json_fail(v, in->err, "has %lld elements: at most %lld", (long long)count, (long long)max_count);
  }
  *elements = NULL;
  if (count > 0) {
    *elements = calloc((size_t)count, size);
    if (!*elements) return tmk_fail(in->err, TMK_ERR_MEMORY, "out of memory while reading a result");
  }
  memcpy(at, elements, sizeof *elements);
  memcpy(count_at, &count, sizeof count);
  return TMK_OK;
}

static enum tmk_status read_array(const struct input *in, struct tmk_json v, const struct tmk_field *field, void *at,
                                  void *count_at)
{
  enum tmk_status status = TMK_OK;
  void *elements;
  if (field->nullable && tmk_json_is_null(v)) return TMK_OK;
  if (!tmk_json_is_array(v)) TMK_TRY(tmk_json_fail(v, in->err, "must be an array"));
  TMK_TRY(allocate(in, v, field->max_count, field->size, at, count_at, &elements));
  char *element = elements;
  for (struct tmk_json e = tmk_json_first(v); !tmk_json_is_missing(e); e = tmk_json_next(e), element += field->size) {
    if (field->object->init) field->object->init(element);
    TMK_TRY(read_object(in, e, field->object, element));
  }
out:
  return status;
}

static enum tmk_status read_column(const struct input *in, struct tmk_json v, const struct tmk_field *field, void *at,
                                   void *count_at)
{
  enum tmk_status status = TMK_OK;
  void *elements;
  int64_t count, value;
  if (!tmk_json_is_array(v)) TMK_TRY(tmk_json_fail(v, in->err, "must be an array of integers"));
  if (field->leads) TMK_TRY(allocate(in, v, field->max_count, field->size, at, count_at, &elements));
  memcpy(&elements, at, sizeof elements);
  memcpy(&count, count_at, sizeof count);
  int64_t found = tmk_json_count(v);
  if (found != count) {
    TMK_TRY(tmk_json_fail(v, in->err, "has %lld elements: must have %lld, one a sample", (long long)found,
                          (long long)count));
  }
  char *element = elements;
  for (struct tmk_json e = tmk_json_first(v); !tmk_json_is_missing(e); e = tmk_json_next(e), element += field->size) {
    TMK_TRY(tmk_json_int(e, (int64_t)field->min, (int64_t)field->max, &value, in->err));
    tmk_field_store_int(element + field->member_offset, field->member_size, value);
  }
out:
  return status;
}

static enum tmk_status read_environment(const struct input *in, struct tmk_json v, const struct tmk_field *field,
                                        void *at, void *count_at)
{
  enum tmk_status status = TMK_OK;
  void *elements;
  if (!tmk_json_is_object(v)) TMK_TRY(tmk_json_fail(v, in->err, "must be an object of strings"));
  TMK_TRY(allocate(in, v, field->max_count, sizeof(struct tmk_env_var), at, count_at, &elements));
  struct tmk_env_var *var = elements;
  for (struct tmk_json m = tmk_json_first(v); !tmk_json_is_missing(m); m = tmk_json_next(m), var++) {
    const char *name = tmk_json_key(m);
    size_t length = strlen(name);
    if (length >= sizeof var->name) {
      TMK_TRY(tmk_json_fail(v, in->err, "has a name of %zu bytes: at most %zu", length, sizeof var->name - 1));
    }
    memcpy(var->name, name, length + 1);
    TMK_TRY(tmk_json_string(m, var->value, sizeof var->value, in->err));
  }
out:
  return status;
}

/* --- objects --- */

static enum tmk_status read_field(const struct input *in, struct tmk_json v, const struct tmk_field *field, void *base)
{
  char *at = (char *)base + field->offset;
  char *count_at = (char *)base + field->count_offset;
  switch (field->type) {
  case TMK_FIELD_INT: return read_int(in, v, field, at);
  case TMK_FIELD_REAL: return read_real(in, v, field, at);
  case TMK_FIELD_BOOL: return tmk_json_bool(v, (bool *)at, in->err);
  case TMK_FIELD_TRISTATE: return read_tristate(in, v, at);
  case TMK_FIELD_STRING: return read_text(in, v, field, at);
  case TMK_FIELD_ENUM: return read_enum(in, v, field, at);
  case TMK_FIELD_SEED: return read_seed(in, v, at);
  case TMK_FIELD_OBJECT: return read_object(in, v, field->pick ? field->pick(base) : field->object, at);
  case TMK_FIELD_ARRAY: return read_array(in, v, field, at, count_at);
  case TMK_FIELD_COLUMN: return read_column(in, v, field, at, count_at);
  case TMK_FIELD_RATES: return read_rates(in, v, field, at);
  case TMK_FIELD_DTYPE_SET: return read_dtype_set(in, v, at);
  case TMK_FIELD_DTYPE_MAP: return read_dtype_map(in, v, at);
  case TMK_FIELD_CODES: return read_codes(in, v, at);
  case TMK_FIELD_ENVIRONMENT: return read_environment(in, v, field, at, count_at);
  }
  return TMK_OK;
}

static enum tmk_status read_object(const struct input *in, struct tmk_json v, const struct tmk_field_object *object,
                                   void *base)
{
  enum tmk_status status = TMK_OK;
  if (object->is_absent && tmk_json_is_null(v)) return TMK_OK; /* as init left it */
  if (!tmk_json_is_object(v)) TMK_TRY(tmk_json_fail(v, in->err, "must be an object"));
  for (int i = 0; i < object->field_count; i++) {
    struct tmk_json member = tmk_json_get(v, object->fields[i].name);
    if (tmk_json_is_missing(member) && in->minor < object->fields[i].since) continue; /* as init left it */
    if (tmk_json_is_missing(member)) TMK_TRY(tmk_json_fail(member, in->err, "is missing"));
    TMK_TRY(read_field(in, member, &object->fields[i], base));
  }
out:
  return status;
}

/* --- rules between members; the schema states them as conditions --- */

enum tmk_point_rule tmk_point_broken_rule(const struct tmk_point *point)
{
  bool ran = point->status == TMK_POINT_OK;
  bool is_step = point->type == TMK_POINT_STEP || point->type == TMK_POINT_SCALE;
  bool is_e2e = is_step && point->workload.step.phase == TMK_PHASE_E2E;
  bool measured = point->provenance == TMK_PROV_MEASURED, extrapolated = point->provenance == TMK_PROV_EXTRAPOLATED;
  bool sampled = measured || (extrapolated && !is_e2e); /* an e2e may be composed of extrapolated steps */
  bool run_here = measured || extrapolated || point->provenance == TMK_PROV_COMPOSED;
  bool has_throughput = point->throughput.accounting != TMK_ACCT_NONE; /* which an object must name */
  if (!ran && point->reason[0] == '\0') return TMK_RULE_REASON;
  if (ran && sampled && point->sample_count == 0) return TMK_RULE_SAMPLES;
  if (ran && run_here && point->verdict.value == TMK_VERDICT_NONE) return TMK_RULE_VERDICT;
  if (point->sample_count > 0 && point->passes_per_sample == 0) return TMK_RULE_STEPS;
  if (point->sample_count > 0 && point->stats.count > 0 && point->stats.count != point->sample_count)
    return TMK_RULE_COUNT;
  if (has_throughput && (!is_step || !isfinite(tmk_point_rate(point)))) return TMK_RULE_THROUGHPUT;
  return TMK_RULE_NONE_BROKEN;
}

static enum tmk_status check_point(const struct input *in, struct tmk_json v, const struct tmk_point *point)
{
  switch (tmk_point_broken_rule(point)) {
  case TMK_RULE_NONE_BROKEN: break;
  case TMK_RULE_REASON:
    return tmk_json_fail(tmk_json_get(v, "reason"), in->err, "must say why the point was %s",
                         tmk_point_status_name(point->status));
  case TMK_RULE_SAMPLES:
    return tmk_json_fail(tmk_json_get(v, "samples_ns"), in->err, "is empty: a point that is ok and %s has samples",
                         tmk_provenance_name(point->provenance));
  case TMK_RULE_VERDICT:
    return tmk_json_fail(tmk_json_get(tmk_json_get(v, "verdict"), "value"), in->err,
                         "is null: a point that is ok and %s has a verdict", tmk_provenance_name(point->provenance));
  case TMK_RULE_STEPS:
    return tmk_json_fail(tmk_json_get(v, "steps_per_sample"), in->err, "must be at least 1 where there are samples");
  case TMK_RULE_COUNT:
    return tmk_json_fail(tmk_json_get(tmk_json_get(v, "stats"), "count"), in->err,
                         "%lld: must be %lld, the length of samples_ns", (long long)point->stats.count,
                         (long long)point->sample_count);
  case TMK_RULE_THROUGHPUT:
    return tmk_json_fail(tmk_json_get(v, "throughput"), in->err,
                         "must be null for a point of type op or comm, or that is skipped, failed, INVALID or "
                         "simulated, and must have the rate that its accounting names");
  }
  return TMK_OK;
}

static enum tmk_status check_points(const struct input *in, struct tmk_json root, const struct tmk_result *result)
{
  enum tmk_status status = TMK_OK;
  int64_t i = 0;
  struct tmk_json points = tmk_json_get(root, "points");
  for (struct tmk_json p = tmk_json_first(points); !tmk_json_is_missing(p); p = tmk_json_next(p), i++) {
    TMK_TRY(check_point(in, p, &result->points[i]));
  }
out:
  return status;
}

/* Whether this build reads the file at all, before anything else is looked at. */
static enum tmk_status check_version(struct input *in, const char *name, struct tmk_json root,
                                     struct tmk_result *result)
{
  enum tmk_status status = TMK_OK;
  char schema[64];
  int major, minor, own_minor, patch, used = 0;
  struct tmk_json version = tmk_json_get(root, "schema_version");
  if (!tmk_json_is_object(root)) TMK_TRY(tmk_json_fail(root, in->err, "must be an object"));
  TMK_TRY(tmk_json_string(tmk_json_get(root, "schema"), schema, sizeof schema, in->err));
  if (strcmp(schema, TMK_RESULT_SCHEMA) != 0) {
    TMK_TRY(tmk_fail(in->err, TMK_ERR_USAGE, "%s: schema %s: this build reads %s", name, schema, TMK_RESULT_SCHEMA));
  }
  TMK_TRY(tmk_json_string(version, result->schema_version, sizeof result->schema_version, in->err));
  const char *text = result->schema_version;
  if (strspn(text, "0123456789.") != strlen(text) ||
      sscanf(text, "%4d.%4d.%4d%n", &major, &minor, &patch, &used) != 3 || text[used] != '\0') {
    TMK_TRY(tmk_json_fail(version, in->err, "\"%s\": must be MAJOR.MINOR.PATCH", text));
  }
  if (major != 1) {
    TMK_TRY(tmk_fail(in->err, TMK_ERR_USAGE, "%s: schema_version %s: this build reads 1.x", name, text));
  }
  own_minor = (int)strtol(strchr(TMK_RESULT_SCHEMA_VERSION, '.') + 1, NULL, 10);
  in->minor = minor;
  in->later_minor = minor > own_minor;
out:
  return status;
}

static enum tmk_status read_document(const char *name, const struct tmk_json_doc *doc, struct tmk_result *result,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct input in = {.err = err};
  struct tmk_json root = tmk_json_root(doc);
  TMK_TRY(check_version(&in, name, root, result));
  TMK_TRY(read_object(&in, root, &tmk_result_fields, result));
  TMK_TRY(check_points(&in, root, result));
out:
  if (status != TMK_OK) tmk_result_free(result);
  return status;
}

enum tmk_status tmk_result_parse_strict(const char *name, const char *text, size_t size, struct tmk_result *result,
                                        struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  tmk_result_init(result);
  TMK_TRY(tmk_json_parse(name, text, size, &doc, err));
  TMK_TRY(read_document(name, doc, result, err));
out:
  tmk_json_free(doc);
  return status;
}

enum tmk_status tmk_result_parse(const char *name, const char *text, size_t size, struct tmk_result *result,
                                 struct tmk_error *err)
{
  if (tmk_result_parse_fast(text, size, result)) return TMK_OK;
  return tmk_result_parse_strict(name, text, size, result, err);
}

enum tmk_status tmk_result_read(const char *path, struct tmk_result *result, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL;
  size_t size = 0;
  tmk_result_init(result);
  TMK_TRY(tmk_file_read(path, &text, &size, err));
  TMK_TRY(tmk_result_parse(path, text, size, result, err));
out:
  free(text);
  return status;
}
