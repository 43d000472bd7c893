/* engine_internal.h: what the files of the engine share. sim_engine.h says how it works.
 *
 *   engine_program.c  handlers, register offsets and constants of a module
 *   engine_warp.c     groups of lanes, frames, one instruction after another
 *   engine_block.c    a block: which warp runs, waiting, deadlock
 *   engine_grid.c     blocks over host threads
 *   engine_value.c    reading and writing registers, mov
 *   engine_integer.c, engine_bits.c, engine_compare.c, engine_float.c, engine_convert.c
 *   engine_memory.c, engine_atomic.c, engine_async.c, engine_matrix.c, engine_lanes.c, engine_barrier.c
 *   engine_control.c, engine_print.c
 */
#ifndef SIMGPU_ENGINE_INTERNAL_H
#define SIMGPU_ENGINE_INTERNAL_H

#include <pthread.h>

#include "sim_barrier.h"
#include "sim_engine.h"
#include "sim_matrix.h"
#include "sim_memory.h"
#include "sim_report.h"

#define LANES      PTX_LANES
#define ALL_LANES  0xffffffffu
#define FRAMES_MAX 4096u /* depth of calls of a warp before it counts as a stack overflow */

/* What a handler did. */
enum step_result {
  STEP_NEXT,   /* the group goes to the next instruction */
  STEP_MOVED,  /* the handler has set the groups' places itself */
  STEP_PARKED, /* the group waits here for other lanes of its warp */
  STEP_WAIT,   /* the group waits at a barrier (group.ticket) */
  STEP_YIELD   /* to the next instruction, but the warp's turn is over: it is likely to wait for another one */
};

struct step;
typedef enum step_result (*engine_handler)(struct step *s);

/* Where an operand is: in the frame's registers (offset ≥ 0) or in the program's constants (~offset). */
struct place {
  int32_t offset; /* bytes; 4-byte words or 8-byte words a lane, 16 for .b128; predicates: one word */
  uint32_t slot;  /* PTX_NO_SLOT: a constant, defined always */
  uint8_t bits;   /* declared size; 1: predicate; 0: no value (sink, label) */
};

struct sim_program {
  const struct ptx_module *module;
  const uint64_t *symbol_address; /* owned copy */
  engine_handler *handlers;       /* by instruction */
  struct place *places;           /* by operand */
  uint8_t *constants;             /* broadcast to 32 lanes of 8 bytes */
  uint32_t *slot_offset;          /* by slot of the module */
  uint32_t *frame_bytes;          /* registers of a function's activation */
  struct sim_mma_plan *plans;     /* by instruction; of mma alone */
  uint8_t *reached;               /* by PTX line: becomes 1 when a warp comes to it; borrowed; NULL: not recorded */
};

/* One activation of a function by lanes that called it together. */
struct frame {
  struct frame *caller;
  struct frame *next_free;
  uint32_t function;
  uint32_t call;  /* instruction that called; the lanes return behind it */
  uint32_t lanes; /* still in it */
  uint32_t depth;
  uint32_t local_base, local_end; /* of this activation in each lane's local memory */
  uint32_t capacity;              /* bytes behind memory */
  uint8_t *memory;
  uint8_t *registers;
  uint32_t *defined; /* by slot */
  uint8_t *params;   /* .param space: [lane][call_bytes] */
};

enum group_state { GROUP_RUN, GROUP_PARKED, GROUP_WAIT };
struct group {
  uint32_t mask, pc;
  struct frame *frame;
  uint8_t state;
  uint32_t waiting; /* lanes of a GROUP_WAIT that arrived */
  uint64_t ticket;
};

struct warp {
  struct block *block;
  uint32_t number; /* in its block */
  uint32_t live;   /* lanes that have not left */
  uint32_t launched;
  struct group groups[LANES];
  uint32_t group_count;
  struct frame *free_frames;
  uint32_t carry; /* condition code CC.CF, a bit a lane */
  uint32_t tid[3][LANES];
  uint64_t steps;
  uint32_t spins; /* turns in a row that ended in a wait that was not over */
  bool yielded;
};

struct block {
  struct engine *engine;
  struct sim_block *memory;
  uint64_t number;
  uint32_t coordinates[3];
  uint32_t warp_count;
  struct warp *warps;
  uint64_t random;
  uint64_t progress; /* sim_block_progress when last looked at */
  uint64_t idle_turns, yields;
  bool done, failed;
};

/* A grid on its way. Read-only for the blocks' threads but for what is atomic. */
struct engine {
  const struct sim_grid *grid;
  const struct sim_program *program;
  const struct ptx_module *module;
  const struct ptx_function *kernel;
  struct sim_memory_launch *launch;
  uint32_t threads_per_block, warps_per_block;
  uint32_t static_shared_bytes, dynamic_shared_offset;
  uint64_t block_count;
  _Atomic uint64_t next_block, steps;
  _Atomic int stop; /* a block has failed */
  enum sim_status status;
  struct sim_error error;
  pthread_mutex_t lock; /* of status, error and print */
};

struct step {
  const struct ptx_insn *insn;
  const struct place *places; /* of the instruction's operands */
  uint32_t mask;              /* lanes that execute: of the group, guard applied */
  uint32_t pc;
  uint8_t *registers;
  const uint8_t *constants;
  uint32_t *defined;
  struct frame *frame;
  struct group *group;
  struct warp *warp;
  const struct sim_program *program;
};

/* --- engine_program.c --- */
engine_handler sim_engine_handler(const struct ptx_insn *insn); /* NULL: not executable */

/* --- engine_value.c --- */
static inline const uint8_t *place_data(const struct step *s, uint32_t operand)
{
  int32_t offset = s->places[operand].offset;
  return offset >= 0 ? s->registers + offset : s->constants + ~offset;
}
static inline uint32_t place_defined(const struct step *s, uint32_t operand)
{
  uint32_t slot = s->places[operand].slot;
  return slot == PTX_NO_SLOT ? ALL_LANES : s->defined[slot];
}
static inline void place_define(const struct step *s, uint32_t operand, uint32_t defined)
{
  uint32_t slot = s->places[operand].slot;
  if (slot != PTX_NO_SLOT) s->defined[slot] = (s->defined[slot] & ~s->mask) | (defined & s->mask);
}
/* Lanes of an operand, extended to 64 bits as `type` says from its size. */
void sim_engine_read(const struct step *s, uint32_t operand, enum ptx_type type, uint64_t *out);
/* Writes the active lanes, extended from `type` to the register's size. Sinks are ignored. */
void sim_engine_write(const struct step *s, uint32_t operand, enum ptx_type type, const uint64_t *values,
                      uint32_t defined);
static inline const uint32_t *read32(const struct step *s, uint32_t operand)
{
  return (const uint32_t *)(const void *)place_data(s, operand);
}
static inline const uint64_t *read64(const struct step *s, uint32_t operand)
{
  return (const uint64_t *)(const void *)place_data(s, operand);
}
void sim_engine_write32(const struct step *s, uint32_t operand, const uint32_t *values, uint32_t defined);
void sim_engine_write64(const struct step *s, uint32_t operand, const uint64_t *values, uint32_t defined);
/* A predicate operand with its negation; writes of predicates. */
uint32_t sim_engine_predicate(const struct step *s, uint32_t operand);
void sim_engine_write_predicate(const struct step *s, uint32_t operand, uint32_t value, uint32_t defined);
/* Reports lanes of the step that use an undefined value; what: "an address". Then it counts as defined. */
void sim_engine_need(const struct step *s, uint32_t operand, const char *what);
/* And of what the operands of [first, first + count) have in common. */
uint32_t sim_engine_defined(const struct step *s, uint32_t first, uint32_t count);
const struct ptx_operand *sim_engine_operand(const struct step *s, uint32_t operand);
/* Index of the first operand of a group. */
uint32_t sim_engine_group(const struct ptx_insn *insn, uint32_t group);
/* Value of an address operand a lane, [register or symbol + offset]; checks that it is defined. */
void sim_engine_address(const struct step *s, uint32_t operand, uint64_t *out);
void sim_engine_fail(const struct step *s, enum sim_check check, uint32_t lane, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* --- engine_warp.c --- */
bool sim_warp_init(struct warp *warp, struct block *block, uint32_t number);
void sim_warp_free(struct warp *warp);
/* Runs up to `quantum` instructions; returns how many. */
uint32_t sim_warp_run(struct warp *warp, uint32_t quantum);
/* Lets groups whose barrier is complete go on. True if one can run. */
bool sim_warp_poll(struct warp *warp);
struct frame *sim_warp_frame(struct warp *warp, uint32_t function); /* NULL: out of memory */
void sim_warp_frame_leave(struct warp *warp, struct frame *frame, uint32_t lanes);
/* Splits `lanes` off a group into one of their own at pc. */
struct group *sim_warp_split(struct warp *warp, struct group *group, uint32_t lanes, uint32_t pc, struct frame *frame);
void sim_warp_exit(struct step *s, uint32_t lanes);

/* Rendezvous: all live lanes of the warp must be in the step (.aligned). PARKED if not yet; NEXT if so. */
enum step_result sim_step_aligned(struct step *s);
/* The lanes of the member mask must be: *members gets it. All lanes of one step have one mask or several disjoint ones. */
enum step_result sim_step_members(struct step *s, const uint32_t *masks);

uint64_t sim_engine_random(uint64_t *state); /* splitmix64 */
uint64_t sim_engine_special(const struct step *s, enum ptx_special special, uint32_t lane);
/* What a symbol's address is for `mov`: shared: in the window; local: of this activation. */
uint64_t sim_engine_symbol(const struct step *s, uint32_t symbol);
#define ENGINE_CALL_PARAMS 0x80000000u /* .param addresses of an activation; below: the kernel's parameters */

/* --- engine_block.c --- */
bool sim_engine_block_init(struct block *block, struct engine *engine, uint64_t number);
void sim_engine_block_free(struct block *block);
/* One warp's turn. False when the block is done or has failed. */
bool sim_engine_block_turn(struct block *block);

/* --- engine_print.c --- */
enum step_result sim_engine_vprintf(struct step *s, const struct ptx_call *call);
enum step_result sim_engine_assertfail(struct step *s, const struct ptx_call *call);

/* Handlers, by file. */
#define ENGINE_HANDLERS(X)                                                                                             \
  X(mov)                                                                                                               \
  X(integer)                                                                                                           \
  X(carry)                                                                                                             \
  X(mul_wide) X(mad24) X(sad) X(logic) X(shift) X(bits) X(prmt) X(lop3) X(shf) X(dot) X(vabsdiff4) X(setp) X(set)      \
      X(selp) X(slct) X(testp) X(floating) X(unary_float) X(divide_float) X(fma) X(half) X(mixed_float) X(convert)     \
          X(convert_pack) X(load) X(store) X(atomic) X(cvta) X(isspacep) X(nothing) X(alloca) X(stack) X(createpolicy) \
              X(cp_async) X(cp_async_group) X(cp_async_mbarrier) X(mbarrier) X(mbarrier_wait) X(mbarrier_pending)      \
                  X(shfl) X(vote) X(match) X(redux) X(activemask) X(elect) X(bar) X(bar_warp) X(griddep) X(fence)      \
                      X(ldmatrix) X(stmatrix) X(movmatrix) X(mma) X(branch) X(branch_table) X(call) X(ret) X(exit)     \
                          X(trap) X(nanosleep)
#define ENGINE_DECLARE(name) enum step_result sim_step_##name(struct step *s);
ENGINE_HANDLERS(ENGINE_DECLARE)
#undef ENGINE_DECLARE

#endif
