/* opt.h: option-table engine. A row an option drives parsing, range, default, --help and "did you mean".
 *
 * A command declares a struct of values and a const table of rows that point into it by offset. Values are "--name V",
 * "--name=V" or a short "-o V"; flags take no value. "--" ends options. An option given twice is an error, except a list.
 */
#ifndef TMK_HARNESS_OPT_H
#define TMK_HARNESS_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tokmark/dtype.h"
#include "tokmark/status.h"

enum tmk_opt_type {
  TMK_OPT_FLAG = 0, /* bool */
  TMK_OPT_INT,      /* int64_t in min … max; K, M, G suffixes (1024) if allow_suffix */
  TMK_OPT_REAL,     /* double in min … max; "2e6" */
  TMK_OPT_PERCENT,  /* double; "3%" = 0.03, bare 0.03 too */
  TMK_OPT_STRING,   /* const char *, borrowed from argv */
  TMK_OPT_CHOICE,   /* int: index into `choices` */
  TMK_OPT_INT_LIST, /* struct tmk_int_list: "1,2,4"; "1..64" doubles from 1 to 64; elements in min … max, no duplicates */
  TMK_OPT_CHOICE_LIST /* unsigned: bit set over `choices`: "decode,prefill" */
};

#define TMK_INT_LIST_MAX 64
struct tmk_int_list {
  int64_t values[TMK_INT_LIST_MAX];
  int count; /* 0 = not given */
};

struct tmk_opt {
  const char *name;       /* without "--" */
  char short_name;        /* 0 if none */
  enum tmk_opt_type type;
  size_t offset;          /* of the value in the command's struct */
  const char *metavar;    /* "N", "LIST", "FILE": for help */
  const char *help;       /* one line; %d-free */
  const char *default_text; /* parsed as if given when it is not; NULL: the field keeps what the caller put there */
  double min, max;        /* INT, REAL, PERCENT, INT_LIST */
  bool allow_suffix;
  const char *const *choices; /* NULL-terminated */
};

struct tmk_command_help {
  const char *usage;       /* "tokmark run [options]" */
  const char *summary;     /* a paragraph */
  const char *epilogue;    /* examples; may be NULL */
};

struct tmk_opt_result {
  const char **positionals; /* borrowed, from argv; owned array, freed by tmk_opt_free */
  int positional_count;
  bool help;                /* --help or -h was given: printed to stdout already, the command returns TMK_OK at once */
  uint64_t given;           /* bit i: row i was on the command line (tables have at most 64 rows) */
};

/* argv[0] is the command's own name and is passed over. min/max_positionals bound the rest; more or fewer is a USAGE error.
 * Messages: "--batch 0: must be 1..65536"; "--bach: unknown option; did you mean --batch?"; "--model: needs a value". */
enum tmk_status tmk_opt_parse(const struct tmk_opt *table, int rows, void *values, const struct tmk_command_help *help,
                              int argc, char **argv, int min_positionals, int max_positionals,
                              struct tmk_opt_result *result, struct tmk_error *err);
void tmk_opt_free(struct tmk_opt_result *result);
bool tmk_opt_given(const struct tmk_opt *table, int rows, const struct tmk_opt_result *result, const char *name);

/* The pieces, for tests and for values that are not options. `what` leads the message ("--bytes"). */
enum tmk_status tmk_parse_int(const char *what, const char *text, int64_t min, int64_t max, bool allow_suffix,
                              int64_t *value, struct tmk_error *err);
enum tmk_status tmk_parse_real(const char *what, const char *text, double min, double max, double *value,
                               struct tmk_error *err);
enum tmk_status tmk_parse_int_list(const char *what, const char *text, int64_t min, int64_t max, bool allow_suffix,
                                   struct tmk_int_list *list, struct tmk_error *err);
/* The nearest of `names` (NULL-terminated) within an edit distance a typo would have; NULL if none is near. */
const char *tmk_nearest_name(const char *text, const char *const *names);

#endif
