/* registry.c: what this build has. The only file with #if for features. */
#include <string.h>

#include "tokmark/backend.h"
#include "tokmark/comm.h"

const struct tmk_backend_ops *const tmk_backends[] = {
#ifdef TMK_HAVE_CUDA
    &tmk_backend_cuda,
#endif
    &tmk_backend_cpu,
    &tmk_backend_null,
    NULL,
};

const struct tmk_comm_ops *const tmk_comms[] = {
    &tmk_comm_self, &tmk_comm_threads,
#ifdef TMK_HAVE_MPI
    &tmk_comm_mpi,
#endif
#ifdef TMK_HAVE_CUDA
    &tmk_comm_nccl,
#endif
    NULL,
};

#ifdef TMK_HAVE_MPI
const tmk_world_runner tmk_world_run_launched = tmk_world_run_mpi;
#else
const tmk_world_runner tmk_world_run_launched = NULL;
#endif

const struct tmk_backend_ops *tmk_backend_find(const char *name)
{
  for (int i = 0; tmk_backends[i] != NULL; i++) {
    if (strcmp(tmk_backends[i]->name, name) == 0) return tmk_backends[i];
  }
  if (strcmp(tmk_backend_ref.name, name) == 0) return &tmk_backend_ref;
  if (strcmp(tmk_backend_naive.name, name) == 0) return &tmk_backend_naive;
  return NULL;
}
