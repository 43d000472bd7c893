/* cpu_kernels_neon.c: the kernels in NEON (Advanced SIMD of aarch64); an empty table where the compiler has no such target. */
#include "cpu_kernels.h"

#if defined(__aarch64__) && defined(__ARM_NEON)
#define TMK_VEC_NEON
#define TMK_ISA_NAME "neon"
#define TMK_KERNELS  tmk_cpu_kernels_neon
#include "cpu_body.h"
#else
const struct tmk_cpu_kernels tmk_cpu_kernels_neon = {.isa = "neon"};
#endif
