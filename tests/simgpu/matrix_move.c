/* matrix_move.c: ldmatrix, stmatrix, movmatrix of 8 × 8 matrices of 16-bit elements. Source: PTX ISA, "Warp-level matrix load
 * instruction: ldmatrix" and its neighbours: lane 4r + t holds elements (r, 2t) and (r, 2t + 1). */
#include <string.h>

#include "sim_matrix.h"

/* Element (row, column) of a fragment: which lane, and how far up its register. */
static uint32_t lane_of(uint32_t row, uint32_t column)
{
  return 4 * row + column / 2;
}

static uint16_t element_load(const uint8_t *row, uint32_t column)
{
  return (uint16_t)(row[2 * column] | row[2 * column + 1] << 8); /* little endian, as the device */
}

void sim_ldmatrix_scatter(uint32_t count, bool trans, const uint8_t (*rows)[16], uint32_t *const *d)
{
  for (uint32_t matrix = 0; matrix < count; matrix++, rows += 8) {
    uint32_t bits[PTX_LANES] = {0};
    for (uint32_t lane = 0; lane < PTX_LANES && !trans; lane++) {
      const uint8_t *row = rows[lane / 4];
      uint32_t column = 2 * (lane % 4);
      bits[lane] = element_load(row, column) | (uint32_t)element_load(row, column + 1) << 16;
    }
    for (uint32_t r = 0; r < 8 && trans; r++) {
      for (uint32_t c = 0; c < 8; c++) bits[lane_of(c, r)] |= (uint32_t)element_load(rows[r], c) << 16 * (r % 2);
    }
    memcpy(d[matrix], bits, sizeof bits);
  }
}

void sim_stmatrix_gather(uint32_t count, bool trans, const uint32_t *const *s, uint8_t (*rows)[16])
{
  for (uint32_t matrix = 0; matrix < count; matrix++, rows += 8) {
    for (uint32_t r = 0; r < 8; r++) {
      for (uint32_t c = 0; c < 8; c++) {
        uint32_t row = trans ? c : r, column = trans ? r : c;
        uint32_t element = s[matrix][lane_of(row, column)] >> 16 * (column % 2);
        rows[r][2 * c] = (uint8_t)element;
        rows[r][2 * c + 1] = (uint8_t)(element >> 8);
      }
    }
  }
}

void sim_movmatrix_run(const uint32_t *a, uint32_t *d)
{
  uint8_t rows[8][16];
  sim_stmatrix_gather(1, false, &a, rows);
  sim_ldmatrix_scatter(1, true, (const uint8_t(*)[16])rows, &d);
}
