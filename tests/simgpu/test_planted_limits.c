/* test_planted_limits.c: what the claimed GPU can't hold, one step inside each limit and one beyond; and what a host does wrong with
 * device memory. */
#include "test_planted.h"

#define KIB 1024u

/* A launch of a kernel that does nothing, with directives of its own and static shared memory. */
struct fit {
  const char *gpu, *directives;
  uint32_t static_bytes, dynamic_bytes, attribute_bytes; /* attribute 0: as it is */
  uint32_t grid[3], block[3], cluster[3];
  bool cooperative;
  enum sim_status status; /* of loading, setting the attribute or launching: the first that is not SIM_OK */
  const char *words;      /* of the message */
};

static enum sim_status run_fit(const struct fit *fit, struct sim_error *error)
{
  char text[1024];
  struct sim_device *device;
  struct sim_module *module;
  struct sim_device_options options = {.arch = fit->gpu, .threads = 2};
  struct sim_report *report = sim_report_create(0);
  snprintf(text, sizeof text,
           ".version 8.0\n.target sm_80\n.address_size 64\n.extern .shared .align 16 .b8 dynamic[];\n"
           ".visible .entry nothing()\n%s\n{\n.reg .b64 %%d<2>;\n.shared .align 16 .b8 fixed[%u];\n"
           "mov.u64 %%d0, fixed;\nmov.u64 %%d1, dynamic;\nret;\n}\n",
           fit->directives, fit->static_bytes > 0 ? fit->static_bytes : 1);
  cr_assert_eq(sim_device_create(&options, &device, error), SIM_OK);
  enum sim_status status = sim_module_load(device, text, strlen(text), &module, error);
  struct sim_kernel *kernel = status == SIM_OK ? sim_module_kernel(module, "nothing") : NULL;
  if (status == SIM_OK && fit->attribute_bytes > 0)
    status = sim_kernel_set_max_dynamic_shared(kernel, fit->attribute_bytes, error);
  struct sim_launch launch = {.dynamic_shared_bytes = fit->dynamic_bytes, .cooperative = fit->cooperative};
  for (int axis = 0; axis < 3; axis++) {
    launch.grid[axis] = fit->grid[axis] > 0 ? fit->grid[axis] : 1;
    launch.block[axis] = fit->block[axis] > 0 ? fit->block[axis] : 1;
    launch.cluster[axis] = fit->cluster[0] > 0 ? (fit->cluster[axis] > 0 ? fit->cluster[axis] : 1) : 0;
  }
  if (status == SIM_OK) status = sim_device_launch(device, kernel, &launch, report, NULL, error);
  cr_expect_eq(sim_report_errors(report), 0);
  cr_expect_eq(sim_device_health(device, NULL), SIM_OK, "a refused launch leaves the device well");
  sim_report_destroy(report);
  sim_device_destroy(device);
  return status;
}

Test(planted_limits, one_inside_and_one_beyond)
{
  static const struct fit fits[] = {
      /* threads */
      {.gpu = "A100", .block = {1024}},
      {.gpu = "A100", .block = {1025}, .status = SIM_ERR_INVALID_CONFIG, .words = "1025"},
      {.gpu = "A100", .block = {16, 64}},
      {.gpu = "A100",
       .block = {16, 65},
       .status = SIM_ERR_INVALID_CONFIG,
       .words = "1040 threads a block: at most 1024"},
      {.gpu = "H100", .block = {1, 1, 64}},
      {.gpu = "H100", .block = {1, 1, 65}, .status = SIM_ERR_INVALID_CONFIG, .words = "1..64"},
      {.gpu = "B200", .grid = {1, 65535}},
      {.gpu = "B200", .grid = {1, 65536}, .status = SIM_ERR_INVALID_CONFIG, .words = "1..65535"},
      /* what the kernel was built for */
      {.gpu = "A100", .directives = ".maxntid 128, 1, 1", .block = {128}},
      {.gpu = "A100",
       .directives = ".maxntid 128, 1, 1",
       .block = {129},
       .status = SIM_ERR_OUT_OF_RESOURCES,
       .words = "128"},
      {.gpu = "A100", .directives = ".reqntid 64, 2, 1", .block = {64, 2}},
      {.gpu = "A100",
       .directives = ".reqntid 64, 2, 1",
       .block = {128},
       .status = SIM_ERR_INVALID_VALUE,
       .words = "requires 64"},
      /* static shared memory: 48 KiB on each of them */
      {.gpu = "A100", .static_bytes = 48 * KIB},
      {.gpu = "B200", .static_bytes = 48 * KIB + 1, .status = SIM_ERR_INVALID_PTX, .words = "at most 49152"},
      /* dynamic: 48 KiB together with the static ones, more by the attribute: 163 KiB on 8.0, 227 KiB from 9.0 on */
      {.gpu = "A100", .static_bytes = 16, .dynamic_bytes = 48 * KIB - 16},
      {.gpu = "A100",
       .static_bytes = 16,
       .dynamic_bytes = 48 * KIB,
       .status = SIM_ERR_INVALID_VALUE,
       .words = "attribute allows 49136"},
      {.gpu = "A100", .dynamic_bytes = 163 * KIB - 16, .attribute_bytes = 163 * KIB - 16},
      {.gpu = "A100", .attribute_bytes = 163 * KIB + 1, .status = SIM_ERR_INVALID_VALUE, .words = "at most 166912"},
      {.gpu = "H100", .dynamic_bytes = 227 * KIB - 16, .attribute_bytes = 227 * KIB - 16},
      {.gpu = "H100", .attribute_bytes = 227 * KIB + 1, .status = SIM_ERR_INVALID_VALUE, .words = "at most 232448"},
      /* blocks at once: 1024 threads of 64 registers fill an SM of 65536 registers; 108 and 132 SMs */
      {.gpu = "A100", .grid = {108}, .block = {1024}, .cooperative = true},
      {.gpu = "A100",
       .grid = {109},
       .block = {1024},
       .cooperative = true,
       .status = SIM_ERR_COOPERATIVE_TOO_LARGE,
       .words = "108 fit"},
      {.gpu = "H100", .grid = {109}, .block = {1024}, .cooperative = true},
      {.gpu = "H100",
       .grid = {133},
       .block = {1024},
       .cooperative = true,
       .status = SIM_ERR_COOPERATIVE_TOO_LARGE,
       .words = "132 fit"},
      {.gpu = "A100", .directives = ".maxnreg 32", .grid = {216}, .block = {1024}, .cooperative = true},
      {.gpu = "A100",
       .directives = ".maxnreg 32",
       .grid = {217},
       .block = {1024},
       .cooperative = true,
       .status = SIM_ERR_COOPERATIVE_TOO_LARGE,
       .words = "216 fit"},
      /* clusters */
      {.gpu = "A100", .cluster = {1}},
      {.gpu = "A100", .grid = {2}, .cluster = {2}, .status = SIM_ERR_INVALID_CONFIG, .words = "at most 1 "},
      {.gpu = "H100", .grid = {9}, .cluster = {9}, .status = SIM_ERR_INVALID_CONFIG, .words = "at most 8 "},
  };
  for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
    struct fit fit = fits[i];
    struct sim_error error = {.status = SIM_OK};
    if (fit.directives == NULL) fit.directives = "";
    enum sim_status status = run_fit(&fit, &error);
    cr_expect_eq(status, fit.status, "row %zu on %s: %s: %s", i, fit.gpu, sim_status_name(status), error.message);
    cr_expect(fit.words == NULL || strstr(error.message, fit.words) != NULL, "row %zu: %s", i, error.message);
  }
}

Test(planted_limits, code_for_another_gpu)
{
  static const struct {
    const char *gpu, *target;
    enum sim_status status;
  } rows[] = {{"A100", "sm_80", SIM_OK},
              {"A100", "sm_86", SIM_ERR_NO_BINARY},
              {"H100", "sm_90a", SIM_OK},
              {"B200", "sm_90", SIM_OK},
              {"B200", "sm_90a", SIM_ERR_NO_BINARY},
              {"GB300", "sm_100f", SIM_OK},
              {"GB300", "sm_100a", SIM_ERR_NO_BINARY}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[256];
    struct sim_device *device;
    struct sim_module *module;
    struct sim_error error;
    struct sim_device_options options = {.arch = rows[i].gpu};
    snprintf(text, sizeof text, ".version 8.8\n.target %s\n.address_size 64\n.visible .entry k()\n{\nret;\n}\n",
             rows[i].target);
    cr_assert_eq(sim_device_create(&options, &device, &error), SIM_OK);
    cr_expect_eq(sim_module_load(device, text, strlen(text), &module, &error), rows[i].status, "%s on %s",
                 rows[i].target, rows[i].gpu);
    sim_device_destroy(device);
  }
}

/* --- the host's own mistakes --- */

struct memory_bench {
  struct sim_device *device;
  struct sim_report *report;
  struct sim_error error;
  uint64_t address;
};

static struct memory_bench memory_open(uint64_t memory_bytes)
{
  struct memory_bench b = {.report = sim_report_create(0)};
  struct sim_device_options options = {.arch = "A100", .memory_bytes = memory_bytes};
  cr_assert_eq(sim_device_create(&options, &b.device, &b.error), SIM_OK);
  cr_assert_eq(sim_device_alloc(b.device, 1000, &b.address, &b.error), SIM_OK);
  return b;
}

static void memory_close(struct memory_bench *b)
{
  sim_device_destroy(b->device);
  sim_report_destroy(b->report);
}

Test(planted_limits, leaks)
{
  struct memory_bench b = memory_open(0);
  cr_expect_eq(sim_device_report_leaks(b.device, b.report), 1);
  cr_expect_eq(sim_report_count(b.report, SIM_CHECK_LEAK), 1);
  cr_expect(strstr(planted_text(b.report, &b.error), "1000 bytes") != NULL);
  memory_close(&b);
  b = memory_open(0);
  cr_expect_eq(sim_device_free(b.device, b.address, &b.error), SIM_OK);
  cr_expect_eq(sim_device_report_leaks(b.device, b.report), 0);
  cr_expect_eq(sim_report_listed(b.report), 0);
  memory_close(&b);
}

Test(planted_limits, bad_frees)
{
  struct memory_bench b = memory_open(0);
  cr_expect_eq(sim_device_free(b.device, b.address + 256, &b.error), SIM_ERR_INVALID_VALUE, "not its start");
  cr_expect_eq(sim_device_free(b.device, b.address + 4096, &b.error), SIM_ERR_INVALID_VALUE, "no allocation");
  cr_expect_eq(sim_device_free(b.device, 0, &b.error), SIM_OK);
  cr_expect_eq(sim_device_free(b.device, b.address, &b.error), SIM_OK);
  cr_expect_eq(sim_device_free(b.device, b.address, &b.error), SIM_ERR_INVALID_VALUE, "twice");
  memory_close(&b);
}

Test(planted_limits, copies_of_the_host)
{
  char bytes[1001] = {0};
  struct memory_bench b = memory_open(0);
  cr_expect_eq(sim_device_write(b.device, b.address, bytes, 1000, &b.error), SIM_OK);
  cr_expect_eq(sim_device_write(b.device, b.address, bytes, 1001, &b.error), SIM_ERR_INVALID_VALUE, "one beyond");
  cr_expect_eq(sim_device_read(b.device, bytes, b.address, 1000, b.report, &b.error), SIM_OK);
  cr_expect_eq(sim_report_listed(b.report), 0);
  cr_expect_eq(sim_device_read(b.device, bytes, b.address + 1, 1000, b.report, &b.error), SIM_ERR_INVALID_VALUE);
  cr_expect_eq(sim_device_free(b.device, b.address, &b.error), SIM_OK);
  cr_expect_eq(sim_device_write(b.device, b.address, bytes, 1, &b.error), SIM_ERR_INVALID_VALUE, "after free");
  memory_close(&b);
}

Test(planted_limits, memory_of_the_gpu)
{
  uint64_t address;
  struct memory_bench b = memory_open(1 << 20);
  cr_expect_eq(sim_device_alloc(b.device, 1 << 19, &address, &b.error), SIM_OK);
  cr_expect_eq(sim_device_alloc(b.device, 1 << 19, &address, &b.error), SIM_ERR_OUT_OF_MEMORY);
  cr_expect_eq(sim_device_health(b.device, NULL), SIM_OK);
  memory_close(&b);
}
