/* json.c: documents, places and getters of json.h over cJSON. This is the only file that includes cJSON.h.
 *
 * A document passes three sieves: json_scan.c (grammar, encoding, depth, with line and column), cJSON (the tree), and a
 * walk over the tree (a key twice, numbers beyond a double).
 */
#include "json.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_scan.h"

struct tmk_json_doc {
  char *name;
  cJSON *root;
};

/* 2^53 itself is no exact integer here: 2^53 + 1 reads as the same double. */
#define INT_LIMIT ((int64_t)1 << 53)

/* --- the walk over a parsed tree --- */

/* The way from the root to a node, as a list on the stack; made into text only for an error. */
struct step {
  const struct step *parent;
  const cJSON *node;
  int64_t index;
};

/* A growing array of the keys of one object, used again for each. */
struct key_buffer {
  const char **keys;
  size_t capacity;
};

/* The bytes of `text` that stay when it is cut to `limit`, without splitting a character. */
static size_t whole_characters(const char *text, size_t limit)
{
  if (strnlen(text, limit + 1) <= limit) return strlen(text);
  while (limit > 0 && ((unsigned char)text[limit] & 0xc0) == 0x80) limit--;
  return limit;
}

static void path_append(char *path, size_t size, const char *key, int64_t index)
{
  static const char cut[] = "...";
  size_t used = strlen(path);
  if (used >= sizeof cut - 1 && strcmp(path + used - (sizeof cut - 1), cut) == 0) return;
  int length = key != NULL ? snprintf(path + used, size - used, "%s%s", used > 0 ? "." : "", key)
                           : snprintf(path + used, size - used, "[%" PRId64 "]", index);
  if (length >= 0 && (size_t)length < size - used) return;
  /* Too long: the end is given up for a mark that it is not whole. */
  memcpy(path + whole_characters(path, size - sizeof cut), cut, sizeof cut);
}

static void step_path(const struct step *step, char *path, size_t size)
{
  if (step->parent == NULL) {
    path[0] = 0;
    return;
  }
  step_path(step->parent, path, size);
  path_append(path, size, step->node->string, step->index);
}

static enum tmk_status fail_at_step(const char *name, const struct step *step, struct tmk_error *err, const char *what,
                                    const char *key)
{
  char path[160];
  step_path(step, path, sizeof path);
  return tmk_fail(err, TMK_ERR_USAGE, "%s: %s%s%s%s", name, path, path[0] != 0 ? ": " : "", what, key);
}

static int compare_keys(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, so that an object of n keys costs n log n. */
static enum tmk_status check_keys(const char *name, const struct step *step, struct key_buffer *buffer,
                                  struct tmk_error *err)
{
  size_t count = 0;
  for (const cJSON *child = step->node->child; child != NULL; child = child->next) {
    if (count == buffer->capacity) {
      size_t capacity = buffer->capacity == 0 ? 64 : buffer->capacity * 2;
      const char **keys = realloc(buffer->keys, capacity * sizeof *keys);
      if (keys == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "%s: out of memory for %zu keys", name, capacity);
      buffer->keys = keys;
      buffer->capacity = capacity;
    }
    buffer->keys[count++] = child->string;
  }
  if (count > 1) qsort(buffer->keys, count, sizeof *buffer->keys, compare_keys);
  for (size_t i = 1; i < count; i++) {
    if (strcmp(buffer->keys[i - 1], buffer->keys[i]) == 0) {
      return fail_at_step(name, step, err, "this key stands twice: ", buffer->keys[i]);
    }
  }
  return TMK_OK;
}

/* Recursion is as deep as the document, which json_scan.c has bounded. */
static enum tmk_status check_tree(const char *name, const struct step *step, struct key_buffer *buffer,
                                  struct tmk_error *err)
{
  const cJSON *node = step->node;
  if (cJSON_IsNumber(node) && !isfinite(node->valuedouble)) {
    return fail_at_step(name, step, err, "a number beyond 1.7976931348623157e308", "");
  }
  enum tmk_status status = cJSON_IsObject(node) ? check_keys(name, step, buffer, err) : TMK_OK;
  int64_t index = 0;
  if (!cJSON_IsObject(node) && !cJSON_IsArray(node)) return status;
  for (const cJSON *child = node->child; child != NULL && status == TMK_OK; child = child->next) {
    struct step next = {.parent = step, .node = child, .index = index++};
    status = check_tree(name, &next, buffer, err);
  }
  return status;
}

/* --- documents --- */

enum tmk_status tmk_json_parse(const char *name, const char *text, size_t size, struct tmk_json_doc **out,
                               struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  struct key_buffer buffer = {0};
  *out = NULL;
  if (size > (size_t)TMK_JSON_MAX_BYTES) {
    TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "%s: %zu bytes: must be at most %" PRId64, name, size, TMK_JSON_MAX_BYTES));
  }
  if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
    text += 3;
    size -= 3;
  }
  if (size == 0) TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "%s: is empty: must be a JSON document", name));
  TMK_TRY(tmk_json_scan(name, text, size, err));
  doc = calloc(1, sizeof *doc);
  if (doc == NULL || (doc->name = strdup(name)) == NULL) {
    TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "%s: out of memory", name));
  }
  /* The scan has seen to the whole text, trailing bytes too; what can still fail here is memory. */
  doc->root = cJSON_ParseWithLengthOpts(text, size, NULL, false);
  if (doc->root == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "%s: out of memory for %zu bytes of JSON", name, size));
  TMK_TRY(check_tree(name, &(struct step){.node = doc->root}, &buffer, err));
  *out = doc;
  doc = NULL;
out:
  free(buffer.keys);
  tmk_json_free(doc);
  return status;
}

void tmk_json_free(struct tmk_json_doc *doc)
{
  if (doc == NULL) return;
  cJSON_Delete(doc->root);
  free(doc->name);
  free(doc);
}

/* --- places --- */

struct tmk_json tmk_json_root(const struct tmk_json_doc *doc)
{
  return (struct tmk_json){.doc = doc, .node = doc == NULL ? NULL : doc->root};
}

bool tmk_json_is_object(struct tmk_json v)
{
  return cJSON_IsObject(v.node);
}

bool tmk_json_is_array(struct tmk_json v)
{
  return cJSON_IsArray(v.node);
}

bool tmk_json_is_null(struct tmk_json v)
{
  return v.node == NULL || cJSON_IsNull(v.node);
}

bool tmk_json_is_missing(struct tmk_json v)
{
  return v.node == NULL;
}

struct tmk_json tmk_json_get(struct tmk_json object, const char *key)
{
  struct tmk_json v = object;
  v.node = cJSON_IsObject(object.node) ? cJSON_GetObjectItemCaseSensitive(object.node, key) : NULL;
  path_append(v.path, sizeof v.path, key, 0);
  return v;
}

struct tmk_json tmk_json_at(struct tmk_json array, int64_t index)
{
  struct tmk_json v = array;
  const cJSON *child = cJSON_IsArray(array.node) && index >= 0 ? array.node->child : NULL;
  for (int64_t i = 0; i < index && child != NULL; i++) child = child->next;
  v.node = child;
  path_append(v.path, sizeof v.path, NULL, index);
  return v;
}

static const cJSON *first_child(struct tmk_json container)
{
  return cJSON_IsObject(container.node) || cJSON_IsArray(container.node) ? container.node->child : NULL;
}

int64_t tmk_json_count(struct tmk_json container)
{
  int64_t count = 0;
  for (const cJSON *child = first_child(container); child != NULL; child = child->next) count++;
  return count;
}

struct tmk_json tmk_json_first(struct tmk_json container)
{
  struct tmk_json v = container;
  v.node = first_child(container);
  path_append(v.path, sizeof v.path, v.node != NULL ? v.node->string : NULL, 0);
  return v;
}

struct tmk_json tmk_json_next(struct tmk_json child)
{
  struct tmk_json v = child;
  if (child.node == NULL) return v;
  v.node = child.node->next;
  /* The child's own last part of the path gives way to its sibling's; of a path that was cut nothing is taken. */
  const char *key = child.node->string;
  size_t length = strlen(v.path);
  int64_t index = 0;
  if (key != NULL) {
    size_t key_length = strlen(key);
    if (key_length > length || strcmp(v.path + length - key_length, key) != 0) return v;
    length -= key_length;
    if (length > 0 && v.path[length - 1] == '.') length--;
  } else {
    char *bracket = strrchr(v.path, '[');
    if (bracket == NULL || v.path[length - 1] != ']') return v;
    index = strtoll(bracket + 1, NULL, 10) + 1;
    length = (size_t)(bracket - v.path);
  }
  v.path[length] = 0;
  path_append(v.path, sizeof v.path, v.node != NULL ? v.node->string : NULL, index);
  return v;
}

const char *tmk_json_key(struct tmk_json member)
{
  return member.node == NULL || member.node->string == NULL ? "" : member.node->string;
}

/* --- errors --- */

enum tmk_status tmk_json_fail(struct tmk_json v, struct tmk_error *err, const char *format, ...)
{
  char what[512];
  va_list args;
  va_start(args, format);
  if (vsnprintf(what, sizeof what, format, args) < 0) what[0] = 0;
  va_end(args);
  return tmk_fail(err, TMK_ERR_USAGE, "%s: %s%s%s", v.doc == NULL ? "JSON" : v.doc->name, v.path,
                  v.path[0] != 0 ? ": " : "", what);
}

/* What stands there, for a message: "missing", "an object", 1.5, "text" (cut). */
static void describe(const cJSON *node, char *text, size_t size)
{
  if (node == NULL) {
    snprintf(text, size, "missing");
  } else if (cJSON_IsNumber(node)) {
    int digits = 15;
    do {
      snprintf(text, size, "%.*g", digits++, node->valuedouble);
    } while (digits <= 17 && strtod(text, NULL) != node->valuedouble);
  } else if (cJSON_IsString(node)) {
    size_t shown = whole_characters(node->valuestring, 40);
    snprintf(text, size, "\"%.*s%s\"", (int)shown, node->valuestring, node->valuestring[shown] != 0 ? "…" : "");
  } else {
    snprintf(text, size, "%s",
             cJSON_IsObject(node)  ? "an object"
             : cJSON_IsArray(node) ? "an array"
             : cJSON_IsTrue(node)  ? "true"
             : cJSON_IsFalse(node) ? "false"
                                   : "null");
  }
}

static enum tmk_status fail_value(struct tmk_json v, struct tmk_error *err, const char *allowed)
{
  char text[96];
  describe(v.node, text, sizeof text);
  return tmk_json_fail(v, err, "%s: must be %s", text, allowed);
}

/* --- getters --- */

enum tmk_status tmk_json_int(struct tmk_json v, int64_t min, int64_t max, int64_t *out, struct tmk_error *err)
{
  double value = cJSON_IsNumber(v.node) ? v.node->valuedouble : NAN;
  /* Compared as doubles first: the conversion of what does not fit is undefined. */
  bool exact = value > -(double)INT_LIMIT && value < (double)INT_LIMIT && trunc(value) == value;
  if (exact && (int64_t)value >= min && (int64_t)value <= max) {
    *out = (int64_t)value;
    return TMK_OK;
  }
  char allowed[80];
  int64_t shown_min = min < 1 - INT_LIMIT ? 1 - INT_LIMIT : min;
  int64_t shown_max = max > INT_LIMIT - 1 ? INT_LIMIT - 1 : max;
  snprintf(allowed, sizeof allowed, "an integer %" PRId64 "..%" PRId64, shown_min, shown_max);
  return fail_value(v, err, allowed);
}

enum tmk_status tmk_json_real(struct tmk_json v, double min, double max, double *out, struct tmk_error *err)
{
  double value = cJSON_IsNumber(v.node) ? v.node->valuedouble : NAN;
  if (value >= min && value <= max) {
    *out = value;
    return TMK_OK;
  }
  char allowed[80];
  bool has_min = min > -DBL_MAX, has_max = max < DBL_MAX;
  if (has_min && has_max) {
    snprintf(allowed, sizeof allowed, "a number %.15g..%.15g", min, max);
  } else if (has_min) {
    snprintf(allowed, sizeof allowed, "a number of at least %.15g", min);
  } else if (has_max) {
    snprintf(allowed, sizeof allowed, "a number of at most %.15g", max);
  } else {
    snprintf(allowed, sizeof allowed, "a number");
  }
  return fail_value(v, err, allowed);
}

enum tmk_status tmk_json_bool(struct tmk_json v, bool *out, struct tmk_error *err)
{
  if (!cJSON_IsBool(v.node)) return fail_value(v, err, "true or false");
  *out = cJSON_IsTrue(v.node);
  return TMK_OK;
}

enum tmk_status tmk_json_string(struct tmk_json v, char *out, size_t size, struct tmk_error *err)
{
  assert(size > 0);
  if (!cJSON_IsString(v.node)) return fail_value(v, err, "a string");
  size_t length = strlen(v.node->valuestring);
  if (length >= size) {
    char allowed[64];
    snprintf(allowed, sizeof allowed, "a string of at most %zu bytes", size - 1);
    return fail_value(v, err, allowed);
  }
  memcpy(out, v.node->valuestring, length + 1);
  return TMK_OK;
}

enum tmk_status tmk_json_int_or(struct tmk_json v, int64_t min, int64_t max, int64_t fallback, int64_t *out,
                                struct tmk_error *err)
{
  if (!tmk_json_is_null(v)) return tmk_json_int(v, min, max, out, err);
  *out = fallback;
  return TMK_OK;
}

enum tmk_status tmk_json_real_or(struct tmk_json v, double min, double max, double fallback, double *out,
                                 struct tmk_error *err)
{
  if (!tmk_json_is_null(v)) return tmk_json_real(v, min, max, out, err);
  *out = fallback;
  return TMK_OK;
}

enum tmk_status tmk_json_bool_or(struct tmk_json v, bool fallback, bool *out, struct tmk_error *err)
{
  if (!tmk_json_is_null(v)) return tmk_json_bool(v, out, err);
  *out = fallback;
  return TMK_OK;
}

enum tmk_status tmk_json_string_or(struct tmk_json v, const char *fallback, char *out, size_t size,
                                   struct tmk_error *err)
{
  if (!tmk_json_is_null(v)) return tmk_json_string(v, out, size, err);
  assert(strlen(fallback) < size);
  memcpy(out, fallback, strlen(fallback) + 1);
  return TMK_OK;
}

enum tmk_status tmk_json_only(struct tmk_json object, const char *const *keys, struct tmk_error *err)
{
  if (!tmk_json_is_object(object)) return fail_value(object, err, "an object");
  for (const cJSON *child = object.node->child; child != NULL; child = child->next) {
    bool known = false;
    for (int i = 0; keys[i] != NULL && !known; i++) known = strcmp(keys[i], child->string) == 0;
    if (known) continue;
    return tmk_json_fail(object, err, "unknown member \"%.*s\"", (int)whole_characters(child->string, 80),
                         child->string);
  }
  return TMK_OK;
}
