/* cuda_kernels.h: what the host side of this folder knows of its kernels: arguments, layouts, and the table of launchers.
 *
 * Layouts in device memory. Strides ("ld") are in elements. Rows start on 16 bytes; nothing may be assumed of the elements
 * between a row's end and the next row (they are poisoned with NaN; kernels may write there, so that stores are whole), nor of bytes
 * behind a tensor.
 *   activations   [rows, ld] bf16, ld = width rounded up to 8; logits [rows, ld] f32, ld rounded up to 4
 *   weights       [n, ld] bf16, ld = k rounded up to 8, as torch.nn.Linear stores them; vectors bf16. fp8, nvfp4: cuda_narrow.h
 *   KV cache      K and V each [pages, heads_kv, TMK_CUDA_PAGE_TOKENS, head_dim] bf16 or e4m3. Key j of sequence s stands in page
 *                 pages[s * pages_stride + j / TMK_CUDA_PAGE_TOKENS], row j % TMK_CUDA_PAGE_TOKENS. The page order is shuffled by seed;
 *                 positions without a key are poisoned, so a masked key must not be multiplied in (0 * NaN is NaN).
 *   tokens        i32
 *
 * Programmatic dependent launch. With launch->programmatic a kernel may start while its predecessor in the stream still runs.
 * Every kernel of this folder then executes griddepcontrol.wait (ptx_sm90.cuh) before it touches anything but weights, page
 * table and constants, on every path, and griddepcontrol.launch_dependents once its own successor may begin to set up.
 *
 * Launchers check nothing that supports() has checked, allocate nothing, and return the launch's cudaError_t.
 */
#ifndef TMK_CUDA_KERNELS_H
#define TMK_CUDA_KERNELS_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "tokmark/dtype.h"
#include "tokmark/op.h"

#define TMK_CUDA_PAGE_TOKENS 64

/* What tile choices and limits depend on. */
struct tmk_cuda_limits {
  int compute_capability; /* 90 for 9.0 */
  int sm_count;
  int shared_bytes_block; /* opt-in maximum a block */
  int shared_bytes_sm;
  int64_t l2_bytes;
};

struct tmk_cuda_launch {
  cudaStream_t stream;
  const struct tmk_cuda_limits *limits;
  bool programmatic;
  void *workspace; /* as many bytes as workspace() asked for, 256-byte aligned, contents undefined */
  uint32_t *flags; /* TMK_CUDA_FLAGS words, zero; a kernel that uses them leaves them zero */
};
#define TMK_CUDA_FLAGS 65536

/* The structs mirror tmk_op_* of op.h, with places instead of tensors. */
struct tmk_cuda_embed {
  int64_t rows, hidden, vocab;
  const int32_t *tokens; /* in:  [rows] */
  const void *weight;    /* in:  [vocab, weight_ld] bf16 */
  void *x;               /* out: [rows, x_ld] bf16 */
  int64_t weight_ld, x_ld;
};

struct tmk_cuda_rmsnorm {
  int64_t rows, hidden, row_group;
  float eps;
  bool write_residual;
  void *residual;     /* in, out: [rows * row_group, residual_ld] bf16 */
  const void *delta;  /* in:  [rows * row_group, delta_ld] bf16, or NULL */
  const void *weight; /* in:  [hidden] bf16 */
  void *y;            /* out: [rows, y_ld] bf16 */
  int64_t residual_ld, delta_ld, y_ld;
};

struct tmk_cuda_gemm {
  int64_t m, n, k;
  const void *x;      /* in:  [m, x_ld] bf16 */
  const void *weight; /* in:  [n, weight_ld] bf16 */
  const void *bias;   /* in:  [n] bf16, or NULL */
  void *y;            /* out: [m, y_ld] of y_dtype */
  int64_t x_ld, weight_ld, y_ld;
  enum tmk_dtype y_dtype; /* BF16 or F32 */
  enum tmk_dtype weight_dtype;
  float scale; /* of the sum of products: the scale of the weight times that of x where they are narrow (quantise.h), else 1 */
};

struct tmk_cuda_cache {
  void *keys, *values;
  enum tmk_dtype dtype; /* BF16 or F8E4M3 (scale 1) */
  const int32_t *pages; /* [sequences, pages_stride] */
  int64_t pages_stride;
};

struct tmk_cuda_rope_kv {
  int64_t seqs, q_len, seq_first, past;
  int64_t heads_q, heads_kv, head_dim, rotary_dim;
  float eps;
  const void *qkv; /* in:  [seqs * q_len, qkv_ld] bf16 */
  const float
      *cos_sin; /* in:  [q_len, rotary_dim / 2, 2]: rope_scale * cos a, rope_scale * sin a of positions past … */
  const void *q_norm, *k_norm; /* in:  [head_dim] bf16, or NULL */
  void *q;                     /* out: [seqs * q_len, q_ld] bf16 */
  int64_t qkv_ld, q_ld;
  struct tmk_cuda_cache cache; /* out */
};

struct tmk_cuda_attention {
  int64_t seqs, q_len, seq_first, past;
  int64_t heads_q, heads_kv, head_dim;
  int64_t window; /* 0 = none */
  float scale;
  const void *q; /* in:  [seqs * q_len, q_ld] bf16 */
  void *out;     /* out: [seqs * q_len, out_ld] bf16 */
  int64_t q_ld, out_ld;
  struct tmk_cuda_cache cache; /* in */
};

struct tmk_cuda_swiglu {
  int64_t rows, inner;
  const void *gate_up; /* in:  [rows, gate_up_ld] bf16 */
  void *y;             /* out: [rows, y_ld] bf16 */
  int64_t gate_up_ld, y_ld;
};

struct tmk_cuda_sample {
  int64_t rows, vocab;
  const float *logits; /* in:  [rows, logits_ld] */
  int32_t *tokens;     /* out: [rows] */
  int64_t logits_ld;
};

/* What a row of the table launches: the member that its op names. */
union tmk_cuda_args {
  struct tmk_cuda_embed embed;
  struct tmk_cuda_rmsnorm rmsnorm;
  struct tmk_cuda_gemm gemm;
  struct tmk_cuda_rope_kv rope_kv;
  struct tmk_cuda_attention attention;
  struct tmk_cuda_swiglu swiglu;
  struct tmk_cuda_sample sample;
};

/* One way to do an operation. The first row of the table whose supports() says yes is taken. */
struct tmk_cuda_kernel {
  const char *name; /* "gemm_tile_sm80": the file's */
  enum tmk_op_kind op;
  enum tmk_dtype dtype; /* of the weight (gemm) or cache (rope_kv, attention); else BF16 */
  int min_compute_capability;
  /* Whether it takes this shape on this device; if not, why. */
  bool (*supports)(const union tmk_cuda_args *args, const struct tmk_cuda_limits *limits, char *reason,
                   int reason_size);
  int64_t (*workspace_bytes)(const union tmk_cuda_args *args, const struct tmk_cuda_limits *limits); /* NULL: none */
  cudaError_t (*launch)(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch);
};

/* The functions of a row, defined in kernels/cuda/<name>.cu as tmk_cuda_<name>_… */
#define TMK_CUDA_KERNEL(name)                                                                                          \
  bool tmk_cuda_##name##_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *limits, char *reason, \
                                  int reason_size);                                                                    \
  int64_t tmk_cuda_##name##_workspace_bytes(const union tmk_cuda_args *args, const struct tmk_cuda_limits *limits);    \
  cudaError_t tmk_cuda_##name##_launch(const union tmk_cuda_args *args, const struct tmk_cuda_launch *launch)
TMK_CUDA_KERNEL(embed_sm80);
TMK_CUDA_KERNEL(rmsnorm_sm80);
TMK_CUDA_KERNEL(gemm_skinny_sm80); /* m up to 16: weight streaming */
TMK_CUDA_KERNEL(gemm_medium_sm80); /* m 17 … 128 */
TMK_CUDA_KERNEL(gemm_tile_sm80);   /* any m */
TMK_CUDA_KERNEL(quantise_fp8_sm89);    /* x of a gemm that cuBLASLt then does: cuda_narrow.h */
TMK_CUDA_KERNEL(quantise_nvfp4_sm100); /* likewise */
TMK_CUDA_KERNEL(rope_kv_sm80);
TMK_CUDA_KERNEL(attention_decode_sm80);
TMK_CUDA_KERNEL(attention_prefill_sm80);
TMK_CUDA_KERNEL(swiglu_sm80);
TMK_CUDA_KERNEL(sample_sm80);

/* cuda_kernel_table.c: every kernel; .name NULL behind the last. */
extern const struct tmk_cuda_kernel tmk_cuda_kernels[];
/* The row that does it. NULL with the reason of the last one asked if there is none. */
const struct tmk_cuda_kernel *tmk_cuda_kernel_find(enum tmk_op_kind op, enum tmk_dtype dtype,
                                                   const union tmk_cuda_args *args,
                                                   const struct tmk_cuda_limits *limits, char *reason, int reason_size);

#ifdef __cplusplus
}
#endif
#endif
