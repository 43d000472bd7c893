/* plan_rope.c: frequencies of rotary position embedding, for every scaling that model.h knows.
 *
 * Base: inv_freq[i] = theta^(−2i/dim), i < dim/2 (Su et al. 2021, "RoFormer", section 3.2.2).
 */
#include <math.h>

#include "tokmark/plan.h"

#define PI 3.14159265358979323846

/* Llama 3.1 (meta-llama/llama-models, apply_scaling; Hugging Face transformers, modeling_rope_utils.py,
 * _compute_llama3_parameters): wavelengths shorter than original/high_freq_factor stay, longer than
 * original/low_freq_factor are stretched by `factor`, between them a linear blend over original/wavelength. */
static double llama3_frequency(const struct tmk_rope *rope, double inv_freq)
{
  const double turns = (double)rope->original_max_position_embeddings * inv_freq / (2.0 * PI);
  if (turns > rope->high_freq_factor) return inv_freq;
  if (turns < rope->low_freq_factor) return inv_freq / rope->factor;
  const double smooth = (turns - rope->low_freq_factor) / (rope->high_freq_factor - rope->low_freq_factor);
  return (1.0 - smooth) * inv_freq / rope->factor + smooth * inv_freq;
}

/* YaRN (Peng et al. 2023, arXiv:2309.00071, section 3.2; Hugging Face transformers, modeling_rope_utils.py,
 * _compute_yarn_parameters): dims that turn more than beta_fast times within the original length keep their frequency,
 * those that turn fewer than beta_slow times are interpolated by `factor`, with a linear ramp over the dims between.
 * The dim that turns `turns` times solves original · theta^(−2i/dim) = 2π turns. */
static double yarn_dim(const struct tmk_rope *rope, double turns)
{
  const double original = (double)rope->original_max_position_embeddings;
  return (double)rope->rotary_dim * log(original / (turns * 2.0 * PI)) / (2.0 * log(rope->theta));
}

static void yarn_frequencies(const struct tmk_rope *rope, double *inv_freq)
{
  const int64_t dim = rope->rotary_dim;
  double low = yarn_dim(rope, rope->beta_fast), high = yarn_dim(rope, rope->beta_slow);
  if (!rope->yarn_untruncated) {
    low = floor(low);
    high = ceil(high);
  }
  low = fmax(low, 0.0);
  high = fmin(high, (double)(dim - 1));
  if (low == high) high += 0.001; /* no division by zero; as the source does */
  for (int64_t i = 0; i < dim / 2; i++) {
    const double ramp = fmin(fmax(((double)i - low) / (high - low), 0.0), 1.0);
    inv_freq[i] = inv_freq[i] / rope->factor * ramp + inv_freq[i] * (1.0 - ramp);
  }
}

/* The paper's sqrt(1/t) = 0.1 ln(factor) + 1 on both q and k; DeepSeek weighs the logarithm by `mscale`. */
static double yarn_mscale(double factor, double mscale)
{
  return factor <= 1.0 ? 1.0 : 0.1 * mscale * log(factor) + 1.0;
}

static double yarn_scale(const struct tmk_rope *rope)
{
  if (rope->attention_factor > 0.0) return rope->attention_factor;
  if (rope->mscale > 0.0 && rope->mscale_all_dim > 0.0) {
    return yarn_mscale(rope->factor, rope->mscale) / yarn_mscale(rope->factor, rope->mscale_all_dim);
  }
  return yarn_mscale(rope->factor, 1.0);
}

void tmk_rope_frequencies(const struct tmk_rope *rope, double *inv_freq, double *scale)
{
  const int64_t dim = rope->rotary_dim;
  *scale = 1.0;
  for (int64_t i = 0; i < dim / 2; i++) inv_freq[i] = pow(rope->theta, -2.0 * (double)i / (double)dim);
  switch (rope->scaling) {
  case TMK_ROPE_NONE: break;
  case TMK_ROPE_LINEAR: /* kaiokendev's position interpolation; Chen et al. 2023, arXiv:2306.15595 */
    for (int64_t i = 0; i < dim / 2; i++) inv_freq[i] /= rope->factor;
    break;
  case TMK_ROPE_LLAMA3:
    for (int64_t i = 0; i < dim / 2; i++) inv_freq[i] = llama3_frequency(rope, inv_freq[i]);
    break;
  case TMK_ROPE_YARN:
    yarn_frequencies(rope, inv_freq);
    *scale = yarn_scale(rope);
    break;
  }
}
