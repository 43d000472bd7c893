/* test_float.c: arithmetic and conversions against references made another way: the host's floating point unit in each rounding
 * direction (f32, f64), fixed-point arithmetic in 128 bits and a search among all values (f16), long double (functions). */
#include <criterion/criterion.h>
#include <fenv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim_float.h"

static uint64_t seed = 7;
static uint64_t random_bits(void)
{
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed * UINT64_C(0x2545f4914f6cdd1d);
}

static float f32(uint32_t bits)
{
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static uint32_t bits32(float value)
{
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return isnan(value) ? SIM_F32_NAN : bits;
}
static double f64(uint64_t bits)
{
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static uint64_t bits64(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static uint64_t compute(int op, int type, int rounding, uint32_t flags, uint64_t a, uint64_t b, uint64_t c)
{
  const struct sim_float_op what = {(uint16_t)op, (uint8_t)type, (uint8_t)rounding, 0, flags};
  return sim_float_compute(&what, a, b, c);
}

static uint64_t convert(int to, int from, int rounding, uint32_t flags, uint64_t a, uint64_t b)
{
  const struct sim_convert what = {(uint8_t)to, (uint8_t)from, (uint8_t)rounding, flags};
  return sim_float_convert(&what, a, b);
}

static const struct {
  int ptx, host;
} directions[4] = {{PTX_RN, FE_TONEAREST}, {PTX_RZ, FE_TOWARDZERO}, {PTX_RM, FE_DOWNWARD}, {PTX_RP, FE_UPWARD}};

/* Values that meet: random, near a power of two, subnormal, extreme, and near another operand (cancellation). */
static uint64_t operand(int bits, int fraction_bits, uint64_t other)
{
  uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1, random = random_bits() & mask;
  uint64_t fraction = (UINT64_C(1) << fraction_bits) - 1, sign = UINT64_C(1) << (bits - 1);
  switch (random_bits() % 8) {
  case 0: return random & ~(fraction & ~UINT64_C(3)); /* a power of two and three more bits */
  case 1: return random & (sign | fraction);          /* subnormal or zero */
  case 2: return (random & sign) | (sign - 1 - fraction) | (random_bits() % 4 ? 0 : random & fraction); /* ∞, NaN */
  case 3: return (sign - 2 - fraction - random % 4) | (random & sign); /* the largest numbers */
  case 4: return (other ^ sign) + random % 3;
  case 5: return (other + ((random % 64) << fraction_bits)) & mask; /* a near exponent */
  default: return random;
  }
}

/* volatile: keeps the compiler from computing in another direction. */
static uint64_t host32(int op, int direction, uint32_t a, uint32_t b, uint32_t c)
{
  volatile float x = f32(a), y = f32(b), z = f32(c), result = 0;
  fesetround(direction);
  switch (op) {
  case PTX_DO_ADD: result = x + y; break;
  case PTX_DO_SUB: result = x - y; break;
  case PTX_DO_MUL: result = x * y; break;
  case PTX_DO_DIV: result = x / y; break;
  case PTX_DO_SQRT: result = sqrtf(x); break;
  case PTX_DO_RCP: result = 1.0f / x; break;
  default: result = fmaf(x, y, z); break;
  }
  fesetround(FE_TONEAREST);
  return bits32(result);
}

static uint64_t host64(int op, int direction, uint64_t a, uint64_t b, uint64_t c)
{
  volatile double x = f64(a), y = f64(b), z = f64(c), result = 0;
  fesetround(direction);
  switch (op) {
  case PTX_DO_ADD: result = x + y; break;
  case PTX_DO_SUB: result = x - y; break;
  case PTX_DO_MUL: result = x * y; break;
  case PTX_DO_DIV: result = x / y; break;
  case PTX_DO_SQRT: result = sqrt(x); break;
  case PTX_DO_RCP: result = 1.0 / x; break;
  default: result = fma(x, y, z); break;
  }
  fesetround(FE_TONEAREST);
  return bits64(result);
}

static const int exact_ops[] = {PTX_DO_ADD, PTX_DO_SUB, PTX_DO_MUL, PTX_DO_FMA, PTX_DO_DIV, PTX_DO_SQRT, PTX_DO_RCP};

Test(float, f32_equals_the_host_in_each_direction)
{
  for (int i = 0; i < 200000; i++) {
    uint32_t a = (uint32_t)operand(32, 23, random_bits() & 0xffffffff), b = (uint32_t)operand(32, 23, a);
    uint32_t c = (uint32_t)operand(32, 23, random_bits() % 2 ? a : bits32(-f32(a) * f32(b)));
    int op = exact_ops[i % 7], direction = (i / 7) % 4;
    uint64_t expected = host32(op, directions[direction].host, a, b, c);
    uint64_t got = compute(op, PTX_F32, directions[direction].ptx, 0, a, b, c);
    cr_assert_eq(got, expected, "op %d direction %d of %08x %08x %08x: %08x, not %08x", op, direction, a, b, c,
                 (unsigned)got, (unsigned)expected);
  }
}

Test(float, f64_equals_the_host_in_each_direction)
{
  for (int i = 0; i < 200000; i++) {
    uint64_t a = operand(64, 52, random_bits()), b = operand(64, 52, a);
    uint64_t c = operand(64, 52, random_bits() % 2 ? a : bits64(-f64(a) * f64(b)));
    int op = exact_ops[i % 7], direction = (i / 7) % 4;
    uint64_t expected = host64(op, directions[direction].host, a, b, c);
    uint64_t got = compute(op, PTX_F64, directions[direction].ptx, 0, a, b, c);
    bool same = isnan(f64(expected)) ? isnan(f64(got)) : got == expected;
    cr_assert(same, "op %d direction %d of %016lx %016lx %016lx: %016lx, not %016lx", op, direction, a, b, c, got,
              expected);
  }
}

/* --- f16: every value is a multiple of 2^-24, every product of 2^-48 and below 2^33: exact in 128 bits --- */

typedef __int128 fixed; /* in units of 2^-48 */

static fixed fixed_of(uint32_t half)
{
  int exponent = (half >> 10) & 31;
  int64_t significand = (int64_t)(half & 0x3ff) | (exponent ? 0x400 : 0);
  fixed value = (fixed)significand << ((exponent ? exponent - 1 : 0) + 24);
  return half & 0x8000 ? -value : value;
}

/* The largest f16 magnitude (as bits) not above value; 0x7c00 − 1 at most. */
static uint32_t below(fixed value)
{
  uint32_t low = 0, high = 0x7bff;
  while (low < high) {
    uint32_t middle = (low + high + 1) / 2;
    if (fixed_of(middle) <= value)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

static uint32_t fixed_round(fixed value, int rounding, bool zero_negative)
{
  if (value == 0) return zero_negative ? 0x8000 : 0;
  bool negative = value < 0;
  fixed magnitude = negative ? -value : value;
  uint32_t low = below(magnitude);
  fixed floor = fixed_of(low), ceiling = low == 0x7bff ? (fixed)65536 << 48 : fixed_of(low + 1);
  bool up = false;
  if (magnitude != floor) {
    fixed twice = 2 * magnitude - floor - ceiling;
    if (rounding == PTX_RN) up = twice > 0 || (twice == 0 && (low & 1));
    if (rounding == PTX_RNA) up = twice >= 0;
    if (rounding == PTX_RM) up = negative;
    if (rounding == PTX_RP) up = !negative;
  }
  return (low + up) | (negative ? 0x8000u : 0);
}

Test(float, f16_arithmetic_is_exact)
{
  for (int i = 0; i < 300000; i++) {
    uint32_t a = (uint32_t)operand(16, 10, random_bits() & 0xffff), b = (uint32_t)operand(16, 10, a);
    uint32_t c = (uint32_t)operand(16, 10, a) & 0xffff;
    a &= 0xffff, b &= 0xffff;
    if ((a & 0x7c00) == 0x7c00 || (b & 0x7c00) == 0x7c00 || (c & 0x7c00) == 0x7c00) continue;
    fixed x = fixed_of(a), y = fixed_of(b), z = fixed_of(c);
    fixed product = (x >> 24) * (y >> 24);
    bool sign_a = a >> 15, sign_b = b >> 15, sign_c = c >> 15, sign_p = sign_a != sign_b;
    cr_assert_eq(compute(PTX_DO_ADD, PTX_F16, PTX_RN, 0, a, b, 0),
                 fixed_round(x + y, PTX_RN, sign_a && sign_b && !x && !y), "%04x + %04x", a, b);
    cr_assert_eq(compute(PTX_DO_SUB, PTX_F16, PTX_RN, 0, a, b, 0),
                 fixed_round(x - y, PTX_RN, sign_a && !sign_b && !x && !y));
    cr_assert_eq(compute(PTX_DO_MUL, PTX_F16, PTX_RN, 0, a, b, 0), fixed_round(product, PTX_RN, sign_p), "%04x * %04x",
                 a, b);
    cr_assert_eq(compute(PTX_DO_FMA, PTX_F16, PTX_RN, 0, a, b, c),
                 fixed_round(product + z, PTX_RN, sign_p && sign_c && !product && !z), "%04x * %04x + %04x", a, b, c);
  }
}

/* bf16 operands whose exponents lie within 20 of another: sums and products are exact in double, and rounding a double to bf16 is
 * rounding its bits. */
static uint32_t bf16_nearest(double value)
{
  uint32_t single = bits32((float)value);
  cr_assert_eq((double)f32(single), value, "the reference rounds twice");
  uint32_t rest = single & 0xffff, kept = single >> 16;
  return kept + (rest > 0x8000 || (rest == 0x8000 && (kept & 1)));
}

Test(float, bf16_arithmetic_is_exact)
{
  for (int i = 0; i < 200000; i++) {
    uint64_t random = random_bits();
    uint32_t a = (uint32_t)(random & 0x807f) | (uint32_t)(120 + (random >> 20) % 8) << 7;
    uint32_t b = (uint32_t)((random >> 32) & 0x807f) | (uint32_t)(120 + (random >> 24) % 8) << 7;
    uint32_t c = (uint32_t)((random >> 48) & 0x807f) | (uint32_t)(120 + (random >> 28) % 3) << 7;
    double x = (double)f32(a << 16), y = (double)f32(b << 16), z = (double)f32(c << 16);
    cr_assert_eq(compute(PTX_DO_ADD, PTX_BF16, PTX_RN, 0, a, b, 0), bf16_nearest(x + y));
    cr_assert_eq(compute(PTX_DO_MUL, PTX_BF16, PTX_RN, 0, a, b, 0), bf16_nearest(x * y));
    if (x * y + z == (double)(float)(x * y + z)) {
      cr_assert_eq(compute(PTX_DO_FMA, PTX_BF16, PTX_RN, 0, a, b, c), bf16_nearest(x * y + z));
    }
  }
}

/* Half way between two bf16 numbers but for 2^-60, which a double does not hold beside 518. */
Test(float, bf16_fma_rounds_once)
{
  const uint32_t six = 0x40c0, seven = 0x40e0, x74 = 0x4294, x87 = 0x42ae, tiny = 0x2180;
  cr_expect_eq(compute(PTX_DO_FMA, PTX_BF16, PTX_RN, 0, seven, x74, 0), 0x4402u, "518: a tie goes to 520");
  cr_expect_eq(compute(PTX_DO_FMA, PTX_BF16, PTX_RN, 0, seven, x74, tiny | 0x8000), 0x4401u, "518 − 2^-60: 516");
  cr_expect_eq(compute(PTX_DO_FMA, PTX_BF16, PTX_RN, 0, six, x87, 0), 0x4402u, "522: a tie goes to 520");
  cr_expect_eq(compute(PTX_DO_FMA, PTX_BF16, PTX_RN, 0, six, x87, tiny), 0x4403u, "522 + 2^-60: 524");
  cr_expect_eq(compute(PTX_DO_FMA, PTX_BF16, PTX_RN, 0, six | 0x8000, x87, tiny | 0x8000), 0xc403u);
}

Test(float, packed_halves_are_two_scalars)
{
  const int packed[3] = {PTX_F16X2, PTX_BF16X2, PTX_F32X2}, scalar[3] = {PTX_F16, PTX_BF16, PTX_F32};
  for (int i = 0; i < 30000; i++) {
    int t = i % 3, width = t == 2 ? 32 : 16;
    uint64_t mask = (UINT64_C(1) << width) - 1, source[3];
    for (int k = 0; k < 3; k++) source[k] = random_bits() & (width == 32 ? UINT64_MAX : 0xffffffff);
    int op = exact_ops[(i / 3) % 4];
    uint64_t low = compute(op, scalar[t], PTX_RN, 0, source[0] & mask, source[1] & mask, source[2] & mask);
    uint64_t high = compute(op, scalar[t], PTX_RN, 0, source[0] >> width, source[1] >> width, source[2] >> width);
    cr_assert_eq(compute(op, packed[t], PTX_RN, 0, source[0], source[1], source[2]), high << width | low);
  }
}

Test(float, warps_equal_lanes)
{
  const uint32_t flags[4] = {0, PTX_FTZ, PTX_SAT, PTX_FTZ | PTX_SAT};
  for (int i = 0; i < 4000; i++) {
    uint32_t a[32], b[32], c[32], d[32], mask = i % 3 ? (uint32_t)random_bits() : UINT32_MAX;
    uint64_t wide_a[32], wide_b[32], wide_c[32], wide_d[32];
    for (int lane = 0; lane < 32; lane++) {
      a[lane] = (uint32_t)operand(32, 23, random_bits() & 0xffffffff);
      b[lane] = (uint32_t)operand(32, 23, a[lane]);
      c[lane] = (uint32_t)operand(32, 23, a[lane]);
      wide_a[lane] = operand(64, 52, random_bits());
      wide_b[lane] = operand(64, 52, wide_a[lane]);
      wide_c[lane] = operand(64, 52, wide_b[lane]);
      d[lane] = 0xdeadbeef;
      wide_d[lane] = 0xdeadbeef;
    }
    struct sim_float_op op = {(uint16_t)exact_ops[i % 7], PTX_F32, (uint8_t)directions[(i / 7) % 4].ptx, 0,
                              flags[i / 28 % 4]};
    sim_float_warp32(&op, mask, d, a, b, c);
    for (int lane = 0; lane < 32; lane++) {
      uint64_t expected = (mask >> lane) & 1 ? sim_float_compute(&op, a[lane], b[lane], c[lane]) : 0xdeadbeef;
      cr_assert_eq(d[lane], expected, "op %d of %08x %08x %08x", op.op, a[lane], b[lane], c[lane]);
    }
    struct sim_float_op least = {(uint16_t)(i % 2 ? PTX_DO_MIN : PTX_DO_MAX), PTX_F32, 0, 2,
                                 (i % 4 < 2 ? 0 : PTX_NAN_RESULT) | (i % 8 < 4 ? 0 : PTX_FTZ)};
    uint32_t extremes[32];
    sim_float_warp32(&least, UINT32_MAX, extremes, a, b, NULL);
    for (int lane = 0; lane < 32; lane++) {
      cr_assert_eq(extremes[lane], sim_float_compute(&least, a[lane], b[lane], 0), "%08x %08x", a[lane], b[lane]);
    }
    op.type = PTX_F64;
    op.flags = 0;
    sim_float_warp64(&op, mask, wide_d, wide_a, wide_b, wide_c);
    for (int lane = 0; lane < 32; lane++) {
      uint64_t expected =
          (mask >> lane) & 1 ? sim_float_compute(&op, wide_a[lane], wide_b[lane], wide_c[lane]) : 0xdeadbeef;
      cr_assert_eq(wide_d[lane], expected);
    }
    sim_float_warp32(&(struct sim_float_op){PTX_DO_FMA, PTX_F32, PTX_RN, 0, 0}, UINT32_MAX, a, a, b, a);
  }
}

/* --- rules --- */

struct rule {
  int op, type, flags;
  uint64_t a, b, expected;
};
#define NAN32  0x7fffffffu
#define ONE32  0x3f800000u
#define INF32  0x7f800000u
#define SIGN32 0x80000000u

Test(float, nan_ftz_sat_relu)
{
  const struct rule rules[] = {
      {PTX_DO_ADD, PTX_F32, 0, 0xffc01234u, ONE32, NAN32},
      {PTX_DO_ADD, PTX_F32, 0, INF32, INF32 | SIGN32, NAN32},
      {PTX_DO_ADD, PTX_F16, 0, 0xfe01, 0x3c00, 0x7fff},
      {PTX_DO_ADD, PTX_BF16, 0, 0xffc1, 0x3f80, 0x7fff},
      {PTX_DO_ADD, PTX_F64, 0, UINT64_C(0x7ff0000000001234), 0, UINT64_C(0x7ff8000000001234)},
      {PTX_DO_ADD, PTX_F64, 0, UINT64_C(0x7ff0000000000000), UINT64_C(0xfff0000000000000),
       UINT64_C(0xfff8000000000000)},
      {PTX_DO_ADD, PTX_F32, PTX_FTZ, 0x007fffffu, 0, 0},
      {PTX_DO_ADD, PTX_F32, PTX_FTZ, 0x807fffffu, SIGN32, SIGN32},
      {PTX_DO_ADD, PTX_F32, 0, 0x007fffffu, 1, 0x00800000u},
      {PTX_DO_MUL, PTX_F32, PTX_FTZ, 0x20000000u, 0x9f000000u, SIGN32},
      {PTX_DO_MUL, PTX_F32, 0, 0x20000000u, 0x9f000000u, 0x80200000u},
      {PTX_DO_MUL, PTX_F16, PTX_FTZ, 0x0001, 0x7bff, 0},
      {PTX_DO_MUL, PTX_F16, 0, 0x0001, 0x3c00, 1},
      {PTX_DO_ADD, PTX_F32, PTX_SAT, ONE32, ONE32, ONE32},
      {PTX_DO_ADD, PTX_F32, PTX_SAT, ONE32 | SIGN32, 0, 0},
      {PTX_DO_ADD, PTX_F32, PTX_SAT, NAN32, ONE32, 0},
      {PTX_DO_ADD, PTX_F32, PTX_SAT, INF32, ONE32, ONE32},
      {PTX_DO_ADD, PTX_F16, PTX_SAT, 0x4000, 0, 0x3c00},
      {PTX_DO_MUL, PTX_F32, PTX_SAT, SIGN32, ONE32, 0},
      {PTX_DO_FMA, PTX_F16, PTX_RELU, 0xbc00, 0x3c00, 0},
      {PTX_DO_FMA, PTX_F16, PTX_RELU, 0x7e00, 0x3c00, 0x7fff},
      {PTX_DO_FMA, PTX_BF16, PTX_RELU, 0x4000, 0x3f80, 0x4000},
      {PTX_DO_ABS, PTX_F32, PTX_FTZ, 0x80000001u, 0, 0},
      {PTX_DO_ABS, PTX_F32, 0, 0x80000001u, 0, 1},
      {PTX_DO_NEG, PTX_F16X2, 0, 0x3c00bc00u, 0, 0xbc003c00u},
      {PTX_DO_COPYSIGN, PTX_F32, 0, SIGN32, ONE32, ONE32 | SIGN32},
      {PTX_DO_COPYSIGN, PTX_F64, 0, 0, UINT64_C(0xbff0000000000000), UINT64_C(0x3ff0000000000000)},
      {PTX_DO_DIV, PTX_F32, 0, 0, 0, NAN32},
      {PTX_DO_DIV, PTX_F32, 0, ONE32, SIGN32, INF32 | SIGN32},
      {PTX_DO_SQRT, PTX_F32, 0, SIGN32, 0, SIGN32},
      {PTX_DO_SQRT, PTX_F32, 0, ONE32 | SIGN32, 0, NAN32},
  };
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    const struct rule *r = &rules[i];
    uint64_t c = r->op == PTX_DO_FMA ? (r->type == PTX_F16 ? 0x8000 : 0) : 0;
    uint64_t got = compute(r->op, r->type, PTX_RN, (uint32_t)r->flags, r->a, r->b, c);
    cr_expect_eq(got, r->expected, "rule %zu: %lx, not %lx", i, got, r->expected);
  }
}

Test(float, min_and_max)
{
  const struct rule rules[] = {
      {PTX_DO_MIN, PTX_F32, 0, ONE32, 0x40000000u, ONE32},
      {PTX_DO_MAX, PTX_F32, 0, ONE32, 0x40000000u, 0x40000000u},
      {PTX_DO_MIN, PTX_F32, 0, 0, SIGN32, SIGN32},
      {PTX_DO_MAX, PTX_F32, 0, SIGN32, 0, 0},
      {PTX_DO_MIN, PTX_F32, 0, NAN32, ONE32, ONE32},
      {PTX_DO_MAX, PTX_F32, 0, ONE32, 0xffc00001u, ONE32},
      {PTX_DO_MIN, PTX_F32, 0, 0xffc00001u, 0x7fc00001u, NAN32},
      {PTX_DO_MIN, PTX_F32, PTX_NAN_RESULT, NAN32, ONE32, NAN32},
      {PTX_DO_MAX, PTX_F16, PTX_NAN_RESULT, 0x3c00, 0xfe00, 0x7fff},
      {PTX_DO_MAX, PTX_BF16, 0, 0xbf80, 0xc000, 0xbf80},
      {PTX_DO_MIN, PTX_F32, PTX_FTZ, 0x00000001u, ONE32, 0},
      {PTX_DO_MIN, PTX_F32, PTX_XORSIGN_ABS, ONE32 | SIGN32, 0x40000000u, ONE32 | SIGN32},
      {PTX_DO_MAX, PTX_F32, PTX_XORSIGN_ABS, ONE32 | SIGN32, 0xc0000000u, 0x40000000u},
      {PTX_DO_MAX, PTX_F32, PTX_XORSIGN_ABS | PTX_NAN_RESULT, ONE32 | SIGN32, NAN32, NAN32},
      {PTX_DO_MIN, PTX_F16X2, 0, 0x3c004000u, 0x4000bc00u, 0x3c00bc00u},
      {PTX_DO_MIN, PTX_F64, 0, UINT64_C(0x3ff0000000000000), UINT64_C(0xbff0000000000000),
       UINT64_C(0xbff0000000000000)},
  };
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    const struct rule *r = &rules[i];
    uint64_t got = compute(r->op, r->type, PTX_RN, (uint32_t)r->flags, r->a, r->b, 0);
    cr_expect_eq(got, r->expected, "rule %zu: %lx, not %lx", i, got, r->expected);
  }
  const struct sim_float_op three = {PTX_DO_MAX, PTX_F32, 0, 3, PTX_ABS};
  cr_expect_eq(sim_float_compute(&three, ONE32, 0xc0400000u, 0x40000000u), 0x40400000u);
  const struct sim_float_op nan = {PTX_DO_MIN, PTX_F32, 0, 3, PTX_NAN_RESULT};
  cr_expect_eq(sim_float_compute(&nan, ONE32, 0x40000000u, NAN32), NAN32);
}

Test(float, comparisons_and_tests)
{
  const uint64_t nan = NAN32, one = ONE32, two = 0x40000000u, zero = SIGN32;
  for (int i = 0; i < 3; i++) {
    const uint64_t a = i == 0 ? one : i == 1 ? two : nan, b = i == 1 ? one : two;
    bool less = i == 0, greater = i == 1, unordered = i == 2;
    cr_expect_eq(sim_float_compare(PTX_LT, PTX_F32, false, a, b), less);
    cr_expect_eq(sim_float_compare(PTX_LE, PTX_F32, false, a, b), less);
    cr_expect_eq(sim_float_compare(PTX_GT, PTX_F32, false, a, b), greater);
    cr_expect_eq(sim_float_compare(PTX_GE, PTX_F32, false, a, b), greater);
    cr_expect_eq(sim_float_compare(PTX_EQ, PTX_F32, false, a, b), false);
    cr_expect_eq(sim_float_compare(PTX_NE, PTX_F32, false, a, b), !unordered);
    cr_expect_eq(sim_float_compare(PTX_NEU, PTX_F32, false, a, b), true);
    cr_expect_eq(sim_float_compare(PTX_EQU, PTX_F32, false, a, b), unordered);
    cr_expect_eq(sim_float_compare(PTX_LTU, PTX_F32, false, a, b), less || unordered);
    cr_expect_eq(sim_float_compare(PTX_LEU, PTX_F32, false, a, b), less || unordered);
    cr_expect_eq(sim_float_compare(PTX_GTU, PTX_F32, false, a, b), greater || unordered);
    cr_expect_eq(sim_float_compare(PTX_GEU, PTX_F32, false, a, b), greater || unordered);
    cr_expect_eq(sim_float_compare(PTX_NUM, PTX_F32, false, a, b), !unordered);
    cr_expect_eq(sim_float_compare(PTX_NAN, PTX_F32, false, a, b), unordered);
  }
  cr_expect(sim_float_compare(PTX_EQ, PTX_F32, false, zero, 0) && !sim_float_compare(PTX_LT, PTX_F32, false, zero, 0));
  cr_expect(sim_float_compare(PTX_LE, PTX_F16, false, 0x8000, 0) &&
            sim_float_compare(PTX_GE, PTX_BF16, false, 0x8000, 0));
  cr_expect(sim_float_compare(PTX_LT, PTX_F32, false, 0, 1) && !sim_float_compare(PTX_LT, PTX_F32, true, 0, 1));
  cr_expect(sim_float_compare(PTX_LT, PTX_F64, false, bits64(-2), bits64(-1)));
  const uint64_t values[] = {ONE32, INF32, NAN32, 1, 0, SIGN32 | INF32};
  const bool answers[6][6] = {{1, 0, 1, 0, 1, 0}, {0, 1, 1, 0, 0, 0}, {0, 0, 0, 1, 0, 0},
                              {1, 0, 1, 0, 0, 1}, {1, 0, 1, 0, 0, 0}, {0, 1, 1, 0, 0, 0}};
  for (int i = 0; i < 6; i++) {
    for (int mode = 0; mode < 6; mode++) {
      cr_expect_eq(sim_float_test((enum ptx_mode)(PTX_TEST_FINITE + mode), PTX_F32, values[i]), answers[i][mode],
                   "%d %d", i, mode);
    }
  }
}

/* --- conversions --- */

Test(float, f16_and_single)
{
  for (uint32_t half = 0; half < 0x10000; half++) {
    if ((half & 0x7c00) == 0x7c00) continue;
    double value = ldexp((double)fixed_of(half), -48);
    if (half & 0x8000 && value == 0) value = -0.0;
    cr_assert_eq(convert(PTX_F32, PTX_F16, PTX_ROUND_DEFAULT, 0, half, 0), bits32((float)value), "%04x", half);
    cr_assert_eq(convert(PTX_F64, PTX_F16, PTX_ROUND_DEFAULT, 0, half, 0), bits64(value));
    cr_assert_eq(convert(PTX_F16, PTX_F32, PTX_RN, 0, bits32((float)value), 0), half);
    cr_assert_eq(bits64(sim_float_value(PTX_F16, half)), bits64(value));
    cr_assert_eq(sim_float_round(PTX_F16, value), half);
  }
  for (int i = 0; i < 200000; i++) {
    uint64_t random = random_bits();
    uint32_t bits = (uint32_t)(random & 0x807fffff) | (uint32_t)(100 + (random >> 32) % 44) << 23;
    double value = (double)f32(bits);
    if (random >> 62 == 0) value = ldexp(floor(ldexp(value, 25)), -25), bits = bits32((float)value); /* ties */
    for (int direction = 0; direction < 4; direction++) {
      int rounding = directions[direction].ptx;
      uint32_t expected = fixed_round((fixed)ldexp(value, 48), rounding, bits >> 31);
      if (ldexp(value, 48) != (double)(fixed)ldexp(value, 48)) continue; /* below the reference's unit */
      cr_assert_eq(convert(PTX_F16, PTX_F32, rounding, 0, bits, 0), expected, "%08x direction %d", bits, direction);
      cr_assert_eq(convert(PTX_F16, PTX_F64, rounding, 0, bits64(value), 0), expected);
    }
  }
}

/* bf16 and tf32 are f32 with fewer bits: rounding is integer arithmetic on its bits. */
static uint32_t cut(uint32_t bits, int drop, int rounding)
{
  uint32_t low = (1u << drop) - 1, rest = bits & low, half = 1u << (drop - 1), kept = bits & ~low;
  bool negative = bits >> 31, odd = (bits >> drop) & 1, up = false;
  if (rounding == PTX_RN) up = rest > half || (rest == half && odd);
  if (rounding == PTX_RNA) up = rest >= half;
  if (rounding == PTX_RM) up = negative && rest;
  if (rounding == PTX_RP) up = !negative && rest;
  return kept + (up ? low + 1 : 0);
}

Test(float, bf16_and_tf32)
{
  const int roundings[5] = {PTX_RN, PTX_RZ, PTX_RM, PTX_RP, PTX_RNA};
  for (int i = 0; i < 100000; i++) {
    uint32_t bits = (uint32_t)random_bits();
    if (i % 4 == 0) bits = (bits & 0xffff0000u) | 0x8000;
    if (i % 4 == 1) bits = (bits & 0xffffe000u) | 0x1000;
    if (i % 16 == 2) bits &= 0x807fffffu;
    if ((bits & INF32) == INF32) continue;
    int rounding = roundings[i % 5];
    if (rounding != PTX_RNA) {
      uint32_t expected = cut(bits, 16, rounding) >> 16;
      cr_assert_eq(convert(PTX_BF16, PTX_F32, rounding, 0, bits, 0), expected, "%08x", bits);
    }
    cr_assert_eq(convert(PTX_TF32, PTX_F32, rounding, 0, bits, 0), cut(bits, 13, rounding), "%08x", bits);
    cr_assert_eq(convert(PTX_F32, PTX_BF16, 0, 0, bits >> 16, 0), bits & 0xffff0000u);
  }
  cr_expect_eq(convert(PTX_BF16, PTX_F32, PTX_RN, 0, 0x7f7fffffu, 0), 0x7f80);
  cr_expect_eq(convert(PTX_BF16, PTX_F32, PTX_RN, PTX_SATFINITE, 0x7f7fffffu, 0), 0x7f7f);
  cr_expect_eq(convert(PTX_BF16, PTX_F32, PTX_RZ, 0, 0x7f7fffffu, 0), 0x7f7f);
  cr_expect_eq(convert(PTX_BF16, PTX_F32, PTX_RN, PTX_RELU, 0xbf800000u, 0), 0);
  cr_expect_eq(convert(PTX_BF16, PTX_F32, PTX_RN, PTX_RELU, 0xffc00000u, 0), 0x7fff);
  cr_expect_eq(convert(PTX_BF16X2, PTX_F32, PTX_RN, 0, ONE32, 0x40000000u), 0x3f804000u);
  cr_expect_eq(convert(PTX_F16X2, PTX_F32, PTX_RN, PTX_RELU, ONE32, 0xc0000000u), 0x3c000000u);
  cr_expect_eq(convert(PTX_F16, PTX_F32, PTX_RN, PTX_SATFINITE, INF32 | SIGN32, 0), 0xfbff);
  cr_expect_eq(convert(PTX_TF32, PTX_F32, PTX_RNA, PTX_SATFINITE, 0x7f7fffffu, 0), 0x7f7fe000u);
}

/* The value of an fp8 number from the definition of its format. */
static double fp8_value(uint32_t byte, int fraction_bits, int bias)
{
  int exponent = (int)(byte & 0x7f) >> fraction_bits;
  double fraction = (double)(byte & ((1u << fraction_bits) - 1)) / (1 << fraction_bits);
  double value = exponent ? ldexp(1 + fraction, exponent - bias) : ldexp(fraction, 1 - bias);
  return byte & 0x80 ? -value : value;
}

static void fp8_checked(int packed, int fraction_bits, int bias, uint32_t largest)
{
  for (uint32_t byte = 0; byte <= largest; byte++) {
    double value = fp8_value(byte, fraction_bits, bias);
    uint64_t pair = convert(PTX_F16X2, packed, PTX_RN, 0, byte << 8 | byte | 0x80, 0);
    uint64_t half = convert(PTX_F16, PTX_F64, PTX_RN, 0, bits64(value), 0);
    cr_assert_eq(pair, half << 16 | half | 0x8000, "%02x", byte);
    cr_assert_eq(convert(packed, PTX_F16X2, PTX_RN, PTX_SATFINITE, pair, 0), byte << 8 | byte | 0x80);
    if (byte == largest) break;
    double next = fp8_value(byte + 1, fraction_bits, bias), middle = (value + next) / 2;
    const double tries[4] = {middle, nextafter(middle, 0), nextafter(middle, 1e9), value};
    const uint32_t expected[4] = {byte + (byte & 1), byte, byte + 1, byte};
    for (int i = 0; i < 4; i++) {
      float single = i == 1 ? nextafterf((float)middle, 0) : i == 2 ? nextafterf((float)middle, 1e9f) : (float)tries[i];
      uint64_t got = convert(packed, PTX_F32, PTX_RN, PTX_SATFINITE, bits32(single), bits32(-single));
      cr_assert_eq(got, expected[i] << 8 | expected[i] | 0x80, "%g: %04lx", (double)single, got);
    }
  }
  uint64_t got = convert(packed, PTX_F32, PTX_RN, PTX_SATFINITE, INF32, 0xcf000000u);
  cr_expect_eq(got, largest << 8 | largest | 0x80, "∞ and a large number");
  cr_expect_eq(convert(packed, PTX_F32, PTX_RN, PTX_SATFINITE, 0xffc00000u, ONE32) >> 8, 0x7f, "NaN");
  cr_expect_eq(convert(packed, PTX_F32, PTX_RN, PTX_SATFINITE | PTX_RELU, 0xc0000000u, 0x80000000u), 0, "relu");
  cr_expect_eq(convert(PTX_F16X2, packed, PTX_RN, 0, 0x7f00, 0), 0x7fff0000u, "NaN");
}

Test(float, fp8)
{
  fp8_checked(PTX_E4M3X2, 3, 7, 0x7e);
  fp8_checked(PTX_E5M2X2, 2, 15, 0x7b);
  cr_expect_eq(convert(PTX_F16X2, PTX_E5M2X2, PTX_RN, 0, 0xfc7c, 0), 0xfc007c00u);
  cr_expect_eq(convert(PTX_F16X2, PTX_E4M3X2, PTX_RN, PTX_RELU, 0xb838, 0), 0x00003c00u);
}

/* OCP Microscaling Formats v1.0, table 5: 0 ½ 1 1½ 2 3 4 6. The first source goes to the upper half. */
Test(float, e2m1)
{
  static const float values[8] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
  for (uint32_t i = 0; i < 8; i++) {
    uint64_t both = convert(PTX_E2M1X2, PTX_F32, PTX_RN, PTX_SATFINITE, bits32(values[i]), bits32(-values[i]));
    cr_expect_eq(both, i << 4 | i | 8);
    if (i == 7) break;
    const float middle = (values[i] + values[i + 1]) / 2;
    const float tries[3] = {middle, nextafterf(middle, 0), nextafterf(middle, 9)};
    const uint32_t expected[3] = {i + (i & 1), i, i + 1};
    for (int t = 0; t < 3; t++) {
      uint64_t got = convert(PTX_E2M1X2, PTX_F32, PTX_RN, PTX_SATFINITE, bits32(-tries[t]), bits32(tries[t]));
      cr_expect_eq(got, (expected[t] | 8) << 4 | expected[t], "%g: %02lx", (double)tries[t], got);
    }
  }
  cr_expect_eq(convert(PTX_E2M1X2, PTX_F32, PTX_RN, PTX_SATFINITE, INF32, 0xcf000000u), 0x7f, "infinity, a large number");
  cr_expect_eq(convert(PTX_E2M1X2, PTX_F32, PTX_RN, PTX_SATFINITE, 0xffc00000u, ONE32), 0x72, "NaN is the largest");
  cr_expect_eq(convert(PTX_E2M1X2, PTX_F32, PTX_RN, PTX_SATFINITE | PTX_RELU, 0xc0000000u, ONE32), 2, "relu");
}

Test(float, to_integers)
{
  const double values[] = {0.5,  1.5,   2.5,   -0.5,   -1.5,         -2.5, 0.49999999, -0.49999999,
                           1e30, -1e30, 255.5, -128.5, 2147483647.5, 0,    -0.0};
  const struct {
    int rounding;
    double (*round)(double);
  } modes[4] = {{PTX_RNI, rint}, {PTX_RZI, trunc}, {PTX_RMI, floor}, {PTX_RPI, ceil}};
  const struct {
    int type;
    double least, most;
  } types[] = {{PTX_S8, -128, 127},
               {PTX_U8, 0, 255},
               {PTX_S16, -32768, 32767},
               {PTX_U16, 0, 65535},
               {PTX_S32, -2147483648.0, 2147483647},
               {PTX_U32, 0, 4294967295.0}};
  for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
    for (int m = 0; m < 4; m++) {
      double whole = modes[m].round(values[v]);
      cr_expect_eq(convert(PTX_F64, PTX_F64, modes[m].rounding, 0, bits64(values[v]), 0), bits64(whole), "%g",
                   values[v]);
      for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        double clamped = whole < types[t].least ? types[t].least : whole > types[t].most ? types[t].most : whole;
        uint64_t got = convert(types[t].type, PTX_F64, modes[m].rounding, 0, bits64(values[v]), 0);
        cr_expect_eq((int64_t)got, (int64_t)clamped, "%g to type %zu mode %d", values[v], t, m);
      }
    }
  }
  cr_expect_eq(convert(PTX_S64, PTX_F64, PTX_RZI, 0, bits64(-9.3e18), 0), UINT64_C(1) << 63);
  cr_expect_eq(convert(PTX_S64, PTX_F64, PTX_RZI, 0, bits64(9.3e18), 0), INT64_MAX);
  cr_expect_eq(convert(PTX_U64, PTX_F64, PTX_RZI, 0, bits64(1.8e19), 0), UINT64_C(18000000000000000000));
  cr_expect_eq(convert(PTX_U64, PTX_F32, PTX_RZI, 0, INF32, 0), UINT64_MAX);
  cr_expect_eq(convert(PTX_U64, PTX_F64, PTX_RZI, 0, bits64(-3), 0), 0);
  cr_expect_eq(convert(PTX_S32, PTX_F32, PTX_RZI, 0, NAN32, 0), 0);
  cr_expect_eq(convert(PTX_S64, PTX_F32, PTX_RZI, 0, NAN32, 0), UINT64_C(1) << 63);
  cr_expect_eq((uint32_t)convert(PTX_S32, PTX_F64, PTX_RZI, 0, UINT64_C(0x7ff8000000000000), 0), SIGN32);
  cr_expect_eq(convert(PTX_S32, PTX_F32, PTX_RPI, PTX_FTZ, 1, 0), 0);
  cr_expect_eq(convert(PTX_S32, PTX_F32, PTX_RPI, 0, 1, 0), 1);
  cr_expect_eq(convert(PTX_U16, PTX_F16, PTX_RNI, 0, 0x7bff, 0), 65504);
  cr_expect_eq(convert(PTX_F16, PTX_F16, PTX_RMI, 0, 0xb800, 0), 0xbc00, "floor(−0.5)");
}

Test(float, from_integers)
{
  for (int i = 0; i < 50000; i++) {
    uint64_t value = random_bits() >> (random_bits() % 64);
    volatile int64_t as_signed = (int64_t)value;
    volatile uint64_t as_unsigned = value;
    for (int direction = 0; direction < 4; direction++) {
      volatile float single_signed, single_unsigned;
      volatile double wide_signed;
      fesetround(directions[direction].host);
      single_signed = (float)as_signed;
      single_unsigned = (float)(uint32_t)as_unsigned;
      wide_signed = (double)as_signed;
      fesetround(FE_TONEAREST);
      int rounding = directions[direction].ptx;
      cr_assert_eq(convert(PTX_F32, PTX_S64, rounding, 0, value, 0), bits32(single_signed), "%ld", as_signed);
      cr_assert_eq(convert(PTX_F32, PTX_U32, rounding, 0, value, 0), bits32(single_unsigned), "%lu", value);
      cr_assert_eq(convert(PTX_F64, PTX_S64, rounding, 0, value, 0), bits64(wide_signed), "%ld", as_signed);
    }
  }
  cr_expect_eq(convert(PTX_F16, PTX_U32, PTX_RN, 0, 65520, 0), 0x7c00);
  cr_expect_eq(convert(PTX_F16, PTX_U32, PTX_RZ, 0, 65535, 0), 0x7bff);
  cr_expect_eq(convert(PTX_F32, PTX_S8, PTX_RN, 0, 0x1ff, 0), 0xbf800000u, "the source is cut to 8 bits");
  cr_expect_eq(convert(PTX_BF16, PTX_S32, PTX_RN, 0, (uint32_t)-257, 0), 0xc380);
}

Test(float, between_integers_and_saturation)
{
  cr_expect_eq(convert(PTX_S32, PTX_S8, 0, 0, 0x80, 0), (uint64_t)-128);
  cr_expect_eq(convert(PTX_U32, PTX_U8, 0, 0, 0x1ff, 0), 255);
  cr_expect_eq(convert(PTX_S8, PTX_S32, 0, 0, 0x181, 0), (uint64_t)-127, "cut");
  cr_expect_eq(convert(PTX_S8, PTX_S32, 0, PTX_SAT, 0x181, 0), 127);
  cr_expect_eq(convert(PTX_U8, PTX_S32, 0, PTX_SAT, (uint32_t)-5, 0), 0);
  cr_expect_eq(convert(PTX_S32, PTX_U32, 0, PTX_SAT, 0xffffffffu, 0), 0x7fffffff);
  cr_expect_eq(convert(PTX_U64, PTX_S32, 0, 0, 0xffffffffu, 0), UINT64_MAX);
  cr_expect_eq(convert(PTX_S16, PTX_S64, 0, PTX_SAT, (uint64_t)INT64_MIN, 0), (uint64_t)-32768);
  cr_expect_eq(convert(PTX_F32, PTX_F32, PTX_ROUND_DEFAULT, PTX_SAT, 0x40000000u, 0), ONE32);
  cr_expect_eq(convert(PTX_F32, PTX_F32, PTX_ROUND_DEFAULT, PTX_SAT, NAN32, 0), 0);
  cr_expect_eq(convert(PTX_F16, PTX_F32, PTX_RN, PTX_SAT, 0xc0000000u, 0), 0);
  cr_expect_eq(convert(PTX_F32, PTX_F64, PTX_RN, PTX_FTZ, bits64(ldexp(1, -140)), 0), 0);
  cr_expect_eq(convert(PTX_F32, PTX_F64, PTX_RN, 0, bits64(ldexp(1, -140)), 0), 0x200);
  cr_expect_eq(convert(PTX_F64, PTX_F32, 0, PTX_FTZ, 0x80000001u, 0), UINT64_C(1) << 63);
  cr_expect_eq(sim_convert_pack(PTX_S8, 300, (uint32_t)-300, 0x1234), 0x12347f80u);
  cr_expect_eq(sim_convert_pack(PTX_U16, 70000, (uint32_t)-1, 0x1234), 0xffff0000u);
  cr_expect_eq(sim_convert_pack(PTX_U4, 20, 3, 0x0abcdef0), 0xbcdef0f3u);
}

/* --- functions --- */

Test(float, approximate_functions)
{
  const struct {
    int op;
    long double (*function)(long double);
    double low, high;
  } functions[] = {{PTX_DO_EX2, exp2l, -120, 120}, {PTX_DO_LG2, log2l, 1e-30, 1e30}, {PTX_DO_SIN, sinl, -7, 7},
                   {PTX_DO_COS, cosl, -7, 7},      {PTX_DO_TANH, tanhl, -10, 10},    {PTX_DO_SQRT, sqrtl, 0, 1e30}};
  for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++) {
    for (int i = 0; i < 3000; i++) {
      double unit = (double)(random_bits() >> 11) * 0x1p-53;
      float x = (float)(functions[f].low + unit * (functions[f].high - functions[f].low));
      float got = f32((uint32_t)compute(functions[f].op, PTX_F32, 0, PTX_APPROX, bits32(x), 0, 0));
      long double exact = functions[f].function((long double)x);
      long double ulp = (long double)(nextafterf(fabsf(got), INFINITY) - fabsf(got));
      cr_assert(fabsl((long double)got - exact) <= 0.51L * ulp, "function %zu of %a: %a", f, (double)x, (double)got);
    }
  }
  const struct rule rules[] = {
      {PTX_DO_EX2, PTX_F32, PTX_APPROX, INF32 | SIGN32, 0, 0},
      {PTX_DO_EX2, PTX_F32, PTX_APPROX, 0x43000000u, 0, INF32},
      {PTX_DO_EX2, PTX_F32, PTX_APPROX | PTX_FTZ, 0xc3000000u, 0, 0},
      {PTX_DO_EX2, PTX_F16X2, PTX_APPROX, 0x3c00c000u, 0, 0x40003400u},
      {PTX_DO_EX2, PTX_BF16, PTX_APPROX | PTX_FTZ, 0x4000, 0, 0x4080},
      {PTX_DO_LG2, PTX_F32, PTX_APPROX, 0, 0, INF32 | SIGN32},
      {PTX_DO_LG2, PTX_F32, PTX_APPROX, 0xbf800000u, 0, NAN32},
      {PTX_DO_LG2, PTX_F32, PTX_APPROX | PTX_FTZ, 1, 0, INF32 | SIGN32},
      {PTX_DO_SIN, PTX_F32, PTX_APPROX, INF32, 0, NAN32},
      {PTX_DO_SIN, PTX_F32, PTX_APPROX, SIGN32, 0, SIGN32},
      {PTX_DO_RSQRT, PTX_F32, PTX_APPROX, SIGN32, 0, INF32 | SIGN32},
      {PTX_DO_RSQRT, PTX_F32, PTX_APPROX, 0x40800000u, 0, 0x3f000000u},
      {PTX_DO_RSQRT, PTX_F32, PTX_APPROX, 0xbf800000u, 0, NAN32},
      {PTX_DO_RSQRT, PTX_F64, PTX_APPROX, UINT64_C(0x4010000000000000), 0, UINT64_C(0x3fe0000000000000)},
      {PTX_DO_RCP, PTX_F32, PTX_APPROX, SIGN32, 0, INF32 | SIGN32},
      {PTX_DO_RCP, PTX_F64, PTX_APPROX | PTX_FTZ, UINT64_C(0x4008000012345678), 0, UINT64_C(0x3fd5555500000000)},
      {PTX_DO_TANH, PTX_F16, PTX_APPROX, 0xfc00, 0, 0xbc00},
      {PTX_DO_DIV, PTX_F32, PTX_APPROX, ONE32, 0x7f000000u, 0},
      {PTX_DO_DIV, PTX_F32, PTX_APPROX, INF32, 0x7f000000u, NAN32},
      {PTX_DO_DIV, PTX_F32, PTX_APPROX, 0xc0000000u, 0x7e800000u, 0x81000000u},
      {PTX_DO_DIV, PTX_F32, PTX_FULL, 0x7f000000u, 0x7f000000u, ONE32},
  };
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    uint64_t got = compute(rules[i].op, rules[i].type, 0, (uint32_t)rules[i].flags, rules[i].a, rules[i].b, 0);
    cr_expect_eq(got, rules[i].expected, "rule %zu: %lx, not %lx", i, got, rules[i].expected);
  }
}
