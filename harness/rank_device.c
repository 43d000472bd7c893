/* rank_device.c: see rank_device.h. */
#include "rank_device.h"

#include <assert.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "affinity.h"
#include "cmd.h"
#include "runner.h"

/* ---- CPUs ---- */

static_assert(sizeof(cpu_set_t) <= sizeof(((struct tmk_rank_device *)NULL)->cpus), "room for a cpu_set_t");

struct cpus_shown {
  cpu_set_t cpus;
  char host[64];
};

/* Part `place` of `parts` equal ones, neighbours together. With fewer CPUs than parts all are kept, for one thread. */
static void take_cpus(const cpu_set_t *cpus, int place, int parts, struct tmk_open_args *open_args)
{
  const int count = CPU_COUNT(cpus);
  cpu_set_t part;
  int at = 0;
  if (parts > count && open_args->threads == 0) open_args->threads = 1;
  if (parts < 2 || parts > count) return;
  CPU_ZERO(&part);
  for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, cpus)) continue;
    if (at >= count * place / parts && at < count * (place + 1) / parts) CPU_SET(cpu, &part);
    at++;
  }
  (void)sched_setaffinity(0, sizeof part, &part); /* where it may not, the ranks share all */
}

/* Ranks of one host that may use the same CPUs share them; where a launcher has given each its own, they stay so. */
static enum tmk_status share_cpus(struct tmk_rank_device *device, struct tmk_world *world, int parts,
                                  struct tmk_open_args *open_args, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct cpus_shown mine = {0}, *all = calloc((size_t)world->size, sizeof *all);
  int sharers = 0, place = 0;
  if (all == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", world->size);
  memcpy(&mine.cpus, device->cpus, sizeof mine.cpus);
  snprintf(mine.host, sizeof mine.host, "%s", world->host);
  TMK_TRY(world->ops->exchange(world, &mine, all, sizeof mine, err));
  for (int i = 0; i < world->size; i++) {
    if (strcmp(all[i].host, mine.host) != 0 || !CPU_EQUAL(&all[i].cpus, &mine.cpus)) continue;
    if (i < world->rank) place++;
    sharers++;
  }
  take_cpus(&mine.cpus, place, parts > sharers ? parts : sharers, open_args);
out:
  free(all);
  return status;
}

/* ---- device ---- */

static enum tmk_status check_options(const struct tmk_backend_ops *ops, const struct tmk_open_args *args,
                                     struct tmk_error *err)
{
  const bool is_cpu = strcmp(ops->name, "cpu") == 0;
  if (!is_cpu && args->threads != 0)
    return tmk_fail(err, TMK_ERR_USAGE, "--threads %lld: only --device cpu heeds it", (long long)args->threads);
  if (!is_cpu && args->isa != NULL)
    return tmk_fail(err, TMK_ERR_USAGE, "--isa %.64s: only --device cpu heeds it", args->isa);
  return TMK_OK;
}

/* Of several ranks: which device is this one's. */
static enum tmk_status take_device(const char *name, const struct tmk_world *world, const struct tmk_backend_ops *ops,
                                   struct tmk_open_args *args, struct tmk_error *err)
{
  char reason[256] = "";
  if (strchr(name, ':') != NULL) {
    return tmk_fail(err, TMK_ERR_USAGE, "--device %.64s: must be auto, or a backend without a number: each rank has its own",
                    name);
  }
  if (strcmp(ops->name, "cuda") != 0) return TMK_OK; /* the others have one device, and the ranks share it */
  const int count = ops->device_count(reason, (int)sizeof reason);
  if (world->local_size > count) {
    return tmk_fail(err, TMK_ERR_USAGE, "%d ranks on %s: it has %d device%s", world->local_size, world->host, count,
                    count == 1 ? "" : "s");
  }
  args->device_index = world->local_rank;
  return TMK_OK;
}

static enum tmk_status choose(const char *name, const struct tmk_world *world, struct tmk_open_args *args,
                              struct tmk_rank_device *device, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(tmk_device_choose(name, &device->ops, args, err));
  TMK_TRY(check_options(device->ops, args, err));
  if (world == NULL) goto out;
  TMK_TRY(take_device(name, world, device->ops, args, err));
  const bool gpu = strcmp(device->ops->name, "cuda") == 0;
  const char *transport = gpu ? "nccl" : world->ops->processes ? "mpi" : "threads";
  device->comm_ops = tmk_comm_find(transport);
  if (device->comm_ops == NULL)
    TMK_TRY(tmk_fail(err, TMK_ERR_UNSUPPORTED, "this build has no transport %s", transport));
out:
  return status;
}

static enum tmk_status open_and_describe(struct tmk_rank_device *device, const struct tmk_open_args *args,
                                         struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(device->ops->open(args, &device->backend, err));
  TMK_TRY(tmk_run_describe(device->ops, device->backend, &device->device, err));
  if (strcmp(device->ops->name, "cuda") == 0) tmk_affinity_bind(&device->device.info);
out:
  return status;
}

static enum tmk_status open_together(const struct tmk_rank_request *request, struct tmk_open_args *args,
                                     struct tmk_world *world, const struct tmk_layout *layout,
                                     struct tmk_rank_device *device, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_error mine = {0};
  status = choose(request->name, world, args, device, &mine);
  TMK_TRY(tmk_world_agree(world, status, &mine, err));
  if (strcmp(device->ops->name, "cuda") != 0 && device->cpus_known)
    TMK_TRY(share_cpus(device, world, request->parts, args, err));
  if (!request->alone) {
    status = tmk_parallel_open(world, layout, device->comm_ops, args->device_index, &device->parallel, &mine);
    TMK_TRY(tmk_world_agree(world, status, &mine, err));
    args->groups = device->parallel.groups;
  }
  /* Threads of a process open their devices one after the other. */
  for (int turn = 0; turn < (world->ops->processes ? 1 : world->size); turn++) {
    if (world->ops->processes || turn == world->rank) status = open_and_describe(device, args, &mine);
    TMK_TRY(tmk_world_agree(world, status, &mine, err));
  }
  int64_t *free_bytes = &device->device.info.memory_free_bytes; /* one memory for all of the host */
  if (device->device.info.is_cpu && *free_bytes != TMK_UNKNOWN) *free_bytes /= world->local_size;
out:
  return status;
}

enum tmk_status tmk_rank_device_open(const struct tmk_rank_request *request, struct tmk_world *world,
                                     const struct tmk_layout *layout, struct tmk_rank_device *out,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_open_args args = request->open_args;
  cpu_set_t cpus;
  *out = (struct tmk_rank_device){0};
  out->cpus_known = sched_getaffinity(0, sizeof cpus, &cpus) == 0;
  if (out->cpus_known) {
    memcpy(out->cpus, &cpus, sizeof cpus);
    out->cpus_allowed = CPU_COUNT(&cpus);
  }
  if (world != NULL) {
    TMK_TRY(open_together(request, &args, world, layout, out, err));
  } else {
    TMK_TRY(choose(request->name, NULL, &args, out, err));
    if (request->parts > 1 && out->cpus_known && strcmp(out->ops->name, "cuda") != 0)
      take_cpus(&cpus, 0, request->parts, &args);
    TMK_TRY(open_and_describe(out, &args, err));
  }
out:
  if (status != TMK_OK) tmk_rank_device_close(out);
  return status;
}

void tmk_rank_device_close(struct tmk_rank_device *device)
{
  cpu_set_t cpus;
  if (device->backend != NULL) device->ops->close(device->backend);
  tmk_parallel_close(&device->parallel);
  if (device->cpus_known) {
    memcpy(&cpus, device->cpus, sizeof cpus);
    (void)sched_setaffinity(0, sizeof cpus, &cpus);
  }
  *device = (struct tmk_rank_device){0};
}

void tmk_rank_device_transport(const struct tmk_rank_device *device, char *text, int text_size)
{
  char described[80] = "";
  text[0] = '\0';
  if (device->comm_ops == NULL) return;
  for (int i = 0; i < TMK_GROUP_COUNT && described[0] == '\0'; i++) {
    const struct tmk_comm_group *group = &device->parallel.groups[i];
    if (group->ops != NULL) group->ops->describe(group->comm, described, (int)sizeof described);
  }
  snprintf(text, (size_t)text_size, "%s%s%s", device->comm_ops->name, described[0] != '\0' ? ": " : "", described);
}
