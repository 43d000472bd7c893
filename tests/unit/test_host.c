#include "host.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder that stands for "/". */
static char root[64];

static void make_root(void)
{
  snprintf(root, sizeof root, "/tmp/tmk_host_XXXXXX");
  cr_assert_not_null(mkdtemp(root));
}

static void remove_root(void)
{
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  cr_assert_eq(system(command), 0);
}

static void put(const char *path, const char *text)
{
  char full[512];
  snprintf(full, sizeof full, "%s%s", root, path);
  for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(full, 0777);
    *slash = '/';
  }
  FILE *file = fopen(full, "w");
  cr_assert_not_null(file, "%s", full);
  fputs(text, file);
  fclose(file);
}

TestSuite(host_files, .init = make_root, .fini = remove_root);

Test(host_files, x86_virtual_machine)
{
  put("/etc/os-release", "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n");
  put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC 9B14\nflags\t\t: fpu avx512f "
                       "hypervisor lahf_lm\n\nprocessor\t: 1\n");
  put("/proc/meminfo", "MemTotal:       24652148 kB\nMemFree: 1 kB\n");
  put("/sys/class/dmi/id/product_name", "Google Compute Engine\n");
  put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "schedutil\n");
  struct tmk_host_info host;
  tmk_host_describe(root, &host);
  cr_assert_str_eq(host.os, "Debian GNU/Linux 12 (bookworm)");
  cr_assert_str_eq(host.cpu, "AMD EPYC 9B14");
  cr_assert_str_eq(host.virtualization, "google");
  cr_assert_str_eq(host.governor, "schedutil");
  cr_assert_eq(host.memory_bytes, 24652148ll * 1024);
  cr_assert(isnan(host.cgroup_cpu_quota));
  cr_assert_geq(host.cpus_online, host.cpus_allowed);
  cr_assert_geq(host.cpus_allowed, 1);
  cr_assert(host.hostname[0] != '\0' && host.kernel[0] != '\0' && host.arch[0] != '\0');
}

Test(host_files, bare_metal_in_a_cloud_is_no_virtual_machine)
{
  put("/proc/cpuinfo", "model name\t: Intel(R) Xeon(R)\nflags\t\t: fpu sse\nbugs\t\t: hypervisor\n");
  put("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
  struct tmk_host_info host;
  tmk_host_describe(root, &host);
  cr_assert_str_eq(host.virtualization, "none");
  put("/proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
  tmk_host_describe(root, &host);
  cr_assert_str_eq(host.virtualization, "amazon");
  put("/sys/class/dmi/id/sys_vendor", "Nobody\n");
  tmk_host_describe(root, &host);
  cr_assert_str_eq(host.virtualization, "unknown hypervisor");
}

Test(host_files, arm_has_numbers)
{
  put("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd4f\n");
  struct tmk_host_info host;
  tmk_host_describe(root, &host);
  cr_assert_str_eq(host.cpu, "Arm Neoverse-V2");
  cr_assert_str_eq(host.virtualization, "");
  put("/proc/cpuinfo", "CPU implementer\t: 0x99\nCPU part\t: 0x7\n");
  tmk_host_describe(root, &host);
  cr_assert_str_eq(host.cpu, "CPU implementer 0x99 part 0x7");
}

Test(host_files, nothing_readable_stays_unknown)
{
  struct tmk_host_info host;
  tmk_host_describe(root, &host);
  cr_assert_str_eq(host.os, "");
  cr_assert_str_eq(host.cpu, "");
  cr_assert_str_eq(host.governor, "");
  cr_assert_eq(host.memory_bytes, TMK_UNKNOWN);
  cr_assert(isnan(host.cgroup_cpu_quota));
  struct tmk_cpu_usage usage;
  cr_assert_not(tmk_host_cpu_usage(root, &usage));
}

Test(host_files, quota_v2_is_the_least_on_the_way_up)
{
  put("/proc/self/cgroup", "0::/user.slice/job.scope\n");
  put("/sys/fs/cgroup/user.slice/job.scope/cpu.max", "max 100000\n");
  struct tmk_host_info host;
  tmk_host_describe(root, &host);
  cr_assert(isnan(host.cgroup_cpu_quota));
  put("/sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
  tmk_host_describe(root, &host);
  cr_assert_eq(host.cgroup_cpu_quota, 1.5);
  put("/sys/fs/cgroup/user.slice/job.scope/cpu.max", "50000 100000\n");
  tmk_host_describe(root, &host);
  cr_assert_eq(host.cgroup_cpu_quota, 0.5);
  put("/proc/self/cgroup", "0::/\n"); /* a container's own root */
  put("/sys/fs/cgroup/cpu.max", "400000 100000\n");
  tmk_host_describe(root, &host);
  cr_assert_eq(host.cgroup_cpu_quota, 4);
  put("/sys/fs/cgroup/cpu.max", "garbage\n");
  tmk_host_describe(root, &host);
  cr_assert(isnan(host.cgroup_cpu_quota));
}

Test(host_files, quota_v1)
{
  put("/proc/self/cgroup", "5:cpuset:/a\n4:cpu,cpuacct:/docker/x\n0::/\n");
  put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  struct tmk_host_info host;
  tmk_host_describe(root, &host);
  cr_assert(isnan(host.cgroup_cpu_quota));
  put("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "250000\n");
  put("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us", "100000\n");
  tmk_host_describe(root, &host);
  cr_assert_eq(host.cgroup_cpu_quota, 2.5);
}

Test(host_files, cpu_usage_in_ticks)
{
  long hz = sysconf(_SC_CLK_TCK);
  put("/proc/stat", "cpu  100 10 50 9999 88 7 3 20 40 0\ncpu0 1 1 1 1\n");
  struct tmk_cpu_usage usage;
  cr_assert(tmk_host_cpu_usage(root, &usage));
  cr_assert_eq(usage.machine_busy_ns, 170 * (1000000000 / hz)); /* idle, iowait, steal and guest are not busy */
  cr_assert_eq(usage.steal_ns, 20 * (1000000000 / hz));
  put("/proc/stat", "cpu  0 0 0 0 0 0 0 0 0 0\n"); /* a sandbox that shows nothing */
  cr_assert_not(tmk_host_cpu_usage(root, &usage));
  put("/proc/stat", "cpu  1 2 3\n");
  cr_assert_not(tmk_host_cpu_usage(root, &usage));
}

Test(host, other_load)
{
  struct tmk_cpu_usage before = {.wall_ns = 1000, .machine_busy_ns = 500, .self_busy_ns = 100, .steal_ns = 10};
  struct tmk_cpu_usage after = {.wall_ns = 2000, .machine_busy_ns = 2300, .self_busy_ns = 1700, .steal_ns = 110};
  cr_assert(fabs(tmk_host_other_load(&before, &after) - 0.3) < 1e-12); /* (1800 − 1600 + 100) ÷ 1000 */
  after.self_busy_ns = 5000;
  cr_assert_eq(tmk_host_other_load(&before, &after), 0);
  cr_assert(isnan(tmk_host_other_load(&before, &before)));
}

static const struct tmk_env_var *find(const struct tmk_env_var *variables, int64_t count, const char *name)
{
  for (int64_t i = 0; i < count; i++) {
    if (strcmp(variables[i].name, name) == 0) return &variables[i];
  }
  return NULL;
}

Test(host, environment_is_an_allow_list)
{
  char value[400];
  memset(value, 'x', sizeof value - 1);
  value[sizeof value - 1] = '\0';
  clearenv();
  setenv("OMP_NUM_THREADS", "4", 1);
  setenv("NCCL_DEBUG", "a\nb\xff", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  setenv("MY_CUDA_THING", "no", 1);
  setenv("CUDA_VISIBLE_DEVICES", value, 1);
  setenv("SLURM_JOB_ID", "77", 1);
  setenv("SLURM_JOB_USER", "me", 1);
  struct tmk_env_var *variables = NULL;
  int64_t count = 0;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_host_environment(&variables, &count, &err), TMK_OK);
  cr_assert_eq(count, 4, "%d", (int)count);
  cr_assert_str_eq(variables[0].name, "CUDA_VISIBLE_DEVICES"); /* sorted */
  cr_assert_eq(strlen(variables[0].value), sizeof variables[0].value - 1);
  cr_assert_str_eq(find(variables, count, "OMP_NUM_THREADS")->value, "4");
  cr_assert_str_eq(find(variables, count, "NCCL_DEBUG")->value, "a");
  cr_assert_str_eq(find(variables, count, "SLURM_JOB_ID")->value, "77");
  free(variables);
  clearenv();
  cr_assert_eq(tmk_host_environment(&variables, &count, &err), TMK_OK);
  cr_assert_eq(count, 0);
  free(variables);
}

Test(host, moment_and_identity)
{
  char utc[32], first[40], second[40];
  tmk_host_utc(utc);
  cr_assert_eq(strlen(utc), 20);
  cr_assert(utc[4] == '-' && utc[10] == 'T' && utc[19] == 'Z');
  tmk_host_run_id(first);
  tmk_host_run_id(second);
  cr_assert_eq(strlen(first), 32);
  cr_assert_eq(strspn(first, "0123456789abcdef"), 32);
  cr_assert_str_neq(first, second);
  int64_t before = tmk_host_now_ns();
  cr_assert_geq(tmk_host_now_ns(), before);
}

/* This machine, whatever it is: busy time of the machine is at least this process's own. */
Test(host, own_work_is_no_other_load)
{
  struct tmk_cpu_usage before, after;
  if (!tmk_host_cpu_usage(NULL, &before)) cr_skip_test("/proc/stat is not readable here");
  volatile double x = 1;
  while (tmk_host_now_ns() < before.wall_ns + 200000000) x = x * 1.0000001;
  cr_assert(tmk_host_cpu_usage(NULL, &after));
  cr_assert_gt(after.self_busy_ns, before.self_busy_ns + 50000000);
  cr_assert_geq(after.machine_busy_ns - before.machine_busy_ns, 50000000);
}
