/* comm_world_threads.c: the world of ranks that are threads of this process; of one rank too. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "comm_poll.h"
#include "comm_threads.h"

static struct tmk_board *board_create(int size, atomic_int *failed)
{
  const size_t bytes = sizeof(struct tmk_board) + (size_t)size * sizeof(struct tmk_board_slot);
  struct tmk_board *board = aligned_alloc(alignof(struct tmk_board_slot), (bytes + 127) / 128 * 128);
  if (board == NULL) return NULL;
  memset((void *)board, 0, bytes);
  board->size = size;
  board->failed = failed;
  atomic_init(&board->references, size);
  return board;
}

static void board_leave(struct tmk_board *board)
{
  if (board != NULL && atomic_fetch_sub(&board->references, 1) == 1) free(board);
}

/* "rank 2", "ranks 1, 3": those that have not come to the barrier. */
static void missing_text(const struct tmk_thread_world *world, char *text, size_t size)
{
  size_t used = 0;
  int missing = 0;
  for (int i = 0; i < world->board->size; i++)
    missing += atomic_load(&world->board->slots[i].arrived) < world->barriers;
  used = (size_t)snprintf(text, size, missing == 1 ? "rank" : "ranks");
  for (int i = 0, listed = 0; i < world->board->size && used < size; i++) {
    if (atomic_load(&world->board->slots[i].arrived) >= world->barriers) continue;
    used += (size_t)snprintf(text + used, size - used, "%s %d", listed++ > 0 ? "," : "", i);
  }
}

static enum tmk_status run_is_over(struct tmk_error *err)
{
  const enum tmk_status status = tmk_fail(err, TMK_ERR_FAILED, "another rank failed");
  if (err != NULL) err->said = 1;
  return status;
}

enum tmk_status tmk_board_barrier(struct tmk_thread_world *world, const char *what, struct tmk_error *err)
{
  struct tmk_board *board = world->board;
  struct tmk_poll poll;
  world->barriers++;
  atomic_store_explicit(&board->slots[world->base.rank].arrived, world->barriers, memory_order_release);
  tmk_poll_begin(&poll, world->base.timeout_ns);
  for (int i = 0; i < board->size; i++) {
    while (atomic_load_explicit(&board->slots[i].arrived, memory_order_acquire) < world->barriers) {
      if (atomic_load_explicit(board->failed, memory_order_relaxed)) return run_is_over(err);
      if (tmk_poll_turn(&poll)) continue;
      char missing[128];
      missing_text(world, missing, sizeof missing);
      return tmk_fail(err, TMK_ERR_FAILED, "%s on %s: did not come to %s within %.0f s", missing, world->base.host,
                      what, (double)world->base.timeout_ns * 1e-9);
    }
  }
  return TMK_OK;
}

static enum tmk_status threads_exchange(struct tmk_world *base, const void *mine, void *all, size_t bytes,
                                        struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_thread_world *world = (struct tmk_thread_world *)base;
  world->board->slots[base->rank].shown[0] = mine;
  TMK_TRY(tmk_board_barrier(world, "an exchange", err));
  if (bytes == 0) goto out;
  for (int i = 0; i < base->size; i++) memcpy((char *)all + (size_t)i * bytes, world->board->slots[i].shown[0], bytes);
  TMK_TRY(tmk_board_barrier(world, "an exchange", err));
out:
  return status;
}

static enum tmk_status threads_check(struct tmk_world *base, struct tmk_error *err)
{
  const struct tmk_thread_world *world = (const struct tmk_thread_world *)base;
  return atomic_load_explicit(world->board->failed, memory_order_relaxed) ? run_is_over(err) : TMK_OK;
}

static void threads_step(struct tmk_world *base)
{
  (void)base;
}

static enum tmk_status threads_late(struct tmk_world *base, const char *what, struct tmk_error *err)
{
  return tmk_fail(err, TMK_ERR_FAILED, "rank %d on %s: no %s within %.0f s", base->rank, base->host, what,
                  (double)base->timeout_ns * 1e-9);
}

static void threads_close(struct tmk_world *base)
{
  if (base == NULL) return;
  board_leave(((struct tmk_thread_world *)base)->board);
  free(base);
}

struct member {
  int colour, key;
  struct tmk_board *board; /* of the group, made by its first rank */
};

/* This rank's place in its group: the ranks of its colour that come before it by (key, rank). */
static void find_place(const struct member *all, int size, int mine, int *place, int *group_size, int *first)
{
  *place = *group_size = 0;
  *first = mine;
  for (int i = 0; i < size; i++) {
    if (all[i].colour != all[mine].colour) continue;
    (*group_size)++;
    *place += all[i].key < all[mine].key || (all[i].key == all[mine].key && i < mine);
    if (all[i].key < all[*first].key || (all[i].key == all[*first].key && i < *first)) *first = i;
  }
}

static enum tmk_status threads_split(struct tmk_world *base, int colour, int key, struct tmk_world **out,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_thread_world *parent = (struct tmk_thread_world *)base;
  struct tmk_thread_world *world = calloc(1, sizeof *world);
  struct member mine = {.colour = colour, .key = key};
  struct member *all = calloc((size_t)base->size, sizeof *all);
  int place = 0, group_size = 0, first = 0;
  if (world == NULL || all == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for a group"));
  TMK_TRY(base->ops->exchange(base, &mine, all, sizeof mine, err));
  find_place(all, base->size, base->rank, &place, &group_size, &first);
  if (place == 0) mine.board = board_create(group_size, parent->board->failed);
  TMK_TRY(base->ops->exchange(base, &mine, all, sizeof mine, err));
  if (all[first].board == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for a group"));
  world->base = *base;
  world->base.rank = world->base.local_rank = place;
  world->base.size = world->base.local_size = group_size;
  world->board = all[first].board;
  *out = &world->base;
  world = NULL;
out:
  free(world);
  free(all);
  return status;
}

static const struct tmk_world_ops threads_ops = {
    .name = "threads",
    .exchange = threads_exchange,
    .split = threads_split,
    .check = threads_check,
    .step = threads_step,
    .late = threads_late,
    .close = threads_close,
};

/* ---- the run ---- */

struct rank_thread {
  struct tmk_thread_world world;
  tmk_rank_main main;
  void *context;
  struct tmk_error err;
  enum tmk_status status;
  pthread_t thread;
};

static void *rank_run(void *argument)
{
  struct rank_thread *rank = argument;
  rank->status = rank->main(&rank->world.base, rank->context, &rank->err);
  if (rank->status != TMK_OK) atomic_store(rank->world.board->failed, 1);
  return NULL;
}

/* The lowest rank with an error of its own; named, unless all that have one say the same. */
static enum tmk_status gather(const struct rank_thread *ranks, int count, struct tmk_error *err)
{
  int first = -1;
  bool same = true;
  for (int i = 0; i < count; i++) {
    if (ranks[i].status == TMK_OK || ranks[i].err.said) continue;
    if (first < 0) first = i;
  }
  for (int i = 0; first >= 0 && i < count; i++)
    same = same && strcmp(ranks[i].err.message, ranks[first].err.message) == 0;
  if (first < 0) return TMK_OK;
  if (same || strncmp(ranks[first].err.message, "rank", 4) == 0)
    return tmk_fail(err, ranks[first].status, "%s", ranks[first].err.message);
  return tmk_fail(err, ranks[first].status, "rank %d on %s: %s", first, ranks[first].world.base.host,
                  ranks[first].err.message);
}

/* A thread that hangs can't be ended by itself: the process ends, with what the others know. */
static void join(struct rank_thread *ranks, int count, int64_t timeout_ns)
{
  struct timespec until;
  for (int i = 1; i < count; i++) {
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ns / 1000000000 + 1;
    while (pthread_timedjoin_np(ranks[i].thread, NULL, &until) != 0) {
      struct tmk_error err = {0};
      clock_gettime(CLOCK_REALTIME, &until);
      until.tv_sec += 1;
      if (!atomic_load(ranks[0].world.board->failed)) continue; /* only rank 0 has ended, and well */
      if (gather(ranks, count, &err) == TMK_OK)
        (void)tmk_fail(&err, TMK_ERR_FAILED, "rank %d on %s: hangs", i, ranks[i].world.base.host);
      fprintf(stderr, "tokmark: %s\n", err.message);
      _exit(1);
    }
  }
}

static enum tmk_status run_threads(const struct tmk_world_args *args, tmk_rank_main main, void *context,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  atomic_int failed;
  atomic_init(&failed, 0);
  int started = 1;
  struct tmk_board *board = board_create(args->ranks, &failed);
  struct rank_thread *ranks = calloc((size_t)args->ranks, sizeof *ranks);
  if (board == NULL || ranks == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", args->ranks));
  for (int i = 0; i < args->ranks; i++) {
    ranks[i] = (struct rank_thread){.main = main, .context = context, .world.board = board};
    struct tmk_world *world = &ranks[i].world.base;
    *world = (struct tmk_world){.ops = &threads_ops, .rank = i, .size = args->ranks, .timeout_ns = args->timeout_ns};
    world->local_rank = i;
    world->local_size = args->ranks;
    if (gethostname(world->host, sizeof world->host - 1) != 0) snprintf(world->host, sizeof world->host, "localhost");
  }
  for (; started < args->ranks; started++) {
    if (pthread_create(&ranks[started].thread, NULL, rank_run, &ranks[started]) == 0) continue;
    atomic_store(&failed, 1);
    ranks[0].status = tmk_fail(&ranks[0].err, TMK_ERR_MEMORY, "no thread for rank %d", started);
    break;
  }
  if (started == args->ranks) (void)rank_run(&ranks[0]);
  join(ranks, started, args->timeout_ns);
  status = gather(ranks, args->ranks, err);
out:
  free(ranks);
  free(board);
  return status;
}

enum tmk_status tmk_world_run(const struct tmk_world_args *args, tmk_rank_main main, void *context,
                              struct tmk_error *err)
{
  if (tmk_launch_detect().size != 1 && tmk_world_run_launched != NULL)
    return tmk_world_run_launched(args, main, context, err);
  return run_threads(args, main, context, err);
}
