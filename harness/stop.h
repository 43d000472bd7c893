/* stop.h: Ctrl-C and SIGTERM, the same in every command that measures. */
#ifndef TMK_HARNESS_STOP_H
#define TMK_HARNESS_STOP_H

#include <signal.h>

/* From now on the first SIGINT or SIGTERM sets the flag, and the second ends the program at once with exit code 130. */
void tmk_stop_catch(void);
/* Non-zero after the first. A signal handler can reach nothing but a global: this is the one. */
const volatile sig_atomic_t *tmk_stop_flag(void);

#endif
