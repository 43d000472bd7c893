/* memory_turn.c: a launch as an operation of a stream (sim_turn.h): who has executed griddepcontrol.wait, what was touched before it, and, at
 * the end, all that the launch wrote and read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_internal.h"

#define CLASHES_MAX 16u   /* findings of a launch; more say nothing new */
#define WAITS_MAX   4096u /* of blocks, remembered for other blocks that are ordered behind them */

struct sim_turn_state {
  pthread_mutex_t lock;
  struct sim_turn *turn;
  struct touched {
    struct sim_range *range;
    struct sim_page *page;
  } * pages;
  size_t count, capacity;
  uint64_t *waits; /* epochs */
  uint32_t wait_count;
};

/* Of a block. */
struct sim_grid_order {
  uint64_t waits[32];  /* epoch of each warp's first wait; 0: none yet */
  uint32_t waited[32]; /* lanes known to be behind a wait, by warp */
  bool any_waited, triggered, triggered_late;
};

struct sim_turn_state *sim_turn_create(struct sim_turn *turn)
{
  struct sim_turn_state *state = calloc(1, sizeof *state);
  if (state == NULL) return NULL;
  state->turn = turn;
  pthread_mutex_init(&state->lock, NULL);
  turn->waited = turn->triggered = turn->triggered_late = false;
  return state;
}

void sim_turn_touch(struct sim_memory_launch *launch, struct sim_range *range, struct sim_page *page)
{
  struct sim_turn_state *state = launch->turn;
  if (state == NULL) return;
  pthread_mutex_lock(&state->lock);
  if (state->count == state->capacity) {
    state->capacity = state->capacity == 0 ? 256 : state->capacity * 2;
    state->pages = sim_block_must(realloc(state->pages, state->capacity * sizeof *state->pages));
  }
  state->pages[state->count++] = (struct touched){range, page};
  pthread_mutex_unlock(&state->lock);
}

/* --- griddepcontrol --- */

static struct sim_grid_order *order_of(struct sim_block *block)
{
  if (block->grid_order == NULL) block->grid_order = sim_block_must(calloc(1, sizeof *block->grid_order));
  return block->grid_order;
}

void sim_block_grid_wait(struct sim_block *block, uint32_t warp, uint32_t mask)
{
  struct sim_turn_state *state = block->launch->turn;
  if (state == NULL) return;
  struct sim_grid_order *order = order_of(block);
  order->waited[warp] |= mask;
  if (order->waits[warp] != 0) return;
  order->any_waited = true;
  uint32_t lane = (uint32_t)__builtin_ctz(mask);
  order->waits[warp] = sim_epoch(block->first_agent + warp, block->clocks[warp].clock, lane);
  pthread_mutex_lock(&state->lock);
  if (state->waits == NULL) state->waits = sim_block_must(calloc(WAITS_MAX, sizeof *state->waits));
  if (state->wait_count < WAITS_MAX) state->waits[state->wait_count++] = order->waits[warp];
  pthread_mutex_unlock(&state->lock);
}

/* Is the lane behind a wait: its own, one in its block, or one in another block that it has synchronised with? */
static bool is_behind_wait(struct sim_block *block, uint32_t warp, uint32_t lane)
{
  struct sim_turn_state *state = block->launch->turn;
  struct sim_grid_order *order = block->grid_order;
  const struct sim_warp_clock *clock = &block->clocks[warp];
  bool behind = order != NULL && (order->waited[warp] >> lane & 1) != 0;
  for (uint32_t w = 0; order != NULL && order->any_waited && w < block->warps && !behind; w++)
    behind = order->waits[w] != 0 && sim_warp_clock_covers(clock, lane, order->waits[w]);
  if (!behind && (clock->known.others != NULL || clock->lanes_extra != 0)) {
    pthread_mutex_lock(&state->lock);
    for (uint32_t i = 0; i < state->wait_count && !behind; i++)
      behind = sim_warp_clock_covers(clock, lane, state->waits[i]);
    pthread_mutex_unlock(&state->lock);
  }
  if (behind) order_of(block)->waited[warp] |= 1u << lane;
  return behind;
}

void sim_block_grid_trigger(struct sim_block *block, uint32_t warp, uint32_t mask)
{
  if (block->launch->turn == NULL) return;
  struct sim_grid_order *order = order_of(block);
  if (order->triggered) return;
  order->triggered = true;
  order->triggered_late = is_behind_wait(block, warp, (uint32_t)__builtin_ctz(mask));
}

void sim_turn_block_end(struct sim_block *block)
{
  struct sim_turn_state *state = block->launch->turn;
  struct sim_grid_order *order = block->grid_order;
  if (state == NULL || order == NULL) return;
  pthread_mutex_lock(&state->lock);
  state->turn->waited |= order->any_waited;
  state->turn->triggered |= order->triggered;
  state->turn->triggered_late |= order->triggered ? order->triggered_late : order->any_waited;
  pthread_mutex_unlock(&state->lock);
  free(order);
  block->grid_order = NULL;
}

uint32_t sim_turn_early(const struct sim_block *block, uint32_t warp)
{
  const struct sim_turn_state *state = block->launch->turn;
  if (state == NULL || !state->turn->early) return 0;
  return block->grid_order != NULL ? ~block->grid_order->waited[warp] : UINT32_MAX;
}

void sim_turn_check_early(struct sim_block *block, const struct sim_range *range, uint64_t address, uint32_t bytes,
                          unsigned kind, const char *access, uint32_t warp, uint32_t lane, uint32_t insn)
{
  struct sim_clash clash = {.earlier = 0};
  const struct sim_turn *turn = block->launch->turn->turn;
  if (sim_range_early(range, address, bytes, kind, turn, &clash) || is_behind_wait(block, warp, lane)) return;
  struct sim_finding finding = {.check = SIM_CHECK_RACE_STREAM};
  finding.first.access = access;
  finding.first.bytes = bytes;
  sim_clash_print(turn, &clash, true, finding.message, sizeof finding.message);
  sim_block_finding(block, &finding, warp, lane, insn);
}

/* --- at the end --- */

static void report(const struct sim_memory_launch *launch, const struct sim_clash *clash, const struct sim_cell *cell)
{
  /* A block that stands for none: findings need one for the places of instructions. */
  struct sim_block *block = sim_block_must(calloc(1, sizeof *block));
  struct sim_finding finding = {.check = SIM_CHECK_RACE_STREAM};
  block->launch = (struct sim_memory_launch *)(uintptr_t)launch;
  block->number = UINT64_MAX;
  block->warps = launch->options.warps_per_block;
  block->agents = launch->agents;
  sim_block_party(block, clash->write ? cell->write : cell->read, clash->write ? cell->write_site : cell->read_site,
                  &finding.first);
  snprintf(finding.kernel, sizeof finding.kernel, "%s", launch->options.kernel != NULL ? launch->options.kernel : "?");
  sim_clash_print(launch->turn->turn, clash, false, finding.message, sizeof finding.message);
  sim_report_add(launch->options.report, &finding);
  free(block);
}

#define UNTOUCHED UINT32_MAX
/* What the launch did to a cell, as enum sim_note: the last write stands for reads before it. */
static unsigned kind_of(const struct sim_cell *cell)
{
  if (cell->write != 0) return sim_note_of(cell->write_site | SIM_SITE_WRITE);
  return cell->read != 0 ? sim_note_of(cell->read_site & ~SIM_SITE_WRITE) : UNTOUCHED;
}

/* Cells of a page, alike ones together. Returns the conflicts reported. */
static uint32_t finish_page(struct sim_memory_launch *launch, const struct touched *touched, uint32_t reported)
{
  const struct sim_page *page = touched->page;
  uint64_t base = touched->range->origin + (uint64_t)(page - touched->range->pages) * SIM_PAGE_BYTES;
  uint32_t count = SIM_PAGE_BYTES >> page->shift;
  for (uint32_t i = 0, next; page->cells != NULL && page->stamp == launch->stamp && i < count; i = next) {
    unsigned kind = kind_of(&page->cells[i]);
    for (next = i + 1; next < count && kind_of(&page->cells[next]) == kind; next++) continue;
    if (kind == UNTOUCHED) continue;
    struct sim_clash clash = {.earlier = 0};
    sim_range_note(touched->range, base + ((uint64_t)i << page->shift), (uint64_t)(next - i) << page->shift, kind,
                   launch->turn->turn, &clash);
    if (clash.earlier != 0 && reported < CLASHES_MAX) {
      uint32_t cell = (uint32_t)(clash.address - base) >> page->shift;
      report(launch, &clash, &page->cells[cell < i ? i : cell]);
      reported++;
    }
  }
  return reported;
}

void sim_turn_finish(struct sim_memory_launch *launch)
{
  struct sim_turn_state *state = launch->turn;
  uint32_t reported = 0;
  for (size_t i = 0; i < state->count; i++) reported = finish_page(launch, &state->pages[i], reported);
  pthread_mutex_destroy(&state->lock);
  free(state->pages);
  free(state->waits);
  free(state);
  launch->turn = NULL;
}
