/* test_device.c: device facts begin unknown. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>

#include "tokmark/device.h"

Test(device, begins_unknown)
{
  struct tmk_device_info info;
  memset(&info, 0x55, sizeof info);
  tmk_device_info_init(&info);
  const int64_t unknown[] = {info.index,     info.memory_bytes, info.memory_free_bytes, info.llc_bytes,
                             info.threads,   info.cores,        info.sockets,           info.numa_nodes,
                             info.fma_ports, info.sm_count,     info.simd_lanes_f32,    info.compute_capability,
                             info.ecc_on,    info.mig_on,       info.min_sample_ns};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) cr_expect(eq(i64, unknown[i], TMK_UNKNOWN), "%zu", i);
  cr_expect(isnan(info.clock_max_hz) && isnan(info.clock_now_hz) && isnan(info.power_limit_w));
  const char *const strings[] = {info.backend, info.name,  info.slug,           info.gpu_id,          info.isa,
                                 info.cpus,    info.pages, info.driver_version, info.runtime_version, info.pci_bus_id,
                                 info.uuid};
  for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) cr_expect(eq(str, (char *)strings[i], ""), "%zu", i);
  cr_expect(not(info.is_cpu));
  cr_expect(not(info.simulated));
  cr_expect(eq(int, (int)info.act_dtype, TMK_DTYPE_NONE));
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) {
    cr_expect(eq(int, (int)info.math_dtype[i], TMK_DTYPE_NONE));
    cr_expect(not(info.kv_dtype[i]));
  }
}

Test(device, ceilings_begin_unknown)
{
  struct tmk_ceilings ceilings;
  memset(&ceilings, 0x55, sizeof ceilings);
  tmk_ceilings_init(&ceilings);
  cr_expect(isnan(ceilings.read_bytes_per_s) && isnan(ceilings.copy_bytes_per_s) && isnan(ceilings.clock_hz));
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) cr_expect(isnan(ceilings.flops_per_s[i]), "%d", i);
  cr_expect(eq(int, ceilings.repeats, 0));
  cr_expect(eq(str, ceilings.read_pattern, ""));
}

Test(device, says_which_types_it_takes)
{
  struct tmk_device_info info;
  struct tmk_error err = {0};
  char reason[128];
  tmk_device_info_init(&info);
  snprintf(info.name, sizeof info.name, "NVIDIA A100");
  info.math_dtype[TMK_DTYPE_BF16] = TMK_DTYPE_BF16;
  cr_expect_eq(tmk_device_check_dtype(&info, TMK_DTYPE_BF16, TMK_FOR_WEIGHTS, &err), TMK_OK);
  cr_expect_eq(tmk_device_check_dtype(&info, TMK_DTYPE_F8E4M3, TMK_FOR_WEIGHTS, &err), TMK_ERR_UNSUPPORTED);
  cr_expect(eq(str, err.message, "--dtype fp8: NVIDIA A100 takes bf16"));
  cr_expect_eq(tmk_device_check_dtype(&info, TMK_DTYPE_BF16, TMK_FOR_KV_CACHE, &err), TMK_ERR_UNSUPPORTED);
  cr_expect(eq(str, err.message, "--kv-dtype bf16: NVIDIA A100 takes none"));
  info.kv_dtype[TMK_DTYPE_BF16] = info.kv_dtype[TMK_DTYPE_F8E4M3] = true;
  cr_expect(not(tmk_device_takes(&info, TMK_DTYPE_F32, TMK_FOR_KV_CACHE)));
  tmk_device_dtype_reason(&info, TMK_DTYPE_F32, TMK_FOR_KV_CACHE, reason, sizeof reason);
  cr_expect(eq(str, reason, "KV cache in f32: NVIDIA A100 takes bf16, fp8"));
}
