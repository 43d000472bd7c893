/* cpu_memory.c: mapped blocks in huge pages, guarded pieces (cpu_memory.h). */
#include "cpu_memory.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpu_kernels.h"

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif
#ifdef ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

enum { HUGE_PAGE = 2 << 20, GUARD = 64 };

int64_t tmk_cpu_size_mul(int64_t a, int64_t b)
{
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

int64_t tmk_cpu_size_add(int64_t a, int64_t b)
{
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t tmk_cpu_piece_end(int64_t offset, int64_t bytes)
{
  const int64_t end = tmk_cpu_size_add(tmk_cpu_size_add(offset, bytes), GUARD);
  return end > INT64_MAX - 64 ? INT64_MAX : tmk_cpu_round_up(end, 64);
}

enum tmk_status tmk_cpu_block_map(struct tmk_cpu_block *block, int64_t bytes, const char *what, struct tmk_error *err)
{
  *block = (struct tmk_cpu_block){0};
  if (bytes == 0) return TMK_OK;
  const int64_t page = sysconf(_SC_PAGESIZE);
  /* Room to move the start to a huge page's border; what is too much at both ends is given back. */
  if (bytes < 0 || bytes > INT64_MAX - 2 * HUGE_PAGE) goto failed;
  const int64_t rounded = tmk_cpu_round_up(bytes, page), mapped = rounded + HUGE_PAGE;
  char *start = mmap(NULL, (size_t)mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) goto failed;
  const int64_t ahead = (HUGE_PAGE - (int64_t)((uintptr_t)start % HUGE_PAGE)) % HUGE_PAGE;
  if (ahead > 0) munmap(start, (size_t)ahead);
  munmap(start + ahead + rounded, (size_t)(mapped - ahead - rounded));
  block->base = start + ahead;
  block->bytes = rounded;
  (void)madvise(block->base, (size_t)rounded, MADV_HUGEPAGE); /* refused where huge pages are off: describe() says so */
  return TMK_OK;
failed:
  return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: %lld bytes for %s", (long long)bytes, what);
}

void tmk_cpu_block_unmap(struct tmk_cpu_block *block)
{
  if (!block->base) return;
  tmk_cpu_piece_open(block->base, block->bytes);
  munmap(block->base, (size_t)block->bytes);
  *block = (struct tmk_cpu_block){0};
}

void tmk_cpu_block_discard(char *from, int64_t bytes)
{
  const int64_t page = sysconf(_SC_PAGESIZE);
  const int64_t ahead = (page - (int64_t)((uintptr_t)from % (uintptr_t)page)) % page;
  if (bytes - ahead < page) return;
  (void)madvise(from + ahead, (size_t)((bytes - ahead) / page * page), MADV_DONTNEED);
}

void tmk_cpu_pieces_close(char *base, int64_t bytes)
{
#ifdef ADDRESS_SANITIZER
  __asan_poison_memory_region(base, (size_t)bytes);
#else
  (void)base, (void)bytes;
#endif
}

void tmk_cpu_piece_open(char *piece, int64_t bytes)
{
#ifdef ADDRESS_SANITIZER
  __asan_unpoison_memory_region(piece, (size_t)bytes);
#else
  (void)piece, (void)bytes;
#endif
}
