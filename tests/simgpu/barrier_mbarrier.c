/* barrier_mbarrier.c: mbarrier objects. Source: PTX ISA, "Parallel Synchronization and Communication Instructions:
 * mbarrier". */
#include <stdlib.h>
#include <string.h>

#include "memory_internal.h"

#define COUNT_MAX 0xfffffu /* 2^20 − 1: counts and |tx| */

/* A token: the phase, and the pending count before the arrival that it was given for. */
#define TOKEN_PHASE_SHIFT 20u

static void fail(const struct sim_mbarrier_op *op, uint32_t lane, uint32_t address, const char *what)
{
  sim_block_report(op->block, SIM_CHECK_MBARRIER, op->warp, lane, op->insn, "mbarrier at %#x: %s", address, what);
}

struct sim_mbarrier *sim_mbarrier_find(struct sim_block *block, uint32_t address)
{
  for (uint32_t i = 0; i < block->mbarrier_count; i++)
    if (block->mbarriers[i].valid && block->mbarriers[i].address == address) return &block->mbarriers[i];
  return NULL;
}

/* --- phases --- */

static void flip(struct sim_block *block, struct sim_mbarrier *barrier)
{
  block->progress++;
  if (barrier->pending != 0 || barrier->tx != 0) return;
  sim_vc_join(&barrier->done, &barrier->open);
  sim_vc_clear(&barrier->open);
  barrier->phase++;
  barrier->pending = barrier->expected;
}

static bool add_tx(struct sim_block *block, struct sim_mbarrier *barrier, int64_t tx, uint32_t warp, uint32_t lane,
                   uint32_t insn)
{
  int64_t sum = barrier->tx + tx;
  if (sum > (int64_t)COUNT_MAX || sum < -(int64_t)COUNT_MAX) {
    sim_block_report(block, SIM_CHECK_MBARRIER, warp, lane, insn,
                     "mbarrier at %#x: tx-count %lld: must stay within ±1048575", barrier->address, (long long)sum);
    return false;
  }
  barrier->tx = sum;
  return true;
}

bool sim_mbarrier_count(struct sim_block *block, struct sim_mbarrier *barrier, uint32_t count, int64_t tx,
                        const struct sim_vc *released, uint32_t warp, uint32_t lane, uint32_t insn)
{
  if (tx != 0 && !add_tx(block, barrier, tx, warp, lane, insn)) return false;
  if (count > barrier->pending) {
    sim_block_report(block, SIM_CHECK_MBARRIER, warp, lane, insn,
                     "mbarrier at %#x: arrival of %u with %u of %u pending in phase %llu: too many arrivals",
                     barrier->address, count, barrier->pending, barrier->expected, (unsigned long long)barrier->phase);
    return false;
  }
  barrier->pending -= count;
  if (released != NULL) sim_vc_join(&barrier->open, released);
  if (barrier->pending == 0 && barrier->tx < 0) {
    sim_block_report(block, SIM_CHECK_MBARRIER, warp, lane, insn,
                     "mbarrier at %#x: all have arrived in phase %llu with %lld bytes more completed than expected",
                     barrier->address, (unsigned long long)barrier->phase, (long long)-barrier->tx);
    return false;
  }
  flip(block, barrier);
  return true;
}

/* --- one lane's operation --- */

/* The bytes of the object as an ordinary write by the lane: init and inval are ordered against data that lay or will
 * lie there. */
static bool touch(const struct sim_mbarrier_op *op, uint32_t lane)
{
  uint64_t epoch[32];
  uint8_t *where[32];
  const struct sim_warp_clock *clock = &op->block->clocks[op->warp];
  epoch[lane] = sim_epoch(op->block->first_agent + op->warp, clock->clock, lane);
  const struct sim_access access = {.block = op->block,
                                    .warp = op->warp,
                                    .insn = op->insn,
                                    .mask = 1u << lane,
                                    .address = op->address,
                                    .bytes = 8,
                                    .space = op->space};
  return sim_access_touch(&access, true, NULL, epoch, where) != 0;
}

static void mark(const struct sim_mbarrier_op *op, uint32_t address, bool mbarrier)
{
  struct sim_block *block = op->block;
  uint32_t offset = (uint32_t)(address - block->shared.origin) & (SIM_PAGE_BYTES - 1);
  sim_shadow_mark(sim_range_page(&block->shared, address), offset, 8, block->launch->stamp, mbarrier);
}

static struct sim_mbarrier *take_slot(struct sim_block *block)
{
  for (uint32_t i = 0; i < block->mbarrier_count; i++)
    if (!block->mbarriers[i].valid) return &block->mbarriers[i];
  if (block->mbarrier_count == block->mbarrier_capacity) {
    block->mbarrier_capacity = block->mbarrier_capacity == 0 ? 16 : block->mbarrier_capacity * 2;
    block->mbarriers = sim_block_must(realloc(block->mbarriers, block->mbarrier_capacity * sizeof *block->mbarriers));
  }
  block->mbarriers[block->mbarrier_count] = (struct sim_mbarrier){0};
  return &block->mbarriers[block->mbarrier_count++];
}

static bool init(const struct sim_mbarrier_op *op, uint32_t lane, uint32_t address, uint32_t count)
{
  struct sim_block *block = op->block;
  if (count == 0 || count > COUNT_MAX) {
    fail(op, lane, address, "init with a count out of range: must be 1..1048575");
    return false;
  }
  if (sim_mbarrier_find(block, address) != NULL) {
    fail(op, lane, address, "init over a live mbarrier: needs mbarrier.inval before");
    return false;
  }
  if (!touch(op, lane)) return false;
  mark(op, address, true);
  struct sim_mbarrier *barrier = take_slot(block);
  struct sim_vc open = barrier->open, done = barrier->done;
  const struct sim_warp_clock *clock = &block->clocks[op->warp];
  *barrier = (struct sim_mbarrier){.address = address,
                                   .valid = true,
                                   .expected = count,
                                   .pending = count,
                                   .insn = op->insn,
                                   .open = open,
                                   .done = done};
  barrier->init_epoch = sim_epoch(block->first_agent + op->warp, clock->clock, lane);
  if (open.own == NULL && (!sim_vc_init(&barrier->open, block->number, block->agents) ||
                           !sim_vc_init(&barrier->done, block->number, block->agents)))
    sim_block_must(NULL);
  sim_vc_clear(&barrier->open);
  sim_vc_clear(&barrier->done);
  return true;
}

struct sim_mbarrier *sim_mbarrier_use(const struct sim_mbarrier_op *op, uint32_t lane)
{
  uint32_t address = sim_shared_address(op->address[lane], (enum ptx_space)op->space);
  if (address == UINT32_MAX) {
    sim_block_report(op->block, SIM_CHECK_MBARRIER, op->warp, lane, op->insn,
                     "%#llx is not shared memory of the block: must be (mbarriers of other blocks are not simulated)",
                     (unsigned long long)op->address[lane]);
    return NULL;
  }
  struct sim_mbarrier *barrier = sim_mbarrier_find(op->block, address);
  if (barrier == NULL) {
    fail(op, lane, address, "no mbarrier was initialised there");
    return NULL;
  }
  if (!op->block->launch->options.race_checks_off &&
      !sim_warp_clock_covers(&op->block->clocks[op->warp], lane, barrier->init_epoch)) {
    fail(op, lane, address, "used by a thread that no barrier orders behind its mbarrier.init");
    return NULL;
  }
  return barrier;
}

bool sim_mbarrier_expect_more(const struct sim_mbarrier_op *op, struct sim_mbarrier *barrier, uint32_t lane)
{
  if (barrier->pending == COUNT_MAX) {
    fail(op, lane, barrier->address, "cp.async.mbarrier.arrive beyond a pending count of 1048575");
    return false;
  }
  barrier->pending++;
  return true;
}

static bool arrive(const struct sim_mbarrier_op *op, struct sim_mbarrier *barrier, uint32_t lane,
                   const struct sim_vc *released, uint64_t *state)
{
  uint32_t count = op->count != NULL ? op->count[lane] : 1;
  int64_t tx = op->tx != NULL ? (int64_t)op->tx[lane] : 0;
  if (count == 0 || count > COUNT_MAX) {
    fail(op, lane, barrier->address, "arrival of a count out of range: must be 1..1048575");
    return false;
  }
  if (op->action == SIM_MBARRIER_ARRIVE_DROP && count > barrier->expected) {
    fail(op, lane, barrier->address, "arrive_drop of more than is expected");
    return false;
  }
  uint64_t phase = barrier->phase;
  if (state != NULL) state[lane] = phase << TOKEN_PHASE_SHIFT | barrier->pending;
  /* Later phases: before this one can complete and reload its count. */
  uint32_t expected = barrier->expected;
  if (op->action == SIM_MBARRIER_ARRIVE_DROP) barrier->expected -= count;
  if (!sim_mbarrier_count(op->block, barrier, count, tx, released, op->warp, lane, op->insn)) {
    barrier->expected = expected;
    return false;
  }
  if (op->no_complete && barrier->phase != phase) {
    fail(op, lane, barrier->address, "arrive.noComplete completed the phase");
    return false;
  }
  return true;
}

static bool run_lane(const struct sim_mbarrier_op *op, uint32_t lane, const struct sim_vc *released, uint64_t *state)
{
  struct sim_block *block = op->block;
  uint32_t address = sim_shared_address(op->address[lane], (enum ptx_space)op->space);
  if (op->action == SIM_MBARRIER_INIT) {
    if (address != UINT32_MAX) return init(op, lane, address, op->count != NULL ? op->count[lane] : 1);
    fail(op, lane, address, "init outside the block's shared memory");
    return false;
  }
  struct sim_mbarrier *barrier = sim_mbarrier_use(op, lane);
  if (barrier == NULL) return false;
  int64_t tx = op->tx != NULL ? (int64_t)op->tx[lane] : 0;
  switch ((enum sim_mbarrier_action)op->action) {
  case SIM_MBARRIER_INVAL:
    barrier->valid = false;
    mark(op, address, false);
    return touch(op, lane);
  case SIM_MBARRIER_EXPECT_TX:
    if (!add_tx(block, barrier, tx, op->warp, lane, op->insn)) return false;
    block->progress++;
    return true;
  case SIM_MBARRIER_COMPLETE_TX: return sim_mbarrier_count(block, barrier, 0, -tx, NULL, op->warp, lane, op->insn);
  default: return arrive(op, barrier, lane, released, state);
  }
}

/* Can the phase end before the last lane has arrived? Then what that lane did is not in it. */
static bool splits_phase(const struct sim_mbarrier_op *op)
{
  uint32_t first = (uint32_t)__builtin_ctz(op->mask), before_last = 0;
  const struct sim_mbarrier *barrier =
      sim_mbarrier_find(op->block, sim_shared_address(op->address[first], (enum ptx_space)op->space));
  for (uint32_t rest = op->mask; (rest & (rest - 1)) != 0; rest &= rest - 1)
    before_last += op->count != NULL ? op->count[__builtin_ctz(rest)] : 1;
  return barrier != NULL && before_last >= barrier->pending;
}

uint32_t sim_mbarrier_run(const struct sim_mbarrier_op *op, uint64_t *state)
{
  struct sim_block *block = op->block;
  struct sim_warp_clock *clock = &block->clocks[op->warp];
  struct sim_vc vc = {0};
  const struct sim_vc *released = NULL;
  uint32_t served = 0, publishing = 0;
  bool arrives = op->action == SIM_MBARRIER_ARRIVE || op->action == SIM_MBARRIER_ARRIVE_DROP;
  if (arrives && op->semantics == PTX_RELAXED) {
    if ((clock->fenced[0] & op->mask) != 0) released = clock->fence[0];
  } else if (arrives) {
    /* Also for the lanes that come to nothing: the launch is at fault then anyway. */
    if (!sim_vc_init(&vc, block->number, block->agents)) sim_block_must(NULL);
    if (splits_phase(op))
      publishing = op->mask;
    else
      sim_warp_clock_release(clock, op->mask, &vc);
    released = &vc;
  }
  for (uint32_t rest = op->mask; rest != 0; rest &= rest - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    if ((publishing >> lane & 1) != 0) {
      sim_vc_clear(&vc);
      sim_warp_clock_release(clock, 1u << lane, &vc);
    }
    if (run_lane(op, lane, released, state)) served |= 1u << lane;
  }
  sim_vc_free(&vc);
  return served;
}

/* --- waiting --- */

/* Has the phase that the lane asks for completed? A token may be of the current phase or the one before. */
static bool is_done(const struct sim_mbarrier_op *op, const struct sim_mbarrier *barrier, uint32_t lane, uint64_t phase,
                    bool parity)
{
  if (parity) return (barrier->phase & 1) != (phase & 1);
  uint64_t asked = phase >> TOKEN_PHASE_SHIFT;
  if (asked > barrier->phase || asked + 1 < barrier->phase)
    sim_block_report(op->block, SIM_CHECK_MBARRIER, op->warp, lane, op->insn,
                     "mbarrier at %#x: token of phase %llu in phase %llu: must be of this phase or the one before",
                     barrier->address, (unsigned long long)asked, (unsigned long long)barrier->phase);
  return asked < barrier->phase;
}

uint32_t sim_mbarrier_test(const struct sim_mbarrier_op *op, const uint64_t *phase, bool parity, bool may_fail)
{
  struct sim_block *block = op->block;
  struct sim_warp_clock *clock = &block->clocks[op->warp];
  uint32_t done = 0;
  if (may_fail && sim_block_random(block) % 8 == 0) return 0;
  for (uint32_t rest = op->mask, alike; rest != 0; rest &= ~alike) {
    uint32_t lane = (uint32_t)__builtin_ctz(rest);
    alike = 0;
    for (uint32_t others = rest; others != 0; others &= others - 1) {
      uint32_t other = (uint32_t)__builtin_ctz(others);
      if (op->address[other] == op->address[lane] && phase[other] == phase[lane]) alike |= 1u << other;
    }
    const struct sim_mbarrier *barrier = sim_mbarrier_use(op, lane);
    if (barrier == NULL) continue;
    if (!is_done(op, barrier, lane, phase[lane], parity)) {
      sim_wait_add(block, op->warp,
                   &(struct sim_waiter){SIM_WAIT_MBARRIER, alike, op->insn, barrier->address,
                                        parity ? phase[lane] & 1 : phase[lane] >> TOKEN_PHASE_SHIFT, parity});
      continue;
    }
    done |= alike;
    if (op->semantics == PTX_RELAXED)
      sim_warp_clock_observe(clock, alike, &barrier->done, NULL);
    else
      sim_warp_clock_acquire(clock, alike, &barrier->done);
  }
  sim_wait_remove(block, op->warp, done);
  return done;
}

uint32_t sim_mbarrier_pending(uint64_t state)
{
  return (uint32_t)state & COUNT_MAX;
}
