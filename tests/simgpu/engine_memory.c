/* engine_memory.c: ld, st and address conversion. Parameters and constants of the decoder's making are read here; all else goes
 * through sim_memory.h, which checks it. */
#include <string.h>

#include "engine_internal.h"

#define VECTOR_BYTES_MAX 32

/* --- .param: the kernel's buffer, or the variables of an activation's calls --- */

static uint8_t *param_bytes(const struct step *s, uint64_t address, uint32_t lane, uint32_t size)
{
  const struct engine *engine = s->warp->block->engine;
  const struct ptx_function *f = &s->program->module->functions[s->frame->function];
  uint64_t offset = address >= SIM_PARAM_WINDOW ? address - SIM_PARAM_WINDOW : address;
  uint64_t limit = engine->kernel->param_bytes;
  bool of_call = offset >= ENGINE_CALL_PARAMS;
  if (of_call) {
    offset -= ENGINE_CALL_PARAMS;
    limit = f->call_bytes;
  }
  if (offset + size > limit) {
    sim_engine_fail(s, SIM_CHECK_BOUNDS_LOCAL, lane, "access of %u bytes at offset %llu of %llu bytes of parameters",
                    size, (unsigned long long)offset, (unsigned long long)limit);
    return NULL;
  }
  if (!of_call) return (uint8_t *)(uintptr_t)engine->grid->params + offset;
  return s->frame->params + (size_t)lane * ((f->call_bytes + 15u) & ~15u) + offset;
}

static bool load_params(const struct step *s, const uint64_t *address, uint32_t bytes, uint8_t *values)
{
  /* Nearly all loads: of the kernel's parameters, whose place is the same for every lane. */
  bool alike = sim_engine_operand(s, s->insn->vector)->slot == PTX_NO_SLOT && address[0] < ENGINE_CALL_PARAMS;
  const uint8_t *from = NULL;
  for (uint32_t l = 0; l < LANES; l++) {
    if ((s->mask >> l & 1) == 0) continue;
    if (!alike || from == NULL) from = param_bytes(s, address[l], l, bytes);
    if (from == NULL) return false;
    memcpy(values + (size_t)l * bytes, from, bytes);
  }
  return true;
}

static bool store_params(const struct step *s, const uint64_t *address, uint32_t bytes, const uint8_t *values)
{
  for (uint32_t l = 0; l < LANES; l++) {
    if ((s->mask >> l & 1) == 0) continue;
    uint8_t *to = param_bytes(s, address[l], l, bytes);
    if (to == NULL) return false;
    if (to >= s->warp->block->engine->grid->params &&
        to < s->warp->block->engine->grid->params + s->warp->block->engine->kernel->param_bytes) {
      sim_engine_fail(s, SIM_CHECK_READ_ONLY, l, "store to a kernel's parameters");
      return false;
    }
    memcpy(to, values + (size_t)l * bytes, bytes);
  }
  return true;
}

/* --- ld, st --- */

static struct sim_access access_of(const struct step *s, const uint64_t *address, uint32_t bytes)
{
  const struct ptx_insn *insn = s->insn;
  return (struct sim_access){.block = s->warp->block->memory,
                             .warp = s->warp->number,
                             .insn = s->pc,
                             .mask = s->mask,
                             .address = address,
                             .bytes = bytes,
                             .space = insn->space,
                             .semantics = insn->semantics,
                             .scope = insn->scope,
                             .local_end = s->frame->local_end,
                             .non_coherent = (insn->flags & PTX_NON_COHERENT) != 0};
}

/* Element `index` of lane-major values into a register. */
static void element_to_register(const struct step *s, uint32_t operand, const uint8_t *values, uint32_t stride,
                                uint32_t index)
{
  enum ptx_type type = (enum ptx_type)s->insn->type[0];
  uint32_t size = sim_ptx_type_bytes(type);
  const uint8_t *from = values + (size_t)index * size;
  if (size == 4 && s->places[operand].bits <= 32) {
    uint32_t narrow[LANES];
    for (uint32_t l = 0; l < LANES; l++) memcpy(&narrow[l], from + (size_t)l * stride, 4);
    sim_engine_write32(s, operand, narrow, ALL_LANES);
    return;
  }
  uint64_t wide[LANES] = {0};
  for (uint32_t l = 0; l < LANES; l++) memcpy(&wide[l], from + (size_t)l * stride, size < 8 ? size : 8);
  if (size == 16) { /* .b128: two halves of a register */
    struct place upper = s->places[operand];
    struct step second = *s;
    sim_engine_write64(s, operand, wide, ALL_LANES);
    for (uint32_t l = 0; l < LANES; l++) memcpy(&wide[l], from + (size_t)l * stride + 8, 8);
    upper.offset += 8 * LANES;
    second.places = &upper;
    sim_engine_write64(&second, 0, wide, ALL_LANES);
    return;
  }
  sim_engine_write(s, operand, type, wide, ALL_LANES);
}

enum step_result sim_step_load(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  uint32_t size = sim_ptx_type_bytes((enum ptx_type)insn->type[0]), bytes = size * insn->vector;
  uint64_t address[LANES];
  _Alignas(64) uint8_t values[LANES * VECTOR_BYTES_MAX];
  if (bytes > VECTOR_BYTES_MAX) {
    sim_engine_fail(s, SIM_CHECK_INSTRUCTION, SIM_NO_LANE, "a load of %u bytes: at most 32", bytes);
    return STEP_MOVED;
  }
  sim_engine_address(s, insn->vector, address);
  uint32_t served = s->mask;
  if (insn->space == PTX_PARAM) {
    if (!load_params(s, address, bytes, values)) return STEP_MOVED;
  } else {
    struct sim_access access = access_of(s, address, bytes);
    served = sim_access_load(&access, values, NULL);
  }
  /* Bytes never written have been reported by now: once is enough. */
  for (uint32_t i = 0; i < insn->vector; i++) element_to_register(s, i, values, bytes, i);
  if (served != s->mask) return STEP_MOVED;
  /* A strong read may be a spin on another's write: let that one run soon. */
  return insn->semantics != PTX_WEAK ? STEP_YIELD : STEP_NEXT;
}

enum step_result sim_step_store(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  enum ptx_type type = (enum ptx_type)insn->type[0];
  uint32_t size = sim_ptx_type_bytes(type), bytes = size * insn->vector;
  uint64_t address[LANES];
  _Alignas(64) uint8_t values[LANES * VECTOR_BYTES_MAX];
  if (bytes > VECTOR_BYTES_MAX) {
    sim_engine_fail(s, SIM_CHECK_INSTRUCTION, SIM_NO_LANE, "a store of %u bytes: at most 32", bytes);
    return STEP_MOVED;
  }
  sim_engine_address(s, 0, address);
  for (uint32_t i = 0; i < insn->vector; i++) {
    uint32_t operand = 1 + i;
    if (insn->space != PTX_PARAM) sim_engine_need(s, operand, "data to store");
    const uint8_t *from = place_data(s, operand);
    bool wide = s->places[operand].bits > 32;
    for (uint32_t l = 0; l < LANES; l++) {
      uint8_t *to = values + (size_t)l * bytes + (size_t)i * size;
      memcpy(to, from + (size_t)l * (wide ? 8 : 4), size < 8 ? size : 8);
      if (size == 16) memcpy(to + 8, from + 8 * LANES + (size_t)l * 8, 8);
    }
  }
  if (insn->space == PTX_PARAM) return store_params(s, address, bytes, values) ? STEP_NEXT : STEP_MOVED;
  struct sim_access access = access_of(s, address, bytes);
  return sim_access_store(&access, values) == s->mask ? STEP_NEXT : STEP_MOVED;
}

/* --- addresses --- */

static uint64_t window_of(uint8_t space)
{
  return space == PTX_SHARED ? SIM_SHARED_WINDOW : space == PTX_LOCAL ? SIM_LOCAL_WINDOW : 0;
}

enum step_result sim_step_cvta(struct step *s)
{
  enum ptx_type type = (enum ptx_type)s->insn->type[0];
  uint64_t values[LANES], window = window_of(s->insn->space);
  sim_engine_read(s, 1, type, values);
  if (window != 0 && (s->insn->flags & PTX_TO_SPACE) != 0) {
    for (int l = 0; l < LANES; l++) values[l] = values[l] - window < SIM_WINDOW_BYTES ? values[l] - window : values[l];
  } else if (window != 0) {
    for (int l = 0; l < LANES; l++) values[l] = values[l] < SIM_WINDOW_BYTES ? values[l] + window : values[l];
  } else if (s->insn->space == PTX_PARAM && (s->insn->flags & PTX_TO_SPACE) == 0) {
    for (int l = 0; l < LANES; l++)
      values[l] = values[l] < ENGINE_CALL_PARAMS ? values[l] + SIM_PARAM_WINDOW : values[l];
  }
  sim_engine_write(s, 0, type, values, place_defined(s, 1));
  return STEP_NEXT;
}

enum step_result sim_step_isspacep(struct step *s)
{
  uint64_t values[LANES];
  uint32_t result = 0;
  sim_engine_read(s, 1, PTX_B64, values);
  for (int l = 0; l < LANES; l++) {
    bool shared = values[l] - SIM_SHARED_WINDOW < SIM_WINDOW_BYTES,
         local = values[l] - SIM_LOCAL_WINDOW < SIM_WINDOW_BYTES;
    bool param = values[l] - SIM_PARAM_WINDOW < SIM_WINDOW_BYTES;
    bool is = s->insn->space == PTX_SHARED  ? shared
              : s->insn->space == PTX_LOCAL ? local
              : s->insn->space == PTX_PARAM ? param
              : s->insn->space == PTX_CONST ? false
                                            : !shared && !local && !param;
    result |= (uint32_t)is << l;
  }
  sim_engine_write_predicate(s, 0, result, place_defined(s, 1));
  return STEP_NEXT;
}

enum step_result sim_step_fence(struct step *s)
{
  enum ptx_semantics semantics = (enum ptx_semantics)s->insn->semantics;
  sim_block_fence(s->warp->block->memory, s->warp->number, s->mask, semantics, (enum ptx_scope)s->insn->scope);
  return STEP_NEXT;
}
