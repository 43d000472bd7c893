/* result_json_write.c: a result as text and as a file, by the tables of result_fields.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "result_fields.h"
#include "result_json.h"
#include "verdict.h"

struct output {
  struct tmk_json_writer *json;
  bool out_of_memory;
};

static void write_object(struct output *out, const char *key, const struct tmk_field_object *object, const void *base);

static double finite_or_nan(double value)
{
  return isfinite(value) ? value : NAN;
}

static void write_int(struct output *out, const struct tmk_field *field, const void *at)
{
  int64_t value = tmk_field_load_int(at, field->size);
  /* Readers refuse what a double can't hold exactly: a saturated size is as good as unknown. */
  if (field->nullable && (double)value > TMK_FIELD_MAX_INT) value = TMK_UNKNOWN;
  tmk_json_put_int(out->json, field->name, value);
}

static void write_tristate(struct output *out, const struct tmk_field *field, const void *at)
{
  int64_t value = tmk_field_load_int(at, sizeof value);
  if (value == TMK_UNKNOWN) {
    tmk_json_put_null(out->json, field->name);
  } else {
    tmk_json_put_bool(out->json, field->name, value != 0);
  }
}

static void write_text(struct output *out, const struct tmk_field *field, const char *text)
{
  if (field->nullable && text[0] == '\0') {
    tmk_json_put_null(out->json, field->name);
  } else {
    tmk_json_put_string(out->json, field->name, text);
  }
}

static void write_enum(struct output *out, const struct tmk_field *field, const void *at)
{
  int64_t value = tmk_field_load_int(at, sizeof(int32_t));
  write_text(out, field, field->nullable && value == 0 ? "" : field->names->name((int)value));
}

static void write_rates(struct output *out, const struct tmk_field *field, const double *rates)
{
  tmk_json_begin_object(out->json, field->name);
  for (int dtype = 1; dtype < TMK_DTYPE_COUNT; dtype++) {
    if (isfinite(rates[dtype])) tmk_json_put_real(out->json, tmk_dtype_name((enum tmk_dtype)dtype), rates[dtype]);
  }
  tmk_json_end_object(out->json);
}

static void write_dtype_set(struct output *out, const struct tmk_field *field, const bool *set)
{
  tmk_json_begin_array(out->json, field->name);
  for (int dtype = 1; dtype < TMK_DTYPE_COUNT; dtype++) {
    if (set[dtype]) tmk_json_put_string(out->json, NULL, tmk_dtype_name((enum tmk_dtype)dtype));
  }
  tmk_json_end_array(out->json);
}

static void write_dtype_map(struct output *out, const struct tmk_field *field, const enum tmk_dtype *map)
{
  tmk_json_begin_object(out->json, field->name);
  for (int dtype = 1; dtype < TMK_DTYPE_COUNT; dtype++) {
    if (map[dtype] == TMK_DTYPE_NONE) continue;
    tmk_json_put_string(out->json, tmk_dtype_name((enum tmk_dtype)dtype), tmk_dtype_name(map[dtype]));
  }
  tmk_json_end_object(out->json);
}

static void write_codes(struct output *out, const struct tmk_field *field, unsigned codes)
{
  int count;
  const struct tmk_verdict_code_row *rows = tmk_verdict_codes(&count);
  tmk_json_begin_array(out->json, field->name);
  for (int i = 0; i < count; i++) {
    if (codes & (unsigned)rows[i].code) tmk_json_put_string(out->json, NULL, rows[i].name);
  }
  tmk_json_end_array(out->json);
}

static void write_environment(struct output *out, const struct tmk_field *field, const struct tmk_env_var *vars,
                              int64_t count)
{
  tmk_json_begin_object(out->json, field->name);
  for (int64_t i = 0; i < count; i++) tmk_json_put_string(out->json, vars[i].name, vars[i].value);
  tmk_json_end_object(out->json);
}

static void write_array(struct output *out, const struct tmk_field *field, const char *elements, int64_t count)
{
  if (field->nullable && !elements) {
    tmk_json_put_null(out->json, field->name);
    return;
  }
  tmk_json_begin_array(out->json, field->name);
  for (int64_t i = 0; i < count; i++) write_object(out, NULL, field->object, elements + (size_t)i * field->size);
  tmk_json_end_array(out->json);
}

static void write_column(struct output *out, const struct tmk_field *field, const char *elements, int64_t count)
{
  int64_t *values = malloc((size_t)(count > 0 ? count : 1) * sizeof *values);
  if (!values) {
    out->out_of_memory = true;
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    const char *element = elements + (size_t)i * field->size;
    values[i] = tmk_field_load_int(element + field->member_offset, field->member_size);
  }
  tmk_json_put_ints(out->json, field->name, values, count);
  free(values);
}

static void write_field(struct output *out, const struct tmk_field *field, const void *base)
{
  const char *at = (const char *)base + field->offset;
  const void *elements = NULL;
  int64_t count = 0;
  uint64_t seed;
  double real;
  unsigned codes;

  switch (field->type) {
  case TMK_FIELD_INT: write_int(out, field, at); break;
  case TMK_FIELD_REAL:
    memcpy(&real, at, sizeof real);
    tmk_json_put_real(out->json, field->name, finite_or_nan(real));
    break;
  case TMK_FIELD_BOOL: tmk_json_put_bool(out->json, field->name, *(const bool *)at); break;
  case TMK_FIELD_TRISTATE: write_tristate(out, field, at); break;
  case TMK_FIELD_STRING: write_text(out, field, at); break;
  case TMK_FIELD_ENUM: write_enum(out, field, at); break;
  case TMK_FIELD_SEED:
    memcpy(&seed, at, sizeof seed);
    tmk_json_put_uint_text(out->json, field->name, seed);
    break;
  case TMK_FIELD_OBJECT: write_object(out, field->name, field->pick ? field->pick(base) : field->object, at); break;
  case TMK_FIELD_RATES: write_rates(out, field, (const void *)at); break;
  case TMK_FIELD_DTYPE_SET: write_dtype_set(out, field, (const void *)at); break;
  case TMK_FIELD_DTYPE_MAP: write_dtype_map(out, field, (const void *)at); break;
  case TMK_FIELD_CODES:
    memcpy(&codes, at, sizeof codes);
    write_codes(out, field, codes);
    break;
  case TMK_FIELD_ARRAY:
  case TMK_FIELD_COLUMN:
  case TMK_FIELD_ENVIRONMENT:
    memcpy(&elements, at, sizeof elements);
    memcpy(&count, (const char *)base + field->count_offset, sizeof count);
    if (field->type == TMK_FIELD_ARRAY) write_array(out, field, elements, count);
    if (field->type == TMK_FIELD_COLUMN) write_column(out, field, elements, count);
    if (field->type == TMK_FIELD_ENVIRONMENT) write_environment(out, field, elements, count);
    break;
  }
}

static void write_object(struct output *out, const char *key, const struct tmk_field_object *object, const void *base)
{
  if (object->is_absent && object->is_absent(base)) {
    tmk_json_put_null(out->json, key);
    return;
  }
  tmk_json_begin_object(out->json, key);
  for (int i = 0; i < object->field_count; i++) write_field(out, &object->fields[i], base);
  tmk_json_end_object(out->json);
}

enum tmk_status tmk_result_to_json(const struct tmk_result *result, char **text, size_t *size, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct output out = {tmk_json_writer_create(), false};
  *text = NULL;
  *size = 0;
  if (!out.json) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory while writing a result");

  tmk_json_begin_object(out.json, NULL);
  tmk_json_put_string(out.json, "schema", TMK_RESULT_SCHEMA);
  tmk_json_put_string(out.json, "schema_version", TMK_RESULT_SCHEMA_VERSION); /* what is written, not what was read */
  for (int i = 0; i < tmk_result_fields.field_count; i++) write_field(&out, &tmk_result_fields.fields[i], result);
  tmk_json_end_object(out.json);
  status = tmk_json_finish(out.json, text, size, err);
  if (status == TMK_OK && out.out_of_memory) {
    free(*text);
    *text = NULL;
    *size = 0;
    status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory while writing a result");
  }
  return status;
}

enum tmk_status tmk_result_write(const struct tmk_result *result, const char *path, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL;
  size_t size = 0;
  TMK_TRY(tmk_result_to_json(result, &text, &size, err));
  TMK_TRY(tmk_file_write_atomic(path, text, size, err));
out:
  free(text);
  return status;
}
