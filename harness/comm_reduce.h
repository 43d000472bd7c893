/* comm_reduce.h: sums of elements on the host, for the transports that add up there. */
#ifndef TMK_HARNESS_COMM_REDUCE_H
#define TMK_HARNESS_COMM_REDUCE_H

#include <stdbool.h>
#include <stdint.h>

#include "tokmark/dtype.h"

/* Types whose elements are added: f64, f32, bf16, f16, i32. */
bool tmk_reduce_takes(enum tmk_dtype dtype);
/* sum[i] += add[i]; each sum rounded once to the dtype. */
void tmk_reduce_add(enum tmk_dtype dtype, void *sum, const void *add, int64_t count);
/* Bytes of an element of a type that has whole ones; 0 for the others: they are not sent. */
int tmk_comm_element_bytes(enum tmk_dtype dtype);

#endif
