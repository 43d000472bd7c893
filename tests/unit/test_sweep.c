/* test_sweep.c: suites, option lists, what is refused and what is skipped. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>

#include "shapes.h"
#include "sweep.h"

#define GIB ((int64_t)1 << 30)

static struct tmk_device_info cpu(void)
{
  struct tmk_device_info d;
  tmk_device_info_init(&d);
  snprintf(d.name, sizeof d.name, "Test CPU");
  d.is_cpu = true;
  d.memory_free_bytes = 64 * GIB;
  d.llc_bytes = 32 << 20;
  d.act_dtype = TMK_DTYPE_F32;
  d.math_dtype[TMK_DTYPE_F32] = d.math_dtype[TMK_DTYPE_BF16] = TMK_DTYPE_F32;
  d.kv_dtype[TMK_DTYPE_F32] = d.kv_dtype[TMK_DTYPE_BF16] = true;
  return d;
}

static struct tmk_device_info gpu(void)
{
  struct tmk_device_info d = cpu();
  snprintf(d.name, sizeof d.name, "Test GPU");
  d.is_cpu = false;
  d.act_dtype = TMK_DTYPE_BF16;
  d.math_dtype[TMK_DTYPE_F32] = TMK_DTYPE_NONE;
  d.math_dtype[TMK_DTYPE_BF16] = TMK_DTYPE_BF16;
  d.math_dtype[TMK_DTYPE_F8E4M3] = TMK_DTYPE_F8E4M3;
  d.kv_dtype[TMK_DTYPE_F32] = false;
  return d;
}

static struct tmk_int_list list_of(int count, const int64_t *values)
{
  struct tmk_int_list list = {.count = count};
  for (int i = 0; i < count; i++) list.values[i] = values[i];
  return list;
}
#define LIST(...) list_of((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})

static struct tmk_sweep expand(const struct tmk_sweep_spec *spec, const struct tmk_model *model,
                               const struct tmk_device_info *device)
{
  struct tmk_sweep sweep;
  struct tmk_error err = {0};
  const enum tmk_status status = tmk_sweep_expand(spec, model, device, NULL, NULL, &sweep, &err);
  cr_assert(eq(int, (int)status, TMK_OK), "%s", err.message);
  return sweep;
}

static void expect_refused(const struct tmk_sweep_spec *spec, const struct tmk_model *model, const char *message)
{
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep;
  struct tmk_error err = {0};
  cr_expect(eq(int, (int)tmk_sweep_expand(spec, model, &device, NULL, NULL, &sweep, &err), TMK_ERR_USAGE));
  cr_expect(eq(str, err.message, (char *)message));
  cr_expect(eq(int, sweep.count, 0));
  cr_expect(eq(ptr, sweep.points, NULL));
}

/* The keys of a sweep, in order. */
static void expect_keys(const struct tmk_sweep *sweep, int count, const char *const *keys)
{
  cr_assert(eq(int, sweep->count, count));
  for (int i = 0; i < count; i++) {
    char key[TMK_WORKLOAD_KEY_SIZE];
    tmk_workload_key(&sweep->points[i].workload, key);
    cr_expect(eq(str, key, (char *)keys[i]));
  }
}

/* ---- suites ---- */

Test(sweep, suite_of_a_cpu)
{
  static const char *const keys[] = {
      "step/tinyllama-1.1b/decode/b1/c128/w=bf16/kv=bf16",   "step/tinyllama-1.1b/decode/b2/c128/w=bf16/kv=bf16",
      "step/tinyllama-1.1b/decode/b4/c128/w=bf16/kv=bf16",   "step/tinyllama-1.1b/decode/b8/c128/w=bf16/kv=bf16",
      "step/tinyllama-1.1b/decode/b16/c128/w=bf16/kv=bf16",  "step/tinyllama-1.1b/decode/b32/c128/w=bf16/kv=bf16",
      "step/tinyllama-1.1b/decode/b64/c128/w=bf16/kv=bf16",  "step/tinyllama-1.1b/prefill/b1/i512/w=bf16/kv=bf16",
      "step/tinyllama-1.1b/e2e/b1/i128/o128/w=bf16/kv=bf16", "step/tinyllama-1.1b/e2e/b4/i128/o128/w=bf16/kv=bf16",
  };
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep = expand(&(struct tmk_sweep_spec){0}, &shape_tinyllama, &device);
  expect_keys(&sweep, 10, keys);
  for (int i = 0; i < sweep.count; i++) cr_expect(not(sweep.points[i].skipped), "%s", sweep.points[i].reason);
  cr_expect(eq(str, sweep.suite, "std-1"));
  cr_expect(eq(str, (char *)tmk_sweep_default_model(&device), "qwen2.5-0.5b"));
  tmk_sweep_free(&sweep);
  cr_expect(eq(ptr, sweep.points, NULL));
  tmk_sweep_free(&sweep);
  tmk_sweep_free(NULL);
}

Test(sweep, suite_of_a_gpu)
{
  static const char *const tails[] = {
      "decode/b1/c1024/w=bf16",     "decode/b8/c1024/w=bf16",   "decode/b32/c1024/w=bf16",
      "decode/b64/c1024/w=bf16",    "decode/b128/c1024/w=bf16", "decode/b256/c1024/w=bf16",
      "decode/b1/c1024/w=fp8",      "decode/b8/c1024/w=fp8",    "decode/b32/c1024/w=fp8",
      "decode/b64/c1024/w=fp8",     "decode/b128/c1024/w=fp8",  "decode/b256/c1024/w=fp8",
      "prefill/b1/i2048/w=bf16",    "prefill/b1/i2048/w=fp8",   "e2e/b1/i1024/o1024/w=bf16",
      "e2e/b64/i1024/o1024/w=bf16", "e2e/b1/i1024/o1024/w=fp8", "e2e/b64/i1024/o1024/w=fp8",
  };
  char keys[18][TMK_WORKLOAD_KEY_SIZE];
  const char *pointers[18];
  for (int i = 0; i < 18; i++) {
    snprintf(keys[i], sizeof keys[i], "step/llama-3.1-8b/%s/kv=bf16", tails[i]);
    pointers[i] = keys[i];
  }
  const struct tmk_device_info device = gpu();
  struct tmk_sweep sweep = expand(&(struct tmk_sweep_spec){0}, &shape_llama_8b, &device);
  expect_keys(&sweep, 18, pointers);
  cr_expect(eq(str, (char *)tmk_sweep_default_model(&device), "llama-3.1-8b"));
  tmk_sweep_free(&sweep);
}

/* A machine without fp8 has the same rows, skipped with the reason: suites are the same everywhere. */
Test(sweep, suite_rows_that_the_device_cannot_run)
{
  struct tmk_device_info device = gpu();
  device.math_dtype[TMK_DTYPE_F8E4M3] = TMK_DTYPE_NONE;
  struct tmk_sweep sweep = expand(&(struct tmk_sweep_spec){0}, &shape_llama_8b, &device);
  cr_assert(eq(int, sweep.count, 18));
  cr_expect(not(sweep.points[5].skipped));
  for (int i = 6; i < 12; i++) {
    cr_expect(sweep.points[i].skipped);
    cr_expect(eq(str, sweep.points[i].reason, "weights in fp8: Test GPU takes bf16"));
    cr_expect(eq(i64, sweep.points[i].bytes_needed, TMK_UNKNOWN));
  }
  tmk_sweep_free(&sweep);
}

/* Lengths of the suite that the model does not have are skipped: nobody typed them. */
Test(sweep, suite_rows_beyond_the_model)
{
  struct tmk_model model = shape_tinyllama;
  model.max_position_embeddings = 255;
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep = expand(&(struct tmk_sweep_spec){0}, &model, &device);
  cr_assert(eq(int, sweep.count, 10));
  cr_expect(not(sweep.points[0].skipped)); /* 129 positions */
  cr_expect(eq(str, sweep.points[7].reason, "512 positions: tinyllama-1.1b has max_position_embeddings 255"));
  cr_expect(eq(str, sweep.points[8].reason, "256 positions: tinyllama-1.1b has max_position_embeddings 255"));
  cr_expect(sweep.points[8].skipped);
  tmk_sweep_free(&sweep);
}

/* ---- lists ---- */

Test(sweep, lists_expand_with_the_batch_fastest)
{
  static const char *const keys[] = {
      "step/tinyllama-1.1b/decode/b8/c64/w=f32/kv=f32",  "step/tinyllama-1.1b/decode/b1/c64/w=f32/kv=f32",
      "step/tinyllama-1.1b/decode/b8/c32/w=f32/kv=f32",  "step/tinyllama-1.1b/decode/b1/c32/w=f32/kv=f32",
      "step/tinyllama-1.1b/decode/b8/c64/w=bf16/kv=f32", "step/tinyllama-1.1b/decode/b1/c64/w=bf16/kv=f32",
      "step/tinyllama-1.1b/decode/b8/c32/w=bf16/kv=f32", "step/tinyllama-1.1b/decode/b1/c32/w=bf16/kv=f32",
  };
  const struct tmk_sweep_spec spec = {.phases = 1u << TMK_PHASE_DECODE,
                                      .batch = LIST(8, 1),
                                      .context = LIST(64, 32),
                                      .weight_dtypes = {TMK_DTYPE_F32, TMK_DTYPE_BF16},
                                      .weight_dtype_count = 2,
                                      .kv_dtype = TMK_DTYPE_F32};
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep = expand(&spec, &shape_tinyllama, &device);
  expect_keys(&sweep, 8, keys);
  cr_expect(eq(str, sweep.suite, ""));
  tmk_sweep_free(&sweep);
}

Test(sweep, e2e_crosses_all_three_lists)
{
  static const char *const keys[] = {
      "step/small/e2e/b1/i10/o2/w=bf16/kv=bf16/chunk64", "step/small/e2e/b2/i10/o2/w=bf16/kv=bf16/chunk64",
      "step/small/e2e/b1/i10/o3/w=bf16/kv=bf16/chunk64", "step/small/e2e/b2/i10/o3/w=bf16/kv=bf16/chunk64",
      "step/small/e2e/b1/i20/o2/w=bf16/kv=bf16/chunk64", "step/small/e2e/b2/i20/o2/w=bf16/kv=bf16/chunk64",
      "step/small/e2e/b1/i20/o3/w=bf16/kv=bf16/chunk64", "step/small/e2e/b2/i20/o3/w=bf16/kv=bf16/chunk64",
  };
  const struct tmk_sweep_spec spec = {.phases = 1u << TMK_PHASE_E2E,
                                      .batch = LIST(1, 2),
                                      .input_len = LIST(10, 20),
                                      .output_len = LIST(2, 3),
                                      .prefill_chunk = 64};
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep = expand(&spec, &shape_small, &device);
  expect_keys(&sweep, 8, keys);
  tmk_sweep_free(&sweep);
}

/* No --phase: all phases, with the given lists where they apply and the suite's elsewhere; no longer the suite. */
Test(sweep, given_lists_replace_those_of_the_suite)
{
  static const char *const keys[] = {
      "step/tinyllama-1.1b/decode/b3/c128/w=bf16/kv=bf16",
      "step/tinyllama-1.1b/prefill/b3/i100/w=bf16/kv=bf16",
      "step/tinyllama-1.1b/e2e/b3/i100/o128/w=bf16/kv=bf16",
  };
  const struct tmk_sweep_spec spec = {.batch = LIST(3), .input_len = LIST(100)};
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep = expand(&spec, &shape_tinyllama, &device);
  expect_keys(&sweep, 3, keys);
  cr_expect(eq(str, sweep.suite, ""));
  tmk_sweep_free(&sweep);
}

Test(sweep, any_choice_takes_the_suite_name_away)
{
  const struct tmk_device_info device = cpu();
  const struct tmk_sweep_spec specs[] = {
      {.phases = 7}, {.kv_dtype = TMK_DTYPE_BF16}, {.prefill_chunk = 512}, {.layers_held = 11}};
  for (int i = 0; i < 4; i++) {
    struct tmk_sweep sweep = expand(&specs[i], &shape_tinyllama, &device);
    cr_expect(eq(str, sweep.suite, ""), "spec %d", i);
    tmk_sweep_free(&sweep);
  }
  const struct tmk_sweep_spec plain = {.prefill_chunk = TMK_PREFILL_CHUNK_DEFAULT};
  struct tmk_sweep sweep = expand(&plain, &shape_tinyllama, &device);
  cr_expect(eq(str, sweep.suite, "std-1"));
  tmk_sweep_free(&sweep);
}

Test(sweep, kv_dtype_auto)
{
  struct tmk_device_info device = cpu();
  device.kv_dtype[TMK_DTYPE_BF16] = false;
  struct tmk_sweep sweep = expand(&(struct tmk_sweep_spec){0}, &shape_tinyllama, &device);
  cr_expect(eq(int, (int)sweep.points[0].workload.kv_dtype, TMK_DTYPE_F32));
  tmk_sweep_free(&sweep);
}

/* ---- refused ---- */

Test(sweep, ranges)
{
  struct tmk_sweep_spec spec = {.batch = LIST(1, 0)};
  expect_refused(&spec, &shape_tinyllama, "--batch 0: must be 1..65536");
  spec.batch = LIST(9999999999);
  expect_refused(&spec, &shape_tinyllama, "--batch 9999999999: must be 1..65536");
  spec = (struct tmk_sweep_spec){.context = LIST(16777216)};
  expect_refused(&spec, &shape_tinyllama, "--context 16777216: must be 0..16777215");
  spec = (struct tmk_sweep_spec){.input_len = LIST(0)};
  expect_refused(&spec, &shape_tinyllama, "--input-len 0: must be 1..16777216");
  spec = (struct tmk_sweep_spec){.output_len = LIST(0)};
  expect_refused(&spec, &shape_tinyllama, "--output-len 0: must be 1..16777216");
  spec = (struct tmk_sweep_spec){.prefill_chunk = -5};
  expect_refused(&spec, &shape_tinyllama, "--prefill-chunk -5: must be at least 1");
}

/* Both sides of the model's last position. */
Test(sweep, lengths_beyond_the_model)
{
  const struct tmk_device_info device = cpu();
  struct tmk_sweep_spec spec = {.phases = 1u << TMK_PHASE_DECODE, .batch = LIST(1), .context = LIST(2047)};
  struct tmk_sweep sweep = expand(&spec, &shape_tinyllama, &device);
  cr_expect(not(sweep.points[0].skipped));
  tmk_sweep_free(&sweep);
  spec.context = LIST(2048);
  expect_refused(&spec, &shape_tinyllama,
                 "--context 2048: must be 0..2047: tinyllama-1.1b has max_position_embeddings 2048");

  spec = (struct tmk_sweep_spec){.phases = 1u << TMK_PHASE_PREFILL, .batch = LIST(1), .input_len = LIST(2048)};
  sweep = expand(&spec, &shape_tinyllama, &device);
  cr_expect(not(sweep.points[0].skipped));
  tmk_sweep_free(&sweep);
  spec.input_len = LIST(2049);
  expect_refused(&spec, &shape_tinyllama,
                 "--input-len 2049: must be 1..2048: tinyllama-1.1b has max_position_embeddings 2048");

  spec = (struct tmk_sweep_spec){
      .phases = 1u << TMK_PHASE_E2E, .batch = LIST(1), .input_len = LIST(2000), .output_len = LIST(48)};
  sweep = expand(&spec, &shape_tinyllama, &device);
  cr_expect(not(sweep.points[0].skipped));
  tmk_sweep_free(&sweep);
  spec.output_len = LIST(49);
  expect_refused(&spec, &shape_tinyllama,
                 "--input-len 2000 --output-len 49: together must be 2..2048: tinyllama-1.1b has "
                 "max_position_embeddings 2048");
}

/* One length given, the other the suite's: the point is skipped, the run goes on. */
Test(sweep, half_given_lengths_are_skipped)
{
  const struct tmk_sweep_spec spec = {.batch = LIST(1), .input_len = LIST(2000)};
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep = expand(&spec, &shape_tinyllama, &device);
  cr_assert(eq(int, sweep.count, 3));
  cr_expect(not(sweep.points[1].skipped));
  cr_expect(eq(str, sweep.points[2].reason, "2128 positions: tinyllama-1.1b has max_position_embeddings 2048"));
  tmk_sweep_free(&sweep);
}

Test(sweep, options_of_phases_left_out)
{
  struct tmk_sweep_spec spec = {.phases = 1u << TMK_PHASE_PREFILL, .context = LIST(5)};
  expect_refused(&spec, &shape_tinyllama, "--context: only phase decode heeds it, and --phase leaves that out");
  spec = (struct tmk_sweep_spec){.phases = 1u << TMK_PHASE_DECODE, .input_len = LIST(5)};
  expect_refused(&spec, &shape_tinyllama,
                 "--input-len: only phase prefill or e2e heeds it, and --phase leaves that out");
  spec = (struct tmk_sweep_spec){.phases = 3, .output_len = LIST(5)};
  expect_refused(&spec, &shape_tinyllama, "--output-len: only phase e2e heeds it, and --phase leaves that out");
  spec = (struct tmk_sweep_spec){.phases = 1u << TMK_PHASE_DECODE, .prefill_chunk = 100};
  expect_refused(&spec, &shape_tinyllama,
                 "--prefill-chunk: only phase prefill or e2e heeds it, and --phase leaves that out");
}

Test(sweep, too_many_points)
{
  struct tmk_sweep_spec spec = {.phases = 1u << TMK_PHASE_DECODE, .batch = {.count = 64}, .context = {.count = 64}};
  for (int i = 0; i < 64; i++) spec.batch.values[i] = spec.context.values[i] = i + 1;
  spec.weight_dtypes[0] = TMK_DTYPE_F32;
  spec.weight_dtypes[1] = TMK_DTYPE_BF16;
  spec.weight_dtype_count = 2;
  expect_refused(&spec, &shape_small, "8192 points: a sweep can have 4096");
  spec.weight_dtype_count = 1;
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep = expand(&spec, &shape_small, &device);
  cr_expect(eq(int, sweep.count, 4096));
  tmk_sweep_free(&sweep);
}

Test(sweep, a_pass_of_too_many_operations)
{
  const struct tmk_sweep_spec spec = {
      .phases = 1u << TMK_PHASE_PREFILL, .batch = LIST(65536), .input_len = LIST(4096), .prefill_chunk = 1};
  expect_refused(&spec, &shape_small,
                 "268435456 steps of 31 operations: a pass can have 2097152 operations; take fewer or shorter prompts "
                 "or a larger --prefill-chunk");
}

Test(sweep, models_that_cannot_run)
{
  struct tmk_model model = shape_small;
  model.moe.experts = 8;
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep;
  struct tmk_error err = {0};
  char reason[128], expected[160];
  cr_assert(not(tmk_model_is_runnable(&model, reason, sizeof reason)));
  snprintf(expected, sizeof expected, "small: %s", reason);
  cr_expect(eq(int, (int)tmk_sweep_expand(&(struct tmk_sweep_spec){0}, &model, &device, NULL, NULL, &sweep, &err),
               TMK_ERR_UNSUPPORTED));
  cr_expect(eq(str, err.message, expected));
}

/* ---- layers held ---- */

/* TinyLlama's layer is 44,040,192 weights and two norms of 2048: 88,088,576 bytes in bf16. Four caches of 32 MiB are
 * 134,217,728, so two layers are enough and one is not; in f32 one is. */
Test(sweep, layers_held_must_not_fit_the_cache)
{
  struct tmk_sweep_spec spec = {.phases = 1u << TMK_PHASE_DECODE, .batch = LIST(1), .layers_held = 1};
  expect_refused(&spec, &shape_tinyllama,
                 "--layers 1: must be 2..22 for tinyllama-1.1b in bf16, so that the layers held fill 4 x the "
                 "last-level cache of 33554432 bytes");
  spec.weight_dtypes[0] = TMK_DTYPE_F32;
  spec.weight_dtype_count = 1;
  struct tmk_device_info device = cpu();
  struct tmk_sweep sweep = expand(&spec, &shape_tinyllama, &device);
  cr_expect(eq(i64, sweep.points[0].workload.layers_held, 1));
  tmk_sweep_free(&sweep);
  spec.weight_dtype_count = 0;
  spec.layers_held = 2;
  sweep = expand(&spec, &shape_tinyllama, &device);
  cr_expect(eq(i64, sweep.points[0].workload.layers_held, 2));
  tmk_sweep_free(&sweep);

  /* Exactly four caches, and one byte a cache more. */
  device.llc_bytes = 88088576 / 4;
  spec.layers_held = 1;
  sweep = expand(&spec, &shape_tinyllama, &device);
  tmk_sweep_free(&sweep);
  device.llc_bytes++;
  struct tmk_error err = {0};
  cr_expect(eq(int, (int)tmk_sweep_expand(&spec, &shape_tinyllama, &device, NULL, NULL, &sweep, &err), TMK_ERR_USAGE));
}

/* Twenty-one layers fill the caches, and 22: 21 · 88,088,576 and 22 · 88,088,576, a quarter each. */
Test(sweep, layers_held_when_nearly_all_are_needed)
{
  const struct tmk_sweep_spec spec = {.phases = 1u << TMK_PHASE_DECODE, .batch = LIST(1), .layers_held = 4};
  struct tmk_device_info device = cpu();
  struct tmk_sweep sweep;
  struct tmk_error err = {0};
  device.llc_bytes = 462465024;
  cr_expect(eq(int, (int)tmk_sweep_expand(&spec, &shape_tinyllama, &device, NULL, NULL, &sweep, &err), TMK_ERR_USAGE));
  cr_expect(eq(str, err.message,
               "--layers 4: must be 21..22 for tinyllama-1.1b in bf16, so that the layers held fill 4 x the last-level "
               "cache of 462465024 bytes"));
  device.llc_bytes = 484487168;
  cr_expect(eq(int, (int)tmk_sweep_expand(&spec, &shape_tinyllama, &device, NULL, NULL, &sweep, &err), TMK_ERR_USAGE));
  cr_expect(eq(str, err.message,
               "--layers 4: fewer than all 22 layers of tinyllama-1.1b in bf16 don't fill 4 x the last-level cache of "
               "484487168 bytes"));
}

Test(sweep, layers_held_out_of_range)
{
  struct tmk_sweep_spec spec = {.layers_held = 23};
  expect_refused(&spec, &shape_tinyllama, "--layers 23: must be 1..22");
  spec.layers_held = -1;
  expect_refused(&spec, &shape_tinyllama, "--layers -1: must be 1..22");
  spec.layers_held = 2;
  expect_refused(&spec, &shape_small,
                 "--layers 2: fewer than all 3 layers of small in bf16 don't fill 4 x the last-level cache of "
                 "33554432 bytes");
}

/* All layers held is what every run does. */
Test(sweep, all_layers_held_is_no_difference)
{
  const struct tmk_sweep_spec spec = {.phases = 1u << TMK_PHASE_DECODE, .batch = LIST(1), .layers_held = 3};
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep = expand(&spec, &shape_small, &device);
  cr_expect(eq(i64, sweep.points[0].workload.layers_held, 0));
  tmk_sweep_free(&sweep);
}

/* ---- memory and support ---- */

/* The plan's bytes, and both sides of what is free. */
Test(sweep, memory)
{
  const struct tmk_sweep_spec spec = {.phases = 1u << TMK_PHASE_DECODE, .batch = LIST(8), .context = LIST(128)};
  struct tmk_device_info device = cpu();
  struct tmk_sweep sweep = expand(&spec, &shape_tinyllama, &device);
  const int64_t needed = sweep.points[0].bytes_needed;
  /* 2,200,096,768 of weights, 23,248,896 of cache, 2,039,360 of activations: see test_plan.c. */
  cr_expect(eq(i64, needed, 2200096768 + 23248896 + 8ll * (4 * (4 * 2048 + 2560 + 4096 + 16896 + 32000) + 8) + 256));
  tmk_sweep_free(&sweep);

  device.memory_free_bytes = needed;
  sweep = expand(&spec, &shape_tinyllama, &device);
  cr_expect(not(sweep.points[0].skipped));
  tmk_sweep_free(&sweep);
  device.memory_free_bytes = needed - 1;
  sweep = expand(&spec, &shape_tinyllama, &device);
  cr_expect(sweep.points[0].skipped);
  cr_expect(eq(str, sweep.points[0].reason, "needs 2.1 GiB, 2.1 GiB are free"));
  tmk_sweep_free(&sweep);
  device.memory_free_bytes = 1 << 20;
  sweep = expand(&spec, &shape_tinyllama, &device);
  cr_expect(eq(str, sweep.points[0].reason, "needs 2.1 GiB, 1.0 MiB are free"));
  cr_expect(eq(i64, sweep.points[0].bytes_needed, needed));
  tmk_sweep_free(&sweep);
  device.memory_free_bytes = TMK_UNKNOWN;
  sweep = expand(&spec, &shape_tinyllama, &device);
  cr_expect(not(sweep.points[0].skipped));
  tmk_sweep_free(&sweep);
}

/* e2e: the prefill's activations are the larger part of a short answer, both caches hold the whole sequence. */
Test(sweep, memory_of_e2e_is_the_larger_of_its_parts)
{
  const struct tmk_device_info device = cpu();
  struct tmk_sweep_spec spec = {
      .phases = 1u << TMK_PHASE_E2E, .batch = LIST(2), .input_len = LIST(100), .output_len = LIST(28)};
  struct tmk_sweep sweep = expand(&spec, &shape_small, &device);
  struct tmk_workload part = shape_workload(TMK_PHASE_PREFILL, 2, 100);
  struct tmk_plan_args args = {
      .model = &shape_small, .workload = &part, .act_dtype = TMK_DTYPE_F32, .kv_positions = 127};
  struct tmk_plan *plan;
  cr_assert(eq(int, (int)tmk_plan_create(&args, &plan, NULL), TMK_OK));
  const int64_t prefill = tmk_plan_memory_needed(plan).total_bytes;
  tmk_plan_destroy(plan);
  part = shape_workload(TMK_PHASE_DECODE, 2, 126); /* the last token is never fed back */
  cr_assert(eq(int, (int)tmk_plan_create(&args, &plan, NULL), TMK_OK));
  cr_expect(lt(i64, tmk_plan_memory_needed(plan).total_bytes, prefill));
  tmk_plan_destroy(plan);
  cr_expect(eq(i64, sweep.points[0].bytes_needed, prefill));
  tmk_sweep_free(&sweep);

  spec.output_len = LIST(1); /* no decode at all */
  sweep = expand(&spec, &shape_small, &device);
  cr_expect(not(sweep.points[0].skipped));
  cr_expect(lt(i64, sweep.points[0].bytes_needed, prefill));
  tmk_sweep_free(&sweep);
}

Test(sweep, kv_dtype_that_the_device_does_not_take)
{
  struct tmk_sweep_spec spec = {.kv_dtype = TMK_DTYPE_F8E4M3};
  struct tmk_device_info device = cpu();
  struct tmk_sweep sweep;
  struct tmk_error err = {0};
  cr_expect_eq(tmk_sweep_expand(&spec, &shape_tinyllama, &device, NULL, NULL, &sweep, &err), TMK_ERR_UNSUPPORTED);
  cr_expect(eq(str, err.message, "--kv-dtype fp8: Test CPU takes f32, bf16"));
  device.kv_dtype[TMK_DTYPE_F32] = device.kv_dtype[TMK_DTYPE_BF16] = false;
  spec.kv_dtype = TMK_DTYPE_NONE; /* not asked for: skipped */
  sweep = expand(&spec, &shape_tinyllama, &device);
  cr_expect(eq(str, sweep.points[0].reason, "KV cache in bf16: Test CPU takes none"));
  tmk_sweep_free(&sweep);
}

/* Asked for by name it is an error, whatever else is asked for; of the suite it is a skipped point (above). */
Test(sweep, weight_dtype_that_the_device_does_not_take)
{
  const struct tmk_sweep_spec spec = {.weight_dtypes = {TMK_DTYPE_BF16, TMK_DTYPE_NVFP4}, .weight_dtype_count = 2};
  const struct tmk_device_info device = cpu();
  struct tmk_sweep sweep;
  struct tmk_error err = {0};
  cr_expect_eq(tmk_sweep_expand(&spec, &shape_tinyllama, &device, NULL, NULL, &sweep, &err), TMK_ERR_UNSUPPORTED);
  cr_expect(eq(str, err.message, "--dtype nvfp4: Test CPU takes f32, bf16"));
}

/* A backend of 1 GiB overhead that attends to 100 keys at most. */
struct tmk_backend {
  int calls;
};

static bool supports(struct tmk_backend *backend, const struct tmk_plan *plan, const struct tmk_op *op, char *reason,
                     int reason_size)
{
  (void)plan;
  backend->calls++;
  if (op->kind != TMK_OP_ATTENTION || op->u.attention.past < 100) return true;
  snprintf(reason, (size_t)reason_size, "past %d: must be 0..99", (int)op->u.attention.past);
  return false;
}

static int64_t memory_overhead(struct tmk_backend *backend, const struct tmk_plan *plan)
{
  (void)backend, (void)plan;
  return GIB;
}

Test(sweep, the_backend_is_asked)
{
  const struct tmk_backend_ops ops = {.name = "test", .supports = supports, .memory_overhead = memory_overhead};
  struct tmk_backend backend = {0};
  const struct tmk_device_info device = cpu();
  const struct tmk_sweep_spec spec = {.phases = 1u << TMK_PHASE_DECODE, .batch = LIST(1), .context = LIST(99, 100)};
  struct tmk_sweep with, without = expand(&spec, &shape_small, &device);
  struct tmk_error err = {0};
  cr_assert(eq(int, (int)tmk_sweep_expand(&spec, &shape_small, &device, &ops, &backend, &with, &err), TMK_OK));
  cr_expect(not(with.points[0].skipped));
  cr_expect(eq(i64, with.points[0].bytes_needed, without.points[0].bytes_needed + GIB));
  cr_expect(with.points[1].skipped);
  cr_expect(eq(str, with.points[1].reason, "attention: past 100: must be 0..99"));
  cr_expect(eq(int, backend.calls, 31 + 5)); /* all of the first, up to the first attention of the second */
  tmk_sweep_free(&with);
  tmk_sweep_free(&without);

  /* The last decode step of e2e stands at context input + output − 2. */
  const struct tmk_sweep_spec e2e = {
      .phases = 1u << TMK_PHASE_E2E, .batch = LIST(1), .input_len = LIST(90), .output_len = LIST(11, 12)};
  cr_assert(eq(int, (int)tmk_sweep_expand(&e2e, &shape_small, &device, &ops, &backend, &with, &err), TMK_OK));
  cr_expect(not(with.points[0].skipped));
  cr_expect(eq(str, with.points[1].reason, "attention: past 100: must be 0..99"));
  tmk_sweep_free(&with);

  /* One output token is the prefill's: there is no decode step to ask about. */
  const struct tmk_sweep_spec one = {
      .phases = 1u << TMK_PHASE_E2E, .batch = LIST(1), .input_len = LIST(150), .output_len = LIST(1)};
  cr_assert(eq(int, (int)tmk_sweep_expand(&one, &shape_small, &device, &ops, &backend, &with, &err), TMK_OK));
  cr_expect(not(with.points[0].skipped));
  tmk_sweep_free(&with);
}
