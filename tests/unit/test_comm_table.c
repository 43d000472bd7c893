/* test_comm_table.c: predictions between measured sizes, the plateau, the fit; by hand. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "comm_table.h"

static const struct tmk_comm_entry line[] = {{1000, 1100}, {2000, 1200}, {4000, 1400}, {8000, 1800}}; /* 1000 + 0.1 x */

Test(comm_table, measured_sizes_are_given_back)
{
  double ns;
  for (int i = 0; i < 4; i++) {
    cr_assert(tmk_comm_predict_ns(line, 4, line[i].bytes, &ns));
    cr_assert_eq(ns, line[i].time_ns);
  }
}

Test(comm_table, between_sizes_it_is_straight_in_logarithms)
{
  const struct tmk_comm_entry entries[] = {{100, 10}, {10000, 1000}, {1000000, 1000}};
  double ns;
  cr_assert(tmk_comm_predict_ns(entries, 3, 1000, &ns));
  cr_assert_float_eq(ns, 100, 1e-9);
  cr_assert(tmk_comm_predict_ns(entries, 3, 123456, &ns));
  cr_assert_float_eq(ns, 1000, 1e-9);
}

Test(comm_table, nothing_is_extrapolated)
{
  double ns = 5;
  cr_assert_not(tmk_comm_predict_ns(line, 4, 999, &ns));
  cr_assert(isnan(ns));
  cr_assert_not(tmk_comm_predict_ns(line, 4, 8001, &ns));
  cr_assert_not(tmk_comm_predict_ns(line, 0, 1000, &ns));
}

Test(comm_table, a_line_is_fitted_exactly)
{
  struct tmk_comm_fit fit = {0};
  tmk_comm_fit(line, 4, 1.0, &fit);
  cr_assert_float_eq(fit.alpha_ns, 1000, 1e-6);
  cr_assert_float_eq(fit.beta_ns_per_byte, 0.1, 1e-9);
  cr_assert_float_eq(fit.residual, 0, 1e-9);
  cr_assert_eq(fit.sizes, 4);
}

Test(comm_table, two_sizes_are_no_fit_and_one_no_plateau)
{
  struct tmk_comm_fit fit = {0};
  tmk_comm_fit(line, 2, 1.0, &fit);
  cr_assert(isnan(fit.alpha_ns) && isnan(fit.residual));
  cr_assert_float_eq(fit.plateau_bytes_per_s, 1000 / 1100e-9, 1);
  tmk_comm_fit(line, 1, 1.0, &fit);
  cr_assert(isnan(fit.plateau_bytes_per_s));
  cr_assert_eq(fit.plateau_from_bytes, TMK_UNKNOWN);
}

/* One size that is far better than its neighbours is luck, or a cache. */
Test(comm_table, the_plateau_is_what_two_neighbours_reach)
{
  const struct tmk_comm_entry entries[] = {{1000, 1000}, {2000, 500}, {4000, 4000}, {8000, 4000}, {16000, 8000}};
  struct tmk_comm_fit fit = {0};
  tmk_comm_fit(entries, 5, 1.5, &fit);
  cr_assert_float_eq(fit.plateau_bytes_per_s, 1.5 * 2e9, 1);
  cr_assert_eq(fit.plateau_from_bytes, 8000);
  cr_assert_eq(fit.plateau_to_bytes, 16000);
}

Test(comm_table, series_of_a_result_are_kept_apart)
{
  struct tmk_result result;
  struct tmk_error err = {0};
  tmk_result_init(&result);
  result.points = calloc(6, sizeof *result.points);
  for (int i = 0; i < 6; i++) {
    struct tmk_point *point = &result.points[result.point_count++];
    tmk_point_init(point);
    point->type = TMK_POINT_COMM;
    point->workload.comm =
        (struct tmk_comm_workload){.dtype = TMK_DTYPE_F32, .bytes = 4000 >> i / 2, .ranks = 2, .in_place = i % 2 == 1};
    point->stats.median_ns = 1000;
    strcpy(point->comm.mode, "eager");
  }
  result.points[5].provenance = TMK_PROV_SIMULATED; /* says nothing about hardware */
  cr_assert_eq(tmk_comm_fit_result(&result, &err), TMK_OK);
  cr_assert_eq(result.comm_fit_count, 2);
  cr_assert_eq(result.comm_fits[0].sizes, 3);
  cr_assert_eq(result.comm_fits[1].sizes, 2);
  cr_assert(result.comm_fits[1].in_place);
  cr_assert_eq(result.comm_fits[0].plateau_from_bytes, 2000);
  tmk_result_free(&result);
}
