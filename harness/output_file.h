/* output_file.h: -o FILE, --output FILE and --force, the same in every command. */
#ifndef TMK_HARNESS_OUTPUT_FILE_H
#define TMK_HARNESS_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "tokmark/status.h"

/* Whether `path` may be written, asked before any work is done: a USAGE error if it exists and `force` is not given, is a
 * folder, or can't be written. What is no regular file (/dev/stdout, a pipe) needs no force. Nothing is created. */
enum tmk_status tmk_output_check(const char *path, bool force, struct tmk_error *err);
/* `text` to that file, whole or not at all; to standard output where path is NULL: main() sees to a write that fails there. */
enum tmk_status tmk_output_write(const char *path, const char *text, size_t size, struct tmk_error *err);

#endif
