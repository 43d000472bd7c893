/* cpu_kernels_avx512.c: the kernels in AVX-512 (F, BW, VL, DQ); an empty table where the compiler has no such target. */
#include "cpu_kernels.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)
#define TMK_VEC_AVX512
#define TMK_ISA_NAME "avx512"
#define TMK_KERNELS  tmk_cpu_kernels_avx512
#include "cpu_body.h"
#else
const struct tmk_cpu_kernels tmk_cpu_kernels_avx512 = {.isa = "avx512"};
#endif
