/* engine_matrix.c: mma, ldmatrix, stmatrix, movmatrix: whole warps only. */
#include <string.h>

#include "engine_internal.h"

/* A whole warp at one place: NEXT; lanes that never started or have left: a finding. */
static enum step_result whole_warp(struct step *s)
{
  enum step_result here = sim_step_aligned(s);
  if (here != STEP_NEXT) return here;
  if (s->mask == ALL_LANES) return STEP_NEXT;
  sim_engine_fail(s, SIM_CHECK_DIVERGENCE, (uint32_t)__builtin_ctz(s->mask),
                  "only lanes 0x%08x of the warp are here: all 32 must execute a matrix instruction", s->mask);
  return STEP_MOVED;
}

enum step_result sim_step_mma(struct step *s)
{
  enum step_result here = whole_warp(s);
  if (here != STEP_NEXT) return here;
  const struct ptx_insn *insn = s->insn;
  const struct sim_mma_plan *plan = &s->program->plans[s->pc];
  void *d[SIM_MMA_REGISTERS_MAX];
  const void *sources[3][SIM_MMA_REGISTERS_MAX];
  uint32_t operand = 0;
  for (uint32_t i = 0; i < insn->group_width[0]; i++, operand++) d[i] = s->registers + s->places[operand].offset;
  for (uint32_t group = 0; group < 3; group++) {
    for (uint32_t i = 0; i < insn->group_width[group + 1]; i++, operand++) {
      if (place_defined(s, operand) != ALL_LANES) sim_engine_need(s, operand, "a matrix operand");
      sources[group][i] = place_data(s, operand);
    }
  }
  sim_mma_run(plan, d, sources[0], sources[1], sources[2]);
  for (uint32_t i = 0; i < insn->group_width[0]; i++) place_define(s, i, ALL_LANES);
  return STEP_NEXT;
}

/* Lane r of the first 8 · count holds the address of a row; the other lanes' addresses are not used. */
static struct sim_access row_access(struct step *s, const uint64_t *address)
{
  uint32_t rows = 8u * s->insn->vector;
  return (struct sim_access){.block = s->warp->block->memory,
                             .warp = s->warp->number,
                             .insn = s->pc,
                             .mask = rows == 32 ? ALL_LANES : (1u << rows) - 1,
                             .address = address,
                             .bytes = 16,
                             .space = s->insn->space == PTX_SHARED ? PTX_SHARED : PTX_GENERIC};
}

/* Addresses of lanes that hold no row may be undefined. */
static void row_addresses(struct step *s, uint32_t operand, uint64_t *address)
{
  struct step rows = *s;
  if (s->insn->vector < 4) rows.mask = (1u << 8 * s->insn->vector) - 1;
  sim_engine_address(&rows, operand, address);
}

enum step_result sim_step_ldmatrix(struct step *s)
{
  enum step_result here = whole_warp(s);
  if (here != STEP_NEXT) return here;
  uint32_t count = s->insn->vector;
  bool trans = (s->insn->flags & PTX_TRANS) != 0;
  uint64_t address[LANES];
  _Alignas(64) uint8_t rows[LANES][16];
  uint32_t fragments[4][LANES], *d[4] = {fragments[0], fragments[1], fragments[2], fragments[3]};
  row_addresses(s, count, address);
  struct sim_access access = row_access(s, address);
  if (sim_access_load(&access, &rows[0][0], NULL) != access.mask) return STEP_MOVED;
  sim_ldmatrix_scatter(count, trans, (const uint8_t(*)[16])rows, d);
  for (uint32_t i = 0; i < count; i++) sim_engine_write32(s, i, fragments[i], ALL_LANES);
  return STEP_NEXT;
}

enum step_result sim_step_stmatrix(struct step *s)
{
  enum step_result here = whole_warp(s);
  if (here != STEP_NEXT) return here;
  uint32_t count = s->insn->vector;
  uint64_t address[LANES];
  _Alignas(64) uint8_t rows[LANES][16];
  const uint32_t *fragments[4];
  row_addresses(s, 0, address);
  for (uint32_t i = 0; i < count; i++) {
    sim_engine_need(s, 1 + i, "data to store");
    fragments[i] = read32(s, 1 + i);
  }
  sim_stmatrix_gather(count, (s->insn->flags & PTX_TRANS) != 0, fragments, rows);
  struct sim_access access = row_access(s, address);
  return sim_access_store(&access, &rows[0][0]) == access.mask ? STEP_NEXT : STEP_MOVED;
}

enum step_result sim_step_movmatrix(struct step *s)
{
  enum step_result here = whole_warp(s);
  if (here != STEP_NEXT) return here;
  uint32_t r[LANES];
  sim_engine_need(s, 1, "a matrix operand");
  sim_movmatrix_run(read32(s, 1), r);
  sim_engine_write32(s, 0, r, ALL_LANES);
  return STEP_NEXT;
}
