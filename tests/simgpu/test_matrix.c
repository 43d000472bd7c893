/* test_matrix.c: mma.sync against a plain matrix product, with fragments filled by the formulas of the PTX ISA ("Matrix Fragments for
 * mma.m…": row and column of element i of a thread's fragment from groupID g and threadID_in_group t), one function a formula. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "sim_matrix.h"

struct spot {
  uint32_t row, column;
};
typedef struct spot locate(uint32_t g, uint32_t t, uint32_t i);

#define FORMULA(name, row, column)                                                                                     \
  static struct spot name(uint32_t g, uint32_t t, uint32_t i)                                                          \
  {                                                                                                                    \
    (void)t, (void)i;                                                                                                  \
    return (struct spot){(row), (column)};                                                                             \
  }
FORMULA(a_m8n8k4_f64, g, t)
FORMULA(a_m16n8k4, i == 0 ? g : g + 8, t)
FORMULA(a_m16n8k8_f16, i == 0 || i == 1 ? g : g + 8, t * 2 + (i & 1))
FORMULA(a_m16n8k8_tf32, i == 0 || i == 2 ? g : g + 8, i == 0 || i == 1 ? t : t + 4)
FORMULA(a_m16n8k16_f16, i < 2 || (4 <= i && i < 6) ? g : g + 8, i < 4 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8)
FORMULA(a_m16n8k16_f64, i % 2 == 0 ? g : g + 8, i % 2 == 0 ? i * 2 + t : i * 2 - 2 + t)
FORMULA(a_m8n8k16_s8, g, t * 4 + i)
FORMULA(a_m16n8k16_s8, i < 4 ? g : g + 8, t * 4 + (i & 3))
FORMULA(a_m16n8k32_s8, i < 4 || (8 <= i && i < 12) ? g : g + 8, i < 8 ? t * 4 + (i & 3) : t * 4 + (i & 3) + 16)
FORMULA(a_m8n8k32_s4, g, t * 8 + i)
FORMULA(a_m16n8k32_s4, i < 8 ? g : g + 8, t * 8 + (i & 7))
FORMULA(a_m16n8k64_s4, i < 8 || (16 <= i && i < 24) ? g : g + 8, i < 16 ? t * 8 + (i & 7) : t * 8 + (i & 7) + 32)
FORMULA(a_m8n8k128_b1, g, t * 32 + i)
FORMULA(a_m16n8k128_b1, i < 32 ? g : g + 8, t * 32 + (i & 0x1f))
FORMULA(a_m16n8k256_b1, i < 32 || (64 <= i && i < 96) ? g : g + 8,
        i < 64 ? t * 32 + (i & 0x1f) : t * 32 + (i & 0x1f) + 128)
FORMULA(b_k4, t, g)
FORMULA(b_k8_f16, t * 2 + i, g)
FORMULA(b_k8_tf32, i == 0 ? t : t + 4, g)
FORMULA(b_k16_f16, i < 2 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8, g)
FORMULA(b_k16_f64, t + i * 4, g)
FORMULA(b_k16_s8, t * 4 + i, g)
FORMULA(b_k32_s8, i < 4 ? t * 4 + (i & 3) : t * 4 + (i & 3) + 16, g)
FORMULA(b_k32_s4, t * 8 + i, g)
FORMULA(b_k64_s4, i < 8 ? t * 8 + (i & 7) : t * 8 + (i & 7) + 32, g)
FORMULA(b_k128_b1, t * 32 + i, g)
FORMULA(b_k256_b1, i < 32 ? t * 32 + (i & 0x1f) : t * 32 + (i & 0x1f) + 128, g)
FORMULA(c_m8, g, t * 2 + i)
FORMULA(c_m16, i == 0 || i == 1 ? g : g + 8, t * 2 + (i & 1))

/* One row a shape: its types and formulas, and how large elements may be (exact in the format, sums exact in the accumulator). */
struct row {
  struct sim_mma mma;
  locate *a, *b, *c;
  int low, high;
};
#define SHAPE(m, k, d, a, b, la, lb, low, high)                                                                        \
  {                                                                                                                    \
    {m, 8, k, d, a, b, d, false, 0}, la, lb, m == 8 ? c_m8 : c_m16, low, high                                          \
  }
static const struct row rows[] = {
    SHAPE(8, 4, PTX_F64, PTX_F64, PTX_F64, a_m8n8k4_f64, b_k4, -1000000, 1000000),
    SHAPE(16, 4, PTX_F64, PTX_F64, PTX_F64, a_m16n8k4, b_k4, -1000000, 1000000),
    SHAPE(16, 8, PTX_F64, PTX_F64, PTX_F64, a_m16n8k8_tf32, b_k8_tf32, -1000000, 1000000),
    SHAPE(16, 16, PTX_F64, PTX_F64, PTX_F64, a_m16n8k16_f64, b_k16_f64, -1000000, 1000000),
    SHAPE(16, 8, PTX_F32, PTX_F16, PTX_F16, a_m16n8k8_f16, b_k8_f16, -900, 900),
    SHAPE(16, 16, PTX_F32, PTX_F16, PTX_F16, a_m16n8k16_f16, b_k16_f16, -900, 900),
    SHAPE(16, 8, PTX_F16, PTX_F16, PTX_F16, a_m16n8k8_f16, b_k8_f16, -11, 11),
    SHAPE(16, 16, PTX_F16, PTX_F16, PTX_F16, a_m16n8k16_f16, b_k16_f16, -11, 11),
    SHAPE(16, 8, PTX_F32, PTX_BF16, PTX_BF16, a_m16n8k8_f16, b_k8_f16, -255, 255),
    SHAPE(16, 16, PTX_F32, PTX_BF16, PTX_BF16, a_m16n8k16_f16, b_k16_f16, -255, 255),
    SHAPE(16, 4, PTX_F32, PTX_TF32, PTX_TF32, a_m16n8k4, b_k4, -900, 900),
    SHAPE(16, 8, PTX_F32, PTX_TF32, PTX_TF32, a_m16n8k8_tf32, b_k8_tf32, -900, 900),
    SHAPE(16, 16, PTX_F32, PTX_E4M3, PTX_E4M3, a_m16n8k16_s8, b_k16_s8, -15, 15),
    SHAPE(16, 32, PTX_F32, PTX_E4M3, PTX_E5M2, a_m16n8k32_s8, b_k32_s8, -7, 7),
    SHAPE(16, 16, PTX_F32, PTX_E5M2, PTX_E4M3, a_m16n8k16_s8, b_k16_s8, -7, 7),
    SHAPE(16, 32, PTX_F32, PTX_E5M2, PTX_E5M2, a_m16n8k32_s8, b_k32_s8, -7, 7),
    SHAPE(16, 16, PTX_F16, PTX_E4M3, PTX_E4M3, a_m16n8k16_s8, b_k16_s8, -11, 11),
    SHAPE(16, 32, PTX_F16, PTX_E5M2, PTX_E4M3, a_m16n8k32_s8, b_k32_s8, -7, 7),
    SHAPE(8, 16, PTX_S32, PTX_S8, PTX_S8, a_m8n8k16_s8, b_k16_s8, -128, 127),
    SHAPE(8, 16, PTX_S32, PTX_U8, PTX_U8, a_m8n8k16_s8, b_k16_s8, 0, 255),
    SHAPE(16, 16, PTX_S32, PTX_S8, PTX_S8, a_m16n8k16_s8, b_k16_s8, -128, 127),
    SHAPE(16, 16, PTX_S32, PTX_U8, PTX_S8, a_m16n8k16_s8, b_k16_s8, 0, 127),
    SHAPE(16, 32, PTX_S32, PTX_S8, PTX_S8, a_m16n8k32_s8, b_k32_s8, -128, 127),
    SHAPE(16, 32, PTX_S32, PTX_U8, PTX_U8, a_m16n8k32_s8, b_k32_s8, 0, 255),
    SHAPE(16, 32, PTX_S32, PTX_S8, PTX_U8, a_m16n8k32_s8, b_k32_s8, 0, 127),
    SHAPE(8, 32, PTX_S32, PTX_S4, PTX_S4, a_m8n8k32_s4, b_k32_s4, -8, 7),
    SHAPE(8, 32, PTX_S32, PTX_U4, PTX_U4, a_m8n8k32_s4, b_k32_s4, 0, 15),
    SHAPE(16, 32, PTX_S32, PTX_S4, PTX_S4, a_m16n8k32_s4, b_k32_s4, -8, 7),
    SHAPE(16, 32, PTX_S32, PTX_U4, PTX_S4, a_m16n8k32_s4, b_k32_s4, 0, 7),
    SHAPE(16, 64, PTX_S32, PTX_S4, PTX_S4, a_m16n8k64_s4, b_k64_s4, -8, 7),
    SHAPE(16, 64, PTX_S32, PTX_U4, PTX_U4, a_m16n8k64_s4, b_k64_s4, 0, 15),
    SHAPE(8, 128, PTX_S32, PTX_B1, PTX_B1, a_m8n8k128_b1, b_k128_b1, 0, 1),
    SHAPE(16, 128, PTX_S32, PTX_B1, PTX_B1, a_m16n8k128_b1, b_k128_b1, 0, 1),
    SHAPE(16, 256, PTX_S32, PTX_B1, PTX_B1, a_m16n8k256_b1, b_k256_b1, 0, 1),
};
#define ROWS (sizeof rows / sizeof rows[0])

struct fragment {
  uint64_t wide[8][32];
  uint32_t narrow[8][32];
  void *registers[8];
};

static uint64_t seed = 1;
static int random_between(int low, int high)
{
  seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return low + (int)((seed >> 33) % (uint64_t)(high - low + 1));
}

static unsigned width_of(int type)
{
  return sim_ptx_type((enum ptx_type)type)->size_bits;
}

/* A small integer's bits in a format of sign, exponent (with a bias) and fraction bits, from their definition. */
static uint64_t encode_float(int64_t value, int fraction_bits, int bias, int sign_bit)
{
  uint64_t sign = value < 0 ? UINT64_C(1) << sign_bit : 0, magnitude = (uint64_t)(value < 0 ? -value : value);
  int exponent = 0;
  if (magnitude == 0) return sign;
  while (magnitude >> (exponent + 1)) exponent++;
  uint64_t fraction =
      exponent <= fraction_bits ? magnitude << (fraction_bits - exponent) : magnitude >> (exponent - fraction_bits);
  return sign | (uint64_t)(exponent + bias) << fraction_bits | (fraction & ((UINT64_C(1) << fraction_bits) - 1));
}

static uint64_t encode(int type, int64_t value)
{
  switch (type) {
  case PTX_F16: return encode_float(value, 10, 15, 15);
  case PTX_BF16: return encode_float(value, 7, 127, 15);
  case PTX_TF32: /* low 13 bits: anything */ return encode_float(value, 23, 127, 31) | 0x1a2b;
  case PTX_F32: return encode_float(value, 23, 127, 31);
  case PTX_F64: return encode_float(value, 52, 1023, 63);
  case PTX_E4M3: return encode_float(value, 3, 7, 7);
  case PTX_E5M2: return encode_float(value, 2, 15, 7);
  default: return (uint64_t)value & (UINT64_MAX >> (64 - width_of(type)));
  }
}

/* Element i of a lane's fragment: they fill registers from the low bits up. */
static void put(struct fragment *f, int type, uint32_t lane, uint32_t i, uint64_t bits)
{
  unsigned width = width_of(type);
  if (width == 64) {
    f->wide[i][lane] = bits;
    return;
  }
  unsigned per_register = 32 / width, shift = i % per_register * width;
  f->narrow[i / per_register][lane] |= (uint32_t)(bits << shift);
}

static uint64_t get(const struct fragment *f, int type, uint32_t lane, uint32_t i)
{
  unsigned width = width_of(type);
  if (width == 64) return f->wide[i][lane];
  unsigned per_register = 32 / width, shift = i % per_register * width;
  return (f->narrow[i / per_register][lane] >> shift) & (UINT64_MAX >> (64 - width));
}

static void fragment_init(struct fragment *f, bool wide)
{
  memset(f, 0, sizeof *f);
  for (int r = 0; r < 8; r++) f->registers[r] = wide ? (void *)f->wide[r] : (void *)f->narrow[r];
}

struct problem {
  int64_t a[16][256], b[256][8], c[16][8];
  struct fragment fa, fb, fc, fd;
  struct sim_mma_plan plan;
};
static struct problem problem;

static uint32_t elements(const struct row *row, uint32_t lines, uint32_t columns)
{
  (void)row;
  return lines * columns / 32;
}

static void problem_fill(const struct row *row)
{
  const struct sim_mma *mma = &row->mma;
  bool wide = mma->a == PTX_F64;
  struct fragment *all[4] = {&problem.fa, &problem.fb, &problem.fc, &problem.fd};
  for (int i = 0; i < 4; i++) fragment_init(all[i], wide);
  for (uint32_t k = 0; k < mma->k; k++) {
    for (uint32_t m = 0; m < mma->m; m++) problem.a[m][k] = random_between(row->low, row->high);
    for (uint32_t n = 0; n < 8; n++) problem.b[k][n] = random_between(row->low, row->high);
  }
  for (uint32_t m = 0; m < mma->m; m++) {
    for (uint32_t n = 0; n < 8; n++) problem.c[m][n] = random_between(-100, 100);
  }
  for (uint32_t lane = 0; lane < 32; lane++) {
    uint32_t g = lane >> 2, t = lane % 4;
    for (uint32_t i = 0; i < elements(row, mma->m, mma->k); i++) {
      struct spot s = row->a(g, t, i);
      put(&problem.fa, mma->a, lane, i, encode(mma->a, problem.a[s.row][s.column]));
    }
    for (uint32_t i = 0; i < elements(row, mma->k, 8); i++) {
      struct spot s = row->b(g, t, i);
      put(&problem.fb, mma->b, lane, i, encode(mma->b, problem.b[s.row][s.column]));
    }
    for (uint32_t i = 0; i < elements(row, mma->m, 8); i++) {
      struct spot s = row->c(g, t, i);
      put(&problem.fc, mma->c, lane, i, encode(mma->c, problem.c[s.row][s.column]));
    }
  }
}

static void problem_check(const struct row *row, size_t index, const struct fragment *result)
{
  const struct sim_mma *mma = &row->mma;
  for (uint32_t lane = 0; lane < 32; lane++) {
    for (uint32_t i = 0; i < elements(row, mma->m, 8); i++) {
      struct spot s = row->c(lane >> 2, lane % 4, i);
      int64_t sum = problem.c[s.row][s.column];
      for (uint32_t k = 0; k < mma->k; k++) {
        int64_t x = problem.a[s.row][k], y = problem.b[k][s.column];
        sum += mma->a != PTX_B1 ? x * y : mma->bits == PTX_OP_AND ? (x & y) : (x ^ y);
      }
      cr_assert_eq(get(result, mma->d, lane, i), encode(mma->d, sum), "row %zu: D[%u][%u] is not %lld", index, s.row,
                   s.column, (long long)sum);
    }
  }
}

static void run(struct fragment *d, const struct fragment *a, const struct fragment *b, const struct fragment *c)
{
  sim_mma_run(&problem.plan, d->registers, (const void *const *)a->registers, (const void *const *)b->registers,
              (const void *const *)c->registers);
}

Test(matrix, every_shape_multiplies)
{
  for (size_t r = 0; r < ROWS; r++) {
    for (int trial = 0; trial < 10; trial++) {
      struct row row = rows[r];
      row.mma.bits = row.mma.a != PTX_B1 ? 0 : trial % 2 ? PTX_OP_AND : PTX_OP_XOR;
      cr_assert(sim_mma_prepare(&row.mma, &problem.plan), "row %zu is not known", r);
      problem_fill(&row);
      run(&problem.fd, &problem.fa, &problem.fb, &problem.fc);
      problem_check(&row, r, &problem.fd);
    }
  }
}

Test(matrix, results_may_overwrite_sources)
{
  for (size_t r = 0; r < ROWS; r++) {
    struct row row = rows[r];
    row.mma.bits = row.mma.a != PTX_B1 ? 0 : PTX_OP_AND;
    cr_assert(sim_mma_prepare(&row.mma, &problem.plan));
    problem_fill(&row);
    run(&problem.fc, &problem.fa, &problem.fb, &problem.fc);
    problem_check(&row, r, &problem.fc);
    if (problem.plan.registers_a < problem.plan.registers_c) continue;
    problem_fill(&row);
    run(&problem.fa, &problem.fa, &problem.fb, &problem.fc);
    problem_check(&row, r, &problem.fa);
  }
}

static void place_matches(struct sim_mma_place place, int type, uint32_t lane, uint32_t i, size_t r)
{
  unsigned width = width_of(type), per_register = width == 64 ? 1 : 32 / width;
  cr_assert_eq(place.lane, lane, "row %zu, element %u of lane %u", r, i, lane);
  cr_assert_eq(place.reg, i / per_register, "row %zu, element %u of lane %u", r, i, lane);
  cr_assert_eq(place.bit, i % per_register * width, "row %zu, element %u of lane %u", r, i, lane);
  cr_assert_eq(place.width, width);
}

Test(matrix, places_follow_the_formulas)
{
  for (size_t r = 0; r < ROWS; r++) {
    struct row row = rows[r];
    row.mma.bits = row.mma.a != PTX_B1 ? 0 : PTX_OP_AND;
    cr_assert(sim_mma_prepare(&row.mma, &problem.plan));
    const struct sim_mma *mma = &row.mma;
    for (uint32_t lane = 0; lane < 32; lane++) {
      for (uint32_t i = 0; i < elements(&row, mma->m, mma->k); i++) {
        struct spot s = row.a(lane >> 2, lane % 4, i);
        place_matches(sim_mma_place(&problem.plan, SIM_MMA_A, s.row, s.column), mma->a, lane, i, r);
      }
      for (uint32_t i = 0; i < elements(&row, mma->k, 8); i++) {
        struct spot s = row.b(lane >> 2, lane % 4, i);
        place_matches(sim_mma_place(&problem.plan, SIM_MMA_B, s.row, s.column), mma->b, lane, i, r);
      }
      for (uint32_t i = 0; i < elements(&row, mma->m, 8); i++) {
        struct spot s = row.c(lane >> 2, lane % 4, i);
        place_matches(sim_mma_place(&problem.plan, SIM_MMA_C, s.row, s.column), mma->c, lane, i, r);
      }
    }
  }
}

/* Row 0 of A and column 0 of B are given, everything else is zero; returns the bits of D[0][0]. */
static uint64_t dot(struct sim_mma mma, const uint64_t *a, const uint64_t *b, uint32_t count, uint64_t c)
{
  cr_assert(sim_mma_prepare(&mma, &problem.plan));
  struct fragment *all[4] = {&problem.fa, &problem.fb, &problem.fc, &problem.fd};
  for (int i = 0; i < 4; i++) fragment_init(all[i], mma.a == PTX_F64);
  for (uint32_t k = 0; k < count; k++) {
    struct sim_mma_place pa = sim_mma_place(&problem.plan, SIM_MMA_A, 0, k);
    struct sim_mma_place pb = sim_mma_place(&problem.plan, SIM_MMA_B, k, 0);
    if (pa.width == 64) {
      problem.fa.wide[pa.reg][pa.lane] = a[k];
      problem.fb.wide[pb.reg][pb.lane] = b[k];
    } else {
      problem.fa.narrow[pa.reg][pa.lane] |= (uint32_t)(a[k] << pa.bit);
      problem.fb.narrow[pb.reg][pb.lane] |= (uint32_t)(b[k] << pb.bit);
    }
  }
  put(&problem.fc, mma.c, 0, 0, c);
  run(&problem.fd, &problem.fa, &problem.fb, &problem.fc);
  return get(&problem.fd, mma.d, 0, 0);
}

static const struct sim_mma bf16 = {16, 8, 16, PTX_F32, PTX_BF16, PTX_BF16, PTX_F32, false, 0};
static const struct sim_mma f16 = {16, 8, 16, PTX_F32, PTX_F16, PTX_F16, PTX_F32, false, 0};
static const struct sim_mma f16_half = {16, 8, 16, PTX_F16, PTX_F16, PTX_F16, PTX_F16, false, 0};
static const struct sim_mma e4m3 = {16, 8, 32, PTX_F32, PTX_E4M3, PTX_E4M3, PTX_F32, false, 0};
static const struct sim_mma e5m2 = {16, 8, 32, PTX_F32, PTX_E5M2, PTX_E5M2, PTX_F32, false, 0};

Test(matrix, special_values)
{
  const uint64_t infinite[2] = {0x7f80, 0x7f80}, mixed[2] = {0x3f80, 0xbf80}, zero = 0, one = 0x3f80;
  cr_expect_eq(dot(bf16, infinite, &one, 1, 0), 0x7f800000u, "∞ · 1");
  cr_expect_eq(dot(bf16, infinite, &zero, 1, 0), 0x7fffffffu, "∞ · 0");
  cr_expect_eq(dot(bf16, infinite, mixed, 2, 0), 0x7fffffffu, "∞ − ∞");
  cr_expect_eq(dot(bf16, &one, &one, 1, 0xff800000u), 0xff800000u, "1 − ∞");
  cr_expect_eq(dot(bf16, &one, &one, 1, 0x7f800001u), 0x7fffffffu, "NaN in C");
  const uint64_t nan = 0xffc1, half_nan = 0x7e00, half_one = 0x3c00, half_inf = 0xfc00;
  cr_expect_eq(dot(bf16, &nan, &one, 1, 0), 0x7fffffffu, "NaN in A");
  cr_expect_eq(dot(f16, &half_one, &half_nan, 1, 0), 0x7fffffffu, "NaN in B");
  cr_expect_eq(dot(f16_half, &half_one, &half_nan, 1, 0), 0x7fffu, "NaN of f16");
  cr_expect_eq(dot(f16, &half_inf, &half_one, 1, 0), 0xff800000u);
  cr_expect_eq(dot(f16_half, &half_inf, &half_one, 1, 0), 0xfc00u);
  const uint64_t fp8_nan = 0xff, fp8_one = 0x38, fp8_largest = 0x7e, e5_one = 0x3c, e5_inf = 0xfc;
  cr_expect_eq(dot(e4m3, &fp8_nan, &fp8_one, 1, 0), 0x7fffffffu);
  cr_expect_eq(dot(e4m3, &fp8_largest, &fp8_one, 1, 0), 0x43e00000u, "448");
  cr_expect_eq(dot(e5m2, &e5_inf, &e5_one, 1, 0), 0xff800000u);
  cr_expect_eq(dot(bf16, &one, &one, 1, 0x7f7fffffu), 0x7f7fffffu, "1 is nothing to 2^128");
  const uint64_t large = 0x7f00, half_large = 0x7bff;
  cr_expect_eq(dot(bf16, &large, &large, 1, 0), 0x7f800000u, "overflow of f32");
  cr_expect_eq(dot(f16_half, &half_large, &half_large, 1, 0), 0x7c00u, "overflow of f16");
}

Test(matrix, signed_zeros_and_subnormals)
{
  const uint64_t zero = 0, negative_one = 0xbf80, smallest = 1, half_smallest = 1, half_one = 0x3c00, fp8_smallest = 1;
  const uint64_t fp8_one = 0x38, one = 0x3f80;
  cr_expect_eq(dot(bf16, &zero, &negative_one, 1, 0x80000000u), 0u, "−0 + (−0 and +0) is +0");
  cr_expect_eq(dot(bf16, &smallest, &one, 1, 0), 0x00010000u, "2^-133");
  cr_expect_eq(dot(bf16, &zero, &one, 1, 1), 1u, "a subnormal C");
  cr_expect_eq(dot(f16, &half_smallest, &half_one, 1, 0), 0x33800000u, "2^-24");
  cr_expect_eq(dot(f16_half, &half_smallest, &half_one, 1, 1), 2u);
  cr_expect_eq(dot(e4m3, &fp8_smallest, &fp8_one, 1, 0), 0x3b000000u, "2^-9");
}

Test(matrix, rounds_once)
{
  /* 1 + 2^-24 + 2^-24: rounded after each addition it would stay 1. */
  const uint64_t small[2] = {0x3980, 0x3980}, factor[2] = {0x3980, 0x3980}; /* 2^-12 each */
  cr_expect_eq(dot(bf16, small, factor, 2, 0x3f800000u), 0x3f800001u);
  cr_expect_eq(dot(bf16, small, factor, 1, 0x3f800000u), 0x3f800000u, "a tie goes to even");
  cr_expect_eq(dot(bf16, small, factor, 1, 0x3f800001u), 0x3f800002u, "a tie goes to even");
}

Test(matrix, integers_wrap_or_clamp)
{
  struct sim_mma mma = {16, 8, 32, PTX_S32, PTX_U8, PTX_S8, PTX_S32, false, 0};
  const uint64_t a[2] = {255, 255}, up[2] = {127, 127}, down[2] = {0x80, 0x80};
  cr_expect_eq(dot(mma, a, up, 2, 0x7fffffffu), 0x7fffffffu + 64770u, "wraps");
  cr_expect_eq(dot(mma, a, down, 2, 0x80000000u), 0x80000000u - 65280u, "wraps");
  mma.satfinite = true;
  cr_expect_eq(dot(mma, a, up, 2, 0x7fffffffu), 0x7fffffffu);
  cr_expect_eq(dot(mma, a, up, 2, 0x7fffffffu - 64770u), 0x7fffffffu);
  cr_expect_eq(dot(mma, a, up, 2, 0x7fffffffu - 64771u), 0x7ffffffeu);
  cr_expect_eq(dot(mma, a, down, 2, 0x80000000u), 0x80000000u);
  cr_expect_eq(dot(mma, a, down, 2, 0x80000001u + 65280u), 0x80000001u);
}

Test(matrix, doubles_are_fused)
{
  struct sim_mma mma = {8, 8, 4, PTX_F64, PTX_F64, PTX_F64, PTX_F64, false, 0};
  /* (1 + 2^-30)² − (1 + 2^-29) = 2^-60: an unfused product loses it. */
  const uint64_t a = UINT64_C(0x3ff0000000400000), c = UINT64_C(0xbff0000000800000);
  cr_expect_eq(dot(mma, &a, &a, 1, c), UINT64_C(0x3c30000000000000));
}

Test(matrix, what_is_not_simulated_is_refused)
{
  struct sim_mma_plan plan;
  const struct sim_mma wrong[] = {{8, 8, 4, PTX_F32, PTX_F16, PTX_F16, PTX_F32, false, 0},
                                  {16, 8, 16, PTX_F16, PTX_BF16, PTX_BF16, PTX_F16, false, 0},
                                  {16, 8, 16, PTX_F32, PTX_BF16, PTX_F16, PTX_F32, false, 0},
                                  {16, 8, 16, PTX_F32, PTX_F16, PTX_F16, PTX_F16, false, 0},
                                  {16, 8, 32, PTX_S32, PTX_S8, PTX_S4, PTX_S32, false, 0},
                                  {16, 16, 16, PTX_F32, PTX_F16, PTX_F16, PTX_F32, false, 0},
                                  {16, 8, 128, PTX_S32, PTX_B1, PTX_B1, PTX_S32, false, 0},
                                  {16, 8, 16, PTX_F32, PTX_TF32, PTX_TF32, PTX_F32, false, 0}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    cr_expect_not(sim_mma_prepare(&wrong[i], &plan), "%zu", i);
  const char *const named[] = {"mma.sp.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32",
                               "mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32",
                               "mma.sync.aligned.kind::f8f6f4.m16n8k32.row.col.f32.e2m1.e4m3.f32",
                               "mma.sync.aligned.m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0",
                               "mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32",
                               "wmma.mma.sync.aligned.row.col.m16n16k16.f32.f32",
                               "ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8",
                               "ldmatrix.sync.aligned.m8n16.x4.shared.b8x16.b6x16_p32",
                               "stmatrix.sync.aligned.m16n8.x1.trans.shared.b8"};
  for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
    cr_expect_not_null(sim_mma_refusal(named[i], strlen(named[i])), "%s", named[i]);
  }
  const char *const good[] = {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32",
                              "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64",
                              "ldmatrix.sync.aligned.m8n8.x4.shared.b16", "mov.b32"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    cr_expect_null(sim_mma_refusal(good[i], strlen(good[i])), "%s", good[i]);
  }
}

/* Element (row, column) of matrix i is 256·i + 16·row + column + 1. */
static void matrices_fill(uint8_t (*bytes)[16])
{
  for (unsigned r = 0; r < 32; r++) {
    for (unsigned c = 0; c < 8; c++) {
      unsigned element = 256 * (r / 8) + 16 * (r % 8) + c + 1;
      bytes[r][2 * c] = (uint8_t)element;
      bytes[r][2 * c + 1] = (uint8_t)(element >> 8);
    }
  }
}

Test(matrix, ldmatrix_and_stmatrix)
{
  uint8_t bytes[32][16], back[32][16];
  uint32_t regs[4][32], *registers[4] = {regs[0], regs[1], regs[2], regs[3]};
  matrices_fill(bytes);
  for (unsigned count = 1; count <= 4; count *= 2) {
    for (int trans = 0; trans < 2; trans++) {
      memset(regs, 0xee, sizeof regs);
      memset(back, 0xee, sizeof back);
      sim_ldmatrix_scatter(count, trans, (const uint8_t(*)[16])bytes, registers);
      for (unsigned i = 0; i < 4; i++) {
        for (unsigned lane = 0; lane < 32; lane++) {
          unsigned row = lane / 4, column = 2 * (lane % 4);
          unsigned low = 256 * i + (trans ? 16 * column + row : 16 * row + column) + 1, high = low + (trans ? 16 : 1);
          cr_assert_eq(regs[i][lane], i < count ? low | high << 16 : 0xeeeeeeeeu, "x%u matrix %u lane %u", count, i,
                       lane);
        }
      }
      sim_stmatrix_gather(count, trans, (const uint32_t *const *)registers, back);
      cr_assert_arr_eq(back, bytes, 8 * count * 16);
      cr_assert(count == 4 || back[8 * count][0] == 0xee);
    }
  }
}

Test(matrix, movmatrix_transposes)
{
  uint8_t bytes[32][16];
  uint32_t reg[32], expected[32], *registers = reg, *transposed = expected;
  matrices_fill(bytes);
  sim_ldmatrix_scatter(1, false, (const uint8_t(*)[16])bytes, &registers);
  sim_ldmatrix_scatter(1, true, (const uint8_t(*)[16])bytes, &transposed);
  sim_movmatrix_run(reg, reg);
  cr_assert_arr_eq(reg, expected, sizeof reg);
}
