/* sweep.c: suites, and the expansion of option lists into points (sweep.h). */
#include <stdio.h>
#include <stdlib.h>

#include "sweep_parts.h"
#include "tokmark/comm.h"

#define LL(value) ((long long)(value))
#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
/* Each point has a plan made for it, and is measured for seconds. */
#define POINTS_MAX 4096

/* ---- suite std-1: the same on every machine; change it only under another name ---- */

/* Lists of one phase; 0 behind the last value. */
struct suite_phase {
  int64_t batch[8], input_len[2], output_len[2], context[2];
};
struct suite {
  const char *model;
  enum tmk_dtype weight_dtypes[3]; /* NONE behind the last */
  struct suite_phase phases[TMK_PHASE_COUNT];
};

#define SUITE_NAME "std-1"

static const struct suite suite_gpu = {
    .model = "llama-3.1-8b",
    .weight_dtypes = {TMK_DTYPE_BF16, TMK_DTYPE_F8E4M3},
    .phases = {[TMK_PHASE_DECODE] = {.batch = {1, 8, 32, 64, 128, 256}, .context = {1024}},
               [TMK_PHASE_PREFILL] = {.batch = {1}, .input_len = {2048}},
               [TMK_PHASE_E2E] = {.batch = {1, 64}, .input_len = {1024}, .output_len = {1024}}},
};

/* Where a GPU is simulated no time is taken, and prompts of full length would cost minutes of the CPU's. */
static const struct suite suite_simulated = {
    .model = "llama-3.1-8b",
    .weight_dtypes = {TMK_DTYPE_BF16, TMK_DTYPE_F8E4M3},
    .phases = {[TMK_PHASE_DECODE] = {.batch = {1, 8, 32, 64, 128, 256}, .context = {1024}},
               [TMK_PHASE_PREFILL] = {.batch = {1}, .input_len = {192}},
               [TMK_PHASE_E2E] = {.batch = {1, 64}, .input_len = {192}, .output_len = {64}}},
};

static const struct suite suite_cpu = {
    .model = "qwen2.5-0.5b",
    .weight_dtypes = {TMK_DTYPE_BF16},
    .phases = {[TMK_PHASE_DECODE] = {.batch = {1, 2, 4, 8, 16, 32, 64}, .context = {128}},
               [TMK_PHASE_PREFILL] = {.batch = {1}, .input_len = {512}},
               [TMK_PHASE_E2E] = {.batch = {1, 4}, .input_len = {128}, .output_len = {128}}},
};

static const struct suite *suite_for(const struct tmk_device_info *device)
{
  return device->is_cpu ? &suite_cpu : device->simulated ? &suite_simulated : &suite_gpu;
}

const char *tmk_sweep_default_model(const struct tmk_device_info *device)
{
  return suite_for(device)->model;
}

/* ---- what is asked for ---- */

unsigned tmk_sweep_phase_uses(enum tmk_phase phase)
{
  switch (phase) {
  case TMK_PHASE_DECODE: return TMK_USES_CONTEXT;
  case TMK_PHASE_PREFILL: return TMK_USES_INPUT_LEN;
  case TMK_PHASE_E2E: return TMK_USES_INPUT_LEN | TMK_USES_OUTPUT_LEN;
  case TMK_PHASE_COUNT: break;
  }
  return 0;
}

/* Values of one option for one phase. */
struct axis {
  const int64_t *values;
  int count;
};

static struct axis axis_of(const struct tmk_int_list *given, const int64_t *suite, int suite_size)
{
  struct axis axis = {given->values, given->count};
  if (given->count > 0) return axis;
  axis.values = suite;
  while (axis.count < suite_size && suite[axis.count] != 0) axis.count++;
  return axis;
}

static bool spec_is_empty(const struct tmk_sweep_spec *spec)
{
  return spec->phases == 0 && spec->batch.count == 0 && spec->input_len.count == 0 && spec->output_len.count == 0 &&
         spec->context.count == 0 && spec->weight_dtype_count == 0 && spec->kv_dtype == TMK_DTYPE_NONE &&
         spec->layers_held == 0 && (spec->prefill_chunk == 0 || spec->prefill_chunk == TMK_PREFILL_CHUNK_DEFAULT);
}

/* bf16 where the device takes it, else the first type that it takes. */
static enum tmk_dtype auto_kv_dtype(const struct tmk_device_info *device)
{
  if (device->kv_dtype[TMK_DTYPE_BF16]) return TMK_DTYPE_BF16;
  for (int i = TMK_DTYPE_NONE + 1; i < TMK_DTYPE_COUNT; i++) {
    if (device->kv_dtype[i]) return (enum tmk_dtype)i;
  }
  return TMK_DTYPE_BF16;
}

static void choose_defaults(struct tmk_sweep_expansion *e)
{
  const struct tmk_sweep_spec *spec = e->spec;
  const struct suite *suite = suite_for(e->device);
  e->phases = spec->phases ? spec->phases : (1u << TMK_PHASE_COUNT) - 1u;
  e->prefill_chunk = spec->prefill_chunk ? spec->prefill_chunk : TMK_PREFILL_CHUNK_DEFAULT;
  /* All layers held is what every run does; the key must not say otherwise. */
  e->layers_held = spec->layers_held == e->model->num_hidden_layers ? 0 : spec->layers_held;
  e->kv_dtype = spec->kv_dtype ? spec->kv_dtype : auto_kv_dtype(e->device);
  e->layout = spec->layout;
  if (e->layout.tp == 0) e->layout.tp = 1;
  if (e->layout.pp == 0) e->layout.pp = 1;
  if (e->layout.dp == 0) e->layout.dp = 1;
  e->weight_dtype_count = spec->weight_dtype_count;
  for (int i = 0; i < spec->weight_dtype_count; i++) e->weight_dtypes[i] = spec->weight_dtypes[i];
  if (spec->weight_dtype_count > 0) return;
  while (suite->weight_dtypes[e->weight_dtype_count] != TMK_DTYPE_NONE) {
    e->weight_dtypes[e->weight_dtype_count] = suite->weight_dtypes[e->weight_dtype_count];
    e->weight_dtype_count++;
  }
}

/* ---- expansion ---- */

/* The axes of a phase; one that the phase does not use is a single 0. */
struct axes {
  struct axis batch, length, output_len;
};

static struct axes axes_of(const struct tmk_sweep_expansion *e, enum tmk_phase phase)
{
  static const int64_t zero = 0;
  const struct tmk_sweep_spec *spec = e->spec;
  const struct suite_phase *suite = &suite_for(e->device)->phases[phase];
  struct axes axes = {.batch = axis_of(&spec->batch, suite->batch, LENGTH(suite->batch)), .output_len = {&zero, 1}};
  axes.length = phase == TMK_PHASE_DECODE ? axis_of(&spec->context, suite->context, LENGTH(suite->context))
                                          : axis_of(&spec->input_len, suite->input_len, LENGTH(suite->input_len));
  if (phase == TMK_PHASE_E2E) {
    axes.output_len = axis_of(&spec->output_len, suite->output_len, LENGTH(suite->output_len));
  }
  return axes;
}

/* One a stage keeps all stages at work; a replica can't have more than it has sequences. */
static int auto_microbatches(const struct tmk_workload *w)
{
  const int64_t sequences = w->batch / w->layout.dp;
  return sequences < 1 ? 1 : sequences < w->layout.pp ? (int)sequences : w->layout.pp;
}

/* Points of one phase and dtype; the batch changes fastest. */
static enum tmk_status expand_phase(const struct tmk_sweep_expansion *e, enum tmk_phase phase,
                                    enum tmk_dtype weight_dtype, struct tmk_sweep *sweep, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct axes axes = axes_of(e, phase);
  const int per_length = axes.output_len.count * axes.batch.count;
  for (int i = 0; i < axes.length.count * per_length; i++) {
    const int64_t length = axes.length.values[i / per_length];
    struct tmk_sweep_point *point = &sweep->points[sweep->count++];
    point->bytes_needed = TMK_UNKNOWN;
    point->workload = (struct tmk_workload){
        .phase = phase,
        .batch = axes.batch.values[i % axes.batch.count],
        .input_len = phase == TMK_PHASE_DECODE ? 0 : length,
        .output_len = axes.output_len.values[i / axes.batch.count % axes.output_len.count],
        .context = phase == TMK_PHASE_DECODE ? length : 0,
        .prefill_chunk = e->prefill_chunk,
        .layers_held = e->layers_held,
        .weight_dtype = weight_dtype,
        .kv_dtype = e->kv_dtype,
        .layout = e->layout,
    };
    if (e->layout.microbatches == 0) point->workload.layout.microbatches = auto_microbatches(&point->workload);
    snprintf(point->workload.model, sizeof point->workload.model, "%s", e->model->name);
    TMK_TRY(tmk_sweep_point_judge(e, point, err));
  }
out:
  return status;
}

static int64_t count_points(const struct tmk_sweep_expansion *e)
{
  int64_t count = 0;
  for (int phase = 0; phase < TMK_PHASE_COUNT; phase++) {
    if (!(e->phases & 1u << phase)) continue;
    const struct axes axes = axes_of(e, (enum tmk_phase)phase);
    count += (int64_t)axes.batch.count * axes.length.count * axes.output_len.count * e->weight_dtype_count;
  }
  return count;
}

enum tmk_status tmk_sweep_expand(const struct tmk_sweep_spec *spec, const struct tmk_model *model,
                                 const struct tmk_device_info *device, const struct tmk_backend_ops *ops,
                                 struct tmk_backend *backend, struct tmk_sweep *out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_sweep_expansion e = {.spec = spec, .model = model, .device = device, .ops = ops, .backend = backend};
  struct tmk_sweep sweep = {0};
  *out = sweep;
  choose_defaults(&e);
  TMK_TRY(tmk_sweep_spec_check(&e, err));
  const int64_t count = count_points(&e);
  if (count > POINTS_MAX) {
    status = tmk_fail(err, TMK_ERR_USAGE, "%lld points: a sweep can have %d", LL(count), POINTS_MAX);
    goto out;
  }
  sweep.points = calloc((size_t)count, sizeof *sweep.points);
  if (!sweep.points) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "out of memory: sweep of %lld points", LL(count));
    goto out;
  }
  for (int phase = 0; phase < TMK_PHASE_COUNT; phase++) {
    if (!(e.phases & 1u << phase)) continue;
    for (int i = 0; i < e.weight_dtype_count; i++) {
      TMK_TRY(expand_phase(&e, (enum tmk_phase)phase, e.weight_dtypes[i], &sweep, err));
    }
  }
  if (spec_is_empty(spec)) snprintf(sweep.suite, sizeof sweep.suite, "%s", SUITE_NAME);
  *out = sweep;
  sweep.points = NULL;
out:
  tmk_sweep_free(&sweep);
  return status;
}

enum tmk_status tmk_sweep_agree(struct tmk_sweep *sweep, struct tmk_world *world, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int i = 0; world != NULL && i < sweep->count; i++) {
    struct tmk_sweep_point *point = &sweep->points[i];
    struct tmk_error mine = {0}, agreed = {0};
    const enum tmk_status said = point->skipped ? tmk_fail(&mine, TMK_ERR_UNSUPPORTED, "%s", point->reason) : TMK_OK;
    const enum tmk_status all = tmk_world_agree(world, said, &mine, &agreed);
    if (all == TMK_OK) continue;
    if (!world->agreed) TMK_TRY(tmk_fail(err, all, "%s", agreed.message));
    world->agreed = false;
    point->skipped = true;
    snprintf(point->reason, sizeof point->reason, "%.255s", agreed.message);
  }
out:
  return status;
}

void tmk_sweep_free(struct tmk_sweep *sweep)
{
  if (!sweep) return;
  free(sweep->points);
  *sweep = (struct tmk_sweep){0};
}
