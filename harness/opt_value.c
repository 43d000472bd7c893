/* opt_value.c: values from text by our own grammar, not by strtol's: no spaces, no '+', no hexadecimal, nothing behind the
 * number. */
#include <stdlib.h>
#include <string.h>

#include "opt_text.h"

struct tmk_opt_shown tmk_opt_shown(const char *text, size_t length)
{
  struct tmk_opt_shown shown;
  size_t cut = length;
  if (length > TMK_OPT_SHOWN_BYTES) {
    cut = TMK_OPT_SHOWN_BYTES;
    while (cut > 0 && ((unsigned char)text[cut] & 0xc0u) == 0x80u) cut--; /* not inside a UTF-8 sequence */
  }
  memcpy(shown.text, text, cut);
  strcpy(shown.text + cut, cut < length ? "..." : "");
  return shown;
}

/* --- numbers --- */

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* Digits with an optional '-' and suffix; saturates, so that an overflow is out of every range but the widest. False: not
 * a whole number. `*exact` is false if it saturated. */
static bool scan_int(const char *text, size_t length, bool allow_suffix, int64_t *value, bool *exact)
{
  size_t i = 0;
  bool negative = length > 0 && text[0] == '-';
  if (negative) i++;
  if (i == length || !is_digit(text[i])) return false;
  int64_t sum = 0;
  *exact = true;
  for (; i < length && is_digit(text[i]); i++) {
    if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, text[i] - '0', &sum)) *exact = false;
  }
  if (allow_suffix && i + 1 == length) {
    int64_t unit = 1;
    switch (text[i]) {
    case 'K': unit = (int64_t)1 << 10; break;
    case 'M': unit = (int64_t)1 << 20; break;
    case 'G': unit = (int64_t)1 << 30; break;
    default: return false;
    }
    if (__builtin_mul_overflow(sum, unit, &sum)) *exact = false;
    i++;
  }
  if (i != length) return false;
  /* The sum is kept negative, since the negative side of int64_t reaches one further. */
  if (*exact && !negative && __builtin_sub_overflow((int64_t)0, sum, &sum)) *exact = false;
  *value = *exact ? sum : negative ? INT64_MIN : INT64_MAX;
  return true;
}

static enum tmk_status parse_int_part(const char *what, const char *text, size_t length, int64_t min, int64_t max,
                                      bool allow_suffix, int64_t *value, struct tmk_error *err)
{
  bool exact = true;
  char range[80];
  tmk_opt_int_range(range, sizeof range, min, max);
  if (length == 0) return tmk_fail(err, TMK_ERR_USAGE, "%s: needs a value", what);
  if (!scan_int(text, length, allow_suffix, value, &exact)) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be a whole number, %s%s", what, tmk_opt_shown(text, length).text,
                    range, allow_suffix ? ", K, M or G behind it allowed" : "");
  }
  if (!exact || *value < min || *value > max) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be %s", what, tmk_opt_shown(text, length).text, range);
  }
  return TMK_OK;
}

enum tmk_status tmk_parse_int(const char *what, const char *text, int64_t min, int64_t max, bool allow_suffix,
                              int64_t *value, struct tmk_error *err)
{
  int64_t parsed = 0;
  enum tmk_status status = parse_int_part(what, text, strlen(text), min, max, allow_suffix, &parsed, err);
  if (status == TMK_OK) *value = parsed;
  return status;
}

/* [-]digits[.digits][e[+-]digits], with digits on at least one side of the point: what strtod takes, without its spaces,
 * '+', hexadecimal, "inf" and "nan". */
static bool is_real(const char *text, size_t length)
{
  size_t i = 0, digits = 0;
  if (i < length && text[i] == '-') i++;
  for (; i < length && is_digit(text[i]); i++) digits++;
  if (i < length && text[i] == '.') {
    for (i++; i < length && is_digit(text[i]); i++) digits++;
  }
  if (digits == 0) return false;
  if (i < length && (text[i] == 'e' || text[i] == 'E')) {
    i++;
    if (i < length && (text[i] == '-' || text[i] == '+')) i++;
    if (i == length || !is_digit(text[i])) return false;
    while (i < length && is_digit(text[i])) i++;
  }
  return i == length;
}

enum tmk_status tmk_parse_real(const char *what, const char *text, double min, double max, double *value,
                               struct tmk_error *err)
{
  char range[80];
  size_t length = strlen(text);
  tmk_opt_real_range(range, sizeof range, min, max);
  if (length == 0) return tmk_fail(err, TMK_ERR_USAGE, "%s: needs a value", what);
  if (!is_real(text, length)) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be a number, %s", what, tmk_opt_shown(text, length).text, range);
  }
  double parsed = strtod(text, NULL); /* the locale is "C": nothing here calls setlocale */
  if (!(parsed >= min && parsed <= max)) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be %s", what, tmk_opt_shown(text, length).text, range);
  }
  *value = parsed;
  return TMK_OK;
}

enum tmk_status tmk_opt_parse_percent(const char *what, const char *text, double min, double max, double *value,
                                      struct tmk_error *err)
{
  char range[120];
  size_t length = strlen(text);
  bool percent = length > 0 && text[length - 1] == '%';
  tmk_opt_percent_range(range, sizeof range, min, max);
  if (length == 0) return tmk_fail(err, TMK_ERR_USAGE, "%s: needs a value", what);
  if (!is_real(text, length - percent)) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be a percentage like 3%% or a fraction like 0.03, %s", what,
                    tmk_opt_shown(text, length).text, range);
  }
  double parsed = strtod(text, NULL) / (percent ? 100.0 : 1.0);
  if (!(parsed >= min && parsed <= max)) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be %s", what, tmk_opt_shown(text, length).text, range);
  }
  *value = parsed;
  return TMK_OK;
}

/* --- lists --- */

static enum tmk_status list_add(const char *what, struct tmk_int_list *list, int64_t value, struct tmk_error *err)
{
  for (int i = 0; i < list->count; i++) {
    if (list->values[i] == value) {
      return tmk_fail(err, TMK_ERR_USAGE, "%s: %lld is there twice", what, (long long)value);
    }
  }
  if (list->count == TMK_INT_LIST_MAX) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s: more than %d values", what, TMK_INT_LIST_MAX);
  }
  list->values[list->count++] = value;
  return TMK_OK;
}

/* "a..b": a, 2a, 4a, … below b, then b. */
static enum tmk_status list_add_doubling(const char *what, const char *text, size_t length, int64_t low, int64_t high,
                                         struct tmk_int_list *list, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (low < 1) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s %s: doubles from its first number, which must be 1 or more", what,
                    tmk_opt_shown(text, length).text);
  }
  if (high < low) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s %s: ends below its start", what, tmk_opt_shown(text, length).text);
  }
  for (int64_t value = low; value < high; value *= 2) {
    TMK_TRY(list_add(what, list, value, err));
    if (value > INT64_MAX / 2) break;
  }
  TMK_TRY(list_add(what, list, high, err));
out:
  return status;
}

/* Adds the elements of `text` to `list`. */
enum tmk_status tmk_opt_list_extend(const char *what, const char *text, struct tmk_opt_bounds bounds,
                                    struct tmk_int_list *list, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (text[0] == '\0') return tmk_fail(err, TMK_ERR_USAGE, "%s: needs a value", what);
  const char *element = text;
  for (;;) {
    size_t length = strcspn(element, ",");
    const char *dots = length >= 2 ? memmem(element, length, "..", 2) : NULL;
    size_t low_length = dots != NULL ? (size_t)(dots - element) : length;
    if (length == 0 || (dots != NULL && (low_length == 0 || low_length + 2 == length))) {
      return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be a list like 1,2,4 or 1..64", what,
                      tmk_opt_shown(text, strlen(text)).text);
    }
    int64_t low = 0, high = 0;
    TMK_TRY(parse_int_part(what, element, low_length, bounds.min, bounds.max, bounds.allow_suffix, &low, err));
    if (dots == NULL) {
      TMK_TRY(list_add(what, list, low, err));
    } else {
      TMK_TRY(parse_int_part(what, dots + 2, length - low_length - 2, bounds.min, bounds.max, bounds.allow_suffix,
                             &high, err));
      TMK_TRY(list_add_doubling(what, element, length, low, high, list, err));
    }
    if (element[length] == '\0') break;
    element += length + 1;
  }
out:
  return status;
}

enum tmk_status tmk_parse_int_list(const char *what, const char *text, int64_t min, int64_t max, bool allow_suffix,
                                   struct tmk_int_list *list, struct tmk_error *err)
{
  struct tmk_int_list parsed = {.count = 0};
  struct tmk_opt_bounds bounds = {.min = min, .max = max, .allow_suffix = allow_suffix};
  enum tmk_status status = tmk_opt_list_extend(what, text, bounds, &parsed, err);
  if (status == TMK_OK) *list = parsed;
  return status;
}

/* Index of the choice that is exactly text[0 … length − 1], or −1. */
static int choice_find(const char *const *choices, const char *text, size_t length)
{
  for (int i = 0; choices[i] != NULL; i++) {
    if (strlen(choices[i]) == length && memcmp(choices[i], text, length) == 0) return i;
  }
  return -1;
}

static enum tmk_status choice_fail(const char *what, const char *text, size_t length, const char *const *choices,
                                   struct tmk_error *err)
{
  char allowed[512];
  tmk_opt_choices(allowed, sizeof allowed, choices);
  if (length == 0) return tmk_fail(err, TMK_ERR_USAGE, "%s: needs a value", what);
  return tmk_fail(err, TMK_ERR_USAGE, "%s %s: must be %s", what, tmk_opt_shown(text, length).text, allowed);
}

enum tmk_status tmk_opt_choices_extend(const char *what, const char *text, const char *const *choices, unsigned *set,
                                       struct tmk_error *err)
{
  for (const char *element = text;;) {
    size_t length = strcspn(element, ",");
    int index = choice_find(choices, element, length);
    if (index < 0) {
      if (length > 0 || text[0] == '\0') return choice_fail(what, element, length, choices, err);
      return tmk_fail(err, TMK_ERR_USAGE, "%s %s: an element is empty", what, tmk_opt_shown(text, strlen(text)).text);
    }
    if ((*set >> index & 1u) != 0) return tmk_fail(err, TMK_ERR_USAGE, "%s: %s is there twice", what, choices[index]);
    *set |= 1u << index;
    if (element[length] == '\0') return TMK_OK;
    element += length + 1;
  }
}

enum tmk_status tmk_opt_parse_choice(const char *what, const char *text, const char *const *choices, int *index,
                                     struct tmk_error *err)
{
  int found = choice_find(choices, text, strlen(text));
  if (found < 0) return choice_fail(what, text, strlen(text), choices, err);
  *index = found;
  return TMK_OK;
}
