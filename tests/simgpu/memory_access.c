/* memory_access.c: one warp's load, store or atomic: which memory each lane means, bounds and alignment, the bytes,
 * initialised bits, and the shadow. */
#include <stdio.h>
#include <string.h>

#include "memory_internal.h"

#define READERS_GLOBAL 8u
#define READERS_SHARED 4096u /* never reached: bounded by agents · lanes */

/* --- which memory --- */

uint32_t sim_shared_address(uint64_t address, enum ptx_space space)
{
  if (space == PTX_SHARED && address <= UINT32_MAX) return (uint32_t)address;
  uint64_t offset = address - SIM_SHARED_WINDOW;
  return offset < SIM_WINDOW_BYTES ? (uint32_t)offset : UINT32_MAX;
}

/* The space of a generic address; its address there. */
static enum ptx_space resolve(enum ptx_space space, uint64_t *address)
{
  static const uint64_t windows[PTX_SPACE_COUNT] = {
      [PTX_SHARED] = SIM_SHARED_WINDOW, [PTX_LOCAL] = SIM_LOCAL_WINDOW, [PTX_PARAM] = SIM_PARAM_WINDOW};
  static const enum ptx_space order[] = {PTX_SHARED, PTX_LOCAL, PTX_PARAM};
  for (uint32_t i = 0; i < 3; i++) {
    if (space != PTX_GENERIC && space != order[i]) continue;
    uint64_t offset = *address - windows[order[i]];
    if (offset >= SIM_WINDOW_BYTES) continue;
    *address = offset;
    return order[i];
  }
  return space == PTX_GENERIC || space == PTX_CONST ? PTX_GLOBAL : space;
}

struct lane_access {
  struct sim_block *block;
  uint32_t warp, lane, insn, bytes, align, local_end;
  const char *name; /* "read", "write", "atomic" */
};

static void report(const struct lane_access *access, enum sim_check check, const char *message)
{
  struct sim_finding finding = {.check = check};
  finding.first.access = access->name;
  finding.first.bytes = access->bytes;
  snprintf(finding.message, sizeof finding.message, "%s", message);
  sim_block_finding(access->block, &finding, access->warp, access->lane, access->insn);
}

static bool aligned(const struct lane_access *access, uint64_t address)
{
  uint32_t align = access->align != 0 ? access->align : access->bytes;
  if ((address & (align - 1)) == 0) return true;
  char message[160];
  snprintf(message, sizeof message, "%s of %u bytes at %#llx: must be a multiple of %u", access->name, access->bytes,
           (unsigned long long)address, align);
  report(access, SIM_CHECK_MISALIGNED, message);
  return false;
}

static void report_global(const struct lane_access *access, uint64_t address, const struct sim_range *near)
{
  char message[256];
  unsigned long long at = (unsigned long long)address;
  if (near == NULL) {
    snprintf(message, sizeof message, "%s of %u bytes at %#llx: no allocation lies there%s", access->name,
             access->bytes, at, address < 4096 ? " (a null pointer)" : "");
    report(access, SIM_CHECK_BOUNDS_GLOBAL, message);
    return;
  }
  unsigned long long offset = (unsigned long long)(address - near->base), size = (unsigned long long)near->size_bytes;
  if (!near->live && offset < size) {
    snprintf(message, sizeof message, "%s of %u bytes at %#llx: byte %llu of %s of %llu bytes, which was freed",
             access->name, access->bytes, at, offset, near->what, size);
    report(access, SIM_CHECK_USE_AFTER_FREE, message);
    return;
  }
  snprintf(message, sizeof message, "%s of %u bytes at %#llx: byte %llu of %s of %llu bytes", access->name,
           access->bytes, at, offset, near->what, size);
  report(access, SIM_CHECK_BOUNDS_GLOBAL, message);
}

static inline bool inside(const struct sim_range *range, uint64_t address, uint32_t bytes)
{
  uint64_t offset = address - range->base;
  return range->live && offset < range->size_bytes && bytes <= range->size_bytes - offset;
}

static struct sim_range *global_range(const struct lane_access *access, uint64_t address)
{
  struct sim_block *block = access->block;
  if (block->last_range == NULL || !inside(block->last_range, address, access->bytes)) {
    struct sim_range *range = sim_memory_find(block->launch->options.memory, address);
    if (range == NULL || !inside(range, address, access->bytes)) {
      report_global(access, address, range);
      return NULL;
    }
    if (atomic_load(&range->watched)) sim_range_wake(range);
    block->last_range = range;
  }
  return aligned(access, address) ? block->last_range : NULL;
}

static struct sim_range *shared_range(const struct lane_access *access, uint64_t address)
{
  struct sim_range *range = &access->block->shared;
  if (inside(range, address, access->bytes)) return aligned(access, address) ? range : NULL;
  char message[200];
  snprintf(message, sizeof message, "%s of %u bytes at shared address %#llx: the block has %#llx to %#llx",
           access->name, access->bytes, (unsigned long long)address, (unsigned long long)range->base,
           (unsigned long long)(range->base + range->size_bytes));
  report(access, SIM_CHECK_BOUNDS_SHARED, message);
  return NULL;
}

/* Where a lane's bytes are: range and address in it, or parameters; NULL range and NULL bytes after a finding. */
struct target {
  struct sim_range *range;
  uint64_t address;
  uint8_t *bytes;
  const uint8_t *params;
  enum ptx_space space;
};

static struct target locate_private(const struct lane_access *access, enum ptx_space space, uint64_t address,
                                    bool write)
{
  const struct sim_launch_options *options = &access->block->launch->options;
  struct target target = {.space = space};
  uint64_t size = space == PTX_LOCAL ? options->local_bytes : options->params_bytes;
  if (space == PTX_LOCAL && access->local_end > 0 && access->local_end < size) size = access->local_end;
  if (address >= size || access->bytes > size - address) {
    char message[160];
    snprintf(message, sizeof message, "%s of %u bytes at byte %llu of the %s: it has %llu", access->name, access->bytes,
             (unsigned long long)address, space == PTX_LOCAL ? "thread's local memory" : "kernel's parameters",
             (unsigned long long)size);
    report(access, SIM_CHECK_BOUNDS_LOCAL, message);
    return target;
  }
  if (!aligned(access, address)) return target;
  if (space == PTX_LOCAL) {
    target.range = &access->block->local;
    target.address = (uint64_t)(access->warp * 32 + access->lane) * options->local_bytes + address;
    target.bytes = sim_range_bytes(target.range, target.address);
  } else if (write) {
    report(access, SIM_CHECK_READ_ONLY, "write to the kernel's parameters");
  } else {
    target.params = options->params + address;
  }
  return target;
}

static struct target locate_slow(const struct lane_access *access, uint8_t given_space, uint64_t address, bool write)
{
  enum ptx_space space = resolve(given_space, &address);
  if (space == PTX_LOCAL || space == PTX_PARAM) return locate_private(access, space, address, write);
  struct target target = {.space = space, .address = address};
  if (write && given_space == PTX_CONST) {
    report(access, SIM_CHECK_READ_ONLY, "write to constant memory");
    return target;
  }
  target.range = space == PTX_SHARED ? shared_range(access, address) : global_range(access, address);
  if (write && target.range != NULL && target.range->constant) {
    char message[160];
    snprintf(message, sizeof message, "%s of %u bytes at %#llx: %s is constant", access->name, access->bytes,
             (unsigned long long)address, target.range->what);
    report(access, SIM_CHECK_READ_ONLY, message);
    return (struct target){.space = space};
  }
  if (target.range != NULL) target.bytes = sim_range_bytes(target.range, address);
  return target;
}

/* locate for what nearly every access is: shared memory, or the allocation of the lane before. */
static inline bool locate_quick(const struct lane_access *access, uint8_t space, uint64_t address, bool write,
                                struct target *target)
{
  struct sim_block *block = access->block;
  uint64_t shared = space == PTX_SHARED && address <= UINT32_MAX ? address : address - SIM_SHARED_WINDOW;
  struct sim_range *range = block->last_range;
  enum ptx_space found = PTX_GLOBAL;
  if (shared < SIM_WINDOW_BYTES) {
    range = &block->shared;
    address = shared;
    found = PTX_SHARED;
  }
  uint32_t align = access->align != 0 ? access->align : access->bytes;
  if (range == NULL || (found == PTX_SHARED && space == PTX_GLOBAL) || space > PTX_SHARED) return false;
  if (write && range->constant) return false;
  if (!inside(range, address, access->bytes) || (address & (align - 1)) != 0) return false;
  *target =
      (struct target){.range = range, .address = address, .bytes = sim_range_bytes(range, address), .space = found};
  return true;
}

/* --- one warp instruction under way --- */

struct run {
  const struct sim_access *access;
  struct sim_warp_clock *clock;
  struct lane_access lane;
  struct sim_actor actor;
  struct sim_page *locked; /* of global memory */
  bool shadow, wide;       /* wide: scope gpu or sys */
  uint32_t early;          /* lanes that have not seen the end of the launch before */
};

static inline struct target locate(const struct lane_access *access, uint8_t space, uint64_t address, bool write)
{
  struct target target;
  return locate_quick(access, space, address, write, &target) ? target : locate_slow(access, space, address, write);
}

static bool is_wide(uint8_t semantics, uint8_t scope)
{
  return semantics == PTX_VOLATILE || scope == PTX_SCOPE_GPU || scope == PTX_SCOPE_SYS;
}

static void begin(struct run *run, const struct sim_access *access, const char *name, uint32_t kind)
{
  struct sim_block *block = access->block;
  struct sim_warp_clock *clock = &block->clocks[access->warp];
  uint32_t agent = block->first_agent + access->warp;
  *run = (struct run){.access = access, .clock = clock, .shadow = !block->launch->options.race_checks_off};
  run->lane = (struct lane_access){.block = block,
                                   .warp = access->warp,
                                   .insn = access->insn,
                                   .bytes = access->bytes,
                                   .align = access->align,
                                   .local_end = access->local_end,
                                   .name = name};
  run->early = sim_turn_early(block, access->warp);
  run->wide = is_wide(access->semantics, access->scope);
  uint32_t site = (access->insn & SIM_SITE_INSN) | kind;
  if (access->semantics != PTX_WEAK) site |= run->wide ? SIM_SITE_STRONG_WIDE : SIM_SITE_STRONG_CTA;
  run->actor = (struct sim_actor){.clock = clock,
                                  .first_agent = block->first_agent,
                                  .warp_agent = agent,
                                  .epoch = sim_epoch(agent, clock->clock, 0),
                                  .site = site,
                                  .stamp = block->launch->stamp};
}

static void unlock(struct run *run)
{
  if (run->locked != NULL) sim_page_unlock(run->locked);
  run->locked = NULL;
}

/* The page of a target, locked where other blocks can reach it. */
static inline struct sim_page *enter(struct run *run, const struct target *target)
{
  struct sim_page *page = sim_range_page(target->range, target->address);
  if (target->space == PTX_SHARED) {
    run->actor.extra_limit = READERS_SHARED;
    sim_range_touch(target->range, page);
    return page;
  }
  run->actor.extra_limit = READERS_GLOBAL;
  if (run->early >> run->lane.lane & 1) {
    sim_turn_check_early(run->lane.block, target->range, target->address, run->lane.bytes, sim_note_of(run->actor.site),
                         run->lane.name, run->lane.warp, run->lane.lane, run->lane.insn);
  }
  if (page == run->locked) return page;
  unlock(run);
  sim_page_lock(page);
  sim_range_touch(target->range, page);
  if (run->shadow && page->stamp != run->actor.stamp) sim_turn_touch(run->lane.block->launch, target->range, page);
  run->locked = page;
  return page;
}

static inline void copy_bytes(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
  switch (bytes) {
  case 1: *to = *from; break;
  case 2: memcpy(to, from, 2); break;
  case 4: memcpy(to, from, 4); break;
  case 8: memcpy(to, from, 8); break;
  case 16: memcpy(to, from, 16); break;
  default: memcpy(to, from, bytes);
  }
}

static void report_unset(const struct run *run, const struct target *target, uint64_t unset)
{
  enum sim_check check = SIM_CHECK_UNINIT_GLOBAL;
  const char *space = "global";
  if (target->space == PTX_SHARED) {
    check = SIM_CHECK_UNINIT_SHARED;
    space = "shared";
  } else if (target->space == PTX_LOCAL) {
    check = SIM_CHECK_UNINIT_LOCAL;
    space = "local";
  }
  char message[200];
  snprintf(message, sizeof message, "%s of %u bytes of %s memory at %#llx: byte %d was never written", run->lane.name,
           run->lane.bytes, space, (unsigned long long)target->address, __builtin_ctzll(unset));
  report(&run->lane, check, message);
}

static struct sim_sync_table *sync_of(const struct run *run, const struct target *target)
{
  return target->space == PTX_SHARED ? run->lane.block->sync : run->lane.block->launch->sync;
}

static void report_conflict(struct run *run, const struct target *target, const struct sim_conflict *conflict,
                            bool same_value)
{
  sim_block_conflict(run->lane.block, conflict, &run->actor, run->lane.warp, target->address, run->lane.bytes,
                     run->lane.name, target->space == PTX_SHARED, same_value);
}

static const struct sim_conflict no_conflict = {.offset = UINT32_MAX};

/* Sync instructions move the clock: the stamp of what follows is taken anew. */
static void refresh(struct run *run)
{
  run->actor.epoch = sim_epoch(run->actor.warp_agent, run->clock->clock, 0);
}

/* What a strong write of a lane publishes at its location. */
static void publish(struct run *run, const struct target *target, bool replace)
{
  uint8_t semantics = run->access->semantics;
  uint32_t mask = 1u << run->lane.lane;
  bool wide = run->wide;
  struct sim_sync_table *sync = sync_of(run, target);
  if (semantics == PTX_RELEASE || semantics == PTX_ACQ_REL || semantics == PTX_SEQ_CST) {
    struct sim_vc vc;
    if (!sim_vc_init(&vc, run->lane.block->number, run->lane.block->agents)) sim_block_must(NULL);
    sim_warp_clock_release(run->clock, mask, &vc);
    sim_sync_publish(sync, target->address, &vc, wide, replace);
    sim_vc_free(&vc);
    refresh(run);
    return;
  }
  bool fenced_wide = wide && (run->clock->fenced[1] & mask) != 0;
  if (fenced_wide) sim_sync_publish(sync, target->address, run->clock->fence[1], true, replace);
  if ((run->clock->fenced[0] & mask) != 0)
    sim_sync_publish(sync, target->address, run->clock->fence[0], false, replace && !fenced_wide);
  else if (replace)
    sim_sync_clear(sync, target->address);
}

/* What a strong read of the lanes of mask takes from its location. */
static void take(struct run *run, const struct target *target, uint32_t mask)
{
  uint8_t semantics = run->access->semantics;
  bool acquire = semantics == PTX_ACQUIRE || semantics == PTX_ACQ_REL || semantics == PTX_SEQ_CST;
  sim_sync_take(sync_of(run, target), target->address, run->clock, mask, run->wide, acquire);
}

static inline bool is_shared_state(const struct target *target)
{
  return target->space == PTX_SHARED || target->space == PTX_GLOBAL;
}

/* --- loads --- */

/* Lanes of mask with the address of `lane`: a broadcast is taken from once. */
static uint32_t lanes_alike(const struct sim_access *access, uint32_t mask, uint32_t lane)
{
  uint32_t alike = 0;
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    uint32_t other = (uint32_t)__builtin_ctz(rest);
    if (access->address[other] == access->address[lane]) alike |= 1u << other;
  }
  return alike;
}

static inline void load_lane(struct run *run, const struct target *target, uint8_t *value, uint32_t *undefined)
{
  struct sim_page *page = is_shared_state(target) ? enter(run, target) : NULL;
  /* Before the shadow: an acquire that reads a flag is ordered behind what the flag's writer did. */
  uint64_t unset = sim_range_unset(target->range, target->address, run->lane.bytes);
  if (unset != 0) {
    *undefined |= 1u << run->lane.lane;
    report_unset(run, target, unset);
  }
  copy_bytes(value, target->bytes, run->lane.bytes);
  if (page == NULL || !run->shadow) return;
  struct sim_conflict conflict = no_conflict;
  uint32_t offset = (uint32_t)(target->address - target->range->origin) & (SIM_PAGE_BYTES - 1);
  if (sim_shadow_read(page, offset, run->lane.bytes, &run->actor, &conflict)) {
    report_conflict(run, target, &conflict, false);
  }
}

uint32_t sim_access_load(const struct sim_access *access, uint8_t *values, uint32_t *undefined)
{
  struct run run;
  uint32_t served = 0, unset = 0, taken = access->semantics == PTX_WEAK ? access->mask : 0;
  begin(&run, access, "read", 0);
  for (uint32_t rest = access->mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    uint8_t *value = values + (size_t)lane * access->bytes;
    run.lane.lane = run.actor.lane = lane;
    struct target target = locate(&run.lane, access->space, access->address[lane], false);
    if (target.params != NULL)
      memcpy(value, target.params, access->bytes);
    else if (target.bytes != NULL)
      load_lane(&run, &target, value, &unset);
    else {
      memset(value, 0, access->bytes);
      continue;
    }
    served |= 1u << lane;
    if ((taken >> lane & 1) == 0 && target.bytes != NULL && is_shared_state(&target)) {
      uint32_t alike = lanes_alike(access, rest, lane);
      take(&run, &target, alike);
      taken |= alike;
    }
  }
  unlock(&run);
  if (undefined != NULL) *undefined = unset;
  return served;
}

/* --- stores --- */

/* Lanes that another lane of this store, a later one, writes over. Values that differ are a finding. */
static uint32_t overwritten(struct run *run, const uint8_t *values)
{
  const struct sim_access *access = run->access;
  uint32_t over = 0, last = UINT32_MAX;
  bool rising = true;
  for (uint32_t rest = access->mask; rest != 0 && rising; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    rising = last == UINT32_MAX || access->address[lane] > access->address[last];
    last = lane;
  }
  if (rising) return 0;
  for (uint32_t rest = access->mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    for (uint32_t later = rest & (rest - 1); later != 0 && (over >> lane & 1) == 0; later &= later - 1) {
      uint32_t other = (uint32_t)__builtin_ctz(later);
      if (access->address[other] != access->address[lane]) continue;
      over |= 1u << lane;
      if (memcmp(values + (size_t)lane * access->bytes, values + (size_t)other * access->bytes, access->bytes) == 0)
        continue;
      struct sim_finding finding = {.check = SIM_CHECK_RACE_WARP};
      finding.first.access = "write";
      finding.first.bytes = access->bytes;
      snprintf(finding.message, sizeof finding.message,
               "lanes %u and %u of one store write different values to %#llx: which one stays is not defined", lane,
               other, (unsigned long long)access->address[lane]);
      sim_block_finding(access->block, &finding, access->warp, other, access->insn);
    }
  }
  return over;
}

static inline void store_lane(struct run *run, const struct target *target, const uint8_t *value)
{
  if (is_shared_state(target)) {
    struct sim_page *page = enter(run, target);
    if (run->shadow) {
      struct sim_conflict conflict = no_conflict;
      uint32_t offset = (uint32_t)(target->address - target->range->origin) & (SIM_PAGE_BYTES - 1);
      if (sim_shadow_write(page, offset, run->lane.bytes, &run->actor, &conflict)) {
        bool same = sim_range_unset(target->range, target->address, run->lane.bytes) == 0 &&
                    memcmp(target->bytes, value, run->lane.bytes) == 0;
        report_conflict(run, target, &conflict, same);
      }
    }
  }
  copy_bytes(target->bytes, value, run->lane.bytes);
  sim_range_set(target->range, target->address, run->lane.bytes);
}

uint32_t sim_access_store(const struct sim_access *access, const uint8_t *values)
{
  struct run run;
  begin(&run, access, "write", SIM_SITE_WRITE);
  /* Local addresses are per lane: equal ones don't meet. */
  bool local = access->space == PTX_LOCAL ||
               (access->space == PTX_GENERIC && access->mask != 0 &&
                access->address[__builtin_ctz(access->mask)] - SIM_LOCAL_WINDOW < SIM_WINDOW_BYTES);
  uint32_t served = 0, over = local ? 0 : overwritten(&run, values);
  for (uint32_t rest = access->mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    run.lane.lane = run.actor.lane = lane;
    struct target target = locate(&run.lane, access->space, access->address[lane], true);
    if (target.bytes == NULL) continue;
    served |= 1u << lane;
    if ((over >> lane & 1) != 0) continue;
    store_lane(&run, &target, values + (size_t)lane * access->bytes);
    if (access->semantics != PTX_WEAK && is_shared_state(&target)) publish(&run, &target, true);
  }
  unlock(&run);
  return served;
}

/* --- atomics --- */

uint32_t sim_access_atomic(const struct sim_access *given, void (*apply)(void *context, uint32_t lane, uint8_t *bytes),
                           void *context)
{
  struct sim_access access = *given;
  struct run run;
  uint32_t served = 0;
  if (access.semantics == PTX_WEAK) access.semantics = PTX_RELAXED;
  if (access.scope == PTX_SCOPE_NONE) access.scope = PTX_SCOPE_GPU;
  begin(&run, &access, "atomic", SIM_SITE_WRITE | SIM_SITE_ATOMIC);
  for (uint32_t rest = access.mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    uint8_t value[32];
    run.lane.lane = run.actor.lane = lane;
    struct target target = locate(&run.lane, access.space, access.address[lane], true);
    if (target.bytes == NULL) continue;
    served |= 1u << lane;
    if (is_shared_state(&target)) {
      enter(&run, &target);
      take(&run, &target, 1u << lane);
    }
    uint64_t unset = sim_range_unset(target.range, target.address, access.bytes);
    if (unset != 0) report_unset(&run, &target, unset);
    copy_bytes(value, target.bytes, access.bytes);
    apply(context, lane, value);
    store_lane(&run, &target, value);
    if (is_shared_state(&target)) publish(&run, &target, false);
  }
  unlock(&run);
  return served;
}

/* --- accesses of agents that work for a warp --- */

/* Any number of bytes, as pieces of the sizes that cells have. */
static bool touch_shadow(struct run *run, const struct target *target, uint32_t bytes, bool write,
                         struct sim_conflict *conflict)
{
  struct sim_page *page = enter(run, target);
  uint32_t offset = (uint32_t)(target->address - target->range->origin) & (SIM_PAGE_BYTES - 1);
  bool bad = false;
  for (uint32_t done = 0, piece; run->shadow && done < bytes; done += piece) {
    piece = bytes - done >= 4 ? (bytes - done) & ~3u : bytes - done >= 2 ? 2 : 1;
    bad = (write ? sim_shadow_write(page, offset + done, piece, &run->actor, conflict)
                 : sim_shadow_read(page, offset + done, piece, &run->actor, conflict)) ||
          bad;
  }
  return bad;
}

uint32_t sim_access_touch(const struct sim_access *access, bool write, const uint32_t *size, const uint64_t *epoch,
                          uint8_t **where)
{
  struct run run;
  uint32_t served = 0;
  begin(&run, access, write ? "write" : "read", write ? SIM_SITE_WRITE : 0);
  for (uint32_t rest = access->mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest), bytes = size != NULL ? size[lane] : access->bytes;
    where[lane] = NULL;
    run.lane.lane = run.actor.lane = lane;
    run.lane.bytes = bytes;
    run.lane.align = access->bytes;
    run.actor.epoch = epoch[lane] & ~63ull;
    if (bytes == 0) {
      served |= 1u << lane;
      continue;
    }
    struct target target = locate(&run.lane, access->space, access->address[lane], write);
    if (target.bytes == NULL) continue;
    if (!is_shared_state(&target)) {
      report(&run.lane, SIM_CHECK_INSTRUCTION, "asynchronous access to local memory: must be global or shared");
      continue;
    }
    struct sim_conflict conflict = no_conflict;
    uint64_t unset = write ? 0 : sim_range_unset(target.range, target.address, bytes);
    bool bad = touch_shadow(&run, &target, bytes, write, &conflict);
    if (unset != 0) report_unset(&run, &target, unset);
    if (bad) report_conflict(&run, &target, &conflict, false);
    if (write) sim_range_set(target.range, target.address, bytes);
    where[lane] = target.bytes;
    served |= 1u << lane;
  }
  unlock(&run);
  return served;
}
