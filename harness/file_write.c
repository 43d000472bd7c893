/* file_write.c: tmk_file_write_atomic of json.h.
 *
 * A reader sees the old file or the new one, never a part: the text goes to a new file in the same folder, is flushed
 * to the medium, and takes the name in one rename(). What is no regular file (a terminal, a pipe, /dev/null) can't be
 * replaced by name and is written to directly.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

/* Wrong arguments (no such folder, no permission) are the user's; the rest (no space, a broken disk) is not. */
static enum tmk_status fail_errno(struct tmk_error *err, const char *path)
{
  int cause = errno;
  static const int usage[] = {ENOENT,       EACCES, EPERM, ENOTDIR, EISDIR, EROFS,
                              ENAMETOOLONG, ELOOP,  ENXIO, ENODEV,  ETXTBSY};
  enum tmk_status status = TMK_ERR_IO;
  for (size_t i = 0; i < sizeof usage / sizeof usage[0]; i++) {
    if (usage[i] == cause) status = TMK_ERR_USAGE;
  }
  return tmk_fail(err, status, "%s: cannot be written: %s", path, strerror(cause));
}

static enum tmk_status write_all(int fd, const char *text, size_t size, const char *path, struct tmk_error *err)
{
  while (size > 0) {
    ssize_t wrote = write(fd, text, size);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return fail_errno(err, path);
    text += wrote;
    size -= (size_t)wrote;
  }
  return TMK_OK;
}

/* /dev/stdout and its like name a file that this process has open: the text goes where that stands, whatever it is.
 * Opened anew or replaced by name it would lose what was printed before. −1 for other paths. */
static int own_descriptor(const char *path)
{
  static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
  if (strcmp(path, "/dev/stdout") == 0) return STDOUT_FILENO;
  if (strcmp(path, "/dev/stderr") == 0) return STDERR_FILENO;
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    size_t length = strlen(folders[i]);
    if (strncmp(path, folders[i], length) != 0) continue;
    char *end;
    long fd = strtol(path + length, &end, 10);
    if (path[length] >= '0' && path[length] <= '9' && *end == 0 && fd <= INT_MAX) return (int)fd;
  }
  return -1;
}

static enum tmk_status write_direct(const char *path, const char *text, size_t size, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  /* Not waiting for a FIFO's reader: without one this is ENXIO. */
  int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return fail_errno(err, path);
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) {
    status = fail_errno(err, path);
  } else {
    status = write_all(fd, text, size, path, err);
  }
  if (close(fd) != 0 && status == TMK_OK) status = fail_errno(err, path);
  return status;
}

/* Follows symbolic links to the name that is to be replaced, so that a link stays one; the last name need not exist. */
static enum tmk_status follow_links(const char *path, char target[PATH_MAX], struct tmk_error *err)
{
  struct stat info;
  if (snprintf(target, PATH_MAX, "%s", path) >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return fail_errno(err, path);
  }
  for (int links = 0; lstat(target, &info) == 0 && S_ISLNK(info.st_mode); links++) {
    char link[PATH_MAX], joined[PATH_MAX];
    ssize_t length = readlink(target, link, sizeof link - 1);
    if (length < 0) return fail_errno(err, path);
    link[length] = 0;
    const char *slash = strrchr(target, '/');
    int folder = link[0] == '/' || slash == NULL ? 0 : (int)(slash - target) + 1;
    if (links == 40 || snprintf(joined, sizeof joined, "%.*s%s", folder, target, link) >= PATH_MAX) {
      errno = links == 40 ? ELOOP : ENAMETOOLONG;
      return fail_errno(err, path);
    }
    memcpy(target, joined, sizeof joined);
  }
  return TMK_OK;
}

/* A new file with a name of its own in the folder of `target`; its mode follows the umask. */
static enum tmk_status create_temporary(const char *target, char temporary[PATH_MAX], int *fd, const char *path,
                                        struct tmk_error *err)
{
  const char *slash = strrchr(target, '/');
  int folder = slash == NULL ? 0 : (int)(slash - target) + 1;
  for (int attempt = 0; attempt < 100; attempt++) {
    uint64_t bits = 0;
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) bits = (uint64_t)attempt;
    int length =
        snprintf(temporary, PATH_MAX, "%.*s.tokmark-%ld-%016" PRIx64 ".tmp", folder, target, (long)getpid(), bits);
    if (length >= PATH_MAX) {
      errno = ENAMETOOLONG;
      break;
    }
    *fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (*fd >= 0) return TMK_OK;
    if (errno != EEXIST) break;
  }
  temporary[0] = 0;
  return fail_errno(err, path);
}

/* The rename itself reaches the medium with its folder. Some file systems can't flush one: then there is nothing to
 * wait for. */
static enum tmk_status sync_folder(const char *target, const char *path, struct tmk_error *err)
{
  char folder[PATH_MAX];
  const char *slash = strrchr(target, '/');
  snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - target) + 1, slash == NULL ? "." : target);
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno == EACCES ? TMK_OK : fail_errno(err, path);
  enum tmk_status status = TMK_OK;
  if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS) status = fail_errno(err, path);
  close(fd);
  return status;
}

/* The new file looks like the old one: mode, and owner where we may. */
static enum tmk_status copy_identity(int fd, const struct stat *old, const char *path, struct tmk_error *err)
{
  if (fchown(fd, old->st_uid, old->st_gid) != 0 && errno != EPERM) return fail_errno(err, path);
  if (fchmod(fd, old->st_mode & 0777) != 0) return fail_errno(err, path);
  return TMK_OK;
}

enum tmk_status tmk_file_write_atomic(const char *path, const char *text, size_t size, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char target[PATH_MAX], temporary[PATH_MAX] = "";
  struct stat old;
  int fd = own_descriptor(path);
  if (fd >= 0) {
    if (fflush(fd == STDERR_FILENO ? stderr : stdout) != 0) return fail_errno(err, path);
    return write_all(fd, text, size, path, err);
  }
  if (path[0] == 0) {
    errno = ENOENT;
    return fail_errno(err, path);
  }
  TMK_TRY(follow_links(path, target, err));
  bool exists = stat(target, &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) {
    errno = EISDIR;
    TMK_TRY(fail_errno(err, path));
  }
  if (exists && !S_ISREG(old.st_mode)) return write_direct(path, text, size, err);
  /* rename() asks the folder only; a file that its owner has closed to writing is refused as open() would. */
  if (exists && access(target, W_OK) != 0) TMK_TRY(fail_errno(err, path));
  TMK_TRY(create_temporary(target, temporary, &fd, path, err));
  if (exists) TMK_TRY(copy_identity(fd, &old, path, err));
  TMK_TRY(write_all(fd, text, size, path, err));
  if (fsync(fd) != 0) TMK_TRY(fail_errno(err, path));
  int closed = close(fd);
  fd = -1;
  if (closed != 0 || rename(temporary, target) != 0) TMK_TRY(fail_errno(err, path));
  temporary[0] = 0;
  TMK_TRY(sync_folder(target, path, err));
out:
  if (fd >= 0) close(fd);
  if (temporary[0] != 0) unlink(temporary);
  return status;
}
