/* test_comm_threads.c: ranks as threads: every collective over 1 to 8 ranks, types, odd counts, in place; groups; failures. */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "comm_check.h"
#include "comm_poll.h"
#include "comm_reduce.h"
#include "tokmark/comm.h"

#define SECOND ((int64_t)1000000000)

struct call_case {
  enum tmk_collective collective;
  enum tmk_dtype dtype;
  int64_t count;
  bool in_place;
};

/* Criterion's assertions belong to the main thread: ranks return errors. */
static enum tmk_status call_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct call_case *c = context;
  const struct tmk_comm_data data = {c->collective, c->dtype, c->count, world->size, world->size - 1, 5};
  const int64_t part = c->count * tmk_comm_element_bytes(c->dtype);
  const int sent = tmk_collective_send_parts(c->collective, world->size);
  const int received = tmk_collective_recv_parts(c->collective, world->size);
  char *send = calloc((size_t)world->size + 1, (size_t)part), *recv = calloc((size_t)world->size + 1, (size_t)part);
  char *expected = calloc((size_t)world->size + 1, (size_t)part);
  struct tmk_comm *comm = NULL;
  TMK_TRY(tmk_comm_threads.open(world, 0, &comm, err));
  struct tmk_coll call = {
      .collective = c->collective, .dtype = c->dtype, .count = c->count, .send = send, .recv = recv};
  call.root = world->size - 1;
  call.to = (world->rank + 1) % world->size;
  call.from = (world->rank + world->size - 1) % world->size;
  if (c->in_place) {
    call.send = c->collective == TMK_COLL_ALL_GATHER ? recv + world->rank * part : recv;
    call.recv = c->collective == TMK_COLL_REDUCE_SCATTER ? recv + world->rank * part : recv;
  }
  for (int turn = 0; turn < 3; turn++) { /* nothing is left over from the turn before */
    tmk_comm_fill(&data, world->rank, 0, sent * c->count, (void *)(uintptr_t)call.send);
    TMK_TRY(tmk_world_barrier(world, err));
    TMK_TRY(tmk_comm_threads.start(comm, &call, NULL, err));
    TMK_TRY(tmk_comm_threads.wait(comm, err));
    tmk_comm_expect(&data, world->rank, 0, received * c->count, expected);
    const int64_t wrong = tmk_comm_count_wrong(c->dtype, call.recv, expected, received * c->count);
    if (wrong != 0) TMK_TRY(tmk_fail(err, TMK_ERR_FAILED, "%lld wrong in turn %d", (long long)wrong, turn));
  }
out:
  tmk_comm_threads.close(comm);
  free(send);
  free(recv);
  free(expected);
  return status;
}

static void run_all(int ranks)
{
  static const enum tmk_dtype dtypes[] = {TMK_DTYPE_F32, TMK_DTYPE_BF16, TMK_DTYPE_F16, TMK_DTYPE_F64, TMK_DTYPE_I32,
                                          TMK_DTYPE_F8E4M3};
  static const int64_t counts[] = {1, 3, 257, 20011};
  const struct tmk_world_args args = {.ranks = ranks, .timeout_ns = 20 * SECOND};
  for (int i = 0; i < TMK_COLL_COUNT * 5 * 4 * 2; i++) {
    struct call_case c = {(enum tmk_collective)(i / 40), dtypes[i / 8 % 5], counts[i / 2 % 4], i % 2 == 1};
    struct tmk_error err = {0};
    if (c.in_place && !tmk_collective_in_place(c.collective)) continue;
    if (tmk_collective_reduces(c.collective) && !tmk_reduce_takes(c.dtype)) continue;
    cr_expect_eq(tmk_world_run(&args, call_main, &c, &err), TMK_OK, "%s %s x %d%s over %d: %s",
                 tmk_collective_name(c.collective), tmk_dtype_name(c.dtype), (int)c.count,
                 c.in_place ? " in place" : "", ranks, err.message);
  }
}

Test(comm_threads, one_rank)
{
  run_all(1);
}
Test(comm_threads, two_ranks)
{
  run_all(2);
}
Test(comm_threads, three_ranks)
{
  run_all(3);
}
Test(comm_threads, four_ranks)
{
  run_all(4);
}
Test(comm_threads, eight_ranks)
{
  run_all(8);
}

static enum tmk_status split_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_world *group = NULL;
  int all[8] = {0};
  (void)context;
  /* Odd and even ranks, each in falling order. */
  TMK_TRY(world->ops->split(world, world->rank % 2, -world->rank, &group, err));
  TMK_TRY(group->ops->exchange(group, &world->rank, all, sizeof world->rank, err));
  const int expected = 6 + world->rank % 2 - 2 * group->rank;
  if (group->size != 4 || all[group->rank] != world->rank || world->rank != expected || all[0] != 6 + world->rank % 2)
    TMK_TRY(tmk_fail(err, TMK_ERR_FAILED, "rank %d is %d of %d", world->rank, group->rank, group->size));
  TMK_TRY(tmk_world_barrier(world, err));
out:
  if (group != NULL) group->ops->close(group);
  return status;
}

Test(comm_threads, groups_by_colour)
{
  struct tmk_error err = {0};
  const struct tmk_world_args args = {.ranks = 8, .timeout_ns = 10 * SECOND};
  cr_assert_eq(tmk_world_run(&args, split_main, NULL, &err), TMK_OK, "%s", err.message);
}

/* --- failures --- */

static enum tmk_status fail_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int *who = context;
  if (world->rank == *who) return tmk_fail(err, TMK_ERR_DEVICE, "cuda:%d: no such device", world->rank);
  TMK_TRY(tmk_world_barrier(world, err));
out:
  return status;
}

Test(comm_threads, a_rank_that_fails_ends_the_others_and_is_named, .timeout = 10)
{
  for (int who = 0; who < 3; who += 2) {
    struct tmk_error err = {0};
    char expected[160], host[64];
    const struct tmk_world_args args = {.ranks = 3, .timeout_ns = 60 * SECOND};
    gethostname(host, sizeof host);
    cr_assert_eq(tmk_world_run(&args, fail_main, &who, &err), TMK_ERR_DEVICE);
    snprintf(expected, sizeof expected, "rank %d on %s: cuda:%d: no such device", who, host, who);
    cr_assert_str_eq(err.message, expected);
  }
}

static enum tmk_status late_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  struct tmk_error over = {0};
  (void)context;
  while (world->rank == 1 && world->ops->check(world, &over) == TMK_OK) tmk_sleep_ns(SECOND / 100);
  return tmk_world_barrier(world, err);
}

Test(comm_threads, a_rank_that_does_not_come_is_named, .timeout = 10)
{
  struct tmk_error err = {0};
  const struct tmk_world_args args = {.ranks = 3, .timeout_ns = SECOND};
  cr_assert_eq(tmk_world_run(&args, late_main, NULL, &err), TMK_ERR_FAILED);
  cr_assert_eq(strncmp(err.message, "rank 1 on ", 10), 0, "%s", err.message);
  cr_assert_not_null(strstr(err.message, "did not come to an exchange within"), "%s", err.message);
}

static enum tmk_status differ_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  float numbers[8] = {0};
  struct tmk_comm *comm = NULL;
  (void)context;
  TMK_TRY(tmk_comm_threads.open(world, 0, &comm, err));
  struct tmk_coll call = {.collective = TMK_COLL_ALL_REDUCE, .dtype = TMK_DTYPE_F32, .send = numbers, .recv = numbers};
  call.count = 4 + world->rank;
  TMK_TRY(tmk_comm_threads.start(comm, &call, NULL, err));
out:
  tmk_comm_threads.close(comm);
  return status;
}

Test(comm_threads, calls_that_differ_are_refused, .timeout = 10)
{
  struct tmk_error err = {0};
  const struct tmk_world_args args = {.ranks = 2, .timeout_ns = 10 * SECOND};
  cr_assert_eq(tmk_world_run(&args, differ_main, NULL, &err), TMK_ERR_FAILED);
  cr_assert_str_eq(err.message, "rank 0 called all-reduce of 4 x f32, rank 1 all-reduce of 5 x f32");
}

static enum tmk_status same_main(struct tmk_world *world, void *context, struct tmk_error *err)
{
  const int *what = context;
  const bool odd = world->rank == 2;
  return tmk_world_check_same(world, odd && *what == 1 ? 6 : 5, odd && *what == 2 ? "0.2" : "0.1", err);
}

Test(comm_threads, arguments_and_versions_must_be_the_same)
{
  const struct tmk_world_args args = {.ranks = 3, .timeout_ns = 10 * SECOND};
  static const char *const parts[] = {"", "has other arguments than rank 0", "is another build than rank 0"};
  for (int what = 0; what < 3; what++) {
    struct tmk_error err = {0};
    cr_assert_eq(tmk_world_run(&args, same_main, &what, &err), what == 0 ? TMK_OK : TMK_ERR_USAGE);
    if (what == 0) continue;
    cr_assert_eq(strncmp(err.message, "rank 2 on ", 10), 0, "%s", err.message);
    cr_assert_not_null(strstr(err.message, parts[what]), "%s", err.message);
  }
}
