/* cuda_cublaslt.c: see cuda_cublaslt.h.
 *
 * The library's matrices are column-major, ours row-major, so it is asked for yᵀ[n, m] = weight xᵀ: its A is weight, whose rows of k
 * are columns to it (hence transposed), its B is xᵀ, and a bias along its rows is ours along n. */
#include "cuda_cublaslt.h"

#include <cublasLt.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda_check.h"

#define WORKSPACE_BYTES ((size_t)32 << 20) /* what the library's guide advises from Hopper on */
#define ALGORITHMS_MAX  4
#define ROW_ALIGNMENT   16u

#define FUNCTIONS(F)                                                                                                   \
  F(cublasLtCreate)                                                                                                    \
  F(cublasLtDestroy)                                                                                                   \
  F(cublasLtGetVersion)                                                                                                \
  F(cublasLtMatmul)                                                                                                    \
  F(cublasLtMatmulAlgoGetHeuristic)                                                                                    \
  F(cublasLtMatmulDescCreate)                                                                                          \
  F(cublasLtMatmulDescDestroy)                                                                                         \
  F(cublasLtMatmulDescSetAttribute)                                                                                    \
  F(cublasLtMatrixLayoutCreate)                                                                                        \
  F(cublasLtMatrixLayoutDestroy)                                                                                       \
  F(cublasLtMatmulPreferenceCreate)                                                                                    \
  F(cublasLtMatmulPreferenceDestroy)                                                                                   \
  F(cublasLtMatmulPreferenceSetAttribute)

struct tmk_cublaslt {
  void *library;
  cublasLtHandle_t handle;
  void *workspace;
#define F(name) __typeof__(&(name)) name;
  FUNCTIONS(F)
#undef F
};

struct tmk_cublaslt_gemm {
  struct tmk_cublaslt *lt; /* borrowed */
  struct tmk_cublaslt_shape shape;
  cublasLtMatmulDesc_t operation;
  cublasLtMatrixLayout_t weight, x, y;
  cublasLtMatmulHeuristicResult_t algorithms[ALGORITHMS_MAX];
  int algorithm_count, algorithm;
};

/* ---- the library ---- */

/* Places of the library, in the order in which they are tried; "" is the loader's own search. */
struct places {
  char at[5][512];
  int count;
};

static void add_place(struct places *places, const char *folder, const char *below)
{
  char text[sizeof places->at[0]];
  if (folder == NULL || places->count == (int)(sizeof places->at / sizeof places->at[0])) return;
  const int size = snprintf(text, sizeof text, "%s%s", folder, below);
  if (size < 0 || (size_t)size >= sizeof text) return;
  for (int i = 0; i < places->count; i++) {
    if (strcmp(places->at[i], text) == 0) return;
  }
  memcpy(places->at[places->count++], text, sizeof text);
}

/* The folder of the CUDA runtime that is loaded. */
static void add_runtime_place(struct places *places)
{
  Dl_info info;
  char folder[sizeof places->at[0]];
  if (dladdr((void *)(uintptr_t)&cudaRuntimeGetVersion, &info) == 0 || info.dli_fname == NULL) return;
  const char *slash = strrchr(info.dli_fname, '/');
  if (slash == NULL || (size_t)(slash - info.dli_fname) >= sizeof folder) return;
  snprintf(folder, sizeof folder, "%.*s", (int)(slash - info.dli_fname), info.dli_fname);
  add_place(places, folder, "");
}

/* The runtime's own major version first. */
static void versions(int majors[2])
{
  int runtime = 0;
  (void)cudaRuntimeGetVersion(&runtime);
  majors[0] = runtime / 1000 == 12 ? 12 : 13;
  majors[1] = 25 - majors[0];
}

static void *load_from(const struct places *places)
{
  int majors[2];
  versions(majors);
  for (int v = 0; v < 2; v++) {
    for (int i = 0; i < places->count; i++) {
      char path[sizeof places->at[0] + 32];
      const char *folder = places->at[i];
      snprintf(path, sizeof path, "%s%slibcublasLt.so.%d", folder, folder[0] != '\0' ? "/" : "", majors[v]);
      void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
      if (library != NULL) return library;
    }
  }
  return NULL;
}

static void say_tried(const struct places *places, char *reason, int reason_size)
{
  int majors[2];
  versions(majors);
  int used = snprintf(reason, (size_t)reason_size, "tried libcublasLt.so.%d and .%d", majors[0], majors[1]);
  for (int i = 0; i < places->count && used < reason_size; i++) {
    used += snprintf(reason + used, (size_t)(reason_size - used), "%s%s", i == 0 ? " in " : ", ",
                     places->at[i][0] != '\0' ? places->at[i] : "the loader's path");
  }
}

static bool load(struct tmk_cublaslt *lt, bool simulated, char *reason, int reason_size)
{
  struct places places = {.count = 0};
  if (!simulated) add_place(&places, "", "");
  add_runtime_place(&places);
  if (!simulated) {
    add_place(&places, getenv("CUDA_HOME"), "/lib64");
    add_place(&places, getenv("CUDA_PATH"), "/lib64");
    add_place(&places, "/usr/local/cuda", "/lib64");
  }
  lt->library = load_from(&places);
  if (lt->library == NULL) {
    say_tried(&places, reason, reason_size);
    return false;
  }
  const char *missing = NULL;
  /* POSIX lets a data pointer carry a function's address; ISO C has no cast for it. */
#define F(name)                                                                                                        \
  *(void **)(void *)&lt->name = dlsym(lt->library, #name);                                                             \
  if (lt->name == NULL) missing = #name;
  FUNCTIONS(F)
#undef F
  if (missing != NULL) snprintf(reason, (size_t)reason_size, "libcublasLt has no %s", missing);
  return missing == NULL;
}

struct tmk_cublaslt *tmk_cublaslt_open(bool simulated, char *reason, int reason_size)
{
  struct tmk_cublaslt *lt = calloc(1, sizeof *lt);
  if (lt == NULL) {
    snprintf(reason, (size_t)reason_size, "out of memory");
    return NULL;
  }
  if (!load(lt, simulated, reason, reason_size)) goto fail;
  const cublasStatus_t created = lt->cublasLtCreate(&lt->handle);
  if (created != CUBLAS_STATUS_SUCCESS) {
    lt->handle = NULL;
    snprintf(reason, (size_t)reason_size, "cublasLtCreate: status %d", (int)created);
    goto fail;
  }
  if (cudaMalloc(&lt->workspace, WORKSPACE_BYTES) == cudaSuccess) return lt;
  (void)cudaGetLastError();
  lt->workspace = NULL;
  snprintf(reason, (size_t)reason_size, "no memory for a workspace of %zu bytes", WORKSPACE_BYTES);
fail:
  tmk_cublaslt_close(lt);
  return NULL;
}

void tmk_cublaslt_close(struct tmk_cublaslt *lt)
{
  if (lt == NULL) return;
  if (lt->workspace != NULL) (void)cudaFree(lt->workspace);
  if (lt->handle != NULL) (void)lt->cublasLtDestroy(lt->handle);
  /* The library stays loaded: its kernels are registered with the runtime, which may outlive this. */
  free(lt);
}

void tmk_cublaslt_name(const struct tmk_cublaslt *lt, char *text, int text_size)
{
  const size_t version = lt->cublasLtGetVersion(); /* 130100 for 13.1.0 */
  snprintf(text, (size_t)text_size, "cuBLASLt %zu.%zu.%zu", version / 10000, version / 100 % 100, version % 100);
}

/* ---- a shape ---- */

/* What a failed call ends. A launch that fails is the point's own: a device that is gone says so at the next call of the runtime. */
static enum tmk_status status_of(cublasStatus_t code)
{
  switch (code) {
  case CUBLAS_STATUS_NOT_SUPPORTED:
  case CUBLAS_STATUS_INVALID_VALUE: return TMK_ERR_UNSUPPORTED;
  case CUBLAS_STATUS_ALLOC_FAILED: return TMK_ERR_MEMORY;
  case CUBLAS_STATUS_EXECUTION_FAILED: return TMK_ERR_FAILED;
  default: return TMK_ERR_DEVICE;
  }
}

/* Of a call into the library. */
static enum tmk_status check(cublasStatus_t code, const char *what, struct tmk_error *err)
{
  if (code == CUBLAS_STATUS_SUCCESS) return TMK_OK;
  return tmk_fail(err, status_of(code), "cuBLASLt: %s: status %d", what, (int)code);
}

static enum tmk_status set(const struct tmk_cublaslt_gemm *gemm, cublasLtMatmulDescAttributes_t attribute,
                           const void *value, size_t size, struct tmk_error *err)
{
  return check(gemm->lt->cublasLtMatmulDescSetAttribute(gemm->operation, attribute, value, size), "attribute", err);
}

/* false: the library has no such type. */
static bool type_of(enum tmk_dtype dtype, cudaDataType_t *type)
{
  switch (dtype) {
  case TMK_DTYPE_BF16: *type = CUDA_R_16BF; return true;
  case TMK_DTYPE_F32: *type = CUDA_R_32F; return true;
  case TMK_DTYPE_F8E4M3: *type = CUDA_R_8F_E4M3; return true;
  case TMK_DTYPE_NVFP4: *type = CUDA_R_4F_E2M1; return true;
  default: return false;
  }
}

static enum tmk_status describe_operation(struct tmk_cublaslt_gemm *gemm, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const cublasOperation_t transposed = CUBLAS_OP_T;
  TMK_TRY(
      check(gemm->lt->cublasLtMatmulDescCreate(&gemm->operation, CUBLAS_COMPUTE_32F, CUDA_R_32F), "operation", err));
  TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed, err));
  if (gemm->shape.bias) {
    const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    const cudaDataType_t bf16 = CUDA_R_16BF;
    const void *aligned = gemm->lt->workspace; /* a place of the right alignment: the real one comes with each launch */
    TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue, err));
    TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &bf16, sizeof bf16, err));
    TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &aligned, sizeof(const void *), err));
  }
  if (gemm->shape.dtype == TMK_DTYPE_NVFP4) {
    const cublasLtMatmulMatrixScale_t mode = CUBLASLT_MATMUL_MATRIX_SCALE_VEC16_UE4M3;
    TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_A_SCALE_MODE, &mode, sizeof mode, err));
    TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_B_SCALE_MODE, &mode, sizeof mode, err));
    const void *aligned = gemm->lt->workspace; /* likewise */
    TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, &aligned, sizeof(const void *), err));
    TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, &aligned, sizeof(const void *), err));
  }
out:
  return status;
}

static enum tmk_status describe_matrices(struct tmk_cublaslt_gemm *gemm, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_cublaslt_shape *s = &gemm->shape;
  cudaDataType_t in, out_type;
  if (!type_of(s->dtype, &in) || !type_of(s->y_dtype, &out_type)) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "cuBLASLt: %s to %s: no such gemm", tmk_dtype_name(s->dtype),
                    tmk_dtype_name(s->y_dtype));
  }
  struct {
    cublasLtMatrixLayout_t *layout;
    cudaDataType_t type;
    int64_t rows, columns, ld;
  } rows[] = {
      {&gemm->weight, in, s->k, s->n, s->weight_ld},
      {&gemm->x, in, s->k, s->m, s->x_ld},
      {&gemm->y, out_type, s->n, s->m, s->y_ld},
  };
  for (int i = 0; i < 3; i++) {
    TMK_TRY(check(gemm->lt->cublasLtMatrixLayoutCreate(rows[i].layout, rows[i].type, (uint64_t)rows[i].rows,
                                                       (uint64_t)rows[i].columns, rows[i].ld),
                  "layout", err));
  }
out:
  return status;
}

static enum tmk_status find_algorithms(struct tmk_cublaslt_gemm *gemm, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_cublaslt *lt = gemm->lt;
  cublasLtMatmulPreference_t preference = NULL;
  const size_t workspace = WORKSPACE_BYTES;
  const uint32_t alignment = ROW_ALIGNMENT;
  static const cublasLtMatmulPreferenceAttributes_t alignments[] = {
      CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
      CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES};
  TMK_TRY(check(lt->cublasLtMatmulPreferenceCreate(&preference), "preference", err));
  TMK_TRY(check(lt->cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                         &workspace, sizeof workspace),
                "preference", err));
  /* op.h: a result is rounded once. Other schemes add up parts in the type of the result. */
  const uint32_t reduction = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
  TMK_TRY(check(lt->cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                                                         &reduction, sizeof reduction),
                "preference", err));
  for (int i = 0; i < 4; i++) {
    TMK_TRY(check(lt->cublasLtMatmulPreferenceSetAttribute(preference, alignments[i], &alignment, sizeof alignment),
                  "preference", err));
  }
  TMK_TRY(
      check(lt->cublasLtMatmulAlgoGetHeuristic(lt->handle, gemm->operation, gemm->weight, gemm->x, gemm->y, gemm->y,
                                               preference, ALGORITHMS_MAX, gemm->algorithms, &gemm->algorithm_count),
            "no algorithm for the shape", err));
  if (gemm->algorithm_count < 1) {
    status = tmk_fail(err, TMK_ERR_UNSUPPORTED, "cuBLASLt: no algorithm for the shape");
  }
out:
  if (preference != NULL) (void)lt->cublasLtMatmulPreferenceDestroy(preference);
  return status;
}

enum tmk_status tmk_cublaslt_gemm_create(struct tmk_cublaslt *lt, const struct tmk_cublaslt_shape *shape,
                                         struct tmk_cublaslt_gemm **out, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_cublaslt_gemm *gemm = calloc(1, sizeof *gemm);
  *out = NULL;
  if (gemm == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory: a gemm of cuBLASLt");
  gemm->lt = lt;
  gemm->shape = *shape;
  TMK_TRY(describe_operation(gemm, err));
  TMK_TRY(describe_matrices(gemm, err));
  TMK_TRY(find_algorithms(gemm, err));
  *out = gemm;
  gemm = NULL;
out:
  tmk_cublaslt_gemm_destroy(gemm);
  return status;
}

void tmk_cublaslt_gemm_destroy(struct tmk_cublaslt_gemm *gemm)
{
  if (gemm == NULL) return;
  const struct tmk_cublaslt *lt = gemm->lt;
  if (gemm->y != NULL) (void)lt->cublasLtMatrixLayoutDestroy(gemm->y);
  if (gemm->x != NULL) (void)lt->cublasLtMatrixLayoutDestroy(gemm->x);
  if (gemm->weight != NULL) (void)lt->cublasLtMatrixLayoutDestroy(gemm->weight);
  if (gemm->operation != NULL) (void)lt->cublasLtMatmulDescDestroy(gemm->operation);
  free(gemm);
}

int tmk_cublaslt_gemm_algorithms(const struct tmk_cublaslt_gemm *gemm)
{
  return gemm->algorithm_count;
}

void tmk_cublaslt_gemm_choose(struct tmk_cublaslt_gemm *gemm, int algorithm)
{
  gemm->algorithm = algorithm;
}

enum tmk_status tmk_cublaslt_gemm_launch(const struct tmk_cublaslt_gemm *gemm,
                                         const struct tmk_cublaslt_operands *operands, cudaStream_t stream,
                                         struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_cublaslt *lt = gemm->lt;
  const float alpha = operands->alpha > 0 ? operands->alpha : 1.0f, zero = 0.0f;
  const cublasLtMatmulHeuristicResult_t *algorithm = &gemm->algorithms[gemm->algorithm];
  if (gemm->shape.bias) {
    TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &operands->bias, sizeof operands->bias, err));
  }
  if (operands->weight_scale != NULL) {
    TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, &operands->weight_scale, sizeof(const void *), err));
  }
  if (operands->x_scale != NULL) {
    TMK_TRY(set(gemm, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, &operands->x_scale, sizeof(const void *), err));
  }
  TMK_TRY(check(lt->cublasLtMatmul(lt->handle, gemm->operation, &alpha, operands->weight, gemm->weight, operands->x,
                                   gemm->x, &zero, operands->y, gemm->y, operands->y, gemm->y, &algorithm->algo,
                                   lt->workspace, WORKSPACE_BYTES, stream),
                "gemm", err));
out:
  return status;
}
