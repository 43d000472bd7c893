/* verify_state.c: what reset() must leave, and what an operation must leave alone. */
#include "verify_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tokmark/fill.h"

/* Elements looked at in one place. */
#define SAMPLE 1024
#define EDGE   16
/* A cache of so few elements is guarded whole. */
#define SMALL_CACHE 65536

static enum tmk_status out_of_memory(struct tmk_error *err)
{
  return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for verification");
}

static int64_t min_int64(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

static bool same(double a, double b)
{
  return a == b || (isnan(a) && isnan(b));
}

static bool uses(const struct tmk_op *op, int tensor)
{
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(op, operands);
  for (int i = 0; i < count; i++) {
    if (operands[i].tensor == tensor) return true;
  }
  return false;
}

/* The first operation that uses the tensor; −1 if none does. */
static int first_use(const struct tmk_plan *plan, int tensor)
{
  for (int i = 0; i < plan->op_count; i++) {
    if (uses(&plan->ops[i], tensor)) return i;
  }
  return -1;
}

/* ---- after reset() ---- */

struct reset_check {
  const struct tmk_verify_device *device;
  char *detail;
  int detail_size;
  struct tmk_error *err;
};

/* `count` elements from `first` on are poison. */
static enum tmk_status check_poison(const struct reset_check *check, int tensor, int64_t first, int64_t count)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_tensor *t = &check->device->plan->tensors[tensor];
  double values[SAMPLE];
  count = min_int64(count, SAMPLE);
  TMK_TRY(check->device->ops->read(check->device->exec, tensor, first, count, values, check->err));
  for (int64_t i = 0; i < count && !check->detail[0]; i++) {
    const bool poisoned = t->dtype == TMK_DTYPE_I32 ? values[i] == -1.0 : (bool)isnan(values[i]);
    if (poisoned) continue;
    snprintf(check->detail, (size_t)check->detail_size, "%.40s, element %lld after reset: got %.9g, expected poison",
             t->name, (long long)(first + i), values[i]);
  }
out:
  return status;
}

/* `count` elements from `first` on are what the fill says. */
static enum tmk_status check_fill(const struct reset_check *check, int tensor, int64_t first, int64_t count)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_tensor *t = &check->device->plan->tensors[tensor];
  double values[SAMPLE], filled[SAMPLE];
  count = min_int64(count, SAMPLE);
  TMK_TRY(check->device->ops->read(check->device->exec, tensor, first, count, values, check->err));
  tmk_tensor_values(t, check->device->plan->seed, first, count, filled);
  for (int64_t i = 0; i < count && !check->detail[0]; i++) {
    if (values[i] == filled[i]) continue;
    snprintf(check->detail, (size_t)check->detail_size, "%.40s, element %lld after reset: got %.9g, the fill has %.9g",
             t->name, (long long)(first + i), values[i], filled[i]);
  }
out:
  return status;
}

/* Some place in `total` elements where `count` fit. */
static int64_t place(uint64_t random, int64_t total, int64_t count)
{
  return total > count ? (int64_t)(random % (uint64_t)(total - count + 1)) : 0;
}

/* Positions that reset() fills: those below `past` of the first operation that uses the cache. */
static int64_t filled_positions(const struct tmk_plan *plan, int tensor)
{
  const int op = first_use(plan, tensor);
  if (op < 0) return 0;
  return plan->ops[op].kind == TMK_OP_ROPE_KV ? plan->ops[op].u.rope_kv.past : plan->ops[op].u.attention.past;
}

/* First and last sequence: first, last and some rows between of those filled, and poison behind them. */
static enum tmk_status check_cache(const struct reset_check *check, int tensor, uint64_t random)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_tensor *t = &check->device->plan->tensors[tensor];
  const int64_t row = t->dims[2] * t->dims[3], filled = filled_positions(check->device->plan, tensor) * row;
  const int64_t sequence = t->dims[1] * row;
  for (int last = 0; last < (t->dims[0] > 1 ? 2 : 1); last++) {
    const int64_t begin = last ? (t->dims[0] - 1) * sequence : 0, count = min_int64(filled, SAMPLE);
    TMK_TRY(check_fill(check, tensor, begin, count));
    TMK_TRY(check_fill(check, tensor, begin + filled - count, count));
    TMK_TRY(check_fill(check, tensor, begin + place(random, filled, count), count));
    TMK_TRY(check_poison(check, tensor, begin + filled, sequence - filled));
  }
out:
  return status;
}

static enum tmk_status check_tensor(const struct reset_check *check, int tensor, uint64_t random)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_tensor *t = &check->device->plan->tensors[tensor];
  const int64_t elements = tmk_tensor_elements(t), count = min_int64(elements, SAMPLE);
  switch (t->role) {
  case TMK_ROLE_WEIGHT:
  case TMK_ROLE_CONSTANT: break; /* what operations make of them tells */
  case TMK_ROLE_KV_CACHE: TMK_TRY(check_cache(check, tensor, random)); break;
  case TMK_ROLE_INPUT:
    TMK_TRY(check_fill(check, tensor, 0, count));
    TMK_TRY(check_fill(check, tensor, elements - count, count));
    TMK_TRY(check_fill(check, tensor, place(random, elements, count), count));
    break;
  case TMK_ROLE_ACTIVATION:
  case TMK_ROLE_OUTPUT:
    TMK_TRY(check_poison(check, tensor, 0, count));
    TMK_TRY(check_poison(check, tensor, elements - count, count));
    break;
  }
out:
  return status;
}

enum tmk_status tmk_verify_reset_state(const struct tmk_verify_device *device, uint64_t seed, int *op, char *detail,
                                       int detail_size, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct reset_check check = {device, detail, detail_size, err};
  detail[0] = '\0';
  *op = 0;
  for (int tensor = 0; tensor < device->plan->tensor_count && !detail[0]; tensor++) {
    const int user = first_use(device->plan, tensor);
    if (user < 0) continue; /* a backend need not hold it */
    *op = user;
    TMK_TRY(check_tensor(&check, tensor, tmk_fill_mix64(seed + (uint64_t)tensor)));
  }
out:
  return status;
}

/* ---- around an operation ---- */

/* Whether the operation may write this element. */
static bool is_written(const struct tmk_plan *plan, const struct tmk_op *op, int tensor, int64_t index)
{
  const struct tmk_op_rope_kv *rope = &op->u.rope_kv;
  if (op->kind == TMK_OP_ROPE_KV && (tensor == rope->k_cache || tensor == rope->v_cache)) {
    const struct tmk_tensor *t = &plan->tensors[tensor];
    const int64_t row = index / (t->dims[2] * t->dims[3]), seq = row / t->dims[1], position = row % t->dims[1];
    return seq >= rope->seq_first && seq < rope->seq_first + rope->seqs && position >= rope->past &&
           position < rope->past + rope->q_len;
  }
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(op, operands);
  for (int i = 0; i < count; i++) {
    if (operands[i].tensor == tensor && (operands[i].access & TMK_ACCESS_OUT) && index >= operands[i].first &&
        index < operands[i].first + operands[i].count) {
      return true;
    }
  }
  return false;
}

/* Guards elements first … first + count − 1, as far as the tensor has them. */
static enum tmk_status add_guard(const struct tmk_verify_device *device, struct tmk_verify_guards *guards, int tensor,
                                 int64_t first, int64_t count, struct tmk_error *err)
{
  const int64_t elements = tmk_tensor_elements(&device->plan->tensors[tensor]);
  if (first < 0) {
    count += first;
    first = 0;
  }
  count = min_int64(count, elements - first);
  if (count <= 0) return TMK_OK;
  if (guards->count == guards->capacity) {
    const int capacity = guards->capacity ? 2 * guards->capacity : 64;
    struct tmk_verify_guard *items = realloc(guards->items, (size_t)capacity * sizeof *items);
    if (!items) return out_of_memory(err);
    guards->items = items;
    guards->capacity = capacity;
  }
  double *values = malloc((size_t)count * sizeof *values);
  if (!values) return out_of_memory(err);
  guards->items[guards->count++] = (struct tmk_verify_guard){tensor, first, count, values};
  return device->ops->read(device->exec, tensor, first, count, values, err);
}

/* Rows around those that rope_kv appends: at both ends of what it writes in its first and last sequence, and the same
 * positions in the sequences before and behind. */
static enum tmk_status add_cache_guards(const struct tmk_verify_device *device, struct tmk_verify_guards *guards,
                                        const struct tmk_op_rope_kv *o, int tensor, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_tensor *t = &device->plan->tensors[tensor];
  const int64_t row = t->dims[2] * t->dims[3], elements = tmk_tensor_elements(t);
  if (elements <= SMALL_CACHE) return add_guard(device, guards, tensor, 0, elements, err);
  const int64_t seqs[] = {o->seq_first - 1, o->seq_first, o->seq_first + o->seqs - 1, o->seq_first + o->seqs};
  const int64_t positions[] = {0, o->past - 1, o->past, o->past + o->q_len - 1, o->past + o->q_len, t->dims[1] - 1};
  for (size_t s = 0; s < sizeof seqs / sizeof seqs[0]; s++) {
    for (size_t p = 0; p < sizeof positions / sizeof positions[0]; p++) {
      if (seqs[s] < 0 || seqs[s] >= t->dims[0] || positions[p] < 0 || positions[p] >= t->dims[1]) continue;
      const int64_t first = (seqs[s] * t->dims[1] + positions[p]) * row;
      if (!is_written(device->plan, &(struct tmk_op){.kind = TMK_OP_ROPE_KV, .u.rope_kv = *o}, tensor, first)) {
        TMK_TRY(add_guard(device, guards, tensor, first, row, err));
      }
    }
  }
out:
  return status;
}

enum tmk_status tmk_verify_guards_take(const struct tmk_verify_device *device, int op, struct tmk_verify_guards *guards,
                                       struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_plan *plan = device->plan;
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(&plan->ops[op], operands);
  *guards = (struct tmk_verify_guards){0};
  for (int tensor = 0; tensor < plan->tensor_count; tensor++) {
    const enum tmk_tensor_role role = plan->tensors[tensor].role;
    if (role == TMK_ROLE_WEIGHT || role == TMK_ROLE_CONSTANT || role == TMK_ROLE_KV_CACHE) continue;
    if (plan->op_count == 1 && !uses(&plan->ops[op], tensor)) continue; /* a backend need not hold it */
    TMK_TRY(add_guard(device, guards, tensor, 0, EDGE, err));
    TMK_TRY(add_guard(device, guards, tensor, tmk_tensor_elements(&plan->tensors[tensor]) - EDGE, EDGE, err));
  }
  for (int i = 0; i < count; i++) {
    const struct tmk_operand *operand = &operands[i];
    if (!(operand->access & TMK_ACCESS_OUT)) continue;
    if (plan->tensors[operand->tensor].role == TMK_ROLE_KV_CACHE) {
      TMK_TRY(add_cache_guards(device, guards, &plan->ops[op].u.rope_kv, operand->tensor, err));
      continue;
    }
    TMK_TRY(add_guard(device, guards, operand->tensor, operand->first - SAMPLE, SAMPLE, err));
    TMK_TRY(add_guard(device, guards, operand->tensor, operand->first + operand->count, SAMPLE, err));
  }
out:
  if (status != TMK_OK) tmk_verify_guards_free(guards);
  return status;
}

enum tmk_status tmk_verify_guards_check(const struct tmk_verify_device *device, int op,
                                        const struct tmk_verify_guards *guards, char *detail, int detail_size,
                                        struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  double *values = NULL;
  detail[0] = '\0';
  for (int g = 0; g < guards->count && !detail[0]; g++) {
    const struct tmk_verify_guard *guard = &guards->items[g];
    free(values);
    values = malloc((size_t)guard->count * sizeof *values);
    if (!values) return out_of_memory(err);
    TMK_TRY(device->ops->read(device->exec, guard->tensor, guard->first, guard->count, values, err));
    for (int64_t i = 0; i < guard->count && !detail[0]; i++) {
      if (same(values[i], guard->values[i])) continue;
      if (is_written(device->plan, &device->plan->ops[op], guard->tensor, guard->first + i)) continue;
      snprintf(detail, (size_t)detail_size, "%.40s, element %lld is not of this operation: was %.9g, is now %.9g",
               device->plan->tensors[guard->tensor].name, (long long)(guard->first + i), guard->values[i], values[i]);
    }
  }
out:
  free(values);
  return status;
}

void tmk_verify_guards_free(struct tmk_verify_guards *guards)
{
  if (!guards) return;
  for (int i = 0; i < guards->count; i++) free(guards->items[i].values);
  free(guards->items);
  *guards = (struct tmk_verify_guards){0};
}
