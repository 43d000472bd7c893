/* memory_sync.c: what a location holds for those who acquire from it: a hash table from addresses to vector clocks, in
 * stripes with a lock each. Callers hold the lock of the location's page as well (page before stripe), so that the
 * value and what it publishes change together. */
#include <stdlib.h>

#include "memory_internal.h"

#define BUCKETS 64u /* a stripe */

/* What was published at gpu scope or wider, by anybody; and what a thread of block cta.block published last, at any
 * scope. */
struct entry {
  uint64_t address;
  struct sim_view *wide;
  struct sim_vc cta; /* own NULL: nothing */
  struct entry *next;
};

struct stripe {
  pthread_mutex_t lock;
  struct entry *buckets[BUCKETS];
};

struct sim_sync_table {
  atomic_uint count;
  uint32_t stripe_count;
  struct stripe stripes[];
};

struct sim_sync_table *sim_sync_create(uint32_t stripes)
{
  struct sim_sync_table *table = calloc(1, sizeof *table + stripes * sizeof table->stripes[0]);
  if (table == NULL) return NULL;
  table->stripe_count = stripes;
  for (uint32_t i = 0; i < stripes; i++) pthread_mutex_init(&table->stripes[i].lock, NULL);
  return table;
}

void sim_sync_destroy(struct sim_sync_table *table)
{
  if (table == NULL) return;
  for (uint32_t i = 0; i < table->stripe_count * BUCKETS; i++) {
    struct entry *entry = table->stripes[i / BUCKETS].buckets[i % BUCKETS];
    while (entry != NULL) {
      struct entry *next = entry->next;
      sim_view_release(entry->wide);
      sim_vc_free(&entry->cta);
      free(entry);
      entry = next;
    }
  }
  for (uint32_t i = 0; i < table->stripe_count; i++) pthread_mutex_destroy(&table->stripes[i].lock);
  free(table);
}

static uint32_t hash(const struct sim_sync_table *table, uint64_t address)
{
  return (uint32_t)(address * 0x9e3779b97f4a7c15ull >> 52) % (table->stripe_count * BUCKETS);
}

/* NULL if there is none and make is false. */
static struct entry *find(struct sim_sync_table *table, uint64_t address, bool make)
{
  uint32_t at = hash(table, address);
  struct entry **bucket = &table->stripes[at / BUCKETS].buckets[at % BUCKETS];
  for (struct entry *entry = *bucket; entry != NULL; entry = entry->next)
    if (entry->address == address) return entry;
  if (!make) return NULL;
  struct entry *entry = sim_block_must(calloc(1, sizeof *entry));
  entry->address = address;
  entry->next = *bucket;
  *bucket = entry;
  atomic_fetch_add(&table->count, 1);
  return entry;
}

static pthread_mutex_t *lock_of(struct sim_sync_table *table, uint64_t address)
{
  return &table->stripes[hash(table, address) / BUCKETS].lock;
}

static void forget(struct entry *entry)
{
  sim_view_release(entry->wide);
  entry->wide = NULL;
  sim_vc_free(&entry->cta);
}

void sim_sync_publish(struct sim_sync_table *table, uint64_t address, const struct sim_vc *vc, bool wide, bool replace)
{
  pthread_mutex_t *lock = lock_of(table, address);
  pthread_mutex_lock(lock);
  struct entry *entry = find(table, address, true);
  if (replace) forget(entry);
  if (wide) {
    struct sim_view *view = sim_vc_publish(vc);
    struct sim_view *joined = sim_view_join(entry->wide, view);
    sim_view_release(view);
    sim_view_release(entry->wide);
    entry->wide = joined;
  }
  if (entry->cta.own != NULL && entry->cta.block != vc->block) sim_vc_free(&entry->cta);
  if (entry->cta.own == NULL && !sim_vc_init(&entry->cta, vc->block, vc->agents)) sim_block_must(NULL);
  sim_vc_join(&entry->cta, vc);
  pthread_mutex_unlock(lock);
}

void sim_sync_clear(struct sim_sync_table *table, uint64_t address)
{
  if (atomic_load(&table->count) == 0) return;
  pthread_mutex_t *lock = lock_of(table, address);
  pthread_mutex_lock(lock);
  struct entry *entry = find(table, address, false);
  if (entry != NULL) forget(entry);
  pthread_mutex_unlock(lock);
}

void sim_sync_take(struct sim_sync_table *table, uint64_t address, struct sim_warp_clock *clock, uint32_t mask,
                   bool wide, bool acquire)
{
  if (atomic_load(&table->count) == 0) return;
  pthread_mutex_t *lock = lock_of(table, address);
  pthread_mutex_lock(lock);
  struct entry *entry = find(table, address, false);
  if (entry != NULL) {
    const struct sim_vc *cta = entry->cta.own != NULL && entry->cta.block == clock->known.block ? &entry->cta : NULL;
    struct sim_view *view = wide ? entry->wide : NULL;
    if (!acquire) {
      sim_warp_clock_observe(clock, mask, cta, view);
    } else {
      if (cta != NULL) sim_warp_clock_acquire(clock, mask, cta);
      sim_warp_clock_acquire_view(clock, mask, view);
    }
  }
  pthread_mutex_unlock(lock);
}
