/* out_devices.h: a device as `tokmark devices` shows it, as lines on stdout or as a JSON object. */
#ifndef TMK_HARNESS_OUT_DEVICES_H
#define TMK_HARNESS_OUT_DEVICES_H

#include "json.h"
#include "tokmark/backend.h"

/* What one device is; ceilings are NAN where they were not measured. */
struct tmk_device_report {
  struct tmk_device_info info;
  struct tmk_ceilings ceilings;
  bool has_ceilings;
};

void tmk_out_device(const struct tmk_backend_ops *ops, const struct tmk_device_report *device); /* with its preflight */
/* One that is here and can't be opened; `w` NULL prints a line. */
void tmk_out_device_unusable(const struct tmk_backend_ops *ops, int index, const char *why, struct tmk_json_writer *w);
void tmk_out_device_ceilings(const struct tmk_ceilings *ceilings);
void tmk_out_device_json(struct tmk_json_writer *w, const struct tmk_device_report *device);

#endif
