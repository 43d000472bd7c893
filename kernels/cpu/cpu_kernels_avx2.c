/* cpu_kernels_avx2.c: the kernels in AVX2 with FMA; an empty table where the compiler has no such target. */
#include "cpu_kernels.h"

#if defined(__AVX2__) && defined(__FMA__)
#define TMK_VEC_AVX2
#define TMK_ISA_NAME "avx2"
#define TMK_KERNELS  tmk_cpu_kernels_avx2
#include "cpu_body.h"
#else
const struct tmk_cpu_kernels tmk_cpu_kernels_avx2 = {.isa = "avx2"};
#endif
