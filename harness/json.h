/* json.h: strict getters over cJSON, and a writer. json.c is the only file that includes cJSON.h; others see this
 * contract. Every input is hostile: size, depth, duplicate keys, non-UTF-8, trailing bytes, NaN and overflow are errors.
 *
 * Errors are one line: "FILE: PATH: what is wrong: what was allowed", PATH like "points[3].stats.median_ns".
 */
#ifndef TMK_HARNESS_JSON_H
#define TMK_HARNESS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tokmark/status.h"

struct tmk_json_doc; /* a parsed document: owns all its values */
struct cJSON;

/* A place in a document: borrowed, valid until the document is freed. Passed by value. Missing: node NULL. */
struct tmk_json {
  const struct tmk_json_doc *doc;
  const struct cJSON *node;
  char path[160];
};

#define TMK_JSON_MAX_BYTES ((int64_t)256 << 20)
#define TMK_JSON_MAX_DEPTH 64

/* Reads and parses a file (regular file or pipe; a directory, an empty, over-large, truncated, binary, non-UTF-8, too deep
 * document, or one with a key twice in an object, is a USAGE error that names the file). */
enum tmk_status tmk_json_read_file(const char *path, struct tmk_json_doc **out, struct tmk_error *err);
/* A file's bytes, by the same rules for what may be read and how much; *text is owned by the caller and not terminated. */
enum tmk_status tmk_file_read(const char *path, char **text, size_t *size, struct tmk_error *err);
/* A document from memory; `name` stands for the file in messages. Text need not be NUL-terminated. */
enum tmk_status tmk_json_parse(const char *name, const char *text, size_t size, struct tmk_json_doc **out,
                               struct tmk_error *err);
void tmk_json_free(struct tmk_json_doc *doc);
struct tmk_json tmk_json_root(const struct tmk_json_doc *doc);

bool tmk_json_is_object(struct tmk_json v);
bool tmk_json_is_array(struct tmk_json v);
bool tmk_json_is_null(struct tmk_json v); /* also true of a missing value */
bool tmk_json_is_missing(struct tmk_json v);
/* Member or element; a missing one (or a member of what is no object) is returned as missing, not as an error. */
struct tmk_json tmk_json_get(struct tmk_json object, const char *key);
struct tmk_json tmk_json_at(struct tmk_json array, int64_t index);
int64_t tmk_json_count(struct tmk_json container); /* members or elements; 0 for others. O(n): take it once */
/* Iteration in O(1) a step: first child and next sibling; missing at the end. */
struct tmk_json tmk_json_first(struct tmk_json container);
struct tmk_json tmk_json_next(struct tmk_json child);
const char *tmk_json_key(struct tmk_json member); /* "" for an array's element */

/* Typed getters: a USAGE error where the value is missing, of another type, out of range or not exact (1.5 as an integer,
 * an integer beyond 2^53, a string longer than size − 1). */
enum tmk_status tmk_json_int(struct tmk_json v, int64_t min, int64_t max, int64_t *out, struct tmk_error *err);
enum tmk_status tmk_json_real(struct tmk_json v, double min, double max, double *out, struct tmk_error *err);
enum tmk_status tmk_json_bool(struct tmk_json v, bool *out, struct tmk_error *err);
enum tmk_status tmk_json_string(struct tmk_json v, char *out, size_t size, struct tmk_error *err);
/* As above, but missing or null gives `fallback`. */
enum tmk_status tmk_json_int_or(struct tmk_json v, int64_t min, int64_t max, int64_t fallback, int64_t *out,
                                struct tmk_error *err);
enum tmk_status tmk_json_real_or(struct tmk_json v, double min, double max, double fallback, double *out,
                                 struct tmk_error *err);
enum tmk_status tmk_json_bool_or(struct tmk_json v, bool fallback, bool *out, struct tmk_error *err);
enum tmk_status tmk_json_string_or(struct tmk_json v, const char *fallback, char *out, size_t size,
                                   struct tmk_error *err);
/* Fails naming the first member of `object` whose key is not in `keys` (NULL-terminated). */
enum tmk_status tmk_json_only(struct tmk_json object, const char *const *keys, struct tmk_error *err);
/* An error at this place: "FILE: PATH: " + format. */
enum tmk_status tmk_json_fail(struct tmk_json v, struct tmk_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writer: builds text by itself, in order, with two-space indent; strings escaped, invalid UTF-8 replaced by U+FFFD, doubles
 * in the shortest form that reads back equal, NAN and TMK_UNKNOWN as null. An allocation failure is remembered and returned
 * by tmk_json_finish. key is NULL inside an array. */
struct tmk_json_writer;
struct tmk_json_writer *tmk_json_writer_create(void); /* NULL: out of memory */
void tmk_json_begin_object(struct tmk_json_writer *w, const char *key);
void tmk_json_end_object(struct tmk_json_writer *w);
void tmk_json_begin_array(struct tmk_json_writer *w, const char *key);
void tmk_json_end_array(struct tmk_json_writer *w);
void tmk_json_put_int(struct tmk_json_writer *w, const char *key, int64_t value);
void tmk_json_put_uint_text(struct tmk_json_writer *w, const char *key,
                            uint64_t value); /* as a decimal string: 64 bits */
void tmk_json_put_real(struct tmk_json_writer *w, const char *key, double value);
void tmk_json_put_bool(struct tmk_json_writer *w, const char *key, bool value);
void tmk_json_put_string(struct tmk_json_writer *w, const char *key, const char *value);
void tmk_json_put_null(struct tmk_json_writer *w, const char *key);
/* Inline arrays of integers: one line. */
void tmk_json_put_ints(struct tmk_json_writer *w, const char *key, const int64_t *values, int64_t count);
/* Gives the text (owned by the caller, free()) or a MEMORY error; destroys the writer. */
enum tmk_status tmk_json_finish(struct tmk_json_writer *w, char **text, size_t *size, struct tmk_error *err);

/* Writes `size` bytes to `path` whole: temporary file in the same folder, fsync, rename. On failure the old file is
 * untouched and no temporary file stays. */
enum tmk_status tmk_file_write_atomic(const char *path, const char *text, size_t size, struct tmk_error *err);

#endif
