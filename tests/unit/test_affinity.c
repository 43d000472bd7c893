/* What is near a device, on made-up machines below a folder. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "affinity.h"

static char root[] = "/tmp/tokmark-affinity-XXXXXX";

static void make_root(void)
{
  strcpy(root, "/tmp/tokmark-affinity-XXXXXX");
  cr_assert_not_null(mkdtemp(root));
}

static void remove_root(void)
{
  char command[64];
  snprintf(command, sizeof command, "rm -r %s", root);
  cr_assert(eq(int, system(command), 0));
}

TestSuite(affinity, .init = make_root, .fini = remove_root);

static void make_folders(const char *path)
{
  char whole[PATH_MAX], *slash = whole + strlen(root) + 1;
  snprintf(whole, sizeof whole, "%s%s/", root, path);
  while ((slash = strchr(slash, '/')) != NULL) {
    *slash = '\0';
    (void)mkdir(whole, 0700);
    *slash++ = '/';
  }
}

static void put(const char *folder, const char *name, const char *text)
{
  char path[PATH_MAX];
  make_folders(folder);
  snprintf(path, sizeof path, "%s%s/%s", root, folder, name);
  FILE *file = fopen(path, "w");
  cr_assert_not_null(file, "%s", path);
  fputs(text, file);
  fclose(file);
}

static void put_link(const char *folder, const char *name, const char *to)
{
  char path[PATH_MAX], target[PATH_MAX];
  make_folders(folder);
  snprintf(path, sizeof path, "%s%s/%s", root, folder, name);
  snprintf(target, sizeof target, "%s%s", root, to);
  cr_assert(eq(int, symlink(target, path), 0), "%s", path);
}

static void put_gpu(const char *way, const char *address, const char *node, const char *cpus)
{
  put(way, "numa_node", node);
  put(way, "local_cpulist", cpus);
  put_link("/sys/bus/pci/devices", address, way);
}

static void put_adapter(const char *class, const char *name, const char *way, const char *node)
{
  char folder[128];
  put(way, "numa_node", node);
  snprintf(folder, sizeof folder, "/sys/class/%s/%s", class, name);
  put_link(folder, "device", way);
}

static struct tmk_device_info described(const char *pci_bus_id)
{
  struct tmk_device_info info;
  tmk_device_info_init(&info);
  snprintf(info.pci_bus_id, sizeof info.pci_bus_id, "%s", pci_bus_id);
  tmk_affinity_describe(root, &info);
  return info;
}

#define SWITCH "/sys/devices/pci0000:16/0000:16:01.0/0000:17:00.0"

/* Two GPUs and two adapters behind a switch each, as in an HGX machine. */
Test(affinity, the_adapter_behind_the_same_switch)
{
  put_gpu(SWITCH "/0000:18:00.0", "0000:18:00.0", "0\n", "0-55,112-167\n");
  put_adapter("infiniband", "mlx5_0", SWITCH "/0000:19:00.0", "0\n");
  put_gpu("/sys/devices/pci0000:97/0000:97:01.0/0000:9a:00.0", "0000:9a:00.0", "1\n", "56-111,168-223\n");
  put_adapter("infiniband", "mlx5_4", "/sys/devices/pci0000:97/0000:97:01.0/0000:9b:00.0", "1\n");
  put_adapter("infiniband", "mlx5_5", "/sys/devices/pci0000:97/0000:97:01.0/0000:9c:00.0", "1\n");
  put_adapter("net", "eth0", SWITCH "/0000:19:00.0", "0\n");
  struct tmk_device_info info = described("00000000:18:00.0");
  cr_expect(eq(i64, info.numa_node, 0));
  cr_expect(eq(str, info.local_cpus, "0-55,112-167"));
  cr_expect(eq(str, info.nics, "mlx5_0"));
  info = described("00000000:9A:00.0");
  cr_expect(eq(i64, info.numa_node, 1));
  cr_expect(eq(str, info.nics, "mlx5_4,mlx5_5"));
}

/* A Grace host: GPUs and adapters hang on roots of their own, so only the node is in common. */
Test(affinity, without_a_way_in_common_the_same_node)
{
  put_gpu("/sys/devices/pci0009:00/0009:00:00.0/0009:01:00.0", "0009:01:00.0", "0\n", "0-71\n");
  put_adapter("infiniband", "mlx5_0", "/sys/devices/pci0000:00/0000:00:00.0/0000:01:00.0", "0\n");
  put_adapter("infiniband", "mlx5_1", "/sys/devices/pci0010:00/0010:00:00.0/0010:01:00.0", "1\n");
  const struct tmk_device_info info = described("00000009:01:00.0");
  cr_expect(eq(i64, info.numa_node, 0));
  cr_expect(eq(str, (char *)info.local_cpus, "0-71"));
  cr_expect(eq(str, (char *)info.nics, "mlx5_0"));
}

Test(affinity, interfaces_where_there_is_no_infiniband)
{
  put_gpu(SWITCH "/0000:18:00.0", "0000:18:00.0", "0\n", "0-3\n");
  put_adapter("net", "ens1", SWITCH "/0000:19:00.0", "0\n");
  put_link("/sys/class/net/lo", "subsystem", "/sys/class/net"); /* has no device */
  put_adapter("net", "virt", "/sys/devices/virtual/net/virt", "0\n");
  const struct tmk_device_info info = described("00000000:18:00.0");
  cr_expect(eq(str, (char *)info.nics, "ens1"));
}

Test(affinity, what_is_missing_or_nonsense_stays_unknown)
{
  struct tmk_device_info info = described("00000000:18:00.0");
  cr_expect(eq(i64, info.numa_node, TMK_UNKNOWN));
  cr_expect(eq(str, info.local_cpus, ""));
  cr_expect(eq(str, info.nics, ""));
  put_gpu(SWITCH "/0000:18:00.0", "0000:18:00.0", "-1\n", "x-9,,\n");
  info = described("00000000:18:00.0");
  cr_expect(eq(i64, info.numa_node, TMK_UNKNOWN));
  cr_expect(eq(str, info.local_cpus, ""));
  info = described("");
  cr_expect(eq(i64, info.numa_node, TMK_UNKNOWN));
  info = described("../../../etc");
  cr_expect(eq(i64, info.numa_node, TMK_UNKNOWN));
}

Test(affinity, lists_of_cpus)
{
  static const char *const good[] = {"0", "0-3", "0,2,4-5", "63-64"};
  static const char *const bad[] = {"-1", "3-1", "0-", "a", "1,,2", "1;2", "99999999999999999999"};
  cpu_set_t cpus;
  char text[64];
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    cr_expect(tmk_affinity_parse(good[i], &cpus), "%s", good[i]);
    tmk_affinity_print(&cpus, text, (int)sizeof text);
    cr_expect(eq(str, text, (char *)good[i]));
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) cr_expect(not(tmk_affinity_parse(bad[i], &cpus)), "%s", bad[i]);
  cr_expect(tmk_affinity_parse("", &cpus));
  tmk_affinity_print(&cpus, text, (int)sizeof text);
  cr_expect(eq(str, text, ""));
  cr_expect(tmk_affinity_parse("0,2,4,6,8,10,12,14,16,18", &cpus));
  tmk_affinity_print(&cpus, text, 12);
  cr_expect(eq(str, text, "0,2,4,6,..."));
}

Test(affinity, binding_keeps_within_what_is_allowed)
{
  cpu_set_t before, after;
  struct tmk_device_info info;
  tmk_device_info_init(&info);
  cr_assert(eq(int, sched_getaffinity(0, sizeof before, &before), 0));
  size_t first = 0;
  while (!CPU_ISSET(first, &before)) first++;
  snprintf(info.local_cpus, sizeof info.local_cpus, "%zu", first);
  tmk_affinity_bind(&info);
  cr_assert(eq(int, sched_getaffinity(0, sizeof after, &after), 0));
  const int count = CPU_COUNT(&after);
  cr_expect(eq(int, count, 1));
  cr_expect(eq(str, info.cpus, info.local_cpus));
  (void)sched_setaffinity(0, sizeof before, &before);
  snprintf(info.local_cpus, sizeof info.local_cpus, "%d", CPU_SETSIZE - 1); /* none of ours: nothing changes */
  tmk_affinity_bind(&info);
  cr_assert(eq(int, sched_getaffinity(0, sizeof after, &after), 0));
  const bool same = CPU_EQUAL(&before, &after) || CPU_ISSET(CPU_SETSIZE - 1, &before);
  cr_expect(same);
}
