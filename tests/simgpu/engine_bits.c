/* engine_bits.c: logic, shifts and bit fields. Rules for widths and out-of-range counts: PTX ISA, each instruction's pseudo code. */
#include <string.h>

#include "engine_internal.h"

static enum step_result logic_predicate(struct step *s)
{
  bool unary = s->insn->op == PTX_DO_NOT;
  uint32_t a = sim_engine_predicate(s, 1), b = unary ? 0 : sim_engine_predicate(s, 2);
  uint32_t r = s->insn->op == PTX_DO_AND ? a & b : s->insn->op == PTX_DO_OR ? a | b : unary ? ~a : a ^ b;
  sim_engine_write_predicate(s, 0, r, sim_engine_defined(s, 1, unary ? 1 : 2));
  return STEP_NEXT;
}

enum step_result sim_step_logic(struct step *s)
{
  enum ptx_type type = (enum ptx_type)s->insn->type[0];
  uint32_t sources = s->insn->group_count - 1u;
  uint64_t a[LANES], b[LANES] = {0};
  if (type == PTX_PRED) return logic_predicate(s);
  sim_engine_read(s, 1, type, a);
  if (sources > 1) sim_engine_read(s, 2, type, b);
  switch (s->insn->op) {
  case PTX_DO_AND:
    for (int l = 0; l < LANES; l++) a[l] &= b[l];
    break;
  case PTX_DO_OR:
    for (int l = 0; l < LANES; l++) a[l] |= b[l];
    break;
  case PTX_DO_XOR:
    for (int l = 0; l < LANES; l++) a[l] ^= b[l];
    break;
  case PTX_DO_NOT:
    for (int l = 0; l < LANES; l++) a[l] = ~a[l];
    break;
  default: /* cnot */
    for (int l = 0; l < LANES; l++) a[l] = a[l] == 0;
    break;
  }
  sim_engine_write(s, 0, type, a, sim_engine_defined(s, 1, sources));
  return STEP_NEXT;
}

/* Counts beyond the width are clamped to it. */
enum step_result sim_step_shift(struct step *s)
{
  enum ptx_type type = (enum ptx_type)s->insn->type[0];
  uint32_t bits = sim_ptx_type(type)->size_bits;
  uint64_t a[LANES];
  const uint32_t *count = read32(s, 2);
  sim_engine_read(s, 1, type, a);
  if (s->insn->op == PTX_DO_SHL) {
    for (int l = 0; l < LANES; l++) a[l] = count[l] >= bits ? 0 : a[l] << (count[l] & 63);
  } else if (sim_ptx_type(type)->class == PTX_CLASS_SIGNED) {
    for (int l = 0; l < LANES; l++) a[l] = (uint64_t)((int64_t)a[l] >> (count[l] > 63 ? 63 : count[l]));
  } else {
    for (int l = 0; l < LANES; l++) a[l] = count[l] >= bits ? 0 : a[l] >> (count[l] & 63);
  }
  sim_engine_write(s, 0, type, a, sim_engine_defined(s, 1, 2));
  return STEP_NEXT;
}

static uint64_t low_bits(uint32_t count)
{
  return count >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
}

/* bfe: the field is cut at the value's top; its sign, or the value's top bit, fills a signed result. */
static uint64_t field_extract(uint64_t a, uint32_t pos, uint32_t length, uint32_t bits, bool sign)
{
  a &= low_bits(bits);
  pos &= 0xff;
  length &= 0xff;
  uint32_t top = pos + length - 1;
  if (top > bits - 1) top = bits - 1;
  uint64_t fill = sign && length > 0 && (a >> top & 1) != 0 ? ~(uint64_t)0 : 0;
  uint64_t value = pos >= bits ? 0 : a >> pos;
  uint32_t kept = pos >= bits ? 0 : (length < bits - pos ? length : bits - pos);
  return (value & low_bits(kept)) | (fill & ~low_bits(kept));
}

static uint64_t field_insert(uint64_t a, uint64_t b, uint32_t pos, uint32_t length, uint32_t bits)
{
  pos &= 0xff;
  length &= 0xff;
  if (pos >= bits) return b;
  uint64_t mask = low_bits(length) << pos & low_bits(bits);
  return (b & ~mask) | (a << pos & mask);
}

/* The position of the highest bit that is not the sign (unsigned: that is set), or all ones. */
static uint64_t find_bit(uint64_t a, uint32_t bits, bool sign, bool shift)
{
  if (sign && (int64_t)a < 0) a = ~a;
  a &= low_bits(bits);
  if (a == 0) return 0xffffffffu;
  uint32_t position = 63u - (uint32_t)__builtin_clzll(a);
  return shift ? bits - 1 - position : position;
}

/* fns: the n-th set bit from base up (n > 0) or down (n < 0); n = 0: base itself if set. */
static uint32_t find_nth(uint32_t mask, uint32_t base, int32_t n)
{
  if (base > 31) return 0xffffffffu;
  if (n == 0) return (mask >> base & 1) != 0 ? base : 0xffffffffu;
  int32_t step = n > 0 ? 1 : -1, count = n > 0 ? n : -n;
  for (int32_t at = (int32_t)base; at >= 0 && at < 32; at += step) {
    if ((mask >> at & 1) != 0 && --count == 0) return (uint32_t)at;
  }
  return 0xffffffffu;
}

static uint64_t reverse(uint64_t a, uint32_t bits)
{
  uint64_t r = 0;
  for (uint32_t i = 0; i < bits; i++) r |= (a >> i & 1) << (bits - 1 - i);
  return r;
}

/* bmsk: `width` ones from `start`; szext: the low `count` bits extended. Both clamp or wrap at 32. */
static uint64_t mask_bits(const struct step *s, uint32_t start, uint32_t width)
{
  if ((s->insn->flags & PTX_WRAP) != 0) {
    start &= 31;
    width &= 31;
  }
  return start >= 32 ? 0 : low_bits(width > 32 ? 32 : width) << start & 0xffffffffu;
}

static uint64_t size_extend(const struct step *s, uint64_t a, uint32_t count, bool sign)
{
  if ((s->insn->flags & PTX_WRAP) != 0) count &= 31;
  if (count >= 32) return a;
  if (count == 0) return 0;
  uint64_t value = a & low_bits(count);
  return sign && (value >> (count - 1) & 1) != 0 ? value | ~low_bits(count) : value;
}

static uint64_t one_lane(const struct step *s, const uint64_t *v, uint32_t bits, bool sign)
{
  switch (s->insn->op) {
  case PTX_DO_BFE: return field_extract(v[0], (uint32_t)v[1], (uint32_t)v[2], bits, sign);
  case PTX_DO_BFI: return field_insert(v[0], v[1], (uint32_t)v[2], (uint32_t)v[3], bits);
  case PTX_DO_BFIND: return find_bit(v[0], bits, sign, (s->insn->flags & PTX_SHIFTAMT) != 0);
  case PTX_DO_BMSK: return mask_bits(s, (uint32_t)v[0], (uint32_t)v[1]);
  case PTX_DO_BREV: return reverse(v[0], bits);
  case PTX_DO_CLZ: return v[0] == 0 ? bits : (uint32_t)__builtin_clzll(v[0]) - (64 - bits);
  case PTX_DO_FNS: return find_nth((uint32_t)v[0], (uint32_t)v[1], (int32_t)v[2]);
  case PTX_DO_POPC: return (uint32_t)__builtin_popcountll(v[0]);
  default: return size_extend(s, v[0], (uint32_t)v[1], sign);
  }
}

enum step_result sim_step_bits(struct step *s)
{
  enum ptx_type type = (enum ptx_type)s->insn->type[0];
  uint32_t sources = s->insn->group_count - 1u, bits = sim_ptx_type(type)->size_bits;
  bool sign = sim_ptx_type(type)->class == PTX_CLASS_SIGNED;
  bool same = s->insn->op == PTX_DO_BFE || s->insn->op == PTX_DO_BFI || s->insn->op == PTX_DO_BREV ||
              s->insn->op == PTX_DO_SZEXT;
  uint64_t v[4][LANES], r[LANES];
  for (uint32_t i = 0; i < sources; i++) {
    bool value = i == 0 || (i == 1 && s->insn->op == PTX_DO_BFI);
    sim_engine_read(s, 1 + i, value ? type : PTX_U32, v[i]);
  }
  for (int l = 0; l < LANES; l++) {
    uint64_t lane[4] = {v[0][l], sources > 1 ? v[1][l] : 0, sources > 2 ? v[2][l] : 0, sources > 3 ? v[3][l] : 0};
    r[l] = one_lane(s, lane, bits, sign);
  }
  sim_engine_write(s, 0, same ? type : PTX_U32, r, sim_engine_defined(s, 1, sources));
  return STEP_NEXT;
}

/* prmt: bytes of {b, a} by selectors; bit 3 of a selector repeats the byte's sign (default mode). */
static uint32_t permute(uint32_t a, uint32_t b, uint32_t c, uint8_t mode)
{
  uint64_t bytes = (uint64_t)b << 32 | a;
  uint32_t selectors[4], r = 0, n = c & 3;
  static const uint8_t ecl[4][4] = {{0, 1, 2, 3}, {1, 1, 2, 3}, {2, 2, 2, 3}, {3, 3, 3, 3}};
  static const uint8_t ecr[4][4] = {{0, 0, 0, 0}, {0, 1, 1, 1}, {0, 1, 2, 2}, {0, 1, 2, 3}};
  for (uint32_t i = 0; i < 4; i++) {
    switch (mode) {
    case PTX_F4E: selectors[i] = n + i; break;
    case PTX_B4E: selectors[i] = (n - i) & 7; break;
    case PTX_RC8: selectors[i] = n; break;
    case PTX_ECL: selectors[i] = ecl[n][i]; break;
    case PTX_ECR: selectors[i] = ecr[n][i]; break;
    case PTX_RC16: selectors[i] = (c & 1) * 2 + i % 2; break;
    default: selectors[i] = c >> 4 * i & 15; break;
    }
    uint32_t byte = (uint32_t)(bytes >> 8 * (selectors[i] & 7)) & 0xff;
    if ((selectors[i] & 8) != 0) byte = byte >> 7 != 0 ? 0xff : 0;
    r |= byte << 8 * i;
  }
  return r;
}

enum step_result sim_step_prmt(struct step *s)
{
  const uint32_t *a = read32(s, 1), *b = read32(s, 2), *c = read32(s, 3);
  uint32_t r[LANES];
  for (int l = 0; l < LANES; l++) r[l] = permute(a[l], b[l], c[l], s->insn->mode);
  sim_engine_write32(s, 0, r, sim_engine_defined(s, 1, 3));
  return STEP_NEXT;
}

enum step_result sim_step_lop3(struct step *s)
{
  bool pair = (s->insn->flags & PTX_SECOND_RESULT) != 0;
  uint32_t first = pair ? 2 : 1, table = (uint32_t)s->insn->immediate, r[LANES], nonzero = 0;
  const uint32_t *a = read32(s, first), *b = read32(s, first + 1), *c = read32(s, first + 2);
  uint32_t minterm[8];
  for (uint32_t i = 0; i < 8; i++) minterm[i] = (table >> i & 1) != 0 ? ALL_LANES : 0;
  for (int l = 0; l < LANES; l++) {
    uint32_t x = a[l], y = b[l], z = c[l];
    r[l] = (minterm[0] & ~x & ~y & ~z) | (minterm[1] & ~x & ~y & z) | (minterm[2] & ~x & y & ~z) |
           (minterm[3] & ~x & y & z) | (minterm[4] & x & ~y & ~z) | (minterm[5] & x & ~y & z) |
           (minterm[6] & x & y & ~z) | (minterm[7] & x & y & z);
  }
  uint32_t defined = sim_engine_defined(s, first, 3);
  if (pair) { /* lop3.or: p = (d != 0) | q; .and: & */
    for (int l = 0; l < LANES; l++) nonzero |= (uint32_t)(r[l] != 0) << l;
    uint32_t q = sim_engine_predicate(s, first + 4);
    uint32_t p = s->insn->bool_op == PTX_BOOL_OR ? nonzero | q : nonzero & q;
    sim_engine_write_predicate(s, 1, p, defined & place_defined(s, first + 4));
  }
  sim_engine_write32(s, 0, r, defined);
  return STEP_NEXT;
}

/* shf: {b, a} shifted, the upper (l) or lower (r) word of it. */
enum step_result sim_step_shf(struct step *s)
{
  const uint32_t *a = read32(s, 1), *b = read32(s, 2), *c = read32(s, 3);
  bool wrap = (s->insn->flags & PTX_WRAP) != 0, left = s->insn->mode == PTX_LEFT;
  uint32_t r[LANES];
  for (int l = 0; l < LANES; l++) {
    uint32_t n = wrap ? c[l] & 31 : c[l] > 32 ? 32 : c[l];
    uint64_t pair = (uint64_t)b[l] << 32 | a[l];
    r[l] = (uint32_t)(left ? pair << n >> 32 : pair >> n);
  }
  sim_engine_write32(s, 0, r, sim_engine_defined(s, 1, 3));
  return STEP_NEXT;
}
