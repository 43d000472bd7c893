/* cpu_describe.c: the device as results show it (cpu.h). */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

/* What makers add to a name and nobody says. */
static bool is_noise(const char *word, size_t length)
{
  static const char *const noise[] = {"cpu", "processor"};
  for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++) {
    if (strlen(noise[i]) == length && strncasecmp(word, noise[i], length) == 0) return true;
  }
  return false;
}

/* "Intel(R) Xeon(R) Platinum 8480+ CPU @ 2.00GHz", 56 → "intel-xeon-platinum-8480-56t". */
static void make_slug(const char *name, int threads, char *slug, size_t size)
{
  char tail[16];
  snprintf(tail, sizeof tail, "-%dt", threads);
  const size_t room = size - strlen(tail) - 1;
  size_t used = 0;
  for (const char *at = name; *at && *at != '@';) {
    if (*at == '(') {
      at += strcspn(at, ")");
      at += *at == ')';
      continue;
    }
    size_t length = 0;
    while (isalnum((unsigned char)at[length]) && (unsigned char)at[length] < 128) length++;
    if (length == 0) {
      at++;
      continue;
    }
    if (!is_noise(at, length) && used + length + 1 <= room) {
      if (used > 0) slug[used++] = '-';
      for (size_t i = 0; i < length; i++) slug[used++] = (char)tolower((unsigned char)at[i]);
    }
    at += length;
  }
  if (used == 0) used = (size_t)snprintf(slug, room, "cpu");
  memcpy(slug + used, tail, strlen(tail) + 1);
}

static int compare_ints(const void *a, const void *b)
{
  const int x = *(const int *)a, y = *(const int *)b;
  return x < y ? -1 : x > y;
}

/* The pinned CPUs, each once, ascending; returns how many. */
static int pinned(const struct tmk_backend *backend, int *ids)
{
  int count = 0;
  memcpy(ids, backend->team.cpus, (size_t)backend->team.threads * sizeof *ids);
  qsort(ids, (size_t)backend->team.threads, sizeof *ids, compare_ints);
  for (int i = 0; i < backend->team.threads; i++) {
    if (count == 0 || ids[count - 1] != ids[i]) ids[count++] = ids[i];
  }
  return count;
}

/* Bytes of the last-level caches that the pinned CPUs reach, each cache once. */
static int64_t reachable_llc(const struct tmk_cpu_machine *m, const int *ids, int count)
{
  int64_t bytes = 0;
  int seen[TMK_CPU_THREADS_MAX], seen_count = 0;
  for (int i = 0; i < count; i++) {
    for (int p = 0; p < m->place_count; p++) {
      const struct tmk_cpu_place *place = &m->places[p];
      if (place->id != ids[i] || place->llc < 0) continue;
      bool known = false;
      for (int s = 0; s < seen_count; s++) known = known || seen[s] == place->llc;
      if (known) continue;
      seen[seen_count++] = place->llc;
      bytes += place->llc_bytes;
    }
  }
  return bytes > 0 ? bytes : TMK_UNKNOWN;
}

void tmk_cpu_describe(const struct tmk_backend *backend, struct tmk_device_info *info)
{
  const struct tmk_cpu_machine *m = &backend->machine;
  int ids[TMK_CPU_THREADS_MAX];
  const int count = pinned(backend, ids);
  tmk_device_info_init(info);
  snprintf(info->backend, sizeof info->backend, "cpu");
  snprintf(info->name, sizeof info->name, "%s", m->name[0] ? m->name : "CPU");
  make_slug(m->name, backend->team.threads, info->slug, sizeof info->slug);
  info->is_cpu = true;
  info->index = backend->device_index;
  info->memory_bytes = m->memory_bytes;
  info->memory_free_bytes = tmk_cpu_memory_free("");
  info->llc_bytes = reachable_llc(m, ids, count);
  info->act_dtype = TMK_DTYPE_F32;
  info->math_dtype[TMK_DTYPE_F32] = info->math_dtype[TMK_DTYPE_BF16] = TMK_DTYPE_F32;
  info->math_dtype[TMK_DTYPE_I8] = info->math_dtype[TMK_DTYPE_I4] = TMK_DTYPE_I8;
  info->kv_dtype[TMK_DTYPE_F32] = info->kv_dtype[TMK_DTYPE_BF16] = true;
  info->min_sample_ns = 50 * 1000000;
  snprintf(info->isa, sizeof info->isa, "%s", backend->kernels->isa);
  tmk_cpu_list_format(ids, count, info->cpus, sizeof info->cpus);
  info->threads = backend->team.threads;
  info->cores = m->cores;
  info->sockets = m->sockets;
  info->numa_nodes = m->numa_nodes;
  tmk_cpu_pages("", info->pages, sizeof info->pages);
  info->simd_lanes_f32 = backend->kernels->lanes;
  /* The portable kernels multiply and add apart: no FMA to count. */
  if (backend->kernels != &tmk_cpu_kernels_portable) info->fma_ports = tmk_cpu_fma_ports(m, backend->kernels->lanes);
  info->clock_max_hz = m->clock_max_hz;
  info->clock_now_hz = tmk_cpu_clock_now("", m, ids, count);
}
