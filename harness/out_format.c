/* out_format.c: numbers for people. ASCII only, so that a table is aligned in every locale; "-" where nothing is known. */
#include "out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Decimal exponent of |value| once it is rounded to `digits` significant ones: 999.96 to 4 digits is 1000., exponent 3.
 * Zero has exponent 0. */
static int rounded_exponent(double value, int digits)
{
  char text[40];
  snprintf(text, sizeof text, "%.*e", digits - 1, fabs(value));
  return (int)strtol(strchr(text, 'e') + 1, NULL, 10);
}

static bool print_special(double value, char *text, int size)
{
  if (isnan(value)) {
    snprintf(text, (size_t)size, "-");
  } else if (isinf(value)) {
    snprintf(text, (size_t)size, value < 0 ? "-inf" : "inf");
  } else {
    return false;
  }
  return true;
}

/* At least `digits` significant digits: no digit in front of the point is ever turned into a zero. Absurd values (files may
 * hold any) stay short. */
static void print_digits(double value, int digits, char *text, size_t size)
{
  if (fabs(value) >= 1e15) {
    snprintf(text, size, "%.*e", digits - 1, value);
    return;
  }
  int decimals = digits - 1 - rounded_exponent(value, digits);
  if (decimals < 0) decimals = 0;
  snprintf(text, size, "%.*f", decimals < 17 ? decimals : 17, value);
}

/* 3 digits and the largest unit that leaves at least 1 in front of the point after rounding. `scales` falls, and its last
 * row takes what is smaller than all of them. */
struct scale {
  double factor;
  const char *prefix;
};

static void print_scaled(double value, const struct scale *scales, int count, const char *unit, char *text, int size)
{
  if (print_special(value, text, size)) return;
  int i = 0;
  while (i < count - 1 && (value == 0 || rounded_exponent(value / scales[i].factor, 3) < 0)) i++;
  char number[40];
  print_digits(value / scales[i].factor, 3, number, sizeof number);
  bool bare = scales[i].prefix[0] == '\0' && unit[0] == '\0';
  snprintf(text, (size_t)size, "%s%s%s%s", value == 0 ? "0" : number, bare ? "" : " ", scales[i].prefix, unit);
}

void tmk_format_time(double time_ns, char *text, int size)
{
  static const struct scale scales[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
  print_scaled(time_ns, scales, 4, "", text, size);
}

void tmk_format_si(double value, const char *unit, char *text, int size)
{
  static const struct scale scales[] = {{1e18, "E"}, {1e15, "P"}, {1e12, "T"}, {1e9, "G"},
                                        {1e6, "M"},  {1e3, "k"},  {1, ""}};
  print_scaled(value, scales, 7, unit, text, size);
}

void tmk_format_bytes(double bytes, char *text, int size)
{
  static const struct scale scales[] = {{0x1p60, "EiB"}, {0x1p50, "PiB"}, {0x1p40, "TiB"}, {0x1p30, "GiB"},
                                        {0x1p20, "MiB"}, {0x1p10, "KiB"}, {1, "B"}};
  if (fabs(bytes) < 1024 && bytes == floor(bytes)) { /* no fractions of a byte */
    snprintf(text, (size_t)size, "%.0f B", bytes);
    return;
  }
  print_scaled(bytes, scales, 7, "", text, size); /* 1000 to 1023 of a unit have four digits: 1020 MiB */
}

void tmk_format_count(double value, char *text, int size)
{
  if (print_special(value, text, size)) return;
  char digits[40], grouped[60];
  print_digits(value, 4, digits, sizeof digits);
  const char *from = digits;
  char *to = grouped;
  if (*from == '-') *to++ = *from++;
  size_t whole = strspn(from, "0123456789");
  for (size_t i = 0; i < whole; i++) {
    if (whole > 4 && i > 0 && (whole - i) % 3 == 0) *to++ = ',';
    *to++ = from[i];
  }
  snprintf(to, sizeof grouped - (size_t)(to - grouped), "%s", from + whole);
  snprintf(text, (size_t)size, "%s", value == 0 ? "0" : grouped);
}
