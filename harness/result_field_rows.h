/* result_field_rows.h: how the rows of result_fields.c and result_fields_point.c are spelled, and nothing else. In a table, S
 * is the struct that it is of. A macro that ends in _N takes null for "not known". */
#ifndef TMK_HARNESS_RESULT_FIELD_ROWS_H
#define TMK_HARNESS_RESULT_FIELD_ROWS_H

#include <float.h>

#include "result_fields.h"

#define NAMES(id, type, function, values)                                                                              \
  static const char *id##_name(int value)                                                                              \
  {                                                                                                                    \
    return function((type)value);                                                                                      \
  }                                                                                                                    \
  static const struct tmk_field_names id##_names = {id##_name, values}

/* clang-format off: it would give each brace a line. */
#define SIZE_OF(member) sizeof(((S *)NULL)->member)
#define FIELD(text, kind, member)                                                                                      \
  .name = text, .type = TMK_FIELD_##kind, .offset = offsetof(S, member), .size = SIZE_OF(member)
#define INT(text, member, low, high)                                                                                   \
  {                                                                                                                    \
    FIELD(text, INT, member), .min = (low), .max = (high)                                                              \
  }
#define COUNT(text, member) INT(text, member, 0, TMK_FIELD_MAX_INT)
#define COUNT_N(text, member)                                                                                          \
  {                                                                                                                    \
    FIELD(text, INT, member), .nullable = true, .max = TMK_FIELD_MAX_INT                                               \
  }
#define REAL(text, member)                                                                                             \
  {                                                                                                                    \
    FIELD(text, REAL, member), .min = -DBL_MAX, .max = DBL_MAX                                                         \
  }
#define REAL_N(text, member)                                                                                           \
  {                                                                                                                    \
    FIELD(text, REAL, member), .nullable = true, .max = DBL_MAX                                                        \
  }
#define SIGNED_N(text, member)                                                                                         \
  {                                                                                                                    \
    FIELD(text, REAL, member), .nullable = true, .min = -DBL_MAX, .max = DBL_MAX                                       \
  }
#define BOOL(text, member)                                                                                             \
  {                                                                                                                    \
    FIELD(text, BOOL, member)                                                                                          \
  }
#define TRISTATE_N(text, member)                                                                                       \
  {                                                                                                                    \
    FIELD(text, TRISTATE, member), .nullable = true                                                                    \
  }
#define STRING(text, member)                                                                                           \
  {                                                                                                                    \
    FIELD(text, STRING, member)                                                                                        \
  }
#define STRING_N(text, member)                                                                                         \
  {                                                                                                                    \
    FIELD(text, STRING, member), .nullable = true                                                                      \
  }
#define ENUM(text, member, of)                                                                                         \
  {                                                                                                                    \
    FIELD(text, ENUM, member), .names = &of##_names                                                                    \
  }
#define ENUM_SOME(text, member, of)                                                                                    \
  {                                                                                                                    \
    FIELD(text, ENUM, member), .min = 1, .names = &of##_names                                                          \
  } /* "none" won't do */
#define ENUM_N(text, member, of)                                                                                       \
  {                                                                                                                    \
    FIELD(text, ENUM, member), .nullable = true, .min = 1, .names = &of##_names                                        \
  }
/* Members that a later minor version brought. */
#define REAL_SINCE(minor, text, member)                                                                                \
  {                                                                                                                    \
    FIELD(text, REAL, member), .nullable = true, .since = (minor), .max = DBL_MAX                                      \
  }
#define COUNT_SINCE(minor, text, member)                                                                               \
  {                                                                                                                    \
    FIELD(text, INT, member), .nullable = true, .since = (minor), .max = TMK_FIELD_MAX_INT                             \
  }
#define TRISTATE_SINCE(minor, text, member)                                                                            \
  {                                                                                                                    \
    FIELD(text, TRISTATE, member), .nullable = true, .since = (minor)                                                  \
  }
#define STRING_SINCE(minor, text, member)                                                                              \
  {                                                                                                                    \
    FIELD(text, STRING, member), .nullable = true, .since = (minor)                                                    \
  }
#define RATES(text, member)                                                                                            \
  {                                                                                                                    \
    FIELD(text, RATES, member), .max = DBL_MAX                                                                         \
  }
#define OBJECT(text, member, of)                                                                                       \
  {                                                                                                                    \
    FIELD(text, OBJECT, member), .object = &of##_object                                                                \
  }
#define PART(text, of)                                                                                                 \
  {                                                                                                                    \
    .name = text, .type = TMK_FIELD_OBJECT, .object = &of##_object                                                     \
  } /* of the same S */
/* clang-format on */

#define TABLE(of, absent, start)                                                                                       \
  static const struct tmk_field_object of##_object = {of##_fields, sizeof of##_fields / sizeof of##_fields[0], absent, \
                                                      start}

#endif
