/* engine_integer.c: integer arithmetic: add … max of all widths and packed pairs, carry chains, 24-bit products, dot products. Lanes
 * are worked on in 64 bits and cut to the type when they are written. */
#include <string.h>

#include "engine_internal.h"

static enum ptx_type type_of(const struct step *s)
{
  return (enum ptx_type)s->insn->type[0];
}

static bool is_signed(enum ptx_type type)
{
  return sim_ptx_type(type)->class == PTX_CLASS_SIGNED;
}

/* The high half of a product of two values of `bits` bits. */
static uint64_t high_half(uint64_t a, uint64_t b, uint32_t bits, bool sign)
{
  if (bits == 64) {
    return sign ? (uint64_t)(((__int128)(int64_t)a * (int64_t)b) >> 64) : (uint64_t)(((unsigned __int128)a * b) >> 64);
  }
  return sign ? (uint64_t)((int64_t)(a * b) >> bits) : a * b >> bits;
}

/* PTX leaves division by zero open ("unspecified, machine-specific value"): all ones and the dividend, as current GPUs give. */
static uint64_t divide(uint64_t a, uint64_t b, bool sign, bool remainder)
{
  if (b == 0) return remainder ? a : ~(uint64_t)0;
  if (!sign) return remainder ? a % b : a / b;
  if ((int64_t)b == -1) return remainder ? 0 : 0 - a; /* the most negative value has no positive one */
  return (uint64_t)(remainder ? (int64_t)a % (int64_t)b : (int64_t)a / (int64_t)b);
}

static uint64_t clamp32(int64_t value)
{
  return (uint64_t)(value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value);
}

static void saturate(uint64_t *r)
{
  for (int l = 0; l < LANES; l++) r[l] = clamp32((int64_t)r[l]);
}

static void mad_lanes(const struct step *s, uint64_t *r, const uint64_t *a, const uint64_t *b, const uint64_t *c)
{
  enum ptx_type type = type_of(s);
  uint32_t bits = sim_ptx_type(type)->size_bits;
  bool sign = is_signed(type);
  if (s->insn->mode == PTX_HI_HALF) {
    for (int l = 0; l < LANES; l++) r[l] = high_half(a[l], b[l], bits, sign) + c[l];
  } else {
    for (int l = 0; l < LANES; l++) r[l] = a[l] * b[l] + c[l];
  }
  if ((s->insn->flags & PTX_SAT) != 0) saturate(r);
}

/* add, sub, min, max of pairs of 16 bits. */
static enum step_result packed(struct step *s)
{
  enum ptx_type element = (enum ptx_type)sim_ptx_type(type_of(s))->element;
  bool sign = is_signed(element), relu = (s->insn->flags & PTX_RELU) != 0;
  const uint32_t *a = read32(s, 1), *b = read32(s, 2);
  uint32_t r[LANES];
  for (int l = 0; l < LANES; l++) {
    r[l] = 0;
    for (int half = 0; half < 32; half += 16) {
      int32_t x = sign ? (int16_t)(a[l] >> half) : (int32_t)(a[l] >> half & 0xffff);
      int32_t y = sign ? (int16_t)(b[l] >> half) : (int32_t)(b[l] >> half & 0xffff);
      int32_t z = s->insn->op == PTX_DO_ADD   ? x + y
                  : s->insn->op == PTX_DO_SUB ? x - y
                  : s->insn->op == PTX_DO_MIN ? (x < y ? x : y)
                                              : (x > y ? x : y);
      if (relu && z < 0) z = 0;
      r[l] |= ((uint32_t)z & 0xffffu) << half;
    }
  }
  sim_engine_write32(s, 0, r, sim_engine_defined(s, 1, 2));
  return STEP_NEXT;
}

static void min_max(const struct step *s, uint64_t *r, const uint64_t *a, const uint64_t *b)
{
  bool minimum = s->insn->op == PTX_DO_MIN, relu = (s->insn->flags & PTX_RELU) != 0;
  if (is_signed(type_of(s))) {
    for (int l = 0; l < LANES; l++) r[l] = ((int64_t)a[l] < (int64_t)b[l]) == minimum ? a[l] : b[l];
    for (int l = 0; relu && l < LANES; l++) r[l] = (int64_t)r[l] < 0 ? 0 : r[l];
  } else {
    for (int l = 0; l < LANES; l++) r[l] = (a[l] < b[l]) == minimum ? a[l] : b[l];
  }
}

/* The common cases in 32 bits, which the compiler makes into vectors. */
static bool fast32(struct step *s, uint32_t *r)
{
  const struct ptx_insn *insn = s->insn;
  if (sim_ptx_type(type_of(s))->size_bits != 32 || (insn->flags & PTX_SAT) != 0) return false;
  for (uint32_t i = 1; i < insn->group_count; i++) {
    if (s->places[i].bits > 32) return false;
  }
  const uint32_t *a = read32(s, 1), *b = insn->group_count > 2 ? read32(s, 2) : a;
  if (insn->op == PTX_DO_ADD) {
    for (int l = 0; l < LANES; l++) r[l] = a[l] + b[l];
  } else if (insn->op == PTX_DO_SUB) {
    for (int l = 0; l < LANES; l++) r[l] = a[l] - b[l];
  } else if (insn->op == PTX_DO_MUL && insn->mode == PTX_LO_HALF) {
    for (int l = 0; l < LANES; l++) r[l] = a[l] * b[l];
  } else if (insn->op == PTX_DO_MAD && insn->mode == PTX_LO_HALF) {
    const uint32_t *c = read32(s, 3);
    for (int l = 0; l < LANES; l++) r[l] = a[l] * b[l] + c[l];
  } else {
    return false;
  }
  return true;
}

enum step_result sim_step_integer(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  enum ptx_type type = type_of(s);
  uint32_t sources = insn->group_count - 1u, narrow[LANES];
  uint64_t a[LANES], b[LANES], c[LANES], r[LANES];
  if (type == PTX_U16X2 || type == PTX_S16X2) return packed(s);
  if (fast32(s, narrow)) {
    sim_engine_write32(s, 0, narrow, sim_engine_defined(s, 1, sources));
    return STEP_NEXT;
  }
  bool sign = is_signed(type);
  uint32_t bits = sim_ptx_type(type)->size_bits;
  sim_engine_read(s, 1, type, a);
  if (sources > 1) sim_engine_read(s, 2, type, b);
  if (sources > 2) sim_engine_read(s, 3, type, c);
  switch (insn->op) {
  case PTX_DO_ADD:
    for (int l = 0; l < LANES; l++) r[l] = a[l] + b[l];
    break;
  case PTX_DO_SUB:
    for (int l = 0; l < LANES; l++) r[l] = a[l] - b[l];
    break;
  case PTX_DO_MUL:
    for (int l = 0; l < LANES; l++) {
      r[l] = insn->mode == PTX_HI_HALF ? high_half(a[l], b[l], bits, sign) : a[l] * b[l];
    }
    break;
  case PTX_DO_MAD: mad_lanes(s, r, a, b, c); break;
  case PTX_DO_DIV:
  case PTX_DO_REM:
    for (int l = 0; l < LANES; l++) r[l] = divide(a[l], b[l], sign, insn->op == PTX_DO_REM);
    break;
  case PTX_DO_ABS:
    for (int l = 0; l < LANES; l++) r[l] = (int64_t)a[l] < 0 ? 0 - a[l] : a[l];
    break;
  case PTX_DO_NEG:
    for (int l = 0; l < LANES; l++) r[l] = 0 - a[l];
    break;
  default: min_max(s, r, a, b); break;
  }
  if ((insn->flags & PTX_SAT) != 0 && insn->op != PTX_DO_MAD) saturate(r);
  sim_engine_write(s, 0, type, r, sim_engine_defined(s, 1, sources));
  return STEP_NEXT;
}

enum step_result sim_step_mul_wide(struct step *s)
{
  enum ptx_type type = type_of(s);
  uint64_t a[LANES], b[LANES], c[LANES] = {0};
  uint32_t sources = s->insn->group_count - 1u;
  bool wide = sim_ptx_type(type)->size_bits == 32;
  enum ptx_type result = wide ? (is_signed(type) ? PTX_S64 : PTX_U64) : is_signed(type) ? PTX_S32 : PTX_U32;
  sim_engine_read(s, 1, type, a);
  sim_engine_read(s, 2, type, b);
  if (sources > 2) sim_engine_read(s, 3, result, c);
  for (int l = 0; l < LANES; l++) a[l] = a[l] * b[l] + c[l];
  sim_engine_write(s, 0, result, a, sim_engine_defined(s, 1, sources));
  return STEP_NEXT;
}

/* add.cc, addc, sub.cc, subc, mad.cc, madc: the carry is a bit a lane of the warp; sub's is a borrow. */
enum step_result sim_step_carry(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  enum ptx_type type = type_of(s);
  uint32_t bits = sim_ptx_type(type)->size_bits, sources = insn->group_count - 1u, carry = 0;
  bool takes = insn->op == PTX_DO_ADDC || insn->op == PTX_DO_SUBC || insn->op == PTX_DO_MADC;
  bool subtracts = insn->op == PTX_DO_SUB || insn->op == PTX_DO_SUBC;
  bool multiplies = insn->op == PTX_DO_MAD || insn->op == PTX_DO_MADC;
  uint64_t a[LANES], b[LANES], c[LANES], mask = bits == 64 ? ~(uint64_t)0 : 0xffffffffu;
  sim_engine_read(s, 1, type, a);
  sim_engine_read(s, 2, type, b);
  if (multiplies) sim_engine_read(s, 3, type, c);
  for (int l = 0; l < LANES; l++) {
    uint64_t x = a[l], y = b[l], in = takes ? s->warp->carry >> l & 1 : 0;
    if (multiplies) {
      x = insn->mode == PTX_HI_HALF ? high_half(a[l], b[l], bits, is_signed(type)) : a[l] * b[l];
      y = c[l];
    }
    x &= mask;
    y &= mask;
    unsigned __int128 sum = subtracts ? (unsigned __int128)x - y - in : (unsigned __int128)x + y + in;
    carry |= (uint32_t)(sum >> bits & 1) << l;
    a[l] = (uint64_t)sum;
  }
  if ((insn->flags & PTX_CARRY_OUT) != 0) s->warp->carry = (s->warp->carry & ~s->mask) | (carry & s->mask);
  sim_engine_write(s, 0, type, a, sim_engine_defined(s, 1, sources));
  return STEP_NEXT;
}

/* The product of the low 24 bits: bits 0–31 or 16–47 of its 48. */
enum step_result sim_step_mad24(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  bool sign = is_signed(type_of(s)), add = insn->op == PTX_DO_MAD24;
  uint64_t a[LANES], b[LANES], c[LANES] = {0};
  sim_engine_read(s, 1, type_of(s), a);
  sim_engine_read(s, 2, type_of(s), b);
  if (add) sim_engine_read(s, 3, type_of(s), c);
  for (int l = 0; l < LANES; l++) {
    int64_t x = (int64_t)(a[l] << 40) >> 40, y = (int64_t)(b[l] << 40) >> 40;
    int64_t product = sign ? x * y : (x & 0xffffff) * (y & 0xffffff);
    uint64_t part = (uint64_t)(insn->mode == PTX_HI_HALF ? product >> 16 : product);
    part = sign ? (uint64_t)(int64_t)(int32_t)part : (uint32_t)part;
    a[l] = part + c[l];
  }
  if ((insn->flags & PTX_SAT) != 0) saturate(a);
  sim_engine_write(s, 0, type_of(s), a, sim_engine_defined(s, 1, insn->group_count - 1u));
  return STEP_NEXT;
}

enum step_result sim_step_sad(struct step *s)
{
  uint64_t a[LANES], b[LANES], c[LANES];
  bool sign = is_signed(type_of(s));
  sim_engine_read(s, 1, type_of(s), a);
  sim_engine_read(s, 2, type_of(s), b);
  sim_engine_read(s, 3, type_of(s), c);
  for (int l = 0; l < LANES; l++) {
    bool less = sign ? (int64_t)a[l] < (int64_t)b[l] : a[l] < b[l];
    a[l] = c[l] + (less ? b[l] - a[l] : a[l] - b[l]);
  }
  sim_engine_write(s, 0, type_of(s), a, sim_engine_defined(s, 1, 3));
  return STEP_NEXT;
}

/* dp4a: four products of bytes; dp2a: two 16-bit values of a by two bytes of b, its low or high half. */
enum step_result sim_step_dot(struct step *s)
{
  const uint32_t *a = read32(s, 1), *b = read32(s, 2), *c = read32(s, 3);
  bool sign_a = s->insn->type[0] == PTX_S32, sign_b = s->insn->type[1] == PTX_S32;
  bool four = s->insn->op == PTX_DO_DP4A;
  uint32_t r[LANES];
  for (int l = 0; l < LANES; l++) {
    uint32_t sum = c[l], high = s->insn->mode == PTX_HI_HALF ? 2 : 0;
    for (uint32_t i = 0; i < (four ? 4u : 2u); i++) {
      uint32_t byte_b = b[l] >> 8 * (four ? i : i + high), part_a = a[l] >> (four ? 8 : 16) * i;
      int32_t y = sign_b ? (int8_t)byte_b : (int32_t)(byte_b & 0xff);
      int32_t x = four ? (sign_a ? (int8_t)part_a : (int32_t)(part_a & 0xff))
                       : (sign_a ? (int16_t)part_a : (int32_t)(part_a & 0xffff));
      sum += (uint32_t)(x * y);
    }
    r[l] = sum;
  }
  sim_engine_write32(s, 0, r, sim_engine_defined(s, 1, 3));
  return STEP_NEXT;
}

/* Four differences of bytes, each made positive; with .add their sum on top of c, otherwise packed: c stands for bytes that a mask
 * leaves out, of which there are none here. */
enum step_result sim_step_vabsdiff4(struct step *s)
{
  const struct ptx_insn *insn = s->insn;
  const uint32_t *a = read32(s, 1), *b = read32(s, 2), *c = read32(s, 3);
  bool sign_a = insn->type[1] == PTX_S32, sign_b = insn->type[2] == PTX_S32, add = insn->mode == PTX_OP_ADD;
  int32_t most = insn->type[0] == PTX_S32 ? INT8_MAX : UINT8_MAX;
  uint32_t r[LANES];
  for (int l = 0; l < LANES; l++) {
    r[l] = add ? c[l] : 0;
    for (int at = 0; at < 32; at += 8) {
      int32_t x = sign_a ? (int8_t)(a[l] >> at) : (int32_t)(a[l] >> at & 0xff);
      int32_t y = sign_b ? (int8_t)(b[l] >> at) : (int32_t)(b[l] >> at & 0xff);
      int32_t difference = x > y ? x - y : y - x;
      if ((insn->flags & PTX_SAT) != 0 && difference > most) difference = most;
      r[l] = add ? r[l] + (uint32_t)difference : r[l] | ((uint32_t)difference & 0xff) << at;
    }
  }
  sim_engine_write32(s, 0, r, sim_engine_defined(s, 1, 3));
  return STEP_NEXT;
}
