/* test_result_json.c: reading result files: what is taken, and each way in which a file can be wrong. Run from the root of
 * the repository. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "result_json.h"

#define SWEEP "tests/data/results/cpu-sweep.json"
static const char *const files[] = {SWEEP, "tests/data/results/all-types.json", "tests/data/results/empty.json"};
enum { FILE_COUNT = sizeof files / sizeof files[0] };

/* The whole file, NUL-terminated; the caller frees it. */
static char *load(const char *path)
{
  FILE *file = fopen(path, "rb");
  cr_assert_not_null(file, "%s: run from the root of the repository", path);
  cr_assert_eq(fseek(file, 0, SEEK_END), 0);
  long size = ftell(file);
  cr_assert_gt(size, 0);
  rewind(file);
  char *text = malloc((size_t)size + 1);
  cr_assert_eq(fread(text, 1, (size_t)size, file), (size_t)size);
  text[size] = '\0';
  fclose(file);
  return text;
}

static enum tmk_status parse(const char *text, struct tmk_result *result, struct tmk_error *err)
{
  *err = (struct tmk_error){0};
  return tmk_result_parse("r.json", text, strlen(text), result, err);
}

/* A copy with the first `from` behind the first `after` replaced. */
static char *replaced(const char *text, const char *after, const char *from, const char *to)
{
  const char *place = strstr(text, after);
  cr_assert_not_null(place, "%s", after);
  place = strstr(place, from);
  cr_assert_not_null(place, "%s", from);
  char *copy = malloc(strlen(text) + strlen(to) + 1);
  size_t before = (size_t)(place - text);
  memcpy(copy, text, before);
  strcpy(copy + before, to);
  strcat(copy + before, place + strlen(from));
  return copy;
}

struct wrong {
  const char *after, *from, *to, *message;
};

static void check_wrong(const char *path, const struct wrong *cases, size_t count)
{
  char *text = load(path);
  for (size_t i = 0; i < count; i++) {
    struct tmk_result result;
    struct tmk_error err;
    char *broken = replaced(text, cases[i].after, cases[i].from, cases[i].to);
    cr_expect_eq(parse(broken, &result, &err), TMK_ERR_USAGE, "%s was taken", cases[i].to);
    cr_expect_str_eq(err.message, cases[i].message);
    cr_expect_null(result.points, "nothing stays behind");
    free(broken);
  }
  free(text);
}

Test(result_json, what_we_wrote_is_written_again_byte_for_byte)
{
  for (int i = 0; i < FILE_COUNT; i++) {
    struct tmk_result result;
    struct tmk_error err;
    char *text = load(files[i]), *again;
    size_t size;
    cr_assert_eq(parse(text, &result, &err), TMK_OK, "%s: %s", files[i], err.message);
    cr_assert_eq(tmk_result_to_json(&result, &again, &size, &err), TMK_OK);
    cr_assert_eq(size, strlen(text));
    cr_assert_str_eq(again, text);
    free(text);
    free(again);
    tmk_result_free(&result);
  }
}

Test(result_json, figures_arrive_where_they_belong)
{
  struct tmk_result result;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_result_read(SWEEP, &result, &err), TMK_OK, "%s", err.message);
  cr_assert_str_eq(result.schema_version, "1.3.0");
  cr_assert_str_eq(result.tool_version, "0.1.0");
  cr_assert(result.complete);
  cr_assert_eq(result.settings.seed, UINT64_MAX);
  cr_assert_eq(result.environment_count, 2);
  cr_assert_str_eq(result.environment[1].name, "OMP_PROC_BIND");
  cr_assert_str_eq(result.environment[1].value, "close");
  cr_assert(isnan(result.host.cgroup_cpu_quota));
  cr_assert_eq(result.model.num_key_value_heads, 4);
  cr_assert_eq(result.model.moe.experts, 0);
  cr_assert_eq(result.model_kv_bytes_per_token, 22528);
  const struct tmk_device_result *device = &result.devices[0];
  cr_assert_eq(device->info.math_dtype[TMK_DTYPE_BF16], TMK_DTYPE_F32);
  cr_assert_eq(device->info.math_dtype[TMK_DTYPE_F8E4M3], TMK_DTYPE_NONE);
  cr_assert(device->info.kv_dtype[TMK_DTYPE_F32] && !device->info.kv_dtype[TMK_DTYPE_F16]);
  cr_assert_eq(device->info.ecc_on, TMK_UNKNOWN);
  cr_assert_eq(device->ceilings.flops_per_s[TMK_DTYPE_F32], 142e9);
  cr_assert(isnan(device->ceilings.flops_per_s[TMK_DTYPE_BF16]));
  cr_assert_eq(device->reading_count, 3);
  cr_assert_eq(device->readings[0].round, -1);
  cr_assert(isnan(device->datasheet_read_bytes_per_s));

  const struct tmk_point *point = tmk_result_find(&result, "step/tinyllama-1.1b/decode/b8/c128/w=bf16/kv=bf16");
  cr_assert_not_null(point);
  cr_assert_eq(point->workload.step.batch, 8);
  cr_assert_eq(point->verdict.value, TMK_VERDICT_SUSPECT);
  cr_assert_eq(point->verdict.codes, (unsigned)(TMK_CODE_UNSTEADY | TMK_CODE_DRIFT));
  cr_assert_eq(point->sample_count, 9);
  cr_assert_eq(point->stats.count, 9);
  cr_assert_eq(point->passes_per_sample, 4);
  cr_assert_eq(point->samples[8].round, 2);
  cr_assert_gt(point->samples[0].wall_ns, point->samples[0].time_ns);
  cr_assert_float_eq(tmk_point_rate(point), 8e9 / point->stats.median_ns, 1e-9);
  cr_assert_null(point->ops);
  cr_assert_eq(result.points[0].op_count, 6);
  cr_assert_str_eq(result.points[0].ops[1].label, "gate_up_proj");
  cr_assert_eq(result.points[2].throughput.accounting, TMK_ACCT_NONE, "INVALID: no throughput at all");
  tmk_result_free(&result);
}

Test(result_json, types_of_workload_are_told_apart)
{
  struct tmk_result result;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_result_read("tests/data/results/all-types.json", &result, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(result.points[2].workload.op.k, 7168);
  cr_assert_eq(result.points[2].workload.op.rows, TMK_UNKNOWN);
  cr_assert_eq(result.points[3].workload.comm.collective, TMK_COLL_ALL_REDUCE);
  cr_assert_eq(result.points[3].workload.comm.bytes, 67108864);
  cr_assert_eq(result.points[4].type, TMK_POINT_SCALE);
  cr_assert_eq(result.points[4].workload.step.layout.tp, 2);
  cr_assert_eq(result.devices[1].info.index, 1);
  cr_assert_eq(result.devices[1].info.mig_on, 0);
  cr_assert_eq(result.model.mla.kv_lora_rank, 512);
  cr_assert(!result.complete);
  tmk_result_free(&result);
}

/* --- versions --- */

Test(result_json, other_schemas_and_majors_are_refused_in_one_line)
{
  static const struct wrong cases[] = {
      {"{", "\"1.3.0\"", "\"2.0.0\"", "r.json: schema_version 2.0.0: this build reads 1.x"},
      {"{", "\"1.3.0\"", "\"0.9.12\"", "r.json: schema_version 0.9.12: this build reads 1.x"},
      {"{", "\"1.3.0\"", "\"1.0\"", "r.json: schema_version: \"1.0\": must be MAJOR.MINOR.PATCH"},
      {"{", "\"1.3.0\"", "\"1.0.0-rc1\"", "r.json: schema_version: \"1.0.0-rc1\": must be MAJOR.MINOR.PATCH"},
      {"{", "\"1.3.0\"", "\" 1.0.0\"", "r.json: schema_version: \" 1.0.0\": must be MAJOR.MINOR.PATCH"},
      {"{", "\"1.3.0\"", "\"1.99999.0\"", "r.json: schema_version: \"1.99999.0\": must be MAJOR.MINOR.PATCH"},
      {"{", "\"1.3.0\"", "\"1.0.0.0\"", "r.json: schema_version: \"1.0.0.0\": must be MAJOR.MINOR.PATCH"},
      {"{", "\"1.3.0\"", "1", "r.json: schema_version: 1: must be a string"},
      {"{", "\"1.3.0\"", "\"1.0.0000000000000\"",
       "r.json: schema_version: \"1.0.0000000000000\": must be a string of at most 15 bytes"},
      {"{", "\"tokmark-result\"", "\"nvbench\"", "r.json: schema nvbench: this build reads tokmark-result"},
      {"{", "\"schema\": \"tokmark-result\",", "", "r.json: schema: missing: must be a string"},
  };
  check_wrong(SWEEP, cases, sizeof cases / sizeof cases[0]);
}

Test(result_json, a_document_that_is_no_object_is_refused)
{
  struct tmk_result result;
  struct tmk_error err;
  cr_assert_eq(parse("[]", &result, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "r.json: must be an object");
  cr_assert_eq(parse("null", &result, &err), TMK_ERR_USAGE);
  cr_assert_eq(parse("", &result, &err), TMK_ERR_USAGE);
}

/* A later 1.x: new members everywhere are passed over, and a new verdict code too; what is written is of this version. */
Test(result_json, any_1_x_is_read_and_new_members_are_passed_over)
{
  char *text = load(SWEEP);
  char *later = malloc(strlen(text) * 3), *to = later;
  for (const char *from = text; *from; from++) {
    *to++ = *from;
    bool of_free_names = false; /* objects whose names are data */
    static const char *const maps[] = {"\"environment\": {", "\"flops_per_s\": {", "\"math_dtype\": {"};
    for (int i = 0; i < 3; i++) {
      size_t length = strlen(maps[i]);
      if ((size_t)(from - text) + 1 >= length && strncmp(from + 1 - length, maps[i], length) == 0) of_free_names = true;
    }
    if (*from == '{' && from[1] == '\n' && !of_free_names) {
      to += sprintf(to, "\"new_member\": {\"deep\": [1, null, {\"samples_ns\": \"x\"}]},");
    }
  }
  *to = '\0';
  char *step = replaced(later, "{", "\"schema_version\": \"1.3.0\"", "\"schema_version\": \"1.7.3\"");
  char *newer = replaced(step, "SUSPECT", "\"unsteady\"", "\"a_new_code\", \"unsteady\"");
  struct tmk_result result;
  struct tmk_error err;
  cr_assert_eq(parse(newer, &result, &err), TMK_OK, "%s", err.message);
  cr_assert_str_eq(result.schema_version, "1.7.3");
  char *again;
  size_t size;
  cr_assert_eq(tmk_result_to_json(&result, &again, &size, &err), TMK_OK);
  cr_assert_str_eq(again, text);
  tmk_result_free(&result);
  free(again);
  free(newer);
  free(step);
  free(later);
  free(text);
}

/* A file of 1.0 lacks what 1.1 brought; the same file that calls itself 1.1 is refused. */
Test(result_json, an_earlier_minor_lacks_later_members)
{
  struct tmk_result result;
  struct tmk_error err = {0};
  char *text = load("tests/data/results/target-h100.json");
  cr_assert_eq(parse(text, &result, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(result.devices[0].info.nvlinks, TMK_UNKNOWN);
  cr_assert(isnan(result.devices[0].info.power_default_w));
  cr_assert_null(result.points[0].gemms);
  tmk_result_free(&result);
  char *later = replaced(text, "{", "\"schema_version\": \"1.0.0\"", "\"schema_version\": \"1.1.0\"");
  cr_assert_eq(parse(later, &result, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "r.json: devices[0].info.power_default_w: is missing");
  free(later);
  free(text);
}

/* --- what is missing --- */

/* Each member by itself gets another name: the reader must say which one it misses. The canonical text has each on a line. */
Test(result_json, every_member_is_required)
{
  int checked = 0;
  for (int f = 0; f < FILE_COUNT; f++) {
    char *text = load(files[f]);
    int map_indent = -1; /* inside an object whose names are data */
    for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
      int indent = (int)strspn(line, " ");
      char *name = line + indent;
      if (map_indent >= 0 && *name == '}' && indent == map_indent) map_indent = -1;
      if (*name != '"' || map_indent >= 0) continue;
      char *end = strchr(name + 1, '"');
      if (!end || end[1] != ':') continue; /* a string in an array */
      static const char *const maps[] = {"environment", "flops_per_s", "math_dtype"};
      for (int i = 0; i < 3; i++) {
        if (strncmp(name + 1, maps[i], strlen(maps[i])) == 0 && end[3] == '{' && end[4] == '\n') map_indent = indent;
      }
      struct tmk_result result;
      struct tmk_error err;
      char first = name[1], expected[80];
      snprintf(expected, sizeof expected, "%.*s: ", (int)(end - name - 1), name + 1);
      name[1] = 'X';
      cr_expect_eq(parse(text, &result, &err), TMK_ERR_USAGE, "%s: without %s", files[f], expected);
      cr_expect(strstr(err.message, expected) && strstr(err.message, "missing"), "%s: %s", expected, err.message);
      name[1] = first;
      checked++;
    }
    free(text);
  }
  cr_assert_gt(checked, 1000, "only %d members were found in the files", checked);
}

Test(result_json, a_file_cut_anywhere_is_refused)
{
  char *text = load(SWEEP);
  size_t size = strlen(text) - 1; /* the line's end may go */
  for (size_t cut = 0; cut < size; cut += cut < 2000 ? 1 : 37) {
    struct tmk_result result;
    struct tmk_error err = {0};
    cr_assert_eq(tmk_result_parse("r.json", text, cut, &result, &err), TMK_ERR_USAGE, "cut at %zu", cut);
    cr_assert_eq(strncmp(err.message, "r.json:", 7), 0, "%s", err.message);
  }
  free(text);
}

/* --- what is wrong --- */

Test(result_json, wrong_types_and_ranges_name_the_place_the_value_and_what_is_allowed)
{
  static const struct wrong cases[] = {
      {"{", "\"complete\": true", "\"complete\": \"yes\"", "r.json: complete: \"yes\": must be true or false"},
      {"{", "\"complete\": true", "\"complete\": 1", "r.json: complete: 1: must be true or false"},
      {"{", "\"threads\": 2", "\"threads\": -2",
       "r.json: devices[0].info.threads: -2: must be an integer 0..9007199254740991"},
      {"{", "\"threads\": 2", "\"threads\": 2.5",
       "r.json: devices[0].info.threads: 2.5: must be an integer 0..9007199254740991"},
      {"{", "\"threads\": 2", "\"threads\": 9007199254740992",
       "r.json: devices[0].info.threads: 9007199254740992: must be an integer 0..9007199254740991"},
      {"{", "\"threads\": 2", "\"threads\": 1e300",
       "r.json: devices[0].info.threads: 1e+300: must be an integer 0..9007199254740991"},
      {"{", "\"threads\": 2", "\"threads\": \"2\"",
       "r.json: devices[0].info.threads: \"2\": must be an integer 0..9007199254740991"},
      {"{", "\"repeats\": 10", "\"repeats\": 2147483648",
       "r.json: devices[0].ceilings.repeats: 2147483648: must be an integer 0..2147483647"},
      {"{", "\"repeats\": 10", "\"repeats\": null",
       "r.json: devices[0].ceilings.repeats: null: must be an integer 0..2147483647"},
      {"{", "\"round\": -1", "\"round\": -2",
       "r.json: devices[0].readings[0].round: -2: must be an integer -1..1000000000"},
      {"{", "\"drift\": 0.03125", "\"drift\": -0.1", "r.json: devices[0].drift: -0.1: must be a number of at least 0"},
      {"{", "\"drift\": 0.03125", "\"drift\": {}",
       "r.json: devices[0].drift: an object: must be a number of at least 0"},
      {"{", "\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": null", "r.json: model.rms_norm_eps: null: must be a number"},
      {"{", "\"f32\": 142000000000", "\"f33\": 142000000000",
       "r.json: devices[0].ceilings.flops_per_s.f33: \"f33\": is no dtype that this build knows"},
      {"math_dtype", "\"bf16\": \"f32\"", "\"bf16\": \"int4\"",
       "r.json: devices[0].info.math_dtype.bf16: \"int4\": is no dtype that this build knows"},
      {"\"kv_dtypes\"", "\"bf16\"", "\"none\"",
       "r.json: devices[0].info.kv_dtypes[1]: \"none\": is no dtype that this build knows"},
      {"{", "\"ecc_on\": null", "\"ecc_on\": 1", "r.json: devices[0].info.ecc_on: 1: must be true or false"},
      {"{", "\"family\": \"llama\"", "\"family\": \"gpt-2\"",
       "r.json: model.family: \"gpt-2\": must be one of llama, mistral, qwen2, qwen3, mixtral, qwen3_moe, gpt_oss, "
       "glm4_moe, deepseek_v3"},
      {"{", "\"moe\": null", "\"moe\": []", "r.json: model.moe: must be an object"},
      {"{", "\"seed\": \"18446744073709551615\"", "\"seed\": \"18446744073709551616\"",
       "r.json: settings.seed: \"18446744073709551616\": must be a decimal string 0..18446744073709551615"},
      {"{", "\"seed\": \"18446744073709551615\"", "\"seed\": \"-1\"",
       "r.json: settings.seed: \"-1\": must be a decimal string 0..18446744073709551615"},
      {"{", "\"seed\": \"18446744073709551615\"", "\"seed\": \"\"",
       "r.json: settings.seed: \"\": must be a decimal string 0..18446744073709551615"},
      {"{", "\"seed\": \"18446744073709551615\"", "\"seed\": \"007\"",
       "r.json: settings.seed: \"007\": must be a decimal string 0..18446744073709551615"},
      {"{", "\"seed\": \"18446744073709551615\"", "\"seed\": 7", "r.json: settings.seed: 7: must be a string"},
      {"\"points\"", "\"type\": \"step\"", "\"type\": \"epoch\"",
       "r.json: points[0].type: \"epoch\": must be one of step, op, comm, scale"},
      {"\"points\"", "\"phase\": \"decode\"", "\"phase\": \"train\"",
       "r.json: points[0].workload.phase: \"train\": must be one of decode, prefill, e2e"},
      {"\"points\"", "\"batch\": 1", "\"batch\": 0",
       "r.json: points[0].workload.batch: 0: must be an integer 1..9007199254740991"},
      {"\"points\"", "\"tp\": 1", "\"tp\": 4294967297",
       "r.json: points[0].workload.layout.tp: 4294967297: must be an integer 1..2147483647"},
      {"\"points\"", "\"value\": \"VALID\"", "\"value\": \"none\"",
       "r.json: points[0].verdict.value: \"none\": must be one of VALID, SUSPECT, INVALID"},
      {"\"points\"", "\"unsteady\"", "\"a_new_code\"",
       "r.json: points[1].verdict.codes[0]: \"a_new_code\": is no verdict code that this build knows"},
      {"\"points\"", "\"accounting\": \"output\"", "\"accounting\": \"none\"",
       "r.json: points[0].throughput.accounting: \"none\": must be one of output, input, total"},
      {"\"points\"", "\"accounting\": \"output\"", "\"accounting\": null",
       "r.json: points[0].throughput.accounting: null: must be a string"},
      {"\"throughput\"", "\"devices\": 1", "\"devices\": 0",
       "r.json: points[0].throughput.devices: 0: must be an integer 1..9007199254740991"},
      {"\"bound\"", "\"memory\"", "\"pcie\"",
       "r.json: points[0].limit.bound: \"pcie\": must be one of memory, compute, comm, cache"},
      {"{", "\"OMP_PROC_BIND\": \"close\"", "\"OMP_PROC_BIND\": null",
       "r.json: environment.OMP_PROC_BIND: null: must be a string"},
      {"{", "\"host\": {", "\"host\": null, \"old\": {", "r.json: host: must be an object"},
      {"{", "\"points\": [", "\"points\": null, \"old\": [", "r.json: points: must be an array"},
      {"{", "\"points\": [", "\"points\": [7, ", "r.json: points[0]: must be an object"},
  };
  check_wrong(SWEEP, cases, sizeof cases / sizeof cases[0]);
}

#define NO_THROUGHPUT                                                                                                  \
  "r.json: points[0].throughput: must be null for a point of type op or comm, or that is skipped, failed, INVALID or " \
  "simulated, and must have the rate that its accounting names"
Test(result_json, members_that_contradict_each_other_are_refused)
{
  static const struct wrong cases[] = {
      {"\"wall_ns\"", "[", "[1, ", "r.json: points[0].wall_ns: has 10 elements: must have 9, one a sample"},
      {"\"sample_rounds\"", "[0, 0, ", "[0, ",
       "r.json: points[0].sample_rounds: has 8 elements: must have 9, one a sample"},
      {"\"samples_ns\"", "[", "[-1, ", "r.json: points[0].samples_ns[0]: -1: must be an integer 0..9007199254740991"},
      {"\"samples_ns\"", "[", "[null, ",
       "r.json: points[0].samples_ns[0]: null: must be an integer 0..9007199254740991"},
      {"\"stats\"", "\"count\": 9", "\"count\": 8",
       "r.json: points[0].stats.count: 8: must be 9, the length of samples_ns"},
      {"\"points\"", "\"steps_per_sample\": 4", "\"steps_per_sample\": 0",
       "r.json: points[0].steps_per_sample: must be at least 1 where there are samples"},
      {"\"points\"", "\"status\": \"ok\"", "\"status\": \"failed\"",
       "r.json: points[0].reason: must say why the point was failed"},
      {"\"points\"", "\"value\": \"VALID\"", "\"value\": null",
       "r.json: points[0].verdict.value: is null: a point that is ok and measured has a verdict"},
      {"\"points\"", "\"value\": \"VALID\"", "\"value\": \"INVALID\"", NO_THROUGHPUT},
      {"\"points\"", "\"accounting\": \"output\"", "\"accounting\": \"input\"", NO_THROUGHPUT},
      {"\"points\"", "\"provenance\": \"measured\"", "\"provenance\": \"simulated\"", NO_THROUGHPUT},
  };
  check_wrong(SWEEP, cases, sizeof cases / sizeof cases[0]);
}

Test(result_json, an_ok_measured_point_without_samples_is_refused_and_a_composed_one_is_not)
{
  static const struct wrong cases[] = {
      {"\"e2e\"", "\"provenance\": \"composed\"", "\"provenance\": \"measured\"",
       "r.json: points[6].samples_ns: is empty: a point that is ok and measured has samples"},
  };
  check_wrong(SWEEP, cases, 1);
  char *text = load(SWEEP);
  char *extrapolated = replaced(text, "\"e2e\"", "\"provenance\": \"composed\"", "\"provenance\": \"extrapolated\"");
  struct tmk_result result;
  struct tmk_error err;
  cr_assert_eq(parse(extrapolated, &result, &err), TMK_OK, "an e2e of extrapolated steps: %s", err.message);
  tmk_result_free(&result);
  free(extrapolated);
  free(text);
}

Test(result_json, strings_may_be_as_long_as_their_place_and_no_longer)
{
  char *text = load(SWEEP);
  char name[128], long_name[129], from[] = "\"name\": \"AMD EPYC 9B14\"", to[160];
  memset(name, 'n', sizeof name);
  name[127] = '\0';
  memset(long_name, 'n', sizeof long_name);
  long_name[128] = '\0';
  struct tmk_result result;
  struct tmk_error err;

  snprintf(to, sizeof to, "\"name\": \"%s\"", name);
  char *fits = replaced(text, "{", from, to);
  cr_assert_eq(parse(fits, &result, &err), TMK_OK, "%s", err.message);
  cr_assert_str_eq(result.devices[0].info.name, name);
  tmk_result_free(&result);
  snprintf(to, sizeof to, "\"name\": \"%s\"", long_name);
  char *too_long = replaced(text, "{", from, to);
  cr_assert_eq(parse(too_long, &result, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message,
                   "r.json: devices[0].info.name: \"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\xe2\x80\xa6\": "
                   "must be a string of at most 127 bytes");

  snprintf(to, sizeof to, "\"%.*s\": \"\"", 64, long_name);
  char *long_key = replaced(text, "\"environment\"", "\"OMP_NUM_THREADS\": \"2\"", to);
  cr_assert_eq(parse(long_key, &result, &err), TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "r.json: environment: has a name of 64 bytes: at most 63");
  free(long_key);
  free(too_long);
  free(fits);
  free(text);
}

/* More elements than any run has: refused by their number, before memory is taken for them. */
Test(result_json, absurd_counts_are_refused)
{
  static const struct {
    const char *after, *from, *element, *message;
    int count;
  } cases[] = {
      {"{", "\"points\": [", "0,", "r.json: points: has 100008 elements: at most 100000", 100000},
      {"{", "\"devices\": [", "{},", "r.json: devices: has 100001 elements: at most 100000", 100000},
      {"{", "\"samples_ns\": [", "1,", "r.json: points[0].samples_ns: has 1000009 elements: at most 1000000", 1000000},
  };
  char *text = load(SWEEP);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    size_t length = strlen(cases[i].element);
    char *to = malloc(strlen(cases[i].from) + (size_t)cases[i].count * length + 1), *end = to;
    end += sprintf(end, "%s", cases[i].from);
    for (int n = 0; n < cases[i].count; n++, end += length) memcpy(end, cases[i].element, length + 1);
    char *broken = replaced(text, cases[i].after, cases[i].from, to);
    struct tmk_result result;
    struct tmk_error err;
    cr_expect_eq(parse(broken, &result, &err), TMK_ERR_USAGE);
    cr_expect_str_eq(err.message, cases[i].message);
    free(broken);
    free(to);
  }
  free(text);
}

Test(result_json, key_twice_and_trailing_text_are_refused)
{
  struct tmk_result result;
  struct tmk_error err;
  char *text = load("tests/data/results/empty.json");
  char *twice = replaced(text, "{", "\"points\": []", "\"points\": [], \"complete\": true");
  cr_assert_eq(parse(twice, &result, &err), TMK_ERR_USAGE);
  cr_assert(strstr(err.message, "r.json: ") == err.message && strstr(err.message, "complete"), "%s", err.message);
  char *trailing = replaced(text, "{", "\"comm_fits\": null\n}\n", "\"comm_fits\": null\n}\n{}");
  cr_assert_eq(parse(trailing, &result, &err), TMK_ERR_USAGE);
  free(trailing);
  free(twice);
  free(text);
}

/* --- files --- */

Test(result_json, a_missing_file_or_a_folder_is_a_usage_error_that_names_it)
{
  struct tmk_result result;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_result_read("/no/such/r.json", &result, &err), TMK_ERR_USAGE);
  cr_assert(strstr(err.message, "/no/such/r.json") == err.message, "%s", err.message);
  cr_assert_eq(tmk_result_read("/tmp", &result, &err), TMK_ERR_USAGE);
  cr_assert(strstr(err.message, "/tmp") == err.message, "%s", err.message);
}

Test(result_json, a_write_that_fails_leaves_the_old_file_as_it_was)
{
  char folder[] = "/tmp/tokmark-write-XXXXXX", path[64];
  struct tmk_result result, again;
  struct tmk_error err = {0};
  cr_assert_not_null(mkdtemp(folder));
  cr_assert_eq(tmk_result_read(SWEEP, &result, &err), TMK_OK, "%s", err.message);
  snprintf(path, sizeof path, "%s/no/r.json", folder);
  cr_assert_eq(tmk_result_write(&result, path, &err), TMK_ERR_USAGE);
  cr_assert(strstr(err.message, path) == err.message, "%s", err.message);

  snprintf(path, sizeof path, "%s/r.json", folder);
  cr_assert_eq(tmk_result_write(&result, path, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(tmk_result_read(path, &again, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(again.point_count, result.point_count);
  tmk_result_free(&again);
  tmk_result_free(&result);
  cr_assert_eq(unlink(path), 0);
  cr_assert_eq(rmdir(folder), 0, "a temporary file stayed");
}

Test(result_json, an_operation_or_a_collective_has_no_tokens)
{
  static const struct wrong cases[] = {
      {"\"type\": \"op\"", "\"throughput\": null",
       "\"throughput\": {\"accounting\": \"output\", \"devices\": 1, \"input_tokens_per_s\": null, "
       "\"output_tokens_per_s\": 5, \"total_tokens_per_s\": null, \"output_tokens_per_s_per_device\": 5, "
       "\"output_tokens_per_s_per_user\": 5, \"ci_low_tokens_per_s\": null, \"ci_high_tokens_per_s\": null}",
       "r.json: points[2].throughput: must be null for a point of type op or comm, or that is skipped, failed, INVALID "
       "or simulated, and must have the rate that its accounting names"},
  };
  check_wrong("tests/data/results/all-types.json", cases, 1);
}
