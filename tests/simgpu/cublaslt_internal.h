/* cublaslt_internal.h: what the files of the stand-in for cuBLASLt (build/simgpu/libcublasLt.so.13 and .12) share.
 *
 * A program that loads cuBLASLt by dlopen gets it through LD_LIBRARY_PATH=build/simgpu. cublasLtMatmul is done by loops on the host, in the
 * stream's order, on the simulated memory with its checks (rt_work.h), and is kept in graphs. What is here:
 *   types       bf16, f16 → the same or f32; f32 (also with TF32 arithmetic); e4m3, e5m2 → bf16, f16, f32, fp8; e2m1 (nvfp4) → bf16, f16, f32
 *   scales      a scalar a matrix, outer vectors, VEC16_UE4M3 and VEC32_UE8M0 in the documented tiles of 128 x 4
 *   the rest    either transposition, column and row order, strided batches, alpha and beta from host or device, bias
 * What the library refuses, by architecture, type, alignment and size, is refused with its status: the sources are NVIDIA's page of
 * cublasLtMatmul() (tables of types, FP8 and FP4 requirements) and cublasLt.h. What it can and this can't is CUBLAS_STATUS_NOT_SUPPORTED. Either
 * way SIMGPU_VERBOSE=1 says why.
 *
 * Arithmetic: products and sums in f32, eight partial sums a dot product, split-K partial sums added at the end. The library's own order, and what
 * its tensor cores keep of a sum, is not known; any program must allow for both.
 */
#ifndef SIMGPU_CUBLASLT_INTERNAL_H
#define SIMGPU_CUBLASLT_INTERNAL_H

#include <cublasLt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rt_work.h"

/* --- descriptors: inside the library's opaque structs, which a program may have on its stack --- */

struct lt_layout {
  uint32_t type; /* cudaDataType_t */
  int32_t order;
  uint64_t rows, cols;
  int64_t ld;
  int32_t batches;
  uint32_t batch_mode;
  int64_t batch_stride;
};

enum lt_operand { LT_A, LT_B, LT_C, LT_D, LT_OPERANDS };

struct lt_desc {
  int32_t compute, scale_type, pointer_mode;
  int32_t trans[3]; /* A, B, C */
  int32_t fill_mode;
  uint32_t epilogue;
  uint64_t bias;
  int64_t bias_stride;
  uint64_t aux;
  int64_t aux_ld, aux_stride, alpha_stride;
  int32_t sm_count, aux_type;
  uint64_t scale[LT_OPERANDS], amax_d, aux_scale, aux_amax, out_scale;
  int32_t bias_type;
  int32_t scale_mode[LT_OPERANDS], aux_scale_mode, out_scale_mode;
  int8_t fast_accum;
};

struct lt_preference {
  uint32_t search_mode, reduction_mask;
  uint64_t workspace_bytes;
  uint32_t alignment[LT_OPERANDS];
  float waves;
  uint64_t impl_mask;
};

#define LT_ALGO_MARK 0x73696d6c74ull
struct lt_algo {
  uint64_t mark;
  uint32_t id, splits;
  uint64_t workspace_bytes;
  uint32_t alignment[LT_OPERANDS]; /* of the pointers */
};

/* --- a multiplication as given, and what follows from it --- */
struct lt_problem {
  struct lt_desc desc;
  struct lt_layout layout[LT_OPERANDS];
  uint64_t m, n, k, batches;
  uint32_t capability; /* 90 */
};

/* cublaslt_check.c. Fills *out; a reason in text (may be NULL) unless it is CUBLAS_STATUS_SUCCESS. */
cublasStatus_t lt_problem_init(struct lt_problem *out, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                               cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, char *text,
                               size_t size);
uint32_t lt_bits(uint32_t type);  /* of an element; 0: not simulated */
bool lt_is_narrow(uint32_t type); /* fp8, fp4 */
/* Of the bias: the descriptor's, or the default. */
uint32_t lt_bias_type(const struct lt_problem *p);
/* Bytes of a matrix's scales, 0 for none; as tiles of 128 x 4 where they are by block. */
uint64_t lt_scale_bytes(const struct lt_problem *p, enum lt_operand operand);
uint32_t lt_scale_block(int32_t mode); /* 16, 32; 0: not by block */

/* cublaslt_matmul.c */
#define LT_NO_SPAN RT_WORK_SPANS
/* Where the scale of block `block` of outer index `outer` (row of A, column of B) lies: tiles of 128 x 4 scales, 512 bytes each, one after the other
 * along the blocks; in a tile 32 lines of 16: line outer % 32, in it (outer / 32) * 4 + block. */
static inline uint64_t lt_scale_offset(uint64_t outer, uint64_t block, uint64_t blocks)
{
  uint64_t tile = outer / 128 * ((blocks + 3) / 4) + block / 4;
  return tile * 512 + outer % 32 * 16 + outer % 128 / 32 * 4 + block % 4;
}

/* Prints the reason where SIMGPU_VERBOSE=1 asks; returns the status. */
cublasStatus_t lt_refuse(cublasStatus_t status, const char *call, const char *text);

#endif
