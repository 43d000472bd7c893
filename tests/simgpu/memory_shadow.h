/* memory_shadow.h: the shadow of a stretch of memory: per cell who wrote it last and who has read it since, and the
 * race check on it.
 * Internal to the memory of the simulated GPU; see sim_clock.h for epochs.
 *
 * Memory is cut into pages of 1 KiB. A page's cells are of 16 bytes at most, and of the size of the smallest access
 * that has come:
 * then all of the page's cells are split, so that neighbours written by different threads never look like one. A page's
 * cells are made when it is first touched, and emptied lazily when a new launch (another stamp) touches it.
 * A cell holds one writer and one reader inline. Further readers with no order among them, and strong writers that
 * others have overtaken without order, go to a list (extras). Whatever happened before a new access in every respect is
 * forgotten by it.
 * Not thread-safe; sim_page_lock where two blocks can meet.
 */
#ifndef SIMGPU_MEMORY_SHADOW_H
#define SIMGPU_MEMORY_SHADOW_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim_clock.h"

#define SIM_PAGE_BITS  10u
#define SIM_PAGE_BYTES (1u << SIM_PAGE_BITS)

/* What an access was: the instruction and how it took part in the memory model. */
#define SIM_SITE_INSN        0xffffffu
#define SIM_SITE_STRONG      (3u << 24) /* 0 weak */
#define SIM_SITE_STRONG_CTA  (1u << 24)
#define SIM_SITE_STRONG_WIDE (2u << 24) /* gpu, sys */
#define SIM_SITE_WRITE       (1u << 26)
#define SIM_SITE_ATOMIC      (1u << 27)
#define SIM_SITE_PROXY_SHIFT 28u /* enum sim_proxy */

struct sim_cell {
  uint64_t write, read; /* epochs; 0: none */
  uint32_t write_site, read_site;
  uint32_t extra; /* index + 1 into the page's extras */
  uint32_t flags; /* enum sim_cell_flag */
};
enum sim_cell_flag {
  SIM_CELL_MBARRIER = 1,    /* part of an mbarrier object */
  SIM_CELL_EXTRA_WRITES = 2 /* the list holds writes */
};

struct sim_extra {
  uint64_t epoch;
  uint32_t site, next;
};

struct sim_page {
  atomic_bool locked;
  uint8_t shift; /* cells of 1 << shift bytes */
  uint32_t stamp;
  struct sim_cell *cells; /* NULL until touched */
  struct sim_extra *extras;
  uint32_t extra_count, extra_capacity, extra_free;
  struct sim_past *past; /* operations of streams that touched it; NULL: none. memory_past.c */
};

static inline void sim_page_lock(struct sim_page *page)
{
  while (atomic_exchange_explicit(&page->locked, true, memory_order_acquire)) sched_yield();
}
static inline void sim_page_unlock(struct sim_page *page)
{
  atomic_store_explicit(&page->locked, false, memory_order_release);
}
void sim_page_free(struct sim_page *page); /* what it holds, not itself */

/* Who accesses: filled once a warp instruction, lane and epoch changed a lane. */
struct sim_actor {
  const struct sim_warp_clock *clock; /* what the issuing warp knows */
  uint32_t first_agent;               /* of the block, numbered in the launch */
  uint32_t warp_agent;                /* of the issuing warp, numbered in the launch */
  uint32_t lane;
  uint64_t epoch; /* of the access: the warp's own, or of an agent that works for it */
  uint32_t site;
  uint32_t extra_limit; /* readers remembered a cell; beyond it they are dropped */
  uint32_t stamp;       /* of the launch */
};

enum sim_conflict_kind { SIM_CONFLICT_NONE, SIM_CONFLICT_RACE, SIM_CONFLICT_SCOPE, SIM_CONFLICT_MBARRIER };

/* The first conflict of an access. */
struct sim_conflict {
  int kind;       /* enum sim_conflict_kind */
  uint64_t epoch; /* of the earlier access; not of kind MBARRIER */
  uint32_t site;  /* and what it was */
  bool earlier_write;
  uint32_t offset; /* in the page, of the cell; UINT32_MAX before */
};

/* One lane's access to bytes that lie in one page. Updates the cells; on a conflict fills *out (if it has none
 * yet) and returns true. */
bool sim_shadow_read(struct sim_page *page, uint32_t offset, uint32_t bytes, const struct sim_actor *actor,
                     struct sim_conflict *out);
bool sim_shadow_write(struct sim_page *page, uint32_t offset, uint32_t bytes, const struct sim_actor *actor,
                      struct sim_conflict *out);
/* Marks or unmarks 8 bytes as an mbarrier object. */
void sim_shadow_mark(struct sim_page *page, uint32_t offset, uint32_t bytes, uint32_t stamp, bool mbarrier);

#endif
