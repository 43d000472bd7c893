/* test_comm_check.c: values of collectives: exact sums, and errors that are seen. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "comm_check.h"
#include "comm_reduce.h"

#define COUNT 1000

static const enum tmk_dtype dtypes[] = {TMK_DTYPE_F64, TMK_DTYPE_F32, TMK_DTYPE_BF16, TMK_DTYPE_F16, TMK_DTYPE_I32};

/* In whatever order ranks are added: the same bits as expected. */
Test(comm_check, sums_are_exact_in_any_order)
{
  for (size_t d = 0; d < 4; d++) {
    for (int ranks = 1; ranks <= 64; ranks *= 4) {
      struct tmk_comm_data data = {TMK_COLL_ALL_REDUCE, dtypes[d], COUNT, ranks, 0, 7};
      double sum[COUNT], back[COUNT], part[COUNT], expected[COUNT];
      tmk_comm_fill(&data, 0, 0, COUNT, sum);
      tmk_comm_fill(&data, ranks - 1, 0, COUNT, back);
      for (int r = 1; r < ranks; r++) {
        tmk_comm_fill(&data, r, 0, COUNT, part);
        tmk_reduce_add(dtypes[d], sum, part, COUNT);
        tmk_comm_fill(&data, ranks - 1 - r, 0, COUNT, part);
        tmk_reduce_add(dtypes[d], back, part, COUNT);
      }
      tmk_comm_expect(&data, 0, 0, COUNT, expected);
      cr_assert_eq(tmk_comm_count_wrong(dtypes[d], sum, expected, COUNT), 0, "%s over %d", tmk_dtype_name(dtypes[d]),
                   ranks);
      cr_assert_eq(tmk_comm_count_wrong(dtypes[d], back, expected, COUNT), 0, "%s over %d", tmk_dtype_name(dtypes[d]),
                   ranks);
    }
  }
}

/* A rank left out, one twice, another rank's part, a part moved by one: most elements differ. */
Test(comm_check, other_ranks_and_places_are_wrong)
{
  float a[COUNT], b[COUNT];
  for (int c = 0; c < TMK_COLL_COUNT; c++) {
    const struct tmk_comm_data data = {(enum tmk_collective)c, TMK_DTYPE_F32, COUNT / 4, 4, 0, 3};
    struct tmk_comm_data later = data;
    tmk_comm_expect(&data, 1, 0, COUNT / 4, a);
    tmk_comm_expect(&data, 1, 1, COUNT / 4 - 1, b);
    cr_assert_gt(tmk_comm_count_wrong(TMK_DTYPE_F32, a, b, COUNT / 4 - 1), COUNT / 5, "%d moved", c);
    later.salt = 4;
    tmk_comm_expect(&later, 1, 0, COUNT / 4, b);
    cr_assert_gt(tmk_comm_count_wrong(TMK_DTYPE_F32, a, b, COUNT / 4), COUNT / 5, "%d of the call before", c);
    if (c == TMK_COLL_ALL_REDUCE || c == TMK_COLL_ALL_GATHER || c == TMK_COLL_BROADCAST) continue; /* alike on all */
    tmk_comm_expect(&data, 2, 0, COUNT / 4, b);
    cr_assert_gt(tmk_comm_count_wrong(TMK_DTYPE_F32, a, b, COUNT / 4), COUNT / 5, "%d of another rank", c);
  }
}

Test(comm_check, a_rank_left_out_is_wrong)
{
  struct tmk_comm_data data = {TMK_COLL_ALL_REDUCE, TMK_DTYPE_BF16, COUNT, 8, 0, 1};
  uint16_t sum[COUNT], part[COUNT], expected[COUNT];
  tmk_comm_fill(&data, 0, 0, COUNT, sum);
  for (int r = 1; r < 7; r++) tmk_comm_fill(&data, r, 0, COUNT, part), tmk_reduce_add(TMK_DTYPE_BF16, sum, part, COUNT);
  tmk_comm_expect(&data, 0, 0, COUNT, expected);
  cr_assert_gt(tmk_comm_count_wrong(TMK_DTYPE_BF16, sum, expected, COUNT), COUNT * 9 / 10);
}

Test(comm_check, one_wrong_element_is_one)
{
  float a[3] = {1, 2, 3}, b[3] = {1, 2, 3};
  cr_assert_eq(tmk_comm_count_wrong(TMK_DTYPE_F32, a, b, 3), 0);
  b[1] = NAN;
  cr_assert_eq(tmk_comm_count_wrong(TMK_DTYPE_F32, a, b, 3), 1);
}

Test(comm_check, values_are_few_enough_to_be_exact)
{
  const struct tmk_comm_data reduce = {TMK_COLL_ALL_REDUCE, TMK_DTYPE_BF16, 1, 8, 0, 1};
  const struct tmk_comm_data gather = {TMK_COLL_ALL_GATHER, TMK_DTYPE_BF16, 1, 8, 0, 1};
  const struct tmk_comm_data many = {TMK_COLL_ALL_REDUCE, TMK_DTYPE_BF16, 1, 1000, 0, 1};
  cr_assert_eq(tmk_comm_values(&reduce), 32);
  cr_assert_eq(tmk_comm_values(&gather), 256);
  cr_assert_eq(tmk_comm_values(&many), 2);
}
