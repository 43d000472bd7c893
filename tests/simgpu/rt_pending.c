/* rt_pending.c: copies between devices and pinned memory that the host has not waited for. They are done at once, but the host must not see it:
 * until it waits, memory that a copy writes holds 0xff in every byte (NaN), and memory that a copy reads must stay as it was. Work that
 * touches the memory in a stream's order settles it before; the race check (rt_order.h) sees whether that work was ordered. */
#include "rt.h"

#include <stdlib.h>
#include <string.h>

#define HIDDEN 0xff

struct rt_pending {
  uint32_t number, slot, seq; /* the operation */
  unsigned char *host;
  size_t bytes;
  unsigned char *arrived; /* owned: what the copy wrote; NULL: the copy reads */
  uint64_t sum;           /* of what it reads */
  struct rt_pending *next;
};

static uint64_t sum_of(const unsigned char *bytes, size_t count)
{
  uint64_t sum = 0xcbf29ce484222325ull;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, 8);
    sum = (sum ^ word) * 0x100000001b3ull;
    sum ^= sum >> 29;
  }
  for (; i < count; i++) sum = (sum ^ bytes[i]) * 0x100000001b3ull;
  return sum;
}

static void settle(struct rt *rt, struct rt_pending **link)
{
  struct rt_pending *pending = *link;
  *link = pending->next;
  if (pending->arrived != NULL) {
    memcpy(pending->host, pending->arrived, pending->bytes);
  } else if (sum_of(pending->host, pending->bytes) != pending->sum) {
    struct sim_finding finding = {.check = SIM_CHECK_RACE_HOST};
    sim_report_addf(rt->devices[0].report, &finding,
                    "the host has written to the %zu bytes at %p while a copy from there (operation %u in stream %u) "
                    "had not been waited for",
                    pending->bytes, (void *)pending->host, pending->number, pending->slot);
  }
  free(pending->arrived);
  free(pending);
}

void rt_pending_settle_known(struct rt *rt, const struct rt_clock *clock)
{
  for (struct rt_pending **link = &rt->pending; *link != NULL;) {
    if (clock->seen[(*link)->slot] >= (*link)->seq)
      settle(rt, link);
    else
      link = &(*link)->next;
  }
}

void rt_pending_settle_range(struct rt *rt, const void *address, size_t bytes)
{
  const unsigned char *from = address;
  for (struct rt_pending **link = &rt->pending; *link != NULL;) {
    const struct rt_pending *pending = *link;
    if (from < pending->host + pending->bytes && pending->host < from + bytes)
      settle(rt, link);
    else
      link = &(*link)->next;
  }
}

/* A kernel is about to touch the memory. */
static void wake(void *context, void *host, uint64_t bytes)
{
  rt_pending_settle_range(context, host, bytes);
}

void rt_pending_add(struct rt *rt, const struct rt_turn *turn, void *host, size_t bytes, bool write)
{
  const struct rt_host *block = rt_find_host(rt, host);
  if (block == NULL || block->managed || bytes == 0) return;
  struct rt_pending *pending = calloc(1, sizeof *pending);
  if (pending == NULL) return;
  *pending = (struct rt_pending){.number = turn->sim.number,
                                 .slot = turn->line->slot,
                                 .seq = turn->seq,
                                 .host = host,
                                 .bytes = bytes,
                                 .next = rt->pending};
  if (write) {
    pending->arrived = malloc(bytes);
    if (pending->arrived == NULL) {
      free(pending);
      return;
    }
    memcpy(pending->arrived, host, bytes);
    memset(host, HIDDEN, bytes);
  } else {
    pending->sum = sum_of(pending->host, bytes);
  }
  rt->pending = pending;
  for (uint32_t i = 0; i < rt->device_count; i++) sim_device_watch_host(rt->devices[i].sim, block->address, wake, rt);
}
