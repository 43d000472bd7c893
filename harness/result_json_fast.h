/* result_json_fast.h: between the two readers of result files. For result_json_*.c only. */
#ifndef TMK_HARNESS_RESULT_JSON_FAST_H
#define TMK_HARNESS_RESULT_JSON_FAST_H

#include <stdbool.h>
#include <stddef.h>

#include "tokmark/result.h"

/* Reads what tokmark itself writes, ten times as fast as the strict reader: members in the order of result_fields.h, no others,
 * no backslash but \" and \\ in strings, plain integers. True: *result is what the strict reader would have made of it.
 * False: it says nothing, not even that the file is wrong; ask the strict reader. *result is then left initialised and empty. */
bool tmk_result_parse_fast(const char *text, size_t size, struct tmk_result *result);

/* tmk_result_parse without the fast reader. */
enum tmk_status tmk_result_parse_strict(const char *name, const char *text, size_t size, struct tmk_result *result,
                                        struct tmk_error *err);

/* The rules between members of a point. */
enum tmk_point_rule {
  TMK_RULE_NONE_BROKEN = 0,
  TMK_RULE_REASON,     /* a point that is not ok says why */
  TMK_RULE_SAMPLES,    /* one that was measured has samples */
  TMK_RULE_VERDICT,    /* and a verdict */
  TMK_RULE_STEPS,      /* samples have steps */
  TMK_RULE_COUNT,      /* statistics are of all samples */
  TMK_RULE_THROUGHPUT, /* tokens are made by steps that count */
};
enum tmk_point_rule tmk_point_broken_rule(const struct tmk_point *point);

#endif
