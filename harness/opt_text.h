/* opt_text.h: what the option engine's own files share: values from text, and one spelling of ranges and choices, so that
 * --help and messages agree. Commands include opt.h. */
#ifndef TMK_HARNESS_OPT_TEXT_H
#define TMK_HARNESS_OPT_TEXT_H

#include <stdio.h>

#include "opt.h"

/* What a message shows of a value: enough to know it by, never so much that the message itself is cut. */
#define TMK_OPT_SHOWN_BYTES 64
struct tmk_opt_shown {
  char text[TMK_OPT_SHOWN_BYTES + 4];
};
struct tmk_opt_shown tmk_opt_shown(const char *text, size_t length);

struct tmk_opt_bounds {
  int64_t min, max;
  bool allow_suffix;
};
/* Adds the elements of `text` to `list`, which may hold some. */
enum tmk_status tmk_opt_list_extend(const char *what, const char *text, struct tmk_opt_bounds bounds,
                                    struct tmk_int_list *list, struct tmk_error *err);
enum tmk_status tmk_opt_parse_percent(const char *what, const char *text, double min, double max, double *value,
                                      struct tmk_error *err);
enum tmk_status tmk_opt_parse_choice(const char *what, const char *text, const char *const *choices, int *index,
                                     struct tmk_error *err);
enum tmk_status tmk_opt_choices_extend(const char *what, const char *text, const char *const *choices, unsigned *set,
                                       struct tmk_error *err);

/* "1..65536"; "1 or more" where max is INT64_MAX; "any" where both ends are. */
void tmk_opt_int_range(char *text, size_t size, int64_t min, int64_t max);
/* "0.01..3600"; "0 or more" where max is 1e300 or more. */
void tmk_opt_real_range(char *text, size_t size, double min, double max);
/* "0%..100%". */
void tmk_opt_percent_range(char *text, size_t size, double min, double max);
/* "table, json or csv". */
void tmk_opt_choices(char *text, size_t size, const char *const *choices);
/* A row's bound as an integer, saturated at the ends of int64_t. */
int64_t tmk_opt_int_bound(double bound);

/* Usage, summary, a row an option, epilogue; at most 96 columns. */
void tmk_opt_print_help(FILE *out, const struct tmk_opt *table, int rows, const struct tmk_command_help *help);
/* Prints text, wrapped at 96 columns, lines behind the first indented. '\n' in it starts a new line. */
void tmk_opt_print_wrapped(FILE *out, const char *text, int first_column, int indent);

#endif
