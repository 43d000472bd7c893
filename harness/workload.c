/* workload.c: names, keys and token counts of workloads (include/tokmark/workload.h). */
#include "tokmark/workload.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const phase_names[TMK_PHASE_COUNT] = {
    [TMK_PHASE_DECODE] = "decode",
    [TMK_PHASE_PREFILL] = "prefill",
    [TMK_PHASE_E2E] = "e2e",
};

const char *tmk_phase_name(enum tmk_phase phase)
{
  return (unsigned)phase < TMK_PHASE_COUNT ? phase_names[phase] : "unknown";
}

enum tmk_phase tmk_phase_from_name(const char *name)
{
  int phase = 0;
  while (phase < TMK_PHASE_COUNT && strcmp(name, phase_names[phase]) != 0) phase++;
  return (enum tmk_phase)phase;
}

/* Appends to a key; what does not fit is cut, which no valid workload reaches. */
static void append(char key[TMK_WORKLOAD_KEY_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(char key[TMK_WORKLOAD_KEY_SIZE], const char *format, ...)
{
  size_t used = strlen(key);
  va_list args;
  va_start(args, format);
  vsnprintf(key + used, TMK_WORKLOAD_KEY_SIZE - used, format, args);
  va_end(args);
}

/* Appends a field unless it has its default, or 0 for "not given". */
static void append_unless(char key[TMK_WORKLOAD_KEY_SIZE], const char *name, int64_t value, int64_t default_value)
{
  if (value != default_value && value != 0) append(key, "/%s%lld", name, (long long)value);
}

void tmk_workload_key(const struct tmk_workload *workload, char key[TMK_WORKLOAD_KEY_SIZE])
{
  key[0] = 0;
  append(key, "step/%s/%s/b%lld", workload->model, tmk_phase_name(workload->phase), (long long)workload->batch);
  if (workload->phase == TMK_PHASE_DECODE) {
    append(key, "/c%lld", (long long)workload->context);
  } else {
    append(key, "/i%lld", (long long)workload->input_len);
  }
  if (workload->phase == TMK_PHASE_E2E) append(key, "/o%lld", (long long)workload->output_len);
  append(key, "/w=%s/kv=%s", tmk_dtype_name(workload->weight_dtype), tmk_dtype_name(workload->kv_dtype));
  if (workload->phase != TMK_PHASE_DECODE) {
    append_unless(key, "chunk", workload->prefill_chunk, TMK_PREFILL_CHUNK_DEFAULT);
  }
  append_unless(key, "layers", workload->layers_held, 0);
  append_unless(key, "tp", workload->layout.tp, 1);
  append_unless(key, "pp", workload->layout.pp, 1);
  append_unless(key, "dp", workload->layout.dp, 1);
  append_unless(key, "mb", workload->layout.microbatches, 1);
}

void tmk_workload_tokens(const struct tmk_workload *workload, int64_t *input_tokens, int64_t *output_tokens)
{
  int64_t input = 0, output = 0;
  switch (workload->phase) {
  case TMK_PHASE_DECODE: output = workload->batch; break;
  case TMK_PHASE_PREFILL: input = workload->batch * workload->input_len; break;
  case TMK_PHASE_E2E:
    input = workload->batch * workload->input_len;
    output = workload->batch * workload->output_len;
    break;
  case TMK_PHASE_COUNT: break;
  }
  if (input_tokens) *input_tokens = input;
  if (output_tokens) *output_tokens = output;
}
