/* barrier_wait.c: who waits for what, for the report of a deadlock. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_internal.h"

static bool same_wait(const struct sim_waiter *a, const struct sim_waiter *b)
{
  return a->kind == b->kind && a->insn == b->insn && a->id == b->id && a->phase == b->phase && a->parity == b->parity;
}

void sim_wait_remove(struct sim_block *block, uint32_t warp, uint32_t mask)
{
  for (uint32_t i = 0; mask != 0 && i < 32; i++) block->waiters[warp][i].mask &= ~mask;
}

void sim_wait_add(struct sim_block *block, uint32_t warp, const struct sim_waiter *waiter)
{
  struct sim_waiter *slot = NULL;
  sim_wait_remove(block, warp, waiter->mask);
  for (uint32_t i = 32; i-- > 0;) {
    struct sim_waiter *other = &block->waiters[warp][i];
    if (other->mask == 0 && (slot == NULL || slot->mask == 0)) slot = other;
    if (other->mask != 0 && same_wait(other, waiter)) slot = other;
  }
  uint32_t mask = slot->mask | waiter->mask; /* there is a slot: 32 lanes make at most 32 groups */
  *slot = *waiter;
  slot->mask = mask;
}

uint64_t sim_block_progress(const struct sim_block *block)
{
  return block->progress;
}

/* --- the report --- */

struct text {
  char bytes[sizeof((struct sim_finding *)0)->message];
};

static void append(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(struct text *text, const char *format, ...)
{
  size_t used = strlen(text->bytes);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text->bytes + used, sizeof text->bytes - used, format, arguments);
  va_end(arguments);
}

static void describe_named(const struct sim_block *block, const struct sim_waiter *waiter, struct text *text)
{
  const struct sim_named *named = &block->named[waiter->id];
  uint32_t arrived = 0, expected = named->threads;
  for (uint32_t warp = 0; warp < block->warps; warp++) {
    arrived += (uint32_t)__builtin_popcount(named->arrived[warp]);
    if (named->threads == 0) expected += (uint32_t)__builtin_popcount(block->clocks[warp].live | named->arrived[warp]);
  }
  append(text, "barrier %u: %u of %u threads have arrived, not warps", waiter->id, arrived, expected);
  for (uint32_t warp = 0; warp < block->warps; warp++)
    if ((block->clocks[warp].live & ~named->arrived[warp]) != 0 || named->arrived[warp] == 0)
      append(text, " %u%s", warp, block->clocks[warp].live == 0 ? " (exited)" : "");
}

static void describe_mbarrier(struct sim_block *block, const struct sim_waiter *waiter, struct text *text)
{
  const struct sim_mbarrier *barrier = sim_mbarrier_find(block, waiter->id);
  append(text, "mbarrier at %#x, ", waiter->id);
  append(text, waiter->parity ? "parity %llu" : "phase %llu", (unsigned long long)waiter->phase);
  if (barrier == NULL) {
    append(text, ": invalidated");
    return;
  }
  append(text, ": in phase %llu with %u of %u arrivals and %lld bytes pending", (unsigned long long)barrier->phase,
         barrier->pending, barrier->expected, (long long)barrier->tx);
}

uint32_t sim_block_report_deadlock(struct sim_block *block)
{
  uint32_t waiters = 0;
  for (uint32_t i = 0; i < block->warps * 32; i++) {
    const struct sim_waiter *waiter = &block->waiters[i / 32][i % 32];
    if (waiter->mask == 0) continue;
    waiters++;
    struct text text = {0};
    append(&text, "warp %u lanes %#x waits for ", i / 32, waiter->mask);
    if (waiter->kind == SIM_WAIT_NAMED)
      describe_named(block, waiter, &text);
    else
      describe_mbarrier(block, waiter, &text);
    sim_block_report(block, SIM_CHECK_DEADLOCK, i / 32, (uint32_t)__builtin_ctz(waiter->mask), waiter->insn, "%s",
                     text.bytes);
  }
  return waiters;
}

void sim_barriers_free(struct sim_block *block)
{
  for (uint32_t id = 0; id < 16; id++) {
    struct sim_named *named = &block->named[id];
    sim_vc_free(&named->phase);
    sim_vc_free(&named->last);
    for (uint32_t i = 0; i < 2; i++) {
      sim_vc_free(&named->fence_phase[i]);
      sim_vc_free(&named->fence_last[i]);
    }
  }
  for (uint32_t i = 0; i < block->mbarrier_count; i++) {
    sim_vc_free(&block->mbarriers[i].open);
    sim_vc_free(&block->mbarriers[i].done);
  }
  free(block->mbarriers);
  free(block->flights);
  free(block->arrivals);
  free(block->async);
  free(block->waiters);
}
