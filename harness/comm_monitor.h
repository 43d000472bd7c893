/* comm_monitor.h: whether the other processes of a run still live and get on. A thread of each rank sends a datagram to every
 * other rank a few times a second: how many exchanges and calls it has come to, and its failure if it has one. So a rank that is
 * killed, stopped (SIGSTOP), or hangs in a driver is named by those that wait for it, whatever carries the tensors.
 *
 * The lowest live rank reports: one line on stderr, and the process ends; the others end behind it. A rank that was never heard (a
 * firewall between nodes) is not watched by silence; the deadlines of its calls are left. A deadline that has passed is charged to
 * a rank that can still be heard only 2.4 s later: by then one that is stopped has fallen silent.
 */
#ifndef TMK_HARNESS_COMM_MONITOR_H
#define TMK_HARNESS_COMM_MONITOR_H

#include "tokmark/comm.h"

struct tmk_monitor;

/* By an exchange of the world. end: called on the monitor's thread once this rank has printed the line or waited for the one that
 * does; ends the process (MPI_Abort) and does not return. NULL: _exit(1). */
enum tmk_status tmk_monitor_start(struct tmk_world *world, void (*end)(void), struct tmk_monitor **out,
                                  struct tmk_error *err);
/* Until the ranks have met there is no monitor: this ends the process with a line unless it is stopped within the time. `rank` by the
 * launcher: each waits a little longer than the one before, so that one of them prints. */
struct tmk_guard;
struct tmk_guard *tmk_guard_start(int rank, int64_t timeout_ns); /* NULL: no thread for it */
void tmk_guard_stop(struct tmk_guard *guard);                    /* NULL is fine */

/* This rank has come to another exchange or call. */
void tmk_monitor_step(struct tmk_monitor *monitor);
/* This rank has failed, or has waited for `what` until the deadline: the run is over. Does not return. */
void tmk_monitor_fail(struct tmk_monitor *monitor, const char *message, int exit_code) __attribute__((noreturn));
void tmk_monitor_late(struct tmk_monitor *monitor, const char *what) __attribute__((noreturn));
/* All is done: silence is no failure any more. */
void tmk_monitor_stop(struct tmk_monitor *monitor); /* NULL is fine */

#endif
