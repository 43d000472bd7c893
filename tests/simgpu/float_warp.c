/* float_warp.c: a warp's lanes at once. Round to nearest in f32 and f64 is what the host does, so those go through its own + × fma ÷ √:
 * loops over 32 lanes that the compiler vectorises; NaN, .ftz and .sat are mended on the bits after. Everything else goes lane by lane
 * through sim_float_compute. fmaf and fma are exact on every host (in software where it has no such instruction). */
#include "float_internal.h"

#define LANES PTX_LANES

static uint32_t flush32(uint32_t bits)
{
  return (bits & 0x7f800000u) ? bits : bits & 0x80000000u;
}

static bool native32(const struct sim_float_op *op)
{
  bool nearest = op->rounding == PTX_ROUND_DEFAULT || op->rounding == PTX_RN;
  bool arithmetic = op->op == PTX_DO_ADD || op->op == PTX_DO_SUB || op->op == PTX_DO_MUL || op->op == PTX_DO_FMA ||
                    op->op == PTX_DO_MAD || op->op == PTX_DO_RCP || op->op == PTX_DO_SQRT ||
                    (op->op == PTX_DO_DIV && (op->flags & PTX_APPROX) == 0);
  return op->type == PTX_F32 && nearest && arithmetic && (op->flags & PTX_RELU) == 0;
}

static void load32(float *to, const uint32_t *from, bool ftz)
{
  uint32_t bits[LANES];
  for (int i = 0; i < LANES; i++) bits[i] = ftz ? flush32(from[i]) : from[i];
  memcpy(to, bits, sizeof bits);
}

/* NaN canonical, subnormals to zero with ftz, into [0, 1] with sat (NaN to +0). */
static void mend32(uint32_t *bits, uint32_t flags)
{
  for (int i = 0; i < LANES; i++) bits[i] = (bits[i] & 0x7fffffffu) > 0x7f800000u ? SIM_F32_NAN : bits[i];
  if (flags & PTX_FTZ) {
    for (int i = 0; i < LANES; i++) bits[i] = flush32(bits[i]);
  }
  if (flags & PTX_SAT) {
    for (int i = 0; i < LANES; i++) {
      bool zero = bits[i] == SIM_F32_NAN || (bits[i] >> 31);
      bits[i] = zero ? 0 : bits[i] > 0x3f800000u ? 0x3f800000u : bits[i];
    }
  }
}

static void store32(uint32_t mask, uint32_t *d, const uint32_t *bits)
{
  if (mask == UINT32_MAX) {
    memcpy(d, bits, LANES * sizeof *d);
    return;
  }
  for (int i = 0; i < LANES; i++) d[i] = (mask >> i) & 1 ? bits[i] : d[i];
}

static void run_native32(const struct sim_float_op *op, uint32_t *bits, const uint32_t *a, const uint32_t *b,
                         const uint32_t *c)
{
  float x[LANES], y[LANES], z[LANES];
  bool ftz = (op->flags & PTX_FTZ) != 0;
  load32(x, a, ftz);
  load32(y, b != NULL ? b : a, ftz);
  switch (op->op) {
  case PTX_DO_ADD:
    for (int i = 0; i < LANES; i++) x[i] += y[i];
    break;
  case PTX_DO_SUB:
    for (int i = 0; i < LANES; i++) x[i] -= y[i];
    break;
  case PTX_DO_MUL:
    for (int i = 0; i < LANES; i++) x[i] *= y[i];
    break;
  case PTX_DO_DIV:
    for (int i = 0; i < LANES; i++) x[i] /= y[i];
    break;
  case PTX_DO_RCP:
    for (int i = 0; i < LANES; i++) x[i] = 1.0f / x[i];
    break;
  case PTX_DO_SQRT:
    for (int i = 0; i < LANES; i++) x[i] = sqrtf(x[i]);
    break;
  default:
    load32(z, c, ftz);
    for (int i = 0; i < LANES; i++) x[i] = fmaf(x[i], y[i], z[i]);
    break;
  }
  memcpy(bits, x, sizeof x);
  mend32(bits, op->flags);
}

static bool min_max32(const struct sim_float_op *op)
{
  return op->type == PTX_F32 && (op->op == PTX_DO_MIN || op->op == PTX_DO_MAX) && op->operands != 3 &&
         (op->flags & (PTX_XORSIGN_ABS | PTX_ABS | PTX_RELU | PTX_SAT)) == 0;
}

/* As integers, with the order of negative numbers turned round, floats compare as numbers, −0 below +0. */
static void run_min_max32(const struct sim_float_op *op, uint32_t *bits, const uint32_t *a, const uint32_t *b)
{
  bool ftz = (op->flags & PTX_FTZ) != 0, keeps_nan = (op->flags & PTX_NAN_RESULT) != 0, min = op->op == PTX_DO_MIN;
  for (int i = 0; i < LANES; i++) {
    uint32_t x = ftz ? flush32(a[i]) : a[i], y = ftz ? flush32(b[i]) : b[i];
    int32_t rank_x = (int32_t)(x >> 31 ? x ^ 0x7fffffffu : x), rank_y = (int32_t)(y >> 31 ? y ^ 0x7fffffffu : y);
    bool nan_x = (x & 0x7fffffffu) > 0x7f800000u, nan_y = (y & 0x7fffffffu) > 0x7f800000u;
    uint32_t result = (rank_x < rank_y) == min ? x : y;
    result = nan_x ? y : nan_y ? x : result;
    bits[i] = (nan_x && nan_y) || (keeps_nan && (nan_x || nan_y)) ? SIM_F32_NAN : result;
  }
}

void sim_float_warp32(const struct sim_float_op *op, uint32_t mask, uint32_t *d, const uint32_t *a, const uint32_t *b,
                      const uint32_t *c)
{
  uint32_t bits[LANES];
  if (native32(op)) {
    run_native32(op, bits, a, b, c);
    store32(mask, d, bits);
    return;
  }
  if (min_max32(op)) {
    run_min_max32(op, bits, a, b);
    store32(mask, d, bits);
    return;
  }
  for (uint32_t i = 0; i < LANES; i++) {
    if (((mask >> i) & 1) == 0) continue;
    d[i] = (uint32_t)sim_float_compute(op, a[i], b != NULL ? b[i] : 0, c != NULL ? c[i] : 0);
  }
}

/* One lane of .f64; a NaN's payload is sim_float_compute's business. False: not done. */
static bool native64(const struct sim_float_op *op, uint64_t *d, uint64_t a, uint64_t b, uint64_t c)
{
  double x = sim_f64_value(a), y = sim_f64_value(b), result;
  if (op->type != PTX_F64 || (op->rounding != PTX_RN && op->rounding != PTX_ROUND_DEFAULT)) return false;
  switch (op->op) {
  case PTX_DO_ADD: result = x + y; break;
  case PTX_DO_SUB: result = x - y; break;
  case PTX_DO_MUL: result = x * y; break;
  case PTX_DO_FMA:
  case PTX_DO_MAD: result = fma(x, y, sim_f64_value(c)); break;
  default: return false;
  }
  if (isnan(result)) return false;
  *d = sim_f64_bits(result);
  return true;
}

void sim_float_warp64(const struct sim_float_op *op, uint32_t mask, uint64_t *d, const uint64_t *a, const uint64_t *b,
                      const uint64_t *c)
{
  for (uint32_t i = 0; i < LANES; i++) {
    if (((mask >> i) & 1) == 0) continue;
    uint64_t x = a[i], y = b != NULL ? b[i] : 0, z = c != NULL ? c[i] : 0;
    if (!native64(op, &d[i], x, y, z)) d[i] = sim_float_compute(op, x, y, z);
  }
}
