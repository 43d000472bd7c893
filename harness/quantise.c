/* quantise.c: see tokmark/quantise.h. */
#include "tokmark/quantise.h"

#include <math.h>

/* Elements in one go: a multiple of every block. */
#define RUN 256

bool tmk_quantises_x(enum tmk_dtype weight_dtype)
{
  return weight_dtype == TMK_DTYPE_F8E4M3 || weight_dtype == TMK_DTYPE_NVFP4;
}

float tmk_quantise_x_scale(enum tmk_dtype weight_dtype)
{
  if (weight_dtype == TMK_DTYPE_F8E4M3) return TMK_F8E4M3_X_SCALE;
  return weight_dtype == TMK_DTYPE_NVFP4 ? TMK_NVFP4_X_SCALE : 1;
}

float tmk_quantise_scale(enum tmk_dtype dtype, float largest)
{
  const double e4m3_largest = tmk_dtype_get(TMK_DTYPE_F8E4M3)->largest;
  double reach = 0; /* of scale 1 */
  if (dtype == TMK_DTYPE_F8E4M3) reach = e4m3_largest;
  if (dtype == TMK_DTYPE_NVFP4) reach = e4m3_largest * tmk_dtype_get(dtype)->largest;
  if (reach == 0 || !(largest > 0)) return 1;
  int exponent;
  const double fraction = frexp((double)largest / reach, &exponent); /* in ½ … 1: a power of two is ½ itself */
  return (float)ldexp(1.0, fraction == 0.5 ? exponent - 1 : exponent);
}

static void quantise_block(float tensor_scale, int64_t count, const float *values, double *logical)
{
  float largest = 0;
  for (int64_t i = 0; i < count; i++) {
    if (!(fabsf(values[i]) <= largest)) largest = fabsf(values[i]); /* takes a NaN, and then keeps it */
    if (isnan(largest)) break;
  }
  const double block_scale = tmk_e4m3_value(tmk_e4m3_from((double)(largest / (6 * tensor_scale))));
  const float scale = (float)block_scale * tensor_scale;
  for (int64_t i = 0; i < count; i++) {
    const double element = scale == 0 ? 0.0 : tmk_e2m1_value(tmk_e2m1_from((double)(values[i] / scale)));
    logical[i] = element * block_scale * (double)tensor_scale;
  }
}

void tmk_quantise_row(enum tmk_dtype dtype, float scale, int64_t count, const float *values, double *logical)
{
  if (dtype == TMK_DTYPE_NVFP4) {
    for (int64_t i = 0; i < count; i += TMK_NVFP4_BLOCK) {
      const int64_t block = count - i < TMK_NVFP4_BLOCK ? count - i : TMK_NVFP4_BLOCK;
      quantise_block(scale, block, values + i, logical + i);
    }
    return;
  }
  if (dtype == TMK_DTYPE_BF16) { /* of float32, this is one rounding too, and it vectorises */
    for (int64_t i = 0; i < count; i++) logical[i] = (double)tmk_bf16_to_f32(tmk_f32_to_bf16(values[i]));
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    tmk_dtype_round(dtype, (double)(values[i] / scale), &logical[i]);
    logical[i] *= (double)scale;
  }
}

void tmk_quantise_x(enum tmk_dtype weight_dtype, int64_t count, const double *x, double *rounded)
{
  float run[RUN];
  for (int64_t k = 0; k < count; k += RUN) {
    const int64_t part = count - k < RUN ? count - k : RUN;
    for (int64_t i = 0; i < part; i++) run[i] = (float)x[k + i];
    tmk_quantise_row(weight_dtype, tmk_quantise_x_scale(weight_dtype), part, run, rounded + k);
  }
}
