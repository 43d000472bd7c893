/* float_compute.c: one floating point instruction on one lane: the rules around the arithmetic of float_exact.c. */
#include <assert.h>

#include "float_half.h"

struct scalar {
  enum ptx_type type;
  const struct sim_format *format;
  uint64_t sign;     /* mask of the sign bit */
  uint64_t infinity; /* its bits: below are numbers, above NaNs */
  uint64_t smallest; /* normal number */
};

static struct scalar scalar_of(enum ptx_type type)
{
  const struct sim_format *format = sim_format_find(type);
  assert(format != NULL && format->has_infinity && format->low == 0);
  int fraction_bits = format->precision - 1;
  uint64_t sign = UINT64_C(1) << (format->bits - 1);
  return (struct scalar){type, format, sign, sign - (UINT64_C(1) << fraction_bits), UINT64_C(1) << fraction_bits};
}

static bool is_nan(const struct scalar *s, uint64_t bits)
{
  return (bits & (s->sign - 1)) > s->infinity;
}

/* Subnormal to zero of the same sign; .f64 has no .ftz but on instructions whose callers pass it on purpose. */
static uint64_t flush(const struct scalar *s, uint32_t flags, uint64_t bits)
{
  return (flags & PTX_FTZ) && (bits & (s->sign - 1)) < s->smallest ? bits & s->sign : bits;
}

/* The NaN of an instruction with these sources (PTX ISA, "NaN payloads": none in single precision and below). */
static uint64_t nan_of(const struct scalar *s, const uint64_t *source, unsigned count)
{
  if (s->type != PTX_F64) return s->format->nan;
  for (unsigned i = 0; i < count; i++) {
    if (is_nan(s, source[i])) return source[i] | (UINT64_C(1) << 51);
  }
  return s->format->nan;
}

static uint64_t one_of(const struct scalar *s)
{
  return s->infinity / 2 & ~(s->smallest - 1); /* exponent field 0111…1 */
}

/* .sat: into [0, 1], NaN to +0. .relu: negative to +0, NaN stays. */
static uint64_t clamp(const struct scalar *s, uint32_t flags, uint64_t bits)
{
  if (flags & PTX_SAT) {
    if (is_nan(s, bits) || (bits & s->sign)) return 0;
    return bits > one_of(s) ? one_of(s) : bits;
  }
  if ((flags & PTX_RELU) && (bits & s->sign) && !is_nan(s, bits)) return 0;
  return bits;
}

/* A total order of numbers with −0 below +0, as PTX has for min and max. */
static int64_t rank(const struct scalar *s, uint64_t bits)
{
  int64_t magnitude = (int64_t)(bits & (s->sign - 1));
  return bits & s->sign ? -1 - magnitude : magnitude;
}

static uint64_t min_max(const struct scalar *s, const struct sim_float_op *op, uint64_t a, uint64_t b)
{
  uint64_t sign = 0;
  if (op->flags & PTX_XORSIGN_ABS) sign = (a ^ b) & s->sign;
  if (op->flags & (PTX_XORSIGN_ABS | PTX_ABS)) {
    a &= s->sign - 1;
    b &= s->sign - 1;
  }
  bool nan_a = is_nan(s, a), nan_b = is_nan(s, b);
  uint64_t source[2] = {a, b};
  if ((nan_a && nan_b) || ((nan_a || nan_b) && (op->flags & PTX_NAN_RESULT))) return nan_of(s, source, 2);
  bool first = nan_b || (!nan_a && (rank(s, a) < rank(s, b)) == (op->op == PTX_DO_MIN));
  return (first ? a : b) | sign;
}

/* div.approx.f32 is a · (1/b): above 2^126 the reciprocal would be subnormal and is 0. */
static bool divisor_flushed(const struct sim_float_op *op, uint64_t b)
{
  return op->op == PTX_DO_DIV && (op->flags & PTX_APPROX) && (b & 0x7fffffffu) > 0x7e800000u &&
         (b & 0x7fffffffu) < 0x7f800000u;
}

/* + × fma of f16 and bf16 to nearest in the host's double: exact up to sim_fma_odd's one rounding. */
static uint64_t half_arithmetic(const struct scalar *s, const struct sim_float_op *op, const uint64_t source[3])
{
  bool f16 = s->type == PTX_F16;
  double value[3];
  for (int i = 0; i < 3; i++) {
    uint32_t bits = (uint32_t)source[i] & 0xffff;
    value[i] = f16 ? (double)sim_f16_value(bits) : (double)sim_f32_value(bits << 16);
  }
  double result;
  switch (op->op) {
  case PTX_DO_ADD: result = sim_fma_odd(value[0], 1, value[1]); break;
  case PTX_DO_SUB: result = sim_fma_odd(value[0], 1, -value[1]); break;
  case PTX_DO_MUL: result = value[0] * value[1]; break;
  default: result = sim_fma_odd(value[0], value[1], value[2]); break;
  }
  return f16 ? sim_f16_round(result) : sim_bf16_round(result);
}

static bool is_half_arithmetic(const struct scalar *s, const struct sim_float_op *op)
{
  bool linear = op->op == PTX_DO_ADD || op->op == PTX_DO_SUB || op->op == PTX_DO_MUL || op->op == PTX_DO_FMA ||
                op->op == PTX_DO_MAD;
  return (s->type == PTX_F16 || s->type == PTX_BF16) && linear &&
         (op->rounding == PTX_RN || op->rounding == PTX_ROUND_DEFAULT);
}

static uint64_t exact_arithmetic(const struct scalar *s, const struct sim_float_op *op, const uint64_t source[3])
{
  enum ptx_rounding rounding = op->rounding == PTX_ROUND_DEFAULT ? PTX_RN : (enum ptx_rounding)op->rounding;
  if (is_half_arithmetic(s, op)) return half_arithmetic(s, op, source);
  struct sim_exact a = sim_exact_unpack(s->format, source[0]), result, b = {0};
  if (op->op != PTX_DO_RCP && op->op != PTX_DO_SQRT) b = sim_exact_unpack(s->format, source[1]);
  switch (op->op) {
  case PTX_DO_SUB: b.negative = !b.negative; /* fall through */
  case PTX_DO_ADD: result = sim_exact_add(a, b, rounding); break;
  case PTX_DO_MUL: result = sim_exact_multiply(a, b); break;
  case PTX_DO_DIV:
    if (divisor_flushed(op, source[1])) b.kind = SIM_EXACT_INFINITE;
    result = sim_exact_divide(a, b);
    break;
  case PTX_DO_RCP: result = sim_exact_divide(sim_exact_integer(1, false), a); break;
  case PTX_DO_SQRT: result = sim_exact_sqrt(a); break;
  default: /* FMA, MAD */ result = sim_exact_fma(a, b, sim_exact_unpack(s->format, source[2]), rounding); break;
  }
  return sim_exact_pack(s->format, result, rounding, false);
}

/* rcp and rsqrt.approx.ftz.f64 see and give the upper word alone. */
static bool upper_word_only(const struct sim_float_op *op)
{
  return op->type == PTX_F64 && (op->flags & PTX_APPROX) && (op->flags & PTX_FTZ);
}

static unsigned source_count(const struct sim_float_op *op)
{
  switch (op->op) {
  case PTX_DO_FMA:
  case PTX_DO_MAD: return 3;
  case PTX_DO_MIN:
  case PTX_DO_MAX: return op->operands == 3 ? 3 : 2;
  case PTX_DO_ADD:
  case PTX_DO_SUB:
  case PTX_DO_MUL:
  case PTX_DO_DIV:
  case PTX_DO_COPYSIGN: return 2;
  default: return 1;
  }
}

static uint64_t arithmetic(const struct scalar *s, const struct sim_float_op *op, const uint64_t source[3])
{
  uint64_t result;
  switch (op->op) {
  case PTX_DO_ADD:
  case PTX_DO_SUB:
  case PTX_DO_MUL:
  case PTX_DO_FMA:
  case PTX_DO_MAD:
  case PTX_DO_DIV:
  case PTX_DO_RCP:
  case PTX_DO_SQRT: result = exact_arithmetic(s, op, source); break;
  case PTX_DO_EX2:
  case PTX_DO_LG2:
  case PTX_DO_SIN:
  case PTX_DO_COS:
  case PTX_DO_TANH:
  case PTX_DO_RSQRT:
    result = sim_float_round(s->type, sim_approx_value((enum ptx_op)op->op, sim_float_value(s->type, source[0])));
    break;
  default: assert(0 && "not a floating point operation"); return 0;
  }
  if (is_nan(s, result)) result = nan_of(s, source, source_count(op));
  if (upper_word_only(op)) result &= ~UINT64_C(0xffffffff);
  return clamp(s, op->flags, flush(s, op->flags, result));
}

static uint64_t compute_scalar(const struct scalar *s, const struct sim_float_op *op, uint64_t source[3])
{
  for (unsigned i = 0, count = source_count(op); i < count; i++) {
    source[i] &= s->sign | (s->sign - 1);
    if (upper_word_only(op)) source[i] &= ~UINT64_C(0xffffffff);
    if (op->op != PTX_DO_COPYSIGN) source[i] = flush(s, op->flags, source[i]);
  }
  switch (op->op) {
  case PTX_DO_ABS: return source[0] & (s->sign - 1);
  case PTX_DO_NEG: return source[0] ^ s->sign;
  case PTX_DO_COPYSIGN: return (source[0] & s->sign) | (source[1] & (s->sign - 1));
  case PTX_DO_MIN:
  case PTX_DO_MAX: {
    uint64_t result = min_max(s, op, source[0], source[1]);
    return clamp(s, op->flags, source_count(op) == 3 ? min_max(s, op, result, source[2]) : result);
  }
  default: return arithmetic(s, op, source);
  }
}

uint64_t sim_float_compute(const struct sim_float_op *op, uint64_t a, uint64_t b, uint64_t c)
{
  const struct ptx_type_info *info = sim_ptx_type((enum ptx_type)op->type);
  struct scalar s = scalar_of((enum ptx_type)info->element);
  uint64_t source[3] = {a, b, c};
  assert((op->flags & PTX_OOB) == 0);
  if (info->elements == 1) return compute_scalar(&s, op, source);
  unsigned width = s.format->bits;
  uint64_t low = compute_scalar(&s, op, source);
  uint64_t upper[3] = {a >> width, b >> width, c >> width};
  return low | compute_scalar(&s, op, upper) << width;
}

bool sim_float_compare(enum ptx_compare compare, enum ptx_type type, bool ftz, uint64_t a, uint64_t b)
{
  struct scalar s = scalar_of(type);
  uint64_t mask = s.sign | (s.sign - 1);
  a = flush(&s, ftz ? PTX_FTZ : 0, a & mask);
  b = flush(&s, ftz ? PTX_FTZ : 0, b & mask);
  bool unordered = is_nan(&s, a) || is_nan(&s, b);
  bool zeros = ((a | b) & (s.sign - 1)) == 0; /* −0 = +0 */
  bool equal = !unordered && (a == b || zeros);
  bool less = !unordered && !zeros && rank(&s, a) < rank(&s, b);
  bool greater = !unordered && !equal && !less;
  switch (compare) {
  case PTX_EQ: return equal;
  case PTX_NE: return less || greater;
  case PTX_LT: return less;
  case PTX_LE: return less || equal;
  case PTX_GT: return greater;
  case PTX_GE: return greater || equal;
  case PTX_EQU: return equal || unordered;
  case PTX_NEU: return !equal;
  case PTX_LTU: return less || unordered;
  case PTX_LEU: return !greater;
  case PTX_GTU: return greater || unordered;
  case PTX_GEU: return !less;
  case PTX_NUM: return !unordered;
  case PTX_NAN: return unordered;
  default: assert(0 && "not a comparison of floats"); return false;
  }
}

bool sim_float_test(enum ptx_mode mode, enum ptx_type type, uint64_t a)
{
  struct scalar s = scalar_of(type);
  uint64_t magnitude = a & (s.sign - 1);
  switch (mode) {
  case PTX_TEST_FINITE: return magnitude < s.infinity;
  case PTX_TEST_INFINITE: return magnitude == s.infinity;
  case PTX_TEST_NUMBER: return magnitude <= s.infinity;
  case PTX_TEST_NOTANUMBER: return magnitude > s.infinity;
  case PTX_TEST_NORMAL: return magnitude >= s.smallest && magnitude < s.infinity;
  case PTX_TEST_SUBNORMAL: return magnitude < s.smallest && magnitude != 0;
  default: assert(0 && "not a test"); return false;
  }
}
