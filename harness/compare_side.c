/* compare_side.c: results reduced to what comparing needs. See compare.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "out.h"
#include "out_parts.h"
#include "verdict.h"

#define NORMAL_975 1.959963984540054

const char *tmk_compare_fact_name(enum tmk_compare_fact fact)
{
  static const char *const names[TMK_FACT_COUNT] = {
      [TMK_FACT_DEVICE] = "device",
      [TMK_FACT_DEVICES] = "devices",
      [TMK_FACT_THREADS] = "threads",
      [TMK_FACT_ISA] = "instruction set",
      [TMK_FACT_MIG] = "MIG",
      [TMK_FACT_HOST] = "host",
      [TMK_FACT_CPU] = "host's CPU",
      [TMK_FACT_KERNEL] = "kernel",
      [TMK_FACT_GOVERNOR] = "governor",
      [TMK_FACT_PAGES] = "pages",
      [TMK_FACT_DRIVER] = "driver",
      [TMK_FACT_RUNTIME] = "CUDA runtime",
      [TMK_FACT_CLOCK] = "clock limit",
      [TMK_FACT_POWER_LIMIT] = "power limit",
      [TMK_FACT_ECC] = "ECC",
      [TMK_FACT_GEMM_LIBRARY] = "GEMM library",
      [TMK_FACT_GEMM_PROVIDER] = "GEMM provider",
      [TMK_FACT_ACT_DTYPE] = "activations",
      [TMK_FACT_ROUNDS] = "rounds",
      [TMK_FACT_READ] = "read ceiling",
      [TMK_FACT_TOOL] = "tokmark",
      [TMK_FACT_BUILD] = "build",
      [TMK_FACT_ENVIRONMENT] = "environment",
  };
  return names[fact];
}

/* --- a run --- */

struct facts {
  char text[TMK_FACT_COUNT][512];
};

static void put_text(struct facts *facts, enum tmk_compare_fact fact, const char *text)
{
  tmk_out_clean(text, true, facts->text[fact], sizeof facts->text[fact]);
}

static void put_count(struct facts *facts, enum tmk_compare_fact fact, int64_t value)
{
  if (value == TMK_UNKNOWN) return;
  snprintf(facts->text[fact], sizeof facts->text[fact], "%lld", (long long)value);
}

static void put_switch(struct facts *facts, enum tmk_compare_fact fact, int64_t value)
{
  if (value == TMK_UNKNOWN) return;
  put_text(facts, fact, value ? "on" : "off");
}

static void put_si(struct facts *facts, enum tmk_compare_fact fact, double value, const char *unit)
{
  if (isfinite(value)) tmk_format_si(value, unit, facts->text[fact], sizeof facts->text[fact]);
}

static void device_facts(const struct tmk_result *result, struct facts *facts)
{
  put_count(facts, TMK_FACT_DEVICES, result->device_count);
  if (result->device_count < 1) return;
  const struct tmk_device_info *info = &result->devices[0].info;
  put_text(facts, TMK_FACT_DEVICE, info->name);
  if (info->is_cpu) put_count(facts, TMK_FACT_THREADS, info->threads);
  put_text(facts, TMK_FACT_ISA, info->isa);
  if (info->mig_on == 1) put_switch(facts, TMK_FACT_MIG, 1);
  put_text(facts, TMK_FACT_PAGES, info->pages);
  put_text(facts, TMK_FACT_DRIVER, info->driver_version);
  put_text(facts, TMK_FACT_RUNTIME, info->runtime_version);
  put_si(facts, TMK_FACT_CLOCK, isfinite(info->clock_set_hz) ? info->clock_set_hz : info->clock_max_hz, "Hz");
  put_si(facts, TMK_FACT_POWER_LIMIT, info->power_limit_w, "W");
  put_switch(facts, TMK_FACT_ECC, info->ecc_on);
  put_text(facts, TMK_FACT_GEMM_LIBRARY, info->gemm_library);
  put_si(facts, TMK_FACT_READ, result->devices[0].ceilings.read_bytes_per_s, "B/s");
}

static void run_facts(const struct tmk_result *result, struct facts *facts)
{
  device_facts(result, facts);
  put_text(facts, TMK_FACT_HOST, result->host.hostname);
  put_text(facts, TMK_FACT_CPU, result->host.cpu);
  put_text(facts, TMK_FACT_KERNEL, result->host.kernel);
  put_text(facts, TMK_FACT_GOVERNOR, result->host.governor);
  put_text(facts, TMK_FACT_GEMM_PROVIDER, result->settings.gemm_provider);
  if (result->settings.act_dtype != TMK_DTYPE_NONE) {
    put_text(facts, TMK_FACT_ACT_DTYPE, tmk_dtype_name(result->settings.act_dtype));
  }
  put_count(facts, TMK_FACT_ROUNDS, result->settings.rounds);
  char text[512];
  snprintf(text, sizeof text, "%s (%s)", result->tool_version, result->git_revision);
  put_text(facts, TMK_FACT_TOOL, text);
  put_text(facts, TMK_FACT_BUILD, result->build);
  size_t used = 0;
  text[0] = '\0';
  for (int64_t i = 0; i < result->environment_count && used < sizeof text; i++) {
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%s=%s", i ? " " : "", result->environment[i].name,
                             result->environment[i].value);
  }
  put_text(facts, TMK_FACT_ENVIRONMENT, text);
}

/* How fast the machine was while the run lasted, and how far that moved. */
static void fill_machine(const struct tmk_result *result, struct tmk_compare_run *run)
{
  const struct tmk_device_result *device = result->device_count > 0 ? &result->devices[0] : NULL;
  run->machine_spread = 0;
  for (int c = 0; c <= TMK_DTYPE_COUNT; c++) {
    struct tmk_moments readings = {0};
    for (int64_t i = 0; device && device->info.is_cpu && i < device->reading_count; i++) {
      const struct tmk_ceilings *reading = &device->readings[i].ceilings;
      double value = log(c < TMK_DTYPE_COUNT ? reading->flops_per_s[c] : reading->read_bytes_per_s);
      if (isfinite(value)) tmk_moments_add(&readings, value);
    }
    run->log_ceilings[c] = readings.count > 0 ? readings.mean : NAN;
    if (readings.count > 1) {
      run->machine_spread = fmax(run->machine_spread, sqrt(readings.squares / (double)(readings.count - 1)));
    }
  }
}

static enum tmk_status fill_run(struct tmk_intern *set, const char *file, const struct tmk_result *result,
                                struct tmk_compare_run *run)
{
  struct facts facts = {0};
  char hardware[1024] = "";
  run_facts(result, &facts);
  fill_machine(result, run);
  for (int i = 0; i < TMK_FACT_COUNT; i++) {
    run->facts[i] = tmk_intern(set, facts.text[i]);
    if (!run->facts[i]) return TMK_ERR_MEMORY;
    if (i >= TMK_FACT_HARDWARE || facts.text[i][0] == '\0' || (i == TMK_FACT_DEVICES && result->device_count == 1)) continue;
    size_t used = strlen(hardware);
    const char *before = used ? ", " : "", *after = i == TMK_FACT_DEVICES ? " devices" : i == TMK_FACT_THREADS ? " threads" : "";
    snprintf(hardware + used, sizeof hardware - used, "%s%s%.200s%s", before, i == TMK_FACT_MIG ? "MIG " : "", facts.text[i], after);
  }
  run->hardware = tmk_intern(set, hardware[0] ? hardware : "no device named");
  run->file = tmk_intern(set, file);
  run->start = tmk_intern(set, result->start_utc);
  run->run_id = tmk_intern(set, result->run_id);
  run->is_cpu = result->device_count > 0 && result->devices[0].info.is_cpu;
  run->complete = result->complete;
  return run->hardware && run->file && run->start && run->run_id ? TMK_OK : TMK_ERR_MEMORY;
}

/* --- a point --- */

/* Why it has no figure to compare; "" if it has one. */
static void reason_of(const struct tmk_point *point, char *text, size_t size)
{
  char verdict[160];
  text[0] = '\0';
  if (point->status != TMK_POINT_OK) {
    char clean[256];
    tmk_out_clean(point->reason, true, clean, sizeof clean);
    snprintf(text, size, "%s: %s", tmk_point_status_name(point->status), clean);
  } else if (point->verdict.value == TMK_VERDICT_INVALID) {
    tmk_verdict_text(point->verdict, verdict, sizeof verdict);
    snprintf(text, size, "%s", verdict);
  } else if (point->provenance == TMK_PROV_SIMULATED) {
    snprintf(text, size, "simulated: no throughput");
  } else if (!(point->stats.median_ns > 0) && point->sample_count < 1 && !(tmk_point_rate(point) > 0)) {
    snprintf(text, size, "no figure");
  }
}

/* The ceiling that bounds the point, in one reading; NAN if it has none. */
static double ceiling_of(const struct tmk_result *result, const struct tmk_point *point, const struct tmk_ceilings *ceilings)
{
  enum tmk_dtype weights = point->type == TMK_POINT_OP ? point->workload.op.weight_dtype : point->workload.step.weight_dtype;
  if (point->limit.bound == TMK_BOUND_MEMORY) return ceilings->read_bytes_per_s;
  if (point->limit.bound != TMK_BOUND_COMPUTE) return NAN;
  return ceilings->flops_per_s[result->devices[0].info.math_dtype[weights]];
}

/* offsets[r] = ln(the run's ceiling ÷ the ceiling around round r, the geometric mean of the readings before and after it). Their
 * number; 0 where a reading is missing. */
static int64_t round_offsets(const struct tmk_result *result, const struct tmk_point *point, double offsets[], int64_t max)
{
  int64_t rounds = 0;
  if (result->device_count < 1) return 0;
  const struct tmk_device_result *device = &result->devices[0];
  for (int64_t i = 0; i < point->sample_count; i++) {
    if (point->samples[i].round >= rounds) rounds = point->samples[i].round + 1;
  }
  if (rounds > max) return 0;
  double run = ceiling_of(result, point, &device->ceilings);
  for (int64_t r = 0; r < rounds; r++) {
    double before = NAN, after = NAN;
    for (int64_t i = 0; i < device->reading_count; i++) {
      double reading = ceiling_of(result, point, &device->readings[i].ceilings);
      if (device->readings[i].round == r - 1) before = reading;
      if (device->readings[i].round == r) after = reading;
    }
    offsets[r] = log(run) - log(before * after) / 2;
    if (!isfinite(offsets[r])) return 0;
  }
  return rounds;
}

/* ln of the rate and of the share, by rounds where there are samples. */
static enum tmk_status fill_speed(const struct tmk_result *result, const struct tmk_point *point, struct tmk_compare_point *out)
{
  enum { ROUNDS_MAX = 64 };
  double rate = tmk_point_rate(point), offset = 0; /* ln(work of a pass) */
  out->speed = out->share = (struct tmk_run_value){.value = NAN, .variance = NAN, .df = NAN};
  if (point->sample_count > 0) {
    double *scratch = malloc((size_t)point->sample_count * sizeof *scratch);
    if (!scratch) return TMK_ERR_MEMORY;
    out->speed = tmk_run_value_of_samples(point->samples, point->sample_count, point->passes_per_sample, NULL, 0, scratch);
    if (point->limit.time_ns > 0 && isfinite(point->limit.share.measured)) {
      double offsets[ROUNDS_MAX];
      int64_t count = round_offsets(result, point, offsets, ROUNDS_MAX);
      out->share =
          tmk_run_value_of_samples(point->samples, point->sample_count, point->passes_per_sample, offsets, count, scratch);
      out->share.value += log(point->limit.time_ns * 1e-9);
    }
    free(scratch);
    if (rate > 0 && point->stats.median_ns > 0) offset = log(rate) + log(point->stats.median_ns * 1e-9);
    out->speed.value += offset;
    return TMK_OK;
  }
  /* No samples: composed of other points' steps, or somebody else's figure. */
  const struct tmk_throughput *t = &point->throughput;
  if (rate > 0) {
    out->speed.value = log(rate);
  } else if (point->stats.median_ns > 0) {
    out->speed.value = -log(point->stats.median_ns * 1e-9);
  }
  if (t->ci_low_tokens_per_s > 0 && t->ci_high_tokens_per_s >= t->ci_low_tokens_per_s) {
    double error = log(t->ci_high_tokens_per_s / t->ci_low_tokens_per_s) / (2 * NORMAL_975);
    out->speed.variance = error * error;
    out->speed.df = 1e7;
  }
  if (point->limit.share.measured > 0) {
    out->share = out->speed;
    out->share.value = log(point->limit.share.measured);
  }
  return TMK_OK;
}

static enum tmk_status fill_point(struct tmk_intern *set, const struct tmk_result *result, const struct tmk_point *point,
                                  int64_t run, struct tmk_compare_point *out)
{
  char key[TMK_WORKLOAD_KEY_SIZE], reason[320];
  bool is_step = point->type == TMK_POINT_STEP;
  /* A file may say anything; what was measured is its workload. */
  if (is_step) {
    tmk_workload_key(&point->workload.step, key);
  } else {
    tmk_out_clean(point->key, true, key, sizeof key);
  }
  reason_of(point, reason, sizeof reason);
  *out = (struct tmk_compare_point){.key = tmk_intern(set, key),
                                    .reason = tmk_intern(set, reason),
                                    .run = run,
                                    .provenance = point->provenance,
                                    .accounting = point->throughput.accounting,
                                    .verdict = point->verdict.value,
                                    .codes = point->verdict.codes,
                                    .usable = reason[0] == '\0',
                                    .rate = tmk_point_rate(point),
                                    .time_ns = point->stats.median_ns,
                                    .per_device = NAN,
                                    .per_watt = NAN};
  if (!out->key || !out->reason || fill_speed(result, point, out) != TMK_OK) return TMK_ERR_MEMORY;
  if (!isfinite(out->speed.value)) out->usable = false;
  double devices = point->throughput.devices > 0 ? (double)point->throughput.devices : NAN;
  out->per_device = out->rate / devices;
  if (point->energy.mean_power_w > 0) out->per_watt = out->rate / point->energy.mean_power_w;
  return TMK_OK;
}

/* --- the side --- */

/* Room for `more` behind `count` elements; false: out of memory. */
static bool reserve(void *array, int64_t *capacity, int64_t count, int64_t more, size_t size)
{
  if (count + more <= *capacity) return true;
  int64_t wanted = count + more > 2 * *capacity ? count + more : 2 * *capacity;
  void *old, *grown;
  memcpy(&old, array, sizeof old);
  grown = realloc(old, (size_t)wanted * size);
  if (!grown) return false;
  memcpy(array, &grown, sizeof grown);
  *capacity = wanted;
  return true;
}

enum tmk_status tmk_compare_side_add(struct tmk_compare_side *side, struct tmk_intern *set, const char *file,
                                     const struct tmk_result *result, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  if (!reserve(&side->runs, &side->run_capacity, side->run_count, 1, sizeof *side->runs) ||
      !reserve(&side->points, &side->point_capacity, side->point_count, result->point_count, sizeof *side->points)) {
    status = TMK_ERR_MEMORY;
  }
  if (status == TMK_OK) status = fill_run(set, file, result, &side->runs[side->run_count]);
  for (int64_t i = 0; i < result->point_count && status == TMK_OK; i++) {
    struct tmk_compare_point *point = &side->points[side->point_count];
    status = fill_point(set, result, &result->points[i], side->run_count, point);
    point->place = i;
    if (status == TMK_OK) side->point_count++;
  }
  if (status != TMK_OK) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory while reading %s", file);
  side->run_count++;
  return TMK_OK;
}

static int compare_points(const void *a, const void *b, void *context)
{
  const struct tmk_compare_side *side = context;
  const struct tmk_compare_point *x = a, *y = b;
  int64_t left[] = {side->runs[x->run].hardware->number, x->key->number, x->run, x->place};
  int64_t right[] = {side->runs[y->run].hardware->number, y->key->number, y->run, y->place};
  for (int i = 0; i < 4; i++) {
    if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
  }
  return 0;
}

void tmk_compare_side_sort(struct tmk_compare_side *side)
{
  int64_t kept = 0;
  if (side->point_count > 0) {
    qsort_r(side->points, (size_t)side->point_count, sizeof *side->points, compare_points, side);
  }
  for (int64_t i = 0; i < side->point_count; i++) {
    const struct tmk_compare_point *last = kept > 0 ? &side->points[kept - 1] : NULL, *point = &side->points[i];
    if (last && last->key == point->key && last->run == point->run) {
      side->duplicates++;
    } else {
      side->points[kept++] = *point;
    }
  }
  side->point_count = kept;
}

void tmk_compare_side_free(struct tmk_compare_side *side)
{
  free(side->runs);
  free(side->points);
  side->runs = NULL;
  side->points = NULL;
  side->run_count = side->point_count = side->run_capacity = side->point_capacity = 0;
}
