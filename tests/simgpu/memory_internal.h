/* memory_internal.h: what memory_*.c and barrier_*.c share: ranges of addresses, launches, blocks. Not for others. */
#ifndef SIMGPU_MEMORY_INTERNAL_H
#define SIMGPU_MEMORY_INTERNAL_H

#include <pthread.h>

#include "memory_shadow.h"
#include "sim_barrier.h"
#include "sim_memory.h"
#include "sim_report.h"
#include "sim_turn.h"

/* --- memory.c --- */

#define SIM_TOUCH_BITS  10u
#define SIM_DIGEST_BITS 16u

/* A stretch of addresses: an allocation, mapped host memory, or a block's shared memory. Pages and initialised bits
 * count from origin, which is base rounded down to a page. */
struct sim_range {
  uint64_t base, size_bytes, origin;
  uint8_t *bytes; /* of base */
  uint64_t *init; /* a bit a byte; NULL: all initialised */
  struct sim_page *pages;
  uint64_t page_count;
  atomic_bool *touched; /* by 1024 pages: one of them has cells */
  atomic_bool *changed; /* by 64 KiB: written since its digest was taken, or none was */
  uint64_t *digests;    /* by 64 KiB; NULL until asked for */
  atomic_bool watched;  /* wake is to be called before a kernel's access */
  void (*wake)(void *context, void *host, uint64_t size_bytes);
  void *wake_context;
  bool live, module, host;
  bool constant; /* kernels may not write it */
  char what[40];
};
bool sim_range_init(struct sim_range *range, uint64_t base, uint64_t size_bytes, bool with_bytes, bool initialised);
void sim_range_free(struct sim_range *range); /* what it holds; stays known as not live */
/* A page of the range is about to get cells. */
static inline void sim_range_touch(struct sim_range *range, const struct sim_page *page)
{
  if (page->cells == NULL)
    atomic_store_explicit(&range->touched[(uint64_t)(page - range->pages) >> SIM_TOUCH_BITS], true,
                          memory_order_relaxed);
}
/* The range with the greatest base not above address, live or not; NULL: none. */
struct sim_range *sim_memory_find(const struct sim_memory *memory, uint64_t address);
uint32_t sim_memory_next_stamp(struct sim_memory *memory);

struct sim_block;
struct sim_memory_launch;

/* --- memory_past.c --- */
enum sim_note { SIM_NOTE_WRITE = 1, SIM_NOTE_STRONG = 2 }; /* of an access: bits. STRONG: atomics, scope gpu or wider */
void sim_range_note(struct sim_range *range, uint64_t address, uint64_t bytes, unsigned kind,
                    const struct sim_turn *turn, struct sim_clash *out);
/* An access of a launch before griddepcontrol.wait; not noted. false: a conflict. */
bool sim_range_early(const struct sim_range *range, uint64_t address, uint32_t bytes, unsigned kind,
                     const struct sim_turn *turn, struct sim_clash *out);

static inline uint8_t *sim_range_bytes(const struct sim_range *range, uint64_t address)
{
  return range->bytes + (address - range->base);
}
static inline struct sim_page *sim_range_page(const struct sim_range *range, uint64_t address)
{
  return &range->pages[(address - range->origin) >> SIM_PAGE_BITS];
}
/* Bits of bytes [0, bytes) from address, bytes ≤ 32, aligned to bytes: 0 is all initialised. */
static inline uint64_t sim_range_unset(const struct sim_range *range, uint64_t address, uint32_t bytes)
{
  if (range->init == NULL) return 0;
  uint64_t at = address - range->origin;
  return ~(range->init[at >> 6] >> (at & 63)) & ((1ull << bytes) - 1);
}
static inline void sim_range_change(struct sim_range *range, uint64_t address)
{
  atomic_bool *changed = &range->changed[(address - range->origin) >> SIM_DIGEST_BITS];
  if (!atomic_load_explicit(changed, memory_order_relaxed)) atomic_store_explicit(changed, true, memory_order_relaxed);
}
uint64_t sim_range_chunks(const struct sim_range *range); /* of 64 KiB, at least one */
/* Of the contents of the range, and of `before`. */
uint64_t sim_range_digest(struct sim_range *range, uint64_t before);
/* A kernel's write. */
static inline void sim_range_set(struct sim_range *range, uint64_t address, uint32_t bytes)
{
  sim_range_change(range, address);
  if (range->init == NULL) return;
  uint64_t at = address - range->origin;
  range->init[at >> 6] |= ((1ull << bytes) - 1) << (at & 63);
}

void sim_range_wake(struct sim_range *range); /* memory_past.c */

/* --- memory_sync.c: what locations hold for acquirers --- */
struct sim_sync_table;
struct sim_sync_table *sim_sync_create(uint32_t stripes); /* more: fewer waits of host threads for each other */
void sim_sync_destroy(struct sim_sync_table *table);
/* wide: published at scope gpu or wider. replace: a store. */
void sim_sync_publish(struct sim_sync_table *table, uint64_t address, const struct sim_vc *vc, bool wide, bool replace);
/* A strong store that publishes nothing. */
void sim_sync_clear(struct sim_sync_table *table, uint64_t address);
/* lanes learn (acquire) or note (relaxed) what the location holds. */
void sim_sync_take(struct sim_sync_table *table, uint64_t address, struct sim_warp_clock *clock, uint32_t mask,
                   bool wide, bool acquire);

/* --- memory_block.c --- */

struct sim_memory_launch {
  struct sim_launch_options options;
  uint32_t stamp, agents;      /* of a block */
  struct sim_sync_table *sync; /* global locations */
  struct sim_turn_state *turn; /* memory_turn.c; NULL: order between operations is not looked at */
};

/* --- memory_turn.c: a launch as an operation of a stream --- */
struct sim_turn_state *sim_turn_create(struct sim_turn *turn); /* NULL: out of memory */
/* Notes all that the launch touched. */
void sim_turn_finish(struct sim_memory_launch *launch);
/* A page of global memory gets its first cells in this launch. */
void sim_turn_touch(struct sim_memory_launch *launch, struct sim_range *range, struct sim_page *page);
/* Lanes of a warp that may have to be held against what the launch knew at its start. */
uint32_t sim_turn_early(const struct sim_block *block, uint32_t warp);
/* The whole question for an access of such a lane; a conflict is reported. */
void sim_turn_check_early(struct sim_block *block, const struct sim_range *range, uint64_t address, uint32_t bytes,
                          unsigned kind, const char *access, uint32_t warp, uint32_t lane, uint32_t insn);
void sim_turn_block_end(struct sim_block *block);
static inline unsigned sim_note_of(uint32_t site)
{
  return ((site & SIM_SITE_WRITE) != 0 ? SIM_NOTE_WRITE : 0u) |
         ((site & SIM_SITE_STRONG) == SIM_SITE_STRONG_WIDE ? SIM_NOTE_STRONG : 0u);
}

/* A named barrier's phase under way, and the reduction and knowledge of the last one. */
struct sim_named {
  uint64_t generation;    /* phases completed */
  uint32_t threads;       /* expected in this phase; 0: all that live */
  uint32_t arrived_warps; /* bit a warp */
  uint32_t arrived[32];   /* lanes, by warp */
  uint8_t kind;
  uint32_t insn;
  uint32_t reduction, last_reduction;
  bool any;                  /* somebody has arrived */
  struct sim_vc phase, last; /* what participants of this and the last phase did; own NULL until used */
  struct sim_vc fence_phase[2], fence_last[2];
  bool fence_phase_used[2], fence_last_used[2];
};

struct sim_mbarrier {
  uint32_t address;
  bool valid;
  uint32_t expected, pending;
  int64_t tx;
  uint64_t phase;
  uint32_t insn; /* of its init */
  uint64_t init_epoch;
  struct sim_vc open, done; /* what this phase's arrivals, and all completed phases' arrivals, have released */
};

/* One warp's cp.async that has not landed: all its lanes land together. */
struct sim_flight {
  uint32_t warp, mask, bytes;
  const uint8_t *from[32]; /* NULL: zeros */
  uint8_t *to[32];
  uint8_t from_bytes[32];
  uint32_t clock[32];
};

/* cp.async.mbarrier.arrive under way: of each lane when its copies up to the clock have landed. */
struct sim_async_arrival {
  uint32_t warp, mask, insn;
  uint32_t address[32], clock[32];
};

#define SIM_GROUPS 64u /* committed groups of a lane that can be told apart */

struct sim_async_warp {
  uint32_t clock[32];                 /* of the copies that are issued now */
  uint32_t groups[32];                /* committed */
  uint32_t group_end[32][SIM_GROUPS]; /* clock of the copies of a group, by number % SIM_GROUPS */
  uint32_t covered[32];               /* clock up to which copies have an arrival on an mbarrier */
  uint32_t issued[32];                /* clock of the latest copy, and its instruction */
  uint32_t issued_insn[32];
};

enum sim_wait_kind { SIM_WAIT_NONE, SIM_WAIT_NAMED, SIM_WAIT_MBARRIER };
struct sim_waiter {
  uint8_t kind;
  uint32_t mask, insn, id; /* id: barrier or address */
  uint64_t phase;
  bool parity;
};

struct sim_block {
  struct sim_memory_launch *launch;
  uint64_t number;
  uint32_t coordinates[3];
  uint32_t warps, agents, first_agent;
  struct sim_warp_clock *clocks;
  struct sim_range shared, local; /* local: lane after lane, local_bytes each */
  struct sim_sync_table *sync;    /* shared locations */
  struct sim_range *last_range;   /* of global memory */
  struct sim_error fault;
  uint64_t random, progress;

  struct sim_named named[16];
  struct sim_mbarrier *mbarriers;
  uint32_t mbarrier_count, mbarrier_capacity;
  struct sim_flight *flights;
  uint32_t flight_count, flight_capacity;
  struct sim_async_arrival *arrivals;
  uint32_t arrival_count, arrival_capacity;
  struct sim_async_warp *async;      /* [warps]; NULL until used */
  struct sim_grid_order *grid_order; /* memory_turn.c: who has executed griddepcontrol.wait; NULL until used */
  struct sim_waiter (*waiters)[32];  /* [warp][slot]: groups of lanes that asked and were told to wait */
};

uint64_t sim_block_random(struct sim_block *block); /* splitmix64 of the launch's seed and the block's number */
void *sim_block_must(void *memory);                 /* aborts on NULL: out of host memory */
/* A party for reports from an epoch and its site. bytes 0: access unknown. */
void sim_block_party(const struct sim_block *block, uint64_t epoch, uint32_t site, struct sim_party *out);
void sim_block_place(const struct sim_block *block, uint32_t insn, struct sim_party *party);
/* Fills kernel, block and the place of insn into a finding's first party, adds it, and takes it as the block's fault.
 * */
void sim_block_finding(struct sim_block *block, struct sim_finding *finding, uint32_t warp, uint32_t lane,
                       uint32_t insn);
void sim_block_conflict(struct sim_block *block, const struct sim_conflict *conflict, const struct sim_actor *actor,
                        uint32_t warp, uint64_t address, uint32_t bytes, const char *access, bool shared,
                        bool same_value);

/* --- memory_access.c --- */

/* Checks an access whose bytes move later or not at all: bounds, alignment, initialised bits (a read checks, a write
 * sets them), and the shadow, as done by the agent of epoch[lane] for the warp. size [32]: bytes of each lane that
 * count, 0..bytes; NULL: bytes.
 * where [32]: the bytes themselves, NULL for lanes not served or of size 0. Returns the lanes served. */
uint32_t sim_access_touch(const struct sim_access *access, bool write, const uint32_t *size, const uint64_t *epoch,
                          uint8_t **where);

/* --- barrier_*.c --- */
void sim_barriers_free(struct sim_block *block);
void sim_async_exit(struct sim_block *block, uint32_t warp, uint32_t mask);
void sim_named_exit(struct sim_block *block); /* lanes have left: phases may be complete */
struct sim_mbarrier *sim_mbarrier_find(struct sim_block *block, uint32_t address);
/* The live object at a lane's address, used by a thread that is ordered behind its init; NULL after a finding. */
struct sim_mbarrier *sim_mbarrier_use(const struct sim_mbarrier_op *op, uint32_t lane);
/* One more pending arrival in this phase; false after a finding. */
bool sim_mbarrier_expect_more(const struct sim_mbarrier_op *op, struct sim_mbarrier *barrier, uint32_t lane);
/* Counts an arrival; released NULL: publishes nothing. false after a finding. */
bool sim_mbarrier_count(struct sim_block *block, struct sim_mbarrier *barrier, uint32_t count, int64_t tx,
                        const struct sim_vc *released, uint32_t warp, uint32_t lane, uint32_t insn);
void sim_wait_add(struct sim_block *block, uint32_t warp, const struct sim_waiter *waiter);
void sim_wait_remove(struct sim_block *block, uint32_t warp, uint32_t mask);

#endif
