/* engine_value.c: registers of 32 lanes: reading, writing, what is defined; mov; addresses. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine_internal.h"

static uint64_t extend(uint64_t value, const struct ptx_type_info *info)
{
  if (info->size_bits >= 64) return value;
  uint64_t mask = ((uint64_t)1 << info->size_bits) - 1;
  value &= mask;
  if (info->class == PTX_CLASS_SIGNED && value >> (info->size_bits - 1) != 0) value |= ~mask;
  return value;
}

void sim_engine_read(const struct step *s, uint32_t operand, enum ptx_type type, uint64_t *out)
{
  const struct ptx_type_info *info = sim_ptx_type(type);
  if (s->places[operand].bits > 32) {
    const uint64_t *from = read64(s, operand);
    if (info->size_bits >= 64) {
      memcpy(out, from, LANES * sizeof *out);
    } else {
      for (int l = 0; l < LANES; l++) out[l] = extend(from[l], info);
    }
    return;
  }
  const uint32_t *from = read32(s, operand);
  if (info->size_bits >= 32 && info->class == PTX_CLASS_SIGNED) {
    for (int l = 0; l < LANES; l++) out[l] = (uint64_t)(int64_t)(int32_t)from[l];
  } else if (info->size_bits >= 32) {
    for (int l = 0; l < LANES; l++) out[l] = from[l];
  } else {
    for (int l = 0; l < LANES; l++) out[l] = extend(from[l], info);
  }
}

void sim_engine_write32(const struct step *s, uint32_t operand, const uint32_t *values, uint32_t defined)
{
  if (s->places[operand].bits == 0) return;
  uint32_t *to = (uint32_t *)(void *)(s->registers + s->places[operand].offset);
  if (s->mask == ALL_LANES) {
    memcpy(to, values, LANES * sizeof *to);
  } else {
    for (int l = 0; l < LANES; l++) to[l] = (s->mask >> l & 1) != 0 ? values[l] : to[l];
  }
  place_define(s, operand, defined);
}

void sim_engine_write64(const struct step *s, uint32_t operand, const uint64_t *values, uint32_t defined)
{
  if (s->places[operand].bits == 0) return;
  uint64_t *to = (uint64_t *)(void *)(s->registers + s->places[operand].offset);
  if (s->mask == ALL_LANES) {
    memcpy(to, values, LANES * sizeof *to);
  } else {
    for (int l = 0; l < LANES; l++) to[l] = (s->mask >> l & 1) != 0 ? values[l] : to[l];
  }
  place_define(s, operand, defined);
}

void sim_engine_write(const struct step *s, uint32_t operand, enum ptx_type type, const uint64_t *values,
                      uint32_t defined)
{
  const struct ptx_type_info *info = sim_ptx_type(type);
  uint32_t bits = s->places[operand].bits;
  if (bits > 32) {
    uint64_t wide[LANES];
    for (int l = 0; l < LANES; l++) wide[l] = extend(values[l], info);
    sim_engine_write64(s, operand, wide, defined);
    return;
  }
  uint32_t narrow[LANES];
  if (info->size_bits >= 32) {
    for (int l = 0; l < LANES; l++) narrow[l] = (uint32_t)values[l];
  } else {
    for (int l = 0; l < LANES; l++) narrow[l] = (uint32_t)extend(values[l], info);
  }
  if (bits < 32) {
    for (int l = 0; l < LANES; l++) narrow[l] &= (1u << bits) - 1;
  }
  sim_engine_write32(s, operand, narrow, defined);
}

uint32_t sim_engine_predicate(const struct step *s, uint32_t operand)
{
  uint32_t value = *read32(s, operand);
  return sim_engine_operand(s, operand)->negated ? ~value : value;
}

void sim_engine_write_predicate(const struct step *s, uint32_t operand, uint32_t value, uint32_t defined)
{
  if (s->places[operand].bits == 0) return;
  uint32_t *to = (uint32_t *)(void *)(s->registers + s->places[operand].offset);
  *to = (*to & ~s->mask) | (value & s->mask);
  place_define(s, operand, defined);
}

void sim_engine_fail(const struct step *s, enum sim_check check, uint32_t lane, const char *format, ...)
{
  char message[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  sim_block_report(s->warp->block->memory, (int)check, s->warp->number, lane, s->pc, "%s", message);
}

void sim_engine_need(const struct step *s, uint32_t operand, const char *what)
{
  uint32_t missing = s->mask & ~place_defined(s, operand);
  if (missing == 0) return;
  sim_engine_fail(s, SIM_CHECK_UNINIT_REGISTER, (uint32_t)__builtin_ctz(missing),
                  "a register that was never written is used as %s (lanes 0x%08x)", what, missing);
  s->defined[s->places[operand].slot] |= missing;
}

uint32_t sim_engine_defined(const struct step *s, uint32_t first, uint32_t count)
{
  uint32_t defined = ALL_LANES;
  for (uint32_t i = first; i < first + count; i++) defined &= place_defined(s, i);
  return defined;
}

const struct ptx_operand *sim_engine_operand(const struct step *s, uint32_t operand)
{
  return &s->program->module->operands[s->insn->operand + operand];
}

uint32_t sim_engine_group(const struct ptx_insn *insn, uint32_t group)
{
  uint32_t operand = 0;
  for (uint32_t i = 0; i < group; i++) operand += insn->group_width[i];
  return operand;
}

uint64_t sim_engine_symbol(const struct step *s, uint32_t number)
{
  const struct ptx_symbol *symbol = &s->program->module->symbols[number];
  switch (symbol->space) {
  case PTX_SHARED:
    return SIM_SHARED_BASE + (symbol->size_bytes == 0 ? s->warp->block->engine->dynamic_shared_offset : symbol->offset);
  case PTX_LOCAL: return s->frame->local_base + symbol->offset;
  case PTX_PARAM: return symbol->offset + (symbol->entry_param ? 0 : ENGINE_CALL_PARAMS);
  default: return s->program->symbol_address[number];
  }
}

void sim_engine_address(const struct step *s, uint32_t operand, uint64_t *out)
{
  const struct ptx_operand *o = sim_engine_operand(s, operand);
  if (o->slot == PTX_NO_SLOT) {
    uint64_t value =
        s->places[operand].bits != 0 ? read64(s, operand)[0] : sim_engine_symbol(s, o->symbol) + (uint64_t)o->value;
    for (int l = 0; l < LANES; l++) out[l] = value;
    return;
  }
  sim_engine_need(s, operand, "an address");
  uint64_t offset = (uint64_t)o->value;
  if (s->places[operand].bits > 32) {
    const uint64_t *base = read64(s, operand);
    for (int l = 0; l < LANES; l++) out[l] = base[l] + offset;
  } else {
    const uint32_t *base = read32(s, operand);
    for (int l = 0; l < LANES; l++) out[l] = (uint32_t)(base[l] + (uint32_t)offset);
  }
}

/* --- mov --- */

static void mov_pack(const struct step *s, uint32_t bits, uint32_t width)
{
  uint32_t part = bits / width, defined = sim_engine_defined(s, 1, width);
  uint64_t values[LANES] = {0}, high[LANES] = {0};
  for (uint32_t i = 0; i < width; i++) {
    uint64_t piece[LANES];
    sim_engine_read(s, 1 + i, part == 8 ? PTX_B8 : part == 16 ? PTX_B16 : part == 32 ? PTX_B32 : PTX_B64, piece);
    for (int l = 0; l < LANES; l++) {
      uint32_t shift = i * part;
      if (shift < 64)
        values[l] |= piece[l] << shift;
      else
        high[l] |= piece[l] << (shift - 64);
    }
  }
  if (bits <= 64) {
    sim_engine_write(s, 0, bits == 64 ? PTX_B64 : bits == 32 ? PTX_B32 : PTX_B16, values, defined);
    return;
  }
  sim_engine_write64(s, 0, values, defined);
  struct place upper = s->places[0];
  upper.offset += 8 * LANES;
  struct step second = *s;
  second.places = &upper;
  sim_engine_write64(&second, 0, high, defined);
}

static void mov_unpack(const struct step *s, uint32_t bits, uint32_t width)
{
  uint32_t part = bits / width, defined = place_defined(s, width);
  enum ptx_type type = part == 8 ? PTX_B8 : part == 16 ? PTX_B16 : part == 32 ? PTX_B32 : PTX_B64;
  const uint8_t *from = place_data(s, width);
  for (uint32_t i = 0; i < width; i++) {
    uint64_t piece[LANES];
    uint32_t shift = i * part;
    for (int l = 0; l < LANES; l++) {
      if (bits <= 32)
        piece[l] = ((const uint32_t *)(const void *)from)[l] >> shift;
      else
        piece[l] = ((const uint64_t *)(const void *)from)[l + (shift >= 64 ? LANES : 0)] >> shift % 64;
    }
    sim_engine_write(s, i, type, piece, defined);
  }
}

static void mov_special(const struct step *s)
{
  const struct ptx_operand *operand = sim_engine_operand(s, 1);
  uint64_t values[LANES];
  if (operand->type == PTX_PRED) {
    uint32_t mask = sim_engine_special(s, (enum ptx_special)operand->value, 0) != 0 ? ALL_LANES : 0;
    sim_engine_write_predicate(s, 0, mask, ALL_LANES);
    return;
  }
  for (uint32_t l = 0; l < LANES; l++) values[l] = sim_engine_special(s, (enum ptx_special)operand->value, l);
  sim_engine_write(s, 0, (enum ptx_type)s->insn->type[0], values, ALL_LANES);
}

enum step_result sim_step_mov(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  uint32_t bits = sim_ptx_type((enum ptx_type)insn->type[0])->size_bits;
  const struct ptx_operand *source = sim_engine_operand(s, insn->group_width[0]);
  if (insn->group_width[1] > 1) {
    mov_pack(s, bits, insn->group_width[1]);
  } else if (insn->group_width[0] > 1) {
    mov_unpack(s, bits, insn->group_width[0]);
  } else if (source->kind == PTX_OPERAND_SPECIAL) {
    mov_special(s);
  } else if (source->kind == PTX_OPERAND_SYMBOL) {
    uint64_t values[LANES];
    for (int l = 0; l < LANES; l++) values[l] = sim_engine_symbol(s, source->symbol) + (uint64_t)source->value;
    sim_engine_write(s, 0, (enum ptx_type)insn->type[0], values, ALL_LANES);
  } else if (insn->type[0] == PTX_PRED) {
    sim_engine_write_predicate(s, 0, sim_engine_predicate(s, 1), place_defined(s, 1));
  } else if (bits <= 32) {
    sim_engine_write32(s, 0, read32(s, 1), place_defined(s, 1));
  } else if (bits == 64) {
    sim_engine_write64(s, 0, read64(s, 1), place_defined(s, 1));
  } else { /* b128: two halves */
    struct place halves[2] = {s->places[0], s->places[1]};
    sim_engine_write64(s, 0, read64(s, 1), place_defined(s, 1));
    halves[0].offset += 8 * LANES;
    halves[1].offset += 8 * LANES;
    struct step second = *s;
    second.places = halves;
    sim_engine_write64(&second, 0, read64(&second, 1), place_defined(&second, 1));
  }
  return STEP_NEXT;
}
