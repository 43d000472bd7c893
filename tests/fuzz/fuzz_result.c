/* fuzz_result.c: any bytes as a result file. What is taken must be written, read and written again to the same text, and
 * every table must be able to print it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "out_export.h"
#include "out_report.h"
#include "result_json.h"
#include "result_json_fast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
/* libFuzzer's own; not there in a replay. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

#define REQUIRE(condition)                                                                                             \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "fuzz_result.c:%d: %s: %s\n", __LINE__, #condition, err.message);                                \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

static void print_report(FILE *out, const struct tmk_result *result)
{
  struct tmk_error err = {0};
  struct tmk_report report;
  struct tmk_report_chart charts[TMK_REPORT_CHARTS_MAX];
  int count = 0;
  tmk_report_init(&report, 1);
  REQUIRE(tmk_report_add(&report, "fuzz", result, &err) == TMK_OK);
  tmk_report_finish(&report);
  REQUIRE(tmk_report_charts(&report, NULL, charts, &count, &err) == TMK_OK);
  const struct tmk_report_page page = {
      .report = &report, .charts = charts, .chart_count = count, .without_chart_js = true};
  REQUIRE(tmk_out_report(out, &page, &err) == TMK_OK);
  REQUIRE(tmk_report_charts_json(out, &page, &err) == TMK_OK);
  for (int i = 0; i < count; i++) tmk_report_chart_free(&charts[i]);
  tmk_report_free(&report);
}

static void export_all(FILE *out, const struct tmk_result *result)
{
  struct tmk_error err = {0};
  for (int format = 0; format < TMK_EXPORT_COUNT; format++) {
    struct tmk_export export;
    char left_out[256];
    REQUIRE(tmk_export_begin(&export, (enum tmk_export_format)format, out, &err) == TMK_OK);
    REQUIRE(tmk_export_result(&export, result, &err) == TMK_OK);
    REQUIRE(tmk_export_end(&export, &err) == TMK_OK);
    tmk_export_left_out(&export, left_out, sizeof left_out);
  }
}

static void print_all(const struct tmk_result *result)
{
  struct tmk_error err = {0};
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  REQUIRE(out != NULL);
  tmk_out_preamble(out, result);
  tmk_out_table_header(out, result);
  for (int64_t i = 0; i < result->point_count; i++) tmk_out_table_row(out, result, &result->points[i]);
  tmk_out_table_footer(out, result);
  for (int64_t i = 0; i < result->point_count; i++) tmk_out_per_op(out, &result->points[i]);
  tmk_out_headline(out, result);
  tmk_out_markdown(out, result);
  tmk_out_csv(out, result);
  print_report(out, result);
  export_all(out, result);
  REQUIRE(fclose(out) == 0);
  for (size_t i = 0; i < size; i++) {
    REQUIRE((unsigned char)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\r'); /* nothing that steers a terminal */
  }
  free(text);
}

/* The fast reader took it: so must the strict one, and make the same of it. */
static void compare_readers(const struct tmk_result *fast, const uint8_t *data, size_t size)
{
  struct tmk_result strict;
  struct tmk_error err = {0};
  char *one = NULL, *other = NULL;
  size_t one_size = 0, other_size = 0;
  REQUIRE(tmk_result_parse_strict("fuzz", (const char *)data, size, &strict, &err) == TMK_OK);
  REQUIRE(tmk_result_to_json(fast, &one, &one_size, &err) == TMK_OK);
  REQUIRE(tmk_result_to_json(&strict, &other, &other_size, &err) == TMK_OK);
  REQUIRE(one_size == other_size && memcmp(one, other, one_size) == 0);
  free(one);
  free(other);
  tmk_result_free(&strict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct tmk_result first, second;
  struct tmk_error err = {0};
  char *once = NULL, *twice = NULL;
  size_t once_size = 0, twice_size = 0;
  if (tmk_result_parse_fast((const char *)data, size, &first)) compare_readers(&first, data, size);
  tmk_result_free(&first);
  enum tmk_status status = tmk_result_parse("fuzz", (const char *)data, size, &first, &err);
  if (status != TMK_OK) {
    REQUIRE(status == TMK_ERR_USAGE);
    REQUIRE(strncmp(err.message, "fuzz:", 5) == 0 && strchr(err.message, '\n') == NULL);
    REQUIRE(first.points == NULL && first.devices == NULL && first.environment == NULL);
    return 0;
  }
  REQUIRE(tmk_result_to_json(&first, &once, &once_size, &err) == TMK_OK);
  REQUIRE(tmk_result_parse("again", once, once_size, &second, &err) == TMK_OK);
  REQUIRE(tmk_result_to_json(&second, &twice, &twice_size, &err) == TMK_OK);
  REQUIRE(once_size == twice_size && memcmp(once, twice, once_size) == 0);
  print_all(&second);
  free(once);
  free(twice);
  tmk_result_free(&first);
  tmk_result_free(&second);
  return 0;
}

/* Bytes of the scalar or empty container at text[0 … size − 1]: a string with its quotes, else up to what ends a value. */
static size_t value_length(const uint8_t *text, size_t size)
{
  size_t at = 0;
  if (size > 0 && text[0] == '"') {
    for (at = 1; at < size && text[at] != '"'; at++) at += text[at] == '\\';
    return at < size ? at + 1 : size;
  }
  while (at < size && !strchr(",}]\n", text[at])) at++;
  return at;
}

/* Bytes at random hardly ever leave a document that is JSON, so two times in three a value is replaced by another one that a
 * result could have there, and the document stays well-formed. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
  static const char *const values[] = {"null",
                                       "true",
                                       "false",
                                       "0",
                                       "-1",
                                       "1",
                                       "2",
                                       "9007199254740991",
                                       "2147483648",
                                       "1e308",
                                       "5e-324",
                                       "-0.0",
                                       "0.5",
                                       "\"\"",
                                       "\"x\"",
                                       "[]",
                                       "{}",
                                       "[1]",
                                       "[1, 2]",
                                       "\"ok\"",
                                       "\"failed\"",
                                       "\"op\"",
                                       "\"comm\"",
                                       "\"scale\"",
                                       "\"INVALID\"",
                                       "\"SUSPECT\"",
                                       "\"simulated\"",
                                       "\"composed\"",
                                       "\"e2e\"",
                                       "\"fp8\"",
                                       "\"none\"",
                                       "\"input\"",
                                       "[\"drift\"]",
                                       "\"cache\"",
                                       "\"1.9.0\"",
                                       "\"7\"",
                                       "[\"f32\"]",
                                       "{\"f32\": 1}"};
  enum { VALUES = sizeof values / sizeof values[0] };
  if (size < 8 || seed % 3 == 0) return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max_size) : size;
  const char *value = values[seed / 3 % VALUES];
  size_t start = seed / 3 / VALUES * 2654435761u % size, from = start;
  while (from < size && data[from] != ':') from++;
  while (from < size && strchr(": ", data[from])) from++;
  if (from >= size || data[from] == '{' || data[from] == '[') return size;
  size_t old = value_length(data + from, size - from), length = strlen(value);
  if (size - old + length > max_size) return size;
  memmove(data + from + length, data + from + old, size - from - old);
  memcpy(data + from, value, length);
  return size - old + length;
}
