/* cpu_int_avx512.c: the kernels of cpu_int.h in AVX-512 with VNNI; an empty table where the compiler has no such target. */
#include "cpu_int.h"

#if defined(__AVX512F__) && defined(__AVX512VNNI__)
#define TMK_VEC_AVX512
#define TMK_INT_ISA     "avx512_vnni"
#define TMK_INT_KERNELS tmk_cpu_int_avx512
#include "cpu_int_body.h"
#else
const struct tmk_cpu_int_kernels tmk_cpu_int_avx512 = {.isa = "avx512_vnni"};
#endif
