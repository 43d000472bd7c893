/* model_builtin.c: the rows of data/models.json, and models by name or path. See model_config.h. */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <threads.h>

#include "data_embed.h"
#include "model_config.h"
#include "opt.h"

#define TABLE_NAME "models.json"
#define MAX_ROWS   64
#define MAX_ALIASES                                                                                                    \
  ((int)(sizeof((struct tmk_model_facts *)0)->aliases / sizeof((struct tmk_model_facts *)0)->aliases[0]))

struct builtin_table {
  int count;
  struct tmk_model_facts rows[MAX_ROWS];
};

/* --- the table --- */

static enum tmk_status open_table(struct tmk_json_doc **doc, struct tmk_json *models, struct tmk_error *err)
{
  struct tmk_data_file file = tmk_data_find(TABLE_NAME);
  enum tmk_status status = tmk_json_parse(TABLE_NAME, file.text, file.size, doc, err);
  if (status == TMK_OK) *models = tmk_json_get(tmk_json_root(*doc), "models");
  return status;
}

static enum tmk_status read_published(struct tmk_json v, struct tmk_published_count *out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  static const char *const members[] = {"parameters", "digits", "left_out", "source", NULL};
  if (tmk_json_is_missing(v)) return TMK_OK;
  TMK_TRY(tmk_json_only(v, members, err));
  TMK_TRY(tmk_json_int(tmk_json_get(v, "parameters"), 1, INT64_MAX, &out->parameters, err));
  TMK_TRY(tmk_json_int(tmk_json_get(v, "digits"), 1, 15, &out->digits, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(v, "left_out"), 0, 2, 0, &out->left_out, err));
  TMK_TRY(tmk_json_string(tmk_json_get(v, "source"), out->source, sizeof out->source, err));
out:
  return status;
}

static enum tmk_status read_facts(struct tmk_json row, struct tmk_model_facts *facts, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  static const char *const members[] = {
      "id", "title", "aliases", "licence", "source", "published", "published_active", "config", NULL};
  struct tmk_json aliases = tmk_json_get(row, "aliases");
  TMK_TRY(tmk_json_only(row, members, err));
  TMK_TRY(tmk_json_string(tmk_json_get(row, "id"), facts->id, sizeof facts->id, err));
  TMK_TRY(tmk_json_string(tmk_json_get(row, "title"), facts->title, sizeof facts->title, err));
  TMK_TRY(tmk_json_string(tmk_json_get(row, "source"), facts->source, sizeof facts->source, err));
  TMK_TRY(tmk_json_string(tmk_json_get(row, "licence"), facts->licence, sizeof facts->licence, err));
  if (tmk_json_count(aliases) > MAX_ALIASES) TMK_TRY(tmk_json_fail(aliases, err, "at most %d", MAX_ALIASES));
  int n = 0;
  for (struct tmk_json v = tmk_json_first(aliases); !tmk_json_is_missing(v); v = tmk_json_next(v)) {
    TMK_TRY(tmk_json_string(v, facts->aliases[n++], sizeof facts->aliases[0], err));
  }
  TMK_TRY(read_published(tmk_json_get(row, "published"), &facts->published, err));
  TMK_TRY(read_published(tmk_json_get(row, "published_active"), &facts->published_active, err));
out:
  return status;
}

static enum tmk_status read_table(struct builtin_table *table, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  struct tmk_json models;
  TMK_TRY(open_table(&doc, &models, err));
  for (struct tmk_json row = tmk_json_first(models); !tmk_json_is_missing(row); row = tmk_json_next(row)) {
    if (table->count == MAX_ROWS) TMK_TRY(tmk_json_fail(row, err, "at most %d rows", MAX_ROWS));
    TMK_TRY(read_facts(row, &table->rows[table->count], err));
    table->count++;
  }
out:
  tmk_json_free(doc);
  return status;
}

/* The table is part of the binary: it is parsed on first use, once, and never changes after that. Errors in it are ours
 * and are found by its unit test; only memory can fail here, and there is no going on without it. */
static struct builtin_table the_table;

static void fill_table(void)
{
  struct tmk_error err = {0};
  enum tmk_status status = read_table(&the_table, &err);
  if (status == TMK_OK) return;
  fprintf(stderr, "tokmark: %s\n", err.message);
  exit(tmk_status_exit_code(TMK_ERR_MEMORY));
}

static const struct builtin_table *builtin_table(void)
{
  static once_flag once = ONCE_FLAG_INIT;
  call_once(&once, fill_table);
  return &the_table;
}

static const struct tmk_model_facts *find_row(const char *spelling)
{
  const struct builtin_table *table = builtin_table();
  for (int i = 0; i < table->count; i++) {
    const struct tmk_model_facts *row = &table->rows[i];
    if (strcasecmp(spelling, row->id) == 0) return row;
    for (int a = 0; a < MAX_ALIASES && row->aliases[a][0] != 0; a++) {
      if (strcasecmp(spelling, row->aliases[a]) == 0) return row;
    }
  }
  return NULL;
}

int tmk_model_builtin_count(void)
{
  return builtin_table()->count;
}

const char *tmk_model_builtin_name(int index)
{
  const struct builtin_table *table = builtin_table();
  return index < 0 || index >= table->count ? NULL : table->rows[index].id;
}

enum tmk_status tmk_model_builtin_facts(int index, struct tmk_model_facts *facts, struct tmk_error *err)
{
  const struct builtin_table *table = builtin_table();
  if (index < 0 || index >= table->count) {
    return tmk_fail(err, TMK_ERR_USAGE, "built-in model %d: must be 0..%d", index, table->count - 1);
  }
  *facts = table->rows[index];
  return TMK_OK;
}

const char *tmk_model_id_from_alias(const char *spelling)
{
  const struct tmk_model_facts *row = find_row(spelling);
  return row == NULL ? NULL : row->id;
}

/* --- loading --- */

static enum tmk_status load_builtin(const struct tmk_model_facts *facts, struct tmk_model *model, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  struct tmk_json models;
  TMK_TRY(open_table(&doc, &models, err));
  struct tmk_json row = tmk_json_at(models, facts - builtin_table()->rows);
  TMK_TRY(tmk_model_from_json(tmk_json_get(row, "config"), facts->id, model, err));
out:
  tmk_json_free(doc);
  return status;
}

enum tmk_status tmk_model_builtin_each(void (*take)(void *context, const struct tmk_model *model), void *context,
                                       struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  struct tmk_json models;
  struct tmk_model model;
  const struct tmk_model_facts *facts = builtin_table()->rows;
  TMK_TRY(open_table(&doc, &models, err));
  for (struct tmk_json row = tmk_json_first(models); !tmk_json_is_missing(row); row = tmk_json_next(row), facts++) {
    TMK_TRY(tmk_model_from_json(tmk_json_get(row, "config"), facts->id, &model, err));
    take(context, &model);
  }
out:
  tmk_json_free(doc);
  return status;
}

/* A config.json is called by its folder; in Hugging Face's cache, …/models--ORG--NAME/snapshots/COMMIT, by its NAME. */
static void folder_name(const char *path, char name[PATH_MAX])
{
  char folder[PATH_MAX], resolved[PATH_MAX];
  const char *slash = strrchr(path, '/');
  snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1, slash == NULL ? "." : path);
  if (realpath(folder, resolved) == NULL) snprintf(resolved, sizeof resolved, "%s", folder);
  char *base = strrchr(resolved, '/');
  char *cached = strstr(resolved, "/models--"), *snapshots = strstr(resolved, "/snapshots/");
  if (cached != NULL && snapshots > cached) {
    *snapshots = 0;
    for (char *p = cached; (p = strstr(p, "--")) != NULL; p += 2) base = p + 1;
  }
  snprintf(name, PATH_MAX, "%s", base == NULL ? "" : base + 1);
}

/* The last part of a path without .json. Characters that have a meaning in keys and file names become '-'; cut so that
 * "+L1024" still fits behind it. */
static void name_from_path(const char *path, char *name, size_t size)
{
  char base[PATH_MAX];
  const char *slash = strrchr(path, '/');
  snprintf(base, sizeof base, "%s", slash == NULL ? path : slash + 1);
  if (strcmp(base, "config.json") == 0) folder_name(path, base);
  size_t length = strlen(base);
  if (length > 5 && strcmp(base + length - 5, ".json") == 0) base[length - 5] = 0;
  int room = (int)(size - sizeof "+L1024");
  snprintf(name, size, "%.*s", room, base[0] == 0 ? "model" : base);
  for (char *p = name; *p != 0; p++) {
    bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '.' ||
                 *p == '_' || *p == '-';
    if (!plain) *p = '-';
  }
}

static enum tmk_status load_file(const char *path, struct tmk_model *model, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  struct stat info;
  char file[PATH_MAX], name[sizeof model->name];
  bool folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
  if (snprintf(file, sizeof file, "%s%s", path, folder ? "/config.json" : "") >= (int)sizeof file) {
    TMK_TRY(
        tmk_fail(err, TMK_ERR_USAGE, "%.80s…: path of %zu bytes: must be at most %d", path, strlen(path), PATH_MAX));
  }
  TMK_TRY(tmk_json_read_file(file, &doc, err));
  name_from_path(file, name, sizeof name);
  TMK_TRY(tmk_model_from_json(tmk_json_root(doc), name, model, err));
out:
  tmk_json_free(doc);
  return status;
}

enum tmk_status tmk_model_load(const char *name_or_path, struct tmk_model *model, struct tmk_error *err)
{
  const struct tmk_model_facts *row = find_row(name_or_path);
  if (row != NULL) return load_builtin(row, model, err);
  size_t length = strlen(name_or_path);
  bool json = length > 5 && strcmp(name_or_path + length - 5, ".json") == 0;
  if (json || strchr(name_or_path, '/') != NULL) return load_file(name_or_path, model, err);
  const struct builtin_table *table = builtin_table();
  const char *names[MAX_ROWS + 1] = {NULL};
  for (int i = 0; i < table->count; i++) names[i] = table->rows[i].id;
  const char *nearest = tmk_nearest_name(name_or_path, names);
  return tmk_fail(err, TMK_ERR_USAGE,
                  "model \"%.80s\": unknown%s%s%s: must be one that `tokmark models` lists, or a path "
                  "with a '/' or .json in it",
                  name_or_path, nearest != NULL ? " (did you mean " : "", nearest != NULL ? nearest : "",
                  nearest != NULL ? "?)" : "");
}

enum tmk_status tmk_model_truncate(struct tmk_model *model, int64_t layers, struct tmk_error *err)
{
  if (layers < 1 || layers > model->num_hidden_layers) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s cut to %lld layers: must be 1..%lld", model->name, (long long)layers,
                    (long long)model->num_hidden_layers);
  }
  if (layers == model->num_hidden_layers) return TMK_OK;
  char *cut = strstr(model->name, "+L");
  if (cut != NULL) *cut = 0;
  size_t used = strlen(model->name);
  snprintf(model->name + used, sizeof model->name - used, "+L%lld", (long long)layers);
  model->num_hidden_layers = layers;
  if (model->moe.first_dense_layers > layers) model->moe.first_dense_layers = layers;
  return TMK_OK;
}
