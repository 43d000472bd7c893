/* result_files.c: see result_files.h. */
#include "result_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The folders from the argument down to the one that is read: what a loop would come back to. */
struct ancestor {
  const struct ancestor *parent;
  dev_t device;
  ino_t inode;
  int depth;
};

static enum tmk_status fail_memory(struct tmk_error *err)
{
  return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the list of files");
}

/* Room for one more element: capacities are powers of two, so the count says when it is full. */
static bool grow(void *array, int64_t count, size_t element_size)
{
  void **at = array;
  if (count != 0 && (count & (count - 1)) != 0) return true;
  void *wider = realloc(*at, (size_t)(count == 0 ? 1 : 2 * count) * element_size);
  if (wider) *at = wider;
  return wider != NULL;
}

static enum tmk_status add_path(struct tmk_result_files *files, const char *path, struct tmk_error *err)
{
  if (files->count == TMK_RESULT_FILES_MAX) {
    return tmk_fail(err, TMK_ERR_USAGE, "%.256s: more than %d result files", path, TMK_RESULT_FILES_MAX);
  }
  char *copy = strdup(path);
  if (!copy || !grow(&files->paths, files->count, sizeof *files->paths)) {
    free(copy);
    return fail_memory(err);
  }
  files->paths[files->count++] = copy;
  return TMK_OK;
}

enum tmk_status tmk_result_files_refuse(struct tmk_result_files *files, const char *path, const char *message,
                                        struct tmk_error *err)
{
  size_t length = strlen(path);
  if (strncmp(message, path, length) == 0 && message[length] == ':') {
    message += length + 1;
    while (*message == ' ') message++;
  }
  struct tmk_result_refusal refusal = {strdup(path), strdup(message)};
  if (!refusal.path || !refusal.reason || !grow(&files->refusals, files->refusal_count, sizeof refusal)) {
    free(refusal.path);
    free(refusal.reason);
    return fail_memory(err);
  }
  files->refusals[files->refusal_count++] = refusal;
  return TMK_OK;
}

static enum tmk_status refuse_errno(struct tmk_result_files *files, const char *path, const char *what, int cause,
                                    struct tmk_error *err)
{
  char reason[160];
  snprintf(reason, sizeof reason, "%s: %s", what, strerror(cause));
  return tmk_result_files_refuse(files, path, reason, err);
}

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted, without hidden ones; *names and its strings are owned by the caller. A folder that can't be read to its
 * end gives *cause, with the names up to there. */
static enum tmk_status list_names(const char *path, char ***names, int64_t *count, int *cause, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  DIR *folder = opendir(path);
  *names = NULL;
  *count = 0;
  *cause = folder ? 0 : errno;
  while (folder) {
    errno = 0;
    const struct dirent *entry = readdir(folder);
    if (!entry) {
      *cause = errno;
      break;
    }
    if (entry->d_name[0] == '.') continue;
    char *copy = strdup(entry->d_name);
    if (!copy || !grow(names, *count, sizeof **names)) {
      free(copy);
      TMK_TRY(fail_memory(err));
    }
    (*names)[(*count)++] = copy;
  }
  if (*count > 0) qsort(*names, (size_t)*count, sizeof **names, compare_names);
out:
  if (folder) closedir(folder);
  return status;
}

static bool ends_in_json(const char *name)
{
  size_t length = strlen(name);
  return length > 5 && strcmp(name + length - 5, ".json") == 0;
}

static enum tmk_status walk(struct tmk_result_files *files, const char *path, const struct stat *info,
                            const struct ancestor *parent, struct tmk_error *err);

/* One name of a folder. What can't be examined is a file for the reader to complain of if it is called .json (a dangling
 * link), and else none of our business. */
static enum tmk_status visit(struct tmk_result_files *files, const char *folder, const char *name,
                             const struct ancestor *self, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct stat info;
  char *path = NULL;
  size_t length = strlen(folder);
  if (asprintf(&path, "%s%s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/", name) < 0) {
    path = NULL;
    TMK_TRY(fail_memory(err));
  }
  bool known = stat(path, &info) == 0;
  if (known && S_ISDIR(info.st_mode)) {
    TMK_TRY(walk(files, path, &info, self, err));
  } else if (ends_in_json(name)) {
    TMK_TRY(add_path(files, path, err));
  }
out:
  free(path);
  return status;
}

static enum tmk_status walk(struct tmk_result_files *files, const char *path, const struct stat *info,
                            const struct ancestor *parent, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char **names = NULL;
  int64_t count = 0;
  int cause = 0;
  struct ancestor self = {parent, info->st_dev, info->st_ino, parent ? parent->depth + 1 : 1};
  for (const struct ancestor *a = parent; a; a = a->parent) {
    if (a->device == self.device && a->inode == self.inode)
      return tmk_result_files_refuse(files, path, "is a link back to a folder that it lies in", err);
  }
  if (self.depth > TMK_RESULT_FILES_MAX_DEPTH)
    return tmk_result_files_refuse(files, path, "lies too deep in folders", err);
  TMK_TRY(list_names(path, &names, &count, &cause, err));
  if (cause != 0) TMK_TRY(refuse_errno(files, path, "cannot be read", cause, err));
  for (int64_t i = 0; i < count; i++) TMK_TRY(visit(files, path, names[i], &self, err));
out:
  for (int64_t i = 0; i < count; i++) free(names[i]);
  free(names);
  return status;
}

enum tmk_status tmk_result_files_collect(const char *const *arguments, int argument_count,
                                         struct tmk_result_files *files, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  *files = (struct tmk_result_files){0};
  for (int i = 0; i < argument_count; i++) {
    struct stat info;
    if (stat(arguments[i], &info) == 0 && S_ISDIR(info.st_mode)) {
      TMK_TRY(walk(files, arguments[i], &info, NULL, err));
    } else {
      TMK_TRY(add_path(files, arguments[i], err));
    }
  }
out:
  if (status != TMK_OK) tmk_result_files_free(files);
  return status;
}

void tmk_result_files_free(struct tmk_result_files *files)
{
  for (int64_t i = 0; i < files->count; i++) free(files->paths[i]);
  for (int64_t i = 0; i < files->refusal_count; i++) {
    free(files->refusals[i].path);
    free(files->refusals[i].reason);
  }
  free(files->paths);
  free(files->refusals);
  *files = (struct tmk_result_files){0};
}
