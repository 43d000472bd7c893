/* fill.h: the contents of every weight, cache and input, as a pure function of (seed, tensor id, global index).
 *
 * The same on host, device and shard, so nothing is ever copied between them to agree, and a reference can compute any
 * element by itself. Values are uniform in offset ± scale, never all zero, scaled by the plan so that activations stay finite.
 *
 *   key     = tmk_fill_key(seed, tensor_id)                   once a tensor
 *   bits    = tmk_fill_bits(key, index)                       32 uniform bits; index is the element's index in the whole,
 *                                                             unsharded tensor (tmk_tensor_global_index in plan.h)
 *   value   = offset + (float)((int32)(bits >> 8) − 2²³) · (scale · 2⁻²³)     one float multiply, one float add, no FMA
 *
 * and then one rounding to the tensor's dtype. Token ids are bits mod vocab, by multiply-high. Compile with
 * -ffp-contract=off (host); on a device use __fmul_rn and __fadd_rn.
 */
#ifndef TOKMARK_FILL_H
#define TOKMARK_FILL_H

#include <stdint.h>

#ifdef __CUDACC__
#define TMK_HOST_DEVICE __host__ __device__
#else
#define TMK_HOST_DEVICE
#endif

struct tmk_fill_key {
  uint32_t low, high;
};

/* Steele, Lea & Flood 2014 "Fast splittable pseudorandom number generators": the 64-bit finaliser of SplitMix. */
TMK_HOST_DEVICE static inline uint64_t tmk_fill_mix64(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

/* A 32-bit finaliser with low bias (constants from C. Wellons' hash prospector search); two multiplies, so it vectorises. */
TMK_HOST_DEVICE static inline uint32_t tmk_fill_mix32(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

TMK_HOST_DEVICE static inline struct tmk_fill_key tmk_fill_key(uint64_t seed, uint64_t tensor_id) {
  uint64_t mixed = tmk_fill_mix64(tmk_fill_mix64(seed + 0x9e3779b97f4a7c15ull) ^ (tensor_id * 0x9e3779b97f4a7c15ull));
  struct tmk_fill_key key;
  key.low = (uint32_t)mixed;
  key.high = (uint32_t)(mixed >> 32);
  return key;
}

/* The upper half of the index is mixed into the key first, so a run of 2³² neighbours needs one extra mix only. */
TMK_HOST_DEVICE static inline uint32_t tmk_fill_bits(struct tmk_fill_key key, uint64_t index) {
  uint32_t upper = tmk_fill_mix32((uint32_t)(index >> 32) ^ key.high);
  return tmk_fill_mix32(tmk_fill_mix32((uint32_t)index ^ key.low) + upper);
}

/* `step` is scale · 2⁻²³ as a float. */
TMK_HOST_DEVICE static inline float tmk_fill_value(uint32_t bits, float offset, float step) {
  float scaled = (float)((int32_t)(bits >> 8) - (1 << 23)) * step;
  return offset + scaled;
}

TMK_HOST_DEVICE static inline int32_t tmk_fill_token(uint32_t bits, uint32_t vocab) {
  return (int32_t)(((uint64_t)bits * vocab) >> 32);
}

#endif
