/* sim_device.h: a simulated GPU as the runtime stand-ins see it: create one by the name of the GPU it claims to be, move memory,
 * load modules, look up kernels, launch. Nothing here is asynchronous: streams, events and graphs are the runtime's, which calls
 * these functions in stream order.
 *
 * A device is not thread-safe: the runtime holds its own lock around a call. A launch uses host threads of its own inside.
 */
#ifndef SIMGPU_DEVICE_H
#define SIMGPU_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_device;
struct sim_module;
struct sim_kernel;
struct sim_report; /* sim_report.h */
struct sim_turn;   /* sim_turn.h */

/* What a call can end with; the runtime maps it to its error codes. A FAULT is sticky: the device refuses every later call with
 * the same status until it is destroyed, as a CUDA context does. */
enum sim_status {
  SIM_OK = 0,
  SIM_ERR_INVALID_VALUE,         /* cudaErrorInvalidValue */
  SIM_ERR_INVALID_CONFIG,        /* cudaErrorInvalidConfiguration: grid or block out of the device's range */
  SIM_ERR_OUT_OF_MEMORY,         /* cudaErrorMemoryAllocation */
  SIM_ERR_NOT_FOUND,             /* no such kernel, symbol or device name */
  SIM_ERR_INVALID_PTX,           /* cudaErrorInvalidPtx: the message names line and word */
  SIM_ERR_NO_BINARY,             /* cudaErrorNoKernelImageForDevice: the fatbin holds nothing for this GPU */
  SIM_ERR_OUT_OF_RESOURCES,      /* cudaErrorLaunchOutOfResources: threads, registers or shared memory of the kernel */
  SIM_ERR_COOPERATIVE_TOO_LARGE, /* cudaErrorCooperativeLaunchTooLarge */
  SIM_ERR_FAULT_ADDRESS,         /* cudaErrorIllegalAddress */
  SIM_ERR_FAULT_MISALIGNED,      /* cudaErrorMisalignedAddress */
  SIM_ERR_FAULT_INSTRUCTION,     /* cudaErrorIllegalInstruction */
  SIM_ERR_FAULT_TRAP,            /* cudaErrorLaunchFailure: trap, stack overflow */
  SIM_ERR_FAULT_ASSERT,          /* cudaErrorAssert */
  SIM_ERR_FAULT_HANG,            /* cudaErrorLaunchTimeout: deadlock, or more steps than the limit */
  SIM_ERR_FAULT_CHECK, /* a check of ours failed that a GPU would not tell (race, uninitialised read, divergence) */
  SIM_ERR_LOST,        /* injected: the device is gone */
  SIM_STATUS_COUNT
};
const char *sim_status_name(enum sim_status status);

struct sim_error {
  enum sim_status status;
  char message[512]; /* one line; set whenever a function returned anything but SIM_OK */
};

/* --- architectures: what a claimed GPU says of itself and what a launch may ask for --- */

/* Sources stand in device_arch.c, a figure each. */
struct sim_arch {
  const char *name;      /* "H100": the name to ask for */
  const char *full_name; /* "NVIDIA H100 80GB HBM3" */
  uint32_t compute_major, compute_minor;
  uint32_t sm_count;
  uint32_t threads_per_sm, threads_per_block, warps_per_sm, blocks_per_sm;
  uint32_t registers_per_sm, registers_per_block, registers_per_thread;
  uint32_t shared_per_sm_bytes, shared_per_block_bytes, shared_optin_bytes, shared_reserved_bytes;
  uint32_t cluster_max; /* portable cluster size; 1 where there are none */
  uint64_t memory_bytes;
  uint32_t l2_bytes, const_bytes;
  uint32_t clock_khz, memory_clock_khz, memory_bus_bits;
  uint32_t power_limit_w;
  uint32_t tensor_memory_columns; /* 512 for tcgen05, else 0 */
};
const struct sim_arch *sim_arch_find(const char *name); /* NULL: none of that name */
const struct sim_arch *sim_arch_at(uint32_t index);     /* NULL beyond the last */

/* --- a device --- */

struct sim_device_options {
  const char *arch;      /* "A100", "H100", "GH200", "B200", "GB300" */
  uint32_t ordinal;      /* gives each device of a process an address range of its own */
  uint32_t sm_count;     /* 0: the architecture's; fewer: as a MIG slice */
  uint64_t memory_bytes; /* 0: the architecture's (host memory is used only as it is allocated) */
  uint32_t threads;      /* host threads for blocks of a launch; 0: as many as there are cores, at most 8 */
  uint64_t step_limit;   /* warp instructions of a launch before it counts as hung; 0: 2^32 */
  bool race_checks_off;  /* bounds and initialisation stay on */
  uint32_t max_reports;  /* of a launch; 0: 32 */
  /* What device-side printf and assert print: NULL goes to stdout and stderr. */
  void (*print)(void *context, const char *text, size_t size);
  void *print_context;
};
enum sim_status sim_device_create(const struct sim_device_options *options, struct sim_device **out,
                                  struct sim_error *error);
void sim_device_destroy(struct sim_device *device); /* NULL is fine. Modules go with it */
const struct sim_arch *sim_device_arch(const struct sim_device *device);
/* SIM_OK, or the fault that the device has had. */
enum sim_status sim_device_health(const struct sim_device *device, struct sim_error *error);
void sim_device_lose(struct sim_device *device); /* every later call: SIM_ERR_LOST */
/* The device has had a fault, as from a kernel: every later call returns it. The first one stays. */
void sim_device_fault(struct sim_device *device, const struct sim_error *fault);

/* --- memory. Device addresses are fictional: dereferencing one on the host faults. Aligned to 256 bytes (512 from a pitch). --- */

enum sim_status sim_device_alloc(struct sim_device *device, uint64_t size_bytes, uint64_t *address,
                                 struct sim_error *error);
/* address 0 is fine. The range stays known for use-after-free reports. */
enum sim_status sim_device_free(struct sim_device *device, uint64_t address, struct sim_error *error);
/* The allocation that holds `address`: false if none does. base and size may be NULL. */
bool sim_device_range(const struct sim_device *device, uint64_t address, uint64_t *base, uint64_t *size_bytes);
/* Memory of the host that kernels may reach at its own address (pinned, mapped, managed): borrowed until it is unmapped. */
enum sim_status sim_device_map_host(struct sim_device *device, void *host, uint64_t size_bytes,
                                    struct sim_error *error);
enum sim_status sim_device_unmap_host(struct sim_device *device, void *host, struct sim_error *error);
/* Calls wake(context, host, its size) once, before a kernel touches the mapped memory for the first time from now on. Called from a host
 * thread of a launch, one at a time. */
void sim_device_watch_host(struct sim_device *device, void *host,
                           void (*wake)(void *context, void *host, uint64_t size_bytes), void *context);
/* Copies; INVALID_VALUE where the device range is not inside one live allocation. Copying from device memory that was never
 * written is a report in `report` (may be NULL), not a failure, and copies zeros with it. */
enum sim_status sim_device_write(struct sim_device *device, uint64_t to, const void *from, uint64_t size_bytes,
                                 struct sim_error *error);
enum sim_status sim_device_read(struct sim_device *device, void *to, uint64_t from, uint64_t size_bytes,
                                struct sim_report *report, struct sim_error *error);
/* Between devices or within one; what is uninitialised stays so. Ranges may overlap within one. */
enum sim_status sim_device_copy(struct sim_device *to_device, uint64_t to, struct sim_device *from_device,
                                uint64_t from, uint64_t size_bytes, struct sim_error *error);
/* `count` elements of `width_bytes` 1, 2 or 4. */
enum sim_status sim_device_fill(struct sim_device *device, uint64_t to, uint32_t value, uint32_t width_bytes,
                                uint64_t count, struct sim_error *error);
/* A stretch of memory that a library's work touches: `batches` times `rows` rows. Checked as a kernel's accesses are: outside
 * one live allocation or, for a read, bytes never written is a finding in `report` and a fault of the device. *bytes gets the
 * first row on the host; the others follow at the pitches. A written span counts as written afterwards. */
struct sim_span {
  const char *what; /* "matrix A" */
  uint64_t address;
  uint64_t rows, row_bytes, pitch_bytes;
  uint64_t batches, batch_pitch_bytes;
  bool write;
};
enum sim_status sim_device_span(struct sim_device *device, const struct sim_span *span, const char *who,
                                struct sim_report *report, uint8_t **bytes, struct sim_error *error);
/* An operation of a stream touches memory: a finding stream-race in `report` if it isn't ordered behind what touched it before. Memory that
 * is no device's or mapped is none of its business. */
void sim_device_note(struct sim_device *device, uint64_t address, uint64_t bytes, bool write,
                     const struct sim_turn *turn, struct sim_report *report);
void sim_device_memory_info(const struct sim_device *device, uint64_t *free_bytes, uint64_t *total_bytes);
/* Adds a report for each allocation that is still live (not those of modules); returns how many. */
uint32_t sim_device_report_leaks(struct sim_device *device, struct sim_report *report);

/* --- modules --- */

/* From PTX text. */
enum sim_status sim_module_load(struct sim_device *device, const char *text, size_t size, struct sim_module **out,
                                struct sim_error *error);
/* From what a program hands to its runtime: the wrapper of __cudaRegisterFatBinary, or a fatbin itself, or PTX text
 * (cuModuleLoadData). Of the PTX entries the one for the highest architecture that the device can run is taken; size 0: unknown. */
enum sim_status sim_module_load_image(struct sim_device *device, const void *image, size_t size,
                                      struct sim_module **out, struct sim_error *error);
void sim_module_unload(struct sim_module *module); /* NULL is fine */
/* NULL: none of that (mangled) name. Kernels live as long as their module. */
struct sim_kernel *sim_module_kernel(struct sim_module *module, const char *name);
struct sim_kernel *sim_module_kernel_at(struct sim_module *module, uint32_t index); /* NULL beyond the last */
/* A .global or .const variable. */
bool sim_module_variable(const struct sim_module *module, const char *name, uint64_t *address, uint64_t *size_bytes);

struct sim_kernel_info {
  const char *name;
  uint32_t param_count, param_bytes;
  uint32_t static_shared_bytes;
  uint32_t local_bytes; /* of a thread */
  uint32_t const_bytes;
  uint32_t registers;                /* an estimate from live registers; what ptxas would say is not known */
  uint32_t max_threads;              /* .maxntid or .reqntid, else the device's */
  uint32_t required_threads[3];      /* .reqntid; 0: none */
  uint32_t cluster[3];               /* .reqnctapercluster; 0: none */
  uint32_t max_dynamic_shared_bytes; /* attribute as it stands */
  uint32_t ptx_version;              /* 90 for sm_90 */
};
const char *sim_kernel_name(const struct sim_kernel *kernel); /* mangled; lives as long as the module */
void sim_kernel_info(const struct sim_kernel *kernel, struct sim_kernel_info *info);
/* Offset and size of parameter `index` in the parameter buffer; false beyond the last. */
bool sim_kernel_param(const struct sim_kernel *kernel, uint32_t index, uint32_t *offset, uint32_t *size_bytes);
/* cudaFuncAttributeMaxDynamicSharedMemorySize. */
enum sim_status sim_kernel_set_max_dynamic_shared(struct sim_kernel *kernel, uint32_t bytes, struct sim_error *error);
/* Blocks of that size that one SM holds at a time; 0 if none fits. */
uint32_t sim_kernel_occupancy(const struct sim_kernel *kernel, uint32_t threads_per_block,
                              uint32_t dynamic_shared_bytes);

/* --- for tests of tests (mutate.h) --- */

/* The PTX text that the kernel's module was loaded from: borrowed, of the module. False: its code has been replaced. */
bool sim_kernel_text(const struct sim_kernel *kernel, const char **text, size_t *size);
/* reached[n] becomes 1 when a kernel of this one's module comes to PTX line n: borrowed, two bytes more than the text has lines; NULL: off. */
void sim_kernel_trace(const struct sim_kernel *kernel, uint8_t *reached);
/* The .cu file and line of a PTX line of the kernel; false: no instruction of it stands there. */
bool sim_kernel_source(const struct sim_kernel *kernel, uint32_t ptx_line, const char **file, uint32_t *line);
/* The kernel's code becomes that of its namesake in another text of its module; variables stay where they are. The text need hold no
 * other kernel. On an error the kernel is as before. */
enum sim_status sim_kernel_replace(struct sim_kernel *kernel, const char *text, size_t size, struct sim_error *error);
/* A digest of all memory that kernels can reach: contents, and which bytes were written. */
uint64_t sim_device_digest(const struct sim_device *device);

/* --- launches --- */

struct sim_launch {
  uint32_t grid[3], block[3];
  uint32_t cluster[3]; /* 0: none */
  uint32_t dynamic_shared_bytes;
  bool cooperative;             /* all blocks at once, or COOPERATIVE_TOO_LARGE */
  uint64_t seed;                /* of scheduling, of async landings, of spurious waits */
  uint64_t step_limit;          /* warp instructions before it counts as hung; 0: the device's */
  const void *const *arguments; /* one pointer a parameter; NULL if params is given */
  const void *params;           /* the parameter buffer as a whole; NULL if arguments is given */
  uint32_t params_bytes;
  struct sim_turn *turn; /* its place among the operations of streams (sim_turn.h); NULL: order is not checked */
};

struct sim_launch_stats {
  uint64_t warp_instructions;
  uint64_t blocks, blocks_at_once;
  uint64_t simulated_ns; /* from instruction and byte counts; no claim of a GPU's time */
};

/* Runs a kernel to its end. Findings of the checks go to `report` (NULL: one of its own, printed to stderr); stats may be NULL.
 * A fault or a finding returns FAULT_… with the first finding as the message, and the device is sick from then on; errors in the
 * launch's own values leave it well. */
enum sim_status sim_device_launch(struct sim_device *device, struct sim_kernel *kernel, const struct sim_launch *launch,
                                  struct sim_report *report, struct sim_launch_stats *stats, struct sim_error *error);

#endif
