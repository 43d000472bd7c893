/* tests of barrier_named.c, barrier_mbarrier.c, barrier_async.c and barrier_wait.c */
#include "test_world.h"

/* --- named barriers --- */

static uint64_t arrive(struct world *w, uint32_t warp, uint32_t mask, uint32_t id, uint32_t threads, uint8_t kind)
{
  return sim_bar_arrive(&(struct sim_bar){
      .block = w->block[0], .warp = warp, .mask = mask, .id = id, .threads = threads, .kind = kind, .insn = 10 + warp});
}

static bool passed(struct world *w, uint32_t warp, uint32_t id, uint64_t ticket)
{
  return sim_bar_passed(&(struct sim_bar){.block = w->block[0], .warp = warp, .mask = ALL, .id = id}, ticket, NULL);
}

Test(barrier, waits_for_all_warps_in_each_phase)
{
  struct world w = world_make(1, 3, 96, 1);
  for (uint64_t phase = 0; phase < 4; phase++) {
    for (uint32_t warp = 0; warp < 3; warp++) {
      cr_assert_eq(arrive(&w, warp, ALL, 0, 0, SIM_BAR_SYNC), phase);
      cr_assert_eq(passed(&w, 0, 0, phase), warp == 2);
    }
    cr_assert(passed(&w, 1, 0, phase));
  }
  EXPECT_NONE(w);
  world_free(&w);
}

Test(barrier, exited_threads_are_not_waited_for)
{
  struct world w = world_make(1, 2, 64, 1);
  uint64_t ticket = arrive(&w, 0, 0xffff, 0, 0, SIM_BAR_SYNC);
  cr_expect_not(passed(&w, 0, 0, ticket));
  sim_block_exit(w.block[0], 0, 0xffff0000);
  cr_expect_not(passed(&w, 0, 0, ticket));
  sim_block_exit(w.block[0], 1, ALL);
  cr_expect(passed(&w, 0, 0, ticket));
  EXPECT_NONE(w);
  world_free(&w);
}

Test(barrier, a_ragged_warp_counts_as_whole)
{
  struct world w = world_make(1, 2, 40, 1);
  uint64_t ticket = arrive(&w, 0, ALL, 1, 64, SIM_BAR_SYNC);
  cr_expect_not(passed(&w, 0, 1, ticket));
  arrive(&w, 1, 0x0f, 1, 64, SIM_BAR_SYNC);
  cr_expect_not(passed(&w, 0, 1, ticket));
  arrive(&w, 1, 0xf0, 1, 64, SIM_BAR_SYNC);
  cr_expect(passed(&w, 0, 1, ticket));
  EXPECT_NONE(w);
  world_free(&w);
}

Test(barrier, producers_arrive_and_consumers_sync)
{
  for (uint32_t sync = 0; sync < 2; sync++) {
    struct world w = world_make(1, 2, 64, 1);
    ST(w.block[0], .warp = 0, .at = SHARED(0), .value = 1);
    arrive(&w, 0, ALL, 3, 64, SIM_BAR_ARRIVE);
    uint64_t ticket = arrive(&w, 1, ALL, 3, 64, SIM_BAR_SYNC);
    if (sync) cr_expect(passed(&w, 1, 3, ticket));
    LD(w.block[0], .warp = 1, .at = SHARED(0), .mask = 1);
    EXPECT(w, RACE_SHARED, sync ? 0 : 1);
    /* The producer has learned nothing. */
    ST(w.block[0], .warp = 1, .at = SHARED(256), .mask = 1);
    LD(w.block[0], .warp = 0, .at = SHARED(256), .mask = 1, .insn = 9);
    cr_expect_eq(sim_report_errors(w.report), sync ? 1 : 2);
    world_free(&w);
  }
}

Test(barrier, reductions)
{
  static const struct {
    uint8_t kind;
    uint32_t predicates[2], result;
  } rows[] = {
      {SIM_BAR_RED_POPC, {0xf, 0x3}, 6}, {SIM_BAR_RED_AND, {ALL, ALL}, 1}, {SIM_BAR_RED_AND, {ALL, ALL - 1}, 0},
      {SIM_BAR_RED_OR, {0, 4}, 1},       {SIM_BAR_RED_OR, {0, 0}, 0},
  };
  struct world w = world_make(1, 2, 64, 1);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct sim_bar bar = {.block = w.block[0], .mask = ALL, .id = 2, .kind = rows[i].kind};
    uint64_t ticket = 0;
    uint32_t result = 99;
    for (bar.warp = 0; bar.warp < 2; bar.warp++) {
      bar.predicates = rows[i].predicates[bar.warp];
      ticket = sim_bar_arrive(&bar);
    }
    bar.warp = 0;
    cr_expect(sim_bar_passed(&bar, ticket, &result));
    cr_expect_eq(result, rows[i].result, "row %zu: %u", i, result);
  }
  EXPECT_NONE(w);
  world_free(&w);
}

Test(barrier, misuse)
{
  static const struct {
    uint32_t id, threads, kind, then_threads, then_kind, then_warp;
    const char *message;
  } rows[] = {
      {16, 0, SIM_BAR_SYNC, 0, 0, 9, "0..15"},
      {1, 33, SIM_BAR_SYNC, 0, 0, 9, "multiple of 32"},
      {1, 128, SIM_BAR_SYNC, 0, 0, 9, "at most"},
      {1, 0, SIM_BAR_ARRIVE, 0, 0, 9, "needs a number"},
      {1, 96, SIM_BAR_SYNC, 96, SIM_BAR_SYNC, 0, "arrive again"},
      {1, 96, SIM_BAR_SYNC, 64, SIM_BAR_SYNC, 1, "64 threads expected here, 96"},
      {1, 96, SIM_BAR_SYNC, 96, SIM_BAR_RED_OR, 1, "bar.red meets"},
      {1, 96, SIM_BAR_RED_AND, 96, SIM_BAR_RED_OR, 1, "different reductions"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct world w = world_make(1, 3, 96, 1);
    struct sim_finding finding = {0};
    arrive(&w, 0, ALL, rows[i].id, rows[i].threads, (uint8_t)rows[i].kind);
    if (rows[i].then_warp != 9) {
      EXPECT_NONE(w);
      arrive(&w, rows[i].then_warp, ALL, rows[i].id, rows[i].then_threads, (uint8_t)rows[i].then_kind);
    }
    EXPECT(w, BARRIER, 1);
    cr_assert(sim_report_at(w.report, 0, &finding));
    cr_expect(strstr(finding.message, rows[i].message), "row %zu: %s", i, finding.message);
    world_free(&w);
  }
}

Test(barrier, a_deadlock_lists_its_waiters)
{
  struct world w = world_make(1, 3, 96, 1);
  struct sim_finding finding;
  cr_expect_eq(sim_block_report_deadlock(w.block[0]), 0);
  uint64_t before = sim_block_progress(w.block[0]);
  arrive(&w, 0, ALL, 0, 0, SIM_BAR_SYNC);
  arrive(&w, 2, ALL, 5, 64, SIM_BAR_SYNC);
  cr_expect_neq(sim_block_progress(w.block[0]), before);
  cr_expect_eq(sim_block_report_deadlock(w.block[0]), 2);
  EXPECT(w, DEADLOCK, 2);
  cr_assert(sim_report_at(w.report, 0, &finding));
  cr_expect_str_eq(finding.message,
                   "warp 0 lanes 0xffffffff waits for barrier 0: 32 of 96 threads have arrived, not warps 1 2");
  cr_assert(sim_report_at(w.report, 1, &finding));
  cr_expect(strstr(finding.message, "barrier 5: 32 of 64"), "%s", finding.message);
  cr_expect_eq(sim_block_fault(w.block[0], NULL), SIM_ERR_FAULT_HANG);
  world_free(&w);
}

/* --- mbarrier --- */

struct mb {
  uint32_t warp, mask, count, tx;
  bool has_count, has_tx, no_complete;
  uint64_t at;
  uint8_t semantics;
};

static uint32_t mbarrier(struct world *w, enum sim_mbarrier_action action, struct mb mb, uint64_t *state)
{
  uint64_t address[32];
  uint32_t count[32], tx[32];
  for (uint32_t i = 0; i < 32; i++) {
    address[i] = mb.at;
    count[i] = mb.count;
    tx[i] = mb.tx;
  }
  return sim_mbarrier_run(&(struct sim_mbarrier_op){.block = w->block[0],
                                                    .warp = mb.warp,
                                                    .mask = mb.mask ? mb.mask : 1,
                                                    .address = address,
                                                    .space = PTX_GENERIC,
                                                    .action = (uint8_t)action,
                                                    .count = mb.count || mb.has_count ? count : NULL,
                                                    .tx = mb.tx || mb.has_tx ? tx : NULL,
                                                    .no_complete = mb.no_complete,
                                                    .semantics = mb.semantics,
                                                    .insn = 50},
                          state);
}
#define MB(action, ...)              mbarrier(&w, SIM_MBARRIER_##action, (struct mb){__VA_ARGS__}, NULL)
#define MB_STATE(state, action, ...) mbarrier(&w, SIM_MBARRIER_##action, (struct mb){__VA_ARGS__}, state)

static uint32_t test_wait(struct world *w, uint32_t warp, uint32_t mask, uint64_t at, uint64_t phase, bool parity,
                          bool may_fail)
{
  uint64_t address[32], phases[32];
  for (uint32_t i = 0; i < 32; i++) {
    address[i] = at;
    phases[i] = phase;
  }
  return sim_mbarrier_test(
      &(struct sim_mbarrier_op){
          .block = w->block[0], .warp = warp, .mask = mask, .insn = 60, .address = address, .space = PTX_GENERIC},
      phases, parity, may_fail);
}

/* One at SHARED(0) by warp 0 lane 0, seen by all. */
static struct world with_mbarrier(uint32_t warps, uint32_t count, uint64_t seed)
{
  struct world w = world_make(1, warps, warps * 32, seed);
  MB(INIT, .at = SHARED(0), .count = count);
  world_barrier(w.block[0], warps);
  return w;
}

Test(mbarrier, phases_by_parity_and_by_token)
{
  struct world w = with_mbarrier(2, 3, 1);
  uint64_t state[32] = {0}, first;
  cr_expect_eq(test_wait(&w, 0, ALL, SHARED(0), 1, true, false), ALL, "the phase before the first is complete");
  cr_expect_eq(test_wait(&w, 0, ALL, SHARED(0), 0, true, false), 0);
  MB_STATE(state, ARRIVE, .at = SHARED(0), .count = 2);
  first = state[0];
  cr_expect_eq(sim_mbarrier_pending(first), 3);
  cr_expect_eq(test_wait(&w, 0, 1, SHARED(0), first, false, false), 0);
  MB_STATE(state, ARRIVE, .warp = 1, .at = SHARED(0));
  cr_expect_eq(sim_mbarrier_pending(state[0]), 1);
  cr_expect_eq(test_wait(&w, 0, 1, SHARED(0), first, false, false), 1);
  cr_expect_eq(test_wait(&w, 0, ALL, SHARED(0), 0, true, false), ALL);
  cr_expect_eq(test_wait(&w, 0, ALL, SHARED(0), 1, true, false), 0);
  EXPECT_NONE(w);
  MB(ARRIVE, .mask = 7, .at = SHARED(0));
  cr_expect_eq(test_wait(&w, 0, 1, SHARED(0), 1, true, false), 1, "lanes arrive one by one");
  EXPECT_NONE(w);
  test_wait(&w, 0, 1, SHARED(0), first, false, false);
  EXPECT(w, MBARRIER, 1); /* the token is two phases old */
  world_free(&w);
}

Test(mbarrier, bytes_hold_a_phase_back)
{
  struct world w = with_mbarrier(1, 1, 1);
  MB(ARRIVE, .at = SHARED(0), .tx = 64);
  cr_expect_eq(test_wait(&w, 0, 1, SHARED(0), 0, true, false), 0);
  MB(COMPLETE_TX, .at = SHARED(0), .tx = 48);
  cr_expect_eq(test_wait(&w, 0, 1, SHARED(0), 0, true, false), 0);
  MB(EXPECT_TX, .at = SHARED(0), .tx = 8);
  MB(COMPLETE_TX, .at = SHARED(0), .tx = 24);
  cr_expect_eq(test_wait(&w, 0, 1, SHARED(0), 0, true, false), 1);
  /* Bytes may come before they are expected, as long as an arrival is missing. */
  MB(COMPLETE_TX, .at = SHARED(0), .tx = 32);
  MB(ARRIVE, .at = SHARED(0), .tx = 32);
  cr_expect_eq(test_wait(&w, 0, 1, SHARED(0), 1, true, false), 1);
  EXPECT_NONE(w);
  world_free(&w);
}

Test(mbarrier, arrive_drop_lowers_the_next_phases)
{
  struct world w = with_mbarrier(1, 2, 1);
  MB(ARRIVE_DROP, .at = SHARED(0));
  MB(ARRIVE, .at = SHARED(0));
  cr_expect_eq(test_wait(&w, 0, 1, SHARED(0), 0, true, false), 1);
  MB(ARRIVE, .at = SHARED(0));
  cr_expect_eq(test_wait(&w, 0, 1, SHARED(0), 1, true, false), 1);
  EXPECT_NONE(w);
  world_free(&w);
}

static void expect_error(struct world *w, const char *part, int line)
{
  struct sim_finding finding = {0};
  cr_assert_eq(sim_report_count(w->report, SIM_CHECK_MBARRIER), 1, "line %d", line);
  cr_assert(sim_report_at(w->report, 0, &finding));
  cr_expect(strstr(finding.message, part), "line %d: %s", line, finding.message);
  sim_report_clear(w->report);
}
#define ERROR(part) expect_error(&w, part, __LINE__)

Test(mbarrier, protocol_errors)
{
  struct world w = with_mbarrier(2, 2, 1);
  MB(ARRIVE, .at = SHARED(0), .count = 3);
  ERROR("too many arrivals");
  MB(ARRIVE, .at = SHARED(0), .has_count = true);
  ERROR("out of range");
  MB(ARRIVE, .at = SHARED(8));
  ERROR("no mbarrier");
  test_wait(&w, 0, 1, SHARED(8), 0, true, false);
  ERROR("no mbarrier");
  MB(INIT, .at = SHARED(0), .count = 1);
  ERROR("needs mbarrier.inval");
  MB(INIT, .at = SHARED(16), .has_count = true);
  ERROR("1..1048575");
  MB(INIT, .at = SHARED(16), .count = 1 << 20);
  ERROR("1..1048575");
  MB(EXPECT_TX, .at = SHARED(0), .tx = 1 << 20);
  ERROR("tx-count");
  MB(ARRIVE_DROP, .at = SHARED(0), .count = 3);
  ERROR("more than is expected");
  MB(ARRIVE, .at = SHARED(0), .no_complete = true);
  EXPECT_NONE(w);
  MB(COMPLETE_TX, .at = SHARED(0), .tx = 4);
  MB(ARRIVE, .at = SHARED(0));
  ERROR("more completed than expected");
  MB(ARRIVE, .at = w.global);
  ERROR("not shared memory");
  world_free(&w);
  w = with_mbarrier(1, 1, 1);
  MB(ARRIVE, .at = SHARED(0), .no_complete = true);
  ERROR("noComplete");
  MB(INVAL, .at = SHARED(0));
  MB(ARRIVE, .at = SHARED(0));
  ERROR("no mbarrier");
  MB(INIT, .at = SHARED(0), .count = 1);
  EXPECT_NONE(w);
  MB(INIT, .at = SHARED(20), .count = 1);
  EXPECT(w, MISALIGNED, 1);
  world_free(&w);
}

Test(mbarrier, init_must_be_seen)
{
  struct world w = world_make(1, 2, 64, 1);
  MB(INIT, .at = SHARED(0), .count = 2);
  MB(ARRIVE, .at = SHARED(0));
  EXPECT_NONE(w);
  MB(ARRIVE, .warp = 1, .at = SHARED(0));
  ERROR("behind its mbarrier.init");
  world_free(&w);
}

Test(mbarrier, its_bytes_are_no_data)
{
  struct world w = with_mbarrier(1, 1, 1);
  ST(w.block[0], .at = SHARED(8), .mask = 1);
  EXPECT_NONE(w);
  LD(w.block[0], .at = SHARED(4), .mask = 1, .insn = 1);
  ST(w.block[0], .at = SHARED(0), .mask = 1, .insn = 2);
  ST(w.block[0], .at = SHARED(1), .mask = 1, .bytes = 1, .insn = 3);
  EXPECT(w, MBARRIER_MEMORY, 3);
  sim_report_clear(w.report);
  MB(INVAL, .at = SHARED(0));
  ST(w.block[0], .at = SHARED(0), .mask = 1);
  EXPECT_NONE(w);
  world_free(&w);
}

Test(mbarrier, orders_those_who_wait_behind_those_who_arrive)
{
  for (uint32_t wait = 0; wait < 2; wait++) {
    struct world w = with_mbarrier(2, 32, 1);
    ST(w.block[0], .warp = 0, .at = SHARED(64), .value = 1);
    MB(ARRIVE, .mask = ALL, .at = SHARED(0));
    if (wait) cr_expect_eq(test_wait(&w, 1, ALL, SHARED(0), 0, true, false), ALL);
    LD(w.block[0], .warp = 1, .at = SHARED(64), .mask = 0x10);
    EXPECT(w, RACE_SHARED, wait ? 0 : 1);
    world_free(&w);
  }
}

/* One lane arrives for its warp: its neighbours must have synchronised with it. */
Test(mbarrier, a_lane_arrives_for_itself)
{
  for (uint32_t sync = 0; sync < 2; sync++) {
    struct world w = with_mbarrier(2, 1, 1);
    ST(w.block[0], .warp = 0, .at = SHARED(64), .value = 1);
    if (sync) sim_block_warp_sync(w.block[0], 0, ALL);
    MB(ARRIVE, .at = SHARED(0));
    cr_expect_eq(test_wait(&w, 1, ALL, SHARED(0), 0, true, false), ALL);
    LD(w.block[0], .warp = 1, .at = SHARED(64), .mask = 2);
    EXPECT(w, RACE_SHARED, sync ? 0 : 1);
    world_free(&w);
  }
}

Test(mbarrier, a_relaxed_arrival_orders_nothing)
{
  struct world w = with_mbarrier(2, 1, 1);
  ST(w.block[0], .at = SHARED(64), .mask = 1);
  MB(ARRIVE, .at = SHARED(0), .semantics = PTX_RELAXED);
  cr_expect_eq(test_wait(&w, 1, ALL, SHARED(0), 0, true, false), ALL);
  LD(w.block[0], .warp = 1, .at = SHARED(64), .mask = 1);
  EXPECT(w, RACE_SHARED, 1);
  world_free(&w);
}

/* full[s] and empty[s] of a ring of stages; the producer forgets to wait for empty in the broken one. */
static void pipeline(uint64_t seed, bool broken)
{
  struct world w = world_make(1, 3, 96, seed);
  for (uint32_t s = 0; s < 2; s++) {
    MB(INIT, .at = SHARED(16 * s), .count = 1);
    MB(INIT, .at = SHARED(16 * s + 8), .count = 2);
  }
  world_barrier(w.block[0], 3);
  for (uint32_t k = 0; k < 8; k++) {
    uint32_t stage = k % 2, parity = k / 2 % 2;
    uint64_t full = SHARED(16 * stage), empty = full + 8, data = SHARED(1024 + 512 * stage);
    if (!broken) cr_assert_eq(test_wait(&w, 0, ALL, empty, parity ^ 1, true, false), ALL);
    ST(w.block[0], .warp = 0, .at = data, .value = k, .insn = 1);
    sim_block_warp_sync(w.block[0], 0, ALL);
    MB(ARRIVE, .at = full);
    for (uint32_t warp = 1; warp < 3; warp++) {
      while (test_wait(&w, warp, ALL, full, parity, true, true) != ALL) continue;
      LD(w.block[0], .warp = warp, .at = data, .insn = 2);
      sim_block_warp_sync(w.block[0], warp, ALL);
      MB(ARRIVE, .warp = warp, .at = empty);
    }
  }
  if (broken)
    cr_expect_gt(sim_report_count(w.report, SIM_CHECK_RACE_SHARED), 0);
  else
    EXPECT_NONE(w);
  world_free(&w);
}

Test(mbarrier, pipelines)
{
  for (uint64_t seed = 0; seed < 20; seed++) {
    pipeline(seed, false);
    pipeline(seed, true);
  }
}

Test(mbarrier, try_wait_fails_now_and_then_by_seed)
{
  uint64_t pattern[2] = {0, 0};
  for (uint32_t i = 0; i < 2; i++) {
    struct world w = with_mbarrier(1, 1, 77);
    for (uint32_t k = 0; k < 64; k++)
      pattern[i] = pattern[i] << 1 | (test_wait(&w, 0, ALL, SHARED(0), 1, true, true) == ALL);
    for (uint32_t k = 0; k < 64; k++) cr_expect_eq(test_wait(&w, 0, ALL, SHARED(0), 1, true, false), ALL);
    world_free(&w);
  }
  cr_expect_eq(pattern[0], pattern[1]);
  cr_expect_neq(pattern[0], UINT64_MAX);
  cr_expect_gt(__builtin_popcountll(pattern[0]), 32);
}

Test(mbarrier, a_deadlock_names_the_counts)
{
  struct world w = with_mbarrier(1, 2, 1);
  struct sim_finding finding;
  MB(ARRIVE, .at = SHARED(0), .tx = 128);
  cr_expect_eq(test_wait(&w, 0, ALL, SHARED(0), 0, true, false), 0);
  cr_expect_eq(sim_block_report_deadlock(w.block[0]), 1);
  cr_assert(sim_report_at(w.report, 0, &finding));
  cr_expect_str_eq(finding.message,
                   "warp 0 lanes 0xffffffff waits for mbarrier at 0x400, parity 0: in phase 0 with 1 of 2 "
                   "arrivals and 128 bytes pending");
  world_free(&w);
}

/* --- cp.async --- */

static uint32_t copy(struct world *w, uint32_t warp, uint32_t mask, uint64_t to, uint64_t from, uint32_t bytes,
                     const uint32_t *sizes)
{
  uint64_t tos[32], froms[32];
  for (uint32_t i = 0; i < 32; i++) {
    tos[i] = to + (uint64_t)i * bytes;
    froms[i] = from + (uint64_t)i * bytes;
  }
  return sim_async_copy(&(struct sim_copy){.block = w->block[0],
                                           .warp = warp,
                                           .mask = mask,
                                           .insn = 70,
                                           .to = tos,
                                           .from = froms,
                                           .space_to = PTX_GENERIC,
                                           .space_from = PTX_GENERIC,
                                           .bytes = bytes,
                                           .from_bytes = sizes});
}

static uint32_t peek(struct world *w, uint32_t warp, uint64_t at)
{
  uint64_t address[32] = {at};
  uint32_t value[32];
  struct sim_access access = {.block = w->block[0], .warp = warp, .mask = 1, .address = address, .bytes = 4};
  sim_access_load(&access, (uint8_t *)value, NULL);
  return value[0];
}

static void fill(struct world *w)
{
  uint32_t values[1024];
  for (uint32_t i = 0; i < 1024; i++) values[i] = i + 1;
  sim_memory_host_write(w->memory, w->global, values, sizeof values);
}

Test(cp_async, a_group_waited_for_and_a_barrier)
{
  for (uint64_t seed = 0; seed < 10; seed++) {
    struct world w = world_make(1, 2, 64, seed);
    fill(&w);
    copy(&w, 0, ALL, SHARED(0), w.global, 16, NULL);
    sim_async_commit(w.block[0], 0, ALL);
    sim_async_step(w.block[0], false);
    sim_async_wait(w.block[0], 0, ALL, 0);
    cr_expect_eq(peek(&w, 0, SHARED(0)), 1, "its own copy needs no barrier");
    world_barrier(w.block[0], 2);
    cr_expect_eq(peek(&w, 1, SHARED(16)), 5);
    LD(w.block[0], .warp = 1, .at = SHARED(0), .bytes = 16);
    sim_block_exit(w.block[0], 0, ALL);
    EXPECT_NONE(w);
    world_free(&w);
  }
}

Test(cp_async, reads_too_early)
{
  for (uint32_t error = 0; error < 3; error++) {
    struct world w = world_make(1, 2, 64, 1);
    copy(&w, 0, ALL, SHARED(0), w.global, 16, NULL);
    sim_async_commit(w.block[0], 0, ALL);
    if (error == 0) { /* no wait */
      world_barrier(w.block[0], 2);
      peek(&w, 1, SHARED(0));
    } else if (error == 1) { /* no barrier between warps */
      sim_async_wait(w.block[0], 0, ALL, 0);
      peek(&w, 1, SHARED(0));
    } else { /* nor between lanes */
      sim_async_wait(w.block[0], 0, ALL, 0);
      peek(&w, 0, SHARED(16));
    }
    EXPECT(w, RACE_SHARED, 1);
    struct sim_finding finding;
    cr_assert(sim_report_at(w.report, 0, &finding));
    cr_expect_str_eq(finding.second.agent, "cp.async");
    cr_expect_eq(finding.second.ptx_line, 70);
    world_free(&w);
  }
}

Test(cp_async, the_newest_groups_may_be_left)
{
  for (uint32_t newest = 0; newest < 4; newest++) {
    struct world w = world_make(1, 1, 32, newest);
    fill(&w);
    for (uint32_t k = 0; k < 3; k++) {
      copy(&w, 0, ALL, SHARED(512 * k), w.global + 512 * k, 16, NULL);
      sim_async_commit(w.block[0], 0, ALL);
    }
    sim_async_wait(w.block[0], 0, ALL, newest);
    for (uint32_t k = 0; k < 3; k++) {
      uint32_t value = peek(&w, 0, SHARED(512 * k));
      if (k + newest < 3) cr_expect_eq(value, 128 * k + 1);
    }
    EXPECT(w, RACE_SHARED, newest);
    world_free(&w);
  }
}

Test(cp_async, a_multistage_ring)
{
  for (uint64_t seed = 0; seed < 10; seed++)
    for (uint32_t broken = 0; broken < 2; broken++) {
      struct world w = world_make(1, 2, 64, seed);
      fill(&w);
      for (uint32_t k = 0; k < 6; k++) {
        for (uint32_t warp = 0; warp < 2; warp++) {
          if (k < 4) copy(&w, warp, ALL, SHARED(k % 3 * 1024 + warp * 512), w.global + warp * 512, 16, NULL);
          sim_async_commit(w.block[0], warp, ALL);
          sim_async_wait(w.block[0], warp, ALL, broken ? 3 : 2);
          sim_async_step(w.block[0], false);
        }
        world_barrier(w.block[0], 2);
        for (uint32_t warp = 0; k >= 2 && warp < 2; warp++)
          LD(w.block[0], .warp = warp, .at = SHARED((k - 2) % 3 * 1024 + (1 - warp) * 512), .bytes = 16);
        world_barrier(w.block[0], 2);
      }
      if (broken)
        cr_expect_gt(sim_report_count(w.report, SIM_CHECK_RACE_SHARED), 0);
      else
        EXPECT_NONE(w);
      world_free(&w);
    }
}

Test(cp_async, overwriting_what_others_still_read)
{
  for (uint32_t sync = 0; sync < 2; sync++) {
    struct world w = world_make(1, 2, 64, 1);
    ST(w.block[0], .warp = 0, .at = SHARED(0));
    world_barrier(w.block[0], 2);
    LD(w.block[0], .warp = 1, .at = SHARED(0));
    if (sync) world_barrier(w.block[0], 2);
    copy(&w, 0, 1, SHARED(0), w.global, 4, NULL);
    EXPECT(w, RACE_SHARED, sync ? 0 : 1);
    world_free(&w);
  }
}

Test(cp_async, short_sources_are_filled_with_zeros_and_not_read)
{
  struct world w = world_make(1, 1, 32, 1);
  uint32_t sizes[32] = {16, 6, 0};
  fill(&w);
  uint64_t at = w.global + 4096 - 16;
  uint64_t to[32], from[32] = {at - 16, at, at + 4096};
  for (uint32_t i = 0; i < 32; i++) to[i] = SHARED(16 * i);
  struct sim_copy c = {.block = w.block[0],
                       .mask = 7,
                       .to = to,
                       .from = from,
                       .space_to = PTX_GENERIC,
                       .space_from = PTX_GLOBAL,
                       .bytes = 16,
                       .from_bytes = sizes};
  cr_expect_eq(sim_async_copy(&c), 7);
  sim_async_wait_all(w.block[0], 0, ALL);
  sim_block_warp_sync(w.block[0], 0, ALL);
  cr_expect_eq(peek(&w, 0, SHARED(12)), 1020);
  cr_expect_eq(peek(&w, 0, SHARED(16)), 1021);
  cr_expect_eq(peek(&w, 0, SHARED(20)), 1022);
  cr_expect_eq(peek(&w, 0, SHARED(24)), 0);
  cr_expect_eq(peek(&w, 0, SHARED(32)), 0);
  EXPECT_NONE(w);
  sizes[0] = 17;
  cr_expect_eq(sim_async_copy(&c), 0);
  EXPECT(w, INSTRUCTION, 1);
  world_free(&w);
}

Test(cp_async, bounds_and_uninitialised_sources)
{
  struct world w = world_make(1, 1, 32, 1);
  cr_expect_eq(copy(&w, 0, 1, SHARED(0), w.global + 4096, 16, NULL), 0);
  EXPECT(w, BOUNDS_GLOBAL, 1);
  sim_report_clear(w.report);
  cr_expect_eq(copy(&w, 0, 1, SHARED(8192), w.global, 16, NULL), 0);
  EXPECT(w, BOUNDS_SHARED, 1);
  sim_report_clear(w.report);
  cr_expect_eq(copy(&w, 0, 1, w.global, w.global, 16, NULL), 0);
  EXPECT(w, BOUNDS_SHARED, 1);
  sim_report_clear(w.report);
  copy(&w, 0, 1, SHARED(0), w.fresh, 16, NULL);
  EXPECT(w, UNINIT_GLOBAL, 1);
  world_free(&w);
}

Test(cp_async, copies_must_be_waited_for_before_the_end)
{
  for (uint32_t wait = 0; wait < 3; wait++) {
    struct world w = world_make(1, 1, 32, 1);
    copy(&w, 0, 1, SHARED(0), w.global, 16, NULL);
    sim_async_commit(w.block[0], 0, ALL);
    if (wait == 1) sim_async_wait(w.block[0], 0, ALL, 0);
    if (wait == 2) sim_async_wait(w.block[0], 0, ALL, 1);
    sim_block_exit(w.block[0], 0, ALL);
    EXPECT(w, ASYNC_UNWAITED, wait == 1 ? 0 : 1);
    world_free(&w);
  }
}

static void copy_with_arrival(uint64_t seed, bool noinc, bool wait)
{
  struct world w = world_make(1, 2, 64, seed);
  uint64_t address[32];
  fill(&w);
  for (uint32_t i = 0; i < 32; i++) address[i] = SHARED(4096);
  MB(INIT, .at = SHARED(4096), .count = 32);
  world_barrier(w.block[0], 2);
  copy(&w, 0, ALL, SHARED(0), w.global, 16, NULL);
  sim_async_arrive(&(struct sim_mbarrier_op){.block = w.block[0], .mask = ALL, .address = address, .insn = 80}, noinc);
  /* Without noinc the copies' arrivals come on top of the threads' own. */
  if (!noinc) MB(ARRIVE, .mask = ALL, .at = SHARED(4096));
  uint32_t rounds = 0;
  while (wait && test_wait(&w, 1, ALL, SHARED(4096), 0, true, true) != ALL) {
    sim_async_step(w.block[0], false);
    cr_assert_lt(rounds++, 1000);
  }
  uint32_t value = peek(&w, 1, SHARED(496));
  if (wait) cr_expect_eq(value, 125);
  sim_block_exit(w.block[0], 0, ALL);
  EXPECT(w, RACE_SHARED, wait ? 0 : 1);
  world_free(&w);
}

Test(cp_async, arrives_on_an_mbarrier_when_it_has_landed)
{
  for (uint64_t seed = 0; seed < 20; seed++) {
    copy_with_arrival(seed, true, true);
    copy_with_arrival(seed, false, true);
    copy_with_arrival(seed, true, false);
  }
}

Test(cp_async, lands_at_times_of_the_seed_s_choice)
{
  uint32_t early = 0;
  for (uint64_t seed = 0; seed < 32; seed++) {
    struct world w = world_make(1, 1, 32, seed);
    copy(&w, 0, ALL, SHARED(0), w.global, 16, NULL);
    bool landed = sim_async_step(w.block[0], false);
    cr_expect_eq(sim_async_step(w.block[0], true), !landed);
    cr_expect_not(sim_async_step(w.block[0], true), "nothing is left");
    early += landed;
    world_free(&w);
  }
  cr_expect(early > 0 && early < 32);
}
