/* sim_memory.h: the memory of a simulated GPU and its checks: device allocations, and for each launch the shared and
 * local memory of its blocks. Every access of a kernel goes through here, a warp at a time.
 *
 * Checks: bounds, alignment, use after free, double free, leaks; reads of bytes never written; races inside a block and
 * between blocks by happens-before (sim_clock.h); ordinary accesses to mbarrier objects (sim_barrier.h). Findings go to
 * the launch's report.
 *
 *   memory.c           allocations, host copies
 *   memory_shadow.c    the shadow of memory: last write, reads since, per cell; the race check
 *   memory_access.c    one warp's load, store, atomic: windows, bounds, bytes, shadow
 *   memory_sync.c      what locations hold for those who acquire from them
 *   memory_block.c     launches and blocks
 *
 * What counts as a race (check names of sim_report.h)
 *   Two accesses to a byte, at least one a write, by different agents (or lanes of a warp) with no order between them,
 *   unless both are strong with scopes that hold both: global-race, shared-race; between lanes of one warp: warp-race;
 *   strong ones with too narrow a scope: scope. A write of the value that is already there is a note (race-same-value),
 *   as compute-sanitizer has it.
 *   Lanes of one store instruction that meet in a byte are a warp-race only if their values differ: the ISA leaves open
 *   which wins.
 *   In global memory at most 8 unordered readers of a cell from other blocks are remembered: a race with the ninth
 *   alone is missed.
 * Uninitialised
 *   Per byte. Host writes, cudaMemset and kernel stores initialise; copies between device ranges carry the state;
 *   module variables and mapped host memory start initialised; shared and local memory start uninitialised in each
 *   block.
 * Addresses
 *   All device addresses and windows are above 2^48: a host that dereferences one faults at once.
 */
#ifndef SIMGPU_MEMORY_H
#define SIMGPU_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ptx.h"
#include "sim_device.h"

struct sim_report;
struct sim_turn;
struct sim_clash;
struct sim_program;
struct sim_site;
struct sim_memory; /* the global memory of a device: allocations, bytes, shadow */
struct sim_block;  /* what a resident block has: shared and local memory, its warps' clocks, barriers (sim_barrier.h) */

/* --- windows of the generic address space. Global addresses are generic addresses of the same value; shared addresses
 * (32-bit offsets into a block's window) start at SIM_SHARED_BASE so that a null pointer is caught; local ones are per
 * lane. --- */
#define SIM_SHARED_BASE   1024u
#define SIM_WINDOW_BYTES  0x0000000100000000ull /* 4 GiB each */
#define SIM_SHARED_WINDOW 0x0001000000000000ull /* generic = window + shared address */
#define SIM_LOCAL_WINDOW  0x0001000100000000ull
#define SIM_PARAM_WINDOW  0x0001000200000000ull /* kernel parameters: read only */
/* Base for sim_memory_create of device `ordinal`: 1 TiB of addresses each, never reused after a free. */
#define SIM_GLOBAL_WINDOW(ordinal) (0x0002000000000000ull + ((uint64_t)(ordinal) << 40))
#define SIM_GLOBAL_WINDOW_BYTES    (1ull << 40)

/* --- device side (sim_device.h calls); not thread-safe --- */
struct sim_memory *sim_memory_create(uint64_t base, uint64_t capacity_bytes); /* NULL: out of host memory */
void sim_memory_destroy(struct sim_memory *memory);                           /* NULL is fine */
/* 0 if there is no room. align: a power of two; at least 256 is used. `what` ("cudaMalloc", "variable x") is copied for
 * reports; module: not a leak, starts initialised (as zeros). Size 0 takes room for nothing: any access to it is out of
 * bounds. */
uint64_t sim_memory_alloc(struct sim_memory *memory, uint64_t size_bytes, uint64_t align, const char *what,
                          bool module);
/* A kernel's write to the live allocation that starts there is a finding from now on. */
void sim_memory_make_constant(struct sim_memory *memory, uint64_t address);
/* false: no live allocation starts there; then a finding bad-free goes to `report` of sim_memory_set_report, saying if
 * it was freed before. The range stays known. */
bool sim_memory_free(struct sim_memory *memory, uint64_t address);
/* Where findings outside launches go (bad-free); NULL, as at the start: nowhere. Borrowed. */
void sim_memory_set_report(struct sim_memory *memory, struct sim_report *report);
/* The live allocation that holds address. base, size_bytes may be NULL. */
bool sim_memory_range(const struct sim_memory *memory, uint64_t address, uint64_t *base, uint64_t *size_bytes);
/* Host memory at its own address, borrowed, initialised. false: overlaps what is mapped already, or size 0. */
bool sim_memory_map_host(struct sim_memory *memory, void *host, uint64_t size_bytes);
bool sim_memory_unmap_host(struct sim_memory *memory, void *host); /* false: none starts there */
/* sim_device_watch_host. */
void sim_memory_watch_host(struct sim_memory *memory, void *host,
                           void (*wake)(void *context, void *host, uint64_t size_bytes), void *context);
uint64_t sim_memory_used(const struct sim_memory *memory); /* live device bytes */
/* From the host, ordered with launches. false: not inside one live allocation, nothing done (size 0 always works). read
 * counts bytes never written, which come as 0; uninitialised_bytes may be NULL. */
bool sim_memory_host_write(struct sim_memory *memory, uint64_t to, const void *from, uint64_t size_bytes);
bool sim_memory_host_read(struct sim_memory *memory, void *to, uint64_t from, uint64_t size_bytes,
                          uint64_t *uninitialised_bytes);
/* count elements of width_bytes 1, 2 or 4 (cudaMemset, cuMemsetD32). */
bool sim_memory_host_fill(struct sim_memory *memory, uint64_t to, uint32_t value, uint32_t width_bytes, uint64_t count);
/* The bytes behind an address, for work that the host does in a device's place: NULL if not all of them are inside one live
 * allocation. What it reads and writes is checked and noted by the two below. */
uint8_t *sim_memory_bytes(const struct sim_memory *memory, uint64_t address, uint64_t size_bytes);
/* How many of the bytes were never written; and marks them as written. Both: inside one live allocation. */
uint64_t sim_memory_unset(const struct sim_memory *memory, uint64_t address, uint64_t size_bytes);
void sim_memory_set(struct sim_memory *memory, uint64_t address, uint64_t size_bytes);
/* What lies at an address, for a report of an access that leaves it: "byte 64 of cudaMalloc of 32 bytes, which was freed".
 * true: freed memory. */
bool sim_memory_describe(const struct sim_memory *memory, uint64_t address, char *text, size_t size);
/* An operation of a stream touches bytes of one live allocation (sim_turn.h). false: not ordered behind an earlier one, *out says which. */
bool sim_memory_note(struct sim_memory *memory, uint64_t address, uint64_t bytes, bool write,
                     const struct sim_turn *turn, struct sim_clash *out);
/* Ranges may overlap. What is uninitialised stays so. */
bool sim_memory_copy(struct sim_memory *to_memory, uint64_t to, struct sim_memory *from_memory, uint64_t from,
                     uint64_t size_bytes);
/* A finding for each live allocation that is no module's and no host's; returns how many. */
uint32_t sim_memory_report_leaks(struct sim_memory *memory, struct sim_report *report);
/* Of all live memory: where it lies, which bytes were written, and what they are; host writes to mapped memory don't count. */
uint64_t sim_memory_digest(const struct sim_memory *memory);

/* --- accesses of a launch --- */

/* One warp-wide access. values are lane-major: lane l's bytes at values + l * bytes. */
enum sim_access_kind { SIM_READ, SIM_WRITE, SIM_READ_WRITE };
struct sim_access {
  struct sim_block *block;
  uint32_t warp;
  uint32_t insn;            /* the engine's instruction number, for reports; below 2^24 */
  uint32_t mask;            /* lanes */
  const uint64_t *address;  /* [32] in the window of `space`, or generic */
  uint32_t bytes;           /* a lane: 1, 2, 4, 8, 16, 32 */
  uint32_t align;           /* what each address must be a multiple of; 0: bytes */
  uint8_t space;            /* enum ptx_space: GENERIC, GLOBAL, SHARED, LOCAL, PARAM, CONST (global, read only) */
  uint8_t semantics, scope; /* enum ptx_semantics, ptx_scope */
  uint32_t local_end;       /* of the thread's stack as it stands; 0: all its local memory */
  bool non_coherent;        /* ld.global.nc: as a plain read, since it must not meet a write in the launch either */
};
/* Each checks, reports, and returns the lanes that were served. A lane that was not is a fault of the launch
 * (sim_block_fault).
 * load: *undefined gets the lanes that read a byte never written (reported; the byte comes as 0). May be NULL. */
uint32_t sim_access_load(const struct sim_access *access, uint8_t *values, uint32_t *undefined);
uint32_t sim_access_store(const struct sim_access *access, const uint8_t *values);
/* Atomic read-modify-write lane by lane in lane order: apply() changes the bytes in place, having seen the old ones.
 * Semantics WEAK is taken as RELAXED, scope NONE as GPU (the ISA's defaults of atom and red). */
uint32_t sim_access_atomic(const struct sim_access *access, void (*apply)(void *context, uint32_t lane, uint8_t *bytes),
                           void *context);

/* --- a launch: clocks and race state of global memory, and its blocks --- */
struct sim_memory_launch;
struct sim_launch_options {
  struct sim_memory *memory;
  struct sim_report *report; /* NULL: findings go to stderr */
  const char *kernel;
  const struct sim_program *program;
  /* What an instruction number is in the source: sim_program_site. NULL: reports have no places. */
  void (*site)(const struct sim_program *program, uint32_t insn, struct sim_site *site);
  uint32_t warps_per_block, block_threads;
  uint64_t blocks;
  uint32_t grid[3];      /* for the coordinates of the other block in reports; 0: not known, (number, 0, 0) */
  uint32_t shared_bytes; /* static + dynamic of a block */
  uint32_t local_bytes;  /* of a lane: the engine's stack */
  const uint8_t *params; /* the parameter buffer behind SIM_PARAM_WINDOW; borrowed; NULL: none */
  uint32_t params_bytes;
  uint64_t seed;
  struct sim_turn *turn; /* order against other operations; NULL: not looked at */
  bool
      race_checks_off; /* bounds, initialisation and barrier protocol stay on; ordinary accesses to mbarriers go unseen */
};
/* NULL: out of memory, or blocks · agents beyond 2^32. One launch at a time on a memory. */
struct sim_memory_launch *sim_memory_launch_begin(const struct sim_launch_options *options);
/* Blocks must be destroyed. The end of a launch orders all of it before what follows. NULL is fine. */
void sim_memory_launch_end(struct sim_memory_launch *launch);

/* A resident block; its shared and local memory start uninitialised. Each is used by one host thread at a time;
 * different blocks may be on different threads at once. NULL: out of memory. */
struct sim_block *sim_block_create(struct sim_memory_launch *launch, uint64_t block_number,
                                   const uint32_t coordinates[3]);
void sim_block_destroy(struct sim_block *block); /* NULL is fine */
/* SIM_OK or the first fault of the block: an access that could not be served, or a finding of severity ERROR. */
enum sim_status sim_block_fault(const struct sim_block *block, struct sim_error *error);
/* check: enum sim_check. A finding of the engine (divergence, uninitialised register, trap …) at an instruction: filled
 * in and reported as those of memory are, and the block's fault. warp SIM_NO_WARP, lane SIM_NO_LANE: not of one. */
void sim_block_report(struct sim_block *block, int check, uint32_t warp, uint32_t lane, uint32_t insn,
                      const char *format, ...) __attribute__((format(printf, 6, 7)));
/* fence.SEM.SCOPE and membar. */
void sim_block_fence(struct sim_block *block, uint32_t warp, uint32_t mask, enum ptx_semantics semantics,
                     enum ptx_scope scope);
/* griddepcontrol.wait and .launch_dependents (sim_turn.h). */
void sim_block_grid_wait(struct sim_block *block, uint32_t warp, uint32_t mask);
void sim_block_grid_trigger(struct sim_block *block, uint32_t warp, uint32_t mask);
/* bar.warp.sync: lanes of a warp ordered among themselves, memory included. Not for shfl, vote, match, ldmatrix: these
 * wait for each other but order no memory. */
void sim_block_warp_sync(struct sim_block *block, uint32_t warp, uint32_t mask);
/* Lanes that have left the kernel: no barrier waits for them. Checks what they must have done by then: async copies
 * that they never waited for are a finding. */
void sim_block_exit(struct sim_block *block, uint32_t warp, uint32_t mask);
/* The block's shared address of a generic or shared one, or UINT32_MAX if it is not in the block's shared window. */
uint32_t sim_shared_address(uint64_t address, enum ptx_space space);

#endif
