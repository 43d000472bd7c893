/* test_opt.c: every message of the option engine to the letter, both sides of each limit, and the help it prints. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/redirect.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"
#include "opt_text.h"

#define CHECK_TEXT(actual, expected) cr_assert(eq(str, (char *)(actual), (char *)(expected)))

/* --- single values --- */

static const char *int_message(const char *text, int64_t min, int64_t max, bool suffix)
{
  static struct tmk_error err;
  int64_t value = -77;
  err = (struct tmk_error){0};
  cr_assert(eq(int, tmk_parse_int("--batch", text, min, max, suffix, &value, &err), TMK_ERR_USAGE), "%s", text);
  cr_assert(eq(i64, value, -77), "a value that is refused is not stored");
  return err.message;
}

static int64_t int_value(const char *text, int64_t min, int64_t max, bool suffix)
{
  struct tmk_error err = {0};
  int64_t value = -77;
  cr_assert(eq(int, tmk_parse_int("--n", text, min, max, suffix, &value, &err), TMK_OK), "%s: %s", text, err.message);
  return value;
}

Test(opt_int, both_sides_of_the_range)
{
  cr_assert(eq(i64, int_value("1", 1, 65536, false), 1));
  cr_assert(eq(i64, int_value("65536", 1, 65536, false), 65536));
  CHECK_TEXT(int_message("0", 1, 65536, false), "--batch 0: must be 1..65536");
  CHECK_TEXT(int_message("65537", 1, 65536, false), "--batch 65537: must be 1..65536");
  CHECK_TEXT(int_message("-1", 1, 65536, false), "--batch -1: must be 1..65536");
  CHECK_TEXT(int_message("9999999999", 1, 65536, false), "--batch 9999999999: must be 1..65536");
  cr_assert(eq(i64, int_value("-3", -3, 3, false), -3));
}

Test(opt_int, not_a_whole_number)
{
  static const char *const texts[] = {"a",   "1e3", " 5", "5 ", "+5",    "0x10", "1.5", "1.0", "-",
                                      "--1", "1,2", "5K", "½",  "1_000", "1'",   "NaN", "inf"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    char expected[128];
    snprintf(expected, sizeof expected, "--batch %s: must be a whole number, 1..65536", texts[i]);
    CHECK_TEXT(int_message(texts[i], 1, 65536, false), expected);
  }
  CHECK_TEXT(int_message("", 1, 65536, false), "--batch: needs a value");
}

Test(opt_int, ends_of_64_bits)
{
  cr_assert(eq(i64, int_value("9223372036854775807", 1, INT64_MAX, false), INT64_MAX));
  CHECK_TEXT(int_message("9223372036854775808", 1, INT64_MAX, false), "--batch 9223372036854775808: must be 1 or more");
  cr_assert(eq(i64, int_value("-9223372036854775808", INT64_MIN, 0, false), INT64_MIN));
  CHECK_TEXT(int_message("-9223372036854775809", INT64_MIN, 0, false),
             "--batch -9223372036854775809: must be 0 or less");
  CHECK_TEXT(int_message("99999999999999999999999999", INT64_MIN, INT64_MAX, false),
             "--batch 99999999999999999999999999: must be within 64 bits");
}

Test(opt_int, suffixes)
{
  cr_assert(eq(i64, int_value("1K", 1, INT64_MAX, true), 1024));
  cr_assert(eq(i64, int_value("3M", 1, INT64_MAX, true), 3 * 1024 * 1024));
  cr_assert(eq(i64, int_value("2G", 1, INT64_MAX, true), (int64_t)2 << 30));
  cr_assert(eq(i64, int_value("8589934591G", 1, INT64_MAX, true), (int64_t)8589934591 << 30));
  CHECK_TEXT(int_message("8589934592G", 1, INT64_MAX, true), "--batch 8589934592G: must be 1 or more");
  CHECK_TEXT(int_message("1k", 1, 9, true), "--batch 1k: must be a whole number, 1..9, K, M or G behind it allowed");
  CHECK_TEXT(int_message("1KB", 1, 9, true), "--batch 1KB: must be a whole number, 1..9, K, M or G behind it allowed");
  CHECK_TEXT(int_message("K", 1, 9, true), "--batch K: must be a whole number, 1..9, K, M or G behind it allowed");
  CHECK_TEXT(int_message("1K", 1, 1023, true), "--batch 1K: must be 1..1023");
}

Test(opt_int, long_values_are_clipped_not_the_message)
{
  char text[300], expected[200];
  memset(text, '7', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  snprintf(expected, sizeof expected, "--batch %.64s...: must be 1..9", text);
  CHECK_TEXT(int_message(text, 1, 9, false), expected);
  /* 63 letters, then a two-byte one over the clip: it goes whole. */
  memset(text, 'a', 63);
  strcpy(text + 63, "éé");
  snprintf(expected, sizeof expected, "--batch %.63s...: must be a whole number, 1..9", text);
  CHECK_TEXT(int_message(text, 1, 9, false), expected);
}

static const char *real_message(const char *text, double min, double max)
{
  static struct tmk_error err;
  double value = -77;
  err = (struct tmk_error){0};
  cr_assert(eq(int, tmk_parse_real("--time", text, min, max, &value, &err), TMK_ERR_USAGE), "%s", text);
  cr_assert(eq(dbl, value, -77.0));
  return err.message;
}

static double real_value(const char *text)
{
  struct tmk_error err = {0};
  double value = -77;
  cr_assert(eq(int, tmk_parse_real("--time", text, -1e9, 1e9, &value, &err), TMK_OK), "%s: %s", text, err.message);
  return value;
}

Test(opt_real, values)
{
  cr_assert(eq(dbl, real_value("2e6"), 2e6));
  cr_assert(eq(dbl, real_value("0.01"), 0.01));
  cr_assert(eq(dbl, real_value(".5"), 0.5));
  cr_assert(eq(dbl, real_value("5."), 5.0));
  cr_assert(eq(dbl, real_value("-1.25E-2"), -0.0125));
  cr_assert(eq(dbl, real_value("1e-400"), 0.0));
}

Test(opt_real, messages)
{
  static const char *const texts[] = {"a", "nan", "inf",   "-inf", "0x1p3", "1e", "1e+",
                                      ".", "-",   "1.2.3", " 1",   "1 ",    "+1", "1s"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    char expected[128];
    snprintf(expected, sizeof expected, "--time %s: must be a number, 0.01..3600", texts[i]);
    CHECK_TEXT(real_message(texts[i], 0.01, 3600), expected);
  }
  CHECK_TEXT(real_message("", 0.01, 3600), "--time: needs a value");
  CHECK_TEXT(real_message("0", 0.01, 3600), "--time 0: must be 0.01..3600");
  CHECK_TEXT(real_message("3600.1", 0.01, 3600), "--time 3600.1: must be 0.01..3600");
  CHECK_TEXT(real_message("1e999", 0.01, 3600), "--time 1e999: must be 0.01..3600");
  CHECK_TEXT(real_message("-1", 0, 1e300), "--time -1: must be 0 or more");
}

/* --- lists --- */

static const char *list_message(const char *text)
{
  static struct tmk_error err;
  struct tmk_int_list list = {.values = {5}, .count = 1};
  err = (struct tmk_error){0};
  cr_assert(eq(int, tmk_parse_int_list("--batch", text, 1, 65536, false, &list, &err), TMK_ERR_USAGE), "%s", text);
  cr_assert(eq(int, list.count, 1), "a list that is refused is not stored");
  return err.message;
}

static void check_list(const char *text, int64_t max, const int64_t *expected, int count)
{
  struct tmk_error err = {0};
  struct tmk_int_list list = {.count = 0};
  cr_assert(eq(int, tmk_parse_int_list("--batch", text, 1, max, true, &list, &err), TMK_OK), "%s: %s", text,
            err.message);
  cr_assert(eq(int, list.count, count), "%s", text);
  for (int i = 0; i < count; i++) cr_assert(eq(i64, list.values[i], expected[i]), "%s [%d]", text, i);
}

Test(opt_list, values)
{
  check_list("8", 65536, (const int64_t[]){8}, 1);
  check_list("4,1,2", 65536, (const int64_t[]){4, 1, 2}, 3);
  check_list("1..64", 65536, (const int64_t[]){1, 2, 4, 8, 16, 32, 64}, 7);
  check_list("3..12,5", 65536, (const int64_t[]){3, 6, 12, 5}, 4);
  check_list("1..48", 65536, (const int64_t[]){1, 2, 4, 8, 16, 32, 48}, 7);
  check_list("7..7", 65536, (const int64_t[]){7}, 1);
  check_list("1K..4K", 65536, (const int64_t[]){1024, 2048, 4096}, 3);
}

Test(opt_list, doubling_to_the_end_of_64_bits)
{
  struct tmk_error err = {0};
  struct tmk_int_list list = {.count = 0};
  cr_assert(eq(int, tmk_parse_int_list("--n", "1..9223372036854775807", 1, INT64_MAX, false, &list, &err), TMK_OK));
  cr_assert(eq(int, list.count, 64)); /* 2^0 … 2^62, then the end itself */
  cr_assert(eq(i64, list.values[62], (int64_t)1 << 62));
  cr_assert(eq(i64, list.values[63], INT64_MAX));
}

Test(opt_list, messages)
{
  static const char *const shapes[] = {"1..", "..", "..4", "1,,2", ",", "1,", ",1", "1,2.."};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    char expected[128];
    snprintf(expected, sizeof expected, "--batch %s: must be a list like 1,2,4 or 1..64", shapes[i]);
    CHECK_TEXT(list_message(shapes[i]), expected);
  }
  CHECK_TEXT(list_message(""), "--batch: needs a value");
  CHECK_TEXT(list_message("a"), "--batch a: must be a whole number, 1..65536");
  CHECK_TEXT(list_message("0"), "--batch 0: must be 1..65536");
  CHECK_TEXT(list_message("1,0,2"), "--batch 0: must be 1..65536");
  CHECK_TEXT(list_message("9999999999"), "--batch 9999999999: must be 1..65536");
  CHECK_TEXT(list_message("1..9999999999"), "--batch 9999999999: must be 1..65536");
  CHECK_TEXT(list_message("1..0"), "--batch 0: must be 1..65536");
  CHECK_TEXT(list_message("8..4"), "--batch 8..4: ends below its start");
  CHECK_TEXT(list_message("1, 2"), "--batch  2: must be a whole number, 1..65536");
  CHECK_TEXT(list_message("1...4"), "--batch .4: must be a whole number, 1..65536");
  CHECK_TEXT(list_message("1..2..4"), "--batch 2..4: must be a whole number, 1..65536");
  CHECK_TEXT(list_message("2,1,2"), "--batch: 2 is there twice");
  CHECK_TEXT(list_message("1..8,4"), "--batch: 4 is there twice");
}

Test(opt_list, doubling_from_zero)
{
  struct tmk_error err = {0};
  struct tmk_int_list list = {.count = 0};
  cr_assert(eq(int, tmk_parse_int_list("--context", "0..8", 0, 100, false, &list, &err), TMK_ERR_USAGE));
  CHECK_TEXT(err.message, "--context 0..8: doubles from its first number, which must be 1 or more");
}

Test(opt_list, at_most_64_values)
{
  char text[400] = "1";
  for (int i = 2; i <= 64; i++) snprintf(text + strlen(text), sizeof text - strlen(text), ",%d", i);
  struct tmk_error err = {0};
  struct tmk_int_list list = {.count = 0};
  cr_assert(eq(int, tmk_parse_int_list("--batch", text, 1, 65536, false, &list, &err), TMK_OK));
  cr_assert(eq(int, list.count, 64));
  strcat(text, ",65");
  CHECK_TEXT(list_message(text), "--batch: more than 64 values");
}

/* --- a table --- */

struct values {
  bool force;
  int64_t steps, bytes;
  double time, tolerance;
  const char *output, *model;
  int format;
  struct tmk_int_list batch, context;
  unsigned phases, kinds;
};
static const char *const format_names[] = {"table", "json", "csv", NULL};
static const char *const phase_names[] = {"decode", "prefill", "e2e", NULL};
#define ROW(field) .name = #field, .offset = offsetof(struct values, field)
static const struct tmk_opt table[] = {
    {ROW(force), .type = TMK_OPT_FLAG, .help = "Overwrite an existing output"},
    {ROW(steps), .type = TMK_OPT_INT, .metavar = "N", .help = "Steps", .min = 1, .max = 100, .default_text = "7"},
    {ROW(bytes), .type = TMK_OPT_INT, .metavar = "N", .help = "Bytes", .min = 0, .max = 0x1p63, .allow_suffix = true},
    {ROW(time), .type = TMK_OPT_REAL, .metavar = "S", .help = "Seconds", .min = 0.01, .max = 3600,
     .default_text = "2.5"},
    {ROW(tolerance), .type = TMK_OPT_PERCENT, .metavar = "P", .help = "Slack", .min = 0, .max = 0.5},
    {ROW(output), .short_name = 'o', .type = TMK_OPT_STRING, .metavar = "FILE", .help = "Where to write"},
    {ROW(model), .type = TMK_OPT_STRING, .metavar = "NAME", .help = "Model", .default_text = "llama"},
    {ROW(format), .type = TMK_OPT_CHOICE, .metavar = "F", .help = "Format", .choices = format_names,
     .default_text = "json"},
    {ROW(batch), .type = TMK_OPT_INT_LIST, .metavar = "LIST", .help = "Batches", .min = 1, .max = 65536},
    {ROW(context), .type = TMK_OPT_INT_LIST, .metavar = "LIST", .help = "Contexts", .min = 0, .max = 100,
     .default_text = "1..4"},
    {ROW(phases), .type = TMK_OPT_CHOICE_LIST, .metavar = "LIST", .help = "Phases", .choices = phase_names},
    {ROW(kinds), .type = TMK_OPT_CHOICE_LIST, .metavar = "LIST", .help = "Kinds", .choices = phase_names,
     .default_text = "prefill"},
};
#define ROWS ((int)(sizeof table / sizeof table[0]))
static const struct tmk_command_help help = {.usage = "tokmark test [options]", .summary = "A test.", .epilogue = NULL};

static enum tmk_status parse(const char *line, struct values *values, struct tmk_opt_result *result,
                             struct tmk_error *err, int min_positionals, int max_positionals)
{
  static char copy[2000]; /* values are borrowed from argv */
  static char *argv[80];
  int argc = 0;
  snprintf(copy, sizeof copy, "test %s", line);
  for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) argv[argc++] = word;
  argv[argc] = NULL;
  return tmk_opt_parse(table, ROWS, values, &help, argc, argv, min_positionals, max_positionals, result, err);
}

static const char *parse_message(const char *line)
{
  static struct tmk_error err;
  struct values values = {0};
  struct tmk_opt_result result;
  err = (struct tmk_error){0};
  cr_assert(eq(int, parse(line, &values, &result, &err, 0, 0), TMK_ERR_USAGE), "%s", line);
  cr_assert(eq(ptr, result.positionals, NULL), "freed after an error");
  return err.message;
}

Test(opt_table, defaults_and_fields_left_alone)
{
  struct values values = {.bytes = 11, .tolerance = 0.25, .output = "keep", .batch = {{3}, 1}, .phases = 4};
  struct tmk_opt_result result;
  struct tmk_error err = {0};
  cr_assert(eq(int, parse("", &values, &result, &err, 0, 0), TMK_OK), "%s", err.message);
  cr_assert(eq(i64, values.steps, 7));
  cr_assert(eq(dbl, values.time, 2.5));
  CHECK_TEXT(values.model, "llama");
  cr_assert(eq(int, values.format, 1));
  cr_assert(eq(int, values.context.count, 3));
  cr_assert(eq(u32, values.kinds, 2));
  cr_assert(not(values.force));
  cr_assert(eq(i64, values.bytes, 11));
  cr_assert(eq(dbl, values.tolerance, 0.25));
  CHECK_TEXT(values.output, "keep");
  cr_assert(eq(int, values.batch.count, 1));
  cr_assert(eq(u32, values.phases, 4));
  cr_assert(eq(u64, result.given, 0));
  cr_assert(not(tmk_opt_given(table, ROWS, &result, "model")), "a default is not given");
  cr_assert(eq(int, result.positional_count, 0));
  tmk_opt_free(&result);
}

Test(opt_table, values_in_every_form)
{
  struct values values = {.batch = {{3}, 1}, .phases = 4};
  struct tmk_opt_result result;
  struct tmk_error err = {0};
  enum tmk_status status =
      parse("--force --steps=9 -o r.json --bytes 4K --tolerance 3% --format csv --batch 1,2 --batch=8 "
            "--phases decode --phases prefill --kinds e2e --context 5 --time 1e1 --model -",
            &values, &result, &err, 0, 0);
  cr_assert(eq(int, status, TMK_OK), "%s", err.message);
  cr_assert(values.force);
  cr_assert(eq(i64, values.steps, 9));
  cr_assert(eq(i64, values.bytes, 4096));
  cr_assert(ieee_ulp_eq(dbl, values.tolerance, 0.03, 1));
  CHECK_TEXT(values.output, "r.json");
  CHECK_TEXT(values.model, "-");
  cr_assert(eq(int, values.format, 2));
  cr_assert(eq(int, values.batch.count, 3));
  cr_assert(eq(i64, values.batch.values[2], 8));
  cr_assert(eq(u32, values.phases, 3));
  cr_assert(eq(u32, values.kinds, 4), "a default is dropped by what is given");
  cr_assert(eq(int, values.context.count, 1), "likewise");
  cr_assert(eq(dbl, values.time, 10.0));
  cr_assert(tmk_opt_given(table, ROWS, &result, "batch"));
  cr_assert(tmk_opt_given(table, ROWS, &result, "output"), "given by its short name");
  tmk_opt_free(&result);
}

Test(opt_table, percent_forms)
{
  static const struct {
    const char *line;
    double value;
  } cases[] = {{"--tolerance 3%", 0.03}, {"--tolerance 0.03", 0.03}, {"--tolerance 50%", 0.5}, {"--tolerance 0", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct values values = {0};
    struct tmk_opt_result result;
    struct tmk_error err = {0};
    cr_assert(eq(int, parse(cases[i].line, &values, &result, &err, 0, 0), TMK_OK), "%s", err.message);
    cr_assert(ieee_ulp_eq(dbl, values.tolerance, cases[i].value, 1));
    tmk_opt_free(&result);
  }
  CHECK_TEXT(parse_message("--tolerance 51%"), "--tolerance 51%: must be 0%..50%");
  CHECK_TEXT(parse_message("--tolerance 3"), "--tolerance 3: must be 0%..50%");
  CHECK_TEXT(parse_message("--tolerance -1%"), "--tolerance -1%: must be 0%..50%");
  CHECK_TEXT(parse_message("--tolerance %"),
             "--tolerance %: must be a percentage like 3% or a fraction like 0.03, 0%..50%");
}

Test(opt_table, unknown_options)
{
  CHECK_TEXT(parse_message("--bach 1"), "--bach: unknown option; did you mean --batch?");
  CHECK_TEXT(parse_message("--bacth=1"), "--bacth: unknown option; did you mean --batch?");
  CHECK_TEXT(parse_message("--out x"), "--out: unknown option; did you mean --output?");
  CHECK_TEXT(parse_message("--FORCE"), "--FORCE: unknown option; did you mean --force?");
  CHECK_TEXT(parse_message("--hlep"), "--hlep: unknown option; did you mean --help?");
  CHECK_TEXT(parse_message("--no-such"), "--no-such: unknown option; see --help");
  CHECK_TEXT(parse_message("--no-such=3"), "--no-such: unknown option; see --help");
  CHECK_TEXT(parse_message("-z"), "-z: unknown option; see --help");
  CHECK_TEXT(parse_message("-ofile"), "-ofile: unknown option; see --help");
  CHECK_TEXT(parse_message("-5"), "-5: unknown option; see --help");
  CHECK_TEXT(parse_message("--=5"), "--: unknown option; see --help");
}

Test(opt_table, missing_and_extra_values)
{
  CHECK_TEXT(parse_message("--batch"), "--batch: needs a value");
  CHECK_TEXT(parse_message("--batch="), "--batch: needs a value");
  CHECK_TEXT(parse_message("--batch --force"), "--batch: needs a value");
  CHECK_TEXT(parse_message("-o"), "--output: needs a value");
  CHECK_TEXT(parse_message("--output="), "--output: needs a value");
  CHECK_TEXT(parse_message("--format="), "--format: needs a value");
  CHECK_TEXT(parse_message("--phases="), "--phases: needs a value");
  CHECK_TEXT(parse_message("--tolerance="), "--tolerance: needs a value");
  CHECK_TEXT(parse_message("--force=1"), "--force: takes no value");
  CHECK_TEXT(parse_message("--force="), "--force: takes no value");
}

Test(opt_table, given_twice)
{
  CHECK_TEXT(parse_message("--steps 1 --steps 1"), "--steps: given twice");
  CHECK_TEXT(parse_message("-o a --output b"), "--output: given twice");
  CHECK_TEXT(parse_message("--force --force"), "--force: given twice");
  CHECK_TEXT(parse_message("--batch 1 --batch 1"), "--batch: 1 is there twice");
  CHECK_TEXT(parse_message("--phases e2e --phases e2e"), "--phases: e2e is there twice");
}

Test(opt_table, choices)
{
  CHECK_TEXT(parse_message("--format xml"), "--format xml: must be table, json or csv");
  CHECK_TEXT(parse_message("--format JSON"), "--format JSON: must be table, json or csv");
  CHECK_TEXT(parse_message("--format jso"), "--format jso: must be table, json or csv");
  CHECK_TEXT(parse_message("--phases decode,x"), "--phases x: must be decode, prefill or e2e");
  CHECK_TEXT(parse_message("--phases decode,"), "--phases decode,: an element is empty");
  CHECK_TEXT(parse_message("--phases decode,decode"), "--phases: decode is there twice");
}

Test(opt_table, ranges_of_rows)
{
  CHECK_TEXT(parse_message("--steps 0"), "--steps 0: must be 1..100");
  CHECK_TEXT(parse_message("--steps 101"), "--steps 101: must be 1..100");
  CHECK_TEXT(parse_message("--steps -1"), "--steps -1: must be 1..100");
  CHECK_TEXT(parse_message("--bytes -1"), "--bytes -1: must be 0 or more");
  CHECK_TEXT(parse_message("--time 0"), "--time 0: must be 0.01..3600");
}

Test(opt_table, positionals)
{
  struct values values = {0};
  struct tmk_opt_result result;
  struct tmk_error err = {0};
  cr_assert(eq(int, parse("a.json --force - -- --batch", &values, &result, &err, 1, 3), TMK_OK), "%s", err.message);
  cr_assert(eq(int, result.positional_count, 3));
  CHECK_TEXT(result.positionals[0], "a.json");
  CHECK_TEXT(result.positionals[1], "-");
  CHECK_TEXT(result.positionals[2], "--batch");
  tmk_opt_free(&result);
  cr_assert(eq(int, parse("--force", &values, &result, &err, 1, 3), TMK_ERR_USAGE));
  CHECK_TEXT(err.message, "an argument is missing: usage: tokmark test [options]");
  cr_assert(eq(int, parse("a b", &values, &result, &err, 0, 1), TMK_ERR_USAGE));
  CHECK_TEXT(err.message, "b: unexpected argument: usage: tokmark test [options]");
}

/* --- names --- */

Test(opt_nearest, typos)
{
  static const char *const names[] = {"batch", "context", "tinyllama-1.1b", "llama-3.1-8b", "cpu", NULL};
  CHECK_TEXT(tmk_nearest_name("bacth", names), "batch");
  CHECK_TEXT(tmk_nearest_name("contxet", names), "context");
  CHECK_TEXT(tmk_nearest_name("tinyllama", names), "tinyllama-1.1b");
  CHECK_TEXT(tmk_nearest_name("llama3.1-8b", names), "llama-3.1-8b");
  CHECK_TEXT(tmk_nearest_name("LLAMA-3.1-8B", names), "llama-3.1-8b");
  CHECK_TEXT(tmk_nearest_name("cp", names), "cpu");
}

Test(opt_nearest, other_words_have_no_neighbour)
{
  static const char *const names[] = {"batch", "context", "cpu", NULL};
  static const char *const none[] = {NULL};
  char long_text[400];
  memset(long_text, 'b', sizeof long_text - 1);
  long_text[sizeof long_text - 1] = '\0';
  cr_assert(eq(ptr, (void *)tmk_nearest_name("frobnicate", names), NULL));
  cr_assert(eq(ptr, (void *)tmk_nearest_name("bxxxx", names), NULL));
  cr_assert(eq(ptr, (void *)tmk_nearest_name("", names), NULL));
  cr_assert(eq(ptr, (void *)tmk_nearest_name("c", names), NULL));
  cr_assert(eq(ptr, (void *)tmk_nearest_name(long_text, names), NULL));
  cr_assert(eq(ptr, (void *)tmk_nearest_name("batch", none), NULL));
}

/* --- help --- */

static char *help_text(const struct tmk_opt *rows, int count, const struct tmk_command_help *what)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  tmk_opt_print_help(out, rows, count, what);
  fclose(out);
  return text;
}

Test(opt_help, rows_are_aligned_and_say_range_and_default)
{
  char *text = help_text(table, ROWS, &help);
  CHECK_TEXT(text, "Usage: tokmark test [options]\n"
                   "\n"
                   "A test.\n"
                   "\n"
                   "Options:\n"
                   "      --force         Overwrite an existing output\n"
                   "      --steps N       Steps (1..100; default 7)\n"
                   "      --bytes N       Bytes (0 or more, K M G allowed)\n"
                   "      --time S        Seconds (0.01..3600; default 2.5)\n"
                   "      --tolerance P   Slack (0%..50%)\n"
                   "  -o, --output FILE   Where to write\n"
                   "      --model NAME    Model (default llama)\n"
                   "      --format F      Format (table, json or csv; default json)\n"
                   "      --batch LIST    Batches (1..65536)\n"
                   "      --context LIST  Contexts (0..100; default 1..4)\n"
                   "      --phases LIST   Phases (decode, prefill or e2e)\n"
                   "      --kinds LIST    Kinds (decode, prefill or e2e; default prefill)\n"
                   "  -h, --help          Print this help\n");
  free(text);
}

Test(opt_help, long_texts_wrap_below_97_columns)
{
  static const struct tmk_opt rows[] = {
      {.name = "x",
       .type = TMK_OPT_FLAG,
       .help =
           "word word word word word word word word word word word word word word word word word word word word word"},
      {.name = "a-name-far-too-long-for-the-left", .type = TMK_OPT_STRING, .metavar = "FILE", .help = "Text"},
      {.name = "n", .type = TMK_OPT_INT, .metavar = "N", .help = "Number (default: all)", .min = 1, .max = 9},
  };
  static const struct tmk_command_help what = {
      .usage = "tokmark test",
      .summary =
          "A summary – with a dash of more than one byte – that is so long that it can not stand on a line of its own, "
          "so it is broken.",
      .epilogue = "Examples:\n  tokmark test\n"};
  char *text = help_text(rows, 3, &what);
  CHECK_TEXT(text, "Usage: tokmark test\n"
                   "\n"
                   "A summary – with a dash of more than one byte – that is so long that it can not stand on a line\n"
                   "of its own, so it is broken.\n"
                   "\n"
                   "Options:\n"
                   "      --x     word word word word word word word word word word word word word word word word\n"
                   "              word word word word word\n"
                   "      --a-name-far-too-long-for-the-left FILE\n"
                   "              Text\n"
                   "      --n N   Number (default: all; 1..9)\n"
                   "  -h, --help  Print this help\n"
                   "\n"
                   "Examples:\n"
                   "  tokmark test\n");
  free(text);
}

Test(opt_help, help_is_asked_for_on_the_command_line, .init = cr_redirect_stdout)
{
  struct values values = {0};
  struct tmk_opt_result result;
  struct tmk_error err = {0};
  cr_assert(eq(int, parse("--force -h --batch", &values, &result, &err, 1, 1), TMK_OK));
  cr_assert(result.help);
  tmk_opt_free(&result);
  cr_assert(eq(int, parse("-- --help", &values, &result, &err, 0, 1), TMK_OK));
  cr_assert(not(result.help));
  cr_assert(eq(int, result.positional_count, 1));
  tmk_opt_free(&result);
}
