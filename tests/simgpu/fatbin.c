/* fatbin.c: the PTX in what nvcc embeds into a program.
 *
 * Wrapper (what __cudaRegisterFatBinary gets): u32 magic 0x466243b1, u32 version, pointer to the fatbin at +8.
 * Fatbin: u32 magic 0xba55ed50, u16 version at +4, u16 header size at +6, u64 size of all entries at +8; then entries.
 * Entry: u16 kind at +0 (1 = PTX, 2 = ELF), u32 header size at +4, u64 payload size at +8, u32 compressed size at +16, u32
 * architecture at +28, u64 flags at +40 (0x2000 and 0x8000: compressed), u64 uncompressed size at +56.
 * Not documented by NVIDIA; found by looking at what nvcc 12.9 and 13.0 write.
 */
#include <string.h>

#include "device_internal.h"

#define WRAPPER_MAGIC   0x466243b1u
#define FATBIN_MAGIC    0xba55ed50u
#define KIND_PTX        1u
#define FLAG_COMPRESSED 0xa000u
#define HEADER_MIN      16u
#define ENTRY_MIN       64u

static uint16_t get16(const uint8_t *p)
{
  uint16_t v;
  memcpy(&v, p, sizeof v);
  return v;
}
static uint32_t get32(const uint8_t *p)
{
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}
static uint64_t get64(const uint8_t *p)
{
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

static bool is_text(const uint8_t *p, size_t size)
{
  static const char *const starts[] = {"//", ".version", "\n", "\t.version", " "};
  for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
    size_t length = strlen(starts[i]);
    if ((size == 0 || size >= length) && strncmp((const char *)p, starts[i], length) == 0) return true;
  }
  return false;
}

enum sim_status sim_fatbin_find(const void *image, size_t size, uint32_t capability, const char **text,
                                size_t *text_size, struct sim_error *error)
{
  const uint8_t *p = image, *best = NULL;
  uint32_t best_arch = 0, compressed = 0, seen = 0, newer = 0;
  if (image == NULL) return sim_device_fail(error, SIM_ERR_INVALID_VALUE, "no image");
  if ((size == 0 || size >= 4) && get32(p) == WRAPPER_MAGIC) {
    memcpy(&p, p + 8, sizeof p);
    size = 0;
  }
  if (is_text(p, size)) {
    *text = (const char *)p;
    *text_size = size != 0 ? size : strlen((const char *)p);
    return SIM_OK;
  }
  if ((size != 0 && size < HEADER_MIN) || get32(p) != FATBIN_MAGIC) {
    return sim_device_fail(error, SIM_ERR_NO_BINARY, "the image is neither a fatbin nor PTX text");
  }
  uint64_t left = get64(p + 8);
  const uint8_t *entry = p + get16(p + 6);
  if (size != 0 && left > size - get16(p + 6)) left = size - get16(p + 6);
  while (left >= ENTRY_MIN) {
    uint64_t header = get32(entry + 4), payload = get64(entry + 8);
    if (header < ENTRY_MIN || header > left || payload > left - header) break;
    uint32_t arch = get32(entry + 28);
    if (get16(entry) == KIND_PTX) {
      seen++;
      if ((get64(entry + 40) & FLAG_COMPRESSED) != 0) {
        compressed++;
      } else if (arch > capability) {
        newer++;
      } else if (best == NULL || arch > best_arch) {
        best = entry;
        best_arch = arch;
      }
    }
    entry += header + payload;
    left -= header + payload;
  }
  if (best != NULL) {
    *text = (const char *)best + get32(best + 4);
    *text_size = get64(best + 8);
    return SIM_OK;
  }
  return sim_device_fail(
      error, SIM_ERR_NO_BINARY,
      "no PTX for compute capability %u.%u in the program: %u PTX entries, %u compressed, %u for newer GPUs "
      "(build with --compress-mode=none and code=[compute_X,sm_X])",
      capability / 10, capability % 10, seen, compressed, newer);
}
