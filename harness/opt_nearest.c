/* opt_nearest.c: "did you mean": the nearest of some names to what was typed. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "opt.h"

#define NAME_MAX_LENGTH 96 /* of a name worth a guess */

static bool same_letter(char a, char b)
{
  return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours, each 1; case is free.
 * Damerau 1964, "A technique for computer detection and correction of spelling errors". */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
  size_t rows[3][NAME_MAX_LENGTH + 1];
  size_t *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b_length; j++) above[j] = j;
  for (size_t i = 1; i <= a_length; i++) {
    row[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
      size_t best = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
      if (above[j] + 1 < best) best = above[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]) &&
          before[j - 2] + 1 < best) {
        best = before[j - 2] + 1;
      }
      row[j] = best;
    }
    size_t *free_row = before;
    before = above;
    above = row;
    row = free_row;
  }
  return above[b_length];
}

const char *tmk_nearest_name(const char *text, const char *const *names)
{
  size_t length = strnlen(text, NAME_MAX_LENGTH + 1);
  if (length < 2 || length > NAME_MAX_LENGTH) return NULL;
  /* One slip in three letters is a typo; more is another word. */
  size_t best = length < 3 ? 1 : length / 3;
  if (best > 3) best = 3;
  const char *nearest = NULL, *completion = NULL;
  for (int i = 0; names[i] != NULL; i++) {
    size_t name_length = strlen(names[i]);
    if (name_length > NAME_MAX_LENGTH) continue;
    size_t distance = edit_distance(text, length, names[i], name_length);
    if (distance < best || (distance == best && nearest == NULL)) {
      best = distance;
      nearest = names[i];
    }
    if (completion == NULL && length >= 3 && strncasecmp(text, names[i], length) == 0) completion = names[i];
  }
  return nearest != NULL ? nearest : completion;
}
