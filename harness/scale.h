/* scale.h: what more ranks bring, and where the rest goes. Pure. */
#ifndef TMK_HARNESS_SCALE_H
#define TMK_HARNESS_SCALE_H

#include "tokmark/result.h"

/* Of a pass of each rank's share, run with no communication, all ranks at once; NAN where that was not measured. */
struct tmk_scale_alone {
  double mean_ns, max_ns;
};
/* From the ranks of a point that was run alone; of one rank its own time. */
struct tmk_scale_alone tmk_scale_alone_of(const struct tmk_point *point);

/* Makes `point`, a step of `ranks` ranks, one of type scale, held against `base` of base_ranks, which may be itself: key and
 * scale are set. Of a point that has no rate only scaling and ranks are known. */
void tmk_scale_point(enum tmk_scaling scaling, int64_t ranks, const struct tmk_point *base, int64_t base_ranks,
                     const struct tmk_scale_alone *alone, struct tmk_point *point);

#endif
