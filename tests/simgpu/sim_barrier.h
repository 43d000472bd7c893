/* sim_barrier.h: what a block's threads wait for: named barriers (bar, barrier), mbarrier objects, cp.async groups;
 * when async copies land; and the list of who waits for what when nothing moves any more.
 *
 *   barrier_named.c   barriers 0..15 of a block
 *   barrier_mbarrier.c mbarrier objects in shared memory
 *   barrier_async.c   cp.async: groups, landing, arrivals on mbarriers
 *   barrier_wait.c    waiters and the deadlock report
 *
 * Nothing here blocks: operations return at once, the engine holds a warp back and asks again. A block whose every warp
 * waits, with no async copy left to land, and whose sim_block_progress has not changed over a round of asking, is
 * deadlocked.
 *
 * All masks are lanes of one warp. Findings go to the launch's report and are faults of the block (sim_block_fault).
 */
#ifndef SIMGPU_BARRIER_H
#define SIMGPU_BARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim_memory.h"

/* --- named barriers ("Parallel Synchronization and Communication Instructions: bar, barrier") --- */

/* What a bar.red reduces; NONE for sync and arrive. */
enum sim_bar_kind { SIM_BAR_SYNC, SIM_BAR_ARRIVE, SIM_BAR_RED_POPC, SIM_BAR_RED_AND, SIM_BAR_RED_OR };
struct sim_bar {
  struct sim_block *block;
  uint32_t warp, insn, mask;
  uint32_t id;         /* operand a; above 15 is a finding */
  uint32_t threads;    /* operand b; 0: all threads of the block, exited ones left out */
  uint8_t kind;        /* enum sim_bar_kind */
  uint32_t predicates; /* of red: a bit a lane, negation applied */
};
/* The lanes arrive. A warp counts as 32 once all its live lanes have come, so a block's ragged last warp works with an
 * explicit count. A later call for lanes of the same warp adds them to it (barrier without .aligned). Returns a ticket
 * for the phase (arrive needs none). */
uint64_t sim_bar_arrive(const struct sim_bar *bar);
/* True when the phase is complete; then the lanes have learned what all participants did, and *result (may be NULL) is
 * the reduction:
 * the count for popc, else 0 or 1. bar as at the arrival. */
bool sim_bar_passed(const struct sim_bar *bar, uint64_t ticket, uint32_t *result);

/* --- mbarrier ("mbarrier" of the ISA). An object is 8 bytes of shared memory, known from init to inval; its phase is a
 * 64-bit counter here, its parity bit 0. Complete: pending = 0 and tx = 0. Counts to 2^20 − 1, tx within ±(2^20 − 1).
 * --- */

enum sim_mbarrier_action {
  SIM_MBARRIER_INIT, /* count: expected arrivals */
  SIM_MBARRIER_INVAL,
  SIM_MBARRIER_ARRIVE,      /* count (1 without the operand); tx added first where has_tx */
  SIM_MBARRIER_ARRIVE_DROP, /* the same, and the expected count of later phases falls by count */
  SIM_MBARRIER_EXPECT_TX,
  SIM_MBARRIER_COMPLETE_TX
};
struct sim_mbarrier_op {
  struct sim_block *block;
  uint32_t warp, insn, mask;
  const uint64_t *address;  /* [32] */
  uint8_t space;            /* PTX_SHARED or PTX_GENERIC */
  uint8_t action;           /* enum sim_mbarrier_action; ignored by test and pending_count */
  uint8_t semantics, scope; /* WEAK, NONE: the ISA's default (release or acquire, cta) */
  bool no_complete;         /* .noComplete: completing the phase is a finding */
  const uint32_t *count;    /* [32]; NULL: 1 */
  const uint32_t *tx;       /* [32]; NULL: none */
};
/* Lane by lane in lane order. state (may be NULL): [32], the token of the phase that an arrival was counted in. Returns
 * the lanes that were served. The arrivals of one call release together; complete_tx and expect_tx order nothing by
 * themselves. */
uint32_t sim_mbarrier_run(const struct sim_mbarrier_op *op, uint64_t *state);
/* test_wait and try_wait. phase [32]: tokens, or with parity 0 or 1. may_fail: try_wait, which now and then, by seed,
 * is false although the phase is complete (a suspend-time hint changes nothing: the engine comes back when it likes).
 * Returns the lanes whose phase is complete; they have learned what was released in it. Lanes for which it is not are
 * waiters until they ask again. */
uint32_t sim_mbarrier_test(const struct sim_mbarrier_op *op, const uint64_t *phase, bool parity, bool may_fail);
/* mbarrier.pending_count of a token. */
uint32_t sim_mbarrier_pending(uint64_t state);

/* --- cp.async (non-bulk). Copies are checked when issued and land at a random later time, at the latest when they are
 * waited for. --- */

struct sim_copy {
  struct sim_block *block;
  uint32_t warp, insn, mask;
  const uint64_t *to;   /* [32] shared (space_to PTX_SHARED or PTX_GENERIC) */
  const uint64_t *from; /* [32] global or generic */
  uint8_t space_to, space_from;
  uint32_t bytes;             /* 4, 8 or 16; addresses are multiples of it */
  const uint32_t *from_bytes; /* [32]: read from the source, 0..bytes, the rest is zeros; NULL: bytes (ignore-src: 0) */
};
/* Returns the lanes served. */
uint32_t sim_async_copy(const struct sim_copy *copy);
void sim_async_commit(struct sim_block *block, uint32_t warp, uint32_t mask);
/* cp.async.wait_group: all but the latest `newest` groups of each lane. Never waits: what is asked for lands now. */
void sim_async_wait(struct sim_block *block, uint32_t warp, uint32_t mask, uint32_t newest);
void sim_async_wait_all(struct sim_block *block, uint32_t warp, uint32_t mask);
/* cp.async.mbarrier.arrive: an arrival when all earlier copies of the lane have landed. Without noinc the pending count
 * first goes up by one. */
uint32_t sim_async_arrive(const struct sim_mbarrier_op *op, bool noinc);
/* Lands some of what is in flight, by seed; with `all`, everything. Returns true if something landed. */
bool sim_async_step(struct sim_block *block, bool all);

/* --- deadlock --- */

/* Changes whenever something happened that a waiter could be waiting for. */
uint64_t sim_block_progress(const struct sim_block *block);
/* Reports each waiter of the block: a finding `deadlock` whose message lists warps, lanes, and the barrier with its
 * expected and pending counts. Returns the number of waiters. */
uint32_t sim_block_report_deadlock(struct sim_block *block);

#endif
