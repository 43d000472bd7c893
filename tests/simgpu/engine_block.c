/* engine_block.c: a block: whose turn it is, when asynchronous copies land, when nothing can go on. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine_internal.h"

#define QUANTUM_MAX     256u
#define LANDING_TURNS   8u   /* one turn in so many lands something */
#define IDLE_TURNS_WARP 256u /* failed waits a warp, with nothing happening, before it is a deadlock */
#define BUSY_TURN       128u /* instructions of a turn without a wait in it: more than stand between two tests of a loop */

bool sim_engine_block_init(struct block *block, struct engine *engine, uint64_t number)
{
  const struct sim_grid *grid = engine->grid;
  *block = (struct block){.engine = engine, .number = number, .warp_count = engine->warps_per_block};
  block->coordinates[0] = (uint32_t)(number % grid->grid[0]);
  block->coordinates[1] = (uint32_t)(number / grid->grid[0] % grid->grid[1]);
  block->coordinates[2] = (uint32_t)(number / grid->grid[0] / grid->grid[1]);
  block->random = grid->seed ^ (number * 0x9e3779b97f4a7c15ull);
  block->memory = sim_block_create(engine->launch, number, block->coordinates);
  block->warps = calloc(block->warp_count, sizeof *block->warps);
  bool good = block->memory != NULL && block->warps != NULL;
  for (uint32_t w = 0; good && w < block->warp_count; w++) good = sim_warp_init(&block->warps[w], block, w);
  if (!good) sim_engine_block_free(block);
  return good;
}

void sim_engine_block_free(struct block *block)
{
  for (uint32_t w = 0; block->warps != NULL && w < block->warp_count; w++) sim_warp_free(&block->warps[w]);
  free(block->warps);
  sim_block_destroy(block->memory);
  block->warps = NULL;
  block->memory = NULL;
}

/* A warp that can run, looking from a random one on; NULL: none. */
static struct warp *choose(struct block *block, uint32_t *live)
{
  uint32_t start = (uint32_t)(sim_engine_random(&block->random) % block->warp_count);
  struct warp *chosen = NULL;
  *live = 0;
  for (uint32_t i = 0; i < block->warp_count; i++) {
    struct warp *warp = &block->warps[(start + i) % block->warp_count];
    if (warp->group_count == 0) continue;
    ++*live;
    if (chosen == NULL && sim_warp_poll(warp)) chosen = warp;
  }
  return chosen;
}

static bool stuck(struct block *block)
{
  if (sim_block_fault(block->memory, NULL) != SIM_OK) return true;
  uint32_t waiters = sim_block_report_deadlock(block->memory);
  for (uint32_t w = 0; waiters == 0 && w < block->warp_count; w++) {
    const struct warp *warp = &block->warps[w];
    if (warp->group_count == 0) continue;
    sim_block_report(block->memory, SIM_CHECK_DEADLOCK, w, (uint32_t)__builtin_ctz(warp->groups[0].mask),
                     warp->groups[0].pc, "lanes 0x%08x wait here and nothing can go on", warp->groups[0].mask);
  }
  return true;
}

bool sim_engine_block_turn(struct block *block)
{
  uint32_t live;
  if (sim_engine_random(&block->random) % LANDING_TURNS == 0) sim_async_step(block->memory, false);
  struct warp *warp = choose(block, &live);
  if (live == 0) {
    block->done = true;
    return false;
  }
  uint64_t progress = sim_block_progress(block->memory);
  bool moved = progress != block->progress;
  block->progress = progress;
  if (warp == NULL) {
    if (sim_block_fault(block->memory, NULL) != SIM_OK)
      block->failed = true;
    else if (!moved && !sim_async_step(block->memory, true))
      block->failed = stuck(block);
    return !block->failed;
  }
  uint32_t spins = warp->spins;
  uint32_t done = sim_warp_run(warp, 1 + (uint32_t)(sim_engine_random(&block->random) % QUANTUM_MAX));
  atomic_fetch_add(&block->engine->steps, done);
  if (warp->yielded) block->yields++;
  bool waited = warp->spins > spins;
  if (moved || sim_block_progress(block->memory) != block->progress || (!waited && done >= BUSY_TURN))
    block->idle_turns = 0;
  else if (waited)
    block->idle_turns++;
  if (block->idle_turns > (uint64_t)IDLE_TURNS_WARP * live) {
    if (sim_async_step(block->memory, true))
      block->idle_turns = 0;
    else
      block->failed = stuck(block);
  }
  if (sim_block_fault(block->memory, NULL) != SIM_OK) block->failed = true;
  return !block->failed;
}
