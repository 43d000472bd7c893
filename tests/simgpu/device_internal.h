/* device_internal.h: what device_*.c share. */
#ifndef SIMGPU_DEVICE_INTERNAL_H
#define SIMGPU_DEVICE_INTERNAL_H

#include "sim_device.h"
#include "sim_engine.h"
#include "sim_memory.h"

struct sim_device {
  struct sim_arch own;         /* the architecture's, with the SMs that the options say */
  const struct sim_arch *arch; /* own */
  struct sim_device_options options;
  struct sim_memory *memory;
  struct sim_module *modules; /* owned */
  enum sim_status health;
  struct sim_error fault;
  uint64_t grids, workspace;
};

struct sim_kernel {
  struct sim_module *module;
  uint32_t function;
  uint32_t max_dynamic_shared_bytes;
};

struct sim_module {
  struct sim_device *device;
  struct sim_module *next;
  struct ptx_module *ptx;
  char *text; /* the PTX; owned */
  size_t text_size;
  struct sim_program *program;
  uint64_t *addresses; /* by symbol; 0: none */
  struct sim_kernel *kernels;
  uint32_t kernel_count;
};

/* Sets the message and returns the status. */
enum sim_status sim_device_fail(struct sim_error *error, enum sim_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* fatbin.c: the PTX of an image for a GPU of compute capability `capability` (90 for 9.0): borrowed, or, where it had to be
 * decompressed, none: SIM_ERR_NO_BINARY says so. */
enum sim_status sim_fatbin_find(const void *image, size_t size, uint32_t capability, const char **text,
                                size_t *text_size, struct sim_error *error);

#endif
