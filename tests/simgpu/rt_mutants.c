/* rt_mutants.c: the environment, SIMGPU_MUTANT, and the plan (rt_mutants.h). */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rt_mutants_internal.h"

enum mutants_mode { MUTANTS_OFF, MUTANTS_ONE, MUTANTS_PLAN, MUTANTS_RUN };
static struct {
  enum mutants_mode mode;
  struct mutants_kernel *kernels;
  FILE *plan;
  char *one; /* part of a kernel's name; NULL once it has been found */
  uint32_t one_number;
} state; /* one a process, as its context is */

void rt_mutants_die(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  fputs("simgpu: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  _exit(2);
}

struct mutants_kernel *rt_mutants_kernel(const struct sim_kernel *kernel)
{
  struct sim_kernel_info info;
  sim_kernel_info(kernel, &info);
  for (struct mutants_kernel *k = state.kernels; k != NULL; k = k->next) {
    if (strcmp(k->name, info.name) == 0) return k;
  }
  struct mutants_kernel *k = calloc(1, sizeof *k);
  if (k == NULL || !sim_kernel_text(kernel, &k->text, &k->size) ||
      !sim_mutants_list(k->text, k->size, info.name, &k->list)) {
    free(k);
    return NULL;
  }
  for (size_t i = 0; i < k->size; i++) k->lines += k->text[i] == '\n';
  k->name = strdup(info.name);
  k->reached = calloc((size_t)k->lines + 3, 1);
  if (k->name == NULL || k->reached == NULL) rt_mutants_die("out of memory for mutants");
  k->next = state.kernels;
  state.kernels = k;
  return k;
}

enum sim_status rt_mutants_apply(struct sim_kernel *kernel, const struct mutants_kernel *k, uint32_t number,
                                 struct sim_error *error)
{
  size_t size;
  char *text = sim_mutant_apply(k->text, k->size, k->name, &k->list.items[number], &size);
  if (text == NULL) rt_mutants_die("out of memory for mutants");
  enum sim_status status = sim_kernel_replace(kernel, text, size, error);
  free(text); /* the decoder has its own copy */
  return status;
}

/* --- the plan --- */

static void plan_kernel(const struct mutants_kernel *k, const struct sim_kernel *kernel)
{
  fprintf(state.plan, "kernel\t%s\n", k->name);
  for (uint32_t i = 0; i < k->list.count; i++) {
    const struct sim_mutant *m = &k->list.items[i];
    const char *file = "?";
    uint32_t line = 0;
    sim_kernel_source(kernel, m->line, &file, &line);
    fprintf(state.plan, "mutant\t%s\t%u\t%u\t%s\t%u\t%s\t%s\t%s\t%s\n", k->name, i, m->line, file, line, m->kind,
            m->before, m->after, m->context);
  }
}

static void plan_reached(const struct mutants_kernel *k)
{
  for (uint32_t i = 0; i < k->list.count; i += 4) {
    unsigned digit = 0;
    for (uint32_t bit = 0; bit < 4 && i + bit < k->list.count; bit++) {
      if (k->reached[k->list.items[i + bit].line] != 0) digit |= 1u << bit;
    }
    fprintf(state.plan, "%x", digit);
  }
}

static enum sim_status plan_launch(struct rt *rt, const struct rt_op *op, const struct sim_launch *launch,
                                   struct sim_launch_stats *stats, struct sim_error *error)
{
  struct rt_device *device = &rt->devices[op->device];
  const struct mutants_kernel *known = state.kernels;
  struct mutants_kernel *k = rt_mutants_kernel(op->kernel);
  if (k == NULL) rt_mutants_die("a kernel's PTX can't be listed for mutants");
  if (state.kernels != known) plan_kernel(k, op->kernel);
  uint64_t before = sim_device_digest(device->sim);
  memset(k->reached, 0, (size_t)k->lines + 3);
  sim_kernel_trace(op->kernel, k->reached);
  enum sim_status status = sim_device_launch(device->sim, op->kernel, launch, device->report, stats, error);
  sim_kernel_trace(op->kernel, NULL);
  fprintf(state.plan, "launch\t%s\t%llu\t%016llx\t%016llx\t", k->name, (unsigned long long)stats->warp_instructions,
          (unsigned long long)before, (unsigned long long)sim_device_digest(device->sim));
  plan_reached(k);
  fputc('\n', state.plan);
  return status;
}

/* --- SIMGPU_MUTANT --- */

static void replace_one(const struct sim_kernel *launched, struct sim_kernel *kernel)
{
  struct sim_kernel_info info;
  struct sim_error error;
  sim_kernel_info(launched, &info);
  if (state.one == NULL || strstr(info.name, state.one) == NULL) return;
  const struct mutants_kernel *k = rt_mutants_kernel(launched);
  if (k == NULL) rt_mutants_die("the PTX of '%s' can't be listed for mutants", info.name);
  if (state.one_number >= k->list.count) {
    rt_mutants_die("SIMGPU_MUTANT: '%s' has no mutant %u: must be 0..%u", k->name, state.one_number, k->list.count - 1);
  }
  const struct sim_mutant *m = &k->list.items[state.one_number];
  fprintf(stderr, "simgpu: mutant %u of %s, PTX line %u, %s: %s -> %s\n", state.one_number, k->name, m->line, m->kind,
          m->before, m->after);
  if (rt_mutants_apply(kernel, k, state.one_number, &error) != SIM_OK) rt_mutants_die("stillborn: %s", error.message);
  free(state.one);
  state.one = NULL;
}

/* --- for the rest of the runtime --- */

static void read_one(const char *text)
{
  char *end;
  const char *colon = strrchr(text, ':');
  if (colon == NULL || colon == text || colon[1] == '\0') rt_mutants_die("SIMGPU_MUTANT=%s: must be KERNEL:N", text);
  state.one_number = (uint32_t)strtoul(colon + 1, &end, 10);
  state.one = strndup(text, (size_t)(colon - text));
  if (*end != '\0' || state.one == NULL) rt_mutants_die("SIMGPU_MUTANT=%s: must be KERNEL:N", text);
  state.mode = MUTANTS_ONE;
}

bool rt_mutants_begin(void)
{
  const char *one = getenv("SIMGPU_MUTANT"), *all = getenv("SIMGPU_MUTANTS");
  if (one != NULL && *one != '\0') {
    read_one(one);
  } else if (all != NULL && strncmp(all, "plan:", 5) == 0) {
    state.plan = fopen(all + 5, "w");
    if (state.plan == NULL) rt_mutants_die("SIMGPU_MUTANTS=%s: can't be written", all);
    state.mode = MUTANTS_PLAN;
  } else if (all != NULL && strncmp(all, "run:", 4) == 0) {
    rt_mutants_run_begin(all + 4);
    state.mode = MUTANTS_RUN;
  } else if (all != NULL && *all != '\0') {
    rt_mutants_die("SIMGPU_MUTANTS=%s: must be plan:FILE or run:FILE", all);
  }
  return state.mode == MUTANTS_PLAN || state.mode == MUTANTS_RUN;
}

enum sim_status rt_mutants_launch(struct rt *rt, const struct rt_op *op, const struct sim_launch *launch,
                                  struct sim_launch_stats *stats, struct sim_error *error)
{
  struct rt_device *device = &rt->devices[op->device];
  if (state.mode == MUTANTS_PLAN) return plan_launch(rt, op, launch, stats, error);
  if (state.mode == MUTANTS_RUN) return rt_mutants_run_launch(rt, op, launch, stats, error);
  if (state.mode == MUTANTS_ONE) replace_one(op->kernel, op->kernel);
  return sim_device_launch(device->sim, op->kernel, launch, device->report, stats, error);
}

void rt_mutants_end(int status, uint64_t findings)
{
  if (state.mode == MUTANTS_RUN) rt_mutants_run_end(status, findings);
  if (state.mode == MUTANTS_ONE && state.one != NULL) {
    fprintf(stderr, "simgpu: SIMGPU_MUTANT: no kernel was launched whose name holds '%s'\n", state.one);
  }
  if (state.plan != NULL) {
    fprintf(state.plan, "end\t%d\t%llu\n", status, (unsigned long long)findings);
    if (fclose(state.plan) != 0) rt_mutants_die("the plan of mutants can't be written");
  }
}
