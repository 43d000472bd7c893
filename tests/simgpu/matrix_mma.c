/* matrix_mma.c: the arithmetic of mma.sync; its accuracy is in sim_matrix.h.
 *
 * A register of A or B holds, over the warp, a tile of 8 lines by 4E elements of k in order (lane 4g + t: line g, elements E·t …), so
 * its lanes one after another are the tile row by row. Lines are rows of A and columns of B. A is unpacked to [row][k] and B to
 * [k][column]; then each row of D is a sum over k of a[row][k] · b[k][0 … 7], eight columns in one vector. */
#include <string.h>

#include "float_internal.h"
#include "matrix_internal.h"

#define K_FLOAT 32 /* the largest k of each kind */
#define K_INT   64
#define K_F64   16

typedef double columns_f64 __attribute__((vector_size(SIM_MMA_N * sizeof(double))));
typedef int32_t columns_s32 __attribute__((vector_size(SIM_MMA_N * sizeof(int32_t))));

/* Register and lane of C and D of 32 and 64 bits. */
static uint32_t c_register(uint32_t row, uint32_t column)
{
  return 2 * (row / 8) + column % 2;
}

static uint32_t c_lane(uint32_t row, uint32_t column)
{
  return 4 * (row % 8) + column / 2;
}

/* Half precision is single precision with another bias: the bits as an f32's are off by 2^(127 − 15), subnormals too; ∞ and NaN are
 * what was above 2^16. */
static float f16_value(uint32_t half)
{
  float magnitude = sim_f32_value((half & 0x7fff) << 13) * 0x1p112f;
  uint32_t bits = sim_f32_bits(magnitude);
  bits = (half & 0x7c00) == 0x7c00 ? bits | 0x7f800000u : bits;
  return sim_f32_value(bits | (half & 0x8000) << 16);
}

/* The same with a bias of 7; all ones is NaN. */
static float e4m3_value(uint32_t byte)
{
  float magnitude = sim_f32_value((byte & 0x7f) << 20) * 0x1p120f;
  uint32_t bits = (byte & 0x7f) == 0x7f ? SIM_F32_NAN : sim_f32_bits(magnitude);
  return sim_f32_value(bits | (byte & 0x80) << 24);
}

/* A register's elements in order: 32 · E values, E returned. */
static uint32_t unpack_floats(enum ptx_type type, const uint32_t *reg, float *to)
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
      to[2 * i] = f16_value(reg[i] & 0xffff);
      to[2 * i + 1] = f16_value(reg[i] >> 16);
    }
    return 2;
  case PTX_E4M3:
    for (int i = 0; i < 4 * PTX_LANES; i++) to[i] = e4m3_value((reg[i / 4] >> 8 * (i % 4)) & 0xff);
    return 4;
  case PTX_E5M2: /* the upper byte of an f16 */
    for (int i = 0; i < 4 * PTX_LANES; i++) to[i] = f16_value(((reg[i / 4] >> 8 * (i % 4)) & 0xff) << 8);
    return 4;
  default: /* TF32 */
    for (int i = 0; i < PTX_LANES; i++) to[i] = sim_f32_value(reg[i] & 0xffffe000u);
    return 1;
  }
}

static void load_floats(const struct sim_mma_plan *plan, const void *const *a, const void *const *b,
                        double (*to_a)[K_FLOAT], columns_f64 *to_b)
{
  float values[4 * PTX_LANES];
  uint32_t high = plan->mma.m / 8; /* tiles one above another */
  for (uint32_t r = 0; r < plan->registers_a; r++) {
    uint32_t width = 4 * unpack_floats((enum ptx_type)plan->mma.a, a[r], values);
    for (uint32_t g = 0; g < 8; g++) {
      double *line = &to_a[8 * (r % high) + g][width * (r / high)];
      for (uint32_t x = 0; x < width; x++) line[x] = (double)values[g * width + x];
    }
  }
  for (uint32_t r = 0; r < plan->registers_b; r++) {
    uint32_t width = 4 * unpack_floats((enum ptx_type)plan->mma.b, b[r], values);
    for (uint32_t x = 0; x < width; x++) {
      for (uint32_t g = 0; g < 8; g++) to_b[width * r + x][g] = (double)values[g * width + x];
    }
  }
}

static double c_value(const struct sim_mma_plan *plan, const void *const *c, uint32_t row, uint32_t column)
{
  if (plan->mma.c == PTX_F16) {
    const uint32_t *reg = c[row / 8];
    return (double)f16_value((reg[c_lane(row, column)] >> 16 * (column % 2)) & 0xffff);
  }
  const uint32_t *reg = c[c_register(row, column)];
  return (double)sim_f32_value(reg[c_lane(row, column)]);
}

static void store_floats(const struct sim_mma_plan *plan, void *const *d, const columns_f64 *sums)
{
  uint32_t bits[4][PTX_LANES];
  bool half = plan->mma.d == PTX_F16;
  for (uint32_t row = 0; row < plan->mma.m; row++) {
    for (uint32_t column = 0; column < SIM_MMA_N; column++) {
      uint32_t lane = c_lane(row, column);
      if (half) {
        uint32_t value = (uint32_t)sim_float_round(PTX_F16, sums[row][column]);
        bits[row / 8][lane] = column % 2 ? bits[row / 8][lane] | value << 16 : value;
      } else {
        uint32_t value = sim_f32_bits((float)sums[row][column]);
        bits[c_register(row, column)][lane] = (value & 0x7fffffffu) > 0x7f800000u ? SIM_F32_NAN : value;
      }
    }
  }
  for (uint32_t r = 0; r < plan->registers_c; r++) memcpy(d[r], bits[r], sizeof bits[r]);
}

/* Products of operands of up to 11 bits have 22, exact in double whether or not the compiler fuses. Two rows at a time keep enough
 * independent additions in flight. */
void sim_mma_floats(const struct sim_mma_plan *plan, void *const *d, const void *const *a, const void *const *b,
                    const void *const *c)
{
  double rows[SIM_MMA_M_MAX][K_FLOAT];
  columns_f64 columns[K_FLOAT], sums[SIM_MMA_M_MAX];
  uint32_t k = plan->mma.k;
  load_floats(plan, a, b, rows, columns);
  for (uint32_t row = 0; row < plan->mma.m; row++) {
    for (uint32_t column = 0; column < SIM_MMA_N; column++) sums[row][column] = c_value(plan, c, row, column);
  }
  for (uint32_t row = 0; row < plan->mma.m; row += 2) {
    columns_f64 sum0 = sums[row], sum1 = sums[row + 1];
    for (uint32_t x = 0; x < k; x++) {
      sum0 += rows[row][x] * columns[x];
      sum1 += rows[row + 1][x] * columns[x];
    }
    sums[row] = sum0;
    sums[row + 1] = sum1;
  }
  store_floats(plan, d, sums);
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
                          int32_t (*to_a)[K_INT], columns_s32 *to_b)
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
      for (uint32_t g = 0; g < 8; g++) to_b[width * r + x][g] = values[g * width + x];
    }
  }
}

static void store_integers(const struct sim_mma_plan *plan, void *const *d, const void *const *c,
                           const columns_s32 *dots)
{
  uint32_t bits[4][PTX_LANES];
  for (uint32_t row = 0; row < plan->mma.m; row++) {
    for (uint32_t column = 0; column < SIM_MMA_N; column++) {
      uint32_t r = c_register(row, column), lane = c_lane(row, column);
      bits[r][lane] = accumulate(plan, ((const uint32_t *)c[r])[lane], dots[row][column]);
    }
  }
  for (uint32_t r = 0; r < plan->registers_c; r++) memcpy(d[r], bits[r], sizeof bits[r]);
}

void sim_mma_integers(const struct sim_mma_plan *plan, void *const *d, const void *const *a, const void *const *b,
                      const void *const *c)
{
  int32_t rows[SIM_MMA_M_MAX][K_INT];
  columns_s32 columns[K_INT], dots[SIM_MMA_M_MAX];
  load_integers(plan, a, b, rows, columns);
  for (uint32_t row = 0; row < plan->mma.m; row++) {
    columns_s32 dot = {0};
    for (uint32_t x = 0; x < plan->mma.k; x++) dot += rows[row][x] * columns[x];
    dots[row] = dot;
  }
  store_integers(plan, d, c, dots);
}

/* Single bits: a register is 32 of k, so word w of a line is in lane 4 · line + w % 4 of the w / 4-th register along k. */
void sim_mma_bits(const struct sim_mma_plan *plan, void *const *d, const void *const *a, const void *const *b,
                  const void *const *c)
{
  columns_s32 dots[SIM_MMA_M_MAX];
  uint32_t high = plan->mma.m / 8;
  for (uint32_t row = 0; row < plan->mma.m; row++) {
    for (uint32_t column = 0; column < SIM_MMA_N; column++) {
      int32_t dot = 0;
      for (uint32_t w = 0; w < plan->mma.k / 32u; w++) {
        uint32_t x = ((const uint32_t *)a[high * (w / 4) + row / 8])[4 * (row % 8) + w % 4];
        uint32_t y = ((const uint32_t *)b[w / 4])[4 * column + w % 4];
        dot += __builtin_popcount(plan->mma.bits == PTX_OP_AND ? x & y : x ^ y);
      }
      dots[row][column] = dot;
    }
  }
  store_integers(plan, d, c, dots);
}
