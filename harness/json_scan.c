/* json_scan.c: see json_scan.h. A state machine over tokens; the stack holds one bit of news a level: object or
 * array. */
#include "json_scan.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

enum expect {
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END, /* behind '[' */
  EXPECT_KEY,
  EXPECT_KEY_OR_END, /* behind '{' */
  EXPECT_SEPARATOR,  /* ',' or the closing bracket; at level 0 the end of the text */
};

struct scan {
  const char *name;
  const unsigned char *text;
  size_t size, at;
  bool in_object[TMK_JSON_MAX_DEPTH]; /* by level, 0 the outermost container */
  int depth;
  int64_t values;
  struct tmk_error *err;
};

/* Table 3-7 of the Unicode Standard: the second byte's range depends on the first. */
size_t tmk_utf8_length(const unsigned char *text, size_t size)
{
  if (size == 0) return 0;
  unsigned char lead = text[0];
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (size < length || text[1] < low || text[1] > high) return 0;
  for (size_t i = 2; i < length; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  return length;
}

/* An error at the current place. Line and column are counted only now: an error comes once a file. */
static enum tmk_status fail_at(const struct scan *s, const char *what)
{
  size_t line = 1, column = 1;
  for (size_t i = 0; i < s->at && i < s->size; i++) {
    if (s->text[i] == '\n') {
      line++;
      column = 1;
    } else if ((s->text[i] & 0xc0) != 0x80) {
      column++;
    }
  }
  return tmk_fail(s->err, TMK_ERR_USAGE, "%s:%zu:%zu: %s", s->name, line, column, what);
}

static enum tmk_status fail_expected(const struct scan *s, const char *expected)
{
  char what[128];
  if (s->at >= s->size) {
    snprintf(what, sizeof what, "the file ends where %s should stand", expected);
  } else if (s->text[s->at] == 0) {
    snprintf(what, sizeof what, "expected %s, found a NUL byte", expected);
  } else if (s->text[s->at] > 0x20 && s->text[s->at] < 0x7f) {
    snprintf(what, sizeof what, "expected %s, found '%c'", expected, s->text[s->at]);
  } else {
    snprintf(what, sizeof what, "expected %s, found byte 0x%02x", expected, s->text[s->at]);
  }
  return fail_at(s, what);
}

/* The byte at the current place, 0 at the end of the text (a NUL in the text is refused wherever it stands). */
static unsigned char peek(const struct scan *s)
{
  return s->at < s->size ? s->text[s->at] : 0;
}

static bool is_digit(unsigned char c)
{
  return c >= '0' && c <= '9';
}

static void skip_space(struct scan *s)
{
  while (s->at < s->size) {
    unsigned char c = s->text[s->at];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') break;
    s->at++;
  }
}

/* Four hex digits at the current place; −1 if they are not. */
static int32_t scan_hex4(struct scan *s)
{
  if (s->size - s->at < 4) return -1;
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    unsigned char c = s->text[s->at++];
    int digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* An escape; the current place is behind its backslash. */
static enum tmk_status scan_escape(struct scan *s)
{
  size_t start = s->at;
  unsigned char c = peek(s);
  if (c != 0 && strchr("\"\\/bfnrt", c) != NULL) {
    s->at++;
    return TMK_OK;
  }
  if (c != 'u') return fail_at(s, "a backslash in a string must be followed by one of \"\\/bfnrtu");
  s->at++;
  int32_t code = scan_hex4(s);
  if (code < 0) {
    s->at = start;
    return fail_at(s, "\\u must be followed by four hexadecimal digits");
  }
  bool valid = code != 0 && (code < 0xd800 || code > 0xdfff);
  if (code >= 0xd800 && code <= 0xdbff && s->size - s->at >= 2 && s->text[s->at] == '\\' && s->text[s->at + 1] == 'u') {
    s->at += 2;
    int32_t low = scan_hex4(s);
    valid = low >= 0xdc00 && low <= 0xdfff;
  }
  if (!valid) {
    s->at = start;
    return fail_at(s, code == 0 ? "\\u0000 in a string" : "half a surrogate pair in a string");
  }
  return TMK_OK;
}

/* A string; the current place is its opening quote. */
static enum tmk_status scan_string(struct scan *s)
{
  s->at++;
  for (;;) {
    if (s->at >= s->size) return fail_at(s, "the file ends inside a string");
    unsigned char c = s->text[s->at];
    if (c == '"') {
      s->at++;
      return TMK_OK;
    }
    if (c == '\\') {
      s->at++;
      enum tmk_status status = scan_escape(s);
      if (status != TMK_OK) return status;
      continue;
    }
    if (c < 0x20) return fail_at(s, c == 0 ? "NUL byte in a string" : "control character in a string");
    size_t length = tmk_utf8_length(s->text + s->at, s->size - s->at);
    if (length == 0) {
      char what[48];
      snprintf(what, sizeof what, "byte 0x%02x is not UTF-8", c);
      return fail_at(s, what);
    }
    s->at += length;
  }
}

/* -? (0 | [1-9][0-9]*) ('.' [0-9]+)? ([eE] [+-]? [0-9]+)? */
static enum tmk_status scan_number(struct scan *s)
{
  size_t start = s->at;
  if (peek(s) == '-') s->at++;
  if (!is_digit(peek(s))) return fail_expected(s, "a digit");
  if (peek(s) == '0') {
    s->at++;
    if (is_digit(peek(s))) return fail_at(s, "a number must not start with 0");
  }
  while (is_digit(peek(s))) s->at++;
  if (peek(s) == '.') {
    s->at++;
    if (!is_digit(peek(s))) return fail_expected(s, "a digit behind the point");
    while (is_digit(peek(s))) s->at++;
  }
  if (peek(s) == 'e' || peek(s) == 'E') {
    s->at++;
    if (peek(s) == '+' || peek(s) == '-') s->at++;
    if (!is_digit(peek(s))) return fail_expected(s, "a digit in the exponent");
    while (is_digit(peek(s))) s->at++;
  }
  if (s->at - start > TMK_JSON_MAX_NUMBER_CHARS) {
    char what[80];
    snprintf(what, sizeof what, "a number of %zu characters: at most %d", s->at - start, TMK_JSON_MAX_NUMBER_CHARS);
    s->at = start;
    return fail_at(s, what);
  }
  return TMK_OK;
}

static enum tmk_status scan_literal(struct scan *s, const char *literal)
{
  size_t length = strlen(literal);
  if (s->size - s->at < length || memcmp(s->text + s->at, literal, length) != 0) return fail_expected(s, "a value");
  s->at += length;
  return TMK_OK;
}

/* The start of a value: all of it for a scalar, the bracket for a container. */
static enum tmk_status scan_value(struct scan *s, enum expect *expect)
{
  if (++s->values > TMK_JSON_MAX_VALUES) {
    char what[64];
    snprintf(what, sizeof what, "more than %lld values", (long long)TMK_JSON_MAX_VALUES);
    return fail_at(s, what);
  }
  unsigned char c = peek(s);
  if (c == '{' || c == '[') {
    if (s->depth == TMK_JSON_MAX_DEPTH) {
      char what[64];
      snprintf(what, sizeof what, "nested deeper than %d levels", TMK_JSON_MAX_DEPTH);
      return fail_at(s, what);
    }
    s->in_object[s->depth++] = c == '{';
    s->at++;
    *expect = c == '{' ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return TMK_OK;
  }
  *expect = EXPECT_SEPARATOR;
  if (c == '"') return scan_string(s);
  if (c == '-' || is_digit(c)) return scan_number(s);
  if (c == 't') return scan_literal(s, "true");
  if (c == 'f') return scan_literal(s, "false");
  if (c == 'n') return scan_literal(s, "null");
  return fail_expected(s, "a value");
}

static enum tmk_status scan_key(struct scan *s)
{
  if (peek(s) != '"') return fail_expected(s, "a key in double quotes");
  enum tmk_status status = scan_string(s);
  if (status != TMK_OK) return status;
  skip_space(s);
  if (peek(s) != ':') return fail_expected(s, "':'");
  s->at++;
  return TMK_OK;
}

static enum tmk_status scan_separator(struct scan *s, enum expect *expect)
{
  bool in_object = s->in_object[s->depth - 1];
  unsigned char c = peek(s);
  if (c == ',') {
    s->at++;
    *expect = in_object ? EXPECT_KEY : EXPECT_VALUE;
    return TMK_OK;
  }
  if (c != (in_object ? '}' : ']')) return fail_expected(s, in_object ? "',' or '}'" : "',' or ']'");
  s->at++;
  s->depth--;
  return TMK_OK;
}

enum tmk_status tmk_json_scan(const char *name, const char *text, size_t size, struct tmk_error *err)
{
  struct scan s = {.name = name, .text = (const unsigned char *)text, .size = size, .err = err};
  enum tmk_status status = TMK_OK;
  enum expect expect = EXPECT_VALUE;
  do {
    skip_space(&s);
    bool closes =
        (expect == EXPECT_KEY_OR_END && peek(&s) == '}') || (expect == EXPECT_VALUE_OR_END && peek(&s) == ']');
    if (closes) {
      s.at++;
      s.depth--;
      expect = EXPECT_SEPARATOR;
    } else if (expect == EXPECT_SEPARATOR) {
      TMK_TRY(scan_separator(&s, &expect));
    } else if (expect == EXPECT_KEY || expect == EXPECT_KEY_OR_END) {
      TMK_TRY(scan_key(&s));
      expect = EXPECT_VALUE;
    } else {
      TMK_TRY(scan_value(&s, &expect));
    }
  } while (s.depth > 0);
  skip_space(&s);
  if (s.at < size) status = fail_expected(&s, "the end of the file");
out:
  return status;
}
