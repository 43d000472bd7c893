/* import_nccl_table.c: the table that nccl-tests prints, and `show --format nccl-tests` too: comments begin with '#', a row has
 * size, count, type, redop, root, and time, algbw, busbw, #wrong of each side; a time stamp may stand behind. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import_nccl.h"

#define SIDE_COLUMNS 4
#define FIRST_SIDE   5 /* columns before it */
#define ROW_COLUMNS  (FIRST_SIDE + 2 * SIDE_COLUMNS)
#define MAX_COLUMNS  24

struct table {
  struct tmk_import *import;
  const char *name;
  struct tmk_nccl_run run;
  int64_t line;
};

static enum tmk_status fail_line(const struct table *table, struct tmk_error *err, const char *what, const char *value,
                                 const char *allowed)
{
  return tmk_fail(err, TMK_ERR_USAGE, "%s:%lld: %s \"%.40s\": must be %s", table->name, (long long)table->line, what,
                  value, allowed);
}

/* A whole word that is a finite number of at least 0; "N/A" gives NAN where that may be. */
static enum tmk_status read_number(const struct table *table, const char *what, const char *word, bool may_lack,
                                   double *value, struct tmk_error *err)
{
  char *end;
  *value = NAN;
  if (may_lack && strcmp(word, "N/A") == 0) return TMK_OK;
  if (isdigit((unsigned char)word[0])) {
    *value = strtod(word, &end);
    if (*end == '\0' && *value >= 0 && *value <= 9e15) return TMK_OK;
  }
  return fail_line(table, err, what, word, "a number 0..9e15");
}

/* The integer behind `label` in a comment; `fallback` if it is not there. */
static int64_t number_behind(const char *text, const char *label, int64_t fallback)
{
  const char *at = strstr(text, label);
  if (!at) return fallback;
  char *end;
  const long long value = strtoll(at + strlen(label), &end, 10);
  return end == at + strlen(label) || value < 0 || value > 1000000000 ? fallback : value;
}

/* "#  Rank  0 Group  0 Pid 1 on node device  0 [0000:0f:00] NVIDIA H100": the machine, and one rank more. */
static void take_rank(struct table *table, const char *text)
{
  struct tmk_nccl_run *run = &table->run;
  run->ranks++;
  if (run->ranks > 1) return;
  const char *host = strstr(text, " on "), *device = strstr(text, " device ");
  if (host && device && host + 4 < device) {
    while (host[4] == ' ') host++;
    if (host + 4 < device) tmk_import_copy(run->hostname, sizeof run->hostname, host + 4, (size_t)(device - host - 4));
  }
  if (!device) return;
  device += strlen(" device ");
  device += strspn(device, " 0123456789");
  if (*device == '[') device += strcspn(device, "]") + (strchr(device, ']') != NULL);
  device += strspn(device, " ");
  tmk_import_copy(run->device, sizeof run->device, device, strlen(device));
}

/* Timed as one: of "warmup iters: 1 iters: 20 agg iters: 1", 20 x 1. */
static int64_t passes_of(const char *text)
{
  const char *warmup = strstr(text, " warmup iters:");
  const int64_t iterations = number_behind(warmup ? warmup + strlen(" warmup iters:") : text, " iters: ", 1);
  const int64_t together = number_behind(text, " agg iters: ", 1);
  return (iterations > 0 ? iterations : 1) * (together > 0 && together <= 1000000 ? together : 1);
}

static enum tmk_status take_comment(struct table *table, const char *text, struct tmk_error *err)
{
  static const char starting[] = "# Collective test starting: ";
  struct tmk_nccl_run *run = &table->run;
  if (strncmp(text, starting, sizeof starting - 1) == 0) {
    const char *program = text + sizeof starting - 1;
    run->ranks = 0; /* a table of its own */
    run->passes = 1;
    tmk_import_copy(run->program, sizeof run->program, program, strcspn(program, " "));
  } else if (strncmp(text, "# nccl-tests version", 20) == 0) {
    run->version = number_behind(text, "nccl-library=", TMK_UNKNOWN);
    if (run->version < 20900) run->version = TMK_UNKNOWN;
  } else if (strncmp(text, "# nThread", 9) == 0) {
    run->passes = passes_of(text);
  } else if (strncmp(text, "#  Rank", 7) == 0) {
    take_rank(table, text);
  } else if (strstr(text, "i_min") != NULL || strstr(text, "cputime") != NULL) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s:%lld: a table with other columns: import the file that -J writes",
                    table->name, (long long)table->line);
  }
  return TMK_OK;
}

static enum tmk_status take_side(struct table *table, const char *type, int64_t size, char **words, bool in_place,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char why[256] = "";
  struct tmk_nccl_side side = {.in_place = in_place};
  if (strcmp(words[0], "N/A") == 0) return TMK_OK;
  TMK_TRY(read_number(table, "time", words[0], false, &side.time_us, err));
  TMK_TRY(read_number(table, "algbw", words[1], false, &side.alg_gb_s, err));
  TMK_TRY(read_number(table, "busbw", words[2], false, &side.bus_gb_s, err));
  TMK_TRY(read_number(table, "#wrong", words[3], true, &side.wrong, err));
  table->import->rows++;
  TMK_TRY(tmk_nccl_add(table->import, &table->run, type, size, &side, why, err));
  if (why[0] != '\0') tmk_import_refuse_line(table->import, table->name, table->line, why);
out:
  return status;
}

static enum tmk_status take_row(struct table *table, char *text, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char *words[MAX_COLUMNS], *rest = NULL;
  int count = 0;
  double size;
  for (char *word = strtok_r(text, " \t\r", &rest); word && count < MAX_COLUMNS;
       word = strtok_r(NULL, " \t\r", &rest)) {
    words[count++] = word;
  }
  if (count < ROW_COLUMNS || count > ROW_COLUMNS + 2) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s:%lld: %d columns: must be %d", table->name, (long long)table->line, count,
                    ROW_COLUMNS);
  }
  if (table->run.ranks < 1 || table->run.ranks > TMK_IMPORT_MAX_RANKS) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s:%lld: %lld lines \"#  Rank\" before it: must be 1..%d", table->name,
                    (long long)table->line, (long long)table->run.ranks, TMK_IMPORT_MAX_RANKS);
  }
  TMK_TRY(read_number(table, "size", words[0], false, &size, err));
  if (size != floor(size) || size >= 9007199254740992.0)
    TMK_TRY(fail_line(table, err, "size", words[0], "whole bytes"));
  TMK_TRY(take_side(table, words[2], (int64_t)size, words + FIRST_SIDE, false, err));
  TMK_TRY(take_side(table, words[2], (int64_t)size, words + FIRST_SIDE + SIDE_COLUMNS, true, err));
out:
  return status;
}

enum tmk_status tmk_import_nccl_table(struct tmk_import *import, const char *name, const char *text, size_t size,
                                      struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct table table = {
      .import = import, .name = name, .run = {.passes = 1, .version = TMK_UNKNOWN, .rounding = 0.051}};
  char line[2048];
  for (size_t at = 0; at < size;) {
    const char *end = memchr(text + at, '\n', size - at);
    const size_t length = end ? (size_t)(end - (text + at)) : size - at;
    table.line++;
    bool plain = length < sizeof line;
    for (size_t i = 0; i < length && plain; i++) {
      const unsigned char c = (unsigned char)text[at + i];
      plain = (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\r';
    }
    if (!plain) {
      TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "%s:%lld: must be a line of at most %zu ASCII characters", name,
                       (long long)table.line, sizeof line - 1));
    }
    memcpy(line, text + at, length);
    line[length] = '\0';
    const size_t blank = strspn(line, " \t\r");
    if (line[0] == '#') {
      TMK_TRY(take_comment(&table, line, err));
    } else if (line[blank] != '\0') {
      TMK_TRY(take_row(&table, line, err));
    }
    at += length + 1;
  }
out:
  return status;
}
