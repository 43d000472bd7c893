/* json_write.c: the writer of json.h. It builds the text itself: cJSON would print doubles in 15 to 17 digits, NaN as
 * null without being asked, and 64-bit integers through a double.
 *
 * Numbers go through snprintf and strtod, which use '.' because the program never calls setlocale(): LC_NUMERIC stays
 * "C".
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "json_scan.h"
#include "tokmark/device.h"

struct tmk_json_writer {
  char *text;
  size_t size, capacity;
  bool out_of_memory;
  int depth;
  bool in_object[TMK_JSON_MAX_DEPTH], has_members[TMK_JSON_MAX_DEPTH]; /* by level, 0 the outermost container */
};

struct tmk_json_writer *tmk_json_writer_create(void)
{
  return calloc(1, sizeof(struct tmk_json_writer));
}

/* After a failed allocation nothing more is written, and tmk_json_finish says so. */
static void append(struct tmk_json_writer *w, const char *bytes, size_t count)
{
  if (w == NULL || w->out_of_memory) return;
  if (count > w->capacity - w->size) {
    size_t capacity = w->capacity == 0 ? 4096 : w->capacity;
    while (capacity - w->size < count && capacity <= SIZE_MAX / 2) capacity *= 2;
    char *text = capacity - w->size < count ? NULL : realloc(w->text, capacity);
    if (text == NULL) {
      w->out_of_memory = true;
      return;
    }
    w->text = text;
    w->capacity = capacity;
  }
  memcpy(w->text + w->size, bytes, count);
  w->size += count;
}

static void append_text(struct tmk_json_writer *w, const char *text)
{
  append(w, text, strlen(text));
}

static void append_line_break(struct tmk_json_writer *w)
{
  append_text(w, "\n");
  for (int i = 0; i < w->depth; i++) append_text(w, "  ");
}

static void append_quoted(struct tmk_json_writer *w, const char *value)
{
  const unsigned char *p = (const unsigned char *)value;
  size_t left = strlen(value);
  append_text(w, "\"");
  while (left > 0) {
    size_t length = tmk_utf8_length(p, left);
    if (length == 0) {
      append_text(w, "\xef\xbf\xbd"); /* U+FFFD */
      length = 1;
    } else if (*p == '"' || *p == '\\') {
      append(w, (char[]){'\\', (char)*p}, 2);
    } else if (*p == '\n') {
      append_text(w, "\\n");
    } else if (*p == '\t') {
      append_text(w, "\\t");
    } else if (*p < 0x20 || *p == 0x7f) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", *p);
      append_text(w, escape);
    } else {
      append(w, (const char *)p, length);
    }
    p += length;
    left -= length;
  }
  append_text(w, "\"");
}

/* What stands before a value: comma, line break, key. */
static void begin_value(struct tmk_json_writer *w, const char *key)
{
  if (w == NULL) return;
  if (w->depth == 0) {
    assert(w->size == 0 && key == NULL);
    return;
  }
  int level = w->depth - 1;
  assert(w->in_object[level] == (key != NULL));
  if (w->has_members[level]) append_text(w, ",");
  w->has_members[level] = true;
  append_line_break(w);
  if (key == NULL) return;
  append_quoted(w, key);
  append_text(w, ": ");
}

static void begin_container(struct tmk_json_writer *w, const char *key, bool is_object)
{
  if (w == NULL) return;
  begin_value(w, key);
  assert(w->depth < TMK_JSON_MAX_DEPTH);
  append_text(w, is_object ? "{" : "[");
  w->in_object[w->depth] = is_object;
  w->has_members[w->depth] = false;
  w->depth++;
}

static void end_container(struct tmk_json_writer *w, bool is_object)
{
  if (w == NULL) return;
  assert(w->depth > 0 && w->in_object[w->depth - 1] == is_object);
  w->depth--;
  if (w->has_members[w->depth]) append_line_break(w);
  append_text(w, is_object ? "}" : "]");
}

void tmk_json_begin_object(struct tmk_json_writer *w, const char *key)
{
  begin_container(w, key, true);
}

void tmk_json_end_object(struct tmk_json_writer *w)
{
  end_container(w, true);
}

void tmk_json_begin_array(struct tmk_json_writer *w, const char *key)
{
  begin_container(w, key, false);
}

void tmk_json_end_array(struct tmk_json_writer *w)
{
  end_container(w, false);
}

static void append_int(struct tmk_json_writer *w, int64_t value)
{
  char text[24];
  if (value == TMK_UNKNOWN) {
    append_text(w, "null");
    return;
  }
  snprintf(text, sizeof text, "%" PRId64, value);
  append_text(w, text);
}

/* The fewest digits that read back equal. A decimal of at most 15 digits survives the way through a normal double and
 * back, so 15 digits, trailing zeros dropped, are already the shortest form of any number that has one of 15 or less;
 * that does not hold for subnormals, which try them all. */
static void append_real(struct tmk_json_writer *w, double value)
{
  char text[40];
  if (!isfinite(value)) {
    append_text(w, "null");
    return;
  }
  int digits = isnormal(value) ? 15 : 1;
  do {
    snprintf(text, sizeof text, "%.*g", digits, value);
    digits++;
  } while (digits <= 17 && strtod(text, NULL) != value);
  append_text(w, text);
}

void tmk_json_put_int(struct tmk_json_writer *w, const char *key, int64_t value)
{
  begin_value(w, key);
  append_int(w, value);
}

void tmk_json_put_uint_text(struct tmk_json_writer *w, const char *key, uint64_t value)
{
  char text[24];
  begin_value(w, key);
  snprintf(text, sizeof text, "\"%" PRIu64 "\"", value);
  append_text(w, text);
}

void tmk_json_put_real(struct tmk_json_writer *w, const char *key, double value)
{
  begin_value(w, key);
  append_real(w, value);
}

void tmk_json_put_bool(struct tmk_json_writer *w, const char *key, bool value)
{
  begin_value(w, key);
  append_text(w, value ? "true" : "false");
}

void tmk_json_put_string(struct tmk_json_writer *w, const char *key, const char *value)
{
  begin_value(w, key);
  if (value == NULL) {
    append_text(w, "null");
  } else {
    append_quoted(w, value);
  }
}

void tmk_json_put_null(struct tmk_json_writer *w, const char *key)
{
  begin_value(w, key);
  append_text(w, "null");
}

void tmk_json_put_ints(struct tmk_json_writer *w, const char *key, const int64_t *values, int64_t count)
{
  begin_value(w, key);
  append_text(w, "[");
  for (int64_t i = 0; i < count; i++) {
    if (i > 0) append_text(w, ", ");
    append_int(w, values[i]);
  }
  append_text(w, "]");
}

enum tmk_status tmk_json_finish(struct tmk_json_writer *w, char **text, size_t *size, struct tmk_error *err)
{
  *text = NULL;
  *size = 0;
  if (w == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory while writing JSON");
  assert(w->depth == 0);
  append(w, "\n", 2); /* with the NUL, which is not counted */
  enum tmk_status status = TMK_OK;
  if (w->out_of_memory) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory while writing JSON of %zu bytes", w->size);
    free(w->text);
  } else {
    *text = w->text;
    *size = w->size - 1;
  }
  free(w);
  return status;
}
