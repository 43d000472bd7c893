/* cpu_cgroup.c: limits that control groups set, versions 1 and 2 (Documentation/admin-guide/cgroup-v2.rst and
 * cgroup-v1/{cpu… scheduler/sched-bwc.rst, memory.rst} of the Linux sources). A limit holds for a group and all below it, so
 * the least on the way from the process's group up to the root of the mount counts. In a container the path that
 * /proc/self/cgroup gives need not exist in its own mount: then the root of the mount is the container's group. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_machine.h"
#include "tokmark/device.h"

enum { PATH_SIZE = 512 };

/* The process's group in the hierarchy of `controller` ("" = version 2), as a path below `mount`. False if it has none. */
static bool group_path(const char *root, const char *controller, char mount[64], char path[PATH_SIZE])
{
  char text[4096];
  if (!tmk_cpu_file_read(root, text, sizeof text, "/proc/self/cgroup")) return false;
  char *save = NULL;
  for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
    /* hierarchy-ID:controller-list:path */
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group) continue;
    *group++ = '\0';
    controllers++;
    bool match = controller[0] == '\0' && controllers[0] == '\0';
    char *inner = NULL;
    for (char *name = strtok_r(controllers, ",", &inner); name && controller[0]; name = strtok_r(NULL, ",", &inner)) {
      match = match || strcmp(name, controller) == 0;
    }
    if (!match) continue;
    snprintf(mount, 64, "/sys/fs/cgroup%s%s", controller[0] ? "/" : "", controller);
    snprintf(path, PATH_SIZE, "%s", strcmp(group, "/") == 0 ? "" : group);
    return true;
  }
  return false;
}

/* Calls `visit` for the process's group and each one above it. */
typedef void visit_fn(const char *root, const char *group, double *least);
static double least_of_groups(const char *root, const char *controller, visit_fn *visit)
{
  char mount[64], path[PATH_SIZE], group[PATH_SIZE + 64];
  double least = INFINITY;
  if (!group_path(root, controller, mount, path)) return least;
  for (;;) {
    snprintf(group, sizeof group, "%s%s", mount, path);
    visit(root, group, &least);
    char *slash = strrchr(path, '/');
    if (!slash) return least;
    *slash = '\0';
  }
}

static void lower(double *least, double value)
{
  if (value < *least) *least = value;
}

static void visit_quota_v2(const char *root, const char *group, double *least)
{
  char text[64];
  double quota, period;
  if (!tmk_cpu_file_read(root, text, sizeof text, "%s/cpu.max", group)) return;
  if (sscanf(text, "%lf %lf", &quota, &period) == 2 && period > 0.0 && quota > 0.0) lower(least, quota / period);
}

static void visit_quota_v1(const char *root, const char *group, double *least)
{
  const int64_t quota = tmk_cpu_file_int(root, "%s/cpu.cfs_quota_us", group);
  const int64_t period = tmk_cpu_file_int(root, "%s/cpu.cfs_period_us", group);
  if (quota > 0 && period > 0) lower(least, (double)quota / (double)period); /* −1: no limit */
}

static void visit_memory_v2(const char *root, const char *group, double *least)
{
  const int64_t limit = tmk_cpu_file_int(root, "%s/memory.max", group); /* "max" is no integer */
  if (limit > 0) lower(least, (double)limit);
}

static void visit_memory_v1(const char *root, const char *group, double *least)
{
  const int64_t limit = tmk_cpu_file_int(root, "%s/memory.limit_in_bytes", group);
  if (limit > 0) lower(least, (double)limit);
}

/* Page cache that would be given up first counts as free, as container runtimes count it. */
static int64_t inactive_file(const char *root, const char *group, const char *key)
{
  char text[8192];
  if (!tmk_cpu_file_read(root, text, sizeof text, "%s/memory.stat", group)) return 0;
  const char *at = strstr(text, key);
  return at ? strtoll(at + strlen(key), NULL, 10) : 0;
}

static void visit_free(const char *root, const char *group, int64_t limit, int64_t used, const char *key, double *least)
{
  if (limit <= 0 || used < 0) return;
  const double left = (double)limit - (double)used + (double)inactive_file(root, group, key);
  lower(least, left > 0.0 ? left : 0.0);
}

static void visit_free_v2(const char *root, const char *group, double *least)
{
  visit_free(root, group, tmk_cpu_file_int(root, "%s/memory.max", group),
             tmk_cpu_file_int(root, "%s/memory.current", group), "\ninactive_file ", least);
}

static void visit_free_v1(const char *root, const char *group, double *least)
{
  visit_free(root, group, tmk_cpu_file_int(root, "%s/memory.limit_in_bytes", group),
             tmk_cpu_file_int(root, "%s/memory.usage_in_bytes", group), "\ntotal_inactive_file ", least);
}

double tmk_cpu_cgroup_quota(const char *root)
{
  double least = least_of_groups(root, "", visit_quota_v2);
  lower(&least, least_of_groups(root, "cpu", visit_quota_v1));
  return isinf(least) ? NAN : least;
}

/* Limits of an exbibyte and more mean none (version 1 writes the largest page-rounded integer). */
static int64_t bytes_of(double least)
{
  return least >= 0x1p60 ? INT64_MAX : (int64_t)least;
}

int64_t tmk_cpu_cgroup_memory_limit(const char *root)
{
  double least = least_of_groups(root, "", visit_memory_v2);
  lower(&least, least_of_groups(root, "memory", visit_memory_v1));
  return bytes_of(least);
}

int64_t tmk_cpu_cgroup_memory_free(const char *root)
{
  double least = least_of_groups(root, "", visit_free_v2);
  lower(&least, least_of_groups(root, "memory", visit_free_v1));
  return bytes_of(least);
}
