/* test_result_fast.c: the fast reader takes what tokmark writes and makes of it what the strict one makes; whatever is otherwise it
 * leaves alone. The fuzz target compares the two on anything. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "result_json.h"
#include "result_json_fast.h"

static char *read_text(const char *path, size_t *size)
{
  struct tmk_error err = {0};
  char *text;
  cr_assert_eq(tmk_file_read(path, &text, size, &err), TMK_OK, "%s", err.message);
  return text;
}

static void expect_same(const char *path)
{
  struct tmk_error err = {0};
  struct tmk_result fast, strict;
  size_t size, one_size, other_size;
  char *text = read_text(path, &size), *one, *other;
  cr_assert(tmk_result_parse_fast(text, size, &fast), "%s: not taken", path);
  cr_assert_eq(tmk_result_parse_strict(path, text, size, &strict, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(fast.point_count, strict.point_count);
  cr_assert_eq(tmk_result_to_json(&fast, &one, &one_size, &err), TMK_OK);
  cr_assert_eq(tmk_result_to_json(&strict, &other, &other_size, &err), TMK_OK);
  cr_assert_str_eq(one, other, "%s", path);
  free(one);
  free(other);
  free(text);
  tmk_result_free(&fast);
  tmk_result_free(&strict);
}

Test(result_fast, takes_what_tokmark_writes)
{
  expect_same("tests/data/results/cpu-sweep.json");
  expect_same("tests/data/results/all-types.json");
}

Test(result_fast, takes_an_earlier_minor_version)
{
  expect_same("results/amd-epyc-2t/20261122T045544Z-a554466fadc4.json");
  expect_same("tests/data/results/target-h100.json");
}

/* One edit of a good file each: `from` becomes `to` at its first place. */
struct edit {
  const char *from, *to;
};

Test(result_fast, leaves_the_rest_to_the_strict_reader)
{
  static const struct edit edits[] = {
      {"\"tokmark-result\"", "\"another\""},
      {"\"schema_version\": \"1.", "\"schema_version\": \"1.9"},
      {"\"schema_version\": \"1.", "\"schema_version\": \"2."},
      {"\"complete\": true", "\"complete\": 1"},
      {"\"complete\": true", "\"new\": 1, \"complete\": true"},
      {"\"complete\": true", "\"complete\": true, \"complete\": true"},
      {"\"cpu\"", "\"c\\u0070u\""},
      {"\"cpu\"", "\"c\tpu\""},
      {"\"cpu\"", "\"\xff\""},
      {"\"batch\": 1,", "\"batch\": 1.0,"},
      {"\"batch\": 1,", "\"batch\": 01,"},
      {"\"batch\": 1,", "\"batch\": 0,"},
      {"\"batch\": 1,", "\"batch\": 9007199254740991,"},
      {"\"batch\": 1,", "\"batch\": -0,"},
      {"\"outliers\": ", "\"outliers\": -"},
      {"\"mean_ns\": ", "\"mean_ns\": -"},
      {"\"mean_ns\": ", "\"mean_ns\": 1e400, \"x\": "},
      {"\"mean_ns\": ", "\"mean_ns\": .5, \"x\": "},
      {"\"mean_ns\": ", "\"mean_ns\": 1., \"x\": "},
      {"\"decode\"", "\"decade\""},
      {"\"drift\"", "\"draft\""},
      {"\"samples_ns\": [", "\"samples_ns\": [1, "},
      {"\"seed\": \"", "\"seed\": \"0"},
      {"\"status\": \"ok\"", "\"status\": \"failed\""},
      {"\"f32\": ", "\"f32\": 1, \"f32\": "},
      {"\"points\": [", "\"points\": [[],"},
  };
  size_t size;
  char *text = read_text("tests/data/results/cpu-sweep.json", &size), *changed = malloc(size + 64);
  struct tmk_result result;
  for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
    const char *at = memmem(text, size, edits[i].from, strlen(edits[i].from));
    cr_assert_not_null(at, "%s", edits[i].from);
    size_t before = (size_t)(at - text), from = strlen(edits[i].from), to = strlen(edits[i].to);
    memcpy(changed, text, before);
    memcpy(changed + before, edits[i].to, to);
    memcpy(changed + before + to, at + from, size - before - from);
    cr_expect_not(tmk_result_parse_fast(changed, size - from + to, &result), "%s -> %s: taken", edits[i].from,
                  edits[i].to);
    cr_expect_null(result.points);
    cr_expect_eq(result.point_count, 0);
  }
  for (size_t cut = 0; cut < size - 1; cut += cut < size - 40 ? 37 : 1) { /* behind its last '}' is a line feed */
    cr_expect_not(tmk_result_parse_fast(text, cut, &result), "cut to %zu: taken", cut);
  }
  free(changed);
  free(text);
}

/* Each number here reads as strtod reads it, to the last bit. */
Test(result_fast, numbers_are_the_nearest_double)
{
  static const char *const numbers[] = {"0.1",
                                        "123456789012345",
                                        "0.000123456789012345",
                                        "1e22",
                                        "1e23",
                                        "1.5e-22",
                                        "9.007199254740993e15",
                                        "1.7976931348623157e308",
                                        "5e-324",
                                        "2.2250738585072014e-308",
                                        "0.3333333333333333",
                                        "12345678901234567890",
                                        "0",
                                        "0.0e5",
                                        "1E+2",
                                        "100000000000000000000000.5"};
  static const char place[] = "\"drift\": 0.031";
  size_t size;
  char *text = read_text("tests/data/results/cpu-sweep.json", &size), *changed = malloc(size + 64);
  const char *at = memmem(text, size, "\"drift\": ", 9);
  cr_assert_not_null(at, "%s", place);
  const char *end = at + 9 + strcspn(at + 9, ",\n");
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    size_t before = (size_t)(at + 9 - text), length = strlen(numbers[i]), after = size - (size_t)(end - text);
    memcpy(changed, text, before);
    memcpy(changed + before, numbers[i], length);
    memcpy(changed + before + length, end, after);
    struct tmk_result result;
    cr_assert(tmk_result_parse_fast(changed, before + length + after, &result), "%s", numbers[i]);
    double expected = strtod(numbers[i], NULL);
    cr_expect(memcmp(&result.devices[0].drift, &expected, sizeof expected) == 0, "%s: %.17g", numbers[i],
              result.devices[0].drift);
    tmk_result_free(&result);
  }
  free(changed);
  free(text);
}
