/* out_export.h: results in the formats of other benchmarks, for `show --format`. docs/formats.md says for each field how it is
 * derived and what is left out. Only what can be derived is written: a point without a throughput (skipped, failed, INVALID,
 * simulated) and one that the format has no meaning for are left out, and counted.
 */
#ifndef TMK_HARNESS_OUT_EXPORT_H
#define TMK_HARNESS_OUT_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "json.h"
#include "tokmark/result.h"

enum tmk_export_format {
  TMK_EXPORT_LLAMA_BENCH = 0, /* JSON Lines: a test a line */
  TMK_EXPORT_VLLM,            /* a JSON array: a serving benchmark's record an element */
  TMK_EXPORT_NCCL_TESTS,      /* text: a table a collective, number of ranks and provenance */
  TMK_EXPORT_INFERENCEX,      /* a JSON array: a record an element */
  TMK_EXPORT_COUNT
};

/* Why points are left out. */
enum tmk_left_out {
  TMK_LEFT_INVALID = 0,
  TMK_LEFT_SKIPPED,
  TMK_LEFT_FAILED,
  TMK_LEFT_SIMULATED,
  TMK_LEFT_OTHER,
  TMK_LEFT_COUNT
};

struct tmk_export {
  enum tmk_export_format format;
  FILE *out;                    /* borrowed */
  struct tmk_json_writer *json; /* of an array that is being written; else NULL */
  int64_t written, left[TMK_LEFT_COUNT];
};

/* begin, a call of result for each result, end. After a failure end still has to be called: it frees. */
enum tmk_status tmk_export_begin(struct tmk_export *export, enum tmk_export_format format, FILE *out,
                                 struct tmk_error *err);
enum tmk_status tmk_export_result(struct tmk_export *export, const struct tmk_result *result, struct tmk_error *err);
enum tmk_status tmk_export_end(struct tmk_export *export, struct tmk_error *err);
/* "--format vllm: 3 of 10 points left out: 1 INVALID, 2 other than e2e"; "" where none was. */
void tmk_export_left_out(const struct tmk_export *export, char *text, int size);

/* --- for the formats, one a file: whether a point is theirs, and how it is written --- */

bool tmk_export_llama_bench_takes(const struct tmk_point *point);
enum tmk_status tmk_export_llama_bench(FILE *out, const struct tmk_result *result, const struct tmk_point *point,
                                       struct tmk_error *err);
bool tmk_export_e2e_takes(const struct tmk_point *point); /* vllm and inferencex: e2e with a time and all three rates */
void tmk_export_vllm(struct tmk_json_writer *json, const struct tmk_result *result, const struct tmk_point *point);
void tmk_export_inferencex(struct tmk_json_writer *json, const struct tmk_result *result,
                           const struct tmk_point *point);
bool tmk_export_nccl_tests_takes(const struct tmk_point *point);
enum tmk_status tmk_export_nccl_tests(FILE *out, const struct tmk_result *result, struct tmk_error *err);
/* The whole result's points of which tmk_export_counts() is true. */
bool tmk_export_counts(const struct tmk_point *point, enum tmk_left_out *why);
/* Where a figure comes from, the same in each JSON format: tokmark_provenance, tokmark_verdict (null: none), tokmark_key. */
void tmk_export_put_origin(struct tmk_json_writer *json, const struct tmk_point *point);

#endif
