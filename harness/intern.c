/* intern.c: see intern.h. */
#include "intern.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash_of(const char *text)
{
  uint64_t hash = 0xcbf29ce484222325u;
  for (const unsigned char *c = (const unsigned char *)text; *c; c++) hash = (hash ^ *c) * 0x100000001b3u;
  return hash;
}

static struct tmk_interned **slot_of(struct tmk_interned **slots, size_t capacity, uint64_t hash, const char *text)
{
  size_t at = (size_t)hash & (capacity - 1);
  while (slots[at] && (slots[at]->hash != hash || strcmp(slots[at]->text, text) != 0)) at = (at + 1) & (capacity - 1);
  return &slots[at];
}

static int grow(struct tmk_intern *set)
{
  size_t capacity = set->capacity ? set->capacity * 2 : 64;
  struct tmk_interned **slots = calloc(capacity, sizeof *slots);
  if (!slots) return 0;
  for (size_t i = 0; i < set->capacity; i++) {
    if (set->slots[i]) *slot_of(slots, capacity, set->slots[i]->hash, set->slots[i]->text) = set->slots[i];
  }
  free(set->slots);
  set->slots = slots;
  set->capacity = capacity;
  return 1;
}

const struct tmk_interned *tmk_intern(struct tmk_intern *set, const char *text)
{
  if (set->count * 2 >= set->capacity && !grow(set)) return NULL;
  uint64_t hash = hash_of(text);
  struct tmk_interned **slot = slot_of(set->slots, set->capacity, hash, text);
  if (*slot) return *slot;
  size_t size = strlen(text) + 1;
  struct tmk_interned *made = malloc(sizeof *made + size);
  if (!made) return NULL;
  made->hash = hash;
  made->number = (int64_t)set->count++;
  memcpy(made->text, text, size);
  return *slot = made;
}

void tmk_intern_free(struct tmk_intern *set)
{
  for (size_t i = 0; i < set->capacity; i++) free(set->slots[i]);
  free(set->slots);
  *set = (struct tmk_intern){0};
}
