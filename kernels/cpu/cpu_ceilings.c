/* cpu_ceilings.c: what the machine reaches with nothing but reads, copies or multiply-adds, with the kernels' instruction set,
 * threads and pages (cpu.h). Each pattern is timed several times from barrier to barrier, and the best time counts: a
 * disturbance only ever makes one longer. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cpu.h"

enum {
  REPEATS_FULL = 10,
  REPEATS_QUICK = 4,
  REPEATS_LEAST = 3,
  LLC_FACTOR = 4, /* of the last-level cache: so a repeat finds next to nothing of the one before in it */
  PATTERNS = TMK_CPU_READS + TMK_CPU_COPIES,
  UNIT_FLOATS = 32768, /* two halves of whole pages */
};
#define BUFFER_BYTES_MIN ((int64_t)512 << 20)
#define STREAM_NS        20000000 /* one repeat, at most; longer where the caches are large, and then in fewer repeats */
#define LOOP_NS          4000000  /* one repeat */
#define ROUNDS_SCOUT     20000

struct ceilings_work {
  const struct tmk_cpu_kernels *kernels;
  const struct tmk_cpu_int_kernels *int_kernels;
  struct tmk_cpu_team *team;
  int repeats;
  float *buffer;
  int64_t units;       /* of UNIT_FLOATS in one thread's part of the buffer */
  int64_t units_least; /* that must be gone over: four last-level caches */
  bool tried[PATTERNS];
  /* Written by thread 0. */
  int64_t used; /* units of each part that the patterns go over */
  int stream_repeats;
  int64_t fma_rounds, dot_rounds;
  int64_t best_ns[PATTERNS], fma_best_ns, dot_best_ns;
  int64_t mark_ns;
};

/* Time since the last mark, over all threads: from barrier to barrier. */
static int64_t lap(struct ceilings_work *work, int thread)
{
  int64_t elapsed = 0;
  tmk_cpu_team_wait(work->team);
  if (thread == 0) {
    const int64_t now = tmk_cpu_now_ns();
    elapsed = now - work->mark_ns;
    work->mark_ns = tmk_cpu_now_ns();
  }
  tmk_cpu_team_wait(work->team);
  return elapsed;
}

static void keep_best(int64_t *best, int64_t value, int thread)
{
  if (thread == 0 && (*best == 0 || value < *best)) *best = value;
}

static float *part_of(const struct ceilings_work *work, int thread)
{
  return work->buffer + thread * work->units * UNIT_FLOATS;
}

static void time_pattern(struct ceilings_work *work, int pattern, int thread)
{
  float *part = part_of(work, thread);
  const bool is_read = pattern < TMK_CPU_READS;
  const struct tmk_cpu_stream *stream =
      is_read ? &work->kernels->reads[pattern] : &work->kernels->copies[pattern - TMK_CPU_READS];
  const int64_t count = work->used * (is_read ? UNIT_FLOATS : UNIT_FLOATS / 2);
  volatile float sink = 0.0f;
  for (int repeat = 0; repeat < work->stream_repeats; repeat++) {
    lap(work, thread);
    sink = stream->run(part, part + count, count);
    keep_best(&work->best_ns[pattern], lap(work, thread), thread);
  }
  (void)sink;
}

/* All of the buffer, or on a slow machine what it reads in a repeat's time, but never less than four last-level caches. */
static void choose_used(struct ceilings_work *work, int thread)
{
  volatile float sink;
  lap(work, thread);
  sink = work->kernels->reads[0].run(part_of(work, thread), NULL, work->units * UNIT_FLOATS);
  (void)sink;
  const int64_t scout_ns = lap(work, thread);
  if (thread == 0) {
    const double fitting = (double)work->units * (double)STREAM_NS / (double)(scout_ns + 1);
    work->used = fitting < (double)work->units_least ? work->units_least
                 : fitting < (double)work->units     ? (int64_t)fitting
                                                     : work->units;
    if (work->used < 1) work->used = 1;
    const double repeat_ns = (double)scout_ns * (double)work->used / (double)work->units;
    const double repeats = (double)work->repeats * (double)STREAM_NS / (repeat_ns + 1);
    work->stream_repeats = repeats > (double)work->repeats ? work->repeats : repeats > REPEATS_LEAST ? (int)repeats : REPEATS_LEAST;
  }
  tmk_cpu_team_wait(work->team);
}

/* A loop on registers alone. */
static void time_loop(struct ceilings_work *work, float (*loop)(int64_t rounds), int64_t *rounds, int64_t *best_ns, int thread)
{
  volatile float sink;
  lap(work, thread);
  sink = loop(ROUNDS_SCOUT);
  const int64_t scout_ns = lap(work, thread);
  if (thread == 0) *rounds = ROUNDS_SCOUT * (LOOP_NS / (scout_ns / 1000 + 1)) / 1000 + 1;
  for (int repeat = 0; repeat < work->repeats; repeat++) {
    lap(work, thread);
    sink = loop(*rounds);
    keep_best(best_ns, lap(work, thread), thread);
  }
  (void)sink;
}

static void ceilings_on_thread(void *context, int thread)
{
  struct ceilings_work *work = context;
  float *part = part_of(work, thread);
  for (int64_t i = 0; i < work->units * UNIT_FLOATS; i++) part[i] = 1.0f; /* first touch */
  choose_used(work, thread);
  for (int pattern = 0; pattern < PATTERNS; pattern++) {
    if (work->tried[pattern]) time_pattern(work, pattern, thread);
  }
  time_loop(work, work->kernels->fma, &work->fma_rounds, &work->fma_best_ns, thread);
  time_loop(work, work->int_kernels->dot, &work->dot_rounds, &work->dot_best_ns, thread);
}

/* 512 MiB or four last-level caches, or a quarter of what is free where memory is short. */
static int64_t buffer_bytes(const struct tmk_device_info *info)
{
  int64_t bytes = BUFFER_BYTES_MIN;
  if (info->llc_bytes > bytes / LLC_FACTOR) bytes = info->llc_bytes * LLC_FACTOR;
  if (info->memory_free_bytes > 0 && bytes > info->memory_free_bytes / 4) bytes = info->memory_free_bytes / 4;
  return bytes;
}

/* The fastest of patterns first … end − 1; −1 if none was tried. */
static int best_of(const struct ceilings_work *work, int first, int end)
{
  int best = -1;
  for (int i = first; i < end; i++) {
    if (work->tried[i] && (best < 0 || work->best_ns[i] < work->best_ns[best])) best = i;
  }
  return best;
}

enum tmk_status tmk_cpu_ceilings(struct tmk_backend *backend, bool quick, struct tmk_ceilings *out,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_device_info info;
  struct tmk_cpu_block block = {0};
  const struct tmk_cpu_kernels *kernels = backend->kernels;
  const int threads = backend->team.threads;
  tmk_ceilings_init(out);
  tmk_cpu_describe(backend, &info);

  /* Whole pages for every thread, so that no page is touched first by another. */
  const int64_t unit = (int64_t)sizeof(float) * UNIT_FLOATS;
  const int64_t units = buffer_bytes(&info) / threads / unit;
  const int64_t llc_units = info.llc_bytes > 0 ? info.llc_bytes * LLC_FACTOR / threads / unit : 0;
  struct ceilings_work work = {
      .kernels = kernels,
      .int_kernels = backend->int_kernels,
      .team = &backend->team,
      .repeats = quick ? REPEATS_QUICK : REPEATS_FULL,
      .units = units > 1 ? units : 1,
      .units_least = llc_units < units ? llc_units + 1 : units,
  };
  TMK_TRY(tmk_cpu_block_map(&block, work.units * unit * threads, "measuring bandwidth", err));
  work.buffer = (float *)(void *)block.base;
  for (int i = 0; i < PATTERNS; i++) {
    work.tried[i] = !quick || i == backend->best_read || i == TMK_CPU_READS + backend->best_copy;
  }
  TMK_TRY(tmk_cpu_team_run(&backend->team, ceilings_on_thread, &work, err));

  const int read = best_of(&work, 0, TMK_CPU_READS), copy = best_of(&work, TMK_CPU_READS, PATTERNS) - TMK_CPU_READS;
  const double bytes = (double)(work.used * unit * threads);
  out->repeats = work.stream_repeats;
  out->read_bytes_per_s = bytes / ((double)work.best_ns[read] * 1e-9);
  /* Half of the buffer read, half written. */
  out->copy_bytes_per_s = bytes / ((double)work.best_ns[TMK_CPU_READS + copy] * 1e-9);
  out->flops_per_s[TMK_DTYPE_F32] =
      (double)kernels->fma_flops * (double)work.fma_rounds * threads / ((double)work.fma_best_ns * 1e-9);
  out->flops_per_s[TMK_DTYPE_I8] =
      (double)backend->int_kernels->dot_ops * (double)work.dot_rounds * threads / ((double)work.dot_best_ns * 1e-9);
  out->clock_hz = tmk_cpu_clock_now("", &backend->machine, backend->team.cpus, threads);
  snprintf(out->read_pattern, sizeof out->read_pattern, "%s", kernels->reads[read].name);
  snprintf(out->copy_pattern, sizeof out->copy_pattern, "%s", kernels->copies[copy].name);
  snprintf(out->flops_pattern, sizeof out->flops_pattern, "%s", kernels->fma_name);
  backend->best_read = read;
  backend->best_copy = copy;
out:
  tmk_cpu_block_unmap(&block);
  return status;
}
