/* test_rt_cublaslt.c: the stand-in for cuBLASLt under programs/matmul.cu, which holds each result to a product in double. */
#include "test_rt.h"

/* What a case needs. */
static const struct {
  const char *name;
  int capability; /* 80, 89, 90; 100: only on Blackwell */
  bool hopper_only;
} cases[] = {
    {"bf16_tn", 80, false},   {"bf16_odd", 80, false},    {"bf16_nn_f32", 80, false}, {"bf16_rows", 80, false},
    {"bf16_bias", 80, false}, {"bf16_splitk", 80, false}, {"bf16_device", 80, false}, {"f16_tt", 80, false},
    {"f32", 80, false},       {"tf32", 80, false},        {"fp8_scalar", 89, false},  {"fp8_mixed", 89, false},
    {"fp8_bias", 89, false},  {"fp8_out", 89, false},     {"fp8_outer", 90, true},    {"fp8_nn", 100, false},
    {"mxfp8", 100, false},    {"nvfp4", 100, false},      {"nvfp4_f32", 100, false},
};
#define CASES (sizeof cases / sizeof cases[0])

static void check_on(const char *gpu, int capability)
{
  for (size_t i = 0; i < CASES; i++) {
    char environment[128], wanted[64], graph[64];
    bool good = capability >= cases[i].capability && (!cases[i].hopper_only || capability == 90);
    /* A program that ends where it was refused has freed nothing. */
    snprintf(environment, sizeof environment, "SIMGPU_DEVICE=%s %s", gpu, good ? "" : "SIMGPU_LEAKS=0");
    snprintf(wanted, sizeof wanted, good ? "%s: 0 wrong" : "CUBLAS_STATUS_NOT_SUPPORTED", cases[i].name);
    snprintf(graph, sizeof graph, "matmul %s graph", cases[i].name);
    EXPECT_RUN(environment, graph, 0, wanted);
    *strrchr(graph, ' ') = '\0';
    EXPECT_RUN(environment, graph, 0, wanted);
  }
}

Test(cublaslt, ampere_multiplies_bf16_f16_f32_and_refuses_the_rest)
{
  check_on("A100", 80);
}

Test(cublaslt, hopper_multiplies_fp8_too)
{
  check_on("H100", 90);
}

Test(cublaslt, blackwell_multiplies_block_scaled_types_too)
{
  check_on("B200", 100);
  check_on("GB300", 103);
}

Test(cublaslt, several_algorithms_with_the_workspace_they_need)
{
  EXPECT_RUN("", "matmul bf16_splitk", 0, "0 wrong, 2 algorithms");
  EXPECT_RUN("", "matmul bf16_tn", 0, "0 wrong, 1 algorithms");
  EXPECT_RUN("SIMGPU_LEAKS=0", "matmul bf16_splitk workspace", 0, "CUBLAS_STATUS_INVALID_VALUE");
}

Test(cublaslt, misaligned_matrices_are_refused_or_need_a_promise)
{
  EXPECT_RUN("SIMGPU_LEAKS=0 SIMGPU_VERBOSE=1 SIMGPU_DEVICE=H100", "matmul fp8_scalar misaligned", 0,
             "no algorithm with");
  EXPECT_RUN("SIMGPU_LEAKS=0", "matmul bf16_bias misaligned", 86, "global-bounds: read of matrix A");
}

Test(cublaslt, accesses_are_checked_as_a_kernels)
{
  EXPECT_RUN("", "matmul bf16_tn freed", 86, "use-after-free: read of matrix B");
  EXPECT_RUN("", "matmul bf16_tn freed", 86, "cudaErrorIllegalAddress");
  EXPECT_RUN("SIMGPU_DEVICE=B200", "matmul nvfp4 uninitialised", 86, "uninitialised-global: read of matrix A: row 0");
}

Test(cublaslt, versions_by_soname)
{
  void *library = open_library("libcublasLt.so.13");
  size_t (*version)(void);
  *(void **)&version = dlsym(library, "cublasLtGetVersion");
  cr_assert_geq(version(), 130000);
  library = open_library("libcublasLt.so.12");
  *(void **)&version = dlsym(library, "cublasLtGetVersion");
  cr_assert_eq(version(), 120900);
}
