/* cublaslt_object.c: descriptors of cuBLASLt: create, destroy, attributes. */
#include <stdlib.h>
#include <string.h>

#include "cublaslt_internal.h"

_Static_assert(sizeof(struct lt_layout) <= sizeof(cublasLtMatrixLayoutOpaque_t), "a layout fits in the library's");
_Static_assert(sizeof(struct lt_desc) <= sizeof(cublasLtMatmulDescOpaque_t), "a descriptor fits in the library's");
_Static_assert(sizeof(struct lt_preference) <= sizeof(cublasLtMatmulPreferenceOpaque_t),
               "preferences fit in the library's");

/* A row an attribute: where it is kept. */
struct row {
  int attribute;
  uint16_t offset, size;
};
#define ROW(attribute, type, member)                                                                                   \
  {                                                                                                                    \
    (int)(attribute), (uint16_t)offsetof(type, member), (uint16_t)sizeof(((type *)0)->member)                          \
  }

static const struct row layout_rows[] = {
    ROW(CUBLASLT_MATRIX_LAYOUT_TYPE, struct lt_layout, type),
    ROW(CUBLASLT_MATRIX_LAYOUT_ORDER, struct lt_layout, order),
    ROW(CUBLASLT_MATRIX_LAYOUT_ROWS, struct lt_layout, rows),
    ROW(CUBLASLT_MATRIX_LAYOUT_COLS, struct lt_layout, cols),
    ROW(CUBLASLT_MATRIX_LAYOUT_LD, struct lt_layout, ld),
    ROW(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, struct lt_layout, batches),
    ROW(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, struct lt_layout, batch_stride),
    ROW(CUBLASLT_MATRIX_LAYOUT_BATCH_MODE, struct lt_layout, batch_mode),
};

static const struct row desc_rows[] = {
    ROW(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE, struct lt_desc, compute),
    ROW(CUBLASLT_MATMUL_DESC_SCALE_TYPE, struct lt_desc, scale_type),
    ROW(CUBLASLT_MATMUL_DESC_POINTER_MODE, struct lt_desc, pointer_mode),
    ROW(CUBLASLT_MATMUL_DESC_TRANSA, struct lt_desc, trans[0]),
    ROW(CUBLASLT_MATMUL_DESC_TRANSB, struct lt_desc, trans[1]),
    ROW(CUBLASLT_MATMUL_DESC_TRANSC, struct lt_desc, trans[2]),
    ROW(CUBLASLT_MATMUL_DESC_FILL_MODE, struct lt_desc, fill_mode),
    ROW(CUBLASLT_MATMUL_DESC_EPILOGUE, struct lt_desc, epilogue),
    ROW(CUBLASLT_MATMUL_DESC_BIAS_POINTER, struct lt_desc, bias),
    ROW(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, struct lt_desc, bias_stride),
    ROW(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, struct lt_desc, aux),
    ROW(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, struct lt_desc, aux_ld),
    ROW(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE, struct lt_desc, aux_stride),
    ROW(CUBLASLT_MATMUL_DESC_ALPHA_VECTOR_BATCH_STRIDE, struct lt_desc, alpha_stride),
    ROW(CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET, struct lt_desc, sm_count),
    ROW(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, struct lt_desc, scale[LT_A]),
    ROW(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, struct lt_desc, scale[LT_B]),
    ROW(CUBLASLT_MATMUL_DESC_C_SCALE_POINTER, struct lt_desc, scale[LT_C]),
    ROW(CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, struct lt_desc, scale[LT_D]),
    ROW(CUBLASLT_MATMUL_DESC_AMAX_D_POINTER, struct lt_desc, amax_d),
    ROW(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE, struct lt_desc, aux_type),
    ROW(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_POINTER, struct lt_desc, aux_scale),
    ROW(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_AMAX_POINTER, struct lt_desc, aux_amax),
    ROW(CUBLASLT_MATMUL_DESC_FAST_ACCUM, struct lt_desc, fast_accum),
    ROW(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, struct lt_desc, bias_type),
    ROW(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, struct lt_desc, scale_mode[LT_A]),
    ROW(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, struct lt_desc, scale_mode[LT_B]),
    ROW(CUBLASLT_MATMUL_DESC_C_SCALE_MODE, struct lt_desc, scale_mode[LT_C]),
    ROW(CUBLASLT_MATMUL_DESC_D_SCALE_MODE, struct lt_desc, scale_mode[LT_D]),
    ROW(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_MODE, struct lt_desc, aux_scale_mode),
    ROW(CUBLASLT_MATMUL_DESC_D_OUT_SCALE_POINTER, struct lt_desc, out_scale),
    ROW(CUBLASLT_MATMUL_DESC_D_OUT_SCALE_MODE, struct lt_desc, out_scale_mode),
};

static const struct row preference_rows[] = {
    ROW(CUBLASLT_MATMUL_PREF_SEARCH_MODE, struct lt_preference, search_mode),
    ROW(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, struct lt_preference, workspace_bytes),
    ROW(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, struct lt_preference, reduction_mask),
    ROW(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, struct lt_preference, alignment[LT_A]),
    ROW(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, struct lt_preference, alignment[LT_B]),
    ROW(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, struct lt_preference, alignment[LT_C]),
    ROW(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, struct lt_preference, alignment[LT_D]),
    ROW(CUBLASLT_MATMUL_PREF_MAX_WAVES_COUNT, struct lt_preference, waves),
    ROW(CUBLASLT_MATMUL_PREF_IMPL_MASK, struct lt_preference, impl_mask),
};
#define ROWS(table) table, sizeof table / sizeof table[0]

static const struct row *find(const struct row *rows, size_t count, int attribute)
{
  for (size_t i = 0; i < count; i++) {
    if (rows[i].attribute == attribute) return &rows[i];
  }
  return NULL;
}

static cublasStatus_t set(void *object, const struct row *rows, size_t count, int attribute, const void *value,
                          size_t size)
{
  const struct row *row = find(rows, count, attribute);
  if (object == NULL || value == NULL || row == NULL || size != row->size) return CUBLAS_STATUS_INVALID_VALUE;
  memcpy((char *)object + row->offset, value, size);
  return CUBLAS_STATUS_SUCCESS;
}

/* size 0 asks for the size alone. */
static cublasStatus_t get(const void *object, const struct row *rows, size_t count, int attribute, void *value,
                          size_t size, size_t *written)
{
  const struct row *row = find(rows, count, attribute);
  if (object == NULL || row == NULL) return CUBLAS_STATUS_INVALID_VALUE;
  if (size == 0 ? written == NULL : value == NULL || size != row->size) return CUBLAS_STATUS_INVALID_VALUE;
  if (written != NULL) *written = row->size;
  if (size != 0) memcpy(value, (const char *)object + row->offset, row->size);
  return CUBLAS_STATUS_SUCCESS;
}

/* --- layouts --- */

cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout, size_t size, cudaDataType type,
                                                 uint64_t rows, uint64_t cols, int64_t ld)
{
  if (layout == NULL || size < sizeof *layout) return CUBLAS_STATUS_INVALID_VALUE;
  memset(layout, 0, size);
  *(struct lt_layout *)(void *)layout = (struct lt_layout){
      .type = (uint32_t)type, .order = CUBLASLT_ORDER_COL, .rows = rows, .cols = cols, .ld = ld, .batches = 1};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout, cudaDataType type, uint64_t rows,
                                          uint64_t cols, int64_t ld)
{
  if (layout == NULL) return CUBLAS_STATUS_INVALID_VALUE;
  *layout = malloc(sizeof **layout);
  if (*layout == NULL) return CUBLAS_STATUS_ALLOC_FAILED;
  return cublasLtMatrixLayoutInit_internal(*layout, sizeof **layout, type, rows, cols, ld);
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout)
{
  free(layout);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void *value,
                                                size_t size)
{
  return set(layout, ROWS(layout_rows), (int)attribute, value, size);
}

cublasStatus_t cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, void *value, size_t size,
                                                size_t *written)
{
  return get(layout, ROWS(layout_rows), (int)attribute, value, size, written);
}

/* --- descriptors of a multiplication --- */

cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t desc, size_t size, cublasComputeType_t compute,
                                               cudaDataType_t scale)
{
  if (desc == NULL || size < sizeof *desc) return CUBLAS_STATUS_INVALID_VALUE;
  memset(desc, 0, size);
  *(struct lt_desc *)(void *)desc = (struct lt_desc){.compute = (int32_t)compute,
                                                     .scale_type = (int32_t)scale,
                                                     .pointer_mode = CUBLASLT_POINTER_MODE_HOST,
                                                     .trans = {CUBLAS_OP_N, CUBLAS_OP_N, CUBLAS_OP_N},
                                                     .fill_mode = CUBLAS_FILL_MODE_FULL,
                                                     .epilogue = CUBLASLT_EPILOGUE_DEFAULT,
                                                     .aux_type = -1,
                                                     .bias_type = -1};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *desc, cublasComputeType_t compute, cudaDataType_t scale)
{
  if (desc == NULL) return CUBLAS_STATUS_INVALID_VALUE;
  *desc = malloc(sizeof **desc);
  if (*desc == NULL) return CUBLAS_STATUS_ALLOC_FAILED;
  return cublasLtMatmulDescInit_internal(*desc, sizeof **desc, compute, scale);
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc)
{
  free(desc);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t size)
{
  return set(desc, ROWS(desc_rows), (int)attribute, value, size);
}

cublasStatus_t cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute,
                                              void *value, size_t size, size_t *written)
{
  return get(desc, ROWS(desc_rows), (int)attribute, value, size, written);
}

/* --- preferences --- */

cublasStatus_t cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t preference, size_t size)
{
  if (preference == NULL || size < sizeof *preference) return CUBLAS_STATUS_INVALID_VALUE;
  memset(preference, 0, size);
  *(struct lt_preference *)(void *)preference = (struct lt_preference){
      .reduction_mask = CUBLASLT_REDUCTION_SCHEME_MASK, .alignment = {256, 256, 256, 256}, .impl_mask = UINT64_MAX};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference)
{
  if (preference == NULL) return CUBLAS_STATUS_INVALID_VALUE;
  *preference = malloc(sizeof **preference);
  if (*preference == NULL) return CUBLAS_STATUS_ALLOC_FAILED;
  return cublasLtMatmulPreferenceInit_internal(*preference, sizeof **preference);
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference)
{
  free(preference);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void *value,
                                                    size_t size)
{
  return set(preference, ROWS(preference_rows), (int)attribute, value, size);
}

cublasStatus_t cublasLtMatmulPreferenceGetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, void *value,
                                                    size_t size, size_t *written)
{
  return get(preference, ROWS(preference_rows), (int)attribute, value, size, written);
}
