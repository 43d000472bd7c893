/* ptx_dir.h: where the tests' PTX is: SIMGPU_PTX_DIR of the environment (`make check-frontend`), else where the build put it. */
#ifndef SIMGPU_PTX_DIR_H
#define SIMGPU_PTX_DIR_H

#include <stdlib.h>

#ifndef SIMGPU_PTX_DIR
#define SIMGPU_PTX_DIR "build/simgpu/ptx"
#endif

static inline const char *ptx_dir(void)
{
  const char *given = getenv("SIMGPU_PTX_DIR");
  return given != NULL ? given : SIMGPU_PTX_DIR;
}

#endif
