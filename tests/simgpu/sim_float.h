/* sim_float.h: the arithmetic of PTX's floating point and conversion instructions, bit by bit, on values outside any device.
 *
 *   float_exact.c    a format's bits ↔ sign, exponent and 64-bit significand; rounding; exact + × fma ÷ √ on them
 *   float_compute.c  one instruction on one lane, from the exact parts: NaN rules, .ftz, .sat, .relu, packed pairs
 *   float_approx.c   the .approx functions
 *   float_convert.c  cvt
 *   float_warp.c     a warp at once, with fast paths for what kernels do most
 *   float_half.h     f16 and bf16 in the inner loops
 *
 * Values travel as bits in the low end of a uint64_t; what lies above the type's width is ignored in sources and zero in results.
 * Types, roundings and flags are ptx.h's. The host's floating point environment must be as a program starts (round to nearest,
 * subnormals kept); nothing here changes it, and nothing needs -frounding-math: directed rounding is done on integers. Results are
 * the same on x86-64 and aarch64, but for the .approx functions where two C libraries' double functions round apart.
 *
 * What is exact: add, sub, mul, fma, div.rnd, rcp.rnd, sqrt.rnd of f16, bf16, f32, f64 in every rounding; min, max, comparisons,
 * conversions. What is within a bound: the .approx functions, computed in double and rounded to nearest, so within 1 ulp of the
 * result's format. PTX allows more; a kernel that needs the hardware's bits can't be judged here.
 *
 *   instruction            PTX's bound (PTX ISA, "Floating Point Instructions")      here
 *   ex2.approx.f32         2 ulp (2^-22.5 relative)                                 0.51 ulp
 *   lg2.approx.f32         2^-22 absolute in (0.5, 2), else 2^-22.6 relative        0.51 ulp
 *   rcp.approx.f32         1 ulp                                                    0.5 ulp
 *   rsqrt.approx.f32       2^-22.9 relative                                         0.51 ulp
 *   sqrt.approx.f32        2^-23 relative                                           0.5 ulp
 *   sin, cos.approx.f32    2^-20.5 absolute in [−2π, 2π]                            0.51 ulp
 *   tanh.approx.f32        2^-11 relative                                           0.51 ulp
 *   div.approx.f32         2 ulp for |b| in [2^-126, 2^126]                         0.5 ulp (above 2^126: 0, as documented)
 *   div.full.f32           2 ulp                                                    0.5 ulp
 *   rcp.approx.ftz.f64     20 of the mantissa's bits, low word zero                 exact, low word cut off
 *   rsqrt.approx.f64       2^-19 and below with .ftz, low word zero                 exact, low word cut off with .ftz
 *   ex2.approx f16, bf16   2^-9.9, 2^-7 relative                                    0.51 ulp
 *   tanh.approx f16, bf16  2^-10.987, 2^-8 absolute                                 0.51 ulp
 *
 * NaN: f16, bf16 0x7fff and f32 0x7fffffff are the NaN that instructions produce; those of f64 keep the first NaN operand's payload,
 * made quiet, or give 0xfff8000000000000. .e4m3 and .e5m2: 0x7f.
 */
#ifndef SIMGPU_FLOAT_H
#define SIMGPU_FLOAT_H

#include <stdbool.h>
#include <stdint.h>

#include "ptx.h"

#define SIM_F16_NAN  0x7fffu
#define SIM_BF16_NAN 0x7fffu
#define SIM_F32_NAN  0x7fffffffu
#define SIM_FP8_NAN  0x7fu

/* One floating point instruction without its registers.
 *   op        ADD SUB MUL FMA (MAD the same) DIV RCP SQRT RSQRT SIN COS LG2 EX2 TANH MIN MAX ABS NEG COPYSIGN, with the PTX_DO_ prefix
 *   type      PTX_F16 PTX_BF16 PTX_F32 PTX_F64 and the packed PTX_F16X2 PTX_BF16X2 PTX_F32X2
 *   rounding  PTX_RN PTX_RZ PTX_RM PTX_RP; PTX_ROUND_DEFAULT: RN
 *   flags     PTX_FTZ PTX_SAT PTX_RELU PTX_APPROX PTX_FULL PTX_NAN_RESULT PTX_XORSIGN_ABS PTX_ABS; others are ignored. Not
 *             PTX_OOB: which bits are an out-of-bounds NaN is not documented, so the engine must refuse fma.oob
 *   operands  how many sources: 3 makes min and max those of three; 0: as many as the op has
 * The decoder has refused what PTX does not have; an op or type that is none of these is a bug of the caller (assert). */
struct sim_float_op {
  uint16_t op;      /* enum ptx_op */
  uint8_t type;     /* enum ptx_type */
  uint8_t rounding; /* enum ptx_rounding */
  uint8_t operands;
  uint32_t flags; /* enum ptx_flag */
};

/* One lane. Sources the op does not have are ignored. copysign d, a, b: the sign of a, the rest of b. */
uint64_t sim_float_compute(const struct sim_float_op *op, uint64_t a, uint64_t b, uint64_t c);

/* A warp: registers of 32 words (types of up to 32 bits) or 32 double words (64 bits), as the engine keeps them. Only lanes of
 * `mask` are written. Sources that the op does not have may be NULL. d may be any of the sources. */
void sim_float_warp32(const struct sim_float_op *op, uint32_t mask, uint32_t *d, const uint32_t *a, const uint32_t *b,
                      const uint32_t *c);
void sim_float_warp64(const struct sim_float_op *op, uint32_t mask, uint64_t *d, const uint64_t *a, const uint64_t *b,
                      const uint64_t *c);

/* Comparisons of setp, set, slct: compare is EQ NE LT LE GT GE EQU NEU LTU LEU GTU GEU NUM NAN. Scalar types only: the caller splits
 * pairs. ftz: subnormals count as zeros (f32; f16 too). */
bool sim_float_compare(enum ptx_compare compare, enum ptx_type type, bool ftz, uint64_t a, uint64_t b);
/* testp: mode PTX_TEST_FINITE … PTX_TEST_SUBNORMAL, f32 or f64. */
bool sim_float_test(enum ptx_mode mode, enum ptx_type type, uint64_t a);

/* cvt. Any of the types below to any that PTX converts them to; both may be the same (integral rounding).
 *   integers  u8 u16 u32 u64 s8 s16 s32 s64: an integer result is extended to 64 bits by its sign, so the caller cuts it to the
 *             register's width; an integer source is read by its own width
 *   floats    f16 bf16 tf32 (in 32 bits) f32 f64
 *   packed    to f16x2, bf16x2, e4m3x2, e5m2x2, e2m1x2, e2m3x2, e3m2x2, ue8m0x2 from f32: a is the upper half, b the lower; to
 *             e4m3x2, e5m2x2 from f16x2, to ue8m0x2 from bf16x2, and from all of these back: a alone
 *   rounding  RN RZ RM RP RNA (floats), RNI RZI RMI RPI (to an integral value); DEFAULT: none needed, exact
 *   flags     PTX_FTZ PTX_SAT PTX_SATFINITE PTX_RELU
 * Float to integer saturates always; NaN gives 0, and 2^63 where source is f64 or the result has 64 bits. Integer to a narrower
 * integer: cut, or with PTX_SAT clamped. */
struct sim_convert {
  uint8_t to, from; /* enum ptx_type */
  uint8_t rounding; /* enum ptx_rounding */
  uint32_t flags;   /* enum ptx_flag */
};
uint64_t sim_float_convert(const struct sim_convert *convert, uint64_t a, uint64_t b);
/* cvt.pack.sat: to is u16 s16 (c ignored) u8 s8 u4 s4; a and b are s32. The result is a then b in the low bits (b lowest), above them
 * c shifted up. */
uint32_t sim_convert_pack(enum ptx_type to, uint32_t a, uint32_t b, uint32_t c);

/* A value of f16, bf16, tf32, f32, f64, e4m3, e5m2 as a double: exact. NaN becomes a NaN. */
double sim_float_value(enum ptx_type type, uint64_t bits);
/* The nearest value of a type, ties to even, NaN canonical. */
uint64_t sim_float_round(enum ptx_type type, double value);

#endif
