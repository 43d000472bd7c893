/* cuda_kernel_table.c: every kernel there is, the best for a shape first. */
#include <stdio.h>

#include "cuda_kernels.h"

#define ROW(name_, op_, dtype_, minimum)                                                                               \
  {                                                                                                                    \
    .name = #name_, .op = TMK_OP_##op_, .dtype = TMK_DTYPE_##dtype_, .min_compute_capability = minimum,                \
    .supports = tmk_cuda_##name_##_supports, .workspace_bytes = tmk_cuda_##name_##_workspace_bytes,                    \
    .launch = tmk_cuda_##name_##_launch                                                                                \
  }

const struct tmk_cuda_kernel tmk_cuda_kernels[] = {
    ROW(embed_sm80, EMBED, BF16, 80),
    ROW(rmsnorm_sm80, RMSNORM, BF16, 80),
    ROW(gemm_skinny_sm80, GEMM, BF16, 80),
    ROW(gemm_medium_sm80, GEMM, BF16, 80),
    ROW(gemm_tile_sm80, GEMM, BF16, 80),
    ROW(quantise_fp8_sm89, GEMM, F8E4M3, 89),
    ROW(quantise_nvfp4_sm100, GEMM, NVFP4, 100),
    ROW(rope_kv_sm80, ROPE_KV, BF16, 80),
    ROW(rope_kv_sm80, ROPE_KV, F8E4M3, 80),
    ROW(attention_decode_sm80, ATTENTION, BF16, 80),
    ROW(attention_decode_sm80, ATTENTION, F8E4M3, 80),
    ROW(attention_prefill_sm80, ATTENTION, BF16, 80),
    ROW(attention_prefill_sm80, ATTENTION, F8E4M3, 80),
    ROW(swiglu_sm80, SWIGLU, BF16, 80),
    ROW(sample_sm80, SAMPLE, BF16, 80),
    {.name = NULL},
};

const struct tmk_cuda_kernel *tmk_cuda_kernel_find(enum tmk_op_kind op, enum tmk_dtype dtype,
                                                   const union tmk_cuda_args *args,
                                                   const struct tmk_cuda_limits *limits, char *reason, int reason_size)
{
  const int cc = limits->compute_capability;
  snprintf(reason, (size_t)reason_size, "no %s kernel for %s", tmk_op_kind_name(op), tmk_dtype_name(dtype));
  for (const struct tmk_cuda_kernel *kernel = tmk_cuda_kernels; kernel->name != NULL; kernel++) {
    if (kernel->op != op || kernel->dtype != dtype) continue;
    if (cc < kernel->min_compute_capability) {
      snprintf(reason, (size_t)reason_size, "%s for %s needs compute capability %d.%d, this device has %d.%d",
               tmk_op_kind_name(op), tmk_dtype_name(dtype), kernel->min_compute_capability / 10,
               kernel->min_compute_capability % 10, cc / 10, cc % 10);
    } else if (kernel->supports(args, limits, reason, reason_size)) {
      return kernel;
    }
  }
  return NULL;
}
