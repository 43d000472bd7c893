/* rt_order.c: implements rt_order.h */
#include "rt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rt_clock_join(struct rt_clock *into, const struct rt_clock *from)
{
  for (uint32_t i = 0; i < RT_LINES; i++) {
    if (from->seen[i] > into->seen[i]) into->seen[i] = from->seen[i];
  }
}

/* --- lines --- */

/* A slot is used again once the host knows that all of it is complete. */
void rt_line_open(struct rt *rt, struct rt_line *line)
{
  struct rt_order *order = &rt->order;
  uint32_t slot = 0;
  if (line->open) return;
  while (slot < RT_LINES - 1 && (order->used[slot] || order->host.seen[slot] < order->counts[slot])) slot++;
  memset(line, 0, sizeof *line);
  line->open = true;
  line->slot = slot;
  order->used[slot] = true;
}

void rt_line_close(struct rt *rt, struct rt_line *line)
{
  if (line->open && line->slot < RT_LINES - 1) rt->order.used[line->slot] = false;
  line->open = false;
}

/* --- turns --- */

static bool follows(const struct sim_turn *sim, uint32_t earlier, bool early)
{
  const struct rt_turn *turn = (const struct rt_turn *)(const void *)sim;
  const struct rt_done *done = &turn->rt->order.operations[earlier - 1];
  if (early) return turn->early.seen[done->slot] >= done->seq;
  if (done->slot == turn->line->slot && done->seq >= turn->hole_first && done->seq <= turn->hole_last) return false;
  return turn->start.seen[done->slot] >= done->seq;
}

static void print(const struct rt_done *done, uint32_t number, char *text, size_t size)
{
  if (done->kernel != NULL)
    snprintf(text, size, "launch %u ('%.60s') in stream %u", number, done->kernel, done->slot);
  else
    snprintf(text, size, "%.40s (operation %u) in stream %u", done->what, number, done->slot);
}

static void describe(const struct sim_turn *sim, uint32_t earlier, char *text, size_t size)
{
  const struct rt_turn *turn = (const struct rt_turn *)(const void *)sim;
  print(&turn->rt->order.operations[earlier - 1], earlier, text, size);
}

static void *must(void *memory)
{
  if (memory == NULL) {
    fprintf(stderr, "simgpu: out of host memory\n");
    abort();
  }
  return memory;
}

/* When a programmatic launch may start: with its predecessor's launch_dependents. */
static void start_early(const struct rt_line *line, struct rt_turn *turn)
{
  turn->hole_first = line->hole_first;
  turn->hole_last = line->hole_last;
  if (!line->triggered) return; /* it starts at the predecessor's end */
  turn->sim.early = true;
  turn->early = line->late ? line->start : line->early;
  rt_clock_join(&turn->early, &turn->rt->order.host);
}

void rt_turn_begin(struct rt *rt, struct rt_line *line, const char *what, const char *kernel, bool programmatic,
                   struct rt_turn *turn, char *text, size_t size)
{
  struct rt_order *order = &rt->order;
  rt_line_open(rt, line);
  if (order->count == order->capacity) {
    order->capacity = order->capacity == 0 ? 256 : order->capacity * 2;
    order->operations = must(realloc(order->operations, order->capacity * sizeof *order->operations));
  }
  memset(turn, 0, sizeof *turn);
  turn->rt = rt;
  turn->line = line;
  turn->seq = ++order->counts[line->slot];
  turn->sim.number = order->count + 1;
  turn->sim.follows = follows;
  turn->sim.describe = describe;
  order->operations[order->count++] = (struct rt_done){line->slot, turn->seq, what, kernel};
  print(&order->operations[order->count - 1], order->count, text, size);
  turn->sim.what = text;
  rt_clock_join(&line->done, &order->host);
  turn->start = turn->early = line->done;
  if (programmatic && line->launch) start_early(line, turn);
}

void rt_turn_end(struct rt *rt, struct rt_turn *turn)
{
  struct rt_line *line = turn->line;
  (void)rt;
  bool is_launch = rt->order.operations[turn->sim.number - 1].kernel != NULL;
  line->launch = is_launch;
  line->triggered = turn->sim.triggered;
  line->start = turn->start;
  line->early = turn->early;
  line->hole_first = turn->hole_first;
  line->hole_last = turn->hole_last;
  /* Dependents start behind this launch's wait, if it has one, where a block triggered behind it. */
  line->late = !turn->sim.early || turn->sim.triggered_late;
  if (turn->sim.early && !turn->sim.waited) {
    uint32_t first = turn->early.seen[line->slot] + 1;
    line->hole_first = line->hole_first != 0 && line->hole_first < first ? line->hole_first : first;
    line->hole_last = turn->seq - 1;
  }
  line->done.seen[line->slot] = turn->seq;
}
