/* engine_async.c: cp.async and mbarrier: operands in, sim_barrier.h does and checks the rest. */
#include <string.h>

#include "engine_internal.h"

enum step_result sim_step_cp_async(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  uint64_t to[LANES], from[LANES];
  uint32_t sizes[LANES], bytes = (uint32_t)insn->immediate;
  bool cg = insn->mode == PTX_COPY_CG;
  if (cg ? bytes != 16 : bytes != 4 && bytes != 8 && bytes != 16) {
    sim_engine_fail(s, SIM_CHECK_INSTRUCTION, SIM_NO_LANE, "cp.async of %u bytes: must be %s", bytes,
                    cg ? "16 with .cg" : "4, 8 or 16");
    return STEP_MOVED;
  }
  sim_engine_address(s, 0, to);
  sim_engine_address(s, 1, from);
  struct sim_copy copy = {.block = s->warp->block->memory,
                          .warp = s->warp->number,
                          .insn = s->pc,
                          .mask = s->mask,
                          .to = to,
                          .from = from,
                          .space_to = PTX_SHARED,
                          .space_from = PTX_GLOBAL,
                          .bytes = bytes};
  uint32_t groups = insn->group_count - ((insn->flags & PTX_HAS_POLICY) != 0 ? 1u : 0u);
  if (groups > 3) {
    sim_engine_need(s, 3, "a size of a copy");
    if ((insn->flags & PTX_IGNORE_SRC) != 0) {
      uint32_t ignored = sim_engine_predicate(s, 3);
      for (int l = 0; l < LANES; l++) sizes[l] = (ignored >> l & 1) != 0 ? 0 : bytes;
    } else {
      memcpy(sizes, read32(s, 3), sizeof sizes);
    }
    copy.from_bytes = sizes;
  }
  return sim_async_copy(&copy) == s->mask ? STEP_NEXT : STEP_MOVED;
}

enum step_result sim_step_cp_async_group(struct step *s)
{
  struct sim_block *block = s->warp->block->memory;
  if (s->insn->op == PTX_DO_CP_ASYNC_COMMIT) {
    sim_async_commit(block, s->warp->number, s->mask);
  } else if (s->insn->group_count == 0) {
    sim_async_wait_all(block, s->warp->number, s->mask);
  } else {
    sim_async_wait(block, s->warp->number, s->mask, (uint32_t)s->insn->immediate);
  }
  return STEP_NEXT;
}

static struct sim_mbarrier_op mbarrier_op(const struct step *s, const uint64_t *address)
{
  return (struct sim_mbarrier_op){.block = s->warp->block->memory,
                                  .warp = s->warp->number,
                                  .insn = s->pc,
                                  .mask = s->mask,
                                  .address = address,
                                  .space = s->insn->space == PTX_SHARED ? PTX_SHARED : PTX_GENERIC,
                                  .semantics = s->insn->semantics,
                                  .scope = s->insn->scope,
                                  .no_complete = (s->insn->flags & PTX_NO_COMPLETE) != 0};
}

enum step_result sim_step_cp_async_mbarrier(struct step *s)
{
  uint64_t address[LANES];
  sim_engine_address(s, 0, address);
  struct sim_mbarrier_op op = mbarrier_op(s, address);
  op.action = SIM_MBARRIER_ARRIVE;
  return sim_async_arrive(&op, (s->insn->flags & PTX_NOINC) != 0) == s->mask ? STEP_NEXT : STEP_MOVED;
}

/* init, inval, arrive, arrive_drop, expect_tx, complete_tx. */
enum step_result sim_step_mbarrier(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  bool arrives = insn->op == PTX_DO_MBARRIER_ARRIVE || insn->op == PTX_DO_MBARRIER_ARRIVE_DROP;
  uint32_t at = arrives ? 1 : 0;
  uint64_t address[LANES], state[LANES] = {0};
  uint32_t number[LANES];
  sim_engine_address(s, at, address);
  struct sim_mbarrier_op op = mbarrier_op(s, address);
  bool transaction = (insn->flags & PTX_EXPECT_TX) != 0 || insn->op == PTX_DO_MBARRIER_EXPECT_TX ||
                     insn->op == PTX_DO_MBARRIER_COMPLETE_TX;
  if (insn->group_count > at + 1u) {
    sim_engine_need(s, at + 1, "a count of a barrier");
    memcpy(number, read32(s, at + 1), sizeof number);
    if (transaction)
      op.tx = number;
    else
      op.count = number;
  }
  op.action = insn->op == PTX_DO_MBARRIER_INIT          ? SIM_MBARRIER_INIT
              : insn->op == PTX_DO_MBARRIER_INVAL       ? SIM_MBARRIER_INVAL
              : insn->op == PTX_DO_MBARRIER_ARRIVE      ? SIM_MBARRIER_ARRIVE
              : insn->op == PTX_DO_MBARRIER_ARRIVE_DROP ? SIM_MBARRIER_ARRIVE_DROP
              : insn->op == PTX_DO_MBARRIER_EXPECT_TX   ? SIM_MBARRIER_EXPECT_TX
                                                        : SIM_MBARRIER_COMPLETE_TX;
  uint32_t served = sim_mbarrier_run(&op, state);
  if (arrives) sim_engine_write(s, 0, PTX_B64, state, ALL_LANES);
  return served == s->mask ? STEP_NEXT : STEP_MOVED;
}

enum step_result sim_step_mbarrier_wait(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  uint64_t address[LANES], phase[LANES];
  bool parity = (insn->flags & PTX_PARITY) != 0;
  sim_engine_address(s, 1, address);
  sim_engine_need(s, 2, "the phase of a barrier");
  sim_engine_read(s, 2, parity ? PTX_U32 : PTX_B64, phase);
  struct sim_mbarrier_op op = mbarrier_op(s, address);
  uint32_t complete = sim_mbarrier_test(&op, phase, parity, insn->op == PTX_DO_MBARRIER_TRY_WAIT);
  sim_engine_write_predicate(s, 0, complete, ALL_LANES);
  if (complete == s->mask) {
    s->warp->spins = 0;
    return STEP_NEXT;
  }
  s->warp->spins++;
  return STEP_YIELD;
}

enum step_result sim_step_mbarrier_pending(struct step *s)
{
  uint64_t state[LANES];
  uint32_t r[LANES];
  sim_engine_need(s, 1, "the state of a barrier");
  sim_engine_read(s, 1, PTX_B64, state);
  for (int l = 0; l < LANES; l++) r[l] = (s->mask >> l & 1) != 0 ? sim_mbarrier_pending(state[l]) : 0;
  sim_engine_write32(s, 0, r, ALL_LANES);
  return STEP_NEXT;
}
