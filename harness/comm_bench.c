/* comm_bench.c: see comm_bench.h. */
#include "comm_bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm_check.h"
#include "comm_reduce.h"
#include "host.h"
#include "stats.h"
#include "verdict.h"

#define CHUNK_BYTES ((int64_t)1 << 20) /* written and read back at a time */
#define GUARD_BYTES 256                /* behind the receive buffer: nobody writes there */
#define GUARD       0xa5
#define POISON      0xff /* NaN in every floating-point type, −1 in the others */

struct bench {
  const struct tmk_comm_bench_args *args;
  struct tmk_comm_data data;
  struct tmk_coll call;
  bool graph;
  int64_t send_bytes, recv_bytes;
  void *send, *recv;    /* in place: send is NULL, or the allocation that recv lies in */
  void *got, *expected; /* CHUNK_BYTES each */
  struct tmk_sampler sampler;
  double *own_ns; /* this rank's time of one call, by sample */
  int64_t own_count, own_capacity;
  int64_t *slowest; /* [ranks]: samples in which a rank was the slowest */
};

int64_t tmk_comm_spec_count(const struct tmk_comm_spec *spec, int ranks)
{
  const int send = tmk_collective_send_parts(spec->collective, ranks);
  const int recv = tmk_collective_recv_parts(spec->collective, ranks);
  return spec->bytes / tmk_comm_element_bytes(spec->dtype) / (send > recv ? send : recv);
}

void tmk_comm_spec_key(const struct tmk_comm_spec *spec, int ranks, char key[TMK_WORKLOAD_KEY_SIZE])
{
  snprintf(key, TMK_WORKLOAD_KEY_SIZE, "comm/%s/%s/%lldB/n%d%s%s", tmk_collective_name(spec->collective),
           tmk_dtype_name(spec->dtype), (long long)spec->bytes, ranks, spec->in_place ? "/in-place" : "",
           spec->graph ? "/graph" : "");
}

/* ---- buffers ---- */

/* One allocation holds the receive buffer with a guard behind it, and in place the send buffer too; else send has its own. */
static enum tmk_status make_buffers(struct bench *bench, const struct tmk_comm_spec *spec, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_comm_ops *ops = bench->args->ops;
  struct tmk_comm *comm = bench->args->comm;
  const int rank = bench->args->world->rank, ranks = bench->args->world->size;
  const int64_t part = bench->data.count * tmk_comm_element_bytes(spec->dtype);
  bench->send_bytes = part * tmk_collective_send_parts(spec->collective, ranks);
  bench->recv_bytes = part * tmk_collective_recv_parts(spec->collective, ranks);
  bench->got = malloc((size_t)CHUNK_BYTES);
  bench->expected = malloc((size_t)CHUNK_BYTES);
  bench->slowest = calloc((size_t)ranks, sizeof *bench->slowest);
  if (!bench->got || !bench->expected || !bench->slowest)
    TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for checking"));
  const int64_t whole = spec->in_place && bench->send_bytes > bench->recv_bytes ? bench->send_bytes : bench->recv_bytes;
  TMK_TRY(ops->alloc(comm, whole + GUARD_BYTES, &bench->recv, err));
  if (!spec->in_place) TMK_TRY(ops->alloc(comm, bench->send_bytes, &bench->send, err));
  bench->call.recv = bench->recv;
  bench->call.send = bench->send;
  if (spec->in_place) {
    char *base = bench->recv;
    bench->call.send = spec->collective == TMK_COLL_ALL_GATHER ? base + rank * part : base;
    bench->call.recv = spec->collective == TMK_COLL_REDUCE_SCATTER ? base + rank * part : base;
  }
out:
  return status;
}

static void free_buffers(struct bench *bench)
{
  bench->args->ops->release(bench->args->comm, bench->send);
  bench->args->ops->release(bench->args->comm, bench->recv);
  free(bench->got);
  free(bench->expected);
  free(bench->own_ns);
  free(bench->slowest);
  tmk_sampler_free(&bench->sampler);
}

/* ---- correctness ---- */

static enum tmk_status set_bytes(struct bench *bench, void *buffer, int value, int64_t bytes, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  memset(bench->got, value, (size_t)CHUNK_BYTES);
  for (int64_t at = 0; at < bytes; at += CHUNK_BYTES) {
    const int64_t now = bytes - at < CHUNK_BYTES ? bytes - at : CHUNK_BYTES;
    TMK_TRY(bench->args->ops->write(bench->args->comm, (char *)buffer + at, bench->got, now, err));
  }
out:
  return status;
}

/* Poison, guard, then the values to send, which in place lie on the poison. */
static enum tmk_status fill(struct bench *bench, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int element = tmk_comm_element_bytes(bench->data.dtype);
  const int64_t elements = bench->send_bytes / element, most = CHUNK_BYTES / element;
  const bool apart = bench->send != NULL;
  const int64_t whole = !apart && bench->send_bytes > bench->recv_bytes ? bench->send_bytes : bench->recv_bytes;
  TMK_TRY(set_bytes(bench, bench->recv, POISON, whole, err));
  TMK_TRY(set_bytes(bench, (char *)bench->recv + whole, GUARD, GUARD_BYTES, err));
  for (int64_t at = 0; at < elements; at += most) {
    const int64_t now = elements - at < most ? elements - at : most;
    tmk_comm_fill(&bench->data, bench->args->world->rank, at, now, bench->got);
    TMK_TRY(bench->args->ops->write(bench->args->comm, (char *)(uintptr_t)bench->call.send + at * element, bench->got,
                                    now * element, err));
  }
out:
  return status;
}

/* Elements of `elements` from `buffer` on that differ from what is expected of (received, sent) ones. */
static enum tmk_status count_in(struct bench *bench, const void *buffer, int64_t bytes, bool received, int64_t *wrong,
                                struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int element = tmk_comm_element_bytes(bench->data.dtype), rank = bench->args->world->rank;
  const int64_t elements = bytes / element, most = CHUNK_BYTES / element;
  for (int64_t at = 0; at < elements; at += most) {
    const int64_t now = elements - at < most ? elements - at : most;
    TMK_TRY(bench->args->world->ops->check(bench->args->world, err));
    TMK_TRY(
        bench->args->ops->read(bench->args->comm, (const char *)buffer + at * element, bench->got, now * element, err));
    if (received) {
      tmk_comm_expect(&bench->data, rank, at, now, bench->expected);
    } else {
      tmk_comm_fill(&bench->data, rank, at, now, bench->expected);
    }
    *wrong += tmk_comm_count_wrong(bench->data.dtype, bench->got, bench->expected, now);
  }
out:
  return status;
}

/* What arrived, what was sent and must still be there, and the guard. Summed over ranks. */
static enum tmk_status check_once(struct bench *bench, uint64_t salt, int64_t *wrong, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_world *world = bench->args->world;
  struct tmk_comm_times times;
  int64_t mine = 0, *all = calloc((size_t)world->size, sizeof *all);
  const bool apart = bench->send != NULL;
  const int64_t whole = !apart && bench->send_bytes > bench->recv_bytes ? bench->send_bytes : bench->recv_bytes;
  if (all == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for checking");
  bench->data.salt = salt;
  TMK_TRY(fill(bench, err));
  if (bench->graph) { /* capturing makes a call of its own, which in place changes what is sent */
    TMK_TRY(bench->args->ops->run(bench->args->comm, &bench->call, 0, true, &times, err));
    TMK_TRY(fill(bench, err));
  }
  TMK_TRY(tmk_world_barrier(world, err));
  TMK_TRY(bench->args->ops->run(bench->args->comm, &bench->call, 1, bench->graph, &times, err));
  TMK_TRY(count_in(bench, bench->call.recv, bench->recv_bytes, true, &mine, err));
  if (apart) TMK_TRY(count_in(bench, bench->call.send, bench->send_bytes, false, &mine, err));
  TMK_TRY(bench->args->ops->read(bench->args->comm, (const char *)bench->recv + whole, bench->got, GUARD_BYTES, err));
  for (int i = 0; i < GUARD_BYTES; i++) mine += ((const unsigned char *)bench->got)[i] != GUARD;
  TMK_TRY(world->ops->exchange(world, &mine, all, sizeof mine, err));
  for (int i = 0; i < world->size; i++) *wrong += all[i];
out:
  free(all);
  return status;
}

/* ---- times ---- */

struct report { /* of a rank, of one sample */
  int64_t wall_ns, device_ns, stop;
};

static enum tmk_status keep_own(struct bench *bench, int64_t device_ns, int64_t passes, struct tmk_error *err)
{
  if (bench->own_count == bench->own_capacity) {
    const int64_t capacity = bench->own_capacity == 0 ? 64 : 2 * bench->own_capacity;
    double *grown = realloc(bench->own_ns, (size_t)capacity * sizeof *grown);
    if (grown == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for samples");
    bench->own_ns = grown;
    bench->own_capacity = capacity;
  }
  bench->own_ns[bench->own_count++] = (double)device_ns / (double)passes;
  return TMK_OK;
}

/* All ranks know all times: the sample is the slowest's, and every rank's sampler is told the same. */
static enum tmk_status take_sample(struct bench *bench, int64_t passes, struct report *all, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_world *world = bench->args->world;
  struct tmk_comm_times own = {0};
  struct tmk_run_times times = {0};
  const int64_t before = bench->sampler.count;
  int slowest = 0;
  bool stop = false;
  TMK_TRY(tmk_world_barrier(world, err));
  TMK_TRY(bench->args->ops->run(bench->args->comm, &bench->call, passes, bench->graph, &own, err));
  const struct report mine = {own.wall_ns, own.device_ns, bench->args->stop != NULL && *bench->args->stop};
  TMK_TRY(world->ops->exchange(world, &mine, all, sizeof mine, err));
  for (int i = 0; i < world->size; i++) {
    if (all[i].device_ns > all[slowest].device_ns) slowest = i;
    if (all[i].wall_ns > times.wall_ns) times.wall_ns = all[i].wall_ns;
    stop = stop || all[i].stop;
  }
  times.device_ns = all[slowest].device_ns;
  if (stop) {
    world->agreed = true;
    TMK_TRY(tmk_fail(err, TMK_ERR_INTERRUPTED, "interrupted"));
  }
  tmk_sampler_add(&bench->sampler, &times, passes);
  if (bench->sampler.count > before) {
    bench->slowest[slowest]++;
    TMK_TRY(keep_own(bench, own.device_ns, passes, err));
  }
out:
  return status;
}

static enum tmk_status sample(struct bench *bench, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_sampler *sampler = &bench->sampler;
  struct report *all = calloc((size_t)bench->args->world->size, sizeof *all);
  if (all == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for samples");
  for (int round = 0; round < sampler->settings.rounds && !sampler->done; round++) {
    int64_t passes;
    tmk_sampler_begin_round(sampler);
    while ((passes = tmk_sampler_next(sampler)) > 0) TMK_TRY(take_sample(bench, passes, all, err));
  }
  if (sampler->clock_fault)
    TMK_TRY(tmk_fail(err, TMK_ERR_FAILED, "the clock gave %lld ns: must be above 0", (long long)sampler->fault_ns));
  if (sampler->out_of_memory) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for samples"));
out:
  free(all);
  return status;
}

static int compare_doubles(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The straggler table: each rank's own times. */
static enum tmk_status gather_ranks(struct bench *bench, struct tmk_point *point, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_world *world = bench->args->world;
  struct tmk_comm_rank mine = {
      .rank = world->rank, .device = bench->args->device_index, .median_ns = NAN, .max_ns = NAN};
  if (bench->own_count > 0) {
    qsort(bench->own_ns, (size_t)bench->own_count, sizeof *bench->own_ns, compare_doubles);
    mine.median_ns = tmk_stats_quantile(bench->own_ns, bench->own_count, 0.5);
    mine.max_ns = bench->own_ns[bench->own_count - 1];
  }
  mine.times_slowest = bench->slowest[world->rank];
  snprintf(mine.host, sizeof mine.host, "%s", world->host);
  point->comm.ranks = calloc((size_t)world->size, sizeof *point->comm.ranks);
  if (point->comm.ranks == NULL) TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", world->size));
  point->comm.rank_count = world->size;
  TMK_TRY(world->ops->exchange(world, &mine, point->comm.ranks, sizeof mine, err));
out:
  return status;
}

/* ---- the point ---- */

static void judge(const struct bench *bench, struct tmk_point *point)
{
  struct tmk_comm_result *comm = &point->comm;
  const struct tmk_verdict_input seen = {
      .verify_failed = comm->wrong != 0,
      .steady = bench->sampler.steady,
      .relative_ci = (point->stats.ci_high_ns - point->stats.ci_low_ns) / 2 / point->stats.median_ns,
      .drift = NAN,
      .share_datasheet = NAN,
      .share_measured = NAN,
      .clock_move = NAN,
      .cores_used = NAN,
      .other_load = NAN,
      .threads_exceed_cores = bench->args->threads_exceed_cores,
  };
  if (comm->wrong != 0)
    snprintf(point->reason, sizeof point->reason, "%lld elements are wrong", (long long)comm->wrong);
  point->status = comm->wrong == 0 ? TMK_POINT_OK : TMK_POINT_FAILED;
  if (bench->args->simulated) return;
  point->verdict = tmk_verdict_decide(&seen);
  if (comm->wrong != 0 || !(point->stats.median_ns > 0)) return;
  comm->algbw_bytes_per_s = (double)point->workload.comm.bytes / point->stats.median_ns * 1e9;
  comm->busbw_bytes_per_s =
      comm->algbw_bytes_per_s * tmk_collective_bus_factor(bench->data.collective, bench->data.ranks);
}

static enum tmk_status measure(struct bench *bench, struct tmk_point *point, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  point->comm.wrong = 0;
  TMK_TRY(check_once(bench, 1, &point->comm.wrong, err));
  if (point->comm.wrong == 0) {
    TMK_TRY(sample(bench, err));
    TMK_TRY(check_once(bench, 2, &point->comm.wrong, err)); /* what was timed is what was checked */
  }
  point->passes_per_sample = bench->sampler.passes_per_sample;
  point->warmup_samples = bench->sampler.warmup_count;
  TMK_TRY(gather_ranks(bench, point, err));
  tmk_sampler_take(&bench->sampler, &point->samples, &point->sample_count);
  TMK_TRY(tmk_stats_compute(point->samples, point->sample_count, point->passes_per_sample, &point->stats, err));
  judge(bench, point);
out:
  return status;
}

static void describe(const struct tmk_comm_bench_args *args, const struct tmk_comm_spec *spec, struct tmk_point *point)
{
  char text[80] = "";
  tmk_point_init(point);
  point->type = TMK_POINT_COMM;
  point->workload.comm =
      (struct tmk_comm_workload){.collective = spec->collective, .dtype = spec->dtype, .bytes = spec->bytes};
  point->workload.comm.ranks = args->world->size;
  point->workload.comm.in_place = spec->in_place;
  tmk_comm_spec_key(spec, args->world->size, point->key);
  point->provenance = args->simulated ? TMK_PROV_SIMULATED : TMK_PROV_MEASURED;
  point->comm.count = tmk_comm_spec_count(spec, args->world->size);
  if (tmk_collective_reduces(spec->collective)) memcpy(point->comm.redop, "sum", sizeof "sum");
  if (spec->collective == TMK_COLL_BROADCAST) point->comm.root = 0;
  snprintf(point->comm.mode, sizeof point->comm.mode, "%s", spec->graph ? "graph" : "eager");
  args->ops->describe(args->comm, text, (int)sizeof text);
  snprintf(point->comm.transport, sizeof point->comm.transport, "%s: %s", args->ops->name, text);
  /* With NVLS the switches add up and multicast: a ring's bytes are an estimate of what the links carry. */
  point->comm.wire_estimated = args->ops->device_memory && spec->collective <= TMK_COLL_REDUCE_SCATTER;
}

enum tmk_status tmk_comm_bench_measure(const struct tmk_comm_bench_args *args, const struct tmk_comm_spec *spec,
                                       struct tmk_point *point, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_error mine = {0};
  const int ranks = args->world->size, rank = args->world->rank;
  describe(args, spec, point);
  point->status = TMK_POINT_SKIPPED;
  if (point->comm.count == 0) {
    snprintf(point->reason, sizeof point->reason, "%lld bytes are less than an element of each of %d ranks",
             (long long)spec->bytes, ranks);
    return TMK_OK;
  }
  if (!args->ops->supports(args->comm, spec->collective, spec->dtype, point->reason, (int)sizeof point->reason))
    return TMK_OK;
  struct bench bench = {.args = args, .graph = spec->graph};
  bench.data = (struct tmk_comm_data){.collective = spec->collective, .dtype = spec->dtype, .count = point->comm.count};
  bench.data.ranks = ranks;
  bench.call = (struct tmk_coll){.collective = spec->collective, .dtype = spec->dtype, .count = point->comm.count};
  bench.call.to = (rank + 1) % ranks;
  bench.call.from = (rank + ranks - 1) % ranks;
  tmk_sampler_init(&bench.sampler, &args->measure);
  const enum tmk_status made = make_buffers(&bench, spec, &mine);
  status = tmk_world_agree(args->world, made, &mine, err);
  if (status != TMK_OK && args->world->agreed) { /* no memory for it: of this point only */
    args->world->agreed = false;
    snprintf(point->reason, sizeof point->reason, "%.255s", err->message);
    status = TMK_OK;
    goto out;
  }
  TMK_TRY(status);
  point->bytes_needed = bench.send_bytes + bench.recv_bytes;
  status = measure(&bench, point, err);
  if (status != TMK_OK) {
    point->status = TMK_POINT_FAILED;
    snprintf(point->reason, sizeof point->reason, "%.255s", err->message);
  }
out:
  free_buffers(&bench);
  return status;
}
