/* host.h: the machine and the moment a run happens in: host facts, load, clock, identity. Linux; unknown stays unknown.
 *
 * Facts are read from files below `root`: NULL or "" on a real machine, a folder that stands for "/" in tests. */
#ifndef TMK_HARNESS_HOST_H
#define TMK_HARNESS_HOST_H

#include "tokmark/result.h"

/* load_start and load_end are both the load now. */
void tmk_host_describe(const char *root, struct tmk_host_info *host);
double tmk_host_load(void); /* 1-minute load average; NAN if not readable */
/* Allow-listed environment variables (NCCL_*, CUDA_*, OMP_*, SLURM_JOB_ID, …), by name; *out owned by the caller. Values
 * are cut to fit and bytes outside printable ASCII become '?'. */
enum tmk_status tmk_host_environment(struct tmk_env_var **out, int64_t *count, struct tmk_error *err);
void tmk_host_utc(char text[32]);    /* now, 2026-11-22T02:11:50Z */
void tmk_host_run_id(char text[40]); /* 128 random bits */
int64_t tmk_host_now_ns(void);       /* CLOCK_MONOTONIC */

/* CPU time spent on this machine since boot, all processes and this one; for noticing other load. False if not readable. */
struct tmk_cpu_usage {
  int64_t wall_ns, machine_busy_ns, self_busy_ns, steal_ns;
};
bool tmk_host_cpu_usage(const char *root, struct tmk_cpu_usage *usage);
/* Cores used by others (and stolen by a hypervisor) between two readings; NAN if not readable (no time passed). */
double tmk_host_other_load(const struct tmk_cpu_usage *before, const struct tmk_cpu_usage *after);

extern const char tmk_version[];      /* "0.1.0" */
extern const char tmk_git_revision[]; /* from the build */
extern const char tmk_build_text[];

#endif
