/* comm_poll.c: see comm_poll.h. */
#include "comm_poll.h"

#include <sched.h>
#include <time.h>

#include "host.h"

#define ASK_EVERY     16      /* turns between two looks at the clock */
#define SLEEP_FROM_NS 2000000 /* waited this long, nobody is about to answer */
#define SLEEP_NS      50000

void tmk_sleep_ns(int64_t time_ns)
{
  const struct timespec pause = {.tv_sec = time_ns / 1000000000, .tv_nsec = time_ns % 1000000000};
  (void)nanosleep(&pause, NULL);
}

void tmk_poll_begin(struct tmk_poll *poll, int64_t timeout_ns)
{
  *poll = (struct tmk_poll){.timeout_ns = timeout_ns};
}

bool tmk_poll_turn(struct tmk_poll *poll)
{
  (void)sched_yield();
  if (++poll->turns % ASK_EVERY != 0) return true;
  const int64_t now_ns = tmk_host_now_ns();
  if (poll->begin_ns == 0) poll->begin_ns = now_ns;
  if (now_ns - poll->begin_ns > poll->timeout_ns) return false;
  if (now_ns - poll->begin_ns > SLEEP_FROM_NS) tmk_sleep_ns(SLEEP_NS);
  return true;
}
