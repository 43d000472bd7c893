/* comm_poll.h: how everything of comm_*.c waits: it asks, yields, and gives up behind a deadline. */
#ifndef TMK_HARNESS_COMM_POLL_H
#define TMK_HARNESS_COMM_POLL_H

#include <stdbool.h>
#include <stdint.h>

struct tmk_poll {
  int64_t begin_ns, timeout_ns;
  int64_t turns;
};
void tmk_poll_begin(struct tmk_poll *poll, int64_t timeout_ns);
/* Another turn: yields the CPU, so that ranks that share one get on, and sleeps a little once it has waited for long. False when
 * the time is over. */
bool tmk_poll_turn(struct tmk_poll *poll);
void tmk_sleep_ns(int64_t time_ns);

#endif
