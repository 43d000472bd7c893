/* test_comm.c: collectives by name, bus factors against nccl-tests' doc/PERFORMANCE.md, the comm of one device. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

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

static enum tmk_status self_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  float numbers[2] = {1, 2}, got[2] = {0, 0};
  struct tmk_comm *comm = NULL;
  (void)context;
  cr_assert(eq(int, world->rank, 0));
  cr_assert(eq(int, world->size, 1));
  cr_assert(eq(int, tmk_comm_self.open(world, 0, &comm, err), TMK_OK));
  const struct tmk_coll call = {
      .collective = TMK_COLL_ALL_REDUCE, .dtype = TMK_DTYPE_F32, .count = 2, .send = numbers, .recv = got};
  cr_assert(eq(int, tmk_comm_self.start(comm, &call, NULL, err), TMK_OK));
  cr_assert(eq(flt, got[1], 2.0f));
  tmk_comm_self.close(comm);
  return TMK_OK;
}

Test(comm, self_is_rank_0_of_1)
{
  struct tmk_error err = {0};
  const struct tmk_world_args args = {.ranks = 1, .timeout_ns = 1000000000};
  cr_assert(eq(str, (char *)tmk_comm_self.name, "self"));
  cr_assert(eq(int, tmk_world_run(&args, self_main, NULL, &err), TMK_OK));
}

Test(comm, in_place_and_parts_follow_nccl)
{
  cr_assert(tmk_collective_in_place(TMK_COLL_REDUCE_SCATTER));
  cr_assert(not(tmk_collective_in_place(TMK_COLL_ALL_TO_ALL)));
  cr_assert(not(tmk_collective_in_place(TMK_COLL_SEND_RECV)));
  cr_assert(eq(int, tmk_collective_send_parts(TMK_COLL_REDUCE_SCATTER, 4), 4));
  cr_assert(eq(int, tmk_collective_recv_parts(TMK_COLL_REDUCE_SCATTER, 4), 1));
  cr_assert(eq(int, tmk_collective_recv_parts(TMK_COLL_ALL_GATHER, 4), 4));
  cr_assert(eq(int, tmk_collective_send_parts(TMK_COLL_BROADCAST, 4), 1));
}

Test(comm, words_and_their_ends_make_the_argument_hash)
{
  char *one[] = {"comm", "ab", "c", NULL}, *two[] = {"comm", "a", "bc", NULL}, *three[] = {"other", "ab", "c", NULL};
  cr_assert(tmk_argument_hash(3, one) != tmk_argument_hash(3, two));
  cr_assert(tmk_argument_hash(3, one) != tmk_argument_hash(2, one));
  cr_assert(tmk_argument_hash(3, one) == tmk_argument_hash(3, three)); /* the program's own name may differ */
}

/* --- how it was started --- */

static void clear_launch(void)
{
  static const char *const names[] = {
      "OMPI_COMM_WORLD_SIZE", "PMI_SIZE",     "SLURM_STEP_NUM_TASKS", "PMIX_RANK", "PALS_SIZE",
      "MV2_COMM_WORLD_SIZE",  "SLURM_NTASKS", "SLURM_PROCID"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) unsetenv(names[i]);
}

Test(launch, by_hand_and_one_task_are_alone)
{
  clear_launch();
  cr_assert(eq(int, tmk_launch_detect().size, 1));
  setenv("SLURM_NTASKS", "4", 1); /* the shell of salloc, a batch script */
  setenv("SLURM_PROCID", "0", 1);
  cr_assert(eq(int, tmk_launch_detect().size, 1));
  setenv("SLURM_STEP_NUM_TASKS", "1", 1);
  cr_assert(eq(int, tmk_launch_detect().size, 1));
}

Test(launch, several_tasks)
{
  clear_launch();
  setenv("SLURM_STEP_NUM_TASKS", "4", 1);
  setenv("SLURM_PROCID", "3", 1);
  cr_assert(eq(int, tmk_launch_detect().size, 4));
  cr_assert(eq(int, tmk_launch_detect().rank, 3));
  setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
  setenv("OMPI_COMM_WORLD_RANK", "1", 1);
  cr_assert(eq(int, tmk_launch_detect().size, 2));
  clear_launch();
  setenv("PMIX_RANK", "2", 1);
  cr_assert(eq(int, tmk_launch_detect().size, 0));
  cr_assert(eq(int, tmk_launch_detect().rank, 2));
}

Test(launch, a_command_of_one_device_refuses_several_tasks)
{
  struct tmk_error err = {0};
  clear_launch();
  cr_assert(eq(int, tmk_launch_check("run", false, &err), TMK_OK));
  setenv("PMI_SIZE", "3", 1);
  setenv("PMI_RANK", "0", 1);
  cr_assert(eq(int, tmk_launch_check("run", false, &err), TMK_ERR_UNSUPPORTED));
  cr_assert(eq(str, err.message,
               "run: started as 3 tasks (PMI_SIZE): it measures one device: start it once, without mpirun or srun"));
}
