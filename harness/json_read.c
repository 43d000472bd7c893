/* json_read.c: tmk_json_read_file of json.h: a bounded read of a path that may be anything. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

/* Opens without waiting: a FIFO that nobody writes to must not hold us up, and a device may never end. */
static enum tmk_status open_input(const char *path, int *fd, int64_t *size_hint, struct tmk_error *err)
{
  struct stat info;
  *size_hint = 0;
  *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (*fd < 0) return tmk_fail(err, TMK_ERR_USAGE, "%s: cannot be opened: %s", path, strerror(errno));
  if (fstat(*fd, &info) != 0) return tmk_fail(err, TMK_ERR_IO, "%s: cannot be examined: %s", path, strerror(errno));
  if (S_ISDIR(info.st_mode)) return tmk_fail(err, TMK_ERR_USAGE, "%s: is a folder: must be a JSON file", path);
  if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode)) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s: is a device or socket: must be a file or a pipe", path);
  }
  if (!S_ISREG(info.st_mode)) return TMK_OK;
  if (info.st_size > TMK_JSON_MAX_BYTES) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s: %" PRId64 " bytes: must be at most %" PRId64, path, (int64_t)info.st_size,
                    TMK_JSON_MAX_BYTES);
  }
  *size_hint = info.st_size;
  return TMK_OK;
}

/* Reads to the end, at most one byte more than is allowed. A pipe with a writer is waited for. */
static enum tmk_status read_bounded(const char *path, int fd, int64_t size_hint, char **text, size_t *size,
                                    struct tmk_error *err)
{
  size_t capacity = (size_t)size_hint + 4096;
  *size = 0;
  *text = malloc(capacity);
  while (*text != NULL) {
    ssize_t got = read(fd, *text + *size, capacity - *size);
    if (got == 0) return TMK_OK;
    if (got > 0) {
      *size += (size_t)got;
      if (*size > (size_t)TMK_JSON_MAX_BYTES) {
        return tmk_fail(err, TMK_ERR_USAGE, "%s: more than %" PRId64 " bytes", path, TMK_JSON_MAX_BYTES);
      }
      if (*size < capacity) continue;
      capacity *= 2;
      char *wider = realloc(*text, capacity);
      if (wider == NULL) break;
      *text = wider;
    } else if (errno == EAGAIN) {
      struct pollfd wait = {.fd = fd, .events = POLLIN};
      if (poll(&wait, 1, -1) < 0) return tmk_fail(err, TMK_ERR_INTERRUPTED, "%s: interrupted while reading", path);
    } else if (errno != EINTR) {
      return tmk_fail(err, TMK_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
  }
  return tmk_fail(err, TMK_ERR_MEMORY, "%s: out of memory for %zu bytes", path, capacity);
}

enum tmk_status tmk_json_read_file(const char *path, struct tmk_json_doc **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int fd = -1;
  char *text = NULL;
  size_t size = 0;
  int64_t size_hint = 0;
  *out = NULL;
  TMK_TRY(open_input(path, &fd, &size_hint, err));
  TMK_TRY(read_bounded(path, fd, size_hint, &text, &size, err));
  TMK_TRY(tmk_json_parse(path, text, size, out, err));
out:
  free(text);
  if (fd >= 0) close(fd);
  return status;
}
