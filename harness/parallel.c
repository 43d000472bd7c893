/* parallel.c: see parallel.h. Every rank of the world takes part in every split, whether or not it belongs to a group of it. */
#include "parallel.h"

/* Where a rank stands in the layout. */
struct place {
  int tp, pp, dp;
};

static struct place place_of(const struct tmk_layout *layout, int rank)
{
  return (struct place){rank % layout->tp, rank / layout->tp % layout->pp, rank / layout->tp / layout->pp};
}

static enum tmk_status open_group(struct tmk_parallel *parallel, enum tmk_group group, struct tmk_world *world,
                                  const struct tmk_comm_ops *ops, int64_t device_index, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  parallel->worlds[group] = world;
  TMK_TRY(ops->open(world, device_index, &parallel->groups[group].comm, err));
  parallel->groups[group].ops = ops;
out:
  return status;
}

/* The link from stage `stage` to the next, of the ranks with this one's places in tp and dp. */
static enum tmk_status open_link(struct tmk_parallel *parallel, struct tmk_world *world,
                                 const struct tmk_layout *layout, int stage, const struct tmk_comm_ops *ops,
                                 int64_t device_index, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct place mine = place_of(layout, world->rank);
  const bool sends = mine.pp == stage, receives = mine.pp == (stage + 1) % layout->pp;
  const int colour = sends || receives ? mine.dp * layout->tp + mine.tp : world->size + world->rank;
  struct tmk_world *link = NULL;
  TMK_TRY(world->ops->split(world, colour, sends ? 0 : 1, &link, err));
  if (!sends && !receives) {
    world->ops->close(link);
    return TMK_OK;
  }
  TMK_TRY(open_group(parallel, sends ? TMK_GROUP_NEXT : TMK_GROUP_PREV, link, ops, device_index, err));
out:
  return status;
}

enum tmk_status tmk_parallel_open(struct tmk_world *world, const struct tmk_layout *layout,
                                  const struct tmk_comm_ops *ops, int64_t device_index, struct tmk_parallel *out,
                                  struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_parallel parallel = {0};
  *out = parallel;
  if (layout->tp > 1) {
    struct tmk_world *group = NULL;
    TMK_TRY(world->ops->split(world, world->rank / layout->tp, world->rank, &group, err));
    TMK_TRY(open_group(&parallel, TMK_GROUP_TP, group, ops, device_index, err));
  }
  for (int stage = 0; layout->pp > 1 && stage < layout->pp; stage++) {
    TMK_TRY(open_link(&parallel, world, layout, stage, ops, device_index, err));
  }
  *out = parallel;
out:
  if (status != TMK_OK) tmk_parallel_close(&parallel);
  return status;
}

void tmk_parallel_close(struct tmk_parallel *parallel)
{
  for (int i = 0; i < TMK_GROUP_COUNT; i++) {
    if (parallel->groups[i].ops) parallel->groups[i].ops->close(parallel->groups[i].comm);
    if (parallel->worlds[i]) parallel->worlds[i]->ops->close(parallel->worlds[i]);
  }
  *parallel = (struct tmk_parallel){0};
}

void tmk_parallel_abort(struct tmk_parallel *parallel)
{
  for (int i = 0; i < TMK_GROUP_COUNT; i++) {
    const struct tmk_comm_group *group = &parallel->groups[i];
    if (group->ops && group->ops->abort) group->ops->abort(group->comm);
  }
}
