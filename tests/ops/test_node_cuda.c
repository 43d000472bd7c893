/* test_node_cuda.c: what stands around the CUDA backend's own kernels, on a simulated GPU (by the library path) or a real one: the kernels of
 * the ceilings give the right sums, ceilings are found, gemms are right whoever runs them, NVML's answers arrive. Skipped, and said
 * so, where there is no GPU of either kind. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernels/cuda/cuda.h"
#include "verify_cases.h"

/* Few blocks, so that each thread has several pieces of a small buffer. */
static const struct tmk_cuda_limits two_sms = {.compute_capability = 80, .sm_count = 2};

static bool have_gpu(void)
{
  char reason[256];
  if (tmk_cuda_device_count(reason, (int)sizeof reason) > 0) return true;
  cr_log_warn("skipped: %s", reason);
  return false;
}

static void good(cudaError_t error)
{
  cr_assert_eq(error, cudaSuccess, "%s", cudaGetErrorString(error));
}

/* ---- streams ---- */

/* Buffers of one size, with a sentinel of 256 bytes behind what is written. */
struct streams {
  int64_t bytes;
  char *from, *to;
  uint32_t *sum, expected;
  unsigned char *host, *got;
};
#define SENTINEL 256

static void streams_init(struct streams *s, int64_t bytes)
{
  *s = (struct streams){.bytes = bytes};
  good(cudaMalloc((void **)&s->from, (size_t)bytes));
  good(cudaMalloc((void **)&s->to, (size_t)bytes + SENTINEL));
  good(cudaMalloc((void **)&s->sum, sizeof *s->sum));
  s->host = malloc((size_t)bytes);
  s->got = malloc((size_t)bytes + SENTINEL);
  good(tmk_cuda_noise_launch(TMK_DTYPE_I32, s->from, bytes, NULL));
  good(cudaMemcpy(s->host, s->from, (size_t)bytes, cudaMemcpyDeviceToHost));
  for (int64_t i = 0; i < bytes; i += 4) {
    uint32_t word;
    memcpy(&word, s->host + i, 4);
    s->expected += word;
  }
}

static void streams_free(struct streams *s)
{
  good(cudaFree(s->from));
  good(cudaFree(s->to));
  good(cudaFree(s->sum));
  free(s->host);
  free(s->got);
}

static void check_read(const struct streams *s, int pattern)
{
  uint32_t sum;
  const struct tmk_cuda_stream stream = {.from = s->from, .sum = s->sum, .bytes = s->bytes};
  good(cudaMemset(s->sum, 0, sizeof *s->sum));
  good(tmk_cuda_stream_launch(TMK_CUDA_STREAM_READ, pattern, &stream, &two_sms, NULL));
  good(cudaMemcpy(&sum, s->sum, sizeof sum, cudaMemcpyDeviceToHost));
  cr_expect_eq(sum, s->expected, "%s, %lld bytes: %u, must be %u", tmk_cuda_stream_name(TMK_CUDA_STREAM_READ, pattern),
               (long long)s->bytes, sum, s->expected);
}

static void check_copy(const struct streams *s, int pattern)
{
  const struct tmk_cuda_stream stream = {.from = s->from, .to = s->to, .bytes = s->bytes};
  good(cudaMemset(s->to, 0xff, (size_t)s->bytes + SENTINEL));
  good(tmk_cuda_stream_launch(TMK_CUDA_STREAM_COPY, pattern, &stream, &two_sms, NULL));
  good(cudaMemcpy(s->got, s->to, (size_t)s->bytes + SENTINEL, cudaMemcpyDeviceToHost));
  cr_expect_arr_eq(s->got, s->host, (size_t)s->bytes, "%s, %lld bytes",
                   tmk_cuda_stream_name(TMK_CUDA_STREAM_COPY, pattern), (long long)s->bytes);
  for (int i = 0; i < SENTINEL; i++) cr_expect_eq(s->got[s->bytes + i], 0xff, "written behind the end");
}

/* One piece; less than a block; not a multiple of a block; several rounds of every unrolling with a ragged end. */
Test(node_cuda, streams_move_every_byte)
{
  const int64_t sizes[] = {16, 16 * 255, 16 * 4097, 16 * (2 * 8 * 256 * 8 * 2 + 3)};
  if (!have_gpu()) return;
  for (int i = 0; i < 4; i++) {
    struct streams s;
    streams_init(&s, sizes[i]);
    for (int pattern = 0; pattern < TMK_CUDA_STREAM_PATTERNS; pattern++) {
      check_read(&s, pattern);
      check_copy(&s, pattern);
    }
    streams_free(&s);
  }
}

/* ---- operands ---- */

Test(node_cuda, noise_is_never_zero_nor_nan)
{
  enum { BYTES = 4096 };
  unsigned char bytes[BYTES];
  void *device;
  int negative = 0;
  if (!have_gpu()) return;
  good(cudaMalloc(&device, BYTES));
  good(tmk_cuda_noise_launch(TMK_DTYPE_BF16, device, BYTES, NULL));
  good(cudaMemcpy(bytes, device, BYTES, cudaMemcpyDeviceToHost));
  for (int i = 0; i < BYTES; i += 2) {
    const float value = tmk_bf16_to_f32((uint16_t)(bytes[i] | bytes[i + 1] << 8));
    cr_assert(fabsf(value) >= 0.125f && fabsf(value) <= 2.0f, "%g", (double)value);
    negative += value < 0;
  }
  cr_expect(negative > BYTES / 8 && negative < BYTES / 2 - BYTES / 8, "%d", negative);
  good(tmk_cuda_noise_launch(TMK_DTYPE_F8E4M3, device, BYTES, NULL));
  good(cudaMemcpy(bytes, device, BYTES, cudaMemcpyDeviceToHost));
  for (int i = 0; i < BYTES; i++) cr_assert((bytes[i] & 0x7f) != 0 && (bytes[i] & 0x7f) != 0x7f, "%02x", bytes[i]);
  good(tmk_cuda_noise_launch(TMK_DTYPE_NVFP4, device, BYTES, NULL));
  good(cudaMemcpy(bytes, device, BYTES, cudaMemcpyDeviceToHost));
  for (int i = 0; i < BYTES; i++) cr_assert((bytes[i] & 7) != 0 && (bytes[i] >> 4 & 7) != 0, "%02x", bytes[i]);
  good(cudaFree(device));
}

/* Small integers, so that sums are exact: Σ over all outputs of a warp, each round. */
Test(node_cuda, mma_peak_multiplies_and_adds)
{
  enum { ROUNDS = 3, BLOCKS = 2, THREADS = BLOCKS * TMK_CUDA_MMA_THREADS };
  uint16_t operands[TMK_CUDA_MMA_OPERANDS];
  float out[THREADS];
  double expected = 0;
  char *device;
  if (!have_gpu()) return;
  for (int i = 0; i < TMK_CUDA_MMA_OPERANDS; i++) operands[i] = tmk_f32_to_bf16((float)(i * 7 % 11 - 4));
  for (int m = 0; m < 16; m++) {
    for (int n = 0; n < TMK_CUDA_MMA_TILES * 8; n++) {
      for (int k = 0; k < 16; k++) {
        expected += (double)tmk_bf16_to_f32(operands[m * 16 + k]) * (double)tmk_bf16_to_f32(operands[256 + n * 16 + k]);
      }
    }
  }
  good(cudaMalloc((void **)&device, sizeof operands + sizeof out));
  good(cudaMemcpy(device, operands, sizeof operands, cudaMemcpyHostToDevice));
  good(tmk_cuda_mma_peak_launch(device, (float *)(void *)(device + sizeof operands), ROUNDS, BLOCKS, NULL));
  good(cudaMemcpy(out, device + sizeof operands, sizeof out, cudaMemcpyDeviceToHost));
  for (int warp = 0; warp < THREADS / 32; warp++) {
    double sum = 0;
    for (int i = 0; i < 32; i++) sum += (double)out[warp * 32 + i];
    cr_expect_eq(sum, ROUNDS * expected, "warp %d: %g, must be %g", warp, sum, ROUNDS * expected);
  }
  good(cudaFree(device));
}

/* ---- the backend ---- */

static struct tmk_backend *open_backend(enum tmk_gemm_choice gemm, struct tmk_device_info *info)
{
  struct tmk_backend *backend;
  struct tmk_error err = {0};
  const struct tmk_open_args args = {.gemm = gemm};
  cr_assert_eq(tmk_backend_cuda.open(&args, &backend, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(tmk_backend_cuda.describe(backend, info, &err), TMK_OK, "%s", err.message);
  return backend;
}

/* From here on what is only done on a real device is done here too, on sizes that a simulated one can bear. */
static void pretend_real(struct tmk_backend *backend)
{
  backend->ceiling_sizes = (struct tmk_cuda_ceiling_sizes){1 << 18, 1 << 18, 64};
  backend->limits.sm_count = 2;
  backend->limits.l2_bytes = 1 << 14;
  backend->simulated = false;
}

static void check_ceilings(struct tmk_backend *backend, bool quick, const char *flops_pattern)
{
  struct tmk_ceilings c;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_backend_cuda.ceilings(backend, quick, &c, &err), TMK_OK, "%s", err.message);
  cr_expect(c.read_bytes_per_s > 0 && isfinite(c.read_bytes_per_s), "%g", c.read_bytes_per_s);
  cr_expect(c.copy_bytes_per_s > 0 && isfinite(c.copy_bytes_per_s), "%g", c.copy_bytes_per_s);
  cr_expect(c.flops_per_s[TMK_DTYPE_BF16] > 0 && isfinite(c.flops_per_s[TMK_DTYPE_BF16]));
  cr_expect_gt(strlen(c.read_pattern), 0);
  cr_expect_gt(strlen(c.copy_pattern), 0);
  cr_expect_eq(strncmp(c.flops_pattern, flops_pattern, strlen(flops_pattern)), 0, "%s", c.flops_pattern);
  cr_expect_eq(c.repeats, quick ? 4 : 10);
}

Test(node_cuda, ceilings)
{
  struct tmk_device_info info;
  struct tmk_ceilings c;
  struct tmk_error err = {0};
  if (!have_gpu()) return;
  struct tmk_backend *backend = open_backend(TMK_GEMM_BEST, &info);
  if (info.simulated) {
    cr_expect_eq(tmk_backend_cuda.ceilings(backend, false, &c, &err), TMK_ERR_UNSUPPORTED);
    cr_expect(isnan(c.read_bytes_per_s));
    pretend_real(backend);
  }
  struct tmk_cublaslt *lt = backend->cublaslt;
  if (lt != NULL) {
    check_ceilings(backend, false, "cuBLASLt ");
    check_ceilings(backend, true, "cuBLASLt ");
  } else {
    cr_log_warn("skipped: %s", backend->gemm_library);
  }
  backend->cublaslt = NULL;
  check_ceilings(backend, false, "mma.sync ");
  check_ceilings(backend, true, "mma.sync ");
  backend->cublaslt = lt;
  tmk_backend_cuda.close(backend);
}

/* ---- providers of gemms ---- */

struct seen {
  int vendor, tokmark, timed;
};

/* Every fifth of the table's gemms: all outputs right, whoever runs them. */
static struct seen run_gemms(struct tmk_backend *backend, const struct tmk_device_info *info)
{
  struct tmk_verify_case *cases;
  struct tmk_error err = {0};
  struct seen seen = {0};
  int count;
  cr_assert_eq(tmk_verify_cases_create(1u << TMK_OP_GEMM, true, &cases, &count, &err), TMK_OK);
  for (int i = 0; i < count; i++) {
    struct tmk_verify_case_result result;
    struct tmk_plan *plan;
    struct tmk_exec *exec;
    struct tmk_provider provider;
    char text[400];
    tmk_verify_case_describe(&cases[i], text, sizeof text);
    cr_assert_eq(tmk_verify_case_run(&tmk_backend_cuda, backend, info, &cases[i], 1, &result, &err), TMK_OK, "%s: %s",
                 text, err.message);
    if (result.skipped) continue;
    cr_expect(result.passed, "%s: %s", text, result.detail);
    if (cases[i].weight_dtype != TMK_DTYPE_BF16) continue; /* narrow ones are the library's alone */
    cr_assert_eq(tmk_verify_case_plan(&cases[i], info->act_dtype, 1, &plan, &err), TMK_OK);
    cr_assert_eq(tmk_backend_cuda.prepare(backend, plan, &exec, &err), TMK_OK, "%s", err.message);
    tmk_backend_cuda.provider(exec, 0, &provider);
    const bool vendor = strcmp(provider.name, "cublaslt") == 0;
    seen.vendor += vendor;
    seen.tokmark += !vendor;
    if (!isnan(provider.vendor_ns)) {
      seen.timed++;
      cr_expect(provider.tokmark_ns > 0 && provider.vendor_ns > 0);
      cr_expect_eq(vendor, provider.vendor_ns < provider.tokmark_ns, "%s", text);
    }
    tmk_backend_cuda.release(exec);
    tmk_plan_destroy(plan);
  }
  free(cases);
  return seen;
}

Test(node_cuda, gemms_are_right_whoever_runs_them)
{
  struct tmk_device_info info;
  if (!have_gpu()) return;
  struct tmk_backend *backend = open_backend(TMK_GEMM_BEST, &info);
  const bool library = backend->cublaslt != NULL;
  if (info.simulated) {
    const struct seen own = run_gemms(backend, &info);
    cr_expect(own.tokmark > 0 && own.vendor == 0 && own.timed == 0);
    pretend_real(backend);
  }
  if (library) {
    const struct seen best = run_gemms(backend, &info);
    cr_expect_gt(best.timed, 0);
  }
  tmk_backend_cuda.close(backend);
  if (!library) {
    cr_log_warn("skipped: no cuBLASLt");
    return;
  }
  backend = open_backend(TMK_GEMM_VENDOR, &info);
  const struct seen vendor = run_gemms(backend, &info);
  cr_expect_gt(vendor.vendor, 0);
  tmk_backend_cuda.close(backend);
}

/* ---- NVML ---- */

Test(node_cuda, reasons_have_names)
{
  char text[128];
  tmk_nvml_reasons_text(0, text, (int)sizeof text);
  cr_expect_str_eq(text, "none");
  tmk_nvml_reasons_text(0x1 | 0x4 | 0x80, text, (int)sizeof text);
  cr_expect_str_eq(text, "gpu_idle,sw_power_cap,hw_power_brake");
  tmk_nvml_reasons_text(0x2 | 0x40000, text, (int)sizeof text);
  cr_expect_str_eq(text, "applications_clocks,0x40000");
  for (int bit = 0; bit < 20; bit++) {
    const bool lowers = bit == 2 || bit == 3 || bit == 5 || bit == 6 || bit == 7;
    cr_expect_eq(tmk_nvml_reasons_throttle(1ull << bit), lowers, "bit %d", bit);
  }
}

/* What the stand-in was told by the environment comes back, and what it is not asked for is unknown. */
Test(node_cuda, nvml_answers_arrive)
{
  struct tmk_device_info info;
  struct tmk_health health;
  struct tmk_error err = {0};
  if (!have_gpu()) return;
  if (!tmk_cuda_is_simulated()) {
    cr_log_warn("skipped: a real device says what it likes");
    return;
  }
  setenv("SIMGPU_NVML_PROCESSES", "2", 1);
  setenv("SIMGPU_NVML_MIG", "0", 1);
  setenv("SIMGPU_NVML_POWER_LIMIT", "123", 1);
  setenv("SIMGPU_NVML_PCIE_WIDTH", "8", 1);
  setenv("SIMGPU_NVML_ECC", "3", 1);
  setenv("SIMGPU_NVML_CLOCK", "999", 1);
  setenv("SIMGPU_NVML_THROTTLE", "0x44", 1);
  setenv("SIMGPU_NVML_UNSUPPORTED", "nvmlDeviceGetPersistenceMode,nvmlDeviceGetTotalEnergyConsumption", 1);
  struct tmk_backend *backend = open_backend(TMK_GEMM_TOKMARK, &info);
  cr_expect_eq(info.other_processes, 2);
  cr_expect_eq(info.mig_on, 0);
  cr_expect_eq(info.power_limit_w, 123);
  cr_expect_gt(info.power_default_w, 123);
  cr_expect_eq(info.pcie_width, 8);
  cr_expect_eq(info.pcie_width_max, 16);
  cr_expect_eq(info.ecc_errors, 3);
  cr_expect_eq(info.nvlinks, 12);
  cr_expect_eq(info.persistence_on, TMK_UNKNOWN);
  cr_expect_str_eq(info.clock_reasons, "sw_power_cap,hw_thermal_slowdown");
  cr_assert_eq(tmk_backend_cuda.health(backend, &health, &err), TMK_OK);
  cr_expect(health.throttled);
  cr_expect_eq(health.clock_hz, 999e6);
  cr_expect_eq(health.ecc_errors, 3);
  cr_expect_eq(health.other_processes, 2);
  uint64_t energy;
  char source[32];
  cr_expect_eq(tmk_backend_cuda.energy_uj(backend, &energy, source, &err), TMK_ERR_UNSUPPORTED);
  unsetenv("SIMGPU_NVML_UNSUPPORTED");
  cr_assert_eq(tmk_backend_cuda.energy_uj(backend, &energy, source, &err), TMK_OK);
  cr_expect_str_eq(source, "nvml");
  cr_expect_eq(energy % 1000, 0, "millijoules as microjoules");
  tmk_backend_cuda.close(backend);
}

Test(node_cuda, without_nvml_all_is_unknown)
{
  struct tmk_device_info info;
  struct tmk_health health;
  struct tmk_error err = {0};
  if (!have_gpu() || !tmk_cuda_is_simulated()) return;
  setenv("SIMGPU_NVML", "missing", 1);
  struct tmk_backend *backend = open_backend(TMK_GEMM_TOKMARK, &info);
  cr_expect_eq(info.other_processes, TMK_UNKNOWN);
  cr_expect_eq(info.mig_on, TMK_UNKNOWN);
  cr_expect(isnan(info.power_limit_w));
  cr_expect_str_eq(info.clock_reasons, "");
  cr_expect_eq(tmk_backend_cuda.health(backend, &health, &err), TMK_ERR_UNSUPPORTED);
  tmk_backend_cuda.close(backend);
}
