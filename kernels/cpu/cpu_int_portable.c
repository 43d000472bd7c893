/* cpu_int_portable.c: the kernels of cpu_int.h in portable vectors. */
#include "cpu_int.h"

#define TMK_VEC_PORTABLE
#define TMK_INT_ISA     "portable"
#define TMK_INT_KERNELS tmk_cpu_int_portable
#include "cpu_int_body.h"
