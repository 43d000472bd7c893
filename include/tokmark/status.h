/* status.h: how a function says that it failed, and why.
 *
 * What can fail returns enum tmk_status and takes a struct tmk_error *err as its last parameter. The message is written
 * once, by tmk_fail(), where the cause is known: it names the value and what was allowed, one line, no newline, e.g.
 * "--batch 0: must be 1..65536". Callers pass it up with TMK_TRY and add nothing. main() prints it as
 * "tokmark: MESSAGE" on stderr and exits with tmk_status_exit_code().
 */
#ifndef TOKMARK_STATUS_H
#define TOKMARK_STATUS_H

#include <stdbool.h>

enum tmk_status {
  TMK_OK = 0,
  TMK_ERR_USAGE,       /* the user's input is wrong: option, file, model, value. Exit 2 */
  TMK_ERR_UNSUPPORTED, /* understood, but this build, device or backend can't. Exit 2 */
  TMK_ERR_MEMORY,      /* an allocation failed. Exit 1 */
  TMK_ERR_IO,          /* a read or write failed after its arguments were found good. Exit 1 */
  TMK_ERR_DEVICE,      /* the device or its driver reported a fault. Exit 1 */
  TMK_ERR_FAILED,      /* the run did its work and the answer is bad (a point failed or is INVALID). Exit 1 */
  TMK_ERR_INTERRUPTED, /* Ctrl-C or SIGTERM; what was measured is kept. Exit 130 */
  TMK_ERR_SLOWER,       /* compare: a point is slower. Exit 10 */
  TMK_ERR_AMBIGUOUS,    /* compare --strict: a point is neither the same nor different. Exit 11 */
  TMK_ERR_INCOMPARABLE, /* compare: no point could be compared. Exit 12 */
  TMK_ERR_MISSING,      /* compare: a point of the base is missing, failed or INVALID. Exit 13 */
  TMK_STATUS_COUNT
};

/* Caller's memory; zero-initialise ({0}). `message` is set whenever a function returned anything but TMK_OK. */
struct tmk_error {
  enum tmk_status status;
  char message[1024];
  bool said; /* it was printed already, by this rank or by another: main() prints nothing */
};

/* Formats `format` into err->message (cut at its size, control characters replaced by '?') and returns `status`.
 * err may be NULL: then only the status is returned. */
enum tmk_status tmk_fail(struct tmk_error *err, enum tmk_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "usage", "unsupported", "memory", ...: for logs and tests. */
const char *tmk_status_name(enum tmk_status status);

/* 0, 1, 2, 10 to 13, or 130. */
int tmk_status_exit_code(enum tmk_status status);

/* For functions with `enum tmk_status status = TMK_OK;` and one exit labelled `out:`. */
#define TMK_TRY(expr)                                                                                                  \
  do {                                                                                                                 \
    status = (expr);                                                                                                   \
    if (status != TMK_OK) goto out;                                                                                    \
  } while (0)

#endif
