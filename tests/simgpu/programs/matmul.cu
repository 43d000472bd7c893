// matmul.cu: cuBLASLt by dlopen, as a program that does not want to link 500 MB of it uses it: types, scales, layouts, refusals,
// streams and graphs, each result held to a product in double. `matmul CASE`: one line "CASE: 0 wrong", or what went wrong.
#include <cublasLt.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUDA(call)                                                                                                     \
  do {                                                                                                                 \
    cudaError_t error_ = (call);                                                                                       \
    if (error_ != cudaSuccess) {                                                                                       \
      printf("%s: %s\n", #call, cudaGetErrorName(error_));                                                             \
      exit(0);                                                                                                         \
    }                                                                                                                  \
  } while (0)
#define LT(call)                                                                                                       \
  do {                                                                                                                 \
    cublasStatus_t status_ = (call);                                                                                   \
    if (status_ != CUBLAS_STATUS_SUCCESS) {                                                                            \
      printf("%s: %s\n", #call, lt.GetStatusName(status_));                                                            \
      exit(0);                                                                                                         \
    }                                                                                                                  \
  } while (0)

static struct {
  decltype(&cublasLtCreate) Create;
  decltype(&cublasLtDestroy) Destroy;
  decltype(&cublasLtGetVersion) GetVersion;
  decltype(&cublasLtGetStatusName) GetStatusName;
  decltype(&cublasLtMatmulDescCreate) MatmulDescCreate;
  decltype(&cublasLtMatmulDescDestroy) MatmulDescDestroy;
  decltype(&cublasLtMatmulDescSetAttribute) MatmulDescSetAttribute;
  decltype(&cublasLtMatmulDescGetAttribute) MatmulDescGetAttribute;
  decltype(&cublasLtMatrixLayoutCreate) MatrixLayoutCreate;
  decltype(&cublasLtMatrixLayoutDestroy) MatrixLayoutDestroy;
  decltype(&cublasLtMatrixLayoutSetAttribute) MatrixLayoutSetAttribute;
  decltype(&cublasLtMatmulPreferenceCreate) MatmulPreferenceCreate;
  decltype(&cublasLtMatmulPreferenceDestroy) MatmulPreferenceDestroy;
  decltype(&cublasLtMatmulPreferenceSetAttribute) MatmulPreferenceSetAttribute;
  decltype(&cublasLtMatmulAlgoGetHeuristic) MatmulAlgoGetHeuristic;
  decltype(&cublasLtMatmul) Matmul;
} lt;

static void load()
{
  void *library = dlopen("libcublasLt.so.13", RTLD_NOW);
  if (library == NULL) {
    printf("%s\n", dlerror());
    exit(1);
  }
#define LOAD(name) lt.name = (decltype(lt.name))dlsym(library, "cublasLt" #name)
  LOAD(Create), LOAD(Destroy), LOAD(GetVersion), LOAD(GetStatusName), LOAD(MatmulDescCreate), LOAD(MatmulDescDestroy);
  LOAD(MatmulDescSetAttribute), LOAD(MatmulDescGetAttribute), LOAD(MatrixLayoutCreate), LOAD(MatrixLayoutDestroy);
  LOAD(MatrixLayoutSetAttribute), LOAD(MatmulPreferenceCreate), LOAD(MatmulPreferenceDestroy),
      LOAD(MatmulPreferenceSetAttribute);
  LOAD(MatmulAlgoGetHeuristic), LOAD(Matmul);
}

// --- numbers: written anew from the definitions of the formats, so that the stand-in's are checked ---

static double small_value(unsigned bits, int exponent_bits, int fraction_bits, int bias)
{
  unsigned fraction = bits & ((1u << fraction_bits) - 1),
           exponent = bits >> fraction_bits & ((1u << exponent_bits) - 1);
  double value = exponent == 0 ? ldexp(fraction, 1 - bias - fraction_bits)
                               : ldexp(fraction + (1u << fraction_bits), (int)exponent - bias - fraction_bits);
  return bits >> (exponent_bits + fraction_bits) & 1 ? -value : value;
}

static int bits_of(cudaDataType type)
{
  return type == CUDA_R_32F ? 32 : type == CUDA_R_16BF || type == CUDA_R_16F ? 16 : type == CUDA_R_4F_E2M1 ? 4 : 8;
}

static double get(const uint8_t *bytes, cudaDataType type, size_t i)
{
  float f;
  uint16_t h;
  switch (type) {
  case CUDA_R_32F: memcpy(&f, bytes + 4 * i, 4); return f;
  case CUDA_R_16BF: memcpy(&h, bytes + 2 * i, 2); return small_value(h, 8, 7, 127);
  case CUDA_R_16F: memcpy(&h, bytes + 2 * i, 2); return small_value(h, 5, 10, 15);
  case CUDA_R_8F_E4M3: return small_value(bytes[i], 4, 3, 7);
  case CUDA_R_8F_E5M2: return small_value(bytes[i], 5, 2, 15);
  default: return small_value(bytes[i / 2] >> (i % 2 * 4), 2, 1, 1);
  }
}

static uint32_t state = 1;
static uint32_t next_random()
{
  return (state = state * 1664525u + 1013904223u) >> 8;
}

// Any finite pattern of moderate size.
static void put_random(uint8_t *bytes, cudaDataType type, size_t i)
{
  float f = (float)((int)(next_random() % 4096) - 2048) / 1024;
  __nv_bfloat16 b = __float2bfloat16(f);
  __half h = __float2half(f);
  switch (type) {
  case CUDA_R_32F:
    f += 1.0f / 8192 / 1024 * (float)(next_random() % 4096);
    memcpy(bytes + 4 * i, &f, 4);
    return;
  case CUDA_R_16BF: memcpy(bytes + 2 * i, &b, 2); return;
  case CUDA_R_16F: memcpy(bytes + 2 * i, &h, 2); return;
  case CUDA_R_8F_E4M3: bytes[i] = (uint8_t)(next_random() % 0x48 | (next_random() & 0x80)); return;
  case CUDA_R_8F_E5M2: bytes[i] = (uint8_t)(next_random() % 0x44 | (next_random() & 0x80)); return;
  default:
    bytes[i / 2] = (uint8_t)((bytes[i / 2] & (i % 2 ? 0x0f : 0xf0)) | (next_random() & 15) << (i % 2 * 4));
    return;
  }
}

// --- cases ---

struct matrix_case {
  const char *name;
  cudaDataType a, b, d;
  cublasComputeType_t compute;
  bool trans_a, trans_b;
  int row_order; // of all matrices
  int m, n, k, batches, pad;
  int scale_mode; // -1: none
  float alpha, beta;
  bool bias, device_scalars, d_scale;
  size_t workspace;
};
#define PLAIN CUBLAS_COMPUTE_32F
static const matrix_case cases[] = {
    {"bf16_tn", CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF, PLAIN, true, false, 0, 40, 24, 72, 1, 8, -1, 1, 0},
    {"bf16_odd", CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF, PLAIN, false, true, 0, 17, 5, 33, 1, 3, -1, 1, 0},
    {"bf16_nn_f32", CUDA_R_16BF, CUDA_R_16BF, CUDA_R_32F, PLAIN, false, false, 0, 33, 19, 64, 3, 0, -1, 0.5f, 2},
    {"bf16_rows", CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF, PLAIN, false, true, 1, 24, 40, 48, 2, 8, -1, 1, 1},
    {"bf16_bias", CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF, PLAIN, true, false, 0, 32, 8, 64, 1, 0, -1, 1, 0, true},
    {"bf16_splitk", CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF, PLAIN, true, false, 0,     16,    8,
     1024,          1,           0,           -1,          1,     0,    false, false, false, 1 << 20},
    {"bf16_device", CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF, PLAIN, true, false, 0, 16, 8, 64, 1, 0, -1, 2, -1, false,
     true},
    {"f16_tt", CUDA_R_16F, CUDA_R_16F, CUDA_R_16F, PLAIN, true, true, 0, 24, 16, 40, 1, 0, -1, 1, 1, true},
    {"f32", CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, PLAIN, false, false, 0, 13, 21, 34, 1, 1, -1, 1, 1, true},
    {"tf32", CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, true, false, 0, 16, 16, 32, 1, 0, -1, 1,
     0},
    {"fp8_scalar", CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_16BF, PLAIN, true, false, 0, 48, 24, 96, 1, 16, 0, 1, 0},
    {"fp8_mixed", CUDA_R_8F_E4M3, CUDA_R_8F_E5M2, CUDA_R_32F, PLAIN, true, false, 0, 16, 24, 64, 2, 0, 0, 2, 1},
    {"fp8_bias", CUDA_R_8F_E5M2, CUDA_R_8F_E4M3, CUDA_R_16F, PLAIN, true, false, 0, 16, 3, 64, 1, 0, 0, 1, 0, true},
    {"fp8_out", CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, PLAIN, true, false, 0, 32, 16, 64, 1, 0, 0, 1, 0, false,
     false, true},
    {"fp8_outer", CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_16BF, PLAIN, true, false, 0, 48, 20, 96, 1, 0, 3, 1, 0},
    {"fp8_nn", CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_16BF, PLAIN, false, false, 0, 48, 32, 96, 1, 0, 0, 1, 0},
    {"mxfp8", CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_16BF, PLAIN, true, false, 0, 160, 40, 224, 1, 0, 2, 1, 0},
    {"nvfp4", CUDA_R_4F_E2M1, CUDA_R_4F_E2M1, CUDA_R_16BF, PLAIN, true, false, 0, 144, 136, 160, 1, 32, 1, 0.25f, 0},
    {"nvfp4_f32", CUDA_R_4F_E2M1, CUDA_R_4F_E2M1, CUDA_R_32F, PLAIN, true, false, 0, 16, 7, 96, 1, 0, 1, 1, 1},
};

struct matrix {
  cudaDataType type;
  int rows, cols, ld, batches, order;
  size_t stride, bytes; // elements between batches; of all
  uint8_t *host;
  void *device;
  cublasLtMatrixLayout_t layout;
};

static matrix make(cudaDataType type, int rows, int cols, int order, int pad, int batches)
{
  matrix x = {type, rows, cols, (order ? cols : rows) + pad, batches, order};
  x.stride = (size_t)x.ld * (order ? rows : cols);
  x.bytes = x.stride * batches * bits_of(type) / 8;
  x.host = (uint8_t *)malloc(x.bytes);
  memset(x.host, 0xff, x.bytes); // between lines: NaN
  for (int b = 0; b < batches; b++)
    for (int c = 0; c < cols; c++)
      for (int r = 0; r < rows; r++)
        put_random(x.host, type, b * x.stride + (order ? (size_t)r * x.ld + c : (size_t)c * x.ld + r));
  CUDA(cudaMalloc(&x.device, x.bytes));
  CUDA(cudaMemcpy(x.device, x.host, x.bytes, cudaMemcpyHostToDevice));
  LT(lt.MatrixLayoutCreate(&x.layout, type, rows, cols, x.ld));
  int64_t stride = x.stride;
  int32_t row_order = CUBLASLT_ORDER_ROW;
  LT(lt.MatrixLayoutSetAttribute(x.layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batches, 4));
  LT(lt.MatrixLayoutSetAttribute(x.layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, 8));
  if (order) LT(lt.MatrixLayoutSetAttribute(x.layout, CUBLASLT_MATRIX_LAYOUT_ORDER, &row_order, 4));
  return x;
}

static double at(const matrix &x, int batch, int row, int col)
{
  return get(x.host, x.type, batch * x.stride + (x.order ? (size_t)row * x.ld + col : (size_t)col * x.ld + row));
}

static void destroy(matrix &x)
{
  free(x.host);
  CUDA(cudaFree(x.device));
  LT(lt.MatrixLayoutDestroy(x.layout));
}

// Scales of A or B: `outer` lines of `blocks` (by block), `outer` numbers, or one. Patterns that differ for each.
struct scales {
  uint8_t *host;
  void *device;
  int mode, blocks, block;
};

static scales make_scales(int mode, int outer, int k)
{
  scales s = {NULL, NULL, mode, 0, mode == 1 ? 16 : 32};
  if (mode < 0) return s;
  s.blocks = (k + s.block - 1) / s.block;
  size_t bytes = mode == 0 ? 4 : mode == 3 ? 4 * outer : (outer + 127) / 128 * ((s.blocks + 3) / 4) * 512;
  s.host = (uint8_t *)calloc(1, bytes);
  for (int i = 0; i < (mode == 0 ? 1 : outer); i++) {
    float f = 0.25f + 0.125f * (i % 7);
    if (mode == 0 || mode == 3) memcpy(s.host + 4 * i, &f, 4);
    for (int b = 0; (mode == 1 || mode == 2) && b < s.blocks; b++) {
      // The documented tile: 128 outer x 4 blocks, 32 lines of 16 bytes.
      size_t tile = (size_t)(i / 128) * ((s.blocks + 3) / 4) + b / 4,
             in = (size_t)(i % 32) * 16 + i % 128 / 32 * 4 + b % 4;
      s.host[tile * 512 + in] = (uint8_t)(mode == 1 ? 0x28 + (i * 5 + b * 3) % 24 : 124 + (i + 2 * b) % 6);
    }
  }
  CUDA(cudaMalloc(&s.device, bytes));
  CUDA(cudaMemcpy(s.device, s.host, bytes, cudaMemcpyHostToDevice));
  return s;
}

static double scale_at(const scales &s, int i, int inner)
{
  float f;
  if (s.mode < 0) return 1;
  if (s.mode == 0 || s.mode == 3) {
    memcpy(&f, s.host + (s.mode == 3 ? 4 * i : 0), 4);
    return f;
  }
  int b = inner / s.block;
  uint8_t bits = s.host[((size_t)(i / 128) * ((s.blocks + 3) / 4) + b / 4) * 512 + (size_t)(i % 32) * 16 +
                        i % 128 / 32 * 4 + b % 4];
  return s.mode == 1 ? small_value(bits, 4, 3, 7) : ldexp(1, bits - 127);
}

static double tf32(double x)
{
  int exponent;
  double fraction = frexp(x, &exponent);
  return ldexp(nearbyint(ldexp(fraction, 11)), exponent - 11);
}

// Half of the distance between neighbours of a type, relative.
static double rounding(cudaDataType type)
{
  return type == CUDA_R_32F       ? 0x1p-24
         : type == CUDA_R_16BF    ? 0x1p-8
         : type == CUDA_R_16F ? 0x1p-11
         : type == CUDA_R_8F_E4M3 ? 0x1p-4
                                  : 0x1p-3;
}

static int failures(const matrix_case &t, matrix *x, const scales *s, const uint8_t *c_before, const uint8_t *bias,
                    cudaDataType bias_type, float d_scale)
{
  int wrong = 0;
  for (int batch = 0; batch < t.batches; batch++) {
    for (int i = 0; i < t.m; i++) {
      for (int j = 0; j < t.n; j++) {
        double sum = 0, size = 0;
        for (int p = 0; p < t.k; p++) {
          double a = t.trans_a ? at(x[0], batch, p, i) : at(x[0], batch, i, p),
                 b = t.trans_b ? at(x[1], batch, j, p) : at(x[1], batch, p, j);
          if (t.compute == CUBLAS_COMPUTE_32F_FAST_TF32) a = tf32(a), b = tf32(b);
          double product = t.alpha * a * b * scale_at(s[0], i, p) * scale_at(s[1], j, p);
          sum += product;
          size += fabs(product);
        }
        size_t index = batch * x[3].stride + (x[3].order ? (size_t)i * x[3].ld + j : (size_t)j * x[3].ld + i);
        if (t.beta != 0)
          sum += t.beta * get(c_before, x[3].type, index), size += fabs(t.beta * get(c_before, x[3].type, index));
        if (bias != NULL) sum += get(bias, bias_type, i), size += fabs(get(bias, bias_type, i));
        sum *= d_scale, size *= d_scale;
        // k + 8 roundings of f32 on the way, one to the type of D, and what lies below its smallest normal number.
        double bound = size * (t.k + 8) * 0x1p-24 + fabs(sum) * rounding(x[3].type) +
                       (bits_of(x[3].type) == 8 ? 0x1p-10 : 0x1p-25);
        double found = at(x[3], batch, i, j);
        if (bits_of(x[3].type) == 8 && fabs(sum) > 448) continue; // saturated
        if (!(fabs(found - sum) <= bound) && wrong++ == 0)
          printf("%s: [%d](%d,%d) is %g, not %g\n", t.name, batch, i, j, found, sum);
      }
    }
  }
  return wrong;
}

static const char *variant = ""; // what else to do with the case
static bool is(const char *name)
{
  return strcmp(variant, name) == 0;
}

static int run_case(const matrix_case &t)
{
  cublasLtHandle_t handle;
  cublasLtMatmulDesc_t desc;
  cublasLtMatmulPreference_t preference;
  cublasLtMatmulHeuristicResult_t results[8];
  cudaStream_t stream;
  int count = 0;
  LT(lt.Create(&handle));
  CUDA(cudaStreamCreate(&stream));
  LT(lt.MatmulDescCreate(&desc, t.compute, CUDA_R_32F));
  cublasOperation_t trans[2] = {t.trans_a ? CUBLAS_OP_T : CUBLAS_OP_N, t.trans_b ? CUBLAS_OP_T : CUBLAS_OP_N};
  LT(lt.MatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSA, &trans[0], sizeof trans[0]));
  LT(lt.MatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSB, &trans[1], sizeof trans[1]));
  cudaDataType c_type = bits_of(t.d) == 8 ? CUDA_R_16BF : t.d;
  matrix x[4] = {make(t.a, t.trans_a ? t.k : t.m, t.trans_a ? t.m : t.k, t.row_order, t.pad, t.batches),
                 make(t.b, t.trans_b ? t.n : t.k, t.trans_b ? t.k : t.n, t.row_order, t.pad, t.batches),
                 make(c_type, t.m, t.n, t.row_order, t.pad, t.batches),
                 make(t.d, t.m, t.n, t.row_order, t.pad, t.batches)};
  scales s[2] = {make_scales(t.scale_mode, t.m, t.k), make_scales(t.scale_mode, t.n, t.k)};
  for (int i = 0; i < 2 && t.scale_mode >= 0; i++) {
    int32_t mode = t.scale_mode;
    LT(lt.MatmulDescSetAttribute(desc, i ? CUBLASLT_MATMUL_DESC_B_SCALE_POINTER : CUBLASLT_MATMUL_DESC_A_SCALE_POINTER,
                                 &s[i].device, 8));
    LT(lt.MatmulDescSetAttribute(desc, i ? CUBLASLT_MATMUL_DESC_B_SCALE_MODE : CUBLASLT_MATMUL_DESC_A_SCALE_MODE, &mode,
                                 4));
  }
  cudaDataType bias_type = t.d == CUDA_R_32F && bits_of(t.a) == 8 ? CUDA_R_16BF : t.d;
  uint8_t *bias = NULL;
  void *d_bias = NULL, *d_scalars = NULL, *workspace = NULL;
  float scalars[3] = {t.alpha, t.beta, t.d_scale ? 0.125f : 1};
  CUDA(cudaMalloc(&d_scalars, sizeof scalars));
  CUDA(cudaMemcpy(d_scalars, scalars, sizeof scalars, cudaMemcpyHostToDevice));
  if (t.bias) {
    cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    bias = (uint8_t *)malloc(t.m * 4);
    for (int i = 0; i < t.m; i++) put_random(bias, bias_type, i);
    CUDA(cudaMalloc(&d_bias, t.m * bits_of(bias_type) / 8));
    CUDA(cudaMemcpy(d_bias, bias, t.m * bits_of(bias_type) / 8, cudaMemcpyHostToDevice));
    LT(lt.MatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue));
    LT(lt.MatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &d_bias, sizeof d_bias));
    LT(lt.MatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &bias_type, sizeof bias_type));
  }
  if (t.device_scalars) {
    int32_t mode = CUBLASLT_POINTER_MODE_DEVICE;
    LT(lt.MatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_POINTER_MODE, &mode, sizeof mode));
  }
  void *d_scale_pointer = (float *)d_scalars + 2;
  if (t.d_scale)
    LT(lt.MatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, &d_scale_pointer, sizeof d_scale_pointer));
  LT(lt.MatmulPreferenceCreate(&preference));
  LT(lt.MatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &t.workspace,
                                     sizeof t.workspace));
  uint32_t alignment = is("misaligned") ? 2 : 256;
  LT(lt.MatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &alignment,
                                     sizeof alignment));
  LT(lt.MatmulAlgoGetHeuristic(handle, desc, x[0].layout, x[1].layout, x[2].layout, x[3].layout, preference, 8, results,
                               &count));
  if (t.workspace > 0) CUDA(cudaMalloc(&workspace, t.workspace));
  if (is("freed")) CUDA(cudaFree(x[1].device));
  if (is("uninitialised")) {
    CUDA(cudaFree(x[0].device));
    CUDA(cudaMalloc(&x[0].device, x[0].bytes));
  }
  int wrong = 0;
  for (int i = 0; i < count; i++) {
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    const void *alpha = t.device_scalars ? d_scalars : &scalars[0],
               *beta = t.device_scalars ? (float *)d_scalars + 1 : &scalars[1];
    bool in_place = bits_of(t.d) > 8; // C is D
    void *c = in_place ? x[3].device : x[2].device, *a = is("misaligned") ? (char *)x[0].device + 2 : x[0].device;
    uint8_t *before = (uint8_t *)malloc(x[3].bytes);
    memcpy(before, x[3].host, x[3].bytes);
    if (is("graph")) CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    LT(lt.Matmul(handle, desc, alpha, a, x[0].layout, x[1].device, x[1].layout, beta, c, x[in_place ? 3 : 2].layout,
                 x[3].device, x[3].layout, &results[i].algo, workspace, is("workspace") ? 0 : t.workspace, stream));
    if (is("graph")) {
      CUDA(cudaStreamEndCapture(stream, &graph));
      CUDA(cudaGraphInstantiate(&exec, graph, 0));
      if (t.beta == 0) CUDA(cudaMemset(x[3].device, 0xff, x[3].bytes)); // what the capture wrote: nothing
      CUDA(cudaDeviceSynchronize());
      CUDA(cudaGraphLaunch(exec, stream));
      CUDA(cudaGraphExecDestroy(exec));
      CUDA(cudaGraphDestroy(graph));
    }
    CUDA(cudaStreamSynchronize(stream));
    CUDA(cudaMemcpy(x[3].host, x[3].device, x[3].bytes, cudaMemcpyDeviceToHost));
    wrong += failures(t, x, s, before, bias, bias_type, scalars[2]);
    memcpy(x[3].host, before, x[3].bytes);
    CUDA(cudaMemcpy(x[3].device, before, x[3].bytes, cudaMemcpyHostToDevice));
    free(before);
  }
  printf("%s: %d wrong, %d algorithms\n", t.name, wrong, count);
  for (matrix &y : x) destroy(y);
  for (scales &y : s) CUDA(cudaFree(y.device));
  CUDA(cudaFree(d_bias));
  CUDA(cudaFree(d_scalars));
  CUDA(cudaFree(workspace));
  LT(lt.MatmulPreferenceDestroy(preference));
  LT(lt.MatmulDescDestroy(desc));
  LT(lt.Destroy(handle));
  return wrong;
}

int main(int argc, char **argv)
{
  if (argc > 2) variant = argv[2];
  load();
  for (const matrix_case &t : cases) {
    if (argc > 1 && strcmp(argv[1], t.name) == 0) return run_case(t) != 0;
  }
  printf("version %zu\n", lt.GetVersion());
  return 0;
}
