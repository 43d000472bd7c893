/* gemm_tile_sm80.cu: y[m, n] = Σ_k x[m, k] w[n, k] + bias[n], bf16 with f32 sums, any m, n and k, made for large m. sm_80 and up.
 *
 * Warp roles, pipeline, barriers and the shared-memory map: gemm_core_sm80.cuh. Which block does what: gemm_schedule_sm80.cuh. Here stand
 * the tiles and the choice among them.
 *
 *   tile      step  stages  warps   of a warp  shared memory  blocks an SM
 *   128 × 256  64     3     2 × 4    64 × 64      144 KiB          1
 *   256 × 128  64     3     4 × 2    64 × 64      144 KiB          1
 *   128 × 128  32     5     2 × 2    64 × 64       80 KiB          2       also where a block has no more than 99 KiB (8.6, 8.9, 12.x)
 *    64 × 128  64     3     2 × 2    32 × 64       72 KiB          2       few rows
 *
 * Why it can reach 85 % of cuBLASLt at 4096³ on an A100 (108 SMs of 1,024 bf16 multiply-adds a clock, 312 TFLOP/s), tile 128 × 256:
 *   products      2,048 clocks a step and SM; 32 mma for 8 ldmatrix.x4 in each warp's 16 k
 *   shared memory 128 KiB read by ldmatrix and 48 KiB written a step: 1,408 clocks at 128 bytes a clock, 69 %
 *   issue         some 270 instructions a warp and step, two warps a scheduler: 540 of 2,048 slots
 *   L2            48 KiB a step and SM, 24 bytes a clock, of about 47 that A100's L2 gives each SM; 96 KiB are in flight, where some
 *                 700 clocks of latency ask for 17
 *   HBM           tiles go in groups of 1,024 rows: a wave of 108 reads 1,024 rows of x and about 3,500 of w a step, so a byte from HBM
 *                 serves some 400 multiply-adds: a fifth of its bandwidth
 *   last wave     512 tiles are 4.74 a SM. 188 are cut (1.74 a block), so all SMs end together; adding up costs about 1 %
 *   stores        16 bytes a lane, some 600 instructions a warp and tile, 1 % of the time; loads of the next tile go on meanwhile
 * H100 and B200 run it at the rate of their mma.sync, below that of wgmma and tcgen05: kernels of their own are to beat it there.
 */
#include "gemm_host_sm80.cuh"

/* BM, BN, BK, stages, warps along m and n, blocks an SM; then the rate. To keep the tensor cores busy a tile of 128 × 128 takes
 * 32 bytes a clock from L2 and one of 64 × 128 takes 48, against 24 of the large ones, so they come short of the peak. */
static const struct gemm_instance instances[] = {
    gemm_instance_of<gemm_shape<128, 256, 64, 3, 2, 4, 1>>(1.0),
    gemm_instance_of<gemm_shape<256, 128, 64, 3, 4, 2, 1>>(1.0),
    gemm_instance_of<gemm_shape<128, 128, 32, 5, 2, 2, 2>>(0.9),
    gemm_instance_of<gemm_shape<64, 128, 64, 3, 2, 2, 2>>(0.7),
};

/* The instance with the least to do for the SM that has the most. */
static const struct gemm_instance *choose(const struct tmk_cuda_gemm *g, const struct tmk_cuda_limits *limits,
                                          struct gemm_plan *plan)
{
  const struct gemm_instance *best = NULL;
  for (const struct gemm_instance &instance : instances) {
    if (gemm_blocks_sm(&instance, limits) == 0) continue;
    const struct gemm_plan candidate = gemm_plan_make(&instance, g, limits);
    if (best && candidate.cost >= plan->cost) continue;
    best = &instance;
    *plan = candidate;
  }
  return best;
}

extern "C" bool tmk_cuda_gemm_tile_sm80_supports(const union tmk_cuda_args *args, const struct tmk_cuda_limits *limits,
                                                 char *reason, int reason_size)
{
  struct gemm_plan plan;
  if (!gemm_supports_layout(&args->gemm, reason, reason_size)) return false;
  if (choose(&args->gemm, limits, &plan)) return true;
  snprintf(reason, (size_t)reason_size, "%d bytes of shared memory a block: must be at least %d",
           limits->shared_bytes_block, instances[3].shared_bytes);
  return false;
}

extern "C" int64_t tmk_cuda_gemm_tile_sm80_workspace_bytes(const union tmk_cuda_args *args,
                                                           const struct tmk_cuda_limits *limits)
{
  struct gemm_plan plan;
  const struct gemm_instance *instance = choose(&args->gemm, limits, &plan);
  return gemm_plan_workspace_bytes(instance, &plan);
}

extern "C" cudaError_t tmk_cuda_gemm_tile_sm80_launch(const union tmk_cuda_args *args,
                                                      const struct tmk_cuda_launch *launch)
{
  struct gemm_plan plan;
  const struct gemm_instance *instance = choose(&args->gemm, launch->limits, &plan);
  return gemm_plan_launch(instance, &plan, &args->gemm, launch);
}
