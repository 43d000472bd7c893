/* cuda_narrow.c: sizes of gemms with narrow weights (cuda_narrow.h). */
#include "cuda_narrow.h"

#include "cuda_layout.h"

enum { N_MULTIPLE = 16, ROW_BYTES_MULTIPLE = 16, SCALE_ROWS = 128, SCALE_BLOCKS = 4, BLOCK = 16 };

struct tmk_cuda_narrow_matrix tmk_cuda_narrow_matrix_of(enum tmk_dtype dtype, int64_t rows, int64_t k)
{
  const int bits = tmk_dtype_get(dtype)->bits;
  struct tmk_cuda_narrow_matrix m = {.k = tmk_cuda_round_up(k, ROW_BYTES_MULTIPLE * 8 / bits)};
  m.row_bytes = m.k / 8 * bits;
  m.bytes = tmk_cuda_size_mul(rows, m.row_bytes);
  if (dtype != TMK_DTYPE_NVFP4) return m;
  m.blocks = tmk_cuda_round_up(m.k / BLOCK, SCALE_BLOCKS);
  m.scales = tmk_cuda_round_up(m.bytes, TMK_CUDA_ALIGN);
  m.scale_rows = tmk_cuda_round_up(rows, SCALE_ROWS);
  m.bytes = tmk_cuda_size_add(m.scales, tmk_cuda_size_mul(m.scale_rows, m.blocks));
  return m;
}

struct tmk_cuda_narrow tmk_cuda_narrow_of(const struct tmk_cuda_gemm *gemm)
{
  struct tmk_cuda_narrow narrow = {.n = tmk_cuda_round_up(gemm->n, N_MULTIPLE)};
  narrow.weight = tmk_cuda_narrow_matrix_of(gemm->weight_dtype, narrow.n, gemm->k);
  narrow.x = tmk_cuda_narrow_matrix_of(gemm->weight_dtype, gemm->m, gemm->k);
  narrow.direct = narrow.n == gemm->n;
  narrow.y = tmk_cuda_round_up(narrow.x.bytes, TMK_CUDA_ALIGN);
  const int64_t y_bytes = tmk_cuda_size_mul(tmk_cuda_size_mul(gemm->m, narrow.n), (int64_t)sizeof(float));
  narrow.bytes = narrow.direct ? narrow.x.bytes : tmk_cuda_size_add(narrow.y, y_bytes);
  return narrow;
}
