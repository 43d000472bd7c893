/* output_file.c: see output_file.h. */
#include "output_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

static enum tmk_status fail_errno(const char *path, int cause, struct tmk_error *err)
{
  return tmk_fail(err, TMK_ERR_USAGE, "--output %.512s: %s", path, strerror(cause));
}

/* A new file needs a folder that takes one. */
static enum tmk_status check_folder(const char *path, struct tmk_error *err)
{
  char folder[PATH_MAX];
  const char *slash = strrchr(path, '/');
  size_t length = slash ? (size_t)(slash - path) + 1 : 0;
  if (length >= sizeof folder) return fail_errno(path, ENAMETOOLONG, err);
  memcpy(folder, path, length);
  folder[length] = '\0';
  if (access(length > 0 ? folder : ".", W_OK | X_OK) != 0) return fail_errno(path, errno, err);
  if (path[length] == '\0') return fail_errno(path, length > 0 ? EISDIR : ENOENT, err);
  return TMK_OK;
}

enum tmk_status tmk_output_check(const char *path, bool force, struct tmk_error *err)
{
  struct stat info;
  if (stat(path, &info) != 0) {
    if (errno != ENOENT) return fail_errno(path, errno, err);
    return check_folder(path, err);
  }
  if (S_ISDIR(info.st_mode)) return fail_errno(path, EISDIR, err);
  if (S_ISREG(info.st_mode) && !force) {
    return tmk_fail(err, TMK_ERR_USAGE, "--output %.512s: exists; --force overwrites it", path);
  }
  if (access(path, W_OK) != 0) return fail_errno(path, errno, err);
  return TMK_OK;
}

enum tmk_status tmk_output_write(const char *path, const char *text, size_t size, struct tmk_error *err)
{
  if (path) return tmk_file_write_atomic(path, text, size, err);
  fwrite(text, 1, size, stdout);
  return TMK_OK;
}
