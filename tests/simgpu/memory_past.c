/* memory_past.c: which operations of streams wrote and read memory last (sim_turn.h), a page of it at a time. A page's marks are as fine as the
 * accesses that have come: one for the whole page, or down to one a byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_internal.h"
#include "sim_turn.h"

#define READERS 3u
#define STRONG  0x80000000u /* of a mark: by atomics or strong accesses of scope gpu, which don't race with each other */

struct mark {
  uint32_t write, read[READERS]; /* operations, some STRONG; 0: none. Readers since the write */
};
struct sim_past {
  uint8_t shift; /* a mark stands for 1 << shift bytes */
  struct mark marks[];
};

static struct sim_past *past_create(uint32_t shift)
{
  struct sim_past *past = sim_block_must(calloc(1, sizeof *past + (SIM_PAGE_BYTES >> shift) * sizeof past->marks[0]));
  past->shift = (uint8_t)shift;
  return past;
}

/* Marks of the page that are whole in an access. */
static struct sim_past *prepare(struct sim_page *page, uint32_t offset, uint32_t bytes)
{
  uint32_t shift = (uint32_t)__builtin_ctz(offset | bytes | SIM_PAGE_BYTES);
  struct sim_past *old = page->past;
  if (old == NULL) return page->past = past_create(shift);
  if (old->shift <= shift) return old;
  struct sim_past *fine = past_create(shift);
  for (uint32_t i = 0; i < SIM_PAGE_BYTES >> shift; i++) fine->marks[i] = old->marks[i >> (old->shift - shift)];
  free(old);
  return page->past = fine;
}

static bool follows(const struct sim_turn *turn, uint32_t mark, bool early)
{
  uint32_t earlier = mark & ~STRONG;
  return earlier == 0 || earlier == turn->number || turn->follows(turn, earlier, early);
}

static void clash(struct sim_clash *out, uint32_t earlier, bool write, bool earlier_write, uint64_t address)
{
  if (out->earlier == 0) *out = (struct sim_clash){earlier & ~STRONG, write, earlier_write, address};
}

static bool check(const struct sim_turn *turn, const struct mark *mark, unsigned kind, bool early, uint64_t address,
                  struct sim_clash *out)
{
  bool write = (kind & SIM_NOTE_WRITE) != 0;
  uint32_t strong = (kind & SIM_NOTE_STRONG) != 0 ? STRONG : 0;
  bool good = (mark->write & strong) != 0 || follows(turn, mark->write, early);
  if (!good) clash(out, mark->write, write, true, address);
  for (uint32_t i = 0; i < READERS && write && good; i++) {
    good = (mark->read[i] & strong) != 0 || follows(turn, mark->read[i], early);
    if (!good) clash(out, mark->read[i], true, false, address);
  }
  return good;
}

static void note(const struct sim_turn *turn, struct mark *mark, unsigned kind)
{
  uint32_t value = turn->number | ((kind & SIM_NOTE_STRONG) != 0 ? STRONG : 0);
  if ((kind & SIM_NOTE_WRITE) != 0) {
    *mark = (struct mark){.write = value};
    return;
  }
  /* In the place of one that it follows; else of the oldest, whose race with a later write is missed. */
  for (uint32_t i = 0; i < READERS; i++) {
    if (!follows(turn, mark->read[i], false)) continue;
    mark->read[i] = value;
    return;
  }
  memmove(mark->read, mark->read + 1, (READERS - 1) * sizeof mark->read[0]);
  mark->read[READERS - 1] = value;
}

void sim_range_note(struct sim_range *range, uint64_t address, uint64_t bytes, unsigned kind,
                    const struct sim_turn *turn, struct sim_clash *out)
{
  for (uint64_t done = 0; done < bytes;) {
    uint64_t at = address + done;
    uint32_t offset = (uint32_t)(at - range->origin) & (SIM_PAGE_BYTES - 1), room = SIM_PAGE_BYTES - offset;
    uint32_t piece = bytes - done < room ? (uint32_t)(bytes - done) : room;
    struct sim_page *page = sim_range_page(range, at);
    sim_range_touch(range, page);
    struct sim_past *past = prepare(page, offset, piece);
    for (uint32_t i = offset >> past->shift; i < (offset + piece) >> past->shift; i++) {
      check(turn, &past->marks[i], kind, false,
            range->origin + ((at - range->origin) & ~(uint64_t)(SIM_PAGE_BYTES - 1)) + ((uint64_t)i << past->shift),
            out);
      note(turn, &past->marks[i], kind);
    }
    if (kind == SIM_NOTE_WRITE && piece == SIM_PAGE_BYTES && past->shift < SIM_PAGE_BITS) { /* one mark says it all */
      free(past);
      page->past = past_create(SIM_PAGE_BITS);
      page->past->marks[0].write = turn->number;
    }
    done += piece;
  }
}

bool sim_range_early(const struct sim_range *range, uint64_t address, uint32_t bytes, unsigned kind,
                     const struct sim_turn *turn, struct sim_clash *out)
{
  const struct sim_past *past = sim_range_page(range, address)->past;
  uint32_t offset = (uint32_t)(address - range->origin) & (SIM_PAGE_BYTES - 1);
  bool good = true;
  if (past == NULL) return true;
  for (uint32_t i = offset >> past->shift; i <= (offset + bytes - 1) >> past->shift && good; i++)
    good = check(turn, &past->marks[i], kind, true, address, out);
  return good;
}

bool sim_memory_note(struct sim_memory *memory, uint64_t address, uint64_t bytes, bool write,
                     const struct sim_turn *turn, struct sim_clash *out)
{
  struct sim_range *range = sim_memory_find(memory, address);
  *out = (struct sim_clash){.earlier = 0};
  if (range == NULL || !range->live || turn->number == 0 || address - range->base >= range->size_bytes) return true;
  uint64_t room = range->size_bytes - (address - range->base);
  if (bytes > room) bytes = room;
  sim_range_note(range, address, bytes, write ? SIM_NOTE_WRITE : 0, turn, out);
  return out->earlier == 0;
}

void sim_clash_print(const struct sim_turn *turn, const struct sim_clash *clash_found, bool early, char *text,
                     size_t size)
{
  char other[120];
  turn->describe(turn, clash_found->earlier, other, sizeof other);
  snprintf(text, size, "%s of %#llx by %s after a %s by %s, %s", clash_found->write ? "write" : "read",
           (unsigned long long)clash_found->address, turn->what, clash_found->earlier_write ? "write" : "read", other,
           early ? "before griddepcontrol.wait" : "with nothing that orders them");
}

/* --- mapped host memory --- */

void sim_memory_watch_host(struct sim_memory *memory, void *host,
                           void (*wake)(void *context, void *host, uint64_t size_bytes), void *context)
{
  struct sim_range *range = sim_memory_find(memory, (uint64_t)(uintptr_t)host);
  if (range == NULL || !range->host || range->bytes != host) return;
  range->wake = wake;
  range->wake_context = context;
  atomic_store(&range->watched, true);
}

void sim_range_wake(struct sim_range *range)
{
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* nobody reads before the bytes are there */
  pthread_mutex_lock(&lock);
  if (atomic_load(&range->watched)) range->wake(range->wake_context, range->bytes, range->size_bytes);
  atomic_store(&range->watched, false);
  pthread_mutex_unlock(&lock);
}
