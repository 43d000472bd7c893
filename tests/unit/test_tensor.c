/* test_tensor.c: sizes, global indices and contents of tensors. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "tokmark/fill.h"
#include "tokmark/plan.h"

static struct tmk_tensor matrix(int64_t rows, int64_t cols)
{
  return (struct tmk_tensor){.id = 4242,
                             .dtype = TMK_DTYPE_F32,
                             .rank = 2,
                             .dims = {rows, cols},
                             .global_dims = {rows, cols},
                             .fill_offset = 0.0f,
                             .fill_scale = 1.0f};
}

/* One element by the formula of fill.h, nothing shared with tmk_tensor_fill. */
static float element(const struct tmk_tensor *t, uint64_t seed, uint64_t global)
{
  const uint32_t bits = tmk_fill_bits(tmk_fill_key(seed, t->id), global);
  if (t->dtype == TMK_DTYPE_I32) return (float)tmk_fill_token(bits, (uint32_t)t->fill_vocab);
  return tmk_fill_value(bits, t->fill_offset, t->fill_scale * 0x1p-23f);
}

Test(tensor, sizes)
{
  struct tmk_tensor t = matrix(3, 5);
  cr_expect(eq(i64, tmk_tensor_elements(&t), 15));
  cr_expect(eq(i64, tmk_tensor_bytes(&t), 60));
  t.dtype = TMK_DTYPE_BF16;
  cr_expect(eq(i64, tmk_tensor_bytes(&t), 30));
  t = matrix(4, 32);
  t.dtype = TMK_DTYPE_NVFP4; /* 128 elements: 64 bytes and 8 scales */
  cr_expect(eq(i64, tmk_tensor_bytes(&t), 72));
  t.rank = 1;
  cr_expect(eq(i64, tmk_tensor_elements(&t), 4));
}

Test(tensor, sizes_saturate)
{
  struct tmk_tensor t = matrix((int64_t)1 << 40, (int64_t)1 << 40);
  cr_expect(eq(i64, tmk_tensor_elements(&t), INT64_MAX));
  cr_expect(eq(i64, tmk_tensor_bytes(&t), INT64_MAX));
  t = matrix((int64_t)1 << 31, (int64_t)1 << 30); /* 2^61 elements fit, their 2^63 bytes do not */
  cr_expect(eq(i64, tmk_tensor_elements(&t), (int64_t)1 << 61));
  cr_expect(eq(i64, tmk_tensor_bytes(&t), INT64_MAX));
}

Test(tensor, global_index_of_a_whole_tensor_is_the_local_one)
{
  const struct tmk_tensor t = matrix(3, 5);
  for (int64_t i = 0; i < 15; i++) cr_expect(eq(u64, tmk_tensor_global_index(&t, i), (uint64_t)i));
}

/* [2, 3] at [4, 5] in a whole of [10, 20]: element (1, 2) is (5, 7) there, 5·20 + 7. */
Test(tensor, global_index_of_a_part)
{
  struct tmk_tensor t = matrix(2, 3);
  t.origin[0] = 4;
  t.origin[1] = 5;
  t.global_dims[0] = 10;
  t.global_dims[1] = 20;
  cr_expect(eq(u64, tmk_tensor_global_index(&t, 0), 85));
  cr_expect(eq(u64, tmk_tensor_global_index(&t, 2), 87));
  cr_expect(eq(u64, tmk_tensor_global_index(&t, 3), 105));
  cr_expect(eq(u64, tmk_tensor_global_index(&t, 5), 107));
}

/* Sequence 3, position 7, head 1, dim 2 of a cache: ((3·2^24 + 7)·2 + 1)·4 + 2, whatever the capacity. */
Test(tensor, global_index_in_a_cache_ignores_its_capacity)
{
  for (int64_t positions = 8; positions <= 100; positions += 46) {
    const struct tmk_tensor t = {
        .rank = 4, .dims = {5, positions, 2, 4}, .global_dims = {5, TMK_KV_POSITIONS, 2, 4}, .dtype = TMK_DTYPE_BF16};
    const int64_t local = ((3 * positions + 7) * 2 + 1) * 4 + 2;
    cr_expect(eq(u64, tmk_tensor_global_index(&t, local), ((3ull * (1ull << 24) + 7) * 2 + 1) * 4 + 2));
  }
}

Test(tensor, fill_is_the_formula)
{
  struct tmk_tensor t = matrix(7, 13);
  t.fill_offset = 1.0f;
  t.fill_scale = 0.1f;
  float values[91];
  tmk_tensor_fill(&t, 99, 0, 91, values);
  for (int i = 0; i < 91; i++) cr_expect(eq(flt, values[i], element(&t, 99, (uint64_t)i)), "element %d", i);
}

Test(tensor, fill_of_a_part_is_a_part_of_the_fill)
{
  const struct tmk_tensor whole = matrix(10, 20);
  struct tmk_tensor part = matrix(4, 6);
  part.origin[0] = 3;
  part.origin[1] = 11;
  part.global_dims[0] = 10;
  part.global_dims[1] = 20;
  float all[200], some[17];
  tmk_tensor_fill(&whole, 7, 0, 200, all);
  tmk_tensor_fill(&part, 7, 4, 17, some); /* starts and ends within a row */
  for (int i = 0; i < 17; i++) {
    const int local = 4 + i;
    cr_expect(eq(flt, some[i], all[(3 + local / 6) * 20 + 11 + local % 6]), "element %d", i);
  }
}

/* Past element 2^32 the upper half of the index enters the key. */
Test(tensor, fill_crosses_the_32_bit_boundary)
{
  struct tmk_tensor t = {.id = 5,
                         .dtype = TMK_DTYPE_F32,
                         .rank = 1,
                         .dims = {(int64_t)1 << 34},
                         .global_dims = {(int64_t)1 << 34},
                         .fill_scale = 1.0f};
  const int64_t first = ((int64_t)1 << 32) - 3;
  float values[8];
  tmk_tensor_fill(&t, 1, first, 8, values);
  for (int i = 0; i < 8; i++) cr_expect(eq(flt, values[i], element(&t, 1, (uint64_t)(first + i))), "element %d", i);
  cr_expect(ne(flt, values[3], element(&t, 1, 0)));
}

Test(tensor, fill_depends_on_seed_and_id)
{
  struct tmk_tensor t = matrix(1, 64);
  float a[64], b[64], c[64];
  tmk_tensor_fill(&t, 1, 0, 64, a);
  tmk_tensor_fill(&t, 2, 0, 64, b);
  t.id++;
  tmk_tensor_fill(&t, 1, 0, 64, c);
  int same_seed = 0, same_id = 0;
  for (int i = 0; i < 64; i++) same_seed += a[i] == b[i], same_id += a[i] == c[i];
  cr_expect(lt(int, same_seed, 3));
  cr_expect(lt(int, same_id, 3));
}

/* Uniform in ±scale: mean 0 and variance scale²/3, each within 5 of its standard errors over 2^18 values. */
Test(tensor, fill_is_uniform)
{
  enum { COUNT = 1 << 18 };
  static float values[COUNT];
  struct tmk_tensor t = matrix(COUNT / 64, 64);
  t.fill_scale = 2.0f;
  tmk_tensor_fill(&t, 3, 0, COUNT, values);
  double sum = 0, squares = 0;
  for (int i = 0; i < COUNT; i++) {
    cr_assert(fabsf(values[i]) <= 2.0f);
    sum += values[i];
    squares += (double)values[i] * values[i];
  }
  const double n = COUNT, variance = 4.0 / 3.0;
  /* Var[x²] = E[x⁴] − E[x²]² = 16/5 − 16/9 = 64/45. */
  cr_expect(lt(dbl, fabs(sum / n), 5 * sqrt(variance / n)));
  cr_expect(lt(dbl, fabs(squares / n - variance), 5 * sqrt(64.0 / 45.0 / n)));
}

Test(tensor, tokens_are_ids_of_the_vocabulary)
{
  struct tmk_tensor t = {
      .id = 0, .dtype = TMK_DTYPE_I32, .rank = 1, .dims = {5000}, .global_dims = {5000}, .fill_vocab = 10};
  float ids[5000];
  int seen[10] = {0};
  tmk_tensor_fill(&t, 1, 0, 5000, ids);
  for (int i = 0; i < 5000; i++) {
    cr_assert(ids[i] >= 0 && ids[i] < 10 && ids[i] == floorf(ids[i]));
    cr_expect(eq(flt, ids[i], element(&t, 1, (uint64_t)i)));
    seen[(int)ids[i]]++;
  }
  /* 500 expected of each, standard deviation sqrt(5000 · 0.1 · 0.9) = 21. */
  for (int i = 0; i < 10; i++) cr_expect(seen[i] > 390 && seen[i] < 610, "id %d: %d times", i, seen[i]);
}
