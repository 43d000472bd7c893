/* test_world.h: a memory, a launch and a few blocks, and accesses in one line: for tests of memory, clocks and barriers
 * without PTX.
 * Accesses take what they leave out: all lanes, 4 bytes, neighbouring addresses, generic space, weak. */
#ifndef SIMGPU_TEST_WORLD_H
#define SIMGPU_TEST_WORLD_H

#include <criterion/criterion.h>
#include <string.h>

#include "sim_barrier.h"
#include "sim_clock.h"
#include "sim_engine.h"
#include "sim_memory.h"
#include "sim_report.h"

#define ALL          UINT32_MAX
#define SHARED(byte) (SIM_SHARED_WINDOW + SIM_SHARED_BASE + (byte))
#define LOCAL(byte)  (SIM_LOCAL_WINDOW + (byte))

struct world {
  struct sim_memory *memory;
  struct sim_report *report;
  struct sim_memory_launch *launch;
  struct sim_block *block[4];
  uint64_t global; /* 4096 bytes, all written */
  uint64_t fresh;  /* 4096 bytes, none written */
};

/* Instruction n stands in PTX line n and in line n + 100 of k.cu. */
static inline void world_site(const struct sim_program *program, uint32_t insn, struct sim_site *site)
{
  (void)program;
  *site = (struct sim_site){"k.cu", insn + 100, insn};
}

static inline struct world world_make(uint32_t blocks, uint32_t warps, uint32_t threads, uint64_t seed)
{
  static const uint8_t zeros[4096], params[16] = {1, 2, 3};
  struct world world = {.memory = sim_memory_create(SIM_GLOBAL_WINDOW(0), 1 << 30), .report = sim_report_create(0)};
  sim_memory_set_report(world.memory, world.report);
  world.global = sim_memory_alloc(world.memory, 4096, 0, "cudaMalloc", false);
  world.fresh = sim_memory_alloc(world.memory, 4096, 0, "cudaMalloc", false);
  cr_assert(sim_memory_host_write(world.memory, world.global, zeros, 4096));
  world.launch = sim_memory_launch_begin(&(struct sim_launch_options){.memory = world.memory,
                                                                      .report = world.report,
                                                                      .kernel = "k",
                                                                      .site = world_site,
                                                                      .warps_per_block = warps,
                                                                      .block_threads = threads,
                                                                      .blocks = blocks,
                                                                      .grid = {blocks, 1, 1},
                                                                      .shared_bytes = 8192,
                                                                      .local_bytes = 64,
                                                                      .params = params,
                                                                      .params_bytes = sizeof params,
                                                                      .seed = seed});
  cr_assert_not_null(world.launch);
  for (uint32_t i = 0; i < blocks; i++)
    world.block[i] = sim_block_create(world.launch, i, (const uint32_t[3]){i, 0, 0});
  return world;
}

static inline void world_free(struct world *world)
{
  for (uint32_t i = 0; i < 4; i++) sim_block_destroy(world->block[i]);
  sim_memory_launch_end(world->launch);
  sim_memory_destroy(world->memory);
  sim_report_destroy(world->report);
}

/* A fresh launch on the same memory: the kernel before has ended. */
static inline void world_relaunch(struct world *world, uint32_t warps)
{
  struct sim_launch_options options = {.memory = world->memory,
                                       .report = world->report,
                                       .kernel = "k2",
                                       .site = world_site,
                                       .warps_per_block = warps,
                                       .blocks = 1,
                                       .shared_bytes = 1024};
  for (uint32_t i = 0; i < 4; i++) sim_block_destroy(world->block[i]);
  memset(world->block, 0, sizeof world->block);
  sim_memory_launch_end(world->launch);
  world->launch = sim_memory_launch_begin(&options);
  world->block[0] = sim_block_create(world->launch, 0, (const uint32_t[3]){0, 0, 0});
}

struct touch {
  uint32_t warp, mask, bytes, insn, value;
  uint64_t at;
  bool same;   /* all lanes at one address */
  bool varied; /* each lane another value */
  uint8_t space, semantics, scope;
  uint32_t align;
};

static inline struct sim_access world_access(struct sim_block *block, const struct touch *touch, uint64_t address[32])
{
  uint32_t bytes = touch->bytes != 0 ? touch->bytes : 4;
  for (uint32_t lane = 0; lane < 32; lane++) address[lane] = touch->at + (touch->same ? 0 : (uint64_t)lane * bytes);
  return (struct sim_access){.block = block,
                             .warp = touch->warp,
                             .insn = touch->insn,
                             .mask = touch->mask != 0 ? touch->mask : ALL,
                             .address = address,
                             .bytes = bytes,
                             .align = touch->align,
                             .space = touch->space,
                             .semantics = touch->semantics,
                             .scope = touch->scope};
}

static inline uint32_t world_load(struct sim_block *block, struct touch touch, uint32_t *undefined)
{
  uint64_t address[32];
  uint8_t values[32 * 32];
  struct sim_access access = world_access(block, &touch, address);
  return sim_access_load(&access, values, undefined);
}

static inline uint32_t world_store(struct sim_block *block, struct touch touch)
{
  uint64_t address[32];
  uint8_t values[32 * 32] = {0};
  struct sim_access access = world_access(block, &touch, address);
  for (uint32_t lane = 0; lane < 32; lane++)
    values[lane * access.bytes] = (uint8_t)(touch.value + (touch.varied ? lane : 0));
  return sim_access_store(&access, values);
}

static inline void world_add(void *context, uint32_t lane, uint8_t *bytes)
{
  (void)lane;
  uint32_t value;
  memcpy(&value, bytes, 4);
  value += *(const uint32_t *)context;
  memcpy(bytes, &value, 4);
}

static inline uint32_t world_atomic(struct sim_block *block, struct touch touch)
{
  uint64_t address[32];
  uint32_t one = 1;
  struct sim_access access = world_access(block, &touch, address);
  return sim_access_atomic(&access, world_add, &one);
}

#define LD(block, ...)   world_load(block, (struct touch){__VA_ARGS__}, NULL)
#define ST(block, ...)   world_store(block, (struct touch){__VA_ARGS__})
#define ATOM(block, ...) world_atomic(block, (struct touch){__VA_ARGS__})

/* bar.sync 0 of all warps of a block. */
static inline void world_barrier(struct sim_block *block, uint32_t warps)
{
  uint64_t ticket[32];
  for (uint32_t warp = 0; warp < warps; warp++)
    ticket[warp] = sim_bar_arrive(&(struct sim_bar){.block = block, .warp = warp, .mask = ALL});
  for (uint32_t warp = 0; warp < warps; warp++)
    cr_assert(sim_bar_passed(&(struct sim_bar){.block = block, .warp = warp, .mask = ALL}, ticket[warp], NULL));
}

/* Exactly these findings of one check, and no error of another. */
static inline void world_expect_at(const struct world *world, enum sim_check check, uint64_t count, int line)
{
  struct sim_finding finding = {0};
  char text[1024] = "";
  if (sim_report_at(world->report, 0, &finding)) sim_finding_print(&finding, text, sizeof text);
  uint64_t errors = sim_check_severity(check) == SIM_SEVERITY_ERROR ? count : 0;
  cr_assert_eq(sim_report_count(world->report, check), count, "line %d: %llu of %s, not %llu; first: %s", line,
               (unsigned long long)sim_report_count(world->report, check), sim_check_name(check),
               (unsigned long long)count, text);
  cr_assert_eq(sim_report_errors(world->report), errors, "line %d: other errors: %s", line, text);
}
#define EXPECT(world, check, count) world_expect_at(&(world), SIM_CHECK_##check, count, __LINE__)
#define EXPECT_NONE(world)          world_expect_at(&(world), SIM_CHECK_RACE_SAME_VALUE, 0, __LINE__)

#endif
