/* sim_engine.h: executes decoded PTX. Between ptx.h (what the instructions are), sim_memory.h, sim_clock.h and sim_barrier.h (what
 * memory and synchronisation do and check) and sim_device.h (which loads modules and starts grids).
 *
 * How a warp runs
 *   Lanes that stand at the same instruction of the same activation of a function are a group. The group furthest behind (lowest
 *   instruction number, outermost call first) runs; groups that meet are merged. So lanes reconverge wherever paths join, whatever
 *   the order of execution, and a loop's early leavers wait for the others. A group that spins is passed over now and then, as
 *   independent thread scheduling guarantees progress.
 *   A .sync instruction waits until each live lane of its member mask has come to one; an .aligned one until all live lanes of the
 *   warp have. A warp whose groups all wait at instructions that do not match is a divergence report.
 * Registers
 *   A register of up to 32 bits is 32 words, one a lane; of 64 bits 32 double words; .b128 two of these, low first; a predicate one
 *   word with a bit a lane. Each has a mask of lanes with a defined value. Immediates are registers of a pool that all warps share.
 *   An undefined value is reported where it matters: as an address, as a predicate of a branch or guard, as stored data, as a
 *   matrix operand. Moves and arithmetic pass it on.
 * Blocks
 *   The warps of a block interleave: a seeded choice of warp and of how many instructions it runs. Blocks go to host threads, each
 *   running one at a time; those of a grid that waits across blocks (cooperative, or as soon as a block can't go on and spins) are
 *   co-resident and interleave on one thread.
 */
#ifndef SIMGPU_ENGINE_H
#define SIMGPU_ENGINE_H

#include "ptx.h"
#include "sim_device.h"

struct sim_memory; /* sim_memory.h */
struct sim_turn;

/* A module made ready to run: addresses resolved, a handler and register offsets an instruction. Borrows the module. */
struct sim_program;
/* symbol_address: where each .global and .const symbol of the module lies in device memory, by symbol index (others ignored).
 * NOT_FOUND if the module needs an extern symbol or function that it does not define. */
enum sim_status sim_program_create(const struct ptx_module *module, const uint64_t *symbol_address,
                                   struct sim_program **out, struct sim_error *error);
void sim_program_destroy(struct sim_program *program); /* NULL is fine */
/* The number that a function's address is in a register; sim_program_function gives it back (−1: no function). */
uint64_t sim_program_function_address(uint32_t function);
int32_t sim_program_function(const struct sim_program *program, uint64_t address);

/* A place in the source, for reports: .cu file and line and PTX line of an instruction number. */
struct sim_site {
  const char *file; /* "?" if unknown */
  uint32_t line, ptx_line;
};
void sim_program_site(const struct sim_program *program, uint32_t insn, struct sim_site *site);
/* reached[n] becomes 1 when a warp comes to an instruction of PTX line n. Borrowed, of as many bytes as the text has lines, and two
 * more; NULL: off. */
void sim_program_trace(struct sim_program *program, uint8_t *reached);

struct sim_grid {
  const struct sim_program *program;
  uint32_t function; /* of the kernel */
  const struct sim_arch *arch;
  struct sim_memory *memory;
  struct sim_report *report;
  uint32_t grid[3], block[3], cluster[3];
  uint32_t dynamic_shared_bytes;
  bool cooperative;
  uint64_t seed, step_limit;
  uint32_t threads; /* of the host */
  const uint8_t *params;
  uint64_t grid_id;
  uint64_t workspace; /* of a cooperative grid: 64 zeroed bytes of device memory */
  bool race_checks_off;
  struct sim_turn *turn;                                       /* sim_turn.h; NULL: none */
  void (*print)(void *context, const char *text, size_t size); /* never NULL; called from one thread at a time */
  void *print_context;
};
/* Runs a grid to its end or to its first fault. Limits of the architecture have been checked by the caller. */
enum sim_status sim_grid_run(const struct sim_grid *grid, struct sim_launch_stats *stats, struct sim_error *error);

#endif
