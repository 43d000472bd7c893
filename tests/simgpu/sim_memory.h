/* sim_memory.h: PROPOSAL of the calls that the engine and the device need; mem completes this and owns the file from here on.
 * Signatures may change while the branch says so; the engine follows. */
#ifndef SIMGPU_MEMORY_H
#define SIMGPU_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ptx.h"
#include "sim_device.h"

struct sim_report;
struct sim_memory; /* the global memory of a device: allocations, bytes, shadow */
struct
    sim_block; /* what one resident block has: shared and local memory, its warps' agents, barriers (sim_barrier.h) */

/* --- windows of the generic address space. Global addresses are generic addresses of the same value; shared addresses (32-bit
 * offsets into a block's window) start at SIM_SHARED_BASE so that a null pointer is caught; local ones are per lane. --- */
#define SIM_SHARED_BASE   1024u
#define SIM_SHARED_WINDOW 0x00007f0000000000ull /* generic = window + shared address; 4 GiB each */
#define SIM_LOCAL_WINDOW  0x00007f0100000000ull
#define SIM_PARAM_WINDOW  0x00007f0200000000ull /* kernel parameters: read only */

/* --- device side (sim_device.h calls) --- */
struct sim_memory *sim_memory_create(uint64_t base, uint64_t capacity_bytes);
void sim_memory_destroy(struct sim_memory *memory);
/* 0 if there is no room. `what` ("cudaMalloc", "variable x") is copied for reports; module: not a leak, starts initialised. */
uint64_t sim_memory_alloc(struct sim_memory *memory, uint64_t size_bytes, uint64_t align, const char *what,
                          bool module);
bool sim_memory_free(struct sim_memory *memory, uint64_t address); /* false: no live allocation starts there */
bool sim_memory_range(const struct sim_memory *memory, uint64_t address, uint64_t *base, uint64_t *size_bytes);
bool sim_memory_map_host(struct sim_memory *memory, void *host, uint64_t size_bytes);
bool sim_memory_unmap_host(struct sim_memory *memory, void *host);
uint64_t sim_memory_used(const struct sim_memory *memory);
/* From the host, ordered with launches. false: outside one live allocation. read counts bytes never written, which come as 0. */
bool sim_memory_host_write(struct sim_memory *memory, uint64_t to, const void *from, uint64_t size_bytes);
bool sim_memory_host_read(struct sim_memory *memory, void *to, uint64_t from, uint64_t size_bytes,
                          uint64_t *uninitialised_bytes);
bool sim_memory_copy(struct sim_memory *to_memory, uint64_t to, struct sim_memory *from_memory, uint64_t from,
                     uint64_t size_bytes);
uint32_t sim_memory_report_leaks(struct sim_memory *memory, struct sim_report *report);

/* --- launch side --- */

/* One warp-wide access to global, shared or local memory. values are lane-major: lane l's bytes at values + l * bytes. */
enum sim_access_kind { SIM_READ, SIM_WRITE, SIM_READ_WRITE };
struct sim_access {
  struct sim_block *block;
  uint32_t warp;
  uint32_t insn;           /* the engine's instruction number, for reports (sim_program_site) */
  uint32_t mask;           /* lanes */
  const uint64_t *address; /* [32] in the window of `space`, or generic */
  uint32_t bytes;          /* a lane: 1, 2, 4, 8, 16, 32; aligned to itself or to `align` */
  uint32_t align;
  uint8_t space;            /* enum ptx_space: GENERIC, GLOBAL, SHARED, LOCAL, CONST */
  uint8_t semantics, scope; /* enum ptx_semantics, ptx_scope */
  bool non_coherent;
};
/* Each checks bounds, alignment, initialisation and races, reports, and returns the lanes that could be served. A lane that
 * could not be served is a fault of the launch (sim_block_fault). load: *undefined gets the lanes that read a byte never written. */
uint32_t sim_access_load(const struct sim_access *access, uint8_t *values, uint32_t *undefined);
uint32_t sim_access_store(const struct sim_access *access, const uint8_t *values);
/* Atomic read-modify-write lane by lane in lane order: apply() changes the bytes in place, having seen the old ones. */
uint32_t sim_access_atomic(const struct sim_access *access, void (*apply)(void *context, uint32_t lane, uint8_t *bytes),
                           void *context);

/* A launch: clocks and race state of global memory, and its blocks. `site` maps an instruction number to a place. */
struct sim_memory_launch;
struct sim_launch_options {
  struct sim_memory *memory;
  struct sim_report *report;
  const char *kernel;
  const struct sim_program *program;
  uint32_t warps_per_block, block_threads;
  uint64_t blocks;
  uint32_t shared_bytes; /* static + dynamic of a block */
  uint32_t local_bytes;  /* of a lane: the engine's stack */
  uint64_t seed;
};
struct sim_memory_launch *sim_memory_launch_begin(const struct sim_launch_options *options);
void sim_memory_launch_end(
    struct sim_memory_launch *launch); /* the end of a launch orders all of it before what follows */
/* A resident block; its shared and local memory start uninitialised. Each is used by one host thread at a time; different blocks
 * may be on different threads at once. */
struct sim_block *sim_block_create(struct sim_memory_launch *launch, uint64_t block_number,
                                   const uint32_t coordinates[3]);
void sim_block_destroy(
    struct sim_block *block); /* checks what must be done by the end: async groups waited for, mbarriers */
enum sim_status sim_block_fault(const struct sim_block *block, struct sim_error *error); /* SIM_OK or the first fault */
/* fence.SEM.SCOPE and membar. */
void sim_block_fence(struct sim_block *block, uint32_t warp, uint32_t mask, enum ptx_semantics semantics,
                     enum ptx_scope scope);
/* Lanes of a warp ordered among themselves (.sync instructions). */
void sim_block_warp_sync(struct sim_block *block, uint32_t warp, uint32_t mask);

#endif
