/* cpu_int_avx2.c: the kernels of cpu_int.h in AVX2; an empty table where the compiler has no such target. */
#include "cpu_int.h"

#if defined(__AVX2__) && defined(__FMA__)
#define TMK_VEC_AVX2
#define TMK_INT_ISA     "avx2"
#define TMK_INT_KERNELS tmk_cpu_int_avx2
#include "cpu_int_body.h"
#else
const struct tmk_cpu_int_kernels tmk_cpu_int_avx2 = {.isa = "avx2"};
#endif
