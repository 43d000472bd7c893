/* host.c: see host.h. */
#include "host.h"

#include <fnmatch.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "tokmark/fill.h"

extern char **environ;

/* What an environment may say of a run. Never all of it: environments hold secrets. */
static const char *const allowed_variables[] = {
    "CUDA_*",
    "GOMP_*",
    "KMP_*",
    "NCCL_*",
    "NVIDIA_VISIBLE_DEVICES",
    "OMP_*",
    "OMPI_MCA_btl*",
    "OMPI_MCA_pml*",
    "SLURM_CPUS_*",
    "SLURM_GPUS*",
    "SLURM_JOB_ID",
    "SLURM_JOB_NUM_NODES",
    "SLURM_NNODES",
    "SLURM_NTASKS*",
    "SLURM_PARTITION",
    "TMK_*",
    "TOKMARK_*",
    "UCX_*",
};
#define ALLOWED_COUNT (sizeof allowed_variables / sizeof allowed_variables[0])

/* Names that systems give in their firmware tables; the list of systemd's detect-virt, src/basic/virt.c. */
static const struct {
  const char *prefix, *name;
} hypervisors[] = {
    {"KVM", "kvm"},
    {"OpenStack", "kvm"},
    {"KubeVirt", "kvm"},
    {"Amazon EC2", "amazon"},
    {"QEMU", "qemu"},
    {"VMware", "vmware"},
    {"VMW", "vmware"},
    {"innotek GmbH", "virtualbox"},
    {"VirtualBox", "virtualbox"},
    {"Xen", "xen"},
    {"Parallels", "parallels"},
    {"BHYVE", "bhyve"},
    {"Hyper-V", "hyper-v"},
    {"Microsoft Corporation", "hyper-v"},
    {"Google", "google"},
    {"Apple Virtualization", "apple"},
};

/* Arm gives numbers where x86 gives a name: MIDR implementer and part, as in util-linux sys-utils/lscpu-arm.c. */
static const struct {
  unsigned implementer, part;
  const char *name;
} arm_parts[] = {
    {0x41, 0xd0c, "Arm Neoverse-N1"}, {0x41, 0xd40, "Arm Neoverse-V1"}, {0x41, 0xd49, "Arm Neoverse-N2"},
    {0x41, 0xd4f, "Arm Neoverse-V2"}, {0x41, 0xd83, "Arm Neoverse-V3"}, {0x41, 0xd84, "Arm Neoverse-V3"},
    {0x41, 0xd8e, "Arm Neoverse-N3"},
};

/* --- files --- */

/* At most size − 1 bytes of the file, NUL behind them; "" and false where it can't be read. */
static bool read_text(const char *root, const char *path, char *text, size_t size)
{
  char full[1024];
  text[0] = '\0';
  int length = snprintf(full, sizeof full, "%s%s", root, path);
  if (length < 0 || (size_t)length >= sizeof full) return false;
  FILE *file = fopen(full, "r");
  if (file == NULL) return false;
  size_t used = fread(text, 1, size - 1, file);
  text[used] = '\0';
  bool good = ferror(file) == 0;
  fclose(file);
  return good;
}

/* Copies up to the end of the line, without blanks and quotes around it; other than printable ASCII becomes '?'. */
static void copy_line(char *to, size_t size, const char *from)
{
  from += strspn(from, " \t\"");
  size_t length = strcspn(from, "\n");
  while (length > 0 && strchr(" \t\r\"", from[length - 1]) != NULL) length--;
  if (length > size - 1) length = size - 1;
  for (size_t i = 0; i < length; i++) to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
  to[length] = '\0';
}

/* The text behind the first line that starts with `name` and has `separator` next but for blanks; NULL if there is none. */
static const char *find_value(const char *text, const char *name, char separator)
{
  size_t length = strlen(name);
  for (const char *line = text; line != NULL && *line != '\0';) {
    if (strncmp(line, name, length) == 0) {
      const char *at = line + length + strspn(line + length, " \t");
      if (*at == separator) return at + 1;
    }
    line = strchr(line, '\n');
    if (line != NULL) line++;
  }
  return NULL;
}

/* --- host facts --- */

static void describe_cpu(const char *cpuinfo, char *name, size_t size)
{
  const char *value = find_value(cpuinfo, "model name", ':');
  if (value != NULL) {
    copy_line(name, size, value);
    return;
  }
  const char *implementer = find_value(cpuinfo, "CPU implementer", ':'), *part = find_value(cpuinfo, "CPU part", ':');
  if (implementer == NULL || part == NULL) return;
  unsigned long implementer_id = strtoul(implementer, NULL, 0), part_id = strtoul(part, NULL, 0);
  for (size_t i = 0; i < sizeof arm_parts / sizeof arm_parts[0]; i++) {
    if (arm_parts[i].implementer == implementer_id && arm_parts[i].part == part_id) {
      snprintf(name, size, "%s", arm_parts[i].name);
      return;
    }
  }
  snprintf(name, size, "CPU implementer %#lx part %#lx", implementer_id, part_id);
}

/* "" where nothing is known: an Arm host without firmware tables. */
static void describe_virtualization(const char *root, const char *cpuinfo, char *name, size_t size)
{
  static const char *const paths[] = {"/sys/class/dmi/id/product_name", "/sys/class/dmi/id/sys_vendor",
                                      "/sys/class/dmi/id/board_vendor", "/sys/class/dmi/id/bios_vendor"};
  const char *flags = find_value(cpuinfo, "flags", ':');
  bool flagged = false;
  if (flags != NULL) {
    const char *word = strstr(flags, " hypervisor"), *end = strchr(flags, '\n');
    flagged = word != NULL && (end == NULL || word < end);
    snprintf(name, size, "%s", flagged ? "unknown hypervisor" : "none");
    if (!flagged) return; /* cloud vendors' names stand on their bare-metal machines too */
  }
  if (read_text(root, "/sys/hypervisor/type", name, size) && name[0] != '\0') {
    copy_line(name, size, name);
    return;
  }
  snprintf(name, size, "%s", flagged ? "unknown hypervisor" : "");
  for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
    char text[128];
    if (!read_text(root, paths[p], text, sizeof text)) continue;
    for (size_t i = 0; i < sizeof hypervisors / sizeof hypervisors[0]; i++) {
      if (strncmp(text, hypervisors[i].prefix, strlen(hypervisors[i].prefix)) != 0) continue;
      snprintf(name, size, "%s", hypervisors[i].name);
      return;
    }
  }
}

/* Cores that one cgroup allows; NAN if it sets no bound. v2: cpu.max is "max 100000" or "200000 100000". v1: two files. */
static double group_quota(const char *root, const char *group, bool v2)
{
  char path[768], text[64];
  double quota = NAN, period = NAN;
  snprintf(path, sizeof path, "%s/%s", group, v2 ? "cpu.max" : "cpu.cfs_quota_us");
  if (!read_text(root, path, text, sizeof text)) return NAN;
  if (v2) {
    if (sscanf(text, "%lf %lf", &quota, &period) != 2) return NAN;
  } else {
    if (sscanf(text, "%lf", &quota) != 1) return NAN;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", group);
    if (!read_text(root, path, text, sizeof text) || sscanf(text, "%lf", &period) != 1) return NAN;
  }
  return quota > 0 && period > 0 && isfinite(quota) ? quota / period : NAN;
}

/* Every group on the way up can bound: the least counts. In a container the path may stand outside of what is mounted. */
static double path_quota(const char *root, const char *mount, const char *path, bool v2)
{
  char group[640];
  double least = NAN;
  int length = snprintf(group, sizeof group, "%s%s", mount, path);
  if (length < 0 || (size_t)length >= sizeof group) return NAN;
  for (;;) {
    least = fmin(least, group_quota(root, group, v2));
    char *slash = strrchr(group, '/');
    if (strlen(group) <= strlen(mount) || slash == NULL) return least;
    *slash = '\0';
  }
}

static double describe_quota(const char *root)
{
  char text[4096];
  double least = NAN;
  if (!read_text(root, "/proc/self/cgroup", text, sizeof text)) return NAN;
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    char *controllers = strchr(line, ':'), *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (path == NULL) continue;
    *controllers++ = *path++ = '\0';
    if (controllers[0] == '\0') {
      least = fmin(least, path_quota(root, "/sys/fs/cgroup", path, true));
    } else if (strcmp(controllers, "cpu") == 0 || strncmp(controllers, "cpu,", 4) == 0 ||
               strstr(controllers, ",cpu,") != NULL ||
               (strlen(controllers) > 4 && strcmp(controllers + strlen(controllers) - 4, ",cpu") == 0)) {
      least = fmin(least, path_quota(root, "/sys/fs/cgroup/cpu", path, false));
    }
  }
  return least;
}

double tmk_host_load(void)
{
  double load = NAN;
  return getloadavg(&load, 1) == 1 ? load : NAN;
}

void tmk_host_describe(const char *root, struct tmk_host_info *host)
{
  char text[16384];
  struct utsname uts;
  cpu_set_t set;
  if (root == NULL) root = "";
  *host = (struct tmk_host_info){.cpus_online = TMK_UNKNOWN, .cpus_allowed = TMK_UNKNOWN, .memory_bytes = TMK_UNKNOWN};
  if (uname(&uts) == 0) {
    copy_line(host->hostname, sizeof host->hostname, uts.nodename);
    copy_line(host->kernel, sizeof host->kernel, uts.release);
    copy_line(host->arch, sizeof host->arch, uts.machine);
  }
  read_text(root, "/etc/os-release", text, sizeof text);
  const char *value = find_value(text, "PRETTY_NAME", '=');
  if (value != NULL) copy_line(host->os, sizeof host->os, value);
  read_text(root, "/proc/cpuinfo", text, sizeof text);
  describe_cpu(text, host->cpu, sizeof host->cpu);
  describe_virtualization(root, text, host->virtualization, sizeof host->virtualization);
  if (sysconf(_SC_NPROCESSORS_ONLN) > 0) host->cpus_online = sysconf(_SC_NPROCESSORS_ONLN);
  if (sched_getaffinity(0, sizeof set, &set) == 0) host->cpus_allowed = CPU_COUNT(&set);
  read_text(root, "/proc/meminfo", text, sizeof text);
  value = find_value(text, "MemTotal", ':');
  if (value != NULL && strtoll(value, NULL, 10) > 0) host->memory_bytes = strtoll(value, NULL, 10) * 1024;
  host->cgroup_cpu_quota = describe_quota(root);
  if (read_text(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", text, sizeof text)) {
    copy_line(host->governor, sizeof host->governor, text);
  }
  host->load_start = host->load_end = tmk_host_load();
}

/* --- environment --- */

static bool is_allowed(const char *name)
{
  for (size_t i = 0; i < ALLOWED_COUNT; i++) {
    if (fnmatch(allowed_variables[i], name, 0) == 0) return true;
  }
  return false;
}

static int compare_variables(const void *a, const void *b)
{
  return strcmp(((const struct tmk_env_var *)a)->name, ((const struct tmk_env_var *)b)->name);
}

enum tmk_status tmk_host_environment(struct tmk_env_var **out, int64_t *count, struct tmk_error *err)
{
  size_t total = 0;
  *out = NULL;
  *count = 0;
  while (environ != NULL && environ[total] != NULL) total++;
  struct tmk_env_var *variables = calloc(total + 1, sizeof *variables);
  if (variables == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %zu environment variables", total);
  for (size_t i = 0; i < total; i++) {
    struct tmk_env_var *variable = &variables[*count];
    const char *equals = strchr(environ[i], '=');
    if (equals == NULL || (size_t)(equals - environ[i]) >= sizeof variable->name) continue;
    memcpy(variable->name, environ[i], (size_t)(equals - environ[i]));
    variable->name[equals - environ[i]] = '\0';
    if (!is_allowed(variable->name)) {
      variable->name[0] = '\0';
      continue;
    }
    copy_line(variable->value, sizeof variable->value, equals + 1);
    (*count)++;
  }
  qsort(variables, (size_t)*count, sizeof *variables, compare_variables);
  *out = variables;
  return TMK_OK;
}

/* --- moment and identity --- */

void tmk_host_utc(char text[32])
{
  time_t now = time(NULL);
  struct tm utc;
  if (gmtime_r(&now, &utc) == NULL || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) text[0] = '\0';
}

int64_t tmk_host_now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void tmk_host_run_id(char text[40])
{
  uint64_t bits[2];
  if (getrandom(bits, sizeof bits, 0) != (ssize_t)sizeof bits) { /* kernels before 3.17, or a sandbox */
    uint64_t mixed = tmk_fill_mix64((uint64_t)tmk_host_now_ns() ^ ((uint64_t)getpid() << 40));
    bits[0] = tmk_fill_mix64(mixed + (uint64_t)time(NULL));
    bits[1] = tmk_fill_mix64(bits[0] ^ mixed);
  }
  snprintf(text, 40, "%016llx%016llx", (unsigned long long)bits[0], (unsigned long long)bits[1]);
}

/* --- load --- */

bool tmk_host_cpu_usage(const char *root, struct tmk_cpu_usage *usage)
{
  char text[512];
  struct rusage self;
  long ticks_per_s = sysconf(_SC_CLK_TCK);
  /* proc(5): user nice system idle iowait irq softirq steal guest guest_nice; guest time is part of user time. */
  unsigned long long user, nice, system, idle, iowait, irq, softirq, steal;
  *usage = (struct tmk_cpu_usage){.wall_ns = tmk_host_now_ns()};
  if (!read_text(root == NULL ? "" : root, "/proc/stat", text, sizeof text)) return false;
  if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &iowait, &irq, &softirq,
             &steal) != 8) {
    return false;
  }
  if (user + nice + system + idle == 0 || ticks_per_s <= 0 || getrusage(RUSAGE_SELF, &self) != 0) return false;
  double tick_ns = 1e9 / (double)ticks_per_s;
  usage->machine_busy_ns = (int64_t)((double)(user + nice + system + irq + softirq) * tick_ns);
  usage->steal_ns = (int64_t)((double)steal * tick_ns);
  usage->self_busy_ns = ((int64_t)self.ru_utime.tv_sec + self.ru_stime.tv_sec) * 1000000000 +
                        ((int64_t)self.ru_utime.tv_usec + self.ru_stime.tv_usec) * 1000;
  return true;
}

double tmk_host_other_load(const struct tmk_cpu_usage *before, const struct tmk_cpu_usage *after)
{
  double wall = (double)(after->wall_ns - before->wall_ns);
  if (!(wall > 0)) return NAN;
  double others = (double)(after->machine_busy_ns - before->machine_busy_ns) +
                  (double)(after->steal_ns - before->steal_ns) - (double)(after->self_busy_ns - before->self_busy_ns);
  /* The machine counts in ticks, this process in microseconds: a difference below a tick may come out negative. */
  return fmax(others, 0) / wall;
}
