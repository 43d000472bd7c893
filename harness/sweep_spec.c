/* sweep_spec.c: what no device could run is refused before a point is made. */
#include <math.h>

#include "sweep_parts.h"

#define LL(value) ((long long)(value))
/* Held layers below this many last-level caches would be run from the cache: DESIGN, --layers. */
#define CACHE_FACTOR 4

static enum tmk_status check_list(const char *what, const struct tmk_int_list *list, int64_t min, int64_t max,
                                  struct tmk_error *err)
{
  for (int i = 0; i < list->count; i++) {
    if (list->values[i] >= min && list->values[i] <= max) continue;
    return tmk_fail(err, TMK_ERR_USAGE, "%s %lld: must be %lld..%lld", what, LL(list->values[i]), LL(min), LL(max));
  }
  return TMK_OK;
}

/* An option that only phases outside --phase would heed. */
static enum tmk_status check_phases(const struct tmk_sweep_expansion *e, struct tmk_error *err)
{
  const struct tmk_sweep_spec *spec = e->spec;
  const struct {
    const char *option, *phases;
    bool given;
    unsigned use;
  } rows[] = {
      {"--context", "decode", spec->context.count > 0, TMK_USES_CONTEXT},
      {"--input-len", "prefill or e2e", spec->input_len.count > 0, TMK_USES_INPUT_LEN},
      {"--output-len", "e2e", spec->output_len.count > 0, TMK_USES_OUTPUT_LEN},
      {"--prefill-chunk", "prefill or e2e", e->prefill_chunk != TMK_PREFILL_CHUNK_DEFAULT, TMK_USES_INPUT_LEN},
  };
  unsigned used = 0;
  for (int phase = 0; phase < TMK_PHASE_COUNT; phase++) {
    if (e->phases & 1u << phase) used |= tmk_sweep_phase_uses((enum tmk_phase)phase);
  }
  for (int i = 0; i < (int)(sizeof rows / sizeof rows[0]); i++) {
    if (!rows[i].given || used & rows[i].use) continue;
    return tmk_fail(err, TMK_ERR_USAGE, "%s: only phase %s heeds it, and --phase leaves that out", rows[i].option,
                    rows[i].phases);
  }
  return TMK_OK;
}

/* Bytes of weights of layer 0 in a dtype, from the plan, the one place that knows them. */
static enum tmk_status layer_bytes(const struct tmk_sweep_expansion *e, enum tmk_dtype weight_dtype, int64_t *bytes,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_plan *one = NULL, *two = NULL;
  struct tmk_workload workload = {.phase = TMK_PHASE_DECODE,
                                  .batch = 1,
                                  .layers_held = 1,
                                  .weight_dtype = weight_dtype,
                                  .kv_dtype = e->kv_dtype,
                                  .layout = {.tp = 1, .pp = 1, .dp = 1, .microbatches = 1}};
  const struct tmk_plan_args args = {.model = e->model, .workload = &workload, .act_dtype = TMK_DTYPE_F32};
  TMK_TRY(tmk_plan_create(&args, &one, err));
  workload.layers_held = 2;
  TMK_TRY(tmk_plan_create(&args, &two, err));
  *bytes = tmk_plan_memory_needed(two).weight_bytes - tmk_plan_memory_needed(one).weight_bytes;
out:
  tmk_plan_destroy(two);
  tmk_plan_destroy(one);
  return status;
}

/* Held layers must not fit the last-level cache, or the cycled layers would be read from it and not from memory. */
static enum tmk_status check_layers(const struct tmk_sweep_expansion *e, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t held = e->layers_held, layers = e->model->num_hidden_layers, llc = e->device->llc_bytes;
  if (held == 0) return TMK_OK;
  if (held < 1 || held > layers) {
    return tmk_fail(err, TMK_ERR_USAGE, "--layers %lld: must be 1..%lld", LL(held), LL(layers));
  }
  if (llc <= 0) return TMK_OK;
  for (int i = 0; i < e->weight_dtype_count; i++) {
    int64_t bytes;
    TMK_TRY(layer_bytes(e, e->weight_dtypes[i], &bytes, err));
    const double needed = CACHE_FACTOR * (double)llc;
    if ((double)held * (double)bytes >= needed) continue;
    const char *dtype = tmk_dtype_name(e->weight_dtypes[i]);
    const int64_t least = bytes > 0 ? (int64_t)ceil(needed / (double)bytes) : layers;
    if (least >= layers) {
      return tmk_fail(err, TMK_ERR_USAGE,
                      "--layers %lld: fewer than all %lld layers of %s in %s don't fill %d x the last-level cache of "
                      "%lld bytes",
                      LL(held), LL(layers), e->model->name, dtype, CACHE_FACTOR, LL(llc));
    }
    return tmk_fail(err, TMK_ERR_USAGE,
                    "--layers %lld: must be %lld..%lld for %s in %s, so that the layers held fill %d x the last-level "
                    "cache of %lld bytes",
                    LL(held), LL(least), LL(layers), e->model->name, dtype, CACHE_FACTOR, LL(llc));
  }
out:
  return status;
}

enum tmk_status tmk_sweep_spec_check(const struct tmk_sweep_expansion *e, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_sweep_spec *spec = e->spec;
  char reason[256];
  if (!tmk_model_is_runnable(e->model, reason, sizeof reason)) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "%s: %s", e->model->name, reason);
  }
  TMK_TRY(check_phases(e, err));
  TMK_TRY(check_list("--batch", &spec->batch, 1, 65536, err));
  TMK_TRY(check_list("--context", &spec->context, 0, TMK_KV_POSITIONS - 1, err));
  TMK_TRY(check_list("--input-len", &spec->input_len, 1, TMK_KV_POSITIONS, err));
  TMK_TRY(check_list("--output-len", &spec->output_len, 1, TMK_KV_POSITIONS, err));
  if (e->prefill_chunk < 1) {
    return tmk_fail(err, TMK_ERR_USAGE, "--prefill-chunk %lld: must be at least 1", LL(e->prefill_chunk));
  }
  TMK_TRY(check_layers(e, err));
out:
  return status;
}
