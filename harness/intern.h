/* intern.h: a set of strings: equal texts become one pointer, with a number in the order of first sight. */
#ifndef TMK_HARNESS_INTERN_H
#define TMK_HARNESS_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct tmk_intern {
  struct tmk_interned **slots; /* owned: open addressing, a power of two */
  size_t capacity, count;
};
struct tmk_interned {
  uint64_t hash;
  int64_t number; /* 0, 1, 2, … */
  char text[];
};

/* zeroed is empty. The text lives until the set is freed. NULL: out of memory. */
const struct tmk_interned *tmk_intern(struct tmk_intern *set, const char *text);
void tmk_intern_free(struct tmk_intern *set);

#endif
