/* engine_float.c: floating point and conversions: registers in and out; the arithmetic is sim_float.h's. */
#include <string.h>

#include "engine_internal.h"
#include "sim_float.h"

static enum step_result compute(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  uint32_t sources = insn->group_count - 1u;
  struct sim_float_op op = {.op = insn->op,
                            .type = insn->type[0],
                            .rounding = insn->rounding,
                            .operands = (uint8_t)sources,
                            .flags = insn->flags};
  uint32_t defined = sim_engine_defined(s, 1, sources);
  if (s->places[0].bits == 0) return STEP_NEXT;
  void *d = s->registers + s->places[0].offset;
  if (sim_ptx_type((enum ptx_type)insn->type[0])->size_bits > 32) {
    sim_float_warp64(&op, s->mask, d, read64(s, 1), sources > 1 ? read64(s, 2) : NULL,
                     sources > 2 ? read64(s, 3) : NULL);
  } else {
    sim_float_warp32(&op, s->mask, d, read32(s, 1), sources > 1 ? read32(s, 2) : NULL,
                     sources > 2 ? read32(s, 3) : NULL);
  }
  place_define(s, 0, defined);
  return STEP_NEXT;
}

enum step_result sim_step_floating(struct step *s)
{
  return compute(s);
}
enum step_result sim_step_unary_float(struct step *s)
{
  return compute(s);
}
enum step_result sim_step_divide_float(struct step *s)
{
  return compute(s);
}
enum step_result sim_step_fma(struct step *s)
{
  return compute(s);
}
enum step_result sim_step_half(struct step *s)
{
  return compute(s);
}

/* add, sub, fma of f32 whose first sources are f16 or bf16, which f32 holds exactly. */
enum step_result sim_step_mixed_float(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  uint32_t sources = insn->group_count - 1u, narrow = sources - 1, wide[2][LANES];
  const struct sim_convert widen = {.to = PTX_F32, .from = insn->type[1]};
  struct sim_float_op op = {
      .op = insn->op, .type = PTX_F32, .rounding = insn->rounding, .operands = (uint8_t)sources, .flags = insn->flags};
  uint32_t defined = sim_engine_defined(s, 1, sources);
  if (s->places[0].bits == 0) return STEP_NEXT;
  for (uint32_t i = 0; i < narrow; i++) {
    const uint32_t *from = read32(s, 1 + i);
    for (int l = 0; l < LANES; l++) wide[i][l] = (uint32_t)sim_float_convert(&widen, from[l] & 0xffff, 0);
  }
  void *d = s->registers + s->places[0].offset;
  if (narrow == 1)
    sim_float_warp32(&op, s->mask, d, wide[0], read32(s, 2), NULL);
  else
    sim_float_warp32(&op, s->mask, d, wide[0], wide[1], read32(s, 3));
  place_define(s, 0, defined);
  return STEP_NEXT;
}

enum step_result sim_step_convert(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  enum ptx_type to = (enum ptx_type)insn->type[0], from = (enum ptx_type)insn->type[1];
  const struct ptx_type_info *to_info = sim_ptx_type(to), *from_info = sim_ptx_type(from);
  uint32_t sources = insn->group_count - 1u;
  uint64_t a[LANES], b[LANES] = {0}, r[LANES];
  sim_engine_read(s, 1, from, a);
  if (sources > 1) sim_engine_read(s, 2, from, b);
  bool plain = to_info->class != PTX_CLASS_FLOAT && from_info->class != PTX_CLASS_FLOAT && (insn->flags & PTX_SAT) == 0;
  if (plain) {
    memcpy(r, a, sizeof r); /* extended by its own type when read, cut when written */
  } else {
    struct sim_convert convert = {
        .to = insn->type[0], .from = insn->type[1], .rounding = insn->rounding, .flags = insn->flags};
    for (int l = 0; l < LANES; l++) r[l] = (s->mask >> l & 1) != 0 ? sim_float_convert(&convert, a[l], b[l]) : 0;
  }
  sim_engine_write(s, 0, to, r, sim_engine_defined(s, 1, sources));
  return STEP_NEXT;
}

enum step_result sim_step_convert_pack(struct step *s)
{
  uint32_t sources = s->insn->group_count - 1u, r[LANES];
  const uint32_t *a = read32(s, 1), *b = read32(s, 2), *c = sources > 2 ? read32(s, 3) : a;
  enum ptx_type to = (enum ptx_type)s->insn->type[0];
  for (int l = 0; l < LANES; l++) r[l] = sim_convert_pack(to, a[l], b[l], sources > 2 ? c[l] : 0);
  sim_engine_write32(s, 0, r, sim_engine_defined(s, 1, sources));
  return STEP_NEXT;
}
