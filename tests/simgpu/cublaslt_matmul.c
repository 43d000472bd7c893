/* cublaslt_matmul.c: choice of an algorithm, and the multiplication. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cublaslt_internal.h"
#include "float_half.h"

_Static_assert(sizeof(struct lt_algo) <= sizeof(cublasLtMatmulAlgo_t), "an algorithm fits in the library's");

#define ALGO_ALIGN      16u /* of pointers: what vector loads need */
#define WORKSPACE_ALIGN 256u
#define FLOP_PER_NS     100000u /* of the simulated clock: nominal */
#define CLOBBER         0xcb    /* what workspace holds afterwards */

/* --- algorithms: one without workspace, one that splits k in two, one that keeps a fixed workspace --- */

static const struct {
  uint32_t id, splits;
  uint64_t fixed_bytes;
} algos[] = {{66, 1, 32 << 20}, {67, 2, 0}, {68, 1, 0}};
#define ALGO_COUNT (sizeof algos / sizeof algos[0])

/* Whether algorithm `i` is one for this problem. */
static bool make_algo(const struct lt_problem *p, size_t i, const uint32_t *alignment, struct lt_algo *out)
{
  *out = (struct lt_algo){
      .mark = LT_ALGO_MARK, .id = algos[i].id, .splits = algos[i].splits, .workspace_bytes = algos[i].fixed_bytes};
  if (algos[i].splits > 1) {
    if (p->k < 512) return false;
    out->workspace_bytes = p->m * p->n * p->batches * algos[i].splits * sizeof(float);
  }
  for (int o = 0; o < LT_OPERANDS; o++) {
    uint32_t element = lt_bits(p->layout[o].type) / 8, promised = alignment[o];
    out->alignment[o] = promised < ALGO_ALIGN ? promised : ALGO_ALIGN;
    if (out->alignment[o] < element) return false;
    if (lt_is_narrow(p->layout[LT_A].type) && promised < ALGO_ALIGN) return false;
  }
  return true;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int requested,
                                              cublasLtMatmulHeuristicResult_t *results, int *returned)
{
  struct lt_problem p;
  struct lt_preference limits;
  char text[256];
  if (returned != NULL) *returned = 0;
  if (handle == NULL) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (requested <= 0 || results == NULL || returned == NULL || preference == NULL) return CUBLAS_STATUS_INVALID_VALUE;
  cublasStatus_t status = lt_problem_init(&p, desc, a, b, c, d, text, sizeof text);
  if (status != CUBLAS_STATUS_SUCCESS) return lt_refuse(status, __func__, text);
  memcpy(&limits, preference, sizeof limits);
  for (size_t i = 0; i < ALGO_COUNT && *returned < requested; i++) {
    struct lt_algo algo;
    if (!make_algo(&p, i, limits.alignment, &algo) || algo.workspace_bytes > limits.workspace_bytes) continue;
    cublasLtMatmulHeuristicResult_t *result = &results[(*returned)++];
    memset(result, 0, sizeof *result);
    memcpy(&result->algo, &algo, sizeof algo);
    result->workspaceSize = algo.workspace_bytes;
    result->state = CUBLAS_STATUS_SUCCESS;
    result->wavesCount = 1;
  }
  if (*returned > 0) return CUBLAS_STATUS_SUCCESS;
  snprintf(text, sizeof text, "no algorithm with %llu bytes of workspace and the alignments asked for",
           (unsigned long long)limits.workspace_bytes);
  return lt_refuse(CUBLAS_STATUS_NOT_SUPPORTED, __func__, text);
}

/* --- the work: what of it stands in rt_work's data --- */

enum run_span {
  SPAN_ALPHA = LT_OPERANDS,
  SPAN_BETA,
  SPAN_BIAS,
  SPAN_SCALE,
  SPAN_WORKSPACE = SPAN_SCALE + LT_OPERANDS,
  SPAN_COUNT
};

struct run {
  struct lt_problem problem;
  float alpha, beta;
  uint32_t splits;
  uint8_t span[SPAN_COUNT]; /* index, LT_NO_SPAN: none */
};
_Static_assert(sizeof(struct run) <= sizeof(((struct rt_work *)0)->data), "fits");

/* Element (row, col) of a matrix of one batch. */
static uint64_t index_of(const struct lt_layout *l, uint64_t row, uint64_t col)
{
  return l->order == CUBLASLT_ORDER_COL ? col * (uint64_t)l->ld + row : row * (uint64_t)l->ld + col;
}

static float read_element(const uint8_t *bytes, uint32_t type, uint64_t index)
{
  static const float e2m1[8] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
  float value;
  uint16_t half;
  switch (type) {
  case CUDA_R_32F: memcpy(&value, bytes + index * 4, 4); return value;
  case CUDA_R_16BF: memcpy(&half, bytes + index * 2, 2); return sim_f32_value((uint32_t)half << 16);
  case CUDA_R_16F: memcpy(&half, bytes + index * 2, 2); return sim_f16_value(half);
  case CUDA_R_8F_E4M3: return (float)sim_float_value(PTX_E4M3, bytes[index]);
  case CUDA_R_8F_E5M2: return (float)sim_float_value(PTX_E5M2, bytes[index]);
  default: break; /* CUDA_R_4F_E2M1: the even element in the low half of a byte */
  }
  uint32_t bits = bytes[index / 2] >> (index % 2 * 4) & 15;
  return (bits & 8) != 0 ? -e2m1[bits & 7] : e2m1[bits & 7];
}

static void write_element(uint8_t *bytes, uint32_t type, uint64_t index, float value)
{
  uint16_t half;
  float limit = type == CUDA_R_8F_E4M3 ? 448 : 57344;
  switch (type) {
  case CUDA_R_32F: memcpy(bytes + index * 4, &value, 4); return;
  case CUDA_R_16BF:
  case CUDA_R_16F:
    half = (uint16_t)(type == CUDA_R_16BF ? sim_bf16_round(value) : sim_f16_round(value));
    memcpy(bytes + index * 2, &half, 2);
    return;
  default: break;
  }
  value = value > limit ? limit : value < -limit ? -limit : value; /* fp8 saturates; NaN stays */
  bytes[index] = (uint8_t)sim_float_round(type == CUDA_R_8F_E4M3 ? PTX_E4M3 : PTX_E5M2, value);
}

static float scale_value(int32_t mode, uint8_t bits)
{
  if (mode == CUBLASLT_MATMUL_MATRIX_SCALE_VEC16_UE4M3) return (float)sim_float_value(PTX_E4M3, bits & 0x7f);
  return bits == 0xff ? NAN : ldexpf(1, bits - 127);
}

/* TF32 keeps 10 bits of fraction. */
static float round_tf32(float value)
{
  return (float)sim_float_value(PTX_TF32, sim_float_round(PTX_TF32, value));
}

/* op(A) by rows or op(B) by columns, k values each, with the scales of its blocks multiplied in: exactly, as significands of 4 and 4 bits are. */
static float *unpack(const struct run *run, enum lt_operand operand, const uint8_t *bytes, const uint8_t *scales)
{
  const struct lt_problem *p = &run->problem;
  const struct lt_layout *l = &p->layout[operand];
  uint64_t outer = operand == LT_A ? p->m : p->n;
  uint32_t block = lt_scale_block(p->desc.scale_mode[operand]);
  bool inner_is_row = (operand == LT_A) == (p->desc.trans[operand] != CUBLAS_OP_N);
  bool tf32 = p->desc.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  float *out = malloc(outer * p->k * sizeof *out);
  if (out == NULL) return NULL;
  for (uint64_t i = 0; i < outer; i++) {
    for (uint64_t j = 0; j < p->k; j++) {
      float value = read_element(bytes, l->type, inner_is_row ? index_of(l, j, i) : index_of(l, i, j));
      if (block > 0) {
        uint64_t blocks = (p->k + block - 1) / block;
        value *= scale_value(p->desc.scale_mode[operand], scales[lt_scale_offset(i, j / block, blocks)]);
      }
      out[i * p->k + j] = tf32 ? round_tf32(value) : value;
    }
  }
  return out;
}

static float dot(const float *a, const float *b, uint64_t count)
{
  float part[8] = {0};
  uint64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int lane = 0; lane < 8; lane++) part[lane] += a[i + (uint64_t)lane] * b[i + (uint64_t)lane];
  }
  for (; i < count; i++) part[i % 8] += a[i] * b[i];
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

static const uint8_t *span_bytes(const struct run *run, int span, uint8_t *const *bytes)
{
  return run->span[span] == LT_NO_SPAN ? NULL : bytes[run->span[span]];
}

/* A scale that is one number, or that of an outer index; 1 without one, or where blocks have had theirs. */
static float outer_scale(const struct run *run, enum lt_operand operand, const uint8_t *scales, uint64_t index)
{
  float value;
  int32_t mode = run->problem.desc.scale_mode[operand];
  if (scales == NULL || lt_scale_block(mode) > 0) return 1;
  memcpy(&value, scales + (mode == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F ? index * 4 : 0), 4);
  return value;
}

static void store(const struct run *run, uint64_t batch, uint64_t row, uint64_t col, float sum, uint8_t *const *bytes)
{
  const struct lt_problem *p = &run->problem;
  const struct lt_layout *c = &p->layout[LT_C], *d = &p->layout[LT_D];
  const uint8_t *bias = span_bytes(run, SPAN_BIAS, bytes), *c_bytes = span_bytes(run, LT_C, bytes);
  float value = run->alpha * outer_scale(run, LT_A, span_bytes(run, SPAN_SCALE + LT_A, bytes), row) *
                outer_scale(run, LT_B, span_bytes(run, SPAN_SCALE + LT_B, bytes), col) * sum;
  if (c_bytes != NULL) {
    value += run->beta * outer_scale(run, LT_C, span_bytes(run, SPAN_SCALE + LT_C, bytes), 0) *
             read_element(c_bytes, c->type, batch * (uint64_t)c->batch_stride + index_of(c, row, col));
  }
  if (bias != NULL) value += read_element(bias, lt_bias_type(p), batch * (uint64_t)p->desc.bias_stride + row);
  value *= outer_scale(run, LT_D, span_bytes(run, SPAN_SCALE + LT_D, bytes), 0);
  write_element(bytes[run->span[LT_D]], d->type, batch * (uint64_t)d->batch_stride + index_of(d, row, col), value);
}

static void run_work(const struct rt_work *work, uint8_t *const *bytes)
{
  struct run run;
  memcpy(&run, work->data, sizeof run);
  const struct lt_problem *p = &run.problem;
  if (run.span[SPAN_ALPHA] != LT_NO_SPAN) memcpy(&run.alpha, bytes[run.span[SPAN_ALPHA]], sizeof run.alpha);
  if (run.span[SPAN_BETA] != LT_NO_SPAN) memcpy(&run.beta, bytes[run.span[SPAN_BETA]], sizeof run.beta);
  for (uint64_t batch = 0; batch < p->batches; batch++) {
    float *unpacked[2];
    for (int i = LT_A; i <= LT_B; i++) {
      uint64_t offset = batch * (uint64_t)p->layout[i].batch_stride * lt_bits(p->layout[i].type) / 8;
      unpacked[i] =
          unpack(&run, (enum lt_operand)i, bytes[run.span[i]] + offset, span_bytes(&run, SPAN_SCALE + i, bytes));
    }
    if (unpacked[LT_A] == NULL || unpacked[LT_B] == NULL) {
      fprintf(stderr, "simgpu: out of host memory for a multiplication\n");
      abort();
    }
    uint64_t part = (p->k + run.splits - 1) / run.splits;
    for (uint64_t i = 0; i < p->m * p->n; i++) {
      uint64_t row = i % p->m, col = i / p->m;
      const float *a = unpacked[LT_A] + row * p->k, *b = unpacked[LT_B] + col * p->k;
      float sum = 0;
      for (uint64_t from = 0; from < p->k; from += part)
        sum += dot(a + from, b + from, p->k - from < part ? p->k - from : part);
      store(&run, batch, row, col, sum, bytes);
    }
    free(unpacked[LT_A]);
    free(unpacked[LT_B]);
  }
  if (run.span[SPAN_WORKSPACE] != LT_NO_SPAN)
    memset(bytes[run.span[SPAN_WORKSPACE]], CLOBBER, work->spans[run.span[SPAN_WORKSPACE]].row_bytes);
}

/* --- the call --- */

static void add_span(struct rt_work *work, struct run *run, int which, const struct sim_span *span)
{
  run->span[which] = (uint8_t)work->span_count;
  work->spans[work->span_count++] = *span;
}

static void add_vector(struct rt_work *work, struct run *run, int which, const char *what, uint64_t address,
                       uint64_t size)
{
  struct sim_span span = {.what = what, .address = address, .rows = 1, .row_bytes = size, .batches = 1};
  if (address != 0 && size > 0) add_span(work, run, which, &span);
}

static void add_matrix(struct rt_work *work, struct run *run, enum lt_operand operand, const void *address)
{
  static const char *const names[LT_OPERANDS] = {"matrix A", "matrix B", "matrix C", "matrix D"};
  const struct lt_layout *l = &run->problem.layout[operand];
  uint64_t bits = lt_bits(l->type);
  bool by_column = l->order == CUBLASLT_ORDER_COL;
  struct sim_span span = {.what = names[operand],
                          .address = (uint64_t)(uintptr_t)address,
                          .rows = by_column ? l->cols : l->rows,
                          .row_bytes = (by_column ? l->rows : l->cols) * bits / 8,
                          .pitch_bytes = (uint64_t)l->ld * bits / 8,
                          .batches = (uint64_t)l->batches,
                          .batch_pitch_bytes = (uint64_t)l->batch_stride * bits / 8,
                          .write = operand == LT_D};
  add_span(work, run, (int)operand, &span);
}

struct call {
  const void *alpha, *beta, *matrix[LT_OPERANDS];
  void *workspace;
  size_t workspace_bytes;
};

static cublasStatus_t check_pointers(const struct call *call, const struct lt_algo *algo, bool needs_c, char *text,
                                     size_t size)
{
  for (int i = 0; i < LT_OPERANDS; i++) {
    if (i == LT_C && !needs_c) continue;
    if (call->matrix[i] == NULL) {
      snprintf(text, size, "no matrix %c", "ABCD"[i]);
      return CUBLAS_STATUS_INVALID_VALUE;
    }
    if ((uintptr_t)call->matrix[i] % algo->alignment[i] != 0) {
      snprintf(text, size, "%c at %p: the algorithm needs a multiple of %u", "ABCD"[i], call -> matrix[i],
               algo -> alignment[i]);
      return CUBLAS_STATUS_NOT_SUPPORTED;
    }
  }
  if (algo->workspace_bytes > call->workspace_bytes || (algo->workspace_bytes > 0 && call->workspace == NULL)) {
    snprintf(text, size, "%zu bytes of workspace at %p: the algorithm needs %llu", call->workspace_bytes,
             call->workspace, (unsigned long long)algo->workspace_bytes);
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if ((uintptr_t)call->workspace % WORKSPACE_ALIGN != 0) {
    snprintf(text, size, "workspace at %p: must be a multiple of %u", call->workspace, WORKSPACE_ALIGN);
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  return CUBLAS_STATUS_SUCCESS;
}

/* alpha, beta, bias, scales and workspace. */
static void add_vectors(struct rt_work *work, struct run *run, const struct call *call, const struct lt_algo *algo)
{
  static const char *const scale_names[LT_OPERANDS] = {"scales of A", "scales of B", "scale of C", "scale of D"};
  const struct lt_problem *p = &run->problem;
  if (p->desc.pointer_mode == CUBLASLT_POINTER_MODE_DEVICE) {
    add_vector(work, run, SPAN_ALPHA, "alpha", (uint64_t)(uintptr_t)call->alpha, sizeof(float));
    add_vector(work, run, SPAN_BETA, "beta", (uint64_t)(uintptr_t)call->beta, sizeof(float));
  }
  if (p->desc.epilogue == CUBLASLT_EPILOGUE_BIAS) {
    uint64_t length = p->m + (p->batches - 1) * (uint64_t)p->desc.bias_stride;
    add_vector(work, run, SPAN_BIAS, "the bias", p->desc.bias, length * lt_bits(lt_bias_type(p)) / 8);
  }
  for (int i = 0; i < LT_OPERANDS; i++) {
    add_vector(work, run, SPAN_SCALE + i, scale_names[i], p->desc.scale[i], lt_scale_bytes(p, (enum lt_operand)i));
  }
  if (algo->workspace_bytes > 0) {
    struct sim_span span = {.what = "the workspace",
                            .address = (uint64_t)(uintptr_t)call->workspace,
                            .rows = 1,
                            .row_bytes = algo->workspace_bytes,
                            .batches = 1,
                            .write = true};
    add_span(work, run, SPAN_WORKSPACE, &span);
  }
}

static cublasStatus_t submit(const struct lt_problem *problem, const struct call *call, const struct lt_algo *algo,
                             cudaStream_t stream, char *text, size_t size)
{
  struct run run = {.problem = *problem, .splits = algo->splits};
  struct rt_work work = {.name = "cublasLtMatmul", .run = run_work};
  memset(run.span, LT_NO_SPAN, sizeof run.span);
  bool on_host = problem->desc.pointer_mode == CUBLASLT_POINTER_MODE_HOST;
  if (call->alpha == NULL || call->beta == NULL) {
    snprintf(text, size, "no alpha or beta");
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (on_host) {
    memcpy(&run.alpha, call->alpha, sizeof run.alpha);
    memcpy(&run.beta, call->beta, sizeof run.beta);
  }
  bool needs_c = !on_host || run.beta != 0;
  cublasStatus_t status = check_pointers(call, algo, needs_c, text, size);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  if (problem->desc.epilogue == CUBLASLT_EPILOGUE_BIAS && problem->desc.bias == 0) {
    snprintf(text, size, "a bias without a pointer");
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  for (int i = 0; i < LT_OPERANDS; i++) {
    if (i != LT_C || needs_c) add_matrix(&work, &run, (enum lt_operand)i, call->matrix[i]);
  }
  add_vectors(&work, &run, call, algo);
  work.nominal_ns = 2 * problem->m * problem->n * problem->k * problem->batches / FLOP_PER_NS;
  memcpy(work.data, &run, sizeof run);
  cudaError_t error = __cudaSimgpuWork(stream, &work);
  snprintf(text, size, "CUDA error %d", (int)error);
  return error == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t a_layout, const void *b, cublasLtMatrixLayout_t b_layout,
                              const void *beta, const void *c, cublasLtMatrixLayout_t c_layout, void *d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t *algo, void *workspace,
                              size_t workspace_bytes, cudaStream_t stream)
{
  struct lt_problem p;
  struct lt_algo chosen = {.mark = 0};
  struct call call = {alpha, beta, {a, b, c, d}, workspace, workspace_bytes};
  char text[256];
  if (handle == NULL) return CUBLAS_STATUS_NOT_INITIALIZED;
  cublasStatus_t status = lt_problem_init(&p, desc, a_layout, b_layout, c_layout, d_layout, text, sizeof text);
  if (status != CUBLAS_STATUS_SUCCESS) return lt_refuse(status, __func__, text);
  if (algo != NULL) {
    memcpy(&chosen, algo, sizeof chosen);
  } else {
    /* As the heuristic would with the alignments that the pointers have. */
    uint32_t alignment[LT_OPERANDS];
    for (int i = 0; i < LT_OPERANDS; i++) {
      uintptr_t at = (uintptr_t)call.matrix[i];
      alignment[i] = at != 0 ? 1u << __builtin_ctzll(at | 256) : 256;
    }
    make_algo(&p, ALGO_COUNT - 1, alignment, &chosen);
  }
  if (chosen.mark != LT_ALGO_MARK || chosen.splits == 0)
    return lt_refuse(CUBLAS_STATUS_INVALID_VALUE, __func__, "an algorithm that no heuristic gave");
  status = submit(&p, &call, &chosen, stream, text, sizeof text);
  return status == CUBLAS_STATUS_SUCCESS ? status : lt_refuse(status, __func__, text);
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                                       cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                       const cublasLtMatmulAlgo_t *algo, cublasLtMatmulHeuristicResult_t *result)
{
  struct lt_problem p;
  struct lt_algo chosen;
  char text[256];
  if (handle == NULL) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (algo == NULL || result == NULL) return CUBLAS_STATUS_INVALID_VALUE;
  cublasStatus_t status = lt_problem_init(&p, desc, a, b, c, d, text, sizeof text);
  if (status != CUBLAS_STATUS_SUCCESS) return lt_refuse(status, __func__, text);
  memcpy(&chosen, algo, sizeof chosen);
  if (chosen.mark != LT_ALGO_MARK) return CUBLAS_STATUS_INVALID_VALUE;
  result->workspaceSize =
      chosen.splits > 1 ? p.m * p.n * p.batches * chosen.splits * sizeof(float) : chosen.workspace_bytes;
  result->state = CUBLAS_STATUS_SUCCESS;
  result->wavesCount = 1;
  return CUBLAS_STATUS_SUCCESS;
}
