/* cpu_kernels_portable.c: the kernels in vectors of four floats that any target of gcc and clang has, multiply and add apart. */
#include "cpu_kernels.h"

#define TMK_VEC_PORTABLE
#define TMK_ISA_NAME "portable"
#define TMK_KERNELS  tmk_cpu_kernels_portable
#include "cpu_body.h"
