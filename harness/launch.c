/* launch.c: whether mpirun or srun started this process as one of several (include/tokmark/comm.h). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "tokmark/comm.h"

/* The first row whose size is set says it. Slurm: the step's number of tasks, which srun sets; SLURM_NTASKS stands in the shell
 * of salloc and in a batch script too, where this is one process. PMIx gives a rank and no size. */
static const struct {
  const char *size, *rank;
} rows[] = {
    {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
    {"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"},
    {"PMI_SIZE", "PMI_RANK"},
    {"PALS_SIZE", "PALS_RANKID"},
    {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"},
};

static int read_int(const char *name, int absent)
{
  const char *text = getenv(name);
  if (text == NULL || text[0] == '\0') return absent;
  char *end;
  const long value = strtol(text, &end, 10);
  return *end != '\0' || value < 0 || value > INT_MAX ? absent : (int)value;
}

struct tmk_launch tmk_launch_detect(void)
{
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const int size = read_int(rows[i].size, 0), rank = read_int(rows[i].rank, -1);
    if (size > 1 && rank >= 0) return (struct tmk_launch){.rank = rank, .size = size, .variable = rows[i].size};
    if (size == 1) return (struct tmk_launch){.rank = 0, .size = 1, .variable = rows[i].size};
  }
  const int rank = read_int("PMIX_RANK", 0);
  if (rank > 0) return (struct tmk_launch){.rank = rank, .size = 0, .variable = "PMIX_RANK"};
  return (struct tmk_launch){.rank = 0, .size = 1};
}

enum tmk_status tmk_launch_check(const char *command, bool takes_ranks, struct tmk_error *err)
{
  const struct tmk_launch launch = tmk_launch_detect();
  char tasks[32] = "several";
  if (launch.size == 1) return TMK_OK;
  if (launch.size > 1) snprintf(tasks, sizeof tasks, "%d", launch.size);
  if (!takes_ranks) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED,
                    "%s: started as %s tasks (%s): it measures one device: start it once, without mpirun or srun",
                    command, tasks, launch.variable);
  }
  if (tmk_world_run_launched != NULL) return TMK_OK;
  return tmk_fail(err, TMK_ERR_UNSUPPORTED,
                  "%s: started as %s tasks (%s), but this build has no MPI: build it with make MPI=1, or start it once",
                  command, tasks, launch.variable);
}
