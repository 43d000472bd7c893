/* sim_clock.h: who has seen what: happens-before as vector clocks, for the race checks of memory and for barriers.
 *
 * Agents
 *   Whatever accesses memory in an order of its own is an agent: each warp of a block, and each engine that works for a
 *   warp or block asynchronously (cp.async of a warp now; TMA load, TMA store, wgmma of a warpgroup and tcgen05 are
 *   kinds to add below). Agents of a block are numbered 0..agents-1, those of a launch block_number · agents + that.
 * Epochs
 *   An agent's time is its clock, which ticks when it synchronises. An access is stamped with (agent, clock, lane), 64
 *   bits: lanes of one warp in one interval have no order among themselves unless a __syncwarp (bar.warp.sync) stands
 *   between.
 * Vector clocks
 *   What a thread knows to have happened before: for each agent of its own block a dense entry; for other blocks a
 *   sparse, immutable, shared tree (sim_view), since most kernels never synchronise across blocks. An entry says: all
 *   lanes up to clock `all`; the lanes of `mask` up to `part`. So a lane that arrives alone publishes what it did
 *   itself, not what its neighbours did without a __syncwarp before. Where two publications of different lanes meet,
 *   `part` is the later for both: it may hide a race, never invent one.
 *   A warp has one clock for all its lanes, and extra ones for lanes that acquired something alone, until the next sync
 *   of the warp.
 *
 * The PTX memory model, as far as it is followed ("Memory Consistency Model" of the PTX ISA)
 *   release: st, red, atom, mbarrier.arrive with .release or .acq_rel publish what the lane knows at that location.
 *     fence.acq_rel or .sc (membar, __threadfence) followed by a relaxed or volatile write or atomic publishes what was
 *     known at the fence.
 *   acquire: ld.acquire, atom.acquire … take what the location holds. A relaxed or volatile read takes it at the next
 *     fence, or at the next barrier of the thread (bar.sync, __syncwarp): more lenient than the ISA, which asks for a
 *     fence, because the "last block" reduction of the CUDA guide is written that way.
 *   A fence before a barrier (__threadfence, __syncthreads, then one thread's atomicAdd) counts for the threads behind
 *     the barrier too, which is also more lenient.
 *   scope: a release of scope cta (or a fence of it) is seen in its own block only. .cluster counts as .cta until
 *   clusters run.
 *   A strong store to such a location replaces what it held; an atomic adds to it.
 *   volatile is relaxed.sys. Two strong accesses (relaxed or stronger, atomics, volatile) never race with each other if
 *   the scope of each holds both threads. Partial overlap of strong accesses is not treated apart.
 *   bar.sync and mbarrier test_wait order generic accesses of the participants to global and shared memory.
 * Proxies
 *   Each access has a proxy. All agents that run now use the generic one (cp.async included, as the ISA says); the bits
 *   in the stamp are there for TMA, wgmma and tcgen05, whose order against generic writes also needs fence.proxy.async.
 *
 * Not thread-safe per object, except that views are shared between blocks on different host threads (atomic reference
 * counts).
 */
#ifndef SIMGPU_CLOCK_H
#define SIMGPU_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- agents of a block: warps first --- */
enum sim_agent_kind { SIM_AGENT_WARP, SIM_AGENT_CP_ASYNC, SIM_AGENT_KIND_COUNT };
enum sim_proxy { SIM_PROXY_GENERIC, SIM_PROXY_ASYNC, SIM_PROXY_TENSOR };

/* Numbering for a block of `warps` warps: warp w is w, its cp.async engine is warps + w. */
static inline uint32_t sim_agent_count(uint32_t warps)
{
  return warps * SIM_AGENT_KIND_COUNT;
}
static inline uint32_t sim_agent(uint32_t warps, enum sim_agent_kind kind, uint32_t warp)
{
  return (uint32_t)kind * warps + warp;
}
const char *sim_agent_name(enum sim_agent_kind kind); /* "warp", "cp.async" */

/* --- epochs: agent 32 bits, clock 26, lane 6. Its clock 0 is "never". Clocks start at 1, and stop at the maximum: from
 * there races can be missed. --- */
#define SIM_EPOCH_CLOCK_MAX ((1u << 26) - 1)
#define SIM_LANE_MANY       32u /* several lanes of the agent in one interval */
static inline uint64_t sim_epoch(uint32_t agent, uint32_t clock, uint32_t lane)
{
  return (uint64_t)agent << 32 | (uint64_t)clock << 6 | lane;
}
static inline uint32_t sim_epoch_agent(uint64_t epoch)
{
  return (uint32_t)(epoch >> 32);
}
static inline uint32_t sim_epoch_clock(uint64_t epoch)
{
  return (uint32_t)epoch >> 6;
}
static inline uint32_t sim_epoch_lane(uint64_t epoch)
{
  return (uint32_t)epoch & 63u;
}

/* --- knowledge of one agent --- */
struct sim_known {
  uint32_t all, part, mask;
};
static inline bool sim_known_covers(const struct sim_known *known, uint32_t clock, uint32_t lane)
{
  if (clock <= known->all) return true;
  if (clock > known->part) return false;
  /* Which lanes MANY stands for is not kept: two published ones will do. */
  return lane == SIM_LANE_MANY ? (known->mask & (known->mask - 1)) != 0 : (known->mask >> lane & 1) != 0;
}
void sim_known_join(struct sim_known *into, const struct sim_known *from);

/* --- knowledge of other blocks: an immutable tree by block number with shared parts; NULL knows nothing --- */
struct sim_view;
struct sim_view *sim_view_retain(struct sim_view *view);
void sim_view_release(struct sim_view *view);
/* A tree that knows what both know; takes over neither reference and returns a new one. */
struct sim_view *sim_view_join(struct sim_view *a, struct sim_view *b);
/* The same with `count` entries of agents of block `block` added. */
struct sim_view *sim_view_add(struct sim_view *view, uint64_t block, const struct sim_known *known, uint32_t count);
/* Entries of a block's agents, or NULL; valid as long as the view is. */
const struct sim_known *sim_view_find(const struct sim_view *view, uint64_t block);

/* --- a vector clock as seen from a block --- */
struct sim_vc {
  uint32_t agents; /* entries of own */
  uint64_t block;
  struct sim_view *others;
  struct sim_known *own;
};
/* false: out of memory. free accepts a zeroed or half-built one. */
bool sim_vc_init(struct sim_vc *vc, uint64_t block, uint32_t agents);
void sim_vc_free(struct sim_vc *vc);
void sim_vc_clear(struct sim_vc *vc);
void sim_vc_copy(struct sim_vc *to, const struct sim_vc *from);
/* Of clocks of one block. */
void sim_vc_join(struct sim_vc *into, const struct sim_vc *from);
/* What came from another block or from a global location: own block's entries are joined too. */
void sim_vc_join_view(struct sim_vc *into, struct sim_view *view);
/* As a view, for publication beyond the block. A new reference. */
struct sim_view *sim_vc_publish(const struct sim_vc *vc);
/* Has epoch (agent numbered in the launch) happened before? */
bool sim_vc_covers(const struct sim_vc *vc, uint64_t epoch);

/* --- the clocks of a warp --- */
struct sim_warp_clock {
  uint32_t agent; /* of the block */
  uint32_t clock; /* the current interval */
  uint32_t live;  /* lanes that have not exited */
  uint32_t (*seen)
      [32]; /* [lane][other]: clock of `other` that `lane` knows of; NULL, or unused (seen_used), unless part of the
                           warp has synchronised since the last sync of all */
  bool seen_used;
  struct sim_vc known;     /* of all lanes; own entry: intervals that a sync of the whole warp has closed */
  struct sim_vc *lane[32]; /* more that one lane knows; NULL or all zero unless lanes_extra has its bit */
  uint32_t lanes_extra;
  uint32_t async_waited[32]; /* cp.async clock of the lane's own copies that it has waited for */
  /* Fences: what the lanes of fenced knew at their last one, by the scope of it. [0] cta, [1] gpu and wider. */
  struct sim_vc *fence[2];
  uint32_t fenced[2];
  /* What relaxed reads have seen and no fence has taken yet. */
  struct sim_vc *pending;
  uint32_t pending_lanes;
};
bool sim_warp_clock_init(struct sim_warp_clock *warp, uint64_t block, uint32_t agents, uint32_t agent, uint32_t live);
void sim_warp_clock_free(struct sim_warp_clock *warp);
/* Lanes that leave: no sync waits for them any more. */
void sim_warp_clock_exit(struct sim_warp_clock *warp, uint32_t mask);
/* bar.warp.sync of `mask`: what each of them knew and did, all of them know. */
void sim_warp_clock_sync(struct sim_warp_clock *warp, uint32_t mask);
/* What the lanes of mask publish now, joined into `out`; a new interval begins. */
void sim_warp_clock_release(struct sim_warp_clock *warp, uint32_t mask, struct sim_vc *out);
/* The lanes of mask learn it. */
void sim_warp_clock_acquire(struct sim_warp_clock *warp, uint32_t mask, const struct sim_vc *from);
void sim_warp_clock_acquire_view(struct sim_warp_clock *warp, uint32_t mask, struct sim_view *view);
/* A fence of all lanes of mask; wide: scope gpu or sys. Takes what relaxed reads have seen, and remembers what is
 * known. */
void sim_warp_clock_fence(struct sim_warp_clock *warp, uint32_t mask, bool wide);
/* What others knew at their fences (fence[index] of theirs) counts for these lanes too: they have met at a barrier. */
void sim_warp_clock_lend_fence(struct sim_warp_clock *warp, uint32_t mask, uint32_t index, const struct sim_vc *fence);
/* Takes what relaxed reads of these lanes have seen; barriers do it too. */
void sim_warp_clock_settle(struct sim_warp_clock *warp, uint32_t mask);
/* A relaxed read has seen this. own_block, view: NULL is fine. */
void sim_warp_clock_observe(struct sim_warp_clock *warp, uint32_t mask, const struct sim_vc *own_block,
                            struct sim_view *view);
/* Does lane know of the epoch? The common case is inline in the memory check: this is the whole answer. */
bool sim_warp_clock_covers(const struct sim_warp_clock *warp, uint32_t lane, uint64_t epoch);

#endif
