/* comm_monitor.c: see comm_monitor.h. */
#include "comm_monitor.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "comm_poll.h"
#include "host.h"
#include "stop.h"

#define TICK_NS 20000000  /* dead processes of this host are seen within it */
#define BEAT_NS 200000000 /* between two datagrams to a rank */
#define QUIET_NS                                                                                                       \
  2000000000 /* a live process is heard within this, however busy its host: below it silence says nothing */
#define PAUSE_NS 1000000000 /* without a turn for so long, this process was stopped itself */
#define GRACE_NS 1500000000 /* until the lowest live rank must have reported */
#define MAGIC    0x746d6b62u

enum state { STATE_LIVE = 1, STATE_FAILED, STATE_LATE, STATE_ENDED };

struct beat {
  uint32_t magic;
  int32_t rank, state, exit_code;
  uint64_t run;
  int64_t step;
  char message[400]; /* FAILED: why; LATE: what it waits for */
};

struct peer {
  struct sockaddr_in address;
  char host[64];
  int64_t pid;
  bool same_host, heard, gone; /* gone: the process is no more */
  int misses;                  /* looks in a row that did not find it */
  int64_t heard_ns, step;
  struct beat beat; /* the last */
};

struct tmk_monitor {
  struct tmk_world *world;
  void (*end)(void);
  int socket;
  uint64_t run;
  pthread_t thread;
  bool threaded;
  struct peer *peers;   /* [size] */
  pthread_mutex_t lock; /* of mine */
  struct beat mine;
  int64_t late_ns; /* when the monitor's thread first knew of a rank that is late; 0: of none */
  _Atomic int64_t step;
  atomic_bool stopping;
};

static void send_all(struct tmk_monitor *monitor)
{
  pthread_mutex_lock(&monitor->lock);
  struct beat beat = monitor->mine;
  pthread_mutex_unlock(&monitor->lock);
  beat.step = atomic_load(&monitor->step);
  for (int i = 0; i < monitor->world->size; i++) {
    if (i == monitor->world->rank) continue;
    (void)sendto(monitor->socket, &beat, sizeof beat, MSG_DONTWAIT, (const struct sockaddr *)&monitor->peers[i].address,
                 sizeof monitor->peers[i].address);
  }
}

static void receive_all(struct tmk_monitor *monitor)
{
  struct beat beat;
  while (recv(monitor->socket, &beat, sizeof beat, MSG_DONTWAIT) == (ssize_t)sizeof beat) {
    if (beat.magic != MAGIC || beat.run != monitor->run || beat.rank < 0 || beat.rank >= monitor->world->size) continue;
    struct peer *peer = &monitor->peers[beat.rank];
    beat.message[sizeof beat.message - 1] = '\0';
    peer->heard = true;
    peer->heard_ns = tmk_host_now_ns();
    if (peer->beat.state <= beat.state) peer->beat = beat; /* datagrams may overtake each other */
  }
}

/* Processes of this host that are no more: seen long before silence would say so. */
static void look_for_dead(struct tmk_monitor *monitor)
{
  for (int i = 0; i < monitor->world->size; i++) {
    struct peer *peer = &monitor->peers[i];
    if (!peer->same_host || peer->gone || i == monitor->world->rank) continue;
    peer->misses = kill((pid_t)peer->pid, 0) != 0 && errno == ESRCH ? peer->misses + 1 : 0;
    peer->gone = peer->misses > 1; /* what it sent before it ended has been read by then */
  }
}

static bool is_lost(const struct tmk_monitor *monitor, const struct peer *peer, int64_t now_ns)
{
  const int64_t timeout_ns = monitor->world->timeout_ns;
  if (peer->beat.state == STATE_ENDED) return false;
  if (peer->gone) return true;
  return peer->heard && now_ns - peer->heard_ns > (timeout_ns > QUIET_NS ? timeout_ns : QUIET_NS);
}

/* The line: of the lowest rank with a failure of its own, else of one that died, fell silent or is behind. False: all is well. */
static bool find_cause(struct tmk_monitor *monitor, const struct beat *mine, int64_t now_ns, char *text, int size)
{
  const struct tmk_world *world = monitor->world;
  const double timeout_s = (double)world->timeout_ns * 1e-9;
  bool late = mine->state == STATE_LATE;
  const char *what = mine->message;
  for (int i = 0; i < world->size; i++) {
    const struct beat *beat = i == world->rank ? mine : &monitor->peers[i].beat;
    if (beat->state == STATE_FAILED)
      return snprintf(text, (size_t)size, "rank %d on %s: %s", i, monitor->peers[i].host, beat->message) > 0;
    if (beat->state == STATE_LATE) late = true, what = beat->message;
  }
  for (int i = 0; i < world->size; i++) {
    const struct peer *peer = &monitor->peers[i];
    if (i == world->rank || !is_lost(monitor, peer, now_ns)) continue;
    if (peer->gone) return snprintf(text, (size_t)size, "rank %d on %s: its process died", i, peer->host) > 0;
    return snprintf(text, (size_t)size, "rank %d on %s: nothing heard of it for %.0f s: stopped, or its host is down",
                    i, peer->host, (double)(now_ns - peer->heard_ns) * 1e-9) > 0;
  }
  if (!late) return false;
  if (monitor->late_ns == 0) monitor->late_ns = now_ns;
  for (int i = 0; i < world->size; i++) {
    const struct peer *peer = &monitor->peers[i];
    if (i == world->rank || !peer->heard || now_ns - peer->heard_ns <= QUIET_NS) continue;
    return snprintf(text, (size_t)size,
                    "rank %d on %s: nothing heard of it for %.0f s, no %s within %.0f s: stopped, or its host is down",
                    i, peer->host, (double)(now_ns - peer->heard_ns) * 1e-9, what, timeout_s) > 0;
  }
  /* One that stopped while the others waited may have been heard until just now: its silence has to show first. */
  if (now_ns - monitor->late_ns < (int64_t)QUIET_NS + 2 * BEAT_NS) return false;
  /* All are heard: who is behind the others holds them up. */
  int64_t least = mine->step;
  int who = world->rank;
  for (int i = 0; i < world->size; i++) {
    if (i == world->rank || monitor->peers[i].beat.step >= least) continue;
    least = monitor->peers[i].beat.step;
    who = i;
  }
  if (who != world->rank)
    return snprintf(text, (size_t)size, "rank %d on %s: did not come to the %s within %.0f s", who,
                    monitor->peers[who].host, what, timeout_s) > 0;
  return snprintf(text, (size_t)size, "rank %d on %s: no %s within %.0f s, though all ranks came to it", world->rank,
                  world->host, what, timeout_s) > 0;
}

/* The lowest rank that is neither lost nor silent reports. */
static bool is_reporter(const struct tmk_monitor *monitor, int64_t now_ns)
{
  for (int i = 0; i < monitor->world->rank; i++) {
    const struct peer *peer = &monitor->peers[i];
    const bool silent = peer->heard && now_ns - peer->heard_ns > QUIET_NS;
    if (peer->beat.state != STATE_ENDED && !peer->gone && !silent) return false;
  }
  return true;
}

/* Ends the process: at once behind the line, or, for the others, when the one that prints it had time to. */
static void end_run(struct tmk_monitor *monitor, const char *line)
{
  const int64_t begin_ns = tmk_host_now_ns();
  while (!is_reporter(monitor, tmk_host_now_ns()) && tmk_host_now_ns() - begin_ns < GRACE_NS) {
    send_all(monitor);
    receive_all(monitor);
    look_for_dead(monitor);
    tmk_sleep_ns(TICK_NS);
  }
  if (is_reporter(monitor, tmk_host_now_ns())) {
    char text[640];
    const int length = snprintf(text, sizeof text, "tokmark: %s\n", line);
    for (int i = 0; i < 5; i++) send_all(monitor), tmk_sleep_ns(1000000);
    if (write(STDERR_FILENO, text, (size_t)length) < 0) _exit(1);
    tmk_sleep_ns(50000000); /* the launcher forwards it before it ends us */
  } else {
    tmk_sleep_ns(GRACE_NS);
  }
  if (monitor->end != NULL) monitor->end();
  _exit(1);
}

static void *watch(void *argument)
{
  struct tmk_monitor *monitor = argument;
  int64_t sent_ns = 0, turn_ns = tmk_host_now_ns(), judge_from_ns = 0;
  char line[560];
  while (!atomic_load(&monitor->stopping)) {
    const int64_t now_ns = tmk_host_now_ns();
    /* The others may have given this rank up and be about to end it: what it missed is no news. */
    if (now_ns - turn_ns > PAUSE_NS) judge_from_ns = now_ns + 2 * (int64_t)GRACE_NS;
    turn_ns = now_ns;
    if (now_ns - sent_ns > BEAT_NS) {
      send_all(monitor);
      sent_ns = now_ns;
    }
    receive_all(monitor);
    look_for_dead(monitor);
    pthread_mutex_lock(&monitor->lock);
    struct beat mine = monitor->mine;
    pthread_mutex_unlock(&monitor->lock);
    mine.step = atomic_load(&monitor->step);
    if (now_ns >= judge_from_ns && !atomic_load(&monitor->stopping) &&
        find_cause(monitor, &mine, tmk_host_now_ns(), line, (int)sizeof line))
      end_run(monitor, line);
    tmk_sleep_ns(TICK_NS);
  }
  pthread_mutex_lock(&monitor->lock);
  monitor->mine.state = STATE_ENDED;
  pthread_mutex_unlock(&monitor->lock);
  for (int i = 0; i < 3; i++) send_all(monitor);
  return NULL;
}

/* This host's address as the others reach it, or the loopback's where all ranks are on this host. */
static void find_address(const struct tmk_world *world, struct sockaddr_in *address)
{
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *found = NULL;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (world->local_size == world->size || getaddrinfo(world->host, NULL, &hints, &found) != 0) return;
  address->sin_addr = ((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr;
  freeaddrinfo(found);
}

struct card {
  struct sockaddr_in address;
  char host[64];
  int64_t pid;
  uint64_t run;
};

static enum tmk_status introduce(struct tmk_monitor *monitor, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_world *world = monitor->world;
  struct sockaddr_in bound = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
  socklen_t size = sizeof bound;
  struct card mine = {.pid = getpid(), .run = (uint64_t)tmk_host_now_ns()};
  struct card *all = calloc((size_t)world->size, sizeof *all);
  if (all == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for %d ranks", world->size);
  if (bind(monitor->socket, (const struct sockaddr *)&bound, sizeof bound) != 0 ||
      getsockname(monitor->socket, (struct sockaddr *)&bound, &size) != 0) {
    TMK_TRY(tmk_fail(err, TMK_ERR_IO, "a socket to watch the other ranks by: %s", strerror(errno)));
  }
  mine.address = bound;
  find_address(world, &mine.address);
  memcpy(mine.host, world->host, sizeof mine.host);
  TMK_TRY(world->ops->exchange(world, &mine, all, sizeof mine, err));
  monitor->run = all[0].run;
  for (int i = 0; i < world->size; i++) {
    struct peer *peer = &monitor->peers[i];
    peer->address = all[i].address;
    peer->pid = all[i].pid;
    memcpy(peer->host, all[i].host, sizeof peer->host);
    /* Containers may share a name and not their processes. */
    peer->same_host = strcmp(all[i].host, world->host) == 0 && kill((pid_t)all[i].pid, 0) == 0;
  }
out:
  free(all);
  return status;
}

enum tmk_status tmk_monitor_start(struct tmk_world *world, void (*end)(void), struct tmk_monitor **out,
                                  struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_monitor *monitor = calloc(1, sizeof *monitor);
  if (monitor == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the monitor");
  monitor->world = world;
  monitor->end = end;
  pthread_mutex_init(&monitor->lock, NULL);
  monitor->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  monitor->peers = calloc((size_t)world->size, sizeof *monitor->peers);
  if (monitor->socket < 0 || monitor->peers == NULL)
    TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "no socket to watch the other ranks by"));
  TMK_TRY(introduce(monitor, err));
  monitor->mine = (struct beat){.magic = MAGIC, .rank = world->rank, .state = STATE_LIVE, .run = monitor->run};
  if (pthread_create(&monitor->thread, NULL, watch, monitor) != 0)
    TMK_TRY(tmk_fail(err, TMK_ERR_MEMORY, "no thread to watch the other ranks by"));
  monitor->threaded = true;
  *out = monitor;
  monitor = NULL;
out:
  tmk_monitor_stop(monitor);
  return status;
}

void tmk_monitor_step(struct tmk_monitor *monitor)
{
  atomic_fetch_add(&monitor->step, 1);
}

static void set_state(struct tmk_monitor *monitor, enum state state, const char *text, int exit_code)
{
  pthread_mutex_lock(&monitor->lock);
  monitor->mine.state = (int32_t)state;
  monitor->mine.exit_code = exit_code;
  snprintf(monitor->mine.message, sizeof monitor->mine.message, "%.399s", text);
  pthread_mutex_unlock(&monitor->lock);
  for (;;) tmk_sleep_ns(1000000000); /* the monitor's thread ends the process */
}

void tmk_monitor_fail(struct tmk_monitor *monitor, const char *message, int exit_code)
{
  set_state(monitor, STATE_FAILED, message, exit_code);
  abort();
}

void tmk_monitor_late(struct tmk_monitor *monitor, const char *what)
{
  set_state(monitor, STATE_LATE, what, 1);
  abort();
}

void tmk_monitor_stop(struct tmk_monitor *monitor)
{
  if (monitor == NULL) return;
  atomic_store(&monitor->stopping, true);
  if (monitor->threaded) (void)pthread_join(monitor->thread, NULL);
  if (monitor->socket >= 0) (void)close(monitor->socket);
  pthread_mutex_destroy(&monitor->lock);
  free(monitor->peers);
  free(monitor);
}

/* ---- before the ranks have met ---- */

struct tmk_guard {
  pthread_t thread;
  int rank;
  int64_t timeout_ns;
  atomic_bool stopping;
};

static void *guard_wait(void *argument)
{
  const struct tmk_guard *guard = argument;
  const int64_t begin_ns = tmk_host_now_ns();
  while (!atomic_load(&guard->stopping)) {
    if (*tmk_stop_flag()) _exit(130); /* the launcher ends all: another rank has said why */
    if (tmk_host_now_ns() - begin_ns > guard->timeout_ns + guard->rank * (int64_t)500000000) {
      fprintf(stderr, "tokmark: rank %d: the ranks did not meet within %.0f s: one of them hangs or did not start\n",
              guard->rank, (double)guard->timeout_ns * 1e-9);
      _exit(1);
    }
    tmk_sleep_ns(TICK_NS);
  }
  return NULL;
}

struct tmk_guard *tmk_guard_start(int rank, int64_t timeout_ns)
{
  struct tmk_guard *guard = calloc(1, sizeof *guard);
  if (guard == NULL) return NULL;
  guard->rank = rank;
  guard->timeout_ns = timeout_ns;
  if (pthread_create(&guard->thread, NULL, guard_wait, guard) == 0) return guard;
  free(guard);
  return NULL;
}

void tmk_guard_stop(struct tmk_guard *guard)
{
  if (guard == NULL) return;
  atomic_store(&guard->stopping, true);
  (void)pthread_join(guard->thread, NULL);
  free(guard);
}
