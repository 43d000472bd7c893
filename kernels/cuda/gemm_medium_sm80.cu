/* gemm_medium_sm80.cu: y[m, n] = Σ_k x[m, k] w[n, k] + bias[n], bf16 with f32 sums, m 17 … 128: the decode batches where throughput is made.
 * sm_80 and up; n and k as they come.
 *
 * One tile holds all rows of x, so that each weight passes from memory into an SM once. Warp roles, pipeline, barriers and the
 * shared-memory map: gemm_core_sm80.cuh. Tiles are cut along k (gemm_schedule_sm80.cuh), so that all SMs stream weights however few
 * columns there are. The weights of the first stages are under way before griddepcontrol.wait.
 *
 *   tile      step  stages  warps   of a warp  shared memory  blocks an SM   weights in flight an SM, A100 / H100 and B200
 *    32 × 128  64     4     1 × 4    32 × 32       80 KiB          2           96 KiB / 96 KiB
 *    64 × 128  64     3     1 × 4    64 × 32       72 KiB          2           64 KiB / 64 KiB
 *    96 × 128  64     5     2 × 4    48 × 32      140 KiB          1           64 KiB / 64 KiB
 *   128 × 128  64     5     2 × 4    64 × 32      160 KiB          1           64 KiB / 64 KiB
 *
 * Why it can stream at 85 % of the read bandwidth:
 *   in flight      bandwidth × latency: 2.0 TB/s ÷ 108 SMs × 0.8 µs = 15 KiB an SM on an A100, 3.35 ÷ 132 × 0.8 = 20 on an H100,
 *                  8 ÷ 148 × 0.9 = 48 on a B200
 *   of 16 k × 128 columns (4 KiB of weights), in clocks of an A100 SM, which gets 13.4 bytes of them a clock:
 *     memory         305
 *     mma            2 m: 64 at m 32, 256 at m 128
 *     shared memory  each warp along n reads all of x, each along m all of w: 64 at m 32, 96 at 64, 176 at 96, 192 at 128; copies
 *                    add 40 to 64, at 128 bytes a clock
 *     L2             weights and x: 5 to 8 KiB, 16 to 27 bytes a clock of about 47
 *   so memory is the bound up to m 128 on an A100. mma for ldmatrix.x4: 8 for 4 at m 32, 16 for 6 at m 64 and 128.
 *   adding up      a piece's end costs a tile's f32 sums through L2, 16 KiB (m 32) to 64 KiB, beside 100 KiB of weights an SM in a small
 *                  layer (4096 × 4096 is 310 on an A100) and more than 1 MiB in a large one
 */
#include "gemm_host_sm80.cuh"

#define M_FIRST 17

/* BM, BN, BK, stages, warps along m and n, blocks an SM; by BM: the first that holds all rows is taken. */
static const struct gemm_instance instances[] = {
    gemm_instance_of<gemm_shape<32, 128, 64, 4, 1, 4, 2>>(1.0),
    gemm_instance_of<gemm_shape<64, 128, 64, 3, 1, 4, 2>>(1.0),
    gemm_instance_of<gemm_shape<96, 128, 64, 5, 2, 4, 1>>(1.0),
    gemm_instance_of<gemm_shape<128, 128, 64, 5, 2, 4, 1>>(1.0),
};
#define INSTANCES ((int)(sizeof instances / sizeof instances[0]))

static const struct gemm_instance *choose(int64_t m)
{
  for (const struct gemm_instance &instance : instances) {
    if (m <= instance.bm) return &instance;
  }
  return NULL;
}

extern "C" bool tmk_cuda_gemm_medium_sm80_supports(const union tmk_cuda_args *args,
                                                   const struct tmk_cuda_limits *limits, char *reason, int reason_size)
{
  const struct tmk_cuda_gemm *g = &args->gemm;
  if (!gemm_supports_layout(g, reason, reason_size)) return false;
  const struct gemm_instance *instance = choose(g->m);
  if (g->m < M_FIRST || !instance) {
    snprintf(reason, (size_t)reason_size, "m %lld: must be %d..%d", (long long)g->m, M_FIRST,
             instances[INSTANCES - 1].bm);
    return false;
  }
  if (gemm_blocks_sm(instance, limits) > 0) return true;
  snprintf(reason, (size_t)reason_size, "%d bytes of shared memory a block: must be at least %d for m %lld",
           limits->shared_bytes_block, instance->shared_bytes, (long long)g->m);
  return false;
}

extern "C" int64_t tmk_cuda_gemm_medium_sm80_workspace_bytes(const union tmk_cuda_args *args,
                                                             const struct tmk_cuda_limits *limits)
{
  const struct gemm_instance *instance = choose(args->gemm.m);
  const struct gemm_plan plan = gemm_plan_make(instance, &args->gemm, limits);
  return gemm_plan_workspace_bytes(instance, &plan);
}

extern "C" cudaError_t tmk_cuda_gemm_medium_sm80_launch(const union tmk_cuda_args *args,
                                                        const struct tmk_cuda_launch *launch)
{
  const struct gemm_instance *instance = choose(args->gemm.m);
  const struct gemm_plan plan = gemm_plan_make(instance, &args->gemm, launch->limits);
  return gemm_plan_launch(instance, &plan, &args->gemm, launch);
}
