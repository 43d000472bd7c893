/* cpu_body.h: all kernels of one instruction set and the table of them. Included once by each cpu_kernels_<isa>.c, which has
 * defined TMK_VEC_… and TMK_KERNELS, the table's name. */
#include "cpu_attention.h"
#include "cpu_elementwise.h"
#include "cpu_gemm.h"
#include "cpu_stream.h"

const struct tmk_cpu_kernels TMK_KERNELS = {
    .isa = TMK_ISA_NAME,
    .lanes = LANES,
    .embed = kernel_embed,
    .rmsnorm = kernel_rmsnorm,
    .gemm = kernel_gemm,
    .rope_kv = kernel_rope_kv,
    .attention = kernel_attention,
    .attention_join = kernel_attention_join,
    .swiglu = kernel_swiglu,
    .sample = kernel_sample,
    .fill_panel = kernel_fill_panel,
    .exp = kernel_exp,
    .reads = {{"1 stream, plain", read_plain},
              {"1 stream, unrolled", read_1},
              {"2 streams, unrolled", read_2},
              {"4 streams, unrolled", read_4}},
    .copies = {{"plain stores", copy_plain}, {"non-temporal stores", copy_streamed}},
    .fma = fma_loop,
    .fma_flops = 2 * 2 * TILE_ROWS * LANES,
    .fma_name = TILE_ROWS == 12 ? "24 chains of multiply-add" : "12 chains of multiply-add",
};
