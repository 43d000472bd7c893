/* matrix_mma.c: the arithmetic of mma.sync; its accuracy is in sim_matrix.h.
 *
 * A register of A or B holds, over the warp, a tile of 8 lines by 4E elements of k in order (lane 4g + t: line g, elements E·t …), so
 * its lanes one after another are the tile row by row. Lines are rows of A and columns of B. A is unpacked to [row][k] and B to
 * [k][column]; then each row of D is a sum over k of a[row][k] · b[k][0 … 7], eight columns in one vector. */
#include <string.h>

#include "float_half.h"
#include "matrix_internal.h"

#define K_FLOAT 32 /* the largest k of each kind */
#define K_INT   64
#define K_F64   16

typedef double four_f64 __attribute__((vector_size(4 * sizeof(double)))); /* half a row of D */
typedef int32_t four_s32 __attribute__((vector_size(4 * sizeof(int32_t))));

/* Register and lane of C and D of 32 and 64 bits. */
static uint32_t c_register(uint32_t row, uint32_t column)
{
  return 2 * (row / 8) + column % 2;
}

static uint32_t c_lane(uint32_t row, uint32_t column)
{
  return 4 * (row % 8) + column / 2;
}

/* As sim_f16_value, with a bias of 7; all ones is NaN. */
SIM_INLINE float e4m3_value(uint32_t byte)
{
  float magnitude = sim_f32_value((byte & 0x7f) << 20) * 0x1p120f;
  uint32_t bits = (byte & 0x7f) == 0x7f ? SIM_F32_NAN : sim_f32_bits(magnitude);
  return sim_f32_value(bits | (byte & 0x80) << 24);
}

/* A register's elements in order: 32 · E values, E returned. */
SIM_INLINE uint32_t unpack_floats(enum ptx_type type, const uint32_t *reg, float *to)
{
  switch (type) {
  case PTX_BF16:
    for (int i = 0; i < PTX_LANES; i++) {
      to[2 * i] = sim_f32_value(reg[i] << 16);
      to[2 * i + 1] = sim_f32_value(reg[i] & 0xffff0000u);
    }
    return 2;
  case PTX_F16:
    for (int i = 0; i < PTX_LANES; i++) {
      to[2 * i] = sim_f16_value(reg[i] & 0xffff);
      to[2 * i + 1] = sim_f16_value(reg[i] >> 16);
    }
    return 2;
  case PTX_E4M3:
    for (int i = 0; i < 4 * PTX_LANES; i++) to[i] = e4m3_value((reg[i / 4] >> 8 * (i % 4)) & 0xff);
    return 4;
  case PTX_E5M2: /* the upper byte of an f16 */
    for (int i = 0; i < 4 * PTX_LANES; i++) to[i] = sim_f16_value(((reg[i / 4] >> 8 * (i % 4)) & 0xff) << 8);
    return 4;
  default: /* TF32 */
    for (int i = 0; i < PTX_LANES; i++) to[i] = sim_f32_value(reg[i] & 0xffffe000u);
    return 1;
  }
}

/* Operands of one float mma as doubles: what a lane holds of them is in sim_matrix.h. */
struct floats {
  double a[SIM_MMA_M_MAX][K_FLOAT]; /* [row][k] */
  four_f64 b[K_FLOAT][2];           /* [k][column] */
  four_f64 sum[SIM_MMA_M_MAX][2];   /* C, then D */
};

SIM_INLINE void load_floats(const struct sim_mma_plan *plan, enum ptx_type type_a, enum ptx_type type_b,
                            const void *const *a, const void *const *b, struct floats *f)
{
  float values[4 * PTX_LANES];
  uint32_t high = plan->mma.m / 8; /* tiles one above another */
  for (uint32_t r = 0; r < plan->registers_a; r++) {
    uint32_t width = 4 * unpack_floats(type_a, a[r], values);
    for (uint32_t g = 0; g < 8; g++) {
      double *line = &f->a[8 * (r % high) + g][width * (r / high)];
      for (uint32_t x = 0; x < width; x++) line[x] = (double)values[g * width + x];
    }
  }
  for (uint32_t r = 0; r < plan->registers_b; r++) {
    uint32_t width = 4 * unpack_floats(type_b, b[r], values);
    for (uint32_t x = 0; x < width; x++) {
      for (uint32_t g = 0; g < 8; g++) f->b[width * r + x][g / 4][g % 4] = (double)values[g * width + x];
    }
  }
}

/* C: register 2h + j (f32) or half j of register h (f16), lane 4g + t: row 8h + g, column 2t + j. */
SIM_INLINE void load_sums(const struct sim_mma_plan *plan, bool half, const void *const *c, struct floats *f)
{
  for (uint32_t h = 0; h < plan->mma.m / 8u; h++) {
    for (uint32_t j = 0; j < 2; j++) {
      const uint32_t *reg = half ? c[h] : c[2 * h + j];
      for (uint32_t lane = 0; lane < PTX_LANES; lane++) {
        float value = half ? sim_f16_value((reg[lane] >> 16 * j) & 0xffff) : sim_f32_value(reg[lane]);
        f->sum[8 * h + lane / 4][lane % 4 / 2][2 * (lane % 2) + j] = (double)value;
      }
    }
  }
}

SIM_INLINE void store_sums(const struct sim_mma_plan *plan, bool half, void *const *d, const struct floats *f)
{
  for (uint32_t h = 0; h < plan->mma.m / 8u; h++) {
    for (uint32_t j = 0; j < 2; j++) {
      uint32_t *reg = half ? d[h] : d[2 * h + j];
      for (uint32_t lane = 0; lane < PTX_LANES; lane++) {
        double sum = f->sum[8 * h + lane / 4][lane % 4 / 2][2 * (lane % 2) + j];
        if (half) {
          uint32_t value = sim_f16_round(sum);
          reg[lane] = j ? reg[lane] | value << 16 : value;
        } else {
          uint32_t value = sim_f32_bits((float)sum);
          reg[lane] = (value & 0x7fffffffu) > 0x7f800000u ? SIM_F32_NAN : value;
        }
      }
    }
  }
}

/* Products of operands of up to 11 bits have 22, exact in double whether or not the compiler fuses. Four rows at a time keep enough
 * independent additions in flight. */
SIM_INLINE void multiply_floats(uint32_t m, uint32_t k, struct floats *f)
{
  for (uint32_t row = 0; row < m; row += 4) {
    for (uint32_t half = 0; half < 2; half++) {
      four_f64 *sums = &f->sum[row][half];
      four_f64 sum0 = sums[0], sum1 = sums[2], sum2 = sums[4], sum3 = sums[6];
      for (uint32_t x = 0; x < k; x++) {
        four_f64 column = f->b[x][half];
        sum0 += f->a[row][x] * column;
        sum1 += f->a[row + 1][x] * column;
        sum2 += f->a[row + 2][x] * column;
        sum3 += f->a[row + 3][x] * column;
      }
      sums[0] = sum0;
      sums[2] = sum1;
      sums[4] = sum2;
      sums[6] = sum3;
    }
  }
}

struct operands {
  void *const *d;
  const void *const *a, *const *b, *const *c;
};

SIM_INLINE void run_typed(const struct sim_mma_plan *plan, enum ptx_type a, enum ptx_type b, const struct operands *o)
{
  struct floats f;
  load_floats(plan, a, b, o->a, o->b, &f);
  if (plan->mma.c == PTX_F16)
    load_sums(plan, true, o->c, &f);
  else
    load_sums(plan, false, o->c, &f);
  multiply_floats(plan->mma.m, plan->mma.k, &f);
  if (plan->mma.d == PTX_F16)
    store_sums(plan, true, o->d, &f);
  else
    store_sums(plan, false, o->d, &f);
}

SIM_INLINE void run_floats(const struct sim_mma_plan *plan, const struct operands *o)
{
  switch (plan->mma.a) {
  case PTX_BF16: run_typed(plan, PTX_BF16, PTX_BF16, o); break;
  case PTX_F16: run_typed(plan, PTX_F16, PTX_F16, o); break;
  case PTX_TF32: run_typed(plan, PTX_TF32, PTX_TF32, o); break;
  default: run_typed(plan, (enum ptx_type)plan->mma.a, (enum ptx_type)plan->mma.b, o); break;
  }
}

/* A processor's wider registers change the time and nothing else: every operation is exact or rounds as IEEE 754 says. */
#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void run_floats_avx2(const struct sim_mma_plan *plan,
                                                                const struct operands *o)
{
  run_floats(plan, o);
}
static bool has_avx2(void)
{
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#else
static void run_floats_avx2(const struct sim_mma_plan *plan, const struct operands *o)
{
  run_floats(plan, o);
}
static bool has_avx2(void)
{
  return false;
}
#endif

void sim_mma_floats(const struct sim_mma_plan *plan, void *const *d, const void *const *a, const void *const *b,
                    const void *const *c)
{
  const struct operands operands = {d, a, b, c};
  if (has_avx2())
    run_floats_avx2(plan, &operands);
  else
    run_floats(plan, &operands);
}

void sim_mma_doubles(const struct sim_mma_plan *plan, void *const *d, const void *const *a, const void *const *b,
                     const void *const *c)
{
  uint64_t bits[4][PTX_LANES];
  uint32_t high = plan->mma.m / 8;
  for (uint32_t row = 0; row < plan->mma.m; row++) {
    for (uint32_t column = 0; column < SIM_MMA_N; column++) {
      uint32_t r = c_register(row, column), lane = c_lane(row, column);
      double sum = sim_f64_value(((const uint64_t *)c[r])[lane]);
      for (uint32_t x = 0; x < plan->mma.k; x++) {
        const uint64_t *reg_a = a[high * (x / 4) + row / 8], *reg_b = b[x / 4];
        sum = fma(sim_f64_value(reg_a[4 * (row % 8) + x % 4]), sim_f64_value(reg_b[4 * column + x % 4]), sum);
      }
      bits[r][lane] = isnan(sum) ? sim_float_round(PTX_F64, sum) : sim_f64_bits(sum);
    }
  }
  for (uint32_t r = 0; r < plan->registers_c; r++) memcpy(d[r], bits[r], sizeof bits[r]);
}

static uint32_t unpack_integers(enum ptx_type type, const uint32_t *reg, int32_t *to)
{
  switch (type) {
  case PTX_S8:
    for (int i = 0; i < 4 * PTX_LANES; i++) to[i] = (int8_t)(reg[i / 4] >> 8 * (i % 4));
    return 4;
  case PTX_U8:
    for (int i = 0; i < 4 * PTX_LANES; i++) to[i] = (uint8_t)(reg[i / 4] >> 8 * (i % 4));
    return 4;
  case PTX_S4:
    for (int i = 0; i < 8 * PTX_LANES; i++) to[i] = (int32_t)((((reg[i / 8] >> 4 * (i % 8)) & 15) ^ 8)) - 8;
    return 8;
  default: /* U4 */
    for (int i = 0; i < 8 * PTX_LANES; i++) to[i] = (int32_t)((reg[i / 8] >> 4 * (i % 8)) & 15);
    return 8;
  }
}

/* A dot product of integers plus its accumulator: 64 · 255² is far from 2^31, so it is exact until here. */
static uint32_t accumulate(const struct sim_mma_plan *plan, uint32_t c, int32_t dot)
{
  int64_t sum = (int64_t)(int32_t)c + dot;
  if (!plan->mma.satfinite) return c + (uint32_t)dot;
  return (uint32_t)(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
}

static void load_integers(const struct sim_mma_plan *plan, const void *const *a, const void *const *b,
                          int32_t (*to_a)[K_INT], four_s32 (*to_b)[2])
{
  int32_t values[8 * PTX_LANES];
  uint32_t high = plan->mma.m / 8;
  for (uint32_t r = 0; r < plan->registers_a; r++) {
    uint32_t width = 4 * unpack_integers((enum ptx_type)plan->mma.a, a[r], values);
    for (uint32_t g = 0; g < 8; g++) {
      memcpy(&to_a[8 * (r % high) + g][width * (r / high)], &values[g * width], width * sizeof values[0]);
    }
  }
  for (uint32_t r = 0; r < plan->registers_b; r++) {
    uint32_t width = 4 * unpack_integers((enum ptx_type)plan->mma.b, b[r], values);
    for (uint32_t x = 0; x < width; x++) {
      for (uint32_t g = 0; g < 8; g++) to_b[width * r + x][g / 4][g % 4] = values[g * width + x];
    }
  }
}

static void store_integers(const struct sim_mma_plan *plan, void *const *d, const void *const *c,
                           const four_s32 (*dots)[2])
{
  uint32_t bits[4][PTX_LANES];
  for (uint32_t row = 0; row < plan->mma.m; row++) {
    for (uint32_t column = 0; column < SIM_MMA_N; column++) {
      uint32_t r = c_register(row, column), lane = c_lane(row, column);
      bits[r][lane] = accumulate(plan, ((const uint32_t *)c[r])[lane], dots[row][column / 4][column % 4]);
    }
  }
  for (uint32_t r = 0; r < plan->registers_c; r++) memcpy(d[r], bits[r], sizeof bits[r]);
}

void sim_mma_integers(const struct sim_mma_plan *plan, void *const *d, const void *const *a, const void *const *b,
                      const void *const *c)
{
  int32_t rows[SIM_MMA_M_MAX][K_INT];
  four_s32 columns[K_INT][2], dots[SIM_MMA_M_MAX][2];
  load_integers(plan, a, b, rows, columns);
  for (uint32_t row = 0; row < plan->mma.m; row++) {
    four_s32 low = {0}, high = {0};
    for (uint32_t x = 0; x < plan->mma.k; x++) {
      low += rows[row][x] * columns[x][0];
      high += rows[row][x] * columns[x][1];
    }
    dots[row][0] = low;
    dots[row][1] = high;
  }
  store_integers(plan, d, c, (const four_s32(*)[2])dots);
}

/* Single bits: a register is 32 of k, so word w of a line is in lane 4 · line + w % 4 of the w / 4-th register along k. */
void sim_mma_bits(const struct sim_mma_plan *plan, void *const *d, const void *const *a, const void *const *b,
                  const void *const *c)
{
  four_s32 dots[SIM_MMA_M_MAX][2];
  uint32_t high = plan->mma.m / 8;
  for (uint32_t row = 0; row < plan->mma.m; row++) {
    for (uint32_t column = 0; column < SIM_MMA_N; column++) {
      int32_t dot = 0;
      for (uint32_t w = 0; w < plan->mma.k / 32u; w++) {
        uint32_t x = ((const uint32_t *)a[high * (w / 4) + row / 8])[4 * (row % 8) + w % 4];
        uint32_t y = ((const uint32_t *)b[w / 4])[4 * column + w % 4];
        dot += __builtin_popcount(plan->mma.bits == PTX_OP_AND ? x & y : x ^ y);
      }
      dots[row][column / 4][column % 4] = dot;
    }
  }
  store_integers(plan, d, c, (const four_s32(*)[2])dots);
}
