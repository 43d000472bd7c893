/* engine_lanes.c: between the lanes of a warp: shfl, vote, match, redux, activemask, elect; special registers. */
#include <math.h>
#include <string.h>

#include "engine_internal.h"

/* The lanes of `members` are here: loop over the disjoint masks of one step. */
#define FOR_EACH_MEMBERS(s, masks, members)                                                                            \
  for (uint32_t left_ = (s)->mask, members = 0;                                                                        \
       left_ != 0 && ((members = (masks)[__builtin_ctz(left_)] & (s)->mask) != 0); left_ &= ~members)

/* "Shuffle": bounds are in c: clamp in bits 0–4, segment mask in 8–12. Source: PTX ISA, shfl.sync, its pseudo code. */
static bool shfl_source(uint8_t mode, uint32_t lane, uint32_t b, uint32_t c, uint32_t *source)
{
  uint32_t bval = b & 31, cval = c & 31, segment = c >> 8 & 31;
  uint32_t max = (lane & segment) | (cval & ~segment), min = lane & segment;
  int32_t j;
  bool inside;
  switch (mode) {
  case PTX_UP:
    j = (int32_t)lane - (int32_t)bval;
    inside = j >= (int32_t)max;
    break;
  case PTX_DOWN:
    j = (int32_t)(lane + bval);
    inside = j <= (int32_t)max;
    break;
  case PTX_BFLY:
    j = (int32_t)(lane ^ bval);
    inside = j <= (int32_t)max;
    break;
  default:
    j = (int32_t)(min | (bval & ~segment));
    inside = j <= (int32_t)max;
    break;
  }
  *source = inside ? (uint32_t)j & 31 : lane;
  return inside;
}

enum step_result sim_step_shfl(struct step *s)
{
  bool pair = (s->insn->flags & PTX_SECOND_RESULT) != 0;
  uint32_t a = pair ? 2 : 1;
  sim_engine_need(s, a + 3, "a member mask");
  sim_engine_need(s, a + 1, "a lane");
  sim_engine_need(s, a + 2, "bounds of a shuffle");
  const uint32_t *masks = read32(s, a + 3), *b = read32(s, a + 1), *c = read32(s, a + 2);
  enum step_result here = sim_step_members(s, masks);
  if (here != STEP_NEXT) return here;
  uint32_t values[LANES], from[LANES], result[LANES] = {0};
  memcpy(values, read32(s, a), sizeof values);
  memcpy(from, masks, sizeof from);
  uint32_t defined = place_defined(s, a), result_defined = 0, inside_mask = 0;
  for (uint32_t left = s->mask; left != 0; left &= left - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(left), source;
    bool inside = shfl_source(s->insn->mode, lane, b[lane], c[lane], &source);
    result[lane] = values[source];
    inside_mask |= (uint32_t)inside << lane;
    /* A source outside the members or gone: the value is undefined, which matters only if it is used. */
    bool present = (from[lane] >> source & 1) != 0 && (s->mask >> source & 1) != 0;
    result_defined |= (uint32_t)(present && (defined >> source & 1) != 0) << lane;
  }
  sim_engine_write32(s, 0, result, result_defined);
  if (pair) sim_engine_write_predicate(s, 1, inside_mask, ALL_LANES);
  return STEP_NEXT;
}

enum step_result sim_step_vote(struct step *s)
{
  sim_engine_need(s, 2, "a member mask");
  sim_engine_need(s, 1, "a predicate");
  const uint32_t *masks = read32(s, 2);
  enum step_result here = sim_step_members(s, masks);
  if (here != STEP_NEXT) return here;
  uint32_t predicate = sim_engine_predicate(s, 1), result = 0, ballots[LANES] = {0};
  FOR_EACH_MEMBERS(s, masks, members)
  {
    uint32_t yes = predicate & members;
    bool all = yes == members, any = yes != 0;
    bool value = s->insn->mode == PTX_ALL ? all : s->insn->mode == PTX_ANY ? any : all || !any;
    if (value) result |= members;
    for (uint32_t l = 0; l < LANES; l++) {
      if ((members >> l & 1) != 0) ballots[l] = yes;
    }
  }
  if (s->insn->mode == PTX_BALLOT)
    sim_engine_write32(s, 0, ballots, ALL_LANES);
  else
    sim_engine_write_predicate(s, 0, result, ALL_LANES);
  return STEP_NEXT;
}

enum step_result sim_step_match(struct step *s)
{
  bool pair = (s->insn->flags & PTX_SECOND_RESULT) != 0;
  uint32_t a = pair ? 2 : 1, result[LANES] = {0}, equal_all = 0;
  uint64_t values[LANES];
  sim_engine_need(s, a + 1, "a member mask");
  sim_engine_need(s, a, "a value to match");
  const uint32_t *masks = read32(s, a + 1);
  enum step_result here = sim_step_members(s, masks);
  if (here != STEP_NEXT) return here;
  sim_engine_read(s, a, (enum ptx_type)s->insn->type[0], values);
  for (uint32_t l = 0; l < LANES; l++) {
    if ((s->mask >> l & 1) == 0) continue;
    uint32_t members = masks[l] & s->mask, equal = 0;
    for (uint32_t other = 0; other < LANES; other++) {
      if ((members >> other & 1) != 0 && values[other] == values[l]) equal |= 1u << other;
    }
    bool all = equal == members;
    result[l] = s->insn->mode == PTX_ANY || all ? equal : 0;
    equal_all |= (uint32_t)all << l;
  }
  sim_engine_write32(s, 0, result, ALL_LANES);
  if (pair) sim_engine_write_predicate(s, 1, equal_all, ALL_LANES);
  return STEP_NEXT;
}

static uint32_t redux_float(const struct step *s, uint32_t x, uint32_t y)
{
  float a, b;
  if ((s->insn->flags & PTX_ABS) != 0) {
    x &= 0x7fffffffu;
    y &= 0x7fffffffu;
  }
  memcpy(&a, &x, sizeof a);
  memcpy(&b, &y, sizeof b);
  if (isnan(a) || isnan(b)) {
    if ((s->insn->flags & PTX_NAN_RESULT) != 0 || (isnan(a) && isnan(b))) return 0x7fffffffu;
    return isnan(a) ? y : x;
  }
  bool first = s->insn->mode == PTX_OP_MIN ? a < b || (a == b && signbit(a)) : a > b || (a == b && !signbit(a));
  return first ? x : y;
}

static uint32_t redux_combine(const struct step *s, uint32_t x, uint32_t y)
{
  bool is_signed = s->insn->type[0] == PTX_S32;
  if (s->insn->type[0] == PTX_F32) return redux_float(s, x, y);
  switch (s->insn->mode) {
  case PTX_OP_ADD: return x + y;
  case PTX_OP_AND: return x & y;
  case PTX_OP_OR: return x | y;
  case PTX_OP_XOR: return x ^ y;
  case PTX_OP_MIN: return (is_signed ? (int32_t)x < (int32_t)y : x < y) ? x : y;
  default: return (is_signed ? (int32_t)x > (int32_t)y : x > y) ? x : y;
  }
}

enum step_result sim_step_redux(struct step *s)
{
  sim_engine_need(s, 2, "a member mask");
  const uint32_t *masks = read32(s, 2);
  enum step_result here = sim_step_members(s, masks);
  if (here != STEP_NEXT) return here;
  uint32_t values[LANES], result[LANES] = {0}, defined = place_defined(s, 1), result_defined = 0;
  memcpy(values, read32(s, 1), sizeof values);
  FOR_EACH_MEMBERS(s, masks, members)
  {
    uint32_t first = (uint32_t)__builtin_ctz(members), sum = values[first];
    for (uint32_t l = first + 1; l < LANES; l++) {
      if ((members >> l & 1) != 0) sum = redux_combine(s, sum, values[l]);
    }
    if (s->insn->type[0] == PTX_F32) sum = redux_combine(s, sum, sum);
    for (uint32_t l = 0; l < LANES; l++) {
      if ((members >> l & 1) != 0) result[l] = sum;
    }
    if ((defined & members) == members) result_defined |= members;
  }
  sim_engine_write32(s, 0, result, result_defined);
  return STEP_NEXT;
}

enum step_result sim_step_activemask(struct step *s)
{
  uint32_t values[LANES];
  for (int l = 0; l < LANES; l++) values[l] = s->mask;
  sim_engine_write32(s, 0, values, ALL_LANES);
  return STEP_NEXT;
}

enum step_result sim_step_elect(struct step *s)
{
  sim_engine_need(s, 2, "a member mask");
  const uint32_t *masks = read32(s, 2);
  enum step_result here = sim_step_members(s, masks);
  if (here != STEP_NEXT) return here;
  uint32_t leaders[LANES] = {0}, elected = 0;
  FOR_EACH_MEMBERS(s, masks, members)
  {
    uint32_t leader = (uint32_t)__builtin_ctz(members);
    elected |= 1u << leader;
    for (uint32_t l = 0; l < LANES; l++) {
      if ((members >> l & 1) != 0) leaders[l] = leader;
    }
  }
  sim_engine_write32(s, 0, leaders, ALL_LANES);
  sim_engine_write_predicate(s, 1, elected, ALL_LANES);
  return STEP_NEXT;
}

/* --- special registers --- */

static uint64_t special_place(const struct step *s, enum ptx_special special, uint32_t lane)
{
  const struct block *block = s->warp->block;
  const struct sim_grid *grid = block->engine->grid;
  if (special <= PTX_SR_TID_Z) return s->warp->tid[special - PTX_SR_TID_X][lane];
  if (special <= PTX_SR_NTID_Z) return grid->block[special - PTX_SR_NTID_X];
  if (special <= PTX_SR_CTAID_Z) return block->coordinates[special - PTX_SR_CTAID_X];
  return grid->grid[special - PTX_SR_NCTAID_X];
}

/* Without clusters a block is a cluster of its own. */
static uint64_t special_cluster(const struct step *s, enum ptx_special special)
{
  const struct block *block = s->warp->block;
  const struct sim_grid *grid = block->engine->grid;
  if (special <= PTX_SR_CLUSTERID_Z) return block->coordinates[special - PTX_SR_CLUSTERID_X];
  if (special <= PTX_SR_NCLUSTERID_Z) return grid->grid[special - PTX_SR_NCLUSTERID_X];
  bool one =
      (special >= PTX_SR_CLUSTER_NCTAID_X && special <= PTX_SR_CLUSTER_NCTAID_Z) || special == PTX_SR_CLUSTER_NCTARANK;
  return one ? 1 : 0;
}

/* Instructions executed stand for cycles: later on, never less. */
static uint64_t special_clock(const struct step *s)
{
  return s->warp->steps * 4 + s->pc;
}

uint64_t sim_engine_special(const struct step *s, enum ptx_special special, uint32_t lane)
{
  const struct engine *engine = s->warp->block->engine;
  if (special <= PTX_SR_NCTAID_Z) return special_place(s, special, lane);
  if (special >= PTX_SR_CLUSTERID_X && special <= PTX_SR_IS_EXPLICIT_CLUSTER) return special_cluster(s, special);
  uint32_t total = engine->static_shared_bytes + engine->grid->dynamic_shared_bytes;
  switch ((int)special) {
  case PTX_SR_LANEID: return lane;
  case PTX_SR_WARPID: return s->warp->number;
  case PTX_SR_NWARPID: return engine->grid->arch->warps_per_sm;
  case PTX_SR_SMID: return s->warp->block->number % engine->grid->arch->sm_count;
  case PTX_SR_NSMID: return engine->grid->arch->sm_count;
  case PTX_SR_GRIDID: return engine->grid->grid_id;
  case PTX_SR_LANEMASK_EQ: return 1u << lane;
  case PTX_SR_LANEMASK_LE: return (2u << lane) - 1;
  case PTX_SR_LANEMASK_LT: return (1u << lane) - 1;
  case PTX_SR_LANEMASK_GE: return ~((1u << lane) - 1);
  case PTX_SR_LANEMASK_GT: return ~((2u << lane) - 1);
  case PTX_SR_CLOCK: return (uint32_t)special_clock(s);
  case PTX_SR_CLOCK_HI: return special_clock(s) >> 32;
  case PTX_SR_CLOCK64: return special_clock(s);
  case PTX_SR_GLOBALTIMER: return special_clock(s);
  case PTX_SR_GLOBALTIMER_LO: return (uint32_t)special_clock(s);
  case PTX_SR_GLOBALTIMER_HI: return special_clock(s) >> 32;
  case PTX_SR_TOTAL_SMEM_SIZE:
  case PTX_SR_AGGR_SMEM_SIZE: return total;
  case PTX_SR_DYNAMIC_SMEM_SIZE: return engine->grid->dynamic_shared_bytes;
  case PTX_SR_RESERVED_SMEM_END:
  case PTX_SR_RESERVED_SMEM_CAP: return engine->grid->arch->shared_reserved_bytes;
  case PTX_SR_ENVREG + 1: return engine->grid->workspace >> 32;
  case PTX_SR_ENVREG + 2: return (uint32_t)engine->grid->workspace;
  default: return 0;
  }
}
