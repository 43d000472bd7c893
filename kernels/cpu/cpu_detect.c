/* cpu_detect.c: what the machine is: name, places, caches, memory, clocks (cpu_machine.h). */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu_machine.h"
#include "tokmark/device.h"

/* ---- name ---- */

/* The value of the first line "key : value" of /proc/cpuinfo; false if there is none. */
static bool cpuinfo_value(const char *cpuinfo, const char *key, char *value, size_t size)
{
  const size_t length = strlen(key);
  for (const char *line = cpuinfo; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, key, length) != 0) continue;
    const char *after = line + length + strspn(line + length, " \t");
    if (*after != ':') continue;
    after += 1 + strspn(after + 1, " \t");
    snprintf(value, size, "%.*s", (int)strcspn(after, "\n"), after);
    return value[0] != '\0';
  }
  return false;
}

static int cpuinfo_int(const char *cpuinfo, const char *key)
{
  char value[32];
  return cpuinfo_value(cpuinfo, key, value, sizeof value) ? (int)strtol(value, NULL, 0) : -1;
}

/* Arm's /proc/cpuinfo has no name. Implementers: 0x41 Arm, 0x46 Fujitsu, 0x48 HiSilicon, 0xc0 Ampere; parts from the Linux
 * sources, arch/arm64/include/asm/cputype.h. */
static const struct arm_part {
  int implementer, part;
  const char *name;
  int fma_ports; /* 128-bit FMAs a cycle, from Arm's software optimization guides; 0: not known */
} arm_parts[] = {
    {0x41, 0xd08, "Arm Cortex-A72", 1},    {0x41, 0xd0b, "Arm Cortex-A76", 2},   {0x41, 0xd0c, "Arm Neoverse N1", 2},
    {0x41, 0xd40, "Arm Neoverse V1", 4},   {0x41, 0xd49, "Arm Neoverse N2", 2},  {0x41, 0xd4f, "Arm Neoverse V2", 4},
    {0x41, 0xd83, "Arm Neoverse V3AE", 4}, {0x41, 0xd84, "Arm Neoverse V3", 4},  {0x41, 0xd8e, "Arm Neoverse N3", 2},
    {0x46, 0x001, "Fujitsu A64FX", 0},     {0x48, 0xd01, "HiSilicon TSV110", 0}, {0xc0, 0xac3, "Ampere-1", 0},
    {0xc0, 0xac4, "Ampere-1a", 0},
};

static const struct arm_part *arm_part_find(const struct tmk_cpu_machine *m)
{
  for (size_t i = 0; i < sizeof arm_parts / sizeof arm_parts[0]; i++) {
    if (arm_parts[i].implementer == m->implementer && arm_parts[i].part == m->part) return &arm_parts[i];
  }
  return NULL;
}

static void read_name(const char *root, struct tmk_cpu_machine *m)
{
  char cpuinfo[16384];
  tmk_cpu_file_read(root, cpuinfo, sizeof cpuinfo, "/proc/cpuinfo");
  cpuinfo_value(cpuinfo, "vendor_id", m->vendor, sizeof m->vendor);
  m->family = cpuinfo_int(cpuinfo, "cpu family");
  m->model = cpuinfo_int(cpuinfo, "model");
  m->implementer = cpuinfo_int(cpuinfo, "CPU implementer");
  m->part = cpuinfo_int(cpuinfo, "CPU part");
  char flags[8192];
  if (cpuinfo_value(cpuinfo, "flags", flags, sizeof flags)) {
    m->virtual_machine = strstr(flags, " hypervisor ") != NULL;
  }
  if (cpuinfo_value(cpuinfo, "model name", m->name, sizeof m->name)) return;
  const struct arm_part *part = arm_part_find(m);
  if (part) {
    snprintf(m->name, sizeof m->name, "%s", part->name);
  } else if (m->implementer >= 0) {
    snprintf(m->name, sizeof m->name, "Arm implementer 0x%02x part 0x%03x", m->implementer, m->part);
  } else {
    tmk_cpu_file_read(root, m->name, sizeof m->name, "/sys/firmware/devicetree/base/model");
  }
}

/* ---- FMA ports ---- */

/* FMAs a cycle of 512 and 256 bits; 0: not known. From A. Fog, "The microarchitecture of Intel, AMD and VIA CPUs", and the
 * makers' optimization guides. Servers of Intel model 85 (Skylake, Cascade Lake) have one or two, by the SKU. */
static const struct x86_ports {
  const char *vendor;
  int family, model_first, model_last;
  int ports_512, ports_256;
} x86_ports[] = {
    {"AuthenticAMD", 0x17, 0x00, 0x2f, 0, 1}, /* Zen, Zen+: 128-bit units */
    {"AuthenticAMD", 0x17, 0x30, 0xff, 0, 2}, /* Zen 2 */
    {"AuthenticAMD", 0x19, 0x10, 0x1f, 1, 2}, /* Zen 4 servers: 256-bit units */
    {"AuthenticAMD", 0x19, 0x60, 0xaf, 1, 2}, /* Zen 4 */
    {"AuthenticAMD", 0x19, 0x00, 0x5f, 0, 2}, /* Zen 3 */
    {"AuthenticAMD", 0x1a, 0x00, 0x1f, 2, 2}, /* Zen 5 servers: 512-bit units */
    {"AuthenticAMD", 0x1a, 0x40, 0x4f, 2, 2}, /* Zen 5 desktops */
    {"AuthenticAMD", 0x1a, 0x20, 0x3f, 1, 2}, /* Zen 5 laptops: 256-bit units */
    {"GenuineIntel", 6, 0x55, 0x55, 0, 2},    /* Skylake, Cascade Lake servers */
    {"GenuineIntel", 6, 0x6a, 0x6c, 2, 2},    /* Ice Lake servers */
    {"GenuineIntel", 6, 0x8f, 0x8f, 2, 2},    /* Sapphire Rapids */
    {"GenuineIntel", 6, 0xcf, 0xcf, 2, 2},    /* Emerald Rapids */
    {"GenuineIntel", 6, 0xad, 0xae, 2, 2},    /* Granite Rapids */
    {"GenuineIntel", 6, 0x3c, 0x47, 0, 2},    /* Haswell, Broadwell */
    {"GenuineIntel", 6, 0x4f, 0x4f, 0, 2},    /* Broadwell servers */
    {"GenuineIntel", 6, 0x8e, 0x9e, 0, 2},    /* Skylake and its successors, clients */
};

int64_t tmk_cpu_fma_ports(const struct tmk_cpu_machine *m, int lanes)
{
  if (m->implementer >= 0) {
    const struct arm_part *part = arm_part_find(m);
    return part && part->fma_ports && lanes == 4 ? part->fma_ports : TMK_UNKNOWN;
  }
  for (size_t i = 0; i < sizeof x86_ports / sizeof x86_ports[0]; i++) {
    const struct x86_ports *row = &x86_ports[i];
    if (strcmp(row->vendor, m->vendor) != 0 || row->family != m->family) continue;
    if (m->model < row->model_first || m->model > row->model_last) continue;
    const int ports = lanes == 16 ? row->ports_512 : lanes == 8 ? row->ports_256 : 0;
    return ports ? ports : TMK_UNKNOWN;
  }
  return TMK_UNKNOWN;
}

/* ---- places ---- */

int tmk_cpu_affinity_read(int ids[TMK_CPU_MAX])
{
  union {
    cpu_set_t set;
    char bytes[TMK_CPU_MAX / 8];
  } mask;
  int count = 0;
  if (sched_getaffinity(0, sizeof mask, &mask.set) != 0) return 0;
  for (int id = 0; id < TMK_CPU_MAX; id++) {
    if (CPU_ISSET_S((size_t)id, sizeof mask, &mask.set)) ids[count++] = id;
  }
  return count;
}

static int first_of_list(const char *root, int id, const char *file, int fallback)
{
  char text[256];
  int first;
  if (!tmk_cpu_file_read(root, text, sizeof text, "/sys/devices/system/cpu/cpu%d/%s", id, file)) return fallback;
  return tmk_cpu_list_parse(text, &first, 1) == 1 ? first : fallback;
}

/* The last-level cache: the highest level that holds data. */
static void read_cache(const char *root, struct tmk_cpu_place *place)
{
  int64_t highest = 0;
  place->llc = -1;
  for (int index = 0; index < 16; index++) {
    char type[32], size[32], name[64];
    const int64_t level = tmk_cpu_file_int(root, "/sys/devices/system/cpu/cpu%d/cache/index%d/level", place->id, index);
    if (level == TMK_UNKNOWN) break;
    tmk_cpu_file_read(root, type, sizeof type, "/sys/devices/system/cpu/cpu%d/cache/index%d/type", place->id, index);
    tmk_cpu_file_read(root, size, sizeof size, "/sys/devices/system/cpu/cpu%d/cache/index%d/size", place->id, index);
    char *unit;
    const long long value = strtoll(size, &unit, 10);
    if (strcmp(type, "Instruction") == 0 || value <= 0 || level <= highest) continue;
    highest = level;
    place->llc_bytes = value * (*unit == 'K' ? 1 << 10 : *unit == 'M' ? 1 << 20 : 1);
    snprintf(name, sizeof name, "cache/index%d/shared_cpu_list", index);
    place->llc = first_of_list(root, place->id, name, place->id);
  }
}

static int64_t count_distinct(const struct tmk_cpu_machine *m, size_t offset)
{
  int64_t count = 0;
  for (int i = 0; i < m->place_count; i++) {
    const int value = *(const int *)((const char *)&m->places[i] + offset);
    bool seen = false;
    for (int j = 0; j < i && !seen; j++) seen = *(const int *)((const char *)&m->places[j] + offset) == value;
    count += !seen;
  }
  return count;
}

static void read_places(const char *root, const int *allowed, int allowed_count, struct tmk_cpu_machine *m)
{
  char text[4096];
  int ids[TMK_CPU_MAX], count = 0;
  if (tmk_cpu_file_read(root, text, sizeof text, "/sys/devices/system/cpu/online")) {
    count = tmk_cpu_list_parse(text, ids, TMK_CPU_MAX);
  }
  if (count == 0) {
    count = allowed_count;
    memcpy(ids, allowed, (size_t)count * sizeof *ids);
  }
  for (int i = 0; i < count; i++) {
    struct tmk_cpu_place *place = &m->places[m->place_count++];
    const int64_t package =
        tmk_cpu_file_int(root, "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", ids[i]);
    *place = (struct tmk_cpu_place){.id = ids[i], .package = package > 0 ? (int)package : 0};
    place->core = first_of_list(root, ids[i], "topology/thread_siblings_list", ids[i]);
    read_cache(root, place);
    for (int a = 0; a < allowed_count && !place->allowed; a++) place->allowed = allowed[a] == ids[i];
  }
  if (tmk_cpu_file_read(root, text, sizeof text, "/sys/devices/system/node/online")) {
    int nodes[256];
    const int node_count = tmk_cpu_list_parse(text, nodes, 256);
    for (int n = 0; n < node_count; n++) {
      if (!tmk_cpu_file_read(root, text, sizeof text, "/sys/devices/system/node/node%d/cpulist", nodes[n])) continue;
      count = tmk_cpu_list_parse(text, ids, TMK_CPU_MAX);
      for (int i = 0, at = 0; i < count; i++) {
        while (at < m->place_count && m->places[at].id < ids[i]) at++;
        if (at < m->place_count && m->places[at].id == ids[i]) m->places[at].node = nodes[n];
      }
    }
  }
  m->cores = count_distinct(m, offsetof(struct tmk_cpu_place, core));
  m->sockets = count_distinct(m, offsetof(struct tmk_cpu_place, package));
  m->numa_nodes = count_distinct(m, offsetof(struct tmk_cpu_place, node));
}

/* ---- memory, clocks, pages ---- */

static int64_t meminfo_bytes(const char *root, const char *key)
{
  char text[8192];
  tmk_cpu_file_read(root, text, sizeof text, "/proc/meminfo");
  const char *at = strstr(text, key);
  return at ? strtoll(at + strlen(key), NULL, 10) * 1024 : TMK_UNKNOWN;
}

int64_t tmk_cpu_memory_free(const char *root)
{
  const int64_t available = meminfo_bytes(root, "MemAvailable:"), group = tmk_cpu_cgroup_memory_free(root);
  if (group == INT64_MAX) return available;
  return available == TMK_UNKNOWN || group < available ? group : available;
}

double tmk_cpu_clock_now(const char *root, const struct tmk_cpu_machine *m, const int *ids, int count)
{
  double sum_khz = 0.0;
  int readable = 0;
  for (int i = 0; i < count; i++) {
    const int64_t khz = tmk_cpu_file_int(root, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", ids[i]);
    if (khz <= 0) continue;
    sum_khz += (double)khz;
    readable++;
  }
  if (readable > 0) return sum_khz * 1e3 / readable;
  /* On bare x86 the kernel counts real cycles for "cpu MHz"; under a hypervisor it is the frequency of the time stamp. */
  char cpuinfo[16384], value[32];
  if (m->virtual_machine || !tmk_cpu_file_read(root, cpuinfo, sizeof cpuinfo, "/proc/cpuinfo")) return NAN;
  if (!cpuinfo_value(cpuinfo, "cpu MHz", value, sizeof value)) return NAN;
  const double mhz = strtod(value, NULL);
  return mhz > 0.0 ? mhz * 1e6 : NAN;
}

int64_t tmk_cpu_throttle_count(const char *root, int id)
{
  static const char *const files[] = {"core_throttle_count", "package_throttle_count"};
  int64_t sum = 0;
  for (int i = 0; i < 2; i++) {
    const int64_t count = tmk_cpu_file_int(root, "/sys/devices/system/cpu/cpu%d/thermal_throttle/%s", id, files[i]);
    if (count > 0) sum += count;
  }
  return sum;
}

void tmk_cpu_pages(const char *root, char *text, size_t size)
{
  char mode[128];
  tmk_cpu_file_read(root, mode, sizeof mode, "/sys/kernel/mm/transparent_hugepage/enabled");
  if (strstr(mode, "[always]") || strstr(mode, "[madvise]")) {
    snprintf(text, size, "transparent-huge");
  } else {
    snprintf(text, size, "%ldk", sysconf(_SC_PAGESIZE) / 1024);
  }
}

void tmk_cpu_machine_read(const char *root, const int *allowed, int allowed_count, struct tmk_cpu_machine *m)
{
  memset(m, 0, sizeof *m);
  read_name(root, m);
  read_places(root, allowed, allowed_count, m);
  m->quota = tmk_cpu_cgroup_quota(root);
  const int64_t total = meminfo_bytes(root, "MemTotal:"), limit = tmk_cpu_cgroup_memory_limit(root);
  m->memory_bytes = limit < total || (total == TMK_UNKNOWN && limit != INT64_MAX) ? limit : total;
  const int first = m->place_count ? m->places[0].id : 0;
  const int64_t khz = tmk_cpu_file_int(root, "/sys/devices/system/cpu/cpu%d/cpufreq/cpuinfo_max_freq", first);
  m->clock_max_hz = khz > 0 ? (double)khz * 1e3 : NAN;
}
