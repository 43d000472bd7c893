/* affinity.h: which CPUs and network adapters are near a device, by Linux' sysfs, and the CPUs a rank's threads are kept on.
 *
 * Facts are read below `root`: NULL or "" on a real machine, a folder that stands for "/" in tests. */
#ifndef TMK_HARNESS_AFFINITY_H
#define TMK_HARNESS_AFFINITY_H

#include "tokmark/device.h"

/* Fills numa_node, local_cpus and nics of a device with a PCI address; what can't be read stays unknown. nics: the adapters with the
 * longest way in common on the PCI tree, or, where none shares a way below the root, those of the same NUMA node. */
void tmk_affinity_describe(const char *root, struct tmk_device_info *info);

/* Keeps the calling thread, and those that it starts, on the device's local CPUs, as far as it may use them; where it may use none of
 * them, or a launcher has bound it within them already, nothing changes. info->cpus gets what it is on then. */
void tmk_affinity_bind(struct tmk_device_info *info);

/* CPUs of a list as the kernel writes it ("0-3,8,10-11") into `set` (a cpu_set_t); false where it is none. */
bool tmk_affinity_parse(const char *text, void *set);
/* The other way round; cut with "…" where it does not fit. */
void tmk_affinity_print(const void *set, char *text, int text_size);

#endif
