/* barrier_async.c: cp.async. A copy is checked when it is issued, as an access of the warp's cp.async agent that
 * happens after what the thread knew, and before nothing but a wait of the same thread; its bytes move at some time of
 * the seed's choice until then. */
#include <stdlib.h>
#include <string.h>

#include "memory_internal.h"

static struct sim_async_warp *async_of(struct sim_block *block, uint32_t warp)
{
  if (block->async == NULL) {
    block->async = sim_block_must(calloc(block->warps, sizeof *block->async));
    for (uint32_t i = 0; i < block->warps * 32; i++) block->async[i / 32].clock[i % 32] = 1;
  }
  return &block->async[warp];
}

static uint32_t async_agent(const struct sim_block *block, uint32_t warp)
{
  return sim_agent(block->warps, SIM_AGENT_CP_ASYNC, warp);
}

/* --- issue --- */

static struct sim_flight *add_flight(struct sim_block *block)
{
  if (block->flight_count == block->flight_capacity) {
    block->flight_capacity = block->flight_capacity == 0 ? 64 : block->flight_capacity * 2;
    block->flights = sim_block_must(realloc(block->flights, block->flight_capacity * sizeof *block->flights));
  }
  return &block->flights[block->flight_count++];
}

static bool valid(const struct sim_copy *copy)
{
  bool good = copy->bytes == 4 || copy->bytes == 8 || copy->bytes == 16;
  for (uint32_t rest = copy->mask; rest != 0 && copy->from_bytes != NULL; rest &= rest - 1)
    good = good && copy->from_bytes[__builtin_ctz(rest)] <= copy->bytes;
  if (!good)
    sim_block_report(copy->block, SIM_CHECK_INSTRUCTION, copy->warp, SIM_NO_LANE, copy->insn,
                     "cp.async of %u bytes: must be 4, 8 or 16, with a source size of at most that", copy->bytes);
  return good;
}

uint32_t sim_async_copy(const struct sim_copy *copy)
{
  struct sim_block *block = copy->block;
  struct sim_async_warp *async = async_of(block, copy->warp);
  if (!valid(copy)) return 0;
  uint64_t epoch[32];
  uint8_t *from[32], *to[32];
  uint32_t agent = block->first_agent + async_agent(block, copy->warp);
  for (uint32_t lane = 0; lane < 32; lane++) epoch[lane] = sim_epoch(agent, async->clock[lane], 0);
  struct sim_access access = {.block = block,
                              .warp = copy->warp,
                              .insn = copy->insn,
                              .mask = copy->mask,
                              .address = copy->from,
                              .bytes = copy->bytes,
                              .space = copy->space_from};
  access.mask = sim_access_touch(&access, false, copy->from_bytes, epoch, from);
  access.address = copy->to;
  access.space = copy->space_to;
  for (uint32_t rest = access.mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    if (sim_shared_address(copy->to[lane], (enum ptx_space)copy->space_to) != UINT32_MAX) continue;
    access.mask &= ~(1u << lane);
    sim_block_report(block, SIM_CHECK_BOUNDS_SHARED, copy->warp, lane, copy->insn,
                     "cp.async to %#llx: must be shared memory of the block", (unsigned long long)copy->to[lane]);
  }
  uint32_t served = sim_access_touch(&access, true, NULL, epoch, to);
  if (served == 0) return 0;
  struct sim_flight *flight = add_flight(block);
  *flight = (struct sim_flight){.warp = copy->warp, .mask = served, .bytes = copy->bytes};
  for (uint32_t rest = served; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    flight->from[lane] = from[lane];
    flight->to[lane] = to[lane];
    flight->from_bytes[lane] = (uint8_t)(copy->from_bytes != NULL ? copy->from_bytes[lane] : copy->bytes);
    flight->clock[lane] = async->issued[lane] = async->clock[lane];
    async->issued_insn[lane] = copy->insn;
  }
  return served;
}

/* --- landing --- */

static void land(struct sim_block *block, uint32_t index)
{
  const struct sim_flight *flight = &block->flights[index];
  for (uint32_t rest = flight->mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest), bytes = flight->from_bytes[lane];
    if (bytes > 0) memcpy(flight->to[lane], flight->from[lane], bytes);
    memset(flight->to[lane] + bytes, 0, flight->bytes - bytes);
  }
  memmove(&block->flights[index], &block->flights[index + 1],
          (block->flight_count - index - 1) * sizeof *block->flights);
  block->flight_count--;
  block->progress++;
}

/* Lanes of mask with a copy of a clock up to theirs still in flight. */
static uint32_t lanes_flying(const struct sim_block *block, uint32_t warp, uint32_t mask, const uint32_t *clock)
{
  uint32_t flying = 0;
  for (uint32_t i = 0; i < block->flight_count; i++) {
    const struct sim_flight *flight = &block->flights[i];
    if (flight->warp != warp) continue;
    for (uint32_t rest = flight->mask & mask; rest != 0; rest &= rest - 1) {
      uint32_t lane = (uint32_t)__builtin_ctz(rest);
      if (flight->clock[lane] <= clock[lane]) flying |= 1u << lane;
    }
  }
  return flying;
}

/* The arrivals whose copies have all landed take place. */
static void deliver(struct sim_block *block)
{
  uint32_t kept = 0;
  for (uint32_t i = 0; i < block->arrival_count; i++) {
    struct sim_async_arrival arrival = block->arrivals[i];
    uint32_t due = arrival.mask & ~lanes_flying(block, arrival.warp, arrival.mask, arrival.clock);
    for (uint32_t rest = due; rest != 0; rest &= rest - 1) {
      uint32_t lane = (uint32_t)__builtin_ctz(rest);
      struct sim_mbarrier *barrier = sim_mbarrier_find(block, arrival.address[lane]);
      if (barrier == NULL) {
        sim_block_report(block, SIM_CHECK_MBARRIER, arrival.warp, lane, arrival.insn,
                         "mbarrier at %#x: gone before the copies that should arrive on it", arrival.address[lane]);
        continue;
      }
      /* Only the copies are released by it, not what the thread did before. */
      struct sim_vc vc;
      if (!sim_vc_init(&vc, block->number, block->agents)) sim_block_must(NULL);
      vc.own[async_agent(block, arrival.warp)] = (struct sim_known){0, arrival.clock[lane], 1u << lane};
      sim_mbarrier_count(block, barrier, 1, 0, &vc, arrival.warp, lane, arrival.insn);
      sim_vc_free(&vc);
    }
    arrival.mask &= ~due;
    if (arrival.mask != 0) block->arrivals[kept++] = arrival;
  }
  block->arrival_count = kept;
}

bool sim_async_step(struct sim_block *block, bool all)
{
  uint32_t before = block->flight_count, arrivals = block->arrival_count;
  if (before == 0 && arrivals == 0) return false;
  while (block->flight_count > 0) {
    uint64_t random = sim_block_random(block);
    if (!all && (random & 3) != 0) break;
    land(block, (uint32_t)(random >> 32) % block->flight_count);
  }
  deliver(block);
  return block->flight_count != before || block->arrival_count != arrivals;
}

/* --- groups --- */

void sim_async_commit(struct sim_block *block, uint32_t warp, uint32_t mask)
{
  struct sim_async_warp *async = async_of(block, warp);
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    async->group_end[lane][async->groups[lane]++ % SIM_GROUPS] = async->clock[lane];
    if (async->clock[lane] < SIM_EPOCH_CLOCK_MAX) async->clock[lane]++;
  }
}

/* The lanes' copies up to their clocks land, and the lanes know it. */
static void wait_for(struct sim_block *block, uint32_t warp, uint32_t mask, const uint32_t *clock)
{
  struct sim_warp_clock *known = &block->clocks[warp];
  for (uint32_t i = block->flight_count; i-- > 0;) {
    const struct sim_flight *flight = &block->flights[i];
    bool wanted = false;
    for (uint32_t rest = flight->warp == warp ? flight->mask & mask : 0; rest != 0; rest &= rest - 1) {
      uint32_t lane = (uint32_t)__builtin_ctz(rest);
      wanted = wanted || flight->clock[lane] <= clock[lane];
    }
    if (wanted) land(block, i);
  }
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    if (clock[lane] > known->async_waited[lane]) known->async_waited[lane] = clock[lane];
  }
  deliver(block);
}

void sim_async_wait(struct sim_block *block, uint32_t warp, uint32_t mask, uint32_t newest)
{
  const struct sim_async_warp *async = async_of(block, warp);
  uint32_t clock[32] = {0};
  if (newest >= SIM_GROUPS) newest = SIM_GROUPS - 1;
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest), groups = async->groups[lane];
    if (groups > newest) clock[lane] = async->group_end[lane][(groups - newest - 1) % SIM_GROUPS];
  }
  wait_for(block, warp, mask, clock);
}

void sim_async_wait_all(struct sim_block *block, uint32_t warp, uint32_t mask)
{
  sim_async_commit(block, warp, mask);
  sim_async_wait(block, warp, mask, 0);
}

uint32_t sim_async_arrive(const struct sim_mbarrier_op *op, bool noinc)
{
  struct sim_block *block = op->block;
  struct sim_async_warp *async = async_of(block, op->warp);
  struct sim_async_arrival arrival = {.warp = op->warp, .insn = op->insn};
  for (uint32_t rest = op->mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    struct sim_mbarrier *barrier = sim_mbarrier_use(op, lane);
    if (barrier == NULL || (!noinc && !sim_mbarrier_expect_more(op, barrier, lane))) continue;
    arrival.mask |= 1u << lane;
    arrival.address[lane] = barrier->address;
    arrival.clock[lane] = async->covered[lane] = async->clock[lane];
    if (async->clock[lane] < SIM_EPOCH_CLOCK_MAX) async->clock[lane]++;
  }
  if (block->arrival_count == block->arrival_capacity) {
    block->arrival_capacity = block->arrival_capacity == 0 ? 16 : block->arrival_capacity * 2;
    block->arrivals = sim_block_must(realloc(block->arrivals, block->arrival_capacity * sizeof *block->arrivals));
  }
  if (arrival.mask != 0) block->arrivals[block->arrival_count++] = arrival;
  return arrival.mask;
}

void sim_async_exit(struct sim_block *block, uint32_t warp, uint32_t mask)
{
  for (uint32_t rest = block->async != NULL ? mask : 0; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    const struct sim_async_warp *async = &block->async[warp];
    uint32_t waited = block->clocks[warp].async_waited[lane];
    if (async->issued[lane] <= (waited > async->covered[lane] ? waited : async->covered[lane])) continue;
    sim_block_report(block, SIM_CHECK_ASYNC_UNWAITED, warp, lane, async->issued_insn[lane],
                     "the thread ended with cp.async copies that it never waited for");
  }
}
