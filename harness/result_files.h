/* result_files.h: the files that a command's arguments name: "files or folders" as one list of paths. */
#ifndef TMK_HARNESS_RESULT_FILES_H
#define TMK_HARNESS_RESULT_FILES_H

#include <stdint.h>

#include "tokmark/status.h"

#define TMK_RESULT_FILES_MAX       1000000
#define TMK_RESULT_FILES_MAX_DEPTH 64 /* of folders in folders */

/* What can't be looked into, and why: "runs/private: cannot be opened: Permission denied". */
struct tmk_result_refusal {
  char *path, *reason; /* owned; the reason without the path */
};

struct tmk_result_files {
  char **paths; /* owned */
  int64_t count;
  struct tmk_result_refusal *refusals; /* owned */
  int64_t refusal_count;
};

/* Arguments in their order. A file is taken as it is, whatever its name, and need not exist: who reads it says what is wrong
 * with it. A folder is walked: names that end in ".json", and folders in it, sorted by byte value; the list is the same on
 * every machine. Links are followed, except that a folder that is its own ancestor is refused and not entered. A folder
 * that can't be read, is the end of a loop or is too deep becomes a refusal; the walk goes on. Names with a leading '.' are
 * passed over in folders. That a file is a tokmark result is not looked at.
 *
 * USAGE error: more than TMK_RESULT_FILES_MAX files. MEMORY. On an error nothing is left to free; files needs no init. */
enum tmk_status tmk_result_files_collect(const char *const *arguments, int argument_count,
                                         struct tmk_result_files *files, struct tmk_error *err);
/* A refusal more, by whoever reads the files: `message` may lead with the path, which is taken off. */
enum tmk_status tmk_result_files_refuse(struct tmk_result_files *files, const char *path, const char *message,
                                        struct tmk_error *err);
void tmk_result_files_free(struct tmk_result_files *files); /* what it owns, not itself; zeroed is fine */

#endif
