/* identity.c: see identity.h. */
#include "identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "tokmark/comm.h"

/* Appends what fits; a command line that is cut ends in "...". */
struct line {
  char *text;
  size_t size, used;
};

static void line_add(struct line *line, const char *text, size_t length)
{
  if (line->used + length < line->size) {
    memcpy(line->text + line->used, text, length);
    line->used += length;
    line->text[line->used] = '\0';
  } else if (line->used < line->size) {
    memcpy(line->text + line->used, text, line->size - 1 - line->used);
    memcpy(line->text + line->size - 4, "...", 4);
    line->used = line->size; /* nothing fits any more */
  }
}

/* A word as a shell takes it again: 'it'\''s'. */
static void line_add_quoted(struct line *line, const char *word)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%^";
  if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
    line_add(line, word, strlen(word));
    return;
  }
  line_add(line, "'", 1);
  for (; *word != '\0'; word++) {
    if (*word == '\'') {
      line_add(line, "'\\''", 4);
    } else {
      line_add(line, word, 1);
    }
  }
  line_add(line, "'", 1);
}

enum tmk_status tmk_identity_fill(const char *command, int argc, char **argv, struct tmk_result *result,
                                  struct tmk_error *err)
{
  snprintf(result->schema_version, sizeof result->schema_version, "%s", TMK_RESULT_SCHEMA_VERSION);
  snprintf(result->tool_version, sizeof result->tool_version, "%s", tmk_version);
  snprintf(result->git_revision, sizeof result->git_revision, "%s", tmk_git_revision);
  snprintf(result->build, sizeof result->build, "%s", tmk_build_text);
  tmk_host_run_id(result->run_id);
  tmk_host_utc(result->start_utc);
  tmk_host_utc(result->end_utc);
  tmk_host_describe(NULL, &result->host);
  struct line line = {.text = result->command_line, .size = sizeof result->command_line};
  line_add(&line, "tokmark ", strlen("tokmark "));
  line_add(&line, command, strlen(command));
  for (int i = 1; i < argc; i++) {
    line_add(&line, " ", 1);
    line_add_quoted(&line, argv[i]);
  }
  return tmk_host_environment(&result->environment, &result->environment_count, err);
}

/* ---- what differs between ranks ---- */

enum { RANK_VARIABLES = 24, DIFFERENCES_MAX = 256 };

struct rank_environment {
  int count;
  struct tmk_env_var variables[RANK_VARIABLES];
};

static enum tmk_status read_nccl_variables(struct rank_environment *out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_env_var *all = NULL;
  int64_t count = 0;
  TMK_TRY(tmk_host_environment(&all, &count, err));
  for (int64_t i = 0; i < count && out->count < RANK_VARIABLES; i++) {
    if (strncmp(all[i].name, "NCCL_", 5) == 0) out->variables[out->count++] = all[i];
  }
out:
  free(all);
  return status;
}

static const char *value_in(const struct rank_environment *environment, const char *name)
{
  for (int i = 0; i < environment->count; i++) {
    if (strcmp(environment->variables[i].name, name) == 0) return environment->variables[i].value;
  }
  return NULL;
}

/* Those of `of` that `other` has not, or not so; with its own value, or "" where `of` is rank 0's and the rank has none. */
static void add_differences(int rank, const struct rank_environment *of, const struct rank_environment *other,
                            bool missing_only, int64_t capacity, struct tmk_result *result)
{
  for (int i = 0; i < of->count && result->environment_count < capacity; i++) {
    const struct tmk_env_var *variable = &of->variables[i];
    const char *theirs = value_in(other, variable->name);
    if (theirs != NULL && (missing_only || strcmp(theirs, variable->value) == 0)) continue;
    struct tmk_env_var *added = &result->environment[result->environment_count++];
    *added = (struct tmk_env_var){0};
    snprintf(added->name, sizeof added->name, "rank%d:%.45s", rank, variable->name);
    if (!missing_only) memcpy(added->value, variable->value, sizeof added->value);
  }
}

enum tmk_status tmk_identity_add_ranks(struct tmk_world *world, struct tmk_result *result, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct rank_environment mine = {0}, *all = NULL;
  if (!world->ops->processes) return TMK_OK; /* one environment */
  all = calloc((size_t)world->size, sizeof *all);
  if (all == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", world->size);
  TMK_TRY(read_nccl_variables(&mine, err));
  TMK_TRY(world->ops->exchange(world, &mine, all, sizeof mine, err));
  if (world->rank != 0) goto out;
  const int64_t capacity = result->environment_count + DIFFERENCES_MAX;
  struct tmk_env_var *grown = realloc(result->environment, (size_t)capacity * sizeof *grown);
  if (grown == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the environment"));
  result->environment = grown;
  for (int rank = 1; rank < world->size; rank++) {
    add_differences(rank, &all[rank], &all[0], false, capacity, result);
    add_differences(rank, &all[0], &all[rank], true, capacity, result);
  }
out:
  free(all);
  return status;
}

void tmk_identity_touch(struct tmk_result *result)
{
  tmk_host_utc(result->end_utc);
  result->host.load_end = tmk_host_load();
}

void tmk_identity_set_model(const struct tmk_model *model, enum tmk_dtype weight_dtype, enum tmk_dtype kv_dtype,
                            struct tmk_result *result)
{
  result->model = *model;
  result->model_parameters = tmk_model_parameters(model);
  result->model_active_parameters = tmk_model_active_parameters(model);
  result->model_weight_bytes = tmk_dtype_bytes(weight_dtype, result->model_parameters);
  result->model_kv_bytes_per_token = tmk_dtype_bytes(kv_dtype, tmk_model_kv_elements_per_token(model));
}
