/* clock.c: implements sim_clock.h */
#include "sim_clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FANOUT_BITS 4u
#define FANOUT      (1u << FANOUT_BITS)
#define ALL_LANES   UINT32_MAX

/* A node of level 0 holds a block's entries; one of level n covers 16^n blocks. */
struct sim_view {
  atomic_uint references;
  uint32_t level;
  uint32_t count; /* of known, at level 0 */
  union {
    struct sim_view *child[FANOUT];
    struct sim_known *known;
  };
};

const char *sim_agent_name(enum sim_agent_kind kind)
{
  static const char *const names[SIM_AGENT_KIND_COUNT] = {[SIM_AGENT_WARP] = "warp", [SIM_AGENT_CP_ASYNC] = "cp.async"};
  return names[kind];
}

/* Clocks are small; a host without room for them cannot go on. */
static void *allocate(size_t count, size_t size)
{
  void *memory = calloc(count, size);
  if (memory == NULL) {
    fprintf(stderr, "simulated GPU: out of host memory\n");
    abort();
  }
  return memory;
}

/* --- entries --- */

void sim_known_join(struct sim_known *into, const struct sim_known *from)
{
  uint32_t all = into->all > from->all ? into->all : from->all;
  uint32_t part = 0, mask = 0;
  if (into->part > all) {
    part = into->part;
    mask = into->mask;
  }
  if (from->part > all) {
    part = part > from->part ? part : from->part;
    mask |= from->mask;
  }
  if (mask == ALL_LANES) {
    all = part;
    part = mask = 0;
  }
  *into = (struct sim_known){all, part, mask};
}

static bool known_equal(const struct sim_known *a, const struct sim_known *b, uint32_t count)
{
  return memcmp(a, b, count * sizeof *a) == 0;
}

/* --- views --- */

static struct sim_view *view_create(uint32_t level)
{
  struct sim_view *view = allocate(1, sizeof *view);
  atomic_init(&view->references, 1);
  view->level = level;
  return view;
}

static struct sim_view *leaf_create(uint32_t count)
{
  struct sim_view *leaf = view_create(0);
  leaf->count = count;
  leaf->known = allocate(count, sizeof *leaf->known);
  return leaf;
}

struct sim_view *sim_view_retain(struct sim_view *view)
{
  if (view != NULL) atomic_fetch_add_explicit(&view->references, 1, memory_order_relaxed);
  return view;
}

void sim_view_release(struct sim_view *view)
{
  if (view == NULL || atomic_fetch_sub_explicit(&view->references, 1, memory_order_acq_rel) != 1) return;
  if (view->level == 0) {
    free(view->known);
  } else {
    for (uint32_t i = 0; i < FANOUT; i++) sim_view_release(view->child[i]);
  }
  free(view);
}

static struct sim_view *leaf_join(struct sim_view *a, struct sim_view *b)
{
  struct sim_view *leaf = leaf_create(a->count);
  for (uint32_t i = 0; i < a->count; i++) {
    leaf->known[i] = a->known[i];
    sim_known_join(&leaf->known[i], &b->known[i]);
  }
  struct sim_view *same = known_equal(leaf->known, a->known, a->count)   ? a
                          : known_equal(leaf->known, b->known, a->count) ? b
                                                                         : NULL;
  if (same == NULL) return leaf;
  sim_view_release(leaf);
  return sim_view_retain(same);
}

struct sim_view *sim_view_join(struct sim_view *a, struct sim_view *b)
{
  if (a == b || b == NULL) return sim_view_retain(a);
  if (a == NULL) return sim_view_retain(b);
  if (a->level < b->level) {
    struct sim_view *swap = a;
    a = b;
    b = swap;
  }
  if (a->level == 0) return leaf_join(a, b);
  struct sim_view *child[FANOUT];
  bool same_a = true, same_b = a->level == b->level;
  for (uint32_t i = 0; i < FANOUT; i++) {
    /* A tree of fewer levels is the first child of the taller one. */
    struct sim_view *other = a->level == b->level ? b->child[i] : i == 0 ? b : NULL;
    child[i] = sim_view_join(a->child[i], other);
    same_a = same_a && child[i] == a->child[i];
    same_b = same_b && child[i] == other;
  }
  if (same_a || same_b) {
    for (uint32_t i = 0; i < FANOUT; i++) sim_view_release(child[i]);
    return sim_view_retain(same_a ? a : b);
  }
  struct sim_view *view = view_create(a->level);
  memcpy(view->child, child, sizeof child);
  return view;
}

struct sim_view *sim_view_add(struct sim_view *view, uint64_t block, const struct sim_known *known, uint32_t count)
{
  struct sim_view *path = leaf_create(count);
  memcpy(path->known, known, count * sizeof *known);
  for (uint64_t rest = block; rest != 0; rest >>= FANOUT_BITS) {
    struct sim_view *parent = view_create(path->level + 1);
    parent->child[rest & (FANOUT - 1)] = path;
    path = parent;
  }
  struct sim_view *joined = sim_view_join(view, path);
  sim_view_release(path);
  return joined;
}

const struct sim_known *sim_view_find(const struct sim_view *view, uint64_t block)
{
  /* A child may be of any lower level: then it stands for the blocks whose bits above are zero. */
  while (view != NULL && (view->level >= 16 || block >> (view->level * FANOUT_BITS) == 0)) {
    if (view->level == 0) return view->known;
    uint32_t shift = (view->level - 1) * FANOUT_BITS;
    view = view->child[block >> shift];
    block &= (1ull << shift) - 1;
  }
  return NULL;
}

/* --- vector clocks --- */

bool sim_vc_init(struct sim_vc *vc, uint64_t block, uint32_t agents)
{
  *vc = (struct sim_vc){.agents = agents, .block = block, .own = calloc(agents, sizeof *vc->own)};
  return vc->own != NULL;
}

void sim_vc_free(struct sim_vc *vc)
{
  if (vc == NULL) return;
  sim_view_release(vc->others);
  free(vc->own);
  *vc = (struct sim_vc){0};
}

void sim_vc_clear(struct sim_vc *vc)
{
  sim_view_release(vc->others);
  vc->others = NULL;
  memset(vc->own, 0, vc->agents * sizeof *vc->own);
}

void sim_vc_copy(struct sim_vc *to, const struct sim_vc *from)
{
  struct sim_view *others = sim_view_retain(from->others);
  sim_view_release(to->others);
  to->others = others;
  memcpy(to->own, from->own, to->agents * sizeof *to->own);
}

static void join_others(struct sim_vc *into, struct sim_view *view)
{
  if (view == NULL || view == into->others) return;
  struct sim_view *joined = sim_view_join(into->others, view);
  sim_view_release(into->others);
  into->others = joined;
}

void sim_vc_join(struct sim_vc *into, const struct sim_vc *from)
{
  for (uint32_t i = 0; i < into->agents; i++) sim_known_join(&into->own[i], &from->own[i]);
  join_others(into, from->others);
}

void sim_vc_join_view(struct sim_vc *into, struct sim_view *view)
{
  const struct sim_known *own = sim_view_find(view, into->block);
  for (uint32_t i = 0; own != NULL && i < into->agents; i++) sim_known_join(&into->own[i], &own[i]);
  join_others(into, view);
}

struct sim_view *sim_vc_publish(const struct sim_vc *vc)
{
  return sim_view_add(vc->others, vc->block, vc->own, vc->agents);
}

bool sim_vc_covers(const struct sim_vc *vc, uint64_t epoch)
{
  uint32_t agent = sim_epoch_agent(epoch);
  uint64_t block = agent / vc->agents;
  const struct sim_known *entries = block == vc->block ? vc->own : sim_view_find(vc->others, block);
  return entries != NULL &&
         sim_known_covers(&entries[agent % vc->agents], sim_epoch_clock(epoch), sim_epoch_lane(epoch));
}

/* --- clocks of a warp --- */

static struct sim_vc *vc_create(const struct sim_warp_clock *warp)
{
  struct sim_vc *vc = allocate(1, sizeof *vc);
  *vc = (struct sim_vc){
      .agents = warp->known.agents, .block = warp->known.block, .own = allocate(warp->known.agents, sizeof *vc->own)};
  return vc;
}

static void vc_destroy(struct sim_vc *vc)
{
  sim_vc_free(vc);
  free(vc);
}

static uint32_t async_agent(const struct sim_warp_clock *warp)
{
  return sim_agent(warp->known.agents / SIM_AGENT_KIND_COUNT, SIM_AGENT_CP_ASYNC, warp->agent);
}

static void tick(struct sim_warp_clock *warp)
{
  if (warp->clock < SIM_EPOCH_CLOCK_MAX) warp->clock++;
}

bool sim_warp_clock_init(struct sim_warp_clock *warp, uint64_t block, uint32_t agents, uint32_t agent, uint32_t live)
{
  *warp = (struct sim_warp_clock){.agent = agent, .clock = 1, .live = live};
  return sim_vc_init(&warp->known, block, agents);
}

void sim_warp_clock_free(struct sim_warp_clock *warp)
{
  for (uint32_t lane = 0; lane < 32; lane++) vc_destroy(warp->lane[lane]);
  for (uint32_t i = 0; i < 2; i++) vc_destroy(warp->fence[i]);
  vc_destroy(warp->pending);
  sim_vc_free(&warp->known);
  free(warp->seen);
  *warp = (struct sim_warp_clock){0};
}

void sim_warp_clock_exit(struct sim_warp_clock *warp, uint32_t mask)
{
  warp->live &= ~mask;
}

static bool is_whole(const struct sim_warp_clock *warp, uint32_t mask)
{
  return (warp->live & ~mask) == 0;
}

void sim_warp_clock_acquire(struct sim_warp_clock *warp, uint32_t mask, const struct sim_vc *from)
{
  if (is_whole(warp, mask)) {
    sim_vc_join(&warp->known, from);
    return;
  }
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    if (warp->lane[lane] == NULL) warp->lane[lane] = vc_create(warp);
    sim_vc_join(warp->lane[lane], from);
  }
  warp->lanes_extra |= mask;
}

void sim_warp_clock_acquire_view(struct sim_warp_clock *warp, uint32_t mask, struct sim_view *view)
{
  if (view == NULL) return;
  if (is_whole(warp, mask)) {
    sim_vc_join_view(&warp->known, view);
    return;
  }
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    if (warp->lane[lane] == NULL) warp->lane[lane] = vc_create(warp);
    sim_vc_join_view(warp->lane[lane], view);
  }
  warp->lanes_extra |= mask;
}

void sim_warp_clock_settle(struct sim_warp_clock *warp, uint32_t mask)
{
  if ((warp->pending_lanes & mask) == 0) return;
  sim_warp_clock_acquire(warp, mask & warp->pending_lanes, warp->pending);
  warp->pending_lanes &= ~mask;
  if (warp->pending_lanes == 0) sim_vc_clear(warp->pending);
}

void sim_warp_clock_observe(struct sim_warp_clock *warp, uint32_t mask, const struct sim_vc *own_block,
                            struct sim_view *view)
{
  if (own_block == NULL && view == NULL) return;
  if (warp->pending == NULL) warp->pending = vc_create(warp);
  if (own_block != NULL) sim_vc_join(warp->pending, own_block);
  if (view != NULL) sim_vc_join_view(warp->pending, view);
  warp->pending_lanes |= mask;
}

/* What the lanes of mask know of their own copies, as an entry of the warp's cp.async agent. */
static struct sim_known async_known(const struct sim_warp_clock *warp, uint32_t mask)
{
  uint32_t least = UINT32_MAX, most = 0, with = 0;
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest), waited = warp->async_waited[lane];
    if (waited < least) least = waited;
    if (waited > most) most = waited;
    if (waited > 0) with |= 1u << lane;
  }
  if (most == 0) return (struct sim_known){0};
  if (is_whole(warp, mask) && least == most) return (struct sim_known){.all = most};
  return (struct sim_known){.all = is_whole(warp, mask) ? least : 0, .part = most, .mask = with};
}

static void sync_whole(struct sim_warp_clock *warp)
{
  for (uint32_t rest = warp->lanes_extra; rest != 0; rest &= rest - 1) {
    struct sim_vc *extra = warp->lane[__builtin_ctz(rest)];
    sim_vc_join(&warp->known, extra);
    sim_vc_clear(extra);
  }
  warp->lanes_extra = 0;
  struct sim_known async = async_known(warp, warp->live);
  sim_known_join(&warp->known.own[async_agent(warp)], &async);
  warp->known.own[warp->agent] = (struct sim_known){.all = warp->clock};
  warp->seen_used = false;
}

static void sync_part(struct sim_warp_clock *warp, uint32_t mask)
{
  if (warp->seen == NULL) warp->seen = allocate(32, sizeof *warp->seen);
  if (!warp->seen_used) {
    for (uint32_t i = 0; i < 32 * 32; i++) warp->seen[i / 32][i % 32] = warp->known.own[warp->agent].all;
    warp->seen_used = true;
  }
  uint32_t row[32] = {0};
  struct sim_vc *together = vc_create(warp);
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    for (uint32_t other = 0; other < 32; other++)
      if (warp->seen[lane][other] > row[other]) row[other] = warp->seen[lane][other];
    if (warp->lanes_extra >> lane & 1) sim_vc_join(together, warp->lane[lane]);
  }
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) row[__builtin_ctz(rest)] = warp->clock;
  struct sim_known async = async_known(warp, mask);
  sim_known_join(&together->own[async_agent(warp)], &async);
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) memcpy(warp->seen[__builtin_ctz(rest)], row, sizeof row);
  sim_warp_clock_acquire(warp, mask, together);
  vc_destroy(together);
}

void sim_warp_clock_sync(struct sim_warp_clock *warp, uint32_t mask)
{
  mask &= warp->live;
  sim_warp_clock_settle(warp, mask);
  for (uint32_t i = 0; i < 2; i++)
    if ((warp->fenced[i] & mask) != 0) warp->fenced[i] |= mask;
  if (is_whole(warp, mask))
    sync_whole(warp);
  else if ((mask & (mask - 1)) != 0)
    sync_part(warp, mask);
  else
    return;
  tick(warp);
}

/* Joins what the lanes of mask know and have done into out. */
static void gather(const struct sim_warp_clock *warp, uint32_t mask, struct sim_vc *out)
{
  sim_vc_join(out, &warp->known);
  for (uint32_t rest = warp->lanes_extra & mask; rest != 0; rest &= rest - 1)
    sim_vc_join(out, warp->lane[__builtin_ctz(rest)]);
  struct sim_known async = async_known(warp, mask);
  sim_known_join(&out->own[async_agent(warp)], &async);
  if (is_whole(warp, mask)) {
    sim_known_join(&out->own[warp->agent], &(struct sim_known){.all = warp->clock});
    return;
  }
  uint32_t base = warp->known.own[warp->agent].all, with = mask;
  for (uint32_t rest = warp->seen_used ? mask : 0; rest != 0; rest &= rest - 1)
    for (uint32_t other = 0; other < 32; other++)
      if (warp->seen[__builtin_ctz(rest)][other] > base) with |= 1u << other;
  sim_known_join(&out->own[warp->agent], &(struct sim_known){.all = base, .part = warp->clock, .mask = with});
}

void sim_warp_clock_release(struct sim_warp_clock *warp, uint32_t mask, struct sim_vc *out)
{
  gather(warp, mask, out);
  tick(warp);
}

void sim_warp_clock_fence(struct sim_warp_clock *warp, uint32_t mask, bool wide)
{
  sim_warp_clock_settle(warp, mask);
  for (uint32_t i = 0; i < (wide ? 2u : 1u); i++) {
    if (warp->fence[i] == NULL) warp->fence[i] = vc_create(warp);
    gather(warp, mask, warp->fence[i]);
    warp->fenced[i] |= mask;
  }
  tick(warp);
}

void sim_warp_clock_lend_fence(struct sim_warp_clock *warp, uint32_t mask, uint32_t index, const struct sim_vc *fence)
{
  if (warp->fence[index] == NULL) warp->fence[index] = vc_create(warp);
  sim_vc_join(warp->fence[index], fence);
  warp->fenced[index] |= mask;
}

/* The warp's own accesses: program order of a lane, and syncs of a part of the warp. */
static bool covers_own(const struct sim_warp_clock *warp, uint32_t lane, uint64_t epoch)
{
  uint32_t by = sim_epoch_lane(epoch), clock = sim_epoch_clock(epoch);
  if (by == lane) return true;
  if (!warp->seen_used) return false;
  if (by != SIM_LANE_MANY) return warp->seen[lane][by] >= clock;
  for (uint32_t other = 0; other < 32; other++)
    if (other != lane && warp->seen[lane][other] >= clock) return true;
  return false;
}

bool sim_warp_clock_covers(const struct sim_warp_clock *warp, uint32_t lane, uint64_t epoch)
{
  if (sim_vc_covers(&warp->known, epoch)) return true;
  uint64_t first = warp->known.block * warp->known.agents;
  uint32_t agent = sim_epoch_agent(epoch);
  if (agent == first + warp->agent && covers_own(warp, lane, epoch)) return true;
  if (agent == first + async_agent(warp) && sim_epoch_lane(epoch) == lane &&
      sim_epoch_clock(epoch) <= warp->async_waited[lane])
    return true;
  return (warp->lanes_extra >> lane & 1) != 0 && sim_vc_covers(warp->lane[lane], epoch);
}
