/* The machine as files of /sys and /proc describe it, from folders of made-up files. */
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu_rig.h"

static char root[64];

static void make_root(void)
{
  strcpy(root, "/tmp/tokmark-cpu-XXXXXX");
  cr_assert_not_null(mkdtemp(root));
}

static void remove_root(void)
{
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", root);
  cr_assert_eq(system(command), 0);
}

TestSuite(cpu_machine, .init = make_root, .fini = remove_root);

/* Writes root/path, its folders made. */
static void put(const char *text, const char *format, ...)
{
  char name[256], path[512];
  va_list args;
  va_start(args, format);
  vsnprintf(name, sizeof name, format, args);
  va_end(args);
  snprintf(path, sizeof path, "%s%s", root, name);
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(path, 0755);
    *slash = '/';
  }
  FILE *file = fopen(path, "w");
  cr_assert_not_null(file, "%s", path);
  fputs(text, file);
  fclose(file);
}

/* A CPU with its core's siblings and one cache of `level`. */
static void put_cpu(int id, const char *package, const char *siblings, const char *sharers)
{
  put(package, "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", id);
  put(siblings, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", id);
  put("1\n", "/sys/devices/system/cpu/cpu%d/cache/index0/level", id);
  put("Data\n", "/sys/devices/system/cpu/cpu%d/cache/index0/type", id);
  put("48K\n", "/sys/devices/system/cpu/cpu%d/cache/index0/size", id);
  put(siblings, "/sys/devices/system/cpu/cpu%d/cache/index0/shared_cpu_list", id);
  put("3\n", "/sys/devices/system/cpu/cpu%d/cache/index1/level", id);
  put("Unified\n", "/sys/devices/system/cpu/cpu%d/cache/index1/type", id);
  put("32768K\n", "/sys/devices/system/cpu/cpu%d/cache/index1/size", id);
  put(sharers, "/sys/devices/system/cpu/cpu%d/cache/index1/shared_cpu_list", id);
}

/* Two sockets of two cores with two hardware threads each: 0,4 1,5 | 2,6 3,7; an L3 a socket; a NUMA node a socket. */
static void put_two_sockets(void)
{
  put("0-7\n", "/sys/devices/system/cpu/online");
  for (int id = 0; id < 8; id++) {
    char siblings[16];
    snprintf(siblings, sizeof siblings, "%d,%d\n", id % 4, id % 4 + 4);
    put_cpu(id, id % 4 < 2 ? "0\n" : "1\n", siblings, id % 4 < 2 ? "0-1,4-5\n" : "2-3,6-7\n");
  }
  put("0-1\n", "/sys/devices/system/node/online");
  put("0-1,4-5\n", "/sys/devices/system/node/node0/cpulist");
  put("2-3,6-7\n", "/sys/devices/system/node/node1/cpulist");
  put("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Intel(R) Xeon(R) "
      "Platinum 8480+ CPU @ 2.00GHz\n"
      "cpu MHz\t\t: 3100.5\nflags\t\t: fpu vme avx512f\n\nprocessor\t: 1\n",
      "/proc/cpuinfo");
  put("MemTotal:       16000000 kB\nMemFree:  1 kB\nMemAvailable:   12000000 kB\n", "/proc/meminfo");
}

static struct tmk_cpu_machine *read_machine(const char *allowed)
{
  static struct tmk_cpu_machine machine;
  int ids[TMK_CPU_MAX];
  const int count = tmk_cpu_list_parse(allowed, ids, TMK_CPU_MAX);
  tmk_cpu_machine_read(root, ids, count, &machine);
  return &machine;
}

Test(cpu_machine, topology)
{
  put_two_sockets();
  const struct tmk_cpu_machine *m = read_machine("0-7");
  cr_expect_str_eq(m->name, "Intel(R) Xeon(R) Platinum 8480+ CPU @ 2.00GHz");
  cr_expect_str_eq(m->vendor, "GenuineIntel");
  cr_expect_eq(m->family, 6);
  cr_expect_eq(m->model, 143);
  cr_expect_not(m->virtual_machine);
  cr_expect_eq(m->place_count, 8);
  cr_expect_eq(m->cores, 4);
  cr_expect_eq(m->sockets, 2);
  cr_expect_eq(m->numa_nodes, 2);
  cr_expect_eq(m->places[6].core, 2);
  cr_expect_eq(m->places[6].package, 1);
  cr_expect_eq(m->places[6].node, 1);
  cr_expect_eq(m->places[6].llc, 2);
  cr_expect_eq(m->places[6].llc_bytes, 32 << 20);
  cr_expect_eq(m->memory_bytes, 16000000 * 1024LL);
  cr_expect_eq(tmk_cpu_memory_free(root), 12000000 * 1024LL);
  cr_expect(isnan(m->quota));
  cr_expect_eq(tmk_cpu_fma_ports(m, 16), 2);
  cr_expect_eq(tmk_cpu_fma_ports(m, 8), 2);
  cr_expect_eq(tmk_cpu_fma_ports(m, 4), TMK_UNKNOWN);
  const int ids[] = {0};
  cr_expect_float_eq(tmk_cpu_clock_now(root, m, ids, 1), 3100.5e6, 1.0);
  put("2400000\n", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq");
  cr_expect_float_eq(tmk_cpu_clock_now(root, m, ids, 1), 2.4e9, 1.0);
}

/* The first `count` CPUs that a team of `threads` takes on the machine read with `allowed`. */
static void expect_team(const char *allowed, int64_t threads, const char *expected)
{
  static struct tmk_cpu_team team;
  char text[256];
  struct tmk_error err = {0};
  const struct tmk_cpu_machine *m = read_machine(allowed);
  cr_assert_eq(tmk_cpu_team_init(&team, m, threads, &err), TMK_OK, "%s", err.message);
  size_t used = 0;
  for (int i = 0; i < team.threads; i++) {
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%d", i ? " " : "", team.cpus[i]);
  }
  cr_expect_str_eq(text, expected);
}

Test(cpu_machine, threads_take_cores_first_then_siblings_then_share)
{
  put_two_sockets();
  expect_team("0-7", 0, "0 1 2 3");
  expect_team("0-7", 2, "0 1");
  expect_team("0-7", 6, "0 1 2 3 4 5");
  expect_team("0-7", 10, "0 1 2 3 4 5 6 7 0 1");
  expect_team("3-7", 0, "4 5 6 3"); /* cores 0 and 1 by their second threads; by node, then by core */
  expect_team("5", 0, "5");
  put("0::/box\n", "/proc/self/cgroup");
  put("250000 100000\n", "/sys/fs/cgroup/box/cpu.max");
  expect_team("0-7", 0, "0 1"); /* 2.5 CPUs' worth of time */
  expect_team("0-7", 4, "0 1 2 3");
  put("50000 100000\n", "/sys/fs/cgroup/box/cpu.max");
  expect_team("0-7", 0, "0");
}

Test(cpu_machine, team_errors)
{
  static struct tmk_cpu_team team;
  struct tmk_error err = {0};
  put_two_sockets();
  const struct tmk_cpu_machine *m = read_machine("0-7");
  cr_expect_eq(tmk_cpu_team_init(&team, m, -1, &err), TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "--threads -1: must be 1..4096");
  cr_expect_eq(tmk_cpu_team_init(&team, m, 4097, &err), TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "--threads 4097: must be 1..4096");
  m = read_machine("9-12");
  cr_expect_eq(tmk_cpu_team_init(&team, m, 0, &err), TMK_ERR_DEVICE);
  cr_expect_str_eq(err.message, "no CPU of the affinity mask is online");
}

Test(cpu_machine, cgroup_2_counts_the_least_on_the_way_up)
{
  put("0::/a/b\n", "/proc/self/cgroup");
  put("max 100000\n", "/sys/fs/cgroup/a/b/cpu.max");
  put("150000 100000\n", "/sys/fs/cgroup/a/cpu.max");
  cr_expect_float_eq(tmk_cpu_cgroup_quota(root), 1.5, 1e-12);
  put("3000000\n", "/sys/fs/cgroup/a/b/memory.max");
  put("1000000\n", "/sys/fs/cgroup/a/b/memory.current");
  put("anon 5\ninactive_file 500000\n", "/sys/fs/cgroup/a/b/memory.stat");
  put("max\n", "/sys/fs/cgroup/a/memory.max");
  cr_expect_eq(tmk_cpu_cgroup_memory_limit(root), 3000000);
  cr_expect_eq(tmk_cpu_cgroup_memory_free(root), 2500000);
  put("MemTotal: 1000 kB\nMemAvailable: 900 kB\n", "/proc/meminfo");
  cr_expect_eq(tmk_cpu_memory_free(root), 900 * 1024); /* what is there at all is less */
}

Test(cpu_machine, cgroup_1_and_containers)
{
  /* The path is the host's: the container's own mount has the group as its root. */
  put("4:memory:/docker/0123\n3:cpu,cpuacct:/docker/0123\n", "/proc/self/cgroup");
  cr_expect(isnan(tmk_cpu_cgroup_quota(root)));
  cr_expect_eq(tmk_cpu_cgroup_memory_limit(root), INT64_MAX);
  put("300000\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  put("100000\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  cr_expect_float_eq(tmk_cpu_cgroup_quota(root), 3.0, 1e-12);
  put("-1\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  cr_expect(isnan(tmk_cpu_cgroup_quota(root)));
  put("9223372036854771712\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes");
  cr_expect_eq(tmk_cpu_cgroup_memory_limit(root), INT64_MAX);
  put("4096000\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes");
  put("96000\n", "/sys/fs/cgroup/memory/memory.usage_in_bytes");
  cr_expect_eq(tmk_cpu_cgroup_memory_limit(root), 4096000);
  cr_expect_eq(tmk_cpu_cgroup_memory_free(root), 4000000);
}

Test(cpu_machine, arm_has_no_model_name)
{
  put("0-1\n", "/sys/devices/system/cpu/online");
  put("processor\t: 0\nBogoMIPS\t: 2000.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
      "CPU variant\t: 0x0\nCPU part\t: 0xd4f\nCPU revision\t: 0\n",
      "/proc/cpuinfo");
  const struct tmk_cpu_machine *m = read_machine("0-1");
  cr_expect_str_eq(m->name, "Arm Neoverse V2");
  cr_expect_eq(tmk_cpu_fma_ports(m, 4), 4);
  put("CPU implementer\t: 0x41\nCPU part\t: 0x123\n", "/proc/cpuinfo");
  cr_expect_str_eq(read_machine("0-1")->name, "Arm implementer 0x41 part 0x123");
  put("processor\t: 0\n", "/proc/cpuinfo");
  put("Some board", "/sys/firmware/devicetree/base/model");
  cr_expect_str_eq(read_machine("0-1")->name, "Some board");
}

Test(cpu_machine, nothing_readable)
{
  const struct tmk_cpu_machine *m = read_machine("0,2");
  cr_expect_str_eq(m->name, "");
  cr_expect_eq(m->place_count, 2);
  cr_expect_eq(m->cores, 2);
  cr_expect_eq(m->sockets, 1);
  cr_expect_eq(m->places[0].llc, -1);
  cr_expect_eq(m->memory_bytes, TMK_UNKNOWN);
  cr_expect(isnan(m->clock_max_hz));
  cr_expect_eq(tmk_cpu_fma_ports(m, 16), TMK_UNKNOWN);
  cr_expect_eq(tmk_cpu_memory_free(root), TMK_UNKNOWN);
  const int ids[] = {0};
  cr_expect(isnan(tmk_cpu_clock_now(root, m, ids, 1)));
}

Test(cpu_machine, a_virtual_machines_fixed_clock_is_none)
{
  put("vendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 2596.098\n"
      "flags\t\t: fpu hypervisor lm\n",
      "/proc/cpuinfo");
  const struct tmk_cpu_machine *m = read_machine("0");
  const int ids[] = {0};
  cr_expect(m->virtual_machine);
  cr_expect(isnan(tmk_cpu_clock_now(root, m, ids, 1)));
  cr_expect_eq(tmk_cpu_fma_ports(m, 16), 2);
}

Test(cpu_machine, throttling_is_counted)
{
  cr_expect_eq(tmk_cpu_throttle_count(root, 1), 0);
  put("3\n", "/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count");
  put("4\n", "/sys/devices/system/cpu/cpu1/thermal_throttle/package_throttle_count");
  cr_expect_eq(tmk_cpu_throttle_count(root, 1), 7);
}

Test(cpu_machine, energy_sums_packages_and_survives_a_wrap)
{
  struct tmk_cpu_energy energy;
  struct tmk_error err = {0};
  uint64_t uj = 0;
  char source[32];
  tmk_cpu_energy_open(root, &energy);
  cr_expect_eq(tmk_cpu_energy_read(root, &energy, &uj, source, &err), TMK_ERR_UNSUPPORTED);
  cr_expect_str_eq(err.message, "cpu: no readable energy counter (RAPL)");

  put("package-0\n", "/sys/class/powercap/intel-rapl:0/name");
  put("900\n", "/sys/class/powercap/intel-rapl:0/energy_uj");
  put("1000\n", "/sys/class/powercap/intel-rapl:0/max_energy_range_uj");
  put("psys\n", "/sys/class/powercap/intel-rapl:1/name"); /* holds the packages again: not counted */
  put("5\n", "/sys/class/powercap/intel-rapl:1/energy_uj");
  put("1000\n", "/sys/class/powercap/intel-rapl:1/max_energy_range_uj");
  tmk_cpu_energy_open(root, &energy);
  cr_assert_eq(tmk_cpu_energy_read(root, &energy, &uj, source, &err), TMK_OK);
  cr_expect_str_eq(source, "rapl:package-0");
  const uint64_t start = uj;
  put("950\n", "/sys/class/powercap/intel-rapl:0/energy_uj");
  cr_assert_eq(tmk_cpu_energy_read(root, &energy, &uj, source, &err), TMK_OK);
  cr_expect_eq(uj - start, 50);
  put("30\n", "/sys/class/powercap/intel-rapl:0/energy_uj");
  cr_assert_eq(tmk_cpu_energy_read(root, &energy, &uj, source, &err), TMK_OK);
  cr_expect_eq(uj - start, 130);

  put("package-1\n", "/sys/class/powercap/intel-rapl:2/name");
  put("7\n", "/sys/class/powercap/intel-rapl:2/energy_uj");
  put("1000\n", "/sys/class/powercap/intel-rapl:2/max_energy_range_uj");
  tmk_cpu_energy_open(root, &energy);
  cr_assert_eq(tmk_cpu_energy_read(root, &energy, &uj, source, &err), TMK_OK);
  cr_expect_str_eq(source, "rapl:2 packages");
}

Test(cpu_machine, pages)
{
  char text[32];
  put("always [madvise] never\n", "/sys/kernel/mm/transparent_hugepage/enabled");
  tmk_cpu_pages(root, text, sizeof text);
  cr_expect_str_eq(text, "transparent-huge");
  put("always madvise [never]\n", "/sys/kernel/mm/transparent_hugepage/enabled");
  tmk_cpu_pages(root, text, sizeof text);
  cr_expect_eq(text[strlen(text) - 1], 'k');
}

Test(cpu_machine, lists)
{
  int ids[8];
  char text[16];
  cr_expect_eq(tmk_cpu_list_parse("0-2,5,7-8", ids, 8), 6);
  cr_expect_eq(ids[3], 5);
  cr_expect_eq(ids[5], 8);
  cr_expect_eq(tmk_cpu_list_parse("", ids, 8), 0);
  cr_expect_eq(tmk_cpu_list_parse("x", ids, 8), 0);
  cr_expect_eq(tmk_cpu_list_parse("0-99", ids, 8), 8);
  const int some[] = {0, 1, 2, 5, 7, 8};
  tmk_cpu_list_format(some, 6, text, sizeof text);
  cr_expect_str_eq(text, "0-2,5,7-8");
  tmk_cpu_list_format(some, 6, text, 9);
  cr_expect_str_eq(text, "0-2,5…");
}
