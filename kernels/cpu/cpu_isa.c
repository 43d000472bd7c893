/* cpu_isa.c: which instruction sets' kernels this build has and this machine runs. */
#include <stdio.h>
#include <string.h>

#include "cpu.h"
#include "cpu_int.h"

static bool runs_here(const char *isa)
{
#if defined(__x86_64__)
  /* Also asks whether the system saves the registers. */
  __builtin_cpu_init();
  if (strcmp(isa, "avx512") == 0) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  }
  if (strcmp(isa, "avx2") == 0) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  (void)isa;
  return true; /* NEON is part of aarch64, and portable is the compiler's own target */
}

/* Best first. */
static const struct tmk_cpu_kernels *const tables[] = {
    &tmk_cpu_kernels_avx512,
    &tmk_cpu_kernels_avx2,
    &tmk_cpu_kernels_neon,
    &tmk_cpu_kernels_portable,
};
enum { TABLES = sizeof tables / sizeof tables[0] };

const struct tmk_cpu_kernels *tmk_cpu_isa_available(int i)
{
  for (int t = 0; t < TABLES; t++) {
    if (tables[t]->lanes > 0 && runs_here(tables[t]->isa) && i-- == 0) return tables[t];
  }
  return NULL;
}

static bool has_vnni(void)
{
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

/* AVX-512 without VNNI has no dot product of bytes: AVX2's kernels are what such processors do best. */
const struct tmk_cpu_int_kernels *tmk_cpu_int_choose(const struct tmk_cpu_kernels *kernels)
{
  const bool wide = kernels == &tmk_cpu_kernels_avx512;
  if (wide && has_vnni() && tmk_cpu_int_avx512.lanes > 0) return &tmk_cpu_int_avx512;
  if ((wide || kernels == &tmk_cpu_kernels_avx2) && tmk_cpu_int_avx2.lanes > 0) return &tmk_cpu_int_avx2;
  return kernels == &tmk_cpu_kernels_neon ? &tmk_cpu_int_neon : &tmk_cpu_int_portable;
}

enum tmk_status tmk_cpu_isa_choose(const char *isa, const struct tmk_cpu_kernels **out, struct tmk_error *err)
{
  char names[128] = "";
  const struct tmk_cpu_kernels *kernels;
  for (int i = 0; (kernels = tmk_cpu_isa_available(i)) != NULL; i++) {
    if (!isa || strcmp(isa, kernels->isa) == 0) {
      *out = kernels;
      return TMK_OK;
    }
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", kernels->isa);
  }
  return tmk_fail(err, TMK_ERR_USAGE, "--isa %s: this machine and build have %s", isa, names);
}
