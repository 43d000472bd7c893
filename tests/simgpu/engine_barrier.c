/* engine_barrier.c: bar, barrier, bar.warp.sync. A group arrives once and then asks, whenever its warp is looked at, if the phase is
 * complete. */
#include <string.h>

#include "engine_internal.h"

/* Operand numbers of a bar: result, id, count, predicate; PTX_NO_SLOT where there is none. */
struct bar_operands {
  uint32_t id, count, predicate;
};

static struct bar_operands bar_operands(const struct ptx_insn *insn)
{
  bool red = insn->op == PTX_DO_BAR_RED;
  struct bar_operands o = {.id = red ? 1 : 0, .count = PTX_NO_SLOT, .predicate = PTX_NO_SLOT};
  uint32_t groups = insn->group_count;
  if (red) o.predicate = groups - 1;
  if (groups > (red ? 3u : 1u)) o.count = o.id + 1;
  return o;
}

static struct sim_bar bar_of(struct step *s, const struct bar_operands *o)
{
  uint32_t lane = (uint32_t)__builtin_ctz(s->mask);
  struct sim_bar bar = {.block = s->warp->block->memory,
                        .warp = s->warp->number,
                        .insn = s->pc,
                        .mask = s->mask,
                        .id = read32(s, o->id)[lane],
                        .threads = o->count != PTX_NO_SLOT ? read32(s, o->count)[lane] : 0};
  bar.kind = s->insn->op == PTX_DO_BAR_SYNC     ? SIM_BAR_SYNC
             : s->insn->op == PTX_DO_BAR_ARRIVE ? SIM_BAR_ARRIVE
             : s->insn->mode == PTX_OP_POPC     ? SIM_BAR_RED_POPC
             : s->insn->mode == PTX_OP_AND      ? SIM_BAR_RED_AND
                                                : SIM_BAR_RED_OR;
  if (o->predicate != PTX_NO_SLOT) bar.predicates = sim_engine_predicate(s, o->predicate);
  return bar;
}

/* All lanes of the step must name one barrier and one count. */
static bool uniform(const struct step *s, uint32_t operand)
{
  const uint32_t *values = read32(s, operand);
  uint32_t first = values[__builtin_ctz(s->mask)];
  for (uint32_t l = 0; l < LANES; l++) {
    if ((s->mask >> l & 1) != 0 && values[l] != first) {
      sim_engine_fail(s, SIM_CHECK_BARRIER, l, "lanes of a warp name barriers or counts %u and %u", first, values[l]);
      return false;
    }
  }
  return true;
}

enum step_result sim_step_bar(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  struct bar_operands o = bar_operands(insn);
  struct group *group = s->group;
  if (group->state != GROUP_WAIT) {
    if ((insn->flags & PTX_ALIGNED) != 0) {
      enum step_result here = sim_step_aligned(s);
      if (here != STEP_NEXT) return here;
    }
    sim_engine_need(s, o.id, "a barrier's number");
    if (o.count != PTX_NO_SLOT) sim_engine_need(s, o.count, "a barrier's count");
    if (o.predicate != PTX_NO_SLOT) sim_engine_need(s, o.predicate, "a predicate to reduce");
    if (!uniform(s, o.id) || (o.count != PTX_NO_SLOT && !uniform(s, o.count))) return STEP_MOVED;
    if (s->mask != group->mask) { /* the others skip it */
      sim_warp_split(s->warp, group, group->mask & ~s->mask, s->pc + 1, group->frame);
    }
    struct sim_bar bar = bar_of(s, &o);
    group->ticket = sim_bar_arrive(&bar);
    if (insn->op == PTX_DO_BAR_ARRIVE) return STEP_NEXT;
    group->state = GROUP_WAIT;
    group->waiting = s->mask;
    return STEP_WAIT;
  }
  uint32_t result = 0, values[LANES];
  struct sim_bar bar = bar_of(s, &o);
  if (!sim_bar_passed(&bar, group->ticket, &result)) return STEP_WAIT;
  if (insn->op == PTX_DO_BAR_RED && insn->mode == PTX_OP_POPC) {
    for (int l = 0; l < LANES; l++) values[l] = result;
    sim_engine_write32(s, 0, values, ALL_LANES);
  } else if (insn->op == PTX_DO_BAR_RED) {
    sim_engine_write_predicate(s, 0, result != 0 ? ALL_LANES : 0, ALL_LANES);
  }
  return STEP_NEXT;
}

/* The lanes of a mask may stand at different bar.warp.sync (both sides of a branch): those parked at one with this mask count. */
static uint32_t parked_elsewhere(const struct step *s, uint32_t members)
{
  const struct sim_program *program = s->program;
  uint32_t found = 0;
  for (uint32_t i = 0; i < s->warp->group_count; i++) {
    const struct group *other = &s->warp->groups[i];
    const struct ptx_insn *insn = &program->module->insns[other->pc];
    if (other == s->group || other->state != GROUP_PARKED || insn->op != PTX_DO_BAR_WARP) continue;
    struct step there = {.registers = other->frame->registers, .constants = program->constants};
    there.places = &program->places[insn->operand];
    const uint32_t *masks = read32(&there, 0);
    bool same = true;
    for (uint32_t l = 0; l < LANES; l++) same &= (other->mask >> l & 1) == 0 || masks[l] == members;
    if (same) found |= other->mask;
  }
  return found;
}

enum step_result sim_step_bar_warp(struct step *s)
{
  sim_engine_need(s, 0, "a member mask");
  const uint32_t *masks = read32(s, 0);
  uint32_t first = masks[__builtin_ctz(s->mask)], others = parked_elsewhere(s, first);
  if (others != 0 && ((s->mask | others) & first) == (first & s->warp->live)) {
    sim_block_warp_sync(s->warp->block->memory, s->warp->number, first & s->warp->live);
    for (uint32_t i = 0; i < s->warp->group_count; i++) {
      struct group *other = &s->warp->groups[i];
      if (other == s->group || other->state != GROUP_PARKED || (other->mask & others) == 0) continue;
      other->state = GROUP_RUN;
      other->pc++;
    }
    return STEP_NEXT;
  }
  enum step_result here = sim_step_members(s, masks);
  if (here != STEP_NEXT) return here;
  uint32_t left = s->mask;
  while (left != 0) {
    uint32_t members = masks[__builtin_ctz(left)] & s->mask;
    if (members == 0) break;
    sim_block_warp_sync(s->warp->block->memory, s->warp->number, members);
    left &= ~members;
  }
  return STEP_NEXT;
}

/* Grids run one after another, so there is nothing to wait for; what may be touched before the wait is memory's to check. */
enum step_result sim_step_griddep(struct step *s)
{
  if (s->insn->mode == PTX_WAIT)
    sim_block_grid_wait(s->warp->block->memory, s->warp->number, s->mask);
  else
    sim_block_grid_trigger(s->warp->block->memory, s->warp->number, s->mask);
  return STEP_NEXT;
}
