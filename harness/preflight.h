/* preflight.h: what of a GPU's state would disturb or lower a measurement, from what its backend says of it. Pure. */
#ifndef TMK_HARNESS_PREFLIGHT_H
#define TMK_HARNESS_PREFLIGHT_H

#include "tokmark/device.h"
#include "tokmark/result.h"

#define TMK_PREFLIGHT_MAX 16

struct tmk_finding {
  const char *name;               /* static: "shared_device"; a verdict's code where points get one for it */
  enum tmk_verdict_value verdict; /* what it will make of points; NONE: nothing, but their rates may be lower */
  char text[160];                 /* one line */
};

/* Returns how many; 0 for a CPU, or where nothing is wrong as far as is known. */
int tmk_preflight(const struct tmk_device_info *info, struct tmk_finding findings[TMK_PREFLIGHT_MAX]);

#endif
