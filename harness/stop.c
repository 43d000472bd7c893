/* stop.c: see stop.h. */
#include "stop.h"

#include <unistd.h>

static volatile sig_atomic_t stop_requested;

static void on_signal(int number)
{
  (void)number;
  if (stop_requested) _exit(130);
  stop_requested = 1;
}

void tmk_stop_catch(void)
{
  struct sigaction action = {.sa_handler = on_signal};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

const volatile sig_atomic_t *tmk_stop_flag(void)
{
  return &stop_requested;
}
