/* test_op_bench.c: shapes of single operations, their names, and copies that leave the cache behind. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model_config.h"
#include "op_bench.h"
#include "runner.h"

static struct tmk_verify_case gemm(int64_t m, int64_t n, int64_t k)
{
  return (struct tmk_verify_case){.group = TMK_OP_GEMM,
                                  .op = {.kind = TMK_OP_GEMM, .u.gemm = {.m = m, .n = n, .k = k}},
                                  .weight_dtype = TMK_DTYPE_BF16,
                                  .scale = 1};
}

Test(op_bench, key_has_fields_in_fixed_order_and_no_defaults)
{
  char key[TMK_WORKLOAD_KEY_SIZE];
  struct tmk_verify_case shape = gemm(8, 2048, 512);
  struct tmk_op_workload workload = tmk_op_shape_workload(&shape);
  tmk_op_workload_key(&workload, key);
  cr_expect_str_eq(key, "op/gemm/m8/n2048/k512/w=bf16");
  shape = (struct tmk_verify_case){.group = TMK_OP_ATTENTION,
                                   .op = {.kind = TMK_OP_ATTENTION,
                                          .u.attention = {.seqs = 2,
                                                          .q_len = 1,
                                                          .past = 128,
                                                          .heads_q = 8,
                                                          .heads_kv = 2,
                                                          .head_dim = 64,
                                                          .window = 0}},
                                   .kv_dtype = TMK_DTYPE_F32};
  workload = tmk_op_shape_workload(&shape);
  tmk_op_workload_key(&workload, key);
  cr_expect_str_eq(key, "op/attention/b2/q1/c128/hq8/hkv2/d64/kv=f32");
  shape.op.u.attention.window = 16;
  workload = tmk_op_shape_workload(&shape);
  tmk_op_workload_key(&workload, key);
  cr_expect_str_eq(key, "op/attention/b2/q1/c128/hq8/hkv2/d64/win16/kv=f32");
}

Test(op_bench, a_shape_is_kept_once)
{
  struct tmk_op_shapes shapes = {0};
  const struct tmk_verify_case a = gemm(1, 32, 32), b = gemm(2, 32, 32);
  cr_assert(eq(int, (int)tmk_op_shapes_add(&shapes, &a, NULL), TMK_OK));
  cr_assert(eq(int, (int)tmk_op_shapes_add(&shapes, &b, NULL), TMK_OK));
  cr_assert(eq(int, (int)tmk_op_shapes_add(&shapes, &a, NULL), TMK_OK));
  cr_expect(eq(int, shapes.count, 2));
  tmk_op_shapes_free(&shapes);
}

Test(op_bench, a_models_step_has_its_distinct_shapes)
{
  /* SmolLM2-135M: hidden 576, 9 + 2·3 heads of 64 → qkv 960; o 576; gate and up 3072; down 576 of 1536; head 49152. */
  static const int64_t wanted[][2] = {{960, 576}, {576, 576}, {3072, 576}, {576, 1536}, {49152, 576}};
  struct tmk_model model;
  struct tmk_op_shapes shapes = {0};
  const struct tmk_workload workload = {.phase = TMK_PHASE_DECODE,
                                        .batch = 3,
                                        .context = 16,
                                        .prefill_chunk = TMK_PREFILL_CHUNK_DEFAULT,
                                        .weight_dtype = TMK_DTYPE_BF16,
                                        .kv_dtype = TMK_DTYPE_BF16,
                                        .layout = {.tp = 1, .pp = 1, .dp = 1, .microbatches = 1}};
  cr_assert(eq(int, (int)tmk_model_load("smollm2-135m", &model, NULL), TMK_OK));
  cr_assert(eq(int,
               (int)tmk_op_shapes_add_model(&shapes, &model, &workload, TMK_DTYPE_F32, 1u << TMK_OP_GEMM, NULL),
               TMK_OK));
  cr_assert(eq(int, shapes.count, 5));
  for (int i = 0; i < 5; i++) {
    cr_expect(eq(i64, shapes.items[i].op.u.gemm.m, 3));
    cr_expect(eq(i64, shapes.items[i].op.u.gemm.n, wanted[i][0]));
    cr_expect(eq(i64, shapes.items[i].op.u.gemm.k, wanted[i][1]));
  }
  tmk_op_shapes_free(&shapes);
}

/* --- on the null device, whose cache and times are scripted --- */

struct opened {
  struct tmk_backend *backend;
  struct tmk_device_result device;
};

static struct opened open_null(const char *script)
{
  struct opened o = {0};
  struct tmk_error err = {0};
  const struct tmk_open_args args = {.script = script};
  cr_assert(eq(int, (int)tmk_backend_null.open(&args, &o.backend, &err), TMK_OK), "%s", err.message);
  cr_assert(eq(int, (int)tmk_run_describe(&tmk_backend_null, o.backend, &o.device, &err), TMK_OK));
  cr_assert(eq(int, (int)tmk_run_read_ceilings(&tmk_backend_null, o.backend, -1, &o.device, &err), TMK_OK));
  return o;
}

static struct tmk_point measure(struct opened *o, const struct tmk_verify_case *shape)
{
  struct tmk_point point;
  struct tmk_error err = {0};
  const struct tmk_op_bench_args args = {.ops = &tmk_backend_null,
                                         .backend = o->backend,
                                         .device = &o->device,
                                         .measure = tmk_measure_defaults(&o->device.info),
                                         .seed = 1};
  cr_assert(eq(int, (int)tmk_op_bench_measure(&args, shape, &point, &err), TMK_OK), "%s", err.message);
  return point;
}

static void close_null(struct opened *o)
{
  tmk_backend_null.close(o->backend);
  free(o->device.readings);
}

Test(op_bench, copies_leave_the_cache_and_figures_are_of_one_call)
{
  struct opened o = open_null(NULL);
  const struct tmk_verify_case shape = gemm(2, 64, 32);
  struct tmk_point point = measure(&o, &shape);
  /* 64 · 32 weights of 2 bytes; the copies together exceed 4 × the last-level cache, so the bound is a real one. */
  cr_expect(eq(int, (int)point.status, TMK_POINT_OK), "%s", point.reason);
  cr_expect(eq(dbl, point.limit.bytes, 4096.0));
  cr_expect(eq(dbl, point.limit.flops, 2.0 * 2 * 64 * 32));
  cr_expect(ne(int, (int)point.limit.bound, TMK_BOUND_CACHE));
  const int64_t copies = (int64_t)ceil(4.25 * (double)o.device.info.llc_bytes / 4096.0);
  cr_expect(gt(i64, copies, 1));
  cr_expect(eq(i64, point.passes_per_sample % copies, 0));
  cr_expect(eq(i64, point.verify.ops_checked, copies));
  cr_expect(point.verify.replay_matched);
  cr_expect(gt(i64, point.verify.replay_checked, 0));
  cr_expect(ge(i64, point.sample_count, 6));
  /* share = limit ÷ time of one call, by the very figures of the point */
  cr_expect(lt(dbl, fabs(point.limit.share.measured - point.limit.time_ns / point.stats.median_ns), 1e-9));
  tmk_point_free(&point);
  close_null(&o);
}

Test(op_bench, an_operation_without_weights_is_bound_by_the_cache)
{
  struct opened o = open_null(NULL);
  const struct tmk_verify_case shape = {
      .group = TMK_OP_SWIGLU, .op = {.kind = TMK_OP_SWIGLU, .u.swiglu = {.rows = 3, .inner = 40}}, .scale = 1};
  struct tmk_point point = measure(&o, &shape);
  cr_expect(eq(int, (int)point.status, TMK_POINT_OK), "%s", point.reason);
  cr_expect(eq(int, (int)point.limit.bound, TMK_BOUND_CACHE));
  cr_expect(isnan(point.limit.share.measured));
  tmk_point_free(&point);
  close_null(&o);
}

Test(op_bench, what_does_not_fit_is_skipped_with_its_size)
{
  struct opened o = open_null(NULL);
  const struct tmk_verify_case shape = gemm(1, 1 << 22, 1 << 10);
  struct tmk_point point = measure(&o, &shape);
  cr_expect(eq(int, (int)point.status, TMK_POINT_SKIPPED));
  cr_expect(eq(int, strncmp(point.reason, "needs 8.0 GiB, ", 15), 0), "%s", point.reason);
  tmk_point_free(&point);
  close_null(&o);
}
