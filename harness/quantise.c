/* quantise.c: see tokmark/quantise.h. */
#include "tokmark/quantise.h"

#include <math.h>

#define I8_LARGEST 127
#define I4_LARGEST 7

/* Elements in one go: a multiple of every block. */
#define RUN 256

bool tmk_quantises_x(enum tmk_dtype weight_dtype)
{
  return weight_dtype == TMK_DTYPE_F8E4M3 || weight_dtype == TMK_DTYPE_NVFP4 || tmk_quantises_rows(weight_dtype);
}

bool tmk_quantises_rows(enum tmk_dtype weight_dtype)
{
  return weight_dtype == TMK_DTYPE_I8 || weight_dtype == TMK_DTYPE_I4;
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
  if (dtype == TMK_DTYPE_I8) reach = I8_LARGEST;
  if (reach == 0 || !(largest > 0)) return 1;
  int exponent;
  const double fraction = frexp((double)largest / reach, &exponent); /* in ½ … 1: a power of two is ½ itself */
  return (float)ldexp(1.0, fraction == 0.5 ? exponent - 1 : exponent);
}

/* Of those and `largest`; NaN if one of them is. */
static float largest_of(float largest, int64_t count, const float *values)
{
  for (int64_t i = 0; i < count && !isnan(largest); i++) {
    if (!(fabsf(values[i]) <= largest)) largest = fabsf(values[i]);
  }
  return largest;
}

/* v / scale to the nearest of −most … most; 0 where the scale is 0. A scale of NaN gives NaN. */
static double integer_of(float v, float scale, int most)
{
  if (scale == 0) return 0;
  const float q = nearbyintf(v / scale);
  return (double)(q > (float)most ? (float)most : q < (float)-most ? (float)-most : q) * (double)scale;
}

static void quantise_i4_block(int64_t count, const float *values, double *logical)
{
  const float scale = tmk_f16_to_f32(tmk_f32_to_f16(largest_of(0, count, values) / I4_LARGEST));
  for (int64_t i = 0; i < count; i++) logical[i] = integer_of(values[i], scale, I4_LARGEST);
}

static void quantise_block(float tensor_scale, int64_t count, const float *values, double *logical)
{
  const float largest = largest_of(0, count, values);
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
  if (dtype == TMK_DTYPE_I4) {
    for (int64_t i = 0; i < count; i += TMK_I4_BLOCK) {
      quantise_i4_block(count - i < TMK_I4_BLOCK ? count - i : TMK_I4_BLOCK, values + i, logical + i);
    }
    return;
  }
  if (dtype == TMK_DTYPE_I8) {
    for (int64_t i = 0; i < count; i++) logical[i] = integer_of(values[i], scale, I8_LARGEST);
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

/* The run of x from k on, as float32; returns its length. */
static int64_t take_run(int64_t count, const double *x, int64_t k, float run[RUN])
{
  const int64_t part = count - k < RUN ? count - k : RUN;
  for (int64_t i = 0; i < part; i++) run[i] = (float)x[k + i];
  return part;
}

void tmk_quantise_x(enum tmk_dtype weight_dtype, int64_t count, const double *x, double *rounded)
{
  float run[RUN], scale = tmk_quantise_x_scale(weight_dtype);
  if (tmk_quantises_rows(weight_dtype)) {
    float largest = 0;
    for (int64_t k = 0; k < count; k += RUN) largest = largest_of(largest, take_run(count, x, k, run), run);
    scale = largest / I8_LARGEST;
    weight_dtype = TMK_DTYPE_I8;
  }
  for (int64_t k = 0; k < count; k += RUN) {
    const int64_t part = take_run(count, x, k, run);
    tmk_quantise_row(weight_dtype, scale, part, run, rounded + k);
  }
}
