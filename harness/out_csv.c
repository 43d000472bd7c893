/* out_csv.c: every figure of every point, one row a point, as RFC 4180 has it. The columns are the members of the result
 * file, its objects flattened ("limit_share_measured"), so units stand in the names and nothing can be forgotten; raw samples
 * and per-operation times stay in the JSON. Members that only some types of point have are empty for the others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "out_parts.h"
#include "result_fields.h"
#include "verdict.h"

struct row {
  FILE *out;
  bool header; /* names instead of values */
  const char *separator;
};

static void put_cell(struct row *row, const char *text)
{
  fputs(row->separator, row->out);
  row->separator = ",";
  tmk_out_csv_text(row->out, text);
}

static void put_text(struct row *row, const char *text)
{
  char clean[1024];
  tmk_out_clean(text, false, clean, sizeof clean);
  put_cell(row, clean);
}

/* The fewest digits that read back equal. */
static void put_real(struct row *row, double value)
{
  char text[40] = "";
  for (int digits = 15; isfinite(value) && digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  put_cell(row, text);
}

static void put_int(struct row *row, int64_t value)
{
  char text[24] = "";
  if (value != TMK_UNKNOWN) snprintf(text, sizeof text, "%lld", (long long)value);
  put_cell(row, text);
}

static void put_value(struct row *row, const struct tmk_field *field, const void *at)
{
  double real;
  unsigned codes;
  char text[256];
  int64_t value;
  switch (field->type) {
  case TMK_FIELD_INT: put_int(row, tmk_field_load_int(at, field->size)); return;
  case TMK_FIELD_REAL:
    memcpy(&real, at, sizeof real);
    put_real(row, real);
    return;
  case TMK_FIELD_BOOL: put_cell(row, *(const bool *)at ? "true" : "false"); return;
  case TMK_FIELD_STRING: put_text(row, at); return;
  case TMK_FIELD_ENUM:
    value = tmk_field_load_int(at, sizeof(int32_t));
    put_cell(row, field->nullable && value == 0 ? "" : field->names->name((int)value));
    return;
  case TMK_FIELD_CODES:
    memcpy(&codes, at, sizeof codes);
    tmk_out_codes(codes, text, sizeof text);
    put_cell(row, text);
    return;
  case TMK_FIELD_TRISTATE: /* these do not stand in points */
  case TMK_FIELD_SEED:
  case TMK_FIELD_OBJECT:
  case TMK_FIELD_ARRAY:
  case TMK_FIELD_COLUMN:
  case TMK_FIELD_RATES:
  case TMK_FIELD_DTYPE_SET:
  case TMK_FIELD_DTYPE_MAP:
  case TMK_FIELD_ENVIRONMENT: break;
  }
  put_cell(row, "");
}

static void put_object(struct row *row, const char *prefix, const struct tmk_field_object *object, const void *base);

/* base NULL: the point has no such member. */
static void put_field(struct row *row, const char *prefix, const struct tmk_field *field, const void *base)
{
  char name[128];
  const void *at = base ? (const char *)base + field->offset : NULL;
  snprintf(name, sizeof name, "%s%s", prefix, field->name);
  if (field->type == TMK_FIELD_OBJECT) {
    snprintf(name, sizeof name, "%s%s_", prefix, field->name);
    put_object(row, name, field->object, at);
  } else if (row->header) {
    put_cell(row, name);
  } else if (!at) {
    put_cell(row, "");
  } else {
    put_value(row, field, at);
  }
}

static const struct tmk_field *find_field(const struct tmk_field_object *object, const char *name)
{
  for (int i = 0; i < object->field_count; i++) {
    if (strcmp(object->fields[i].name, name) == 0) return &object->fields[i];
  }
  return NULL;
}

static bool in_earlier_type(int type, const char *name)
{
  for (int earlier = 0; earlier < type; earlier++) {
    if (find_field(tmk_workload_fields[earlier], name)) return true;
  }
  return false;
}

/* The members of all types' workloads, each name once. */
static void put_workload(struct row *row, const struct tmk_point *point)
{
  for (int type = 0; type < TMK_POINT_TYPE_COUNT; type++) {
    const struct tmk_field_object *object = tmk_workload_fields[type];
    for (int i = 0; i < object->field_count; i++) {
      const char *name = object->fields[i].name;
      if (in_earlier_type(type, name)) continue;
      const struct tmk_field *own = point ? find_field(tmk_workload_fields[point->type], name) : NULL;
      put_field(row, "workload_", own ? own : &object->fields[i], own ? &point->workload : NULL);
    }
  }
}

static void put_object(struct row *row, const char *prefix, const struct tmk_field_object *object, const void *base)
{
  if (base && object->is_absent && object->is_absent(base)) base = NULL;
  for (int i = 0; i < object->field_count; i++) {
    const struct tmk_field *field = &object->fields[i];
    if (field->type == TMK_FIELD_ARRAY || field->type == TMK_FIELD_COLUMN) continue;
    if (field->pick) {
      put_workload(row, base);
    } else {
      put_field(row, prefix, field, base);
    }
  }
}

void tmk_out_csv_header(FILE *out)
{
  static const char *const run_columns[] = {"run_id", "start_utc", "complete", "git_revision", "hostname",
                                            "device", "backend",   "isa",      "threads"};
  struct row row = {out, true, ""};
  for (size_t i = 0; i < sizeof run_columns / sizeof run_columns[0]; i++) put_cell(&row, run_columns[i]);
  put_object(&row, "", &tmk_point_fields, NULL);
  fputs("\r\n", out);
}

void tmk_out_csv_rows(FILE *out, const struct tmk_result *result)
{
  for (int64_t i = 0; i < result->point_count; i++) {
    struct row row = {out, false, ""};
    const struct tmk_device_info *info = result->device_count > 0 ? &result->devices[0].info : NULL;
    put_text(&row, result->run_id);
    put_text(&row, result->start_utc);
    put_cell(&row, result->complete ? "true" : "false");
    put_text(&row, result->git_revision);
    put_text(&row, result->host.hostname);
    put_text(&row, info ? info->name : "");
    put_text(&row, info ? info->backend : "");
    put_text(&row, info ? info->isa : "");
    put_int(&row, info ? info->threads : TMK_UNKNOWN);
    put_object(&row, "", &tmk_point_fields, &result->points[i]);
    fputs("\r\n", out);
  }
}

void tmk_out_csv(FILE *out, const struct tmk_result *result)
{
  tmk_out_csv_header(out);
  tmk_out_csv_rows(out, result);
}
