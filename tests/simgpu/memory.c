/* memory.c: device allocations and what the host does with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "memory_internal.h"

#define ALIGN_LEAST 256u
#define GUARD_BYTES 4096u /* between allocations: no small overrun meets a neighbour */

#define RESERVE_LEAST (1u << 20)

struct sim_memory {
  uint64_t base, capacity_bytes, next, used_bytes;
  struct sim_range **ranges; /* by base; freed ones stay */
  uint32_t count, capacity;
  uint32_t stamp;
  struct sim_report *report;
};

/* --- ranges --- */

/* Zeroed memory that the host provides only as it is touched: a program may well allocate all that the claimed GPU has.
 * */
static void *reserve(uint64_t bytes)
{
  if (bytes < RESERVE_LEAST) return calloc(1, bytes + 1);
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory != MAP_FAILED ? memory : NULL;
}

static void unreserve(void *memory, uint64_t bytes)
{
  if (bytes < RESERVE_LEAST)
    free(memory);
  else if (memory != NULL)
    munmap(memory, bytes);
}

static uint64_t span_of(const struct sim_range *range)
{
  return range->base + range->size_bytes - range->origin;
}

/* One word more: accesses at the very end may shift out of the last one. */
static uint64_t init_bytes(const struct sim_range *range)
{
  return ((span_of(range) >> 6) + 2) * sizeof *range->init;
}

bool sim_range_init(struct sim_range *range, uint64_t base, uint64_t size_bytes, bool with_bytes, bool initialised)
{
  *range = (struct sim_range){.base = base, .size_bytes = size_bytes, .live = true, .host = !with_bytes};
  range->origin = base & ~(uint64_t)(SIM_PAGE_BYTES - 1);
  range->page_count = (span_of(range) + SIM_PAGE_BYTES - 1) >> SIM_PAGE_BITS;
  range->pages = reserve(range->page_count * sizeof *range->pages);
  range->touched = calloc((range->page_count >> SIM_TOUCH_BITS) + 1, sizeof *range->touched);
  range->changed = malloc(sim_range_chunks(range) * sizeof *range->changed);
  for (uint64_t i = 0; range->changed != NULL && i < sim_range_chunks(range); i++)
    atomic_init(&range->changed[i], true);
  if (with_bytes) range->bytes = reserve(size_bytes);
  if (!initialised) range->init = reserve(init_bytes(range));
  if (range->pages != NULL && range->touched != NULL && range->changed != NULL &&
      (range->bytes != NULL || !with_bytes) && (range->init != NULL || initialised))
    return true;
  sim_range_free(range);
  return false;
}

void sim_range_free(struct sim_range *range)
{
  for (uint64_t i = 0; range->pages != NULL && range->touched != NULL && i < range->page_count; i++) {
    if (atomic_load(&range->touched[i >> SIM_TOUCH_BITS]))
      sim_page_free(&range->pages[i]);
    else
      i |= (1u << SIM_TOUCH_BITS) - 1;
  }
  unreserve(range->pages, range->page_count * sizeof *range->pages);
  if (range->init != NULL) unreserve(range->init, init_bytes(range));
  if (!range->host) unreserve(range->bytes, range->size_bytes);
  free(range->touched);
  free(range->changed);
  free(range->digests);
  range->changed = NULL;
  range->digests = NULL;
  range->pages = NULL;
  range->touched = NULL;
  range->init = NULL;
  range->bytes = NULL;
  range->live = false;
}

/* Bits of any number of bytes from address on. value: set or clear. */
static void init_fill(struct sim_range *range, uint64_t address, uint64_t bytes, bool value)
{
  for (uint64_t chunk = (address - range->origin) >> SIM_DIGEST_BITS;
       bytes > 0 && chunk <= (address - range->origin + bytes - 1) >> SIM_DIGEST_BITS; chunk++) {
    atomic_store_explicit(&range->changed[chunk], true, memory_order_relaxed);
  }
  if (range->init == NULL) return;
  uint64_t at = address - range->origin, end = at + bytes;
  for (; at < end && (at & 7) != 0; at++) {
    if (value)
      range->init[at >> 6] |= 1ull << (at & 63);
    else
      range->init[at >> 6] &= ~(1ull << (at & 63));
  }
  /* Little endian: byte i of the words holds bits 8i..8i+7. */
  if (at < end) memset((uint8_t *)range->init + (at >> 3), value ? 0xff : 0, (end - at) >> 3);
  for (at += (end - at) & ~7ull; at < end; at++) {
    if (value)
      range->init[at >> 6] |= 1ull << (at & 63);
    else
      range->init[at >> 6] &= ~(1ull << (at & 63));
  }
}

static bool init_get(const struct sim_range *range, uint64_t address)
{
  if (range->init == NULL) return true;
  uint64_t at = address - range->origin;
  return (range->init[at >> 6] >> (at & 63) & 1) != 0;
}

/* --- the table --- */

struct sim_memory *sim_memory_create(uint64_t base, uint64_t capacity_bytes)
{
  struct sim_memory *memory = calloc(1, sizeof *memory);
  if (memory == NULL) return NULL;
  *memory = (struct sim_memory){.base = base, .capacity_bytes = capacity_bytes, .next = base + GUARD_BYTES};
  return memory;
}

void sim_memory_destroy(struct sim_memory *memory)
{
  if (memory == NULL) return;
  for (uint32_t i = 0; i < memory->count; i++) {
    sim_range_free(memory->ranges[i]);
    free(memory->ranges[i]);
  }
  free(memory->ranges);
  free(memory);
}

/* Index of the first range with a base above address. */
static uint32_t upper_bound(const struct sim_memory *memory, uint64_t address)
{
  uint32_t low = 0, high = memory->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (memory->ranges[middle]->base <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

struct sim_range *sim_memory_find(const struct sim_memory *memory, uint64_t address)
{
  uint32_t above = upper_bound(memory, address);
  return above > 0 ? memory->ranges[above - 1] : NULL;
}

uint32_t sim_memory_next_stamp(struct sim_memory *memory)
{
  return ++memory->stamp;
}

static bool insert(struct sim_memory *memory, struct sim_range *range)
{
  if (memory->count == memory->capacity) {
    uint32_t capacity = memory->capacity == 0 ? 64 : memory->capacity * 2;
    struct sim_range **ranges = realloc(memory->ranges, capacity * sizeof *ranges);
    if (ranges == NULL) return false;
    memory->ranges = ranges;
    memory->capacity = capacity;
  }
  uint32_t at = upper_bound(memory, range->base);
  memmove(&memory->ranges[at + 1], &memory->ranges[at], (memory->count - at) * sizeof *memory->ranges);
  memory->ranges[at] = range;
  memory->count++;
  return true;
}

static bool add_range(struct sim_memory *memory, const struct sim_range *range)
{
  struct sim_range *copy = malloc(sizeof *copy);
  if (copy == NULL) return false;
  *copy = *range;
  if (insert(memory, copy)) return true;
  free(copy);
  return false;
}

uint64_t sim_memory_alloc(struct sim_memory *memory, uint64_t size_bytes, uint64_t align, const char *what, bool module)
{
  uint64_t step = align > ALIGN_LEAST ? align : ALIGN_LEAST;
  uint64_t base = (memory->next + step - 1) & ~(step - 1);
  if (size_bytes > memory->capacity_bytes - memory->used_bytes) return 0;
  if (base + size_bytes + GUARD_BYTES > memory->base + SIM_GLOBAL_WINDOW_BYTES) return 0;
  struct sim_range range;
  if (!sim_range_init(&range, base, size_bytes, true, module)) return 0;
  range.module = module;
  snprintf(range.what, sizeof range.what, "%s", what != NULL ? what : "allocation");
  if (!add_range(memory, &range)) {
    sim_range_free(&range);
    return 0;
  }
  memory->next = base + size_bytes + GUARD_BYTES;
  memory->used_bytes += size_bytes;
  return base;
}

void sim_memory_set_report(struct sim_memory *memory, struct sim_report *report)
{
  memory->report = report;
}

void sim_memory_make_constant(struct sim_memory *memory, uint64_t address)
{
  struct sim_range *range = sim_memory_find(memory, address);
  if (range != NULL && range->live && range->base == address) range->constant = true;
}

bool sim_memory_free(struct sim_memory *memory, uint64_t address)
{
  struct sim_range *range = sim_memory_find(memory, address);
  if (range != NULL && range->live && range->base == address && !range->host) {
    memory->used_bytes -= range->size_bytes;
    sim_range_free(range);
    return true;
  }
  if (memory->report == NULL) return false;
  const struct sim_finding finding = {.check = SIM_CHECK_BAD_FREE};
  unsigned long long at = (unsigned long long)address;
  if (range != NULL && !range->live && range->base == address)
    sim_report_addf(memory->report, &finding, "%#llx (%s, %llu bytes) was freed before", at, range->what,
                    (unsigned long long)range->size_bytes);
  else if (range != NULL && address - range->base < range->size_bytes)
    sim_report_addf(memory->report, &finding, "%#llx lies %llu bytes inside %s of %llu bytes: must be its start", at,
                    (unsigned long long)(address - range->base), range->what, (unsigned long long)range->size_bytes);
  else
    sim_report_addf(memory->report, &finding, "%#llx is no device allocation", at);
  return false;
}

/* The live range that holds all bytes of [address, address + size), or NULL. */
static struct sim_range *holding(const struct sim_memory *memory, uint64_t address, uint64_t size_bytes)
{
  struct sim_range *range = sim_memory_find(memory, address);
  if (range == NULL || !range->live) return NULL;
  uint64_t offset = address - range->base;
  return offset <= range->size_bytes && size_bytes <= range->size_bytes - offset ? range : NULL;
}

bool sim_memory_range(const struct sim_memory *memory, uint64_t address, uint64_t *base, uint64_t *size_bytes)
{
  const struct sim_range *range = holding(memory, address, 1);
  if (range == NULL) return false;
  if (base != NULL) *base = range->base;
  if (size_bytes != NULL) *size_bytes = range->size_bytes;
  return true;
}

bool sim_memory_map_host(struct sim_memory *memory, void *host, uint64_t size_bytes)
{
  uint64_t base = (uint64_t)(uintptr_t)host;
  if (size_bytes == 0) return false;
  for (uint32_t i = 0; i < memory->count; i++) {
    const struct sim_range *range = memory->ranges[i];
    if (range->live && base < range->base + range->size_bytes && range->base < base + size_bytes) return false;
  }
  struct sim_range range;
  if (!sim_range_init(&range, base, size_bytes, false, true)) return false;
  range.bytes = host;
  snprintf(range.what, sizeof range.what, "host memory");
  if (add_range(memory, &range)) return true;
  sim_range_free(&range);
  return false;
}

bool sim_memory_unmap_host(struct sim_memory *memory, void *host)
{
  uint64_t base = (uint64_t)(uintptr_t)host;
  uint32_t at = upper_bound(memory, base);
  while (at > 0 && memory->ranges[at - 1]->base == base && !memory->ranges[at - 1]->host) at--;
  if (at == 0 || memory->ranges[at - 1]->base != base) return false;
  /* Forgotten at once: the host may map the addresses again. */
  sim_range_free(memory->ranges[at - 1]);
  free(memory->ranges[at - 1]);
  memmove(&memory->ranges[at - 1], &memory->ranges[at], (memory->count - at) * sizeof *memory->ranges);
  memory->count--;
  return true;
}

uint64_t sim_memory_used(const struct sim_memory *memory)
{
  return memory->used_bytes;
}

/* --- the host's accesses --- */

bool sim_memory_host_write(struct sim_memory *memory, uint64_t to, const void *from, uint64_t size_bytes)
{
  if (size_bytes == 0) return true;
  struct sim_range *range = holding(memory, to, size_bytes);
  if (range == NULL) return false;
  memmove(sim_range_bytes(range, to), from, size_bytes);
  init_fill(range, to, size_bytes, true);
  return true;
}

static uint64_t unset_bytes(const struct sim_range *range, uint64_t address, uint64_t size_bytes)
{
  uint64_t unset = 0;
  for (uint64_t i = 0; range->init != NULL && i < size_bytes; i++) {
    uint64_t at = address + i - range->origin;
    if ((at & 63) == 0 && size_bytes - i >= 64 && range->init[at >> 6] == UINT64_MAX)
      i += 63;
    else
      unset += !init_get(range, address + i);
  }
  return unset;
}

bool sim_memory_host_read(struct sim_memory *memory, void *to, uint64_t from, uint64_t size_bytes,
                          uint64_t *uninitialised_bytes)
{
  if (uninitialised_bytes != NULL) *uninitialised_bytes = 0;
  if (size_bytes == 0) return true;
  const struct sim_range *range = holding(memory, from, size_bytes);
  if (range == NULL) return false;
  memmove(to, sim_range_bytes(range, from), size_bytes);
  if (uninitialised_bytes != NULL) *uninitialised_bytes = unset_bytes(range, from, size_bytes);
  return true;
}

uint8_t *sim_memory_bytes(const struct sim_memory *memory, uint64_t address, uint64_t size_bytes)
{
  const struct sim_range *range = holding(memory, address, size_bytes);
  return range != NULL ? sim_range_bytes(range, address) : NULL;
}

uint64_t sim_memory_unset(const struct sim_memory *memory, uint64_t address, uint64_t size_bytes)
{
  return unset_bytes(holding(memory, address, size_bytes), address, size_bytes);
}

void sim_memory_set(struct sim_memory *memory, uint64_t address, uint64_t size_bytes)
{
  init_fill(holding(memory, address, size_bytes), address, size_bytes, true);
}

bool sim_memory_describe(const struct sim_memory *memory, uint64_t address, char *text, size_t size)
{
  const struct sim_range *range = sim_memory_find(memory, address);
  if (range == NULL) {
    snprintf(text, size, "%#llx, where no allocation lies", (unsigned long long)address);
    return false;
  }
  bool freed = !range->live && address - range->base < range->size_bytes;
  snprintf(text, size, "byte %llu of %s of %llu bytes%s", (unsigned long long)(address - range->base), range->what,
           (unsigned long long)range->size_bytes, freed ? ", which was freed" : "");
  return freed;
}

bool sim_memory_host_fill(struct sim_memory *memory, uint64_t to, uint32_t value, uint32_t width_bytes, uint64_t count)
{
  if (count == 0) return true;
  if (count > UINT64_MAX / 4) return false;
  struct sim_range *range = holding(memory, to, count * width_bytes);
  if (range == NULL) return false;
  uint8_t *bytes = sim_range_bytes(range, to);
  if (width_bytes == 1)
    memset(bytes, (int)(value & 0xff), count);
  else
    for (uint64_t i = 0; i < count; i++) memcpy(bytes + i * width_bytes, &value, width_bytes);
  init_fill(range, to, count * width_bytes, true);
  return true;
}

bool sim_memory_copy(struct sim_memory *to_memory, uint64_t to, struct sim_memory *from_memory, uint64_t from,
                     uint64_t size_bytes)
{
  if (size_bytes == 0) return true;
  struct sim_range *target = holding(to_memory, to, size_bytes);
  const struct sim_range *source = holding(from_memory, from, size_bytes);
  if (target == NULL || source == NULL) return false;
  memmove(sim_range_bytes(target, to), sim_range_bytes(source, from), size_bytes);
  if (source->init == NULL) {
    init_fill(target, to, size_bytes, true);
  } else if (target->init != NULL) {
    /* From the end if the target lies behind the source in one range, as memmove does. */
    bool back = target == source && to > from;
    for (uint64_t i = 0; i < size_bytes; i++) {
      uint64_t at = back ? size_bytes - 1 - i : i;
      init_fill(target, to + at, 1, init_get(source, from + at));
    }
  }
  return true;
}

uint32_t sim_memory_report_leaks(struct sim_memory *memory, struct sim_report *report)
{
  uint32_t leaks = 0;
  for (uint32_t i = 0; i < memory->count; i++) {
    const struct sim_range *range = memory->ranges[i];
    if (!range->live || range->module || range->host) continue;
    leaks++;
    sim_report_addf(report, &(struct sim_finding){.check = SIM_CHECK_LEAK},
                    "%llu bytes of %s at %#llx were never freed", (unsigned long long)range->size_bytes, range->what,
                    (unsigned long long)range->base);
  }
  return leaks;
}

uint64_t sim_memory_digest(const struct sim_memory *memory)
{
  uint64_t digest = 0;
  for (uint32_t i = 0; i < memory->count; i++) {
    if (memory->ranges[i]->live) digest = sim_range_digest(memory->ranges[i], digest);
  }
  return digest;
}
