/* test_planted_rows.h: the rows of test_planted.c: programs of data/planted_*.cu and the bugs that are planted in them. */
#ifndef SIMGPU_TEST_PLANTED_ROWS_H
#define SIMGPU_TEST_PLANTED_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim_report.h"

enum want {
  WANT_COPY,     /* out[i] = in[i] */
  WANT_REVERSED, /* within each block */
  WANT_SUMS,     /* out[block] = sum of its block's in */
};

/* blocks × threads, n = that − less. Shared bytes are dynamic ones. */
struct program {
  const char *kernel;
  uint32_t blocks, threads;
  enum want want;
  uint32_t less, shared_bytes;
  bool cooperative, freed; /* freed: scratch is, before the launch of a bug */
};

struct planted {
  const char *kernel;
  int bug;
  enum sim_check check;
  const char *words; /* of the finding's text */
  bool by_seed;      /* it need not come to light on each seed; where it does not, the answer is right */
  uint64_t also;     /* checks, as bits: what another order of execution shows instead */
};

/* clang-format off */
#define P(name, blocks_, threads_, want_, ...) {.kernel = name, .blocks = blocks_, .threads = threads_, .want = WANT_##want_, __VA_ARGS__}
static const struct program programs[] = {
    /* planted_memory.cu */
    P("global_read_end", 2, 64, COPY, .less = 1),
    P("global_write_end", 2, 64, COPY, .less = 1),
    P("global_before", 2, 64, COPY),
    P("vector_tail", 2, 64, COPY, .less = 2),
    P("null_pointer", 2, 64, COPY),
    P("index_overflow", 2, 64, COPY),
    P("atomic_end", 2, 64, COPY),
    P("shared_end", 2, 64, COPY),
    P("shared_before", 2, 64, COPY),
    P("shared_dynamic_end", 2, 64, COPY, .shared_bytes = 256),
    P("shared_generic_end", 2, 64, COPY),
    P("local_end", 2, 64, COPY),
    P("local_before", 2, 64, COPY),
    P("constant_written", 1, 32, COPY),
    P("misaligned_vector", 2, 64, COPY),
    P("misaligned_shared", 2, 64, COPY),
    P("misaligned_atomic", 2, 64, COPY),
    P("misaligned_ldmatrix", 2, 32, COPY),
    P("uninit_shared", 2, 64, REVERSED),
    P("uninit_shared_bytes", 2, 64, REVERSED),
    P("uninit_shared_of_last_block", 2, 64, COPY),
    P("uninit_local", 2, 64, COPY),
    P("uninit_global", 2, 64, COPY),
    P("uninit_global_hole", 2, 64, COPY),
    P("uninit_accumulator", 2, 64, COPY),
    P("uninit_register", 2, 64, COPY),
    P("uninit_predicate", 2, 64, COPY),
    P("uninit_output", 2, 64, COPY),
    P("use_after_free", 2, 64, COPY, .freed = true),
    /* planted_race.cu */
    P("barrier_before_read", 2, 64, REVERSED),
    P("barrier_before_rewrite", 2, 64, REVERSED),
    P("double_buffer", 2, 64, REVERSED),
    P("tree_sum", 2, 128, SUMS),
    P("tree_sum_in_a_warp", 2, 32, SUMS),
    P("warp_exchange", 2, 32, REVERSED),
    P("warp_halves", 2, 32, REVERSED),
    P("lanes_write_one_place", 2, 32, COPY),
    P("shared_histogram", 2, 128, COPY),
    P("atomic_then_plain_read", 2, 64, SUMS),
    P("broadcast_by_one_thread", 2, 64, COPY),
    P("scan", 2, 64, COPY),
    P("producers_and_consumers", 1, 128, COPY),
    P("flag_in_a_block", 2, 64, COPY),
    P("global_histogram", 4, 32, COPY),
    P("halo_in_place", 4, 32, COPY),
    P("halo_read_only_cache", 4, 32, COPY),
    P("neighbours_overlap", 4, 32, COPY),
    P("last_block_sums", 4, 32, COPY),
    P("counter_of_all_blocks", 4, 32, COPY),
    P("message", 2, 32, COPY),
    P("message_by_fences", 2, 32, COPY),
    P("lock", 4, 32, COPY),
    P("grid_waits", 4, 64, COPY, .cooperative = true),
    P("source_changes_in_flight", 1, 64, COPY),
    /* planted_async.cu */
    P("copy_own", 2, 64, COPY),
    P("copy_without_barrier", 2, 64, REVERSED),
    P("copy_barrier_before_wait", 2, 64, REVERSED),
    P("copy_uncommitted", 2, 64, COPY),
    P("copy_never_waited", 2, 64, COPY),
    P("pipeline", 2, 64, REVERSED),
    P("copy_tail", 2, 64, COPY, .less = 3),
    P("copy_misaligned", 2, 64, COPY),
    P("copy_out_of_shared", 2, 64, COPY),
    P("copy_over_pending_read", 2, 64, REVERSED),
    P("arrive_and_wait", 2, 64, REVERSED),
    P("phases", 2, 64, REVERSED),
    P("wait_by_token", 2, 64, REVERSED),
    P("test_once", 2, 64, REVERSED),
    P("copies_arrive", 1, 64, COPY),
    P("transactions", 2, 64, COPY),
    P("object_memory", 2, 64, COPY),
    P("object_reused", 2, 64, COPY),
    P("arrive_no_complete", 2, 64, COPY),
    P("arrive_drop", 2, 64, COPY),
    /* planted_sync.cu */
    P("shuffle_half_warp", 2, 32, COPY),
    P("shuffle_from_outside", 2, 32, COPY),
    P("ballot_in_a_branch", 2, 32, COPY),
    P("mask_without_self", 2, 32, COPY),
    P("reduce_missing_lanes", 2, 32, COPY),
    P("match_missing_lanes", 2, 32, COPY),
    P("ldmatrix_in_a_branch", 2, 32, COPY),
    P("mma_in_a_branch", 2, 32, COPY),
    P("different_instructions", 2, 32, COPY),
    P("barrier_in_a_branch", 2, 64, COPY),
    P("barrier_in_a_loop", 2, 64, COPY),
    P("barrier_short_of_threads", 2, 64, COPY),
    P("barrier_count_odd", 2, 64, COPY),
    P("barrier_number", 2, 64, COPY),
    P("barrier_counts_differ", 2, 96, COPY),
    P("barrier_taken", 1, 96, COPY),
    P("barrier_kinds_meet", 2, 64, COPY),
    P("barriers_crosswise", 2, 64, COPY),
    P("both_wait_first", 2, 64, COPY),
    P("flag_never_set", 1, 32, COPY),
    P("endless_loop", 1, 32, COPY),
    P("trapped", 2, 32, COPY),
    P("assertion", 2, 32, COPY),
    P("local_end_below_calls", 1, 32, COPY),
    P("recursion", 1, 32, COPY),
};
#undef P
#define PROGRAMS (sizeof programs / sizeof programs[0])

#define B(name, number, check_, words_, ...) {.kernel = name, .bug = number, .check = SIM_CHECK_##check_, .words = words_, __VA_ARGS__}
static const struct planted bugs[] = {
    /* planted_memory.cu */
    B("global_read_end", 1, BOUNDS_GLOBAL, "read of 4 bytes"),
    B("global_write_end", 1, BOUNDS_GLOBAL, "write of 4 bytes"),
    B("global_before", 1, BOUNDS_GLOBAL, "read of 4 bytes"),
    B("vector_tail", 1, BOUNDS_GLOBAL, "read of 16 bytes"),
    B("null_pointer", 1, BOUNDS_GLOBAL, "read of 4 bytes"),
    B("index_overflow", 1, BOUNDS_GLOBAL, "read of 4 bytes"),
    B("atomic_end", 1, BOUNDS_GLOBAL, "4 bytes"),
    B("shared_end", 1, BOUNDS_SHARED, "write of 4 bytes"),
    B("shared_before", 1, BOUNDS_SHARED, "read of 4 bytes"),
    B("shared_dynamic_end", 1, BOUNDS_SHARED, "write of 4 bytes"),
    B("shared_generic_end", 1, BOUNDS_SHARED, "write of 4 bytes"),
    B("local_end", 1, BOUNDS_LOCAL, "read of 4 bytes"),
    B("local_before", 1, BOUNDS_LOCAL, "write of 4 bytes"),
    B("constant_written", 1, READ_ONLY, "variable table is constant"),
    B("constant_written", 2, READ_ONLY, "variable table is constant"),
    B("misaligned_vector", 1, MISALIGNED, "16"),
    B("misaligned_shared", 1, MISALIGNED, "8"),
    B("misaligned_atomic", 1, MISALIGNED, "8"),
    B("misaligned_ldmatrix", 1, MISALIGNED, "16"),
    B("uninit_shared", 1, UNINIT_SHARED, ""),
    B("uninit_shared_bytes", 1, UNINIT_SHARED, ""),
    B("uninit_shared_of_last_block", 1, UNINIT_SHARED, ""),
    B("uninit_local", 1, UNINIT_LOCAL, ""),
    B("uninit_global", 1, UNINIT_GLOBAL, ""),
    B("uninit_global_hole", 1, UNINIT_GLOBAL, ""),
    B("uninit_accumulator", 1, UNINIT_GLOBAL, ""),
    B("uninit_register", 1, UNINIT_REGISTER, "data to store"),
    B("uninit_predicate", 1, UNINIT_REGISTER, "guards"),
    B("uninit_output", 1, UNINIT_COPY, ""),
    B("use_after_free", 1, USE_AFTER_FREE, "read of 4 bytes"),
    /* planted_race.cu */
    B("barrier_before_read", 1, RACE_SHARED, ""),
    B("barrier_before_rewrite", 1, RACE_SHARED, ""),
    B("double_buffer", 1, RACE_SHARED, ""),
    B("tree_sum", 1, RACE_SHARED, ""),
    B("tree_sum_in_a_warp", 1, RACE_WARP, ""),
    B("warp_exchange", 1, RACE_WARP, ""),
    B("warp_halves", 1, RACE_WARP, ""),
    B("lanes_write_one_place", 1, RACE_WARP, ""),
    B("shared_histogram", 1, RACE_SHARED, ""),
    B("atomic_then_plain_read", 1, RACE_SHARED, ""),
    B("broadcast_by_one_thread", 1, RACE_SHARED, ""),
    B("scan", 1, RACE_SHARED, ""),
    B("producers_and_consumers", 1, RACE_SHARED, ""),
    B("producers_and_consumers", 2, RACE_SHARED, ""),
    B("flag_in_a_block", 1, RACE_GLOBAL, ""),
    B("global_histogram", 1, RACE_GLOBAL, ""),
    B("halo_in_place", 1, RACE_GLOBAL, ""),
    B("halo_read_only_cache", 1, RACE_GLOBAL, ""),
    B("neighbours_overlap", 1, RACE_GLOBAL, ""),
    B("last_block_sums", 1, RACE_GLOBAL, ""),
    B("last_block_sums", 2, RACE_GLOBAL, ""),
    B("counter_of_all_blocks", 1, SCOPE, ""),
    B("message", 1, RACE_GLOBAL, ""),
    B("message", 2, RACE_GLOBAL, ""),
    B("message", 3, RACE_GLOBAL, ""),
    B("message", 4, RACE_GLOBAL, ""),
    B("message", 5, SCOPE, ""),
    B("message", 6, SCOPE, ""),
    B("message_by_fences", 1, RACE_GLOBAL, ""),
    B("message_by_fences", 2, RACE_GLOBAL, ""),
    B("lock", 1, RACE_GLOBAL, ""),
    B("lock", 2, RACE_GLOBAL, ""),
    B("grid_waits", 1, RACE_GLOBAL, ""),
    B("source_changes_in_flight", 1, RACE_GLOBAL, "cp.async"),
    /* planted_async.cu */
    B("copy_own", 1, RACE_SHARED, "cp.async"),
    B("copy_without_barrier", 1, RACE_SHARED, "cp.async"),
    B("copy_barrier_before_wait", 1, RACE_SHARED, "cp.async"),
    B("copy_uncommitted", 1, RACE_SHARED, "cp.async"),
    B("copy_never_waited", 1, ASYNC_UNWAITED, "never waited for"),
    B("pipeline", 1, RACE_SHARED, "cp.async"),
    B("pipeline", 2, RACE_SHARED, "cp.async"),
    B("pipeline", 3, RACE_SHARED, ""),
    B("pipeline", 4, RACE_SHARED, "cp.async"),
    B("copy_tail", 1, BOUNDS_GLOBAL, ""),
    B("copy_misaligned", 1, MISALIGNED, "16"),
    B("copy_out_of_shared", 1, BOUNDS_SHARED, "16 bytes"),
    B("copy_over_pending_read", 1, RACE_SHARED, "cp.async"),
    B("arrive_and_wait", 1, RACE_SHARED, "", .by_seed = true),
    B("arrive_and_wait", 2, DEADLOCK, "mbarrier"),
    B("arrive_and_wait", 3, MBARRIER, ""),
    B("arrive_and_wait", 4, RACE_SHARED, ""),
    B("arrive_and_wait", 5, MBARRIER, "count out of range"),
    B("arrive_and_wait", 6, DEADLOCK, "mbarrier"),
    B("phases", 1, RACE_SHARED, ""),
    B("phases", 2, RACE_SHARED, ""),
    B("wait_by_token", 1, RACE_SHARED, ""),
    B("test_once", 1, RACE_SHARED, "", .by_seed = true),
    B("copies_arrive", 1, RACE_SHARED, "cp.async"),
    B("copies_arrive", 2, DEADLOCK, "mbarrier"),
    B("transactions", 1, DEADLOCK, "mbarrier"),
    B("transactions", 2, MBARRIER, "more completed than expected"),
    B("object_memory", 1, MBARRIER_MEMORY, ""),
    B("object_memory", 2, MBARRIER_MEMORY, ""),
    B("object_memory", 3, MBARRIER, "init over a live mbarrier"),
    B("object_memory", 4, MBARRIER, "no mbarrier was initialised there"),
    B("object_reused", 1, MBARRIER_MEMORY, ""),
    B("arrive_no_complete", 1, MBARRIER, "noComplete completed the phase"),
    B("arrive_drop", 1, DEADLOCK, "mbarrier"),
    /* planted_sync.cu */
    B("shuffle_half_warp", 1, DIVERGENCE, ""),
    B("shuffle_from_outside", 1, UNINIT_REGISTER, ""),
    B("ballot_in_a_branch", 1, DIVERGENCE, ""),
    B("mask_without_self", 1, DIVERGENCE, ""),
    B("reduce_missing_lanes", 1, DIVERGENCE, ""),
    B("match_missing_lanes", 1, DIVERGENCE, ""),
    B("ldmatrix_in_a_branch", 1, DIVERGENCE, ""),
    B("mma_in_a_branch", 1, DIVERGENCE, ""),
    B("different_instructions", 1, DIVERGENCE, ""),
    B("barrier_in_a_branch", 1, DIVERGENCE, ""),
    B("barrier_in_a_loop", 1, DIVERGENCE, ""),
    B("barrier_short_of_threads", 1, DEADLOCK, "barrier 1"),
    B("barrier_count_odd", 1, BARRIER, "63 threads"),
    B("barrier_number", 1, BARRIER, "must be 0..15"),
    B("barrier_counts_differ", 1, BARRIER, "by those who came before"),
    B("barrier_taken", 1, RACE_SHARED, "", .by_seed = true, .also = 1ull << SIM_CHECK_DEADLOCK),
    B("barrier_kinds_meet", 1, BARRIER, "bar.red meets bar.sync"),
    B("barriers_crosswise", 1, DEADLOCK, "32 of 64 threads have arrived"),
    B("both_wait_first", 1, DEADLOCK, "mbarrier"),
    B("flag_never_set", 1, HANG, ""),
    B("endless_loop", 1, HANG, ""),
    B("trapped", 1, TRAP, ""),
    B("assertion", 1, ASSERT, ""),
    B("local_end_below_calls", 1, BOUNDS_LOCAL, "read of 4 bytes"),
    B("recursion", 1, TRAP, ""),
};
#undef B
#define BUGS (sizeof bugs / sizeof bugs[0])
/* clang-format on */

#endif
