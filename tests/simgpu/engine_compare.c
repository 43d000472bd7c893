/* engine_compare.c: setp, set, selp, slct, testp. */
#include <string.h>

#include "engine_internal.h"
#include "sim_float.h"

static bool is_half_pair(enum ptx_type type)
{
  return type == PTX_F16X2 || type == PTX_BF16X2;
}

#define COMPARE(type_, test_)                                                                                          \
  for (int l = 0; l < LANES; l++) r |= (uint32_t)((type_)a[l] test_(type_) b[l]) << l

static uint32_t compare_integers(enum ptx_compare compare, bool sign, const uint64_t *a, const uint64_t *b)
{
  uint32_t r = 0;
  switch (compare) {
  case PTX_EQ: COMPARE(uint64_t, ==); break;
  case PTX_NE: COMPARE(uint64_t, !=); break;
  case PTX_LT:
    if (sign)
      COMPARE(int64_t, <);
    else
      COMPARE(uint64_t, <);
    break;
  case PTX_LE:
    if (sign)
      COMPARE(int64_t, <=);
    else
      COMPARE(uint64_t, <=);
    break;
  case PTX_GT:
    if (sign)
      COMPARE(int64_t, >);
    else
      COMPARE(uint64_t, >);
    break;
  case PTX_GE:
    if (sign)
      COMPARE(int64_t, >=);
    else
      COMPARE(uint64_t, >=);
    break;
  case PTX_LO: COMPARE(uint64_t, <); break;
  case PTX_LS: COMPARE(uint64_t, <=); break;
  case PTX_HI: COMPARE(uint64_t, >); break;
  default: COMPARE(uint64_t, >=); break;
  }
  return r;
}

/* A bit a lane. half 0 or 1: of a pair. */
static uint32_t compare_lanes(const struct step *s, enum ptx_type type, uint32_t first, uint32_t half)
{
  const struct ptx_type_info *info = sim_ptx_type(type);
  enum ptx_compare compare = (enum ptx_compare)s->insn->compare;
  bool ftz = (s->insn->flags & PTX_FTZ) != 0;
  uint64_t a[LANES], b[LANES];
  sim_engine_read(s, first, type, a);
  sim_engine_read(s, first + 1, type, b);
  if (info->class != PTX_CLASS_FLOAT) return compare_integers(compare, info->class == PTX_CLASS_SIGNED, a, b);
  uint32_t r = 0;
  for (int l = 0; l < LANES; l++) {
    uint64_t x = is_half_pair(type) ? a[l] >> 16 * half & 0xffff : a[l];
    uint64_t y = is_half_pair(type) ? b[l] >> 16 * half & 0xffff : b[l];
    r |= (uint32_t)sim_float_compare(compare, (enum ptx_type)info->element, ftz, x, y) << l;
  }
  return r;
}

static uint32_t combine(const struct step *s, uint32_t value, uint32_t operand)
{
  if (s->insn->bool_op == PTX_BOOL_NONE) return value;
  uint32_t p = sim_engine_predicate(s, operand);
  return s->insn->bool_op == PTX_BOOL_AND ? value & p : s->insn->bool_op == PTX_BOOL_OR ? value | p : value ^ p;
}

/* p = (a cmp b) op c, q = !(a cmp b) op c; of pairs p is the lower half's and q the upper half's. */
enum step_result sim_step_setp(struct step *s)
{
  enum ptx_type type = (enum ptx_type)s->insn->type[0];
  bool pair = (s->insn->flags & PTX_SECOND_RESULT) != 0;
  uint32_t a = pair ? 2 : 1;
  uint32_t p = compare_lanes(s, type, a, 0), q = is_half_pair(type) ? compare_lanes(s, type, a, 1) : ~p;
  uint32_t defined = sim_engine_defined(s, a, s->insn->bool_op == PTX_BOOL_NONE ? 2 : 3);
  p = combine(s, p, a + 2);
  q = combine(s, q, a + 2);
  sim_engine_write_predicate(s, 0, p, defined);
  if (pair) sim_engine_write_predicate(s, 1, q, defined);
  return STEP_NEXT;
}

/* set: true is all ones in an integer result, 1.0 in a floating-point one. */
enum step_result sim_step_set(struct step *s)
{
  enum ptx_type to = (enum ptx_type)s->insn->type[0], from = (enum ptx_type)s->insn->type[1];
  const struct ptx_type_info *info = sim_ptx_type(to);
  bool two = is_half_pair(from);
  uint32_t low = combine(s, compare_lanes(s, from, 1, 0), 3),
           high = two ? combine(s, compare_lanes(s, from, 1, 1), 3) : 0;
  uint64_t one = to == PTX_F32                        ? 0x3f800000u
                 : to == PTX_F16 || to == PTX_F16X2   ? 0x3c00u
                 : to == PTX_BF16 || to == PTX_BF16X2 ? 0x3f80u
                                                      : (two ? 0xffffu : ~(uint64_t)0);
  uint64_t r[LANES];
  (void)info;
  for (int l = 0; l < LANES; l++) {
    r[l] = (low >> l & 1) != 0 ? one : 0;
    if (two && (high >> l & 1) != 0) r[l] |= one << 16;
  }
  uint32_t defined = sim_engine_defined(s, 1, s->insn->bool_op == PTX_BOOL_NONE ? 2 : 3);
  sim_engine_write(s, 0, to, r, defined);
  return STEP_NEXT;
}

enum step_result sim_step_selp(struct step *s)
{
  enum ptx_type type = (enum ptx_type)s->insn->type[0];
  uint64_t a[LANES], b[LANES];
  uint32_t p = sim_engine_predicate(s, 3);
  sim_engine_read(s, 1, type, a);
  sim_engine_read(s, 2, type, b);
  for (int l = 0; l < LANES; l++) a[l] = (p >> l & 1) != 0 ? a[l] : b[l];
  uint32_t defined = (p & place_defined(s, 1)) | (~p & place_defined(s, 2));
  sim_engine_write(s, 0, type, a, defined & place_defined(s, 3));
  return STEP_NEXT;
}

/* a where c ≥ 0 (−0 included, NaN not), else b. */
enum step_result sim_step_slct(struct step *s)
{
  enum ptx_type type = (enum ptx_type)s->insn->type[0];
  uint64_t a[LANES], b[LANES], c[LANES];
  uint32_t p = 0;
  sim_engine_read(s, 1, type, a);
  sim_engine_read(s, 2, type, b);
  sim_engine_read(s, 3, s->insn->type[1] == PTX_F32 ? PTX_U32 : PTX_S32, c);
  for (int l = 0; l < LANES; l++) {
    bool take = (int64_t)c[l] >= 0;
    if (s->insn->type[1] == PTX_F32) {
      take = sim_float_compare(PTX_GE, PTX_F32, (s->insn->flags & PTX_FTZ) != 0, c[l], 0);
    }
    p |= (uint32_t)take << l;
    a[l] = take ? a[l] : b[l];
  }
  uint32_t defined = (p & place_defined(s, 1)) | (~p & place_defined(s, 2));
  sim_engine_write(s, 0, type, a, defined & place_defined(s, 3));
  return STEP_NEXT;
}

enum step_result sim_step_testp(struct step *s)
{
  enum ptx_type type = (enum ptx_type)s->insn->type[0];
  uint64_t a[LANES];
  uint32_t r = 0;
  sim_engine_read(s, 1, type == PTX_F64 ? PTX_B64 : PTX_B32, a);
  for (int l = 0; l < LANES; l++) r |= (uint32_t)sim_float_test((enum ptx_mode)s->insn->mode, type, a[l]) << l;
  sim_engine_write_predicate(s, 0, r, place_defined(s, 1));
  return STEP_NEXT;
}
