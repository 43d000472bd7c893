/* memory_block.c: launches, blocks, their findings, fences and syncs. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_internal.h"
#include "sim_engine.h"

void *sim_block_must(void *memory)
{
  if (memory != NULL) return memory;
  fprintf(stderr, "simulated GPU: out of host memory\n");
  abort();
}

/* --- launches --- */

struct sim_memory_launch *sim_memory_launch_begin(const struct sim_launch_options *options)
{
  uint32_t agents = sim_agent_count(options->warps_per_block);
  if (agents == 0 || options->blocks > UINT32_MAX / agents) return NULL;
  struct sim_memory_launch *launch = calloc(1, sizeof *launch);
  if (launch == NULL) return NULL;
  launch->options = *options;
  launch->agents = agents;
  launch->stamp = sim_memory_next_stamp(options->memory);
  launch->sync = sim_sync_create(64);
  if (options->turn != NULL) launch->turn = sim_turn_create(options->turn);
  if (launch->sync != NULL && (options->turn == NULL || launch->turn != NULL)) return launch;
  sim_memory_launch_end(launch);
  return NULL;
}

void sim_memory_launch_end(struct sim_memory_launch *launch)
{
  if (launch == NULL) return;
  if (launch->turn != NULL) sim_turn_finish(launch);
  sim_sync_destroy(launch->sync);
  free(launch);
}

/* --- blocks --- */

static uint32_t lanes_of(const struct sim_memory_launch *launch, uint32_t warp)
{
  uint32_t threads = launch->options.block_threads, first = warp * 32;
  if (threads == 0 || threads >= first + 32) return UINT32_MAX;
  return threads <= first ? 0 : (1u << (threads - first)) - 1;
}

static bool init_clocks(struct sim_block *block)
{
  block->clocks = calloc(block->warps, sizeof *block->clocks);
  if (block->clocks == NULL) return false;
  for (uint32_t warp = 0; warp < block->warps; warp++)
    if (!sim_warp_clock_init(&block->clocks[warp], block->number, block->agents, warp, lanes_of(block->launch, warp)))
      return false;
  return true;
}

static void block_free(struct sim_block *block)
{
  for (uint32_t warp = 0; block->clocks != NULL && warp < block->warps; warp++)
    sim_warp_clock_free(&block->clocks[warp]);
  free(block->clocks);
  sim_turn_block_end(block);
  sim_barriers_free(block);
  sim_range_free(&block->shared);
  sim_range_free(&block->local);
  sim_sync_destroy(block->sync);
  free(block);
}

struct sim_block *sim_block_create(struct sim_memory_launch *launch, uint64_t block_number,
                                   const uint32_t coordinates[3])
{
  const struct sim_launch_options *options = &launch->options;
  struct sim_block *block = calloc(1, sizeof *block);
  if (block == NULL) return NULL;
  block->launch = launch;
  block->number = block_number;
  memcpy(block->coordinates, coordinates, sizeof block->coordinates);
  block->warps = options->warps_per_block;
  block->agents = launch->agents;
  block->first_agent = (uint32_t)(block_number * launch->agents);
  block->random = options->seed ^ (block_number + 1) * 0xd1342543de82ef95ull;
  block->sync = sim_sync_create(1); /* a block has one host thread at a time */
  block->waiters = calloc(block->warps, sizeof *block->waiters);
  uint64_t local_bytes = (uint64_t)options->local_bytes * 32 * block->warps;
  if (block->sync != NULL && block->waiters != NULL && init_clocks(block) &&
      sim_range_init(&block->shared, SIM_SHARED_BASE, options->shared_bytes, true, false) &&
      sim_range_init(&block->local, 0, local_bytes, true, false))
    return block;
  block_free(block);
  return NULL;
}

void sim_block_destroy(struct sim_block *block)
{
  if (block != NULL) block_free(block);
}

enum sim_status sim_block_fault(const struct sim_block *block, struct sim_error *error)
{
  if (error != NULL && block->fault.status != SIM_OK) *error = block->fault;
  return block->fault.status;
}

uint64_t sim_block_random(struct sim_block *block)
{
  uint64_t z = (block->random += 0x9e3779b97f4a7c15ull);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ z >> 27) * 0x94d049bb133111ebull;
  return z ^ z >> 31;
}

/* --- findings --- */

void sim_block_place(const struct sim_block *block, uint32_t insn, struct sim_party *party)
{
  const struct sim_launch_options *options = &block->launch->options;
  if (options->site == NULL) return;
  struct sim_site site = {0};
  options->site(options->program, insn, &site);
  party->ptx_line = site.ptx_line;
  party->line = site.line;
  const char *file = site.file != NULL && strcmp(site.file, "?") != 0 ? site.file : "";
  size_t length = strlen(file);
  if (length >= sizeof party->file) file += length - sizeof party->file + 1;
  snprintf(party->file, sizeof party->file, "%s", file);
}

static void coordinates_of(const struct sim_block *block, uint64_t number, uint32_t out[3])
{
  const uint32_t *grid = block->launch->options.grid;
  if (number == block->number) {
    memcpy(out, block->coordinates, sizeof block->coordinates);
  } else if (grid[0] == 0 || grid[1] == 0) {
    out[0] = (uint32_t)number;
  } else {
    out[0] = (uint32_t)(number % grid[0]);
    out[1] = (uint32_t)(number / grid[0] % grid[1]);
    out[2] = (uint32_t)(number / grid[0] / grid[1]);
  }
}

void sim_block_party(const struct sim_block *block, uint64_t epoch, uint32_t site, struct sim_party *out)
{
  uint32_t agent = sim_epoch_agent(epoch) % block->agents, lane = sim_epoch_lane(epoch);
  *out = (struct sim_party){.block_number = sim_epoch_agent(epoch) / block->agents,
                            .warp = agent % block->warps,
                            .lane = lane == SIM_LANE_MANY ? SIM_NO_LANE : lane,
                            .agent = sim_agent_name(agent / block->warps)};
  coordinates_of(block, out->block_number, out->block);
  sim_block_place(block, site & SIM_SITE_INSN, out);
}

/* Adds a finding whose parties are complete, and takes it as the block's fault if it is an error and the first. */
static void add(struct sim_block *block, struct sim_finding *finding)
{
  const struct sim_launch_options *options = &block->launch->options;
  snprintf(finding->kernel, sizeof finding->kernel, "%s", options->kernel != NULL ? options->kernel : "?");
  sim_report_add(options->report, finding);
  if (sim_check_severity(finding->check) != SIM_SEVERITY_ERROR || block->fault.status != SIM_OK) return;
  char text[1024];
  sim_finding_print(finding, text, sizeof text);
  for (char *at = text; *at != '\0'; at++)
    if (*at == '\n') *at = ';';
  block->fault.status = sim_check_status(finding->check);
  snprintf(block->fault.message, sizeof block->fault.message, "%.*s", (int)sizeof block->fault.message - 1, text);
}

void sim_block_finding(struct sim_block *block, struct sim_finding *finding, uint32_t warp, uint32_t lane,
                       uint32_t insn)
{
  finding->first.block_number = block->number;
  memcpy(finding->first.block, block->coordinates, sizeof block->coordinates);
  finding->first.warp = warp;
  finding->first.lane = lane;
  finding->first.agent = sim_agent_name(SIM_AGENT_WARP);
  sim_block_place(block, insn, &finding->first);
  add(block, finding);
}

void sim_block_report(struct sim_block *block, int check, uint32_t warp, uint32_t lane, uint32_t insn,
                      const char *format, ...)
{
  struct sim_finding finding = {.check = (enum sim_check)check};
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(finding.message, sizeof finding.message, format, arguments);
  va_end(arguments);
  sim_block_finding(block, &finding, warp, lane, insn);
}

static enum sim_check conflict_check(const struct sim_conflict *conflict, const struct sim_actor *actor, bool shared,
                                     bool same_value)
{
  if (conflict->kind == SIM_CONFLICT_MBARRIER) return SIM_CHECK_MBARRIER_MEMORY;
  if (same_value && conflict->earlier_write) return SIM_CHECK_RACE_SAME_VALUE;
  if (conflict->kind == SIM_CONFLICT_SCOPE) return SIM_CHECK_SCOPE;
  if (sim_epoch_agent(conflict->epoch) == actor->warp_agent && sim_epoch_agent(actor->epoch) == actor->warp_agent)
    return SIM_CHECK_RACE_WARP;
  return shared ? SIM_CHECK_RACE_SHARED : SIM_CHECK_RACE_GLOBAL;
}

void sim_block_conflict(struct sim_block *block, const struct sim_conflict *conflict, const struct sim_actor *actor,
                        uint32_t warp, uint64_t address, uint32_t bytes, const char *access, bool shared,
                        bool same_value)
{
  struct sim_finding finding = {.check = conflict_check(conflict, actor, shared, same_value)};
  const char *space = shared ? "shared" : "global", *earlier = "read";
  if ((conflict->site & SIM_SITE_ATOMIC) != 0)
    earlier = "atomic";
  else if (conflict->earlier_write)
    earlier = "write";
  unsigned long long at = (unsigned long long)address;
  sim_block_party(block, actor->epoch | actor->lane, actor->site, &finding.first);
  finding.first.warp = warp;
  finding.first.access = access;
  finding.first.bytes = bytes;
  if (conflict->kind == SIM_CONFLICT_MBARRIER) {
    snprintf(finding.message, sizeof finding.message,
             "%s of shared memory at %#llx, which is an mbarrier object: only mbarrier operations until mbarrier.inval",
             access, at);
    add(block, &finding);
    return;
  }
  sim_block_party(block, conflict->epoch, conflict->site, &finding.second);
  const char *reason = "with no order between them";
  if (finding.check == SIM_CHECK_RACE_SAME_VALUE) reason = "of the same value, with no order between them";
  if (finding.check == SIM_CHECK_RACE_WARP) reason = "by lanes of one warp, with no __syncwarp between them";
  if (finding.check == SIM_CHECK_SCOPE) reason = "whose scopes don't hold both threads: must be .gpu or .sys";
  if (strcmp(finding.second.agent, "cp.async") == 0 && finding.second.block_number == block->number)
    reason = "with no wait for the copy (cp.async.wait_group, then a barrier for other threads) between them";
  snprintf(finding.message, sizeof finding.message, "%s of %s memory at %#llx after a %s, %s", access, space, at,
           earlier, reason);
  add(block, &finding);
}

/* --- order --- */

void sim_block_fence(struct sim_block *block, uint32_t warp, uint32_t mask, enum ptx_semantics semantics,
                     enum ptx_scope scope)
{
  (void)semantics; /* fence.acquire and .release alone are taken as .acq_rel: this hides races, invents none */
  sim_warp_clock_fence(&block->clocks[warp], mask, scope == PTX_SCOPE_GPU || scope == PTX_SCOPE_SYS);
}

void sim_block_warp_sync(struct sim_block *block, uint32_t warp, uint32_t mask)
{
  sim_warp_clock_sync(&block->clocks[warp], mask);
}

void sim_block_exit(struct sim_block *block, uint32_t warp, uint32_t mask)
{
  if (block->fault.status == SIM_OK) sim_async_exit(block, warp, mask);
  sim_warp_clock_exit(&block->clocks[warp], mask);
  sim_wait_remove(block, warp, mask);
  sim_named_exit(block);
}
