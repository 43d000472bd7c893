/* tests of memory.c, memory_access.c, memory_block.c and memory_shadow.c: each check on both sides */
#include <pthread.h>
#include <stdlib.h>

#include "test_world.h"

/* --- allocations --- */

Test(memory, allocations_are_aligned_apart_and_counted)
{
  struct sim_memory *memory = sim_memory_create(SIM_GLOBAL_WINDOW(1), 10000);
  uint64_t a = sim_memory_alloc(memory, 100, 0, "a", false), b = sim_memory_alloc(memory, 100, 512, "b", true), base,
           size;
  cr_assert(a != 0 && b != 0);
  cr_expect_eq(a % 256, 0);
  cr_expect_eq(b % 512, 0);
  cr_expect_geq(b, a + 100 + 4096);
  cr_expect_eq(sim_memory_used(memory), 200);
  cr_expect_eq(sim_memory_alloc(memory, 9801, 0, "c", false), 0, "beyond the capacity");
  cr_expect(sim_memory_range(memory, a + 99, &base, &size));
  cr_expect_eq(base, a);
  cr_expect_eq(size, 100);
  cr_expect_not(sim_memory_range(memory, a + 100, NULL, NULL));
  cr_expect(sim_memory_free(memory, a));
  cr_expect_not(sim_memory_range(memory, a, NULL, NULL));
  cr_expect_eq(sim_memory_used(memory), 100);
  uint64_t again = sim_memory_alloc(memory, 100, 0, "a", false);
  cr_expect_neq(again, a, "addresses are not reused");
  sim_memory_destroy(memory);
}

Test(memory, a_whole_gpu_s_memory_may_be_allocated)
{
  struct sim_memory *memory = sim_memory_create(SIM_GLOBAL_WINDOW(0), 80ull << 30);
  uint64_t at = sim_memory_alloc(memory, 79ull << 30, 0, "x", false), unset;
  uint32_t value = 7, back = 0;
  cr_assert_neq(at, 0);
  cr_expect(sim_memory_host_write(memory, at + (78ull << 30), &value, 4));
  cr_expect(sim_memory_host_read(memory, &back, at + (78ull << 30), 4, &unset));
  cr_expect_eq(back, 7);
  cr_expect_eq(unset, 0);
  cr_expect(sim_memory_free(memory, at));
  sim_memory_destroy(memory);
}

Test(memory, bad_frees_are_told_apart)
{
  struct world w = world_make(1, 1, 32, 1);
  cr_expect_not(sim_memory_free(w.memory, w.global + 8));
  cr_expect(sim_memory_free(w.memory, w.global));
  cr_expect_not(sim_memory_free(w.memory, w.global));
  cr_expect_not(sim_memory_free(w.memory, 12345));
  EXPECT(w, BAD_FREE, 3);
  bool before = false, inside = false;
  struct sim_finding finding;
  for (uint32_t i = 0; sim_report_at(w.report, i, &finding); i++) {
    before = before || strstr(finding.message, "freed before") != NULL;
    inside = inside || strstr(finding.message, "8 bytes inside") != NULL;
  }
  cr_expect(before && inside);
  world_free(&w);
}

Test(memory, leaks_are_live_allocations_of_nobody_else)
{
  struct world w = world_make(1, 1, 32, 1);
  static uint32_t host[4];
  sim_memory_alloc(w.memory, 64, 0, "variable x", true);
  cr_assert(sim_memory_map_host(w.memory, host, sizeof host));
  sim_memory_free(w.memory, w.global);
  cr_expect_eq(sim_memory_report_leaks(w.memory, w.report), 1);
  EXPECT(w, LEAK, 1);
  sim_memory_free(w.memory, w.fresh);
  cr_expect_eq(sim_memory_report_leaks(w.memory, w.report), 0);
  world_free(&w);
}

Test(memory, mapped_host_memory_is_reached_at_its_own_address)
{
  struct world w = world_make(1, 1, 32, 1);
  uint32_t *host = calloc(64, 4);
  cr_assert(sim_memory_map_host(w.memory, host, 256));
  cr_expect_not(sim_memory_map_host(w.memory, host + 4, 8), "overlaps");
  LD(w.block[0], .at = (uint64_t)(uintptr_t)host);
  ST(w.block[0], .at = (uint64_t)(uintptr_t)host, .value = 7);
  EXPECT_NONE(w);
  cr_expect_eq(host[31], 7);
  LD(w.block[0], .at = (uint64_t)(uintptr_t)(host + 64), .mask = 1);
  EXPECT(w, BOUNDS_GLOBAL, 1);
  cr_expect(sim_memory_unmap_host(w.memory, host));
  cr_expect_not(sim_memory_unmap_host(w.memory, host));
  free(host);
  world_free(&w);
}

/* --- bounds and alignment --- */

Test(memory, bounds_of_global_memory)
{
  struct world w = world_make(1, 1, 32, 1);
  cr_expect_eq(LD(w.block[0], .at = w.global + 4096 - 128), ALL);
  cr_expect_eq(sim_block_fault(w.block[0], NULL), SIM_OK);
  EXPECT_NONE(w);
  cr_expect_eq(LD(w.block[0], .at = w.global + 4096 - 124), ALL >> 1, "the last lane is out");
  EXPECT(w, BOUNDS_GLOBAL, 1);
  struct sim_error error;
  cr_expect_eq(sim_block_fault(w.block[0], &error), SIM_ERR_FAULT_ADDRESS);
  cr_expect(strstr(error.message, "global-bounds"), "%s", error.message);
  cr_expect(strstr(error.message, "lane 31"), "%s", error.message);
  LD(w.block[0], .at = 8, .mask = 1, .insn = 1);
  LD(w.block[0], .at = w.global - 4, .mask = 1, .insn = 2);
  ST(w.block[0], .at = w.global + 4096, .mask = 1, .insn = 3);
  EXPECT(w, BOUNDS_GLOBAL, 4);
  world_free(&w);
}

Test(memory, bounds_of_shared_local_and_parameters)
{
  struct world w = world_make(1, 1, 32, 1);
  ST(w.block[0], .at = SHARED(8192 - 128));
  ST(w.block[0], .at = SIM_SHARED_BASE, .space = PTX_SHARED);
  ST(w.block[0], .at = LOCAL(60), .same = true, .varied = true);
  LD(w.block[0], .at = SIM_PARAM_WINDOW + 12, .same = true);
  EXPECT_NONE(w);
  ST(w.block[0], .at = SHARED(8192), .mask = 1);
  ST(w.block[0], .at = 0, .mask = 1, .space = PTX_SHARED, .insn = 1);
  EXPECT(w, BOUNDS_SHARED, 2);
  world_free(&w);
  w = world_make(1, 1, 32, 1);
  ST(w.block[0], .at = LOCAL(64), .mask = 1);
  LD(w.block[0], .at = SIM_PARAM_WINDOW + 16, .mask = 1, .insn = 1);
  EXPECT(w, BOUNDS_LOCAL, 2);
  world_free(&w);
  w = world_make(1, 1, 32, 1);
  ST(w.block[0], .at = SIM_PARAM_WINDOW, .mask = 1);
  EXPECT(w, READ_ONLY, 1);
  world_free(&w);
}

Test(memory, alignment)
{
  struct world w = world_make(1, 1, 32, 1);
  LD(w.block[0], .at = w.global + 16, .bytes = 16, .mask = 1);
  LD(w.block[0], .at = w.global + 8, .bytes = 16, .align = 8, .mask = 1);
  EXPECT_NONE(w);
  LD(w.block[0], .at = w.global + 8, .bytes = 16, .mask = 1);
  ST(w.block[0], .at = SHARED(2), .mask = 1);
  EXPECT(w, MISALIGNED, 2);
  cr_expect_eq(sim_block_fault(w.block[0], NULL), SIM_ERR_FAULT_MISALIGNED);
  world_free(&w);
}

Test(memory, use_after_free)
{
  struct world w = world_make(1, 1, 32, 1);
  sim_memory_free(w.memory, w.global);
  cr_expect_eq(LD(w.block[0], .at = w.global + 64, .mask = 1), 0);
  EXPECT(w, USE_AFTER_FREE, 1);
  world_free(&w);
}

/* --- uninitialised --- */

Test(memory, fresh_global_memory_is_uninitialised_by_the_byte)
{
  struct world w = world_make(1, 1, 32, 1);
  uint32_t undefined = 0;
  ST(w.block[0], .at = w.fresh, .bytes = 1, .mask = 0x7);
  LD(w.block[0], .at = w.fresh, .bytes = 1, .mask = 0x7);
  sim_block_warp_sync(w.block[0], 0, ALL);
  EXPECT_NONE(w);
  world_load(w.block[0], (struct touch){.at = w.fresh, .mask = 1}, &undefined);
  EXPECT(w, UNINIT_GLOBAL, 1);
  cr_expect_eq(undefined, 1);
  ST(w.block[0], .at = w.fresh + 3, .bytes = 1, .mask = 1);
  world_load(w.block[0], (struct touch){.at = w.fresh, .mask = 1}, &undefined);
  cr_expect_eq(undefined, 0);
  EXPECT(w, UNINIT_GLOBAL, 1);
  world_free(&w);
}

Test(memory, the_host_initialises_and_copies_carry_the_state)
{
  struct world w = world_make(1, 1, 32, 1);
  uint8_t bytes[64];
  uint64_t unset;
  cr_assert(sim_memory_host_fill(w.memory, w.fresh, 0x01020304, 4, 2));
  cr_assert(sim_memory_host_read(w.memory, bytes, w.fresh, 64, &unset));
  cr_expect_eq(unset, 56);
  cr_expect_eq(bytes[4], 4);
  cr_expect_eq(bytes[8], 0);
  cr_assert(sim_memory_copy(w.memory, w.fresh + 5, w.memory, w.fresh, 16), "ranges overlap");
  cr_assert(sim_memory_host_read(w.memory, bytes, w.fresh, 64, &unset));
  cr_expect_eq(unset, 64 - 13);
  cr_expect_eq(bytes[12], 1);
  cr_assert(sim_memory_copy(w.memory, w.global, w.memory, w.fresh, 32));
  cr_assert(sim_memory_host_read(w.memory, bytes, w.global, 64, &unset));
  cr_expect_eq(unset, 32 - 13, "uninitialised bytes were copied over good ones");
  cr_expect_not(sim_memory_host_write(w.memory, w.fresh + 4090, bytes, 7));
  cr_expect_not(sim_memory_copy(w.memory, w.fresh + 4090, w.memory, w.global, 7));
  cr_expect(sim_memory_host_write(w.memory, 0, bytes, 0));
  LD(w.block[0], .at = w.fresh, .mask = 3);
  EXPECT_NONE(w);
  world_free(&w);
}

Test(memory, large_ranges_of_initialised_bits)
{
  struct world w = world_make(1, 1, 32, 1);
  static const uint8_t zeros[3000];
  uint8_t back[4096];
  uint64_t unset;
  for (uint64_t start = 0; start < 70; start += 7)
    for (uint64_t size = 1; size < 300; size += 13) {
      uint64_t at = sim_memory_alloc(w.memory, 4096, 0, "x", false);
      cr_assert(sim_memory_host_write(w.memory, at + start, zeros, size));
      sim_memory_host_read(w.memory, back, at, 4096, &unset);
      cr_assert_eq(unset, 4096 - size);
      sim_memory_host_read(w.memory, back, at + start, size, &unset);
      cr_assert_eq(unset, 0);
      sim_memory_free(w.memory, at);
    }
  world_free(&w);
}

Test(memory, shared_and_local_memory_start_uninitialised)
{
  struct world w = world_make(2, 1, 32, 1);
  ST(w.block[0], .at = SHARED(0));
  LD(w.block[0], .at = SHARED(0));
  ST(w.block[0], .at = LOCAL(0), .same = true, .mask = 0xff);
  LD(w.block[0], .at = LOCAL(0), .same = true, .mask = 0xff);
  EXPECT_NONE(w);
  LD(w.block[1], .at = SHARED(0), .mask = 1);
  EXPECT(w, UNINIT_SHARED, 1);
  sim_report_clear(w.report);
  LD(w.block[0], .at = LOCAL(0), .same = true, .mask = 0x100);
  EXPECT(w, UNINIT_LOCAL, 1);
  world_free(&w);
}

/* --- races in a block --- */

Test(memory, warps_need_a_barrier)
{
  struct world w = world_make(1, 2, 64, 1);
  ST(w.block[0], .warp = 0, .at = SHARED(0), .insn = 3);
  world_barrier(w.block[0], 2);
  LD(w.block[0], .warp = 1, .at = SHARED(0));
  LD(w.block[0], .warp = 0, .at = SHARED(0));
  world_barrier(w.block[0], 2);
  ST(w.block[0], .warp = 1, .at = SHARED(0), .value = 1, .insn = 5);
  EXPECT_NONE(w);
  LD(w.block[0], .warp = 0, .at = SHARED(0), .mask = 4, .insn = 7);
  EXPECT(w, RACE_SHARED, 1);
  struct sim_finding finding;
  cr_assert(sim_report_at(w.report, 0, &finding));
  cr_expect_eq(finding.first.ptx_line, 7);
  cr_expect_eq(finding.first.warp, 0);
  cr_expect_eq(finding.first.lane, 2);
  cr_expect_eq(finding.second.ptx_line, 5);
  cr_expect_eq(finding.second.line, 105);
  cr_expect_eq(finding.second.warp, 1);
  cr_expect_eq(finding.second.lane, 2);
  world_free(&w);
}

Test(memory, a_write_after_reads_of_other_warps)
{
  for (uint32_t reader = 1; reader < 4; reader++) {
    struct world w = world_make(1, 4, 128, 1);
    ST(w.block[0], .at = SHARED(0));
    world_barrier(w.block[0], 4);
    for (uint32_t warp = 1; warp < 4; warp++) LD(w.block[0], .warp = warp, .at = SHARED(0), .insn = warp);
    /* All but one reader have told warp 0 that they are done. */
    for (uint32_t warp = 0; warp < 4; warp++)
      if (warp != reader)
        sim_bar_arrive(&(struct sim_bar){.block = w.block[0], .warp = warp, .mask = ALL, .id = 1, .threads = 96});
    cr_assert(sim_bar_passed(&(struct sim_bar){.block = w.block[0], .mask = ALL, .id = 1, .threads = 96}, 0, NULL));
    ST(w.block[0], .at = SHARED(0), .mask = 1, .value = 1);
    EXPECT(w, RACE_SHARED, 1);
    struct sim_finding finding;
    cr_assert(sim_report_at(w.report, 0, &finding));
    cr_expect_eq(finding.second.warp, reader);
    world_free(&w);
  }
}

Test(memory, neighbouring_bytes_of_different_warps_don_t_meet)
{
  for (uint32_t bytes = 1; bytes <= 2; bytes++) {
    struct world w = world_make(1, 2, 64, 1);
    ST(w.block[0], .warp = 0, .at = SHARED(0), .bytes = 4, .mask = 0x3, .value = 9);
    world_barrier(w.block[0], 2);
    ST(w.block[0], .warp = 0, .at = SHARED(0), .bytes = bytes, .mask = 1, .value = 1);
    ST(w.block[0], .warp = 1, .at = SHARED(bytes), .bytes = bytes, .mask = 1, .value = 2);
    EXPECT_NONE(w);
    LD(w.block[0], .warp = 1, .at = SHARED(0), .bytes = bytes, .mask = 1);
    EXPECT(w, RACE_SHARED, 1);
    world_free(&w);
  }
}

Test(memory, the_readers_of_a_word_are_kept_when_it_is_split)
{
  for (uint32_t byte = 0; byte < 4; byte++) {
    struct world w = world_make(1, 3, 96, 1);
    ST(w.block[0], .at = SHARED(0));
    world_barrier(w.block[0], 3);
    LD(w.block[0], .warp = 1, .at = SHARED(0), .mask = 1);
    LD(w.block[0], .warp = 2, .at = SHARED(0), .mask = 1);
    ST(w.block[0], .warp = 2, .at = SHARED(byte), .bytes = 1, .mask = 1, .value = 1);
    EXPECT(w, RACE_SHARED, 1);
    world_free(&w);
  }
}

Test(memory, lanes_of_a_warp_need_a_syncwarp)
{
  struct world w = world_make(1, 1, 32, 1);
  ST(w.block[0], .at = SHARED(0), .varied = true);
  LD(w.block[0], .at = SHARED(0));
  sim_block_warp_sync(w.block[0], 0, ALL);
  LD(w.block[0], .at = SHARED(4), .mask = 0xffff);
  sim_block_warp_sync(w.block[0], 0, ALL);
  ST(w.block[0], .at = SHARED(0), .value = 1);
  EXPECT_NONE(w);
  LD(w.block[0], .at = SHARED(4), .mask = 1);
  EXPECT(w, RACE_WARP, 1);
  sim_report_clear(w.report);
  sim_block_warp_sync(w.block[0], 0, ALL);
  LD(w.block[0], .at = SHARED(64), .same = true);
  ST(w.block[0], .at = SHARED(64), .mask = 1, .value = 9);
  EXPECT(w, RACE_WARP, 1);
  world_free(&w);
}

Test(memory, a_sync_of_part_of_a_warp_orders_that_part)
{
  struct world w = world_make(1, 1, 32, 1);
  ST(w.block[0], .at = SHARED(0), .varied = true);
  sim_block_warp_sync(w.block[0], 0, 0xff);
  sim_block_warp_sync(w.block[0], 0, 0xff00);
  LD(w.block[0], .at = SHARED(4), .mask = 0x7f);
  LD(w.block[0], .at = SHARED(4), .mask = 0x7f00);
  EXPECT_NONE(w);
  LD(w.block[0], .at = SHARED(4), .mask = 0x80);
  EXPECT(w, RACE_WARP, 1);
  sim_report_clear(w.report);
  sim_block_warp_sync(w.block[0], 0, ALL);
  LD(w.block[0], .at = SHARED(4), .mask = ALL >> 1);
  EXPECT_NONE(w);
  world_free(&w);
}

Test(memory, lanes_of_one_store_may_agree)
{
  struct world w = world_make(1, 1, 32, 1);
  ST(w.block[0], .at = SHARED(0), .same = true, .value = 3);
  ST(w.block[0], .at = LOCAL(0), .same = true, .varied = true);
  EXPECT_NONE(w);
  ST(w.block[0], .at = SHARED(128), .same = true, .varied = true, .mask = 3);
  EXPECT(w, RACE_WARP, 1);
  world_free(&w);
}

Test(memory, unordered_writes_of_one_value_are_a_note)
{
  struct world w = world_make(1, 2, 64, 1);
  ST(w.block[0], .warp = 0, .at = SHARED(0), .mask = 1, .value = 1);
  ST(w.block[0], .warp = 1, .at = SHARED(0), .mask = 1, .value = 1);
  EXPECT(w, RACE_SAME_VALUE, 1);
  cr_expect_eq(sim_block_fault(w.block[0], NULL), SIM_OK);
  ST(w.block[0], .warp = 0, .at = SHARED(0), .mask = 1, .value = 2);
  EXPECT(w, RACE_SHARED, 1);
  world_free(&w);
}

Test(memory, atomics_don_t_race_with_each_other_but_with_plain_accesses)
{
  struct world w = world_make(1, 3, 96, 1);
  ST(w.block[0], .at = SHARED(0), .mask = 1);
  world_barrier(w.block[0], 3);
  for (uint32_t warp = 0; warp < 3; warp++) ATOM(w.block[0], .warp = warp, .at = SHARED(0), .same = true);
  world_barrier(w.block[0], 3);
  LD(w.block[0], .warp = 1, .at = SHARED(0), .same = true);
  EXPECT_NONE(w);
  world_barrier(w.block[0], 3);
  for (uint32_t warp = 0; warp < 3; warp++) ATOM(w.block[0], .warp = warp, .at = SHARED(0), .mask = 1);
  /* Its own atomic was the last, but the others' are not ordered either. */
  LD(w.block[0], .warp = 2, .at = SHARED(0), .mask = 1);
  EXPECT(w, RACE_SHARED, 1);
  world_free(&w);
}

Test(memory, atomics_add_up)
{
  struct world w = world_make(1, 1, 32, 1);
  uint32_t sum = 0;
  ATOM(w.block[0], .at = w.global, .same = true);
  sim_memory_host_read(w.memory, &sum, w.global, 4, NULL);
  cr_expect_eq(sum, 32);
  ATOM(w.block[0], .at = w.fresh, .same = true, .mask = 3);
  EXPECT(w, UNINIT_GLOBAL, 1);
  world_free(&w);
}

Test(memory, volatile_accesses_of_a_warp_don_t_race)
{
  struct world w = world_make(1, 1, 32, 1);
  ST(w.block[0], .at = SHARED(0), .semantics = PTX_VOLATILE);
  LD(w.block[0], .at = SHARED(64), .mask = 0xffff, .semantics = PTX_VOLATILE);
  ST(w.block[0], .at = SHARED(0), .mask = 0xffff, .semantics = PTX_VOLATILE);
  EXPECT_NONE(w);
  LD(w.block[0], .at = SHARED(4), .mask = 1);
  EXPECT(w, RACE_WARP, 1);
  world_free(&w);
}

Test(memory, lanes_that_left_need_not_sync)
{
  struct world w = world_make(1, 1, 32, 1);
  sim_block_exit(w.block[0], 0, 0xffff0000);
  ST(w.block[0], .at = SHARED(0), .mask = 0xffff);
  sim_block_warp_sync(w.block[0], 0, 0xffff);
  LD(w.block[0], .at = SHARED(4), .mask = 0x7fff);
  EXPECT_NONE(w);
  world_free(&w);
}

/* --- races between blocks --- */

Test(memory, blocks_of_a_launch_are_not_ordered_launches_are)
{
  struct world w = world_make(2, 1, 32, 1);
  ST(w.block[0], .at = w.global, .insn = 4, .value = 1);
  LD(w.block[1], .at = w.global + 128);
  EXPECT_NONE(w);
  LD(w.block[1], .at = w.global, .mask = 1, .insn = 6);
  EXPECT(w, RACE_GLOBAL, 1);
  struct sim_finding finding;
  cr_assert(sim_report_at(w.report, 0, &finding));
  cr_expect_eq(finding.second.block[0], 0);
  cr_expect_eq(finding.first.block[0], 1);
  sim_report_clear(w.report);
  world_relaunch(&w, 1);
  LD(w.block[0], .at = w.global);
  ST(w.block[0], .at = w.global, .value = 3);
  EXPECT_NONE(w);
  world_free(&w);
}

Test(memory, a_write_after_another_block_s_read)
{
  struct world w = world_make(3, 1, 32, 1);
  LD(w.block[0], .at = w.global);
  LD(w.block[1], .at = w.global);
  LD(w.block[2], .at = w.global);
  EXPECT_NONE(w);
  ST(w.block[2], .at = w.global, .mask = 1, .value = 1);
  EXPECT(w, RACE_GLOBAL, 1);
  world_free(&w);
}

Test(memory, narrow_scope_between_blocks)
{
  struct world w = world_make(2, 1, 32, 1);
  ATOM(w.block[0], .at = w.global, .mask = 1, .scope = PTX_SCOPE_GPU);
  ATOM(w.block[1], .at = w.global, .mask = 1, .scope = PTX_SCOPE_SYS);
  EXPECT_NONE(w);
  ATOM(w.block[0], .at = w.global, .mask = 1, .scope = PTX_SCOPE_CTA);
  EXPECT(w, SCOPE, 1);
  world_free(&w);
}

Test(memory, race_checks_can_be_off)
{
  struct sim_memory *memory = sim_memory_create(SIM_GLOBAL_WINDOW(0), 1 << 20);
  struct sim_report *report = sim_report_create(0);
  uint64_t at = sim_memory_alloc(memory, 256, 0, "x", false);
  struct sim_memory_launch *launch = sim_memory_launch_begin(&(struct sim_launch_options){
      .memory = memory, .report = report, .warps_per_block = 1, .blocks = 2, .race_checks_off = true});
  struct sim_block *a = sim_block_create(launch, 0, (uint32_t[3]){0}),
                   *b = sim_block_create(launch, 1, (uint32_t[3]){1});
  ST(a, .at = at, .value = 1);
  ST(b, .at = at, .value = 2);
  cr_expect_eq(sim_report_errors(report), 0);
  LD(b, .at = at + 128, .mask = 1);
  cr_expect_eq(sim_report_count(report, SIM_CHECK_UNINIT_GLOBAL), 1);
  sim_block_destroy(a);
  sim_block_destroy(b);
  sim_memory_launch_end(launch);
  sim_report_destroy(report);
  sim_memory_destroy(memory);
}

/* --- host threads --- */

struct job {
  struct sim_block *block;
  uint64_t own, counter;
};

static void *run_block(void *argument)
{
  const struct job *job = argument;
  for (uint32_t i = 0; i < 2000; i++) {
    ATOM(job->block, .at = job->counter, .same = true);
    ST(job->block, .at = job->own, .value = i, .bytes = 2);
    LD(job->block, .at = job->own, .bytes = 2);
  }
  return NULL;
}

Test(memory, blocks_on_two_host_threads)
{
  struct world w = world_make(2, 1, 32, 1);
  struct job jobs[2] = {{w.block[0], w.global + 64, w.global}, {w.block[1], w.global + 128, w.global}};
  pthread_t threads[2];
  for (uint32_t i = 0; i < 2; i++) pthread_create(&threads[i], NULL, run_block, &jobs[i]);
  for (uint32_t i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  EXPECT_NONE(w);
  uint32_t sum = 0;
  sim_memory_host_read(w.memory, &sum, w.global, 4, NULL);
  cr_expect_eq(sum, 2 * 32 * 2000);
  world_free(&w);
}
