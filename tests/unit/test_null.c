#include "tokmark/backend.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "tiny_model.h"

static const struct tmk_backend_ops *const null = &tmk_backend_null;

struct rig {
  struct tmk_backend *backend;
  struct tmk_plan *plan;
  struct tmk_exec *exec;
};

static struct rig rig_open(const char *script, enum tmk_phase phase)
{
  struct rig rig = {0};
  struct tmk_error err = {0};
  struct tmk_model model = tiny_model();
  struct tmk_workload workload =
      phase == TMK_PHASE_DECODE ? tiny_workload(phase, 2, 0, 0, 5) : tiny_workload(phase, 2, 7, 0, 0);
  cr_assert_eq(null->open(&(struct tmk_open_args){.script = script}, &rig.backend, &err), TMK_OK, "%s", err.message);
  struct tmk_plan_args args = {.model = &model, .workload = &workload, .seed = 1, .act_dtype = TMK_DTYPE_F32};
  cr_assert_eq(tmk_plan_create(&args, &rig.plan, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(null->prepare(rig.backend, rig.plan, &rig.exec, &err), TMK_OK, "%s", err.message);
  return rig;
}

static void rig_close(struct rig *rig)
{
  null->release(rig->exec);
  tmk_plan_destroy(rig->plan);
  null->close(rig->backend);
}

static int64_t run_ns(struct rig *rig, int64_t passes)
{
  struct tmk_run_times times = {0};
  struct tmk_error err = {0};
  cr_assert_eq(null->run(rig->exec, passes, &times, &err), TMK_OK, "%s", err.message);
  return times.device_ns;
}

static void expect_error(const char *script, const char *message)
{
  struct tmk_backend *backend = NULL;
  struct tmk_error err = {0};
  cr_assert_eq(null->open(&(struct tmk_open_args){.script = script}, &backend, &err), TMK_ERR_USAGE, "%s", script);
  cr_assert_str_eq(err.message, message);
  cr_assert_null(backend);
}

Test(null, script_errors)
{
  expect_error("step=5", "null script: step: unknown key; kernels/null/README.md lists them");
  expect_error("gpu=1", "null script: gpu=1: takes no value");
  expect_error("step_us", "null script: step_us: needs a value: step_us=…");
  expect_error("step_us=", "null script: step_us: needs a value: step_us=…");
  expect_error("step_us=fast", "null script: step_us=fast: must be a number in 0..1e+12");
  expect_error("noise=0.91", "null script: noise=0.91: must be a number in 0..0.9");
  expect_error("noise=nan", "null script: noise=nan: must be a number in 0..0.9");
  expect_error("act=f16", "null script: act=f16: must be f32 or bf16");
  expect_error("gpu; act=aaaaaaaaaaaa", "null script: act=aaaaaaaaaaaa: must be at most 7 bytes");
}

Test(null, describe)
{
  struct rig rig = rig_open(" name = NVIDIA H100 80GB HBM3 ;gpu\n memory_gib=80;; llc_kib=51200", TMK_PHASE_DECODE);
  struct tmk_device_info info;
  struct tmk_error err = {0};
  cr_assert_eq(null->describe(rig.backend, &info, &err), TMK_OK);
  cr_assert_str_eq(info.name, "NVIDIA H100 80GB HBM3");
  cr_assert_str_eq(info.slug, "nvidia-h100-80gb-hbm3");
  cr_assert_not(info.is_cpu);
  cr_assert_eq(info.memory_free_bytes, 80ll << 30);
  cr_assert_eq(info.llc_bytes, 50ll << 20);
  cr_assert_eq(info.act_dtype, TMK_DTYPE_BF16);
  cr_assert_eq(info.min_sample_ns, 5000000);
  rig_close(&rig);
  rig = rig_open(NULL, TMK_PHASE_DECODE);
  cr_assert_eq(null->describe(rig.backend, &info, &err), TMK_OK);
  cr_assert(info.is_cpu && !info.simulated);
  cr_assert_str_eq(info.slug, "null-device");
  cr_assert_eq(info.min_sample_ns, 50000000);
  rig_close(&rig);
}

/* decode: 2 tokens in one step; 2 layers of attention over 2 sequences of 6 keys. */
Test(null, time_of_a_decode_pass)
{
  struct rig rig = rig_open("step_us=100; row_us=3; key_ns=10; launch_us=2", TMK_PHASE_DECODE);
  cr_assert_eq(run_ns(&rig, 1), 100000 + 2 * 3000 + 2 * 2 * 6 * 10);
  struct tmk_run_times times = {0};
  struct tmk_error err = {0};
  cr_assert_eq(null->run(rig.exec, 10, &times, &err), TMK_OK);
  cr_assert_eq(times.device_ns, 1062400);
  cr_assert_eq(times.wall_ns, 1064400);
  cr_assert_eq(null->now_ns(rig.backend), 1064400 + 106240 + 2000);
  rig_close(&rig);
}

Test(null, time_of_a_prefill_pass)
{
  struct rig rig = rig_open("step_us=100; row_us=3", TMK_PHASE_PREFILL);
  cr_assert_eq(run_ns(&rig, 1), 100000 + 14 * 3000); /* both prompts of 7 in one step */
  rig_close(&rig);
}

Test(null, shapes_of_the_series)
{
  struct rig rig =
      rig_open("step_us=100; row_us=0; spike_every=3; spike_factor=5; cold_runs=1; cold_factor=2", TMK_PHASE_DECODE);
  cr_assert_eq(run_ns(&rig, 1), 200000);
  cr_assert_eq(run_ns(&rig, 1), 100000);
  cr_assert_eq(run_ns(&rig, 1), 500000);
  cr_assert_eq(run_ns(&rig, 1), 100000);
  rig_close(&rig);
  rig = rig_open("step_us=100; row_us=0; bimodal=0.5", TMK_PHASE_DECODE);
  cr_assert_eq(run_ns(&rig, 1), 100000);
  cr_assert_eq(run_ns(&rig, 1), 150000);
  rig_close(&rig);
  rig = rig_open("step_us=100; row_us=0; drift=0.1", TMK_PHASE_DECODE);
  cr_assert_leq(llabs(run_ns(&rig, 1) - 110000), 1);
  cr_assert_leq(llabs(run_ns(&rig, 1) - 121000), 1);
  rig_close(&rig);
}

Test(null, noise_is_bounded_and_repeats)
{
  struct rig rig = rig_open("step_us=1000; row_us=0; noise=0.02", TMK_PHASE_DECODE);
  int64_t first[50], low = INT64_MAX, high = 0;
  for (int i = 0; i < 50; i++) {
    first[i] = run_ns(&rig, 1);
    if (first[i] < low) low = first[i];
    if (first[i] > high) high = first[i];
  }
  cr_assert(low >= 980000 && low < 985000 && high <= 1020000 && high > 1015000, "%d %d", (int)low, (int)high);
  rig_close(&rig);
  rig = rig_open("step_us=1000; row_us=0; noise=0.02", TMK_PHASE_DECODE);
  for (int i = 0; i < 50; i++) cr_assert_eq(run_ns(&rig, 1), first[i]);
  rig_close(&rig);
}

static void read_logits(struct rig *rig, double *values, int64_t count)
{
  struct tmk_error err = {0};
  cr_assert_eq(null->read(rig->exec, rig->plan->logits, 0, count, values, &err), TMK_OK, "%s", err.message);
}

/* A run leaves what the naive reference computes, though it computes nothing while it is timed. */
Test(null, values_are_the_naive_ones)
{
  struct tmk_error err = {0};
  struct rig rig = rig_open(NULL, TMK_PHASE_DECODE);
  double expected[192], got[192];
  struct tmk_backend *naive = NULL;
  struct tmk_exec *exec = NULL;
  struct tmk_run_times times;
  cr_assert_eq(tmk_backend_naive.open(&(struct tmk_open_args){0}, &naive, &err), TMK_OK);
  cr_assert_eq(tmk_backend_naive.prepare(naive, rig.plan, &exec, &err), TMK_OK);
  cr_assert_eq(tmk_backend_naive.run(exec, 1, &times, &err), TMK_OK);
  cr_assert_eq(tmk_backend_naive.read(exec, rig.plan->logits, 0, 192, expected, &err), TMK_OK);

  read_logits(&rig, got, 192);
  cr_assert(isnan(got[0]) && isnan(got[191])); /* prepare ends in the state of reset() */
  run_ns(&rig, 1000);
  read_logits(&rig, got, 192);
  for (int i = 0; i < 192; i++) cr_assert_eq(got[i], expected[i]);
  cr_assert_eq(null->reset(rig.exec, &err), TMK_OK);
  read_logits(&rig, got, 192);
  cr_assert(isnan(got[0]));
  cr_assert_eq(null->run_ops(rig.exec, 0, rig.plan->op_count, &err), TMK_OK);
  read_logits(&rig, got, 192);
  for (int i = 0; i < 192; i++) cr_assert_eq(got[i], expected[i]);
  tmk_backend_naive.release(exec);
  tmk_backend_naive.close(naive);
  rig_close(&rig);
}

Test(null, wrong_values)
{
  struct tmk_error err = {0};
  double right[4], got[4];
  struct rig rig = rig_open("wrong_at=/prefill/", TMK_PHASE_DECODE);
  run_ns(&rig, 1);
  read_logits(&rig, right, 4);
  rig_close(&rig);
  rig = rig_open("wrong_at=/decode/", TMK_PHASE_DECODE);
  cr_assert_eq(null->run_ops(rig.exec, 0, rig.plan->op_count, &err), TMK_OK);
  read_logits(&rig, got, 4);
  cr_assert_neq(got[1], right[1]);
  rig_close(&rig);
  rig = rig_open("replay_wrong_at=/b2/", TMK_PHASE_DECODE);
  cr_assert_eq(null->run_ops(rig.exec, 0, rig.plan->op_count, &err), TMK_OK);
  read_logits(&rig, got, 4);
  cr_assert_eq(got[1], right[1]);
  run_ns(&rig, 1);
  read_logits(&rig, got, 4);
  cr_assert_neq(got[1], right[1]);
  rig_close(&rig);
}

static enum tmk_status run_status(const char *script, struct tmk_error *err)
{
  struct rig rig = rig_open(script, TMK_PHASE_DECODE);
  struct tmk_run_times times = {0};
  enum tmk_status status = null->run(rig.exec, 1, &times, err);
  if (status == TMK_OK) status = null->run(rig.exec, 1, &times, err);
  rig_close(&rig);
  return status;
}

Test(null, faults)
{
  struct tmk_error err = {0};
  cr_assert_eq(run_status("device_fault_run=2", &err), TMK_ERR_DEVICE);
  cr_assert_str_eq(err.message, "scripted: the device fell off the bus in run 2");
  cr_assert_eq(run_status("fault_at=/c5/", &err), TMK_ERR_FAILED);
  cr_assert_str_eq(err.message, "scripted: run 1 of step/tiny/decode/b2/c5/w=f32/kv=f32 failed");
  cr_assert_eq(run_status("fault_at=/c6/", &err), TMK_OK);
  struct rig rig = rig_open("zero_time_at=b2", TMK_PHASE_DECODE);
  cr_assert_eq(run_ns(&rig, 5), 0);
  rig_close(&rig);
  rig = rig_open("fast_at=b2; step_us=1000; row_us=0", TMK_PHASE_DECODE);
  cr_assert_eq(run_ns(&rig, 5), 5);
  rig_close(&rig);
}

Test(null, prepare_faults)
{
  struct rig rig = rig_open("memory_at=prefill; unsupported_at=/c5/", TMK_PHASE_DECODE);
  struct tmk_error err = {0};
  char reason[128] = "";
  cr_assert_not(null->supports(rig.backend, rig.plan, &rig.plan->ops[0], reason, sizeof reason));
  cr_assert_str_eq(reason, "scripted: not supported");
  rig.plan->workload.phase = TMK_PHASE_PREFILL;
  struct tmk_exec *exec = NULL;
  cr_assert_eq(null->prepare(rig.backend, rig.plan, &exec, &err), TMK_ERR_MEMORY);
  cr_assert_null(exec);
  rig_close(&rig);
}

static volatile sig_atomic_t interrupted;
static void on_interrupt(int signal_number)
{
  (void)signal_number;
  interrupted = 1;
}

Test(null, interrupt)
{
  signal(SIGINT, on_interrupt);
  struct rig rig = rig_open("interrupt_run=2", TMK_PHASE_DECODE);
  run_ns(&rig, 1);
  cr_assert_eq(interrupted, 0);
  run_ns(&rig, 1);
  cr_assert_eq(interrupted, 1);
  rig_close(&rig);
}

Test(null, ceilings_health_energy)
{
  struct rig rig = rig_open("read_gb_s=200; ceiling_drift=0.1; clock_ghz=2; clock_drop=0.25; power_w=50; step_us=1e6; "
                            "row_us=0; throttled_at=b2; gpu",
                            TMK_PHASE_DECODE);
  struct tmk_error err = {0};
  struct tmk_ceilings ceilings;
  struct tmk_health health;
  uint64_t energy_uj = 1;
  char source[32];
  cr_assert_eq(null->ceilings(rig.backend, false, &ceilings, &err), TMK_OK);
  cr_assert_eq(ceilings.read_bytes_per_s, 200e9);
  cr_assert_eq(ceilings.flops_per_s[TMK_DTYPE_BF16], 2000e9);
  cr_assert(isnan(ceilings.flops_per_s[TMK_DTYPE_F16]));
  cr_assert_eq(null->ceilings(rig.backend, true, &ceilings, &err), TMK_OK);
  cr_assert(fabs(ceilings.read_bytes_per_s - 180e9) < 1);
  cr_assert_eq(null->health(rig.backend, &health, &err), TMK_OK);
  cr_assert(health.clock_hz == 2e9 && !health.throttled && health.ecc_errors == 0);
  cr_assert_eq(null->energy_uj(rig.backend, &energy_uj, source, &err), TMK_OK);
  cr_assert_eq(energy_uj, 0);
  run_ns(&rig, 3);
  cr_assert_eq(null->health(rig.backend, &health, &err), TMK_OK);
  cr_assert(health.clock_hz == 1.5e9 && health.throttled);
  cr_assert_eq(null->energy_uj(rig.backend, &energy_uj, source, &err), TMK_OK);
  cr_assert_eq(energy_uj, 150000000); /* 50 W for 3 s */
  cr_assert_str_eq(source, "scripted");
  rig_close(&rig);
  rig = rig_open("no_ceilings", TMK_PHASE_DECODE);
  cr_assert_eq(null->ceilings(rig.backend, false, &ceilings, &err), TMK_ERR_UNSUPPORTED);
  cr_assert_eq(null->energy_uj(rig.backend, &energy_uj, source, &err), TMK_ERR_UNSUPPORTED);
  rig_close(&rig);
}

Test(null, per_op_times_share_the_pass)
{
  struct rig rig = rig_open("step_us=1000; row_us=0", TMK_PHASE_DECODE);
  struct tmk_error err = {0};
  int64_t op_ns[256];
  cr_assert_leq(rig.plan->op_count, 256);
  cr_assert_eq(null->run_per_op(rig.exec, op_ns, &err), TMK_OK);
  for (int i = 0; i < rig.plan->op_count; i++) cr_assert_eq(op_ns[i], 1000000 / rig.plan->op_count);
  rig_close(&rig);
}
