/* cpu_int_neon.c: the kernels of cpu_int.h in NEON; an empty table where the compiler has no such target. */
#include "cpu_int.h"

#if defined(__aarch64__)
#define TMK_VEC_NEON
#define TMK_INT_ISA     "neon"
#define TMK_INT_KERNELS tmk_cpu_int_neon
#include "cpu_int_body.h"
#else
const struct tmk_cpu_int_kernels tmk_cpu_int_neon = {.isa = "neon"};
#endif
