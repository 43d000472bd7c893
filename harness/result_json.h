/* result_json.h: the result file. Schema: harness/data/result.schema.json, which every file written is valid against.
 *
 * Written is always the version of this build, TMK_RESULT_SCHEMA_VERSION, with every member: what is not known is null, and so
 * is the throughput of a point that is skipped, failed, INVALID or simulated, whatever its struct holds. What was written
 * reads back equal and is written again byte for byte.
 *
 * A later 1.x adds members and may add verdict codes: both are passed over. It adds no values to other enums: a phase, type
 * or dtype that is not known is an error, since what the point means would be lost. */
#ifndef TMK_HARNESS_RESULT_JSON_H
#define TMK_HARNESS_RESULT_JSON_H

#include <stddef.h>

#include "tokmark/result.h"

/* Text of the whole result; *text is owned by the caller (free). */
enum tmk_status tmk_result_to_json(const struct tmk_result *result, char **text, size_t *size, struct tmk_error *err);
/* To a file, whole or not at all (temporary file, fsync, rename). */
enum tmk_status tmk_result_write(const struct tmk_result *result, const char *path, struct tmk_error *err);
/* Reads any 1.x; another major, another schema name, or anything malformed is a USAGE error naming file and place.
 * result needs no init; on failure it is left freed. */
enum tmk_status tmk_result_read(const char *path, struct tmk_result *result, struct tmk_error *err);
enum tmk_status tmk_result_parse(const char *name, const char *text, size_t size, struct tmk_result *result,
                                 struct tmk_error *err);

#endif
