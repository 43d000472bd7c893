/* rt_mutants_run.c: a child process for each mutant in each launch (rt_mutants.h). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rt_mutants_internal.h"
#include "sim_report.h"

#define JOBS_MAX 16
/* A launch that takes this many times its usual instructions, and some more, hangs. */
#define STEPS_FACTOR 10u
#define STEPS_MORE   100000u

enum verdict {
  VERDICT_NONE, /* the child has not said: it was killed, or the program left by _exit */
  VERDICT_SAME,
  VERDICT_TOLERATED, /* so far */
  VERDICT_FOUND,
  VERDICT_EXIT,
  VERDICT_STILLBORN
};

/* What a child leaves behind, in memory that it shares with its parent. */
struct slot {
  enum verdict verdict;
  bool in_launch; /* a death here is the simulated GPU's own */
  int exit_code;
  char text[200];
};

struct order {
  uint32_t id, number;
  char *name;
  uint32_t *launches; /* owned */
  uint32_t count, at; /* at: the next one to try */
  bool decided, differed;
};

struct job {
  pid_t pid; /* 0: free */
  struct order *order;
};

static struct {
  struct mutants_launch *launches; /* from 1 */
  uint32_t launch_count, launch_capacity;
  struct order *orders;
  uint32_t order_count, order_capacity;
  uint32_t jobs, seconds;
  bool converge, unstable;
  FILE *out;
  struct slot *slots; /* shared, by job */
  struct job running[JOBS_MAX];
  /* in a child */
  struct slot *mine;
  struct order *mutant;
  struct sim_kernel *replaced;
} state;

/* --- orders --- */

static void *grown(void *array, uint32_t count, uint32_t *capacity, size_t size)
{
  if (count < *capacity) return array;
  *capacity = *capacity > 0 ? 2 * *capacity : 64;
  void *more = realloc(array, *capacity * size);
  if (more == NULL) rt_mutants_die("out of memory for mutants");
  return more;
}

static char *field(char **rest, const char *path)
{
  char *text = strsep(rest, "\t\n");
  if (text == NULL || *text == '\0') rt_mutants_die("%s: a field is missing", path);
  return text;
}

static uint64_t number_field(char **rest, int base, const char *path)
{
  char *text = field(rest, path), *end;
  uint64_t value = strtoull(text, &end, base);
  if (*end != '\0') rt_mutants_die("%s: '%s' is no number", path, text);
  return value;
}

static void read_launch(char **rest, const char *path)
{
  state.launches = grown(state.launches, state.launch_count + 1, &state.launch_capacity, sizeof *state.launches);
  struct mutants_launch *launch = &state.launches[++state.launch_count];
  launch->name = strdup(field(rest, path));
  launch->steps = number_field(rest, 10, path);
  launch->before = number_field(rest, 16, path);
  launch->after = number_field(rest, 16, path);
}

static void read_order(char **rest, const char *path)
{
  state.orders = grown(state.orders, state.order_count, &state.order_capacity, sizeof *state.orders);
  struct order *order = &state.orders[state.order_count++];
  uint32_t capacity = 0;
  *order = (struct order){.id = (uint32_t)number_field(rest, 10, path)};
  order->name = strdup(field(rest, path));
  order->number = (uint32_t)number_field(rest, 10, path);
  while (*rest != NULL && **rest != '\0' && **rest != '\n') {
    order->launches = grown(order->launches, order->count, &capacity, sizeof *order->launches);
    order->launches[order->count++] = (uint32_t)number_field(rest, 10, path);
  }
}

void rt_mutants_run_begin(const char *path)
{
  char *line = NULL, out[4096];
  size_t room = 0;
  FILE *file = fopen(path, "r");
  if (file == NULL) rt_mutants_die("SIMGPU_MUTANTS: %s can't be read", path);
  state.jobs = 1;
  state.seconds = 60;
  while (getline(&line, &room, file) > 0) {
    char *rest = line;
    const char *word = field(&rest, path);
    if (strcmp(word, "launch") == 0)
      read_launch(&rest, path);
    else if (strcmp(word, "order") == 0)
      read_order(&rest, path);
    else if (strcmp(word, "jobs") == 0)
      state.jobs = (uint32_t)number_field(&rest, 10, path);
    else if (strcmp(word, "seconds") == 0)
      state.seconds = (uint32_t)number_field(&rest, 10, path);
    else if (strcmp(word, "converge") == 0)
      state.converge = number_field(&rest, 10, path) != 0;
    else
      rt_mutants_die("%s: '%s' is no order", path, word);
  }
  free(line);
  fclose(file);
  if (state.jobs < 1 || state.jobs > JOBS_MAX) rt_mutants_die("%s: jobs %u: must be 1..%d", path, state.jobs, JOBS_MAX);
  snprintf(out, sizeof out, "%s.out", path);
  state.out = fopen(out, "we");
  state.slots = mmap(NULL, JOBS_MAX * sizeof *state.slots, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (state.out == NULL || state.slots == MAP_FAILED) rt_mutants_die("SIMGPU_MUTANTS: %s can't be written", out);
}

/* --- the child --- */

static _Noreturn void child_end(enum verdict verdict, const char *text)
{
  state.mine->verdict = verdict;
  snprintf(state.mine->text, sizeof state.mine->text, "%s", text);
  _exit(0);
}

/* Ends the child if there is a finding. */
static void child_check(const struct rt *rt)
{
  for (uint32_t i = 0; i < rt->device_count; i++) {
    struct sim_finding finding;
    if (sim_report_errors(rt->devices[i].report) == 0) continue;
    for (uint32_t n = 0; sim_report_at(rt->devices[i].report, n, &finding); n++) {
      if (sim_check_severity(finding.check) == SIM_SEVERITY_ERROR)
        child_end(VERDICT_FOUND, sim_check_name(finding.check));
    }
  }
}

/* The launch with the mutant. */
static enum sim_status mutant_launch(struct rt *rt, const struct rt_op *op, const struct sim_launch *launch,
                                     struct sim_launch_stats *stats, struct sim_error *error)
{
  struct rt_device *device = &rt->devices[op->device];
  struct sim_launch limited = *launch;
  if (state.replaced != op->kernel) {
    const struct mutants_kernel *k = rt_mutants_kernel(op->kernel);
    if (rt_mutants_apply(op->kernel, k, state.mutant->number, error) != SIM_OK) {
      child_end(VERDICT_STILLBORN, error->message);
    }
    state.replaced = op->kernel;
  }
  uint64_t usual = rt->launches <= state.launch_count ? state.launches[rt->launches].steps : 0;
  limited.step_limit = STEPS_FACTOR * usual + STEPS_MORE;
  state.mine->in_launch = true;
  enum sim_status status = sim_device_launch(device->sim, op->kernel, &limited, device->report, stats, error);
  state.mine->in_launch = false;
  child_check(rt);
  return status;
}

/* A later launch of a child whose mutant has made a difference. */
static enum sim_status child_launch(struct rt *rt, const struct rt_op *op, const struct sim_launch *launch,
                                    struct sim_launch_stats *stats, struct sim_error *error)
{
  struct rt_device *device = &rt->devices[op->device];
  struct sim_kernel_info info;
  sim_kernel_info(op->kernel, &info);
  child_check(rt);
  if (state.converge && rt->launches <= state.launch_count &&
      strcmp(state.launches[rt->launches].name, info.name) == 0 &&
      sim_device_digest(device->sim) == state.launches[rt->launches].before) {
    child_end(VERDICT_TOLERATED, "");
  }
  if (strcmp(info.name, state.mutant->name) == 0) return mutant_launch(rt, op, launch, stats, error);
  enum sim_status status = sim_device_launch(device->sim, op->kernel, launch, device->report, stats, error);
  child_check(rt);
  return status;
}

/* Becomes the child. */
static enum sim_status child_begin(struct rt *rt, const struct rt_op *op, const struct sim_launch *launch,
                                   struct sim_launch_stats *stats, struct sim_error *error)
{
  const struct rlimit cpu = {state.seconds, state.seconds + 1}, core = {0, 0};
  int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  rt_after_fork(rt);
  if (nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 || dup2(nowhere, 2) < 0 ||
      setrlimit(RLIMIT_CPU, &cpu) != 0 || setrlimit(RLIMIT_CORE, &core) != 0)
    _exit(2);
  enum sim_status status = mutant_launch(rt, op, launch, stats, error);
  if (sim_device_digest(rt->devices[op->device].sim) == state.launches[rt->launches].after) {
    child_end(VERDICT_SAME, "");
  }
  return status;
}

/* --- the parent --- */

static void decide(struct order *order, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void decide(struct order *order, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  fprintf(state.out, "%u\t", order->id);
  vfprintf(state.out, format, arguments);
  fputc('\n', state.out);
  fflush(state.out);
  va_end(arguments);
  order->decided = true;
}

/* What became of a child. */
static void judge(struct order *order, const struct slot *slot, int status)
{
  switch (slot->verdict) {
  case VERDICT_SAME: return;
  case VERDICT_TOLERATED: order->differed = true; return;
  case VERDICT_STILLBORN: decide(order, "stillborn\t%s", slot->text); return;
  case VERDICT_FOUND: decide(order, "caught\tfinding\t%s", slot->text); return;
  case VERDICT_EXIT:
    if (slot->exit_code == 0)
      decide(order, "survived\ttolerated");
    else
      decide(order, "caught\texit\t%d", slot->exit_code);
    return;
  case VERDICT_NONE: break;
  }
  int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (signal == SIGXCPU || signal == SIGKILL)
    decide(order, "caught\tseconds\t%u", state.seconds);
  else if (signal != 0 && slot->in_launch)
    decide(order, "crashed\t%d", signal);
  else if (signal != 0)
    decide(order, "caught\tkilled\t%d", signal);
  else if (WEXITSTATUS(status) != 0)
    decide(order, "caught\texit\t%d", WEXITSTATUS(status));
  else
    decide(order, "survived\ttolerated");
}

/* Waits until fewer than `most` children run. */
static void wait_for_jobs(uint32_t most)
{
  for (;;) {
    uint32_t count = 0;
    for (uint32_t j = 0; j < state.jobs; j++) count += state.running[j].pid != 0;
    if (count < most || count == 0) return;
    int status;
    pid_t pid = waitpid(-1, &status, 0);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) rt_mutants_die("waitpid: %s", strerror(errno));
    for (uint32_t j = 0; j < state.jobs; j++) {
      if (state.running[j].pid != pid) continue;
      state.running[j].pid = 0;
      judge(state.running[j].order, &state.slots[j], status);
    }
  }
}

/* True in the child. */
static bool start_job(struct order *order)
{
  uint32_t j = 0;
  wait_for_jobs(state.jobs);
  while (state.running[j].pid != 0) j++;
  state.slots[j] = (struct slot){.verdict = VERDICT_NONE};
  fflush(NULL); /* or the child would write it again */
  pid_t pid = fork();
  if (pid < 0) rt_mutants_die("fork: %s", strerror(errno));
  if (pid == 0) {
    state.mine = &state.slots[j];
    state.mutant = order;
    return true;
  }
  state.running[j] = (struct job){pid, order};
  return false;
}

enum sim_status rt_mutants_run_launch(struct rt *rt, const struct rt_op *op, const struct sim_launch *launch,
                                      struct sim_launch_stats *stats, struct sim_error *error)
{
  struct rt_device *device = &rt->devices[op->device];
  struct sim_kernel_info info;
  if (state.mine != NULL) return child_launch(rt, op, launch, stats, error);
  sim_kernel_info(op->kernel, &info);
  const struct mutants_launch *planned = rt->launches <= state.launch_count ? &state.launches[rt->launches] : NULL;
  if (!state.unstable &&
      (planned == NULL || strcmp(planned->name, info.name) != 0 || planned->before != sim_device_digest(device->sim))) {
    fprintf(state.out, "unstable\t%llu\n", (unsigned long long)rt->launches);
    state.unstable = true;
  }
  const struct mutants_kernel *k = state.unstable ? NULL : rt_mutants_kernel(op->kernel);
  for (uint32_t i = 0; k != NULL && i < state.order_count; i++) {
    struct order *order = &state.orders[i];
    if (order->decided || order->at == order->count || order->launches[order->at] != rt->launches) continue;
    order->at++;
    if (order->number >= k->list.count || strcmp(order->name, k->name) != 0) {
      rt_mutants_die("order %u: no such mutant in launch %llu", order->id, (unsigned long long)rt->launches);
    }
    if (start_job(order)) return child_begin(rt, op, launch, stats, error);
  }
  wait_for_jobs(1);
  return sim_device_launch(device->sim, op->kernel, launch, device->report, stats, error);
}

void rt_mutants_run_end(int status, uint64_t findings)
{
  if (state.mine != NULL) {
    for (uint32_t i = 0; findings > 0 && i < 1; i++) child_end(VERDICT_FOUND, "at the end");
    state.mine->exit_code = status;
    child_end(VERDICT_EXIT, "");
  }
  for (uint32_t i = 0; i < state.order_count; i++) {
    struct order *order = &state.orders[i];
    if (order->decided) continue;
    decide(order, "survived\t%s", order->differed ? "tolerated" : "same");
  }
  fprintf(state.out, "done\t%d\t%llu\n", status, (unsigned long long)findings);
  fclose(state.out);
}
