/* matrix_layout.c: the shapes of mma.sync, and where their elements lie. */
#include <string.h>

#include "matrix_internal.h"

/* One row a shape and element type of A. Sources: PTX ISA, "Multiply-and-Accumulate Instruction: mma" (shapes and types) and "Matrix
 * Fragments for mma.m8n8k4 …" (registers). Types of B, C, D that go with A's: types_fit. */
struct shape_row {
  uint16_t m, k;
  uint8_t type;
};
static const struct shape_row shape_table[] = {
    {8, 4, PTX_F64},    {16, 4, PTX_F64},   {16, 8, PTX_F64},   {16, 16, PTX_F64},  {16, 8, PTX_F16},
    {16, 16, PTX_F16},  {16, 8, PTX_BF16},  {16, 16, PTX_BF16}, {16, 4, PTX_TF32},  {16, 8, PTX_TF32},
    {16, 16, PTX_E4M3}, {16, 32, PTX_E4M3}, {16, 16, PTX_E5M2}, {16, 32, PTX_E5M2}, {8, 16, PTX_S8},
    {16, 16, PTX_S8},   {16, 32, PTX_S8},   {8, 16, PTX_U8},    {16, 16, PTX_U8},   {16, 32, PTX_U8},
    {8, 32, PTX_S4},    {16, 32, PTX_S4},   {16, 64, PTX_S4},   {8, 32, PTX_U4},    {16, 32, PTX_U4},
    {16, 64, PTX_U4},   {8, 128, PTX_B1},   {16, 128, PTX_B1},  {16, 256, PTX_B1}};

static bool shape_known(const struct sim_mma *mma)
{
  for (size_t i = 0; i < sizeof shape_table / sizeof shape_table[0]; i++) {
    const struct shape_row *row = &shape_table[i];
    if (mma->n == SIM_MMA_N && row->m == mma->m && row->k == mma->k && row->type == mma->a) return true;
  }
  return false;
}

static bool types_fit(const struct sim_mma *mma)
{
  bool half = mma->d == PTX_F16 && mma->c == PTX_F16, single = mma->d == PTX_F32 && mma->c == PTX_F32;
  bool integer = mma->d == PTX_S32 && mma->c == PTX_S32;
  switch (mma->a) {
  case PTX_F64: return mma->b == PTX_F64 && mma->c == PTX_F64 && mma->d == PTX_F64;
  case PTX_F16: return mma->b == PTX_F16 && (half || single);
  case PTX_E4M3:
  case PTX_E5M2: return (mma->b == PTX_E4M3 || mma->b == PTX_E5M2) && (half || single);
  case PTX_BF16:
  case PTX_TF32: return mma->b == mma->a && single;
  case PTX_S8:
  case PTX_U8: return (mma->b == PTX_S8 || mma->b == PTX_U8) && integer;
  case PTX_S4:
  case PTX_U4: return (mma->b == PTX_S4 || mma->b == PTX_U4) && integer;
  case PTX_B1: return mma->b == PTX_B1 && integer && (mma->bits == PTX_OP_AND || mma->bits == PTX_OP_XOR);
  default: return false;
  }
}

static sim_mma_function *function_of(enum ptx_type type)
{
  switch (type) {
  case PTX_F64: return sim_mma_doubles;
  case PTX_B1: return sim_mma_bits;
  case PTX_S8:
  case PTX_U8:
  case PTX_S4:
  case PTX_U4: return sim_mma_integers;
  default: return sim_mma_floats;
  }
}

bool sim_mma_prepare(const struct sim_mma *mma, struct sim_mma_plan *plan)
{
  if (!shape_known(mma) || !types_fit(mma)) return false;
  uint32_t bits = sim_ptx_type((enum ptx_type)mma->a)->size_bits;
  uint32_t accumulator = sim_ptx_type((enum ptx_type)mma->c)->size_bits, reg = bits == 64 ? 64 : 32;
  *plan = (struct sim_mma_plan){.mma = *mma,
                                .registers_a = (uint8_t)(mma->m * mma->k * bits / PTX_LANES / reg),
                                .registers_b = (uint8_t)(mma->n * mma->k * bits / PTX_LANES / reg),
                                .registers_c = (uint8_t)(mma->m * mma->n * accumulator / PTX_LANES / reg),
                                .registers_64 = reg == 64,
                                .run = function_of((enum ptx_type)mma->a)};
  return true;
}

/* Element x of the k axis, for A (m rows) and B alike: a lane's register holds E neighbours, the four lanes of a group 4E of them. */
static struct sim_mma_place place_on_k(uint32_t bits, uint32_t group, uint32_t x, uint32_t *chunk)
{
  uint32_t per_register = bits == 64 ? 1 : 32 / bits;
  *chunk = x / (4 * per_register);
  uint32_t within = x % (4 * per_register);
  return (struct sim_mma_place){.lane = (uint8_t)(4 * group + within / per_register),
                                .bit = (uint8_t)(within % per_register * bits),
                                .width = (uint8_t)bits};
}

struct sim_mma_place sim_mma_place(const struct sim_mma_plan *plan, enum sim_mma_operand operand, uint32_t row,
                                   uint32_t column)
{
  const struct sim_mma *mma = &plan->mma;
  uint32_t bits = sim_ptx_type((enum ptx_type)mma->a)->size_bits, chunk;
  struct sim_mma_place place;
  switch (operand) {
  case SIM_MMA_A:
    place = place_on_k(bits, row % 8, column, &chunk);
    place.reg = (uint8_t)(mma->m == 16 ? 2 * chunk + row / 8 : chunk);
    return place;
  case SIM_MMA_B:
    place = place_on_k(bits, column, row, &chunk);
    place.reg = (uint8_t)chunk;
    return place;
  default:
    place = (struct sim_mma_place){.lane = (uint8_t)(4 * (row % 8) + column / 2)};
    place.width = sim_ptx_type((enum ptx_type)mma->c)->size_bits;
    place.reg = (uint8_t)(mma->c == PTX_F16 ? row / 8 : 2 * (row / 8) + column % 2);
    place.bit = (uint8_t)(mma->c == PTX_F16 ? 16 * (column % 2) : 0);
    return place;
  }
}

static bool starts_with(const char *text, size_t length, const char *word)
{
  return length >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

static bool has_word(const char *text, size_t length, const char *word)
{
  size_t size = strlen(word);
  for (size_t i = 0; i + size <= length; i++) {
    if (memcmp(text + i, word, size) == 0) return true;
  }
  return false;
}

const char *sim_mma_refusal(const char *opcode, size_t length)
{
  if (starts_with(opcode, length, "mma.sp")) return "mma.sp: sparse operands are not simulated";
  if (starts_with(opcode, length, "wmma")) return "wmma: not simulated; its successor mma.sync is";
  if (starts_with(opcode, length, "mma.") && has_word(opcode, length, ".block_scale")) {
    return "mma.block_scale: scaled operands are not simulated";
  }
  if (starts_with(opcode, length, "mma.") && has_word(opcode, length, ".kind::")) {
    return "mma.kind: operands of 4 and 6 bits in bytes are not simulated";
  }
  if (starts_with(opcode, length, "mma.") && has_word(opcode, length, ".m8n8k4") && has_word(opcode, length, ".f16")) {
    return "mma.m8n8k4 of .f16: not simulated (a shape of sm_70, emulated by later architectures)";
  }
  if (starts_with(opcode, length, "ldmatrix.") || starts_with(opcode, length, "stmatrix.")) {
    if (has_word(opcode, length, ".m16n16")) return "matrices of .m16n16 (8-bit elements) are not simulated";
    if (has_word(opcode, length, ".m8n16")) return "matrices of .m8n16 (4- and 6-bit elements) are not simulated";
    if (has_word(opcode, length, ".m16n8")) return "matrices of .m16n8 (8-bit elements) are not simulated";
  }
  return NULL;
}
