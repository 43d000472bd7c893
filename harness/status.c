/* status.c: see tokmark/status.h. */
#include "tokmark/status.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* One row a status, in the order of the enum. */
static const struct {
  const char *name;
  int exit_code;
} status_rows[TMK_STATUS_COUNT] = {
    [TMK_OK] = {"ok", 0},
    [TMK_ERR_USAGE] = {"usage", 2},
    [TMK_ERR_UNSUPPORTED] = {"unsupported", 2},
    [TMK_ERR_MEMORY] = {"memory", 1},
    [TMK_ERR_IO] = {"io", 1},
    [TMK_ERR_DEVICE] = {"device", 1},
    [TMK_ERR_FAILED] = {"failed", 1},
    [TMK_ERR_INTERRUPTED] = {"interrupted", 130},
    [TMK_ERR_SLOWER] = {"slower", 10},
    [TMK_ERR_AMBIGUOUS] = {"ambiguous", 11},
    [TMK_ERR_INCOMPARABLE] = {"incomparable", 12},
    [TMK_ERR_MISSING] = {"missing", 13},
};

/* Messages hold text from files and argv. What a terminal would obey is replaced: C0 controls, DEL, and the C1
 * controls, which UTF-8 spells 0xC2 0x80 … 0xC2 0x9F. */
static void replace_controls(char *text)
{
  for (unsigned char *p = (unsigned char *)text; *p != 0; p++) {
    if (*p < 0x20 || *p == 0x7f) {
      *p = '?';
    } else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
      p[0] = p[1] = '?';
    }
  }
}

/* A message that filled its buffer may end inside a UTF-8 sequence: that last partial character is dropped. */
static void drop_partial_character(char *text)
{
  size_t end = strlen(text);
  size_t start = end;
  while (start > 0 && end - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80) start--;
  if (start == 0) return;
  unsigned char lead = (unsigned char)text[start - 1];
  size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (length > end - (start - 1)) text[start - 1] = 0;
}

enum tmk_status tmk_fail(struct tmk_error *err, enum tmk_status status, const char *format, ...)
{
  if (err == NULL) return status;
  /* Through a buffer of its own, because the arguments may hold err->message itself. */
  char message[sizeof err->message];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(message, sizeof message, format, args);
  va_end(args);
  if (length < 0) snprintf(message, sizeof message, "an error whose message could not be formatted");
  if (length >= (int)sizeof message) drop_partial_character(message);
  replace_controls(message);
  memcpy(err->message, message, sizeof message);
  err->status = status;
  return status;
}

const char *tmk_status_name(enum tmk_status status)
{
  if ((int)status < 0 || status >= TMK_STATUS_COUNT) return "unknown";
  return status_rows[status].name;
}

int tmk_status_exit_code(enum tmk_status status)
{
  if ((int)status < 0 || status >= TMK_STATUS_COUNT) return 1;
  return status_rows[status].exit_code;
}
