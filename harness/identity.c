/* identity.c: see identity.h. */
#include "identity.h"

#include <stdio.h>
#include <string.h>

#include "host.h"

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
