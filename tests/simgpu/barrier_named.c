/* barrier_named.c: bar and barrier: sixteen barriers of a block, counted in threads of whole warps. */
#include <stdio.h>
#include <string.h>

#include "memory_internal.h"

static void report(const struct sim_bar *bar, const char *message)
{
  sim_block_report(bar->block, SIM_CHECK_BARRIER, bar->warp, SIM_NO_LANE, bar->insn, "barrier %u: %s", bar->id,
                   message);
}

static bool is_reduction(uint8_t kind)
{
  return kind >= SIM_BAR_RED_POPC;
}

static bool valid(const struct sim_bar *bar)
{
  const struct sim_block *block = bar->block;
  char message[160];
  if (bar->id >= 16) {
    report(bar, "must be 0..15");
    return false;
  }
  const struct sim_named *named = &block->named[bar->id];
  if (bar->threads % 32 != 0 || bar->threads > block->warps * 32) {
    snprintf(message, sizeof message, "%u threads: must be a multiple of 32, at most the block's %u", bar->threads,
             block->warps * 32);
  } else if (bar->kind == SIM_BAR_ARRIVE && bar->threads == 0) {
    snprintf(message, sizeof message, "arrive needs a number of threads");
  } else if ((named->arrived[bar->warp] & bar->mask) != 0) {
    snprintf(message, sizeof message, "lanes %#x arrive again before the phase is complete",
             named->arrived[bar->warp] & bar->mask);
  } else if (named->any && named->threads != bar->threads) {
    snprintf(message, sizeof message, "%u threads expected here, %u by those who came before (0: all)", bar->threads,
             named->threads);
  } else if (named->any && is_reduction(named->kind) != is_reduction(bar->kind)) {
    snprintf(message, sizeof message, "bar.red meets bar.sync or bar.arrive in one phase");
  } else if (named->any && is_reduction(bar->kind) && named->kind != bar->kind) {
    snprintf(message, sizeof message, "different reductions meet in one phase");
  } else {
    return true;
  }
  report(bar, message);
  return false;
}

/* Threads that count as arrived: a warp is whole once its live lanes are there. */
static uint32_t arrived_threads(const struct sim_block *block, const struct sim_named *named)
{
  uint32_t threads = 0;
  for (uint32_t warp = 0; warp < block->warps; warp++) {
    if (named->arrived[warp] == 0) continue;
    bool whole = (block->clocks[warp].live & ~named->arrived[warp]) == 0;
    threads += whole ? 32 : (uint32_t)__builtin_popcount(named->arrived[warp]);
  }
  return threads;
}

static bool is_complete(const struct sim_block *block, const struct sim_named *named)
{
  if (!named->any) return false;
  if (named->threads != 0) return arrived_threads(block, named) >= named->threads;
  for (uint32_t warp = 0; warp < block->warps; warp++)
    if ((block->clocks[warp].live & ~named->arrived[warp]) != 0) return false;
  return true;
}

static void ensure(const struct sim_block *block, struct sim_vc *vc)
{
  if (vc->own == NULL && !sim_vc_init(vc, block->number, block->agents)) sim_block_must(NULL);
}

static void complete(struct sim_block *block, struct sim_named *named)
{
  /* Joined, not replaced: a waiter may ask only after the next phase is over. */
  ensure(block, &named->last);
  sim_vc_join(&named->last, &named->phase);
  sim_vc_clear(&named->phase);
  for (uint32_t i = 0; i < 2; i++) {
    if (!named->fence_phase_used[i]) continue;
    ensure(block, &named->fence_last[i]);
    sim_vc_join(&named->fence_last[i], &named->fence_phase[i]);
    sim_vc_clear(&named->fence_phase[i]);
    named->fence_last_used[i] = true;
    named->fence_phase_used[i] = false;
  }
  named->last_reduction = named->reduction;
  named->generation++;
  named->any = false;
  memset(named->arrived, 0, sizeof named->arrived);
  block->progress++;
}

static void reduce(struct sim_named *named, const struct sim_bar *bar)
{
  uint32_t set = bar->predicates & bar->mask;
  if (!named->any) named->reduction = bar->kind == SIM_BAR_RED_AND;
  if (bar->kind == SIM_BAR_RED_POPC) named->reduction += (uint32_t)__builtin_popcount(set);
  if (bar->kind == SIM_BAR_RED_AND && set != bar->mask) named->reduction = 0;
  if (bar->kind == SIM_BAR_RED_OR && set != 0) named->reduction = 1;
}

uint64_t sim_bar_arrive(const struct sim_bar *bar)
{
  struct sim_block *block = bar->block;
  if (!valid(bar)) return 0;
  struct sim_named *named = &block->named[bar->id];
  struct sim_warp_clock *clock = &block->clocks[bar->warp];
  reduce(named, bar);
  named->any = true;
  named->kind = bar->kind;
  named->threads = bar->threads;
  named->insn = bar->insn;
  named->arrived[bar->warp] |= bar->mask;
  sim_warp_clock_settle(clock, bar->mask);
  ensure(block, &named->phase);
  sim_warp_clock_release(clock, bar->mask, &named->phase);
  for (uint32_t i = 0; i < 2; i++) {
    if ((clock->fenced[i] & bar->mask) == 0) continue;
    ensure(block, &named->fence_phase[i]);
    sim_vc_join(&named->fence_phase[i], clock->fence[i]);
    named->fence_phase_used[i] = true;
  }
  block->progress++;
  uint64_t ticket = named->generation;
  if (bar->kind != SIM_BAR_ARRIVE)
    sim_wait_add(block, bar->warp, &(struct sim_waiter){SIM_WAIT_NAMED, bar->mask, bar->insn, bar->id, ticket, false});
  if (named->threads != 0 && arrived_threads(block, named) > named->threads)
    report(bar, "more threads arrive than the phase expects");
  if (is_complete(block, named)) complete(block, named);
  return ticket;
}

bool sim_bar_passed(const struct sim_bar *bar, uint64_t ticket, uint32_t *result)
{
  if (bar->id >= 16) return true; /* reported when it arrived */
  struct sim_block *block = bar->block;
  struct sim_named *named = &block->named[bar->id];
  if (named->generation == ticket) return false;
  struct sim_warp_clock *clock = &block->clocks[bar->warp];
  sim_warp_clock_acquire(clock, bar->mask, &named->last);
  for (uint32_t i = 0; i < 2; i++)
    if (named->fence_last_used[i]) sim_warp_clock_lend_fence(clock, bar->mask, i, &named->fence_last[i]);
  sim_wait_remove(block, bar->warp, bar->mask);
  if (result != NULL) *result = named->last_reduction;
  return true;
}

void sim_named_exit(struct sim_block *block)
{
  for (uint32_t id = 0; id < 16; id++)
    if (is_complete(block, &block->named[id])) complete(block, &block->named[id]);
}
