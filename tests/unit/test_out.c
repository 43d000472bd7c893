/* test_out.c: numbers for people, the terminal table, Markdown, CSV, per-op table and headline. Run from the root of the
 * repository. Whole outputs are golden runs: tests/cli/show.t. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "out_parts.h"
#include "result_json.h"

#define SWEEP     "tests/data/results/cpu-sweep.json"
#define ALL_TYPES "tests/data/results/all-types.json"

/* --- numbers --- */

#define CHECK_FORMAT(expected, function, ...)                                                                          \
  do {                                                                                                                 \
    char text[64];                                                                                                     \
    function(__VA_ARGS__, text, sizeof text);                                                                          \
    cr_expect_str_eq(text, expected);                                                                                  \
  } while (0)

Test(out, times_have_three_digits_and_the_unit_that_fits_after_rounding)
{
  CHECK_FORMAT("0 ns", tmk_format_time, 0);
  CHECK_FORMAT("999 ns", tmk_format_time, 999.4);
  CHECK_FORMAT("1.00 us", tmk_format_time, 999.6);
  CHECK_FORMAT("1.00 us", tmk_format_time, 1000);
  CHECK_FORMAT("1.23 ms", tmk_format_time, 1234567);
  CHECK_FORMAT("12.3 ms", tmk_format_time, 12345678);
  CHECK_FORMAT("1.00 s", tmk_format_time, 999.9e6);
  CHECK_FORMAT("3600 s", tmk_format_time, 3600e9);
  CHECK_FORMAT("0.250 ns", tmk_format_time, 0.25);
  CHECK_FORMAT("-5.00 ns", tmk_format_time, -5);
  CHECK_FORMAT("-", tmk_format_time, NAN);
  CHECK_FORMAT("inf", tmk_format_time, INFINITY);
}

Test(out, rates_take_si_prefixes_and_bytes_binary_ones)
{
  CHECK_FORMAT("48.5 GB/s", tmk_format_si, 48.5e9, "B/s");
  CHECK_FORMAT("1.00 TB/s", tmk_format_si, 999.7e9, "B/s");
  CHECK_FORMAT("8.03 G", tmk_format_si, 8.0303e9, "");
  CHECK_FORMAT("500", tmk_format_si, 500, "");
  CHECK_FORMAT("0 B/s", tmk_format_si, 0, "B/s");
  CHECK_FORMAT("-", tmk_format_si, NAN, "B/s");
  CHECK_FORMAT("0 B", tmk_format_bytes, 0);
  CHECK_FORMAT("1023 B", tmk_format_bytes, 1023);
  CHECK_FORMAT("1.00 KiB", tmk_format_bytes, 1024);
  CHECK_FORMAT("1020 MiB", tmk_format_bytes, 1020.0 * (1 << 20));
  CHECK_FORMAT("1.00 GiB", tmk_format_bytes, 1023.9 * (1 << 20));
  CHECK_FORMAT("14.9 GiB", tmk_format_bytes, 16e9);
}

Test(out, counts_keep_four_digits_and_group_long_ones)
{
  CHECK_FORMAT("7.250", tmk_format_count, 7.25);
  CHECK_FORMAT("0.01250", tmk_format_count, 0.0125);
  CHECK_FORMAT("289.4", tmk_format_count, 289.35);
  CHECK_FORMAT("6912", tmk_format_count, 6912);
  CHECK_FORMAT("10,000", tmk_format_count, 9999.96);
  CHECK_FORMAT("20,833", tmk_format_count, 20833.33);
  CHECK_FORMAT("2,000,000", tmk_format_count, 2e6);
  CHECK_FORMAT("0", tmk_format_count, 0);
  CHECK_FORMAT("-1,234,567", tmk_format_count, -1234567);
  CHECK_FORMAT("1.798e+308", tmk_format_count, DBL_MAX);
  CHECK_FORMAT("-", tmk_format_count, NAN);
}

Test(out, percents_have_two_decimals_below_ten)
{
  CHECK_FORMAT("0.42 %", tmk_out_percent, 0.0042);
  CHECK_FORMAT("9.99 %", tmk_out_percent, 0.0999);
  CHECK_FORMAT("10.0 %", tmk_out_percent, 0.09996);
  CHECK_FORMAT("91.2 %", tmk_out_percent, 0.912);
  CHECK_FORMAT("-", tmk_out_percent, NAN);
  CHECK_FORMAT("1.0e+302 %", tmk_out_percent, 1e300);
}

Test(out, a_small_buffer_cuts_and_never_overflows)
{
  char text[8] = "abcdefg";
  tmk_format_si(48.5e9, "FLOP/s", text, 5);
  cr_expect_str_eq(text, "48.5");
  cr_expect_eq(text[5], 'f');
  tmk_out_clean("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", false, text, sizeof text);
  cr_expect_str_eq(text, "\xe2\x82\xac\xe2\x82\xac", "no half characters");
}

Test(out, strings_of_unknown_origin_lose_what_steers_a_terminal)
{
  char text[64];
  tmk_out_clean("a\x1b[31mb\x07\r\n\x7f\xc2\x9b"
                "c",
                true, text, sizeof text);
  cr_expect_str_eq(text, "a?[31mb?????c");
  tmk_out_clean("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \xc2\xb1 5 %", true, text, sizeof text);
  cr_expect_str_eq(text, "??? +- 5 %");
  tmk_out_clean("\xc3\xa9\xe2\x82\xac \xc2\xb1\xc2\x9b\xff", false, text, sizeof text);
  cr_expect_str_eq(text, "\xc3\xa9\xe2\x82\xac \xc2\xb1??");
}

/* --- whole outputs --- */

static void load(const char *path, struct tmk_result *result)
{
  struct tmk_error err = {0};
  cr_assert_eq(tmk_result_read(path, result, &err), TMK_OK, "%s: run from the root of the repository", err.message);
}

/* What was printed, NUL-terminated; closes the file. The caller frees it. */
static char *text_of(FILE *out)
{
  long size = ftell(out);
  char *text = malloc((size_t)size + 1);
  rewind(out);
  cr_assert_eq(fread(text, 1, (size_t)size, out), (size_t)size);
  text[size] = '\0';
  fclose(out);
  return text;
}

/* Everything that `show` prints of a result as a table; the caller frees it. */
static char *table_of(const struct tmk_result *result)
{
  FILE *out = tmpfile();
  tmk_out_preamble(out, result);
  tmk_out_table_header(out, result);
  for (int64_t i = 0; i < result->point_count; i++) tmk_out_table_row(out, result, &result->points[i]);
  tmk_out_table_footer(out, result);
  for (int64_t i = 0; i < result->point_count; i++) tmk_out_per_op(out, &result->points[i]);
  tmk_out_headline(out, result);
  return text_of(out);
}

static char *row_of(const struct tmk_result *result, const struct tmk_point *point)
{
  FILE *out = tmpfile();
  tmk_out_table_row(out, result, point);
  return text_of(out);
}

static char *printed(void (*print)(FILE *, const struct tmk_result *), const struct tmk_result *result)
{
  FILE *out = tmpfile();
  print(out, result);
  return text_of(out);
}

static void check_lines(const char *text, const char *what)
{
  for (const char *line = text; *line;) {
    size_t length = strcspn(line, "\n");
    cr_expect_leq(length, 120, "%s: %zu columns: %.*s", what, length, (int)length, line);
    for (size_t i = 0; i < length; i++) {
      cr_expect((unsigned char)line[i] >= 0x20 && (unsigned char)line[i] < 0x7f, "%s: byte %02x in %.*s", what,
                (unsigned char)line[i], (int)length, line);
    }
    line += length + (line[length] == '\n');
  }
}

Test(out, tables_are_ascii_and_at_most_120_columns)
{
  static const char *const files[] = {SWEEP, ALL_TYPES, "tests/data/results/empty.json"};
  for (int i = 0; i < 3; i++) {
    struct tmk_result result;
    load(files[i], &result);
    char *text = table_of(&result);
    check_lines(text, files[i]);
    free(text);
    tmk_result_free(&result);
  }
}

/* Columns are where the header has them, whatever the row: each row is printed alone while a run goes on. */
Test(out, rows_stand_below_their_headers)
{
  struct tmk_result result;
  load(SWEEP, &result);
  char *header = printed(tmk_out_table_header, &result);
  int verdict = (int)(strstr(header, "verdict") - header), bound = (int)(strstr(header, "bound") - header);
  for (int64_t i = 0; i < result.point_count; i++) {
    if (result.points[i].status != TMK_POINT_OK) continue;
    char *row = row_of(&result, &result.points[i]);
    const char *name = tmk_verdict_value_name(result.points[i].verdict.value);
    cr_expect_eq(strncmp(row + verdict, name, strlen(name)), 0, "%s", row);
    name = tmk_bound_name(result.points[i].limit.bound);
    cr_expect_eq(strncmp(row + bound, name, strlen(name)), 0, "%s", row);
    free(row);
  }
  free(header);
  tmk_result_free(&result);
}

Test(out, a_row_has_its_figures_with_their_accounting)
{
  struct tmk_result result;
  load(SWEEP, &result);
  char *decode = row_of(&result, &result.points[0]), *prefill = row_of(&result, &result.points[5]);
  cr_expect_str_eq(decode, "decode      1 c128        bf16            9.866 output       9.866 TPOT 101 ms   memory    "
                           "91.3 %  0.19 % VALID\n");
  cr_expect_str_eq(prefill,
                   "prefill     1 i512        bf16            63.11 input            - TTFT 8.11 s   compute   "
                   "86.1 %  0.22 % VALID\n");
  free(decode);
  free(prefill);
  tmk_result_free(&result);
}

Test(out, codes_composition_and_reasons_are_said)
{
  struct tmk_result result;
  load(SWEEP, &result);
  char *suspect = row_of(&result, &result.points[1]), *failed = row_of(&result, &result.points[3]);
  char *skipped = row_of(&result, &result.points[4]), *e2e = row_of(&result, &result.points[6]);
  cr_expect_not_null(strstr(suspect, " SUSPECT\n        unsteady, drift\n"), "%s", suspect);
  cr_expect_str_eq(failed,
                   "decode     32 c128        bf16        FAILED: sample 3 took -5 ns: the clock went backwards\n");
  cr_expect_str_eq(skipped, "decode  65536 c1024       bf16        skipped: needs 1409.2 GiB, 5.6 GiB are free\n");
  cr_expect_not_null(strstr(e2e, "TTFT 8.00 s, e2e 21.2 s, composed of measured steps, composition error +0.42 %; "
                                 "executed outright: 21.4 s\n        (+0.80 %)\n"),
                     "%s", e2e);
  free(suspect);
  free(failed);
  free(skipped);
  free(e2e);
  tmk_result_free(&result);
}

/* Not even indirectly: neither rate, nor time, nor share. */
Test(out, an_invalid_point_shows_no_figure)
{
  struct tmk_result result;
  load(SWEEP, &result);
  struct tmk_point *point = &result.points[0];
  char *before = row_of(&result, point);
  cr_assert(strstr(before, "9.866") && strstr(before, "101 ms") && strstr(before, "91.3"), "%s", before);
  point->verdict.value = TMK_VERDICT_INVALID;
  char *row = row_of(&result, point), *markdown = printed(tmk_out_markdown, &result);
  cr_expect(!strpbrk(row + strlen("decode      1 c128        bf16"), "0123456789"), "%s", row);
  cr_expect_not_null(strstr(row, "INVALID"));
  cr_expect_null(strstr(markdown, "9.866"));
  cr_expect_null(strstr(markdown, "101 ms"));
  free(before);
  free(row);
  free(markdown);
  tmk_result_free(&result);
}

Test(out, footnotes_are_those_of_the_codes_seen)
{
  struct tmk_result result;
  load(SWEEP, &result);
  char *footer = printed(tmk_out_table_footer, &result);
  cr_expect_not_null(strstr(footer, "8 points: 4 VALID, 1 SUSPECT, 1 INVALID, 1 failed, 1 skipped\n"), "%s", footer);
  cr_expect_not_null(strstr(footer, "\n  drift   "));
  cr_expect_not_null(strstr(footer, "\n  over_limit   "));
  cr_expect_null(strstr(footer, "throttled"));
  cr_expect_null(strstr(footer, "bound cache"));
  free(footer);
  tmk_result_free(&result);
  load(ALL_TYPES, &result);
  footer = printed(tmk_out_table_footer, &result);
  cr_expect_not_null(strstr(footer, "\n  bound cache   "), "a cache-bound point explains its missing share");
  cr_expect_not_null(strstr(footer, "\n  of limit, d   "), "a share by the datasheet says so");
  free(footer);
  tmk_result_free(&result);
}

Test(out, the_preamble_says_what_this_is_not)
{
  struct tmk_result result;
  load(SWEEP, &result);
  char *text = printed(tmk_out_preamble, &result);
  cr_expect_not_null(strstr(text, "kernels only: no scheduler, queue or network; not a serving benchmark"));
  cr_expect_not_null(strstr(text, "decode and e2e count output tokens, prefill counts input tokens"));
  cr_expect_not_null(strstr(text, "cpu: AMD EPYC 9B14, 2 threads on CPUs 0-1, avx512"));
  cr_expect_not_null(strstr(text, "read 22.4 GB/s, copy 20.2 GB/s, f32 142 GFLOP/s"));
  cr_expect_not_null(
      strstr(text, "tinyllama-1.1b, 1.10 G parameters, 2.05 GiB of weights, 22.0 KiB of KV cache a token"));
  free(text);
  tmk_result_free(&result);
}

/* --- headline --- */

static char *headline_of(const struct tmk_result *result)
{
  return printed(tmk_out_headline, result);
}

Test(out, the_headline_is_the_best_output_rate_that_was_run_here)
{
  struct tmk_result result;
  load(SWEEP, &result);
  cr_expect_eq(tmk_out_best(&result), &result.points[1], "not prefill's 63.11 input tokens/s");
  char *text = headline_of(&result);
  cr_expect_str_eq(text,
                   "headline   58.57 output tokens/s (+-5.49 %) on 1 device, 7.321 a user: tinyllama-1.1b decode, "
                   "batch 8, c128, bf16;\n           86.3 % of the measured limit, bound by compute; SUSPECT "
                   "(unsteady, drift)\n");
  free(text);
  result.points[1].verdict.codes |= TMK_CODE_OVER_LIMIT;
  cr_expect_eq(tmk_out_best(&result), &result.points[6], "what is over its limit is no record; the composed e2e is next");
  result.points[1].verdict.codes = 0;
  result.points[1].verdict.value = TMK_VERDICT_INVALID;
  cr_expect_eq(tmk_out_best(&result), &result.points[6], "the composed e2e comes next");
  result.points[6].verdict.value = TMK_VERDICT_NONE;
  cr_expect_eq(tmk_out_best(&result), &result.points[0]);
  result.points[0].status = TMK_POINT_FAILED;
  result.points[7].provenance = TMK_PROV_SIMULATED;
  cr_expect_null(tmk_out_best(&result));
  text = headline_of(&result);
  cr_expect(strstr(text, "headline   no output tokens/s: no decode or e2e point is VALID or SUSPECT") == text, "%s",
            text);
  free(text);
  tmk_result_free(&result);
}

Test(out, predicted_and_reported_rates_are_no_headline)
{
  struct tmk_result result;
  load(ALL_TYPES, &result);
  for (int64_t i = 0; i < result.point_count; i++) result.points[i].verdict.value = TMK_VERDICT_VALID;
  cr_expect_eq(tmk_out_best(&result), &result.points[4], "not the 2,000,000 that are only predicted");
  char *text = headline_of(&result);
  cr_expect_not_null(strstr(text, "11,541 output tokens/s (+-0.14 %) on 2 devices, 5771 a device, 90.17 a user"), "%s",
                     text);
  cr_expect_not_null(strstr(text, "the run is not complete"), "%s", text);
  free(text);
  tmk_result_free(&result);
}

/* --- per op --- */

Test(out, operations_are_sorted_by_time_and_rates_are_theirs)
{
  struct tmk_result result;
  load(SWEEP, &result);
  FILE *out = tmpfile();
  tmk_out_per_op(out, &result.points[0]);
  tmk_out_per_op(out, &result.points[1]); /* has none: prints nothing */
  char *text = text_of(out);
  static const char *const order[] = {"gate_up_proj", "down_proj", "qkv_proj", "lm_head",
                                      "attention ",   "rmsnorm ",  "sum "};
  const char *last = text;
  for (int i = 0; i < 7; i++) {
    const char *at = strstr(last, order[i]);
    cr_assert_not_null(at, "%s is not behind %s", order[i], i > 0 ? order[i - 1] : "the header");
    last = at;
  }
  /* 1015021568 bytes in 47.5 ms are 21.37 GB/s; its limit is 46.6 ms. */
  cr_expect_not_null(strstr(text, "gate_up_proj             gemm           22    47.5 ms    52.7 %    46.6 ms    98.1 %"
                                  "        21.37      21.37\n"),
                     "%s", text);
  check_lines(text, "per op");
  free(text);
  tmk_result_free(&result);
}

/* --- Markdown --- */

Test(out, markdown_cells_can_not_be_broken_by_what_stands_in_them)
{
  struct tmk_result result;
  load(SWEEP, &result);
  strcpy(result.points[4].reason, "a | b\n<script>`*_[x](y) \\ \x1b &amp;");
  char *text = printed(tmk_out_markdown, &result);
  cr_expect_not_null(strstr(text, "| a \\| b?\\<script\\>\\`\\*\\_\\[x\\](y) \\\\ ? \\&amp; |"), "%s", text);
  int columns = -1;
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    if (line[0] != '|') continue;
    int bars = 0;
    for (const char *c = line; *c; c++) bars += *c == '|' && (c == line || c[-1] != '\\');
    if (columns < 0) columns = bars;
    cr_expect_eq(bars, columns, "%d cells, not %d: %s", bars - 1, columns - 1, line);
  }
  cr_expect_eq(columns, 19);
  free(text);
  tmk_result_free(&result);
}

/* --- CSV --- */

/* The cells of the record at *text, by RFC 4180; *text moves behind it. Cells are cut out in place. */
static int read_record(char **text, char *cells[], int max)
{
  int count = 0;
  char *from = *text;
  for (;;) {
    char *to = from;
    cr_assert_lt(count, max);
    cells[count++] = to;
    if (*from == '"') {
      for (from++; from[0] != '"' || from[1] == '"'; from++) {
        cr_assert(*from, "a quote that never ends");
        if (*from == '"') from++;
        *to++ = *from;
      }
      from++;
    } else {
      for (; *from != ',' && *from != '\r'; from++) *to++ = *from;
    }
    char end = *from++;
    cr_assert(end == ',' || end == '\r', "%d behind a cell", end);
    *to = '\0';
    if (end == ',') continue;
    cr_assert_eq(*from, '\n');
    *text = from + 1;
    return count;
  }
}

static const char *cell_of(char *const names[], char *const cells[], int count, const char *name)
{
  for (int i = 0; i < count; i++) {
    if (strcmp(names[i], name) == 0) return cells[i];
  }
  cr_assert_fail("no column %s", name);
  return "";
}

Test(out, csv_has_every_figure_once_with_its_unit_in_the_name)
{
  enum { MAX = 200 };
  struct tmk_result result;
  load(SWEEP, &result);
  strcpy(result.points[4].reason, "a \"quoted\", long\nreason");
  char *text = printed(tmk_out_csv, &result), *at = text, *names[MAX], *cells[8][MAX];
  int columns = read_record(&at, names, MAX);
  for (int i = 0; i < columns; i++) {
    for (int j = 0; j < i; j++) cr_expect_str_neq(names[i], names[j]);
  }
  for (int i = 0; i < 8; i++) cr_assert_eq(read_record(&at, cells[i], MAX), columns, "row %d", i);
  cr_expect_eq(*at, '\0');
  cr_expect_str_eq(cell_of(names, cells[0], columns, "run_id"), "0123456789abcdef0123456789abcdef");
  cr_expect_str_eq(cell_of(names, cells[0], columns, "workload_context"), "128");
  cr_expect_str_eq(cell_of(names, cells[0], columns, "workload_collective"), "");
  double rate = strtod(cell_of(names, cells[0], columns, "throughput_output_tokens_per_s"), NULL);
  cr_expect_eq(rate, result.points[0].throughput.output_tokens_per_s, "every digit");
  cr_expect_str_eq(cell_of(names, cells[1], columns, "verdict_codes"), "unsteady, drift");
  cr_expect_str_eq(cell_of(names, cells[2], columns, "throughput_output_tokens_per_s"), "", "INVALID");
  cr_expect_str_eq(cell_of(names, cells[4], columns, "reason"), "a \"quoted\", long?reason");
  cr_expect_str_eq(cell_of(names, cells[5], columns, "energy_source"), "rapl:package-0");
  cr_expect_str_eq(cell_of(names, cells[5], columns, "energy_joules"), "1220.25");
  cr_expect_str_eq(cell_of(names, cells[7], columns, "latency_tpot_ns"), "");
  free(text);
  tmk_result_free(&result);
}

Test(out, csv_has_the_members_of_every_type_of_point)
{
  enum { MAX = 200 };
  struct tmk_result result;
  load(ALL_TYPES, &result);
  char *text = printed(tmk_out_csv, &result), *at = text, *names[MAX], *cells[9][MAX];
  int columns = read_record(&at, names, MAX);
  for (int i = 0; i < 9; i++) cr_assert_eq(read_record(&at, cells[i], MAX), columns, "row %d", i);
  cr_expect_str_eq(cell_of(names, cells[0], columns, "workload_layout_tp"), "2");
  cr_expect_str_eq(cell_of(names, cells[2], columns, "workload_k"), "7168");
  cr_expect_str_eq(cell_of(names, cells[2], columns, "workload_weight_dtype"), "fp8");
  cr_expect_str_eq(cell_of(names, cells[2], columns, "workload_model"), "");
  cr_expect_str_eq(cell_of(names, cells[2], columns, "workload_layout_tp"), "");
  cr_expect_str_eq(cell_of(names, cells[3], columns, "workload_collective"), "all-reduce");
  cr_expect_str_eq(cell_of(names, cells[3], columns, "workload_in_place"), "true");
  cr_expect_str_eq(cell_of(names, cells[4], columns, "type"), "scale");
  free(text);
  tmk_result_free(&result);
}

/* --- what hostile files can hold --- */

Test(out, hostile_values_never_break_a_table)
{
  struct tmk_result result;
  load(SWEEP, &result);
  for (int64_t i = 0; i < result.point_count; i++) {
    struct tmk_point *point = &result.points[i];
    double *const values[] = {&point->stats.median_ns,
                              &point->stats.ci_high_ns,
                              &point->throughput.output_tokens_per_s,
                              &point->throughput.ci_high_tokens_per_s,
                              &point->latency.ttft_ns,
                              &point->latency.tpot_ns,
                              &point->latency.e2e_ns,
                              &point->latency.composition_error,
                              &point->latency.outright_e2e_ns,
                              &point->limit.share.measured};
    for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) *values[v] = (i + (int64_t)v) % 3 ? DBL_MAX : 5e-324;
    point->workload.step.batch = point->workload.step.context = INT64_MAX;
    memset(point->reason, 'x', sizeof point->reason - 1);
    memset(point->key, '\x1b', sizeof point->key - 1);
    memset(point->workload.step.model, '"', sizeof point->workload.step.model - 1);
    for (int64_t op = 0; op < point->op_count; op++) {
      point->ops[op].time_ns = 0;
      memset(point->ops[op].label, 'l', sizeof point->ops[op].label - 1);
    }
  }
  memset(result.devices[0].info.name, '\xff', sizeof result.devices[0].info.name - 1);
  memset(result.model.name, '|', sizeof result.model.name - 1);
  char *table = table_of(&result), *markdown = printed(tmk_out_markdown, &result);
  char *csv = printed(tmk_out_csv, &result);
  for (const char *c = table; *c; c++) cr_assert(*c == '\n' || ((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f));
  cr_expect_null(strchr(markdown, '\x1b'));
  cr_expect_null(strchr(csv, '\x1b'));
  free(table);
  free(markdown);
  free(csv);
  tmk_result_free(&result);
}
