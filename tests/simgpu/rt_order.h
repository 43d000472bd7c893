/* rt_order.h: which operations of streams are ordered, as vector clocks (sim_turn.h says what it is for).
 *
 * A line is what happens in order: a stream, or a branch of a launched graph. Operation `seq` of line `slot` is known to be complete by whoever's
 * clock has seen[slot] >= seq. The host has a clock too: what it has waited for; every operation is behind what the host knew when it was
 * submitted. Host threads count as one.
 *   stream        program order; the legacy default stream waits for blocking streams, and they for it
 *   event         record: what its stream knows complete once all of it is; a stream's or the host's wait joins that
 *   host wait     stream, device or event synchronize, a query that says success, copies that return when they are done. As CUDA documents,
 *                 cudaMemset and cudaMemcpy between device memory return before they are done
 *   programmatic  a launch's successor starts when it executes launch_dependents. Where a launch never waits for its predecessor, its end says
 *                 nothing about that one (`hole`): only a full wait does
 */
#ifndef SIMGPU_RT_ORDER_H
#define SIMGPU_RT_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim_turn.h"

#define RT_LINES 256u /* more share the last slot: then races between those are missed */

struct rt;
struct rt_clock {
  uint32_t seen[RT_LINES];
};

struct rt_line {
  bool open;
  uint32_t slot;
  struct rt_clock done; /* once all of it is complete */
  /* Of the last operation, for a programmatic successor. */
  bool launch; /* it was a launch, and nothing else has come since */
  bool triggered, late;
  struct rt_clock start, early;   /* what it knew from its wait on, and before */
  uint32_t hole_first, hole_last; /* operations of the line that its end does not imply; 0, 0: none */
};

struct rt_turn {
  struct sim_turn sim;
  struct rt *rt;
  struct rt_line *line;
  uint32_t seq;
  struct rt_clock start, early;
  uint32_t hole_first, hole_last;
};

struct rt_order {
  struct rt_clock host;
  uint32_t counts[RT_LINES]; /* operations of each slot */
  bool used[RT_LINES];
  struct rt_done {
    uint32_t slot, seq;
    const char *what, *kernel; /* static, and the module's; kernel NULL: no launch */
  } * operations;              /* by number - 1 */
  uint32_t count, capacity;
};

void rt_clock_join(struct rt_clock *into, const struct rt_clock *from);
/* Opens a line on its first use; it knows what the host knows. */
void rt_line_open(struct rt *rt, struct rt_line *line);
void rt_line_close(struct rt *rt, struct rt_line *line);
/* An operation of a line begins, with extra knowledge joined (NULL: none), and ends. programmatic: it may start early. text: room for its
 * description. */
void rt_turn_begin(struct rt *rt, struct rt_line *line, const char *what, const char *kernel, bool programmatic,
                   struct rt_turn *turn, char *text, size_t size);
void rt_turn_end(struct rt *rt, struct rt_turn *turn);

#endif
