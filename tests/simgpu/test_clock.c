/* tests of clock.c and memory_sync.c: what orders accesses, and what does not */
#include <stdlib.h>

#include "test_world.h"

/* --- entries and views --- */

Test(clock, entries_join)
{
  struct sim_known a = {5, 0, 0}, b = {3, 7, 0x6};
  sim_known_join(&a, &b);
  cr_expect(sim_known_covers(&a, 5, 9));
  cr_expect(sim_known_covers(&a, 7, 1));
  cr_expect_not(sim_known_covers(&a, 6, 3));
  cr_expect_not(sim_known_covers(&a, 8, 1));
  cr_expect(sim_known_covers(&a, 7, SIM_LANE_MANY));
  sim_known_join(&a, &(struct sim_known){7, 0, 0});
  cr_expect(sim_known_covers(&a, 7, 3));
  cr_expect_eq(a.mask, 0, "covered by all");
  sim_known_join(&a, &(struct sim_known){0, 9, 0x0000ffff});
  sim_known_join(&a, &(struct sim_known){0, 9, 0xffff0000});
  cr_expect_eq(a.all, 9);
}

Test(clock, views_of_many_blocks)
{
  struct sim_view *view = NULL;
  for (uint64_t i = 0; i < 2000; i++) {
    uint64_t block = i * 7919 % 2000 * 37;
    struct sim_view *next = sim_view_add(view, block, &(struct sim_known){.all = (uint32_t)i + 1}, 1);
    sim_view_release(view);
    view = next;
  }
  for (uint64_t i = 0; i < 2000; i++) {
    const struct sim_known *known = sim_view_find(view, i * 7919 % 2000 * 37);
    cr_assert_not_null(known);
    cr_assert_eq(known->all, i + 1);
  }
  cr_expect_null(sim_view_find(view, 1));
  cr_expect_null(sim_view_find(view, UINT64_MAX));
  struct sim_view *less = sim_view_add(NULL, 37, &(struct sim_known){.all = 1}, 1), *same = sim_view_join(less, view);
  cr_expect_eq(same, view, "nothing new: shared, not copied");
  sim_view_release(same);
  sim_view_release(less);
  sim_view_release(view);
}

Test(clock, joins_of_random_views_are_the_maximum)
{
  srand(1);
  for (uint32_t round = 0; round < 200; round++) {
    uint32_t most[300] = {0};
    struct sim_view *view[2] = {NULL, NULL};
    for (uint32_t i = 0; i < 60; i++) {
      uint32_t block = (uint32_t)rand() % 300, all = (uint32_t)rand() % 100 + 1, side = i & 1;
      struct sim_view *next = sim_view_add(view[side], block, &(struct sim_known){.all = all}, 1);
      sim_view_release(view[side]);
      view[side] = next;
      if (all > most[block]) most[block] = all;
    }
    struct sim_view *joined = sim_view_join(view[0], view[1]);
    for (uint32_t block = 0; block < 300; block++) {
      const struct sim_known *known = sim_view_find(joined, block);
      cr_assert_eq(known != NULL ? known->all : 0, most[block]);
    }
    sim_view_release(joined);
    sim_view_release(view[0]);
    sim_view_release(view[1]);
  }
}

/* --- flags: a message from one thread to another through memory --- */

#define DATA(w) ((w).global)
#define FLAG(w) ((w).global + 2048)

struct flag {
  uint8_t store, load;             /* enum ptx_semantics */
  uint8_t store_scope, load_scope; /* enum ptx_scope */
  uint8_t before, after;           /* scope of a fence before the store, behind the load; NONE: none */
  uint32_t from, to;               /* block */
};

/* Lane 0 writes data, sets the flag; lane 0 of the other reads the flag and the data. */
static uint64_t errors_of(const struct flag *flag)
{
  struct world w = world_make(2, 2, 64, 1);
  struct sim_block *from = w.block[flag->from], *to = w.block[flag->to];
  ST(from, .at = DATA(w), .mask = 1, .value = 5);
  if (flag->before != PTX_SCOPE_NONE) sim_block_fence(from, 0, 1, PTX_ACQ_REL, (enum ptx_scope)flag->before);
  ST(from, .at = FLAG(w), .mask = 1, .value = 1, .semantics = flag->store, .scope = flag->store_scope);
  LD(to, .warp = 1, .at = FLAG(w), .mask = 1, .semantics = flag->load, .scope = flag->load_scope);
  if (flag->after != PTX_SCOPE_NONE) sim_block_fence(to, 1, 1, PTX_ACQ_REL, (enum ptx_scope)flag->after);
  LD(to, .warp = 1, .at = DATA(w), .mask = 1);
  uint64_t errors = sim_report_count(w.report, SIM_CHECK_RACE_GLOBAL);
  world_free(&w);
  return errors;
}

Test(clock, flags_that_order)
{
  static const struct flag flags[] = {
      {PTX_RELEASE, PTX_ACQUIRE, PTX_SCOPE_GPU, PTX_SCOPE_GPU, 0, 0, 0, 1},
      {PTX_RELEASE, PTX_ACQUIRE, PTX_SCOPE_SYS, PTX_SCOPE_GPU, 0, 0, 0, 1},
      {PTX_RELEASE, PTX_ACQUIRE, PTX_SCOPE_CTA, PTX_SCOPE_CTA, 0, 0, 0, 0},
      {PTX_RELEASE, PTX_ACQUIRE, PTX_SCOPE_GPU, PTX_SCOPE_CTA, 0, 0, 1, 1},
      {PTX_RELEASE, PTX_RELAXED, PTX_SCOPE_GPU, PTX_SCOPE_GPU, 0, PTX_SCOPE_GPU, 0, 1},
      {PTX_RELAXED, PTX_ACQUIRE, PTX_SCOPE_GPU, PTX_SCOPE_GPU, PTX_SCOPE_GPU, 0, 0, 1},
      {PTX_VOLATILE, PTX_VOLATILE, 0, 0, PTX_SCOPE_GPU, PTX_SCOPE_GPU, 0, 1},
      {PTX_VOLATILE, PTX_VOLATILE, 0, 0, PTX_SCOPE_CTA, PTX_SCOPE_CTA, 0, 0},
  };
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) cr_expect_eq(errors_of(&flags[i]), 0, "row %zu", i);
}

Test(clock, flags_that_don_t)
{
  static const struct flag flags[] = {
      {PTX_RELAXED, PTX_ACQUIRE, PTX_SCOPE_GPU, PTX_SCOPE_GPU, 0, 0, 0, 1},   /* nothing released */
      {PTX_RELEASE, PTX_RELAXED, PTX_SCOPE_GPU, PTX_SCOPE_GPU, 0, 0, 0, 1},   /* nothing acquired */
      {PTX_RELEASE, PTX_ACQUIRE, PTX_SCOPE_CTA, PTX_SCOPE_GPU, 0, 0, 0, 1},   /* narrow */
      {PTX_RELEASE, PTX_ACQUIRE, PTX_SCOPE_GPU, PTX_SCOPE_CTA, 0, 0, 0, 1},   /* narrow */
      {PTX_VOLATILE, PTX_VOLATILE, 0, 0, PTX_SCOPE_CTA, PTX_SCOPE_GPU, 0, 1}, /* fence of the block only */
      {PTX_VOLATILE, PTX_VOLATILE, 0, 0, 0, 0, 0, 0},                         /* no fence */
      {PTX_WEAK, PTX_ACQUIRE, 0, PTX_SCOPE_GPU, PTX_SCOPE_GPU, 0, 0, 1},      /* plain flag */
  };
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) cr_expect_gt(errors_of(&flags[i]), 0, "row %zu", i);
}

Test(clock, a_release_covers_what_came_before_it_only)
{
  struct world w = world_make(2, 1, 32, 1);
  ST(w.block[0], .at = FLAG(w), .mask = 1, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
  ST(w.block[0], .at = DATA(w), .mask = 1, .value = 1);
  LD(w.block[1], .at = FLAG(w), .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
  LD(w.block[1], .at = DATA(w), .mask = 1);
  EXPECT(w, RACE_GLOBAL, 1);
  world_free(&w);
}

Test(clock, a_store_ends_what_a_flag_held_an_atomic_does_not)
{
  static const uint8_t semantics[] = {PTX_RELAXED, PTX_RELEASE, PTX_RELAXED};
  for (uint32_t i = 0; i < 3; i++) {
    struct world w = world_make(3, 1, 32, 1);
    ST(w.block[0], .at = DATA(w), .mask = 1, .value = 1);
    ST(w.block[0], .at = FLAG(w), .mask = 1, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
    if (i == 2)
      ATOM(w.block[1], .at = FLAG(w), .mask = 1, .semantics = semantics[i], .scope = PTX_SCOPE_GPU);
    else
      ST(w.block[1], .at = FLAG(w), .mask = 1, .semantics = semantics[i], .scope = PTX_SCOPE_GPU);
    LD(w.block[2], .at = FLAG(w), .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
    LD(w.block[2], .at = DATA(w), .mask = 1);
    EXPECT(w, RACE_GLOBAL, i == 2 ? 0 : 1);
    world_free(&w);
  }
}

Test(clock, order_comes_back_through_another_block)
{
  for (uint32_t back = 0; back < 2; back++) {
    struct world w = world_make(2, 2, 64, 1);
    ST(w.block[0], .at = DATA(w), .mask = 1, .value = 1);
    ST(w.block[0], .at = FLAG(w), .mask = 1, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
    if (back) LD(w.block[1], .at = FLAG(w), .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
    ST(w.block[1], .at = FLAG(w) + 64, .mask = 1, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
    LD(w.block[0], .warp = 1, .at = FLAG(w) + 64, .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
    LD(w.block[0], .warp = 1, .at = DATA(w), .mask = 1);
    EXPECT(w, RACE_GLOBAL, back ? 0 : 1);
    world_free(&w);
  }
}

Test(clock, a_fence_counts_behind_a_syncwarp)
{
  for (uint32_t sync = 0; sync < 2; sync++) {
    struct world w = world_make(2, 1, 32, 1);
    ST(w.block[0], .at = DATA(w), .mask = 2, .value = 1);
    sim_block_fence(w.block[0], 0, 2, PTX_SEQ_CST, PTX_SCOPE_GPU);
    if (sync) sim_block_warp_sync(w.block[0], 0, ALL);
    ATOM(w.block[0], .at = FLAG(w), .mask = 1);
    LD(w.block[1], .at = FLAG(w), .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
    LD(w.block[1], .at = DATA(w) + 4, .mask = 1);
    EXPECT(w, RACE_GLOBAL, sync ? 0 : 1);
    world_free(&w);
  }
}

Test(clock, order_passes_through_a_third_block)
{
  struct world w = world_make(3, 1, 32, 1);
  ST(w.block[0], .at = DATA(w), .mask = 1, .value = 1);
  ST(w.block[0], .at = FLAG(w), .mask = 1, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
  LD(w.block[1], .at = FLAG(w), .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
  ST(w.block[1], .at = FLAG(w) + 64, .mask = 1, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
  LD(w.block[2], .at = FLAG(w) + 64, .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
  LD(w.block[2], .at = DATA(w), .mask = 1);
  EXPECT_NONE(w);
  world_free(&w);
}

/* --- lanes --- */

Test(clock, a_lane_s_release_does_not_speak_for_its_neighbours)
{
  for (uint32_t sync = 0; sync < 2; sync++) {
    struct world w = world_make(2, 1, 32, 1);
    ST(w.block[0], .at = DATA(w), .value = 1);
    if (sync) sim_block_warp_sync(w.block[0], 0, ALL);
    ST(w.block[0], .at = FLAG(w), .mask = 1, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
    LD(w.block[1], .at = FLAG(w), .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
    LD(w.block[1], .at = DATA(w), .mask = 1);
    EXPECT_NONE(w);
    LD(w.block[1], .at = DATA(w) + 12, .mask = 1);
    EXPECT(w, RACE_GLOBAL, sync ? 0 : 1);
    world_free(&w);
  }
}

Test(clock, a_lane_s_acquire_is_its_own_until_a_sync)
{
  for (uint32_t sync = 0; sync < 3; sync++) {
    struct world w = world_make(2, 1, 32, 1);
    ST(w.block[0], .at = DATA(w), .value = 1);
    sim_block_warp_sync(w.block[0], 0, ALL);
    ST(w.block[0], .at = FLAG(w), .mask = 1, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
    LD(w.block[1], .at = FLAG(w), .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
    if (sync > 0) sim_block_warp_sync(w.block[1], 0, sync == 1 ? ALL : 0xff);
    LD(w.block[1], .at = DATA(w), .mask = 2);
    EXPECT(w, RACE_GLOBAL, sync ? 0 : 1);
    world_free(&w);
  }
}

Test(clock, a_warp_s_releases_in_a_loop_don_t_order_its_lanes)
{
  struct world w = world_make(1, 1, 32, 1);
  ST(w.block[0], .at = SHARED(0), .varied = true);
  ST(w.block[0], .at = FLAG(w), .mask = 1, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_CTA);
  LD(w.block[0], .at = SHARED(0));
  EXPECT_NONE(w);
  LD(w.block[0], .at = SHARED(4), .mask = 1);
  EXPECT(w, RACE_WARP, 1);
  world_free(&w);
}

/* --- idioms --- */

/* Each block writes a partial sum, then counts itself; the last one reads them all (CUDA C++ Programming Guide, "Memory Fence
 * Functions"). everybody: all threads fence before the barrier, and thread 0 alone counts behind it. */
static uint64_t last_block(bool fence, bool everybody)
{
  struct world w = world_make(4, 2, 64, 1);
  for (uint32_t i = 0; i < 4; i++) {
    struct sim_block *block = w.block[i];
    ST(block, .at = DATA(w) + 256 * i, .value = i);
    ST(block, .warp = 1, .at = DATA(w) + 256 * i + 128, .value = i);
    for (uint32_t warp = 0; fence && everybody && warp < 2; warp++)
      sim_block_fence(block, warp, ALL, PTX_SEQ_CST, PTX_SCOPE_GPU);
    world_barrier(block, 2);
    if (fence && !everybody) sim_block_fence(block, 0, 1, PTX_SEQ_CST, PTX_SCOPE_GPU);
    ATOM(block, .at = FLAG(w), .mask = 1);
    world_barrier(block, 2);
  }
  for (uint32_t i = 0; i < 8; i++) LD(w.block[3], .warp = 1, .at = DATA(w) + 128 * i);
  uint64_t errors = sim_report_errors(w.report);
  world_free(&w);
  return errors;
}

Test(clock, last_block_reduction)
{
  cr_expect_eq(last_block(true, false), 0);
  cr_expect_eq(last_block(true, true), 0);
  cr_expect_gt(last_block(false, false), 0);
}

/* grid.sync() of cooperative groups: barrier, one thread fences, counts, spins, fences, barrier. */
static void grid_sync(struct world *w, uint32_t blocks, uint32_t round, bool fence)
{
  for (uint32_t i = 0; i < blocks; i++) {
    world_barrier(w->block[i], 2);
    if (fence) sim_block_fence(w->block[i], 0, 1, PTX_SEQ_CST, PTX_SCOPE_GPU);
    ATOM(w->block[i], .at = FLAG(*w) + round * 4, .mask = 1);
  }
  for (uint32_t i = 0; i < blocks; i++) {
    LD(w->block[i], .at = FLAG(*w) + round * 4, .mask = 1, .semantics = PTX_VOLATILE);
    if (fence) sim_block_fence(w->block[i], 0, 1, PTX_SEQ_CST, PTX_SCOPE_GPU);
    world_barrier(w->block[i], 2);
  }
}

Test(clock, grid_sync_orders_blocks)
{
  for (uint32_t fence = 0; fence < 2; fence++) {
    struct world w = world_make(4, 2, 64, 1);
    for (uint32_t round = 0; round < 6; round++) {
      for (uint32_t i = 0; i < 4; i++) ST(w.block[i], .warp = 1, .at = DATA(w) + 128 * i, .value = round);
      grid_sync(&w, 4, 2 * round, fence);
      for (uint32_t i = 0; i < 4; i++) LD(w.block[i], .warp = 0, .at = DATA(w) + 128 * ((i + 1) % 4));
      grid_sync(&w, 4, 2 * round + 1, fence);
    }
    if (fence)
      EXPECT_NONE(w);
    else
      cr_expect_gt(sim_report_count(w.report, SIM_CHECK_RACE_GLOBAL), 0);
    world_free(&w);
  }
}

Test(clock, a_lock_orders_its_holders)
{
  struct world w = world_make(4, 1, 32, 1);
  for (uint32_t round = 0; round < 8; round++) {
    struct sim_block *block = w.block[round % 4];
    ATOM(block, .at = FLAG(w), .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
    LD(block, .at = DATA(w), .mask = 1);
    ST(block, .at = DATA(w), .mask = 1, .value = round + 1);
    ATOM(block, .at = FLAG(w), .mask = 1, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
  }
  EXPECT_NONE(w);
  world_free(&w);
}

Test(clock, a_producer_that_overwrites_must_hear_from_the_consumer)
{
  for (uint32_t heard = 0; heard < 2; heard++) {
    struct world w = world_make(2, 1, 32, 1);
    for (uint32_t round = 1; round <= 3; round++) {
      ST(w.block[0], .at = DATA(w), .mask = 1, .value = round);
      ST(w.block[0], .at = FLAG(w), .mask = 1, .value = round, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
      LD(w.block[1], .at = FLAG(w), .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
      LD(w.block[1], .at = DATA(w), .mask = 1);
      ST(w.block[1], .at = FLAG(w) + 64, .mask = 1, .value = round, .semantics = PTX_RELEASE, .scope = PTX_SCOPE_GPU);
      if (heard) LD(w.block[0], .at = FLAG(w) + 64, .mask = 1, .semantics = PTX_ACQUIRE, .scope = PTX_SCOPE_GPU);
    }
    EXPECT(w, RACE_GLOBAL, heard ? 0 : 2);
    world_free(&w);
  }
}

Test(clock, a_tree_reduction_in_shared_memory)
{
  for (uint32_t missing = 0; missing < 2; missing++) {
    struct world w = world_make(1, 4, 128, 1);
    for (uint32_t warp = 0; warp < 4; warp++) ST(w.block[0], .warp = warp, .at = SHARED(warp * 128), .varied = true);
    world_barrier(w.block[0], 4);
    for (uint32_t half = 2; half > 0; half /= 2) {
      for (uint32_t warp = 0; warp < half; warp++) {
        LD(w.block[0], .warp = warp, .at = SHARED((warp + half) * 128));
        LD(w.block[0], .warp = warp, .at = SHARED(warp * 128));
        ST(w.block[0], .warp = warp, .at = SHARED(warp * 128), .value = 40 + half);
      }
      if (!missing) world_barrier(w.block[0], 4);
    }
    for (uint32_t half = 16; half > 0; half /= 2) {
      uint32_t mask = (1u << half) - 1;
      LD(w.block[0], .at = SHARED(half * 4), .mask = mask);
      LD(w.block[0], .at = SHARED(0), .mask = mask);
      sim_block_warp_sync(w.block[0], 0, ALL);
      ST(w.block[0], .at = SHARED(0), .mask = mask, .value = 80 + half);
      sim_block_warp_sync(w.block[0], 0, ALL);
    }
    if (missing)
      cr_expect_gt(sim_report_count(w.report, SIM_CHECK_RACE_SHARED), 0);
    else
      EXPECT_NONE(w);
    world_free(&w);
  }
}
