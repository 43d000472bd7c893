/* gemm_host_sm80.cuh: the host side of the GEMM families: instances as table rows, and from a row and a shape to a
 * launch. */
#ifndef TMK_GEMM_HOST_SM80_CUH
#define TMK_GEMM_HOST_SM80_CUH

#include <stdio.h>

#include "gemm_core_sm80.cuh"
#include "launch.cuh"

/* An instance of the kernel, a row of a family's table. */
struct gemm_instance {
  int bm, bn, bk, blocks_sm, threads, shared_bytes;
  double rate; /* share of the tensor cores' peak that its loads leave reachable: what a choice weighs its tiles by */
  void (*kernel)(struct gemm_problem);
};

template <class S> constexpr struct gemm_instance gemm_instance_of(double rate)
{
  return {S::BM, S::BN, S::BK, S::BLOCKS_SM, S::THREADS, S::SHARED_BYTES, rate, gemm_core_kernel<S>};
}

struct gemm_plan {
  struct gemm_schedule schedule;
  int tiles_m, tiles_n, blocks;
  double cost; /* of the SM with the most to do: multiply-adds at the peak */
};

/* Adding up a cut tile's parts takes about as long as this many k of it, on an A100: a block of 128 × 256 writes and reads 128 KiB at some
 * 64 bytes a clock and SM, and 32 clocks a k are its products at 1,024 multiply-adds a clock; three such passes. Smaller tiles
 * have the same proportion. */
#define GEMM_JOIN_K 192

#define GEMM_SHARED_RESERVED 1024 /* of the system, a block */

static inline int64_t gemm_ceil_div(int64_t a, int64_t b)
{
  return (a + b - 1) / b;
}

/* Blocks that share an SM; 0: not even one fits. */
static inline int gemm_blocks_sm(const struct gemm_instance *instance, const struct tmk_cuda_limits *limits)
{
  if (instance->shared_bytes > limits->shared_bytes_block) return 0;
  const int fit = limits->shared_bytes_sm / (instance->shared_bytes + GEMM_SHARED_RESERVED);
  return fit < 1 ? 1 : fit < instance->blocks_sm ? fit : instance->blocks_sm;
}

static inline struct gemm_plan gemm_plan_make(const struct gemm_instance *instance, const struct tmk_cuda_gemm *g,
                                              const struct tmk_cuda_limits *limits)
{
  const int resident = gemm_blocks_sm(instance, limits) * limits->sm_count;
  struct gemm_plan plan = {};
  plan.tiles_m = (int)gemm_ceil_div(g->m, instance->bm);
  plan.tiles_n = (int)gemm_ceil_div(g->n, instance->bn);
  const int64_t tiles = (int64_t)plan.tiles_m * plan.tiles_n;
  const int steps = (int)gemm_ceil_div(g->k, instance->bk);
  const int join_steps = (int)gemm_ceil_div(GEMM_JOIN_K, instance->bk);
  plan.blocks = gemm_schedule_plan(&plan.schedule, tiles, steps, resident, join_steps);
  const int64_t cut = plan.schedule.cut_tiles;
  const int64_t steps_block = gemm_ceil_div(tiles - cut, plan.blocks) * steps +
                              (cut > 0 ? gemm_ceil_div(cut * steps, plan.blocks) + join_steps : 0);
  plan.cost = (double)(steps_block * gemm_ceil_div(plan.blocks, limits->sm_count)) * instance->bm * instance->bn *
              instance->bk / instance->rate;
  return plan;
}

static inline int64_t gemm_plan_workspace_bytes(const struct gemm_instance *instance, const struct gemm_plan *plan)
{
  return gemm_schedule_workspace_bytes(&plan->schedule, plan->blocks, instance->bm * instance->bn);
}

/* Whether every kernel of these families takes the layout and the sizes; if not, why. */
static inline bool gemm_supports_layout(const struct tmk_cuda_gemm *g, char *reason, int reason_size)
{
  const int64_t sizes[] = {g->m, g->n, g->k};
  for (int i = 0; i < 3; i++) {
    if (sizes[i] >= 1 && sizes[i] <= 1 << 30) continue;
    snprintf(reason, (size_t)reason_size, "%c %lld: must be 1..%d", "mnk"[i], (long long)sizes[i], 1 << 30);
    return false;
  }
  if (g->y_dtype != TMK_DTYPE_BF16 && g->y_dtype != TMK_DTYPE_F32) {
    snprintf(reason, (size_t)reason_size, "y %s: must be bf16 or f32", tmk_dtype_name(g->y_dtype));
    return false;
  }
  const int64_t lds[] = {g->x_ld, g->weight_ld, g->y_ld}, widths[] = {g->k, g->k, g->n};
  for (int i = 0; i < 3; i++) {
    const int unit = i == 2 && g->y_dtype == TMK_DTYPE_F32 ? 4 : 8;
    if (lds[i] >= widths[i] && lds[i] % unit == 0 && lds[i] <= INT32_MAX / 4) continue;
    snprintf(reason, (size_t)reason_size, "row stride %lld of %s: must be a multiple of %d from %lld to %d",
             (long long)lds[i],
             i == 0   ? "x"
             : i == 1 ? "weight"
                      : "y",
             unit, (long long)widths[i], INT32_MAX / 4);
    return false;
  }
  return true;
}

static inline cudaError_t gemm_plan_launch(const struct gemm_instance *instance, const struct gemm_plan *plan,
                                           const struct tmk_cuda_gemm *g, const struct tmk_cuda_launch *launch)
{
  struct gemm_problem p = {};
  p.x = (const __nv_bfloat16 *)g->x;
  p.weight = (const __nv_bfloat16 *)g->weight;
  p.bias = (const __nv_bfloat16 *)g->bias;
  p.y = g->y;
  p.x_ld_bytes = (uint32_t)(g->x_ld * 2);
  p.weight_ld_bytes = (uint32_t)(g->weight_ld * 2);
  p.y_ld = g->y_ld;
  p.m = (int)g->m;
  p.n = (int)g->n;
  p.k = (int)g->k;
  p.y_f32 = g->y_dtype == TMK_DTYPE_F32;
  p.tiles_m = plan->tiles_m;
  p.tiles_n = plan->tiles_n;
  p.group_m = instance->bm >= 1024 ? 1 : 1024 / instance->bm; /* 1,024 rows: a wave is about as high as wide */
  p.schedule = plan->schedule;
  p.schedule.parts = (float *)launch->workspace;
  p.schedule.arrivals = launch->flags;
  return launch_kernel(instance->kernel, dim3((unsigned)plan->blocks), instance->threads, instance->shared_bytes,
                       launch, p);
}

#endif
