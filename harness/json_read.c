/* json_read.c: tmk_file_read and tmk_json_read_file of json.h: a bounded read of a path that may be anything. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

/* How long a FIFO that nobody has open for writing is waited for: its writer may be about to start. */
#define WRITER_WAIT_MS 3000

/* An input that is being read. */
struct input {
  const char *path;
  int fd;
  bool is_pipe;
  int64_t size_hint; /* of a regular file; 0 for others */
};

/* Opens without waiting: a FIFO that nobody writes to must not hold us up, and a device may never end. */
static enum tmk_status open_input(const char *path, struct input *input, struct tmk_error *err)
{
  struct stat info;
  int *fd = &input->fd;
  input->path = path;
  *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (*fd < 0) return tmk_fail(err, TMK_ERR_USAGE, "%s: cannot be opened: %s", path, strerror(errno));
  if (fstat(*fd, &info) != 0) return tmk_fail(err, TMK_ERR_IO, "%s: cannot be examined: %s", path, strerror(errno));
  if (S_ISDIR(info.st_mode)) return tmk_fail(err, TMK_ERR_USAGE, "%s: is a folder: must be a JSON file", path);
  if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode)) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s: is a device or socket: must be a file or a pipe", path);
  }
  input->is_pipe = !S_ISREG(info.st_mode);
  if (input->is_pipe) return TMK_OK;
  if (info.st_size > TMK_JSON_MAX_BYTES) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s: %" PRId64 " bytes: must be at most %" PRId64, path, (int64_t)info.st_size,
                    TMK_JSON_MAX_BYTES);
  }
  input->size_hint = info.st_size;
  return TMK_OK;
}

/* Nothing could be read from a pipe. Returns true to try again: no writer has come yet, and there is time left. A
 * writer that came and went without a word is seen as POLLHUP, which a pipe gives only if it had one since it was
 * opened. */
static bool wait_for_writer(const struct input *input, int *waited_ms)
{
  struct pollfd wait = {.fd = input->fd, .events = POLLIN};
  if (*waited_ms >= WRITER_WAIT_MS) return false;
  *waited_ms += 50;
  if (poll(&wait, 1, 50) > 0 && (wait.revents & POLLIN) == 0) *waited_ms = WRITER_WAIT_MS;
  return true;
}

/* Reads to the end, at most one byte more than is allowed. A writer that is there is waited for as long as it takes. */
static enum tmk_status read_bounded(const struct input *input, char **text, size_t *size, struct tmk_error *err)
{
  size_t capacity = (size_t)input->size_hint + 4096;
  int waited_ms = 0;
  *size = 0;
  *text = malloc(capacity);
  while (*text != NULL) {
    ssize_t got = read(input->fd, *text + *size, capacity - *size);
    if (got == 0 && input->is_pipe && *size == 0 && wait_for_writer(input, &waited_ms)) continue;
    if (got == 0) return TMK_OK;
    if (got > 0) {
      *size += (size_t)got;
      if (*size > (size_t)TMK_JSON_MAX_BYTES) {
        return tmk_fail(err, TMK_ERR_USAGE, "%s: more than %" PRId64 " bytes", input->path, TMK_JSON_MAX_BYTES);
      }
      if (*size < capacity) continue;
      capacity *= 2;
      char *wider = realloc(*text, capacity);
      if (wider == NULL) break;
      *text = wider;
    } else if (errno == EAGAIN) {
      struct pollfd wait = {.fd = input->fd, .events = POLLIN};
      if (poll(&wait, 1, -1) < 0) {
        return tmk_fail(err, TMK_ERR_INTERRUPTED, "%s: interrupted while reading", input->path);
      }
    } else if (errno != EINTR) {
      return tmk_fail(err, TMK_ERR_IO, "%s: cannot be read: %s", input->path, strerror(errno));
    }
  }
  return tmk_fail(err, TMK_ERR_MEMORY, "%s: out of memory for %zu bytes", input->path, capacity);
}

enum tmk_status tmk_file_read(const char *path, char **text, size_t *size, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct input input = {.fd = -1};
  *text = NULL;
  *size = 0;
  TMK_TRY(open_input(path, &input, err));
  TMK_TRY(read_bounded(&input, text, size, err));
out:
  if (input.fd >= 0) close(input.fd);
  if (status != TMK_OK) {
    free(*text);
    *text = NULL;
  }
  return status;
}

enum tmk_status tmk_json_read_file(const char *path, struct tmk_json_doc **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *text = NULL;
  size_t size = 0;
  *out = NULL;
  TMK_TRY(tmk_file_read(path, &text, &size, err));
  TMK_TRY(tmk_json_parse(path, text, size, out, err));
out:
  free(text);
  return status;
}
