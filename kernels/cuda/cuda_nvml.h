/* cuda_nvml.h: what NVIDIA's management library knows of one GPU. The library is found at run time and may be missing, older than
 * this file, or refuse a question (in a container, on a slice, on a board without the sensor): then the answer is unknown, never
 * an error. Its header is no part of the CUDA toolkit, so the prototypes in cuda_nvml.c are our own. */
#ifndef TMK_CUDA_NVML_H
#define TMK_CUDA_NVML_H

#include <stdbool.h>
#include <stdint.h>

#include "tokmark/backend.h"
#include "tokmark/device.h"

struct tmk_nvml;

/* The GPU at a PCI address ("00000000:1b:00.0"), or where the library has no such question the one with that UUID. Owned by the
 * caller; NULL if there is none, with the reason. All functions below take NULL: nothing is known then. */
struct tmk_nvml *tmk_nvml_open(const char *pci_bus_id, const char *uuid, char *reason, int reason_size);
void tmk_nvml_close(struct tmk_nvml *nvml);

/* Writes what is known over the fields of *info: clocks, power, ECC, MIG, links, processes, persistence, driver. */
void tmk_nvml_describe(struct tmk_nvml *nvml, struct tmk_device_info *info);

/* The SM's clock now, whether it is held down for power or heat, uncorrected memory errors, other processes (looked up at most every
 * 200 ms: a look takes the driver's lock). false if none of it can be read. */
bool tmk_nvml_health(struct tmk_nvml *nvml, struct tmk_health *health);

/* Energy since the driver was loaded; the counter moves in steps of up to 0.1 s. false if the board has none. */
bool tmk_nvml_energy_uj(struct tmk_nvml *nvml, uint64_t *energy_uj);

/* "sw_power_cap,hw_slowdown" of the library's mask; "none" for 0. */
void tmk_nvml_reasons_text(uint64_t reasons, char *text, int text_size);
/* Whether one of them lowers clocks for power or heat. */
bool tmk_nvml_reasons_throttle(uint64_t reasons);

#endif
