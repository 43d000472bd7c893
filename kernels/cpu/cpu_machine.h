/* cpu_machine.h: the machine as Linux describes it: CPUs, caches, limits set by the container, energy counters.
 *
 * Every path is taken below `root`: "" on a machine, a folder of made-up files in tests. What a machine does not say stays
 * unknown (TMK_UNKNOWN, NAN, ""); nothing here fails for lack of a file.
 */
#ifndef TMK_CPU_MACHINE_H
#define TMK_CPU_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TMK_CPU_MAX = 4096 };

/* A logical CPU. */
struct tmk_cpu_place {
  int id;
  bool allowed;      /* by the process's affinity mask */
  int core;          /* lowest id among the CPUs of its physical core */
  int package, node; /* 0 where not known */
  int llc;           /* lowest id among the CPUs that share its last-level cache; −1 if not known */
  int64_t llc_bytes; /* 0 if not known */
};

struct tmk_cpu_machine {
  char name[128];
  /* x86: vendor ("AuthenticAMD"), family, model; Arm: implementer and part; −1 where not known. */
  char vendor[16];
  int family, model, implementer, part;
  bool virtual_machine;
  struct tmk_cpu_place places[TMK_CPU_MAX]; /* those online, by id */
  int place_count;
  int64_t cores, sockets, numa_nodes; /* of all places */
  double quota;                       /* CPUs' worth of time that cgroups allow; NAN if no limit */
  int64_t memory_bytes;               /* total, or the cgroup's limit if that is less */
  double clock_max_hz;
};

/* `allowed`: ids in the affinity mask, ascending. */
void tmk_cpu_machine_read(const char *root, const int *allowed, int allowed_count, struct tmk_cpu_machine *machine);
/* The affinity mask of this thread into ids[TMK_CPU_MAX]; returns how many, 0 if it can't be read. */
int tmk_cpu_affinity_read(int ids[TMK_CPU_MAX]);
int64_t tmk_cpu_memory_free(const char *root); /* available now, within the cgroup's limit */
/* Mean of what the CPUs `ids` run at; NAN where only a fixed number can be read, as in most virtual machines. */
double tmk_cpu_clock_now(const char *root, const struct tmk_cpu_machine *machine, const int *ids, int count);
/* How often CPU `id` or its package was slowed down for heat, since boot; 0 where that is not counted. */
int64_t tmk_cpu_throttle_count(const char *root, int id);
/* Cores' worth of CPU time (NAN = no limit) and bytes (INT64_MAX = no limit) that the process's cgroups allow, v1 or v2. */
double tmk_cpu_cgroup_quota(const char *root);
int64_t tmk_cpu_cgroup_memory_limit(const char *root);
int64_t tmk_cpu_cgroup_memory_free(const char *root);
/* FMA instructions of `lanes` f32 lanes that start in a cycle; TMK_UNKNOWN for a CPU that is not in the table. */
int64_t tmk_cpu_fma_ports(const struct tmk_cpu_machine *machine, int lanes);
/* "transparent-huge", or the size of a page: "4k". */
void tmk_cpu_pages(const char *root, char *text, size_t size);

/* Files of a line or a few. `path` is below root; formatted. False if it can't be read; then text is "". */
bool tmk_cpu_file_read(const char *root, char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int64_t tmk_cpu_file_int(const char *root, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* TMK_UNKNOWN if it holds no integer */
/* "0-3,8" → ids, at most `max` of them; returns how many. */
int tmk_cpu_list_parse(const char *text, int *ids, int max);
/* And back; cut with "…" where it does not fit. */
void tmk_cpu_list_format(const int *ids, int count, char *text, size_t size);

#endif
