/* What every instruction set's table has beside the ops: contents from fill.h, the exponential, the loops of the ceilings. */
#include <string.h>

#include "cpu_rig.h"

static void each_table(void (*test)(const struct tmk_cpu_kernels *kernels))
{
  const struct tmk_cpu_kernels *kernels;
  int tables = 0;
  for (; (kernels = tmk_cpu_isa_available(tables)) != NULL; tables++) test(kernels);
  cr_assert_gt(tables, 0);
}

/* ---- exponential ---- */

static void check_exp(const struct tmk_cpu_kernels *kernels)
{
  enum { COUNT = 2000003 };
  float *x = malloc(COUNT * sizeof *x), *y = malloc(COUNT * sizeof *y);
  cr_assert(x && y);
  double worst = 0.0;
  for (int i = 0; i < COUNT; i++) x[i] = -87.3f + 175.3f * (float)i / (COUNT - 1);
  kernels->exp(x, y, COUNT);
  for (int i = 0; i < COUNT; i++) {
    const double expected = exp((double)x[i]), ulp = ldexp(1.0, ilogb(expected) - 23);
    const double error = fabs((double)y[i] - expected) / ulp;
    if (!(error <= worst)) worst = error;
  }
  cr_expect(worst <= 2.0, "%s: worst error %g units in the last place", kernels->isa, worst);

  float special[] = {0.0f, -0.0f, -INFINITY, -100.0f, -87.34f, NAN, INFINITY, 1000.0f};
  float out[8];
  kernels->exp(special, out, 8);
  cr_expect_eq(out[0], 1.0f);
  cr_expect_eq(out[1], 1.0f);
  cr_expect_eq(out[2], 0.0f);
  cr_expect_eq(out[3], 0.0f);
  cr_expect_eq(out[4], 0.0f);
  cr_expect(isnan(out[5]));
  cr_expect(out[6] > 1.6e38f && isfinite(out[6]), "%s: exp(inf) stops at e^88: %g", kernels->isa, (double)out[6]);
  cr_expect(out[7] == out[6]);
  free(x), free(y);
}

Test(cpu_kernels, exp_is_within_two_units_in_the_last_place)
{
  each_table(check_exp);
}

/* ---- contents ---- */

/* A panel against fill.h's own functions, one element at a time. */
static void check_panel(const struct tmk_cpu_kernels *kernels, struct tmk_cpu_panel_fill fill)
{
  enum { K_MAX = 70 };
  union {
    float f32[(K_MAX + 1) * 32];
    uint16_t bf16[(K_MAX + 1) * 32];
  } panel;
  memset(&panel, 0x5a, sizeof panel);
  fill.panel = &panel;
  kernels->fill_panel(&fill);
  const bool f32 = fill.dtype == TMK_DTYPE_F32;
  for (int64_t k = 0; k < fill.k; k++) {
    for (int64_t column = 0; column < 32; column++) {
      const int64_t at = k * 32 + tmk_cpu_panel_slot(fill.dtype, column);
      const uint64_t index = fill.index + (uint64_t)column * fill.column_step + (uint64_t)k * fill.k_step;
      const float value = tmk_fill_value(tmk_fill_bits(fill.key, index), fill.offset, fill.step);
      uint32_t expected, got = panel.bf16[at];
      if (f32) {
        memcpy(&expected, &value, sizeof expected);
        memcpy(&got, &panel.f32[at], sizeof got);
      } else {
        expected = tmk_f32_to_bf16(value);
      }
      if (column >= fill.columns) expected = f32 ? fill.rest : fill.rest & 0xffff;
      cr_assert_eq(got, expected, "%s, k %lld, column %lld: got %08x, expected %08x", kernels->isa, (long long)k,
                   (long long)column, got, expected);
    }
  }
  /* Nothing behind it. */
  const char *after = f32 ? (char *)&panel.f32[fill.k * 32] : (char *)&panel.bf16[fill.k * 32];
  for (int i = 0; i < 64; i++) cr_assert_eq(after[i], 0x5a);
}

static void check_fills(const struct tmk_cpu_kernels *kernels)
{
  const struct tmk_cpu_panel_fill cases[] = {
      {.index = 0, .column_step = 70, .k_step = 1, .columns = 32, .k = 70},
      {.index = 12345, .column_step = 1, .k_step = 999, .columns = 17, .k = 33},
      {.index = 7, .column_step = 5632, .k_step = 1, .columns = 1, .k = 1},
      /* The upper half of the index changes within the panel, in different columns at different steps. */
      {.index = ((uint64_t)1 << 32) - 40, .column_step = 3, .k_step = 1, .columns = 32, .k = 70},
      {.index = ((uint64_t)5 << 32) - 1000, .column_step = 1, .k_step = 64, .columns = 31, .k = 65},
      {.index = 3, .column_step = (uint64_t)1 << 31, .k_step = ((uint64_t)1 << 32) - 1, .columns = 20, .k = 9},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int variant = 0; variant < 4; variant++) {
      struct tmk_cpu_panel_fill fill = cases[i];
      fill.key = tmk_fill_key(42, i);
      fill.offset = variant & 1 ? 1.0f : 0.0f;
      fill.step = 0.3f * 0x1p-23f;
      fill.rest = variant & 1 ? 0xffffffffu : 0;
      fill.dtype = variant & 2 ? TMK_DTYPE_BF16 : TMK_DTYPE_F32;
      check_panel(kernels, fill);
    }
  }
}

Test(cpu_kernels, panels_hold_the_fill)
{
  each_table(check_fills);
}

/* ---- ceilings' loops ---- */

static void check_streams(const struct tmk_cpu_kernels *kernels)
{
  enum { COUNT = 4 * TMK_CPU_STREAM_BLOCK };
  float *src = aligned_alloc(64, COUNT * sizeof *src), *dst = aligned_alloc(64, (COUNT + 16) * sizeof *dst);
  cr_assert(src && dst);
  for (int i = 0; i < COUNT; i++) src[i] = (float)(i % 7);
  double sum = 0.0;
  for (int i = 0; i < COUNT; i++) sum += (double)src[i];
  /* Each read loop sees each element once; sums of small integers are exact. */
  for (int i = 0; i < TMK_CPU_READS; i++) {
    cr_expect_eq((double)kernels->reads[i].run(src, NULL, COUNT), sum, "%s, %s", kernels->isa, kernels->reads[i].name);
  }
  for (int i = 0; i < TMK_CPU_COPIES; i++) {
    for (int j = 0; j < COUNT + 16; j++) dst[j] = -1.0f;
    kernels->copies[i].run(src, dst, COUNT);
    cr_expect_arr_eq(dst, src, COUNT * sizeof *src, "%s, %s", kernels->isa, kernels->copies[i].name);
    cr_expect_eq(dst[COUNT], -1.0f);
  }
  /* x ← 0.999 x + 0.001 from 1 + i: after 100000 rounds every chain stands at 1, so the sum is their number. */
  const double chains = (double)kernels->fma_flops / 2.0;
  cr_expect_float_eq((double)kernels->fma(100000), chains, chains * 1e-3, "%s", kernels->isa);
  free(src), free(dst);
}

Test(cpu_kernels, streams_touch_every_element)
{
  each_table(check_streams);
}

/* ---- tables ---- */

Test(cpu_kernels, layouts)
{
  /* bf16: columns c and c + 16 share a word. */
  cr_expect_eq(tmk_cpu_panel_slot(TMK_DTYPE_BF16, 0), 0);
  cr_expect_eq(tmk_cpu_panel_slot(TMK_DTYPE_BF16, 16), 1);
  cr_expect_eq(tmk_cpu_panel_slot(TMK_DTYPE_BF16, 15), 30);
  cr_expect_eq(tmk_cpu_panel_slot(TMK_DTYPE_BF16, 31), 31);
  cr_expect_eq(tmk_cpu_panel_slot(TMK_DTYPE_F32, 17), 17);
  /* [n/32][k][32]: (n 33, k 2) of k 10 is panel 1, row 2, column 1. */
  cr_expect_eq(tmk_cpu_panel_offset(TMK_DTYPE_F32, 10, 33, 2), 1 * 320 + 2 * 32 + 1);
  cr_expect_eq(tmk_cpu_row_stride(1), 48);
  cr_expect_eq(tmk_cpu_row_stride(32), 48);
  cr_expect_eq(tmk_cpu_row_stride(33), 80);
}

Test(cpu_kernels, parts_cover_all_units_once)
{
  for (int64_t units = 0; units < 40; units++) {
    for (int threads = 1; threads < 9; threads++) {
      int64_t next = 0;
      for (int t = 0; t < threads; t++) {
        const struct tmk_cpu_part part = {t, threads};
        const int64_t first = tmk_cpu_part_first(part, units), end = tmk_cpu_part_end(part, units);
        cr_assert_eq(first, next);
        cr_assert(end - first == units / threads || end - first == units / threads + 1 ||
                  end - first == (units + threads - 1) / threads);
        next = end;
      }
      cr_assert_eq(next, units);
    }
  }
}
