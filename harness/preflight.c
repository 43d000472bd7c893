/* preflight.c: see preflight.h. */
#include "preflight.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LL(value) ((long long)(value))
/* Limits are whole watts and clocks whole steps of some 15 MHz: less than that is no difference. */
#define POWER_SLACK_W  1.0
#define CLOCK_SLACK_HZ 20e6

struct list {
  struct tmk_finding *findings;
  int count;
};

__attribute__((format(printf, 4, 5))) static void add(struct list *list, const char *name,
                                                      enum tmk_verdict_value verdict, const char *format, ...)
{
  if (list->count == TMK_PREFLIGHT_MAX) return;
  struct tmk_finding *finding = &list->findings[list->count++];
  *finding = (struct tmk_finding){.name = name, .verdict = verdict};
  va_list args;
  va_start(args, format);
  vsnprintf(finding->text, sizeof finding->text, format, args);
  va_end(args);
}

/* "sw_power_cap,gpu_idle" has the word `name`. */
static bool has_reason(const char *reasons, const char *name)
{
  const size_t length = strlen(name);
  for (const char *at = reasons; (at = strstr(at, name)) != NULL; at += length) {
    if ((at == reasons || at[-1] == ',') && (at[length] == ',' || at[length] == '\0')) return true;
  }
  return false;
}

static void check_use(struct list *list, const struct tmk_device_info *info)
{
  if (info->other_processes > 0) {
    add(list, "shared_device", TMK_VERDICT_SUSPECT, "%lld other process%s on it", LL(info->other_processes),
        info->other_processes == 1 ? " is" : "es are");
  }
  if (info->mig_on == 1) {
    add(list, "mig", TMK_VERDICT_SUSPECT, "MIG is on: what is measured is a slice of the GPU");
  }
}

static void check_memory(struct list *list, const struct tmk_device_info *info)
{
  if (info->ecc_errors > 0) {
    /* Points become INVALID only by errors that are counted while they run. */
    add(list, "ecc", TMK_VERDICT_NONE, "%lld uncorrected memory error%s since the driver was loaded",
        LL(info->ecc_errors), info->ecc_errors == 1 ? "" : "s");
  }
  if (info->ecc_on == 0) {
    add(list, "ecc_off", TMK_VERDICT_NONE,
        "ECC is off: memory errors are not noticed, and rates are not those of most nodes");
  }
  if (info->memory_clock_hz < info->memory_clock_max_hz - CLOCK_SLACK_HZ) { /* false where one is NAN */
    add(list, "memory_clock", TMK_VERDICT_NONE, "memory clock %.0f MHz of %.0f (lower while idle on some boards)",
        info->memory_clock_hz * 1e-6, info->memory_clock_max_hz * 1e-6);
  }
}

static void check_clocks(struct list *list, const struct tmk_device_info *info)
{
  static const char *const lowering[] = {"sw_power_cap",        "hw_slowdown",         "sync_boost",
                                         "sw_thermal_slowdown", "hw_thermal_slowdown", "hw_power_brake"};
  if (info->power_limit_w < info->power_default_w - POWER_SLACK_W) {
    add(list, "power_cap", TMK_VERDICT_NONE, "power limit %.0f W, below the board's own of %.0f W", info->power_limit_w,
        info->power_default_w);
  }
  for (size_t i = 0; i < sizeof lowering / sizeof lowering[0]; i++) {
    if (!has_reason(info->clock_reasons, lowering[i])) continue;
    add(list, "throttled", TMK_VERDICT_SUSPECT, "clocks are held down now: %.120s", info->clock_reasons);
    break;
  }
  if (info->clock_set_hz < info->clock_default_hz - CLOCK_SLACK_HZ) {
    add(list, "clocks_set", TMK_VERDICT_NONE, "application clock set to %.0f MHz, below the board's own of %.0f MHz",
        info->clock_set_hz * 1e-6, info->clock_default_hz * 1e-6);
  } else if (has_reason(info->clock_reasons, "applications_clocks")) {
    add(list, "clocks_set", TMK_VERDICT_NONE, "clocks are held by a setting, at %.0f MHz now",
        info->clock_now_hz * 1e-6);
  }
}

static void check_link(struct list *list, const struct tmk_device_info *info)
{
  /* Unknown is below everything. */
  if (info->pcie_width > 0 && info->pcie_width < info->pcie_width_max) {
    add(list, "pcie_width", TMK_VERDICT_NONE, "PCIe link %lld lanes wide of %lld", LL(info->pcie_width),
        LL(info->pcie_width_max));
  }
  if (info->pcie_generation > 0 && info->pcie_generation < info->pcie_generation_max) {
    add(list, "pcie_generation", TMK_VERDICT_NONE,
        "PCIe link at generation %lld of %lld (lower while idle on some boards)", LL(info->pcie_generation),
        LL(info->pcie_generation_max));
  }
  if (info->persistence_on == 0) {
    add(list, "persistence_off", TMK_VERDICT_NONE,
        "persistence mode is off: the driver starts anew with each program, at lower clocks at first");
  }
}

int tmk_preflight(const struct tmk_device_info *info, struct tmk_finding findings[TMK_PREFLIGHT_MAX])
{
  struct list list = {findings, 0};
  if (info->is_cpu) return 0;
  check_use(&list, info);
  check_memory(&list, info);
  check_clocks(&list, info);
  check_link(&list, info);
  return list.count;
}
