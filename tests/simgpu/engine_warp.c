/* engine_warp.c: a warp: its groups of lanes that stand at one place, activations of functions, one instruction after another. */
#include <stdlib.h>
#include <string.h>

#include "engine_internal.h"

#define FAVOUR_TURNS 3u /* see favoured_lane */

uint64_t sim_engine_random(uint64_t *state)
{
  uint64_t z = *state += 0x9e3779b97f4a7c15ull;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ z >> 27) * 0x94d049bb133111ebull;
  return z ^ z >> 31;
}

/* --- frames --- */

struct frame *sim_warp_frame(struct warp *warp, uint32_t function)
{
  const struct sim_program *program = warp->block->engine->program;
  const struct ptx_function *f = &program->module->functions[function];
  size_t registers = program->frame_bytes[function];
  size_t defined = ((size_t)f->slot_count * sizeof(uint32_t) + 63) & ~(size_t)63;
  size_t params = (((size_t)f->call_bytes + 15) & ~(size_t)15) * LANES;
  size_t bytes = registers + defined + params + 64;
  struct frame *frame = NULL;
  for (struct frame **link = &warp->free_frames; *link != NULL; link = &(*link)->next_free) {
    if ((*link)->capacity < bytes) continue;
    frame = *link;
    *link = frame->next_free;
    break;
  }
  if (frame == NULL) {
    frame = calloc(1, sizeof *frame);
    if (frame == NULL) return NULL;
    frame->memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    frame->capacity = (uint32_t)bytes;
    if (frame->memory == NULL) {
      free(frame);
      return NULL;
    }
  }
  uint8_t *memory = frame->memory;
  uint32_t capacity = frame->capacity;
  memset(memory, 0, bytes);
  *frame = (struct frame){.memory = memory, .capacity = capacity, .function = function};
  frame->registers = memory;
  frame->defined = (uint32_t *)(void *)(memory + registers);
  frame->params = memory + registers + defined;
  return frame;
}

void sim_warp_frame_leave(struct warp *warp, struct frame *frame, uint32_t lanes)
{
  frame->lanes &= ~lanes;
  if (frame->lanes != 0) return;
  frame->next_free = warp->free_frames;
  warp->free_frames = frame;
}

bool sim_warp_init(struct warp *warp, struct block *block, uint32_t number)
{
  const struct sim_grid *grid = block->engine->grid;
  *warp = (struct warp){.block = block, .number = number};
  for (uint32_t l = 0; l < LANES; l++) {
    uint32_t thread = number * LANES + l;
    if (thread < block->engine->threads_per_block) warp->live |= 1u << l;
    warp->tid[0][l] = thread % grid->block[0];
    warp->tid[1][l] = thread / grid->block[0] % grid->block[1];
    warp->tid[2][l] = thread / grid->block[0] / grid->block[1];
  }
  warp->launched = warp->live;
  struct frame *frame = sim_warp_frame(warp, grid->function);
  if (frame == NULL) return false;
  frame->lanes = warp->live;
  frame->local_end = frame->local_base + block->engine->kernel->local_bytes;
  warp->groups[0] = (struct group){.mask = warp->live, .pc = block->engine->kernel->first_insn, .frame = frame};
  warp->group_count = 1;
  return true;
}

static void free_frame(struct frame *frame)
{
  free(frame->memory);
  free(frame);
}

void sim_warp_free(struct warp *warp)
{
  for (uint32_t g = 0; g < warp->group_count; g++) {
    for (struct frame *frame = warp->groups[g].frame; frame != NULL;) {
      struct frame *caller = frame->caller;
      sim_warp_frame_leave(warp, frame, frame->lanes & warp->groups[g].mask);
      frame = caller;
    }
  }
  while (warp->free_frames != NULL) {
    struct frame *next = warp->free_frames->next_free;
    free_frame(warp->free_frames);
    warp->free_frames = next;
  }
  warp->group_count = 0;
}

/* --- groups --- */

struct group *sim_warp_split(struct warp *warp, struct group *group, uint32_t lanes, uint32_t pc, struct frame *frame)
{
  struct group *added = &warp->groups[warp->group_count++];
  *added = (struct group){.mask = lanes, .pc = pc, .frame = frame};
  group->mask &= ~lanes;
  return added;
}

/* Which of two groups is further behind: the outermost activations that differ decide. A caller at the call itself is behind lanes
 * that are inside it. */
static bool is_behind(const struct group *a, const struct group *b)
{
  const struct frame *fa = a->frame, *fb = b->frame;
  uint64_t pa = 2 * (uint64_t)a->pc, pb = 2 * (uint64_t)b->pc;
  while (fa->depth > fb->depth) {
    pa = 2 * (uint64_t)fa->call + 1;
    fa = fa->caller;
  }
  while (fb->depth > fa->depth) {
    pb = 2 * (uint64_t)fb->call + 1;
    fb = fb->caller;
  }
  while (fa != fb && fa->caller != fb->caller) {
    pa = 2 * (uint64_t)fa->call + 1;
    pb = 2 * (uint64_t)fb->call + 1;
    fa = fa->caller;
    fb = fb->caller;
  }
  if (fa != fb && fa->caller != NULL && fa->call != fb->call) return fa->call < fb->call;
  return pa < pb;
}

static void remove_group(struct warp *warp, uint32_t index)
{
  warp->groups[index] = warp->groups[--warp->group_count];
}

/* Groups at one place become one; empty ones go. A parked one wakes up with what joins it. */
static void merge_groups(struct warp *warp)
{
  for (uint32_t i = 0; i < warp->group_count; i++) {
    struct group *a = &warp->groups[i];
    if (a->mask == 0) {
      remove_group(warp, i--);
      continue;
    }
    if (a->state == GROUP_WAIT) continue;
    for (uint32_t j = i + 1; j < warp->group_count; j++) {
      struct group *b = &warp->groups[j];
      if (b->state == GROUP_WAIT || b->pc != a->pc || b->frame != a->frame) continue;
      a->mask |= b->mask;
      a->state = GROUP_RUN;
      remove_group(warp, j--);
    }
  }
}

/* The group furthest behind that can run. */
static struct group *pick_group(struct warp *warp)
{
  struct group *best = NULL;
  for (uint32_t i = 0; i < warp->group_count; i++) {
    struct group *group = &warp->groups[i];
    if (group->state != GROUP_RUN) continue;
    if (best == NULL || is_behind(group, best)) best = group;
  }
  return best;
}

/* Leaving lanes may complete what parked groups wait for. */
static void wake_parked(struct warp *warp)
{
  for (uint32_t i = 0; i < warp->group_count; i++) {
    if (warp->groups[i].state == GROUP_PARKED) warp->groups[i].state = GROUP_RUN;
  }
}

void sim_warp_exit(struct step *s, uint32_t lanes)
{
  struct warp *warp = s->warp;
  for (struct frame *frame = s->group->frame; frame != NULL;) {
    struct frame *caller = frame->caller;
    sim_warp_frame_leave(warp, frame, lanes);
    frame = caller;
  }
  warp->live &= ~lanes;
  s->group->mask &= ~lanes;
  sim_block_exit(warp->block->memory, warp->number, lanes);
  wake_parked(warp);
}

/* --- rendezvous --- */

/* Lanes of the group whose guard is false do not take part: they go on by themselves. */
static enum step_result park(struct step *s)
{
  if (s->mask != s->group->mask) {
    sim_warp_split(s->warp, s->group, s->group->mask & ~s->mask, s->pc + 1, s->group->frame);
  }
  s->group->state = GROUP_PARKED;
  return STEP_PARKED;
}

enum step_result sim_step_aligned(struct step *s)
{
  return s->mask == s->warp->live ? STEP_NEXT : park(s);
}

enum step_result sim_step_members(struct step *s, const uint32_t *masks)
{
  uint32_t missing = 0;
  for (uint32_t left = s->mask; left != 0; left &= left - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(left);
    if ((masks[lane] >> lane & 1) == 0) {
      sim_engine_fail(s, SIM_CHECK_DIVERGENCE, lane, "the member mask 0x%08x does not hold the lane that executes it",
                      masks[lane]);
    }
    missing |= masks[lane] & s->warp->live & ~s->mask;
    for (uint32_t others = masks[lane] & s->mask; others != 0; others &= others - 1) {
      uint32_t other = (uint32_t)__builtin_ctz(others);
      if (masks[other] == masks[lane]) continue;
      sim_engine_fail(s, SIM_CHECK_DIVERGENCE, lane, "lanes %u and %u have overlapping member masks 0x%08x and 0x%08x",
                      lane, other, masks[lane], masks[other]);
      return STEP_NEXT;
    }
  }
  return missing == 0 ? STEP_NEXT : park(s);
}

/* All that is left waits for lanes that are somewhere else: say so once, at the group furthest behind. */
static void report_divergence(struct warp *warp)
{
  struct group *first = &warp->groups[0];
  for (uint32_t i = 1; i < warp->group_count; i++) {
    if (is_behind(&warp->groups[i], first)) first = &warp->groups[i];
  }
  sim_block_report(warp->block->memory, SIM_CHECK_DIVERGENCE, warp->number, (uint32_t)__builtin_ctz(first->mask),
                   first->pc,
                   "lanes 0x%08x wait here for others of the warp's 0x%08x, which wait elsewhere or skip this",
                   first->mask, warp->live);
}

bool sim_warp_poll(struct warp *warp)
{
  bool runnable = false, waiting = false;
  for (uint32_t i = 0; i < warp->group_count; i++) {
    struct group *group = &warp->groups[i];
    if (group->state == GROUP_WAIT) {
      const struct sim_program *program = warp->block->engine->program;
      struct step s = {.insn = &program->module->insns[group->pc],
                       .mask = group->waiting,
                       .pc = group->pc,
                       .frame = group->frame,
                       .registers = group->frame->registers,
                       .defined = group->frame->defined,
                       .constants = program->constants,
                       .program = program,
                       .group = group,
                       .warp = warp};
      s.places = &program->places[s.insn->operand];
      if (sim_step_bar(&s) == STEP_NEXT) {
        group->state = GROUP_RUN;
        group->pc++;
      }
    }
    runnable |= group->state == GROUP_RUN;
    waiting |= group->state == GROUP_WAIT;
  }
  if (!runnable && !waiting && warp->group_count > 0) report_divergence(warp);
  return runnable;
}

/* --- the loop --- */

/* Mask of the lanes whose guard holds. */
static inline uint32_t guard_mask(struct step *s, const struct group *group)
{
  const struct ptx_insn *insn = s->insn;
  if (insn->guard == PTX_NO_SLOT) return group->mask;
  const struct ptx_function *function = &s->program->module->functions[s->frame->function];
  uint32_t offset = s->program->slot_offset[function->first_slot + insn->guard];
  uint32_t value = *(const uint32_t *)(const void *)(s->registers + offset);
  uint32_t missing = group->mask & ~s->defined[insn->guard];
  if (missing != 0) {
    s->mask = group->mask;
    sim_engine_fail(s, SIM_CHECK_UNINIT_REGISTER, (uint32_t)__builtin_ctz(missing),
                    "a predicate that was never written guards this (lanes 0x%08x)", missing);
    s->defined[insn->guard] |= missing;
  }
  return group->mask & (insn->guard_negated ? ~value : value);
}

static void step_prepare(struct step *s, struct warp *warp, struct group *group)
{
  const struct sim_program *program = warp->block->engine->program;
  s->program = program;
  s->warp = warp;
  s->group = group;
  s->frame = group->frame;
  s->registers = group->frame->registers;
  s->defined = group->frame->defined;
  s->constants = program->constants;
}

/* Runs one group until it moves elsewhere, waits, meets another group's place or the quantum is over. */
static uint32_t run_group(struct warp *warp, struct group *group, uint32_t quantum)
{
  const struct sim_program *program = warp->block->engine->program;
  const struct ptx_insn *insns = program->module->insns;
  struct step s;
  uint32_t done = 0;
  step_prepare(&s, warp, group);
  while (done < quantum) {
    uint32_t pc = group->pc;
    s.insn = &insns[pc];
    s.pc = pc;
    s.places = &program->places[s.insn->operand];
    s.mask = guard_mask(&s, group);
    if (program->reached != NULL) program->reached[s.insn->line] = 1;
    done++;
    if (s.mask == 0) {
      group->pc++;
    } else {
      enum step_result result = program->handlers[pc](&s);
      if (result == STEP_NEXT) {
        group->pc++;
      } else if (result == STEP_YIELD) {
        group->pc++;
        warp->yielded = true;
        break;
      } else {
        break;
      }
    }
    if (warp->group_count > 1) break;
  }
  return done;
}

/* The group that a lane is in, if it can run. */
static struct group *group_of_lane(struct warp *warp, uint32_t lane)
{
  for (uint32_t i = 0; i < warp->group_count; i++) {
    struct group *group = &warp->groups[i];
    if ((group->mask >> lane & 1) != 0) return group->state == GROUP_RUN ? group : NULL;
  }
  return NULL;
}

/* A diverged warp that gave its last turn up may spin on what other lanes of it must do first: now and then the lanes with a random
 * one go first, for a whole turn. */
static uint32_t favoured_lane(struct warp *warp)
{
  if (!warp->yielded || warp->group_count < 2) return LANES;
  uint64_t random = sim_engine_random(&warp->block->random);
  return random % FAVOUR_TURNS == 0 ? (uint32_t)(random >> 32) % LANES : LANES;
}

uint32_t sim_warp_run(struct warp *warp, uint32_t quantum)
{
  uint32_t done = 0, favoured = favoured_lane(warp);
  warp->yielded = false;
  while (done < quantum && !warp->yielded && !warp->block->failed) {
    if (warp->group_count > 1) merge_groups(warp);
    struct group *group = favoured < LANES ? group_of_lane(warp, favoured) : NULL;
    if (group == NULL) {
      favoured = LANES;
      group = pick_group(warp);
    }
    if (group == NULL) break;
    done += run_group(warp, group, quantum - done);
    if (warp->group_count == 1 && warp->groups[0].mask == 0) warp->group_count = 0;
    if (warp->group_count == 0 || sim_block_fault(warp->block->memory, NULL) != SIM_OK) break;
  }
  if (warp->group_count > 1) merge_groups(warp);
  warp->steps += done;
  return done;
}
