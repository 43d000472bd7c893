/* sim_matrix.h: matrix instructions of a warp as pure functions on its registers: mma.sync, and the data movement of ldmatrix,
 * stmatrix and movmatrix. Memory, its checks and undefined registers are the engine's.
 *
 *   matrix_layout.c  which element of which matrix is in which bits of which register of which lane; the table of shapes
 *   matrix_mma.c     products and sums
 *   matrix_move.c    ldmatrix, stmatrix, movmatrix
 *
 * Layouts (PTX ISA, "Warp Level Matrix Multiply-Accumulate Instructions", a section a shape). With g = lane / 4 and t = lane % 4
 * every shape here follows one scheme; E elements fill a register (E = 32 / bits of an element; 1 for f64, whose registers have 64):
 *   A, m = 16   register r, element e: row g + 8·(r % 2), column 4E·(r / 2) + E·t + e
 *   A, m = 8    register r, element e: row g,             column 4E·r + E·t + e
 *   B           register r, element e: row 4E·r + E·t + e, column g
 *   C, D        32 and 64 bits: register r is row g + 8·(r / 2), column 2t + r % 2; f16: register r, half h is row g + 8·r,
 *               column 2t + h
 *
 * Arithmetic and how far the tensor core may be from it
 *   integers, b1    exact; sums wrap to 32 bits, or clamp with .satfinite, once, from the exact total. (The hardware may clamp
 *                   inside a sum: bits differ only if a partial sum overflows and comes back.)
 *   f64             fma after fma over k ascending, from c, round to nearest. PTX does not say the order.
 *   f16 bf16 tf32 e4m3 e5m2   products exact, summed from c over k ascending in double, then rounded once to nearest in the
 *                   accumulator's type: within 0.51 ulp of the exact result unless the terms cancel by more than 2^28. Tensor cores
 *                   align products to the largest term and cut the lower bits off, so with an f32 accumulator theirs is off by up
 *                   to about (k + 1) · 2^-23 · max|term| (fewer bits for e4m3 and e5m2 before sm_100: about 2^-13 · max|term|);
 *                   f16 accumulators by an f16 ulp more. PTX leaves rounding and order open.
 *   tf32 operands   the low 13 bits of the registers are ignored.
 * A NaN among the terms, ∞ − ∞ or 0 · ∞ gives the canonical NaN (f32 0x7fffffff, f16 0x7fff); subnormals are kept.
 *
 * Not simulated, refused by sim_mma_refusal with a text: mma.sp, block scaling (.kind), m8n8k4 of f16, wmma, ldmatrix of b8 shapes.
 */
#ifndef SIMGPU_MATRIX_H
#define SIMGPU_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ptx.h"

#define SIM_MMA_REGISTERS_MAX 8
#define SIM_MMA_M_MAX         16
#define SIM_MMA_N             8
#define SIM_MMA_K_MAX         256

/* One mma instruction, from its decoded form: shape m n k, type of D, A, B, C. */
struct sim_mma {
  uint16_t m, n, k;
  uint8_t d, a, b, c; /* enum ptx_type */
  bool satfinite;     /* integers: clamp */
  uint8_t bits;       /* b1: PTX_OP_AND or PTX_OP_XOR */
};

/* Prepared once per instruction. Opaque to the engine except for the register counts: elements of a warp's fragment arrays. */
struct sim_mma_plan {
  struct sim_mma mma;
  uint8_t registers_a, registers_b, registers_c; /* D has as many as C */
  bool registers_64;                             /* f64: registers are [32] of 64 bits, else of 32 */
  void (*run)(const struct sim_mma_plan *plan, void *const *d, const void *const *a, const void *const *b,
              const void *const *c);
};
/* False if no such mma is simulated. */
bool sim_mma_prepare(const struct sim_mma *mma, struct sim_mma_plan *plan);
/* D = A·B + C of a whole warp. a[r], b[r], c[r], d[r]: register r of the fragment, an array of 32 lanes (uint32_t or, with
 * registers_64, uint64_t). Registers of D may be those of A, B or C: all are read first. */
static inline void sim_mma_run(const struct sim_mma_plan *plan, void *const *d, const void *const *a,
                               const void *const *b, const void *const *c)
{
  plan->run(plan, d, a, b, c);
}

/* Where an element lies: bits [bit, bit + width) of register `reg` of `lane`. */
enum sim_mma_operand { SIM_MMA_A, SIM_MMA_B, SIM_MMA_C };
struct sim_mma_place {
  uint8_t lane, reg, bit, width;
};
/* row, column: of A m × k, of B k × n, of C and D m × n. For reports: which lane and register an element came from. */
struct sim_mma_place sim_mma_place(const struct sim_mma_plan *plan, enum sim_mma_operand operand, uint32_t row,
                                   uint32_t column);

/* ldmatrix .m8n8 .b16 and stmatrix: `count` matrices (1, 2, 4) of 8 rows of 16 bytes. Row r of matrix i is at the address that lane
 * 8i + r holds; rows[8i + r] are its bytes. Lane 4r + t's register i holds elements 2t (low half) and 2t + 1 of row r, or with
 * `trans` of column r. */
void sim_ldmatrix_scatter(uint32_t count, bool trans, const uint8_t (*rows)[16], uint32_t *const *d);
void sim_stmatrix_gather(uint32_t count, bool trans, const uint32_t *const *s, uint8_t (*rows)[16]);
/* movmatrix.trans: d = aᵀ; d may be a. */
void sim_movmatrix_run(const uint32_t *a, uint32_t *d);

/* Why a matrix instruction that PTX has is not simulated: "mma.sp: sparse operands are not simulated". opcode: its words as written.
 * NULL: not one of those refused here. */
const char *sim_mma_refusal(const char *opcode, size_t length);

#endif
