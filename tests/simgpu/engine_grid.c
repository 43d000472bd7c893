/* engine_grid.c: the blocks of a grid over host threads. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_internal.h"

#define STACK_BYTES    8192u  /* of a lane, where functions are called */
#define CROWDED_YIELDS 20000u /* turns given up by a block before another one is let in beside it */
#define RESIDENT_MAX   4096u

/* One host thread's blocks: one at a time, unless they wait for each other. */
struct worker {
  struct engine *engine;
  struct block **blocks;
  uint32_t count, capacity;
  uint64_t random;
  uint64_t most;
};

static void grid_fail(struct engine *engine, enum sim_status status, const struct sim_error *error)
{
  pthread_mutex_lock(&engine->lock);
  if (engine->status == SIM_OK) {
    engine->status = status;
    engine->error = *error;
  }
  pthread_mutex_unlock(&engine->lock);
  atomic_store(&engine->stop, 1);
}

static void fail_memory(struct engine *engine)
{
  struct sim_error error = {.status = SIM_ERR_OUT_OF_MEMORY};
  snprintf(error.message, sizeof error.message, "out of host memory for a block of '%.200s'", engine->kernel->name);
  grid_fail(engine, error.status, &error);
}

/* Takes the next block of the grid in; false: there is none, or no memory. */
static bool take_block(struct worker *worker)
{
  struct engine *engine = worker->engine;
  if (atomic_load(&engine->stop) != 0) return false;
  uint64_t number = atomic_fetch_add(&engine->next_block, 1);
  if (number >= engine->block_count) return false;
  struct block *block = calloc(1, sizeof *block);
  if (worker->count == worker->capacity) {
    uint32_t capacity = worker->capacity > 0 ? worker->capacity * 2 : 4;
    struct block **grown = realloc(worker->blocks, capacity * sizeof *grown);
    if (grown != NULL) {
      worker->blocks = grown;
      worker->capacity = capacity;
    }
  }
  if (block == NULL || worker->count == worker->capacity || !sim_engine_block_init(block, engine, number)) {
    free(block);
    fail_memory(engine);
    return false;
  }
  worker->blocks[worker->count++] = block;
  if (worker->count > worker->most) worker->most = worker->count;
  return true;
}

static void drop_block(struct worker *worker, uint32_t index)
{
  struct block *block = worker->blocks[index];
  struct sim_error error = {.status = SIM_OK};
  enum sim_status status = sim_block_fault(block->memory, &error);
  if (status != SIM_OK) grid_fail(worker->engine, status, &error);
  sim_engine_block_free(block);
  free(block);
  worker->blocks[index] = worker->blocks[--worker->count];
}

static void over_limit(struct worker *worker)
{
  struct engine *engine = worker->engine;
  if (atomic_load(&engine->steps) < engine->grid->step_limit || atomic_load(&engine->stop) != 0) return;
  const struct block *block = worker->blocks[0];
  for (uint32_t w = 0; w < block->warp_count; w++) {
    const struct warp *warp = &block->warps[w];
    if (warp->group_count == 0) continue;
    sim_block_report(block->memory, SIM_CHECK_HANG, w, (uint32_t)__builtin_ctz(warp->groups[0].mask),
                     warp->groups[0].pc, "more than %llu warp instructions: the kernel seems to hang",
                     (unsigned long long)engine->grid->step_limit);
    break;
  }
}

static void *worker_run(void *argument)
{
  struct worker *worker = argument;
  struct engine *engine = worker->engine;
  bool together = engine->grid->cooperative;
  while (atomic_load(&engine->stop) == 0) {
    while (worker->count == 0 || together) {
      if (!take_block(worker)) break;
    }
    if (worker->count == 0) break;
    uint32_t index = worker->count == 1 ? 0 : (uint32_t)(sim_engine_random(&worker->random) % worker->count);
    struct block *block = worker->blocks[index];
    bool alive = sim_engine_block_turn(block);
    over_limit(worker);
    if (!alive || sim_block_fault(block->memory, NULL) != SIM_OK) {
      drop_block(worker, index);
    } else if (block->yields > CROWDED_YIELDS && worker->count < RESIDENT_MAX) {
      block->yields = 0; /* it may wait for a block that has not started */
      take_block(worker);
    }
  }
  while (worker->count > 0) drop_block(worker, worker->count - 1);
  free(worker->blocks);
  return NULL;
}

static void run_workers(struct engine *engine, uint64_t *at_once)
{
  const struct sim_grid *grid = engine->grid;
  uint32_t count = grid->cooperative || grid->threads == 0 ? 1 : grid->threads;
  if (count > 64) count = 64;
  if (count > engine->block_count) count = (uint32_t)engine->block_count;
  struct worker workers[64];
  pthread_t threads[64];
  bool started[64] = {false};
  for (uint32_t i = 0; i < count; i++) {
    workers[i] = (struct worker){.engine = engine, .random = grid->seed + i};
    if (i > 0) started[i] = pthread_create(&threads[i], NULL, worker_run, &workers[i]) == 0;
  }
  worker_run(&workers[0]);
  *at_once = workers[0].most;
  for (uint32_t i = 1; i < count; i++) {
    if (!started[i]) continue;
    pthread_join(threads[i], NULL);
    *at_once += workers[i].most;
  }
}

static bool calls_functions(const struct sim_program *program)
{
  for (uint32_t i = 0; i < program->module->insn_count; i++) {
    uint16_t op = program->module->insns[i].op;
    if (op == PTX_DO_CALL || op == PTX_DO_ALLOCA) return true;
  }
  return false;
}

enum sim_status sim_grid_run(const struct sim_grid *grid, struct sim_launch_stats *stats, struct sim_error *error)
{
  const struct ptx_module *m = grid->program->module;
  struct engine engine = {.grid = grid, .program = grid->program, .module = m, .kernel = &m->functions[grid->function]};
  uint32_t align = engine.kernel->shared_align > 0 ? engine.kernel->shared_align : 16;
  engine.threads_per_block = grid->block[0] * grid->block[1] * grid->block[2];
  engine.warps_per_block = (engine.threads_per_block + LANES - 1) / LANES;
  engine.static_shared_bytes = engine.kernel->shared_bytes;
  engine.dynamic_shared_offset = (engine.kernel->shared_bytes + align - 1) / align * align;
  engine.block_count = (uint64_t)grid->grid[0] * grid->grid[1] * grid->grid[2];
  struct sim_launch_options options = {
      .memory = grid->memory,
      .report = grid->report,
      .kernel = engine.kernel->name,
      .program = grid->program,
      .site = sim_program_site,
      .warps_per_block = engine.warps_per_block,
      .block_threads = engine.threads_per_block,
      .blocks = engine.block_count,
      .grid = {grid->grid[0], grid->grid[1], grid->grid[2]},
      .shared_bytes = grid->dynamic_shared_bytes > 0 ? engine.dynamic_shared_offset + grid->dynamic_shared_bytes
                                                     : engine.kernel->shared_bytes,
      .local_bytes = engine.kernel->local_bytes + (calls_functions(grid->program) ? STACK_BYTES : 0),
      .params = grid->params,
      .params_bytes = engine.kernel->param_bytes,
      .seed = grid->seed,
      .turn = grid->turn,
      .race_checks_off = grid->race_checks_off};
  engine.launch = sim_memory_launch_begin(&options);
  if (engine.launch == NULL || pthread_mutex_init(&engine.lock, NULL) != 0) {
    sim_memory_launch_end(engine.launch);
    snprintf(error->message, sizeof error->message, "out of host memory for a launch of '%.200s'", engine.kernel->name);
    return error->status = SIM_ERR_OUT_OF_MEMORY;
  }
  uint64_t at_once = 0;
  run_workers(&engine, &at_once);
  sim_memory_launch_end(engine.launch);
  pthread_mutex_destroy(&engine.lock);
  if (stats != NULL) {
    uint64_t steps = atomic_load(&engine.steps);
    *stats =
        (struct sim_launch_stats){.warp_instructions = steps, .blocks = engine.block_count, .blocks_at_once = at_once};
    /* One warp instruction a cycle of each SM that has a block, and 2 µs to start: an order of magnitude, no more. */
    uint64_t sms = engine.block_count < grid->arch->sm_count ? engine.block_count : grid->arch->sm_count;
    stats->simulated_ns = 2000 + steps * 1000000 / (sms * grid->arch->clock_khz);
  }
  if (engine.status != SIM_OK) *error = engine.error;
  return engine.status;
}
