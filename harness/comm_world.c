/* comm_world.c: what ranks agree upon, over any world (include/tokmark/comm.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokmark/comm.h"

struct opinion {
  int status;
  char host[64], message[512];
};

/* The lowest rank with an error; its message named unless all say the same. */
static enum tmk_status decide(const struct tmk_world *world, const struct opinion *all, struct tmk_error *err)
{
  int first = 0;
  bool same = true;
  while (first < world->size && all[first].status == TMK_OK) first++;
  if (first == world->size) return TMK_OK;
  for (int i = 0; i < world->size; i++) {
    same = same && all[i].status == all[first].status && strcmp(all[i].message, all[first].message) == 0;
  }
  const enum tmk_status status = (enum tmk_status)all[first].status;
  if (same) return tmk_fail(err, status, "%s", all[first].message);
  return tmk_fail(err, status, "rank %d on %s: %s", first, all[first].host, all[first].message);
}

static enum tmk_status ask(struct tmk_world *world, enum tmk_status mine, const struct tmk_error *mine_err, bool first,
                           struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct opinion opinion = {.status = (int)mine};
  struct opinion *all = calloc((size_t)world->size, sizeof *all);
  if (all == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", world->size);
  snprintf(opinion.host, sizeof opinion.host, "%s", world->host);
  if (mine != TMK_OK) snprintf(opinion.message, sizeof opinion.message, "%.511s", mine_err->message);
  TMK_TRY(world->ops->exchange(world, &opinion, all, sizeof opinion, err));
  if (!first) {
    status = decide(world, all, err);
  } else if (all[0].status != TMK_OK) {
    status = tmk_fail(err, (enum tmk_status)all[0].status, "%s", all[0].message);
  }
  world->agreed = status != TMK_OK;
out:
  free(all);
  return status;
}

enum tmk_status tmk_world_agree(struct tmk_world *world, enum tmk_status mine, const struct tmk_error *mine_err,
                                struct tmk_error *err)
{
  return ask(world, mine, mine_err, false, err);
}

enum tmk_status tmk_world_follow(struct tmk_world *world, enum tmk_status mine, const struct tmk_error *mine_err,
                                 struct tmk_error *err)
{
  return ask(world, mine, mine_err, true, err);
}

struct identity {
  uint64_t arguments;
  char version[200], host[64];
};

enum tmk_status tmk_world_check_same(struct tmk_world *world, uint64_t argument_hash, const char *version,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct identity identity = {.arguments = argument_hash};
  struct identity *all = calloc((size_t)world->size, sizeof *all);
  if (all == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", world->size);
  snprintf(identity.version, sizeof identity.version, "%.199s", version);
  snprintf(identity.host, sizeof identity.host, "%s", world->host);
  TMK_TRY(world->ops->exchange(world, &identity, all, sizeof identity, err));
  world->agreed = true; /* unless there is nothing to say */
  for (int i = 1; i < world->size; i++) {
    if (strcmp(all[i].version, all[0].version) != 0) {
      TMK_TRY(tmk_fail(err, TMK_ERR_USAGE, "rank %d on %s is another build than rank 0 on %s: %s: must be %s", i,
                       all[i].host, all[0].host, all[i].version, all[0].version));
    }
    if (all[i].arguments != all[0].arguments) {
      TMK_TRY(tmk_fail(err, TMK_ERR_USAGE,
                       "rank %d on %s has other arguments than rank 0 on %s: all ranks must have the same", i,
                       all[i].host, all[0].host));
    }
  }
  world->agreed = false;
out:
  free(all);
  return status;
}

uint64_t tmk_argument_hash(int argc, char *const *argv)
{
  uint64_t hash = 0xcbf29ce484222325ull; /* FNV-1a, 64 bits; the end of a word counts too */
  for (int i = 1; i < argc; i++) {
    const char *c = argv[i];
    do {
      hash = (hash ^ (unsigned char)*c) * 0x100000001b3ull;
    } while (*c++ != '\0');
  }
  return hash;
}
