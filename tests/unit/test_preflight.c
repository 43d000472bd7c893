/* test_preflight.c: each finding on both sides of its limit; unknown facts give none. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "preflight.h"

static struct tmk_device_info known_good(void)
{
  struct tmk_device_info info;
  tmk_device_info_init(&info);
  info.power_limit_w = info.power_default_w = 700;
  info.clock_set_hz = info.clock_default_hz = 1980e6;
  info.clock_now_hz = 1980e6;
  info.memory_clock_hz = info.memory_clock_max_hz = 2619e6;
  strcpy(info.clock_reasons, "gpu_idle");
  info.persistence_on = info.ecc_on = 1;
  info.mig_on = info.ecc_errors = info.other_processes = 0;
  info.pcie_generation = info.pcie_generation_max = 5;
  info.pcie_width = info.pcie_width_max = 16;
  return info;
}

static void expect_none(const struct tmk_device_info *info)
{
  struct tmk_finding findings[TMK_PREFLIGHT_MAX];
  cr_assert_eq(tmk_preflight(info, findings), 0, "%s", findings[0].name);
}

static void expect_one(const struct tmk_device_info *info, const char *name, enum tmk_verdict_value verdict,
                       const char *text)
{
  struct tmk_finding findings[TMK_PREFLIGHT_MAX];
  cr_assert_eq(tmk_preflight(info, findings), 1, "%s", name);
  cr_expect_str_eq(findings[0].name, name);
  cr_expect_eq(findings[0].verdict, verdict, "%s", name);
  cr_expect_str_eq(findings[0].text, text);
}

Test(preflight, nothing_is_found_where_nothing_is_wrong_or_known)
{
  struct tmk_device_info info = known_good();
  expect_none(&info);
  tmk_device_info_init(&info);
  expect_none(&info);
  info = known_good();
  info.is_cpu = true;
  info.mig_on = 1;
  expect_none(&info);
}

Test(preflight, use)
{
  struct tmk_device_info info = known_good();
  info.other_processes = 1;
  expect_one(&info, "shared_device", TMK_VERDICT_SUSPECT, "1 other process is on it");
  info.other_processes = 3;
  expect_one(&info, "shared_device", TMK_VERDICT_SUSPECT, "3 other processes are on it");
  info = known_good();
  info.mig_on = 1;
  expect_one(&info, "mig", TMK_VERDICT_SUSPECT, "MIG is on: what is measured is a slice of the GPU");
}

Test(preflight, memory)
{
  struct tmk_device_info info = known_good();
  info.ecc_errors = 2;
  expect_one(&info, "ecc", TMK_VERDICT_NONE, "2 uncorrected memory errors since the driver was loaded");
  info = known_good();
  info.ecc_on = 0;
  expect_one(&info, "ecc_off", TMK_VERDICT_NONE,
             "ECC is off: memory errors are not noticed, and rates are not those of most nodes");
  info = known_good();
  info.memory_clock_hz = 1593e6;
  expect_one(&info, "memory_clock", TMK_VERDICT_NONE,
             "memory clock 1593 MHz of 2619 (lower while idle on some boards)");
  info.memory_clock_hz = NAN;
  expect_none(&info);
}

Test(preflight, clocks)
{
  struct tmk_device_info info = known_good();
  info.power_limit_w = 650;
  expect_one(&info, "power_cap", TMK_VERDICT_NONE, "power limit 650 W, below the board's own of 700 W");
  info.power_limit_w = 699.5;
  expect_none(&info);
  info.power_limit_w = 750; /* raised: not in the way */
  expect_none(&info);
  info = known_good();
  strcpy(info.clock_reasons, "sw_power_cap,sw_thermal_slowdown");
  expect_one(&info, "throttled", TMK_VERDICT_SUSPECT, "clocks are held down now: sw_power_cap,sw_thermal_slowdown");
  info = known_good();
  info.clock_set_hz = 1410e6;
  expect_one(&info, "clocks_set", TMK_VERDICT_NONE,
             "application clock set to 1410 MHz, below the board's own of 1980 MHz");
  info = known_good();
  strcpy(info.clock_reasons, "applications_clocks");
  info.clock_now_hz = 1200e6;
  expect_one(&info, "clocks_set", TMK_VERDICT_NONE, "clocks are held by a setting, at 1200 MHz now");
}

Test(preflight, link)
{
  struct tmk_device_info info = known_good();
  info.pcie_width = 8;
  expect_one(&info, "pcie_width", TMK_VERDICT_NONE, "PCIe link 8 lanes wide of 16");
  info = known_good();
  info.pcie_generation = 3;
  expect_one(&info, "pcie_generation", TMK_VERDICT_NONE,
             "PCIe link at generation 3 of 5 (lower while idle on some boards)");
  info.pcie_generation_max = TMK_UNKNOWN;
  expect_none(&info);
  info = known_good();
  info.persistence_on = 0;
  expect_one(&info, "persistence_off", TMK_VERDICT_NONE,
             "persistence mode is off: the driver starts anew with each program, at lower clocks at first");
}

/* All at once fit, each once. */
Test(preflight, everything_wrong)
{
  struct tmk_finding findings[TMK_PREFLIGHT_MAX];
  struct tmk_device_info info = known_good();
  info.other_processes = info.mig_on = info.ecc_errors = 1;
  info.ecc_on = info.persistence_on = 0;
  info.memory_clock_hz = info.power_limit_w = info.clock_set_hz = 1;
  info.pcie_width = info.pcie_generation = 1;
  strcpy(info.clock_reasons, "hw_slowdown");
  cr_assert_eq(tmk_preflight(&info, findings), 11);
  for (int i = 0; i < 11; i++) {
    for (int k = 0; k < i; k++) cr_expect_str_neq(findings[i].name, findings[k].name);
  }
}
