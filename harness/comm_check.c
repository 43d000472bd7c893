/* comm_check.c: see comm_check.h. */
#include "comm_check.h"

#include <string.h>

#include "comm_reduce.h"
#include "tokmark/fill.h"

/* Whole numbers from 0 up that the type has all of: 2^(mantissa + 1). */
static int64_t exact_numbers(enum tmk_dtype dtype)
{
  switch (dtype) {
  case TMK_DTYPE_BF16: return 256;
  case TMK_DTYPE_F16: return 2048;
  case TMK_DTYPE_F8E4M3: return 16;
  case TMK_DTYPE_I8: return 128;
  default: return 1 << 20;
  }
}

int64_t tmk_comm_values(const struct tmk_comm_data *data)
{
  const int64_t all = exact_numbers(data->dtype);
  const int64_t each = tmk_collective_reduces(data->collective) ? all / data->ranks : all;
  return each < 2 ? 2 : each;
}

static int64_t value(const struct tmk_comm_data *data, int64_t values, int rank, int64_t position)
{
  /* With very many ranks only the first send anything but 0, else the sum is not exact. */
  if (tmk_collective_reduces(data->collective) && rank >= exact_numbers(data->dtype) / 2) return 0;
  const uint64_t bits = tmk_fill_mix64((uint64_t)position ^ tmk_fill_mix64(data->salt * 65537 + (uint64_t)rank + 1));
  return (int64_t)((bits >> 32) * (uint64_t)values >> 32);
}

static void store(enum tmk_dtype dtype, void *elements, int64_t i, int64_t number)
{
  const float narrow = (float)number;
  switch (dtype) {
  case TMK_DTYPE_F64: ((double *)elements)[i] = (double)number; break;
  case TMK_DTYPE_F32: ((float *)elements)[i] = narrow; break;
  case TMK_DTYPE_BF16: ((uint16_t *)elements)[i] = tmk_f32_to_bf16(narrow); break;
  case TMK_DTYPE_F16: ((uint16_t *)elements)[i] = tmk_f32_to_f16(narrow); break;
  case TMK_DTYPE_I32: ((int32_t *)elements)[i] = (int32_t)number; break;
  case TMK_DTYPE_F8E4M3: ((uint8_t *)elements)[i] = tmk_e4m3_from((double)number); break;
  default: ((uint8_t *)elements)[i] = (uint8_t)number; break;
  }
}

void tmk_comm_fill(const struct tmk_comm_data *data, int rank, int64_t first, int64_t n, void *elements)
{
  const int64_t values = tmk_comm_values(data);
  for (int64_t i = 0; i < n; i++) store(data->dtype, elements, i, value(data, values, rank, first + i));
}

/* Element `at` of what rank receives: whose, and where it stood in that rank's send buffer. −1: the sum of all ranks'. */
static int source(const struct tmk_comm_data *data, int rank, int64_t at, int64_t *position)
{
  *position = at;
  switch (data->collective) {
  case TMK_COLL_ALL_REDUCE: return -1;
  case TMK_COLL_REDUCE_SCATTER: *position = data->count * rank + at; return -1;
  case TMK_COLL_ALL_GATHER: *position = at % data->count; return (int)(at / data->count);
  case TMK_COLL_ALL_TO_ALL: *position = data->count * rank + at % data->count; return (int)(at / data->count);
  case TMK_COLL_BROADCAST: return data->root;
  case TMK_COLL_SEND_RECV: return (rank + data->ranks - 1) % data->ranks;
  case TMK_COLL_COUNT: break;
  }
  return -1;
}

void tmk_comm_expect(const struct tmk_comm_data *data, int rank, int64_t first, int64_t n, void *elements)
{
  const int64_t values = tmk_comm_values(data);
  for (int64_t i = 0; i < n; i++) {
    int64_t position, sum = 0;
    const int from = source(data, rank, first + i, &position);
    if (from >= 0) sum = value(data, values, from, position);
    for (int r = 0; from < 0 && r < data->ranks; r++) sum += value(data, values, r, position);
    store(data->dtype, elements, i, sum);
  }
}

int64_t tmk_comm_count_wrong(enum tmk_dtype dtype, const void *got, const void *expected, int64_t n)
{
  const size_t bytes = (size_t)tmk_comm_element_bytes(dtype);
  int64_t wrong = 0;
  if (memcmp(got, expected, bytes * (size_t)n) == 0) return 0;
  for (int64_t i = 0; i < n; i++)
    wrong += memcmp((const char *)got + (size_t)i * bytes, (const char *)expected + (size_t)i * bytes, bytes) != 0;
  return wrong;
}
