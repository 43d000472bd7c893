/* test_rt.c: ordinary programs (programs/), built by nvcc with the shared runtime, on the stand-ins: right results, findings of planted
 * bugs with kernel and line, exit codes, injected faults. */
#include "test_rt.h"

#define SEEDS 3

Test(rt, programs_give_right_results_on_each_gpu)
{
  static const char *const gpus[] = {"A100", "H100", "GH200", "B200", "GB300"};
  for (size_t i = 0; i < sizeof gpus / sizeof gpus[0]; i++) {
    char environment[64];
    snprintf(environment, sizeof environment, "SIMGPU_DEVICE=%s SIMGPU_SEED=%zu", gpus[i], i);
    EXPECT_RUN(environment, "vector_add", 0, "0 wrong, 1 launch, time good\n");
    EXPECT_RUN(environment, "rmsnorm", 0, "0 wrong\n");
  }
}

Test(rt, planted_bugs_are_found_with_kernel_and_line_on_each_seed)
{
  for (int seed = 0; seed < SEEDS; seed++) {
    char environment[64];
    snprintf(environment, sizeof environment, "SIMGPU_SEED=%d", seed);
    EXPECT_RUN(environment, "vector_add bounds", 86, "global-bounds: write of 4 bytes");
    EXPECT_RUN(environment, "vector_add bounds", 86, "_Z10vector_add");
    EXPECT_RUN(environment, "vector_add bounds", 86, "vector_add.cu:");
    EXPECT_RUN(environment, "vector_add bounds", 86, "cudaErrorIllegalAddress");
    EXPECT_RUN(environment, "vector_add freed", 86, "use-after-free: read of 4 bytes");
    EXPECT_RUN(environment, "rmsnorm race", 86, "shared-race");
    EXPECT_RUN(environment, "rmsnorm race", 86, "rmsnorm.cu:");
  }
}

Test(rt, leaks_are_findings_unless_told_otherwise)
{
  EXPECT_RUN("", "vector_add leak", 86, "leak: 4000 bytes");
  EXPECT_RUN("SIMGPU_LEAKS=0", "vector_add leak", 0, "0 wrong");
}

Test(rt, exit_code_is_configurable)
{
  EXPECT_RUN("SIMGPU_EXIT=3", "vector_add bounds", 3, "global-bounds");
}

Test(rt, libraries_of_cuda_run_right_and_without_a_finding)
{
  for (int seed = 0; seed < SEEDS; seed++) {
    char environment[64];
    snprintf(environment, sizeof environment, "SIMGPU_SEED=%d SIMGPU_DEVICE=%s", seed, seed % 2 == 0 ? "A100" : "B200");
    EXPECT_RUN(environment, "libraries", 0, "0 wrong\n");
  }
}

Test(rt, graphs_replay_what_was_captured)
{
  EXPECT_RUN("", "rmsnorm graph", 0, "0 wrong after 3 replays of 3 nodes\n");
}

Test(rt, memory_of_each_kind_and_copies_of_each_shape)
{
  static const char *const cases[] = {"memory async", "memory rows", "memory managed", "memory registered", "memory symbols", "memory errors"};
  for (int seed = 0; seed < SEEDS; seed++) {
    char environment[64];
    snprintf(environment, sizeof environment, "SIMGPU_SEED=%d", seed);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) EXPECT_RUN(environment, cases[i], 0, "0 wrong\n");
    EXPECT_RUN(environment, "memory async_freed", 86, "use-after-free");
    EXPECT_RUN(environment, "memory async_freed", 86, "memory.cu:");
    snprintf(environment, sizeof environment, "SIMGPU_SEED=%d SIMGPU_LEAKS=0", seed);
    EXPECT_RUN(environment, "memory rows_bounds", 0, "cudaMemcpyDeviceToDevice, 0): cudaErrorInvalidValue");
  }
}

Test(rt, errors_are_those_of_the_runtime)
{
  EXPECT_RUN("", "rmsnorm errors", 0, "errors as expected, occupancy good\n");
}

Test(rt, injected_faults)
{
  EXPECT_RUN("SIMGPU_LEAKS=0 SIMGPU_FAIL_MALLOC=2", "rmsnorm", 0, "&b.dw, sizeof b.w): cudaErrorMemoryAllocation");
  EXPECT_RUN("SIMGPU_LEAKS=0 SIMGPU_FAIL_LAUNCH=1", "rmsnorm", 0, "cudaGetLastError(): cudaErrorLaunchOutOfResources");
  EXPECT_RUN("SIMGPU_LEAKS=0 SIMGPU_LOSE_DEVICE=1", "rmsnorm", 0, "cudaErrorDevicesUnavailable");
  EXPECT_RUN("SIMGPU_FAIL_LAUNCH=2", "rmsnorm", 0, "0 wrong\n");
  EXPECT_RUN("SIMGPU_LEAKS=0 SIMGPU_FAIL_GRAPH=1", "rmsnorm graph", 0, "cudaErrorMemoryAllocation");
  EXPECT_RUN("SIMGPU_FAIL_GRAPH=2", "rmsnorm graph", 0, "0 wrong after 3 replays");
}

/* The launch itself and the look behind it succeed; whatever comes next says what the kernel did. */
Test(rt, a_kernel_that_is_made_to_fault_faults_after_its_launch)
{
  EXPECT_RUN("SIMGPU_FAULT_LAUNCH=1", "rmsnorm", 0, "cudaMemcpyDeviceToHost): cudaErrorIllegalAddress");
  EXPECT_RUN("SIMGPU_FAULT_LAUNCH=2", "rmsnorm graph", 0, "cudaStreamSynchronize(first): cudaErrorIllegalAddress");
  EXPECT_RUN("SIMGPU_FAULT_LAUNCH=2", "rmsnorm", 0, "0 wrong\n");
}

Test(rt, driver_can_be_missing_or_too_old)
{
  static const struct {
    const char *driver;
    int version, error;
  } rows[] = {{"none", 0, 35}, {"12040", 12040, 35}, {"12999", 12999, 35}, {"13010", 13010, 0}, {"14000", 14000, 0}};
  EXPECT_RUN("SIMGPU_DRIVER=none", "rmsnorm", 0, "cudaErrorInsufficientDriver");
  EXPECT_RUN("SIMGPU_DRIVER=new", "rmsnorm", 2, "SIMGPU_DRIVER=new");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    /* The environment is read once a process. */
    fflush(NULL);
    const pid_t child = fork();
    int status = 0;
    cr_assert_geq(child, 0);
    if (child > 0) {
      cr_assert_eq(waitpid(child, &status, 0), child);
      cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "SIMGPU_DRIVER=%s", rows[i].driver);
      continue;
    }
    setenv("SIMGPU_DRIVER", rows[i].driver, 1);
    void *runtime = open_library("libcudart.so.13"), *driver = open_library("libcuda.so.1");
    void *nvml = open_library("libnvidia-ml.so.1");
    FUNCTION(runtime, cudaGetDeviceCount, int *);
    FUNCTION(runtime, cudaDriverGetVersion, int *);
    FUNCTION(runtime, cudaRuntimeGetVersion, int *);
    FUNCTION(runtime, cudaSetDevice, int);
    FUNCTION(driver, cuInit, unsigned);
    FUNCTION(nvml, nvmlInit_v2, void);
    int count = -1, version = -1, of_runtime = -1;
    bool good = cudaGetDeviceCount(&count) == rows[i].error && count == (rows[i].error == 0);
    good = good && cudaDriverGetVersion(&version) == 0 && version == rows[i].version;
    good = good && cudaRuntimeGetVersion(&of_runtime) == 0 && of_runtime == 13000;
    good = good && cudaSetDevice(0) == rows[i].error;
    good = good && cuInit(0) == (rows[i].error == 0 ? 0 : 100);
    good = good && nvmlInit_v2() == (rows[i].version == 0 ? 9 : 0);
    _exit(good ? 0 : 1);
  }
}

Test(rt, environment_is_checked)
{
  EXPECT_RUN("SIMGPU_DEVICE=V100", "rmsnorm", 2, "must be A100");
  EXPECT_RUN("SIMGPU_SEED=x", "rmsnorm", 2, "SIMGPU_SEED=x");
  EXPECT_RUN("SIMGPU_DEVICES=0", "rmsnorm", 0, "cudaErrorNoDevice");
}

Test(rt, several_devices_and_pinned_memory)
{
  EXPECT_RUN("SIMGPU_DEVICES=2", "two_devices", 0, "0 wrong on 2 devices\n");
  EXPECT_RUN("SIMGPU_DEVICES=1", "two_devices", 86, "cudaSetDevice(1): cudaErrorInvalidDevice");
  EXPECT_RUN("SIMGPU_DEVICES=2", "two_devices twice", 86, "bad-free: ");
}

Test(rt, nvml_tells_of_the_claimed_gpu)
{
  setenv("SIMGPU_DEVICE", "A100", 1);
  setenv("SIMGPU_DEVICES", "2", 1);
  setenv("SIMGPU_NVML_THROTTLE", "0x44", 1);
  setenv("SIMGPU_NVML_ECC", "3", 1);
  void *library = open_library("libnvidia-ml.so.1"), *device = NULL;
  FUNCTION(library, nvmlInit_v2, void);
  FUNCTION(library, nvmlShutdown, void);
  FUNCTION(library, nvmlDeviceGetCount_v2, unsigned *);
  FUNCTION(library, nvmlDeviceGetHandleByIndex_v2, unsigned, void **);
  FUNCTION(library, nvmlDeviceGetName, void *, char *, unsigned);
  FUNCTION(library, nvmlDeviceGetClockInfo, void *, int, unsigned *);
  FUNCTION(library, nvmlDeviceGetPowerUsage, void *, unsigned *);
  FUNCTION(library, nvmlDeviceGetTotalEnergyConsumption, void *, unsigned long long *);
  FUNCTION(library, nvmlDeviceGetTotalEccErrors, void *, int, int, unsigned long long *);
  FUNCTION(library, nvmlDeviceGetCurrentClocksThrottleReasons, void *, unsigned long long *);
  unsigned count = 0, mhz = 0, milliwatts = 0;
  unsigned long long before = 0, after = 0, ecc = 0, reasons = 0;
  char name[96];
  cr_assert_eq(nvmlDeviceGetCount_v2(&count), 1, "before nvmlInit");
  cr_assert_eq(nvmlInit_v2(), 0);
  cr_assert(nvmlDeviceGetCount_v2(&count) == 0 && count == 2);
  cr_assert_eq(nvmlDeviceGetHandleByIndex_v2(2, &device), 2);
  cr_assert_eq(nvmlDeviceGetHandleByIndex_v2(1, &device), 0);
  cr_assert_eq(nvmlDeviceGetName(device, name, 4), 7);
  cr_assert_eq(nvmlDeviceGetName(device, name, sizeof name), 0);
  cr_assert_str_eq(name, "NVIDIA A100-SXM4-80GB");
  cr_assert(nvmlDeviceGetClockInfo(device, 1, &mhz) == 0 && mhz == 1410);
  cr_assert_eq(nvmlDeviceGetClockInfo(device, 9, &mhz), 2);
  cr_assert(nvmlDeviceGetPowerUsage(device, &milliwatts) == 0 && milliwatts > 0 && milliwatts <= 400000);
  cr_assert_eq(nvmlDeviceGetTotalEnergyConsumption(device, &before), 0);
  usleep(20000);
  cr_assert_eq(nvmlDeviceGetTotalEnergyConsumption(device, &after), 0);
  cr_assert_geq(after - before, milliwatts / 50 - 1, "energy is power times time");
  cr_assert(nvmlDeviceGetTotalEccErrors(device, 0, 0, &ecc) == 0 && ecc == 0);
  cr_assert(nvmlDeviceGetTotalEccErrors(device, 1, 0, &ecc) == 0 && ecc == 3);
  cr_assert(nvmlDeviceGetCurrentClocksThrottleReasons(device, &reasons) == 0 && reasons == 0x44);
  cr_assert_eq(nvmlShutdown(), 0);
  cr_assert_eq(nvmlDeviceGetPowerUsage(device, &milliwatts), 1);
}

Test(rt, nvml_can_be_missing)
{
  setenv("SIMGPU_NVML", "missing", 1);
  void *library = open_library("libnvidia-ml.so.1");
  FUNCTION(library, nvmlInit_v2, void);
  cr_assert_eq(nvmlInit_v2(), 9);
}

Test(rt, driver_hands_out_what_it_has_and_names_what_it_has_not)
{
  setenv("SIMGPU_DEVICE", "GH200", 1);
  void *library = open_library("libcuda.so.1"), *function = &library;
  FUNCTION(library, cuInit, unsigned);
  FUNCTION(library, cuDeviceGet, int *, int);
  FUNCTION(library, cuDeviceGetAttribute, int *, int, int);
  FUNCTION(library, cuGetProcAddress_v2, const char *, void **, int, unsigned long long, int *);
  int device = -1, value = 0, status = -1;
  cr_assert_eq(cuInit(0), 0);
  cr_assert(cuDeviceGet(&device, 0) == 0 && device == 0);
  cr_assert_eq(cuDeviceGet(&device, 1), 101);
  cr_assert(cuDeviceGetAttribute(&value, 75, 0) == 0 && value == 9, "compute capability 9");
  cr_assert(cuGetProcAddress_v2("cuDeviceGetName", &function, 12000, 0, &status) == 0 && function != NULL);
  cr_assert_eq(status, 0);
  cr_assert_eq(cuGetProcAddress_v2("cuTensorMapEncodeTiled", &function, 12000, 0, &status), 500);
  cr_assert(function == NULL && status == 1);
}
