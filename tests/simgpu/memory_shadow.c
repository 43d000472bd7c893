/* memory_shadow.c: implements memory_shadow.h. After FastTrack (Flanagan and Freund, PLDI 2009): a cell keeps epochs,
 * not vector clocks, as long as accesses are ordered. */
#include "memory_shadow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHIFT_MAX 4u /* cells of 16 bytes: what vector loads, ldmatrix and cp.async move */

void sim_page_free(struct sim_page *page)
{
  free(page->cells);
  free(page->extras);
  free(page->past);
  page->past = NULL;
  page->cells = NULL;
  page->extras = NULL;
}

static void *must(void *memory)
{
  if (memory == NULL) {
    fprintf(stderr, "simulated GPU: out of host memory\n");
    abort();
  }
  return memory;
}

/* --- cells of a page --- */

static void split(struct sim_page *page, uint8_t shift)
{
  uint32_t count = SIM_PAGE_BYTES >> shift, parts = 1u << (page->shift - shift);
  struct sim_cell *cells = must(malloc(count * sizeof *cells));
  uint8_t old_shift = page->shift;
  for (uint32_t i = 0; i < count; i++) {
    cells[i] = page->cells[i / parts];
    cells[i].extra = 0;
  }
  struct sim_cell *old = page->cells;
  page->cells = cells;
  page->shift = shift;
  for (uint32_t i = 0; i < SIM_PAGE_BYTES >> old_shift; i++) {
    /* The first part keeps the list, the others get copies. */
    cells[i * parts].extra = old[i].extra;
    for (uint32_t part = 1; part < parts; part++)
      for (uint32_t at = old[i].extra; at != 0; at = page->extras[at - 1].next) {
        if (page->extra_count == page->extra_capacity) {
          page->extra_capacity = page->extra_capacity * 2;
          page->extras = must(realloc(page->extras, page->extra_capacity * sizeof *page->extras));
        }
        struct sim_extra copy = page->extras[at - 1];
        copy.next = cells[i * parts + part].extra;
        page->extras[page->extra_count++] = copy;
        cells[i * parts + part].extra = page->extra_count;
      }
  }
  free(old);
}

static void prepare_slow(struct sim_page *page, uint32_t shift, uint32_t stamp)
{
  if (page->stamp != stamp || page->cells == NULL) {
    if (page->cells == NULL || page->shift > shift) {
      free(page->cells);
      page->cells = must(malloc((SIM_PAGE_BYTES >> shift) * sizeof *page->cells));
      page->shift = (uint8_t)shift;
    }
    memset(page->cells, 0, (SIM_PAGE_BYTES >> page->shift) * sizeof *page->cells);
    page->extra_count = page->extra_free = 0;
    page->stamp = stamp;
  }
  if (page->shift > shift) split(page, (uint8_t)shift);
}

/* Cells fine enough for an access, which is a whole number of them. */
static inline void prepare(struct sim_page *page, uint32_t offset, uint32_t bytes, uint32_t stamp)
{
  uint32_t shift = (uint32_t)__builtin_ctz(offset | bytes | 1u << SHIFT_MAX);
  if (page->stamp != stamp || shift < page->shift || page->cells == NULL) prepare_slow(page, shift, stamp);
}

/* --- order --- */

/* sim_warp_clock_covers, with the answers that need no more than the warp's own table here. */
static inline bool ordered(const struct sim_actor *actor, uint64_t epoch)
{
  const struct sim_warp_clock *clock = actor->clock;
  uint32_t agent = sim_epoch_agent(epoch) - actor->first_agent;
  if (agent < clock->known.agents) {
    const struct sim_known *known = &clock->known.own[agent];
    if (sim_epoch_clock(epoch) <= known->all) return true;
    if (sim_epoch_agent(epoch) == actor->warp_agent && sim_epoch_lane(epoch) == actor->lane) return true;
    /* Another warp: nothing else could tell. */
    if (agent < clock->known.agents / SIM_AGENT_KIND_COUNT && agent != clock->agent && known->part == 0 &&
        clock->lanes_extra == 0)
      return false;
  }
  return sim_warp_clock_covers(clock, actor->lane, epoch);
}

/* Two unordered accesses of which one is a write: may they be? Strong ones may, if each scope holds both. */
static int conflict_kind(const struct sim_actor *actor, uint64_t epoch, uint32_t site)
{
  uint32_t mine = actor->site & SIM_SITE_STRONG, theirs = site & SIM_SITE_STRONG;
  if (mine == 0 || theirs == 0) return SIM_CONFLICT_RACE;
  bool same_block = sim_epoch_agent(epoch) - actor->first_agent < actor->clock->known.agents;
  return same_block || (mine == SIM_SITE_STRONG_WIDE && theirs == SIM_SITE_STRONG_WIDE) ? SIM_CONFLICT_NONE
                                                                                        : SIM_CONFLICT_SCOPE;
}

/* Returns true if it is a conflict. */
static bool check(const struct sim_actor *actor, uint64_t epoch, uint32_t site, bool earlier_write,
                  struct sim_conflict *out)
{
  int kind = conflict_kind(actor, epoch, site);
  if (kind == SIM_CONFLICT_NONE) return false;
  if (out->kind == SIM_CONFLICT_NONE) {
    out->kind = kind;
    out->epoch = epoch;
    out->site = site;
    out->earlier_write = earlier_write;
  }
  return true;
}

/* --- the list of a cell --- */

static void drop_list(struct sim_page *page, struct sim_cell *cell)
{
  if (cell->extra == 0) return;
  uint32_t last = cell->extra;
  while (page->extras[last - 1].next != 0) last = page->extras[last - 1].next;
  page->extras[last - 1].next = page->extra_free;
  page->extra_free = cell->extra;
  cell->extra = 0;
  cell->flags &= ~(uint32_t)SIM_CELL_EXTRA_WRITES;
}

/* Remembers an access that the new one does not follow. One that the new one follows, or an older one of the same lane
 * and kind, makes room. */
static void push(struct sim_page *page, struct sim_cell *cell, const struct sim_actor *actor, uint64_t epoch,
                 uint32_t site)
{
  uint32_t length = 0;
  if ((site & SIM_SITE_WRITE) != 0) cell->flags |= SIM_CELL_EXTRA_WRITES;
  for (uint32_t at = cell->extra; at != 0; at = page->extras[at - 1].next, length++) {
    struct sim_extra *extra = &page->extras[at - 1];
    bool same = sim_epoch_agent(extra->epoch) == sim_epoch_agent(epoch) &&
                sim_epoch_lane(extra->epoch) == sim_epoch_lane(epoch) &&
                (extra->site & (SIM_SITE_STRONG | SIM_SITE_WRITE)) == (site & (SIM_SITE_STRONG | SIM_SITE_WRITE));
    /* A reader that follows a write does not stand for it: others may not follow. */
    bool outlived = (extra->site & SIM_SITE_WRITE) == 0 || (actor->site & SIM_SITE_WRITE) != 0;
    if (!same && !(outlived && ordered(actor, extra->epoch))) continue;
    extra->epoch = epoch;
    extra->site = site;
    return;
  }
  if (length >= actor->extra_limit) return;
  uint32_t slot = page->extra_free;
  if (slot != 0) {
    page->extra_free = page->extras[slot - 1].next;
  } else {
    if (page->extra_count == page->extra_capacity) {
      page->extra_capacity = page->extra_capacity == 0 ? 64 : page->extra_capacity * 2;
      page->extras = must(realloc(page->extras, page->extra_capacity * sizeof *page->extras));
    }
    slot = ++page->extra_count;
  }
  page->extras[slot - 1] = (struct sim_extra){epoch, site, cell->extra};
  cell->extra = slot;
}

/* Same agent in the same interval, of the same strength. */
static inline bool same_interval(uint64_t epoch, uint32_t site, const struct sim_actor *actor)
{
  return (epoch ^ actor->epoch) >> 6 == 0 && ((site ^ actor->site) & SIM_SITE_STRONG) == 0;
}

/* --- reads --- */

/* Warps that take turns in reading a cell stay where they are in its list. */
static bool is_listed(struct sim_page *page, const struct sim_cell *cell, const struct sim_actor *actor)
{
  for (uint32_t at = cell->extra; at != 0; at = page->extras[at - 1].next) {
    struct sim_extra *extra = &page->extras[at - 1];
    if ((extra->site & SIM_SITE_WRITE) != 0 || !same_interval(extra->epoch, extra->site, actor)) continue;
    if (sim_epoch_lane(extra->epoch) != actor->lane) extra->epoch = actor->epoch | SIM_LANE_MANY;
    return true;
  }
  return false;
}

static bool read_cell(struct sim_page *page, struct sim_cell *cell, const struct sim_actor *actor,
                      struct sim_conflict *out)
{
  bool bad = false;
  if (cell->write != 0 && !ordered(actor, cell->write)) bad = check(actor, cell->write, cell->write_site, true, out);
  if ((cell->flags & SIM_CELL_EXTRA_WRITES) != 0) {
    for (uint32_t at = cell->extra; at != 0 && !bad; at = page->extras[at - 1].next) {
      const struct sim_extra *extra = &page->extras[at - 1];
      if ((extra->site & SIM_SITE_WRITE) != 0 && !ordered(actor, extra->epoch))
        bad = check(actor, extra->epoch, extra->site, true, out);
    }
  }
  if (same_interval(cell->read, cell->read_site, actor)) {
    cell->read = actor->epoch | SIM_LANE_MANY;
    return bad;
  }
  if (cell->read != 0 && !ordered(actor, cell->read)) {
    if (is_listed(page, cell, actor)) return bad;
    push(page, cell, actor, cell->read, cell->read_site);
  }
  cell->read = actor->epoch | actor->lane;
  cell->read_site = actor->site;
  return bad;
}

bool sim_shadow_read(struct sim_page *page, uint32_t offset, uint32_t bytes, const struct sim_actor *actor,
                     struct sim_conflict *out)
{
  prepare(page, offset, bytes, actor->stamp);
  struct sim_cell *cell = &page->cells[offset >> page->shift], *end = cell + (bytes >> page->shift);
  uint64_t mine = actor->epoch | actor->lane;
  bool bad = false;
  for (; cell < end; cell++) {
    /* The lane has read it already, and nobody has written since: a write clears the reader. */
    if (cell->read == mine && ((cell->read_site ^ actor->site) & SIM_SITE_STRONG) == 0) continue;
    if ((cell->flags & SIM_CELL_MBARRIER) != 0) {
      out->kind = SIM_CONFLICT_MBARRIER;
      bad = true;
    } else if (!bad) {
      bad = read_cell(page, cell, actor, out);
    }
    if (bad && out->offset == UINT32_MAX) out->offset = (uint32_t)(cell - page->cells) << page->shift;
  }
  return bad;
}

/* --- writes --- */

static bool write_cell(struct sim_page *page, struct sim_cell *cell, const struct sim_actor *actor,
                       struct sim_conflict *out)
{
  bool bad = false, keep = false;
  uint64_t mine = actor->epoch | actor->lane;
  uint64_t kept_read = 0, kept_write = 0;
  uint32_t kept_read_site = cell->read_site, kept_write_site = cell->write_site;
  if (cell->write != 0 && !ordered(actor, cell->write)) {
    bad = check(actor, cell->write, cell->write_site, true, out);
    if (!bad && same_interval(cell->write, cell->write_site, actor))
      mine = actor->epoch | SIM_LANE_MANY;
    else if (!bad)
      kept_write = cell->write;
  }
  if (!bad && cell->read != 0 && !ordered(actor, cell->read)) {
    bad = check(actor, cell->read, cell->read_site, false, out);
    kept_read = cell->read;
  }
  for (uint32_t at = cell->extra; at != 0 && !bad; at = page->extras[at - 1].next) {
    const struct sim_extra *extra = &page->extras[at - 1];
    if (ordered(actor, extra->epoch)) continue;
    bad = check(actor, extra->epoch, extra->site, (extra->site & SIM_SITE_WRITE) != 0, out);
    keep = true;
  }
  if (bad || !keep) drop_list(page, cell);
  if (!bad && kept_write != 0) push(page, cell, actor, kept_write, kept_write_site | SIM_SITE_WRITE);
  if (!bad && kept_read != 0) push(page, cell, actor, kept_read, kept_read_site);
  cell->write = mine;
  cell->write_site = actor->site;
  cell->read = 0;
  return bad;
}

bool sim_shadow_write(struct sim_page *page, uint32_t offset, uint32_t bytes, const struct sim_actor *actor,
                      struct sim_conflict *out)
{
  prepare(page, offset, bytes, actor->stamp);
  struct sim_cell *cell = &page->cells[offset >> page->shift], *end = cell + (bytes >> page->shift);
  bool bad = false;
  for (; cell < end; cell++) {
    if ((cell->flags & SIM_CELL_MBARRIER) != 0) {
      out->kind = SIM_CONFLICT_MBARRIER;
      bad = true;
    } else if (cell->write == (actor->epoch | actor->lane) && cell->read == 0 && cell->extra == 0 &&
               cell->write_site == actor->site) {
      continue;
    } else {
      bad = write_cell(page, cell, actor, out) || bad;
    }
    if (bad && out->offset == UINT32_MAX) out->offset = (uint32_t)(cell - page->cells) << page->shift;
  }
  return bad;
}

void sim_shadow_mark(struct sim_page *page, uint32_t offset, uint32_t bytes, uint32_t stamp, bool mbarrier)
{
  prepare(page, offset, bytes, stamp);
  for (uint32_t i = offset >> page->shift; i < (offset + bytes) >> page->shift; i++) {
    if (mbarrier)
      page->cells[i].flags |= SIM_CELL_MBARRIER;
    else
      page->cells[i].flags &= ~(uint32_t)SIM_CELL_MBARRIER;
    page->cells[i].read = 0;
  }
}
