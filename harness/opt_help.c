/* opt_help.c: help text from the table's rows, and the spelling of ranges that messages share. */
#include <math.h>
#include <string.h>

#include "opt_text.h"

#define HELP_COLUMNS  96
#define HELP_LEFT_MAX 30 /* wider left columns put their text on the next line */

int64_t tmk_opt_int_bound(double bound)
{
  /* 2^63 is a double, INT64_MAX is not: casts of anything from there on are undefined. */
  if (bound >= 0x1p63) return INT64_MAX;
  if (bound <= -0x1p63) return INT64_MIN;
  return (int64_t)bound;
}

void tmk_opt_int_range(char *text, size_t size, int64_t min, int64_t max)
{
  if (min == INT64_MIN && max == INT64_MAX) {
    snprintf(text, size, "within 64 bits");
  } else if (max == INT64_MAX) {
    snprintf(text, size, "%lld or more", (long long)min);
  } else if (min == INT64_MIN) {
    snprintf(text, size, "%lld or less", (long long)max);
  } else {
    snprintf(text, size, "%lld..%lld", (long long)min, (long long)max);
  }
}

void tmk_opt_real_range(char *text, size_t size, double min, double max)
{
  if (max >= 1e300) {
    snprintf(text, size, "%.12g or more", min);
  } else {
    snprintf(text, size, "%.12g..%.12g", min, max);
  }
}

void tmk_opt_percent_range(char *text, size_t size, double min, double max)
{
  snprintf(text, size, "%.12g%%..%.12g%%", min * 100.0, max * 100.0);
}

void tmk_opt_choices(char *text, size_t size, const char *const *choices)
{
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; choices[i] != NULL && used < size; i++) {
    const char *join = i == 0 ? "" : choices[i + 1] == NULL ? " or " : ", ";
    int written = snprintf(text + used, size - used, "%s%s", join, choices[i]);
    used += written > 0 ? (size_t)written : 0;
  }
}

/* Columns of text[0 … length − 1]: code points, since all we print is one column wide. */
static int text_columns(const char *text, size_t length)
{
  int columns = 0;
  for (size_t i = 0; i < length; i++) columns += ((unsigned char)text[i] & 0xc0u) != 0x80u;
  return columns;
}

void tmk_opt_print_wrapped(FILE *out, const char *text, int first_column, int indent)
{
  int column = first_column;
  bool line_start = true;
  for (const char *word = text; *word != '\0';) {
    size_t length = strcspn(word, " \n");
    int columns = text_columns(word, length);
    if (length > 0) {
      if (!line_start && column + 1 + columns > HELP_COLUMNS) {
        fprintf(out, "\n%*s", indent, "");
        column = indent;
        line_start = true;
      }
      fprintf(out, "%s%.*s", line_start ? "" : " ", (int)length, word);
      column += columns + (line_start ? 0 : 1);
      line_start = false;
    }
    word += length;
    if (*word == '\n') {
      fprintf(out, "\n%*s", word[1] == '\n' || word[1] == '\0' ? 0 : indent, "");
      column = indent;
      line_start = true;
    }
    if (*word != '\0') word++;
  }
  fputc('\n', out);
}

/* "1..65536" of a row; "" where it has none. */
static void row_range(const struct tmk_opt *row, char *text, size_t size)
{
  text[0] = '\0';
  switch (row->type) {
  case TMK_OPT_INT:
  case TMK_OPT_INT_LIST: tmk_opt_int_range(text, size, tmk_opt_int_bound(row->min), tmk_opt_int_bound(row->max)); break;
  case TMK_OPT_REAL: tmk_opt_real_range(text, size, row->min, row->max); break;
  case TMK_OPT_PERCENT: tmk_opt_percent_range(text, size, row->min, row->max); break;
  case TMK_OPT_CHOICE:
  case TMK_OPT_CHOICE_LIST: tmk_opt_choices(text, size, row->choices); break;
  case TMK_OPT_FLAG:
  case TMK_OPT_STRING: break;
  }
}

static void row_left(const struct tmk_opt *row, char *text, size_t size)
{
  char short_part[8] = "    ";
  if (row->short_name != 0) snprintf(short_part, sizeof short_part, "-%c, ", row->short_name);
  const char *metavar = row->type == TMK_OPT_FLAG ? NULL : row->metavar != NULL ? row->metavar : "VALUE";
  snprintf(text, size, "  %s--%s%s%s", short_part, row->name, metavar != NULL ? " " : "",
           metavar != NULL ? metavar : "");
}

static void print_row(FILE *out, const struct tmk_opt *row, int left_columns)
{
  char left[160], range[512], text[1536];
  row_left(row, left, sizeof left);
  row_range(row, range, sizeof range);
  bool has_default = row->default_text != NULL && row->type != TMK_OPT_FLAG;
  bool has_note = range[0] != '\0' || has_default;
  /* A remark in brackets at the end of the help, "(default: all)", takes the note in. */
  size_t length = strlen(row->help);
  bool remark = has_note && length > 0 && row->help[length - 1] == ')';
  const char *open = !has_note ? "" : remark ? "; " : " (";
  snprintf(text, sizeof text, "%.*s%s%s%s%s%s%s%s", (int)(remark ? length - 1 : length), row->help, open, range,
           row->allow_suffix ? ", K M G allowed" : "", range[0] != '\0' && has_default ? "; " : "",
           has_default ? "default " : "", has_default ? row->default_text : "", has_note ? ")" : "");
  int columns = text_columns(left, strlen(left));
  fputs(left, out);
  if (columns + 2 > left_columns) {
    fprintf(out, "\n%*s", left_columns, "");
  } else {
    fprintf(out, "%*s", left_columns - columns, "");
  }
  tmk_opt_print_wrapped(out, text, left_columns, left_columns);
}

void tmk_opt_print_help(FILE *out, const struct tmk_opt *table, int rows, const struct tmk_command_help *help)
{
  static const struct tmk_opt help_row = {.name = "help", .short_name = 'h', .help = "Print this help"};
  int left_columns = 0;
  for (int i = 0; i < rows; i++) {
    char left[160];
    row_left(&table[i], left, sizeof left);
    int columns = text_columns(left, strlen(left)) + 2;
    if (columns <= HELP_LEFT_MAX && columns > left_columns) left_columns = columns;
  }
  if (left_columns < 14) left_columns = 14; /* "  -h, --help" */
  fprintf(out, "Usage: %s\n\n", help->usage);
  if (help->summary != NULL) {
    tmk_opt_print_wrapped(out, help->summary, 0, 0);
    fputc('\n', out);
  }
  fputs("Options:\n", out);
  for (int i = 0; i < rows; i++) print_row(out, &table[i], left_columns);
  print_row(out, &help_row, left_columns);
  if (help->epilogue != NULL) {
    /* Examples keep their own line breaks and spaces. */
    fprintf(out, "\n%s", help->epilogue);
    if (help->epilogue[0] != '\0' && help->epilogue[strlen(help->epilogue) - 1] != '\n') fputc('\n', out);
  }
}
