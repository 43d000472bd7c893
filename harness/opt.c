/* opt.c: the option table's parser. Values are read by opt_value.c, help is printed by opt_help.c. */
#include "opt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "opt_text.h"

static bool is_list(const struct tmk_opt *row)
{
  return row->type == TMK_OPT_INT_LIST || row->type == TMK_OPT_CHOICE_LIST;
}

/* Lists grow as they are met, so the first text of one drops what the caller put there. */
static void list_clear(const struct tmk_opt *row, void *values)
{
  void *field = (char *)values + row->offset;
  if (row->type == TMK_OPT_INT_LIST) ((struct tmk_int_list *)field)->count = 0;
  if (row->type == TMK_OPT_CHOICE_LIST) *(unsigned *)field = 0;
}

/* Reads `text` into the row's field; a list is extended. `text` is NULL for a flag. */
static enum tmk_status value_set(const struct tmk_opt *row, void *values, const char *text, struct tmk_error *err)
{
  char what[64];
  void *field = (char *)values + row->offset;
  snprintf(what, sizeof what, "--%s", row->name);
  int64_t min = tmk_opt_int_bound(row->min), max = tmk_opt_int_bound(row->max);
  switch (row->type) {
  case TMK_OPT_FLAG: *(bool *)field = true; return TMK_OK;
  case TMK_OPT_INT: return tmk_parse_int(what, text, min, max, row->allow_suffix, (int64_t *)field, err);
  case TMK_OPT_REAL: return tmk_parse_real(what, text, row->min, row->max, (double *)field, err);
  case TMK_OPT_PERCENT: return tmk_opt_parse_percent(what, text, row->min, row->max, (double *)field, err);
  case TMK_OPT_STRING:
    if (text[0] == '\0') return tmk_fail(err, TMK_ERR_USAGE, "%s: needs a value", what);
    *(const char **)field = text;
    return TMK_OK;
  case TMK_OPT_CHOICE: return tmk_opt_parse_choice(what, text, row->choices, (int *)field, err);
  case TMK_OPT_INT_LIST: {
    struct tmk_opt_bounds bounds = {.min = min, .max = max, .allow_suffix = row->allow_suffix};
    return tmk_opt_list_extend(what, text, bounds, (struct tmk_int_list *)field, err);
  }
  case TMK_OPT_CHOICE_LIST: return tmk_opt_choices_extend(what, text, row->choices, (unsigned *)field, err);
  }
  abort(); /* no such type: table_check() stands before */
}

/* A table is ours: a mistake in it is a bug of this program. */
static void table_check(const struct tmk_opt *table, int rows)
{
  assert(rows >= 0 && rows <= 64);
  for (int i = 0; i < rows; i++) {
    const struct tmk_opt *row = &table[i];
    bool ranged = row->type == TMK_OPT_INT || row->type == TMK_OPT_REAL || row->type == TMK_OPT_PERCENT ||
                  row->type == TMK_OPT_INT_LIST;
    bool chosen = row->type == TMK_OPT_CHOICE || row->type == TMK_OPT_CHOICE_LIST;
    assert(row->name != NULL && row->help != NULL && strcmp(row->name, "help") != 0 && row->short_name != 'h');
    assert(!ranged || row->min < row->max);
    assert(!chosen || row->choices != NULL);
    for (int j = 0; j < i; j++) assert(strcmp(table[j].name, row->name) != 0);
    (void)ranged, (void)chosen;
  }
}

static const struct tmk_opt *row_find(const struct tmk_opt *table, int rows, const char *name, size_t length)
{
  for (int i = 0; i < rows; i++) {
    if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0) return &table[i];
  }
  return NULL;
}

static const struct tmk_opt *row_find_short(const struct tmk_opt *table, int rows, char name)
{
  for (int i = 0; i < rows; i++) {
    if (name != '\0' && table[i].short_name == name) return &table[i];
  }
  return NULL;
}

static enum tmk_status unknown_fail(const struct tmk_opt *table, int rows, const char *arg, size_t length,
                                    struct tmk_error *err)
{
  struct tmk_opt_shown shown = tmk_opt_shown(arg, length);
  const char *names[66];
  for (int i = 0; i < rows; i++) names[i] = table[i].name;
  names[rows] = "help";
  names[rows + 1] = NULL;
  const char *near = strncmp(shown.text, "--", 2) == 0 ? tmk_nearest_name(shown.text + 2, names) : NULL;
  if (near == NULL) return tmk_fail(err, TMK_ERR_USAGE, "%s: unknown option; see --help", shown.text);
  return tmk_fail(err, TMK_ERR_USAGE, "%s: unknown option; did you mean --%s?", shown.text, near);
}

struct parse {
  const struct tmk_opt *table;
  int rows;
  void *values;
  int argc;
  char **argv;
  int next; /* index of the argument to read next */
  struct tmk_opt_result *result;
};

/* The option at argv[next], with its value. */
static enum tmk_status option_take(struct parse *p, struct tmk_error *err)
{
  const char *arg = p->argv[p->next++];
  bool is_long = arg[1] == '-';
  const char *equals = is_long ? strchr(arg, '=') : NULL;
  size_t length = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
  const struct tmk_opt *row = NULL;
  if (is_long) {
    row = row_find(p->table, p->rows, arg + 2, length - 2);
  } else if (length == 2) {
    row = row_find_short(p->table, p->rows, arg[1]);
  }
  if (row == NULL) return unknown_fail(p->table, p->rows, arg, length, err);

  uint64_t bit = (uint64_t)1 << (row - p->table);
  bool again = (p->result->given & bit) != 0;
  if (again && !is_list(row)) return tmk_fail(err, TMK_ERR_USAGE, "--%s: given twice", row->name);
  if (!again) list_clear(row, p->values);
  p->result->given |= bit;
  if (row->type == TMK_OPT_FLAG) {
    if (equals != NULL) return tmk_fail(err, TMK_ERR_USAGE, "--%s: takes no value", row->name);
    return value_set(row, p->values, NULL, err);
  }
  const char *value = equals != NULL ? equals + 1 : p->next < p->argc ? p->argv[p->next] : NULL;
  /* "--batch --context 8" is a value left out, not a value. */
  if (value == NULL || (equals == NULL && strncmp(value, "--", 2) == 0)) {
    return tmk_fail(err, TMK_ERR_USAGE, "--%s: needs a value", row->name);
  }
  if (equals == NULL) p->next++;
  return value_set(row, p->values, value, err);
}

static enum tmk_status defaults_set(const struct parse *p, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int i = 0; i < p->rows; i++) {
    const struct tmk_opt *row = &p->table[i];
    if ((p->result->given >> i & 1u) != 0 || row->default_text == NULL) continue;
    assert(row->type != TMK_OPT_FLAG);
    list_clear(row, p->values);
    TMK_TRY(value_set(row, p->values, row->default_text, err));
  }
out:
  return status;
}

enum tmk_status tmk_opt_parse(const struct tmk_opt *table, int rows, void *values, const struct tmk_command_help *help,
                              int argc, char **argv, int min_positionals, int max_positionals,
                              struct tmk_opt_result *result, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct parse p = {
      .table = table, .rows = rows, .values = values, .argc = argc, .argv = argv, .next = 1, .result = result};
  bool options_end = false;
  *result = (struct tmk_opt_result){0};
  table_check(table, rows);
  result->positionals = calloc((size_t)argc + 1, sizeof *result->positionals);
  if (result->positionals == NULL) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory reading the command line");
    goto out;
  }
  while (p.next < argc) {
    const char *arg = argv[p.next];
    if (options_end || arg[0] != '-' || arg[1] == '\0') {
      result->positionals[result->positional_count++] = arg;
      p.next++;
    } else if (strcmp(arg, "--") == 0) {
      options_end = true;
      p.next++;
    } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
      result->help = true;
      tmk_opt_print_help(stdout, table, rows, help);
      goto out;
    } else {
      TMK_TRY(option_take(&p, err));
    }
  }
  TMK_TRY(defaults_set(&p, err));
  if (result->positional_count < min_positionals) {
    status = tmk_fail(err, TMK_ERR_USAGE, "an argument is missing: usage: %s", help->usage);
  } else if (result->positional_count > max_positionals) {
    const char *extra = result->positionals[max_positionals];
    status = tmk_fail(err, TMK_ERR_USAGE, "%s: unexpected argument: usage: %s",
                      tmk_opt_shown(extra, strlen(extra)).text, help->usage);
  }
out:
  if (status != TMK_OK) tmk_opt_free(result);
  return status;
}

void tmk_opt_free(struct tmk_opt_result *result)
{
  free(result->positionals);
  result->positionals = NULL;
  result->positional_count = 0;
}

bool tmk_opt_given(const struct tmk_opt *table, int rows, const struct tmk_opt_result *result, const char *name)
{
  const struct tmk_opt *row = row_find(table, rows, name, strlen(name));
  assert(row != NULL);
  return row != NULL && (result->given >> (row - table) & 1u) != 0;
}
