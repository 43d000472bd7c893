/* engine_atomic.c: atom and red: each lane's read-modify-write, in lane order. */
#include <string.h>

#include "engine_internal.h"
#include "sim_float.h"

struct atomic {
  const struct ptx_insn *insn;
  uint32_t size;
  uint64_t value[2][LANES];   /* operand, low and high 8 bytes */
  uint64_t compare[2][LANES]; /* of cas */
  uint64_t old[2][LANES];
};

static uint64_t integer_result(const struct ptx_insn *insn, uint64_t old, uint64_t value)
{
  bool sign = sim_ptx_type((enum ptx_type)insn->type[0])->class == PTX_CLASS_SIGNED;
  bool narrow = sim_ptx_type((enum ptx_type)insn->type[0])->size_bits == 32;
  int64_t a = narrow ? (int32_t)old : (int64_t)old, b = narrow ? (int32_t)value : (int64_t)value;
  switch (insn->mode) {
  case PTX_OP_ADD: return old + value;
  case PTX_OP_AND: return old & value;
  case PTX_OP_OR: return old | value;
  case PTX_OP_XOR: return old ^ value;
  case PTX_OP_INC: return (uint32_t)old >= (uint32_t)value ? 0 : old + 1;
  case PTX_OP_DEC: return (uint32_t)old == 0 || (uint32_t)old > (uint32_t)value ? value : old - 1;
  case PTX_OP_MIN: return (sign ? a < b : old < value) ? old : value;
  case PTX_OP_MAX: return (sign ? a > b : old > value) ? old : value;
  default: return value; /* exch */
  }
}

/* Floats are combined as the ISA says: round to nearest; f32 in global memory flushes subnormals, in shared memory it does not
 * ("atom.add.f32 on global memory flushes subnormal inputs and results to sign-preserving zero"); .noftz types keep them. */
static uint64_t float_result(const struct ptx_insn *insn, uint64_t old, uint64_t value)
{
  uint16_t op = insn->mode == PTX_OP_ADD ? PTX_DO_ADD : insn->mode == PTX_OP_MIN ? PTX_DO_MIN : PTX_DO_MAX;
  struct sim_float_op compute = {.op = op, .type = insn->type[0], .rounding = PTX_RN, .operands = 2};
  if (insn->type[0] == PTX_F32 && insn->space != PTX_SHARED) compute.flags = PTX_FTZ;
  return sim_float_compute(&compute, old, value, 0);
}

static void apply(void *context, uint32_t lane, uint8_t *bytes)
{
  struct atomic *atomic = context;
  const struct ptx_insn *insn = atomic->insn;
  uint64_t old[2] = {0, 0}, result[2];
  memcpy(old, bytes, atomic->size);
  atomic->old[0][lane] = old[0];
  atomic->old[1][lane] = old[1];
  result[1] = atomic->value[1][lane];
  if (insn->mode == PTX_OP_CAS) {
    uint64_t mask = atomic->size >= 8 ? ~(uint64_t)0 : ((uint64_t)1 << 8 * atomic->size) - 1;
    bool equal =
        old[0] == (atomic->compare[0][lane] & mask) && (atomic->size < 16 || old[1] == atomic->compare[1][lane]);
    if (!equal) return;
    result[0] = atomic->value[0][lane];
  } else if (sim_ptx_type((enum ptx_type)insn->type[0])->class == PTX_CLASS_FLOAT) {
    result[0] = float_result(insn, old[0], atomic->value[0][lane]);
  } else {
    result[0] = integer_result(insn, old[0], atomic->value[0][lane]);
  }
  memcpy(bytes, result, atomic->size);
}

static void read_wide(const struct step *s, uint32_t operand, uint32_t size, uint64_t out[2][LANES])
{
  sim_engine_need(s, operand, "an operand of an atomic operation");
  sim_engine_read(s, operand, size >= 8 ? PTX_B64 : size == 4 ? PTX_U32 : PTX_U16, out[0]);
  if (size == 16) memcpy(out[1], place_data(s, operand) + 8 * LANES, sizeof out[1]);
}

static struct sim_access access_of(const struct step *s, const uint64_t *address, uint32_t bytes)
{
  return (struct sim_access){.block = s->warp->block->memory,
                             .warp = s->warp->number,
                             .insn = s->pc,
                             .mask = s->mask,
                             .address = address,
                             .bytes = bytes,
                             .space = s->insn->space,
                             .semantics = s->insn->semantics,
                             .scope = s->insn->scope,
                             .local_end = s->frame->local_end};
}

/* --- vectors: each element is an operation of its own, the alignment is the vector's --- */

struct atomic_vector {
  const struct ptx_insn *insn;
  uint32_t size; /* of an element */
  uint64_t value[8][LANES], old[8][LANES];
};

static void apply_vector(void *context, uint32_t lane, uint8_t *bytes)
{
  struct atomic_vector *atomic = context;
  for (uint32_t i = 0; i < atomic->insn->vector; i++) {
    uint64_t old = 0;
    memcpy(&old, bytes + i * atomic->size, atomic->size);
    atomic->old[i][lane] = old;
    uint64_t result = float_result(atomic->insn, old, atomic->value[i][lane]);
    memcpy(bytes + i * atomic->size, &result, atomic->size);
  }
}

static enum step_result atomic_vector(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  enum ptx_type type = (enum ptx_type)insn->type[0];
  struct atomic_vector atomic = {.insn = insn, .size = sim_ptx_type_bytes(type)};
  uint64_t address[LANES];
  uint32_t at = insn->op == PTX_DO_RED ? 0 : insn->vector;
  sim_engine_address(s, at, address);
  for (uint32_t i = 0; i < insn->vector; i++) {
    sim_engine_need(s, at + 1 + i, "an operand of an atomic operation");
    sim_engine_read(s, at + 1 + i, type, atomic.value[i]);
  }
  struct sim_access access = access_of(s, address, atomic.size * insn->vector);
  uint32_t served = sim_access_atomic(&access, apply_vector, &atomic);
  for (uint32_t i = 0; i < at; i++) sim_engine_write(s, i, type, atomic.old[i], ALL_LANES);
  return served == s->mask ? STEP_NEXT : STEP_MOVED;
}

enum step_result sim_step_atomic(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  struct atomic atomic = {.insn = insn, .size = sim_ptx_type_bytes((enum ptx_type)insn->type[0])};
  uint64_t address[LANES];
  uint32_t at = insn->op == PTX_DO_RED ? 0 : 1;
  if (insn->vector > 1) return atomic_vector(s);
  sim_engine_address(s, at, address);
  read_wide(s, at + 1, atomic.size, insn->mode == PTX_OP_CAS ? atomic.compare : atomic.value);
  if (insn->mode == PTX_OP_CAS) read_wide(s, at + 2, atomic.size, atomic.value);
  struct sim_access access = access_of(s, address, atomic.size);
  uint32_t served = sim_access_atomic(&access, apply, &atomic);
  if (at == 1) {
    enum ptx_type type = atomic.size == 16 ? PTX_B64 : (enum ptx_type)insn->type[0];
    sim_engine_write(s, 0, type, atomic.old[0], ALL_LANES);
    if (atomic.size == 16 && s->places[0].bits != 0) {
      struct place upper = s->places[0];
      struct step second = *s;
      upper.offset += 8 * LANES;
      second.places = &upper;
      sim_engine_write64(&second, 0, atomic.old[1], ALL_LANES);
    }
  }
  if (served != s->mask) return STEP_MOVED;
  return insn->mode == PTX_OP_CAS || insn->mode == PTX_OP_EXCH ? STEP_YIELD : STEP_NEXT; /* may be a lock */
}
