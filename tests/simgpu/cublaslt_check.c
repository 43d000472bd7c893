/* cublaslt_check.c: which multiplications cuBLASLt takes: shapes, types, scales, alignment, architecture. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cuda_runtime_api.h>

#include "cublaslt_internal.h"

static const char names[LT_OPERANDS] = {'A', 'B', 'C', 'D'};

uint32_t lt_bits(uint32_t type)
{
  switch (type) {
  case CUDA_R_32F: return 32;
  case CUDA_R_16F:
  case CUDA_R_16BF: return 16;
  case CUDA_R_8F_E4M3:
  case CUDA_R_8F_E5M2: return 8;
  case CUDA_R_4F_E2M1: return 4;
  default: return 0;
  }
}

bool lt_is_narrow(uint32_t type)
{
  return lt_bits(type) < 16;
}

uint32_t lt_scale_block(int32_t mode)
{
  return mode == CUBLASLT_MATMUL_MATRIX_SCALE_VEC16_UE4M3   ? 16
         : mode == CUBLASLT_MATMUL_MATRIX_SCALE_VEC32_UE8M0 ? 32
                                                            : 0;
}

uint32_t lt_bias_type(const struct lt_problem *p)
{
  uint32_t d = p->layout[LT_D].type;
  if (p->desc.bias_type != -1) return (uint32_t)p->desc.bias_type;
  if (!lt_is_narrow(p->layout[LT_A].type)) return d;
  /* NVIDIA's table of fp8 types: a bias of bf16 but where D is, or C is beside an fp8 D, f16. */
  return d == CUDA_R_16F || (lt_is_narrow(d) && p->layout[LT_C].type == CUDA_R_16F) ? CUDA_R_16F : CUDA_R_16BF;
}

uint64_t lt_scale_bytes(const struct lt_problem *p, enum lt_operand operand)
{
  if (p->desc.scale[operand] == 0) return 0;
  int32_t mode = p->desc.scale_mode[operand];
  uint64_t outer = operand == LT_A ? p->m : p->n;
  if (mode == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F) return outer * sizeof(float);
  if (lt_scale_block(mode) == 0) return sizeof(float);
  uint64_t blocks = (p->k + lt_scale_block(mode) - 1) / lt_scale_block(mode);
  return (outer + 127) / 128 * ((blocks + 3) / 4) * 512;
}

struct reason {
  char *text;
  size_t size;
};

static cublasStatus_t no(const struct reason *reason, cublasStatus_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static cublasStatus_t no(const struct reason *reason, cublasStatus_t status, const char *format, ...)
{
  va_list arguments;
  if (reason->text == NULL) return status;
  va_start(arguments, format);
  vsnprintf(reason->text, reason->size, format, arguments);
  va_end(arguments);
  return status;
}

static bool is_transposed(const struct lt_problem *p, enum lt_operand operand)
{
  return operand <= LT_B && p->desc.trans[operand] != CUBLAS_OP_N;
}

static cublasStatus_t check_shapes(struct lt_problem *p, const struct reason *reason)
{
  const struct lt_layout *l = p->layout;
  p->m = l[LT_D].rows;
  p->n = l[LT_D].cols;
  p->k = is_transposed(p, LT_A) ? l[LT_A].rows : l[LT_A].cols;
  p->batches = l[LT_D].batches > 0 ? (uint64_t)l[LT_D].batches : 0;
  const uint64_t shapes[LT_OPERANDS][2] = {{p->m, p->k}, {p->k, p->n}, {p->m, p->n}, {p->m, p->n}};
  if (p->m == 0 || p->n == 0 || p->k == 0 || p->batches == 0) {
    return no(reason, CUBLAS_STATUS_INVALID_VALUE, "m %llu, n %llu, k %llu, %d batches: must be 1 or more",
              (unsigned long long)p->m, (unsigned long long)p->n, (unsigned long long)p->k, l[LT_D].batches);
  }
  for (int i = 0; i < LT_OPERANDS; i++) {
    int turn = is_transposed(p, (enum lt_operand)i) ? 1 : 0;
    if (l[i].rows != shapes[i][turn] || l[i].cols != shapes[i][1 - turn]) {
      return no(reason, CUBLAS_STATUS_INVALID_VALUE, "%c is %llu x %llu: must be %llu x %llu", names[i],
                (unsigned long long)l[i].rows, (unsigned long long)l[i].cols, (unsigned long long)shapes[i][turn],
                (unsigned long long)shapes[i][1 - turn]);
    }
    if (l[i].order != CUBLASLT_ORDER_COL && l[i].order != CUBLASLT_ORDER_ROW) {
      return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "%c has order %d: columns and rows are simulated", names[i],
                l[i].order);
    }
    uint64_t line = l[i].order == CUBLASLT_ORDER_COL ? l[i].rows : l[i].cols;
    if (l[i].ld < 0 || (uint64_t)l[i].ld < line) {
      return no(reason, CUBLAS_STATUS_INVALID_VALUE, "%c has a leading dimension of %lld: must be %llu or more",
                names[i], (long long)l[i].ld, (unsigned long long)line);
    }
    if (l[i].batches != l[LT_D].batches || l[i].batch_mode != CUBLASLT_BATCH_MODE_STRIDED) {
      return no(reason, CUBLAS_STATUS_INVALID_VALUE, "%c has %d batches, D %d: must be equal, and strided", names[i],
                l[i].batches, l[LT_D].batches);
    }
  }
  return l[LT_C].order == l[LT_D].order ? CUBLAS_STATUS_SUCCESS
                                        : no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "C and D have different orders");
}

static cublasStatus_t check_simulated(const struct lt_problem *p, const struct reason *reason)
{
  const struct lt_desc *d = &p->desc;
  if (d->scale_type != CUDA_R_32F)
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "scale type %d: CUDA_R_32F is simulated", d->scale_type);
  if (d->trans[2] != CUBLAS_OP_N || d->fill_mode != CUBLAS_FILL_MODE_FULL) {
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "a transposed C or a fill mode is not simulated");
  }
  if (d->trans[0] < CUBLAS_OP_N || d->trans[0] > CUBLAS_OP_C || d->trans[1] < CUBLAS_OP_N ||
      d->trans[1] > CUBLAS_OP_C) {
    return no(reason, CUBLAS_STATUS_INVALID_VALUE, "transpositions %d and %d: must be of cublasOperation_t",
              d->trans[0], d->trans[1]);
  }
  if (d->epilogue != CUBLASLT_EPILOGUE_DEFAULT && d->epilogue != CUBLASLT_EPILOGUE_BIAS) {
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "epilogue %u: none and bias are simulated", d->epilogue);
  }
  if (d->pointer_mode != CUBLASLT_POINTER_MODE_HOST && d->pointer_mode != CUBLASLT_POINTER_MODE_DEVICE) {
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "pointer mode %d: host and device are simulated", d->pointer_mode);
  }
  if (d->aux != 0 || d->amax_d != 0 || d->out_scale != 0 || d->alpha_stride != 0) {
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "auxiliary outputs, maxima and output scales are not simulated");
  }
  return CUBLAS_STATUS_SUCCESS;
}

/* bf16, f16, f32. */
static cublasStatus_t check_wide(const struct lt_problem *p, const struct reason *reason)
{
  const struct lt_layout *l = p->layout;
  bool single = l[LT_A].type == CUDA_R_32F;
  int32_t compute = p->desc.compute;
  bool good_compute = compute == CUBLAS_COMPUTE_32F || compute == CUBLAS_COMPUTE_32F_PEDANTIC ||
                      (single && compute == CUBLAS_COMPUTE_32F_FAST_TF32);
  if (!good_compute)
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "compute type %d with A of type %u", compute, l[LT_A].type);
  if (l[LT_B].type != l[LT_A].type || l[LT_C].type != l[LT_D].type ||
      (l[LT_D].type != l[LT_A].type && l[LT_D].type != CUDA_R_32F)) {
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED,
              "types A %u, B %u, C %u, D %u: A and B alike, C and D alike, D as A or f32", l[LT_A].type, l[LT_B].type,
              l[LT_C].type, l[LT_D].type);
  }
  for (int i = 0; i < LT_OPERANDS; i++) {
    if (p->desc.scale[i] != 0 || p->desc.scale_mode[i] != CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F) {
      return no(reason, CUBLAS_STATUS_INVALID_VALUE, "a scale of %c, of type %u: fp8 and fp4 have scales", names[i],
                l[i].type);
    }
  }
  return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t check_narrow_types(const struct lt_problem *p, const struct reason *reason)
{
  const struct lt_layout *l = p->layout;
  uint32_t a = l[LT_A].type, b = l[LT_B].type, c = l[LT_C].type, d = l[LT_D].type;
  bool four = a == CUDA_R_4F_E2M1;
  if (p->desc.compute != CUBLAS_COMPUTE_32F) {
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "compute type %d: fp8 and fp4 take CUBLAS_COMPUTE_32F",
              p->desc.compute);
  }
  if (lt_bits(a) != lt_bits(b) || (a == CUDA_R_8F_E5M2 && b == CUDA_R_8F_E5M2)) {
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "types A %u and B %u: e2m1 with e2m1, or fp8 with at most one e5m2",
              a, b);
  }
  bool wide = d == c && (d == CUDA_R_16BF || d == CUDA_R_16F || d == CUDA_R_32F);
  bool same = lt_bits(d) == 8 && !four && (c == CUDA_R_16BF || c == CUDA_R_16F) && (d == CUDA_R_8F_E4M3 || a != b);
  if (!wide && !same) return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "types C %u and D %u with A of type %u", c, d, a);
  if (p->capability < (four ? 100u : 89u)) {
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "type %u on compute capability %u.%u: from %s on", a,
              p->capability / 10, p->capability % 10, four ? "10.0" : "8.9");
  }
  return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t check_scales(const struct lt_problem *p, const struct reason *reason)
{
  const int32_t *mode = p->desc.scale_mode;
  uint32_t block = lt_scale_block(mode[LT_A]);
  bool outer = mode[LT_A] == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
  if (mode[LT_A] != mode[LT_B] || (block == 0 && !outer && mode[LT_A] != CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F)) {
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED,
              "scale modes %d and %d: a scalar, outer vectors or blocks of 16 or 32, the same for A and B", mode[LT_A],
              mode[LT_B]);
  }
  bool four = p->layout[LT_A].type == CUDA_R_4F_E2M1;
  if (four != (block == 16))
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "scale mode %d with type %u", mode[LT_A], p->layout[LT_A].type);
  if (block == 32 && p->capability < 100)
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "VEC32_UE8M0 before compute capability 10.0");
  if (outer && p->capability / 10 != 9)
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "OUTER_VEC_32F but on compute capability 9.0");
  for (int i = LT_A; i <= LT_B; i++) {
    if ((block > 0 || outer) && p->desc.scale[i] == 0) {
      return no(reason, CUBLAS_STATUS_INVALID_VALUE, "scale mode %d of %c without a pointer", mode[i], names[i]);
    }
    uint64_t align = block > 0 ? 16 : 4;
    if (p->desc.scale[i] % align != 0) {
      return no(reason, CUBLAS_STATUS_INVALID_VALUE, "scales of %c at %#llx: must be a multiple of %llu", names[i],
                (unsigned long long)p->desc.scale[i], (unsigned long long)align);
    }
  }
  for (int i = LT_C; i <= LT_D; i++) {
    if (p->desc.scale[i] != 0 && !lt_is_narrow(p->layout[i].type)) {
      return no(reason, CUBLAS_STATUS_INVALID_VALUE, "a scale of %c, of type %u: fp8 has scales", names[i],
                p->layout[i].type);
    }
    if (mode[i] != CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F) {
      return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "scale mode %d of %c: a scalar is simulated", mode[i], names[i]);
    }
  }
  return CUBLAS_STATUS_SUCCESS;
}

/* The requirements of "Tensor Core Usage", which narrow types must meet. */
static cublasStatus_t check_narrow_layouts(const struct lt_problem *p, const struct reason *reason)
{
  const struct lt_layout *l = p->layout;
  bool needs_tn = p->capability < 100 || p->capability >= 120 || lt_scale_block(p->desc.scale_mode[LT_A]) > 0;
  if (needs_tn && (!is_transposed(p, LT_A) || is_transposed(p, LT_B))) {
    return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "A must be transposed and B not (TN) for fp8 here, and for fp4");
  }
  for (int i = 0; i < LT_OPERANDS; i++) {
    uint64_t bits = lt_bits(l[i].type);
    if (l[i].order != CUBLASLT_ORDER_COL)
      return no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "%c has row order: fp8 and fp4 take columns", names[i]);
    if (l[i].rows * bits % 128 != 0 || (uint64_t)l[i].ld * bits % 128 != 0) {
      return no(reason, CUBLAS_STATUS_NOT_SUPPORTED,
                "%c has %llu rows at a leading dimension of %lld: both must be multiples of 16 bytes", names[i],
                (unsigned long long)l[i].rows, (long long)l[i].ld);
    }
  }
  return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t check_narrow(const struct lt_problem *p, const struct reason *reason)
{
  cublasStatus_t status = check_narrow_types(p, reason);
  if (status == CUBLAS_STATUS_SUCCESS) status = check_scales(p, reason);
  return status == CUBLAS_STATUS_SUCCESS ? check_narrow_layouts(p, reason) : status;
}

static cublasStatus_t check_bias(const struct lt_problem *p, const struct reason *reason)
{
  uint32_t type = lt_bias_type(p), d = p->layout[LT_D].type;
  if (p->desc.epilogue != CUBLASLT_EPILOGUE_BIAS) return CUBLAS_STATUS_SUCCESS;
  bool narrow = lt_is_narrow(p->layout[LT_A].type);
  bool good = narrow ? type == CUDA_R_16BF || type == CUDA_R_16F : type == d;
  if (narrow && !lt_is_narrow(d) && d != CUDA_R_32F) good = type == d;
  return good ? CUBLAS_STATUS_SUCCESS
              : no(reason, CUBLAS_STATUS_NOT_SUPPORTED, "a bias of type %u with D of type %u", type, d);
}

cublasStatus_t lt_problem_init(struct lt_problem *out, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                               cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, char *text,
                               size_t size)
{
  struct reason reason = {text, size};
  const void *layouts[LT_OPERANDS] = {a, b, c, d};
  int device = 0, major = 0, minor = 0;
  *out = (struct lt_problem){.m = 0};
  if (desc == NULL) return no(&reason, CUBLAS_STATUS_INVALID_VALUE, "no descriptor");
  memcpy(&out->desc, desc, sizeof out->desc);
  for (int i = 0; i < LT_OPERANDS; i++) {
    if (layouts[i] == NULL) return no(&reason, CUBLAS_STATUS_INVALID_VALUE, "no layout of %c", names[i]);
    memcpy(&out->layout[i], layouts[i], sizeof out->layout[i]);
    if (lt_bits(out->layout[i].type) == 0) {
      return no(&reason, CUBLAS_STATUS_NOT_SUPPORTED, "%c has type %u, which is not simulated", names[i],
                out->layout[i].type);
    }
  }
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) != cudaSuccess ||
      cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device) != cudaSuccess) {
    return no(&reason, CUBLAS_STATUS_NOT_INITIALIZED, "no device");
  }
  out->capability = (uint32_t)(major * 10 + minor);
  cublasStatus_t status = check_shapes(out, &reason);
  if (status == CUBLAS_STATUS_SUCCESS) status = check_simulated(out, &reason);
  if (status == CUBLAS_STATUS_SUCCESS) {
    status = lt_is_narrow(out->layout[LT_A].type) ? check_narrow(out, &reason) : check_wide(out, &reason);
  }
  return status == CUBLAS_STATUS_SUCCESS ? check_bias(out, &reason) : status;
}
