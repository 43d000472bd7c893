/* report_place.h: which rows of a report stand in which chart, and where. For report_charts.c only. */
#ifndef TMK_HARNESS_REPORT_PLACE_H
#define TMK_HARNESS_REPORT_PLACE_H

#include "report_data.h"

/* Where a row stands in a chart, and in which series; false: it is not in it. `order` is set where it is not x. */
typedef bool tmk_report_place_fn(const struct tmk_report *report, const struct tmk_report_row *row,
                                 struct tmk_report_point *point, char *label, size_t size);

tmk_report_place_fn tmk_report_place_output, tmk_report_place_input, tmk_report_place_interactivity,
    tmk_report_place_roofline, tmk_report_place_scaling, tmk_report_place_busbw;

#endif
