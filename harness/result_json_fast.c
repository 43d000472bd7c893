/* result_json_fast.c: see result_json_fast.h. One pass over the text by the tables of result_fields.c, no tree, nothing looked up: each
 * member is expected where the writer puts it. Whatever is otherwise gives up at once, so nothing is accepted here that the strict
 * reader refuses; tests/unit/test_result_fast.c and the fuzz target hold the two against each other. */
#include "result_json_fast.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "json_scan.h"
#include "result_fields.h"
#include "verdict.h"

/* Each value takes two bytes or more, so a text of this size holds fewer values than the strict reader allows. */
#define MAX_BYTES ((size_t)2 * TMK_JSON_MAX_VALUES)

struct cursor {
  const char *at, *end;
  int minor; /* of the file's 1.x */
};

static bool read_object(struct cursor *c, const struct tmk_field_object *object, void *base);

/* --- tokens --- */

static char peek(const struct cursor *c)
{
  return c->at < c->end ? *c->at : '\0';
}

static void skip_space(struct cursor *c)
{
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) c->at++;
}

/* `mark` with space before it. */
static bool take(struct cursor *c, char mark)
{
  skip_space(c);
  if (peek(c) != mark) return false;
  c->at++;
  return true;
}

static bool take_word(struct cursor *c, const char *word)
{
  size_t length = strlen(word);
  skip_space(c);
  if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0) return false;
  c->at += length;
  return true;
}

/* "name": of a member. The cursor stays where it was if the next one is another. */
static bool take_key(struct cursor *c, const char *name)
{
  size_t length = strlen(name);
  skip_space(c);
  const char *at = c->at;
  if ((size_t)(c->end - at) < length + 2 || *at != '"' || memcmp(at + 1, name, length) != 0 || at[length + 1] != '"')
    return false;
  c->at += length + 2;
  return take(c, ':');
}

static bool take_string(struct cursor *c, char *text, size_t size)
{
  size_t used = 0;
  if (!take(c, '"')) return false;
  while (c->at < c->end && *c->at != '"') {
    size_t length = 1;
    unsigned char byte = (unsigned char)*c->at;
    if (byte == '\\') {
      if (c->end - c->at < 2 || (c->at[1] != '"' && c->at[1] != '\\')) return false;
      c->at++;
    } else if (byte < 0x20) {
      return false;
    } else if (byte >= 0x80) {
      length = tmk_utf8_length((const unsigned char *)c->at, (size_t)(c->end - c->at));
      if (length == 0) return false;
    }
    if (used + length >= size) return false;
    memcpy(text + used, c->at, length);
    used += length;
    c->at += length;
  }
  if (used >= size) return false;
  text[used] = '\0';
  return take(c, '"');
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* An integer without point or exponent, so short that it is exact. */
static bool take_integer(struct cursor *c, int64_t *value)
{
  skip_space(c);
  bool negative = peek(c) == '-';
  if (negative) c->at++;
  const char *first = c->at;
  int64_t sum = 0;
  while (is_digit(peek(c)) && c->at - first < 15) sum = sum * 10 + (*c->at++ - '0');
  bool zero_first = c->at > first && *first == '0' && (c->at - first > 1 || negative);
  char next = peek(c);
  if (c->at == first || zero_first || is_digit(next) || next == '.' || next == 'e' || next == 'E') return false;
  *value = negative ? -sum : sum;
  return true;
}

/* Digits from the cursor on, the first ones into *mantissa as long as that holds them; how many there were. */
static int take_digits(struct cursor *c, uint64_t *mantissa, int *digits)
{
  const char *first = c->at;
  for (; is_digit(peek(c)); c->at++) {
    if (*digits > 0 || *c->at != '0') (*digits)++;
    if (*digits <= 15) *mantissa = *mantissa * 10 + (uint64_t)(*c->at - '0');
  }
  return (int)(c->at - first);
}

/* A number of JSON. With 15 digits or fewer and a power of ten up to 22, both are exact doubles, and one rounding of their product
 * or quotient is the nearest double (Clinger, "How to read floating point numbers accurately", 1990); the rest is strtod's. */
static bool take_real(struct cursor *c, double *value)
{
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  char copy[TMK_JSON_MAX_NUMBER_CHARS + 1];
  uint64_t mantissa = 0;
  int digits = 0, fraction = 0, exponent = 0;
  skip_space(c);
  const char *first = c->at;
  bool negative = peek(c) == '-';
  if (negative) c->at++;
  bool zero = peek(c) == '0';
  int whole = take_digits(c, &mantissa, &digits);
  if (whole == 0 || (zero && whole > 1)) return false;
  if (peek(c) == '.') {
    c->at++;
    fraction = take_digits(c, &mantissa, &digits);
    if (fraction == 0) return false;
  }
  if (peek(c) == 'e' || peek(c) == 'E') {
    c->at++;
    bool below_one = peek(c) == '-';
    if (below_one || peek(c) == '+') c->at++;
    const char *start = c->at;
    for (; is_digit(peek(c)); c->at++) exponent = exponent < 1000 ? exponent * 10 + (*c->at - '0') : exponent;
    if (c->at == start) return false;
    if (below_one) exponent = -exponent;
  }
  size_t length = (size_t)(c->at - first);
  if (length >= sizeof copy) return false;
  int power = exponent - fraction;
  if (digits <= 15 && power >= -22 && power <= 22) {
    double exact = (double)mantissa;
    exact = power < 0 ? exact / powers[-power] : exact * powers[power];
    *value = negative ? -exact : exact;
    return true;
  }
  memcpy(copy, first, length);
  copy[length] = '\0';
  *value = strtod(copy, NULL);
  return isfinite(*value);
}

static bool take_null(struct cursor *c)
{
  skip_space(c);
  return peek(c) == 'n' && take_word(c, "null");
}

static bool take_bool(struct cursor *c, bool *value)
{
  skip_space(c);
  *value = peek(c) == 't';
  return take_word(c, *value ? "true" : "false");
}

/* --- values; NULLs have been seen to --- */

static bool read_int(struct cursor *c, const struct tmk_field *field, void *at)
{
  int64_t value;
  if (!take_integer(c, &value) || value < (int64_t)field->min || value > (int64_t)field->max) return false;
  tmk_field_store_int(at, field->size, value);
  return true;
}

static bool read_real(struct cursor *c, const struct tmk_field *field, void *at)
{
  double value;
  if (!take_real(c, &value) || !(value >= field->min && value <= field->max)) return false;
  memcpy(at, &value, sizeof value);
  return true;
}

static bool read_enum(struct cursor *c, const struct tmk_field *field, void *at)
{
  char text[64];
  if (!take_string(c, text, sizeof text)) return false;
  for (int i = (int)field->min; i < field->names->count; i++) {
    if (strcmp(field->names->name(i), text) != 0) continue;
    memcpy(at, &i, sizeof i);
    return true;
  }
  return false;
}

static bool read_seed(struct cursor *c, void *at)
{
  char text[24];
  uint64_t seed = 0;
  if (!take_string(c, text, sizeof text)) return false;
  if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) return false;
  for (const char *digit = text; *digit; digit++) {
    unsigned value = (unsigned)(*digit - '0');
    if (!is_digit(*digit) || __builtin_mul_overflow(seed, 10u, &seed) || __builtin_add_overflow(seed, value, &seed))
      return false;
  }
  memcpy(at, &seed, sizeof seed);
  return true;
}

/* A name of a dtype not seen yet in this object. */
static bool take_dtype(struct cursor *c, enum tmk_dtype *dtype, unsigned *seen)
{
  char text[64];
  _Static_assert(TMK_DTYPE_COUNT <= 32, "a bit a dtype");
  if (!take_string(c, text, sizeof text)) return false;
  *dtype = tmk_dtype_from_name(text);
  if (*dtype == TMK_DTYPE_NONE || (*seen & 1u << *dtype)) return false;
  *seen |= 1u << *dtype;
  return true;
}

/* RATES, DTYPE_MAP and DTYPE_SET: `{` or `[`, then dtypes with or without something behind them. */
static bool read_dtypes(struct cursor *c, const struct tmk_field *field, void *at)
{
  bool is_set = field->type == TMK_FIELD_DTYPE_SET;
  unsigned seen = 0, others = 0;
  char end = is_set ? ']' : '}';
  if (!take(c, is_set ? '[' : '{')) return false;
  if (take(c, end)) return true;
  do {
    enum tmk_dtype dtype, to;
    double rate;
    if (!take_dtype(c, &dtype, &seen)) return false;
    if (is_set) {
      ((bool *)at)[dtype] = true;
      continue;
    }
    if (!take(c, ':')) return false;
    if (field->type == TMK_FIELD_DTYPE_MAP) {
      others = 0;
      if (!take_dtype(c, &to, &others)) return false;
      ((enum tmk_dtype *)at)[dtype] = to;
    } else {
      if (!take_real(c, &rate) || !(rate >= field->min && rate <= field->max)) return false;
      ((double *)at)[dtype] = rate;
    }
  } while (take(c, ','));
  return take(c, end);
}

static bool read_codes(struct cursor *c, void *at)
{
  char text[64];
  unsigned codes = 0;
  if (!take(c, '[')) return false;
  bool more = !take(c, ']');
  while (more) {
    unsigned code = take_string(c, text, sizeof text) ? tmk_verdict_code_from_name(text) : 0;
    if (code == 0) return false;
    codes |= code;
    more = take(c, ',');
    if (!more && !take(c, ']')) return false;
  }
  memcpy(at, &codes, sizeof codes);
  return true;
}

/* --- arrays. What is stored at `at` and `count_at` can be freed at any time. --- */

/* Zeroed room for element `index`, the next one; NULL without memory. Capacities are powers of two from 8 on. */
static char *append_element(void *at, void *count_at, size_t size, int64_t index)
{
  char *elements;
  int64_t count = index + 1;
  memcpy(&elements, at, sizeof elements);
  if (index == 0 || (index >= 8 && (index & (index - 1)) == 0)) {
    char *wider = realloc(elements, (size_t)(index == 0 ? 8 : 2 * index) * size);
    if (!wider) return NULL;
    elements = wider;
    memcpy(at, &elements, sizeof elements);
  }
  memset(elements + (size_t)index * size, 0, size);
  memcpy(count_at, &count, sizeof count);
  return elements + (size_t)index * size;
}

static bool read_array(struct cursor *c, const struct tmk_field *field, void *at, void *count_at)
{
  int64_t count = 0;
  if (!take(c, '[')) return false;
  if (take(c, ']')) return true;
  do {
    if (count == field->max_count) return false;
    char *element = append_element(at, count_at, field->size, count++);
    if (!element) return false;
    if (field->object->init) field->object->init(element);
    if (!read_object(c, field->object, element)) return false;
  } while (take(c, ','));
  return take(c, ']');
}

static bool read_column(struct cursor *c, const struct tmk_field *field, void *at, void *count_at)
{
  int64_t count, value, index = 0;
  char *elements;
  memcpy(&elements, at, sizeof elements);
  memcpy(&count, count_at, sizeof count);
  if (!take(c, '[')) return false;
  if (take(c, ']')) return count == 0;
  do {
    if (index == (field->leads ? field->max_count : count)) return false;
    char *element =
        field->leads ? append_element(at, count_at, field->size, index) : elements + (size_t)index * field->size;
    if (!element || !take_integer(c, &value) || value < (int64_t)field->min || value > (int64_t)field->max)
      return false;
    tmk_field_store_int(element + field->member_offset, field->member_size, value);
    index++;
  } while (take(c, ','));
  return take(c, ']') && (field->leads || index == count);
}

static bool read_environment(struct cursor *c, void *at, void *count_at)
{
  int64_t count = 0;
  if (!take(c, '{')) return false;
  if (take(c, '}')) return true;
  do {
    struct tmk_env_var *var = (struct tmk_env_var *)append_element(at, count_at, sizeof *var, count);
    if (!var || !take_string(c, var->name, sizeof var->name) || !take(c, ':')) return false;
    if (!take_string(c, var->value, sizeof var->value)) return false;
    const struct tmk_env_var *vars = var - count;
    for (int64_t i = 0; i < count; i++) {
      if (strcmp(vars[i].name, var->name) == 0) return false;
    }
    if (++count == 100) return false; /* many more than the allow-list has: let the strict reader sort them */
  } while (take(c, ','));
  return take(c, '}');
}

/* --- objects --- */

static bool read_value(struct cursor *c, const struct tmk_field *field, void *base)
{
  char *at = (char *)base + field->offset;
  char *count_at = (char *)base + field->count_offset;
  bool value;
  switch (field->type) {
  case TMK_FIELD_INT: return read_int(c, field, at);
  case TMK_FIELD_REAL: return read_real(c, field, at);
  case TMK_FIELD_BOOL: return take_bool(c, (bool *)at);
  case TMK_FIELD_TRISTATE:
    if (!take_bool(c, &value)) return false;
    tmk_field_store_int(at, sizeof(int64_t), value);
    return true;
  case TMK_FIELD_STRING: return take_string(c, at, field->size);
  case TMK_FIELD_ENUM: return read_enum(c, field, at);
  case TMK_FIELD_SEED: return read_seed(c, at);
  case TMK_FIELD_OBJECT: return read_object(c, field->pick ? field->pick(base) : field->object, at);
  case TMK_FIELD_ARRAY: return read_array(c, field, at, count_at);
  case TMK_FIELD_COLUMN: return read_column(c, field, at, count_at);
  case TMK_FIELD_RATES:
  case TMK_FIELD_DTYPE_SET:
  case TMK_FIELD_DTYPE_MAP: return read_dtypes(c, field, at);
  case TMK_FIELD_CODES: return read_codes(c, at);
  case TMK_FIELD_ENVIRONMENT: return read_environment(c, at, count_at);
  }
  return false;
}

/* null where the table takes it: the value for "not known", as the strict reader stores it. */
static void store_unknown(const struct tmk_field *field, void *base)
{
  char *at = (char *)base + field->offset;
  const double unknown = NAN;
  const int none = 0;
  switch (field->type) {
  case TMK_FIELD_INT: tmk_field_store_int(at, field->size, TMK_UNKNOWN); return;
  case TMK_FIELD_TRISTATE: tmk_field_store_int(at, sizeof(int64_t), TMK_UNKNOWN); return;
  case TMK_FIELD_REAL: memcpy(at, &unknown, sizeof unknown); return;
  case TMK_FIELD_STRING: at[0] = '\0'; return;
  case TMK_FIELD_ENUM: memcpy(at, &none, sizeof none); return;
  default: return; /* an array: as init left it */
  }
}

/* The members of a table and the bracket behind them. */
static bool read_members(struct cursor *c, const struct tmk_field_object *object, void *base)
{
  bool first = true;
  for (int i = 0; i < object->field_count; i++) {
    const struct tmk_field *field = &object->fields[i];
    const char *before = c->at;
    if ((!first && !take(c, ',')) || !take_key(c, field->name)) {
      c->at = before;
      if (c->minor < field->since) continue; /* as init left it */
      return false;
    }
    first = false;
    if (field->nullable && take_null(c)) {
      store_unknown(field, base);
    } else if (!read_value(c, field, base)) {
      return false;
    }
  }
  return take(c, '}');
}

static bool read_object(struct cursor *c, const struct tmk_field_object *object, void *base)
{
  if (object->is_absent && take_null(c)) return true;
  return take(c, '{') && read_members(c, object, base);
}

/* The two members before the table's: {"schema": "tokmark-result", "schema_version": "1.1.0", */
static bool read_version(struct cursor *c, struct tmk_result *result)
{
  char schema[64];
  char *text = result->schema_version;
  if (!take(c, '{') || !take_key(c, "schema") || !take_string(c, schema, sizeof schema) || !take(c, ',')) return false;
  if (strcmp(schema, TMK_RESULT_SCHEMA) != 0 || !take_key(c, "schema_version")) return false;
  if (!take_string(c, text, sizeof result->schema_version) || !take(c, ',')) return false;
  if (strlen(text) != 5 || text[0] != '1' || text[1] != '.' || !is_digit(text[2]) || text[3] != '.' ||
      !is_digit(text[4]))
    return false;
  c->minor = text[2] - '0';
  return c->minor <= TMK_RESULT_SCHEMA_VERSION[2] - '0';
}

bool tmk_result_parse_fast(const char *text, size_t size, struct tmk_result *result)
{
  struct cursor c = {text, text + size, 0};
  tmk_result_init(result);
  bool good = size <= MAX_BYTES && read_version(&c, result) && read_members(&c, &tmk_result_fields, result);
  skip_space(&c);
  good = good && c.at == c.end;
  for (int64_t i = 0; good && i < result->point_count; i++) {
    good = tmk_point_broken_rule(&result->points[i]) == TMK_RULE_NONE_BROKEN;
  }
  if (!good) {
    tmk_result_free(result);
    tmk_result_init(result);
  }
  return good;
}
