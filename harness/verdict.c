/* verdict.c: see verdict.h. Every threshold stands here, with its reason. */
#include "verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
  double unsteady_ci, drift, clock_move, over_datasheet, over_measured, other_load;
} threshold = {
    /* The interval's target is ±1 %. A point whose interval is still wider than ±5 % can't tell a 10 % difference. */
    .unsteady_ci = 0.05,
    /* Ceilings are best-of-many and repeat within about 1 % on a quiet machine; 3 % is a machine that changed meanwhile. */
    .drift = 0.03,
    /* A compute-bound time moves in proportion to the clock: beyond ±2.5 % around the mean it is no longer one machine. */
    .clock_move = 0.05,
    /* Nothing runs faster than the hardware: any excess is an error in the time, the count or the table. */
    .over_datasheet = 1.0,
    /* A measured ceiling is a lower bound of the real one; its own scatter is some percent. */
    .over_measured = 1.05,
    /* Threads meet at every operation, so a step waits for the slowest: others on a tenth of the cores are felt in full. */
    .other_load = 0.10,
};

static const struct tmk_verdict_code_row rows[] = {
    {TMK_CODE_THROTTLED, "throttled", TMK_VERDICT_SUSPECT, "the device lowered its clocks for power or heat"},
    {TMK_CODE_CLOCKS_MOVED, "clocks_moved", TMK_VERDICT_SUSPECT, "clocks moved by more than 5 % while it was sampled"},
    {TMK_CODE_ECC, "ecc", TMK_VERDICT_INVALID, "uncorrected memory errors were counted while it was sampled"},
    {TMK_CODE_MIG, "mig", TMK_VERDICT_SUSPECT,
     "the device is a slice of a GPU (MIG): its ceilings are not the whole GPU's"},
    {TMK_CODE_SHARED_DEVICE, "shared_device", TMK_VERDICT_SUSPECT, "other processes used the device"},
    {TMK_CODE_UNSTEADY, "unsteady", TMK_VERDICT_SUSPECT,
     "the 95 % interval of the median is wider than ±5 %, or there is none"},
    {TMK_CODE_DRIFT, "drift", TMK_VERDICT_SUSPECT, "a measured ceiling moved by more than 3 % between rounds"},
    {TMK_CODE_OVER_LIMIT, "over_limit", TMK_VERDICT_INVALID,
     "faster than the datasheet allows; where there is none, than 105 % of the measured ceiling (then SUSPECT)"},
    {TMK_CODE_VERIFY_FAILED, "verify_failed", TMK_VERDICT_INVALID,
     "an operation or the replay computed something else than the reference"},
    {TMK_CODE_OVERSUBSCRIBED, "oversubscribed", TMK_VERDICT_SUSPECT,
     "more threads than cores, or others (the hypervisor too) took more than 10 % of the cores used"},
    {TMK_CODE_ENERGY_UNBRACKETED, "energy_unbracketed", TMK_VERDICT_VALID,
     "the energy counter could not be read over at least 1 s: energy is null"},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

const struct tmk_verdict_code_row *tmk_verdict_codes(int *count)
{
  *count = ROW_COUNT;
  return rows;
}

const char *tmk_verdict_code_name(enum tmk_verdict_code code)
{
  for (int i = 0; i < ROW_COUNT; i++) {
    if (rows[i].code == code) return rows[i].name;
  }
  return "unknown";
}

unsigned tmk_verdict_code_from_name(const char *name)
{
  for (int i = 0; i < ROW_COUNT; i++) {
    if (strcmp(rows[i].name, name) == 0) return rows[i].code;
  }
  return 0;
}

static void note_as(struct tmk_verdict *verdict, bool seen, enum tmk_verdict_code code, enum tmk_verdict_value value)
{
  if (!seen) return;
  verdict->codes |= code;
  if (value > verdict->value) verdict->value = value;
}

static void note(struct tmk_verdict *verdict, bool seen, enum tmk_verdict_code code)
{
  for (int i = 0; i < ROW_COUNT; i++) {
    if (rows[i].code == code) note_as(verdict, seen, code, rows[i].value);
  }
}

struct tmk_verdict tmk_verdict_decide(const struct tmk_verdict_input *in)
{
  struct tmk_verdict verdict = {.value = TMK_VERDICT_VALID};
  /* A comparison with NAN is false: what could not be read accuses nobody. Only the interval has to be there. */
  note(&verdict, in->throttled, TMK_CODE_THROTTLED);
  note(&verdict, in->clock_move > threshold.clock_move, TMK_CODE_CLOCKS_MOVED);
  note(&verdict, in->ecc_errors, TMK_CODE_ECC);
  note(&verdict, in->mig, TMK_CODE_MIG);
  note(&verdict, in->shared_device, TMK_CODE_SHARED_DEVICE);
  note(&verdict, !in->steady && !(in->relative_ci <= threshold.unsteady_ci), TMK_CODE_UNSTEADY);
  note(&verdict, in->drift > threshold.drift, TMK_CODE_DRIFT);
  note(&verdict, in->share_datasheet > threshold.over_datasheet, TMK_CODE_OVER_LIMIT);
  note_as(&verdict, isnan(in->share_datasheet) && in->share_measured > threshold.over_measured, TMK_CODE_OVER_LIMIT,
          TMK_VERDICT_SUSPECT);
  note(&verdict, in->verify_failed || in->replay_mismatch, TMK_CODE_VERIFY_FAILED);
  note(&verdict, in->threads_exceed_cores || in->other_load > threshold.other_load * in->cores_used,
       TMK_CODE_OVERSUBSCRIBED);
  note(&verdict, in->energy_unbracketed, TMK_CODE_ENERGY_UNBRACKETED);
  return verdict;
}

struct tmk_verdict tmk_verdict_join(struct tmk_verdict a, struct tmk_verdict b)
{
  return (struct tmk_verdict){.value = a.value > b.value ? a.value : b.value, .codes = a.codes | b.codes};
}

enum tmk_status tmk_verdict_of_points(const struct tmk_result *result, const char *what, struct tmk_error *err)
{
  const struct tmk_point *first = NULL;
  int bad = 0;
  char why[256];
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    if (point->status != TMK_POINT_FAILED && point->verdict.value != TMK_VERDICT_INVALID) continue;
    if (bad++ == 0) first = point;
  }
  if (first == NULL) return TMK_OK;
  tmk_verdict_text(first->verdict, why, (int)sizeof why);
  return tmk_fail(err, TMK_ERR_FAILED, "%d of %lld %s failed or are INVALID%s: %s: %s", bad,
                  (long long)result->point_count, what, bad > 1 ? "; the first" : "", first->key,
                  first->reason[0] != '\0' ? first->reason : why);
}

void tmk_verdict_text(struct tmk_verdict verdict, char *text, int text_size)
{
  int used = snprintf(text, (size_t)text_size, "%s", tmk_verdict_value_name(verdict.value));
  const char *separator = " ";
  for (int i = 0; i < ROW_COUNT && used >= 0 && used < text_size; i++) {
    if (!(verdict.codes & rows[i].code)) continue;
    used += snprintf(text + used, (size_t)(text_size - used), "%s%s", separator, rows[i].name);
    separator = ",";
  }
}
