/* sim_turn.h: order between the operations of streams: launches, copies, fills, library work. Inside a launch sim_clock.h knows who has seen
 * what; between operations the runtime's stand-in does (rt_order.h), from streams, events and the host's waits. Every 1 to 1024 bytes of memory
 * remember the operation that wrote them last and up to three that have read them since, by number in the order of the calls; an operation that
 * touches them and is not ordered behind one of those is a finding stream-race. Operations run in the order of the calls, which is one of
 * the orders that streams allow; so it does not take a lucky schedule to see a missing wait.
 *
 * Programmatic dependent launch. A launch with that attribute may start before the one before it in its stream has ended, if that one executes
 * griddepcontrol.launch_dependents. Then what it touches before griddepcontrol.wait is held against what it knew at its start: the thread
 * must have executed the wait, or be ordered behind a thread that has. The PTX ISA says of wait that the memory operations of the grids before
 * are visible to the whole grid. A launch none of whose threads waits is not known to end after its predecessor.
 */
#ifndef SIMGPU_TURN_H
#define SIMGPU_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The operation under way. */
struct sim_turn {
  uint32_t number;  /* from 1 */
  bool early;       /* it may have started before its predecessor ended */
  const char *what; /* for findings: "a launch of 'f'" */
  /* Is it ordered behind the operation of that number? early: as seen before griddepcontrol.wait. */
  bool (*follows)(const struct sim_turn *turn, uint32_t earlier, bool early);
  /* "cudaMemcpyAsync in stream 2" */
  void (*describe)(const struct sim_turn *turn, uint32_t earlier, char *text, size_t size);
  /* Set by a launch. Not atomic: under its lock. */
  bool waited;         /* a thread executed griddepcontrol.wait */
  bool triggered;      /* a block executed griddepcontrol.launch_dependents */
  bool triggered_late; /* a block did so, or ended, after a wait: dependents start after the predecessor's end */
};

/* The first conflict of an access. */
struct sim_clash {
  uint32_t earlier; /* operation; 0: none */
  bool write, earlier_write;
  uint64_t address;
};
/* Text of a finding about it: "write of … after a read by …, with nothing that orders them". */
void sim_clash_print(const struct sim_turn *turn, const struct sim_clash *clash, bool early, char *text, size_t size);

#endif
