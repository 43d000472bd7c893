/* cpu_energy.c: energy of the CPU packages by RAPL, as Linux' powercap shows it (Documentation/power/powercap/powercap.rst):
 * intel-rapl:N is a package (on AMD too), its energy_uj counts microjoules and wraps at max_energy_range_uj. The files are
 * readable by root alone on most systems; where none is, there is no counter. */
#include <stdio.h>
#include <string.h>

#include "cpu.h"

void tmk_cpu_energy_open(const char *root, struct tmk_cpu_energy *energy)
{
  memset(energy, 0, sizeof *energy);
  for (int zone = 0; zone < TMK_CPU_PACKAGES_MAX; zone++) {
    char name[32], path[96];
    snprintf(path, sizeof path, "/sys/class/powercap/intel-rapl:%d", zone);
    if (!tmk_cpu_file_read(root, name, sizeof name, "%s/name", path) || strncmp(name, "package-", 8) != 0) continue;
    const int64_t now = tmk_cpu_file_int(root, "%s/energy_uj", path);
    const int64_t range = tmk_cpu_file_int(root, "%s/max_energy_range_uj", path);
    if (now < 0 || range <= 0) continue;
    const int i = energy->count++;
    memcpy(energy->paths[i], path, sizeof path);
    energy->last_uj[i] = (uint64_t)now;
    energy->range_uj[i] = (uint64_t)range;
    if (i == 0) snprintf(energy->source, sizeof energy->source, "rapl:%.20s", name);
  }
  if (energy->count > 1) snprintf(energy->source, sizeof energy->source, "rapl:%d packages", energy->count);
}

enum tmk_status tmk_cpu_energy_read(const char *root, struct tmk_cpu_energy *energy, uint64_t *energy_uj,
                                    char source[32], struct tmk_error *err)
{
  if (energy->count == 0) return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cpu: no readable energy counter (RAPL)");
  for (int i = 0; i < energy->count; i++) {
    const int64_t now = tmk_cpu_file_int(root, "%s/energy_uj", energy->paths[i]);
    if (now < 0) return tmk_fail(err, TMK_ERR_IO, "%s/energy_uj: can't be read any more", energy->paths[i]);
    const uint64_t value = (uint64_t)now, last = energy->last_uj[i];
    energy->sum_uj += value >= last ? value - last : value + energy->range_uj[i] - last;
    energy->last_uj[i] = value;
  }
  *energy_uj = energy->sum_uj;
  memcpy(source, energy->source, sizeof energy->source);
  return TMK_OK;
}
