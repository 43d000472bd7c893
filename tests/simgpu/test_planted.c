/* test_planted.c: small programs with one planted bug each, and the same programs without it.
 *
 * A row is a launch of a kernel of data/planted_*.cu with one of its bugs: the check that must name it, words that its message must
 * hold, and that nothing else is found, on every seed and through both of nvcc's front ends. With bug 0 the same kernel must give
 * its answer with no finding at all. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_device.h"
#include "sim_report.h"
#include "test_planted.h"
#include "test_planted_rows.h"

#define SEEDS       12
#define SCRATCH     4096u /* planted.cuh */
#define STEPS_LIMIT (1u << 19)

/* --- one launch --- */

struct outcome {
  enum sim_status status;
  struct sim_error error;
  struct sim_report *report;
  bool right; /* the answer */
};

static int32_t wanted(const struct program *p, const int32_t *in, uint32_t i)
{
  if (p->want == WANT_COPY) return in[i];
  uint32_t first = i / p->threads * p->threads;
  if (p->want == WANT_REVERSED) return in[first + p->threads - 1 - i % p->threads];
  int32_t sum = 0;
  for (uint32_t k = 0; k < p->threads; k++) sum += in[i * p->threads + k];
  return sum;
}

static uint64_t fill(struct sim_device *device, const void *from, uint32_t bytes, struct sim_error *error)
{
  uint64_t address = 0;
  cr_assert_eq(sim_device_alloc(device, bytes, &address, error), SIM_OK);
  if (from != NULL) cr_assert_eq(sim_device_write(device, address, from, bytes, error), SIM_OK);
  return address;
}

static struct outcome launch(struct planted_bench *bench, const struct program *p, int bug, uint64_t seed)
{
  struct outcome o = {.report = sim_report_create(0)};
  uint32_t n = p->blocks * p->threads - p->less, outs = p->want == WANT_SUMS ? p->blocks : n;
  int32_t in[256], out[256], zeros[SCRATCH] = {0};
  struct planted_device d = planted_open(bench, p->kernel, STEPS_LIMIT);
  for (uint32_t i = 0; i < n; i++) in[i] = (int32_t)(i * 2654435761u >> 8);
  uint64_t arguments[4] = {fill(d.device, in, n * 4, &o.error), fill(d.device, NULL, outs * 4, &o.error),
                           fill(d.device, zeros, sizeof zeros, &o.error), fill(d.device, NULL, sizeof zeros, &o.error)};
  const void *pointers[] = {&arguments[0], &arguments[1], &arguments[2], &arguments[3], &n, &bug};
  struct sim_launch shape = {.grid = {p->blocks, 1, 1},
                             .block = {p->threads, 1, 1},
                             .dynamic_shared_bytes = p->shared_bytes,
                             .cooperative = p->cooperative,
                             .seed = seed,
                             .arguments = pointers};
  if (p->freed && bug != 0) sim_device_free(d.device, arguments[2], &o.error);
  o.status = sim_device_launch(d.device, d.kernel, &shape, o.report, NULL, &o.error);
  if (o.status == SIM_OK) {
    cr_assert_eq(sim_device_read(d.device, out, arguments[1], outs * 4, o.report, &o.error), SIM_OK);
    o.right = true;
    for (uint32_t i = 0; i < outs; i++) o.right = o.right && out[i] == wanted(p, in, i);
  }
  planted_close(&d);
  return o;
}

static const struct program *program_of(const char *kernel)
{
  for (size_t i = 0; i < PROGRAMS; i++)
    if (strcmp(programs[i].kernel, kernel) == 0) return &programs[i];
  cr_assert_fail("no program %s", kernel);
  abort();
}

/* --- right programs --- */

Test(planted, right_programs_give_their_answer_and_no_finding)
{
  for (size_t target = 0; target < PLANTED_TARGETS; target++) {
    struct planted_bench bench = planted_load(target);
    for (size_t i = 0; i < PROGRAMS; i++) {
      for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct outcome o = launch(&bench, &programs[i], 0, seed);
        cr_expect(o.status == SIM_OK && sim_report_listed(o.report) == 0, "%s on %s, seed %d: %s", programs[i].kernel,
                  bench.name, (int)seed, planted_text(o.report, &o.error));
        cr_expect(o.right || o.status != SIM_OK, "%s on %s, seed %d: wrong answer", programs[i].kernel, bench.name,
                  (int)seed);
        sim_report_destroy(o.report);
      }
    }
    planted_unload(&bench);
  }
}

/* --- planted bugs --- */

/* The check that is wanted, its words, its place, and no other error. */
static bool as_wanted(const struct planted *bug, const struct outcome *o)
{
  struct sim_finding finding;
  char text[1024];
  bool seen = false;
  enum sim_status status = SIM_OK;
  for (uint32_t i = 0; sim_report_at(o->report, i, &finding); i++) {
    if (sim_check_severity(finding.check) != SIM_SEVERITY_ERROR) continue;
    if (finding.check != bug->check && (bug->also >> finding.check & 1) == 0) return false;
    sim_finding_print(&finding, text, sizeof text);
    if (finding.check == bug->check && strstr(text, bug->words) == NULL) return false;
    bool placed = strcmp(finding.kernel, bug->kernel) == 0 && finding.first.ptx_line > 0;
    if (!placed && bug->check != SIM_CHECK_UNINIT_COPY) return false; /* which the host makes */
    seen = true;
    status = sim_check_status(finding.check);
  }
  return seen && o->status == status;
}

Test(planted, each_bug_is_caught_for_its_reason_on_each_seed)
{
  for (size_t target = 0; target < PLANTED_TARGETS; target++) {
    struct planted_bench bench = planted_load(target);
    for (size_t i = 0; i < BUGS; i++) {
      uint32_t caught = 0;
      for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct outcome o = launch(&bench, program_of(bugs[i].kernel), bugs[i].bug, seed);
        bool good = as_wanted(&bugs[i], &o), hidden = bugs[i].by_seed && o.status == SIM_OK && o.right;
        cr_expect(good || hidden, "%s bug %d on %s, seed %d: wanted %s '%s', got %s", bugs[i].kernel, bugs[i].bug,
                  bench.name, (int)seed, sim_check_name(bugs[i].check), bugs[i].words,
                  planted_text(o.report, &o.error));
        caught += good;
        sim_report_destroy(o.report);
      }
      cr_expect_gt(caught, 0, "%s bug %d on %s: on no seed", bugs[i].kernel, bugs[i].bug, bench.name);
    }
    planted_unload(&bench);
  }
}

Test(planted, there_are_sixty_of_each_and_each_program_has_a_bug)
{
  cr_assert_geq(PROGRAMS, 60);
  cr_assert_geq(BUGS, 60);
  for (size_t i = 0; i < PROGRAMS; i++) {
    bool has = false;
    for (size_t k = 0; k < BUGS; k++) has = has || strcmp(bugs[k].kernel, programs[i].kernel) == 0;
    cr_assert(has, "%s has no bug", programs[i].kernel);
  }
}

Test(planted, a_deadlock_lists_each_waiter)
{
  static const char *const kernels[] = {"barriers_crosswise", "both_wait_first"};
  struct planted_bench bench = planted_load(0);
  for (size_t i = 0; i < 2; i++) {
    struct outcome o = launch(&bench, program_of(kernels[i]), 1, 1);
    struct sim_finding finding;
    uint32_t warps = 0;
    for (uint32_t k = 0; sim_report_at(o.report, k, &finding); k++) warps |= 1u << finding.first.warp;
    cr_expect_eq(warps, 3, "%s: %s", kernels[i], planted_text(o.report, &o.error));
    sim_report_destroy(o.report);
  }
  planted_unload(&bench);
}
