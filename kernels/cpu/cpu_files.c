/* cpu_files.c: small files of /sys and /proc, and the lists of CPUs in them. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_machine.h"
#include "tokmark/device.h"

static bool file_read(const char *root, char *text, size_t size, const char *format, va_list args)
{
  char name[512], path[1024];
  vsnprintf(name, sizeof name, format, args);
  snprintf(path, sizeof path, "%s%s", root, name);
  text[0] = '\0';
  FILE *file = fopen(path, "re");
  if (!file) return false;
  const size_t length = fread(text, 1, size - 1, file);
  const bool good = !ferror(file);
  fclose(file);
  text[good ? length : 0] = '\0';
  text[strcspn(text, "\n") == length - 1 ? length - 1 : length] = '\0'; /* a single line loses its end */
  return good && length > 0;
}

bool tmk_cpu_file_read(const char *root, char *text, size_t size, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  const bool good = file_read(root, text, size, format, args);
  va_end(args);
  return good;
}

int64_t tmk_cpu_file_int(const char *root, const char *format, ...)
{
  char text[64], *end;
  va_list args;
  va_start(args, format);
  const bool good = file_read(root, text, sizeof text, format, args);
  va_end(args);
  if (!good) return TMK_UNKNOWN;
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  return errno || end == text || (*end && !isspace((unsigned char)*end)) ? TMK_UNKNOWN : (int64_t)value;
}

int tmk_cpu_list_parse(const char *text, int *ids, int max)
{
  int count = 0;
  while (isdigit((unsigned char)*text)) {
    char *end;
    const long first = strtol(text, &end, 10);
    long last = first;
    if (*end == '-' && isdigit((unsigned char)end[1])) last = strtol(end + 1, &end, 10);
    for (long id = first; id <= last && count < max && id <= INT32_MAX; id++) ids[count++] = (int)id;
    text = *end == ',' ? end + 1 : end;
  }
  return count;
}

void tmk_cpu_list_format(const int *ids, int count, char *text, size_t size)
{
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; i < count;) {
    int last = i;
    while (last + 1 < count && ids[last + 1] == ids[last] + 1) last++;
    char piece[32];
    if (last == i) {
      snprintf(piece, sizeof piece, "%s%d", i ? "," : "", ids[i]);
    } else {
      snprintf(piece, sizeof piece, "%s%d-%d", i ? "," : "", ids[i], ids[last]);
    }
    const size_t length = strlen(piece);
    if (used + length + sizeof "…" > size) {
      memcpy(text + used, "…", sizeof "…");
      return;
    }
    memcpy(text + used, piece, length + 1);
    used += length;
    i = last + 1;
  }
}
