/* result_fields.h: the members of the result file, as tables that the writer and the reader both walk, so that neither can
 * know a member that the other does not. For result_json_write.c and result_json_read.c only.
 *
 * A field says what it is called in the file, what it is, and where in its struct it stands. The file always has every
 * member; what is not known is null. harness/data/result.schema.json says the same to other programs.
 */
#ifndef TMK_HARNESS_RESULT_FIELDS_H
#define TMK_HARNESS_RESULT_FIELDS_H

#include <stddef.h>

#include "tokmark/result.h"

enum tmk_field_type {
  TMK_FIELD_INT = 0,    /* int64_t or a 4-byte int, by `size`; TMK_UNKNOWN is null */
  TMK_FIELD_REAL,       /* double; NAN is null, and so is an infinity */
  TMK_FIELD_BOOL,       /* bool */
  TMK_FIELD_TRISTATE,   /* int64_t 0, 1, TMK_UNKNOWN: false, true, null */
  TMK_FIELD_STRING,     /* char[size]; "" is null where nullable */
  TMK_FIELD_ENUM,       /* an enum of `names`; 0 is null where nullable */
  TMK_FIELD_SEED,       /* uint64_t as a decimal string: JSON's numbers are exact to 2^53 only */
  TMK_FIELD_OBJECT,     /* a struct inside: `object`, or what `pick` says */
  TMK_FIELD_ARRAY,      /* an owned array of structs; NULL is null where nullable */
  TMK_FIELD_COLUMN,     /* one int member of each element of an owned array of structs, as an array of integers */
  TMK_FIELD_RATES,      /* double[TMK_DTYPE_COUNT]: an object of those known */
  TMK_FIELD_DTYPE_SET,  /* bool[TMK_DTYPE_COUNT]: an array of names */
  TMK_FIELD_DTYPE_MAP,  /* enum tmk_dtype[TMK_DTYPE_COUNT]: an object of name to name; NONE is left out */
  TMK_FIELD_CODES,      /* unsigned, a set of enum tmk_verdict_code: an array of names */
  TMK_FIELD_ENVIRONMENT /* owned array of struct tmk_env_var: an object of name to value */
};

struct tmk_field_names {
  const char *(*name)(int value);
  int count; /* values are 0 … count − 1 */
};

struct tmk_field {
  const char *name;
  enum tmk_field_type type;
  bool nullable;
  int since;       /* the minor version that brought it; files of an earlier one lack it */
  size_t offset;   /* in the struct that the table is of; ARRAY, COLUMN, ENVIRONMENT: of the pointer */
  size_t size;     /* INT, STRING: bytes of the field. ARRAY, COLUMN: of an element */
  double min, max; /* INT, REAL, COLUMN, RATES; ENUM: the least value that may be named */
  const struct tmk_field_names *names;
  const struct tmk_field_object *object; /* OBJECT; ARRAY: of an element */
  const struct tmk_field_object *(*pick)(const void *base);
  size_t count_offset; /* ARRAY, COLUMN, ENVIRONMENT: of the int64_t count */
  int64_t max_count;
  size_t member_offset, member_size; /* COLUMN: in an element */
  bool leads;                        /* COLUMN: the first of its array: it makes the array, the others must agree */
};

struct tmk_field_object {
  const struct tmk_field *fields;
  int field_count;
  bool (*is_absent)(const void *base); /* written as null if it says so; NULL: never absent, and null is refused */
  void (*init)(void *base);            /* ARRAY elements: all unknown */
};

extern const struct tmk_field_object tmk_result_fields; /* of struct tmk_result, less schema and schema_version */
extern const struct tmk_field_object tmk_point_fields;  /* of struct tmk_point */
extern const struct tmk_field_object *const tmk_workload_fields[TMK_POINT_TYPE_COUNT]; /* by type of point */

/* JSON's integers that every reader gets exactly: below 2^53. */
#define TMK_FIELD_MAX_INT 9007199254740991.0

int64_t tmk_field_load_int(const void *at, size_t size);
void tmk_field_store_int(void *at, size_t size, int64_t value);

#endif
