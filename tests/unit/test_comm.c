/* test_comm.c: collectives by name, bus factors against nccl-tests' doc/PERFORMANCE.md, the comm of one device. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tokmark/backend.h"
#include "tokmark/comm.h"

Test(comm, names)
{
  static const char *const names[TMK_COLL_COUNT] = {"all-reduce", "all-gather", "reduce-scatter",
                                                    "all-to-all", "broadcast",  "send-recv"};
  for (int i = 0; i < TMK_COLL_COUNT; i++) {
    cr_assert(eq(str, (char *)tmk_collective_name((enum tmk_collective)i), (char *)names[i]));
  }
}

Test(comm, bus_factors)
{
  /* 2(n-1)/n: 1 for 2 ranks, 1.5 for 4, 1.75 for 8; (n-1)/n: half of that. */
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_ALL_REDUCE, 2), 1.0));
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_ALL_REDUCE, 4), 1.5));
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_ALL_REDUCE, 8), 1.75));
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_ALL_GATHER, 8), 0.875));
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_REDUCE_SCATTER, 4), 0.75));
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_ALL_TO_ALL, 2), 0.5));
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_BROADCAST, 8), 1.0));
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_SEND_RECV, 2), 1.0));
}

Test(comm, one_rank_moves_nothing)
{
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_ALL_REDUCE, 1), 0.0));
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_ALL_GATHER, 1), 0.0));
  cr_assert(eq(dbl, tmk_collective_bus_factor(TMK_COLL_BROADCAST, 1), 1.0));
}

Test(comm, self_is_rank_0_of_1)
{
  struct tmk_error err = {0};
  struct tmk_comm *comm = NULL;
  cr_assert(eq(str, (char *)tmk_comm_self.name, "self"));
  cr_assert(eq(int, tmk_comm_self.open(&comm, &err), TMK_OK));
  cr_assert(eq(int, tmk_comm_self.rank(comm), 0));
  cr_assert(eq(int, tmk_comm_self.size(comm), 1));
  cr_assert(eq(int, tmk_comm_self.barrier(comm, &err), TMK_OK));
  tmk_comm_self.close(comm);
}
