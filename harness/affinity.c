/* affinity.c: see affinity.h. */
#include "affinity.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADAPTERS_MAX 64

/* ---- lists of CPUs ---- */

bool tmk_affinity_parse(const char *text, void *set)
{
  cpu_set_t *cpus = set;
  CPU_ZERO(cpus);
  while (*text != '\0' && *text != '\n') {
    char *end;
    if (!isdigit((unsigned char)*text)) return false;
    const long first = strtol(text, &end, 10);
    long last = first;
    if (*end == '-') {
      if (!isdigit((unsigned char)end[1])) return false;
      last = strtol(end + 1, &end, 10);
    }
    if (first < 0 || last < first || last > 1 << 20) return false;
    for (long cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++) CPU_SET((size_t)cpu, cpus);
    text = *end == ',' ? end + 1 : end;
    if (*end != ',' && *end != '\0' && *end != '\n') return false;
  }
  return true;
}

void tmk_affinity_print(const void *set, char *text, int text_size)
{
  const cpu_set_t *cpus = set;
  const size_t size = (size_t)text_size;
  size_t used = 0;
  text[0] = '\0';
  for (size_t first = 0; first < CPU_SETSIZE; first++) {
    if (!CPU_ISSET(first, cpus)) continue;
    size_t last = first;
    char part[48];
    while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus)) last++;
    snprintf(part, sizeof part, last > first ? "%s%zu-%zu" : "%s%zu", used > 0 ? "," : "", first, last);
    if (used + strlen(part) + 5 > size) { /* room for the mark, and the end */
      snprintf(text + used, size - used, ",...");
      return;
    }
    used += (size_t)snprintf(text + used, size - used, "%s", part);
    first = last;
  }
}

/* ---- the PCI tree ---- */

static bool read_line(const char *root, const char *folder, const char *name, char *line, size_t size)
{
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s%s/%s", root, folder, name) >= (int)sizeof path) return false;
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  const bool read = fgets(line, (int)size, file) != NULL;
  fclose(file);
  if (read) line[strcspn(line, "\n")] = '\0';
  return read;
}

static int64_t read_node(const char *root, const char *folder)
{
  char line[32], *end;
  if (!read_line(root, folder, "numa_node", line, sizeof line)) return TMK_UNKNOWN;
  const long node = strtol(line, &end, 10);
  return end != line && *end == '\0' && node >= 0 && node < 65536 ? node : TMK_UNKNOWN; /* -1: the firmware does not say */
}

/* Where a device's link leads, "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0"; false if it leads nowhere. */
static bool way_of(const char *root, const char *folder, char way[PATH_MAX])
{
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s%s", root, folder) >= (int)sizeof path) return false;
  return realpath(path, way) != NULL;
}

/* Steps that two ways share, behind the PCI root ("pci0000:00", on Arm several). */
static int shared_steps(const char *a, const char *b)
{
  int steps = 0;
  const char *mark_a = strstr(a, "/pci"), *mark_b = strstr(b, "/pci");
  if (mark_a == NULL || mark_b == NULL || mark_a - a != mark_b - b || strncmp(a, b, (size_t)(mark_a - a)) != 0) return 0;
  for (size_t i = (size_t)(mark_a - a); a[i] == b[i]; i++) {
    const bool ends = (a[i + 1] == '/' || a[i + 1] == '\0') && (b[i + 1] == '/' || b[i + 1] == '\0');
    if (a[i] != '/' && ends) steps++;
    if (a[i] == '\0') break;
  }
  return steps;
}

struct adapter {
  char name[32];
  int steps;
  bool same_node;
};

/* Those of one class; "infiniband" before "net", whose interfaces of the same card say nothing new. */
static int list_adapters(const char *root, const char *class, const char *way, int64_t node, struct adapter *adapters)
{
  char folder[PATH_MAX], device[PATH_MAX], other[PATH_MAX];
  int count = 0;
  if (snprintf(folder, sizeof folder, "%s/sys/class/%s", root, class) >= (int)sizeof folder) return 0;
  DIR *entries = opendir(folder);
  if (entries == NULL) return 0;
  for (const struct dirent *entry; (entry = readdir(entries)) != NULL && count < ADAPTERS_MAX;) {
    if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof adapters[0].name) continue;
    if (snprintf(device, sizeof device, "/sys/class/%s/%s/device", class, entry->d_name) >= (int)sizeof device) continue;
    if (!way_of(root, device, other) || strstr(other, "/pci") == NULL) continue; /* a bridge, a tunnel, a loop */
    struct adapter *adapter = &adapters[count++];
    snprintf(adapter->name, sizeof adapter->name, "%s", entry->d_name);
    adapter->steps = shared_steps(way, other);
    adapter->same_node = node != TMK_UNKNOWN && read_node(root, device) == node;
  }
  closedir(entries);
  return count;
}

static int by_name(const void *a, const void *b)
{
  return strcmp(((const struct adapter *)a)->name, ((const struct adapter *)b)->name);
}

static void describe_adapters(const char *root, const char *way, struct tmk_device_info *info)
{
  static const char *const classes[] = {"infiniband", "net"};
  struct adapter adapters[ADAPTERS_MAX];
  int count = 0, most = 1; /* the root alone is in common with everything below it */
  for (size_t c = 0; c < sizeof classes / sizeof classes[0] && count == 0; c++) {
    count = list_adapters(root, classes[c], way, info->numa_node, adapters);
  }
  qsort(adapters, (size_t)count, sizeof adapters[0], by_name);
  for (int i = 0; i < count; i++) {
    if (adapters[i].steps > most) most = adapters[i].steps;
  }
  for (int i = 0; i < count; i++) {
    const size_t used = strlen(info->nics);
    const bool near = most > 1 ? adapters[i].steps == most : adapters[i].same_node;
    if (!near || used + strlen(adapters[i].name) + 2 > sizeof info->nics) continue;
    snprintf(info->nics + used, sizeof info->nics - used, "%s%s", used > 0 ? "," : "", adapters[i].name);
  }
}

void tmk_affinity_describe(const char *root, struct tmk_device_info *info)
{
  char address[40], folder[96], way[PATH_MAX], line[256];
  cpu_set_t cpus;
  unsigned domain, bus, device, function;
  if (root == NULL) root = "";
  if (sscanf(info->pci_bus_id, "%8x:%2x:%2x.%1x", &domain, &bus, &device, &function) != 4) return;
  snprintf(address, sizeof address, "%04x:%02x:%02x.%x", domain, bus, device, function);
  snprintf(folder, sizeof folder, "/sys/bus/pci/devices/%s", address);
  info->numa_node = read_node(root, folder);
  if (read_line(root, folder, "local_cpulist", line, sizeof line) && tmk_affinity_parse(line, &cpus) &&
      CPU_COUNT(&cpus) > 0) {
    tmk_affinity_print(&cpus, info->local_cpus, (int)sizeof info->local_cpus);
  }
  if (way_of(root, folder, way)) describe_adapters(root, way, info);
}

/* ---- binding ---- */

void tmk_affinity_bind(struct tmk_device_info *info)
{
  cpu_set_t mine, near, both;
  if (sched_getaffinity(0, sizeof mine, &mine) != 0) return;
  if (info->local_cpus[0] != '\0' && tmk_affinity_parse(info->local_cpus, &near)) {
    CPU_AND(&both, &mine, &near);
    if (CPU_COUNT(&both) > 0 && !CPU_EQUAL(&both, &mine) && sched_setaffinity(0, sizeof both, &both) == 0) mine = both;
  }
  tmk_affinity_print(&mine, info->cpus, (int)sizeof info->cpus);
}
