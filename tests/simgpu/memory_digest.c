/* memory_digest.c: one number for the contents of a device's memory, for tests of tests (mutate.h). Kept by 64 KiB: what has not been
 * written since the last one is not read again; of mapped host memory that is what kernels have written. */
#include <stdlib.h>
#include <string.h>

#include "memory_internal.h"

uint64_t sim_range_chunks(const struct sim_range *range)
{
  return ((range->base - range->origin + range->size_bytes) >> SIM_DIGEST_BITS) + 1;
}

/* Four sums side by side: the multiplications of one wait for each other. */
static void digest_bytes(uint64_t sums[4], const uint8_t *bytes, uint64_t count)
{
  for (uint64_t i = 0; i < count; i += 8) {
    uint64_t word = 0;
    memcpy(&word, bytes + i, count - i < 8 ? count - i : 8);
    uint64_t *sum = &sums[i >> 3 & 3];
    *sum = (*sum ^ word) * 0x9e3779b97f4a7c15ull;
    *sum ^= *sum >> 29;
  }
}

static uint64_t digest_sums(const uint64_t sums[4])
{
  uint64_t sum = 0;
  for (int i = 0; i < 4; i++) {
    sum = (sum ^ sums[i]) * 0xbf58476d1ce4e5b9ull;
    sum ^= sum >> 31;
  }
  return sum;
}

/* Of 64 KiB, counted from the range's origin. */
static uint64_t digest_chunk(const struct sim_range *range, uint64_t chunk)
{
  uint64_t sums[4] = {1, 2, 3, 4}, lead = range->base - range->origin, span = lead + range->size_bytes;
  uint64_t first = chunk << SIM_DIGEST_BITS, last = first + (1ull << SIM_DIGEST_BITS);
  if (first < lead) first = lead;
  if (last > span) last = span;
  if (range->init == NULL) {
    if (first < last) digest_bytes(sums, range->bytes + (first - lead), last - first);
    return digest_sums(sums);
  }
  /* By the words of the bits: what nobody wrote is not read, so that it costs no memory. */
  for (uint64_t at = first; at < last; at = (at | 63) + 1) {
    uint64_t word[2] = {at, range->init[at >> 6]}, end = (at | 63) + 1;
    if (word[1] == 0) continue;
    digest_bytes(sums, (const uint8_t *)word, sizeof word);
    digest_bytes(sums, range->bytes + (at - lead), (end < last ? end : last) - at);
  }
  return digest_sums(sums);
}

uint64_t sim_range_digest(struct sim_range *range, uint64_t before)
{
  uint64_t chunks = sim_range_chunks(range), sums[4] = {before, range->host ? 0 : range->base, range->size_bytes, 1};
  if (range->digests == NULL) range->digests = calloc(chunks, sizeof *range->digests);
  if (range->digests == NULL) return 0;
  for (uint64_t i = 0; i < chunks; i++) {
    if (!atomic_load_explicit(&range->changed[i], memory_order_relaxed)) continue;
    range->digests[i] = digest_chunk(range, i);
    atomic_store_explicit(&range->changed[i], false, memory_order_relaxed);
  }
  digest_bytes(sums, (const uint8_t *)range->digests, chunks * sizeof *range->digests);
  return digest_sums(sums);
}
