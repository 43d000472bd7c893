/* test_planted.h: modules of data/planted_*.cu for test_planted*.c: PTX of each of nvcc's front ends, a fresh device a launch. */
#ifndef SIMGPU_TEST_PLANTED_H
#define SIMGPU_TEST_PLANTED_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_device.h"
#include "sim_report.h"
#include "ptx_dir.h"


static const struct {
  const char *gpu;
  int arch; /* of the PTX: the two front ends */
} planted_targets[] = {{"A100", 80}, {"B200", 100}};
#define PLANTED_TARGETS (sizeof planted_targets / sizeof planted_targets[0])
static const char *const planted_files[] = {"planted_memory", "planted_race", "planted_async", "planted_sync",
                                            "planted_sketch"};
#define PLANTED_FILES (sizeof planted_files / sizeof planted_files[0])

/* Where there is no nvcc: the PTX that is committed, of one front end. */
static inline char *planted_read(const char *file, int arch, size_t *size)
{
  char path[512];
  snprintf(path, sizeof path, "%s/%s_%d.ptx", ptx_dir(), file, arch);
  FILE *from = fopen(path, "rb");
  if (from == NULL) {
    snprintf(path, sizeof path, "tests/simgpu/data/%s_80.ptx", file);
    from = fopen(path, "rb");
  }
  cr_assert_not_null(from, "no %s", path);
  char *text = malloc(1 << 20);
  *size = fread(text, 1, 1 << 20, from);
  fclose(from);
  return text;
}

struct planted_bench {
  const char *name;
  char *text[PLANTED_FILES];
  size_t size[PLANTED_FILES];
};

static inline struct planted_bench planted_load(size_t target)
{
  struct planted_bench bench = {.name = planted_targets[target].gpu};
  for (size_t i = 0; i < PLANTED_FILES; i++)
    bench.text[i] = planted_read(planted_files[i], planted_targets[target].arch, &bench.size[i]);
  return bench;
}

static inline void planted_unload(struct planted_bench *bench)
{
  for (size_t i = 0; i < PLANTED_FILES; i++) free(bench->text[i]);
}

struct planted_device {
  struct sim_device *device;
  struct sim_kernel *kernel;
};

static inline void planted_print_nothing(void *context, const char *text, size_t size)
{
  (void)context;
  (void)text;
  (void)size;
}

/* A device that has the file in which `kernel` is. */
static inline struct planted_device planted_open(const struct planted_bench *bench, const char *kernel,
                                                 uint64_t step_limit)
{
  struct planted_device d = {.kernel = NULL};
  struct sim_error error;
  struct sim_device_options options = {
      .arch = bench->name, .print = planted_print_nothing, .step_limit = step_limit, .threads = 2};
  cr_assert_eq(sim_device_create(&options, &d.device, &error), SIM_OK, "%s", error.message);
  char word[128];
  snprintf(word, sizeof word, ".entry %s(", kernel);
  for (size_t i = 0; i < PLANTED_FILES && d.kernel == NULL; i++) {
    struct sim_module *module;
    if (memmem(bench->text[i], bench->size[i], word, strlen(word)) == NULL) continue;
    cr_assert_eq(sim_module_load(d.device, bench->text[i], bench->size[i], &module, &error), SIM_OK, "%s",
                 error.message);
    d.kernel = sim_module_kernel(module, kernel);
  }
  cr_assert_not_null(d.kernel, "no kernel %s", kernel);
  return d;
}

static inline void planted_close(struct planted_device *d)
{
  sim_device_destroy(d->device);
}

/* The findings of a report as text; where there are none, the error. */
static inline const char *planted_text(const struct sim_report *report, const struct sim_error *error)
{
  static char text[8192];
  struct sim_finding finding;
  size_t used = 0;
  text[0] = '\0';
  for (uint32_t i = 0; i < 6 && sim_report_at(report, i, &finding); i++) {
    text[used++] = '\n';
    sim_finding_print(&finding, text + used, sizeof text - used - 2);
    used += strlen(text + used);
  }
  return used > 0 ? text : error->status != SIM_OK ? error->message : "no finding";
}

#endif
