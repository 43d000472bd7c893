/* tests of harness/json.c, json_scan.c, json_read.c and json_write.c */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "json_scan.h"
#include "tokmark/device.h"

static struct tmk_error err;

static struct tmk_json_doc *parse(const char *text)
{
  struct tmk_json_doc *doc = NULL;
  enum tmk_status status = tmk_json_parse("t.json", text, strlen(text), &doc, &err);
  cr_assert_eq(status, TMK_OK, "%s", err.message);
  return doc;
}

static void expect_refused(const char *text, size_t size, const char *message)
{
  struct tmk_json_doc *doc = (void *)1;
  enum tmk_status status = tmk_json_parse("t.json", text, size, &doc, &err);
  cr_expect_eq(status, TMK_ERR_USAGE, "%s: status %d", message, (int)status);
  cr_expect_null(doc);
  cr_expect_str_eq(err.message, message);
}

/* --- grammar --- */

Test(json, syntax_errors_name_line_and_column)
{
  static const struct {
    const char *text, *message;
  } rows[] = {
      {"", "t.json: is empty: must be a JSON document"},
      {" \n ", "t.json:2:2: the file ends where a value should stand"},
      {"{", "t.json:1:2: the file ends where a key in double quotes should stand"},
      {"{\n  \"a\": 1,\n  \"b\": ]\n}", "t.json:3:8: expected a value, found ']'"},
      {"{\"a\" 1}", "t.json:1:6: expected ':', found '1'"},
      {"{\"a\": 1 \"b\": 2}", "t.json:1:9: expected ',' or '}', found '\"'"},
      {"[1 2]", "t.json:1:4: expected ',' or ']', found '2'"},
      {"[1,]", "t.json:1:4: expected a value, found ']'"},
      {"{\"a\": 1,}", "t.json:1:9: expected a key in double quotes, found '}'"},
      {"{,}", "t.json:1:2: expected a key in double quotes, found ','"},
      {"[,1]", "t.json:1:2: expected a value, found ','"},
      {"[1}", "t.json:1:3: expected ',' or ']', found '}'"},
      {"{\"a\": 1]", "t.json:1:8: expected ',' or '}', found ']'"},
      {"{a: 1}", "t.json:1:2: expected a key in double quotes, found 'a'"},
      {"{'a': 1}", "t.json:1:2: expected a key in double quotes, found '''"},
      {"{} x", "t.json:1:4: expected the end of the file, found 'x'"},
      {"{}{}", "t.json:1:3: expected the end of the file, found '{'"},
      {"1 2", "t.json:1:3: expected the end of the file, found '2'"},
      {"// no\n{}", "t.json:1:1: expected a value, found '/'"},
      {"NaN", "t.json:1:1: expected a value, found 'N'"},
      {"[Infinity]", "t.json:1:2: expected a value, found 'I'"},
      {"[-Infinity]", "t.json:1:3: expected a digit, found 'I'"},
      {"True", "t.json:1:1: expected a value, found 'T'"},
      {"tru", "t.json:1:1: expected a value, found 't'"},
      {"nulls", "t.json:1:5: expected the end of the file, found 's'"},
      {"01", "t.json:1:2: a number must not start with 0"},
      {"-01", "t.json:1:3: a number must not start with 0"},
      {"+1", "t.json:1:1: expected a value, found '+'"},
      {".5", "t.json:1:1: expected a value, found '.'"},
      {"1.", "t.json:1:3: the file ends where a digit behind the point should stand"},
      {"[1.e5]", "t.json:1:4: expected a digit behind the point, found 'e'"},
      {"[1e]", "t.json:1:4: expected a digit in the exponent, found ']'"},
      {"[1e+]", "t.json:1:5: expected a digit in the exponent, found ']'"},
      {"-", "t.json:1:2: the file ends where a digit should stand"},
      {"0x10", "t.json:1:2: expected the end of the file, found 'x'"},
      {"1e999", "t.json: a number beyond 1.7976931348623157e308"},
      {"{\"a\": [1, {\"b\": -1e400}]}", "t.json: a[1].b: a number beyond 1.7976931348623157e308"},
      {"1234567890123456789012345678901234567890123456789012345678901234",
       "t.json:1:1: a number of 64 characters: at most 63"},
      {"\"abc", "t.json:1:5: the file ends inside a string"},
      {"\"abc\\", "t.json:1:6: a backslash in a string must be followed by one of \"\\/bfnrtu"},
      {"\"a\nb\"", "t.json:1:3: control character in a string"},
      {"\"a\tb\"", "t.json:1:3: control character in a string"},
      {"\"\\x41\"", "t.json:1:3: a backslash in a string must be followed by one of \"\\/bfnrtu"},
      {"\"\\u12g4\"", "t.json:1:3: \\u must be followed by four hexadecimal digits"},
      {"\"\\u12", "t.json:1:3: \\u must be followed by four hexadecimal digits"},
      {"\"\\u0000\"", "t.json:1:3: \\u0000 in a string"},
      {"\"\\ud83d\"", "t.json:1:3: half a surrogate pair in a string"},
      {"\"\\ude00\"", "t.json:1:3: half a surrogate pair in a string"},
      {"\"\\ud83dx\"", "t.json:1:3: half a surrogate pair in a string"},
      {"\"\\ud83d\\ud83d\"", "t.json:1:3: half a surrogate pair in a string"},
      {"{\"ä€😀\": ?}", "t.json:1:9: expected a value, found '?'"}, /* columns are characters */
      {"{\"a\": 1, \"b\": 2, \"a\": 3}", "t.json: this key stands twice: a"},
      {"{\"x\": [0, {\"a\": 1, \"\\u0061\": 2}]}", "t.json: x[1]: this key stands twice: a"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    expect_refused(rows[i].text, strlen(rows[i].text), rows[i].message);
  }
}

Test(json, bytes_that_are_not_text)
{
  static const struct {
    const char *text;
    size_t size;
    const char *message;
  } rows[] = {
      {"{}\0", 3, "t.json:1:3: expected the end of the file, found a NUL byte"},
      {"[1,\0 2]", 7, "t.json:1:4: expected a value, found a NUL byte"},
      {"\"a\0b\"", 5, "t.json:1:3: NUL byte in a string"},
      {"\x7f"
       "ELF",
       4, "t.json:1:1: expected a value, found byte 0x7f"},
      {"\x1f\x8b\x08", 3, "t.json:1:1: expected a value, found byte 0x1f"},
      {"\xff\xfe{\0}\0", 6, "t.json:1:1: expected a value, found byte 0xff"}, /* UTF-16 */
      {"\"\x80\"", 3, "t.json:1:2: byte 0x80 is not UTF-8"},
      {"\"\xc0\x80\"", 4, "t.json:1:2: byte 0xc0 is not UTF-8"}, /* overlong NUL */
      {"\"\xc1\xbf\"", 4, "t.json:1:2: byte 0xc1 is not UTF-8"},
      {"\"\xe0\x9f\xbf\"", 5, "t.json:1:2: byte 0xe0 is not UTF-8"},     /* overlong */
      {"\"\xed\xa0\x80\"", 5, "t.json:1:2: byte 0xed is not UTF-8"},     /* a surrogate */
      {"\"\xf0\x8f\xbf\xbf\"", 6, "t.json:1:2: byte 0xf0 is not UTF-8"}, /* overlong */
      {"\"\xf4\x90\x80\x80\"", 6, "t.json:1:2: byte 0xf4 is not UTF-8"}, /* beyond U+10FFFF */
      {"\"\xf5\x80\x80\x80\"", 6, "t.json:1:2: byte 0xf5 is not UTF-8"},
      {"\"a\xe4\"", 4, "t.json:1:3: byte 0xe4 is not UTF-8"},  /* Latin-1 */
      {"\"\xe2\x82", 3, "t.json:1:2: byte 0xe2 is not UTF-8"}, /* cut */
      {"{\"\xff\": 1}", 7, "t.json:1:3: byte 0xff is not UTF-8"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    expect_refused(rows[i].text, rows[i].size, rows[i].message);
  }
}

Test(json, text_need_not_end_in_nul)
{
  struct tmk_json_doc *doc = NULL;
  static const char text[] = {'[', '1', '2', ']', '7'};
  char *exact = malloc(4); /* so that a byte read beyond it shows under ASan */
  memcpy(exact, text, 4);
  cr_assert_eq(tmk_json_parse("t.json", exact, 4, &doc, &err), TMK_OK, "%s", err.message);
  int64_t value;
  cr_assert_eq(tmk_json_int(tmk_json_at(tmk_json_root(doc), 0), 0, 99, &value, &err), TMK_OK);
  cr_assert_eq(value, 12);
  tmk_json_free(doc);
  free(exact);
}

Test(json, what_the_standard_allows_is_taken)
{
  static const char *const texts[] = {
      "1",
      "-0",
      "0.5",
      "1e5",
      "1E-5",
      "1e+5",
      "\"\"",
      "null",
      "true",
      "false",
      "[]",
      "{}",
      "[[],{}]",
      " \t\r\n[ ] \n",
      "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"",
      "\xef\xbb\xbf{}",
      "{\"\": 1}",
      "{\"a\": 1, \"A\": 2}",
      "1e-999",
      "\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\x7f\"",
      "123456789012345678901234567890123456789012345678901234567890123", /* 63 digits */
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) tmk_json_free(parse(texts[i]));
}

Test(json, depth_both_sides_of_the_limit)
{
  char text[2 * TMK_JSON_MAX_DEPTH + 8] = "";
  for (int i = 0; i < TMK_JSON_MAX_DEPTH; i++) text[i] = '[';
  for (int i = 0; i < TMK_JSON_MAX_DEPTH; i++) text[TMK_JSON_MAX_DEPTH + i] = ']';
  tmk_json_free(parse(text));
  char deeper[sizeof text + 2];
  snprintf(deeper, sizeof deeper, "[%s]", text);
  expect_refused(deeper, strlen(deeper), "t.json:1:65: nested deeper than 64 levels");
  size_t size = 4 << 20;
  char *many = malloc(size);
  memset(many, '[', size);
  expect_refused(many, size, "t.json:1:65: nested deeper than 64 levels");
  free(many);
}

Test(json, number_of_values_is_bounded)
{
  size_t count = (size_t)TMK_JSON_MAX_VALUES; /* with the array itself one too many */
  size_t size = 2 * count + 1;
  char *text = malloc(size);
  for (size_t i = 0; i < size; i++) text[i] = i % 2 == 0 ? ',' : '0';
  text[0] = '[';
  text[size - 1] = ']';
  expect_refused(text, size, "t.json:1:16777216: more than 8388608 values");
  free(text);
}

/* 400,000 keys in one object: some 10^11 comparisons if each were compared with each. */
Test(json, many_keys_are_checked_fast, .timeout = 20)
{
  int count = 400000;
  char *text = malloc((size_t)count * 16 + 64);
  int at = sprintf(text, "{");
  for (int i = 0; i < count; i++) at += sprintf(text + at, "%s\"k%07d\":0", i > 0 ? "," : "", i);
  sprintf(text + at, "}");
  clock_t start = clock();
  tmk_json_free(parse(text));
  cr_expect_lt((double)(clock() - start) / CLOCKS_PER_SEC, 10.0);
  sprintf(text + at, ",\"k0123456\":1}");
  expect_refused(text, strlen(text), "t.json: this key stands twice: k0123456");
  free(text);
}

/* --- places --- */

Test(json, places_and_paths)
{
  struct tmk_json_doc *doc = parse("{\"points\": [10, {\"stats\": {\"n\": 3}}, []], \"e\": {}, \"z\": null}");
  struct tmk_json root = tmk_json_root(doc);
  cr_assert(tmk_json_is_object(root) && !tmk_json_is_array(root));
  cr_assert_eq(tmk_json_count(root), 3);
  struct tmk_json points = tmk_json_get(root, "points");
  cr_assert(tmk_json_is_array(points));
  cr_assert_eq(tmk_json_count(points), 3);
  struct tmk_json n = tmk_json_get(tmk_json_get(tmk_json_at(points, 1), "stats"), "n");
  cr_assert_str_eq(n.path, "points[1].stats.n");
  cr_assert_eq(tmk_json_count(n), 0);
  cr_assert(tmk_json_is_missing(tmk_json_get(n, "x")), "a member of what is no object");
  cr_assert_str_eq(tmk_json_get(n, "x").path, "points[1].stats.n.x");
  cr_assert(tmk_json_is_missing(tmk_json_at(points, 3)) && tmk_json_is_missing(tmk_json_at(points, -1)));
  cr_assert(tmk_json_is_missing(tmk_json_at(root, 0)), "an object has no elements");
  cr_assert(tmk_json_is_missing(tmk_json_get(root, "POINTS")), "case counts");
  struct tmk_json z = tmk_json_get(root, "z");
  cr_assert(tmk_json_is_null(z) && !tmk_json_is_missing(z));
  cr_assert(tmk_json_is_null(tmk_json_get(root, "y")) && tmk_json_is_missing(tmk_json_get(root, "y")));
  cr_assert_str_eq(tmk_json_key(z), "z");
  cr_assert_str_eq(tmk_json_key(root), "");
  tmk_json_free(doc);
}

Test(json, iteration_keeps_the_path)
{
  struct tmk_json_doc *doc = parse("{\"o\": {\"a\": 1, \"long.key\": 2, \"\": 3}, \"l\": [[5], [6, 7]]}");
  struct tmk_json root = tmk_json_root(doc);
  static const char *const paths[] = {"o.a", "o.long.key", "o."};
  int i = 0;
  for (struct tmk_json v = tmk_json_first(tmk_json_get(root, "o")); !tmk_json_is_missing(v); v = tmk_json_next(v)) {
    cr_assert_lt(i, 3);
    cr_expect_str_eq(v.path, paths[i++]);
  }
  cr_assert_eq(i, 3);
  struct tmk_json second = tmk_json_next(tmk_json_first(tmk_json_get(root, "l")));
  cr_assert_str_eq(second.path, "l[1]");
  cr_assert_str_eq(tmk_json_next(tmk_json_first(second)).path, "l[1][1]");
  cr_assert(tmk_json_is_missing(tmk_json_next(second)));
  cr_assert(tmk_json_is_missing(tmk_json_next(tmk_json_next(second))), "beyond the end stays there");
  struct tmk_json top = tmk_json_first(root);
  cr_assert_str_eq(top.path, "o");
  cr_assert_str_eq(tmk_json_next(top).path, "l");
  cr_assert_str_eq(tmk_json_key(tmk_json_next(top)), "l");
  cr_assert(tmk_json_is_missing(tmk_json_first(tmk_json_get(tmk_json_get(root, "o"), "a"))));
  tmk_json_free(doc);
}

Test(json, a_path_too_long_is_marked)
{
  char text[1200], key[301] = "";
  for (int i = 0; i < 150; i++) strcat(key, "ä");
  snprintf(text, sizeof text, "{\"%s\": [{\"x\": 1}, {\"x\": 2}]}", key);
  struct tmk_json_doc *doc = parse(text);
  struct tmk_json list = tmk_json_first(tmk_json_root(doc));
  size_t length = strlen(list.path);
  cr_assert_lt(length, sizeof list.path);
  cr_assert_str_eq(list.path + length - 3, "...");
  cr_assert_eq(tmk_utf8_length((const unsigned char *)list.path + length - 5, 5), 2, "cut at a character");
  struct tmk_json x = tmk_json_get(tmk_json_next(tmk_json_first(list)), "x");
  cr_assert_str_eq(x.path, list.path);
  int64_t value;
  cr_assert_eq(tmk_json_int(x, 0, 9, &value, &err), TMK_OK);
  cr_assert_eq(value, 2);
  tmk_json_free(doc);
}

/* --- getters --- */

Test(json, integers_are_exact_and_in_range)
{
  static const struct {
    const char *text;
    int64_t min, max;
    const char *message; /* NULL: taken */
    int64_t value;
  } rows[] = {
      {"0", 0, 5, NULL, 0},
      {"5", 0, 5, NULL, 5},
      {"-0", 0, 5, NULL, 0},
      {"5.0", 0, 5, NULL, 5},
      {"1e3", 0, 1000, NULL, 1000},
      {"9007199254740991", 0, INT64_MAX, NULL, 9007199254740991},
      {"-9007199254740991", INT64_MIN, 0, NULL, -9007199254740991},
      {"-1", 0, 5, "t.json: v: -1: must be an integer 0..5", 0},
      {"6", 0, 5, "t.json: v: 6: must be an integer 0..5", 0},
      {"1.5", 0, 5, "t.json: v: 1.5: must be an integer 0..5", 0},
      {"1e18", 0, 5, "t.json: v: 1e+18: must be an integer 0..5", 0},
      {"1e300", 0, INT64_MAX, "t.json: v: 1e+300: must be an integer 0..9007199254740991", 0},
      {"9007199254740992", 0, INT64_MAX, "t.json: v: 9007199254740992: must be an integer 0..9007199254740991", 0},
      {"9007199254740993", 0, INT64_MAX, "t.json: v: 9007199254740992: must be an integer 0..9007199254740991", 0},
      {"-9007199254740993", INT64_MIN, 0, "t.json: v: -9007199254740992: must be an integer -9007199254740991..0", 0},
      {"\"5\"", 0, 5, "t.json: v: \"5\": must be an integer 0..5", 0},
      {"true", 0, 5, "t.json: v: true: must be an integer 0..5", 0},
      {"false", 0, 5, "t.json: v: false: must be an integer 0..5", 0},
      {"null", 0, 5, "t.json: v: null: must be an integer 0..5", 0},
      {"[1]", 0, 5, "t.json: v: an array: must be an integer 0..5", 0},
      {"{}", 0, 5, "t.json: v: an object: must be an integer 0..5", 0},
      {"\"0123456789012345678901234567890123456789€x\"", 0, 5,
       "t.json: v: \"0123456789012345678901234567890123456789…\": must be an integer 0..5", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[128];
    snprintf(text, sizeof text, "{\"v\": %s}", rows[i].text);
    struct tmk_json_doc *doc = parse(text);
    int64_t value = -77;
    enum tmk_status status =
        tmk_json_int(tmk_json_get(tmk_json_root(doc), "v"), rows[i].min, rows[i].max, &value, &err);
    if (rows[i].message == NULL) {
      cr_expect_eq(status, TMK_OK, "%s", err.message);
      cr_expect_eq(value, rows[i].value, "%s", rows[i].text);
    } else {
      cr_expect_eq(status, TMK_ERR_USAGE, "%s", rows[i].text);
      cr_expect_str_eq(err.message, rows[i].message);
      cr_expect_eq(value, -77, "left alone");
    }
    tmk_json_free(doc);
  }
}

Test(json, reals_bools_and_strings)
{
  struct tmk_json_doc *doc = parse("{\"r\": 0.25, \"b\": true, \"s\": \"héllo\", \"n\": null}");
  struct tmk_json root = tmk_json_root(doc);
  double real = 0;
  bool flag = false;
  char text[7];
  cr_assert_eq(tmk_json_real(tmk_json_get(root, "r"), 0.25, 0.25, &real, &err), TMK_OK);
  cr_assert_eq(real, 0.25);
  cr_assert_eq(tmk_json_real(tmk_json_get(root, "r"), 0.5, 1, &real, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: r: 0.25: must be a number 0.5..1");
  cr_assert_eq(tmk_json_real(tmk_json_get(root, "r"), 1, INFINITY, &real, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: r: 0.25: must be a number of at least 1");
  cr_assert_eq(tmk_json_real(tmk_json_get(root, "r"), -INFINITY, 0, &real, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: r: 0.25: must be a number of at most 0");
  cr_assert_eq(tmk_json_real(tmk_json_get(root, "s"), -INFINITY, INFINITY, &real, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: s: \"héllo\": must be a number");
  cr_assert_eq(tmk_json_bool(tmk_json_get(root, "b"), &flag, &err), TMK_OK);
  cr_assert(flag);
  cr_assert_eq(tmk_json_bool(tmk_json_get(root, "r"), &flag, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: r: 0.25: must be true or false");
  cr_assert_eq(tmk_json_string(tmk_json_get(root, "s"), text, 7, &err), TMK_OK);
  cr_assert_str_eq(text, "héllo");
  cr_assert_eq(tmk_json_string(tmk_json_get(root, "s"), text, 6, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: s: \"héllo\": must be a string of at most 5 bytes");
  cr_assert_eq(tmk_json_string(tmk_json_get(root, "n"), text, 7, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: n: null: must be a string");
  cr_assert_eq(tmk_json_string(tmk_json_get(root, "q"), text, 7, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: q: missing: must be a string");
  tmk_json_free(doc);
}

Test(json, fallbacks_only_for_missing_and_null)
{
  struct tmk_json_doc *doc = parse("{\"n\": null, \"s\": \"x\", \"i\": 3}");
  struct tmk_json root = tmk_json_root(doc);
  int64_t i = 0;
  double r = 0;
  bool b = false;
  char s[8];
  static const char *const keys[] = {"n", "missing"};
  for (int k = 0; k < 2; k++) {
    struct tmk_json v = tmk_json_get(root, keys[k]);
    cr_assert_eq(tmk_json_int_or(v, 1, 2, -9, &i, &err), TMK_OK);
    cr_assert_eq(i, -9);
    cr_assert_eq(tmk_json_real_or(v, 1, 2, NAN, &r, &err), TMK_OK);
    cr_assert(isnan(r));
    b = false;
    cr_assert_eq(tmk_json_bool_or(v, true, &b, &err), TMK_OK);
    cr_assert(b);
    cr_assert_eq(tmk_json_string_or(v, "dflt", s, sizeof s, &err), TMK_OK);
    cr_assert_str_eq(s, "dflt");
  }
  cr_assert_eq(tmk_json_int_or(tmk_json_get(root, "s"), 1, 2, -9, &i, &err), TMK_ERR_USAGE);
  cr_assert_eq(tmk_json_int_or(tmk_json_get(root, "i"), 1, 2, -9, &i, &err), TMK_ERR_USAGE);
  cr_assert_eq(tmk_json_int_or(tmk_json_get(root, "i"), 1, 3, -9, &i, &err), TMK_OK);
  cr_assert_eq(i, 3);
  cr_assert_eq(tmk_json_bool_or(tmk_json_get(root, "i"), true, &b, &err), TMK_ERR_USAGE);
  cr_assert_eq(tmk_json_string_or(tmk_json_get(root, "i"), "", s, sizeof s, &err), TMK_ERR_USAGE);
  cr_assert_eq(tmk_json_real_or(tmk_json_get(root, "s"), 0, 1, 0, &r, &err), TMK_ERR_USAGE);
  tmk_json_free(doc);
}

Test(json, only_known_members)
{
  struct tmk_json_doc *doc = parse("{\"o\": {\"a\": 1, \"b\": 2}}");
  struct tmk_json o = tmk_json_get(tmk_json_root(doc), "o");
  cr_assert_eq(tmk_json_only(o, (const char *const[]){"b", "a", "c", NULL}, &err), TMK_OK);
  cr_assert_eq(tmk_json_only(o, (const char *const[]){"a", NULL}, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: o: unknown member \"b\"");
  cr_assert_eq(tmk_json_only(tmk_json_get(o, "a"), (const char *const[]){NULL}, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: o.a: 1: must be an object");
  cr_assert_eq(tmk_json_fail(o, &err, "%d is odd", 3), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: o: 3 is odd");
  cr_assert_eq(tmk_json_fail(tmk_json_root(doc), &err, "bad"), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "t.json: bad");
  tmk_json_free(doc);
}

/* --- files --- */

static char folder[64];

static void make_folder(void)
{
  snprintf(folder, sizeof folder, "/tmp/tmk-json-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  cr_assert_eq(system(command), 0);
}

static const char *in_folder(const char *name)
{
  static char path[4][256];
  static int turn = 0;
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

static void put_file(const char *path, const char *text)
{
  FILE *f = fopen(path, "w");
  cr_assert_not_null(f);
  fputs(text, f);
  cr_assert_eq(fclose(f), 0);
}

static void expect_file(const char *path, const char *text)
{
  char got[256] = "";
  FILE *f = fopen(path, "r");
  cr_assert_not_null(f, "%s", path);
  size_t size = fread(got, 1, sizeof got - 1, f);
  got[size] = 0;
  fclose(f);
  cr_expect_str_eq(got, text);
}

/* Names in the folder: no temporary file may stay. */
static int count_names(void)
{
  char command[128];
  snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
  FILE *f = popen(command, "r");
  int count = -1;
  cr_assert_eq(fscanf(f, "%d", &count), 1);
  pclose(f);
  return count;
}

static void expect_unread(const char *path, enum tmk_status expected, const char *what)
{
  struct tmk_json_doc *doc = (void *)1;
  char message[512];
  snprintf(message, sizeof message, "%s%s", path, what);
  enum tmk_status status = tmk_json_read_file(path, &doc, &err);
  cr_expect_eq(status, expected, "%s: %d", path, (int)status);
  cr_expect_null(doc);
  cr_expect_str_eq(err.message, message);
}

Test(json_file, reads_a_file, .init = make_folder, .fini = remove_folder)
{
  struct tmk_json_doc *doc = NULL;
  put_file(in_folder("a.json"), "{\"a\": 1}\n");
  cr_assert_eq(tmk_json_read_file(in_folder("a.json"), &doc, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(tmk_json_count(tmk_json_root(doc)), 1);
  tmk_json_free(doc);
}

Test(json_file, refuses_what_is_no_readable_file, .init = make_folder, .fini = remove_folder, .timeout = 20)
{
  expect_unread(in_folder("none.json"), TMK_ERR_USAGE, ": cannot be opened: No such file or directory");
  expect_unread(folder, TMK_ERR_USAGE, ": is a folder: must be a JSON file");
  put_file(in_folder("empty.json"), "");
  expect_unread(in_folder("empty.json"), TMK_ERR_USAGE, ": is empty: must be a JSON document");
  expect_unread(in_folder("empty.json/x"), TMK_ERR_USAGE, ": cannot be opened: Not a directory");
  expect_unread("", TMK_ERR_USAGE, ": cannot be opened: No such file or directory");
  expect_unread("/dev/zero", TMK_ERR_USAGE, ": is a device or socket: must be a file or a pipe");
  expect_unread("/dev/null", TMK_ERR_USAGE, ": is a device or socket: must be a file or a pipe");
  put_file(in_folder("cut.json"), "{\"a\": [1, 2");
  expect_unread(in_folder("cut.json"), TMK_ERR_USAGE, ":1:12: the file ends where ',' or ']' should stand");
  cr_assert_eq(mkfifo(in_folder("fifo"), 0600), 0);
  expect_unread(in_folder("fifo"), TMK_ERR_USAGE, ": is empty: must be a JSON document");
  cr_assert_eq(symlink("loop", in_folder("loop")), 0);
  expect_unread(in_folder("loop"), TMK_ERR_USAGE, ": cannot be opened: Too many levels of symbolic links");
  if (geteuid() != 0) {
    put_file(in_folder("secret.json"), "{}");
    chmod(in_folder("secret.json"), 0);
    expect_unread(in_folder("secret.json"), TMK_ERR_USAGE, ": cannot be opened: Permission denied");
  }
}

static void read_fifo_written_by(const char *command, enum tmk_status expected)
{
  char script[512];
  const char *path = in_folder("fifo");
  struct tmk_json_doc *doc = NULL;
  cr_assert_eq(mkfifo(path, 0600), 0);
  snprintf(script, sizeof script, "(%s) > '%s' &", command, path);
  cr_assert_eq(system(script), 0);
  cr_expect_eq(tmk_json_read_file(path, &doc, &err), expected, "%s", err.message);
  tmk_json_free(doc);
}

Test(json_file, reads_a_fifo_whose_writer_comes_late, .init = make_folder, .fini = remove_folder, .timeout = 20)
{
  cr_assert_eq(mkfifo(in_folder("late"), 0600), 0);
  char script[512];
  snprintf(script, sizeof script, "(sleep 0.4; echo '[1]' > '%s') &", in_folder("late"));
  cr_assert_eq(system(script), 0);
  struct tmk_json_doc *doc = NULL;
  cr_expect_eq(tmk_json_read_file(in_folder("late"), &doc, &err), TMK_OK, "%s", err.message);
  tmk_json_free(doc);
}

Test(json_file, reads_a_fifo_whose_writer_is_slow, .init = make_folder, .fini = remove_folder, .timeout = 20)
{
  read_fifo_written_by("sleep 0.4; echo '[1'; sleep 0.4; echo ']'", TMK_OK);
}

Test(json_file, a_writer_that_says_nothing, .init = make_folder, .fini = remove_folder, .timeout = 20)
{
  read_fifo_written_by("sleep 0.4", TMK_ERR_USAGE);
  cr_expect_not_null(strstr(err.message, ": is empty: must be a JSON document"));
}

Test(json_file, refuses_a_sparse_giant, .init = make_folder, .fini = remove_folder, .timeout = 20)
{
  int fd = open(in_folder("huge.json"), O_WRONLY | O_CREAT, 0600);
  cr_assert_geq(fd, 0);
  cr_assert_eq(ftruncate(fd, TMK_JSON_MAX_BYTES + 1), 0);
  expect_unread(in_folder("huge.json"), TMK_ERR_USAGE, ": 268435457 bytes: must be at most 268435456");
  cr_assert_eq(ftruncate(fd, TMK_JSON_MAX_BYTES), 0);
  expect_unread(in_folder("huge.json"), TMK_ERR_USAGE, ":1:1: expected a value, found a NUL byte");
  close(fd);
}

Test(json_file, reads_a_slow_pipe, .timeout = 20)
{
  FILE *pipe_end = popen("sleep 0.3; printf '{\"a\"'; sleep 0.3; printf ': 7}'", "r");
  char path[64];
  snprintf(path, sizeof path, "/dev/fd/%d", fileno(pipe_end));
  struct tmk_json_doc *doc = NULL;
  cr_assert_eq(tmk_json_read_file(path, &doc, &err), TMK_OK, "%s", err.message);
  int64_t value = 0;
  cr_assert_eq(tmk_json_int(tmk_json_get(tmk_json_root(doc), "a"), 0, 9, &value, &err), TMK_OK);
  cr_assert_eq(value, 7);
  tmk_json_free(doc);
  pclose(pipe_end);
}

Test(json_file, gives_up_on_an_endless_pipe, .timeout = 60)
{
  FILE *pipe_end = popen("cat /dev/zero 2>/dev/null", "r");
  char path[64];
  snprintf(path, sizeof path, "/dev/fd/%d", fileno(pipe_end));
  expect_unread(path, TMK_ERR_USAGE, ": more than 268435456 bytes");
  pclose(pipe_end);
}

/* --- writer --- */

static char *finish(struct tmk_json_writer *w)
{
  char *text = NULL;
  size_t size = 0;
  cr_assert_eq(tmk_json_finish(w, &text, &size, &err), TMK_OK);
  cr_assert_eq(strlen(text), size);
  return text;
}

Test(json_writer, layout)
{
  struct tmk_json_writer *w = tmk_json_writer_create();
  tmk_json_begin_object(w, NULL);
  tmk_json_put_int(w, "i", -5);
  tmk_json_put_int(w, "unknown", TMK_UNKNOWN);
  tmk_json_put_uint_text(w, "seed", UINT64_MAX);
  tmk_json_put_bool(w, "t", true);
  tmk_json_put_null(w, "z");
  tmk_json_put_string(w, "s", "a\"b\\c\n\t\x01\x7f/é");
  tmk_json_put_string(w, "none", NULL);
  tmk_json_put_string(w, "bad", "x\xff\xc3");
  tmk_json_begin_array(w, "list");
  tmk_json_put_int(w, NULL, 1);
  tmk_json_begin_object(w, NULL);
  tmk_json_end_object(w);
  tmk_json_begin_array(w, NULL);
  tmk_json_end_array(w);
  tmk_json_end_array(w);
  tmk_json_put_ints(w, "samples_ns", (const int64_t[]){1, TMK_UNKNOWN, 9223372036854775807}, 3);
  tmk_json_put_ints(w, "empty", NULL, 0);
  tmk_json_end_object(w);
  char *text = finish(w);
  cr_assert_str_eq(text, "{\n"
                         "  \"i\": -5,\n"
                         "  \"unknown\": null,\n"
                         "  \"seed\": \"18446744073709551615\",\n"
                         "  \"t\": true,\n"
                         "  \"z\": null,\n"
                         "  \"s\": \"a\\\"b\\\\c\\n\\t\\u0001\\u007f/é\",\n"
                         "  \"none\": null,\n"
                         "  \"bad\": \"x\xef\xbf\xbd\xef\xbf\xbd\",\n"
                         "  \"list\": [\n"
                         "    1,\n"
                         "    {},\n"
                         "    []\n"
                         "  ],\n"
                         "  \"samples_ns\": [1, null, 9223372036854775807],\n"
                         "  \"empty\": []\n"
                         "}\n");
  tmk_json_free(parse(text));
  free(text);
}

static void expect_real(double value, const char *expected)
{
  struct tmk_json_writer *w = tmk_json_writer_create();
  tmk_json_put_real(w, NULL, value);
  char *text = finish(w);
  text[strlen(text) - 1] = 0;
  cr_expect_str_eq(text, expected);
  free(text);
}

Test(json_writer, reals_are_short_and_exact)
{
  expect_real(0.1, "0.1");
  expect_real(1.0 / 3, "0.3333333333333333");
  expect_real(0.1 + 0.2, "0.30000000000000004");
  expect_real(2e6, "2000000");
  expect_real(1e22, "1e+22");
  expect_real(-0.0, "-0");
  expect_real(5e-324, "5e-324");
  expect_real(2.2250738585072014e-308, "2.2250738585072014e-308");
  expect_real(1.7976931348623157e308, "1.7976931348623157e+308");
  expect_real(9007199254740993.0, "9007199254740992");
  expect_real(NAN, "null");
  expect_real(INFINITY, "null");
  expect_real(-INFINITY, "null");
}

Test(json_writer, reals_round_trip)
{
  uint64_t state = 1;
  for (int i = 0; i < 20000; i++) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    uint64_t bits = state ^ (state >> 29);
    double value;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) continue;
    struct tmk_json_writer *w = tmk_json_writer_create();
    tmk_json_put_real(w, NULL, value);
    char *text = finish(w);
    struct tmk_json_doc *doc = parse(text);
    double back = NAN;
    cr_assert_eq(tmk_json_real(tmk_json_root(doc), -INFINITY, INFINITY, &back, &err), TMK_OK);
    cr_assert_eq(back, value, "%s", text);
    tmk_json_free(doc);
    free(text);
  }
}

Test(json_writer, a_null_writer_is_out_of_memory)
{
  char *text = (void *)1;
  size_t size = 1;
  tmk_json_begin_object(NULL, NULL);
  tmk_json_put_real(NULL, "a", 1);
  tmk_json_put_ints(NULL, "b", (const int64_t[]){1}, 1);
  tmk_json_put_string(NULL, "c", "d");
  tmk_json_end_object(NULL);
  cr_assert_eq(tmk_json_finish(NULL, &text, &size, &err), TMK_ERR_MEMORY);
  cr_assert_null(text);
}

/* --- whole-file writes --- */

Test(file_write, creates_and_replaces, .init = make_folder, .fini = remove_folder)
{
  const char *path = in_folder("r.json");
  umask(027);
  cr_assert_eq(tmk_file_write_atomic(path, "one", 3, &err), TMK_OK, "%s", err.message);
  expect_file(path, "one");
  struct stat info;
  cr_assert_eq(stat(path, &info), 0);
  cr_assert_eq(info.st_mode & 0777, 0640, "the umask holds");
  cr_assert_eq(chmod(path, 0604), 0);
  cr_assert_eq(tmk_file_write_atomic(path, "second", 6, &err), TMK_OK, "%s", err.message);
  expect_file(path, "second");
  cr_assert_eq(stat(path, &info), 0);
  cr_assert_eq(info.st_mode & 0777, 0604, "the old file's mode stays");
  cr_assert_eq(tmk_file_write_atomic(path, "", 0, &err), TMK_OK);
  expect_file(path, "");
  cr_assert_eq(count_names(), 1);
}

Test(file_write, a_relative_path_without_a_folder, .init = make_folder, .fini = remove_folder)
{
  cr_assert_eq(chdir(folder), 0);
  cr_assert_eq(tmk_file_write_atomic("plain.json", "x", 1, &err), TMK_OK, "%s", err.message);
  expect_file(in_folder("plain.json"), "x");
  cr_assert_eq(count_names(), 1);
}

Test(file_write, a_link_stays_a_link, .init = make_folder, .fini = remove_folder)
{
  cr_assert_eq(mkdir(in_folder("sub"), 0755), 0);
  put_file(in_folder("sub/real.json"), "old");
  cr_assert_eq(symlink("sub/hop", in_folder("link.json")), 0);
  cr_assert_eq(symlink("real.json", in_folder("sub/hop")), 0);
  cr_assert_eq(tmk_file_write_atomic(in_folder("link.json"), "new", 3, &err), TMK_OK, "%s", err.message);
  struct stat info;
  cr_assert_eq(lstat(in_folder("link.json"), &info), 0);
  cr_assert(S_ISLNK(info.st_mode));
  expect_file(in_folder("sub/real.json"), "new");
  cr_assert_eq(symlink("sub/fresh.json", in_folder("dangling.json")), 0);
  cr_assert_eq(tmk_file_write_atomic(in_folder("dangling.json"), "made", 4, &err), TMK_OK, "%s", err.message);
  expect_file(in_folder("sub/fresh.json"), "made");
}

static void expect_unwritten(const char *path, enum tmk_status expected, const char *what)
{
  char message[512];
  snprintf(message, sizeof message, "%s: cannot be written: %s", path, what);
  enum tmk_status status = tmk_file_write_atomic(path, "text", 4, &err);
  cr_expect_eq(status, expected, "%s: %d", path, (int)status);
  cr_expect_str_eq(err.message, message);
}

Test(file_write, refuses_bad_targets, .init = make_folder, .fini = remove_folder, .timeout = 20)
{
  put_file(in_folder("file"), "kept");
  expect_unwritten(in_folder("none/r.json"), TMK_ERR_USAGE, "No such file or directory");
  expect_unwritten(in_folder("file/r.json"), TMK_ERR_USAGE, "Not a directory");
  expect_unwritten(folder, TMK_ERR_USAGE, "Is a directory");
  expect_unwritten("", TMK_ERR_USAGE, "No such file or directory");
  expect_unwritten("/proc/nothing.json", TMK_ERR_USAGE, "No such file or directory");
  cr_assert_eq(symlink("loop", in_folder("loop")), 0);
  expect_unwritten(in_folder("loop"), TMK_ERR_USAGE, "Too many levels of symbolic links");
  char longest[5000];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = 0;
  cr_expect_eq(tmk_file_write_atomic(longest, "x", 1, &err), TMK_ERR_USAGE);
  longest[300] = 0;
  cr_expect_eq(tmk_file_write_atomic(longest, "x", 1, &err), TMK_ERR_USAGE);
  cr_assert_eq(mkfifo(in_folder("fifo"), 0600), 0);
  expect_unwritten(in_folder("fifo"), TMK_ERR_USAGE, "No such device or address");
  if (geteuid() != 0) {
    chmod(in_folder("file"), 0444);
    expect_unwritten(in_folder("file"), TMK_ERR_USAGE, "Permission denied");
  }
  expect_file(in_folder("file"), "kept");
  cr_assert_eq(count_names(), 3, "file, loop, fifo and nothing else");
}

Test(file_write, what_is_no_file_is_written_to)
{
  cr_assert_eq(tmk_file_write_atomic("/dev/null", "text", 4, &err), TMK_OK, "%s", err.message);
  struct stat info;
  cr_assert_eq(stat("/dev/null", &info), 0);
  cr_assert(S_ISCHR(info.st_mode), "and not replaced");
  expect_unwritten("/dev/full", TMK_ERR_IO, "No space left on device");
  cr_assert_eq(stat("/dev/full", &info), 0);
  cr_assert(S_ISCHR(info.st_mode));
}

Test(file_write, an_open_descriptor_by_name_keeps_its_place, .init = make_folder, .fini = remove_folder)
{
  int fd = open(in_folder("out"), O_RDWR | O_CREAT, 0600);
  cr_assert_geq(fd, 0);
  cr_assert_eq(write(fd, "before ", 7), 7);
  char path[64];
  snprintf(path, sizeof path, "/dev/fd/%d", fd);
  cr_assert_eq(tmk_file_write_atomic(path, "then", 4, &err), TMK_OK, "%s", err.message);
  expect_file(in_folder("out"), "before then");
  cr_assert_eq(count_names(), 1);
  close(fd);
  expect_unwritten(path, TMK_ERR_IO, "Bad file descriptor");
}

/* A file size limit stands for a full disk, which needs root to make: write() fails in the middle of the text. */
Test(file_write, a_failed_write_leaves_the_old_file, .init = make_folder, .fini = remove_folder)
{
  put_file(in_folder("r.json"), "old");
  cr_assert_eq(symlink("/dev/full", in_folder("full")), 0);
  expect_unwritten(in_folder("full"), TMK_ERR_IO, "No space left on device");
  char script[512];
  size_t size = 1 << 20;
  char *text = malloc(size);
  memset(text, 'n', size);
  fflush(NULL);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY}, before;
  cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit.rlim_max = before.rlim_max;
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  enum tmk_status status = tmk_file_write_atomic(in_folder("r.json"), text, size, &err);
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
  snprintf(script, sizeof script, "%s/r.json: cannot be written: File too large", folder);
  cr_expect_eq(status, TMK_ERR_IO);
  cr_expect_str_eq(err.message, script);
  expect_file(in_folder("r.json"), "old");
  cr_assert_eq(count_names(), 2);
  free(text);
}
