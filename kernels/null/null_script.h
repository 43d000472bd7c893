/* null_script.h: what a null device pretends to be and when it fails, from text. Grammar and keys: README.md. */
#ifndef TMK_KERNELS_NULL_SCRIPT_H
#define TMK_KERNELS_NULL_SCRIPT_H

#include <stdbool.h>

#include "tokmark/status.h"

/* Numbers as the script gives them, in the unit of their name; NAN where "not there" is the default. */
struct null_script {
  /* identity */
  char name[128], act[8];
  bool gpu, simulated;
  double memory_gib, llc_kib, threads, min_sample_ms;
  /* time of a pass */
  double step_us, row_us, key_ns, launch_us;
  double noise, bimodal, drift, spike_every, spike_factor, cold_runs, cold_factor, seed;
  /* ceilings */
  bool no_ceilings;
  double read_gb_s, copy_gb_s, f32_gflop_s, bf16_gflop_s, ceiling_drift;
  /* health and energy */
  double clock_ghz, clock_drop, power_w;
  /* faults: of the nth run() of the process, or of workloads whose key contains the text */
  double interrupt_run, device_fault_run;
  char memory_at[64], unsupported_at[64], device_fault_at[64], fault_at[64], wrong_at[64], replay_wrong_at[64];
  char zero_time_at[64], fast_at[64], throttled_at[64], ecc_at[64], shared_at[64];
};

/* `text` NULL or "" gives the defaults. USAGE error naming the item and what was allowed. */
enum tmk_status null_script_parse(const char *text, struct null_script *script, struct tmk_error *err);

#endif
